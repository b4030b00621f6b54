"""Dynamic references are answered by the services they name, or the stack is told why not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from preflight.cloudformation import dynamic
from preflight.intrinsics import TemplateError, Unknown


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        clients = {name: boto3.client(name, region_name="us-east-1") for name in ("ssm", "secretsmanager")}
        clients["ssm"].put_parameter(Name="/a/b", Value="first", Type="String")
        clients["ssm"].put_parameter(Name="/a/b", Value="second", Type="String", Overwrite=True)
        clients["ssm"].put_parameter(Name="secure", Value="hush", Type="SecureString")
        clients["secretsmanager"].create_secret(Name="db", SecretString=json.dumps({"password": "pw", "port": 5432}))
        yield clients.__getitem__


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("{{resolve:ssm:/a/b}}", "second"),
        ("{{resolve:ssm:/a/b:1}}", "first"),
        ("x-{{resolve:ssm:/a/b}}-{{resolve:ssm:/a/b:1}}", "x-second-first"),
        ("{{resolve:ssm-secure:secure}}", "hush"),
        ("{{resolve:secretsmanager:db:SecretString:password}}", "pw"),
        ("{{resolve:secretsmanager:db:SecretString:port}}", "5432"),
        ("{{resolve:secretsmanager:db:SecretString:password::}}", "pw"),
        ("{{resolve:secretsmanager:db}}", '{"password": "pw", "port": 5432}'),
        ("plain", "plain"),
    ],
)
def test_references_are_answered(client: Any, text: str, answer: str) -> None:
    assert dynamic.answered({"a": [text]}, client) == {"a": [answer]}


def test_a_secret_goes_by_its_arn_too(client: Any) -> None:
    arn = client("secretsmanager").describe_secret(SecretId="db")["ARN"]
    assert dynamic.answered(f"{{{{resolve:secretsmanager:{arn}:SecretString:password::}}}}", client) == "pw"


@pytest.mark.parametrize(
    "text",
    [
        "{{resolve:ssm:/nothing}}",
        "{{resolve:secretsmanager:nothing:SecretString:password}}",
        "{{resolve:secretsmanager:db:SecretString:nothing}}",
        "{{resolve:secretsmanager:db:SecretBinary}}",
    ],
)
def test_what_is_not_there_is_said(client: Any, text: str) -> None:
    with pytest.raises(TemplateError):
        dynamic.answered(text, client)


def test_a_secret_that_is_only_recorded_is_unknown(client: Any) -> None:
    text = "p={{resolve:secretsmanager:mine:SecretString:password::}}"
    assert isinstance(dynamic.answered(text, client, ["mine"]), Unknown)


def test_parameters_are_looked_up_together(client: Any) -> None:
    found = dynamic.parameters(client("ssm"), {"/a/b", "/nothing"})
    assert found["/a/b"] == "second"
    assert "/nothing" not in found


def test_a_secure_string_is_answered_by_its_own_reference_alone(client: Any) -> None:
    said = "referenced by template have types not supported by CloudFormation"
    with pytest.raises(TemplateError, match=said):
        dynamic.parameters(client("ssm"), {"/a/b", "secure"})
    for reference in ("{{resolve:ssm:secure}}", "{{resolve:ssm-secure:/a/b}}"):
        with pytest.raises(TemplateError, match=said):
            dynamic.answered(reference, client)
