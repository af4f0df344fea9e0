"""``stenoflow render``: publish recordings in other formats, from the ledger, without paying again."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from stenoflow.engines.prices import prices_in_force
from stenoflow.engines.registry import open_engine_without_account
from stenoflow.errors import ConfigurationError, NotFound, StenoflowError
from stenoflow.manifest.keys import manifests_of
from stenoflow.manifest.model import Manifest, read_manifest
from stenoflow.pipeline.publish import publish_again
from stenoflow.profile.model import Profile
from stenoflow.storage import Store, open_store


def render_again(
    keys: Iterable[str], destination: str, profile: Profile | None, also: Sequence[str]
) -> bool:
    """Publish recordings again from the ledger, and print what is published. Return True if all could be.

    With ``profile`` None each keeps the profile that it was published with. ``also`` names formats beside
    those of the profile. Raises ConfigurationError if the destination cannot be opened or a format is
    unknown.
    """
    store = open_store(destination if "://" in destination else str(Path(destination).absolute()))
    console = Console(highlight=False, soft_wrap=True)
    succeeded = True
    for key in keys:
        try:
            manifest = _render(store, key, profile, also)
        except ConfigurationError:
            raise
        except StenoflowError as error:
            console.print(f"[red]{escape(key)}[/]: {escape(str(error))}")
            succeeded = False
            continue
        for artifact in manifest.artifacts:
            console.print(escape(store.url_of(artifact.key)))
        for failure in manifest.failures:
            console.print(f"[red]{escape(failure.name)}[/]: {escape(failure.error)}")
            succeeded = False
    return succeeded


def _render(store: Store, key: str, profile: Profile | None, also: Sequence[str]) -> Manifest:
    found = [read_manifest(store, each.key) for each in store.list(manifests_of(key))]
    published = [each for each in found if each and each.outcome == "published"]
    if not published:
        raise NotFound(f"{key} is not published in {store.url_of('')}: transcribe it first.")
    latest = max(published, key=lambda each: each.finished)
    chosen = profile or latest.profile
    formats = tuple(dict.fromkeys((*chosen.artifacts, *also)))
    chosen = chosen.model_copy(update={"artifacts": formats})
    engine = open_engine_without_account(chosen)
    return publish_again(
        latest, chosen, store, engine=engine, prices=prices_in_force(), now=datetime.now(UTC)
    )
