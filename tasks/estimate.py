"""Hear a few recordings of a sweep, and tell from them what all of it would cost and take."""

import asyncio
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event

import httpx
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

from stenoflow.audio.analysis import analyze
from stenoflow.audio.quality import check_quality_gate
from stenoflow.billing.budget import Budget, RecordingBudget
from stenoflow.catalog import Scan
from stenoflow.engines.base import Engine
from stenoflow.engines.prices import prices_in_force
from stenoflow.engines.registry import engine_spec, open_engine_without_account
from stenoflow.errors import AccessDenied, PrefectUnavailable, Rejected, UnusableResponse
from stenoflow.estimate.model import Forecast, Pace, Sampled, estimate_sweep
from stenoflow.estimate.sampling import Sampler
from stenoflow.estimate.text import forecast_md
from stenoflow.ledger.ledger import Ledger
from stenoflow.media.scratch import scratch_folder
from stenoflow.pipeline.transcribe import outstanding
from stenoflow.profile.model import Profile
from stenoflow.segmentation.planner import plan_channels
from stenoflow.storage import ObjectInfo, Store
from stenoflow.tasks.handing import Handed
from stenoflow.tasks.job import Job
from stenoflow.tasks.limits.engine import (
    concurrency_limit_name,
    rate_limit_name,
)
from stenoflow.tasks.limits.machine import DECODERS
from stenoflow.tasks.runtime.threads import in_stoppable_thread
from stenoflow.tasks.step import step

SAMPLE = 20
"""Recordings heard unless told otherwise."""


async def forecast_of(
    source: Store,
    destination: Store,
    profile: Profile,
    found: Scan,
    sampler: Sampler,
    *,
    at_once: int,
    made: datetime,
) -> Forecast:
    """What the recordings of a scan would cost and take, by those that the sampler has drawn.

    ``made`` is the scan's own time. Nothing is bought, and nothing written to the destination; the
    forecast is shown as this run's artifact. Raises ConfigurationError and MissingDependency where there
    can be no such engine; AccessDenied, StoreUnavailable, ProcessKilled, PrefectUnavailable, Stopped.
    """
    engine = open_engine_without_account(profile)
    strata = sampler.strata()
    drawn = [info for stratum in strata for info in stratum.drawn]
    turns = asyncio.Semaphore(at_once)

    async def heard(info: ObjectInfo) -> Sampled:
        async with turns:
            job = Job(info.key, source, destination, profile, engine)
            return (await hear(Handed(job))).value

    sampled = await asyncio.gather(*map(heard, drawn))
    forecast = estimate_sweep(
        found,
        strata,
        {info.key: each for info, each in zip(drawn, sampled, strict=True)},
        source=source.url,
        destination=destination.url,
        engine=engine,
        prices=prices_in_force(),
        pace=await pace_of(engine, at_once),
        made=made,
    )
    await acreate_markdown_artifact(
        forecast_md(forecast), key="forecast", description=f"Forecast for {source.url}"
    )
    return forecast


@step
async def hear(job: Handed[Job]) -> Handed[Sampled]:
    """Fetch one recording, hear it, and tell what would be bought of it."""
    return Handed(await in_stoppable_thread(_hear, job.value))


def _hear(stop: Event, job: Job) -> Sampled:
    with scratch_folder() as scratch:
        began = time.monotonic()
        try:
            sampled = _heard(stop, job, scratch)
        except AccessDenied:
            raise
        except (Rejected, UnusableResponse) as refusal:
            sampled = Sampled(refused=str(refusal))
        return replace(sampled, took_s=time.monotonic() - began)


def _heard(stop: Event, job: Job, scratch: Path) -> Sampled:
    profile, engine = job.profile, job.engine
    recording = job.source.fetch(
        job.key, scratch / "recording", max_bytes=profile.limits.max_bytes, stop=stop
    )
    with DECODERS.slot(stop):
        heard = analyze(recording.path, profile.analysis, scratch, stop=stop)
    plans = plan_channels(
        heard.channels, profile.vad, profile.cutting, max_request_bytes=engine.max_request_bytes
    )
    ledger = Ledger(job.destination)
    needed = outstanding(heard, plans, profile, engine, ledger, recording.sha256)
    sampled = Sampled(audio_s=heard.duration_s, had_s=needed.wanted_s - needed.missing_s)
    if not needed.missing_s:
        return sampled
    price = prices_in_force().estimate(engine.name, engine.identity(), needed.wanted_s)
    try:
        check_quality_gate([each.quality for each in heard.channels], profile.quality)
        RecordingBudget(profile.max_cost_usd, Budget()).reserve(price.usd)
    except Rejected as refusal:
        return replace(sampled, refused=str(refusal))
    return replace(sampled, paid_s=needed.missing_s, requests=needed.requests)


async def pace_of(engine: Engine, at_once: int) -> Pace:
    """The limits in force: a person may have set others at the Prefect server than those we ship."""
    limits = engine_spec(engine.name).limits
    if limits is None:
        return Pace(at_once, DECODERS.count, open_requests=None, begun_per_s=None)
    begun_per_s = await _limit(rate_limit_name(engine.name))
    return Pace(
        at_once,
        DECODERS.count,
        open_requests=round(
            await _limit(concurrency_limit_name(engine.name)) or limits.open_requests
        ),
        begun_per_s=begun_per_s or limits.requests_per_s,
    )


async def _limit(name: str) -> float | None:
    """Slots of a limit at the Prefect server, or of a rate how many come back a second."""
    try:
        async with get_client() as client:
            limit = await client.read_global_concurrency_limit_by_name(name)
    except ObjectNotFound:
        return None
    except httpx.HTTPError as error:
        raise PrefectUnavailable(f"the Prefect server does not tell its limits: {error}") from error
    return limit.slot_decay_per_second or float(limit.limit)
