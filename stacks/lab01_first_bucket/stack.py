"""A bucket for clinic notes: private, versioned, TLS only, and cheaper as the notes grow cold."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct


class FirstBucket(cdk.Stack):
    """The analytics team's notes, one file a day under `notes/`."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        notes = s3.Bucket(
            self,
            "Notes",
            # S3 has blocked public access on new buckets since April 2023. Writing it down keeps it so: a colleague
            # who takes this line out has to say so in a review.
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            # Also S3's default, since January 2023, and free. A KMS key of your own would add who-may-decrypt and an
            # audit trail, for 1 USD a month and a request price; nobody has asked for either yet.
            encryption=s3.BucketEncryption.S3_MANAGED,
            # Adds a Deny to the bucket policy. An Allow with the same condition would not do: inside the account,
            # people are let in by their own IAM policies, and only a Deny outweighs those.
            enforce_ssl=True,
            # The undo: an overwrite leaves the old version behind, a delete leaves a marker on top of it.
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="forget-replaced-notes",
                    # Counted from the day a version is replaced, not from the day it was written. No `expiration`
                    # beside it: that one would remove the notes people still use.
                    noncurrent_version_expiration=cdk.Duration.days(30),
                    # Parts of an upload that never finished are invisible in a listing, and billed.
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
                ),
                s3.LifecycleRule(
                    id="cold-notes-cost-less",
                    prefix="notes/",
                    transitions=[
                        s3.Transition(
                            # Still opens in milliseconds and still spans Availability Zones, at about half the
                            # storage price. Reads have a retrieval fee, so notes wait until nobody reads them daily.
                            storage_class=s3.StorageClass.INFREQUENT_ACCESS,
                            transition_after=cdk.Duration.days(90),
                        )
                    ],
                ),
            ],
            # Synthetic notes in a practice account: the bucket leaves with its stack. CDK's default is to retain it,
            # and S3 refuses to delete a bucket that still holds a version. With real notes, take both lines out.
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )

        cdk.CfnOutput(self, "NotesBucket", value=notes.bucket_name)
