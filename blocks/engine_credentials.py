"""The base of blocks that hold an engine's API key."""

from collections.abc import Generator
from http import HTTPStatus
from typing import Any, ClassVar, Self

import httpx
from prefect.blocks.abstract import CredentialsBlock
from pydantic import SecretStr, field_validator

from stenoflow.engines.credentials import Credential
from stenoflow.errors import EngineAccountError, EngineError

TIMEOUT_S = 10.0


class HostBoundKey(httpx.Auth):
    """Authentication that sends a key to its own host, and to no other one."""

    def __init__(self, credential: Credential, scheme: str) -> None:
        self._credential = credential
        self._scheme = scheme

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the key to a request, if its URL is one that the key is for."""
        if self._credential.is_for(str(request.url)):
            request.headers["authorization"] = f"{self._scheme} {self._credential.api_key}"
        yield request


class EngineCredentials(CredentialsBlock):
    """An API key and the base URL of the only host that it is sent to.

    Subclasses describe ``base_url`` and say how their service names the key.
    """

    scheme: ClassVar[str] = "Bearer"
    """Authentication scheme of the header ``Authorization``."""
    check_path: ClassVar[str] = "/"
    """Path below ``base_url`` that needs a key and costs nothing."""

    api_key: SecretStr
    base_url: str

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
    def of(cls, api_key: str, base_url: str) -> Self:
        """Return credentials made of plain strings."""
        return cls(api_key=SecretStr(api_key), base_url=base_url)

    def credential(self) -> Credential:
        """Return the key, bound to its host, as engines take it.

        Raises ConfigurationError if it is not an API key.
        """
        return Credential(self.api_key.get_secret_value(), self.base_url)

    def get_client(self, **options: Any) -> httpx.Client:
        """Return an HTTP client for ``base_url`` that sends the key to that host only.

        ``options`` are those of :class:`httpx.Client`.
        """
        auth = HostBoundKey(self.credential(), self.scheme)
        return httpx.Client(base_url=self.base_url, auth=auth, **options)

    def check(self) -> str:
        """Ask the service about the key, which costs nothing, and return a sentence with its answer.

        Raises EngineAccountError if the key is refused, EngineError if the service does not answer.
        """
        host = httpx.URL(self.base_url).host
        try:
            with self.get_client(timeout=TIMEOUT_S) as client:
                status = client.get(self.check_path).status_code
        except httpx.HTTPError as error:
            raise EngineError(f"{host} does not answer: {type(error).__name__}.") from error
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise EngineAccountError(
                f"{host} refuses the API key (status {status}): make a new one there."
            )
        if status == HTTPStatus.NOT_FOUND:
            return f"{host} answers, but cannot verify a key: the first request will show."
        if status != HTTPStatus.OK:
            raise EngineError(f"{host} answers with status {status} when asked about the key.")
        return f"{host} accepts the API key."
