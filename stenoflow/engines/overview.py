"""The installed engines side by side: what each can do, costs and is limited to, without running it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, Self

from stenoflow.billing.pricing import Prices
from stenoflow.engines.base import EngineLimits, EngineSpec
from stenoflow.engines.capabilities import Capabilities
from stenoflow.engines.registry import EngineChoice, engines, open_engine_without_account
from stenoflow.errors import StenoflowError

HOUR_S = 3600


class AnyEngineChoice(EngineChoice, Protocol):
    """A profile that can be given another engine."""

    def with_engine(self, name: str) -> Self:
        """Return the same profile with another engine."""
        ...


@dataclass(frozen=True, slots=True)
class EngineOverview:
    """One engine, with the options that a profile has for it."""

    name: str
    title: str
    model: str
    """As its section names it; "" where it has no such option."""
    capabilities: Capabilities
    """With these options, or at best if that is unknown."""
    usd_per_hour: Decimal | None
    """Estimated price of an hour of one channel; None where no price is known."""
    limits: EngineLimits | None
    """None for engines that run on this machine."""
    max_request_bytes: int | None
    """Largest request; None if there is no limit, or it is unknown."""
    key: str = ""
    """The variable of the environment that may hold its key."""
    problem: str = ""
    """Reason why it cannot be opened with these options; "" if it can."""


def overview(profile: AnyEngineChoice, prices: Prices) -> Iterator[EngineOverview]:
    """Yield each installed engine, with the profile's options for it."""
    for spec in engines().values():
        yield _overview(spec, profile, prices)


def _overview(spec: EngineSpec[Any], profile: AnyEngineChoice, prices: Prices) -> EngineOverview:
    capabilities, usd, largest, problem = spec.capabilities, None, None, ""
    model = ""
    if spec.prices.free:
        usd = Decimal(0)
    try:
        options = profile.options_for(spec)
        model = str(getattr(options, "model", ""))
        capabilities = spec.capabilities_for(options)
        engine = open_engine_without_account(profile.with_engine(spec.name))
        usd = prices.estimate(spec.name, engine.identity(), HOUR_S).usd
        largest = engine.max_request_bytes
    except StenoflowError as error:
        problem = str(error)
    return EngineOverview(
        name=spec.name,
        title=spec.title,
        model=model,
        capabilities=capabilities,
        usd_per_hour=usd,
        limits=spec.limits,
        max_request_bytes=largest,
        key=spec.credentials.variable if spec.credentials else "",
        problem=problem,
    )
