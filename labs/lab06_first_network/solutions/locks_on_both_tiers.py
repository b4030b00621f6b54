"""A network ACL around either tier: visitors' answers from 1024 up, S3's answers from S3's own ranges."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

BLOCK = "10.20.0.0/20"
ANYONE = "0.0.0.0/0"
HIGH = (1024, 65535)
LINUX = (32768, 61000)
# S3's in us-east-1; AWS adds to them, so this list wants looking after
S3_RANGES = (
    "3.5.0.0/19",
    "16.15.176.0/20",
    "16.15.192.0/18",
    "16.182.0.0/16",
    "18.34.0.0/19",
    "52.216.0.0/15",
    "54.231.0.0/16",
)


class LockedNetwork(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(BLOCK),
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Web", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24),
                ec2.SubnetConfiguration(name="Db", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=25),
            ],
        )
        vpc.add_gateway_endpoint(
            "S3",
            service=ec2.GatewayVpcEndpointAwsService.S3,
            subnets=[ec2.SubnetSelection(subnet_group_name="Db")],
        )

        web = ec2.SecurityGroup(self, "WebGroup", vpc=vpc, allow_all_outbound=False)
        database = ec2.SecurityGroup(self, "DbGroup", vpc=vpc, allow_all_outbound=False)
        web.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443))
        web.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.udp(443))
        # health checks from inside
        web.add_ingress_rule(ec2.Peer.ipv4(BLOCK), ec2.Port.tcp(8080))
        web.connections.allow_to(database, ec2.Port.tcp(5432))
        database.add_egress_rule(ec2.Peer.prefix_list("pl-63a5400a"), ec2.Port.tcp(443))

        website, databases = vpc.public_subnets, vpc.isolated_subnets
        front = self.lock(vpc, "Front", website)
        self.allow(front, False, 100, ANYONE, (443, 443), ec2.AclTraffic.tcp_port_range(443, 443))
        self.allow(front, False, 110, ANYONE, (443, 443), ec2.AclTraffic.udp_port_range(443, 443))
        self.allow(front, False, 120, BLOCK, HIGH)
        self.allow(front, True, 100, ANYONE, HIGH)
        self.allow(front, True, 110, ANYONE, HIGH, ec2.AclTraffic.udp_port_range(*HIGH))

        back = self.lock(vpc, "Back", databases)
        for index, subnet in enumerate(website):
            self.allow(back, False, 100 + index, subnet.ipv4_cidr_block, (5432, 5432))
            self.allow(back, True, 100 + index, subnet.ipv4_cidr_block, LINUX)
        for index, cidr in enumerate(S3_RANGES):
            self.allow(back, False, 200 + index, cidr, LINUX)
            self.allow(back, True, 200 + index, cidr, (443, 443))

        # A group of no machines, ready for Lab 7, is free.
        servers = autoscaling.CfnLaunchConfiguration(self, "Servers", image_id="ami-12345678", instance_type="t3.nano")
        autoscaling.CfnAutoScalingGroup(
            self,
            "Fleet",
            min_size="0",
            max_size="2",
            launch_configuration_name=servers.ref,
            vpc_zone_identifier=[each.subnet_id for each in website],
        )

        # An id named twice is still one subnet.
        named = [each.subnet_id for each in (*website, website[0])]
        cdk.CfnOutput(self, "WebsiteSubnets", value=", ".join(named))
        cdk.CfnOutput(self, "DatabaseSubnets", value=", ".join(each.subnet_id for each in databases))
        cdk.CfnOutput(self, "WebsiteSecurityGroup", value=web.security_group_id)
        cdk.CfnOutput(self, "DatabaseSecurityGroup", value=database.security_group_id)

    def lock(self, vpc: ec2.Vpc, name: str, subnets: list[ec2.ISubnet]) -> ec2.NetworkAcl:
        return ec2.NetworkAcl(self, name, vpc=vpc, subnet_selection=ec2.SubnetSelection(subnets=subnets))

    def allow(
        self,
        acl: ec2.NetworkAcl,
        out: bool,
        number: int,
        cidr: str,
        ports: tuple[int, int],
        traffic: ec2.AclTraffic | None = None,
    ) -> None:
        acl.add_entry(
            f"{'Out' if out else 'In'}{number}",
            cidr=ec2.AclCidr.ipv4(cidr),
            rule_number=number,
            traffic=traffic or ec2.AclTraffic.tcp_port_range(*ports),
            direction=ec2.TrafficDirection.EGRESS if out else ec2.TrafficDirection.INGRESS,
        )
