"""Times as people and caption files write them."""

import pytest

from stenoflow.times import format_clock, format_length, format_timestamp


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (59.99, "0:59"), (61, "1:01"), (3600, "1:00:00")]
)
def test_a_clock_rounds_down(seconds: float, shown: str) -> None:
    assert format_clock(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (2.46, "2.5 s"), (59.99, "1 min 00 s"), (123, "2 min 03 s"), (3720, "1 h 02 min")],
)
def test_a_length_has_the_units_it_needs(seconds: float, shown: str) -> None:
    assert format_length(seconds) == shown


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(0, "00:00:00.000"), (3_723_004, "01:02:03.004"), (360_000_000, "100:00:00.000")],
)
def test_a_timestamp_counts_hours_as_far_as_they_go(milliseconds: int, shown: str) -> None:
    assert format_timestamp(milliseconds, ".") == shown
