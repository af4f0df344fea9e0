"""An S3 server that tests have to themselves, whichever program it is."""

import uuid
from dataclasses import dataclass
from typing import Any

import boto3.session

from stenoflow.storage import open_store
from stenoflow.storage.s3 import S3Store

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where a server listens, and one who may do anything there."""

    endpoint_url: str
    access_key_id: str
    secret_access_key: str

    @property
    def environment(self) -> dict[str, str]:
        """By which any AWS tool finds it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service: str = "s3") -> Any:
        """boto3's own, for what a store does not do."""
        session: Any = boto3.session.Session(
            self.access_key_id, self.secret_access_key, region_name=REGION
        )
        return session.client(service, endpoint_url=self.endpoint_url)

    def new_bucket(self) -> str:
        """The name of a bucket of its own."""
        name = f"bucket-{uuid.uuid4().hex}"
        self.client().create_bucket(Bucket=name)
        return name

    def open(self, location: str, *, endpoint_url: str | None = None) -> S3Store:
        """The store at ``bucket`` or ``bucket/prefix``, perhaps through another address."""
        store = open_store(
            f"s3://{location}",
            endpoint_url=endpoint_url or self.endpoint_url,
            region=REGION,
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
        )
        assert isinstance(store, S3Store)
        return store
