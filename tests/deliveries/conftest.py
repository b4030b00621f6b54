"""A cloud whose services hand on to one another, and short words to build and to look with."""

from __future__ import annotations

import io
import json
import textwrap
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from preflight.clouds.offline import OfflineCloud

ACCOUNT = "123456789012"
KEEP = """
import json, os, time, uuid
import boto3

def keep(what):
    key = f"{time.time_ns()}-{uuid.uuid4().hex}"
    boto3.client("s3").put_object(Bucket="kept", Key=key, Body=json.dumps(what))

"""
READS_QUEUES = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
READS_TABLES = ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"]
READS_STREAMS = ["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards"]


@dataclass
class Place:
    """One cloud with what a story needs in it."""

    cloud: OfflineCloud

    def client(self, service: str) -> Any:
        return self.cloud.client(service)

    def queue(self, name: str, *, lets: str | None = None, source: str | None = None, **attributes: str) -> str:
        """A queue's ARN; `lets` is the service that may send to it, `source` for whom."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
        if lets:
            self.let(url, arn, lets, source)
        return arn

    def let(self, url: str, arn: str, service: str, source: str | None = None) -> None:
        policy = statement(service, "sqs:SendMessage", arn, source)
        self.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    def url(self, arn: str) -> str:
        return str(self.client("sqs").get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])

    def send(self, queue: str, *bodies: str, **more: Any) -> None:
        for body in bodies:
            self.client("sqs").send_message(QueueUrl=self.url(queue), MessageBody=body, **more)

    def received(self, queue: str) -> list[str]:
        """The bodies of all messages that are in a queue now, taken out."""
        return [str(each["Body"]) for each in self.messages(queue)]

    def messages(self, queue: str) -> list[dict[str, Any]]:
        sqs, url, found = self.client("sqs"), self.url(queue), []
        while True:
            batch = sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
            ).get("Messages", [])
            if not batch:
                return found
            for each in batch:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
            found += batch

    def topic(self, name: str, **attributes: str) -> str:
        return str(self.client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"])

    def subscribe(self, topic: str, endpoint: str, **attributes: Any) -> str:
        told = {name: each if isinstance(each, str) else json.dumps(each) for name, each in attributes.items()}
        kind = endpoint.split(":")[2] if endpoint.startswith("arn:") else "email" if "@" in endpoint else "http"
        answer = self.client("sns").subscribe(
            TopicArn=topic, Protocol=kind, Endpoint=endpoint, Attributes=told, ReturnSubscriptionArn=True
        )
        return str(answer["SubscriptionArn"])

    def role(self, name: str, service: str, *statements: dict[str, Any]) -> str:
        """A role that trusts a service and may do what the statements say."""
        iam = self.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])
        if statements:
            policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
        return arn

    def function(self, name: str, source: str, *statements: dict[str, Any], timeout: int = 5, **env: str) -> str:
        """A function's ARN; it keeps what it is given with `keep(...)`, in an object each, told by `kept`."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("index.py", KEEP + textwrap.dedent(source))
        s3 = self.client("s3")
        if not any(each["Name"] == "kept" for each in s3.list_buckets()["Buckets"]):
            s3.create_bucket(Bucket="kept")
        role = self.role(
            f"{name}-role", "lambda.amazonaws.com", may("s3:PutObject", "arn:aws:s3:::kept/*"), *statements
        )
        made = self.client("lambda").create_function(
            FunctionName=name,
            Role=role,
            Runtime="python3.12",
            Handler="index.handler",
            Timeout=timeout,
            Code={"ZipFile": packed.getvalue()},
            Environment={"Variables": env},
        )
        return str(made["FunctionArn"])

    def may_call(self, function: str, service: str, source: str) -> None:
        self.client("lambda").add_permission(
            FunctionName=function,
            StatementId=uuid.uuid4().hex,
            Action="lambda:InvokeFunction",
            Principal=service,
            SourceArn=source,
        )

    def map(self, function: str, source: str, **more: Any) -> str:
        made = self.client("lambda").create_event_source_mapping(FunctionName=function, EventSourceArn=source, **more)
        return str(made["UUID"])

    def kept(self) -> list[Any]:
        """What functions kept, in the order of time."""
        assert self.cloud.deliveries.settle(20)
        s3 = self.client("s3")
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket="kept").get("Contents", [])]
        return [json.loads(s3.get_object(Bucket="kept", Key=key)["Body"].read()) for key in sorted(keys)]

    @property
    def denied(self) -> list[tuple[str, str]]:
        return [(action, resource) for action, resource, _ in self.cloud.authorizer.denied]


def statement(service: str, action: str, resource: str, source: str | None = None) -> str:
    """A resource policy that lets a service act."""
    told: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
    }
    if source:
        told["Condition"] = {"ArnEquals": {"aws:SourceArn": source}}
    return json.dumps({"Version": "2012-10-17", "Statement": [told]})


def may(action: str | list[str], resource: str | list[str] = "*") -> dict[str, Any]:
    """A statement of an identity policy."""
    return {"Effect": "Allow", "Action": action, "Resource": resource}


@pytest.fixture(scope="module")
def _cloud() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


@pytest.fixture
def place(_cloud: OfflineCloud) -> Iterator[Place]:
    _cloud.reset()
    yield Place(_cloud)
    assert _cloud.deliveries.settle()
    assert not list(_cloud.deliveries.faults)
