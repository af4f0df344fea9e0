"""The declaration of the engine ``whisper``."""

from stenoflow.billing.pricing import EnginePrices
from stenoflow.engines.base import Engine, EngineSetup, EngineSpec, Library
from stenoflow.engines.capabilities import Asked, Capabilities
from stenoflow.engines.languages import WHISPER_TAGS
from stenoflow.engines.vocabulary import FittedVocabulary
from stenoflow.engines.whisper.options import WhisperOptions

AT_BEST = Capabilities(languages=WHISPER_TAGS, translation=True, vocabulary=True)
"""With multilingual weights; the default ones know English only."""


def _open(options: WhisperOptions, setup: EngineSetup) -> Engine:
    from stenoflow.engines.whisper.engine import WhisperEngine  # noqa: PLC0415

    return WhisperEngine(options)


def _capabilities_with(options: WhisperOptions) -> Capabilities:
    """Return what the weights can do: English ones neither know another language nor translate."""
    from stenoflow.engines.whisper.weights import find_weights  # noqa: PLC0415

    weights = find_weights(options.model, download=options.download)
    if weights.multilingual:
        return AT_BEST
    return Capabilities(
        languages=frozenset({"en"}),
        vocabulary=True,
        limit=f"The Whisper model {weights.name} knows English only",
        remedy=(
            "set whisper.model to a multilingual model, such as Systran/faster-whisper-small with "
            "whisper.download = true"
        ),
    )


def _asked(options: WhisperOptions) -> tuple[Asked, ...]:
    """Return what needs more than English weights."""
    language = options.language or ""
    asked = (
        (language, Asked("language", f"whisper.language = {language}", language)),
        (options.task == "translate", Asked("translation", "whisper.task = translate")),
        (options.multilingual, Asked("several languages", "whisper.multilingual")),
    )
    return tuple(each for given, each in asked if given)


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
    capabilities=AT_BEST,
    capabilities_with=_capabilities_with,
    asked=_asked,
    prices=EnginePrices(free=True),
    library=Library("faster_whisper", "pip install faster-whisper"),
    with_vocabulary=_with_vocabulary,
    cores=_cores,
)
