"""What an engine lacks is refused before it runs, with the names of the engines that have it."""

import json
from pathlib import Path
from typing import Any

import pytest

from stenoflow.engines import registry
from stenoflow.engines.base import EngineSpec
from stenoflow.engines.capabilities import Asked, Capabilities, refusal
from stenoflow.engines.overview import overview
from stenoflow.engines.prices import list_prices
from stenoflow.engines.registry import engine_spec, open_engine_without_account
from stenoflow.engines.whisper.weights import MULTILINGUAL_TOKENS, SPECIFICATION
from stenoflow.errors import ConfigurationError
from stenoflow.options import Options
from stenoflow.profile.model import Profile

BARE = Capabilities(languages=frozenset({"en", "zh-Hant"}), words=False)
ALL = Capabilities("any", speakers=True, channels=True, translation=True, vocabulary=True)


@pytest.fixture
def english(tmp_path: Path) -> str:
    """Return a folder that looks like a Whisper model that knows English only."""
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "vocabulary.json").write_text(json.dumps(["a"] * (MULTILINGUAL_TOKENS - 1)))
    (tmp_path / "model.bin").write_bytes(b"\x06\0\0\0\x0c\0" + SPECIFICATION)
    return str(tmp_path)


def refused(**fields: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        open_engine_without_account(Profile.model_validate(fields))
    return str(caught.value)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked("language", "x.language = nl", "nl"), "knows no language 'nl'"),
        (Asked("speakers", "x.diarize"), "does not distinguish speakers"),
        (Asked("channels", "x.channels"), "does not transcribe the channels"),
        (Asked("translation", "x.task"), "does not translate"),
        (Asked("vocabulary", "vocabulary.terms"), "takes no vocabulary"),
    ],
)
def test_each_missing_capability_is_named_with_the_engines_that_have_it(
    asked: Asked, told: str
) -> None:
    others = [("x", ALL), ("y", BARE), ("z", ALL)]
    found = refusal("x", BARE, [asked], others) or ""
    assert found.startswith(f"The engine x {told}")
    assert f"the profile asks for {asked.option}" in found
    assert found.endswith("Other installed engines that have it: z.")
    assert refusal("x", ALL, [asked], others) is None


def test_who_is_named_has_all_that_is_lacking() -> None:
    asked = [Asked("translation", "x.task"), Asked("speakers", "x.diarize")]
    others = [("y", Capabilities("any", translation=True)), ("z", ALL)]
    assert (refusal("x", BARE, asked, others) or "").endswith("have all of it: z.")
    assert (refusal("x", BARE, asked, others[:1]) or "").endswith(
        "No other installed engine has all of it."
    )


@pytest.mark.parametrize(
    ("tag", "known"), [("en", True), ("en-GB", True), ("EN_us", True), ("zh", True), ("nl", False)]
)
def test_a_language_is_known_whatever_its_region(tag: str, known: bool) -> None:
    assert BARE.has(Asked("language", "", tag)) is known


def test_english_weights_name_the_engines_that_know_another_language(english: str) -> None:
    told = refused(whisper={"model": english, "language": "nl"})
    assert "English only, and the profile asks for whisper.language = nl" in told
    assert "set whisper.model to a multilingual model" in told
    assert told.endswith("Other installed engines that have it: deepgram, openai.")


def test_a_model_of_deepgram_that_does_not_know_a_language_is_refused() -> None:
    told = refused(engine="deepgram", deepgram={"language": "haw"})
    assert "nova-3 had no such language on 2026-" in told
    assert "engines that have it: whisper, openai" in told
    for model in ("nova-3-general", "nova-3-medical"):
        fields = {"engine": "deepgram", "deepgram": {"model": model, "language": "haw"}}
        open_engine_without_account(Profile.model_validate(fields))
    for language in ("multi", "nl-BE", "zh-Hant"):
        fields = {"engine": "deepgram", "deepgram": {"language": language}}
        open_engine_without_account(Profile.model_validate(fields))


def test_a_vocabulary_for_a_model_without_one_is_refused() -> None:
    told = refused(
        engine="deepgram",
        deepgram={"model": "whisper-large", "diarize_model": None},
        vocabulary={"terms": ["Ærø"]},
    )
    assert "Deepgram's whisper-large takes no vocabulary" in told
    assert "engines that have it: whisper, openai" in told


def test_an_engine_whose_declaration_contradicts_itself_is_left_out() -> None:
    spec: EngineSpec[Any] = EngineSpec(
        name="x",
        title="X",
        options=Options,
        open=lambda options, setup: pytest.fail("opened"),
        capabilities=Capabilities("any", vocabulary=True),
    )

    class Entry:
        name = "x"

        def load(self) -> object:
            return spec

    with pytest.raises(ConfigurationError, match="with_vocabulary do not agree"):
        registry._load(Entry())  # type: ignore[arg-type]


def test_the_overview_has_every_engine_with_what_the_options_leave(english: str) -> None:
    profile = Profile.model_validate({"whisper": {"model": english}})
    whisper, deepgram, openai = list(overview(profile, list_prices()))[:3]
    assert whisper.capabilities.languages == {"en"}
    assert not whisper.capabilities.translation
    assert whisper.usd_per_hour == 0
    assert engine_spec("whisper").capabilities.translation
    assert (deepgram.model, deepgram.key) == ("nova-3", "DEEPGRAM_API_KEY")
    assert float(deepgram.usd_per_hour or 0) == pytest.approx(60 * (0.0077 + 0.0020))
    assert deepgram.max_request_bytes == 2_000_000_000
    assert openai.usd_per_hour is None, "the default model is a server's own"
    assert not any(each.problem for each in (whisper, deepgram, openai))


def test_an_engine_that_cannot_be_opened_is_shown_with_the_reason() -> None:
    profile = Profile.model_validate({"whisper": {"model": "no-such-package"}})
    whisper = next(overview(profile, list_prices()))
    assert "'no-such-package' is not on this machine" in whisper.problem
    assert whisper.capabilities == engine_spec("whisper").capabilities
