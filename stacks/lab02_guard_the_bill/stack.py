"""A limit for the month, two alerts that reach a person, and a name on everything that can cost money."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

LIMIT_IN_USD = 40
TAGS = {"project": "triage", "owner": "analytics", "environment": "practice"}


class GuardTheBill(cdk.Stack):
    """AWS Budgets counts what is used, a topic passes its alerts on, and tags say whose it was."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        address = self.node.try_get_context("mail") or "finance@clinic.example"
        alerts = self.topic_for(address)
        # A budget belongs to the account, whatever Region its stack is in.
        budget = budgets.CfnBudget(
            self,
            "Month",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=LIMIT_IN_USD, unit="USD"),
                # A credit pays for what is used, it does not make it less. Counted, it keeps a budget at zero until the
                # day it is used up, and the first alert comes with the first real bill.
                cost_types=budgets.CfnBudget.CostTypesProperty(include_credit=False, include_refund=False),
            ),
            notifications_with_subscribers=[
                # what has been spent is certain, and late; a forecast is early, and may be mistaken
                self.tell(alerts, "ACTUAL", percent=80),
                self.tell(alerts, "FORECASTED", percent=100),
            ],
        )

        # made when the topic lets it in
        budget.node.add_dependency(alerts)

        self.workload()
        # From here down to every resource that takes tags, whoever adds it. CDK knows which those are.
        for key, value in TAGS.items():
            cdk.Tags.of(self).add(key, value)

        cdk.CfnOutput(self, "Budget", value=budget.ref)
        cdk.CfnOutput(self, "AlertTopic", value=alerts.topic_arn)
        cdk.CfnOutput(self, "AlertAddress", value=address)

    def topic_for(self, address: str) -> sns.Topic:
        """A topic that this account's budgets may publish to, and that mails what it gets."""
        # Not encrypted with alias/aws/sns: nobody can change that key's policy, so no budget could use it.
        topic = sns.Topic(self, "Alerts", enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="BudgetsOfThisAccount",
                principals=[iam.ServicePrincipal("budgets.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                # AWS Budgets works for every account there is. Without these two, a budget in any of them may use it to
                # publish here: the confused deputy.
                conditions={
                    "StringEquals": {"aws:SourceAccount": self.account},
                    "ArnLike": {"aws:SourceArn": f"arn:{self.partition}:budgets::{self.account}:*"},
                },
            )
        )
        topic.add_subscription(subscriptions.EmailSubscription(address))
        return topic

    def tell(
        self, topic: sns.Topic, kind: str, *, percent: int
    ) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
        """One alert of the budget, to the topic."""
        return budgets.CfnBudget.NotificationWithSubscribersProperty(
            notification=budgets.CfnBudget.NotificationProperty(
                notification_type=kind,
                comparison_operator="GREATER_THAN",
                threshold=percent,
                threshold_type="PERCENTAGE",
            ),
            subscribers=[
                budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=topic.topic_arn),
            ],
        )

    def workload(self) -> None:
        """What the team already runs: notes in, a line about each out."""
        notes = s3.Bucket(
            self,
            "NotesBucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        lines = dynamodb.Table(
            self,
            "LinesTable",
            partition_key=dynamodb.Attribute(name="note", type=dynamodb.AttributeType.STRING),
            # Pay for requests. CDK's default is provisioned capacity, which costs by the hour, asked or not.
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # Lambda would make a log group by itself: without these tags, and without an end.
        log = logs.LogGroup(
            self, "ReaderLog", retention=logs.RetentionDays.ONE_MONTH, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        role = iam.Role(self, "ReaderRole", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log.grant_write(role)
        reader = lambda_.Function(
            self,
            "ReaderFunction",
            runtime=lambda_.Runtime.PYTHON_3_14,
            handler="index.handler",
            code=lambda_.Code.from_inline('def handler(event, context):\n    return {"lines": len(event)}\n'),
            role=role,
            log_group=log,
        )
        cdk.CfnOutput(self, "Notes", value=notes.bucket_name)
        cdk.CfnOutput(self, "Lines", value=lines.table_name)
        cdk.CfnOutput(self, "Reader", value=reader.function_name)
