"""Local folders as a store: existing folders of recordings as they are, and objects of any key."""

from stenoflow.storage.local.store import LocalStore

__all__ = ["LocalStore"]
