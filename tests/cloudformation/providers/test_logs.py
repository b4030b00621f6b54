"""Log groups keep what they are told; a metric filter counts the lines it matches, a subscription needs its grant."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]
PROTECTED = {
    "Name": "hide",
    "Version": "2021-06-01",
    "Statement": [
        {
            "Sid": "audit",
            "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],
            "Operation": {"Audit": {"FindingsDestination": {}}},
        }
    ],
}


@pytest.fixture
def group(bench):
    made = bench.make("AWS::Logs::LogGroup", "Group", LogGroupName="/notes")
    bench.client("logs").create_log_stream(logGroupName="/notes", logStreamName="one")
    return made


def write(bench, *lines: Any) -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)
    events = [{"timestamp": now, "message": each if isinstance(each, str) else json.dumps(each)} for each in lines]
    bench.client("logs").put_log_events(logGroupName="/notes", logStreamName="one", logEvents=events)


def counted(bench, metric: str, **dimensions: str) -> float:
    now = datetime.now(UTC)
    told = bench.client("cloudwatch").get_metric_statistics(
        Namespace="Clinic",
        MetricName=metric,
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=3600,
        Statistics=["Sum"],
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
    )
    return sum(each["Sum"] for each in told["Datapoints"])


def test_a_log_group_keeps_its_lines_for_as_long_as_it_says(bench):
    logs, key = bench.client("logs"), bench.client("kms").create_key()["KeyMetadata"]["Arn"]
    made = bench.make(
        "AWS::Logs::LogGroup",
        LogGroupName="/notes",
        RetentionInDays=30,
        KmsKeyId=key,
        DataProtectionPolicy=PROTECTED,
        Tags=TAGS,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert made["Arn"] == "arn:aws:logs:us-east-1:123456789012:log-group:/notes:*"
    changed = bench.change(made, LogGroupName="/notes", RetentionInDays=7)
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    told = logs.describe_log_groups()["logGroups"][0]
    assert (told["retentionInDays"], told.get("kmsKeyId")) == (7, None)
    stream = bench.make("AWS::Logs::LogStream", "Stream", LogGroupName="/notes", LogStreamName="one")
    assert bench.lost(stream) == set()
    for thing in (stream, changed, stream, changed):
        bench.delete(thing)
    assert logs.describe_log_groups()["logGroups"] == []
    with pytest.raises(ClientError, match="enum value set"):
        bench.make("AWS::Logs::LogGroup", RetentionInDays=42)
    with pytest.raises(ClientError, match="does not exist"):
        bench.make("AWS::Logs::LogGroup", KmsKeyId=f"{key[:-4]}0000")


def test_a_pattern_is_tried_on_lines_without_a_group(bench):
    logs, lines = bench.client("logs"), ['{"type": "Root", "size": 4}', '{"type": "Role"}', "plain"]
    found = logs.test_metric_filter(filterPattern='{ $.type = "Root" }', logEventMessages=lines)["matches"]
    assert [(each["eventNumber"], each["eventMessage"]) for each in found] == [(1, lines[0])]
    assert len(logs.test_metric_filter(filterPattern="", logEventMessages=lines)["matches"]) == 3
    with pytest.raises(ClientError, match="Invalid filter pattern"):
        logs.test_metric_filter(filterPattern="{ $.a", logEventMessages=lines)


def test_a_metric_filter_counts(bench, group):
    denied = {
        "MetricName": "denied",
        "MetricNamespace": "Clinic",
        "MetricValue": "1",
        "DefaultValue": 0,
        "Unit": "Count",
    }
    declared: dict[str, Any] = {"LogGroupName": "/notes", "FilterPattern": '{ $.errorCode = "AccessDenied*" }'}
    made = bench.make("AWS::Logs::MetricFilter", "Denied", **declared, MetricTransformations=[denied])
    assert (made.unapplied, bench.lost(made)) == ((), set())
    write(bench, {"errorCode": "AccessDeniedException"}, {"errorCode": "AccessDenied"}, {"ok": 1}, "plain")
    assert counted(bench, "denied") == 2
    size = {
        "MetricName": "bytes",
        "MetricNamespace": "Clinic",
        "MetricValue": "$.size",
        "Dimensions": [{"Key": "ward", "Value": "$.ward"}],
    }
    changed = bench.change(made, LogGroupName="/notes", FilterPattern="{ $.size > 0 }", MetricTransformations=[size])
    assert (changed.unapplied, bench.lost(changed), changed.ref) == ((), set(), made.ref)
    write(bench, {"size": 40, "ward": "north"}, {"size": 2, "ward": "north"}, {"size": 7, "ward": "south"})
    assert counted(bench, "bytes", ward="north") == 42
    assert counted(bench, "denied") == 2
    bench.delete(changed)
    bench.delete(changed)
    assert bench.client("logs").describe_metric_filters()["metricFilters"] == []
    with pytest.raises(ClientError, match="Invalid filter pattern"):
        bench.make(
            "AWS::Logs::MetricFilter", LogGroupName="/notes", FilterPattern="{ $.a", MetricTransformations=[size]
        )
    with pytest.raises(ClientError, match="ResourceNotFound"):
        bench.make("AWS::Logs::MetricFilter", LogGroupName="/no", FilterPattern="", MetricTransformations=[denied])


def test_lines_are_found_by_pattern(bench, group):
    write(bench, {"level": "ERROR"}, {"level": "INFO"}, "ERROR plain")
    logs = bench.client("logs")
    found = logs.filter_log_events(logGroupName="/notes", filterPattern='{ $.level = "ERR*" }')["events"]
    assert [json.loads(each["message"])["level"] for each in found] == ["ERROR"]


def test_a_subscription_hands_on_what_matches(bench, group):
    kinesis = bench.client("kinesis")
    kinesis.create_stream(StreamName="lines", ShardCount=1)
    stream = kinesis.describe_stream(StreamName="lines")["StreamDescription"]["StreamARN"]
    trust = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = bench.make("AWS::IAM::Role", "Role", AssumeRolePolicyDocument={"Statement": [trust]})
    declared = {"LogGroupName": "/notes", "FilterPattern": "ERROR", "DestinationArn": stream, "RoleArn": role["Arn"]}
    with pytest.raises(ClientError, match="Could not deliver test message"):
        bench.make("AWS::Logs::SubscriptionFilter", **declared)
    grant = {"Statement": [{"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": stream}]}
    bench.client("iam").put_role_policy(RoleName=role.ref, PolicyName="put", PolicyDocument=json.dumps(grant))
    made = bench.make("AWS::Logs::SubscriptionFilter", **declared)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    changed = bench.change(made, **{**declared, "FilterPattern": "ERROR -retry"})
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    write(bench, "INFO fine", "ERROR bad", "ERROR retry")
    shard = kinesis.list_shards(StreamName="lines")["Shards"][0]["ShardId"]
    start = kinesis.get_shard_iterator(StreamName="lines", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    assert len(kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"]) == 1
    bench.delete(changed)
    bench.delete(changed)


POLICY = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}, "Action": "logs:PutLogEvents"}]
}
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/all"
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "ResourcePolicy",
        {"PolicyName": "search", "PolicyDocument": json.dumps(POLICY)},
        {"PolicyDocument": json.dumps({**POLICY, "Version": "2012-10-17"})},
    ),
    (
        "Destination",
        {
            "DestinationName": "all",
            "TargetArn": STREAM,
            "RoleArn": "arn:aws:iam::123456789012:role/all",
            "DestinationPolicy": json.dumps(POLICY),
            "Tags": TAGS,
        },
        {"TargetArn": f"{STREAM}2"},
    ),
    (
        "QueryDefinition",
        {"Name": "slow", "QueryString": "fields @timestamp | sort @duration desc", "LogGroupNames": ["/notes"]},
        {"QueryString": "fields @message"},
    ),
    (
        "AccountPolicy",
        {"PolicyName": "all", "PolicyType": "DATA_PROTECTION_POLICY", "PolicyDocument": "{}", "Scope": "ALL"},
        {"PolicyDocument": '{"a": "another"}'},
    ),
]


@pytest.mark.parametrize(("kind", "declared", "change"), CASES, ids=[each[0] for each in CASES])
def test_what_else_logs_has(bench, kind, declared, change):
    made = bench.make(f"AWS::Logs::{kind}", **declared)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    changed = bench.change(made, **{**declared, **change})
    assert (changed.unapplied, bench.lost(changed), changed.ref) == ((), set(), made.ref)
    bench.delete(changed)
    bench.delete(changed)
