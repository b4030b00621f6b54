"""Notes in, insights out: a small data lake with a function that asks Comprehend and a table that Athena reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sqs as sqs
from constructs import Construct

DATABASE = "clinic_notes"
TABLE = "insights"
WORK_GROUP = "clinic-analysts"


class NotesToInsights(cdk.Stack):
    """One bucket with three prefixes, a function, a queue, a table, a workgroup, a role."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        lake = s3.Bucket(
            self,
            "Lake",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )
        # Athena keeps a file for every query anybody ever runs. Nobody needs last month's.
        lake.add_lifecycle_rule(prefix="results/", expiration=cdk.Duration.days(7))

        # What the function could not do is kept for as long as SQS keeps anything: somebody may be on holiday.
        failed = sqs.Queue(
            self,
            "Failed",
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        function = self.insights_function(lake, failed)
        # Without the prefix every insight would start the function again, which writes an insight of the insight.
        lake.add_event_notification(
            s3.EventType.OBJECT_CREATED,
            notifications.LambdaDestination(function),
            s3.NotificationKeyFilter(prefix="raw/"),
        )

        self.insights_table(lake)
        group = self.work_group(lake)
        analyst = self.analyst(lake)

        cdk.CfnOutput(self, "NotesBucket", value=lake.bucket_name)
        cdk.CfnOutput(self, "InsightsBucket", value=lake.bucket_name)
        cdk.CfnOutput(self, "InsightsFunction", value=function.function_name)
        cdk.CfnOutput(self, "FailedNotes", value=failed.queue_url)
        cdk.CfnOutput(self, "InsightsTable", value=f"{DATABASE}.{TABLE}")
        cdk.CfnOutput(self, "QueryWorkGroup", value=group.name)
        cdk.CfnOutput(self, "AnalystRole", value=analyst.role_arn)

    def insights_function(self, lake: s3.Bucket, failed: sqs.Queue) -> lambda_.Function:
        """The function between raw/ and curated/, with a role that can do this and nothing beside it."""
        # made here, so that it goes with the stack and forgets by itself
        log = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.ONE_WEEK, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        role = iam.Role(self, "InsightsRole", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log.grant_write(role)
        role.add_to_policy(
            iam.PolicyStatement(sid="ReadNotes", actions=["s3:GetObject"], resources=[lake.arn_for_objects("raw/*")])
        )
        role.add_to_policy(
            iam.PolicyStatement(
                sid="WriteInsights", actions=["s3:PutObject"], resources=[lake.arn_for_objects("curated/*")]
            )
        )
        # The one action it calls. Comprehend's built-in model has no ARN, so the resource is everything.
        role.add_to_policy(
            iam.PolicyStatement(sid="AskComprehend", actions=["comprehend:DetectEntities"], resources=["*"])
        )
        return lambda_.Function(
            self,
            "Insights",
            runtime=lambda_.Runtime.PYTHON_3_14,
            handler="insights.handler",
            code=lambda_.Code.from_asset(str(Path(__file__).parent / "handler")),
            environment={"INSIGHTS_BUCKET": lake.bucket_name},
            role=role,
            log_group=log,
            memory_size=256,
            timeout=cdk.Duration.seconds(30),
            # S3 calls asynchronously and never learns how it ended. Lambda tries twice more, then tells the queue.
            retry_attempts=2,
            on_failure=destinations.SqsDestination(failed),
        )

    def insights_table(self, lake: s3.Bucket) -> None:
        """What Athena needs to know about the files under curated/: columns, format, place, and the days there are."""
        database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=self.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(name=DATABASE),
        )
        column = glue.CfnTable.ColumnProperty
        table = glue.CfnTable(
            self,
            "Table",
            catalog_id=self.account,
            database_name=DATABASE,
            table_input=glue.CfnTable.TableInputProperty(
                name=TABLE,
                table_type="EXTERNAL_TABLE",
                # Days are computed, not registered: no crawler to pay and to wait for, no partition to forget.
                parameters={
                    "classification": "json",
                    "projection.enabled": "true",
                    "projection.dt.type": "date",
                    "projection.dt.format": "yyyy-MM-dd",
                    "projection.dt.range": "2026-01-01,NOW",
                    "storage.location.template": f"s3://{lake.bucket_name}/curated/dt=${{dt}}/",
                },
                partition_keys=[column(name="dt", type="string")],
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    location=f"s3://{lake.bucket_name}/curated/",
                    columns=[
                        column(name="note", type="string"),
                        column(name="entities", type="array<struct<text:string,type:string,score:double>>"),
                    ],
                    input_format="org.apache.hadoop.mapred.TextInputFormat",
                    output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library="org.openx.data.jsonserde.JsonSerDe"
                    ),
                ),
            ),
        )
        table.add_resource_dependency(database)

    def work_group(self, lake: s3.Bucket) -> athena.CfnWorkGroup:
        """Where analysts run queries: a limit on what one query reads, results in a place of their own."""
        return athena.CfnWorkGroup(
            self,
            "Analysts",
            name=WORK_GROUP,
            # queries and their history go with the stack
            recursive_delete_option=True,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                # Athena bills by what it reads. A query that wants more than this is stopped.
                bytes_scanned_cutoff_per_query=1_000_000_000,
                # Without this, whoever asks chooses where results go and how they are encrypted.
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=f"s3://{lake.bucket_name}/results/",
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_S3"
                    ),
                ),
            ),
        )

    def analyst(self, lake: s3.Bucket) -> iam.Role:
        """A role for people: Athena reads S3 and the catalog with the permissions of whoever asks."""
        analyst = iam.Role(self, "Analyst", assumed_by=iam.AccountPrincipal(self.account))

        def arn(service: str, resource: str) -> str:
            return self.format_arn(service=service, resource=resource)

        for sid, actions, resources in [
            (
                "AskInThisGroup",
                [
                    "athena:StartQueryExecution",
                    "athena:StopQueryExecution",
                    "athena:GetQueryExecution",
                    "athena:GetQueryResults",
                    "athena:GetWorkGroup",
                ],
                [arn("athena", f"workgroup/{WORK_GROUP}")],
            ),
            # Glue asks about a table, its database and the catalog: all three have to say yes
            (
                "ReadTheCatalog",
                ["glue:GetDatabase", "glue:GetTable"],
                [
                    arn("glue", "catalog"),
                    arn("glue", f"database/{DATABASE}"),
                    arn("glue", f"table/{DATABASE}/{TABLE}"),
                ],
            ),
            ("ReadInsights", ["s3:GetObject"], [lake.arn_for_objects("curated/*")]),
            (
                "KeepResults",
                ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
                [lake.arn_for_objects("results/*")],
            ),
            ("FindTheBucket", ["s3:GetBucketLocation"], [lake.bucket_arn]),
        ]:
            analyst.add_to_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=resources))
        # listing is asked of the bucket; the condition keeps the names of notes out of sight
        analyst.add_to_policy(
            iam.PolicyStatement(
                sid="ListInsights",
                actions=["s3:ListBucket"],
                resources=[lake.bucket_arn],
                conditions={"StringLike": {"s3:prefix": ["curated/*", "results/*"]}},
            )
        )
        return analyst
