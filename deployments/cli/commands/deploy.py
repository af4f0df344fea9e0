"""The command ``stenoflow deploy``."""

import math
from typing import TYPE_CHECKING, Annotated

import typer

from stenoflow.deployments.cli.errors import exits

if TYPE_CHECKING:
    from stenoflow.engines.base import EngineLimits


def deploy(
    crashed_after: Annotated[
        float | None,
        typer.Option(
            min=45,
            metavar="SECONDS",
            help="Mark a run as crashed after so long without a heartbeat; else after 300.",
        ),
    ] = None,
    limits: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ENGINE=OPEN,PER_SECOND",
            help="Set how many requests to an engine may be open at once, and begin each second.",
        ),
    ] = None,
) -> None:
    """Register work pool, limits, blocks, deployments and automations at PREFECT_API_URL.

    It is safe to repeat.

    Exit status: 0 registered, 1 the server does not answer, 2 wrong usage.
    """
    chosen = dict(map(_engine_limits, limits or []))
    with exits():
        from stenoflow.deployments.deploy import deploy as register  # noqa: PLC0415

        register(crashed_after_s=crashed_after, limits=chosen)


def _engine_limits(text: str) -> "tuple[str, EngineLimits]":
    from stenoflow.engines.base import EngineLimits  # noqa: PLC0415

    engine, _, numbers = text.partition("=")
    open_requests, _, per_s = numbers.partition(",")
    try:
        chosen = EngineLimits(int(open_requests), float(per_s))
    except ValueError:
        chosen = None
    if chosen is None or chosen.open_requests < 1 or not 0 < chosen.requests_per_s < math.inf:
        raise typer.BadParameter(f"{text!r} is not like deepgram=100,40")
    return engine, chosen
