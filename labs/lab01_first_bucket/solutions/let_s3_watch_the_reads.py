"""Intelligent-Tiering from the first day, a key of its own, access logs in a bucket beside it."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct


class ClinicNotes(Construct):
    """The notes and what belongs to them, so that another stack can have the same."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        key = kms.Key(self, "Key", enable_key_rotation=True, removal_policy=cdk.RemovalPolicy.DESTROY)
        logs = s3.Bucket(
            self,
            "Logs",
            lifecycle_rules=[s3.LifecycleRule(expiration=cdk.Duration.days(14))],
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.bucket = s3.Bucket(
            self,
            "Files",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            server_access_logs_bucket=logs,
            lifecycle_rules=[
                # S3 watches each note and moves it by its reads: no day to choose, no retrieval fee
                s3.LifecycleRule(
                    prefix="notes/",
                    object_size_greater_than=128 * 1024,
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.INTELLIGENT_TIERING, transition_after=cdk.Duration.days(0)
                        )
                    ],
                ),
                s3.LifecycleRule(prefix="notes/", noncurrent_version_expiration=cdk.Duration.days(45)),
                # a marker whose versions have all gone hides nothing any more
                s3.LifecycleRule(expired_object_delete_marker=True),
                # an experiment's leftovers; no note lives there
                s3.LifecycleRule(prefix="scratch/", expiration=cdk.Duration.days(3)),
                s3.LifecycleRule(enabled=False, id="not-any-more", expiration=cdk.Duration.days(30)),
            ],
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        cdk.CfnOutput(self, "NotesBucket", value=self.bucket.bucket_name)


class NotesStack(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        ClinicNotes(self, "Clinic")
