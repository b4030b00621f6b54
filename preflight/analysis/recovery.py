"""How much of its data a design can lose and how it comes back: its recovery points, from backups and copies.

A recovery time is stated only where AWS states one; how long a restore takes depends on how much there is to restore.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from preflight.analysis.vpc import as_list, is_true, label

if TYPE_CHECKING:
    from preflight.template import Design, Item

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True)
class Fact:
    """A sentence of AWS's documentation in our words, with its page and the day it was read."""

    says: str
    source: str
    checked_on: str


@dataclass(frozen=True)
class Objective:
    """What a data store's design implies: how much is lost at worst, and how it comes back.

    `zone_rpo` is the loss when an instance or a zone fails and `mistake_rpo` after a bad write or a deletion, both in
    words; `mistake_seconds` is the latter in seconds, None when nothing can be restored. `rto` says how it comes back.
    `region_copy` is what another Region holds, empty for nothing; `region_change` the line that would put it there.
    """

    logical_id: str
    label: str
    type: str
    zone_rpo: str
    mistake_rpo: str
    mistake_seconds: int | None
    rto: str
    change: str = ""
    region_copy: str = ""
    region_change: str = ""
    source: str = ""

    @property
    def sentence(self) -> str:
        """The objectives in one sentence."""
        zone, write = f"RPO when its zone is lost: {self.zone_rpo}.", f"RPO after a bad write: {self.mistake_rpo}."
        return f"{zone} {write} RTO: {self.rto}."


def objectives(design: Design) -> tuple[Objective, ...]:
    """The recovery objectives of every data store of a design, those that can lose most first."""
    stores = [(item, STORES[item.type]) for item in design.resources.values() if item.type in STORES]
    backups = _Backups(design) if stores else None
    found = [goal for item, rule in stores if backups and (goal := rule(item, backups)) is not None]
    return tuple(sorted(found, key=lambda each: -(each.mistake_seconds if each.mistake_seconds is not None else 10**9)))


@cache
def _facts() -> Mapping[str, Fact]:
    read = tomllib.loads(Path(__file__).with_name("recovery.toml").read_text(encoding="utf-8"))
    return {name: Fact(each["says"], each["source"], each["checked_on"].isoformat()) for name, each in read.items()}


def fact(name: str) -> Fact:
    """The fact of this name."""
    return _facts()[name]


class _Backups:
    """A design's AWS Backup plans and what they select."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.plans = {item.physical_id: item for item in design.of_type("AWS::Backup::BackupPlan")}
        for item in list(self.plans.values()):
            self.plans |= {value: item for value in item.attributes.values() if isinstance(value, str)}

    def of(self, item: Item) -> Item | None:
        """The plan that backs this resource up, by its ARN or by its tags."""
        mine = {each for each in (item.arn, item.physical_id) if each}
        tags = {
            (str(tag.get("Key")), str(tag.get("Value")))
            for name in ("Tags", "FileSystemTags")
            for tag in as_list(item.properties.get(name))
            if isinstance(tag, Mapping)
        }
        for selection in self.design.of_type("AWS::Backup::BackupSelection"):
            chosen = selection.properties.get("BackupSelection")
            chosen = chosen if isinstance(chosen, Mapping) else {}
            named = [str(each) for each in as_list(chosen.get("Resources"))]
            by_name = any(each == "*" or any(_names(each, one) for one in mine) for each in named)
            by_tag = any(
                (str(each.get("ConditionKey")), str(each.get("ConditionValue"))) in tags
                for each in as_list(chosen.get("ListOfTags"))
                if isinstance(each, Mapping)
            )
            if by_name or by_tag:
                return self.plans.get(str(selection.properties.get("BackupPlanId")))
        return None

    def every(self, plan: Item) -> tuple[int, str]:
        """How far apart a plan's backups are, in seconds and in words; a day where its schedule cannot be read."""
        rules = _plan_rules(plan)
        if any(is_true(rule.get("EnableContinuousBackup")) for rule in rules):
            return 5 * MINUTE, "minutes (continuous backup)"
        found = [_apart(str(rule.get("ScheduleExpression", ""))) for rule in rules]
        seconds = min((each for each in found if each is not None), default=DAY)
        return seconds, _long(seconds)

    def copied_to(self, plan: Item) -> str:
        """The Region a plan copies its backups to, when it is another one."""
        for rule in _plan_rules(plan):
            for action in as_list(rule.get("CopyActions")):
                arn = str(action.get("DestinationBackupVaultArn", "")) if isinstance(action, Mapping) else ""
                parts = arn.split(":")
                if len(parts) > 4 and parts[3] and parts[3] != self.design.region:
                    return parts[3]
        return ""


def _instance(item: Item, backups: _Backups) -> Objective | None:
    properties = item.properties
    if properties.get("DBClusterIdentifier") or properties.get("SourceDBInstanceIdentifier"):
        # the cluster, or the source, has the data
        return None
    multi = is_true(properties.get("MultiAZ"))
    days = 1 if properties.get("BackupRetentionPeriod") is None else as_int(properties.get("BackupRetentionPeriod"))
    mine = (item.physical_id, item.arn, item.logical_id)
    copies = [
        each
        for each in backups.design.of_type("AWS::RDS::DBInstance")
        if each.properties.get("SourceDBInstanceIdentifier") in mine
    ]
    away = properties.get("AutomaticBackupReplicationRegion") if days != 0 else None
    restore = "a restore makes a new instance with a new endpoint"
    failover = f"failover, {fact('rds_multi_az').says}; after a bad write {restore}" if multi else restore
    if copies and not multi:
        failover += f", or you promote {label(copies[0])}"
    point = _from_retention(days, "the instance", backups, item)
    return _objective(
        item,
        "0, for the standby is written synchronously" if multi else point[0],
        point,
        failover if point[1] is not None or multi else "nothing to restore from",
        "backup_retention=cdk.Duration.days(7)" if not days else "" if multi else "multi_az=True",
        backups,
        'automatic_backup_replication_region="eu-west-1", or a read replica in another Region',
        "rds_backup",
        f"its automated backups are replicated to {away}; you restore them there" if away else "",
    )


def _cluster(item: Item, backups: _Backups) -> Objective | None:
    engine = str(item.properties.get("Engine", ""))
    is_aurora = item.type != "AWS::RDS::DBCluster" or engine.startswith("aurora") or not engine
    days = (
        1 if item.properties.get("BackupRetentionPeriod") is None else as_int(item.properties["BackupRetentionPeriod"])
    )
    point = _from_retention(days, "the cluster", backups, item)
    zone = "0, for storage is copied across zones" if is_aurora else "0, for a reader acknowledges each commit"
    name = "aurora_backup" if item.type == "AWS::RDS::DBCluster" and is_aurora else "rds_backup"
    if item.type != "AWS::RDS::DBCluster":
        name = ""
        if days:
            point = (f"what came after its latest restorable time; backups are kept {_long(days * DAY)}", DAY)
    copy = ""
    if item.properties.get("GlobalClusterIdentifier") or _is_primary(item, backups.design):
        said = fact("aurora_global").says if is_aurora and item.type == "AWS::RDS::DBCluster" else "replicated"
        copy = f"it is in a global cluster: a secondary cluster in another Region is {said}, and you fail over to it"
    return _objective(
        item,
        zone,
        point,
        "a reader takes over where there is one; after a bad write a restore makes a new cluster with a new endpoint",
        "",
        backups,
        "a global cluster (CfnGlobalCluster) with a secondary cluster in another Region",
        name,
        copy,
    )


def _table(item: Item, backups: _Backups) -> Objective | None:
    properties = item.properties
    here = [
        each
        for each in as_list(properties.get("Replicas"))
        if isinstance(each, Mapping) and each.get("Region") in (None, backups.design.region)
    ]
    pitr = [properties.get("PointInTimeRecoverySpecification")] + [
        each.get("PointInTimeRecoverySpecification") for each in here
    ]
    on = any(isinstance(each, Mapping) and is_true(each.get("PointInTimeRecoveryEnabled")) for each in pitr)
    others = [
        str(each.get("Region"))
        for each in as_list(properties.get("Replicas"))
        if isinstance(each, Mapping) and each.get("Region") not in (None, backups.design.region)
    ]
    point: tuple[str, int | None] = ("up to 5 minutes", 5 * MINUTE) if on else _from_plan(item, backups)
    copy = f"a replica in {' and '.join(others)} takes reads and writes there" if others else ""
    return _objective(
        item,
        "0, for a table is kept in several zones",
        point,
        "nothing to do when a zone is lost; a restore makes a new table"
        if point[1] is not None
        else "nothing to do when a zone is lost; nothing to restore from after a bad write",
        ""
        if on
        else "point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification("
        "point_in_time_recovery_enabled=True)",
        backups,
        'dynamodb.TableV2(..., replicas=[dynamodb.ReplicaTableProps(region="eu-west-1")])',
        "dynamodb_pitr",
        copy,
    )


def _bucket(item: Item, backups: _Backups) -> Objective | None:
    # Object Lock works in versioned buckets only
    versions = inside(item.properties, "VersioningConfiguration", "Status") == "Enabled" or is_true(
        item.properties.get("ObjectLockEnabled")
    )
    rules = [
        rule
        for rule in as_list(inside(item.properties, "ReplicationConfiguration", "Rules"))
        if isinstance(rule, Mapping) and rule.get("Status") == "Enabled"
    ]
    here = [each.arn for each in backups.design.of_type("AWS::S3::Bucket")]
    away = [rule for rule in rules if inside(rule, "Destination", "Bucket") not in here]
    copy = ""
    if away:
        timed = any(inside(rule, "Destination", "ReplicationTime", "Status") == "Enabled" for rule in away)
        within = fact("s3_time_control").says if timed else "without Replication Time Control, so no time is promised"
        copy = f"its objects are replicated to another bucket ({within}); in which Region, its name does not tell"
    point: tuple[str, int | None] = (
        ("0, for an overwritten version is kept", 0) if versions else _from_plan(item, backups)
    )
    return _objective(
        item,
        "0, for an object is kept in several zones"
        + ("; what lies in One Zone-IA is lost if its zone is destroyed" if has_one_zone(item) else ""),
        point,
        "the version before is one request away"
        if versions
        else "nothing to do when a zone is lost; what is overwritten or deleted is gone",
        "" if versions else "versioned=True",
        backups,
        "replication_rules=[s3.ReplicationRule(destination=...)] to a bucket in another Region",
        "s3_time_control" if copy else "",
        copy,
    )


def has_one_zone(item: Item) -> bool:
    """Whether a lifecycle rule moves a bucket's objects to One Zone-IA."""
    steps = [
        step
        for rule in as_list(inside(item.properties, "LifecycleConfiguration", "Rules"))
        if isinstance(rule, Mapping)
        for step in [*as_list(rule.get("Transitions")), rule.get("Transition")]
    ]
    return any(isinstance(step, Mapping) and step.get("StorageClass") == "ONEZONE_IA" for step in steps)


def _files(item: Item, backups: _Backups) -> Objective | None:
    one_zone = bool(item.properties.get("AvailabilityZoneName"))
    policy = inside(item.properties, "BackupPolicy", "Status")
    daily = policy == "ENABLED" or (one_zone and policy is None)
    point: tuple[str, int | None] = (
        ("up to a day (the automatic daily backup)", DAY) if daily else _from_plan(item, backups)
    )
    replicas = as_list(inside(item.properties, "ReplicationConfiguration", "Destinations"))
    regions = [str(each.get("Region")) for each in replicas if isinstance(each, Mapping) and each.get("Region")]
    regions = [each for each in regions if each != backups.design.region]
    copy = f"a replica in {regions[0]}, with {fact('efs_replication').says}" if regions else ""
    return _objective(
        item,
        point[0] if one_zone else "0, for a regional file system is kept in several zones",
        point,
        "a restore makes a new file system, or fills a directory"
        if point[1] is not None
        else "nothing to restore from",
        "" if daily else "enable_automatic_backups=True",
        backups,
        "replication_configuration=efs.ReplicationConfiguration.regional_file_system(region=...)",
        "efs_replication" if copy else "efs_backup" if daily else "efs_regional",
        copy,
    )


def _volume(item: Item, backups: _Backups) -> Objective | None:
    point = _from_plan(item, backups)
    return _objective(
        item,
        point[0],
        point,
        "a snapshot becomes a new volume, in any zone of the Region"
        if point[1] is not None
        else "nothing to restore from",
        "" if point[1] is not None else "plan.add_selection(..., resources=[backup.BackupResource.from_arn(...)])",
        backups,
        "copy_actions=[...] in the backup plan's rule, to a vault in another Region",
        "ebs_snapshot",
    )


def _cache(item: Item, backups: _Backups) -> Objective | None:
    if str(item.properties.get("Engine", "")).startswith("memcached"):
        # it keeps nothing by design, and is no store
        return None
    kept = as_int(item.properties.get("SnapshotRetentionLimit"))
    point: tuple[str, int | None] = (
        ("up to a day (the automatic daily snapshot)", DAY) if kept else ("all of it, for no snapshot is kept", None)
    )
    replicated = is_true(item.properties.get("AutomaticFailoverEnabled"))
    is_global = item.properties.get("GlobalReplicationGroupId") or any(
        inside(member, "ReplicationGroupId") in (item.physical_id, item.logical_id)
        for each in backups.design.of_type("AWS::ElastiCache::GlobalReplicationGroup")
        for member in as_list(each.properties.get("Members"))
    )
    return _objective(
        item,
        "the last moments, for replication is asynchronous" if replicated else point[0],
        point,
        "failover to a replica" if replicated else "a new cache that fills again",
        "" if kept else "snapshot_retention_limit=1, where what it holds cannot be made again",
        backups,
        "an ElastiCache global datastore",
        "elasticache_multi_az",
        "it is in a global datastore: you promote the copy in another Region" if is_global else "",
    )


def _warehouse(item: Item, backups: _Backups) -> Objective | None:
    days = item.properties.get("AutomatedSnapshotRetentionPeriod")
    kept = 1 if days is None else as_int(days)
    point: tuple[str, int | None] = ("up to the last automated snapshot", DAY) if kept else _from_plan(item, backups)
    region = item.properties.get("DestinationRegion")
    copy = f"its snapshots are copied to {region}" if region else ""
    multi = is_true(item.properties.get("MultiAZ"))
    return _objective(
        item,
        f"0: AWS states {fact('redshift_rpo').says}" if multi else point[0],
        point,
        "a restore makes a new cluster" if point[1] is not None else "nothing to restore from",
        "" if kept else "automated_snapshot_retention_period=7",
        backups,
        "snapshots copied to another Region",
        "redshift_rpo" if multi else "redshift_zone",
        copy,
    )


def _objective(
    item: Item,
    zone_rpo: str,
    point: tuple[str, int | None],
    rto: str,
    change: str,
    backups: _Backups,
    region_change: str,
    source: str,
    region_copy: str = "",
) -> Objective:
    plan = backups.of(item)
    region = backups.copied_to(plan) if plan is not None else ""
    if plan is not None and region and not region_copy:
        region_copy = f"its backups are copied to {region}, up to {backups.every(plan)[1]} old; you restore them there"
    return Objective(
        item.logical_id,
        label(item),
        item.type,
        zone_rpo,
        point[0],
        point[1],
        rto,
        change,
        region_copy,
        region_change if not region_copy else "",
        fact(source).source if source else "",
    )


def _from_retention(days: int | None, what: str, backups: _Backups, item: Item) -> tuple[str, int | None]:
    if days is None:
        return f"it depends on how long {what} keeps its backups", DAY
    if days == 0:
        return _from_plan(item, backups)
    return f"up to 5 minutes, within {days} day{'s' if days != 1 else ''}", 5 * MINUTE


def _from_plan(item: Item, backups: _Backups) -> tuple[str, int | None]:
    plan = backups.of(item)
    if plan is None:
        return "all of it, for no backup is declared", None
    seconds, words = backups.every(plan)
    return f"up to {words}, by the backup plan {label(plan)}", seconds


def _is_primary(item: Item, design: Design) -> bool:
    mine = (item.physical_id, item.arn, item.logical_id)
    return any(
        each.properties.get("SourceDBClusterIdentifier") in mine
        for each in design.of_type(
            "AWS::RDS::GlobalCluster", "AWS::DocDB::GlobalCluster", "AWS::Neptune::GlobalCluster"
        )
    )


def _plan_rules(plan: Item) -> list[Mapping[str, Any]]:
    rules = as_list(inside(plan.properties, "BackupPlan", "BackupPlanRule"))
    return [each for each in rules if isinstance(each, Mapping)]


def _apart(schedule: str) -> int | None:
    """The seconds between two runs of a schedule expression, as far as it is read."""
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule)
    if rate:
        return int(rate[1]) * {"minute": MINUTE, "hour": HOUR, "day": DAY}[rate[2]]
    cron = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", schedule)
    if cron is None:
        return None
    _, hours, day, _, weekday, _ = cron.groups()
    if hours == "*":
        return HOUR
    if step := re.fullmatch(r"\S+/(\d+)", hours):
        return int(step[1]) * HOUR
    if day not in ("*", "?"):
        return 31 * DAY
    if weekday not in ("*", "?"):
        return 7 * DAY
    return DAY


def _long(seconds: int) -> str:
    for length, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= length and seconds % length == 0:
            count = seconds // length
            return f"{'an' if name == 'hour' else 'a'} {name}" if count == 1 else f"{count} {name}s"
    return f"{seconds} seconds"


def _names(pattern: str, value: str) -> bool:
    if "*" not in pattern:
        return pattern == value or pattern.endswith((f"/{value}", f":{value}"))
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value) is not None


def inside(value: Any, *names: str) -> Any:
    """What lies under these names, one in the other, or None."""
    for name in names:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def as_int(value: Any) -> int | None:
    """A value as a whole number, None where it is none."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


Store = Callable[["Item", _Backups], "Objective | None"]

STORES: Mapping[str, Store] = {
    "AWS::RDS::DBInstance": _instance,
    "AWS::RDS::DBCluster": _cluster,
    "AWS::DocDB::DBCluster": _cluster,
    "AWS::Neptune::DBCluster": _cluster,
    "AWS::DynamoDB::Table": _table,
    "AWS::DynamoDB::GlobalTable": _table,
    "AWS::S3::Bucket": _bucket,
    "AWS::EFS::FileSystem": _files,
    "AWS::EC2::Volume": _volume,
    "AWS::ElastiCache::ReplicationGroup": _cache,
    "AWS::ElastiCache::CacheCluster": _cache,
    "AWS::Redshift::Cluster": _warehouse,
}
