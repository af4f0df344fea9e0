"""What every bench says at its end: our figure, the peer's, their ratio, and on which machine.

A bench is a module that runs by itself, ``python -m bench.audio.vad``, with small defaults. It may print what
it likes for people; at its end it hands its measures to :func:`report`, which prints each as one line
of JSON and all of them as a table. ``python -m bench`` runs them all and gathers those lines.
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
"""Set by ``python -m bench`` for those it runs: the one table is printed at the end, by itself."""

PRINTED_WIDTH = 160
"""Of a table that goes to no terminal."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One figure of ours beside one of a peer, or of a floor nobody can get below."""

    name: str
    """What was measured, unique among all benches: ``vad, CPU``."""
    ours: float
    peer: float
    unit: str
    """Of both: ``CPU s per hour of audio``."""
    against: str
    """The peer or floor: ``stock TorchScript``."""
    at_least: float | None = None
    """The bar where less is better and the peer is to be beaten by a factor: peer / ours."""
    at_most: float | None = None
    """The bar where ours may be only so much more than the peer: ours / peer."""

    @property
    def ratio(self) -> float:
        """peer / ours where the bar is ``at_least``, else ours / peer; of nothing, 0 or infinity."""
        over, under = (self.ours, self.peer) if self.at_least is None else (self.peer, self.ours)
        if under:
            return over / under
        return math.inf if over else 0.0

    @property
    def bar(self) -> str:
        """The bar as people write it; "" without one."""
        if self.at_least is not None:
            return f">= {self.at_least:g} x"
        return "" if self.at_most is None else f"<= {self.at_most:g} x"

    @property
    def missed(self) -> bool:
        """Whether there is a bar, and the ratio is on its wrong side."""
        if self.at_least is not None:
            return self.ratio < self.at_least
        return self.at_most is not None and self.ratio > self.at_most


def report(measures: Iterable[Measure]) -> None:
    """Print one table and one JSON line each; exit with status 1 where a bar is missed."""
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
    """The measure that a bench has reported in a line of its output; None where it is another."""
    if not line.startswith('{"name"'):
        return None
    values = json.loads(line)
    return Measure(**{name: values[name] for name in Measure.__dataclass_fields__})


def print_table(measures: Iterable[Measure]) -> None:
    """For people, on standard error, so that standard output may be read by programs."""
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
    """The machine in words: processor, cores, system, Python."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = named[0] if named else platform.processor() or platform.machine()
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{processor}, {os.cpu_count()} cores, {system}"
