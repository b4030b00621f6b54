"""Mends the emulated Firehose: records are transformed, named, compressed and written with the stream's own role.

A record arrives at once: AWS buffers for as long as its hints say. What the role may not write is lost from here, as it
is retried and then given up on AWS. Names: https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html,
prefixes: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html, transformation:
https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import threading
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

# the Java letters of a timestamp, as Python's
_LETTERS = (("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S"))


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What takes the place of moto's own."""
    from moto.firehose import models
    from moto.kinesis.models import KinesisBackend

    backend = models.FirehoseBackend
    return [
        (KinesisBackend, "put_record", _carrying_one(KinesisBackend.put_record)),
        (KinesisBackend, "put_records", _carrying(KinesisBackend.put_records)),
        (backend, "put_record_batch", _directly(backend.put_record_batch)),
        (backend, "create_delivery_stream", _creating(backend.create_delivery_stream)),
        (backend, "put_s3_records", _put),
    ]


def _creating(create: Any) -> Any:
    def create_delivery_stream(self: Any, *asked: Any, **named: Any) -> Any:
        from moto.firehose.exceptions import InvalidArgumentException

        for role in _roles([*asked, *named.values()]):
            if not _role_is_there(role, self.account_id):
                message = f"Firehose is unable to assume role {role}. Please check the role provided."
                raise InvalidArgumentException(message)
        return create(self, *asked, **named)

    return create_delivery_stream


def _directly(put: Any) -> Any:
    def put_record_batch(self: Any, delivery_stream_name: str, records: list[dict[str, bytes]]) -> Any:
        from moto.firehose.exceptions import InvalidArgumentException

        stream = self.delivery_streams.get(delivery_stream_name)
        if stream is not None and stream.source and not getattr(_from_kinesis, "on", False):
            kind = stream.delivery_stream_type
            raise InvalidArgumentException(f"This operation is not permitted on {kind} delivery stream type.")
        return put(self, delivery_stream_name, records)

    return put_record_batch


def _carrying_one(put: Any) -> Any:
    def put_record(self: Any, stream_arn: Any, stream_name: Any, key: str, hash_key: Any, data: str) -> Any:
        answer = put(self, stream_arn, stream_name, key, hash_key, data)
        _carry(self, self.describe_stream(stream_arn=stream_arn, stream_name=stream_name).arn, [data])
        return answer

    return put_record


def _carrying(put: Any) -> Any:
    def put_records(self: Any, stream_arn: Any, stream_name: Any, records: list[dict[str, Any]]) -> Any:
        answer = put(self, stream_arn, stream_name, records)
        arn = self.describe_stream(stream_arn=stream_arn, stream_name=stream_name).arn
        _carry(self, arn, [each["Data"] for each in records])
        return answer

    return put_records


# which thread hands a Kinesis stream's records on
_from_kinesis = threading.local()


def _carry(kinesis: Any, arn: str, data: list[str]) -> None:
    """Hand what came to a Kinesis stream to the delivery streams that read it."""
    from moto.firehose.models import firehose_backends

    backend = firehose_backends[kinesis.account_id][kinesis.region_name]
    for stream in list(backend.delivery_streams.values()):
        source = stream.source or {}
        if source.get("KinesisStreamARN") == arn and _may_read(source, backend):
            _from_kinesis.on = True
            try:
                records = [{"Data": base64.b64decode(each)} for each in data]
                backend.put_record_batch(stream.delivery_stream_name, records)
            finally:
                _from_kinesis.on = False


def _may_read(source: Mapping[str, Any], backend: Any) -> bool:
    """Whether the role may read the stream: what it may not stays there."""
    from botocore.exceptions import BotoCoreError, ClientError

    arn = source["KinesisStreamARN"]
    client = _acting(source.get("RoleARN"), backend.account_id, backend.region_name)("kinesis")
    try:
        shard = {"ShardId": "shardId-000000000000", "ShardIteratorType": "LATEST"}
        at = client.get_shard_iterator(StreamARN=arn, **shard)["ShardIterator"]
        client.get_records(ShardIterator=at, StreamARN=arn, Limit=1)
    except (BotoCoreError, ClientError):
        return False
    return True


def _put(
    self: Any, stream: str, version: str, destination: Mapping[str, Any], records: list[dict[str, bytes]]
) -> list[dict[str, str]]:
    answer = [{"RecordId": str(uuid.uuid4())} for _ in records]
    make = _acting(destination.get("RoleARN"), self.account_id, self.region_name)
    arn = f"arn:aws:firehose:{self.region_name}:{self.account_id}:deliverystream/{stream}"
    good, bad = [each["Data"] for each in records], list[bytes]()
    function = _processor(destination)
    if function:
        good, bad = _transformed(good, function, make, arn, self.region_name)
    for kind, kept in (("", good), ("processing-failed", bad)):
        if kept:
            _write(make, destination, f"{stream}-{version}", b"".join(kept), kind)
    return answer


def _write(make: Any, destination: Mapping[str, Any], name: str, body: bytes, failed: str) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    key = _key(destination, name, failed)
    if destination.get("CompressionFormat") == "GZIP":
        body, key = gzip.compress(body), f"{key}.gz"
    elif destination.get("FileExtension"):
        key += destination["FileExtension"]
    bucket = str(destination["BucketARN"]).rpartition(":")[2]
    try:
        make("s3").put_object(Bucket=bucket, Key=key, Body=body)
    except (BotoCoreError, ClientError):
        # Firehose says so in its log, and tries for a day
        return


def _key(destination: Mapping[str, Any], name: str, failed: str) -> str:
    now = datetime.now(UTC)
    prefix = str(destination.get("ErrorOutputPrefix" if failed else "Prefix") or "")
    if "!{" in prefix:
        prefix = prefix.replace("!{firehose:error-output-type}", failed)
        prefix = re.sub(r"!\{firehose:random-string\}", lambda _: uuid.uuid4().hex[:11], prefix)
        prefix = re.sub(r"!\{timestamp:([^}]*)\}", lambda found: _stamp(found[1], now), prefix)
    else:
        prefix = f"{prefix}{f'{failed}/' if failed else ''}{now:%Y/%m/%d/%H}/"
    return f"{prefix}{name}-{now:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}"


def _stamp(pattern: str, now: datetime) -> str:
    for java, python in _LETTERS:
        pattern = pattern.replace(java, python)
    return now.strftime(pattern.replace("'", ""))


def _processor(destination: Mapping[str, Any]) -> str | None:
    told = destination.get("ProcessingConfiguration") or {}
    if not told.get("Enabled"):
        return None
    parameters = (
        parameter
        for each in told.get("Processors") or []
        if each.get("Type") == "Lambda"
        for parameter in each.get("Parameters") or []
    )
    return next((str(each["ParameterValue"]) for each in parameters if each["ParameterName"] == "LambdaArn"), None)


def _transformed(
    records: list[bytes], function: str, make: Any, arn: str, region: str
) -> tuple[list[bytes], list[bytes]]:
    """The records as the function gives them back, and those it could not transform."""
    from botocore.exceptions import BotoCoreError, ClientError

    sent = {str(index): each for index, each in enumerate(records)}
    now = int(datetime.now(UTC).timestamp() * 1000)
    event = {
        "invocationId": str(uuid.uuid4()),
        "deliveryStreamArn": arn,
        "region": region,
        "records": [
            {"recordId": key, "approximateArrivalTimestamp": now, "data": base64.b64encode(each).decode()}
            for key, each in sent.items()
        ],
    }
    try:
        answer = make("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        told = json.loads(answer["Payload"].read() or b"{}")
        given = {str(each["recordId"]): each for each in told["records"]}
    except (BotoCoreError, ClientError, ValueError, KeyError, TypeError):
        return [], [_failure(each, function) for each in records]
    good, bad = [], []
    for key, each in sent.items():
        result = given.get(key, {}).get("result")
        if result == "Ok":
            good.append(base64.b64decode(given[key].get("data", "")))
        elif result != "Dropped":
            bad.append(_failure(each, function))
    return good, bad


def _failure(record: bytes, function: str) -> bytes:
    told = {
        "attemptsMade": 1,
        "errorCode": "Lambda.FunctionError",
        "rawData": base64.b64encode(record).decode(),
        "lambdaArn": function,
    }
    return json.dumps(told).encode() + b"\n"


def _roles(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name == "RoleARN" and isinstance(each, str):
                yield each
            yield from _roles(each)
    elif isinstance(value, list):
        for each in value:
            yield from _roles(each)


def _role_is_there(arn: str, account: str) -> bool:
    import moto.backends

    parts = arn.split(":")
    if len(parts) < 6 or parts[4] != account:
        return True
    iam: Any = moto.backends.get_backend("iam")[account]["aws"]
    return any(role.name == parts[5].rpartition("/")[2] for role in iam.roles.values())


def _acting(role: Any, account: str, region: str) -> Any:
    """Makes clients that speak with the stream's role, so that a grant it lacks is missed as on AWS."""
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": 1}, proxies={})
    keys: dict[str, Any] = {}
    if role and str(role).split(":")[4] == account:
        deployer = _session().client("sts", region_name=region, config=config)
        held = deployer.assume_role(RoleArn=role, RoleSessionName="AWSFirehoseToS3")["Credentials"]
        keys = {
            "aws_access_key_id": held["AccessKeyId"],
            "aws_secret_access_key": held["SecretAccessKey"],
            "aws_session_token": held["SessionToken"],
        }
    return lambda service: _session().client(service, region_name=region, config=config, **keys)


@cache
def _session() -> Any:
    import boto3
    import moto.core.models  # noqa: F401

    return boto3.session.Session(aws_access_key_id="unused", aws_secret_access_key="unused")
