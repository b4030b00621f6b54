"""Whether packets get from here to there, by addresses, routes, network ACLs and security groups.

`reach` answers as AWS Reachability Analyzer does, in its explanation codes, from the design alone: it follows the
configuration, sends nothing, and does not judge endpoint policies or what listens at the far end.
https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html, checked_on 2026-11-22
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn

from preflight.analysis.vpc import (
    ALL_4,
    EVERYWHERE_6,
    INSTANCE,
    INTERFACE,
    S3_ADDRESSES,
    S3_PREFIX_LISTS,
    SECURITY_GROUP,
    VPC_ENDPOINT,
    Address,
    Group,
    Layout,
    Net,
    Ports,
    Route,
    Subnet,
    as_list,
    as_net,
    common,
    is_public,
    is_true,
    label,
    protocol_name,
    span,
)
from preflight.errors import Usage

if TYPE_CHECKING:
    from preflight.template import Design, Item

Place = str | Sequence[str]
Span = tuple[int, int]


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
        return f"{self._what} from {self.source} does not reach {self.target}: {self.explanation} [{self.code}]{tail}"

    @property
    def _what(self) -> str:
        return _packet(self.protocol, self.port)


@dataclass(frozen=True)
class Path:
    """A way for some packet from the source to the target, and for its answer back; truthy.

    `except_for` holds what is blocked beside it: source and target addresses, or subnets, between which nothing
    passes. A question for a range of ports is answered with one `port` that passes.
    """

    source: str
    target: str
    protocol: str
    port: int
    hops: tuple[Hop, ...]
    except_for: tuple[Blocked, ...] = ()
    depends: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return True

    @property
    def because(self) -> str:
        """The whole way, as a sentence."""
        way = "; ".join(f"{hop.component}: {hop.detail}" for hop in self.hops)
        return f"{_packet(self.protocol, self.port)} from {self.source} reaches {self.target}: {way}"


def reach(design: Design, source: Place, target: Place, port: int | Ports = 0, protocol: str = "tcp") -> Path | Blocked:
    """Whether some packet gets from source to target, and its answer back.

    A place is "internet"; an address or CIDR; a resource's logical id, construct path or physical id (subnet, VPC,
    security group, network interface, instance, VPC endpoint); "GROUP in SUBNET"; or several of these. A security
    group means anything that wears it. A subnet, VPC or CIDR is judged by address alone: as a source no group rule
    names it, as a target no group is in its way. What only might carry a public IPv4 address is taken to carry one.
    `port` may be a range (is any port in it open?), for icmp it is the type; `protocol` is tcp, udp, icmp or all.
    One port asks whether it works: the answer must get back to whichever port the asker chose. A range asks whether
    anything is open: one such port is enough for tcp, and a udp datagram counts when it arrives, answered or not.

    Raises Usage when a place names nothing in the design, or several things.
    """
    return Network(design).reach(source, target, port, protocol)


def tier(design: Design, subnet: str) -> str:
    """A subnet's tier by its routes: "public" (to an internet gateway), "private" (out through NAT) or "isolated"."""
    return Layout(design).subnet(subnet).tier


def availability_zones(design: Design, subnets: Iterable[str]) -> set[str]:
    """The Availability Zones these subnets are in."""
    layout = Layout(design)
    return {layout.subnet(each).zone for each in subnets}


def free_addresses(cidr: str) -> int:
    """How many addresses of a new subnet can be used: AWS keeps the first four and the last.

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html, checked_on 2026-11-22
    """
    return max(ipaddress.ip_network(cidr, strict=False).num_addresses - 5, 0)


def overlap(one: str, other: str) -> bool:
    """Whether two CIDR blocks share an address, so that their networks can never be peered."""
    first, second = ipaddress.ip_network(one, strict=False), ipaddress.ip_network(other, strict=False)
    return first.version == second.version and first.overlaps(second)


class Network:
    """A design's network, read once and asked many times."""

    def __init__(self, design: Design) -> None:
        self.layout = Layout(design)
        self._stand_ins: dict[Net, list[Address]] = {}

    def reach(self, source: Place, target: Place, port: int | Ports = 0, protocol: str = "tcp") -> Path | Blocked:
        """See `reach`."""
        ports = (port, port) if isinstance(port, int) else (port[0], port[1])
        anything = not isinstance(port, int)
        answers: list[Path | Blocked] = []
        sources, targets = list(self._ends(source)), list(self._ends(target))
        for ends, place in ((sources, source), (targets, target)):
            if not ends:
                raise Usage(f"{place} stands in no subnet of this design; put it in one, then ask again")
        for each in _protocols(protocol):
            for start in sources:
                answers.extend(self._between(start, end, each, ports, anything) for end in targets)
        return _summary(answers)

    # ends

    def _ends(self, place: Place) -> Iterator[End]:
        if not isinstance(place, str):
            for each in place:
                yield from self._ends(each)
        elif "," in place:
            yield from self._ends([each.strip() for each in place.split(",") if each.strip()])
        elif place == "internet":
            yield End("the internet", spaces=(ALL_4, EVERYWHERE_6), is_internet=True)
        elif (net := as_net(place)) is not None:
            yield from self._ends_of_cidr(place, net)
        elif " in " in place:
            group_name, subnet_names = place.split(" in ", 1)
            group = self.layout.group(group_name.strip())
            for subnet in (self.layout.subnet(each.strip()) for each in subnet_names.split(" and ")):
                if group.vpc is not subnet.vpc:
                    raise Usage(
                        f"{group.label} and {subnet.label} are not in one VPC; name a group of the subnet's VPC"
                    )
                yield self._wearer((group,), subnet)
        else:
            yield from self._ends_of_item(self.layout.find(place))

    def _ends_of_cidr(self, text: str, net: Net) -> Iterator[End]:
        homes = [
            (subnet, inside)
            for subnet in self.layout.subnets.values()
            for inside in (common(net, each) for each in subnet.cidrs)
            if inside is not None
        ]
        for subnet, inside in homes:
            whose = text if inside.num_addresses == 1 else f"an address of {text}"
            yield End(f"{whose} in {subnet.label}", subnet=subnet, spaces=(inside,))
        in_a_vpc = any(common(net, each) == net for vpc in self.layout.vpcs.values() for each in vpc.cidrs)
        if not homes or not in_a_vpc:
            yield End(text if net.num_addresses == 1 else f"an address of {text}", spaces=(net,))

    def _ends_of_item(self, item: Item) -> Iterator[End]:
        if item.logical_id in self.layout.subnets:
            subnet = self.layout.subnets[item.logical_id]
            yield End(subnet.label, subnet=subnet, spaces=subnet.cidrs)
        elif item.logical_id in self.layout.vpcs:
            for subnet in self.layout.subnets.values():
                if subnet.vpc is self.layout.vpcs[item.logical_id]:
                    yield End(subnet.label, subnet=subnet, spaces=subnet.cidrs)
        elif item.type == SECURITY_GROUP:
            group = self.layout.groups[item.logical_id]
            homes = [each for each in self.layout.subnets.values() if each.vpc is group.vpc]
            if not homes:
                raise Usage(f"the VPC of {group.label} has no subnet here; add one, then ask again")
            yield from (self._wearer((group,), subnet) for subnet in homes)
        elif item.type == VPC_ENDPOINT and item.properties.get("VpcEndpointType", "Gateway") == "Gateway":
            service = str(item.properties.get("ServiceName", "")).rsplit(".", 1)[-1]
            spaces = S3_ADDRESSES.get(self.layout.design.region, (ALL_4,)) if service == "s3" else (ALL_4,)
            yield End(label(item), spaces=spaces, endpoint=item, service=service)
        elif item.type in (INSTANCE, INTERFACE, VPC_ENDPOINT):
            yield from self._interfaces(item)
        else:
            raise Usage(
                f"{label(item)} ({item.type}) has no address of its own; ask about its security group or its subnet"
            )

    def _wearer(self, groups: tuple[Group, ...], subnet: Subnet) -> End:
        names = " and ".join(group.label for group in groups)
        return End(f"{names} in {subnet.label}", subnet=subnet, groups=groups, spaces=subnet.cidrs)

    def _interfaces(self, item: Item) -> Iterator[End]:
        """The network interfaces of an instance, a network interface or an interface endpoint."""
        properties = item.properties
        if item.type == VPC_ENDPOINT:
            cards = [
                {"SubnetId": each, "GroupSet": properties.get("SecurityGroupIds")}
                for each in as_list(properties.get("SubnetIds"))
            ]
            public: bool | None = False
        elif item.type == INSTANCE and properties.get("NetworkInterfaces"):
            cards = [
                {**self._declared_interface(each), **each}
                for each in as_list(properties["NetworkInterfaces"])
                if isinstance(each, Mapping)
            ]
            public = None
        else:
            groups = properties.get("GroupSet") or properties.get("SecurityGroupIds")
            cards = [{**properties, "GroupSet": groups}]
            public = None
        for card in cards:
            subnet = self.layout.subnets.get(self.layout.ref(card.get("SubnetId")))
            if subnet is None:
                continue
            named = [
                self.layout.groups[name]
                for name in map(self.layout.ref, as_list(card.get("GroupSet")))
                if name in self.layout.groups
            ]
            groups_worn = tuple(named) or (self.layout.default_group(subnet.vpc),)
            address = as_net(card.get("PrivateIpAddress"))
            has_public = self._has_public_address(item, card, subnet) if public is None else public
            yield End(
                label(item),
                subnet=subnet,
                groups=groups_worn,
                spaces=(address,) if address is not None else subnet.cidrs,
                public=has_public,
            )

    def _declared_interface(self, card: Mapping[str, Any]) -> Mapping[str, Any]:
        item = self.layout.named.get(str(card.get("NetworkInterfaceId")))
        return item.properties if item is not None and not isinstance(item, str) else {}

    def _has_public_address(self, item: Item, card: Mapping[str, Any], subnet: Subnet) -> bool:
        """An Elastic IP, or an address given at launch: by the interface's own word, else by the subnet's."""
        mine = {item.logical_id, self.layout.ref(card.get("NetworkInterfaceId"))}
        for elastic in self.layout.design.of_type("AWS::EC2::EIP", "AWS::EC2::EIPAssociation"):
            if {self.layout.ref(elastic.properties.get(key)) for key in ("InstanceId", "NetworkInterfaceId")} & mine:
                return True
        if item.type == INTERFACE:
            return False
        asked = card.get("AssociatePublicIpAddress")
        return subnet.public_on_launch if asked is None else is_true(asked)

    # one source to one target

    def _between(self, start: End, end: End, protocol: str, ports: Ports, anything: bool) -> Path | Blocked:
        blocked: list[Blocked] = []
        for version in (4, 6):
            found: Path | None = None
            beside: list[Blocked] = []
            others = self._addresses(end, version)
            for one in self._addresses(start, version):
                for other in others:
                    answer = self._first_open(start, one, end, other, protocol, ports, anything)
                    if isinstance(answer, Blocked):
                        beside.append(answer)
                    elif found is None:
                        found = answer
            if found is not None:
                return replace(found, except_for=tuple(beside))
            blocked.extend(beside)
        if not blocked:
            return Blocked(
                start.label, end.label, protocol, ports[0], "NO_PATH", "they share no address family, IPv4 or IPv6"
            )
        return blocked[0]

    def _first_open(
        self, start: End, one: Address, end: End, other: Address, protocol: str, ports: Ports, anything: bool
    ) -> Path | Blocked:
        first: Blocked | None = None
        for port in self._telling_ports(start, end, protocol, ports):
            walk = _Walk(self.layout, start, one, end, other, protocol, port, anything)
            answer = walk.go()
            if isinstance(answer, Path):
                return answer
            first = answer if first is None else first
        assert first is not None
        return first

    def _telling_ports(self, start: End, end: End, protocol: str, ports: Ports) -> list[int]:
        """The ports of the range at which some rule begins or stops to match; between them nothing changes."""
        low, high = ports
        if low == high:
            return [low]
        told = {low}
        ranges: list[Ports | None] = []
        for side in (start, end):
            for group in side.groups or ():
                ranges += [rule.ports for rule in (*group.ingress, *group.egress)]
            if side.subnet is not None:
                ranges += [entry.ports for entry in side.subnet.acl.entries]
        for each in ranges:
            if each is not None:
                told |= {port for port in (each[0], each[1] + 1) if low <= port <= high}
        return sorted(told)

    def _addresses(self, end: End, version: int) -> list[Address]:
        """Addresses that stand for all of an end's: one for each part of its space that rules tell apart."""
        found: list[Address] = []
        for space in end.spaces:
            if space.version == version:
                if space not in self._stand_ins:
                    self._stand_ins[space] = representatives(space, self.layout.mentioned)
                found += self._stand_ins[space]
        if end.is_internet or end.endpoint is not None:
            ours = [each for vpc in self.layout.vpcs.values() for each in vpc.cidrs]
            found = [each for each in found if is_public(each) and not any(each in net for net in ours)]
        return found


class _Walk:
    """One packet on its way from one address to another, and its answer on the way back."""

    def __init__(
        self,
        layout: Layout,
        start: End,
        one: Address,
        end: End,
        other: Address,
        protocol: str,
        port: int,
        anything: bool = False,
    ) -> None:
        self.layout, self.protocol, self.port, self.anything = layout, protocol, port, anything
        self.start, self.one, self.end, self.other = start, one, end, other
        self.hops: list[Hop] = []
        self.met: dict[str, None] = {}

    def go(self) -> Path | Blocked:
        try:
            self._go()
        except _Stopped as stopped:
            answer = Blocked(
                self._named(self.start, self.one),
                self._named(self.end, self.other),
                self.protocol,
                self.port,
                stopped.code,
                stopped.explanation,
                stopped.logical_id,
                tuple(self.hops),
                depends=tuple(self.met),
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

    def _go(self) -> None:
        home, away = self.start.subnet, self.end.subnet
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
        self._group_out(self.start, self.other, self.end)
        if home is away:
            self._group_in(self.end, self.one, self.start)
            return
        self._acl(home, self._port, self.other, outbound=True)
        self._route_between(home, away, self.other)
        self._acl(away, self._port, self.one, outbound=False)
        self._group_in(self.end, self.one, self.start)
        # the answer: security groups remember the question, network ACLs and routes do not
        self._route_between(away, home, self.one, answer=True)
        self._acl(away, self._answer_ports(), self.one, outbound=True, answer=True)
        self._acl(home, self._answer_ports(), self.other, outbound=False, answer=True)

    def _route_between(self, here: Subnet, there: Subnet, address: Address, *, answer: bool = False) -> None:
        route = here.table.route_to(address)
        on_the_way_back = "the answer: " if answer else ""
        if route is None:
            self._stop_no_route(here, str(address), on_the_way_back)
        if here.vpc is there.vpc:
            if route.kind != "local":
                self._stop(
                    "MORE_SPECIFIC_ROUTE",
                    f"{on_the_way_back}{here.table.label} sends {address} to {route.target or 'nowhere'} "
                    "before the local route, and the way beyond is not known",
                    route.logical_id,
                )
            self._pass(here.table.label, f"{on_the_way_back}local route to {address}", here.table.logical_id)
            return
        peering = self.layout.design.resources.get(route.target)
        ends = {self.layout.ref(peering.properties.get(key)) for key in ("VpcId", "PeerVpcId")} if peering else set()
        if route.kind != "pcx":
            self._stop(
                "DISCONNECTED_VPCS",
                f"{on_the_way_back}{here.table.label} has no route over a peering connection to {there.vpc.label}",
                here.table.logical_id,
            )
        if ends != {here.vpc.item.logical_id, there.vpc.item.logical_id}:
            self._stop(
                "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
                f"{on_the_way_back}the peering connection {route.target} does not end in {there.vpc.label}; "
                "peering is never transitive",
                route.logical_id,
            )
        self._pass(here.table.label, f"{on_the_way_back}peering route to {address}", route.logical_id)

    def _come_in(self, away: Subnet) -> None:
        """From outside: the internet, or a network behind a gateway this design only points at."""
        route = away.table.route_to(self.one)
        if self.end.endpoint is not None:
            self._stop("NO_PATH", "a gateway endpoint is reached from its own VPC only")
        if route is None:
            self._stop_no_route(away, "the internet" if is_public(self.one) else str(self.one))
        if is_public(self.one):
            self._through_internet_gateway(away, route, coming_in=True)
        elif route.kind in ("vgw", "tgw", "pcx"):
            self._pass(away.table.label, f"{self.one} lies behind {route.target}", route.logical_id)
        else:
            self._stop(
                "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS",
                f"{self.one} is a private address and no route of {away.table.label} leads to its network",
                away.table.logical_id,
            )
        self._acl(away, self._port, self.one, outbound=False)
        self._group_in(self.end, self.one, self.start)
        # people's systems choose from 1024 up, and so do the NAT gateways in front of them
        self._acl(away, self._answer_ports(NAT_PORTS), self.one, outbound=True, answer=True)

    def _leave(self, home: Subnet) -> None:
        """To the outside: the internet, a service behind a gateway endpoint, a network beyond a gateway."""
        self._group_out(self.start, self.other, self.end)
        self._acl(home, self._port, self.other, outbound=True)
        if self.end.endpoint is not None:
            self._through_gateway_endpoint(home, self.end.endpoint)
        else:
            route = home.table.route_to(self.other)
            if route is None:
                self._stop_no_route(home, "the internet" if is_public(self.other) else str(self.other))
            if route.kind in ("vgw", "tgw"):
                self._pass(home.table.label, f"leaves through {route.target}, beyond this design", route.logical_id)
            elif not is_public(self.other) and route.kind == "pcx":
                self._pass(home.table.label, f"leaves over peering {route.target}", route.logical_id)
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
        self._acl(home, self._answer_ports(), self.other, outbound=False, answer=True)

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
        self._pass(subnet.table.label, f"route to the internet gateway {route.target}", route.logical_id)
        if self.one.version == 6:
            return
        if end.public is False:
            code = "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS" if coming_in else "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"
            self._stop(code, f"{end.label} has no public IPv4 address", subnet.item.logical_id)
        if end.public is None:
            given = "given at launch" if subnet.public_on_launch else "an Elastic IP or a load balancer brings one"
            self._pass(subnet.label, f"taken to carry a public IPv4 address ({given})", subnet.item.logical_id)

    def _through_nat(self, home: Subnet, route: Route) -> None:
        layout = self.layout
        nat = layout.design.resources.get(route.target)
        self._pass(home.table.label, f"route to the NAT gateway {route.target}", route.logical_id)
        if nat is None:
            return
        if nat.properties.get("ConnectivityType") == "private":
            self._stop("NO_ROUTE_TO_DESTINATION", f"{label(nat)} is a private NAT gateway", nat.logical_id)
        stands_in = layout.subnets.get(layout.ref(nat.properties.get("SubnetId")))
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

    def _group_out(self, end: End, address: Address, other: End) -> None:
        if end.groups is not None:
            self._groups(end.groups, "egress", address, other)

    def _group_in(self, end: End, address: Address, other: End) -> None:
        if end.groups is None:
            self._pass(end.label, "no security group named, none judged")
        else:
            self._groups(end.groups, "ingress", address, other)

    def _groups(self, groups: tuple[Group, ...], direction: str, address: Address, other: End) -> None:
        worn = {each.name for each in other.groups or ()}
        rules = [(group, rule) for group in groups for rule in getattr(group, direction)]
        names = " and ".join(group.label for group in groups)
        undecided: list[str] = []
        for group, rule in rules:
            if rule.prefix_list and other.service and rule.holds != other.service:
                undecided.append(rule.prefix_list)
            if rule.unreadable:
                self.met[rule.unreadable] = None
            elif rule.admits(self.protocol, self.port, address, worn, other.service):
                self._pass(group.label, f"{direction} rule {rule.text} admits it", rule.logical_id or group.logical_id)
                return
        if not rules:
            code, what = "SG_HAS_NO_RULES", f"has no {direction} rule"
        else:
            of = f"{address}" if not worn else f"{address} ({other.label})"
            code = "ENI_SG_RULES_MISMATCH"
            what = f"has no {direction} rule for {_packet(self.protocol, self.port)} "
            what += f"{'to' if direction == 'egress' else 'from'} {of}"
            if undecided:
                service = {"s3": "S3", "dynamodb": "DynamoDB"}.get(other.service, other.service)
                theirs = S3_PREFIX_LISTS.get(self.layout.design.region) if other.service == "s3" else None
                what += f"; {', '.join(undecided)} is not known to be {service}'s prefix list"
                what += f" in {self.layout.design.region}" + (f", which is {theirs}" if theirs else "")
                self.met.update(dict.fromkeys(undecided))
        self._stop(code, f"the security group {names} {what}", groups[0].logical_id if groups else None)

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
            self._pass(subnet.acl.label, f"admits {back}{way} {what} {direction} {address}", admitting)
            return
        entry, gap = refused
        if entry is None:
            reason = "no rule admits " + (what if gap is None or gap == ports else f"{self.protocol} {span(gap)}")
        else:
            reason = f"rule {entry.number} denies it"
        self._stop(
            "SUBNET_ACL_RESTRICTION",
            f"{subnet.acl.label} of {subnet.label} refuses {back}{way} {what} {direction} {address}: {reason}",
            (entry.logical_id if entry else None) or subnet.acl.logical_id,
        )

    @property
    def _port(self) -> Ports:
        return (self.port, self.port)

    def _answer_ports(self, ports: Ports | None = None) -> Ports:
        """Where the answer goes: the port the asker chose, any of its system's ephemeral ports; icmp's echo reply."""
        if self.protocol == "icmp":
            return (0, 0)
        return ports or EPHEMERAL

    def _named(self, end: End, address: Address) -> str:
        if end.endpoint is not None and end.service == "s3":
            return f"{end.label} (S3 at {address})"
        if end.endpoint is not None or str(address) in end.label:
            return end.label
        return f"{end.label} ({address})"

    def _pass(self, component: str, detail: str, logical_id: str | None = None) -> None:
        self.hops.append(Hop(component, detail, logical_id))

    def _stop_no_route(self, subnet: Subnet, where: str, on_the_way_back: str = "") -> NoReturn:
        self._stop(
            "NO_ROUTE_TO_DESTINATION",
            f"{on_the_way_back}{subnet.table.label} of {subnet.label} has no route to {where}",
            subnet.table.logical_id or subnet.item.logical_id,
        )

    def _stop(self, code: str, explanation: str, logical_id: str | None = None) -> NoReturn:
        raise _Stopped(code, explanation, logical_id)


class _Stopped(Exception):
    def __init__(self, code: str, explanation: str, logical_id: str | None) -> None:
        super().__init__(code)
        self.code, self.explanation, self.logical_id = code, explanation, logical_id


@dataclass(frozen=True)
class End:
    """One end of a path. `groups` None means judged by address alone, `public` None that it may carry an address."""

    label: str
    subnet: Subnet | None = None
    groups: tuple[Group, ...] | None = None
    spaces: tuple[Net, ...] = ()
    public: bool | None = None
    is_internet: bool = False
    endpoint: Item | None = None
    service: str = field(default="")


def representatives(space: Net, told: Iterable[Net]) -> list[Address]:
    """One address for each part of a space that the given CIDR blocks tell apart.

    CIDR blocks are nested or apart, so a part is a block without the blocks inside it.
    """
    low, high = _ends_of(space)
    spans = {_ends_of(each) for each in told if each.version == space.version}
    inside = {(start, end) for start, end in spans if low <= start and end <= high} | {(low, high)}
    children: dict[Span, list[Span]] = {}
    around: list[Span] = []
    for block in sorted(inside, key=lambda each: (each[0], -each[1])):
        while around and around[-1][1] < block[0]:
            around.pop()
        if around:
            children[around[-1]].append(block)
        children[block] = []
        around.append(block)
    found = (_first_outside(block, within) for block, within in children.items())
    make = ipaddress.IPv4Address if space.version == 4 else ipaddress.IPv6Address
    return [make(each) for each in found if each is not None]


def _ends_of(net: Net) -> Span:
    return int(net.network_address), int(net.broadcast_address)


def _first_outside(block: Span, within: Sequence[Span]) -> int | None:
    """The first address of a block outside the blocks within it, which come in order and apart."""
    at, last = block
    limit = last
    for start, end in within:
        if at < start:
            limit = start - 1
            break
        at = end + 1
    if at > last:
        return None
    # a subnet's first four addresses are AWS's, so the fifth is the first anything can have
    offset = 4 if last - block[0] >= 15 else 0
    return min(at + offset, limit)


def _summary(answers: list[Path | Blocked]) -> Path | Blocked:
    """One answer to a question about several ends: a path if there is one, else the blockers of all."""
    blocked = [each for each in answers if isinstance(each, Blocked)]
    for each in answers:
        if isinstance(each, Path):
            same_protocol = [one for one in blocked if one.protocol == each.protocol]
            beside = [one for path in answers if isinstance(path, Path) for one in path.except_for]
            return replace(each, except_for=(*beside, *same_protocol))
    blockers: dict[tuple[str, str], Blocked] = {}
    for one in blocked:
        blockers.setdefault((one.code, one.explanation), one)
    depends = dict.fromkeys(value for one in blocked for value in one.depends)
    return replace(blocked[0], blockers=tuple(blockers.values()), depends=tuple(depends))


def _protocols(name: str) -> tuple[str, ...]:
    protocol = protocol_name(name)
    if protocol in ("-1", "any"):
        return ("tcp", "udp", "icmp")
    if protocol not in ("tcp", "udp", "icmp"):
        raise Usage(f"{name} is not a protocol this can follow; ask about tcp, udp, icmp or all")
    return (protocol,)


def _packet(protocol: str, port: int) -> str:
    return f"icmp type {port}" if protocol == "icmp" else f"{protocol} {port}"


# Linux clients, Amazon Linux among them, choose from 32768-60999 (the guide's 61000 is not one they use); NAT
# gateways, load balancers and Lambda from 1024-65535
# https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html, checked_on 2026-11-22
EPHEMERAL: Ports = (32768, 60999)
NAT_PORTS: Ports = (1024, 65535)

ROUTE_KINDS = {
    "nat": "a NAT gateway",
    "eigw": "an egress-only internet gateway",
    "tgw": "a transit gateway",
    "vgw": "a virtual private gateway",
    "eni": "a network interface",
    "local": "the local route",
}
