"""The automations of ``automations.yaml``, registered at the Prefect server."""

from pathlib import Path
from typing import Any

import yaml
from prefect.automations import Automation
from prefect.events.schemas.automations import Posture

FILE = Path(__file__).with_name("automations.yaml")


def automations(crashed_after_s: float | None = None) -> list[Automation]:
    """Return the automations of the file.

    ``crashed_after_s`` is after how many seconds without a heartbeat a run is marked as crashed; None:
    what the file says.
    """
    described: dict[str, Any] = yaml.safe_load(FILE.read_text())
    for each in described["automations"]:
        if crashed_after_s is not None and each["trigger"]["posture"] == Posture.Proactive.value:
            each["trigger"]["within"] = crashed_after_s
    return [Automation.model_validate(each) for each in described["automations"]]


async def register_automations(crashed_after_s: float | None = None) -> None:
    """Create the automations, or bring those of the same names up to date.

    An automation that a person has disabled stays disabled.
    """
    for automation in automations(crashed_after_s):
        try:
            known = await Automation.aread(name=automation.name)
        except ValueError:
            await automation.acreate()
            continue
        automation.id = known.id
        automation.enabled = known.enabled
        await automation.aupdate()
