"""Markdown that shows untrusted text and does nothing else with it (CommonMark 0.31, with tables)."""

import re
from collections.abc import Iterable, Sequence

from stenoflow.transcript.text import cell_text

_ACTIVE = re.compile(r"[\\`*_\[\]<>|~&$]")
_LEADING = re.compile(r"^([#+=-]|\d+(?=[.)]))")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_NOT_IN_LINKS = re.compile(r"[^\w\-.~:/?#@!$&'*+,;=%]", re.ASCII)


def escape(line: str) -> str:
    """Return one line of text that Markdown shows as it stands: without markup, HTML or lists.

    Characters with a meaning anywhere, or at the start of a line, are escaped with a backslash
    (CommonMark 0.31, section 2.4), or written as entities where a renderer that lets HTML through
    would see a tag.
    """
    line = _ACTIVE.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), line)
    return _LEADING.sub(lambda found: _escape_leading(found[0]), line)


def _escape_leading(start: str) -> str:
    return f"{start}\\" if start.isdigit() else f"\\{start}"


def link(label: str, url: str) -> str:
    """Return a link. ``label`` is Markdown; ``url`` must be harmless (``playback.opens_in_browser``)."""
    address = _NOT_IN_LINKS.sub(lambda found: "".join(f"%{b:02X}" for b in found[0].encode()), url)
    return f"[{label}](<{address}>)"


def bullets(items: Iterable[str]) -> str:
    """Return a list; each item is Markdown on one line."""
    return "\n".join(f"- {item}" for item in items)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; each cell is Markdown on one line. No cell begins like a spreadsheet's formula."""
    lines = [_cells(head), ["---"] * len(head), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cells(row: Sequence[str]) -> Sequence[str]:
    # A reader sees no backslash.
    return [cell if cell_text(bare := cell.lstrip("\\")) == bare else f"'{cell}" for cell in row]
