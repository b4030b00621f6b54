"""CloudFormation's functions answer as AWS documents them, and say Unknown where nobody can know."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.intrinsics import (
    Scope,
    TemplateError,
    Unknown,
    availability_zones,
    choose,
    holds,
    resolve,
    substitutions,
    walk,
)

PARTS = st.lists(st.text("abc/:.-<>", max_size=5), min_size=1, max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=10,
)


def scope(**rest: Any) -> Scope:
    return Scope(
        parameters={"Env": "prod", "Ports": ["80", "443"], "Count": 3},
        mappings={"Sizes": {"prod": {"Type": "m5.large"}}},
        conditions={
            "IsProd": {"Fn::Equals": [{"Ref": "Env"}, "prod"]},
            "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
            "Either": {"Fn::Or": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]},
            "Both": {"Fn::And": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]},
            "Round": {"Condition": "Round"},
        },
        **{
            "ref": lambda name: f"id-of-{name}",
            "attribute": lambda name, attribute: f"{attribute}-of-{name}",
            "export": {"shared": "exported"}.__getitem__,
            **rest,
        },
    )


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        ({"Ref": "Env"}, "prod"),
        ({"Ref": "Thing"}, "id-of-Thing"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ({"Ref": "AWS::NotificationARNs"}, []),
        ({"Fn::GetAtt": ["Thing", "Arn"]}, "Arn-of-Thing"),
        ({"Fn::GetAtt": "Thing.Endpoint.Port"}, "Endpoint.Port-of-Thing"),
        ({"Fn::GetAtt": ["Thing", {"Ref": "Env"}]}, "prod-of-Thing"),
        ({"Fn::Sub": "${Env}-${Thing.Arn}-${!Literal}-${AWS::AccountId}"}, "prod-Arn-of-Thing-${Literal}-123456789012"),
        ({"Fn::Sub": ["${a}${Env}", {"a": {"Ref": "Count"}}]}, "3prod"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Count"}, True]]}, "a-3-true"),
        ({"Fn::Join": [",", {"Ref": "Ports"}]}, "80,443"),
        ({"Fn::Select": ["1", {"Ref": "Ports"}]}, "443"),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "us-east-1a"),
        ({"Fn::Split": ["-", "a-b"]}, ["a", "b"]),
        ({"Fn::If": ["IsProd", "yes", {"Ref": "AWS::NoValue"}]}, "yes"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Env"}, "Type"]}, "m5.large"),
        ({"Fn::FindInMap": ["Sizes", "dev", "Type", {"DefaultValue": "t3.micro"}]}, "t3.micro"),
        ({"Fn::ImportValue": {"Fn::Sub": "shared"}}, "exported"),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::Cidr": ["10.0.0.0/22", "2", "5"]}, ["10.0.0.0/27", "10.0.0.32/27"]),
        ({"Fn::GetAZs": {"Ref": "AWS::Region"}}, [f"us-east-1{letter}" for letter in "abcdef"]),
        ({"Fn::GetAZs": "eu-west-1"}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ({"Fn::Base64": "hello"}, "aGVsbG8="),
        ({"Fn::Length": {"Ref": "Ports"}}, 2),
        ({"Fn::ToJsonString": {"a": [1, {"Ref": "Env"}]}}, '{"a":[1,"prod"]}'),
    ],
)
def test_each_function_answers(function: Any, answer: Any) -> None:
    assert resolve(function, scope()) == answer


def test_no_value_takes_its_place_with_it() -> None:
    gone = {"Fn::If": ["IsDev", "x", {"Ref": "AWS::NoValue"}]}
    assert resolve({"a": gone, "b": [1, gone, 2], "c": {"d": gone}}, scope()) == {"b": [1, 2], "c": {}}


def test_a_condition_key_in_a_policy_is_no_function() -> None:
    statement = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert resolve(statement, scope()) == statement
    assert resolve({"Condition": "IsProd"}, scope()) == {"Condition": "IsProd"}


@pytest.mark.parametrize(("name", "held"), [("IsProd", True), ("IsDev", False), ("Either", True), ("Both", False)])
def test_conditions_build_on_conditions(name: str, held: bool) -> None:
    assert holds(name, scope()) is held
    assert holds({"Condition": name}, scope()) is held


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ({"Fn::Select": [5, {"Ref": "Ports"}]}, "Fn::Select cannot select nonexistent value at index 5"),
        ({"Fn::Select": [-1, {"Ref": "Ports"}]}, "nonexistent value"),
        ({"Fn::FindInMap": ["Sizes", "dev", "Type"]}, "Unable to get mapping for Sizes::dev::Type"),
        ({"Fn::Cidr": ["10.0.0.0/24", 300, 8]}, "Fn::Cidr"),
        ({"Fn::Cidr": ["10.0.0.0/24", 2, 8]}, "Fn::Cidr"),
        ({"Fn::Join": ["-", "text"]}, "every Fn::Join object requires two parameters"),
        ({"Fn::Join": "-"}, "Fn::Join"),
        ({"Fn::GetAZs": "mars-north-1"}, "mars-north-1"),
        ({"Fn::Nonsense": 1}, "Fn::Nonsense"),
        ({"Fn::If": ["Missing", 1, 2]}, "Unresolved condition dependency Missing"),
        ({"Fn::If": ["Round", 1, 2]}, "Circular condition dependency Round"),
        ({"Ref": "AWS::Nonsense"}, "AWS::Nonsense"),
        ({"Fn::Sub": ["${a}", {"a": {"b": 1}}]}, "Fn::Sub"),
    ],
)
def test_what_cannot_be_answered_is_said_or_left_unknown(function: Any, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        resolve(function, scope())
    if "Round" not in str(function) and "Missing" not in str(function):
        assert isinstance(resolve(function, scope(strict=False)), Unknown)


def test_an_unknown_stays_unknown_wherever_it_goes() -> None:
    secret = Unknown.of("the parameter Key")
    known = scope(ref=lambda name: secret)
    for function in (
        {"Fn::Join": ["-", ["a", {"Ref": "Thing"}]]},
        {"Fn::Sub": "arn:${Thing}"},
        {"Fn::Select": [0, {"Ref": "Thing"}]},
        {"Fn::Base64": {"Ref": "Thing"}},
        {"Fn::Length": {"Ref": "Thing"}},
        {"Fn::Select": [1, {"Fn::Split": [":", {"Fn::Sub": "arn:${Thing}"}]}]},
        {"Fn::Select": [1, {"Fn::Cidr": [{"Ref": "Thing"}, 3, 8]}]},
    ):
        assert isinstance(resolve(function, known), Unknown), function
    assert resolve({"Fn::Select": [0, {"Fn::Split": [":", {"Fn::Sub": "arn:${Thing}"}]}]}, known) == "arn"


def test_choosing_branches_answers_nothing_else() -> None:
    value = {"a": {"Fn::If": ["IsProd", {"Ref": "Thing"}, {"Ref": "Other"}]}, "b": [{"Fn::If": ["IsDev", 1, 2]}]}
    assert choose(value, scope()) == {"a": {"Ref": "Thing"}, "b": [2]}


def test_walking_finds_every_call() -> None:
    value = {"Fn::Join": ["", [{"Ref": "A"}, {"Fn::Sub": "${B}"}]], "plain": {"Ref": 1, "more": 2}}
    assert [name for name, _ in walk(value)] == ["Ref", "Fn::Sub"]
    assert substitutions("${A} ${!B} ${C.D}") == ["A", "C.D"]


@given(PARTS)
def test_splitting_undoes_joining(parts: list[str]) -> None:
    joined = {"Fn::Join": ["|", parts]}
    assert resolve({"Fn::Split": ["|", joined]}, scope()) == parts


@given(VALUES)
def test_a_value_without_functions_is_its_own_answer(value: Any) -> None:
    assert resolve(value, scope()) == value
    assert choose(value, scope()) == value
    assert walk(value) == []


@given(st.integers(16, 24), st.integers(1, 16), st.integers(4, 8))
def test_cidr_gives_ranges_that_fit_and_never_overlap(prefix: int, count: int, bits: int) -> None:
    block = f"10.1.0.0/{prefix}"
    try:
        ranges = resolve({"Fn::Cidr": [block, count, bits]}, scope())
    except TemplateError:
        assert 2 ** (32 - bits - prefix) < count
        return
    networks = [ipaddress.ip_network(each) for each in ranges]
    assert len(networks) == count
    assert all(each.subnet_of(ipaddress.ip_network(block)) and each.prefixlen == 32 - bits for each in networks)
    assert not any(one.overlaps(other) for one in networks for other in networks if one is not other)


@given(st.booleans(), st.booleans(), st.booleans())
def test_conditions_are_boolean_algebra(a: bool, b: bool, c: bool) -> None:
    here = Scope(conditions={name: {"Fn::Equals": [value, True]} for name, value in zip("ABC", (a, b, c), strict=True)})
    names = [{"Condition": name} for name in "ABC"]
    assert holds({"Fn::And": names}, here) is (a and b and c)
    assert holds({"Fn::Not": [{"Fn::Or": names}]}, here) is not (a or b or c)
    both_ways = {"Fn::And": [{"Fn::Not": [each]} for each in names]}
    assert holds(both_ways, here) is holds({"Fn::Not": [{"Fn::Or": names}]}, here)


def test_other_partitions_have_their_own_names() -> None:
    china = scope(region="cn-north-1")
    assert resolve({"Fn::Sub": "${AWS::Partition} ${AWS::URLSuffix}"}, china) == "aws-cn amazonaws.com.cn"
    assert availability_zones("us-west-1") == ["us-west-1a", "us-west-1b"]
    assert availability_zones("nowhere-1") == []
