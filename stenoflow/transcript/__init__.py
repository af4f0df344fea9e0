"""The transcript: its model, how replies become one, and how its words and speakers are written.

``merge`` makes one transcript of an engine's replies to all chunks, ``normalize`` repairs what engines
get wrong, ``speakers`` names the speakers, and ``text`` has the rules of scripts.
Their functions are imported from their modules, two of which have the names of functions.
"""

from stenoflow.transcript.model import Finding, Reply, Transcript, Utterance, Word

__all__ = ["Finding", "Reply", "Transcript", "Utterance", "Word"]
