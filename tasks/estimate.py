"""The estimate of a sweep: a few of its recordings are fetched and analyzed, and nothing is bought."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from threading import Event

import httpx
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

from stenoflow.billing.budget import Budget, RecordingBudget
from stenoflow.catalog import Catalog, Scan
from stenoflow.engines.base import Engine
from stenoflow.engines.prices import prices_in_force
from stenoflow.engines.registry import engine_spec, open_engine_without_account
from stenoflow.errors import (
    PrefectUnavailable,
    Rejected,
    SourceChanged,
    StenoflowError,
    StoreRefused,
    StoreUnavailable,
    UnusableResponse,
)
from stenoflow.estimate import (
    Sample,
    Sampler,
    SampleResult,
    SweepEstimate,
    SweepLimits,
    estimate_md,
    estimate_sweep,
)
from stenoflow.ledger.ledger import Ledger
from stenoflow.media.scratch import scratch_folder
from stenoflow.pipeline.recording import check_gate, convert, fetch, segment
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.run_context import RunContext
from stenoflow.pipeline.transcribe import outstanding
from stenoflow.storage import ObjectInfo
from stenoflow.tasks.limits.engine import (
    BULK_SHARE,
    concurrency_limit_name,
    rate_limit_name,
)
from stenoflow.tasks.limits.machine import DECODERS
from stenoflow.tasks.runtime.threads import in_stoppable_thread
from stenoflow.tasks.step import step

SAMPLE_SIZE = 20
"""Recordings analyzed by default."""


async def sample_and_estimate(
    catalog: Catalog, found: Scan, sampler: Sampler, *, at_once: int
) -> SweepEstimate:
    """Analyze the recordings that the sampler has drawn, and return an estimate for all of a scan.

    Nothing is bought, and nothing is written to the destination. The estimate is shown as an artifact of
    this run. Raises ConfigurationError and MissingDependency if the profile's engine cannot be opened,
    StoreRefused or StoreUnavailable if no recording of the sample can be read, ProcessKilled,
    PrefectUnavailable, Stopped.
    """
    engine = open_engine_without_account(catalog.profile)
    strata = sampler.strata()
    drawn = [info for stratum in strata for info in stratum.drawn]
    slots = asyncio.Semaphore(at_once)

    unreadable: list[StenoflowError] = []

    async def analyzed(info: ObjectInfo) -> SampleResult:
        async with slots:
            recording = RecordingContext(
                info.key, catalog.source, catalog.destination, catalog.profile, engine
            )
            try:
                return await analyze_sample(recording)
            except (StoreRefused, StoreUnavailable, SourceChanged) as error:
                unreadable.append(error)
                return SampleResult(rejection=str(error))

    results = await asyncio.gather(*map(analyzed, drawn))
    if unreadable and len(unreadable) == len(drawn):
        raise unreadable[-1]
    estimate = estimate_sweep(
        catalog,
        found,
        Sample(strata, {info.key: each for info, each in zip(drawn, results, strict=True)}),
        engine=engine,
        prices=prices_in_force(),
        limits=await limits_in_force(engine, at_once),
    )
    await acreate_markdown_artifact(
        estimate_md(estimate),
        key="forecast",
        description=f"Forecast for {catalog.source.url}",
    )
    return estimate


@step
async def analyze_sample(recording: RecordingContext) -> SampleResult:
    """Fetch and analyze one recording, and return what would be bought of it."""
    return await in_stoppable_thread(_timed_result, recording)


def _timed_result(cancelled: Event, recording: RecordingContext) -> SampleResult:
    with scratch_folder() as scratch:
        began = time.monotonic()
        try:
            result = _result(cancelled, recording, scratch)
        except (Rejected, UnusableResponse) as refusal:
            result = SampleResult(rejection=str(refusal))
        return replace(result, local_s=time.monotonic() - began)


def _result(cancelled: Event, recording: RecordingContext, scratch: Path) -> SampleResult:
    run = RunContext(scratch=scratch, ledger=Ledger(recording.destination), cancelled=cancelled)
    recording = fetch(recording, run)
    with DECODERS.slot(cancelled):
        recording = convert(recording, run)
    recording = segment(recording)
    needed = outstanding(recording, run.ledger)
    result = SampleResult(
        audio_s=recording.analysis.duration_s if recording.analysis else 0.0,
        bought_earlier_s=needed.wanted_s - needed.missing_s,
    )
    if not needed.missing_s:
        return result
    engine = recording.engine
    price = run.prices.estimate(engine.name, engine.identity(), needed.wanted_s)
    try:
        check_gate(recording)
        RecordingBudget(recording.profile.max_cost_usd, Budget()).reserve(price.usd)
    except Rejected as refusal:
        return replace(result, rejection=str(refusal))
    return replace(result, paid_s=needed.missing_s, requests=needed.requests)


async def limits_in_force(engine: Engine, at_once: int) -> SweepLimits:
    """Return the limits on a sweep; those of the Prefect server take precedence over the engine's own."""
    limits = engine_spec(engine.name).limits
    if limits is None:
        return SweepLimits(at_once, DECODERS.count, open_requests=None, requests_per_s=None)
    requests_per_s = await _limit(rate_limit_name(engine.name, "bulk"))
    return SweepLimits(
        at_once,
        DECODERS.count,
        open_requests=round(
            await _limit(concurrency_limit_name(engine.name, "bulk"))
            or limits.open_requests * BULK_SHARE
        ),
        requests_per_s=requests_per_s or limits.requests_per_s * BULK_SHARE,
    )


async def _limit(name: str) -> float | None:
    """Return the slots of a limit at the Prefect server, or the slots per second of a rate limit."""
    try:
        async with get_client() as client:
            limit = await client.read_global_concurrency_limit_by_name(name)
    except ObjectNotFound:
        return None
    except httpx.HTTPError as error:
        raise PrefectUnavailable(
            f"The Prefect server does not return its limits: {error}. Check PREFECT_API_URL."
        ) from error
    return limit.slot_decay_per_second or float(limit.limit)
