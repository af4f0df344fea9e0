"""Retries with exponential backoff that end early when the work is cancelled.

The loop itself is tenacity's. What is added here is how all of Stenoflow uses it: pauses double up to a
limit, a cancellation event cuts a pause short, and the last error is raised as it is.
"""

from dataclasses import dataclass
from threading import Event

from tenacity import (
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_attempt,
    stop_after_delay,
    stop_never,
    stop_when_event_set,
    wait_exponential,
)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses between attempts: ``first_s`` seconds, then twice as long each time, up to ``longest_s``.

    With both 0 the next attempt follows at once, as tests want it.
    """

    first_s: float
    longest_s: float

    @property
    def wait(self) -> wait_exponential:
        """The pauses as tenacity's ``wait``."""
        return wait_exponential(multiplier=self.first_s, max=self.longest_s)

    def pause_s(self, failures: int) -> float:
        """Return the pause in seconds after so many failures in a row; the first one counts as 1."""
        return min(self.first_s * 2.0 ** min(failures - 1, 64), self.longest_s)

    def retrying(
        self,
        cancelled: Event,
        *,
        retry_on: type[BaseException] | tuple[type[BaseException], ...],
        attempts: int | None = None,
        within_s: float | None = None,
    ) -> Retrying:
        """Return a loop of attempts: ``for attempt in backoff.retrying(...): with attempt: ...``.

        An error of the type ``retry_on`` leads to the next attempt, any other one is raised at once. The
        last error is raised after ``attempts`` attempts, after ``within_s`` seconds (None: no limit), or
        when ``cancelled`` is set. Setting it during a pause ends the pause; one more attempt is made.
        """
        limit = stop_never if attempts is None else stop_after_attempt(attempts)
        deadline = stop_never if within_s is None else stop_after_delay(within_s)
        return Retrying(
            wait=self.wait,
            stop=limit | deadline | stop_when_event_set(cancelled),
            retry=retry_if_exception_type(retry_on),
            sleep=sleep_using_event(cancelled),
            reraise=True,
        )
