"""The ledger names exactly what nobody applied, in the fewest words."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from preflight.cloudformation.ledger import Declared, leaves, plain, shortest

VALUES = st.recursive(
    st.integers() | st.booleans() | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
PROPERTIES = st.dictionaries(st.sampled_from("ABC"), VALUES, max_size=3)

RULES = {"Rules": [{"Id": "a", "Days": 3}, {"Id": "b"}], "Name": "n", "Empty": {}}


def test_reading_a_leaf_applies_it() -> None:
    declared = Declared(RULES)
    assert declared["Name"] == "n"
    assert [each["Id"] for each in declared["Rules"]] == ["a", "b"]
    assert declared.unapplied() == ("Empty", "Rules.0.Days")


def test_taking_a_branch_applies_all_of_it() -> None:
    declared = Declared(RULES)
    assert declared.take("Rules") == RULES["Rules"]
    assert declared.take("Missing", "else") == "else"
    assert declared["Empty"] == {}
    assert declared.unapplied() == ("Name",)


def test_looking_is_not_applying() -> None:
    declared = Declared(RULES)
    assert declared.peek("Name") == "n"
    assert "Rules" in declared
    assert len(declared) == 3
    assert declared.unapplied() == ("Empty", "Name", "Rules")


def test_what_a_provider_refuses_is_named_though_it_was_read() -> None:
    declared = Declared(RULES)
    declared.take()
    for each in declared["Rules"]:
        each.not_emulated("Days")
    assert declared.unapplied() == ("Rules.0.Days",)


@given(PROPERTIES)
def test_taking_everything_leaves_nothing(properties: dict[str, Any]) -> None:
    declared = Declared(properties)
    assert declared.take() == plain(properties) == properties
    assert declared.unapplied() == ()


@given(PROPERTIES)
def test_reading_nothing_names_each_top_property_once(properties: dict[str, Any]) -> None:
    assert Declared(properties).unapplied() == tuple(sorted(properties))


@given(PROPERTIES, st.data())
def test_the_short_names_cover_exactly_the_unapplied_leaves(properties: dict[str, Any], data: st.DataObject) -> None:
    every = [path for path in leaves(properties) if path]
    unapplied = set(data.draw(st.lists(st.sampled_from(every)))) if every else set()
    names = shortest(properties, unapplied)
    covered = {path for path in every if any(".".join(path[:end]) in names for end in range(1, len(path) + 1))}
    assert covered == unapplied
