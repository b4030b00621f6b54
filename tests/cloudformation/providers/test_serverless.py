"""Functions, queues, topics and log groups are a few lines of table each, and keep what they are told."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture
def role(bench):
    return bench.make("AWS::IAM::Role", "Role", AssumeRolePolicyDocument=TRUST)["Arn"]


@pytest.fixture
def dead(bench):
    return bench.make("AWS::SQS::Queue", "Dead")


def test_an_inline_function_changes_its_code_and_configuration(bench, role, dead):
    client = bench.client("lambda")
    declared: dict[str, Any] = {"FunctionName": "triage", "Role": role}
    made = bench.make(
        "AWS::Lambda::Function",
        "Triage",
        **declared,
        Handler="index.handler",
        Runtime="python3.12",
        Code={"ZipFile": "def handler(event, context):\n    return 1\n"},
        Description="sorts notes",
        Timeout="30",
        MemorySize=256,
        Environment={"Variables": {"TABLE": "notes"}},
        Architectures=["arm64"],
        EphemeralStorage={"Size": 1024},
        TracingConfig={"Mode": "Active"},
        DeadLetterConfig={"TargetArn": dead["Arn"]},
        ReservedConcurrentExecutions=5,
        Tags=TAGS,
    )
    assert made.unapplied == ("DeadLetterConfig",)
    assert {each.split("=")[0] for each in bench.lost(made)} == {"Code.ZipFile"}
    before = client.get_function(FunctionName="triage")["Configuration"]["CodeSha256"]

    changed = bench.change(
        made,
        **declared,
        Handler="index.other",
        Runtime="python3.13",
        Code={"ZipFile": "def other(event, context):\n    return 2\n"},
    )
    facts = client.get_function(FunctionName="triage")
    configuration = facts["Configuration"]
    assert (configuration["Handler"], configuration["Runtime"]) == ("index.other", "python3.13")
    assert (configuration["Timeout"], configuration["MemorySize"]) == (3, 128)
    assert configuration["CodeSha256"] != before
    assert not configuration.get("Environment", {}).get("Variables")
    assert "Concurrency" not in facts
    assert "team" not in client.list_tags(Resource=made["Arn"])["Tags"]
    bench.delete(changed)
    bench.delete(changed)
    assert client.list_functions()["Functions"] == []


def test_a_function_from_an_asset_and_who_may_call_it(bench, role):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return 1\n")
    bench.make("AWS::S3::Bucket", "Assets", BucketName="assets")
    bench.client("s3").put_object(Bucket="assets", Key="code.zip", Body=packed.getvalue())
    made = bench.make(
        "AWS::Lambda::Function",
        "FromAsset",
        Role=role,
        Handler="app.handler",
        Runtime="python3.12",
        Code={"S3Bucket": "assets", "S3Key": "code.zip"},
    )
    assert bench.client("lambda").get_function(FunctionName=made.ref)["Configuration"]["CodeSize"] == len(
        packed.getvalue()
    )
    with pytest.raises(ClientError, match="The specified key does not exist"):
        code = {"S3Bucket": "assets", "S3Key": "another.zip"}
        bench.make("AWS::Lambda::Function", "No", Role=role, Handler="a.b", Runtime="python3.12", Code=code)
    allowed = bench.make(
        "AWS::Lambda::Permission",
        "Allow",
        FunctionName=made["Arn"],
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::notes",
        SourceAccount="123456789012",
    )
    assert (allowed.unapplied, bench.lost(allowed)) == ((), set())
    bench.delete(allowed)
    bench.delete(made)
    bench.delete(allowed)


def test_a_log_group_keeps_its_lines_for_as_long_as_it_says(bench):
    logs = bench.client("logs")
    group = bench.make(
        "AWS::Logs::LogGroup", "Group", LogGroupName="/notes", RetentionInDays=30, LogGroupClass="STANDARD", Tags=TAGS
    )
    assert (group.unapplied, bench.lost(group)) == (("LogGroupClass",), set())
    assert group["Arn"] == "arn:aws:logs:us-east-1:123456789012:log-group:/notes:*"
    stream = bench.make("AWS::Logs::LogStream", "Stream", LogGroupName="/notes", LogStreamName="one")
    changed = bench.change(group, LogGroupName="/notes", LogGroupClass="STANDARD")
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]
    bench.delete(stream)
    bench.delete(changed)
    bench.delete(stream)
    assert logs.describe_log_groups()["logGroups"] == []


def test_a_queue_and_its_policy(bench, dead):
    sqs = bench.client("sqs")

    def told(name: str) -> str:
        answer = sqs.get_queue_attributes(QueueUrl=queue.ref, AttributeNames=["All"])
        return str(answer["Attributes"].get(name))

    queue = bench.make(
        "AWS::SQS::Queue",
        "Notes",
        QueueName="notes",
        DelaySeconds=5,
        VisibilityTimeout="60",
        MessageRetentionPeriod=3600,
        RedrivePolicy={"deadLetterTargetArn": dead["Arn"], "maxReceiveCount": 3},
        Tags=TAGS,
    )
    assert (queue.unapplied, bench.lost(queue)) == ((), set())
    changed = bench.change(queue, QueueName="notes", VisibilityTimeout=90)
    assert [told(each) for each in ("VisibilityTimeout", "DelaySeconds", "MessageRetentionPeriod")] == [
        "90",
        "0",
        "345600",
    ]
    assert told("RedrivePolicy") == "None"

    statement = {"Sid": "Send", "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = bench.make("AWS::SQS::QueuePolicy", "P", Queues=[queue.ref], PolicyDocument={"Statement": [statement]})
    assert (policy.unapplied, bench.lost(policy)) == ((), set())
    bench.delete(policy)
    assert told("Policy") in ("None", "")

    line = bench.make("AWS::SQS::Queue", "Line", FifoQueue=True, ContentBasedDeduplication=True)
    assert line["QueueName"].endswith(".fifo")
    for thing in (changed, changed, line, dead):
        bench.delete(thing)
    assert not sqs.list_queues().get("QueueUrls")


def test_a_topic_its_listeners_and_its_policy(bench, dead):
    sns = bench.client("sns")
    topic = bench.make(
        "AWS::SNS::Topic",
        "Alerts",
        DisplayName="Alerts",
        KmsMasterKeyId="alias/aws/sns",
        TracingConfig="Active",
        Subscription=[{"Protocol": "email", "Endpoint": "ana@clinic.example"}],
        Tags=TAGS,
    )
    assert (topic.unapplied, bench.lost(topic)) == ((), set())
    changed = bench.change(topic, Subscription=[{"Protocol": "sqs", "Endpoint": dead["Arn"]}])
    assert [each["Protocol"] for each in sns.list_subscriptions()["Subscriptions"]] == ["sqs"]
    assert not sns.get_topic_attributes(TopicArn=topic.ref)["Attributes"]["DisplayName"]

    listener = bench.make(
        "AWS::SNS::Subscription",
        "Listener",
        TopicArn=topic.ref,
        Protocol="https",
        Endpoint="https://clinic.example/hook",
        FilterPolicy={"kind": ["urgent"]},
        RawMessageDelivery=True,
    )
    assert (listener.unapplied, bench.lost(listener)) == ((), set())
    quiet = bench.change(listener, TopicArn=topic.ref, Protocol="https", Endpoint="https://clinic.example/hook")
    attributes = sns.get_subscription_attributes(SubscriptionArn=listener.ref)["Attributes"]
    assert (attributes["FilterPolicy"], attributes["RawMessageDelivery"]) == ("{}", "false")

    publish = {"Effect": "Allow", "Principal": {"Service": "budgets.amazonaws.com"}, "Action": "sns:Publish"}
    publish["Resource"] = topic.ref
    policy = bench.make("AWS::SNS::TopicPolicy", "P", Topics=[topic.ref], PolicyDocument={"Statement": [publish]})
    assert (policy.unapplied, bench.lost(policy)) == ((), set())
    bench.delete(policy)
    assert "budgets" not in sns.get_topic_attributes(TopicArn=topic.ref)["Attributes"]["Policy"]
    for thing in (quiet, changed, quiet, changed):
        bench.delete(thing)
    assert sns.list_topics()["Topics"] == []
    assert sns.list_subscriptions()["Subscriptions"] == []
