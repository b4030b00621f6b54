"""One filter with a regular expression counts three calls by a dimension; the event bus carries alarms to the desk."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_config as config
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_guardduty as guardduty
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

NAMESPACE = "Hospital/Audit"
CALLS = ("StopLogging", "UpdateTrail", "DeleteTrail")


class People(Construct):
    """One who asks in the spring, and those who work every day."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.auditor = iam.Role(self, "SpringVisitor", assumed_by=iam.AccountRootPrincipal())
        self.analysts = iam.Role(
            self,
            "DailyWork",
            assumed_by=iam.AccountRootPrincipal(),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("AmazonS3FullAccess")],
        )


class Evidence(Construct):
    """The trail, where its files lie, and who keeps away from them."""

    def __init__(self, scope: Construct, construct_id: str, *, people: People) -> None:
        super().__init__(scope, construct_id)
        self.vault = s3.Bucket(
            self,
            "Vault",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            object_lock_enabled=True,
            object_lock_default_retention=s3.ObjectLockRetention.governance(cdk.Duration.days(1)),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.vault.add_to_resource_policy(
            iam.PolicyStatement(
                sid="DailyWorkKeepsAway",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["s3:*"],
                resources=[self.vault.bucket_arn, self.vault.arn_for_objects("*")],
                conditions={"ArnEquals": {"aws:PrincipalArn": people.analysts.role_arn}},
            )
        )
        self.vault.grant_read(people.auditor)
        self.lines = logs.LogGroup(
            self, "Lines", retention=logs.RetentionDays.SIX_MONTHS, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        self.trail = cloudtrail.Trail(
            self,
            "Every",
            bucket=self.vault,
            s3_key_prefix="calls",
            is_multi_region_trail=True,
            include_global_service_events=True,
            management_events=cloudtrail.ReadWriteType.ALL,
            enable_file_validation=True,
            send_to_cloud_watch_logs=True,
            cloud_watch_log_group=self.lines,
        )
        people.auditor.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["cloudtrail:GetTrail", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"],
                resources=[self.trail.trail_arn],
            )
        )


class Hearing(Construct):
    """Two filters, four metrics, four alarms; the bus carries what they say to the desk."""

    def __init__(self, scope: Construct, construct_id: str, *, lines: logs.LogGroup) -> None:
        super().__init__(scope, construct_id)
        root = logs.MetricFilter(
            self,
            "Root",
            log_group=lines,
            filter_pattern=logs.FilterPattern.all(
                logs.FilterPattern.string_value("$.userIdentity.type", "=", "Root"),
                logs.FilterPattern.not_exists("$.userIdentity.invokedBy"),
                logs.FilterPattern.string_value("$.eventType", "!=", "AwsServiceEvent"),
            ),
            metric_namespace=NAMESPACE,
            metric_name="RootSeen",
            default_value=0,
        )
        # one filter for three calls: the dimension tells them apart, the regular expression names them in full
        logs.MetricFilter(
            self,
            "Tampering",
            log_group=lines,
            filter_pattern=logs.FilterPattern.literal(
                '{ ($.eventSource = "cloudtrail.amazonaws.com") && ($.eventName = %'
                + "|".join(f"^{each}$" for each in CALLS)
                + "%) }"
            ),
            metric_namespace=NAMESPACE,
            metric_name="TrailTouched",
            dimensions={"Call": "$.eventName"},
        )
        self.watched = {"RootSeen": root.metric(statistic="Sum", period=cdk.Duration.minutes(1), label="root")} | {
            call: cloudwatch.Metric(
                namespace=NAMESPACE,
                metric_name="TrailTouched",
                dimensions_map={"Call": call},
                statistic="SampleCount",
                period=cdk.Duration.minutes(1),
                label=call,
            )
            for call in CALLS
        }
        alarms = [
            metric.create_alarm(
                self,
                f"{name}Alarm",
                threshold=0,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
                evaluation_periods=5,
                datapoints_to_alarm=1,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            )
            for name, metric in self.watched.items()
        ]
        self.desk = sqs.Queue(self, "Desk", enforce_ssl=True, retention_period=cdk.Duration.days(14))
        events.Rule(
            self,
            "Tell",
            event_pattern=events.EventPattern(
                source=["aws.cloudwatch"],
                detail_type=["CloudWatch Alarm State Change"],
                resources=[each.alarm_arn for each in alarms],
                detail={"state": {"value": ["ALARM"]}},
            ),
            targets=[targets.SqsQueue(self.desk)],
        )
        board = cloudwatch.Dashboard(self, "Board", default_interval=cdk.Duration.days(7))
        board.add_widgets(
            cloudwatch.GraphWidget(title="Root", left=[self.watched["RootSeen"]], width=8),
            cloudwatch.GraphWidget(
                title="The trail itself",
                left=[self.watched[each] for each in CALLS],
                view=cloudwatch.GraphWidgetView.BAR,
                width=16,
            ),
        )


class Patrol(Construct):
    """What every bucket is set to, and what nobody wrote a filter for."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        snapshots = s3.Bucket(
            self,
            "Snapshots",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )
        role = iam.Role(
            self,
            "Recording",
            assumed_by=iam.ServicePrincipal(
                "config.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
            ),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AWS_ConfigRole")],
        )
        delivers = [
            snapshots.grant_put(role, f"states/AWSLogs/{stack.account}/Config/*"),
            iam.Grant.add_to_principal(
                grantee=role,
                actions=["s3:GetBucketAcl", "s3:ListBucket"],
                resource_arns=[snapshots.bucket_arn],
            ),
        ]
        recorder = config.CfnConfigurationRecorder(
            self,
            "Recorder",
            role_arn=role.role_arn,
            recording_group=config.CfnConfigurationRecorder.RecordingGroupProperty(
                resource_types=["AWS::S3::Bucket"],
                recording_strategy=config.CfnConfigurationRecorder.RecordingStrategyProperty(
                    use_only="INCLUSION_BY_RESOURCE_TYPES"
                ),
            ),
        )
        channel = config.CfnDeliveryChannel(
            self,
            "Channel",
            s3_bucket_name=snapshots.bucket_name,
            s3_key_prefix="states",
            config_snapshot_delivery_properties=(
                config.CfnDeliveryChannel.ConfigSnapshotDeliveryPropertiesProperty(
                    delivery_frequency="TwentyFour_Hours"
                )
            ),
        )
        for grant in delivers:
            grant.apply_before(channel)
        rule = config.ManagedRule(
            self,
            "NoPublicReading",
            identifier=config.ManagedRuleIdentifiers.S3_BUCKET_PUBLIC_READ_PROHIBITED,
            rule_scope=config.RuleScope.from_resource(config.ResourceType.S3_BUCKET),
        )
        rule.node.add_dependency(recorder)
        guardduty.CfnDetector(self, "Detector", enable=True, finding_publishing_frequency="FIFTEEN_MINUTES")


class AuditedAccount(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        people = People(self, "People")
        evidence = Evidence(self, "Evidence", people=people)
        hearing = Hearing(self, "Hearing", lines=evidence.lines)
        Patrol(self, "Patrol")
        cdk.CfnOutput(self, "TrailArn", value=evidence.trail.trail_arn)
        cdk.CfnOutput(self, "AnalystsRole", value=people.analysts.role_arn)
        cdk.CfnOutput(self, "AuditorRole", value=people.auditor.role_arn)
        cdk.CfnOutput(self, "TicketQueue", value=hearing.desk.queue_url)
