"""Try Deepgram's path through Stenoflow without an account: ``python -m tests.deepgram_standin``."""

# pyright: basic

import argparse
import signal
import threading

from stenoflow.testing.deepgram.faults import PAID, UNPAID, Mix
from stenoflow.testing.deepgram.server import KEY, StandIn


def main() -> None:
    """Serve until Ctrl-C, then print what was billed."""
    options = argparse.ArgumentParser(prog="python -m tests.deepgram_standin", description=__doc__)
    options.add_argument("--port", type=int, default=0, help="any free one by default")
    options.add_argument("--key", default=KEY, help="the API key that is accepted")
    options.add_argument("--latency", type=float, default=0.0, help="seconds of work a request")
    options.add_argument("--fail", type=float, default=0.0, help="share of requests that fail")
    options.add_argument("--fail-paid", action="store_true", help="also after the work is billed")
    options.add_argument("--seed", type=int, default=0, help="of the failures")
    chosen = options.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    faults = UNPAID + PAID if chosen.fail_paid else UNPAID
    mix = Mix(chosen.seed, chosen.fail, faults) if chosen.fail else None
    with StandIn(key=chosen.key, port=chosen.port, latency_s=chosen.latency, mix=mix) as standin:
        print(f"base URL: {standin.url}")
        print(f"API key:  {standin.key}", flush=True)
        stop.wait()
    print(f"payments: {len(standin.bill.charges)}, for {standin.bill.seconds:.1f} s of audio")


if __name__ == "__main__":
    main()
