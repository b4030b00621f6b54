"""EventBridge starts triage, an index leaves out what is no text, and the bucket itself refuses any other reader."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as api
from aws_cdk import aws_autoscaling as scaling
from aws_cdk import aws_cloudwatch as watch
from aws_cdk import aws_dynamodb as ddb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as fn
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

BY_WARD = "by-ward"

READ = """
import os
from datetime import UTC, datetime

import boto3

URGENT = ("chest pain", "bleeding", "stroke")
s3 = boto3.client("s3")
seen = boto3.resource("dynamodb").Table(os.environ["SEEN"])


def handler(event, context):
    # EventBridge gives the key as it is, not URL-encoded
    key = event["detail"]["object"]["key"]
    raw = s3.get_object(Bucket=event["detail"]["bucket"]["name"], Key=key)["Body"].read()
    at = datetime.now(UTC).isoformat()
    try:
        text = raw.decode("utf-8").lower()
    except UnicodeDecodeError:
        # without a ward it is in no index, so an earlier version leaves the page too
        seen.put_item(Item={"note": key, "at": at})
        raise
    urgent = any(word in text for word in URGENT)
    seen.put_item(Item={"note": key, "ward": key.split("/")[1], "urgent": urgent, "at": at})
"""

SHOW = """
import json
import os

import boto3
from boto3.dynamodb.conditions import Key

seen = boto3.resource("dynamodb").Table(os.environ["SEEN"])


def handler(event, context):
    ask = {"IndexName": os.environ["INDEX"], "KeyConditionExpression": Key("ward").eq(event["pathParameters"]["ward"])}
    found = []
    while True:
        page = seen.query(**ask)
        found += [{"note": each["note"], "urgent": each["urgent"]} for each in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        ask["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    headers = {"Content-Type": "application/json"}
    return {"statusCode": 200, "headers": headers, "body": json.dumps({"results": found})}
"""


class Handover(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        box = s3.CfnBucket(
            self,
            "Box",
            notification_configuration={"eventBridgeConfiguration": {"eventBridgeEnabled": True}},
            public_access_block_configuration={
                "blockPublicAcls": True,
                "blockPublicPolicy": True,
                "ignorePublicAcls": True,
                "restrictPublicBuckets": True,
            },
            lifecycle_configuration={
                "rules": [
                    {"id": "notes-go", "status": "Enabled", "prefix": "notes/", "expirationInDays": 60},
                ]
            },
        )
        seen = ddb.CfnTable(
            self,
            "Seen",
            billing_mode="PAY_PER_REQUEST",
            # the key stays, so that what was written until today stays too
            key_schema=[{"attributeName": "note", "keyType": "HASH"}],
            attribute_definitions=[
                {"attributeName": "note", "attributeType": "S"},
                {"attributeName": "ward", "attributeType": "S"},
            ],
            global_secondary_indexes=[
                {
                    "indexName": BY_WARD,
                    "keySchema": [
                        {"attributeName": "ward", "keyType": "HASH"},
                        {"attributeName": "note", "keyType": "RANGE"},
                    ],
                    "projection": {"projectionType": "INCLUDE", "nonKeyAttributes": ["urgent"]},
                }
            ],
        )

        stuck = sqs.CfnQueue(self, "Stuck", message_retention_period=14 * 24 * 3600, sqs_managed_sse_enabled=True)
        bell = sns.CfnTopic(self, "Bell")
        watch.CfnAlarm(
            self,
            "Waiting",
            namespace="AWS/SQS",
            metric_name="ApproximateNumberOfMessagesVisible",
            dimensions=[{"name": "QueueName", "value": stuck.attr_queue_name}],
            statistic="Maximum",
            period=60,
            evaluation_periods=1,
            threshold=1,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[bell.ref],
        )

        reader, reader_role = self.function(
            "Reader",
            READ,
            {"SEEN": seen.ref},
            [
                allow("s3:GetObject", f"{box.attr_arn}/notes/*"),
                allow("dynamodb:PutItem", seen.attr_arn),
                allow("sqs:SendMessage", stuck.attr_arn),
            ],
        )
        fn.CfnEventInvokeConfig(
            self,
            "ReaderFails",
            function_name=reader.ref,
            qualifier="$LATEST",
            maximum_retry_attempts=1,
            destination_config={"onFailure": {"destination": stuck.attr_arn}},
        )
        arrived = events.CfnRule(
            self,
            "Arrived",
            event_pattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {"bucket": {"name": [box.ref]}, "object": {"key": [{"prefix": "notes/"}]}},
            },
            targets=[{"id": "reader", "arn": reader.attr_arn, "deadLetterConfig": {"arn": stuck.attr_arn}}],
        )
        fn.CfnPermission(
            self,
            "ArrivedMay",
            action="lambda:InvokeFunction",
            function_name=reader.ref,
            principal="events.amazonaws.com",
            source_arn=arrived.attr_arn,
        )
        sqs.CfnQueuePolicy(
            self,
            "StuckPolicy",
            queues=[stuck.ref],
            policy_document=document(
                {
                    **allow("sqs:SendMessage", stuck.attr_arn),
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Condition": {"ArnEquals": {"aws:SourceArn": arrived.attr_arn}},
                }
            ),
        )

        shower, _ = self.function(
            "Shower",
            SHOW,
            {"SEEN": seen.ref, "INDEX": BY_WARD},
            [allow("dynamodb:Query", f"{seen.attr_arn}/index/{BY_WARD}")],
        )
        # quick create: route, integration and stage come with the API
        board = api.CfnApi(
            self,
            "Board",
            name="board",
            protocol_type="HTTP",
            route_key="GET /wards/{ward}",
            target=shower.attr_arn,
        )
        fn.CfnPermission(
            self,
            "BoardMay",
            action="lambda:InvokeFunction",
            function_name=shower.ref,
            principal="apigateway.amazonaws.com",
            source_arn=f"arn:{self.partition}:execute-api:{self.region}:{self.account}:{board.ref}/*/*/wards/{{ward}}",
        )

        worker_role = iam.CfnRole(
            self,
            "WorkerRole",
            assume_role_policy_document=trust("ec2.amazonaws.com"),
            policies=[
                {
                    "policyName": "notes-to-index",
                    "policyDocument": document(
                        allow("s3:ListBucket", box.attr_arn),
                        allow("s3:GetObject", f"{box.attr_arn}/*"),
                        allow(["s3:PutObject", "s3:AbortMultipartUpload"], f"{box.attr_arn}/index/*"),
                    ),
                }
            ],
        )
        s3.CfnBucketPolicy(
            self,
            "BoxPolicy",
            bucket=box.ref,
            policy_document=document(
                {
                    "Sid": "TwoReaders",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": ["s3:GetObject", "s3:GetObjectVersion"],
                    "Resource": f"{box.attr_arn}/notes/*",
                    "Condition": {
                        "ArnNotEquals": {"aws:PrincipalArn": [reader_role.attr_arn, worker_role.attr_arn]},
                    },
                }
            ),
        )

        net = ec2.CfnVPC(self, "Net", cidr_block="10.11.0.0/24", enable_dns_support=True, enable_dns_hostnames=True)
        ways = ec2.CfnRouteTable(self, "Ways", vpc_id=net.ref)
        door = ec2.CfnVPCEndpoint(
            self,
            "Door",
            vpc_id=net.ref,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{self.region}.s3",
            route_table_ids=[ways.ref],
        )
        subnets, before = [], [door]
        for number in range(2):
            subnet = ec2.CfnSubnet(
                self,
                f"Room{number}",
                vpc_id=net.ref,
                availability_zone=cdk.Fn.select(number, cdk.Fn.get_azs()),
                cidr_block=f"10.11.0.{number * 64}/26",
                map_public_ip_on_launch=False,
            )
            subnets.append(subnet.ref)
            before.append(
                ec2.CfnSubnetRouteTableAssociation(
                    self, f"Room{number}Ways", route_table_id=ways.ref, subnet_id=subnet.ref
                )
            )
        wall = ec2.CfnSecurityGroup(
            self,
            "Wall",
            vpc_id=net.ref,
            group_description="nobody comes in, HTTPS goes out",
            security_group_egress=[{"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIp": "0.0.0.0/0"}],
        )
        profile = iam.CfnInstanceProfile(self, "WorkerProfile", roles=[worker_role.ref])
        plan = ec2.CfnLaunchTemplate(
            self,
            "Plan",
            launch_template_data={
                "imageId": "{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64}}",
                "instanceType": "t4g.micro",
                "iamInstanceProfile": {"arn": profile.attr_arn},
                "securityGroupIds": [wall.attr_group_id],
                "metadataOptions": {"httpTokens": "required"},
                "blockDeviceMappings": [
                    {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 8, "volumeType": "gp3", "encrypted": True}}
                ],
                "userData": cdk.Fn.base64(
                    "#!/bin/bash\n"
                    f"aws s3 cp s3://{box.ref}/program/install.sh - | bash\n"
                    "systemctl enable --now notes-index\n"
                ),
            },
        )
        workers = scaling.CfnAutoScalingGroup(
            self,
            "Workers",
            min_size="1",
            max_size="1",
            vpc_zone_identifier=subnets,
            # a zone that has no t4g.micro left may give a t4g.small
            mixed_instances_policy={
                "launchTemplate": {
                    "launchTemplateSpecification": {
                        "launchTemplateId": plan.ref,
                        "version": plan.attr_latest_version_number,
                    },
                    "overrides": [{"instanceType": "t4g.micro"}, {"instanceType": "t4g.small"}],
                },
                "instancesDistribution": {
                    "onDemandAllocationStrategy": "prioritized",
                    "onDemandPercentageAboveBaseCapacity": 100,
                },
            },
        )
        # user data runs once: S3 has to be within reach by then
        for each in before:
            workers.add_resource_dependency(each)

        for name, value in {
            "NotesBucket": box.ref,
            "ResultsTable": seen.ref,
            "TriageFunction": reader.ref,
            "DeskFunction": shower.ref,
            "DeskUrl": board.attr_api_endpoint,
            "FailedNotes": stuck.ref,
            "Pager": bell.ref,
            "Indexer": workers.ref,
        }.items():
            cdk.CfnOutput(self, name, value=value)

    def function(
        self, name: str, code: str, env: dict[str, str], statements: list[dict[str, Any]]
    ) -> tuple[fn.CfnFunction, iam.CfnRole]:
        lines = logs.CfnLogGroup(self, f"{name}Lines", retention_in_days=30)
        role = iam.CfnRole(
            self,
            f"{name}Role",
            assume_role_policy_document=trust("lambda.amazonaws.com"),
            policies=[
                {
                    "policyName": "work",
                    "policyDocument": document(
                        allow(["logs:CreateLogStream", "logs:PutLogEvents"], lines.attr_arn), *statements
                    ),
                }
            ],
        )
        function = fn.CfnFunction(
            self,
            name,
            runtime="python3.14",
            architectures=["arm64"],
            handler="index.handler",
            code={"zipFile": code},
            role=role.attr_arn,
            timeout=10,
            environment={"variables": env},
            logging_config={"logGroup": lines.ref},
        )
        return function, role


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(actions: str | list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def trust(service: str) -> dict[str, Any]:
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})
