"""Policies of its own for pages and assets in three behaviors, and a minute shared by the edge and the browser."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cf
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

NOTHING = {
    "query_string_behavior": cf.CacheQueryStringBehavior.none(),
    "cookie_behavior": cf.CacheCookieBehavior.none(),
    "header_behavior": cf.CacheHeaderBehavior.none(),
}


class Shelf(Construct):
    """Where the release job puts the files."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )


class Freshness(Construct):
    """How long the edge keeps what: of the minute a correction may take, it has 30 s, and the browser 20."""

    BROWSER = cdk.Duration.seconds(20)
    MISSING = cdk.Duration.seconds(10)

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.pages = cf.CachePolicy(
            self,
            "Pages",
            comment="corrected under the same name",
            min_ttl=cdk.Duration.seconds(0),
            default_ttl=cdk.Duration.seconds(30),
            max_ttl=cdk.Duration.seconds(30),
            enable_accept_encoding_gzip=True,
            enable_accept_encoding_brotli=True,
            **NOTHING,
        )
        self.assets = cf.CachePolicy(
            self,
            "Assets",
            comment="never changed, only renamed",
            min_ttl=cdk.Duration.days(7),
            default_ttl=cdk.Duration.days(90),
            max_ttl=cdk.Duration.days(365),
            enable_accept_encoding_gzip=True,
            enable_accept_encoding_brotli=True,
            **NOTHING,
        )


class Courtesy(Construct):
    """What visitors' browsers are told."""

    def __init__(self, scope: Construct, construct_id: str, *, ask_again: cdk.Duration) -> None:
        super().__init__(scope, construct_id)
        security = cf.ResponseSecurityHeadersBehavior(
            strict_transport_security=cf.ResponseHeadersStrictTransportSecurity(
                access_control_max_age=cdk.Duration.days(366), include_subdomains=False, override=True
            ),
            content_type_options=cf.ResponseHeadersContentTypeOptions(override=True),
            frame_options=cf.ResponseHeadersFrameOptions(frame_option=cf.HeadersFrameOption.SAMEORIGIN, override=True),
            content_security_policy=cf.ResponseHeadersContentSecurityPolicy(
                content_security_policy="frame-ancestors 'self'", override=True
            ),
            referrer_policy=cf.ResponseHeadersReferrerPolicy(
                referrer_policy=cf.HeadersReferrerPolicy.SAME_ORIGIN, override=True
            ),
        )
        self.pages = cf.ResponseHeadersPolicy(
            self,
            "Pages",
            security_headers_behavior=security,
            custom_headers_behavior=cf.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cf.ResponseCustomHeader(
                        header="Cache-Control",
                        value=f"public, max-age={ask_again.to_seconds()}, must-revalidate",
                        override=True,
                    )
                ]
            ),
        )
        # No Cache-Control here: it would be on a missing asset's 404, too, and stay in browsers for as long.
        self.assets = cf.ResponseHeadersPolicy(self, "Assets", security_headers_behavior=security)


class Edge(Construct):
    """The distribution, and the signature it asks the shelf with."""

    def __init__(
        self, scope: Construct, construct_id: str, *, shelf: Shelf, freshness: Freshness, courtesy: Courtesy
    ) -> None:
        super().__init__(scope, construct_id)
        signature = cf.S3OriginAccessControl(self, "Signature", signing=cf.Signing.SIGV4_ALWAYS)
        origin = origins.S3BucketOrigin.with_origin_access_control(
            shelf.bucket,
            origin_access_control=signature,
            # who may list is told 404 for a missing file, and not 403
            origin_access_levels=[cf.AccessLevel.READ, cf.AccessLevel.LIST],
        )
        common: dict[str, Any] = {
            "origin": origin,
            "viewer_protocol_policy": cf.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            "allowed_methods": cf.AllowedMethods.ALLOW_GET_HEAD,
            "compress": True,
        }
        page = cf.BehaviorOptions(**common, cache_policy=freshness.pages, response_headers_policy=courtesy.pages)
        asset = cf.BehaviorOptions(**common, cache_policy=freshness.assets, response_headers_policy=courtesy.assets)
        self.distribution = cf.Distribution(
            self,
            "Distribution",
            comment="the clinic's website",
            default_root_object="index.html",
            http_version=cf.HttpVersion.HTTP2_AND_3,
            default_behavior=page,
            # in this order: a page below assets/ is still corrected under its name
            additional_behaviors={"*.html": page, "assets/*": asset},
            error_responses=[
                cf.ErrorResponse(
                    http_status=404,
                    response_http_status=404,
                    response_page_path="/404.html",
                    ttl=freshness.MISSING,
                )
            ],
        )


class ClinicAtTheEdge(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        shelf = Shelf(self, "Shelf")
        freshness = Freshness(self, "Freshness")
        edge = Edge(
            self,
            "Edge",
            shelf=shelf,
            freshness=freshness,
            courtesy=Courtesy(self, "Courtesy", ask_again=freshness.BROWSER),
        )
        cdk.CfnOutput(self, "SiteBucket", value=shelf.bucket.bucket_name)
        cdk.CfnOutput(self, "SiteDistribution", value=edge.distribution.distribution_id)
