"""The page of a sweep: what it did, as plots, and each kind of failure with the way to retry it."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from stenoflow.catalog.report import Failures, SweepReport

_pages = Environment(
    loader=PackageLoader("stenoflow.catalog", "."), autoescape=True, undefined=StrictUndefined
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a plot."""

    label: str
    text: str
    percent: float
    kind: str = ""


def sweep_page(report: SweepReport) -> str:
    """The report as one self-contained HTML page. Nothing in it is loaded from elsewhere."""
    return _pages.get_template("report.html").render(
        report=report,
        plots=list(_plots(report)),
        failures=[
            {**group.model_dump(), "command": retry_command(report, group)}
            for group in by_count(report)
        ],
    )


def by_count(report: SweepReport) -> list[Failures]:
    """Kinds of failure, the most frequent first."""
    return sorted(report.failures.values(), key=lambda group: -group.count)


def retry_command(report: SweepReport, group: Failures) -> str:
    """What to type to try these recordings again; nothing that was bought is bought again."""
    keys = [shlex.quote(f"{report.source.rstrip('/')}/{key}") for key in group.recordings]
    force = " --force" if group.outcome == "rejected" else ""
    return f"stenoflow transcribe{force} --to {shlex.quote(report.destination)} {' '.join(keys)}"


def _plots(report: SweepReport) -> Iterable[tuple[str, list[Bar]]]:
    outcomes = [(name.replace("_", " "), float(n), name) for name, n in report.outcomes.items()]
    yield "Outcomes", _bars([*outcomes, ("left", float(report.left), "left")], "{:.0f}")
    hours = (
        ("heard", report.audio_s / 3600, ""),
        ("bought", report.bought_s / 3600, "paid"),
        ("not paid for", report.saved_s / 3600, ""),
    )
    yield "Hours", _bars(hours, "{:.2f} h")
    money = (
        ("spent", float(report.spent_usd), "spent"),
        ("kept", float(report.saved_usd), ""),
    )
    yield "Money, estimated", _bars(money, "{:.2f} USD")
    yield "Slowest", _bars(((each.key, each.value, "") for each in report.slowest), "{:.1f} s")
    yield "Worst quality", _bars(((each.key, each.value, "") for each in report.worst), "{:.2f}")


def _bars(rows: Iterable[tuple[str, float, str]], text: str) -> list[Bar]:
    shown: list[Any] = list(rows)
    most = max((value for _, value, _ in shown), default=0.0) or 1.0
    return [
        Bar(label, text.format(value), 100 * value / most, kind) for label, value, kind in shown
    ]
