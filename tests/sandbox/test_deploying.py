"""A lab goes up by the real CDK CLI, tagged and written down; what does not go is told in a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from preflight.errors import DeployFailed, Usage
from preflight.sandbox.account import Sandbox
from preflight.sandbox.deploying import bootstrapped, deploy, failure, life, redacted, stack_of
from preflight.sandbox.records import read

if TYPE_CHECKING:
    from tests.sandbox.conftest import Yard

FAILS = """
import aws_cdk as cdk
from aws_cdk import aws_s3 as s3, aws_sns as sns


class Taken(cdk.Stack):
    def __init__(self, scope, construct_id, **kwargs):
        super().__init__(scope, construct_id, **kwargs)
        topic = sns.Topic(self, "Bell")
        books = s3.Bucket(self, "Books", bucket_name="taken-by-somebody-else")
        books.node.add_dependency(topic)
"""


def test_the_plan_says_what_it_makes_costs_and_leaves(yard: Yard) -> None:
    plan = yard.plan(2, hours=2)
    assert plan.makes == {"AWS::S3::Bucket": 1, "AWS::IAM::Role": 1, "AWS::IAM::Policy": 1}
    assert plan.to_json()["usd_per_month"] == 0
    assert timedelta(hours=1.9) < plan.expires - datetime.now(UTC) <= timedelta(hours=2)
    assert [each.fate for each in plan.leftovers] == ["stops"], "a bucket with books in it is not deleted"


def test_a_lab_goes_up_tagged_written_down_and_again(yard: Yard) -> None:
    assert not bootstrapped(yard.sandbox)
    outputs = yard.deploy(1)

    assert bootstrapped(yard.sandbox) and yard.cloud.cloudformation.find("CDKToolkit") is None
    assert any("bootstrapping as PreflightToolkit" in line for line in yard.said)
    books = outputs["BooksBucket"]
    tags = yard.sandbox.client("s3").get_bucket_tagging(Bucket=books)["TagSet"]
    assert {"Key": "preflight:lab", "Value": "Lab1"} in tags
    [expires] = [each["Value"] for each in tags if each["Key"] == "preflight:expires"]
    record = read(yard.root, "Lab1")
    assert record is not None and record.whole and record.expires == datetime.fromisoformat(expires)

    yard.said.clear()
    assert yard.deploy(1, hours=9) == outputs
    assert not any("bootstrapping" in line for line in yard.said)
    later = read(yard.root, "Lab1")
    assert later is not None and later.expires > record.expires


def test_a_failure_is_the_first_event_in_a_sentence_and_what_still_stands(yard: Yard) -> None:
    yard.sandbox.client("s3").create_bucket(Bucket="taken-by-somebody-else")
    code = yard.root / "taken.py"
    code.write_text(FAILS, encoding="utf-8")
    with pytest.raises(DeployFailed) as told:
        yard.deploy(1, code=code)
    sentence = str(told.value)
    assert "AWS::S3::Bucket Books" in sentence and "already" in sentence
    assert sentence.endswith("./lab deploy 1") or sentence.endswith("./lab destroy 1")
    record = read(yard.root, "Lab1")
    assert record is not None and not record.whole


class Told:
    """CloudFormation as an account tells it: one stack, its events and resources."""

    def __init__(self, status: str, events: list[dict[str, Any]] = (), resources: list[dict[str, Any]] = ()) -> None:  # type: ignore[assignment]
        self.status = status
        self.pages = {"describe_stack_events": "StackEvents", "list_stack_resources": "StackResourceSummaries"}
        self.held = {"StackEvents": list(events), "StackResourceSummaries": list(resources)}

    def __call__(self, service: str, region: str) -> Told:
        return self

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        if not self.status:
            error = {"Error": {"Code": "ValidationError", "Message": f"Stack with id {StackName} does not exist"}}
            raise ClientError(error, "DescribeStacks")
        return {"Stacks": [{"StackName": StackName, "StackStatus": self.status}]}

    def get_paginator(self, operation: str) -> Told:
        self.key = self.pages[operation]
        return self

    def paginate(self, StackName: str) -> list[dict[str, Any]]:
        return [{self.key: self.held[self.key]}]


def sandbox(told: Told) -> Sandbox:
    return Sandbox("210987654321", "us-east-1", told, endpoint_url="http://localhost:1")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("CREATE_IN_PROGRESS", "wait for it, then ./lab deploy 1"),
        ("ROLLBACK_FAILED", "take it down with ./lab destroy 1"),
        ("DELETE_FAILED", "./lab destroy 1"),
    ],
)
def test_what_cannot_be_deployed_over_is_not(yard: Yard, status: str, words: str) -> None:
    plan = yard.plan(1)
    there = type(plan)(
        plan.lab, plan.code, sandbox(Told(status)), plan.assembly, plan.template, plan.estimate, (), plan.expires
    )
    with pytest.raises(Usage, match=words):
        deploy(there, yard.root, yard.cli, yard.said.append)
    assert read(yard.root, "Lab1") is None


def event(minute: int, name: str, status: str, reason: str = "") -> dict[str, Any]:
    moment = datetime(2026, 11, 23, 12, minute, tzinfo=UTC)
    return {
        "Timestamp": moment,
        "LogicalResourceId": name,
        "ResourceType": "AWS::EC2::Instance",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def test_older_failures_and_those_others_caused_are_not_the_reason() -> None:
    events = [
        event(5, "Lab7", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Server]"),
        event(4, "Disk", "CREATE_FAILED", "Resource creation cancelled"),
        event(3, "Server", "CREATE_FAILED", "The instance type is not eligible for Free Tier."),
        event(1, "Other", "CREATE_FAILED", "an older deploy"),
    ]
    stands = [{"LogicalResourceId": "Disk", "ResourceStatus": "CREATE_COMPLETE"}]
    since = datetime(2026, 11, 23, 12, 2, tzinfo=UTC)
    said = str(failure(sandbox(Told("ROLLBACK_FAILED", events, stands)), "Lab7", 7, since))
    assert said == (
        "Lab7: AWS::EC2::Instance Server could not be made (The instance type is not eligible for Free Tier); "
        "1 of its resources still stand and may cost money; take them down with ./lab destroy 7"
    )
    gone = str(failure(sandbox(Told("")), "Lab7", 7, since, "❌ Lab7 failed: no bucket to upload to"))
    assert "(Lab7 failed: no bucket to upload to); nothing of it stands" in gone
    assert stack_of(sandbox(Told("DELETE_COMPLETE")), "Lab7") is None


@pytest.mark.parametrize(("words", "hours"), [("90m", 1.5), ("4h", 4), ("2d", 48), ("7d", 168)])
def test_a_life_is_minutes_hours_or_days(words: str, hours: float) -> None:
    assert life(words) == timedelta(hours=hours)


@pytest.mark.parametrize("words", ["", "4", "4 h", "0h", "8d", "-1h", "forever", "1e3h"])
def test_any_other_length_is_refused_with_an_example(words: str) -> None:
    with pytest.raises(Usage, match=r"--ttl 4h$"):
        life(words)


def test_nothing_that_looks_like_a_credential_is_shown() -> None:
    key, secret = "AKIA" + "ABCDEFGHIJKLMNOP", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
    line = f"using {key} aws_secret_access_key={secret} and sessionToken: {secret}{secret}"
    shown = redacted(line)
    assert key not in shown and secret not in shown and "using [not shown]" in shown
    assert redacted("Lab1 | 3/9 | CREATE_COMPLETE | AWS::SecretsManager::Secret | Password") == (
        "Lab1 | 3/9 | CREATE_COMPLETE | AWS::SecretsManager::Secret | Password"
    )
