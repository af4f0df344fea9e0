"""``stenoflow doctor``: what is installed, what is missing, and the command that mends it."""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

import httpx
from rich.console import Console
from rich.table import Table

from steno.decoders import describe_decoder
from steno.errors import StenoError
from steno.render import renderers
from steno.scratch import scratch_root

Verdict = Literal["fine", "optional", "missing"]

MARKS: dict[Verdict, str] = {
    "fine": "[green]✓[/]",
    "optional": "[yellow]–[/]",
    "missing": "[red]✗[/]",
}
LITTLE_SPACE = 5 * 1000**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, and what to do where it is not as it should be."""

    what: str
    verdict: Verdict
    said: str
    mend: str = ""


def examine() -> bool:
    """Print what was found; whether the main job can run."""
    findings = [finding for look in LOOKS for finding in look()]
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        mend = f"\n[dim]→ {finding.mend}[/]" if finding.mend else ""
        table.add_row(MARKS[finding.verdict], finding.what, finding.said + mend)
    Console(highlight=False).print(table)
    return all(finding.verdict != "missing" for finding in findings)


def _python() -> Iterator[Finding]:
    yield Finding("Python", "fine", sys.version.split()[0])


def _packages() -> Iterator[Finding]:
    for name in ("stenoflow", "prefect", "fastapi", "sqlalchemy", "torch", "silero-vad", "numpy"):
        yield Finding(name, "fine", importlib.metadata.version(name))


def _decoder() -> Iterator[Finding]:
    try:
        yield Finding("decoder", "fine", describe_decoder())
    except StenoError as error:
        yield Finding("decoder", "missing", str(error), "sudo apt-get install ffmpeg")


def _engines() -> Iterator[Finding]:
    yield Finding(
        "engine pocketsphinx", "fine", f"{importlib.metadata.version('pocketsphinx')}, low accuracy"
    )
    if os.environ.get("DEEPGRAM_API_KEY"):
        yield Finding("engine deepgram", "fine", "key in DEEPGRAM_API_KEY")
    else:
        yield Finding(
            "engine deepgram",
            "optional",
            "no key in the environment (a Deepgram Credentials block does as well)",
            "export DEEPGRAM_API_KEY=...",
        )
    yield _extra("engine faster-whisper", "faster_whisper", "faster-whisper")


def _artifacts() -> Iterator[Finding]:
    yield Finding("artifacts", "fine", ", ".join(renderers()))
    yield _extra("artifact docling", "docling_core", "docling")
    yield _extra("artifact parquet", "pyarrow", "parquet")


def _extra(what: str, module: str, extra: str) -> Finding:
    if find_spec(module):
        return Finding(what, "fine", "installed")
    return Finding(what, "optional", "not installed", f"pip install 'stenoflow[{extra}]'")


def _scratch() -> Iterator[Finding]:
    root = scratch_root()
    free = shutil.disk_usage(root).free
    said = f"{root}, {free / 1000**3:.0f} GB free"
    if free < LITTLE_SPACE:
        yield Finding("scratch", "optional", said, "export STENOFLOW_SCRATCH=/a/larger/disk")
    else:
        yield Finding("scratch", "fine", said)


def _server() -> Iterator[Finding]:
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        yield Finding(
            "Prefect server", "fine", "one of its own for each command (no PREFECT_API_URL)"
        )
        return
    try:
        status = httpx.get(f"{url.rstrip('/')}/health", timeout=5).status_code
    except httpx.HTTPError as error:
        yield Finding(
            "Prefect server", "missing", f"{url} does not answer: {error}", "stenoflow serve"
        )
        return
    if status == httpx.codes.OK:
        yield Finding("Prefect server", "fine", url)
    else:
        yield Finding(
            "Prefect server", "missing", f"{url} answers {status}", "check PREFECT_API_URL"
        )


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python, _packages, _decoder, _engines, _artifacts, _scratch, _server,
)  # fmt: skip
