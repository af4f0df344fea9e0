"""A check of a Deepgram API key that sends no audio."""

from http import HTTPStatus

import httpx

from stenoflow.errors import EngineAccountError, EngineError

TIMEOUT_S = 10.0


def check_key(api_key: str, base_url: str) -> str:
    """Return one sentence that says that the key is good, or cannot be checked.

    ``GET /v1/auth/token`` describes the key in use; a self-hosted Deepgram may not have it.
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
        return f"{host} answers, but cannot check keys: the first request will tell."
    if status != HTTPStatus.OK:
        raise EngineError(f"{host} answers with status {status} when the key is checked.")
    return f"{host} accepts the API key."
