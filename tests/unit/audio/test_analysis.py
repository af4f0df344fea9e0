"""The analysis reads a recording once, every channel by itself, and raises levels without clipping."""

import math
import threading
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stenoflow.audio.analysis import AnalyzedChannel, AudioAnalysis, analyze
from stenoflow.audio.encoding import encode
from stenoflow.audio.options import AnalysisOptions
from stenoflow.errors import BadMedia, OverLimit, Stopped
from stenoflow.media.binaries import VARIABLE, chosen_decoder
from stenoflow.media.decoding import decode
from stenoflow.media.options import Limits, MediaOptions
from stenoflow.times import Span, to_seconds
from stenoflow.vad.detector import speech_scores
from stenoflow.vad.scores import WINDOW
from tests.support.corpus import ROOT, needs_corpus, recordings
from tests.support.media_files import write_wav

INTERVIEW = ROOT / "deployments" / "samples" / "interview.mp3"


def analyzed(path: Path, folder: Path, **choice: Any) -> AudioAnalysis:
    folder.mkdir(exist_ok=True)
    return analyze(path, AnalysisOptions(MediaOptions(**choice)), folder)


def pcm_of(channel: AnalyzedChannel) -> NDArray[np.int16]:
    return np.fromfile(channel.pcm, np.int16)


@pytest.fixture(scope="module")
def interview(tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.int16]:
    """Clean speech, 44 s (int16, mono, 16 kHz)."""
    analysis = analyzed(INTERVIEW, tmp_path_factory.mktemp("interview"))
    return pcm_of(analysis.channels[0])


def test_what_is_stored_and_measured_is_what_the_decoder_gives(tmp_path: Path) -> None:
    progress: list[float] = []
    analysis = analyze(INTERVIEW, AnalysisOptions(), tmp_path, progress=progress.append)
    with decode(INTERVIEW) as decoding:
        samples = np.concatenate(list(decoding))[:, 0]
    [channel] = analysis.channels
    np.testing.assert_array_equal(pcm_of(channel), samples)
    np.testing.assert_array_equal(channel.speech_scores[:], speech_scores(samples))
    assert len(channel.speech_scores) == -(-len(samples) // WINDOW)
    assert channel.samples == analysis.samples == len(samples)
    assert analysis.duration_s == to_seconds(len(samples))
    assert progress == sorted(progress)
    assert progress[-1] == analysis.duration_s
    assert channel.quality.level in ("excellent", "good")


@pytest.mark.parametrize("choice", [{}, {"channels": "apart"}, {"channels": "one", "channel": 1}])
def test_the_recording_is_decoded_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    interview: NDArray[np.int16],
    choice: dict[str, Any],
) -> None:
    path = write_wav(tmp_path / "stereo.wav", np.stack([interview, interview[::-1]], axis=1))
    # A sandboxed decoder may write no file, but a folder it may make: one each time it is started.
    starts = tmp_path / "starts"
    starts.mkdir()
    counting = tmp_path / "ffmpeg"
    ffmpeg = chosen_decoder().path
    counting.write_text(f'#!/bin/sh\n/bin/mkdir "{starts}/$$"\nexec "{ffmpeg}" "$@"\n')
    counting.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(counting))
    analysis = analyzed(path, tmp_path / "pcm", **choice)
    assert analysis.samples == len(interview)
    assert len(list(starts.iterdir())) == 1


def test_channels_kept_apart_do_not_influence_each_other(
    tmp_path: Path, interview: NDArray[np.int16]
) -> None:
    noise = np.random.default_rng(0).normal(0, 300, len(interview)).astype(np.int16)
    path = write_wav(tmp_path / "stereo.wav", np.stack([interview, noise], axis=1))
    analysis = analyzed(path, tmp_path / "pcm", channels="apart")
    assert [channel.index for channel in analysis.channels] == [0, 1]
    for channel, said in zip(analysis.channels, (interview, noise), strict=True):
        alone = analyzed(write_wav(tmp_path / "mono.wav", said), tmp_path / f"mono-{channel.index}")
        np.testing.assert_array_equal(pcm_of(channel), said)
        np.testing.assert_array_equal(channel.speech_scores[:], alone.channels[0].speech_scores[:])
        assert channel.quality == alone.channels[0].quality
    speaker, silent = analysis.channels
    assert speaker.quality.speech_dbfs is not None
    assert silent.quality.speech_dbfs is None
    assert "No speech was detected." in silent.quality.warnings


@pytest.mark.parametrize("channel", [0, 1])
def test_one_channel_is_analyzed_as_if_it_were_alone(
    tmp_path: Path, interview: NDArray[np.int16], channel: int
) -> None:
    both = np.stack([interview, np.zeros_like(interview)], axis=1)
    path = write_wav(tmp_path / "stereo.wav", both)
    [found] = analyzed(path, tmp_path / "pcm", channels="one", channel=channel).channels
    np.testing.assert_array_equal(pcm_of(found), both[:, channel])


def test_mixed_down_is_the_mean_of_the_channels(
    tmp_path: Path, interview: NDArray[np.int16]
) -> None:
    path = write_wav(tmp_path / "stereo.wav", np.stack([interview, 0 * interview], axis=1))
    [found] = analyzed(path, tmp_path / "pcm").channels
    np.testing.assert_allclose(pcm_of(found), interview / 2, atol=1)


def speech_dbfs(samples: NDArray[np.int16], channel: AnalyzedChannel, speech_from: float) -> float:
    """RMS level of the windows of speech, the plain way."""
    padded = np.pad(samples.astype(float), (0, -len(samples) % WINDOW)).reshape(-1, WINDOW)
    speaking = padded[channel.speech_scores[:] >= speech_from]
    return 10 * math.log10(np.mean(speaking**2) / 32768**2)


def sent(channel: AnalyzedChannel, folder: Path) -> NDArray[np.int16]:
    """What an engine is sent of the whole channel."""
    whole = [Span(0, channel.samples)]
    stop = threading.Event()
    body = encode(
        channel.pcm, whole, folder / "sent.wav", encoding="wav", gain=channel.gain, stop=stop
    )
    with wave.open(str(body.path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def assert_levelled(path: Path, folder: Path, target_dbfs: float) -> None:
    """Within 2 dB of the target, or as near as the loudest sample allows; no sample is clipped."""
    options = AnalysisOptions(MediaOptions(level_dbfs=target_dbfs))
    [channel] = analyze(path, options, folder).channels
    before, after = pcm_of(channel), sent(channel, folder)
    np.testing.assert_allclose(after, before * channel.gain, atol=0.51)
    level_dbfs = speech_dbfs(after, channel, options.vad.threshold)
    if level_dbfs < target_dbfs - 2:
        assert channel.gain == 1 or np.max(np.abs(after.astype(int))) >= 32766
    else:
        assert level_dbfs == pytest.approx(target_dbfs, abs=2)


@pytest.mark.parametrize("loudness_db", [-45, -30, -12, 0, 6])
def test_speech_of_any_loudness_is_brought_to_the_target(
    tmp_path: Path, interview: NDArray[np.int16], loudness_db: float
) -> None:
    factor = 10 ** (loudness_db / 20)
    scaled = (interview * factor).round().clip(-32768, 32767).astype(np.int16)
    path = write_wav(tmp_path / "speech.wav", scaled)
    assert_levelled(path, tmp_path, -20)


@needs_corpus
@pytest.mark.parametrize(
    "path", [pytest.param(e["path"], id=e["name"]) for e in recordings("speech")[::6]]
)
def test_real_speech_is_brought_to_the_target(tmp_path: Path, path: Path) -> None:
    assert_levelled(path, tmp_path, -20)


def test_without_speech_or_a_target_level_samples_stay_as_they_are(
    tmp_path: Path, interview: NDArray[np.int16]
) -> None:
    noise = np.random.default_rng(0).normal(0, 300, 32_000).astype(np.int16)
    silent = analyzed(write_wav(tmp_path / "noise.wav", noise), tmp_path / "pcm", level_dbfs=-20)
    as_it_is = analyzed(write_wav(tmp_path / "speech.wav", interview), tmp_path / "pcm")
    assert [analysis.channels[0].gain for analysis in (silent, as_it_is)] == [1, 1]


def test_analysis_stops_when_asked_to(tmp_path: Path) -> None:
    stop = threading.Event()
    with pytest.raises(Stopped):
        analyze(INTERVIEW, AnalysisOptions(), tmp_path, stop=stop, progress=lambda _: stop.set())


def test_analysis_ends_at_the_longest_duration(tmp_path: Path) -> None:
    with pytest.raises(OverLimit, match="longer than 10 s"):
        analyze(INTERVIEW, AnalysisOptions(limits=Limits(max_duration_s=10)), tmp_path)


def test_a_channel_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadMedia, match="channel 2, but the recording has"):
        analyzed(INTERVIEW, tmp_path, channels="one", channel=2)
