"""The context of a recording's run inside a flow run."""

from contextvars import ContextVar
from pathlib import Path
from threading import Event

from prefect.runtime.flow_run import get_id

from stenoflow.billing.budget import Budget
from stenoflow.engines.registry import engine_spec
from stenoflow.ledger.ledger import Ledger
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.run_context import RunContext
from stenoflow.tasks.limits.engine import engine_limiter
from stenoflow.tasks.limits.machine import CORES
from stenoflow.tasks.runtime.progress import Progress

sweep_budget: ContextVar[Budget | None] = ContextVar("sweep_budget", default=None)
"""Set by whoever runs many recordings in this process under one limit."""


def run_context(
    recording: RecordingContext, scratch: Path, progress: Progress, cancelled: Event
) -> RunContext:
    """Return the limits, the budget and the cancellation that a step works under."""
    profile = recording.profile
    spec = engine_spec(profile.engine)
    return RunContext(
        scratch=scratch,
        ledger=Ledger(recording.destination),
        budget=sweep_budget.get() or Budget(),
        limiter=engine_limiter(spec.name, cores=spec.cores(profile.options_for(spec))),
        core=CORES.slot,
        cancelled=cancelled,
        progress=progress.advance,
        steps_s=progress.steps_s,
        flow_run=get_id(),
    )
