"""The command ``stenoflow render``."""

from typing import Annotated

import typer

from stenoflow.deployments.cli.errors import exit_status, exits
from stenoflow.errors import ConfigurationError


def render(
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="Recordings, by their keys.")],
    to: Annotated[
        str, typer.Option("--to", metavar="DEST", help="Folder or s3:// URL that holds them.")
    ] = "transcripts",
    also: Annotated[
        str, typer.Option(metavar="NAMES", help="Formats to add, with commas: docling,parquet.")
    ] = "",
    profile: Annotated[
        str | None, typer.Option(metavar="FILE", help="Profile file; else the one it was made by.")
    ] = None,
) -> None:
    """Publish transcripts again in other formats, from the ledger, without paying again.

    Exit status: 0 everything was written, 1 something was not, 2 wrong usage.
    """
    with exits():
        from stenoflow.deployments.cli.render import render_again  # noqa: PLC0415
        from stenoflow.deployments.cli.transcribe import read_profile  # noqa: PLC0415

        chosen = read_profile(profile) if profile else None
        if isinstance(chosen, str):
            raise ConfigurationError("render takes a profile from a file, not from a block.")
        names = tuple(name.strip() for name in also.split(",") if name.strip())
        well = render_again(keys, to, chosen, names)
    raise exit_status(well)
