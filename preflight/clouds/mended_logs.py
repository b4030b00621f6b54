"""Mends the emulated CloudWatch Logs: filter patterns are read as AWS reads them, and a metric filter counts.

A line put into a group goes to those subscriptions whose pattern it matches, and to the metric of each metric filter it
matches, at once. A subscription is taken only where CloudWatch Logs may deliver
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html, checked_on 2026-11-22).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from preflight.clouds.log_patterns import InvalidPattern, field, pattern


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What to put in place of moto's."""
    from moto.logs.metric_filters import MetricFilters
    from moto.logs.models import LogGroup, LogsBackend, LogStream
    from moto.logs.responses import LogsResponse

    yield MetricFilters, "add_filter", _add_filter
    yield LogsResponse, "put_metric_filter", partial_method(_put_metric_filter, LogsResponse.put_metric_filter)
    yield LogsResponse, "test_metric_filter", _test_metric_filter
    yield LogsResponse, "associate_kms_key", _set_key
    yield LogsResponse, "disassociate_kms_key", _set_key
    yield LogStream, "put_log_events", partial_method(_put_log_events, LogStream.put_log_events)
    yield LogStream, "filter_log_events", partial_method(_filter_log_events, LogStream.filter_log_events)
    yield (
        LogsBackend,
        "put_subscription_filter",
        partial_method(_put_subscription_filter, LogsBackend.put_subscription_filter),
    )
    yield LogGroup, "put_subscription_filter", partial_method(_replace, LogGroup.put_subscription_filter)


def partial_method(better: Any, before: Any) -> Any:
    """A method that is told what it replaces."""

    def method(self: Any, *told: Any, **named: Any) -> Any:
        return better(self, partial(before, self), *told, **named)

    return method


def _add_filter(
    self: Any, filter_name: str, filter_pattern: str, log_group_name: str, metric_transformations: Any
) -> None:
    """A filter of the same name is replaced."""
    self.delete_filter(filter_name, log_group_name)
    self.metric_filters.append(
        {
            "filterName": filter_name,
            "filterPattern": filter_pattern,
            "logGroupName": log_group_name,
            "metricTransformations": metric_transformations,
            "creationTime": int(datetime.now(UTC).timestamp() * 1000),
        }
    )


def _put_metric_filter(self: Any, before: Any) -> Any:
    """Into a group that exists, with a pattern that is one."""
    self.logs_backend._find_log_group(log_group_name=self._get_param("logGroupName"))
    _refuse_pattern(self._get_param("filterPattern"))
    return before()


def _test_metric_filter(self: Any) -> str:
    """Which of some lines a pattern matches, without a group.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TestMetricFilter.html (2026-11-23)
    """
    _refuse_pattern(self._get_param("filterPattern"))
    matches = pattern(self._get_param("filterPattern"))
    found = [
        {
            "eventNumber": number,
            "eventMessage": line,
            "extractedValues": {name: str(value) for name, value in fields.items()},
        }
        for number, line in enumerate(self._get_param("logEventMessages"), 1)
        if (fields := matches(line)) is not None
    ]
    return json.dumps({"matches": found})


def _set_key(self: Any) -> str:
    """Put a key on a group, or take it off."""
    self.logs_backend._find_log_group(log_group_name=self._get_param("logGroupName")).kms_key_id = self._get_param(
        "kmsKeyId"
    )
    return ""


def _replace(self: Any, before: Any, filter_name: str, *told: Any, **named: Any) -> Any:
    """A change of one of a group's two subscriptions is no third."""
    there = self.subscription_filters.pop(filter_name, None)
    try:
        return before(filter_name, *told, **named)
    except Exception:
        if there is not None:
            self.subscription_filters[filter_name] = there
        raise


def _put_subscription_filter(
    self: Any,
    before: Any,
    log_group_name: str,
    filter_name: str,
    filter_pattern: str,
    destination_arn: str,
    role_arn: str,
) -> Any:
    """Refused where CloudWatch Logs may not deliver."""
    from moto.logs.exceptions import InvalidParameterException

    from preflight.clouds.authorize import Authorizer

    _refuse_pattern(filter_pattern)
    group = self._find_log_group(log_group_name=log_group_name)
    judge, service, source = Authorizer({}, self.account_id), destination_arn.split(":")[2], f"{group.arn}:*"
    if service == "lambda":
        allowed: Any = judge.may_deliver(
            "logs.amazonaws.com", "lambda:InvokeFunction", destination_arn, source=source, account=self.account_id
        )
        said = (
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute "
            "your function."
        )
    elif service in _ACTIONS:
        action, what = _ACTIONS[service]
        allowed = role_arn and judge.may_act(
            role_arn, action, destination_arn, service="logs.amazonaws.com", source=source
        )
        said = f"Could not deliver test message to specified {what}. Check if the given {what} is in ACTIVE state. "
    else:
        allowed, said = True, ""
    if not allowed:
        raise InvalidParameterException(said)
    return before(log_group_name, filter_name, filter_pattern, destination_arn, role_arn)


_ACTIONS = {
    "kinesis": ("kinesis:PutRecord", "Kinesis stream"),
    "firehose": ("firehose:PutRecord", "Firehose stream"),
}


def _put_log_events(self: Any, before: Any, log_events: list[dict[str, Any]]) -> Any:
    """Store the lines, hand them to the subscriptions they match, and count them."""
    from moto.logs.models import logs_backends

    filters = dict(self.log_group.subscription_filters)
    self.log_group.subscription_filters = {}
    try:
        token = before(log_events)
    finally:
        self.log_group.subscription_filters = filters
    fresh = self.events[len(self.events) - len(log_events) :]
    for each in filters.values():
        matching = [event for event in fresh if _matches(each.filter_pattern, event.message)]
        if matching:
            told = [{"id": one.event_id, "timestamp": one.timestamp, "message": one.message} for one in matching]
            self._send_log_events(
                service=each.destination_arn.split(":")[2],
                destination_arn=each.destination_arn,
                filter_name=each.name,
                log_events=told,
            )
    backend = logs_backends[self.account_id][self.region]
    for each in backend.filters.get_matching_filters(log_group_name=self.log_group.name):
        _count(self.account_id, self.region, each, fresh)
    return token


def _count(account: str, region: str, metric_filter: Mapping[str, Any], events: list[Any]) -> None:
    """What the lines add to a filter's metrics; a default value is told where none matches."""
    from moto.cloudwatch.models import cloudwatch_backends

    matches = pattern(metric_filter["filterPattern"])
    for told in metric_filter["metricTransformations"]:
        data = []
        for event in events:
            fields = matches(event.message)
            if fields is None:
                continue
            value = told["metricValue"]
            value = field(event.message, fields, value) if value.startswith("$") else value
            dimensions = [
                {"Name": name, "Value": str(field(event.message, fields, reference))}
                for name, reference in (told.get("dimensions") or {}).items()
                if field(event.message, fields, reference) is not None
            ]
            try:
                data.append(_datum(told, float(value), event.timestamp, dimensions))
            except (TypeError, ValueError):
                continue
        if not data and told.get("defaultValue") is not None and events:
            data.append(_datum(told, float(told["defaultValue"]), events[-1].timestamp, []))
        if data:
            cloudwatch_backends[account][region].put_metric_data(told["metricNamespace"], data)


def _datum(told: Mapping[str, Any], value: float, at: int, dimensions: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "MetricName": told["metricName"],
        "Value": value,
        # moto compares times without a zone
        "Timestamp": datetime.fromtimestamp(at / 1000, UTC).replace(tzinfo=None),
        "Dimensions": dimensions,
        "Unit": told.get("unit") or "None",
    }


def _filter_log_events(self: Any, before: Any, start_time: int, end_time: int, filter_pattern: str) -> Any:
    """The lines of a time that match a pattern."""
    _refuse_pattern(filter_pattern or "")
    found = before(start_time, end_time, "")
    return [each for each in found if _matches(filter_pattern or "", each["message"])]


def _matches(text: str, line: str) -> bool:
    return pattern(text or "")(line) is not None


def _refuse_pattern(text: str) -> None:
    from moto.logs.exceptions import InvalidParameterException

    try:
        pattern(text or "")
    except InvalidPattern:
        raise InvalidParameterException("Invalid filter pattern") from None
