"""Speakers, their names, their talking time and their turns."""

import itertools
from dataclasses import replace

import pytest

from stenoflow.times import Seconds
from stenoflow.transcript.model import KnownSpeaker, Transcript, Utterance, Word
from stenoflow.transcript.speakers import SpeakerKey, speaker_names, speaker_turns, speakers


def _word(start: float, end: float, speaker: int | None = None, channel: int = 0) -> Word:
    return Word("w", Seconds(start), Seconds(end), None, speaker, channel)


def _transcript(*runs: list[Word], paragraphs: tuple[int, ...] = ()) -> Transcript:
    words = tuple(word for run in runs for word in run)
    utterances: list[Utterance] = []
    for run in runs:
        first = utterances[-1].last if utterances else 0
        utterances.append(Utterance(first, first + len(run)))
    starts = [*paragraphs, len(words)]
    return Transcript(
        words,
        tuple(utterances),
        tuple(Utterance(a, b) for a, b in itertools.pairwise(starts)),
    )


def test_a_single_speaker_has_no_name() -> None:
    transcript = _transcript([_word(0, 1), _word(1, 2)])
    assert speaker_names(transcript) == {SpeakerKey(0, None): None}
    assert speakers(transcript)[0].words == 2


def test_diarized_speakers_are_counted_from_one() -> None:
    transcript = _transcript([_word(0, 1, 1)], [_word(1, 2, 0)])
    assert [speaker.name for speaker in speakers(transcript)] == ["Speaker 2", "Speaker 1"]


def test_channels_count_as_speakers_without_diarization() -> None:
    transcript = _transcript([_word(0, 1)], [_word(1, 2, channel=1)])
    assert [speaker.name for speaker in speakers(transcript)] == ["Channel 1", "Channel 2"]


def test_the_same_number_on_two_channels_is_two_speakers() -> None:
    transcript = _transcript([_word(0, 1, 0)], [_word(1, 2, 0, channel=1)])
    assert [speaker.name for speaker in speakers(transcript)] == [
        "Channel 1, Speaker 1",
        "Channel 2, Speaker 1",
    ]


def test_short_pauses_count_as_talking_and_long_ones_do_not() -> None:
    transcript = _transcript([_word(0, 1), _word(1.5, 2), _word(10, 11)])
    assert speakers(transcript)[0].talk_s == pytest.approx(3.0)


def test_a_turn_ends_at_another_speaker_a_long_pause_or_a_paragraph() -> None:
    transcript = _transcript(
        [_word(0, 1, 0)],
        [_word(1, 2, 0)],  # the same turn
        [_word(2, 3, 1)],  # another speaker
        [_word(9, 10, 1)],  # after a long pause
        [_word(10, 11, 1)],  # a paragraph begins
        paragraphs=(0, 4),
    )
    assert speaker_turns(transcript) == (
        Utterance(0, 2),
        Utterance(2, 3),
        Utterance(3, 4),
        Utterance(4, 5),
    )


def test_a_speaker_whose_voice_is_known_has_its_name() -> None:
    known = (KnownSpeaker(0, 1, "Ada\n", 0.91),)
    transcript = replace(
        _transcript([_word(0, 1, 0)], [_word(1, 2, 1)], [_word(2, 3, 0, channel=1)]),
        known_speakers=known,
    )
    found = speakers(transcript)
    assert [(each.name, each.closeness) for each in found] == [
        ("Channel 1, Speaker 1", None),
        ("Ada", 0.91),
        ("Channel 2, Speaker 1", None),
    ]


def test_one_person_on_two_channels_is_two_speakers() -> None:
    known = (KnownSpeaker(0, 0, "Ada", 0.9), KnownSpeaker(1, 0, "Ada", 0.9))
    transcript = replace(
        _transcript([_word(0, 1, 0)], [_word(1, 2, 0, channel=1)]), known_speakers=known
    )
    assert [each.name for each in speakers(transcript)] == ["Channel 1, Ada", "Channel 2, Ada"]
