"""A bucket tells those it names, and only those who let it, what happens to its objects."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.deliveries.conftest import ACCOUNT, may, statement

S3 = "s3.amazonaws.com"
BUCKET = "arn:aws:s3:::notes"


@pytest.fixture
def notes(place):
    place.client("s3").create_bucket(Bucket="notes")

    def notify(**configuration):
        place.client("s3").put_bucket_notification_configuration(
            Bucket="notes", NotificationConfiguration=configuration
        )

    return notify


def to_queue(queue, *events, prefix="", suffix=""):
    rules = [{"Name": name, "Value": each} for name, each in (("prefix", prefix), ("suffix", suffix)) if each]
    wanted = {"QueueArn": queue, "Events": list(events) or ["s3:ObjectCreated:*"]}
    return [{**wanted, "Filter": {"Key": {"FilterRules": rules}}} if rules else wanted]


def told(place, queue):
    records = [json.loads(each).get("Records", []) for each in place.received(queue)]
    return [(each["eventName"], each["s3"]["object"]) for batch in records for each in batch]


def test_a_queue_is_told_first_of_the_test_and_then_of_objects(place, notes):
    queue = place.queue("inbox", lets=S3, source=BUCKET)
    notes(QueueConfigurations=to_queue(queue, prefix="in/", suffix=".txt"))
    [test] = place.received(queue)
    assert (json.loads(test)["Event"], json.loads(test)["Bucket"]) == ("s3:TestEvent", "notes")
    s3 = place.client("s3")
    for key in ("in/ward 3+ü.txt", "in/ward.csv", "out/ward.txt"):
        s3.put_object(Bucket="notes", Key=key, Body=b"fever")
    [(name, thing)] = told(place, queue)
    assert name == "ObjectCreated:Put"
    assert thing["key"] == "in/ward+3%2B%C3%BC.txt"
    assert thing["size"] == 5
    assert "versionId" not in thing and thing["sequencer"]


def test_versions_and_delete_markers_are_told_apart(place, notes):
    queue, s3 = place.queue("inbox", lets=S3), place.client("s3")
    s3.put_bucket_versioning(Bucket="notes", VersioningConfiguration={"Status": "Enabled"})
    notes(QueueConfigurations=to_queue(queue, "s3:ObjectCreated:*", "s3:ObjectRemoved:*"))
    version = s3.put_object(Bucket="notes", Key="one", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket="notes", Key="one")["VersionId"]
    s3.delete_object(Bucket="notes", Key="one", VersionId=version)
    assert [(name, thing["versionId"]) for name, thing in told(place, queue)] == [
        ("ObjectCreated:Put", version),
        ("ObjectRemoved:DeleteMarkerCreated", marker),
        ("ObjectRemoved:Delete", version),
    ]


def test_copies_uploads_in_parts_and_deletes_of_many(place, notes):
    queue, s3 = place.queue("inbox", lets=S3), place.client("s3")
    notes(QueueConfigurations=to_queue(queue, "s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"))
    s3.put_object(Bucket="notes", Key="one", Body=b"1")
    s3.copy_object(Bucket="notes", Key="two", CopySource="notes/one")
    upload = s3.create_multipart_upload(Bucket="notes", Key="three")["UploadId"]
    part = s3.upload_part(Bucket="notes", Key="three", UploadId=upload, PartNumber=1, Body=b"3")
    parts = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    s3.complete_multipart_upload(Bucket="notes", Key="three", UploadId=upload, MultipartUpload=parts)
    s3.delete_objects(Bucket="notes", Delete={"Objects": [{"Key": "one"}, {"Key": "nothing"}]})
    assert [(name, thing["key"]) for name, thing in told(place, queue)] == [
        ("ObjectCreated:Put", "one"),
        ("ObjectCreated:Copy", "two"),
        ("ObjectCreated:CompleteMultipartUpload", "three"),
        ("ObjectRemoved:Delete", "one"),
    ]


def test_a_destination_that_is_missing_or_closed_is_refused(place, notes):
    for queue in (place.queue("closed"), f"arn:aws:sqs:us-east-1:{ACCOUNT}:gone"):
        with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
            notes(QueueConfigurations=to_queue(queue))
    topic = place.topic("closed")
    with pytest.raises(ClientError, match="Unable to validate"):
        notes(TopicConfigurations=[{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}])


def test_a_topic_passes_it_on(place, notes):
    topic = place.topic("changes")
    queue = place.queue("inbox", lets="sns.amazonaws.com")
    place.subscribe(topic, queue, RawMessageDelivery="true")
    policy = statement(S3, "sns:Publish", topic, BUCKET)
    place.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    notes(TopicConfigurations=[{"TopicArn": topic, "Events": ["s3:ObjectCreated:Put"]}])
    place.client("s3").put_object(Bucket="notes", Key="one", Body=b"1")
    assert [name for name, _ in told(place, queue)] == ["ObjectCreated:Put"]


def test_a_function_reads_the_note_it_is_told_of(place, notes):
    source = """
    def handler(event, context):
        thing = event["Records"][0]["s3"]
        body = boto3.client("s3").get_object(Bucket=thing["bucket"]["name"], Key=thing["object"]["key"])["Body"]
        keep(body.read().decode())
    """
    reads = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    reader = place.function("reader", source, reads)
    configuration = [{"LambdaFunctionArn": reader, "Events": ["s3:ObjectCreated:*"]}]
    with pytest.raises(ClientError, match="Unable to validate"):
        notes(LambdaFunctionConfigurations=configuration)
    place.may_call(reader, S3, BUCKET)
    notes(LambdaFunctionConfigurations=configuration)
    place.client("s3").put_object(Bucket="notes", Key="one", Body=b"fever")
    assert place.kept() == ["fever"]


def test_a_function_that_writes_where_it_is_told_of_is_stopped(place, notes):
    source = """
    def handler(event, context):
        key = event["Records"][0]["s3"]["object"]["key"]
        boto3.client("s3").put_object(Bucket="notes", Key=key + "x", Body=b"")
    """
    writer = place.function("writer", source, may("s3:PutObject", f"{BUCKET}/*"))
    place.may_call(writer, S3, BUCKET)
    notes(LambdaFunctionConfigurations=[{"LambdaFunctionArn": writer, "Events": ["s3:ObjectCreated:*"]}])
    place.client("s3").put_object(Bucket="notes", Key="n", Body=b"")
    assert place.cloud.deliveries.settle(20)
    assert place.client("s3").list_objects_v2(Bucket="notes")["KeyCount"] == 1 + 16
    assert "recursive loop" in place.cloud.functions.undelivered[-1].because


def test_a_bucket_that_tells_eventbridge(place, notes):
    queue = place.queue("inbox")
    events = place.client("events")
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": ["notes"]}}}
    rule = events.put_rule(Name="uploads", EventPattern=json.dumps(pattern))["RuleArn"]
    place.let(place.url(queue), queue, "events.amazonaws.com", rule)
    events.put_targets(Rule="uploads", Targets=[{"Id": "1", "Arn": queue}])
    s3 = place.client("s3")
    s3.put_object(Bucket="notes", Key="before", Body=b"1")
    notes(EventBridgeConfiguration={})
    s3.put_object(Bucket="notes", Key="ward 3", Body=b"1")
    s3.delete_object(Bucket="notes", Key="ward 3")
    [event] = [json.loads(each) for each in place.received(queue)]
    assert (event["resources"], event["account"]) == ([BUCKET], ACCOUNT)
    assert event["detail"]["object"]["key"] == "ward 3"
    assert event["detail"]["reason"] == "PutObject"


@pytest.mark.parametrize(
    "first, second, overlap",
    [
        ({"prefix": "in/"}, {"prefix": "in/new/"}, True),
        ({"prefix": "in/"}, {"suffix": ".txt"}, True),
        ({"prefix": "in/"}, {"prefix": "out/"}, False),
        ({"prefix": "in/", "suffix": ".txt"}, {"prefix": "in/", "suffix": ".csv"}, False),
        ({}, {}, True),
    ],
)
def test_two_may_not_want_the_same_object(place, notes, first, second, overlap):
    queues = [place.queue(name, lets=S3) for name in ("one", "two")]
    wanted = [
        *to_queue(queues[0], "s3:ObjectCreated:*", **first),
        *to_queue(queues[1], "s3:ObjectCreated:Put", **second),
    ]
    if overlap:
        with pytest.raises(ClientError, match="Configurations overlap"):
            notes(QueueConfigurations=wanted)
    else:
        notes(QueueConfigurations=wanted)


def test_the_same_prefix_for_other_events_is_fine(place, notes):
    queue = place.queue("inbox", lets=S3)
    notes(QueueConfigurations=[*to_queue(queue, "s3:ObjectCreated:*"), *to_queue(queue, "s3:ObjectRemoved:*")])
