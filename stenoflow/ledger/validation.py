"""Validation of replies: does a reply answer the request, for the audio sent, over its whole length?"""

from stenoflow.engines.base import Engine
from stenoflow.errors import EngineError, ErrorReply, UnusableResponse
from stenoflow.ledger.ledger import Read
from stenoflow.ledger.records import Order
from stenoflow.transcript.model import Reply

EXACT_S = 0.02
"""Largest difference in length for a lossless body; Deepgram was seen to differ by 50 microseconds."""
SHORT_S, SHORT_SHARE = 2.0, 0.02
"""Largest part that may be missing, in seconds plus a share of the length, of a file that the engine
decodes itself. Decoders differ by padding and by what they make of damage."""


def reader(engine: Engine) -> Read:
    """Return a function that reads the engine's raw replies and checks each against its order.

    It raises UnusableResponse if the engine did answer (the reply has a request id) in a form that
    cannot be read: asked again, it would answer the same. It raises EngineError for anything else that
    is not a transcript of the audio that was sent.
    """

    def read(raw: bytes, order: Order) -> Reply:
        try:
            reply = engine.parse(raw)
        except ErrorReply as error:
            raise ErrorReply(str(error), request_id=error.request_id, may_be_paid=True) from error
        except EngineError as error:
            if order.costs and error.request_id:
                raise _unreadable(error, order) from error
            raise EngineError(str(error), request_id=error.request_id, may_be_paid=True) from error
        if mismatch := _mismatch(reply, order):
            raise EngineError(
                f"The reply of {engine.name} is not about the audio that was sent: {mismatch}.",
                request_id=reply.request_id,
                may_be_paid=True,
            )
        return reply

    return read


def _unreadable(error: EngineError, order: Order) -> UnusableResponse:
    usd = order.estimate_usd
    unusable = UnusableResponse(
        f"{error} It was paid for{f', an estimated {usd} USD,' if usd else ','} and is kept: a version "
        "that can read it need not buy it again.",
        request_id=error.request_id,
    )
    unusable.possibly_paid, unusable.possibly_paid_usd = 1, usd
    return unusable


def _mismatch(reply: Reply, order: Order) -> str | None:
    if reply.sha256 is not None and order.body_sha256 not in ("", reply.sha256.lower()):
        return f"it has SHA-256 {reply.sha256}, not {order.body_sha256}"
    if reply.duration_s is None:
        return None
    missing_s = order.seconds - reply.duration_s
    allowed_s = EXACT_S if order.exact else SHORT_S + SHORT_SHARE * order.seconds
    allowed_s += reply.duration_within_s
    if missing_s > allowed_s or (order.exact and missing_s < -allowed_s):
        return f"it lasts {reply.duration_s:.3f} s, not {order.seconds:.3f} s"
    return None
