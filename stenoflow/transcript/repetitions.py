"""Words that an engine gives twice: the same text for the same time.

Engines cut long audio into pieces of their own, and some repeat the words about a cut. What people repeat
takes time of its own, so only words that overlap their repetition in time are reported. None is left out.
"""

from collections.abc import Iterator, Sequence

from stenoflow.times import format_clock
from stenoflow.transcript.model import Transcript, Word

LONGEST = 20
"""Words of a phrase that is looked for."""
MOST_TOLD = 5


def repetition_warnings(transcript: Transcript) -> tuple[str, ...]:
    """Return a warning that names the words which are there twice, and their times; () if there are none."""
    found = list(_repetitions(transcript))
    if not found:
        return ()
    listed = ", ".join(
        f'"{" ".join(word.text for word in phrase)}" at {format_clock(phrase[0].start_s)}'
        for phrase in found[:MOST_TOLD]
    )
    more = f" and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    return (f"The engine gives words twice for the same time: {listed}{more}.",)


def _repetitions(transcript: Transcript) -> Iterator[Sequence[Word]]:
    for utterances in _of_one_channel(transcript):
        at = 0
        while at < len(utterances):
            size = _repeated_at(utterances, at)
            if size:
                yield utterances[at : at + size]
            at += 2 * size or 1


def _of_one_channel(transcript: Transcript) -> Iterator[list[Word]]:
    channels: dict[int, list[Word]] = {}
    for word in transcript.words:
        channels.setdefault(word.channel, []).append(word)
    yield from channels.values()


def _repeated_at(words: Sequence[Word], at: int) -> int:
    """Return how many words from here on are repeated right after them, at a time that overlaps; else 0."""
    for size in range(min(LONGEST, (len(words) - at) // 2), 0, -1):
        one, other = words[at : at + size], words[at + size : at + 2 * size]
        if all(map(_is_twice if size == 1 else _is_same, one, other)) and (
            size == 1 or other[0].start_s < one[-1].end_s
        ):
            return size
    return 0


def _is_same(one: Word, other: Word) -> bool:
    return _bare(one) == _bare(other)


def _is_twice(one: Word, other: Word) -> bool:
    """Return True if two equal words share more than half of the shorter one's time."""
    shared_s = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    shorter_s = min(one.end_s - one.start_s, other.end_s - other.start_s)
    return _is_same(one, other) and shared_s > 0 and shared_s > shorter_s / 2


def _bare(word: Word) -> str:
    return word.text.strip(".,!?;:").lower()
