"""Mends the emulated EventBridge Scheduler: a group that is missing is said to be, and an update changes everything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What moto's backend lets pass or forgets."""
    from moto.scheduler.models import EventBridgeSchedulerBackend
    from moto.scheduler.responses import EventBridgeSchedulerResponse

    create = EventBridgeSchedulerBackend.create_schedule
    make_group, delete_group = (
        EventBridgeSchedulerBackend.create_schedule_group,
        EventBridgeSchedulerBackend.delete_schedule_group,
    )
    change = EventBridgeSchedulerResponse.update_schedule

    def create_schedule(self: Any, *rest: Any, **named: Any) -> Any:
        self.get_schedule_group(named.get("group_name"))
        return create(self, *rest, **named)

    def create_schedule_group(self: Any, name: str, tags: list[dict[str, str]] | None) -> Any:
        return make_group(self, name, tags or [])

    def delete_schedule_group(self: Any, name: str | None) -> None:
        self.get_schedule_group(name)
        delete_group(self, name)

    def update_schedule(self: Any) -> Any:
        answer = change(self)
        name = self.uri.split("?")[0].split("/")[-1]
        schedule = self.scheduler_backend.get_schedule(self._get_param("GroupName"), name)
        schedule.state = schedule.state or "ENABLED"
        schedule.action_after_completion = self._get_param("ActionAfterCompletion")
        return answer

    for each in (create_schedule, create_schedule_group, delete_schedule_group):
        yield EventBridgeSchedulerBackend, each.__name__, each
    yield EventBridgeSchedulerResponse, "update_schedule", update_schedule
