"""Two stores for the triage service: sessions by key in DynamoDB, records by question in PostgreSQL."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct


class ChooseADatabase(cdk.Stack):
    """A table that sleeps for free, a database in private, and an application that may use both."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        app_role = iam.Role(
            self,
            "Application",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            description="What the triage application may do",
        )

        sessions = self.sessions(app_role)
        network = ec2.Vpc(
            self,
            "Network",
            ip_addresses=ec2.IpAddresses.cidr("10.40.0.0/16"),
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="App", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24, map_public_ip_on_launch=False
                ),
                # No route but the VPC's own: a database has nothing to ask of the internet.
                ec2.SubnetConfiguration(name="Records", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24),
            ],
            restrict_default_security_group=True,
        )
        app = ec2.SecurityGroup(self, "AppGroup", vpc=network, description="The triage application")
        records = self.records(network)
        # A group trusts a job; a range of addresses would trust whatever stands there next year.
        records.connections.allow_default_port_from(app, "the triage application")

        # One secret, not "secretsmanager:GetSecretValue on *". The secret is RDS's own, and so is its key.
        assert records.secret is not None
        records.secret.grant_read(app_role)

        cdk.CfnOutput(self, "SessionsTable", value=sessions.table_name)
        cdk.CfnOutput(self, "RecordsDatabase", value=records.instance_identifier)
        cdk.CfnOutput(self, "RecordsSecret", value=records.secret.secret_arn)
        cdk.CfnOutput(self, "AppRole", value=app_role.role_name)
        cdk.CfnOutput(self, "AppSecurityGroup", value=app.security_group_id)
        cdk.CfnOutput(self, "AppSubnets", value=",".join(each.subnet_id for each in network.public_subnets))

    def sessions(self, app_role: iam.Role) -> dynamodb.Table:
        """Millions of small items, each asked for by its key: nothing to join, nothing to run while nobody asks."""
        table = dynamodb.Table(
            self,
            "Sessions",
            # The key is the question asked most. It spreads well too: no two sessions share an id.
            partition_key=dynamodb.Attribute(name="session_id", type=dynamodb.AttributeType.STRING),
            # Quiet nights cost nothing, and nobody has to guess how big Monday morning is.
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            # DynamoDB deletes what expired by itself, and charges no write for it.
            time_to_live_attribute="expires_at",
            # Sessions are made again by signing in; real records would be kept when the stack goes.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # The second question has a key of its own: whose, and then in order of when. A copy of just what the answer
        # needs, since every write to the table is written here as well.
        table.add_global_secondary_index(
            index_name="by_user",
            partition_key=dynamodb.Attribute(name="user_id", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="started_at", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=["expires_at"],
        )
        # By hand rather than grant_read_write_data, which lets the application scan the whole table.
        table.grant(app_role, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
        app_role.add_to_principal_policy(
            iam.PolicyStatement(actions=["dynamodb:Query"], resources=[f"{table.table_arn}/index/by_user"])
        )
        return table

    def records(self, network: ec2.Vpc) -> rds.DatabaseInstance:
        """Patients, notes and findings that refer to each other: transactions, joins, questions nobody planned."""
        return rds.DatabaseInstance(
            self,
            "Records",
            # From version 15 on, RDS for PostgreSQL turns plain connections away by itself (rds.force_ssl).
            engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17),
            instance_type=ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MICRO),
            vpc=network,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            publicly_accessible=False,
            # The clinic can wait half a day for a restore, and cannot pay for two databases. A standby (Multi-AZ)
            # would turn half a day into a minute or two, for twice the price.
            multi_az=False,
            allocated_storage=20,
            storage_type=rds.StorageType.GP3,
            # Chosen at birth: encrypting later means a snapshot, a copy of it, and a new database.
            storage_encrypted=True,
            # RDS makes the password, keeps it in Secrets Manager and changes it every week. No one types it.
            manage_master_user_password=True,
            credentials=rds.Credentials.from_username("triage"),
            database_name="records",
            # Any second of the last seven days. The API's own default is one day.
            backup_retention=cdk.Duration.days(7),
            # A lab leaves nothing behind. With real records: deletion protection, and a final snapshot.
            removal_policy=cdk.RemovalPolicy.DESTROY,
            deletion_protection=False,
        )
