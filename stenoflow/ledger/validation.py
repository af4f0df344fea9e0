"""Whether a reply answers what was asked: the bytes that were sent, at their whole length."""

from stenoflow.engines.base import Engine
from stenoflow.errors import EngineError, UnusableResponse
from stenoflow.ledger.ledger import Read
from stenoflow.ledger.records import Order
from stenoflow.transcript.model import Reply

EXACT_S = 0.02
"""A lossless body must be heard at its own length; Deepgram was seen to differ by 50 microseconds."""
SHORT_S, SHORT_SHARE = 2.0, 0.02
"""Beyond this, an engine that decoded a file by itself has not heard all of it. Decoders differ by
padding and by what they make of damage, so less proves nothing."""


def reader(engine: Engine) -> Read:
    """Reads the engine's replies, and holds each against its order.

    Raises UnusableResponse where the engine did answer (its reply has a request id) in a form that cannot be
    read: asked again, it would say the same.
    """

    def read(raw: bytes, order: Order) -> Reply:
        try:
            reply = engine.parse(raw)
        except EngineError as error:
            if order.costs and error.request_id:
                raise UnusableResponse(
                    f"{error} It is kept, as it was paid for: whoever can read it need not buy it.",
                    request_id=error.request_id,
                ) from error
            raise EngineError(str(error), request_id=error.request_id, may_be_paid=True) from error
        if mismatch := _mismatch(reply, order):
            raise EngineError(
                f"The reply of {engine.name} is not about the audio that was sent: {mismatch}.",
                request_id=reply.request_id,
                may_be_paid=True,
            )
        return reply

    return read


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
