"""Three buckets in Cfn classes: EventBridge starts the function, a dead-letter queue keeps what it cannot do."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_events as events
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

CODE = """
import json, os, boto3

def handler(event, context):
    s3, comprehend = boto3.client("s3"), boto3.client("comprehend")
    # EventBridge hands the key over as it is
    bucket, key = event["detail"]["bucket"]["name"], event["detail"]["object"]["key"]
    text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    answer = comprehend.detect_entities(Text=text, LanguageCode="en")
    row = {"note": key, "bucket": bucket, "entities": [
        {"text": e["Text"], "type": e["Type"], "score": e["Score"]} for e in answer["Entities"]]}
    s3.put_object(Bucket=os.environ["TO"], Key="curated/dt=%s/%s" % (event["time"][:10], event["id"]),
                  Body=json.dumps(row))
"""


class PlainInsights(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        notes = self.bucket(
            "NotesStore",
            notification_configuration=s3.CfnBucket.NotificationConfigurationProperty(
                event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
            ),
        )
        insights = self.bucket("InsightsStore")
        answers = self.bucket(
            "Answers",
            lifecycle_configuration=s3.CfnBucket.LifecycleConfigurationProperty(
                rules=[s3.CfnBucket.RuleProperty(status="Enabled", expiration_in_days=30)]
            ),
        )

        failed = sqs.CfnQueue(self, "Failures", message_retention_period=604800)
        role = iam.CfnRole(
            self,
            "Worker",
            assume_role_policy_document=trust({"Service": "lambda.amazonaws.com"}),
            managed_policy_arns=["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
            policies=[
                policy(
                    allow(["s3:GetObject"], f"{notes.attr_arn}/raw/*"),
                    allow(["s3:PutObject"], f"{insights.attr_arn}/curated/*"),
                    allow(["comprehend:DetectEntities"], "*"),
                    allow(["sqs:SendMessage"], failed.attr_arn),
                )
            ],
        )
        function = lambda_.CfnFunction(
            self,
            "Reader",
            runtime="python3.14",
            handler="index.handler",
            code=lambda_.CfnFunction.CodeProperty(zip_file=CODE),
            role=role.attr_arn,
            timeout=60,
            environment=lambda_.CfnFunction.EnvironmentProperty(variables={"TO": insights.ref}),
            dead_letter_config=lambda_.CfnFunction.DeadLetterConfigProperty(target_arn=failed.attr_arn),
        )
        rule = events.CfnRule(
            self,
            "NewNote",
            event_pattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {"bucket": {"name": [notes.ref]}, "object": {"key": [{"prefix": "raw/"}]}},
            },
            targets=[events.CfnRule.TargetProperty(id="reader", arn=function.attr_arn)],
        )
        lambda_.CfnPermission(
            self,
            "LetTheRuleIn",
            action="lambda:InvokeFunction",
            function_name=function.ref,
            principal="events.amazonaws.com",
            source_arn=rule.attr_arn,
        )

        database = glue.CfnDatabase(
            self,
            "Db",
            catalog_id=self.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(name="plain"),
        )
        table = glue.CfnTable(
            self,
            "Rows",
            catalog_id=self.account,
            database_name="plain",
            table_input=glue.CfnTable.TableInputProperty(
                name="by_day",
                table_type="EXTERNAL_TABLE",
                # without a template, Athena looks into dt=... below the location
                parameters={
                    "projection.enabled": "TRUE",
                    "projection.dt.type": "date",
                    "projection.dt.format": "yyyy-MM-dd",
                    "projection.dt.range": "NOW-3YEARS,NOW",
                    "projection.dt.interval": "1",
                    "projection.dt.interval.unit": "DAYS",
                },
                partition_keys=[glue.CfnTable.ColumnProperty(name="dt", type="date")],
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    location=f"s3://{insights.ref}/curated",
                    columns=[
                        glue.CfnTable.ColumnProperty(name="note", type="varchar(1024)"),
                        glue.CfnTable.ColumnProperty(name="bucket", type="string"),
                        glue.CfnTable.ColumnProperty(
                            name="entities", type="array< struct< score: float, text: string, type: string > >"
                        ),
                    ],
                    input_format="org.apache.hadoop.mapred.TextInputFormat",
                    output_format="org.apache.hadoop.hive.ql.io.IgnoreKeyTextOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library="org.apache.hive.hcatalog.data.JsonSerDe"
                    ),
                ),
            ),
        )
        table.add_resource_dependency(database)
        group = athena.CfnWorkGroup(
            self,
            "Questions",
            name="plain-questions",
            recursive_delete_option=True,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                bytes_scanned_cutoff_per_query=10_000_000,
                enforce_work_group_configuration=True,
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=f"s3://{answers.ref}"
                ),
            ),
        )
        here = f"{self.region}:{self.account}"
        analyst = iam.CfnRole(
            self,
            "People",
            role_name="plain-analysts",
            assume_role_policy_document=trust({"AWS": f"arn:aws:iam::{self.account}:root"}),
            policies=[
                policy(
                    allow(
                        ["athena:StartQueryExecution", "athena:Get*", "athena:List*"],
                        f"arn:aws:athena:{here}:workgroup/plain-questions",
                    ),
                    allow(
                        ["glue:Get*"],
                        f"arn:aws:glue:{here}:catalog",
                        f"arn:aws:glue:{here}:database/*",
                        f"arn:aws:glue:{here}:table/plain/*",
                    ),
                    allow(
                        ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"],
                        insights.attr_arn,
                        f"{insights.attr_arn}/*",
                    ),
                    allow(["s3:*Object", "s3:GetBucketLocation"], answers.attr_arn, f"{answers.attr_arn}/*"),
                )
            ],
        )

        outputs = {
            "NotesBucket": notes.ref,
            "InsightsBucket": insights.ref,
            "InsightsFunction": function.ref,
            "FailedNotes": failed.ref,
            "InsightsTable": "plain.by_day",
            "QueryWorkGroup": group.name,
            "AnalystRole": analyst.role_name,
        }
        for name, value in outputs.items():
            cdk.CfnOutput(self, name, value=value)

    def bucket(self, name: str, **settings: Any) -> s3.CfnBucket:
        """A bucket with S3's defaults, which block public access, and a policy that refuses plain http."""
        made = s3.CfnBucket(self, name, **settings)
        refuse = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [made.attr_arn, f"{made.attr_arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        s3.CfnBucketPolicy(
            self,
            f"{name}OverTls",
            bucket=made.ref,
            policy_document={"Version": "2012-10-17", "Statement": [refuse]},
        )
        return made


def trust(principal: dict[str, str]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def allow(actions: list[str], *resources: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


def policy(*statements: dict[str, Any]) -> iam.CfnRole.PolicyProperty:
    return iam.CfnRole.PolicyProperty(
        policy_name="job", policy_document={"Version": "2012-10-17", "Statement": list(statements)}
    )
