"""What CloudFront and Route 53 add by themselves: the managed policies of every account, and what is taken by default.

Sources, checked_on 2026-11-22: the pages "Use managed cache policies", "Use managed origin request policies" and "Use
managed response headers policies" of the CloudFront developer guide,
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html and beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

YEAR = 31536000


def cache_policies() -> list[dict[str, Any]]:
    """The managed cache policies."""
    origin_headers = ("host", "origin", "x-http-method-override", "x-http-method", "x-method-override")
    return [
        _cache("CachingOptimized", "658327ea-f89d-4fab-a63d-7e88639e58f6", (1, 86400, YEAR), compressed=True),
        _cache("CachingOptimizedForUncompressedObjects", "b2884449-e4de-46a7-ac36-70bc7f1ddd6d", (1, 86400, YEAR)),
        _cache("CachingDisabled", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", (0, 0, 0)),
        _cache(
            "UseOriginCacheControlHeaders",
            "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
            (0, 0, YEAR),
            headers=origin_headers,
            cookies="all",
            compressed=True,
        ),
        _cache(
            "UseOriginCacheControlHeaders-QueryStrings",
            "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
            (0, 0, YEAR),
            headers=origin_headers,
            cookies="all",
            queries="all",
            compressed=True,
        ),
        _cache(
            "Amplify",
            "2e54312d-136d-493c-8eb9-b001f22f67d2",
            (2, 2, 600),
            headers=("Authorization", "CloudFront-Viewer-Country", "Host"),
            cookies="all",
            queries="all",
            compressed=True,
        ),
        _cache(
            "Elemental-MediaPackage",
            "08627262-05a9-4f76-9ded-b50ca2e3a84f",
            (0, 86400, YEAR),
            headers=("origin",),
            compressed=True,
        ),
    ]


def origin_request_policies() -> list[dict[str, Any]]:
    """The managed origin request policies."""
    cors = ("origin", "access-control-request-headers", "access-control-request-method")
    rows: list[tuple[str, str, str, tuple[str, ...], str, str]] = [
        ("AllViewer", "216adef6-5c7f-47e4-b989-5492eafa07d3", "allViewer", (), "all", "all"),
        ("AllViewerExceptHostHeader", "b689b0a8-53d0-40ab-baf2-68738e2966ac", "allExcept", ("host",), "all", "all"),
        ("CORS-CustomOrigin", "59781a5b-3903-41f3-afcb-af62929ccde1", "whitelist", ("origin",), "none", "none"),
        ("CORS-S3Origin", "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf", "whitelist", cors, "none", "none"),
        (
            "UserAgentRefererHeaders",
            "acba4595-bd28-49b8-b9fe-13317c0390fa",
            "whitelist",
            ("user-agent", "referer"),
            "none",
            "none",
        ),
        (
            "AllViewerAndCloudFrontHeaders-2022-06",
            "33f36d7e-f396-46d9-90e0-52428a34d9dc",
            "allViewerAndWhitelistCloudFront",
            ("CloudFront-Viewer-Country", "CloudFront-Forwarded-Proto", "CloudFront-Viewer-Address"),
            "all",
            "all",
        ),
    ]
    return [
        _managed(
            identifier,
            "OriginRequestPolicyConfig",
            {
                "Name": f"Managed-{name}",
                "HeadersConfig": {"HeaderBehavior": kind, **({"Headers": _quantified(headers)} if headers else {})},
                "CookiesConfig": {"CookieBehavior": cookies},
                "QueryStringsConfig": {"QueryStringBehavior": queries},
            },
        )
        for name, identifier, kind, headers, cookies, queries in rows
    ]


def response_headers_policies() -> list[dict[str, Any]]:
    """The managed response headers policies."""
    simple, preflight = _cors(), _cors(("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"))
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("SimpleCORS", "60669652-455b-4ae9-85a4-c4c02393f86c", {"CorsConfig": simple}),
        ("CORS-With-Preflight", "5cc3b908-e619-4b99-88e5-2cf7f45965bd", {"CorsConfig": preflight}),
        ("SecurityHeadersPolicy", "67f7725c-6f97-4210-82d7-5512b31e9d03", {"SecurityHeadersConfig": _SECURITY}),
        (
            "CORS-and-SecurityHeadersPolicy",
            "e61eb60c-9c35-4d20-a928-2b84e02af89c",
            {"CorsConfig": simple, "SecurityHeadersConfig": _SECURITY},
        ),
        (
            "CORS-with-preflight-and-SecurityHeadersPolicy",
            "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
            {"CorsConfig": preflight, "SecurityHeadersConfig": _SECURITY},
        ),
    ]
    return [
        _managed(identifier, "ResponseHeadersPolicyConfig", {"Name": f"Managed-{name}", **config})
        for name, identifier, config in rows
    ]


def complete_distribution(record: dict[str, Any]) -> None:
    """Say what CloudFront takes where a distribution says nothing.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html, checked_on 2026-11-22
    """
    config = record["DistributionConfig"]
    for name, value in _DEFAULTS.items():
        config.setdefault(name, deepcopy(value))
    for name in ("Aliases", "CustomErrorResponses", "CacheBehaviors"):
        config[name].setdefault("Quantity", len(config[name].get("Items", ())))
    for origin in config["Origins"]["Items"]:
        for name, value in _OF_ORIGINS.items():
            origin.setdefault(name, deepcopy(value))
    for behavior in (config["DefaultCacheBehavior"], *config["CacheBehaviors"].get("Items", ())):
        for name, value in _OF_BEHAVIORS.items():
            behavior.setdefault(name, deepcopy(value))
        behavior["AllowedMethods"].setdefault("CachedMethods", _quantified(("HEAD", "GET")))


def refuse_enabled(operation: str, record: Mapping[str, Any], region: str) -> tuple[str, str] | None:
    """A distribution is disabled before it is deleted.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteDistribution.html, checked_on 2026-11-22
    """
    if operation == "delete_distribution" and record["DistributionConfig"]["Enabled"]:
        return "DistributionNotDisabled", "The distribution you are trying to delete has not been disabled."
    return None


def complete_health_check(record: dict[str, Any]) -> None:
    """Take an update's members into the configuration, and say what Route 53 takes where nothing is said.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html, checked_on 2026-11-22
    """
    config = record["HealthCheckConfig"]
    for name in record.pop("ResetElements", None) or ():
        config.pop(name, None)
    for name in [each for each in record if each not in _OF_HEALTH_CHECKS]:
        config[name] = record.pop(name)
    config.setdefault("Inverted", False)
    config.setdefault("Disabled", False)
    if config["Type"] not in ("CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL"):
        config.setdefault("RequestInterval", 30)
        config.setdefault("FailureThreshold", 3)
        config.setdefault("MeasureLatency", False)
        config.setdefault("Port", 443 if config["Type"].startswith("HTTPS") else 80)
        config.setdefault("EnableSNI", config["Type"].startswith("HTTPS"))


_OF_HEALTH_CHECKS = ("Id", "CallerReference", "HealthCheckConfig", "HealthCheckVersion", "HealthCheckId")
_DEFAULTS: dict[str, Any] = {
    "Aliases": {"Quantity": 0},
    "DefaultRootObject": "",
    "OriginGroups": {"Quantity": 0},
    "CacheBehaviors": {"Quantity": 0},
    "CustomErrorResponses": {"Quantity": 0},
    "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
    "PriceClass": "PriceClass_All",
    "ViewerCertificate": {
        "CloudFrontDefaultCertificate": True,
        "SSLSupportMethod": "vip",
        "MinimumProtocolVersion": "TLSv1",
        "CertificateSource": "cloudfront",
    },
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": True,
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
}
_OF_ORIGINS: dict[str, Any] = {
    "OriginPath": "",
    "CustomHeaders": {"Quantity": 0},
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
    "OriginAccessControlId": "",
}
_OF_BEHAVIORS: dict[str, Any] = {
    "TrustedSigners": {"Enabled": False, "Quantity": 0},
    "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
    "AllowedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"]},
    "SmoothStreaming": False,
    "Compress": False,
    "LambdaFunctionAssociations": {"Quantity": 0},
    "FunctionAssociations": {"Quantity": 0},
    "FieldLevelEncryptionId": "",
}


_SECURITY = {
    "XSSProtection": {"Override": False, "Protection": True, "ModeBlock": True},
    "FrameOptions": {"Override": False, "FrameOption": "SAMEORIGIN"},
    "ReferrerPolicy": {"Override": False, "ReferrerPolicy": "strict-origin-when-cross-origin"},
    "ContentTypeOptions": {"Override": True},
    "StrictTransportSecurity": {"Override": False, "AccessControlMaxAgeSec": YEAR},
}


def _cache(
    name: str,
    identifier: str,
    ttls: tuple[int, int, int],
    *,
    headers: tuple[str, ...] = (),
    cookies: str = "none",
    queries: str = "none",
    compressed: bool = False,
) -> dict[str, Any]:
    shown = {"HeaderBehavior": "whitelist", "Headers": _quantified(headers)} if headers else {"HeaderBehavior": "none"}
    return _managed(
        identifier,
        "CachePolicyConfig",
        {
            "Name": f"Managed-{name}",
            "MinTTL": ttls[0],
            "DefaultTTL": ttls[1],
            "MaxTTL": ttls[2],
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": compressed,
                "EnableAcceptEncodingBrotli": compressed,
                "HeadersConfig": shown,
                "CookiesConfig": {"CookieBehavior": cookies},
                "QueryStringsConfig": {"QueryStringBehavior": queries},
            },
        },
    )


def _cors(methods: tuple[str, ...] = ("GET",)) -> dict[str, Any]:
    preflight = len(methods) > 1
    return {
        "AccessControlAllowOrigins": _quantified(("*",)),
        "AccessControlAllowHeaders": _quantified(("*",) if preflight else ()),
        "AccessControlAllowMethods": _quantified(methods),
        "AccessControlAllowCredentials": False,
        "OriginOverride": False,
        **({"AccessControlExposeHeaders": _quantified(("*",))} if preflight else {}),
    }


def _managed(identifier: str, name: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"Id": identifier, "ETag": "E23ZP02F085DFQ", "Type": "managed", name: {"Comment": "", **config}}


def _quantified(items: tuple[str, ...]) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": list(items)}
