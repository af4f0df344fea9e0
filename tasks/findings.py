"""What is known of a recording so far."""

from stenoflow.audio.analysis import AudioAnalysis
from stenoflow.errors import Rejected
from stenoflow.pipeline.publish import Outcome
from stenoflow.pipeline.transcribe import Transcribed
from stenoflow.segmentation.plan import SegmentationPlan
from stenoflow.storage import Fetched, ObjectInfo


class Findings:
    """What the steps have found out about a recording, for its manifest to be written from.

    A plain object: Prefect, which looks through arguments word by word, does not look inside.
    """

    info: ObjectInfo | None = None
    recording: Fetched | None = None
    heard: AudioAnalysis | None = None
    plans: tuple[SegmentationPlan, ...] = ()
    transcribed: Transcribed | None = None
    rejection: Rejected | None = None

    @property
    def speech(self) -> bool:
        """Whether anybody was heard to speak."""
        return any(plan.chunks for plan in self.plans)

    def outcome(self, key: str) -> Outcome:
        """Everything as it is at the end."""
        return Outcome(
            key=key,
            info=self.recording.info if self.recording else self.info,
            recording=self.recording,
            heard=self.heard,
            plans=self.plans,
            transcribed=self.transcribed,
            rejection=self.rejection,
        )
