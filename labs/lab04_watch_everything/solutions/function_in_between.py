"""A function carries the alarm to the queue, the analysts' own role denies, and metric math adds the counts up."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_config as config
from aws_cdk import aws_guardduty as guardduty
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

CARRIES = """
import boto3, json, os

def handler(event, context):
    text = "Please look: " + event["alarmData"]["configuration"].get("description", "an alarm")
    boto3.client("sqs").send_message(QueueUrl=os.environ["DESK"], MessageBody=json.dumps({"title": text}))
"""


class FunctionInBetween(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        files = s3.Bucket(
            self,
            "Files",
            encryption=s3.BucketEncryption.S3_MANAGED,
            object_lock_default_retention=s3.ObjectLockRetention.governance(cdk.Duration.days(1)),
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        trail = cloudtrail.Trail(
            self,
            "Trail",
            trail_name="everything",
            bucket=files,
            s3_key_prefix="trail",
            send_to_cloud_watch_logs=True,
            cloud_watch_logs_retention=logs.RetentionDays.ONE_WEEK,
        )
        analysts = iam.Role(
            self,
            "Analysts",
            assumed_by=iam.AccountRootPrincipal(),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("AmazonS3FullAccess")],
            inline_policies={
                "not-the-evidence": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            effect=iam.Effect.DENY,
                            actions=["*"],
                            resources=[files.bucket_arn, f"{files.bucket_arn}/*"],
                        )
                    ]
                )
            },
        )
        auditor = iam.Role(self, "Auditor", assumed_by=iam.AccountRootPrincipal())
        for action, resource in (("s3:GetObject", files.arn_for_objects("*")), ("s3:ListBucket", files.bucket_arn)):
            files.add_to_resource_policy(
                iam.PolicyStatement(principals=[auditor], actions=[action], resources=[resource])
            )

        desk = sqs.Queue(self, "Tickets")
        carrier = lambda_.Function(
            self,
            "Carrier",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline(CARRIES),
            environment={"DESK": desk.queue_url},
        )
        desk.grant_send_messages(carrier)
        metrics = {}
        for name, pattern in {
            "root": '{ $.userIdentity.type = "Root" }',
            "trail": '{ $.eventSource = "cloudtrail.amazonaws.com" && $.readOnly IS FALSE }',
        }.items():
            found = trail.log_group.add_metric_filter(
                name,
                filter_pattern=logs.FilterPattern.literal(pattern),
                metric_namespace="Clinic/Audit",
                metric_name=name,
                metric_value="1",
            )
            metrics[name] = found.metric(statistic="Sum", period=cdk.Duration.minutes(5))
        both = cloudwatch.MathExpression(
            expression="FILL(root, 0) + FILL(trail, 0)", using_metrics=metrics, period=cdk.Duration.minutes(5)
        )
        for name, metric in metrics.items():
            alarm = cloudwatch.Alarm(
                self,
                f"{name}Alarm",
                alarm_description=f"somebody touched the {name}",
                metric=metric,
                threshold=1,
                evaluation_periods=1,
            )
            alarm.add_alarm_action(actions.LambdaAction(carrier))
        dashboard = cloudwatch.Dashboard(self, "Board")
        dashboard.add_widgets(cloudwatch.SingleValueWidget(metrics=[both]))

        told = s3.Bucket(self, "Told", removal_policy=cdk.RemovalPolicy.DESTROY, auto_delete_objects=True)
        told.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("config.amazonaws.com")],
                actions=["s3:GetBucketAcl", "s3:ListBucket", "s3:PutObject"],
                resources=[told.bucket_arn, told.arn_for_objects("*")],
            )
        )
        recorder = config.CfnConfigurationRecorder(
            self,
            "Recorder",
            role_arn=cdk.Fn.sub(
                "arn:aws:iam::${AWS::AccountId}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
            ),
            recording_mode=config.CfnConfigurationRecorder.RecordingModeProperty(recording_frequency="DAILY"),
        )
        channel = config.CfnDeliveryChannel(self, "Channel", s3_bucket_name=told.bucket_name)
        channel.node.add_dependency(told)
        rule = config.ManagedRule(self, "Rule", identifier="S3_BUCKET_PUBLIC_READ_PROHIBITED")
        rule.node.add_dependency(recorder)
        guardduty.CfnDetector(
            self,
            "Detector",
            enable=True,
            features=[guardduty.CfnDetector.CFNFeatureConfigurationProperty(name="S3_DATA_EVENTS", status="DISABLED")],
        )

        cdk.CfnOutput(self, "TrailArn", value=trail.trail_arn)
        cdk.CfnOutput(self, "AnalystsRole", value=analysts.role_arn)
        cdk.CfnOutput(self, "AuditorRole", value=auditor.role_arn)
        cdk.CfnOutput(self, "TicketQueue", value=desk.queue_url)
