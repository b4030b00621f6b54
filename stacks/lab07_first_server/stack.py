"""The search server: nobody can knock, staff come in through Session Manager, and a lost one is replaced."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


class FirstServer(cdk.Stack):
    """One small server, kept alive by an Auto Scaling group over two Availability Zones."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        notes = s3.Bucket(
            self,
            "Notes",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

        network = ec2.Vpc(
            self,
            "Network",
            ip_addresses=ec2.IpAddresses.cidr("10.41.0.0/16"),
            # A group of one still wants two zones: the second is where the server goes when the first is lost.
            max_azs=2,
            # The server asks outward through its own public address. A NAT gateway in each zone would cost twelve times
            # what the server does; two interface endpoints for Systems Manager in each zone, nearly five times.
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Servers",
                    subnet_type=ec2.SubnetType.PUBLIC,
                    cidr_mask=24,
                    # The launch template says who gets a public address, so nothing else that lands here has one.
                    map_public_ip_on_launch=False,
                )
            ],
            # S3 over AWS's own network, for the notes and for Amazon Linux's packages. Free.
            gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
            restrict_default_security_group=True,
        )

        # No inbound rule at all. Session Manager works from the inside: the agent on the server asks Systems Manager
        # whether somebody wants a session, and the answer to a question needs no rule.
        wall = ec2.SecurityGroup(
            self,
            "Wall",
            vpc=network,
            description="Search server: nobody in, HTTPS out",
            allow_all_outbound=False,
        )
        wall.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "Systems Manager and S3")

        # Keys that expire by themselves, handed to the server by EC2: nothing to copy, nothing to leak for good.
        role = iam.Role(
            self,
            "ServerRole",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("AmazonSSMManagedInstanceCore")],
        )
        notes.grant_read(role)

        start = ec2.UserData.for_linux()
        start.add_commands(
            f"aws s3 cp s3://{notes.bucket_name}/program/install.sh - | bash",
            "systemctl enable --now notes-search",
        )

        launch = ec2.LaunchTemplate(
            self,
            "Launch",
            # Arm, and so is the image. t4g.micro is the smallest type an account on the free plan may start.
            instance_type=ec2.InstanceType("t4g.micro"),
            # A parameter that AWS keeps up to date: each deployment asks it for the newest image.
            machine_image=ec2.MachineImage.latest_amazon_linux2023(cpu_type=ec2.AmazonLinuxCpuType.ARM_64),
            role=role,
            security_group=wall,
            associate_public_ip_address=True,
            user_data=start,
            require_imdsv2=True,
            block_devices=[
                ec2.BlockDevice(
                    # Amazon Linux's root disk. With another name this would be a second disk, and the notes would be
                    # on the first one, as the image has it.
                    device_name="/dev/xvda",
                    volume=ec2.BlockDeviceVolume.ebs(
                        8, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3, delete_on_termination=True
                    ),
                )
            ],
        )
        keeper = autoscaling.AutoScalingGroup(
            self,
            "Keeper",
            vpc=network,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            launch_template=launch,
            min_capacity=1,
            max_capacity=1,
        )

        cdk.CfnOutput(self, "Server", value=keeper.auto_scaling_group_name)
        cdk.CfnOutput(self, "NotesBucket", value=notes.bucket_name)
