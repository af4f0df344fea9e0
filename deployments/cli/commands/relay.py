"""The command ``stenoflow relay``."""

from typing import Annotated

import typer

from stenoflow.deployments.cli.errors import exits


def relay(
    sources: Annotated[
        list[str],
        typer.Option(
            "--source",
            metavar="STORE",
            help="Bucket of the recordings: object-store/NAME or s3:// URL. May be repeated.",
        ),
    ],
    queue: Annotated[
        str | None, typer.Option(metavar="URL", help="SQS queue that uploads are announced in.")
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
    with exits():
        from stenoflow.deployments.relay.relay import relay_until_stopped  # noqa: PLC0415

        relay_until_stopped(sources, queue, listen, rate)
