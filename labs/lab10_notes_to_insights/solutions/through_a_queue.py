"""A queue between S3 and the function, a key of one's own for the notes, results that Athena keeps itself."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sqs as sqs
from constructs import Construct

CODE = """
import gzip, json, os, urllib.parse
import boto3

s3, comprehend = boto3.client("s3"), boto3.client("comprehend")

def handler(event, context):
    failed = []
    for message in event["Records"]:
        try:
            # S3 sends a test event when it is introduced to the queue
            for record in json.loads(message["body"]).get("Records", []):
                one(record)
        except Exception as error:
            print("failed:", error)
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}

def one(record):
    key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
    held = s3.get_object(Bucket=record["s3"]["bucket"]["name"], Key=key)
    answer = comprehend.detect_entities(Text=held["Body"].read().decode(), LanguageCode="en")
    row = json.dumps({"Note": key, "Entities": answer["Entities"], "Bytes": held["ContentLength"]})
    day = held["LastModified"].strftime("%Y-%m-%d")
    s3.put_object(Bucket=os.environ["INSIGHTS"], Key=f"curated/dt={day}/{record['s3']['object']['sequencer']}.gz",
                  Body=gzip.compress(row.encode()))
"""


class QueuedInsights(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        key = kms.Key(self, "Key", enable_key_rotation=True, removal_policy=cdk.RemovalPolicy.DESTROY)
        safe: dict[str, Any] = {
            "enforce_ssl": True,
            "removal_policy": cdk.RemovalPolicy.DESTROY,
            "auto_delete_objects": True,
        }
        notes = s3.Bucket(self, "Notes", encryption_key=key, versioned=True, **safe)
        insights = s3.Bucket(self, "Insights", **safe)

        failed = sqs.Queue(self, "TooHard", retention_period=cdk.Duration.days(7), enforce_ssl=True)
        waiting = sqs.Queue(
            self,
            "Waiting",
            visibility_timeout=cdk.Duration.minutes(6),
            dead_letter_queue=sqs.DeadLetterQueue(queue=failed, max_receive_count=3),
            enforce_ssl=True,
        )
        notes.add_event_notification(
            s3.EventType.OBJECT_CREATED,
            notifications.SqsDestination(waiting),
            s3.NotificationKeyFilter(prefix="raw/"),
        )
        function = lambda_.Function(
            self,
            "Work",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline(CODE),
            timeout=cdk.Duration.minutes(1),
            environment={"INSIGHTS": insights.bucket_name},
        )
        function.add_event_source(sources.SqsEventSource(waiting, batch_size=5, report_batch_item_failures=True))
        notes.grant_read(function, "raw/*")
        insights.grant_put(function, "curated/*")
        function.add_to_role_policy(iam.PolicyStatement(actions=["comprehend:Detect*"], resources=["*"]))

        database = glue.CfnDatabase(
            self,
            "Base",
            catalog_id=self.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(name="queued"),
        )
        table = glue.CfnTable(
            self,
            "Seen",
            catalog_id=self.account,
            database_name="queued",
            table_input=glue.CfnTable.TableInputProperty(
                name="seen",
                table_type="EXTERNAL_TABLE",
                # a value is asked for in the WHERE of every query
                parameters={"projection.enabled": "true", "projection.dt.type": "injected"},
                partition_keys=[glue.CfnTable.ColumnProperty(name="dt", type="string")],
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    location=insights.s3_url_for_object("curated/"),
                    columns=[
                        glue.CfnTable.ColumnProperty(
                            name="entities",
                            type="array<struct<beginoffset:int,endoffset:int,score:double,text:string,type:string>>",
                        ),
                        glue.CfnTable.ColumnProperty(name="note", type="string"),
                        glue.CfnTable.ColumnProperty(name="size", type="bigint"),
                    ],
                    input_format="org.apache.hadoop.mapred.TextInputFormat",
                    output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library="org.openx.data.jsonserde.JsonSerDe",
                        parameters={"mapping.size": "bytes"},
                    ),
                ),
            ),
        )
        table.add_resource_dependency(database)

        group = athena.CfnWorkGroup(
            self,
            "Group",
            name="queued",
            recursive_delete_option=True,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                bytes_scanned_cutoff_per_query=2**30,
                enforce_work_group_configuration=True,
                managed_query_results_configuration=athena.CfnWorkGroup.ManagedQueryResultsConfigurationProperty(
                    enabled=True
                ),
            ),
        )

        analyst = iam.Role(self, "Curious", assumed_by=iam.AccountRootPrincipal())
        insights.grant_read(analyst, "curated/*")
        here = f"{self.region}:{self.account}"
        for actions, resources in (
            (["athena:*Query*"], [f"arn:aws:athena:{here}:workgroup/queued"]),
            (
                ["glue:GetDatabase*", "glue:GetTable*", "glue:GetPartition*"],
                [f"arn:aws:glue:{here}:{each}" for each in ("catalog", "database/queued", "table/queued/seen")],
            ),
        ):
            analyst.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))

        cdk.CfnOutput(self, "NotesBucket", value=notes.bucket_name)
        cdk.CfnOutput(self, "InsightsBucket", value=insights.bucket_name)
        cdk.CfnOutput(self, "InsightsFunction", value=function.function_arn)
        cdk.CfnOutput(self, "FailedNotes", value=failed.queue_url)
        cdk.CfnOutput(self, "InsightsTable", value="queued.seen")
        cdk.CfnOutput(self, "QueryWorkGroup", value=group.ref)
        cdk.CfnOutput(self, "AnalystRole", value=analyst.role_name)
