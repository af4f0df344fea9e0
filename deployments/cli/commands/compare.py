"""The command ``stenoflow compare``."""

from decimal import Decimal
from typing import Annotated

import typer

from stenoflow.deployments.cli.errors import exit_status, exits


def compare(
    recordings: Annotated[
        list[str], typer.Argument(metavar="RECORDING...", help="Paths or s3:// URLs.")
    ],
    to: Annotated[
        str,
        typer.Option("--to", metavar="DEST", help="Folder or s3:// URL that has the ledger."),
    ] = "transcripts",
    engines: Annotated[
        str, typer.Option(metavar="NAMES", help="Engines, with commas: whisper,deepgram.")
    ] = "",
    profiles: Annotated[
        list[str] | None,
        typer.Option("--profile", metavar="FILE", help="Profile file; name several, or --engines."),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="The right words: .txt, .srt, .vtt or transcript.json, or a folder of them.",
        ),
    ] = None,
    buy: Annotated[
        bool, typer.Option("--buy", help="Buy transcripts that the ledger does not have.")
    ] = False,
    max_cost: Annotated[
        float | None,
        typer.Option(metavar="USD", min=0, help="Most that --buy may spend, by estimates."),
    ] = None,
    page: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write an HTML page with all differences."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object with all figures.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print figures of each recording, however many.")
    ] = False,
) -> None:
    """Compare engines or profiles on recordings, with each other or with references.

    Transcripts come from the ledger at DEST, and nothing is bought without --buy. Without --reference
    the others are compared with the first engine or profile.

    Exit status: 0 something was compared, 1 nothing could be, 2 wrong usage.
    """
    with exits():
        from stenoflow.deployments.cli.compare import Choices, show_comparison  # noqa: PLC0415

        choices = Choices.of(
            engines=engines,
            profiles=profiles or [],
            reference=reference,
            buy=buy,
            max_cost_usd=None if max_cost is None else Decimal(str(max_cost)),
        )
        well = show_comparison(recordings, to, choices, page=page, as_json=as_json, verbose=verbose)
    raise exit_status(well)
