"""The command ``stenoflow serve``."""

from pathlib import Path
from typing import Annotated

import typer

from stenoflow.deployments.cli.errors import exit_status, exits


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the UI and the API.")] = 4200,
    recordings: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="Location of the block object-store/recordings, if it is new."
        ),
    ] = Path("recordings"),
    transcripts: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="Location of the block object-store/transcripts, if it is new."
        ),
    ] = Path("transcripts"),
    at_once: Annotated[
        int,
        typer.Option(min=2, max=64, help="Flow runs at once: a large sweep waits for its batches."),
    ] = 2,
) -> None:
    """Run a server with UI and password, the deployments, and a worker on this machine.

    Database, password and logs are kept in STENOFLOW_HOME (~/.stenoflow). Ctrl-C or SIGTERM
    stops everything.

    Exit status: 0 ended by Ctrl-C or SIGTERM, 1 a part of it ended by itself, 2 wrong usage.
    """
    with exits():
        from stenoflow.deployments.server.serve import serve as run_server  # noqa: PLC0415

        well = run_server(
            port=port, recordings=recordings, transcripts=transcripts, at_once=at_once
        )
    raise exit_status(well)
