"""An installed Stenoflow has one import root, and meets nobody's own `flows`, `tasks` or `blocks`."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[3]
DIRECTORIES = {
    "stenoflow": "stenoflow",
    "flows": "stenoflow.flows",
    "tasks": "stenoflow.tasks",
    "blocks": "stenoflow.blocks",
    "deployments": "stenoflow.deployments",
}
"""The directories of a checkout that hold packages, and what these are installed as."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built from a copy of the checkout: a build leaves files behind."""
    tree, built = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for directory in DIRECTORIES:
        shutil.copytree(
            ROOT / directory,
            tree / directory,
            ignore=lambda folder, names: [
                name
                for name in names
                if (Path(folder) / name).is_symlink() or name == "__pycache__"
            ],
        )
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / file).exists():
            shutil.copyfile(ROOT / file, tree / file)
    pip("wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(built), str(tree))
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the wheel, and with our dependencies.

    A folder named in a .pth file is searched for modules, but its own .pth files are not read: the
    checkout, which is installed beside the dependencies, cannot be found by one.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    found = folder / "bin" / "python"
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    pip(
        "--python",
        str(found),
        "install",
        "--no-deps",
        "--no-index",
        "--force-reinstall",
        str(wheel),
    )
    return found


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody's repository of flows, as Prefect's own examples have it."""
    folder = tmp_path_factory.mktemp("repository")
    for package in ("flows", "tasks", "blocks", "deployments"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text(f'OWNER = "whoever owns these {package}"\n')
    return folder


def pip(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        check=True,
    )


def run(python: Path, repository: Path, *arguments: str) -> str:
    """What the installed Stenoflow prints in the repository."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, *arguments],
        cwd=repository,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def server(prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands use the tests' Prefect server."""
    from prefect.settings import get_current_settings

    monkeypatch.setenv("PREFECT_API_URL", str(get_current_settings().api.url))


def packages_of_the_tree() -> Iterator[str]:
    for directory, package in DIRECTORIES.items():
        for module in (ROOT / directory).rglob("__init__.py"):
            inside = module.parent.relative_to(ROOT / directory)
            links = [each for each in inside.parents if (ROOT / directory / each).is_symlink()]
            if not links and not (ROOT / directory / inside).is_symlink():
                yield ".".join((package, *inside.parts))


def test_the_packages_are_those_of_the_tree() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"][
        "packages"
    ]
    assert declared == sorted(packages_of_the_tree())


def test_the_wheel_has_one_top_level_package(wheel: Path) -> None:
    names = [Path(name).parts for name in ZipFile(wheel).namelist()]
    assert {parts[0] for parts in names if not parts[0].endswith(".dist-info")} == {"stenoflow"}
    assert {".".join(parts[:-1]) for parts in names if parts[-1] == "__init__.py"} == set(
        packages_of_the_tree()
    )


def test_flows_are_imported_where_somebody_has_flows_too(python: Path, repository: Path) -> None:
    script = """
import json, blocks, deployments, flows, tasks, stenoflow.flows.transcribe as installed
print(json.dumps([installed.__file__, *(each.__file__ for each in (flows, tasks, blocks, deployments))]))
"""
    installed, *own = map(Path, json.loads(run(python, repository, "-c", script)))
    assert installed.is_relative_to(python.parents[1])
    assert [path.relative_to(repository).parent.name for path in own] == [
        "flows",
        "tasks",
        "blocks",
        "deployments",
    ]


def test_a_recording_is_transcribed(
    python: Path, repository: Path, server: None, tmp_path: Path
) -> None:
    sample = next(python.parents[1].rglob("samples/briefing.mp4"))
    said = run(
        python,
        repository,
        "-m",
        "stenoflow",
        "transcribe",
        str(sample),
        "--to",
        str(tmp_path),
        "--json",
    )
    assert json.loads(said)["outcome"] == "published"
    assert (tmp_path / "briefing.mp4" / "page.html").exists()


def test_everything_is_deployed(python: Path, repository: Path, server: None) -> None:
    command = python.with_name("stenoflow")
    said = run(command, repository, "deploy")
    assert "Registered at" in said
