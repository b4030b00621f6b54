"""Puts right, below every client, where moto's services differ from AWS.

A new bucket: since April 2023 it blocks public access and takes no ACLs, and since January 2023 it is encrypted with
SSE-S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html, checked_on 2026-11-22.

Server access logs: S3 delivers them hours later, if at all, and moto at once, so that the requests that delete a
stack would fill its log bucket: none is delivered
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html#LogDeliveryBestEffort, checked_on 2026-11-22).

A bucket policy: moto reads it without its conditions, so that a deny for plain http refuses https too. Permissions are
judged by `authorize`, and here by nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from preflight.clouds import shelf
from preflight.clouds.gateways import gateways_corrected
from preflight.clouds.mended import mended

BLOCKED = {
    name: "true" for name in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
}
SSE_S3 = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}
NO_ACLS = "BucketOwnerEnforced"


@contextmanager
def corrected() -> Iterator[None]:
    """Correct moto's models until the context ends; CloudFormation, boto3 and the endpoint all see it."""
    with ExitStack() as patches:
        for each in (_new_bucket, _no_encryption, _no_logs, _no_judge, mended, shelf.opened, gateways_corrected):
            patches.enter_context(each())
        yield


def _new_bucket() -> AbstractContextManager[Any]:
    from moto.s3.models import S3Backend

    create = S3Backend.create_bucket

    def create_bucket(self: Any, bucket_name: str, *rest: Any, **named: Any) -> Any:
        bucket = create(self, bucket_name, *rest, **named)
        self.put_public_access_block(bucket_name, dict(BLOCKED))
        self.put_bucket_encryption(bucket_name, SSE_S3)
        self.put_bucket_ownership_controls(bucket_name, NO_ACLS)
        return bucket

    return patch.object(S3Backend, "create_bucket", create_bucket)


def _no_encryption() -> AbstractContextManager[Any]:
    """Taking a bucket's encryption away brings the default back; AWS knows no bucket without one."""
    from moto.s3.models import S3Backend

    def delete_bucket_encryption(self: Any, bucket_name: str) -> None:
        self.put_bucket_encryption(bucket_name, SSE_S3)

    return patch.object(S3Backend, "delete_bucket_encryption", delete_bucket_encryption)


def _no_logs() -> AbstractContextManager[Any]:
    from moto.s3.models import S3Backend

    return patch.object(S3Backend, "log_incoming_request", lambda self, request, bucket_name: None)


def _no_judge() -> AbstractContextManager[Any]:
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    return patch.object(FakeBucket, "get_permission", lambda self, action, resource: PermissionResult.PERMITTED)
