"""A place for recordings or transcripts that has a name: a bucket and prefix, or a folder."""

from typing import Self

from prefect.blocks.core import Block
from pydantic import Field, SecretStr, model_validator

from steno.store import Store, open_store


class ObjectStore(Block):
    """An S3-compatible bucket with a prefix, or a local folder.

    Name it in a flow's `source` or `destination` as `object-store/NAME`.
    """

    _block_type_name = "Object Store"
    _block_type_slug = "object-store"
    _description = (
        "Where recordings are read from or transcripts are written to: a bucket on AWS S3, Ceph, "
        "MinIO or any other S3-compatible server, or a folder. Without keys the machine's own "
        "role is used."
    )
    _code_example = """\
    ```python
    from blocks.object_store import ObjectStore

    store = ObjectStore(location="s3://calls/2026", endpoint_url="https://ceph.example.org")
    store.check()
    store.save("calls")
    # then: source="object-store/calls"
    ```"""

    location: str = Field(
        title="Location",
        description="s3://BUCKET, s3://BUCKET/PREFIX, or the absolute path of a folder.",
        examples=["s3://recordings/calls", "/srv/recordings"],
        pattern=r"^(s3://[^/@\s]+(/.*)?|/.*|file:///.*)$",
    )
    endpoint_url: str | None = Field(
        default=None,
        title="Endpoint",
        description="The S3 server's address; empty: AWS.",
        examples=["https://ceph.example.org", "http://127.0.0.1:9000"],
        pattern=r"^https?://[^/@\s]+/?$",
    )
    region: str | None = Field(
        default=None,
        title="Region",
        description="Empty: what the machine's own configuration says, or the server's default.",
        examples=["eu-central-1"],
    )
    access_key_id: str | None = Field(
        default=None,
        title="Access key ID",
        description="Empty, with the secret empty too: the machine's own role or environment.",
    )
    secret_access_key: SecretStr | None = Field(default=None, title="Secret access key")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("give both access_key_id and secret_access_key, or neither")
        if not self.location.startswith("s3://") and (self.endpoint_url or self.access_key_id):
            raise ValueError("a folder has no endpoint and no keys: leave them empty")
        return self

    def store(self) -> Store:
        """The store itself. Opening asks nothing of the server: the first use does."""
        secret = self.secret_access_key
        return open_store(
            self.location,
            endpoint_url=self.endpoint_url,
            region=self.region,
            access_key_id=self.access_key_id,
            secret_access_key=None if secret is None else secret.get_secret_value(),
        )
