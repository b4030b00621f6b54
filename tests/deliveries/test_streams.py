"""A stream's readers see its records in order, and what they cannot handle holds up the rest or is put aside."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.deliveries.conftest import ACCOUNT, READS_STREAMS, READS_TABLES, may

CHANGES = """
def handler(event, context):
    keep([[each["eventName"], each["dynamodb"].get("OldImage"), each["dynamodb"].get("NewImage")]
          for each in event["Records"]])
"""
LINES = """
import base64
def handler(event, context):
    lines = [base64.b64decode(each["kinesis"]["data"]).decode() for each in event["Records"]]
    keep(lines)
    if "bad" in lines:
        raise ValueError("bad")
"""


def table(place, view="NEW_AND_OLD_IMAGES"):
    made = place.client("dynamodb").create_table(
        TableName="notes",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
    )
    return made["TableDescription"]["LatestStreamArn"]


def stream(place, shards=1):
    place.client("kinesis").create_stream(StreamName="notes", ShardCount=shards)
    return f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/notes"


def put(place, *lines, key="a"):
    for line in lines:
        place.client("kinesis").put_record(StreamName="notes", Data=line.encode(), PartitionKey=key)


def note(name, **more):
    return {"id": {"S": name}, **{each: {"S": value} for each, value in more.items()}}


def test_every_change_of_a_table_is_told_once(place):
    source, dynamodb = table(place), place.client("dynamodb")
    reader = place.function("reader", CHANGES, may(READS_TABLES))
    place.map(reader, source, StartingPosition="LATEST", BatchSize=1)
    dynamodb.put_item(TableName="notes", Item=note("1", ward="3"))
    dynamodb.put_item(TableName="notes", Item=note("1", ward="3"))
    dynamodb.update_item(
        TableName="notes",
        Key=note("1"),
        UpdateExpression="SET ward = :w",
        ExpressionAttributeValues={":w": {"S": "4"}},
    )
    dynamodb.delete_item(TableName="notes", Key=note("1"))
    assert [each for batch in place.kept() for each in batch] == [
        ["INSERT", None, note("1", ward="3")],
        ["MODIFY", note("1", ward="3"), note("1", ward="4")],
        ["REMOVE", note("1", ward="4"), None],
    ]


def test_the_view_type_says_what_is_in_a_record_and_a_filter_what_is_handed_over(place):
    source, dynamodb = table(place, "KEYS_ONLY"), place.client("dynamodb")
    dynamodb.put_item(TableName="notes", Item=note("before"))
    keeps = "def handler(event, context):\n    keep([each['dynamodb'] for each in event['Records']])\n"
    pattern = json.dumps({"eventName": ["INSERT"], "dynamodb": {"Keys": {"id": {"S": [{"prefix": "b"}]}}}})
    place.map(
        place.function("reader", keeps, may(READS_TABLES)),
        source,
        StartingPosition="TRIM_HORIZON",
        FilterCriteria={"Filters": [{"Pattern": pattern}]},
    )
    dynamodb.put_item(TableName="notes", Item=note("after"))
    dynamodb.delete_item(TableName="notes", Key=note("before"))
    [[told]] = place.kept()
    assert told["Keys"] == note("before")
    assert not {"NewImage", "OldImage"} & set(told)
    assert (told["StreamViewType"], isinstance(told["ApproximateCreationDateTime"], int)) == ("KEYS_ONLY", True)


def test_records_of_a_shard_come_in_order(place):
    source = stream(place)
    reader = place.function("reader", LINES, may(READS_STREAMS))
    put(place, "before")
    place.map(reader, source, StartingPosition="LATEST", BatchSize=2)
    put(place, "1", "2", "3", "4", "5")
    assert [line for batch in place.kept() for line in batch] == ["1", "2", "3", "4", "5"]


def test_a_bad_record_is_cut_out_and_told_to_the_destination(place):
    source, dead = stream(place), place.queue("dead")
    reader = place.function("reader", LINES, may(READS_STREAMS), may("sqs:SendMessage", dead))
    put(place, "1", "2", "bad", "4")
    place.map(
        reader,
        source,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=1,
        BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": dead}},
    )
    batches = place.kept()
    assert ["1", "2"] in batches and ["4"] in batches
    [told] = [json.loads(each) for each in place.received(dead)]
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["KinesisBatchInfo"]["batchSize"] == 1
    assert told["KinesisBatchInfo"]["streamArn"] == source


def test_without_a_limit_a_bad_record_holds_up_what_follows(place):
    source = stream(place)
    put(place, "bad")
    place.map(place.function("reader", LINES, may(READS_STREAMS)), source, StartingPosition="TRIM_HORIZON", BatchSize=1)
    put(place, "after")
    assert {line for batch in place.kept() for line in batch} == {"bad"}


def test_a_stream_wants_to_know_where_to_begin_and_a_role_that_may_read(place):
    source = table(place)
    reader = place.function("reader", CHANGES, may(READS_STREAMS))
    with pytest.raises(ClientError, match="StartingPosition"):
        place.map(reader, source)
    with pytest.raises(ClientError, match="does not have permissions to call GetRecords on"):
        place.map(reader, source, StartingPosition="LATEST")


def test_a_pipe_filters_a_queue_into_a_topic(place):
    queue, inbox, topic = place.queue("notes"), place.queue("inbox", lets="sns.amazonaws.com"), place.topic("urgent")
    place.subscribe(topic, inbox, RawMessageDelivery="true")
    role = place.role(
        "pipe",
        "pipes.amazonaws.com",
        may(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue),
        may("sns:Publish", topic),
    )
    place.client("pipes").create_pipe(
        Name="urgent",
        Source=queue,
        Target=topic,
        RoleArn=role,
        SourceParameters={
            "FilterCriteria": {"Filters": [{"Pattern": json.dumps({"body": {"kind": ["urgent"]}})}]},
            "SqsQueueParameters": {"BatchSize": 1},
        },
        TargetParameters={
            "InputTemplate": '{"ward": <$.body.ward>, "text": "in <$.body.ward> by <aws.pipes.pipe-name>"}'
        },
    )
    for kind in ("routine", "urgent"):
        place.send(queue, json.dumps({"kind": kind, "ward": 3}))
    assert place.cloud.deliveries.settle()
    [record] = [json.loads(each) for each in place.received(inbox)]
    assert record == {"ward": 3, "text": "in 3 by urgent"}
    assert place.received(queue) == []


def test_an_item_expires_and_its_stream_says_that_nobody_deleted_it(place):
    source, dynamodb = table(place), place.client("dynamodb")
    reads = "def handler(event, context):\n    keep([each.get('userIdentity') for each in event['Records']])\n"
    pattern = json.dumps({"userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]}})
    place.map(
        place.function("reader", reads, may(READS_TABLES)),
        source,
        StartingPosition="LATEST",
        FilterCriteria={"Filters": [{"Pattern": pattern}]},
    )
    dynamodb.update_time_to_live(
        TableName="notes", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    due = int(place.cloud.deliveries.now().timestamp()) + 3600
    for name in ("one", "two"):
        dynamodb.put_item(TableName="notes", Item={**note(name), "expires": {"N": str(due)}})
    dynamodb.delete_item(TableName="notes", Key=note("two"))
    place.cloud.deliveries.advance(minutes=30)
    assert dynamodb.scan(TableName="notes")["Count"] == 1
    place.cloud.deliveries.advance(hours=1)
    assert dynamodb.scan(TableName="notes")["Count"] == 0
    assert place.kept() == [[{"type": "Service", "principalId": "dynamodb.amazonaws.com"}]]
