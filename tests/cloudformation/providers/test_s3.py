"""A bucket keeps every configuration it was declared with, and says what it does not keep."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from preflight.cloudformation.providers.s3 import website_url

EVERYTHING: dict[str, Any] = {
    "BucketName": "notes-full",
    "AccessControl": "Private",
    "VersioningConfiguration": {"Status": "Enabled"},
    "ObjectLockEnabled": True,
    "ObjectLockConfiguration": {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": "1"}},
    },
    "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": "false"},
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [
            {
                "BucketKeyEnabled": True,
                "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key-1"},
            }
        ]
    },
    "LifecycleConfiguration": {
        "TransitionDefaultMinimumObjectSize": "varies_by_storage_class",
        "Rules": [
            {
                "Id": "one",
                "Status": "Enabled",
                "ExpirationInDays": 365,
                "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 3},
                "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 31}],
                "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 32}],
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            },
            {
                "Id": "two",
                "Status": "Disabled",
                "Prefix": "logs/",
                "TagFilters": [{"Key": "class", "Value": "cold"}],
                "ExpirationDate": "2030-01-01T00:00:00Z",
            },
            {
                "Id": "three",
                "Status": "Enabled",
                "TagFilters": [{"Key": "age", "Value": "old"}],
                "NoncurrentVersionExpirationInDays": 44,
                "Transition": {"StorageClass": "DEEP_ARCHIVE", "TransitionDate": "2031-01-01T00:00:00Z"},
            },
            {"Id": "four", "Status": "Enabled", "Prefix": "four/", "ExpiredObjectDeleteMarker": True},
            {"Id": "five", "Status": "Enabled", "ExpirationInDays": 5, "ObjectSizeGreaterThan": "100"},
        ],
    },
    "CorsConfiguration": {
        "CorsRules": [
            {
                "Id": "cors-id",
                "AllowedMethods": ["GET", "PUT"],
                "AllowedOrigins": ["https://a.example"],
                "AllowedHeaders": ["x-asked"],
                "ExposedHeaders": ["x-shown"],
                "MaxAge": 3000,
            }
        ]
    },
    "WebsiteConfiguration": {
        "IndexDocument": "index.html",
        "ErrorDocument": "error.html",
        "RoutingRules": [
            {
                "RedirectRule": {"HostName": "h.example", "HttpRedirectCode": "301", "ReplaceKeyPrefixWith": "new/"},
                "RoutingRuleCondition": {"KeyPrefixEquals": "old/", "HttpErrorCodeReturnedEquals": "404"},
            }
        ],
    },
    "AccelerateConfiguration": {"AccelerationStatus": "Enabled"},
    "LoggingConfiguration": {"DestinationBucketName": "logs-bucket", "LogFilePrefix": "access/"},
    "NotificationConfiguration": {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True},
        "QueueConfigurations": [
            {
                "Event": "s3:ObjectCreated:*",
                "Queue": "arn:aws:sqs:us-east-1:123456789012:q",
                "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}},
            }
        ],
        "LambdaConfigurations": [
            {"Event": "s3:ObjectRemoved:*", "Function": "arn:aws:lambda:us-east-1:123456789012:function:f"}
        ],
        "TopicConfigurations": [{"Event": "s3:ObjectCreated:Put", "Topic": "arn:aws:sns:us-east-1:123456789012:t"}],
    },
    "ReplicationConfiguration": {
        "Role": "arn:aws:iam::123456789012:role/r",
        "Rules": [
            {
                "Id": "replicate",
                "Status": "Enabled",
                "Priority": 1,
                "Filter": {"Prefix": "rp/"},
                "DeleteMarkerReplication": {"Status": "Disabled"},
                "Destination": {"Bucket": "arn:aws:s3:::copies-bucket", "StorageClass": "STANDARD_IA"},
            }
        ],
    },
    "Tags": [{"Key": "team", "Value": "triage"}],
}


@pytest.fixture
def logs(bench):
    return bench.make("AWS::S3::Bucket", "Logs", BucketName="logs-bucket")


@pytest.fixture
def copies(bench):
    versioned = {"Status": "Enabled"}
    return bench.make("AWS::S3::Bucket", "Copies", BucketName="copies-bucket", VersioningConfiguration=versioned)


def test_every_configuration_is_kept_or_named(bench, logs, copies):
    bucket = bench.make("AWS::S3::Bucket", **EVERYTHING)

    assert bucket.unapplied == ()
    assert bench.lost(bucket) == set()
    assert bucket.ref == "notes-full"
    assert bucket["Arn"] == "arn:aws:s3:::notes-full"
    assert bucket["RegionalDomainName"] == "notes-full.s3.us-east-1.amazonaws.com"


def test_what_is_no_longer_declared_goes_back_to_the_default(bench, logs, copies):
    fixed = {name: EVERYTHING[name] for name in ("BucketName", "ObjectLockEnabled", "VersioningConfiguration")}
    bucket = bench.change(bench.make("AWS::S3::Bucket", **EVERYTHING), **fixed)

    s3 = bench.client("s3")
    for what in ("lifecycle_configuration", "cors", "website", "replication"):
        with pytest.raises(ClientError, match=r"NoSuch|NotFound"):
            getattr(s3, f"get_bucket_{what}")(Bucket=bucket.ref)
    assert all(s3.get_public_access_block(Bucket=bucket.ref)["PublicAccessBlockConfiguration"].values())
    assert "AES256" in str(s3.get_bucket_encryption(Bucket=bucket.ref))
    assert "BucketOwnerEnforced" in str(s3.get_bucket_ownership_controls(Bucket=bucket.ref))
    assert "Rule" not in s3.get_object_lock_configuration(Bucket=bucket.ref)["ObjectLockConfiguration"]
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket.ref)
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket.ref)
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket.ref)


def test_versioning_no_longer_declared_is_suspended(bench):
    bucket = bench.make("AWS::S3::Bucket", VersioningConfiguration={"Status": "Enabled"})
    bench.change(bucket)
    assert bench.client("s3").get_bucket_versioning(Bucket=bucket.ref)["Status"] == "Suspended"


def test_a_plain_bucket_is_as_aws_makes_it_today(bench):
    bench.tags = {"course": "preflight"}
    bucket = bench.make("AWS::S3::Bucket", "Notes")

    s3 = bench.client("s3")
    assert bucket.ref.startswith("lab1-notes-")
    assert all(s3.get_public_access_block(Bucket=bucket.ref)["PublicAccessBlockConfiguration"].values())
    assert s3.put_object(Bucket=bucket.ref, Key="note", Body=b"x")["ServerSideEncryption"] == "AES256"
    assert s3.get_bucket_tagging(Bucket=bucket.ref)["TagSet"] == [{"Key": "course", "Value": "preflight"}]


def test_a_bucket_goes_where_its_stack_is(bench):
    bench.region = "eu-west-1"
    bucket = bench.make("AWS::S3::Bucket")
    assert bench.client("s3").get_bucket_location(Bucket=bucket.ref)["LocationConstraint"] == "eu-west-1"
    assert website_url("b", "eu-central-1") == "http://b.s3-website.eu-central-1.amazonaws.com"


def test_a_name_that_is_taken_is_refused(bench, logs):
    with pytest.raises(ClientError, match="logs-bucket already exists"):
        bench.make("AWS::S3::Bucket", "Other", BucketName="logs-bucket")


def test_a_bucket_that_failed_half_way_is_not_left_behind(bench):
    with pytest.raises(ClientError):
        bench.make("AWS::S3::Bucket", LoggingConfiguration={"DestinationBucketName": "nobody-has-this"})
    assert bench.client("s3").list_buckets()["Buckets"] == []


def test_only_an_empty_bucket_can_be_deleted(bench, logs):
    s3 = bench.client("s3")
    s3.put_object(Bucket=logs.ref, Key="line", Body=b"x")
    with pytest.raises(ClientError, match="The bucket you tried to delete is not empty"):
        bench.delete(logs)
    s3.delete_object(Bucket=logs.ref, Key="line")
    bench.delete(logs)
    bench.delete(logs)
    assert s3.list_buckets()["Buckets"] == []


def test_a_canned_acl_grants_all_it_stands_for(bench):
    owner = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    bucket = bench.make("AWS::S3::Bucket", AccessControl="LogDeliveryWrite", OwnershipControls=owner)
    grants = bench.client("s3").get_bucket_acl(Bucket=bucket.ref)["Grants"]
    assert {each["Permission"] for each in grants if "LogDelivery" in str(each["Grantee"])} == {"WRITE", "READ_ACP"}


@pytest.mark.parametrize("acl", ["PublicRead", "AwsExecRead"])
def test_acls_need_an_ownership_that_takes_them(bench, acl):
    with pytest.raises(ClientError, match="Bucket cannot have ACLs set"):
        bench.make("AWS::S3::Bucket", AccessControl=acl)


def test_a_public_acl_needs_the_block_taken_off(bench):
    owner = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    with pytest.raises(ClientError, match="BlockPublicAcls"):
        bench.make("AWS::S3::Bucket", AccessControl="PublicRead", OwnershipControls=owner)
    opened = {"BlockPublicAcls": False}
    bucket = bench.make(
        "AWS::S3::Bucket", AccessControl="PublicRead", OwnershipControls=owner, PublicAccessBlockConfiguration=opened
    )
    assert "AllUsers" in str(bench.client("s3").get_bucket_acl(Bucket=bucket.ref)["Grants"])


def policy(bucket: str, **changes: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [{**statement, **changes}]}


def test_a_bucket_policy_is_put_changed_and_taken_away(bench, logs):
    s3 = bench.client("s3")
    made = bench.make("AWS::S3::BucketPolicy", "Policy", Bucket=logs.ref, PolicyDocument=policy(logs.ref))
    assert made.unapplied == ()
    assert bench.lost(made) <= {f"Bucket={logs.ref}"}

    changed = bench.change(made, Bucket=logs.ref, PolicyDocument=policy(logs.ref, Sid="OnlyTls"))
    assert "OnlyTls" in s3.get_bucket_policy(Bucket=logs.ref)["Policy"]

    with pytest.raises(ClientError, match="already exists on bucket"):
        bench.make("AWS::S3::BucketPolicy", "Second", Bucket=logs.ref, PolicyDocument=policy(logs.ref))

    bench.delete(changed)
    bench.delete(changed)
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=logs.ref)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ({"Resource": "arn:aws:s3:::another/*", "Principal": "*", "Action": "*"}, "Policy has invalid resource"),
        ({"Resource": "*", "Action": "*"}, "Missing required field Principal"),
        ({"Resource": "*", "Principal": "*"}, "Missing required field Action"),
        (
            {
                "Resource": "*",
                "Principal": "*",
                "Action": "s3:*",
                "Condition": {"ArnNotEqual": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/x"}},
            },
            "Invalid Condition type : ArnNotEqual",
        ),
        ({"Resource": "*", "Principal": "*", "Action": "ec2:RunInstances"}, "Policy has invalid action"),
        ({"Resource": "*", "Principal": "*", "Action": "s3:GetObjekt"}, "Policy has invalid action"),
        ({"Resource": "arn:aws:s3:::logs-bucket", "Principal": "*", "Action": "s3:GetObject"}, "does not apply to any"),
        (
            {"Resource": "arn:aws:s3:::logs-bucket/*", "Principal": "*", "Action": ["s3:ListBucket", "s3:GetObject"]},
            "Action does not apply to any resource",
        ),
        (
            {"Resource": "*", "Principal": {"AWS": "arn:aws:iam::123456789012:role/nobody"}, "Action": "s3:*"},
            "Invalid principal in policy",
        ),
        ({"Effect": None, "Resource": "*", "Principal": "*", "Action": "*"}, "Missing required field Effect"),
        ({"Principal": "*", "Action": "*"}, "Missing required field Resource"),
        ({"Resource": "*", "Principal": {}, "Action": "*"}, "Principal cannot be empty"),
    ],
)
def test_a_policy_s3_cannot_read_is_refused(bench, logs, statement, words):
    with pytest.raises(ClientError, match=words):
        document = {"Statement": [{"Effect": "Deny", **statement}]}
        bench.make("AWS::S3::BucketPolicy", "P", Bucket=logs.ref, PolicyDocument=document)


def test_a_bucket_and_its_objects_may_share_a_statement(bench, logs):
    shared = policy(logs.ref, Action=["s3:ListBucket", "s3:GetObject", "s3:Put*"])
    assert bench.make("AWS::S3::BucketPolicy", "P", Bucket=logs.ref, PolicyDocument=shared).unapplied == ()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "At least one action needs to be specified in a rule"),
        ({"Transitions": [{"StorageClass": "GLACIER"}]}, "not well-formed"),
        (
            {"ExpirationInDays": 30, "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 90}]},
            "'Days' in the Expiration action must be greater than 'Days' in the Transition action",
        ),
    ],
)
def test_a_lifecycle_rule_s3_does_not_take_is_refused(bench, rule, words):
    with pytest.raises(ClientError, match=words):
        bench.make("AWS::S3::Bucket", LifecycleConfiguration={"Rules": [{"Id": "r", "Status": "Enabled", **rule}]})


def test_a_lifecycle_rule_may_move_on_any_day(bench):
    moves = [{"StorageClass": "STANDARD_IA", "TransitionInDays": 0}]
    rule = {"Id": "r", "Status": "Enabled", "ExpirationInDays": 1, "Transitions": moves}
    assert bench.make("AWS::S3::Bucket", LifecycleConfiguration={"Rules": [rule]}).unapplied == ()


def test_a_public_policy_is_refused_while_the_block_is_on():
    from preflight.clouds.offline import OfflineCloud
    from preflight.errors import DeployFailed
    from preflight.template import Template

    public = policy("notes", Effect="Allow", Principal="*", Action="s3:GetObject", Condition={})
    bucket: dict[str, Any] = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "notes"}}
    resources = {
        "Notes": bucket,
        "Open": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "Notes"}, "PolicyDocument": public},
        },
    }
    with OfflineCloud() as cloud:
        with pytest.raises(DeployFailed, match="public policies are prevented by the BlockPublicPolicy setting"):
            cloud.cloudformation.create_stack("Lab1", Template.load({"Resources": resources}))
        assert cloud.client("s3").list_buckets()["Buckets"] == []
        bucket["Properties"]["PublicAccessBlockConfiguration"] = {"BlockPublicPolicy": False}
        cloud.cloudformation.create_stack("Again", Template.load({"Resources": resources}))
