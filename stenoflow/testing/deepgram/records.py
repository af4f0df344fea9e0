"""Records of the stand-in: the requests that came in, and the bill."""

import time
from dataclasses import dataclass, field

from stenoflow.testing.deepgram.faults import Fault

KNOWN = frozenset(
    """
    callback callback_method extra sentiment summarize tag topics custom_topic custom_topic_mode
    intents custom_intent custom_intent_mode detect_entities detect_language diarize diarize_model
    dictation encoding filler_words keyterm keywords language measurements model multichannel
    numerals paragraphs profanity_filter punctuate redact replace search smart_format utterances
    utt_split version mip_opt_out
    """.split()  # noqa: SIM905
)
"""Parameters that https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded names."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One payment: the work was done, whether or not the reply arrived."""

    request_id: str
    sha256: str
    seconds: float
    """Seconds that were paid: the duration, times the number of separate channels."""


@dataclass(slots=True)
class Bill:
    """Everything that was charged."""

    charges: list[Charge] = field(default_factory=list[Charge])

    def of(self, sha256: str) -> list[Charge]:
        """Return the charges for the audio with this digest."""
        return [charge for charge in self.charges if charge.sha256 == sha256]

    @property
    def seconds(self) -> float:
        """Return how many seconds of audio were charged in total."""
        return sum(charge.seconds for charge in self.charges)


@dataclass(slots=True)
class Request:
    """One request that came in."""

    id: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    """By lower-case name, without the authorization."""
    fault: Fault
    received: int = 0
    """The number of bytes of the body that were read."""
    sha256: str | None = None
    """The digest of the audio; None if it did not arrive completely."""
    status: int | None = None
    """The status of the response; None if there was none."""
    at_s: float = field(default_factory=time.time)

    @property
    def unknown(self) -> set[str]:
        """Return the parameters that Deepgram does not document."""
        return set(self.query) - KNOWN
