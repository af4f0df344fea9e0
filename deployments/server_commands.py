"""The commands of ``stenoflow`` that speak to a Prefect server."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer()

WRONG_USAGE = 2


@contextmanager
def _said_plainly() -> Generator[None]:
    """Errors as one sentence: exit status 2 for what was asked, 1 for what is missing."""
    from steno.errors import BadChoice, MissingDependency  # noqa: PLC0415

    try:
        yield
    except (BadChoice, MissingDependency) as error:
        typer.echo(f"stenoflow: {error}", err=True)
        raise typer.Exit(WRONG_USAGE if isinstance(error, BadChoice) else 1) from error


@commands.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the UI and the API.")] = 4200,
    recordings: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Of the block object-store/recordings, if new.")
    ] = Path("recordings"),
    transcripts: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Of the block object-store/transcripts, if new.")
    ] = Path("transcripts"),
    at_once: Annotated[int, typer.Option(min=1, max=64, help="Flow runs at the same time.")] = 2,
) -> None:
    """Run everything on this machine: server with UI and password, deployments, worker.

    Database, password and logs are kept in STENOFLOW_HOME (~/.stenoflow). Ctrl-C stops it all.
    """
    with _said_plainly():
        from deployments.serving import serve as serve_here  # noqa: PLC0415

        well = serve_here(
            port=port, recordings=recordings, transcripts=transcripts, at_once=at_once
        )
    raise typer.Exit(0 if well else 1)


@commands.command()
def deploy(
    dead_after: Annotated[
        float,
        typer.Option(
            min=45, metavar="SECONDS", help="Without heartbeat for so long a run counts as dead."
        ),
    ] = 150.0,
) -> None:
    """Register work pool, limits, blocks, deployments and automations at PREFECT_API_URL.

    Safe to repeat. Exit status: 0 registered, 1 the server does not answer, 2 wrong usage.
    """
    with _said_plainly():
        from deployments.deploying import deploy as register  # noqa: PLC0415

        register(dead_after_s=dead_after)


@commands.command()
def submit(
    keys: Annotated[list[str], typer.Argument(metavar="RECORDING...", help="Keys in the source.")],
    source: Annotated[
        str | None, typer.Option(help="object-store/NAME, s3:// URL or folder; else as deployed.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="DEST", help="The same, for the transcripts.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="transcription-profile/NAME.")] = None,
    credentials: Annotated[str | None, typer.Option(help="deepgram-credentials/NAME.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also what is published already.")] = False,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Asked again with this, no second run is made.")
    ] = None,
) -> None:
    """Ask the server at PREFECT_API_URL to transcribe recordings; print the runs' ids."""
    chosen = {"source": source, "destination": to, "profile": profile, "credentials": credentials}
    given = {name: value for name, value in chosen.items() if value is not None}
    with _said_plainly():
        from deployments.submitting import submit as ask  # noqa: PLC0415

        ask(keys, given | ({"force": True} if force else {}), idempotency_key)


@commands.command()
def status(
    recording: Annotated[str, typer.Argument(metavar="RECORDING", help="Its key in the source.")],
) -> None:
    """Say where a recording is: its latest runs, newest first. Exit status 1: there is none."""
    with _said_plainly():
        from deployments.submitting import status as tell  # noqa: PLC0415

        known = tell(recording)
    raise typer.Exit(0 if known else 1)
