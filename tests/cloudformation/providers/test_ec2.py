"""A network is made as declared, changes in place, and goes in the reverse order without leaving a card behind."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

NAME = [{"Key": "Name", "Value": "clinic"}]
KINDS = (
    ("describe_network_interfaces", "NetworkInterfaces"),
    ("describe_network_acls", "NetworkAcls"),
    ("describe_security_groups", "SecurityGroups"),
    ("describe_route_tables", "RouteTables"),
    ("describe_vpcs", "Vpcs"),
    ("describe_subnets", "Subnets"),
    ("describe_internet_gateways", "InternetGateways"),
    ("describe_addresses", "Addresses"),
    ("describe_flow_logs", "FlowLogs"),
    ("describe_volumes", "Volumes"),
    ("describe_key_pairs", "KeyPairs"),
    ("describe_launch_templates", "LaunchTemplates"),
    ("describe_dhcp_options", "DhcpOptions"),
    ("describe_managed_prefix_lists", "PrefixLists"),
)


@pytest.fixture
def ec2(bench):
    return bench.client("ec2")


@pytest.fixture
def vpc(bench):
    return bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16", EnableDnsHostnames=True, Tags=NAME)


@pytest.fixture
def subnet(bench, vpc):
    return bench.make(
        "AWS::EC2::Subnet",
        "Public",
        VpcId=vpc.ref,
        CidrBlock="10.0.1.0/24",
        AvailabilityZone="us-east-1b",
        MapPublicIpOnLaunch=True,
        Tags=NAME,
    )


@pytest.fixture
def group(bench, vpc):
    return bench.make("AWS::EC2::SecurityGroup", "Web", VpcId=vpc.ref, GroupDescription="web")


def counted(ec2) -> dict[str, int]:
    found = {key: getattr(ec2, ask)()[key] for ask, key in KINDS}
    return {key: len([each for each in all_ if each.get("State") != "delete-complete"]) for key, all_ in found.items()}


def test_a_whole_network_goes_as_it_came(bench, ec2):
    """One of everything, deleted in reverse, twice."""
    before = counted(ec2)
    made = []

    def make(kind: str, logical_id: str, lost: tuple[str, ...] = (), unapplied: tuple[str, ...] = (), **declared: Any):
        thing = bench.make(f"AWS::EC2::{kind}", logical_id, **declared)
        made.append(thing)
        assert thing.unapplied == unapplied, kind
        assert {each.split("=")[0] for each in bench.lost(thing)} == set(lost), kind
        return thing

    vpc = make("VPC", "Vpc", CidrBlock="10.0.0.0/16", EnableDnsHostnames=True, EnableDnsSupport="true", Tags=NAME)
    other = make("VPC", "Other", CidrBlock="10.1.0.0/16", EnableDnsSupport=False, InstanceTenancy="dedicated")
    make("VPCCidrBlock", "More", VpcId=vpc.ref, CidrBlock="10.9.0.0/16")
    # that a range was Amazon's is told by the range itself
    make("VPCCidrBlock", "Six", ("AmazonProvidedIpv6CidrBlock",), VpcId=vpc.ref, AmazonProvidedIpv6CidrBlock=True)
    six = ec2.describe_vpcs(VpcIds=[vpc.ref])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    public = make(
        "Subnet",
        "Public",
        VpcId=vpc.ref,
        CidrBlock="10.0.1.0/24",
        AvailabilityZone="us-east-1b",
        MapPublicIpOnLaunch=True,
        Tags=NAME,
    )
    make("SubnetCidrBlock", "SixIn", SubnetId=public.ref, Ipv6CidrBlock=six.replace("/56", "/64"))
    private = make(
        "Subnet",
        "Private",
        VpcId=vpc.ref,
        CidrBlock="10.0.2.0/24",
        Ipv6CidrBlock=six.replace("00::/56", "01::/64"),
        AssignIpv6AddressOnCreation=True,
        EnableDns64=True,
        PrivateDnsNameOptionsOnLaunch={"HostnameType": "resource-name"},
    )
    door = make("InternetGateway", "Door", Tags=NAME)
    attachment = make("VPCGatewayAttachment", "At", VpcId=vpc.ref, InternetGatewayId=door.ref)
    assert attachment.ref == f"IGW|{vpc.ref}"
    outward = make("EgressOnlyInternetGateway", "Outward", VpcId=vpc.ref, Tags=NAME)
    table = make("RouteTable", "Table", VpcId=vpc.ref, Tags=NAME)
    make("SubnetRouteTableAssociation", "Uses", RouteTableId=table.ref, SubnetId=public.ref)
    way = make("Route", "Out", RouteTableId=table.ref, DestinationCidrBlock="0.0.0.0/0", GatewayId=door.ref)
    assert (way.ref, way["CidrBlock"]) == (f"{table.ref}|0.0.0.0/0", "0.0.0.0/0")
    make(
        "Route",
        "OutSix",
        RouteTableId=table.ref,
        DestinationIpv6CidrBlock="::/0",
        EgressOnlyInternetGatewayId=outward.ref,
    )
    address = make("EIP", "Address", Domain="vpc", Tags=NAME)
    nat = make("NatGateway", "Nat", SubnetId=public.ref, AllocationId=address["AllocationId"], Tags=NAME)
    inner = make("RouteTable", "Inner", VpcId=vpc.ref)
    make("Route", "InnerOut", RouteTableId=inner.ref, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat.ref)
    acl = make("NetworkAcl", "Acl", VpcId=vpc.ref, Tags=NAME)
    make(
        "NetworkAclEntry",
        "Https",
        NetworkAclId=acl.ref,
        RuleNumber=100,
        Protocol=6,
        RuleAction="allow",
        CidrBlock="10.0.0.0/8",
        PortRange={"From": 443, "To": 444},
        Egress=True,
    )
    make(
        "NetworkAclEntry",
        "Ping",
        NetworkAclId=acl.ref,
        RuleNumber=110,
        Protocol="1",
        RuleAction="deny",
        CidrBlock="0.0.0.0/0",
        Icmp={"Code": -1, "Type": 8},
    )
    make("SubnetNetworkAclAssociation", "UsesAcl", NetworkAclId=acl.ref, SubnetId=public.ref)
    web = make(
        "SecurityGroup",
        "Web",
        VpcId=vpc.ref,
        GroupDescription="web",
        SecurityGroupIngress=[
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0", "Description": "everyone"},
            {"IpProtocol": "tcp", "FromPort": "80", "ToPort": "80", "CidrIpv6": "::/0"},
        ],
        Tags=NAME,
    )
    data = make("SecurityGroup", "Data", VpcId=vpc.ref, GroupName="data", GroupDescription="data")
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}
    make("SecurityGroupIngress", "In", GroupId=data.ref, SourceSecurityGroupId=web.ref, Description="from web", **rule)
    make("SecurityGroupEgress", "Out", GroupId=web.ref, DestinationSecurityGroupId=data.ref, **rule)
    reading = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    make(
        "VPCEndpoint",
        "S3",
        VpcId=vpc.ref,
        ServiceName="com.amazonaws.us-east-1.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=[table.ref],
        PolicyDocument={"Version": "2012-10-17", "Statement": [reading]},
        Tags=NAME,
    )
    make(
        "VPCEndpoint",
        "Ssm",
        VpcId=vpc.ref,
        ServiceName="com.amazonaws.us-east-1.ssm",
        VpcEndpointType="Interface",
        SubnetIds=[private.ref],
        SecurityGroupIds=[web.ref],
        PrivateDnsEnabled=True,
        IpAddressType="ipv4",
    )
    bench.client("logs").create_log_group(logGroupName="flows")
    trust = '{"Statement":[{"Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"}}]}'
    bench.client("iam").create_role(RoleName="flows", AssumeRolePolicyDocument=trust)
    make(
        "FlowLog",
        "Flows",
        ResourceId=vpc.ref,
        ResourceType="VPC",
        TrafficType="REJECT",
        LogGroupName="flows",
        LogFormat="${version} ${srcaddr}",
        MaxAggregationInterval=60,
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flows",
        Tags=NAME,
    )
    options = make("DHCPOptions", "Dhcp", DomainName="clinic.internal", DomainNameServers=["10.0.0.2"], Tags=NAME)
    make("VPCDHCPOptionsAssociation", "UsesDhcp", VpcId=vpc.ref, DhcpOptionsId=options.ref)
    peering = make("VPCPeeringConnection", "Peering", VpcId=vpc.ref, PeerVpcId=other.ref, Tags=NAME)
    assert ec2.describe_vpc_peering_connections()["VpcPeeringConnections"][0]["Status"]["Code"] == "active"
    make(
        "Route",
        "ToOther",
        RouteTableId=inner.ref,
        DestinationCidrBlock="10.1.0.0/16",
        VpcPeeringConnectionId=peering.ref,
    )
    make(
        "PrefixList",
        "Offices",
        PrefixListName="offices",
        AddressFamily="IPv4",
        MaxEntries=5,
        Entries=[{"Cidr": "10.7.0.0/16", "Description": "one"}],
        Tags=NAME,
    )
    make(
        "NetworkInterface",
        "Card",
        SubnetId=public.ref,
        Description="card",
        GroupSet=[web.ref],
        PrivateIpAddress="10.0.1.77",
        SourceDestCheck=False,
        Tags=NAME,
    )
    make("KeyPair", "Key", KeyName="key", KeyType="ed25519", KeyFormat="pem", Tags=NAME)
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    script = base64.b64encode(b"#!/bin/bash\necho hello").decode()
    server = make(
        "Instance",
        "Server",
        ImageId=image,
        InstanceType="t3.micro",
        SubnetId=public.ref,
        SecurityGroupIds=[web.ref],
        KeyName="key",
        UserData=script,
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 21, "Encrypted": True}}],
        EbsOptimized=True,
        Monitoring=True,
        MetadataOptions={"HttpTokens": "required"},
        SourceDestCheck=False,
        PropagateTagsToVolumeOnCreation=True,
        CreditSpecification={"CPUCredits": "standard"},
        Tags=NAME,
    )
    assert server["PrivateIp"].startswith("10.0.1.")
    disk = make(
        "Volume",
        "Disk",
        AvailabilityZone="us-east-1b",
        Size=30,
        VolumeType="gp3",
        Iops=4000,
        Throughput=300,
        Encrypted=True,
        Tags=NAME,
    )
    make("VolumeAttachment", "UsesDisk", VolumeId=disk.ref, InstanceId=server.ref, Device="/dev/sdf")
    template = make(
        "LaunchTemplate",
        "Template",
        VersionDescription="first",
        LaunchTemplateData={
            "InstanceType": "t3.small",
            "ImageId": image,
            "MetadataOptions": {"HttpTokens": "required"},
            "SecurityGroupIds": [web.ref],
            "UserData": "aGk=",
            "TagSpecifications": [{"ResourceType": "instance", "Tags": NAME}],
        },
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": NAME}],
    )
    assert template["LatestVersionNumber"] == "1"

    for _ in range(2):
        for thing in reversed(made):
            bench.delete(thing)
    assert counted(ec2) == before
    assert ec2.describe_nat_gateways()["NatGateways"][0]["State"] == "deleted"


def test_a_vpc_tells_what_it_came_with(vpc, ec2):
    group = ec2.describe_security_groups(GroupIds=[vpc["DefaultSecurityGroup"]])["SecurityGroups"][0]
    assert (group["GroupName"], group["VpcId"]) == ("default", vpc.ref)
    assert ec2.describe_network_acls(NetworkAclIds=[vpc["DefaultNetworkAcl"]])["NetworkAcls"][0]["IsDefault"]
    assert vpc["CidrBlock"] == "10.0.0.0/16"


def test_a_vpc_and_its_subnet_go_back_to_the_defaults(bench, ec2, vpc, subnet):
    bench.change(vpc, CidrBlock="10.0.0.0/16")
    ask = {"VpcId": vpc.ref, "Attribute": "enableDnsHostnames"}
    assert ec2.describe_vpc_attribute(**ask)["EnableDnsHostnames"]["Value"] is False
    assert "Name" not in {each["Key"] for each in ec2.describe_vpcs(VpcIds=[vpc.ref])["Vpcs"][0]["Tags"]}

    bench.change(subnet, VpcId=vpc.ref, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b")
    assert ec2.describe_subnets(SubnetIds=[subnet.ref])["Subnets"][0]["MapPublicIpOnLaunch"] is False


def test_a_route_changes_its_target(bench, ec2, vpc, subnet):
    table = bench.make("AWS::EC2::RouteTable", "Table", VpcId=vpc.ref).ref
    door = bench.make("AWS::EC2::InternetGateway", "Door").ref
    bench.make("AWS::EC2::VPCGatewayAttachment", "At", VpcId=vpc.ref, InternetGatewayId=door)
    address = bench.make("AWS::EC2::EIP", "Address")
    nat = bench.make("AWS::EC2::NatGateway", "Nat", SubnetId=subnet.ref, AllocationId=address["AllocationId"]).ref
    to_all = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    route = bench.make("AWS::EC2::Route", "Out", **to_all, GatewayId=door)
    changed = bench.change(route, **to_all, NatGatewayId=nat)

    def out() -> list[dict[str, Any]]:
        routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return [each for each in routes if each.get("DestinationCidrBlock") == "0.0.0.0/0"]

    assert [(each.get("GatewayId"), each.get("NatGatewayId")) for each in out()] == [(None, nat)]
    bench.delete(changed)
    assert out() == []


def test_another_gateway_takes_the_first_ones_place(bench, ec2, vpc):
    first, second = (bench.make("AWS::EC2::InternetGateway", name).ref for name in ("First", "Second"))
    at = bench.make("AWS::EC2::VPCGatewayAttachment", "At", VpcId=vpc.ref, InternetGatewayId=first)
    changed = bench.change(at, VpcId=vpc.ref, InternetGatewayId=second)
    attached = {each["InternetGatewayId"]: bool(each["Attachments"]) for each in _doors(ec2)}
    assert attached == {first: False, second: True}
    bench.delete(changed)
    assert not any(each["Attachments"] for each in _doors(ec2))


def _doors(ec2) -> list[dict[str, Any]]:
    return list(ec2.describe_internet_gateways()["InternetGateways"])


def test_a_network_acl_entry_is_replaced_and_a_subnet_falls_back(bench, ec2, vpc, subnet):
    acl = bench.make("AWS::EC2::NetworkAcl", "Acl", VpcId=vpc.ref).ref
    declared = {"NetworkAclId": acl, "RuleNumber": 100, "Protocol": 6, "CidrBlock": "0.0.0.0/0"}
    entry = bench.make(
        "AWS::EC2::NetworkAclEntry", "E", **declared, RuleAction="allow", PortRange={"From": 22, "To": 22}
    )
    changed = bench.change(entry, **declared, RuleAction="deny", PortRange={"From": 22, "To": 23})
    entries = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
    mine = [each for each in entries if each["RuleNumber"] == 100]
    assert [(each["RuleAction"], each["PortRange"]["To"]) for each in mine] == [("deny", 23)]

    used = bench.make("AWS::EC2::SubnetNetworkAclAssociation", "Uses", NetworkAclId=acl, SubnetId=subnet.ref)
    by_subnet = [{"Name": "association.subnet-id", "Values": [subnet.ref]}]
    assert [each["NetworkAclId"] for each in ec2.describe_network_acls(Filters=by_subnet)["NetworkAcls"]] == [acl]
    bench.delete(used)
    assert ec2.describe_network_acls(Filters=by_subnet)["NetworkAcls"][0]["IsDefault"]

    bench.delete(changed)
    entries = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
    assert not [each for each in entries if each["RuleNumber"] == 100]


NOTHING_OUT = {
    "CidrIp": "255.255.255.255/32",
    "Description": "Disallow all traffic",
    "FromPort": 252,
    "IpProtocol": "icmp",
    "ToPort": 86,
}


def rules(ec2, group: str, direction: str = "IpPermissionsEgress") -> list[tuple[str, list[str]]]:
    found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0][direction]
    return [(each["IpProtocol"], [range_["CidrIp"] for range_ in each["IpRanges"]]) for each in found]


def test_a_group_lets_everything_out_until_something_is_declared(bench, ec2, vpc, group):
    assert rules(ec2, group.ref) == [("-1", ["0.0.0.0/0"])]
    declared = {"VpcId": vpc.ref, "GroupDescription": "web"}

    closed = bench.change(group, **declared, SecurityGroupEgress=[NOTHING_OUT])
    assert rules(ec2, group.ref) == [("icmp", ["255.255.255.255/32"])]

    # the rule that lets everything out does not come back by itself
    bench.change(closed, **declared)
    assert rules(ec2, group.ref) == []


def test_a_group_closed_from_the_start_stays_closed_with_ipv6(bench, ec2, vpc):
    bench.make("AWS::EC2::VPCCidrBlock", "Six", VpcId=vpc.ref, AmazonProvidedIpv6CidrBlock=True)
    closed = bench.make(
        "AWS::EC2::SecurityGroup",
        "Closed",
        VpcId=vpc.ref,
        GroupDescription="closed",
        SecurityGroupEgress=[NOTHING_OUT],
    )
    assert rules(ec2, closed.ref) == [("icmp", ["255.255.255.255/32"])]


def test_ingress_rules_come_and_go(bench, ec2, vpc, group):
    declared = {"VpcId": vpc.ref, "GroupDescription": "web"}

    def allow(port: int, cidr: str = "10.0.0.0/8") -> dict[str, Any]:
        return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": cidr}

    first = bench.change(group, **declared, SecurityGroupIngress=[allow(22), allow(443)])
    bench.change(first, **declared, SecurityGroupIngress=[allow(443), allow(80, "0.0.0.0/0")])
    found = ec2.describe_security_groups(GroupIds=[group.ref])["SecurityGroups"][0]["IpPermissions"]
    assert sorted((each["FromPort"], each["IpRanges"][0]["CidrIp"]) for each in found) == [
        (80, "0.0.0.0/0"),
        (443, "10.0.0.0/8"),
    ]


def test_two_groups_that_name_each_other_can_go(bench, ec2, vpc, group):
    other = bench.make("AWS::EC2::SecurityGroup", "Other", VpcId=vpc.ref, GroupDescription="other")
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2}
    pairs = [(group, other), (other, group)]
    made = [
        bench.make("AWS::EC2::SecurityGroupIngress", f"R{n}", GroupId=a.ref, SourceSecurityGroupId=b.ref, **rule)
        for n, (a, b) in enumerate(pairs)
    ]
    described = bench.change(made[0], GroupId=group.ref, SourceSecurityGroupId=other.ref, Description="new", **rule)
    assert "new" in str(ec2.describe_security_groups(GroupIds=[group.ref])["SecurityGroups"][0]["IpPermissions"])
    for thing in (described, made[1], other, group):
        bench.delete(thing)


def test_an_endpoint_changes_its_tables_and_its_policy(bench, ec2, vpc):
    tables = [bench.make("AWS::EC2::RouteTable", name, VpcId=vpc.ref).ref for name in ("One", "Two")]
    declared = {"VpcId": vpc.ref, "ServiceName": "com.amazonaws.us-east-1.s3", "VpcEndpointType": "Gateway"}
    nothing = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}
    endpoint = bench.make("AWS::EC2::VPCEndpoint", "S3", **declared, RouteTableIds=tables[:1], PolicyDocument=nothing)
    changed = bench.change(endpoint, **declared, RouteTableIds=tables[1:])
    facts = ec2.describe_vpc_endpoints(VpcEndpointIds=[changed.ref])["VpcEndpoints"][0]
    assert facts["RouteTableIds"] == tables[1:]
    assert '"Allow"' in facts["PolicyDocument"]

    def leads(table: str) -> bool:
        routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return any(each.get("GatewayId") == changed.ref for each in routes)

    assert [leads(each) for each in tables] == [False, True]
    bench.delete(changed)
    assert [leads(each) for each in tables] == [False, False]


def test_an_interface_endpoint_without_groups_gets_the_default_one(bench, ec2, vpc, subnet):
    endpoint = bench.make(
        "AWS::EC2::VPCEndpoint",
        "Ssm",
        VpcId=vpc.ref,
        ServiceName="com.amazonaws.us-east-1.ssm",
        VpcEndpointType="Interface",
        SubnetIds=[subnet.ref],
    )
    facts = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint.ref])["VpcEndpoints"][0]
    assert [each["GroupId"] for each in facts["Groups"]] == [vpc["DefaultSecurityGroup"]]


def test_a_route_needs_its_internet_gateway_attached(bench, vpc):
    table = bench.make("AWS::EC2::RouteTable", "T", VpcId=vpc.ref)
    gateway = bench.make("AWS::EC2::InternetGateway", "I")
    route = {"RouteTableId": table.ref, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway.ref}
    with pytest.raises(ClientError, match="belong to different networks"):
        bench.make("AWS::EC2::Route", "R", **route)
    bench.make("AWS::EC2::VPCGatewayAttachment", "A", VpcId=vpc.ref, InternetGatewayId=gateway.ref)
    bench.make("AWS::EC2::Route", "R", **route)


def test_the_first_egress_rule_declared_elsewhere_takes_the_place_of_the_open_one(bench, ec2, vpc):
    group = bench.make("AWS::EC2::SecurityGroup", "G", GroupDescription="g", VpcId=vpc.ref)
    rule = {"GroupId": group.ref, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    bench.make("AWS::EC2::SecurityGroupEgress", "A", CidrIp="10.0.0.0/8", **rule)
    bench.make("AWS::EC2::SecurityGroupEgress", "B", GroupId=group.ref, IpProtocol="-1", CidrIp="0.0.0.0/0")
    bench.make("AWS::EC2::SecurityGroupEgress", "C", CidrIp="11.0.0.0/8", **rule)
    out = ec2.describe_security_groups(GroupIds=[group.ref])["SecurityGroups"][0]["IpPermissionsEgress"]
    assert sorted(each["CidrIp"] for one in out for each in one["IpRanges"]) == [
        "0.0.0.0/0",
        "10.0.0.0/8",
        "11.0.0.0/8",
    ]


def test_a_rule_about_a_prefix_list_keeps_no_description(bench, vpc):
    offices = bench.make("AWS::EC2::PrefixList", "P", PrefixListName="o", AddressFamily="IPv4", MaxEntries=1)
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "SourcePrefixListId": offices.ref, "Description": "d"}
    group = bench.make("AWS::EC2::SecurityGroup", "G", GroupDescription="g", VpcId=vpc.ref, SecurityGroupIngress=[rule])
    assert group.unapplied == ("SecurityGroupIngress.0.Description",)


def test_a_prefix_list_changes_its_entries(bench, ec2):
    declared = {"PrefixListName": "offices", "AddressFamily": "IPv4", "MaxEntries": 5}
    made = bench.make(
        "AWS::EC2::PrefixList", "P", **declared, Entries=[{"Cidr": "10.1.0.0/16"}, {"Cidr": "10.2.0.0/16"}]
    )
    changed = bench.change(
        made, **declared, Entries=[{"Cidr": "10.2.0.0/16", "Description": "two"}, {"Cidr": "10.3.0.0/16"}]
    )
    entries = ec2.get_managed_prefix_list_entries(PrefixListId=made.ref)["Entries"]
    assert sorted((each["Cidr"], each.get("Description", "")) for each in entries) == [
        ("10.2.0.0/16", "two"),
        ("10.3.0.0/16", ""),
    ]
    assert changed["Version"] == 2


def test_instances_disks_and_templates_change(bench, ec2, vpc, subnet, group):
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    declared = {"ImageId": image, "InstanceType": "t3.micro", "SubnetId": subnet.ref}
    server = bench.make("AWS::EC2::Instance", "S", **declared, DisableApiTermination=True)
    changed = bench.change(server, **declared, SecurityGroupIds=[group.ref], MetadataOptions={"HttpTokens": "required"})
    facts = ec2.describe_instances(InstanceIds=[server.ref])["Reservations"][0]["Instances"][0]
    assert [each["GroupId"] for each in facts["SecurityGroups"]] == [group.ref]
    assert facts["MetadataOptions"]["HttpTokens"] == "required"
    bench.delete(changed)

    disk = bench.make("AWS::EC2::Volume", "D", AvailabilityZone="us-east-1a", Size=8, VolumeType="gp2")
    bench.change(disk, AvailabilityZone="us-east-1a", Size=9, VolumeType="gp3")
    assert ec2.describe_volumes(VolumeIds=[disk.ref])["Volumes"][0]["Size"] == 9

    template = bench.make("AWS::EC2::LaunchTemplate", "T", LaunchTemplateData={"InstanceType": "t3.small"})
    newer = bench.change(template, LaunchTemplateData={"InstanceType": "t3.large"})
    assert (newer["LatestVersionNumber"], newer["DefaultVersionNumber"]) == ("2", "1")


def test_what_names_no_group_or_address_gets_its_networks_own(bench, ec2, vpc, subnet):
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    bench.make("AWS::EC2::Instance", "S", ImageId=image, InstanceType="t3.micro", SubnetId=subnet.ref)
    server = ec2.describe_instances()["Reservations"][0]["Instances"][0]
    assert [each["GroupId"] for each in server["SecurityGroups"]] == [vpc["DefaultSecurityGroup"]]
    for number, declared in enumerate(({}, {"PrivateIpAddress": "10.0.1.99"})):
        nat = bench.make(
            "AWS::EC2::NatGateway", f"N{number}", SubnetId=subnet.ref, ConnectivityType="private", **declared
        )
        assert (nat.unapplied, bench.lost(nat)) == ((), set())
        card = ec2.describe_network_interfaces(NetworkInterfaceIds=[nat["EniId"]])["NetworkInterfaces"][0]
        assert card["PrivateIpAddress"].startswith("10.0.1.")


def test_an_address_moves_to_an_instance(bench, ec2, vpc, subnet):
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    server = bench.make("AWS::EC2::Instance", "S", ImageId=image, InstanceType="t3.micro", SubnetId=subnet.ref)
    address = bench.make("AWS::EC2::EIP", "A", Domain="vpc", InstanceId=server.ref)
    assert ec2.describe_addresses()["Addresses"][0]["InstanceId"] == server.ref
    free = bench.change(address, Domain="vpc")
    bench.delete(free)
    again = bench.make("AWS::EC2::EIP", "A", Domain="vpc")
    used = bench.make("AWS::EC2::EIPAssociation", "U", AllocationId=again["AllocationId"], InstanceId=server.ref)
    assert used.unapplied == ()
    bench.delete(used)
    bench.delete(again)
    assert ec2.describe_addresses()["Addresses"] == []


def test_the_private_half_of_a_key_is_kept_in_parameter_store(bench):
    key = bench.make("AWS::EC2::KeyPair", "Key", KeyName="key")
    name = f"/ec2/keypair/{key['KeyPairId']}"
    ssm = bench.client("ssm")
    assert "PRIVATE KEY" in ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    bench.delete(key)
    assert ssm.describe_parameters()["Parameters"] == []
