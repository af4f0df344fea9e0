"""``stenoflow``: what people do at a terminal. Prefect's own UI, CLI and API do the rest."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from stenoflow.deployments.cli.server_commands import commands

app = typer.Typer(
    name="stenoflow",
    help="Recordings in object storage become transcripts in object storage.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(commands)

WRONG_USAGE = 2
INTERRUPTED = 130


@app.command()
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
        str | None, typer.Option(help="pocketsphinx, deepgram, openai or faster-whisper.")
    ] = None,
    credentials: Annotated[
        str | None,
        typer.Option(help="deepgram-credentials/NAME; else DEEPGRAM_API_KEY of the environment."),
    ] = None,
    samples: Annotated[
        bool, typer.Option("--samples", help="Take the sample recordings that come along.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Publish again what is published already.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per recording instead.")
    ] = False,
    at_once: Annotated[
        int, typer.Option(min=1, max=32, help="Recordings worked on at the same time.")
    ] = 2,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show Prefect's log.")] = False,
) -> None:
    """Transcribe recordings: here and now, recorded as flow runs at PREFECT_API_URL or, without it,
    in a server that lives as long as the command.

    Exit status: 0 every recording is published or holds no speech, 1 some failed or were rejected,
    2 wrong usage.
    """
    # Prefect reads its settings when it is first imported.
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    if not verbose:
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    from stenoflow.deployments.cli.transcribe import Choices, transcribe_here  # noqa: PLC0415
    from stenoflow.errors import ConfigurationError, MissingDependency  # noqa: PLC0415

    named = list(recordings or [])
    if samples:
        named += [str(path) for path in sample_recordings()]
    if not named:
        raise typer.BadParameter("name at least one recording, or use --samples")
    try:
        choices = Choices.of(
            profile=profile, engine=engine, credentials=credentials, force=force, at_once=at_once
        )
        ended_well = transcribe_here(named, to, choices, as_json=as_json)
    except ConfigurationError as error:
        typer.echo(f"stenoflow: {error}", err=True)
        raise typer.Exit(WRONG_USAGE) from error
    except MissingDependency as error:
        typer.echo(f"stenoflow: {error}", err=True)
        raise typer.Exit(1) from error
    raise typer.Exit(0 if ended_well else 1)


@app.command()
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
    """Publish in other formats what was bought, from the ledger: no audio is read, nothing is paid.

    Exit status: 0 everything was written, 1 something was not, 2 wrong usage.
    """
    from stenoflow.deployments.cli.render import render_again  # noqa: PLC0415
    from stenoflow.deployments.cli.transcribe import choose_profile  # noqa: PLC0415
    from stenoflow.errors import ConfigurationError  # noqa: PLC0415

    try:
        chosen = choose_profile(profile) if profile else None
        if isinstance(chosen, str):
            raise ConfigurationError("render takes a profile from a file, not a block.")
        names = tuple(name.strip() for name in also.split(",") if name.strip())
        well = render_again(keys, to, chosen, names)
    except ConfigurationError as error:
        typer.echo(f"stenoflow: {error}", err=True)
        raise typer.Exit(WRONG_USAGE) from error
    raise typer.Exit(0 if well else 1)


@app.command()
def doctor(
    block: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A saved block, such as object-store/recordings."),
    ] = None,
) -> None:
    """Say what is installed, what is missing, and the command that mends it.

    With --block: whether a store can be reached, listed, read, written and written only if absent;
    whether a key is accepted; whether a profile's engine and formats are installed.

    Exit status: 0 all is well, 1 something is missing, 2 wrong usage.
    """
    from stenoflow.deployments.cli.doctor import examine, examine_block  # noqa: PLC0415
    from stenoflow.errors import ConfigurationError  # noqa: PLC0415

    try:
        well = examine_block(block) if block else examine()
    except ConfigurationError as error:
        typer.echo(f"stenoflow: {error}", err=True)
        raise typer.Exit(WRONG_USAGE) from error
    raise typer.Exit(0 if well else 1)


def sample_recordings() -> list[Path]:
    """The recordings that come with Stenoflow."""
    folder = Path(__file__).parents[1] / "samples"
    return sorted(path for path in folder.iterdir() if path.suffix in {".mp3", ".mp4", ".ogg"})


def main() -> None:
    """Entry point of the ``stenoflow`` command."""
    try:
        app()
    except KeyboardInterrupt:
        typer.echo("stenoflow: stopped", err=True)
        sys.exit(INTERRUPTED)
