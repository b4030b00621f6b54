"""Whatever is asked of the account is written down, kept from change, and told to somebody when it matters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
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
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

# No policy of the account limits its root user, so every use of it is news. What a service does in root's name is not.
ROOT_ACTS = (
    '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }'
)
# What somebody does first who does not want to be seen.
TRAIL_IS_TOUCHED = "{ ($.eventName = StopLogging) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) }"


class WatchEverything(cdk.Stack):
    """A trail into a locked bucket, two alarms, a dashboard, a Config rule, GuardDuty."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        analysts = iam.Role(
            self,
            "Analysts",
            assumed_by=iam.AccountRootPrincipal(),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("AmazonS3FullAccess")],
        )
        auditor = iam.Role(self, "Auditor", assumed_by=iam.AccountRootPrincipal())

        evidence = self.locked_bucket(keep_out=analysts)
        evidence.grant_read(auditor)
        history = logs.LogGroup(
            self, "History", retention=logs.RetentionDays.ONE_MONTH, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        trail = cloudtrail.Trail(
            self,
            "Trail",
            bucket=evidence,
            # A key stolen in one Region is used in another, where nobody looks. IAM, sign-ins and CloudFront belong to
            # no Region: their events are global.
            is_multi_region_trail=True,
            include_global_service_events=True,
            management_events=cloudtrail.ReadWriteType.ALL,
            # Every hour a signed digest of the files written: a file changed or missing can be proved, years later.
            enable_file_validation=True,
            # The bucket is for the auditor, the log group for the filters below: a file arrives, a line can be matched.
            send_to_cloud_watch_logs=True,
            cloud_watch_log_group=history,
        )
        self.empty_at_the_end(evidence, after=trail)

        self.watch(history)
        self.judge_buckets()
        # One detector in a Region. It reads CloudTrail, VPC flow logs and DNS by itself, none of them need be on.
        # Rules somebody wrote find what that somebody thought of; it finds the rest.
        if self.node.try_get_context("detector") != "existing":
            guardduty.CfnDetector(self, "Detector", enable=True)

        cdk.CfnOutput(self, "TrailArn", value=trail.trail_arn)
        cdk.CfnOutput(self, "AnalystsRole", value=analysts.role_arn)
        cdk.CfnOutput(self, "AuditorRole", value=auditor.role_arn)

    def locked_bucket(self, *, keep_out: iam.Role) -> s3.Bucket:
        """A bucket whose objects stay for a day whatever happens, and out of one role's reach."""
        evidence = s3.Bucket(
            self,
            "Evidence",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            # Versioning alone keeps what is overwritten; a lock also keeps what somebody wants to delete for good.
            # Governance can be lifted with a permission of its own. Compliance cannot, not by the root user either:
            # the right mode for real evidence, and the wrong one to practise with.
            object_lock_default_retention=s3.ObjectLockRetention.governance(cdk.Duration.days(1)),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # Full access to S3 includes the permission to lift the lock, and to change this policy. A Deny outranks it.
        evidence.add_to_resource_policy(
            iam.PolicyStatement(
                sid="NotForAnalysts",
                effect=iam.Effect.DENY,
                principals=[keep_out],
                actions=["s3:*"],
                resources=[evidence.bucket_arn, evidence.arn_for_objects("*")],
            )
        )
        return evidence

    def empty_at_the_end(self, bucket: s3.Bucket, *, after: cloudtrail.Trail) -> None:
        """Let a practice stack take its locked bucket along: CDK's own emptying does not lift a lock."""
        emptier = lambda_.Function(
            self,
            "Emptier",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline((Path(__file__).parent / "handler" / "empty.py").read_text("utf-8")),
            timeout=cdk.Duration.minutes(10),
            log_group=logs.LogGroup(
                self, "EmptierLog", retention=logs.RetentionDays.ONE_DAY, removal_policy=cdk.RemovalPolicy.DESTROY
            ),
        )
        emptier.add_to_role_policy(
            iam.PolicyStatement(actions=["s3:ListBucketVersions"], resources=[bucket.bucket_arn])
        )
        emptier.add_to_role_policy(
            iam.PolicyStatement(
                actions=["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"],
                resources=[bucket.arn_for_objects("*")],
            )
        )
        emptied = cdk.CustomResource(
            self,
            "Emptied",
            resource_type="Custom::EmptiedBucket",
            service_token=emptier.function_arn,
            properties={"BucketName": bucket.bucket_name},
        )
        # made before the trail, so deleted after it: nothing more is being written
        after.node.add_dependency(emptied)

    def watch(self, history: logs.LogGroup) -> None:
        """Count what should not happen, alarm at the first, and show both on a dashboard."""
        topic = sns.Topic(self, "Alerts", enforce_ssl=True)
        # A topic without a policy may be published to by its own account, CloudWatch included. The policy that asks for
        # TLS takes that one's place, and then CloudWatch has to be let in by name.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        tickets = sqs.Queue(self, "Tickets", enforce_ssl=True, encryption=sqs.QueueEncryption.SQS_MANAGED)
        topic.add_subscription(subscriptions.SqsSubscription(tickets))
        alarms = [
            self.alarm_on("RootActs", ROOT_ACTS, history, "Somebody used the root user"),
            self.alarm_on("TrailIsTouched", TRAIL_IS_TOUCHED, history, "Somebody stopped, changed or deleted a trail"),
        ]
        for alarm in alarms:
            alarm.add_alarm_action(actions.SnsAction(topic))
        self.dashboard(alarms)
        cdk.CfnOutput(self, "TicketQueue", value=tickets.queue_url)

    def alarm_on(self, name: str, pattern: str, history: logs.LogGroup, says: str) -> cloudwatch.Alarm:
        """An alarm that one matching line of the trail sets off."""
        metric_filter = history.add_metric_filter(
            f"{name}Filter",
            filter_pattern=logs.FilterPattern.literal(pattern),
            metric_namespace=f"{self.stack_name}/Account",
            metric_name=name,
            metric_value="1",
        )
        return cloudwatch.Alarm(
            self,
            name,
            alarm_description=says,
            metric=metric_filter.metric(statistic="Sum", period=cdk.Duration.minutes(5)),
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=1,
            # no line, no data: that is the good day
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def dashboard(self, alarms: Sequence[cloudwatch.Alarm]) -> None:
        """What the alarms watch, over time."""
        dashboard = cloudwatch.Dashboard(self, "Dashboard")
        dashboard.add_widgets(
            cloudwatch.GraphWidget(title="What should not happen", left=[alarm.metric for alarm in alarms], width=16),
            cloudwatch.AlarmStatusWidget(title="Now", alarms=list(alarms), width=8),
        )

    def judge_buckets(self) -> None:
        """Record what buckets are set to, and have AWS's own rule say which could be read by anyone."""
        rule = config.ManagedRule(
            self,
            "NoPublicReading",
            identifier=config.ManagedRuleIdentifiers.S3_BUCKET_PUBLIC_READ_PROHIBITED,
            rule_scope=config.RuleScope.from_resource(config.ResourceType.S3_BUCKET),
        )
        # One recorder in a Region: an account that has one keeps it, and the rule is judged by what that one records.
        if self.node.try_get_context("recorder") == "existing":
            return
        # Config does not deliver to a bucket with Object Lock, so it gets one of its own.
        told = s3.Bucket(
            self,
            "Inventory",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )
        itself = iam.ServicePrincipal(
            "config.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
        )
        told.grant_put(itself, f"AWSLogs/{self.account}/Config/*")
        told.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[itself], actions=["s3:GetBucketAcl", "s3:ListBucket"], resources=[told.bucket_arn]
            )
        )
        role = iam.Role(
            self,
            "Recording",
            assumed_by=iam.ServicePrincipal("config.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AWS_ConfigRole")],
        )
        recorder = config.CfnConfigurationRecorder(
            self,
            "Recorder",
            role_arn=role.role_arn,
            # Each change recorded is billed. The rule asks about buckets, so buckets are recorded.
            recording_group=config.CfnConfigurationRecorder.RecordingGroupProperty(
                all_supported=False, resource_types=["AWS::S3::Bucket"]
            ),
        )
        channel = config.CfnDeliveryChannel(self, "Channel", s3_bucket_name=told.bucket_name)
        channel.node.add_dependency(told.policy)
        rule.node.add_dependency(recorder)
