"""A design with some of it lost, and how that meets what stands there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from preflight.analysis.placement import SOMEWHERE, Placement, Spot, Standing, labels_of
from preflight.analysis.recovery import fact, inside
from preflight.analysis.vpc import Route, Subnet, as_list, label
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
        values += as_list(inside(properties, "VpcConfig", "SubnetIds"))
        values += as_list(inside(properties, "NetworkConfiguration", "AwsvpcConfiguration", "Subnets"))
        values += as_list(inside(properties, "ComputeResources", "Subnets"))
        return [self.layout.ref(each) for each in values if isinstance(each, str)]

    def _is_left(self, spot: Spot) -> bool:
        # a zone nobody can name is for `hit` to judge
        is_down = spot.zone != SOMEWHERE and spot.zone in self.zones
        return not is_down and spot.subnet not in self.gone


def fleet(
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
        return effect_on(
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
        return effect_on(
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
    return effect_on(
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


def one_place(
    item: Item, world: World, standing: Standing, said: str, why: str, change: str, source: str = ""
) -> Effect | None:
    """Something that stands in one zone and stops with it."""
    hit = world.hit(standing)
    if hit is None and world.failing != item.logical_id:
        return None
    depends = hit.depends if hit is not None else ()
    return effect_on(item, "stops", said, why, change, source=source, depends=depends, alone=True)


def fails_over(item: Item, world: World, standing: Standing, said: str, takes: str = "") -> Effect | None:
    """Something with a standby in another zone."""
    hit = world.hit(standing)
    failing = world.failing == item.logical_id
    if hit is None and not failing:
        return None
    if hit is not None and not hit.left:
        return effect_on(item, "stops", "all its zones are lost", "it stands in these zones only", depends=hit.depends)
    return effect_on(item, "interrupted", said, "it stands in two zones", takes_over="failover", takes=takes)


def in_subnets(item: Item, world: World, subnets: Any, said: str, change: str, source: str = "") -> Effect | None:
    """Something that goes on as long as one of its zones is left."""
    standing = world.placement.in_subnets(subnets)
    hit = world.hit(standing)
    if hit is None:
        return None
    if not hit.left:
        why = f"its subnets lie in {labels_of(dict.fromkeys(hit.lost))} only"
        return effect_on(item, "stops", said, why, change, source=source, depends=hit.depends)
    way_out = world.way_out_lost(standing) if item.type in GO_OUT else ""
    if way_out:
        said = f"it goes on in {hit.elsewhere}, without its way out to the internet, which was {way_out}"
        return effect_on(item, "degrades", said, "its route table points at a NAT gateway of the lost zone")
    return None


def effect_on(
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
    """An effect, with AWS's own words for how long what takes over takes, and their page."""
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


def where(failing: bool, what: str = "primary") -> str:
    """The condition under which a loss is felt: a part that fails by name is the one that matters."""
    return "" if failing else f"where the {what} stands there, "


def somewhere(count: int) -> tuple[Spot, ...]:
    """As many places as a service spreads over by itself."""
    return tuple(Spot(SOMEWHERE, f"zone {index + 1} of the domain") for index in range(count))


def _largest(count: int, places: int, lost: int) -> int:
    """How many of a count spread evenly over places are in the fullest of these."""
    shares = [count // places + (1 if index < count % places else 0) for index in range(places)]
    return sum(shares[:lost])


def _leads_to(route: Route, gateway: Item) -> bool:
    return route.kind == "nat" and route.target in (gateway.logical_id, gateway.physical_id)


def _outside(name: str) -> str:
    return name.strip("<>") if isinstance(name, Unknown) or name.startswith("<") else name


def is_map(value: Any) -> bool:
    """Whether a value has keys."""
    return isinstance(value, Mapping)


NAT = "AWS::EC2::NatGateway"

# who goes out to the internet by itself
GO_OUT = frozenset(
    {
        *("AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance", "AWS::ECS::Service", "AWS::EKS::Nodegroup"),
        *("AWS::Lambda::Function", "AWS::Batch::ComputeEnvironment"),
    }
)
