"""Streams into a lake, and questions asked of it."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lakeformation as lakeformation
from aws_cdk import aws_s3 as s3
from constructs import Construct


class Rivers(cdk.Stack):
    """Kinesis to Firehose to Parquet in S3, a Glue catalog, an Athena workgroup with a limit, Lake Formation grants."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        lake = s3.Bucket(self, "Lake", removal_policy=cdk.RemovalPolicy.DESTROY, auto_delete_objects=True)
        stream = kinesis.Stream(
            self,
            "Notes",
            shard_count=2,
            retention_period=cdk.Duration.hours(48),
            encryption=kinesis.StreamEncryption.MANAGED,
        )
        role = iam.Role(self, "Carrier", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"))
        lake.grant_read_write(role)
        stream.grant_read(role)
        database = glue.CfnDatabase(
            self,
            "Catalog",
            catalog_id=self.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(name="clinic", description="the clinic's notes"),
        )
        table = glue.CfnTable(
            self,
            "Table",
            catalog_id=self.account,
            database_name="clinic",
            table_input=glue.CfnTable.TableInputProperty(
                name="notes",
                table_type="EXTERNAL_TABLE",
                parameters={"classification": "parquet", "projection.enabled": "true"},
                partition_keys=[glue.CfnTable.ColumnProperty(name="day", type="string")],
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    location=lake.s3_url_for_object("notes/"),
                    columns=[
                        glue.CfnTable.ColumnProperty(name="ward", type="string", comment="where"),
                        glue.CfnTable.ColumnProperty(name="text", type="string"),
                    ],
                    input_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                    output_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library="org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
                    ),
                ),
            ),
        )
        table.add_resource_dependency(database)
        role.add_to_policy(iam.PolicyStatement(actions=["glue:GetTable*"], resources=["*"]))
        pipe = firehose.CfnDeliveryStream(
            self,
            "Pipe",
            delivery_stream_type="KinesisStreamAsSource",
            kinesis_stream_source_configuration=firehose.CfnDeliveryStream.KinesisStreamSourceConfigurationProperty(
                kinesis_stream_arn=stream.stream_arn, role_arn=role.role_arn
            ),
            extended_s3_destination_configuration=firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
                bucket_arn=lake.bucket_arn,
                role_arn=role.role_arn,
                prefix="notes/",
                error_output_prefix="errors/",
                buffering_hints=firehose.CfnDeliveryStream.BufferingHintsProperty(
                    interval_in_seconds=60, size_in_m_bs=64
                ),
                data_format_conversion_configuration=firehose.CfnDeliveryStream.DataFormatConversionConfigurationProperty(
                    enabled=True,
                    input_format_configuration=firehose.CfnDeliveryStream.InputFormatConfigurationProperty(
                        deserializer=firehose.CfnDeliveryStream.DeserializerProperty(
                            open_x_json_ser_de=firehose.CfnDeliveryStream.OpenXJsonSerDeProperty()
                        )
                    ),
                    output_format_configuration=firehose.CfnDeliveryStream.OutputFormatConfigurationProperty(
                        serializer=firehose.CfnDeliveryStream.SerializerProperty(
                            parquet_ser_de=firehose.CfnDeliveryStream.ParquetSerDeProperty(compression="SNAPPY")
                        )
                    ),
                    schema_configuration=firehose.CfnDeliveryStream.SchemaConfigurationProperty(
                        database_name="clinic", table_name="notes", role_arn=role.role_arn, region=self.region
                    ),
                ),
            ),
        )
        pipe.node.add_dependency(role)
        pipe.add_resource_dependency(table)
        group = athena.CfnWorkGroup(
            self,
            "Analysts",
            name="analysts",
            description="with a limit",
            recursive_delete_option=True,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                bytes_scanned_cutoff_per_query=10_000_000,
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=lake.s3_url_for_object("results/"),
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_S3"
                    ),
                ),
            ),
        )
        question = athena.CfnNamedQuery(
            self,
            "Question",
            database="clinic",
            query_string="SELECT count(*) FROM notes",
            name="how many",
            work_group="analysts",
        )
        question.add_resource_dependency(group)
        crawler_role = iam.Role(self, "CrawlerRole", assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))
        glue.CfnCrawler(
            self,
            "Crawler",
            role=crawler_role.role_arn,
            database_name="clinic",
            targets=glue.CfnCrawler.TargetsProperty(
                s3_targets=[glue.CfnCrawler.S3TargetProperty(path=lake.s3_url_for_object("raw/"))]
            ),
            schedule=glue.CfnCrawler.ScheduleProperty(schedule_expression="cron(0 4 * * ? *)"),
        )
        glue.CfnJob(
            self,
            "Job",
            role=crawler_role.role_arn,
            command=glue.CfnJob.JobCommandProperty(
                name="glueetl", python_version="3", script_location=lake.s3_url_for_object("job.py")
            ),
            glue_version="4.0",
            worker_type="G.1X",
            number_of_workers=2,
            timeout=30,
            max_retries=1,
            default_arguments={"--enable-metrics": "true"},
        )
        lakeformation.CfnResource(self, "Registered", resource_arn=lake.bucket_arn, use_service_linked_role=True)
        lakeformation.CfnPrincipalPermissions(
            self,
            "MayRead",
            principal=lakeformation.CfnPrincipalPermissions.DataLakePrincipalProperty(
                data_lake_principal_identifier=crawler_role.role_arn
            ),
            resource=lakeformation.CfnPrincipalPermissions.ResourceProperty(
                table=lakeformation.CfnPrincipalPermissions.TableResourceProperty(
                    catalog_id=self.account, database_name="clinic", name="notes"
                )
            ),
            permissions=["SELECT"],
            permissions_with_grant_option=[],
        ).add_resource_dependency(table)
