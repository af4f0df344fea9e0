"""Blocks, which people save in Prefect under a name: stores, credentials, profiles.

Prefect finds these blocks by the entry point ``prefect.collections``.
"""

from stenoflow.blocks.deepgram_credentials import DeepgramCredentials
from stenoflow.blocks.engine_credentials import EngineCredentials
from stenoflow.blocks.object_store import ObjectStore
from stenoflow.blocks.openai_credentials import OpenAICredentials
from stenoflow.blocks.transcription_profile import TranscriptionProfile

__all__ = [
    "DeepgramCredentials",
    "EngineCredentials",
    "ObjectStore",
    "OpenAICredentials",
    "TranscriptionProfile",
]
