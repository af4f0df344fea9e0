"""The ledger: what was bought from engines, kept in the destination so that nothing is bought twice.

Each request has an intent, which is written before it is sent and renewed while it is under way; its raw
reply, stored as soon as it arrives; and a receipt. Whoever wants the same audio under the same options,
on any machine, finds the reply or waits for it.
"""

from stenoflow.ledger.clock import Clock, SystemClock
from stenoflow.ledger.keys import address_of, chunk_key_of
from stenoflow.ledger.ledger import Ledger, Origin, PurchasedReply, Read, Unclaimed
from stenoflow.ledger.records import ChunkKey, Intent, Order, Receipt
from stenoflow.ledger.validation import reader

__all__ = [
    "ChunkKey",
    "Clock",
    "Intent",
    "Ledger",
    "Order",
    "Origin",
    "PurchasedReply",
    "Read",
    "Receipt",
    "SystemClock",
    "Unclaimed",
    "address_of",
    "chunk_key_of",
    "reader",
]
