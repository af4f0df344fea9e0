"""`make audit` fails on findings, and does not take silence of the database for a clean bill."""

import json
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

import pytest

from tests.support.corpus import ROOT

CLEAN = {"name": "httpx", "version": "0.28.1", "vulns": []}
UNKNOWN = {"name": "boto3", "skip_reason": "Dependency not found on PyPI"}
VULNERABLE = {
    "name": "jinja2",
    "version": "3.1.5",
    "vulns": [{"id": "GHSA-cpwx-vrp4-4pq7", "fix_versions": ["3.1.6"], "aliases": []}],
}


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answered(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_a_finding_is_a_failure_that_names_the_release_with_the_fix(audit: ModuleType) -> None:
    text, well = audit.summary(1, answered(CLEAN, VULNERABLE, UNKNOWN), "Found 1 known")
    assert not well
    assert "jinja2 3.1.5: GHSA-cpwx-vrp4-4pq7, fixed in 3.1.6" in text


def test_pins_that_the_database_does_not_know_are_named(audit: ModuleType) -> None:
    text, well = audit.summary(0, answered(CLEAN, UNKNOWN), "No known vulnerabilities found")
    assert well
    assert text == "1 pins without known vulnerabilities; not in the database: boto3"


@pytest.mark.parametrize(
    ("status", "output", "errors"),
    [
        # pip-audit's own summary of 404 for every package, as a proxy of the index answers
        (0, answered(UNKNOWN, UNKNOWN), "No known vulnerabilities found"),
        (1, "", "ERROR: Could not connect to PyPI's vulnerability feed\nERROR: Tip: ..."),
        (1, "", "Traceback ...\nrequests.exceptions.ConnectionError: Max retries exceeded"),
    ],
)
def test_an_unreachable_database_is_reported_and_is_not_a_failure(
    audit: ModuleType, status: int, output: str, errors: str
) -> None:
    text, well = audit.summary(status, output, errors)
    assert well
    assert text.startswith("not audited, as the vulnerability database ")


def test_a_program_that_does_not_work_is_a_failure(audit: ModuleType) -> None:
    assert not audit.summary(2, "", "pip-audit: error: unrecognized arguments: --x")[1]
