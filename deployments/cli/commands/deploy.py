"""The command ``stenoflow deploy``."""

from typing import Annotated

import typer

from stenoflow.deployments.cli.errors import exits


def deploy(
    crashed_after: Annotated[
        float | None,
        typer.Option(
            min=45,
            metavar="SECONDS",
            help="Mark a run as crashed after so long without a heartbeat; else after 300.",
        ),
    ] = None,
) -> None:
    """Register work pool, limits, blocks, deployments and automations at PREFECT_API_URL.

    It is safe to repeat.

    Exit status: 0 registered, 1 the server does not answer, 2 wrong usage.
    """
    with exits():
        from stenoflow.deployments.deploy import deploy as register  # noqa: PLC0415

        register(crashed_after_s=crashed_after)
