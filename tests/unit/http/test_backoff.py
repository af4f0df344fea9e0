"""Retries back off, end at their limits, and are cut short by a cancellation event."""

from threading import Event

import pytest

from stenoflow.http.backoff import Backoff

AT_ONCE = Backoff(first_s=0, longest_s=0)


class Flaky:
    """Something that fails a number of times, then succeeds."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.calls = 0
        self._failures = failures
        self._error = error

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self._failures:
            raise self._error
        return "done"


def test_pauses_double_up_to_a_limit() -> None:
    backoff = Backoff(first_s=0.5, longest_s=3)
    assert [backoff.pause_s(failures) for failures in range(1, 6)] == [0.5, 1, 2, 3, 3]
    assert backoff.pause_s(10_000) == 3


def test_what_is_expected_to_pass_is_tried_again() -> None:
    call = Flaky(3, OSError())
    assert AT_ONCE.retrying(Event(), retry_on=OSError)(call) == "done"
    assert call.calls == 4


def test_any_other_error_is_raised_at_once() -> None:
    call = Flaky(1, ValueError("broken"))
    with pytest.raises(ValueError, match="broken"):
        AT_ONCE.retrying(Event(), retry_on=OSError)(call)
    assert call.calls == 1


def test_the_last_error_is_raised_after_so_many_attempts() -> None:
    call = Flaky(9, OSError("away"))
    with pytest.raises(OSError, match="away"):
        AT_ONCE.retrying(Event(), retry_on=OSError, attempts=3)(call)
    assert call.calls == 3


def test_a_deadline_ends_the_attempts() -> None:
    call = Flaky(9, OSError("away"))
    with pytest.raises(OSError, match="away"):
        AT_ONCE.retrying(Event(), retry_on=OSError, within_s=0)(call)
    assert call.calls == 1


def test_cancellation_ends_the_pause_and_the_attempts() -> None:
    cancelled = Event()
    attempts = 0
    with pytest.raises(OSError, match="away"):
        # The pauses are longer than any test may take.
        for attempt in Backoff(3600, 3600).retrying(cancelled, retry_on=OSError):
            with attempt:
                attempts += 1
                cancelled.set()
                raise OSError("away")
    assert attempts == 1
