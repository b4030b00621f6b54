"""A shelf that keeps every edition, and carries a label."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct


class Library(cdk.Stack):
    """One bucket of books."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        books = s3.Bucket(self, "Books", versioned=True, removal_policy=cdk.RemovalPolicy.DESTROY)
        cdk.Tags.of(books).add("shelf", "novels")
        cdk.CfnOutput(self, "BooksBucket", value=books.bucket_name)
