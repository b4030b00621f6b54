"""Aurora with readers and a proxy, a cache, and a table in two Regions."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_rds as rds
from constructs import Construct


class FastData(cdk.Stack):
    """Aurora PostgreSQL with a reader and RDS Proxy, Memcached, and a DynamoDB global table."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[ec2.SubnetConfiguration(name="data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)],
        )
        isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        cluster = rds.DatabaseCluster(
            self,
            "Aurora",
            engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_16_4),
            vpc=vpc,
            vpc_subnets=isolated,
            writer=rds.ClusterInstance.serverless_v2("writer"),
            readers=[
                rds.ClusterInstance.provisioned(
                    "reader", instance_type=ec2.InstanceType("t4g.medium"), promotion_tier=1
                )
            ],
            serverless_v2_min_capacity=0.5,
            serverless_v2_max_capacity=4,
            storage_encrypted=True,
            default_database_name="clinic",
            backup=rds.BackupProps(retention=cdk.Duration.days(7)),
            removal_policy=cdk.RemovalPolicy.SNAPSHOT,
        )
        cluster.add_proxy(
            "Proxy",
            secrets=[cluster.secret],
            vpc=vpc,
            vpc_subnets=isolated,
            require_tls=True,
            max_connections_percent=80,
        )
        subnets = elasticache.CfnSubnetGroup(
            self, "CacheSubnets", description="data", subnet_ids=[each.subnet_id for each in vpc.isolated_subnets]
        )
        elasticache.CfnCacheCluster(
            self,
            "Cache",
            engine="memcached",
            cache_node_type="cache.t4g.micro",
            num_cache_nodes=2,
            az_mode="cross-az",
            cache_subnet_group_name=subnets.ref,
            preferred_maintenance_window="sun:05:00-sun:06:00",
        )
        table = dynamodb.TableV2(
            self,
            "Sessions",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="at", type=dynamodb.AttributeType.STRING),
            billing=dynamodb.Billing.on_demand(),
            time_to_live_attribute="until",
            dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name="by_user",
                    partition_key=dynamodb.Attribute(name="user", type=dynamodb.AttributeType.STRING),
                )
            ],
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        provisioned = dynamodb.Table(
            self,
            "Counted",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            read_capacity=5,
            write_capacity=5,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        provisioned.auto_scale_read_capacity(min_capacity=5, max_capacity=50).scale_on_utilization(
            target_utilization_percent=70
        )
        cdk.CfnOutput(self, "TableArn", value=table.table_arn)
        cdk.CfnOutput(self, "Reader", value=cluster.cluster_read_endpoint.hostname)
