"""Errors of S3 servers and of the network, translated into those of :mod:`stenoflow.errors`."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from botocore import exceptions as aws  # pyright: ignore[reportMissingTypeStubs]
from botocore.parsers import ResponseParserError  # pyright: ignore[reportMissingTypeStubs]
from urllib3.exceptions import HTTPError

from stenoflow.errors import (
    AccessDenied,
    ConfigurationError,
    NotFound,
    OverLimit,
    StenoflowError,
    StoreUnavailable,
)

_DENIED = {
    "403",
    "AccessDenied",
    "AllAccessDisabled",
    "ExpiredToken",
    "Forbidden",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnauthorizedAccess",
}
_WRONG_REGION = {
    "301",
    "307",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "PermanentRedirect",
    "TemporaryRedirect",
}
_TOO_LARGE = {"KeyTooLong", "KeyTooLongError", "EntityTooLarge"}
_BUSY = {"SlowDown", "RequestTimeout", "ThrottlingException", "TooManyRequests", "429"}

_CREDENTIALS = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.TokenRetrievalError,
    aws.SSOError,
    aws.UnauthorizedSSOTokenError,
    aws.MetadataRetrievalError,
)
_MISCONFIGURED = (
    aws.ParamValidationError,
    aws.ProfileNotFound,
    aws.InvalidRegionError,
    aws.NoRegionError,
    aws.ConfigParseError,
    aws.InvalidConfigError,
)


@contextmanager
def s3_errors(url: str) -> Generator[None, None, None]:
    """Raise a StenoflowError in place of each error that boto3 raises in the block.

    They are NotFound, AccessDenied, OverLimit, ConfigurationError or StoreUnavailable. ``url`` is the
    object or the store that the block works on, for the message.
    """
    try:
        yield
    except aws.ClientError as error:
        raise _translated(error, url) from error
    except _CREDENTIALS as error:
        raise AccessDenied(
            f"There are no credentials for {url} ({error}). Save an Object Store block with its "
            "keys, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role."
        ) from error
    except _MISCONFIGURED as error:
        raise ConfigurationError(f"{url} cannot be opened: {error}") from error
    except (aws.BotoCoreError, HTTPError, ResponseParserError) as error:
        raise StoreUnavailable(
            f"{url}: the S3 server did not answer, or broke off ({error}). Try again; if it stays "
            "so, check the endpoint's address and the network."
        ) from error


def status_of(error: aws.ClientError) -> int:
    """Return the HTTP status of a response."""
    return _response(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def retries_of(error: aws.ClientError) -> int:
    """Return how many times the client had sent the request before."""
    return _response(error).get("ResponseMetadata", {}).get("RetryAttempts", 0)


def code_of(error: aws.ClientError) -> str:
    """Return S3's error code; the HTTP status if the response had no body."""
    return str(_response(error).get("Error", {}).get("Code", ""))


def _response(error: aws.ClientError) -> dict[str, Any]:
    return error.response


def _translated(error: aws.ClientError, url: str) -> StenoflowError:
    status, code = status_of(error), code_of(error)
    message = f"{code} {_response(error).get('Error', {}).get('Message', '')}".strip()
    match code:
        case "NoSuchBucket":
            kind, what = NotFound, "there is no such bucket. Check its name and the endpoint."
        case "RequestTimeTooSkewed":
            kind, what = AccessDenied, f"this machine's clock is wrong ({message}). Set it right."
        case "InvalidObjectState":
            kind, what = (
                AccessDenied,
                f"it is archived ({message}). Have the bucket restore it first.",
            )
        case _ if code in _TOO_LARGE:
            kind, what = OverLimit, f"the name is too long or the body too large ({message})."
        case _ if code in _WRONG_REGION or status in (301, 302, 307, 308):
            kind, what = (
                ConfigurationError,
                (
                    f"the bucket is in another region or at another address ({message}). Set the store's "
                    f"region{_region(error)} and endpoint."
                ),
            )
        case _ if code in _DENIED or status in (401, 403):
            kind, what = (
                AccessDenied,
                (
                    f"the store refuses these credentials ({message}). Check the keys, and that they may "
                    "do this; without the right to list, a missing object looks the same."
                ),
            )
        case _ if status == 404:
            kind, what = NotFound, "there is no such object. Check its name."
        case _ if code in _BUSY or (status >= 500 and status != 501):
            kind, what = (
                StoreUnavailable,
                f"the store fails, or gets too many requests at once ({message}).",
            )
        case _:
            kind, what = (
                ConfigurationError,
                (
                    f"the store cannot do this ({message}). Check the bucket's name, the region and the "
                    "endpoint."
                ),
            )
    return kind(f"{url}: {what}")


def _region(error: aws.ClientError) -> str:
    response = _response(error)
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = response.get("Error", {}).get("Region") or headers.get("x-amz-bucket-region")
    return f" (it says {region})" if region else ""
