"""Options that a person can choose: the base of every section of a profile, and what it has in common."""

import hashlib
import json
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError


class Options(BaseModel):
    """Base of all sections: immutable, and closed, so that a misspelt field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def canonical_digest(value: Any) -> str:
    """Return the SHA-256, in hex, of a JSON value written with sorted keys and no spaces."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def validation_message(
    error: ValidationError, model: type[BaseModel] | None = None, *, most: int = 5
) -> str:
    """Return what pydantic found wrong, a clause for each of the first ``most`` problems.

    The values themselves are left out: they may be private. With ``model``, the one that was
    validated, a misspelt field is reported together with the nearest one.
    """
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    clauses = [_clause(each["loc"], each["type"], each["msg"], model) for each in problems[:most]]
    if more := len(problems) - len(clauses):
        clauses.append(f"and {more} more")
    return "; ".join(clauses)


def _clause(
    place: Sequence[str | int], kind: str, message: str, model: type[BaseModel] | None
) -> str:
    where = ".".join(map(str, place))
    if kind == "extra_forbidden" and model:
        near = get_close_matches(str(place[-1]), _fields(model, place[:-1]), n=1)
        return f"{where}: no such field{f'; did you mean {near[0]}?' if near else ''}"
    message = message.removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _fields(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """Return the names of the fields of the model at a place within another."""
    for name in place:
        field = model.model_fields.get(str(name))
        annotation: Any = field.annotation if field else None
        models = [
            each
            for each in (annotation, *get_args(annotation))
            if isinstance(each, type) and issubclass(each, BaseModel)
        ]
        if not models:
            return []
        model = models[0]
    return list(model.model_fields)
