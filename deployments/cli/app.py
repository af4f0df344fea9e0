"""``stenoflow``: what people do at a terminal. Prefect's own UI, CLI and API do the rest."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from stenoflow.deployments.cli.commands.compare import compare
from stenoflow.deployments.cli.commands.deploy import deploy
from stenoflow.deployments.cli.commands.doctor import doctor
from stenoflow.deployments.cli.commands.engines import engines
from stenoflow.deployments.cli.commands.relay import relay
from stenoflow.deployments.cli.commands.render import render
from stenoflow.deployments.cli.commands.serve import serve
from stenoflow.deployments.cli.commands.status import status
from stenoflow.deployments.cli.commands.submit import submit
from stenoflow.deployments.cli.commands.transcribe import transcribe
from stenoflow.deployments.cli.commands.voices import voices
from stenoflow.deployments.cli.errors import INTERRUPTED
from stenoflow.deployments.cli.interruption import exit_on_sigterm

app = typer.Typer(
    name="stenoflow",
    help="Turn recordings in object storage into transcripts in object storage.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(voices)

for command in (transcribe, render, compare, engines, doctor, serve, deploy, submit, status, relay):
    app.command()(command)


def print_version(wanted: bool) -> None:
    """Print the version and end, if ``--version`` is given."""
    if wanted:
        typer.echo(f"stenoflow {version('stenoflow')}")
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", callback=print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Turn recordings in object storage into transcripts in object storage."""


def main() -> None:
    """Run the command line; the entry point of ``stenoflow`` and of ``python -m stenoflow``."""
    exit_on_sigterm()
    try:
        app()
    except KeyboardInterrupt:
        typer.echo("stenoflow: stopped", err=True)
        sys.exit(INTERRUPTED)
