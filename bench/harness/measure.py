"""The measures that every bench reports: our figure, a peer's, their ratio, and the machine.

A bench is a module that runs by itself, ``python -m bench.audio.vad``, with small defaults. It may print
anything for people; at its end it passes its measures to :func:`report`, which prints each as a line of
JSON, and all of them as a table. ``python -m bench`` runs benches and collects those lines.
"""

import json
import math
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.table import Table

TOGETHER = "STENOFLOW_BENCHES_TOGETHER"
"""Set by ``python -m bench`` for the benches that it runs: it prints one table itself, at the end."""

PRINTED_WIDTH = 160
"""Columns of a table that is not printed on a terminal."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One of our figures, compared with that of a peer or with a lower bound."""

    name: str
    """The quantity, unique among all benches: ``vad, CPU``."""
    ours: float
    peer: float
    unit: str
    """The unit of both figures: ``CPU s per hour of audio``."""
    against: str
    """The peer or lower bound: ``stock TorchScript``."""
    at_least: float | None = None
    """The bar for peer / ours, if the peer must be beaten by a factor."""
    at_most: float | None = None
    """The bar for ours / peer, if ours may exceed the peer by a factor at most."""

    @property
    def ratio(self) -> float:
        """Return peer / ours if the bar is ``at_least``, else ours / peer; 0 or infinity of a divisor 0."""
        over, under = (self.ours, self.peer) if self.at_least is None else (self.peer, self.ours)
        if under:
            return over / under
        return math.inf if over else 0.0

    @property
    def bar(self) -> str:
        """Return the bar as text; "" without one."""
        if self.at_least is not None:
            return f">= {self.at_least:g} x"
        return "" if self.at_most is None else f"<= {self.at_most:g} x"

    @property
    def missed(self) -> bool:
        """Return True if the ratio is on the wrong side of the bar."""
        if self.at_least is not None:
            return self.ratio < self.at_least
        return self.at_most is not None and self.ratio > self.at_most


def report(measures: Iterable[Measure]) -> None:
    """Print one table and one JSON line each; exit with status 1 if a bar is missed."""
    found = list(measures)
    if TOGETHER not in os.environ:
        print_table(found)
    for measure in found:
        ratio = round(measure.ratio, 4) if math.isfinite(measure.ratio) else None
        line = asdict(measure) | {"ratio": ratio, "machine": machine()}
        print(json.dumps(line, ensure_ascii=False), flush=True)
    if any(measure.missed for measure in found):
        sys.exit(1)


def read_measure(line: str) -> Measure | None:
    """Return the measure that a line of a bench's output reports; None if it is another line."""
    if not line.startswith('{"name"'):
        return None
    values = json.loads(line)
    return Measure(**{name: values[name] for name in Measure.__dataclass_fields__})


def print_table(measures: Iterable[Measure]) -> None:
    """Print measures as a table on standard error; standard output is for programs."""
    table = Table(title=machine(), title_justify="left")
    for column in ("", "ours", "peer", "unit", "peer is", "ratio", "bar"):
        table.add_column(column, justify="right" if column in ("ours", "peer", "ratio") else "left")
    for each in measures:
        ratio = f"[bold red]{each.ratio:.3g}[/]" if each.missed else f"{each.ratio:.3g}"
        figures = (f"{each.ours:.4g}", f"{each.peer:.4g}", each.unit, each.against)
        table.add_row(each.name, *figures, ratio, each.bar)
    width = None if sys.stderr.isatty() else PRINTED_WIDTH
    Console(stderr=True, width=width).print(table)


@cache
def machine() -> str:
    """Return a description of the machine: processor, cores, system, Python."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = named[0] if named else platform.processor() or platform.machine()
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{processor}, {os.cpu_count()} cores, {system}"
