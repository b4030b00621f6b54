"""Cfn classes alone: no way out of the VPC, another port, a secret of its own, an older version told to force TLS."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct


class PlainCloudFormation(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        table = dynamodb.CfnTable(
            self,
            "Logins",
            billing_mode="PAY_PER_REQUEST",
            attribute_definitions=[
                dynamodb.CfnTable.AttributeDefinitionProperty(attribute_name=name, attribute_type="S")
                for name in ("session_id", "started_at", "user_id")
            ],
            key_schema=[dynamodb.CfnTable.KeySchemaProperty(attribute_name="session_id", key_type="HASH")],
            global_secondary_indexes=[
                dynamodb.CfnTable.GlobalSecondaryIndexProperty(
                    index_name="whose",
                    key_schema=[
                        dynamodb.CfnTable.KeySchemaProperty(attribute_name="user_id", key_type="HASH"),
                        dynamodb.CfnTable.KeySchemaProperty(attribute_name="started_at", key_type="RANGE"),
                    ],
                    projection=dynamodb.CfnTable.ProjectionProperty(projection_type="ALL"),
                )
            ],
            time_to_live_specification=dynamodb.CfnTable.TimeToLiveSpecificationProperty(
                enabled=True, attribute_name="expires_at"
            ),
            sse_specification=dynamodb.CfnTable.SSESpecificationProperty(sse_enabled=True),
        )
        table.apply_removal_policy(cdk.RemovalPolicy.DESTROY)

        # one VPC, its main route table, four subnets, and no road out of it
        vpc = ec2.CfnVPC(self, "Vpc", cidr_block="172.20.0.0/16")
        front = [self.subnet(vpc, f"Front{zone}", zone, f"172.20.{zone}.0/25") for zone in (0, 1)]
        back = [self.subnet(vpc, f"Back{zone}", zone, f"172.20.{8 + zone}.0/25") for zone in (0, 1)]
        app = ec2.CfnSecurityGroup(self, "App", group_description="app", vpc_id=vpc.ref)
        guard = ec2.CfnSecurityGroup(
            self,
            "Guard",
            group_description="records",
            vpc_id=vpc.ref,
            security_group_ingress=[
                ec2.CfnSecurityGroup.IngressProperty(
                    ip_protocol="tcp", from_port=6432, to_port=6432, source_security_group_id=app.attr_group_id
                )
            ],
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="icmp", from_port=252, to_port=86, cidr_ip="255.255.255.255/32"
                )
            ],
        )

        secret = secretsmanager.CfnSecret(
            self,
            "Login",
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                secret_string_template='{"username": "records"}',
                generate_string_key="password",
                exclude_characters="\"@/\\ '",
                password_length=40,
            ),
        )
        settings = rds.CfnDBParameterGroup(
            self, "Settings", family="postgres14", description="TLS alone", parameters={"rds.force_ssl": 1}
        )
        records = rds.CfnDBInstance(
            self,
            "Records",
            engine="postgres",
            engine_version="14",
            db_instance_class="db.t3.micro",
            allocated_storage="20",
            db_instance_identifier="Clinic-Records",
            port="6432",
            db_subnet_group_name=rds.CfnDBSubnetGroup(
                self, "Places", db_subnet_group_description="records", subnet_ids=[each.ref for each in back]
            ).ref,
            db_parameter_group_name=settings.ref,
            vpc_security_groups=[guard.attr_group_id],
            publicly_accessible=False,
            storage_encrypted=True,
            backup_retention_period=14,
            master_username=f"{{{{resolve:secretsmanager:{secret.ref}:SecretString:username}}}}",
            master_user_password=f"{{{{resolve:secretsmanager:{secret.ref}:SecretString:password}}}}",
        )
        records.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
        secretsmanager.CfnSecretTargetAttachment(
            self, "Address", secret_id=secret.ref, target_id=records.ref, target_type="AWS::RDS::DBInstance"
        )

        role = iam.CfnRole(
            self,
            "Rights",
            assume_role_policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="both",
                    policy_document={
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": [
                                    "dynamodb:*Item",
                                    "dynamodb:Query",
                                ],
                                "Resource": [table.attr_arn, f"{table.attr_arn}/index/*"],
                            },
                            {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret.ref},
                        ],
                    },
                )
            ],
        )

        cdk.CfnOutput(self, "SessionsTable", value=table.attr_arn)
        cdk.CfnOutput(self, "RecordsDatabase", value=records.attr_endpoint_address)
        cdk.CfnOutput(self, "RecordsSecret", value=secret.ref)
        cdk.CfnOutput(self, "AppRole", value=role.attr_arn)
        cdk.CfnOutput(self, "AppSecurityGroup", value=app.attr_group_id)
        cdk.CfnOutput(self, "AppSubnets", value=cdk.Fn.join(", ", [each.ref for each in front]))

    def subnet(self, vpc: ec2.CfnVPC, name: str, zone: int, cidr: str) -> ec2.CfnSubnet:
        return ec2.CfnSubnet(
            self, name, vpc_id=vpc.ref, cidr_block=cidr, availability_zone=cdk.Fn.select(zone, cdk.Fn.get_azs())
        )
