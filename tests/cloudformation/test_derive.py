"""Ids and attributes are made up in AWS's own forms, the same each time."""

from __future__ import annotations

import re
from typing import Any

import pytest

from preflight.cloudformation import derive, schemas
from preflight.intrinsics import Scope, Unknown

SCOPE = Scope(stack_name="Lab1")


@pytest.mark.parametrize(
    ("kind", "properties", "form"),
    [
        ("AWS::EC2::VPC", {}, r"vpc-[0-9a-f]{17}"),
        ("AWS::EC2::SecurityGroup", {"GroupName": "web"}, r"sg-[0-9a-f]{17}"),
        ("AWS::S3::Bucket", {"BucketName": "mine"}, r"mine"),
        ("AWS::S3::Bucket", {}, r"lab1-thing-[0-9a-z]{12}"),
        ("AWS::IAM::Role", {}, r"Lab1-Thing-[0-9A-Z]{12}"),
        ("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "p"}, r"arn:aws:iam::123456789012:policy/p"),
        ("AWS::SNS::Topic", {"TopicName": "t"}, r"arn:aws:sns:us-east-1:123456789012:t"),
        ("AWS::SQS::Queue", {"QueueName": "q"}, r"https://sqs\.us-east-1\.amazonaws\.com/123456789012/q"),
        ("AWS::KMS::Key", {}, r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
        ("AWS::SecretsManager::Secret", {"Name": "s"}, r"arn:aws:secretsmanager:.*:secret:s-[0-9A-Z]{6}"),
        ("AWS::Lambda::Function", {"FunctionName": "f"}, r"f"),
        ("AWS::Events::Rule", {"Name": "r"}, r"r"),
        ("Custom::Thing", {}, r"Lab1-Thing-[0-9A-Z]{12}"),
        ("AWS::CloudFormation::WaitConditionHandle", {}, r"https://cloudformation-waitcondition-us-east-1\.s3\..*"),
        ("AWS::EC2::EIP", {}, r"203\.0\.113\.\d+"),
    ],
)
def test_physical_ids(kind: str, properties: dict[str, Any], form: str) -> None:
    made = derive.physical_id(kind, "Thing", properties, SCOPE)
    assert re.fullmatch(form, made), made
    assert made == derive.physical_id(kind, "Thing", properties, SCOPE)


@pytest.mark.parametrize(
    ("kind", "name", "physical", "properties", "value"),
    [
        ("AWS::S3::Bucket", "Arn", "b", {}, "arn:aws:s3:::b"),
        ("AWS::S3::Bucket", "RegionalDomainName", "b", {}, "b.s3.us-east-1.amazonaws.com"),
        ("AWS::IAM::Role", "Arn", "r", {}, "arn:aws:iam::123456789012:role/r"),
        ("AWS::EC2::VPC", "CidrBlock", "vpc-1", {"CidrBlock": "10.0.0.0/16"}, "10.0.0.0/16"),
        ("AWS::EC2::VPC", "VpcId", "vpc-1", {}, "vpc-1"),
        ("AWS::EC2::Subnet", "Ipv6CidrBlocks", "subnet-1", {}, []),
        ("AWS::SNS::Topic", "TopicName", "arn:aws:sns:us-east-1:123456789012:t", {}, "t"),
        ("AWS::SNS::Topic", "TopicArn", "arn:aws:sns:us-east-1:1:t", {}, "arn:aws:sns:us-east-1:1:t"),
        ("AWS::SQS::Queue", "Arn", "https://sqs.x/1/q", {}, "arn:aws:sqs:us-east-1:123456789012:q"),
        ("AWS::RDS::DBInstance", "Endpoint.Port", "db", {"Engine": "postgres"}, "5432"),
        ("AWS::RDS::DBInstance", "Endpoint.Port", "db", {"Engine": "postgres", "Port": "1234"}, "1234"),
        ("AWS::DynamoDB::Table", "Arn", "t", {}, "arn:aws:dynamodb:us-east-1:123456789012:table/t"),
        ("AWS::Nothing::Known", "Arn", "n", {}, "arn:aws:nothing:us-east-1:123456789012:known/n"),
    ],
)
def test_attributes(kind: str, name: str, physical: str, properties: dict[str, Any], value: Any) -> None:
    assert derive.attribute(kind, name, physical, properties, SCOPE) == value


def test_what_does_not_follow_is_unknown() -> None:
    assert isinstance(derive.attribute("AWS::EC2::Instance", "PublicIp", "i-1", {}, SCOPE), Unknown)


def test_an_arn_is_found_where_there_is_one() -> None:
    assert derive.own_arn("AWS::S3::Bucket", "b", {"Arn": "arn:aws:s3:::b"}) == "arn:aws:s3:::b"
    assert derive.own_arn("AWS::SNS::Topic", "arn:aws:sns:x", {}) == "arn:aws:sns:x"
    assert derive.own_arn("AWS::S3::BucketPolicy", "b", {}) is None


def test_other_partitions() -> None:
    china = Scope(region="cn-north-1", stack_name="Lab1")
    assert derive.attribute("AWS::S3::Bucket", "Arn", "b", {}, china) == "arn:aws-cn:s3:::b"


def test_every_attribute_of_every_type_has_its_type() -> None:
    python = {"s": str, "i": int, "n": (int, float), "b": bool, "[": list, "#": dict, "{": dict, "j": (dict, str)}
    types = [name for service in schemas._index() for name in schemas._service(service)]
    assert len(types) > 1_800
    for name in types:
        schema = schemas.find(name)
        assert schema is not None
        physical = derive.physical_id(name, "Thing", {}, SCOPE)
        assert isinstance(physical, str) and physical and not isinstance(physical, Unknown), name
        for attribute in schema.attributes:
            value = derive.attribute(name, attribute, physical, {}, SCOPE)
            shape = schema.shape_of(attribute.split("."))
            assert isinstance(value, python.get(shape[0], object)), (name, attribute, shape, value)
            # told apart from what is known, wherever it is asked for
            if not isinstance(value, Unknown) and shape[0] in "inb#{":
                known = (name, attribute) in derive._KNOWN
                assert derive.follows(name, attribute, value, {}) == known, (name, attribute)


def test_an_arn_nobody_knows_has_the_form_of_one() -> None:
    value = derive.attribute("AWS::Omics::Workflow", "ServiceRoleArn", "wf", {}, SCOPE)
    assert isinstance(value, Unknown) and re.fullmatch(r"arn:aws:omics:[a-z0-9-]+:\d{12}:ServiceRoleArn/wf", value)
