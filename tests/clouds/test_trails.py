"""A trail writes what is asked of the cloud, refusals too, into its log group and its bucket."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from preflight.clouds.offline import OfflineCloud
from preflight.template import Template

SERVICE = {"Service": "cloudtrail.amazonaws.com"}
BUCKET = {"Fn::GetAtt": ["Bucket", "Arn"]}
OWNED = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
LETS_IN = [
    {"Effect": "Allow", "Principal": SERVICE, "Action": "s3:GetBucketAcl", "Resource": BUCKET},
    {
        "Effect": "Allow",
        "Principal": SERVICE,
        "Action": "s3:PutObject",
        "Resource": {"Fn::Sub": "${Bucket.Arn}/AWSLogs/${AWS::AccountId}/*"},
        "Condition": OWNED,
    },
]
WRITES = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
TRUST = {"Effect": "Allow", "Principal": SERVICE, "Action": "sts:AssumeRole"}
COUNTED = {"MetricName": "denied", "MetricNamespace": "Clinic", "MetricValue": "1"}
RESOURCES: dict[str, Any] = {
    "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "kept"}},
    "Policy": {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Version": "2012-10-17", "Statement": LETS_IN}},
    },
    "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/trail"}},
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Statement": [TRUST]},
            "Policies": [{"PolicyName": "write", "PolicyDocument": {"Statement": [WRITES]}}],
        },
    },
    "Denied": {
        "Type": "AWS::Logs::MetricFilter",
        "Properties": {
            "LogGroupName": {"Ref": "Group"},
            "FilterPattern": '{ $.errorCode = "AccessDenied*" || $.errorCode = "*UnauthorizedOperation" }',
            "MetricTransformations": [COUNTED],
        },
    },
    "Trail": {
        "Type": "AWS::CloudTrail::Trail",
        "DependsOn": ["Policy", "Denied"],
        "Properties": {
            "TrailName": "all",
            "S3BucketName": {"Ref": "Bucket"},
            "IsLogging": True,
            "CloudWatchLogsLogGroupArn": {"Fn::GetAtt": ["Group", "Arn"]},
            "CloudWatchLogsRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        },
    },
}


@pytest.fixture
def cloud():
    with OfflineCloud() as there:
        stack = there.cloudformation.create_stack("Watch", Template({"Resources": RESOURCES}))
        assert (stack.status, stack.not_emulated) == ("CREATE_COMPLETE", [])
        yield there


def events(cloud: OfflineCloud) -> list[dict[str, Any]]:
    s3 = cloud.client("s3")
    found: list[dict[str, Any]] = []
    for each in s3.list_objects_v2(Bucket="kept").get("Contents", []):
        body = s3.get_object(Bucket="kept", Key=each["Key"])["Body"].read()
        found += json.loads(gzip.decompress(body))["Records"]
    return found


def test_a_trail_writes_what_is_asked(cloud):
    cloud.client("iam").create_user(UserName="ana")
    cloud.client("s3").put_object(Bucket="kept", Key="note", Body=b"x")
    cloud.client("s3").delete_object(Bucket="kept", Key="note")
    cloud.client("secretsmanager").create_secret(Name="s", SecretString="hush")
    told = events(cloud)
    names = [each["eventName"] for each in told]
    assert {"CreateUser", "CreateSecret"} <= set(names)
    # objects are data, and a trail writes those only where it is told to
    assert not {"PutObject", "DeleteObject", "GetObject"} & set(names)
    user = next(each for each in told if each["eventName"] == "CreateUser")
    assert (user["eventSource"], user["requestParameters"]) == ("iam.amazonaws.com", {"userName": "ana"})
    assert user["userIdentity"]["type"] == "AssumedRole"
    assert "hush" not in json.dumps(told)
    keys = [each["Key"] for each in cloud.client("s3").list_objects_v2(Bucket="kept")["Contents"]]
    assert all(key.startswith("AWSLogs/123456789012/CloudTrail/us-east-1/2") for key in keys)
    lines = cloud.client("logs").filter_log_events(
        logGroupName="/trail", filterPattern='{ $.eventName = "CreateUser" }'
    )["events"]
    assert len(lines) == 1


def test_a_refusal_is_written_and_counted(cloud):
    iam = cloud.client("iam")
    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    hers = boto3.client(
        "iam",
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        hers.delete_user(UserName="ana")
    told = [each for each in events(cloud) if each.get("errorCode")]
    assert [(each["eventName"], each["userIdentity"]["userName"]) for each in told] == [("DeleteUser", "ana")]
    now = datetime.now(UTC)
    counted = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="Clinic",
        MetricName="denied",
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=3600,
        Statistics=["Sum"],
    )
    assert [each["Sum"] for each in counted["Datapoints"]] == [1]


def test_a_trail_that_is_stopped_writes_nothing(cloud):
    trail = cloud.client("cloudtrail")
    trail.stop_logging(Name="all")
    cloud.client("iam").create_user(UserName="ana")
    assert "CreateUser" not in [each["eventName"] for each in events(cloud)]
    trail.start_logging(Name="all")
    trail.put_event_selectors(TrailName="all", EventSelectors=[{"ReadWriteType": "ReadOnly"}])
    cloud.client("iam").create_user(UserName="bo")
    cloud.client("iam").list_users()
    names = [each["eventName"] for each in events(cloud)]
    assert "ListUsers" in names
    assert "CreateUser" not in names
