"""SQS: what is put into a queue wakes whoever polls it, and is put there by another service only with permission."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from time import monotonic
from typing import TYPE_CHECKING, Any

from preflight.deliveries import backend, patched

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html,
# checked_on 2026-11-22: also after the first message has been received and deleted
DEDUPLICATION_MS = 5 * 60 * 1000


def listening(deliveries: Deliveries) -> AbstractContextManager[Any]:
    """Tell the pollers of every message that comes in, in place of moto's own immediate call of functions.

    Whoever sends, receives or deletes has the queue to itself for that moment: moto would lose what comes in while
    something else is deleted, and hand one message to two who ask at once.
    """
    from moto.sqs.models import Queue, SQSBackend

    receive, delete = SQSBackend.receive_message, Queue.delete_message

    def receive_message(
        self: Any,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Any]:
        end = monotonic() + float(wait_seconds_timeout or 0)
        lock = self.get_queue(queue_name)._messages_lock
        with lock:
            while True:
                found: list[Any] = receive(self, queue_name, count, 0, visibility_timeout, message_attribute_names)
                left = end - monotonic()
                if found or left <= 0:
                    return found
                # woken by what is sent; what becomes visible again is seen soon
                lock.wait(min(left, 0.2))

    def delete_message(queue: Any, receipt_handle: str) -> None:
        with queue._messages_lock:
            delete(queue, receipt_handle)

    def add_message(queue: Any, message: Any) -> None:
        if queue.fifo_queue and _is_duplicate(queue, message):
            return
        if deliveries.trace and "AWSTraceHeader" not in message.system_attributes:
            header = {"DataType": "String", "StringValue": deliveries.trace}
            message.system_attributes = {**message.system_attributes, "AWSTraceHeader": header}
        with queue._messages_lock:
            queue._messages.append(message)
            queue._messages_lock.notify_all()
        from preflight.deliveries import mappings, pipes

        mappings.wake(deliveries, queue.queue_arn)
        pipes.wake(deliveries, queue.queue_arn)

    stack = ExitStack()
    stack.enter_context(patched(Queue, add_message=add_message, delete_message=delete_message))
    stack.enter_context(patched(SQSBackend, receive_message=receive_message))
    return stack


def _is_duplicate(queue: Any, message: Any) -> bool:
    """Whether a FIFO queue has taken a message with this deduplication id in the last five minutes.

    A message that comes from the queue's own redrive has been received before, and is none.
    """
    if not message.deduplication_id or message.approximate_receive_count:
        return False
    by_group = queue.attributes.get("DeduplicationScope") == "messageGroup"
    seen = queue.__dict__.setdefault("preflight_seen", {})
    place = (message.group_id if by_group else "", message.deduplication_id)
    before = seen.get(place)
    if before is not None and message.sent_timestamp - before < DEDUPLICATION_MS:
        return True
    seen[place] = message.sent_timestamp
    return False


def find(arn: str) -> Any:
    """The emulated queue of an ARN."""
    _, _, _, region, account, name = arn.split(":", 5)
    held = backend("sqs", "sqs_backends", account, region) if account else None
    return held.queues.get(name) if held is not None else None


class Undeliverable(Exception):
    """Why a message did not arrive, with AWS's word for it in `code`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def send(
    deliveries: Deliveries,
    arn: str,
    body: str,
    *,
    service: str,
    source: str,
    role: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    group: str | None = None,
    deduplication: str | None = None,
) -> None:
    """Put a service's message into a queue; raises Undeliverable when it may not, or cannot."""
    queue = find(arn)
    if queue is None:
        raise Undeliverable("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
    may = (
        deliveries.permits_role(role, service, "sqs:SendMessage", arn, source)
        if role
        else deliveries.permits(service, "sqs:SendMessage", arn, source)
    )
    if not may:
        raise Undeliverable("NO_PERMISSIONS", f"{service} is not authorized to perform: sqs:SendMessage on {arn}")
    key = getattr(queue, "kms_master_key_id", None)
    if key and not may_use_key(deliveries, key, service=service, source=source, like=arn, role=role):
        raise Undeliverable("KMS.AccessDeniedException", f"{service} may not use the key of {arn}")
    if queue.fifo_queue and not group:
        raise Undeliverable("MissingParameter", "The request must contain the parameter MessageGroupId.")
    if queue.fifo_queue and not deduplication and queue.attributes.get("ContentBasedDeduplication") != "true":
        raise Undeliverable(
            "InvalidParameterValue",
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly",
        )
    holder = backend("sqs", "sqs_backends", queue.account_id, queue.region)
    holder.send_message(
        queue.name,
        body,
        message_attributes=dict(attributes or {}),
        group_id=group,
        deduplication_id=deduplication if queue.fifo_queue else None,
    )


def may_use_key(
    deliveries: Deliveries, key: str, *, service: str, source: str, like: str, role: str | None = None
) -> bool:
    """Whether a service may encrypt for a queue or topic with its key; AWS's own keys (alias/aws/…) let none.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html#compatibility-with-aws-services,
    checked_on 2026-11-22
    """
    _, _, _, region, account, _ = like.split(":", 5)
    arn = key_arn(key, region, account)
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        if role:
            if not deliveries.permits_role(role, service, action, arn, source):
                return False
        elif "alias/aws/" in key or not deliveries.permits(service, action, arn, source):
            if "alias/aws/" in key:
                deliveries.judge.denied.append((action, arn, f"the AWS managed key {key} lets no other service use it"))
            return False
    return True


def key_arn(key: str, region: str, account: str) -> str:
    """A key's ARN from its id, alias or either's ARN."""
    name = key.split(":", 5)[-1] if key.startswith("arn:") else key
    held = backend("kms", "kms_backends", account, region)
    if name.startswith("alias/"):
        found = held.get_key_id_from_alias(name) if held is not None else None
        name = found or name
    return f"arn:aws:kms:{region}:{account}:key/{name.removeprefix('key/')}"


def put_aside(
    deliveries: Deliveries,
    arn: str | None,
    body: str,
    *,
    service: str,
    source: str,
    role: str | None = None,
    attributes: Mapping[str, str] | None = None,
    group: str | None = None,
) -> None:
    """Put what could not be delivered into a dead-letter queue, if there is one that lets the service in."""
    if not arn:
        return
    told = {name: {"DataType": "String", "StringValue": value} for name, value in (attributes or {}).items() if value}
    try:
        send(deliveries, arn, body, service=service, source=source, role=role, attributes=told, group=group)
    except Undeliverable as error:
        deliveries.not_delivered(source, arn, f"the dead-letter queue did not take it: {error}")


def parsed(text: str) -> Any:
    """JSON, or None for what is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None
