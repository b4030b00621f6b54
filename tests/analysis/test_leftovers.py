"""What a teardown leaves behind, said beforehand and then seen to be so."""

from __future__ import annotations

from typing import Any

import pytest

from preflight.analysis.leftovers import Leftover, leftovers
from preflight.clouds.offline import OfflineCloud
from preflight.errors import DeployFailed
from preflight.template import Template


def template(**resources: dict[str, Any]) -> Template:
    return Template({"Resources": resources})


def resource(kind: str, policy: str | None = None, path: str | None = None, **properties: Any) -> dict[str, Any]:
    declared: dict[str, Any] = {"Type": kind, "Properties": properties}
    if policy:
        declared["DeletionPolicy"] = policy
    if path:
        declared["Metadata"] = {"aws:cdk:path": path}
    return declared


def fates(found: list[Leftover]) -> list[tuple[str, str]]:
    return [(each.logical_id, each.fate) for each in found]


def test_a_stack_that_takes_everything_along_leaves_nothing() -> None:
    assert leftovers(template(News=resource("AWS::SNS::Topic"), Inbox=resource("AWS::SQS::Queue"))) == []
    assert leftovers(template()) == []


def test_what_is_retained_stays_and_the_deletion_says_so_too() -> None:
    design = template(Kept=resource("AWS::SNS::Topic", "Retain"), Gone=resource("AWS::SNS::Topic"))
    assert fates(leftovers(design)) == [("Kept", "stays")]
    with OfflineCloud() as cloud:
        stack = cloud.cloudformation.create_stack("Any", design)
        kept = stack.resources["Kept"].physical_id
        cloud.cloudformation.delete_stack("Any")
        assert [each["TopicArn"] for each in cloud.client("sns").list_topics()["Topics"]] == [kept]


def test_a_bucket_that_holds_something_stops_the_deletion_unless_cdk_empties_it() -> None:
    bucket = resource("AWS::S3::Bucket", Tags=[{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}])
    emptying = resource("Custom::S3AutoDeleteObjects", ServiceToken="x", BucketName={"Ref": "Notes"})
    assert fates(leftovers(template(Notes=bucket))) == [("Notes", "stops")]
    assert fates(leftovers(template(Notes=bucket, Emptying=emptying))) == []
    with OfflineCloud() as cloud:
        stack = cloud.cloudformation.create_stack("Any", template(Notes=bucket))
        cloud.client("s3").put_object(Bucket=stack.resources["Notes"].physical_id, Key="note", Body=b"x")
        with pytest.raises(DeployFailed, match=r"failed to delete: \[Notes\]"):
            cloud.cloudformation.delete_stack("Any")


def test_what_stops_the_deletion_comes_first() -> None:
    found = leftovers(
        template(
            Key=resource("AWS::KMS::Key", KeyPolicy={}),
            Work=resource("AWS::Lambda::Function", Code={}, Role="r"),
            Kept=resource("AWS::SNS::Topic", "Retain"),
            Notes=resource("AWS::S3::Bucket"),
        )
    )
    assert fates(found) == [("Notes", "stops"), ("Kept", "stays"), ("Work", "beside"), ("Key", "later")]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::RDS::DBCluster", {}),
        ("AWS::RDS::DBInstance", {"DBInstanceClass": "db.t4g.micro"}),
    ],
)
def test_a_database_is_snapshotted_though_nobody_wrote_it(kind: str, properties: dict[str, Any]) -> None:
    (found,) = leftovers(template(Db=resource(kind, **properties)))
    assert found.fate == "stays" and "no DeletionPolicy" in found.because
    (found,) = leftovers(template(Db=resource(kind, "Snapshot", **properties)))
    assert "is Snapshot" in found.because
    assert leftovers(template(Db=resource(kind, "Delete", **properties))) == []


def test_an_instance_of_a_cluster_is_not_snapshotted() -> None:
    assert leftovers(template(Db=resource("AWS::RDS::DBInstance", DBClusterIdentifier="c"))) == []


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::RDS::DBInstance", {"DeletionProtection": True, "DBClusterIdentifier": "c"}),
        ("AWS::DynamoDB::Table", {"DeletionProtectionEnabled": "true"}),
        ("AWS::DynamoDB::GlobalTable", {"Replicas": [{"Region": "us-east-1", "DeletionProtectionEnabled": True}]}),
        ("AWS::Cognito::UserPool", {"DeletionProtection": "ACTIVE"}),
        ("AWS::EC2::Instance", {"DisableApiTermination": True}),
        (
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            {"LoadBalancerAttributes": [{"Key": "deletion_protection.enabled", "Value": "true"}]},
        ),
    ],
)
def test_protection_against_deletion_stops_it(kind: str, properties: dict[str, Any]) -> None:
    assert fates(leftovers(template(It=resource(kind, **properties)))) == [("It", "stops")]
    # what is retained is not deleted, so nothing stops
    assert fates(leftovers(template(It=resource(kind, "Retain", **properties)))) == [("It", "stays")]


def test_a_function_leaves_its_log_group_unless_the_stack_has_it() -> None:
    work = resource("AWS::Lambda::Function", FunctionName="work", Code={}, Role="r")
    lines = resource("AWS::Logs::LogGroup", LogGroupName="/aws/lambda/work")
    own = {**work, "Properties": {**work["Properties"], "LoggingConfig": {"LogGroup": "mine"}}}
    assert fates(leftovers(template(Work=work))) == [("Work", "beside")]
    assert leftovers(template(Work=work, Lines=lines)) == []
    assert leftovers(template(Work=own)) == []


def test_cdk_s_own_functions_are_cleaned_up_by_hand() -> None:
    function = resource("AWS::Lambda::Function", path="Lab1/Custom::S3AutoDeleteObjects/Handler", Code={}, Role="r")
    (found,) = leftovers(template(Emptying=function))
    assert found.change.startswith("aws logs delete-log-group")


def test_object_lock_says_who_could_break_it() -> None:
    def locked(mode: str) -> Leftover:
        rule = {"Rule": {"DefaultRetention": {"Mode": mode, "Days": 1}}}
        found = leftovers(
            template(
                Notes=resource("AWS::S3::Bucket", ObjectLockEnabled=True, ObjectLockConfiguration=rule),
                Emptying=resource("Custom::S3AutoDeleteObjects", ServiceToken="x", BucketName={"Ref": "Notes"}),
            )
        )
        return found[0]

    assert "s3:BypassGovernanceRetention" in locked("GOVERNANCE").because
    assert "nobody can shorten it" in locked("COMPLIANCE").because


def test_the_line_to_change_is_one_that_can_be_written_there() -> None:
    (by_l2,) = leftovers(template(It=resource("AWS::SNS::Topic", "Retain", path="Lab1/Notes/Resource")))
    (by_l1,) = leftovers(template(It=resource("AWS::SNS::Topic", "Retain", path="Lab1/Notes")))
    assert by_l2.change == "removal_policy=cdk.RemovalPolicy.DESTROY"
    assert by_l1.change == ".apply_removal_policy(cdk.RemovalPolicy.DESTROY)"


@pytest.mark.parametrize(
    ("kind", "path", "change"),
    [
        ("AWS::Logs::LogGroup", "Lab9/Ask/LogGroup/Resource", "log_removal_policy=cdk.RemovalPolicy.DESTROY"),
        ("AWS::Logs::LogGroup", "Lab9/Custom::X/LogGroup/Resource", "log_group=logs.LogGroup(self, ..."),
        ("AWS::Logs::LogGroup", "Lab9/Lines/Resource", "removal_policy=cdk.RemovalPolicy.DESTROY"),
        ("AWS::IAM::Role", "Lab9/Api/CloudWatchRole/Resource", "cloud_watch_role_removal_policy="),
        ("AWS::ApiGateway::Account", "Lab9/Api/Account", "cloud_watch_role_removal_policy="),
    ],
)
def test_the_line_to_change_is_one_the_construct_around_it_takes(kind: str, path: str, change: str) -> None:
    lines = {"LoggingConfig": {"LogGroup": "mine"}}
    functions = {
        "Ask": resource("AWS::Lambda::Function", path="Lab9/Ask/Resource", Code={}, Role="r", **lines),
        "X": resource("AWS::Lambda::Function", path="Lab9/Custom::X/Resource", Code={}, Role="r", **lines),
    }
    (found,) = leftovers(template(It=resource(kind, "Retain", path=path), **functions))
    assert found.change.startswith(change)


@pytest.mark.parametrize(("level", "stays"), [("INFO", True), ("ERROR", True), ("OFF", False)])
def test_api_gateway_leaves_the_log_group_it_makes_itself(level: str, stays: bool) -> None:
    settings = [{"HttpMethod": "*", "ResourcePath": "/*", "LoggingLevel": level}]
    stage = resource("AWS::ApiGateway::Stage", RestApiId="abc", StageName="prod", MethodSettings=settings)
    lines = resource("AWS::Logs::LogGroup", LogGroupName="API-Gateway-Execution-Logs_abc/prod")
    assert fates(leftovers(template(Prod=stage))) == ([("Prod", "beside")] if stays else [])
    assert leftovers(template(Prod=stage, Lines=lines)) == []


def test_a_resource_whose_condition_does_not_hold_leaves_nothing() -> None:
    body = {
        "Conditions": {"No": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"Notes": {"Type": "AWS::S3::Bucket", "Condition": "No", "DeletionPolicy": "Retain"}},
    }
    assert leftovers(Template(body)) == []


@pytest.mark.parametrize("replicas", [["<many>"], "<many>", 7, [{"Region": "us-east-1"}, []]])
def test_replicas_nobody_can_know_are_no_crash(replicas: Any) -> None:
    assert leftovers(template(Notes=resource("AWS::DynamoDB::GlobalTable", Replicas=replicas))) == []


@pytest.mark.parametrize("attributes", [7, "<some>", [None]])
def test_attributes_nobody_can_know_are_no_crash(attributes: Any) -> None:
    kind = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    assert leftovers(template(Front=resource(kind, LoadBalancerAttributes=attributes))) == []
