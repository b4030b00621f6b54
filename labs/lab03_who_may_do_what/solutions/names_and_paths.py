"""Permissions for the notes, in L1 constructs, names fixed by hand."""

import aws_cdk as cdk
from aws_cdk import CfnOutput, Fn
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


def doc(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


class WhoMayDoWhat(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)

        notes = s3.CfnBucket(
            self,
            "Notes",
            bucket_name=Fn.join("-", ["clinic-notes", self.account, self.region]),
            public_access_block_configuration=s3.CfnBucket.PublicAccessBlockConfigurationProperty(
                block_public_acls=True, block_public_policy=True, ignore_public_acls=True, restrict_public_buckets=True
            ),
        )
        notes.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
        arn = Fn.join("", ["arn:", self.partition, ":s3:::", notes.ref])
        raw = Fn.join("", [arn, "/raw/*"])
        triaged = Fn.sub("arn:${AWS::Partition}:s3:::${Notes}/triaged/*")

        triage = iam.CfnRole(
            self,
            "Triage",
            path="/clinic/functions/",
            role_name="notes-triage",
            assume_role_policy_document=doc(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": ["lambda.amazonaws.com"]},
                    "Action": ["sts:AssumeRole"],
                }
            ),
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="read-raw",
                    policy_document=doc({"Effect": "Allow", "Action": "s3:GetObject", "Resource": raw}),
                ),
                iam.CfnRole.PolicyProperty(
                    policy_name="write-triaged",
                    policy_document=doc({"Effect": "Allow", "Action": "s3:PutObject", "Resource": triaged}),
                ),
            ],
        )
        iam.CfnManagedPolicy(
            self,
            "TriageLogs",
            roles=[triage.ref],
            policy_document=doc(
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": Fn.sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:*"),
                }
            ),
        )

        analysts = iam.CfnGroup(self, "Analysts", group_name="notes-analysts", path="/clinic/")
        iam.CfnManagedPolicy(
            self,
            "AnalystsRead",
            managed_policy_name="notes-read-triaged",
            path="/clinic/",
            groups=[analysts.ref],
            policy_document=doc(
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": triaged},
                {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn},
            ),
        )
        operators = iam.CfnGroup(
            self,
            "Operators",
            policies=[
                iam.CfnGroup.PolicyProperty(
                    policy_name="delete",
                    policy_document=doc({"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": f"{arn}/*"}),
                )
            ],
        )
        iam.CfnGroupPolicy(
            self,
            "OperatorsNeedMfa",
            group_name=operators.ref,
            policy_name="mfa",
            policy_document=doc(
                {
                    "Effect": "Deny",
                    "Action": "*",
                    "Resource": "*",
                    "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
                }
            ),
        )

        ceiling = iam.CfnManagedPolicy(
            self,
            "Ceiling",
            policy_document=doc(
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "NotAction": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"},
                {"Effect": "Deny", "Action": "*", "NotResource": [arn, triaged]},
            ),
        )
        ana = iam.CfnUser(self, "Ana", user_name="ana")
        omar = iam.CfnUser(self, "Omar", user_name="omar")
        kai = iam.CfnUser(self, "Kai", user_name="kai", path="/contractors/", permissions_boundary=ceiling.ref)
        iam.CfnUserToGroupAddition(self, "Read", group_name=analysts.ref, users=[ana.ref, omar.ref, kai.ref])
        iam.CfnUserToGroupAddition(self, "Delete", group_name=operators.ref, users=[omar.ref])

        s3.CfnBucketPolicy(
            self,
            "NotesPolicy",
            bucket=notes.ref,
            policy_document=doc(
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": {"AWS": "*"},
                    "Action": "s3:*",
                    "Resource": [arn, f"{arn}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": False}},
                },
                {
                    "Sid": "RawForTriage",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": ["s3:GetObject", "s3:GetObjectVersion"],
                    "Resource": raw,
                    "Condition": {"StringNotEquals": {"aws:PrincipalArn": triage.attr_arn}},
                },
            ),
        )

        CfnOutput(self, "NotesBucket", value=notes.ref)
        CfnOutput(self, "AnalystsGroup", value=analysts.attr_arn)
        CfnOutput(self, "OperatorsGroup", value=operators.attr_arn)
        CfnOutput(self, "TriageRole", value=triage.attr_arn)
        CfnOutput(self, "ContractorUser", value=kai.attr_arn)
