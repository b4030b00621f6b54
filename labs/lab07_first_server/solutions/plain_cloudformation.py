"""The same promises in CloudFormation's own words: an x86 server, an image looked up at each launch, a role by hand."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
START = """#!/bin/bash
aws s3 cp s3://${Store}/program/install.sh - | bash
systemctl enable --now notes-search
"""


class PlainServer(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        store = s3.CfnBucket(self, "Store")
        vpc = ec2.CfnVPC(self, "V", cidr_block="172.21.0.0/22", enable_dns_hostnames=True)
        gateway = ec2.CfnInternetGateway(self, "G")
        attached = ec2.CfnVPCGatewayAttachment(self, "A", vpc_id=vpc.ref, internet_gateway_id=gateway.ref)
        table = ec2.CfnRouteTable(self, "T", vpc_id=vpc.ref)
        out = ec2.CfnRoute(
            self, "Out", route_table_id=table.ref, destination_cidr_block="0.0.0.0/0", gateway_id=gateway.ref
        )
        out.node.add_dependency(attached)
        subnets = [self.subnet(vpc, table, zone) for zone in (0, 1)]

        # one rule of its own that lets nobody in: what wears the group trusts what wears it
        wall = ec2.CfnSecurityGroup(self, "W", group_description="search", vpc_id=vpc.ref)
        ec2.CfnSecurityGroupIngress(
            self, "Among", group_id=wall.attr_group_id, ip_protocol="-1", source_security_group_id=wall.attr_group_id
        )

        role = iam.CfnRole(
            self,
            "R",
            assume_role_policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            },
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="search",
                    policy_document={
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": [
                                    "ssm:UpdateInstanceInformation",
                                    "ssmmessages:CreateControlChannel",
                                    "ssmmessages:CreateDataChannel",
                                    "ssmmessages:OpenControlChannel",
                                    "ssmmessages:OpenDataChannel",
                                    "s3:GetEncryptionConfiguration",
                                ],
                                "Resource": "*",
                            },
                            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{store.attr_arn}/*"},
                            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": store.attr_arn},
                        ],
                    },
                )
            ],
        )
        profile = iam.CfnInstanceProfile(self, "P", roles=[role.ref])

        launch = ec2.CfnLaunchTemplate(
            self,
            "L",
            launch_template_data=ec2.CfnLaunchTemplate.LaunchTemplateDataProperty(
                # EC2 itself asks the parameter, each time it launches
                image_id=f"resolve:ssm:{IMAGE}",
                instance_type="t3.micro",
                iam_instance_profile=ec2.CfnLaunchTemplate.IamInstanceProfileProperty(arn=profile.attr_arn),
                user_data=cdk.Fn.base64(cdk.Fn.sub(START)),
                network_interfaces=[
                    ec2.CfnLaunchTemplate.NetworkInterfaceProperty(
                        device_index=0, associate_public_ip_address=True, groups=[wall.attr_group_id]
                    )
                ],
                # its type is the image's, gp3; IMDSv2 is what Amazon Linux 2023 asks for by itself
                block_device_mappings=[
                    ec2.CfnLaunchTemplate.BlockDeviceMappingProperty(
                        device_name="/dev/xvda", ebs=ec2.CfnLaunchTemplate.EbsProperty(encrypted=True)
                    )
                ],
            ),
        )
        group = autoscaling.CfnAutoScalingGroup(
            self,
            "Group",
            min_size="0",
            max_size="2",
            desired_capacity="1",
            vpc_zone_identifier=subnets,
            launch_template=autoscaling.CfnAutoScalingGroup.LaunchTemplateSpecificationProperty(
                launch_template_id=launch.ref, version=launch.attr_latest_version_number
            ),
        )
        group.node.add_dependency(out)

        cdk.CfnOutput(self, "Server", value=group.ref)
        cdk.CfnOutput(self, "NotesBucket", value=store.attr_arn)

    def subnet(self, vpc: ec2.CfnVPC, table: ec2.CfnRouteTable, zone: int) -> str:
        subnet = ec2.CfnSubnet(
            self,
            f"S{zone}",
            vpc_id=vpc.ref,
            cidr_block=f"172.21.{zone}.0/24",
            availability_zone=cdk.Fn.select(zone, cdk.Fn.get_azs()),
        )
        ec2.CfnSubnetRouteTableAssociation(self, f"S{zone}T", subnet_id=subnet.ref, route_table_id=table.ref)
        return subnet.ref
