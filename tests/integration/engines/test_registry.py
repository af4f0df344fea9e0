"""An engine opened by its name sends the key that it was opened with."""

import threading
from pathlib import Path

import pytest

from stenoflow.engines.openai.options import OpenAIOptions
from stenoflow.engines.registry import open_engine
from stenoflow.profile.model import Profile
from stenoflow.testing.tones import request_audio, synthesize, write_wav
from tests.support.openai_standin import KEY, OpenAIStandIn


@pytest.mark.parametrize("given", [None, "sk-given"])
def test_the_key_for_openai_is_the_one_given_else_the_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | None
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    body = request_audio(write_wav(tmp_path / "a.wav", synthesize([], 1600)), samples=1600)
    with OpenAIStandIn() as standin:
        profile = Profile(engine="openai", openai=OpenAIOptions(base_url=standin.url))
        open_engine(profile, api_key=given).transcribe(body, stop=threading.Event())
    assert standin.requests[0].headers["authorization"] == f"Bearer {given or KEY}"
