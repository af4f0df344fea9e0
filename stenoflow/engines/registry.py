"""The engine that a profile names.

Each engine's module is imported only here and only when it is asked for: their libraries take up to a
second to import.
"""

import os

from stenoflow.engines.base import Engine
from stenoflow.profile.model import Profile


def open_engine(
    profile: Profile, *, api_key: str | None = None, base_url: str | None = None
) -> Engine:
    """The profile's engine, ready to listen; nothing is connected to yet.

    ``api_key`` and ``base_url`` are those of the engine's account, where it has one. Raises
    ConfigurationError where the engine's options contradict one another or its key is missing;
    MissingDependency where it is not installed.
    """
    if profile.engine == "deepgram":
        from stenoflow.engines.deepgram.engine import DeepgramEngine  # noqa: PLC0415
        from stenoflow.engines.deepgram.parameters import is_multichannel  # noqa: PLC0415

        multichannel = is_multichannel(profile)
        return DeepgramEngine(profile.deepgram, api_key or "", base_url, multichannel=multichannel)
    if profile.engine == "pocketsphinx":
        from stenoflow.engines.pocketsphinx.engine import PocketSphinxEngine  # noqa: PLC0415

        return PocketSphinxEngine(profile.pocketsphinx)
    if profile.engine == "openai":
        from stenoflow.engines.openai.engine import OpenAIEngine  # noqa: PLC0415

        return OpenAIEngine(profile.openai, api_key or os.environ.get("OPENAI_API_KEY"), base_url)
    from stenoflow.engines.faster_whisper.engine import FasterWhisperEngine  # noqa: PLC0415

    return FasterWhisperEngine(profile.faster_whisper)
