"""Doors and workflows as people write them with CDK, through the whole cloud: deployed, called, changed, taken away."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from preflight.checks import Stack
from preflight.clouds.offline import OfflineCloud
from preflight.errors import DeployFailed
from preflight.synth import Synthesizer
from preflight.template import Template

APP = Path(__file__).resolve().parent.parent / "apps" / "gateways.py"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with Synthesizer(tmp_path_factory.mktemp("synth")) as synthesizer:
        yield synthesizer.synth(APP, "Gateways").directory


@pytest.fixture(scope="module")
def cloud() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def stack(cloud: OfflineCloud, directory: Path) -> Stack:
    return Stack(cloud.deploy(directory, "Gateways"))


def test_nothing_of_it_is_only_written_down(stack: Stack) -> None:
    gateways = ("AWS::ApiGateway", "AWS::StepFunctions", "AWS::Lambda")
    missed = stack._deployment.not_emulated
    named = [(each, path) for each, path in missed if stack.design.resources[each].type.startswith(gateways)]
    assert named == []


def test_a_rest_api_in_front_of_a_function(stack: Stack) -> None:
    assert stack.http("GET", stack.output("WholeAt") + "hello").json() == {"path": "/hello"}
    notes = stack.output("NotesAt") + "notes"
    assert stack.http("OPTIONS", notes).headers["access-control-allow-origin"] == "*"
    assert stack.http("GET", notes).json() == {"message": "Forbidden"}
    statuses = [stack.http("GET", notes, {"x-api-key": "k" * 30}).status for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert stack.http("POST", notes, body={"other": 1}).json() == {"message": "Invalid request body"}
    assert stack.http("POST", notes, body={"text": "a"}).status == 200


def test_a_queue_behind_a_rest_api(stack: Stack) -> None:
    assert stack.http("POST", stack.output("NotesAt") + "send", body={"text": "a & b"}).status == 200
    told = stack.client("sqs").receive_message(QueueUrl=stack.output("QueueAt"))["Messages"][0]["Body"]
    assert json.loads(told) == {"text": "a & b"}


def test_an_http_api_and_a_function_url(stack: Stack) -> None:
    url = stack.output("HttpAt")
    assert stack.http("GET", f"{url}notes/7").json() == {"path": "/notes/7"}
    assert stack.http("GET", f"{url}mine").json() == {"message": "Forbidden"}
    assert stack.http("GET", f"{url}none").status == 404
    assert stack.http("GET", stack.output("FunctionUrl") + "x").json() == {"path": "/x"}


def run(stack: Stack, **told: Any) -> dict[str, Any]:
    client = stack.client("stepfunctions")
    started = client.start_execution(stateMachineArn=stack.output("MachineAt"), input=json.dumps(told))["executionArn"]
    until = time.monotonic() + 20
    while (facts := client.describe_execution(executionArn=started))["status"] == "RUNNING":
        assert time.monotonic() < until
        time.sleep(0.01)
    return dict(facts)


def test_a_workflow_with_a_function_a_table_and_a_way_out(stack: Stack) -> None:
    good = run(stack, notes=[3, 1])
    assert (good["status"], json.loads(good["output"])) == ("SUCCEEDED", {"sorted": [1, 3]})
    assert stack.client("dynamodb").scan(TableName=stack.output("TableAt"))["Items"] == [{"id": {"S": "one"}}]
    bad = run(stack, notes=[])
    assert json.loads(bad["output"]) == {"sorted": "nothing"}
    events = stack.client("stepfunctions").get_execution_history(executionArn=bad["executionArn"])["events"]
    failures = [each["taskFailedEventDetails"]["error"] for each in events if each["type"] == "TaskFailed"]
    assert failures == ["ValueError"] * 3


def test_an_express_workflow_behind_a_rest_api(stack: Stack) -> None:
    assert stack.http("POST", stack.output("RunAt"), body={"a": 1}).json() == {"got": {"a": 1}}


def test_a_workflow_without_its_grant_fails_as_on_aws(cloud: OfflineCloud, stack: Stack) -> None:
    role = next(each for each in stack.of_type("AWS::IAM::Role") if each.logical_id.startswith("MachineRole"))
    iam = cloud.client("iam")
    name = iam.list_role_policies(RoleName=role.physical_id)["PolicyNames"][0]
    held = iam.get_role_policy(RoleName=role.physical_id, PolicyName=name)["PolicyDocument"]
    less = [each for each in held["Statement"] if each["Action"] != "lambda:InvokeFunction"]
    document = json.dumps({**held, "Statement": less})
    iam.put_role_policy(RoleName=role.physical_id, PolicyName=name, PolicyDocument=document)
    facts = run(stack, notes=[1])
    iam.put_role_policy(RoleName=role.physical_id, PolicyName=name, PolicyDocument=json.dumps(held))
    events = stack.client("stepfunctions").get_execution_history(executionArn=facts["executionArn"])["events"]
    failed = next(each["taskFailedEventDetails"] for each in events if each["type"] == "TaskFailed")
    assert failed["error"] == "Lambda.AWSLambdaException"
    assert "is not authorized to perform: lambda:InvokeFunction on resource" in failed["cause"]


def test_a_change_is_deployed_and_a_wrong_one_rolls_back(cloud: OfflineCloud, stack: Stack, directory: Path) -> None:
    document = json.loads((directory / "Gateways.template.json").read_text(encoding="utf-8"))
    text = json.dumps(document)
    changed = Template(json.loads(text.replace('"ThrottlingBurstLimit": 50', '"ThrottlingBurstLimit": 0')))
    stack = Stack(cloud.deployment(cloud.deploy_template("Gateways", changed)))
    assert stack.http("POST", stack.output("NotesAt") + "notes", body={"text": "a"}).status == 429
    wrong = Template(json.loads(text.replace(r"\"StartAt\":\"Later\"", r"\"StartAt\":\"Never\"")))
    with pytest.raises(DeployFailed, match="MISSING_TRANSITION_TARGET"):
        cloud.deploy_template("Gateways", wrong)
    assert stack.http("GET", stack.output("WholeAt") + "hello").status == 200


def test_nothing_is_left_behind(cloud: OfflineCloud, stack: Stack) -> None:
    cloud.delete("Gateways")
    assert cloud.client("apigateway").get_rest_apis()["items"] == []
    assert cloud.client("apigateway").get_usage_plans()["items"] == []
    assert cloud.client("apigatewayv2").get_apis()["Items"] == []
    assert cloud.client("stepfunctions").list_state_machines()["stateMachines"] == []
    assert cloud.client("lambda").list_functions()["Functions"] == []
