"""Aurora that sleeps, on port 5433 behind a network ACL, in a VPC without a door, its secret under a key of its own."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

PORT = 5433


class Ground(Construct):
    """A VPC without an internet gateway: two isolated rows, and a network ACL around the lower one."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.vpc = ec2.Vpc(
            self,
            "Net",
            ip_addresses=ec2.IpAddresses.cidr("172.20.0.0/20"),
            max_azs=2,
            nat_gateways=0,
            create_internet_gateway=False,
            restrict_default_security_group=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="triage", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24),
                ec2.SubnetConfiguration(name="vault", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=27),
            ],
        )
        self.upper = self.vpc.select_subnets(subnet_group_name="triage").subnets
        self.lower = ec2.SubnetSelection(subnet_group_name="vault")
        self.vpc.add_gateway_endpoint("ToDynamo", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)

        fence = ec2.NetworkAcl(self, "Fence", vpc=self.vpc, subnet_selection=self.lower)
        for number, subnet in enumerate(self.upper, start=1):
            here = ec2.AclCidr.ipv4(subnet.ipv4_cidr_block)
            fence.add_entry(
                f"Ask{number}",
                rule_number=number * 10,
                cidr=here,
                traffic=ec2.AclTraffic.tcp_port(PORT),
                direction=ec2.TrafficDirection.INGRESS,
            )
            fence.add_entry(
                f"Answer{number}",
                rule_number=number * 10,
                cidr=here,
                traffic=ec2.AclTraffic.tcp_port_range(1024, 65535),
                direction=ec2.TrafficDirection.EGRESS,
            )


class SessionStore(Construct):
    """What is forgotten tomorrow."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        text = dynamodb.AttributeType.STRING
        self.table = dynamodb.TableV2(
            self,
            "Visits",
            partition_key=dynamodb.Attribute(name="session_id", type=text),
            billing=dynamodb.Billing.on_demand(),
            time_to_live_attribute="expires_at",
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name="who-when",
                    partition_key=dynamodb.Attribute(name="user_id", type=text),
                    sort_key=dynamodb.Attribute(name="started_at", type=text),
                    projection_type=dynamodb.ProjectionType.INCLUDE,
                    non_key_attributes=["expires_at"],
                )
            ],
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

    def lend_to(self, role: iam.IGrantable) -> None:
        self.table.grant(
            role,
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            "dynamodb:Query",
        )


class RecordStore(Construct):
    """What must be right: Aurora PostgreSQL, one writer, asleep when nobody asks."""

    def __init__(self, scope: Construct, construct_id: str, *, ground: Ground) -> None:
        super().__init__(scope, construct_id)
        engine = rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_16_11)
        key = kms.Key(
            self,
            "Key",
            enable_key_rotation=True,
            pending_window=cdk.Duration.days(7),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.login = secretsmanager.Secret(
            self,
            "Login",
            encryption_key=key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template='{"username": "registrar"}',
                generate_string_key="password",
                password_length=40,
                exclude_punctuation=True,
            ),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.group = ec2.SecurityGroup(self, "Door", vpc=ground.vpc, allow_all_outbound=False)
        self.cluster = rds.DatabaseCluster(
            self,
            "Archive",
            engine=engine,
            port=PORT,
            credentials=rds.Credentials.from_secret(self.login),
            default_database_name="archive",
            vpc=ground.vpc,
            vpc_subnets=ground.lower,
            security_groups=[self.group],
            writer=rds.ClusterInstance.serverless_v2("Only", publicly_accessible=False),
            serverless_v2_min_capacity=0,
            serverless_v2_max_capacity=4,
            serverless_v2_auto_pause_duration=cdk.Duration.minutes(10),
            parameter_group=rds.ParameterGroup(self, "Manners", engine=engine, parameters={"rds.force_ssl": "1"}),
            storage_encrypted=True,
            storage_encryption_key=key,
            backup=rds.BackupProps(retention=cdk.Duration.days(7), preferred_window="02:00-03:00"),
            deletion_protection=False,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

    def lend_to(self, role: iam.IGrantable, wearer: ec2.SecurityGroup) -> None:
        self.login.grant_read(role)
        self.cluster.connections.allow_default_port_from(wearer, "the application")


class ClinicMemory(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        ground = Ground(self, "Ground")
        sessions = SessionStore(self, "SessionStore")
        records = RecordStore(self, "RecordStore", ground=ground)

        wearer = ec2.SecurityGroup(self, "Wearer", vpc=ground.vpc, allow_all_outbound=False)
        wearer.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS's interfaces")
        role = iam.Role(self, "Triage", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
        sessions.lend_to(role)
        records.lend_to(role, wearer)

        for name, value in {
            "SessionsTable": sessions.table.table_name,
            "RecordsDatabase": records.cluster.cluster_identifier,
            "RecordsSecret": records.login.secret_arn,
            "AppRole": role.role_arn,
            "AppSecurityGroup": wearer.security_group_id,
            "AppSubnets": cdk.Fn.join(",", [each.subnet_id for each in ground.upper]),
        }.items():
            cdk.CfnOutput(self, name, value=value)
