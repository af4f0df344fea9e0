"""The table that Prefect shows of a sweep is copied into spreadsheets, so its cells are text."""

import re
from datetime import UTC, datetime

import pytest

from stenoflow.catalog import SweepReport
from stenoflow.catalog.report import Outcome
from stenoflow.tasks.sweep_report import report_table

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("start", ["", "a\n", "a\t", "a\r", "a\u2028", "@", "+", "-", " "])
def test_no_cell_is_a_formula_or_ends_early(start: str) -> None:
    """Whoever names recordings has no word in the spreadsheet that the table is copied into."""
    report = SweepReport(run="run", source="s3://a", destination="s3://b", began=NOON, ended=NOON)
    key = f"{start}=HYPERLINK(A1).mp3"
    for error in ("NotFound", key):
        report.count(Outcome(key=key, name="gave_up", error=error, reason=key), took_s=3.0)
    cells = [cell for row in report_table(report) for cell in row.values()]
    assert any("HYPERLINK" in cell for cell in cells)
    for cell in cells:
        assert not re.search(r"[\t\r\n\x0b\f\u2028]", cell)
        assert not cell.startswith(("=", "+", "-", "@"))
