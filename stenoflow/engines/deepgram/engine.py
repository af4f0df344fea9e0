"""Deepgram's pre-recorded transcription, over its official SDK."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

import httpx
from deepgram import DeepgramClient
from deepgram.core.request_options import RequestOptions
from deepgram.environment import DeepgramClientEnvironment

from stenoflow.audio.encoding import Encoding, RequestAudio
from stenoflow.engines.credentials import Credential
from stenoflow.engines.deepgram.errors import REQUEST_ID, STATUSES, reported
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.deepgram.parameters import host_of, parameters, result_affecting_params
from stenoflow.engines.deepgram.response import read_reply, request_id_of
from stenoflow.engines.http import HttpEngine
from stenoflow.engines.http_errors import Reported
from stenoflow.errors import ConfigurationError
from stenoflow.http.request import AbortableRequest
from stenoflow.transcript.model import Reply

BLOCK_BYTES = 1 << 16
"""Bytes of the body that are in memory at a time."""

MAX_BYTES = 2 * 1000**3
"""Largest body: https://developers.deepgram.com/docs/stt/pre-recorded-audio#limits."""

_QUERY = re.compile(r"\?[^\s\"'<>]+")


class DeepgramEngine(HttpEngine):
    """Deepgram as an :class:`~stenoflow.engines.base.Engine`.

    The credential's base URL is where requests go: Deepgram itself, in the profile's region, or a
    self-hosted Deepgram or stand-in. Without a credential the engine has an identity, and sends
    nothing. ``multichannel`` is true where a body has several channels that are transcribed
    separately (a recording that is sent as it is); each is paid. Raises ConfigurationError where the
    options contradict one another.
    """

    name = "deepgram"
    max_request_bytes = MAX_BYTES
    statuses = STATUSES
    request_id_header = REQUEST_ID

    def __init__(
        self,
        options: DeepgramOptions,
        credential: Credential | None = None,
        *,
        multichannel: bool = False,
    ) -> None:
        host = host_of(options, credential.base_url if credential else None)
        super().__init__(called="Deepgram", host=host, deadline_s=options.deadline_s)
        self._options = options
        self._api_key = credential.api_key if credential else None
        self._query = parameters(options, multichannel=multichannel)

    def __repr__(self) -> str:
        return f"DeepgramEngine({self._options.model!r}, {self._host!r})"

    @property
    def encoding(self) -> Encoding:
        """FLAC, unless the profile asks for WAV."""
        return "wav" if self._options.upload == "wav" else "flac"

    def identity(self) -> Mapping[str, Any]:
        """Return the parameters that change the reply, by Deepgram's own names."""
        return result_affecting_params(self._query)

    def parse(self, raw: bytes) -> Reply:
        """Read a raw reply. Raises EngineError where it is not a transcription."""
        return self._parsed(lambda: read_reply(raw, language=self._options.language))

    def _send(self, request: AbortableRequest, body: RequestAudio) -> None:
        if self._api_key is None:
            raise ConfigurationError("Deepgram was opened without an API key: nothing can be sent.")
        options = self._options
        timeout = httpx.Timeout(
            connect=options.connect_timeout_s,
            write=options.write_timeout_s,
            read=options.read_timeout_s,
            pool=options.connect_timeout_s,
        )
        with request.client(timeout) as http:
            deepgram = DeepgramClient(
                api_key=self._api_key,
                environment=_environment(self._host),
                httpx_client=http,
                max_retries=0,
            )
            media = deepgram.listen.v1.media.with_raw_response
            if body.path is None:
                media.transcribe_url(url=body.url or "", request_options=self._request({}))
                return
            with body.path.open("rb") as file:
                headers = {"content-length": str(body.size), "content-type": body.content_type}
                media.transcribe_file(
                    request=iter(partial(file.read, BLOCK_BYTES), b""),
                    request_options=self._request(headers),
                )

    def _request(self, headers: dict[str, str]) -> RequestOptions:
        return RequestOptions(
            additional_headers=headers,
            additional_query_parameters=dict(self._query),
            max_retries=0,
        )

    def _reported(self, body: bytes) -> Reported:
        return reported(body)

    def _request_id(self, response: httpx.Response) -> str | None:
        return super()._request_id(response) or request_id_of(response.content)

    def _redact(self, message: str, body: RequestAudio | None) -> str:
        """Return the message with neither the key nor the signature of a presigned URL."""
        if self._api_key:
            message = message.replace(self._api_key, "[key]")
        return message if body and body.url is None else _QUERY.sub("?[signature]", message)


def _environment(host: str) -> DeepgramClientEnvironment:
    return DeepgramClientEnvironment(base=host, production=host, agent=host, agent_rest=host)
