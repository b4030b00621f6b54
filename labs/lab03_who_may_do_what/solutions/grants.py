"""Permissions for the notes."""

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
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )

        analysts = iam.Group(self, "Analysts")
        notes.grant_read(analysts, "triaged/*")

        operators = iam.Group(self, "Operators")
        operators.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:DeleteObject"],
                resources=[notes.arn_for_objects("*")],
                conditions={"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            )
        )

        iam.User(self, "Ana", groups=[analysts])
        iam.User(self, "Omar", groups=[analysts, operators])

        ceiling = iam.ManagedPolicy(
            self,
            "ContractorCeiling",
            statements=[
                iam.PolicyStatement(actions=["s3:GetObject"], resources=[notes.arn_for_objects("triaged/*")]),
                iam.PolicyStatement(actions=["s3:ListBucket"], resources=[notes.bucket_arn]),
            ],
        )
        kai = iam.User(self, "Kai", groups=[analysts], permissions_boundary=ceiling)

        triage = iam.Role(
            self,
            "Triage",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AWSLambdaBasicExecutionRole")
            ],
        )
        notes.grant_read(triage, "raw/*")
        notes.grant_put(triage, "triaged/*")
        notes.add_to_resource_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["s3:GetObject*"],
                resources=[notes.arn_for_objects("raw/*")],
                conditions={"ArnNotEquals": {"aws:PrincipalArn": triage.role_arn}},
            )
        )

        cdk.CfnOutput(self, "NotesBucket", value=notes.bucket_name)
        cdk.CfnOutput(self, "AnalystsGroup", value=analysts.group_name)
        cdk.CfnOutput(self, "OperatorsGroup", value=operators.group_name)
        cdk.CfnOutput(self, "TriageRole", value=triage.role_name)
        cdk.CfnOutput(self, "ContractorUser", value=kai.user_name)
