"""Mends the emulated AWS Config: recording modes and a rule's tags are kept, and delivery needs a bucket it may reach.

https://docs.aws.amazon.com/config/latest/APIReference/API_PutDeliveryChannel.html and API_PutConfigRule.html beside it,
checked_on 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What to put in place of moto's."""
    from moto.config.models import ConfigBackend, ConfigRecorder, Scope

    put_recorder, put_channel, put_rule = (
        ConfigBackend.put_configuration_recorder,
        ConfigBackend.put_delivery_channel,
        ConfigBackend.put_config_rule,
    )
    to_dict = ConfigRecorder.to_dict

    def put_configuration_recorder(self: Any, config_recorder: dict[str, Any]) -> None:
        put_recorder(self, config_recorder)
        self.recorders[config_recorder["name"]].preflight_mode = config_recorder.get("recordingMode")

    def recorder_to_dict(self: Any) -> dict[str, Any]:
        told: dict[str, Any] = to_dict(self)
        told.pop("preflightMode", None)
        arn = f"arn:aws:config:::configuration-recorder/{self.name}"
        mode = getattr(self, "preflight_mode", None) or {"recordingFrequency": "CONTINUOUS"}
        return {"arn": arn, **told, "recordingMode": mode}

    def put_delivery_channel(self: Any, delivery_channel: dict[str, Any]) -> None:
        put_channel(self, delivery_channel)
        try:
            _refuse_ungranted(self, delivery_channel)
        except Exception:
            self.delivery_channels.pop(delivery_channel["name"], None)
            raise

    def put_config_rule(self: Any, config_rule: dict[str, Any], tags: Any = None) -> Any:
        if not self.recorders:
            raise _refused(
                "NoAvailableConfigurationRecorderException",
                "Configuration recorder is not available to create a config rule.",
            )
        return put_rule(self, config_rule, tags)

    scope_to_dict = Scope.to_dict

    def scope_told(self: Any) -> dict[str, Any]:
        # moto forgets the tag a rule is narrowed to
        told: dict[str, Any] = {name: value for name, value in scope_to_dict(self).items() if name != "Tags"}
        for key, value in (self.tags or {}).items():
            told |= {"TagKey": key} | ({"TagValue": value} if value else {})
        return told

    yield Scope, "to_dict", scope_told
    yield ConfigBackend, "put_configuration_recorder", put_configuration_recorder
    yield ConfigBackend, "put_delivery_channel", put_delivery_channel
    yield ConfigBackend, "put_config_rule", put_config_rule
    yield ConfigRecorder, "to_dict", recorder_to_dict


def _refuse_ungranted(backend: Any, channel: dict[str, Any]) -> None:
    """Config writes with the recorder's role, or as itself where the bucket's policy lets it."""
    from preflight.clouds.asked import find_bucket
    from preflight.clouds.authorize import Authorizer

    bucket, prefix = channel["s3BucketName"], channel.get("s3KeyPrefix")
    if find_bucket(bucket) is None:
        raise _refused("NoSuchBucketException", f"Cannot find a S3 bucket with an empty bucket name {bucket}.")
    arn = f"arn:{backend.partition}:s3:::{bucket}"
    key = f"{prefix + '/' if prefix else ''}AWSLogs/{backend.account_id}/Config/ConfigWritabilityCheckFile"
    judge = Authorizer({}, backend.account_id)
    source = f"arn:{backend.partition}:config:{backend.region_name}:{backend.account_id}:*"
    roles = [each.role_arn for each in backend.recorders.values()]
    # what it writes belongs to the bucket's owner, and the documented policies insist on that
    put, owned = ("s3:PutObject", f"{arn}/{key}"), {"s3:x-amz-acl": "bucket-owner-full-control"}
    itself = judge.may_deliver("config.amazonaws.com", *put, source=source, account=backend.account_id, asked=owned)
    by_role = any(
        judge.may_act(role, *put, service="config.amazonaws.com", source=source, asked=owned)
        for role in roles
        if "/aws-service-role/" not in role
    )
    if not itself and not by_role:
        key = channel.get("s3KmsKeyArn", "null")
        said = f"provided s3 key prefix is '{prefix or 'null'}', provided kms key is '{key}'."
        raise _refused(
            "InsufficientDeliveryPolicyException",
            f"Insufficient delivery policy to s3 bucket: {bucket}, unable to write to bucket, {said}",
        )


def _refused(code: str, message: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    error: Exception = JsonRESTError(code, message)
    return error
