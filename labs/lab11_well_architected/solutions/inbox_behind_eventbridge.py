"""EventBridge fills triage's inbox, the page is a function URL, the indexer reaches S3 alone; a class for each."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

READ = """
import json
import os

import boto3

ALARMING = frozenset({"chest pain", "bleeding", "stroke"})

s3 = boto3.client("s3")
ledger = boto3.resource("dynamodb").Table(os.environ["LEDGER"])


def handler(event, context):
    refused = []
    for message in event["Records"]:
        try:
            file_note(json.loads(message["body"])["detail"])
        except Exception as trouble:
            print(f"message {message['messageId']} stays in the inbox: {type(trouble).__name__}")
            refused.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": refused}


def file_note(detail):
    # EventBridge, unlike a notification of S3, does not encode the key
    key = detail["object"]["key"]
    place = {"ward": key.split("/")[1], "note": key}
    raw = s3.get_object(Bucket=detail["bucket"]["name"], Key=key)["Body"].read()
    try:
        text = raw.decode("utf-8").lower()
    except UnicodeDecodeError:
        # a note of that name may have been text before
        ledger.delete_item(Key=place)
        raise
    ledger.put_item(Item=place | {"urgent": any(word in text for word in ALARMING)})
"""
SHOW = """
import json
import os
import re
from urllib.parse import unquote

import boto3
from boto3.dynamodb.conditions import Key

ledger = boto3.resource("dynamodb").Table(os.environ["LEDGER"])


def handler(event, context):
    asked = re.fullmatch(r"/wards/([^/]+)", event["rawPath"])
    if asked is None:
        return say(404, {"message": "Not Found"})
    if event["requestContext"]["http"]["method"] != "GET":
        return say(405, {"message": "Method Not Allowed"})
    return say(200, {"results": list(filed(unquote(asked[1])))})


def filed(ward):
    more = {}
    while more is not None:
        page = ledger.query(KeyConditionExpression=Key("ward").eq(ward), **more)
        yield from ({"note": each["note"], "urgent": each["urgent"]} for each in page["Items"])
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]} if "LastEvaluatedKey" in page else None


def say(status, body):
    return {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
"""


class Program(lambda_.Function):
    """A small function on Graviton, whose log group it brings along."""

    def __init__(self, scope: Construct, construct_id: str, *, code: str, ledger: dynamodb.ITableV2) -> None:
        super().__init__(
            scope,
            construct_id,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler="index.handler",
            code=lambda_.Code.from_inline(code),
            memory_size=256,
            timeout=cdk.Duration.seconds(20),
            environment={"LEDGER": ledger.table_name},
            log_group=logs.LogGroup(
                scope,
                f"{construct_id}Lines",
                retention=logs.RetentionDays.ONE_MONTH,
                removal_policy=cdk.RemovalPolicy.DESTROY,
            ),
        )


class Records(Construct):
    """What the wards wrote, and what triage made of it."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.notes = s3.Bucket(
            self,
            "Folder",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(prefix="notes/", expiration=cdk.Duration.days(60)),
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=cdk.Duration.days(2)),
            ],
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )
        # the property itself: no custom resource has to set it
        folder: Any = self.notes.node.default_child
        folder.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )
        self.ledger = dynamodb.TableV2(
            self,
            "Ledger",
            partition_key=dynamodb.Attribute(name="ward", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="note", type=dynamodb.AttributeType.STRING),
            billing=dynamodb.Billing.on_demand(),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )


class Intake(Construct):
    """From the bucket to the ledger; what cannot go there waits, and rings."""

    def __init__(self, scope: Construct, construct_id: str, *, records: Records) -> None:
        super().__init__(scope, construct_id)
        self.failed = sqs.Queue(
            self,
            "Waiting",
            retention_period=cdk.Duration.days(14),
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        inbox = sqs.Queue(
            self,
            "Inbox",
            visibility_timeout=cdk.Duration.minutes(2),
            retention_period=cdk.Duration.days(4),
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.failed, max_receive_count=3),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        events.Rule(
            self,
            "Arrived",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [records.notes.bucket_name]},
                    "object": {"key": events.Match.prefix("notes/")},
                },
            ),
            targets=[targets.SqsQueue(inbox, dead_letter_queue=self.failed)],
        )

        self.reader = Program(self, "Reader", code=READ, ledger=records.ledger)
        self.reader.add_event_source(sources.SqsEventSource(inbox, batch_size=10, report_batch_item_failures=True))
        records.notes.grant_read(self.reader, "notes/*")
        records.ledger.grant(self.reader, "dynamodb:PutItem", "dynamodb:DeleteItem")

        self.pager = sns.Topic(self, "Pager", enforce_ssl=True)
        self.pager.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.pager.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}},
            )
        )
        self.failed.metric_approximate_number_of_messages_visible(
            period=cdk.Duration.minutes(1), statistic=cloudwatch.Stats.MAXIMUM
        ).create_alarm(
            self,
            "SomethingWaits",
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        ).add_alarm_action(actions.SnsAction(self.pager))


class WardsPage(Construct):
    """One function, asked over HTTPS at its own address."""

    def __init__(self, scope: Construct, construct_id: str, *, records: Records) -> None:
        super().__init__(scope, construct_id)
        self.program = Program(self, "Answer", code=SHOW, ledger=records.ledger)
        records.ledger.grant(self.program, "dynamodb:Query")
        address = self.program.add_function_url(auth_type=lambda_.FunctionUrlAuthType.NONE)
        # the address of a function ends in a slash, and the path begins with one
        self.url = "https://" + cdk.Fn.select(2, cdk.Fn.split("/", address.url))


class IndexFleet(Construct):
    """A fleet of one, in whichever of two zones there is; S3 is all it reaches."""

    def __init__(self, scope: Construct, construct_id: str, *, records: Records) -> None:
        super().__init__(scope, construct_id)
        network = ec2.Vpc(
            self,
            "Quiet",
            ip_addresses=ec2.IpAddresses.cidr("10.42.0.0/22"),
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Index", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=26)
            ],
            gateway_endpoints={"ToS3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
        )
        wall = ec2.SecurityGroup(self, "Wall", vpc=network, allow_all_outbound=False)
        wall.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.HTTPS, "S3, by the endpoint")

        role = iam.Role(self, "Job", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
        records.notes.grant_read(role)
        records.notes.grant_put(role, "index/*")

        boot = ec2.UserData.for_linux()
        boot.add_commands(
            f"aws s3 cp s3://{records.notes.bucket_name}/program/install.sh - | bash",
            "systemctl enable --now notes-index",
        )
        self.group = autoscaling.AutoScalingGroup(
            self,
            "Fleet",
            vpc=network,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            min_capacity=1,
            max_capacity=1,
            update_policy=autoscaling.UpdatePolicy.rolling_update(min_instances_in_service=0),
            launch_template=ec2.LaunchTemplate(
                self,
                "Plan",
                instance_type=ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MICRO),
                machine_image=ec2.MachineImage.latest_amazon_linux2023(cpu_type=ec2.AmazonLinuxCpuType.ARM_64),
                role=role,
                security_group=wall,
                user_data=boot,
                require_imdsv2=True,
                block_devices=[
                    ec2.BlockDevice(
                        device_name="/dev/xvda",
                        volume=ec2.BlockDeviceVolume.ebs(8, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3),
                    )
                ],
            ),
        )


class NightWatch(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        records = Records(self, "Records")
        intake = Intake(self, "Intake", records=records)
        page = WardsPage(self, "WardsPage", records=records)
        fleet = IndexFleet(self, "IndexFleet", records=records)

        for name, value in {
            "NotesBucket": records.notes.bucket_name,
            "ResultsTable": records.ledger.table_name,
            "TriageFunction": intake.reader.function_name,
            "DeskFunction": page.program.function_name,
            "DeskUrl": page.url,
            "FailedNotes": intake.failed.queue_url,
            "Pager": intake.pager.topic_arn,
            "Indexer": fleet.group.auto_scaling_group_name,
        }.items():
            cdk.CfnOutput(self, name, value=value)
