"""Transforms: language extensions, SAM, includes, and the macros of an account."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.cloudformation import validate
from preflight.cloudformation.transforms import Place, declared, processed
from preflight.errors import Refused
from preflight.template import Template


class Missing(Exception):
    def __init__(self) -> None:
        super().__init__("no")
        self.response = {"Error": {"Code": "NoSuchKey", "Message": "no"}}


class S3:
    """A bucket in a dict."""

    exceptions = SimpleNamespace(ClientError=Missing)

    def __init__(self, held: dict[str, str]) -> None:
        self.held = held

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        if f"{Bucket}/{Key}" not in self.held:
            raise Missing
        return {"Body": io.BytesIO(self.held[f"{Bucket}/{Key}"].encode())}


class Lambda:
    """A macro's function: it answers with what it is told."""

    exceptions = SimpleNamespace(ClientError=Missing)

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        asked = json.loads(Payload)
        answer = self.answer(asked) if callable(self.answer) else self.answer
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


def topic(properties: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def done(template: str | dict[str, Any], *, parameters: dict[str, Any] | None = None, **more: Any) -> Template:
    services: dict[str, Any] = {"s3": S3(more.pop("held", {})), "lambda": Lambda(more.pop("answer", None))}
    place = Place("Shop", "eu-west-1", "123456789012", services.__getitem__, more.pop("macros", {}))
    return processed(Template.load(template), parameters or {}, place)


LOOP = """
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: "a.1,b"}, Stage: {Type: String, Default: prod}}
Mappings: {Keep: {Policy: {prod: Retain}}}
Conditions:
  Fn::ForEach::C: [S, [One, Two], {"Is${S}": !Equals [!Ref Stage, "${S}"]}]
Resources:
  Fn::ForEach::Topics:
    - Name
    - !Ref Names
    - "Topic&{Name}":
        Type: AWS::SNS::Topic
        DeletionPolicy: !FindInMap [Keep, Policy, !Ref Stage]
        Properties: {DisplayName: !Ref Name, TopicName: !Sub "${Name}-${AWS::Region}"}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: k, AttributeType: S}]
      KeySchema: [{AttributeName: k, KeyType: HASH}]
      Fn::ForEach::Rate: [P, [BillingMode], {"${P}": PAY_PER_REQUEST}]
      TableName: !Sub ["t${n}", {n: !Length [1, 2, 3]}]
Outputs:
  Fn::ForEach::Outer:
    - Name
    - [a1, b]
    - Fn::ForEach::Inner:
        - Which
        - [TopicName, TopicArn]
        - "${Name}${Which}": {Value: !GetAtt ["Topic${Name}", !Sub "${Which}"]}
"""


def test_loops_are_unrolled_wherever_they_may_stand() -> None:
    made = done(LOOP)
    assert made.extended and made.original is not None and "Transform" not in made.body
    assert list(made.resources) == ["Topica1", "Topicb", "Table"] and list(made.conditions) == ["IsOne", "IsTwo"]
    topic = made.resources["Topica1"]
    assert topic.properties == {"DisplayName": "a.1", "TopicName": {"Fn::Sub": "a.1-${AWS::Region}"}}
    assert topic.deletion_policy == "Retain"
    assert list(made.outputs) == ["a1TopicName", "a1TopicArn", "bTopicName", "bTopicArn"]
    validate.check(made, region="eu-west-1")
    design = made.design(region="eu-west-1")
    assert design.resources["Table"].properties["TableName"] == "t3"
    assert design.resources["Table"].properties["BillingMode"] == "PAY_PER_REQUEST"
    assert design.outputs["bTopicArn"] == "arn:aws:sns:eu-west-1:123456789012:b-eu-west-1"
    assert list(done(LOOP, parameters={"Names": "x"}).resources) == ["Topicx", "Table"]


WRONG = {
    "two of three parts": ({"Fn::ForEach::A": ["N", ["a"]]}, "Fn::ForEach::A layout is incorrect"),
    "no list": ({"Fn::ForEach::A": ["N", "a", {"${N}": {}}]}, "Fn::ForEach::A could not be resolved"),
    "one name twice": ({"Fn::ForEach::A": ["N", ["a", "b"], {"T": {"Type": "AWS::SNS::Topic"}}]}, "Duplicate key T"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_loop_that_cannot_be_unrolled(case: str) -> None:
    resources, words = WRONG[case]
    with pytest.raises(Refused, match=f"Transform AWS::LanguageExtensions failed with: {words}"):
        done({"Transform": "AWS::LanguageExtensions", "Resources": resources})


def test_what_the_extensions_bring_is_refused_without_them() -> None:
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::Length": [1]}}}}}
    with pytest.raises(Refused, match="Encountered unsupported function: Fn::Length Supported functions are"):
        validate.check(Template.load(template))


@given(st.lists(st.text("abcXYZ019", min_size=1, max_size=6), min_size=1, max_size=8, unique=True))
def test_a_loop_makes_one_resource_an_item(items: list[str]) -> None:
    body = {
        "Transform": "AWS::LanguageExtensions",
        "Resources": {"Fn::ForEach::A": ["N", items, {"T${N}": topic({"TopicName": {"Ref": "N"}})}]},
    }
    made = done(body)
    assert {name: each.properties["TopicName"] for name, each in made.resources.items()} == {f"T{n}": n for n in items}


SAM = """
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Globals: {Function: {Runtime: python3.12, Timeout: 7}}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      InlineCode: "def handler(event, context): return {'statusCode': 200}"
      Policies: [AmazonS3ReadOnlyAccess, {SQSPollerPolicy: {QueueName: !GetAtt Queue.QueueName}}]
      Events:
        Get: {Type: Api, Properties: {Path: /, Method: get}}
        Q: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}
  Queue: {Type: AWS::SQS::Queue}
  Things: {Type: AWS::Serverless::SimpleTable}
"""


def test_sam_becomes_cloudformation() -> None:
    made = done(SAM)
    types = {each.type for each in made.resources.values()}
    assert not any("Serverless" in each for each in types)
    assert {"AWS::Lambda::Function", "AWS::IAM::Role", "AWS::ApiGateway::RestApi", "AWS::DynamoDB::Table"} <= types
    assert made.resources["Hello"].properties["Timeout"] == 7
    assert (
        "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" in made.resources["HelloRole"].properties["ManagedPolicyArns"]
    )
    validate.check(made, region="eu-west-1")
    assert declared(made) == [] and declared(made.original or made) == [
        "AWS::LanguageExtensions", "AWS::Serverless-2016-10-31",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"Handler": "a"}, r"Resource with id \[F\] is invalid"),
        ({"Handler": "a.b", "Runtime": "python3.12", "CodeUri": "./src"}, "is not a valid S3 Uri"),
    ],
)
def test_sam_refuses_in_its_own_words(properties: dict[str, Any], words: str) -> None:
    function = {"Type": "AWS::Serverless::Function", "Properties": properties}
    body = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"F": function}}
    with pytest.raises(Refused, match=f"Transform AWS::Serverless-2016-10-31 failed with: .*{words}"):
        done(body)


def test_an_application_of_the_repository_is_out_of_reach() -> None:
    location = {"ApplicationId": "a", "SemanticVersion": "1"}
    app = {"Type": "AWS::Serverless::Application", "Properties": {"Location": location}}
    with pytest.raises(Refused, match="cannot be reached offline"):
        done({"Transform": "AWS::Serverless-2016-10-31", "Resources": {"A": app}})


def test_what_is_included_joins_what_stands_beside_it() -> None:
    body = {
        "Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/more.yaml"}},
        "Parameters": {"Where": {"Type": "String", "Default": "b"}},
        "Resources": {
            "Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": {"Fn::Sub": "s3://${Where}/res.yaml"}}},
            "T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "t", "Fn::Transform": {
                "Name": "AWS::Include", "Parameters": {"Location": "https://b.s3.amazonaws.com/props.json"}}}},
        },
    }  # fmt: skip
    held = {
        "b/more.yaml": "Outputs: {A: {Value: !Ref T}}",
        "b/res.yaml": "Q: {Type: AWS::SQS::Queue}",
        "b/props.json": '{"TopicName": "t"}',
    }
    made = done(body, held=held)
    assert made.resources["T"].properties == {"DisplayName": "t", "TopicName": "t"}
    assert sorted(made.resources) == ["Q", "T"] and made.outputs == {"A": {"Value": {"Ref": "T"}}}
    with pytest.raises(Refused, match="Transform AWS::Include failed with: S3 error: The specified key does not exist"):
        done(body)
    with pytest.raises(Refused, match="content should be valid Yaml/JSON"):
        done(body, held={**held, "b/res.yaml": "\t:"})


def test_a_macro_of_the_account_is_asked() -> None:
    body = {
        "Transform": "Upper",
        "Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {
            "Fn::Transform": {"Name": "Upper", "Parameters": {"Of": "x"}}}}}},
    }  # fmt: skip

    def upper(asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["transformId"] == "123456789012::Upper" and asked["accountId"] == "123456789012"
        fragment = asked["params"]["Of"].upper() if asked["params"] else asked["fragment"]
        return {"requestId": asked["requestId"], "status": "success", "fragment": fragment}

    made = done(body, macros={"Upper": "f"}, answer=upper)
    assert made.resources["T"].properties == {"TopicName": "X"}
    with pytest.raises(Refused, match="No transform named Upper found"):
        done(body)
    with pytest.raises(Refused, match="Transform 123456789012::Upper failed with: no"):
        done(body, macros={"Upper": "f"}, answer={"status": "failure", "errorMessage": "no"})
    with pytest.raises(Refused, match="Received malformed response from transform 123456789012::Upper"):
        done(body, macros={"Upper": "f"}, answer="what")


@pytest.mark.parametrize("name", ["AWS::Serverless-2016-10-32", "Nobody"])
def test_a_transform_nobody_has_is_refused(name: str) -> None:
    with pytest.raises(Refused, match=f"No transform named {name} found."):
        done({"Transform": name, "Resources": {"T": {"Type": "AWS::SNS::Topic"}}})


def test_a_hosted_rotation_stays_as_it_stands() -> None:
    made = done({"Transform": "AWS::SecretsManager-2024-09-16", "Resources": {"T": {"Type": "AWS::SNS::Topic"}}})
    assert list(made.resources) == ["T"]
