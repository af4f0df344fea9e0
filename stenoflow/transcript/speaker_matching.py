"""One numbering of speakers for all chunks of a channel.

Each request numbers its speakers from zero. Words that are in two overlapping replies show which speaker
of one is which of the next. A speaker who says nothing in the overlap cannot be matched: such a speaker
gets a new number, and a warning says that it may be one of the earlier ones.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from stenoflow.times import format_clock
from stenoflow.transcript.alignment import Boundary
from stenoflow.transcript.chunk_reply import MappedReply
from stenoflow.transcript.model import Word


def unify_speakers(
    replies: Sequence[MappedReply], boundaries: Sequence[Boundary]
) -> tuple[list[MappedReply], list[str]]:
    """Return the replies with each speaker numbered alike in all of them, and warnings.

    ``boundaries[n]`` is the one between ``replies[n]`` and ``replies[n + 1]``.
    """
    warnings: list[str] = []
    unified = list(replies[:1])
    known = set(_speakers(replies[0].words))
    for boundary, reply in zip(boundaries, replies[1:], strict=True):
        matched = _match_speakers(unified[-1].words, reply.words, boundary.pairs)
        unmatched = [number for number in _speakers(reply.words) if number not in matched]
        candidates = known - set(matched.values())
        next_number = max(known, default=-1) + 1
        numbers = matched | {old: next_number + at for at, old in enumerate(unmatched)}
        if unmatched and candidates:
            new = [numbers[number] for number in unmatched]
            start_s = reply.chunk.span.start_s
            warnings.append(_unresolved_speaker_warning(new, sorted(candidates), start_s))
        known |= set(numbers.values())
        unified.append(_renumber(reply, numbers))
    return unified, warnings


def _match_speakers(
    before: Sequence[Word], after: Sequence[Word], pairs: Iterable[tuple[int, int]]
) -> dict[int, int]:
    """Return the number in ``before`` of each speaker of ``after`` on whom most shared words agree."""
    agreeing: Counter[tuple[int, int]] = Counter()
    for a, b in pairs:
        old, new = before[a].speaker, after[b].speaker
        if old is not None and new is not None:
            agreeing[new, old] += 1
    shared = Counter[int]()
    for (new, _), count in agreeing.items():
        shared[new] += count
    matched: dict[int, int] = {}
    for (new, old), count in agreeing.most_common():
        if new not in matched and old not in matched.values() and 2 * count > shared[new]:
            matched[new] = old
    return matched


def _speakers(words: Iterable[Word]) -> list[int]:
    """Return the speakers' numbers in the order of their first words."""
    return list(dict.fromkeys(word.speaker for word in words if word.speaker is not None))


def _renumber(reply: MappedReply, numbers: dict[int, int]) -> MappedReply:
    words = tuple(
        word if word.speaker is None else replace(word, speaker=numbers[word.speaker])
        for word in reply.words
    )
    return replace(reply, words=words)


def _unresolved_speaker_warning(
    new: Sequence[int], candidates: Sequence[int], start_s: float
) -> str:
    return (
        f"The recording was sent in chunks, and from {format_clock(start_s)} on {_enumerate(new, 'and')} "
        f"could not be matched with earlier speakers: may be {_enumerate(candidates, 'or')}."
    )


def _enumerate(numbers: Sequence[int], conjunction: str) -> str:
    names = [f"speaker {number + 1}" for number in numbers]
    return f" {conjunction} ".join(filter(None, (", ".join(names[:-1]), names[-1])))
