"""The speakers of a transcript: their names, their turns and how long they talk.

A channel without speaker numbers counts as one speaker.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from stenoflow.times import Seconds
from stenoflow.transcript.model import KnownSpeaker, Transcript, Utterance, Word
from stenoflow.transcript.text import clean_text

TALK_PAUSE_S = 1.0
"""Pauses up to this long between a speaker's words count as talking."""

TURN_PAUSE_S = 3.0
"""A longer pause ends a speaker turn, and the same speaker begins another."""


@dataclass(frozen=True, slots=True, order=True)
class SpeakerKey:
    """A channel and a speaker on it, each as in :class:`~stenoflow.transcript.model.Word`."""

    channel: int
    speaker: int | None

    @classmethod
    def of(cls, word: Word) -> "SpeakerKey":
        """Return the key of the speaker of a word."""
        return cls(word.channel, word.speaker)


@dataclass(frozen=True, slots=True)
class Speaker:
    """A speaker and what they did in a recording."""

    key: SpeakerKey
    name: str | None
    """For display: that of a person whose voice is known, else a number, counted from 1; None where a
    recording has a single, unnumbered speaker."""
    talk_s: Seconds
    """Seconds from word to word, pauses longer than :data:`TALK_PAUSE_S` left out."""
    words: int
    margin: float | None = None
    """Margin of the estimate for this speaker; None without an estimate, or without another speaker."""
    closeness: float | None = None
    """Cosine similarity to the known voice of this name; None if the voice is not known."""


def speakers(transcript: Transcript) -> tuple[Speaker, ...]:
    """Return the speakers of a transcript in the order of their first words."""
    # Plain tuples as keys: a million words make a million of them.
    words: dict[tuple[int, int | None], int] = {}
    talk: dict[tuple[int, int | None], float] = {}
    for utterance in transcript.utterances:
        run = transcript.words[utterance.first : utterance.last]
        for word in run:
            key = (word.channel, word.speaker)
            words[key] = words.get(key, 0) + 1
            talk[key] = talk.get(key, 0.0) + word.end_s - word.start_s
        for before, after in pairwise(run):
            pause_s = after.start_s - before.end_s
            if 0 < pause_s <= TALK_PAUSE_S and before.speaker == after.speaker:
                talk[after.channel, after.speaker] += pause_s
    names = _names([SpeakerKey(*key) for key in words], transcript.known_speakers)
    known: dict[tuple[int, int | None], float] = {
        (each.channel, each.speaker): each.closeness for each in transcript.known_speakers
    }
    margins: dict[tuple[int, int | None], float] = {
        (each.channel, each.speaker): each.margin for each in transcript.speaker_margins
    }
    return tuple(
        Speaker(
            key=SpeakerKey(*key),
            name=names[SpeakerKey(*key)],
            talk_s=Seconds(talk[key]),
            words=count,
            margin=margins.get(key),
            closeness=known.get(key),
        )
        for key, count in words.items()
    )


def speaker_names(transcript: Transcript) -> dict[SpeakerKey, str | None]:
    """Return each speaker's name as in :class:`Speaker`."""
    keys = dict.fromkeys((word.channel, word.speaker) for word in transcript.words)
    return _names([SpeakerKey(*key) for key in keys], transcript.known_speakers)


def _names(
    keys: Sequence[SpeakerKey], known_speakers: Sequence[KnownSpeaker]
) -> dict[SpeakerKey, str | None]:
    channels = {key.channel for key in keys}
    known = {
        SpeakerKey(each.channel, each.speaker): clean_text(each.name) for each in known_speakers
    }
    plain = {key: known.get(key) or _numbered(key) for key in keys}
    uses = Counter(plain.values())

    def name(key: SpeakerKey) -> str | None:
        if key.speaker is None:
            return f"Channel {key.channel + 1}" if len(channels) > 1 else None
        ambiguous = uses[plain[key]] > 1
        return f"Channel {key.channel + 1}, {plain[key]}" if ambiguous else plain[key]

    return {key: name(key) for key in keys}


def _numbered(key: SpeakerKey) -> str | None:
    return None if key.speaker is None else f"Speaker {key.speaker + 1}"


def speaker_turns(transcript: Transcript) -> tuple[Utterance, ...]:
    """Return neighbouring utterances of one speaker as one.

    A turn ends where another speaker or a paragraph begins, and at a pause of more than
    :data:`TURN_PAUSE_S`.
    """
    words = transcript.words
    breaks = {paragraph.first for paragraph in transcript.paragraphs}
    turns: list[Utterance] = []
    for utterance in transcript.utterances:
        if turns:
            before, first = words[turns[-1].last - 1], words[utterance.first]
            if (
                utterance.first not in breaks
                and (before.channel, before.speaker) == (first.channel, first.speaker)
                and first.start_s - before.end_s <= TURN_PAUSE_S
            ):
                turns[-1] = Utterance(turns[-1].first, utterance.last)
                continue
        turns.append(utterance)
    return tuple(turns)
