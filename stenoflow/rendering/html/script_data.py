"""The numbers that the page's script works with: times, confidences and shapes, never text."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stenoflow.rendering.base import Rendering
from stenoflow.times import Span
from stenoflow.transcript.model import Transcript, Word
from stenoflow.transcript.speakers import SpeakerKey, speaker_turns
from stenoflow.transcript.text import separator

UNCERTAIN_BELOW = 0.6
"""Words of less confidence are marked: this project's choice."""

LONGEST_PARAGRAPH = 120
"""Words: longer turns are divided, at the end of a sentence if there is one after half as many."""

_SENTENCE_END = (".", "?", "!", "。", "？", "！", "؟", "।", "…")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A speaker turn, or a part of a long one."""

    words: Sequence[Word]
    begins_turn: bool

    @property
    def speaker(self) -> SpeakerKey:
        """The speaker of all its words."""
        return SpeakerKey.of(self.words[0])


def paragraphs(transcript: Transcript) -> Iterator[Paragraph]:
    """Yield the paragraphs of the page in order."""
    words = transcript.words
    for turn in speaker_turns(transcript):
        first = turn.first
        for at in range(turn.first, turn.last):
            size = at + 1 - first
            ended = words[at].text.endswith(_SENTENCE_END)
            if size >= LONGEST_PARAGRAPH or (ended and size >= LONGEST_PARAGRAPH // 2):
                yield Paragraph(words[first : at + 1], first == turn.first)
                first = at + 1
        if first < turn.last:
            yield Paragraph(words[first : turn.last], first == turn.first)


def script_data(
    rendering: Rendering, shown: Sequence[Paragraph], speaker_ids: dict[SpeakerKey, int]
) -> str:
    """Return the script's data as JSON that cannot end its element: it has no ``<`` in it.

    A turn is (speaker, start, end), its times in milliseconds. Its words are five numbers each:
    characters (UTF-16 units, as browsers count), characters before it, milliseconds since the start of
    the word before, length in milliseconds, confidence in percent or -1.
    """
    peaks = rendering.waveform.peaks if rendering.waveform else ()
    value = {
        "duration": round(rendering.transcript.duration_s, 3),
        "unsure": round(UNCERTAIN_BELOW * 100),
        "speakers": len(speaker_ids),
        "turns": [
            (
                speaker_ids[each.speaker],
                _ms(each.words[0].start_s),
                _ms(max(word.end_s for word in each.words)),
            )
            for each in shown
        ],
        "words": [list(_numbers(each.words)) for each in shown],
        "peaks": [round(peak * 255) for peak in peaks],
        "speech": _seconds(rendering.speech),
        "removed": _seconds(rendering.removed),
    }
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _numbers(words: Sequence[Word]) -> Iterator[int]:
    before, previous_ms = "", _ms(words[0].start_s)
    for word in words:
        start_ms = _ms(word.start_s)
        yield _utf16_units(word.text)
        yield len(separator(before, word.text)) if before else 0
        yield start_ms - previous_ms
        yield _ms(word.end_s) - start_ms
        yield -1 if word.confidence is None else int(word.confidence * 100)
        before, previous_ms = word.text, start_ms


def _utf16_units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _seconds(spans: Sequence[Span]) -> list[tuple[float, float]]:
    return [(round(span.start_s, 2), round(span.end_s, 2)) for span in spans]
