"""The address as a parameter, a topic shut to all who are not of the account, and a log group known by its name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_dynamodb as ddb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as fn
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

LABELS = {"project": "triage", "owner": "analytics", "environment": "practice"}


def _epoch(year: int, month: int, day: int) -> str:
    return str(int(datetime(year, month, day, tzinfo=UTC).timestamp()))


class MonthlyCeiling(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        tags = [cdk.CfnTag(key=key, value=value) for key, value in LABELS.items()]
        mail = cdk.CfnParameter(
            self, "FinanceMail", default=self.node.try_get_context("mail") or "finance@clinic.example"
        )
        own_budgets = {
            "StringEquals": {"aws:SourceAccount": self.account},
            "ArnLike": {"aws:SourceArn": f"arn:{self.partition}:budgets::{self.account}:*"},
        }

        # who hears of it
        key = kms.CfnKey(
            self,
            "Seal",
            key_policy={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": f"arn:{self.partition}:iam::{self.account}:root"},
                        "Action": "kms:*",
                        "Resource": "*",
                    },
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "budgets.amazonaws.com"},
                        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
                        "Resource": "*",
                        "Condition": own_budgets,
                    },
                ],
            },
            pending_window_in_days=7,
            tags=tags,
        )
        topic = sns.CfnTopic(
            self,
            "Siren",
            kms_master_key_id=key.attr_arn,
            subscription=[sns.CfnTopic.SubscriptionProperty(protocol="email", endpoint=mail.value_as_string)],
            tags=tags,
        )
        door = sns.CfnTopicPolicy(
            self,
            "SirenDoor",
            topics=[topic.ref],
            policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "BudgetsOfThisAccount",
                        "Effect": "Allow",
                        "Principal": {"Service": "budgets.amazonaws.com"},
                        "Action": "sns:Publish",
                        "Resource": topic.ref,
                        "Condition": own_budgets,
                    },
                    {
                        "Sid": "NobodyFromElsewhere",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": ["sns:Publish", "sns:Subscribe"],
                        "Resource": topic.ref,
                        "Condition": {
                            "StringNotEquals": {"aws:PrincipalAccount": self.account},
                            "Bool": {"aws:PrincipalIsAWSService": "false"},
                        },
                    },
                ],
            },
        )

        # what is counted: everything but credits and refunds
        budget = budgets.CfnBudget(
            self,
            "Ceiling",
            budget={
                "budgetName": "clinic-month",
                "budgetType": "COST",
                "timeUnit": "MONTHLY",
                "timePeriod": {"start": _epoch(2026, 11, 1), "end": _epoch(2087, 6, 15)},
                "budgetLimit": {"amount": 40, "unit": "USD"},
                "metrics": ["UnblendedCost"],
                "filterExpression": {"not": {"dimensions": {"key": "RECORD_TYPE", "values": ["Credit", "Refund"]}}},
            },
            notifications_with_subscribers=[
                {
                    "notification": {
                        "notificationType": kind,
                        "comparisonOperator": "GREATER_THAN",
                        "threshold": percent,
                        "thresholdType": "PERCENTAGE",
                    },
                    "subscribers": [{"subscriptionType": "SNS", "address": topic.ref}],
                }
                for kind, percent in (("ACTUAL", 50), ("ACTUAL", 82), ("FORECASTED", 99))
            ],
            resource_tags=[{"key": key_, "value": value} for key_, value in LABELS.items()],
        )
        budget.node.add_dependency(door)

        # what the team works with
        notes = s3.CfnBucket(
            self,
            "Cabinet",
            public_access_block_configuration=s3.CfnBucket.PublicAccessBlockConfigurationProperty(
                block_public_acls=True, block_public_policy=True, ignore_public_acls=True, restrict_public_buckets=True
            ),
            tags=tags,
        )
        s3.CfnBucketPolicy(
            self,
            "CabinetDoor",
            bucket=notes.ref,
            policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": [notes.attr_arn, f"{notes.attr_arn}/*"],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            },
        )
        lines = ddb.CfnTable(
            self,
            "Index",
            key_schema=[{"attributeName": "note", "keyType": "HASH"}],
            attribute_definitions=[{"attributeName": "note", "attributeType": "S"}],
            billing_mode="PROVISIONED",
            provisioned_throughput={"readCapacityUnits": 1, "writeCapacityUnits": 1},
            tags=tags,
        )
        name = f"{self.stack_name}-clerk"
        log = logs.CfnLogGroup(self, "Diary", log_group_name=f"/aws/lambda/{name}", retention_in_days=90, tags=tags)
        role = iam.CfnRole(
            self,
            "ClerkRole",
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
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="diary",
                    policy_document={
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                                "Resource": log.attr_arn,
                            }
                        ],
                    },
                )
            ],
            tags=tags,
        )
        reader = fn.CfnFunction(
            self,
            "Clerk",
            function_name=name,
            runtime="python3.13",
            handler="index.handler",
            role=role.attr_arn,
            code=fn.CfnFunction.CodeProperty(
                zip_file='def handler(event, context):\n    return {"lines": len(event)}\n'
            ),
            tags=tags,
        )
        reader.node.add_dependency(log)

        cdk.CfnOutput(self, "Budget", value=budget.ref)
        cdk.CfnOutput(self, "AlertTopic", value=topic.ref)
        cdk.CfnOutput(self, "AlertAddress", value=mail.value_as_string)
        cdk.CfnOutput(self, "Notes", value=notes.ref)
        cdk.CfnOutput(self, "Lines", value=lines.ref)
        cdk.CfnOutput(self, "Reader", value=reader.ref)
