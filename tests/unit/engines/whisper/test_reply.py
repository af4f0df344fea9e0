"""What Whisper's child writes, and the words in it."""

import json
from typing import Any

import pytest

from stenoflow.engines.whisper.options import WhisperOptions
from stenoflow.engines.whisper.reply import parsed
from stenoflow.errors import EngineError
from stenoflow.times import SAMPLE_RATE
from stenoflow.transcript.model import Reply

OPTIONS = WhisperOptions()


def answered(**changes: Any) -> bytes:
    answer: dict[str, Any] = {
        "engine": "whisper",
        "version": "1.2.1",
        "model": "small",
        "sha256": "ab",
        "samples": 5 * SAMPLE_RATE,
        "multilingual": True,
        "chunks": [],
    }
    return json.dumps(answer | changes).encode()


def segment(words: list[Any], **scores: float) -> dict[str, Any]:
    sure = {"log_probability": -0.2, "compression_ratio": 1.2, "no_speech": 0.0, "temperature": 0.0}
    return {"words": words, **sure, **scores}


def chunk(start: int, end: int, *segments: list[Any], language: str = "en", **scores: float) -> Any:
    where = {"start": start, "end": end, "language": language, "probability": 0.9}
    return where | {"segments": [segment(each, **scores) for each in segments]}


def test_words_of_all_chunks_are_read_at_their_places() -> None:
    raw = answered(
        chunks=[
            chunk(
                0, 32_000, [[" Ten", 0.0, 0.5, 0.6], [" ", 0.5, 0.5, 0.1]], [[" is", 1, 2.5, 1.5]]
            ),
            chunk(32_000, 48_000, [[" oui", -0.1, 0.5, 0.9]], language="fr"),
            chunk(48_000, 80_000, [[" ", 0.0, 0.1, 0.1]]),
        ]
    )
    reply = parsed(raw, OPTIONS)
    assert [(word.text, word.start_s, word.end_s, word.confidence) for word in reply.words] == [
        ("Ten", 0.0, 0.5, 0.6),
        ("is", 1.0, 2.0, 1.0),
        ("oui", 2.0, 2.5, 0.9),
    ]
    assert reply.utterance_starts == (0, 1, 2)
    assert (reply.language, reply.language_confidence) == ("en", 0.9)
    assert (reply.model, reply.sha256, reply.duration_s) == ("faster-whisper 1.2.1, small", "ab", 5)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([" at", " 22", ",050", " Hz,"], ["at", "22,050", "Hz,"]),
        ([" Yes,", " ma", "'am."], ["Yes,", "ma'am."]),
        ([" in", "-house", " and", " 3", ".", "5", "%"], ["in-house", "and", "3.5%"]),
        (["Ten", " is"], ["Ten", "is"]),
        (["今日", "は", "晴れ"], ["今日", "は", "晴れ"]),
        ([" 我", "用", "Prefect", "。"], ["我", "用", "Prefect", "。"]),
        ([" a", "", "b", " ", "c"], ["ab", "c"]),
    ],
)
def test_words_keep_their_own_spacing(parts: list[str], words: list[str]) -> None:
    timed = [[part, at / 4, (at + 1) / 4, 0.9 - at / 10] for at, part in enumerate(parts)]
    reply = parsed(answered(chunks=[chunk(0, 80_000, timed)]), OPTIONS)
    assert [word.text for word in reply.words] == words
    if words[0] == "at":
        joined = reply.words[1]
        assert (joined.start_s, joined.end_s, joined.confidence) == (0.25, 0.75, 0.7)


def test_nothing_recognized_is_a_reply_without_words() -> None:
    reply = parsed(answered(), OPTIONS)
    assert (reply.words, reply.utterance_starts, reply.language) == ((), (), None)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'{"unusable": "no"}',
        answered(engine="faster-whisper"),
        answered(samples="5"),
        answered(chunks=[chunk(0, 9, [[" a", 0.0, 1.0]])]),
        answered(chunks=[chunk(0, 9, [[" a", "0", 1.0, 0.5]])]),
        answered(chunks=[chunk(0, 9, [[" a", float("nan"), 1.0, 0.5]])]),
        answered(more=1),
        answered()[:-1],
    ],
)
def test_what_no_child_writes_is_trouble(raw: bytes) -> None:
    with pytest.raises(EngineError, match="Whisper's reply"):
        parsed(raw, OPTIONS)


def test_english_weights_that_are_unsure_of_most_words_cause_a_warning() -> None:
    def reply(probability: float, words: int = 9) -> Reply:
        spoken = [[" pues", at / 9, at / 9 + 0.1, probability] for at in range(words)]
        for at, each in enumerate(spoken):
            each[0] = f" pues{at}"
        return parsed(answered(chunks=[chunk(0, 80_000, spoken)], multilingual=False), OPTIONS)

    assert "knows English only" in reply(0.4).warnings[0]
    assert (reply(0.4).language, reply(0.4).language_confidence) == ("en", None), "not found out"
    assert reply(0.9).warnings == ()
    assert reply(0.4, words=3).warnings == (), "too few to tell"


def test_a_translation_is_english() -> None:
    raw = answered(chunks=[chunk(0, 9000, [[" Hi", 0.0, 0.5, 0.9]], language="nl")])
    assert parsed(raw, OPTIONS).language == "nl"
    assert parsed(raw, WhisperOptions(task="translate")).language == "en"
