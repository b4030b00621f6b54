"""A stack within a stack: up, changed, rolled back and away with its parent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from preflight.cloudformation.nested import bucket_and_key
from preflight.clouds.offline import OfflineCloud
from preflight.errors import DeployFailed, Refused
from preflight.template import Template

FAILS = {
    "Type": "AWS::SQS::QueuePolicy",
    "Properties": {"Queues": ["http://no/1/no"], "PolicyDocument": {"Statement": []}},
}


@pytest.fixture(scope="module")
def running() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


@pytest.fixture
def cloud(running: OfflineCloud) -> OfflineCloud:
    running.reset()
    running.client("s3").create_bucket(Bucket="templates")
    return running


def put(cloud: OfflineCloud, key: str, **resources: Any) -> str:
    """A template in the bucket of templates, each queue's URL an output; its URL."""
    body = {
        "Parameters": {
            "Name": {"Type": "String", "Default": "q"},
            "Zones": {"Type": "CommaDelimitedList", "Default": ""},
        },
        "Resources": resources,
        "Outputs": {name: {"Value": {"Ref": name}} for name in resources},
    }  # fmt: skip
    cloud.client("s3").put_object(Bucket="templates", Key=key, Body=json.dumps(body))
    return f"https://templates.s3.us-east-1.amazonaws.com/{key}"


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}, **properties}}


def parent(url: str, *, parameters: dict[str, Any] | None = None, **more: Any) -> Template:
    nested = {"TemplateURL": url, "Parameters": parameters or {"Name": "first"}}
    outputs = {"Url": {"Value": {"Fn::GetAtt": ["Nested", "Outputs.Queue"]}}}
    resources = {"Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": nested}, **more}
    return Template.load({"Resources": resources, "Outputs": outputs})


def queues(cloud: OfflineCloud) -> list[str]:
    return [url.rpartition("/")[2] for url in cloud.client("sqs").list_queues().get("QueueUrls", ())]


def test_it_is_a_stack_of_its_own_with_parameters_tags_and_outputs(cloud: OfflineCloud) -> None:
    url = put(cloud, "a", Queue=queue())
    api = cloud.client("cloudformation")
    stack = cloud.deploy_template(
        "Top", parent(url, parameters={"Name": "first", "Zones": ["a", "b"]}), tags={"t": "1"}
    )
    child = stack.nested["Nested"]
    assert stack.outputs["Url"].endswith("/first") and queues(cloud) == ["first"]
    assert child.values["Zones"] == ["a", "b"] and child.name.startswith("Top-Nested-")
    told = api.describe_stacks(StackName=child.stack_id)["Stacks"][0]
    assert (told["ParentId"], told["RootId"]) == (stack.stack_id, stack.stack_id)
    assert told["Tags"] == [{"Key": "t", "Value": "1"}] and told["StackStatus"] == "CREATE_COMPLETE"
    tags = cloud.client("sqs").list_queue_tags(QueueUrl=stack.outputs["Url"])["Tags"]
    assert tags["t"] == "1"
    assert stack.resources["Nested"].physical_id == child.stack_id and stack.resources["Nested"].state == "emulated"

    design = cloud.deployment(stack).design
    assert [each.logical_id for each in design.of_type("AWS::SQS::Queue")] == ["Nested/Queue"]
    assert design.resources["Nested/Queue"].physical_id.endswith("/first")
    assert [each.type for each in cloud.deployment(stack).resources][-1] == "AWS::SQS::Queue"

    from preflight.clouds.live import LiveCloud

    live = LiveCloud(endpoint_url=cloud.serve(), region="us-east-1").attach("Top")
    assert live.design.resources["Nested/Queue"].physical_id.endswith("/first")
    assert [each.type for each in live.resources][-1] == "AWS::SQS::Queue"

    cloud.delete("Top")
    assert queues(cloud) == [] and {each.status for each in cloud.cloudformation.stacks} == {"DELETE_COMPLETE"}


def test_it_changes_with_its_parent(cloud: OfflineCloud) -> None:
    url = put(cloud, "a", Queue=queue())
    child = cloud.deploy_template("Top", parent(url)).nested["Nested"]
    again = put(cloud, "b", Queue=queue(DelaySeconds=5), More=queue(QueueName="more"))
    stack = cloud.deploy_template("Top", parent(again))
    assert stack.nested["Nested"] is child and child.status == "UPDATE_COMPLETE"
    assert sorted(queues(cloud)) == ["first", "more"]
    # another name is another queue: the old one goes when the parent cleans up
    stack = cloud.deploy_template("Top", parent(again, parameters={"Name": "second"}))
    assert sorted(queues(cloud)) == ["more", "second"] and stack.outputs["Url"].endswith("/second")


def test_what_fails_inside_is_told_outside_and_nothing_stays(cloud: OfflineCloud) -> None:
    url = put(cloud, "a", Queue=queue(), Bad={**FAILS, "DependsOn": "Queue"})
    with pytest.raises(
        DeployFailed, match=r"Nested \(AWS::CloudFormation::Stack\) could not be made: Bad in it: "
    ) as said:
        cloud.deploy_template("Top", parent(url))
    assert "was not successfully created: The following resource(s) failed to create: [Bad]." in said.value.reason
    assert queues(cloud) == [] and [each.status for each in cloud.cloudformation.stacks] == [
        "ROLLBACK_COMPLETE", "DELETE_COMPLETE",
    ]  # fmt: skip


def test_an_update_that_fails_inside_goes_back_inside(cloud: OfflineCloud) -> None:
    url = put(cloud, "a", Queue=queue())
    child = cloud.deploy_template("Top", parent(url)).nested["Nested"]
    broken = put(cloud, "b", Queue=queue(QueueName="third"), Bad={**FAILS, "DependsOn": "Queue"})
    with pytest.raises(DeployFailed, match="Bad in it"):
        cloud.deploy_template("Top", parent(broken))
    assert queues(cloud) == ["first"] and child.status == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.cloudformation.get("Top").status == "UPDATE_ROLLBACK_COMPLETE"


def test_an_update_that_fails_beside_goes_back_inside_too(cloud: OfflineCloud) -> None:
    url = put(cloud, "a", Queue=queue())
    child = cloud.deploy_template("Top", parent(url)).nested["Nested"]
    other = put(cloud, "b", Queue=queue(QueueName="third"))
    with pytest.raises(DeployFailed):
        cloud.deploy_template("Top", parent(other, Bad={**FAILS, "DependsOn": "Nested"}))
    assert queues(cloud) == ["first"] and child.status == "UPDATE_ROLLBACK_COMPLETE"
    stack = cloud.cloudformation.get("Top")
    assert stack.outputs["Url"].endswith("/first") and stack.resources["Nested"].attributes["Outputs.Queue"].endswith(
        "/first"
    )
    cloud.delete("Top")
    assert queues(cloud) == []


def test_what_is_made_inside_has_to_be_acknowledged_outside(cloud: OfflineCloud) -> None:
    group = {"Type": "AWS::IAM::Group"}
    api, text = cloud.client("cloudformation"), json.dumps(parent(put(cloud, "a", Queue=queue(), Group=group)).body)
    for given, status in ([], "ROLLBACK_COMPLETE"), (["CAPABILITY_IAM"], "CREATE_COMPLETE"):
        api.create_stack(StackName="Top", TemplateBody=text, Capabilities=given)
        cloud.cloudformation.wait()
        stack = cloud.cloudformation.get("Top")
        assert stack.status == status
        said = [each.reason or "" for each in stack.events]
        assert any("Requires capabilities : [CAPABILITY_IAM]" in each for each in said) == (not given)
        cloud.delete("Top")


def test_a_change_set_knows_that_outputs_may_change(cloud: OfflineCloud) -> None:
    setting = {"Type": "AWS::SSM::Parameter", "Properties": {
        "Type": "String", "Value": {"Fn::GetAtt": ["Nested", "Outputs.Queue"]}}}  # fmt: skip
    cloud.deploy_template("Top", parent(put(cloud, "a", Queue=queue()), Setting=setting))
    api = cloud.client("cloudformation")
    later = parent(put(cloud, "b", Queue=queue(QueueName="third"), More=queue(QueueName="more")), Setting=setting)
    body = {**later.body, "Outputs": {"More": {"Value": {"Fn::GetAtt": "Nested.Outputs.More"}}}}
    made = api.create_change_set(StackName="Top", ChangeSetName="c", TemplateBody=json.dumps(body))
    told = {
        each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"]
        for each in api.describe_change_set(ChangeSetName=made["Id"])["Changes"]
    }
    assert list(told) == ["Nested", "Setting"] and told["Setting"]["Replacement"] == "False"
    (detail,) = told["Setting"]["Details"]
    assert (detail["Evaluation"], detail["CausingEntity"]) == ("Dynamic", "Nested")
    api.execute_change_set(ChangeSetName=made["Id"])
    cloud.cloudformation.wait()
    assert cloud.cloudformation.get("Top").outputs["More"].endswith("/more")
    value = cloud.client("ssm").get_parameter(Name=cloud.cloudformation.get("Top").resources["Setting"].physical_id)
    assert value["Parameter"]["Value"].endswith("/third")


def test_what_failed_inside_can_be_kept_mended_and_deleted(cloud: OfflineCloud) -> None:
    bad = put(cloud, "a", Queue=queue(), Bad={**FAILS, "DependsOn": "Queue"})
    good = put(cloud, "b", Queue=queue(DelaySeconds=3))
    formation = cloud.cloudformation
    with pytest.raises(DeployFailed):
        formation.create_stack("Top", parent(bad), on_failure="DO_NOTHING")
    child = formation.get("Top").nested["Nested"]
    assert child.status == "CREATE_FAILED" and queues(cloud) == ["first"]
    cloud.delete("Top")
    assert queues(cloud) == [] and child.status == "DELETE_COMPLETE"

    cloud.deploy_template("Next", parent(good))
    with pytest.raises(DeployFailed):
        formation.update_stack("Next", parent(bad), roll_back=False)
    assert formation.get("Next").status == formation.get("Next").nested["Nested"].status == "UPDATE_FAILED"
    formation.roll_back("Next")
    assert formation.get("Next").status == "UPDATE_ROLLBACK_COMPLETE" and queues(cloud) == ["first"]
    assert formation.get("Next").nested["Nested"].status == "UPDATE_ROLLBACK_COMPLETE"

    with pytest.raises(DeployFailed):
        formation.update_stack("Next", parent(bad), roll_back=False)
    formation.update_stack("Next", parent(put(cloud, "c", Queue=queue(DelaySeconds=7))))
    assert formation.get("Next").nested["Nested"].status == formation.get("Next").status == "UPDATE_COMPLETE"
    cloud.delete("Next")
    assert queues(cloud) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "S3 error: The specified key does not exist."),
        ({"Resources": {"A": {"Type": "AWS::SQS::Kueue"}}}, "Unrecognized resource types"),
        ({"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}, "do not exist in the template"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_accepted_fails_the_resource(cloud: OfflineCloud, body: Any, words: str) -> None:
    if body is not None:
        cloud.client("s3").put_object(Bucket="templates", Key="x", Body=json.dumps(body))
    with pytest.raises(DeployFailed, match=words):
        cloud.deploy_template("Top", parent("https://templates.s3.amazonaws.com/x"))
    assert [each.status for each in cloud.cloudformation.stacks] == ["ROLLBACK_COMPLETE"]


def test_an_output_it_does_not_have_is_refused(cloud: OfflineCloud) -> None:
    url = put(cloud, "a", Kueue=queue())
    with pytest.raises(DeployFailed, match=r"Nested does not support attribute type Outputs\.Queue"):
        cloud.deploy_template("Top", parent(url))
    assert queues(cloud) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://b.s3.amazonaws.com/k/l", "https://b.s3.eu-west-1.amazonaws.com/k/l", "https://s3.amazonaws.com/b/k/l",
        "https://s3.eu-west-1.amazonaws.com/b/k/l", "https://s3-eu-west-1.amazonaws.com/b/k/l", "s3://b/k/l",
        "https://b.s3.dualstack.eu-west-1.amazonaws.com/k/l", "https://b.s3.cn-north-1.amazonaws.com.cn/k/l",
        "http://b.localhost:4566/k/l", "http://localhost:4566/b/k/l", "https://b.s3.amazonaws.com/k%2Fl?versionId=1",
    ],
)  # fmt: skip
def test_every_form_of_an_s3_url(url: str) -> None:
    assert bucket_and_key(url) == ("b", "k/l")


@pytest.mark.parametrize("url", ["", "b/k", "ftp://b/k", "https://s3.amazonaws.com/b"])
def test_what_is_no_s3_url(url: str) -> None:
    with pytest.raises(Refused, match="TemplateURL must be a supported URL"):
        bucket_and_key(url)
