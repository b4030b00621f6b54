"""Mends the emulated RDS: it keeps every setting, checks what AWS checks, and has the calls moto leaves out.

Required AZs, networks, passwords, storage: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
and https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html; replicas:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import string
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# what the answers call by another name than the requests do
_ANSWERS = {
    "enable_performance_insights": "performance_insights_enabled",
    "enable_activity_stream": "activity_stream_status",
    "db_port_number": "port",
}
# the version a new database has when none is asked for
_DEFAULT_VERSIONS = {
    "postgres": "17.6",
    "mysql": "8.4.7",
    "mariadb": "11.8.5",
    "aurora-postgresql": "17.5",
    "aurora-mysql": "8.0.mysql_aurora.3.10.1",
    "sqlserver-ee": "16.00.4215.2.v1",
    "sqlserver-se": "16.00.4215.2.v1",
    "sqlserver-ex": "16.00.4215.2.v1",
    "sqlserver-web": "16.00.4215.2.v1",
    "oracle-ee": "19.0.0.0.ru-2025-10.rur-2025-10.r1",
    "oracle-se2": "19.0.0.0.ru-2025-10.rur-2025-10.r1",
    "neptune": "1.4.5.1",
    "docdb": "5.0.0",
}
_VERSIONS = {
    "postgres": r"(9\.6|1[0-8])(\.\d+)*",
    "mysql": r"(5\.7|8\.0|8\.4)(\.\d+)*",
    "mariadb": r"(10\.\d+|11\.\d+|12\.\d+)(\.\d+)*",
    "aurora-postgresql": r"(9\.6|1[0-8])(\.\d+)*",
    "aurora-mysql": r"(5\.7|8\.0|8\.4)(\.mysql_aurora\.\d[\d.]*)?",
    "docdb": r"(3\.6|4\.0|5\.0|8\.0)\.0",
}
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html, checked_on 2026-11-22, in GiB
_LEAST = {"gp2": 20, "gp3": 20, "io1": 100, "io2": 100, "standard": 5}
_RESERVED = {"postgres": {"admin", "rdsadmin", "postgres_admin"}, "mysql": {"rdsadmin"}, "mariadb": {"rdsadmin"}}
_ZONES = {
    "us-east-1": "Z2R2ITUGPM61AM",
    "us-east-2": "Z2XHWR1WZ565X2",
    "us-west-2": "Z1PVIF0B656C1W",
    "eu-west-1": "Z29XKXDKYMONMX",
    "eu-central-1": "Z1RLNUO7B9Q6NB",
}


def mends() -> Iterator[tuple[Any, str, Any]]:
    """What to put in the place of what, once moto's RDS is loaded."""
    from moto.rds.models import DBCluster, DBInstance

    yield DBInstance, "default_engine_versions", {**DBInstance.default_engine_versions, **_DEFAULT_VERSIONS}
    yield DBCluster, "default_engine_version", staticmethod(lambda engine: _DEFAULT_VERSIONS[engine])
    yield DBInstance, "default_db_parameter_group_details", _default_group
    yield DBInstance, "is_default_parameter_group", lambda self, name: name.startswith("default.")
    yield from _instances()
    yield from _clusters()
    yield from _groups()
    yield from _proxies()
    yield from _added()


def family(engine: str, version: str) -> str:
    """The parameter group family of an engine's version: postgres17, mysql8.0, aurora-postgresql16."""
    parts = version.split(".")
    if engine in ("postgres", "aurora-postgresql") and parts[0] != "9":
        return f"{engine}{parts[0]}"
    return f"{engine}{'.'.join(parts[:2])}"


def _default_group(self: Any) -> tuple[str, str]:
    name = family(self.engine.lower(), str(self.engine_version))
    return name, f"default.{name}"


def _instances() -> Iterator[tuple[Any, str, Any]]:
    from moto.rds.models import DBInstance, MasterUserSecret, RDSBackend

    create, modify, delete = RDSBackend.create_db_instance, RDSBackend.modify_db_instance, RDSBackend.delete_db_instance
    replicate, update = RDSBackend.create_db_instance_read_replica, DBInstance.update
    registered = DBInstance.remove_replica

    def create_db_instance(self: Any, asked: Any) -> Any:
        _refuse_instance(self, asked)
        if asked.get("storage_encrypted") and not asked.get("db_cluster_identifier"):
            asked["kms_key_id"] = self._validate_kms_key(asked.get("kms_key_id") or "alias/aws/rds")
        database = create(self, asked)
        _keep(database, asked)
        database.dbi_resource_id = f"db-{_letters(26)}"
        _place(self, database, asked)
        return database

    def modify_db_instance(self: Any, name: str, asked: Any) -> Any:
        database = self.describe_db_instances(name)[0]
        _refuse_change(database, asked)
        # a default group exists as soon as somebody names it
        database.db_parameter_groups()
        return modify(self, name, asked)

    def update_instance(self: Any, **asked: Any) -> None:
        named = {_ANSWERS.get(each, each): value for each, value in asked.items()}
        update(self, **named)

    def create_replica(self: Any, asked: Any) -> Any:
        source = self.find_db_from_id(asked["source_db_instance_identifier"])
        if asked["db_instance_identifier"] in self.databases:
            raise _refused("DBInstanceAlreadyExists", "DB instance already exists")
        if not source.backup_retention_period:
            raise _refused(
                "InvalidDBInstanceState",
                "Automated backups are not enabled for this database instance. To enable automated backups, use "
                "ModifyDBInstance to set the backup retention period to a non-zero value.",
            )
        abroad = source.region != self.region_name
        if abroad and source.storage_encrypted and not asked.get("kms_key_id"):
            said = "You must specify a KmsKeyId for a cross-Region read replica of an encrypted DB instance."
            raise _refused("InvalidParameterCombination", said)
        if asked.get("kms_key_id"):
            asked["kms_key_id"] = self._validate_kms_key(asked["kms_key_id"])
        replica = replicate(self, asked)
        vars(replica).pop("master_user_secret", None)
        of_its_own: dict[str, Any] = {
            "manage_master_user_password": False,
            "dbi_resource_id": f"db-{_letters(26)}",
            "tags": asked.get("tags") or [],
            "enabled_cloudwatch_logs_exports": list(asked.get("enable_cloudwatch_logs_exports") or ()),
            "_associated_roles": [],
            "multi_az": bool(asked.get("multi_az")),
            "deletion_protection": bool(asked.get("deletion_protection")),
            "backup_retention_period": asked.get("backup_retention_period") or 0,
            "performance_insights_enabled": bool(asked.get("enable_performance_insights")),
        }
        if abroad and not asked.get("db_subnet_group_name"):
            vars(replica).pop("db_subnet_group", None)
        for each, value in of_its_own.items():
            setattr(replica, each, value)
        _place(self, replica, asked)
        return replica

    def delete_db_instance(self: Any, db_instance_identifier: str, *rest: Any, **asked: Any) -> Any:
        database = self.databases.get(db_instance_identifier)
        final = rest[0] if rest else asked.get("final_db_snapshot_identifier")
        skipped = rest[1] if len(rest) > 1 else asked.get("skip_final_snapshot")
        alone = database is not None and not database.db_cluster_identifier and not database.is_replica
        if alone and not final and not skipped:
            said = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            raise _refused("InvalidParameterCombination", said)
        gone = delete(self, db_instance_identifier, *rest, **asked)
        for each in self.databases.values():
            if each.is_replica and each.source_db_instance_identifier in (gone.arn, gone.db_instance_identifier):
                each.is_replica, each.source_db_instance_identifier = False, None
        return gone

    def remove_replica(self: Any, replica: Any) -> None:
        if replica.arn in self.replicas:
            self.replicas.remove(replica.arn)
        elif replica.db_instance_identifier in self.replicas:
            registered(self, replica)

    def secret(self: Any) -> str:
        kept = getattr(self.resource, "master_username", None) or "admin"
        letters = string.ascii_letters + string.digits + "!#$%&()*+-.:<=>?[]_{|}~"
        return json.dumps({"username": kept, "password": "".join(secrets.choice(letters) for _ in range(28))})

    def endpoint(self: Any) -> dict[str, Any]:
        zone = _ZONES.get(self.region, "Z1EXAMPLEZONE0")
        return {"Address": self.address, "Port": self.port, "HostedZoneId": zone}

    def address(self: Any) -> str:
        # one account has one word in a Region
        word = hashlib.sha256(f"{self.account_id}/{self.region}".encode()).hexdigest()[:11]
        return f"{self.db_instance_identifier}.c{word}.{self.region}.rds.amazonaws.com"

    yield DBInstance, "address", property(address)
    yield RDSBackend, "create_db_instance", create_db_instance
    yield RDSBackend, "modify_db_instance", modify_db_instance
    yield RDSBackend, "create_db_instance_read_replica", create_replica
    yield RDSBackend, "delete_db_instance", delete_db_instance
    yield DBInstance, "update", update_instance
    yield DBInstance, "remove_replica", remove_replica
    yield DBInstance, "endpoint", property(endpoint)
    yield MasterUserSecret, "_generate_secret_string", secret


def _keep(kept: Any, asked: Mapping[str, Any]) -> None:
    """What the request said and moto has no attribute for is an attribute now: answers are read from attributes."""
    for name, value in asked.items():
        name = _ANSWERS.get(name, name)
        if name not in vars(kept) and f"_{name}" not in vars(kept) and not hasattr(type(kept), name):
            setattr(kept, name, value)


def _place(backend: Any, database: Any, asked: Mapping[str, Any]) -> None:
    """Its subnet group, port and Availability Zones: a cluster's members spread, a standby stands elsewhere."""
    cluster = backend.clusters.get(database.db_cluster_identifier) if database.db_cluster_identifier else None
    if cluster is not None:
        database.port = cluster.port
        group = backend.subnet_groups.get(cluster.db_subnet_group_name)
        if group is not None:
            database.db_subnet_group = group
    group = vars(database).get("db_subnet_group")
    zones = sorted({each["SubnetAvailabilityZone"]["Name"] for each in group.subnets}) if group else []
    zones = zones or [f"{backend.region_name}{letter}" for letter in "abc"]
    if not asked.get("availability_zone"):
        taken = [each.availability_zone for each in cluster._members if each is not database] if cluster else []
        database.availability_zone = min(zones, key=lambda zone: (taken.count(zone), zone))
    if database.multi_az and cluster is None:
        database.secondary_availability_zone = next(zone for zone in [*zones, ""] if zone != database.availability_zone)


def _refuse_instance(backend: Any, asked: Mapping[str, Any]) -> None:
    """Raise what RDS answers to a database it does not make."""
    engine, version = str(asked.get("engine") or ""), asked.get("engine_version")
    size = str(asked.get("db_instance_class") or "")
    if not re.fullmatch(r"db\.(serverless|[a-z0-9-]+\.[a-z0-9.-]+)", size):
        raise _refused("InvalidParameterValue", f"Invalid DB Instance class: {size}")
    _refuse_version(engine, version)
    _refuse_monitoring(backend, asked)
    group = _subnet_group(backend, asked.get("db_subnet_group_name"))
    _refuse_strangers(backend, group, asked.get("vpc_security_group_ids"), "instance")
    if asked.get("db_cluster_identifier") or "dbi_resource_id" in asked:
        # a member has its cluster's storage and users, a restored database those of its snapshot
        return
    _refuse_users(engine, asked)
    kind = asked.get("storage_type") or ("io1" if asked.get("iops") else "gp2")
    room = asked.get("allocated_storage")
    if not engine.startswith("aurora") and (room is None or int(room) < _LEAST.get(kind, 5)):
        said = f"Invalid storage size for engine name {engine} and storage type {kind}: {room or 0}"
        raise _refused("InvalidParameterValue", said)
    if kind in ("io1", "io2") and not asked.get("iops"):
        raise _refused("InvalidParameterCombination", f"You must specify an IOPS value when the storage type is {kind}")
    if kind == "io1" and not 0.5 <= int(asked["iops"]) / int(room or 1) <= 50:
        ratio = f"{int(asked['iops']) / int(room or 1):.4f}"
        raise _refused("InvalidParameterCombination", f"Invalid iops to storage (GB) ratio: {ratio}")
    ceiling = asked.get("max_allocated_storage")
    if ceiling and int(ceiling) < int(room or 0):
        said = f"Invalid max storage size for engine name {engine} and storage type {kind}: {ceiling}"
        raise _refused("InvalidParameterCombination", said)


def _refuse_version(engine: str, version: str | None) -> None:
    if version and engine in _VERSIONS and not re.fullmatch(_VERSIONS[engine], version):
        raise _refused("InvalidParameterCombination", f"Cannot find version {version} for {engine}")


def _refuse_users(engine: str, asked: Mapping[str, Any]) -> None:
    user, password = asked.get("master_username"), asked.get("master_user_password")
    managed = asked.get("manage_master_user_password")
    if not user:
        said = "The parameter MasterUsername must be provided and must not be blank."
        raise _refused("InvalidParameterValue", said)
    if user.lower() in _RESERVED.get(engine.removeprefix("aurora-").replace("postgresql", "postgres"), set()):
        said = f"MasterUsername {user} cannot be used as it is a reserved word used by the engine"
        raise _refused("InvalidParameterValue", said)
    if password and managed:
        said = "You can't specify MasterUserPassword when ManageMasterUserPassword is enabled."
        raise _refused("InvalidParameterCombination", said)
    if managed:
        return
    if not password:
        said = "The parameter MasterUserPassword must be provided and must not be blank."
        raise _refused("InvalidParameterValue", said)
    _refuse_password(password)


def _refuse_password(password: str) -> None:
    said = "The parameter MasterUserPassword is not a valid password"
    if len(password) < 8:
        raise _refused("InvalidParameterValue", f"{said} because it is shorter than 8 characters.")
    if not re.fullmatch(r"[!-~]+", password) or set('/@"') & set(password):
        more = "Only printable ASCII characters besides '/', '@', '\"', ' ' may be used."
        raise _refused("InvalidParameterValue", f"{said}. {more}")


def _refuse_monitoring(backend: Any, asked: Mapping[str, Any]) -> None:
    arn = asked.get("monitoring_role_arn")
    if not arn:
        return
    from moto.iam.models import iam_backends

    roles = iam_backends[backend.account_id][backend.partition].roles.values()
    role = next((each for each in roles if each.arn == arn), None)
    trusted = json.dumps(role.assume_role_policy_document) if role is not None else ""
    if "monitoring.rds.amazonaws.com" not in trusted:
        said = "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING"
        raise _refused("InvalidParameterValue", said)


def _subnet_group(backend: Any, name: str | None) -> Any:
    if not name or name == "default":
        return None
    return backend.describe_db_subnet_groups(name)[0]


def _refuse_strangers(backend: Any, group: Any, ids: Iterable[str] | None, kind: str) -> None:
    """Security groups have to exist, and to be of the database's VPC."""
    from moto.ec2.models import ec2_backends

    ec2 = ec2_backends[backend.account_id][backend.region_name]
    for each in ids or ():
        found = ec2.get_security_group_from_id(each)
        if found is None:
            raise _refused("InvalidParameterValue", f"Invalid security group , groupId= {each}, groupName=.")
        if group is not None and found.vpc_id != group.vpc_id:
            said = (
                f"The DB {kind} and EC2 security group are in different VPCs. The DB {kind} is in {group.vpc_id} "
                f"and the EC2 security group is in {found.vpc_id}"
            )
            raise _refused("InvalidVPCNetworkStateFault", said)


def _refuse_change(database: Any, asked: Mapping[str, Any]) -> None:
    version = asked.get("engine_version")
    _refuse_version(database.engine, version)
    old, new = (family(database.engine, str(each)) for each in (database.engine_version, version or "0.0"))
    if version and old != new and not asked.get("allow_major_version_upgrade"):
        said = "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
        raise _refused("InvalidParameterCombination", said)
    if asked.get("master_user_password"):
        _refuse_password(asked["master_user_password"])
    room = asked.get("allocated_storage")
    if room is not None and int(room) < int(database.allocated_storage or 0):
        said = (
            f"Requested storage size (GB) ({room}) cannot be less than the current size ({database.allocated_storage})."
        )
        raise _refused("InvalidParameterCombination", said)
    group = vars(database).get("db_subnet_group")
    _refuse_strangers(database.backend, group, asked.get("vpc_security_group_ids"), "instance")
    _refuse_monitoring(database.backend, asked)


def _clusters() -> Iterator[tuple[Any, str, Any]]:
    from moto.rds.models import DBCluster, RDSBackend
    from moto.rds.utils import ClusterEngine

    create, modify, listed = RDSBackend.create_db_cluster, RDSBackend.modify_db_cluster, DBCluster.get_cfg
    drop, parameters, least = (
        RDSBackend.delete_db_cluster,
        RDSBackend.describe_db_cluster_parameters,
        DBCluster.default_allocated_storage,
    )

    def describe_db_cluster_parameters(self: Any, db_cluster_parameter_group_name: str) -> list[dict[str, Any]]:
        # a default group exists without being made, and nobody has set anything in it
        if db_cluster_parameter_group_name.startswith("default."):
            return []
        told: list[dict[str, Any]] = parameters(self, db_cluster_parameter_group_name)
        return told

    def default_allocated_storage(engine: str, storage_type: str) -> int:
        # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html, checked_on 2026-11-23
        allocated: int = least(engine, "standard" if storage_type in ("aurora", "aurora-iopt1") else storage_type)
        return allocated

    def create_db_cluster(self: Any, asked: Any) -> Any:
        name = asked["db_cluster_identifier"]
        if name in self.clusters:
            raise _refused("DBClusterAlreadyExistsFault", "DB Cluster already exists")
        restored = "cluster_create_time" in asked
        _refuse_version(str(asked.get("engine")), asked.get("engine_version"))
        _refuse_strangers(
            self, _subnet_group(self, asked.get("db_subnet_group_name")), asked.get("vpc_security_group_ids"), "cluster"
        )
        _refuse_cluster_group(self, asked.get("db_cluster_parameter_group_name"))
        _refuse_other_family(self, asked)
        _refuse_sleep(asked)
        _refuse_monitoring(self, asked)
        follower = asked.get("global_cluster_identifier") or asked.get("replication_source_identifier")
        if not restored and not follower and asked.get("engine") != "neptune":
            _refuse_users(str(asked.get("engine")), asked)
        if asked.get("storage_encrypted") and not restored:
            asked["kms_key_id"] = self._validate_kms_key(asked.get("kms_key_id") or "alias/aws/rds")
        cluster = create(self, asked)
        _keep(cluster, asked)
        if not asked.get("storage_encrypted"):
            cluster.kms_key_id = None
        if not asked.get("db_cluster_parameter_group_name") and cluster.engine != "neptune":
            cluster.parameter_group = f"default.{family(cluster.engine, cluster.engine_version)}"
        return cluster

    def modify_db_cluster(self: Any, asked: Any) -> Any:
        name = asked["db_cluster_identifier"]
        cluster = self.describe_db_clusters(name)[0]
        _refuse_version(cluster.engine, asked.get("engine_version"))
        _refuse_cluster_group(self, asked.get("db_cluster_parameter_group_name"))
        if asked.get("master_user_password"):
            _refuse_password(asked["master_user_password"])
        exports = asked.pop("cloudwatch_logs_export_configuration", None) or {}
        gone, come = exports.get("DisableLogTypes", []), exports.get("EnableLogTypes", [])
        kept = [each for each in cluster.enabled_cloudwatch_logs_exports if each not in gone]
        cluster.enabled_cloudwatch_logs_exports = [*kept, *(each for each in come if each not in kept)]
        for theirs, ours in {**_ANSWERS, "enable_iam_database_authentication": "iam_auth"}.items():
            if theirs in asked:
                asked[ours] = asked.pop(theirs)
        return modify(self, asked)

    def delete_db_cluster(self: Any, cluster_identifier: str, *rest: Any, **asked: Any) -> Any:
        gone = drop(self, cluster_identifier, *rest, **asked)
        for name, each in list(self.cluster_snapshots.items()):
            if each.snapshot_type == "automated" and each.db_cluster_identifier == gone.db_cluster_identifier:
                del self.cluster_snapshots[name]
        return gone

    def get_cfg(self: Any) -> dict[str, Any]:
        vars(self).setdefault("_master_user_password", "from-the-snapshot")
        found: dict[str, Any] = listed(self)
        return found

    def http(self: Any, wanted: bool | None) -> None:
        # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.html, checked_on 2026-11-22
        self._enable_http_endpoint = bool(wanted) and self.engine in ("aurora-mysql", "aurora-postgresql")

    yield RDSBackend, "create_db_cluster", create_db_cluster
    yield RDSBackend, "modify_db_cluster", modify_db_cluster
    yield RDSBackend, "delete_db_cluster", delete_db_cluster
    yield RDSBackend, "describe_db_cluster_parameters", describe_db_cluster_parameters
    yield DBCluster, "default_allocated_storage", staticmethod(default_allocated_storage)
    yield DBCluster, "get_cfg", get_cfg
    yield DBCluster, "enable_http_endpoint", property(lambda self: self._enable_http_endpoint, http)
    yield (
        ClusterEngine,
        "list_cluster_engines",
        classmethod(lambda kind: sorted([*(each.value for each in kind), "docdb"])),
    )


def _refuse_cluster_group(backend: Any, name: str | None) -> None:
    if name and not name.startswith("default.") and name not in backend.db_cluster_parameter_groups:
        raise _refused("DBClusterParameterGroupNotFound", f"DBClusterParameterGroup not found: {name}")


def _refuse_sleep(asked: Mapping[str, Any]) -> None:
    """A cluster pauses from these versions on.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.how-it-works.html, checked_on
    2026-11-23
    """
    wanted = (asked.get("serverless_v2_scaling_configuration") or {}).get("MinCapacity")
    major, _, minor = str(asked.get("engine_version") or "").partition(".")
    since = {"13": 15, "14": 12, "15": 7, "16": 3}.get(major, 0)
    if asked.get("engine") != "aurora-postgresql" or wanted in (None, "") or float(wanted) > 0:
        return
    if minor.isdigit() and int(minor) < since:
        raise _refused(
            "InvalidParameterValue",
            f"Serverless v2 capacity 0.0 isn't valid for the engine version {major}.{minor}. "
            "The minimum capacity must be at least 0.5.",
        )


def _refuse_other_family(backend: Any, asked: Mapping[str, Any]) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_WorkingWithParamGroups.html"""
    name, engine = asked.get("db_cluster_parameter_group_name"), str(asked.get("engine"))
    group = backend.db_cluster_parameter_groups.get(name) if name else None
    if group is None or engine not in ("aurora-postgresql", "postgres"):
        return
    has, wants = (
        group.db_parameter_group_family,
        family(engine, asked.get("engine_version") or _DEFAULT_VERSIONS[engine]),
    )
    if has != wants:
        raise _refused(
            "InvalidParameterCombination",
            f"The Parameter Group {name} with DBParameterGroupFamily {has} cannot be used for this instance. "
            f"Please use a Parameter Group with DBParameterGroupFamily {wants}",
        )


def _groups() -> Iterator[tuple[Any, str, Any]]:
    from moto.rds.models import OptionGroup, RDSBackend

    create, drop = RDSBackend.create_subnet_group, RDSBackend.delete_subnet_group
    forget, drop_cluster = RDSBackend.delete_db_parameter_group, RDSBackend.delete_db_cluster_parameter_group
    remove_options = RDSBackend.delete_option_group

    def create_subnet_group(self: Any, subnet_name: str, description: str, subnets: Any, tags: Any) -> Any:
        if subnet_name in self.subnet_groups:
            said = "The DB subnet group already exists."
            raise _refused("DBSubnetGroupAlreadyExists", said)
        _refuse_few_zones(subnets)
        return create(self, subnet_name, description, subnets, tags)

    def modify_subnet_group(self: Any, subnet_name: str, description: str, subnets: Any) -> Any:
        group = self.describe_db_subnet_groups(subnet_name)[0]
        _refuse_few_zones(subnets)
        group.subnets = subnets
        group.description = description or group.description
        return group

    def delete_subnet_group(self: Any, subnet_name: str) -> Any:
        for database in self.databases.values():
            group = vars(database).get("db_subnet_group")
            if group is not None and group.name == subnet_name:
                said = (
                    f"Cannot delete the subnet group '{subnet_name}' because at least one database instance: "
                    f"{database.db_instance_identifier} is still using it."
                )
                raise _refused("InvalidDBSubnetGroupStateFault", said)
        return drop(self, subnet_name)

    def delete_parameter_group(self: Any, name: str) -> Any:
        _refuse_members(self.databases.values(), "db_parameter_group_name", name)
        return forget(self, name)

    def delete_cluster_parameter_group(self: Any, name: str) -> None:
        _refuse_members(self.clusters.values(), "parameter_group", name)
        drop_cluster(self, name)

    def delete_option_group(self: Any, name: str) -> Any:
        if any(each.option_group_name == name for each in self.databases.values()):
            said = f"The option group '{name}' cannot be deleted because it is in use."
            raise _refused("InvalidOptionGroupStateFault", said)
        return remove_options(self, name)

    def create_option_group(self: Any, asked: Any) -> Any:
        name = asked["option_group_name"]
        if name in self.option_groups:
            raise _refused("OptionGroupAlreadyExistsFault", f"An option group named {name} already exists.")
        if not re.fullmatch(r"(mysql|mariadb|postgres|oracle-\w+(-cdb)?|sqlserver-\w+)", str(asked["engine_name"])):
            raise _refused("InvalidParameterValue", f"Invalid DB engine: {asked['engine_name']}")
        self.option_groups[name] = OptionGroup(self, **asked)
        return self.option_groups[name]

    def add_options(self: Any, options: list[dict[str, Any]]) -> None:
        for each in options:
            self._options[each["OptionName"]] = dict(each)

    def options(self: Any) -> list[dict[str, Any]]:
        shown = []
        for each in self._options.values():
            groups = [
                {"VpcSecurityGroupId": group, "Status": "active"}
                for group in each.get("VpcSecurityGroupMemberships", ())
            ]
            shown.append({**each, "VpcSecurityGroupMemberships": groups})
        return shown

    yield RDSBackend, "create_subnet_group", create_subnet_group
    yield RDSBackend, "modify_db_subnet_group", modify_subnet_group
    yield RDSBackend, "delete_subnet_group", delete_subnet_group
    yield RDSBackend, "delete_db_parameter_group", delete_parameter_group
    yield RDSBackend, "delete_db_cluster_parameter_group", delete_cluster_parameter_group
    yield RDSBackend, "delete_option_group", delete_option_group
    yield RDSBackend, "create_option_group", create_option_group
    yield OptionGroup, "add_options", add_options
    yield OptionGroup, "options", property(options)


def _refuse_few_zones(subnets: Iterable[Any]) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html"""
    held = list(subnets)
    zones = sorted({each.availability_zone for each in held})
    if len({each.vpc_id for each in held}) > 1:
        raise _refused("InvalidSubnet", "The specified subnets are not all in the same VPC.")
    if len(zones) < 2:
        said = (
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
            f"{', '.join(zones)}. Add subnets to cover at least 2 AZs."
        )
        raise _refused("DBSubnetGroupDoesNotCoverEnoughAZs", said)


def _refuse_members(holders: Iterable[Any], attribute: str, name: str) -> None:
    if any(getattr(each, attribute, None) == name for each in holders):
        said = (
            "One or more database instances are still members of this parameter group "
            f"{name}, so the group cannot be deleted"
        )
        raise _refused("InvalidDBParameterGroupState", said)


def _proxies() -> Iterator[tuple[Any, str, Any]]:
    from moto.rds.models import DBProxyTargetGroup, RDSBackend

    register, configure = RDSBackend.register_db_proxy_targets, RDSBackend.modify_db_proxy_target_group
    settled, create = DBProxyTargetGroup.connection_pool_config.fget, RDSBackend.create_db_proxy
    drop = RDSBackend.delete_db_proxy

    def create_db_proxy(self: Any, *asked: Any, **named: Any) -> Any:
        from moto.ec2.models import ec2_backends

        held = [*asked, *[None] * 10]
        subnets = named.get("vpc_subnet_ids") or held[4] or ()
        zones = {ec2_backends[self.account_id][self.region_name].get_subnet(each).availability_zone for each in subnets}
        if len(zones) < 2:
            said = "The subnets for a DB proxy must cover at least two Availability Zones."
            raise _refused("InvalidSubnet", said)
        return create(self, *asked, **named)

    def delete_db_proxy(self: Any, proxy_name: str) -> Any:
        if proxy_name not in self.db_proxies:
            raise _refused("DBProxyNotFoundFault", f"Specified proxy name does not exist: {proxy_name}")
        return drop(self, proxy_name)

    def register_targets(self: Any, **asked: Any) -> list[Any]:
        for each in asked["db_instance_identifiers"]:
            self.describe_db_instances(each)
        for each in asked["db_cluster_identifiers"]:
            self.describe_db_clusters(each)
        targets: list[Any] = register(self, **asked)
        for each in targets:
            held = self.databases.get(each.rds_resource_id) or self.clusters[each.rds_resource_id]
            each.port = held.port
            each.endpoint = each.endpoint or held.address
            each._registering = False
        return targets

    def modify_target_group(self: Any, proxy_name: str, config: Any) -> Any:
        group = configure(self, proxy_name, config)
        group.init_query = config.get("InitQuery", getattr(group, "init_query", None))
        return group

    def pool(self: Any) -> dict[str, Any]:
        more = {"InitQuery": self.init_query} if getattr(self, "init_query", None) else {}
        return {**settled(self), **more}

    yield RDSBackend, "create_db_proxy", create_db_proxy
    yield RDSBackend, "delete_db_proxy", delete_db_proxy
    yield RDSBackend, "register_db_proxy_targets", register_targets
    yield RDSBackend, "modify_db_proxy_target_group", modify_target_group
    yield DBProxyTargetGroup, "connection_pool_config", property(pool)


def _added() -> Iterator[tuple[Any, str, Any]]:
    """Calls moto has not, answered from what it holds."""
    from moto.core.responses import ActionResult, EmptyResult
    from moto.rds.models import RDSBackend
    from moto.rds.responses import RDSResponse

    def modify_event_subscription(self: Any) -> Any:
        held = self.backend.describe_event_subscriptions(self.params["SubscriptionName"])[0]
        for name in ("sns_topic_arn", "source_type", "event_categories", "enabled"):
            if name in self.params:
                setattr(held, name, self.params[name])
        return ActionResult({"EventSubscription": held})

    def change_sources(self: Any, *, add: bool) -> Any:
        held = self.backend.describe_event_subscriptions(self.params["SubscriptionName"])[0]
        one = self.params["SourceIdentifier"]
        rest = [each for each in held.source_ids or () if each != one]
        held.source_ids = [*rest, one] if add else rest
        return ActionResult({"EventSubscription": held})

    def modify_global_cluster(self: Any) -> Any:
        held = self.global_backend.global_clusters.get(self.params["GlobalClusterIdentifier"])
        if held is None:
            raise _refused("GlobalClusterNotFoundFault", "The GlobalClusterIdentifier doesn't refer to one.")
        for name in ("deletion_protection", "engine_version"):
            if name in self.params:
                setattr(held, name, self.params[name])
        return ActionResult({"GlobalCluster": held})

    def modify_db_proxy(self: Any) -> Any:
        proxy = self.backend.describe_db_proxies(self.params["DBProxyName"])[0]
        names = {"security_groups": "vpc_security_group_ids", "require_tls": "require_tls", "role_arn": "role_arn"}
        names |= {each: each for each in ("auth", "idle_client_timeout", "debug_logging", "default_auth_scheme")}
        for asked, ours in names.items():
            if asked in self.params:
                setattr(proxy, ours, self.params[asked])
        return ActionResult({"DBProxy": proxy})

    def reset(self: Any, groups: str, name: str) -> Any:
        held = getattr(self.backend, groups)[self.params[name]]
        for each in self.params.get("Parameters") or ():
            held.parameters.pop(each["ParameterName"], None)
        return ActionResult({name: self.params[name]})

    def remove_role(self: Any, held: Any) -> Any:
        arn = self.params["RoleArn"]
        held._associated_roles[:] = [each for each in held._associated_roles if each.role_arn != arn]
        return EmptyResult()

    find = RDSBackend._find_resource

    def find_resource(self: Any, resource_type: str, resource_name: str) -> Any:
        for kept in ("proxy_endpoints", "cluster_endpoints"):
            for each in vars(self).get(kept, {}).values():
                if (each.resource_type, each.resource_id) == (resource_type, resource_name):
                    return each
        for proxy in self.db_proxies.values():
            for group in proxy.proxy_target_groups.values():
                if (group.resource_type, group.resource_id) == (resource_type, resource_name):
                    return group
        return find(self, resource_type, resource_name)

    yield RDSResponse, "modify_event_subscription", modify_event_subscription
    yield RDSResponse, "add_source_identifier_to_subscription", lambda self: change_sources(self, add=True)
    yield RDSResponse, "remove_source_identifier_from_subscription", lambda self: change_sources(self, add=False)
    yield RDSResponse, "modify_global_cluster", modify_global_cluster
    yield RDSResponse, "modify_db_proxy", modify_db_proxy
    yield (
        RDSResponse,
        "reset_db_parameter_group",
        lambda self: reset(self, "db_parameter_groups", "DBParameterGroupName"),
    )
    yield (
        RDSResponse,
        "reset_db_cluster_parameter_group",
        lambda self: reset(self, "db_cluster_parameter_groups", "DBClusterParameterGroupName"),
    )
    yield (
        RDSResponse,
        "remove_role_from_db_instance",
        lambda self: remove_role(self, self.backend.describe_db_instances(self.params["DBInstanceIdentifier"])[0]),
    )
    yield (
        RDSResponse,
        "remove_role_from_db_cluster",
        lambda self: remove_role(self, self.backend.describe_db_clusters(self.params["DBClusterIdentifier"])[0]),
    )

    def tagged(self: Any, arn: str) -> Any:
        parts = arn.split(":", 6)
        if len(parts) < 7 or parts[2] != "rds":
            raise _refused("InvalidParameterValue", f"Invalid resource name: {arn}")
        return self._find_resource(parts[5], parts[6])

    yield RDSBackend, "_find_resource", find_resource
    yield RDSBackend, "_get_resource_for_tagging", tagged
    yield from _endpoints("proxy_endpoints", "DBProxyEndpoint", "DBProxyEndpointName", "db-proxy-endpoint")
    yield from _endpoints("cluster_endpoints", "DBClusterEndpoint", "DBClusterEndpointIdentifier", "cluster-endpoint")


def _endpoints(kept: str, kind: str, named: str, arn_word: str) -> Iterator[tuple[Any, str, Any]]:
    """Create, describe, modify and delete the further endpoints of proxies and of clusters."""
    from moto.core.responses import ActionResult
    from moto.rds.models import RDSBaseModel
    from moto.rds.responses import RDSResponse

    class Endpoint(RDSBaseModel):  # type: ignore[misc]
        resource_type = arn_word
        resource_id = ""

    def all_of(self: Any) -> dict[str, Any]:
        held: dict[str, Any] = vars(self.backend).setdefault(kept, {})
        return held

    def found(self: Any) -> Any:
        held = all_of(self).get(self.params[named])
        if held is None:
            raise _refused(f"{kind}NotFoundFault", f"{kind} {self.params[named]} not found.")
        return held

    def create(self: Any) -> Any:
        name = self.params[named]
        if name in all_of(self):
            raise _refused(f"{kind}AlreadyExistsFault", f"{kind} {name} already exists.")
        made = Endpoint(self.backend)
        made.resource_id, made.status = name, "available"
        _keep(made, self.params)
        made.tags = self.params.get("tags") or []
        if kept == "proxy_endpoints":
            proxy = self.backend.describe_db_proxies(self.params["DBProxyName"])[0]
            made.vpc_id, made.is_default, made.db_proxy_endpoint_arn = proxy.vpc_id, False, made.arn
            made.vpc_security_group_ids = self.params.get("vpc_security_group_ids") or proxy.vpc_security_group_ids
            made.target_role = self.params.get("target_role") or "READ_WRITE"
            made.endpoint = f"{name}.endpoint.proxy-{proxy.url_identifier}.{self.region}.rds.amazonaws.com"
        else:
            cluster = self.backend.describe_db_clusters(self.params["DBClusterIdentifier"])[0]
            made.custom_endpoint_type, made.endpoint_type = self.params["EndpointType"], "CUSTOM"
            made.db_cluster_endpoint_arn = made.arn
            made.db_cluster_endpoint_resource_identifier = f"cluster-endpoint-{_letters(26)}"
            made.endpoint = f"{name}.cluster-custom-{cluster.url_identifier}.{self.region}.rds.amazonaws.com"
        all_of(self)[name] = made
        return answer(made)

    def answer(held: Any) -> Any:
        return ActionResult({kind: held} if kept == "proxy_endpoints" else held)

    def describe(self: Any) -> Any:
        return ActionResult({f"{kind}s": [found(self)] if self.params.get(named) else list(all_of(self).values())})

    def modify(self: Any) -> Any:
        held = found(self)
        for name in ("vpc_security_group_ids", "static_members", "excluded_members"):
            if name in self.params:
                setattr(held, name, self.params[name])
        if "EndpointType" in self.params:
            held.custom_endpoint_type = self.params["EndpointType"]
        return answer(held)

    def delete(self: Any) -> Any:
        held = found(self)
        del all_of(self)[self.params[named]]
        return answer(held)

    word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.replace("DB", "Db")).lower()
    yield RDSResponse, f"create_{word}", create
    yield RDSResponse, f"describe_{word}s", describe
    yield RDSResponse, f"modify_{word}", modify
    yield RDSResponse, f"delete_{word}", delete


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(count))


def _refused(code: str, said: str) -> Exception:
    from moto.rds.exceptions import RDSClientError

    error: Exception = RDSClientError(code, said)
    return error
