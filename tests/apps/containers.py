"""Containers with a balancer, a shared disk, a cache, and a batch queue."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_batch as batch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns
from aws_cdk import aws_efs as efs
from aws_cdk import aws_elasticache as elasticache
from constructs import Construct


class Containers(cdk.Stack):
    """A Fargate service behind an ALB, a repository, EFS, Redis, and AWS Batch on Spot."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        vpc = ec2.Vpc(self, "Vpc", max_azs=2, nat_gateways=1)
        repository = ecr.Repository(
            self,
            "Images",
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            encryption=ecr.RepositoryEncryption.AES_256,
            lifecycle_rules=[ecr.LifecycleRule(max_image_count=5)],
            removal_policy=cdk.RemovalPolicy.DESTROY,
            empty_on_delete=True,
        )
        cluster = ecs.Cluster(
            self,
            "Cluster",
            vpc=vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED,
            enable_fargate_capacity_providers=True,
            default_cloud_map_namespace=ecs.CloudMapNamespaceOptions(name="clinic.local"),
        )
        service = patterns.ApplicationLoadBalancedFargateService(
            self,
            "Web",
            cluster=cluster,
            cpu=512,
            memory_limit_mib=1024,
            desired_count=2,
            min_healthy_percent=100,
            task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(
                image=ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:1.27"),
                environment={"COLOUR": "blue"},
                container_port=80,
            ),
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            public_load_balancer=True,
            cloud_map_options=ecs.CloudMapOptions(name="web"),
        )
        scaling = service.service.auto_scale_task_count(min_capacity=2, max_capacity=10)
        scaling.scale_on_cpu_utilization("Cpu", target_utilization_percent=60)
        worker = ecs.FargateTaskDefinition(
            self,
            "Worker",
            cpu=256,
            memory_limit_mib=512,
            ephemeral_storage_gib=30,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
        )
        disk = efs.FileSystem(
            self,
            "Disk",
            vpc=vpc,
            encrypted=True,
            lifecycle_policy=efs.LifecyclePolicy.AFTER_14_DAYS,
            out_of_infrequent_access_policy=efs.OutOfInfrequentAccessPolicy.AFTER_1_ACCESS,
            performance_mode=efs.PerformanceMode.GENERAL_PURPOSE,
            throughput_mode=efs.ThroughputMode.ELASTIC,
            enable_automatic_backups=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        door = disk.add_access_point(
            "Door",
            path="/work",
            create_acl=efs.Acl(owner_gid="1000", owner_uid="1000", permissions="750"),
            posix_user=efs.PosixUser(gid="1000", uid="1000"),
        )
        worker.add_volume(
            name="work",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=disk.file_system_id,
                transit_encryption="ENABLED",
                authorization_config=ecs.AuthorizationConfig(access_point_id=door.access_point_id, iam="ENABLED"),
            ),
        )
        container = worker.add_container(
            "main",
            image=ecs.ContainerImage.from_ecr_repository(repository, "1"),
            command=["work"],
            logging=ecs.LogDrivers.aws_logs(stream_prefix="worker"),
            health_check=ecs.HealthCheck(command=["CMD-SHELL", "true"], retries=2),
            stop_timeout=cdk.Duration.seconds(60),
        )
        container.add_mount_points(ecs.MountPoint(container_path="/work", source_volume="work", read_only=False))
        ecs.FargateService(
            self,
            "Workers",
            cluster=cluster,
            task_definition=worker,
            desired_count=1,
            enable_execute_command=True,
            capacity_provider_strategies=[
                ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=2),
                ecs.CapacityProviderStrategy(capacity_provider="FARGATE", weight=1, base=1),
            ],
        )
        subnets = elasticache.CfnSubnetGroup(
            self, "CacheSubnets", description="private", subnet_ids=[each.subnet_id for each in vpc.private_subnets]
        )
        elasticache.CfnReplicationGroup(
            self,
            "Cache",
            replication_group_description="sessions",
            engine="redis",
            cache_node_type="cache.t4g.micro",
            num_cache_clusters=2,
            automatic_failover_enabled=True,
            multi_az_enabled=True,
            at_rest_encryption_enabled=True,
            transit_encryption_enabled=True,
            snapshot_retention_limit=3,
            cache_subnet_group_name=subnets.ref,
        )
        queue = batch.JobQueue(self, "Queue", priority=5)
        queue.add_compute_environment(
            batch.FargateComputeEnvironment(self, "Spot", vpc=vpc, spot=True, maxv_cpus=16), 1
        )
        batch.EcsJobDefinition(
            self,
            "Job",
            retry_attempts=3,
            timeout=cdk.Duration.minutes(30),
            container=batch.EcsFargateContainerDefinition(
                self,
                "JobContainer",
                image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/python:3.12"),
                cpu=1,
                memory=cdk.Size.mebibytes(2048),
                command=["python", "-c", "print(1)"],
            ),
        )
