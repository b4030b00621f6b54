"""CloudWatch Logs: a function that subscribes to a group is handed its lines, by and by and only when it lets Logs."""

from __future__ import annotations

import base64
import gzip
import json
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from preflight.deliveries import patched
from preflight.deliveries.queues import Undeliverable

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries

LOGS = "logs.amazonaws.com"


def listening(deliveries: Deliveries) -> AbstractContextManager[None]:
    """Hand lines to functions without holding up whoever writes them."""
    from moto.logs.models import LogStream

    send = LogStream._send_log_events

    def send_log_events(
        self: Any, service: str, destination_arn: str, filter_name: str, log_events: list[dict[str, Any]]
    ) -> None:
        if service == "lambda":
            _hand_over(deliveries, self, destination_arn, filter_name, log_events)
        else:
            send(self, service, destination_arn, filter_name, log_events)

    return patched(LogStream, _send_log_events=send_log_events)


def _hand_over(deliveries: Deliveries, stream: Any, function: str, name: str, lines: list[dict[str, Any]]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html, checked_on 2026-11-22."""
    from preflight.deliveries.targets import call_function

    group = stream.log_group.name
    source = f"arn:aws:logs:{stream.region}:{stream.account_id}:log-group:{group}:*"
    if not deliveries.permits(LOGS, "lambda:InvokeFunction", function, source):
        return
    told = {
        "messageType": "DATA_MESSAGE",
        "owner": stream.account_id,
        "logGroup": group,
        "logStream": stream.log_stream_name,
        "subscriptionFilters": [name],
        "logEvents": lines,
    }
    data = base64.b64encode(gzip.compress(json.dumps(told).encode())).decode()
    try:
        call_function(deliveries, function, json.dumps({"awslogs": {"data": data}}), cause=source)
    except Undeliverable as error:
        deliveries.not_delivered(source, function, error)
