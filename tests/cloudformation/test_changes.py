"""A change set tells what would happen, and nothing happens until it is executed."""

from __future__ import annotations

from typing import Any

import pytest

from preflight.cloudformation.changes import NO_CHANGES, ChangeSet
from preflight.cloudformation.engine import Rejected
from preflight.errors import Refused
from tests.cloudformation.fakes import World, template, topic


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def told(made: ChangeSet) -> list[tuple[str, str, str]]:
    return [(each.logical_id, each.action, each.replacement) for each in made.changes]


def test_a_new_stack_is_told_before_it_is_made(world: World) -> None:
    made = world.cloud.create_change_set(
        "Notes", "first", template(A=topic(DisplayName=ref("B")), B=topic()), kind="CREATE"
    )
    assert told(made) == [("B", "Add", "False"), ("A", "Add", "False")]
    assert made.stack.status == "REVIEW_IN_PROGRESS"
    assert world.calls == []
    stack = world.cloud.execute_change_set(made)
    assert stack.status == "CREATE_COMPLETE"
    assert world.calls == ["create B", "create A"]
    assert made.execution == "EXECUTE_COMPLETE"
    with pytest.raises(Rejected, match="cannot be executed in its current status"):
        world.cloud.execute_change_set(made)


def test_every_kind_of_change_is_told_as_it_is_done(world: World) -> None:
    before = template(
        Kept=topic(),
        Changed=topic(DisplayName="a"),
        Renamed=topic(TopicName="one"),
        User=topic(DisplayName=ref("Renamed")),
        Gone=topic(),
    )
    world.cloud.create_stack("Notes", before)
    after = template(
        Kept=topic(),
        Changed=topic(DisplayName="b"),
        Renamed=topic(TopicName="two"),
        User=topic(DisplayName=ref("Renamed")),
        New=topic(),
    )
    made = world.cloud.create_change_set("Notes", "second", after)
    assert told(made) == [
        ("Changed", "Modify", "False"),
        ("Renamed", "Modify", "True"),
        ("New", "Add", "False"),
        ("User", "Modify", "False"),
        ("Gone", "Remove", "False"),
    ]
    changed = next(each for each in made.changes if each.logical_id == "Changed")
    assert [(each.path, each.before, each.after) for each in changed.differences] == [("DisplayName", "a", "b")]
    user = next(each for each in made.changes if each.logical_id == "User")
    assert user.causes == ("Renamed",)
    assert "KNOWN_AFTER_APPLY" in user.differences[0].after
    world.calls.clear()
    world.cloud.execute_change_set(made)
    assert world.calls == [
        "update Changed",
        "create Renamed",
        "create New",
        "update User",
        "delete Gone",
        "delete Renamed",
    ]


def test_a_reference_that_might_replace_is_conditional(world: World) -> None:
    world.cloud.create_stack(
        "Notes", template(A=topic(TopicName="a"), B=topic(TopicName={"Fn::Sub": "b-${A.TopicName}"}))
    )
    made = world.cloud.create_change_set(
        "Notes", "c", template(A=topic(TopicName="z"), B=topic(TopicName={"Fn::Sub": "b-${A.TopicName}"}))
    )
    assert told(made) == [("A", "Modify", "True"), ("B", "Modify", "Conditional")]


def test_no_changes_is_a_failed_change_set(world: World) -> None:
    world.cloud.create_stack("Notes", template(A=topic()))
    made = world.cloud.create_change_set("Notes", "nothing", template(A=topic()))
    assert (made.status, made.reason, made.execution) == ("FAILED", NO_CHANGES, "UNAVAILABLE")


def test_an_output_alone_is_a_change(world: World) -> None:
    world.cloud.create_stack("Notes", template(A=topic()))
    made = world.cloud.create_change_set("Notes", "output", template({"Out": {"Value": ref("A")}}, A=topic()))
    assert (made.status, made.changes) == ("CREATE_COMPLETE", [])
    assert world.cloud.execute_change_set(made).outputs.keys() == {"Out"}


@pytest.mark.parametrize(
    ("stack", "kind", "said"),
    [
        ("Notes", "CREATE", r"Stack \[Notes\] already exists and cannot be created again with the changeSet \[c\]"),
        ("Nothing", "UPDATE", r"Stack \[Nothing\] does not exist"),
    ],
)
def test_a_change_set_fits_its_stack(world: World, stack: str, kind: str, said: str) -> None:
    world.cloud.create_stack("Notes", template(A=topic()))
    with pytest.raises(Rejected, match=said):
        world.cloud.create_change_set(stack, "c", template(A=topic()), kind=kind)


def test_a_refused_template_leaves_neither_change_set_nor_stack(world: World) -> None:
    wrong: dict[str, Any] = {"Type": "AWS::SNS::Topik"}
    with pytest.raises(Refused):
        world.cloud.create_change_set("Notes", "c", template(A=wrong), kind="CREATE")
    assert world.cloud.stacks == []
    assert world.cloud.change_sets == []


def test_predicting_leaves_the_stack_as_it_is(world: World) -> None:
    stack = world.cloud.create_stack("Notes", template(A=topic(DisplayName="a")))
    events, imports = len(stack.events), dict(stack.imports)
    world.cloud.create_change_set("Notes", "c", template(A=topic(DisplayName="b")))
    assert (len(stack.events), stack.imports) == (events, imports)
    assert stack.resources["A"].properties == {"DisplayName": "a"}
