"""ECR: image repositories, and what holds for all of a registry."""

from __future__ import annotations

from typing import Any

from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call

_FILTERS = "filterType=ImageTagMutabilityExclusionFilterType filter=ImageTagMutabilityExclusionFilterValue"


class Repository(Table):
    """An image repository with its policies."""

    type = "AWS::ECR::Repository"
    untold = "EmptyOnDelete"
    service = "ecr"
    named = Name("RepositoryName", limit=256, lower=True)
    makes = call(
        "create_repository",
        "imageTagMutability=ImageTagMutability imageScanningConfiguration=ImageScanningConfiguration "
        "encryptionConfiguration=EncryptionConfiguration "
        "imageTagMutabilityExclusionFilters=ImageTagMutabilityExclusionFilters",
        names=_FILTERS,
        repositoryName="{name}",
    )
    then = (
        Setting(
            call(
                "put_image_tag_mutability",
                "imageTagMutability=ImageTagMutability "
                "imageTagMutabilityExclusionFilters=ImageTagMutabilityExclusionFilters",
                names=_FILTERS,
                repositoryName="{ref}",
            ),
            otherwise={"imageTagMutability": "MUTABLE"},
            at_create=False,
        ),
        Setting(
            call(
                "put_image_scanning_configuration",
                "imageScanningConfiguration=ImageScanningConfiguration",
                repositoryName="{ref}",
            ),
            otherwise={"imageScanningConfiguration": {"scanOnPush": False}},
            at_create=False,
        ),
        Setting(
            call(
                "put_lifecycle_policy",
                "lifecyclePolicyText=LifecyclePolicy.LifecyclePolicyText",
                repositoryName="{ref}",
            ),
            remove=call("delete_lifecycle_policy", repositoryName="{ref}"),
        ),
        Setting(
            call("set_repository_policy", "policyText=RepositoryPolicyText", repositoryName="{ref}"),
            remove=call("delete_repository_policy", repositoryName="{ref}"),
        ),
    )
    tags = Tags(call("tag_resource", resourceArn="{made.Arn}"), remove=call("untag_resource", resourceArn="{made.Arn}"))
    ref = "{name}"
    attributes = "Arn=repository.repositoryArn RepositoryUri=repository.repositoryUri"
    unmakes = call("delete_repository", "force=EmptyOnDelete", repositoryName="{ref}")
    reads = (
        call("describe_repositories", repositoryNames=["{ref}"]),
        call("get_lifecycle_policy", repositoryName="{ref}"),
        call("get_repository_policy", repositoryName="{ref}"),
        call("list_tags_for_resource", resourceArn="{made.Arn}"),
    )


class RegistryPolicy(Table):
    """Who else may replicate into the registry, or pull through it."""

    type = "AWS::ECR::RegistryPolicy"
    service = "ecr"
    makes = call("put_registry_policy", "policyText=PolicyText")
    then = (Setting(call("put_registry_policy", "policyText=PolicyText"), at_create=False),)
    ref = "{account}"
    attributes = "RegistryId={ref}"
    unmakes = call("delete_registry_policy")
    reads = (call("get_registry_policy"),)


class ReplicationConfiguration(Table):
    """Where else the registry's images go."""

    type = "AWS::ECR::ReplicationConfiguration"
    service = "ecr"
    makes = call("put_replication_configuration", "replicationConfiguration=ReplicationConfiguration")
    then = (
        Setting(
            call("put_replication_configuration", "replicationConfiguration=ReplicationConfiguration"), at_create=False
        ),
    )
    ref = "{account}"
    attributes = "RegistryId={ref}"
    unmakes = call("put_replication_configuration", replicationConfiguration={"rules": []})
    reads = (call("describe_registry"),)


class RegistryScanningConfiguration(Table):
    """How the registry's images are scanned; afterwards as in a new account."""

    type = "AWS::ECR::RegistryScanningConfiguration"
    service = "ecr"
    makes = call("put_registry_scanning_configuration", "rules=Rules scanType=ScanType")
    then = (Setting(call("put_registry_scanning_configuration", "rules=Rules scanType=ScanType"), at_create=False),)
    ref = "{account}"
    attributes = "RegistryId={ref}"
    unmakes = call("put_registry_scanning_configuration", rules=[], scanType="BASIC")
    reads = (call("get_registry_scanning_configuration"),)


class PullThroughCacheRule(Table):
    """Which images come from elsewhere when they are asked for here."""

    type = "AWS::ECR::PullThroughCacheRule"
    service = "ecr"
    named = Name("EcrRepositoryPrefix", limit=30, lower=True)
    makes = call(
        "create_pull_through_cache_rule",
        "credentialArn=CredentialArn customRoleArn=CustomRoleArn upstreamRegistry=UpstreamRegistry "
        "upstreamRegistryUrl=UpstreamRegistryUrl upstreamRepositoryPrefix=UpstreamRepositoryPrefix",
        ecrRepositoryPrefix="{name}",
    )
    ref = "{name}"
    unmakes = call("delete_pull_through_cache_rule", ecrRepositoryPrefix="{ref}")
    reads = (call("describe_pull_through_cache_rules", ecrRepositoryPrefixes=["{ref}"]),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """A well-known registry has a well-known address."""
        arguments = super().arguments(scope)
        known = _UPSTREAMS.get(str(arguments.get("upstreamRegistry")))
        return {"upstreamRegistryUrl": known, **arguments} if known else arguments


# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html, checked_on 2026-11-22
_UPSTREAMS = {
    "docker-hub": "registry-1.docker.io",
    "ecr-public": "public.ecr.aws",
    "github-container-registry": "ghcr.io",
    "gitlab-container-registry": "registry.gitlab.com",
    "k8s": "registry.k8s.io",
    "quay": "quay.io",
}

_TEMPLATE = (
    "appliedFor=AppliedFor customRoleArn=CustomRoleArn description=Description "
    "encryptionConfiguration=EncryptionConfiguration imageTagMutability=ImageTagMutability "
    "imageTagMutabilityExclusionFilters=ImageTagMutabilityExclusionFilters lifecyclePolicy=LifecyclePolicy "
    "repositoryPolicy=RepositoryPolicy resourceTags=ResourceTags"
)


class RepositoryCreationTemplate(Table):
    """What repositories that make themselves are like."""

    type = "AWS::ECR::RepositoryCreationTemplate"
    service = "ecr"
    named = Name("Prefix", limit=30, lower=True)
    makes = call("create_repository_creation_template", _TEMPLATE, prefix="{name}")
    then = (Setting(call("update_repository_creation_template", _TEMPLATE, prefix="{ref}"), at_create=False),)
    ref = "{name}"
    attributes = "CreatedAt=repositoryCreationTemplates[0].createdAt UpdatedAt=repositoryCreationTemplates[0].updatedAt"
    describes = call("describe_repository_creation_templates", prefixes=["{ref}"])
    unmakes = call("delete_repository_creation_template", prefix="{ref}")
    reads = (describes,)
