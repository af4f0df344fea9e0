"""The engines that are installed, and a profile's engine, opened by its name."""

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from stenoflow.engines import registry
from stenoflow.engines.base import Library
from stenoflow.engines.credentials import Credential
from stenoflow.engines.openai.options import OpenAIOptions
from stenoflow.engines.registry import (
    engine_spec,
    engines,
    open_engine,
    open_engine_without_account,
    registered,
)
from stenoflow.engines.whisper.options import WhisperOptions
from stenoflow.errors import ConfigurationError, MissingDependency, StenoflowError
from stenoflow.profile.model import Profile

OWN = ["whisper", "deepgram", "openai"]


def test_stenoflows_own_engines_are_registered_and_whole() -> None:
    assert list(engines())[:3] == OWN
    assert not registered().broken
    for name, spec in engines().items():
        assert spec.name == name
        assert spec.options() == Profile().options_for(spec)
        assert (spec.limits is None) == (spec.credentials is None)


@pytest.mark.parametrize("name", OWN)
def test_the_engine_is_the_one_that_the_profile_names(name: str) -> None:
    engine = open_engine_without_account(Profile(engine=name))
    assert engine.name == name
    assert engine_spec(name).capabilities.accuracy == "standard"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("deepgramm", "did you mean deepgram?"),
        ("wisper", "did you mean whisper?"),
        ("zzz", "choose one of whisper, deepgram, openai"),
    ],
)
def test_an_unknown_engine_is_refused_with_the_nearest_name(name: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        engine_spec(name)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        (Profile(engine="deepgram"), "DEEPGRAM_API_KEY"),
        (Profile(whisper=WhisperOptions(model="no-such-model")), "no-such-model.*whisper.model"),
    ],
)
def test_what_an_engine_needs_is_asked_for(profile: Profile, told: str) -> None:
    with pytest.raises((ConfigurationError, MissingDependency), match=told):
        open_engine(profile)


def test_a_library_is_looked_for_without_importing_it() -> None:
    assert Library("json", "").installed
    assert not Library("no_such_module_anywhere", "").installed


def test_a_named_credential_for_another_host_is_refused_before_anything_is_sent() -> None:
    profile = Profile(engine="openai", openai=OpenAIOptions(base_url="http://mine.example/v1"))
    with pytest.raises(ConfigurationError, match=r"api\.openai\.com.*mine\.example"):
        open_engine(profile, credential=Credential("sk-given", "https://api.openai.com/v1"))


def test_no_engine_is_imported_before_it_is_opened() -> None:
    heavy = ("deepgram", "faster_whisper", "ctranslate2")
    code = (
        "import sys, stenoflow.engines.registry as registry; registry.engines(); "
        f"print(set({heavy}) & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


GOOD = EntryPoint("openai", "stenoflow.engines.openai.spec:SPEC", registry.GROUP)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (EntryPoint("gone", "no_such_module:SPEC", registry.GROUP), "No module named"),
        (EntryPoint("bare", "stenoflow.engines.openai.spec:OpenAIOptions", registry.GROUP), "not"),
        (EntryPoint("other", GOOD.value, registry.GROUP), "is named 'openai'"),
    ],
)
def test_a_broken_engine_is_reported_and_affects_no_other(
    monkeypatch: pytest.MonkeyPatch, broken: EntryPoint, told: str
) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda group: [broken, GOOD])
    registered.cache_clear()
    try:
        assert list(engines()) == ["openai"]
        assert told in registered().broken[broken.name]
        with pytest.raises(StenoflowError, match=f"{broken.name}.*cannot be"):
            engine_spec(broken.name)
    finally:
        registered.cache_clear()
