"""EventBridge Pipes: from a queue or a stream, filtered and enriched, to a target, all with the pipe's role."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from preflight.deliveries import backend, backends_of, patched
from preflight.deliveries.bus import at_path, render
from preflight.deliveries.consumers import Consumer, Outcome, Record, lengths, pump
from preflight.deliveries.queues import Undeliverable, parsed
from preflight.deliveries.targets import Sender, hand_over

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries

PIPES = "pipes.amazonaws.com"


def listening(deliveries: Deliveries) -> AbstractContextManager[None]:
    """Begin to read when a pipe is made or started."""
    from moto.pipes.models import EventBridgePipesBackend as Backend

    create, start, update = Backend.create_pipe, Backend.start_pipe, Backend.update_pipe

    def create_pipe(self: Any, *rest: Any, **named: Any) -> Any:
        pipe = create(self, *rest, **named)
        source = pipe.source_parameters or {}
        chosen = source.get("KinesisStreamParameters") or source.get("DynamoDBStreamParameters") or {}
        if chosen.get("StartingPosition") == "LATEST":
            places = deliveries.memory.setdefault("places", {})
            places.update({(pipe.arn, shard): length for shard, length in lengths(pipe.source).items()})
        _wake(deliveries, pipe)
        return pipe

    def start_pipe(self: Any, *rest: Any, **named: Any) -> Any:
        pipe = start(self, *rest, **named)
        _wake(deliveries, pipe)
        return pipe

    def update_pipe(self: Any, *rest: Any, **named: Any) -> Any:
        pipe = update(self, *rest, **named)
        _wake(deliveries, pipe)
        return pipe

    return patched(Backend, create_pipe=create_pipe, start_pipe=start_pipe, update_pipe=update_pipe)


def wake(deliveries: Deliveries, source: str) -> None:
    """Something came into a source: its pipes read on."""
    for _, _, held in backends_of("pipes", "pipes_backends"):
        for pipe in list(held.pipes.values()):
            if pipe.source == source:
                _wake(deliveries, pipe)


def _wake(deliveries: Deliveries, pipe: Any) -> None:
    find = _finder(deliveries, pipe)
    deliveries.work.poke(("consumer", pipe.arn), lambda: pump(deliveries, find))


def _finder(deliveries: Deliveries, pipe: Any) -> Callable[[], Consumer | None]:
    def find() -> Consumer | None:
        held = backend("pipes", "pipes_backends", pipe.account_id, pipe.region_name)
        if held is None or held.pipes.get(pipe.name) is not pipe or pipe.desired_state != "RUNNING":
            return None
        return _consumer(deliveries, pipe)

    return find


def _consumer(deliveries: Deliveries, pipe: Any) -> Consumer:
    source = pipe.source_parameters or {}
    chosen: dict[str, Any] = next(
        (each for name, each in source.items() if name.endswith(("QueueParameters", "StreamParameters"))), {}
    )
    filters = [
        parsed(each.get("Pattern") or "{}") or {} for each in (source.get("FilterCriteria") or {}).get("Filters", [])
    ]
    tries = chosen.get("MaximumRetryAttempts")
    return Consumer(
        pipe.arn,
        pipe.source,
        PIPES,
        pipe.role_arn,
        int(chosen.get("BatchSize") or 10),
        lambda records: _handle(deliveries, pipe, records),
        window=float(chosen.get("MaximumBatchingWindowInSeconds") or 0),
        filters=filters,
        tries=None if tries is None or int(tries) < 0 else int(tries),
    )


def _handle(deliveries: Deliveries, pipe: Any, records: list[Record]) -> Outcome | None:
    sender = Sender(
        PIPES,
        pipe.arn,
        pipe.account_id,
        pipe.region_name,
        pipe.role_arn,
        by_role=True,
        parameters=pipe.target_parameters or {},
    )
    batch: list[Any] = [_shaped(pipe, pipe.enrichment_parameters, each) for each in records]
    if pipe.enrichment:
        answer = _enriched(deliveries, pipe, batch)
        if answer is None:
            return Outcome(None, "the enrichment failed")
        batch = answer
    batch = [_shaped(pipe, pipe.target_parameters, each) for each in batch]
    to_function = pipe.target.split(":")[2] in ("lambda", "states")
    payloads = [batch] if to_function else batch
    try:
        for each in payloads:
            if each:
                text = each if isinstance(each, str) else json.dumps(each)
                hand_over(deliveries, pipe.target, text, sender)
    except Undeliverable as error:
        return Outcome(None, str(error))
    return Outcome()


def _shaped(pipe: Any, parameters: Any, event: Any) -> Any:
    """An event as the input template wants it; a body of JSON can be looked into.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html, checked_on 2026-11-22
    """
    template = (parameters or {}).get("InputTemplate")
    if not template:
        return event
    inside = {**event, "body": parsed(event["body"]) or event["body"]} if _has_body(event) else event
    own = {"aws.pipes.pipe-arn": pipe.arn, "aws.pipes.pipe-name": pipe.name, "aws.pipes.event.json": event}

    def value(name: str) -> Any:
        return own[name] if name in own else at_path(name, inside)

    text = render(str(template), value, lambda name: name in own or name.startswith("$"))
    made = parsed(text)
    return text if made is None else made


def _has_body(event: Any) -> bool:
    return isinstance(event, dict) and isinstance(event.get("body"), str)


def _enriched(deliveries: Deliveries, pipe: Any, batch: list[Any]) -> list[Any] | None:
    arn = str(pipe.enrichment)
    functions = deliveries.functions
    if arn.split(":")[2] != "lambda" or functions is None:
        deliveries.faults.append(f"{pipe.arn}: the enrichment {arn} is not emulated")
        return None
    if not deliveries.permits_role(pipe.role_arn, PIPES, "lambda:InvokeFunction", arn, pipe.arn):
        return None
    try:
        answer = functions.invoke(arn, json.dumps(batch).encode(), region=pipe.region_name, account=pipe.account_id)
    except Exception as error:
        deliveries.faults.append(f"{pipe.arn}: {error!r}")
        return None
    if answer.function_error:
        return None
    told = parsed(bytes(answer.payload).decode())
    return told if isinstance(told, list) else [] if told in (None, {}, "") else [told]
