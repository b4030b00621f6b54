"""A mixed group of one in isolated subnets, On-Demand from two Graviton types, whose role speaks for sessions alone."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


class Archive(Construct):
    """The notes, and the program that searches them."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )


class Cloister(Construct):
    """Two isolated subnets. S3 is behind a gateway endpoint, Systems Manager behind two interface endpoints."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr("10.77.0.0/24"),
            max_azs=2,
            nat_gateways=0,
            create_internet_gateway=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Cell", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=26)
            ],
        )
        self.cells = ec2.SubnetSelection(subnet_group_name="Cell")
        self.vpc.add_gateway_endpoint("ToS3", service=ec2.GatewayVpcEndpointAwsService.S3, subnets=[self.cells])
        self.windows = ec2.SecurityGroup(
            self, "Windows", vpc=self.vpc, description="The endpoints of Systems Manager", allow_all_outbound=False
        )
        for name, service in {
            "ToSsm": ec2.InterfaceVpcEndpointAwsService.SSM,
            "ToSsmMessages": ec2.InterfaceVpcEndpointAwsService.SSM_MESSAGES,
        }.items():
            self.vpc.add_interface_endpoint(
                name,
                service=service,
                subnets=self.cells,
                security_groups=[self.windows],
                open=False,
                private_dns_enabled=True,
            )


class Librarian(Construct):
    """Who the server is: what its agent says to Session Manager, and what it reads."""

    def __init__(self, scope: Construct, construct_id: str, *, archive: Archive) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            inline_policies={
                # the part of AmazonSSMManagedInstanceCore that a session needs
                "Sessions": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            actions=[
                                "ssm:UpdateInstanceInformation",
                                "ssmmessages:CreateControlChannel",
                                "ssmmessages:CreateDataChannel",
                                "ssmmessages:OpenControlChannel",
                                "ssmmessages:OpenDataChannel",
                            ],
                            resources=["*"],
                        )
                    ]
                ),
            },
        )
        archive.bucket.grant_read(self.role)


class SearchDesk(Construct):
    """A group of one, of whichever small Graviton type can be had."""

    TYPES = ("t4g.micro", "t4g.small")

    def __init__(
        self, scope: Construct, construct_id: str, *, cloister: Cloister, librarian: Librarian, archive: Archive
    ) -> None:
        super().__init__(scope, construct_id)
        badge = ec2.SecurityGroup(
            self, "Badge", vpc=cloister.vpc, description="The search server", allow_all_outbound=False
        )
        # S3 keeps its public addresses behind a gateway endpoint, so: HTTPS to anywhere there is a road to
        badge.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.HTTPS, "Systems Manager and S3")
        cloister.windows.add_ingress_rule(badge, ec2.Port.HTTPS, "The search server")

        start = ec2.UserData.for_linux()
        start.add_commands(
            f"aws s3 cp {archive.bucket.s3_url_for_object('program/install.sh')} - | bash",
            "systemctl enable --now notes-search",
        )
        template = ec2.LaunchTemplate(
            self,
            "Recipe",
            machine_image=ec2.MachineImage.latest_amazon_linux2023(cpu_type=ec2.AmazonLinuxCpuType.ARM_64),
            role=librarian.role,
            security_group=badge,
            user_data=start,
            require_imdsv2=True,
            http_put_response_hop_limit=1,
            cpu_credits=ec2.CpuCredits.STANDARD,
            block_devices=[
                ec2.BlockDevice(
                    device_name="/dev/xvda",
                    volume=ec2.BlockDeviceVolume.ebs(
                        16, volume_type=ec2.EbsDeviceVolumeType.GP3, encrypted=True, delete_on_termination=True
                    ),
                )
            ],
        )
        self.group = autoscaling.AutoScalingGroup(
            self,
            "Group",
            vpc=cloister.vpc,
            vpc_subnets=cloister.cells,
            min_capacity=1,
            max_capacity=1,
            mixed_instances_policy=autoscaling.MixedInstancesPolicy(
                launch_template=template,
                launch_template_overrides=[
                    autoscaling.LaunchTemplateOverrides(instance_type=ec2.InstanceType(name)) for name in self.TYPES
                ],
                instances_distribution=autoscaling.InstancesDistribution(
                    on_demand_base_capacity=1,
                    on_demand_percentage_above_base_capacity=100,
                    on_demand_allocation_strategy=autoscaling.OnDemandAllocationStrategy.PRIORITIZED,
                ),
            ),
            update_policy=autoscaling.UpdatePolicy.rolling_update(max_batch_size=1, min_instances_in_service=0),
        )
        # the first server asks at once: its roads and its permissions are there before it
        self.group.node.add_dependency(cloister, librarian)


class NotesSearch(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        archive = Archive(self, "Archive")
        desk = SearchDesk(
            self,
            "Desk",
            cloister=Cloister(self, "Cloister"),
            librarian=Librarian(self, "Librarian", archive=archive),
            archive=archive,
        )
        cdk.CfnOutput(self, "Server", value=desk.group.auto_scaling_group_name)
        cdk.CfnOutput(self, "NotesBucket", value=archive.bucket.bucket_name)
