"""The distribution in a nested stack, two origins in one bucket, and pages by the older cache settings."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import Fn
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_s3 as s3
from constructs import Construct

# AWS's own: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"


class _Edge(cdk.NestedStack):
    def __init__(self, scope: Construct, construct_id: str, *, domain: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        signed = cloudfront.CfnOriginAccessControl(
            self,
            "Signed",
            origin_access_control_config={
                "name": Fn.join("-", ["clinic", Fn.select(2, Fn.split("/", self.stack_id))]),
                "originAccessControlOriginType": "s3",
                "signingBehavior": "always",
                "signingProtocol": "sigv4",
            },
        )
        fresh = cloudfront.CfnResponseHeadersPolicy(
            self,
            "Fresh",
            response_headers_policy_config={
                "name": Fn.join("-", ["pages", Fn.select(2, Fn.split("/", self.stack_id))]),
                "customHeadersConfig": {
                    "items": [{"header": "Cache-Control", "value": "no-cache", "override": True}],
                },
                "securityHeadersConfig": {
                    "strictTransportSecurity": {"accessControlMaxAgeSec": 63072000, "override": True},
                    "contentTypeOptions": {"override": True},
                    "contentSecurityPolicy": {"contentSecurityPolicy": "frame-ancestors 'none'", "override": True},
                    "frameOptions": {"frameOption": "DENY", "override": True},
                    "referrerPolicy": {"referrerPolicy": "strict-origin", "override": True},
                },
            },
        )

        pages = {
            "targetOriginId": "pages",
            "viewerProtocolPolicy": "redirect-to-https",
            "forwardedValues": {"queryString": False, "cookies": {"forward": "none"}},
            "minTtl": 0,
            "defaultTtl": 45,
            "maxTtl": 45,
            "compress": True,
            "responseHeadersPolicyId": fresh.ref,
        }
        self.site = cloudfront.CfnDistribution(
            self,
            "Site",
            distribution_config={
                "enabled": True,
                "httpVersion": "http2and3",
                "ipv6Enabled": True,
                "defaultRootObject": "index.html",
                "origins": [
                    {
                        "id": name,
                        "domainName": domain,
                        "s3OriginConfig": {"originAccessIdentity": ""},
                        "originAccessControlId": signed.attr_id,
                    }
                    for name in ("pages", "assets")
                ],
                "defaultCacheBehavior": pages,
                "cacheBehaviors": [
                    # a page is a page in any folder, below assets/ too
                    {"pathPattern": "*.html", **pages},
                    {
                        "pathPattern": "assets/*",
                        "targetOriginId": "assets",
                        "viewerProtocolPolicy": "redirect-to-https",
                        "cachePolicyId": CACHING_OPTIMIZED,
                        "responseHeadersPolicyId": SECURITY_HEADERS,
                        "compress": True,
                    },
                ],
                "customErrorResponses": [
                    {
                        "errorCode": 404,
                        "responseCode": 404,
                        "responsePagePath": "/404.html",
                        "errorCachingMinTtl": 15,
                    }
                ],
            },
        )


class QuietSite(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        shelf = s3.CfnBucket(
            self,
            "Shelf",
            ownership_controls={"rules": [{"objectOwnership": "BucketOwnerEnforced"}]},
            public_access_block_configuration={
                "blockPublicAcls": True,
                "blockPublicPolicy": True,
                "ignorePublicAcls": True,
                "restrictPublicBuckets": True,
            },
        )
        site = _Edge(self, "Edge", domain=shelf.attr_regional_domain_name).site
        arn = Fn.sub("arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Id}", {"Id": site.attr_id})
        this_one = {
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceArn": arn}},
        }
        everything = Fn.join("", [shelf.attr_arn, "/*"])
        s3.CfnBucketPolicy(
            self,
            "ShelfPolicy",
            bucket=shelf.ref,
            policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": everything, **this_one},
                    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": shelf.attr_arn, **this_one},
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": [shelf.attr_arn, everything],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    },
                ],
            },
        )

        cdk.CfnOutput(self, "SiteBucket", value=shelf.ref)
        cdk.CfnOutput(self, "SiteDistribution", value=site.attr_id)
