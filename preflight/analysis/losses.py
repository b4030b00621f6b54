"""What each kind of resource does by itself when a zone, a subnet or a machine under it is lost: a rule a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from preflight.analysis.placement import SOMEWHERE, Placement, Spot, Standing, labels_of, zone_property
from preflight.analysis.recovery import fact, has_one_zone
from preflight.analysis.vpc import Route, Subnet, as_list, is_true, label
from preflight.intrinsics import Unknown

if TYPE_CHECKING:
    from preflight.analysis.uses import Uses
    from preflight.template import Design, Item


@dataclass(frozen=True)
class Effect:
    """What a loss does to one resource.

    `fate` is "stops", "cut off" (it is there, and what it needs is not), "interrupted" (it stops, and goes on by
    itself) or "degrades". `said` is what happens, `why` what makes it so, `change` the line that would change it.
    `before` and `after` count its `unit` (instances, tasks, nodes) until something new is started; `takes_over` is
    what goes on and `takes` AWS's own words for how long that takes, from `source`. `depends` holds what the template
    leaves open. `alone` says that there is only one of it.
    """

    logical_id: str
    label: str
    type: str
    fate: str
    said: str
    why: str
    change: str = ""
    before: int | None = None
    after: int | None = None
    unit: str = ""
    takes_over: str = ""
    takes: str = ""
    source: str = ""
    depends: tuple[str, ...] = ()
    alone: bool = False

    @property
    def sentence(self) -> str:
        """What happens, what takes over and what that depends on."""
        parts = [self.said]
        if self.takes_over:
            parts.append(f"{self.takes_over}{f' ({self.takes})' if self.takes else ''}")
        if self.fate != "cut off":
            # what it needs has said already what that depends on
            parts += [f"it depends on {each}" for each in self.depends]
        return "; ".join(parts)


@dataclass(frozen=True)
class Hit:
    """Which of a resource's places are lost and which are left, and what that depends on."""

    lost: tuple[str, ...]
    left: tuple[str, ...]
    places: int
    depends: tuple[str, ...] = ()

    @property
    def elsewhere(self) -> str:
        """The zones left, in words."""
        return labels_of(self.left)


class World:
    """A design with some of it lost: whole zones, resources, or one machine of the resource that is `failing`."""

    def __init__(
        self,
        design: Design,
        placement: Placement,
        uses: Uses,
        *,
        zones: frozenset[str] = frozenset(),
        gone: frozenset[str] = frozenset(),
        failing: str = "",
    ) -> None:
        self.design = design
        self.placement = placement
        self.layout = placement.layout
        self.uses = uses
        self.zones = zones
        self.gone = gone
        self.failing = failing
        # what the rules noticed on their way: parts that go along, what was judged, what stands in no zone
        self.parts: dict[str, None] = {}
        self.answered: set[str] = set()
        self.regional: set[str] = set()

    def hit(self, standing: Standing) -> Hit | None:
        """How a loss meets something that stands there; None when it does not."""
        keys = dict.fromkeys(each.zone or f"?{each.subnet}" for each in standing.spots)
        live = dict.fromkeys(each.zone or f"?{each.subnet}" for each in standing.spots if self._is_left(each))
        unknown = [each for each in live if each.startswith("?")]
        depends: tuple[str, ...] = ()
        if self.zones and unknown:
            # nobody knows which of them is in the lost zone: it can be one, and no two are taken for the same
            del live[unknown[0]]
            names = [each[1:] for each in unknown if each[1:]]
            depends = (f"the zone of {' and of '.join(map(_outside, names))}" if names else "the zone AWS put it in",)
        lost = [each for each in keys if each not in live]
        if not lost:
            return None
        left = tuple(SOMEWHERE if each.startswith("?") else each for each in live)
        if standing.one_of and live and not depends:
            every = labels_of(dict.fromkeys(SOMEWHERE if each.startswith("?") else each for each in keys))
            depends = (f"which one of {every} AWS chose for it",)
        return Hit(tuple(SOMEWHERE if each.startswith("?") else each for each in lost), left, len(keys), depends)

    def part(self, item: Item) -> None:
        """Notice something that goes along with the loss and is nobody's only one."""
        self.parts[label(item)] = None
        self.answered.add(item.logical_id)

    def is_lost(self, subnet: Subnet) -> bool:
        """Whether a subnet is in what is lost."""
        return subnet.zone in self.zones or subnet.item.logical_id in self.gone

    def way_out_lost(self, standing: Standing) -> str:
        """The NAT gateways through which what is left there went to the internet, when they are lost."""
        names = dict.fromkeys(
            self._lost_gateways[spot.subnet]
            for spot in standing.spots
            if spot.subnet in self._lost_gateways and self._is_left(spot)
        )
        return " and ".join(names)

    @cached_property
    def _lost_gateways(self) -> dict[str, str]:
        """Subnets that are left, and the lost NAT gateway their way out goes through."""
        found: dict[str, str] = {}
        for item in self.design.of_type(NAT):
            subnet = self.layout.subnets.get(self.layout.ref(item.properties.get("SubnetId")))
            if item.logical_id in self.gone or (subnet is not None and self.is_lost(subnet)):
                found |= {name: label(item) for name in self.routed_through(item)}
        return found

    def routed_through(self, gateway: Item) -> list[str]:
        """The subnets, of those left, that go out through this NAT gateway."""
        return [
            name
            for name, subnet in self.layout.subnets.items()
            if not self.is_lost(subnet) and any(_leads_to(route, gateway) for route in subnet.table.routes)
        ]

    @cached_property
    def standing_in(self) -> dict[str, list[Item]]:
        """Who stands in each subnet, of those that do work."""
        found: dict[str, list[Item]] = {}
        for item in self.design.resources.values():
            if item.type in GO_OUT:
                for spot in self.subnets_of(item):
                    found.setdefault(spot, []).append(item)
        return found

    def subnets_of(self, item: Item) -> list[str]:
        """The subnets a resource names."""
        properties = item.properties
        values: list[Any] = []
        for name in ("VPCZoneIdentifier", "SubnetIds", "Subnets", "SubnetId"):
            values += as_list(properties.get(name))
        values += as_list(_inside(properties, "VpcConfig", "SubnetIds"))
        values += as_list(_inside(properties, "NetworkConfiguration", "AwsvpcConfiguration", "Subnets"))
        values += as_list(_inside(properties, "ComputeResources", "Subnets"))
        return [self.layout.ref(each) for each in values if isinstance(each, str)]

    def _is_left(self, spot: Spot) -> bool:
        # a zone nobody can name is for `hit` to judge
        is_down = spot.zone != SOMEWHERE and spot.zone in self.zones
        return not is_down and spot.subnet not in self.gone


Rule = Callable[["Item", World], "Effect | None"]


def auto_scaling_group(item: Item, world: World) -> Effect | None:
    """Instances are spread over the group's zones; what is lost is launched again in those that are left."""
    properties = item.properties
    subnets = properties.get("VPCZoneIdentifier")
    standing = (
        world.placement.in_subnets(subnets)
        if subnets
        else world.placement.in_zones(properties.get("AvailabilityZones"))
    )
    least = _int(properties.get("MinSize"))
    desired = _int(properties.get("DesiredCapacity"))
    # a group without a desired capacity starts with its minimum
    count = desired if desired is not None else least
    strategy = _inside(properties, "AvailabilityZoneDistribution", "CapacityDistributionStrategy")
    return _fleet(
        item,
        world,
        standing or Standing((Spot(SOMEWHERE),)),
        count,
        "instance",
        least=least,
        starts="" if strategy == "balanced-only" else "Auto Scaling launches {n} again in {zones}",
        takes="auto_scaling",
        spread_change="vpc=ec2.Vpc(self, ..., max_azs=2), and vpc_subnets that lie in both zones",
        more_change="min_capacity=2",
    )


def ecs_service(item: Item, world: World) -> Effect | None:
    """Tasks are spread over the service's zones; what is lost is started again in those that are left."""
    subnets = _inside(item.properties, "NetworkConfiguration", "AwsvpcConfiguration", "Subnets")
    standing = world.placement.in_subnets(subnets)
    if not subnets:
        standing = Standing((Spot(SOMEWHERE),))
        for name in world.uses.needs(item.logical_id):
            machines = world.design.resources[name]
            if machines.type == "AWS::AutoScaling::AutoScalingGroup":
                standing = world.placement.in_subnets(machines.properties.get("VPCZoneIdentifier"))
    declared = item.properties.get("DesiredCount")
    return _fleet(
        item,
        world,
        standing,
        # a service without a desired count runs one task
        1 if declared is None else _int(declared),
        "task",
        starts="ECS starts {n} again in {zones}",
        takes="ecs_service",
        spread_change="vpc_subnets=ec2.SubnetSelection(...) with subnets in two zones",
        more_change="desired_count=2",
    )


def node_group(item: Item, world: World) -> Effect | None:
    """A node group is an Auto Scaling group that EKS keeps."""
    scaling = item.properties.get("ScalingConfig")
    scaling = scaling if isinstance(scaling, Mapping) else {}
    return _fleet(
        item,
        world,
        world.placement.in_subnets(item.properties.get("Subnets")),
        _int(scaling.get("DesiredSize")) or _int(scaling.get("MinSize")),
        "node",
        least=_int(scaling.get("MinSize")),
        starts="the group launches {n} again in {zones}",
        takes="auto_scaling",
        spread_change="subnets=ec2.SubnetSelection(...) with subnets in two zones",
        more_change="min_size=2",
    )


def memcached(item: Item, world: World) -> Effect | None:
    """A memcached cluster loses the nodes of the zone and what they held; nothing copies them."""
    properties = item.properties
    if not str(properties.get("Engine")).startswith("memcached"):
        return _one_place(
            item,
            world,
            _cache_standing(item, world, 1),
            "it is one node, and what it held is gone with it",
            "a single-node cache has no replica that could take over",
            "elasticache.CfnReplicationGroup(..., num_cache_clusters=2, automatic_failover_enabled=True, "
            "multi_az_enabled=True)",
        )
    nodes = _int(properties.get("NumCacheNodes")) or 1
    crosses = str(properties.get("AZMode")) == "cross-az"
    pinned = as_list(properties.get("PreferredAvailabilityZones"))
    standing = _cache_standing(item, world, nodes if crosses or len(set(map(str, pinned))) > 1 else 1)
    return _fleet(
        item,
        world,
        standing,
        nodes,
        "node",
        holds="what the lost ones held is gone, for memcached copies nothing: those reads go to the database",
        spread_change='az_mode="cross-az", num_cache_nodes=2',
        more_change='az_mode="cross-az", num_cache_nodes=2',
    )


def brokers(item: Item, world: World) -> Effect | None:
    """An MSK cluster's brokers are spread over its subnets; topics with replicas elsewhere go on."""
    return _fleet(
        item,
        world,
        world.placement.in_subnets(_inside(item.properties, "BrokerNodeGroupInfo", "ClientSubnets")),
        _int(item.properties.get("NumberOfBrokerNodes")),
        "broker",
        holds="topics whose replicas lie in another zone go on",
        spread_change="client_subnets with a subnet in each of two or three zones",
        more_change="a broker in each of three zones",
    )


def search_domain(item: Item, world: World) -> Effect | None:
    """An OpenSearch domain stands in one zone unless zone awareness spreads its nodes and replica shards."""
    config = item.properties.get("ClusterConfig") or item.properties.get("ElasticsearchClusterConfig")
    config = config if isinstance(config, Mapping) else {}
    nodes = _int(config.get("InstanceCount")) or 1
    subnets = _inside(item.properties, "VPCOptions", "SubnetIds")
    aware = is_true(config.get("ZoneAwarenessEnabled")) or is_true(config.get("MultiAZWithStandbyEnabled"))
    change = "zone_awareness=opensearch.ZoneAwarenessConfig(enabled=True, availability_zone_count=3)"
    if not aware:
        standing = world.placement.in_subnets(subnets, one_of=True) if subnets else Standing((Spot(SOMEWHERE),), True)
        return _one_place(
            item,
            world,
            standing,
            "all its nodes stand in one zone",
            "zone awareness is off",
            change,
            "opensearch_zones",
        )
    spread = _int(_inside(config, "ZoneAwarenessConfig", "AvailabilityZoneCount")) or 2
    spots = world.placement.in_subnets(subnets) if subnets else Standing(_somewhere(spread))
    return _fleet(
        item,
        world,
        spots,
        nodes,
        "node",
        holds="an index whose replica shards lie in another zone goes on, one without replicas does not",
        spread_change=change,
        more_change="capacity=opensearch.CapacityConfig(data_nodes=3, master_nodes=3)",
    )


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
        return _effect(
            item,
            "degrades",
            "reads sent to it find nobody; what it is a replica of is not touched",
            "a read replica stands in one zone, and its endpoint is its own",
            "send reads elsewhere when it is away, or keep a second replica in another zone",
            depends=hit.depends if hit else (),
        )
    if multi and (failing or (hit is not None and (hit.left or standing.one_of))):
        return _effect(
            item,
            "interrupted",
            f"{_there(failing)}the standby in another zone becomes the primary, under the same endpoint, with nothing "
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
    return _effect(
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
            return _effect(item, "stops", "all its subnets are lost", "its subnet group lies in these zones only")
        return _effect(
            item,
            "interrupted",
            f"{_there(failing, 'writer')}one of its two readable standbys becomes the writer, with nothing lost that "
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
            return _effect(
                item,
                "interrupted",
                f"{only} made anew in the same zone; {safe}",
                "no reader stands by",
                "readers=[rds.ClusterInstance.provisioned(...)]",
                takes_over="Aurora recreates it" if aurora else "the instance is recreated",
                takes="aurora_alone" if aurora else "",
                alone=True,
            )
        return _effect(
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
        return _effect(
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
    return _effect(
        item,
        "degrades",
        f"{' and '.join(label(each) for each in hurt)} is lost, {label(writer)} goes on writing",
        "a reader is lost",
        before=len(members),
        after=len(left),
        unit="DB instance",
        depends=open_,
    )


def replication_group(item: Item, world: World) -> Effect | None:
    """A replication group's replica becomes the primary where failover is on and it stands in another zone."""
    properties = item.properties
    shards = _int(properties.get("NumNodeGroups")) or 1
    replicas = _int(properties.get("ReplicasPerNodeGroup"))
    nodes = _int(properties.get("NumCacheClusters")) or (shards * ((replicas or 0) + 1))
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
    replicas = _int(item.properties.get("NumReplicasPerShard"))
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
        return _effect(
            item,
            "interrupted",
            f"{_there(failing)}a replica in another zone becomes the primary; {loses}",
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
    return _effect(item, "stops", said, why, change, source=takes, depends=depends, alone=not replicas)


def nat_gateway(item: Item, world: World) -> Effect | None:
    """A zonal NAT gateway is lost with its zone; every other zone routed through it loses its way out.

    https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html, checked_on 2026-11-22
    """
    if str(item.properties.get("AvailabilityMode")) == "regional":
        return None
    hit = world.hit(world.placement.in_subnets(item.properties.get("SubnetId")))
    if hit is None and item.logical_id not in world.gone:
        return None
    routed = world.routed_through(item)
    if not routed:
        world.part(item)
        return None
    who = list(dict.fromkeys(label(each) for name in routed for each in world.standing_in.get(name, ())))
    zones = dict.fromkeys(world.layout.subnets[name].zone for name in routed)
    subnets = " and ".join(world.layout.subnets[name].label for name in routed[:3])
    there = f"what stands there ({', '.join(who[:6])})" if who else "whatever stands there"
    return _effect(
        item,
        "stops",
        f"{subnets}, in {labels_of(zones)}, goes out through it: {there} loses its way to the internet",
        "a NAT gateway stands in one zone, and another zone's route table points at it",
        f"nat_gateways={max(len(world.placement.zones), 2)}, each private route table to the one in its zone; or one "
        "with availability_mode regional",
        source="nat_gateway",
        depends=hit.depends if hit is not None else (),
    )


def instance(item: Item, world: World) -> Effect | None:
    """An instance is lost with its zone; what stands beside it behind one target group goes on."""
    hit = world.hit(_instance_standing(item, world))
    if hit is None and item.logical_id not in world.gone:
        return None
    peers = _peers(item, world)
    if peers:
        return _effect(
            item,
            "degrades",
            f"it is lost; {' and '.join(label(each) for each in peers[:3])} behind the same target group goes on",
            "it is one of several targets",
            before=len(peers) + 1,
            after=len(peers),
            unit="target",
            takes_over="the load balancer sends requests to healthy targets only",
            source="load_balancer",
        )
    return _effect(
        item,
        "stops",
        "it is one instance in one zone, and nothing starts another",
        "no Auto Scaling group keeps it",
        "autoscaling.AutoScalingGroup(self, ..., min_capacity=2) over two zones instead of ec2.Instance",
        depends=hit.depends if hit is not None else (),
        alone=True,
    )


def volume(item: Item, world: World) -> Effect | None:
    """A volume lives in one zone; only its snapshots can be used in another."""
    zone = zone_property(item)
    return _one_place(
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
        return _one_place(
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
        return _effect(
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


def function(item: Item, world: World) -> Effect | None:
    """A function outside a VPC is in every zone; in one, it runs in its subnets' zones."""
    subnets = _inside(item.properties, "VpcConfig", "SubnetIds")
    if not subnets:
        world.regional.add(item.logical_id)
        return None
    return _in_subnets(
        item,
        world,
        subnets,
        "all its subnets are lost, and it runs in no other",
        "vpc_subnets with subnets in at least two zones",
        "lambda_vpc",
    )


def load_balancer(item: Item, world: World) -> Effect | None:
    """A load balancer answers from each of its zones; it needs one of them, and a target."""
    subnets: list[Any] = list(as_list(item.properties.get("Subnets")))
    subnets += [each.get("SubnetId") for each in as_list(item.properties.get("SubnetMappings")) if _is_map(each)]
    if not subnets and item.properties.get("AvailabilityZones"):
        standing = world.placement.in_zones(item.properties["AvailabilityZones"])
    else:
        standing = world.placement.in_subnets(subnets)
    hit = world.hit(standing)
    if hit is not None and not hit.left:
        return _effect(
            item,
            "stops",
            "all its subnets are lost: nothing answers",
            "a load balancer answers only from the zones it has a subnet in",
            "vpc_subnets=ec2.SubnetSelection(...) with subnets in two zones",
            source="load_balancer",
            depends=hit.depends,
        )
    if hit is not None and _is_zonal(item, world) and (stranded := _stranded(item, world, hit.left)):
        return _effect(
            item,
            "stops",
            f"it answers from {hit.elsewhere}, where it has no target: {stranded} goes unused",
            "cross-zone load balancing is off: each zone's node sends to targets of its own zone only",
            "cross_zone_enabled=True, or a target in each zone",
            source="cross_zone",
        )
    return None


def endpoint(item: Item, world: World) -> Effect | None:
    """An interface endpoint is a network interface in each of its subnets; a gateway endpoint is a route."""
    if item.properties.get("VpcEndpointType", "Gateway") == "Gateway":
        world.regional.add(item.logical_id)
        return None
    return _in_subnets(
        item,
        world,
        item.properties.get("SubnetIds"),
        "its only network interface is lost: what stands in other zones reaches the service no more through it",
        "subnets=ec2.SubnetSelection(...) with a subnet in each zone",
    )


def attachment(item: Item, world: World) -> Effect | None:
    """A transit gateway's attachment is a network interface in each of its subnets."""
    return _in_subnets(
        item,
        world,
        item.properties.get("SubnetIds"),
        "its only network interface is lost, and with it the way to the transit gateway",
        "subnet_ids with a subnet in each zone",
    )


def compute_environment(item: Item, world: World) -> Effect | None:
    """Batch starts jobs in whichever subnet is left."""
    return _in_subnets(
        item,
        world,
        _inside(item.properties, "ComputeResources", "Subnets"),
        "no job can start: all its subnets are lost",
        "vpc_subnets with subnets in two zones",
    )


def proxy(item: Item, world: World) -> Effect | None:
    """A database proxy answers from each of its subnets."""
    return _in_subnets(
        item,
        world,
        item.properties.get("VpcSubnetIds"),
        "all its subnets are lost",
        "vpc_subnets with subnets in two zones",
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
        return _fails_over(item, world, standing, "the other zone's compute goes on", "redshift_multi_az")
    moves = is_true(properties.get("AvailabilityZoneRelocation"))
    return _one_place(
        item,
        world,
        standing,
        "all its nodes stand in one zone" + ("; relocation can move it to another, with its endpoint" if moves else ""),
        "MultiAZ is off",
        "multi_az=True",
        "redshift_zone",
    )


def windows_files(item: Item, world: World) -> Effect | None:
    """An FSx file system is Multi-AZ where its deployment type says so, else it stands in one zone."""
    kinds = [
        str(_inside(item.properties, name, "DeploymentType"))
        for name in ("WindowsConfiguration", "OntapConfiguration", "OpenZFSConfiguration", "LustreConfiguration")
        if item.properties.get(name)
    ]
    subnets = item.properties.get("SubnetIds")
    if any(each.startswith("MULTI_AZ") for each in kinds):
        return _fails_over(item, world, world.placement.in_subnets(subnets), "the standby file server takes over")
    return _one_place(
        item,
        world,
        world.placement.in_subnets(as_list(subnets)[:1]),
        "it stands in one zone",
        f"its deployment type is {kinds[0] if kinds and kinds[0] != 'None' else 'for one zone'}",
        "deployment_type MULTI_AZ_1, where its kind has one",
    )


def broker(item: Item, world: World) -> Effect | None:
    """An Amazon MQ broker has a standby where its deployment mode says so."""
    standing = world.placement.in_subnets(item.properties.get("SubnetIds"))
    if not standing.spots:
        standing = Standing((Spot(SOMEWHERE),), True)
    mode = str(item.properties.get("DeploymentMode"))
    if mode != "SINGLE_INSTANCE":
        return _fails_over(item, world, standing, "its other broker goes on")
    said = "it is one broker in one zone"
    return _one_place(item, world, standing, said, "DeploymentMode is SINGLE_INSTANCE", "ACTIVE_STANDBY_MULTI_AZ")


def replication_instance(item: Item, world: World) -> Effect | None:
    """A DMS replication instance has a standby where it is Multi-AZ."""
    multi = is_true(item.properties.get("MultiAZ"))
    group = item.properties.get("ReplicationSubnetGroupIdentifier")
    zone = zone_property(item)
    standing = world.placement.in_zones(zone) if zone else world.placement.in_group(group, one_of=not multi)
    if multi:
        return _fails_over(item, world, standing, "its standby in another zone takes over")
    return _one_place(item, world, standing, "it is one instance in one zone", "MultiAZ is off", "multi_az=True")


def accelerator_cache(item: Item, world: World) -> Effect | None:
    """A DAX cluster's nodes are spread over its zones; another node becomes the primary."""
    nodes = _int(item.properties.get("ReplicationFactor")) or 1
    standing = world.placement.in_group(item.properties.get("SubnetGroupName"), one_of=nodes == 1)
    return _fleet(
        item,
        world,
        standing,
        nodes,
        "node",
        spread_change="a subnet group over two or three zones",
        more_change="replication_factor=3",
    )


def bucket(item: Item, world: World) -> Effect | None:
    """A bucket spans zones; only objects moved to One Zone-IA do not."""
    world.regional.add(item.logical_id)
    if not has_one_zone(item) or not world.zones:
        return None
    return _effect(
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
    return _one_place(
        item,
        world,
        Standing((Spot(SOMEWHERE),), True),
        "everything in it lies in one zone",
        "S3 Express One Zone keeps objects in one zone",
        "an AWS::S3::Bucket for what cannot be made again",
    )


def lonely(world: World) -> Iterator[Effect]:
    """What is alone in no zone: one customer gateway device behind every VPN connection."""
    gateways = world.design.of_type("AWS::EC2::CustomerGateway")
    connections = world.design.of_type("AWS::EC2::VPNConnection")
    if len(gateways) == 1 and connections:
        yield _effect(
            gateways[0],
            "stops",
            "both tunnels of the VPN connection end at it",
            "both tunnels of the VPN connection end at one customer gateway device",
            "a second ec2.VpnConnection to another device at your site",
            alone=True,
        )


def generic(item: Item, world: World) -> Effect:
    """A resource that is gone as a whole."""
    spread = item.type in REGIONAL or item.logical_id in world.regional
    said = "it is gone, and nothing here takes its place"
    if spread and item.type not in ZONAL:
        said += "; no zone takes it along, but a deletion or a mistake does"
    return _effect(item, "stops", said, "there is one of it", alone=True)


def _fleet(
    item: Item,
    world: World,
    standing: Standing,
    count: int | None,
    unit: str,
    *,
    least: int | None = None,
    starts: str = "",
    takes: str = "",
    holds: str = "",
    spread_change: str,
    more_change: str,
) -> Effect | None:
    """Several machines spread evenly over zones, of which the fullest is taken to be lost."""
    hit = world.hit(standing)
    failing = world.failing == item.logical_id
    if (hit is None and not failing) or count == 0:
        return None
    depends = hit.depends if hit is not None else ()
    if hit is not None and not hit.left:
        where = f"in {labels_of(dict.fromkeys(hit.lost))}"
        return _effect(
            item,
            "stops",
            f"all of it stands {where}, and it has no other zone to start in",
            f"its subnets lie {where} only",
            spread_change,
            before=count,
            after=0,
            unit=unit,
            depends=depends,
        )
    places, lost_places = (hit.places, len(hit.lost)) if hit is not None else (1, 0)
    if count is None:
        depends = (*depends, "how many it runs")
        return _effect(
            item, "degrades", "part of it is lost, the rest goes on", "it stands in several zones", depends=depends
        )
    lost = 1 if failing else _largest(count, places, lost_places)
    if standing.one_of:
        lost = count
    after = count - lost
    zones = hit.elsewhere if hit is not None else labels_of(standing.zones)
    again = starts.format(n=lost, zones=zones)
    said = f"{count} {unit}{'s' if count != 1 else ''} → {after}"
    if least is not None and after and starts:
        said += f", of a minimum of {least}"
    if holds:
        said += f"; {holds}"
    way_out = world.way_out_lost(standing) if item.type in GO_OUT else ""
    fate = "degrades" if after else ("interrupted" if again else "stops")
    full = ", and then it is at full capacity again" if again else ""
    if way_out:
        if after:
            said += f"; what is left has no way out to the internet, which was {way_out}"
        depends = (*depends, "whether it starts without the internet (its image, its packages)") if again else depends
        full = f", where the way out to the internet is lost too: it was {way_out}" if again and not after else ""
        fate = "degrades" if after else "stops"
    return _effect(
        item,
        fate,
        said,
        f"there is one {unit}" if count == 1 else f"its {count} {unit}s can all be lost at once",
        more_change if count == 1 else "" if again else spread_change,
        before=count,
        after=after,
        unit=unit,
        takes_over=f"{again}{full}",
        takes=takes if again else "",
        depends=depends,
        alone=count == 1,
    )


def _one_place(
    item: Item, world: World, standing: Standing, said: str, why: str, change: str, source: str = ""
) -> Effect | None:
    """Something that stands in one zone and stops with it."""
    hit = world.hit(standing)
    if hit is None and world.failing != item.logical_id:
        return None
    depends = hit.depends if hit is not None else ()
    return _effect(item, "stops", said, why, change, source=source, depends=depends, alone=True)


def _fails_over(item: Item, world: World, standing: Standing, said: str, takes: str = "") -> Effect | None:
    hit = world.hit(standing)
    failing = world.failing == item.logical_id
    if hit is None and not failing:
        return None
    if hit is not None and not hit.left:
        return _effect(item, "stops", "all its zones are lost", "it stands in these zones only", depends=hit.depends)
    return _effect(item, "interrupted", said, "it stands in two zones", takes_over="failover", takes=takes)


def _in_subnets(item: Item, world: World, subnets: Any, said: str, change: str, source: str = "") -> Effect | None:
    """Something that goes on as long as one of its zones is left."""
    standing = world.placement.in_subnets(subnets)
    hit = world.hit(standing)
    if hit is None:
        return None
    if not hit.left:
        why = f"its subnets lie in {labels_of(dict.fromkeys(hit.lost))} only"
        return _effect(item, "stops", said, why, change, source=source, depends=hit.depends)
    way_out = world.way_out_lost(standing) if item.type in GO_OUT else ""
    if way_out:
        said = f"it goes on in {hit.elsewhere}, without its way out to the internet, which was {way_out}"
        return _effect(item, "degrades", said, "its route table points at a NAT gateway of the lost zone")
    return None


def _effect(
    item: Item,
    fate: str,
    said: str,
    why: str,
    change: str = "",
    *,
    before: int | None = None,
    after: int | None = None,
    unit: str = "",
    takes_over: str = "",
    takes: str = "",
    source: str = "",
    depends: tuple[str, ...] = (),
    alone: bool = False,
) -> Effect:
    known = fact(takes) if takes else None
    page = known.source if known is not None else fact(source).source if source else ""
    return Effect(
        logical_id=item.logical_id,
        label=label(item),
        type=item.type,
        fate=fate,
        said=said,
        why=why,
        change=change,
        before=before,
        after=after,
        unit=unit,
        takes_over=takes_over,
        takes=known.says if known is not None else "",
        source=page,
        depends=depends,
        alone=alone,
    )


def _there(failing: bool, what: str = "primary") -> str:
    return "" if failing else f"where the {what} stands there, "


def _largest(count: int, places: int, lost: int) -> int:
    """How many of a count spread evenly over places are in the fullest of these."""
    shares = [count // places + (1 if index < count % places else 0) for index in range(places)]
    return sum(shares[:lost])


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


def _instance_standing(item: Item, world: World) -> Standing:
    subnet = item.properties.get("SubnetId")
    cards = as_list(item.properties.get("NetworkInterfaces"))
    if not subnet and cards and _is_map(cards[0]):
        subnet = cards[0].get("SubnetId")
        if not subnet:
            card = world.design.resources.get(world.layout.ref(cards[0].get("NetworkInterfaceId")))
            subnet = card.properties.get("SubnetId") if card is not None else None
    if subnet:
        return world.placement.in_subnets(subnet)
    zone = zone_property(item)
    return world.placement.in_zones(zone) if zone else Standing((Spot(SOMEWHERE),), True)


def _peers(item: Item, world: World) -> list[Item]:
    """What stands behind every target group of an instance beside it, and is left."""
    found: list[Item] | None = None
    for group in world.design.of_type("AWS::ElasticLoadBalancingV2::TargetGroup"):
        names = world.uses.targets(group.logical_id)
        if item.logical_id in names:
            left = [
                each
                for each in (world.design.resources[name] for name in names if name != item.logical_id)
                if each.logical_id not in world.gone and not _is_down(each, world)
            ]
            found = left if found is None else [each for each in found if each in left]
    return found or []


def _is_down(item: Item, world: World) -> bool:
    if item.type == "AWS::EC2::Instance":
        return world.hit(_instance_standing(item, world)) is not None
    rule = RULES.get(item.type)
    effect = rule(item, world) if rule is not None else None
    return effect is not None and effect.fate == "stops"


def _is_zonal(item: Item, world: World) -> bool:
    """Whether each zone's node of a load balancer sends to targets of its own zone only.

    A target group's own setting goes before its load balancer's.
    """
    whole = _attributes(item.properties.get("LoadBalancerAttributes")).get(CROSS_ZONE)
    if whole is None:
        whole = "false" if item.properties.get("Type") == "network" else "true"
    groups = [world.design.resources[name] for name in world.uses.target_groups(item.logical_id)]
    own = [_attributes(each.properties.get("TargetGroupAttributes")).get(CROSS_ZONE) for each in groups]
    each_says = [whole if one in (None, "use_load_balancer_configuration") else one for one in own] or [whole]
    return not any(map(is_true, each_says))


def _attributes(listed: Any) -> dict[str, Any]:
    return {str(each.get("Key")): each.get("Value") for each in as_list(listed) if _is_map(each)}


def _stranded(item: Item, world: World, left: tuple[str, ...]) -> str:
    """Targets that are up, in zones the load balancer has no node left in, when it has no others."""
    up: list[Item] = []
    for group in world.uses.target_groups(item.logical_id):
        for name in world.uses.targets(group):
            target = world.design.resources[name]
            if target.type not in ("AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup", "AWS::ECS::Service"):
                return ""
            if _is_down(target, world):
                continue
            if target.type == "AWS::EC2::Instance":
                zones = _instance_standing(target, world).zones
            else:
                zones = tuple(
                    world.layout.subnets[each].zone for each in world.subnets_of(target) if each in world.layout.subnets
                )
            if not zones or SOMEWHERE in zones or set(zones) & set(left):
                return ""
            up.append(target)
    return " and ".join(label(each) for each in up)


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
    return 1 if value is None else _int(value)


def _leads_to(route: Route, gateway: Item) -> bool:
    return route.kind == "nat" and route.target in (gateway.logical_id, gateway.physical_id)


def _inside(value: Any, *names: str) -> Any:
    for name in names:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _somewhere(count: int) -> tuple[Spot, ...]:
    return tuple(Spot(SOMEWHERE, f"zone {index + 1} of the domain") for index in range(count))


def _outside(name: str) -> str:
    return name.strip("<>") if isinstance(name, Unknown) or name.startswith("<") else name


def _is_map(value: Any) -> bool:
    return isinstance(value, Mapping)


def _int(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


NAT = "AWS::EC2::NatGateway"
CROSS_ZONE = "load_balancing.cross_zone.enabled"

TAKEOVERS = {
    "AWS::RDS::DBCluster": "aurora_replica",
    "AWS::DocDB::DBCluster": "docdb_replica",
    "AWS::Neptune::DBCluster": "neptune_replica",
}
MEMBERS = frozenset({"AWS::RDS::DBInstance", "AWS::DocDB::DBInstance", "AWS::Neptune::DBInstance"})
BALANCERS = frozenset({"AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancing::LoadBalancer"})

RULES: Mapping[str, Rule] = {
    "AWS::AutoScaling::AutoScalingGroup": auto_scaling_group,
    "AWS::ECS::Service": ecs_service,
    "AWS::EKS::Nodegroup": node_group,
    "AWS::ElastiCache::CacheCluster": memcached,
    "AWS::ElastiCache::ReplicationGroup": replication_group,
    "AWS::MemoryDB::Cluster": memory_cluster,
    "AWS::DAX::Cluster": accelerator_cache,
    "AWS::MSK::Cluster": brokers,
    "AWS::OpenSearchService::Domain": search_domain,
    "AWS::Elasticsearch::Domain": search_domain,
    "AWS::RDS::DBInstance": database_instance,
    "AWS::RDS::DBCluster": database_cluster,
    "AWS::DocDB::DBCluster": database_cluster,
    "AWS::Neptune::DBCluster": database_cluster,
    "AWS::RDS::DBProxy": proxy,
    "AWS::Redshift::Cluster": warehouse,
    NAT: nat_gateway,
    "AWS::EC2::Instance": instance,
    "AWS::EC2::Volume": volume,
    "AWS::EFS::FileSystem": file_system,
    "AWS::EFS::MountTarget": mount_target,
    "AWS::FSx::FileSystem": windows_files,
    "AWS::AmazonMQ::Broker": broker,
    "AWS::DMS::ReplicationInstance": replication_instance,
    "AWS::Lambda::Function": function,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": load_balancer,
    "AWS::ElasticLoadBalancing::LoadBalancer": load_balancer,
    "AWS::EC2::VPCEndpoint": endpoint,
    "AWS::EC2::TransitGatewayAttachment": attachment,
    "AWS::EC2::TransitGatewayVpcAttachment": attachment,
    "AWS::Batch::ComputeEnvironment": compute_environment,
    "AWS::S3::Bucket": bucket,
    "AWS::S3Express::DirectoryBucket": directory_bucket,
}

# of what is several machines, or one that can fail alone, which one is meant when it is lost by name
MACHINES = {
    "AWS::AutoScaling::AutoScalingGroup": "one instance of",
    "AWS::EKS::Nodegroup": "one node of",
    "AWS::ECS::Service": "one task of",
    "AWS::RDS::DBInstance": "the primary instance of",
    "AWS::RDS::DBCluster": "the writer of",
    "AWS::DocDB::DBCluster": "the writer of",
    "AWS::Neptune::DBCluster": "the writer of",
    "AWS::ElastiCache::ReplicationGroup": "the primary of",
    "AWS::ElastiCache::CacheCluster": "one node of",
    "AWS::MemoryDB::Cluster": "the primary of",
    "AWS::DAX::Cluster": "one node of",
    "AWS::MSK::Cluster": "one broker of",
}

# who goes out to the internet by itself
GO_OUT = frozenset(
    {
        *("AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance", "AWS::ECS::Service", "AWS::EKS::Nodegroup"),
        *("AWS::Lambda::Function", "AWS::Batch::ComputeEnvironment"),
    }
)
# who does the work of a design, where stores keep its data
WORK = (GO_OUT | BALANCERS) - {"AWS::Batch::ComputeEnvironment"} | {
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGatewayV2::Api",
}

# parts of something else, which answers for them
PARTS = frozenset({"AWS::EFS::MountTarget", "AWS::DocDB::DBInstance", "AWS::Neptune::DBInstance"})
# kinds that stand in no zone, though some of theirs have a rule
ZONELESS = frozenset({"AWS::S3::Bucket"})
ZONAL = frozenset({"AWS::EC2::Subnet", "AWS::S3Express::DirectoryBucket"})

# services that AWS spreads over a Region's zones by itself
# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/aws-service-types.html, checked_on
# 2026-11-22
REGIONAL = frozenset(
    {
        *("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::S3::Bucket", "AWS::SQS::Queue"),
        *("AWS::SNS::Topic", "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api", "AWS::Events::EventBus"),
        *("AWS::Kinesis::Stream", "AWS::StepFunctions::StateMachine", "AWS::ElastiCache::ServerlessCache"),
        *("AWS::Cognito::UserPool", "AWS::ECR::Repository"),
    }
)
