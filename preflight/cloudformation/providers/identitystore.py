"""IAM Identity Center's own directory: groups, users and who is in which."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Table, call


class Group(Table):
    """A group."""

    type = "AWS::IdentityStore::Group"
    service = "identitystore"
    makes = call("create_group", "IdentityStoreId DisplayName Description")
    ref = "GroupId"
    attributes = "GroupId={ref}"
    unmakes = call("delete_group", "IdentityStoreId", GroupId="{ref}")
    reads = (call("describe_group", "IdentityStoreId", GroupId="{ref}"),)


class GroupMembership(Table):
    """A user in a group."""

    type = "AWS::IdentityStore::GroupMembership"
    service = "identitystore"
    makes = call("create_group_membership", "IdentityStoreId GroupId MemberId")
    ref = "MembershipId"
    attributes = "MembershipId={ref}"
    unmakes = call("delete_group_membership", "IdentityStoreId", MembershipId="{ref}")
    reads = (call("describe_group_membership", "IdentityStoreId", MembershipId="{ref}"),)
