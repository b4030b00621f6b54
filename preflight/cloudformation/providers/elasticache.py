"""ElastiCache: caches of one cluster, replicated and serverless ones, their groups and their users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call, passing_over_gone

_LISTED = call("list_tags_for_resource", ResourceName="{made.Arn}")


class _Cache(Table):
    """What carries tags by its ARN."""

    service = "elasticache"
    tags = Tags(
        call("add_tags_to_resource", ResourceName="{made.Arn}"),
        remove=call("remove_tags_from_resource", ResourceName="{made.Arn}"),
    )


class SubnetGroup(_Cache):
    """The subnets a cache may stand in."""

    type = "AWS::ElastiCache::SubnetGroup"
    named = Name("CacheSubnetGroupName", limit=255, lower=True)
    makes = call(
        "create_cache_subnet_group", "CacheSubnetGroupDescription=Description SubnetIds", CacheSubnetGroupName="{name}"
    )
    then = (
        Setting(
            call(
                "modify_cache_subnet_group",
                "CacheSubnetGroupDescription=Description SubnetIds",
                CacheSubnetGroupName="{ref}",
            ),
            at_create=False,
        ),
    )
    ref = "CacheSubnetGroup.CacheSubnetGroupName"
    attributes = "Arn=CacheSubnetGroup.ARN"
    unmakes = call("delete_cache_subnet_group", CacheSubnetGroupName="{ref}")
    reads = (call("describe_cache_subnet_groups", CacheSubnetGroupName="{ref}"), _LISTED)


class ParameterGroup(_Cache):
    """Settings of an engine."""

    type = "AWS::ElastiCache::ParameterGroup"
    named = Name("CacheParameterGroupName", limit=255, lower=True)
    makes = call(
        "create_cache_parameter_group", "CacheParameterGroupFamily Description", CacheParameterGroupName="{name}"
    )
    in_place = frozenset({"Description"})
    ref = "CacheParameterGroup.CacheParameterGroupName"
    attributes = "Arn=CacheParameterGroup.ARN CacheParameterGroupName={ref}"
    unmakes = call("delete_cache_parameter_group", CacheParameterGroupName="{ref}")
    reads = (
        call("describe_cache_parameter_groups", CacheParameterGroupName="{ref}"),
        call("describe_cache_parameters", CacheParameterGroupName="{ref}"),
        _LISTED,
    )

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Set the parameters."""
        self._set(scope, "modify_cache_parameter_group", scope.declared.take("Properties") or {})
        super().finish(scope, answer)

    def change(self, before: Scope, after: Scope) -> None:
        """Set what differs, reset what is gone."""
        old, new = before.declared.peek("Properties") or {}, after.declared.take("Properties") or {}
        gone = {name: value for name, value in old.items() if name not in new}
        self._set(after, "reset_cache_parameter_group", gone)
        self._set(after, "modify_cache_parameter_group", new)
        super().change(before, after)

    def _set(self, scope: Scope, operation: str, parameters: Mapping[str, Any]) -> None:
        rows = [{"ParameterName": name, "ParameterValue": str(value)} for name, value in parameters.items()]
        if rows:
            self.ask(scope, operation, {"CacheParameterGroupName": scope.ref, "ParameterNameValues": rows})


_CLUSTER = (
    "AZMode AutoMinorVersionUpgrade CacheNodeType CacheParameterGroupName EngineVersion IpDiscovery "
    "LogDeliveryConfigurations NotificationTopicArn NumCacheNodes PreferredMaintenanceWindow SnapshotRetentionLimit "
    "SnapshotWindow SecurityGroupIds=VpcSecurityGroupIds CacheSecurityGroupNames"
)


class CacheCluster(_Cache):
    """A cache of one Redis or several Memcached nodes."""

    type = "AWS::ElastiCache::CacheCluster"
    named = Name("ClusterName", limit=50, lower=True)
    makes = call(
        "create_cache_cluster",
        f"{_CLUSTER} CacheSubnetGroupName Engine NetworkType Port PreferredAvailabilityZone PreferredAvailabilityZones "
        "SnapshotArns SnapshotName TransitEncryptionEnabled",
        CacheClusterId="{name}",
    )
    then = (
        Setting(
            call("modify_cache_cluster", _CLUSTER, CacheClusterId="{ref}", ApplyImmediately=True),
            otherwise={"SnapshotRetentionLimit": 0},
            at_create=False,
        ),
    )
    ref = "CacheCluster.CacheClusterId"
    tells = "CacheClusterId=ClusterName"
    untold = "SnapshotArns SnapshotName AZMode PreferredAvailabilityZones"
    drops = "CacheSecurityGroupNames"
    describes = call("describe_cache_clusters", CacheClusterId="{ref}", ShowCacheNodeInfo=True)
    attributes = "Arn=CacheClusters[0].ARN"
    unmakes = call("delete_cache_cluster", CacheClusterId="{ref}")
    reads = (describes, _LISTED)

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        facts = next(iter(answer.get("CacheClusters", ())), answer.get("CacheCluster", {}))
        found = {**super()._attributes(scope, answer), "Arn": facts.get("ARN")}
        nodes = facts.get("CacheNodes") or [{}]
        ends = {"ConfigurationEndpoint": facts.get("ConfigurationEndpoint")}
        if facts.get("Engine") != "memcached":
            ends["RedisEndpoint"] = nodes[0].get("Endpoint")
        return found | _endpoints(ends)


def _endpoints(ends: Mapping[str, Any]) -> dict[str, str]:
    return {f"{name}.{part}": str(end[part]) for name, end in ends.items() if end for part in ("Address", "Port")}


_GROUP = (
    "AutoMinorVersionUpgrade AutomaticFailoverEnabled CacheNodeType CacheParameterGroupName ClusterMode EngineVersion "
    "Engine IpDiscovery LogDeliveryConfigurations MultiAZEnabled NotificationTopicArn PreferredMaintenanceWindow "
    "PrimaryClusterId ReplicationGroupDescription SecurityGroupIds SnapshotRetentionLimit SnapshotWindow "
    "SnapshottingClusterId TransitEncryptionEnabled TransitEncryptionMode CacheSecurityGroupNames"
)


class ReplicationGroup(_Cache):
    """A replicated cache: a primary and its replicas, or shards of them."""

    type = "AWS::ElastiCache::ReplicationGroup"
    named = Name("ReplicationGroupId", limit=40, lower=True)
    makes = call(
        "create_replication_group",
        f"{_GROUP} AtRestEncryptionEnabled AuthToken CacheSubnetGroupName DataTieringEnabled GlobalReplicationGroupId "
        "KmsKeyId NetworkType NodeGroupConfiguration NumCacheClusters NumNodeGroups Port PreferredCacheClusterAZs "
        "ReplicasPerNodeGroup SnapshotArns SnapshotName UserGroupIds",
        ReplicationGroupId="{name}",
    )
    then = (
        Setting(
            call("modify_replication_group", _GROUP, ReplicationGroupId="{ref}", ApplyImmediately=True),
            otherwise={"SnapshotRetentionLimit": 0, "AutomaticFailoverEnabled": False, "MultiAZEnabled": False},
            at_create=False,
        ),
    )
    in_place = frozenset({"NumCacheClusters", "NumNodeGroups", "ReplicasPerNodeGroup", "AuthToken", "UserGroupIds"})
    ref = "ReplicationGroup.ReplicationGroupId"
    # told as how many members there are, and as "enabled"
    untold = (
        "AuthToken SnapshotArns SnapshotName NumCacheClusters NumNodeGroups ReplicasPerNodeGroup "
        "AutomaticFailoverEnabled MultiAZEnabled DataTieringEnabled NodeGroupConfiguration PrimaryClusterId"
    )
    drops = "GlobalReplicationGroupId CacheSecurityGroupNames Durability"
    describes = call("describe_replication_groups", ReplicationGroupId="{ref}")
    attributes = "Arn=ReplicationGroups[0].ARN"
    unmakes = call("delete_replication_group", ReplicationGroupId="{ref}")
    reads = (describes, call("describe_cache_clusters"), _LISTED)

    def change(self, before: Scope, after: Scope) -> None:
        """What the table says, then how many members there are, and who may enter."""
        super().change(before, after)
        old, new = before.declared, after.declared
        asked = {"ReplicationGroupId": after.ref, "ApplyImmediately": True}
        for name, less in (("NumCacheClusters", 1), ("ReplicasPerNodeGroup", 0)):
            was, is_now = int(old.peek(name, less)), int(new.take(name, less))
            if was != is_now:
                word = "increase" if is_now > was else "decrease"
                self.ask(after, f"{word}_replica_count", {**asked, "NewReplicaCount": is_now - less})
        if old.peek("NumNodeGroups", 1) != new.take("NumNodeGroups", 1):
            count = {**asked, "NodeGroupCount": int(new.peek("NumNodeGroups", 1))}
            self.ask(after, "modify_replication_group_shard_configuration", count)
        if old.peek("AuthToken") != new.take("AuthToken"):
            token = {"AuthToken": new.peek("AuthToken"), "AuthTokenUpdateStrategy": "ROTATE"}
            gone = {"AuthTokenUpdateStrategy": "DELETE"}
            self.ask(after, "modify_replication_group", {**asked, **(token if "AuthToken" in new else gone)})
        users = _comings(old.peek("UserGroupIds", []), new.take("UserGroupIds", []), "UserGroupIds")
        if users:
            self.ask(after, "modify_replication_group", {**asked, **users})

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        facts = next(iter(answer.get("ReplicationGroups", ())), answer.get("ReplicationGroup", {}))
        first = (facts.get("NodeGroups") or [{}])[0]
        reads = [each.get("ReadEndpoint", {}) for each in first.get("NodeGroupMembers", ())]
        ends = {
            "ConfigurationEndPoint": facts.get("ConfigurationEndpoint"),
            "PrimaryEndPoint": first.get("PrimaryEndpoint"),
            "ReaderEndPoint": first.get("ReaderEndpoint"),
        }
        addresses, ports = [each.get("Address") for each in reads], [str(each.get("Port")) for each in reads]
        lists = {
            "ReadEndPoint.AddressesList": addresses,
            "ReadEndPoint.Addresses": f"[{', '.join(str(each) for each in addresses)}]",
            "ReadEndPoint.PortsList": ports,
            "ReadEndPoint.Ports": f"[{', '.join(ports)}]",
        }
        return {"Arn": facts.get("ARN"), **_endpoints(ends), **lists}

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Its members go with it."""
        with passing_over_gone():
            super().delete(made, declared, context)


class ServerlessCache(_Cache):
    """A cache that grows and shrinks by itself."""

    type = "AWS::ElastiCache::ServerlessCache"
    _changes: ClassVar[str] = (
        "CacheUsageLimits DailySnapshotTime Description SecurityGroupIds SnapshotRetentionLimit UserGroupId "
        "Engine MajorEngineVersion"
    )
    makes = call(
        "create_serverless_cache",
        f"{_changes} KmsKeyId ServerlessCacheName SnapshotArnsToRestore SubnetIds NetworkType",
    )
    then = (
        Setting(
            call("modify_serverless_cache", _changes, ServerlessCacheName="{ref}"),
            otherwise={"SnapshotRetentionLimit": 0},
            at_create=False,
        ),
    )
    ref = "ServerlessCache.ServerlessCacheName"
    untold = "SnapshotArnsToRestore FinalSnapshotName"
    drops = "NetworkType ConnectionType"
    describes = call("describe_serverless_caches", ServerlessCacheName="{ref}")
    attributes = "Arn=ServerlessCaches[0].ARN ARN=ServerlessCaches[0].ARN Status=ServerlessCaches[0].Status "
    attributes += "FullEngineVersion=ServerlessCaches[0].FullEngineVersion"
    unmakes = call("delete_serverless_cache", "FinalSnapshotName", ServerlessCacheName="{ref}")
    reads = (describes, _LISTED)

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        facts = next(iter(answer.get("ServerlessCaches", ())), answer.get("ServerlessCache", {}))
        ends = {name: facts.get(name) for name in ("Endpoint", "ReaderEndpoint")}
        return {**super()._attributes(scope, answer), "Arn": facts.get("ARN"), **_endpoints(ends)}


class User(_Cache):
    """Somebody who may use a cache, and what for."""

    type = "AWS::ElastiCache::User"
    _changes: ClassVar[str] = "AccessString AuthenticationMode NoPasswordRequired Passwords Engine"
    makes = call("create_user", f"{_changes} UserId UserName")
    then = (Setting(call("modify_user", _changes, UserId="{ref}"), at_create=False),)
    ref = "UserId"
    untold = "Passwords AuthenticationMode NoPasswordRequired"
    attributes = "Arn=ARN Status=Status"
    unmakes = call("delete_user", UserId="{ref}")
    reads = (call("describe_users", UserId="{ref}"), _LISTED)


class UserGroup(_Cache):
    """The users of a cache, the default user among them."""

    type = "AWS::ElastiCache::UserGroup"
    makes = call("create_user_group", "Engine UserGroupId UserIds")
    in_place = frozenset({"UserIds", "Engine"})
    ref = "UserGroupId"
    attributes = "Arn=ARN Status=Status"
    unmakes = call("delete_user_group", UserGroupId="{ref}")
    reads = (call("describe_user_groups", UserGroupId="{ref}"), _LISTED)

    def change(self, before: Scope, after: Scope) -> None:
        """Users come and go."""
        users = _comings(before.declared.peek("UserIds", []), after.declared.take("UserIds", []), "UserIds")
        if users:
            self.ask(after, "modify_user_group", {"UserGroupId": after.ref, **users})
        super().change(before, after)


def _comings(old: list[str], new: list[str], name: str) -> dict[str, list[str]]:
    """Who comes and who goes, as ElastiCache is told."""
    come, gone = [each for each in new if each not in old], [each for each in old if each not in new]
    return {word: names for word, names in ((f"{name}ToAdd", come), (f"{name}ToRemove", gone)) if names}
