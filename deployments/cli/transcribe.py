"""``stenoflow transcribe``: the flow, run here for each recording named, and a table at the end."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

from prefect.client.schemas.objects import State
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from stenoflow.deployments.cli.colours import OUTCOMES
from stenoflow.deployments.cli.interruption import run_interruptible
from stenoflow.deployments.server.embedded import server_of_choice
from stenoflow.errors import ConfigurationError, OutcomeName
from stenoflow.flows.transcribe import transcribe
from stenoflow.manifest.keys import artifact_key
from stenoflow.manifest.model import Manifest
from stenoflow.pipeline.outcome import Outcome
from stenoflow.profile import Profile, read_profile
from stenoflow.storage import locate
from stenoflow.tasks.runtime import progress as showing
from stenoflow.times import format_clock

WELL = {"published", "no_speech"}

LONGEST_NAME = 30
"""Characters of a recording's name that a narrow terminal's table keeps on one line."""

LABELS: dict[OutcomeName, str] = {
    "published": "published",
    "no_speech": "no speech",
    "rejected": "rejected",
    "gave_up": "gave up",
}


@dataclass(frozen=True)
class Choices:
    """The options of the command line, for all recordings named."""

    profile: Profile | str
    credentials: str | None
    force: bool
    at_once: int

    @classmethod
    def of(
        cls,
        *,
        profile: str | None,
        engine: str | None,
        credentials: str | None,
        force: bool,
        at_once: int,
    ) -> Self:
        """Raises ConfigurationError where the profile cannot be read or the engine is unknown."""
        chosen: Profile | str = choose_profile(profile) if profile else Profile()
        if engine is not None:
            if isinstance(chosen, str):
                raise ConfigurationError(
                    "--engine goes with a profile from a file: a block has its own."
                )
            chosen = chosen.with_engine(engine)
        return cls(profile=chosen, credentials=credentials, force=force, at_once=at_once)


def choose_profile(name: str) -> Profile | str:
    """Return the profile in a file; the name itself where it names a block.

    Raises ConfigurationError where there is no such file, or it is not a profile.
    """
    return name if name.startswith("transcription-profile/") else read_profile(name)


def transcribe_here(recordings: Sequence[str], to: str, choices: Choices, *, as_json: bool) -> bool:
    """Transcribe recordings in this process; whether all ended published or without speech.

    Raises ConfigurationError, before anything is done, where a name is no recording's or two would be
    published in one place; MissingDependency where no Prefect server is to be had.
    """
    console = Console(stderr=as_json, highlight=False)
    located = [locate(recording) for recording in recordings]
    refuse_doubles(recordings, [key for _, key in located])
    destination = to if "://" in to else str(Path(to).absolute())
    on_end = print_line if as_json else None
    outcomes: list[Outcome] | None = None
    with server_of_choice(), shown_progress(console):
        try:
            outcomes = run_interruptible(
                _transcribe_all(recordings, located, destination, choices, on_end)
            )
        except* BrokenPipeError:
            # As SIGPIPE ends programs of other languages; what is buffered goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if outcomes is None:
        console.print("stenoflow: the output is no longer read: stopped")
        return False
    if not as_json:
        print_table(console, recordings, outcomes, to)
    return all(outcome.name in WELL for outcome in outcomes)


def refuse_doubles(recordings: Sequence[str], keys: Sequence[str]) -> None:
    """Raises ConfigurationError where two recordings have one key: their transcripts are stored under it."""
    named: dict[str, str] = {}
    for recording, key in zip(recordings, keys, strict=True):
        if key in named:
            raise ConfigurationError(
                f"{named[key]} and {recording} would both be published under {key}: "
                "transcribe them to different destinations."
            )
        named[key] = recording


async def _transcribe_all(
    recordings: Sequence[str],
    located: Sequence[tuple[str, str]],
    destination: str,
    choices: Choices,
    on_end: Callable[[str, Outcome], None] | None,
) -> list[Outcome]:
    """Return the outcomes in the order of ``recordings``; ``on_end`` is called with each as it ends."""
    at_once = asyncio.Semaphore(choices.at_once)

    async def one(recording: str, source: str, key: str) -> Outcome:
        async with at_once:
            run = transcribe(
                key=key,
                source=source,
                destination=destination,
                profile=choices.profile,
                credentials=choices.credentials,
                force=choices.force,
                return_state=True,
            )
            outcome = await _outcome_of(key, await cast(Awaitable[State[Any]], run))
        if on_end:
            on_end(recording, outcome)
        return outcome

    async with asyncio.TaskGroup() as group:
        running = [
            group.create_task(one(recording, *each))
            for recording, each in zip(recordings, located, strict=True)
        ]
    return [task.result() for task in running]


@contextmanager
def shown_progress(console: Console) -> Generator[None]:
    """Draw each recording's progress while the block runs; nothing if the console is not a terminal."""
    if not console.is_terminal:
        yield
        return
    columns = (
        TextColumn("[bold]{task.fields[key]}"),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        rows: dict[int, TaskID] = {}

        def draw(progress: showing.Progress) -> None:
            if id(progress) not in rows:
                rows[id(progress)] = bars.add_task("", key=progress.key, total=100)
            bars.update(
                rows[id(progress)], completed=progress.percent, description=progress.sentence()
            )

        token = showing.listener.set(draw)
        try:
            yield
        finally:
            showing.listener.reset(token)


async def _outcome_of(key: str, state: State[Any]) -> Outcome:
    """The outcome a flow run carries; one that says what happened where the run crashed."""
    found = await state.aresult(raise_on_failure=False)
    if isinstance(found, Outcome):
        return found
    return Outcome(key=key, name="gave_up", reason=state.message or str(found))


def print_line(recording: str, outcome: Outcome) -> None:
    """Print what ``--json`` prints of one recording, at once also into a pipe."""
    sys.stdout.write(json.dumps(figures(recording, outcome), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def figures(recording: str, outcome: Outcome) -> dict[str, Any]:
    """Return what ``--json`` prints of one recording."""
    manifest, usd = outcome.manifest, outcome.may_have_been_paid_usd
    return {
        "recording": recording,
        "outcome": outcome.name,
        "reason": outcome.reason,
        "error": outcome.error,
        "earlier": outcome.earlier,
        "duration_s": manifest.duration_s if manifest else None,
        "speech_s": speech_s(manifest),
        "words": manifest.transcript.words if manifest and manifest.transcript else None,
        "may_have_been_paid": outcome.may_have_been_paid,
        "may_have_been_paid_usd": usd and str(usd),
        "costs": manifest.costs.model_dump(mode="json") if manifest and manifest.costs else None,
        "artifacts": {each.name: each.key for each in manifest.artifacts} if manifest else {},
        "flow_run": manifest.flow_run if manifest else None,
    }


def print_table(
    console: Console, recordings: Sequence[str], outcomes: Sequence[Outcome], to: str
) -> None:
    """One row for each recording, and, beneath, the sentences that need more room."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    widest = max(len(_name(recording)) for recording in recordings)
    table.add_column("recording", overflow="fold", min_width=min(widest, LONGEST_NAME))
    table.add_column("outcome")
    for name in ("length", "speech", "words", "not paid for"):
        table.add_column(name, justify="right")
    table.add_column("results", overflow="fold")
    for recording, outcome in zip(recordings, outcomes, strict=True):
        table.add_row(*_row(recording, outcome))
    console.print(table)
    console.print(f"Results are in {escape(to)}.")
    for recording, outcome in zip(recordings, outcomes, strict=True):
        if outcome.reason:
            # The table has said which recording it is, so the sentence need not name its folder.
            reason = outcome.reason.removeprefix(f"{recording}: ")
            console.print(f"{escape(_name(recording))}: {escape(reason)}")
    if any(outcome.earlier for outcome in outcomes):
        console.print("Published earlier, so nothing was done: use --force to publish again.")
    if any(_is_low(outcome.manifest) for outcome in outcomes):
        console.print(
            "This engine is for trying Stenoflow out: expect many wrong words. "
            "Other engines: stenoflow doctor."
        )


def _row(recording: str, outcome: Outcome) -> Iterator[str]:
    manifest = outcome.manifest
    costs = manifest.costs if manifest else None
    yield escape(_name(recording))
    yield f"[{OUTCOMES[outcome.name]}]{LABELS[outcome.name]}{' earlier' if outcome.earlier else ''}[/]"
    yield _clock(manifest.duration_s if manifest else None)
    yield _clock(speech_s(manifest))
    yield str(manifest.transcript.words) if manifest and manifest.transcript else "–"
    yield (
        f"{format_clock(round(costs.saved_s))} ({costs.saved_s / costs.audio_s:.0%})"
        if costs
        else "–"
    )
    yield escape(artifact_key(outcome.key, "")) if costs else "–"


def _name(recording: str) -> str:
    return recording.rstrip("/").rpartition("/")[2] or recording


def speech_s(manifest: Manifest | None) -> float | None:
    """Return the seconds of speech in the channel with most of it; None if there is no analysis."""
    return max((each.speech_s for each in manifest.channels), default=None) if manifest else None


def _clock(seconds: float | None) -> str:
    return "–" if seconds is None else format_clock(round(seconds))


def _is_low(manifest: Manifest | None) -> bool:
    return bool(manifest and manifest.transcript and manifest.transcript.accuracy == "low")
