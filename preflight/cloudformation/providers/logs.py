"""CloudWatch Logs: groups and streams."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Name, Setting, Table, Tags, call


class LogGroup(Table):
    """A log group, kept for as long as it says."""

    type = "AWS::Logs::LogGroup"
    service = "logs"
    named = Name("LogGroupName", limit=512)
    makes = call("create_log_group", "kmsKeyId=KmsKeyId logGroupClass=LogGroupClass", logGroupName="{name}")
    then = (
        Setting(
            call("put_retention_policy", "retentionInDays=RetentionInDays", logGroupName="{ref}"),
            remove=call("delete_retention_policy", logGroupName="{ref}"),
        ),
    )
    tags = Tags(call("tag_log_group", logGroupName="{ref}"), remove=call("untag_log_group", logGroupName="{ref}"))
    ref = "{name}"
    drops = "LogGroupClass"
    attributes = "Arn=arn:{partition}:logs:{region}:{account}:log-group:{ref}:*"
    unmakes = call("delete_log_group", logGroupName="{ref}")
    reads = (
        call("describe_log_groups", logGroupNamePrefix="{ref}"),
        call("list_tags_log_group", logGroupName="{ref}"),
    )


class LogStream(Table):
    """A stream in a log group."""

    type = "AWS::Logs::LogStream"
    service = "logs"
    named = Name("LogStreamName", limit=512)
    makes = call("create_log_stream", "logGroupName=LogGroupName", logStreamName="{name}")
    ref = "{name}"
    unmakes = call("delete_log_stream", "logGroupName=LogGroupName", logStreamName="{ref}")
    reads = (call("describe_log_streams", "logGroupName=LogGroupName"),)
