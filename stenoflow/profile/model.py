"""All that a person can choose about how a recording is treated.

One model serves flow parameters, Prefect blocks, profile files and manifests alike, so each field
carries what a form needs: a title, a description, bounds and a default that works.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from stenoflow.audio.options import QualityOptions
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.faster_whisper.options import FasterWhisperOptions
from stenoflow.engines.openai.options import OpenAIOptions
from stenoflow.engines.pocketsphinx.options import PocketSphinxOptions
from stenoflow.http.options import WebhookOptions
from stenoflow.media.options import Limits, MediaOptions
from stenoflow.options import Options, canonical_digest
from stenoflow.render.captions.options import CaptionOptions
from stenoflow.render.playback import PlaybackOptions
from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.vad.options import VadOptions

EngineName = Literal["pocketsphinx", "deepgram", "openai", "faster-whisper"]

DEFAULT_ARTIFACTS = ("json", "txt", "srt", "vtt", "md", "page")


class Profile(Options):
    """How a recording is treated, from its first byte to its last artifact."""

    engine: EngineName = Field(default="pocketsphinx", title="Engine")
    limits: Limits = Field(default=Limits(), title="Limits")
    media: MediaOptions = Field(default=MediaOptions(), title="Sound")
    quality: QualityOptions = Field(default=QualityOptions(), title="Quality")
    vad: VadOptions = Field(default=VadOptions(), title="Speech detection")
    cutting: SegmentationOptions = Field(default=SegmentationOptions(), title="Cutting")
    pocketsphinx: PocketSphinxOptions = Field(default=PocketSphinxOptions(), title="PocketSphinx")
    deepgram: DeepgramOptions = Field(default=DeepgramOptions(), title="Deepgram")
    openai: OpenAIOptions = Field(default=OpenAIOptions(), title="OpenAI-compatible server")
    faster_whisper: FasterWhisperOptions = Field(
        default=FasterWhisperOptions(), title="faster-whisper"
    )
    artifacts: tuple[str, ...] = Field(default=DEFAULT_ARTIFACTS, title="Artifacts")
    """Names of the renderers to publish with; `stenoflow doctor` lists those installed."""

    captions: CaptionOptions = Field(default=CaptionOptions(), title="Captions")
    playback: PlaybackOptions = Field(default=PlaybackOptions(), title="Playback")
    max_cost_usd: Annotated[Decimal, Field(ge=0)] | None = Field(
        default=None, title="Most a recording may cost, USD"
    )
    """Compared with the estimate before anything is sent; empty: no limit."""

    notify: WebhookOptions | None = Field(default=None, title="Notify")

    def digest(self) -> str:
        """SHA-256, in hex, of every choice: two profiles of one digest treat a recording alike."""
        return canonical_digest(self.model_dump(mode="json"))
