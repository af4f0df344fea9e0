"""The main job: one recording in, its transcript out."""

from collections.abc import Awaitable
from typing import Annotated, Any, cast

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime.flow_run import get_parameters
from pydantic import Field

from stenoflow.audio.quality import check_quality_gate
from stenoflow.blocks.resolving import open_profile
from stenoflow.errors import Rejected, StenoError, Stopped
from stenoflow.flows.parameters import described
from stenoflow.manifest.model import Manifest
from stenoflow.media.scratch import scratch_folder
from stenoflow.profile.model import Profile
from stenoflow.tasks.convert import convert
from stenoflow.tasks.ending import Ending
from stenoflow.tasks.fetch import fetch
from stenoflow.tasks.findings import Findings
from stenoflow.tasks.job import Job, open_job
from stenoflow.tasks.notify import notification_of, notify
from stenoflow.tasks.publish import publish
from stenoflow.tasks.runtime.progress import Progress, shown
from stenoflow.tasks.segment import segment
from stenoflow.tasks.transcribe import transcribe as transcribe_speech

LONGEST_NAME = 120


def run_name(key: str) -> str:
    """The recording's key, or the end of a long one: what a person looks for in a list of runs."""
    return key if len(key) <= LONGEST_NAME else f"…{key[1 - LONGEST_NAME :]}"


def name_of_run() -> str:
    return run_name(get_parameters()["key"])


@flow(name="transcribe", flow_run_name=name_of_run, persist_result=False, result_serializer="json")
@described
async def transcribe(
    key: Annotated[
        str,
        Field(
            title="Recording",
            description="The recording's key in the source: the object's name after its prefix.",
            examples=["interviews/2026-11-23.mp3"],
            min_length=1,
        ),
    ],
    source: Annotated[
        str,
        Field(
            title="Source",
            description="Where recordings are: object-store/NAME, s3://BUCKET/PREFIX or a folder.",
            examples=["object-store/recordings", "s3://recordings/calls"],
        ),
    ],
    destination: Annotated[
        str,
        Field(
            title="Destination",
            description="Where transcripts go: object-store/NAME, s3://BUCKET/PREFIX or a folder.",
            examples=["object-store/transcripts", "s3://transcripts"],
        ),
    ],
    profile: Annotated[
        Profile | str,
        Field(
            title="Profile",
            description="How the recording is treated: transcription-profile/NAME, or fields.",
        ),
    ] = Profile(),
    credentials: Annotated[
        str | None,
        Field(
            title="Credentials",
            description="deepgram-credentials/NAME; empty: DEEPGRAM_API_KEY where the flow runs.",
        ),
    ] = None,
    force: Annotated[
        bool,
        Field(
            title="Publish again",
            description="Also what is published already. Nothing that was bought is bought again.",
        ),
    ] = False,
) -> State[Any]:
    """Turn one recording into a transcript, buying each second of its speech at most once.

    Ends **Completed** where the transcript is published, or, named **NoSpeech**, where nobody
    speaks; **Failed**, named **Rejected**, where the recording cannot become a transcript, with the
    reason in its manifest; plainly **Failed** where trouble outlasted all retries, and running it
    again may help. It is safe to run again at any time.
    """
    try:
        chosen = await open_profile(profile)
    except StenoError as error:
        return Ending.given_up(key, error).state()
    async with shown(key) as progress:
        opening = open_job(key, source, destination, chosen, credentials)
        ending = await bring_to_its_end(key, opening, progress, force=force)
    if chosen.notify and not ending.earlier:
        telling = notify(notification_of(ending), chosen.notify, return_state=True)
        await cast("Awaitable[State[None]]", telling)
    return ending.state()


async def bring_to_its_end(
    key: str, opening: Awaitable[Job], progress: Progress, *, force: bool
) -> Ending:
    """Take a recording through the steps, to exactly one of the four outcomes."""
    findings = Findings()
    try:
        job = await opening
        with scratch_folder() as scratch:
            try:
                recording = await fetch(job, findings, scratch, progress, force=force)
                if isinstance(recording, Manifest):
                    return Ending.of(recording, earlier=True)
                findings.recording = recording
                findings.heard = await convert(recording, job.profile, scratch, progress)
                findings.plans = (await segment(findings.heard, job, progress)).value
                if findings.speech:
                    qualities = [each.quality for each in findings.heard.channels]
                    check_quality_gate(qualities, job.profile.quality)
                    bought = await transcribe_speech(job, findings, scratch, progress)
                    findings.transcribed = bought.value
            except Rejected as rejection:
                findings.rejection = rejection
            return Ending.of((await publish(job, findings, progress)).value)
    except Stopped:
        raise
    except StenoError as trouble:
        return Ending.given_up(key, trouble)
