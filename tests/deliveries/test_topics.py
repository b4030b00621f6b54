"""What is published arrives where the filter and the policies let it, and nowhere else."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from botocore.exceptions import ClientError

from tests.deliveries.conftest import ACCOUNT

SNS = "sns.amazonaws.com"


def test_a_note_arrives_in_its_envelope(place):
    topic = place.topic("notes")
    queue = place.queue("inbox", lets=SNS, source=topic)
    place.subscribe(topic, queue)
    place.client("sns").publish(TopicArn=topic, Message="fever", Subject="Ward 3")
    envelope = json.loads(place.received(queue)[0])
    assert (envelope["Type"], envelope["Message"], envelope["Subject"]) == ("Notification", "fever", "Ward 3")
    assert envelope["TopicArn"] == topic


def test_an_empty_note_is_refused(place):
    with pytest.raises(ClientError, match="Invalid parameter: Empty message"):
        place.client("sns").publish(TopicArn=place.topic("notes"), Message="")


def test_raw_delivery_is_the_message_alone_with_its_attributes(place):
    topic, queue = place.topic("notes"), place.queue("inbox", lets=SNS)
    place.subscribe(topic, queue, RawMessageDelivery="true")
    told = {"ward": {"DataType": "Number", "StringValue": "3"}}
    place.client("sns").publish(TopicArn=topic, Message="fever", MessageAttributes=told)
    [message] = place.messages(queue)
    assert message["Body"] == "fever"
    assert message["MessageAttributes"]["ward"]["StringValue"] == "3"


def test_the_topic_may_not_write_to_the_queue_so_nothing_arrives(place):
    topic, queue = place.topic("notes"), place.queue("inbox")
    place.subscribe(topic, queue)
    place.client("sns").publish(TopicArn=topic, Message="fever")
    assert place.received(queue) == []
    assert ("sqs:SendMessage", queue) in place.denied


def test_a_queue_that_lets_another_topic_in_gets_nothing_from_this_one(place):
    topic, other = place.topic("notes"), place.topic("other")
    queue = place.queue("inbox", lets=SNS, source=other)
    place.subscribe(topic, queue)
    place.client("sns").publish(TopicArn=topic, Message="fever")
    assert place.received(queue) == []


@pytest.mark.parametrize(
    "filter_policy, lets_in, keeps_out",
    [
        ({"kind": ["urgent"]}, {"kind": "urgent"}, {"kind": "routine"}),
        ({"kind": [{"prefix": "ur"}]}, {"kind": "urgent"}, {"kind": "routine"}),
        ({"kind": [{"suffix": "ent"}]}, {"kind": "urgent"}, {"kind": "routine"}),
        ({"kind": [{"anything-but": ["routine"]}]}, {"kind": "urgent"}, {"kind": "routine"}),
        ({"kind": [{"anything-but": {"prefix": "rou"}}]}, {"kind": "urgent"}, {"kind": "routine"}),
        ({"kind": [{"equals-ignore-case": "URGENT"}]}, {"kind": "urgent"}, {"kind": "routine"}),
        ({"age": [{"numeric": [">", 65, "<=", 120]}]}, {"age": 80}, {"age": 30}),
        ({"age": [80]}, {"age": 80}, {"age": 81}),
        ({"kind": [{"exists": True}]}, {"kind": "urgent"}, {"ward": "3"}),
        ({"kind": [{"exists": False}]}, {"ward": "3"}, {"kind": "urgent"}),
        ({"from": [{"cidr": "10.0.0.0/24"}]}, {"from": "10.0.0.7"}, {"from": "10.0.1.7"}),
        ({"$or": [{"kind": ["urgent"]}, {"age": [{"numeric": [">", 65]}]}]}, {"age": 70}, {"kind": "routine"}),
        ({"kind": ["urgent"], "ward": ["3"]}, {"kind": "urgent", "ward": "3"}, {"kind": "urgent", "ward": "4"}),
    ],
)
@pytest.mark.parametrize("scope", ["MessageAttributes", "MessageBody"])
def test_the_filter_lets_only_urgent_notes_through(place, filter_policy, lets_in, keeps_out, scope):
    topic, queue = place.topic("notes"), place.queue("inbox", lets=SNS)
    place.subscribe(topic, queue, FilterPolicy=filter_policy, FilterPolicyScope=scope, RawMessageDelivery="true")
    for facts in (lets_in, keeps_out):
        told = {
            name: {"DataType": "Number" if isinstance(each, int) else "String", "StringValue": str(each)}
            for name, each in facts.items()
        }
        place.client("sns").publish(
            TopicArn=topic, Message=json.dumps(facts), MessageAttributes=told if scope == "MessageAttributes" else {}
        )
    assert place.received(queue) == [json.dumps(lets_in)]


def test_a_filter_on_the_body_looks_inside_and_lets_no_plain_text_through(place):
    topic, queue = place.topic("notes"), place.queue("inbox", lets=SNS)
    policy = {"patient": {"ward": ["3"]}}
    place.subscribe(topic, queue, FilterPolicy=policy, FilterPolicyScope="MessageBody", RawMessageDelivery="true")
    inside = json.dumps({"patient": {"ward": "3"}})
    for text in (inside, json.dumps({"patient": {"ward": "4"}}), "ward 3"):
        place.client("sns").publish(TopicArn=topic, Message=text)
    assert place.received(queue) == [inside]


def test_what_a_queue_does_not_take_goes_to_the_dead_letter_queue(place):
    topic = place.topic("notes")
    dead = place.queue("dead", lets=SNS, source=topic)
    place.subscribe(topic, place.queue("inbox"), RedrivePolicy={"deadLetterTargetArn": dead})
    place.subscribe(topic, f"arn:aws:sqs:us-east-1:{ACCOUNT}:gone", RedrivePolicy={"deadLetterTargetArn": dead})
    place.client("sns").publish(TopicArn=topic, Message="fever")
    assert len(place.received(dead)) == 2


def test_an_encrypted_queue_gets_nothing_before_its_key_lets_sns_use_it(place):
    kms, sns = place.client("kms"), place.client("sns")
    key = kms.create_key()["KeyMetadata"]
    topic = place.topic("notes")
    queue = place.queue("inbox", lets=SNS, KmsMasterKeyId=key["KeyId"])
    place.subscribe(topic, queue, RawMessageDelivery="true")
    sns.publish(TopicArn=topic, Message="lost")
    assert ("kms:GenerateDataKey", key["Arn"]) in place.denied
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    uses = {
        "Effect": "Allow",
        "Principal": {"Service": SNS},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [root, uses]})
    kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=policy)
    sns.publish(TopicArn=topic, Message="kept")
    assert place.received(queue) == ["kept"]


def test_the_key_aws_manages_lets_no_topic_in(place):
    topic, queue = place.topic("notes"), place.queue("inbox", lets=SNS, KmsMasterKeyId="alias/aws/sqs")
    place.subscribe(topic, queue)
    place.client("sns").publish(TopicArn=topic, Message="fever")
    assert place.received(queue) == []
    assert place.denied[-1][0] == "kms:GenerateDataKey"


def test_a_fifo_topic_keeps_the_order_and_drops_the_same_note_sent_twice(place):
    topic = place.topic("notes.fifo", FifoTopic="true", ContentBasedDeduplication="true")
    queue = place.queue("inbox.fifo", lets=SNS, FifoQueue="true")
    place.subscribe(topic, queue, RawMessageDelivery="true")
    for text in ("one", "two", "one", "three"):
        place.client("sns").publish(TopicArn=topic, Message=text, MessageGroupId="ward-3")
    assert place.received(queue) == ["one", "two", "three"]


def test_a_mail_is_in_the_outbox(place):
    topic = place.topic("notes")
    place.subscribe(topic, "ana@clinic.example")
    place.client("sns").publish(
        TopicArn=topic,
        Subject="Ward 3",
        Message=json.dumps({"default": "fever", "email": "fever, please come"}),
        MessageStructure="json",
    )
    [mail] = place.cloud.deliveries.outbox
    assert (mail["to"], mail["subject"], mail["message"]) == ("ana@clinic.example", "Ward 3", "fever, please come")


def test_a_web_server_on_this_machine_is_called(place):
    got: list[tuple[str, dict]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["Content-Length"])
            got.append((self.headers["x-amz-sns-message-type"], json.loads(self.rfile.read(length))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        topic = place.topic("notes")
        place.subscribe(topic, f"http://localhost:{server.server_port}/hook")
        place.client("sns").publish(TopicArn=topic, Message="fever")
        assert place.cloud.deliveries.settle()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert [(kind, body["Message"]) for kind, body in got] == [("Notification", "fever")]


def test_what_would_leave_this_machine_stays_in_the_outbox(place):
    topic = place.topic("notes")
    place.subscribe(topic, "http://clinic.example/hook")
    place.client("sns").publish(TopicArn=topic, Message="fever")
    assert [each["to"] for each in place.cloud.deliveries.outbox] == ["http://clinic.example/hook"]


def test_a_waiting_client_sees_a_message_that_comes_while_it_waits(place):
    topic, queue = place.topic("notes"), place.queue("inbox", lets=SNS)
    place.subscribe(topic, queue, RawMessageDelivery="true")
    found: list[str] = []

    def wait() -> None:
        answer = place.client("sqs").receive_message(QueueUrl=place.url(queue), WaitTimeSeconds=10)
        found.extend(each["Body"] for each in answer.get("Messages", []))

    waiting = threading.Thread(target=wait)
    waiting.start()
    place.client("sns").publish(TopicArn=topic, Message="fever")
    waiting.join(5)
    assert found == ["fever"]


def test_the_default_policy_of_a_topic_lets_an_alarm_in_and_no_bucket(place):
    topic = place.topic("notes")
    judge = place.cloud.authorizer
    alarm = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:late"
    assert judge.may_deliver("cloudwatch.amazonaws.com", "sns:Publish", topic, source=alarm)
    assert not judge.may_deliver("s3.amazonaws.com", "sns:Publish", topic, source="arn:aws:s3:::notes")


def test_a_function_is_told_as_aws_tells_it_and_only_when_it_lets_the_topic(place):
    topic = place.topic("notes")
    reader = place.function("reader", "def handler(event, context):\n    keep(event)\n")
    listener = place.subscribe(topic, reader)
    place.client("sns").publish(TopicArn=topic, Message="lost")
    assert place.kept() == []
    assert ("lambda:InvokeFunction", reader) in place.denied
    place.may_call(reader, SNS, topic)
    told = {"ward": {"DataType": "Number", "StringValue": "3"}}
    place.client("sns").publish(TopicArn=topic, Message="fever", MessageAttributes=told)
    [event] = place.kept()
    [record] = event["Records"]
    assert (record["EventSource"], record["EventSubscriptionArn"]) == ("aws:sns", listener)
    note = record["Sns"]
    assert (note["Type"], note["TopicArn"], note["Subject"], note["Message"]) == ("Notification", topic, None, "fever")
    assert note["MessageAttributes"] == {"ward": {"Type": "Number", "Value": "3"}}
