"""SQS: queues and their policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Each, Name, Scope, Setting, Table, Tags, call, refusal

_ATTRIBUTES = " ".join(
    f"Attributes.{name}={name}"
    for name in (
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "DelaySeconds",
        "FifoThroughputLimit",
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "VisibilityTimeout",
    )
)
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html, 2026-11-22
_DEFAULTS = {
    "ContentBasedDeduplication": "false",
    "DelaySeconds": "0",
    "KmsDataKeyReusePeriodSeconds": "300",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}


class _Attributes(Setting):
    """A queue's attributes, where what is no longer declared goes back to its default, each by itself."""

    def change(self, table: Table, before: Scope, after: Scope) -> None:
        """Set what differs."""
        old, new = self.put.render(before, table.service), self.put.render(after, table.service)
        gone = {name: _DEFAULTS.get(name, "") for name in old.get("Attributes", {}) if name not in after.declared}
        attributes = {**gone, **new.get("Attributes", {})}
        if old != new:
            table.ask(after, self.put.operation, {**new, "Attributes": attributes})


class Queue(Table):
    """A queue; a fifo queue's made-up name ends as it must."""

    type = "AWS::SQS::Queue"
    service = "sqs"
    named = Name("QueueName", limit=75)
    makes = call("create_queue", f"Attributes.FifoQueue=FifoQueue {_ATTRIBUTES}", QueueName="{name}")
    then = (_Attributes(call("set_queue_attributes", _ATTRIBUTES, QueueUrl="{ref}"), at_create=False),)
    tags = Tags(call("tag_queue", QueueUrl="{ref}"), remove=call("untag_queue", QueueUrl="{ref}"))
    ref = "QueueUrl"
    attributes = "Arn=Attributes.QueueArn QueueUrl={ref}"
    describes = call("get_queue_attributes", QueueUrl="{ref}", AttributeNames=["All"])
    unmakes = call("delete_queue", QueueUrl="{ref}")
    reads = (describes, call("list_queue_tags", QueueUrl="{ref}"))

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """SQS wants `.fifo` at the end, also of a name that CloudFormation makes."""
        arguments = super().arguments(scope)
        fifo = arguments.get("Attributes", {}).get("FifoQueue") == "true"
        if fifo and not arguments["QueueName"].endswith(".fifo"):
            arguments["QueueName"] += ".fifo"
        told = arguments.get("Attributes", {})
        if told.get("KmsMasterKeyId") and told.get("SqsManagedSseEnabled") == "true":
            message = "You can use one type of server-side encryption (SSE) at one time. "
            message += "You can either enable KMS SSE or SQS SSE."
            raise refusal("InvalidAttributeValue", message, "CreateQueue")
        return arguments

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """Its attributes and tags, with the name that its ARN tells."""
        answers = super().read(made, declared, context)
        arns = [each["Attributes"]["QueueArn"] for each in answers if "Attributes" in each]
        return [*answers, *({"QueueName": arn.rpartition(":")[2]} for arn in arns)]

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._attributes(scope, answer), "QueueName": scope.ref.rpartition("/")[2]}


class QueuePolicy(Table):
    """One policy on several queues."""

    type = "AWS::SQS::QueuePolicy"
    service = "sqs"
    named = Name("", limit=75)
    then = (
        Each(
            "Queues",
            add=call("set_queue_attributes", QueueUrl="{item}", Attributes={"Policy": "{PolicyDocument}"}),
            remove=call("set_queue_attributes", QueueUrl="{item}", Attributes={"Policy": ""}),
        ),
    )
    ref = "{name}"
    attributes = "Id={name}"

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """Each queue's policy."""
        queues = declared.peek("Queues", [])
        client = context.client("sqs")
        return [
            {"QueueUrl": each, **client.get_queue_attributes(QueueUrl=each, AttributeNames=["All"])} for each in queues
        ]


class QueueInlinePolicy(Table):
    """The policy of one queue."""

    type = "AWS::SQS::QueueInlinePolicy"
    service = "sqs"
    makes = call("set_queue_attributes", QueueUrl="{Queue}", Attributes={"Policy": "{PolicyDocument}"})
    then = (
        Setting(
            call("set_queue_attributes", QueueUrl="{ref}", Attributes={"Policy": "{PolicyDocument}"}), at_create=False
        ),
    )
    ref = "{Queue}"
    unmakes = call("set_queue_attributes", QueueUrl="{ref}", Attributes={"Policy": ""})

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The queue's policy."""
        told = context.client("sqs").get_queue_attributes(QueueUrl=made.physical_id, AttributeNames=["All"])
        return [{"Queue": made.physical_id, **told}]
