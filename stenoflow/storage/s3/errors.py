"""Errors of S3 servers and of the network, translated into those of :mod:`stenoflow.errors`."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore import exceptions as aws  # pyright: ignore[reportMissingTypeStubs]
from botocore.parsers import ResponseParserError  # pyright: ignore[reportMissingTypeStubs]
from urllib3.exceptions import HTTPError

from stenoflow.errors import (
    AccessDenied,
    ConfigurationError,
    KeyTooLong,
    NotFound,
    ObjectArchived,
    ObjectEncrypted,
    ObjectTooLarge,
    StenoflowError,
    StoreMisconfigured,
    StoreRefused,
    StoreUnavailable,
)
from stenoflow.http.connection_errors import connection_failure

_DENIED = {
    "AccessDenied",
    "AccountProblem",
    "AllAccessDisabled",
    "Forbidden",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "UnauthorizedAccess",
}
_BUSY = {
    "BadDigest",
    "IncompleteBody",
    "KMS.ThrottlingException",
    "OperationAborted",
    "RequestTimeout",
    "SlowDown",
    "ThrottlingException",
    "TooManyRequests",
}


REQUESTER_PAYS = (
    "whoever reads from this bucket pays for the transfer (requester pays; {}), and Stenoflow does not do "
    "that. Copy the recordings to a bucket of your own."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An error response: HTTP status, S3's error code and message."""

    status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """Meaning of a response: the error, and what is wrong and what to do about it."""

    applies: Callable[[Answer], bool]
    error: type[StenoflowError]
    sentence: str
    """``{}`` stands for code and message, ``{region}`` for the bucket's region if the server names it."""


def _coded(*codes: str) -> Callable[[Answer], bool]:
    return lambda answer: answer.code in codes


def _is_encryption(answer: Answer) -> bool:
    """Return True if an error is about an object's encryption key.

    AWS answers 400 InvalidRequest to a read without the customer's key of an object that has one.
    """
    if answer.code in _DENIED | _BUSY:
        return False
    text = f"{answer.code} {answer.message}".lower()
    return answer.code.startswith("KMS.") or "encrypt" in text


MEANINGS = (
    Meaning(
        _coded("NoSuchBucket"),
        NotFound,
        "there is no such bucket. Check its name and the endpoint.",
    ),
    Meaning(
        _coded("InvalidBucketName"), StoreMisconfigured, "no bucket has this name ({}). Check it."
    ),
    Meaning(
        _coded("RequestTimeTooSkewed"),
        AccessDenied,
        "this machine's clock is wrong ({}). Set it right.",
    ),
    Meaning(
        _coded("InvalidObjectState"),
        ObjectArchived,
        "it is archived ({}). Have the bucket restore it first.",
    ),
    Meaning(
        _is_encryption,
        ObjectEncrypted,
        "it is encrypted with a key that the store lacks or may not use ({}). Enable the key and the right "
        "to use it; copy an object under a customer's own key (SSE-C) to one that the store can read.",
    ),
    Meaning(
        lambda answer: (
            answer.code in ("RequesterPays", "UserProjectMissing")
            or "requester pays" in answer.message.lower()
        ),
        AccessDenied,
        REQUESTER_PAYS,
    ),
    Meaning(
        _coded("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"),
        AccessDenied,
        "these credentials have expired ({}). Renew them.",
    ),
    Meaning(
        _coded("KeyTooLong", "KeyTooLongError"),
        KeyTooLong,
        "the name is too long ({}). Give it a shorter one.",
    ),
    Meaning(
        _coded("EntityTooLarge", "MaxSizeExceeded"),
        ObjectTooLarge,
        "the body is too large for this store ({}).",
    ),
    Meaning(
        lambda answer: (
            answer.status == 507
            or answer.code in ("QuotaExceeded", "XMinioStorageFull", "InsufficientStorage")
        ),
        StoreUnavailable,
        "the store is full ({}). Make room in it.",
    ),
    Meaning(
        lambda answer: (
            answer.status in (301, 302, 307, 308)
            or answer.code in ("AuthorizationHeaderMalformed", "IllegalLocationConstraintException")
        ),
        StoreMisconfigured,
        "the bucket is in another region or at another address ({}). Set the store's region{region} "
        "and endpoint.",
    ),
    Meaning(
        lambda answer: answer.code in _DENIED or answer.status in (401, 403),
        AccessDenied,
        "the store refuses these credentials ({}). Check the keys, and that they may do this; without the "
        "right to list, a missing object looks the same.",
    ),
    Meaning(
        lambda answer: answer.status == 404,
        NotFound,
        "there is no such object. Check its name.",
    ),
    Meaning(
        lambda answer: answer.status == 501,
        StoreMisconfigured,
        "the store cannot do this ({}). Check the endpoint.",
    ),
    Meaning(
        lambda answer: answer.code in _BUSY or answer.status in (408, 429) or answer.status >= 500,
        StoreUnavailable,
        "the store fails, or gets too many requests at once ({}).",
    ),
    Meaning(
        lambda _: True,
        StoreRefused,
        "the store refuses this request ({}). It may take others: look at this object with the store's "
        "own tools.",
    ),
)
"""The first that applies counts. Codes:
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList"""

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

    They are StoreRefused and its kinds, StoreMisconfigured, ConfigurationError or StoreUnavailable.
    ``url`` is the object or the store that the block works on, for the message.
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
        known = connection_failure(error)
        why = f"{known}; {error}" if known else str(error)
        raise StoreUnavailable(
            f"{url}: the S3 server did not answer, or broke off ({why}). Try again; if it stays so, check "
            "the endpoint's address and the network."
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
    message = str(_response(error).get("Error", {}).get("Message") or "")
    answer = Answer(status_of(error), code_of(error), message)
    meaning = next(each for each in MEANINGS if each.applies(answer))
    reported = f"{answer.code} {answer.message}".strip()
    return meaning.error(f"{url}: {meaning.sentence.format(reported, region=_region(error))}")


def _region(error: aws.ClientError) -> str:
    response = _response(error)
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = response.get("Error", {}).get("Region") or headers.get("x-amz-bucket-region")
    return f" (it says {region})" if region else ""
