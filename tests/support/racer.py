"""A process that writes each object whose key it reads, unless another process was faster."""

import os
import sys

from stenoflow.storage import open_store

if __name__ == "__main__":
    store = open_store(sys.argv[1])
    for line in sys.stdin:
        made = store.put_if_absent(line.removesuffix("\n"), str(os.getpid()).encode())
        print(made, flush=True)
