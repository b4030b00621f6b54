"""Single machines and their disks."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_elasticloadbalancingv2_targets as targets
from aws_cdk import aws_iam as iam
from constructs import Construct


class Machines(cdk.Stack):
    """An instance without SSH, a volume, an address, a key pair, and a service offered through PrivateLink."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        vpc = ec2.Vpc(self, "Vpc", max_azs=2, nat_gateways=0, create_internet_gateway=True)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("AmazonSSMManagedInstanceCore")],
        )
        server = ec2.Instance(
            self,
            "Server",
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            instance_type=ec2.InstanceType("t3.micro"),
            machine_image=ec2.MachineImage.latest_amazon_linux2023(),
            role=role,
            require_imdsv2=True,
            ebs_optimized=True,
            detailed_monitoring=True,
            propagate_tags_to_volume_on_creation=True,
            user_data=ec2.UserData.custom("#!/bin/bash\necho hello\n"),
            block_devices=[
                ec2.BlockDevice(
                    device_name="/dev/xvda",
                    volume=ec2.BlockDeviceVolume.ebs(
                        30,
                        encrypted=True,
                        volume_type=ec2.EbsDeviceVolumeType.GP3,
                        iops=4000,
                        delete_on_termination=True,
                    ),
                )
            ],
        )
        disk = ec2.Volume(
            self,
            "Disk",
            availability_zone=server.instance_availability_zone,
            size=cdk.Size.gibibytes(100),
            volume_type=ec2.EbsDeviceVolumeType.IO2,
            iops=5000,
            encrypted=True,
            removal_policy=cdk.RemovalPolicy.SNAPSHOT,
        )
        ec2.CfnVolumeAttachment(
            self, "Plugged", instance_id=server.instance_id, volume_id=disk.volume_id, device="/dev/sdf"
        )
        address = ec2.CfnEIP(self, "Address", domain="vpc")
        ec2.CfnEIPAssociation(self, "Fixed", allocation_id=address.attr_allocation_id, instance_id=server.instance_id)
        ec2.KeyPair(self, "Key", type=ec2.KeyPairType.ED25519)
        ec2.PlacementGroup(self, "Spread", strategy=ec2.PlacementGroupStrategy.SPREAD)
        balancer = elb.NetworkLoadBalancer(
            self,
            "Door",
            vpc=vpc,
            internet_facing=False,
            cross_zone_enabled=True,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
        )
        balancer.add_listener("Tcp", port=443).add_targets(
            "Servers", port=443, targets=[targets.InstanceTarget(server, 443)]
        )
        ec2.VpcEndpointService(
            self,
            "Offer",
            vpc_endpoint_service_load_balancers=[balancer],
            acceptance_required=True,
            allowed_principals=[iam.ArnPrincipal("arn:aws:iam::222222222222:root")],
        )
        interface = ec2.CfnNetworkInterface(
            self,
            "Interface",
            subnet_id=vpc.public_subnets[0].subnet_id,
            description="a second one",
            private_ip_address="10.0.0.100",
        )
        cdk.CfnOutput(self, "InterfaceId", value=interface.ref)
        cdk.CfnOutput(self, "Ip", value=server.instance_private_ip)
