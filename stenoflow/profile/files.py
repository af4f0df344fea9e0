"""Profiles in files: TOML, YAML or JSON."""

import tomllib
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from stenoflow.errors import ConfigurationError
from stenoflow.options import validation_message
from stenoflow.profile.model import Profile
from stenoflow.profile.vocabulary_file import read_vocabulary


def read_profile(path: Path | str) -> Profile:
    """Return the profile in a file: TOML by the suffix ``.toml``, else YAML, of which JSON is a part.

    The terms of a vocabulary's file are read, too; a relative path is one beside the profile. Raises
    ConfigurationError where a file cannot be read, or is not a profile; a misspelt field is reported
    together with the nearest one. StoreUnavailable.
    """
    path = Path(path)
    try:
        text = path.read_text()
        fields: Any = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
        profile = Profile.model_validate(fields or {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"The profile {path} cannot be read: {error}") from error
    except ValidationError as error:
        raise ConfigurationError(
            f"The profile {path} is not valid: {validation_message(error, Profile)}"
        ) from error
    return read_vocabulary(_beside(path, profile))


def _beside(path: Path, profile: Profile) -> Profile:
    """Return the profile with its vocabulary's file, where that is a relative path, beside its own."""
    file = profile.vocabulary.file
    if file is None or "://" in file or file.startswith(("/", "~", "file:")):
        return profile
    vocabulary = profile.vocabulary.model_copy(update={"file": str(path.absolute().parent / file)})
    return profile.model_copy(update={"vocabulary": vocabulary})
