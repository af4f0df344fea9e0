"""The purchase of what a comparison lacks, on request only, and within one budget for all of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from threading import Event

from stenoflow.billing.budget import Budget
from stenoflow.billing.pricing import Prices
from stenoflow.comparison.candidates import Candidate
from stenoflow.comparison.recordings import (
    CandidateTranscript,
    ComparedRecording,
    price_of,
    transcript_of,
)
from stenoflow.comparison.result import Missing
from stenoflow.errors import (
    BudgetSpent,
    ConfigurationError,
    MissingDependency,
    StenoflowError,
    Stopped,
)
from stenoflow.ledger.ledger import Ledger
from stenoflow.media.scratch import scratch_folder
from stenoflow.pipeline.recording import look_up, run_steps
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.run_context import RunContext
from stenoflow.storage import Store

ENDS_ALL = (ConfigurationError, MissingDependency, Stopped)
"""Errors that are about the comparison as a whole, and not about one recording."""

Pair = tuple[ComparedRecording, Candidate]
"""A recording, and a candidate whose transcript of it is wanted."""


def _ignore(_recording: str, _candidate: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Purchases:
    """Permission to buy what is missing, and its limit."""

    max_cost_usd: Decimal | None
    """For all of it together; None will do if nothing of it has a price."""
    progress: Callable[[str, str], None] = _ignore
    """Called with the recording and the candidate that is worked on."""
    cancelled: Event = field(default_factory=Event)
    """Setting it ends the work soon, and keeps what is bought."""


def missing(pair: Pair, prices: Prices) -> Missing:
    """Return what it takes to buy a transcript that is not in the ledger."""
    recording, candidate = pair
    seconds, usd = price_of(recording, candidate, prices)
    reason = "not in the ledger, or not all of it"
    return Missing(recording.name, candidate.name, reason, True, seconds, usd)


def buy_all(
    lacking: Sequence[Pair], purchases: Purchases, destination: Store, prices: Prices
) -> tuple[dict[tuple[str, str], CandidateTranscript], list[Missing]]:
    """Buy transcripts one after the other. Return them by recording and candidate, and what is missing.

    What one recording meets does not touch the others. Nothing but the ledger is written. Raises
    ConfigurationError before anything is bought if an engine needs a key, or a limit is needed and not
    set; MissingDependency, Stopped.
    """
    with_account = {candidate.name: candidate.with_account() for _, candidate in lacking}
    if purchases.max_cost_usd is None:
        _require_free(with_account.values(), prices)
    budget = Budget(purchases.max_cost_usd)
    found: dict[tuple[str, str], CandidateTranscript] = {}
    left: list[Missing] = []
    for recording, candidate in lacking:
        purchases.progress(recording.name, candidate.name)
        try:
            found[recording.name, candidate.name] = _buy(
                (recording, with_account[candidate.name]),
                destination,
                prices,
                budget,
                purchases.cancelled,
            )
        except BudgetSpent:
            reason = f"{budget.left_usd} USD that are left of the budget do not cover it"
            left.append(replace(missing((recording, candidate), prices), reason=reason))
        except ENDS_ALL:
            raise
        except StenoflowError as error:
            left.append(Missing(recording.name, candidate.name, str(error)))
    return found, left


def _require_free(candidates: Iterable[Candidate], prices: Prices) -> None:
    for each in candidates:
        engine = each.engine
        if prices.estimate(engine.name, engine.identity(), 3600).usd != 0:
            raise ConfigurationError(
                f"Transcripts from {engine.name} cost money: set a limit in USD (--max-cost)."
            )


def _buy(
    pair: Pair, destination: Store, prices: Prices, budget: Budget, cancelled: Event
) -> CandidateTranscript:
    recording, candidate = pair
    context = RecordingContext(
        recording.key, recording.source, destination, candidate.profile, candidate.engine
    )
    with scratch_folder() as scratch:
        run = RunContext(
            scratch=scratch,
            ledger=Ledger(destination),
            prices=prices,
            budget=budget,
            cancelled=cancelled,
        )
        done = run_steps(look_up(context), run)
        if done.rejection:
            raise done.rejection
        if done.transcription:
            return transcript_of(done.transcription, candidate.engine, prices)
        duration_s = done.analysis.duration_s if done.analysis else 0.0
    return CandidateTranscript((), Decimal(0), duration_s)
