"""A door nobody may come through yet."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


class Lending(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
        books = s3.Bucket(self, "Books")
        reader = iam.Role(self, "Reader", assumed_by=iam.AccountRootPrincipal())
        cdk.CfnOutput(self, "BooksBucket", value=books.bucket_name)
        cdk.CfnOutput(self, "ReaderRole", value=reader.role_name)
