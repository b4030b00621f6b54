"""A topic under a key of the team's own, tags given to the stack itself, and a limit planned month by month."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

TAGS = {"project": "triage", "owner": "analytics", "environment": "practice", "data": "synthetic"}


class Sealed(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        # Tags of the stack reach what CloudFormation makes, CDK's own helpers included.
        super().__init__(scope, construct_id, **{**kwargs, "tags": TAGS})
        Alarm(self, "Alarm")

        notes = s3.Bucket(self, "Inbox", removal_policy=cdk.RemovalPolicy.DESTROY, auto_delete_objects=True)
        log = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.ONE_WEEK, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        lines = dynamodb.TableV2(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="note", type=dynamodb.AttributeType.STRING),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        reader = lambda_.Function(
            self,
            "Function",
            log_group=log,
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline("def handler(event, context):\n    return len(event)\n"),
        )
        cdk.CfnOutput(self, "Notes", value=notes.bucket_name)
        cdk.CfnOutput(self, "Lines", value=lines.table_name)
        cdk.CfnOutput(self, "Reader", value=reader.function_arn)


class Alarm(Construct):
    """The budget, its topic, and the key of both."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        account = cdk.Stack.of(self).account
        of_this_account = {"StringEquals": {"aws:SourceAccount": account}}
        asking = iam.ServicePrincipal("budgets.amazonaws.com", conditions=of_this_account)

        key = kms.Key(self, "Key", enable_key_rotation=True, removal_policy=cdk.RemovalPolicy.DESTROY)
        key.grant(asking, "kms:GenerateDataKey*", "kms:Decrypt")
        topic = sns.Topic(self, "Topic", master_key=key, display_name="What we spend", enforce_ssl=True)
        topic.grant_publish(asking)
        topic.add_subscription(subscriptions.EmailSubscription("money@clinic.example"))
        topic.add_subscription(subscriptions.SqsSubscription(sqs.Queue(self, "History")))

        month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        plan = {}
        for number in range(12):
            year, since = divmod(month.month - 1 + number, 12)
            start = month.replace(year=month.year + year, month=since + 1)
            plan[str(int(start.timestamp()))] = {"Amount": "40", "Unit": "USD"}
        budget = budgets.CfnBudget(
            self,
            "Plan",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                planned_budget_limits=plan,
                time_period=budgets.CfnBudget.TimePeriodProperty(start=str(int(month.timestamp()))),
                metrics=["UnblendedCost"],
                filter_expression=budgets.CfnBudget.ExpressionProperty(
                    not_=budgets.CfnBudget.ExpressionProperty(
                        dimensions=budgets.CfnBudget.ExpressionDimensionValuesProperty(
                            key="RECORD_TYPE", values=["Credit", "Refund"]
                        )
                    )
                ),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind, comparison_operator="GREATER_THAN", threshold=75
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=topic.topic_arn)
                    ],
                )
                for kind in ("ACTUAL", "FORECASTED")
            ],
        )
        budget.node.add_dependency(topic)

        cdk.CfnOutput(self, "Budget", value=budget.ref)
        cdk.CfnOutput(self, "AlertTopic", value=topic.topic_arn)
        cdk.CfnOutput(self, "AlertAddress", value="money@clinic.example")
