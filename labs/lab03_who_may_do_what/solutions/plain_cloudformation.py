"""The same design in L1 constructs: inline policies as properties, members added from outside, names chosen by hand."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


def document(*statements: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": list(statements)}


class PlainCloudFormation(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
        store = s3.CfnBucket(self, "Store")
        triaged = cdk.Fn.join("", [store.attr_arn, "/triaged/*"])
        raw = cdk.Fn.join("", [store.attr_arn, "/raw/*"])

        worker = iam.CfnRole(
            self,
            "Worker",
            assume_role_policy_document=document(
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ),
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="notes",
                    policy_document=document(
                        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [raw]},
                        {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": [triaged]},
                    ),
                )
            ],
            managed_policy_arns=["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
        )
        s3.CfnBucketPolicy(
            self,
            "StorePolicy",
            bucket=store.ref,
            policy_document=document(
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:GetObject*",
                    "Resource": raw,
                    "Condition": {"StringNotEquals": {"aws:PrincipalArn": worker.attr_arn}},
                }
            ),
        )

        readers = iam.CfnGroup(
            self,
            "Readers",
            policies=[
                iam.CfnGroup.PolicyProperty(
                    policy_name="read",
                    policy_document=document(
                        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": triaged},
                        {
                            "Effect": "Allow",
                            "Action": "s3:ListBucket",
                            "Resource": store.attr_arn,
                            "Condition": {"StringLike": {"s3:prefix": ["triaged/*"]}},
                        },
                    ),
                )
            ],
        )
        cleaners = iam.CfnGroup(self, "Cleaners")
        iam.CfnPolicy(
            self,
            "Clean",
            policy_name="clean",
            groups=[cleaners.ref],
            policy_document=document(
                {
                    "Effect": "Allow",
                    "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
                    "Resource": cdk.Fn.join("", [store.attr_arn, "/*"]),
                    "Condition": {"Bool": {"aws:MultiFactorAuthPresent": True}},
                }
            ),
        )
        limit = iam.CfnManagedPolicy(
            self,
            "Limit",
            policy_document=document(
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:ListBucket"],
                    "Resource": [triaged, store.attr_arn],
                }
            ),
        )
        ana = iam.CfnUser(self, "Ana", user_name="preflight-ana")
        omar = iam.CfnUser(self, "Omar")
        kai = iam.CfnUser(self, "Kai", permissions_boundary=limit.ref)
        iam.CfnUserToGroupAddition(self, "Read", group_name=readers.ref, users=[ana.ref, omar.ref, kai.ref])
        iam.CfnUserToGroupAddition(self, "Delete", group_name=cleaners.ref, users=[omar.ref])

        cdk.CfnOutput(self, "NotesBucket", value=store.ref)
        cdk.CfnOutput(self, "AnalystsGroup", value=readers.attr_arn)
        cdk.CfnOutput(self, "OperatorsGroup", value=cleaners.ref)
        cdk.CfnOutput(self, "TriageRole", value=worker.attr_arn)
        cdk.CfnOutput(self, "ContractorUser", value=kai.attr_arn)
