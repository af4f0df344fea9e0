"""``stenoflow engines``: what each installed engine can do, as a table of 80 columns or as JSON."""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stenoflow.engines.capabilities import Capabilities
from stenoflow.engines.overview import EngineOverview, overview
from stenoflow.engines.prices import prices_in_force
from stenoflow.engines.registry import registered
from stenoflow.profile.model import Profile

ABILITIES = ("words", "speakers", "channels", "translation", "vocabulary")
HEADS = ("words", "speakers", "channels", "translates", "terms")
"""Fields of the capabilities that are yes or no, and what the table calls them."""


def show_engines(profile: Profile, *, as_json: bool) -> None:
    """Print the installed engines, each with the profile's options for it."""
    found = list(overview(profile, prices_in_force()))
    if as_json:
        json.dump([figures(each) for each in found], sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
        return
    print_engines(Console(highlight=False), found)


def print_engines(console: Console, found: Iterable[EngineOverview]) -> None:
    """Print the table, and below it what limits an engine, or keeps it from running."""
    found = list(found)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("engine", overflow="fold")
    table.add_column("languages", justify="right")
    for head in HEADS:
        table.add_column(head, justify="center")
    table.add_column("USD/h", justify="right")
    table.add_column("at once", justify="right")
    for each in found:
        table.add_row(*_row(each))
    console.print(table)
    for line in _notes(found):
        console.print(escape(line), soft_wrap=False)


def _row(engine: EngineOverview) -> Iterator[str]:
    able = engine.capabilities
    yield escape(engine.name)
    yield languages(able)
    for ability in ABILITIES:
        yield "✓" if getattr(able, ability) else "–"
    yield price(engine)
    yield str(engine.limits.open_requests) if engine.limits else "cores"


def _notes(found: Iterable[EngineOverview]) -> Iterator[str]:
    for each in found:
        if each.problem:
            yield f"{each.name}: {each.problem}"
        elif each.capabilities.limit:
            able = each.capabilities
            yield f"{each.name}: {able.limit}{f': {able.remedy}' if able.remedy else ''}."
    for name, reason in registered().broken.items():
        yield f"{name}: {reason}"


def languages(able: Capabilities) -> str:
    """Return the number of languages, or the only one."""
    if able.languages == "any":
        return "any"
    return str(len(able.languages)) if len(able.languages) > 1 else next(iter(able.languages))


def price(engine: EngineOverview) -> str:
    """Return the price of an hour, in USD."""
    if engine.usd_per_hour is None:
        return "?"
    return f"{engine.usd_per_hour:.2f}" if engine.usd_per_hour else "free"


def figures(engine: EngineOverview) -> dict[str, Any]:
    """Return what ``--json`` prints of an engine."""
    able, usd = engine.capabilities, engine.usd_per_hour
    return {
        **asdict(engine),
        "capabilities": {
            **asdict(able),
            "languages": able.languages if able.languages == "any" else sorted(able.languages),
        },
        "usd_per_hour": None if usd is None else float(usd),
    }
