"""The triage service's network, as it was handed over. The demo ran on it."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct


class TriageNetwork(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        vpc = ec2.Vpc(
            self,
            "Vpc",
            # one zone is plenty for a demo, and saves a NAT gateway
            max_azs=1,
            nat_gateways=1,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24),
                ec2.SubnetConfiguration(name="Data", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=28),
            ],
            # the bucket is reached from the website, so the endpoint goes there
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(
                    service=ec2.GatewayVpcEndpointAwsService.S3,
                    subnets=[ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)],
                )
            },
        )

        web = ec2.SecurityGroup(self, "Web", vpc=vpc)
        web.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443))
        # needed it from the train once. TODO: close
        web.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(22))

        db = ec2.SecurityGroup(self, "Db", vpc=vpc)
        db.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(5432))

        cdk.CfnOutput(self, "WebsiteSubnets", value=",".join(each.subnet_id for each in vpc.public_subnets))
        cdk.CfnOutput(self, "DatabaseSubnets", value=",".join(each.subnet_id for each in vpc.private_subnets))
        cdk.CfnOutput(self, "WebsiteSecurityGroup", value=web.security_group_id)
        cdk.CfnOutput(self, "DatabaseSecurityGroup", value=db.security_group_id)
