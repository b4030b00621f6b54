"""All of it in CloudFormation's own resources: an index by ward, an alarm on age, two subnets without an address."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

READ = """
import os, urllib.parse
import boto3

def read(event, context):
    record = event["Records"][0]["s3"]
    key = urllib.parse.unquote_plus(record["object"]["key"])
    body = boto3.client("s3").get_object(Bucket=record["bucket"]["name"], Key=key)["Body"].read()
    text = str(body, "utf-8").lower()
    urgent = "yes" if any(word in text for word in ("chest pain", "bleeding", "stroke")) else "no"
    item = {"note": {"S": key}, "ward": {"S": key.split("/")[1]}, "urgent": {"S": urgent}}
    boto3.client("dynamodb").put_item(TableName=os.environ["RESULTS"], Item=item)
"""
SHOW = """
import json, os
import boto3

def show(event, context):
    ward = event["pathParameters"]["ward"]
    rows, more = [], {}
    while True:
        page = boto3.client("dynamodb").query(
            TableName=os.environ["RESULTS"], IndexName="wards", KeyConditionExpression="ward = :w",
            ExpressionAttributeValues={":w": {"S": ward}}, **more)
        rows += [{"note": i["note"]["S"], "urgent": i["urgent"]["S"] == "yes", "ward": ward} for i in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return {"statusCode": 200, "body": json.dumps({"ward": ward, "results": rows})}
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
"""


class Plain(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        bucket_name = f"triage-{self.account}-{self.region}-plain"
        bucket_arn = f"arn:{self.partition}:s3:::{bucket_name}"
        results = dynamodb.CfnTable(
            self,
            "Results",
            billing_mode="PAY_PER_REQUEST",
            attribute_definitions=[
                dynamodb.CfnTable.AttributeDefinitionProperty(attribute_name=name, attribute_type="S")
                for name in ("note", "ward")
            ],
            key_schema=[dynamodb.CfnTable.KeySchemaProperty(attribute_name="note", key_type="HASH")],
            global_secondary_indexes=[
                dynamodb.CfnTable.GlobalSecondaryIndexProperty(
                    index_name="wards",
                    key_schema=[
                        dynamodb.CfnTable.KeySchemaProperty(attribute_name="ward", key_type="HASH"),
                        dynamodb.CfnTable.KeySchemaProperty(attribute_name="note", key_type="RANGE"),
                    ],
                    projection=dynamodb.CfnTable.ProjectionProperty(projection_type="ALL"),
                )
            ],
        )
        failed = sqs.CfnQueue(self, "Failed", message_retention_period=1_209_600)

        read = self.function(
            "Read",
            READ,
            "index.read",
            results,
            [
                allow(["s3:GetObject"], f"{bucket_arn}/notes/*"),
                allow(["dynamodb:PutItem"], results.attr_arn),
                allow(["sqs:SendMessage"], failed.attr_arn),
            ],
        )
        lambda_.CfnEventInvokeConfig(
            self,
            "IfItFails",
            function_name=read.ref,
            qualifier="$LATEST",
            maximum_retry_attempts=0,
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
                on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=failed.attr_arn)
            ),
        )
        may_start = lambda_.CfnPermission(
            self,
            "S3Starts",
            action="lambda:InvokeFunction",
            function_name=read.ref,
            principal="s3.amazonaws.com",
            source_arn=bucket_arn,
            source_account=self.account,
        )
        prefix = s3.CfnBucket.FilterRuleProperty(name="prefix", value="notes/")
        notes = s3.CfnBucket(
            self,
            "Notes",
            bucket_name=bucket_name,
            lifecycle_configuration=s3.CfnBucket.LifecycleConfigurationProperty(
                rules=[s3.CfnBucket.RuleProperty(status="Enabled", prefix="notes/", expiration_in_days=30)]
            ),
            notification_configuration=s3.CfnBucket.NotificationConfigurationProperty(
                lambda_configurations=[
                    s3.CfnBucket.LambdaConfigurationProperty(
                        event="s3:ObjectCreated:*",
                        function=read.attr_arn,
                        filter=s3.CfnBucket.NotificationFilterProperty(
                            s3_key=s3.CfnBucket.S3KeyFilterProperty(rules=[prefix])
                        ),
                    )
                ]
            ),
        )
        notes.add_resource_dependency(may_start)

        show = self.function(
            "Show", SHOW, "index.show", results, [allow(["dynamodb:Query"], f"{results.attr_arn}/index/wards")]
        )
        url = self.page(show)
        topic = self.bell(failed)
        group = self.servers(bucket_name, bucket_arn)

        cdk.CfnOutput(self, "NotesBucket", value=notes.ref)
        cdk.CfnOutput(self, "ResultsTable", value=results.ref)
        cdk.CfnOutput(self, "TriageFunction", value=read.ref)
        cdk.CfnOutput(self, "DeskFunction", value=show.ref)
        cdk.CfnOutput(self, "DeskUrl", value=url)
        cdk.CfnOutput(self, "FailedNotes", value=failed.ref)
        cdk.CfnOutput(self, "Pager", value=topic.ref)
        cdk.CfnOutput(self, "Indexer", value=group.ref)

    def function(
        self, name: str, code: str, handler: str, results: dynamodb.CfnTable, grants: list[dict[str, Any]]
    ) -> lambda_.CfnFunction:
        lines = logs.CfnLogGroup(self, f"{name}Lines", retention_in_days=7)
        may_log = allow(["logs:CreateLogStream", "logs:PutLogEvents"], lines.attr_arn)
        role = iam.CfnRole(
            self,
            f"{name}Role",
            assume_role_policy_document=trust("lambda.amazonaws.com"),
            policies=[iam.CfnRole.PolicyProperty(policy_name="all", policy_document=document(may_log, *grants))],
        )
        return lambda_.CfnFunction(
            self,
            name,
            runtime="python3.14",
            architectures=["arm64"],
            handler=handler,
            timeout=10,
            role=role.attr_arn,
            code=lambda_.CfnFunction.CodeProperty(zip_file=code),
            environment=lambda_.CfnFunction.EnvironmentProperty(variables={"RESULTS": results.ref}),
            logging_config=lambda_.CfnFunction.LoggingConfigProperty(log_group=lines.ref),
        )

    def page(self, show: lambda_.CfnFunction) -> str:
        api = apigateway.CfnApi(self, "Page", name="wards", protocol_type="HTTP")
        behind = apigateway.CfnIntegration(
            self,
            "Behind",
            api_id=api.ref,
            integration_type="AWS_PROXY",
            integration_uri=show.attr_arn,
            payload_format_version="2.0",
        )
        apigateway.CfnRoute(
            self, "Ward", api_id=api.ref, route_key="GET /wards/{ward}", target=f"integrations/{behind.ref}"
        )
        apigateway.CfnStage(self, "Stage", api_id=api.ref, stage_name="v1", auto_deploy=True)
        lambda_.CfnPermission(
            self,
            "PageAsks",
            action="lambda:InvokeFunction",
            function_name=show.ref,
            principal="apigateway.amazonaws.com",
            source_arn=f"arn:{self.partition}:execute-api:{self.region}:{self.account}:{api.ref}/*",
        )
        return f"https://{api.ref}.execute-api.{self.region}.amazonaws.com/v1/"

    def bell(self, failed: sqs.CfnQueue) -> sns.CfnTopic:
        topic = sns.CfnTopic(self, "Bell")
        cloudwatch.CfnAlarm(
            self,
            "Waiting",
            namespace="AWS/SQS",
            metric_name="ApproximateAgeOfOldestMessage",
            dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="QueueName", value=failed.attr_queue_name)],
            statistic="Maximum",
            period=60,
            evaluation_periods=1,
            threshold=120,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[topic.ref],
        )
        return topic

    def servers(self, bucket_name: str, bucket_arn: str) -> autoscaling.CfnAutoScalingGroup:
        vpc = ec2.CfnVPC(self, "Vpc", cidr_block="10.60.0.0/20", enable_dns_support=True)
        table = ec2.CfnRouteTable(self, "Table", vpc_id=vpc.ref)
        subnets = [
            ec2.CfnSubnet(
                self,
                f"Quiet{number}",
                vpc_id=vpc.ref,
                cidr_block=f"10.60.{number}.0/24",
                availability_zone=cdk.Fn.select(number, cdk.Fn.get_azs()),
            )
            for number in range(2)
        ]
        for number, subnet in enumerate(subnets):
            ec2.CfnSubnetRouteTableAssociation(self, f"Uses{number}", subnet_id=subnet.ref, route_table_id=table.ref)
        ec2.CfnVPCEndpoint(
            self,
            "ToS3",
            vpc_id=vpc.ref,
            service_name=f"com.amazonaws.{self.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.ref],
        )
        wall = ec2.CfnSecurityGroup(self, "Wall", vpc_id=vpc.ref, group_description="nobody in")
        role = iam.CfnRole(
            self,
            "ServerRole",
            assume_role_policy_document=trust("ec2.amazonaws.com"),
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="index",
                    policy_document=document(
                        allow(["s3:ListBucket"], bucket_arn),
                        allow(["s3:GetObject"], f"{bucket_arn}/*"),
                        allow(["s3:PutObject"], f"{bucket_arn}/index/*"),
                    ),
                )
            ],
        )
        profile = iam.CfnInstanceProfile(self, "Profile", roles=[role.ref])
        template = ec2.CfnLaunchTemplate(
            self,
            "Template",
            launch_template_data=ec2.CfnLaunchTemplate.LaunchTemplateDataProperty(
                image_id="{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64}}",
                instance_type="t4g.micro",
                iam_instance_profile=ec2.CfnLaunchTemplate.IamInstanceProfileProperty(arn=profile.attr_arn),
                security_group_ids=[wall.attr_group_id],
                user_data=cdk.Fn.base64(
                    f"#!/bin/bash\naws s3 cp s3://{bucket_name}/program/install.sh - | bash\n"
                    "systemctl enable --now notes-index\n"
                ),
            ),
        )
        return autoscaling.CfnAutoScalingGroup(
            self,
            "Servers",
            min_size="1",
            max_size="1",
            vpc_zone_identifier=[each.ref for each in subnets],
            launch_template=autoscaling.CfnAutoScalingGroup.LaunchTemplateSpecificationProperty(
                launch_template_id=template.ref, version=template.attr_latest_version_number
            ),
        )


def allow(actions: list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(service: str) -> dict[str, Any]:
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})
