"""The key to a Deepgram account, kept in Prefect and nowhere else."""

from typing import Self

from prefect.blocks.core import Block
from pydantic import Field, SecretStr, field_validator

from stenoflow.engines.deepgram.auth import check_key

DEFAULT_BASE_URL = "https://api.deepgram.com"


class DeepgramCredentials(Block):
    """An API key for Deepgram, and the address it is good for.

    Name it in a flow's `credentials` as `deepgram-credentials/NAME`.
    """

    _block_type_name = "Deepgram Credentials"
    _block_type_slug = "deepgram-credentials"
    _description = (
        "An API key for Deepgram. The key is stored encrypted and never appears in a run's "
        "parameters, logs or results."
    )
    _code_example = """\
    ```python
    from stenoflow.blocks.deepgram_credentials import DeepgramCredentials

    DeepgramCredentials(api_key="...").save("main")
    # then: credentials="deepgram-credentials/main"
    ```"""

    api_key: SecretStr = Field(
        title="API key",
        description="From the Deepgram console, API Keys. The role Member is enough.",
        min_length=8,
    )
    base_url: str = Field(
        default=DEFAULT_BASE_URL,
        title="Base URL",
        description=(
            "Where requests go. Change it for a self-hosted Deepgram, a proxy, or a stand-in; "
            "a profile's region changes it for Deepgram's own regional hosts."
        ),
        examples=[DEFAULT_BASE_URL, "http://127.0.0.1:8901"],
        pattern=r"^https?://[^/@\s]+(/[^@\s?#]*)?$",
    )

    @field_validator("base_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("api_key")
    @classmethod
    def _no_spaces(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() != value.get_secret_value().strip():
            raise ValueError("the API key begins or ends with a space: paste it again")
        return value

    @classmethod
    def of(cls, api_key: str, base_url: str = DEFAULT_BASE_URL) -> Self:
        """Credentials from plain strings, as the environment holds them."""
        return cls(api_key=SecretStr(api_key), base_url=base_url)

    def check(self) -> str:
        """Ask Deepgram about the key, which costs nothing; one sentence that says it is good.

        Raises EngineAccountError where it is not, EngineError where nobody answers.
        """
        return check_key(self.api_key.get_secret_value(), self.base_url)
