"""Trails and the recorder write only where they may, and keep what they are told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]
ACCOUNT = "123456789012"


def may(service: str, action: str, resource: str, **condition: Any) -> dict[str, Any]:
    extra = {"Condition": condition} if condition else {}
    principal = {"Service": service}
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **extra}


@pytest.fixture
def bucket(bench):
    """A bucket CloudTrail and Config may write to."""
    bench.client("s3").create_bucket(Bucket="kept")
    owned = {"s3:x-amz-acl": "bucket-owner-full-control"}
    statements = [
        may("cloudtrail.amazonaws.com", "s3:GetBucketAcl", "arn:aws:s3:::kept"),
        may("cloudtrail.amazonaws.com", "s3:PutObject", f"arn:aws:s3:::kept/AWSLogs/{ACCOUNT}/*", StringEquals=owned),
        may("config.amazonaws.com", "s3:PutObject", "arn:aws:s3:::kept/AWSLogs/*", StringEquals=owned),
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    bench.client("s3").put_bucket_policy(Bucket="kept", Policy=policy)
    return "kept"


def role(bench, service: str, *actions: str) -> str:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    made = bench.make("AWS::IAM::Role", "Role", AssumeRolePolicyDocument=trust)
    grant = {"Statement": [{"Effect": "Allow", "Action": [*actions], "Resource": "*"}]}
    if actions:
        bench.client("iam").put_role_policy(RoleName=made.ref, PolicyName="do", PolicyDocument=json.dumps(grant))
    return str(made["Arn"])


def test_a_trail_and_what_it_selects(bench, bucket):
    client, key = bench.client("cloudtrail"), bench.client("kms").create_key()["KeyMetadata"]["Arn"]
    group = bench.make("AWS::Logs::LogGroup", "Group", LogGroupName="/trail")["Arn"]
    writes = role(bench, "cloudtrail.amazonaws.com", "logs:CreateLogStream", "logs:PutLogEvents")
    data = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::notes-of-the-clinic/"]}]
    made = bench.make(
        "AWS::CloudTrail::Trail",
        TrailName="all-of-it",
        S3BucketName=bucket,
        IsLogging=True,
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
        KMSKeyId=key,
        CloudWatchLogsLogGroupArn=group,
        CloudWatchLogsRoleArn=writes,
        EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True, "DataResources": data}],
        InsightSelectors=[{"InsightType": "ApiCallRateInsight"}],
        Tags=TAGS,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert made["Arn"] == f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/all-of-it"
    assert client.get_trail(Name="all-of-it")["Trail"]["HasCustomEventSelectors"]
    advanced = [
        {"Name": "data", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]},
    ]
    changed = bench.change(
        made, TrailName="all-of-it", S3BucketName=bucket, IsLogging=False, AdvancedEventSelectors=advanced
    )
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    told = client.get_trail(Name="all-of-it")["Trail"]
    assert (told["IsMultiRegionTrail"], told.get("KmsKeyId", ""), told["LogFileValidationEnabled"]) == (
        False,
        "",
        False,
    )
    assert client.get_event_selectors(TrailName="all-of-it").get("EventSelectors", []) == []
    assert client.get_insight_selectors(TrailName="all-of-it").get("InsightSelectors", []) == []
    with pytest.raises(ClientError, match="TrailAlreadyExists"):
        bench.make("AWS::CloudTrail::Trail", TrailName="all-of-it", S3BucketName=bucket, IsLogging=True)
    bench.delete(changed)
    bench.delete(changed)
    assert client.list_trails()["Trails"] == []


def test_a_trail_that_may_not_write(bench, bucket):
    bench.client("s3").create_bucket(Bucket="closed")
    for where, code in (("closed", "InsufficientS3BucketPolicy"), ("nowhere", "S3BucketDoesNotExist")):
        with pytest.raises(ClientError, match=code):
            bench.make("AWS::CloudTrail::Trail", TrailName="no-trail", S3BucketName=where, IsLogging=True)
    # the policy lets it write at the top alone
    with pytest.raises(ClientError, match="Incorrect S3 bucket policy"):
        bench.make("AWS::CloudTrail::Trail", S3BucketName=bucket, S3KeyPrefix="deep", IsLogging=True)
    topic = bench.make("AWS::SNS::Topic", "Topic", TopicName="trail").ref
    with pytest.raises(ClientError, match="topic policy is incorrect"):
        bench.make("AWS::CloudTrail::Trail", S3BucketName=bucket, SnsTopicName=topic, IsLogging=True)
    group = bench.make("AWS::Logs::LogGroup", "Group", LogGroupName="/trail")["Arn"]
    powerless = role(bench, "cloudtrail.amazonaws.com")
    with pytest.raises(ClientError, match="Check the permissions for your role"):
        bench.make(
            "AWS::CloudTrail::Trail",
            S3BucketName=bucket,
            IsLogging=True,
            CloudWatchLogsLogGroupArn=group,
            CloudWatchLogsRoleArn=powerless,
        )
    assert bench.client("cloudtrail").list_trails()["Trails"] == []


def test_a_store_of_events(bench):
    declared: dict[str, Any] = {"Name": "events", "RetentionPeriod": 90, "MultiRegionEnabled": True}
    made = bench.make("AWS::CloudTrail::EventDataStore", **declared, Tags=TAGS)
    assert (made.unapplied, bench.lost(made), made["Status"]) == ((), set(), "ENABLED")
    changed = bench.change(made, **{**declared, "RetentionPeriod": 365})
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    bench.delete(changed)
    bench.delete(changed)


def test_the_recorder_and_where_it_delivers(bench, bucket):
    client = bench.client("config")
    records = role(bench, "config.amazonaws.com")
    group = {"AllSupported": True, "IncludeGlobalResourceTypes": True}
    daily = {"RecordingFrequency": "DAILY"}
    recorder = bench.make(
        "AWS::Config::ConfigurationRecorder",
        "R",
        Name="main",
        RoleARN=records,
        RecordingGroup=group,
        RecordingMode=daily,
    )
    assert (recorder.unapplied, bench.lost(recorder)) == ((), set())
    with pytest.raises(ClientError, match="InsufficientDeliveryPolicy"):
        bench.client("s3").create_bucket(Bucket="closed")
        bench.make("AWS::Config::DeliveryChannel", "No", S3BucketName="closed")
    channel = bench.make(
        "AWS::Config::DeliveryChannel",
        "C",
        Name="to-the-bucket",
        S3BucketName=bucket,
        ConfigSnapshotDeliveryProperties={"DeliveryFrequency": "TwentyFour_Hours"},
    )
    assert (channel.unapplied, bench.lost(channel)) == ((), set())
    assert client.describe_configuration_recorder_status()["ConfigurationRecordersStatus"][0]["recording"]
    few = {"ResourceTypes": ["AWS::S3::Bucket", "AWS::EC2::Instance"]}
    changed = bench.change(recorder, Name="main", RoleARN=records, RecordingGroup={"AllSupported": False, **few})
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    for thing in (channel, changed, channel, changed):
        bench.delete(thing)
    assert client.describe_configuration_recorders()["ConfigurationRecorders"] == []


@pytest.mark.parametrize("acl", ["bucket-owner-full-control", "public-read"])
def test_config_delivers_with_the_recorders_role(bench, acl):
    # https://docs.aws.amazon.com/config/latest/developerguide/iamrole-permissions.html has the condition
    client, records = bench.client("config"), role(bench, "config.amazonaws.com")
    bench.client("s3").create_bucket(Bucket="closed")
    put = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::closed/AWSLogs/{ACCOUNT}/*"}
    grant = {"Statement": [{**put, "Condition": {"StringLike": {"s3:x-amz-acl": acl}}}]}
    bench.client("iam").put_role_policy(
        RoleName=records.rpartition("/")[2], PolicyName="deliver", PolicyDocument=json.dumps(grant)
    )
    recorder = bench.make("AWS::Config::ConfigurationRecorder", "R", Name="main", RoleARN=records)
    if acl == "public-read":
        with pytest.raises(ClientError, match="InsufficientDeliveryPolicy"):
            bench.make("AWS::Config::DeliveryChannel", "No", S3BucketName="closed")
        return
    channel = bench.make("AWS::Config::DeliveryChannel", "C", Name="by-role", S3BucketName="closed")
    assert client.describe_configuration_recorder_status()["ConfigurationRecordersStatus"][0]["recording"]
    for thing in (channel, recorder):
        bench.delete(thing)


RULE: dict[str, Any] = {
    "ConfigRuleName": "versioned",
    "Description": "buckets keep versions",
    "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"},
    "Scope": {"ComplianceResourceTypes": ["AWS::S3::Bucket"]},
}
REMEDY: dict[str, Any] = {
    "ConfigRuleName": "versioned",
    "TargetId": "AWS-ConfigureS3BucketVersioning",
    "TargetType": "SSM_DOCUMENT",
    "Parameters": {"BucketName": {"ResourceValue": {"Value": "RESOURCE_ID"}}},
    "Automatic": True,
    "MaximumAutomaticAttempts": 3,
    "RetryAttemptSeconds": 60,
}


def test_a_rule_and_its_remedy(bench):
    with pytest.raises(ClientError, match="NoAvailableConfigurationRecorder"):
        bench.make("AWS::Config::ConfigRule", **RULE)
    records = role(bench, "config.amazonaws.com")
    bench.make("AWS::Config::ConfigurationRecorder", "R", Name="main", RoleARN=records)
    made = bench.make("AWS::Config::ConfigRule", **RULE)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert made["ConfigRuleId"].startswith("config-rule-")
    remedy = bench.make("AWS::Config::RemediationConfiguration", "Remedy", **REMEDY)
    assert (remedy.unapplied, bench.lost(remedy)) == ((), set())
    again = bench.change(remedy, **{**REMEDY, "MaximumAutomaticAttempts": 5})
    assert (again.unapplied, bench.lost(again)) == ((), set())
    changed = bench.change(made, **{**RULE, "InputParameters": {"isMfaDeleteEnabled": "true"}})
    assert (changed.unapplied, bench.lost(changed), changed["Arn"]) == ((), set(), made["Arn"])
    for thing in (again, changed, again, changed):
        bench.delete(thing)
    assert bench.client("config").describe_config_rules()["ConfigRules"] == []


def test_a_rule_about_tagged_resources_tells_which_tag(bench):
    records = role(bench, "config.amazonaws.com")
    bench.make("AWS::Config::ConfigurationRecorder", "R", Name="main", RoleARN=records)
    for scope in ({"TagKey": "audited"}, {"TagKey": "audited", "TagValue": "yes"}):
        made = bench.make("AWS::Config::ConfigRule", **{**RULE, "Scope": scope})
        assert (made.unapplied, bench.lost(made)) == ((), set())
        assert bench.client("config").describe_config_rules()["ConfigRules"][0]["Scope"] == scope
        bench.delete(made)


CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "ConformancePack",
        {"ConformancePackName": "basics", "TemplateBody": "Resources: {}", "DeliveryS3Bucket": "awsconfigconforms-x"},
        {"DeliveryS3Bucket": "awsconfigconforms-y"},
    ),
    (
        "StoredQuery",
        {"QueryName": "buckets", "QueryExpression": "SELECT resourceId", "QueryDescription": "all the buckets"},
        {"QueryExpression": "SELECT arn"},
    ),
    (
        "ConfigurationAggregator",
        {
            "ConfigurationAggregatorName": "whole",
            "AccountAggregationSources": [{"AccountIds": ["111122223333"], "AllAwsRegions": True}],
            "Tags": TAGS,
        },
        {"AccountAggregationSources": [{"AccountIds": ["444455556666"], "AwsRegions": ["eu-west-1"]}]},
    ),
    (
        "AggregationAuthorization",
        {"AuthorizedAccountId": "111122223333", "AuthorizedAwsRegion": "eu-west-1", "Tags": TAGS},
        {"Tags": [{"Key": "team", "Value": "north-ward"}]},
    ),
]


@pytest.mark.parametrize(("kind", "declared", "change"), CASES, ids=[each[0] for each in CASES])
def test_what_else_config_has(bench, kind, declared, change):
    made = bench.make(f"AWS::Config::{kind}", **declared)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    changed = bench.change(made, **{**declared, **change})
    assert (changed.unapplied, bench.lost(changed), changed.ref) == ((), set(), made.ref)
    bench.delete(changed)
    bench.delete(changed)
