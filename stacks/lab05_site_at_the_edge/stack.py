"""A website that visitors read at the edge: a private bucket, and one CloudFront distribution in front of it."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

A_MINUTE = cdk.Duration.minutes(1)
A_YEAR = cdk.Duration.days(365)


class SiteAtTheEdge(cdk.Stack):
    """Pages are asked for again after a minute; assets, whose names change with their content, stay at the edge."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        files = s3.Bucket(
            self,
            "Files",
            # No website endpoint: that one speaks plain http and needs a bucket anybody may read. CloudFront signs its
            # requests to the bucket's own endpoint, so the bucket stays shut to everyone else.
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            # The release job can upload everything again. With files that exist nowhere else, take both lines out.
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )
        # Writes the bucket policy too: cloudfront.amazonaws.com may read, when it acts for this distribution. Without
        # the condition on its ARN, anybody could point a distribution of their own at this bucket.
        origin = origins.S3BucketOrigin.with_origin_access_control(files)

        distribution = cloudfront.Distribution(
            self,
            "Site",
            default_root_object="index.html",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origin,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                # The release job labels nothing, so the default TTL decides. The managed CachingOptimized policy would
                # keep a corrected page back for a day; CachingDisabled would send every visitor on to the bucket.
                cache_policy=cloudfront.CachePolicy(
                    self,
                    "ForAMinute",
                    min_ttl=cdk.Duration.seconds(0),
                    default_ttl=A_MINUTE,
                    max_ttl=A_MINUTE,
                    enable_accept_encoding_gzip=True,
                    enable_accept_encoding_brotli=True,
                ),
                # Browsers have a cache of their own, which no invalidation reaches.
                response_headers_policy=self.headers("PageHeaders", cache_control="no-cache"),
            ),
            additional_behaviors={
                # Each behavior has settings of its own: what is not said again here is CloudFront's default.
                "/assets/*": cloudfront.BehaviorOptions(
                    origin=origin,
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                    # A day without a label, and no query string, cookie or header that tells one visitor's request
                    # from another's.
                    cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                    response_headers_policy=self.headers(
                        "AssetHeaders", cache_control=f"public, max-age={A_YEAR.to_seconds():.0f}, immutable"
                    ),
                )
            },
            # S3 tells who may not list a bucket nothing of what is in it, so a missing page arrives here as a 403.
            error_responses=[
                cloudfront.ErrorResponse(
                    http_status=403,
                    response_http_status=404,
                    response_page_path="/404.html",
                    ttl=cdk.Duration.seconds(10),
                )
            ],
        )

        cdk.CfnOutput(self, "SiteBucket", value=files.bucket_name)
        cdk.CfnOutput(self, "SiteDistribution", value=distribution.distribution_id)

    def headers(self, name: str, *, cache_control: str) -> cloudfront.ResponseHeadersPolicy:
        """What every answer tells the browser: how to protect the visitor, and how long to keep it."""
        return cloudfront.ResponseHeadersPolicy(
            self,
            name,
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=A_YEAR, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.STRICT_ORIGIN_WHEN_CROSS_ORIGIN, override=True
                ),
            ),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(header="Cache-Control", value=cache_control, override=True)
                ]
            ),
        )
