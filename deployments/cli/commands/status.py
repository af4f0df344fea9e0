"""The command ``stenoflow status``."""

import os
from typing import Annotated

import typer

from stenoflow.deployments.cli.errors import exit_status, exits


def status(
    recording: Annotated[
        str, typer.Argument(metavar="RECORDING", help="Its key in the source, or its s3:// URL.")
    ],
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="STORE", help="Where its transcript goes: print its manifest's figures."
        ),
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=200, help="Runs shown, the latest first.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")] = False,
) -> None:
    """Show a recording's latest runs, how far they are, and why they failed.

    Exit status: 0 something is known of the recording, 1 nothing is, 2 wrong usage.
    """
    # Loading a block would print what is meant for a log.
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")
    with exits():
        from stenoflow.deployments.cli.status import show_status  # noqa: PLC0415

        known = show_status(recording, to, most=most, as_json=as_json)
    raise exit_status(known)
