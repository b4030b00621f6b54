"""CodeCommit: repositories; no git answers here."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Name, Table, call


class Repository(Table):
    """A repository."""

    type = "AWS::CodeCommit::Repository"
    service = "codecommit"
    named = Name("RepositoryName", limit=100)
    makes = call("create_repository", "repositoryDescription=RepositoryDescription", repositoryName="{name}")
    drops = "Code KmsKeyId Tags Triggers"
    ref = "repositoryMetadata.repositoryId"
    attributes = (
        "Arn=repositoryMetadata.Arn CloneUrlHttp=repositoryMetadata.cloneUrlHttp "
        "CloneUrlSsh=repositoryMetadata.cloneUrlSsh Name=repositoryMetadata.repositoryName "
        "RepositoryId=repositoryMetadata.repositoryId"
    )
    unmakes = call("delete_repository", repositoryName="{made.Name}")
    reads = (call("get_repository", repositoryName="{made.Name}"),)
