"""Whatever is deployed after whatever, a stack holds exactly what exists, and a failure changes nothing."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from preflight.cloudformation import operation
from preflight.cloudformation.engine import Rejected
from preflight.errors import DeployFailed, Refused
from tests.cloudformation.fakes import Topic, World, template, topic

NAMES = "ABCDE"


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    """Topics that refer to earlier ones, some of them named, kept, or not to be had."""
    resources: dict[str, Any] = {}
    for name in draw(st.permutations(NAMES))[: draw(st.integers(1, len(NAMES)))]:
        properties: dict[str, Any] = {}
        if draw(st.booleans()):
            properties["TopicName"] = draw(st.sampled_from(["one", "two", "three"]))
        earlier = [{"Ref": each} for each in resources] + [{"Fn::GetAtt": [each, "TopicName"]} for each in resources]
        words: list[Any] = ["x", "y", "only by a new one", "poison", *earlier]
        if draw(st.booleans()):
            properties["DisplayName"] = draw(st.sampled_from(words))
        resources[name] = topic(**properties) | draw(st.sampled_from([{}, {}, {"UpdateReplacePolicy": "Retain"}]))
        resources[name] |= draw(st.sampled_from([{}, {}, {"DeletionPolicy": "RetainExceptOnCreate"}]))
    return resources


class Stacks(RuleBasedStateMachine):
    """One stack, deployed over and over."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(refuses={"poison"})
        fake = Topic(self.world)
        self.patch = patch.object(operation, "find_provider", lambda kind: fake if kind == Topic.type else None)
        self.patch.start()

    def teardown(self) -> None:
        self.patch.stop()

    @rule(resources=templates(), tag=st.sampled_from("ab"))
    def deploy(self, resources: dict[str, Any], tag: str) -> None:
        cloud, things = self.world.cloud, {name: dict(each) for name, each in self.world.things.items()}
        stack = cloud.find("S")
        act = cloud.create_stack if stack is None else cloud.update_stack
        try:
            act("S", template(**resources), tags={"t": tag})
        except (DeployFailed, Refused):
            assert self.world.things == things
            failed = cloud.find("S")
            if failed is not None and failed.status == "ROLLBACK_COMPLETE":
                cloud.delete_stack("S")
        else:
            made = cloud.get("S")
            assert set(made.resources) == set(resources)
            for name, resource in made.resources.items():
                assert self.world.things[resource.physical_id] == made.design().resources[name].properties

    @rule()
    def again(self) -> None:
        stack = self.world.cloud.find("S")
        if stack is not None:
            calls = list(self.world.calls)
            try:
                self.world.cloud.update_stack("S", stack.template)
            except Rejected as error:
                assert "No updates" in str(error)
            assert self.world.calls == calls

    @rule()
    def delete(self) -> None:
        self.world.cloud.delete_stack("S")
        assert self.world.cloud.find("S") is None

    @invariant()
    def what_the_stack_holds_is_what_exists(self) -> None:
        stack = self.world.cloud.find("S")
        held = {each.physical_id for each in stack.resources.values()} if stack else set()
        kept = {
            event.physical_id
            for each in self.world.cloud.stacks
            for event in each.events
            if event.status == "DELETE_SKIPPED"
        }
        assert held <= set(self.world.things) <= held | kept


TestStacks = Stacks.TestCase
TestStacks.settings = settings(max_examples=60, stateful_step_count=8, deadline=None)
