"""Mends the emulated DynamoDB: replicas that share their items, table classes, contributor insights, Kinesis streams.

A replica answers for the same items at once, where AWS takes about a second; its settings are its own
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html,
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html, checked_on 2026-11-22).
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

# what every replica of a global table has in common
_PROTECTED = (
    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
)
_NO_REPLICA = "Replica specified in the Replica Update or Replica Delete action of the request was not found."
_SHARED = ("attr", "billing_mode", "throughput", "warm_throughput", "global_indexes", "ttl", "on_demand")


def mends() -> Iterator[tuple[Any, str, Any]]:
    """What to put in the place of what, once moto's DynamoDB is loaded."""
    from moto.core.responses import ActionResult
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.table import GlobalSecondaryIndex, Table
    from moto.dynamodb.responses import DynamoHandler, DynamoResult

    create, update, told = DynamoHandler.create_table, DynamoHandler.update_table, Table.describe
    kind = GlobalSecondaryIndex
    index_of, change_index, index_told = kind.create, kind.update, kind.describe
    expiry, drop = DynamoDBBackend.update_time_to_live, DynamoDBBackend.delete_table
    streams, found = DynamoDBBackend.update_table_streams, DynamoHandler.get_item

    def get_item(self: Any) -> Any:
        _refuse_long_key(self.dynamodb_backend.get_table(self.body["TableName"]), self.body["Key"])
        return found(self)

    def create_table(self: Any) -> Any:
        _refuse_key(self, (self.body.get("SSESpecification") or {}).get("KMSMasterKeyId"))
        _refuse_projections(self.body)
        create(self)
        table = self.dynamodb_backend.get_table(self.body["TableName"])
        table.table_id = str(uuid.uuid4())
        _settle(table, self.body)
        return DynamoResult(table.describe())

    def update_table(self: Any) -> Any:
        body = self.body
        table = self.dynamodb_backend.get_table(body["TableName"])
        moved = [each for each in body.get("GlobalSecondaryIndexUpdates") or () if "Update" not in each]
        if len(moved) > 1:
            said = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
            raise _refused("LimitExceededException", said)
        encryption = body.get("SSESpecification")
        if encryption is not None:
            _refuse_key(self, encryption.get("KMSMasterKeyId"))
            default = table._get_default_encryption_key(table.account_id, table.region_name)
            table.sse_specification = {"KMSMasterKeyId": default, **encryption}
        update(self)
        _settle(table, body)
        for each in body.get("ReplicaUpdates") or ():
            _change_replica(table, each)
        for other in _replicas(table).values():
            if other is not table:
                vars(other).update({name: vars(table)[name] for name in _SHARED if name in vars(table)})
        return DynamoResult(table.describe())

    def describe(self: Any, base_key: str = "TableDescription") -> dict[str, Any]:
        facts: dict[str, Any] = told(self, base_key)
        more = facts[base_key]
        more["TableId"] = getattr(self, "table_id", None) or str(uuid.uuid5(uuid.NAMESPACE_URL, self.table_arn))
        if getattr(self, "table_class", "STANDARD") != "STANDARD":
            more["TableClassSummary"] = {"TableClass": self.table_class}
        if getattr(self, "read_override", None):
            more["ProvisionedThroughput"] = {**more["ProvisionedThroughput"], "ReadCapacityUnits": self.read_override}
        if getattr(self, "on_demand", None):
            more["OnDemandThroughput"] = self.on_demand
        others = {region: each for region, each in _replicas(self).items() if each is not self}
        if others:
            more["GlobalTableVersion"] = "2019.11.21"
            more["Replicas"] = [_replica_facts(region, each) for region, each in others.items()]
        return facts

    def create_index(dct: dict[str, Any], table_key_attrs: list[str]) -> Any:
        made = index_of(dct, table_key_attrs)
        made.on_demand = dct.get("OnDemandThroughput")
        return made

    def update_index(self: Any, asked: dict[str, Any]) -> None:
        change_index(self, asked)
        self.on_demand = asked.get("OnDemandThroughput", getattr(self, "on_demand", None))

    def describe_index(self: Any) -> dict[str, Any]:
        more = {"OnDemandThroughput": self.on_demand} if getattr(self, "on_demand", None) else {}
        return {**index_told(self), **more}

    def update_ttl(self: Any, table_name: str, ttl_spec: dict[str, Any]) -> None:
        table = self.get_table(table_name)
        held = table.ttl
        if ttl_spec["Enabled"] and held["TimeToLiveStatus"] == "ENABLED":
            if held.get("AttributeName") != ttl_spec["AttributeName"]:
                current = held["AttributeName"]
                said = f"TimeToLive is active on a different AttributeName: current AttributeName is {current}"
                raise _refused("ValidationException", said)
            return
        expiry(self, table_name, ttl_spec)
        for other in _replicas(table).values():
            other.ttl = table.ttl

    def update_streams(self: Any, table: Any, asked: dict[str, Any]) -> None:
        if not table.stream_specification.get("StreamEnabled"):
            # a stream that was switched off leaves only its name behind
            table.latest_stream_label = None
        streams(self, table, asked)

    def delete_table(self: Any, name: str) -> Any:
        if self.get_table(name).deletion_protection_enabled:
            raise _refused("ValidationException", _PROTECTED)
        gone = drop(self, name)
        _replicas(gone).pop(self.region_name, None)
        return gone

    def contributor_insights(self: Any) -> Any:
        table = self.dynamodb_backend.get_table(self.body["TableName"])
        kept = vars(table).setdefault("insights", {})
        index = self.body.get("IndexName")
        if "ContributorInsightsAction" in self.body:
            action = self.body["ContributorInsightsAction"]
            mode = self.body.get("ContributorInsightsMode", "ACCESSED_AND_THROTTLED_KEYS")
            kept[index] = {"ContributorInsightsStatus": f"{action}D", "ContributorInsightsMode": mode}
        state = kept.get(index, {"ContributorInsightsStatus": "DISABLED"})
        named = {"IndexName": index} if index else {}
        return ActionResult({"TableName": table.name, **named, **state})

    def kinesis(self: Any, *, on: bool) -> Any:
        table = self.dynamodb_backend.get_table(self.body["TableName"])
        arn = self.body["StreamArn"]
        kept = vars(table).setdefault("kinesis", {})
        if on:
            _refuse_stream(arn)
        if on == (kept.get(arn, {}).get("DestinationStatus") == "ACTIVE"):
            said = "Table is already in the desired state for this Kinesis Data Stream."
            raise _refused("ValidationException", said)
        precision = (self.body.get("EnableKinesisStreamingConfiguration") or {}).get(
            "ApproximateCreationDateTimePrecision", "MICROSECOND"
        )
        kept[arn] = {
            "StreamArn": arn,
            "DestinationStatus": "ACTIVE" if on else "DISABLED",
            "ApproximateCreationDateTimePrecision": precision,
        }
        return ActionResult({"TableName": table.name, **kept[arn]})

    def describe_kinesis(self: Any) -> Any:
        table = self.dynamodb_backend.get_table(self.body["TableName"])
        kept = list(vars(table).get("kinesis", {}).values())
        return ActionResult({"TableName": table.name, "KinesisDataStreamDestinations": kept})

    yield DynamoHandler, "create_table", create_table
    yield DynamoHandler, "get_item", get_item
    yield DynamoHandler, "update_table", update_table
    yield DynamoHandler, "update_contributor_insights", contributor_insights
    yield DynamoHandler, "describe_contributor_insights", contributor_insights
    yield DynamoHandler, "enable_kinesis_streaming_destination", lambda self: kinesis(self, on=True)
    yield DynamoHandler, "disable_kinesis_streaming_destination", lambda self: kinesis(self, on=False)
    yield DynamoHandler, "describe_kinesis_streaming_destination", describe_kinesis
    yield Table, "describe", describe
    yield GlobalSecondaryIndex, "create", staticmethod(create_index)
    yield GlobalSecondaryIndex, "update", update_index
    yield GlobalSecondaryIndex, "describe", describe_index
    yield DynamoDBBackend, "update_time_to_live", update_ttl
    yield DynamoDBBackend, "update_table_streams", update_streams
    yield DynamoDBBackend, "delete_table", delete_table


def _settle(table: Any, asked: Mapping[str, Any]) -> None:
    table.table_class = asked.get("TableClass") or getattr(table, "table_class", "STANDARD")
    table.on_demand = asked.get("OnDemandThroughput") or getattr(table, "on_demand", None)


def _replicas(table: Any) -> dict[str, Any]:
    """A global table's replicas by Region, itself among them; one dict shared by all of them."""
    found: dict[str, Any] = vars(table).setdefault("replicas", {table.region_name: table})
    return found


def _change_replica(table: Any, asked: Mapping[str, Any]) -> None:
    from moto.dynamodb.models import dynamodb_backends

    (word, wanted), *_ = asked.items()
    region, all_of_them = wanted["RegionName"], _replicas(table)
    there = dynamodb_backends[table.account_id][region]
    if word == "Delete":
        gone = all_of_them.pop(region, None)
        if gone is None:
            raise _refused("ValidationException", _NO_REPLICA)
        if gone.deletion_protection_enabled:
            all_of_them[region] = gone
            raise _refused("ValidationException", _PROTECTED)
        there.tables.pop(table.name, None)
        gone.replicas = {region: gone}
        return
    if word == "Create":
        if table.name in there.tables:
            said = (
                f"Failed to create a the new replica of table with name: '{table.name}' because one or more replicas "
                "already existed as tables."
            )
            raise _refused("ValidationException", said)
        replica = copy.copy(table)
        replica.region_name = region
        replica.table_arn = replica._generate_arn(table.name)
        replica.created_at = datetime.now(UTC)
        own: dict[str, Any] = {
            "tags": [],
            "deletion_protection_enabled": False,
            "table_class": "STANDARD",
            "insights": {},
            "kinesis": {},
            "lambda_event_source_mappings": {},
            "continuous_backups": {
                "ContinuousBackupsStatus": "ENABLED",
                "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
            },
            "sse_specification": copy.copy(table.sse_specification),
        }
        vars(replica).update(own)
        replica.latest_stream_label = replica.stream_shard = None
        replica.set_stream_specification({"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        if not (table.stream_specification or {}).get("StreamEnabled"):
            table.set_stream_specification({"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        if replica.sse_specification and not wanted.get("KMSMasterKeyId"):
            key = replica._get_default_encryption_key(table.account_id, region)
            replica.sse_specification["KMSMasterKeyId"] = key
        there.tables[table.name] = all_of_them[region] = replica
    replica = all_of_them.get(region)
    if replica is None:
        raise _refused("ValidationException", _NO_REPLICA)
    if wanted.get("KMSMasterKeyId"):
        _refuse_key_of(table.account_id, region, wanted["KMSMasterKeyId"])
        replica.sse_specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": wanted["KMSMasterKeyId"]}
    replica.table_class = wanted.get("TableClassOverride") or replica.table_class
    units = (wanted.get("ProvisionedThroughputOverride") or {}).get("ReadCapacityUnits")
    replica.read_override = units or getattr(replica, "read_override", None)


def _replica_facts(region: str, table: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {"RegionName": region, "ReplicaStatus": "ACTIVE"}
    key = (table.sse_specification or {}).get("KMSMasterKeyId")
    if key:
        facts["KMSMasterKeyId"] = key
    if getattr(table, "table_class", "STANDARD") != "STANDARD":
        facts["ReplicaTableClassSummary"] = {"TableClass": table.table_class}
    if getattr(table, "read_override", None):
        facts["ProvisionedThroughputOverride"] = {"ReadCapacityUnits": table.read_override}
    return facts


def _refuse_long_key(table: Any, key: Mapping[str, Any]) -> None:
    """A partition key has 2,048 bytes at most, also when it is looked for.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html, checked_on 2026-11-23.
    """
    from moto.dynamodb.exceptions import HashKeyTooLong
    from moto.dynamodb.limits import HASH_KEY_MAX_LENGTH

    value = next(iter(key.get(table.hash_key_attr, {}).values()), "")
    if isinstance(value, str) and len(value.encode()) > HASH_KEY_MAX_LENGTH:
        raise HashKeyTooLong


def _refuse_key(handler: Any, key: str | None) -> None:
    _refuse_key_of(handler.current_account, handler.region, key)


def _refuse_key_of(account: str, region: str, key: str | None) -> None:
    if not key or key.startswith("alias/aws/"):
        return
    from moto.kms.models import kms_backends

    where = key.split(":")[3] if key.startswith("arn:") else region
    keys = kms_backends[account][where]
    found = keys.keys.get(keys.any_id_to_key_id(key) or "") if where == region else None
    if found is None or found.key_state != "Enabled":
        said = f"KMS validation error: the key {key} does not exist in {region}, or is not enabled."
        raise _refused("ValidationException", said)


def _refuse_stream(arn: str) -> None:
    from moto.kinesis.models import kinesis_backends

    _, _, _, region, account, name = arn.split(":", 5)
    if name.removeprefix("stream/") not in kinesis_backends[account][region].streams:
        said = f"User does not have a permission to use the Kinesis stream, or it does not exist: {json.dumps(arn)}"
        raise _refused("ValidationException", said)


def _refuse_projections(body: Mapping[str, Any]) -> None:
    indexes = [*(body.get("GlobalSecondaryIndexes") or ()), *(body.get("LocalSecondaryIndexes") or ())]
    if not all((each.get("Projection") or {}).get("ProjectionType") for each in indexes):
        raise _refused("ValidationException", "One or more parameter values were invalid: Unknown ProjectionType: null")


def _refused(code: str, said: str) -> Exception:
    from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, DynamodbException

    error: Exception = DynamodbException(ERROR_TYPE_PREFIX + code, message=said)
    return error
