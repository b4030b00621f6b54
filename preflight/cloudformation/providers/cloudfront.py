"""CloudFront: distributions, their policies, functions and keys, and who may read their origins.

CloudFront takes lists with their length (`{"Quantity": 1, "Items": [...]}`); templates write plain lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import (
    Call,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    passing_over_gone,
    refusal,
)

# CloudFront wants the version that a change is based on; ours is always the latest
_NOW = "current"


def _policy(
    kind: str,
    word: str,
    config: str,
    *,
    names: str = "",
    adjust: Any = None,
    reference: bool = False,
    tells: str = "LastModifiedTime",
) -> type[Table]:
    """A type that is one configuration: created, put anew, deleted."""
    given: dict[str, Any] = {f"{config}.CallerReference": "{stack_id}/{logical_id}"} if reference else {}

    def row(operation: str, **more: Any) -> Call:
        return call(operation, config, **given, **more)

    class Policy(Table):
        type = kind
        service = "cloudfront"
        makes = row(f"create_{word}")
        then = (Setting(row(f"update_{word}", Id="{ref}", IfMatch=_NOW), at_create=False),)
        ref = _main(word) + ".Id"
        attributes = f"Id={{ref}} {tells}={_main(word)}.{tells}"
        unmakes = call(f"delete_{word}", Id="{ref}", IfMatch=_NOW)
        reads = (call(f"get_{word}", Id="{ref}"),)

    Policy.__name__ = kind.rpartition(":")[2]
    return Policy


def _main(word: str) -> str:
    """The answer's member that holds the thing."""
    return "".join(part.title() for part in word.split("_"))


CachePolicy = _policy(
    "AWS::CloudFront::CachePolicy",
    "cache_policy",
    "CachePolicyConfig",
)
OriginRequestPolicy = _policy(
    "AWS::CloudFront::OriginRequestPolicy", "origin_request_policy", "OriginRequestPolicyConfig"
)
ResponseHeadersPolicy = _policy(
    "AWS::CloudFront::ResponseHeadersPolicy", "response_headers_policy", "ResponseHeadersPolicyConfig"
)
ContinuousDeploymentPolicy = _policy(
    "AWS::CloudFront::ContinuousDeploymentPolicy",
    "continuous_deployment_policy",
    "ContinuousDeploymentPolicyConfig",
)
OriginAccessControl = _policy(
    "AWS::CloudFront::OriginAccessControl", "origin_access_control", "OriginAccessControlConfig"
)
CloudFrontOriginAccessIdentity = _policy(
    "AWS::CloudFront::CloudFrontOriginAccessIdentity",
    "cloud_front_origin_access_identity",
    "CloudFrontOriginAccessIdentityConfig",
    reference=True,
    tells="S3CanonicalUserId",
)
PublicKey = _policy("AWS::CloudFront::PublicKey", "public_key", "PublicKeyConfig", tells="CreatedTime")
KeyGroup = _policy("AWS::CloudFront::KeyGroup", "key_group", "KeyGroupConfig")


class RealtimeLogConfig(Table):
    """Which fields of how many requests go to which streams."""

    type = "AWS::CloudFront::RealtimeLogConfig"
    service = "cloudfront"
    makes = call("create_realtime_log_config", "EndPoints Fields Name SamplingRate")
    then = (Setting(call("update_realtime_log_config", "EndPoints Fields SamplingRate", ARN="{ref}"), at_create=False),)
    ref = "RealtimeLogConfig.ARN"
    attributes = "Arn={ref}"
    unmakes = call("delete_realtime_log_config", ARN="{ref}")
    reads = (call("get_realtime_log_config", ARN="{ref}"),)


class MonitoringSubscription(Table):
    """Whether a distribution has its additional metrics."""

    type = "AWS::CloudFront::MonitoringSubscription"
    service = "cloudfront"
    makes = call("create_monitoring_subscription", "DistributionId MonitoringSubscription")
    ref = "{DistributionId}"
    untold = "DistributionId"
    unmakes = call("delete_monitoring_subscription", DistributionId="{ref}")
    reads = (call("get_monitoring_subscription", DistributionId="{ref}"),)


class Function(Table):
    """A function that runs at the edge; kept, and by default published, but never run."""

    type = "AWS::CloudFront::Function"
    service = "cloudfront"
    makes = call("create_function", "Name FunctionCode FunctionConfig")
    then = (
        Setting(
            call("update_function", "Name FunctionCode FunctionConfig", IfMatch=_NOW),
            at_create=False,
        ),
    )
    tags = Tags(call("tag_resource", Resource="{ref}"), remove=call("untag_resource", Resource="{ref}"))
    ref = "FunctionSummary.FunctionMetadata.FunctionARN"
    attributes = "FunctionARN={ref} FunctionMetadata.FunctionARN={ref} Stage=FunctionSummary.FunctionMetadata.Stage"
    unmakes = call("delete_function", "Name", IfMatch=_NOW)
    drops = "FunctionMetadata"
    reads = (
        call("describe_function", "Name"),
        call("get_function", "Name"),
        call("list_tags_for_resource", Resource="{ref}"),
    )

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Publish it where it says so."""
        super().finish(scope, answer)
        self._publish(scope)

    def change(self, before: Scope, after: Scope) -> None:
        """Change it, and publish the change."""
        super().change(before, after)
        self._publish(after)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The code comes as a stream; whether it was published shows in its status."""
        answers = super().read(made, declared, context)
        for each in answers:
            if "FunctionCode" in each:
                each["FunctionCode"] = each["FunctionCode"].read().decode()
        published = answers[0]["FunctionSummary"].get("Status") != "UNPUBLISHED"
        return [*answers, {"AutoPublish": published}]

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        published = scope.declared.peek("AutoPublish", False) in (True, "true")
        return {**super()._attributes(scope, answer), "Stage": "LIVE" if published else "DEVELOPMENT"}

    def _publish(self, scope: Scope) -> None:
        if scope.declared.take("AutoPublish") in (True, "true"):
            self.ask(scope, "publish_function", {"Name": scope.declared.take("Name"), "IfMatch": _NOW})


class KeyValueStore(Table):
    """A store of keys and values that functions read; its import is not emulated."""

    type = "AWS::CloudFront::KeyValueStore"
    service = "cloudfront"
    makes = call("create_key_value_store", "Name Comment")
    then = (Setting(call("update_key_value_store", "Name Comment", IfMatch=_NOW), at_create=False),)
    tags = Tags(call("tag_resource", Resource="{made.Arn}"), remove=call("untag_resource", Resource="{made.Arn}"))
    ref = "{Name}"
    attributes = "Arn=KeyValueStore.ARN Id=KeyValueStore.Id Status=KeyValueStore.Status"
    describes = call("describe_key_value_store", "Name")
    unmakes = call("delete_key_value_store", "Name", IfMatch=_NOW)
    reads = (describes, call("list_tags_for_resource", Resource="{made.Arn}"))


def _complete(arguments: dict[str, Any]) -> None:
    """What the API wants of every distribution and a template may leave out."""
    config = arguments.get("DistributionConfigWithTags", arguments)["DistributionConfig"]
    config.setdefault("Comment", "")
    for name in ("Origins", "CacheBehaviors", "CustomErrorResponses", "Aliases"):
        if name == "Origins" or name in config:
            config.setdefault(name, {"Quantity": 0, "Items": []})
    if "Logging" in config:
        # with no bucket these are the standard logs of version 2, which are set up by a delivery
        config["Logging"] = {
            "Enabled": bool(config["Logging"].get("Bucket")),
            "IncludeCookies": False,
            "Bucket": "",
            "Prefix": "",
            **config["Logging"],
        }
    for origin in config["Origins"]["Items"]:
        custom = origin.get("CustomOriginConfig")
        if custom is not None:
            custom.update({"HTTPPort": custom.get("HTTPPort", 80), "HTTPSPort": custom.get("HTTPSPort", 443)})
        if "S3OriginConfig" in origin:
            origin["S3OriginConfig"].setdefault("OriginAccessIdentity", "")
    for behavior in (config["DefaultCacheBehavior"], *config.get("CacheBehaviors", {}).get("Items", [])):
        _complete_behavior(behavior)


def _complete_behavior(behavior: dict[str, Any]) -> None:
    for name in ("TrustedSigners", "TrustedKeyGroups"):
        if name in behavior:
            behavior[name]["Enabled"] = behavior[name]["Quantity"] > 0
    cached = behavior.pop("CachedMethods", None)
    if cached is not None:
        allowed = behavior.setdefault("AllowedMethods", {"Quantity": 2, "Items": ["HEAD", "GET"]})
        allowed["CachedMethods"] = cached
    if "ForwardedValues" in behavior:
        behavior["ForwardedValues"].setdefault("Cookies", {"Forward": "none"})


_CONFIG = "DistributionConfig"
_REFERENCE = "{stack_id}/{logical_id}/{generation}"


class Distribution(Table):
    """A distribution: where its content comes from, how it is cached, who may see it, in which words it answers."""

    type = "AWS::CloudFront::Distribution"
    service = "cloudfront"
    makes = call(
        "create_distribution",
        _CONFIG,
        names="CustomHeaders=OriginCustomHeaders Items=Locations IsIPV6Enabled=IPV6Enabled "
        "AllowedMethods.CachedMethods=CachedMethods",
        adjust=_complete,
        **{f"{_CONFIG}.CallerReference": _REFERENCE},
    )
    then = (
        Setting(
            call(
                "update_distribution",
                _CONFIG,
                names="CustomHeaders=OriginCustomHeaders Items=Locations IsIPV6Enabled=IPV6Enabled "
                "AllowedMethods.CachedMethods=CachedMethods",
                adjust=_complete,
                Id="{ref}",
                IfMatch=_NOW,
                **{f"{_CONFIG}.CallerReference": _REFERENCE},
            ),
            at_create=False,
        ),
    )
    tags = Tags(
        call("tag_resource", Resource="arn:{partition}:cloudfront::{account}:distribution/{ref}"),
        remove=call("untag_resource", Resource="arn:{partition}:cloudfront::{account}:distribution/{ref}"),
    )
    ref = "Distribution.Id"
    attributes = "Id={ref} DomainName=Distribution.DomainName"
    unmakes = call("delete_distribution", Id="{ref}", IfMatch=_NOW)
    reads = (
        call("get_distribution", Id="{ref}"),
        call("list_tags_for_resource", Resource="arn:{partition}:cloudfront::{account}:distribution/{ref}"),
    )

    def clear(self, scope: Scope) -> None:
        """A distribution is disabled before it goes."""
        super().clear(scope)
        client = scope.context.client("cloudfront")
        told = client.get_distribution_config(Id=scope.ref)
        config = {**told["DistributionConfig"], "Enabled": False}
        client.update_distribution(Id=scope.ref, IfMatch=told["ETag"], DistributionConfig=config)

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse what CloudFront refuses: a name without a certificate, or another's part that does not exist."""
        if operation in ("create_distribution", "update_distribution"):
            refuse_halves(arguments[_CONFIG])
            refuse_missing(scope.context, arguments[_CONFIG])
        return super().ask(scope, operation, arguments)


def refuse_halves(config: Mapping[str, Any]) -> None:
    """Raise CloudFront's error for an origin of no kind or of two, and for a behavior without settings for its cache.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DefaultCacheBehavior.html, checked_on 2026-11-23; the
    words are those people were given, as in https://github.com/hashicorp/terraform-provider-aws/issues/17878.
    """
    kinds = ("CustomOriginConfig", "VpcOriginConfig", "S3OriginConfig")
    if any(sum(kind in origin for kind in kinds) != 1 for origin in config["Origins"]["Items"]):
        said = "Exactly one of CustomOriginConfig, VpcOriginConfig and S3OriginConfig must be specified"
        raise refusal("InvalidArgument", said, "CreateDistribution")
    for behavior in (config["DefaultCacheBehavior"], *config.get("CacheBehaviors", {}).get("Items", [])):
        has_policy, has_values = bool(behavior.get("CachePolicyId")), "ForwardedValues" in behavior
        if has_policy and has_values:
            said = (
                "The parameter ForwardedValues cannot be used when a cache policy is associated to the cache behavior."
            )
            raise refusal("InvalidArgument", said, "CreateDistribution")
        if not has_policy and not has_values:
            raise refusal("InvalidArgument", "The parameter ForwardedValues is required.", "CreateDistribution")


def refuse_missing(context: Context, config: Mapping[str, Any]) -> None:
    """Raise CloudFront's error for what a distribution refers to and nobody has made.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html#API_CreateDistribution_Errors,
    checked_on 2026-11-22
    """
    certificate = config.get("ViewerCertificate", {})
    if config.get("Aliases", {}).get("Items") and not (
        certificate.get("ACMCertificateArn") or certificate.get("IAMCertificateId")
    ):
        raise refusal(
            "InvalidViewerCertificate",
            "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted "
            "certificate that validates your authorization to use the domain name.",
            "CreateDistribution",
        )
    if "ACMCertificateArn" in certificate and not _certificate_exists(context, certificate["ACMCertificateArn"]):
        raise refusal(
            "InvalidViewerCertificate",
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a "
            "valid certificate chain.",
            "CreateDistribution",
        )
    client = context.client("cloudfront")
    for origin in config["Origins"]["Items"]:
        if origin.get("OriginAccessControlId"):
            _must_exist(
                lambda: client.get_origin_access_control(Id=origin["OriginAccessControlId"]),  # noqa: B023
                "InvalidOriginAccessControl",
                "The origin access control",
            )
    for behavior in (config["DefaultCacheBehavior"], *config.get("CacheBehaviors", {}).get("Items", [])):
        for name, get, code in _POLICIES:
            if behavior.get(name):
                _must_exist(
                    lambda: getattr(client, get)(Id=behavior[name]),  # noqa: B023
                    code,
                    f"The {get[4:].replace('_', ' ')}",
                )
    acl = config.get("WebACLId", "")
    if acl.startswith("arn:") and ":global/webacl/" not in acl:
        raise refusal(
            "InvalidWebACLId",
            "Web ACL is not accessible by the requester: CloudFront takes a web ACL of the CLOUDFRONT scope.",
            "CreateDistribution",
        )


_POLICIES = (
    ("CachePolicyId", "get_cache_policy", "NoSuchCachePolicy"),
    ("OriginRequestPolicyId", "get_origin_request_policy", "NoSuchOriginRequestPolicy"),
    ("ResponseHeadersPolicyId", "get_response_headers_policy", "NoSuchResponseHeadersPolicy"),
)


def _must_exist(ask: Any, code: str, what: str) -> None:
    with passing_over_gone():
        ask()
        return
    raise refusal(code, f"{what} specified does not exist.", "CreateDistribution", status=404)


def _certificate_exists(context: Context, arn: str) -> bool:
    if arn.split(":")[3] != "us-east-1":
        return False
    with passing_over_gone():
        context.client("acm", "us-east-1").describe_certificate(CertificateArn=arn)
        return True
    return False
