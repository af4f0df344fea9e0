"""The profile: all that a person can choose about how a recording is treated.

One model serves flow parameters, Prefect blocks, profile files and manifests alike, so each field
carries what a form needs: a title, a description, bounds and a default that works.

Each engine has a section, a field named by the engine (with ``_`` for ``-``). Those of Stenoflow's own
engines are fields of the class below; those of other packages are added from their entry points, and
are left out of a dump, and so of the digest, while they equal their defaults: installing an engine
changes no digest.
"""

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar, cast

from pydantic import AfterValidator, Field, ValidationInfo, create_model, model_validator

from stenoflow.audio.options import AnalysisOptions, QualityOptions
from stenoflow.engines.base import EngineSpec, OriginalUpload
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.openai.options import OpenAIOptions
from stenoflow.engines.registry import engine_spec, engines
from stenoflow.engines.vocabulary import VocabularyOptions
from stenoflow.engines.whisper.options import WhisperOptions
from stenoflow.errors import ConfigurationError
from stenoflow.http.options import WebhookOptions
from stenoflow.media.options import Limits, MediaOptions
from stenoflow.options import Options, canonical_digest
from stenoflow.rendering.captions.options import CaptionOptions
from stenoflow.rendering.playback import PlaybackOptions
from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.speakers.options import SpeakerOptions
from stenoflow.vad.options import VadOptions

O = TypeVar("O", bound=Options)  # noqa: E741 - an engine's options

DEFAULT_ARTIFACTS = ("json", "txt", "srt", "vtt", "md", "page")


STORED = {"stored": True}
"""Validation context for a profile in a record of what was done: its engine need not be installed."""

EARLIER_ENGINES = {"pocketsphinx": "whisper", "faster-whisper": "whisper"}
"""Engines of 0.1.0, by the one that takes their place."""

EARLIER_SECTIONS = {
    "pocketsphinx": {"beam": 1e-60, "wbeam": 1e-40, "maxhmmpf": -1},
    "faster_whisper": {
        "model_dir": "",
        "device": "auto",
        "compute_type": "default",
        "language": None,
        "beam_size": 5,
    },
}
"""Sections of 0.1.0 as they were by default. They stay in the digest, so that what a sweep has done with
another engine stays done."""


def _is_stored(info: ValidationInfo) -> bool:
    return bool(info.context and info.context.get("stored"))


def _installed(engine: str, info: ValidationInfo) -> str:
    if _is_stored(info):
        return engine
    engine = EARLIER_ENGINES.get(engine, engine)
    try:
        return engine_spec(engine).name
    except ConfigurationError as error:
        raise ValueError(str(error)) from error


def _is_default(default: Options, section: object) -> bool:
    return section == default


def _list_engines(schema: dict[str, Any]) -> None:
    schema["enum"] = list(engines())


class _Profile(Options):
    engine: Annotated[str, AfterValidator(_installed)] = Field(
        default="whisper", title="Engine", json_schema_extra=_list_engines
    )
    limits: Limits = Field(default=Limits(), title="Limits")
    media: MediaOptions = Field(default=MediaOptions(), title="Audio")
    quality: QualityOptions = Field(default=QualityOptions(), title="Quality")
    vad: VadOptions = Field(default=VadOptions(), title="Speech detection")
    cutting: SegmentationOptions = Field(default=SegmentationOptions(), title="Segmentation")
    whisper: WhisperOptions = Field(
        default=WhisperOptions(),
        title="Whisper",
        exclude_if=partial(_is_default, WhisperOptions()),
    )
    speakers: SpeakerOptions = Field(
        default=SpeakerOptions(),
        title="Speakers",
        exclude_if=partial(_is_default, SpeakerOptions()),
    )
    deepgram: DeepgramOptions = Field(default=DeepgramOptions(), title="Deepgram")
    openai: OpenAIOptions = Field(default=OpenAIOptions(), title="OpenAI-compatible server")
    vocabulary: VocabularyOptions = Field(
        default=VocabularyOptions(),
        title="Vocabulary",
        exclude_if=partial(_is_default, VocabularyOptions()),
    )
    artifacts: tuple[str, ...] = Field(default=DEFAULT_ARTIFACTS, title="Artifacts")
    """Names of the renderers to publish with; `stenoflow doctor` lists those installed."""

    captions: CaptionOptions = Field(default=CaptionOptions(), title="Captions")
    playback: PlaybackOptions = Field(default=PlaybackOptions(), title="Playback")
    max_cost_usd: Annotated[Decimal, Field(ge=0)] | None = Field(
        default=None, title="Maximum cost of a recording, USD"
    )
    """Compared with the estimate before anything is sent; empty: no limit."""

    notify: WebhookOptions | None = Field(default=None, title="Webhook")

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_version(cls, fields: Any, info: ValidationInfo) -> Any:
        """Read what 0.1.0 wrote; of a stored record, leave out sections of engines that are not here."""
        if not isinstance(fields, dict):
            return fields
        found = cast("dict[str, Any]", fields)
        earlier = {name: found[name] for name in EARLIER_SECTIONS if name in found}
        found = {name: value for name, value in found.items() if name not in earlier}
        whisper = earlier.get("faster_whisper")
        if whisper != EARLIER_SECTIONS["faster_whisper"] and whisper:
            found.setdefault("whisper", whisper)
        if _is_stored(info):
            found = {name: value for name, value in found.items() if name in cls.model_fields}
        return found

    @property
    def analysis(self) -> AnalysisOptions:
        """The sections that the analysis of a recording depends on."""
        return AnalysisOptions(self.media, self.limits, self.quality, self.vad)

    def digest(self) -> str:
        """Return the SHA-256, in hex, of every choice: profiles of one digest treat alike."""
        return canonical_digest(EARLIER_SECTIONS | self.model_dump(mode="json"))

    def options_for(self, spec: EngineSpec[O]) -> O:
        """Return the section of an engine.

        Raises ConfigurationError where the profile has none, as its name is taken by another field.
        """
        section = getattr(self, spec.section, None)
        if not isinstance(section, spec.options):
            raise ConfigurationError(
                f"The engine {spec.name} has no section in a profile, as {spec.section} is another "
                "field there: its package must rename it."
            )
        return section

    def with_engine(self, name: str) -> Self:
        """Return the same profile with another engine.

        Raises ConfigurationError where there is no such engine.
        """
        return self.model_copy(update={"engine": engine_spec(name).name})

    @property
    def original_upload(self) -> OriginalUpload | None:
        """Options for sending the recording as it is; None if chunks are sent."""
        spec = engine_spec(self.engine)
        return spec.original_upload(self.options_for(spec))

    @property
    def sends_original(self) -> bool:
        """True if the engine is sent the recording as it is, in one request."""
        return self.original_upload is not None

    @property
    def redacts(self) -> bool:
        """True if the engine removes what was spoken from the transcript."""
        spec = engine_spec(self.engine)
        return spec.redacts(self.options_for(spec))


def _sections() -> dict[str, Any]:
    """Return the fields of engines that other packages have registered."""
    return {
        spec.section: (
            spec.options,
            Field(
                default=default,
                title=spec.title,
                exclude_if=partial(_is_default, default),
            ),
        )
        for spec in engines().values()
        if not hasattr(_Profile, spec.section) and spec.section not in _Profile.model_fields
        for default in (spec.options(),)
    }


if TYPE_CHECKING:

    class Profile(_Profile):
        """All options of a recording's processing, from its first byte to its last artifact."""

else:
    Profile = create_model(
        "Profile",
        __base__=_Profile,
        __module__=__name__,
        __doc__="How a recording is treated, from its first byte to its last artifact.",
        **_sections(),
    )
