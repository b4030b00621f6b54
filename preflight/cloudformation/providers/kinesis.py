"""Kinesis Data Streams: streams, who reads them at full speed, and who else may."""

from __future__ import annotations

from typing import Any

from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call, refusal


def _in_shards(arguments: dict[str, Any]) -> None:
    """A stream that says nothing of its mode is provisioned, with one shard; on demand it has four.

    https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html, checked_on 2026-11-22
    """
    mode = arguments.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED")
    if mode == "PROVISIONED":
        arguments.setdefault("ShardCount", 1)


class _Retention(Setting):
    """How long records are kept: one call makes it longer, another shorter."""

    def make(self, table: Table, scope: Scope) -> None:
        """Streams keep a day by themselves."""
        self._turn(table, scope, 24)

    def change(self, table: Table, before: Scope, after: Scope) -> None:
        """From what it was."""
        self._turn(table, after, int(before.declared.peek("RetentionPeriodHours", 24)))

    def _turn(self, table: Table, scope: Scope, before: int) -> None:
        arguments = self.put.render(scope, table.service)
        hours = arguments.setdefault("RetentionPeriodHours", 24)
        if hours != before:
            verb = "increase" if hours > before else "decrease"
            table.ask(scope, f"{verb}_stream_retention_period", arguments)


class Stream(Table):
    """A stream: its shards or their count on demand, its key, its metrics, and for how long it keeps."""

    type = "AWS::Kinesis::Stream"
    service = "kinesis"
    named = Name("Name", limit=128)
    makes = call("create_stream", "ShardCount StreamModeDetails", adjust=_in_shards, StreamName="{name}")
    then = (
        Setting(call("update_stream_mode", "StreamModeDetails", StreamARN="{made.Arn}"), at_create=False),
        Setting(
            call(
                "update_shard_count",
                "TargetShardCount=ShardCount",
                StreamName="{ref}",
                ScalingType="UNIFORM_SCALING",
            ),
            at_create=False,
        ),
        _Retention(call("increase_stream_retention_period", "RetentionPeriodHours", StreamName="{ref}")),
        Setting(
            call(
                "start_stream_encryption",
                "EncryptionType=StreamEncryption.EncryptionType KeyId=StreamEncryption.KeyId",
                StreamName="{ref}",
            ),
            remove=call("stop_stream_encryption", StreamName="{ref}", EncryptionType="KMS", KeyId="alias/aws/kinesis"),
        ),
        Setting(
            call("enable_enhanced_monitoring", "ShardLevelMetrics=DesiredShardLevelMetrics", StreamName="{ref}"),
            remove=call("disable_enhanced_monitoring", StreamName="{ref}", ShardLevelMetrics=["ALL"]),
        ),
    )
    tags = Tags(
        call("add_tags_to_stream", StreamName="{ref}"), remove=call("remove_tags_from_stream", StreamName="{ref}")
    )
    ref = "{name}"
    attributes = "Arn=StreamDescription.StreamARN"
    describes = call("describe_stream", StreamName="{ref}")
    tells = "OpenShardCount=ShardCount EnhancedMonitoring=DesiredShardLevelMetrics"
    unmakes = call("delete_stream", StreamName="{ref}", EnforceConsumerDeletion=True)
    reads = (
        describes,
        call("describe_stream_summary", StreamName="{ref}"),
        call("list_tags_for_stream", StreamName="{ref}"),
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Refuse shards for a stream that decides itself how many it has."""
        arguments = self.arguments(scope)
        if "ShardCount" in scope.declared and arguments.get("StreamModeDetails", {}).get("StreamMode") == "ON_DEMAND":
            message = "ShardCount must not be provided when the stream capacity mode is ON_DEMAND."
            raise refusal("InvalidArgumentException", message, "CreateStream")
        return super().begin(scope)


class StreamConsumer(Table):
    """Someone with enhanced fan-out."""

    type = "AWS::Kinesis::StreamConsumer"
    service = "kinesis"
    makes = call("register_stream_consumer", "ConsumerName StreamARN")
    ref = "Consumer.ConsumerARN"
    attributes = (
        "ConsumerARN=ConsumerDescription.ConsumerARN ConsumerName=ConsumerDescription.ConsumerName "
        "ConsumerStatus=ConsumerDescription.ConsumerStatus StreamARN=ConsumerDescription.StreamARN "
        "ConsumerCreationTimestamp=ConsumerDescription.ConsumerCreationTimestamp"
    )
    describes = call("describe_stream_consumer", ConsumerARN="{ref}")
    unmakes = call("deregister_stream_consumer", ConsumerARN="{ref}")
    reads = (describes,)


class ResourcePolicy(Table):
    """Who of other accounts may read or write."""

    type = "AWS::Kinesis::ResourcePolicy"
    service = "kinesis"
    makes = call("put_resource_policy", ResourceARN="{ResourceArn}", Policy="{ResourcePolicy}")
    then = (Setting(call("put_resource_policy", ResourceARN="{ref}", Policy="{ResourcePolicy}"), at_create=False),)
    ref = "{ResourceArn}"
    unmakes = call("delete_resource_policy", ResourceARN="{ref}")
    reads = (call("get_resource_policy", ResourceARN="{ref}"),)

    def read(self, made: Any, declared: Any, context: Any) -> list[dict[str, Any]]:
        """The policy, with whose it is."""
        return [{"ResourceArn": made.physical_id}, *super().read(made, declared, context)]
