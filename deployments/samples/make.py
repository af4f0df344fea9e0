"""Make the sample recordings again: `python -m stenoflow.deployments.samples.make` (needs flite and ffmpeg).

Nobody's voice and nobody's copyright: two of flite's voices talk about what Stenoflow does, with the
pauses that people make, and one of the samples is a video.
"""

import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent

Turn = tuple[str, str, float]
"""Voice, what it says, and the seconds of silence after it."""

INTERVIEW: tuple[Turn, ...] = (
    ("rms", "Good morning, and welcome to the show.", 1.5),
    ("slt", "Good morning. Thank you for the invitation.", 6.0),
    ("rms", "What happens to a recording when it arrives?", 0.9),
    ("slt", "First we listen for speech. Then we write down the words.", 7.5),
    ("rms", "And what about the long pauses between the words?", 1.2),
    ("slt", "We leave them out, but every word keeps its time.", 4.0),
    ("rms", "Thank you very much.", 2.0),
)

BRIEFING: tuple[Turn, ...] = (
    ("awb", "This is a message from the weather station.", 5.0),
    ("awb", "The morning will be cold, with a little snow in the mountains.", 8.0),
    ("awb", "The afternoon will be warm and dry.", 3.0),
)


def speak(turns: tuple[Turn, ...], wav: Path, folder: Path) -> None:
    """Say the turns one after the other into a 16 kHz WAV file."""
    inputs: list[str] = []
    filters: list[str] = []
    for number, (voice, text, pause_s) in enumerate(turns):
        part = folder / f"{wav.stem}-{number}.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(part)], check=True)
        inputs += ["-i", str(part)]
        filters.append(f"[{number}:a]aresample=16000,apad=pad_dur={pause_s}[p{number}]")
    joined = "".join(f"[p{number}]" for number in range(len(turns)))
    graph = ";".join([*filters, f"{joined}concat=n={len(turns)}:v=0:a=1[out]"])
    run_ffmpeg(*inputs, "-filter_complex", graph, "-map", "[out]", str(wav))


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
        speak(INTERVIEW, interview, folder)
        speak(BRIEFING, briefing, folder)
        run_ffmpeg("-i", str(interview), "-b:a", "32k", str(HERE / "interview.mp3"))
        picture = "smptebars=size=320x180:rate=5"
        run_ffmpeg(
            *("-f", "lavfi", "-i", picture, "-i", str(briefing), "-shortest"),
            *("-c:v", "libx264", "-preset", "veryslow", "-crf", "36", "-pix_fmt", "yuv420p"),
            *("-c:a", "aac", "-b:a", "64k", str(HERE / "briefing.mp4")),
        )
        room = "anoisesrc=color=brown:amplitude=0.004:sample_rate=16000:duration=12:seed=1"
        run_ffmpeg("-f", "lavfi", "-i", room, "-q:a", "0", str(HERE / "quiet-room.ogg"))


if __name__ == "__main__":
    main()
