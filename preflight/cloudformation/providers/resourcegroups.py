"""Resource Groups: resources by a query."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Setting, Table, Tags, call


class Group(Table):
    """A group of the resources a query finds."""

    type = "AWS::ResourceGroups::Group"
    service = "resource-groups"
    makes = call("create_group", "Name Description ResourceQuery Configuration")
    then = (
        Setting(call("update_group", "Description", GroupName="{ref}"), at_create=False),
        Setting(call("update_group_query", "ResourceQuery", GroupName="{ref}"), at_create=False),
    )
    tags = Tags(call("tag", Arn="{made.Arn}"), remove=call("untag", Arn="{made.Arn}"), reserved=False)
    drops = "Resources ResourceQuery.Query.StackIdentifier"
    ref = "{Name}"
    attributes = "Arn=Group.GroupArn"
    unmakes = call("delete_group", GroupName="{ref}")
    reads = (
        call("get_group", GroupName="{ref}"),
        call("get_group_query", GroupName="{ref}"),
        call("get_tags", Arn="{made.Arn}"),
    )
