"""Questions in the learner's words reach the analyser that answers them, and wrong words reach the next command."""

from __future__ import annotations

import re
from typing import Any

import pytest

from preflight.errors import Usage
from preflight.questions import FORMS, Reply, ask
from preflight.template import Template
from tests.analysis.test_network import clinic, guard


def design() -> Template:
    """A bucket one role may read over TLS, and two security groups of which one lets the other in."""
    role = {
        "AssumeRolePolicyDocument": {
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ]
        },
        "Policies": [
            {
                "PolicyName": "read",
                "PolicyDocument": {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "s3:GetObject",
                            "Resource": {"Fn::Sub": "${Notes.Arn}/*"},
                            "Condition": {"Bool": {"aws:SecureTransport": "true"}},
                        }
                    ]
                },
            }
        ],
    }
    from_web = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": "10.0.0.0/24"}
    return Template(
        {
            "Resources": {
                "Notes": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"},
                "Reader": {"Type": "AWS::IAM::Role", "Properties": role},
                "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
                "Web": {
                    "Type": "AWS::EC2::Subnet",
                    "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"},
                },
                "Data": {
                    "Type": "AWS::EC2::Subnet",
                    "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.1.0/24"},
                },
                "Db": {
                    "Type": "AWS::EC2::SecurityGroup",
                    "Properties": {
                        "VpcId": {"Ref": "Vpc"},
                        "GroupDescription": "data",
                        "SecurityGroupIngress": [from_web],
                    },
                },
            }
        }
    )


def answered(question: str, **context: Any) -> Reply:
    return ask(design(), question.split(), context=context.get("context"))


def test_who_may_do_what_with_the_statement_that_says_so() -> None:
    reply = answered("may Reader s3:GetObject Notes/today")
    assert reply.holds is True and reply.sentence.startswith("Yes: s3:GetObject")
    assert any("applies" in point.said for point in reply.points)
    assert reply.data["answer"] == "allowed"


def test_a_condition_of_the_request_can_be_given() -> None:
    reply = answered("may Reader s3:GetObject Notes/today", context={"aws:SecureTransport": "false"})
    assert reply.holds is False and reply.sentence.startswith("No: ")


def test_who_may_and_with_what_runs_as_it() -> None:
    reply = answered("who-may s3:GetObject Notes/today")
    assert reply.holds is None and reply.sentence == "Role Reader may s3:GetObject on Notes/today."
    assert reply.points[0].said.startswith("through statement 1 of the inline policy read")
    assert reply.data["who"][0]["who"] == "Reader"
    assert answered("who-may s3:PutObject Notes/today").sentence == "Nobody may s3:PutObject on Notes/today."


def test_what_somebody_may_and_what_is_wrong_with_it() -> None:
    reply = answered("what-may Reader")
    assert reply.sentence == "Reader has 1 grant, and no weakness that a template shows."
    assert reply.points[0].about == "s3:GetObject"
    assert reply.points[0].said.startswith("on Notes/*, when Bool aws:SecureTransport true; through statement 1")
    assert answered("what-may").holds is True


def test_what_reaches_what_and_what_stands_in_the_way() -> None:
    assert answered("reach Web Data 5432 tcp").holds is True
    reply = ask(design(), ["reach", "Web", "Db in Data", "22"])
    assert reply.holds is False
    assert reply.data["code"] and any(reply.data["code"] in point.said for point in reply.points)


def test_a_range_of_ports_is_a_question_too() -> None:
    reply = ask(design(), ["reach", "Web", "Db in Data", "5000-6000"])
    assert reply.holds is True and reply.data["port"] == 5432


def test_what_a_teardown_leaves() -> None:
    reply = answered("leftovers")
    assert reply.holds is False
    assert [point.about for point in reply.points] == ["Notes"]
    assert ask(Template({"Resources": {}}), ["leftovers"]).holds is True


@pytest.mark.parametrize(
    "question",
    [
        "",
        "who is there",
        "may Reader",
        "may Reader GetObject",
        "may Nobody s3:GetObject",
        "may Reader s3:GetObject Nothing",
        "reach Web",
        "reach Web Db https",
        "reach Web Data 70000",
        "reach Nowhere Data 22",
        "leftovers please",
        "who-may GetObject",
        "who-may s3:* Notes/*",
        "who-may s3:GetObject Nothing",
        "what-may Nobody",
    ],
)
def test_what_cannot_be_answered_says_how_to_ask(question: str) -> None:
    with pytest.raises(Usage) as error:
        answered(question)
    assert "\n" not in str(error.value) and re.search(r"\b(ask|name) ", str(error.value))


def test_every_form_is_told_with_an_instance_of_its_own() -> None:
    for name, form in FORMS.items():
        assert form.usage.split()[0] == name
        assert form.least <= len(form.example.split()) - 2 <= form.most


def test_where_a_group_is_not_let_through_is_said_beside_where_it_is() -> None:
    template = clinic()
    # the answer's ports are shut, which one subnet with the asker does not mind
    guard(template, (100, "in", "allow", 6, "10.40.0.0/16", (5432, 5432)))
    wears = {"SubnetId": {"Ref": "DataA"}, "SecurityGroupIds": [{"Fn::GetAtt": ["Db", "GroupId"]}]}
    template["Resources"]["Server"] = {"Type": "AWS::EC2::Instance", "Properties": wears}
    reply = ask(Template.load(template), ["reach", "Web", "Server", "5432"])
    assert reply.holds and reply.sentence.startswith("Yes, Web in DataA")
    told = next(each for each in reply.points if each.about == "not Web in PublicA to Server")
    assert "SUBNET_ACL_RESTRICTION" in told.said
