"""An S3 server for tests and benchmarks, whichever program it is."""

import uuid
from dataclasses import dataclass
from typing import Any

import boto3.session

from stenoflow.storage import S3Config, S3Store
from stenoflow.storage.s3 import S3Limits

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class S3Server:
    """The address of a server, and credentials with every right there."""

    endpoint_url: str
    access_key_id: str
    secret_access_key: str

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which any AWS tool finds the server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service: str = "s3") -> Any:
        """Return boto3's own client, for what a store does not do."""
        session: Any = boto3.session.Session(
            self.access_key_id, self.secret_access_key, region_name=REGION
        )
        return session.client(service, endpoint_url=self.endpoint_url)

    def new_bucket(self) -> str:
        """Create a bucket and return its name."""
        name = f"bucket-{uuid.uuid4().hex}"
        self.client().create_bucket(Bucket=name)
        return name

    def open(
        self, location: str, *, endpoint_url: str | None = None, limits: S3Limits = S3Limits()
    ) -> S3Store:
        """Return the store at ``bucket`` or ``bucket/prefix``, at another address if one is given."""
        bucket, _, prefix = location.partition("/")
        config = S3Config(
            endpoint_url=endpoint_url or self.endpoint_url,
            region=REGION,
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
            limits=limits,
        )
        return S3Store(bucket, prefix, config)
