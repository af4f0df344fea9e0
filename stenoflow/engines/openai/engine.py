"""Any server that speaks OpenAI's ``/v1/audio/transcriptions``: OpenAI, speaches, vLLM, LocalAI, ...

After https://platform.openai.com/docs/api-reference/audio/createTranscription. The body of a request
streams from disk.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

from stenoflow.audio.encoding import Encoding, RequestAudio
from stenoflow.engines.credentials import Credential
from stenoflow.engines.http import HttpEngine
from stenoflow.engines.http_errors import Reported, StatusRule
from stenoflow.engines.openai.errors import REQUEST_ID, STATUSES, reported
from stenoflow.engines.openai.options import OpenAIOptions
from stenoflow.engines.openai.response import read_reply
from stenoflow.errors import ConfigurationError
from stenoflow.http.request import AbortableRequest
from stenoflow.transcript.model import Reply

CONNECT_TIMEOUT_S = 10.0
WRITE_TIMEOUT_S = 60.0


class OpenAIEngine(HttpEngine):
    """A server of OpenAI's protocol as an :class:`~stenoflow.engines.base.Engine`.

    Requests go to the profile's base URL. The credential's key goes with them only if it belongs to
    that host. Raises ConfigurationError where the base URL is not one.
    """

    name = "openai"
    encoding: Encoding = "flac"
    statuses = STATUSES
    request_id_header = REQUEST_ID

    def __init__(self, options: OpenAIOptions, credential: Credential | None = None) -> None:
        self._base_url = _checked(options.base_url)
        netloc = httpx.URL(self._base_url).netloc.decode()
        super().__init__(
            called=f"The server at {netloc}", host=self._base_url, deadline_s=options.deadline_s
        )
        self._options = options
        is_ours = credential is not None and credential.is_for(self._base_url)
        self._api_key = credential.api_key if credential and is_ours else None

    def __repr__(self) -> str:
        return f"OpenAIEngine({self._options.model!r}, {self._base_url!r})"

    @property
    def max_request_bytes(self) -> int | None:
        """The limit in the profile: it differs between servers, which do not report it."""
        return self._options.max_request_bytes

    def identity(self) -> Mapping[str, Any]:
        """Return the fields of a request and its server: two may differ under one model's name."""
        return {"base_url": self._base_url, **self._fields()}

    def parse(self, raw: bytes) -> Reply:
        """Read a raw reply.

        Raises EngineError where it is not a transcript with times, EngineAccountError where it is one
        of a model that gives none.
        """
        options = self._options
        return self._parsed(lambda: read_reply(raw, model=options.model, language=options.language))

    def _fields(self) -> dict[str, Any]:
        options = self._options
        fields = {
            "model": options.model,
            "language": options.language,
            "prompt": options.prompt,
            "temperature": options.temperature,
            "response_format": "verbose_json",
            "timestamp_granularities[]": ["word", "segment"],
        }
        return {name: value for name, value in fields.items() if value is not None}

    def _send(self, request: AbortableRequest, body: RequestAudio) -> None:
        if body.path is None:
            raise ValueError("servers of OpenAI's protocol take files, not URLs")
        # How long a response takes is limited by the deadline alone.
        timeout = httpx.Timeout(None, connect=CONNECT_TIMEOUT_S, write=WRITE_TIMEOUT_S)
        headers = {"authorization": f"Bearer {self._api_key}"} if self._api_key else {}
        name = f"audio.{body.content_type.rpartition('/')[2]}"
        with request.client(timeout) as http, body.path.open("rb") as file:
            http.post(
                f"{self._base_url}/audio/transcriptions",
                headers=headers,
                data=self._fields(),
                files={"file": (name, file, body.content_type)},
            )

    def _rule(self, status: int, reported: Reported) -> StatusRule:
        if status == HTTPStatus.UNAUTHORIZED and self._api_key is None:
            return StatusRule(
                "account",
                "needs an API key, and none belongs to this host: name an openai-credentials block "
                f"with the base URL {self._base_url} in `credentials`, or set OPENAI_API_KEY, and "
                "OPENAI_BASE_URL to that URL",
            )
        return super()._rule(status, reported)

    def _reported(self, body: bytes) -> Reported:
        return reported(body)

    def _redact(self, message: str, body: RequestAudio | None) -> str:
        return message.replace(self._api_key, "[key]") if self._api_key else message


def _checked(base_url: str) -> str:
    """Return the base URL without a slash at its end; raise ConfigurationError if it is not one."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or " " in base_url:
        raise ConfigurationError(
            f"{base_url!r} is not a base URL: one looks like http://127.0.0.1:8000/v1."
        )
    if url.userinfo or url.query or url.fragment:
        raise ConfigurationError(
            "The base URL must hold no credentials, query or fragment: save the key in an "
            "openai-credentials block, or set OPENAI_API_KEY."
        )
    return base_url.rstrip("/")
