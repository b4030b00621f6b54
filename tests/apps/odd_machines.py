"""Machines with disks, cards and groups of machines as the rarer properties have them."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_kms as kms
from constructs import Construct


class OddMachines(cdk.Stack):
    """A machine with provisioned disks and two cards, a mixed group by weight, a listener that shares by weight."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        vpc = ec2.Vpc(self, "Vpc", max_azs=2, nat_gateways=0)
        key = kms.Key(self, "Key", removal_policy=cdk.RemovalPolicy.DESTROY)
        group = ec2.SecurityGroup(self, "Group", vpc=vpc, description="the machines", allow_all_outbound=False)
        subnet = vpc.public_subnets[0].subnet_id
        ec2.CfnInstance(
            self,
            "Server",
            image_id="ami-12c6146b",
            instance_type="m5.xlarge",
            affinity="default",
            cpu_options=ec2.CfnInstance.CpuOptionsProperty(core_count=2, threads_per_core=1),
            enclave_options=ec2.CfnInstance.EnclaveOptionsProperty(enabled=True),
            block_device_mappings=[
                ec2.CfnInstance.BlockDeviceMappingProperty(
                    device_name="/dev/xvda",
                    ebs=ec2.CfnInstance.EbsProperty(encrypted=True, kms_key_id=key.key_arn, delete_on_termination=True),
                ),
                ec2.CfnInstance.BlockDeviceMappingProperty(
                    device_name="/dev/sdf",
                    ebs=ec2.CfnInstance.EbsProperty(volume_type="io2", volume_size=40, iops=5000),
                ),
            ],
            network_interfaces=[
                ec2.CfnInstance.NetworkInterfaceProperty(
                    device_index="0",
                    subnet_id=subnet,
                    description="front of the server",
                    group_set=[group.security_group_id],
                    private_ip_addresses=[
                        ec2.CfnInstance.PrivateIpAddressSpecificationProperty(
                            private_ip_address="10.0.0.50", primary=True
                        ),
                        ec2.CfnInstance.PrivateIpAddressSpecificationProperty(
                            private_ip_address="10.0.0.51", primary=False
                        ),
                    ],
                ),
                ec2.CfnInstance.NetworkInterfaceProperty(
                    device_index="1",
                    subnet_id=subnet,
                    description="back of the server",
                    secondary_private_ip_address_count=2,
                    group_set=[group.security_group_id],
                ),
            ],
        )
        template = ec2.LaunchTemplate(
            self,
            "Template",
            machine_image=ec2.MachineImage.latest_amazon_linux2023(),
            instance_type=ec2.InstanceType("m5.large"),
            security_group=group,
            http_put_response_hop_limit=3,
            block_devices=[
                ec2.BlockDevice(
                    device_name="/dev/xvda",
                    volume=ec2.BlockDeviceVolume.ebs(22, volume_type=ec2.EbsDeviceVolumeType.IO1, iops=1100),
                )
            ],
        )
        workers = autoscaling.AutoScalingGroup(
            self,
            "Workers",
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            min_capacity=1,
            max_capacity=6,
            desired_capacity=4,
            capacity_rebalance=True,
            default_instance_warmup=cdk.Duration.seconds(55),
            max_instance_lifetime=cdk.Duration.days(7),
            new_instances_protected_from_scale_in=True,
            termination_policies=[autoscaling.TerminationPolicy.OLDEST_INSTANCE, autoscaling.TerminationPolicy.DEFAULT],
            mixed_instances_policy=autoscaling.MixedInstancesPolicy(
                launch_template=template,
                instances_distribution=autoscaling.InstancesDistribution(
                    on_demand_base_capacity=1,
                    on_demand_percentage_above_base_capacity=44,
                    spot_allocation_strategy=autoscaling.SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
                    spot_max_price="0.07",
                ),
                launch_template_overrides=[
                    autoscaling.LaunchTemplateOverrides(
                        instance_type=ec2.InstanceType("m5.large"), weighted_capacity=1
                    ),
                    autoscaling.LaunchTemplateOverrides(
                        instance_type=ec2.InstanceType("m5.xlarge"), weighted_capacity=2
                    ),
                ],
            ),
        )
        workers.add_lifecycle_hook(
            "Drain",
            lifecycle_transition=autoscaling.LifecycleTransition.INSTANCE_TERMINATING,
            default_result=autoscaling.DefaultResult.CONTINUE,
            heartbeat_timeout=cdk.Duration.seconds(333),
            notification_metadata="drain first",
        )
        balancer = elb.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=vpc,
            internet_facing=True,
            idle_timeout=cdk.Duration.seconds(99),
            client_keep_alive=cdk.Duration.seconds(777),
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elb.DesyncMitigationMode.STRICTEST,
        )
        new, old = (
            elb.ApplicationTargetGroup(
                self,
                name,
                vpc=vpc,
                port=8080,
                target_type=elb.TargetType.IP,
                deregistration_delay=cdk.Duration.seconds(45),
                slow_start=cdk.Duration.seconds(50),
                stickiness_cookie_duration=cdk.Duration.minutes(7),
                stickiness_cookie_name="clinic",
            )
            for name in ("New", "Old")
        )
        listener = balancer.add_listener(
            "Listener",
            port=80,
            default_action=elb.ListenerAction.weighted_forward(
                [
                    elb.WeightedTargetGroup(target_group=new, weight=7),
                    elb.WeightedTargetGroup(target_group=old, weight=3),
                ],
                stickiness_duration=cdk.Duration.seconds(222),
            ),
        )
        listener.add_action(
            "Tea",
            priority=11,
            conditions=[
                elb.ListenerCondition.http_header("X-Pot", ["tea"]),
                elb.ListenerCondition.query_strings([elb.QueryStringCondition(key="brew", value="yes")]),
                elb.ListenerCondition.source_ips(["192.0.2.0/24"]),
            ],
            action=elb.ListenerAction.fixed_response(418, content_type="text/plain", message_body="a teapot"),
        )
