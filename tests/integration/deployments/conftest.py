"""What is registered at the tests' server goes with the module that registered it."""

from collections.abc import Generator

import pytest


@pytest.fixture(scope="module", autouse=True)
def registered_for_this_module(request: pytest.FixtureRequest) -> Generator[None]:
    """Automations look at every event of every run of later tests, and schedules make runs."""
    yield
    from prefect.client.orchestration import get_client
    from prefect.settings import get_current_settings

    if not get_current_settings().api.url:
        return
    with get_client(sync_client=True) as client:
        for automation in client.read_automations():
            client.delete_automation(automation.id)
        for deployment in client.read_deployments():
            client.delete_deployment(deployment.id)
