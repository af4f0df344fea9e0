"""The command ``stenoflow submit``."""

from enum import StrEnum
from typing import Annotated

import typer

from stenoflow.deployments.cli.errors import exit_status, exits


class Priority(StrEnum):
    """The work queue of a run."""

    URGENT = "urgent"
    BULK = "bulk"


def submit(
    recordings: Annotated[
        list[str],
        typer.Argument(metavar="RECORDING...", help="Keys in the source, or s3:// URLs."),
    ],
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="STORE",
            help="object-store/NAME, s3:// URL or absolute path; else as deployed.",
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="STORE", help="Where transcripts go; else as deployed."),
    ] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="transcription-profile/NAME, or a file.")
    ] = None,
    credentials: Annotated[
        str | None, typer.Option(metavar="NAME", help="Block with the engine's API key.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Publish again what is published already.")
    ] = False,
    priority: Annotated[
        Priority,
        typer.Option(help="bulk lets other runs, and their requests to the engine, go first."),
    ] = Priority.URGENT,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until all have ended, and print how.")
    ] = False,
) -> None:
    """Run the deployment transcribe/api at PREFECT_API_URL for each recording.

    Submitted again while its run is not finished, a recording gets no second run.

    Exit status: 0 all are submitted (with --wait: published, or without speech), 1 some failed, or
    the server does not answer, 2 wrong usage, 130 stopped by Ctrl-C, 143 stopped by SIGTERM; the runs
    go on.
    """
    with exits():
        from stenoflow.deployments.cli.submit import submit as submit_runs  # noqa: PLC0415

        well = submit_runs(
            recordings,
            source=source,
            destination=to,
            profile=profile,
            credentials=credentials,
            force=force,
            priority=priority.value,
            wait=wait,
        )
    raise exit_status(well)
