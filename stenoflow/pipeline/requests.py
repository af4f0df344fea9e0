"""The body of each request: a chunk of a channel, encoded, or the recording's own file."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from stenoflow.audio.analysis import AudioAnalysis
from stenoflow.audio.encoding import RequestAudio, encode
from stenoflow.engines.base import Engine, OriginalUpload
from stenoflow.errors import ConfigurationError, EngineRefused, EngineTooSlow, RequestTooLong
from stenoflow.profile.model import Profile
from stenoflow.segmentation.plan import Chunk, SegmentationPlan
from stenoflow.segmentation.planner import halve
from stenoflow.segmentation.timeline import Timeline
from stenoflow.times import Seconds, Span, to_seconds

PRESIGNED_SPARE_S = 300
"""Seconds beyond a request's deadline for which a presigned URL stays valid."""


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """The recording itself, for engines that are sent it as it is."""

    path: Path
    size: int
    """Bytes."""
    sha256: str
    content_type: str
    presign: Callable[[int], str | None]
    """Returns a URL that the engine may read it at for so many seconds; None if its store has none."""


@dataclass(frozen=True, slots=True, eq=False)
class RequestBuilder:
    """Makes the requests of one recording."""

    analysis: AudioAnalysis
    original: OriginalFile
    profile: Profile
    engine: Engine

    @property
    def sends_original(self) -> bool:
        """Return True if the recording is sent as it is: one request that cannot be halved."""
        return self.profile.sends_original

    def seconds(self, chunk: Chunk) -> Seconds:
        """Return the length of a chunk, once for each channel in its body, as each is paid."""
        return Seconds(to_seconds(chunk.timeline.samples) * self.channels_in_body)

    @property
    def channels_in_body(self) -> int:
        """Return the number of channels in one body that are transcribed separately."""
        separate = self.profile.media.channels == "apart"
        return len(self.analysis.channels) if self.sends_original and separate else 1

    def body(
        self, plan: SegmentationPlan, chunk: Chunk, path: Path, cancelled: Event
    ) -> RequestAudio:
        """Return the body of a request, in the file ``path`` if it needs one.

        Raises ConfigurationError if the file is to be sent by URL and its store presigns none; Stopped.
        """
        if upload := self.profile.original_upload:
            return self._original(plan, upload)
        channel = next(each for each in self.analysis.channels if each.index == plan.channel)
        # The plan may be another decoder's, which made a few samples more of the recording's end.
        timeline = chunk.timeline.slice(Span(0, chunk.timeline.to_sent(channel.samples)))
        audio = encode(
            channel.pcm,
            timeline.kept,
            path,
            encoding=self.engine.encoding,
            gain=channel.gain,
            stop=cancelled,
        )
        return replace(audio, speech=timeline.speech_sent(plan.speech))

    def halves(
        self, plan: SegmentationPlan, chunk: Chunk, error: RequestTooLong
    ) -> tuple[Chunk, Chunk]:
        """Return the halves of a chunk that was too much for the engine, as ``error`` says.

        Where it cannot be halved, raises EngineTooSlow if it timed out; else EngineRefused if it is the
        whole recording, ConfigurationError if it is so short that the limit makes no sense.
        """
        if upload := self.profile.original_upload:
            kind = EngineTooSlow if error.again else EngineRefused
            raise kind(
                f"{error} A recording that is sent as it is cannot be sent in parts: {upload.remedy}.",
                request_id=error.request_id,
            ) from error
        scores = {each.index: each.speech_scores for each in self.analysis.channels}
        try:
            return halve(
                chunk, plan.speech, self.profile.cutting, speech_scores=scores.get(plan.channel)
            )
        except RequestTooLong as shortest:
            if error.again:
                raise EngineTooSlow(f"{error} {shortest}", request_id=error.request_id) from error
            raise ConfigurationError(f"{error} {shortest}") from error

    def _original(self, plan: SegmentationPlan, upload: OriginalUpload) -> RequestAudio:
        url = None
        if upload.by_url:
            url = self.original.presign(round(upload.deadline_s) + PRESIGNED_SPARE_S)
            if url is None:
                raise ConfigurationError(
                    f"The recordings' store makes no presigned URLs: {upload.remedy}."
                )
        return RequestAudio(
            path=None if upload.by_url else self.original.path,
            url=url,
            size=self.original.size,
            sha256=self.original.sha256,
            content_type=self.original.content_type,
            samples=plan.samples,
            speech=plan.speech,
        )


def requested_plans(
    plans: tuple[SegmentationPlan, ...], profile: Profile, samples: int
) -> tuple[SegmentationPlan, ...]:
    """Return the plans to buy by: as they are, or one of the whole file if that is what is sent."""
    if not profile.sends_original:
        return plans
    speech = sorted(span for plan in plans for span in plan.speech)
    return (
        SegmentationPlan(
            channel=0,
            samples=samples,
            speech=Timeline.of(speech).kept,
            chunks=(Chunk(span=Span(0, samples), timeline=Timeline.identity(samples)),),
        ),
    )
