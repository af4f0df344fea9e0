"""Words and speaker turns: each word has the speaker of its time."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from stenoflow.speakers.estimate import SpeakerTurn
from stenoflow.times import to_samples
from stenoflow.transcript.model import SpeakerMargin, Transcript, Word
from stenoflow.transcript.normalize import normalize

Turns = Mapping[int, Sequence[SpeakerTurn]]
"""The turns of each channel, in order."""


def attribute_words(transcript: Transcript, turns: Turns) -> Transcript:
    """Return the transcript with the speaker of each word by its time.

    A word has the speaker of the turn that it shares most time with, or of the nearest one. What the
    engine's own speakers are left out. Utterances are divided where the speaker changes.
    """
    starts = {channel: [turn.span.start for turn in found] for channel, found in turns.items()}
    words = tuple(
        replace(
            word, speaker=_speaker(word, turns.get(word.channel, ()), starts.get(word.channel, []))
        )
        for word in transcript.words
    )
    return normalize(
        replace(
            transcript,
            words=words,
            speaker_source="estimate",
            speaker_margins=tuple(_margins(turns)),
        )
    )


def without_speakers(transcript: Transcript) -> Transcript:
    """Return the transcript without the engine's speakers."""
    words = tuple(replace(word, speaker=None) for word in transcript.words)
    return normalize(replace(transcript, words=words))


def _margins(turns: Turns) -> Iterator[SpeakerMargin]:
    for channel, found in turns.items():
        sums: dict[int, list[float]] = {}
        for turn in found:
            if turn.margin is not None:
                total = sums.setdefault(turn.speaker, [0.0, 0.0])
                total[0] += turn.margin * turn.span.samples
                total[1] += turn.span.samples
        for speaker, (weighted, samples) in sorted(sums.items()):
            yield SpeakerMargin(channel, speaker, weighted / samples)


def _speaker(word: Word, turns: Sequence[SpeakerTurn], starts: Sequence[int]) -> int | None:
    if not turns:
        return None
    start, end = to_samples(word.start_s), to_samples(word.end_s)
    first = max(bisect_right(starts, start) - 1, 0)
    last = max(bisect_right(starts, end), first + 1)
    near = turns[first : last + 1]
    return max(near, key=lambda turn: _closeness(turn, start, end)).speaker


def _closeness(turn: SpeakerTurn, start: int, end: int) -> int:
    """Return the samples that a turn shares with a word; below zero, how far they are apart."""
    return min(turn.span.end, end) - max(turn.span.start, start)
