"""The settings and stores of one sweep, shared by all its parts."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from stenoflow.blocks.resolving import open_profile, open_store_address
from stenoflow.catalog import Catalog, KeyRange, Scan, Selection, SweepReport
from stenoflow.engines.registry import check_capabilities, engine_spec
from stenoflow.profile.model import Profile
from stenoflow.rendering import check_artifacts


class SweepParameters(BaseModel):
    """The parameters that a sweep hands on to its batches as they are."""

    model_config = ConfigDict(frozen=True)

    source: str
    destination: str
    profile: Profile | str
    credentials: str | None
    selection: Selection
    at_once: int
    batch_size: int
    failure_ratio: float
    task_runs: bool = False


class BatchOf(BaseModel):
    """The part of a sweep that one flow run transcribes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sweep: str
    """ID of the sweep's flow run."""
    now: datetime
    """Start of the sweep: what has changed since is left for the next one."""
    after: str
    until: str

    @property
    def keys(self) -> KeyRange:
        """The keys of the batch's recordings."""
        return KeyRange(self.after, self.until)


@dataclass(frozen=True)
class Sweep:
    """A sweep, or one batch of it, in this process."""

    run: str
    """ID of its flow run."""
    parameters: SweepParameters
    catalog: Catalog
    """Its stores, its profile, and the moment at which it began."""

    @classmethod
    async def open(cls, run: str, parameters: SweepParameters, now: datetime) -> Self:
        """Open the stores and the profile that the parameters name.

        Raises ConfigurationError if a name or an address is wrong, there is no such artifact, or the profile
        asks for what its engine cannot do; MissingDependency if its engine is not installed.
        """
        profile = await open_profile(parameters.profile)
        check_artifacts(profile.artifacts)
        await asyncio.to_thread(check_capabilities, engine_spec(profile.engine), profile)
        if profile.vocabulary.terms:
            # A file of terms is read once, so that the whole sweep has the same ones.
            parameters = parameters.model_copy(update={"profile": profile})
        catalog = Catalog(
            source=await open_store_address(parameters.source),
            destination=await open_store_address(parameters.destination, create=True),
            profile=profile,
            selection=parameters.selection,
            now=now,
        )
        return cls(run, parameters, catalog)

    def new_report(self, found: Scan, began: datetime) -> SweepReport:
        """Return a report of the sweep before any recording has ended."""
        report = SweepReport(
            run=self.run,
            source=self.catalog.source.url,
            destination=self.catalog.destination.url,
            began=began,
            ended=began,
        )
        report.left_out = dict(found.left_out)
        report.statuses = {status.value: count for status, count in found.statuses.items()}
        return report


def sweep_tag(run: UUID | str) -> str:
    """Return the tag of all flow runs that a sweep's flow run has made."""
    return f"sweep:{run}"


def sweep_of(tags: Iterable[str]) -> str:
    """Return the ID of the sweep's flow run in the tags of a flow run that it has made; "" without one."""
    named = (each.removeprefix("sweep:") for each in tags if each.startswith("sweep:"))
    return next(named, "")
