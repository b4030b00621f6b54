"""An image repository is made with its policies and goes when it is empty."""

from __future__ import annotations


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
