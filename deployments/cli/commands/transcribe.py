"""The command ``stenoflow transcribe``."""

import os
from typing import Annotated

import typer

from stenoflow.deployments.cli.errors import exit_status, exits
from stenoflow.deployments.samples import sample_recordings


def transcribe(
    recordings: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE...", help="Recordings: paths or s3:// URLs."),
    ] = None,
    to: Annotated[
        str, typer.Option("--to", metavar="DEST", help="Folder or s3:// URL for the results.")
    ] = "transcripts",
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Profile: a TOML, YAML or JSON file, or transcription-profile/NAME.",
        ),
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help="whisper, deepgram, openai, or one of another package.")
    ] = None,
    credentials: Annotated[
        str | None,
        typer.Option(help="Block with the engine's API key; else the environment's key is used."),
    ] = None,
    samples: Annotated[
        bool, typer.Option("--samples", help="Transcribe the sample recordings of Stenoflow.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Publish again what is published already.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print one JSON object per recording, as each ends, instead of a table.",
        ),
    ] = False,
    at_once: Annotated[
        int, typer.Option(min=1, max=32, help="Recordings transcribed at the same time.")
    ] = 2,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show Prefect's log.")] = False,
) -> None:
    """Transcribe recordings on this machine.

    Each is a flow run at PREFECT_API_URL or, without it, at a server that ends with the command.

    Exit status: 0 every recording is published or holds no speech, 1 some failed or were rejected,
    2 wrong usage, 130 stopped by Ctrl-C, 143 stopped by SIGTERM.
    """
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    if not verbose:
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    named = list(recordings or [])
    if samples:
        named += [str(path) for path in sample_recordings()]
    if not named:
        raise typer.BadParameter("name at least one recording, or use --samples")
    with exits():
        from stenoflow.deployments.cli.transcribe import Choices, transcribe_here  # noqa: PLC0415

        choices = Choices.of(
            profile=profile, engine=engine, credentials=credentials, force=force, at_once=at_once
        )
        well = transcribe_here(named, to, choices, as_json=as_json)
    raise exit_status(well)
