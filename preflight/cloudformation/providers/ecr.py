"""ECR: image repositories."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Name, Setting, Table, Tags, call


class Repository(Table):
    """An image repository with its policies."""

    type = "AWS::ECR::Repository"
    service = "ecr"
    named = Name("RepositoryName", limit=256, lower=True)
    makes = call(
        "create_repository",
        "imageTagMutability=ImageTagMutability imageScanningConfiguration=ImageScanningConfiguration "
        "encryptionConfiguration=EncryptionConfiguration",
        repositoryName="{name}",
    )
    then = (
        Setting(
            call("put_image_tag_mutability", "imageTagMutability=ImageTagMutability", repositoryName="{ref}"),
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
