"""Hear a few recordings of a sweep, and tell what all of them would cost and take."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from threading import Event

from prefect.artifacts import acreate_markdown_artifact

from steno.addressing import is_whole
from steno.engines import Engine
from steno.errors import Rejected
from steno.forecast import Forecast, Sampled, forecast_md, price_range, ratio_estimate
from steno.listening import listen
from steno.pricing import prices
from steno.profile import Profile
from steno.scratch import scratch_folder
from steno.store import ObjectInfo, Store
from steno.survey import Survey
from steno.times import to_seconds
from tasks.job import Job, open_engine_of
from tasks.pacing import BEGUN_PER_S
from tasks.segment import plans_of
from tasks.threads import in_stoppable_thread

AT_ONCE = os.cpu_count() or 1


async def foresee(
    source: Store,
    destination: Store,
    profile: Profile,
    credentials: str | None,
    found: Survey,
    *,
    at_once: int,
) -> Forecast:
    """What the recordings of a survey would cost and take, by those of its sample. Nothing is bought.

    Raises what opening the engine raises, and AccessDenied, StoreTrouble, ChildKilled, Stopped.
    """
    engine = await open_engine_of(profile, credentials)
    jobs = [Job(info.key, source, destination, profile, engine) for info in found.sample]
    turns = asyncio.Semaphore(AT_ONCE)

    async def heard(job: Job, info: ObjectInfo) -> Sampled:
        async with turns:
            return await in_stoppable_thread(_hear, job, info)

    sample = await asyncio.gather(*map(heard, jobs, found.sample))
    forecast = _estimated(source, destination, profile, engine, found, sample, at_once)
    await acreate_markdown_artifact(
        forecast_md(forecast), key="forecast", description=f"Forecast for {source.url}"
    )
    return forecast


def _hear(stop: Event, job: Job, info: ObjectInfo) -> Sampled:
    began = time.monotonic()
    sampled = Sampled(info.key, info.size)
    with scratch_folder() as scratch:
        path = scratch / "recording"
        try:
            job.source.fetch(info.key, path, max_bytes=job.profile.limits.max_bytes, stop=stop)
            heard = listen(path, job.profile, scratch, stop=stop)
        except Rejected as rejection:
            return replace(sampled, rejected=str(rejection), took_s=time.monotonic() - began)
        plans = plans_of(heard, job.profile, job.engine)
    speech = any(plan.parts for plan in plans)
    whole = is_whole(job.profile)
    return replace(
        sampled,
        audio_s=heard.duration_s,
        paid_s=heard.duration_s * speech if whole else to_seconds(sum(p.sent for p in plans)),
        requests=int(speech) if whole else sum(len(plan.parts) for plan in plans),
        took_s=time.monotonic() - began,
    )


def _estimated(
    source: Store,
    destination: Store,
    profile: Profile,
    engine: Engine,
    found: Survey,
    sample: Sequence[Sampled],
    at_once: int,
) -> Forecast:
    def total(figures: Sequence[float]) -> float:
        pairs = [(float(each.size), figure) for each, figure in zip(sample, figures, strict=True)]
        return ratio_estimate(pairs, found.size).expected

    paid_s = ratio_estimate([(each.size, each.paid_s) for each in sample], found.size)
    table, options = prices(), engine.identity()
    begun_per_s = BEGUN_PER_S.get(profile.engine, float("inf"))
    return Forecast(
        source=source.url,
        destination=destination.url,
        engine=profile.engine,
        recordings=found.recordings,
        size=found.size,
        fates={fate.value: count for fate, count in found.fates.items()},
        sampled=len(sample),
        rejected={each.key: each.rejected for each in sample if each.rejected},
        audio_s=ratio_estimate([(each.size, each.audio_s) for each in sample], found.size),
        paid_s=paid_s,
        cost_usd=price_range(
            paid_s, lambda seconds: table.estimate(engine.name, options, seconds).usd
        ),
        takes_s=max(
            total([each.took_s for each in sample]) / min(at_once, AT_ONCE),
            total([float(each.requests) for each in sample]) / begun_per_s,
        ),
    )
