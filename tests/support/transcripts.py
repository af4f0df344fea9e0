"""Transcripts for tests: short ones written by hand, and any that an engine could return."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from stenoflow.rendering import Recording, Rendering
from stenoflow.times import Seconds
from stenoflow.transcript.model import Transcript, Utterance, Word
from stenoflow.transcript.normalize import normalize
from tests.support.corpus import recordings, shared

HOSTILE = (
    "-->",
    "<script>alert(1)</script>",
    "</script><script>document.title='owned'</script>",
    "<!--",
    "]]>",
    "&amp;",
    '" onmouseover="alert(1)',
    "{\\an8}",
    "{{ 7 * 7 }}",
    "${alert(1)}",
    "NOTE",
    "WEBVTT",
    "STYLE",
    "1",
    "[x](javascript:alert(1))",
    "\u202eevil",
    "\u2028",
    "\x00",
    "\r\n\r\n2\r\n00:00:00,000 --> 00:00:01,000",
)

SCRIPTS = (
    "word",
    "naïve,",
    "end.",
    "こんにちは。",
    "今日",
    "はお元気ですか",
    "مرحبا",
    "שלום,",
    "สวัสดี",
    "👩‍👩‍👧",
    "e\u0301\u0323\u0302",
    "Donaudampfschifffahrtsgesellschaftskapitänswitwenrente",
)


def transcript_of(
    *lines: str, word_s: float = 0.3, pause_s: float = 0.2, language: str = "en"
) -> Transcript:
    """Return lines spoken by two speakers alternately, each word lasting ``word_s``."""
    words: list[Word] = []
    utterances: list[Utterance] = []
    clock = 0.0
    for number, line in enumerate(lines):
        first = len(words)
        for text in line.split():
            words.append(Word(text, Seconds(clock), Seconds(clock + word_s), 0.9, number % 2))
            clock += word_s
        utterances.append(Utterance(first, len(words)))
        clock += pause_s
    return Transcript(
        tuple(words),
        tuple(utterances),
        duration_s=Seconds(clock + 1),
        language=language,
        engine="deepgram",
        model="nova-3",
    )


def rendering(transcript: Transcript, **recording: object) -> Rendering:
    """Return a transcript, normalized, with the least that renderers need beside it."""
    given = {
        "key": "calls/2026-07 board.mp3",
        "url": "s3://recordings/calls/2026-07 board.mp3",
        "playback_url": "https://play.example/calls/board.mp3",
        "media_type": "audio/mpeg",
        "sha256": "ab" * 32,
    } | recording
    return Rendering(Recording(**given), normalize(transcript))  # pyright: ignore[reportArgumentType]


def recorded_responses() -> tuple[Path, ...]:
    """Return the files of Deepgram's recorded responses in the corpus; () where it is absent."""
    folder = shared()
    if folder is None:
        return ()
    found = sorted((folder / "deepgram").rglob("*.json"))
    return tuple(path for path in found if _words_of(json.loads(path.read_text())))


def recorded(path: Path) -> Transcript:
    """Return the words of one recorded response, read as plainly as possible."""
    body = json.loads(path.read_text())
    words = tuple(
        Word(
            word.get("punctuated_word", word["word"]),
            Seconds(word["start"]),
            Seconds(word["end"]),
            word.get("confidence"),
            word.get("speaker"),
        )
        for word in _words_of(body)
    )
    return Transcript(
        words,
        (Utterance(0, len(words)),),
        duration_s=Seconds(body["metadata"].get("duration") or words[-1].end_s),
        language="en",
        engine="deepgram",
        model="nova-3",
    )


def corpus_transcripts() -> dict[str, Transcript]:
    """Return the transcripts of the corpus by name, with times as given there or at an even pace."""
    return {
        entry["name"]: _timed(entry)
        for entry in recordings()
        if entry["transcript"] and entry["seconds"]
    }


def _timed(entry: dict[str, Any]) -> Transcript:
    timed = entry["word_times"]
    if not timed:
        texts = entry["transcript"].split()
        pace = entry["seconds"] / len(texts)
        timed = [(at * pace, (at + 0.9) * pace, text) for at, text in enumerate(texts)]
    words = tuple(Word(text, Seconds(start), Seconds(end)) for start, end, text in timed)
    return Transcript(
        words,
        (Utterance(0, len(words)),),
        duration_s=Seconds(entry["seconds"]),
        language=entry["language"],
    )


def _words_of(body: Any) -> list[dict[str, Any]]:
    try:
        return body["results"]["channels"][0]["alternatives"][0]["words"]
    except (KeyError, IndexError, TypeError):
        return []


def texts() -> st.SearchStrategy[str]:
    """Draw what an engine may write for a word."""
    return st.one_of(
        st.sampled_from(SCRIPTS), st.sampled_from(HOSTILE), st.text(st.characters(), max_size=12)
    )


def broken_times() -> st.SearchStrategy[Seconds]:
    """Draw times that an engine may return, finite or not."""
    return st.one_of(
        st.floats(0, 30),
        st.floats(0, 30).map(lambda time: round(time, 2)),
        st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 0.0, 1e12, 90_000.0]),
    ).map(Seconds)


@st.composite
def broken_transcripts(draw: st.DrawFn) -> Transcript:
    """Draw words of any text, time, order, confidence and speaker, in utterances that may not fit them."""
    words = draw(
        st.lists(
            st.builds(
                Word,
                texts(),
                broken_times(),
                broken_times(),
                st.one_of(st.none(), st.floats(), st.floats(0, 1)),
                st.one_of(st.none(), st.integers(0, 3)),
                st.integers(0, 1),
            ),
            max_size=25,
        )
    )
    edges = sorted(draw(st.lists(st.integers(-2, len(words) + 2), max_size=6)))
    runs = [Utterance(a, b) for a, b in itertools.pairwise(edges)]
    return Transcript(
        tuple(words),
        tuple(runs),
        tuple(runs[::2]),
        duration_s=draw(
            st.sampled_from([Seconds(0), Seconds(20), Seconds(math.nan), Seconds(1e5)])
        ),
        language=draw(st.sampled_from([None, "en", "ja", "he", "xx\n"])),
    )


@st.composite
def spoken_transcripts(draw: st.DrawFn, max_words: int = 60) -> Transcript:
    """Draw words in order and at the speeds at which people speak, by speakers that come and go."""
    words: list[Word] = []
    clock, speaker = draw(st.sampled_from([0.0, 3.2, 86_395.0])), 0
    for _ in range(draw(st.integers(0, max_words))):
        if draw(st.integers(0, 9)) == 0:
            speaker = draw(st.integers(0, 2))
        clock += draw(st.sampled_from([0.0, 0.0, 0.04, 0.1, 0.4, 1.2, 4.0]))
        lasts = draw(st.sampled_from([0.08, 0.2, 0.3, 0.5, 0.9]))
        text = draw(st.sampled_from(SCRIPTS + HOSTILE[:3]))
        words.append(Word(text, Seconds(clock), Seconds(clock + lasts), 0.8, speaker))
        clock += lasts
    return Transcript(
        tuple(words),
        (Utterance(0, len(words)),) if words else (),
        duration_s=Seconds(clock + draw(st.sampled_from([0.0, 0.5, 5.0]))),
        language=draw(st.sampled_from([None, "en", "de"])),
    )
