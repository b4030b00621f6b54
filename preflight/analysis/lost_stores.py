"""What databases, caches, files and queues do by themselves when a zone or a machine is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from preflight.analysis.lost import (
    Effect,
    Hit,
    World,
    effect_on,
    fails_over,
    fleet,
    in_subnets,
    one_place,
    somewhere,
    where,
)
from preflight.analysis.placement import SOMEWHERE, Spot, Standing, labels_of, zone_property
from preflight.analysis.recovery import as_int, has_one_zone, inside
from preflight.analysis.vpc import as_list, is_true, label

if TYPE_CHECKING:
    from preflight.template import Item


def database_instance(item: Item, world: World) -> Effect | None:
    """A Multi-AZ instance fails over to its standby; a single one is away as long as its zone is."""
    properties = item.properties
    if properties.get("DBClusterIdentifier"):
        # the cluster answers for its instances
        if world.failing == item.logical_id:
            world.answered.add(item.logical_id)
        return None
    multi = is_true(properties.get("MultiAZ"))
    zone = zone_property(item)
    if zone and not multi:
        standing = world.placement.in_zones(zone)
    else:
        standing = world.placement.in_group(properties.get("DBSubnetGroupName"), one_of=not multi)
    hit = world.hit(standing)
    failing = world.failing == item.logical_id
    if hit is None and not failing:
        return None
    source = properties.get("SourceDBInstanceIdentifier")
    if source and not multi:
        return effect_on(
            item,
            "degrades",
            "reads sent to it find nobody; what it is a replica of is not touched",
            "a read replica stands in one zone, and its endpoint is its own",
            "send reads elsewhere when it is away, or keep a second replica in another zone",
            depends=hit.depends if hit else (),
        )
    if multi and (failing or (hit is not None and (hit.left or standing.one_of))):
        return effect_on(
            item,
            "interrupted",
            f"{where(failing)}the standby in another zone becomes the primary, under the same endpoint, with nothing "
            "lost",
            "MultiAZ keeps a synchronous standby",
            takes_over="failover",
            takes="rds_multi_az",
        )
    copies = [label(each) for each in _replicas_of(item, world)]
    by_hand = f"; {copies[0]}, its read replica, takes over only when you promote it" if copies else ""
    restored = "; it keeps no automated backups"
    if _retention(item) != 0:
        restored = "; its automated backups can be restored in another zone, as a new instance"
    return effect_on(
        item,
        "stops",
        f"there is no standby{by_hand}{restored}",
        "MultiAZ is off: one instance in one zone",
        "multi_az=True",
        source="rds_multi_az",
        depends=hit.depends if hit else (),
        alone=True,
    )


def database_cluster(item: Item, world: World) -> Effect | None:
    """A cluster's storage outlives a zone; its endpoint goes to a reader elsewhere, or to nobody."""
    engine = str(item.properties.get("Engine", ""))
    group = world.placement.in_group(item.properties.get("DBSubnetGroupName"))
    failing = world.failing == item.logical_id
    hit = world.hit(group)
    if item.type == "AWS::RDS::DBCluster" and engine and not engine.startswith("aurora"):
        if hit is None and not failing:
            return None
        if hit is not None and not hit.left and not hit.depends:
            return effect_on(item, "stops", "all its subnets are lost", "its subnet group lies in these zones only")
        return effect_on(
            item,
            "interrupted",
            f"{where(failing, 'writer')}one of its two readable standbys becomes the writer, with nothing lost that "
            "was committed",
            "a Multi-AZ DB cluster has a writer and two readers in three zones",
            takes_over="failover",
            takes="rds_multi_az_cluster",
        )
    members = [each for each in world.design.resources.values() if _is_member(each, item)]
    if not members:
        return None
    return _of_members(item, world, members, group, hit, failing)


def _of_members(
    item: Item, world: World, members: list[Item], group: Standing, hit: Hit | None, failing: bool
) -> Effect | None:
    replica = TAKEOVERS.get(item.type, "aurora_replica")
    aurora = item.type == "AWS::RDS::DBCluster"
    safe = "the data is safe, six copies across zones" if aurora else "the data is kept across zones"
    lost = [each for each in members if each.logical_id in world.gone or zone_property(each) in world.zones]
    free = [each for each in members if each not in lost and not zone_property(each)]
    left = [each for each in members if each not in lost and each not in free]
    if world.zones:
        touched = hit is not None or bool(lost)
        # without a zone of its own an instance is wherever AWS put it
        hurt = lost if not free or hit is None else [*lost, free[0]]
        left = [each for each in members if each not in hurt]
        if hit is not None and not hit.left and not hit.depends:
            left, hurt = [], members
    else:
        touched, hurt = bool(lost) or failing, lost or members[:1]
        left = [each for each in members if each not in hurt]
    if not touched or not hurt:
        return None
    for each in hurt if not free else lost:
        world.part(each)
    open_: tuple[str, ...] = ()
    if free and world.zones and hit is not None and hit.left:
        names = " and ".join(label(each) for each in free)
        open_ = (f"the zones AWS chose for {names}: name AvailabilityZone to be certain",)
    if not left:
        only = f"its only DB instance, {label(members[0])}, is" if len(members) == 1 else "all its DB instances are"
        if not world.zones and len(members) == 1:
            return effect_on(
                item,
                "interrupted",
                f"{only} made anew in the same zone; {safe}",
                "no reader stands by",
                "readers=[rds.ClusterInstance.provisioned(...)]",
                takes_over="Aurora recreates it" if aurora else "the instance is recreated",
                takes="aurora_alone" if aurora else "",
                alone=True,
            )
        return effect_on(
            item,
            "stops",
            f"{only} lost; {safe}, but nobody answers until you add an instance in another zone",
            "no reader stands in another zone",
            "readers=[rds.ClusterInstance.provisioned(...)], in another zone"
            if aurora
            else "a second instance, in another zone",
            source=replica,
            depends=open_ if len(members) == 1 else (),
            alone=len(members) == 1,
        )
    writer = members[0]
    if writer in hurt:
        return effect_on(
            item,
            "interrupted",
            ("where the writer stands there, " if free and world.zones else "")
            + f"{label(left[0])} becomes the writer, behind the same cluster endpoint, with nothing lost",
            "the writer is lost, and a reader shares its storage",
            before=len(members),
            after=len(left),
            unit="DB instance",
            takes_over="failover",
            takes=replica,
            depends=open_,
        )
    return effect_on(
        item,
        "degrades",
        f"{' and '.join(label(each) for each in hurt)} is lost, {label(writer)} goes on writing",
        "a reader is lost",
        before=len(members),
        after=len(left),
        unit="DB instance",
        depends=open_,
    )


def proxy(item: Item, world: World) -> Effect | None:
    """A database proxy answers from each of its subnets."""
    return in_subnets(
        item,
        world,
        item.properties.get("VpcSubnetIds"),
        "all its subnets are lost",
        "vpc_subnets with subnets in two zones",
    )


def replication_group(item: Item, world: World) -> Effect | None:
    """A replication group's replica becomes the primary where failover is on and it stands in another zone."""
    properties = item.properties
    shards = as_int(properties.get("NumNodeGroups")) or 1
    replicas = as_int(properties.get("ReplicasPerNodeGroup"))
    nodes = as_int(properties.get("NumCacheClusters")) or (shards * ((replicas or 0) + 1))
    if replicas is None:
        replicas = max(nodes // shards - 1, 0)
    pinned = {str(each) for each in as_list(properties.get("PreferredCacheClusterAZs"))}
    multi, failover = is_true(properties.get("MultiAZEnabled")), is_true(properties.get("AutomaticFailoverEnabled"))
    change = "num_cache_clusters=2, automatic_failover_enabled=True, multi_az_enabled=True"
    return _with_replicas(
        item,
        world,
        replicas,
        apart=multi or len(pinned) > 1,
        failover=failover,
        standing=_cache_standing(item, world, nodes),
        change=change,
        takes="elasticache_multi_az",
        loses="what was written in the last moments may be lost, for replication is asynchronous",
    )


def memory_cluster(item: Item, world: World) -> Effect | None:
    """A MemoryDB shard with a replica fails over; its transaction log spans zones."""
    replicas = as_int(item.properties.get("NumReplicasPerShard"))
    return _with_replicas(
        item,
        world,
        1 if replicas is None else replicas,
        apart=True,
        failover=True,
        standing=world.placement.in_group(item.properties.get("SubnetGroupName")),
        change="num_replicas_per_shard=1",
        takes="memorydb_replica",
        loses="nothing is lost",
    )


def _with_replicas(
    item: Item,
    world: World,
    replicas: int,
    *,
    apart: bool,
    failover: bool,
    standing: Standing,
    change: str,
    takes: str,
    loses: str,
) -> Effect | None:
    hit = world.hit(standing)
    failing = world.failing == item.logical_id
    if hit is None and not failing:
        return None
    left = failing or (hit is not None and bool(hit.left))
    if replicas and failover and left and (apart or failing):
        return effect_on(
            item,
            "interrupted",
            f"{where(failing)}a replica in another zone becomes the primary; {loses}",
            "automatic failover is on and a replica stands in another zone",
            takes_over="failover",
            takes=takes,
        )
    if not left:
        why, said = "its subnets lie there only", "all its subnets are lost"
    elif not replicas:
        why = "it has a primary and no replica"
        said = "its only node is lost, with what it held"
    elif not failover:
        why, said = "automatic failover is off", "its replica stays a replica: nobody takes writes until you promote it"
    else:
        why, said = "MultiAZ is off: the replica may stand in the primary's zone", "primary and replica can go together"
    depends = hit.depends if hit is not None else ()
    if hit is not None and hit.left and not depends:
        depends = (f"which of {labels_of(dict.fromkeys((*hit.lost, *hit.left)))} AWS chose for the primary",)
    return effect_on(item, "stops", said, why, change, source=takes, depends=depends, alone=not replicas)


def memcached(item: Item, world: World) -> Effect | None:
    """A memcached cluster loses the nodes of the zone and what they held; nothing copies them."""
    properties = item.properties
    if not str(properties.get("Engine")).startswith("memcached"):
        return one_place(
            item,
            world,
            _cache_standing(item, world, 1),
            "it is one node, and what it held is gone with it",
            "a single-node cache has no replica that could take over",
            "elasticache.CfnReplicationGroup(..., num_cache_clusters=2, automatic_failover_enabled=True, "
            "multi_az_enabled=True)",
        )
    nodes = as_int(properties.get("NumCacheNodes")) or 1
    crosses = str(properties.get("AZMode")) == "cross-az"
    pinned = as_list(properties.get("PreferredAvailabilityZones"))
    standing = _cache_standing(item, world, nodes if crosses or len(set(map(str, pinned))) > 1 else 1)
    return fleet(
        item,
        world,
        standing,
        nodes,
        "node",
        holds="what the lost ones held is gone, for memcached copies nothing: those reads go to the database",
        spread_change='az_mode="cross-az", num_cache_nodes=2',
        more_change='az_mode="cross-az", num_cache_nodes=2',
    )


def accelerator_cache(item: Item, world: World) -> Effect | None:
    """A DAX cluster's nodes are spread over its zones; another node becomes the primary."""
    nodes = as_int(item.properties.get("ReplicationFactor")) or 1
    standing = world.placement.in_group(item.properties.get("SubnetGroupName"), one_of=nodes == 1)
    return fleet(
        item,
        world,
        standing,
        nodes,
        "node",
        spread_change="a subnet group over two or three zones",
        more_change="replication_factor=3",
    )


def brokers(item: Item, world: World) -> Effect | None:
    """An MSK cluster's brokers are spread over its subnets; topics with replicas elsewhere go on."""
    return fleet(
        item,
        world,
        world.placement.in_subnets(inside(item.properties, "BrokerNodeGroupInfo", "ClientSubnets")),
        as_int(item.properties.get("NumberOfBrokerNodes")),
        "broker",
        holds="topics whose replicas lie in another zone go on",
        spread_change="client_subnets with a subnet in each of two or three zones",
        more_change="a broker in each of three zones",
    )


def broker(item: Item, world: World) -> Effect | None:
    """An Amazon MQ broker has a standby where its deployment mode says so."""
    standing = world.placement.in_subnets(item.properties.get("SubnetIds"))
    if not standing.spots:
        standing = Standing((Spot(SOMEWHERE),), True)
    mode = str(item.properties.get("DeploymentMode"))
    if mode != "SINGLE_INSTANCE":
        return fails_over(item, world, standing, "its other broker goes on")
    said = "it is one broker in one zone"
    return one_place(item, world, standing, said, "DeploymentMode is SINGLE_INSTANCE", "ACTIVE_STANDBY_MULTI_AZ")


def search_domain(item: Item, world: World) -> Effect | None:
    """An OpenSearch domain stands in one zone unless zone awareness spreads its nodes and replica shards."""
    config = item.properties.get("ClusterConfig") or item.properties.get("ElasticsearchClusterConfig")
    config = config if isinstance(config, Mapping) else {}
    nodes = as_int(config.get("InstanceCount")) or 1
    subnets = inside(item.properties, "VPCOptions", "SubnetIds")
    aware = is_true(config.get("ZoneAwarenessEnabled")) or is_true(config.get("MultiAZWithStandbyEnabled"))
    change = "zone_awareness=opensearch.ZoneAwarenessConfig(enabled=True, availability_zone_count=3)"
    if not aware:
        standing = world.placement.in_subnets(subnets, one_of=True) if subnets else Standing((Spot(SOMEWHERE),), True)
        return one_place(
            item,
            world,
            standing,
            "all its nodes stand in one zone",
            "zone awareness is off",
            change,
            "opensearch_zones",
        )
    spread = as_int(inside(config, "ZoneAwarenessConfig", "AvailabilityZoneCount")) or 2
    spots = world.placement.in_subnets(subnets) if subnets else Standing(somewhere(spread))
    return fleet(
        item,
        world,
        spots,
        nodes,
        "node",
        holds="an index whose replica shards lie in another zone goes on, one without replicas does not",
        spread_change=change,
        more_change="capacity=opensearch.CapacityConfig(data_nodes=3, master_nodes=3)",
    )


def warehouse(item: Item, world: World) -> Effect | None:
    """A Redshift cluster stands in one zone, unless it is Multi-AZ."""
    zone = zone_property(item)
    properties = item.properties
    multi = is_true(properties.get("MultiAZ"))
    standing = (
        world.placement.in_zones(zone)
        if zone and not multi
        else world.placement.in_group(properties.get("ClusterSubnetGroupName"), one_of=not multi)
    )
    if multi:
        return fails_over(item, world, standing, "the other zone's compute goes on", "redshift_multi_az")
    moves = is_true(properties.get("AvailabilityZoneRelocation"))
    return one_place(
        item,
        world,
        standing,
        "all its nodes stand in one zone" + ("; relocation can move it to another, with its endpoint" if moves else ""),
        "MultiAZ is off",
        "multi_az=True",
        "redshift_zone",
    )


def replication_instance(item: Item, world: World) -> Effect | None:
    """A DMS replication instance has a standby where it is Multi-AZ."""
    multi = is_true(item.properties.get("MultiAZ"))
    group = item.properties.get("ReplicationSubnetGroupIdentifier")
    zone = zone_property(item)
    standing = world.placement.in_zones(zone) if zone else world.placement.in_group(group, one_of=not multi)
    if multi:
        return fails_over(item, world, standing, "its standby in another zone takes over")
    return one_place(item, world, standing, "it is one instance in one zone", "MultiAZ is off", "multi_az=True")


def volume(item: Item, world: World) -> Effect | None:
    """A volume lives in one zone; only its snapshots can be used in another."""
    zone = zone_property(item)
    return one_place(
        item,
        world,
        world.placement.in_zones(zone) if zone else Standing((Spot(SOMEWHERE),), True),
        "its data is out of reach; only a snapshot of it can become a volume in another zone",
        "an EBS volume lives in one zone",
        "an AWS Backup plan for it: plan.add_selection(..., resources=[...]); or Amazon EFS, which spans zones",
        "ebs_snapshot",
    )


def file_system(item: Item, world: World) -> Effect | None:
    """A regional file system spans zones and is reached through a mount target in each; a One Zone one is lost."""
    zone = zone_property(item)
    if zone:
        return one_place(
            item,
            world,
            world.placement.in_zones(zone),
            "it is a One Zone file system: it is away with its zone, and lost if the zone is destroyed",
            "One Zone keeps everything in one zone",
            "leave one_zone out: a regional file system",
            "efs_one_zone",
        )
    mounts = [
        each
        for each in world.design.of_type("AWS::EFS::MountTarget")
        if each.properties.get("FileSystemId") in (item.physical_id, item.logical_id)
    ]
    standing = world.placement.in_subnets([each.properties.get("SubnetId") for each in mounts])
    hit = world.hit(standing)
    if not mounts or hit is None:
        return None
    if not hit.left:
        return effect_on(
            item,
            "stops",
            "its data is safe, but no mount target is left to reach it through",
            f"its only mount target is in {labels_of(hit.lost)}",
            "a mount target in every zone: efs.FileSystem(self, ..., vpc=vpc) makes them",
            source="efs_regional",
            depends=hit.depends,
        )
    return None


def mount_target(item: Item, world: World) -> Effect | None:
    """A mount target is its file system's door in one zone; the file system answers for it."""
    if world.hit(world.placement.in_subnets(item.properties.get("SubnetId"))) or item.logical_id in world.gone:
        world.part(item)
    return None


def windows_files(item: Item, world: World) -> Effect | None:
    """An FSx file system is Multi-AZ where its deployment type says so, else it stands in one zone."""
    kinds = [
        str(inside(item.properties, name, "DeploymentType"))
        for name in ("WindowsConfiguration", "OntapConfiguration", "OpenZFSConfiguration", "LustreConfiguration")
        if item.properties.get(name)
    ]
    subnets = item.properties.get("SubnetIds")
    if any(each.startswith("MULTI_AZ") for each in kinds):
        return fails_over(item, world, world.placement.in_subnets(subnets), "the standby file server takes over")
    return one_place(
        item,
        world,
        world.placement.in_subnets(as_list(subnets)[:1]),
        "it stands in one zone",
        f"its deployment type is {kinds[0] if kinds and kinds[0] != 'None' else 'for one zone'}",
        "deployment_type MULTI_AZ_1, where its kind has one",
    )


def bucket(item: Item, world: World) -> Effect | None:
    """A bucket spans zones; only objects moved to One Zone-IA do not."""
    world.regional.add(item.logical_id)
    if not has_one_zone(item) or not world.zones:
        return None
    return effect_on(
        item,
        "stops",
        "objects its lifecycle rule moved to One Zone-IA are away with their zone, lost if it is destroyed; "
        "the others stay",
        "S3 One Zone-IA keeps an object in one zone",
        "storage_class=s3.StorageClass.INFREQUENT_ACCESS for what cannot be made again",
        source="s3_one_zone",
        depends=("which zone S3 keeps them in",),
    )


def directory_bucket(item: Item, world: World) -> Effect | None:
    """A directory bucket (S3 Express One Zone) lives in one zone."""
    return one_place(
        item,
        world,
        Standing((Spot(SOMEWHERE),), True),
        "everything in it lies in one zone",
        "S3 Express One Zone keeps objects in one zone",
        "an AWS::S3::Bucket for what cannot be made again",
    )


def _cache_standing(item: Item, world: World, nodes: int) -> Standing:
    properties = item.properties
    named = as_list(
        properties.get("PreferredCacheClusterAZs")
        or properties.get("PreferredAvailabilityZones")
        or properties.get("PreferredAvailabilityZone")
    )
    if named:
        return world.placement.in_zones(named)
    return world.placement.in_group(properties.get("CacheSubnetGroupName"), one_of=nodes == 1)


def _is_member(each: Item, cluster: Item) -> bool:
    return each.type in MEMBERS and each.properties.get("DBClusterIdentifier") in (
        cluster.physical_id,
        cluster.logical_id,
        cluster.properties.get("DBClusterIdentifier") or cluster.physical_id,
    )


def _replicas_of(item: Item, world: World) -> list[Item]:
    mine = (item.physical_id, item.arn, item.logical_id)
    return [
        each
        for each in world.design.of_type("AWS::RDS::DBInstance")
        if each.properties.get("SourceDBInstanceIdentifier") in mine
    ]


def _retention(item: Item) -> int | None:
    value = item.properties.get("BackupRetentionPeriod")
    return 1 if value is None else as_int(value)


TAKEOVERS = {
    "AWS::RDS::DBCluster": "aurora_replica",
    "AWS::DocDB::DBCluster": "docdb_replica",
    "AWS::Neptune::DBCluster": "neptune_replica",
}

MEMBERS = frozenset({"AWS::RDS::DBInstance", "AWS::DocDB::DBInstance", "AWS::Neptune::DBInstance"})
