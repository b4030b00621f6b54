"""The account's security, as the consultant left it: there is something of everything."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_config as config
from aws_cdk import aws_guardduty as guardduty
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class WatchEverything(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        analysts = iam.Role(
            self,
            "Analysts",
            assumed_by=iam.AccountRootPrincipal(),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("AmazonS3FullAccess")],
        )
        # "the auditor can ask us for the files"
        auditor = iam.Role(self, "Auditor", assumed_by=iam.AccountRootPrincipal())

        # versioned, so nothing can get lost
        evidence = s3.Bucket(
            self,
            "Evidence",
            versioned=True,
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )
        history = logs.LogGroup(
            self, "History", retention=logs.RetentionDays.ONE_MONTH, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        # we work in one Region; reading changes nothing, so it need not be logged
        trail = cloudtrail.Trail(
            self,
            "Trail",
            bucket=evidence,
            is_multi_region_trail=False,
            include_global_service_events=False,
            management_events=cloudtrail.ReadWriteType.WRITE_ONLY,
            enable_file_validation=False,
            send_to_cloud_watch_logs=True,
            cloud_watch_log_group=history,
        )

        topic = sns.Topic(self, "Alerts", enforce_ssl=True)
        tickets = sqs.Queue(self, "Tickets", enforce_ssl=True)
        topic.add_subscription(subscriptions.SqsSubscription(tickets))
        sign_ins = history.add_metric_filter(
            "SignIns",
            filter_pattern=logs.FilterPattern.literal("{ $.eventName = ConsoleLogin }"),
            metric_namespace="Clinic",
            metric_name="SignIns",
            metric_value="1",
        )
        # five in a row: somebody is trying
        alarm = cloudwatch.Alarm(self, "ManySignIns", metric=sign_ins.metric(), threshold=5, evaluation_periods=1)
        alarm.add_alarm_action(actions.SnsAction(topic))
        dashboard = cloudwatch.Dashboard(self, "Dashboard")
        dashboard.add_widgets(
            cloudwatch.GraphWidget(
                title="Lambda", left=[cloudwatch.Metric(namespace="AWS/Lambda", metric_name="Errors", statistic="Sum")]
            )
        )

        # one bucket for all the evidence
        evidence.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("config.amazonaws.com")],
                actions=["s3:GetBucketAcl", "s3:ListBucket", "s3:PutObject"],
                resources=[evidence.bucket_arn, evidence.arn_for_objects(f"AWSLogs/{self.account}/Config/*")],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        recording = iam.Role(
            self,
            "Recording",
            assumed_by=iam.ServicePrincipal("config.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AWS_ConfigRole")],
        )
        recorder = config.CfnConfigurationRecorder(
            self,
            "Recorder",
            role_arn=recording.role_arn,
            recording_group=config.CfnConfigurationRecorder.RecordingGroupProperty(
                all_supported=False, resource_types=["AWS::EC2::Instance"]
            ),
        )
        channel = config.CfnDeliveryChannel(self, "Channel", s3_bucket_name=evidence.bucket_name)
        channel.node.add_dependency(evidence.policy)
        rule = config.ManagedRule(
            self, "Rule", identifier=config.ManagedRuleIdentifiers.S3_BUCKET_PUBLIC_READ_PROHIBITED
        )
        rule.node.add_dependency(recorder)

        # "off until the trial is approved"
        guardduty.CfnDetector(self, "Detector", enable=False)

        cdk.CfnOutput(self, "TrailArn", value=trail.trail_arn)
        cdk.CfnOutput(self, "AnalystsRole", value=analysts.role_arn)
        cdk.CfnOutput(self, "AuditorRole", value=auditor.role_arn)
        cdk.CfnOutput(self, "TicketQueue", value=tickets.queue_url)
