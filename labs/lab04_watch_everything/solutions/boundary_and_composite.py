"""A boundary keeps the analysts out, an alarm for each call, one composite alarm that speaks, a topic with a key."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_config as config
from aws_cdk import aws_guardduty as guardduty
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

CALLS = ("StopLogging", "UpdateTrail", "DeleteTrail")


class Evidence(Construct):
    """The bucket, the trail, and the group it writes to."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Files",
            versioned=True,
            object_lock_enabled=True,
            object_lock_default_retention=s3.ObjectLockRetention.governance(cdk.Duration.days(1)),
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=cdk.Duration.days(400))],
        )
        self.group = logs.LogGroup(self, "Lines", retention=logs.RetentionDays.TWO_WEEKS)
        self.trail = cloudtrail.Trail(
            self, "Trail", bucket=self.bucket, send_to_cloud_watch_logs=True, cloud_watch_log_group=self.group
        )
        trail = self.trail.node.default_child
        trail.add_property_deletion_override("EventSelectors")
        trail.add_property_override(
            "AdvancedEventSelectors",
            [
                {"Name": "all", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
                {
                    "Name": "notes",
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Data"]},
                        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                        {"Field": "readOnly", "Equals": ["false"]},
                    ],
                },
            ],
        )


class BoundaryAndComposite(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        evidence = Evidence(self, "Evidence")
        files = [evidence.bucket.bucket_arn, evidence.bucket.arn_for_objects("*")]
        limit = iam.ManagedPolicy(
            self,
            "Limit",
            statements=[
                iam.PolicyStatement(actions=["*"], resources=["*"]),
                iam.PolicyStatement(effect=iam.Effect.DENY, actions=["*"], resources=files),
            ],
        )
        analysts = iam.Role(
            self,
            "Analysts",
            assumed_by=iam.AccountRootPrincipal(),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("AmazonS3FullAccess")],
            permissions_boundary=limit,
        )
        auditor = iam.Role(
            self,
            "Auditor",
            assumed_by=iam.AccountRootPrincipal(),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name("AmazonS3ReadOnlyAccess"),
                iam.ManagedPolicy.from_aws_managed_policy_name("AWSCloudTrail_ReadOnlyAccess"),
            ],
        )

        key = kms.Key(self, "Key", enable_key_rotation=True, removal_policy=cdk.RemovalPolicy.DESTROY)
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
            )
        )
        topic = sns.Topic(self, "Topic", master_key=key)
        topic.grant_publish(iam.ServicePrincipal("cloudwatch.amazonaws.com"))
        desk = sqs.Queue(self, "Desk", encryption=sqs.QueueEncryption.KMS)
        topic.add_subscription(subscriptions.SqsSubscription(desk))

        patterns = {name: f"{{ $.eventName = {name} }}" for name in CALLS}
        patterns["Root"] = '{ $.userIdentity.arn = "*:root" && $.userIdentity.type = %^Root$% }'
        alarms = []
        for name, pattern in patterns.items():
            found = logs.MetricFilter(
                self,
                f"{name}Filter",
                log_group=evidence.group,
                filter_pattern=logs.FilterPattern.literal(pattern),
                metric_namespace="Audit",
                metric_name=name,
            )
            alarms.append(
                found.metric(statistic="SampleCount", period=cdk.Duration.minutes(1)).create_alarm(
                    self, f"{name}Alarm", threshold=1, evaluation_periods=1
                )
            )
        worst = cloudwatch.CompositeAlarm(
            self,
            "Worst",
            alarm_rule=cloudwatch.AlarmRule.any_of(
                *(cloudwatch.AlarmRule.from_alarm(each, cloudwatch.AlarmState.ALARM) for each in alarms)
            ),
        )
        worst.add_alarm_action(actions.SnsAction(topic))
        # something else that is watched, and may ring every day
        denied = evidence.group.add_metric_filter(
            "Denied",
            filter_pattern=logs.FilterPattern.string_value("$.eventName", "=", "*"),
            metric_namespace="Audit",
            metric_name="Calls",
        )
        cloudwatch.Alarm(self, "Busy", metric=denied.metric(), threshold=10_000, evaluation_periods=3)
        dashboard = cloudwatch.Dashboard(self, "Board", default_interval=cdk.Duration.days(7))
        for each in alarms:
            dashboard.add_widgets(cloudwatch.AlarmWidget(alarm=each))

        told = s3.Bucket(self, "Told", removal_policy=cdk.RemovalPolicy.DESTROY, auto_delete_objects=True)
        recording = iam.Role(
            self,
            "Recording",
            assumed_by=iam.ServicePrincipal("config.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AWS_ConfigRole")],
        )
        granted = told.grant_read_write(recording)
        recorder = config.CfnConfigurationRecorder(
            self,
            "Recorder",
            role_arn=recording.role_arn,
            recording_group=config.CfnConfigurationRecorder.RecordingGroupProperty(
                exclusion_by_resource_types=config.CfnConfigurationRecorder.ExclusionByResourceTypesProperty(
                    resource_types=["AWS::EC2::NetworkInterface"]
                ),
                recording_strategy=config.CfnConfigurationRecorder.RecordingStrategyProperty(
                    use_only="EXCLUSION_BY_RESOURCE_TYPES"
                ),
            ),
        )
        channel = config.CfnDeliveryChannel(self, "Channel", s3_bucket_name=told.bucket_name, s3_key_prefix="inventory")
        granted.apply_before(channel)
        for identifier in ("S3_BUCKET_PUBLIC_READ_PROHIBITED", "CLOUD_TRAIL_ENABLED"):
            config.ManagedRule(self, identifier, identifier=identifier).node.add_dependency(recorder)
        guardduty.CfnDetector(self, "Detector", enable=True)

        cdk.CfnOutput(self, "TrailArn", value=evidence.trail.trail_arn)
        cdk.CfnOutput(self, "AnalystsRole", value=analysts.role_name)
        cdk.CfnOutput(self, "AuditorRole", value=auditor.role_name)
        cdk.CfnOutput(self, "TicketQueue", value=desk.queue_url)
