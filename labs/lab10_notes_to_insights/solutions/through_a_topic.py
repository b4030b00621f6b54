"""One versioned bucket, told of by a topic that others may listen to as well; permissions by CDK's grants."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

CODE = """
import hashlib, json, os
from datetime import datetime, timezone
from urllib.parse import unquote_plus
import boto3

LAKE = os.environ["LAKE"]

def handler(event, context):
    s3 = boto3.client("s3")
    for outer in event["Records"]:
        for record in json.loads(outer["Sns"]["Message"]).get("Records", []):
            key = unquote_plus(record["s3"]["object"]["key"])
            text = s3.get_object(Bucket=LAKE, Key=key)["Body"].read().decode()
            if len(text.encode()) > 100000:
                raise ValueError(f"{key} is too long for Comprehend")
            found = boto3.client("comprehend").detect_entities(Text=text, LanguageCode="en")["Entities"]
            lines = [{"note": key, "entities": [
                {"text": e["Text"], "type": e["Type"].lower(), "score": round(e["Score"], 3)} for e in found]}]
            day, name = datetime.now(timezone.utc).date(), hashlib.sha256(key.encode()).hexdigest()
            body = "\\n".join(map(json.dumps, lines))
            s3.put_object(Bucket=LAKE, Key=f"curated/dt={day}/{name}.jsonl", Body=body)
"""


class ToldByATopic(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        lake = s3.Bucket(
            self,
            "Everything",
            versioned=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    prefix="athena/",
                    expiration=cdk.Duration.days(1),
                    noncurrent_version_expiration=cdk.Duration.days(1),
                ),
                # old notes get cheaper, and stay
                s3.LifecycleRule(
                    prefix="raw/",
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
                            transition_after=cdk.Duration.days(90),
                        )
                    ],
                ),
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=cdk.Duration.days(3)),
            ],
        )
        topic = sns.Topic(self, "NewNotes")
        lake.add_event_notification(
            s3.EventType.OBJECT_CREATED_PUT,
            notifications.SnsDestination(topic),
            s3.NotificationKeyFilter(prefix="raw/", suffix=".txt"),
        )
        failed = sqs.Queue(self, "Unread", retention_period=cdk.Duration.days(10))
        function = lambda_.Function(
            self,
            "Listener",
            runtime=lambda_.Runtime.PYTHON_3_12,
            architecture=lambda_.Architecture.ARM_64,
            handler="index.handler",
            code=lambda_.Code.from_inline(CODE),
            timeout=cdk.Duration.seconds(20),
            environment={"LAKE": lake.bucket_name},
            retry_attempts=0,
            on_failure=destinations.SqsDestination(failed),
            tracing=lambda_.Tracing.ACTIVE,
        )
        topic.add_subscription(subscriptions.LambdaSubscription(function))
        lake.grant_read(function, "raw/*")
        lake.grant_put(function, "curated/*")
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["comprehend:DetectEntities", "comprehend:DetectDominantLanguage"], resources=["*"]
            )
        )

        database = glue.CfnDatabase(
            self,
            "Schema",
            catalog_id=self.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(name="told"),
        )
        column = glue.CfnTable.ColumnProperty
        table = glue.CfnTable(
            self,
            "Facts",
            catalog_id=self.account,
            database_name="told",
            table_input=glue.CfnTable.TableInputProperty(
                name="facts",
                table_type="EXTERNAL_TABLE",
                parameters={
                    "projection.enabled": "true",
                    "projection.dt.type": "date",
                    "projection.dt.format": "yyyy-MM-dd",
                    "projection.dt.range": "2026-11-01,2040-12-31",
                    "storage.location.template": f"s3://{lake.bucket_name}/curated/dt=${{dt}}",
                },
                partition_keys=[column(name="dt", type="string", comment="the day, UTC")],
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    location=f"s3://{lake.bucket_name}/curated/",
                    columns=[
                        column(name="note", type="string"),
                        column(name="entities", type="array<map<string,string>>"),
                        column(name="warnings", type="int", comment="to come"),
                    ],
                    input_format="com.amazon.ionhiveserde.formats.IonInputFormat",
                    output_format="com.amazon.ionhiveserde.formats.IonOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library="com.amazon.ionhiveserde.IonHiveSerDe"
                    ),
                ),
            ),
        )
        table.add_resource_dependency(database)
        group = athena.CfnWorkGroup(
            self,
            "Told",
            name="told",
            recursive_delete_option=True,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                bytes_scanned_cutoff_per_query=500_000_000,
                enforce_work_group_configuration=True,
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=lake.s3_url_for_object("athena/told")
                ),
            ),
        )

        analyst = iam.Role(
            self, "Analysts", assumed_by=iam.AccountPrincipal(self.account), max_session_duration=cdk.Duration.hours(4)
        )
        lake.grant_read(analyst, "curated/*")
        lake.grant_read_write(analyst, "athena/told/*")
        for actions, service, resources in (
            (["StartQueryExecution", "GetQueryExecution", "GetQueryResults"], "athena", ["workgroup/told"]),
            (["GetTable", "GetTables", "GetDatabase"], "glue", ["catalog", "database/told", "table/told/facts"]),
        ):
            analyst.add_to_policy(
                iam.PolicyStatement(
                    actions=[f"{service}:{each}" for each in actions],
                    resources=[self.format_arn(service=service, resource=each) for each in resources],
                )
            )

        cdk.CfnOutput(self, "NotesBucket", value=lake.bucket_name)
        cdk.CfnOutput(self, "InsightsBucket", value=lake.bucket_name)
        cdk.CfnOutput(self, "InsightsFunction", value=function.function_name)
        cdk.CfnOutput(self, "FailedNotes", value=failed.queue_url)
        cdk.CfnOutput(self, "InsightsTable", value="told.facts")
        cdk.CfnOutput(self, "QueryWorkGroup", value=group.name)
        cdk.CfnOutput(self, "AnalystRole", value=analyst.role_arn)
