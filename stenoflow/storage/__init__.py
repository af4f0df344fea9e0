"""The one door to storage: local folders and S3-compatible buckets behind one small protocol.

Keys are data. A key is any non-empty text; it names an object inside the store's root and nothing
else, whatever it contains: ``../../x``, ``a//b`` and ``x`` beside ``x/y`` are names like any other.
"""

from stenoflow.storage.base import Fetched, ObjectInfo, Store
from stenoflow.storage.probe import Ability, Report, check
from stenoflow.storage.urls import locate, open_store

__all__ = [
    "Ability",
    "Fetched",
    "ObjectInfo",
    "Report",
    "Store",
    "check",
    "locate",
    "open_store",
]
