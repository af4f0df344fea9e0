"""The main flow: one recording in, its transcript out."""

from dataclasses import replace
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.runtime.flow_run import get_parameters

from stenoflow.blocks.resolving import open_profile
from stenoflow.errors import Rejected, StenoflowError, Stopped
from stenoflow.flows.parameters import (
    CredentialsName,
    DestinationAddress,
    Force,
    ProfileChoice,
    RecordingKey,
    SourceAddress,
    described,
)
from stenoflow.manifest.model import Manifest
from stenoflow.media.scratch import scratch_folder
from stenoflow.pipeline.outcome import Outcome
from stenoflow.pipeline.recording import check_gate
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.profile.model import Profile
from stenoflow.tasks.convert import convert
from stenoflow.tasks.fetch import fetch
from stenoflow.tasks.limits.engine import Lane, in_lane
from stenoflow.tasks.notify import notification_of, notify
from stenoflow.tasks.outcome_state import state_of
from stenoflow.tasks.publish import publish
from stenoflow.tasks.recording import open_recording
from stenoflow.tasks.runtime.progress import Progress, progress_reporter
from stenoflow.tasks.segment import segment
from stenoflow.tasks.transcribe import transcribe as transcribe_speech

LONGEST_NAME = 120


def run_name(key: str) -> str:
    """Return the recording's key, or the end of a long one, as the name of its flow run."""
    return key if len(key) <= LONGEST_NAME else f"…{key[1 - LONGEST_NAME :]}"


def name_of_run() -> str:
    """Return the name of the current flow run."""
    return run_name(get_parameters()["key"])


def lane_of_run() -> Lane:
    """Return the lane of the current flow run: that of its work queue, and urgent without one."""
    context = FlowRunContext.get()
    run = context and context.flow_run
    return "bulk" if run and run.work_queue_name == "bulk" else "urgent"


@flow(name="transcribe", flow_run_name=name_of_run, persist_result=False, result_serializer="json")
@described
async def transcribe(
    key: RecordingKey,
    source: SourceAddress,
    destination: DestinationAddress,
    profile: ProfileChoice = Profile(),
    credentials: CredentialsName = None,
    force: Force = False,
) -> State[Any]:
    """Turn one recording into a transcript, buying each second of its speech at most once.

    Ends **Completed** if the transcript is published, or, named **NoSpeech**, if there is no speech;
    **Failed**, named **Rejected**, if the recording cannot become a transcript, with the reason in its
    manifest; plainly **Failed** if trouble outlasted all retries, and running it again may help. It is
    safe to run again at any time.
    """
    try:
        chosen = await open_profile(profile)
        recording = await open_recording(key, source, destination, chosen, credentials)
    except StenoflowError as error:
        return state_of(Outcome.gave_up(key, error))
    with in_lane(lane_of_run()):
        async with progress_reporter(key) as progress:
            outcome = await transcribe_recording(recording, progress, force=force)
    return state_of(outcome)


async def transcribe_recording(
    recording: RecordingContext, progress: Progress, *, force: bool = False
) -> Outcome:
    """Take a recording through the steps to exactly one of the four outcomes, and notify of it."""
    outcome = await run_steps(recording, progress, force=force)
    if (webhook := recording.profile.notify) and not outcome.earlier:
        try:
            await notify(notification_of(outcome), webhook)
        except StenoflowError as error:
            get_run_logger().warning("The webhook does not know of %s: %s", recording.key, error)
    return outcome


async def run_steps(recording: RecordingContext, progress: Progress, *, force: bool) -> Outcome:
    """Take a recording through the steps, to exactly one of the four outcomes."""
    try:
        with scratch_folder() as scratch:
            try:
                fetched = await fetch(recording, scratch, progress, force=force)
                if isinstance(fetched, Manifest):
                    return Outcome.of(fetched, earlier=True)
                recording = fetched
                if recording.rejection is None:
                    recording = await convert(recording, scratch, progress)
                    recording = await segment(recording, progress)
                    if recording.has_speech:
                        check_gate(recording)
                        recording = await transcribe_speech(recording, scratch, progress)
            except Rejected as rejection:
                recording = replace(recording, rejection=rejection)
            return Outcome.of(await publish(recording, scratch, progress))
    except Stopped:
        raise
    except StenoflowError as error:
        return Outcome.gave_up(recording.key, error)
