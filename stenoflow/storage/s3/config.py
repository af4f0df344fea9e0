"""Configuration of an S3 client: where the server is, the credentials, time-outs and retries."""

from dataclasses import dataclass, field
from typing import Literal

from stenoflow.http.backoff import Backoff

Addressing = Literal["auto", "path", "virtual"]
"""Place of the bucket's name in a URL: in the path, or in front of the host."""


@dataclass(frozen=True, slots=True)
class S3Limits:
    """Time-outs, retries and sizes of requests."""

    connect_timeout_s: float = 10
    read_timeout_s: float = 20
    """Seconds of silence after which a server counts as gone."""
    attempts: int = 4
    """Maximum number of times that one request is sent."""
    resumes: int = 6
    """Maximum number of times in a row that a broken read is resumed without getting a chunk further."""
    write_attempts: int = 8
    """Maximum number of times that a conditional write is tried while others write the same object."""
    backoff: Backoff = Backoff(first_s=0.2, longest_s=5.0)
    """Pauses before a read is resumed and before a conditional write is repeated."""
    page_size: int = 1000
    """Objects of one listing request; S3 returns no more than 1,000."""


@dataclass(frozen=True, slots=True)
class S3Config:
    """Address and credentials of an S3 server.

    A value of None is taken from where the AWS tools look: the environment (AWS_ENDPOINT_URL, AWS_REGION,
    ...), their configuration files, and the role of the machine.
    """

    endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    addressing: Addressing = "auto"
    limits: S3Limits = S3Limits()
