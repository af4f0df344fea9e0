"""Merging of replies into one transcript.

A recording is sent in chunks, each channel by itself or all together, and neighbouring chunks overlap.
Times are mapped back to the recording (:mod:`~stenoflow.transcript.chunk_reply`), replies are divided at
the chunks' boundaries (:mod:`~stenoflow.transcript.alignment`), speakers get one numbering
(:mod:`~stenoflow.transcript.speaker_matching`), and what engines found is counted through the transcript.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from stenoflow.times import Seconds
from stenoflow.transcript.alignment import Boundary, find_boundary
from stenoflow.transcript.chunk_reply import (
    UTTERANCE_PAUSE_S,
    ChunkReply,
    MappedReply,
    map_to_recording,
)
from stenoflow.transcript.model import Finding, Reply, Transcript, Utterance, Word
from stenoflow.transcript.speaker_matching import unify_speakers

_Origin = tuple[int, int]
"""Origin of a word of the transcript: the index of its reply, and its own index in there."""


@dataclass(frozen=True, slots=True)
class _Run:
    """The words of one utterance."""

    words: tuple[Word, ...]
    origins: tuple[_Origin, ...]


def merge(
    chunk_replies: Iterable[ChunkReply],
    *,
    duration_s: Seconds,
    engine: str,
    accuracy: Literal["low", "standard"],
    separate_channels: bool,
) -> Transcript:
    """Return one transcript of all replies, with times in the recording.

    ``chunk_replies`` hold each channel's chunks in order. ``separate_channels`` says that channels were
    transcribed separately, in requests of their own or in one. Utterances are in order of their starts.
    """
    chunk_replies = list(chunk_replies)
    runs, warnings = _merge_channels(chunk_replies, separate_channels=separate_channels)
    replies = [each.reply for each in chunk_replies]
    warnings += [warning for reply in replies for warning in reply.warnings]
    words = tuple(word for run in runs for word in run.words)
    places = {
        origin: at for at, origin in enumerate(origin for run in runs for origin in run.origins)
    }
    main = _reply_in_main_language(replies)
    return Transcript(
        words=words,
        utterances=tuple(_partition(len(run.words) for run in runs)),
        paragraphs=tuple(_paragraphs(words, replies, places)),
        duration_s=duration_s,
        language=main.language,
        language_confidence=main.language_confidence,
        engine=engine,
        model=next((reply.model for reply in replies if reply.model), None),
        accuracy=accuracy,
        summary="\n\n".join(reply.summary for reply in replies if reply.summary) or None,
        findings=tuple(dict.fromkeys(_findings(replies, places))),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _merge_channels(
    chunk_replies: Sequence[ChunkReply], *, separate_channels: bool
) -> tuple[list[_Run], list[str]]:
    """Return the utterances of all channels in order of their starts, and warnings."""
    by_channel: dict[int, list[int]] = {}
    for at, each in enumerate(chunk_replies):
        by_channel.setdefault(each.channel, []).append(at)
    runs: list[_Run] = []
    warnings: list[str] = []
    for indices in by_channel.values():
        mapped = [
            map_to_recording(chunk_replies[at], separate_channels=separate_channels)
            for at in indices
        ]
        boundaries = [find_boundary(before, after) for before, after in pairwise(mapped)]
        unified, unresolved = unify_speakers(mapped, boundaries)
        runs += _runs(unified, boundaries, indices)
        warnings += unresolved
    runs.sort(key=lambda run: run.words[0].start_s)
    return runs, warnings


def _runs(
    replies: Sequence[MappedReply], boundaries: Sequence[Boundary], indices: Sequence[int]
) -> Iterator[_Run]:
    """Yield the utterances of one channel; one that began before a boundary goes on after it.

    ``indices`` are those of the replies among the replies of all channels.
    """
    words: list[Word] = []
    origins: list[_Origin] = []
    starts = [0, *(boundary.start for boundary in boundaries)]
    ends = [*(boundary.end for boundary in boundaries), None]
    earliest_s = Seconds(0.0)
    for reply_index, reply, first, last in zip(indices, replies, starts, ends, strict=True):
        for index in range(first, len(reply.words) if last is None else last):
            if index == first:
                begins = not words or _begins_at_boundary(words[-1], reply, index)
            else:
                begins = index in reply.utterance_starts
            if begins and words:
                yield _Run(tuple(words), tuple(origins))
                words, origins = [], []
            words.append(_not_before(earliest_s, reply.words[index]))
            origins.append((reply_index, index))
        if words:
            # Two replies differ in time: the later must not take a word back behind the boundary.
            earliest_s = words[-1].start_s
    if words:
        yield _Run(tuple(words), tuple(origins))


def _not_before(start_s: Seconds, word: Word) -> Word:
    if word.start_s >= start_s:
        return word
    return replace(word, start_s=start_s, end_s=Seconds(max(word.end_s, start_s)))


def _begins_at_boundary(before: Word, after: MappedReply, index: int) -> bool:
    """Return True if a new utterance begins with the first word after a boundary."""
    word = after.words[index]
    if (word.channel, word.speaker) != (before.channel, before.speaker):
        return True
    paused = word.start_s - before.end_s >= UTTERANCE_PAUSE_S
    return paused or (index in after.utterance_starts and index > 0)


def _partition(lengths: Iterable[int]) -> Iterator[Utterance]:
    first = 0
    for length in lengths:
        yield Utterance(first, first + length)
        first += length


def _paragraphs(
    words: Sequence[Word], replies: Sequence[Reply], places: Mapping[_Origin, int]
) -> Iterator[Utterance]:
    """Yield the paragraphs that engines mark; none goes on in another channel."""
    marked = [(at, index) for at, reply in enumerate(replies) for index in reply.paragraph_starts]
    if not words or not marked:
        return
    starts = {0} | {places[origin] for origin in marked if origin in places}
    starts |= {at for at, (a, b) in enumerate(pairwise(words), 1) if a.channel != b.channel}
    for first, last in pairwise([*sorted(starts), len(words)]):
        yield Utterance(first, last)


def _reply_in_main_language(replies: Sequence[Reply]) -> Reply:
    """Return the reply with the most words among those that name a language."""
    named = [reply for reply in replies if reply.language]
    return max(named, key=lambda reply: len(reply.words), default=Reply(()))


def _findings(replies: Sequence[Reply], places: Mapping[_Origin, int]) -> Iterator[Finding]:
    """Yield the findings with their passages' words counted through the transcript.

    A finding in words that the transcript has from the neighbouring reply is left out: that reply has
    it too.
    """
    for at, reply in enumerate(replies):
        for found in reply.findings:
            if found.first is None or found.last is None:
                yield found
                continue
            indices = range(found.first, found.last)
            kept = [places[at, index] for index in indices if (at, index) in places]
            if kept and kept[-1] - kept[0] == len(kept) - 1:
                yield replace(found, first=kept[0], last=kept[-1] + 1)
            elif kept:
                yield replace(found, first=None, last=None)
