"""Try the Deepgram engine without an account: ``python -m stenoflow.testing.deepgram``."""

# pyright: basic

import argparse
import signal
import threading
from pathlib import Path

from stenoflow.testing.deepgram.faults import PAID, UNPAID, Mix
from stenoflow.testing.deepgram.replies import RecordedReplies
from stenoflow.testing.deepgram.server import KEY, StandIn


def main() -> None:
    """Serve until Ctrl-C, then print the bill."""
    options = argparse.ArgumentParser(
        prog="python -m stenoflow.testing.deepgram", description=__doc__
    )
    options.add_argument("--port", type=int, default=0, help="by default any free port")
    options.add_argument("--key", default=KEY, help="the API key that is accepted")
    options.add_argument(
        "--latency", type=float, default=0.0, help="seconds that each request takes"
    )
    options.add_argument("--fail", type=float, default=0.0, help="share of requests that fail")
    options.add_argument("--fail-paid", action="store_true", help="also fail after billing")
    options.add_argument("--seed", type=int, default=0, help="seed of the failures")
    options.add_argument(
        "--replies",
        type=Path,
        help="folder of recorded replies, */*.json; by default deepgram/ in $STENOFLOW_CORPUS",
    )
    chosen = options.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    faults = UNPAID + PAID if chosen.fail_paid else UNPAID
    mix = Mix(chosen.seed, chosen.fail, faults) if chosen.fail else None
    replies = RecordedReplies(chosen.replies) if chosen.replies else None
    standin = StandIn(
        key=chosen.key, port=chosen.port, latency_s=chosen.latency, mix=mix, replies=replies
    )
    with standin:
        print(f"base URL: {standin.url}")
        print(f"API key:  {standin.key}", flush=True)
        stop.wait()
    print(f"payments: {len(standin.bill.charges)}, for {standin.bill.seconds:.1f} s of audio")


if __name__ == "__main__":
    main()
