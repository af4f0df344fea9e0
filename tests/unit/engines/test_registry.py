"""A profile's engine, opened by its name."""

import subprocess
import sys

import pytest

from stenoflow.engines.registry import open_engine
from stenoflow.errors import ConfigurationError
from stenoflow.profile.model import EngineName, Profile


@pytest.mark.parametrize("name", ["pocketsphinx", "deepgram", "openai"])
def test_the_engine_is_the_one_that_the_profile_names(name: EngineName) -> None:
    engine = open_engine(Profile(engine=name), api_key="a-key-long-enough")
    assert engine.name == name
    assert engine.accuracy == ("low" if name == "pocketsphinx" else "standard")


@pytest.mark.parametrize("name", ["deepgram", "faster-whisper"])
def test_what_an_engine_needs_is_asked_for(name: EngineName) -> None:
    if name == "faster-whisper":
        pytest.importorskip("faster_whisper", reason="faster-whisper is not here")
    with pytest.raises(ConfigurationError, match=r"DEEPGRAM_API_KEY|model_dir"):
        open_engine(Profile(engine=name))


def test_no_engine_is_imported_before_it_is_opened() -> None:
    heavy = ("deepgram", "pocketsphinx", "faster_whisper", "ctranslate2")
    code = f"import sys, stenoflow.engines.registry; print(set({heavy}) & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"
