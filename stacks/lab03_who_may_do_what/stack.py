"""Who may do what with the clinic's notes: groups for people, a role for the function, a ceiling for the contractor."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


class WhoMayDoWhat(cdk.Stack):
    """One bucket, two groups, three people, one role."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)

        # a lab must leave nothing behind: the bucket is emptied and deleted with the stack
        notes = s3.Bucket(
            self,
            "Notes",
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )

        analysts = iam.Group(self, "Analysts")
        analysts.add_to_policy(
            iam.PolicyStatement(
                sid="ReadTriagedNotes", actions=["s3:GetObject"], resources=[notes.arn_for_objects("triaged/*")]
            )
        )
        # listing is an action on the bucket, not on the objects in it
        analysts.add_to_policy(
            iam.PolicyStatement(sid="ListTheBucket", actions=["s3:ListBucket"], resources=[notes.bucket_arn])
        )

        operators = iam.Group(self, "Operators")
        # the condition sits on the Allow: a request without any MFA key (by access key) is not allowed either
        operators.add_to_policy(
            iam.PolicyStatement(
                sid="DeleteNotesWithMfa",
                actions=["s3:DeleteObject"],
                resources=[notes.arn_for_objects("*")],
                conditions={"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            )
        )

        # the function borrows this role: temporary credentials, nothing to leak, nothing to rotate
        triage = iam.Role(self, "Triage", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        triage.add_to_policy(
            iam.PolicyStatement(
                sid="ReadRawNotes", actions=["s3:GetObject"], resources=[notes.arn_for_objects("raw/*")]
            )
        )
        triage.add_to_policy(
            iam.PolicyStatement(
                sid="WriteTriagedNotes", actions=["s3:PutObject"], resources=[notes.arn_for_objects("triaged/*")]
            )
        )

        # an explicit Deny outranks every Allow, an administrator's too; on the bucket, it meets whoever comes
        notes.add_to_resource_policy(
            iam.PolicyStatement(
                sid="RawNotesForTriageAlone",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["s3:GetObject", "s3:GetObjectVersion"],
                resources=[notes.arn_for_objects("raw/*")],
                conditions={"ArnNotEquals": {"aws:PrincipalArn": triage.role_arn}},
            )
        )

        # a boundary grants nothing: it is the most that any policy, attached today or by mistake next month, can give
        ceiling = iam.ManagedPolicy(
            self,
            "ContractorCeiling",
            statements=[
                iam.PolicyStatement(actions=["s3:GetObject"], resources=[notes.arn_for_objects("triaged/*")]),
                iam.PolicyStatement(actions=["s3:ListBucket"], resources=[notes.bucket_arn]),
            ],
        )

        # people get permissions from groups, so that a change of job is a change of group
        iam.User(self, "Ana", groups=[analysts])
        iam.User(self, "Omar", groups=[analysts, operators])
        kai = iam.User(self, "Kai", groups=[analysts], permissions_boundary=ceiling)

        cdk.CfnOutput(self, "NotesBucket", value=notes.bucket_name)
        cdk.CfnOutput(self, "AnalystsGroup", value=analysts.group_name)
        cdk.CfnOutput(self, "OperatorsGroup", value=operators.group_name)
        cdk.CfnOutput(self, "TriageRole", value=triage.role_name)
        cdk.CfnOutput(self, "ContractorUser", value=kai.user_name)
