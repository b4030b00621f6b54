"""Shield Advanced: which resources it protects."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Table, Tags, call


class Protection(Table):
    """A resource that Shield Advanced protects."""

    type = "AWS::Shield::Protection"
    service = "shield"
    makes = call("create_protection", "Name ResourceArn")
    tags = Tags(call("tag_resource", ResourceARN="{ref}"), remove=call("untag_resource", ResourceARN="{ref}"))
    ref = "Protection.ProtectionArn"
    attributes = "ProtectionArn={ref} ProtectionId=ProtectionId"
    unmakes = call("delete_protection", ProtectionId="{made.ProtectionId}")
    reads = (
        call("describe_protection", ProtectionId="{made.ProtectionId}"),
        call("list_tags_for_resource", ResourceARN="{ref}"),
    )
