"""EventBridge Pipes: from a source, filtered and enriched, to a target."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Name, Setting, Table, Tags, call

_SENT = (
    "Description DesiredState Enrichment EnrichmentParameters KmsKeyIdentifier LogConfiguration RoleArn "
    "SourceParameters Target TargetParameters"
)


class Pipe(Table):
    """A pipe."""

    type = "AWS::Pipes::Pipe"
    service = "pipes"
    named = Name("Name", limit=64)
    makes = call("create_pipe", f"Source {_SENT}", Name="{name}")
    then = (Setting(call("update_pipe", _SENT, Name="{ref}"), at_create=False),)
    tags = Tags(call("tag_resource", resourceArn="{made.Arn}"), remove=call("untag_resource", resourceArn="{made.Arn}"))
    ref = "{name}"
    drops = "LogConfiguration"
    attributes = (
        "Arn=Arn CurrentState=CurrentState CreationTime=CreationTime LastModifiedTime=LastModifiedTime "
        "StateReason=StateReason"
    )
    describes = call("describe_pipe", Name="{ref}")
    unmakes = call("delete_pipe", Name="{ref}")
    reads = (describes, call("list_tags_for_resource", resourceArn="{made.Arn}"))
