"""Inspector: filters of findings; nothing is found here."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Table, Tags, call


class Filter(Table):
    """Findings that are suppressed, or shown, by themselves."""

    type = "AWS::InspectorV2::Filter"
    service = "inspector2"
    makes = call("create_filter", "action=FilterAction description=Description filterCriteria=FilterCriteria name=Name")
    tags = Tags(call("tag_resource", resourceArn="{ref}"), remove=call("untag_resource", resourceArn="{ref}"))
    ref = "arn"
    attributes = "Arn={ref}"
    unmakes = call("delete_filter", arn="{ref}")
    reads = (call("list_filters", arns=["{ref}"]), call("list_tags_for_resource", resourceArn="{ref}"))
