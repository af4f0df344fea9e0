"""The command ``stenoflow engines``."""

from typing import Annotated

import typer

from stenoflow.deployments.cli.errors import exits


def engines(
    profile: Annotated[
        str | None, typer.Option(metavar="FILE", help="Profile file; else the defaults are shown.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON array with all figures.")
    ] = False,
) -> None:
    """Show what each installed engine can do, its price and its limits.

    "At once" is how many requests may be open, or "cores" for engines on this machine. Prices are list
    prices of one channel, with the profile's options.

    Exit status: 0, or 2 for a profile that cannot be read.
    """
    with exits():
        from stenoflow.deployments.cli.engines import show_engines  # noqa: PLC0415
        from stenoflow.profile import Profile, read_profile  # noqa: PLC0415

        show_engines(read_profile(profile) if profile else Profile(), as_json=as_json)
