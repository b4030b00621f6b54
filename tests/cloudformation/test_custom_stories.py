"""Custom resources as people write them, through the whole cloud: really asked, really judged, really taken away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from preflight.clouds.offline import OfflineCloud
from preflight.errors import DeployFailed
from preflight.synth import Synthesizer
from preflight.template import Template

APPS = Path(__file__).resolve().parent.parent / "apps"

SIZE = """
import boto3, cfnresponse

def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=QUEUE, MessageBody=event["RequestType"])
    size = event["ResourceProperties"]["Size"]
    if size == "13":
        cfnresponse.send(event, context, cfnresponse.FAILED, {}, reason="thirteen is one too many")
    elif size != "0":
        cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Twice": int(size) * 2}, "size-" + size)
""".strip()


def own(size: int, **more: Any) -> Template:
    """A function, and a custom resource of its own that it answers for; it tells a queue what it was asked."""
    allowed = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["Told", "Arn"]}}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    code = {"Fn::Join": ["", ["QUEUE = '", {"Ref": "Told"}, "'\n", SIZE]]}
    resources = {
        "Told": {"Type": "AWS::SQS::Queue"},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
                "Policies": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [allowed]}}],
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Timeout": 10,
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": code},
            },
        },
        "Own": {
            "Type": "Custom::Size",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, "Size": size},
        },
        **more,
    }
    outputs = {"Twice": {"Value": {"Fn::GetAtt": ["Own", "Twice"]}}, "Own": {"Value": {"Ref": "Own"}}}
    return Template({"Resources": resources, "Outputs": outputs})


def told(cloud: OfflineCloud) -> list[str]:
    """What the function was asked, in order, since the last time."""
    sqs = cloud.client("sqs")
    (url,) = sqs.list_queues().get("QueueUrls", [""])
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for each in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return [each["Body"] for each in messages]


def test_ones_own_resource_comes_changes_moves_and_goes(cloud: OfflineCloud) -> None:
    stack = cloud.cloudformation.create_stack("Own", own(2))
    assert (stack.outputs, told(cloud)) == ({"Twice": "4", "Own": "size-2"}, ["Create"])
    assert stack.resources["Own"].state == "emulated"
    cloud.cloudformation.update_stack("Own", own(3))
    assert (stack.outputs, told(cloud)) == ({"Twice": "6", "Own": "size-3"}, ["Update", "Delete"])
    with pytest.raises(DeployFailed, match="thirteen is one too many"):
        cloud.cloudformation.update_stack("Own", own(13))
    assert (stack.status, stack.outputs["Own"]) == ("UPDATE_ROLLBACK_COMPLETE", "size-3")
    assert told(cloud)[:2] == ["Update", "Update"], "and back again"
    cloud.delete("Own")
    assert stack.status == "DELETE_COMPLETE"


def test_failed_stops_the_stack_with_its_reason(cloud: OfflineCloud) -> None:
    with pytest.raises(DeployFailed, match=r"Received response status \[FAILED\] from custom resource\. Message ret"):
        cloud.cloudformation.create_stack("Own", own(13))
    assert cloud.cloudformation.stacks[-1].status == "ROLLBACK_COMPLETE"


def test_what_never_answers_stops_the_stack(cloud: OfflineCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    from preflight.cloudformation.providers import _custom_protocol

    monkeypatch.setattr(_custom_protocol, "LATE", 0.1)
    with pytest.raises(DeployFailed, match="did not receive a response from your Custom Resource"):
        cloud.cloudformation.create_stack("Own", own(0))


def test_an_attribute_the_answer_lacks_is_refused(cloud: OfflineCloud) -> None:
    lacking = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Fn::GetAtt": "Own.Thrice"}}}
    with pytest.raises(DeployFailed, match="Vendor response doesn't contain Thrice attribute"):
        cloud.cloudformation.create_stack("Own", own(1, Lacking=lacking))


@pytest.fixture(scope="module")
def synthesizer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthesizer]:
    with Synthesizer(tmp_path_factory.mktemp("synth")) as synthesizer:
        yield synthesizer


def test_what_cdk_writes_behaves_as_on_aws(cloud: OfflineCloud, synthesizer: Synthesizer) -> None:
    assembly = synthesizer.synth(APPS / "bespoke.py", "Bespoke")
    deployed = cloud.deploy(assembly.directory, "Bespoke")
    outputs = {name: deployed.outputs[name] for name in ("Words", "Greeting", "Version")}
    assert outputs == {"Words": "3", "Greeting": "hello ward 7", "Version": "1"}
    assert cloud.client("ssm").get_parameter(Name="/clinic/asked")["Parameter"]["Value"] == "42"
    bucket = next(each.physical_id for each in deployed.resources if each.type == "AWS::S3::Bucket")
    s3 = cloud.client("s3")
    held = {each["Key"]: s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in objects(s3, bucket)}
    assert (held["hello.txt"], json.loads(held["config.json"])) == (b"hello", {"bucket": bucket})
    cloud.delete("Bespoke")
    assert cloud.client("ssm").describe_parameters()["Parameters"] == []
    assert bucket not in [each["Name"] for each in s3.list_buckets()["Buckets"]]


def test_an_sdk_call_its_role_may_not_make_fails(cloud: OfflineCloud, synthesizer: Synthesizer, tmp_path: Path) -> None:
    text = (APPS / "bespoke.py").read_text(encoding="utf-8")
    assert 'actions=["ssm:PutParameter", ' in text
    code = tmp_path / "stack.py"
    code.write_text(text.replace('actions=["ssm:PutParameter", ', "actions=["), encoding="utf-8")
    with pytest.raises(DeployFailed, match=r"is not authorized to perform: ssm:PutParameter"):
        cloud.deploy(synthesizer.synth(code, "Bespoke").directory, "Bespoke")


def objects(s3: Any, bucket: str) -> list[dict[str, Any]]:
    """What lies in a bucket."""
    found: list[dict[str, Any]] = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return found


def test_a_topic_may_stand_before_the_function(cloud: OfflineCloud) -> None:
    template = own(2)
    function = template.body["Resources"]["Function"]["Properties"]
    code = function["Code"]["ZipFile"]["Fn::Join"][1]
    # what came through a topic is wrapped in its record
    code[-1] += "\n\nanswer = handler\n\n\ndef handler(event, context):\n"
    code[-1] += "    import json\n    answer(json.loads(event['Records'][0]['Sns']['Message']), context)\n"
    function_arn = {"Fn::GetAtt": ["Function", "Arn"]}
    template.body["Resources"] |= {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Subscribed": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "lambda", "Endpoint": function_arn},
        },
        "May": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": function_arn,
                "Principal": "sns.amazonaws.com",
                "SourceArn": {"Ref": "Topic"},
            },
        },
        "Own": {
            "Type": "AWS::CloudFormation::CustomResource",
            "DependsOn": ["Subscribed", "May"],
            "Properties": {"ServiceToken": {"Ref": "Topic"}, "Size": 2},
        },
    }
    stack = cloud.cloudformation.create_stack("Own", Template(template.body))
    assert stack.outputs == {"Twice": "4", "Own": "size-2"}
    cloud.delete("Own")
    assert stack.status == "DELETE_COMPLETE"
