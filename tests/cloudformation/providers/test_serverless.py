"""Queues, topics and log groups are a few lines of table each, and keep what they are told."""

from __future__ import annotations

import pytest

TAGS = [{"Key": "team", "Value": "triage"}]


@pytest.fixture
def dead(bench):
    return bench.make("AWS::SQS::Queue", "Dead")


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
