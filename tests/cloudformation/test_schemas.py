"""The registry's facts, as they are needed: a type's attributes, its fixed properties, and its shapes."""

from __future__ import annotations

import importlib.util

import pytest

from preflight.cloudformation import schemas


def test_a_bucket_is_known_by_its_name() -> None:
    bucket = schemas.find("AWS::S3::Bucket")
    assert bucket is not None
    assert {"Arn", "DomainName", "WebsiteURL"} <= set(bucket.attributes)
    assert "BucketName" in bucket.create_only
    assert bucket.identifier == ("BucketName",)
    assert bucket.tags_property == "Tags"
    assert "VersioningConfiguration" in bucket.properties
    assert "Arn" not in bucket.properties


@pytest.mark.parametrize(
    ("kind", "required"),
    [
        ("AWS::S3::BucketPolicy", {"Bucket", "PolicyDocument"}),
        ("AWS::IAM::Role", {"AssumeRolePolicyDocument"}),
        ("AWS::EC2::Subnet", {"VpcId"}),
    ],
)
def test_required_properties(kind: str, required: set[str]) -> None:
    schema = schemas.find(kind)
    assert schema is not None
    assert set(schema.required) == required


def test_what_aws_does_not_have_is_not_found() -> None:
    assert schemas.find("AWS::S3::Buket") is None
    assert schemas.find("Nonsense") is None
    assert not schemas.exists("AWS::Nothing::Here")
    assert schemas.near("AWS::S3::Buket")[0] == "AWS::S3::Bucket"


def test_values_take_the_type_the_schema_asks_for() -> None:
    subnet, function = schemas.find("AWS::EC2::SecurityGroup"), schemas.find("AWS::Lambda::Function")
    assert subnet is not None and function is not None
    rule = {"IpProtocol": 6, "FromPort": "80", "ToPort": "nonsense"}
    assert subnet.coerced({"SecurityGroupIngress": [rule]}) == {
        "SecurityGroupIngress": [{"IpProtocol": "6", "FromPort": 80, "ToPort": "nonsense"}]
    }
    declared = {"Timeout": "30", "Environment": {"Variables": {"A": True, "B": 1}}, "Unheard": "1"}
    assert function.coerced(declared) == {
        "Timeout": 30,
        "Environment": {"Variables": {"A": "true", "B": "1"}},
        "Unheard": "1",
    }


def test_shapes_are_found_by_path() -> None:
    bucket = schemas.find("AWS::S3::Bucket")
    assert bucket is not None
    assert bucket.shape_of(["VersioningConfiguration", "Status"]) == "s"
    assert bucket.shape_of(["LifecycleConfiguration", "Rules", "0", "ExpirationInDays"]) == "i"
    assert bucket.shape_of(["Nothing", "Here"]) == "?"


def test_every_type_can_be_read() -> None:
    kinds = [kind for service in schemas._index() for kind in schemas._service(service)]
    assert len(kinds) > 1500
    for kind in kinds:
        schema = schemas.find(kind)
        assert schema is not None
        assert all(shape for fields in schema.shapes.values() for shape in fields.values())


def test_the_data_says_where_it_comes_from_and_stays_small() -> None:
    assert schemas.version().startswith("cfn-lint ")
    assert schemas.DATA.stat().st_size < 1_500_000


@pytest.mark.skipif(importlib.util.find_spec("cfnlint") is None, reason="extraction needs cfn-lint installed")
def test_extraction_is_reproducible(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    again = schemas.DATA.with_name("again.bin")
    shipped = schemas.DATA.read_bytes()
    monkeypatch.setattr(schemas, "DATA", again)
    try:
        schemas._extract()
        assert again.read_bytes() == shipped
    finally:
        again.unlink(missing_ok=True)
