"""One packet on its way from one address to another, and its answer on the way back, past everything in its way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

from preflight.analysis.roads import Attachment, Roads, Step, Stopped
from preflight.analysis.vpc import (
    S3_PREFIX_LISTS,
    Address,
    Group,
    Layout,
    Net,
    Ports,
    Route,
    Rule,
    Subnet,
    Vpc,
    as_list,
    is_public,
    label,
    span,
)

if TYPE_CHECKING:
    from preflight.template import Item


@dataclass(frozen=True)
class Hop:
    """One component on the way and why it lets the packet pass."""

    component: str
    detail: str
    logical_id: str | None = None


@dataclass(frozen=True)
class Blocked:
    """No packet gets through; falsy. `blockers` holds the first blocker of each possible path, this one included.

    `code` is Reachability Analyzer's explanation code, `logical_id` the component that blocks, `hops` the way as far
    as it went, `depends` the values this template cannot know.
    """

    source: str
    target: str
    protocol: str
    port: int
    code: str
    explanation: str
    logical_id: str | None = None
    hops: tuple[Hop, ...] = ()
    blockers: tuple[Blocked, ...] = ()
    depends: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return False

    @property
    def because(self) -> str:
        """The first blocker, as a sentence."""
        more = len(self.blockers) - 1
        tail = f" (and {more} more possible path{'s' if more > 1 else ''}, each blocked)" if more > 0 else ""
        if self.depends:
            tail += f"; it depends on {', '.join(self.depends)}"
        return f"{self._what} from {self.source} does not reach {self.target}: {self.explanation} [{self.code}]{tail}"

    @property
    def _what(self) -> str:
        return packet(self.protocol, self.port)


@dataclass(frozen=True)
class Path:
    """A way for some packet from the source to the target, and for its answer back; truthy.

    `except_for` holds what is blocked beside it: source and target addresses, or subnets, between which nothing
    passes. A question for a range of ports is answered with one `port` that passes. `through` names the load balancers
    it needs: empty where the target answers the source by itself.
    """

    source: str
    target: str
    protocol: str
    port: int
    hops: tuple[Hop, ...]
    except_for: tuple[Blocked, ...] = ()
    depends: tuple[str, ...] = ()
    through: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return True

    @property
    def by_way_of(self) -> str:
        """What it needs on the way, in words; empty where it needs nothing."""
        if not self.through:
            return ""
        names = " and ".join(self.through)
        return f"through {names}" if names.startswith("the endpoint ") else f"through the load balancer {names}"

    @property
    def because(self) -> str:
        """The whole way, as a sentence."""
        way = "; ".join(f"{hop.component}: {hop.detail}" for hop in self.hops)
        only = f" only {self.by_way_of}" if self.through else ""
        return f"{packet(self.protocol, self.port)} from {self.source} reaches {self.target}{only}: {way}"


class Walk:
    """One packet on its way from one address to another, and its answer on the way back."""

    def __init__(
        self,
        layout: Layout,
        roads: Roads,
        start: End,
        one: Address,
        end: End,
        other: Address,
        protocol: str,
        port: int,
        anything: bool = False,
    ) -> None:
        self.layout, self.roads = layout, roads
        self.protocol, self.port, self.anything = protocol, port, anything
        self.start, self.one, self.end, self.other = start, one, end, other
        self.hops: list[Hop] = []
        self.met: dict[str, None] = {}
        # where a value nobody knows decides: the way is followed on, for what comes after may decide by itself
        self.doubts: list[Stopped] = []
        # why rules that name a group say nothing of this packet
        self.forgets = ""

    def go(self) -> Path | Blocked:
        try:
            self._go()
        except Stopped as stopped:
            self.doubts = [stopped, *([] if not stopped.depends else self.doubts)]
        if self.doubts:
            first = self.doubts[0]
            depends = dict.fromkeys(value for doubt in self.doubts for value in doubt.depends)
            if first.code not in CERTAIN and not self._is_off_the_map(first):
                depends.update(dict.fromkeys((*self.start.unsure, *self.end.unsure)))
            answer = Blocked(
                self._named(self.start, self.one),
                self._named(self.end, self.other),
                self.protocol,
                self.port,
                first.code,
                first.explanation,
                first.logical_id,
                tuple(self.hops),
                depends=tuple(depends),
            )
            return replace(answer, blockers=(answer,))
        return Path(
            self._named(self.start, self.one),
            self._named(self.end, self.other),
            self.protocol,
            self.port,
            tuple(self.hops),
            depends=tuple(self.met),
        )

    def only_in(self) -> Blocked | None:
        """What of the target itself keeps the packet out, by whichever way it came: its listeners and groups."""
        try:
            self._group_in(self.end, self.one, self.start)
        except Stopped as stopped:
            self.doubts = [stopped]
        if not self.doubts:
            return None
        first = self.doubts[0]
        answer = Blocked(
            self.start.label,
            self.end.label,
            self.protocol,
            self.port,
            first.code,
            first.explanation,
            first.logical_id,
            tuple(self.hops),
            depends=first.depends,
        )
        return replace(answer, blockers=(answer,))

    def _is_off_the_map(self, stopped: Stopped) -> bool:
        """Whether a missing route is to the internet, which no unknown block of a subnet changes."""
        far = self.other if self.end.subnet is None else self.one
        return stopped.code == "NO_ROUTE_TO_DESTINATION" and is_public(far)

    def _go(self) -> None:
        home, away = self.start.subnet, self.end.subnet
        for end in (self.start, self.end):
            if end.unknown:
                self._stop(
                    "UNKNOWN_RESOURCE",
                    f"where {end.label} stands is not told here: {end.unknown}",
                    end.item.logical_id if end.item is not None else None,
                    (end.unknown,),
                )
        if self.end.deaf:
            self._stop(*self.end.deaf)
        if self.start.is_outside and self.end.is_internet:
            self._pass(self.start.label, f"{self.start.is_outside}, from where the internet is open")
            return
        if self.start.endpoint is not None:
            self._stop("VPCE_INTRA_VPC_TRAFFIC", "a gateway endpoint starts no connections; ask the other way round")
        if home is None and away is None:
            self._stop("NO_PATH", "neither end is in a VPC of this design")
        elif home is None and away is not None:
            self._come_in(away)
        elif away is None and home is not None:
            self._leave(home)
        elif home is not None and away is not None:
            self._cross(home, away)

    def _cross(self, home: Subnet, away: Subnet) -> None:
        """Between two subnets, or within one."""
        way = home.table.route_to(self.other)
        if home.vpc is not away.vpc and way is not None and way.kind == "tgw":
            self.forgets = "" if self.roads.carries_groups(way.target, home.vpc, away.vpc) else way.target
        if way is not None and way.kind == "pcx" and self.roads.leads_abroad(way.target):
            self.forgets = way.target
        self._group_out(self.start, self.other, self.end)
        if home is away:
            self._group_in(self.end, self.start.carries or self.one, self.start)
            return
        seen = self.start.carries or self.one
        self._acl(home, self._port, self.other, outbound=True)
        self._route_between(home, away, self.other)
        if not self._acls_at_hub(home, away, self._port, seen, self.other):
            self._acl(away, self._port, seen, outbound=False)
        self._group_in(self.end, seen, self.start)
        # the answer: security groups remember the question, network ACLs and routes do not
        self._route_between(away, home, self.one, answer=True)
        chosen = self._answer_ports(NAT_PORTS if self._asks_from_any_port() else None)
        self._acl(away, chosen, seen, outbound=True, answer=True)
        if not self._acls_at_hub(away, home, chosen, self.other, seen, answer=True):
            self._acl(home, chosen, self.other, outbound=False, answer=True)

    def _acls_at_hub(
        self, here: Subnet, there: Subnet, ports: Ports | None, source: Address, to: Address, *, answer: bool = False
    ) -> bool:
        """Ask the network ACLs on the way over a transit gateway; false where no transit gateway is on the way.

        The ACL of the attachment's subnet is asked inbound for what goes to the transit gateway and outbound for what
        comes from it; in one subnet with the target nothing is asked of what comes from it.
        https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html, checked_on 2026-11-23
        """
        route = here.table.route_to(to)
        if here.vpc is there.vpc or route is None or route.kind != "tgw":
            return False
        self._acl_into_hub(route.target, here, ports, source, answer=answer)
        # it stays in the zone it came from where it can
        self._acl_out_of_hub(route.target, there, ports, source, to, here.zone, answer=answer)
        return True

    def _acl_into_hub(
        self, hub: str, here: Subnet, ports: Ports | None, source: Address, *, answer: bool = False
    ) -> None:
        gate = self.roads.gate(hub, here.vpc, here.zone)
        if gate is not None:
            self._acl(gate, ports, source, outbound=False, answer=answer)

    def _acl_out_of_hub(
        self,
        hub: str,
        there: Subnet,
        ports: Ports | None,
        source: Address,
        to: Address,
        *zones: str,
        answer: bool = False,
    ) -> None:
        gate = self.roads.gate(hub, there.vpc, *zones, there.zone)
        if gate is there:
            self._pass(there.acl.label, "is not asked about what a transit gateway hands out in its own subnet")
            return
        if gate is not None:
            self._acl(gate, ports, to, outbound=True, answer=answer)
        self._acl(there, ports, source, outbound=False, answer=answer)

    def _route_between(self, here: Subnet, there: Subnet, address: Address, *, answer: bool = False) -> None:
        route = here.table.route_to(address)
        back = "the answer: " if answer else ""
        if route is None:
            self._doubt_or_stop_no_route(here, str(address), back)
            return
        if here.vpc is there.vpc:
            if route.kind != "local":
                self._doubt(
                    "MORE_SPECIFIC_ROUTE",
                    f"{back}{here.table.label} sends {address} to {route.target or 'nowhere'} "
                    "before the local route, and the way beyond is not known",
                    route.logical_id,
                    (f"what {route.target or 'the target of that route'} does with it",),
                )
                return
            self._pass(here.table.label, f"{back}local route to {address}", here.table.logical_id)
            return
        if route.kind == "local":
            self._stop(
                "DISCONNECTED_VPCS",
                f"{back}{here.vpc.label} has {address} in its own CIDR block, so its local route keeps the packet: "
                f"networks that overlap, as it does with {there.vpc.label}, cannot be joined",
                here.table.logical_id,
            )
        if route.kind == "pcx":
            self._follow(back, route, here.table.label, address, self.roads.peering(route, here.vpc, there.vpc))
        elif route.kind == "tgw":
            self._pass(here.table.label, f"{back}route to {address} by {self._called(route)}", route.logical_id)
            steps: list[Step] = []
            try:
                landed = self.roads.transit(route, here, address, steps)
            except Stopped as stopped:
                self._take(steps, back)
                self._again(stopped, back)
                return
            self._take(steps, back)
            self._landed_in(landed, there.vpc, route, back)
        elif route.kind == "eni":
            self._doubt(
                "UNKNOWN_DESTINATION",
                f"{back}{here.table.label} sends {address} to {route.target}, and what that does with it is its own",
                route.logical_id,
                (f"what {route.target} does with it",),
            )
        else:
            self._stop(
                "DISCONNECTED_VPCS",
                f"{back}{here.table.label} has no route by peering or a transit gateway to {there.vpc.label}: "
                f"{address} goes to {ROUTE_KINDS.get(route.kind, 'an internet gateway')}",
                here.table.logical_id,
            )

    def _landed_in(self, landed: Attachment, vpc: Vpc, route: Route, back: str) -> None:
        if landed.vpc is vpc:
            return
        if landed.vpc is None and landed.beyond is None:
            self._doubt(
                "UNKNOWN_RESOURCE",
                f"{back}what the attachment {landed.label} leads to is not told here",
                route.logical_id,
                (f"the attachment {landed.label}",),
            )
        else:
            self._stop(
                "TGW_RTB_CANNOT_ROUTE",
                f"{back}the transit gateway hands it to {landed.label}, which does not lead to {vpc.label}",
                landed.name,
            )

    def _follow(self, back: str, route: Route, table: str, address: Address, steps: Iterable[Step]) -> None:
        """Take the steps of a road after the route that leads there."""
        self._pass(table, f"{back}route to {address} by {self._called(route)}", route.logical_id)
        try:
            for component, detail, logical_id in steps:
                self._pass(component, f"{back}{detail}", logical_id)
        except Stopped as stopped:
            self._again(stopped, back)

    def _take(self, steps: Iterable[Step], back: str = "") -> None:
        for component, detail, logical_id in steps:
            self._pass(component, f"{back}{detail}", logical_id)

    def _again(self, stopped: Stopped, back: str) -> None:
        stopped.explanation = f"{back}{stopped.explanation}"
        if not stopped.depends:
            raise stopped
        self.doubts.append(stopped)

    def _called(self, route: Route) -> str:
        item = self.layout.design.resources.get(route.target)
        return f"{ROUTE_KINDS.get(route.kind, route.kind)} {label(item) if item else route.target}"

    def _come_in(self, away: Subnet) -> None:
        """From outside: the internet, on premises, or a network behind a gateway this design only points at."""
        route = away.table.route_to(self.one)
        if self.end.endpoint is not None:
            self._stop("NO_PATH", "a gateway endpoint is reached from its own VPC only")
        if route is None:
            self._doubt_or_stop_no_route(away, "the internet" if is_public(self.one) else str(self.one))
        elif route.kind == "eni":
            self._doubt(
                "UNKNOWN_DESTINATION",
                f"{away.table.label} sends answers to {route.target}, and what that does with them is its own",
                route.logical_id,
                (f"what {route.target} does with it",),
            )
        elif is_public(self.one) and not (self.start.on_premises and route.kind in ("vgw", "tgw")):
            self._through_internet_gateway(away, route, coming_in=True)
        elif route.kind in ("vgw", "tgw", "pcx"):
            self._by_private_road(away, route, coming_in=True)
        else:
            self._stop(
                "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS",
                f"{self.one} is a private address and no route of {away.table.label} leads to its network",
                away.table.logical_id,
            )
        hub = route.target if route is not None and route.kind == "tgw" else ""
        if hub:
            self._acl_out_of_hub(hub, away, self._port, self.one, self.other)
        else:
            self._acl(away, self._port, self.one, outbound=False)
        self._group_in(self.end, self.one, self.start)
        # people's systems choose from 1024 up, and so do the NAT gateways in front of them
        self._acl(away, self._answer_ports(NAT_PORTS), self.one, outbound=True, answer=True)
        if hub:
            self._acl_into_hub(hub, away, self._answer_ports(NAT_PORTS), self.other, answer=True)

    def _by_private_road(self, subnet: Subnet, route: Route, *, coming_in: bool) -> None:
        """To or from a network outside the design: on premises, a VPC elsewhere."""
        far = self.one if coming_in else self.other
        side = self.start if coming_in else self.end
        self._pass(subnet.table.label, f"{far} lies behind {self._called(route)}", route.logical_id)
        if side.assumed:
            self.met[side.assumed] = None
        if route.kind == "vgw":
            self._take(self.roads.virtual_private(route, subnet.vpc))
            return
        if route.kind == "pcx":
            if side.on_premises or is_public(far):
                self._stop(
                    "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
                    f"{far} is in no VPC, and peering is never passed through to a VPN or the internet behind it",
                    route.logical_id,
                )
            return
        steps: list[Step] = []
        try:
            landed = self.roads.transit(route, subnet, far, steps)
            self._take(steps)
            # what came by a VPN has to find its way to the VPC as well
            hub = self.layout.design.resources.get(route.target)
            if landed.beyond is not None and hub is not None:
                inside = self.other if coming_in else self.one
                steps = []
                arrived = self.roads.onward(hub, landed, inside, steps)
                self._take(steps, "" if coming_in else "the answer: ")
                self._landed_in(arrived, subnet.vpc, route, "" if coming_in else "the answer: ")
            elif landed.vpc is not None:
                self._stop(
                    "TGW_RTB_CANNOT_ROUTE",
                    f"the transit gateway sends {far} to {landed.label}, a VPC that does not have this address",
                    landed.name,
                )
        except Stopped as stopped:
            self._again(stopped, "")

    def _leave(self, home: Subnet) -> None:
        """To the outside: the internet, a service behind a gateway endpoint, a network beyond a gateway."""
        self._group_out(self.start, self.other, self.end)
        self._acl(home, self._port, self.other, outbound=True)
        if self.end.endpoint is not None:
            self._through_gateway_endpoint(home, self.end.endpoint)
        else:
            route = home.table.route_to(self.other)
            if route is None:
                self._doubt_or_stop_no_route(home, "the internet" if is_public(self.other) else str(self.other))
            elif route.kind == "tgw" and is_public(self.other) and not self.end.on_premises:
                self._by_way_of_a_hub(home, route)
            elif route.kind in ("vgw", "tgw") or (route.kind == "pcx" and not is_public(self.other)):
                self._by_private_road(home, route, coming_in=False)
            elif route.kind == "eni":
                self._doubt(
                    "UNKNOWN_DESTINATION",
                    f"{home.table.label} sends {self.other} to {route.target}, and what that does with it is its own",
                    route.logical_id,
                    (f"what {route.target} does with it",),
                )
            elif not is_public(self.other):
                self._stop(
                    "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS",
                    f"{self.other} is a private address and no route of {home.table.label} leads to its network",
                    home.table.logical_id,
                )
            elif route.kind == "nat":
                self._through_nat(home, route)
            elif route.kind == "eigw":
                self._pass(home.table.label, "leaves through the egress-only internet gateway", route.logical_id)
            else:
                self._through_internet_gateway(home, route, coming_in=False)
        chosen = self._answer_ports(NAT_PORTS if self._asks_from_any_port() else None)
        way = home.table.route_to(self.other) if self.end.endpoint is None else None
        if way is not None and way.kind == "tgw":
            self._acl_into_hub(way.target, home, self._port, self.one)
            self._acl_out_of_hub(way.target, home, chosen, self.other, self.one, answer=True)
        else:
            self._acl(home, chosen, self.other, outbound=False, answer=True)

    def _by_way_of_a_hub(self, home: Subnet, route: Route) -> None:
        """To the internet through a transit gateway, and out of the VPC behind it that has a NAT gateway."""
        self._pass(home.table.label, f"route to the internet by {self._called(route)}", route.logical_id)
        steps: list[Step] = []
        try:
            landed = self.roads.transit(route, home, self.other, steps)
        except Stopped as stopped:
            self._take(steps)
            self._again(stopped, "")
            return
        self._take(steps)
        if landed.vpc is None:
            # on premises, or an attachment nobody described: its own way out is not in this design
            self.met[f"what lies behind {landed.label}"] = None
            return
        if not landed.subnets:
            self._doubt(
                "UNKNOWN_RESOURCE", f"the subnets of {landed.label} are not told here", landed.name, (landed.label,)
            )
            return
        gate = next((each for each in landed.subnets if each.zone == home.zone), landed.subnets[0])
        onward = gate.table.route_to(self.other)
        if onward is None:
            self._doubt_or_stop_no_route(gate, "the internet")
        elif onward.kind == "nat":
            nat = self.layout.design.resources.get(onward.target)
            stands = self.layout.subnets.get(self.layout.ref(nat.properties.get("SubnetId"))) if nat else None
            if stands is not gate:
                self._acl(gate, self._port, self.other, outbound=True)
            self._through_nat(gate, onward)
            if stands is not None:
                self._acl_into_hub(route.target, stands, self._answer_ports(), self.other, answer=True)
                back = stands.table.route_to(self.one)
                if back is None or back.kind != "tgw":
                    self._stop_no_route(stands, str(self.one), "the answer: ")
                self._pass(
                    stands.table.label, f"the answer: route to {self.one} by {self._called(back)}", back.logical_id
                )
                steps = []
                try:
                    came = self.roads.transit(back, gate, self.one, steps)
                    self._take(steps, "the answer: ")
                    self._landed_in(came, home.vpc, back, "the answer: ")
                except Stopped as stopped:
                    self._again(stopped, "the answer: ")
        elif onward.kind == "igw":
            self._stop(
                "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
                f"{gate.table.label} sends what comes by the transit gateway straight to an internet gateway, which "
                f"knows no public address of {self.start.label}; a NAT gateway in between has one",
                onward.logical_id,
            )
        else:
            self._doubt(
                "UNKNOWN_DESTINATION",
                f"{gate.table.label} sends it on to {self._called(onward)}",
                onward.logical_id,
                (f"what {onward.target} does with it",),
            )

    def _through_internet_gateway(self, subnet: Subnet, route: Route, *, coming_in: bool) -> None:
        end = self.end if coming_in else self.start
        if route.kind == "pcx":
            self._stop(
                "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
                f"{subnet.table.label} sends the internet's addresses over a peering connection, which carries only "
                "what is in the peer's CIDR block",
                route.logical_id,
            )
        if route.kind != "igw":
            way = "answers would leave" if coming_in else "packets leave"
            self._stop(
                "NO_ROUTE_TO_DESTINATION",
                f"{subnet.table.label} of {subnet.label} has no route to an internet gateway: "
                f"{way} through {ROUTE_KINDS.get(route.kind, route.kind)}, which lets nobody in",
                route.logical_id or subnet.table.logical_id,
            )
        layout = self.layout
        declared = route.target in layout.design.resources
        if declared and (route.target, subnet.vpc.item.logical_id) not in layout.gateways:
            self._stop(
                "BAD_STATE_ATTACHMENT",
                f"the internet gateway {route.target} is not attached to {subnet.vpc.label}",
                route.target,
            )
        if layout.blocks_public_access(subnet, coming_in=coming_in):
            self._stop(
                "VPC_BLOCK_PUBLIC_ACCESS_ENABLED",
                f"VPC Block Public Access is {layout.public_block}, and {subnet.label} is not excluded from it",
                subnet.item.logical_id,
            )
        gateway = layout.design.resources.get(route.target)
        named = label(gateway) if gateway is not None else route.target
        self._pass(subnet.table.label, f"route to the internet gateway {named}", route.logical_id)
        if self.one.version == 6:
            if end.public is False and end.item is not None and self._is_shut_to_gateways(end.item):
                self._stop(
                    "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
                    f"{end.label} is internal, and its IPv6 addresses are shut to internet gateways "
                    "(ipv6.deny_all_igw_traffic)",
                    end.item.logical_id,
                )
            return
        if end.public:
            self._pass(
                end.label, f"has a public IPv4 address{f': {end.why}' if end.why else ''}", subnet.item.logical_id
            )
        if end.public is False:
            code = "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS" if coming_in else "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"
            self._stop(code, f"{end.label} has no public IPv4 address", subnet.item.logical_id)
        if end.public is None:
            given = "given at launch" if subnet.public_on_launch else "an Elastic IP or a load balancer brings one"
            given = end.why or given
            self._pass(subnet.label, f"taken to carry a public IPv4 address ({given})", subnet.item.logical_id)

    def _is_shut_to_gateways(self, item: Item) -> bool:
        """Whether a load balancer keeps an internet gateway's packets out: an internal one does unless told otherwise.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html,
        checked_on 2026-11-23
        """
        if not item.type.endswith("V2::LoadBalancer"):
            return False
        told = {
            str(each.get("Key")): str(each.get("Value")).lower()
            for each in as_list(item.properties.get("LoadBalancerAttributes"))
            if isinstance(each, Mapping)
        }
        return told.get("ipv6.deny_all_igw_traffic", "true") == "true"

    def _through_nat(self, home: Subnet, route: Route) -> None:
        layout = self.layout
        nat = layout.design.resources.get(route.target)
        named = label(nat) if nat is not None else route.target
        self._pass(home.table.label, f"route to the NAT gateway {named}", route.logical_id)
        if nat is None:
            return
        if nat.properties.get("ConnectivityType") == "private":
            self._stop("NO_ROUTE_TO_DESTINATION", f"{label(nat)} is a private NAT gateway", nat.logical_id)
        stands_in = layout.subnets.get(layout.ref(nat.properties.get("SubnetId")))
        is_regional = str(nat.properties.get("AvailabilityMode")).lower() == "regional"
        if not is_regional and not nat.properties.get("AllocationId"):
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-natgateway.html
            # (AllocationId), checked_on 2026-11-23
            self._stop(
                "BAD_STATE",
                f"{label(nat)} is public and names no Elastic IP (AllocationId), so AWS does not make it",
                nat.logical_id,
            )
        if stands_in is None:
            # a regional NAT gateway stands in no subnet
            return
        onward = stands_in.table.route_to(self.other)
        if onward is None or onward.kind != "igw":
            self._stop(
                "NO_ROUTE_TO_DESTINATION",
                f"{label(nat)} stands in {stands_in.label}, which has no route to an internet gateway",
                stands_in.table.logical_id or stands_in.item.logical_id,
            )
        if layout.blocks_public_access(stands_in, coming_in=False):
            self._stop(
                "VPC_BLOCK_PUBLIC_ACCESS_ENABLED",
                f"VPC Block Public Access is {layout.public_block}, and {stands_in.label} is not excluded from it",
                stands_in.item.logical_id,
            )
        if stands_in is not home:
            self._acl(stands_in, self._port, self.one, outbound=False)
            self._acl(stands_in, self._answer_ports(), self.one, outbound=True, answer=True)
        self._acl(stands_in, self._port, self.other, outbound=True)
        # a NAT gateway takes its source ports from all of 1024-65535
        self._acl(stands_in, self._answer_ports(NAT_PORTS), self.other, outbound=False, answer=True)
        self._pass(label(nat), f"translates to its own address in {stands_in.label}", nat.logical_id)

    def _through_gateway_endpoint(self, home: Subnet, endpoint: Item) -> None:
        if self.protocol not in ("tcp", "icmp"):
            self._stop("VPCE_GATEWAY_PROTOCOL_RESTRICTION", f"{label(endpoint)} takes TCP only", endpoint.logical_id)
        if not any(route.kind == "vpce" and route.target == endpoint.logical_id for route in home.table.routes):
            self._stop(
                "NO_ROUTE_TO_DESTINATION",
                f"{home.table.label} of {home.label} has no route to {label(endpoint)}",
                home.table.logical_id or endpoint.logical_id,
            )
        self._pass(home.table.label, f"prefix-list route to {label(endpoint)}", endpoint.logical_id)
        self._note_policy(endpoint)

    def _note_policy(self, endpoint: Item) -> None:
        """An endpoint's policy decides about actions, not packets; it is said, and left to `may`."""
        if endpoint.properties.get("PolicyDocument"):
            self._pass(label(endpoint), "packets pass; its policy may still refuse an action", endpoint.logical_id)

    def _group_out(self, end: End, address: Address, other: End) -> None:
        if end.groups is not None:
            self._groups(end.groups, "egress", address, other)

    def _group_in(self, end: End, address: Address, other: End) -> None:
        self._listens(end)
        if end.bare:
            self._pass(end.label, "wears no security group, so none is asked")
        elif end.groups is None:
            self._pass(end.label, "no security group named, none judged")
        else:
            self._groups(end.groups, "ingress", address, other)
        if end.item is not None and end.item.type == "AWS::EC2::VPCEndpoint":
            self._note_policy(end.item)

    def _listens(self, end: End) -> None:
        """A load balancer answers on its listeners' ports and no other."""
        if end.accepts is None or end.item is None:
            return
        heard = [ports for ports, protocols in end.accepts if self.protocol in protocols]
        if self.port in heard:
            self._pass(end.label, f"listens on {packet(self.protocol, self.port)}", end.item.logical_id)
        elif not end.accepts:
            self._doubt(
                "ELBV2_LISTENERS_MISMATCH",
                f"{end.label} has no listener in this design",
                end.item.logical_id,
                (f"whether another stack gives {end.label} a listener",),
            )
        elif None in heard:
            self._doubt(
                "ELBV2_LISTENERS_MISMATCH",
                f"a listener of {end.label} has a port that is not told here",
                end.item.logical_id,
                (f"a listener's port of {end.label}",),
            )
        else:
            told = ", ".join(str(each) for each in dict.fromkeys(heard)) or f"no {self.protocol} port"
            code = "ELBV2_LISTENERS_MISMATCH" if "V2" in end.item.type else "ELB_LISTENERS_MISMATCH"
            self._stop(code, f"{end.label} has no listener on {self.port}; it listens on {told}", end.item.logical_id)

    def _groups(self, groups: tuple[Group, ...], direction: str, address: Address, other: End) -> None:
        worn = set() if self.forgets else {each.name for each in other.groups or ()}
        known_to = {each.name for each in other.groups or ()}
        masked = [each.known_as for each in other.groups or () if each.known_as and not each.known_as.startswith("sg-")]
        rules = [(group, rule) for group in groups for rule in getattr(group, direction)]
        names = " and ".join(group.label for group in groups)
        names = names if names.startswith("the default") else f"the security group {names}"
        undecided: list[str] = []
        untold: dict[str, None] = {}
        forgotten = False
        for group, rule in rules:
            if rule.prefix_list and other.service and rule.holds != other.service:
                undecided.append(rule.prefix_list)
            elif rule.prefix_list and not rule.holds and rule.fits(self.protocol, self.port):
                untold[rule.prefix_list] = None
            if self.forgets and rule.group in known_to and rule.fits(self.protocol, self.port):
                forgotten = True
            if masked and rule.group and rule.group not in worn and rule.fits(self.protocol, self.port):
                # what it wears is not told, and may be what the rule names
                untold.update(dict.fromkeys(masked))
            if rule.group and rule.group.startswith("<") and rule.group not in worn:
                # a group another stack exports may be the very one
                if rule.fits(self.protocol, self.port):
                    untold[rule.group] = None
            elif rule.unreadable:
                if rule.protocol in ("-1", self.protocol):
                    untold[rule.unreadable] = None
            elif rule.admits(self.protocol, self.port, address, worn, other.service):
                self._pass(
                    group.label, f"{direction} rule {self._told(rule)} admits it", rule.logical_id or group.logical_id
                )
                return
        where = groups[0].logical_id if groups else None
        if not rules:
            self._stop("SG_HAS_NO_RULES", f"{names} has no {direction} rule", where)
        of = self._say(address) if not known_to else f"{address} ({other.label})"
        what = f"has no {direction} rule for {packet(self.protocol, self.port)} "
        what += f"{'to' if direction == 'egress' else 'from'} {of}"
        if forgotten and self.roads.leads_abroad(self.forgets):
            # https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html, checked_on 2026-11-23
            self._stop(
                "ENI_SG_RULES_MISMATCH",
                f"{names} {what}: one rule names its group, and a rule cannot name a group of a peer in another "
                "Region; name its addresses",
                where,
            )
        if forgotten:
            self._stop(
                "SG_REFERENCING_SUPPORT",
                f"{names} {what}: one rule names its group, and {self._hub_called()} does not carry "
                "group names unless its security group referencing support is on",
                where,
            )
        if undecided:
            service = {"s3": "S3", "dynamodb": "DynamoDB"}.get(other.service, other.service)
            theirs = S3_PREFIX_LISTS.get(self.layout.design.region) if other.service == "s3" else None
            what += f"; {', '.join(undecided)} is not known to be {service}'s prefix list"
            what += f" in {self.layout.design.region}" + (f", which is {theirs}" if theirs else "")
            untold.update(dict.fromkeys(undecided))
        if untold:
            self._doubt("ENI_SG_RULES_MISMATCH", f"{names} {what} that is told here", where, tuple(untold))
            return
        self._stop("ENI_SG_RULES_MISMATCH", f"{names} {what}", where)

    def _told(self, rule: Rule) -> str:
        named = self.layout.groups.get(rule.group or "")
        return rule.text if named is None else rule.text.replace(f"({rule.group})", f"({named.label})")

    def _hub_called(self) -> str:
        hub = self.layout.design.resources.get(self.forgets)
        return f"the transit gateway {label(hub) if hub else self.forgets}"

    def _acl(
        self, subnet: Subnet, ports: Ports | None, address: Address, *, outbound: bool, answer: bool = False
    ) -> None:
        way = "outbound" if outbound else "inbound"
        if answer and self.anything and ports is not None:
            if self.protocol == "udp":
                return
            if subnet.acl.admits_some(outbound, self.protocol, ports, address):
                self._pass(subnet.acl.label, f"admits an answer, {way}", subnet.acl.logical_id)
                return
        refused = subnet.acl.refuses(outbound, self.protocol, ports, address)
        what = f"{self.protocol}{'' if ports is None else ' ' + span(ports)}"
        direction = "to" if outbound else "from"
        back = "the answer, " if answer else ""
        if refused is None:
            one = (
                subnet.acl.first(outbound, self.protocol, ports[0], address) if ports and len(set(ports)) == 1 else None
            )
            admitting = (one.logical_id if one else None) or subnet.acl.logical_id
            self._pass(subnet.acl.label, f"admits {back}{way} {what} {direction} {self._say(address)}", admitting)
            return
        entry, gap = refused
        untold = [
            each.unreadable
            for each in subnet.acl.entries
            if each.unreadable and each.allows and each.outbound == outbound and each.protocol in ("-1", self.protocol)
        ]
        if entry is None:
            reason = "no rule admits " + (what if gap is None or gap == ports else f"{self.protocol} {span(gap)}")
        else:
            reason = f"rule {entry.number} denies it"
        self._doubt(
            "SUBNET_ACL_RESTRICTION",
            f"{subnet.acl.label} of {subnet.label} refuses {back}{way} {what} {direction} {self._say(address)}: "
            f"{reason}",
            (entry.logical_id if entry else None) or subnet.acl.logical_id,
            tuple(untold),
        )

    @property
    def _port(self) -> Ports:
        return (self.port, self.port)

    def _answer_ports(self, ports: Ports | None = None) -> Ports:
        """Where the answer goes: the port the asker chose, any of its system's ephemeral ports; icmp's echo reply."""
        if self.protocol == "icmp":
            return (0, 0)
        return ports or EPHEMERAL

    def _asks_from_any_port(self) -> bool:
        item = self.start.item
        return item is not None and item.type.endswith(("::LoadBalancer", "::Function", "::NatGateway"))

    def _named(self, end: End, address: Address) -> str:
        if end.endpoint is not None and end.service == "s3":
            return f"{end.label} (S3 at {address})"
        if end.endpoint is not None or str(address) in end.label or end.unknown or end.deaf:
            return end.label
        return end.label if end.is_internet and not self._is_told(address) else f"{end.label} ({address})"

    def _is_told(self, address: Address) -> bool:
        """Whether some rule or route names a part of the internet this address is in."""
        return self.layout.is_told(address)

    def _say(self, address: Address) -> str:
        """An address, or what it stands for where it is anybody's."""
        ends = ((self.start, self.one), (self.end, self.other))
        for end, own in ends:
            if end.endpoint is not None and end.service != "s3" and address == own:
                return f"the addresses of {end.service}"
        stands_for_all = any(end.is_internet and address == own for end, own in ends)
        return "the internet" if stands_for_all and not self._is_told(address) else str(address)

    def _pass(self, component: str, detail: str, logical_id: str | None = None) -> None:
        self.hops.append(Hop(component, detail, logical_id))

    def _doubt_or_stop_no_route(self, subnet: Subnet, where: str, back: str = "") -> None:
        untold = [f"the routes of {subnet.table.label}"] if not subnet.table.is_known else subnet.table.unreadable
        if not untold:
            self._stop_no_route(subnet, where, back)
        self._doubt(
            "NO_ROUTE_TO_DESTINATION",
            f"{back}{subnet.table.label} of {subnet.label} has no route to {where} that is told here",
            subnet.table.logical_id or subnet.item.logical_id,
            tuple(untold),
        )

    def _stop_no_route(self, subnet: Subnet, where: str, on_the_way_back: str = "") -> NoReturn:
        self._stop(
            "NO_ROUTE_TO_DESTINATION",
            f"{on_the_way_back}{subnet.table.label} of {subnet.label} has no route to {where}",
            subnet.table.logical_id or subnet.item.logical_id,
        )

    def _doubt(self, code: str, explanation: str, logical_id: str | None, depends: tuple[str, ...]) -> None:
        """Stop here, unless it depends on what nobody knows: then remember it and go on."""
        if not depends:
            self._stop(code, explanation, logical_id)
        self.doubts.append(Stopped(code, explanation, logical_id, depends))

    def _stop(
        self, code: str, explanation: str, logical_id: str | None = None, depends: tuple[str, ...] = ()
    ) -> NoReturn:
        raise Stopped(code, explanation, logical_id, depends)


@dataclass(frozen=True)
class End:
    """One end of a path. `groups` None means judged by address alone, `public` None that it may carry an address.

    `bare` wears no group and needs none; `why` is what gives it its public address; `accepts` the ports a load balancer
    listens on; `carries` the client's address that a network load balancer's targets see; `deaf` why nothing reaches
    it; `is_outside` why it is in no VPC; `unknown` why nobody can tell where it is; `unsure` its own values that are
    not known; `assumed` what was taken for granted of its addresses.
    """

    label: str
    subnet: Subnet | None = None
    groups: tuple[Group, ...] | None = None
    spaces: tuple[Net, ...] = ()
    public: bool | None = None
    is_internet: bool = False
    endpoint: Item | None = None
    service: str = ""
    item: Item | None = None
    bare: bool = False
    why: str = ""
    accepts: tuple[tuple[int | None, tuple[str, ...]], ...] | None = None
    carries: Address | None = None
    deaf: tuple[str, str, str | None] | None = None
    is_outside: str = ""
    on_premises: bool = False
    unknown: str = ""
    unsure: tuple[str, ...] = ()
    assumed: str = ""


def packet(protocol: str, port: int) -> str:
    return f"icmp type {port}" if protocol == "icmp" else f"{protocol} {port}"


# Linux clients, Amazon Linux among them, choose from 32768-60999 (the guide's 61000 is not one they use); NAT
# gateways, load balancers and Lambda from 1024-65535
# https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html, checked_on 2026-11-22
EPHEMERAL: Ports = (32768, 60999)
NAT_PORTS: Ports = (1024, 65535)

ROUTE_KINDS = {
    "nat": "a NAT gateway",
    "eigw": "an egress-only internet gateway",
    "tgw": "the transit gateway",
    "vgw": "the virtual private gateway",
    "pcx": "the peering connection",
    "eni": "a network interface",
    "local": "the local route",
}

# what no unknown address of a subnet would change
CERTAIN = frozenset(
    {
        "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
        "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
        "BAD_STATE_ATTACHMENT",
        "VPC_BLOCK_PUBLIC_ACCESS_ENABLED",
        "SG_HAS_NO_RULES",
        "ELBV2_LISTENERS_MISMATCH",
        "ELB_LISTENERS_MISMATCH",
        "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION",
        "VPCE_INTRA_VPC_TRAFFIC",
    }
)
