"""A sweep's report as an HTML page: bar charts, and each group of failures with a command to retry it."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from stenoflow.catalog.report import FailureGroup, SweepReport
from stenoflow.transcript.text import cell_text


def _in_cell(value: object) -> object:
    return cell_text(value) if isinstance(value, str) else value


_templates = Environment(
    loader=PackageLoader("stenoflow.catalog", "."),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_in_cell,
)


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a bar chart."""

    label: str
    text: str
    """The value as it is shown."""
    percent: float
    """Length of the bar, in percent of the longest one."""
    css_class: str = ""


def report_html(report: SweepReport) -> str:
    """Return the report as one self-contained HTML page that loads nothing from elsewhere."""
    return _templates.get_template("report.html").render(
        report=report,
        plots=list(_plots(report)),
        failures=[
            {**group.model_dump(), "command": retry_command(report, group)}
            for group in by_count(report)
        ],
    )


def by_count(report: SweepReport) -> list[FailureGroup]:
    """Return the groups of failures, the largest first."""
    return sorted(report.failures.values(), key=lambda group: -group.count)


def retry_command(report: SweepReport, group: FailureGroup) -> str:
    """Return the command, on one line, that tries these recordings again; nothing is bought a second time.

    Keys with control characters are quoted as Bash and Zsh have it.
    """
    keys = [_quoted(f"{report.source.rstrip('/')}/{key}") for key in group.recordings]
    force = " --force" if group.outcome == "rejected" else ""
    return f"stenoflow transcribe{force} --to {shlex.quote(report.destination)} {' '.join(keys)}"


def _quoted(text: str) -> str:
    """Return one word of a shell's command line."""
    if text.isprintable():
        return shlex.quote(text)
    escaped = "".join(
        f"\\{each}" if each in "\\'" else each if each.isprintable() else _escaped(each)
        for each in text
    )
    return f"$'{escaped}'"


def _escaped(char: str) -> str:
    """Return the bytes of a character in ANSI-C quoting, each in three octal digits."""
    return "".join(f"\\{byte:03o}" for byte in char.encode(errors="surrogateescape"))


def _plots(report: SweepReport) -> Iterable[tuple[str, list[Bar]]]:
    outcomes = [(name.replace("_", " "), float(n), name) for name, n in report.outcomes.items()]
    not_started = ("not started", float(report.not_started), "not_started")
    yield "Outcomes", _bars([*outcomes, not_started], "{:.0f}")
    left_out = ((reason, float(n), "") for reason, n in report.all_left_out().items())
    yield "Left out", _bars(left_out, "{:.0f}")
    hours = (
        ("audio", report.audio_s / 3600, ""),
        ("bought", report.bought_s / 3600, "paid"),
        ("not paid for", report.saved_s / 3600, ""),
    )
    yield "Hours", _bars(hours, "{:.2f} h")
    money = (
        ("spent", float(report.spent_usd), "spent"),
        ("saved", float(report.saved_usd), ""),
    )
    yield "Estimated cost", _bars(money, "{:.2f} USD")
    slowest = ((each.key, each.value, "") for each in report.slowest)
    yield "Slowest", _bars(slowest, "{:.1f} s")
    lowest_quality = ((each.key, each.value, "") for each in report.lowest_quality)
    yield "Lowest quality", _bars(lowest_quality, "{:.2f}")


def _bars(values: Iterable[tuple[str, float, str]], text: str) -> list[Bar]:
    rows = list(values)
    longest = max((value for _, value, _ in rows), default=0.0) or 1.0
    return [
        Bar(label, text.format(value), 100 * value / longest, css_class)
        for label, value, css_class in rows
    ]
