"""A cloud of two made-up services, kept in a dict, for the engine's own tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from preflight.cloudformation.engine import CloudFormation
from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made, Provider, ReplacementNeeded
from preflight.template import Template


@dataclass
class World:
    """What exists, by physical id, and every call made, in order; `refuses` names the texts that fail."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    stubborn: set[str] = field(default_factory=set)
    count: int = 0
    cloud: CloudFormation = field(default_factory=lambda: CloudFormation(_context))


class Topic(Provider):
    """A topic: its name is create-only, its display name is not, and its Tags are not sent."""

    type = "AWS::SNS::Topic"

    def __init__(self, world: World) -> None:
        self.world = world

    def create(self, declared: Declared, context: Context) -> Made:
        properties = {name: declared.take(name) for name in declared if name != "Tags"}
        self._check(properties)
        self.world.count += 1
        name = properties.get("TopicName") or f"{context.logical_id}-{self.world.count}"
        physical = f"arn:aws:sns:{context.region}:{context.account}:{name}"
        if physical in self.world.things:
            raise RuntimeError(f"{physical} already exists")
        self.world.things[physical] = properties
        self.world.calls.append(f"create {context.logical_id}")
        return Made(physical, {"TopicName": name, "TopicArn": physical})

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        properties = {name: declared.take(name) for name in declared if name != "Tags"}
        names = [properties.get("DisplayName"), before.get("DisplayName")]
        if "only by a new one" in names and names[0] != names[1]:
            raise ReplacementNeeded
        self._check(properties)
        self.world.things[made.physical_id] = properties
        self.world.calls.append(f"update {context.logical_id}")
        return made

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        if context.logical_id in self.world.stubborn:
            raise RuntimeError(f"{context.logical_id} will not go")
        self.world.things.pop(made.physical_id, None)
        self.world.calls.append(f"delete {context.logical_id}")

    def _check(self, properties: Mapping[str, Any]) -> None:
        for text in self.world.refuses:
            if text in str(properties):
                raise RuntimeError(f"{text} is refused")


def _context(**place: Any) -> Context:
    return Context(make_client=lambda service, region: None, **place)


def topic(*, after: str | list[str] | None = None, **properties: Any) -> dict[str, Any]:
    """A topic as a template declares it."""
    declared: dict[str, Any] = {"Type": Topic.type, "Properties": properties}
    return declared | ({"DependsOn": after} if after else {})


def template(outputs: dict[str, Any] | None = None, **resources: Any) -> Template:
    """A template of these resources."""
    sections = {key: resources.pop(key) for key in ("Parameters", "Conditions", "Rules") if key in resources}
    return Template.load({"Resources": resources, **({"Outputs": outputs} if outputs else {}), **sections})
