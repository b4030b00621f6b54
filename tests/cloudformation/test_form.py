"""Templates of unusual shape, wrong and right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preflight.cloudformation import validate
from preflight.cloudformation.transforms import Place, processed
from preflight.clouds.offline import OfflineCloud
from preflight.errors import Refused
from preflight.intrinsics import FUNCTIONS
from preflight.template import Template

HERE = Path(__file__).parent
TOPIC = "{Type: AWS::SNS::Topic}"

# what is wrong, and how CloudFormation says it
WRONG = yaml.safe_load((HERE / "wrong_templates.yaml").read_text(encoding="utf-8"))
# valid, though few people write so
ODD = yaml.safe_load((HERE / "odd_templates.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(case: str) -> None:
    text, words = WRONG[case]["template"], WRONG[case]["says"]
    with pytest.raises(Refused) as said:
        validate.check(Template.parse(text))
    assert any(words in each for each in said.value.faults), said.value.faults


def test_limits() -> None:
    many = "\n".join(f"  P{index}: {{Type: String, Default: x}}" for index in range(201))
    for text, words in (
        (f"Parameters:\n{many}\nResources: {{A: {TOPIC}}}", "Parameter count 201 is greater than max allowed 200"),
        (f"Description: {'x' * 1025}\nResources: {{A: {TOPIC}}}", "'Description' length is greater than 1024"),
        (f"Conditions: {{C: !Or [{', '.join(['!Equals [a, b]'] * 11)}]}}\nResources: {{A: {TOPIC}}}", "at most 10"),
    ):
        with pytest.raises(Refused, match=words):
            validate.check(Template.parse(text))


@pytest.fixture(scope="module")
def running() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_is_deployed(running: OfflineCloud, case: str) -> None:
    running.reset()
    stack = running.deploy_template("Odd", Template.parse(ODD[case]))
    assert stack.status == "CREATE_COMPLETE"
    running.delete("Odd")
    assert stack.status == "DELETE_COMPLETE"


# words that mean something to CloudFormation, in any order
KEYS = st.sampled_from(
    [*FUNCTIONS, *"ABC", "Condition", "Value", "Name", "Type", "Properties", "Fn::ForEach::X", "Tags"]
)
LEAF = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 300), st.text(max_size=5),
    st.sampled_from([*"ABC", "AWS::SNS::Topic", "AWS::Region", "${A}", "${A.Arn}", "x,y", "-", "{{resolve:ssm:x}}"]),
)  # fmt: skip
ANYTHING = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
)
RESOURCE = ANYTHING | st.fixed_dictionaries(
    {"Type": st.just("AWS::SNS::Topic")},
    optional=dict.fromkeys(("Properties", "DependsOn", "Condition", "DeletionPolicy", "Metadata"), ANYTHING),
)
PARAMETER = ANYTHING | st.fixed_dictionaries(
    {"Type": LEAF},
    optional=dict.fromkeys(("Default", "AllowedValues", "AllowedPattern", "MinLength", "MaxValue"), ANYTHING),
)
TEMPLATES = st.fixed_dictionaries(
    {"Resources": st.dictionaries(st.sampled_from("ABC"), RESOURCE, min_size=1)},
    optional={
        "Parameters": st.dictionaries(st.sampled_from("BCD"), PARAMETER),
        "Transform": ANYTHING | st.just("AWS::LanguageExtensions"),
        **dict.fromkeys(("Outputs", "Conditions"), st.dictionaries(st.sampled_from("ABC"), ANYTHING)),
        **dict.fromkeys(("Mappings", "Rules", "Metadata", "Description"), ANYTHING),
    },
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEMPLATES)
def test_no_template_is_too_odd_to_be_answered(body: dict[str, Any]) -> None:
    place = Place("S", "us-east-1", "123456789012", lambda service: None)
    try:
        template = processed(Template.parse(json.dumps(body)), {}, place)
        validate.check(template)
    except Refused as error:
        assert error.faults and all(isinstance(each, str) and each for each in error.faults)
    else:
        template.design()
