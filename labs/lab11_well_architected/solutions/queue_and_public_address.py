"""A queue before triage, a table keyed by ward, the page on a function URL, a public address that lets nobody in."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

READ = """
import json, os, urllib.parse
import boto3

s3, table = boto3.client("s3"), boto3.resource("dynamodb").Table(os.environ["TABLE"])

def go(event, context):
    for message in event["Records"]:
        # S3 sends a test event when it is introduced to the queue
        for record in json.loads(message["body"]).get("Records", []):
            key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
            text = s3.get_object(Bucket=record["s3"]["bucket"]["name"], Key=key)["Body"].read().decode().lower()
            urgent = any(word in text for word in ("chest pain", "bleeding", "stroke"))
            table.put_item(Item={"pk": "WARD#" + key.split("/")[1], "sk": key, "u": urgent})
"""
SHOW = """
import json, os
import boto3
from boto3.dynamodb.conditions import Key

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

def go(event, context):
    _, wards, ward = (event["rawPath"].split("/") + ["", ""])[:3]
    if wards != "wards" or not ward:
        return {"statusCode": 404, "body": "{}"}
    items = table.query(KeyConditionExpression=Key("pk").eq("WARD#" + ward))["Items"]
    return {"statusCode": 200, "body": json.dumps({"results": [{"note": i["sk"], "urgent": i["u"]} for i in items]})}
"""


class Reviewed(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        gone = cdk.RemovalPolicy.DESTROY
        key = kms.Key(self, "Key", removal_policy=gone, enable_key_rotation=True)
        archive = s3.Bucket(
            self,
            "Archive",
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            removal_policy=gone,
            auto_delete_objects=True,
            lifecycle_rules=[
                s3.LifecycleRule(expiration=cdk.Duration.days(60), noncurrent_version_expiration=cdk.Duration.days(20))
            ],
        )
        table = dynamodb.TableV2(
            self,
            "Urgency",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            removal_policy=gone,
        )

        waiting = sqs.Queue(self, "Waiting", retention_period=cdk.Duration.days(10))
        arrived = sqs.Queue(
            self,
            "Arrived",
            visibility_timeout=cdk.Duration.seconds(60),
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=2, queue=waiting),
        )
        archive.add_event_notification(
            s3.EventType.OBJECT_CREATED_PUT,
            notifications.SqsDestination(arrived),
            s3.NotificationKeyFilter(prefix="notes/"),
        )

        reader = self.function("Reader", READ, table)
        reader.add_event_source(sources.SqsEventSource(arrived, batch_size=1))
        archive.grant_read(reader)
        table.grant_write_data(reader)
        window = self.function("Window", SHOW, table)
        table.grant(window, "dynamodb:Query", "dynamodb:GetItem")
        address = window.add_function_url(auth_type=lambda_.FunctionUrlAuthType.NONE)

        # encrypted, so that whoever publishes needs the key as well
        bell = sns.Topic(self, "Bell", master_key=key)
        key.grant(iam.ServicePrincipal("cloudwatch.amazonaws.com"), "kms:Decrypt", "kms:GenerateDataKey*")
        old = cloudwatch.Alarm(
            self,
            "OldestIsOld",
            metric=waiting.metric_approximate_number_of_messages_visible(
                statistic="Sum", period=cdk.Duration.minutes(1)
            ),
            threshold=0,
            evaluation_periods=3,
            datapoints_to_alarm=2,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        )
        old.add_alarm_action(actions.SnsAction(bell))

        servers = self.servers(archive)

        cdk.CfnOutput(self, "NotesBucket", value=archive.bucket_name)
        cdk.CfnOutput(self, "ResultsTable", value=table.table_name)
        cdk.CfnOutput(self, "TriageFunction", value=reader.function_arn)
        cdk.CfnOutput(self, "DeskFunction", value=window.function_arn)
        cdk.CfnOutput(self, "DeskUrl", value=address.url)
        cdk.CfnOutput(self, "FailedNotes", value=waiting.queue_url)
        cdk.CfnOutput(self, "Pager", value=bell.topic_arn)
        cdk.CfnOutput(self, "Indexer", value=servers.auto_scaling_group_name)

    def function(self, name: str, code: str, table: dynamodb.TableV2) -> lambda_.Function:
        return lambda_.Function(
            self,
            name,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler="index.go",
            code=lambda_.Code.from_inline(code),
            environment={"TABLE": table.table_name},
            timeout=cdk.Duration.seconds(10),
            log_group=logs.LogGroup(
                self,
                f"{name}Lines",
                retention=logs.RetentionDays.THREE_MONTHS,
                removal_policy=cdk.RemovalPolicy.DESTROY,
            ),
        )

    def servers(self, archive: s3.Bucket) -> autoscaling.AutoScalingGroup:
        """Three zones; a public address to ask S3 with, and no rule that lets anybody in."""
        vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=3,
            nat_gateways=0,
            subnet_configuration=[ec2.SubnetConfiguration(name="Open", subnet_type=ec2.SubnetType.PUBLIC)],
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
        archive.grant_read(role)
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:PutObject", "s3:DeleteObject"], resources=[f"{archive.bucket_arn}/index/*"]
            )
        )
        group = autoscaling.AutoScalingGroup(
            self,
            "Servers",
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            associate_public_ip_address=True,
            instance_type=ec2.InstanceType("t4g.micro"),
            machine_image=ec2.MachineImage.latest_amazon_linux2023(cpu_type=ec2.AmazonLinuxCpuType.ARM_64),
            role=role,
            require_imdsv2=True,
            min_capacity=1,
            max_capacity=2,
            desired_capacity=1,
            block_devices=[
                autoscaling.BlockDevice(
                    device_name="/dev/xvda",
                    volume=autoscaling.BlockDeviceVolume.ebs(
                        20, encrypted=True, volume_type=autoscaling.EbsDeviceVolumeType.GP3
                    ),
                )
            ],
        )
        group.add_user_data(
            f"aws s3 cp s3://{archive.bucket_name}/program/install.sh - | bash",
            "systemctl enable --now notes-index",
        )
        return group
