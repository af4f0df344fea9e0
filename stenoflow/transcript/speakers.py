"""Who speaks: the voices of a transcript, their names, their turns and how long they talk.

A voice is a diarized speaker, or, where nobody told speakers apart, a channel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from stenoflow.times import Seconds
from stenoflow.transcript.model import Transcript, Utterance, Word

PAUSE_S = 1.0
"""Pauses up to this long inside somebody's words count as talking."""

TURN_PAUSE_S = 3.0
"""A turn that pauses for longer goes on in a new one."""


@dataclass(frozen=True, slots=True, order=True)
class Voice:
    """A channel and a speaker on it, each as in :class:`~stenoflow.transcript.model.Word`."""

    channel: int
    speaker: int | None

    @classmethod
    def of(cls, word: Word) -> "Voice":
        return cls(word.channel, word.speaker)


@dataclass(frozen=True, slots=True)
class Speaker:
    """One voice and what it did in a recording."""

    voice: Voice
    name: str | None
    """Fit to be shown, counted from 1; None where a recording has one voice and nobody named it."""
    talk_s: Seconds
    """Seconds from word to word, pauses longer than :data:`PAUSE_S` left out."""
    words: int


def speakers(transcript: Transcript) -> tuple[Speaker, ...]:
    """The voices of a transcript in the order in which they are first heard."""
    words: dict[tuple[int, int | None], int] = {}
    talk: dict[tuple[int, int | None], float] = {}
    for utterance in transcript.utterances:
        run = transcript.words[utterance.first : utterance.last]
        for word in run:
            key = (word.channel, word.speaker)
            words[key] = words.get(key, 0) + 1
            talk[key] = talk.get(key, 0.0) + word.end_s - word.start_s
        for before, after in pairwise(run):
            pause = after.start_s - before.end_s
            if 0 < pause <= PAUSE_S and before.speaker == after.speaker:
                talk[after.channel, after.speaker] += pause
    found = [Voice(*key) for key in words]
    names = _names(found)
    return tuple(
        Speaker(
            voice=voice,
            name=names[voice],
            talk_s=Seconds(talk[voice.channel, voice.speaker]),
            words=words[voice.channel, voice.speaker],
        )
        for voice in found
    )


def names(transcript: Transcript) -> dict[Voice, str | None]:
    """How each voice is called."""
    return _names([Voice(*key) for key in {(w.channel, w.speaker): None for w in transcript.words}])


def _names(voices: Sequence[Voice]) -> dict[Voice, str | None]:
    channels = {voice.channel for voice in voices}
    where: dict[int | None, set[int]] = {}
    for voice in voices:
        where.setdefault(voice.speaker, set()).add(voice.channel)

    def name(voice: Voice) -> str | None:
        if voice.speaker is None:
            return f"Channel {voice.channel + 1}" if len(channels) > 1 else None
        speaker = f"Speaker {voice.speaker + 1}"
        several = len(where[voice.speaker]) > 1
        return f"Channel {voice.channel + 1}, {speaker}" if several else speaker

    return {voice: name(voice) for voice in voices}


def turns(transcript: Transcript) -> tuple[Utterance, ...]:
    """Neighbouring utterances of one voice as one, broken at paragraphs and at long pauses."""
    words = transcript.words
    breaks = {paragraph.first for paragraph in transcript.paragraphs}
    found: list[Utterance] = []
    for utterance in transcript.utterances:
        if found:
            before, first = words[found[-1].last - 1], words[utterance.first]
            if (
                utterance.first not in breaks
                and (before.channel, before.speaker) == (first.channel, first.speaker)
                and first.start_s - before.end_s <= TURN_PAUSE_S
            ):
                found[-1] = Utterance(found[-1].first, utterance.last)
                continue
        found.append(utterance)
    return tuple(found)
