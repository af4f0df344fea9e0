"""The block that holds the key to a Deepgram account."""

from typing import ClassVar, Self

from pydantic import Field, HttpUrl, SecretStr

from stenoflow.blocks.engine_credentials import EngineCredentials

DEFAULT_BASE_URL = "https://api.deepgram.com"


class DeepgramCredentials(EngineCredentials):
    """An API key for Deepgram, and the address that it is sent to.

    Name it in a flow's `credentials` as `deepgram-credentials/NAME`.

    Example:
        ```python
        from stenoflow.blocks import DeepgramCredentials

        credentials = DeepgramCredentials.load("BLOCK_NAME")
        ```
    """

    _block_type_name = "Deepgram Credentials"
    _block_type_slug = "deepgram-credentials"
    _documentation_url = HttpUrl("https://developers.deepgram.com/docs/create-additional-api-keys")
    _description = (
        "An API key for Deepgram. The key is stored encrypted and never appears in a run's "
        "parameters, logs or results."
    )

    scheme: ClassVar[str] = "Token"
    check_path: ClassVar[str] = "/v1/auth/token"

    api_key: SecretStr = Field(
        title="API key",
        description="From the Deepgram console, API Keys. The role Member is enough.",
        min_length=8,
    )
    base_url: str = Field(
        default=DEFAULT_BASE_URL,
        title="Base URL",
        description=(
            "The host that the key is sent to. Change it for a self-hosted Deepgram, a proxy, or a "
            "stand-in; a profile's region changes it for Deepgram's own regional hosts."
        ),
        examples=[DEFAULT_BASE_URL, "http://127.0.0.1:8901"],
        pattern=r"^https?://[^/@\s]+(/[^@\s?#]*)?$",
    )

    @classmethod
    def of(cls, api_key: str, base_url: str = DEFAULT_BASE_URL) -> Self:
        """Return credentials made of plain strings."""
        return super().of(api_key, base_url)
