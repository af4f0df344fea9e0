"""The commands of ``stenoflow`` that speak to a Prefect server."""

import os
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
    from stenoflow.errors import ConfigurationError, StenoError  # noqa: PLC0415

    try:
        yield
    except StenoError as error:
        typer.echo(f"stenoflow: {error}", err=True)
        raise typer.Exit(WRONG_USAGE if isinstance(error, ConfigurationError) else 1) from error


@commands.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the UI and the API.")] = 4200,
    recordings: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Of the block object-store/recordings, if new.")
    ] = Path("recordings"),
    transcripts: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Of the block object-store/transcripts, if new.")
    ] = Path("transcripts"),
    at_once: Annotated[
        int,
        typer.Option(min=2, max=64, help="Flow runs at once: a large sweep waits for its batches."),
    ] = 2,
) -> None:
    """Run everything on this machine: server with UI and password, deployments, worker.

    Database, password and logs are kept in STENOFLOW_HOME (~/.stenoflow). Ctrl-C stops it all.
    """
    with _said_plainly():
        from stenoflow.deployments.server.serve import serve as serve_here  # noqa: PLC0415

        well = serve_here(
            port=port, recordings=recordings, transcripts=transcripts, at_once=at_once
        )
    raise typer.Exit(0 if well else 1)


@commands.command()
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

    Safe to repeat. Exit status: 0 registered, 1 the server does not answer, 2 wrong usage.
    """
    with _said_plainly():
        from stenoflow.deployments.deploy import deploy as register  # noqa: PLC0415

        register(crashed_after_s=crashed_after)


@commands.command()
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
        str | None, typer.Option("--to", metavar="STORE", help="The same, for the transcripts.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="transcription-profile/NAME, or a file.")
    ] = None,
    credentials: Annotated[
        str | None, typer.Option(metavar="NAME", help="deepgram-credentials/NAME.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Also what is published already.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Until all have ended, and say how.")
    ] = False,
) -> None:
    """Hand recordings to the deployment transcribe/api at PREFECT_API_URL; print the runs' pages.

    Asked again while a run is under way, it names that run.

    Exit status: 0 all are submitted (with --wait: published, or without speech), 1 some failed, or
    the server does not answer, 2 wrong usage.
    """
    with _said_plainly():
        from stenoflow.deployments.cli.submit import submit as hand_over  # noqa: PLC0415

        well = hand_over(
            recordings,
            source=source,
            destination=to,
            profile=profile,
            credentials=credentials,
            force=force,
            wait=wait,
        )
    raise typer.Exit(0 if well else 1)


@commands.command()
def status(
    recording: Annotated[
        str, typer.Argument(metavar="RECORDING", help="Its key in the source, or its s3:// URL.")
    ],
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="STORE", help="Also what its manifest there says: cost, ..."),
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=200, help="Runs shown, the latest first.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")] = False,
) -> None:
    """Say where a recording is, and why it failed: its latest runs, newest first.

    Exit status: 0 there is something to say, 1 nothing is known of it, 2 wrong usage.
    """
    # Prefect reads its settings when it is first imported; loading a block has it say things.
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")
    with _said_plainly():
        from stenoflow.deployments.cli.status import show_status  # noqa: PLC0415

        known = show_status(recording, to, most=most, as_json=as_json)
    raise typer.Exit(0 if known else 1)


@commands.command()
def relay(
    sources: Annotated[
        list[str],
        typer.Option(
            "--source",
            metavar="STORE",
            help="Bucket recordings come to: object-store/NAME or s3:// URL. May be repeated.",
        ),
    ],
    queue: Annotated[
        str | None, typer.Option(metavar="URL", help="SQS queue that is told of uploads.")
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Take HTTP push here, with STENOFLOW_RELAY_TOKEN as secret."
        ),
    ] = None,
    rate: Annotated[
        float, typer.Option(min=0.001, help="HTTP requests taken per second; 429 beyond.")
    ] = 100.0,
) -> None:
    """Turn an S3 server's notifications of uploads into Prefect events, until Ctrl-C.

    They come by SQS (--queue), by HTTP push from Ceph RGW, MinIO or Amazon SNS (--listen), or both.
    The deployment transcribe/api runs for each upload.

    Exit status: 0 ended by Ctrl-C or SIGTERM, 1 queue or Prefect server does not answer, 2 wrong usage.
    """
    with _said_plainly():
        from stenoflow.deployments.relay.relay import relay_until_stopped  # noqa: PLC0415

        relay_until_stopped(sources, queue, listen, rate)
