"""What EC2, Auto Scaling and load balancing add to what is kept for them, and how they tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Record = dict[str, Any]


def complete_tags(record: Record) -> None:
    """EC2's resources are born with their tags."""
    record["Tags"] = [tag for each in record.get("TagSpecifications", []) for tag in each.get("Tags", [])]


def complete_reservation(record: Record) -> None:
    """A reservation is all free while nothing runs in it.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservation.html, checked_on 2026-11-22
    """
    if "Tags" not in record:
        complete_tags(record)
    record["TotalInstanceCount"] = record["AvailableInstanceCount"] = int(record.get("InstanceCount", 1))
    record.setdefault("EndDateType", "unlimited")
    record.setdefault("InstanceMatchCriteria", "open")
    record.setdefault("Tenancy", "default")


def notifications(asked: Record, shelf: Mapping[str, Mapping[Any, Record]]) -> Record:
    """Auto Scaling tells a configuration for each type of notification."""
    wanted = asked.get("AutoScalingGroupNames") or []
    kept = shelf.get("autoscaling put_notification_configuration", {}).values()
    told = [
        {"AutoScalingGroupName": each["AutoScalingGroupName"], "TopicARN": each["TopicARN"], "NotificationType": kind}
        for each in kept
        if not wanted or each["AutoScalingGroupName"] in wanted
        for kind in each["NotificationTypes"]
    ]
    return {"NotificationConfigurations": told}


def bundle(asked: Record, shelf: Mapping[str, Mapping[Any, Record]]) -> Record:
    """Where a trust store's certificates came from."""
    for each in shelf.get("elbv2 create_trust_store", {}).values():
        if each["TrustStoreArn"] == asked["TrustStoreArn"]:
            bucket, key = each["CaCertificatesBundleS3Bucket"], each["CaCertificatesBundleS3Key"]
            return {"Location": f"https://{bucket}.s3.amazonaws.com/{key}"}
    return {}
