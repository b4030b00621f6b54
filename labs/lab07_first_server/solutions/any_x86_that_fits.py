"""No type by name: any x86 with 1 GiB, in private subnets of three zones, with endpoints in two of them."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import Fn
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

START = """#!/bin/bash
export AWS_DEFAULT_REGION=${AWS::Region}
aws s3 cp s3://${Corpus}/program/install.sh - | bash
systemctl enable --now notes-search
"""


class PrivateSearch(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        image = cdk.CfnParameter(
            self,
            "Image",
            type="AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
            default="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
        )
        # AWS's own list of the addresses of S3, one a Region
        lists = cdk.CfnMapping(self, "Lists", mapping={"us-east-1": {"s3": "pl-63a5400a"}})

        corpus = s3.CfnBucket(
            self,
            "Corpus",
            bucket_encryption={
                "serverSideEncryptionConfiguration": [{"serverSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
            },
            public_access_block_configuration=s3.CfnBucket.PublicAccessBlockConfigurationProperty(
                block_public_acls=True, block_public_policy=True, ignore_public_acls=True, restrict_public_buckets=True
            ),
        )
        objects = Fn.sub("${Corpus.Arn}/*")

        # The network: three private subnets, one route table, no way to the internet
        net = ec2.CfnVPC(self, "Net", cidr_block="10.77.0.0/20", enable_dns_support=True, enable_dns_hostnames=True)
        table = ec2.CfnRouteTable(self, "Routes", vpc_id=net.ref)
        subnets, associations = [], []
        for number in range(3):
            subnet = ec2.CfnSubnet(
                self,
                f"Ward{number}",
                vpc_id=net.ref,
                cidr_block=Fn.select(number, Fn.cidr(net.attr_cidr_block, 3, "8")),
                availability_zone=Fn.select(number, Fn.get_azs()),
                map_public_ip_on_launch=False,
            )
            associations.append(
                ec2.CfnSubnetRouteTableAssociation(
                    self, f"Ward{number}Routes", subnet_id=subnet.ref, route_table_id=table.ref
                )
            )
            subnets.append(subnet.ref)

        road = ec2.CfnVPCEndpoint(
            self,
            "ToS3",
            vpc_id=net.ref,
            vpc_endpoint_type="Gateway",
            service_name=Fn.sub("com.amazonaws.${AWS::Region}.s3"),
            route_table_ids=[table.ref],
            policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": ["s3:GetObject", "s3:ListBucket"],
                        # the second: where dnf finds the packages of Amazon Linux 2023
                        "Resource": [
                            corpus.attr_arn,
                            objects,
                            Fn.sub("arn:aws:s3:::al2023-repos-${AWS::Region}-de612dc2/*"),
                        ],
                    }
                ],
            },
        )

        door = ec2.CfnSecurityGroup(self, "Door", vpc_id=net.ref, group_description="The endpoints of Systems Manager")
        worker = ec2.CfnSecurityGroup(
            self,
            "Worker",
            vpc_id=net.ref,
            group_description="The search server: nobody in, HTTPS out",
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="tcp",
                    from_port=443,
                    to_port=443,
                    destination_prefix_list_id=lists.find_in_map(cdk.Aws.REGION, "s3"),
                )
            ],
        )
        out = ec2.CfnSecurityGroupEgress(
            self,
            "WorkerToDoor",
            group_id=worker.attr_group_id,
            destination_security_group_id=door.attr_group_id,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
        )
        ec2.CfnSecurityGroupIngress(
            self,
            "DoorFromWorker",
            group_id=door.attr_group_id,
            source_security_group_id=worker.attr_group_id,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
        )
        # in two zones of the three: one may be lost, and the third zone reaches the other
        for service in ("ssm", "ssmmessages"):
            ec2.CfnVPCEndpoint(
                self,
                f"To{service.title()}",
                vpc_id=net.ref,
                vpc_endpoint_type="Interface",
                service_name=Fn.sub("com.amazonaws.${AWS::Region}." + service),
                private_dns_enabled=True,
                subnet_ids=subnets[:2],
                security_group_ids=[door.attr_group_id],
            )

        # The role: the least that Session Manager needs, and the notes
        role = iam.CfnRole(
            self,
            "Reader",
            assume_role_policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "ec2.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
        )
        may = iam.CfnRolePolicy(
            self,
            "ReaderMay",
            role_name=role.ref,
            policy_name="read-and-speak",
            policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": corpus.attr_arn},
                    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": objects},
                    {
                        "Effect": "Allow",
                        "Action": [
                            "ssm:UpdateInstanceInformation",
                            "ssmmessages:CreateControlChannel",
                            "ssmmessages:CreateDataChannel",
                            "ssmmessages:OpenControlChannel",
                            "ssmmessages:OpenDataChannel",
                        ],
                        "Resource": "*",
                    },
                ],
            },
        )
        profile = iam.CfnInstanceProfile(self, "Badge", roles=[role.ref])

        template = ec2.CfnLaunchTemplate(
            self,
            "Recipe",
            launch_template_data={
                "imageId": image.value_as_string,
                "iamInstanceProfile": {"arn": profile.attr_arn},
                "securityGroupIds": [worker.attr_group_id],
                "metadataOptions": {"httpTokens": "required", "httpEndpoint": "enabled"},
                "blockDeviceMappings": [
                    {
                        "deviceName": "/dev/xvda",
                        "ebs": {
                            "volumeType": "gp3",
                            "volumeSize": 10,
                            "encrypted": True,
                            "deleteOnTermination": True,
                        },
                    }
                ],
                "userData": Fn.base64(Fn.sub(START)),
            },
        )

        fleet = autoscaling.CfnAutoScalingGroup(
            self,
            "Fleet",
            min_size="1",
            max_size="1",
            vpc_zone_identifier=subnets,
            mixed_instances_policy={
                "instancesDistribution": {
                    "onDemandBaseCapacity": 1,
                    "onDemandPercentageAboveBaseCapacity": 100,
                    "onDemandAllocationStrategy": "lowest-price",
                },
                "launchTemplate": {
                    "launchTemplateSpecification": {
                        "launchTemplateId": template.ref,
                        "version": template.attr_latest_version_number,
                    },
                    "overrides": [
                        {
                            "instanceRequirements": {
                                "vCpuCount": {"min": 2, "max": 2},
                                "memoryMiB": {"min": 1024, "max": 1024},
                                "cpuManufacturers": ["intel", "amd"],
                                "instanceGenerations": ["current"],
                                "burstablePerformance": "required",
                                "bareMetal": "excluded",
                            }
                        }
                    ],
                },
            },
        )
        # the first start runs its user data once: the road and the permission have to be there before it
        for first in (may, road, out, *associations):
            fleet.add_resource_dependency(first)

        cdk.CfnOutput(self, "Server", value=fleet.ref)
        cdk.CfnOutput(self, "NotesBucket", value=corpus.ref)
