"""AWS Config: the recorder, where it delivers, and the rules it judges by; nothing is evaluated here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import (
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
)


def _of(name: str, more: str) -> str:
    """Each property of a structure the call takes whole."""
    pairs = (each.partition("=") for each in more.split())
    return " ".join(f"{name}.{ours}={theirs or ours}" for ours, _, theirs in pairs)


def _also(parameter: str, word: str) -> dict[str, Any]:
    return {parameter: word}


_RECORDER = _of("ConfigurationRecorder", "roleARN=RoleARN recordingGroup=RecordingGroup recordingMode=RecordingMode")
_CHANNEL = _of(
    "DeliveryChannel",
    "s3BucketName=S3BucketName s3KeyPrefix=S3KeyPrefix s3KmsKeyArn=S3KmsKeyArn snsTopicARN=SnsTopicARN "
    "configSnapshotDeliveryProperties=ConfigSnapshotDeliveryProperties",
)


class ConfigurationRecorder(Table):
    """The account's recorder in a Region; it starts as soon as there is somewhere to deliver."""

    type = "AWS::Config::ConfigurationRecorder"
    service = "config"
    named = Name("Name", limit=256)
    makes = call(
        "put_configuration_recorder",
        _RECORDER,
        names="includeGlobalResourceTypes=IncludeGlobalResourceTypes",
        **_also("ConfigurationRecorder.name", "{name}"),
    )
    then = (
        Setting(
            call("put_configuration_recorder", _RECORDER, **_also("ConfigurationRecorder.name", "{ref}")),
            at_create=False,
        ),
    )
    ref = "{name}"
    # told by the recorder's status
    untold = "StartedOnCreate"
    attributes = "ResourceARN=arn:{partition}:config:{region}:{account}:configuration-recorder/{ref}"
    unmakes = call("delete_configuration_recorder", ConfigurationRecorderName="{ref}")
    reads = (call("describe_configuration_recorders", ConfigurationRecorderNames=["{ref}"]),)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Start it, unless it waits for a channel or is told not to."""
        wanted = scope.declared.take("StartedOnCreate", default=True) not in (False, "false")
        waiting = scope.context.beside.setdefault("config recorders not started", set())
        if not wanted:
            waiting.add((scope.context.region, scope.ref))
            return
        client = scope.context.client("config")
        if client.describe_delivery_channels()["DeliveryChannels"]:
            client.start_configuration_recorder(ConfigurationRecorderName=scope.ref)


class DeliveryChannel(Table):
    """Where the recorder delivers; it must be able to write there."""

    type = "AWS::Config::DeliveryChannel"
    service = "config"
    named = Name("Name", limit=256)
    makes = call("put_delivery_channel", _CHANNEL, **_also("DeliveryChannel.name", "{name}"))
    then = (Setting(call("put_delivery_channel", _CHANNEL, **_also("DeliveryChannel.name", "{ref}")), at_create=False),)
    ref = "{name}"
    unmakes = call("delete_delivery_channel", DeliveryChannelName="{ref}")
    reads = (call("describe_delivery_channels", DeliveryChannelNames=["{ref}"]),)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Recorders that waited for it start."""
        client = scope.context.client("config")
        waiting = scope.context.beside.get("config recorders not started", set())
        for each in client.describe_configuration_recorders()["ConfigurationRecorders"]:
            if (scope.context.region, each["name"]) not in waiting:
                client.start_configuration_recorder(ConfigurationRecorderName=each["name"])

    def clear(self, scope: Scope) -> None:
        """A recorder stops before its channel goes."""
        client = scope.context.client("config")
        for each in client.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]:
            if each["recording"]:
                client.stop_configuration_recorder(ConfigurationRecorderName=each["name"])


_RULE = _of("ConfigRule", "Description Scope Source InputParameters MaximumExecutionFrequency EvaluationModes")


class ConfigRule(Table):
    """A rule: AWS's own, or a function's."""

    type = "AWS::Config::ConfigRule"
    service = "config"
    named = Name("ConfigRuleName", limit=128)
    makes = call("put_config_rule", _RULE, **_also("ConfigRule.ConfigRuleName", "{name}"))
    then = (Setting(call("put_config_rule", _RULE, **_also("ConfigRule.ConfigRuleName", "{ref}")), at_create=False),)
    ref = "{name}"
    drops = "EvaluationModes Source.CustomPolicyDetails Compliance"
    attributes = "Arn=ConfigRules[0].ConfigRuleArn ConfigRuleId=ConfigRules[0].ConfigRuleId"
    describes = call("describe_config_rules", ConfigRuleNames=["{ref}"])
    unmakes = call("delete_config_rule", ConfigRuleName="{ref}")
    reads = (describes,)

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        # nothing has been evaluated
        return {**super()._attributes(scope, answer), "Compliance.Type": "INSUFFICIENT_DATA"}


class RemediationConfiguration(Table):
    """What is done with what a rule finds; nothing is found here."""

    type = "AWS::Config::RemediationConfiguration"
    service = "config"
    ref = "{ConfigRuleName}"
    makes = call("put_remediation_configurations", RemediationConfigurations=["{item}"])
    unmakes = call("delete_remediation_configuration", "ConfigRuleName")
    reads = (call("describe_remediation_configurations", ConfigRuleNames=["{ConfigRuleName}"]),)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """For a rule that exists."""
        scope.context.client("config").describe_config_rules(ConfigRuleNames=[scope.declared.peek("ConfigRuleName")])
        return self._put(scope)

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Put it anew."""
        self._put(self.scope(made, declared, context))
        return made

    def _put(self, scope: Scope) -> dict[str, Any]:
        shape = scope.input_shape("config", "put_remediation_configurations").members["RemediationConfigurations"]
        told = {name: value for name, value in scope.declared.peek().items() if name in shape.member.members}
        for name in told:
            scope.declared.take(name)
        return self.ask(scope, "put_remediation_configurations", {"RemediationConfigurations": [told]})


_PACK = (
    "ConformancePackName DeliveryS3Bucket DeliveryS3KeyPrefix TemplateBody TemplateS3Uri "
    "ConformancePackInputParameters TemplateSSMDocumentDetails"
)


class ConformancePack(Table):
    """Several rules as one; kept, without its rules."""

    type = "AWS::Config::ConformancePack"
    service = "config"
    makes = call("put_conformance_pack", _PACK)
    then = (Setting(call("put_conformance_pack", _PACK), at_create=False),)
    ref = "{ConformancePackName}"
    untold = "TemplateBody TemplateS3Uri"
    attributes = "ConformancePackArn=ConformancePackArn"
    unmakes = call("delete_conformance_pack", "ConformancePackName")
    reads = (call("describe_conformance_packs", ConformancePackNames=["{ref}"]),)


class StoredQuery(Table):
    """A saved query over what is recorded."""

    type = "AWS::Config::StoredQuery"
    service = "config"
    makes = call(
        "put_stored_query",
        "StoredQuery.QueryName=QueryName StoredQuery.Expression=QueryExpression "
        "StoredQuery.Description=QueryDescription",
    )
    then = (
        Setting(
            call(
                "put_stored_query",
                "StoredQuery.QueryName=QueryName StoredQuery.Expression=QueryExpression "
                "StoredQuery.Description=QueryDescription",
            ),
            at_create=False,
        ),
    )
    ref = "{QueryName}"
    attributes = "QueryArn=QueryArn QueryId=QueryId"
    unmakes = call("delete_stored_query", "QueryName")
    reads = (call("get_stored_query", "QueryName"),)


_AGGREGATOR = "AccountAggregationSources OrganizationAggregationSource"


class ConfigurationAggregator(Table):
    """What several accounts and Regions record, in one place."""

    type = "AWS::Config::ConfigurationAggregator"
    service = "config"
    named = Name("ConfigurationAggregatorName", limit=256)
    makes = call("put_configuration_aggregator", _AGGREGATOR, ConfigurationAggregatorName="{name}")
    then = (
        Setting(
            call("put_configuration_aggregator", _AGGREGATOR, ConfigurationAggregatorName="{ref}"), at_create=False
        ),
    )
    tags = Tags(
        call("tag_resource", ResourceArn="{made.ConfigurationAggregatorArn}"),
        remove=call("untag_resource", ResourceArn="{made.ConfigurationAggregatorArn}"),
    )
    ref = "{name}"
    attributes = "ConfigurationAggregatorArn=ConfigurationAggregator.ConfigurationAggregatorArn"
    unmakes = call("delete_configuration_aggregator", ConfigurationAggregatorName="{ref}")
    reads = (
        call("describe_configuration_aggregators", ConfigurationAggregatorNames=["{ref}"]),
        call("list_tags_for_resource", ResourceArn="{made.ConfigurationAggregatorArn}"),
    )

    def change(self, before: Scope, after: Scope) -> None:
        """Putting it anew makes the service below forget its tags."""
        self._forget(Made(after.ref), after.context)
        super().change(before, after)


class AggregationAuthorization(Table):
    """Another account that may aggregate what is recorded here."""

    type = "AWS::Config::AggregationAuthorization"
    service = "config"
    makes = call("put_aggregation_authorization", "AuthorizedAccountId AuthorizedAwsRegion")
    tags = Tags(
        call("tag_resource", ResourceArn="{made.AggregationAuthorizationArn}"),
        remove=call("untag_resource", ResourceArn="{made.AggregationAuthorizationArn}"),
    )
    ref = "AggregationAuthorization.AggregationAuthorizationArn"
    attributes = "AggregationAuthorizationArn={ref}"
    unmakes = call("delete_aggregation_authorization", "AuthorizedAccountId AuthorizedAwsRegion")
    reads = (
        call("describe_aggregation_authorizations"),
        call("list_tags_for_resource", ResourceArn="{made.AggregationAuthorizationArn}"),
    )
