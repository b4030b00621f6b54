"""EventBridge Scheduler: schedules and their groups."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Name, Setting, Table, Tags, call

_SENT = (
    "Description EndDate FlexibleTimeWindow GroupName KmsKeyArn ScheduleExpression ScheduleExpressionTimezone "
    "StartDate State Target"
)
_GROUP = "arn:{partition}:scheduler:{region}:{account}:schedule-group/{ref}"


class Schedule(Table):
    """A schedule with its one target; an update changes it whole."""

    type = "AWS::Scheduler::Schedule"
    service = "scheduler"
    named = Name("Name", limit=64)
    makes = call("create_schedule", _SENT, Name="{name}")
    then = (Setting(call("update_schedule", _SENT, Name="{ref}"), at_create=False),)
    ref = "{name}"
    attributes = "Arn=ScheduleArn"
    unmakes = call("delete_schedule", "GroupName", Name="{ref}")
    reads = (call("get_schedule", "GroupName", Name="{ref}"),)


class ScheduleGroup(Table):
    """Schedules under one name."""

    type = "AWS::Scheduler::ScheduleGroup"
    service = "scheduler"
    named = Name("Name", limit=64)
    makes = call("create_schedule_group", Name="{name}")
    tags = Tags(call("tag_resource", ResourceArn=_GROUP), remove=call("untag_resource", ResourceArn=_GROUP))
    ref = "{name}"
    attributes = "Arn=Arn State=State CreationDate=CreationDate LastModificationDate=LastModificationDate"
    describes = call("get_schedule_group", Name="{ref}")
    unmakes = call("delete_schedule_group", Name="{ref}")
    reads = (describes, call("list_tags_for_resource", ResourceArn=_GROUP))
