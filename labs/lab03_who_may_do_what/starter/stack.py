"""Permissions for the notes, as the last colleague left them on a Friday afternoon."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


class WhoMayDoWhat(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)

        notes = s3.Bucket(
            self,
            "Notes",
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )

        # "they only read, but full access saves us the tickets"
        analysts = iam.Group(self, "Analysts")
        analysts.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name("AmazonS3FullAccess"))

        operators = iam.Group(self, "Operators")
        operators.add_to_policy(
            iam.PolicyStatement(actions=["s3:DeleteObject"], resources=[notes.arn_for_objects("*")])
        )
        # "MFA is on, I tested it in the console"
        operators.add_to_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                actions=["s3:DeleteObject"],
                resources=["*"],
                conditions={"Bool": {"aws:MultiFactorAuthPresent": "false"}},
            )
        )

        iam.User(self, "Ana", groups=[analysts])
        omar = iam.User(self, "Omar", groups=[analysts, operators])
        omar.add_to_policy(iam.PolicyStatement(actions=["s3:PutObject"], resources=[notes.arn_for_objects("*")]))

        # "Kai starts on Monday, sort this out later"
        kai = iam.User(self, "Kai")
        kai.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name("PowerUserAccess"))

        # the nightly triage function
        triage = iam.Role(self, "Triage", assumed_by=iam.AccountRootPrincipal())
        triage.add_to_policy(
            iam.PolicyStatement(actions=["s3:*"], resources=[notes.bucket_arn, notes.arn_for_objects("*")])
        )
        key = iam.CfnAccessKey(self, "TriageKey", user_name=omar.user_name)
        cdk.CfnOutput(self, "TriageSecret", value=key.attr_secret_access_key)

        cdk.CfnOutput(self, "NotesBucket", value=notes.bucket_name)
        cdk.CfnOutput(self, "AnalystsGroup", value=analysts.group_name)
        cdk.CfnOutput(self, "OperatorsGroup", value=operators.group_name)
        cdk.CfnOutput(self, "TriageRole", value=triage.role_name)
        cdk.CfnOutput(self, "ContractorUser", value=kai.user_name)
