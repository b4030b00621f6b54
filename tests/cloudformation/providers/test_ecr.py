"""An image repository is made with its policies and goes when it is empty."""

from __future__ import annotations

import pytest


def test_a_repository(bench):
    ecr = bench.client("ecr")
    rule = {"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan"}}
    rule["selection"]["countNumber"] = 1
    rule["action"] = {"type": "expire"}
    made = bench.make(
        "AWS::ECR::Repository",
        "Images",
        RepositoryName="cdk-preflight-images",
        ImageTagMutability="IMMUTABLE",
        ImageScanningConfiguration={"ScanOnPush": "true"},
        EncryptionConfiguration={"EncryptionType": "AES256"},
        LifecyclePolicy={"LifecyclePolicyText": '{"rules": [' + str(rule).replace("'", '"') + "]}"},
        RepositoryPolicyText={
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": ["ecr:BatchGetImage"],
                    "Sid": "LambdaECRImageRetrievalPolicy",
                }
            ],
        },
        Tags=[{"Key": "team", "Value": "triage"}],
    )
    assert made.unapplied == ()
    assert {each.split("=")[0] for each in bench.lost(made)} <= {"LifecyclePolicy.LifecyclePolicyText"}
    assert '"rulePriority": 1' in ecr.get_lifecycle_policy(repositoryName=made.ref)["lifecyclePolicyText"]
    assert made["RepositoryUri"].endswith("/cdk-preflight-images")
    assert made["Arn"] == "arn:aws:ecr:us-east-1:123456789012:repository/cdk-preflight-images"

    changed = bench.change(made, RepositoryName=made.ref, EncryptionConfiguration={"EncryptionType": "AES256"})
    facts = ecr.describe_repositories()["repositories"][0]
    assert facts["imageTagMutability"] == "MUTABLE"
    assert facts["imageScanningConfiguration"]["scanOnPush"] is False
    assert bench.lost(changed) == set()
    for ask in (ecr.get_lifecycle_policy, ecr.get_repository_policy):
        try:
            ask(repositoryName=made.ref)
        except ecr.exceptions.ClientError as gone:
            assert "NotFound" in gone.response["Error"]["Code"]
        else:
            raise AssertionError("the policy is still there")
    bench.delete(changed)
    bench.delete(changed)
    assert ecr.describe_repositories()["repositories"] == []


@pytest.mark.parametrize(
    ("kind", "declared", "change"),
    [
        (
            "AWS::ECR::RegistryPolicy",
            {
                "PolicyText": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "Replicate",
                            "Effect": "Allow",
                            "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
                            "Action": ["ecr:ReplicateImage"],
                            "Resource": ["arn:aws:ecr:us-east-1:123456789012:repository/*"],
                        }
                    ],
                }
            },
            None,
        ),
        (
            "AWS::ECR::ReplicationConfiguration",
            {
                "ReplicationConfiguration": {
                    "Rules": [{"Destinations": [{"Region": "eu-west-1", "RegistryId": "123456789012"}]}]
                }
            },
            None,
        ),
        (
            "AWS::ECR::RegistryScanningConfiguration",
            {
                "ScanType": "BASIC",
                "Rules": [
                    {
                        "ScanFrequency": "SCAN_ON_PUSH",
                        "RepositoryFilters": [{"Filter": "labs*", "FilterType": "WILDCARD"}],
                    }
                ],
            },
            {"ScanType": "ENHANCED", "Rules": []},
        ),
        (
            "AWS::ECR::PullThroughCacheRule",
            {"EcrRepositoryPrefix": "public", "UpstreamRegistryUrl": "public.ecr.aws"},
            None,
        ),
        (
            "AWS::ECR::RepositoryCreationTemplate",
            {"Prefix": "labs", "AppliedFor": ["PULL_THROUGH_CACHE"], "Description": "d1"},
            {"Prefix": "labs", "AppliedFor": ["REPLICATION"], "Description": "d2"},
        ),
    ],
)
def test_what_holds_for_the_registry(bench, kind, declared, change):
    made = bench.make(kind, "It", **declared)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    if change:
        made = bench.change(made, **change)
        assert bench.lost(made) == set()
    bench.delete(made)
    bench.delete(made)


def test_tags_that_may_change_all_the_same(bench):
    declared = {
        "RepositoryName": "images",
        "ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "ImageTagMutabilityExclusionFilters": [
            {
                "ImageTagMutabilityExclusionFilterType": "WILDCARD",
                "ImageTagMutabilityExclusionFilterValue": "latest*",
            }
        ],
    }
    made = bench.make("AWS::ECR::Repository", "Images", **declared)
    assert made.unapplied == ()
    told = bench.client("ecr").describe_repositories()["repositories"][0]
    assert told["imageTagMutabilityExclusionFilters"] == [{"filterType": "WILDCARD", "filter": "latest*"}]
    bench.delete(made)
