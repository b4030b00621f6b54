"""An unusual right design: Deny statements where others write boundaries, and MFA asked for by BoolIfExists."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


class DeniesInstead(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
        notes = s3.Bucket(self, "Bucket", removal_policy=cdk.RemovalPolicy.DESTROY)
        reading = iam.ManagedPolicy(
            self,
            "Reading",
            statements=[
                iam.PolicyStatement(actions=["s3:GetObject"], resources=[notes.arn_for_objects("triaged/*")]),
                iam.PolicyStatement(actions=["s3:ListBucket"], resources=[notes.bucket_arn]),
            ],
        )
        analysts = iam.Group(self, "People", managed_policies=[reading])

        operators = iam.Group(self, "Cleaning")
        operators.add_to_policy(
            iam.PolicyStatement(actions=["s3:DeleteObject"], resources=[notes.arn_for_objects("*")])
        )
        operators.add_to_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                not_actions=["iam:EnableMFADevice", "iam:ListMFADevices", "sts:GetSessionToken"],
                resources=["*"],
                conditions={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            )
        )

        # contractors are a group of their own, which forbids whatever is not reading these notes
        contractors = iam.Group(self, "Contractors", managed_policies=[reading])
        contractors.add_to_policy(
            iam.PolicyStatement(effect=iam.Effect.DENY, not_actions=["s3:GetObject", "s3:ListBucket"], resources=["*"])
        )
        contractors.add_to_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                actions=["s3:*"],
                not_resources=[notes.bucket_arn, notes.arn_for_objects("triaged/*")],
            )
        )

        function = iam.Role(
            self,
            "FunctionRole",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AWSLambdaBasicExecutionRole")
            ],
        )
        notes.grant_read(function, "raw/*")
        notes.grant_put(function, "triaged/*")
        notes.add_to_resource_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[iam.StarPrincipal()],
                actions=["s3:Get*"],
                resources=[notes.arn_for_objects("raw/*")],
                conditions={"StringNotLike": {"aws:PrincipalArn": [function.role_arn]}},
            )
        )

        iam.User(self, "Ana").add_to_group(analysts)
        omar = iam.User(self, "Omar")
        omar.add_to_group(analysts)
        omar.add_to_group(operators)
        kai = iam.User(self, "Kai", groups=[contractors])

        cdk.CfnOutput(self, "NotesBucket", value=notes.bucket_name)
        cdk.CfnOutput(self, "AnalystsGroup", value=analysts.group_name)
        cdk.CfnOutput(self, "OperatorsGroup", value=operators.group_arn)
        cdk.CfnOutput(self, "TriageRole", value=function.role_arn)
        cdk.CfnOutput(self, "ContractorUser", value=kai.user_name)
