"""A custom resource of one's own is really asked, as CloudFormation asks: function, topic, framework, SDK call."""

from __future__ import annotations

import io
import json
import urllib.request
from types import SimpleNamespace
from typing import Any

import pytest

from preflight.cloudformation.providers import Said, _custom_own, _custom_protocol
from preflight.cloudformation.providers._custom_sdk import service_of

TOKEN = "arn:aws:lambda:us-east-1:123456789012:function:mine"


class Lambda:
    """A Lambda that runs Python callables by function ARN, and keeps what they were told."""

    def __init__(self) -> None:
        self.functions: dict[str, Any] = {}
        self.configuration: dict[str, dict[str, Any]] = {}
        self.told: list[dict[str, Any]] = []
        self.exceptions = SimpleNamespace(ResourceNotFoundException=KeyError)

    def serve(self, arn: str, handler: Any, **configuration: Any) -> None:
        self.functions[arn] = handler
        self.configuration[arn] = {"Runtime": "python3.13", **configuration}

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:
        return self.configuration[FunctionName]

    def invoke(self, FunctionName: str, Payload: bytes = b"null", InvocationType: str = "") -> dict[str, Any]:
        event = json.loads(Payload)
        self.told.append(event)
        try:
            body, error = self.functions[FunctionName](event), {}
        except ArithmeticError as raised:
            body, error = {"errorMessage": str(raised)}, {"FunctionError": "Unhandled"}
        return {"Payload": io.BytesIO(json.dumps(body).encode()), **error}


@pytest.fixture
def lambda_(bench, monkeypatch):
    served = Lambda()
    real = type(bench).client
    monkeypatch.setattr(
        type(bench),
        "client",
        lambda self, service, region=None: served if service == "lambda" else real(self, service, region),
    )
    monkeypatch.setattr(_custom_protocol, "LATE", 0.1)
    return served


def put(event: dict[str, Any], **answer: Any) -> None:
    """Answer as the cfnresponse module does."""
    body = json.dumps({"Status": "SUCCESS", "PhysicalResourceId": "it", **answer}).encode()
    request = urllib.request.Request(event["ResponseURL"], data=body, headers={"content-type": ""}, method="PUT")
    urllib.request.urlopen(request).close()


def test_a_function_is_asked_with_everything_as_text(bench, lambda_):
    lambda_.serve(TOKEN, lambda event: put(event, Data={"Url": "u", "Count": 3, "On": True}))
    declared = {"ServiceToken": TOKEN, "Size": 3, "On": False, "List": [1, {"a": 2.5}]}
    made = bench.make("Custom::Mine", "Mine", **declared)
    assert (made.ref, made.made.attributes, made.unapplied) == ("it", {"Url": "u", "Count": "3", "On": "true"}, ())
    event = lambda_.told[0]
    texts = {"ServiceToken": TOKEN, "Size": "3", "On": "false", "List": ["1", {"a": "2.5"}]}
    assert (event["RequestType"], event["ResourceType"], event["ResourceProperties"]) == (
        "Create",
        "Custom::Mine",
        texts,
    )
    assert event["ResponseURL"].startswith("http://localhost:")
    assert {"StackId", "RequestId", "LogicalResourceId"} < event.keys()
    assert "PhysicalResourceId" not in event

    changed = bench.change(made, **{**declared, "Size": 4})
    event = lambda_.told[1]
    assert (event["RequestType"], event["PhysicalResourceId"]) == ("Update", "it")
    assert (event["ResourceProperties"]["Size"], event["OldResourceProperties"]["Size"]) == ("4", "3")
    bench.delete(changed)
    assert [each["RequestType"] for each in lambda_.told] == ["Create", "Update", "Delete"]
    with pytest.raises(Said, match=r"Modifying service token is not allowed\."):
        bench.change(made, **{**declared, "ServiceToken": f"{TOKEN}2"})


def test_failed_is_a_failure_with_its_reason_and_is_cleaned_up(bench, lambda_):
    lambda_.serve(TOKEN, lambda event: put(event, Status="FAILED", Reason="no room"))
    with pytest.raises(
        Said, match=r"Received response status \[FAILED\] from custom resource\. Message returned: no room \(Requ"
    ):
        bench.make("AWS::CloudFormation::CustomResource", "Mine", ServiceToken=TOKEN)
    assert [each["RequestType"] for each in lambda_.told] == ["Create", "Delete"]


def test_silence_is_a_failure(bench, lambda_):
    lambda_.serve(TOKEN, lambda event: None)
    with pytest.raises(Said, match="did not receive a response from your Custom Resource"):
        bench.make("Custom::Mine", "Mine", ServiceToken=TOKEN)
    assert len(lambda_.told) == 1


def test_what_raises_is_tried_as_often_as_lambda_would(bench, lambda_):
    lambda_.serve(TOKEN, lambda event: 1 / 0)
    with pytest.raises(Said, match="did not receive a response"):
        bench.make("Custom::Mine", "Mine", ServiceToken=TOKEN)
    assert len(lambda_.told) == 3


def test_too_long_an_answer_is_refused(bench, lambda_):
    lambda_.serve(TOKEN, lambda event: put(event, Data={"Text": "x" * 5000}))
    with pytest.raises(Said, match="Response object is too long"):
        bench.make("Custom::Mine", "Mine", ServiceToken=TOKEN)


def test_a_function_that_is_not_there_or_not_python(bench, lambda_):
    with pytest.raises(Said, match="Function not found: arn"):
        bench.make("Custom::Mine", "Mine", ServiceToken=TOKEN)
    lambda_.serve(TOKEN, lambda event: None, Runtime="nodejs22.x")
    made = bench.make("Custom::Mine", "Mine", ServiceToken=TOKEN, Size=1)
    assert made.made.recorded
    assert made.unapplied == ("ServiceToken", "Size")
    bench.delete(made)
    assert lambda_.told == []


def framework(lambda_, on_event, is_complete=None):
    variables = {"USER_ON_EVENT_FUNCTION_ARN": f"{TOKEN}-event"}
    lambda_.serve(f"{TOKEN}-event", on_event)
    if is_complete is not None:
        variables["USER_IS_COMPLETE_FUNCTION_ARN"] = f"{TOKEN}-complete"
        lambda_.serve(f"{TOKEN}-complete", is_complete)
    lambda_.serve(TOKEN, None, Runtime="nodejs22.x", Environment={"Variables": variables})


def test_the_provider_framework_asks_both_functions(bench, lambda_):
    asked = []

    def is_complete(event):
        asked.append(event)
        return {"IsComplete": len(asked) > 2, **({"Data": {"Ready": "yes"}} if len(asked) > 2 else {})}

    framework(lambda_, lambda event: {"PhysicalResourceId": "table-1", "Data": {"Name": "t"}}, is_complete)
    made = bench.make("Custom::Table", "Mine", ServiceToken=TOKEN, Name="t")
    assert (made.ref, made.made.attributes) == ("table-1", {"Name": "t", "Ready": "yes"})
    assert (asked[0]["PhysicalResourceId"], asked[0]["Data"], asked[0]["RequestType"]) == (
        "table-1",
        {"Name": "t"},
        "Create",
    )
    assert lambda_.told[0]["ResponseURL"] == "..."


def test_what_the_framework_refuses(bench, lambda_, monkeypatch):
    monkeypatch.setattr(_custom_own, "PATIENCE", 0.1)
    framework(lambda_, lambda event: {}, lambda event: {"IsComplete": False})
    with pytest.raises(Said, match="Operation timed out"):
        bench.make("Custom::Table", "Mine", ServiceToken=TOKEN)
    framework(lambda_, lambda event: {}, lambda event: {"IsComplete": False, "Data": {"a": "b"}})
    with pytest.raises(Said, match='"Data" is not allowed'):
        bench.make("Custom::Table", "Mine", ServiceToken=TOKEN)
    framework(lambda_, lambda event: 1 / 0)
    with pytest.raises(Said, match="Error: division by zero\n\nLogs: /aws/lambda/mine-event"):
        bench.make("Custom::Table", "Mine", ServiceToken=TOKEN)
    framework(lambda_, lambda event: None)
    made = bench.make("Custom::Table", "Mine", ServiceToken=TOKEN)
    assert len(made.ref) == 36, "the request's id, where onEvent names none"
    framework(lambda_, lambda event: {"PhysicalResourceId": "another"})
    with pytest.raises(Said, match="cannot change the physical resource ID"):
        bench.delete(made)


def test_a_topic_is_told(bench, lambda_, monkeypatch):
    monkeypatch.setattr(_custom_protocol, "PATIENCE", 0.1)
    topic = bench.client("sns").create_topic(Name="requests")["TopicArn"]
    queue = bench.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    bench.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:q")
    with pytest.raises(Said, match="did not receive"):
        bench.make("Custom::Mine", "Mine", ServiceToken=topic)
    body = json.loads(bench.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    assert body["Subject"] == "AWS CloudFormation custom resource request"
    assert json.loads(body["Message"])["RequestType"] == "Create"


def call(**wanted: Any) -> str:
    return json.dumps(wanted)


def parameter(value: str, **more: Any) -> str:
    told = {"Name": "/a", "Value": value, "Type": "String", "Overwrite": "true"}
    return call(service="SSM", action="putParameter", parameters=told, physicalResourceId={"id": "a"}, **more)


def test_an_sdk_call_is_made_for_each_request(bench, lambda_):
    ssm = bench.client("ssm")
    declared = {
        "ServiceToken": TOKEN,
        "InstallLatestAwsSdk": True,
        "Create": parameter("1"),
        "Update": parameter("2"),
        "Delete": call(service="@aws-sdk/client-ssm", action="DeleteParameterCommand", parameters={"Name": "/a"}),
    }
    made = bench.make("Custom::AWS", "Call", **declared)
    assert (made.ref, made["Version"], made.unapplied) == ("a", "1", ())
    assert ssm.get_parameter(Name="/a")["Parameter"]["Value"] == "1"
    changed = bench.change(made, **declared)
    assert (ssm.get_parameter(Name="/a")["Parameter"]["Value"], changed["region"]) == ("2", "us-east-1")
    bench.delete(changed)
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="/a")
    with pytest.raises(Said, match="Received response status"):
        bench.delete(changed)


def test_what_an_sdk_call_answers_with(bench, lambda_):
    bench.client("s3").create_bucket(Bucket="here")
    bench.client("s3").put_object(Bucket="here", Key="k", Body=b"text")

    def ask(**wanted: Any) -> Any:
        create = call(service="S3", **wanted)
        return bench.make("Custom::Word", "Call", ServiceToken=TOKEN, InstallLatestAwsSdk="false", Create=create)

    every = ask(action="listBuckets", physicalResourceId={"responsePath": "Buckets.0.Name"})
    assert every.ref == "here"
    assert "Buckets.0.CreationDate" not in every.made.attributes, "a date has no place in the flat answer"
    some = ask(action="getObject", parameters={"Bucket": "here", "Key": "k"}, outputPaths=["Body"])
    assert (some.ref, some.made.attributes) == ("Call", {"Body": "text"})
    ignored = ask(action="getObject", parameters={"Bucket": "nowhere", "Key": "k"}, ignoreErrorCodesMatching="NoSuch.*")
    assert ignored.made.attributes == {}
    with pytest.raises(Said, match="The specified bucket does not exist"):
        ask(action="getObject", parameters={"Bucket": "nowhere", "Key": "k"})
    with pytest.raises(Said, match="Unable to find command named: FlyCommand for action: fly"):
        ask(action="fly")
    marked = call(service="S3", action="deleteObject", parameters={"Bucket": "here", "Key": "PHYSICAL:RESOURCEID:"})
    made = bench.make(
        "Custom::Word",
        "Call",
        ServiceToken=TOKEN,
        InstallLatestAwsSdk="false",
        Create=call(service="S3", action="listBuckets", physicalResourceId={"id": "k"}),
        Delete=marked,
    )
    bench.delete(made)
    assert bench.client("s3").list_objects_v2(Bucket="here")["KeyCount"] == 0


def test_a_call_that_nothing_here_answers_is_recorded(bench, lambda_):
    for service, action in (("Grafana", "listWorkspaces"), ("LakeFormation", "searchTablesByLFTags")):
        expression = {"Expression": [{"TagKey": "a", "TagValues": ["b"]}]} if service == "LakeFormation" else {}
        create = call(service=service, action=action, parameters=expression)
        made = bench.make("Custom::AWS", "Call", ServiceToken=TOKEN, InstallLatestAwsSdk=False, Create=create)
        assert made.made.recorded
        bench.delete(made)


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("CloudWatchLogs", "logs"),
        ("@aws-sdk/client-cloudwatch-logs", "logs"),
        ("CognitoIdentityServiceProvider", "cognito-idp"),
        ("ELBv2", "elbv2"),
        ("@aws-sdk/client-elastic-load-balancing-v2", "elbv2"),
        ("EventBridge", "events"),
        ("StepFunctions", "stepfunctions"),
        ("client-sfn", "stepfunctions"),
        ("DynamoDB", "dynamodb"),
        ("EC2", "ec2"),
        ("ApplicationAutoScaling", "application-autoscaling"),
    ],
)
def test_javascripts_names_of_services(name, service):
    assert service_of(f"@aws-sdk/{name}" if name.startswith("client-") else name) == service
