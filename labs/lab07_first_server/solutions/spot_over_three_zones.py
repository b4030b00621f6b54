"""A group that buys Spot in three zones, two servers at most, and leaves the details to the image."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


class Search(Construct):
    """The server, its role and its network, as one construct."""

    def __init__(self, scope: Construct, construct_id: str, *, notes: s3.IBucket) -> None:
        super().__init__(scope, construct_id)
        vpc = ec2.Vpc(
            self,
            "Vpc",
            availability_zones=["us-east-1a", "us-east-1b", "us-east-1c"],
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Out", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=27),
                # nothing stands here yet
                ec2.SubnetConfiguration(name="Later", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=27),
            ],
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
        role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name("AmazonSSMManagedInstanceCore"))
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:GetObject", "s3:ListBucket"], resources=[notes.bucket_arn, notes.arn_for_objects("*")]
            )
        )
        start = ec2.UserData.custom(
            f"#!/bin/bash\nset -e\naws s3 cp s3://{notes.bucket_name}/program/install.sh /tmp/install.sh\n"
            "bash /tmp/install.sh\nsystemctl enable --now notes-search.service\n"
        )
        launch = ec2.LaunchTemplate(
            self,
            "Launch",
            instance_type=ec2.InstanceType("t4g.small"),
            machine_image=ec2.MachineImage.latest_amazon_linux2023(
                cpu_type=ec2.AmazonLinuxCpuType.ARM_64, kernel=ec2.AmazonLinux2023Kernel.KERNEL_6_1
            ),
            role=role,
            security_group=ec2.SecurityGroup(self, "Nobody", vpc=vpc),
            user_data=start,
            block_devices=[
                ec2.BlockDevice(device_name="/dev/xvda", volume=ec2.BlockDeviceVolume.ebs(10, encrypted=True)),
                ec2.BlockDevice(
                    device_name="/dev/sdf",
                    volume=ec2.BlockDeviceVolume.ebs(
                        20, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3, delete_on_termination=True
                    ),
                ),
            ],
        )
        self.group = autoscaling.AutoScalingGroup(
            self,
            "Group",
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="Out"),
            mixed_instances_policy=autoscaling.MixedInstancesPolicy(
                launch_template=launch,
                instances_distribution=autoscaling.InstancesDistribution(
                    on_demand_base_capacity=0, on_demand_percentage_above_base_capacity=0
                ),
                launch_template_overrides=[
                    autoscaling.LaunchTemplateOverrides(instance_type=ec2.InstanceType("t4g.micro")),
                    autoscaling.LaunchTemplateOverrides(instance_type=ec2.InstanceType("t4g.small")),
                ],
            ),
            max_capacity=2,
        )
        self.group.scale_on_cpu_utilization("Busy", target_utilization_percent=70)
        cdk.CfnOutput(self, "Server", value=self.group.auto_scaling_group_name)


class SpotServer(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        # who reads the notes, and when
        logs = s3.Bucket(self, "Reads", removal_policy=cdk.RemovalPolicy.DESTROY)
        notes = s3.Bucket(self, "Notes", server_access_logs_bucket=logs, versioned=True)
        Search(self, "Search", notes=notes)
        cdk.CfnOutput(self, "NotesBucket", value=notes.bucket_name)
