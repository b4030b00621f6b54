"""A stack as it stands: its resources, its events, its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from preflight.cloudformation.providers import Made
from preflight.template import Design, Template


@dataclass(frozen=True)
class Event:
    """One line of a stack's history, statuses and reasons in CloudFormation's words."""

    event_id: str
    stack_id: str
    stack_name: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str | None
    timestamp: datetime
    properties: Mapping[str, Any] | None = None
    token: str | None = None


@dataclass
class StackResource:
    """One resource of a stack.

    `state` says whether a provider made it or it is only recorded, and `not_emulated` names the property paths that
    have no effect here. `properties` are as resolved from the template (the ground of the next update's differences),
    `sent` the same with `{{resolve:…}}` answered.
    """

    logical_id: str
    type: str
    physical_id: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    status: str = ""
    status_reason: str | None = None
    state: Literal["emulated", "recorded"] = "recorded"
    not_emulated: tuple[str, ...] = ()
    properties: dict[str, Any] = field(default_factory=dict)
    sent: dict[str, Any] = field(default_factory=dict)
    unapplied: frozenset[tuple[str, ...]] = frozenset()
    needs: frozenset[str] = frozenset()
    deletion_policy: str = "Delete"
    metadata: dict[str, Any] = field(default_factory=dict)
    waits_for: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    generation: int = 0
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def ledger_words(self) -> str | None:
        """What of the resource has no effect here, in the words of its events; None when all of it has."""
        if self.state == "recorded":
            return "recorded, not emulated"
        return f"not emulated: {', '.join(self.not_emulated)}" if self.not_emulated else None

    @property
    def made(self) -> Made:
        return Made(self.physical_id, self.attributes)

    def copy(self) -> StackResource:
        """The resource as it is now, kept from later changes."""
        return replace(self)


@dataclass(repr=False)
class Stack:
    """A stack, its resources by logical id and its events oldest first.

    `parameters` are the values as given (or defaulted), `values` the same in their own types with SSM parameters
    looked up, `exports` the exported values by export name, `imports` the values of the exports the stack uses,
    `policy` which updates are ruled out, `nested` the stacks within it by the logical id that made them.
    """

    name: str
    stack_id: str
    region: str
    account: str
    template: Template
    parameters: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    status: str = "REVIEW_IN_PROGRESS"
    status_reason: str | None = None
    outputs: dict[str, Any] = field(default_factory=dict)
    exports: dict[str, Any] = field(default_factory=dict)
    output_exports: dict[str, str] = field(default_factory=dict)
    imports: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, StackResource] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated: datetime | None = None
    deleted: datetime | None = None
    options: dict[str, Any] = field(default_factory=dict)
    termination_protection: bool = False
    policy: Mapping[str, Any] | None = None
    parent_id: str | None = None
    root_id: str | None = None
    nested: dict[str, Stack] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Stack {self.name} {self.status}>"

    @property
    def not_emulated(self) -> list[tuple[str, str]]:
        """Every property that has no effect here, as (logical id, property path), those of nested stacks too."""
        return [(name, path) for name, each in self.whole().items() for path in each.not_emulated]

    def whole(self) -> dict[str, StackResource]:
        """The stack's resources by logical id, then those of its nested stacks by `Nested/LogicalId`."""
        inside = {
            f"{name}/{logical_id}": resource
            for name, child in self.nested.items()
            for logical_id, resource in child.whole().items()
        }
        return {**self.resources, **inside}

    def design(self) -> Design:
        """The stack's design, with the physical ids and attributes it really has.

        What stands in a nested stack is there too, under `Nested/LogicalId`.
        """
        return self._own_design().holding({name: child.design() for name, child in self.nested.items()})

    def _own_design(self) -> Design:
        return self.template.design(
            region=self.region,
            account=self.account,
            stack_name=self.name,
            stack_id=self.stack_id,
            parameters=self.values,
            physical_ids={name: each.physical_id for name, each in self.resources.items() if each.physical_id},
            attributes={name: each.attributes for name, each in self.resources.items()},
            exports=self.imports,
        )

    def say(self, status: str, reason: str | None = None, token: str | None = None) -> None:
        """Take on a status and record it as an event."""
        self.status, self.status_reason = status, reason
        self._record(self.name, self.stack_id, "AWS::CloudFormation::Stack", status, reason, None, token)

    def say_of(self, resource: StackResource, status: str, reason: str | None = None, token: str | None = None) -> None:
        """Give a resource a status and record it as an event."""
        resource.status, resource.status_reason = status, reason
        resource.timestamp = self._record(
            resource.logical_id, resource.physical_id, resource.type, status, reason, resource.properties, token
        )

    def _record(
        self,
        logical_id: str,
        physical_id: str,
        resource_type: str,
        status: str,
        reason: str | None,
        properties: Mapping[str, Any] | None,
        token: str | None,
    ) -> datetime:
        now = datetime.now(UTC)
        if self.events:
            # clients sort by time, some of them by the millisecond
            now = max(now, self.events[-1].timestamp + timedelta(milliseconds=1))
        self.events.append(
            Event(
                event_id=f"{logical_id}-{status}-{len(self.events):04d}",
                stack_id=self.stack_id,
                stack_name=self.name,
                logical_id=logical_id,
                physical_id=physical_id,
                type=resource_type,
                status=status,
                reason=reason,
                timestamp=now,
                properties=properties,
                token=token,
            )
        )
        return now
