"""Mends the emulated CloudTrail: a trail needs a bucket, log group and topic that let it write.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html and
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html,
checked_on 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What to put in place of moto's."""
    from moto.cloudtrail.models import CloudTrailBackend, Trail

    create, update, describe = CloudTrailBackend.create_trail, CloudTrailBackend.update_trail, Trail.description

    def create_trail(self: Any, *told: Any, **named: Any) -> Any:
        name = named.get("name") or told[0]
        if name in self.trails:
            arn = self.trails[name].arn
            raise _refused("TrailAlreadyExistsException", f"Trail {arn} already exists for customer: {self.account_id}")
        trail = create(self, *told, **named)
        try:
            refuse_ungranted(trail)
        except Exception:
            self.trails.pop(trail.trail_name, None)
            raise
        return trail

    def update_trail(self: Any, *told: Any, **named: Any) -> Any:
        trail = self.get_trail(named.get("name") or told[0])
        before = dict(vars(trail))
        try:
            changed = update(self, *told, **named)
            trail.check_bucket_exists()
            refuse_ungranted(trail)
        except Exception:
            vars(trail).update(before)
            raise
        return changed

    def description(self: Any, include_region: bool = False) -> dict[str, Any]:
        told: dict[str, Any] = describe(self, include_region)
        custom = bool(self.advanced_event_selectors) or any(_is_custom(each) for each in self.event_selectors)
        return {**told, "HasCustomEventSelectors": custom, "HasInsightSelectors": bool(self.insight_selectors)}

    yield CloudTrailBackend, "create_trail", create_trail
    yield CloudTrailBackend, "update_trail", update_trail
    yield Trail, "description", description
    yield Trail, "topic_arn", property(_topic_arn)
    yield Trail, "put_event_selectors", _put_event_selectors
    yield Trail, "put_insight_selectors", _put_insight_selectors


def refuse_ungranted(trail: Any) -> None:
    """Raise CloudTrail's error when it may not write where the trail says."""
    from preflight.clouds.authorize import Authorizer

    judge, arn, bucket = Authorizer({}, trail.account_id), trail.arn, f"arn:{trail.partition}:s3:::{trail.bucket_name}"
    prefix = f"{trail.s3_key_prefix}/" if trail.s3_key_prefix else ""
    there = f"{bucket}/{prefix}AWSLogs/{trail.account_id}/CloudTrail/{trail.region_name}/file.json.gz"
    service = "cloudtrail.amazonaws.com"
    known = {"s3:x-amz-acl": "bucket-owner-full-control"}
    if not (
        judge.may_deliver(service, "s3:GetBucketAcl", bucket, source=arn, account=trail.account_id)
        and may_put(trail, there, known)
    ):
        raise _refused(
            "InsufficientS3BucketPolicyException",
            f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket_name}",
        )
    if trail.topic_arn and not judge.may_deliver(
        service, "sns:Publish", trail.topic_arn, source=arn, account=trail.account_id
    ):
        raise _refused(
            "InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!"
        )
    if bool(trail.cw_log_group_arn) != bool(trail.cw_role_arn):
        raise _refused(
            "InvalidCloudWatchLogsLogGroupArnException"
            if not trail.cw_log_group_arn
            else "InvalidCloudWatchLogsRoleArnException",
            "You must specify both a log group ARN and a role ARN.",
        )
    if trail.cw_log_group_arn:
        _refuse_log_group(trail, judge)


def may_put(trail: Any, there: str, known: dict[str, Any]) -> bool:
    """Whether the bucket's policy lets CloudTrail put a file, as it does: owned by the bucket's owner."""
    from preflight.analysis.access import Principal, Request, decide
    from preflight.clouds.holders import resource_policy

    context: dict[str, Any] = {
        "aws:SourceArn": trail.arn,
        "aws:SourceAccount": trail.account_id,
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "false",
        **known,
    }
    principal = Principal.of("service:cloudtrail.amazonaws.com")
    asked = Request(principal, "s3:PutObject", there, context, complete=True)
    return bool(decide(asked, resource_policy=resource_policy(there)))


def _refuse_log_group(trail: Any, judge: Any) -> None:
    from moto.logs.models import logs_backends

    name = trail.cw_log_group_arn.split("log-group:")[-1].removesuffix(":*")
    if name not in logs_backends[trail.account_id][trail.region_name].groups:
        raise _refused(
            "InvalidCloudWatchLogsLogGroupArnException",
            "CloudTrail cannot validate the specified log group ARN.",
        )
    stream = (
        f"arn:{trail.partition}:logs:{trail.region_name}:{trail.account_id}:log-group:{name}:log-stream:"
        f"{trail.account_id}_CloudTrail_{trail.region_name}"
    )
    allowed = (
        judge.may_act(trail.cw_role_arn, action, stream, service="cloudtrail.amazonaws.com", source=trail.arn)
        for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    )
    if not all(allowed):
        raise _refused("InvalidCloudWatchLogsRoleArnException", "Access denied. Check the permissions for your role.")


def _topic_arn(self: Any) -> str | None:
    """A topic may be told by its name or its ARN."""
    name = self.sns_topic_name
    if not name or name.startswith("arn:"):
        return name or None
    return f"arn:{self.partition}:sns:{self.region_name}:{self.account_id}:{name}"


def _put_event_selectors(self: Any, event_selectors: Any, advanced_event_selectors: Any) -> None:
    """One kind takes the place of the other."""
    self.event_selectors = event_selectors or []
    self.advanced_event_selectors = advanced_event_selectors or []


def _put_insight_selectors(self: Any, insight_selectors: Any) -> None:
    self.insight_selectors = list(insight_selectors or ())


def _is_custom(selector: dict[str, Any]) -> bool:
    plain = selector.get("ReadWriteType", "All") == "All" and selector.get("IncludeManagementEvents", True)
    return not plain or bool(selector.get("DataResources") or selector.get("ExcludeManagementEventSources"))


def _refused(code: str, message: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    error: Exception = JsonRESTError(code, message)
    return error
