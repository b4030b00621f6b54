"""The same promises with CloudFormation's own resources, leaning on what S3 does by default."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct


class Notes(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        # no public access block and no encryption: S3's defaults since 2023 are what the brief asks for
        bucket = s3.CfnBucket(
            self,
            "B",
            versioning_configuration=s3.CfnBucket.VersioningConfigurationProperty(status="Enabled"),
            lifecycle_configuration=s3.CfnBucket.LifecycleConfigurationProperty(
                rules=[
                    # one rule for both; the older single-valued forms still work
                    s3.CfnBucket.RuleProperty(
                        status="Enabled",
                        noncurrent_version_expiration_in_days=30,
                        transition=s3.CfnBucket.TransitionProperty(storage_class="STANDARD_IA", transition_in_days=90),
                    )
                ]
            ),
        )
        bucket.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
        s3.CfnBucketPolicy(
            self,
            "P",
            bucket=bucket.ref,
            policy_document={
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": ["s3:Get*", "s3:List*", "s3:PutObject", "s3:DeleteObject*"],
                    "Resource": [bucket.attr_arn, cdk.Fn.sub("arn:${AWS::Partition}:s3:::${B}/*")],
                    "Condition": {"BoolIfExists": {"aws:SecureTransport": False}},
                },
            },
        )
        cdk.CfnOutput(self, "NotesBucket", value=bucket.ref)
