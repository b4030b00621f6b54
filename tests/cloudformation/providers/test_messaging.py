"""Buses, schedules, streams, alarms, pipes, queues and topics keep what they are told, and leave nothing behind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/carrier"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:inbox"
TAGS = [{"Key": "team", "Value": "triage"}]
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Other",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "*",
            "Resource": "*",
        }
    ],
}

# (type, what stays, what it is made with, what it is changed to); changed to None: nothing about it can be
THINGS: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any] | None]] = {
    "a rule by pattern": (
        "AWS::Events::Rule",
        {"Name": "notes"},
        {
            "Description": "urgent notes",
            "EventPattern": {"source": ["clinic"], "detail": {"kind": ["urgent"]}},
            "State": "DISABLED",
            "Targets": [
                {
                    "Id": "one",
                    "Arn": QUEUE,
                    "InputTransformer": {"InputPathsMap": {"w": "$.detail.ward"}, "InputTemplate": '{"ward": <w>}'},
                    "DeadLetterConfig": {"Arn": f"{QUEUE}-dead"},
                    "RetryPolicy": {"MaximumRetryAttempts": 4, "MaximumEventAgeInSeconds": 600},
                },
                {"Id": "two", "Arn": f"{QUEUE}-two", "Input": '{"constant": true}'},
            ],
            "Tags": TAGS,
        },
        {"EventPattern": {"source": ["ward"]}, "Targets": [{"Id": "two", "Arn": QUEUE}]},
    ),
    "a rule by time": (
        "AWS::Events::Rule",
        {},
        {"ScheduleExpression": "rate(5 minutes)"},
        {"ScheduleExpression": "cron(0 8 * * ? *)", "State": "ENABLED"},
    ),
    "a bus": (
        "AWS::Events::EventBus",
        {"Name": "triage"},
        {"Description": "for the ward", "DeadLetterConfig": {"Arn": QUEUE}, "Policy": POLICY, "Tags": TAGS},
        {"Description": "for all"},
    ),
    "an archive": (
        "AWS::Events::Archive",
        {"SourceArn": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default", "ArchiveName": "kept"},
        {"Description": "for a week", "EventPattern": {"source": ["clinic"]}, "RetentionDays": 7},
        {"Description": "for a day", "RetentionDays": 1},
    ),
    "a connection": (
        "AWS::Events::Connection",
        {"Name": "lab"},
        {
            "AuthorizationType": "API_KEY",
            "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "not a secret"}},
            "Description": "the lab",
        },
        {
            "AuthorizationType": "BASIC",
            "AuthParameters": {"BasicAuthParameters": {"Username": "ana", "Password": "not a secret"}},
        },
    ),
    "a schedule": (
        "AWS::Scheduler::Schedule",
        {"Name": "nightly"},
        {
            "ScheduleExpression": "cron(0 8 * * ? *)",
            "ScheduleExpressionTimezone": "Europe/Berlin",
            "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
            "Description": "in the morning",
            "State": "DISABLED",
            "Target": {
                "Arn": QUEUE,
                "RoleArn": ROLE,
                "Input": '{"ward": 3}',
                "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 300},
                "DeadLetterConfig": {"Arn": f"{QUEUE}-dead"},
            },
        },
        {
            "ScheduleExpression": "rate(1 day)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": QUEUE, "RoleArn": ROLE},
        },
    ),
    "a group of schedules": ("AWS::Scheduler::ScheduleGroup", {"Name": "night"}, {"Tags": TAGS}, {}),
    "a stream": (
        "AWS::Kinesis::Stream",
        {"Name": "notes"},
        {
            "ShardCount": 2,
            "RetentionPeriodHours": 48,
            "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
            "DesiredShardLevelMetrics": ["IncomingBytes"],
            "Tags": TAGS,
        },
        {"ShardCount": 4},
    ),
    "a stream on demand": (
        "AWS::Kinesis::Stream",
        {},
        {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}},
        {"StreamModeDetails": {"StreamMode": "PROVISIONED"}, "ShardCount": 4},
    ),
    "an alarm": (
        "AWS::CloudWatch::Alarm",
        {
            "AlarmName": "late",
            "Namespace": "clinic",
            "MetricName": "Waiting",
            "Dimensions": [{"Name": "Ward", "Value": "3"}],
            "ComparisonOperator": "GreaterThanThreshold",
            "Statistic": "Maximum",
        },
        {
            "AlarmDescription": "people wait",
            "Period": 60,
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": 2,
            "Threshold": 5,
            "TreatMissingData": "notBreaching",
            "ActionsEnabled": False,
            "AlarmActions": [f"arn:aws:sns:us-east-1:{ACCOUNT}:a"],
            "OKActions": [f"arn:aws:sns:us-east-1:{ACCOUNT}:b"],
            "InsufficientDataActions": [f"arn:aws:sns:us-east-1:{ACCOUNT}:c"],
            "Unit": "Count",
            "Tags": TAGS,
        },
        {"Period": 300, "EvaluationPeriods": 1, "Threshold": 9.5},
    ),
    "an alarm on an expression": (
        "AWS::CloudWatch::Alarm",
        {},
        {
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "Metrics": [
                {"Id": "e1", "Expression": "m1 * 100", "Label": "share", "ReturnData": True},
                {
                    "Id": "m1",
                    "ReturnData": False,
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "clinic",
                            "MetricName": "Waiting",
                            "Dimensions": [{"Name": "Ward", "Value": "3"}],
                        },
                        "Period": 60,
                        "Stat": "Sum",
                    },
                },
            ],
        },
        None,
    ),
    "a dashboard": (
        "AWS::CloudWatch::Dashboard",
        {"DashboardName": "ward"},
        {"DashboardBody": '{"widgets": []}'},
        {"DashboardBody": '{"widgets": [], "start": "-PT3H"}'},
    ),
    "a rule of contributors": (
        "AWS::CloudWatch::InsightRule",
        {"RuleName": "talkers"},
        {"RuleBody": '{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}}', "RuleState": "ENABLED", "Tags": TAGS},
        {"RuleBody": '{"Schema": {"Name": "CloudWatchLogRule", "Version": 2}}', "RuleState": "DISABLED"},
    ),
    "a stream of metrics": (
        "AWS::CloudWatch::MetricStream",
        {"Name": "all"},
        {
            "FirehoseArn": f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/x",
            "RoleArn": ROLE,
            "OutputFormat": "json",
            "IncludeFilters": [{"Namespace": "AWS/EC2"}],
        },
        {
            "FirehoseArn": f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/y",
            "RoleArn": ROLE,
            "OutputFormat": "json",
        },
    ),
    "a pipe": (
        "AWS::Pipes::Pipe",
        {"Name": "urgent", "Source": QUEUE, "RoleArn": ROLE},
        {
            "Target": f"arn:aws:sns:us-east-1:{ACCOUNT}:a",
            "Description": "urgent notes",
            "DesiredState": "STOPPED",
            "SourceParameters": {
                "SqsQueueParameters": {"BatchSize": 5},
                "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"kind": ["urgent"]}}'}]},
            },
            "Tags": {"team": "triage"},
        },
        {"Target": f"arn:aws:sns:us-east-1:{ACCOUNT}:b", "DesiredState": "RUNNING"},
    ),
    "a queue with everything": (
        "AWS::SQS::Queue",
        {"QueueName": "notes.fifo", "FifoQueue": True},
        {
            "ContentBasedDeduplication": True,
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
            "KmsMasterKeyId": "alias/aws/sqs",
            "KmsDataKeyReusePeriodSeconds": 600,
            "RedriveAllowPolicy": {"redrivePermission": "denyAll"},
            "ReceiveMessageWaitTimeSeconds": 20,
            "MaximumMessageSize": 2048,
        },
        {"VisibilityTimeout": 60},
    ),
    "a topic with everything": (
        "AWS::SNS::Topic",
        {"TopicName": "notes.fifo", "FifoTopic": True},
        {
            "ContentBasedDeduplication": True,
            "TracingConfig": "Active",
            "SignatureVersion": "2",
            "FifoThroughputScope": "MessageGroup",
            "ArchivePolicy": {"MessageRetentionPeriod": "30"},
        },
        {"SignatureVersion": "1"},
    ),
}


@pytest.mark.parametrize("what", THINGS)
def test_it_keeps_what_it_is_told_changes_and_goes(bench, what):
    kind, fixed, first, second = THINGS[what]
    made = bench.make(kind, **fixed, **first)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    if second is not None:
        changed = bench.change(made, **fixed, **second)
        assert (changed.unapplied, bench.lost(changed)) == ((), set())
        made = changed
    bench.delete(made)
    bench.delete(made)
    read_again(bench, made)


def read_again(bench, thing):
    from preflight.cloudformation.ledger import Declared
    from preflight.cloudformation.providers import find_provider

    provider: Any = find_provider(thing.type)
    told = json.dumps(provider.read(thing.made, Declared(thing.properties), thing.context), default=str)
    assert thing.ref not in told


def test_a_rule_on_a_bus_of_its_own_goes_by_both_names(bench):
    bus = bench.make("AWS::Events::EventBus", "Bus", Name="triage")
    pattern = {"source": ["clinic"]}
    rule = bench.make("AWS::Events::Rule", "Rule", EventBusName=bus.ref, Name="notes", EventPattern=pattern)
    assert rule.ref == "triage|notes"
    assert rule["Arn"] == f"arn:aws:events:us-east-1:{ACCOUNT}:rule/triage/notes"
    changed = bench.change(rule, EventBusName=bus.ref, Name="notes", EventPattern=pattern, Description="more")
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    bench.delete(changed)
    assert bench.client("events").list_rules(EventBusName="triage")["Rules"] == []


def test_a_statement_of_a_buss_policy(bench):
    bench.make("AWS::Events::EventBus", "Bus", Name="triage")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}
    policy = bench.make(
        "AWS::Events::EventBusPolicy", "P", EventBusName="triage", StatementId="All", Statement=statement
    )
    assert (policy.ref, policy.unapplied, bench.lost(policy)) == ("triage|All", (), set())
    narrower = {**statement, "Principal": {"AWS": "111122223333"}}
    changed = bench.change(policy, EventBusName="triage", StatementId="All", Statement=narrower)
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    bench.delete(changed)
    assert "Policy" not in bench.client("events").describe_event_bus(Name="triage")


def test_an_address_on_the_web(bench):
    connection = bench.make(
        "AWS::Events::Connection",
        "C",
        AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "not a secret"}},
    )
    assert connection["SecretArn"].startswith("arn:aws:secretsmanager:")
    assert connection["Arn"].startswith(connection["ArnForPolicy"] + "/")
    address = {"ConnectionArn": connection["Arn"], "HttpMethod": "POST", "InvocationEndpoint": "https://lab.example/x"}
    made = bench.make("AWS::Events::ApiDestination", "D", **address, InvocationRateLimitPerSecond=5)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    changed = bench.change(made, **{**address, "HttpMethod": "PUT"}, InvocationRateLimitPerSecond=5)
    assert bench.lost(changed) == set()
    bench.delete(changed)
    assert bench.client("events").list_api_destinations()["ApiDestinations"] == []


def test_who_reads_a_stream(bench):
    stream = bench.make("AWS::Kinesis::Stream", "S", ShardCount=1)
    consumer = bench.make("AWS::Kinesis::StreamConsumer", "C", StreamARN=stream["Arn"], ConsumerName="triage")
    assert consumer.ref == consumer["ConsumerARN"]
    assert (consumer.unapplied, bench.lost(consumer)) == ((), set())
    policy = bench.make("AWS::Kinesis::ResourcePolicy", "P", ResourceArn=stream["Arn"], ResourcePolicy=POLICY)
    assert (policy.unapplied, bench.lost(policy)) == ((), set())
    for thing in (policy, consumer, stream, policy, consumer, stream):
        bench.delete(thing)
    assert bench.client("kinesis").list_streams()["StreamNames"] == []
    with pytest.raises(ClientError, match="ShardCount must not be provided"):
        bench.make("AWS::Kinesis::Stream", "N", ShardCount=1, StreamModeDetails={"StreamMode": "ON_DEMAND"})


def test_an_alarm_made_of_alarms(bench):
    fixed: dict[str, Any] = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1}
    alarm = bench.make(
        "AWS::CloudWatch::Alarm",
        "A",
        AlarmName="late",
        Namespace="x",
        MetricName="y",
        Statistic="Sum",
        Period=60,
        **fixed,
    )
    made = bench.make(
        "AWS::CloudWatch::CompositeAlarm",
        "C",
        AlarmRule="ALARM(late)",
        AlarmDescription="both",
        ActionsEnabled=False,
        AlarmActions=[f"arn:aws:sns:us-east-1:{ACCOUNT}:a"],
        ActionsSuppressor="late",
        ActionsSuppressorWaitPeriod=60,
        ActionsSuppressorExtensionPeriod=60,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert made["Arn"] == f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{made.ref}"
    changed = bench.change(made, AlarmRule="NOT ALARM(late)")
    assert bench.lost(changed) == set()
    assert [each["AlarmName"] for each in bench.client("cloudwatch").describe_alarms()["MetricAlarms"]] == ["late"]
    with pytest.raises(ClientError, match="do not exist"):
        bench.make("AWS::CloudWatch::CompositeAlarm", "N", AlarmRule="ALARM(nothing)")
    bench.delete(changed)
    bench.delete(alarm)
    assert bench.client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"] == []


@pytest.mark.parametrize(
    "properties, message",
    [
        ({"Namespace": "x", "MetricName": "y"}, "Statistic, ExtendedStatistic"),
        ({"MetricName": "y", "Metrics": [{"Id": "m", "Expression": "1"}]}, "must not both be specified"),
    ],
)
def test_an_alarm_cloudwatch_would_not_take(bench, properties, message):
    with pytest.raises(ClientError, match=message):
        bench.make(
            "AWS::CloudWatch::Alarm",
            "A",
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            Threshold=1,
            **properties,
        )


def test_an_alarm_says_how_many_periods_it_looks_at(bench):
    metric = {"Namespace": "x", "MetricName": "y", "Statistic": "Sum", "Period": 60}
    with pytest.raises(ClientError, match="EvaluationPeriods"):
        bench.make("AWS::CloudWatch::Alarm", "A", ComparisonOperator="GreaterThanThreshold", Threshold=1, **metric)


def test_policies_of_their_own_queue_and_topic(bench):
    queue, topic = bench.make("AWS::SQS::Queue", "Q"), bench.make("AWS::SNS::Topic", "T")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Sid": "all-of-it"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    on_queue = bench.make("AWS::SQS::QueueInlinePolicy", "QP", Queue=queue.ref, PolicyDocument=document)
    on_topic = bench.make("AWS::SNS::TopicInlinePolicy", "TP", TopicArn=topic.ref, PolicyDocument=document)
    for policy in (on_queue, on_topic):
        assert (policy.unapplied, bench.lost(policy)) == ((), set())
    bench.change(queue, VisibilityTimeout=90)
    assert bench.lost(on_queue) == set()
    bench.delete(on_queue)
    bench.delete(on_topic)
    told = bench.client("sqs").get_queue_attributes(QueueUrl=queue.ref, AttributeNames=["All"])["Attributes"]
    assert "all-of-it" not in told.get("Policy", "")


def test_a_schedule_in_a_group_that_is_not_there(bench):
    with pytest.raises(ClientError, match="not exist"):
        bench.make(
            "AWS::Scheduler::Schedule",
            GroupName="nothing",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": QUEUE, "RoleArn": ROLE},
        )


@pytest.mark.parametrize(
    "properties, message",
    [
        ({"KmsMasterKeyId": "alias/aws/sqs", "SqsManagedSseEnabled": True}, "one type of server-side encryption"),
        ({"FifoQueue": True, "RedrivePolicy": {"deadLetterTargetArn": "{open}", "maxReceiveCount": 3}}, "."),
        ({"RedrivePolicy": {"deadLetterTargetArn": "{fifo}", "maxReceiveCount": 3}}, "same type of queue"),
        ({"RedrivePolicy": {"deadLetterTargetArn": "{closed}", "maxReceiveCount": 3}}, "does not allow"),
        ({"RedrivePolicy": {"deadLetterTargetArn": f"{QUEUE}-gone", "maxReceiveCount": 3}}, "DLQ|not exist"),
    ],
)
def test_a_queue_sqs_would_not_take(bench, properties, message):
    dead = {
        "{open}": bench.make("AWS::SQS::Queue", "Open")["Arn"],
        "{fifo}": bench.make("AWS::SQS::Queue", "Fifo", FifoQueue=True)["Arn"],
        "{closed}": bench.make("AWS::SQS::Queue", "Closed", RedriveAllowPolicy={"redrivePermission": "denyAll"})["Arn"],
    }
    if "RedrivePolicy" in properties:
        target = properties["RedrivePolicy"]["deadLetterTargetArn"]
        told = {"deadLetterTargetArn": dead.get(target, target), "maxReceiveCount": 3}
        properties = {**properties, "RedrivePolicy": told}
    with pytest.raises(ClientError, match=message):
        bench.make("AWS::SQS::Queue", "Q", **properties)
