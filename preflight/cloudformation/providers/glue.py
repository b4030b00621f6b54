"""Glue: the data catalog, and what crawls, transforms and connects it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import ABSENT, Name, Scope, Setting, Table, Tags, call


def _tags(kind: str) -> Tags:
    arn = f"arn:{{partition}}:glue:{{region}}:{{account}}:{kind}/{{ref}}"
    return Tags(call("tag_resource", ResourceArn=arn), remove=call("untag_resource", ResourceArn=arn), reserved=True)


class _Inside(Table):
    """A type whose name stands inside its input structure."""

    service = "glue"
    input = ""

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """The declared name, wherever it is; Glue writes names in lower case."""
        inner = declared.peek(self.input, {})
        told = inner.get("Name") if isinstance(inner, Mapping) else None
        if told is not None:
            declared[self.input].take("Name")
            return str(told)
        return super().name_of(declared, context, made)

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The input always names the thing."""
        inner = arguments.get(self.input)
        named = {self.input: {**inner, "Name": scope.name}} if inner is not None else {}
        return super().ask(scope, operation, {**arguments, **named})


class Database(_Inside):
    """A database of the data catalog."""

    type = "AWS::Glue::Database"
    untold = "CatalogId"
    input = "DatabaseInput"
    named = Name("DatabaseName", limit=255, lower=True)
    makes = call("create_database", "CatalogId DatabaseInput")
    then = (Setting(call("update_database", "CatalogId DatabaseInput", Name="{ref}"), at_create=False),)
    drops = "DatabaseInput.FederatedDatabase"
    ref = "{name}"
    unmakes = call("delete_database", "CatalogId", Name="{ref}")
    reads = (call("get_database", "CatalogId", Name="{ref}"),)


class CatalogTable(_Inside):
    """A table of the data catalog."""

    type = "AWS::Glue::Table"
    untold = "CatalogId"
    input = "TableInput"
    named = Name("Name", limit=255, lower=True)
    makes = call("create_table", "CatalogId DatabaseName TableInput")
    then = (Setting(call("update_table", "CatalogId DatabaseName TableInput"), at_create=False),)
    drops = "OpenTableFormatInput"
    ref = "{name}"
    unmakes = call("delete_table", "CatalogId DatabaseName", Name="{ref}")
    reads = (call("get_table", "CatalogId DatabaseName", Name="{ref}"),)


class Partition(Table):
    """A partition of a table."""

    type = "AWS::Glue::Partition"
    untold = "CatalogId"
    service = "glue"
    makes = call("create_partition", "CatalogId DatabaseName TableName PartitionInput")
    then = (
        Setting(
            call(
                "update_partition",
                "CatalogId DatabaseName TableName PartitionInput",
                PartitionValueList="{PartitionInput.Values}",
            ),
            at_create=False,
        ),
    )
    ref = "{name}"
    unmakes = call("delete_partition", "CatalogId DatabaseName TableName", PartitionValues="{PartitionInput.Values}")
    reads = (call("get_partition", "CatalogId DatabaseName TableName", PartitionValues="{PartitionInput.Values}"),)

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """The parts of its identifier."""
        values = ",".join(map(str, declared.peek("PartitionInput", {}).get("Values", [])))
        parts = (declared.peek("CatalogId", context.account), declared.peek("DatabaseName"), declared.peek("TableName"))
        return "|".join(map(str, (*parts, f"[{values}]")))


_CRAWLER = (
    "Classifiers Configuration CrawlerSecurityConfiguration DatabaseName Description LakeFormationConfiguration "
    "RecrawlPolicy Role Schedule=Schedule.ScheduleExpression SchemaChangePolicy TablePrefix Targets"
)


class Crawler(Table):
    """What looks through stores of data, and writes tables."""

    type = "AWS::Glue::Crawler"
    service = "glue"
    named = Name("Name", limit=255)
    makes = call("create_crawler", _CRAWLER, Name="{name}")
    then = (
        Setting(
            call("update_crawler", _CRAWLER, Name="{ref}"),
            otherwise={"Description": "", "TablePrefix": "", "Classifiers": [], "Schedule": ""},
            at_create=False,
        ),
    )
    tags = _tags("crawler")
    ref = "{name}"
    unmakes = call("delete_crawler", Name="{ref}")
    reads = (
        call("get_crawler", Name="{ref}"),
        call("get_tags", ResourceArn="arn:{partition}:glue:{region}:{account}:crawler/{ref}"),
    )


_JOB = (
    "AllocatedCapacity Command Connections DefaultArguments Description ExecutionClass ExecutionProperty GlueVersion "
    "JobMode JobRunQueuingEnabled LogUri MaintenanceWindow MaxCapacity MaxRetries NonOverridableArguments "
    "NotificationProperty NumberOfWorkers Role SecurityConfiguration Timeout WorkerType"
)


class Job(Table):
    """A script, and what it runs on."""

    type = "AWS::Glue::Job"
    service = "glue"
    named = Name("Name", limit=255)
    makes = call("create_job", _JOB, Name="{name}")
    then = (
        Setting(
            call("update_job", " ".join(f"JobUpdate.{each}={each}" for each in _JOB.split()), JobName="{ref}"),
            at_create=False,
        ),
    )
    tags = _tags("job")
    ref = "{name}"
    unmakes = call("delete_job", JobName="{ref}")
    reads = (
        call("get_job", JobName="{ref}"),
        call("get_tags", ResourceArn="arn:{partition}:glue:{region}:{account}:job/{ref}"),
    )


_TRIGGER = ("Actions", "Description", "EventBatchingCondition", "Predicate", "Schedule")


class Trigger(Table):
    """What starts jobs and crawlers, and when."""

    type = "AWS::Glue::Trigger"
    service = "glue"
    named = Name("Name", limit=255)
    makes = call("create_trigger", f"{' '.join(_TRIGGER)} StartOnCreation Type WorkflowName", Name="{name}")
    then = (
        Setting(
            call("update_trigger", " ".join(f"TriggerUpdate.{each}={each}" for each in _TRIGGER), Name="{ref}"),
            at_create=False,
        ),
    )
    in_place = frozenset({"StartOnCreation"})
    untold = "StartOnCreation"
    tags = _tags("trigger")
    ref = "{name}"
    unmakes = call("delete_trigger", Name="{ref}")
    reads = (
        call("get_trigger", Name="{ref}"),
        call("get_tags", ResourceArn="arn:{partition}:glue:{region}:{account}:trigger/{ref}"),
    )


class Workflow(Table):
    """Jobs, crawlers and triggers that belong together."""

    type = "AWS::Glue::Workflow"
    service = "glue"
    named = Name("Name", limit=255)
    makes = call("create_workflow", "DefaultRunProperties Description MaxConcurrentRuns", Name="{name}")
    then = (
        Setting(
            call("update_workflow", "DefaultRunProperties Description MaxConcurrentRuns", Name="{ref}"),
            otherwise={"Description": "", "DefaultRunProperties": {}},
            at_create=False,
        ),
    )
    tags = _tags("workflow")
    ref = "{name}"
    unmakes = call("delete_workflow", Name="{ref}")
    reads = (
        call("get_workflow", Name="{ref}"),
        call("get_tags", ResourceArn="arn:{partition}:glue:{region}:{account}:workflow/{ref}"),
    )


class Connection(_Inside):
    """How to reach a store of data."""

    type = "AWS::Glue::Connection"
    untold = "CatalogId"
    input = "ConnectionInput"
    named = Name("", limit=255)
    makes = call("create_connection", "CatalogId ConnectionInput")
    then = (Setting(call("update_connection", "CatalogId ConnectionInput", Name="{ref}"), at_create=False),)
    tags = _tags("connection")
    ref = "{name}"
    attributes = "Name={ref}"
    unmakes = call("delete_connection", "CatalogId", ConnectionName="{ref}")
    reads = (
        call("get_connection", "CatalogId", Name="{ref}"),
        call("get_tags", ResourceArn="arn:{partition}:glue:{region}:{account}:connection/{ref}"),
    )


class SecurityConfiguration(Table):
    """How jobs and crawlers encrypt what they write."""

    type = "AWS::Glue::SecurityConfiguration"
    service = "glue"
    named = Name("Name", limit=255)
    makes = call(
        "create_security_configuration",
        "EncryptionConfiguration",
        names="S3Encryption=S3Encryptions",
        Name="{name}",
    )
    ref = "{name}"
    unmakes = call("delete_security_configuration", Name="{ref}")
    reads = (call("get_security_configuration", Name="{ref}"),)


class DataCatalogEncryptionSettings(Table):
    """How the data catalog itself is encrypted; afterwards it is not."""

    type = "AWS::Glue::DataCatalogEncryptionSettings"
    untold = "CatalogId"
    service = "glue"
    makes = call("put_data_catalog_encryption_settings", "CatalogId DataCatalogEncryptionSettings")
    then = (
        Setting(
            call("put_data_catalog_encryption_settings", "CatalogId DataCatalogEncryptionSettings"), at_create=False
        ),
    )
    ref = "{CatalogId}"
    unmakes = call(
        "put_data_catalog_encryption_settings",
        "CatalogId",
        DataCatalogEncryptionSettings={
            "EncryptionAtRest": {"CatalogEncryptionMode": "DISABLED"},
            "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": False},
        },
    )
    reads = (call("get_data_catalog_encryption_settings", "CatalogId"),)


class Classifier(Table):
    """How a crawler tells what a file holds."""

    type = "AWS::Glue::Classifier"
    service = "glue"
    makes = call("create_classifier", "CsvClassifier GrokClassifier JsonClassifier XMLClassifier")
    then = (
        Setting(
            call("update_classifier", "CsvClassifier GrokClassifier JsonClassifier XMLClassifier"), at_create=False
        ),
    )
    ref = "{name}"
    attributes = "Name={ref}"
    unmakes = call("delete_classifier", Name="{ref}")
    reads = (call("get_classifier", Name="{ref}"),)

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """The name inside, else one made up."""
        if made is not None:
            return made.physical_id
        told = [each.get("Name") for each in declared.peek().values() if isinstance(each, Mapping)]
        return str(next((each for each in told if each), context.name()))

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The one classifier inside carries the name."""
        named = {key: {**each, "Name": scope.name} for key, each in arguments.items() if isinstance(each, Mapping)}
        return super().ask(scope, operation, {**arguments, **named})


class Registry(Table):
    """A registry of schemas."""

    type = "AWS::Glue::Registry"
    service = "glue"
    named = Name("Name", limit=255)
    makes = call("create_registry", "Description", RegistryName="{name}")
    then = (
        Setting(
            call("update_registry", "Description", RegistryId={"RegistryArn": "{ref}"}),
            otherwise={"Description": ""},
            at_create=False,
        ),
    )
    tags = Tags(call("tag_resource", ResourceArn="{ref}"), remove=call("untag_resource", ResourceArn="{ref}"))
    ref = "RegistryArn"
    attributes = "Arn={ref}"
    unmakes = call("delete_registry", RegistryId={"RegistryArn": "{ref}"})
    reads = (
        call("get_registry", RegistryId={"RegistryArn": "{ref}"}),
        call("get_tags", ResourceArn="{ref}"),
    )


class Schema(Table):
    """A schema, with its versions."""

    type = "AWS::Glue::Schema"
    service = "glue"
    named = Name("Name", limit=255)
    makes = call(
        "create_schema",
        "Compatibility DataFormat Description SchemaDefinition",
        SchemaName="{name}",
        RegistryId={"RegistryArn": "{Registry.Arn}", "RegistryName": "{Registry.Name}"},
    )
    then = (
        Setting(call("update_schema", "Compatibility Description", SchemaId={"SchemaArn": "{ref}"}), at_create=False),
    )
    tags = Tags(call("tag_resource", ResourceArn="{ref}"), remove=call("untag_resource", ResourceArn="{ref}"))
    drops = "CheckpointVersion"
    ref = "SchemaArn"
    attributes = "Arn={ref} InitialSchemaVersionId=SchemaVersionId"
    unmakes = call("delete_schema", SchemaId={"SchemaArn": "{ref}"})
    reads = (
        call("get_schema", SchemaId={"SchemaArn": "{ref}"}),
        call("get_schema_version", SchemaId={"SchemaArn": "{ref}"}, SchemaVersionNumber={"LatestVersion": True}),
        call("get_tags", ResourceArn="{ref}"),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """A registry is told by its ARN or by its name, by neither where there is the default one."""
        arguments = super().arguments(scope)
        if scope.fill("{Registry.Arn}") is not ABSENT:
            arguments["RegistryId"].pop("RegistryName", None)
        return arguments


class SchemaVersion(Table):
    """A further version of a schema."""

    type = "AWS::Glue::SchemaVersion"
    service = "glue"
    makes = call(
        "register_schema_version",
        "SchemaDefinition",
        SchemaId={
            "SchemaArn": "{Schema.SchemaArn}",
            "SchemaName": "{Schema.SchemaName}",
            "RegistryName": "{Schema.RegistryName}",
        },
    )
    ref = "SchemaVersionId"
    attributes = "VersionId={ref}"
    reads = (call("get_schema_version", SchemaVersionId="{ref}"),)
