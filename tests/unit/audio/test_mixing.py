"""Mixing: whatever is said on any channel can be understood in what is sent."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stenoflow.audio.analysis import AudioAnalysis, analyze
from stenoflow.audio.options import AnalysisOptions
from stenoflow.audio.samples import read_samples
from stenoflow.media.decoding import BLOCK_SAMPLES
from stenoflow.profile.model import Profile
from stenoflow.segmentation.planner import plan_channels
from stenoflow.times import SAMPLE_RATE, Span
from tests.support.corpus import ROOT, case
from tests.support.media_files import make, write_wav

INTERVIEW = ROOT / "deployments" / "samples" / "interview.mp3"

Pcm = NDArray[np.int16]


def mixed(path: Path, folder: Path) -> AudioAnalysis:
    folder.mkdir(exist_ok=True)
    return analyze(path, AnalysisOptions(), folder)


def samples_of(analysis: AudioAnalysis) -> NDArray[np.float32]:
    [channel] = analysis.channels
    return read_samples(channel.pcm, Span(0, channel.samples))


def speech_of(analysis: AudioAnalysis) -> tuple[Span, ...]:
    """Return the speech of the only channel."""
    profile = Profile()
    [plan] = plan_channels(analysis.channels, profile.vad, profile.cutting, max_request_bytes=None)
    return plan.speech


def spoken(speech: tuple[Span, ...], span: Span) -> int:
    """Return how much of a span is speech, in samples."""
    return sum(max(min(each.end, span.end) - max(each.start, span.start), 0) for each in speech)


def at_dbfs(samples: Pcm, change_db: float) -> Pcm:
    return (samples * 10 ** (change_db / 20)).round().astype(np.int16)


def hiss(length: int, dbfs: float, seed: int = 0) -> Pcm:
    return np.random.default_rng(seed).normal(0, 32768 * 10 ** (dbfs / 20), length).astype(np.int16)


def level_dbfs(samples: NDArray[np.float32]) -> float:
    return 10 * float(np.log10(np.mean(samples.astype(float) ** 2) / 32768**2))


@pytest.fixture(scope="module")
def interview(tmp_path_factory: pytest.TempPathFactory) -> Pcm:
    """Clean speech, 44 s."""
    folder = tmp_path_factory.mktemp("interview")
    return samples_of(mixed(INTERVIEW, folder)).round().clip(-32768, 32767).astype(np.int16)


@pytest.fixture(scope="module")
def sides(interview: Pcm) -> tuple[Pcm, Pcm, Span, Span]:
    """Two sides of a call: one speaks in the first half, the other in the second."""
    half = len(interview) // 2
    first, second = interview.copy(), interview.copy()
    first[half:] = 0
    second[:half] = 0
    return first, second, Span(0, half), Span(half, len(interview))


class TestTheSameSound:
    """Channels that are the same are one."""

    @pytest.mark.parametrize("channels", [2, 5])
    def test_copies_of_a_channel_give_that_channel_exactly(
        self, tmp_path: Path, interview: Pcm, channels: int
    ) -> None:
        path = write_wav(tmp_path / "same.wav", np.stack([interview] * channels, axis=1))
        mono = mixed(write_wav(tmp_path / "mono.wav", interview), tmp_path / "mono")
        found = mixed(path, tmp_path / "pcm")
        assert np.array_equal(samples_of(found), interview)
        assert found.channels[0].quality == mono.channels[0].quality
        assert speech_of(found) == speech_of(mono)
        assert found.warnings == ()

    @pytest.mark.parametrize("silent", [(0,), (1,), (0, 1, 2, 4, 5)])
    def test_silent_channels_do_not_weaken_the_others(
        self, tmp_path: Path, interview: Pcm, silent: tuple[int, ...]
    ) -> None:
        channels = [0 * interview if at in silent else interview for at in range(max(*silent, 2))]
        path = write_wav(tmp_path / "some.wav", np.stack(channels, axis=1))
        assert np.array_equal(samples_of(mixed(path, tmp_path / "pcm")), interview)

    def test_a_recording_of_silence_is_silence(self, tmp_path: Path) -> None:
        path = write_wav(tmp_path / "silent.wav", np.zeros((50_001, 2), np.int16))
        [channel] = mixed(path, tmp_path / "pcm").channels
        assert channel.samples == 50_001
        assert len(channel.speech_scores) == -(-50_001 // 512)
        assert channel.quality.peak_dbfs is None

    @pytest.mark.parametrize("balance", [1.0, 0.5])
    def test_a_channel_of_opposite_sign_is_turned(
        self, tmp_path: Path, interview: Pcm, balance: float
    ) -> None:
        other = (-balance * interview.astype(float)).round().clip(-32768, 32767).astype(np.int16)
        path = write_wav(tmp_path / "antiphase.wav", np.stack([interview, other], axis=1))
        wanted = interview * (1 + balance) / 2
        np.testing.assert_allclose(samples_of(mixed(path, tmp_path / "pcm")), wanted, atol=1)

    @pytest.mark.parametrize("suffix", ["mp3", "m4a", "opus", "ogg"])
    def test_a_lossy_copy_of_opposite_signs_is_turned(
        self, tmp_path: Path, interview: Pcm, suffix: str
    ) -> None:
        wav = write_wav(tmp_path / "mono.wav", interview)
        path = make(tmp_path / f"x.{suffix}", "-i", wav, "-af", "pan=stereo|c0=c0|c1=-1*c0")
        found = mixed(path, tmp_path / "pcm")
        assert level_dbfs(samples_of(found)) == pytest.approx(level_dbfs(interview), abs=1)

    def test_channels_that_differ_late_are_separated_from_there_on(
        self, tmp_path: Path, sides: tuple[Pcm, Pcm, Span, Span]
    ) -> None:
        first, second, _, later = sides
        path = write_wav(tmp_path / "late.wav", np.stack([first, first + second], axis=1))
        assert later.start > BLOCK_SAMPLES
        found = mixed(path, tmp_path / "pcm")
        alone = mixed(write_wav(tmp_path / "one.wav", first + second), tmp_path / "one")
        assert spoken(speech_of(found), later) == pytest.approx(
            spoken(speech_of(alone), later), rel=0.02
        )
        block = later.start // BLOCK_SAMPLES * BLOCK_SAMPLES
        np.testing.assert_allclose(samples_of(found)[:block], first[:block], atol=0.5)

    @pytest.mark.parametrize("offset", [0, 333])
    def test_a_channel_that_begins_late_is_where_it_was(
        self, tmp_path: Path, interview: Pcm, offset: int
    ) -> None:
        """Most of a session's tracks are silent at first."""
        late = np.zeros_like(interview)
        begin = 2 * BLOCK_SAMPLES + offset
        late[begin:] = interview[: len(late) - begin]
        path = write_wav(tmp_path / "late.wav", np.stack([0 * late, late], axis=1))
        found = mixed(path, tmp_path / "pcm")
        assert np.array_equal(samples_of(found), late)
        [channel] = found.channels
        assert len(channel.speech_scores) == -(-len(late) // 512)


class TestLevels:
    """Channels of different loudness."""

    def test_two_channels_of_similar_loudness_are_the_plain_mean(
        self, tmp_path: Path, interview: Pcm
    ) -> None:
        both = np.stack([interview, at_dbfs(np.roll(interview, 99), -6)], axis=1)
        found = mixed(write_wav(tmp_path / "stereo.wav", both), tmp_path / "pcm")
        np.testing.assert_allclose(samples_of(found), both.mean(axis=1), atol=0.5)
        assert found.warnings == ()

    @pytest.mark.parametrize("quieter_db", [20, 38, 50])
    def test_a_side_that_is_far_quieter_is_raised(
        self, tmp_path: Path, sides: tuple[Pcm, Pcm, Span, Span], quieter_db: float
    ) -> None:
        first, second, early, late = sides
        call = np.stack([first, at_dbfs(second, -quieter_db)], axis=1)
        found = mixed(write_wav(tmp_path / "call.wav", call), tmp_path / "pcm")
        alone = mixed(write_wav(tmp_path / "alone.wav", first + second), tmp_path / "alone")
        for span in (early, late):
            assert spoken(speech_of(found), span) == pytest.approx(
                spoken(speech_of(alone), span), rel=0.03
            )
        levels = [level_dbfs(samples_of(found)[each.start : each.end]) for each in (early, late)]
        assert levels[0] == pytest.approx(levels[1], abs=4)
        [warning] = found.warnings
        assert warning.startswith("Channel 1, counted from 0, is")
        assert "dB quieter than channel 0: it was raised by" in warning

    def test_a_quiet_side_in_noise_that_cannot_be_raised_causes_a_warning(
        self, tmp_path: Path, sides: tuple[Pcm, Pcm, Span, Span]
    ) -> None:
        first, second, *_ = sides
        noisy = at_dbfs(second, -30) + hiss(len(second), -54)
        path = write_wav(tmp_path / "call.wav", np.stack([first, noisy], axis=1))
        [warning] = mixed(path, tmp_path / "pcm").warnings
        assert "dB quieter than channel 0" in warning

    def test_crosstalk_is_not_raised(self, tmp_path: Path, interview: Pcm) -> None:
        """A recorder of two inputs with one microphone."""
        crosstalk = at_dbfs(interview, -40) + hiss(len(interview), -75)
        both = np.stack([interview, crosstalk], axis=1)
        found = mixed(write_wav(tmp_path / "stereo.wav", both), tmp_path / "pcm")
        assert level_dbfs(samples_of(found)) <= level_dbfs(interview)
        assert found.warnings == ()

    def test_a_loud_channel_without_speech_is_left_out(
        self, tmp_path: Path, interview: Pcm
    ) -> None:
        both = np.stack([hiss(len(interview), -15), at_dbfs(interview, -15)], axis=1)
        found = mixed(write_wav(tmp_path / "stereo.wav", both), tmp_path / "pcm")
        assert np.array_equal(samples_of(found), both[:, 1])
        assert found.warnings == (
            "Nobody speaks on channel 0, counted from 0, but it is loud: it was left out.",
        )

    def test_a_microphone_on_each_speaker_of_many(self, tmp_path: Path, interview: Pcm) -> None:
        """Tracks of a field recorder without a channel mask: one is no subwoofer."""
        tracks = np.stack([hiss(len(interview), -70, at) for at in range(6)], axis=1)
        edges = np.linspace(0, len(interview), 7).astype(int)
        for at, (start, end) in enumerate(pairwise(edges)):
            tracks[start:end, at] += at_dbfs(interview[start:end], -6 * at)
        found = mixed(write_wav(tmp_path / "six.wav", tracks), tmp_path / "pcm")
        alone = mixed(write_wav(tmp_path / "alone.wav", interview), tmp_path / "alone")
        for start, end in pairwise(edges.tolist()):
            wanted = spoken(speech_of(alone), Span(start, end))
            # A word's end in the hiss is shorter.
            assert spoken(speech_of(found), Span(start, end)) >= 0.95 * wanted - 0.2 * SAMPLE_RATE

    @pytest.mark.parametrize("count", [2, 9, 32])
    def test_channels_without_speech_become_their_plain_mean(
        self, tmp_path: Path, count: int
    ) -> None:
        channels = np.stack([hiss(20_000, -20, at) for at in range(count)], axis=1)
        found = mixed(write_wav(tmp_path / "noise.wav", channels), tmp_path / "pcm")
        np.testing.assert_allclose(samples_of(found), channels.mean(axis=1), atol=0.5)


def test_only_the_mix_is_left_on_disk(tmp_path: Path, sides: tuple[Pcm, Pcm, Span, Span]) -> None:
    path = write_wav(tmp_path / "call.wav", np.stack(sides[:2], axis=1))
    mixed(path, tmp_path / "pcm")
    assert [each.name for each in (tmp_path / "pcm").glob("*.pcm")] == ["mix.pcm"]


class TestCases:
    """Files on which 0.1.0 failed."""

    @pytest.mark.parametrize(
        ("name", "first_s", "last_s", "speech_s"),
        [
            ("antiphase-stereo.mp3", 0.35, 10.6, 7.5),
            ("sixtrack-speech-on-4.wav", 0.1, 2.0, 1.8),
            ("call-second-side-38dB-quieter.flac", 0.35, 12.5, 7.0),
            ("hum50-speech.flac", 0.35, 6.0, 3.4),
            ("quiet-24bit-minus45.flac", 0.35, 6.0, 3.3),
            ("float32-plus24.wav", 0.35, 6.0, 3.3),
        ],
    )
    def test_speech_of_both_channels_is_found(
        self, tmp_path: Path, name: str, first_s: float, last_s: float, speech_s: float
    ) -> None:
        speech = speech_of(mixed(case(name), tmp_path))
        assert speech[0].start_s == pytest.approx(first_s, abs=0.15)
        assert speech[-1].end / SAMPLE_RATE == pytest.approx(last_s, abs=0.15)
        assert sum(span.samples for span in speech) / SAMPLE_RATE >= speech_s
