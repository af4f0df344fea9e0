"""Every error of the product, as one tree.

    StenoflowError
    ├── PermanentError              the same input ends the same way: never retried
    │   ├── Rejected                a verdict on a recording whose bytes were read: outcome "rejected"
    │   │   ├── BadMedia            not audio or video, damaged beyond use, or without an audio stream
    │   │   ├── OverLimit           larger, longer or costlier than the profile allows
    │   │   ├── BelowQuality        audible, but below the profile's quality gate
    │   │   └── EngineRefused       the engine cannot read the audio, or it is too large for one request
    │   ├── StoreRefused            a store refuses a request for now; never a verdict on a recording
    │   │   ├── NotFound            no such object, bucket or folder (a typing error, deleted since)
    │   │   ├── AccessDenied        the store refuses these credentials, or this access with them
    │   │   ├── ObjectArchived      the object must be restored from its archive first
    │   │   ├── ObjectEncrypted     the object's key is missing, disabled or not ours to use
    │   │   ├── ObjectTooLarge      larger than the store takes, or than a small object is read
    │   │   └── KeyTooLong          the store holds no object with so long a key
    │   ├── ConfigurationError      a profile, parameter or block contradicts itself or names nothing
    │   │   └── StoreMisconfigured  the region, the endpoint or the bucket's name of a store is wrong
    │   ├── EngineAccountError      key, permission or credit: no recording can be bought, stop the run
    │   ├── RequestRefused          the engine refuses a request, and does not say that it is for its audio
    │   ├── EngineTooSlow           the engine finishes no request in time: left to the next sweep
    │   ├── BudgetSpent             the sweep's budget does not cover this recording
    │   ├── ProcessTimedOut         a decoder or recognizer hardly got to work before its deadline
    │   ├── UnusableResponse        paid, perhaps more than once, without a reply that can be read
    │   ├── BadNotification         not an upload notification of an S3 server, or one that Prefect refuses
    │   ├── WebhookRejected         the web service refuses the notification, and will refuse it again
    │   └── MissingDependency       a program or optional package is not installed
    ├── TransientError              may succeed next time: retried with backoff
    │   ├── StoreUnavailable        the store did not answer, or broke off
    │   │   └── WriteConflict       others were writing the same object at every attempt
    │   ├── SourceChanged           the object was replaced while it was being read
    │   ├── LocalWriteFailed        a copy cannot be written to this machine's disk
    │   ├── WebhookUnavailable      the web service does not answer, or asks to try again later
    │   ├── PrefectUnavailable      the Prefect server does not answer, or refuses a slot or an event
    │   ├── EngineError             the engine failed, timed out, or did not answer with a transcript
    │   │   ├── BrokenReply         the reply to an accepted request broke off
    │   │   │   └── ReplyTooLarge   the reply to an accepted request is larger than is read
    │   │   ├── ErrorReply          the reply to an accepted request reports an error
    │   │   ├── EngineBusy          too many requests at once: all workers back off
    │   │   └── RequestTooLong      too large or too long for one request: halve it and try again
    │   └── ProcessKilled           a decoder or recognizer was killed from outside (out of memory, say)
    └── Stopped                     the work was cancelled (Ctrl-C, a cancelled run): neither of the two

Each message is one sentence or two: what was wrong, with which object, and what to do about it.
"""

from decimal import Decimal
from typing import Literal

FinishedName = Literal["published", "no_speech", "rejected"]
"""The outcomes that leave a manifest."""

OutcomeName = Literal[FinishedName, "gave_up"]
"""All outcomes of a recording; one that was given up is left to the next sweep."""


class StenoflowError(Exception):
    """Base of all errors raised by ``stenoflow``. ``str(error)`` is fit to be shown to a person."""

    request_id: str | None = None
    """Id by which an engine finds the request, where the error is about one."""
    possibly_paid: int = 0
    """Requests for the recording, in all runs, that may have been paid without a usable reply."""
    possibly_paid_usd: Decimal | None = None
    """Their estimated cost; None if no price is known."""


def error_type(name: str | None) -> type[Exception]:
    """Return the error of the product that has this name, as manifests and reports hold it.

    Exception stands for all other names, and for None.
    """
    found = globals().get(name or "")
    return found if isinstance(found, type) and issubclass(found, StenoflowError) else Exception


class PermanentError(StenoflowError):
    """Trying again with the same input cannot succeed."""


class Rejected(PermanentError):
    """A verdict on a recording whose bytes were read: it cannot become a transcript.

    Its manifest says why, and no later sweep tries again. So what happened to a store, to this machine
    or to an engine is never a Rejected.
    """


class BadMedia(Rejected):
    """Not audio or video, damaged beyond use, or without an audio stream."""


class OverLimit(Rejected):
    """Larger, longer or costlier than the profile allows."""


class BelowQuality(Rejected):
    """The recording's quality is below the profile's gate."""


class EngineRefused(Rejected):
    """The engine says that it cannot read this audio, or takes no recording this large."""

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id


class StoreRefused(PermanentError):
    """A store refuses a request: to repeat it at once does not help, but the next sweep tries again.

    It says nothing about a recording, so its outcome is "gave_up" and it has no manifest.
    """


class NotFound(StoreRefused):
    """There is no such object, bucket or folder; it may have been deleted since it was listed."""


class AccessDenied(StoreRefused):
    """The store refuses the credentials in use, or this access with them."""


class ObjectArchived(StoreRefused):
    """The object is in an archive and must be restored before it can be read."""


class ObjectEncrypted(StoreRefused):
    """The object is encrypted with a key that is missing, disabled, or may not be used."""


class ObjectTooLarge(StoreRefused):
    """An object is larger than the store takes, or than an object that is read into memory may be."""


class KeyTooLong(StoreRefused):
    """A key is longer than the store's longest."""


class ConfigurationError(PermanentError):
    """A profile, parameter or block contradicts itself, or names something that is not there."""


class StoreMisconfigured(ConfigurationError):
    """The region, the endpoint or the bucket's name of a store is wrong."""


class EngineAccountError(PermanentError):
    """The engine refuses the account (key, permission, credit): the whole run stops."""

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id


class RequestRefused(PermanentError):
    """The engine refuses a request for a reason that is not known to be its audio, nor its options.

    Nothing was paid. It says nothing about the recording, so the next sweep tries again.
    """

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id


class EngineTooSlow(PermanentError):
    """The engine finishes no request in time, however short its audio; the next sweep tries again."""

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id


class BudgetSpent(PermanentError):
    """The sweep's budget does not cover this recording; nothing of it was sent."""


class ProcessTimedOut(PermanentError):
    """A child process was not done at its deadline, though it had used little CPU time.

    A machine or disk that is too busy is the cause, so it is not a verdict on a recording. To repeat it at
    once would take as long again; the next sweep tries again.
    """


class UnusableResponse(PermanentError):
    """Paid, perhaps more than once, without a reply that can be read: a person must decide what to do."""

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id


class BadNotification(PermanentError):
    """Not an upload notification of an S3 server, or one whose event Prefect refuses."""


class WebhookRejected(PermanentError):
    """The web service refuses the notification, and will refuse it again."""


class MissingDependency(PermanentError):
    """A program or an optional package is not installed; the message names the command to install it."""


class TransientError(StenoflowError):
    """The same call may succeed next time."""


class StoreUnavailable(TransientError):
    """The store could not be reached, or broke off in the middle."""


class WriteConflict(StoreUnavailable):
    """Others were writing the same object at every attempt to write it only if it is absent."""


class LocalWriteFailed(TransientError):
    """A copy of an object cannot be written to this machine's disk, which may be full."""


class WebhookUnavailable(TransientError):
    """The web service did not take the notification this time."""


class SourceChanged(TransientError):
    """The object was replaced while it was being read."""


class PrefectUnavailable(TransientError):
    """The Prefect server does not answer, or does not grant a slot or take an event."""


class EngineError(TransientError):
    """The engine failed, timed out, or answered something that is not a transcript.

    ``may_be_paid`` is true if the request may have been billed though its reply did not arrive.
    """

    def __init__(
        self, message: str, *, request_id: str | None = None, may_be_paid: bool = False
    ) -> None:
        super().__init__(message)
        self.request_id = request_id
        self.may_be_paid = may_be_paid


class BrokenReply(EngineError):
    """The reply to an accepted request broke off. ``received`` is what came of it, to be kept."""

    def __init__(self, message: str, received: bytes, *, request_id: str | None = None) -> None:
        super().__init__(message, request_id=request_id, may_be_paid=True)
        self.received = received


class ReplyTooLarge(BrokenReply):
    """The reply to an accepted request is larger than is read; ``received`` is its beginning."""


class ErrorReply(EngineError):
    """The reply to an accepted request is not a transcript but reports an error."""


class EngineBusy(EngineError):
    """Too many requests at once. ``retry_after_s`` is the wait that the engine asked for, if it did."""

    def __init__(
        self, message: str, *, request_id: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.retry_after_s = retry_after_s


class RequestTooLong(EngineError):
    """One request was too large or took too long: its half may pass.

    ``again`` is true if the same request is worth one more try before it is halved.
    """

    def __init__(
        self,
        message: str,
        *,
        request_id: str | None = None,
        may_be_paid: bool = False,
        again: bool = False,
    ) -> None:
        super().__init__(message, request_id=request_id, may_be_paid=may_be_paid)
        self.again = again


class ProcessKilled(TransientError):
    """A child process was killed from outside, as the out-of-memory killer does."""


class Stopped(StenoflowError):
    """Somebody asked for the work to stop; nothing is wrong with the recording."""
