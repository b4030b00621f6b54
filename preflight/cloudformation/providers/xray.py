"""X-Ray: groups of traces and rules for sampling; kept, not obeyed."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Setting, Table, Tags, call


class Group(Table):
    """Traces that match an expression."""

    type = "AWS::XRay::Group"
    service = "xray"
    makes = call("create_group", "GroupName FilterExpression InsightsConfiguration")
    then = (Setting(call("update_group", "FilterExpression InsightsConfiguration", GroupARN="{ref}"), at_create=False),)
    tags = Tags(call("tag_resource", ResourceARN="{ref}"), remove=call("untag_resource", ResourceARN="{ref}"))
    ref = "Group.GroupARN"
    attributes = "GroupARN={ref}"
    unmakes = call("delete_group", GroupARN="{ref}")
    reads = (call("get_group", GroupARN="{ref}"), call("list_tags_for_resource", ResourceARN="{ref}"))
