"""Storage: local folders and S3 buckets behind one small protocol.

:func:`open_store` opens a store by its URL or path, and is the only way in. Keys are data: a key is any
non-empty text. It names an object inside the store's root and nothing else, whatever it contains.
``../../x``, ``a//b``, and ``x`` beside ``x/y`` are names like any other.
"""

from stenoflow.storage.base import Fetched, LeftOut, ObjectInfo, Store
from stenoflow.storage.probe import Ability, Report, probe
from stenoflow.storage.s3 import S3Config, S3Store
from stenoflow.storage.urls import locate, open_store

__all__ = [
    "Ability",
    "Fetched",
    "LeftOut",
    "ObjectInfo",
    "Report",
    "S3Config",
    "S3Store",
    "Store",
    "locate",
    "open_store",
    "probe",
]
