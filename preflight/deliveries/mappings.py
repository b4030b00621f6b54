"""Event source mappings: a function is handed what comes into a queue or a stream, with its own role."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from preflight.deliveries import backend, backends_of, patched
from preflight.deliveries.consumers import Consumer, Outcome, Record, lengths, missing_permission, pump, sequence
from preflight.deliveries.queues import Undeliverable, parsed, send
from preflight.deliveries.queues import find as find_queue
from preflight.function_lineage import longest

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries

LAMBDA = "lambda.amazonaws.com"
MOST_BATCHES = 5


def listening(deliveries: Deliveries) -> AbstractContextManager[None]:
    """Begin, change and end with the mappings; what AWS refuses is refused."""
    from moto.awslambda.models import LambdaBackend

    create, update, delete = (
        LambdaBackend.create_event_source_mapping,
        LambdaBackend.update_event_source_mapping,
        LambdaBackend.delete_event_source_mapping,
    )

    def create_event_source_mapping(self: Any, spec: dict[str, Any]) -> Any:
        _refuse_invalid(deliveries, self, spec)
        esm = create(self, spec)
        _remember_start(deliveries, esm)
        _wake(deliveries, esm)
        return esm

    def update_event_source_mapping(self: Any, mapping_id: str, spec: dict[str, Any]) -> Any:
        esm = update(self, mapping_id, spec)
        if esm is not None:
            _wake(deliveries, esm)
        return esm

    def delete_event_source_mapping(self: Any, mapping_id: str) -> Any:
        return delete(self, mapping_id)

    return patched(
        LambdaBackend,
        create_event_source_mapping=create_event_source_mapping,
        update_event_source_mapping=update_event_source_mapping,
        delete_event_source_mapping=delete_event_source_mapping,
    )


def wake(deliveries: Deliveries, source: str) -> None:
    """Something came into a source: whoever is mapped to it reads on."""
    for _, _, held in backends_of("awslambda", "lambda_backends"):
        for esm in list(held._event_source_mappings.values()):
            if esm.event_source_arn == source and esm.enabled:
                _wake(deliveries, esm)


def find_function(arn: str) -> Any:
    """The emulated function of an ARN."""
    _, _, _, region, account, name = arn.split(":", 5)
    held = backend("awslambda", "lambda_backends", account, region)
    if held is None:
        return None
    short, _, qualifier = name.removeprefix("function:").partition(":")
    try:
        return held.get_function(short, qualifier or None)
    except Exception:
        return None


def _wake(deliveries: Deliveries, esm: Any) -> None:
    if esm.enabled:
        find = _finder(deliveries, esm)
        for lane in range(_lanes(esm)):
            key = ("consumer", esm.uuid, lane) if lane else ("consumer", esm.uuid)
            deliveries.work.poke(key, lambda: pump(deliveries, find))


def _lanes(esm: Any) -> int:
    """How many batches are handled at once: one of a stream or a FIFO queue, up to five of another queue.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html, checked_on 2026-11-22
    """
    queue = find_queue(esm.event_source_arn)
    if queue is None or queue.fifo_queue:
        return 1
    return max(1, min(MOST_BATCHES, -(-len(queue.messages) // int(esm.batch_size))))


def _finder(deliveries: Deliveries, esm: Any) -> Callable[[], Consumer | None]:
    """How the mapping stands at the moment."""

    def find() -> Consumer | None:
        held = backend("awslambda", "lambda_backends", esm.account_id, esm.region)
        there = held._event_source_mappings.get(esm.uuid) is esm if held is not None else False
        function = find_function(esm.function_arn) if there and esm.enabled else None
        return _consumer(deliveries, esm, function) if function is not None else None

    return find


def _consumer(deliveries: Deliveries, esm: Any, function: Any) -> Consumer:
    filters = [parsed(each.get("Pattern") or "{}") or {} for each in (esm.filter_criteria or {}).get("Filters") or []]
    tries = esm.max_retry_attempts
    return Consumer(
        esm.uuid,
        esm.event_source_arn,
        LAMBDA,
        str(function.role),
        int(esm.batch_size),
        lambda records: _call(deliveries, esm, records),
        window=float(esm.max_batch_window or 0),
        filters=filters,
        start=str(esm.starting_position or "TRIM_HORIZON"),
        tries=None if tries is None or int(tries) < 0 else int(tries),
        bisect=bool(esm.bisect_on_error),
        aside=lambda records, outcome, tries: _put_aside(deliveries, esm, str(function.role), records, outcome, tries),
    )


def _call(deliveries: Deliveries, esm: Any, records: list[Record]) -> Outcome | None:
    functions = deliveries.functions
    if functions is None:
        deliveries.faults.append(f"{esm.event_source_arn}: no functions run here, {esm.function_arn} was not called")
        return None
    event = json.dumps({"Records": records}).encode()
    try:
        trace = longest(str(each.get("attributes", {}).get("AWSTraceHeader") or "") for each in records)
        answer = functions.invoke(esm.function_arn, event, region=esm.region, account=esm.account_id, trace=trace)
    except Exception as error:
        # throttled, or gone meanwhile; or nothing that runs here, which nobody else would tell
        told = (esm.event_source_arn, esm.function_arn, str(error))
        if getattr(error, "code", "") == "NotImplementedException" and told not in deliveries.undelivered:
            deliveries.not_delivered(*told)
        return Outcome(None, str(error))
    if answer.function_error:
        return Outcome(None, str(answer.function_error), answer.request_id)
    if "ReportBatchItemFailures" not in (esm.function_response_types or []):
        return Outcome(request_id=answer.request_id)
    return _reported(answer, records)


def _reported(answer: Any, records: list[Record]) -> Outcome:
    """Which items a function says failed; an answer that cannot be read means all of them.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting,
    checked_on 2026-11-22
    """
    told = parsed(bytes(answer.payload).decode(errors="replace") or "null")
    if told is None or told == {}:
        return Outcome(request_id=answer.request_id)
    failures = told.get("batchItemFailures") if isinstance(told, Mapping) else None
    if failures is None and isinstance(told, Mapping):
        return Outcome(request_id=answer.request_id)
    if not isinstance(failures, list):
        return Outcome(None, "the response could not be read", answer.request_id)
    known = {str(each.get("messageId") or sequence(each)) for each in records}
    named = [each.get("itemIdentifier") if isinstance(each, Mapping) else None for each in failures]
    if any(not each or each not in known for each in named):
        return Outcome(None, "an item identifier is not one of the batch", answer.request_id)
    return Outcome(frozenset(str(each) for each in named), "reported", answer.request_id)


def _put_aside(
    deliveries: Deliveries, esm: Any, role: str, records: list[Record], outcome: Outcome, tries: int
) -> None:
    """Tell the on-failure destination which records were given up.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html, checked_on 2026-11-22
    """
    from preflight.deliveries.topics import publish_for

    arn = ((esm.destination_config or {}).get("OnFailure") or {}).get("Destination")
    if not arn or not records:
        return
    is_kinesis = esm.event_source_arn.split(":")[2] == "kinesis"
    shard = records[0]["eventID"].partition(":")[0] if is_kinesis else next(iter(lengths(esm.event_source_arn)), "")
    text = json.dumps(
        {
            "requestContext": {
                "requestId": outcome.request_id or str(uuid.uuid4()),
                "functionArn": esm.function_arn,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": tries,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": outcome.error or "Unhandled",
            },
            "version": "1.0",
            "timestamp": deliveries.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "KinesisBatchInfo" if is_kinesis else "DDBStreamBatchInfo": {
                "shardId": shard,
                "startSequenceNumber": sequence(records[0]),
                "endSequenceNumber": sequence(records[-1]),
                "approximateArrivalOfFirstRecord": _arrival(records[0]),
                "approximateArrivalOfLastRecord": _arrival(records[-1]),
                "batchSize": len(records),
                "streamArn": esm.event_source_arn,
            },
        }
    )
    try:
        if arn.split(":")[2] == "sqs":
            send(deliveries, arn, text, service=LAMBDA, source=esm.arn, role=role)
        elif arn.split(":")[2] == "sns":
            publish_for(deliveries, arn, text, service=LAMBDA, source=esm.arn, role=role)
        else:
            deliveries.faults.append(f"{esm.arn}: the destination {arn} is not emulated")
    except Undeliverable as error:
        deliveries.not_delivered(esm.arn, arn, error)


def _arrival(record: Record) -> str:
    from datetime import UTC, datetime

    at = (record.get("kinesis") or {}).get("approximateArrivalTimestamp")
    at = at or record.get("dynamodb", {}).get("ApproximateCreationDateTime") or 0
    return datetime.fromtimestamp(float(at), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _remember_start(deliveries: Deliveries, esm: Any) -> None:
    """Where a new mapping begins to read each shard."""
    if esm.starting_position == "LATEST":
        places = deliveries.memory.setdefault("places", {})
        places.update({(esm.uuid, shard): length for shard, length in lengths(esm.event_source_arn).items()})


def _refuse_invalid(deliveries: Deliveries, held: Any, spec: Mapping[str, Any]) -> None:
    """Raise Lambda's errors for what moto would let pass."""
    from moto.core.exceptions import JsonRESTError

    def refused(code: str, message: str) -> Exception:
        error: Exception = JsonRESTError(code, message)
        error.code = 409 if "Conflict" in code else 400  # type: ignore[attr-defined]
        return error

    source, name = str(spec.get("EventSourceArn") or ""), str(spec.get("FunctionName") or "")
    if source.count(":") < 5 or not name:
        return
    kind = source.split(":")[2]
    region, account = held.region_name, held.account_id
    function = find_function(name if name.startswith("arn:") else f"arn:aws:lambda:{region}:{account}:function:{name}")
    if function is None:
        return
    for esm in held._event_source_mappings.values():
        if esm.event_source_arn == source and esm.function_arn == function.function_arn:
            what = {"sqs": "SQS"}.get(kind, kind)
            raise refused(
                "ResourceConflictException",
                f'An event source mapping with {what} arn (" {source} ") and function (" {function.function_name} ") '
                f"already exists. Please update or delete the existing mapping with UUID {esm.uuid}",
            )
    if kind in ("kinesis", "dynamodb") and not spec.get("StartingPosition"):
        raise refused("InvalidParameterValueException", "1 validation error detected: StartingPosition is required")
    queue = find_queue(source) if kind == "sqs" else None
    if queue is not None and int(queue.visibility_timeout) < int(function.timeout):
        raise refused(
            "InvalidParameterValueException",
            f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than Function timeout: "
            f"{function.timeout} seconds",
        )
    if kind == "sqs" and queue is None:
        raise refused(
            "InvalidParameterValueException",
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
            "SQS Error Message: The specified queue does not exist.",
        )
    is_there = queue is not None or (kind in ("kinesis", "dynamodb") and bool(lengths(source)))
    asking = Consumer("", source, LAMBDA, str(function.role), 1, lambda _: None)
    action = missing_permission(deliveries, asking) if is_there else None
    if action:
        # https://repost.aws/knowledge-center/lambda-sqs-error-execution-role, checked_on 2026-11-22
        on = {"sqs": "SQS"}.get(kind, kind.capitalize())
        raise refused(
            "InvalidParameterValueException",
            f"The provided execution role does not have permissions to call {action.partition(':')[2]} on {on}",
        )
