"""A shelf, and a role that reads it."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


class Lending(cdk.Stack):
    """One bucket of books and the role readers take on."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        books = s3.Bucket(self, "Books", removal_policy=cdk.RemovalPolicy.DESTROY)
        reader = iam.Role(self, "Reader", assumed_by=iam.AccountRootPrincipal())
        books.grant_read(reader)
        cdk.CfnOutput(self, "BooksBucket", value=books.bucket_name)
        cdk.CfnOutput(self, "ReaderRole", value=reader.role_name)
