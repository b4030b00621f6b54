"""Mends the emulated CloudWatch: composite alarms are put, and described only when asked for; rules carry tags."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What moto's responses lack."""
    from moto.cloudwatch.exceptions import ValidationError
    from moto.cloudwatch.models import CloudWatchBackend
    from moto.cloudwatch.responses import CloudWatchResponse

    tag = CloudWatchBackend.tag_resource

    def tag_resource(self: Any, arn: str, tags: Any) -> None:
        if any(each.rule_arn == arn for each in self.insight_rules.values()):
            self.tagger.tag_resource(arn, self.tagger.convert_dict_to_tags_input(tags))
        else:
            tag(self, arn, tags)

    yield CloudWatchBackend, "tag_resource", tag_resource

    put, describe = CloudWatchResponse.put_metric_alarm, CloudWatchResponse.describe_alarms

    def put_metric_alarm(self: Any) -> Any:
        period = int(self._get_param("Period") or 60)
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html,
        # checked_on 2026-11-22
        if period not in (10, 20, 30) and (period < 60 or period % 60):
            raise ValidationError("Period must be 10, 20, 30 or a multiple of 60")
        answer = put(self)
        alarm = self.cloudwatch_backend.alarms[self._get_param("AlarmName")]
        if self._get_param("Metrics"):
            # moto reads them into objects that it cannot tell again
            alarm.Metrics = self._get_param("Metrics")
        return answer

    def put_composite_alarm(self: Any) -> Any:
        """As moto's put_metric_alarm, which takes a rule too."""
        _refuse_missing(self)
        answer = put(self)
        alarm = self.cloudwatch_backend.alarms[self._get_param("AlarmName")]
        for name in ("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"):
            if self._get_param(name) is not None:
                setattr(alarm, name, self._get_param(name))
        return answer

    def describe_alarms(self: Any) -> Any:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html, checked_on
        # 2026-11-22: "If you omit this parameter, only metric alarms are returned"
        answer = describe(self)
        wanted = self._get_param("AlarmTypes") or ["MetricAlarm"]
        for kind in ("MetricAlarm", "CompositeAlarm"):
            if kind not in wanted:
                answer.result[f"{kind}s"] = []
        return answer

    for each in (put_metric_alarm, put_composite_alarm, describe_alarms):
        yield CloudWatchResponse, each.__name__, each


def _refuse_missing(response: Any) -> None:
    from moto.cloudwatch.exceptions import ValidationError

    there = response.cloudwatch_backend.alarms
    known = {*there, *(each.alarm_arn for each in there.values())}
    named = re.findall(r'\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*"?([^")]+?)"?\s*\)', response._get_param("AlarmRule"))
    missing = [each for each in named if each not in known]
    if missing:
        raise ValidationError(
            f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule do not exist"
        )
