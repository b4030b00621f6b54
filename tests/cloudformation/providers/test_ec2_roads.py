"""Roads out of a VPC: transit gateways, VPNs, endpoints and the services behind them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

EC2 = "AWS::EC2::"
NAME = [{"Key": "Name", "Value": "clinic"}]


@pytest.fixture
def ec2(bench):
    return bench.client("ec2")


@pytest.fixture
def vpcs(bench):
    return [
        bench.make(f"{EC2}VPC", f"Vpc{n}", CidrBlock=f"10.{n}.0.0/16", EnableDnsHostnames=True).ref for n in range(2)
    ]


@pytest.fixture
def subnets(bench, vpcs):
    return [
        [
            bench.make(
                f"{EC2}Subnet",
                f"S{n}{zone}",
                VpcId=vpc,
                CidrBlock=f"10.{n}.{k}.0/24",
                AvailabilityZone=f"us-east-1{zone}",
            ).ref
            for k, zone in enumerate("ab")
        ]
        for n, vpc in enumerate(vpcs)
    ]


@pytest.fixture
def hub(bench):
    return bench.make(f"{EC2}TransitGateway", "Hub")


def attach(bench, hub, vpc: str, subnets: list[str], name: str = "At", **more: Any):
    declared = {"TransitGatewayId": hub.ref, "VpcId": vpc, "SubnetIds": subnets, **more}
    return bench.make(f"{EC2}TransitGatewayVpcAttachment", name, **declared)


def routes(ec2, table: str) -> dict[str, tuple[str, str]]:
    every = [{"Name": "state", "Values": ["active", "blackhole"]}]
    found = ec2.search_transit_gateway_routes(TransitGatewayRouteTableId=table, Filters=every)["Routes"]
    return {each["DestinationCidrBlock"]: (each["Type"], each["State"]) for each in found}


def test_a_transit_gateway_changes_and_goes_with_its_table(bench, ec2):
    declared = {
        "AmazonSideAsn": 65000,
        "Description": "hub",
        "DnsSupport": "enable",
        "VpnEcmpSupport": "disable",
        "MulticastSupport": "disable",
        "TransitGatewayCidrBlocks": ["10.99.0.0/24"],
        "Tags": NAME,
    }
    hub = bench.make(f"{EC2}TransitGateway", "Hub", **declared)
    assert (hub.unapplied, bench.lost(hub)) == ((), set())
    assert hub["TransitGatewayArn"].endswith(f"transit-gateway/{hub.ref}")
    changed = bench.change(hub, **{**declared, "Description": "new", "VpnEcmpSupport": "enable"})
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    bench.delete(changed)
    bench.delete(changed)
    assert ec2.describe_transit_gateways()["TransitGateways"] == []
    assert ec2.describe_transit_gateway_route_tables()["TransitGatewayRouteTables"] == []


def test_attachments_follow_their_gateways_defaults(bench, ec2, hub, vpcs, subnets):
    table = ec2.describe_transit_gateway_route_tables()["TransitGatewayRouteTables"][0]["TransitGatewayRouteTableId"]
    first, second = (
        attach(bench, hub, vpcs[n], subnets[n], f"At{n}", Tags=NAME, Options={"ApplianceModeSupport": "enable"})
        for n in range(2)
    )
    assert (first.unapplied, bench.lost(first)) == ((), set())
    assert routes(ec2, table) == {f"10.{n}.0.0/16": ("propagated", "active") for n in range(2)}
    changed = bench.change(first, TransitGatewayId=hub.ref, VpcId=vpcs[0], SubnetIds=subnets[0][:1])
    assert (changed.ref, changed.unapplied, bench.lost(changed)) == (first.ref, (), set())
    with pytest.raises(ClientError, match="has non-deleted VPC Attachments"):
        bench.delete(hub)
    for thing in (changed, second, second):
        bench.delete(thing)
    assert routes(ec2, table) == {}
    bench.delete(hub)


def test_two_vpcs_meet_by_tables_of_their_own(bench, ec2, vpcs, subnets):
    hub = bench.make(
        f"{EC2}TransitGateway", "Hub", DefaultRouteTableAssociation="disable", DefaultRouteTablePropagation="disable"
    )
    assert (hub.unapplied, bench.lost(hub)) == ((), set())
    assert ec2.describe_transit_gateway_route_tables()["TransitGatewayRouteTables"] == []
    ends = [attach(bench, hub, vpcs[n], subnets[n], f"At{n}") for n in range(2)]
    made = [bench.make(f"{EC2}TransitGatewayRouteTable", "Table", TransitGatewayId=hub.ref, Tags=NAME)]
    table = made[0].ref
    tie = {"TransitGatewayRouteTableId": table, "TransitGatewayAttachmentId": ends[0].ref}
    made.append(bench.make(f"{EC2}TransitGatewayRouteTableAssociation", "A", **tie))
    with pytest.raises(ClientError, match="is already associated to a route table"):
        bench.make(f"{EC2}TransitGatewayRouteTableAssociation", "Again", **tie)
    made.append(
        bench.make(
            f"{EC2}TransitGatewayRouteTablePropagation", "P", **{**tie, "TransitGatewayAttachmentId": ends[1].ref}
        )
    )
    made.append(bench.make(f"{EC2}TransitGatewayRoute", "R", DestinationCidrBlock="0.0.0.0/0", **tie))
    nowhere = {"TransitGatewayRouteTableId": table, "DestinationCidrBlock": "10.66.0.0/16", "Blackhole": True}
    made.append(bench.make(f"{EC2}TransitGatewayRoute", "B", **nowhere))
    for thing in made:
        assert (thing.unapplied, bench.lost(thing)) == ((), set()), thing.type
    assert routes(ec2, table) == {
        "10.1.0.0/16": ("propagated", "active"),
        "0.0.0.0/0": ("static", "active"),
        "10.66.0.0/16": ("static", "blackhole"),
    }
    with pytest.raises(ClientError, match="already exists"):
        bench.make(f"{EC2}TransitGatewayRoute", "R", DestinationCidrBlock="0.0.0.0/0", **tie)
    with pytest.raises(ClientError, match="must contain the parameter TransitGatewayAttachmentId"):
        bench.make(f"{EC2}TransitGatewayRoute", "R", TransitGatewayRouteTableId=table, DestinationCidrBlock="1.0.0.0/8")
    for _ in range(2):
        for thing in (*reversed(made), *ends, hub):
            bench.delete(thing)
    assert ec2.describe_transit_gateway_route_tables()["TransitGatewayRouteTables"] == []
    assert ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"] == []


@pytest.mark.parametrize(
    ("says", "declared"),
    [
        ("Duplicate Subnets for same AZ", lambda vpcs, s: {"SubnetIds": s[0]}),
        ("does not belong to VPC", lambda vpcs, s: {"SubnetIds": s[1][:1]}),
        ("was deleted or does not exist", lambda vpcs, s: {"TransitGatewayId": "tgw-00000000", "SubnetIds": s[0][:1]}),
    ],
)
def test_an_attachment_aws_would_refuse_is_refused(bench, hub, vpcs, subnets, says, declared):
    beside = bench.make(
        f"{EC2}Subnet", "Beside", VpcId=vpcs[0], CidrBlock="10.0.7.0/24", AvailabilityZone="us-east-1a"
    ).ref
    usual = {"TransitGatewayId": hub.ref, "VpcId": vpcs[0]}
    wanted = declared(vpcs, [[subnets[0][0], beside], subnets[1]])
    with pytest.raises(ClientError, match=says):
        bench.make(f"{EC2}TransitGatewayAttachment", "At", **{**usual, **wanted})


def test_a_gateway_asks_a_peer_in_another_region(bench, ec2, hub):
    there = bench.client("ec2", "eu-west-1")
    peer = there.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    made = bench.make(
        f"{EC2}TransitGatewayPeeringAttachment",
        "Peer",
        TransitGatewayId=hub.ref,
        PeerTransitGatewayId=peer,
        PeerRegion="eu-west-1",
        PeerAccountId="123456789012",
        Tags=NAME,
    )
    assert (made.unapplied, bench.lost(made), made["State"]) == ((), set(), "pendingAcceptance")
    there.accept_transit_gateway_peering_attachment(TransitGatewayAttachmentId=made.ref)
    bench.delete(made)
    bench.delete(made)
    bench.delete(hub)
    assert there.describe_transit_gateway_peering_attachments()["TransitGatewayPeeringAttachments"] == []


@pytest.mark.parametrize(
    ("there", "role", "state"),
    [
        ({}, {}, "active"),
        ({"PeerRegion": "eu-west-1"}, {}, "active"),
        ({"PeerOwnerId": "210987654321"}, {"PeerRoleArn": "arn:aws:iam::210987654321:role/peer"}, "active"),
        ({"PeerOwnerId": "210987654321"}, {}, "pending-acceptance"),
    ],
)
def test_a_peering_is_accepted_where_it_may_be(bench, ec2, vpcs, there, role, state):
    from moto.ec2.models import ec2_backends

    region, account = there.get("PeerRegion", "us-east-1"), there.get("PeerOwnerId", "123456789012")
    peer = ec2_backends[account][region].create_vpc("10.77.0.0/16").id
    made = bench.make(f"{EC2}VPCPeeringConnection", "P", VpcId=vpcs[0], PeerVpcId=peer, **there, **role)
    assert made.unapplied == ()
    found = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[made.ref])["VpcPeeringConnections"]
    assert [each["Status"]["Code"] for each in found] == [state]
    bench.delete(made)
    bench.delete(made)
    assert ec2.describe_vpc_peering_connections()["VpcPeeringConnections"] == []


@pytest.mark.parametrize("at_hub", [False, True])
def test_a_vpn_ends_at_a_vpc_or_at_a_hub(bench, ec2, hub, vpcs, at_hub):
    made = [
        bench.make(
            f"{EC2}CustomerGateway", "Office", BgpAsn=65001, IpAddress="198.51.100.7", Type="ipsec.1", DeviceName="box"
        ),
        bench.make(f"{EC2}VPNGateway", "Vgw", Type="ipsec.1", AmazonSideAsn=64999, Tags=NAME),
    ]
    made.append(bench.make(f"{EC2}VPCGatewayAttachment", "At", VpcId=vpcs[0], VpnGatewayId=made[1].ref))
    assert made[2].ref == f"VGW|{vpcs[0]}"
    end = {"TransitGatewayId": hub.ref} if at_hub else {"VpnGatewayId": made[1].ref}
    made.append(
        bench.make(
            f"{EC2}VPNConnection",
            "Vpn",
            CustomerGatewayId=made[0].ref,
            Type="ipsec.1",
            StaticRoutesOnly=True,
            VpnTunnelOptionsSpecifications=[{"PreSharedKey": "secretsecret", "TunnelInsideCidr": "169.254.10.0/30"}],
            Tags=NAME,
            **end,
        )
    )
    route = {"VpnConnectionId": made[3].ref, "DestinationCidrBlock": "192.168.0.0/16"}
    made.append(bench.make(f"{EC2}VPNConnectionRoute", "Static", **route))
    table = bench.make(f"{EC2}RouteTable", "Table", VpcId=vpcs[0]).ref
    made.append(
        bench.make(f"{EC2}VPNGatewayRoutePropagation", "Spread", VpnGatewayId=made[1].ref, RouteTableIds=[table])
    )
    for thing in made:
        assert (thing.unapplied, bench.lost(thing)) == ((), set()), thing.type
    attached = ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]
    assert [each["ResourceType"] for each in attached] == (["vpn"] if at_hub else [])
    with pytest.raises(ClientError, match="in use"):
        bench.delete(made[0])
    for _ in range(2):
        for thing in (*reversed(made), hub):
            bench.delete(thing)
    assert ec2.describe_vpn_connections()["VpnConnections"] == ec2.describe_vpn_gateways()["VpnGateways"] == []
    assert ec2.describe_customer_gateways()["CustomerGateways"] == []
    assert (
        "PropagatingVgws" not in str(ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0])
        or not (ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["PropagatingVgws"])
    )


def test_a_vpn_that_leads_nowhere_is_refused(bench):
    with pytest.raises(ClientError, match="Invalid IPv4 address"):
        bench.make(f"{EC2}CustomerGateway", "Office", BgpAsn=65001, IpAddress="office", Type="ipsec.1")
    office = bench.make(f"{EC2}CustomerGateway", "Office", BgpAsn=65001, IpAddress="198.51.100.7", Type="ipsec.1").ref
    with pytest.raises(ClientError, match="does not exist"):
        bench.make(f"{EC2}VPNConnection", "V", CustomerGatewayId=office, Type="ipsec.1", VpnGatewayId="vgw-00000000")


SSM = {"ServiceName": "com.amazonaws.us-east-1.ssm", "VpcEndpointType": "Interface"}
S3 = {"ServiceName": "com.amazonaws.us-east-1.s3"}


def test_an_interface_endpoint_stands_in_its_subnets_behind_its_groups(bench, ec2, vpcs, subnets):
    walls = [
        bench.make(f"{EC2}SecurityGroup", name, VpcId=vpcs[0], GroupDescription="wall").ref for name in ("One", "Two")
    ]
    declared = {"VpcId": vpcs[0], **SSM, "PrivateDnsEnabled": True}
    made = bench.make(
        f"{EC2}VPCEndpoint",
        "Ssm",
        SubnetIds=subnets[0][:1],
        SecurityGroupIds=walls[:1],
        DnsOptions={"DnsRecordIpType": "ipv4"},
        IpAddressType="ipv4",
        **declared,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())

    def cards() -> set[tuple[str, str]]:
        found = ec2.describe_network_interfaces()["NetworkInterfaces"]
        assert all(each["PrivateIpAddress"].startswith("10.0.") for each in found)
        return {(each["SubnetId"], each["Groups"][0]["GroupId"]) for each in found}

    assert cards() == {(subnets[0][0], walls[0])}
    changed = bench.change(made, SubnetIds=subnets[0], SecurityGroupIds=walls[1:], **declared)
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    assert cards() == {(each, walls[1]) for each in subnets[0]}
    fewer = bench.change(changed, SubnetIds=subnets[0][1:], SecurityGroupIds=walls[1:], **declared)
    assert cards() == {(subnets[0][1], walls[1])}
    bench.delete(fewer)
    bench.delete(fewer)
    assert cards() == set()
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


@pytest.mark.parametrize(
    ("says", "declared"),
    [
        ("Service 'com.amazonaws.eu-west-1.ssm' does not exist", {**SSM, "ServiceName": "com.amazonaws.eu-west-1.ssm"}),
        (r"Endpoint type \(Gateway\) does not match", {"ServiceName": "com.amazonaws.us-east-1.ssm"}),
        ("already a conflicting DNS domain for ssm.us-east-1", {**SSM, "PrivateDnsEnabled": True}),
        ("already has a route with destination-prefix-list-id pl-", S3),
        ("does not exist", {**SSM, "SecurityGroupIds": ["sg-00000000"]}),
    ],
)
def test_an_endpoint_aws_would_refuse_is_refused(bench, vpcs, says, declared):
    table = bench.make(f"{EC2}RouteTable", "Table", VpcId=vpcs[0]).ref
    bench.make(f"{EC2}VPCEndpoint", "Ssm", VpcId=vpcs[0], PrivateDnsEnabled=True, **SSM)
    bench.make(f"{EC2}VPCEndpoint", "S3", VpcId=vpcs[0], RouteTableIds=[table], **S3)
    tables = {"RouteTableIds": [table]} if declared is S3 else {}
    with pytest.raises(ClientError, match=says):
        bench.make(f"{EC2}VPCEndpoint", "Again", VpcId=vpcs[0], **declared, **tables)


def test_private_dns_needs_the_vpcs_dns(bench):
    quiet = bench.make(f"{EC2}VPC", "Quiet", CidrBlock="10.8.0.0/16").ref
    with pytest.raises(ClientError, match="requires both enableDnsSupport and enableDnsHostnames"):
        bench.make(f"{EC2}VPCEndpoint", "Ssm", VpcId=quiet, PrivateDnsEnabled=True, **SSM)


def test_a_service_is_offered_to_those_it_lets_in(bench, ec2, vpcs, subnets):
    balancers = [
        bench.make(
            "AWS::ElasticLoadBalancingV2::LoadBalancer", name, Type="network", Scheme="internal", Subnets=subnets[0]
        ).ref
        for name in ("One", "Two")
    ]
    made = bench.make(
        f"{EC2}VPCEndpointService",
        "Service",
        NetworkLoadBalancerArns=balancers[:1],
        AcceptanceRequired=False,
        PayerResponsibility="ServiceOwner",
        Tags=NAME,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    changed = bench.change(made, NetworkLoadBalancerArns=balancers, AcceptanceRequired=True)
    assert (changed.ref, changed.unapplied, bench.lost(changed)) == (made.ref, (), set())

    friends = [f"arn:aws:iam::{n * 12}:root" for n in "12"]
    allowed = bench.make(f"{EC2}VPCEndpointServicePermissions", "P", ServiceId=made.ref, AllowedPrincipals=friends)
    assert (allowed.ref, allowed.unapplied, bench.lost(allowed)) == (made.ref, (), set())
    fewer = bench.change(allowed, ServiceId=made.ref, AllowedPrincipals=friends[:1])
    told = ec2.describe_vpc_endpoint_service_permissions(ServiceId=made.ref)["AllowedPrincipals"]
    assert [each["Principal"] for each in told] == friends[:1]

    name = f"com.amazonaws.vpce.us-east-1.{made.ref}"
    used = bench.make(
        f"{EC2}VPCEndpoint", "Use", VpcId=vpcs[1], ServiceName=name, VpcEndpointType="Interface", SubnetIds=subnets[1]
    )
    with pytest.raises(ClientError, match="existing active VPC Endpoint connections"):
        bench.delete(changed)
    for thing in (used, fewer, changed, changed):
        bench.delete(thing)
    assert ec2.describe_vpc_endpoint_service_configurations()["ServiceConfigurations"] == []
