"""No internet at all: private subnets, interface endpoints for Systems Manager, a key of one's own for the disk."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

LINKED = "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


class QuietServer(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        key = kms.Key(self, "Key", enable_key_rotation=True, removal_policy=cdk.RemovalPolicy.DESTROY)
        launcher = iam.ArnPrincipal(f"arn:aws:iam::{self.account}:role/{LINKED}")
        key.grant_encrypt_decrypt(launcher)
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[launcher],
                actions=["kms:CreateGrant"],
                resources=["*"],
                conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            )
        )

        notes = s3.Bucket(self, "Archive", encryption=s3.BucketEncryption.KMS, encryption_key=key, enforce_ssl=True)
        vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Quiet", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=26)
            ],
        )
        road = vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        for name, service in (
            ("Ssm", ec2.InterfaceVpcEndpointAwsService.SSM),
            ("Messages", ec2.InterfaceVpcEndpointAwsService.SSM_MESSAGES),
        ):
            vpc.add_interface_endpoint(name, service=service)

        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
        role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name("AmazonSSMManagedInstanceCore"))
        role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name("CloudWatchAgentServerPolicy"))
        notes.grant_read(role)
        # who reads the notes from anywhere else is refused, but for whoever deploys
        notes.add_to_resource_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[iam.ArnPrincipal(role.role_arn)],
                actions=["s3:GetObject"],
                resources=[notes.arn_for_objects("*")],
                conditions={"StringNotEquals": {"aws:SourceVpce": road.vpc_endpoint_id}},
            )
        )

        start = ec2.MultipartUserData()
        shell = ec2.UserData.for_linux()
        shell.add_commands(f"aws s3 cp s3://{notes.bucket_name}/program/install.sh - | bash")
        shell.add_commands("systemctl enable --now notes-search")
        start.add_user_data_part(shell, ec2.MultipartBody.SHELL_SCRIPT, True)

        launch = ec2.LaunchTemplate(
            self,
            "Launch",
            instance_type=ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.NANO),
            machine_image=ec2.MachineImage.from_ssm_parameter(
                "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64", user_data=start
            ),
            role=role,
            user_data=start,
            security_group=ec2.SecurityGroup(self, "Quietly", vpc=vpc),
            require_imdsv2=True,
            block_devices=[
                ec2.BlockDevice(
                    device_name="/dev/xvda",
                    volume=ec2.BlockDeviceVolume.ebs(
                        12, encrypted=True, kms_key=key, volume_type=ec2.EbsDeviceVolumeType.GP3
                    ),
                )
            ],
        )
        servers = autoscaling.AutoScalingGroup(
            self,
            "Servers",
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            launch_template=launch,
            new_instances_protected_from_scale_in=True,
        )
        cdk.Tags.of(servers).add("project", "triage")

        cdk.CfnOutput(self, "Server", value=servers.auto_scaling_group_arn)
        cdk.CfnOutput(self, "NotesBucket", value=notes.bucket_name)
