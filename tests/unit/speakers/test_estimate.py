"""Speaker turns of a channel, by an encoder that tells tones apart."""

import itertools
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stenoflow.errors import Stopped
from stenoflow.speakers.band import BandMeter
from stenoflow.speakers.clustering import Calibration, Calibrations
from stenoflow.speakers.estimate import SpeakerTurn, estimate_speakers
from stenoflow.times import SAMPLE_RATE, Span

ANY = Calibration(0.3, None, 1, 0.9)
PITCHES = (300, 900, 2100)


class PitchEncoder:
    """Each octave is a voice."""

    name = "pitch"
    window = SAMPLE_RATE
    calibrations = Calibrations(wide=ANY, narrow=ANY)

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        spectra = np.abs(np.fft.rfft(windows, axis=1))
        edges = (0, 600, 1500, 8000)
        power = np.stack(
            [spectra[:, low:high].sum(axis=1) for low, high in itertools.pairwise(edges)],
            axis=1,
        )
        return (power / np.linalg.norm(power, axis=1, keepdims=True)).astype(np.float32)


def write(path: Path, pitches: list[int], length: int) -> list[Span]:
    """Write tones of ``length`` samples with silence between them; return where they are."""
    speech: list[Span] = []
    pieces: list[NDArray[np.float64]] = []
    at = 0
    for pitch in pitches:
        tone = 8000 * np.sin(2 * np.pi * pitch * np.arange(length) / SAMPLE_RATE)
        pieces += [np.zeros(4000), tone]
        speech.append(Span(at + 4000, at + 4000 + length))
        at += 4000 + length
    np.concatenate(pieces).astype("<i2").tofile(path)
    return speech


def test_each_segment_has_the_speaker_that_it_sounds_like(tmp_path: Path) -> None:
    pcm = tmp_path / "a.pcm"
    speech = write(pcm, [PITCHES[at] for at in (1, 0, 1, 2)], 2 * SAMPLE_RATE)
    turns = estimate_speakers(pcm, speech, PitchEncoder(), (1, 20))
    assert [(turn.span, turn.speaker) for turn in turns] == [
        (speech[0], 0),
        (speech[1], 1),
        (speech[2], 0),
        (speech[3], 2),
    ]
    assert all(turn.margin is not None and turn.margin > 0.5 for turn in turns)


def test_segments_shorter_than_a_window_are_turns_too(tmp_path: Path) -> None:
    pcm = tmp_path / "a.pcm"
    speech = write(pcm, [PITCHES[0], PITCHES[2]], SAMPLE_RATE // 5)
    turns = estimate_speakers(pcm, speech, PitchEncoder(), (1, 20))
    assert [turn.speaker for turn in turns] == [0, 1]


def test_a_turn_ends_where_the_voice_changes_within_a_segment(tmp_path: Path) -> None:
    pcm = tmp_path / "a.pcm"
    first, second = write(pcm, [PITCHES[0], PITCHES[2]], 4 * SAMPLE_RATE)
    whole = Span(first.start, second.end)
    one, other = estimate_speakers(pcm, [whole], PitchEncoder(), (1, 20))
    assert (one.span.start, other.span.end) == (whole.start, whole.end)
    assert one.span.end == other.span.start
    assert abs(one.span.end - first.end) < SAMPLE_RATE // 2


def test_without_speech_there_are_no_turns(tmp_path: Path) -> None:
    assert estimate_speakers(tmp_path / "none.pcm", [], PitchEncoder(), (1, 20)) == ()


def test_a_stop_is_noticed(tmp_path: Path) -> None:
    pcm = tmp_path / "a.pcm"
    speech = write(pcm, [PITCHES[0]], SAMPLE_RATE)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        estimate_speakers(pcm, speech, PitchEncoder(), (1, 20), stop=stop)


@given(
    pitches=st.lists(st.sampled_from(PITCHES), min_size=1, max_size=5),
    length=st.integers(1000, 3 * SAMPLE_RATE),
)
@settings(max_examples=20)
def test_turns_cover_the_speech_in_order_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, pitches: list[int], length: int
) -> None:
    pcm = tmp_path_factory.mktemp("turns") / "a.pcm"
    speech = write(pcm, pitches, length)
    turns = estimate_speakers(pcm, speech, PitchEncoder(), (1, 20))
    assert _joined(turns) == [(span.start, span.end) for span in speech]


def _joined(turns: tuple[SpeakerTurn, ...]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for turn in turns:
        if found and found[-1][1] == turn.span.start:
            found[-1] = (found[-1][0], turn.span.end)
        else:
            found.append((turn.span.start, turn.span.end))
    return found


@pytest.mark.parametrize(("highest", "narrow"), [(7500, False), (3900, True)])
def test_speech_without_high_sounds_is_narrowband(highest: int, narrow: bool) -> None:
    spectrum = np.zeros(12_801, np.complex128)
    phases = np.random.default_rng(7).uniform(0, 2 * np.pi, 12_801)
    top = highest * 12_800 // 8000
    spectrum[300:top] = np.exp(1j * phases[300:top])
    meter = BandMeter()
    meter.feed(np.fft.irfft(spectrum)[np.newaxis].astype(np.float32))
    assert meter.narrow is narrow
