"""Words come back to where they were said, through segmentation, encoding, HTTP, mapping and merging."""

from collections import defaultdict
from collections.abc import Generator

import pytest
from hypothesis import given, settings

from bench.harness.round_trip import Recording, recordings, round_trip
from stenoflow.engines.credentials import Credential
from stenoflow.engines.deepgram.engine import DeepgramEngine
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.testing.deepgram.replies import BAND_HZ
from stenoflow.testing.deepgram.server import StandIn
from stenoflow.times import to_samples


@pytest.fixture(scope="module")
def engine() -> Generator[DeepgramEngine]:
    with StandIn() as standin:
        bare = DeepgramOptions(smart_format=None, punctuate=None)
        yield DeepgramEngine(bare, Credential(standin.key, standin.url))


@settings(max_examples=60, deadline=None)
@given(recording=recordings())
def test_every_word_has_its_time_in_the_recording_and_its_speaker(
    tmp_path_factory: pytest.TempPathFactory, engine: DeepgramEngine, recording: Recording
) -> None:
    transcript, _ = round_trip(recording, engine, tmp_path_factory.mktemp("recording"))
    for channel, tones in enumerate(recording.channels):
        words = [word for word in transcript.words if word.channel == channel]
        found = [(word.text, to_samples(word.start_s), to_samples(word.end_s)) for word in words]
        assert found == [(tone.word, tone.start, tone.end) for tone in tones]
        bands: defaultdict[int | None, set[int]] = defaultdict(set)
        for word, tone in zip(words, tones, strict=True):
            bands[word.speaker].add(tone.pitch_hz // BAND_HZ)
        assert all(len(each) == 1 for each in bands.values())
        assert transcript.warnings or len(bands) == len({t.pitch_hz // BAND_HZ for t in tones})
