"""All that is known of a recording so far, as one frozen value that each step extends."""

from dataclasses import dataclass

from stenoflow.audio.analysis import AudioAnalysis
from stenoflow.engines.base import Engine
from stenoflow.errors import FinishedName, Rejected
from stenoflow.pipeline.transcription import Transcription
from stenoflow.profile.model import Profile
from stenoflow.segmentation.plan import SegmentationPlan
from stenoflow.storage import Fetched, ObjectInfo, Store
from stenoflow.times import format_length

NO_SPEECH = "Nobody speaks in this recording ({loudness}). Nothing was sent to the engine."
NO_WORDS = (
    "Nobody speaks in this recording: {engine} found no word in the {sent} of it that were sent."
)


@dataclass(frozen=True, slots=True, eq=False)
class RecordingContext:
    """One recording: where it is, how it is to be treated, and what the steps have found out.

    Steps return a copy with more fields set (:func:`dataclasses.replace`).
    """

    key: str
    """The recording's key in ``source``; its artifacts have the same key in ``destination``."""
    source: Store
    destination: Store
    profile: Profile
    engine: Engine
    info: ObjectInfo | None = None
    """None until the source was asked."""
    fetched: Fetched | None = None
    analysis: AudioAnalysis | None = None
    plans: tuple[SegmentationPlan, ...] = ()
    transcription: Transcription | None = None
    rejection: Rejected | None = None

    @property
    def has_speech(self) -> bool:
        """Return True if any channel has speech."""
        return any(plan.chunks for plan in self.plans)

    @property
    def used_plans(self) -> tuple[SegmentationPlan, ...]:
        """Return the plans that the audio was bought with, or those of this run if nothing was."""
        return self.transcription.plans if self.transcription else self.plans

    @property
    def finished(self) -> FinishedName:
        """Return the outcome that all this amounts to."""
        if self.rejection:
            return "rejected"
        return "published" if self._has_words else "no_speech"

    @property
    def reason(self) -> str | None:
        """Return one sentence for a person; None if the recording was transcribed."""
        if self.rejection:
            return str(self.rejection)
        if self._has_words:
            return None
        if self.transcription and self.transcription.purchases:
            sent = format_length(self.transcription.paid_s)
            return NO_WORDS.format(engine=self.engine.name, sent=sent)
        return no_speech_message(self.analysis)

    @property
    def _has_words(self) -> bool:
        return self.transcription is not None and bool(self.transcription.transcript.words)


def no_speech_message(analysis: AudioAnalysis | None) -> str:
    """Return the sentence about a recording without speech; its level distinguishes silence from music."""
    peaks = [each.quality.peak_dbfs for each in analysis.channels] if analysis else []
    loudest = max((peak for peak in peaks if peak is not None), default=None)
    loudness = "digital silence" if loudest is None else f"its peak is {loudest:.0f} dBFS"
    return NO_SPEECH.format(loudness=loudness)
