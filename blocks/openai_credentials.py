"""The block that holds the key to a server of OpenAI's protocol."""

from typing import ClassVar

from pydantic import Field, HttpUrl, SecretStr

from stenoflow.blocks.engine_credentials import EngineCredentials

DEFAULT_BASE_URL = "https://api.openai.com/v1"


class OpenAICredentials(EngineCredentials):
    """An API key for OpenAI or a server of its protocol, and the address that it is sent to.

    Name it in a flow's `credentials` as `openai-credentials/NAME`. A profile whose `openai.base_url`
    is at another host is refused.

    Example:
        ```python
        from stenoflow.blocks import OpenAICredentials

        credentials = OpenAICredentials.load("BLOCK_NAME")
        ```
    """

    _block_type_name = "OpenAI Credentials"
    _block_type_slug = "openai-credentials"
    _documentation_url = HttpUrl("https://platform.openai.com/docs/api-reference/authentication")
    _description = (
        "An API key for OpenAI or another server of its protocol. The key is stored encrypted, is "
        "sent to its own host only, and never appears in a run's parameters, logs or results."
    )

    check_path: ClassVar[str] = "/models"

    api_key: SecretStr = Field(
        title="API key",
        description="The server's API key. OpenAI's begin with sk-.",
        min_length=1,
    )
    base_url: str = Field(
        default=DEFAULT_BASE_URL,
        title="Base URL",
        description="The server that the key is sent to, as in a profile's openai.base_url.",
        examples=[DEFAULT_BASE_URL, "http://127.0.0.1:8000/v1"],
        pattern=r"^https?://[^/@\s]+(/[^@\s?#]*)?$",
    )
