"""The declaration of the engine ``deepgram``."""

from stenoflow.billing.pricing import EnginePrices, Price
from stenoflow.engines.base import (
    Engine,
    EngineLimits,
    EngineSetup,
    EngineSpec,
    OriginalUpload,
)
from stenoflow.engines.credentials import CredentialSpec
from stenoflow.engines.deepgram.capabilities import AT_BEST, asked, capabilities_with
from stenoflow.engines.deepgram.options import HOSTS, DeepgramOptions
from stenoflow.engines.deepgram.vocabulary import with_vocabulary

PRICING = "https://deepgram.com/pricing"
PRE_RECORDED = f"{PRICING}, pay as you go, pre-recorded; sources between 2025 and 2026 also say"
LITELLM = f"{PRICING}, as litellm 1.109 has it"

PRICES = EnginePrices(
    models={
        "nova-3": Price.listed("0.0077", "2026-08-01", f"{PRE_RECORDED} 0.0043"),
        "nova-3 multilingual": Price.listed("0.0092", "2026-08-01", f"{PRE_RECORDED} 0.0052"),
        "nova-2": Price.listed("0.0043", "2026-05-05", LITELLM),
        "nova": Price.listed("0.0043", "2026-05-05", LITELLM),
        "enhanced": Price.listed("0.0145", "2026-05-05", LITELLM),
        "base": Price.listed("0.0125", "2026-05-05", LITELLM),
        "whisper": Price.listed("0.0060", "2026-05-05", f"{LITELLM}; other sources say 0.0048"),
    },
    features={
        "diarize": Price.listed("0.0020", "2026-05-05", PRICING),
        "redact": Price.listed("0.0020", "2026-05-05", PRICING),
        "keyterm": Price.listed("0.0013", "2026-05-05", PRICING),
        "detect_entities": Price.listed("0.0017", "2026-05-05", PRICING),
    },
    by_token=("summarize", "topics", "intents", "sentiment"),
)


def _open(options: DeepgramOptions, setup: EngineSetup) -> Engine:
    from stenoflow.engines.deepgram.engine import DeepgramEngine  # noqa: PLC0415
    from stenoflow.engines.deepgram.parameters import is_multichannel  # noqa: PLC0415

    return DeepgramEngine(
        options, setup.credential, multichannel=is_multichannel(options, setup.media)
    )


def _original_upload(options: DeepgramOptions) -> OriginalUpload | None:
    if options.upload not in ("original", "url"):
        return None
    return OriginalUpload(
        by_url=options.upload == "url",
        deadline_s=options.deadline_s,
        remedy="set the profile's deepgram.upload to flac",
    )


def _redacts(options: DeepgramOptions) -> bool:
    return bool(options.redact)


SPEC = EngineSpec(
    name="deepgram",
    title="Deepgram",
    options=DeepgramOptions,
    open=_open,
    capabilities=AT_BEST,
    capabilities_with=capabilities_with,
    asked=asked,
    prices=PRICES,
    # Deepgram allows 50 open requests a project, and 10 with summaries, topics or sentiment.
    limits=EngineLimits(open_requests=25, requests_per_s=10.0),
    credentials=CredentialSpec(
        variable="DEEPGRAM_API_KEY",
        base_url_variable="DEEPGRAM_BASE_URL",
        block="deepgram-credentials",
        base_url=HOSTS["global"],
    ),
    audio_s_per_s=60.0,  # an assumption: half of what Deepgram itself claims
    original_upload=_original_upload,
    redacts=_redacts,
    with_vocabulary=with_vocabulary,
)
