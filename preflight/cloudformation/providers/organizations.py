"""AWS Organizations: the organization, its units and accounts, and the policies on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Each, Scope, Setting, Table, Tags, call, passing_over_gone

_TAGS = Tags(
    call("tag_resource", ResourceId="{ref}"), remove=call("untag_resource", ResourceId="{ref}"), reserved=False
)


class Organization(Table):
    """The organization this account manages."""

    type = "AWS::Organizations::Organization"
    service = "organizations"
    makes = call("create_organization", "FeatureSet")
    ref = "Organization.Id"
    attributes = (
        "Id={ref} Arn=Organization.Arn ManagementAccountArn=Organization.MasterAccountArn "
        "ManagementAccountEmail=Organization.MasterAccountEmail ManagementAccountId=Organization.MasterAccountId"
    )
    unmakes = call("delete_organization")
    reads = (call("describe_organization"),)

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        roots = scope.context.client("organizations").list_roots()["Roots"]
        return {**super()._attributes(scope, answer), "RootId": roots[0]["Id"]}


class OrganizationalUnit(Table):
    """A unit accounts are put into."""

    type = "AWS::Organizations::OrganizationalUnit"
    service = "organizations"
    makes = call("create_organizational_unit", "Name ParentId")
    then = (Setting(call("update_organizational_unit", "Name", OrganizationalUnitId="{ref}"), at_create=False),)
    tags = _TAGS
    untold = "ParentId"
    ref = "OrganizationalUnit.Id"
    attributes = "Id={ref} Arn=OrganizationalUnit.Arn"
    unmakes = call("delete_organizational_unit", OrganizationalUnitId="{ref}")
    reads = (
        call("describe_organizational_unit", OrganizationalUnitId="{ref}"),
        call("list_tags_for_resource", ResourceId="{ref}"),
    )

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        found = super()._attributes(scope, answer)
        return {**found, "Path": _path(scope.context.client("organizations"), found["Id"])}


def _path(client: Any, identifier: str) -> str:
    """From the organization over its root down to this unit."""
    steps = [identifier]
    while not steps[0].startswith("r-"):
        parents = client.list_parents(ChildId=steps[0])["Parents"]
        steps.insert(0, parents[0]["Id"])
    organization = client.describe_organization()["Organization"]["Id"]
    return "/".join([organization, *steps]) + "/"


class Account(Table):
    """A member account; deleting the resource takes it out of the organization."""

    type = "AWS::Organizations::Account"
    service = "organizations"
    makes = call("create_account", "AccountName Email RoleName")
    tags = _TAGS
    in_place = frozenset({"RoleName", "ParentIds"})
    ref = "CreateAccountStatus.AccountId"
    untold = "ParentIds"
    drops = "RoleName"
    attributes = (
        "AccountId={ref} Arn=Account.Arn JoinedMethod=Account.JoinedMethod Status=Account.Status State=Account.State "
        "JoinedTimestamp=Account.JoinedTimestamp"
    )
    describes = call("describe_account", AccountId="{ref}")
    unmakes = call("close_account", AccountId="{ref}")
    reads = (
        call("describe_account", AccountId="{ref}"),
        call("list_tags_for_resource", ResourceId="{ref}"),
        call("list_parents", ChildId="{ref}"),
    )

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """An account begins under the root, and is moved."""
        super().finish(scope, answer)
        self._move(scope)

    def change(self, before: Scope, after: Scope) -> None:
        """Move it where it now belongs."""
        super().change(before, after)
        self._move(after)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Take it out of the organization; AWS closes it, and keeps it suspended for 90 days."""
        with passing_over_gone():
            context.client("organizations").remove_account_from_organization(AccountId=made.physical_id)

    def _move(self, scope: Scope) -> None:
        wanted = scope.declared.take("ParentIds") or []
        client = scope.context.client("organizations")
        there = client.list_parents(ChildId=scope.ref)["Parents"][0]["Id"]
        if wanted and wanted[0] != there:
            client.move_account(AccountId=scope.ref, SourceParentId=there, DestinationParentId=wanted[0])


class Policy(Table):
    """A policy on units and accounts: service control, resource control, tags and others."""

    type = "AWS::Organizations::Policy"
    service = "organizations"
    makes = call("create_policy", "Name Type Content Description")
    then = (
        Setting(call("update_policy", "Name Content Description", PolicyId="{ref}"), at_create=False),
        Each(
            "TargetIds",
            add=call("attach_policy", PolicyId="{ref}", TargetId="{item}"),
            remove=call("detach_policy", PolicyId="{ref}", TargetId="{item}"),
        ),
    )
    tags = _TAGS
    ref = "Policy.PolicySummary.Id"
    attributes = "Id={ref} Arn=Policy.PolicySummary.Arn AwsManaged=Policy.PolicySummary.AwsManaged"
    unmakes = call("delete_policy", PolicyId="{ref}")
    reads = (
        call("describe_policy", PolicyId="{ref}"),
        call("list_targets_for_policy", PolicyId="{ref}"),
        call("list_tags_for_resource", ResourceId="{ref}"),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """A description is required there."""
        return {"Description": "", **super().arguments(scope)}


class ResourcePolicy(Table):
    """Whom the organization delegates its management to."""

    type = "AWS::Organizations::ResourcePolicy"
    service = "organizations"
    makes = call("put_resource_policy", "Content")
    then = (Setting(call("put_resource_policy", "Content"), at_create=False),)
    tags = _TAGS
    ref = "ResourcePolicy.ResourcePolicySummary.Id"
    attributes = "Id={ref} Arn=ResourcePolicy.ResourcePolicySummary.Arn"
    unmakes = call("delete_resource_policy")
    reads = (call("describe_resource_policy"), call("list_tags_for_resource", ResourceId="{ref}"))
