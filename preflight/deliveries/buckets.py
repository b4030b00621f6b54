"""S3: what happens to an object is told to whom the bucket's notifications name, and to EventBridge."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import quote_plus, unquote

from preflight.deliveries import patched
from preflight.deliveries.queues import Undeliverable

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries

S3 = "s3.amazonaws.com"


def listening(deliveries: Deliveries) -> AbstractContextManager[None]:
    """Deliver S3's events in AWS's shape, and check destinations when they are set."""

    @contextmanager
    def all_of_it() -> Iterator[None]:
        from moto.s3 import models, notifications

        quiet = threading.local()
        put = models.S3Backend.put_bucket_notification_configuration
        delete = models.S3Backend.delete_object
        complete = models.S3Backend.complete_multipart_upload

        def send_event(account_id: str, event_name: Any, bucket: Any, key: Any) -> None:
            only = getattr(quiet, "only", event_name.value)
            if bucket.notification_configuration is not None and event_name.value == only:
                spread(deliveries, str(event_name.value), bucket, key.name, key)

        @contextmanager
        def only_of(event: str) -> Iterator[None]:
            quiet.only = event
            try:
                yield
            finally:
                del quiet.only

        def complete_multipart_upload(self: Any, *rest: Any, **named: Any) -> Any:
            # moto tells of an ordinary put as well
            with only_of("s3:ObjectCreated:CompleteMultipartUpload"):
                return complete(self, *rest, **named)

        def put_configuration(self: Any, bucket_name: str, notification_config: dict[str, Any]) -> None:
            _refuse_invalid(deliveries, self.get_bucket(bucket_name), notification_config or {})
            put(self, bucket_name, notification_config)

        def delete_object(
            self: Any, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
        ) -> Any:
            bucket = self.get_bucket(bucket_name)
            if bucket.notification_configuration is None:
                return delete(self, bucket_name, key_name, version_id=version_id, bypass=bypass)
            before = bucket.keys.get(key_name)
            with only_of(""):
                success, answer = delete(self, bucket_name, key_name, version_id=version_id, bypass=bypass)
            if success and before is not None:
                marked = bucket.is_versioned and version_id is None
                name = "s3:ObjectRemoved:DeleteMarkerCreated" if marked else "s3:ObjectRemoved:Delete"
                version = answer.get("version-id") if bucket.is_versioned else None
                spread(deliveries, name, bucket, key_name, None, version)
            return success, answer

        with ExitStack() as stack:
            stack.enter_context(patched(notifications, send_event=send_event, send_test_event=_tester(deliveries)))
            stack.enter_context(
                patched(
                    models.S3Backend,
                    put_bucket_notification_configuration=put_configuration,
                    delete_object=delete_object,
                    complete_multipart_upload=complete_multipart_upload,
                )
            )
            # moto's own, for a call nobody may log
            stack.enter_context(patch.object(models, "events_send_notification", lambda *_, **__: None))
            yield

    return all_of_it()


def spread(
    deliveries: Deliveries, event: str, bucket: Any, key_name: str, key: Any, version: str | None = None
) -> None:
    """Tell everyone about one event; `event` as in "s3:ObjectCreated:Put"."""
    held = bucket.notification_configuration
    if key is not None and bucket.is_versioned and version is None:
        version = str(key.version_id)
    sequencer = _sequencer(deliveries)
    for each in [*held.queue, *held.topic, *held.cloud_function]:
        if _wants(each, event, key_name):
            message = {"Records": [_record(deliveries, event, bucket, each.id, key_name, key, version, sequencer)]}
            _hand_over(deliveries, bucket, each.arn, json.dumps(message))
    if held.event_bridge is not None:
        _to_bus(deliveries, event, bucket, key_name, key, version, sequencer)


def _hand_over(deliveries: Deliveries, bucket: Any, arn: str, message: str) -> None:
    from preflight.deliveries.queues import send
    from preflight.deliveries.targets import call_function
    from preflight.deliveries.topics import publish_for

    kind = arn.split(":")[2]
    try:
        if kind == "sqs":
            send(deliveries, arn, message, service=S3, source=bucket.arn)
        elif kind == "sns":
            subject = "Amazon S3 Notification"
            publish_for(deliveries, arn, message, service=S3, source=bucket.arn, subject=subject)
        elif deliveries.permits(S3, "lambda:InvokeFunction", arn, bucket.arn):
            call_function(deliveries, arn, message, cause=bucket.arn)
    except Undeliverable as error:
        # S3 tells nobody, but the judge has noted a denial
        deliveries.not_delivered(bucket.arn, arn, error)
    except Exception as error:
        deliveries.faults.append(f"{bucket.arn} to {arn}: {error!r}")


def _record(
    deliveries: Deliveries, event: str, bucket: Any, name: str, key_name: str, key: Any, version: Any, sequencer: str
) -> dict[str, Any]:
    """One event message.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html, checked_on 2026-11-22
    """
    thing: dict[str, Any] = {"key": quote_plus(key_name, safe="/")}
    if key is not None:
        thing |= {"size": key.size, "eTag": key.etag.replace('"', "")}
    if version:
        thing["versionId"] = version
    thing["sequencer"] = sequencer
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region_name,
        "eventTime": _time(deliveries),
        "eventName": event.removeprefix("s3:"),
        "userIdentity": {"principalId": "AWS:AIDAEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": uuid.uuid4().hex[:16].upper(), "x-amz-id-2": uuid.uuid4().hex},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": name,
            "bucket": {"name": bucket.name, "ownerIdentity": {"principalId": "A3NL1KOZZKExample"}, "arn": bucket.arn},
            "object": thing,
        },
    }


# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html, checked_on 2026-11-22: (detail-type, reasons)
_ON_THE_BUS = {
    "s3:ObjectCreated:Put": ("Object Created", {"reason": "PutObject"}),
    "s3:ObjectCreated:Post": ("Object Created", {"reason": "POST Object"}),
    "s3:ObjectCreated:Copy": ("Object Created", {"reason": "CopyObject"}),
    "s3:ObjectCreated:CompleteMultipartUpload": ("Object Created", {"reason": "CompleteMultipartUpload"}),
    "s3:ObjectRemoved:Delete": ("Object Deleted", {"reason": "DeleteObject", "deletion-type": "Permanently Deleted"}),
    "s3:ObjectRemoved:DeleteMarkerCreated": (
        "Object Deleted",
        {"reason": "DeleteObject", "deletion-type": "Delete Marker Created"},
    ),
    "s3:ObjectRestore:Post": ("Object Restore Initiated", {}),
    "s3:ObjectRestore:Completed": ("Object Restore Completed", {}),
    "s3:ObjectRestore:Delete": ("Object Restore Expired", {}),
    "s3:ObjectAcl:Put": ("Object ACL Updated", {}),
    "s3:ObjectTagging:Put": ("Object Tags Added", {}),
    "s3:ObjectTagging:Delete": ("Object Tags Deleted", {}),
}


def _to_bus(
    deliveries: Deliveries, event: str, bucket: Any, key_name: str, key: Any, version: Any, sequencer: str
) -> None:
    from preflight.deliveries.bus import emit

    kind, reasons = _ON_THE_BUS.get(event, (None, {}))
    if kind is None:
        return
    thing: dict[str, Any] = {"key": key_name}
    if key is not None:
        thing |= {"size": key.size, "etag": key.etag.replace('"', "")}
    if version:
        thing["version-id"] = version
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": {**thing, "sequencer": sequencer},
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": bucket.account_id,
        "source-ip-address": "127.0.0.1",
        **reasons,
    }
    emit(deliveries, bucket.account_id, bucket.region_name, "aws.s3", kind, detail, [bucket.arn])


def _wants(notification: Any, event: str, key_name: str) -> bool:
    kind = event.rpartition(":")[0]
    if event not in notification.events and f"{kind}:*" not in notification.events:
        return False
    rules = (notification.filters.get("S3Key") or {}).get("FilterRule", []) if notification.filters else []
    rules = rules if isinstance(rules, list) else [rules]
    for rule in rules:
        # filters are written url-encoded, the keys they are for are not
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html, 2026-11-22
        value, name = unquote(str(rule.get("Value") or "").replace("+", " ")), str(rule["Name"]).lower()
        if name == "prefix" and not key_name.startswith(value):
            return False
        if name == "suffix" and not key_name.endswith(value):
            return False
    return True


def _refuse_invalid(deliveries: Deliveries, bucket: Any, configuration: Mapping[str, Any]) -> None:
    """Raise S3's error for a destination that is missing or does not let S3 in, unless the caller skips the check."""
    from moto.s3.exceptions import S3ClientError

    _refuse_overlap(configuration)
    request = getattr(deliveries.asked, "request", None)
    headers = getattr(request, "headers", None) or {}
    if str(headers.get("x-amz-skip-destination-validation", "")).lower() == "true":
        return
    for kind, name, action in _DESTINATIONS:
        for each in configuration.get(kind) or []:
            arn = str(each.get(name))
            if not _is_there(deliveries, arn, bucket.arn) or not deliveries.permits(S3, action, arn, bucket.arn):
                raise S3ClientError("InvalidArgument", "Unable to validate the following destination configurations")


def _refuse_overlap(configuration: Mapping[str, Any]) -> None:
    """Raise S3's error when two configurations could both want the same event of the same object.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html#notification-how-to-filtering-examples-invalid,
    checked_on 2026-11-22
    """
    from moto.s3.exceptions import S3ClientError

    wanted = [_reach(each) for kind, _, _ in _DESTINATIONS for each in configuration.get(kind) or []]
    for number, (events, prefix, suffix) in enumerate(wanted):
        for others, other_prefix, other_suffix in wanted[:number]:
            same_event = any(_is_in(one, other) or _is_in(other, one) for one in events for other in others)
            same_start = prefix.startswith(other_prefix) or other_prefix.startswith(prefix)
            same_end = suffix.endswith(other_suffix) or other_suffix.endswith(suffix)
            if same_event and same_start and same_end:
                raise S3ClientError(
                    "InvalidArgument",
                    "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
                )


def _reach(wanted: Mapping[str, Any]) -> tuple[list[str], str, str]:
    """The events, the prefix and the suffix of one configuration."""
    events = wanted.get("Event") or []
    rules = ((wanted.get("Filter") or {}).get("S3Key") or {}).get("FilterRule") or []
    told = {str(each["Name"]).lower(): str(each.get("Value") or "") for each in rules}
    return (events if isinstance(events, list) else [events]), told.get("prefix", ""), told.get("suffix", "")


def _is_in(event: str, other: str) -> bool:
    return event == other or (other.endswith(":*") and event.startswith(other[:-1]))


_DESTINATIONS = (
    ("QueueConfiguration", "Queue", "sqs:SendMessage"),
    ("TopicConfiguration", "Topic", "sns:Publish"),
    ("CloudFunctionConfiguration", "CloudFunction", "lambda:InvokeFunction"),
)


def _is_there(deliveries: Deliveries, arn: str, source: str) -> bool:
    from preflight.deliveries import mappings, queues, topics

    kind = arn.split(":")[2] if arn.count(":") >= 5 else ""
    found = {"sqs": queues.find, "sns": topics.find, "lambda": mappings.find_function}.get(kind)
    thing = found(arn) if found else None
    if thing is None:
        return False
    key = getattr(thing, "kms_master_key_id", None)
    return kind == "lambda" or not key or queues.may_use_key(deliveries, key, service=S3, source=source, like=arn)


def _tester(deliveries: Deliveries) -> Any:
    """What S3 sends to queues and topics when a configuration is put."""

    def send_test_event(account_id: str, bucket: Any) -> None:
        held = bucket.notification_configuration
        for arn in dict.fromkeys(each.arn for each in [*held.queue, *held.topic]):
            message = {
                "Service": "Amazon S3",
                "Event": "s3:TestEvent",
                "Time": _time(deliveries),
                "Bucket": bucket.name,
                "RequestId": uuid.uuid4().hex[:16].upper(),
                "HostId": uuid.uuid4().hex,
            }
            _hand_over(deliveries, bucket, arn, json.dumps(message))

    return send_test_event


def _sequencer(deliveries: Deliveries) -> str:
    number = deliveries.memory["sequencer"] = deliveries.memory.get("sequencer", 0) + 1
    return f"{int(deliveries.now().timestamp()):08X}{number:010X}"


def _time(deliveries: Deliveries) -> str:
    return deliveries.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
