"""What EC2 refuses is refused, in its codes and words, and nothing is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloudformation.providers.conftest import Bench

EC2 = "AWS::EC2::"


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """One bench for all that only fails."""
    from moto import mock_aws

    with mock_aws():
        yield Bench()


@pytest.fixture(scope="module")
def place(bench) -> dict[str, Any]:
    """A network to go wrong in."""
    ec2 = bench.client("ec2")
    vpc = bench.make(f"{EC2}VPC", "Vpc", CidrBlock="10.0.0.0/16").ref
    other = bench.make(f"{EC2}VPC", "Other", CidrBlock="10.1.0.0/16").ref
    table = bench.make(f"{EC2}RouteTable", "Table", VpcId=vpc).ref
    peering = bench.make(f"{EC2}VPCPeeringConnection", "Peering", VpcId=vpc, PeerVpcId=other).ref
    bench.make(
        f"{EC2}Route", "R", RouteTableId=table, DestinationCidrBlock="10.1.0.0/16", VpcPeeringConnectionId=peering
    )
    subnet = bench.make(f"{EC2}Subnet", "S", VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone="us-east-1a").ref
    bench.make(f"{EC2}SubnetRouteTableAssociation", "Uses", RouteTableId=table, SubnetId=subnet)
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    return {
        "vpc": vpc,
        "table": table,
        "peering": peering,
        "subnet": subnet,
        "acl": bench.make(f"{EC2}NetworkAcl", "Acl", VpcId=vpc).ref,
        "wall": bench.make(f"{EC2}SecurityGroup", "Wall", VpcId=vpc, GroupDescription="w").ref,
        "strange": bench.make(f"{EC2}SecurityGroup", "Strange", VpcId=other, GroupDescription="w").ref,
        "address": bench.make(f"{EC2}EIP", "Address")["AllocationId"],
        "hub": bench.make(f"{EC2}TransitGateway", "Hub").ref,
        "second": bench.make(f"{EC2}RouteTable", "Second", VpcId=vpc).ref,
        "image": image,
        "far": bench.make(f"{EC2}Volume", "Far", AvailabilityZone="us-east-1b", Size=8).ref,
        "server": bench.make(f"{EC2}Instance", "Server", ImageId=image, InstanceType="t3.micro", SubnetId=subnet).ref,
    }


ENTRY = {"NetworkAclId": "{acl}", "RuleNumber": 100, "Protocol": 6, "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
RULE = {"GroupId": "{wall}", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}
SERVER = {"ImageId": "{image}", "InstanceType": "t3.micro", "SubnetId": "{subnet}"}
LOGS = {"ResourceId": "{vpc}", "ResourceType": "VPC", "TrafficType": "ALL"}
ALL = {"RouteTableId": "{table}", "DestinationCidrBlock": "0.0.0.0/0"}


@pytest.mark.parametrize(
    ("kind", "says", "declared"),
    [
        ("Subnet", "InvalidSubnet.Range.*'10.0.9.0/29' is invalid", {"VpcId": "{vpc}", "CidrBlock": "10.0.9.0/29"}),
        ("Subnet", "InvalidSubnet.Conflict", {"VpcId": "{vpc}", "CidrBlock": "10.0.0.128/25"}),
        ("VPC", "InvalidVpc.Range", {"CidrBlock": "10.0.0.0/8"}),
        ("NetworkAclEntry", "must be in range 1..32766", {**ENTRY, "RuleNumber": 32767}),
        ("NetworkAclEntry", "Unknown protocol: 300", {**ENTRY, "Protocol": 300}),
        ("NetworkAclEntry", "Must be between 0 and 65535", {**ENTRY, "PortRange": {"From": 443, "To": 70000}}),
        ("NetworkAclEntry", "must contain the parameter portRange", ENTRY),
        ("NetworkAclEntry", "must contain the parameter icmpTypeCode", {**ENTRY, "Protocol": 1}),
        ("Route", "MissingParameter.*exactly one of gatewayId", ALL),
        ("Route", "InvalidNatGatewayID.NotFound", {**ALL, "NatGatewayId": "nat-00000000"}),
        ("Route", "InvalidTransitGatewayID.NotFound", {**ALL, "TransitGatewayId": "{hub}"}),
        (
            "Route",
            "RouteAlreadyExists.*10.1.0.0/16 already exists",
            {**ALL, "DestinationCidrBlock": "10.1.0.0/16", "VpcPeeringConnectionId": "{peering}"},
        ),
        ("SecurityGroupIngress", "Invalid value 'htp' for IP protocol", {**RULE, "IpProtocol": "htp"}),
        ("SecurityGroupIngress", r"TCP/UDP port \(70000\) out of range", {**RULE, "ToPort": 70000}),
        ("SecurityGroupEgress", r"Invalid TCP/UDP port range \(80:22\)", {**RULE, "ToPort": 22}),
        ("SecurityGroupIngress", "CIDR block 10.0.0.300/8 is malformed", {**RULE, "CidrIp": "10.0.0.300/8"}),
        (
            "SecurityGroup",
            "Name must not start with",
            {"VpcId": "{vpc}", "GroupDescription": "g", "GroupName": "sg-mine"},
        ),
        ("SecurityGroup", "Character sets beyond ASCII", {"VpcId": "{vpc}", "GroupDescription": "grün"}),
        ("Instance", "Invalid value 't9.huge' for InstanceType", {**SERVER, "InstanceType": "t9.huge"}),
        ("Instance", "InvalidAMIID.Malformed", {**SERVER, "ImageId": "amazon-linux"}),
        ("Instance", "key pair 'nobody' does not exist", {**SERVER, "KeyName": "nobody"}),
        ("Instance", "belong to different networks", {**SERVER, "SecurityGroupIds": ["{strange}"]}),
        ("Instance", "maximum number of security groups per interface", {**SERVER, "SecurityGroupIds": ["{wall}"] * 6}),
        ("NetworkInterface", "sg-00000000' does not exist", {"SubnetId": "{subnet}", "GroupSet": ["sg-00000000"]}),
        ("NatGateway", "has no Internet gateway attached", {"SubnetId": "{subnet}", "AllocationId": "{address}"}),
        ("NatGateway", "must contain the parameter AllocationId", {"SubnetId": "{subnet}"}),
        (
            "SubnetRouteTableAssociation",
            "conflicts with an existing association",
            {"RouteTableId": "{second}", "SubnetId": "{subnet}"},
        ),
        ("Volume", "size/snapshot", {"AvailabilityZone": "us-east-1a"}),
        (
            "Volume",
            "ratio of 1000.000000 is too high; maximum is 500",
            {"AvailabilityZone": "us-east-1a", "VolumeType": "gp3", "Size": 10, "Iops": 10000},
        ),
        (
            "VolumeAttachment",
            "is not in the same availability zone",
            {"VolumeId": "{far}", "InstanceId": "{server}", "Device": "/dev/sdf"},
        ),
        (
            "FlowLog",
            "Unable to assume given IAM role",
            {**LOGS, "LogGroupName": "l", "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/nobody"},
        ),
        (
            "FlowLog",
            "nowhere does not exist",
            {**LOGS, "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::nowhere"},
        ),
        ("LaunchTemplate", "Invalid value 'huge' for", {"LaunchTemplateData": {"InstanceType": "huge"}}),
    ],
)
def test_a_fault_is_refused_in_ec2s_words(bench, place, kind, says, declared):
    with pytest.raises(ClientError, match=says):
        bench.make(f"{EC2}{kind}", "Wrong", **_filled(declared, place))


def _filled(value: Any, place: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, place) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, place) for each in value]
    return value.format(**place) if isinstance(value, str) else value


def test_a_vpc_has_one_internet_gateway_and_an_address_one_nat_gateway(bench, place):
    first, second = (bench.make(f"{EC2}InternetGateway", name).ref for name in ("First", "Second"))
    bench.make(f"{EC2}VPCGatewayAttachment", "At", VpcId=place["vpc"], InternetGatewayId=first)
    with pytest.raises(ClientError, match="already has an internet gateway attached"):
        bench.make(f"{EC2}VPCGatewayAttachment", "Too", VpcId=place["vpc"], InternetGatewayId=second)
    declared = {"SubnetId": place["subnet"], "AllocationId": place["address"]}
    bench.make(f"{EC2}NatGateway", "Nat", **declared)
    with pytest.raises(ClientError, match="is already associated"):
        bench.make(f"{EC2}NatGateway", "Twin", **declared)
