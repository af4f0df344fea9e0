"""Profiles in files: TOML, YAML or JSON."""

import tomllib
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from stenoflow.errors import ConfigurationError
from stenoflow.options import validation_message
from stenoflow.profile.model import Profile


def read_profile(path: Path | str) -> Profile:
    """Return the profile in a file: TOML by the suffix ``.toml``, else YAML, of which JSON is a part.

    Raises ConfigurationError where the file cannot be read, or is not a profile; a misspelt field is
    reported together with the nearest one.
    """
    path = Path(path)
    try:
        text = path.read_text()
        fields: Any = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
        return Profile.model_validate(fields or {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"The profile {path} cannot be read: {error}") from error
    except ValidationError as error:
        raise ConfigurationError(
            f"The profile {path} is not valid: {validation_message(error, Profile)}"
        ) from error
