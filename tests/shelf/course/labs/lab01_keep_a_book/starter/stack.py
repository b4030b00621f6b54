"""A shelf somebody put up in a hurry."""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct


class Library(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
        books = s3.Bucket(self, "Books", versioned=False)
        cdk.CfnOutput(self, "BooksBucket", value=books.bucket_name)
