"""Parameters whose values must be there: AWS's own types, and those looked up in Parameter Store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from preflight.clouds.offline import OfflineCloud
from preflight.errors import DeployFailed, Refused
from preflight.template import Template


@pytest.fixture(scope="module")
def cloud() -> Iterator[OfflineCloud]:
    with OfflineCloud(region="eu-west-1") as cloud:
        yield cloud


def asking(kind: str, **more: Any) -> Template:
    name = {"Ref": "P"} if "List<" not in kind else {"Fn::Select": [0, {"Ref": "P"}]}
    resources = {"T": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": name}}}
    return Template.load({"Parameters": {"P": {"Type": kind, **more}}, "Resources": resources})


def there(cloud: OfflineCloud, kind: str) -> str:
    ec2 = cloud.client("ec2")
    if "VPC" in kind:
        return str(ec2.describe_vpcs()["Vpcs"][0]["VpcId"])
    if "Subnet" in kind:
        return str(ec2.describe_subnets()["Subnets"][0]["SubnetId"])
    if "SecurityGroup" in kind:
        group = ec2.describe_security_groups()["SecurityGroups"][0]
        return str(group["GroupId" if kind.endswith("Id") else "GroupName"])
    if "KeyPair" in kind:
        ec2.create_key_pair(KeyName="mine")
        return "mine"
    if "Volume" in kind:
        return str(ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1)["VolumeId"])
    if "HostedZone" in kind:
        zone = cloud.client("route53").create_hosted_zone(Name="a.example", CallerReference="1")["HostedZone"]
        return str(zone["Id"]).rpartition("/")[2]
    if "SSM" in kind:
        cloud.client("ssm").put_parameter(Name="/here", Value="x", Type="String")
        return "/here"
    return "eu-west-1b"


KINDS = [
    "AWS::EC2::VPC::Id", "AWS::EC2::Subnet::Id", "AWS::EC2::SecurityGroup::Id", "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName", "AWS::EC2::Volume::Id", "AWS::Route53::HostedZone::Id",
    "AWS::EC2::AvailabilityZone::Name", "AWS::SSM::Parameter::Name",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_that_is_there_is_taken_and_another_is_not(cloud: OfflineCloud, kind: str) -> None:
    value = there(cloud, kind)
    kinds = [kind] if "Group" in kind or "SSM" in kind else [kind, f"List<{kind}>"]
    for each in kinds:
        stack = cloud.deploy_template("S", asking(each), parameters={"P": value})
        assert stack.resources["T"].sent["Value"] == value
        cloud.delete("S")
        nothing = f"{value}0"
        with pytest.raises(DeployFailed, match=f"parameter value {nothing} for parameter name P does not exist"):
            cloud.deploy_template("S", asking(each), parameters={"P": nothing})
        (stack,) = [one for one in cloud.cloudformation.stacks if one.status == "ROLLBACK_COMPLETE"]
        assert any("Rollback requested by user." in (event.reason or "") for event in stack.events)
        cloud.delete("S")


def test_a_value_from_parameter_store_has_to_be_there_in_its_type(cloud: OfflineCloud) -> None:
    kind = "AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>"
    ssm, vpc = cloud.client("ssm"), there(cloud, "VPC")
    ssm.put_parameter(Name="/vpc", Value=vpc, Type="String")
    ssm.put_parameter(Name="/list", Value="a, b", Type="StringList")
    assert cloud.deploy_template("V", asking(kind), parameters={"P": "/vpc"}).values == {"P": vpc}
    listed = asking("AWS::SSM::Parameter::Value<List<String>>", Default="/list")
    assert cloud.deploy_template("L", listed).values == {"P": ["a", "b"]}
    with pytest.raises(DeployFailed, match="parameter value a for parameter name P does not exist"):
        ssm.put_parameter(Name="/no", Value="a", Type="String")
        cloud.deploy_template("N", asking(kind), parameters={"P": "/no"})
    with pytest.raises(Refused, match=r"Unable to fetch parameters \[/nothing\] from parameter store"):
        cloud.deploy_template("M", asking(kind), parameters={"P": "/nothing"})


def test_an_image_is_taken_at_its_word(cloud: OfflineCloud) -> None:
    cloud.deploy_template("I", asking("AWS::EC2::Image::Id"), parameters={"P": "ami-0123456789abcdef0"})
