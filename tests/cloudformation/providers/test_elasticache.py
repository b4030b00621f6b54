"""Caches keep what they are told, have their endpoints, and refuse what ElastiCache refuses."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]


@pytest.fixture
def network(bench):
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16").ref
    subnets = [
        bench.make(
            "AWS::EC2::Subnet", f"S{n}", VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}"
        ).ref
        for n, zone in enumerate("ab")
    ]
    wall = bench.make("AWS::EC2::SecurityGroup", "Wall", GroupDescription="x", VpcId=vpc)["GroupId"]
    group = bench.make("AWS::ElastiCache::SubnetGroup", "G", Description="both", SubnetIds=subnets, Tags=TAGS)
    return group, wall


def test_groups(bench, network):
    group, _ = network
    client = bench.client("elasticache")
    assert (group.unapplied, bench.lost(group)) == ((), set())
    settings: dict[str, Any] = {"CacheParameterGroupFamily": "redis7", "Description": "ours"}
    made = bench.make(
        "AWS::ElastiCache::ParameterGroup",
        "P",
        **settings,
        Properties={"maxmemory-policy": "allkeys-lru", "timeout": "20"},
        Tags=TAGS,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    made = bench.change(made, **settings, Properties={"timeout": "40"})
    told = client.describe_cache_parameters(CacheParameterGroupName=made.ref)["Parameters"]
    assert [(each["ParameterName"], each["ParameterValue"]) for each in told] == [("timeout", "40")]
    with pytest.raises(ClientError, match="InvalidSubnet"):
        bench.make("AWS::ElastiCache::SubnetGroup", "No", Description="x", SubnetIds=["subnet-0123"])
    for thing in (made, made, group, group):
        bench.delete(thing)
    assert client.describe_cache_subnet_groups()["CacheSubnetGroups"] == []


def test_a_replicated_cache(bench, network):
    group, wall = network
    client = bench.client("elasticache")
    fixed: dict[str, Any] = {
        "ReplicationGroupId": "notes",
        "ReplicationGroupDescription": "notes",
        "Engine": "valkey",
        "CacheSubnetGroupName": group.ref,
        "SecurityGroupIds": [wall],
        "AtRestEncryptionEnabled": True,
        "TransitEncryptionEnabled": True,
        "NumCacheClusters": 2,
    }
    made = bench.make(
        "AWS::ElastiCache::ReplicationGroup",
        **fixed,
        CacheNodeType="cache.t4g.micro",
        EngineVersion="8.0",
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        SnapshotRetentionLimit=5,
        SnapshotWindow="03:00-04:00",
        AuthToken="a-very-long-token-here",
        Tags=TAGS,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    facts = client.describe_replication_groups()["ReplicationGroups"][0]
    assert (facts["AutomaticFailover"], facts["MultiAZ"], facts["AuthTokenEnabled"]) == ("enabled", "enabled", True)
    assert made["PrimaryEndPoint.Port"] == "6379"
    assert made["PrimaryEndPoint.Address"].startswith("notes.")
    assert made["ReaderEndPoint.Address"].startswith("notes-ro.")
    assert len({each["PreferredAvailabilityZone"] for each in facts["NodeGroups"][0]["NodeGroupMembers"]}) == 2
    with pytest.raises(ClientError, match="in use"):
        bench.delete(group)
    changed = bench.change(made, **fixed, CacheNodeType="cache.m7g.large", AuthToken="a-very-long-token-here")
    facts = client.describe_replication_groups()["ReplicationGroups"][0]
    assert (facts["CacheNodeType"], facts["MultiAZ"], facts["SnapshotRetentionLimit"]) == (
        "cache.m7g.large",
        "disabled",
        0,
    )
    more = {**fixed, "NumCacheClusters": 4}
    changed = bench.change(changed, **more, CacheNodeType="cache.m7g.large")
    facts = client.describe_replication_groups()["ReplicationGroups"][0]
    assert (len(facts["MemberClusters"]), facts["AuthTokenEnabled"]) == (4, False)
    changed = bench.change(changed, **fixed, CacheNodeType="cache.m7g.large")
    assert len(client.describe_cache_clusters()["CacheClusters"]) == 2
    bench.delete(changed)
    bench.delete(changed)
    assert client.describe_cache_clusters()["CacheClusters"] == []


def test_shards_have_one_configuration_endpoint(bench):
    made = bench.make(
        "AWS::ElastiCache::ReplicationGroup",
        ReplicationGroupDescription="x",
        NumNodeGroups=3,
        ReplicasPerNodeGroup=1,
        AutomaticFailoverEnabled=True,
        CacheNodeType="cache.t4g.micro",
    )
    facts = bench.client("elasticache").describe_replication_groups()["ReplicationGroups"][0]
    assert (facts["ClusterEnabled"], len(facts["MemberClusters"])) == (True, 6)
    assert [each["Slots"] for each in facts["NodeGroups"]][-1].endswith("-16383")
    assert made["ConfigurationEndPoint.Address"].startswith("clustercfg.")


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"AutomaticFailoverEnabled": True}, "at least 2 cache clusters"),
        ({"MultiAZEnabled": True, "NumCacheClusters": 2}, "automatic failover enabled"),
        ({"AuthToken": "a-very-long-token-here"}, "TransitEncryptionEnabled"),
        ({"CacheSubnetGroupName": "nobody"}, "nobody not found"),
        ({"SecurityGroupIds": ["sg-0123"]}, "security group IDs are invalid"),
    ],
)
def test_what_elasticache_refuses(bench, properties, words):
    with pytest.raises(ClientError, match=words):
        bench.make("AWS::ElastiCache::ReplicationGroup", ReplicationGroupDescription="x", **properties)


def test_a_cluster_and_a_serverless_cache(bench, network):
    group, wall = network
    client = bench.client("elasticache")
    fixed: dict[str, Any] = {"ClusterName": "pages", "Engine": "memcached", "CacheSubnetGroupName": group.ref}
    made = bench.make(
        "AWS::ElastiCache::CacheCluster",
        "C",
        **fixed,
        NumCacheNodes=2,
        CacheNodeType="cache.t4g.micro",
        AZMode="cross-az",
        VpcSecurityGroupIds=[wall],
        Port=11311,
        Tags=TAGS,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert made["ConfigurationEndpoint.Port"] == "11311"
    made = bench.change(made, **fixed, NumCacheNodes=3, CacheNodeType="cache.t4g.micro", Port=11311)
    assert len(client.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"][0]["CacheNodes"]) == 3
    limits = {"DataStorage": {"Maximum": 10, "Unit": "GB"}, "ECPUPerSecond": {"Maximum": 5000}}
    cache = bench.make(
        "AWS::ElastiCache::ServerlessCache",
        "S",
        ServerlessCacheName="auto",
        Engine="valkey",
        CacheUsageLimits=limits,
        SecurityGroupIds=[wall],
        Description="grows",
        Tags=TAGS,
    )
    assert (cache.unapplied, bench.lost(cache)) == ((), set())
    assert cache["Endpoint.Port"] == "6379"
    for thing in (made, cache, made, cache):
        bench.delete(thing)
    assert client.describe_serverless_caches()["ServerlessCaches"] == []


def test_users_and_their_group(bench):
    every: dict[str, Any] = {"Engine": "redis", "AccessString": "on ~* +@all"}
    default = bench.make(
        "AWS::ElastiCache::User", "D", UserId="nobody", UserName="default", NoPasswordRequired=True, **every
    )
    keeper = bench.make(
        "AWS::ElastiCache::User",
        "K",
        UserId="keeper",
        UserName="keeper",
        Tags=TAGS,
        AuthenticationMode={"Type": "password", "Passwords": ["sixteen-characters"]},
        **every,
    )
    assert (keeper.unapplied, bench.lost(keeper)) == ((), set())
    with pytest.raises(ClientError, match="default user"):
        bench.make("AWS::ElastiCache::UserGroup", "No", Engine="redis", UserGroupId="no", UserIds=["keeper"])
    group = bench.make(
        "AWS::ElastiCache::UserGroup", "G", Engine="redis", UserGroupId="all", UserIds=["nobody", "keeper"]
    )
    assert (group.unapplied, bench.lost(group)) == ((), set())
    group = bench.change(group, Engine="redis", UserGroupId="all", UserIds=["nobody"])
    assert bench.client("elasticache").describe_user_groups()["UserGroups"][0]["UserIds"] == ["nobody"]
    for thing in (group, keeper, default):
        bench.delete(thing)
