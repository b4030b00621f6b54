"""Without cache policies: TTLs and forwarded values on each behavior, a staging distribution with files of its own."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


class OlderSettings(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        self.control = cloudfront.S3OriginAccessControl(self, "Control")
        self.headers = {
            name: self.told(name, value)
            for name, value in {"Pages": "no-cache", "Assets": "public, max-age=86400"}.items()
        }
        bucket, distribution = self.site("Live")
        self.site("Staging")

        cdk.CfnOutput(self, "SiteBucket", value=bucket.bucket_name)
        cdk.CfnOutput(self, "SiteDistribution", value=distribution.ref)

    def site(self, name: str) -> tuple[s3.Bucket, cloudfront.CfnDistribution]:
        bucket = s3.Bucket(self, f"{name}Files", removal_policy=cdk.RemovalPolicy.DESTROY, auto_delete_objects=True)
        distribution = cloudfront.CfnDistribution(
            self,
            name,
            distribution_config=cloudfront.CfnDistribution.DistributionConfigProperty(
                enabled=True,
                default_root_object="index.html",
                origins=[
                    cloudfront.CfnDistribution.OriginProperty(
                        id="files",
                        domain_name=bucket.bucket_domain_name,
                        origin_access_control_id=self.control.origin_access_control_id,
                        s3_origin_config=cloudfront.CfnDistribution.S3OriginConfigProperty(origin_access_identity=""),
                    )
                ],
                default_cache_behavior=self.behavior("Pages", 20),
                cache_behaviors=[
                    self.behavior("Assets", 31536000, "/assets/*.css"),
                    self.behavior("Assets", 31536000, "/assets/*"),
                ],
                custom_error_responses=[
                    cloudfront.CfnDistribution.CustomErrorResponseProperty(
                        error_code=403, response_code=404, response_page_path="/404.html", error_caching_min_ttl=30
                    )
                ],
            ),
        )
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["s3:GetObject"],
                resources=[bucket.arn_for_objects("*")],
                principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
                conditions={
                    "StringEquals": {
                        "aws:SourceArn": f"arn:aws:cloudfront::{self.account}:distribution/{distribution.ref}",
                        "aws:SourceAccount": self.account,
                    }
                },
            )
        )
        return bucket, distribution

    def behavior(self, kind: str, seconds: int, pattern: str | None = None) -> Any:
        settings: dict[str, Any] = {
            "target_origin_id": "files",
            "viewer_protocol_policy": "redirect-to-https",
            "compress": True,
            "forwarded_values": cloudfront.CfnDistribution.ForwardedValuesProperty(query_string=False),
            "min_ttl": 0,
            "default_ttl": seconds,
            "max_ttl": seconds,
            "response_headers_policy_id": self.headers[kind].response_headers_policy_id,
        }
        if pattern is None:
            return cloudfront.CfnDistribution.DefaultCacheBehaviorProperty(**settings)
        return cloudfront.CfnDistribution.CacheBehaviorProperty(path_pattern=pattern, **settings)

    def told(self, name: str, cache_control: str) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            f"{name}Told",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=cdk.Duration.days(365), override=False
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=False),
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy="frame-ancestors 'self'", override=False
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.STRICT_ORIGIN, override=False
                ),
            ),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(header="Cache-Control", value=cache_control, override=False)
                ]
            ),
        )
