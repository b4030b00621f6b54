"""CodeBuild: projects; nothing is built here."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Call, Name, Setting, Table, call

_PROJECT = (
    "artifacts=Artifacts cache=Cache description=Description encryptionKey=EncryptionKey environment=Environment "
    "logsConfig=LogsConfig queuedTimeoutInMinutes=QueuedTimeoutInMinutes serviceRole=ServiceRole source=Source "
    "sourceVersion=SourceVersion timeoutInMinutes=TimeoutInMinutes vpcConfig=VpcConfig "
    "concurrentBuildLimit=ConcurrentBuildLimit secondarySources=SecondarySources "
    "secondaryArtifacts=SecondaryArtifacts secondarySourceVersions=SecondarySourceVersions "
    "fileSystemLocations=FileSystemLocations buildBatchConfig=BuildBatchConfig autoRetryLimit=AutoRetryLimit tags=Tags"
)


class Project(Table):
    """What is built, from what, and on what."""

    type = "AWS::CodeBuild::Project"
    service = "codebuild"
    named = Name("Name", limit=255)
    makes = call("create_project", _PROJECT, name="{name}")
    then = (Setting(call("update_project", _PROJECT, name="{ref}"), at_create=False),)
    drops = "BadgeEnabled ResourceAccessRole Triggers Visibility"
    ref = "{name}"
    attributes = "Arn=project.arn Id={ref}"
    unmakes = call("delete_project", name="{ref}")
    reads = (Call("batch_get_projects", given={"names": ["{ref}"]}),)
