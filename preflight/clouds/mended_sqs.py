"""Mends the emulated SQS: setting one attribute leaves the queue's policy alone, and who may redrive is told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What moto's queues forget."""
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

    yield Queue, "_set_attributes", set_attributes
    yield Queue, "attributes", property(attributes)
