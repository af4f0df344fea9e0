"""Any server that speaks OpenAI's ``/v1/audio/transcriptions``: OpenAI, speaches, vLLM, LocalAI, ...

After https://platform.openai.com/docs/api-reference/audio/createTranscription. One call of
:meth:`OpenAIEngine.transcribe` is one request over one new connection, never repeated here; its body
streams from disk, and its answer is kept word for word.
"""

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import httpx

from stenoflow.audio.encoding import Encoding, RequestAudio
from stenoflow.engines.http import no_response_error
from stenoflow.engines.openai.errors import REQUEST_ID, refusal
from stenoflow.engines.openai.options import OpenAIOptions
from stenoflow.engines.openai.response import read_reply
from stenoflow.errors import (
    ConfigurationError,
    EngineAccountError,
    EngineError,
    StenoError,
    Stopped,
)
from stenoflow.http.request import AbortableRequest
from stenoflow.transcript.model import Reply

CONNECT_TIMEOUT_S = 10.0
WRITE_TIMEOUT_S = 60.0


class OpenAIEngine:
    """An :class:`~stenoflow.engines.base.Engine`. Safe to use from many threads.

    ``api_key`` is None for servers that ask for none; ``base_url`` goes before the profile's. Raises
    ConfigurationError where either cannot be one.
    """

    def __init__(
        self, options: OpenAIOptions, api_key: str | None = None, base_url: str | None = None
    ) -> None:
        if api_key and not (api_key.isprintable() and api_key.isascii() and " " not in api_key):
            raise ConfigurationError(
                "OPENAI_API_KEY is no API key: it holds spaces or other characters."
            )
        self._options = options
        self._api_key = api_key or None
        self._base_url = _checked(base_url or options.base_url)
        self._called = f"The server at {httpx.URL(self._base_url).netloc.decode()}"

    def __repr__(self) -> str:
        return f"OpenAIEngine({self._options.model!r}, {self._base_url!r})"

    @property
    def name(self) -> str:
        return "openai"

    @property
    def accuracy(self) -> Literal["low", "standard"]:
        return "standard"

    @property
    def encoding(self) -> Encoding:
        return "flac"

    @property
    def max_request_bytes(self) -> int | None:
        return self._options.max_request_bytes

    def identity(self) -> Mapping[str, Any]:
        """What is asked, and of whom: two servers may answer differently under one model's name."""
        return {"base_url": self._base_url, **self._fields()}

    def transcribe(self, body: RequestAudio, *, stop: threading.Event) -> bytes:
        """The server's reply, byte for byte: a JSON object.

        Raises EngineRefused (400, 415, 422: this audio or an option), EngineAccountError (key, credit, model
        or base URL; or a model that gives no times), EngineBusy (429), RequestTooLong (413, 504),
        EngineError (any other, no answer, or one that is no JSON), Stopped.
        """
        if body.path is None:
            raise ValueError("servers of OpenAI's protocol hear files, not URLs")
        if stop.is_set():
            raise Stopped("Stopped before the audio was sent.")
        line = AbortableRequest(stop, self._options.deadline_s)
        failure: Exception | None = None
        try:
            self._exchange(line, body.path, body.content_type)
        except httpx.HTTPError as error:
            failure = error
        if line.response is None:
            raise no_response_error(
                line,
                failure,
                called=self._called,
                host=self._base_url,
                deadline_s=self._options.deadline_s,
                request_id=line.headers.get(REQUEST_ID),
            ) from failure
        return self._judged(line, line.response)

    def parse(self, raw: bytes) -> Reply:
        """Read a raw reply. Raises EngineError where it is no transcription with times."""
        return read_reply(raw, model=self._options.model, language=self._options.language)

    def _fields(self) -> dict[str, Any]:
        options = self._options
        asked = {
            "model": options.model,
            "language": options.language,
            "prompt": options.prompt,
            "temperature": options.temperature,
            "response_format": "verbose_json",
            "timestamp_granularities[]": ["word", "segment"],
        }
        return {name: value for name, value in asked.items() if value is not None}

    def _exchange(self, line: AbortableRequest, path: Path, content_type: str) -> None:
        # How long an answer takes, only the deadline says.
        timeout = httpx.Timeout(None, connect=CONNECT_TIMEOUT_S, write=WRITE_TIMEOUT_S)
        headers = {"authorization": f"Bearer {self._api_key}"} if self._api_key else {}
        name = f"audio.{content_type.rpartition('/')[2]}"
        with line.client(timeout) as http, path.open("rb") as file:
            http.post(
                f"{self._base_url}/audio/transcriptions",
                headers=headers,
                data=self._fields(),
                files={"file": (name, file, content_type)},
            )

    def _judged(self, line: AbortableRequest, response: httpx.Response) -> bytes:
        if not response.is_success:
            raise self._without_key(refusal(response, self._called, sent=line.sent))
        try:
            reply: Any = json.loads(response.content)
        except ValueError:
            reply = None
        if not isinstance(reply, dict):
            if line.aborted_by == "stop":
                raise Stopped(f"Stopped while {self._called} was answering.")
            raise EngineError(
                f"{self._called} answers what is broken off, or no transcription: "
                f"{len(response.content)} bytes of "
                f"{response.headers.get('content-type', 'no type')} that are no JSON object.",
                request_id=response.headers.get(REQUEST_ID),
                may_be_paid=True,
            )
        if _is_bare(cast("dict[str, Any]", reply)):
            raise EngineAccountError(
                f"{self._called} gives no times with the model {self._options.model!r}: choose one "
                "that knows the response format verbose_json.",
                request_id=response.headers.get(REQUEST_ID),
            )
        return response.content

    def _without_key(self, error: StenoError) -> StenoError:
        """The error, without the key that the server may have repeated."""
        if self._api_key:
            error.args = (str(error).replace(self._api_key, "[key]"),)
        return error


def _is_bare(reply: Mapping[str, Any]) -> bool:
    """Whether it is text alone, as from a model that knows no times."""
    text = reply.get("text")
    says = isinstance(text, str) and any(map(str.isalnum, text))
    return says and "words" not in reply and "segments" not in reply


def _checked(base_url: str) -> str:
    """The base URL without a slash at its end. Raises ConfigurationError where it is none."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or " " in base_url:
        raise ConfigurationError(
            f"{base_url!r} is no base URL: one looks like http://127.0.0.1:8000/v1."
        )
    if url.userinfo or url.query or url.fragment:
        raise ConfigurationError(
            "The base URL must hold no credentials, query or fragment: set OPENAI_API_KEY instead."
        )
    return base_url.rstrip("/")
