"""EventBridge tells a queue of each note, by a rule on its key; the days have a template, the SerDe is Hive's."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

CODE = """
import hashlib
import json
import os

import boto3

s3 = boto3.client("s3")
comprehend = boto3.client("comprehend")


def file_note(arrival):
    bucket, key = arrival["detail"]["bucket"]["name"], arrival["detail"]["object"]["key"]
    text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8")
    found = comprehend.detect_entities(Text=text, LanguageCode="en")["Entities"]
    insight = {
        "note": key,
        "arrived": arrival["time"],
        "entities": [{"text": each["Text"], "type": each["Type"], "score": each["Score"]} for each in found],
    }
    # the event says when the note came, in UTC, however late this runs
    s3.put_object(
        Bucket=os.environ["SHELF"],
        Key=f"curated/dt={arrival['time'][:10]}/{hashlib.sha256(key.encode()).hexdigest()}.json",
        Body=json.dumps(insight, ensure_ascii=False).encode() + b"\\n",
        ContentType="application/json",
    )


def work(event, context):
    failed = []
    for message in event["Records"]:
        try:
            file_note(json.loads(message["body"]))
        except Exception as error:
            print(json.dumps({"message": message["messageId"], "error": repr(error)}))
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}
"""


def private_bucket(scope: Construct, construct_id: str, **more: Any) -> s3.Bucket:
    return s3.Bucket(
        scope,
        construct_id,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        removal_policy=cdk.RemovalPolicy.DESTROY,
        auto_delete_objects=True,
        **more,
    )


class Shelves(Construct):
    """Three buckets: what came, what was found in it, what was asked."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.notes = private_bucket(self, "Incoming", event_bridge_enabled=True)
        self.insights = private_bucket(self, "Found")
        self.answers = private_bucket(
            self,
            "Answers",
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=cdk.Duration.days(14), abort_incomplete_multipart_upload_after=cdk.Duration.days(2)
                )
            ],
        )


class Reader(Construct):
    """From a note under raw/ to a line under curated/."""

    def __init__(self, scope: Construct, construct_id: str, *, shelves: Shelves) -> None:
        super().__init__(scope, construct_id)
        self.unread = sqs.Queue(self, "Unread", enforce_ssl=True, retention_period=cdk.Duration.days(14))
        tray = sqs.Queue(
            self,
            "Tray",
            enforce_ssl=True,
            visibility_timeout=cdk.Duration.minutes(3),
            retention_period=cdk.Duration.days(4),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.unread, max_receive_count=3),
        )
        events.Rule(
            self,
            "Arrival",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                account=[cdk.Stack.of(self).account],
                detail={
                    "bucket": {"name": [shelves.notes.bucket_name]},
                    "object": {"key": events.Match.prefix("raw/")},
                },
            ),
            targets=[targets.SqsQueue(tray, dead_letter_queue=self.unread)],
        )

        log_group = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={
                "read-ask-write": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            actions=["s3:GetObject"], resources=[shelves.notes.arn_for_objects("raw/*")]
                        ),
                        iam.PolicyStatement(
                            actions=["s3:PutObject"], resources=[shelves.insights.arn_for_objects("curated/*")]
                        ),
                        iam.PolicyStatement(actions=["comprehend:DetectEntities"], resources=["*"]),
                    ]
                )
            },
        )
        log_group.grant_write(role)
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler="index.work",
            code=lambda_.Code.from_inline(CODE),
            environment={"SHELF": shelves.insights.bucket_name},
            role=role,
            log_group=log_group,
            memory_size=256,
            timeout=cdk.Duration.seconds(30),
        )
        self.function.add_event_source(
            sources.SqsEventSource(tray, batch_size=4, max_concurrency=3, report_batch_item_failures=True)
        )


class Questions(Construct):
    """Where analysts look: a table whose days are computed, a workgroup with a limit, a role for both."""

    def __init__(self, scope: Construct, construct_id: str, *, shelves: Shelves) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        found = f"s3://{shelves.insights.bucket_name}/curated"
        schema, name, group = "ward_reading", "named_things", "ward-questions"

        database = glue.CfnDatabase(
            self,
            "Schema",
            catalog_id=stack.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(name=schema, description="What notes speak of"),
        )
        table = glue.CfnTable(
            self,
            "NamedThings",
            catalog_id=stack.account,
            database_name=database.ref,
            table_input={
                "name": name,
                "tableType": "EXTERNAL_TABLE",
                "partitionKeys": [{"name": "dt", "type": "string"}],
                "parameters": {
                    "EXTERNAL": "TRUE",
                    "classification": "json",
                    "projection.enabled": "true",
                    "projection.dt.type": "date",
                    "projection.dt.format": "yyyy-MM-dd",
                    "projection.dt.range": "2026-01-01,NOW+1DAYS",
                    "storage.location.template": found + "/dt=${dt}/",
                },
                "storageDescriptor": {
                    "location": found + "/",
                    "columns": [
                        {"name": "arrived", "type": "string"},
                        {"name": "note", "type": "string"},
                        {"name": "entities", "type": "array<struct<score:double,text:string,type:string>>"},
                    ],
                    "inputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                    "outputFormat": "org.apache.hadoop.hive.ql.io.IgnoreKeyTextOutputFormat",
                    "serdeInfo": {"serializationLibrary": "org.apache.hive.hcatalog.data.JsonSerDe"},
                },
            },
        )
        self.table_name = f"{schema}.{name}"
        self.group = athena.CfnWorkGroup(
            self,
            "Desk",
            name=group,
            recursive_delete_option=True,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                bytes_scanned_cutoff_per_query=1_000_000_000,
                publish_cloud_watch_metrics_enabled=False,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=shelves.answers.s3_url_for_object("by-query/"),
                    expected_bucket_owner=stack.account,
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_S3"
                    ),
                ),
            ),
        )

        self.role = iam.Role(self, "Analyst", assumed_by=iam.AccountRootPrincipal())

        def arn(service: str, resource: str, resource_name: str | None = None) -> str:
            return stack.format_arn(service=service, resource=resource, resource_name=resource_name)

        iam.ManagedPolicy(
            self,
            "MayAsk",
            roles=[self.role],
            statements=[
                iam.PolicyStatement(
                    actions=[
                        "athena:BatchGetQueryExecution",
                        "athena:GetQueryExecution",
                        "athena:GetQueryResults",
                        "athena:GetQueryResultsStream",
                        "athena:GetQueryRuntimeStatistics",
                        "athena:GetWorkGroup",
                        "athena:ListQueryExecutions",
                        "athena:StartQueryExecution",
                        "athena:StopQueryExecution",
                    ],
                    resources=[arn("athena", "workgroup", group)],
                ),
                iam.PolicyStatement(
                    actions=["glue:GetDatabase", "glue:GetTable", "glue:GetPartition", "glue:GetPartitions"],
                    resources=[
                        arn("glue", "catalog"),
                        arn("glue", "database", schema),
                        arn("glue", "table", f"{schema}/{name}"),
                    ],
                ),
                iam.PolicyStatement(
                    actions=["s3:GetObject"], resources=[shelves.insights.arn_for_objects("curated/*")]
                ),
                iam.PolicyStatement(
                    actions=["s3:ListBucket"],
                    resources=[shelves.insights.bucket_arn],
                    conditions={"StringLike": {"s3:prefix": ["curated", "curated/*"]}},
                ),
                iam.PolicyStatement(
                    actions=["s3:GetBucketLocation"],
                    resources=[shelves.insights.bucket_arn, shelves.answers.bucket_arn],
                ),
                iam.PolicyStatement(
                    actions=["s3:ListBucket", "s3:ListBucketMultipartUploads"],
                    resources=[shelves.answers.bucket_arn],
                ),
                iam.PolicyStatement(
                    actions=[
                        "s3:AbortMultipartUpload",
                        "s3:GetObject",
                        "s3:ListMultipartUploadParts",
                        "s3:PutObject",
                    ],
                    resources=[shelves.answers.arn_for_objects("by-query/*")],
                ),
            ],
        )
        table.add_resource_dependency(database)


class WardReading(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        shelves = Shelves(self, "Shelves")
        reader = Reader(self, "Reader", shelves=shelves)
        questions = Questions(self, "Questions", shelves=shelves)
        for output, value in (
            ("NotesBucket", shelves.notes.bucket_name),
            ("InsightsBucket", shelves.insights.bucket_name),
            ("InsightsFunction", reader.function.function_arn),
            ("FailedNotes", reader.unread.queue_url),
            ("InsightsTable", questions.table_name),
            ("QueryWorkGroup", questions.group.ref),
            ("AnalystRole", questions.role.role_arn),
        ):
            cdk.CfnOutput(self, output, value=value)
