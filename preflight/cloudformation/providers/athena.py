"""Athena: work groups with their limits, saved and prepared queries, and catalogs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call


def _tags(kind: str) -> Tags:
    arn = f"arn:{{partition}}:athena:{{region}}:{{account}}:{kind}/{{ref}}"
    return Tags(call("tag_resource", ResourceARN=arn), remove=call("untag_resource", ResourceARN=arn))


_RESULTS = ("AclConfiguration", "EncryptionConfiguration", "ExpectedBucketOwner", "OutputLocation")


class WorkGroup(Table):
    """Who queries at whose cost, how much at a time, and where the results go."""

    type = "AWS::Athena::WorkGroup"
    service = "athena"
    named = Name("Name", limit=128)
    makes = call("create_work_group", "Configuration=WorkGroupConfiguration Description", Name="{name}")
    then = (
        Setting(
            call("update_work_group", "State Description", WorkGroup="{ref}"),
            otherwise={"State": "ENABLED", "Description": ""},
        ),
    )
    in_place = frozenset({"WorkGroupConfiguration"})
    drops = "WorkGroupConfigurationUpdates"
    untold = "RecursiveDeleteOption"
    tags = _tags("workgroup")
    ref = "{name}"
    attributes = (
        "CreationTime=WorkGroup.CreationTime WorkGroupConfiguration.EngineVersion.EffectiveEngineVersion="
        "WorkGroup.Configuration.EngineVersion.EffectiveEngineVersion "
        "WorkGroupConfigurationUpdates.EngineVersion.EffectiveEngineVersion="
        "WorkGroup.Configuration.EngineVersion.EffectiveEngineVersion"
    )
    describes = call("get_work_group", WorkGroup="{ref}")
    unmakes = call("delete_work_group", "RecursiveDeleteOption", WorkGroup="{ref}")
    reads = (
        describes,
        call("list_tags_for_resource", ResourceARN="arn:{partition}:athena:{region}:{account}:workgroup/{ref}"),
    )

    def change(self, before: Scope, after: Scope) -> None:
        """What a changed configuration leaves out is taken away."""
        super().change(before, after)
        old, new = (self.arguments(each).get("Configuration", {}) for each in (before, after))
        if old != new:
            update = {"WorkGroup": after.ref, "ConfigurationUpdates": _updates(old, new)}
            self.ask(after, "update_work_group", update)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Athena's word for what is gone is an invalid request."""
        client = context.client("athena")
        if any(each["Name"] == made.physical_id for each in client.list_work_groups()["WorkGroups"]):
            super().delete(made, declared, context)


def _updates(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    update = {name: value for name, value in new.items() if name != "ResultConfiguration"}
    results, were = new.get("ResultConfiguration", {}), old.get("ResultConfiguration", {})
    changed = {**results, **{f"Remove{name}": True for name in _RESULTS if name in were and name not in results}}
    if changed:
        update["ResultConfigurationUpdates"] = changed
    for name, unset in (("BytesScannedCutoffPerQuery", True), ("CustomerContentEncryptionConfiguration", True)):
        if name in old and name not in new:
            update[f"Remove{name}"] = unset
    for name, default in (
        ("EnforceWorkGroupConfiguration", True),
        ("PublishCloudWatchMetricsEnabled", False),
        ("RequesterPaysEnabled", False),
    ):
        if name in old and name not in new:
            update[name] = default
    return update


class NamedQuery(Table):
    """A saved query."""

    type = "AWS::Athena::NamedQuery"
    service = "athena"
    named = Name("Name", limit=128)
    makes = call("create_named_query", "Database Description QueryString WorkGroup", Name="{name}")
    ref = "NamedQueryId"
    attributes = "NamedQueryId={ref}"
    unmakes = call("delete_named_query", NamedQueryId="{ref}")
    reads = (call("get_named_query", NamedQueryId="{ref}"),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Without a work group it is the primary one's."""
        return {"WorkGroup": "primary", **super().arguments(scope)}

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Athena's word for what is gone is an invalid request."""
        group = declared.peek("WorkGroup", "primary")
        client = context.client("athena")
        if made.physical_id in client.list_named_queries(WorkGroup=group).get("NamedQueryIds", []):
            super().delete(made, declared, context)


class PreparedStatement(Table):
    """A query with parameters."""

    type = "AWS::Athena::PreparedStatement"
    service = "athena"
    makes = call("create_prepared_statement", "Description QueryStatement StatementName WorkGroup")
    then = (
        Setting(
            call("update_prepared_statement", "Description QueryStatement StatementName WorkGroup"), at_create=False
        ),
    )
    ref = "{StatementName}|{WorkGroup}"
    unmakes = call("delete_prepared_statement", "StatementName WorkGroup")
    reads = (call("get_prepared_statement", "StatementName WorkGroup"),)


class DataCatalog(Table):
    """A catalog of data elsewhere."""

    type = "AWS::Athena::DataCatalog"
    service = "athena"
    named = Name("Name", limit=256)
    makes = call("create_data_catalog", "Description Parameters Type", Name="{name}")
    then = (Setting(call("update_data_catalog", "Description Parameters Type", Name="{ref}"), at_create=False),)
    drops = "ConnectionType Error Status"
    tags = _tags("datacatalog")
    ref = "{name}"
    unmakes = call("delete_data_catalog", Name="{ref}")
    reads = (
        call("get_data_catalog", Name="{ref}"),
        call("list_tags_for_resource", ResourceARN="arn:{partition}:athena:{region}:{account}:datacatalog/{ref}"),
    )

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Athena's word for what is gone is an invalid request."""
        catalogs = context.client("athena").list_data_catalogs()["DataCatalogsSummary"]
        if any(each["CatalogName"] == made.physical_id for each in catalogs):
            super().delete(made, declared, context)


class CapacityReservation(Table):
    """Processing capacity of one's own."""

    type = "AWS::Athena::CapacityReservation"
    service = "athena"
    named = Name("Name", limit=128)
    makes = call("create_capacity_reservation", "TargetDpus", Name="{name}", Tags=[])
    then = (Setting(call("update_capacity_reservation", "TargetDpus", Name="{name}"), at_create=False),)
    drops = "CapacityAssignmentConfiguration"
    tags = Tags(call("tag_resource", ResourceARN="{ref}"), remove=call("untag_resource", ResourceARN="{ref}"))
    ref = "arn:{partition}:athena:{region}:{account}:capacity-reservation/{name}"
    attributes = "Arn={ref}"
    unmakes = call("delete_capacity_reservation", Name="{name}")
    reads = (
        call("get_capacity_reservation", Name="{name}"),
        call("list_tags_for_resource", ResourceARN="{ref}"),
    )

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """The name, which its ARN ends with."""
        if made is not None:
            return made.physical_id.rpartition("/")[2]
        return super().name_of(declared, context, made)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Athena's word for what is gone is an invalid request."""
        held = context.client("athena").list_capacity_reservations()["CapacityReservations"]
        if any(each["Name"] == self.name_of(declared, context, made) for each in held):
            super().delete(made, declared, context)
