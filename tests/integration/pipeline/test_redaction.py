"""Where a profile asks for redaction, no artifact holds or links the recording."""

import shutil
from base64 import b64encode
from pathlib import Path

import pytest

import stenoflow
from stenoflow.deployments.samples import sample_recordings
from stenoflow.engines.credentials import Credential
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.rendering import renderers
from stenoflow.rendering.playback import PlaybackOptions
from stenoflow.testing.deepgram.server import StandIn

BRIEFING = next(path for path in sample_recordings() if path.name == "briefing.mp4")
PLAYS = "https://play.example/"


@pytest.mark.parametrize(
    ("options", "held"),
    [
        (DeepgramOptions(), True),
        (DeepgramOptions(redact=("pci", "numbers")), False),
    ],
)
def test_a_redacted_transcript_comes_without_the_recording(
    tmp_path: Path, options: DeepgramOptions, held: bool
) -> None:
    shutil.copy(BRIEFING, tmp_path)
    profile = stenoflow.Profile(
        engine="deepgram",
        deepgram=options,
        artifacts=tuple(renderers()),
        playback=PlaybackOptions(link="base_url", base_url=PLAYS, embed_max_bytes=10**9),
    )
    with StandIn() as standin:
        stenoflow.transcribe(
            tmp_path / BRIEFING.name,
            profile=profile,
            destination=tmp_path / "out",
            credential=Credential(standin.key, standin.url),
        )
    files = [path for path in (tmp_path / "out" / BRIEFING.name).iterdir() if path.is_file()]
    assert len(files) >= len(renderers())
    sound = b64encode(BRIEFING.read_bytes())
    holding = {path.name for path in files if sound in path.read_bytes()}
    linking = {path.name for path in files if PLAYS.encode() in path.read_bytes()}
    assert holding == ({"page.html"} if held else set())
    assert bool(linking) is held
