"""The progress artifact of a recording: updated while it is processed, and at its end."""

import asyncio
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterId

from stenoflow.tasks.runtime.progress import progress_reporter

pytestmark = pytest.mark.usefixtures("prefect_server")


async def test_a_finished_recording_is_shown_as_finished() -> None:
    @flow
    async def report() -> UUID:
        async with progress_reporter("talk.mp3", tick_s=0.01, artifact_s=0.0) as progress:
            progress.enter("transcribe", 100.0)
            progress.advance(50.0)
            while progress.artifact is None:
                await asyncio.sleep(0.01)
        return progress.artifact

    shown_as = await report()
    async with get_client() as client:
        (artifact,) = await client.read_artifacts(
            artifact_filter=ArtifactFilter(id=ArtifactFilterId(any_=[shown_as]))
        )
    assert artifact.data == 100.0
    assert artifact.description == "talk.mp3: finished after 0 s"
