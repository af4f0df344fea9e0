"""Buy what was said, unless the ledger has it."""

from pathlib import Path
from threading import Event

from stenoflow.engines.prices import prices_in_force
from stenoflow.ledger.ledger import Ledger
from stenoflow.media.stream_info import media_type
from stenoflow.pipeline.transcribe import Original, Transcribed
from stenoflow.pipeline.transcribe import transcribe as transcribe_speech
from stenoflow.tasks.budget import budget_in_force
from stenoflow.tasks.findings import Findings
from stenoflow.tasks.handing import Handed
from stenoflow.tasks.job import Job
from stenoflow.tasks.limits.engine import engine_limiter
from stenoflow.tasks.runtime.progress import Progress
from stenoflow.tasks.runtime.threads import in_stoppable_thread
from stenoflow.tasks.step import step
from stenoflow.times import to_seconds

PRESIGNED_SPARE_S = 300
"""How much longer than a request's deadline the engine may read a presigned recording."""


@step
async def transcribe(
    job: Job, findings: Findings, scratch: Path, progress: Progress
) -> Handed[Transcribed]:
    """The words, at their times in the original recording, and what it took to get them."""
    progress.enter("transcribe", to_seconds(sum(plan.sent for plan in findings.plans)))
    return Handed(await in_stoppable_thread(_transcribe, job, findings, scratch, progress))


def _transcribe(
    stop: Event, job: Job, findings: Findings, scratch: Path, progress: Progress
) -> Transcribed:
    recording, heard = findings.recording, findings.heard
    if recording is None or heard is None:
        raise ValueError("what was not fetched and heard cannot be transcribed")
    profile = job.profile
    return transcribe_speech(
        heard,
        findings.plans,
        profile,
        job.engine,
        Ledger(job.destination),
        recording.sha256,
        original=Original(
            path=recording.path,
            size=recording.info.size,
            content_type=media_type(heard.media),
            presigned=lambda: job.source.presign(
                job.key, expires_s=round(profile.deepgram.deadline_s) + PRESIGNED_SPARE_S
            ),
        ),
        prices=prices_in_force(),
        budget=budget_in_force(),
        admission=engine_limiter(profile.engine),
        scratch=scratch,
        stop=stop,
        progress=progress.advance,
    )
