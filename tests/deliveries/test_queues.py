"""A worker function takes its queue's messages: none is lost, and what it cannot handle ends where it should."""

from __future__ import annotations

import json
import threading
import time

import pytest
from botocore.exceptions import ClientError

from tests.deliveries.conftest import READS_QUEUES, may

KEEPS = """
def handler(event, context):
    keep([each["body"] for each in event["Records"]])
"""
# fails on what is called bad, and keeps the rest
PICKY = """
def handler(event, context):
    bodies = [each["body"] for each in event["Records"]]
    keep(bodies)
    if "bad" in bodies:
        raise ValueError("bad")
"""
REPORTS = """
def handler(event, context):
    bad = [each["messageId"] for each in event["Records"] if each["body"].startswith("bad")]
    keep([each["body"] for each in event["Records"]])
    return {"batchItemFailures": [{"itemIdentifier": each} for each in bad]}
"""


def redrive(dead: str, most: int = 3) -> str:
    return json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": most})


def bodies(kept: list[list[str]]) -> list[str]:
    return [body for batch in kept for body in batch]


def test_the_worker_is_handed_every_message_and_the_queue_is_empty_then(place):
    queue = place.queue("notes")
    worker = place.function("worker", KEEPS, may(READS_QUEUES, queue))
    place.map(worker, queue)
    place.send(queue, "one", "two", "three")
    assert sorted(bodies(place.kept())) == ["one", "three", "two"]
    counted = place.client("sqs").get_queue_attributes(QueueUrl=place.url(queue), AttributeNames=["All"])["Attributes"]
    assert counted["ApproximateNumberOfMessages"] == counted["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_a_record_looks_as_it_does_on_aws(place):
    queue = place.queue("notes")
    source = "def handler(event, context):\n    keep(event)\n"
    place.map(place.function("worker", source, may(READS_QUEUES, queue)), queue)
    told = {"ward": {"DataType": "String", "StringValue": "3"}}
    sent = place.client("sqs").send_message(QueueUrl=place.url(queue), MessageBody="fever", MessageAttributes=told)
    [event] = place.kept()
    [record] = event["Records"]
    assert record["messageId"] == sent["MessageId"]
    assert record["md5OfBody"] == sent["MD5OfMessageBody"]
    assert record["md5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert record["messageAttributes"] == {
        "ward": {"stringValue": "3", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
    }
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert (record["eventSource"], record["eventSourceARN"], record["awsRegion"]) == ("aws:sqs", queue, "us-east-1")
    assert record["receiptHandle"]


def test_kill_the_worker_and_lose_nothing(place):
    dead = place.queue("dead")
    queue = place.queue("notes", RedrivePolicy=redrive(dead))
    worker = place.function("worker", PICKY, may(READS_QUEUES, queue))
    place.map(worker, queue, BatchSize=1)
    place.send(queue, "good", "bad", "also good")
    kept = bodies(place.kept())
    assert kept.count("bad") == 3
    assert kept.count("good") == kept.count("also good") == 1
    assert place.received(dead) == ["bad"]
    assert place.received(queue) == []


def test_one_bad_message_takes_its_whole_batch_back(place):
    dead = place.queue("dead")
    queue = place.queue("notes", RedrivePolicy=redrive(dead, 2))
    worker = place.function("worker", PICKY, may(READS_QUEUES, queue))
    place.send(queue, "good", "bad")
    place.map(worker, queue)
    assert sorted(place.kept()[0]) == ["bad", "good"]
    assert sorted(place.received(dead)) == ["bad", "good"]


def test_with_partial_responses_only_the_bad_ones_come_again(place):
    dead = place.queue("dead")
    queue = place.queue("notes", RedrivePolicy=redrive(dead, 2))
    worker = place.function("worker", REPORTS, may(READS_QUEUES, queue))
    place.send(queue, "good", "bad one", "bad two")
    place.map(worker, queue, FunctionResponseTypes=["ReportBatchItemFailures"])
    first, *later = place.kept()
    assert sorted(first) == ["bad one", "bad two", "good"]
    assert sorted(bodies(later)) == ["bad one", "bad two"]
    assert sorted(place.received(dead)) == ["bad one", "bad two"]


def test_the_worker_gets_what_its_filter_wants_and_the_rest_is_gone(place):
    queue = place.queue("notes")
    worker = place.function("worker", KEEPS, may(READS_QUEUES, queue))
    pattern = json.dumps({"body": {"kind": ["urgent"], "age": [{"numeric": [">", 65]}]}})
    place.map(worker, queue, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    wanted = json.dumps({"kind": "urgent", "age": 80})
    place.send(queue, wanted, json.dumps({"kind": "urgent", "age": 20}), "plain text")
    assert bodies(place.kept()) == [wanted]
    assert place.received(queue) == []


def test_a_fifo_group_waits_for_its_failing_first_and_another_does_not(place):
    dead = place.queue("dead.fifo", FifoQueue="true")
    queue = place.queue(
        "notes.fifo", FifoQueue="true", ContentBasedDeduplication="true", RedrivePolicy=redrive(dead, 2)
    )
    worker = place.function("worker", PICKY, may(READS_QUEUES, queue))
    place.map(worker, queue, BatchSize=1)
    place.send(queue, "bad", "after bad", MessageGroupId="a")
    place.send(queue, "b1", "b2", MessageGroupId="b")
    kept = bodies(place.kept())
    assert [each for each in kept if "bad" in each] == ["bad", "bad", "after bad"]
    assert [each for each in kept if each[0] == "b" and each != "bad"] == ["b1", "b2"]
    assert place.received(dead) == ["bad"]


def test_a_mapping_that_is_switched_off_leaves_the_queue_alone(place):
    queue = place.queue("notes")
    worker = place.function("worker", KEEPS, may(READS_QUEUES, queue))
    mapping = place.map(worker, queue, Enabled=False)
    place.send(queue, "one")
    assert place.kept() == []
    place.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=True)
    assert bodies(place.kept()) == ["one"]
    place.client("lambda").delete_event_source_mapping(UUID=mapping)
    place.send(queue, "two")
    assert bodies(place.kept()) == ["one"]
    assert place.received(queue) == ["two"]


def test_without_redrive_a_bad_message_is_tried_often_and_not_lost(place):
    queue = place.queue("notes")
    worker = place.function("worker", PICKY, may(READS_QUEUES, queue))
    place.map(worker, queue)
    place.send(queue, "bad")
    assert len(place.kept()) > 3
    counted = place.client("sqs").get_queue_attributes(QueueUrl=place.url(queue), AttributeNames=["All"])["Attributes"]
    assert counted["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_a_role_that_may_not_read_the_queue_cannot_be_mapped_to_it(place):
    queue = place.queue("notes")
    worker = place.function("worker", KEEPS, may("sqs:SendMessage", queue))
    with pytest.raises(ClientError, match="does not have permissions to call ReceiveMessage on SQS"):
        place.map(worker, queue)


def test_a_queue_that_is_not_there_cannot_be_mapped(place):
    worker = place.function("worker", KEEPS, may(READS_QUEUES))
    with pytest.raises(ClientError, match=r"InvalidParameterValueException.*NonExistentQueue"):
        place.map(worker, "arn:aws:sqs:us-east-1:123456789012:none")


def test_a_worker_that_does_not_run_here_is_told_of(place):
    queue = place.queue("notes")
    worker = place.function("worker", KEEPS, may(READS_QUEUES, queue))
    place.client("lambda").update_function_configuration(FunctionName="worker", Runtime="nodejs22.x")
    place.map(worker, queue)
    place.send(queue, "one")
    assert place.cloud.deliveries.settle()
    assert place.cloud.deliveries.undelivered == [
        (
            queue,
            worker,
            "worker is not run: the offline cloud keeps nodejs22.x functions, and runs Python from a zip archive",
        )
    ]


def test_a_role_that_lost_the_queue_reads_no_more(place):
    queue = place.queue("notes")
    worker = place.function("worker", KEEPS, may(READS_QUEUES, queue))
    place.map(worker, queue)
    place.client("iam").delete_role_policy(RoleName="worker-role", PolicyName="p")
    place.send(queue, "one")
    assert place.kept() == []
    assert ("sqs:ReceiveMessage", queue) in place.denied
    assert place.received(queue) == ["one"]


def test_a_queue_that_shows_messages_again_too_early_is_refused(place):
    queue = place.queue("notes", VisibilityTimeout="4")
    worker = place.function("worker", KEEPS, may(READS_QUEUES, queue))
    with pytest.raises(ClientError, match="Queue visibility timeout: 4 seconds is less than Function timeout: 5"):
        place.map(worker, queue)


def test_a_fifo_queue_remembers_a_message_it_no_longer_has(place):
    queue = place.queue("notes.fifo", FifoQueue="true")
    place.send(queue, "one", MessageGroupId="a", MessageDeduplicationId="1")
    assert place.received(queue) == ["one"]
    place.send(queue, "one", MessageGroupId="a", MessageDeduplicationId="1")
    assert place.received(queue) == []


def test_the_worker_of_an_encrypted_queue_needs_its_key(place):
    key = place.client("kms").create_key()["KeyMetadata"]["Arn"]
    queue = place.queue("notes", KmsMasterKeyId=key)
    worker = place.function("worker", KEEPS, may(READS_QUEUES, queue))
    place.map(worker, queue)
    place.send(queue, "one")
    assert place.kept() == []
    assert ("kms:Decrypt", key) in place.denied
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may(READS_QUEUES, queue), may("kms:Decrypt", key)]})
    place.client("iam").put_role_policy(RoleName="worker-role", PolicyName="q", PolicyDocument=policy)
    place.send(queue, "two")
    assert sorted(bodies([each for each in place.kept()])) == ["one", "two"]


def test_an_empty_cloud_forgets_what_was_on_its_way(place):
    queue = place.queue("notes")
    worker = place.function("worker", PICKY, may(READS_QUEUES, queue))
    place.map(worker, queue)
    place.send(queue, "bad")
    place.cloud.reset()
    assert place.cloud.deliveries.settle(5)
    assert place.client("sqs").list_queues().get("QueueUrls", []) == []


def test_many_senders_and_many_workers_lose_nothing_and_do_nothing_twice(place):
    queue = place.queue("notes")
    place.map(place.function("worker", KEEPS, may(READS_QUEUES, queue)), queue, BatchSize=5)

    def send(first: int) -> None:
        for number in range(first, first + 25):
            place.send(queue, str(number))

    senders = [threading.Thread(target=send, args=(first,)) for first in (0, 25, 50, 75)]
    for each in senders:
        each.start()
    for each in senders:
        each.join()
    assert sorted(bodies(place.kept()), key=int) == [str(number) for number in range(100)]


def test_slow_batches_are_handled_beside_one_another(place):
    queue = place.queue("notes")
    slow = """
    def handler(event, context):
        begun = time.time()
        time.sleep(0.5)
        keep([begun, time.time()])
    """
    worker = place.function("worker", slow, may(READS_QUEUES, queue))
    place.send(queue, *"abcd")
    place.map(worker, queue, BatchSize=1)
    spans = place.kept()
    assert len(spans) == 4
    assert max(begun for begun, _ in spans) < max(ended for _, ended in spans)
    assert sum(ended - begun for begun, ended in spans) > max(e for _, e in spans) - min(b for b, _ in spans)


def test_batches_that_fail_at_the_same_time_all_come_again(place):
    dead = place.queue("dead")
    queue = place.queue("notes", RedrivePolicy=redrive(dead))
    place.send(queue, *(f"{number} {'bad' if number % 5 == 0 else ''}" for number in range(40)))
    fails = """
    def handler(event, context):
        time.sleep(0.02)
        for each in event["Records"]:
            if "bad" in each["body"] or each["attributes"]["ApproximateReceiveCount"] == "1":
                raise ValueError("not now")
            keep(each["body"])
    """
    place.map(place.function("worker", fails, may(READS_QUEUES, queue)), queue, BatchSize=1)
    assert len(place.kept()) == 32
    assert len(place.received(dead)) == 8
    held = place.client("sqs").get_queue_attributes(QueueUrl=place.url(queue), AttributeNames=["All"])["Attributes"]
    assert held["ApproximateNumberOfMessagesNotVisible"] == held["ApproximateNumberOfMessages"] == "0"


AROUND = """
def handler(event, context):
    keep([1])
    boto3.client("sqs").send_message(QueueUrl=os.environ["URL"], MessageBody="again")
"""


@pytest.mark.parametrize("loops", ["Terminate", "Allow"])
def test_a_worker_that_feeds_its_own_queue_is_stopped_after_sixteen_times(place, loops):
    dead = place.queue("dead")
    queue = place.queue("notes", RedrivePolicy=redrive(dead))
    may_all = may([*READS_QUEUES, "sqs:SendMessage"], queue)
    worker = place.function("worker", AROUND, may_all, URL=place.url(queue))
    place.client("lambda").put_function_recursion_config(FunctionName="worker", RecursiveLoop=loops)
    place.map(worker, queue)
    place.send(queue, "once")
    if loops == "Allow":
        until = time.monotonic() + 10
        while len(place.client("s3").list_objects_v2(Bucket="kept").get("Contents", [])) < 20:
            assert time.monotonic() < until
            time.sleep(0.05)
        place.cloud.reset()
    else:
        assert len(place.kept()) == 16
        assert place.received(dead) == ["again"]


def test_a_waiting_reader_of_a_blocked_group_waits_quietly(place):
    queue = place.queue("notes.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    place.send(queue, "one", "two", MessageGroupId="a")
    sqs, url = place.client("sqs"), place.url(queue)
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)
    before = time.process_time()
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)
    assert time.process_time() - before < 0.5
