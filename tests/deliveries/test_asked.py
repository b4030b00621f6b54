"""A check asks the same of a stack here, at the endpoint, and in an account."""

from __future__ import annotations

import dataclasses

import pytest

from preflight.checks import CouldNotAsk, Stack
from preflight.clouds.live import LiveCloud
from preflight.template import Template

NOTES = {
    "Resources": {
        "Inbox": {"Type": "AWS::SQS::Queue"},
        "Topic": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"Subscription": [{"Protocol": "email", "Endpoint": "ana@clinic.example"}]},
        },
    },
    "Outputs": {"Inbox": {"Value": {"Ref": "Inbox"}}, "Topic": {"Value": {"Ref": "Topic"}}},
}


@pytest.fixture(params=["here", "at the endpoint"])
def stack(place, request):
    where = {"region": place.cloud.region, "account": place.cloud.account}
    made = place.cloud.cloudformation.create_stack("Notes", Template(NOTES), **where)
    here = place.cloud.deployment(made)
    there = LiveCloud(endpoint_url=place.cloud.serve(), region=place.cloud.region)
    return Stack(here if request.param == "here" else there.attach("Notes"))


def test_what_was_sent_is_seen(stack):
    sqs, queue = stack.client("sqs"), stack.output("Inbox")
    sqs.send_message(QueueUrl=queue, MessageBody="fever")
    [message] = stack.eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    assert message["Body"] == "fever"
    assert stack.eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages")) is None


def test_a_mail_is_seen_and_time_is_moved(stack):
    stack.client("sns").publish(TopicArn=stack.output("Topic"), Message="fever")
    assert [(each["to"], each["message"]) for each in stack.outbox()] == [("ana@clinic.example", "fever")]
    stack.advance(hours=1)


def test_in_an_account_a_check_asks_again_and_moves_no_time(place):
    where = {"region": place.cloud.region, "account": place.cloud.account}
    made = place.cloud.cloudformation.create_stack("Notes", Template(NOTES), **where)
    stack = Stack(dataclasses.replace(place.cloud.deployment(made), mode="live", deliveries=None))
    assert stack.eventually(lambda: 0, seconds=0) == 0
    with pytest.raises(CouldNotAsk, match="offline_only"):
        stack.advance(days=1)
    with pytest.raises(CouldNotAsk, match="offline_only"):
        stack.outbox()
