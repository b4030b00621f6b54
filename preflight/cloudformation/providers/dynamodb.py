"""DynamoDB: tables."""

from __future__ import annotations

from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call

_STREAM = "StreamSpecification"


def _encryption(arguments: dict[str, Any]) -> None:
    """A key alone means KMS."""
    chosen = arguments.get("SSESpecification", {})
    if chosen.get("Enabled"):
        chosen.setdefault("SSEType", "KMS")
    if _STREAM in arguments:
        arguments[_STREAM]["StreamEnabled"] = True
    if "BillingMode" not in arguments and "ProvisionedThroughput" in arguments:
        arguments["BillingMode"] = "PROVISIONED"


_OFF: dict[str, Any] = {
    "DeletionProtectionEnabled": False,
    "StreamSpecification": {"StreamEnabled": False},
}


class TableOfItems(Table):
    """A table with its indexes, streams, expiry and backups."""

    type = "AWS::DynamoDB::Table"
    service = "dynamodb"
    named = Name("TableName", limit=255)
    makes = call(
        "create_table",
        "AttributeDefinitions KeySchema BillingMode ProvisionedThroughput GlobalSecondaryIndexes "
        "LocalSecondaryIndexes StreamSpecification SSESpecification TableClass DeletionProtectionEnabled",
        names="Enabled=SSEEnabled",
        adjust=_encryption,
        TableName="{name}",
    )
    then = (
        Setting(
            call(
                "update_table",
                "BillingMode ProvisionedThroughput DeletionProtectionEnabled StreamSpecification",
                adjust=_encryption,
                TableName="{ref}",
            ),
            at_create=False,
        ),
        Setting(
            call("update_time_to_live", "TimeToLiveSpecification", TableName="{ref}"),
        ),
        Setting(
            call("update_continuous_backups", "PointInTimeRecoverySpecification", TableName="{ref}"),
            remove=call(
                "update_continuous_backups",
                TableName="{ref}",
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
            ),
        ),
    )
    in_place = frozenset({"GlobalSecondaryIndexes", "AttributeDefinitions", "SSESpecification", "TableClass"})
    tags = Tags(call("tag_resource", ResourceArn="{made.Arn}"), remove=call("untag_resource", ResourceArn="{made.Arn}"))
    ref = "{name}"
    drops = "TableClass"
    attributes = "Arn=Table.TableArn||TableDescription.TableArn StreamArn=Table.LatestStreamArn"
    describes = call("describe_table", TableName="{ref}")
    unmakes = call("delete_table", TableName="{ref}")
    reads = (
        describes,
        call("describe_time_to_live", TableName="{ref}"),
        call("describe_continuous_backups", TableName="{ref}"),
        call("list_tags_of_resource", ResourceArn="{made.Arn}"),
    )

    def change(self, before: Scope, after: Scope) -> None:
        """What is no longer declared is switched off, and indexes come and go one at a time."""
        super().change(before, after)
        for name, off in _OFF.items():
            if name in before.declared and name not in after.declared:
                self.ask(after, "update_table", {"TableName": after.ref, name: off})
        expiry = before.declared.peek("TimeToLiveSpecification", {}).get("AttributeName")
        if expiry and "TimeToLiveSpecification" not in after.declared:
            off = {"Enabled": False, "AttributeName": expiry}
            self.ask(after, "update_time_to_live", {"TableName": after.ref, "TimeToLiveSpecification": off})
        if before.declared.peek("SSESpecification") != after.declared.peek("SSESpecification"):
            self._encrypt(after)
        old, new = _indexes(before.declared), _indexes(after.declared)
        gone = [{"Delete": {"IndexName": name}} for name in old if old[name] != new.get(name)]
        came = [{"Create": index} for name, index in new.items() if old.get(name) != index]
        for each in [*gone, *came]:
            definitions = {"AttributeDefinitions": after.declared.peek("AttributeDefinitions", [])}
            update = {"TableName": after.ref, "GlobalSecondaryIndexUpdates": [each], **definitions}
            self.ask(after, "update_table", update)

    def _encrypt(self, scope: Scope) -> None:
        """The emulated UpdateTable takes no encryption: it is changed where the table is kept."""
        from moto.dynamodb.models import dynamodb_backends

        table = dynamodb_backends[scope.context.account][scope.context.region].get_table(scope.ref)
        wanted = self.arguments(scope).get("SSESpecification", {"Enabled": False})
        default = table._get_default_encryption_key(scope.context.account, scope.context.region)
        table.sse_specification = {"KMSMasterKeyId": default, **wanted}


def _indexes(declared: Declared) -> dict[str, Any]:
    return {each["IndexName"]: each for each in declared.peek("GlobalSecondaryIndexes", [])}
