"""The declaration of the engine ``faster-whisper``."""

from stenoflow.billing.pricing import EnginePrices
from stenoflow.engines.base import Capabilities, Engine, EngineSetup, EngineSpec, Library
from stenoflow.engines.faster_whisper.options import FasterWhisperOptions
from stenoflow.engines.languages import WHISPER_TAGS


def _open(options: FasterWhisperOptions, setup: EngineSetup) -> Engine:
    from stenoflow.engines.faster_whisper.engine import FasterWhisperEngine  # noqa: PLC0415

    return FasterWhisperEngine(options)


SPEC = EngineSpec(
    name="faster-whisper",
    title="faster-whisper",
    options=FasterWhisperOptions,
    open=_open,
    capabilities=Capabilities(languages=WHISPER_TAGS),
    prices=EnginePrices(free=True),
    library=Library("faster_whisper", "pip install 'stenoflow[faster-whisper]'"),
)
