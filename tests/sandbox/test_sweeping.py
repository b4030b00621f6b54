"""A sweep finds everything Preflight ever left, and never touches what it did not make, in any service."""

from __future__ import annotations

import json
from typing import Any

import pytest

from preflight.clouds.offline import OfflineCloud
from preflight.sandbox.inventory import Known, look
from preflight.sandbox.records import records
from preflight.sandbox.sweeping import DELETIONS, find
from tests.sandbox.plots import Plot
from tests.sandbox.terminal import lab
from tests.sandbox.test_teardown import ROLE, TOPIC, TRUST, VERSIONED
from tests.shelf.builder import Shelf

OURS = {"preflight:lab": "Lab2", "preflight:expires": "2026-11-23T10:00:00Z"}
# a tag with another key, another's value under our key, and no tag at all
BYSTANDERS = ({"lab": "Lab2"}, {"preflight:lab": "of my own"}, {"preflight:expires": "2020-01-01T00:00:00Z"}, {})


@pytest.fixture
def plot(shelf: Shelf, town: OfflineCloud) -> Plot:
    town.reset()
    return Plot(shelf.root, town)


def pairs(tags: dict[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: each, value: tags[each]} for each in tags]


def make(plot: Plot, name: str, tags: dict[str, str]) -> None:
    """One of everything, made by hand in an account, with these tags."""
    plot.client("s3").create_bucket(Bucket=name)
    if tags:
        plot.client("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs(tags)})
    plot.client("s3").put_object(Bucket=name, Key="a", Body=b"")
    plot.client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}", **({"tags": tags} if tags else {}))
    plot.client("sqs").create_queue(QueueName=name, tags=tags)
    plot.client("sns").create_topic(Name=name, Tags=pairs(tags))
    plot.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), Tags=pairs(tags))
    plot.client("iam").create_user(UserName=name, Tags=pairs(tags))
    plot.client("ecr").create_repository(repositoryName=name, tags=pairs(tags))
    plot.client("secretsmanager").create_secret(Name=name, SecretString="x", Tags=pairs(tags))
    plot.client("ssm").put_parameter(Name=f"/{name}", Value="x", Type="String", Tags=pairs(tags))
    plot.client("kms").create_key(Description=name, Tags=pairs(tags, "TagKey", "TagValue"))
    plot.client("efs").create_file_system(CreationToken=name, Tags=pairs(tags))
    plot.client("backup").create_backup_vault(BackupVaultName=name, BackupVaultTags=tags)
    plot.client("cloudwatch").put_metric_alarm(
        AlarmName=name, EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold", Threshold=1, Tags=pairs(tags)
    )
    plot.client("cognito-idp").create_user_pool(PoolName=name, UserPoolTags=tags)
    plot.client("apigateway").create_rest_api(name=name, tags=tags)
    plot.client("apigatewayv2").create_api(Name=name, ProtocolType="HTTP", Tags=tags)
    plot.client("kinesis").create_stream(StreamName=name, ShardCount=1)
    if tags:
        plot.client("kinesis").add_tags_to_stream(StreamName=name, Tags=tags)
    plot.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=pairs(tags),
    )
    ec2 = plot.client("ec2")

    def tagged(kind: str) -> dict[str, Any]:
        return {"TagSpecifications": [{"ResourceType": kind, "Tags": pairs(tags)}]} if tags else {}

    disk = ec2.create_volume(Size=10, AvailabilityZone="us-east-1a", VolumeType="gp3", **tagged("volume"))
    ec2.create_snapshot(VolumeId=disk["VolumeId"], Description=name, **tagged("snapshot"))
    ec2.allocate_address(Domain="vpc", **tagged("elastic-ip"))
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16", **tagged("vpc"))["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24", **tagged("subnet"))["Subnet"]["SubnetId"]
    ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc, **tagged("security-group"))
    ec2.create_network_interface(SubnetId=subnet, **tagged("network-interface"))
    rds = plot.client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t3.micro",
        Engine="mysql",
        AllocatedStorage=20,
        MasterUsername="someone",
        MasterUserPassword="long-enough",
        Tags=pairs(tags),
    )
    rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=name, Tags=pairs(tags))


def everything(plot: Plot) -> dict[str, list[str]]:
    """Every id every listing gives, whoever it is of."""
    from preflight.sandbox.inventory import at, items
    from preflight.sandbox.listings import LISTINGS

    told: dict[str, list[str]] = {}
    for listing in LISTINGS:
        found = items(plot.client(listing.service), listing)
        standing = [each for each in found if at(listing.state, each) not in (listing.gone or ("",))]
        if listing.type == "AWS::EC2::NetworkAcl":
            # the offline cloud keeps a network's own list when the network goes
            continue
        told[listing.type] = sorted(
            str(at(listing.id, each)) for each in standing if listing.type != "AWS::EC2::Snapshot" or at("Tags", each)
        )
    return told


def test_bystanders_in_every_service_are_never_touched(plot: Plot) -> None:
    for number, tags in enumerate(BYSTANDERS):
        make(plot, ("notes", "lab2-notes", "preflight-notes", "lab3-diary")[number], tags)
    plot.stand("Lab3", {"Bell": TOPIC, "Books": VERSIONED}, tagged=False)
    plot.stand("CDKToolkit", {"Staging": VERSIONED}, tagged=False)
    before = everything(plot)

    make(plot, "ours", OURS)
    plot.stand("Lab2", {"Bell": TOPIC, "Reader": ROLE})
    found = find(plot.root, plot.sandbox)
    kinds = {each.type for each in found.inventory.ours}
    assert len(kinds) >= 26 and kinds - {"AWS::CloudFormation::Stack"} <= set(DELETIONS)
    perhaps = {each.id for each in found.inventory.perhaps}
    assert {"lab2-notes", "lab3-diary"} <= perhaps and "notes" not in perhaps

    said = lab(plot, "sweep", "--yes")
    after = everything(plot)
    going = {each.id for each in find(plot.root, plot.sandbox).inventory.going}
    differences = {
        type: (set(before[type]) - set(after[type]), set(after[type]) - set(before[type]) - going)
        for type in before
        if set(before[type]) != set(after[type]) - going
    }
    assert not differences, f"(taken, left): {differences}\n{said.out}{said.err}"
    said.says("Nothing of Preflight's is left", code=0)


def test_nothing_is_found_in_an_account_without_us(plot: Plot) -> None:
    said = lab(plot, "sweep").says("Nothing of Preflight's is left", "next     ./lab", code=0)
    assert "still stand" not in said.out
    assert lab(plot, "sweep", "--json").json()["stands"] == []


def test_what_is_past_its_time_goes_and_the_rest_stays(plot: Plot) -> None:
    plot.stand("Lab1", {"Bell": TOPIC}, hours=-1)
    plot.stand("Lab2", {"Bell": TOPIC}, hours=3)
    lab(plot, "sweep", "--expired").says("Lab1", "./lab sweep --expired --yes", code=2)
    said = lab(plot, "sweep", "--expired", "--yes").says("Lab1", "is past its time", code=0)
    assert "Lab2" not in said.out
    assert plot.cloud.cloudformation.find("Lab1") is None and plot.cloud.cloudformation.find("Lab2") is not None
    assert [each.stack for each in records(plot.root)] == ["Lab2"]


def test_another_region_is_looked_at_when_something_of_ours_is_there(plot: Plot) -> None:
    plot.stand("Lab1West", {"Bell": TOPIC}, region="us-west-2")
    for each in records(plot.root):
        (plot.root / "workspace" / "deployed" / f"{each.stack}.json").unlink()
    lab(plot, "sweep", "--yes").says("Lab1West in us-west-2", "Nothing of Preflight's is left", code=0)
    assert plot.cloud.cloudformation.find("Lab1West", region="us-west-2") is None


def test_a_listing_that_is_refused_is_said_and_nothing_is_called_clean(plot: Plot) -> None:
    from botocore.exceptions import ClientError

    class Closed:
        def __getattr__(self, name: str) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, name)

    closed = plot.through(lambda service, region: Closed() if service == "rds" else plot.client(service, region=region))
    unseen = look(closed, Known(), ["us-east-1"]).unseen
    assert {str(each) for each in unseen} == {"could not look: rds in us-east-1 (AccessDenied)"}


def test_the_bootstrap_goes_alone_and_only_without_labs(plot: Plot) -> None:
    plot.stand("PreflightToolkit", {"Staging": VERSIONED}, tagged=False)
    plot.cloud.delete("PreflightToolkit")
    from preflight.template import Template

    roles = {"Staging": {**VERSIONED, "DeletionPolicy": "Retain"}, "Publisher": ROLE}
    plot.cloud.deploy_template("PreflightToolkit", Template({"Resources": roles}), tags={"preflight:lab": "toolkit"})
    plot.stand("CDKToolkit", {"Staging": VERSIONED}, tagged=False)
    [theirs] = [each for each in plot.buckets() if each.startswith("cdktoolkit")]
    [ours] = [each for each in plot.buckets() if each != theirs]
    plot.client("s3").put_object(Bucket=ours, Key="asset.zip", Body=b"1")
    plot.stand("Lab1", {"Bell": TOPIC})
    lab(plot, "sandbox", "remove", "--yes").says("Lab1 still stands", "./lab sandbox remove", code=2)
    lab(plot, "destroy", "1", "--yes").says(code=0)
    lab(plot, "sandbox", "remove", "--yes").says("PreflightToolkit", "Preflight's bootstrap is left", code=0)
    assert plot.buckets() == [theirs] and plot.cloud.cloudformation.find("CDKToolkit") is not None
