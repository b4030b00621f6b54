"""Tables keep everything they are told, change one index at a time, and answer for one set of items in every Region."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]
KEYS = [{"AttributeName": "patient", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]
FIXED: dict[str, Any] = {"TableName": "notes", "KeySchema": KEYS, "BillingMode": "PAY_PER_REQUEST"}


def names(*extra: str) -> list[dict[str, str]]:
    return [{"AttributeName": each, "AttributeType": "S"} for each in ("patient", "at", *extra)]


def index(attribute: str, **more: Any) -> dict[str, Any]:
    keys = [{"AttributeName": attribute, "KeyType": "HASH"}]
    return {"IndexName": f"by-{attribute}", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}, **more}


@pytest.fixture
def key(bench):
    return bench.make("AWS::KMS::Key", "Key")["Arn"]


def test_a_table_with_all_its_extras(bench, key):
    dynamodb = bench.client("dynamodb")
    stream = bench.client("kinesis")
    stream.create_stream(StreamName="changes", ShardCount=1)
    arn = "arn:aws:kinesis:us-east-1:123456789012:stream/changes"
    allow = {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": "*"}
    local = {**index("kind"), "IndexName": "local", "KeySchema": [KEYS[0], {**KEYS[1], "AttributeName": "kind"}]}
    table = bench.make(
        "AWS::DynamoDB::Table",
        "Notes",
        **FIXED,
        AttributeDefinitions=names("kind"),
        GlobalSecondaryIndexes=[index("kind", OnDemandThroughput={"MaxReadRequestUnits": 77})],
        LocalSecondaryIndexes=[local],
        StreamSpecification={"StreamViewType": "NEW_IMAGE"},
        SSESpecification={"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        DeletionProtectionEnabled=True,
        TableClass="STANDARD_INFREQUENT_ACCESS",
        OnDemandThroughput={"MaxReadRequestUnits": 111, "MaxWriteRequestUnits": 112},
        WarmThroughput={"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 5000},
        TimeToLiveSpecification={"AttributeName": "expires", "Enabled": True},
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
        ContributorInsightsSpecification={"Enabled": True, "Mode": "THROTTLED_KEYS"},
        KinesisStreamSpecification={"StreamArn": arn, "ApproximateCreationDateTimePrecision": "MILLISECOND"},
        ResourcePolicy={"PolicyDocument": {"Version": "2012-10-17", "Statement": [allow]}},
        Tags=TAGS,
    )
    assert (table.unapplied, bench.lost(table)) == ((), set())
    assert statuses(dynamodb) == ("ENABLED", "ENABLED", "ENABLED", "ENABLED", True)
    assert "/stream/" in table["StreamArn"]
    with pytest.raises(ClientError, match="protected against deletion"):
        bench.delete(table)

    changed = bench.change(
        table,
        **FIXED,
        LocalSecondaryIndexes=[local],
        AttributeDefinitions=names("kind"),
        Tags=[{"Key": "team", "Value": "another"}],
    )
    assert statuses(dynamodb) == ("DISABLED", "DISABLED", "DISABLED", None, False)
    facts = dynamodb.describe_table(TableName="notes")["Table"]
    assert not facts.get("GlobalSecondaryIndexes")
    assert not facts.get("DeletionProtectionEnabled")
    tags = dynamodb.list_tags_of_resource(ResourceArn=table["Arn"])["Tags"]
    assert [each["Value"] for each in tags if each["Key"] == "team"] == ["another"]
    again = bench.change(
        changed,
        **FIXED,
        LocalSecondaryIndexes=[local],
        AttributeDefinitions=names("kind"),
        StreamSpecification={"StreamViewType": "KEYS_ONLY"},
    )
    again = bench.change(
        again,
        **FIXED,
        LocalSecondaryIndexes=[local],
        AttributeDefinitions=names("kind"),
        StreamSpecification={"StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    assert dynamodb.describe_table(TableName="notes")["Table"]["StreamSpecification"]["StreamViewType"].startswith(
        "NEW_A"
    )
    bench.delete(again)
    bench.delete(again)
    assert dynamodb.list_tables()["TableNames"] == []


def statuses(dynamodb) -> tuple[str, str, str, str | None, bool]:
    facts = dynamodb.describe_table(TableName="notes")["Table"]
    backups = dynamodb.describe_continuous_backups(TableName="notes")["ContinuousBackupsDescription"]
    return (
        dynamodb.describe_time_to_live(TableName="notes")["TimeToLiveDescription"]["TimeToLiveStatus"],
        backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        dynamodb.describe_contributor_insights(TableName="notes")["ContributorInsightsStatus"],
        facts.get("SSEDescription", {}).get("Status"),
        bool(facts.get("StreamSpecification", {}).get("StreamEnabled")),
    )


def test_one_index_at_a_time(bench):
    dynamodb = bench.client("dynamodb")
    units = {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
    more = {"ProvisionedThroughput": {"ReadCapacityUnits": 4, "WriteCapacityUnits": 3}}
    fixed = {"TableName": "notes", "KeySchema": KEYS, **units}
    table = bench.make("AWS::DynamoDB::Table", **fixed, AttributeDefinitions=names())
    all_names = names("a", "b")
    with pytest.raises(ClientError, match="more than one GSI creation or deletion in a single update"):
        bench.change(
            table,
            **fixed,
            AttributeDefinitions=all_names,
            GlobalSecondaryIndexes=[index("a", **units), index("b", **units)],
        )
    one = bench.change(table, **fixed, AttributeDefinitions=names("a"), GlobalSecondaryIndexes=[index("a", **units)])
    two = bench.change(
        one, **fixed, AttributeDefinitions=all_names, GlobalSecondaryIndexes=[index("a", **more), index("b", **units)]
    )
    assert (two.unapplied, bench.lost(two)) == ((), set())
    found = dynamodb.describe_table(TableName="notes")["Table"]["GlobalSecondaryIndexes"]
    assert {each["IndexName"]: each["ProvisionedThroughput"]["ReadCapacityUnits"] for each in found} == {
        "by-a": 4,
        "by-b": 1,
    }
    other = {**index("a", **more), "Projection": {"ProjectionType": "KEYS_ONLY"}}
    with pytest.raises(ClientError, match="Cannot update GSI's properties other than"):
        bench.change(two, **fixed, AttributeDefinitions=all_names, GlobalSecondaryIndexes=[other, index("b", **units)])


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"SSESpecification": {"SSEEnabled": True, "KMSMasterKeyId": "0123-nobody"}}, "KMS validation error"),
        (
            {"KinesisStreamSpecification": {"StreamArn": "arn:aws:kinesis:us-east-1:123456789012:stream/no"}},
            "Kinesis stream",
        ),
        ({"AttributeDefinitions": names()[:1]}, "have no definition"),
        (
            {
                "AttributeDefinitions": names("doctor"),
                "GlobalSecondaryIndexes": [index("doctor", Projection={"NonKeyAttributes": ["text"]})],
            },
            "Unknown ProjectionType: null",
        ),
    ],
)
def test_what_dynamodb_refuses(bench, properties, words):
    with pytest.raises(ClientError, match=words):
        bench.make("AWS::DynamoDB::Table", **{**FIXED, "AttributeDefinitions": names(), **properties})
    assert bench.client("dynamodb").list_tables()["TableNames"] == []


def test_a_global_table_answers_for_the_same_items_everywhere(bench):
    near, far = bench.client("dynamodb"), bench.client("dynamodb", "eu-west-1")
    fixed: dict[str, Any] = {**FIXED, "AttributeDefinitions": names()}
    home = {
        "Region": "us-east-1",
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "Tags": TAGS,
    }
    away = {"Region": "eu-west-1", "DeletionProtectionEnabled": True, "TableClass": "STANDARD_INFREQUENT_ACCESS"}
    stream = {"StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"}}
    with pytest.raises(ClientError, match="Region the stack is deployed in"):
        bench.make("AWS::DynamoDB::GlobalTable", **fixed, Replicas=[away])
    table = bench.make(
        "AWS::DynamoDB::GlobalTable",
        **fixed,
        **stream,
        Replicas=[home, away],
        TimeToLiveSpecification={"AttributeName": "expires", "Enabled": True},
    )
    assert (table.unapplied, bench.lost(table)) == ((), set())
    item = {"patient": {"S": "ana"}, "at": {"S": "now"}}
    near.put_item(TableName="notes", Item=item)
    assert far.get_item(TableName="notes", Key=item)["Item"] == item
    far.delete_item(TableName="notes", Key=item)
    assert near.scan(TableName="notes")["Count"] == 0
    facts = far.describe_table(TableName="notes")["Table"]
    assert facts["TableArn"] == "arn:aws:dynamodb:eu-west-1:123456789012:table/notes"
    assert facts["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert [each["RegionName"] for each in facts["Replicas"]] == ["us-east-1"]
    assert far.describe_time_to_live(TableName="notes")["TimeToLiveDescription"]["AttributeName"] == "expires"
    backups = near.describe_continuous_backups(TableName="notes")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    with pytest.raises(ClientError, match="protected against deletion"):
        bench.delete(table)
    open_ = bench.change(table, **fixed, **stream, Replicas=[home, {"Region": "eu-west-1"}])
    with pytest.raises(ClientError, match="more than one replica in a single update"):
        bench.change(open_, **fixed, **stream, Replicas=[home, {"Region": "us-west-2"}])
    alone = bench.change(open_, **fixed, **stream, Replicas=[home])
    assert far.list_tables()["TableNames"] == []
    bench.delete(alone)
    bench.delete(alone)
    assert near.list_tables()["TableNames"] == []


def test_a_provisioned_global_table_scales(bench):
    scales = {"MinCapacity": 2, "MaxCapacity": 9, "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 60}}
    table = bench.make(
        "AWS::DynamoDB::GlobalTable",
        TableName="notes",
        KeySchema=KEYS,
        AttributeDefinitions=names(),
        BillingMode="PROVISIONED",
        WriteProvisionedThroughputSettings={"WriteCapacityAutoScalingSettings": scales},
        Replicas=[
            {"Region": "us-east-1", "ReadProvisionedThroughputSettings": {"ReadCapacityAutoScalingSettings": scales}},
            {"Region": "eu-west-1", "ReadProvisionedThroughputSettings": {"ReadCapacityUnits": 17}},
        ],
    )
    units = [
        bench.client("dynamodb", region).describe_table(TableName="notes")["Table"]["ProvisionedThroughput"]
        for region in ("us-east-1", "eu-west-1")
    ]
    assert [(each["ReadCapacityUnits"], each["WriteCapacityUnits"]) for each in units] == [(2, 2), (17, 2)]
    assert table.unapplied == ()
    targets = bench.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="dynamodb")
    assert {(each["MinCapacity"], each["MaxCapacity"]) for each in targets["ScalableTargets"]} == {(2, 9)}
    assert (
        bench.client("dynamodb").describe_table(TableName="notes")["Table"]["ProvisionedThroughput"][
            "WriteCapacityUnits"
        ]
        == 2
    )
