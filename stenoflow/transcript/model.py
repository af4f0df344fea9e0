"""Words, utterances and findings, in an engine's reply and in a whole transcript.

Values are frozen dataclasses, light enough for a million words. In a :class:`Reply` times count from the
start of what was sent to the engine; in a :class:`Transcript` from the start of the original recording.
"""

from dataclasses import dataclass
from typing import Literal

from stenoflow.times import Seconds


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it should be read (punctuated and cased where the engine does that)."""

    text: str
    start_s: Seconds
    end_s: Seconds
    confidence: float | None = None
    """0 to 1; None where the engine gives none."""
    speaker: int | None = None
    """Diarized speaker, counted from 0 over the whole transcript; None where the engine does not say."""
    channel: int = 0


@dataclass(frozen=True, slots=True)
class Utterance:
    """Neighbouring words of one speaker on one channel: ``words[first:last]``."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SpeakerMargin:
    """By how much a speaker's speech is closer to this speaker's voice than to any other, on average."""

    channel: int
    speaker: int
    margin: float
    """Difference of two cosines: 0 is undecided."""


@dataclass(frozen=True, slots=True)
class KnownSpeaker:
    """A speaker who was matched to a known voice."""

    channel: int
    speaker: int
    name: str
    closeness: float
    """Cosine of the speaker's voice and the known one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something an engine found in a passage of text: a topic, an intent, a sentiment, an entity."""

    kind: Literal["topic", "intent", "sentiment", "entity"]
    label: str
    confidence: float | None
    text: str
    first: int | None = None
    """``words[first:last]`` is the passage, where the engine names it."""
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An engine's reply to one request; times are those of the audio that was sent."""

    words: tuple[Word, ...]
    utterance_starts: tuple[int, ...] = ()
    """Indices of words at which the engine begins an utterance; () where it marks none."""
    paragraph_starts: tuple[int, ...] = ()
    language: str | None = None
    language_confidence: float | None = None
    model: str | None = None
    """The model that was used, with its version, as the engine names it."""
    request_id: str | None = None
    duration_s: Seconds | None = None
    """Seconds of audio that the engine reports, for comparison with what was sent."""
    duration_within_s: Seconds = Seconds(0.0)
    """Largest error of ``duration_s`` by the engine's rounding."""
    sha256: str | None = None
    """Hex digest of the body, as the engine reports it."""
    summary: str | None = None
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """The words of one recording, who spoke them, and what an engine found in them.

    Utterances are in order of their starts, words in the order of their utterances: speakers on
    different channels may talk at the same time.
    """

    words: tuple[Word, ...]
    utterances: tuple[Utterance, ...]
    """A partition of the words: each word is in exactly one utterance."""
    paragraphs: tuple[Utterance, ...] = ()
    """Runs of neighbouring words, each made of whole utterances where the engine marks them."""
    duration_s: Seconds = Seconds(0.0)
    """Length of the original recording."""
    language: str | None = None
    language_confidence: float | None = None
    engine: str = ""
    model: str | None = None
    speaker_source: Literal["estimate"] | None = None
    """"estimate" if speakers were estimated from voices; None if they are the engine's, or there are none."""
    speaker_margins: tuple[SpeakerMargin, ...] = ()
    """Margins of the estimate for each speaker."""
    known_speakers: tuple[KnownSpeaker, ...] = ()
    """Speakers who are people whose voices are known."""
    accuracy: Literal["low", "standard"] = "standard"
    """"low" where the engine is meant for trying out, and every output must say so."""
    summary: str | None = None
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
