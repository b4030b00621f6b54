"""Instances are launched by all that is declared, by their template too, and change as EC2 changes them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import find_provider

EC2 = "AWS::EC2::"
NAME = [{"Key": "Name", "Value": "clinic"}]


@pytest.fixture
def ec2(bench):
    return bench.client("ec2")


@pytest.fixture
def vpc(bench):
    return bench.make(f"{EC2}VPC", "Vpc", CidrBlock="10.0.0.0/16").ref


@pytest.fixture
def subnet(bench, vpc):
    return bench.make(f"{EC2}Subnet", "S", VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone="us-east-1a").ref


@pytest.fixture
def image(ec2):
    return ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]


def facts(ec2, server) -> dict[str, Any]:
    found: dict[str, Any] = ec2.describe_instances(InstanceIds=[server.ref])["Reservations"][0]["Instances"][0]
    return found


def test_an_instance_is_launched_as_declared_and_changes_in_place(bench, ec2, image, subnet):
    iam = bench.client("iam")
    for name in ("one", "two"):
        iam.create_instance_profile(InstanceProfileName=name)
    declared = {
        "ImageId": image,
        "InstanceType": "t3.micro",
        "SubnetId": subnet,
        "IamInstanceProfile": "one",
        "CreditSpecification": {"CPUCredits": "standard"},
        "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 2},
        "HibernationOptions": {"Configured": True},
        "PropagateTagsToVolumeOnCreation": True,
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 21, "VolumeType": "gp3", "Encrypted": True}}
        ],
        "Tags": NAME,
    }
    server = bench.make(f"{EC2}Instance", "Server", **declared)
    assert (server.unapplied, bench.lost(server)) == ((), set())
    assert facts(ec2, server)["IamInstanceProfile"]["Arn"].endswith("/one")
    disk = ec2.describe_volumes()["Volumes"][0]
    assert (disk["Size"], {"Key": "Name", "Value": "clinic"} in disk["Tags"]) == (21, True)

    changed = bench.change(server, **{**declared, "InstanceType": "t3.large", "IamInstanceProfile": "two"})
    assert (changed.ref, changed.unapplied) == (server.ref, ())
    told = facts(ec2, changed)
    assert (told["InstanceType"], told["IamInstanceProfile"]["Arn"].rpartition("/")[2]) == ("t3.large", "two")
    bench.delete(changed)
    bench.delete(changed)
    assert ec2.describe_volumes()["Volumes"] == ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    with pytest.raises(ClientError, match="nobody"):
        bench.make(f"{EC2}Instance", "Server", **{**declared, "IamInstanceProfile": "nobody"})


def test_a_launch_template_says_what_the_instance_does_not(bench, ec2, image, subnet):
    data = {
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
        "Monitoring": {"Enabled": True},
        "InstanceType": "t3.small",
    }
    template = bench.make(f"{EC2}LaunchTemplate", "T", LaunchTemplateName="imdsv2", LaunchTemplateData=data)
    server = bench.make(
        f"{EC2}Instance",
        "Server",
        ImageId=image,
        SubnetId=subnet,
        InstanceType="t3.micro",
        LaunchTemplate={"LaunchTemplateName": "imdsv2", "Version": template["LatestVersionNumber"]},
    )
    assert server.unapplied == ()
    told = facts(ec2, server)
    assert (told["InstanceType"], told["Monitoring"]["State"]) == ("t3.micro", "enabled")
    assert (told["MetadataOptions"]["HttpTokens"], told["MetadataOptions"]["HttpPutResponseHopLimit"]) == (
        "required",
        2,
    )


def test_a_launch_template_tells_all_its_data(bench, image):
    data = {
        "ImageId": image,
        "InstanceType": "m5.large",
        "KeyName": "key",
        "EbsOptimized": True,
        "IamInstanceProfile": {"Name": "profile"},
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 21, "VolumeType": "io2", "Iops": 4001, "Encrypted": True}}
        ],
        "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": False, "Groups": ["sg-12345678"]}],
        "Placement": {"Tenancy": "dedicated"},
        "InstanceMarketOptions": {"MarketType": "spot", "SpotOptions": {"MaxPrice": "0.05"}},
        "CreditSpecification": {"CpuCredits": "unlimited"},
        "CpuOptions": {"CoreCount": 2, "ThreadsPerCore": 1},
        "HibernationOptions": {"Configured": False},
        "MaintenanceOptions": {"AutoRecovery": "default"},
        "PrivateDnsNameOptions": {"HostnameType": "resource-name", "EnableResourceNameDnsARecord": True},
        "TagSpecifications": [{"ResourceType": "volume", "Tags": NAME}],
        "UserData": "aGVsbG8=",
    }
    template = bench.make(f"{EC2}LaunchTemplate", "T", LaunchTemplateData=data, VersionDescription="first")
    assert (template.unapplied, bench.lost(template)) == ((), set())


def test_a_volume_changes_in_place_and_leaves_a_snapshot(bench, ec2):
    declared = {"AvailabilityZone": "us-east-1a", "Size": 100, "VolumeType": "gp3", "Iops": 3001, "Throughput": 126}
    disk = bench.make(f"{EC2}Volume", "Disk", **declared)
    changed = bench.change(disk, **{**declared, "Iops": 4002, "Throughput": 250, "Size": 120})
    assert (changed.ref, changed.unapplied, bench.lost(changed)) == (disk.ref, (), set())
    provider = find_provider(disk.type)
    assert provider is not None
    provider.snapshot(changed.made, Declared(changed.properties), changed.context)
    bench.delete(changed)
    snapshots = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert disk.ref in {each["VolumeId"] for each in snapshots}


def test_a_card_goes_to_an_instance_and_back(bench, ec2, image, subnet):
    server = bench.make(f"{EC2}Instance", "Server", ImageId=image, InstanceType="t3.micro", SubnetId=subnet)
    card = bench.make(f"{EC2}NetworkInterface", "Card", SubnetId=subnet)
    declared = {"InstanceId": server.ref, "NetworkInterfaceId": card.ref, "DeviceIndex": "1"}
    at = bench.make(f"{EC2}NetworkInterfaceAttachment", "At", DeleteOnTermination=False, **declared)
    assert (at.unapplied, bench.lost(at)) == ((), set())
    bench.delete(at)
    bench.delete(at)
    for thing in (server, card):
        bench.delete(thing)
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_hosts_fleets_and_reservations(bench, ec2, vpc, subnet, image):
    host = bench.make(
        f"{EC2}Host", "Host", AvailabilityZone="us-east-1a", InstanceType="m5.large", AutoPlacement="on", Tags=NAME
    )
    template = bench.make(
        f"{EC2}LaunchTemplate", "T", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"}
    )
    fleet = bench.make(
        f"{EC2}EC2Fleet",
        "Fleet",
        Type="maintain",
        LaunchTemplateConfigs=[
            {
                "LaunchTemplateSpecification": {"LaunchTemplateId": template.ref, "Version": "1"},
                "Overrides": [{"InstanceType": "t3.micro", "SubnetId": subnet}],
            }
        ],
        TargetCapacitySpecification={
            "TotalTargetCapacity": 2,
            "OnDemandTargetCapacity": 2,
            "SpotTargetCapacity": 0,
            "DefaultTargetCapacityType": "on-demand",
        },
    )
    kept = bench.make(
        f"{EC2}SubnetCidrReservation", "Kept", SubnetId=subnet, Cidr="10.0.0.64/28", ReservationType="prefix", Tags=NAME
    )
    door = bench.make(f"{EC2}InternetGateway", "Door").ref
    bench.make(f"{EC2}VPCGatewayAttachment", "At", VpcId=vpc, InternetGatewayId=door)
    table = bench.make(f"{EC2}RouteTable", "Table", VpcId=vpc).ref
    ingress = bench.make(f"{EC2}GatewayRouteTableAssociation", "In", GatewayId=door, RouteTableId=table)
    for thing in (host, fleet, kept, ingress):
        assert (thing.unapplied, bench.lost(thing)) == ((), set()), thing.type
        bench.delete(thing)
        bench.delete(thing)


def test_groups_endpoints_and_reserved_room(bench, ec2, vpc, subnet, image):
    group = bench.make(f"{EC2}PlacementGroup", "Together", Strategy="cluster", Tags=NAME)
    assert group.ref == group["GroupName"]
    wall = bench.make(f"{EC2}SecurityGroup", "Wall", VpcId=vpc, GroupDescription="w").ref
    way = bench.make(f"{EC2}InstanceConnectEndpoint", "Way", SubnetId=subnet, SecurityGroupIds=[wall], Tags=NAME)
    assert way["VpcId"] == vpc
    room = {
        "AvailabilityZone": "us-east-1a",
        "InstancePlatform": "Linux/UNIX",
        "InstanceType": "m5.large",
        "TagSpecifications": [{"ResourceType": "capacity-reservation", "Tags": NAME}],
    }
    kept = bench.make(f"{EC2}CapacityReservation", "Room", InstanceCount=2, **room)
    for thing in (group, way, kept):
        assert (thing.unapplied, bench.lost(thing)) == ((), set()), thing.type
    more = bench.change(kept, InstanceCount=3, **room)
    assert (more.ref, more["TotalInstanceCount"]) == (kept.ref, 3)

    server = bench.make(
        f"{EC2}Instance",
        "Server",
        ImageId=image,
        InstanceType="c5.large",
        SubnetId=subnet,
        PlacementGroupName=group.ref,
    )
    assert (server.unapplied, bench.lost(server)) == ((), set())
    with pytest.raises(ClientError, match="is in use and may not be deleted"):
        bench.delete(group)
    for thing in (server, group, way, more):
        bench.delete(thing)
        bench.delete(thing)
    assert ec2.describe_placement_groups()["PlacementGroups"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_an_instance_comes_with_the_disks_and_cards_it_names(bench, ec2, image, subnet):
    server = bench.make(
        f"{EC2}Instance",
        "Server",
        ImageId=image,
        InstanceType="t3.micro",
        BlockDeviceMappings=[
            {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}},
            {"DeviceName": "/dev/sdb", "Ebs": {"VolumeType": "io2", "VolumeSize": 40, "Iops": 5000}},
            {"DeviceName": "/dev/sdc", "VirtualName": "ephemeral0"},
            {"DeviceName": "/dev/sdd", "NoDevice": {}},
        ],
        NetworkInterfaces=[
            {
                "DeviceIndex": "0",
                "SubnetId": subnet,
                "Description": "front",
                "PrivateIpAddresses": [
                    {"PrivateIpAddress": "10.0.0.9", "Primary": True},
                    {"PrivateIpAddress": "10.0.0.10", "Primary": False},
                ],
            },
            {"DeviceIndex": "1", "SubnetId": subnet, "Description": "back", "SecondaryPrivateIpAddressCount": 2},
        ],
    )
    assert (server.unapplied, bench.lost(server)) == (("BlockDeviceMappings.2", "BlockDeviceMappings.3"), set())
    disks = {each["VolumeType"]: each for each in ec2.describe_volumes()["Volumes"]}
    assert disks["io2"]["Iops"] == 5000
    assert disks["gp2"]["Encrypted"]
    front, back = (
        each["PrivateIpAddresses"]
        for each in sorted(facts(ec2, server)["NetworkInterfaces"], key=lambda each: each["Description"], reverse=True)
    )
    assert [each["PrivateIpAddress"] for each in front] == ["10.0.0.9", "10.0.0.10"]
    assert len(back) == 3

    bench.delete(server)
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == ec2.describe_volumes()["Volumes"] == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"AvailabilityZone": "us-east-1b"}, "is in the Availability Zone us-east-1a, not in us-east-1b"),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/sdb", "Ebs": {"VolumeType": "io1", "VolumeSize": 9}}]},
            "The parameter iops must be specified for io1 volumes",
        ),
    ],
)
def test_an_instance_that_ec2_refuses(bench, image, subnet, wrong, said):
    with pytest.raises(ClientError, match=said):
        bench.make(f"{EC2}Instance", "Server", ImageId=image, InstanceType="t3.micro", SubnetId=subnet, **wrong)
