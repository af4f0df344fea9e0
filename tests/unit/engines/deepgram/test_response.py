"""Deepgram's replies, recorded and made up, are read and lose nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stenoflow.engines.deepgram.response import read_reply
from stenoflow.errors import EngineError, ErrorReply
from stenoflow.transcript.model import Finding, Reply
from tests.support.corpus import needs_corpus, shared


def recorded() -> list[Path]:
    folder = shared()
    paths = sorted((folder / "deepgram").glob("*/*.json")) if folder else []
    return [path for path in paths if path.parent.name != "spec"]


def spoken(*words: str, start_s: float = 0.0, **more: Any) -> list[dict[str, Any]]:
    times = [{"start": start_s + at, "end": start_s + at + 0.5} for at in range(len(words))]
    return [
        {"word": word, "confidence": 0.5, **time, **more}
        for word, time in zip(words, times, strict=True)
    ]


def transcription(*channels: list[dict[str, Any]], **results: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "request_id": "r-1",
            "sha256": "ab" * 32,
            "duration": 9.5,
            "channels": len(channels),
            "models": ["m-1"],
            "model_info": {"m-1": {"name": "general-nova-3", "version": "2025-07-31.0"}},
        },
        "results": {
            "channels": [
                {
                    "alternatives": [
                        {
                            "transcript": " ".join(word.get("word", "?") for word in words),
                            "words": words,
                        }
                    ]
                }
                for words in channels
            ],
            **results,
        },
    }


def read(answer: dict[str, Any], language: str | None = None) -> Reply:
    return read_reply(json.dumps(answer).encode(), language=language)


@needs_corpus
def test_there_are_recorded_replies() -> None:
    assert len(recorded()) == 16


@needs_corpus
@pytest.mark.parametrize("path", recorded(), ids=lambda path: path.name)
def test_a_recorded_reply_is_read_without_loss(path: Path) -> None:
    raw = path.read_bytes()
    answer = json.loads(raw)
    best = answer["results"]["channels"][0]["alternatives"][0]
    reply = read_reply(raw)

    assert [word.text for word in reply.words] == [
        word.get("punctuated_word", word["word"]) for word in best["words"]
    ]
    assert [(word.start_s, word.end_s, word.confidence, word.speaker) for word in reply.words] == [
        (word["start"], word["end"], word["confidence"], word.get("speaker"))
        for word in best["words"]
    ]
    assert reply.request_id == answer["metadata"]["request_id"]
    assert reply.sha256 == answer["metadata"]["sha256"]
    assert reply.duration_s == answer["metadata"]["duration"]
    assert not reply.warnings

    utterances = answer["results"].get("utterances", [])
    edges = [*reply.utterance_starts, len(reply.words)]
    assert len(utterances) == len(edges) - 1
    for utterance, first, last in zip(utterances, edges, edges[1:], strict=False):
        text = " ".join(word.text for word in reply.words[first:last])
        assert text == utterance["transcript"]

    paragraphs = best.get("paragraphs", {}).get("paragraphs", [])
    assert len(paragraphs) == len(reply.paragraph_starts)
    for paragraph, first in zip(paragraphs, reply.paragraph_starts, strict=True):
        assert reply.words[first].start_s == pytest.approx(paragraph["start"], abs=0.001)


@needs_corpus
def test_the_extras_of_recorded_replies() -> None:
    by_name = {path.name: read_reply(path.read_bytes()) for path in recorded()}
    detected = by_name["galileo.nova3.diarize.json"]
    assert (detected.language, detected.model) == ("en", "general-nova-3 2025-07-31.0")
    assert detected.language_confidence == pytest.approx(0.99352765)
    summed_up = by_name["preamble.nova-3.summarize.2025-08-11.response.json"]
    assert summed_up.summary and summed_up.summary.startswith("Speaker 1 discusses")
    assert by_name["synthetic-multi.language.json"].language == "en"


def test_channels_come_one_after_the_other() -> None:
    left, right = spoken("how", "are", "you"), spoken("fine", "thanks", start_s=0.5)
    reply = read(
        transcription(
            left,
            right,
            utterances=[
                {"channel": 0, "words": left[:1]},
                {"channel": 1, "words": right},
                {"channel": 0, "words": left[1:]},
            ],
        )
    )
    assert [(word.text, word.channel) for word in reply.words] == [
        ("how", 0),
        ("are", 0),
        ("you", 0),
        ("fine", 1),
        ("thanks", 1),
    ]
    assert reply.utterance_starts == (0, 1, 3)


def test_speakers_are_those_of_words_not_of_utterances() -> None:
    words = [*spoken("yes", speaker=0), *spoken("no", start_s=1, speaker=1)]
    utterance = {"channel": 0, "speaker": 0, "words": words}
    reply = read(transcription(words, utterances=[utterance]))
    assert [word.speaker for word in reply.words] == [0, 1]


def complete() -> dict[str, Any]:
    """A reply that has everything a reply may have."""
    words = spoken("call", "doctor", "Ada", "Lovelace", "now", speaker=0, punctuated_word="Word.")
    passage = {"text": "call doctor Ada", "start_word": 0, "end_word": 2}
    topic, intent = {"topic": "Health", "confidence_score": 0.9}, {"intent": "Call"}
    answer = transcription(
        words,
        utterances=[{"channel": 0, "words": words[:2]}, {"channel": 0, "words": words[2:]}],
        summary={"result": "success", "short": "A call."},
        topics={"results": {"topics": {"segments": [{**passage, "topics": [topic]}]}}},
        intents={"results": {"intents": {"segments": [{**passage, "intents": [intent]}]}}},
        sentiments={"segments": [{**passage, "sentiment": "neutral", "sentiment_score": 0.1}]},
    )
    channel = answer["results"]["channels"][0]
    channel |= {"detected_language": "en", "language_confidence": 0.9}
    entity = {"label": "NAME", "value": "Ada Lovelace", "start_word": 2, "end_word": 4}
    channel["alternatives"][0] |= {
        "entities": [entity],
        "languages": ["en"],
        "paragraphs": {"transcript": "", "paragraphs": [{"num_words": 5}]},
    }
    answer["metadata"]["warnings"] = [{"parameter": "x", "type": "y", "message": "z"}]
    return answer


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return [
        place
        for key, each in inner
        for place in [
            (*path, key),
            *(places(each, (*path, key)) if isinstance(each, dict | list) else ()),
        ]
    ]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([10**400, -1, 1e308, float("inf")]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["start", "words", "segments", "result"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)


@settings(max_examples=600, deadline=None)
@given(place=st.sampled_from(places(complete())), value=JSON)
def test_one_wrong_value_anywhere_is_a_reply_or_trouble(place: tuple[Any, ...], value: Any) -> None:
    answer = complete()
    *way, last = place
    parent: Any = answer
    for key in way:
        parent = parent[key]
    parent[last] = value
    try:
        reply = read(answer)
    except EngineError:
        return
    assert all(0 <= word.start_s <= word.end_s for word in reply.words)
    for starts in (reply.utterance_starts, reply.paragraph_starts):
        assert all(0 <= at < len(reply.words) for at in starts)
    for found in reply.findings:
        if found.first is not None and found.last is not None:
            assert 0 <= found.first <= found.last <= len(reply.words)


def test_all_of_a_complete_reply_is_read() -> None:
    reply = read(complete())
    assert (reply.utterance_starts, reply.paragraph_starts) == ((0, 2), (0,))
    assert [found.kind for found in reply.findings] == ["topic", "intent", "sentiment", "entity"]
    assert (reply.language, reply.summary) == ("en", "A call.")
    assert reply.warnings == ("Deepgram warns about x: z",)


def test_paragraphs_without_words_begin_nowhere() -> None:
    answer = transcription([])
    empty = {"transcript": "", "paragraphs": [{"num_words": 0}]}
    answer["results"]["channels"][0]["alternatives"][0]["paragraphs"] = empty
    assert read(answer).paragraph_starts == ()


def test_findings_say_which_words_they_are_about() -> None:
    answer = transcription(
        spoken("call", "doctor", "Ada", "Lovelace", "now"),
        topics={
            "results": {
                "topics": {
                    "segments": [
                        {
                            "text": "call doctor Ada",
                            "start_word": 0,
                            "end_word": 2,
                            "topics": [{"topic": "Health", "confidence_score": 0.9}],
                        }
                    ]
                }
            }
        },
        intents={
            "results": {
                "intents": {
                    "segments": [
                        {
                            "text": "call doctor",
                            "start_word": 0.0,
                            "end_word": 1.0,
                            "intents": [{"intent": "Call", "confidence_score": 0.7}],
                        }
                    ]
                }
            }
        },
        sentiments={
            "segments": [
                {
                    "text": "now",
                    "start_word": 4,
                    "end_word": 99,
                    "sentiment": "positive",
                    "sentiment_score": 0.6,
                }
            ],
            "average": {"sentiment": "positive", "sentiment_score": 0.6},
        },
        summary={"result": "success", "short": "A call."},
    )
    answer["results"]["channels"][0]["alternatives"][0]["entities"] = [
        {
            "label": "NAME",
            "value": "Ada Lovelace",
            "confidence": 0.8,
            "start_word": 2,
            "end_word": 4,
        }
    ]
    reply = read(answer)
    assert reply.findings == (
        Finding("topic", "Health", 0.9, "call doctor Ada", 0, 3),
        Finding("intent", "Call", 0.7, "call doctor", 0, 2),
        Finding("sentiment", "positive", 0.6, "now", None, None),
        Finding("entity", "NAME", 0.8, "Ada Lovelace", 2, 4),
    )
    assert reply.summary == "A call."


def test_the_language_asked_for_stands_where_none_is_named() -> None:
    assert read(transcription(spoken("ja")), "de").language == "de"
    assert read(transcription(spoken("ja")), "multi").language is None


def test_deepgrams_own_warnings_are_handed_on() -> None:
    answer = transcription(spoken("hi"))
    answer["metadata"]["warnings"] = [
        {"parameter": "summarize", "type": "unsupported_language", "message": "English only."}
    ]
    assert read(answer).warnings == ("Deepgram warns about summarize: English only.",)


def test_silence_is_a_transcription() -> None:
    assert read(transcription([])).words == ()


def test_a_word_that_ends_before_it_starts_lasts_no_time() -> None:
    reply = read(transcription([{"word": "odd", "start": 2.0, "end": 1.9}]))
    assert (reply.words[0].start_s, reply.words[0].end_s) == (2.0, 2.0)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"utterances": [{"channel": 0, "words": spoken("hi")}]}, "utterances do not fit"),
        ({"utterances": [{"channel": 3, "words": spoken("hi", "you")}]}, "utterances do not fit"),
        ({"utterances": "none"}, "utterances were left out"),
        ({"summary": {"result": "failure", "short": ""}}, "no summary: failure"),
        ({"topics": {"results": []}}, "topics were left out"),
    ],
)
def test_an_extra_that_does_not_fit_costs_no_word(extra: dict[str, Any], said: str) -> None:
    reply = read(transcription(spoken("hi", "you"), **extra))
    assert len(reply.words) == 2
    assert reply.utterance_starts == ()
    assert [said in warning for warning in reply.warnings] == [True]


@pytest.mark.parametrize(("name", "value"), [("confidence", "high"), ("speaker", "Bob")])
def test_a_detail_of_a_wrong_type_costs_no_word(name: str, value: str) -> None:
    words = spoken("hi")
    words[0][name] = value
    assert getattr(read(transcription(words)).words[0], name) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[1, 2]",
        b"null",
        b'{"request_id": "r-1"}',
        b'{"err_code": "OOPS", "err_msg": "no", "request_id": "r-1"}',
        json.dumps(transcription(spoken("x"))).encode()[:-40],
    ],
)
def test_what_is_no_transcription_is_trouble(raw: bytes) -> None:
    with pytest.raises(EngineError, match="Deepgram's reply") as caught:
        read_reply(raw)
    assert caught.value.request_id in ("r-1", None)


def test_trouble_names_the_request_where_it_can() -> None:
    with pytest.raises(EngineError) as caught:
        read_reply(b'{"metadata": {"request_id": "r-9"}, "results": {}}')
    assert caught.value.request_id == "r-9"


def normalized(place: str, value: Any) -> tuple[list[tuple[str, float, float]], tuple[str, ...]]:
    """The words and warnings of a reply of three words, of which one thing is not as it should be."""
    answer = transcription(spoken("one", "two", "three"))
    channel = answer["results"]["channels"][0]
    best = channel["alternatives"][0]
    parent, name = {
        "start": (best["words"][1], "start"),
        "end": (best["words"][1], "end"),
        "word": (best["words"][1], "word"),
        "words": (best, "words"),
        "languages": (best, "languages"),
        "transcript": (best, "transcript"),
        "alternatives": (channel, "alternatives"),
        "channels": (answer["results"], "channels"),
        "duration": (answer["metadata"], "duration"),
        "request_id": (answer["metadata"], "request_id"),
        "sha256": (answer["metadata"], "sha256"),
    }[place]
    if value is ...:
        parent.pop(name, None)
    else:
        parent[name] = value
    reply = read(answer)
    words = [(each.text, each.start_s, each.end_s) for each in reply.words]
    assert all(start <= end for _, start, end in words)
    assert [start for _, start, _ in words] == sorted(start for _, start, _ in words)
    return words, reply.warnings


BAD = [None, ..., -0.5, float("nan"), float("inf"), -float("inf"), "soon", True, [], {}, 1e300]


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("place", ["start", "end"])
def test_a_time_that_cannot_be_costs_no_word(place: str, value: Any) -> None:
    words, warnings = normalized(place, value)
    good, _ = normalized("sha256", None)
    assert [text for text, _, _ in words] == ["one", "two", "three"]
    assert (words[0], words[2]) == (good[0], good[2])
    assert good[0][2] <= words[1][1] <= words[1][2] <= good[2][1]
    assert ["1 words times that cannot be" in each for each in warnings] == [True]


@pytest.mark.parametrize(
    ("place", "value", "count", "warning"),
    [
        ("words", None, 1, "spread evenly"),
        ("words", ..., 1, "spread evenly"),
        ("words", [], 1, "spread evenly"),
        ("word", None, 2, "without their text"),
        ("languages", None, 3, None),
        ("transcript", None, 3, None),
        ("alternatives", [], 0, "no transcript"),
        ("alternatives", None, 0, "no transcript"),
        ("channels", [], 0, "no transcript"),
        ("duration", None, 3, "how much audio"),
        ("duration", float("nan"), 3, "how much audio"),
        ("duration", -1, 3, "how much audio"),
        ("request_id", ..., 3, None),
        ("sha256", 5, 3, None),
    ],
)
def test_an_odd_or_missing_field_is_normalized_with_a_warning(
    place: str, value: Any, count: int, warning: str | None
) -> None:
    words, warnings = normalized(place, value)
    if count != 1:
        assert len(words) == count
    assert any(warning in each for each in warnings) if warning else not warnings


@pytest.mark.parametrize(
    "encoded",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-32"),
        lambda text: text.replace("two", "t\u00fco").encode("latin-1"),
        lambda text: text.replace("two", "\\ud83dx").encode(),
        lambda text: text.replace("two", "\\udc00").encode(),
    ],
    ids=["bom", "utf-16", "utf-16-le", "utf-32", "latin-1", "half a pair", "other half"],
)
def test_another_encoding_costs_no_word(encoded: Callable[[str], bytes]) -> None:
    reply = read_reply(encoded(json.dumps(transcription(spoken("one", "two", "three")))))
    assert [reply.words[0].text, reply.words[2].text] == ["one", "three"]
    assert "\ufffd" not in reply.words[1].text or "not text" in reply.warnings[0]


def test_whole_pairs_and_escaped_backslashes_stay() -> None:
    text = '{"metadata": {"duration": NaN}, "results": {"channels": [{"alternatives": [{"transcript": ""'
    text += r', "words": [{"word": "\ud83d\ude00 \\ud83d", "start": 0, "end": 1}]}]}]}}'
    [word] = read_reply(text.encode()).words
    assert word.text == "\U0001f600 \\ud83d"


@pytest.mark.parametrize(
    "raw",
    [
        b'{"err_code": "OOPS", "err_msg": "no", "request_id": "r-1"}',
        b'{"category": "INVALID", "message": "no", "request_id": "r-1"}',
        b'{"error": "overloaded"}',
    ],
)
def test_an_error_with_200_is_an_error_that_may_be_retried(raw: bytes) -> None:
    with pytest.raises(ErrorReply, match="reports an error"):
        read_reply(raw)


def test_deep_nesting_is_an_error() -> None:
    for raw in (b'{"a":' * 100_000, b'{"metadata": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"):
        with pytest.raises(EngineError, match="is not JSON"):
            read_reply(raw)


def test_repeated_words_are_reported() -> None:
    words = spoken("so", "we", "go")
    [warning] = read(transcription([*words, *words[1:]])).warnings
    assert "2 words twice" in warning
