"""One stack reads another's output without an export."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from preflight.clouds.offline import OfflineCloud
from preflight.errors import DeployFailed, Refused
from preflight.template import Template

SHARED = "Resources: {T: {Type: AWS::SNS::Topic}}\nOutputs: {Arn: {Value: !Ref T}}"
USER = """
Resources:
  P:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !Sub ["to ${arn}", {arn: {Fn::GetStackOutput: %s}}]}
"""


@pytest.fixture(scope="module")
def cloud() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


def test_an_output_is_read_across_regions(cloud: OfflineCloud) -> None:
    shared = cloud.deploy_template("Shared", Template.parse(SHARED), region="eu-west-1")
    asked = Template.parse(USER % "{StackName: Shared, OutputName: Arn, Region: eu-west-1}")
    stack = cloud.deploy_template("User", asked)
    said = f"to {shared.outputs['Arn']}"
    assert stack.resources["P"].sent["Value"] == stack.design().resources["P"].properties["Value"] == said
    # the reference is weak
    cloud.delete("Shared", region="eu-west-1")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("{StackName: Nobody, OutputName: Arn}", r"Stack \[Nobody\] does not exist"),
        ("{StackName: Here, OutputName: Nope}", "Output Nope does not exist in stack Here"),
    ],
)
def test_an_output_that_is_not_there_fails_the_resource(cloud: OfflineCloud, place: str, said: str) -> None:
    cloud.deploy_template("Here", Template.parse(SHARED))
    with pytest.raises(DeployFailed, match=said):
        cloud.deploy_template("Lost", Template.parse(USER % place))
    # as the CDK CLI does, a stack that was never made is made anew
    cloud.deploy_template("Lost", Template.parse(SHARED))
    cloud.delete("Lost")


def test_a_stack_without_an_output_named_is_refused(cloud: OfflineCloud) -> None:
    with pytest.raises(Refused, match="every Fn::GetStackOutput object requires StackName and OutputName"):
        cloud.deploy_template("Odd", Template.parse(USER % "{StackName: Here}"))
