"""Buckets with everything a bucket can be told, and what they tell others."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as tell
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class Storage(cdk.Stack):
    """A bucket of notes, its replica, its logs, its inventory, and a site."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        key = kms.Key(
            self, "Key", enable_key_rotation=True, alias="preflight/storage", pending_window=cdk.Duration.days(7)
        )
        logs = s3.Bucket(
            self,
            "Logs",
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[s3.LifecycleRule(expiration=cdk.Duration.days(30))],
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )
        copies = s3.Bucket(self, "Copies", versioned=True, removal_policy=cdk.RemovalPolicy.DESTROY)
        notes = s3.Bucket(
            self,
            "Notes",
            versioned=True,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            event_bridge_enabled=True,
            transfer_acceleration=True,
            server_access_logs_bucket=logs,
            server_access_logs_prefix="notes/",
            cors=[
                s3.CorsRule(
                    allowed_methods=[s3.HttpMethods.GET, s3.HttpMethods.PUT],
                    allowed_origins=["https://example.org"],
                    allowed_headers=["*"],
                    exposed_headers=["ETag"],
                    max_age=3000,
                )
            ],
            inventories=[
                s3.Inventory(
                    destination=s3.InventoryDestination(bucket=logs, prefix="inventory"),
                    frequency=s3.InventoryFrequency.WEEKLY,
                    format=s3.InventoryFormat.PARQUET,
                )
            ],
            metrics=[s3.BucketMetrics(id="all")],
            intelligent_tiering_configurations=[
                s3.IntelligentTieringConfiguration(
                    name="cold",
                    prefix="cold/",
                    archive_access_tier_time=cdk.Duration.days(90),
                    deep_archive_access_tier_time=cdk.Duration.days(180),
                )
            ],
            lifecycle_rules=[
                s3.LifecycleRule(
                    prefix="notes/",
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.INFREQUENT_ACCESS, transition_after=cdk.Duration.days(30)
                        ),
                        s3.Transition(
                            storage_class=s3.StorageClass.DEEP_ARCHIVE, transition_after=cdk.Duration.days(365)
                        ),
                    ],
                    noncurrent_version_expiration=cdk.Duration.days(60),
                    noncurrent_versions_to_retain=3,
                ),
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=cdk.Duration.days(7)),
                s3.LifecycleRule(expired_object_delete_marker=True, prefix="drafts/"),
            ],
            replication_rules=[
                s3.ReplicationRule(
                    destination=copies,
                    priority=1,
                    delete_marker_replication=True,
                    storage_class=s3.StorageClass.INFREQUENT_ACCESS,
                )
            ],
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        arrivals = sqs.Queue(self, "Arrivals")
        removals = sns.Topic(self, "Removals")
        notes.add_event_notification(
            s3.EventType.OBJECT_CREATED,
            tell.SqsDestination(arrivals),
            s3.NotificationKeyFilter(prefix="notes/", suffix=".txt"),
        )
        notes.add_event_notification(s3.EventType.OBJECT_REMOVED, tell.SnsDestination(removals))
        s3.Bucket(
            self,
            "Locked",
            object_lock_enabled=True,
            object_lock_default_retention=s3.ObjectLockRetention.governance(cdk.Duration.days(1)),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        site = s3.Bucket(
            self,
            "Site",
            website_index_document="index.html",
            website_error_document="404.html",
            public_read_access=True,
            block_public_access=s3.BlockPublicAccess(
                block_public_acls=True,
                ignore_public_acls=True,
                block_public_policy=False,
                restrict_public_buckets=False,
            ),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        s3.CfnAccessPoint(
            self,
            "Door",
            bucket=notes.bucket_name,
            public_access_block_configuration=s3.CfnAccessPoint.PublicAccessBlockConfigurationProperty(
                block_public_acls=True, block_public_policy=True, ignore_public_acls=True, restrict_public_buckets=True
            ),
        )
        reader = iam.Role(self, "Reader", assumed_by=iam.AccountRootPrincipal())
        notes.grant_read(reader, "notes/*")
        cdk.Tags.of(self).add("team", "analytics")
        cdk.CfnOutput(self, "SiteUrl", value=site.bucket_website_url)
        cdk.CfnOutput(self, "NotesBucket", value=notes.bucket_name)
