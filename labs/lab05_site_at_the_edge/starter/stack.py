"""The clinic's website, as it was handed over. It is online."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct


class ClinicWebsite(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        files = s3.Bucket(
            self,
            "Files",
            # it is a website, everybody may read it anyway
            website_index_document="index.html",
            public_read_access=True,
            block_public_access=s3.BlockPublicAccess(
                block_public_acls=True,
                ignore_public_acls=True,
                block_public_policy=False,
                restrict_public_buckets=False,
            ),
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )

        distribution = cloudfront.Distribution(
            self,
            "Site",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3StaticWebsiteOrigin(files),
                # the intranet still links to http://
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.ALLOW_ALL,
                # AWS's own recommendation. Invalidate /* after each release, and tell people to press reload
                cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
            ),
        )

        cdk.CfnOutput(self, "SiteBucket", value=files.bucket_name)
        cdk.CfnOutput(self, "SiteDistribution", value=distribution.distribution_id)
