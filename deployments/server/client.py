"""A client of the Prefect server in use, whose errors are one sentence."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.settings import get_current_settings

from stenoflow.errors import ConfigurationError, MissingDependency


async def check_server() -> None:
    """Ask the server for something that needs its password.

    Raises ConfigurationError where it refuses that, or none is named; MissingDependency where it does not
    answer.
    """
    async with server_client() as client:
        await client.read_work_pools(limit=1)


@asynccontextmanager
async def server_client() -> AsyncGenerator[PrefectClient]:
    """Open a client of the server at PREFECT_API_URL, or of Prefect's active profile.

    In its block: raises ConfigurationError where no server is named, or it refuses what it is asked;
    MissingDependency where it does not answer.
    """
    with server_errors():
        async with get_client() as client:
            yield client


@contextmanager
def server_errors() -> Generator[str]:
    """Give the address of the server in use. Raise a sentence in place of Prefect's errors in the block.

    Raises ConfigurationError and MissingDependency as :func:`server_client` does.
    """
    url = get_current_settings().api.url
    if not url:
        raise ConfigurationError(
            "no Prefect server is named: set PREFECT_API_URL (and PREFECT_API_AUTH_STRING), or run "
            "`stenoflow serve`, which starts one."
        )
    try:
        yield url
    except httpx.HTTPStatusError as error:
        match error.response.status_code:
            case httpx.codes.UNAUTHORIZED:
                raise ConfigurationError(
                    f"{url} wants a password: set PREFECT_API_AUTH_STRING as on the server."
                ) from error
            case status if status >= httpx.codes.INTERNAL_SERVER_ERROR:
                raise MissingDependency(f"{url} is in trouble ({status}): see its log.") from error
            case _:
                raise ConfigurationError(f"{url} refuses: {error.response.text}") from error
    except httpx.TransportError as error:
        raise MissingDependency(
            f"{url} does not answer ({error or type(error).__name__}). Start the server first, or "
            "see `stenoflow serve`."
        ) from error
