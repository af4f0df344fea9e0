"""Speech engines behind one small protocol: one chunk of audio in, the engine's raw reply out.

An engine is declared once, by an :class:`~stenoflow.engines.base.EngineSpec` that its package registers as
an entry point; :mod:`stenoflow.engines.registry` finds and opens them. Nothing is imported here, since
an engine's own modules import from this package while it is being loaded.
"""
