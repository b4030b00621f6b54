"""Mends the emulated SQS: setting one attribute leaves the queue's policy alone, who may redrive is told.

Counting messages asks for the time once, not once a message: sending to a queue of 300 took 16 ms, and takes 2.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What moto's queues forget."""
    from moto.core.utils import unix_time_millis
    from moto.sqs.models import Queue

    put, tell = Queue._set_attributes, Queue.attributes.fget

    def set_attributes(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        # moto takes a call without a policy for one that takes it away
        kept = {"Policy": self.policy} if "Policy" not in attributes and hasattr(self, "_policy_json") else {}
        put(self, {**attributes, **kept}, now)

    def attributes(self: Any) -> dict[str, Any]:
        told = dict(tell(self))
        allows = getattr(self, "redrive_allow_policy", None)
        if allows:
            told["RedriveAllowPolicy"] = allows if isinstance(allows, str) else json.dumps(allows)
        if self.kms_master_key_id:
            # a queue is encrypted by one key, not by two
            told["SqsManagedSseEnabled"] = "false"
        return told

    def messages(self: Any) -> list[Any]:
        now = unix_time_millis()
        return [each for each in self._messages if each.visible_at < now and each.delayed_until <= now]

    def delayed(self: Any) -> int:
        now = unix_time_millis()
        return sum(each.delayed_until > now for each in self._messages)

    def invisible(self: Any) -> int:
        now = unix_time_millis()
        return sum(each.visible_at >= now for each in self._messages)

    yield Queue, "messages", property(messages)
    yield Queue, "approximate_number_of_messages_delayed", property(delayed)
    yield Queue, "approximate_number_of_messages_not_visible", property(invisible)
    yield Queue, "_set_attributes", set_attributes
    yield Queue, "attributes", property(attributes)
