"""Every figure is an estimate, exact to the table it comes from, and never too low."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.billing.pricing import Prices, load_prices
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.deepgram.parameters import parameters, result_affecting_params
from stenoflow.engines.prices import list_prices, prices_in_force
from stenoflow.errors import ConfigurationError


def line(usd: str, as_of: str = "2026-01-01") -> dict[str, str]:
    return {"usd_per_minute": usd, "as_of": as_of, "source": "a price list"}


TABLE = Prices.model_validate(
    {
        "engines": {
            "ours": {"free": True},
            "theirs": {
                "models": {
                    "nova": line("0.60"),
                    "nova-2": line("0.30"),
                    "nova-3": line("0.90"),
                    "nova-3 multilingual": line("1.20"),
                },
                "features": {"diarize": line("0.06", "2025-06-01"), "redact": line("0.12")},
                "by_token": ["summarize", "topics"],
            },
        }
    }
)


@pytest.mark.parametrize(
    "options, usd_a_minute",
    [
        ({"model": "nova-3"}, "0.90"),
        ({"model": "nova-3-medical"}, "0.90"),
        ({"model": "nova-2-meeting"}, "0.30"),
        ({"model": "nova-general"}, "0.60"),
        ({"model": "nova-3", "language": "multi"}, "1.20"),
        ({"model": "nova-3", "detect_language": ["en", "de"]}, "1.20"),
        ({"model": "nova-2", "language": "multi"}, "0.30"),
        ({"model": "nova-3", "diarize": True}, "0.96"),
        ({"model": "nova-3", "diarize": False}, "0.90"),
        ({"model": "nova-3", "diarize_model": "v2"}, "0.96"),
        ({"model": "nova-3", "diarize_model": "v2", "redact": ["pci"]}, "1.08"),
    ],
    ids=str,
)
def test_a_minute_costs_its_model_and_what_is_asked_beside(
    options: dict[str, Any], usd_a_minute: str
) -> None:
    estimate = TABLE.estimate("theirs", options, 60)
    assert estimate.usd == Decimal(usd_a_minute)
    assert estimate.warnings == ()


@given(st.floats(0, 1e6, allow_nan=False), st.integers(1, 16))
def test_each_second_of_each_channel_is_charged_and_never_too_little(
    seconds: float, channels: int
) -> None:
    usd = TABLE.estimate("theirs", {"model": "nova-3"}, seconds * channels).usd
    assert usd is not None
    exact = Decimal("0.015") * Decimal(seconds * channels)
    assert 0 <= usd - exact <= Decimal("0.000001")


def test_an_estimate_is_as_old_as_the_oldest_price_in_it() -> None:
    with_feature = TABLE.estimate("theirs", {"model": "nova-3", "diarize": True}, 1)
    assert with_feature.as_of == date(2025, 6, 1)
    assert TABLE.estimate("theirs", {"model": "nova-3"}, 1).as_of == date(2026, 1, 1)


def test_charges_by_the_token_are_left_out_with_a_note() -> None:
    estimate = TABLE.estimate("theirs", {"model": "nova-3", "summarize": "v2"}, 60)
    assert estimate.usd == Decimal("0.90")
    assert estimate.warnings == ("The estimate leaves out summarize, charged by the token.",)


def test_our_own_machines_cost_nothing() -> None:
    assert TABLE.estimate("ours", {"model": "any"}, 1e6).usd == 0


@pytest.mark.parametrize(
    "engine, model", [("theirs", "nova-4"), ("theirs", "nova-33"), ("nobody", "nova-3")]
)
def test_what_has_no_price_is_not_guessed(engine: str, model: str) -> None:
    estimate = TABLE.estimate(engine, {"model": model}, 60)
    assert estimate.usd is None
    assert estimate.warnings[0].startswith(f"No price is known for {engine}'s model '{model}'")


def test_the_table_that_ships_prices_what_a_default_profile_asks_of_deepgram() -> None:
    options = result_affecting_params(parameters(DeepgramOptions(), multichannel=False))
    estimate = list_prices().estimate("deepgram", options, 3600)
    assert estimate.usd == Decimal("0.5820")  # (0.0077 + 0.0020) USD a minute
    assert estimate.as_of is not None


def test_the_table_that_ships_says_where_each_price_is_from() -> None:
    for engine in list_prices().engines.values():
        for price in (*engine.models.values(), *engine.features.values()):
            assert price.source and price.as_of < date(2100, 1, 1)


def test_ones_own_table_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"engines": {"deepgram": {"models": {"nova-3": line("0.0010")}}}}
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(own))
    monkeypatch.setenv("STENOFLOW_PRICES", str(path))
    assert prices_in_force().estimate("deepgram", {"model": "nova-3"}, 60).usd == Decimal("0.0010")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"engines": {"deepgram": {"models": {"nova-3": {"usd_per_minute": "-1"}}}}}',
        '{"engines": {"deepgram": {"modells": {}}}}',
    ],
)
def test_a_table_that_is_none_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"wrong\.json"):
        load_prices(str(path))


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.json"):
        load_prices(str(tmp_path / "absent.json"))
