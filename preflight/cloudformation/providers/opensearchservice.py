"""OpenSearch Service: domains; no search answers here."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Name, Setting, Table, Tags, call

_SETTINGS = (
    "AccessPolicies AdvancedOptions AdvancedSecurityOptions AutoTuneOptions ClusterConfig CognitoOptions "
    "DomainEndpointOptions EBSOptions EncryptionAtRestOptions LogPublishingOptions NodeToNodeEncryptionOptions "
    "SnapshotOptions VPCOptions"
)


class Domain(Table):
    """A search domain with its nodes, its network and who may use it."""

    type = "AWS::OpenSearchService::Domain"
    service = "opensearch"
    named = Name("DomainName", limit=28, lower=True)
    makes = call("create_domain", f"EngineVersion {_SETTINGS}", DomainName="{name}")
    then = (Setting(call("update_domain_config", _SETTINGS, DomainName="{ref}"), at_create=False),)
    drops = (
        "AIMLOptions AutomatedSnapshotPauseOptions DeploymentStrategyOptions EngineMode IPAddressType "
        "IdentityCenterOptions OffPeakWindowOptions SkipShardMigrationWait SoftwareUpdateOptions UseCase"
    )
    tags = Tags(call("add_tags", ARN="{made.Arn}"), remove=call("remove_tags", ARN="{made.Arn}"))
    ref = "{name}"
    attributes = (
        "Arn=DomainStatus.ARN DomainArn=DomainStatus.ARN Id=DomainStatus.DomainId DomainEndpoint=DomainStatus.Endpoint"
    )
    describes = call("describe_domain", DomainName="{ref}")
    unmakes = call("delete_domain", DomainName="{ref}")
    reads = (describes, call("list_tags", ARN="{made.Arn}"))
