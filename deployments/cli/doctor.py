"""``stenoflow doctor``: what is installed, what is missing, and the command that fixes it."""

import asyncio
import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from importlib.util import find_spec
from typing import Any, Literal

import httpx
from packaging.requirements import Requirement
from rich.console import Console
from rich.table import Table

from stenoflow.blocks import (
    DeepgramCredentials,
    EngineCredentials,
    ObjectStore,
    OpenAICredentials,
    TranscriptionProfile,
)
from stenoflow.blocks.resolving import open_block, open_profile
from stenoflow.deployments.cli.engines import print_engines
from stenoflow.engines.base import EngineSpec
from stenoflow.engines.overview import overview
from stenoflow.engines.prices import prices_in_force
from stenoflow.engines.registry import open_engine_without_account, registered
from stenoflow.errors import StenoflowError
from stenoflow.media.binaries import chosen_decoder, second_decoder
from stenoflow.media.sandbox import launcher
from stenoflow.media.scratch import scratch_root
from stenoflow.profile.model import Profile
from stenoflow.rendering import check_artifacts, renderer_problems, renderers
from stenoflow.storage import Report

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
    message: str
    remedy: str = ""


def examine() -> bool:
    """Print what was found; whether the main job can run."""
    well = _shown([finding for look in LOOKS for finding in look()])
    console = Console(highlight=False)
    console.print()
    print_engines(console, overview(Profile(), prices_in_force()))
    return well


def examine_block(name: str) -> bool:
    """Print what a saved block is good for; whether nothing is amiss.

    ``name`` is a block's, as flows take it: ``object-store/NAME``. Raises ConfigurationError where it is
    none.
    """
    slug = name.partition("/")[0]
    if slug == ObjectStore.get_block_type_slug():
        return _shown(_store(asyncio.run(open_block(ObjectStore, name)).check()))
    for block in (DeepgramCredentials, OpenAICredentials):
        if slug == block.get_block_type_slug():
            return _shown([_account(name, asyncio.run(open_block(block, name)))])
    profile = asyncio.run(open_block(TranscriptionProfile, name)).profile
    return _shown([_profile(name, asyncio.run(open_profile(profile)))])


def _store(report: Report) -> list[Finding]:
    verdicts: dict[bool | None, Verdict] = {True: "fine", False: "missing", None: "optional"}
    return [Finding(each.name, verdicts[each.ok], each.sentence) for each in report.abilities]


def _account(name: str, credentials: EngineCredentials) -> Finding:
    try:
        return Finding(name, "fine", credentials.check())
    except StenoflowError as error:
        return Finding(name, "missing", str(error))


def _profile(name: str, profile: Profile) -> Finding:
    """Return a check of the profile's engine and artifacts; its key belongs to another block."""
    try:
        check_artifacts(profile.artifacts)
        open_engine_without_account(profile)
    except StenoflowError as error:
        return Finding(name, "missing", str(error))
    formats = ", ".join(profile.artifacts)
    return Finding(name, "fine", f"{profile.engine}, published as {formats}")


def _shown(findings: list[Finding]) -> bool:
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        remedy = f"\n[dim]→ {finding.remedy}[/]" if finding.remedy else ""
        table.add_row(MARKS[finding.verdict], finding.what, finding.message + remedy)
    Console(highlight=False).print(table)
    return all(finding.verdict != "missing" for finding in findings)


def _python() -> Iterator[Finding]:
    yield Finding("Python", "fine", sys.version.split()[0])


def _packages() -> Iterator[Finding]:
    yield Finding("stenoflow", "fine", importlib.metadata.version("stenoflow"))
    unfit = list(_unfit_packages())
    yield from unfit
    if not unfit:
        prefect = importlib.metadata.version("prefect")
        yield Finding("packages", "fine", f"all as Stenoflow needs them, with Prefect {prefect}")


def _unfit_packages() -> Iterator[Finding]:
    """Packages that Stenoflow needs and that are missing, or of a version it does not work with."""
    for text in importlib.metadata.requires("stenoflow") or ():
        needed = Requirement(text)
        if needed.marker and not needed.marker.evaluate({"extra": ""}):
            continue
        remedy = f"pip install '{needed.name}{needed.specifier}'"
        try:
            found = importlib.metadata.version(needed.name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(needed.name, "missing", "not installed", remedy)
            continue
        if not needed.specifier.contains(found, prereleases=True):
            message = f"{found}, and Stenoflow needs {needed.specifier}"
            yield Finding(needed.name, "missing", message, remedy)


def _decoder() -> Iterator[Finding]:
    try:
        decoder, second = chosen_decoder(), second_decoder()
        message = f"FFmpeg {decoder.version} at {decoder.path}: {decoder.why}"
    except StenoflowError as error:
        yield Finding("decoder", "missing", str(error), "sudo apt-get install ffmpeg")
        return
    if decoder.packaged:
        yield Finding("decoder", "optional", message, "sudo apt-get install ffmpeg")
    else:
        yield Finding("decoder", "fine", message)
    if second:
        yield Finding(
            "second decoder", "fine", f"FFmpeg {second.version}, for what the first cannot decode"
        )
    if launcher() is None:
        message = (
            "prlimit or setpriv is missing: decoders run without limits on memory and CPU time"
        )
        yield Finding("sandbox", "optional", message, "sudo apt-get install util-linux")
    else:
        yield Finding("sandbox", "fine", "decoders run under limits, and die with their parent")


def _engines() -> Iterator[Finding]:
    for spec in registered().specs.values():
        yield _engine(spec)
    for name, reason in registered().broken.items():
        yield Finding(f"engine {name}", "optional", reason, "update or uninstall that package")


def _engine(spec: EngineSpec[Any]) -> Finding:
    what = f"engine {spec.name}"
    try:
        Profile().options_for(spec)
        account = spec.credentials
        credential = account.from_environment() if account else None
    except StenoflowError as error:
        return Finding(what, "missing", str(error))
    if spec.library and not spec.library.installed:
        return Finding(what, "optional", "not installed", spec.library.install)
    if account is None:
        return _local_engine(spec, what)
    if credential:
        return Finding(what, "fine", f"key in {account.variable}, for {credential.base_url}")
    message = f"no key in the environment (a block {account.block} does as well)"
    if account.required:
        return Finding(what, "optional", message, f"export {account.variable}=...")
    return Finding(what, "fine", f"{message}: some servers need none")


def _local_engine(spec: EngineSpec[Any], what: str) -> Finding:
    try:
        open_engine_without_account(Profile().with_engine(spec.name))
    except StenoflowError as error:
        return Finding(what, "optional", str(error))
    return Finding(what, "fine", f"on this machine, {spec.capabilities.accuracy} accuracy")


def _artifacts() -> Iterator[Finding]:
    yield Finding("artifacts", "fine", ", ".join(renderers()))
    for problem in renderer_problems():
        yield Finding(
            f"artifact {problem.name}",
            "optional",
            f"{problem.value} is not available",
            problem.reason,
        )
    yield _extra("artifact docling", "docling_core", "docling")
    yield _extra("artifact parquet", "pyarrow", "parquet")
    yield _extra("compare", "jiwer", "compare")


def _extra(what: str, module: str, extra: str) -> Finding:
    if find_spec(module):
        return Finding(what, "fine", "installed")
    return Finding(what, "optional", "not installed", f"pip install 'stenoflow[{extra}]'")


def _scratch() -> Iterator[Finding]:
    root = scratch_root()
    free = shutil.disk_usage(root).free
    message = f"{root}, {free / 1000**3:.0f} GB free"
    if free < LITTLE_SPACE:
        yield Finding("scratch", "optional", message, "export STENOFLOW_SCRATCH=/a/larger/disk")
    else:
        yield Finding("scratch", "fine", message)


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
    if status == HTTPStatus.OK:
        yield Finding("Prefect server", "fine", url)
    else:
        yield Finding(
            "Prefect server", "missing", f"{url} answers {status}", "check PREFECT_API_URL"
        )


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python, _packages, _decoder, _engines, _artifacts, _scratch, _server,
)  # fmt: skip
