"""The data catalog and what works on it are made as declared, changed in place, and gone afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = {"team": "triage"}


@pytest.fixture
def role(bench):
    return bench.client("iam").create_role(RoleName="glue", AssumeRolePolicyDocument="{}")["Role"]["Arn"]


@pytest.fixture
def database(bench):
    return bench.make("AWS::Glue::Database", "Lake", CatalogId="123456789012", DatabaseInput={"Name": "lake"})


COLUMNS = [{"Name": "id", "Type": "bigint", "Comment": "the key"}]
STORAGE = {
    "Location": "s3://lake/books/",
    "Columns": COLUMNS,
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe", "Parameters": {"paths": "id"}},
    "Compressed": False,
    "StoredAsSubDirectories": False,
}


def test_a_database(bench):
    given = {"Name": "lake", "Description": "d1", "LocationUri": "s3://lake/", "Parameters": {"owner": "us"}}
    made = bench.make("AWS::Glue::Database", "Lake", CatalogId="123456789012", DatabaseInput=given)
    assert (made.ref, made.unapplied, bench.lost(made)) == ("lake", (), set())
    changed = bench.change(made, CatalogId="123456789012", DatabaseInput={"Name": "lake", "Description": "d2"})
    assert bench.lost(changed) == set()
    bench.delete(changed)
    bench.delete(changed)
    assert bench.client("glue").get_databases()["DatabaseList"] == []
    unnamed = bench.make("AWS::Glue::Database", "Lake", CatalogId="123456789012", DatabaseInput={})
    assert unnamed.ref.startswith("lab1-lake-")
    bench.delete(unnamed)


def test_a_table_and_its_partition(bench, database):
    catalog = {"CatalogId": "123456789012", "DatabaseName": database.ref}
    table: dict[str, Any] = {
        "Name": "books",
        "Description": "d1",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "json"},
        "PartitionKeys": [{"Name": "day", "Type": "string"}],
        "StorageDescriptor": STORAGE,
    }
    made = bench.make("AWS::Glue::Table", "Books", **catalog, TableInput=table)
    assert (made.ref, made.unapplied, bench.lost(made)) == ("books", (), set())
    changed = bench.change(made, **catalog, TableInput={**table, "Description": "d2"})
    assert bench.lost(changed) == set()
    partition = {"Values": ["2026-01-01"], "StorageDescriptor": {**STORAGE, "Location": "s3://lake/books/1/"}}
    day = bench.make("AWS::Glue::Partition", "Day", **catalog, TableName="books", PartitionInput=partition)
    assert (day.ref, day.unapplied) == ("123456789012|lake|books|[2026-01-01]", ())
    assert bench.lost(day) == set()
    bench.delete(day)
    bench.delete(day)
    bench.delete(changed)
    bench.delete(changed)
    with pytest.raises(ClientError, match="not found"):
        bench.make("AWS::Glue::Table", "Books", CatalogId="123456789012", DatabaseName="none", TableInput=table)


def test_a_crawler(bench, role):
    declared = {
        "Name": "crawl",
        "Role": role,
        "DatabaseName": "lake",
        "Targets": {
            "S3Targets": [{"Path": "s3://lake/books", "Exclusions": ["*.tmp"]}],
            "DynamoDBTargets": [{"Path": "books"}],
        },
        "Schedule": {"ScheduleExpression": "cron(0 1 * * ? *)"},
        "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"},
        "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
        "LakeFormationConfiguration": {"UseLakeFormationCredentials": True},
        "Configuration": '{"Version":1.0}',
        "TablePrefix": "raw_",
        "Description": "d1",
        "Tags": TAGS,
    }
    made = bench.make("AWS::Glue::Crawler", "Crawl", **declared)
    assert (made.ref, made.unapplied, bench.lost(made)) == ("crawl", (), set())
    fewer = {name: value for name, value in declared.items() if name not in ("Schedule", "TablePrefix", "Description")}
    changed = bench.change(made, **{**fewer, "DatabaseName": "other", "Tags": {"team": "night"}})
    assert bench.lost(changed) == set()
    told = bench.client("glue").get_crawler(Name="crawl")["Crawler"]
    assert ("Schedule" in told, told["TablePrefix"]) == (False, "")
    bench.delete(changed)
    bench.delete(changed)
    assert bench.client("glue").list_crawlers()["CrawlerNames"] == []
    with pytest.raises(ClientError, match="Service is unable to assume provided role"):
        bench.make("AWS::Glue::Crawler", "Crawl", **{**declared, "Role": "arn:aws:iam::123456789012:role/none"})


def test_a_job(bench, role):
    declared = {
        "Name": "job",
        "Role": role,
        "Command": {"Name": "glueetl", "ScriptLocation": "s3://code/job.py", "PythonVersion": "3"},
        "DefaultArguments": {"--job-language": "python"},
        "ExecutionProperty": {"MaxConcurrentRuns": 2},
        "GlueVersion": "5.0",
        "WorkerType": "G.1X",
        "NumberOfWorkers": 10,
        "Timeout": 60,
        "MaxRetries": 1,
        "ExecutionClass": "FLEX",
        "JobRunQueuingEnabled": True,
        "Tags": TAGS,
    }
    made = bench.make("AWS::Glue::Job", "Job", **declared)
    assert (made.ref, made.unapplied, bench.lost(made)) == ("job", (), set())
    fewer = {name: value for name, value in declared.items() if name not in ("DefaultArguments", "ExecutionClass")}
    changed = bench.change(made, **{**fewer, "Timeout": 30})
    assert bench.lost(changed) == set()
    told = bench.client("glue").get_job(JobName="job")["Job"]
    assert (told["DefaultArguments"], told["ExecutionClass"]) == ({}, "STANDARD")
    bench.delete(changed)
    bench.delete(changed)
    assert bench.client("glue").list_jobs()["JobNames"] == []
    with pytest.raises(ClientError, match="should be given assume role permissions for Glue"):
        bench.make("AWS::Glue::Job", "Job", **{**declared, "Role": "none"})


def test_a_workflow_and_its_trigger(bench):
    flow = bench.make("AWS::Glue::Workflow", "Flow", Name="flow", Description="d1", MaxConcurrentRuns=1, Tags=TAGS)
    assert (flow.ref, flow.unapplied, bench.lost(flow)) == ("flow", (), set())
    assert bench.lost(bench.change(flow, Name="flow", Description="d2", Tags=TAGS)) == set()
    declared = {
        "Name": "nightly",
        "Type": "SCHEDULED",
        "Schedule": "cron(0 2 * * ? *)",
        "WorkflowName": "flow",
        "StartOnCreation": True,
        "Actions": [{"JobName": "job", "Arguments": {"--day": "today"}, "Timeout": 5}],
        "Tags": TAGS,
    }
    made = bench.make("AWS::Glue::Trigger", "Nightly", **declared)
    assert (made.ref, made.unapplied, bench.lost(made)) == ("nightly", (), set())
    changed = bench.change(made, **{**declared, "Actions": [{"CrawlerName": "crawl"}]})
    assert bench.lost(changed) == set()
    for each in (changed, changed, flow, flow):
        bench.delete(each)
    assert bench.client("glue").list_triggers()["TriggerNames"] == []
    assert bench.client("glue").list_workflows()["Workflows"] == []


@pytest.mark.parametrize(
    ("kind", "declared", "change"),
    [
        (
            "AWS::Glue::Connection",
            {
                "CatalogId": "123456789012",
                "ConnectionInput": {
                    "Name": "db",
                    "ConnectionType": "JDBC",
                    "ConnectionProperties": {"JDBC_CONNECTION_URL": "jdbc:postgresql://db/x", "USERNAME": "u"},
                    "PhysicalConnectionRequirements": {"SubnetId": "subnet-1", "SecurityGroupIdList": ["sg-1"]},
                },
            },
            {"ConnectionInput": {"Name": "db", "ConnectionType": "NETWORK", "ConnectionProperties": {"A": "b"}}},
        ),
        (
            "AWS::Glue::Classifier",
            {"GrokClassifier": {"Name": "grok", "Classification": "log", "GrokPattern": "%{WORD:w}"}},
            {"GrokClassifier": {"Name": "grok", "Classification": "log", "GrokPattern": "%{INT:i}"}},
        ),
        (
            "AWS::Glue::Classifier",
            {"CsvClassifier": {"Name": "csv", "Delimiter": ";", "Header": ["a", "b"], "ContainsHeader": "PRESENT"}},
            {"CsvClassifier": {"Name": "csv", "Delimiter": ",", "Header": ["a", "b"]}},
        ),
        (
            "AWS::Glue::SecurityConfiguration",
            {
                "Name": "sec",
                "EncryptionConfiguration": {
                    "S3Encryptions": [{"S3EncryptionMode": "SSE-S3"}],
                    "CloudWatchEncryption": {"CloudWatchEncryptionMode": "DISABLED"},
                },
            },
            {},
        ),
        (
            "AWS::Glue::DataCatalogEncryptionSettings",
            {
                "CatalogId": "123456789012",
                "DataCatalogEncryptionSettings": {
                    "EncryptionAtRest": {"CatalogEncryptionMode": "SSE-KMS", "SseAwsKmsKeyId": "key-1"},
                    "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": False},
                },
            },
            {"DataCatalogEncryptionSettings": {"EncryptionAtRest": {"CatalogEncryptionMode": "DISABLED"}}},
        ),
        (
            "AWS::Glue::Registry",
            {"Name": "registry", "Description": "d1", "Tags": [{"Key": "team", "Value": "triage"}]},
            {"Description": "d2"},
        ),
    ],
)
def test_the_smaller_ones(bench, kind, declared, change):
    made = bench.make(kind, "It", **declared)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    if change:
        made = bench.change(made, **{**declared, **change})
        assert bench.lost(made) == set()
    bench.delete(made)
    bench.delete(made)


def test_a_schema(bench):
    registry = bench.make("AWS::Glue::Registry", "Registry", Name="registry")
    text = '{"type":"record","name":"Book","fields":[{"name":"id","type":"long"}]}'
    made = bench.make(
        "AWS::Glue::Schema",
        "Schema",
        Name="book",
        Registry={"Arn": registry.ref},
        DataFormat="AVRO",
        Compatibility="BACKWARD",
        SchemaDefinition=text,
    )
    assert made.ref == made["Arn"] == "arn:aws:glue:us-east-1:123456789012:schema/registry/book"
    assert made.unapplied == ()
    assert len(made["InitialSchemaVersionId"]) == 36
    more = text.replace('"long"', '"string"')
    version = bench.make("AWS::Glue::SchemaVersion", "Two", Schema={"SchemaArn": made.ref}, SchemaDefinition=more)
    assert version.ref == version["VersionId"]
    bench.delete(version)
    bench.delete(made)
    bench.delete(made)
    bench.delete(registry)
