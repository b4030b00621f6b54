"""What servers, tasks, functions and the ways to them do by themselves when a zone or a machine is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from preflight.analysis.lost import Effect, World, effect_on, fleet, in_subnets, is_map
from preflight.analysis.placement import SOMEWHERE, Spot, Standing, labels_of, zone_property
from preflight.analysis.recovery import as_int, inside
from preflight.analysis.vpc import as_list, is_true, label

if TYPE_CHECKING:
    from preflight.template import Item


def auto_scaling_group(item: Item, world: World) -> Effect | None:
    """Instances are spread over the group's zones; what is lost is launched again in those that are left."""
    properties = item.properties
    subnets = properties.get("VPCZoneIdentifier")
    standing = (
        world.placement.in_subnets(subnets)
        if subnets
        else world.placement.in_zones(properties.get("AvailabilityZones"))
    )
    least = as_int(properties.get("MinSize"))
    desired = as_int(properties.get("DesiredCapacity"))
    # a group without a desired capacity starts with its minimum
    count = desired if desired is not None else least
    strategy = inside(properties, "AvailabilityZoneDistribution", "CapacityDistributionStrategy")
    return fleet(
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
    subnets = inside(item.properties, "NetworkConfiguration", "AwsvpcConfiguration", "Subnets")
    standing = world.placement.in_subnets(subnets)
    if not subnets:
        standing = Standing((Spot(SOMEWHERE),))
        for name in world.uses.needs(item.logical_id):
            machines = world.design.resources[name]
            if machines.type == "AWS::AutoScaling::AutoScalingGroup":
                standing = world.placement.in_subnets(machines.properties.get("VPCZoneIdentifier"))
    declared = item.properties.get("DesiredCount")
    return fleet(
        item,
        world,
        standing,
        # a service without a desired count runs one task
        1 if declared is None else as_int(declared),
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
    return fleet(
        item,
        world,
        world.placement.in_subnets(item.properties.get("Subnets")),
        as_int(scaling.get("DesiredSize")) or as_int(scaling.get("MinSize")),
        "node",
        least=as_int(scaling.get("MinSize")),
        starts="the group launches {n} again in {zones}",
        takes="auto_scaling",
        spread_change="subnets=ec2.SubnetSelection(...) with subnets in two zones",
        more_change="min_size=2",
    )


def instance(item: Item, world: World) -> Effect | None:
    """An instance is lost with its zone; what stands beside it behind one target group goes on."""
    hit = world.hit(instance_standing(item, world))
    if hit is None and item.logical_id not in world.gone:
        return None
    peers = _peers(item, world)
    if peers:
        return effect_on(
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
    return effect_on(
        item,
        "stops",
        "it is one instance in one zone, and nothing starts another",
        "no Auto Scaling group keeps it",
        "autoscaling.AutoScalingGroup(self, ..., min_capacity=2) over two zones instead of ec2.Instance",
        depends=hit.depends if hit is not None else (),
        alone=True,
    )


def function(item: Item, world: World) -> Effect | None:
    """A function outside a VPC is in every zone; in one, it runs in its subnets' zones."""
    subnets = inside(item.properties, "VpcConfig", "SubnetIds")
    if not subnets:
        world.regional.add(item.logical_id)
        return None
    return in_subnets(
        item,
        world,
        subnets,
        "all its subnets are lost, and it runs in no other",
        "vpc_subnets with subnets in at least two zones",
        "lambda_vpc",
    )


def compute_environment(item: Item, world: World) -> Effect | None:
    """Batch starts jobs in whichever subnet is left."""
    return in_subnets(
        item,
        world,
        inside(item.properties, "ComputeResources", "Subnets"),
        "no job can start: all its subnets are lost",
        "vpc_subnets with subnets in two zones",
    )


def load_balancer(item: Item, world: World) -> Effect | None:
    """A load balancer answers from each of its zones; it needs one of them, and a target."""
    subnets: list[Any] = list(as_list(item.properties.get("Subnets")))
    subnets += [each.get("SubnetId") for each in as_list(item.properties.get("SubnetMappings")) if is_map(each)]
    if not subnets and item.properties.get("AvailabilityZones"):
        standing = world.placement.in_zones(item.properties["AvailabilityZones"])
    else:
        standing = world.placement.in_subnets(subnets)
    hit = world.hit(standing)
    if hit is not None and not hit.left:
        return effect_on(
            item,
            "stops",
            "all its subnets are lost: nothing answers",
            "a load balancer answers only from the zones it has a subnet in",
            "vpc_subnets=ec2.SubnetSelection(...) with subnets in two zones",
            source="load_balancer",
            depends=hit.depends,
        )
    if hit is not None and _is_zonal(item, world) and (stranded := _stranded(item, world, hit.left)):
        return effect_on(
            item,
            "stops",
            f"it answers from {hit.elsewhere}, where it has no target: {stranded} goes unused",
            "cross-zone load balancing is off: each zone's node sends to targets of its own zone only",
            "cross_zone_enabled=True, or a target in each zone",
            source="cross_zone",
        )
    return None


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
    return effect_on(
        item,
        "stops",
        f"{subnets}, in {labels_of(zones)}, goes out through it: {there} loses its way to the internet",
        "a NAT gateway stands in one zone, and another zone's route table points at it",
        f"nat_gateways={max(len(world.placement.zones), 2)}, each private route table to the one in its zone; or one "
        "with availability_mode regional",
        source="nat_gateway",
        depends=hit.depends if hit is not None else (),
    )


def endpoint(item: Item, world: World) -> Effect | None:
    """An interface endpoint is a network interface in each of its subnets; a gateway endpoint is a route."""
    if item.properties.get("VpcEndpointType", "Gateway") == "Gateway":
        world.regional.add(item.logical_id)
        return None
    return in_subnets(
        item,
        world,
        item.properties.get("SubnetIds"),
        "its only network interface is lost: what stands in other zones reaches the service no more through it",
        "subnets=ec2.SubnetSelection(...) with a subnet in each zone",
    )


def attachment(item: Item, world: World) -> Effect | None:
    """A transit gateway's attachment is a network interface in each of its subnets."""
    return in_subnets(
        item,
        world,
        item.properties.get("SubnetIds"),
        "its only network interface is lost, and with it the way to the transit gateway",
        "subnet_ids with a subnet in each zone",
    )


def lonely(world: World) -> Iterator[Effect]:
    """What is alone in no zone: one customer gateway device behind every VPN connection."""
    gateways = world.design.of_type("AWS::EC2::CustomerGateway")
    connections = world.design.of_type("AWS::EC2::VPNConnection")
    if len(gateways) == 1 and connections:
        yield effect_on(
            gateways[0],
            "stops",
            "both tunnels of the VPN connection end at it",
            "both tunnels of the VPN connection end at one customer gateway device",
            "a second ec2.VpnConnection to another device at your site",
            alone=True,
        )


def instance_standing(item: Item, world: World) -> Standing:
    subnet = item.properties.get("SubnetId")
    cards = as_list(item.properties.get("NetworkInterfaces"))
    if not subnet and cards and is_map(cards[0]):
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
        return world.hit(instance_standing(item, world)) is not None
    rule = OTHERS.get(item.type)
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
    return {str(each.get("Key")): each.get("Value") for each in as_list(listed) if is_map(each)}


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
                zones = instance_standing(target, world).zones
            else:
                zones = tuple(
                    world.layout.subnets[each].zone for each in world.subnets_of(target) if each in world.layout.subnets
                )
            if not zones or SOMEWHERE in zones or set(zones) & set(left):
                return ""
            up.append(target)
    return " and ".join(label(each) for each in up)


CROSS_ZONE = "load_balancing.cross_zone.enabled"

# who can be a target beside an instance
OTHERS: Mapping[str, Callable[[Item, World], Effect | None]] = {
    "AWS::AutoScaling::AutoScalingGroup": auto_scaling_group,
    "AWS::ECS::Service": ecs_service,
    "AWS::Lambda::Function": function,
}
