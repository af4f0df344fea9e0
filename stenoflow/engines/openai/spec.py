"""The declaration of the engine ``openai``."""

from stenoflow.billing.pricing import EnginePrices, Price
from stenoflow.engines.base import Engine, EngineLimits, EngineSetup, EngineSpec
from stenoflow.engines.capabilities import Capabilities
from stenoflow.engines.credentials import CredentialSpec
from stenoflow.engines.openai.options import OpenAIOptions
from stenoflow.engines.openai.vocabulary import with_vocabulary
from stenoflow.errors import ConfigurationError


def _open(options: OpenAIOptions, setup: EngineSetup) -> Engine:
    from stenoflow.engines.openai.engine import OpenAIEngine  # noqa: PLC0415

    credential = setup.credential
    if credential and setup.credential_named and not credential.is_for(options.base_url):
        raise ConfigurationError(
            f"The credentials are for {credential.base_url}, and the profile's openai.base_url is "
            f"{options.base_url}: a key is sent to its own host only. Change one of them."
        )
    return OpenAIEngine(options, credential)


SPEC = EngineSpec(
    name="openai",
    title="OpenAI-compatible server",
    options=OpenAIOptions,
    open=_open,
    capabilities=Capabilities(languages="any", vocabulary=True),
    prices=EnginePrices(
        models={
            "whisper-1": Price.listed(
                "0.0060",
                "2026-07-20",
                "https://platform.openai.com/docs/pricing, as public price lists have it",
            )
        }
    ),
    limits=EngineLimits(open_requests=4, requests_per_s=10.0),
    credentials=CredentialSpec(
        variable="OPENAI_API_KEY",
        base_url_variable="OPENAI_BASE_URL",
        block="openai-credentials",
        base_url="https://api.openai.com/v1",
        required=False,
    ),
    with_vocabulary=with_vocabulary,
)
