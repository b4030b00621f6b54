"""What needs what comes first, and an update changes no more than it must."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.cloudformation import plan
from preflight.template import Template

NAMES = "ABCDEFGH"
GRAPHS = st.dictionaries(
    st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES), max_size=4), min_size=1, max_size=len(NAMES)
).map(lambda graph: {name: needs & graph.keys() for name, needs in graph.items()})
PROPERTIES = st.recursive(
    st.integers() | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)


@given(GRAPHS)
def test_everything_comes_after_what_it_needs_unless_it_goes_in_a_circle(graph: dict[str, set[str]]) -> None:
    order = plan.order(graph)
    assert sorted(order) == sorted(graph)
    circle = plan.circle(graph)
    late = [name for name in graph if any(order.index(name) < order.index(need) for need in graph[name] - {name})]
    if not circle:
        assert not late
        assert not any(name in graph[name] for name in graph)
    for name in circle:
        assert graph[name] & set(circle), "every member of a circle waits for another"


@given(GRAPHS)
def test_without_its_circle_every_graph_can_be_made(graph: dict[str, set[str]]) -> None:
    circle = set(plan.circle(graph))
    rest = {name: needs - circle for name, needs in graph.items() if name not in circle}
    assert plan.circle(rest) == []


def test_order_is_the_templates_where_nothing_speaks_against_it() -> None:
    assert plan.order({"C": set(), "A": {"B"}, "B": set()}) == ["C", "B", "A"]


def test_a_condition_chooses_who_is_needed() -> None:
    template = Template.load(
        {
            "Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}, "No": {"Fn::Equals": ["a", "b"]}},
            "Resources": {
                "A": {"Type": "T", "Properties": {"X": {"Fn::If": ["Yes", {"Ref": "B"}, {"Ref": "C"}]}}},
                "B": {"Type": "T", "DependsOn": ["C", "Gone"]},
                "C": {"Type": "T", "Properties": {"Y": {"Fn::Sub": "${AWS::Region}"}}},
                "Gone": {"Type": "T", "Condition": "No"},
            },
        }
    )
    assert plan.dependencies(template, template.scope()) == {"A": {"B"}, "B": {"C"}, "C": set()}


@pytest.mark.parametrize(
    ("kind", "before", "after", "replaced"),
    [
        ("AWS::S3::Bucket", {"BucketName": "a"}, {"BucketName": "b"}, "True"),
        ("AWS::S3::Bucket", {"Tags": []}, {"Tags": [{"Key": "a", "Value": "b"}]}, "False"),
        ("AWS::S3::Bucket", {}, {"BucketName": "b"}, "True"),
        ("AWS::EC2::Subnet", {"CidrBlock": "a", "MapPublicIpOnLaunch": True}, {"CidrBlock": "a"}, "False"),
        ("AWS::EC2::Subnet", {"CidrBlock": "a"}, {"CidrBlock": "b"}, "True"),
        ("AWS::Lambda::Function", {"Code": {"ZipFile": "a"}}, {"Code": {"ZipFile": "b"}}, "False"),
        ("AWS::EC2::VPC", {"CidrBlock": "a", "InstanceTenancy": "default"}, {"CidrBlock": "a"}, "Conditional"),
        ("AWS::IAM::Role", {"Path": "/"}, {"Path": "/a/"}, "True"),
        ("Custom::Thing", {"a": 1}, {"a": 2}, "False"),
    ],
)
def test_create_only_properties_replace(kind: str, before: Any, after: Any, replaced: str) -> None:
    assert plan.replacement(kind, plan.differences(kind, before, after)) == replaced


def test_a_deep_create_only_property_counts_only_when_it_changes() -> None:
    kind = "AWS::ECS::Service"
    before = {"LoadBalancers": [{"ContainerPort": 80}], "Cluster": "a"}
    assert plan.replacement(kind, plan.differences(kind, before, before | {"Cluster": "b"})) == "True"
    assert plan.replacement(kind, plan.differences(kind, before, before | {"DesiredCount": 3})) == "False"


@given(PROPERTIES, PROPERTIES)
def test_differences_are_exactly_where_two_values_differ(before: Any, after: Any) -> None:
    found = list(plan.changes({"r": before}, {"r": after}))
    assert bool(found) == (before != after)
    for path, old, new in found:
        assert old != new
        assert _at({"r": before}, path) == old
        assert _at({"r": after}, path) == new


def test_a_custom_name_is_noticed() -> None:
    assert plan.keeps_its_name("AWS::IAM::Role", {"RoleName": "r"}, {"RoleName": "r"}) == "r"
    assert plan.keeps_its_name("AWS::IAM::Role", {"RoleName": "r"}, {"RoleName": "s"}) is None
    assert plan.keeps_its_name("AWS::IAM::Role", {}, {}) is None
    assert plan.keeps_its_name("AWS::EC2::VPC", {"CidrBlock": "a"}, {"CidrBlock": "a"}) is None


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        fields = dict(enumerate(value)) if isinstance(value, list) else value
        value = fields.get(int(part) if isinstance(value, list) else part) if isinstance(fields, dict) else None
    return value
