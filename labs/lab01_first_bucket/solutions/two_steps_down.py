"""Two steps down the classes, and the deny written by hand: for this account's people, below TLS 1.2."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


class TwoSteps(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        bucket = s3.Bucket(
            self,
            "Inbox",
            # ACLs are off for good, so the two switches for bucket policies are the ones that matter
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            block_public_access=s3.BlockPublicAccess(
                block_public_acls=False,
                ignore_public_acls=False,
                block_public_policy=True,
                restrict_public_buckets=True,
            ),
            versioned=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        bucket.add_lifecycle_rule(
            transitions=[
                s3.Transition(storage_class=s3.StorageClass.INFREQUENT_ACCESS, transition_after=cdk.Duration.days(30)),
                s3.Transition(
                    storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transition_after=cdk.Duration.days(90)
                ),
            ],
        )
        bucket.add_lifecycle_rule(
            noncurrent_version_expiration=cdk.Duration.days(60),
            noncurrent_version_transitions=[
                s3.NoncurrentVersionTransition(
                    storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transition_after=cdk.Duration.days(1)
                )
            ],
        )
        # strangers are refused for want of any Allow; the deny is for those whom IAM lets in
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[iam.AccountRootPrincipal()],
                actions=["s3:*"],
                resources=[bucket.bucket_arn, bucket.arn_for_objects("notes/*")],
                conditions={"NumericLessThan": {"s3:TlsVersion": "1.2"}},
            )
        )
        # an Allow for the account itself hands the decision to its IAM policies; nobody outside gains by it
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.AccountRootPrincipal()],
                actions=["s3:GetObject"],
                resources=[bucket.arn_for_objects("notes/*")],
            )
        )
        cdk.CfnOutput(self, "NotesBucket", value=bucket.bucket_name)
