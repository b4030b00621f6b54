"""Templates with transforms, deployed through CloudFormation's API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from preflight.clouds.offline import OfflineCloud
from preflight.errors import Refused
from preflight.template import Template
from tests.cloudformation.test_transforms import LOOP, SAM

LOOP_ALONE = LOOP[: LOOP.index("Outputs:")]
CAPABLE = {"Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]}


@pytest.fixture(scope="module")
def running() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


@pytest.fixture
def cloud(running: OfflineCloud) -> OfflineCloud:
    running.reset()
    return running


def stack(cloud: OfflineCloud, name: str) -> dict[str, Any]:
    cloud.cloudformation.wait()
    told: dict[str, Any] = cloud.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    return told


def test_a_sam_application_really_stands(cloud: OfflineCloud) -> None:
    api = cloud.client("cloudformation")
    with pytest.raises(api.exceptions.ClientError, match=r"Requires capabilities : \[CAPABILITY_AUTO_EXPAND\]"):
        api.create_stack(StackName="Sam", TemplateBody=SAM, Capabilities=["CAPABILITY_IAM"])
    with pytest.raises(api.exceptions.ClientError, match=r"Requires capabilities : \[CAPABILITY_IAM\]"):
        api.create_stack(StackName="Sam", TemplateBody=SAM, Capabilities=["CAPABILITY_AUTO_EXPAND"])
    api.create_stack(StackName="Sam", TemplateBody=SAM, **CAPABLE)
    assert stack(cloud, "Sam")["StackStatus"] == "CREATE_COMPLETE", cloud.cloudformation.get("Sam").events
    (name,) = [each["FunctionName"] for each in cloud.client("lambda").list_functions()["Functions"]]
    assert name.startswith("Sam-Hello-")
    assert api.get_template(StackName="Sam", TemplateStage="Original")["TemplateBody"] == SAM
    assert "AWS::Lambda::Function" in str(api.get_template(StackName="Sam")["TemplateBody"])
    assert api.get_template_summary(StackName="Sam")["DeclaredTransforms"] == [
        "AWS::LanguageExtensions", "AWS::Serverless-2016-10-31",
    ]  # fmt: skip
    cloud.delete("Sam")
    assert cloud.client("lambda").list_functions()["Functions"] == []


def test_a_loop_is_unrolled_again_with_new_parameters(cloud: OfflineCloud) -> None:
    api = cloud.client("cloudformation")
    names = [{"ParameterKey": "Names", "ParameterValue": "a,b"}]
    made = api.create_change_set(
        StackName="Loop", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=LOOP_ALONE, Parameters=names
    )
    adds = api.describe_change_set(ChangeSetName=made["Id"])["Changes"]
    assert [each["ResourceChange"]["LogicalResourceId"] for each in adds] == ["Topica", "Topicb", "Table"]
    api.delete_stack(StackName="Loop")
    api.create_stack(StackName="Loop", TemplateBody=LOOP_ALONE, Parameters=names, **CAPABLE)
    assert stack(cloud, "Loop")["StackStatus"] == "CREATE_COMPLETE"
    names[0]["ParameterValue"] = "b,c"
    api.update_stack(StackName="Loop", UsePreviousTemplate=True, Parameters=names, **CAPABLE)
    assert stack(cloud, "Loop")["StackStatus"] == "UPDATE_COMPLETE"
    topics = [each["TopicArn"].rpartition(":")[2] for each in cloud.client("sns").list_topics()["Topics"]]
    # Topica's policy is Retain
    assert sorted(topics) == ["a-us-east-1", "b-us-east-1", "c-us-east-1"]


MACRO = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: python3.12
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: |
          def handler(event, context):
              made = {f"T{i}": {"Type": "AWS::SNS::Topic"} for i in range(int(event["templateParameterValues"]["N"]))}
              event["fragment"]["Resources"] |= made
              return {"requestId": event["requestId"], "status": "success", "fragment": event["fragment"]}
  Macro: {Type: AWS::CloudFormation::Macro, Properties: {Name: Topics, FunctionName: !GetAtt Function.Arn}}
"""
MANY = "Transform: Topics\nParameters: {N: {Type: Number, Default: 2}}\nResources: {Queue: {Type: AWS::SQS::Queue}}"


def test_an_accounts_own_macro_really_runs(cloud: OfflineCloud) -> None:
    made = cloud.deploy_template("Macros", Template.parse(MACRO))
    assert made.resources["Macro"].physical_id == "Topics" and made.resources["Macro"].state == "emulated"
    many = cloud.deploy_template("Many", Template.parse(MANY), parameters={"N": "3"})
    assert sorted(many.resources) == ["Queue", "T0", "T1", "T2"]
    cloud.delete("Macros")
    with pytest.raises(Refused, match="No transform named Topics found"):
        cloud.deploy_template("More", Template.parse(MANY))


def test_what_nobody_can_transform_is_refused(cloud: OfflineCloud) -> None:
    api = cloud.client("cloudformation")
    body = "Transform: Nobody\nResources: {T: {Type: AWS::SNS::Topic}}"
    with pytest.raises(api.exceptions.ClientError, match="No transform named Nobody found"):
        api.create_stack(StackName="No", TemplateBody=body, **CAPABLE)
    assert cloud.cloudformation.stacks == []
