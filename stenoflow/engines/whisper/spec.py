"""The declaration of the engine ``whisper``."""

from stenoflow.billing.pricing import EnginePrices
from stenoflow.engines.base import Capabilities, Engine, EngineSetup, EngineSpec, Library
from stenoflow.engines.languages import WHISPER_TAGS
from stenoflow.engines.vocabulary import FittedVocabulary
from stenoflow.engines.whisper.options import WhisperOptions


def _open(options: WhisperOptions, setup: EngineSetup) -> Engine:
    from stenoflow.engines.whisper.engine import WhisperEngine  # noqa: PLC0415

    return WhisperEngine(options)


def _with_vocabulary(
    options: WhisperOptions, terms: tuple[str, ...]
) -> FittedVocabulary[WhisperOptions]:
    from stenoflow.engines.whisper.vocabulary import with_vocabulary  # noqa: PLC0415

    return with_vocabulary(options, terms)


def _cores(options: WhisperOptions) -> int:
    return options.threads


SPEC = EngineSpec(
    name="whisper",
    title="Whisper",
    options=WhisperOptions,
    open=_open,
    capabilities=Capabilities(languages=WHISPER_TAGS, translation=True, vocabulary=True),
    prices=EnginePrices(free=True),
    library=Library("faster_whisper", "pip install faster-whisper"),
    with_vocabulary=_with_vocabulary,
    cores=_cores,
)
"""Languages are those of multilingual weights; the default ones know English only."""
