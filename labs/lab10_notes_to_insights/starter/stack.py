"""From notes to insights, as the demo left it: it answered the one question anybody asked that day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class Insights(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        lake = s3.Bucket(self, "Lake", removal_policy=cdk.RemovalPolicy.DESTROY, auto_delete_objects=True)
        # "everything in here is a copy anyway"
        lake.add_lifecycle_rule(expiration=cdk.Duration.days(365))

        # TODO: somebody said failed notes should end up here
        failed = sqs.Queue(self, "Failed")

        function = lambda_.Function(
            self,
            "Insights",
            runtime=lambda_.Runtime.PYTHON_3_14,
            handler="insights.handler",
            code=lambda_.Code.from_asset(str(Path(__file__).parent / "handler")),
            environment={"BUCKET": lake.bucket_name},
            timeout=cdk.Duration.seconds(30),
        )
        lake.grant_read_write(function)
        function.role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name("ComprehendFullAccess"))
        lake.add_event_notification(
            s3.EventType.OBJECT_CREATED,
            notifications.LambdaDestination(function),
            s3.NotificationKeyFilter(prefix="raw/"),
        )

        database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=self.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(name="demo"),
        )
        table = glue.CfnTable(
            self,
            "Table",
            catalog_id=self.account,
            database_name="demo",
            table_input=glue.CfnTable.TableInputProperty(
                name="insights",
                table_type="EXTERNAL_TABLE",
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    location=f"s3://{lake.bucket_name}/curated/",
                    columns=[
                        glue.CfnTable.ColumnProperty(name="note", type="string"),
                        glue.CfnTable.ColumnProperty(name="entities", type="string"),
                    ],
                    input_format="org.apache.hadoop.mapred.TextInputFormat",
                    output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library="org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
                    ),
                ),
            ),
        )
        table.add_resource_dependency(database)

        group = athena.CfnWorkGroup(
            self,
            "Everybody",
            name="everybody",
            recursive_delete_option=True,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                # "people should be able to work"
                enforce_work_group_configuration=False,
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=f"s3://{lake.bucket_name}/"
                ),
            ),
        )

        analyst = iam.Role(self, "Analyst", assumed_by=iam.AccountPrincipal(self.account))
        analyst.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name("AmazonAthenaFullAccess"))
        lake.grant_read_write(analyst)

        cdk.CfnOutput(self, "NotesBucket", value=lake.bucket_name)
        cdk.CfnOutput(self, "InsightsBucket", value=lake.bucket_name)
        cdk.CfnOutput(self, "InsightsFunction", value=function.function_name)
        cdk.CfnOutput(self, "FailedNotes", value=failed.queue_url)
        cdk.CfnOutput(self, "InsightsTable", value="demo.insights")
        cdk.CfnOutput(self, "QueryWorkGroup", value=group.name)
        cdk.CfnOutput(self, "AnalystRole", value=analyst.role_arn)
