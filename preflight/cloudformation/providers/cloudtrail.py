"""CloudTrail: trails of what is asked of AWS, and where they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.providers._table import Name, Scope, Setting, Switch, Table, Tags, call, passing_over_gone

_SENDS = (
    "S3BucketName S3KeyPrefix SnsTopicName IncludeGlobalServiceEvents IsMultiRegionTrail IsOrganizationTrail "
    "EnableLogFileValidation CloudWatchLogsLogGroupArn CloudWatchLogsRoleArn KmsKeyId=KMSKeyId"
)
_ALL = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}]


class Trail(Table):
    """A trail; CloudTrail must be allowed to write to its bucket, topic and log group."""

    type = "AWS::CloudTrail::Trail"
    service = "cloudtrail"
    named = Name("TrailName", limit=128)
    makes = call("create_trail", _SENDS, Name="{name}")
    then = (
        Setting(call("update_trail", _SENDS, Name="{ref}"), at_create=False),
        Setting(
            call("put_event_selectors", "EventSelectors", TrailName="{ref}"),
            otherwise={"EventSelectors": _ALL},
        ),
        Setting(call("put_event_selectors", "AdvancedEventSelectors", TrailName="{ref}")),
        Setting(
            call("put_insight_selectors", "InsightSelectors", TrailName="{ref}"), otherwise={"InsightSelectors": []}
        ),
        Switch("IsLogging", on=call("start_logging", Name="{made.Arn}"), off=call("stop_logging", Name="{made.Arn}")),
    )
    tags = Tags(call("add_tags", ResourceId="{made.Arn}"), remove=call("remove_tags", ResourceId="{made.Arn}"))
    ref = "{name}"
    attributes = "Arn=TrailARN||trailList[0].TrailARN SnsTopicArn=SnsTopicARN||trailList[0].SnsTopicARN"
    describes = call("describe_trails", trailNameList=["{ref}"])
    tells = "LogFileValidationEnabled=EnableLogFileValidation"
    unmakes = call("delete_trail", Name="{ref}")
    reads = (
        call("describe_trails", trailNameList=["{ref}"]),
        call("get_trail_status", Name="{ref}"),
        call("get_event_selectors", TrailName="{ref}"),
        call("get_insight_selectors", TrailName="{ref}"),
        call("list_tags", ResourceIdList=["{made.Arn}"]),
    )

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What an update no longer says goes back to nothing."""
        if operation == "update_trail":
            arguments = {**_NOTHING, **arguments}
        if operation == "create_trail" and scope.declared.peek("KMSKeyId"):
            with passing_over_gone():
                scope.context.client("kms").describe_key(KeyId=scope.declared.peek("KMSKeyId"))
        answer = super().ask(scope, operation, arguments)
        if operation == "get_insight_selectors":
            return {"InsightSelectors": answer.get("InsightSelectors", [])}
        return answer


_NOTHING = {
    "S3KeyPrefix": "",
    "SnsTopicName": "",
    "IncludeGlobalServiceEvents": True,
    "IsMultiRegionTrail": False,
    "IsOrganizationTrail": False,
    "EnableLogFileValidation": False,
    "CloudWatchLogsLogGroupArn": "",
    "CloudWatchLogsRoleArn": "",
    "KmsKeyId": "",
}


class EventDataStore(Table):
    """A store of events to be asked by SQL; kept, but nothing is written to it here."""

    type = "AWS::CloudTrail::EventDataStore"
    service = "cloudtrail"
    named = Name("Name", limit=128)
    makes = call(
        "create_event_data_store",
        "AdvancedEventSelectors MultiRegionEnabled OrganizationEnabled RetentionPeriod TerminationProtectionEnabled "
        "KmsKeyId BillingMode",
        Name="{name}",
    )
    then = (
        Setting(
            call(
                "update_event_data_store",
                "AdvancedEventSelectors MultiRegionEnabled OrganizationEnabled RetentionPeriod "
                "TerminationProtectionEnabled KmsKeyId BillingMode",
                Name="{name}",
                EventDataStore="{ref}",
            ),
            at_create=False,
        ),
    )
    tags = Tags(call("add_tags", ResourceId="{ref}"), remove=call("remove_tags", ResourceId="{ref}"))
    ref = "EventDataStoreArn"
    attributes = (
        "EventDataStoreArn={ref} Status=Status CreatedTimestamp=CreatedTimestamp UpdatedTimestamp=UpdatedTimestamp"
    )
    unmakes = call("delete_event_data_store", EventDataStore="{ref}")
    reads = (call("get_event_data_store", EventDataStore="{ref}"), call("list_tags", ResourceIdList=["{ref}"]))
