"""The stand-in recognizes tones exactly, so that tests can compare times to the sample."""

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from bench.harness.tone_layouts import layouts
from stenoflow.audio.encoding import Encoding, encode
from stenoflow.testing.deepgram.recognition import Unreadable, recognize
from stenoflow.testing.tones import Tone, synthesize, write_wav
from stenoflow.times import Span


@pytest.mark.parametrize("encoding", ["flac", "wav"])
@settings(max_examples=40, deadline=None)
@given(tones=layouts())
def test_tones_are_recognized_at_their_sample(
    tmp_path_factory: pytest.TempPathFactory,
    encoding: Encoding,
    tones: list[Tone],
) -> None:
    folder = tmp_path_factory.mktemp("tones")
    samples = (tones[-1].end if tones else 0) + 1_000
    synthesize(tones, samples).astype("<i2").tofile(folder / "pcm")
    body = folder / f"body.{encoding}"
    whole = [Span(0, samples)]
    encode(folder / "pcm", whole, body, encoding=encoding, stop=threading.Event())
    found = recognize(body, multichannel=False)
    assert (found.rate, found.samples, found.sent_channels) == (16_000, samples, 1)
    assert [(sound.start, sound.end, f"tone{sound.pitch_hz}") for sound in found.channels[0]] == [
        (tone.start, tone.end, tone.word) for tone in tones
    ]


def test_channels_are_recognized_separately_or_mixed(tmp_path: Path) -> None:
    left, right = Tone(1_000, 4_000, 400), Tone(9_000, 12_000, 800)
    path = write_wav(
        tmp_path / "stereo.wav", synthesize([left], 16_000), synthesize([right], 16_000)
    )
    separate, mixed = recognize(path, multichannel=True), recognize(path, multichannel=False)
    assert [[sound.start for sound in each] for each in separate.channels] == [[1_000], [9_000]]
    assert [[sound.start for sound in each] for each in mixed.channels] == [[1_000, 9_000]]


def test_long_sound_is_several_words(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "long.wav", np.full(40_000, 5_000, np.int16))
    assert [sound.end for sound in recognize(path, multichannel=False).channels[0]] == [
        8_000,
        16_000,
        24_000,
        32_000,
        40_000,
    ]


def test_a_file_that_is_not_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "note.wav").write_text("no audio at all")
    with pytest.raises(Unreadable):
        recognize(tmp_path / "note.wav", multichannel=False)
