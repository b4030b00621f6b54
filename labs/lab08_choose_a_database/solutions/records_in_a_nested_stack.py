"""The records in a nested stack, behind a key and a port of their own, in the same subnets as the application."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from constructs import Construct


class Records(cdk.NestedStack):
    """PostgreSQL on another port, whose password RDS keeps."""

    def __init__(self, scope: Construct, construct_id: str, *, vpc: ec2.IVpc, app: ec2.ISecurityGroup) -> None:
        super().__init__(scope, construct_id)
        guard = ec2.SecurityGroup(self, "Guard", vpc=vpc, allow_all_outbound=False)
        guard.add_ingress_rule(app, ec2.Port.tcp(5433), "the application")
        self.database = rds.DatabaseInstance(
            self,
            "Database",
            engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_18),
            instance_type=ec2.InstanceType.of(ec2.InstanceClass.T3, ec2.InstanceSize.MICRO),
            vpc=vpc,
            subnet_group=rds.SubnetGroup(
                self,
                "Places",
                description="records",
                vpc=vpc,
                vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            ),
            security_groups=[guard],
            publicly_accessible=False,
            port=5433,
            allocated_storage=20,
            max_allocated_storage=100,
            storage_encryption_key=kms.Key(
                self, "Key", enable_key_rotation=True, removal_policy=cdk.RemovalPolicy.DESTROY
            ),
            manage_master_user_password=True,
            iam_authentication=True,
            backup_retention=cdk.Duration.days(8),
            preferred_backup_window="02:00-03:00",
            delete_automated_backups=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )


class RecordsInANestedStack(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        role = iam.Role(self, "Job", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="session_id", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            max_read_request_units=500,
            max_write_request_units=500,
            table_class=dynamodb.TableClass.STANDARD_INFREQUENT_ACCESS,
            time_to_live_attribute="expires_at",
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        table.add_global_secondary_index(
            index_name="open",
            partition_key=dynamodb.Attribute(name="user_id", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="started_at", type=dynamodb.AttributeType.STRING),
        )
        table.grant_read_write_data(role)

        vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            subnet_configuration=[ec2.SubnetConfiguration(name="all", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)],
        )
        app = ec2.SecurityGroup(self, "Wears", vpc=vpc)
        records = Records(self, "Records", vpc=vpc, app=app).database
        assert records.secret is not None
        role.add_to_policy(
            iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[records.secret.secret_arn])
        )

        cdk.CfnOutput(self, "SessionsTable", value=table.table_name)
        cdk.CfnOutput(self, "RecordsDatabase", value=records.instance_identifier)
        cdk.CfnOutput(self, "RecordsSecret", value=records.secret.secret_arn)
        cdk.CfnOutput(self, "AppRole", value=role.role_arn)
        cdk.CfnOutput(self, "AppSecurityGroup", value=app.security_group_id)
        cdk.CfnOutput(self, "AppSubnets", value=",".join(each.subnet_id for each in vpc.isolated_subnets))
