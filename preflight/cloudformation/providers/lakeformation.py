"""Lake Formation: who administers a data lake, where it lies, and who may see what of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Scope, Setting, Table, call, passing_over_gone

# what everybody may who may by IAM: https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html
_BY_IAM = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]

_SETTINGS = call(
    "put_data_lake_settings",
    "DataLakeSettings.DataLakeAdmins=Admins DataLakeSettings.ReadOnlyAdmins=ReadOnlyAdmins "
    + " ".join(
        f"DataLakeSettings.{name}={name}"
        for name in (
            "AllowExternalDataFiltering",
            "AllowFullTableExternalDataAccess",
            "AuthorizedSessionTagValueList",
            "CreateDatabaseDefaultPermissions",
            "CreateTableDefaultPermissions",
            "ExternalDataFilteringAllowList",
            "Parameters",
            "TrustedResourceOwners",
        )
    ),
)


class DataLakeSettings(Table):
    """Who administers the lake; afterwards the settings are a new account's."""

    type = "AWS::LakeFormation::DataLakeSettings"
    service = "lakeformation"
    makes = _SETTINGS
    then = (Setting(_SETTINGS, at_create=False),)
    untold = "MutationType"
    ref = "{account}"
    attributes = "Id={ref}"
    unmakes = call(
        "put_data_lake_settings",
        DataLakeSettings={
            "DataLakeAdmins": [],
            "CreateDatabaseDefaultPermissions": _BY_IAM,
            "CreateTableDefaultPermissions": _BY_IAM,
        },
    )
    reads = (call("get_data_lake_settings"),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """How the change is made is a way to do things, no setting."""
        scope.declared.take("MutationType")
        return {"DataLakeSettings": {}, **super().arguments(scope)}


class Resource(Table):
    """A place in S3 that belongs to the lake."""

    type = "AWS::LakeFormation::Resource"
    service = "lakeformation"
    makes = call("register_resource", "HybridAccessEnabled ResourceArn RoleArn UseServiceLinkedRole WithFederation")
    then = (
        Setting(call("update_resource", "HybridAccessEnabled ResourceArn RoleArn WithFederation"), at_create=False),
    )
    in_place = frozenset({"UseServiceLinkedRole"})
    untold = "UseServiceLinkedRole"
    ref = "{ResourceArn}"
    attributes = "Id={ref}"
    unmakes = call("deregister_resource", ResourceArn="{ref}")
    reads = (call("describe_resource", ResourceArn="{ref}"),)

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """An update has to tell a role."""
        if operation == "update_resource" and "RoleArn" not in arguments:
            told = super().ask(scope, "describe_resource", {"ResourceArn": scope.ref})["ResourceInfo"]
            arguments = {**arguments, "RoleArn": told["RoleArn"]}
        return super().ask(scope, operation, arguments)


class _Grant(Table):
    """Permissions somebody has on something: granted, and revoked again."""

    service = "lakeformation"

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """Every permission there is; Lake Formation lists by other names than it grants by."""
        return [context.client("lakeformation").list_permissions()]

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Revoke what was granted, where it is still there."""
        scope = self.scope(made, declared, context)
        arguments = self.arguments(scope)
        arguments.setdefault("Permissions", [])
        with passing_over_gone():
            self.ask(scope, "revoke_permissions", arguments)


class Permissions(_Grant):
    """Permissions on a database, a table or a place, as the older type writes them."""

    type = "AWS::LakeFormation::Permissions"
    makes = call(
        "grant_permissions",
        "Permissions PermissionsWithGrantOption Principal=DataLakePrincipal "
        "Resource.Database=Resource.DatabaseResource Resource.Table=Resource.TableResource "
        "Resource.TableWithColumns=Resource.TableWithColumnsResource "
        "Resource.DataLocation=Resource.DataLocationResource",
        names="ResourceArn=S3Resource",
    )
    in_place = frozenset({"Permissions", "PermissionsWithGrantOption"})
    ref = "{name}"
    attributes = "Id={ref}"

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """An id as CloudFormation makes it."""
        return made.physical_id if made is not None else context.name()

    def change(self, before: Scope, after: Scope) -> None:
        """What is no longer granted is revoked, then all that is declared is granted."""
        with passing_over_gone():
            self.ask(after, "revoke_permissions", self.arguments(before))
        self.ask(after, "grant_permissions", self.arguments(after))


class PrincipalPermissions(_Grant):
    """Permissions on anything in the catalog."""

    type = "AWS::LakeFormation::PrincipalPermissions"
    makes = call("grant_permissions", "CatalogId=Catalog Permissions PermissionsWithGrantOption Principal Resource")
    ref = "{name}"

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """Its identifier: the principal's, and the resource's."""
        return "|".join(self._identifiers(declared))

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        principal, resource = self._identifiers(scope.declared)
        return {"PrincipalIdentifier": principal, "ResourceIdentifier": resource}

    def _identifiers(self, declared: Declared) -> tuple[str, str]:
        return tuple(json.dumps(declared.peek(name, {}), separators=(",", ":")) for name in ("Principal", "Resource"))  # type: ignore[return-value]


class Tag(Table):
    """A tag that permissions may follow, with the values it may have."""

    type = "AWS::LakeFormation::Tag"
    service = "lakeformation"
    makes = call("create_lf_tag", "CatalogId TagKey TagValues")
    in_place = frozenset({"TagValues"})
    ref = "{TagKey}"
    unmakes = call("delete_lf_tag", "CatalogId", TagKey="{ref}")
    reads = (call("get_lf_tag", "CatalogId", TagKey="{ref}"),)

    def change(self, before: Scope, after: Scope) -> None:
        """Values come and go one by one."""
        old, new = before.declared.peek("TagValues", []), after.declared.peek("TagValues", [])
        changes = {
            "TagValuesToAdd": [each for each in new if each not in old],
            "TagValuesToDelete": [each for each in old if each not in new],
        }
        told = {name: values for name, values in changes.items() if values}
        if told:
            catalog = {"CatalogId": after.fill("{CatalogId}")} if "CatalogId" in after.declared else {}
            self.ask(after, "update_lf_tag", {"TagKey": after.ref, **catalog, **told})


class TagAssociation(Table):
    """Tags on a database, a table or columns."""

    type = "AWS::LakeFormation::TagAssociation"
    service = "lakeformation"
    makes = call("add_lf_tags_to_resource", "LFTags Resource")
    ref = "{name}"
    unmakes = call("remove_lf_tags_from_resource", "LFTags Resource")
    reads = (call("get_resource_lf_tags", "Resource"),)
    untold = "Resource"

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """Its identifier: the resource's, and the tags'."""
        return "|".join(self._identifiers(declared))

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        resource, tags = self._identifiers(scope.declared)
        return {"ResourceIdentifier": resource, "TagsIdentifier": tags}

    def _identifiers(self, declared: Declared) -> tuple[str, str]:
        return tuple(json.dumps(declared.peek(name, {}), separators=(",", ":")) for name in ("Resource", "LFTags"))  # type: ignore[return-value]


class DataCellsFilter(Table):
    """Which rows and columns of a table somebody may see."""

    type = "AWS::LakeFormation::DataCellsFilter"
    service = "lakeformation"
    makes = call(
        "create_data_cells_filter",
        " ".join(
            f"TableData.{name}={name}"
            for name in (
                "ColumnNames",
                "ColumnWildcard",
                "DatabaseName",
                "Name",
                "RowFilter",
                "TableCatalogId",
                "TableName",
            )
        ),
    )
    ref = "{TableCatalogId}|{DatabaseName}|{TableName}|{Name}"
    unmakes = call("delete_data_cells_filter", "DatabaseName Name TableCatalogId TableName")
    reads = (call("get_data_cells_filter", "DatabaseName Name TableCatalogId TableName"),)
