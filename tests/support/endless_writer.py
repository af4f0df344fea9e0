"""A process that writes one object again and again until it is killed."""

import sys
from pathlib import Path

from stenoflow.storage import open_store

if __name__ == "__main__":
    store, body = open_store(sys.argv[1]), Path(sys.argv[2])
    print("writing", flush=True)
    while True:
        store.put("large", body)
