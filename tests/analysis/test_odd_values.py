"""Designs with values CloudFormation would take and nobody expects: each question is answered, none is a crash."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from preflight.analysis.picture import draw
from preflight.questions import ask
from preflight.template import Template
from tests.analysis.test_balancers import linked
from tests.analysis.test_network import clinic, group, guard
from tests.analysis.test_roads import connected, peered, with_gates

Way = tuple[str | int, ...]
VALUES = [
    *({"Ref": "Text"}, {"Ref": "Texts"}, {"Ref": "AWS::NoValue"}, {"Fn::ImportValue": "x"}, {"Fn::Sub": "${Text}-x"}),
    *({"Fn::Split": [",", {"Fn::ImportValue": "many"}]}, {"Fn::If": ["Maybe", {"Ref": "AWS::NoValue"}, "a"]}),
    *({"Fn::GetAZs": ""}, {"Fn::Cidr": ["10.0.0.0/16", 6, 8]}, {"Fn::Select": [0, {"Ref": "Texts"}]}),
    *("true", True, "0", 0, -1, "-1", "", "80", 3.5, "0.0.0.0/0", "::/0", "10.0.0.0/33", [], {}, [{}], ["x"]),
]
QUESTIONS = (["exposed"], ["lose"], ["lose", "az", "a"], ["lose", "region"], ["cost"], ["leftovers"])


def guarded() -> dict[str, Any]:
    template = clinic()
    guard(template, (100, "in", "allow", 6, "10.40.0.0/16", (5432, 5432)), (100, "out", "allow", -1, "0.0.0.0/0"))
    listed = {"SourcePrefixListId": {"Fn::GetAtt": ["Wards", "PrefixListId"]}}
    template["Resources"] |= {
        "Wards": {
            "Type": "AWS::EC2::PrefixList",
            "Properties": {
                "PrefixListName": "w",
                "AddressFamily": "IPv4",
                "MaxEntries": 2,
                "Entries": [{"Cidr": "10.9.0.0/16"}],
            },
        },
        "Listed": group([{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **listed}]),
        "Six": {
            "Type": "AWS::EC2::SubnetCidrBlock",
            "Properties": {"SubnetId": {"Ref": "PublicA"}, "Ipv6CidrBlock": "2600:1f18:1:1::/64"},
        },
    }
    return template


DESIGNS = {"guarded": guarded, "linked": linked, "peered": peered, "gates": with_gates, "vpn": connected}


@pytest.mark.parametrize("name", DESIGNS)
@settings(max_examples=12, deadline=None, derandomize=True, database=None)
@given(data=some.data())
def test_every_question_has_an_answer(name: str, data: some.DataObject) -> None:
    body = copy.deepcopy(DESIGNS[name]())
    body["Parameters"] = {"Text": {"Type": "String"}, "Texts": {"Type": "CommaDelimitedList"}}
    body["Conditions"] = {"Maybe": {"Fn::Equals": [{"Ref": "Text"}, "a"]}}
    for _ in range(data.draw(some.integers(1, 3))):
        resource = data.draw(some.sampled_from(sorted(body["Resources"])))
        properties = body["Resources"][resource].get("Properties", {})
        ways = [way for way in ways_in(properties) if way]
        if ways:
            put(properties, data.draw(some.sampled_from(ways)), copy.deepcopy(data.draw(some.sampled_from(VALUES))))
    template = Template.load(body)
    for question in QUESTIONS:
        assert ask(template, question).sentence
    assert draw(template)


def ways_in(value: Any, way: Way = ()) -> Iterator[Way]:
    yield way
    if isinstance(value, dict) and not any(key.startswith(("Fn::", "Ref")) for key in value):
        for key, each in value.items():
            yield from ways_in(each, (*way, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from ways_in(each, (*way, index))


def put(properties: Any, way: Way, value: Any) -> None:
    for step in way[:-1]:
        properties = properties[step]
    properties[way[-1]] = value
