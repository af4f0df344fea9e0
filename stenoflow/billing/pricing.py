"""Prices of transcription, and estimates made from them: every figure is an estimate, not an invoice.

Each engine declares its list prices, without any contract's discount, in its
:class:`~stenoflow.engines.base.EngineSpec`. Where sources disagree it takes the higher price, so that a
limit on cost is kept in either case. A table of one's own takes the place of all of them, see
:func:`stenoflow.engines.prices.prices_in_force`; it is a :class:`Prices` in JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stenoflow.errors import ConfigurationError
from stenoflow.options import validation_message

SMALLEST_USD = Decimal("0.000001")


class Price(BaseModel):
    """One entry of a price list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    usd_per_minute: Decimal = Field(ge=0)
    """In proportion to each second of each channel."""
    as_of: date
    source: str

    @classmethod
    def listed(cls, usd_per_minute: str, as_of: str, source: str) -> Self:
        """Return a price written down as texts; ``as_of`` is an ISO date."""
        return cls(
            usd_per_minute=Decimal(usd_per_minute), as_of=date.fromisoformat(as_of), source=source
        )


class EnginePrices(BaseModel):
    """The list prices of one engine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    free: bool = False
    """True for engines that run on one's own machines."""
    models: dict[str, Price] = Field(default_factory=dict[str, Price])
    """By name; a model of a family ("nova-2-meeting") has its family's price ("nova-2")."""
    features: dict[str, Price] = Field(default_factory=dict[str, Price])
    """By option; added where the option is used."""
    by_token: tuple[str, ...] = ()
    """Options charged by the length of the text, which is not known beforehand."""


@dataclass(frozen=True, slots=True)
class PriceEstimate:
    """The estimated price of some seconds of audio."""

    usd: Decimal | None
    """In USD; None where the table does not have the engine or its model."""
    as_of: date | None
    """Date of the oldest price in it; None where it is free or unknown."""
    warnings: tuple[str, ...] = ()


class Prices(BaseModel):
    """A table of list prices by engine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engines: dict[str, EnginePrices]

    def estimate(self, engine: str, options: Mapping[str, Any], seconds: float) -> PriceEstimate:
        """Return the estimated price of ``seconds`` of audio, with the options of ``Engine.identity()``.

        Channels that are transcribed separately count their seconds once each. Rounded up to a
        millionth of a dollar.
        """
        prices = self.engines.get(engine, EnginePrices())
        if prices.free:
            return PriceEstimate(Decimal(0), None)
        model = str(options.get("model", ""))
        base = _model_price(prices, model, options)
        if base is None:
            known = ", ".join(prices.models) or "none"
            return PriceEstimate(
                None,
                None,
                (f"No price is known for {engine}'s model {model!r} (known: {known}).",),
            )
        added = [base, *(prices.features[each] for each in prices.features if _uses(options, each))]
        per_minute = sum((each.usd_per_minute for each in added), Decimal(0))
        usd = per_minute * Decimal(seconds) / 60
        unpriced = [each for each in prices.by_token if _uses(options, each)]
        warnings = [f"The estimate leaves out {each}, charged by the token." for each in unpriced]
        return PriceEstimate(
            usd.quantize(SMALLEST_USD, rounding=ROUND_UP),
            min(each.as_of for each in added),
            tuple(warnings),
        )


def _model_price(prices: EnginePrices, model: str, options: Mapping[str, Any]) -> Price | None:
    families = [each for each in prices.models if model == each or _is_variant(model, each)]
    if not families:
        return None
    family = max(families, key=len)
    several = options.get("language") == "multi" or options.get("detect_language")
    return prices.models.get(f"{family} multilingual" if several else family, prices.models[family])


def _is_variant(model: str, family: str) -> bool:
    """Return True if a model is one of a family: nova-2-meeting of nova-2, but not nova-2 of nova."""
    variant = model.removeprefix(f"{family}-")
    return variant != model and not variant[:1].isdigit()


def _uses(options: Mapping[str, Any], feature: str) -> bool:
    if feature == "diarize":
        return bool(options.get("diarize") or options.get("diarize_model"))
    return bool(options.get(feature))


@cache
def load_prices(path: str) -> Prices:
    """Return the table in a JSON file. Raises ConfigurationError where it cannot be used."""
    try:
        return Prices.model_validate_json(Path(path).read_text())
    except ValidationError as error:
        raise ConfigurationError(
            f"The table of prices {path} is not valid: {validation_message(error, Prices)}."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The table of prices {path} cannot be read: {error}") from error
