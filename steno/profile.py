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

    max_bytes: int = Field(4 * GIB, title="Largest file, bytes", ge=1)
    """Files larger than this are rejected; the limit holds for bytes read, not bytes promised."""

    max_duration_s: float = Field(24 * 3600, title="Longest recording, seconds", gt=0)
    """Recordings that decode to more than this are rejected."""

    decode_deadline_s: float = Field(3600, title="Decoder's deadline, seconds", gt=0)
    """A decoder still running after this long is stopped and the recording rejected."""

    decode_memory_bytes: int = Field(2 * GIB, title="Decoder's memory, bytes", ge=64 * 1024**2)
    """Address space of the decoding child."""


class MediaChoice(Choice):
    """Which sound of a file is heard."""

    audio_stream: int | None = Field(None, title="Audio stream", ge=0, le=63)
    """Index among the file's audio streams, from 0; empty: the stream marked default, else the first."""

    channels: Literal["mix", "one", "apart"] = Field("mix", title="Channels")
    """`mix` them down to one; hear only `one`; or keep them `apart`, each with its own speech and words."""

    channel: int = Field(0, title="Channel", ge=0, le=31)
    """The channel that is heard where `channels` is `one`, from 0."""

    level_dbfs: Annotated[float, Field(ge=-60, le=-3)] | None = Field(
        None, title="Target level, dBFS"
    )
    """RMS level of speech to which the audio is raised or lowered by a plain gain, never into clipping
    (-20 is usual); empty: left as it is."""


class QualityThresholds(Choice):
    """Where a measured quality begins to be worth a warning, and where a recording is refused."""

    min_score: float = Field(0.0, title="Gate: lowest score", ge=0, le=1)
    """Recordings scoring below this are rejected before any engine is paid; 0 lets all pass."""

    excellent_score: float = Field(0.85, title="Excellent from", ge=0, le=1)
    good_score: float = Field(0.65, title="Good from", ge=0, le=1)
    fair_score: float = Field(0.40, title="Fair from", ge=0, le=1)
    low_snr_db: float = Field(10.0, title="Warn below this SNR, dB", ge=-20, le=80)
    clipping_ratio: float = Field(0.001, title="Warn above this share of clipped samples", ge=0, le=1)
    silence_ratio: float = Field(0.8, title="Warn above this share of silence", ge=0, le=1)
    silence_dbfs: float = Field(-50.0, title="Silence lies below, dBFS", ge=-120, le=0)
    quiet_dbfs: float = Field(-40.0, title="Warn below this level, dBFS", ge=-120, le=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.fair_score <= self.good_score <= self.excellent_score:
            raise ValueError("the levels must rise: fair_score <= good_score <= excellent_score")
        return self


class VadSettings(Choice):
    """Silero's settings, by the names and with the meaning of ``silero_vad.get_speech_timestamps``."""

    threshold: float = Field(0.5, title="Speech from this probability", gt=0, lt=1)
    neg_threshold: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, title="Silence below this probability"
    )
    """Empty: threshold - 0.15, at least 0.01, as Silero has it."""

    min_speech_ms: int = Field(250, title="Shortest speech, ms", ge=0, le=10_000)
    max_speech_s: Annotated[float, Field(gt=0)] | None = Field(None, title="Longest stretch, seconds")
    """Longer speech is split at its best pause; empty: never split."""

    min_silence_ms: int = Field(100, title="Shortest silence, ms", ge=0, le=60_000)
    speech_pad_ms: int = Field(30, title="Padding on both sides, ms", ge=0, le=5_000)


class Cutting(Choice):
    """What goes to the engine, in how many requests."""

    remove_pauses: bool = Field(True, title="Leave out the pauses")
    """Send only speech with a little of its surroundings; times still are the recording's own."""

    min_pause_s: float = Field(0.5, title="Shortest pause left out, seconds", ge=0.05, le=60)
    keep_s: float = Field(0.1, title="Kept around speech, seconds", ge=0, le=5)
    """Silence kept on each side of a stretch of speech."""

    min_saving: float = Field(0.05, title="Smallest saving worth a cut", ge=0, le=1)
    """Where the pauses make up less than this share, the whole recording is sent uncut."""

    max_request_s: float = Field(4 * 3600, title="Longest request, seconds", ge=10)
    max_request_bytes: int = Field(2 * 1000**3, title="Largest request, bytes", ge=1_000_000)
    overlap_s: float = Field(10.0, title="Overlap of neighbouring requests, seconds", ge=0, le=120)


class PocketSphinxOptions(Choice):
    """PocketSphinx: runs anywhere, English only, low accuracy; for trying Stenoflow out."""

    beam: float = Field(1e-60, title="Beam", gt=0, lt=1)
    wbeam: float = Field(1e-40, title="Word beam", gt=0, lt=1)
    maxhmmpf: int = Field(-1, title="Most HMMs a frame", ge=-1)


class DeepgramOptions(Choice):
    """Deepgram's pre-recorded options, by Deepgram's own names; empty ones are not sent."""

    model: str = Field("nova-3", title="Model", min_length=1)
    version: str | None = Field(None, title="Model version")
    language: str | None = Field(None, title="Language", description="BCP-47 tag, or `multi`")
    detect_language: bool | tuple[str, ...] | None = Field(None, title="Detect the language")
    diarize: bool | None = Field(None, title="Diarize (old form)")
    diarize_model: Literal["latest", "v1", "v2"] | None = Field("latest", title="Diarization model")
    smart_format: bool | None = Field(True, title="Smart format")
    punctuate: bool | None = Field(True, title="Punctuate")
    paragraphs: bool | None = Field(True, title="Paragraphs")
    utterances: bool | None = Field(True, title="Utterances")
    utt_split: Annotated[float, Field(gt=0, le=60)] | None = Field(None, title="Utterance split, s")
    summarize: Literal["v2"] | None = Field(None, title="Summarize")
    topics: bool | None = Field(None, title="Topics")
    custom_topic: tuple[str, ...] = Field((), title="Custom topics")
    custom_topic_mode: Literal["extended", "strict"] | None = Field(None, title="Custom topic mode")
    intents: bool | None = Field(None, title="Intents")
    custom_intent: tuple[str, ...] = Field((), title="Custom intents")
    custom_intent_mode: Literal["extended", "strict"] | None = Field(
        None, title="Custom intent mode"
    )
    sentiment: bool | None = Field(None, title="Sentiment")
    detect_entities: bool | None = Field(None, title="Detect entities")
    redact: tuple[str, ...] = Field((), title="Redact", description="pci, pii, numbers, ...")
    replace: tuple[str, ...] = Field((), title="Replace", description="FIND:REPLACE")
    search: tuple[str, ...] = Field((), title="Search")
    keyterm: tuple[str, ...] = Field((), title="Key terms (nova-3)")
    keywords: tuple[str, ...] = Field((), title="Keywords (before nova-3)")
    numerals: bool | None = Field(None, title="Numerals")
    measurements: bool | None = Field(None, title="Measurements")
    dictation: bool | None = Field(None, title="Dictation")
    filler_words: bool | None = Field(None, title="Filler words")
    profanity_filter: bool | None = Field(None, title="Profanity filter")
    mip_opt_out: bool | None = Field(None, title="Opt out of model improvement")
    tag: tuple[str, ...] = Field((), title="Tags", description="shown on Deepgram's bill")
    extra: tuple[str, ...] = Field((), title="Extra", description="KEY:VALUE, echoed in the reply")
    region: Literal["global", "eu", "au", "in"] = Field("global", title="Region")
    other: dict[str, str | bool | int | float | tuple[str, ...]] = Field(
        default_factory=dict, title="Other options", description="passed through as they are"
    )
    upload: Literal["flac", "wav", "original", "url"] = Field("flac", title="What is sent")
    """The speech as FLAC or WAV; or, without cutting, the `original` file, or a presigned `url` of it."""

    deadline_s: float = Field(1200, title="Total deadline of a request, seconds", gt=0)
    connect_timeout_s: float = Field(10, title="Connect timeout, seconds", gt=0)
    write_timeout_s: float = Field(60, title="Write timeout, seconds", gt=0)
    read_timeout_s: float = Field(660, title="Read timeout, seconds", gt=0)


class OpenAIOptions(Choice):
    """Any server that speaks OpenAI's ``/v1/audio/transcriptions`` (self-hosted ones too)."""

    base_url: str = Field("http://127.0.0.1:8000/v1", title="Base URL")
    model: str = Field("Systran/faster-whisper-small", title="Model", min_length=1)
    language: str | None = Field(None, title="Language")
    prompt: str | None = Field(None, title="Prompt")
    temperature: Annotated[float, Field(ge=0, le=1)] | None = Field(None, title="Temperature")
    max_request_bytes: int = Field(24_000_000, title="Largest request, bytes", ge=100_000)
    deadline_s: float = Field(1200, title="Total deadline of a request, seconds", gt=0)


class FasterWhisperOptions(Choice):
    """faster-whisper on this machine, from a folder of CTranslate2 weights."""

    model_dir: str = Field("", title="Folder of the model")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", title="Device")
    compute_type: str = Field("default", title="Compute type")
    language: str | None = Field(None, title="Language")
    beam_size: int = Field(5, title="Beam size", ge=1, le=20)


class CaptionRules(Choice):
    """How subtitles are broken, after Netflix's and the BBC's guides."""

    line_chars: int = Field(42, title="Characters a line", ge=10, le=100)
    """A full-width character counts as two."""

    lines: int = Field(2, title="Lines a cue", ge=1, le=4)
    min_s: float = Field(5 / 6, title="Shortest cue, seconds", gt=0, le=10)
    max_s: float = Field(7.0, title="Longest cue, seconds", gt=0, le=60)
    chars_per_s: float = Field(20.0, title="Reading speed, characters a second", ge=5, le=60)
    gap_s: float = Field(2 / 24, title="Gap between cues, seconds", ge=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_s > self.max_s:
            raise ValueError("min_s must not exceed max_s")
        return self


class Playback(Choice):
    """Where the links in a transcript play the recording."""

    link: Literal["source", "base_url", "presigned", "none"] = Field("source", title="Links point to")
    base_url: str | None = Field(None, title="Base URL", description="the key is appended to it")
    presigned_s: int = Field(7 * 24 * 3600, title="Presigned links live, seconds", ge=60, le=604_800)
    embed_max_bytes: int = Field(8_000_000, title="Embed recordings up to, bytes", ge=0)
    """The page carries recordings up to this size inside itself; 0: never."""


class Notify(Choice):
    """Who is told when a recording has ended, however it ended."""

    url: str = Field(title="URL", pattern=r"^https?://")
    allow_private: bool = Field(False, title="Allow private addresses")
    """Off: addresses of private, loopback and link-local networks are never called."""


EngineName = Literal["pocketsphinx", "deepgram", "openai", "faster-whisper"]

DEFAULT_ARTIFACTS = ("json", "txt", "srt", "vtt", "md", "page")


class Profile(Choice):
    """How a recording is treated, from its first byte to its last artifact."""

    engine: EngineName = Field("pocketsphinx", title="Engine")
    limits: Limits = Field(default_factory=Limits, title="Limits")
    media: MediaChoice = Field(default_factory=MediaChoice, title="Sound")
    quality: QualityThresholds = Field(default_factory=QualityThresholds, title="Quality")
    vad: VadSettings = Field(default_factory=VadSettings, title="Speech detection")
    cutting: Cutting = Field(default_factory=Cutting, title="Cutting")
    pocketsphinx: PocketSphinxOptions = Field(
        default_factory=PocketSphinxOptions, title="PocketSphinx"
    )
    deepgram: DeepgramOptions = Field(default_factory=DeepgramOptions, title="Deepgram")
    openai: OpenAIOptions = Field(default_factory=OpenAIOptions, title="OpenAI-compatible server")
    faster_whisper: FasterWhisperOptions = Field(
        default_factory=FasterWhisperOptions, title="faster-whisper"
    )
    artifacts: tuple[str, ...] = Field(DEFAULT_ARTIFACTS, title="Artifacts")
    """Names of the renderers to publish with; `stenoflow doctor` lists those installed."""

    captions: CaptionRules = Field(default_factory=CaptionRules, title="Captions")
    playback: Playback = Field(default_factory=Playback, title="Playback")
    max_cost_usd: Annotated[Decimal, Field(ge=0)] | None = Field(
        None, title="Most a recording may cost, USD"
    )
    """Compared with the estimate before anything is sent; empty: no limit."""

    notify: Notify | None = Field(None, title="Notify")

    def digest(self) -> str:
        """SHA-256, in hex, of every choice: two profiles of one digest treat a recording alike."""
        return canonical_digest(self.model_dump(mode="json"))


def canonical_digest(value: Any) -> str:
    """SHA-256, in hex, of a JSON value written with sorted keys and no spaces."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
