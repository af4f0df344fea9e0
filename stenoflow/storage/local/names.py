r"""Keys as file names: ordinary names stay as they are, all others are marked and escaped.

``interviews/a.mp3`` is the file ``a.mp3`` in the folder ``interviews``, so any existing folder has the
keys that people expect. If a component of a key (the text between its slashes) cannot be a file name,
it is written behind a mark, with ``%`` and NUL escaped::

    ..               %name=..              also ".", the empty component, and what looks marked
    100%\0            %name=100%25%00       (``100%`` alone is ordinary)
    a name of 400    %part=AAA/%part=BBB/%name=CCC
    characters
    x beside x/y     %object=x             the object, where a folder x was there first
                     %folder=x             the folder, where an object x was there first
    %bytes=K%E4se     K\xe4se               a file name that is not UTF-8, here Latin-1

A file with a mark that no key maps to is not an object. Temporary files are named so: ``%temp=...``.
"""

import os
import re
from collections.abc import Sequence
from enum import StrEnum
from urllib.parse import quote_from_bytes, unquote_to_bytes

MAX_NAME_BYTES = 255
"""Maximum length of a file name on all common file systems."""
PART = 60
"""Characters of each part of a long name: 60 characters of 4 bytes and a mark fit into a file name."""
TEMPORARY = b"%temp="

_MARKED = re.compile(rb"%(name|part|object|folder|bytes|temp)=(.*)", re.DOTALL)
_PRINTABLE = bytes(range(0x20, 0x7F)).replace(b"%", b"").decode()


class Role(StrEnum):
    """The role of a component; its value is the mark, if one is needed."""

    PLAIN = "name"
    OBJECT = "object"
    """An object beside a folder of its own name."""
    FOLDER = "folder"
    """A folder beside an object of its own name."""


def file_names(component: str, role: Role) -> tuple[bytes, ...]:
    """Return the file names, each in the folder before it, that a key's component maps to."""
    if role is Role.PLAIN:
        name = component.encode()
        if _ordinary(name):
            return (name,)
        if foreign := _not_utf8(component):
            return (foreign,)
    last = _marked(role, component)
    if len(last) <= MAX_NAME_BYTES:
        return (last,)
    *parts, rest = (component[start : start + PART] for start in range(0, len(component), PART))
    return (*(_marked("part", part) for part in parts), _marked(role, rest))


def component_of(names: tuple[bytes, ...]) -> tuple[str, Role] | None:
    """Return the component that maps to these file names, and its role; None if there is none."""
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
    """Return the key of the file with these names, each in the folder before it."""
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
    """Return True if a folder of this name holds the remaining parts of long names."""
    return name.startswith(b"%part=")


def _ordinary(name: bytes) -> bool:
    return (
        0 < len(name) <= MAX_NAME_BYTES
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
    """Return the file name that is not UTF-8 and is written as this component; None if it is none."""
    if not component.startswith("%bytes="):
        return None
    name = unquote_to_bytes(component.removeprefix("%bytes="))
    return name if _ordinary(name) and _as_text(name) == component else None
