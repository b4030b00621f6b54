"""Who did what, what changed, what it costs, and what is kept."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_backup as backup
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_config as config
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_guardduty as guardduty
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_organizations as organizations
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct


class Governance(cdk.Stack):
    """A trail with a metric filter and an alarm, Config, GuardDuty, a budget, backups, an organization."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        records = s3.Bucket(self, "Records", versioned=True, removal_policy=cdk.RemovalPolicy.DESTROY)
        lines = logs.LogGroup(
            self, "Lines", retention=logs.RetentionDays.ONE_MONTH, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        trail = cloudtrail.Trail(
            self,
            "Trail",
            bucket=records,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_file_validation=True,
            send_to_cloud_watch_logs=True,
            cloud_watch_log_group=lines,
            insight_types=[cloudtrail.InsightType.API_CALL_RATE],
        )
        trail.add_s3_event_selector([cloudtrail.S3EventSelector(bucket=records, object_prefix="secret/")])
        root_used = lines.add_metric_filter(
            "RootUsed",
            filter_pattern=logs.FilterPattern.literal('{ $.userIdentity.type = "Root" }'),
            metric_name="RootUsed",
            metric_namespace="Clinic",
            metric_value="1",
            default_value=0,
        )
        topic = sns.Topic(self, "Pager")
        topic.grant_publish(iam.ServicePrincipal("budgets.amazonaws.com"))
        alarm = cloudwatch.Alarm(
            self, "Root", metric=root_used.metric(statistic="Sum"), threshold=1, evaluation_periods=1
        )
        cloudwatch.CompositeAlarm(self, "Any", alarm_rule=cloudwatch.AlarmRule.any_of(alarm), actions_enabled=True)
        role = iam.Role(
            self,
            "Recorder",
            assumed_by=iam.ServicePrincipal("config.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AWS_ConfigRole")],
        )
        recorder = config.CfnConfigurationRecorder(
            self,
            "ConfigRecorder",
            role_arn=role.role_arn,
            recording_group=config.CfnConfigurationRecorder.RecordingGroupProperty(
                all_supported=True, include_global_resource_types=True
            ),
        )
        records.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["s3:PutObject", "s3:GetBucketAcl"],
                principals=[iam.ServicePrincipal("config.amazonaws.com")],
                resources=[records.bucket_arn, records.arn_for_objects("*")],
            )
        )
        channel = config.CfnDeliveryChannel(
            self,
            "Channel",
            s3_bucket_name=records.bucket_name,
            config_snapshot_delivery_properties=config.CfnDeliveryChannel.ConfigSnapshotDeliveryPropertiesProperty(
                delivery_frequency="TwentyFour_Hours"
            ),
        )
        channel.add_resource_dependency(recorder)
        rule = config.ManagedRule(
            self,
            "Encrypted",
            identifier=config.ManagedRuleIdentifiers.S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED,
            rule_scope=config.RuleScope.from_resource(config.ResourceType.S3_BUCKET),
        )
        rule.node.add_dependency(channel)
        guardduty.CfnDetector(self, "Guard", enable=True, finding_publishing_frequency="FIFTEEN_MINUTES")
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_name="clinic",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=10, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type=kind,
                        threshold=80,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(address=topic.topic_arn, subscription_type="SNS")
                    ],
                )
                for kind in ("ACTUAL", "FORECASTED")
            ],
        )
        table = dynamodb.TableV2(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        vault = backup.BackupVault(
            self,
            "Vault",
            lock_configuration=backup.LockConfiguration(
                min_retention=cdk.Duration.days(1), max_retention=cdk.Duration.days(60)
            ),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        plan = backup.BackupPlan(self, "Plan", backup_vault=vault)
        plan.add_rule(
            backup.BackupPlanRule(
                schedule_expression=events.Schedule.cron(hour="5", minute="0"),
                delete_after=cdk.Duration.days(35),
                completion_window=cdk.Duration.hours(4),
                start_window=cdk.Duration.hours(1),
            )
        )
        plan.add_selection("All", resources=[backup.BackupResource.from_dynamo_db_table(table)])
        organization = organizations.CfnOrganization(self, "Organization", feature_set="ALL")
        unit = organizations.CfnOrganizationalUnit(self, "Sandbox", name="sandbox", parent_id=organization.attr_root_id)
        organizations.CfnPolicy(
            self,
            "NoLeaving",
            name="no-leaving",
            type="SERVICE_CONTROL_POLICY",
            description="stay",
            content={
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}],
            },
            target_ids=[unit.ref],
        )
