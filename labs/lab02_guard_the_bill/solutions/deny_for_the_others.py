"""The topic's own inline policy with a Deny for other accounts, small free capacity, and an alert list that is long."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct


class LongList(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        horn = sns.CfnTopic(
            self,
            "Horn",
            subscription=[
                sns.CfnTopic.SubscriptionProperty(endpoint="finance@clinic.example", protocol="email"),
                sns.CfnTopic.SubscriptionProperty(endpoint="night@clinic.example", protocol="email"),
            ],
        )
        let_in = sns.CfnTopicInlinePolicy(
            self,
            "HornPolicy",
            topic_arn=horn.ref,
            policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": ["budgets.amazonaws.com", "costalerts.amazonaws.com"]},
                        "Action": ["sns:Publish"],
                        "Resource": horn.ref,
                    },
                    {
                        "Effect": "Deny",
                        "Principal": {"Service": ["budgets.amazonaws.com", "costalerts.amazonaws.com"]},
                        "Action": "sns:Publish",
                        "Resource": horn.ref,
                        "Condition": {"StringNotEquals": {"aws:SourceAccount": self.account}},
                    },
                ],
            },
        )

        marks = [("ACTUAL", 50), ("ACTUAL", 80), ("ACTUAL", 100), ("ACTUAL", 200), ("FORECASTED", 90)]
        marks.append(("FORECASTED", 150))
        month = budgets.CfnBudget(
            self,
            "Everything",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=f"{self.stack_name} and all else",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=40, unit="USD"),
                cost_filters={"LinkedAccount": [self.account]},
                cost_types=budgets.CfnBudget.CostTypesProperty(
                    include_credit=False, include_refund=False, use_amortized=True
                ),
                time_period=budgets.CfnBudget.TimePeriodProperty(start="1761955200", end="3706473600"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind, comparison_operator="GREATER_THAN", threshold=percent
                    ),
                    subscribers=[budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=horn.ref)],
                )
                for kind, percent in marks
            ],
        )
        month.node.add_dependency(let_in)
        # one project of its own beside it, which counts what carries the tag
        budgets.CfnBudget(
            self,
            "Triage",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=20, unit="USD"),
                cost_filters={"TagKeyValue": ["user:project$triage"]},
            ),
        )

        notes = s3.Bucket(self, "Store", removal_policy=cdk.RemovalPolicy.DESTROY)
        # within the capacity that is always free; the account has no other table
        lines = dynamodb.Table(
            self,
            "Rows",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            read_capacity=5,
            write_capacity=5,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        log = logs.LogGroup(
            self, "Words", retention=logs.RetentionDays.THREE_MONTHS, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        reader = lambda_.Function(
            self,
            "Work",
            runtime=lambda_.Runtime.PYTHON_3_12,
            handler="index.handler",
            code=lambda_.Code.from_inline("def handler(event, context):\n    return len(event)\n"),
            log_group=log,
        )

        for each in (horn, month, notes, lines, log, reader, self.node.find_child("Triage")):
            cdk.Tags.of(each).add("project", "triage")
            cdk.Tags.of(each).add("owner", "analytics")
            cdk.Tags.of(each).add("environment", "practice")
        cdk.Tags.of(self).add("cost-center", "4711")

        cdk.CfnOutput(self, "Budget", value=month.ref)
        cdk.CfnOutput(self, "AlertTopic", value=horn.ref)
        cdk.CfnOutput(self, "AlertAddress", value="finance@clinic.example")
        cdk.CfnOutput(self, "Notes", value=notes.bucket_name)
        cdk.CfnOutput(self, "Lines", value=lines.table_name)
        cdk.CfnOutput(self, "Reader", value=reader.function_name)
