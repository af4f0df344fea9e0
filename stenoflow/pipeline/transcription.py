"""A transcript, and what it took to get it."""

from dataclasses import dataclass

from stenoflow.manifest.model import ChannelTurn, Purchase
from stenoflow.segmentation.plan import SegmentationPlan
from stenoflow.transcript.model import Transcript


@dataclass(frozen=True, slots=True)
class Transcription:
    """A transcript, the plans its audio was bought with, and the purchases."""

    transcript: Transcript
    plans: tuple[SegmentationPlan, ...]
    """Plans of the audio that was sent, as the ledger has them."""
    purchases: tuple[Purchase, ...]
    speaker_turns: tuple[ChannelTurn, ...] = ()
    """Estimated speakers; None if they were not estimated."""
    warnings: tuple[str, ...] = ()
    """About money: what an estimate leaves out."""

    @property
    def paid_s(self) -> float:
        """Return the seconds of all audio that this transcript was bought with."""
        return sum(each.seconds for each in self.purchases)

    @property
    def bought_s(self) -> float:
        """Return the seconds of that which this very run has bought."""
        return sum(each.seconds for each in self.purchases if each.how == "bought")

    @property
    def may_have_been_paid(self) -> int:
        """Return the number of requests, in this and earlier runs, that may have been paid in vain."""
        return sum(each.may_have_been_paid for each in self.purchases)
