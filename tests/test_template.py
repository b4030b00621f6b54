"""A template is read as CloudFormation reads it, and its design can be asked for anything by any of its names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.errors import Refused
from preflight.intrinsics import Unknown
from preflight.template import Template, names_in, typed

YAML = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Env: {Type: String, Default: dev}
  Zones: {Type: CommaDelimitedList, Default: "a, b"}
  Size: {Type: Number, Default: 3}
  Image: {Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", Default: /aws/image}
  Needed: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Mappings:
  Accounts: {123456789012: {Name: yes}}
Resources:
  Notes:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Metadata: {aws:cdk:path: Lab1/Notes/Resource}
    Properties:
      VersioningConfiguration: !If [IsProd, {Status: Enabled}, !Ref AWS::NoValue]
      Tags: [{Key: size, Value: !Ref Size}, {Key: needed, Value: !Ref Needed}]
  Policy:
    Type: AWS::S3::BucketPolicy
    DependsOn: Key
    Metadata: {aws:cdk:path: Lab1/Notes/Policy/Resource}
    Properties:
      Bucket: !Ref Notes
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: s3:*
            Resource: [!GetAtt Notes.Arn, !Sub "${Notes.Arn}/*"]
            Condition: {Bool: {"aws:SecureTransport": false}}
  Key:
    Type: AWS::KMS::Key
  Only:
    Type: AWS::SNS::Topic
    Condition: IsProd
Outputs:
  Bucket: {Value: !Ref Notes}
  Topic: {Condition: IsProd, Value: !Ref Only}
  Imported: {Value: !ImportValue elsewhere}
"""


def test_yaml_short_forms_and_dates_are_read_as_cloudformation_reads_them() -> None:
    template = Template.load(YAML)
    assert template.body["AWSTemplateFormatVersion"] == "2010-09-09"
    assert template.resources["Policy"].properties["Bucket"] == {"Ref": "Notes"}
    statement = template.resources["Policy"].properties["PolicyDocument"]["Statement"][0]
    assert statement["Resource"] == [{"Fn::GetAtt": ["Notes", "Arn"]}, {"Fn::Sub": "${Notes.Arn}/*"}]
    assert template.resources["Policy"].properties["PolicyDocument"]["Version"] == "2012-10-17"
    assert template.mappings["Accounts"].keys() == {"123456789012"}
    assert template.conditions["IsProd"] == {"Fn::Equals": [{"Ref": "Env"}, "prod"]}


def test_a_template_loads_from_a_file_a_text_or_a_dict(tmp_path: Path) -> None:
    template = Template.load(YAML)
    (tmp_path / "t.json").write_text(json.dumps(template.body))
    (tmp_path / "t.yaml").write_text(YAML)
    for source in (tmp_path / "t.json", tmp_path / "t.yaml", str(tmp_path / "t.json"), template.body):
        assert Template.load(source).resources == template.resources


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Resources:\n  - a\n b", r"YAML not well-formed\. \(line 3"),
        ('{"Resources": {"A": }', "JSON not well-formed|YAML not well-formed"),
        ("- just\n- a list\n", "unsupported structure"),
        ("Resources: !Unclosed [", "YAML not well-formed"),
    ],
)
def test_what_is_no_template_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        Template.parse(text)


def test_resources_know_their_policies_and_references() -> None:
    template = Template.load(YAML)
    assert template.resources["Notes"].deletion_policy == "Retain"
    assert template.resources["Notes"].path == "Lab1/Notes/Resource"
    assert template.resources["Key"].path is None
    assert template.references("Policy") == {"Notes", "Key"}
    assert template.references("Notes") == set()


def test_databases_are_snapshotted_unless_the_template_says_otherwise() -> None:
    instance = {"Type": "AWS::RDS::DBInstance"}
    member = {"Type": "AWS::RDS::DBInstance", "Properties": {"DBClusterIdentifier": "c"}}
    resources = Template.load({"Resources": {"A": instance, "B": member}}).resources
    assert (resources["A"].deletion_policy, resources["B"].deletion_policy) == ("Snapshot", "Delete")


def test_a_design_answers_everything_it_can() -> None:
    design = Template.load(YAML).design()
    notes, policy = design.resources["Notes"], design.resources["Policy"]
    assert set(design.resources) == {"Notes", "Policy", "Key"}
    assert "VersioningConfiguration" not in notes.properties
    assert notes.properties["Tags"][0]["Value"] == 3
    assert isinstance(notes.properties["Tags"][1]["Value"], Unknown)
    assert policy.properties["Bucket"] == notes.physical_id == design.outputs["Bucket"]
    assert policy.properties["PolicyDocument"]["Statement"][0]["Resource"] == [notes.arn, f"{notes.arn}/*"]
    assert notes.arn == f"arn:aws:s3:::{notes.physical_id}"
    assert "Topic" not in design.outputs
    assert isinstance(design.outputs["Imported"], Unknown)


def test_parameters_turn_conditions() -> None:
    design = Template.load(YAML).design(parameters={"Env": "prod", "Needed": "here"}, exports={"elsewhere": "x"})
    assert design.resources["Notes"].properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "Only" in design.resources
    assert design.outputs["Topic"].startswith("arn:aws:sns:us-east-1:123456789012:")
    assert design.outputs["Imported"] == "x"


def test_a_deployments_own_ids_come_first() -> None:
    given_ids = {"Notes": "really-here"}
    design = Template.load(YAML).design(physical_ids=given_ids, attributes={"Notes": {"Arn": "arn:aws:s3:::really"}})
    assert design.resources["Policy"].properties["Bucket"] == "really-here"
    assert design.outputs["Bucket"] == "really-here"
    assert design.resources["Notes"].attributes["Arn"] == "arn:aws:s3:::really"


def test_a_design_finds_by_any_name() -> None:
    design = Template.load(YAML).design()
    notes = design.resources["Notes"]
    for name in ("Notes", "Lab1/Notes", "Lab1/Notes/Resource", notes.physical_id, notes.arn):
        assert design.find(str(name)) == [notes], name
    assert design.find("Notes/Policy") == [design.resources["Policy"]]
    assert design.find("nothing") == []
    assert [each.logical_id for each in design.of_type("AWS::S3::Bucket", "AWS::KMS::Key")] == ["Notes", "Key"]


def test_designs_are_the_same_each_time() -> None:
    assert Template.load(YAML).design().resources == Template.load(YAML).design().resources
    elsewhere = Template.load(YAML).design(region="eu-west-1", account="210987654321", stack_name="Other")
    assert elsewhere.resources["Key"].arn.startswith("arn:aws:kms:eu-west-1:210987654321:key/")


def test_a_circle_is_answered_not_followed() -> None:
    one = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "B"}}}
    other = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::GetAtt": ["A", "TopicName"]}}}
    design = Template.load({"Resources": {"A": one, "B": other}}).design()
    assert set(design.resources) == {"A", "B"}


@pytest.mark.parametrize(
    ("value", "kind", "answer"),
    [
        ("3", "Number", 3),
        ("007", "Number", "007"),
        ("1.5", "Number", 1.5),
        ("a, b", "CommaDelimitedList", ["a", "b"]),
        ("", "CommaDelimitedList", []),
        ("80,443", "List<Number>", [80, 443]),
        (True, "String", "true"),
        ("a,b", "AWS::SSM::Parameter::Value<List<String>>", ["a", "b"]),
        ("vpc-1", "AWS::EC2::VPC::Id", "vpc-1"),
    ],
)
def test_parameters_have_their_types(value: Any, kind: str, answer: Any) -> None:
    assert typed(value, kind) == answer


@given(st.text(max_size=60))
def test_no_text_makes_the_parser_crash(text: str) -> None:
    try:
        Template.parse(text)
    except Refused as error:
        assert error.faults


@given(
    st.recursive(
        st.text(max_size=4) | st.integers() | st.none(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["Ref", "Fn::Sub", "Fn::GetAtt", "Fn::If", "Fn::Join", "Fn::Select", "Fn::Cidr", "Key"]
                ),
                inner,
                max_size=2,
            )
        ),
        max_leaves=8,
    )
)
def test_no_properties_make_a_design_crash(value: Any) -> None:
    design = Template.load({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"X": value}}}}).design()
    assert "A" in design.resources


def test_names_are_found_in_every_form() -> None:
    value = [{"Ref": "A"}, {"Fn::GetAtt": "B.Arn"}, {"Fn::GetAtt": ["C", "Arn"]}, {"Fn::Sub": ["${D} ${e}", {"e": 1}]}]
    assert names_in(value) == {"A", "B", "C", "D"}


def test_a_long_chain_is_answered_in_order() -> None:
    chain = {
        f"R{index}": {"Type": "AWS::SSM::Parameter", "Properties": {
            "Type": "String", "Value": {"Fn::GetAtt": [f"R{index - 1}", "Value"]} if index else "x"}}
        for index in reversed(range(500))
    }  # fmt: skip
    design = Template.load({"Resources": chain}).design()
    assert list(design.resources) == list(chain) and design.resources["R499"].properties["Value"] == "x"
