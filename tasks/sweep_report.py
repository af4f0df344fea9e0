"""What a sweep did, where people and other sweeps look for it."""

from typing import Any

from prefect.artifacts import acreate_link_artifact, acreate_table_artifact

from stenoflow.catalog import SweepReport
from stenoflow.catalog.report_html import by_count, report_html, retry_command
from stenoflow.errors import NotFound
from stenoflow.storage import Store
from stenoflow.tasks.runtime.threads import in_thread

SWEEPS = "_stenoflow/sweeps/"


def report_key(report: SweepReport, ending: str) -> str:
    """Where a report lies: in order of time."""
    return f"{SWEEPS}{report.began:%Y-%m-%dT%H-%M-%SZ}-{report.run}.{ending}"


def read_report(destination: Store, run: str) -> SweepReport:
    """The report that a flow run has written last. Raises NotFound."""
    ends = f"-{run}.json"
    found = [each.key for each in destination.list(SWEEPS) if each.key.endswith(ends)]
    if not found:
        raise NotFound(f"there is no report of the flow run {run} in {destination.url}")
    return SweepReport.model_validate_json(destination.read(found[-1]))


async def publish_report(destination: Store, report: SweepReport) -> None:
    """Write the report to the destination as JSON and as a page, and to Prefect as a table."""
    body = report.model_dump_json(indent=2).encode()
    page, data = report_key(report, "html"), report_key(report, "json")
    await in_thread(
        destination.put, page, report_html(report).encode(), content_type="text/html; charset=utf-8"
    )
    await in_thread(destination.put, data, body, content_type="application/json")
    await acreate_table_artifact(
        table=_table(report), key="sweep", description=f"Sweep of {report.source}"
    )
    await acreate_link_artifact(
        destination.url_of(page),
        link_text="The sweep's page",
        key="sweep-page",
        description=f"Sweep of {report.source}, with plots",
    )


def _table(report: SweepReport) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"what": outcome, "value": str(count), "retry": ""}
        for outcome, count in report.outcomes.items()
    ]
    rows += [
        {"what": what, "value": value, "retry": ""}
        for what, value in (
            ("left", str(report.not_started)),
            ("hours heard", f"{report.audio_s / 3600:.2f}"),
            ("hours bought", f"{report.bought_s / 3600:.2f}"),
            ("spent, USD (estimate)", f"{report.spent_usd:.4f}"),
            ("kept, USD (estimate)", f"{report.saved_usd:.4f}"),
            ("requests that may have been paid without a reply", str(report.may_have_been_paid)),
        )
    ]
    return rows + [
        {
            "what": f"{group.outcome}: {group.error}: {group.reason}",
            "value": str(group.count),
            "retry": retry_command(report, group),
        }
        for group in by_count(report)
    ]
