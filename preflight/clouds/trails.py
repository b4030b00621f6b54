"""Writes what is asked of the cloud where its trails say: into their log group at once, into their bucket on looking.

On AWS a file appears within minutes (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-
log-files.html, checked_on 2026-11-22); here whenever somebody lists or reads the bucket. Only management events are
written, as far as they can be told before the service answers: a refusal of permission has its errorCode, another
error has none, and responseElements are left out. Data events, insights and digest files are not written. Who deploys
appears as a session of a role named deployer.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from preflight.clouds.asked import Call

CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d*/([^/]*)/([^/]*)/")
GLOBAL = {"iam", "sts", "cloudfront", "route53", "organizations", "budgets"}
READS = re.compile(r"(Get|List|Describe|Head|Lookup|BatchGet|Search|Select|Scan|Query|Check|Decrypt|Simulate|Generate)")
# the operations on data, by signing name: what they work on is not the account's configuration
DATA = {
    "s3": re.compile(r".*(Object|Upload|Part)(s|V2|Versions|Acl|Tagging|Attributes|Copy|s?V2)*$|SelectObjectContent"),
    "sqs": re.compile(r"(Send|Receive|Delete|ChangeMessageVis).*"),
    "sns": re.compile(r"Publish.*"),
    "lambda": re.compile(r"Invoke.*"),
    "dynamodb": re.compile(r"(Batch|Transact|Execute).*|.*Item|Query|Scan"),
    "kinesis": re.compile(r"(Put|Get)Record.*|GetShardIterator|SubscribeToShard"),
    "firehose": re.compile(r"PutRecord.*"),
    "logs": re.compile(r"PutLogEvents|GetLogEvents|FilterLogEvents|StartLiveTail"),
    "monitoring": re.compile(r"PutMetricData|GetMetric.*"),
    "events": re.compile(r"PutEvents"),
    "xray": re.compile(r"Put.*|BatchGet.*"),
    "rds-data": re.compile(r".*"),
    "ssmmessages": re.compile(r".*"),
}
LOOKS = re.compile(r"ListObjects(V2)?|ListObjectVersions|GetObject|HeadObject")
SECRET = re.compile(r"(?i)password|secret(string|binary|accesskey)|plaintext|privatekey|authtoken")


class Trails:
    """Writes for every trail of one cloud that is logging."""

    def __init__(self, make_client: Callable[[str, str], Any], account: str) -> None:
        self._make_client = make_client
        self._account = account
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self._busy = threading.local()
        self._lock = threading.Lock()

    def witness(self, request: Any, refusal: Exception | None, caller: Callable[[str], str]) -> None:
        """See a request, before it is answered: write it down, or what waits for the bucket it looks into.

        `caller` gives the ARN of who holds a key, "" for the deployer's.
        """
        if "moto.cloudtrail.models" not in sys.modules or getattr(self._busy, "writing", False):
            return
        logging = list(_logging())
        if not logging:
            return
        found = CREDENTIAL.search(request.environ.get("HTTP_AUTHORIZATION", ""))
        if found is None:
            return
        self._busy.writing = True
        # a request is answered whether or not it can be written down
        with contextlib.suppress(Exception):
            call = Call(request, found[3], found[2], self._account, caller(found[1]))
            self._flush_for(call, logging)
            self._write(call, found[1], refusal, logging)
        self._busy.writing = False

    def _write(self, call: Call, key: str, refusal: Exception | None, logging: list[Any]) -> None:
        operation = call.operation
        if not operation or (call.signed_for in DATA and DATA[call.signed_for].fullmatch(operation)):
            return
        event = _event(call, operation, key, refusal)
        for trail in logging:
            if not _selects(trail, event):
                continue
            with self._lock:
                self._waiting.setdefault(trail.arn, []).append(event)
            if trail.cw_log_group_arn:
                _into_group(trail, event)

    def _flush_for(self, call: Call, logging: list[Any]) -> None:
        """Put the files that somebody is about to look for."""
        if call.signed_for != "s3" or LOOKS.fullmatch(call.operation) is None:
            return
        for trail in logging:
            if trail.bucket_name in f"{call.request.host}{call.request.path}":
                with self._lock:
                    events = self._waiting.pop(trail.arn, [])
                if events:
                    self._put(trail, events)

    def _put(self, trail: Any, events: list[dict[str, Any]]) -> None:
        from preflight.clouds.mended_cloudtrail import may_put

        now, by_region = datetime.now(UTC), dict[str, list[dict[str, Any]]]()
        for event in events:
            by_region.setdefault(event["awsRegion"], []).append(event)
        for region, told in by_region.items():
            prefix = f"{trail.s3_key_prefix}/" if trail.s3_key_prefix else ""
            name = f"{trail.account_id}_CloudTrail_{region}_{now:%Y%m%dT%H%MZ}_{uuid.uuid4().hex[:16]}.json.gz"
            key = f"{prefix}AWSLogs/{trail.account_id}/CloudTrail/{region}/{now:%Y/%m/%d}/{name}"
            there = f"arn:{trail.partition}:s3:::{trail.bucket_name}/{key}"
            if not may_put(trail, there, {"s3:x-amz-acl": "bucket-owner-full-control"}):
                continue
            sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": trail.kms_key_id} if trail.kms_key_id else {}
            body = gzip.compress(json.dumps({"Records": told}, default=str).encode())
            self._make_client("s3", trail.region_name).put_object(
                Bucket=trail.bucket_name,
                Key=key,
                Body=body,
                ContentType="application/json",
                ContentEncoding="gzip",
                **sealed,
            )


def _logging() -> Iterator[Any]:
    from moto.cloudtrail.models import cloudtrail_backends

    for account in list(cloudtrail_backends.values()):
        for backend in list(account.values()):
            yield from (trail for trail in list(backend.trails.values()) if trail.status.is_logging)


def _selects(trail: Any, event: Mapping[str, Any]) -> bool:
    """Whether a trail wants an event: by where it happened, and by its selectors."""
    source = event["eventSource"].partition(".")[0]
    here = trail.is_multi_region or trail.region_name == event["awsRegion"]
    if source in GLOBAL:
        here = trail.include_global_service_events
    if not here:
        return False
    if trail.advanced_event_selectors:
        return any(_advanced(each["FieldSelectors"], event) for each in trail.advanced_event_selectors)
    selectors = trail.event_selectors or [{}]
    return any(
        each.get("IncludeManagementEvents", True)
        and event["eventSource"] not in (each.get("ExcludeManagementEventSources") or ())
        and each.get("ReadWriteType", "All") in ("All", "ReadOnly" if event["readOnly"] else "WriteOnly")
        for each in selectors
    )


def _advanced(fields: list[Mapping[str, Any]], event: Mapping[str, Any]) -> bool:
    told = {"eventCategory": "Management", "readOnly": str(event["readOnly"]).lower()}
    for each in fields:
        value = told.get(each["Field"], str(event.get(each["Field"], "")))
        held = (
            ("Equals" not in each or value in each["Equals"])
            and ("NotEquals" not in each or value not in each["NotEquals"])
            and ("StartsWith" not in each or value.startswith(tuple(each["StartsWith"])))
            and ("EndsWith" not in each or value.endswith(tuple(each["EndsWith"])))
        )
        if not held:
            return False
    return True


def _event(call: Call, operation: str, key: str, refusal: Exception | None) -> dict[str, Any]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html"""
    source = _SOURCES.get(call.signed_for, call.signed_for)
    event: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": _identity(call.caller, key, call.account),
        "eventTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": operation,
        "awsRegion": "us-east-1" if source in GLOBAL else call.region,
        "sourceIPAddress": str(call.request.remote_addr or "127.0.0.1"),
        "userAgent": str(call.request.headers.get("User-Agent", "")),
        "requestParameters": _shown(dict(call.params)) or None,
        "responseElements": None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": READS.match(operation) is not None,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": call.account,
        "eventCategory": "Management",
    }
    if refusal is not None:
        event["errorCode"] = "Client.UnauthorizedOperation" if source == "ec2" else "AccessDenied"
        event["errorMessage"] = "The request is not authorized."
    return event


_SOURCES = {"monitoring": "monitoring", "email": "ses", "tagging": "tagging", "execute-api": "apigateway"}


def _identity(arn: str, key: str, account: str) -> dict[str, Any]:
    arn = arn or f"arn:aws:sts::{account}:assumed-role/deployer/preflight"
    name = arn.rpartition("/")[2]
    told = {"arn": arn, "accountId": arn.split(":")[4] or account, "accessKeyId": key}
    if ":user/" in arn:
        return {"type": "IAMUser", "principalId": f"AIDA{account}", **told, "userName": name}
    if arn.endswith(":root"):
        return {"type": "Root", "principalId": account, **told}
    role = arn.split("/")[1] if "/" in arn else name
    issuer = {
        "type": "Role",
        "principalId": f"AROA{account}",
        "arn": f"arn:aws:iam::{told['accountId']}:role/{role}",
        "accountId": told["accountId"],
        "userName": role,
    }
    return {
        "type": "AssumedRole",
        "principalId": f"AROA{account}:{name}",
        **told,
        "sessionContext": {"sessionIssuer": issuer},
    }


def _shown(value: Any, name: str = "") -> Any:
    """Parameters as CloudTrail shows them: names in lower camel case, secrets hidden, bytes left out."""
    if SECRET.search(name) and not isinstance(value, Mapping | list):
        return "HIDDEN_DUE_TO_SECURITY_REASONS"
    if isinstance(value, Mapping):
        return {
            f"{each[:1].lower()}{each[1:]}": _shown(one, each)
            for each, one in value.items()
            if not isinstance(one, bytes | bytearray) and not hasattr(one, "read")
        }
    if isinstance(value, list | tuple):
        return [_shown(each, name) for each in value]
    return value


def _into_group(trail: Any, event: Mapping[str, Any]) -> None:
    """A line in the trail's log group, where metric filters see it."""
    from moto.logs.models import logs_backends

    name = trail.cw_log_group_arn.split("log-group:")[-1].removesuffix(":*")
    backend = logs_backends[trail.account_id][trail.region_name]
    if name not in backend.groups:
        return
    stream = f"{trail.account_id}_CloudTrail_{trail.region_name}"
    backend.ensure_log_stream(name, stream)
    line = {"timestamp": int(datetime.now(UTC).timestamp() * 1000), "message": json.dumps(event, default=str)}
    backend.groups[name].put_log_events(stream, [line])
