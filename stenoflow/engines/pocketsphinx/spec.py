"""The declaration of the engine ``pocketsphinx``."""

from stenoflow.billing.pricing import EnginePrices
from stenoflow.engines.base import Capabilities, Engine, EngineSetup, EngineSpec
from stenoflow.engines.pocketsphinx.options import PocketSphinxOptions


def _open(options: PocketSphinxOptions, setup: EngineSetup) -> Engine:
    from stenoflow.engines.pocketsphinx.engine import PocketSphinxEngine  # noqa: PLC0415

    return PocketSphinxEngine(options)


SPEC = EngineSpec(
    name="pocketsphinx",
    title="PocketSphinx",
    options=PocketSphinxOptions,
    open=_open,
    capabilities=Capabilities(languages=frozenset({"en"}), accuracy="low"),
    prices=EnginePrices(free=True),
    audio_s_per_s=3.5,  # measured on one core
)
