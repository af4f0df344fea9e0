"""faster-whisper, which runs on this machine.

Nothing is imported here: the engine's libraries are heavy, and its declaration must stay light.
"""
