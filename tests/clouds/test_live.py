"""A stack at an endpoint is met as the offline one is: the same Deployment, the same verdicts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from preflight.clouds.isolation import environment
from preflight.clouds.live import LiveCloud
from preflight.clouds.offline import OfflineCloud
from preflight.errors import DeployFailed, Unavailable, Usage
from preflight.template import Template
from preflight.verdict import run

BOOKS = {
    "Parameters": {"Shelf": {"Type": "String", "Default": "novels"}},
    "Resources": {
        "Books": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "VersioningConfiguration": {"Status": "Enabled"},
                "Tags": [{"Key": "shelf", "Value": {"Ref": "Shelf"}}],
            },
            "Metadata": {"aws:cdk:path": "Lab1/Books/Resource"},
        },
        "Bell": {"Type": "AWS::GameLift::Fleet", "Properties": {"Name": "bell"}},
    },
    "Outputs": {"BooksBucket": {"Value": {"Ref": "Books"}}, "BooksArn": {"Value": {"Fn::GetAtt": ["Books", "Arn"]}}},
}
COURSE = Path(__file__).parent.parent / "shelf" / "course"


@pytest.fixture
def url(cloud: OfflineCloud) -> str:
    return cloud.serve()


def test_a_deployed_stack_is_met_as_it_is_offline(cloud: OfflineCloud, url: str) -> None:
    stack = cloud.cloudformation.create_stack("Lab1", Template.load(BOOKS), parameters={"Shelf": "poems"})
    here, there = cloud.deployment(stack), LiveCloud(endpoint_url=url).attach("Lab1")
    assert there.mode == "live"
    assert there.outputs == here.outputs
    assert there.template.body == here.template.body
    assert (there.stack_name, there.region, there.account) == (here.stack_name, here.region, here.account)
    assert there.not_emulated == here.not_emulated
    named = [(each.logical_id, each.type, each.physical_id, each.status) for each in here.resources]
    assert [(each.logical_id, each.type, each.physical_id, each.status) for each in there.resources] == named
    for logical_id, item in here.design.resources.items():
        assert there.design.resources[logical_id].physical_id == item.physical_id
        assert there.design.resources[logical_id].properties == item.properties
    assert there.design.resources["Books"].attributes["Arn"] == here.design.resources["Books"].attributes["Arn"]


def test_an_attribute_that_an_output_tells_is_known_there(cloud: OfflineCloud, url: str) -> None:
    arn = {"Fn::GetAtt": ["Records", "MasterUserSecret.SecretArn"]}
    records = {
        "Engine": "postgres",
        "DBInstanceClass": "db.t4g.micro",
        "AllocatedStorage": "20",
        "MasterUsername": "triage",
        "ManageMasterUserPassword": True,
    }
    role = {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        },
        "Policies": [
            {
                "PolicyName": "reads",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}],
                },
            }
        ],
    }
    template = {
        "Resources": {
            "Records": {"Type": "AWS::RDS::DBInstance", "Properties": records},
            "App": {"Type": "AWS::IAM::Role", "Properties": role},
        },
        "Outputs": {"Secret": {"Value": arn}},
    }
    cloud.cloudformation.create_stack("Lab1", Template.load(template))
    there = LiveCloud(endpoint_url=url).attach("Lab1")
    policy = there.design.resources["App"].properties["Policies"][0]["PolicyDocument"]
    assert policy["Statement"][0]["Resource"] == there.outputs["Secret"]


def test_the_same_checks_are_asked_there(cloud: OfflineCloud, url: str) -> None:
    cloud.cloudformation.create_stack("Lab1", Template.load(BOOKS))
    lab = SimpleNamespace(id="lab01_keep_a_book", checks=COURSE / "labs" / "lab01_keep_a_book" / "checks.py")
    verdicts = run(lab, LiveCloud(endpoint_url=url).attach("Lab1"))
    assert [verdict.outcome for verdict in verdicts] == ["kept", "kept", "kept"], verdicts
    books = cloud.cloudformation.get("Lab1").outputs["BooksBucket"]
    assert "Versions" not in cloud.client("s3").list_object_versions(Bucket=books), "what they made is gone again"


def test_a_template_at_hand_is_not_read_again(cloud: OfflineCloud, url: str) -> None:
    cloud.cloudformation.create_stack("Lab1", Template.load(BOOKS))
    template = Template.load(BOOKS)
    assert LiveCloud(endpoint_url=url).attach("Lab1", template).template is template


def test_a_stack_that_is_not_there_says_how_to_put_it_there(url: str) -> None:
    with pytest.raises(Unavailable, match=r"There is no stack Lab1 at http://localhost:\d+; .*cdk deploy Lab1"):
        LiveCloud(endpoint_url=url).attach("Lab1")


def test_a_stack_that_is_not_whole_says_so(cloud: OfflineCloud, url: str) -> None:
    cloud.cloudformation.create_stack("Lab1", Template.load(BOOKS)).say("ROLLBACK_COMPLETE", "a resource failed")
    with pytest.raises(DeployFailed, match=r"Lab1 is ROLLBACK_COMPLETE; .*cdk deploy Lab1"):
        LiveCloud(endpoint_url=url).attach("Lab1")


def test_an_endpoint_where_nothing_answers_says_how_to_start_it() -> None:
    with pytest.raises(Unavailable, match=r"Nothing answers at http://localhost:9 .*\./lab cloud serve"):
        LiveCloud(endpoint_url="http://localhost:9").attach("Lab1")


@pytest.fixture
def nobodys_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    with environment({**nowhere, "AWS_EC2_METADATA_DISABLED": "true"}):
        yield


def test_an_account_needs_credentials_and_an_endpoint_here_does_not(
    cloud: OfflineCloud, url: str, nobodys_machine: None
) -> None:
    cloud.cloudformation.create_stack("Lab1", Template.load(BOOKS))
    assert LiveCloud(endpoint_url=url).attach("Lab1").outputs["BooksBucket"]
    with pytest.raises(Unavailable, match=r"No AWS credentials .* \./lab doctor"):
        LiveCloud(region="us-east-1").attach("Lab1")
    with pytest.raises(Usage, match="no AWS profile sandbox"):
        LiveCloud(profile="sandbox").attach("Lab1")
