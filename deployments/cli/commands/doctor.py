"""The command ``stenoflow doctor``."""

from typing import Annotated

import typer

from stenoflow.deployments.cli.errors import exit_status, exits


def doctor(
    block: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A saved block, such as object-store/recordings."),
    ] = None,
) -> None:
    """Check what is installed, and print the command that installs what is missing.

    With --block: check that a store can be reached, listed, read, written, and written only if absent;
    that a key is accepted; that a profile's engine and formats are installed.

    Exit status: 0 all is well, 1 something is missing, 2 wrong usage.
    """
    with exits():
        from stenoflow.deployments.cli.doctor import examine, examine_block  # noqa: PLC0415

        well = examine_block(block) if block else examine()
    raise exit_status(well)
