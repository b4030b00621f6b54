"""A network for the triage service: a website tier people reach, a database tier nobody reaches but the website."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct


class FirstNetwork(cdk.Stack):
    """One VPC, two Availability Zones, a public and an isolated subnet in each."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        network = ec2.Vpc(
            self,
            "Network",
            # The hospital has 10.0.0.0/16, which is also CDK's default. Networks that share an address can never be
            # peered, and a VPC's first CIDR block cannot be changed: this one line is the most expensive to get back.
            ip_addresses=ec2.IpAddresses.cidr("10.40.0.0/16"),
            max_azs=2,
            # CDK's default is one NAT gateway in each zone, billed by the hour. Nothing here needs one: the website
            # has public addresses, the database has no business on the internet.
            nat_gateways=0,
            subnet_configuration=[
                # /24 is 256 addresses, of which AWS keeps five.
                ec2.SubnetConfiguration(
                    name="Website",
                    subnet_type=ec2.SubnetType.PUBLIC,
                    cidr_mask=24,
                    # A load balancer brings its own public addresses. A machine that lands here by mistake gets none.
                    map_public_ip_on_launch=False,
                ),
                ec2.SubnetConfiguration(name="Database", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24),
            ],
            # A route, not a machine: no charge, and the backups never leave AWS's network. An interface endpoint
            # would do the same for an hourly price in each zone.
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(
                    service=ec2.GatewayVpcEndpointAwsService.S3,
                    subnets=[ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)],
                )
            },
            # Whatever forgets to name a security group wears the VPC's default one, whose members trust each other.
            restrict_default_security_group=True,
        )
        website_subnets = network.public_subnets
        database_subnets = network.isolated_subnets

        website = ec2.SecurityGroup(self, "Website", vpc=network, description="Website servers: HTTPS from anyone")
        website.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "patients and staff")

        database = ec2.SecurityGroup(
            self,
            "Database",
            vpc=network,
            description="Notes database: PostgreSQL from the website",
            allow_all_outbound=False,
        )
        # The source is a group, not a range: it means the website's servers wherever they are, however many, and
        # nobody else who happens to sit beside them. The answer needs no rule, security groups remember the question.
        database.add_ingress_rule(website, ec2.Port.tcp(5432), "PostgreSQL")
        # Any address sounds wide, but the route table knows only two ways: within the VPC, and to S3.
        database.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "backups to S3")

        # The second lock. It belongs to the subnets, so it holds whatever groups people put on machines in there, and
        # unlike a group it can deny.
        lock = ec2.NetworkAcl(
            self,
            "DatabaseLock",
            vpc=network,
            subnet_selection=ec2.SubnetSelection(subnets=database_subnets),
        )
        for index, subnet in enumerate(website_subnets):
            from_website = ec2.AclCidr.ipv4(subnet.ipv4_cidr_block)
            lock.add_entry(
                f"QuestionsFromWebsite{index}",
                cidr=from_website,
                rule_number=100 + index,
                traffic=ec2.AclTraffic.tcp_port(5432),
                direction=ec2.TrafficDirection.INGRESS,
            )
            # A network ACL forgets. The answer goes to a port the asker chose: 32768 and up on Linux, 1024 and up for
            # load balancers and Lambda.
            lock.add_entry(
                f"AnswersToWebsite{index}",
                cidr=from_website,
                rule_number=100 + index,
                traffic=ec2.AclTraffic.tcp_port_range(1024, 65535),
                direction=ec2.TrafficDirection.EGRESS,
            )
        # The lowest number that matches decides, so this comes before the wide rule below: without it, rule 300
        # would let the whole VPC in on every port from 1024 up.
        lock.add_entry(
            "NothingElseFromTheVpc",
            cidr=ec2.AclCidr.ipv4(network.vpc_cidr_block),
            rule_number=200,
            traffic=ec2.AclTraffic.all_traffic(),
            direction=ec2.TrafficDirection.INGRESS,
            rule_action=ec2.Action.DENY,
        )
        # Backups: questions to S3 go out, answers come back. A network ACL cannot name S3's prefix list, so it says
        # anywhere; the route table decides that anywhere is S3.
        lock.add_entry(
            "QuestionsToS3",
            cidr=ec2.AclCidr.any_ipv4(),
            rule_number=300,
            traffic=ec2.AclTraffic.tcp_port(443),
            direction=ec2.TrafficDirection.EGRESS,
        )
        lock.add_entry(
            "AnswersFromS3",
            cidr=ec2.AclCidr.any_ipv4(),
            rule_number=300,
            traffic=ec2.AclTraffic.tcp_port_range(1024, 65535),
            direction=ec2.TrafficDirection.INGRESS,
        )

        cdk.CfnOutput(self, "WebsiteSubnets", value=",".join(each.subnet_id for each in website_subnets))
        cdk.CfnOutput(self, "DatabaseSubnets", value=",".join(each.subnet_id for each in database_subnets))
        cdk.CfnOutput(self, "WebsiteSecurityGroup", value=website.security_group_id)
        cdk.CfnOutput(self, "DatabaseSecurityGroup", value=database.security_group_id)
