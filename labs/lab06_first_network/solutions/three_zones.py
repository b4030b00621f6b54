"""Three zones, a tier between, rules as resources of their own, an ACL that allows what it does not deny."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct


class Tier(Construct):
    """A subnet in each of three zones, with a route table of its own."""

    def __init__(self, scope: Construct, construct_id: str, *, vpc: ec2.CfnVPC, third: int, public: bool) -> None:
        super().__init__(scope, construct_id)
        self.table = ec2.CfnRouteTable(self, "Table", vpc_id=vpc.ref)
        self.cidrs = [f"10.200.{third + zone}.0/24" for zone in range(3)]
        self.subnets = [
            ec2.CfnSubnet(
                self,
                f"Subnet{zone}",
                vpc_id=vpc.ref,
                cidr_block=cidr,
                availability_zone=cdk.Fn.select(zone, cdk.Fn.get_azs()),
                map_public_ip_on_launch=public,
            )
            for zone, cidr in enumerate(self.cidrs)
        ]
        for zone, subnet in enumerate(self.subnets):
            ec2.CfnSubnetRouteTableAssociation(
                self, f"Routes{zone}", subnet_id=subnet.ref, route_table_id=self.table.ref
            )

    @property
    def ids(self) -> str:
        return cdk.Fn.join(", ", [each.ref for each in self.subnets])


class ThreeZones(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        vpc = ec2.CfnVPC(self, "Vpc", cidr_block="10.200.0.0/16", enable_dns_hostnames=True)
        gateway = ec2.CfnInternetGateway(self, "Gateway")
        attachment = ec2.CfnVPCGatewayAttachment(self, "Attached", vpc_id=vpc.ref, internet_gateway_id=gateway.ref)
        edge = Tier(self, "Edge", vpc=vpc, third=0, public=True)
        app = Tier(self, "App", vpc=vpc, third=10, public=False)
        data = Tier(self, "Data", vpc=vpc, third=20, public=False)
        # two halves of the internet, in place of one default route
        for half in ("0.0.0.0/1", "128.0.0.0/1"):
            ec2.CfnRoute(
                self,
                f"To{half[:3].strip('.')}",
                route_table_id=edge.table.ref,
                destination_cidr_block=half,
                gateway_id=gateway.ref,
            ).node.add_dependency(attachment)
        ec2.CfnVPCEndpoint(
            self,
            "S3",
            vpc_id=vpc.ref,
            vpc_endpoint_type="Gateway",
            service_name=cdk.Fn.sub("com.amazonaws.${AWS::Region}.s3"),
            route_table_ids=[each.table.ref for each in (app, data)],
        )

        web = ec2.CfnSecurityGroup(self, "Web", group_description="web servers", vpc_id=vpc.ref)
        db = ec2.CfnSecurityGroup(
            self,
            "Db",
            group_description="database",
            vpc_id=vpc.ref,
            # nothing goes out but what the rules beside it allow
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="icmp", cidr_ip="255.255.255.255/32", from_port=252, to_port=86
                )
            ],
        )
        for port in (80, 443):
            ec2.CfnSecurityGroupIngress(
                self,
                f"Visitors{port}",
                group_id=web.attr_group_id,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                cidr_ip="0.0.0.0/0",
            )
        ec2.CfnSecurityGroupEgress(
            self,
            "WebToDb",
            group_id=web.attr_group_id,
            ip_protocol="tcp",
            from_port=5432,
            to_port=5432,
            destination_security_group_id=db.attr_group_id,
        )
        ec2.CfnSecurityGroupIngress(
            self,
            "DbFromWeb",
            group_id=db.attr_group_id,
            ip_protocol="tcp",
            from_port=5432,
            to_port=5432,
            source_security_group_id=web.attr_group_id,
        )
        ec2.CfnSecurityGroupIngress(
            self,
            "DbAmongItself",
            group_id=db.attr_group_id,
            ip_protocol="-1",
            source_security_group_id=db.attr_group_id,
        )
        ec2.CfnSecurityGroupEgress(
            self,
            "DbToS3",
            group_id=db.attr_group_id,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            # S3's prefix list in us-east-1
            destination_prefix_list_id="pl-63a5400a",
        )

        acl = ec2.CfnNetworkAcl(self, "Acl", vpc_id=vpc.ref)
        self.rule(acl, 1, "deny", "10.200.0.0/16", protocol=6, ports=(0, 5431))
        self.rule(acl, 2, "deny", "10.200.0.0/16", protocol=17, ports=(0, 65535))
        self.rule(acl, 3, "allow", "0.0.0.0/0")
        self.rule(acl, 3, "allow", "0.0.0.0/0", egress=True)
        for zone, subnet in enumerate(data.subnets):
            ec2.CfnSubnetNetworkAclAssociation(self, f"Acl{zone}", subnet_id=subnet.ref, network_acl_id=acl.attr_id)

        cdk.CfnOutput(self, "WebsiteSubnets", value=edge.ids)
        cdk.CfnOutput(self, "DatabaseSubnets", value=data.ids)
        cdk.CfnOutput(self, "WebsiteSecurityGroup", value=web.attr_group_id)
        cdk.CfnOutput(self, "DatabaseSecurityGroup", value=db.attr_group_id)

    def rule(
        self,
        acl: ec2.CfnNetworkAcl,
        number: int,
        action: str,
        cidr: str,
        *,
        protocol: int = -1,
        ports: tuple[int, int] | None = None,
        egress: bool = False,
    ) -> None:
        span = ec2.CfnNetworkAclEntry.PortRangeProperty(from_=ports[0], to=ports[1]) if ports else None
        ec2.CfnNetworkAclEntry(
            self,
            f"{'Out' if egress else 'In'}{number}",
            network_acl_id=acl.attr_id,
            rule_number=number,
            rule_action=action,
            protocol=protocol,
            cidr_block=cidr,
            port_range=span,
            egress=egress,
        )
