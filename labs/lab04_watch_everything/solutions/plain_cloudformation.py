"""In L1 constructs: one filter and one alarm for everything, a Deny by condition, a topic left as AWS makes it."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_config as config
from aws_cdk import aws_guardduty as guardduty
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

PATTERN = (
    "{ $.eventName = StopLogging || $.eventName = UpdateTrail || $.eventName = DeleteTrail "
    '|| $.userIdentity.type = "Root" }'
)


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trusted_by(service: str) -> dict[str, Any]:
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


class Plain(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        account_only = document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": cdk.Fn.sub("arn:aws:iam::${AWS::AccountId}:root")},
                "Action": "sts:AssumeRole",
            }
        )
        logged = s3.CfnBucket(
            self,
            "Logged",
            object_lock_enabled=True,
            object_lock_configuration=s3.CfnBucket.ObjectLockConfigurationProperty(
                object_lock_enabled="Enabled",
                rule=s3.CfnBucket.ObjectLockRuleProperty(
                    default_retention=s3.CfnBucket.DefaultRetentionProperty(mode="GOVERNANCE", days=1)
                ),
            ),
        )
        files = cdk.Fn.join("", [logged.attr_arn, "/*"])
        analysts = iam.CfnRole(
            self,
            "Analysts",
            role_name="clinic-analysts",
            assume_role_policy_document=account_only,
            managed_policy_arns=["arn:aws:iam::aws:policy/AmazonS3FullAccess"],
        )
        auditor = iam.CfnRole(
            self,
            "Auditor",
            assume_role_policy_document=account_only,
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="read",
                    policy_document=document(
                        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": logged.attr_arn},
                        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": files},
                    ),
                )
            ],
        )
        doors = s3.CfnBucketPolicy(
            self,
            "Doors",
            bucket=logged.ref,
            policy_document=document(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudtrail.amazonaws.com"},
                    "Action": "s3:GetBucketAcl",
                    "Resource": logged.attr_arn,
                },
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudtrail.amazonaws.com"},
                    "Action": "s3:PutObject",
                    "Resource": cdk.Fn.join("", [logged.attr_arn, "/clinic/AWSLogs/", self.account, "/*"]),
                    "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
                },
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [logged.attr_arn, files],
                    "Condition": {"ArnLike": {"aws:PrincipalArn": analysts.attr_arn}},
                },
            ),
        )

        group = logs.CfnLogGroup(self, "Group", retention_in_days=30)
        writer = iam.CfnRole(
            self,
            "Writer",
            assume_role_policy_document=trusted_by("cloudtrail.amazonaws.com"),
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="write",
                    policy_document=document(
                        {
                            "Effect": "Allow",
                            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                            "Resource": group.attr_arn,
                        }
                    ),
                )
            ],
        )
        trail = cloudtrail.CfnTrail(
            self,
            "Witness",
            trail_name="witness",
            is_logging=True,
            s3_bucket_name=logged.ref,
            s3_key_prefix="clinic",
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            cloud_watch_logs_log_group_arn=group.attr_arn,
            cloud_watch_logs_role_arn=writer.attr_arn,
        )
        trail.add_resource_dependency(doors)

        topic = sns.CfnTopic(self, "Topic")
        tickets = sqs.CfnQueue(self, "Desk")
        sns.CfnSubscription(
            self, "ToDesk", topic_arn=topic.ref, protocol="sqs", endpoint=tickets.attr_arn, raw_message_delivery=True
        )
        sqs.CfnQueuePolicy(
            self,
            "DeskPolicy",
            queues=[tickets.ref],
            policy_document=document(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": tickets.attr_arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": topic.ref}},
                }
            ),
        )
        logs.CfnMetricFilter(
            self,
            "Bad",
            log_group_name=group.ref,
            filter_pattern=PATTERN,
            metric_transformations=[
                logs.CfnMetricFilter.MetricTransformationProperty(
                    metric_namespace="Clinic", metric_name="Bad", metric_value="1", default_value=0
                )
            ],
        )
        cloudwatch.CfnAlarm(
            self,
            "BadThing",
            namespace="Clinic",
            metric_name="Bad",
            statistic="Maximum",
            period=60,
            evaluation_periods=3,
            datapoints_to_alarm=1,
            threshold=0,
            comparison_operator="GreaterThanThreshold",
            alarm_actions=[topic.ref],
        )
        cloudwatch.CfnDashboard(
            self,
            "Board",
            dashboard_body=json.dumps(
                {
                    "widgets": [
                        {
                            "type": "metric",
                            "width": 12,
                            "height": 6,
                            "properties": {
                                "region": "us-east-1",
                                "metrics": [["Clinic", "Good"], [".", "Bad", {"stat": "Sum"}]],
                            },
                        }
                    ]
                }
            ),
        )

        told = s3.CfnBucket(self, "Told")
        s3.CfnBucketPolicy(
            self,
            "ToldDoors",
            bucket=told.ref,
            policy_document=document(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "config.amazonaws.com"},
                    "Action": ["s3:GetBucketAcl", "s3:ListBucket", "s3:PutObject"],
                    "Resource": [told.attr_arn, cdk.Fn.join("", [told.attr_arn, "/*"])],
                }
            ),
        ).node.add_dependency(told)
        recording = iam.CfnRole(
            self,
            "Recording",
            assume_role_policy_document=trusted_by("config.amazonaws.com"),
            managed_policy_arns=["arn:aws:iam::aws:policy/service-role/AWS_ConfigRole"],
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="deliver",
                    policy_document=document(
                        {
                            "Effect": "Allow",
                            "Action": "s3:PutObject",
                            "Resource": cdk.Fn.join("", [told.attr_arn, "/*"]),
                        }
                    ),
                )
            ],
        )
        recorder = config.CfnConfigurationRecorder(
            self,
            "Recorder",
            name="default",
            role_arn=recording.attr_arn,
            recording_group=config.CfnConfigurationRecorder.RecordingGroupProperty(
                all_supported=True, include_global_resource_types=True
            ),
        )
        config.CfnDeliveryChannel(self, "Channel", name="default", s3_bucket_name=told.ref)
        config.CfnConfigRule(
            self,
            "Open",
            source=config.CfnConfigRule.SourceProperty(
                owner="AWS", source_identifier="S3_BUCKET_PUBLIC_READ_PROHIBITED"
            ),
            maximum_execution_frequency="Six_Hours",
        ).add_resource_dependency(recorder)
        guardduty.CfnDetector(self, "Guard", enable=True, finding_publishing_frequency="FIFTEEN_MINUTES")

        cdk.CfnOutput(self, "TrailArn", value=trail.attr_arn)
        cdk.CfnOutput(self, "AnalystsRole", value=analysts.ref)
        cdk.CfnOutput(self, "AuditorRole", value=auditor.ref)
        cdk.CfnOutput(self, "TicketQueue", value=tickets.ref)
