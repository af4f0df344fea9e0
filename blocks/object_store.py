"""The block for a place of recordings or transcripts: a bucket and prefix, or a folder."""

import asyncio
import warnings
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr, model_validator

from stenoflow.storage import Report, S3Config, Store, open_store, probe

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient


class ObjectStore(Block):
    """An S3-compatible bucket with a prefix, or a local folder.

    Name it in a flow's `source` or `destination` as `object-store/NAME`.

    Example:
        ```python
        from stenoflow.blocks import ObjectStore

        store = ObjectStore.load("BLOCK_NAME")
        ```
    """

    _block_type_name = "Object Store"
    _block_type_slug = "object-store"
    _documentation_url = HttpUrl("https://docs.prefect.io/v3/concepts/blocks")
    _description = (
        "Where recordings are read from or transcripts are written to: a bucket on AWS S3, Ceph, "
        "MinIO or any other S3-compatible server, or a folder. Without keys the machine's own "
        "role is used."
    )
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
    secret_access_key: SecretStr | None = Field(
        default=None,
        title="Secret access key",
        description="Stored encrypted; never appears in a run's parameters, logs or results.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("give both access_key_id and secret_access_key, or neither")
        if not self.location.startswith("s3://") and (self.endpoint_url or self.access_key_id):
            raise ValueError("a folder has no endpoint and no keys: leave them empty")
        return self

    def store(self, *, create: bool = False) -> Store:
        """Return the store. Opening sends no request: the first use does.

        ``create`` makes a folder that does not exist yet, as a destination needs it.
        """
        secret = self.secret_access_key
        return open_store(
            self.location,
            create=create,
            s3=S3Config(
                endpoint_url=self.endpoint_url,
                region=self.region,
                access_key_id=self.access_key_id,
                secret_access_key=None if secret is None else secret.get_secret_value(),
            ),
        )

    def check(self) -> Report:
        """Check that the store can be reached, listed, read, written, and written only if absent.

        Writes two small objects and removes them.
        """
        return probe(self.store())

    async def asave(
        self,
        name: str | None = None,
        overwrite: bool = False,
        client: "PrefectClient | None" = None,
    ) -> UUID:
        """Save the block, with a warning for each thing that the store does not allow."""
        warn_of(await asyncio.to_thread(self.check))
        return await super().asave(name, overwrite, client=client)

    def save(self, *arguments: Any, **options: Any) -> Any:
        """Save the block as :meth:`asave` does, from code that is not async."""
        warn_of(self.check())
        return super().save(*arguments, **options)


def warn_of(report: Report) -> None:
    """Emit a warning for each ability that a store does not have."""
    for ability in report.abilities:
        if ability.ok is False:
            warnings.warn(f"{report.url}: {ability.name}: {ability.sentence}", stacklevel=3)
