"""Deepgram's pre-recorded transcription, over its official SDK.

One call of :meth:`DeepgramEngine.transcribe` is one request over one new connection: never repeated
here, since a repeated request may be paid twice, and stored word for word before anybody reads it.
"""

import json
import re
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import httpx
from deepgram import DeepgramClient
from deepgram.core.request_options import RequestOptions
from deepgram.environment import DeepgramClientEnvironment

from stenoflow.audio.encoding import Encoding, RequestAudio
from stenoflow.engines.deepgram.errors import REQUEST_ID, id_of, refusal
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.deepgram.parameters import host_of, parameters, result_affecting_params
from stenoflow.engines.deepgram.response import read_reply
from stenoflow.engines.http import no_response_error
from stenoflow.errors import (
    ConfigurationError,
    EngineError,
    StenoError,
    Stopped,
)
from stenoflow.http.request import AbortableRequest
from stenoflow.transcript.model import Reply

CHUNK = 1 << 16
"""Bytes of the body that are in memory at a time."""

MAX_BYTES = 2 * 1000**3
"""Of one body: https://developers.deepgram.com/docs/stt/pre-recorded-audio#limits."""

_QUERY = re.compile(r"\?[^\s\"'<>]+")


class DeepgramEngine:
    """Deepgram behind the protocol :class:`~stenoflow.engines.base.Engine`. Safe to use from many threads.

    ``multichannel`` is true where bodies have several channels that are heard apart (a recording that
    is sent as it is); each is paid. ``base_url`` is that of a self-hosted Deepgram or of a stand-in;
    None, or that of Deepgram's global host, leaves the choice to the profile's region. Raises
    ConfigurationError where there is no key, or where the options contradict one another.
    """

    def __init__(
        self,
        options: DeepgramOptions,
        api_key: str,
        base_url: str | None = None,
        *,
        multichannel: bool = False,
    ) -> None:
        if not api_key or not api_key.isprintable() or not api_key.isascii() or " " in api_key:
            raise ConfigurationError(
                "Deepgram needs an API key: save a deepgram-credentials block, or set "
                "DEEPGRAM_API_KEY."
            )
        self._options = options
        self._api_key = api_key
        self._host = host_of(options, base_url)
        self._query = parameters(options, multichannel=multichannel)

    def __repr__(self) -> str:
        return f"DeepgramEngine({self._options.model!r}, {self._host!r})"

    @property
    def name(self) -> str:
        return "deepgram"

    @property
    def accuracy(self) -> Literal["low", "standard"]:
        return "standard"

    @property
    def encoding(self) -> Encoding:
        return "wav" if self._options.upload == "wav" else "flac"

    @property
    def max_request_bytes(self) -> int | None:
        return MAX_BYTES

    def identity(self) -> Mapping[str, Any]:
        """The parameters that change the answer, by Deepgram's own names."""
        return result_affecting_params(self._query)

    def transcribe(self, body: RequestAudio, *, stop: threading.Event) -> bytes:
        """Deepgram's reply, byte for byte: a JSON object.

        Raises EngineRefused (400 and other statuses that mean this audio), EngineAccountError (401, 402,
        403, or nothing of Deepgram's at the base URL), EngineBusy (429), RequestTooLong (413, 504),
        EngineError (any other, no answer, or one that is no JSON), Stopped.
        """
        if stop.is_set():
            raise Stopped("Stopped before the audio was sent to Deepgram.")
        line = AbortableRequest(stop, self._options.deadline_s)
        failure: Exception | None = None
        try:
            self._exchange(line, body)
        except Exception as error:
            failure = error
        if line.response is None:
            raise no_response_error(
                line,
                failure,
                called="Deepgram",
                host=self._host,
                deadline_s=self._options.deadline_s,
                request_id=line.headers.get(REQUEST_ID),
            ) from failure
        return self._judged(line, line.response, body)

    def parse(self, raw: bytes) -> Reply:
        return read_reply(raw, language=self._options.language)

    def _exchange(self, line: AbortableRequest, body: RequestAudio) -> None:
        """Send the request and read its answer; what the SDK makes of the answer does not matter."""
        options = self._options
        timeout = httpx.Timeout(
            connect=options.connect_timeout_s,
            write=options.write_timeout_s,
            read=options.read_timeout_s,
            pool=options.connect_timeout_s,
        )
        with line.client(timeout) as http:
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
                    request=iter(partial(file.read, CHUNK), b""),
                    request_options=self._request(headers),
                )

    def _request(self, headers: dict[str, str]) -> RequestOptions:
        return RequestOptions(
            additional_headers=headers,
            additional_query_parameters=dict(self._query),
            max_retries=0,
        )

    def _judged(
        self, line: AbortableRequest, response: httpx.Response, body: RequestAudio
    ) -> bytes:
        if not response.is_success:
            raise self._without_secrets(refusal(response, sent=line.sent), body)
        try:
            whole = isinstance(json.loads(response.content), dict)
        except ValueError:
            whole = False
        if whole:
            return response.content
        if line.aborted_by == "stop":
            raise Stopped("Stopped while Deepgram was answering; the request may be paid.")
        raise EngineError(
            f"Deepgram's reply is broken off, or not Deepgram's: {len(response.content)} bytes of "
            f"{response.headers.get('content-type', 'no type')} that are no JSON object.",
            request_id=id_of(response),
            may_be_paid=True,
        )

    def _without_secrets(self, error: StenoError, body: RequestAudio) -> StenoError:
        """The error, with neither key nor signature of a URL in what Deepgram said."""
        said = str(error).replace(self._api_key, "[key]")
        if body.url is not None:
            said = _QUERY.sub("?[signature]", said)
        error.args = (said,)
        return error


def _environment(host: str) -> DeepgramClientEnvironment:
    return DeepgramClientEnvironment(base=host, production=host, agent=host, agent_rest=host)
