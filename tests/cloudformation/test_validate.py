"""A wrong template is refused before anything is made, all its faults at once; a right one never is."""

from __future__ import annotations

from typing import Any

import pytest

from preflight.cloudformation import validate
from preflight.errors import Refused
from preflight.template import Template

BUCKET = {"Type": "AWS::S3::Bucket"}
ALOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Alow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b"}],
}


def faults(body: dict[str, Any], **rest: Any) -> list[str]:
    return validate.faults(Template.load(body), **rest)


def of(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def bucket(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::S3::Bucket", "Properties": properties}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "At least one Resources member must be defined."),
        ({"Resources": {}}, "At least one Resources member must be defined."),
        ({**of(A=BUCKET), "Resource": {}}, "Invalid template property or properties [Resource]"),
        (of(A={"Properties": {}}), "Every Resources object must contain a Type member."),
        ({**of(A=BUCKET), "Outputs": None}, "[/Outputs] 'null' values are not allowed in templates"),
        (
            of(A={"Type": "AWS::S3::Buket"}),
            "Unrecognized resource types: [AWS::S3::Buket] Did you mean AWS::S3::Bucket?",
        ),
        (of(A=bucket(BucketNam="x")), "extraneous key [BucketNam] is not permitted. Did you mean 'BucketName'?"),
        (
            of(A={"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "b"}}),
            "required key [PolicyDocument] not found",
        ),
        (of(A=bucket(VersioningConfiguration={"Statu": "Enabled"})), "extraneous key [Statu] is not permitted"),
        (of(A=bucket(VersioningConfiguration="Enabled")), "#/VersioningConfiguration"),
        (
            of(A=bucket(BucketName={"Ref": "Gone"})),
            "Unresolved resource dependencies [Gone] in the Resources block of the template",
        ),
        (of(A=bucket(BucketName={"Fn::Sub": "x-${Gone.Arn}"})), "Unresolved resource dependencies [Gone]"),
        (of(A={**BUCKET, "DependsOn": "Gone"}), "Unresolved resource dependencies [Gone]"),
        ({**of(A=BUCKET), "Outputs": {"O": {"Value": {"Ref": "Gone"}}}}, "[Gone] in the Outputs block of the template"),
        (
            of(A=BUCKET, B=bucket(BucketName={"Fn::GetAtt": ["A", "Nope"]})),
            "resource A does not support attribute type Nope in Fn::GetAtt",
        ),
        (
            of(A=bucket(BucketName={"Ref": "B"}), B=bucket(BucketName={"Ref": "A"})),
            "Circular dependency between resources: [A, B]",
        ),
        (of(A=bucket(BucketName={"Ref": "A"})), "Circular dependency between resources: [A]"),
        (of(A=bucket(BucketName={"Fn::ImportValue": "nothing"})), "No export named nothing found."),
        (of(A={**BUCKET, "Condition": "Gone"}), "Unresolved condition dependency Gone in A"),
        ({**of(A=BUCKET), "Conditions": {"C": {"Fn::Equals": [{"Ref": "A"}, "x"]}}}, "Unresolved dependencies [A]"),
        (of(A={**BUCKET, "DeletionPolicy": "Keep"}), "DeletionPolicy"),
        (
            of(A=bucket(VersioningConfiguration={"Status": "Enabld"})),
            "#/VersioningConfiguration/Status: 'Enabld' is not a valid enum value",
        ),
        (
            of(A=bucket(PublicAccessBlockConfiguration={"BlockPublicAcls": "yes"})),
            "#/PublicAccessBlockConfiguration/BlockPublicAcls: 'yes' is not of type 'boolean'",
        ),
        (
            of(A={"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "b", "PolicyDocument": ALOW}}),
            "#/PolicyDocument/Statement/0/Effect: 'Alow' is not a valid enum value",
        ),
        (
            {**of(A=BUCKET), "Outputs": {each: {"Value": "x", "Export": {"Name": "e"}} for each in "OP"}},
            "Export name e is used more than once",
        ),
        (of(A=bucket(BucketName={"Fn::Select": [3, ["a"]]})), "Fn::Select"),
        (of(A=bucket(BucketName={"Fn::FindInMap": ["M", "a", "b"]})), "M"),
        (of(A=bucket(Arn="arn:aws:s3:::a")), "extraneous key [Arn] is not permitted, it is read-only"),
        (
            of(A={**BUCKET, "Condition": {"Ref": "P"}}),
            "[/Resources/A/Condition] Every Condition member must be a string",
        ),
        (
            {**of(A=BUCKET), "Outputs": {"O": {"Description": "x"}}},
            "[/Outputs/O] Every Outputs member must contain a Value object",
        ),
        (
            of(**{"Fn::ForEach::All": ["N", ["a"], {"B${N}": BUCKET}]}),
            "[/Resources/Fn::ForEach::All] Every Resources object must",
        ),
    ],
)
def test_each_fault_is_named(body: dict[str, Any], said: str) -> None:
    found = faults(body)
    assert any(said in each for each in found), found


def test_all_faults_come_at_once() -> None:
    found = faults(
        of(
            A={"Type": "AWS::S3::Buket"},
            B={"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Gone"}}},
            C=bucket(Typo=1),
        )
    )
    assert len(found) == 4
    with pytest.raises(Refused, match=r"Unrecognized resource types.*\(and 1 more\)") as refused:
        validate.check(Template.load(of(A={"Type": "AWS::S3::Buket"}, C=bucket(Typo=1))))
    assert len(refused.value.faults) == 2


@pytest.mark.parametrize(
    ("declared", "given", "said"),
    [
        ({"Type": "String"}, None, "Parameters: [P] must have values"),
        ({"Type": "String", "AllowedValues": ["a", "b"]}, "c", "Parameter 'P' must be one of AllowedValues"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "A1", "Parameter 'P' must match pattern [a-z]+"),
        ({"Type": "String", "MinLength": 3}, "ab", "Parameter 'P' must contain at least 3 characters"),
        ({"Type": "String", "MaxLength": "3"}, "abcd", "Parameter 'P' must contain at most 3 characters"),
        ({"Type": "Number"}, "many", "Parameter 'P' must be a number"),
        ({"Type": "Number", "MinValue": 1}, "0", "Parameter 'P' must be a number not less than 1"),
        ({"Type": "Number", "MaxValue": 5}, 6, "Parameter 'P' must be a number not greater than 5"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a"]}, "a,b", "must be one of AllowedValues"),
        ({"Type": "Strin"}, "a", "Unrecognized parameter type: Strin"),
        (
            {"Type": "String", "AllowedValues": ["a"], "ConstraintDescription": "say a"},
            "b",
            "Parameter P failed to satisfy constraint: say a",
        ),
    ],
)
def test_parameters_are_checked(declared: dict[str, Any], given: Any, said: str) -> None:
    body = {**of(A=BUCKET), "Parameters": {"P": declared}}
    found = faults(body, parameters={} if given is None else {"P": given})
    assert any(said in each for each in found), found


def test_parameters_nobody_declared_are_named() -> None:
    assert faults(of(A=BUCKET), parameters={"X": "1"}) == ["Parameters: [X] do not exist in the template"]


def test_rules_hold_or_refuse() -> None:
    rule = {"Assertions": [{"Assert": {"Fn::Contains": [["a", "b"], {"Ref": "P"}]}, "AssertDescription": "a or b"}]}
    body = {**of(A=BUCKET), "Parameters": {"P": {"Type": "String"}}, "Rules": {"Choice": rule}}
    assert faults(body, parameters={"P": "a"}) == []
    assert faults(body, parameters={"P": "c"}) == ["Rule Choice: a or b"]


def test_a_branch_not_taken_is_not_looked_at() -> None:
    body = {
        "Parameters": {"Env": {"Type": "String", "Default": "dev"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Env"}, "prod"]}},
        "Resources": {
            "A": bucket(VersioningConfiguration={"Fn::If": ["IsProd", {"Typo": 1}, {"Status": "Enabled"}]}),
            "B": {**bucket(Typo=1), "Condition": "IsProd"},
            "C": bucket(BucketName={"Fn::If": ["IsProd", {"Ref": "B"}, {"Ref": "AWS::NoValue"}]}),
        },
    }
    assert faults(body) == []
    assert sum("[Typo] is not permitted" in each for each in faults(body, parameters={"Env": "prod"})) == 2


def test_referring_to_what_a_condition_leaves_out_is_a_fault() -> None:
    body = {
        "Conditions": {"No": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"A": {**BUCKET, "Condition": "No"}, "B": bucket(BucketName={"Ref": "A"})},
    }
    assert any("Unresolved resource dependencies [A]" in each for each in faults(body))


@pytest.mark.parametrize(
    "resource",
    [
        {"Type": "Custom::Anything", "Properties": {"ServiceToken": "arn:aws:lambda:x", "Whatever": {"a": 1}}},
        {"Type": "AWS::CloudFormation::CustomResource", "Properties": {"ServiceToken": "arn:aws:lambda:x", "X": 1}},
        {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:deflate64:H4s"}},
        {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        bucket(BucketName={"Fn::Sub": "a-${AWS::AccountId}"}),
        bucket(PublicAccessBlockConfiguration={"BlockPublicAcls": "true"}),
        bucket(Tags=[{"Key": "k", "Value": {"Fn::Select": [0, {"Fn::GetAZs": ""}]}}]),
    ],
)
def test_what_is_right_passes(resource: dict[str, Any]) -> None:
    assert faults(of(A=resource)) == []


def test_without_the_native_validator_the_registrys_facts_still_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validate, "engine", lambda: None)
    found = faults(of(A=bucket(BucketNam="x"), B={"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "b"}}))
    assert found == [
        "Properties validation failed for resource A with message: #: extraneous key [BucketNam] is not permitted",
        "Properties validation failed for resource B with message: #: required key [PolicyDocument] not found",
    ]
    assert faults(of(A=BUCKET)) == []


def test_the_validator_can_be_warmed() -> None:
    validate.warm()
    assert faults(of(A=BUCKET)) == []
