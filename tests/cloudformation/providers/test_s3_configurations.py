"""A bucket tells its configurations as they were declared, and replicates what its role may replicate."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
VERSIONED = {"VersioningConfiguration": {"Status": "Enabled"}}
REPORTS = {"BucketArn": "arn:aws:s3:::reports", "Format": "CSV", "Prefix": "there/"}
CONFIGURED: dict[str, Any] = {
    "LifecycleConfiguration": {
        "TransitionDefaultMinimumObjectSize": "varies_by_storage_class",
        "Rules": [
            {
                "Id": "one",
                "Status": "Enabled",
                "Prefix": "logs/",
                "ObjectSizeGreaterThan": "131072",
                "ObjectSizeLessThan": "999999",
                "Transitions": [{"StorageClass": "GLACIER_IR", "TransitionInDays": 31}],
                "NoncurrentVersionExpiration": {"NoncurrentDays": 33, "NewerNoncurrentVersions": 4},
                "NoncurrentVersionTransitions": [
                    {"StorageClass": "STANDARD_IA", "TransitionInDays": 32, "NewerNoncurrentVersions": 5}
                ],
            }
        ],
    },
    "IntelligentTieringConfigurations": [
        {
            "Id": "tiers",
            "Status": "Enabled",
            "Prefix": "cold/",
            "TagFilters": [{"Key": "kind", "Value": "scan"}],
            "Tierings": [{"AccessTier": "ARCHIVE_ACCESS", "Days": 90}],
        }
    ],
    "InventoryConfigurations": [
        {
            "Id": "weekly",
            "Enabled": True,
            "Destination": REPORTS,
            "IncludedObjectVersions": "Current",
            "OptionalFields": ["Size", "StorageClass"],
            "Prefix": "here/",
            "ScheduleFrequency": "Weekly",
        }
    ],
    "MetricsConfigurations": [{"Id": "everything"}, {"Id": "some", "TagFilters": [{"Key": "kind", "Value": "note"}]}],
    "AnalyticsConfigurations": [
        {
            "Id": "classes",
            "Prefix": "all/",
            "StorageClassAnalysis": {"DataExport": {"OutputSchemaVersion": "V_1", "Destination": REPORTS}},
        }
    ],
    "LoggingConfiguration": {
        "DestinationBucketName": "log-bucket",
        "LogFilePrefix": "access/",
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
    },
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [
            {
                "ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
                "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
            }
        ]
    },
}


def test_configurations_are_told_word_for_word_and_taken_away(bench):
    s3 = bench.client("s3")
    bench.make("AWS::S3::Bucket", "Logs", BucketName="log-bucket")
    bucket = bench.make("AWS::S3::Bucket", BucketName="notes", **VERSIONED, **CONFIGURED)
    assert bucket.unapplied == ()
    assert bench.lost(bucket) <= {"BucketName=notes"}
    listed = s3.list_bucket_metrics_configurations(Bucket="notes")["MetricsConfigurationList"]
    assert [each["Id"] for each in listed] == ["everything", "some"]
    plain = bench.change(bucket, BucketName="notes", **VERSIONED, MetricsConfigurations=[{"Id": "everything"}])
    listed = s3.list_bucket_metrics_configurations(Bucket="notes")["MetricsConfigurationList"]
    assert listed == [{"Id": "everything"}]
    for what in ("intelligent_tiering", "inventory", "analytics"):
        answer = getattr(s3, f"list_bucket_{what}_configurations")(Bucket="notes")
        assert not [each for each in answer if each.endswith("List")]
    with pytest.raises(ClientError, match="NoSuchConfiguration"):
        s3.get_bucket_inventory_configuration(Bucket="notes", Id="weekly")
    with pytest.raises(ClientError, match="NoSuchLifecycle"):
        s3.get_bucket_lifecycle_configuration(Bucket="notes")
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="notes")
    bench.delete(plain)


def rule(**changes: Any) -> dict[str, Any]:
    return {
        "Id": "copies",
        "Status": "Enabled",
        "Priority": 7,
        "Filter": {"Prefix": "keep/"},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": "arn:aws:s3:::far", "StorageClass": "STANDARD_IA"},
        **changes,
    }


def replicating(bench, *rules: dict[str, Any], may: bool = True) -> Any:
    allow = {"Effect": "Allow", "Action": "s3:*" if may else "s3:Get*", "Resource": "*"}
    policies = [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [allow]}}]
    role = bench.make("AWS::IAM::Role", "Role", AssumeRolePolicyDocument=TRUST, Policies=policies)["Arn"]
    configuration = {"Role": role, "Rules": [*rules]}
    return bench.make("AWS::S3::Bucket", BucketName="near", **VERSIONED, ReplicationConfiguration=configuration)


@pytest.fixture
def far(bench):
    bench.region = "eu-west-1"
    bucket = bench.make("AWS::S3::Bucket", "Far", BucketName="far", **VERSIONED)
    bench.region = "us-east-1"
    return bucket


def test_what_is_put_is_copied_abroad(bench, far):
    s3 = bench.client("s3")
    near = replicating(bench, rule())
    assert near.unapplied == ()
    assert bench.lost(near) <= {"BucketName=near"}
    s3.put_object(Bucket="near", Key="keep/one", Body=b"note", Metadata={"by": "ana"}, Tagging="kind=scan")
    s3.put_object(Bucket="near", Key="other", Body=b"note")
    copy = s3.get_object(Bucket="far", Key="keep/one")
    assert (copy["Body"].read(), copy["Metadata"], copy["StorageClass"]) == (b"note", {"by": "ana"}, "STANDARD_IA")
    assert copy["ReplicationStatus"] == "REPLICA"
    assert s3.get_object_tagging(Bucket="far", Key="keep/one")["TagSet"] == [{"Key": "kind", "Value": "scan"}]
    assert s3.head_object(Bucket="near", Key="keep/one")["ReplicationStatus"] == "COMPLETED"
    assert s3.list_objects_v2(Bucket="far")["KeyCount"] == 1
    s3.delete_object(Bucket="near", Key="keep/one")
    assert s3.list_objects_v2(Bucket="far")["KeyCount"] == 0
    assert len(s3.list_object_versions(Bucket="far")["Versions"]) == 1


def test_a_role_that_may_not_replicates_nothing(bench, far):
    s3 = bench.client("s3")
    replicating(bench, rule(), may=False)
    s3.put_object(Bucket="near", Key="keep/one", Body=b"note")
    assert s3.list_objects_v2(Bucket="far")["KeyCount"] == 0
    assert s3.head_object(Bucket="near", Key="keep/one")["ReplicationStatus"] == "FAILED"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Destination": {"Bucket": "arn:aws:s3:::nobody"}}, "Destination bucket must exist"),
        ({"Destination": {"Bucket": "arn:aws:s3:::plain"}}, "Destination bucket must have versioning enabled"),
        ({"DeleteMarkerReplication": None}, "DeleteMarkerReplication must be specified"),
    ],
)
def test_what_s3_refuses_to_replicate(bench, far, changes, words):
    bench.make("AWS::S3::Bucket", "Plain", BucketName="plain")
    wanted = {name: value for name, value in rule(**changes).items() if value is not None}
    with pytest.raises(ClientError, match=words):
        replicating(bench, wanted)


def test_doors_of_a_bucket(bench):
    control = bench.client("s3control")
    with pytest.raises(ClientError, match="404"):
        bench.make("AWS::S3::AccessPoint", "No", Name="door", Bucket="nobody-has-this")
    bench.make("AWS::S3::Bucket", BucketName="notes")
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16").ref
    allow = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "s3:GetObject", "Resource": "*"}
    fixed: dict[str, Any] = {"Name": "door", "Bucket": "notes", "VpcConfiguration": {"VpcId": vpc}}
    door = bench.make("AWS::S3::AccessPoint", "Door", **fixed, Policy={"Version": "2012-10-17", "Statement": [allow]})
    assert (door.unapplied, bench.lost(door)) == ((), set())
    assert door["Arn"] == "arn:aws:s3:us-east-1:123456789012:accesspoint/door"
    assert door["NetworkOrigin"] == "VPC"
    door = bench.change(door, **fixed)
    with pytest.raises(ClientError, match="NoSuchAccessPointPolicy"):
        control.get_access_point_policy(AccountId="123456789012", Name="door")
    bench.delete(door)
    bench.delete(door)


def test_one_name_for_several_regions(bench, far):
    bench.make("AWS::S3::Bucket", BucketName="near")
    whole = bench.make(
        "AWS::S3::MultiRegionAccessPoint", "Whole", Name="whole", Regions=[{"Bucket": "near"}, {"Bucket": "far"}]
    )
    assert (whole.unapplied, bench.lost(whole)) == ((), set())
    assert whole["Alias"].endswith(".mrap")
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [allow]}
    held = bench.make("AWS::S3::MultiRegionAccessPointPolicy", "P", MrapName="whole", Policy=policy)
    assert (held.unapplied, bench.lost(held) <= {"MrapName=whole"}) == ((), True)
    bench.delete(held)
    bench.delete(whole)
    bench.delete(whole)
