"""Secrets are generated as asked, know their database, and are rotated by the learner's own function."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]


def value(bench, thing) -> str:
    return str(bench.client("secretsmanager").get_secret_value(SecretId=thing.ref)["SecretString"])


def test_a_secret_is_kept_changed_replicated_and_gone(bench):
    client = bench.client("secretsmanager")
    key = bench.make("AWS::KMS::Key", "Key")["Arn"]
    made = bench.make(
        "AWS::SecretsManager::Secret",
        Name="login",
        Description="the login",
        KmsKeyId=key,
        SecretString="first",
        ReplicaRegions=[{"Region": "eu-west-1", "KmsKeyId": "alias/aws/secretsmanager"}],
        Tags=TAGS,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert re.fullmatch(r"arn:aws:secretsmanager:us-east-1:123456789012:secret:login-\w{6}", made.ref)
    assert made["Id"] == made.ref
    far = bench.client("secretsmanager", "eu-west-1")
    assert far.get_secret_value(SecretId="login")["SecretString"] == "first"
    changed = bench.change(made, Name="login", SecretString="second")
    facts = client.describe_secret(SecretId="login")
    assert value(bench, changed) == "second"
    assert "Description" not in facts
    assert not facts.get("ReplicationStatus")
    assert facts.get("KmsKeyId") is None
    bench.delete(changed)
    bench.delete(changed)
    assert client.list_secrets(IncludePlannedDeletion=True)["SecretList"] == []


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        ({}, r"[!-~]{32}"),
        ({"PasswordLength": 12, "ExcludePunctuation": True}, r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[a-zA-Z0-9]{12}"),
        ({"ExcludeUppercase": True, "ExcludeLowercase": True, "ExcludePunctuation": True}, r"\d{32}"),
        ({"ExcludeNumbers": True, "ExcludePunctuation": True, "ExcludeCharacters": "abcXYZ"}, r"[d-zA-W]{32}"),
        ({"IncludeSpace": True, "ExcludePunctuation": True}, r"(?=.* )[a-zA-Z0-9 ]{32}"),
    ],
)
def test_a_password_is_what_was_asked_for(bench, options, pattern):
    made = bench.make("AWS::SecretsManager::Secret", GenerateSecretString=options)
    assert made.unapplied == ()
    assert re.fullmatch(pattern, value(bench, made))


def test_a_generated_value_changes_only_with_what_it_is_made_from(bench):
    how = {"SecretStringTemplate": '{"username":"keeper"}', "GenerateStringKey": "password", "PasswordLength": 20}
    made = bench.make("AWS::SecretsManager::Secret", GenerateSecretString=how)
    first = value(bench, made)
    assert {name: len(each) for name, each in json.loads(first).items()} == {"username": 6, "password": 20}
    same = bench.change(made, GenerateSecretString=how, Description="same")
    assert value(bench, same) == first
    other = bench.change(same, GenerateSecretString={**how, "PasswordLength": 24})
    assert len(json.loads(value(bench, other))["password"]) == 24


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"SecretString": "x", "GenerateSecretString": {}}, "both SecretString and GenerateSecretString"),
        ({"GenerateSecretString": {"GenerateStringKey": "a"}}, "both SecretStringTemplate and GenerateStringKey"),
        ({"GenerateSecretString": {"GenerateStringKey": "a", "SecretStringTemplate": "no"}}, "valid JSON object"),
        ({"KmsKeyId": "0123-nobody", "SecretString": "x"}, "using the provided KMS key"),
        ({"GenerateSecretString": {"PasswordLength": 3}}, "too short"),
    ],
)
def test_what_secrets_manager_refuses(bench, properties, words):
    with pytest.raises(ClientError, match=words):
        bench.make("AWS::SecretsManager::Secret", **properties)
    assert bench.client("secretsmanager").list_secrets()["SecretList"] == []


def test_a_secret_learns_where_its_database_is(bench):
    secret = bench.make("AWS::SecretsManager::Secret", SecretString='{"username":"keeper","password":"long-enough"}')
    database = bench.make(
        "AWS::RDS::DBInstance",
        "Db",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage="20",
        MasterUsername="keeper",
        MasterUserPassword="long-enough",
        DBName="notes",
    )
    attached = bench.make(
        "AWS::SecretsManager::SecretTargetAttachment",
        "Attached",
        SecretId=secret.ref,
        TargetId=database.ref,
        TargetType="AWS::RDS::DBInstance",
    )
    assert (attached.unapplied, bench.lost(attached), attached.ref) == ((), set(), secret.ref)
    assert json.loads(value(bench, secret)) == {
        "username": "keeper",
        "password": "long-enough",
        "engine": "postgres",
        "port": 5432,
        "dbname": "notes",
        "host": database["Endpoint.Address"],
        "dbInstanceIdentifier": database.ref,
    }
    with pytest.raises(ClientError, match="nobody not found"):
        bench.make(
            "AWS::SecretsManager::SecretTargetAttachment",
            "No",
            SecretId=secret.ref,
            TargetId="nobody",
            TargetType="AWS::RDS::DBInstance",
        )


def test_a_policy_on_a_secret(bench):
    secret = bench.make("AWS::SecretsManager::Secret", SecretString="x")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    policy = bench.make(
        "AWS::SecretsManager::ResourcePolicy",
        "P",
        SecretId=secret.ref,
        BlockPublicPolicy=True,
        ResourcePolicy={"Version": "2012-10-17", "Statement": [statement]},
    )
    assert (policy.unapplied, bench.lost(policy)) == ((), {f"SecretId={secret.ref}"} & bench.lost(policy))
    with pytest.raises(ClientError, match="allows broad access"):
        bench.change(
            policy,
            SecretId=secret.ref,
            BlockPublicPolicy=True,
            ResourcePolicy={"Statement": [{**statement, "Principal": "*"}]},
        )
    bench.delete(policy)
    assert "ResourcePolicy" not in bench.client("secretsmanager").get_resource_policy(SecretId=secret.ref)


def test_rotation_by_an_application_of_aws_is_named(bench):
    secret = bench.make("AWS::SecretsManager::Secret", SecretString="x")
    schedule = bench.make(
        "AWS::SecretsManager::RotationSchedule",
        "R",
        SecretId=secret.ref,
        HostedRotationLambda={"RotationType": "PostgreSQLSingleUser"},
        RotationRules={"ScheduleExpression": "rate(30 days)"},
    )
    assert schedule.unapplied == ("HostedRotationLambda", "RotationRules")
    assert value(bench, secret) == "x"
    bench.delete(schedule)


ROTATES = """
import boto3, os

def handler(event, context):
    client = boto3.client("secretsmanager")
    secret, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    versions = client.describe_secret(SecretId=secret)["VersionIdsToStages"]
    if step == "createSecret":
        assert "AWSPENDING" in versions[token]
        client.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString="second",
                                VersionStages=["AWSPENDING"])
    if step == "finishSecret":
        current = next(each for each, stages in versions.items() if "AWSCURRENT" in stages)
        client.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token,
                                           RemoveFromVersionId=current)
"""


def rotating(*, permitted: bool) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": {"Ref": "Login"}}
    policies = [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [allow]}}]
    resources: dict[str, Any] = {
        "Login": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "first"}},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Statement": [trust]}, "Policies": policies},
        },
        "Rotates": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"ZipFile": ROTATES},
                "Handler": "index.handler",
                "Runtime": "python3.12",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Timeout": 30,
            },
        },
        "Schedule": {
            "Type": "AWS::SecretsManager::RotationSchedule",
            "DependsOn": ["Permission"] if permitted else [],
            "Properties": {
                "SecretId": {"Ref": "Login"},
                "RotationLambdaARN": {"Fn::GetAtt": ["Rotates", "Arn"]},
                "RotationRules": {"AutomaticallyAfterDays": 30},
            },
        },
    }
    if permitted:
        resources["Permission"] = {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Fn::GetAtt": ["Rotates", "Arn"]},
                "Action": "lambda:InvokeFunction",
                "Principal": "secretsmanager.amazonaws.com",
            },
        }
    return {"Resources": resources}


def test_a_secret_is_rotated_by_the_learners_function():
    from preflight.clouds.offline import OfflineCloud
    from preflight.errors import DeployFailed
    from preflight.template import Template

    with OfflineCloud() as cloud:
        with pytest.raises(DeployFailed, match="Secrets Manager cannot invoke the specified Lambda function"):
            cloud.cloudformation.create_stack("No", Template.load(rotating(permitted=False)))
        stack = cloud.cloudformation.create_stack("Lab", Template.load(rotating(permitted=True)))
        client = cloud.client("secretsmanager")
        name = stack.resources["Login"].physical_id
        facts = client.describe_secret(SecretId=name)
        assert client.get_secret_value(SecretId=name)["SecretString"] == "second"
        assert client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "first"
        assert (facts["RotationEnabled"], facts["RotationRules"]) == (True, {"AutomaticallyAfterDays": 30})
        assert stack.not_emulated == []
