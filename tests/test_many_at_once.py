"""Several learners' processes use one offline cloud at once: boto3, the AWS CLI and the CDK CLI side by side."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from preflight.clouds.offline import OfflineCloud
from preflight.errors import Unavailable
from preflight.node import cdk_cli
from preflight.synth import Synthesizer

ROOT = Path(__file__).resolve().parent.parent

# what each learner does: makes a stack, uses it, changes it, takes it away
LEARNER = """
import json, sys, boto3

name, rounds = sys.argv[1], int(sys.argv[2])
cfn, sns, sqs = (boto3.client(service) for service in ("cloudformation", "sns", "sqs"))

def template(display):
    queue = {"Fn::GetAtt": ["Inbox", "Arn"]}
    may_send = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}}
    may_send |= {"Action": "sqs:SendMessage", "Resource": queue}
    return json.dumps({"Resources": {
        "News": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": display}},
        "Inbox": {"Type": "AWS::SQS::Queue"},
        "MaySend": {"Type": "AWS::SQS::QueuePolicy", "Properties": {
            "Queues": [{"Ref": "Inbox"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [may_send]}}},
        "Heard": {"Type": "AWS::SNS::Subscription", "DependsOn": "MaySend", "Properties": {
            "TopicArn": {"Ref": "News"}, "Protocol": "sqs", "Endpoint": queue, "RawMessageDelivery": True}},
    }, "Outputs": {"Topic": {"Value": {"Ref": "News"}}, "Queue": {"Value": {"Ref": "Inbox"}}}})

for number in range(rounds):
    stack = f"{name}{number}"
    cfn.create_stack(StackName=stack, TemplateBody=template("first"))
    cfn.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    described = cfn.describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
    sns.publish(TopicArn=outputs["Topic"], Message=stack)
    heard = sqs.receive_message(QueueUrl=outputs["Queue"], WaitTimeSeconds=5)["Messages"]
    assert [each["Body"] for each in heard] == [stack], heard
    cfn.update_stack(StackName=stack, TemplateBody=template("second"))
    cfn.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    assert sns.get_topic_attributes(TopicArn=outputs["Topic"])["Attributes"]["DisplayName"] == "second"
    cfn.delete_stack(StackName=stack)
    cfn.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
print("done")
"""


def test_learners_do_not_meet(tmp_path: Path) -> None:
    with OfflineCloud() as cloud, Synthesizer(tmp_path / "synth") as synthesizer:
        (script := tmp_path / "learner.py").write_text(LEARNER)
        surroundings = environment(cloud.serve(), tmp_path)
        commands = [[sys.executable, str(script), name, "3"] for name in ("Ada", "Grace", "Mary")]
        commands += [cdk_deploy(synthesizer)] if has_cdk_cli() else []
        learners = [begin(command, surroundings) for command in commands]
        for learner in learners:
            said, _ = learner.communicate(timeout=120)
            assert learner.returncode == 0, said
        expected = {"PreflightToolkit", "Lab1"} if has_cdk_cli() else set()
        assert {each.name for each in cloud.cloudformation.stacks if each.status != "DELETE_COMPLETE"} == expected
        assert cloud.client("sns").list_topics()["Topics"] == []


@pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS CLI is not installed")
def test_the_aws_cli_makes_and_deletes_a_stack(tmp_path: Path) -> None:
    with OfflineCloud() as cloud:
        surroundings = environment(cloud.serve(), tmp_path)
        body = {"Resources": {"Name": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "x"}}}}
        (template := tmp_path / "template.json").write_text(json.dumps(body))
        for command in (
            ["deploy", "--stack-name", "Mine", "--template-file", str(template)],
            ["delete-stack", "--stack-name", "Mine"],
            ["wait", "stack-delete-complete", "--stack-name", "Mine"],
        ):
            done = begin(["aws", "cloudformation", *command], surroundings)
            said, _ = done.communicate(timeout=60)
            assert done.returncode == 0, said
        assert cloud.cloudformation.find("Mine") is None


def begin(command: list[str], surroundings: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, cwd=ROOT, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def has_cdk_cli() -> bool:
    try:
        cdk_cli(ROOT)
    except Unavailable:
        return False
    return True


def cdk_deploy(synthesizer: Synthesizer) -> list[str]:
    """The CDK CLI bootstrapping, then deploying lab 1."""
    assembly = synthesizer.synth(ROOT / "stacks" / "lab01_first_bucket" / "stack.py", "Lab1")
    cli: Any = cdk_cli(ROOT)
    script = f"{' '.join(cli.command)} bootstrap aws://123456789012/us-east-1 --app {assembly.directory} && "
    script += f"{' '.join(cli.command)} deploy Lab1 --require-approval never --app {assembly.directory}"
    return ["sh", "-c", script]


def environment(url: str, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    more = dict(cdk_cli(ROOT).environment) if has_cdk_cli() else {}
    ours = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "CDK_HOME": str(home),
        "NO_COLOR": "1",
    }
    return {**kept, **more, **ours}
