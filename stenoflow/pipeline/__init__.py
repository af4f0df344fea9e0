"""One recording on its way from a store to a published transcript, without Prefect.

:class:`RecordingContext` is what is known of a recording so far, :class:`RunContext` what the work on it
needs, and :class:`Outcome` how it ended. The steps are in :mod:`stenoflow.pipeline.recording`,
publication is in :mod:`stenoflow.pipeline.publish`, and :mod:`stenoflow.pipeline.api` is what a Python
program calls.
"""

from stenoflow.pipeline.outcome import Outcome
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.run_context import Limiter, RunContext
from stenoflow.pipeline.transcription import Transcription

__all__ = ["Limiter", "Outcome", "RecordingContext", "RunContext", "Transcription"]
