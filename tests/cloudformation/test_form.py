"""Templates of unusual shape, wrong and right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from preflight.cloudformation import validate
from preflight.clouds.offline import OfflineCloud
from preflight.errors import Refused
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
