"""Web, app and data tiers with a firewall in front."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_rds as rds
from aws_cdk import aws_sns as sns
from aws_cdk import aws_wafv2 as waf
from constructs import Construct


class ThreeTiers(cdk.Stack):
    """An ALB over an Auto Scaling group over PostgreSQL in two zones, behind a web ACL."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        vpc = ec2.Vpc(self, "Vpc", max_azs=2, nat_gateways=2)
        balancer = elb.ApplicationLoadBalancer(
            self,
            "Front",
            vpc=vpc,
            internet_facing=True,
            http2_enabled=True,
            idle_timeout=cdk.Duration.seconds(30),
            drop_invalid_header_fields=True,
            deletion_protection=False,
        )
        template = ec2.LaunchTemplate(
            self,
            "Server",
            machine_image=ec2.MachineImage.latest_amazon_linux2023(),
            instance_type=ec2.InstanceType("t3.micro"),
            security_group=ec2.SecurityGroup(self, "ServerGroup", vpc=vpc),
            require_imdsv2=True,
            user_data=ec2.UserData.for_linux(),
            block_devices=[
                ec2.BlockDevice(
                    device_name="/dev/xvda",
                    volume=ec2.BlockDeviceVolume.ebs(20, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3),
                )
            ],
            detailed_monitoring=True,
        )
        news = sns.Topic(self, "News")
        servers = autoscaling.AutoScalingGroup(
            self,
            "Servers",
            vpc=vpc,
            mixed_instances_policy=autoscaling.MixedInstancesPolicy(
                launch_template=template,
                instances_distribution=autoscaling.InstancesDistribution(
                    on_demand_base_capacity=1,
                    on_demand_percentage_above_base_capacity=50,
                    spot_allocation_strategy=autoscaling.SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
                ),
                launch_template_overrides=[
                    autoscaling.LaunchTemplateOverrides(instance_type=ec2.InstanceType("t3.micro")),
                    autoscaling.LaunchTemplateOverrides(instance_type=ec2.InstanceType("t3a.micro")),
                ],
            ),
            min_capacity=2,
            max_capacity=6,
            health_checks=autoscaling.HealthChecks.with_additional_checks(
                additional_types=[autoscaling.AdditionalHealthCheckType.ELB], grace_period=cdk.Duration.minutes(2)
            ),
            notifications=[autoscaling.NotificationConfiguration(topic=news)],
            termination_policies=[autoscaling.TerminationPolicy.OLDEST_INSTANCE],
            group_metrics=[autoscaling.GroupMetrics.all()],
        )
        servers.scale_on_cpu_utilization("Cpu", target_utilization_percent=50)
        servers.scale_on_schedule("Morning", schedule=autoscaling.Schedule.cron(hour="8", minute="0"), min_capacity=3)
        servers.add_lifecycle_hook(
            "Drain",
            lifecycle_transition=autoscaling.LifecycleTransition.INSTANCE_TERMINATING,
            heartbeat_timeout=cdk.Duration.minutes(5),
            default_result=autoscaling.DefaultResult.CONTINUE,
        )
        listener = balancer.add_listener("Http", port=80, open=True)
        listener.add_targets(
            "App",
            port=8080,
            protocol=elb.ApplicationProtocol.HTTP,
            targets=[servers],
            health_check=elb.HealthCheck(path="/health", interval=cdk.Duration.seconds(15), healthy_threshold_count=3),
            deregistration_delay=cdk.Duration.seconds(20),
            stickiness_cookie_duration=cdk.Duration.hours(1),
        )
        listener.add_action(
            "Old",
            priority=5,
            conditions=[
                elb.ListenerCondition.path_patterns(["/old/*"]),
                elb.ListenerCondition.host_headers(["a.example.org"]),
            ],
            action=elb.ListenerAction.redirect(path="/new", permanent=True),
        )
        listener.add_action(
            "Teapot",
            priority=6,
            conditions=[elb.ListenerCondition.query_strings([elb.QueryStringCondition(key="tea", value="1")])],
            action=elb.ListenerAction.fixed_response(418, content_type="text/plain", message_body="short and stout"),
        )
        database = rds.DatabaseInstance(
            self,
            "Db",
            engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_16_4),
            instance_type=ec2.InstanceType("t4g.micro"),
            vpc=vpc,
            multi_az=True,
            allocated_storage=20,
            max_allocated_storage=100,
            storage_type=rds.StorageType.GP3,
            storage_encrypted=True,
            credentials=rds.Credentials.from_generated_secret("clinic"),
            database_name="notes",
            backup_retention=cdk.Duration.days(7),
            preferred_backup_window="03:00-04:00",
            preferred_maintenance_window="sun:05:00-sun:06:00",
            deletion_protection=False,
            iam_authentication=True,
            cloudwatch_logs_exports=["postgresql"],
            parameters={"log_min_duration_statement": "500"},
            auto_minor_version_upgrade=True,
            removal_policy=cdk.RemovalPolicy.SNAPSHOT,
        )
        database.connections.allow_default_port_from(servers)
        rds.DatabaseInstanceReadReplica(
            self,
            "Copy",
            source_database_instance=database,
            instance_type=ec2.InstanceType("t4g.micro"),
            vpc=vpc,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        wall = waf.CfnWebACL(
            self,
            "Wall",
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=waf.CfnWebACL.VisibilityConfigProperty(
                cloud_watch_metrics_enabled=True, metric_name="wall", sampled_requests_enabled=True
            ),
            rules=[
                waf.CfnWebACL.RuleProperty(
                    name="common",
                    priority=1,
                    override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
                    statement=waf.CfnWebACL.StatementProperty(
                        managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                            vendor_name="AWS", name="AWSManagedRulesCommonRuleSet"
                        )
                    ),
                    visibility_config=waf.CfnWebACL.VisibilityConfigProperty(
                        cloud_watch_metrics_enabled=True, metric_name="common", sampled_requests_enabled=True
                    ),
                ),
                waf.CfnWebACL.RuleProperty(
                    name="rate",
                    priority=2,
                    action=waf.CfnWebACL.RuleActionProperty(block={}),
                    statement=waf.CfnWebACL.StatementProperty(
                        rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                            limit=1000, aggregate_key_type="IP"
                        )
                    ),
                    visibility_config=waf.CfnWebACL.VisibilityConfigProperty(
                        cloud_watch_metrics_enabled=True, metric_name="rate", sampled_requests_enabled=False
                    ),
                ),
            ],
        )
        waf.CfnWebACLAssociation(self, "Behind", resource_arn=balancer.load_balancer_arn, web_acl_arn=wall.attr_arn)
        cdk.CfnOutput(self, "Url", value=f"http://{balancer.load_balancer_dns_name}")
