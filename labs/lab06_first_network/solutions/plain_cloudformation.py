"""The same promises in CloudFormation's own words: other addresses, one table a tier, allow rules alone."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

TCP, ALL = 6, -1


class PlainNetwork(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        vpc = ec2.CfnVPC(self, "V", cidr_block="172.20.0.0/20", enable_dns_hostnames=True)
        gateway = ec2.CfnInternetGateway(self, "G")
        attached = ec2.CfnVPCGatewayAttachment(self, "A", vpc_id=vpc.ref, internet_gateway_id=gateway.ref)

        front_table = ec2.CfnRouteTable(self, "FrontTable", vpc_id=vpc.ref)
        ec2.CfnRoute(
            self,
            "Out",
            route_table_id=front_table.ref,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.ref,
        ).node.add_dependency(attached)
        back_table = ec2.CfnRouteTable(self, "BackTable", vpc_id=vpc.ref)
        ec2.CfnVPCEndpoint(
            self,
            "Bucket",
            vpc_id=vpc.ref,
            service_name=f"com.amazonaws.{self.region}.s3",
            route_table_ids=[back_table.ref],
        )

        front = [self.subnet(vpc, f"Front{zone}", zone, f"172.20.{zone}.0/25", front_table) for zone in (0, 1)]
        back = [self.subnet(vpc, f"Back{zone}", zone, f"172.20.{8 + zone}.0/25", back_table) for zone in (0, 1)]

        web = ec2.CfnSecurityGroup(
            self,
            "Web",
            group_description="web",
            vpc_id=vpc.ref,
            security_group_ingress=[
                ec2.CfnSecurityGroup.IngressProperty(
                    ip_protocol="tcp", from_port=port, to_port=port, cidr_ip="0.0.0.0/0"
                )
                for port in (80, 443)
            ],
        )
        db = ec2.CfnSecurityGroup(
            self,
            "Db",
            group_description="db",
            vpc_id=vpc.ref,
            security_group_ingress=[
                ec2.CfnSecurityGroup.IngressProperty(
                    ip_protocol="6", from_port=5432, to_port=5432, source_security_group_id=web.attr_group_id
                )
            ],
        )

        acl = ec2.CfnNetworkAcl(self, "Acl", vpc_id=vpc.ref)
        # only allow rules: what no rule names is denied
        for number, egress, low, high in (
            (10, False, 5432, 5432),
            (20, False, 32768, 65535),
            (10, True, 32768, 65535),
            (20, True, 443, 443),
        ):
            ec2.CfnNetworkAclEntry(
                self,
                f"Rule{number}{'Out' if egress else 'In'}",
                network_acl_id=acl.ref,
                rule_number=number,
                egress=egress,
                rule_action="allow",
                protocol=TCP,
                cidr_block="0.0.0.0/0",
                port_range=ec2.CfnNetworkAclEntry.PortRangeProperty(from_=low, to=high),
            )
        for index, subnet in enumerate(back):
            ec2.CfnSubnetNetworkAclAssociation(self, f"Guard{index}", subnet_id=subnet.ref, network_acl_id=acl.ref)

        cdk.CfnOutput(self, "WebsiteSubnets", value=cdk.Fn.join(",", [each.ref for each in front]))
        cdk.CfnOutput(self, "DatabaseSubnets", value=cdk.Fn.join(",", [each.ref for each in back]))
        cdk.CfnOutput(self, "WebsiteSecurityGroup", value=web.ref)
        cdk.CfnOutput(self, "DatabaseSecurityGroup", value=db.attr_group_id)

    def subnet(self, vpc: ec2.CfnVPC, name: str, zone: int, cidr: str, table: ec2.CfnRouteTable) -> ec2.CfnSubnet:
        subnet = ec2.CfnSubnet(
            self,
            name,
            vpc_id=vpc.ref,
            cidr_block=cidr,
            availability_zone=cdk.Fn.select(zone, cdk.Fn.get_azs()),
        )
        ec2.CfnSubnetRouteTableAssociation(self, f"{name}Table", subnet_id=subnet.ref, route_table_id=table.ref)
        return subnet
