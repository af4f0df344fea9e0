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
from stenoflow.audio.samples import read_samples
from stenoflow.errors import BadMedia, OverLimit, Stopped
from stenoflow.media.binaries import VARIABLE, chosen_decoder
from stenoflow.media.decoding import decode
from stenoflow.media.options import Limits, MediaOptions
from stenoflow.times import Span, to_seconds
from stenoflow.vad.detector import speech_scores
from stenoflow.vad.scores import WINDOW
from tests.support.corpus import ROOT, needs_corpus, recordings
from tests.support.media_files import make, write_wav

INTERVIEW = ROOT / "deployments" / "samples" / "interview.mp3"


def analyzed(path: Path, folder: Path, **choice: Any) -> AudioAnalysis:
    folder.mkdir(exist_ok=True)
    return analyze(path, AnalysisOptions(MediaOptions(**choice)), folder)


def pcm_of(channel: AnalyzedChannel) -> NDArray[np.float32]:
    return read_samples(channel.pcm, Span(0, channel.samples))


@pytest.fixture(scope="module")
def interview(tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.int16]:
    """Clean speech, 44 s (int16, mono, 16 kHz)."""
    analysis = analyzed(INTERVIEW, tmp_path_factory.mktemp("interview"))
    return pcm_of(analysis.channels[0]).round().astype(np.int16)


def test_what_is_stored_and_measured_is_what_the_decoder_gives(tmp_path: Path) -> None:
    progress: list[float] = []
    analysis = analyze(INTERVIEW, AnalysisOptions(), tmp_path, progress=progress.append)
    with decode(INTERVIEW) as decoding:
        samples = np.concatenate(list(decoding))[:, 0]
    [channel] = analysis.channels
    np.testing.assert_allclose(pcm_of(channel), samples, atol=0.5)
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


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("codec", ["pcm_s16le", "flac", "pcm_mulaw", "adpcm_ima_wav"])
def test_of_a_mono_recording_of_16_bits_the_same_samples_are_sent_as_ever(
    tmp_path: Path, interview: NDArray[np.int16], rate: int, codec: str
) -> None:
    """Those of FFmpeg's own conversion to 16 bits."""
    wav = write_wav(tmp_path / "speech.wav", interview[: 10 * 16_000])
    suffix = "flac" if codec == "flac" else "wav"
    path = make(
        tmp_path / f"recording.{suffix}", "-i", wav, "-ar", str(rate), "-sample_fmt", "s16",
        "-c:a", codec,
    )  # fmt: skip
    pcm = make(tmp_path / "ffmpeg.pcm", "-i", path, "-ar", "16000", "-f", "s16le")
    [channel] = analyzed(path, tmp_path / "found").channels
    assert channel.gain == 1
    assert np.array_equal(sent(channel, tmp_path), np.fromfile(pcm, "<i2"))
    assert np.array_equal(np.fromfile(channel.pcm, "<i2"), np.fromfile(pcm, "<i2"))


@pytest.mark.parametrize("codec", ["libmp3lame", "aac", "libopus", "libvorbis"])
def test_of_a_mono_lossy_recording_the_same_samples_are_sent_as_ever(
    tmp_path: Path, interview: NDArray[np.int16], codec: str
) -> None:
    """But for the rounding of the exponents."""
    wav = write_wav(tmp_path / "speech.wav", interview[: 10 * 16_000])
    path = make(tmp_path / "recording.mka", "-i", wav, "-ar", "48000", "-c:a", codec)
    pcm = make(tmp_path / "ffmpeg.pcm", "-i", path, "-ar", "16000", "-f", "s16le")
    [channel] = analyzed(path, tmp_path / "found").channels
    found, wanted = sent(channel, tmp_path).astype(int), np.fromfile(pcm, "<i2").astype(int)
    found = found[len(found) - len(wanted) :]
    assert np.abs(found - wanted).max() <= 1


def float_wav(path: Path, samples: NDArray[np.float32]) -> Path:
    """Write samples, on the scale of 16-bit integers, as floating-point PCM."""
    raw = path.with_suffix(".f32")
    (samples / 32768).astype("<f4").tofile(raw)
    return make(path, "-f", "f32le", "-ar", "16000", "-ac", "1", "-i", raw, "-c:a", "pcm_f32le")


@pytest.mark.parametrize("louder_db", [6.0, 24, 60, 90])
def test_a_floating_point_recording_beyond_full_scale_is_not_clipped(
    tmp_path: Path, interview: NDArray[np.int16], louder_db: float
) -> None:
    """The last is one whose numbers are those of 16 bits."""
    hot = (interview * 10 ** (louder_db / 20)).astype(np.float32)
    [channel] = analyzed(float_wav(tmp_path / "hot.wav", hot), tmp_path / "pcm").channels
    [plain] = analyzed(write_wav(tmp_path / "plain.wav", interview), tmp_path / "plain").channels
    assert channel.quality.clipping_ratio == 0
    assert channel.quality.warnings == plain.quality.warnings
    assert (channel.quality.snr_db or 0) >= (plain.quality.snr_db or 0)
    found = sent(channel, tmp_path).astype(float)
    expected = interview * (np.abs(found).max() / np.abs(interview.astype(float)).max())
    np.testing.assert_allclose(found, expected, atol=4)


def test_a_click_far_beyond_full_scale_does_not_make_speech_faint(
    tmp_path: Path, interview: NDArray[np.int16]
) -> None:
    hot = interview.astype(np.float32)
    hot[1000:1004] = 32768 * 1000
    [channel] = analyzed(float_wav(tmp_path / "click.wav", hot), tmp_path / "pcm").channels
    assert channel.quality.speech_dbfs is not None
    assert channel.quality.speech_dbfs + 20 * math.log10(channel.gain) >= -21


def test_clipping_before_conversion_to_floating_point_is_detected(
    tmp_path: Path, interview: NDArray[np.int16]
) -> None:
    clipped = (interview.astype(np.float32) * 16).clip(-32768, 32767)
    [channel] = analyzed(float_wav(tmp_path / "clipped.wav", clipped), tmp_path / "pcm").channels
    assert any("clipped" in warning for warning in channel.quality.warnings)


@pytest.mark.parametrize("quieter_db", [40, 50, 60])
def test_of_a_faint_recording_of_more_than_16_bits_nothing_is_lost(
    tmp_path: Path, interview: NDArray[np.int16], quieter_db: float
) -> None:
    faint = (interview * 10 ** (-quieter_db / 20)).astype(np.float32)
    float_path = float_wav(tmp_path / "faint.wav", faint)
    path = make(tmp_path / "faint.flac", "-i", float_path, "-c:a", "flac", "-sample_fmt", "s32")
    [plain] = analyzed(write_wav(tmp_path / "plain.wav", interview), tmp_path / "plain").channels
    said = plain.speech_scores[:] >= 0.4
    for each in (float_path, path):
        [channel] = analyzed(each, tmp_path / "pcm").channels
        found = channel.speech_scores[: len(said)] >= 0.4
        assert np.count_nonzero(found & said) >= 0.95 * np.count_nonzero(said)
        heard = sent(channel, tmp_path).astype(float)
        scale = heard @ interview / (interview.astype(float) @ interview)
        noise = heard - scale * interview

        assert 10 * math.log10((scale * interview) @ (scale * interview) / (noise @ noise)) > 35


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 3e38])
def test_what_is_not_a_number_is_silence(
    tmp_path: Path, interview: NDArray[np.int16], value: float
) -> None:
    broken = interview.astype(np.float32)
    broken[5000:5100] = value
    [channel] = analyzed(float_wav(tmp_path / "broken.wav", broken), tmp_path / "pcm").channels
    assert np.isfinite(pcm_of(channel)).all()
    assert channel.quality.speech_dbfs is not None
    assert np.count_nonzero(channel.speech_scores[:] >= 0.4) > 100


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
