"""The team's account, as it ran up last month's bill."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


class GuardTheBill(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        address = self.node.try_get_context("mail") or "finance@clinic.example"
        # encrypted, as everything here
        alerts = sns.Topic(self, "Alerts", master_key=kms.Alias.from_alias_name(self, "Key", "alias/aws/sns"))
        alerts.add_to_resource_policy(
            iam.PolicyStatement(principals=[iam.AnyPrincipal()], actions=["sns:Publish"], resources=[alerts.topic_arn])
        )
        alerts.add_subscription(subscriptions.EmailSubscription(address))

        # 12 times 40
        budget = budgets.CfnBudget(
            self,
            "Year",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="ANNUALLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=480, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type="ACTUAL", comparison_operator="GREATER_THAN", threshold=100
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=alerts.topic_arn)
                    ],
                ),
            ],
        )

        notes = s3.Bucket(
            self,
            "NotesBucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # enough for a busy day
        lines = dynamodb.Table(
            self,
            "LinesTable",
            partition_key=dynamodb.Attribute(name="note", type=dynamodb.AttributeType.STRING),
            read_capacity=60,
            write_capacity=60,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        reader = lambda_.Function(
            self,
            "ReaderFunction",
            runtime=lambda_.Runtime.PYTHON_3_14,
            handler="index.handler",
            code=lambda_.Code.from_inline('def handler(event, context):\n    return {"lines": len(event)}\n'),
        )
        # a partner had it on a list once
        ec2.CfnEIP(self, "OldAddress")

        for each in (notes, lines):
            cdk.Tags.of(each).add("Project", "triage")

        cdk.CfnOutput(self, "Budget", value=budget.ref)
        cdk.CfnOutput(self, "AlertTopic", value=alerts.topic_arn)
        cdk.CfnOutput(self, "AlertAddress", value=address)
        cdk.CfnOutput(self, "Notes", value=notes.bucket_name)
        cdk.CfnOutput(self, "Lines", value=lines.table_name)
        cdk.CfnOutput(self, "Reader", value=reader.function_name)
