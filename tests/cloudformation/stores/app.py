"""The data stores that test_stores.py deploys, as people write them: synthesized beside this file as JSON."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_backup as backup
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_efs as efs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

HERE = cdk.Environment(region="us-east-1", account="123456789012")
ZONES = [f"us-east-1{letter}" for letter in "abc"]
GONE = cdk.RemovalPolicy.DESTROY


class Database(cdk.Stack):
    """A database with a generated secret and a replica."""

    def __init__(self, scope: cdk.App, name: str, **rest: Any) -> None:
        super().__init__(scope, name, env=HERE, **rest)
        vpc = ec2.Vpc(self, "Vpc", max_azs=2)
        small = ec2.InstanceType("t4g.micro")
        database = rds.DatabaseInstance(
            self,
            "Notes",
            engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_16_4),
            vpc=vpc,
            credentials=rds.Credentials.from_generated_secret("keeper"),
            instance_type=small,
            multi_az=True,
            storage_encrypted=True,
            backup_retention=cdk.Duration.days(7),
            monitoring_interval=cdk.Duration.seconds(60),
            enable_performance_insights=True,
            cloudwatch_logs_exports=["postgresql"],
            parameters={"log_statement": "all"},
            database_name="notes",
        )
        database.connections.allow_default_port_from_any_ipv4()
        rds.DatabaseInstanceReadReplica(
            self, "Replica", source_database_instance=database, instance_type=small, vpc=vpc
        )
        cdk.CfnOutput(self, "Host", value=database.db_instance_endpoint_address)
        cdk.CfnOutput(self, "Port", value=database.db_instance_endpoint_port)
        assert database.secret is not None
        cdk.CfnOutput(self, "Secret", value=database.secret.secret_arn)


class Cluster(cdk.Stack):
    """A cluster with readers, and a proxy before it."""

    def __init__(self, scope: cdk.App, name: str, **rest: Any) -> None:
        super().__init__(scope, name, env=HERE, **rest)
        vpc = ec2.Vpc(self, "Vpc", max_azs=3)
        cluster = rds.DatabaseCluster(
            self,
            "Notes",
            engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_16_4),
            vpc=vpc,
            writer=rds.ClusterInstance.provisioned("writer", instance_type=ec2.InstanceType("r6g.large")),
            readers=[
                rds.ClusterInstance.serverless_v2("first", scale_with_writer=True),
                rds.ClusterInstance.serverless_v2("second"),
            ],
            serverless_v2_min_capacity=0.5,
            serverless_v2_max_capacity=4,
            storage_encrypted=True,
            default_database_name="notes",
            iam_authentication=True,
        )
        assert cluster.secret is not None
        proxy = cluster.add_proxy("Proxy", secrets=[cluster.secret], vpc=vpc, require_tls=True)
        cdk.CfnOutput(self, "Writes", value=cluster.cluster_endpoint.hostname)
        cdk.CfnOutput(self, "Reads", value=cluster.cluster_read_endpoint.hostname)
        cdk.CfnOutput(self, "Pool", value=proxy.endpoint)


class Tables(cdk.Stack):
    """Tables in two Regions, a plan that backs one up, a file system."""

    def __init__(self, scope: cdk.App, name: str, **rest: Any) -> None:
        super().__init__(scope, name, env=HERE, **rest)
        key = dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING)
        dynamodb.TableV2(
            self,
            "Everywhere",
            partition_key=key,
            replicas=[dynamodb.ReplicaTableProps(region="eu-west-1")],
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires",
            global_secondary_indexes=[dynamodb.GlobalSecondaryIndexPropsV2(index_name="by-kind", partition_key=key)],
            encryption=dynamodb.TableEncryptionV2.aws_managed_key(),
            removal_policy=GONE,
        )
        dynamodb.TableV2(
            self,
            "Provisioned",
            partition_key=key,
            billing=dynamodb.Billing.provisioned(
                read_capacity=dynamodb.Capacity.fixed(5), write_capacity=dynamodb.Capacity.autoscaled(max_capacity=10)
            ),
            removal_policy=GONE,
        )
        streaming = dynamodb.Table(
            self,
            "Streaming",
            partition_key=key,
            stream=dynamodb.StreamViewType.NEW_IMAGE,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            contributor_insights_specification=dynamodb.ContributorInsightsSpecification(enabled=True),
            removal_policy=GONE,
        )
        vault = backup.BackupVault(
            self,
            "Vault",
            lock_configuration=backup.LockConfiguration(min_retention=cdk.Duration.days(7)),
            notification_topic=sns.Topic(self, "Told"),
            removal_policy=GONE,
        )
        plan = backup.BackupPlan.daily35_day_retention(self, "Plan", vault)
        chosen = [backup.BackupResource.from_dynamo_db_table(streaming), backup.BackupResource.from_tag("keep", "yes")]
        plan.add_selection("Chosen", resources=chosen)
        private = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        files = efs.FileSystem(
            self,
            "Files",
            vpc=ec2.Vpc(self, "Vpc", max_azs=2, nat_gateways=0),
            vpc_subnets=private,
            lifecycle_policy=efs.LifecyclePolicy.AFTER_14_DAYS,
            enable_automatic_backups=True,
            removal_policy=GONE,
        )
        files.add_access_point(
            "App",
            path="/app",
            create_acl=efs.Acl(owner_gid="1000", owner_uid="1000", permissions="750"),
            posix_user=efs.PosixUser(uid="1000", gid="1000"),
        )


class Buckets(cdk.Stack):
    """A bucket with every option, where it logs to and where it is copied to."""

    def __init__(self, scope: cdk.App, name: str, **rest: Any) -> None:
        super().__init__(scope, name, env=HERE, **rest)
        log = s3.Bucket(self, "Log", removal_policy=GONE, object_ownership=s3.ObjectOwnership.OBJECT_WRITER)
        copies = s3.Bucket(self, "Copies", versioned=True, removal_policy=GONE)
        key = kms.Key(self, "Key", rotation_period=cdk.Duration.days(180), alias="notes", removal_policy=GONE)
        rule = s3.LifecycleRule(
            transitions=[s3.Transition(storage_class=s3.StorageClass.GLACIER, transition_after=cdk.Duration.days(30))],
            noncurrent_version_expiration=cdk.Duration.days(10),
            noncurrent_versions_to_retain=3,
            object_size_greater_than=1000,
        )
        notes = s3.Bucket(
            self,
            "Notes",
            versioned=True,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            server_access_logs_bucket=log,
            server_access_logs_prefix="access/",
            lifecycle_rules=[rule],
            cors=[s3.CorsRule(allowed_methods=[s3.HttpMethods.GET], allowed_origins=["*"])],
            intelligent_tiering_configurations=[
                s3.IntelligentTieringConfiguration(name="tiers", archive_access_tier_time=cdk.Duration.days(90))
            ],
            inventories=[s3.Inventory(destination=s3.InventoryDestination(bucket=log))],
            metrics=[s3.BucketMetrics(id="everything")],
            transfer_acceleration=True,
            event_bridge_enabled=True,
            object_lock_enabled=True,
            object_lock_default_retention=s3.ObjectLockRetention.governance(cdk.Duration.days(1)),
            replication_rules=[s3.ReplicationRule(destination=copies, priority=1, delete_marker_replication=True)],
            removal_policy=GONE,
        )
        queue = sqs.Queue(self, "Queue")
        notes.add_event_notification(s3.EventType.OBJECT_CREATED, notifications.SqsDestination(queue))


if __name__ == "__main__":
    app = cdk.App(
        analytics_reporting=False,
        context={"availability-zones:account=123456789012:region=us-east-1": ZONES},
        default_stack_synthesizer=cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
    )
    for stack in (Database, Cluster, Tables, Buckets):
        stack(app, stack.__name__)
    app.synth()
