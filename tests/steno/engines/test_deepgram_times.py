"""Words come back to where they were said: cut, packed, sent over HTTP, heard, and mapped back."""

import threading
from collections.abc import Generator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steno.cutting import plan
from steno.engines.deepgram import DeepgramEngine
from steno.packing import pack
from steno.profile import Cutting, DeepgramOptions
from steno.times import Span, to_samples
from tests.deepgram_standin.layouts import layouts
from tests.deepgram_standin.standin import StandIn
from tests.deepgram_standin.tones import LONGEST, Tone, sounding

GO_ON = threading.Event()
CUTTING = Cutting(keep_s=0.05, min_pause_s=0.2, overlap_s=1.0)


@pytest.fixture(scope="module")
def engine() -> Generator[DeepgramEngine]:
    with StandIn() as standin:
        bare = DeepgramOptions(smart_format=None, punctuate=None)
        yield DeepgramEngine(bare, standin.key, standin.url)


@settings(max_examples=150, deadline=None)
@given(tones=layouts(most=16, longest_silence=40_000), longest=st.integers(40_000, 400_000))
def test_every_word_is_where_it_was_said(
    tmp_path_factory: pytest.TempPathFactory,
    engine: DeepgramEngine,
    tones: list[Tone],
    longest: int,
) -> None:
    folder = tmp_path_factory.mktemp("recording")
    samples = (tones[-1].end if tones else 0) + LONGEST
    sounding(tones, samples).astype("<i2").tofile(folder / "pcm")
    speech = [Span(tone.start, tone.end) for tone in tones]
    found: list[tuple[str, int, int]] = []
    for part in plan(speech, samples, CUTTING, longest=longest).parts:
        path = folder / "body"
        body = pack(folder / "pcm", part.timeline, path, encoding="flac", stop=GO_ON)
        for word in engine.parse(engine.listen(body, stop=GO_ON)).words:
            heard = Span(to_samples(word.start_s), to_samples(word.end_s))
            said = part.timeline.original_span(heard)
            # Words of the overlap are heard twice; each belongs to the part that it lies in.
            if part.span.start <= (said.start + said.end) // 2 < part.span.end:
                found.append((word.text, said.start, said.end))
    assert found == [(tone.word, tone.start, tone.end) for tone in tones]
