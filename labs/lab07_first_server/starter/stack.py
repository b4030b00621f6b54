"""The search server, as it was handed over. It has been up since the demo."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


class SearchServer(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        notes = s3.Bucket(self, "Notes", removal_policy=cdk.RemovalPolicy.DESTROY)

        vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=1,
            nat_gateways=0,
            subnet_configuration=[ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC)],
        )

        group = ec2.SecurityGroup(self, "Group", vpc=vpc)
        # my address at home changes every week
        group.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(22))
        group.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(8080))

        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
        # so that it can read the notes
        role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name("AmazonS3FullAccess"))

        start = ec2.UserData.for_linux()
        start.add_commands(
            f"aws s3 cp s3://{notes.bucket_name}/program/install.sh - | bash",
            "systemctl enable --now notes-search",
        )

        server = ec2.Instance(
            self,
            "Machine",
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            # searching felt slow in the demo
            instance_type=ec2.InstanceType("t3.large"),
            # Amazon Linux, the id the console showed that day
            machine_image=ec2.MachineImage.generic_linux({"us-east-1": "ami-0c02fb55956c7d316"}),
            security_group=group,
            role=role,
            key_pair=ec2.KeyPair(self, "Key"),
            user_data=start,
            block_devices=[ec2.BlockDevice(device_name="/dev/xvda", volume=ec2.BlockDeviceVolume.ebs(30))],
        )

        cdk.CfnOutput(self, "Server", value=server.instance_id)
        cdk.CfnOutput(self, "NotesBucket", value=notes.bucket_name)
