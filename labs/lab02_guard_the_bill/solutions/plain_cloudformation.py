"""The same promises in CloudFormation's own words: every tag and every statement written out."""

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
from constructs import Construct

TAGS = {"project": "triage", "owner": "analytics", "environment": "practice"}


class InPlainWords(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        tags = [cdk.CfnTag(key=key, value=value) for key, value in TAGS.items()]

        bell = sns.CfnTopic(self, "Bell", tags=tags)
        let_in = sns.CfnTopicPolicy(
            self,
            "BellPolicy",
            topics=[bell.ref],
            policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "budgets.amazonaws.com"},
                        "Action": "SNS:Publish",
                        "Resource": bell.ref,
                        "Condition": {"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
                    },
                ],
            },
        )
        sns.CfnSubscription(
            self, "Finance", topic_arn=bell.ref, protocol="email-json", endpoint="finance@clinic.example"
        )
        sns.CfnSubscription(self, "Analysts", topic_arn=bell.ref, protocol="email", endpoint="analysts@clinic.example")

        def alert(kind: str, usd: float) -> dict[str, Any]:
            return {
                "notification": {
                    "notificationType": kind,
                    "comparisonOperator": "GREATER_THAN",
                    "threshold": usd,
                    "thresholdType": "ABSOLUTE_VALUE",
                },
                "subscribers": [
                    {"subscriptionType": "SNS", "address": bell.ref},
                    {"subscriptionType": "EMAIL", "address": "boss@clinic.example"},
                ],
            }

        month = budgets.CfnBudget(
            self,
            "Month",
            budget={
                "budgetName": f"{self.stack_name}-all-of-it",
                "budgetType": "COST",
                "timeUnit": "MONTHLY",
                "budgetLimit": {"amount": 40, "unit": "USD"},
                "costTypes": {"includeCredit": False, "includeRefund": False, "includeTax": True},
            },
            notifications_with_subscribers=[alert("ACTUAL", 20), alert("ACTUAL", 32), alert("FORECASTED", 38)],
            resource_tags=[{"key": key, "value": value} for key, value in TAGS.items()],
        )
        month.node.add_dependency(let_in)

        notes = s3.CfnBucket(self, "NotesBucket", tags=tags)
        lines = dynamodb.CfnTable(
            self,
            "LinesTable",
            billing_mode="PAY_PER_REQUEST",
            attribute_definitions=[{"attributeName": "note", "attributeType": "S"}],
            key_schema=[{"attributeName": "note", "keyType": "HASH"}],
            tags=tags,
        )
        role = iam.CfnRole(
            self,
            "ReaderRole",
            assume_role_policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
        )
        log = logs.CfnLogGroup(self, "ReaderLog", retention_in_days=7, tags=tags)
        reader = lambda_.CfnFunction(
            self,
            "ReaderFunction",
            runtime="python3.13",
            handler="index.handler",
            code={"zipFile": "def handler(event, context):\n    return len(event)\n"},
            role=role.attr_arn,
            logging_config={"logGroup": log.ref},
            tags=tags,
        )

        cdk.CfnOutput(self, "Budget", value=month.ref)
        cdk.CfnOutput(self, "AlertTopic", value=bell.attr_topic_arn)
        cdk.CfnOutput(self, "AlertAddress", value="finance@clinic.example")
        cdk.CfnOutput(self, "Notes", value=notes.ref)
        cdk.CfnOutput(self, "Lines", value=lines.ref)
        cdk.CfnOutput(self, "Reader", value=reader.ref)
