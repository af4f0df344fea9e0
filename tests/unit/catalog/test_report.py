"""Reports stay small, add up, and cannot be made to say more than they mean."""

import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.catalog import SweepReport
from stenoflow.catalog.report import EXAMPLES, MAX_NAMED, Outcome
from stenoflow.catalog.report_html import report_html, retry_command

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

endings = st.lists(
    st.tuples(
        st.sampled_from(["published", "no_speech", "rejected", "gave_up"]),
        st.sampled_from(["BadMedia", "StoreUnavailable"]),
        st.integers(0, 1000),
    ),
    max_size=40,
)


def empty() -> SweepReport:
    return SweepReport(
        run="run", source="s3://calls", destination="s3://texts", began=NOON, ended=NOON
    )


def counted(report: SweepReport, key: str, outcome: Any, error: str, took_s: float) -> None:
    reason = f"{key} failed after {took_s} s"
    report.count(Outcome(key=key, name=outcome, error=error, reason=reason), took_s=took_s)


@given(endings, st.integers(0, 40))
def test_reports_of_batches_add_up_to_the_report_of_the_whole(
    found: list[tuple[str, str, int]], at: int
) -> None:
    whole, sum_ = empty(), empty()
    parts = [empty(), empty()]
    for number, (outcome, error, took_s) in enumerate(found):
        counted(whole, f"{number}.mp3", outcome, error, took_s)
        counted(parts[number >= at], f"{number}.mp3", outcome, error, took_s)
    for part in parts:
        sum_.add(part)

    assert sum_.outcomes == whole.outcomes
    assert sum_.failures == whole.failures
    assert [each.value for each in sum_.slowest] == [each.value for each in whole.slowest]
    assert sum_.failure_ratio == whole.failure_ratio


def test_failures_that_differ_in_key_and_figures_are_one_kind() -> None:
    report = empty()
    for number in range(MAX_NAMED + 5):
        counted(report, f"{number}.mp3", "rejected", "OverLimit", number / 7)

    (group,) = report.failures.values()
    assert (group.count, len(group.recordings)) == (MAX_NAMED + 5, MAX_NAMED)
    assert len(report.slowest) == EXAMPLES


def test_hostile_keys_are_text_in_the_page_and_one_word_in_the_command() -> None:
    report = empty()
    key = "<script>alert(1)</script>; rm -rf $HOME '.mp3"
    counted(report, key, "rejected", "BadMedia", 1)

    assert "<script>" not in report_html(report)
    (group,) = report.failures.values()
    command = retry_command(report, group)
    assert shlex.split(command)[-1] == f"s3://calls/{key}"


FORMULA = "=HYPERLINK(A1)"


@pytest.mark.parametrize("start", ["", "a\n", "a\t", "a\r", "a\u2028", "@", "+", "-", " "])
def test_no_text_of_the_page_is_a_formula(start: str) -> None:
    """Whoever names recordings has no word in the spreadsheet that a table is copied into."""
    report = empty()
    key = f"{start}{FORMULA}.mp3"
    report.count(
        Outcome(key=key, name="gave_up", error="NotFound", reason=f"{key} is gone"), took_s=3.0
    )
    report.stopped = f"{key} is gone"
    shown = re.findall(r">([^<]*)", report_html(report))
    for each in map(unescape, shown):
        assert not each.strip().startswith(("=", "+", "-", "@"))
    assert any(FORMULA in unescape(each) for each in shown)


@pytest.mark.skipif(not (bash := shutil.which("bash")), reason="needs package bash: no shell here")
@pytest.mark.parametrize(
    "key", ["a\nb.mp3", "a\t'b\\.mp3", "\x1b[2J$(id)`id`.mp3", "ü\u2028é'.mp3"]
)
def test_a_key_with_control_characters_is_one_word_of_one_line(key: str) -> None:
    report = empty()
    counted(report, key, "gave_up", "StoreUnavailable", 1)
    (group,) = report.failures.values()
    command = retry_command(report, group)
    assert command.isprintable()
    words = subprocess.run(
        [bash, "-c", f"stenoflow() {{ printf '%s\\0' \"$@\"; }}; {command}"],
        capture_output=True,
        check=True,
    )
    assert words.stdout.decode().split("\0")[-2] == f"s3://calls/{key}"


def test_requests_that_may_have_been_paid_are_in_report_and_page() -> None:
    assert "may have been paid" not in report_html(empty())
    whole, part = empty(), empty()
    part.may_have_been_paid, part.may_have_been_paid_usd = 3, Decimal("0.02")
    whole.add(part)
    whole.add(part)
    assert whole.may_have_been_paid == 6
    page = " ".join(report_html(whole).split())
    assert "6 further requests, an estimated 0.0400 USD, may have been paid without" in page


def test_what_was_left_out_is_shown_with_the_most_frequent_reason_first() -> None:
    report, batch = empty(), empty()
    report.left_out = {"no extension": 1, "extension .pdf": 12}
    batch.left_out = {"extension .pdf": 12}
    batch.unsettled = 3
    report.add(batch)
    assert report.all_left_out() == {
        "extension .pdf": 12,
        "still changing, dated in the future": 3,
        "no extension": 1,
    }
    page = report_html(report)
    assert "Left out" in page
    assert "extension .pdf" in page
