"""What AWS does by itself for every new bucket, however it was made, and moto does not.

Since April 2023 a new S3 bucket blocks public access and takes no ACLs, and since January 2023 it is encrypted with
SSE-S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html, checked_on 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

BLOCKED = {
    name: "true" for name in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
}
SSE_S3 = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}
NO_ACLS = "BucketOwnerEnforced"


@contextmanager
def bucket_defaults() -> Iterator[None]:
    """Give every bucket made in moto AWS's defaults, until the context ends.

    The patch is on moto's model, below CloudFormation, boto3 and the endpoint alike. Taking a bucket's encryption
    away brings the default back; AWS knows no bucket without one.
    """
    from moto.s3.models import S3Backend

    create, delete_encryption = S3Backend.create_bucket, S3Backend.delete_bucket_encryption

    def create_bucket(self: Any, bucket_name: str, *rest: Any, **named: Any) -> Any:
        bucket = create(self, bucket_name, *rest, **named)
        self.put_public_access_block(bucket_name, dict(BLOCKED))
        self.put_bucket_encryption(bucket_name, SSE_S3)
        self.put_bucket_ownership_controls(bucket_name, NO_ACLS)
        return bucket

    def delete_bucket_encryption(self: Any, bucket_name: str) -> None:
        delete_encryption(self, bucket_name)
        self.put_bucket_encryption(bucket_name, SSE_S3)

    with ExitStack() as patches:
        patches.enter_context(patch.object(S3Backend, "create_bucket", create_bucket))
        patches.enter_context(patch.object(S3Backend, "delete_bucket_encryption", delete_bucket_encryption))
        yield
