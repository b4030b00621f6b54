"""GuardDuty: detectors and what they are told to look at; nothing is found here."""

from __future__ import annotations

from typing import Any

from preflight.cloudformation.providers._table import Scope, Setting, Table, Tags, call, refusal

_ARN = "arn:{partition}:guardduty:{region}:{account}:detector/"


def _tags(path: str) -> Tags:
    return Tags(call("tag_resource", ResourceArn=_ARN + path), remove=call("untag_resource", ResourceArn=_ARN + path))


class Detector(Table):
    """The account's detector in a Region; there is one."""

    type = "AWS::GuardDuty::Detector"
    service = "guardduty"
    makes = call(
        "create_detector",
        "Enable FindingPublishingFrequency DataSources Features",
        ClientToken="{logical_id}",
    )
    then = (
        Setting(
            call("update_detector", "Enable FindingPublishingFrequency DataSources Features", DetectorId="{ref}"),
            at_create=False,
        ),
    )
    tags = _tags("{ref}")
    # told as a status
    untold = "Enable"
    ref = "DetectorId"
    attributes = "Id={ref}"
    unmakes = call("delete_detector", DetectorId="{ref}")
    reads = (
        call("get_detector", DetectorId="{ref}"),
        call("list_tags_for_resource", ResourceArn=_ARN + "{ref}"),
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """The first in its Region; AWS refuses a second.

        https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html, checked_on 2026-11-23
        """
        if scope.context.client("guardduty").list_detectors()["DetectorIds"]:
            message = "The request is rejected because a detector already exists for the current account."
            raise refusal("BadRequestException", message, "CreateDetector")
        return super().begin(scope)


class Filter(Table):
    """Findings that are archived, or shown, by themselves."""

    type = "AWS::GuardDuty::Filter"
    service = "guardduty"
    makes = call("create_filter", "DetectorId Name Action Description Rank FindingCriteria")
    then = (
        Setting(
            call("update_filter", "DetectorId FilterName=Name Action Description Rank FindingCriteria"),
            at_create=False,
        ),
    )
    tags = _tags("{DetectorId}/filter/{ref}")
    ref = "{Name}"
    untold = "DetectorId"
    unmakes = call("delete_filter", "DetectorId FilterName=Name")
    reads = (
        call("get_filter", "DetectorId FilterName=Name"),
        call("list_tags_for_resource", ResourceArn=_ARN + "{DetectorId}/filter/{ref}"),
    )


def _list_of(kind: str, word: str, key: str, resource: str) -> type[Table]:
    """A list in a bucket that findings are judged by."""
    given: dict[str, Any] = {key: "{ref}"}

    class List(Table):
        type = f"AWS::GuardDuty::{kind}"
        service = "guardduty"
        makes = call(f"create_{word}", "DetectorId Name Format Location Activate ExpectedBucketOwner")
        then = (
            Setting(
                call(f"update_{word}", "DetectorId Name Location Activate ExpectedBucketOwner", **given),
                at_create=False,
            ),
        )
        tags = _tags("{DetectorId}/" + resource + "/{ref}")
        ref = key
        # the first is told as a status, the second is whose it is
        untold = "Activate DetectorId"
        attributes = "Id={ref}"
        unmakes = call(f"delete_{word}", "DetectorId", **given)
        reads = (
            call(f"get_{word}", "DetectorId", **given),
            call("list_tags_for_resource", ResourceArn=_ARN + "{DetectorId}/" + resource + "/{ref}"),
        )

    return List


IPSet = _list_of("IPSet", "ip_set", "IpSetId", "ipset")
ThreatIntelSet = _list_of("ThreatIntelSet", "threat_intel_set", "ThreatIntelSetId", "threatintelset")


class PublishingDestination(Table):
    """The bucket findings are exported to."""

    type = "AWS::GuardDuty::PublishingDestination"
    service = "guardduty"
    makes = call(
        "create_publishing_destination", "DetectorId DestinationType DestinationProperties", ClientToken="{logical_id}"
    )
    then = (
        Setting(
            call("update_publishing_destination", "DetectorId DestinationProperties", DestinationId="{ref}"),
            at_create=False,
        ),
    )
    ref = "DestinationId"
    untold = "DetectorId"
    attributes = "Id={ref} Status=Status"
    describes = call("describe_publishing_destination", "DetectorId", DestinationId="{ref}")
    unmakes = call("delete_publishing_destination", "DetectorId", DestinationId="{ref}")
    reads = (call("describe_publishing_destination", "DetectorId", DestinationId="{ref}"),)
