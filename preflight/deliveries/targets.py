"""Hands an event to a target by its ARN: a queue, topic, function, workflow, stream, log group or another bus."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from preflight.deliveries.queues import Undeliverable, send

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries


@dataclass(frozen=True)
class Sender:
    """On whose behalf something is delivered: the service, the ARN that causes it, and the role it was handed.

    With `by_role` the role decides for every kind of target, as in Scheduler and Pipes; else only where EventBridge
    itself asks for one.
    """

    service: str
    source: str
    account: str
    region: str
    role: str | None = None
    by_role: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)


def hand_over(deliveries: Deliveries, arn: str, payload: str, sender: Sender) -> None:
    """Deliver a payload; raises Undeliverable, with AWS's word for why."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        raise Undeliverable("VALIDATION_ERROR", f"{arn} is no ARN")
    kind = parts[2]
    if kind == "scheduler" and parts[5].startswith("aws-sdk:"):
        _call(deliveries, parts[5], payload, sender)
        return
    deliver = _KINDS.get(kind)
    if deliver is None:
        deliveries.faults.append(f"{sender.source}: targets like {arn} are not emulated")
        raise Undeliverable("NOT_EMULATED", f"targets of {kind} are not emulated")
    deliver(deliveries, arn, payload, sender)


def _queue(deliveries: Deliveries, arn: str, payload: str, sender: Sender) -> None:
    parameters = sender.parameters.get("SqsParameters") or sender.parameters.get("SqsQueueParameters") or {}
    send(
        deliveries,
        arn,
        payload,
        service=sender.service,
        source=sender.source,
        role=sender.role if sender.by_role else None,
        group=parameters.get("MessageGroupId"),
        deduplication=parameters.get("MessageDeduplicationId"),
    )


def _topic(deliveries: Deliveries, arn: str, payload: str, sender: Sender) -> None:
    from preflight.deliveries.topics import publish_for

    role = sender.role if sender.by_role else None
    publish_for(deliveries, arn, payload, service=sender.service, source=sender.source, role=role)


def _function(deliveries: Deliveries, arn: str, payload: str, sender: Sender) -> None:
    from preflight.deliveries.mappings import find_function

    if find_function(arn) is None:
        raise Undeliverable("RESOURCE_NOT_FOUND", f"Function not found: {arn}")
    _check(deliveries, "lambda:InvokeFunction", arn, sender, may_have_role=sender.by_role)
    call_function(deliveries, arn, payload, cause=sender.source)


def call_function(deliveries: Deliveries, arn: str, payload: str, *, cause: str) -> None:
    """Have a function called by and by; raises Undeliverable when it is not there."""
    functions = deliveries.functions
    if functions is None:
        deliveries.faults.append(f"{cause}: no functions run here, {arn} was not called")
        raise Undeliverable("NOT_EMULATED", "no functions run here")
    region, account = arn.split(":")[3:5]
    # the services whose loops Lambda looks for
    trace = deliveries.trace if cause.split(":")[2:3] in (["s3"], ["sns"]) else ""
    try:
        functions.send(arn, payload.encode(), region=region, account=account, cause=cause, trace=trace)
    except Exception as error:
        raise Undeliverable("RESOURCE_NOT_FOUND", str(error)) from error


def _workflow(deliveries: Deliveries, arn: str, payload: str, sender: Sender) -> None:
    _check(deliveries, "states:StartExecution", arn, sender)
    # the role has been judged: the call itself is made for it
    _ask(deliveries, "stepfunctions", "start_execution", arn, stateMachineArn=arn, input=payload)


def _stream(deliveries: Deliveries, arn: str, payload: str, sender: Sender) -> None:
    _check(deliveries, "kinesis:PutRecord", arn, sender)
    chosen = sender.parameters.get("KinesisParameters") or sender.parameters.get("KinesisStreamParameters") or {}
    key = chosen.get("PartitionKey")
    path = chosen.get("PartitionKeyPath")
    if path:
        from preflight.deliveries.bus import at_path

        key = str(at_path(path, json.loads(payload)))
    name = arn.rpartition("/")[2]
    _ask(
        deliveries,
        "kinesis",
        "put_record",
        arn,
        StreamName=name,
        Data=payload.encode(),
        PartitionKey=key or str(uuid.uuid4()),
    )


def _firehose(deliveries: Deliveries, arn: str, payload: str, sender: Sender) -> None:
    _check(deliveries, "firehose:PutRecord", arn, sender)
    name = arn.rpartition("/")[2]
    _ask(deliveries, "firehose", "put_record", arn, DeliveryStreamName=name, Record={"Data": payload.encode()})


def _log_group(deliveries: Deliveries, arn: str, payload: str, sender: Sender) -> None:
    name = arn.split(":log-group:")[-1].removesuffix(":*")
    stream = str(uuid.uuid4())
    resource = f"arn:aws:logs:{sender.region}:{sender.account}:log-group:{name}:log-stream:{stream}"
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        if sender.by_role:
            _check(deliveries, action, resource, sender)
        elif not any(_lets_in(deliveries, service, action, resource, sender) for service in _LOG_WRITERS):
            deliveries.permits(sender.service, action, resource, sender.source)
            raise Undeliverable("NO_PERMISSIONS", f"{sender.service} may not {action} on {arn}")
    _ask(deliveries, "logs", "create_log_stream", arn, logGroupName=name, logStreamName=stream)
    line = [{"timestamp": int(time.time() * 1000), "message": payload}]
    _ask(deliveries, "logs", "put_log_events", arn, logGroupName=name, logStreamName=stream, logEvents=line)


def _lets_in(deliveries: Deliveries, service: str, action: str, resource: str, sender: Sender) -> bool:
    return bool(deliveries.judge.may_deliver(service, action, resource, source=sender.source))


# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions
_LOG_WRITERS = ("events.amazonaws.com", "delivery.logs.amazonaws.com")


def _task(deliveries: Deliveries, arn: str, payload: str, sender: Sender) -> None:
    """Run a task on a cluster; the payload is its containers' overrides."""
    chosen = dict(sender.parameters.get("EcsParameters") or {})
    definition = str(chosen.pop("TaskDefinitionArn", ""))
    _check(deliveries, "ecs:RunTask", definition, sender)
    names = {"TaskCount": "count", "EnableECSManagedTags": "enableECSManagedTags", "PropagateTags": "propagateTags"}
    skipped = ("Tags", "CapacityProviderStrategy", "PlacementConstraints", "PlacementStrategy")
    arguments = {
        names.get(name, name[0].lower() + name[1:]): _lowered(value)
        for name, value in chosen.items()
        if name not in skipped
    }
    network = arguments.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if network is not None:
        # without any, ECS takes the VPC's default; the emulated one wants to be told
        network.setdefault("securityGroups", [])
    overrides = json.loads(payload) if payload.lstrip().startswith("{") else {}
    if "containerOverrides" in overrides:
        arguments["overrides"] = overrides
    _ask(deliveries, "ecs", "run_task", arn, cluster=arn, taskDefinition=definition, **arguments)


def _lowered(value: Any) -> Any:
    """EventBridge writes ECS's names with a capital."""
    if isinstance(value, Mapping):
        return {name[0].lower() + name[1:]: _lowered(each) for name, each in value.items()}
    return value


def _job(deliveries: Deliveries, arn: str, payload: str, sender: Sender) -> None:
    chosen = sender.parameters.get("BatchParameters") or {}
    _check(deliveries, "batch:SubmitJob", arn, sender)
    name, definition = str(chosen.get("JobName")), str(chosen.get("JobDefinition"))
    _ask(deliveries, "batch", "submit_job", arn, jobQueue=arn, jobName=name, jobDefinition=definition)


def _destination(deliveries: Deliveries, arn: str, payload: str, sender: Sender) -> None:
    """What would go out to the web is kept in the outbox."""
    _check(deliveries, "events:InvokeApiDestination", arn, sender)
    address = _ask(deliveries, "events", "describe_api_destination", arn, Name=arn.split("/")[1])
    deliveries.send_mail(
        protocol="https",
        to=address["InvocationEndpoint"],
        subject=address["HttpMethod"],
        message=payload,
        topic=None,
        subscription=sender.source,
    )


def _bus(deliveries: Deliveries, arn: str, payload: str, sender: Sender) -> None:
    from preflight.deliveries.bus import receive

    if ":api-destination/" in arn:
        _destination(deliveries, arn, payload, sender)
        return
    if sender.role:
        _check(deliveries, "events:PutEvents", arn, sender)
    chosen = sender.parameters.get("EventBridgeParameters", {})
    event = json.loads(payload)
    if chosen:
        event = {"source": chosen.get("Source"), "detail-type": chosen.get("DetailType"), "detail": event}
    region, account = arn.split(":")[3:5]
    receive(deliveries, account, region, arn.rpartition("/")[2], event)


def _call(deliveries: Deliveries, target: str, payload: str, sender: Sender) -> None:
    """Scheduler's universal target: any call of any service, made with the role's own credentials."""
    _, service, operation = target.split(":")
    role = str(sender.role)
    trusted = deliveries.judge.may_act(
        role, f"{service}:{operation}", "*", service=sender.service, source=sender.source
    )
    if trusted.layer == "role trust policy":
        deliveries.judge.denied.append(("sts:AssumeRole", role, trusted.because))
        raise Undeliverable("NO_PERMISSIONS", f"{role} does not trust {sender.service}")
    assumed = deliveries.client("sts", region=sender.region).assume_role(RoleArn=role, RoleSessionName="scheduler")
    client = deliveries.client(service, region=sender.region, credentials=assumed["Credentials"])
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", operation).lower()
    try:
        getattr(client, name)(**json.loads(payload or "{}"))
    except Exception as error:
        raise Undeliverable("SDK_CLIENT_ERROR", str(error)) from error


def _check(deliveries: Deliveries, action: str, arn: str, sender: Sender, *, may_have_role: bool = True) -> None:
    if may_have_role and sender.role:
        allowed = deliveries.permits_role(sender.role, sender.service, action, arn, sender.source)
    else:
        allowed = deliveries.permits(sender.service, action, arn, sender.source)
    if not allowed:
        raise Undeliverable("NO_PERMISSIONS", f"{sender.service} is not authorized to perform: {action} on {arn}")


def _ask(deliveries: Deliveries, service: str, operation: str, arn: str, **arguments: Any) -> Any:
    client = deliveries.client(service, region=arn.split(":")[3])
    try:
        return getattr(client, operation)(**arguments)
    except client.exceptions.ClientError as error:
        raise Undeliverable(str(error.response["Error"]["Code"]), str(error)) from error


_KINDS = {
    "sqs": _queue,
    "sns": _topic,
    "lambda": _function,
    "states": _workflow,
    "kinesis": _stream,
    "firehose": _firehose,
    "logs": _log_group,
    "events": _bus,
    "ecs": _task,
    "batch": _job,
}
