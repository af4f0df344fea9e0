"""From replies to one transcript: times mapped back, parts joined, speakers reconciled.

Neighbouring parts overlap, so the words about a seam were heard twice, and never quite alike: times
differ by some hundredths of a second, and now and then a word does. The two hearings are aligned
(fewest differences, words of the same text and time first), and the alignment is cut where it comes
nearest to the seam. What is aligned lies on one side of that cut in both hearings, so that no word is
lost and none is there twice.

Each request numbers its speakers afresh. Aligned words also tell which speaker of one part is which
of the next. Who says nothing in the overlap cannot be told: such a speaker gets a number of its own,
and a warning says that it may be one of the earlier ones.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from stenoflow.segmentation.planner import Part
from stenoflow.times import Seconds, Span, format_clock, to_samples
from stenoflow.transcript.model import Finding, Reply, Transcript, Utterance, Word

PAUSE_S = 0.8
"""A pause this long ends an utterance: Deepgram's default for ``utt_split``."""

REMOVED_S = 0.1
"""An engine did not hear a pause of which this much was not sent."""

NEAR_S = 1.0
"""Two hearings of one word are no further apart than this."""

ALONE_S = 1.0
"""How much further from its seam a cut may lie so that a word that one side alone has is kept."""

BROKEN_S = 0.5
"""A word this near to the edge of what was sent, and heard by that side alone, may be a broken one."""

INF = float("inf")

_Step = tuple[int | None, int | None]
"""A word of the left hearing, one of the right, or both where they are one word."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An engine's reply to one part of a channel."""

    channel: int
    part: Part
    reply: Reply


@dataclass(frozen=True, slots=True)
class _Heard:
    """One reply with its words at their times in the recording."""

    part: Part
    words: tuple[Word, ...]
    breaks: frozenset[int]
    """Indices of words that begin an utterance."""


@dataclass(frozen=True, slots=True)
class _Seam:
    """Where two neighbouring replies are joined: words[:end] of one, words[start:] of the next."""

    end: int
    start: int
    pairs: tuple[tuple[int, int], ...]
    """Words of both that are one word."""


@dataclass(frozen=True, slots=True)
class _Run:
    """One utterance."""

    words: tuple[Word, ...]
    origins: tuple[tuple[int, int], ...]
    """For each word the index of its reply, and its own index in there."""


def join(
    answers: Iterable[Answer],
    *,
    duration_s: Seconds,
    engine: str,
    accuracy: Literal["low", "standard"],
    apart: bool,
) -> Transcript:
    """One transcript of all replies, in times of the recording.

    ``answers`` hold each channel's parts in order; ``apart`` says that channels were heard each by
    itself, in requests of their own or in one. Utterances come in order of their starts.
    """
    answers = list(answers)
    by_channel: dict[int, list[int]] = {}
    for at, answer in enumerate(answers):
        by_channel.setdefault(answer.channel, []).append(at)
    heard = [_heard(answer, apart) for answer in answers]
    warnings: dict[str, None] = {}
    runs: list[_Run] = []
    for places in by_channel.values():
        hearings = [heard[at] for at in places]
        seams = [_seam(before, after) for before, after in pairwise(hearings)]
        hearings = _reconciled(hearings, seams, warnings)
        runs += _runs(hearings, seams, places)
    runs.sort(key=lambda run: run.words[0].start_s)
    replies = [answer.reply for answer in answers]
    for reply in replies:
        warnings.update(dict.fromkeys(reply.warnings))
    words = tuple(word for run in runs for word in run.words)
    places_of = {
        origin: at for at, origin in enumerate(origin for run in runs for origin in run.origins)
    }
    return Transcript(
        words=words,
        utterances=tuple(_partition(len(run.words) for run in runs)),
        paragraphs=tuple(_paragraphs(words, replies, places_of)),
        duration_s=duration_s,
        language=(spoken := _most_said(replies)).language,
        language_confidence=spoken.language_confidence,
        engine=engine,
        model=next((reply.model for reply in replies if reply.model), None),
        accuracy=accuracy,
        summary="\n\n".join(reply.summary for reply in replies if reply.summary) or None,
        findings=tuple(dict.fromkeys(_findings(replies, places_of))),
        warnings=tuple(warnings),
    )


def _heard(answer: Answer, apart: bool) -> _Heard:
    timeline = answer.part.timeline
    words: list[Word] = []
    for word in answer.reply.words:
        start = max(to_samples(word.start_s), 0)
        span = timeline.original_span(Span(start, max(start, to_samples(word.end_s))))
        channel = answer.channel + word.channel if apart else 0
        words.append(
            Word(word.text, span.start_s, span.end_s, word.confidence, word.speaker, channel)
        )
    starts = answer.reply.utterance_starts
    breaks = set(starts)
    sent = answer.reply.words
    for at in range(1, len(words)):
        before, after = words[at - 1], words[at]
        pause_s = after.start_s - before.end_s
        unheard_s = pause_s - (sent[at].start_s - sent[at - 1].end_s)
        paused = pause_s >= PAUSE_S and (not starts or unheard_s >= REMOVED_S)
        if paused or (after.channel, after.speaker) != (before.channel, before.speaker):
            breaks.add(at)
    return _Heard(answer.part, tuple(words), frozenset(breaks))


def _seam(before: _Heard, after: _Heard) -> _Seam:
    """Where the words of two neighbouring parts are joined."""
    first, last = len(before.words), 0
    overlap_start_s = overlap_end_s = after.part.span.start_s
    if before.part.timeline.kept and after.part.timeline.kept:
        overlap_start_s = after.part.timeline.kept[0].start_s
        overlap_end_s = before.part.timeline.kept[-1].end_s
        while first and before.words[first - 1].end_s > overlap_start_s:
            first -= 1
        while last < len(after.words) and after.words[last].start_s < overlap_end_s:
            last += 1
    left, right = before.words[first:], after.words[:last]
    steps = _alignment(left, right)
    whole = [
        (a is None or b is not None or left[a].end_s < overlap_end_s - BROKEN_S)
        and (b is None or a is not None or right[b].start_s > overlap_start_s + BROKEN_S)
        for a, b in steps
    ]
    end, start = _cut(steps, whole, left, right, after.part.span.start_s)
    pairs = tuple((first + a, b) for a, b in steps if a is not None and b is not None)
    return _Seam(first + end, start, pairs)


def _alignment(left: Sequence[Word], right: Sequence[Word]) -> list[_Step]:
    """The cheapest way through two hearings: words that are one, or that only one side has.

    A word on one side alone costs 1; two as one cost their distance in seconds, and 1 more where
    their texts differ (Needleman and Wunsch 1970, with words for residues).
    """
    texts = [_plain(word) for word in right]
    middles = [_middle_s(word) for word in right]
    costs = [[float(j) for j in range(len(right) + 1)]]
    for i, word in enumerate(left, 1):
        text, middle = _plain(word), _middle_s(word)
        above, row = costs[-1], [float(i)]
        for j in range(1, len(right) + 1):
            cost = min(above[j], row[-1]) + 1
            distance_s = abs(middle - middles[j - 1])
            if distance_s <= NEAR_S:
                cost = min(cost, above[j - 1] + distance_s + (text != texts[j - 1]))
            row.append(cost)
        costs.append(row)
    steps: list[_Step] = []
    i, j = len(left), len(right)
    while i or j:
        alone_left = i > 0 and costs[i][j] == costs[i - 1][j] + 1
        alone_right = j > 0 and costs[i][j] == costs[i][j - 1] + 1
        if alone_left and alone_right:
            alone_left = _middle_s(left[i - 1]) >= middles[j - 1]
        if alone_left:
            i -= 1
            steps.append((i, None))
        elif alone_right:
            j -= 1
            steps.append((None, j))
        else:
            i, j = i - 1, j - 1
            steps.append((i, j))
    return steps[::-1]


def _cut(
    steps: Sequence[_Step],
    whole: Sequence[bool],
    left: Sequence[Word],
    right: Sequence[Word],
    seam_s: float,
) -> tuple[int, int]:
    """How many words of each side lie before the best cut of an alignment.

    The best cut is near the seam, and few ``whole`` words that one side alone has heard are left out
    by it.
    """
    i = j = 0
    left_out = sum(b is None and counts for (_, b), counts in zip(steps, whole, strict=True))
    best, cheapest = (0, 0), left_out * ALONE_S + _strayed_s(0, 0, left, right, seam_s)
    for (a, b), counts in zip(steps, whole, strict=True):
        i, j = i + (a is not None), j + (b is not None)
        left_out += counts * ((a is None) - (b is None))
        cost = left_out * ALONE_S + _strayed_s(i, j, left, right, seam_s)
        if cost < cheapest:
            best, cheapest = (i, j), cost
    return best


def _strayed_s(i: int, j: int, left: Sequence[Word], right: Sequence[Word], seam_s: float) -> float:
    """How far from the seam the gap lies that follows i words of the left and j of the right."""
    before_s = max((side[at - 1].end_s for side, at in ((left, i), (right, j)) if at), default=-INF)
    after_s = min(
        (side[at].start_s for side, at in ((left, i), (right, j)) if at < len(side)), default=INF
    )
    return max(min(before_s, after_s) - seam_s, seam_s - max(before_s, after_s), 0.0)


def _middle_s(word: Word) -> float:
    return (word.start_s + word.end_s) / 2


def _plain(word: Word) -> str:
    return "".join(filter(str.isalnum, word.text.casefold())) or word.text


def _reconciled(
    hearings: Sequence[_Heard], seams: Sequence[_Seam], warnings: dict[str, None]
) -> list[_Heard]:
    """The same hearings, with each speaker numbered alike in all of them."""
    found = list(hearings[:1])
    known = {word.speaker for word in hearings[0].words if word.speaker is not None}
    for seam, hearing in zip(seams, hearings[1:], strict=True):
        met = _met(found[-1].words, hearing.words, seam.pairs)
        unmet = [number for number in _speakers(hearing.words) if number not in met]
        maybe = known - set(met.values())
        fresh = max(known, default=-1) + 1
        numbers = met | dict(zip(unmet, range(fresh, fresh + len(unmet)), strict=True))
        if unmet and maybe:
            warnings[_unsure(unmet, numbers, maybe, hearing.part.span.start_s)] = None
        known |= set(numbers.values())
        found.append(_renumbered(hearing, numbers))
    return found


def _met(
    before: Sequence[Word], after: Sequence[Word], pairs: Iterable[tuple[int, int]]
) -> dict[int, int]:
    """Which speaker of the part before each speaker of the next one is, where most words agree."""
    both: Counter[tuple[int, int]] = Counter()
    for a, b in pairs:
        old, new = before[a].speaker, after[b].speaker
        if old is not None and new is not None:
            both[new, old] += 1
    said = Counter[int]()
    for (new, _), count in both.items():
        said[new] += count
    met: dict[int, int] = {}
    for (new, old), count in both.most_common():
        if new not in met and old not in met.values() and 2 * count > said[new]:
            met[new] = old
    return met


def _speakers(words: Iterable[Word]) -> list[int]:
    """In the order in which they are first heard."""
    return list(dict.fromkeys(word.speaker for word in words if word.speaker is not None))


def _renumbered(hearing: _Heard, numbers: dict[int, int]) -> _Heard:
    words = tuple(
        word if word.speaker is None else replace(word, speaker=numbers[word.speaker])
        for word in hearing.words
    )
    return replace(hearing, words=words)


def _unsure(
    unmet: Iterable[int], numbers: dict[int, int], maybe: Iterable[int], from_s: float
) -> str:
    late = _listed([numbers[number] for number in unmet])
    return (
        f"The recording was sent in parts, and from {format_clock(from_s)} on {late} could not be told "
        f"from those heard before: may be {_listed(sorted(maybe), 'or')}."
    )


def _listed(numbers: Sequence[int], word: str = "and") -> str:
    names = [f"speaker {number + 1}" for number in numbers]
    return f" {word} ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _runs(
    hearings: Sequence[_Heard], seams: Sequence[_Seam], places: Sequence[int]
) -> Iterator[_Run]:
    """The utterances of one channel; one that was begun before a seam goes on after it."""
    words: list[Word] = []
    origins: list[tuple[int, int]] = []
    starts = [0, *(seam.start for seam in seams)]
    ends = [*(seam.end for seam in seams), None]
    reached_s = Seconds(0.0)
    for at, (hearing, first, last) in enumerate(zip(hearings, starts, ends, strict=True)):
        for index in range(first, len(hearing.words) if last is None else last):
            if index == first:
                ended = not words or _ends_at_seam(words[-1], hearing, index)
            else:
                ended = index in hearing.breaks
            if ended and words:
                yield _Run(tuple(words), tuple(origins))
                words, origins = [], []
            words.append(_not_before(reached_s, hearing.words[index]))
            origins.append((places[at], index))
        if words:
            # Two hearings differ in time: none may take a word back behind the seam.
            reached_s = words[-1].start_s
    if words:
        yield _Run(tuple(words), tuple(origins))


def _not_before(start_s: Seconds, word: Word) -> Word:
    if word.start_s >= start_s:
        return word
    return replace(word, start_s=start_s, end_s=Seconds(max(word.end_s, start_s)))


def _ends_at_seam(before: Word, after: _Heard, index: int) -> bool:
    """Whether a new utterance begins with the first word after a seam."""
    word = after.words[index]
    changed = (word.channel, word.speaker) != (before.channel, before.speaker)
    return (
        changed or word.start_s - before.end_s >= PAUSE_S or (index in after.breaks and index > 0)
    )


def _partition(lengths: Iterable[int]) -> Iterator[Utterance]:
    first = 0
    for length in lengths:
        yield Utterance(first, first + length)
        first += length


def _paragraphs(
    words: Sequence[Word], replies: Sequence[Reply], places: dict[tuple[int, int], int]
) -> Iterator[Utterance]:
    """As the engine marks them, and none goes on in another channel."""
    marked = [(at, index) for at, reply in enumerate(replies) for index in reply.paragraph_starts]
    if not words or not marked:
        return
    starts = {0} | {places[origin] for origin in marked if origin in places}
    starts |= {at for at, (a, b) in enumerate(pairwise(words), 1) if a.channel != b.channel}
    for first, last in pairwise([*sorted(starts), len(words)]):
        yield Utterance(first, last)


def _most_said(replies: Sequence[Reply]) -> Reply:
    """The reply with the most words among those that name a language."""
    named = [reply for reply in replies if reply.language]
    return max(named, key=lambda reply: len(reply.words), default=Reply(()))


def _findings(replies: Sequence[Reply], places: dict[tuple[int, int], int]) -> Iterator[Finding]:
    """With the words of their passages counted through the transcript; of words that the other part
    answers for, and so finds by itself, none."""
    for at, reply in enumerate(replies):
        for found in reply.findings:
            if found.first is None or found.last is None:
                yield found
                continue
            kept = [
                places[at, index]
                for index in range(found.first, found.last)
                if (at, index) in places
            ]
            if kept and kept[-1] - kept[0] == len(kept) - 1:
                yield replace(found, first=kept[0], last=kept[-1] + 1)
            elif kept:
                yield replace(found, first=None, last=None)
