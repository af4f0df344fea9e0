"""Whether Deepgram takes an API key, asked without sending any audio."""

from http import HTTPStatus

import httpx

from stenoflow.errors import EngineAccountError, EngineError

TIMEOUT_S = 10.0


def check_key(api_key: str, base_url: str) -> str:
    """One sentence that says that the key is good, or cannot be asked about.

    ``GET /v1/auth/token`` tells about the key in use; a self-hosted Deepgram may not have it.
    Raises EngineAccountError where the key is refused, EngineError where nobody answers.
    """
    host = httpx.URL(base_url).host
    try:
        status = httpx.get(
            f"{base_url.rstrip('/')}/v1/auth/token",
            headers={"authorization": f"Token {api_key}"},
            timeout=TIMEOUT_S,
        ).status_code
    except httpx.HTTPError as error:
        raise EngineError(f"{host} does not answer: {type(error).__name__}.") from error
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise EngineAccountError(
            f"{host} refuses the API key (status {status}): make a new one there."
        )
    if status == HTTPStatus.NOT_FOUND:
        return f"{host} answers, but cannot be asked about keys: the first request will tell."
    if status != HTTPStatus.OK:
        raise EngineError(f"{host} answers with status {status} when asked about the key.")
    return f"{host} accepts the API key."
