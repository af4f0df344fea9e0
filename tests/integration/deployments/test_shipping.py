"""Every shipped configuration asks for a password, and none holds one."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ("deployments/compose.yaml", "deployments/kubernetes.yaml", "deployments/Dockerfile")
SECRET = re.compile(r"AUTH|PASSWORD|SECRET|KEY|CONNECTION_URL", re.IGNORECASE)


def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "deployments/compose.yaml").read_text())


def containers() -> dict[str, dict[str, Any]]:
    """Environments of the containers that Kubernetes runs, by their names."""
    documents = yaml.safe_load_all((ROOT / "deployments/kubernetes.yaml").read_text())
    return {
        container["name"]: {each["name"]: each for each in container["env"]}
        for document in documents
        if document["kind"] in ("Deployment", "Job")
        for container in document["spec"]["template"]["spec"]["containers"]
    }


def test_the_composed_server_has_a_password_that_must_be_given() -> None:
    services = compose()["services"]

    assert services["server"]["environment"]["PREFECT_SERVER_API_AUTH_STRING"].startswith("${")
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if SECRET.search(name):
                assert re.search(r"\$\{\w+:\?", value), f"{name} has a default: {value}"


def test_the_server_in_a_cluster_takes_its_secrets_from_a_secret() -> None:
    found = containers()

    assert "PREFECT_SERVER_API_AUTH_STRING" in found["server"]
    assert "PREFECT_API_AUTH_STRING" in found["worker"]
    for environment in found.values():
        for name, each in environment.items():
            assert ("valueFrom" in each) == bool(SECRET.search(name)), name


def test_the_composed_server_is_reached_from_this_machine_only() -> None:
    assert compose()["services"]["server"]["ports"] == ["127.0.0.1:4200:4200"]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_process_receives_the_stop_signal(name: str) -> None:
    """A shell between would take the signal and keep it to itself."""
    assert "sh -c" not in (ROOT / name).read_text()
    assert "CMD prefect" not in (ROOT / name).read_text()
