"""EventBridge: an event that comes to a bus goes to the targets of every rule it matches."""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from preflight.deliveries import backend, patched
from preflight.deliveries.patterns import OPERATORS, matches
from preflight.deliveries.queues import Undeliverable, parsed, put_aside
from preflight.deliveries.targets import Sender, hand_over

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries

EVENTS = "events.amazonaws.com"
# buses that hand on to one another in a circle stop here
DEEPEST = 5
_depth = threading.local()

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html, checked_on 2026-11-22
NEEDS_ROLE = ("kinesis", "firehose", "states", "ecs", "batch", "ssm")


def listening(deliveries: Deliveries) -> AbstractContextManager[Any]:
    """Deliver events, in place of moto's own way."""
    from moto.events.models import EventsBackend, Replay

    put_rule, put_targets = EventsBackend.put_rule, EventsBackend.put_targets

    def put_events(self: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        _refuse_too_many(events)
        return [_put(deliveries, self, each) for each in events]

    def replay_events(self: Any, archive: Any) -> None:
        from moto.events.models import ReplayState

        chosen = self.destination.get("FilterArns") or []
        for event in list(archive.events):
            again = {**event, "replay-name": self.name}
            receive(deliveries, self.account_id, self.region, self.destination["Arn"].rpartition("/")[2], again, chosen)
        self.state = ReplayState.COMPLETED
        self.end_time = deliveries.now().timestamp()

    def remembering(self: Any, name: str, *rest: Any, **named: Any) -> Any:
        _refuse_no_schedule(str(named.get("scheduled_expression") or ""))
        _refuse_no_pattern(parsed(str(named.get("event_pattern") or "{}")))
        rule = put_rule(self, name, *rest, **named)
        rule.preflight_since = deliveries.now()
        return rule

    def put_valid_targets(self: Any, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]) -> None:
        _refuse_without_role(targets)
        put_targets(self, name, event_bus_arn, targets)

    stack = ExitStack()
    stack.enter_context(
        patched(EventsBackend, put_events=put_events, put_rule=remembering, put_targets=put_valid_targets)
    )
    stack.enter_context(patched(Replay, replay_events=replay_events))
    return stack


# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html, checked_on 2026-11-23
RATE = re.compile(r"rate\((1 (minute|hour|day)|(?!1 )[1-9]\d* (minutes|hours|days))\)")


def _refuse_no_schedule(expression: str) -> None:
    from moto.events.exceptions import ValidationException

    from preflight.deliveries.schedules import valid

    if expression and not RATE.fullmatch(expression) and not (expression.startswith("cron(") and valid(expression)):
        raise ValidationException("Parameter ScheduleExpression is not valid.")


def _refuse_no_pattern(pattern: Any) -> None:
    """Raise EventBridge's error for an operator it does not know."""
    from moto.events.exceptions import InvalidEventPatternException

    for name, wanted in pattern.items() if isinstance(pattern, Mapping) else ():
        if isinstance(wanted, Mapping) or (name == "$or" and isinstance(wanted, list)):
            for each in wanted if isinstance(wanted, list) else [wanted]:
                _refuse_no_pattern(each)
            continue
        operators = [
            each
            for value in (wanted if isinstance(wanted, list) else ())
            if isinstance(value, Mapping)
            for each in value
        ]
        unknown = [each for each in operators if each not in OPERATORS]
        if unknown:
            raise InvalidEventPatternException(f"Unrecognized match type {unknown[0]}")


def emit(
    deliveries: Deliveries,
    account: str,
    region: str,
    source: str,
    kind: str,
    detail: Mapping[str, Any],
    resources: list[str],
) -> None:
    """Put an AWS service's own event on the default bus, where anybody could listen."""
    if backend("events", "events_backends", account, region) is not None:
        event = {"source": source, "detail-type": kind, "detail": dict(detail), "resources": resources}
        receive(deliveries, account, region, "default", event)


def receive(
    deliveries: Deliveries,
    account: str,
    region: str,
    bus_name: str,
    given: Mapping[str, Any],
    only: list[str] | None = None,
) -> str:
    """Take an event onto a bus, keep it in its archives, and give it to its rules' targets; the event's id."""
    held = backend("events", "events_backends", account, region)
    bus = held.event_buses.get(bus_name) if held is not None else None
    event = {
        "version": "0",
        "id": str(given.get("id") or uuid.uuid4()),
        "detail-type": given.get("detail-type"),
        "source": given.get("source"),
        "account": given.get("account") or account,
        "time": given.get("time") or deliveries.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": given.get("region") or region,
        "resources": list(given.get("resources") or []),
        "detail": given.get("detail") or {},
    }
    if "replay-name" in given:
        event["replay-name"] = given["replay-name"]
    if bus is None:
        return str(event["id"])
    _depth.now = getattr(_depth, "now", 0) + 1
    try:
        if _depth.now > DEEPEST:
            deliveries.faults.append(f"event bus {bus_name}: an event went around in a circle")
            return str(event["id"])
        if "replay-name" not in event:
            _archive(held, bus, event)
        for rule in [each for each in bus.rules.values() if not each.managed_by and (not only or each.arn in only)]:
            listens = rule.state.startswith("ENABLED") and rule.event_pattern.dump()
            if listens and matches(rule.event_pattern.get_pattern(), event):
                hand_to_targets(deliveries, rule, event)
    finally:
        _depth.now -= 1
    return str(event["id"])


def hand_to_targets(deliveries: Deliveries, rule: Any, event: Mapping[str, Any]) -> None:
    """Give an event to every target of a rule."""
    for target in list(rule.targets):
        arn = str(target["Arn"])
        sender = Sender(
            EVENTS,
            rule.arn,
            rule.account_id,
            rule.region_name,
            target.get("RoleArn") or rule.role_arn if arn.split(":")[2] in (*NEEDS_ROLE, "events") else None,
            parameters=target,
        )
        try:
            hand_over(deliveries, arn, _input(target, event, rule), sender)
        except Undeliverable as error:
            _aside(deliveries, rule, target, event, error)
        except Exception as error:
            deliveries.faults.append(f"{rule.arn} to {arn}: {error!r}")


def at_path(path: str, document: Any) -> Any:
    """What a JSON path such as $.detail.items[0] points to, None where there is nothing."""
    found = document
    for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]|\['[^']*'\]", path.removeprefix("$")):
        if index:
            found = found[int(index)] if isinstance(found, list) and int(index) < len(found) else None
        else:
            found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _put(deliveries: Deliveries, held: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of PutEvents."""
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            return {
                "ErrorCode": "InvalidArgument",
                "ErrorMessage": f"Parameter {name} is not valid. Reason: {name} is a required argument.",
            }
    if str(entry["Source"]).startswith("aws."):
        return {
            "ErrorCode": "NotAuthorizedForSourceException",
            "ErrorMessage": f"Not authorized for the source {entry['Source']}.",
        }
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    if not isinstance(detail, dict):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    event: dict[str, Any] = {
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "resources": entry.get("Resources"),
        "detail": detail,
    }
    if entry.get("Time"):
        at = entry["Time"]
        moment = at if isinstance(at, datetime) else datetime.fromtimestamp(float(at), UTC)
        event["time"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    name = str(entry.get("EventBusName") or "default").rpartition("/")[2]
    return {"EventId": receive(deliveries, held.account_id, held.region_name, name, event)}


def _input(target: Mapping[str, Any], event: Mapping[str, Any], rule: Any) -> str:
    """What the target is given: a constant, a part, a text made from parts, or the event."""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(at_path(str(target["InputPath"]), event))
    transformer = target.get("InputTransformer")
    return _transformed(transformer, event, rule) if transformer else json.dumps(event)


def _transformed(transformer: Mapping[str, Any], event: Mapping[str, Any], rule: Any) -> str:
    """What an input transformer makes of an event.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html, checked_on 2026-11-22
    """
    values: dict[str, Any] = {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": event.get("time"),
        "aws.events.event": {name: each for name, each in event.items() if name != "detail"},
        "aws.events.event.json": event,
    }
    values |= {name: at_path(str(path), event) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    return render(str(transformer["InputTemplate"]), values.get, values.__contains__)


def render(template: str, value: Callable[[str], Any], known: Callable[[str], bool]) -> str:
    """A template with its words replaced: inside quotes as text, elsewhere as JSON."""
    is_text = template.lstrip()[:1] not in ("{", "[") and not template.lstrip().startswith('"')
    made: list[str] = []
    quoted = False
    for piece in re.findall(r'<[^<>\s"]+>|\\.|"|[^<"\\]+|<', template):
        if piece == '"':
            quoted = not quoted
        name = piece[1:-1]
        if piece.startswith("<") and known(name):
            made.append(_word(value(name), quoted or is_text))
        else:
            made.append(piece)
    return "".join(made)


def _word(value: Any, as_text: bool) -> str:
    if value is None:
        return "" if as_text else "null"
    if isinstance(value, str):
        return json.dumps(value)[1:-1] if as_text else json.dumps(value)
    text = json.dumps(value)
    return json.dumps(text)[1:-1] if as_text and isinstance(value, Mapping | list) else text


def _aside(
    deliveries: Deliveries, rule: Any, target: Mapping[str, Any], event: Mapping[str, Any], error: Undeliverable
) -> None:
    """Keep what a target did not take in its dead-letter queue.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html, checked_on 2026-11-22
    """
    put_aside(
        deliveries,
        (target.get("DeadLetterConfig") or {}).get("Arn"),
        json.dumps(event),
        service=EVENTS,
        source=rule.arn,
        attributes={
            "RULE_ARN": rule.arn,
            "TARGET_ARN": str(target["Arn"]),
            "ERROR_CODE": _CODES.get(error.code, error.code if error.code.isupper() else "SDK_CLIENT_ERROR"),
            "ERROR_MESSAGE": str(error),
            "EXHAUSTED_RETRY_CONDITION": "",
            "RETRY_ATTEMPTS": "0",
        },
    )


# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html: EventBridge's words for what others say
_CODES = {
    "AWS.SimpleQueueService.NonExistentQueue": "NO_RESOURCE",
    "NotFound": "NO_RESOURCE",
    "RESOURCE_NOT_FOUND": "NO_RESOURCE",
    "ResourceNotFoundException": "NO_RESOURCE",
    "StateMachineDoesNotExist": "NO_RESOURCE",
    "MissingParameter": "INVALID_PARAMETER",
    "InvalidParameterValue": "INVALID_PARAMETER",
    "KMS.AccessDeniedException": "NO_PERMISSIONS",
    "KMSAccessDenied": "NO_PERMISSIONS",
}


def _archive(held: Any, bus: Any, event: Mapping[str, Any]) -> None:
    for archive in held.archives.values():
        keeps = archive.event_bus_name == bus.name and archive.state == "ENABLED"
        if keeps and matches(archive.event_pattern.get_pattern(), event):
            archive.events.append(dict(event))


def _refuse_too_many(events: list[Any]) -> None:
    from moto.events.exceptions import ValidationException

    if len(events) > 10:
        raise ValidationException(
            "1 validation error detected: Value '[PutEventsRequestEntry]' at 'entries' failed to satisfy constraint: "
            "Member must have length less than or equal to 10"
        )


def _refuse_without_role(targets: list[dict[str, Any]]) -> None:
    from moto.events.exceptions import ValidationException

    for target in targets:
        parts = str(target.get("Arn", "")).split(":")
        if len(parts) > 5 and parts[2] in NEEDS_ROLE and not target.get("RoleArn"):
            raise ValidationException(f"RoleArn is required for target {target['Arn']}.")
