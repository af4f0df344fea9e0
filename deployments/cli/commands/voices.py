"""The commands ``stenoflow voices add``, ``list`` and ``remove``."""

from typing import Annotated

import typer

from stenoflow.deployments.cli.errors import exits

voices = typer.Typer(
    name="voices",
    help="Keep people's voices on this machine, so that speakers have names (speakers.known).",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The person's name.")]


@voices.command()
def add(
    name: Name,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Paths or s3:// URLs of recordings in which only they speak."
        ),
    ],
    encoder: Annotated[
        str, typer.Option(metavar="NAME", help="Speaker encoder, as speakers.encoder of profiles.")
    ] = "ge2e",
) -> None:
    """Take a person's voice from recordings of at least 5 s of speech, and keep it.

    A voiceprint is biometric data: ask the person. It is readable for you only, in STENOFLOW_HOME/voices,
    and is never published.

    Exit status: 0 all are kept, 1 a recording cannot be read, 2 wrong usage.
    """
    with exits():
        from stenoflow.deployments.cli.voices import add_voices  # noqa: PLC0415

        add_voices(name, files, encoder)


@voices.command("list")
def list_() -> None:
    """List the people whose voices are kept on this machine."""
    with exits():
        from stenoflow.deployments.cli.voices import list_voices  # noqa: PLC0415

        list_voices()


@voices.command()
def remove(name: Name) -> None:
    """Remove all that is kept of a person's voice. Names in transcripts stay.

    Exit status: 0 it is removed, 2 no such voice is kept.
    """
    with exits():
        from stenoflow.deployments.cli.voices import remove_voice  # noqa: PLC0415

        remove_voice(name)
