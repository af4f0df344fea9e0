"""The house stands as drawn: imports run one way, and the plain core knows nothing of Prefect."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("steno", "blocks", "tasks", "flows", "deployments")
"""Each may import itself and those to its left."""


def imports(file: Path) -> set[str]:
    """Top-level names of the packages that a file imports, at any depth of its code."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_one_way(room: str) -> None:
    may_not = set(ROOMS[ROOMS.index(room) + 1 :]) | {"tests", "bench"}
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    for file in files:
        assert not imports(file) & may_not, file.relative_to(ROOT)


def test_the_core_knows_nothing_of_prefect() -> None:
    for file in (ROOT / "steno").rglob("*.py"):
        assert "prefect" not in imports(file), file.relative_to(ROOT)


def test_no_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "helpers", "common", "manager", "misc"}
    names = {path.stem for room in ROOMS for path in (ROOT / room).rglob("*")}
    assert not names & drawers
