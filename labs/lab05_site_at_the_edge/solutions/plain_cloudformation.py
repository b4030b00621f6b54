"""Cfn classes alone: managed policies where they fit, a 404 from S3 itself, pages that are never kept."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_s3 as s3
from constructs import Construct

CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"


class PlainSite(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        bucket = s3.CfnBucket(self, "Web")
        control = cloudfront.CfnOriginAccessControl(
            self,
            "Control",
            origin_access_control_config=cloudfront.CfnOriginAccessControl.OriginAccessControlConfigProperty(
                name=f"{self.stack_name}-web",
                origin_access_control_origin_type="s3",
                signing_behavior="always",
                signing_protocol="sigv4",
            ),
        )
        for_pages = cloudfront.CfnResponseHeadersPolicy(
            self,
            "ForPages",
            response_headers_policy_config={
                "name": f"{self.stack_name}-pages",
                "securityHeadersConfig": {
                    "strictTransportSecurity": {
                        "accessControlMaxAgeSec": 63072000,
                        "includeSubdomains": True,
                        "override": False,
                    },
                    "contentTypeOptions": {"override": False},
                    "contentSecurityPolicy": {
                        "contentSecurityPolicy": "default-src 'self'; frame-ancestors 'none'",
                        "override": False,
                    },
                    "referrerPolicy": {"referrerPolicy": "same-origin", "override": False},
                },
                "customHeadersConfig": {
                    "items": [{"header": "cache-control", "value": "max-age=0, must-revalidate", "override": False}]
                },
            },
        )
        site = cloudfront.CfnDistribution(
            self,
            "Cdn",
            distribution_config={
                "enabled": True,
                "defaultRootObject": "index.html",
                "httpVersion": "http2and3",
                "priceClass": "PriceClass_100",
                "origins": [
                    {
                        "id": "web",
                        "domainName": bucket.attr_regional_domain_name,
                        "originAccessControlId": control.attr_id,
                        "s3OriginConfig": {},
                    }
                ],
                "defaultCacheBehavior": {
                    "targetOriginId": "web",
                    "viewerProtocolPolicy": "redirect-to-https",
                    "cachePolicyId": CACHING_DISABLED,
                    "responseHeadersPolicyId": for_pages.attr_id,
                },
                "cacheBehaviors": [
                    {
                        "pathPattern": "assets/*",
                        "targetOriginId": "web",
                        "viewerProtocolPolicy": "redirect-to-https",
                        "allowedMethods": ["GET", "HEAD", "OPTIONS"],
                        "compress": True,
                        "cachePolicyId": CACHING_OPTIMIZED,
                        "responseHeadersPolicyId": SECURITY_HEADERS,
                    }
                ],
                "customErrorResponses": [{"errorCode": 404, "responseCode": 404, "responsePagePath": "/404.html"}],
            },
        )
        s3.CfnBucketPolicy(
            self,
            "WebPolicy",
            bucket=bucket.ref,
            policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "cloudfront.amazonaws.com"},
                        # with the right to list, S3 says 404 where something is missing
                        "Action": ["s3:GetObject", "s3:ListBucket"],
                        "Resource": [bucket.attr_arn, cdk.Fn.sub("${Web.Arn}/*")],
                        "Condition": {
                            "ArnEquals": {
                                "AWS:SourceArn": cdk.Fn.sub(
                                    "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Cdn}"
                                )
                            }
                        },
                    }
                ],
            },
        )

        cdk.CfnOutput(self, "SiteBucket", value=bucket.ref)
        cdk.CfnOutput(self, "SiteDistribution", value=site.attr_id)
