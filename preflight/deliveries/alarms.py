"""CloudWatch alarms: a new state sets off its actions, and other alarms that are made of it."""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from preflight.deliveries import backend, backends_of, patched
from preflight.deliveries.metric_math import Math, NotEmulated
from preflight.deliveries.queues import Undeliverable

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries

CLOUDWATCH = "cloudwatch.amazonaws.com"
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html, checked_on 2026-11-22
TO_LAMBDA = "lambda.alarms.cloudwatch.amazonaws.com"
_busy = threading.local()


def listening(deliveries: Deliveries) -> AbstractContextManager[None]:
    """Act on every change of an alarm's state; a new alarm has insufficient data, and an update keeps the state."""
    from moto.cloudwatch.models import CloudWatchBackend

    put_alarm, set_state, put_data = (
        CloudWatchBackend.put_metric_alarm,
        CloudWatchBackend.set_alarm_state,
        CloudWatchBackend.put_metric_data,
    )

    def put_metric_alarm(self: Any, *rest: Any, **named: Any) -> Any:
        name = named.get("name") or (rest[0] if rest else None)
        before = self.alarms.get(name)
        alarm = put_alarm(self, *rest, **named)
        if before is None:
            alarm.state_value = "INSUFFICIENT_DATA"
        else:
            for each in ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "history"):
                setattr(alarm, each, getattr(before, each))
        if alarm.rule:
            _reconsider(deliveries, self, alarm)
        return alarm

    def set_alarm_state(self: Any, alarm_name: str, reason: str, reason_data: str, state_value: str) -> None:
        before = self.alarms[alarm_name].state_value if alarm_name in self.alarms else None
        set_state(self, alarm_name, reason, reason_data, state_value)
        if before != state_value:
            _changed(deliveries, self, self.alarms[alarm_name], str(before))

    def put_metric_data(self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        for each in metric_data:
            if not each.get("Timestamp"):
                each["Timestamp"] = deliveries.now().replace(tzinfo=None)
        put_data(self, namespace, metric_data)

    return patched(
        CloudWatchBackend,
        put_metric_alarm=put_metric_alarm,
        set_alarm_state=set_alarm_state,
        put_metric_data=put_metric_data,
    )


def evaluate_all(deliveries: Deliveries, since: datetime | None = None) -> None:
    """Measure the queues for every minute since then, and give every metric alarm the state its data say."""
    _measure_queues(deliveries, since)
    for _, _, held in backends_of("cloudwatch", "cloudwatch_backends"):
        for alarm in list(held.alarms.values()):
            if alarm.rule:
                continue
            try:
                state, reason = _evaluated(held, alarm, deliveries.now())
            except NotEmulated as error:
                fault = f"{alarm.alarm_arn}: not computed here: {error}"
                if fault not in deliveries.faults:
                    deliveries.faults.append(fault)
            else:
                if state is not None and state != alarm.state_value:
                    held.set_alarm_state(alarm.name, reason, json.dumps({"version": "1.0"}), state)


# one step of time is measured for so many minutes at most: an alarm looks back no further
MOST_MINUTES = 24 * 60


def _measure_queues(deliveries: Deliveries, since: datetime | None) -> None:
    """What SQS tells CloudWatch each minute, as the queues are now.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html,
    checked_on 2026-11-22
    """
    until = deliveries.now()
    minutes = int((until - since).total_seconds() // 60) if since is not None else 1
    moments = [until - timedelta(seconds=60 * number + 1) for number in range(min(max(minutes, 1), MOST_MINUTES))]
    for account, region, held in backends_of("sqs", "sqs_backends"):
        watching = backend("cloudwatch", "cloudwatch_backends", account, region)
        watched = {each.metric_name for each in watching.alarms.values()} if watching is not None else set()
        for queue in list(held.queues.values()):
            oldest = min((each.sent_timestamp for each in queue._messages), default=None)
            values = {
                "ApproximateNumberOfMessagesVisible": queue.approximate_number_of_messages,
                "ApproximateNumberOfMessagesNotVisible": queue.approximate_number_of_messages_not_visible,
                "ApproximateNumberOfMessagesDelayed": queue.approximate_number_of_messages_delayed,
                "ApproximateAgeOfOldestMessage": max(0.0, until.timestamp() - oldest / 1000) if oldest else 0,
            }
            data = [
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": "QueueName", "Value": queue.name}],
                    "Timestamp": _naive(at),
                    "Value": value,
                }
                for name, value in values.items()
                if name in watched
                for at in moments
            ]
            if data and watching is not None:
                watching.put_metric_data("AWS/SQS", data)


def _changed(deliveries: Deliveries, held: Any, alarm: Any, before: str) -> None:
    _emit(deliveries, held, alarm, before)
    if alarm.actions_enabled:
        actions = {
            "ALARM": alarm.alarm_actions,
            "OK": alarm.ok_actions,
            "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
        }[alarm.state_value]
        for action in actions or []:
            try:
                _act(deliveries, held, alarm, before, str(action))
            except Undeliverable as error:
                deliveries.not_delivered(alarm.alarm_arn, action, error)
            except Exception as error:
                deliveries.faults.append(f"{alarm.alarm_arn} to {action}: {error!r}")
    for other in list(held.alarms.values()):
        if other.rule and other is not alarm:
            _reconsider(deliveries, held, other)


def _reconsider(deliveries: Deliveries, held: Any, alarm: Any) -> None:
    """Give a composite alarm the state its rule says."""
    if getattr(_busy, "depth", 0) > 10:
        deliveries.faults.append(f"{alarm.alarm_arn}: alarms made of one another in a circle")
        return
    states = {name: each.state_value for name, each in held.alarms.items()}
    states |= {each.alarm_arn: each.state_value for each in held.alarms.values()}
    try:
        wanted = "ALARM" if Rule(alarm.rule, states).holds() else "OK"
    except ValueError as error:
        deliveries.faults.append(f"{alarm.alarm_arn}: {error}")
        return
    if wanted != alarm.state_value:
        _busy.depth = getattr(_busy, "depth", 0) + 1
        try:
            reason = f"{alarm.alarm_arn} transitioned to {wanted} because its rule is {wanted == 'ALARM'}"
            held.set_alarm_state(alarm.name, reason, json.dumps({}), wanted)
        finally:
            _busy.depth -= 1


def _act(deliveries: Deliveries, held: Any, alarm: Any, before: str, action: str) -> None:
    from preflight.deliveries.targets import call_function
    from preflight.deliveries.topics import publish_for

    kind, region = action.split(":")[2], action.split(":")[3]
    if kind == "sns":
        subject = f'{alarm.state_value}: "{alarm.name}" in {_place(held.region_name)}'
        text = json.dumps(_message(held, alarm, before, deliveries))
        publish_for(deliveries, action, text, service=CLOUDWATCH, source=alarm.alarm_arn, subject=subject[:100])
    elif kind == "lambda":
        if deliveries.permits(TO_LAMBDA, "lambda:InvokeFunction", action, alarm.alarm_arn):
            call_function(
                deliveries, action, json.dumps(_payload(held, alarm, before, deliveries)), cause=alarm.alarm_arn
            )
    elif kind == "automate":
        instance = next((each.value for each in alarm.dimensions if each.name == "InstanceId"), None)
        operation = {"stop": "stop", "terminate": "terminate", "reboot": "reboot"}.get(action.rpartition(":")[2])
        if operation and instance:
            getattr(deliveries.client("ec2", region=region), f"{operation}_instances")(InstanceIds=[instance])
        else:
            deliveries.faults.append(f"{alarm.alarm_arn}: the action {action} is not emulated")
    elif kind == "autoscaling" and ":scalingPolicy:" in action:
        found = re.search(r"autoScalingGroupName/([^:]+):policyName/(.+)$", action)
        if found:
            deliveries.client("autoscaling", region=region).execute_policy(
                AutoScalingGroupName=found[1], PolicyName=found[2]
            )
    else:
        deliveries.faults.append(f"{alarm.alarm_arn}: the action {action} is not emulated")


def _message(held: Any, alarm: Any, before: str, deliveries: Deliveries) -> dict[str, Any]:
    """What CloudWatch publishes to a topic."""
    made: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description or None,
        "AWSAccountId": held.account_id,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": deliveries.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000",
        "Region": _place(held.region_name),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before,
        "OKActions": alarm.ok_actions or [],
        "AlarmActions": alarm.alarm_actions or [],
        "InsufficientDataActions": alarm.insufficient_data_actions or [],
    }
    if alarm.rule:
        made["AlarmRule"] = alarm.rule
    elif queries := getattr(alarm, "Metrics", None):
        made["Trigger"] = {
            "Metrics": queries,
            "EvaluationPeriods": _number(alarm.evaluation_periods),
            "ComparisonOperator": alarm.comparison_operator,
            "Threshold": _number(alarm.threshold),
            "TreatMissingData": alarm.treat_missing_data or "missing",
        }
    else:
        made["Trigger"] = {
            "MetricName": alarm.metric_name,
            "Namespace": alarm.namespace,
            "StatisticType": "Statistic",
            "Statistic": str(alarm.statistic or "").upper(),
            "Unit": alarm.unit,
            "Dimensions": [{"value": each.value, "name": each.name} for each in alarm.dimensions],
            "Period": _number(alarm.period),
            "EvaluationPeriods": _number(alarm.evaluation_periods),
            "ComparisonOperator": alarm.comparison_operator,
            "Threshold": _number(alarm.threshold),
            "TreatMissingData": alarm.treat_missing_data or "missing",
        }
    return made


def _state(alarm: Any, deliveries: Deliveries) -> dict[str, Any]:
    at = deliveries.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
    return {"value": alarm.state_value, "reason": alarm.state_reason, "timestamp": at}


def _configuration(alarm: Any) -> dict[str, Any]:
    if alarm.rule:
        return {"alarmRule": alarm.rule, "description": alarm.description}
    if queries := getattr(alarm, "Metrics", None):
        return {"description": alarm.description, "metrics": [_query(each) for each in queries]}
    metric = {
        "namespace": alarm.namespace,
        "name": alarm.metric_name,
        "dimensions": {each.name: each.value for each in alarm.dimensions},
    }
    stat = {"metric": metric, "period": _number(alarm.period), "stat": alarm.statistic or alarm.extended_statistic}
    return {
        "description": alarm.description,
        "metrics": [{"id": "m1", "metricStat": stat, "returnData": True}],
    }


def _query(told: dict[str, Any]) -> dict[str, Any]:
    """One of an alarm's metrics or expressions, as an event spells it."""
    made = {"id": told["Id"], "returnData": told.get("ReturnData", True)}
    made |= {word.lower(): told[word] for word in ("Label", "Expression") if word in told}
    if held := told.get("MetricStat"):
        metric = held["Metric"]
        made["metricStat"] = {
            "metric": {
                "namespace": metric.get("Namespace"),
                "name": metric["MetricName"],
                "dimensions": {each["Name"]: each["Value"] for each in metric.get("Dimensions") or []},
            },
            "period": held["Period"],
            "stat": held["Stat"],
        }
    return made


def _payload(held: Any, alarm: Any, before: str, deliveries: Deliveries) -> dict[str, Any]:
    """What a function gets."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.alarm_arn,
        "accountId": held.account_id,
        "time": deliveries.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000",
        "region": held.region_name,
        "alarmData": {
            "alarmName": alarm.name,
            "state": _state(alarm, deliveries),
            "previousState": {"value": before},
            "configuration": _configuration(alarm),
        },
    }


def _emit(deliveries: Deliveries, held: Any, alarm: Any, before: str) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html, 2026-11-22."""
    from preflight.deliveries.bus import emit

    detail = {
        "alarmName": alarm.name,
        "state": _state(alarm, deliveries),
        "previousState": {"value": before},
        "configuration": _configuration(alarm),
    }
    kind = "CloudWatch Alarm State Change"
    emit(deliveries, held.account_id, held.region_name, "aws.cloudwatch", kind, detail, [alarm.alarm_arn])


class Rule:
    """A composite alarm's rule over the states of other alarms.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html, checked_on 2026-11-22
    """

    def __init__(self, text: str, states: dict[str, str]) -> None:
        self._words: list[str] = re.findall(r'\(|\)|"[^"]*"|[^\s()"]+', text)
        self._states = states

    def holds(self) -> bool:
        """Whether the rule is true; raises ValueError for one nobody can read."""
        result = self._either()
        if self._words:
            raise ValueError(f"the alarm rule goes on after its end: {' '.join(self._words)}")
        return result

    def _either(self) -> bool:
        result = self._both()
        while self._words and self._words[0].upper() == "OR":
            self._words.pop(0)
            result = self._both() or result
        return result

    def _both(self) -> bool:
        result = self._one()
        while self._words and self._words[0].upper() == "AND":
            self._words.pop(0)
            result = self._one() and result
        return result

    def _one(self) -> bool:
        if not self._words:
            raise ValueError("the alarm rule ends too early")
        word = self._words.pop(0)
        if word.upper() == "NOT":
            return not self._one()
        if word == "(":
            result = self._either()
            self._expect(")")
            return result
        if word.upper() in ("TRUE", "FALSE"):
            return word.upper() == "TRUE"
        if word.upper() in ("ALARM", "OK", "INSUFFICIENT_DATA"):
            self._expect("(")
            name = ""
            while self._words and self._words[0] != ")":
                name = f"{name} {self._words.pop(0)}".strip()
            self._expect(")")
            return self._states.get(name.strip('"')) == word.upper()
        raise ValueError(f"the alarm rule says {word}, where a state was expected")

    def _expect(self, word: str) -> None:
        if not self._words or self._words.pop(0) != word:
            raise ValueError(f"the alarm rule lacks a {word}")


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, bound: value >= bound,
    "GreaterThanThreshold": lambda value, bound: value > bound,
    "LessThanThreshold": lambda value, bound: value < bound,
    "LessThanOrEqualToThreshold": lambda value, bound: value <= bound,
}


def _evaluated(held: Any, alarm: Any, now: datetime) -> tuple[str | None, str]:
    """The state the last periods say, with the reason; None for no change.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html, checked_on 2026-11-22
    """
    compare = _COMPARISONS.get(str(alarm.comparison_operator))
    if compare is None or alarm.threshold is None:
        return None, ""
    periods = int(alarm.evaluation_periods)
    needed = int(alarm.datapoints_to_alarm or periods)
    points = list(_points(held, alarm, now, periods))
    missing = alarm.treat_missing_data or "missing"
    if all(point is None for point in points):
        if missing == "ignore":
            return None, ""
        if missing == "missing":
            return "INSUFFICIENT_DATA", "Insufficient Data: no datapoints were received"
    breaching = 0
    for point in points:
        if point is None:
            breaching += missing == "breaching"
        else:
            breaching += compare(point, float(alarm.threshold))
    seen = [point for point in points if point is not None]
    told = f"{seen[:5]} ({'not ' if breaching < needed else ''}breaching the threshold ({alarm.threshold}))"
    if breaching >= needed:
        return "ALARM", f"Threshold Crossed: {breaching} out of the last {periods} datapoints {told}"
    if any(point is None for point in points) and missing == "ignore" and len(seen) < needed:
        return None, ""
    return "OK", f"Threshold not crossed: datapoints {told}"


def _points(held: Any, alarm: Any, now: datetime, periods: int) -> Iterator[float | None]:
    """What the alarm looks at, in each of the last whole periods, the newest first; raises NotEmulated."""
    metrics, expressions, wanted = _looks_at(alarm)
    length = max((each.period for each in metrics.values()), default=60)
    end = datetime.fromtimestamp(math.floor(now.timestamp() / length) * length, UTC).replace(tzinfo=None)
    data = {name: [one for one in held.metric_data if each.is_of(one)] for name, each in metrics.items()}
    for number in range(periods):
        last = end - timedelta(seconds=length * number)
        first = last - timedelta(seconds=length)
        values = {}
        for name, each in metrics.items():
            inside = [one for one in data[name] if first <= _naive(one.timestamp) < last]
            values[name] = _statistic(inside, each.statistic) if inside else None
        yield Math(values, expressions).of(wanted)


@dataclass(frozen=True)
class _Metric:
    """A metric, by all of its dimensions, and what is made of its data in a period."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]
    statistic: str
    period: int

    def is_of(self, datum: Any) -> bool:
        told = frozenset((each.name, each.value) for each in datum.dimensions)
        return (datum.namespace, datum.name, told) == (self.namespace, self.name, self.dimensions)


def _looks_at(alarm: Any) -> tuple[dict[str, _Metric], dict[str, str], str]:
    """The metrics of an alarm and the expressions over them, by id, and the id of what is compared."""
    if alarm.metric_name:
        dimensions = frozenset((each.name, each.value) for each in alarm.dimensions)
        statistic = str(alarm.statistic or alarm.extended_statistic or "Average")
        one = _Metric(alarm.namespace, alarm.metric_name, dimensions, statistic, int(alarm.period or 60))
        return {"m1": one}, {}, "m1"
    queries = getattr(alarm, "Metrics", None) or []
    returned = [each["Id"] for each in queries if each.get("ReturnData", True)]
    if len(returned) != 1:
        raise NotEmulated(f"{len(returned)} of its metrics return data")
    metrics = {}
    for each in queries:
        if told := each.get("MetricStat"):
            dimensions = frozenset((one["Name"], one["Value"]) for one in told["Metric"].get("Dimensions") or [])
            place = told["Metric"].get("Namespace", ""), told["Metric"]["MetricName"], dimensions
            metrics[each["Id"]] = _Metric(*place, str(told["Stat"]), int(told["Period"]))
    return metrics, {each["Id"]: each["Expression"] for each in queries if each.get("Expression")}, returned[0]


def _statistic(data: list[Any], name: str) -> float | None:
    values = [float(each.value) for each in data if hasattr(each, "value")]
    sets = [each for each in data if hasattr(each, "sample_count")]
    count = len(values) + sum(each.sample_count for each in sets)
    total = sum(values) + sum(each.sum for each in sets)
    if re.fullmatch(r"p\d+(\.\d+)?", name):
        ordered = sorted(values)
        place = max(0, math.ceil(float(name[1:]) / 100 * len(ordered)) - 1)
        return ordered[place] if ordered else None
    return {
        "Sum": total,
        "SampleCount": float(count),
        "Average": total / count if count else None,
        "Minimum": min([*values, *(each.min for each in sets)], default=None),
        "Maximum": max([*values, *(each.max for each in sets)], default=None),
    }.get(name)


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) else value


def _place(region: str) -> str:
    names = {
        "us-east-1": "US East (N. Virginia)",
        "us-east-2": "US East (Ohio)",
        "us-west-1": "US West (N. California)",
        "us-west-2": "US West (Oregon)",
        "eu-west-1": "EU (Ireland)",
        "eu-central-1": "EU (Frankfurt)",
    }
    return names.get(region, region)
