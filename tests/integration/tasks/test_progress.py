"""How far a recording is, is shown while it is worked on, and that it is done afterwards."""

import asyncio
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterId

from stenoflow.tasks.runtime import progress as progress_module
from stenoflow.tasks.runtime.progress import shown

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "ARTIFACT_S", 0.0)
    monkeypatch.setattr(progress_module, "TICK_S", 0.01)


async def test_a_finished_recording_is_shown_as_finished() -> None:
    @flow
    async def hearing() -> UUID:
        async with shown("talk.mp3") as progress:
            progress.enter("transcribe", 100.0)
            progress.advance(50.0)
            while progress.artifact is None:
                await asyncio.sleep(0.01)
        return progress.artifact

    shown_as = await hearing()
    async with get_client() as client:
        (artifact,) = await client.read_artifacts(
            artifact_filter=ArtifactFilter(id=ArtifactFilterId(any_=[shown_as]))
        )
    assert artifact.data == 100.0
    assert artifact.description == "talk.mp3: finished after 0 s"
