"""CloudWatch Logs: groups and streams, what is counted in them, and where their lines go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.providers import Context
from preflight.cloudformation.providers._table import (
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    passing_over_gone,
    refusal,
)

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html, 2026-11-22
RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


class LogGroup(Table):
    """A log group, kept for as long as it says."""

    type = "AWS::Logs::LogGroup"
    service = "logs"
    named = Name("LogGroupName", limit=512)
    makes = call("create_log_group", "kmsKeyId=KmsKeyId logGroupClass=LogGroupClass", logGroupName="{name}")
    then = (
        Setting(
            call("put_retention_policy", "retentionInDays=RetentionInDays", logGroupName="{ref}"),
            remove=call("delete_retention_policy", logGroupName="{ref}"),
        ),
        Setting(
            call("put_data_protection_policy", logGroupIdentifier="{ref}", policyDocument="{DataProtectionPolicy}"),
            remove=call("delete_data_protection_policy", logGroupIdentifier="{ref}"),
        ),
    )
    in_place = frozenset({"KmsKeyId"})
    tags = Tags(call("tag_log_group", logGroupName="{ref}"), remove=call("untag_log_group", logGroupName="{ref}"))
    ref = "{name}"
    drops = "LogGroupClass"
    attributes = "Arn=arn:{partition}:logs:{region}:{account}:log-group:{ref}:*"
    unmakes = call("delete_log_group", logGroupName="{ref}")
    reads = (
        call("describe_log_groups", logGroupNamePrefix="{ref}"),
        call("list_tags_log_group", logGroupName="{ref}"),
        call("get_data_protection_policy", logGroupIdentifier="{ref}"),
    )

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Only some numbers of days can be kept, and a key must be there."""
        days = arguments.get("retentionInDays")
        if days is not None and days not in RETENTIONS:
            said = (
                f"Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set"
            )
            raise refusal("InvalidParameterException", f"1 validation error detected: {said}", "PutRetentionPolicy")
        if operation in ("create_log_group", "associate_kms_key") and "kmsKeyId" in arguments:
            _require_key(scope.context, arguments["kmsKeyId"])
        return super().ask(scope, operation, arguments)

    def change(self, before: Scope, after: Scope) -> None:
        """A key is put on and taken off by calls of their own."""
        super().change(before, after)
        old, new = before.declared.peek("KmsKeyId"), after.declared.take("KmsKeyId")
        if new and new != old:
            self.ask(after, "associate_kms_key", {"logGroupName": after.ref, "kmsKeyId": new})
        elif old and not new:
            self.ask(after, "disassociate_kms_key", {"logGroupName": after.ref})


def _require_key(context: Context, key: str) -> None:
    with passing_over_gone():
        context.client("kms").describe_key(KeyId=key)
        return
    raise refusal(
        "InvalidParameterException",
        f"The specified KMS key does not exist or is not allowed to be used with Arn '{key}'",
        "CreateLogGroup",
    )


class LogStream(Table):
    """A stream in a log group."""

    type = "AWS::Logs::LogStream"
    service = "logs"
    named = Name("LogStreamName", limit=512)
    makes = call("create_log_stream", "logGroupName=LogGroupName", logStreamName="{name}")
    ref = "{name}"
    untold = "LogGroupName"
    unmakes = call("delete_log_stream", "logGroupName=LogGroupName", logStreamName="{ref}")
    reads = (call("describe_log_streams", "logGroupName=LogGroupName"),)


def _transformations(arguments: dict[str, Any]) -> None:
    """A value is text there."""
    for each in arguments.get("metricTransformations", []):
        each["metricValue"] = str(each["metricValue"])


class MetricFilter(Table):
    """Lines that are counted as a metric."""

    type = "AWS::Logs::MetricFilter"
    service = "logs"
    named = Name("FilterName", limit=512)
    makes = call(
        "put_metric_filter",
        "logGroupName=LogGroupName filterPattern=FilterPattern metricTransformations=MetricTransformations",
        adjust=_transformations,
        filterName="{name}",
    )
    then = (
        Setting(
            call(
                "put_metric_filter",
                "logGroupName=LogGroupName filterPattern=FilterPattern metricTransformations=MetricTransformations",
                adjust=_transformations,
                filterName="{ref}",
            ),
            at_create=False,
        ),
    )
    ref = "{name}"
    unmakes = call("delete_metric_filter", "logGroupName=LogGroupName", filterName="{ref}")
    reads = (call("describe_metric_filters", "logGroupName=LogGroupName", filterNamePrefix="{ref}"),)


class SubscriptionFilter(Table):
    """Lines that are handed on to a function or a stream."""

    type = "AWS::Logs::SubscriptionFilter"
    service = "logs"
    named = Name("FilterName", limit=512)
    makes = call(
        "put_subscription_filter",
        "logGroupName=LogGroupName filterPattern=FilterPattern destinationArn=DestinationArn roleArn=RoleArn "
        "distribution=Distribution",
        filterName="{name}",
    )
    then = (
        Setting(
            call(
                "put_subscription_filter",
                "logGroupName=LogGroupName filterPattern=FilterPattern destinationArn=DestinationArn roleArn=RoleArn "
                "distribution=Distribution",
                filterName="{ref}",
            ),
            at_create=False,
        ),
    )
    ref = "{name}"
    drops = "Distribution"
    unmakes = call("delete_subscription_filter", "logGroupName=LogGroupName", filterName="{ref}")
    reads = (call("describe_subscription_filters", "logGroupName=LogGroupName"),)


class ResourcePolicy(Table):
    """Which services may write into the account's log groups."""

    type = "AWS::Logs::ResourcePolicy"
    service = "logs"
    makes = call("put_resource_policy", "policyName=PolicyName policyDocument=PolicyDocument")
    then = (
        Setting(
            call("put_resource_policy", "policyName=PolicyName policyDocument=PolicyDocument"),
            at_create=False,
        ),
    )
    ref = "{PolicyName}"
    unmakes = call("delete_resource_policy", policyName="{ref}")
    reads = (call("describe_resource_policies"),)


class Destination(Table):
    """Where other accounts may send their lines."""

    type = "AWS::Logs::Destination"
    service = "logs"
    makes = call("put_destination", "destinationName=DestinationName targetArn=TargetArn roleArn=RoleArn")
    then = (
        Setting(
            call("put_destination", "destinationName=DestinationName targetArn=TargetArn roleArn=RoleArn"),
            at_create=False,
        ),
        Setting(call("put_destination_policy", "accessPolicy=DestinationPolicy", destinationName="{ref}")),
    )
    tags = Tags(call("tag_resource", resourceArn="{made.Arn}"), remove=call("untag_resource", resourceArn="{made.Arn}"))
    ref = "destination.destinationName"
    attributes = "Arn=destination.arn"
    unmakes = call("delete_destination", destinationName="{ref}")
    reads = (
        call("describe_destinations", DestinationNamePrefix="{ref}"),
        call("list_tags_for_resource", resourceArn="{made.Arn}"),
    )


class QueryDefinition(Table):
    """A saved query of Logs Insights."""

    type = "AWS::Logs::QueryDefinition"
    service = "logs"
    makes = call("put_query_definition", "name=Name queryString=QueryString logGroupNames=LogGroupNames")
    then = (
        Setting(
            call(
                "put_query_definition",
                "name=Name queryString=QueryString logGroupNames=LogGroupNames",
                queryDefinitionId="{ref}",
            ),
            at_create=False,
        ),
    )
    ref = "queryDefinitionId"
    attributes = "QueryDefinitionId={ref}"
    unmakes = call("delete_query_definition", queryDefinitionId="{ref}")
    reads = (call("describe_query_definitions"),)


class AccountPolicy(Table):
    """A policy for all the account's log groups; kept, not obeyed."""

    type = "AWS::Logs::AccountPolicy"
    service = "logs"
    makes = call(
        "put_account_policy",
        "policyName=PolicyName policyType=PolicyType policyDocument=PolicyDocument scope=Scope "
        "selectionCriteria=SelectionCriteria",
    )
    then = (
        Setting(
            call(
                "put_account_policy",
                "policyName=PolicyName policyType=PolicyType policyDocument=PolicyDocument scope=Scope "
                "selectionCriteria=SelectionCriteria",
            ),
            at_create=False,
        ),
    )
    ref = "{account}|{PolicyType}|{PolicyName}"
    attributes = "AccountId={account}"
    unmakes = call("delete_account_policy", "policyName=PolicyName policyType=PolicyType")
    reads = (call("describe_account_policies", "policyType=PolicyType"),)
