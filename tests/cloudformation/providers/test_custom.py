"""CDK's custom resources do what their functions do on AWS."""

from __future__ import annotations

import pytest

from preflight.cloudformation.providers import ReplacementNeeded, find_provider

TOKEN = "arn:aws:lambda:us-east-1:123456789012:function:provider"


@pytest.fixture
def bucket(bench):
    return bench.make(
        "AWS::S3::Bucket",
        "Notes",
        VersioningConfiguration={"Status": "Enabled"},
        Tags=[{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}],
    )


def fill(bench, bucket: str) -> None:
    s3 = bench.client("s3")
    for number in range(3):
        s3.put_object(Bucket=bucket, Key=f"note-{number}", Body=b"first")
        s3.put_object(Bucket=bucket, Key=f"note-{number}", Body=b"second")
    s3.delete_object(Bucket=bucket, Key="note-0")


def test_a_tagged_bucket_is_emptied_before_it_goes(bench, bucket):
    emptier = bench.make("Custom::S3AutoDeleteObjects", "Empty", ServiceToken=TOKEN, BucketName=bucket.ref)
    assert emptier.unapplied == ()
    fill(bench, bucket.ref)
    bench.delete(emptier)
    bench.delete(bucket)
    bench.delete(emptier)
    assert bench.client("s3").list_buckets()["Buckets"] == []


def test_a_bucket_without_the_tag_keeps_its_objects(bench, bucket):
    emptier = bench.make("Custom::S3AutoDeleteObjects", "Empty", ServiceToken=TOKEN, BucketName=bucket.ref)
    bench.client("s3").put_bucket_tagging(Bucket=bucket.ref, Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    fill(bench, bucket.ref)
    bench.delete(emptier)
    assert len(bench.client("s3").list_object_versions(Bucket=bucket.ref)["Versions"]) == 6
    with pytest.raises(ReplacementNeeded):
        bench.change(emptier, ServiceToken=TOKEN, BucketName="another")


def test_the_default_security_group_is_closed_and_opened_again(bench):
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16")
    group = vpc["DefaultSecurityGroup"]

    def rules() -> tuple[int, int]:
        facts = bench.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
        return len(facts["IpPermissions"]), len(facts["IpPermissionsEgress"])

    assert rules() == (1, 1)
    closed = bench.make(
        "Custom::VpcRestrictDefaultSG",
        "Close",
        ServiceToken=TOKEN,
        DefaultSecurityGroupId=group,
        Account="123456789012",
    )
    assert closed.unapplied == ()
    assert rules() == (0, 0)
    bench.delete(closed)
    assert rules() == (1, 1)
    bench.delete(closed)
    bench.delete(vpc)
    bench.delete(closed)


def test_a_log_groups_retention_is_set(bench):
    logs = bench.client("logs")
    declared = {"ServiceToken": TOKEN, "LogGroupName": "/aws/lambda/f"}
    made = bench.make("Custom::LogRetention", "Keep", **declared, RetentionInDays=7)
    assert (made["LogGroupName"], made.unapplied) == ("/aws/lambda/f", ())
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    changed = bench.change(made, **declared, RemovalPolicy="destroy")
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]
    bench.delete(changed)
    assert logs.describe_log_groups()["logGroups"] == []


def test_notifications_are_put_afterwards(bench, bucket):
    s3 = bench.client("s3")
    queue = {"QueueArn": "arn:aws:sqs:us-east-1:123456789012:q", "Events": ["s3:ObjectCreated:*"]}
    declared = {"ServiceToken": TOKEN, "BucketName": bucket.ref, "Managed": True}
    made = bench.make(
        "Custom::S3BucketNotifications",
        "Tell",
        **declared,
        NotificationConfiguration={"QueueConfigurations": [queue], "EventBridgeConfiguration": {}},
    )
    assert made.unapplied == ("NotificationConfiguration.EventBridgeConfiguration",)
    assert len(s3.get_bucket_notification_configuration(Bucket=bucket.ref)["QueueConfigurations"]) == 1
    bench.delete(made)
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket.ref)


def test_cdks_metadata_makes_nothing(bench):
    made = bench.make("AWS::CDK::Metadata", "Cdk", Analytics="v2:deflate64:H4s")
    assert made.unapplied == ()
    bench.delete(bench.change(made, Analytics="another"))


def test_a_custom_resource_of_ones_own_is_not_pretended():
    assert find_provider("Custom::Mine") is None
