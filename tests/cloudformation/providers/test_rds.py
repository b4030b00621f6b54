"""Databases keep what they are told, refuse what RDS refuses, and leave a snapshot where they should."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]
USER: dict[str, Any] = {"MasterUsername": "keeper", "MasterUserPassword": "long-enough"}
PLAIN: dict[str, Any] = {"Engine": "postgres", "DBInstanceClass": "db.t4g.micro", "AllocatedStorage": "20"}


@pytest.fixture
def network(bench):
    """A VPC with two subnets in two zones, and a security group."""
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16").ref
    subnets = [
        bench.make(
            "AWS::EC2::Subnet", f"S{n}", VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}"
        ).ref
        for n, zone in enumerate("ab")
    ]
    wall = bench.make("AWS::EC2::SecurityGroup", "Wall", GroupDescription="db", VpcId=vpc)["GroupId"]
    return {"vpc": vpc, "subnets": subnets, "wall": wall}


@pytest.fixture
def group(bench, network):
    return bench.make(
        "AWS::RDS::DBSubnetGroup",
        "Group",
        DBSubnetGroupName="Both",
        DBSubnetGroupDescription="both",
        SubnetIds=network["subnets"],
        Tags=TAGS,
    )


def role(bench, service: str) -> str:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    return bench.make("AWS::IAM::Role", service.replace(".", ""), AssumeRolePolicyDocument=trust)["Arn"]


def test_an_instance_keeps_everything_and_changes_in_place(bench, network, group):
    rds = bench.client("rds")
    key = bench.make("AWS::KMS::Key", "Key")["Arn"]
    settings = bench.make(
        "AWS::RDS::DBParameterGroup",
        "Settings",
        DBParameterGroupName="pg-settings",
        Family="postgres17",
        Description="pg",
        Parameters={"log_statement": "all", "rds.force_ssl": "1"},
        Tags=TAGS,
    )
    fixed: dict[str, Any] = {
        **PLAIN,
        **USER,
        "DBInstanceIdentifier": "Notes",
        "DBName": "notes",
        "DBSubnetGroupName": group.ref,
        "StorageEncrypted": True,
        "KmsKeyId": key,
        "EngineVersion": "17.4",
        "Port": "5433",
    }
    made = bench.make(
        "AWS::RDS::DBInstance",
        "Notes",
        **fixed,
        MultiAZ=True,
        BackupRetentionPeriod=7,
        DeletionProtection=True,
        PubliclyAccessible=False,
        VPCSecurityGroups=[network["wall"]],
        DBParameterGroupName=settings.ref,
        EnablePerformanceInsights=True,
        PerformanceInsightsRetentionPeriod=7,
        EnableCloudwatchLogsExports=["postgresql", "upgrade"],
        MonitoringInterval=60,
        MonitoringRoleArn=role(bench, "monitoring.rds.amazonaws.com"),
        EnableIAMDatabaseAuthentication=True,
        CopyTagsToSnapshot=True,
        StorageType="gp3",
        MaxAllocatedStorage=100,
        PreferredBackupWindow="03:00-04:00",
        PreferredMaintenanceWindow="sun:05:00-sun:06:00",
        AutoMinorVersionUpgrade=False,
        CACertificateIdentifier="rds-ca-rsa2048-g1",
        NetworkType="IPV4",
        DatabaseInsightsMode="standard",
        DeleteAutomatedBackups=False,
        Tags=TAGS,
    )
    assert made.unapplied == ()
    assert bench.lost(made) == set()
    facts = rds.describe_db_instances()["DBInstances"][0]
    assert made.ref == "notes"
    assert made["Endpoint.Port"] == "5433"
    assert made["Endpoint.Address"] == facts["Endpoint"]["Address"]
    assert made["DbiResourceId"].startswith("db-")
    assert {facts["AvailabilityZone"], facts["SecondaryAvailabilityZone"]} == {"us-east-1a", "us-east-1b"}
    with pytest.raises(ClientError, match="Cannot delete protected DB Instance"):
        bench.delete(made)
    with pytest.raises(ClientError, match="still using it"):
        bench.delete(group)
    with pytest.raises(ClientError, match="still members of this parameter group"):
        bench.delete(settings)

    changed = bench.change(
        made,
        **{**fixed, "AllocatedStorage": "40"},
        DBParameterGroupName=settings.ref,
        VPCSecurityGroups=[network["wall"]],
        EnableCloudwatchLogsExports=["upgrade"],
        Tags=[{"Key": "team", "Value": "other"}],
    )
    facts = rds.describe_db_instances()["DBInstances"][0]
    assert (facts["AllocatedStorage"], facts["MultiAZ"], facts["DeletionProtection"]) == (40, False, False)
    assert (facts["BackupRetentionPeriod"], facts["PerformanceInsightsEnabled"]) == (1, False)
    assert facts["EnabledCloudwatchLogsExports"] == ["upgrade"]
    assert {each["Value"] for each in facts["TagList"] if each["Key"] == "team"} == {"other"}
    again = bench.change(
        settings,
        Family="postgres17",
        Description="pg",
        DBParameterGroupName="pg-settings",
        Parameters={"log_statement": "ddl"},
        Tags=TAGS,
    )
    told = {
        each["ParameterName"]: each["ParameterValue"]
        for each in rds.describe_db_parameters(DBParameterGroupName="pg-settings")["Parameters"]
    }
    assert (told.get("log_statement"), "rds.force_ssl" in told) == ("ddl", False)
    assert (again.unapplied, bench.lost(again)) == ((), set())
    for thing in (changed, changed, again, group):
        bench.delete(thing)
    assert rds.describe_db_instances()["DBInstances"] == []
    assert rds.describe_db_subnet_groups()["DBSubnetGroups"] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"AllocatedStorage": "5"}, "Invalid storage size for engine name postgres and storage type gp2: 5"),
        ({"MasterUserPassword": "short"}, "shorter than 8 characters"),
        ({"MasterUserPassword": "with@sign-in-it"}, "Only printable ASCII characters besides"),
        ({"MasterUsername": "admin"}, "reserved word used by the engine"),
        ({"MasterUserPassword": ""}, "MasterUserPassword must be provided"),
        ({"EngineVersion": "99.1"}, "Cannot find version 99.1 for postgres"),
        ({"DBInstanceClass": "t4g.micro"}, "Invalid DB Instance class: t4g.micro"),
        ({"DBSubnetGroupName": "nobody"}, "DB[Ss]ubnet"),
        ({"VPCSecurityGroups": ["sg-0123456789abcdef0"]}, "Invalid security group , groupId= sg-0123456789abcdef0"),
        ({"DBParameterGroupName": "nobody"}, "nobody"),
        ({"StorageEncrypted": True, "KmsKeyId": "0123-nobody"}, "KMS key"),
        ({"MonitoringInterval": 60, "MonitoringRoleArn": "arn:aws:iam::123456789012:role/no"}, "ENHANCED_MONITORING"),
        ({"Engine": "cassandra"}, "cassandra"),
        ({"StorageType": "io1", "AllocatedStorage": "100"}, "IOPS value"),
    ],
)
def test_what_rds_refuses(bench, changes, words):
    with pytest.raises(ClientError, match=words):
        bench.make("AWS::RDS::DBInstance", **{**PLAIN, **USER, **changes})
    assert bench.client("rds").describe_db_instances()["DBInstances"] == []


def test_a_group_needs_two_zones_and_a_database_the_network_of_its_walls(bench, network, group):
    with pytest.raises(ClientError, match="Add subnets to cover at least 2 AZs"):
        bench.make("AWS::RDS::DBSubnetGroup", "One", DBSubnetGroupDescription="x", SubnetIds=network["subnets"][:1])
    other = bench.make("AWS::EC2::VPC", "Other", CidrBlock="10.9.0.0/16").ref
    wall = bench.make("AWS::EC2::SecurityGroup", "Far", GroupDescription="db", VpcId=other)["GroupId"]
    with pytest.raises(ClientError, match="are in different VPCs"):
        bench.make("AWS::RDS::DBInstance", **PLAIN, **USER, DBSubnetGroupName=group.ref, VPCSecurityGroups=[wall])


def test_rds_keeps_the_password_itself_where_it_is_told_to(bench):
    made = bench.make("AWS::RDS::DBInstance", **PLAIN, MasterUsername="keeper", ManageMasterUserPassword=True)
    secret = json.loads(
        bench.client("secretsmanager").get_secret_value(SecretId=made["MasterUserSecret.SecretArn"])["SecretString"]
    )
    assert (secret["username"], len(secret["password"])) == ("keeper", 28)
    assert made["Endpoint.Port"] == "5432"
    bench.delete(made)
    assert bench.client("secretsmanager").list_secrets()["SecretList"] == []


def test_replicas_follow_at_home_and_abroad(bench):
    source = bench.make("AWS::RDS::DBInstance", "Source", **PLAIN, **USER, BackupRetentionPeriod=0)
    near: dict[str, Any] = {"SourceDBInstanceIdentifier": source.ref, "DBInstanceClass": "db.t4g.small"}
    with pytest.raises(ClientError, match="Automated backups are not enabled"):
        bench.make("AWS::RDS::DBInstance", "Near", **near)
    source = bench.change(source, **PLAIN, **USER, BackupRetentionPeriod=1)
    replica = bench.make("AWS::RDS::DBInstance", "Near", **near, Tags=TAGS)
    bench.region = "eu-west-1"
    far = bench.make("AWS::RDS::DBInstance", "Far", **{**near, "SourceDBInstanceIdentifier": source["DBInstanceArn"]})
    bench.region = "us-east-1"
    facts = bench.client("rds").describe_db_instances(DBInstanceIdentifier=source.ref)["DBInstances"][0]
    assert len(facts["ReadReplicaDBInstanceIdentifiers"]) == 2
    assert replica["DbiResourceId"] != source["DbiResourceId"]
    assert (replica.unapplied, bench.lost(replica)) == ((), set())
    assert "eu-west-1" in far["Endpoint.Address"]
    for thing in (far, replica, source):
        bench.delete(thing)
    assert bench.client("rds").describe_db_instances()["DBInstances"] == []


def test_a_snapshot_is_kept_and_restored(bench):
    from preflight.cloudformation.ledger import Declared
    from preflight.cloudformation.providers import find_provider

    rds = bench.client("rds")
    made = bench.make("AWS::RDS::DBInstance", "Notes", **PLAIN, **USER, DBName="notes")
    provider = find_provider(made.type)
    provider.snapshot(made.made, Declared(made.properties), made.context)
    bench.delete(made)
    kept = [each for each in rds.describe_db_snapshots()["DBSnapshots"] if each["SnapshotType"] == "manual"]
    assert kept[0]["DBSnapshotIdentifier"].startswith("lab1-snapshot-notes-")
    back = bench.make(
        "AWS::RDS::DBInstance",
        "Back",
        DBSnapshotIdentifier=kept[0]["DBSnapshotIdentifier"],
        DBInstanceClass="db.t4g.small",
        BackupRetentionPeriod=3,
    )
    assert (back.unapplied, bench.lost(back)) == ((), set())
    assert rds.describe_db_instances()["DBInstances"][0]["DBName"] == "notes"


@pytest.mark.parametrize("storage", ["aurora", "aurora-iopt1"])
def test_a_cluster_in_either_kind_of_aurora_storage(bench, group, storage):
    asked = {"Engine": "aurora-postgresql", "DBClusterIdentifier": "notes", "DBSubnetGroupName": group.ref}
    users = {"MasterUsername": "keeper", "ManageMasterUserPassword": True}
    cluster = bench.make("AWS::RDS::DBCluster", **asked, **users, EngineVersion="17.4", StorageType=storage)
    assert cluster.unapplied == ()
    rds = bench.client("rds")
    default = rds.describe_db_clusters()["DBClusters"][0]["DBClusterParameterGroup"]
    assert default == "default.aurora-postgresql17"
    assert rds.describe_db_cluster_parameters(DBClusterParameterGroupName=default)["Parameters"] == []


@pytest.mark.parametrize(("version", "sleeps"), [("15.3", False), ("15.7", True), ("16", True), ("17.4", True)])
def test_from_which_version_on_a_cluster_sleeps(bench, group, version, sleeps):
    asked = {"Engine": "aurora-postgresql", "DBSubnetGroupName": group.ref, "EngineVersion": version}
    users = {"MasterUsername": "keeper", "ManageMasterUserPassword": True}
    scales = {"MinCapacity": 0, "MaxCapacity": 2, "SecondsUntilAutoPause": 300}
    if sleeps:
        assert bench.make("AWS::RDS::DBCluster", **asked, **users, ServerlessV2ScalingConfiguration=scales).ref
        return
    with pytest.raises(ClientError, match="isn't valid for the engine version"):
        bench.make("AWS::RDS::DBCluster", **asked, **users, ServerlessV2ScalingConfiguration=scales)


def test_a_parameter_group_of_another_family(bench, group):
    settings = bench.make("AWS::RDS::DBClusterParameterGroup", Family="aurora-postgresql15", Description="pg")
    with pytest.raises(ClientError, match="cannot be used for this instance"):
        bench.make(
            "AWS::RDS::DBCluster",
            Engine="aurora-postgresql",
            EngineVersion="16.4",
            DBSubnetGroupName=group.ref,
            DBClusterParameterGroupName=settings.ref,
            MasterUsername="keeper",
            ManageMasterUserPassword=True,
        )


def test_a_cluster_its_members_and_its_endpoints(bench, network, group):
    rds = bench.client("rds")
    settings = bench.make(
        "AWS::RDS::DBClusterParameterGroup",
        "Settings",
        Family="aurora-postgresql16",
        Description="pg",
        Parameters={"rds.force_ssl": "1"},
        Tags=TAGS,
    )
    assert (settings.unapplied, bench.lost(settings)) == ((), set())
    fixed: dict[str, Any] = {
        "Engine": "aurora-postgresql",
        "DBClusterIdentifier": "notes",
        "DatabaseName": "notes",
        "DBSubnetGroupName": group.ref,
        "MasterUsername": "keeper",
        "ManageMasterUserPassword": True,
        "StorageEncrypted": True,
    }
    cluster = bench.make(
        "AWS::RDS::DBCluster",
        "Cluster",
        **fixed,
        EngineVersion="16.4",
        VpcSecurityGroupIds=[network["wall"]],
        DBClusterParameterGroupName=settings.ref,
        BackupRetentionPeriod=7,
        DeletionProtection=True,
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 4},
        EnableHttpEndpoint=True,
        EnableCloudwatchLogsExports=["postgresql"],
        EnableIAMDatabaseAuthentication=True,
        CopyTagsToSnapshot=True,
        PreferredBackupWindow="03:00-04:00",
        PreferredMaintenanceWindow="sun:05:00-sun:06:00",
        Tags=TAGS,
    )
    assert cluster.unapplied == ()
    assert bench.lost(cluster) == set()
    assert (cluster["Endpoint.Port"], cluster.ref) == ("5432", "notes")
    assert ".cluster-ro-" in cluster["ReadEndpoint.Address"]
    assert cluster["MasterUserSecret.SecretArn"].startswith("arn:aws:secretsmanager:")
    member = {"Engine": "aurora-postgresql", "DBClusterIdentifier": "notes", "DBInstanceClass": "db.serverless"}
    writer = bench.make("AWS::RDS::DBInstance", "Writer", **member, PromotionTier=0, PubliclyAccessible=False)
    reader = bench.make("AWS::RDS::DBInstance", "Reader", **member, PromotionTier=1, EnablePerformanceInsights=True)
    assert (reader.unapplied, bench.lost(reader)) == ((), set())
    facts = {each["DBInstanceIdentifier"]: each for each in rds.describe_db_instances()["DBInstances"]}
    assert facts[writer.ref]["AvailabilityZone"] != facts[reader.ref]["AvailabilityZone"]
    members = rds.describe_db_clusters()["DBClusters"][0]["DBClusterMembers"]
    assert [each["DBInstanceIdentifier"] for each in members if each["IsClusterWriter"]] == [writer.ref]
    own = bench.make(
        "AWS::RDS::DBClusterEndpoint",
        "Own",
        CustomEndpointType="READER",
        DBClusterEndpointIdentifier="reports",
        DBClusterIdentifier="notes",
        StaticMembers=[reader.ref],
        Tags=TAGS,
    )
    assert (own.unapplied, bench.lost(own)) == ((), set())
    assert own["Endpoint"].startswith("reports.cluster-custom-")

    cluster = bench.change(
        cluster,
        **fixed,
        EngineVersion="16.6",
        VpcSecurityGroupIds=[network["wall"]],
        ServerlessV2ScalingConfiguration={"MinCapacity": 1, "MaxCapacity": 8},
        Tags=TAGS,
    )
    facts = rds.describe_db_clusters()["DBClusters"][0]
    assert (facts["EngineVersion"], facts["BackupRetentionPeriod"], facts["DeletionProtection"]) == ("16.6", 1, False)
    assert facts["ServerlessV2ScalingConfiguration"]["MaxCapacity"] == 8
    assert facts["EnabledCloudwatchLogsExports"] == []
    reader = bench.change(reader, **{**member, "DBInstanceClass": "db.r7g.large"})
    with pytest.raises(ClientError, match="it still contains DB instances"):
        bench.delete(cluster)
    for thing in (own, reader, writer, cluster, cluster):
        bench.delete(thing)
    assert rds.describe_db_clusters()["DBClusters"] == []


def test_a_proxy_its_targets_and_a_further_endpoint(bench, network, group):
    rds = bench.client("rds")
    database = bench.make("AWS::RDS::DBInstance", "Db", **PLAIN, **USER, DBSubnetGroupName=group.ref)
    secret = bench.client("secretsmanager").create_secret(Name="login", SecretString="{}")["ARN"]
    fixed: dict[str, Any] = {
        "DBProxyName": "pool",
        "EngineFamily": "POSTGRESQL",
        "RoleArn": role(bench, "rds.amazonaws.com"),
        "VpcSubnetIds": network["subnets"],
        "Auth": [{"AuthScheme": "SECRETS", "SecretArn": secret, "IAMAuth": "REQUIRED"}],
    }
    with pytest.raises(ClientError, match="does not exist"):
        bench.make("AWS::RDS::DBProxy", "No", **{**fixed, "RoleArn": "arn:aws:iam::123456789012:role/nobody"})
    proxy = bench.make(
        "AWS::RDS::DBProxy",
        "Pool",
        **fixed,
        RequireTLS=True,
        IdleClientTimeout=900,
        VpcSecurityGroupIds=[network["wall"]],
        Tags=TAGS,
    )
    assert (proxy.unapplied, bench.lost(proxy)) == ((), set())
    assert proxy["DBProxyArn"].split(":")[5] == "db-proxy"
    with pytest.raises(ClientError, match="DBInstance nobody not found"):
        bench.make(
            "AWS::RDS::DBProxyTargetGroup",
            "T",
            DBProxyName="pool",
            TargetGroupName="default",
            DBInstanceIdentifiers=["nobody"],
        )
    targets = bench.make(
        "AWS::RDS::DBProxyTargetGroup",
        "T",
        DBProxyName="pool",
        TargetGroupName="default",
        DBInstanceIdentifiers=[database.ref],
        ConnectionPoolConfigurationInfo={
            "MaxConnectionsPercent": 80,
            "ConnectionBorrowTimeout": 30,
            "InitQuery": "SET x=1",
        },
    )
    assert (targets.unapplied, bench.lost(targets)) == ((), set())
    assert rds.describe_db_proxy_targets(DBProxyName="pool")["Targets"][0]["Port"] == 5432
    read = bench.make(
        "AWS::RDS::DBProxyEndpoint",
        "Read",
        DBProxyName="pool",
        DBProxyEndpointName="read",
        VpcSubnetIds=network["subnets"],
        TargetRole="READ_ONLY",
        Tags=TAGS,
    )
    assert (read.unapplied, bench.lost(read)) == ((), set())
    changed = bench.change(proxy, **fixed, IdleClientTimeout=600, Tags=TAGS)
    told = rds.describe_db_proxies()["DBProxies"][0]
    assert (told["RequireTLS"], told["IdleClientTimeout"]) == (False, 600)
    for thing in (read, targets, changed, changed):
        bench.delete(thing)
    assert rds.describe_db_proxies()["DBProxies"] == []


def test_options_events_and_global_clusters(bench):
    rds = bench.client("rds")
    options: dict[str, Any] = {
        "EngineName": "mysql",
        "MajorEngineVersion": "8.4",
        "OptionGroupDescription": "memcached",
        "OptionConfigurations": [
            {"OptionName": "MEMCACHED", "Port": 11211, "OptionSettings": [{"Name": "CHUNK_SIZE", "Value": "32"}]}
        ],
        "Tags": TAGS,
    }
    made = bench.make("AWS::RDS::OptionGroup", "Options", **options)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    made = bench.change(made, **{**options, "OptionConfigurations": []})
    assert rds.describe_option_groups(OptionGroupName=made.ref)["OptionGroupsList"][0]["Options"] == []
    bench.delete(made)

    topic = bench.make("AWS::SNS::Topic", "Alerts").ref
    told: dict[str, Any] = {"SnsTopicArn": topic, "SourceType": "db-instance"}
    with pytest.raises(ClientError, match="does not exist"):
        bench.make("AWS::RDS::EventSubscription", "No", **{**told, "SnsTopicArn": f"{topic}-no"})
    events = bench.make(
        "AWS::RDS::EventSubscription", "Events", **told, EventCategories=["failover"], SourceIds=["first"], Tags=TAGS
    )
    assert (events.unapplied, bench.lost(events)) == ((), set())
    events = bench.change(events, **told, EventCategories=["backup"], SourceIds=["second"], Enabled=False)
    assert (events.unapplied, bench.lost(events)) == ((), set())
    bench.delete(events)
    assert rds.describe_event_subscriptions()["EventSubscriptionsList"] == []

    whole = bench.make(
        "AWS::RDS::GlobalCluster",
        "World",
        GlobalClusterIdentifier="world",
        Engine="aurora-postgresql",
        DeletionProtection=True,
        StorageEncrypted=True,
    )
    assert (whole.unapplied, bench.lost(whole)) == ((), set())
    with pytest.raises(ClientError, match="Cannot delete protected"):
        bench.delete(whole)
    whole = bench.change(whole, GlobalClusterIdentifier="world", Engine="aurora-postgresql", StorageEncrypted=True)
    bench.delete(whole)
    assert rds.describe_global_clusters()["GlobalClusters"] == []
