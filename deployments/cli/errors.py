"""Exit statuses, and errors as one sentence on the terminal."""

from collections.abc import Generator
from contextlib import contextmanager

import typer

from stenoflow.errors import ConfigurationError, StenoflowError

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130
TERMINATED = 143
"""Statuses of a command that Ctrl-C or SIGTERM ended: 128 and the signal's number, as shells count."""


@contextmanager
def exits() -> Generator[None]:
    """End the command with an error's sentence: status 2 for a wrong choice, 1 for anything else."""
    try:
        yield
    except StenoflowError as error:
        typer.echo(f"stenoflow: {error}", err=True)
        wrong = isinstance(error, ConfigurationError)
        raise typer.Exit(WRONG_USAGE if wrong else FAILED) from error


def exit_status(well: bool) -> typer.Exit:
    """Return the end of a command that has printed what it did."""
    return typer.Exit(0 if well else FAILED)
