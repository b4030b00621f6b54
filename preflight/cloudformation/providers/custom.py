"""CDK's own custom resources, doing what their functions do on AWS without running them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made, Provider, ReplacementNeeded
from preflight.cloudformation.providers._table import passing_over_gone

AUTO_DELETE_TAG = "aws-cdk:auto-delete-objects"


class AutoDeleteObjects(Provider):
    """Empties a bucket before it is deleted, when the bucket carries CDK's tag."""

    type = "Custom::S3AutoDeleteObjects"

    def create(self, declared: Declared, context: Context) -> Made:
        """Nothing happens until the end."""
        declared.take()
        return Made(context.name())

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Another bucket is another resource: the old one is emptied when this one goes."""
        if declared.take("BucketName") != before.get("BucketName"):
            raise ReplacementNeeded
        declared.take()
        return made

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Delete every object, every version and every delete marker."""
        client = context.client("s3")
        bucket = declared.peek("BucketName")
        with passing_over_gone():
            tags = client.get_bucket_tagging(Bucket=bucket)["TagSet"]
            if any(tag["Key"] == AUTO_DELETE_TAG and tag["Value"] == "true" for tag in tags):
                empty_bucket(client, bucket)


def empty_bucket(client: Any, bucket: str) -> None:
    """Delete all that a bucket holds, whether it is versioned or not."""
    while True:
        page = client.list_object_versions(Bucket=bucket)
        held = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not held:
            return
        keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in held]
        errors = client.delete_objects(Bucket=bucket, Delete={"Objects": keys}).get("Errors", [])
        if errors:
            return


class RestrictDefaultGroup(Provider):
    """Takes the rules out of a VPC's default security group, and puts them back at the end."""

    type = "Custom::VpcRestrictDefaultSG"

    def create(self, declared: Declared, context: Context) -> Made:
        """Close the group."""
        declared.take()
        self._rules(declared.peek(), context, "revoke")
        return Made(context.name())

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Another group: the first gets its rules back, the second loses them."""
        declared.take()
        if declared.peek("DefaultSecurityGroupId") != before.get("DefaultSecurityGroupId"):
            self._rules(before, context, "authorize")
            self._rules(declared.peek(), context, "revoke")
        return made

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Give the group its rules back."""
        self._rules(declared.peek(), context, "authorize")

    def _rules(self, properties: Mapping[str, Any], context: Context, verb: str) -> None:
        client = context.client("ec2")
        group = str(properties["DefaultSecurityGroupId"])
        account = str(properties.get("Account", context.account))
        within = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group, "UserId": account}]}
        outward = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        for direction, rule in (("ingress", within), ("egress", outward)):
            with passing_over_gone(), _passing_over_duplicates():
                getattr(client, f"{verb}_security_group_{direction}")(GroupId=group, IpPermissions=[rule])


class _passing_over_duplicates:
    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        return "InvalidPermission.Duplicate" in str(error)


class LogRetention(Provider):
    """Sets how long a log group that a service makes by itself keeps its lines."""

    type = "Custom::LogRetention"

    def create(self, declared: Declared, context: Context) -> Made:
        """Make the group if the service has not yet, and set its retention."""
        return self._set(declared, context)

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Set it again."""
        return self._set(declared, context)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The group stays, unless its removal policy says otherwise."""
        if declared.peek("RemovalPolicy") == "destroy":
            with passing_over_gone():
                self._client(declared, context).delete_log_group(logGroupName=made.physical_id)

    def _set(self, declared: Declared, context: Context) -> Made:
        declared.take()
        client, group = self._client(declared, context), str(declared.peek("LogGroupName"))
        if not any(each["logGroupName"] == group for each in _groups(client, group)):
            client.create_log_group(logGroupName=group)
        days = declared.peek("RetentionInDays")
        if days is None:
            client.delete_retention_policy(logGroupName=group)
        else:
            client.put_retention_policy(logGroupName=group, retentionInDays=int(days))
        return Made(group, {"LogGroupName": group})

    def _client(self, declared: Declared, context: Context) -> Any:
        return context.client("logs", declared.peek("LogGroupRegion"))


def _groups(client: Any, prefix: str) -> list[Mapping[str, Any]]:
    return list(client.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"])


class BucketNotifications(Provider):
    """Sets a bucket's notifications after the things they go to are there."""

    type = "Custom::S3BucketNotifications"

    def create(self, declared: Declared, context: Context) -> Made:
        """Put the configuration, which CDK writes in S3's own shape."""
        return self._put(declared, context)

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Put it again; another bucket is another resource."""
        if declared.peek("BucketName") != before.get("BucketName"):
            raise ReplacementNeeded
        return self._put(declared, context)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Leave no notification."""
        with passing_over_gone():
            context.client("s3").put_bucket_notification_configuration(
                Bucket=declared.peek("BucketName"), NotificationConfiguration={}
            )

    def _put(self, declared: Declared, context: Context) -> Made:
        declared.take()
        context.client("s3").put_bucket_notification_configuration(
            Bucket=declared.peek("BucketName"),
            NotificationConfiguration=declared.peek("NotificationConfiguration"),
            SkipDestinationValidation=True,
        )
        configuration = declared.peek("NotificationConfiguration")
        if "EventBridgeConfiguration" in configuration:
            declared["NotificationConfiguration"].not_emulated("EventBridgeConfiguration")
        return Made(context.name())
