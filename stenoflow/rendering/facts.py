"""Facts about a transcript that several formats state in the same words."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from stenoflow.rendering.base import Costs, Rendering
from stenoflow.times import Seconds, format_length, to_seconds
from stenoflow.transcript.model import Transcript
from stenoflow.transcript.speakers import SpeakerKey, speaker_names, speaker_turns
from stenoflow.transcript.text import join_words

LOW_ACCURACY = (
    "Low accuracy: made by an engine meant for trying Stenoflow out. Expect many wrong words."
)
NO_WORDS = "No words were recognized."

_FINDINGS = {"topic": "Topics", "intent": "Intents", "entity": "Entities"}


@dataclass(frozen=True, slots=True)
class Turn:
    """A speaker turn as text."""

    name: str | None
    """The speaker's; None where the recording has a single, unnumbered speaker."""
    start_s: Seconds
    end_s: Seconds
    text: str


def turns(transcript: Transcript) -> Iterator[Turn]:
    """Yield the speaker turns of a transcript in order."""
    names = speaker_names(transcript)
    for turn in speaker_turns(transcript):
        words = transcript.words[turn.first : turn.last]
        yield Turn(
            name=names[SpeakerKey.of(words[0])],
            start_s=words[0].start_s,
            end_s=words[-1].end_s,
            text=join_words(word.text for word in words),
        )


def finding_lists(transcript: Transcript) -> Iterator[tuple[str, list[str]]]:
    """Yield a heading for each kind of finding, and the labels found, each once."""
    for kind, heading in _FINDINGS.items():
        labels = dict.fromkeys(found.label for found in transcript.findings if found.kind == kind)
        if labels:
            yield heading, list(labels)


def speech_share(rendering: Rendering) -> str:
    """Return how long anybody speaks, also in percent of the recording, which has a length."""
    speech_s = to_seconds(sum(span.samples for span in rendering.speech))
    share = min(1.0, speech_s / rendering.transcript.duration_s)
    return f"{format_length(speech_s)} ({share:.0%})"


def cost_rows(costs: Costs) -> Iterator[tuple[str, str]]:
    """Yield what was sent to the engine, what was not, and what may have been paid besides."""
    yield "Sent to the engine", f"{format_length(costs.paid_s)}{_about(costs.estimate_usd)}"
    yield "Not sent", f"{format_length(costs.saved_s)}{_about(costs.saved_usd)}"
    if costs.may_have_been_paid:
        count = f"{costs.may_have_been_paid} requests without a usable reply"
        yield "May have been paid, too", count


def _about(usd: Decimal | None) -> str:
    """Return an amount of money for people; "" where none is known, or an engine costs nothing."""
    return f", about ${usd:.4f}" if usd else ""
