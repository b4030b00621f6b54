"""DynamoDB: tables, and tables with replicas in several Regions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import (
    Each,
    Name,
    Scope,
    Setting,
    Switch,
    Table,
    Tags,
    call,
    fit,
    passing_over_gone,
    refusal,
)

_STREAM = "StreamSpecification"


def _encryption(arguments: dict[str, Any]) -> None:
    """A key alone means KMS."""
    chosen = arguments.get("SSESpecification", {})
    if chosen.get("Enabled"):
        chosen.setdefault("SSEType", "KMS")
    if _STREAM in arguments:
        arguments[_STREAM] = {"StreamEnabled": True, "StreamViewType": arguments[_STREAM].get("StreamViewType")}
    if "BillingMode" not in arguments and "ProvisionedThroughput" in arguments:
        arguments["BillingMode"] = "PROVISIONED"


_OFF: dict[str, Any] = {
    "DeletionProtectionEnabled": False,
    "StreamSpecification": {"StreamEnabled": False},
}
_EXPIRY = Setting(call("update_time_to_live", "TimeToLiveSpecification", TableName="{ref}"))


class TableOfItems(Table):
    """A table with its indexes, streams, expiry and backups."""

    type = "AWS::DynamoDB::Table"
    service = "dynamodb"
    named = Name("TableName", limit=255)
    makes = call(
        "create_table",
        "AttributeDefinitions KeySchema BillingMode ProvisionedThroughput GlobalSecondaryIndexes "
        "LocalSecondaryIndexes StreamSpecification SSESpecification TableClass DeletionProtectionEnabled "
        "OnDemandThroughput WarmThroughput",
        names="Enabled=SSEEnabled",
        adjust=_encryption,
        TableName="{name}",
    )
    then = (
        Setting(
            call(
                "update_table",
                "BillingMode ProvisionedThroughput DeletionProtectionEnabled TableClass OnDemandThroughput "
                "WarmThroughput",
                adjust=_encryption,
                TableName="{ref}",
            ),
            at_create=False,
        ),
        _EXPIRY,
        Setting(
            call("update_continuous_backups", "PointInTimeRecoverySpecification", TableName="{ref}"),
            remove=call(
                "update_continuous_backups",
                TableName="{ref}",
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
            ),
        ),
        Switch(
            "ContributorInsightsSpecification.Enabled",
            on=call(
                "update_contributor_insights",
                TableName="{ref}",
                ContributorInsightsAction="ENABLE",
                ContributorInsightsMode="{ContributorInsightsSpecification.Mode}",
            ),
            off=call("update_contributor_insights", TableName="{ref}", ContributorInsightsAction="DISABLE"),
        ),
        Each(
            "KinesisStreamSpecification",
            add=call(
                "enable_kinesis_streaming_destination",
                "EnableKinesisStreamingConfiguration.ApproximateCreationDateTimePrecision"
                "=KinesisStreamSpecification.ApproximateCreationDateTimePrecision",
                TableName="{ref}",
                StreamArn="{item.StreamArn}",
            ),
            remove=call("disable_kinesis_streaming_destination", TableName="{ref}", StreamArn="{item.StreamArn}"),
        ),
        Setting(
            call("put_resource_policy", "Policy=ResourcePolicy.PolicyDocument", ResourceArn="{made.Arn}"),
            remove=call("delete_resource_policy", ResourceArn="{made.Arn}"),
        ),
    )
    in_place = frozenset({"GlobalSecondaryIndexes", "AttributeDefinitions", "SSESpecification", "StreamSpecification"})
    tags = Tags(call("tag_resource", ResourceArn="{made.Arn}"), remove=call("untag_resource", ResourceArn="{made.Arn}"))
    ref = "{name}"
    # these are told as a status
    untold = (
        "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled SSESpecification.SSEEnabled "
        "TimeToLiveSpecification.Enabled ContributorInsightsSpecification.Enabled"
    )
    drops = (
        "GlobalSecondaryIndexes.ContributorInsightsSpecification StreamSpecification.ResourcePolicy "
        "StreamSpecification.Tags VectorIndexes"
    )
    attributes = "Arn=Table.TableArn||TableDescription.TableArn StreamArn=Table.LatestStreamArn"
    describes = call("describe_table", TableName="{ref}")
    unmakes = call("delete_table", TableName="{ref}")
    reads = (
        describes,
        call("describe_time_to_live", TableName="{ref}"),
        call("describe_continuous_backups", TableName="{ref}"),
        call("describe_contributor_insights", TableName="{ref}"),
        call("describe_kinesis_streaming_destination", TableName="{ref}"),
        call("get_resource_policy", ResourceArn="{made.Arn}"),
        call("list_tags_of_resource", ResourceArn="{made.Arn}"),
    )

    def change(self, before: Scope, after: Scope) -> None:
        """What is no longer declared is switched off; of indexes, one comes or goes in an update."""
        updates = _index_updates(before.declared, after.declared)
        super().change(before, after)
        for name, off in _OFF.items():
            if name in before.declared and name not in after.declared:
                self.ask(after, "update_table", {"TableName": after.ref, name: off})
        _change_stream(self, before, after)
        if before.declared.peek("SSESpecification") != after.declared.peek("SSESpecification"):
            wanted = self.arguments(after).get("SSESpecification", {"Enabled": False})
            self.ask(after, "update_table", {"TableName": after.ref, "SSESpecification": wanted})
        _update_indexes(self, after, updates)

    def clear(self, scope: Scope) -> None:
        """Everything about a table goes with it."""


def _change_stream(table: Table, before: Scope, after: Scope) -> None:
    """A stream of another kind is another stream."""
    old, new = before.declared.peek(_STREAM), after.declared.take(_STREAM)
    if new and old != new:
        if old and old.get("StreamViewType") == new.get("StreamViewType"):
            return
        if old:
            table.ask(after, "update_table", {"TableName": after.ref, _STREAM: {"StreamEnabled": False}})
        wanted = {"StreamEnabled": True, "StreamViewType": new["StreamViewType"]}
        table.ask(after, "update_table", {"TableName": after.ref, _STREAM: wanted})
    expiry = before.declared.peek("TimeToLiveSpecification") or {}
    if expiry.get("Enabled") and "TimeToLiveSpecification" not in after.declared:
        off = {"Enabled": False, "AttributeName": expiry["AttributeName"]}
        table.ask(after, "update_time_to_live", {"TableName": after.ref, "TimeToLiveSpecification": off})


def _index_updates(before: Declared, after: Declared) -> list[dict[str, Any]]:
    """What an update does to the indexes; raises what CloudFormation says to more than it does.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html,
    checked_on 2026-11-22
    """
    old, new = _indexes(before), _indexes(after)
    gone = [{"Delete": {"IndexName": name}} for name in old if name not in new]
    came = [{"Create": index} for name, index in new.items() if name not in old]
    if len(gone) + len(came) > 1:
        said = "Cannot perform more than one GSI creation or deletion in a single update"
        raise refusal("ValidationException", said, "UpdateTable")
    changed = []
    for name in old.keys() & new.keys():
        if any(old[name].get(each) != new[name].get(each) for each in ("KeySchema", "Projection")):
            said = (
                "Cannot update GSI's properties other than Provisioned Throughput and Contributor Insights "
                "Specification. You can create a new GSI with a different name."
            )
            raise refusal("ValidationException", said, "UpdateTable")
        rest = {each: new[name][each] for each in _OF_INDEXES if each in new[name]}
        if rest and any(old[name].get(each) != value for each, value in rest.items()):
            changed.append({"Update": {"IndexName": name, **rest}})
    return [*gone, *changed, *came]


_OF_INDEXES = ("ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput")


def _update_indexes(table: Table, after: Scope, updates: list[dict[str, Any]]) -> None:
    shape = after.input_shape("dynamodb", "update_table")
    definitions = after.declared.take("AttributeDefinitions", [])
    for each in updates:
        fitted = fit(shape.members["GlobalSecondaryIndexUpdates"], Declared({"x": [each]}), "x", {})
        asked = {"TableName": after.ref, "GlobalSecondaryIndexUpdates": fitted, "AttributeDefinitions": definitions}
        table.ask(after, "update_table", asked)
    after.declared.take("GlobalSecondaryIndexes")


def _indexes(declared: Declared) -> dict[str, Any]:
    return {each["IndexName"]: each for each in declared.peek("GlobalSecondaryIndexes", [])}


class GlobalTable(Table):
    """A table with replicas in other Regions: the items are shared, the settings of each replica its own."""

    type = "AWS::DynamoDB::GlobalTable"
    service = "dynamodb"
    named = Name("TableName", limit=255)
    makes = call(
        "create_table",
        "AttributeDefinitions KeySchema BillingMode GlobalSecondaryIndexes LocalSecondaryIndexes StreamSpecification "
        "SSESpecification WarmThroughput OnDemandThroughput.MaxReadRequestUnits="
        "ReadOnDemandThroughputSettings.MaxReadRequestUnits OnDemandThroughput.MaxWriteRequestUnits="
        "WriteOnDemandThroughputSettings.MaxWriteRequestUnits",
        names="Enabled=SSEEnabled",
        adjust=_encryption,
        TableName="{name}",
    )
    then = (_EXPIRY,)
    in_place = frozenset(
        {
            *("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "StreamSpecification"),
            *("SSESpecification", "WarmThroughput", "ReadOnDemandThroughputSettings"),
            "WriteOnDemandThroughputSettings",
        }
    )
    ref = "{name}"
    untold = (
        "SSESpecification.SSEEnabled TimeToLiveSpecification.Enabled WriteProvisionedThroughputSettings "
        "ReadProvisionedThroughputSettings Replicas GlobalSecondaryIndexes"
    )
    drops = (
        "GlobalTableWitnesses MultiRegionConsistency GlobalTableSourceArn VectorIndexes TableType "
        "GlobalSecondaryIndexes.ReadProvisionedThroughputSettings "
        "GlobalSecondaryIndexes.WriteProvisionedThroughputSettings "
        "GlobalSecondaryIndexes.ReadOnDemandThroughputSettings GlobalSecondaryIndexes.WriteOnDemandThroughputSettings "
        "Replicas.GlobalSecondaryIndexes.ReadOnDemandThroughputSettings "
        "Replicas.GlobalSecondaryIndexes.ReadProvisionedThroughputSettings "
        "Replicas.ReplicaStreamSpecification Replicas.DisassociationProtectionEnabled "
        "Replicas.GlobalTableSettingsReplicationMode Replicas.ReadOnDemandThroughputSettings"
    )
    attributes = "Arn=Table.TableArn StreamArn=Table.LatestStreamArn TableId=Table.TableId"
    describes = call("describe_table", TableName="{ref}")
    unmakes = call("delete_table", TableName="{ref}")
    reads = (describes, call("describe_time_to_live", TableName="{ref}"))

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """A provisioned table starts with the least its auto scaling allows."""
        asked = super().arguments(scope)
        regions = [each["Region"] for each in scope.declared.peek("Replicas", [])]
        if scope.context.region not in regions:
            said = f"Replicas must contain the Region the stack is deployed in: {scope.context.region}."
            raise refusal("ValidationException", said, "CreateTable")
        if asked.get("BillingMode", "PROVISIONED") == "PROVISIONED":
            units = _units(scope.declared, _mine(scope))
            asked["BillingMode"], asked["ProvisionedThroughput"] = "PROVISIONED", units
            for index in asked.get("GlobalSecondaryIndexes", ()):
                index["ProvisionedThroughput"] = dict(units)
        return asked

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """The replicas, each with its own settings, and what scales them."""
        super().finish(scope, answer)
        self._replicate(scope, [])

    def change(self, before: Scope, after: Scope) -> None:
        """One replica or index more or less, and every replica's settings."""
        updates = _index_updates(before.declared, after.declared)
        old, new = ({each["Region"] for each in one.declared.peek("Replicas", [])} for one in (before, after))
        if len(old ^ new) > 1:
            said = "Cannot add, delete, or update more than one replica in a single update."
            raise refusal("ValidationException", said, "UpdateTable")
        super().change(before, after)
        asked = self.arguments(after)
        if "BillingMode" in asked:
            named = ("BillingMode", "ProvisionedThroughput")
            kept: dict[str, Any] = {name: asked[name] for name in named if name in asked}
            self.ask(after, "update_table", {"TableName": after.ref, **kept})
        if before.declared.peek("SSESpecification") != after.declared.peek("SSESpecification"):
            wanted = asked.get("SSESpecification", {"Enabled": False})
            self.ask(after, "update_table", {"TableName": after.ref, "SSESpecification": wanted})
        _change_stream(self, before, after)
        _update_indexes(self, after, updates)
        for region in old - new:
            gone = [{"Delete": {"RegionName": region}}]
            self.ask(after, "update_table", {"TableName": after.ref, "ReplicaUpdates": gone})
        self._replicate(after, sorted(old))

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The other replicas first."""
        client = context.client("dynamodb")
        with passing_over_gone():
            facts = client.describe_table(TableName=made.physical_id)["Table"]
            for each in facts.get("Replicas", ()):
                gone = [{"Delete": {"RegionName": each["RegionName"]}}]
                client.update_table(TableName=made.physical_id, ReplicaUpdates=gone)
        super().delete(made, declared, context)

    def clear(self, scope: Scope) -> None:
        """Everything about a table goes with it."""

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The table, and each replica as its own Region tells it."""
        answers = super().read(made, declared, context)
        for each in declared.peek("Replicas", []):
            client = context.client("dynamodb", each["Region"])
            with passing_over_gone():
                answers.append(client.describe_table(TableName=made.physical_id))
                answers.append(client.describe_continuous_backups(TableName=made.physical_id))
        return answers

    def _replicate(self, scope: Scope, there: list[str]) -> None:
        for each in scope.declared["Replicas"]:
            region = each["Region"]
            key = each["SSESpecification"]["KMSMasterKeyId"] if "SSESpecification" in each else None
            wanted: dict[str, Any] = {"RegionName": region}
            if key:
                wanted["KMSMasterKeyId"] = key
            if "TableClass" in each:
                wanted["TableClassOverride"] = each["TableClass"]
            reads, ours = (_units(scope.declared, one)["ReadCapacityUnits"] for one in (each.peek(), _mine(scope)))
            is_provisioned = scope.declared.peek("BillingMode", "PROVISIONED") == "PROVISIONED"
            if is_provisioned and (reads != ours or region in there):
                wanted["ProvisionedThroughputOverride"] = {"ReadCapacityUnits": reads}
            if region == scope.context.region:
                encryption = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key} if key else None
                asked: dict[str, Any] = {"SSESpecification": encryption, "TableClass": wanted.get("TableClassOverride")}
                kept = {name: value for name, value in asked.items() if value}
                if kept:
                    self.ask(scope, "update_table", {"TableName": scope.ref, **kept})
            else:
                word = "Update" if region in there else "Create"
                if word == "Create" or len(wanted) > 1:
                    self.ask(scope, "update_table", {"TableName": scope.ref, "ReplicaUpdates": [{word: wanted}]})
            _settle_replica(scope, each, region, new=region not in there)
        _scale(scope)


def _mine(scope: Scope) -> Mapping[str, Any]:
    replicas = scope.declared.peek("Replicas", [])
    return next((each for each in replicas if each["Region"] == scope.context.region), {})


def _units(declared: Declared, replica: Mapping[str, Any]) -> dict[str, int]:
    write = (declared.peek("WriteProvisionedThroughputSettings") or {}).get("WriteCapacityAutoScalingSettings") or {}
    own = replica.get("ReadProvisionedThroughputSettings") or declared.peek("ReadProvisionedThroughputSettings") or {}
    read = own.get("ReadCapacityAutoScalingSettings") or {}
    reads = own.get("ReadCapacityUnits") or read.get("SeedCapacity") or read.get("MinCapacity") or 5
    writes = write.get("SeedCapacity") or write.get("MinCapacity") or 5
    return {"ReadCapacityUnits": int(reads), "WriteCapacityUnits": int(writes)}


def _settle_replica(scope: Scope, replica: Declared, region: str, *, new: bool) -> None:
    """A replica's own settings, by its own Region's API."""
    client = scope.context.client("dynamodb", region)
    arn = scope.fill("arn:{partition}:dynamodb:" + region + ":{account}:table/{ref}")
    protected = replica.take("DeletionProtectionEnabled", False)
    if protected or not new:
        client.update_table(TableName=scope.ref, DeletionProtectionEnabled=bool(protected))
    recovery = replica.take("PointInTimeRecoverySpecification")
    if recovery or not new:
        wanted = recovery or {"PointInTimeRecoveryEnabled": False}
        client.update_continuous_backups(TableName=scope.ref, PointInTimeRecoverySpecification=wanted)
    _watch(client, scope.ref, replica)
    for each in replica.get("GlobalSecondaryIndexes", ()):
        _watch(client, scope.ref, each, IndexName=each["IndexName"])
    stream = replica.take("KinesisStreamSpecification")
    held = client.describe_kinesis_streaming_destination(TableName=scope.ref)["KinesisDataStreamDestinations"]
    active = [each["StreamArn"] for each in held if each["DestinationStatus"] == "ACTIVE"]
    if stream and stream["StreamArn"] not in active:
        client.enable_kinesis_streaming_destination(TableName=scope.ref, StreamArn=stream["StreamArn"])
    policy = replica.take("ResourcePolicy")
    if policy:
        client.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy["PolicyDocument"]))
    _tag_replica(client, arn, scope, replica)


def _watch(client: Any, table: str, holder: Declared, **index: str) -> None:
    insights = holder.take("ContributorInsightsSpecification")
    if insights:
        action = "ENABLE" if insights.get("Enabled") else "DISABLE"
        mode = {"ContributorInsightsMode": insights["Mode"]} if "Mode" in insights else {}
        client.update_contributor_insights(TableName=table, ContributorInsightsAction=action, **index, **mode)


def _tag_replica(client: Any, arn: str, scope: Scope, replica: Declared) -> None:
    # only the replica of the stack's own Region carries the stack's tags
    of_stack = scope.context.tags if replica.peek("Region") == scope.context.region else {}
    own = {each["Key"]: each["Value"] for each in replica.take("Tags", [])}
    wanted = {**of_stack, **own}
    there = {each["Key"]: each["Value"] for each in client.list_tags_of_resource(ResourceArn=arn)["Tags"]}
    gone = [key for key in there if key not in wanted and not key.startswith("aws:")]
    if gone:
        client.untag_resource(ResourceArn=arn, TagKeys=gone)
    if wanted:
        client.tag_resource(ResourceArn=arn, Tags=[{"Key": key, "Value": value} for key, value in wanted.items()])


def _scale(scope: Scope) -> None:
    """Register what the settings say with Application Auto Scaling, where AWS shows it too."""
    declared = scope.declared
    rows: list[tuple[str, str, Any]] = []
    write = declared.take("WriteProvisionedThroughputSettings") or {}
    for each in declared["Replicas"]:
        region = each.peek("Region")
        rows.append((region, "Write", write.get("WriteCapacityAutoScalingSettings")))
        read = (
            each.take("ReadProvisionedThroughputSettings") or declared.take("ReadProvisionedThroughputSettings") or {}
        )
        rows.append((region, "Read", read.get("ReadCapacityAutoScalingSettings")))
    for region, word, settings in rows:
        if not settings:
            continue
        client = scope.context.client("application-autoscaling", region)
        target = {
            "ServiceNamespace": "dynamodb",
            "ResourceId": f"table/{scope.ref}",
            "ScalableDimension": f"dynamodb:table:{word}CapacityUnits",
        }
        least, most = int(settings["MinCapacity"]), int(settings["MaxCapacity"])
        client.register_scalable_target(**target, MinCapacity=least, MaxCapacity=most)
        policy = settings.get("TargetTrackingScalingPolicyConfiguration") or {}
        numbers = {name: int(policy[name]) for name in ("ScaleInCooldown", "ScaleOutCooldown") if name in policy}
        metric = {"PredefinedMetricType": f"DynamoDB{word}CapacityUtilization"}
        client.put_scaling_policy(
            **target,
            PolicyName=f"DynamoDB{word}CapacityUtilization:table/{scope.ref}",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": float(policy.get("TargetValue", 70)),
                "PredefinedMetricSpecification": metric,
                "DisableScaleIn": bool(policy.get("DisableScaleIn", False)),
                **numbers,
            },
        )
