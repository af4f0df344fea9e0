"""All that a person can choose about how a recording is treated.

One model serves flow parameters, Prefect blocks, profile files and manifests alike, so each field
carries what a form needs: a title, a description, bounds and a default that works.
"""

import hashlib
import json
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

GIB = 1024**3


class Choice(BaseModel):
    """Base of all sections: immutable, and closed, so that a misspelt field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Limits(Choice):
    """What a recording may be at most before any work is spent on it."""

    max_bytes: int = Field(default=4 * GIB, title="Largest file, bytes", ge=1)
    """Files larger than this are rejected; the limit holds for bytes read, not bytes promised."""

    max_duration_s: float = Field(default=24 * 3600, title="Longest recording, seconds", gt=0)
    """Recordings that decode to more than this are rejected."""

    decode_deadline_s: float = Field(default=3600, title="Decoder's deadline, seconds", gt=0)
    """A decoder still running after this long is stopped and the recording rejected."""

    decode_memory_bytes: int = Field(default=2 * GIB, title="Decoder's memory, bytes", ge=GIB // 2)
    """Address space of the decoding child, of which FFmpeg itself takes 0.3 GiB."""


class MediaChoice(Choice):
    """Which sound of a file is heard."""

    audio_stream: int | None = Field(default=None, title="Audio stream", ge=0, le=63)
    """Index among the file's audio streams, from 0; empty: the stream marked default, else the first."""

    channels: Literal["mix", "one", "apart"] = Field(default="mix", title="Channels")
    """`mix` them down to one; hear only `one`; or keep them `apart`, each with its own speech and words."""

    channel: int = Field(default=0, title="Channel", ge=0, le=31)
    """The channel that is heard where `channels` is `one`, from 0."""

    level_dbfs: Annotated[float, Field(ge=-60, le=-3)] | None = Field(
        default=None, title="Target level, dBFS"
    )
    """RMS level of speech to which the audio is raised or lowered by a plain gain, never into clipping
    (-20 is usual); empty: left as it is."""


class QualityThresholds(Choice):
    """Where a measured quality begins to be worth a warning, and where a recording is refused."""

    min_score: float = Field(default=0.0, title="Gate: lowest score", ge=0, le=1)
    """Recordings scoring below this are rejected before any engine is paid; 0 lets all pass."""

    excellent_score: float = Field(default=0.85, title="Excellent from", ge=0, le=1)
    good_score: float = Field(default=0.65, title="Good from", ge=0, le=1)
    fair_score: float = Field(default=0.40, title="Fair from", ge=0, le=1)
    low_snr_db: float = Field(default=10.0, title="Warn below this SNR, dB", ge=-20, le=80)
    clipping_ratio: float = Field(
        default=0.001, title="Warn above this share of clipped samples", ge=0, le=1
    )
    silence_ratio: float = Field(default=0.8, title="Warn above this share of silence", ge=0, le=1)
    silence_dbfs: float = Field(default=-50.0, title="Silence lies below, dBFS", ge=-120, le=0)
    quiet_dbfs: float = Field(default=-40.0, title="Warn below this level, dBFS", ge=-120, le=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.fair_score <= self.good_score <= self.excellent_score:
            raise ValueError("the levels must rise: fair_score <= good_score <= excellent_score")
        return self


class VadSettings(Choice):
    """Silero's settings, by the names and with the meaning of ``silero_vad.get_speech_timestamps``.

    The defaults are for cutting, chosen by ``bench/vad_curve.py`` on hand-labelled clips together with
    what :class:`Cutting` keeps around speech: 0.1 % of speech is lost, and 63 % of pauses of half a
    second and more are left out. Silero's own 0.5, with as many pauses left out, loses three times as much.
    Words as short as 0.1 s are speech, and the only padding is what the cut keeps.
    """

    threshold: float = Field(default=0.4, title="Speech from this probability", gt=0, lt=1)
    neg_threshold: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, title="Silence below this probability"
    )
    """Empty: threshold - 0.15, at least 0.01, as Silero has it."""

    min_speech_ms: int = Field(default=100, title="Shortest speech, ms", ge=0, le=10_000)
    max_speech_s: Annotated[float, Field(gt=0)] | None = Field(
        default=None, title="Longest stretch, seconds"
    )
    """Longer speech is split at its best pause; empty: never split."""

    min_silence_ms: int = Field(default=100, title="Shortest silence, ms", ge=0, le=60_000)
    speech_pad_ms: int = Field(default=0, title="Padding on both sides, ms", ge=0, le=5_000)


class Cutting(Choice):
    """What goes to the engine, in how many requests."""

    remove_pauses: bool = Field(default=True, title="Leave out the pauses")
    """Send only speech with a little of its surroundings; times still are the recording's own."""

    min_pause_s: float = Field(
        default=0.5, title="Shortest pause left out, seconds", ge=0.05, le=60
    )
    keep_s: float = Field(default=0.07, title="Kept around speech, seconds", ge=0, le=5)
    """Silence kept on each side of a stretch of speech."""

    min_saving: float = Field(default=0.05, title="Smallest saving worth a cut", ge=0, le=1)
    """Where the pauses make up less than this share, the whole recording is sent uncut."""

    max_request_s: float = Field(default=4 * 3600, title="Longest request, seconds", ge=10)
    max_request_bytes: int = Field(
        default=2 * 1000**3, title="Largest request, bytes", ge=1_000_000
    )
    overlap_s: float = Field(
        default=10.0, title="Overlap of neighbouring requests, seconds", ge=0, le=120
    )


class PocketSphinxOptions(Choice):
    """PocketSphinx: runs anywhere, English only, low accuracy; for trying Stenoflow out."""

    beam: float = Field(default=1e-60, title="Beam", gt=0, lt=1)
    wbeam: float = Field(default=1e-40, title="Word beam", gt=0, lt=1)
    maxhmmpf: int = Field(default=-1, title="Most HMMs a frame", ge=-1)


class DeepgramOptions(Choice):
    """Deepgram's pre-recorded options, by Deepgram's own names; empty ones are not sent."""

    model: str = Field(default="nova-3", title="Model", min_length=1)
    version: str | None = Field(default=None, title="Model version")
    language: str | None = Field(
        default=None, title="Language", description="BCP-47 tag, or `multi`"
    )
    detect_language: bool | tuple[str, ...] | None = Field(
        default=None, title="Detect the language"
    )
    diarize: bool | None = Field(default=None, title="Diarize (old form)")
    diarize_model: Literal["latest", "v1", "v2"] | None = Field(
        default="latest", title="Diarization model"
    )
    smart_format: bool | None = Field(default=True, title="Smart format")
    punctuate: bool | None = Field(default=True, title="Punctuate")
    paragraphs: bool | None = Field(default=True, title="Paragraphs")
    utterances: bool | None = Field(default=True, title="Utterances")
    utt_split: Annotated[float, Field(gt=0, le=60)] | None = Field(
        default=None, title="Utterance split, s"
    )
    summarize: Literal["v2"] | None = Field(default=None, title="Summarize")
    topics: bool | None = Field(default=None, title="Topics")
    custom_topic: tuple[str, ...] = Field(default=(), title="Custom topics")
    custom_topic_mode: Literal["extended", "strict"] | None = Field(
        default=None, title="Custom topic mode"
    )
    intents: bool | None = Field(default=None, title="Intents")
    custom_intent: tuple[str, ...] = Field(default=(), title="Custom intents")
    custom_intent_mode: Literal["extended", "strict"] | None = Field(
        default=None, title="Custom intent mode"
    )
    sentiment: bool | None = Field(default=None, title="Sentiment")
    detect_entities: bool | None = Field(default=None, title="Detect entities")
    redact: tuple[str, ...] = Field(
        default=(), title="Redact", description="pci, pii, numbers, ..."
    )
    replace: tuple[str, ...] = Field(default=(), title="Replace", description="FIND:REPLACE")
    search: tuple[str, ...] = Field(default=(), title="Search")
    keyterm: tuple[str, ...] = Field(default=(), title="Key terms (nova-3)")
    keywords: tuple[str, ...] = Field(default=(), title="Keywords (before nova-3)")
    numerals: bool | None = Field(default=None, title="Numerals")
    measurements: bool | None = Field(default=None, title="Measurements")
    dictation: bool | None = Field(default=None, title="Dictation")
    filler_words: bool | None = Field(default=None, title="Filler words")
    profanity_filter: bool | None = Field(default=None, title="Profanity filter")
    mip_opt_out: bool | None = Field(default=None, title="Opt out of model improvement")
    tag: tuple[str, ...] = Field(default=(), title="Tags", description="shown on Deepgram's bill")
    extra: tuple[str, ...] = Field(
        default=(), title="Extra", description="KEY:VALUE, echoed in the reply"
    )
    region: Literal["global", "eu", "au", "in"] = Field(default="global", title="Region")
    other: dict[str, str | bool | int | float | tuple[str, ...]] = Field(
        default_factory=dict, title="Other options", description="passed through as they are"
    )
    upload: Literal["flac", "wav", "original", "url"] = Field(default="flac", title="What is sent")
    """The speech as FLAC or WAV; or, without cutting, the `original` file, or a presigned `url` of it."""

    deadline_s: float = Field(default=1200, title="Total deadline of a request, seconds", gt=0)
    connect_timeout_s: float = Field(default=10, title="Connect timeout, seconds", gt=0)
    write_timeout_s: float = Field(default=60, title="Write timeout, seconds", gt=0)
    read_timeout_s: float = Field(default=660, title="Read timeout, seconds", gt=0)


class OpenAIOptions(Choice):
    """Any server that speaks OpenAI's ``/v1/audio/transcriptions`` (self-hosted ones too)."""

    base_url: str = Field(default="http://127.0.0.1:8000/v1", title="Base URL")
    model: str = Field(default="Systran/faster-whisper-small", title="Model", min_length=1)
    language: str | None = Field(default=None, title="Language")
    prompt: str | None = Field(default=None, title="Prompt")
    temperature: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, title="Temperature"
    )
    max_request_bytes: int = Field(default=24_000_000, title="Largest request, bytes", ge=100_000)
    deadline_s: float = Field(default=1200, title="Total deadline of a request, seconds", gt=0)


class FasterWhisperOptions(Choice):
    """faster-whisper on this machine, from a folder of CTranslate2 weights."""

    model_dir: str = Field(default="", title="Folder of the model")
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", title="Device")
    compute_type: str = Field(default="default", title="Compute type")
    language: str | None = Field(default=None, title="Language")
    beam_size: int = Field(default=5, title="Beam size", ge=1, le=20)


class CaptionRules(Choice):
    """How subtitles are broken, after Netflix's and the BBC's guides."""

    line_chars: int = Field(default=42, title="Characters a line", ge=10, le=100)
    """A full-width character counts as two."""

    lines: int = Field(default=2, title="Lines a cue", ge=1, le=4)
    min_s: float = Field(default=5 / 6, title="Shortest cue, seconds", gt=0, le=10)
    max_s: float = Field(default=7.0, title="Longest cue, seconds", gt=0, le=60)
    chars_per_s: float = Field(
        default=20.0, title="Reading speed, characters a second", ge=5, le=60
    )
    gap_s: float = Field(default=2 / 24, title="Gap between cues, seconds", ge=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_s > self.max_s:
            raise ValueError("min_s must not exceed max_s")
        return self


class Playback(Choice):
    """Where the links in a transcript play the recording."""

    link: Literal["source", "base_url", "presigned", "none"] = Field(
        default="source", title="Links point to"
    )
    base_url: str | None = Field(
        default=None, title="Base URL", description="the key is appended to it"
    )
    presigned_s: int = Field(
        default=7 * 24 * 3600, title="Presigned links live, seconds", ge=60, le=604_800
    )
    embed_max_bytes: int = Field(default=8_000_000, title="Embed recordings up to, bytes", ge=0)
    """The page carries recordings up to this size inside itself; 0: never."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.link == "base_url" and not self.base_url:
            raise ValueError("links that point to a base URL need one: set base_url")
        return self


class Notify(Choice):
    """Who is told when a recording has ended, however it ended."""

    url: str = Field(title="URL", pattern=r"^https?://")
    allow_private: bool = Field(default=False, title="Allow private addresses")
    """Off: addresses of private, loopback and link-local networks are never called."""


EngineName = Literal["pocketsphinx", "deepgram", "openai", "faster-whisper"]

DEFAULT_ARTIFACTS = ("json", "txt", "srt", "vtt", "md", "page")


class Profile(Choice):
    """How a recording is treated, from its first byte to its last artifact."""

    engine: EngineName = Field(default="pocketsphinx", title="Engine")
    limits: Limits = Field(default=Limits(), title="Limits")
    media: MediaChoice = Field(default=MediaChoice(), title="Sound")
    quality: QualityThresholds = Field(default=QualityThresholds(), title="Quality")
    vad: VadSettings = Field(default=VadSettings(), title="Speech detection")
    cutting: Cutting = Field(default=Cutting(), title="Cutting")
    pocketsphinx: PocketSphinxOptions = Field(default=PocketSphinxOptions(), title="PocketSphinx")
    deepgram: DeepgramOptions = Field(default=DeepgramOptions(), title="Deepgram")
    openai: OpenAIOptions = Field(default=OpenAIOptions(), title="OpenAI-compatible server")
    faster_whisper: FasterWhisperOptions = Field(
        default=FasterWhisperOptions(), title="faster-whisper"
    )
    artifacts: tuple[str, ...] = Field(default=DEFAULT_ARTIFACTS, title="Artifacts")
    """Names of the renderers to publish with; `stenoflow doctor` lists those installed."""

    captions: CaptionRules = Field(default=CaptionRules(), title="Captions")
    playback: Playback = Field(default=Playback(), title="Playback")
    max_cost_usd: Annotated[Decimal, Field(ge=0)] | None = Field(
        default=None, title="Most a recording may cost, USD"
    )
    """Compared with the estimate before anything is sent; empty: no limit."""

    notify: Notify | None = Field(default=None, title="Notify")

    def digest(self) -> str:
        """SHA-256, in hex, of every choice: two profiles of one digest treat a recording alike."""
        return canonical_digest(self.model_dump(mode="json"))


def canonical_digest(value: Any) -> str:
    """SHA-256, in hex, of a JSON value written with sorted keys and no spaces."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
