"""A key is sent to the host that it belongs to, and to no other."""

import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from stenoflow.engines.credentials import Credential
from stenoflow.engines.openai.options import OpenAIOptions
from stenoflow.engines.registry import open_engine
from stenoflow.profile.model import Profile
from stenoflow.testing.tones import request_audio, synthesize, write_wav
from tests.support.openai_standin import KEY, OpenAIStandIn


def authorization_sent(folder: Path, standin: OpenAIStandIn, key: str | None = None) -> str | None:
    """The header that comes from the engine of a profile that names the stand-in."""
    body = request_audio(write_wav(folder / "a.wav", synthesize([], 1600)), samples=1600)
    profile = Profile(engine="openai", openai=OpenAIOptions(base_url=standin.url))
    credential = Credential(key, standin.url) if key else None
    open_engine(profile, credential=credential).transcribe(body, stop=threading.Event())
    return standin.requests[-1].headers.get("authorization")


@pytest.fixture(autouse=True)
def standin(monkeypatch: pytest.MonkeyPatch) -> Generator[OpenAIStandIn]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with OpenAIStandIn() as standin:
        yield standin


def test_the_environments_key_goes_to_openai_and_nowhere_else(
    tmp_path: Path, standin: OpenAIStandIn
) -> None:
    assert authorization_sent(tmp_path, standin) is None


def test_it_goes_to_the_host_that_openai_base_url_names(
    tmp_path: Path, standin: OpenAIStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", standin.url)
    assert authorization_sent(tmp_path, standin) == f"Bearer {KEY}"


def test_a_named_credential_goes_before_the_environments(
    tmp_path: Path, standin: OpenAIStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", standin.url)
    assert authorization_sent(tmp_path, standin, "sk-given") == "Bearer sk-given"
