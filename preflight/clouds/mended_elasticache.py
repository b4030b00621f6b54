"""Mends the emulated ElastiCache: caches, their groups and users, kept as they are told and found again.

moto's model has few of ElastiCache's operations and loses most settings; these records take its place. Nothing caches.
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html and
https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]


@dataclass(frozen=True)
class _Kind:
    """One kind of thing: its name in answers, what identifies it, and the word for it in ARNs and operations."""

    name: str
    key: str
    arn: str
    word: str
    complete: Callable[[Any, Record], None]
    flat: bool = False


def mends() -> Iterator[tuple[Any, str, Any]]:
    """What to put in the place of what, once moto's ElastiCache is loaded."""
    from moto.core.responses import ActionResult
    from moto.elasticache.responses import ElastiCacheResponse

    for kind in _KINDS:
        plural = f"describe_{kind.word}s"
        yield ElastiCacheResponse, f"create_{kind.word}", _create(kind)
        yield ElastiCacheResponse, plural, _describe(kind)
        yield ElastiCacheResponse, f"modify_{kind.word}", _modify(kind)
        yield ElastiCacheResponse, f"delete_{kind.word}", _delete(kind)

    def tagged(self: Any) -> Record:
        arn = _asked(self)["ResourceName"]
        for kind in _KINDS:
            for each in _all(self, kind).values():
                if each["ARN"] == arn:
                    tags: Record = each.setdefault("_tags", {})
                    return tags
        raise _refused("InvalidARN", f"{arn} is not a valid ARN of a resource.")

    def told(tags: Record) -> Any:
        return ActionResult({"TagList": [{"Key": key, "Value": value} for key, value in tags.items()]})

    def add_tags(self: Any) -> Any:
        tags = tagged(self)
        tags.update({each["Key"]: each.get("Value", "") for each in _asked(self).get("Tags") or ()})
        return told(tags)

    def remove_tags(self: Any) -> Any:
        tags = tagged(self)
        for key in _asked(self).get("TagKeys") or ():
            tags.pop(key, None)
        return told(tags)

    def parameters(self: Any) -> Any:
        group = _found(self, _PARAMETERS, _asked(self)["CacheParameterGroupName"])
        rows = [{"ParameterName": name, "ParameterValue": value} for name, value in group["_parameters"].items()]
        return ActionResult({"Parameters": [{**each, "Source": "user", "IsModifiable": True} for each in rows]})

    def reset(self: Any) -> Any:
        asked = _asked(self)
        group = _found(self, _PARAMETERS, asked["CacheParameterGroupName"])
        for each in asked.get("ParameterNameValues") or ():
            group["_parameters"].pop(each["ParameterName"], None)
        return ActionResult({"CacheParameterGroupName": group["CacheParameterGroupName"]})

    def resize(self: Any) -> Any:
        asked = _asked(self)
        group = _found(self, _REPLICATED, asked["ReplicationGroupId"])
        changed = dict(group)
        if "NodeGroupCount" in asked:
            changed["NumNodeGroups"] = asked["NodeGroupCount"]
        else:
            changed["ReplicasPerNodeGroup"] = asked["NewReplicaCount"]
        _replication_group(self, changed)
        group.update(changed)
        return _answer(_REPLICATED, group)

    for word in ("increase_replica_count", "decrease_replica_count", "modify_replication_group_shard_configuration"):
        yield ElastiCacheResponse, word, resize
    yield ElastiCacheResponse, "add_tags_to_resource", add_tags
    yield ElastiCacheResponse, "remove_tags_from_resource", remove_tags
    yield ElastiCacheResponse, "list_tags_for_resource", lambda self: told(tagged(self))
    yield ElastiCacheResponse, "describe_cache_parameters", parameters
    yield ElastiCacheResponse, "reset_cache_parameter_group", reset


def _create(kind: _Kind) -> Any:
    def create(self: Any) -> Any:
        record = _asked(self)
        name = str(record[kind.key]).lower()
        if name in _all(self, kind):
            raise _refused(f"{kind.name}AlreadyExists", f"{kind.name} {name} already exists")
        record[kind.key] = name
        word = f"arn:{self.partition}:elasticache:{self.region}:{self.current_account}:{kind.arn}:{name}"
        record["ARN"], record["_tags"] = word, {each["Key"]: each.get("Value", "") for each in record.pop("Tags", [])}
        kind.complete(self, record)
        _all(self, kind)[name] = record
        return _answer(kind, record)

    return create


def _describe(kind: _Kind) -> Any:
    def describe(self: Any) -> Any:
        from moto.core.responses import ActionResult

        name = _asked(self).get(kind.key)
        found = [_found(self, kind, name)] if name else list(_all(self, kind).values())
        return ActionResult({f"{kind.name}s": [_shown(each) for each in found]})

    return describe


def _modify(kind: _Kind) -> Any:
    def modify(self: Any) -> Any:
        asked = _asked(self)
        record = _found(self, kind, asked[kind.key])
        changed = {**record, **asked, kind.key: record[kind.key]}
        for name in ("UserIds", "UserGroupIds"):
            gone, come = asked.get(f"{name}ToRemove") or [], asked.get(f"{name}ToAdd") or []
            if gone or come:
                changed[name] = [*(each for each in record.get(name) or () if each not in gone), *come]
        if asked.get("AuthTokenUpdateStrategy") == "DELETE":
            changed["AuthToken"] = None
        kind.complete(self, changed)
        record.update(changed)
        return _answer(kind, record)

    return modify


def _delete(kind: _Kind) -> Any:
    def delete(self: Any) -> Any:
        name = _asked(self)[kind.key]
        record = _found(self, kind, name)
        caches = [*_all(self, _CLUSTERS).values(), *_all(self, _REPLICATED).values()]
        used = kind in (_SUBNETS, _PARAMETERS) and any(
            record[kind.key] in (each.get("CacheSubnetGroupName"), each.get("CacheParameterGroupName"))
            for each in caches
        )
        if used and kind is _SUBNETS:
            said = f"Cache subnet group {record[kind.key]} is currently in use by a cache cluster."
            raise _refused("CacheSubnetGroupInUse", said)
        if used:
            said = "One or more cache clusters are still members of this parameter group, so it cannot be deleted."
            raise _refused("InvalidCacheParameterGroupState", said)
        del _all(self, kind)[record[kind.key]]
        for member in record.get("MemberClusters", []) if kind is _REPLICATED else ():
            _all(self, _CLUSTERS).pop(member, None)
        return _answer(kind, {**record, "Status": "deleting"})

    return delete


def _asked(response: Any) -> Record:
    response.parse_parameters(response.normalized_request)
    return {name: value for name, value in dict(response.params).items() if value is not None}


def _all(response: Any, kind: _Kind) -> dict[str, Record]:
    kept: dict[str, dict[str, Record]] = vars(response.elasticache_backend).setdefault("kept", {})
    return kept.setdefault(kind.name, {})


def _found(response: Any, kind: _Kind, name: str) -> Record:
    record = _all(response, kind).get(str(name).lower())
    if record is None:
        raise _refused(f"{kind.name}NotFoundFault", f"{kind.name} {name} not found.")
    return record


def _shown(record: Record) -> Record:
    return {name: value for name, value in record.items() if not name.startswith("_") and name != "AuthToken"}


def _answer(kind: _Kind, record: Record) -> Any:
    from moto.core.responses import ActionResult

    shown = _shown(record)
    return ActionResult(shown if kind.flat else {kind.name: shown})


def _subnet_group(response: Any, record: Record) -> None:
    from moto.ec2.models import ec2_backends

    ec2 = ec2_backends[response.current_account][response.region]
    try:
        subnets = [ec2.get_subnet(each) for each in record["SubnetIds"]]
    except Exception:
        raise _refused("InvalidSubnet", f"The subnet ID {record['SubnetIds']} does not exist") from None
    if len({each.vpc_id for each in subnets}) > 1:
        raise _refused("InvalidSubnet", "The specified subnets are not all in the same VPC.")
    record["VpcId"] = subnets[0].vpc_id
    record["Subnets"] = [
        {"SubnetIdentifier": each.id, "SubnetAvailabilityZone": {"Name": each.availability_zone}} for each in subnets
    ]


def _parameter_group(response: Any, record: Record) -> None:
    kept = record.setdefault("_parameters", {})
    for each in record.pop("ParameterNameValues", None) or ():
        kept[each["ParameterName"]] = each["ParameterValue"]


def _network(response: Any, record: Record) -> None:
    """Subnet group, security groups and parameter group have to be there."""
    from moto.ec2.models import ec2_backends

    subnets = record.get("CacheSubnetGroupName")
    vpc = _found(response, _SUBNETS, subnets)["VpcId"] if subnets and subnets != "default" else None
    for each in record.get("SecurityGroupIds") or ():
        group = ec2_backends[response.current_account][response.region].get_security_group_from_id(each)
        if group is None or (vpc and group.vpc_id != vpc):
            raise _refused("InvalidParameterValue", f"Some security group IDs are invalid: {each}")
    parameters = record.get("CacheParameterGroupName")
    if parameters and not str(parameters).startswith("default."):
        _found(response, _PARAMETERS, parameters)
    record["SecurityGroups"] = [
        {"SecurityGroupId": each, "Status": "active"} for each in record.get("SecurityGroupIds") or ()
    ]


def _domain(response: Any) -> str:
    word = hashlib.sha256(f"{response.current_account}/{response.region}".encode()).hexdigest()[:6]
    parts = response.region.split("-")
    return f"{word}.{parts[0]}{parts[1][0]}{parts[-1]}.cache.amazonaws.com"


def _cluster(response: Any, record: Record) -> None:
    _network(response, record)
    engine = record.setdefault("Engine", "redis")
    port = int(record.get("Port") or (11211 if engine == "memcached" else 6379))
    count = int(record.setdefault("NumCacheNodes", 1))
    if engine != "memcached" and count != 1:
        said = "NumCacheNodes should be 1 if engine is redis"
        raise _refused("InvalidParameterValue", said)
    name, zones = record["CacheClusterId"], record.get("PreferredAvailabilityZones") or []
    if record.get("AZMode") == "cross-az" and count < 2:
        raise _refused("InvalidParameterCombination", "cross-az mode requires at least two cache nodes.")
    record["CacheNodes"] = [
        {
            "CacheNodeId": f"{index + 1:04}",
            "CacheNodeStatus": "available",
            "Endpoint": {"Address": f"{name}.{_domain(response)[:6]}.{index + 1:04}.cache.amazonaws.com", "Port": port},
            "CustomerAvailabilityZone": zones[index] if index < len(zones) else f"{response.region}a",
        }
        for index in range(count)
    ]
    if engine == "memcached":
        record["ConfigurationEndpoint"] = {"Address": f"{name}.cfg.{_domain(response)}", "Port": port}
    record.setdefault("PreferredAvailabilityZone", "Multiple" if len({*zones}) > 1 else f"{response.region}a")
    record["CacheClusterStatus"] = "available"
    record.setdefault("CacheClusterCreateTime", datetime.now(UTC))
    record["CacheParameterGroup"] = {"CacheParameterGroupName": record.get("CacheParameterGroupName", "default")}
    if record.get("NotificationTopicArn"):
        record["NotificationConfiguration"] = {"TopicArn": record["NotificationTopicArn"], "TopicStatus": "active"}
    _logs(record)


def _replication_group(response: Any, record: Record) -> None:
    _network(response, record)
    name, domain = record["ReplicationGroupId"], _domain(response)
    port = int(record.get("Port") or 6379)
    mode = record.get("ClusterMode")
    groups = int(record.get("NumNodeGroups") or len(record.get("NodeGroupConfiguration") or ()) or 1)
    clustered = groups > 1 or mode == "enabled" or "cluster.on" in str(record.get("CacheParameterGroupName"))
    replicas = record.get("ReplicasPerNodeGroup")
    nodes = int(replicas) + 1 if replicas is not None else int(record.get("NumCacheClusters") or 1)
    _refuse_group(record, nodes, clustered=clustered)
    wanted = record.get("NodeGroupConfiguration") or []
    members, shards = [], []
    for shard in range(groups):
        chosen = wanted[shard] if shard < len(wanted) else {}
        count = int(chosen.get("ReplicaCount", nodes - 1)) + 1
        zones = [chosen.get("PrimaryAvailabilityZone"), *(chosen.get("ReplicaAvailabilityZones") or [])]
        zones = [each for each in zones if each] or record.get("PreferredCacheClusterAZs") or []
        ids = [f"{name}-{shard + 1:04}-{n + 1:03}" if clustered else f"{name}-{n + 1:03}" for n in range(count)]
        held = [
            {
                "CacheClusterId": each,
                "CacheNodeId": "0001",
                "PreferredAvailabilityZone": zones[n] if n < len(zones) else f"{response.region}{'abc'[n % 3]}",
                "ReadEndpoint": {"Address": f"{each}.{domain}", "Port": port},
                **({} if clustered else {"CurrentRole": "replica" if n else "primary"}),
            }
            for n, each in enumerate(ids)
        ]
        members += ids
        first, last = 16384 * shard // groups, 16384 * (shard + 1) // groups - 1
        ends = {
            "PrimaryEndpoint": {"Address": f"{name}.{domain.replace('.', '.ng.0001.', 1)}", "Port": port},
            "ReaderEndpoint": {"Address": f"{name}-ro.{domain.replace('.', '.ng.0001.', 1)}", "Port": port},
        }
        slots = {"Slots": chosen.get("Slots") or f"{first}-{last}"}
        shards.append(
            {
                "NodeGroupId": chosen.get("NodeGroupId") or f"{shard + 1:04}",
                "Status": "available",
                "NodeGroupMembers": held,
                **(slots if clustered else ends),
            }
        )
    if clustered:
        record["ConfigurationEndpoint"] = {"Address": f"clustercfg.{name}.{domain}", "Port": port}
    for gone in set(record.get("MemberClusters", [])) - {*members}:
        _all(response, _CLUSTERS).pop(gone, None)
    record |= {
        "Status": "available",
        "Description": record["ReplicationGroupDescription"],
        "MemberClusters": members,
        "NodeGroups": shards,
        "ClusterEnabled": clustered,
        "AutomaticFailover": "enabled" if record.get("AutomaticFailoverEnabled") else "disabled",
        "MultiAZ": "enabled" if record.get("MultiAZEnabled") else "disabled",
        "DataTiering": "enabled" if record.get("DataTieringEnabled") else "disabled",
        "AuthTokenEnabled": bool(record.get("AuthToken")),
        "AtRestEncryptionEnabled": bool(record.get("AtRestEncryptionEnabled")),
        "TransitEncryptionEnabled": bool(record.get("TransitEncryptionEnabled")),
        "SnapshotRetentionLimit": int(record.get("SnapshotRetentionLimit") or 0),
        "ClusterMode": mode or ("enabled" if clustered else "disabled"),
    }
    _logs(record)
    shared = (
        *("CacheNodeType", "Engine", "EngineVersion", "CacheSubnetGroupName", "CacheParameterGroupName", "Port"),
        *("SecurityGroupIds", "PreferredMaintenanceWindow", "NotificationTopicArn", "AutoMinorVersionUpgrade"),
        *("SnapshotRetentionLimit", "SnapshotWindow", "NetworkType", "IpDiscovery"),
    )
    for each in members:
        member = {name: record[name] for name in shared if name in record}
        member |= {"CacheClusterId": each, "ReplicationGroupId": name, "NumCacheNodes": 1}
        member["ARN"] = record["ARN"].replace(f":replicationgroup:{name}", f":cluster:{each}")
        _cluster(response, member)
        _all(response, _CLUSTERS)[each] = member


def _refuse_group(record: Record, nodes: int, *, clustered: bool) -> None:
    failover = record.get("AutomaticFailoverEnabled")
    if failover and nodes < 2 and not clustered:
        said = "When using automatic failover, there must be at least 2 cache clusters in the replication group."
        raise _refused("InvalidParameterCombination", said)
    if record.get("MultiAZEnabled") and not failover:
        said = "Multi-AZ is only supported for replication groups with automatic failover enabled."
        raise _refused("InvalidParameterCombination", said)
    if clustered and failover is False:
        said = "Turning off automatic failover for replication group with cluster mode enabled is not supported."
        raise _refused("InvalidParameterCombination", said)
    if (record.get("AuthToken") or record.get("UserGroupIds")) and not record.get("TransitEncryptionEnabled"):
        said = "To enable the AuthToken or RBAC, TransitEncryptionEnabled must be true."
        raise _refused("InvalidParameterCombination", said)


def _logs(record: Record) -> None:
    if "LogDeliveryConfigurations" in record:
        record["LogDeliveryConfigurations"] = [
            {**each, "Status": "active"} for each in record["LogDeliveryConfigurations"]
        ]


def _serverless(response: Any, record: Record) -> None:
    _network(response, record)
    name, port = record["ServerlessCacheName"], 11211 if record["Engine"] == "memcached" else 6379
    domain = f"serverless.{_domain(response).partition('.')[2]}"
    record |= {
        "Status": "available",
        "Endpoint": {"Address": f"{name}-{_domain(response)[:6]}.{domain}", "Port": port},
        "ReaderEndpoint": {"Address": f"{name}-{_domain(response)[:6]}.{domain}", "Port": port + 1},
        "FullEngineVersion": record.get("MajorEngineVersion", "8"),
    }
    record.setdefault("CreateTime", datetime.now(UTC))


def _user(response: Any, record: Record) -> None:
    mode = record.pop("AuthenticationMode", None) or {}
    words = mode.get("Passwords") or record.pop("Passwords", None) or []
    if any(len(each) < 16 for each in words):
        raise _refused("InvalidParameterValue", "Passwords length must be between 16-128 characters.")
    kind = {"iam": "iam", "password": "password"}.get(mode.get("Type", ""), "password" if words else "no-password")
    if words or mode or "Authentication" not in record:
        record["Authentication"] = {"Type": kind, "PasswordCount": len(words)}
    record["Status"] = "active"


def _user_group(response: Any, record: Record) -> None:
    names = []
    for each in record.get("UserIds") or ():
        user = _all(response, _USERS).get(each)
        if user is None and each != "default":
            raise _refused("UserNotFound", f"User {each} not found.")
        names.append(user["UserName"] if user else "default")
    if record.get("Engine") == "redis" and "default" not in names:
        raise _refused("DefaultUserRequired", "You must add default user to a user group.")
    record["Status"] = "active"


def _refused(code: str, said: str) -> Exception:
    from moto.elasticache.exceptions import ElastiCacheException

    error: Exception = ElastiCacheException(code, said)
    return error


_SUBNETS = _Kind("CacheSubnetGroup", "CacheSubnetGroupName", "subnetgroup", "cache_subnet_group", _subnet_group)
_PARAMETERS = _Kind(
    "CacheParameterGroup", "CacheParameterGroupName", "parametergroup", "cache_parameter_group", _parameter_group
)
_CLUSTERS = _Kind("CacheCluster", "CacheClusterId", "cluster", "cache_cluster", _cluster)
_REPLICATED = _Kind(
    "ReplicationGroup", "ReplicationGroupId", "replicationgroup", "replication_group", _replication_group
)
_USERS = _Kind("User", "UserId", "user", "user", _user, flat=True)
_GROUPS_OF_USERS = _Kind("UserGroup", "UserGroupId", "usergroup", "user_group", _user_group, flat=True)
_KINDS = (
    *(_SUBNETS, _PARAMETERS, _CLUSTERS, _REPLICATED, _USERS, _GROUPS_OF_USERS),
    _Kind("ServerlessCache", "ServerlessCacheName", "serverlesscache", "serverless_cache", _serverless),
)
