"""Networks and every road between them."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct


class Roads(cdk.Stack):
    """Two VPCs joined by peering and a Transit Gateway, a VPN, endpoints, network ACLs and flow logs."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        here = ec2.Vpc(
            self,
            "Here",
            ip_addresses=ec2.IpAddresses.cidr("10.0.0.0/16"),
            max_azs=2,
            nat_gateways=1,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="web", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24),
                ec2.SubnetConfiguration(name="app", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=24),
                ec2.SubnetConfiguration(name="db", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24),
            ],
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "Tables": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
            },
            vpn_gateway=True,
            vpn_connections={
                "Clinic": ec2.VpnConnectionOptions(ip="198.51.100.7", asn=65010, static_routes=["192.168.10.0/24"])
            },
            restrict_default_security_group=True,
        )
        group = logs.LogGroup(
            self, "Seen", retention=logs.RetentionDays.ONE_WEEK, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        here.add_flow_log(
            "Flow",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(group),
            traffic_type=ec2.FlowLogTrafficType.REJECT,
        )
        there = ec2.Vpc(
            self,
            "There",
            ip_addresses=ec2.IpAddresses.cidr("10.1.0.0/16"),
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="only", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24)
            ],
        )
        here.add_interface_endpoint("Ssm", service=ec2.InterfaceVpcEndpointAwsService.SSM)
        peering = ec2.CfnVPCPeeringConnection(self, "Peering", vpc_id=here.vpc_id, peer_vpc_id=there.vpc_id)
        for number, subnet in enumerate(here.private_subnets):
            ec2.CfnRoute(
                self,
                f"ToThere{number}",
                route_table_id=subnet.route_table.route_table_id,
                destination_cidr_block="10.1.0.0/16",
                vpc_peering_connection_id=peering.ref,
            )
        hub = ec2.CfnTransitGateway(
            self,
            "Hub",
            amazon_side_asn=64520,
            auto_accept_shared_attachments="enable",
            description="the hub",
            default_route_table_association="disable",
            default_route_table_propagation="disable",
            dns_support="enable",
        )
        spoke = ec2.CfnTransitGatewayAttachment(
            self,
            "Spoke",
            transit_gateway_id=hub.ref,
            vpc_id=there.vpc_id,
            subnet_ids=[each.subnet_id for each in there.isolated_subnets],
        )
        table = ec2.CfnTransitGatewayRouteTable(self, "Table", transit_gateway_id=hub.ref)
        ec2.CfnTransitGatewayRouteTableAssociation(
            self, "Tied", transit_gateway_attachment_id=spoke.ref, transit_gateway_route_table_id=table.ref
        )
        ec2.CfnTransitGatewayRoute(
            self,
            "Way",
            transit_gateway_route_table_id=table.ref,
            destination_cidr_block="10.9.0.0/16",
            transit_gateway_attachment_id=spoke.ref,
        )
        acl = ec2.NetworkAcl(self, "Wall", vpc=here, subnet_selection=ec2.SubnetSelection(subnet_group_name="db"))
        acl.add_entry(
            "FromApp",
            cidr=ec2.AclCidr.ipv4("10.0.0.0/16"),
            rule_number=100,
            traffic=ec2.AclTraffic.tcp_port(5432),
            direction=ec2.TrafficDirection.INGRESS,
        )
        acl.add_entry(
            "Back",
            cidr=ec2.AclCidr.ipv4("10.0.0.0/16"),
            rule_number=100,
            traffic=ec2.AclTraffic.tcp_port_range(1024, 65535),
            direction=ec2.TrafficDirection.EGRESS,
        )
        web = ec2.SecurityGroup(self, "Web", vpc=here, description="web", allow_all_outbound=False)
        web.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "from anywhere")
        data = ec2.SecurityGroup(self, "Data", vpc=here)
        data.add_ingress_rule(web, ec2.Port.tcp(5432))
        web.add_egress_rule(data, ec2.Port.tcp(5432))
        offices = ec2.CfnPrefixList(
            self,
            "Offices",
            address_family="IPv4",
            max_entries=5,
            prefix_list_name="offices",
            entries=[ec2.CfnPrefixList.EntryProperty(cidr="203.0.113.0/24", description="main")],
        )
        data.add_ingress_rule(ec2.Peer.prefix_list(offices.attr_prefix_list_id), ec2.Port.tcp(22))
        options = ec2.CfnDHCPOptions(
            self, "Names", domain_name="clinic.internal", domain_name_servers=["AmazonProvidedDNS"]
        )
        ec2.CfnVPCDHCPOptionsAssociation(self, "NamesHere", dhcp_options_id=options.ref, vpc_id=here.vpc_id)
        cdk.CfnOutput(self, "Vpc", value=here.vpc_id)
