"""Text from outside, written so that Markdown shows it and does nothing else with it."""

import re

_ACTIVE = re.compile(r"[\\`*_\[\]<>|~&$]")
_LEADING = re.compile(r"^([#+=-]|\d+(?=[.)]))")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_LINKABLE = re.compile(r"[^\w\-.~:/?#@!$&'*+,;=%]", re.ASCII)


def text(line: str) -> str:
    """One line of text as it stands: no markup, no HTML, no list begins in it.

    Characters that mean something anywhere, or at the start of a line, are escaped with a backslash
    (CommonMark 0.31, section 2.4), or written as entities where a renderer that lets HTML through
    would see a tag.
    """
    line = _ACTIVE.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), line)
    return _LEADING.sub(lambda found: _leading(found[0]), line)


def _leading(start: str) -> str:
    return f"\\{start}" if not start.isdigit() else f"{start}\\"


def link(label: str, url: str) -> str:
    """A link to a URL that is known to be harmless (:func:`stenoflow.render.links.opens_in_browser`)."""
    address = _LINKABLE.sub(lambda found: "".join(f"%{b:02X}" for b in found[0].encode()), url)
    return f"[{label}](<{address}>)"
