r"""Keys as file names: ordinary names stay as they are, all others are marked and escaped.

``interviews/a.mp3`` is the file ``a.mp3`` in the folder ``interviews``, and any folder that people
have filled reads as the keys they expect. A key's component (what stands between its slashes)
that is no usable file name gets a mark in front, and ``%`` and NUL behind the mark are escaped::

    ..               %name=..              also ".", the empty component, and what looks marked
    100%\0            %name=100%25%00       (``100%`` alone is ordinary)
    a name of 400    %part=AAA/%part=BBB/%name=CCC
    characters
    x beside x/y     %object=x             the object, where a folder x was there first
                     %folder=x             the folder, where an object x was there first
    %bytes=K%E4se     K\xe4se               a file that people named in Latin-1, say

A name that looks marked and that no key leads to is no object: that is where ``%temp=`` files live.
"""

import os
import re
from collections.abc import Sequence
from enum import StrEnum
from urllib.parse import quote_from_bytes, unquote_to_bytes

LONGEST_NAME = 255
"""Bytes of one file name on all common file systems."""
PART = 60
"""Characters of a part of a long name: 60 characters of 4 bytes and a mark are a file name."""
TEMPORARY = b"%temp="

_MARKED = re.compile(rb"%(name|part|object|folder|bytes|temp)=(.*)", re.DOTALL)
_PRINTABLE = bytes(range(0x20, 0x7F)).replace(b"%", b"").decode()


class Role(StrEnum):
    """For what a component stands, and how it is marked where it must be."""

    PLAIN = "name"
    OBJECT = "object"
    """An object beside a folder of its own name."""
    FOLDER = "folder"
    """A folder beside an object of its own name."""


def file_names(component: str, role: Role) -> tuple[bytes, ...]:
    """The file names, each in the folder of the one before, at which a key's component lies."""
    if role is Role.PLAIN:
        name = component.encode()
        if _ordinary(name):
            return (name,)
        if foreign := _not_utf8(component):
            return (foreign,)
    last = _marked(role, component)
    if len(last) <= LONGEST_NAME:
        return (last,)
    *parts, rest = (component[start : start + PART] for start in range(0, len(component), PART))
    return (*(_marked("part", part) for part in parts), _marked(role, rest))


def component_of(names: tuple[bytes, ...]) -> tuple[str, Role] | None:
    """The component that lies at these file names, and its role; None where none does."""
    match = _MARKED.fullmatch(names[-1])
    if match is None:
        component, role = _as_text(names[-1]), Role.PLAIN
    else:
        try:
            role = Role(match[1].decode())
            escaped = b"".join(name.partition(b"=")[2] for name in names)
            component = unquote_to_bytes(escaped).decode()
        except ValueError:
            return None
    return (component, role) if file_names(component, role) == names else None


def key_of(names: Sequence[str]) -> str:
    """The key of the file that people see under these names, each in the folder before it."""
    components: list[str] = []
    parts: tuple[bytes, ...] = ()
    for name in map(os.fsencode, names):
        parts = (*parts, name)
        if not is_part(name):
            known = component_of(parts)
            components.append(known[0] if known else _as_text(name))
            parts = ()
    return "/".join(components + [_as_text(part) for part in parts])


def is_part(name: bytes) -> bool:
    """Whether a folder of this name holds the rest of long names."""
    return name.startswith(b"%part=")


def _ordinary(name: bytes) -> bool:
    return (
        0 < len(name) <= LONGEST_NAME
        and name not in (b".", b"..")
        and b"\0" not in name
        and _MARKED.fullmatch(name) is None
    )


def _marked(mark: str, text: str) -> bytes:
    escaped = text.replace("%", "%25").replace("\0", "%00")
    return f"%{mark}={escaped}".encode()


def _as_text(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return f"%bytes={quote_from_bytes(name, safe=_PRINTABLE)}"


def _not_utf8(component: str) -> bytes | None:
    """The file name that is not UTF-8 and for which this component stands, if it is one."""
    if not component.startswith("%bytes="):
        return None
    name = unquote_to_bytes(component.removeprefix("%bytes="))
    return name if _ordinary(name) and _as_text(name) == component else None
