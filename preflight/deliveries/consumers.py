"""Reads a queue or a stream in batches on someone's behalf, in order, and gives back what they could not handle."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from preflight.deliveries import QUICK_TRIES, backend, backends_of, queues
from preflight.deliveries.patterns import matches

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries

Record = dict[str, Any]

# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#configure-sqs-permissions,
# …/services-dynamodb-eventsourcemapping.html and …/services-kinesis-create.html, checked_on 2026-11-22
NEEDS = {
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "dynamodb": ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"),
    "kinesis": ("kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream"),
}


@dataclass(frozen=True)
class Outcome:
    """What became of a batch: the ids that failed, None for all of them, empty for none."""

    failed: frozenset[str] | None = frozenset()
    error: str = ""
    request_id: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the whole batch was handled."""
        return self.failed == frozenset()


@dataclass(frozen=True)
class Consumer:
    """Someone who is handed the records of a source.

    `handle` gets a batch of records; None from it means that nobody can handle any here. `aside` gets the records that
    were tried too often, with how often that was. `tries` is None where AWS tries until a record is too old.
    """

    id: str
    source: str
    service: str
    role: str
    batch: int
    handle: Callable[[list[Record]], Outcome | None]
    window: float = 0
    filters: Sequence[Mapping[str, Any]] = ()
    start: str = "TRIM_HORIZON"
    tries: int | None = None
    bisect: bool = False
    aside: Callable[[list[Record], Outcome, int], None] | None = field(default=None)

    @property
    def kind(self) -> str:
        """The source's service."""
        return self.source.split(":")[2]


def missing_permission(deliveries: Deliveries, consumer: Consumer) -> str | None:
    """The first action on the source that the consumer's role is not allowed, None when it may do all."""
    for action in NEEDS.get(consumer.kind, ()):
        if not deliveries.permits_role(consumer.role, consumer.service, action, consumer.source):
            return action
    return None


def pump(deliveries: Deliveries, find: Callable[[], Consumer | None], *, flush: bool = False) -> None:
    """Read on until nothing is left; `find` gives the consumer as it is now, None when it is gone or switched off."""
    consumer = find()
    if consumer is None:
        return
    if missing_permission(deliveries, consumer):
        return
    if consumer.kind == "sqs":
        _read_queue(deliveries, consumer, find, flush)
    else:
        for shard, records in shards(consumer.source):
            _read_shard(deliveries, consumer, find, shard, records)


def _read_queue(deliveries: Deliveries, consumer: Consumer, find: Callable[[], Consumer | None], flush: bool) -> None:
    queue = queues.find(consumer.source)
    if queue is None or not _may_decrypt(deliveries, consumer, queue):
        return
    held = backend("sqs", "sqs_backends", queue.account_id, queue.region)
    if consumer.window and not flush and len(queue.messages) < consumer.batch and queue.messages:
        wait = min(consumer.window, deliveries.pace)
        deliveries.work.later(wait, ("consumer", consumer.id), lambda: pump(deliveries, find, flush=True))
        return
    while find() is not None:
        batch = held.receive_message(
            queue.name, consumer.batch, 0, queue.visibility_timeout, message_attribute_names=["All"]
        )
        if not batch:
            break
        records = [_message(each, queue) for each in batch]
        wanted = [each for each in records if accepts(consumer.filters, each, "body")]
        outcome = consumer.handle(wanted) if wanted else Outcome()
        if outcome is None:
            return
        failed = {each["messageId"] for each in wanted} if outcome.failed is None else outcome.failed
        again = []
        for message in batch:
            if message.id not in failed:
                _forgiving(held.delete_message, queue.name, message.receipt_handle)
            else:
                again.append(message)
        if again:
            _return_later(deliveries, consumer, find, queue, again)
    _wait_for_delayed(deliveries, consumer, find, queue)


def _return_later(
    deliveries: Deliveries, consumer: Consumer, find: Callable[[], Consumer | None], queue: Any, messages: list[Any]
) -> None:
    """Failed messages stay invisible for a moment, or for the queue's whole timeout once they failed often."""
    held = backend("sqs", "sqs_backends", queue.account_id, queue.region)
    quick = [each for each in messages if each.approximate_receive_count <= QUICK_TRIES]

    def show() -> None:
        for each in quick:
            _forgiving(held.change_message_visibility, queue.name, each.receipt_handle, 0)
        for each in quick:
            # a moment that is just over is not over for moto
            for kept in queue._messages:
                if kept.id == each.id:
                    kept.visible_at = 0.0
        deliveries.work.poke(("consumer", consumer.id), lambda: pump(deliveries, find, flush=True))

    if quick:
        # a key of its own: batches that were handled at the same time come back at the same time
        deliveries.work.later(deliveries.pace, ("returned", consumer.id, quick[0].receipt_handle), show)
    if len(quick) < len(messages):
        wait = float(queue.visibility_timeout) + 0.1
        deliveries.work.later(
            wait, ("consumer", consumer.id), lambda: pump(deliveries, find, flush=True), awaited=False
        )


def _wait_for_delayed(
    deliveries: Deliveries, consumer: Consumer, find: Callable[[], Consumer | None], queue: Any
) -> None:
    import time

    delayed = [each.delayed_until for each in queue._messages if each.delayed]
    if delayed:
        wait = max(0.0, min(delayed) / 1000 - time.time()) + 0.01
        deliveries.work.later(wait, ("consumer", consumer.id), lambda: pump(deliveries, find, flush=True))


def _message(message: Any, queue: Any) -> Record:
    """A message as a function is given it.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event, 2026-11-22
    """
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
    }
    if queue.fifo_queue:
        attributes["SequenceNumber"] = message.sequence_number or f"{message.sent_timestamp:020d}"
        attributes["MessageGroupId"] = message.group_id
        attributes["MessageDeduplicationId"] = message.deduplication_id
    if message.system_attributes and message.system_attributes.get("AWSTraceHeader"):
        attributes["AWSTraceHeader"] = message.system_attributes["AWSTraceHeader"].get("StringValue")
    record = {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {name: _attribute(each) for name, each in message.message_attributes.items()},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.queue_arn,
        "awsRegion": queue.region,
    }
    if message.message_attributes:
        record["md5OfMessageAttributes"] = message.attribute_md5
    return record


def _attribute(given: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(given.get("DataType") or given.get("data_type") or "String")
    told: dict[str, Any] = {}
    if kind.startswith("Binary"):
        value = given.get("BinaryValue") or given.get("binary_value") or b""
        told["binaryValue"] = base64.b64encode(value).decode() if isinstance(value, bytes) else value
    else:
        told["stringValue"] = given.get("StringValue") or given.get("string_value")
    return {**told, "stringListValues": [], "binaryListValues": [], "dataType": kind}


def _may_decrypt(deliveries: Deliveries, consumer: Consumer, queue: Any) -> bool:
    """Whoever reads an encrypted queue needs its key, unless the key is AWS's own."""
    key = getattr(queue, "kms_master_key_id", None)
    if not key or "alias/aws/" in key:
        return True
    arn = queues.key_arn(key, queue.region, queue.account_id)
    return deliveries.permits_role(consumer.role, consumer.service, "kms:Decrypt", arn)


def accepts(filters: Sequence[Mapping[str, Any]], record: Record, payload: str) -> bool:
    """Whether a record passes one of the filters; the payload under that name is JSON where the filter asks for it.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html, checked_on 2026-11-22
    """
    return not filters or any(_accepts(each, record, payload) for each in filters)


def _accepts(pattern: Mapping[str, Any], record: Record, payload: str) -> bool:
    wanted = pattern.get(payload)
    if wanted is None:
        return matches(pattern, record)
    text = _payload(record, payload)
    value = queues.parsed(text) if isinstance(text, str) else text
    if isinstance(wanted, Mapping) != isinstance(value, Mapping):
        # a pattern for JSON never fits plain text, nor the reverse
        return False
    return matches(pattern, {**record, payload: value if isinstance(wanted, Mapping) else text})


def _payload(record: Record, payload: str) -> Any:
    if payload == "data":
        data = record.get("kinesis", record).get("data", "")
        try:
            return base64.b64decode(data).decode()
        except ValueError:
            return data
    return record.get(payload)


def shards(source: str) -> list[tuple[str, list[Record]]]:
    """The shards of a stream, each with its records in order, as a function is given them."""
    return [(name, [make(each) for each in found]) for name, found, make in _shards(source)]


def lengths(source: str) -> dict[str, int]:
    """How many records each shard of a stream holds."""
    return {name: len(found) for name, found, _ in _shards(source)}


def _shards(source: str) -> list[tuple[str, list[Any], Callable[[Any], Record]]]:
    _, _, kind, region, account, name = source.split(":", 5)
    if kind == "kinesis":
        held = backend("kinesis", "kinesis_backends", account, region)
        stream = held.streams.get(name.partition("/")[2]) if held is not None else None
        if stream is None:
            return []
        return [
            (shard.shard_id, list(shard.records.values()), _of_kinesis(shard.shard_id, source, region))
            for shard in stream.shards.values()
        ]
    held = backend("dynamodb", "dynamodb_backends", account, region)
    table = held.tables.get(name.split("/")[1]) if held is not None else None
    if table is None or table.stream_shard is None:
        return []
    return [(table.stream_shard.id, list(table.stream_shard.items), _of_table(source, region))]


def _of_kinesis(shard: str, source: str, region: str) -> Callable[[Any], Record]:
    def make(record: Any) -> Record:
        number = f"{record.sequence_number:056d}"
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record.partition_key,
                "sequenceNumber": number,
                "data": record.data if isinstance(record.data, str) else base64.b64encode(record.data).decode(),
                "approximateArrivalTimestamp": round(record.created_at, 3),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard}:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "",
            "awsRegion": region,
            "eventSourceARN": source,
        }

    return make


def _of_table(source: str, region: str) -> Callable[[Any], Record]:
    def make(item: Any) -> Record:
        record = item.to_json()
        change = dict(record["dynamodb"])
        at = change["ApproximateCreationDateTime"]
        change["ApproximateCreationDateTime"] = at if isinstance(at, int | float) else _epoch(at)
        told = {**record, "dynamodb": change, "awsRegion": region, "eventVersion": "1.1"}
        return json.loads(json.dumps({**told, "eventSourceARN": source}, default=_plain))  # type: ignore[no-any-return]

    return make


def _plain(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _epoch(at: Any) -> int:
    from moto.core.utils import unix_time

    return int(unix_time(at))


def _read_shard(
    deliveries: Deliveries,
    consumer: Consumer,
    find: Callable[[], Consumer | None],
    shard: str,
    records: list[Record],
) -> None:
    """Hand a shard's records over from where the consumer is; what fails for good holds up all that follow it."""
    places = deliveries.memory.setdefault("places", {})
    place = (consumer.id, shard)
    payload = "data" if consumer.kind == "kinesis" else "dynamodb"
    while find() is not None and places.get(place, 0) < len(records):
        first = places.get(place, 0)
        batch = records[first : first + consumer.batch]
        done = _hand(deliveries, consumer, batch, payload)
        places[place] = first + done
        if done < len(batch):
            return


def _hand(deliveries: Deliveries, consumer: Consumer, batch: list[Record], payload: str) -> int:
    """Hand a batch over until it is done or put aside; how many of its records are behind us."""
    behind = 0
    tries = 0
    most = QUICK_TRIES if consumer.tries is None else consumer.tries + 1
    while behind < len(batch):
        rest = batch[behind:]
        wanted = [each for each in rest if accepts(consumer.filters, each, payload)]
        outcome = consumer.handle(wanted) if wanted else Outcome()
        if outcome is None:
            return behind
        if outcome.is_good:
            return len(batch)
        tries += 1
        if outcome.failed is not None:
            numbers = [sequence(each) for each in rest]
            firsts = [numbers.index(each) for each in outcome.failed if each in numbers]
            if firsts and min(firsts) > 0:
                # all before the first that failed is done, and what is left begins anew
                behind += min(firsts)
                tries = 0
                continue
        if consumer.bisect and len(rest) > 1:
            half = len(rest) // 2
            done = _hand(deliveries, consumer, rest[:half], payload)
            if done < half:
                return behind + done
            return behind + half + _hand(deliveries, consumer, rest[half:], payload)
        if tries >= most:
            if consumer.tries is None:
                return behind
            if consumer.aside is not None:
                consumer.aside(wanted, outcome, tries)
            return len(batch)
        deliveries.work.pause(deliveries.pace)
    return behind


def sequence(record: Record) -> str:
    """A stream record's number."""
    return str((record.get("kinesis") or {}).get("sequenceNumber") or record.get("dynamodb", {}).get("SequenceNumber"))


def _forgiving(action: Callable[..., Any], *arguments: Any) -> None:
    """What is gone meanwhile needs no more care."""
    from moto.core.exceptions import ServiceException

    try:
        action(*arguments)
    except (ServiceException, KeyError):
        return
    except Exception as error:
        if "ReceiptHandle" not in type(error).__name__ and "DoesNotExist" not in type(error).__name__:
            raise


__all__ = [
    "Consumer",
    "Outcome",
    "Record",
    "accepts",
    "backends_of",
    "missing_permission",
    "pump",
    "sequence",
    "shards",
]
