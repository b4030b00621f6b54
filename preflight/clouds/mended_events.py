"""Mends the emulated EventBridge: a bus is changed, and a pattern tried."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What moto's responses lack."""
    from moto.events.responses import EventsHandler

    tell = EventsHandler.describe_event_bus

    def describe_event_bus(self: Any) -> Any:
        body, *rest = tell(self)
        bus = self.events_backend.describe_event_bus(self._get_param("Name"))
        told = {**json.loads(body), "LogConfig": vars(bus).get("preflight_log_config")}
        return json.dumps({name: each for name, each in told.items() if each is not None}), *rest

    for each in (update_event_bus, test_event_pattern, describe_event_bus):
        yield EventsHandler, each.__name__, each


def update_event_bus(self: Any) -> Any:
    """Everything about a bus but its name, anew."""
    bus = self.events_backend.describe_event_bus(self._get_param("Name"))
    bus.description = self._get_param("Description")
    bus.kms_key_identifier = self._get_param("KmsKeyIdentifier")
    bus.dead_letter_config = self._get_param("DeadLetterConfig")
    bus.preflight_log_config = self._get_param("LogConfig")
    return self._create_response({"Arn": bus.arn, "Name": bus.name})


def test_event_pattern(self: Any) -> Any:
    """Whether an event matches a pattern."""
    from moto.events.models import EventPattern

    from preflight.deliveries.patterns import matches

    pattern = EventPattern.load(self._get_param("EventPattern")).get_pattern()
    return self._create_response({"Result": matches(pattern, json.loads(self._get_param("Event")))})
