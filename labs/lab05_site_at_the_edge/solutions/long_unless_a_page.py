"""The other way round: everything is kept for a year unless it is a page, a log bucket, pages of its own published."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct


class Edge(Construct):
    """A distribution whose behaviors differ in nothing but how long an answer is kept."""

    def __init__(self, scope: Construct, construct_id: str, *, files: s3.IBucket, logs: s3.IBucket) -> None:
        super().__init__(scope, construct_id)
        control = cloudfront.S3OriginAccessControl(self, "Control", signing=cloudfront.Signing.SIGV4_NO_OVERRIDE)
        self.origin = origins.S3BucketOrigin.with_origin_access_control(
            files,
            origin_access_control=control,
            origin_access_levels=[cloudfront.AccessLevel.READ, cloudfront.AccessLevel.LIST],
        )
        errors = [
            cloudfront.ErrorResponse(
                http_status=status,
                response_http_status=404,
                response_page_path="/404.html",
                ttl=cdk.Duration.seconds(0),
            )
            for status in (403, 404)
        ]
        pages = self.kept_for("Pages", cdk.Duration.seconds(30), "max-age=30")
        self.distribution = cloudfront.Distribution(
            self,
            "Cdn",
            default_root_object="index.html",
            default_behavior=self.kept_for("Assets", cdk.Duration.days(365), "max-age=31536000"),
            additional_behaviors={"/": pages, "*.html": pages},
            error_responses=errors,
            enable_logging=True,
            log_bucket=logs,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
        )

    def kept_for(self, name: str, age: cdk.Duration, told: str) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=self.origin,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
            cache_policy=cloudfront.CachePolicy(
                self,
                f"{name}Kept",
                min_ttl=age,
                default_ttl=age,
                max_ttl=age,
                query_string_behavior=cloudfront.CacheQueryStringBehavior.allow_list("v"),
                enable_accept_encoding_gzip=True,
            ),
            response_headers_policy=cloudfront.ResponseHeadersPolicy(
                self,
                f"{name}Told",
                # custom headers may not carry security headers, so these are said where they belong
                security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                    strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                        access_control_max_age=cdk.Duration.days(730),
                        include_subdomains=True,
                        preload=True,
                        override=True,
                    ),
                    content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                    frame_options=cloudfront.ResponseHeadersFrameOptions(
                        frame_option=cloudfront.HeadersFrameOption.SAMEORIGIN, override=True
                    ),
                    referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                        referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                    ),
                ),
                custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                    custom_headers=[cloudfront.ResponseCustomHeader(header="Cache-Control", value=told, override=True)]
                ),
                remove_headers=["Server"],
            ),
        )


class LongUnlessAPage(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        gone = {"removal_policy": cdk.RemovalPolicy.DESTROY, "auto_delete_objects": True}
        logs = s3.Bucket(self, "Logs", object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED, **gone)
        files = s3.Bucket(self, "Site", versioned=True, enforce_ssl=True, **gone)
        edge = Edge(self, "Edge", files=files, logs=logs)
        deployment.BucketDeployment(
            self,
            "FirstPages",
            destination_bucket=files,
            prune=False,
            sources=[
                deployment.Source.data("index.html", "<!doctype html><p>We open at nine.</p>"),
                deployment.Source.data("404.html", "<!doctype html><p>Nothing here. <a href='/'>Back</a></p>"),
            ],
        )

        cdk.CfnOutput(self, "SiteBucket", value=files.bucket_name)
        cdk.CfnOutput(self, "SiteDistribution", value=edge.distribution.distribution_id)
