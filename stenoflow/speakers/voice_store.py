"""The voices that a user keeps on a machine: files in the folder ``voices`` of the user's own folder.

A voiceprint is a person's biometric data. It is readable for its owner only, and is never written to a
destination. A voice has a folder, named by a digest of its name, with one file for each recording that it
was taken from.
"""

import json
import shutil
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from stenoflow.errors import ConfigurationError
from stenoflow.speakers.voiceprint import Voiceprint, joined
from stenoflow.storage.local.home import home_folder, write_private_file
from stenoflow.times import Seconds

LONGEST_NAME = 60


class StoredPrint(BaseModel):
    """A file of the store: the voiceprint of one recording."""

    model_config = ConfigDict(frozen=True)

    format: Literal["stenoflow-voiceprint-1"] = "stenoflow-voiceprint-1"
    name: str
    encoder: str
    recording: str
    """SHA-256 of the file that the voice was taken from."""
    speech_s: float
    wide: tuple[float, ...] | None
    narrow: tuple[float, ...]

    @property
    def voiceprint(self) -> Voiceprint:
        """Its vectors."""
        wide = None if self.wide is None else np.array(self.wide, np.float32)
        return Voiceprint(Seconds(self.speech_s), wide, np.array(self.narrow, np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class KnownVoice:
    """A person's voice, as one encoder has it."""

    name: str
    encoder: str
    recordings: int
    """Files that it was taken from."""
    voiceprint: Voiceprint


@dataclass(frozen=True, slots=True)
class VoiceStore:
    """The voices in a folder; None is ``STENOFLOW_HOME/voices``."""

    folder: Path | None = None

    def add(self, name: str, encoder: str, recording: str, voiceprint: Voiceprint) -> None:
        """Keep a voiceprint of a person; one of the same recording is replaced.

        ``recording`` is the SHA-256 of the file that it was taken from. Raises ConfigurationError if the
        name cannot be one, or the folder cannot be written.
        """
        name = valid_name(name)
        stored = StoredPrint(
            name=name,
            encoder=encoder,
            recording=recording,
            speech_s=voiceprint.speech_s,
            wide=None if voiceprint.wide is None else tuple(voiceprint.wide.tolist()),
            narrow=tuple(voiceprint.narrow.tolist()),
        )
        path = self._folder_of(name) / f"{_digest(f'{encoder} {recording}')}.json"
        try:
            write_private_file(path, stored.model_dump_json().encode())
            self.root.chmod(0o700)
        except OSError as error:
            raise ConfigurationError(
                f"The voice cannot be kept in {self.root} ({error.strerror}): "
                "set STENOFLOW_HOME to a folder of your own."
            ) from error

    def voices(self) -> tuple[KnownVoice, ...]:
        """Return all voices by name, one for each encoder. Raises ConfigurationError for a broken file."""
        found: dict[tuple[str, str], list[StoredPrint]] = {}
        for path in sorted(self.root.glob("*/*.json")):
            each = _read(path)
            found.setdefault((each.name, each.encoder), []).append(each)
        return tuple(_known(prints) for _, prints in sorted(found.items()))

    def remove(self, name: str) -> None:
        """Remove all that is kept of a person's voice. Raises ConfigurationError if nothing is."""
        folder = self._folder_of(_normal(name))
        if not folder.is_dir():
            raise ConfigurationError(
                f"No voice is kept for {name!r}: `stenoflow voices list` lists those that are."
            )
        shutil.rmtree(folder)

    @property
    def root(self) -> Path:
        """The folder with all voices; it need not exist."""
        return self.folder or home_folder() / "voices"

    def _folder_of(self, name: str) -> Path:
        return self.root / _digest(name.casefold())


def valid_name(name: str) -> str:
    """Return a person's name as it is kept. Raises ConfigurationError if it cannot be one."""
    name = _normal(name)
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ConfigurationError(
            f"{name[:LONGEST_NAME]!r} cannot be a person's name: use 1 to {LONGEST_NAME} printable "
            "characters."
        )
    return name


def _normal(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]


def _known(prints: Iterable[StoredPrint]) -> KnownVoice:
    prints = list(prints)
    voiceprint = joined([each.voiceprint for each in prints])
    return KnownVoice(prints[0].name, prints[0].encoder, len(prints), voiceprint)


def _read(path: Path) -> StoredPrint:
    try:
        return StoredPrint.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError) as error:
        raise ConfigurationError(
            f"{path} is not a voiceprint that can be read: remove it, and add the voice again."
        ) from error
