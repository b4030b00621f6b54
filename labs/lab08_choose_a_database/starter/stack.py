"""The triage service's two stores, as they were handed over. The demo ran on them."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct


class TriageStores(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr("10.40.0.0/16"),
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC)],
        )
        app = ec2.SecurityGroup(self, "App", vpc=vpc)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))

        table = dynamodb.Table(
            self,
            "Sessions",
            # everything of a user in one place; the id is in there somewhere, a scan finds it
            partition_key=dynamodb.Attribute(name="user_id", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="started_at", type=dynamodb.AttributeType.STRING),
            # enough for a Monday
            read_capacity=100,
            write_capacity=50,
            time_to_live_attribute="ttl",
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        table.grant_full_access(role)

        password = cdk.SecretValue.unsafe_plain_text("triage-demo-2025")
        secret = secretsmanager.Secret(
            self,
            "Login",
            secret_object_value={"username": cdk.SecretValue.unsafe_plain_text("triage"), "password": password},
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        database = rds.DatabaseInstance(
            self,
            "Records",
            engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_14),
            # nobody wants a slow demo, and highly available sounded good
            instance_type=ec2.InstanceType("t3.medium"),
            multi_az=True,
            vpc=vpc,
            # so that DBeaver works from home
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            publicly_accessible=True,
            allocated_storage=100,
            storage_encrypted=False,
            credentials=rds.Credentials.from_password("triage", password),
            database_name="records",
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        database.connections.allow_default_port_from_any_ipv4()
        # one policy for whatever comes
        role.add_to_policy(iam.PolicyStatement(actions=["secretsmanager:*"], resources=["*"]))

        cdk.CfnOutput(self, "SessionsTable", value=table.table_name)
        cdk.CfnOutput(self, "RecordsDatabase", value=database.instance_identifier)
        cdk.CfnOutput(self, "RecordsSecret", value=secret.secret_arn)
        cdk.CfnOutput(self, "AppRole", value=role.role_name)
        cdk.CfnOutput(self, "AppSecurityGroup", value=app.security_group_id)
        cdk.CfnOutput(self, "AppSubnets", value=",".join(each.subnet_id for each in vpc.public_subnets))
