"""An engine's reply to one chunk, and its words mapped back to the recording's own times."""

from dataclasses import dataclass

from stenoflow.segmentation.plan import Chunk
from stenoflow.times import Span, to_samples
from stenoflow.transcript.model import Reply, Word

UTTERANCE_PAUSE_S = 0.8
"""A pause this long ends an utterance: Deepgram's default for ``utt_split``."""

UNSENT_PAUSE_S = 0.1
"""A long pause ends an utterance, even where the engine marks utterances itself, if at least this much
of it was not sent: the engine could not know of it."""


@dataclass(frozen=True, slots=True)
class ChunkReply:
    """An engine's reply to one chunk of a channel."""

    channel: int
    chunk: Chunk
    reply: Reply


@dataclass(frozen=True, slots=True)
class MappedReply:
    """A reply whose words have their times in the recording."""

    chunk: Chunk
    words: tuple[Word, ...]
    utterance_starts: frozenset[int]
    """Indices of words that begin an utterance."""


def map_to_recording(chunk_reply: ChunkReply, *, separate_channels: bool) -> MappedReply:
    """Return a reply with its words at their times in the recording.

    An utterance begins where the engine marks one, where channel or speaker changes, and after a pause
    of :data:`UTTERANCE_PAUSE_S`, measured in the recording. Without ``separate_channels`` all words are on
    channel 0.
    """
    timeline, sent = chunk_reply.chunk.timeline, chunk_reply.reply.words
    words: list[Word] = []
    for word in sent:
        start = max(to_samples(word.start_s), 0)
        span = timeline.original_span(Span(start, max(start, to_samples(word.end_s))))
        channel = chunk_reply.channel + word.channel if separate_channels else 0
        words.append(
            Word(word.text, span.start_s, span.end_s, word.confidence, word.speaker, channel)
        )
    marked = chunk_reply.reply.utterance_starts
    starts = set(marked)
    for at in range(1, len(words)):
        before, after = words[at - 1], words[at]
        pause_s = after.start_s - before.end_s
        unsent_s = pause_s - (sent[at].start_s - sent[at - 1].end_s)
        paused = pause_s >= UTTERANCE_PAUSE_S and (not marked or unsent_s >= UNSENT_PAUSE_S)
        if paused or (after.channel, after.speaker) != (before.channel, before.speaker):
            starts.add(at)
    return MappedReply(chunk_reply.chunk, tuple(words), frozenset(starts))
