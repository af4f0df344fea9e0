"""The report of a sweep: stored in the destination, and shown as artifacts of the run."""

from prefect.artifacts import acreate_link_artifact, acreate_table_artifact

from stenoflow.catalog import SweepReport
from stenoflow.catalog.report_html import by_count, report_html, retry_command
from stenoflow.errors import NotFound
from stenoflow.storage import Store
from stenoflow.tasks.runtime.threads import in_thread
from stenoflow.transcript.text import cell_text, clean_text

SWEEPS = "_stenoflow/sweeps/"
"""Prefix of the keys of all reports."""


def report_key(report: SweepReport, extension: str) -> str:
    """Return the key of a report; keys are in the order of time."""
    return f"{SWEEPS}{report.began:%Y-%m-%dT%H-%M-%SZ}-{report.run}.{extension}"


def read_report(destination: Store, run: str) -> SweepReport:
    """Return the latest report of a flow run. Raises NotFound."""
    name = f"-{run}.json"
    found = [each.key for each in destination.list(SWEEPS) if each.key.endswith(name)]
    if not found:
        raise NotFound(
            f"There is no report of the flow run {run} in {destination.url}. It has not ended, or failed."
        )
    return SweepReport.model_validate_json(destination.read(found[-1]))


async def publish_report(destination: Store, report: SweepReport) -> None:
    """Write the report to the destination as JSON and as HTML, and show it as artifacts of the run.

    The table comes first: it is there even if the destination refuses the report. Raises StoreRefused,
    StoreUnavailable.
    """
    await acreate_table_artifact(
        table=report_table(report), key="sweep", description=f"Sweep of {report.source}"
    )
    body = report.model_dump_json(indent=2).encode()
    page, data = report_key(report, "html"), report_key(report, "json")
    await in_thread(
        destination.put, page, report_html(report).encode(), content_type="text/html; charset=utf-8"
    )
    await in_thread(destination.put, data, body, content_type="application/json")
    await acreate_link_artifact(
        destination.url_of(page),
        link_text="Sweep report",
        key="sweep-page",
        description=f"Sweep of {report.source}, with charts",
    )


def report_table(report: SweepReport) -> list[dict[str, str]]:
    """Return the report in rows; each cell is one line that no spreadsheet takes for a formula."""
    rows: list[dict[str, str]] = [
        {"what": outcome, "value": str(count), "retry": ""}
        for outcome, count in report.outcomes.items()
    ]
    rows += [
        {"what": what, "value": value, "retry": ""}
        for what, value in (
            ("not started", str(report.not_started)),
            *(
                (f"left out: {reason}", str(count))
                for reason, count in report.all_left_out().items()
            ),
            ("hours of audio", f"{report.audio_s / 3600:.2f}"),
            ("hours bought", f"{report.bought_s / 3600:.2f}"),
            ("spent, USD (estimate)", f"{report.spent_usd:.4f}"),
            ("saved, USD (estimate)", f"{report.saved_usd:.4f}"),
            (
                "requests that may have been paid without a usable reply",
                str(report.may_have_been_paid),
            ),
            ("cost of these requests, USD (estimate)", f"{report.may_have_been_paid_usd:.4f}"),
        )
    ]
    rows += [
        {
            "what": f"{group.outcome}: {group.error}: {group.reason}",
            "value": str(group.count),
            "retry": retry_command(report, group),
        }
        for group in by_count(report)
    ]
    return [{name: cell_text(clean_text(cell)) for name, cell in row.items()} for row in rows]
