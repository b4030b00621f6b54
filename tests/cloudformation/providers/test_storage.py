"""File systems and backups keep what they are told, and refuse what AWS refuses."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]
TRUST = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}


@pytest.fixture
def network(bench):
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16").ref
    subnet = bench.make("AWS::EC2::Subnet", "S", VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone="us-east-1a").ref
    other = bench.make("AWS::EC2::Subnet", "O", VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1a").ref
    walls = [bench.make("AWS::EC2::SecurityGroup", f"W{n}", GroupDescription="x", VpcId=vpc)["GroupId"] for n in "ab"]
    return subnet, other, walls


def test_a_file_system_keeps_everything_and_changes(bench):
    efs = bench.client("efs")
    key = bench.make("AWS::KMS::Key", "Key")["Arn"]
    fixed: dict[str, Any] = {"Encrypted": True, "KmsKeyId": key, "PerformanceMode": "generalPurpose"}
    allow = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "elasticfilesystem:ClientMount"}
    system = bench.make(
        "AWS::EFS::FileSystem",
        "Files",
        **fixed,
        ThroughputMode="provisioned",
        ProvisionedThroughputInMibps=100,
        LifecyclePolicies=[{"TransitionToIA": "AFTER_30_DAYS"}, {"TransitionToArchive": "AFTER_90_DAYS"}],
        BackupPolicy={"Status": "ENABLED"},
        FileSystemPolicy={"Version": "2012-10-17", "Statement": [allow]},
        FileSystemProtection={"ReplicationOverwriteProtection": "DISABLED"},
        ReplicationConfiguration={"Destinations": [{"Region": "eu-west-1"}]},
        FileSystemTags=TAGS,
    )
    assert (system.unapplied, bench.lost(system)) == ((), set())
    assert system["Arn"] == f"arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/{system.ref}"
    assert len(bench.client("efs", "eu-west-1").describe_file_systems()["FileSystems"]) == 1
    changed = bench.change(system, **fixed, ThroughputMode="elastic")
    facts = efs.describe_file_systems()["FileSystems"][0]
    assert (facts["ThroughputMode"], "ProvisionedThroughputInMibps" in facts) == ("elastic", False)
    assert efs.describe_lifecycle_configuration(FileSystemId=system.ref)["LifecyclePolicies"] == []
    for ask in (efs.describe_backup_policy, efs.describe_file_system_policy):
        with pytest.raises(ClientError, match="PolicyNotFound"):
            ask(FileSystemId=system.ref)
    bench.delete(changed)
    bench.delete(changed)
    assert efs.describe_file_systems()["FileSystems"] == []


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"ThroughputMode": "provisioned"}, "ProvisionedThroughputInMibps"),
        ({"Encrypted": True, "KmsKeyId": "0123-nobody"}, "KMS key"),
    ],
)
def test_what_efs_refuses(bench, properties, words):
    with pytest.raises(ClientError, match=words):
        bench.make("AWS::EFS::FileSystem", **properties)


def test_one_mount_target_in_a_zone_and_a_door(bench, network):
    subnet, other, walls = network
    system = bench.make("AWS::EFS::FileSystem", "Files")
    target: dict[str, Any] = {"FileSystemId": system.ref, "SubnetId": subnet}
    mount = bench.make("AWS::EFS::MountTarget", "Mount", **target, SecurityGroups=walls[:1])
    assert (mount.unapplied, bench.lost(mount)) == ((), set())
    assert mount["IpAddress"].startswith("10.0.0.")
    with pytest.raises(ClientError, match="already exists in this AZ"):
        bench.make("AWS::EFS::MountTarget", "Second", **{**target, "SubnetId": other}, SecurityGroups=walls)
    with pytest.raises(ClientError, match="Must delete all mount targets"):
        bench.delete(system)
    mount = bench.change(mount, **target, SecurityGroups=walls)
    assert bench.lost(mount) == set()
    door = bench.make(
        "AWS::EFS::AccessPoint",
        "Door",
        FileSystemId=system.ref,
        PosixUser={"Uid": "1000", "Gid": "1000", "SecondaryGids": ["2000"]},
        RootDirectory={"Path": "/app", "CreationInfo": {"OwnerUid": "1000", "OwnerGid": "1000", "Permissions": "750"}},
        AccessPointTags=TAGS,
    )
    assert (door.unapplied, bench.lost(door)) == ((), set())
    for thing in (door, mount, system):
        bench.delete(thing)
    assert bench.client("efs").describe_access_points()["AccessPoints"] == []


def test_a_vault_is_locked_watched_and_changed(bench):
    backup = bench.client("backup")
    key = bench.make("AWS::KMS::Key", "Key")["Arn"]
    topic = bench.make("AWS::SNS::Topic", "Told").ref
    fixed: dict[str, Any] = {"BackupVaultName": "safe", "EncryptionKeyArn": key}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}
    vault = bench.make(
        "AWS::Backup::BackupVault",
        "Vault",
        **fixed,
        AccessPolicy={"Version": "2012-10-17", "Statement": [deny]},
        LockConfiguration={"MinRetentionDays": 7, "MaxRetentionDays": 365, "ChangeableForDays": 3},
        Notifications={"SNSTopicArn": topic, "BackupVaultEvents": ["BACKUP_JOB_FAILED"]},
        BackupVaultTags={"team": "triage"},
    )
    assert (vault.unapplied, bench.lost(vault)) == ((), set())
    assert backup.describe_backup_vault(BackupVaultName="safe")["Locked"]
    with pytest.raises(ClientError, match="MinRetentionDays cannot be greater"):
        bench.make(
            "AWS::Backup::BackupVault",
            "No",
            BackupVaultName="no",
            LockConfiguration={"MinRetentionDays": 8, "MaxRetentionDays": 7},
        )
    changed = bench.change(vault, **fixed)
    assert not backup.describe_backup_vault(BackupVaultName="safe")["Locked"]
    with pytest.raises(ClientError, match="ResourceNotFound"):
        backup.get_backup_vault_access_policy(BackupVaultName="safe")
    bench.delete(changed)
    bench.delete(changed)
    assert backup.list_backup_vaults()["BackupVaultList"] == []


def plan(name: str, **lifecycle: Any) -> dict[str, Any]:
    copy = {"DestinationBackupVaultArn": "arn:aws:backup:eu-west-1:123456789012:backup-vault:far"}
    rule = {
        "RuleName": "nightly",
        "TargetBackupVault": "safe",
        "ScheduleExpression": "cron(0 5 * * ? *)",
        "StartWindowMinutes": 60,
        "EnableContinuousBackup": False,
        "Lifecycle": {"DeleteAfterDays": 35, **lifecycle},
        "CopyActions": [{**copy, "Lifecycle": {"DeleteAfterDays": 36}}],
        "RecoveryPointTags": {"from": "plan"},
    }
    vss = {"ResourceType": "EC2", "BackupOptions": {"WindowsVSS": "enabled"}}
    return {"BackupPlanName": name, "BackupPlanRule": [rule], "AdvancedBackupSettings": [vss]}


def test_a_plan_and_what_it_selects(bench):
    backup = bench.client("backup")
    with pytest.raises(ClientError, match="Backup vault safe does not exist"):
        bench.make("AWS::Backup::BackupPlan", "Plan", BackupPlan=plan("daily"))
    bench.make("AWS::Backup::BackupVault", "Vault", BackupVaultName="safe")
    with pytest.raises(ClientError, match="less than 90 days apart"):
        bench.make("AWS::Backup::BackupPlan", "Plan", BackupPlan=plan("daily", MoveToColdStorageAfterDays=1))
    made = bench.make("AWS::Backup::BackupPlan", "Plan", BackupPlan=plan("daily"), BackupPlanTags={"team": "triage"})
    assert (made.unapplied, bench.lost(made)) == ((), set())
    role = bench.make("AWS::IAM::Role", "Role", AssumeRolePolicyDocument=TRUST)["Arn"]
    wanted = {
        "SelectionName": "all",
        "IamRoleArn": role,
        "ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "daily"}],
        "Resources": ["arn:aws:dynamodb:*:*:table/*"],
    }
    with pytest.raises(ClientError, match="does not exist"):
        nobody = {**wanted, "IamRoleArn": f"{role}no"}
        bench.make("AWS::Backup::BackupSelection", "No", BackupPlanId=made.ref, BackupSelection=nobody)
    selection = bench.make("AWS::Backup::BackupSelection", "All", BackupPlanId=made.ref, BackupSelection=wanted)
    assert (selection.unapplied, bench.lost(selection)) == ((), set())
    assert selection.ref == f"{selection['SelectionId']}_{made.ref}"
    with pytest.raises(ClientError, match="selections must be deleted prior"):
        bench.delete(made)
    changed = bench.change(made, BackupPlan=plan("weekly"))
    assert backup.get_backup_plan(BackupPlanId=made.ref)["BackupPlan"]["BackupPlanName"] == "weekly"
    assert changed["VersionId"] != made["VersionId"]
    for thing in (selection, selection, changed, changed):
        bench.delete(thing)
    assert backup.list_backup_plans()["BackupPlansList"] == []


def test_what_is_watched_reported_and_tried(bench):
    role = bench.make("AWS::IAM::Role", "Role", AssumeRolePolicyDocument=TRUST)["Arn"]
    controls = [
        {
            "ControlName": "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN",
            "ControlScope": {"ComplianceResourceTypes": ["RDS"]},
        }
    ]
    framework = bench.make(
        "AWS::Backup::Framework",
        "F",
        FrameworkName="ours",
        FrameworkControls=controls,
        FrameworkDescription="what holds",
    )
    report = bench.make(
        "AWS::Backup::ReportPlan",
        "R",
        ReportPlanName="reports",
        ReportDeliveryChannel={"S3BucketName": "reports-here", "Formats": ["CSV"]},
        ReportSetting={"ReportTemplate": "BACKUP_JOB_REPORT"},
    )
    points = {"Algorithm": "LATEST_WITHIN_WINDOW", "IncludeVaults": ["*"], "RecoveryPointTypes": ["SNAPSHOT"]}
    tried: dict[str, Any] = {"RestoreTestingPlanName": "monthly", "RecoveryPointSelection": points}
    testing = bench.make("AWS::Backup::RestoreTestingPlan", "T", **tried, ScheduleExpression="cron(0 1 1 * ? *)")
    chosen: dict[str, Any] = {
        "RestoreTestingPlanName": "monthly",
        "RestoreTestingSelectionName": "databases",
        "ProtectedResourceType": "RDS",
        "IamRoleArn": role,
    }
    selection = bench.make(
        "AWS::Backup::RestoreTestingSelection", "S", **chosen, ProtectedResourceArns=["*"], ValidationWindowHours=2
    )
    for thing in (framework, report, testing, selection):
        assert (thing.unapplied, bench.lost(thing)) == ((), set()), thing.type
    testing = bench.change(testing, **tried, ScheduleExpression="cron(0 2 1 * ? *)")
    selection = bench.change(selection, **chosen, ProtectedResourceArns=["*"], ValidationWindowHours=5)
    framework = bench.change(framework, FrameworkName="ours", FrameworkControls=controls)
    for thing in (testing, selection, framework):
        assert bench.lost(thing) == set(), thing.type
    for thing in (selection, testing, report, framework, selection, testing, report, framework):
        bench.delete(thing)
    assert bench.client("backup").list_frameworks()["Frameworks"] == []


def test_an_fsx_file_system(bench, network):
    subnet, _, walls = network
    fsx = bench.client("fsx")
    fixed: dict[str, Any] = {"FileSystemType": "LUSTRE", "SubnetIds": [subnet], "SecurityGroupIds": walls}
    settings = {"DeploymentType": "PERSISTENT_2", "PerUnitStorageThroughput": 125, "DataCompressionType": "LZ4"}
    made = bench.make(
        "AWS::FSx::FileSystem",
        "Fast",
        **fixed,
        FileSystemTypeVersion="2.15",
        StorageCapacity=1200,
        LustreConfiguration=settings,
        Tags=TAGS,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert made["DNSName"] == f"{made.ref}.fsx.us-east-1.amazonaws.com"
    assert made["LustreMountName"]
    with pytest.raises(ClientError, match="exactly 2 subnet"):
        windows = {"DeploymentType": "MULTI_AZ_1", "ThroughputCapacity": 32}
        wrong = {**fixed, "FileSystemType": "WINDOWS", "WindowsConfiguration": windows}
        bench.make("AWS::FSx::FileSystem", "No", **wrong, StorageCapacity=100)
    with pytest.raises(ClientError, match="does not exist"):
        bench.make(
            "AWS::FSx::FileSystem", "No", **{**fixed, "SubnetIds": ["subnet-0123456789abcdef0"]}, StorageCapacity=1200
        )
    made = bench.change(
        made, **fixed, FileSystemTypeVersion="2.15", StorageCapacity=2400, LustreConfiguration=settings, Tags=TAGS
    )
    assert fsx.describe_file_systems()["FileSystems"][0]["StorageCapacity"] == 2400
    bench.delete(made)
    bench.delete(made)
    assert fsx.describe_file_systems()["FileSystems"] == []
