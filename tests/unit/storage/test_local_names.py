"""Every key has file names of its own, and every one of them is a name and not a path."""

import os

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stenoflow.storage.local.names import MAX_NAME_BYTES, Role, component_of, file_names, key_of
from tests.support.keys import HOSTILE, NEWLINES, keys

ALL = HOSTILE + NEWLINES
roles = st.sampled_from(Role)
components = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="/"), max_size=400),
    keys(newlines=True).map(lambda key: key.split("/")[0]),
)
foreign = st.binary(min_size=1, max_size=MAX_NAME_BYTES).filter(lambda name: not {0, 47} & {*name})


def place_of(key: str) -> tuple[str, ...]:
    """The file names at which people find an object."""
    names = (name for part in key.split("/") for name in file_names(part, Role.PLAIN))
    return tuple(map(os.fsdecode, names))


@given(components, roles)
def test_a_name_leads_back_to_its_component(component: str, role: Role) -> None:
    names = file_names(component, role)
    found = component_of(names)
    assert found is not None
    assert found[0] == component
    assert file_names(*found) == names


@given(components, roles)
def test_every_name_is_one_that_a_file_can_have(component: str, role: Role) -> None:
    for name in file_names(component, role):
        assert 0 < len(name) <= MAX_NAME_BYTES
        assert name not in (b".", b"..")
        assert not {0, 47} & {*name}


@given(components, components, roles, roles)
def test_no_two_components_share_a_place(one: str, two: str, first: Role, second: Role) -> None:
    assume((one, first) != (two, second))
    same = file_names(one, first) == file_names(two, second)
    assert not same or one == two


@given(keys(newlines=True))
def test_what_people_see_leads_to_the_key(key: str) -> None:
    assert key_of(place_of(key)) == key


@pytest.mark.parametrize("key", ALL)
def test_hostile_keys_lead_back_too(key: str) -> None:
    assert key_of(place_of(key)) == key


@given(foreign)
def test_any_file_that_people_have_made_has_a_key(name: bytes) -> None:
    assume(name not in (b".", b".."))
    known = component_of((name,))
    if known is not None:
        assert file_names(*known) == (name,)


@pytest.mark.parametrize("key", ["a.mp3", "ünï code.wav", "100%.mp3", "a=b;c.ogg", ".hidden", "-x"])
def test_ordinary_names_stay_as_they_are(key: str) -> None:
    assert place_of(key) == (key,)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("..", ("%name=..",)),
        ("a//b", ("a", "%name=", "b")),
        ("%temp=1", ("%name=%25temp=1",)),
        (130 * "é", (f"%part={60 * 'é'}", f"%part={60 * 'é'}", f"%name={10 * 'é'}")),
    ],
)
def test_all_others_are_marked(key: str, place: tuple[str, ...]) -> None:
    assert place_of(key) == place


@pytest.mark.parametrize(
    "name", ["%temp=0123", "%name=a", "%name=%2E%2E", "%part=x", "%object=%ff"]
)
def test_what_only_looks_marked_is_no_object(name: str) -> None:
    assert component_of((name.encode(),)) is None
