"""The end of a flow run that may be started again after its process died."""

import time
from collections.abc import Callable
from uuid import UUID

from prefect.client.schemas.objects import FlowRun

NO_HEARTBEAT = "No heartbeat: the process that ran it is gone."
"""The message by which `automations.yaml` marks runs as crashed, and finds those to reschedule."""
REVIVAL_S = 60.0
"""Seconds within which a server reschedules such a run: it takes some seconds under load."""


class RunEnds:
    """Ends of flow runs, as distinct from crashes after which a run starts again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the time in seconds from ``clock``: the server's may differ."""
        self._clock = clock
        self._crashed_at_s: dict[UUID, float] = {}

    def has_ended(self, run: FlowRun) -> bool:
        """Return True for a final state; for a crash without heartbeat once it has lasted REVIVAL_S.

        Without automations, or after its last start, such a run stays crashed.
        """
        if run.state is None or not run.state.is_final():
            self._crashed_at_s.pop(run.id, None)
            return False
        if not (run.state.is_crashed() and run.state.message == NO_HEARTBEAT):
            return True
        now_s = self._clock()
        return now_s - self._crashed_at_s.setdefault(run.id, now_s) >= REVIVAL_S
