"""boto3 speaks to our CloudFormation as it speaks to AWS's, errors included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from preflight.cloudformation.capabilities import required
from preflight.cloudformation.nested import bucket_and_key
from preflight.clouds.offline import OfflineCloud
from preflight.template import Template


@pytest.fixture(scope="module")
def running() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


@pytest.fixture
def cloud(running: OfflineCloud) -> OfflineCloud:
    running.reset()
    return running


@pytest.fixture
def cf(cloud: OfflineCloud) -> Any:
    return cloud.client("cloudformation")


def body(value: str = "one", *, outputs: dict[str, Any] | None = None, **more: Any) -> str:
    setting = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/setting", "Type": "String", "Value": value}}
    sections = {"Outputs": outputs} if outputs else {}
    return json.dumps({"Description": "Settings", "Resources": {"Setting": setting, **more}, **sections})


def create(cf: Any, name: str = "Notes", text: str | None = None, **rest: Any) -> None:
    cf.create_stack(StackName=name, TemplateBody=text or body(), **rest)
    cf.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


def fault(cf: Any, operation: str, **asked: Any) -> tuple[str, str]:
    with pytest.raises(cf.exceptions.ClientError) as caught:
        getattr(cf, operation)(**asked)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_stack_lives_and_dies(cf: Any, cloud: OfflineCloud) -> None:
    output = {"Name": {"Value": {"Ref": "Setting"}, "Export": {"Name": "setting"}, "Description": "its name"}}
    create(cf, text=body(outputs=output), Tags=[{"Key": "a", "Value": "b"}])
    stack = cf.describe_stacks(StackName="Notes")["Stacks"][0]
    assert (stack["StackStatus"], stack["Description"]) == ("CREATE_COMPLETE", "Settings")
    assert stack["Tags"] == [{"Key": "a", "Value": "b"}]
    assert stack["Outputs"] == [
        {"OutputKey": "Name", "OutputValue": "/setting", "Description": "its name", "ExportName": "setting"}
    ]
    assert cf.list_exports()["Exports"][0]["Value"] == "/setting"
    assert cloud.client("ssm").get_parameter(Name="/setting")["Parameter"]["Value"] == "one"

    cf.update_stack(StackName="Notes", TemplateBody=body("two"))
    cf.get_waiter("stack_update_complete").wait(StackName="Notes", WaiterConfig={"Delay": 1})
    assert cloud.client("ssm").get_parameter(Name="/setting")["Parameter"]["Value"] == "two"
    assert "Outputs" not in cf.describe_stacks(StackName="Notes")["Stacks"][0]

    cf.delete_stack(StackName="Notes")
    cf.get_waiter("stack_delete_complete").wait(StackName="Notes", WaiterConfig={"Delay": 1})
    assert cloud.client("ssm").describe_parameters()["Parameters"] == []
    assert cf.describe_stacks()["Stacks"] == []
    assert cf.describe_stacks(StackName=stack["StackId"])["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert cf.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"][0]["StackName"] == "Notes"


def test_errors_are_cloudformations_own(cf: Any) -> None:
    create(cf)
    assert fault(cf, "describe_stacks", StackName="Nope") == ("ValidationError", "Stack with id Nope does not exist")
    assert fault(cf, "create_stack", StackName="Notes", TemplateBody=body())[0] == "AlreadyExistsException"
    assert fault(cf, "update_stack", StackName="Notes", TemplateBody=body()) == (
        "ValidationError",
        "No updates are to be performed.",
    )
    assert fault(cf, "create_stack", StackName="9", TemplateBody=body())[0] == "ValidationError"
    assert "JSON not well-formed" in fault(cf, "create_stack", StackName="X", TemplateBody='{"a": [}')[1]
    unknown = json.dumps({"Resources": {"A": {"Type": "AWS::S3::Buket"}}})
    assert "Unrecognized resource types" in fault(cf, "create_stack", StackName="X", TemplateBody=unknown)[1]
    assert "must be specified" in fault(cf, "create_stack", StackName="X")[1]
    assert fault(cf, "describe_change_set", ChangeSetName="c", StackName="Notes")[0] == "ChangeSetNotFound"
    missing = "Resource Gone does not exist for stack Notes"
    assert fault(cf, "describe_stack_resource", StackName="Notes", LogicalResourceId="Gone")[1] == missing
    assert fault(cf, "list_imports", ExportName="x")[1] == "Export 'x' is not imported by any stack."


def test_capabilities_are_asked_for(cf: Any) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
    role: dict[str, Any] = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    assert fault(cf, "create_stack", StackName="X", TemplateBody=body(Role=role)) == (
        "InsufficientCapabilitiesException",
        "Requires capabilities : [CAPABILITY_IAM]",
    )
    role["Properties"]["RoleName"] = "r"
    named = fault(cf, "create_stack", StackName="X", TemplateBody=body(Role=role), Capabilities=["CAPABILITY_IAM"])
    assert named[1] == "Requires capabilities : [CAPABILITY_NAMED_IAM]"
    create(cf, text=body(Role=role), Capabilities=["CAPABILITY_NAMED_IAM"])
    assert required(Template.parse(body())) == ([], "")


def test_events_come_newest_first_and_in_pages(cf: Any) -> None:
    many = {f"T{n}": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "x"}} for n in range(40)}
    create(cf, text=json.dumps({"Resources": many}))
    pages = list(cf.get_paginator("describe_stack_events").paginate(StackName="Notes"))
    events = [event for page in pages for event in page["StackEvents"]]
    assert len(pages) == 2
    assert len(events) == 2 + 3 * 40
    assert events[0]["ResourceStatus"] == "CREATE_COMPLETE" and events[0]["LogicalResourceId"] == "Notes"
    assert events[-1]["ResourceStatusReason"] == "User Initiated"
    times = [event["Timestamp"] for event in events]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == len(times)
    assert len(cf.describe_events(StackName="Notes")["OperationEvents"]) == 100


def test_a_failed_create_rolls_back_and_says_why(cf: Any, cloud: OfflineCloud) -> None:
    cloud.client("ssm").put_parameter(Name="/taken", Value="x", Type="String")
    taken = {
        "Type": "AWS::SSM::Parameter",
        "DependsOn": "Setting",
        "Properties": {"Name": "/taken", "Type": "String", "Value": "y"},
    }
    cf.create_stack(StackName="Notes", TemplateBody=body(Taken=taken))
    cloud.cloudformation.wait()
    assert cf.describe_stacks(StackName="Notes")["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    failed = [
        e for e in cf.describe_stack_events(StackName="Notes")["StackEvents"] if e["ResourceStatus"] == "CREATE_FAILED"
    ]
    assert [each["LogicalResourceId"] for each in failed] == ["Taken"]
    assert "already exists" in failed[0]["ResourceStatusReason"]
    names = [each["Name"] for each in cloud.client("ssm").describe_parameters()["Parameters"]]
    assert names == ["/taken"]
    assert (
        "ROLLBACK_COMPLETE state and can not be updated"
        in fault(cf, "update_stack", StackName="Notes", TemplateBody=body())[1]
    )


def test_change_sets_tell_and_do(cf: Any, cloud: OfflineCloud) -> None:
    cf.create_change_set(StackName="Notes", ChangeSetName="new", ChangeSetType="CREATE", TemplateBody=body())
    made = cf.describe_change_set(StackName="Notes", ChangeSetName="new", IncludePropertyValues=True)
    assert (made["Status"], made["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert made["Changes"][0]["ResourceChange"]["Action"] == "Add"
    assert json.loads(made["Changes"][0]["ResourceChange"]["AfterContext"])["Properties"]["Value"] == "one"
    cf.execute_change_set(StackName="Notes", ChangeSetName="new")
    cf.get_waiter("stack_create_complete").wait(StackName="Notes", WaiterConfig={"Delay": 1})

    cf.create_change_set(StackName="Notes", ChangeSetName="next", TemplateBody=body("two"))
    change = cf.describe_change_set(StackName="Notes", ChangeSetName="next")["Changes"][0]["ResourceChange"]
    assert (change["Action"], change["Replacement"], change["Scope"]) == ("Modify", "False", ["Properties"])
    target = change["Details"][0]["Target"]
    assert (target["Name"], target["Path"], target["RequiresRecreation"]) == ("Value", "/Properties/Value", "Never")
    assert [each["ChangeSetName"] for each in cf.list_change_sets(StackName="Notes")["Summaries"]] == ["new", "next"]
    cf.delete_change_set(StackName="Notes", ChangeSetName="next")
    assert cloud.client("ssm").get_parameter(Name="/setting")["Parameter"]["Value"] == "one"

    cf.create_change_set(StackName="Notes", ChangeSetName="same", TemplateBody=body())
    same = cf.describe_change_set(StackName="Notes", ChangeSetName="same")
    assert same["Status"] == "FAILED"
    assert same["StatusReason"].startswith("The submitted information didn't contain changes.")


def test_templates_come_back_as_they_were_given(cf: Any) -> None:
    text = """
Description: by hand
Resources:
  S:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !Sub x}
"""
    create(cf, text=text)
    assert cf.get_template(StackName="Notes", TemplateStage="Original")["TemplateBody"] == text
    summary = cf.get_template_summary(StackName="Notes")
    assert summary["ResourceTypes"] == ["AWS::SSM::Parameter"]
    assert summary["ResourceIdentifierSummaries"][0]["ResourceIdentifiers"] == ["Name"]
    assert cf.validate_template(TemplateBody=text)["Description"] == "by hand"
    dangling = json.dumps({"Resources": {"A": {"Type": "AWS::S3::Bucket", "DependsOn": "B"}}})
    assert "Unresolved resource dependencies [B]" in fault(cf, "validate_template", TemplateBody=dangling)[1]


def test_parameters_are_shown_looked_up_and_hidden(cf: Any, cloud: OfflineCloud) -> None:
    cloud.client("ssm").put_parameter(Name="/image", Value="ami-1", Type="String")
    parameters = {
        "Open": {"Type": "String", "Default": "o"},
        "Secret": {"Type": "String", "NoEcho": True},
        "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/image"},
    }
    setting = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": {"Fn::Sub": "${Open} ${Secret} ${Image}"}},
    }
    text = json.dumps(
        {
            "Parameters": parameters,
            "Resources": {"S": setting},
            "Outputs": {"V": {"Value": {"Fn::GetAtt": ["S", "Value"]}}},
        }
    )
    assert "Parameters: [Secret] must have values" in fault(cf, "create_stack", StackName="Notes", TemplateBody=text)[1]
    create(cf, text=text, Parameters=[{"ParameterKey": "Secret", "ParameterValue": "hush"}])
    stack = cf.describe_stacks(StackName="Notes")["Stacks"][0]
    shown = {each["ParameterKey"]: each for each in stack["Parameters"]}
    assert shown["Secret"]["ParameterValue"] == "****"
    assert (shown["Image"]["ParameterValue"], shown["Image"]["ResolvedValue"]) == ("/image", "ami-1")
    assert stack["Outputs"][0]["OutputValue"] == "o hush ami-1"
    cf.update_stack(
        StackName="Notes",
        UsePreviousTemplate=True,
        Parameters=[
            {"ParameterKey": "Open", "ParameterValue": "p"},
            {"ParameterKey": "Secret", "UsePreviousValue": True},
        ],
    )
    cloud.cloudformation.wait()
    assert cf.describe_stacks(StackName="Notes")["Stacks"][0]["Outputs"][0]["OutputValue"] == "p hush ami-1"
    missing = text.replace("/image", "/nothing")
    said = fault(
        cf,
        "create_stack",
        StackName="Other",
        TemplateBody=missing,
        Parameters=[{"ParameterKey": "Secret", "ParameterValue": "x"}],
    )
    assert "Unable to fetch parameters [/nothing] from parameter store" in said[1]


def test_a_template_can_lie_in_a_bucket(cf: Any, cloud: OfflineCloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="a/b.json", Body=body().encode())
    cf.create_stack(StackName="Notes", TemplateURL="https://templates.s3.us-east-1.amazonaws.com/a/b.json")
    assert cf.get_template(StackName="Notes")["TemplateBody"] == json.loads(body())
    nowhere = fault(cf, "create_stack", StackName="X", TemplateURL="https://s3.amazonaws.com/templates/nothing")
    assert nowhere == ("ValidationError", "S3 error: The specified key does not exist.")


@pytest.mark.parametrize(
    "url",
    [
        "https://b.s3.amazonaws.com/k/l",
        "https://b.s3.us-east-1.amazonaws.com/k/l",
        "https://s3.us-east-1.amazonaws.com/b/k/l",
        "https://b.s3.cn-north-1.amazonaws.com.cn/k/l",
        "http://localhost:5000/b/k/l",
        "http://127.0.0.1:5000/b/k/l",
        "http://b.localhost:5000/k/l",
    ],
)
def test_buckets_are_read_out_of_every_kind_of_url(url: str) -> None:
    assert bucket_and_key(url) == ("b", "k/l")


def test_resources_are_described(cf: Any) -> None:
    create(cf)
    described = cf.describe_stack_resources(StackName="Notes")["StackResources"]
    assert [(each["LogicalResourceId"], each["PhysicalResourceId"]) for each in described] == [("Setting", "/setting")]
    assert cf.describe_stack_resources(PhysicalResourceId="/setting")["StackResources"][0]["StackName"] == "Notes"
    detail = cf.describe_stack_resource(StackName="Notes", LogicalResourceId="Setting")["StackResourceDetail"]
    assert detail["ResourceStatus"] == "CREATE_COMPLETE"
    assert len(cf.list_stack_resources(StackName="Notes")["StackResourceSummaries"]) == 1


def test_a_stack_can_be_protected(cf: Any) -> None:
    create(cf, EnableTerminationProtection=True)
    assert "TerminationProtection is enabled" in fault(cf, "delete_stack", StackName="Notes")[1]
    cf.update_termination_protection(StackName="Notes", EnableTerminationProtection=False)
    cf.delete_stack(StackName="Notes")
    assert cf.describe_stacks()["Stacks"] == []


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Statement": [{"Principal": "*", "Resource": "*", **each} for each in statements]})


ALLOW_ALL = {"Effect": "Allow", "Action": "Update:*"}


@pytest.mark.parametrize(
    ("statements", "template", "said"),
    [
        ([ALLOW_ALL], body("two"), None),
        ([{**ALLOW_ALL, "Action": "Update:Delete"}], body("two"), "no statement allows Update:Modify on Setting"),
        ([ALLOW_ALL, {"Effect": "Deny", "Action": "Update:*", "Resource": "LogicalResourceId/Set*"}], body("two"),
         "Statement [#2] denies Update:Modify on Setting"),
        ([ALLOW_ALL, {"Effect": "Deny", "Action": "Update:Replace"}], body("two"), None),
        ([ALLOW_ALL, {"Effect": "Deny", "NotAction": "Update:Modify"}], body().replace("/setting", "/other"),
         "Statement [#2] denies Update:Replace on Setting"),
        ([ALLOW_ALL, {"Effect": "Deny", "Action": "Update:*", "Condition": {"StringLike": {
            "ResourceType": ["AWS::SSM::*"]}}}], json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}),
         "Statement [#2] denies Update:Delete on Setting"),
    ],
)  # fmt: skip
def test_a_stack_policy_rules_updates_out(
    cf: Any, cloud: OfflineCloud, statements: Any, template: str, said: Any
) -> None:
    create(cf, StackPolicyBody=policy(*statements))
    assert json.loads(cf.get_stack_policy(StackName="Notes")["StackPolicyBody"])["Statement"]
    cf.update_stack(StackName="Notes", TemplateBody=template)
    cloud.cloudformation.wait()
    status = cf.describe_stacks(StackName="Notes")["Stacks"][0]["StackStatus"]
    assert status == ("UPDATE_ROLLBACK_COMPLETE" if said else "UPDATE_COMPLETE")
    if said:
        reasons = [
            each.get("ResourceStatusReason", "") for each in cf.describe_stack_events(StackName="Notes")["StackEvents"]
        ]
        assert any(said in each for each in reasons), reasons
        cf.update_stack(StackName="Notes", TemplateBody=template, StackPolicyDuringUpdateBody=policy(ALLOW_ALL))
        cloud.cloudformation.wait()
        assert cf.describe_stacks(StackName="Notes")["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE"


@pytest.mark.parametrize("text", ["{}", "no", policy({"Effect": "Maybe", "Action": "Update:*"}), policy(
    {"Effect": "Deny", "Action": "Update:Everything"}), policy({**ALLOW_ALL, "Principal": "me"})])  # fmt: skip
def test_a_stack_policy_that_is_none_is_refused(cf: Any, text: str) -> None:
    create(cf)
    assert "Error validating stack policy" in fault(cf, "set_stack_policy", StackName="Notes", StackPolicyBody=text)[1]
    assert "StackPolicyBody" not in cf.get_stack_policy(StackName="Notes")


def test_what_cannot_be_done_here_is_said(cf: Any) -> None:
    create(cf)
    signal = {"StackName": "Notes", "LogicalResourceId": "Setting", "UniqueId": "1", "Status": "SUCCESS"}
    assert "CREATE_COMPLETE state and cannot be signaled" in fault(cf, "signal_resource", **signal)[1]
    assert "cannot be called from current stack status" in fault(cf, "cancel_update_stack", StackName="Notes")[1]
    assert "Drift is not detected" in fault(cf, "detect_stack_drift", StackName="Notes")[1]
    long = body("x" * 52_000)
    assert "less than or equal to 51200" in fault(cf, "create_stack", StackName="Long", TemplateBody=long)[1]


def test_the_ledger_is_in_the_events(cf: Any, cloud: OfflineCloud) -> None:
    fleet = {"Type": "AWS::GameLift::Fleet", "Properties": {"Name": "f"}}
    create(cf, text=body(Fleet=fleet))
    events = cf.describe_stack_events(StackName="Notes")["StackEvents"]
    reasons = {each["LogicalResourceId"]: each.get("ResourceStatusReason") for each in reversed(events)}
    assert reasons["Fleet"] == "recorded, not emulated" and reasons["Setting"] is None


def test_the_registry_can_be_listed(cf: Any) -> None:
    pages = cf.get_paginator("list_types").paginate(Visibility="PUBLIC", Filters={"TypeNamePrefix": "AWS::SNS::"})
    names = [each["TypeName"] for page in pages for each in page["TypeSummaries"]]
    assert "AWS::SNS::Topic" in names and all(each.startswith("AWS::SNS::") for each in names)


def test_the_same_token_is_the_same_request(cf: Any) -> None:
    first = cf.create_stack(StackName="Notes", TemplateBody=body(), ClientRequestToken="t")["StackId"]
    assert cf.create_stack(StackName="Notes", TemplateBody=body(), ClientRequestToken="t")["StackId"] == first


def test_types_are_described(cf: Any) -> None:
    schema = json.loads(cf.describe_type(Type="RESOURCE", TypeName="AWS::S3::Bucket")["Schema"])
    assert schema["primaryIdentifier"] == ["/properties/BucketName"]
    assert fault(cf, "describe_type", Type="RESOURCE", TypeName="AWS::S3::Buket")[0] == "TypeNotFoundException"
