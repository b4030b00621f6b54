"""Aurora Serverless v2 that pauses when nobody asks, a table with two indexes, the application in private subnets."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct

TEXT = dynamodb.AttributeType.STRING


class Sessions(Construct):
    """The sessions, by id, by user, and by user and device."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.TableV2(
            self,
            "Table",
            table_name="triage-sessions",
            partition_key=dynamodb.Attribute(name="session_id", type=TEXT),
            # no billing named: on demand is what TableV2 takes
            time_to_live_attribute="expires_at",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            dynamo_stream=dynamodb.StreamViewType.KEYS_ONLY,
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name="user-device",
                    partition_key=dynamodb.Attribute(name="user_id", type=TEXT),
                    sort_key=dynamodb.Attribute(name="device", type=TEXT),
                    projection_type=dynamodb.ProjectionType.KEYS_ONLY,
                ),
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name="user-started",
                    partition_key=dynamodb.Attribute(name="user_id", type=TEXT),
                    sort_key=dynamodb.Attribute(name="started_at", type=TEXT),
                ),
            ],
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        cdk.CfnOutput(self, "SessionsTable", value=self.table.table_name)


class AuroraThatSleeps(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
        Sessions(self, "Sessions").table.grant_read_write_data(role)

        vpc = ec2.Vpc(
            self,
            "Vpc",
            availability_zones=[cdk.Fn.select(index, cdk.Fn.get_azs()) for index in range(3)],
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="entrance", subnet_type=ec2.SubnetType.PUBLIC),
                ec2.SubnetConfiguration(name="service", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
                ec2.SubnetConfiguration(name="data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            ],
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "Sessions": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
            },
        )
        service = ec2.SecurityGroup(self, "Service", vpc=vpc, allow_all_outbound=False)
        data = ec2.SecurityGroup(self, "Data", vpc=vpc, allow_all_outbound=False)
        data.add_ingress_rule(data, ec2.Port.all_traffic(), "each other")
        cluster = rds.DatabaseCluster(
            self,
            "Records",
            engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_16_6),
            writer=rds.ClusterInstance.serverless_v2("writer"),
            serverless_v2_min_capacity=0,
            serverless_v2_max_capacity=2,
            serverless_v2_auto_pause_duration=cdk.Duration.minutes(10),
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="data"),
            security_groups=[data],
            credentials=rds.Credentials.from_generated_secret("records"),
            parameters={"rds.force_ssl": "1", "log_min_duration_statement": "500"},
            # no word about encryption: Aurora encrypts whatever was made since February 2026
            backup=rds.BackupProps(retention=cdk.Duration.days(35)),
            enable_data_api=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # the question goes out at one end, and comes in at the other
        cluster.connections.allow_default_port_from(service)
        assert cluster.secret is not None
        cluster.secret.grant_read(role)

        cdk.CfnOutput(self, "RecordsDatabase", value=cluster.cluster_identifier)
        cdk.CfnOutput(self, "RecordsSecret", value=cluster.secret.secret_full_arn or cluster.secret.secret_arn)
        cdk.CfnOutput(self, "AppRole", value=role.role_arn)
        cdk.CfnOutput(self, "AppSecurityGroup", value=service.security_group_id)
        cdk.CfnOutput(
            self,
            "AppSubnets",
            value=cdk.Fn.join(",", vpc.select_subnets(subnet_group_name="service").subnet_ids),
        )
