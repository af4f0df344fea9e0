"""The sentence that is made of what pydantic finds wrong."""

from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError, field_validator

from stenoflow.options import Options, validation_message


class Inner(Options):
    size: int = Field(default=1, ge=0)


class Outer(Options):
    inner: Inner | None = None
    name: str = ""

    @field_validator("name")
    @classmethod
    def _checked(cls, value: str) -> str:
        if value == "bad":
            raise ValueError("bad is not a name")
        return value


def message(model: type[BaseModel], value: Any, **choices: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(value)
    return validation_message(caught.value, model, **choices)


def test_each_problem_has_its_place_and_not_the_value() -> None:
    told = message(Outer, {"inner": {"size": "s3cret"}, "name": "bad"})
    assert told.startswith("inner.size: Input should be a valid integer")
    assert told.endswith("; name: bad is not a name")
    assert "s3cret" not in told


def test_a_misspelt_field_is_named_with_the_nearest_at_its_own_depth() -> None:
    assert message(Outer, {"inner": {"siz": 1}}) == "inner.siz: no such field; did you mean size?"
    assert message(Outer, {"nme": ""}) == "nme: no such field; did you mean name?"
    assert message(Outer, {"zzz": ""}) == "zzz: no such field"


def test_what_is_not_an_object_at_all_has_no_place() -> None:
    assert message(Outer, 7).startswith("Input should be")


def test_many_problems_are_counted() -> None:
    wrong = {f"field{at}x": 1 for at in range(4)}
    assert message(Outer, wrong, most=1) == "field0x: no such field; and 3 more"
