"""S3 as a store: AWS S3, Ceph, MinIO, or any other server with its interface.

It uses boto3's own client, which threads can share and which repeats failed requests a few times. s3fs is
not used: its conditional write is not understood by all servers, and it does not resume a broken read at
the version with which the read began.
"""

from stenoflow.storage.s3.config import Addressing, S3Config, S3Limits
from stenoflow.storage.s3.errors import s3_errors
from stenoflow.storage.s3.store import S3Store

__all__ = ["Addressing", "S3Config", "S3Limits", "S3Store", "s3_errors"]
