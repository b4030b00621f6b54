"""Data stores as CDK writes them: every property applied, told again by its service, and gone with the stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from preflight.cloudformation.providers import Made, find_provider
from preflight.cloudformation.providers._table import Table
from preflight.clouds.offline import OfflineCloud
from preflight.template import Template
from tests.readback import lost

# what CDK 2.275.0 synthesizes of stores/app.py
STORES = Path(__file__).with_name("stores")


@pytest.fixture
def cloud() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


def make(cloud: OfflineCloud, name: str) -> Any:
    template = Template.load(STORES / f"{name}.template.json")
    return cloud.cloudformation.create_stack(name, template, region=cloud.region, account=cloud.account)


def not_told(cloud: OfflineCloud, stack: Any) -> set[tuple[str, str]]:
    """What the ledger calls applied and the services do not give back."""
    missing = set()
    for each in stack.resources.values():
        if isinstance(find_provider(each.type), Table):
            context = cloud.cloudformation.context(stack, each.logical_id, tags=each.tags)
            made = Made(each.physical_id, each.attributes)
            told = lost(made, each.type, each.sent, each.not_emulated, context)
            missing |= {(each.type, path) for path in told}
    return missing


@pytest.mark.parametrize("name", ["database", "cluster", "tables", "buckets"])
def test_everything_is_applied_and_told_again(cloud, name):
    stack = make(cloud, name)
    named = [
        each
        for each in stack.not_emulated
        if "CustomResourceProviderHandler" not in each[0] and "Handler" not in each[0]
    ]
    assert named == []
    assert {each.state for each in stack.resources.values()} == {"emulated"}
    services = ("AWS::RDS", "AWS::DynamoDB", "AWS::S3", "AWS::KMS", "AWS::SecretsManager", "AWS::Backup", "AWS::EFS")
    assert {each for each in not_told(cloud, stack) if each[0].startswith(services)} == set()
    cloud.delete(name)
    assert cloud.client("rds").describe_db_clusters()["DBClusters"] == []
    assert cloud.client("secretsmanager").list_secrets()["SecretList"] == []
    assert cloud.client("dynamodb").list_tables()["TableNames"] == []
    assert cloud.client("backup").list_backup_vaults()["BackupVaultList"] == []
    assert cloud.client("efs").describe_file_systems()["FileSystems"] == []
    assert cloud.client("s3").list_buckets()["Buckets"] == []
    assert len(cloud.client("ec2").describe_vpcs()["Vpcs"]) == 1


def test_a_database_knows_its_secret_and_leaves_a_snapshot(cloud):
    stack = make(cloud, "database")
    told = cloud.client("secretsmanager").get_secret_value(SecretId=str(stack.outputs["Secret"]))
    secret = json.loads(told["SecretString"])
    assert (secret["username"], secret["host"], secret["port"]) == ("keeper", stack.outputs["Host"], 5432)
    cloud.delete("database")
    left = [each["SnapshotType"] for each in cloud.client("rds").describe_db_snapshots()["DBSnapshots"]]
    assert left == ["manual"]


def test_a_cluster_reads_and_writes_at_different_addresses(cloud):
    stack = make(cloud, "cluster")
    writes, reads = str(stack.outputs["Writes"]), str(stack.outputs["Reads"])
    assert ".cluster-" in writes and ".cluster-ro-" in reads
    members = cloud.client("rds").describe_db_clusters()["DBClusters"][0]["DBClusterMembers"]
    assert sorted(each["IsClusterWriter"] for each in members) == [False, False, True]
    zones = {each["AvailabilityZone"] for each in cloud.client("rds").describe_db_instances()["DBInstances"]}
    assert len(zones) == 3
    assert ".db-proxy-" in str(stack.outputs["Pool"])


def test_a_bucket_is_copied_as_its_role_may(cloud):
    stack = make(cloud, "buckets")
    s3 = cloud.client("s3")
    names = {
        each.logical_id[:5]: each.physical_id for each in stack.resources.values() if each.type == "AWS::S3::Bucket"
    }
    s3.put_object(Bucket=names["Notes"], Key="one", Body=b"note")
    assert s3.list_objects_v2(Bucket=names["Copie"])["KeyCount"] == 1
