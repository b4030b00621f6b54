"""A distribution keeps everything it is told, and its policies, keys and functions are made, changed and deleted."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]
KEY = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n"
S3_ONLY = {
    "Name": "notes",
    "OriginAccessControlOriginType": "s3",
    "SigningBehavior": "always",
    "SigningProtocol": "sigv4",
}
CACHE_KEY = {
    "EnableAcceptEncodingGzip": True,
    "EnableAcceptEncodingBrotli": False,
    "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["Accept-Language"]},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "whitelist", "QueryStrings": ["page"]},
}
CACHE = {
    "Name": "short",
    "Comment": "an hour",
    "MinTTL": 1,
    "DefaultTTL": 3600,
    "MaxTTL": 86401,
    "ParametersInCacheKeyAndForwardedToOrigin": CACHE_KEY,
}
ORIGIN_REQUEST = {
    "Name": "few",
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "whitelist", "Cookies": ["session"]},
    "QueryStringsConfig": {"QueryStringBehavior": "all"},
}
HEADERS = {
    "Name": "safe",
    "SecurityHeadersConfig": {
        "StrictTransportSecurity": {"AccessControlMaxAgeSec": 63072000, "IncludeSubdomains": True, "Override": True},
        "ContentSecurityPolicy": {"ContentSecurityPolicy": "default-src 'self'", "Override": True},
        "FrameOptions": {"FrameOption": "DENY", "Override": True},
    },
    "CorsConfig": {
        "AccessControlAllowCredentials": False,
        "AccessControlAllowHeaders": {"Items": ["*"]},
        "AccessControlAllowMethods": {"Items": ["GET", "HEAD"]},
        "AccessControlAllowOrigins": {"Items": ["https://clinic.example"]},
        "OriginOverride": True,
    },
    "CustomHeadersConfig": {"Items": [{"Header": "x-clinic", "Value": "north", "Override": False}]},
    "RemoveHeadersConfig": {"Items": [{"Header": "server"}]},
}
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/logs"
END_POINT = {
    "StreamType": "Kinesis",
    "KinesisStreamConfig": {"RoleArn": "arn:aws:iam::123456789012:role/logs", "StreamArn": STREAM},
}
ONE_KEY: dict[str, Any] = {"CallerReference": "1", "Name": "one", "EncodedKey": KEY, "Comment": "first"}
STAGED = {
    "Enabled": True,
    "StagingDistributionDnsNames": ["d111111abcdef8.cloudfront.net"],
    "TrafficConfig": {"Type": "SingleWeight", "SingleWeightConfig": {"Weight": 0.05}},
}
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("CachePolicy", {"CachePolicyConfig": CACHE}, {"CachePolicyConfig": {**CACHE, "DefaultTTL": 7200}}),
    (
        "OriginRequestPolicy",
        {"OriginRequestPolicyConfig": ORIGIN_REQUEST},
        {"OriginRequestPolicyConfig": {**ORIGIN_REQUEST, "Comment": "fewer"}},
    ),
    (
        "ResponseHeadersPolicy",
        {"ResponseHeadersPolicyConfig": HEADERS},
        {"ResponseHeadersPolicyConfig": {**HEADERS, "Comment": "safer"}},
    ),
    (
        "OriginAccessControl",
        {"OriginAccessControlConfig": S3_ONLY},
        {"OriginAccessControlConfig": {**S3_ONLY, "SigningBehavior": "no-override"}},
    ),
    (
        "CloudFrontOriginAccessIdentity",
        {"CloudFrontOriginAccessIdentityConfig": {"Comment": "old way"}},
        {"CloudFrontOriginAccessIdentityConfig": {"Comment": "older way"}},
    ),
    ("PublicKey", {"PublicKeyConfig": ONE_KEY}, {"PublicKeyConfig": {**ONE_KEY, "Comment": "second"}}),
    (
        "KeyGroup",
        {"KeyGroupConfig": {"Name": "g", "Items": ["K2JCJMDEHXQW5F"]}},
        {"KeyGroupConfig": {"Name": "g", "Items": ["K3JCJMDEHXQW5F"]}},
    ),
    (
        "ContinuousDeploymentPolicy",
        {"ContinuousDeploymentPolicyConfig": STAGED},
        {"ContinuousDeploymentPolicyConfig": {**STAGED, "Enabled": False}},
    ),
    (
        "RealtimeLogConfig",
        {"Name": "live", "EndPoints": [END_POINT], "Fields": ["timestamp", "c-ip"], "SamplingRate": 100},
        {"Name": "live", "EndPoints": [END_POINT], "Fields": ["timestamp"], "SamplingRate": 50},
    ),
    (
        "KeyValueStore",
        {"Name": "routes", "Comment": "where to", "Tags": TAGS},
        {"Name": "routes", "Comment": "another"},
    ),
    (
        "Function",
        {
            "Name": "rewrite",
            "FunctionCode": "function handler(event) { return event.request; }",
            "FunctionConfig": {"Comment": "index", "Runtime": "cloudfront-js-2.0"},
            "AutoPublish": True,
            "Tags": TAGS,
        },
        {
            "Name": "rewrite",
            "FunctionCode": "function handler(event) { return event.response; }",
            "FunctionConfig": {"Comment": "more", "Runtime": "cloudfront-js-2.0"},
        },
    ),
]


@pytest.mark.parametrize(("kind", "properties", "changed"), CASES, ids=[each[0] for each in CASES])
def test_what_a_distribution_refers_to(bench, kind, properties, changed):
    thing = bench.make(f"AWS::CloudFront::{kind}", **properties)
    assert (thing.unapplied, bench.lost(thing)) == ((), set())
    again = bench.change(thing, **changed)
    assert (again.unapplied, bench.lost(again), again.ref) == ((), set(), thing.ref)
    bench.delete(again)
    bench.delete(again)
    client = bench.client("cloudfront")
    word = {"CloudFrontOriginAccessIdentity": "get_cloud_front_origin_access_identity"}.get(kind)
    if word:
        with pytest.raises(ClientError, match="NoSuchCloudFrontOriginAccessIdentity"):
            getattr(client, word)(Id=thing.ref)
    assert bench.make(f"AWS::CloudFront::{kind}", **properties).ref


def config(bench, **extra: Any) -> dict[str, Any]:
    control = bench.make("AWS::CloudFront::OriginAccessControl", "Control", OriginAccessControlConfig=S3_ONLY)
    return {
        "Enabled": True,
        "Comment": "the clinic's site",
        "DefaultRootObject": "index.html",
        "HttpVersion": "http2and3",
        "IPV6Enabled": True,
        "PriceClass": "PriceClass_100",
        "Origins": [
            {
                "Id": "site",
                "DomainName": "site.s3.eu-west-1.amazonaws.com",
                "OriginPath": "/live",
                "OriginAccessControlId": control.ref,
                "S3OriginConfig": {"OriginAccessIdentity": ""},
                "OriginShield": {"Enabled": True, "OriginShieldRegion": "eu-west-1"},
            },
            {
                "Id": "api",
                "DomainName": "api.clinic.example",
                "ConnectionAttempts": 2,
                "ConnectionTimeout": 7,
                "CustomOriginConfig": {
                    "OriginProtocolPolicy": "https-only",
                    "OriginSSLProtocols": ["TLSv1.2"],
                    "HTTPSPort": 8443,
                    "OriginReadTimeout": 45,
                },
                "OriginCustomHeaders": [{"HeaderName": "x-from", "HeaderValue": "edge"}],
            },
        ],
        "OriginGroups": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "both",
                    "FailoverCriteria": {"StatusCodes": {"Quantity": 1, "Items": [503]}},
                    "Members": {"Quantity": 2, "Items": [{"OriginId": "site"}, {"OriginId": "api"}]},
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "site",
            "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            "ResponseHeadersPolicyId": "67f7725c-6f97-4210-82d7-5512b31e9d03",
            "Compress": True,
            "AllowedMethods": ["GET", "HEAD", "OPTIONS"],
            "CachedMethods": ["GET", "HEAD"],
            "FunctionAssociations": [
                {"EventType": "viewer-request", "FunctionARN": "arn:aws:cloudfront::123456789012:function/rewrite"}
            ],
            "LambdaFunctionAssociations": [
                {
                    "EventType": "origin-response",
                    "LambdaFunctionARN": "arn:aws:lambda:us-east-1:123456789012:function:edge:1",
                    "IncludeBody": False,
                }
            ],
        },
        "CacheBehaviors": [
            {
                "PathPattern": "/api/*",
                "TargetOriginId": "api",
                "ViewerProtocolPolicy": "https-only",
                "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
                "OriginRequestPolicyId": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
                "TrustedKeyGroups": ["key-group-1"],
            },
            {
                "PathPattern": "/older/*",
                "TargetOriginId": "api",
                "ViewerProtocolPolicy": "https-only",
                "ForwardedValues": {
                    "QueryString": True,
                    "Cookies": {"Forward": "whitelist", "WhitelistedNames": ["session"]},
                    "Headers": ["Origin"],
                },
            },
        ],
        "CustomErrorResponses": [
            {"ErrorCode": 404, "ResponseCode": 200, "ResponsePagePath": "/index.html", "ErrorCachingMinTTL": 10}
        ],
        "Restrictions": {"GeoRestriction": {"RestrictionType": "whitelist", "Locations": ["DE", "FR"]}},
        "Logging": {"Bucket": "logs.s3.amazonaws.com", "Prefix": "edge/", "IncludeCookies": True},
        "ViewerCertificate": {"CloudFrontDefaultCertificate": True},
        **extra,
    }


def test_a_distribution_with_everything_labs_use(bench):
    declared = config(bench)
    made = bench.make("AWS::CloudFront::Distribution", "Site", DistributionConfig=declared, Tags=TAGS)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert made["DomainName"].endswith(".cloudfront.net")
    client = bench.client("cloudfront")
    told = client.get_distribution_config(Id=made.ref)["DistributionConfig"]
    assert told["DefaultCacheBehavior"]["AllowedMethods"]["CachedMethods"]["Items"] == ["GET", "HEAD"]
    assert told["Restrictions"]["GeoRestriction"] == {
        "RestrictionType": "whitelist",
        "Quantity": 2,
        "Items": ["DE", "FR"],
    }
    assert told["Logging"]["Enabled"]
    assert [each["Id"] for each in client.list_distributions()["DistributionList"]["Items"]] == [made.ref]

    plain = {key: declared[key] for key in ("Enabled", "Origins", "DefaultCacheBehavior")}
    changed = bench.change(made, DistributionConfig={**plain, "Comment": "plainer"})
    assert (changed.unapplied, bench.lost(changed), changed["DomainName"]) == ((), set(), made["DomainName"])
    told = client.get_distribution(Id=made.ref)["Distribution"]["DistributionConfig"]
    assert (told["PriceClass"], told["DefaultRootObject"], told["Logging"]["Enabled"]) == ("PriceClass_All", "", False)
    client.create_invalidation(
        DistributionId=made.ref, InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "1"}
    )
    assert client.list_invalidations(DistributionId=made.ref)["InvalidationList"]["Quantity"] == 1
    extra = bench.make(
        "AWS::CloudFront::MonitoringSubscription",
        "Metrics",
        DistributionId=made.ref,
        MonitoringSubscription={"RealtimeMetricsSubscriptionConfig": {"RealtimeMetricsSubscriptionStatus": "Enabled"}},
    )
    assert (extra.unapplied, bench.lost(extra), extra.ref) == ((), set(), made.ref)
    for thing in (extra, changed, extra, changed):
        bench.delete(thing)
    assert client.list_distributions()["DistributionList"]["Quantity"] == 0


@pytest.mark.parametrize(
    ("where", "value", "code"),
    [
        ("DefaultCacheBehavior.CachePolicyId", "11111111-0000-0000-0000-000000000000", "NoSuchCachePolicy"),
        ("DefaultCacheBehavior.ResponseHeadersPolicyId", "no", "NoSuchResponseHeadersPolicy"),
        ("Origins.0.OriginAccessControlId", "E1", "InvalidOriginAccessControl"),
        ("Aliases", ["www.clinic.example"], "InvalidViewerCertificate"),
        (
            "ViewerCertificate",
            {"AcmCertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1", "SslSupportMethod": "sni-only"},
            "InvalidViewerCertificate",
        ),
        ("WebACLId", "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/a/1", "InvalidWebACLId"),
        ("Origins.0.S3OriginConfig", None, "InvalidArgument"),
        ("DefaultCacheBehavior.CachePolicyId", None, "InvalidArgument"),
        ("DefaultCacheBehavior.ForwardedValues", {"QueryString": False}, "InvalidArgument"),
    ],
)
def test_what_cloudfront_does_not_take_is_refused(bench, where, value, code):
    declared: Any = config(bench)
    *steps, last = where.split(".")
    holder = declared
    for step in steps:
        holder = holder[int(step)] if step.isdigit() else holder[step]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    with pytest.raises(ClientError) as refused:
        bench.make("AWS::CloudFront::Distribution", "Site", DistributionConfig=declared)
    assert refused.value.response["Error"]["Code"] == code
    assert bench.client("cloudfront").list_distributions()["DistributionList"]["Quantity"] == 0


def test_the_managed_policies_are_there(bench):
    client = bench.client("cloudfront")
    told = client.get_cache_policy(Id="658327ea-f89d-4fab-a63d-7e88639e58f6")["CachePolicy"]["CachePolicyConfig"]
    assert (told["Name"], told["DefaultTTL"]) == ("Managed-CachingOptimized", 86400)
    listed = client.list_response_headers_policies(Type="managed")["ResponseHeadersPolicyList"]
    assert (listed["Quantity"], {each["Type"] for each in listed["Items"]}) == (5, {"managed"})
