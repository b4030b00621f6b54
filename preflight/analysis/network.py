"""Whether packets get from here to there, by addresses, routes, network ACLs and security groups.

`reach` answers as AWS Reachability Analyzer does, in its explanation codes, from the design alone: it follows the
configuration, sends nothing, and does not judge endpoint policies or what listens at the far end.
https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html, checked_on 2026-11-22
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from preflight.analysis.balancers import Balancers, Forward
from preflight.analysis.interfaces import BALANCER, CLASSIC, LAMBDA, NAT, READERS, Card, cards, default_port
from preflight.analysis.roads import Roads
from preflight.analysis.vpc import (
    ALL_4,
    EVERYWHERE_6,
    S3_ADDRESSES,
    SECURITY_GROUP,
    VPC_ENDPOINT,
    Address,
    Group,
    Layout,
    Net,
    Ports,
    Subnet,
    as_net,
    common,
    is_public,
    is_true,
    label,
    protocol_name,
)
from preflight.analysis.walk import Blocked, End, Hop, Path, Walk
from preflight.errors import Usage

if TYPE_CHECKING:
    from preflight.template import Design, Item

__all__ = [
    "Blocked",
    "Hop",
    "Network",
    "Path",
    "Place",
    "availability_zones",
    "free_addresses",
    "overlap",
    "reach",
    "representatives",
    "tier",
]

Place = str | Sequence[str]
Span = tuple[int, int]


def reach(
    design: Design, source: Place, target: Place, port: int | Ports | None = None, protocol: str = "tcp"
) -> Path | Blocked:
    """Whether some packet gets from source to target, and its answer back.

    A place is "internet"; "on-premises", behind the design's VPN; an address or CIDR; an AWS service by name ("s3");
    a resource's logical id, construct path, its tail, or physical id (subnet, VPC, security group, peering connection,
    or anything with a network interface: instance, load balancer, database, cache, service, function, endpoint);
    "GROUP in SUBNET"; or several of these. A security group means anything that wears it. A subnet, VPC or CIDR is
    judged by address alone: as a source no group rule names it, as a target no group is in its way. What only might
    carry a public IPv4 address is taken to carry one.
    What answers only through a load balancer is reached by a Path whose `through` names it, where the port is the one
    the target is registered on.
    `port` may be a range (is any port in it open?), for icmp it is the type; None is what the target listens on by
    itself. `protocol` is tcp, udp, icmp or all. One port asks whether it works: the answer must get back to whichever
    port the asker chose. A range asks whether anything is open: one such port is enough for tcp, and a udp datagram
    counts when it arrives, answered or not.
    A Blocked whose `depends` is not empty may be open: it depends on what the template cannot know.

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
        self._found: dict[str, list[End]] = {}

    @cached_property
    def roads(self) -> Roads:
        """The roads between this design's networks."""
        return Roads(self.layout)

    @cached_property
    def balancers(self) -> Balancers:
        """The load balancers of this design."""
        return Balancers(self.layout)

    def reach(
        self, source: Place, target: Place, port: int | Ports | None = None, protocol: str = "tcp"
    ) -> Path | Blocked:
        """See `reach`."""
        sources = list(self._ends(source))
        targets = None if isinstance(target, str) and self._service(target) else list(self._ends(target))
        for ends, place in ((sources, source), (targets, target)):
            if ends is not None and not ends:
                raise Usage(f"{place} stands in no subnet of this design; put it in one, then ask again")
        if port is None:
            port = self._own_port(target)
        ports = (port, port) if isinstance(port, int) else (port[0], port[1])
        anything = not isinstance(port, int)
        answers: list[Path | Blocked] = []
        for each in _protocols(protocol):
            for start in sources:
                ends = targets if targets is not None else self._service_ends(start, str(target))
                answers.extend(self._between(start, end, each, ports, anything) for end in ends)
        answer = _summary(answers)
        if isinstance(answer, Blocked) and targets is not None:
            answer = self._by_balancer(sources, targets, ports, _protocols(protocol), answer)
        if isinstance(answer, Path) and targets is not None:
            onward = tuple(self._onward(answer, sources, targets))
            answer = replace(answer, hops=(*answer.hops, *onward))
        return answer

    def _onward(self, path: Path, sources: list[End], targets: list[End]) -> Iterator[Hop]:
        """Where what is reached leads on: a load balancer to its targets, an endpoint to the service behind it."""
        reached = {end.item.logical_id: end.item for end in targets if end.item is not None}
        if len(reached) != 1 or path.through:
            return
        ((_, item),) = reached.items()
        if item.type in (BALANCER, CLASSIC):
            for said in self.leads(item, sources[0], path.port):
                yield Hop(label(item), f"forwards to {said}", item.logical_id)
        elif item.type == VPC_ENDPOINT:
            for service in self._services_behind(item):
                offered = list(self._offer(service))
                said = "leads by PrivateLink to " + ", ".join(dict.fromkeys(end.label for end in offered))
                asks = is_true(service.properties.get("AcceptanceRequired", True))
                said += ", once the service's owner has accepted the endpoint" if asks else ""
                yield Hop(label(item), said, service.logical_id)
                stands = [end.item for end in offered if end.item is not None and end.item is not service]
                for balancer in {each.logical_id: each for each in stands}.values():
                    shut = self._shut_to_links(sources[0], balancer, path.port)
                    if shut is not None:
                        yield Hop(label(balancer), f"does not let it in: {shut.explanation}", shut.logical_id)
                    for where in self.leads(balancer, None, path.port) if shut is None else ():
                        yield Hop(label(balancer), f"forwards to {where}", balancer.logical_id)

    # PrivateLink

    def _services_behind(self, endpoint: Item) -> list[Item]:
        """The endpoint services of this design that an interface endpoint leads to."""
        name = str(endpoint.properties.get("ServiceName", ""))
        services = self.layout.design.of_type("AWS::EC2::VPCEndpointService")
        return [each for each in services if name.endswith(f".{each.physical_id}")]

    def _links_to(self, balancer: Item) -> Iterator[tuple[Item, Item]]:
        """The endpoints that lead to a load balancer, each with its service."""
        for endpoint in self.layout.design.of_type(VPC_ENDPOINT):
            for service in self._services_behind(endpoint):
                if any(end.item is balancer for end in self._offer(service)):
                    yield endpoint, service

    def _shut_to_links(self, start: End, balancer: Item, port: int) -> Blocked | None:
        """What of a load balancer keeps out who comes by PrivateLink: its listeners, and its groups unless told not to.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html, checked_on
        2026-11-23
        """
        heeds = str(balancer.properties.get("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic")).lower() != "off"
        ones, doors = self._addresses(start, 4), list(self._interfaces(balancer))
        if not ones or not doors:
            return None
        door = doors[0] if heeds else replace(doors[0], groups=(), bare=True)
        others = self._addresses(door, 4) or [ones[0]]
        return Walk(self.layout, self.roads, start, ones[0], door, others[0], "tcp", port).only_in()

    def _by_link(self, start: End, balancer: Item, listener: int | None) -> Path | Blocked | None:
        """From a source to a load balancer by PrivateLink; None where no endpoint of this design leads there."""
        first: Blocked | None = None
        for endpoint, service in self._links_to(balancer):
            if listener is None:
                continue
            for door in self._interfaces(endpoint):
                answer = self._between(start, door, "tcp", (listener, listener), False)
                if isinstance(answer, Blocked):
                    first = first or answer
                    continue
                shut = self._shut_to_links(start, balancer, listener)
                if shut is not None:
                    return shut
                asks = is_true(service.properties.get("AcceptanceRequired", True))
                depends = (f"whether the owner of {label(service)} accepts {label(endpoint)}",) if asks else ()
                hop = Hop(label(endpoint), f"leads by PrivateLink to {label(balancer)}", service.logical_id)
                return replace(
                    answer,
                    target=label(balancer),
                    hops=(*answer.hops, hop),
                    through=(f"the endpoint {label(endpoint)}",),
                    depends=(*answer.depends, *depends),
                )
        return first

    def leads(self, balancer: Item, start: End | None, listener: int | None = None) -> Iterator[str]:
        """What a load balancer forwards to, and where it does not get through."""
        seen = set()
        for forward in self.balancers.through(balancer, listener):
            target = self.layout.design.resources.get(forward.target)
            name = label(target) if target is not None else forward.target
            said = f"{name}{'' if forward.port is None else f' on {forward.port}'}"
            if said in seen:
                continue
            seen.add(said)
            ends = self._interfaces(target) if target is not None and target.type in READERS else []
            answers = [
                self._from_doors(self._interfaces(balancer), end, forward, forward.protocols[0], forward.port, start)
                for end in ends
                if end.subnet is not None and end.deaf is None and forward.port is not None
            ]
            first = next((each for each in answers if isinstance(each, Blocked)), None)
            if first is not None and not any(isinstance(each, Path) for each in answers):
                said += f", which it does not get through to: {first.explanation}"
            yield said

    def _own_port(self, target: Place) -> int:
        """The port a target listens on when the question names none."""
        item = None
        if isinstance(target, str) and not self._service(target) and " in " not in target and as_net(target) is None:
            item = self.layout.find(target) if target not in ("internet", "on-premises") else None
        elif isinstance(target, str) and self._service(target):
            return 443
        if item is not None and item.type in (BALANCER, CLASSIC):
            told = next((ports for ports, _ in self.balancers.accepts(item) if ports is not None), None)
        else:
            told = default_port(self.layout, item) if item is not None else None
        if told is None:
            raise Usage(f"{target} has no port of its own; name one, as in ask reach FROM {target} 443")
        return told

    # through a load balancer

    def _by_balancer(
        self, sources: list[End], targets: list[End], ports: Ports, protocols: Sequence[str], direct: Blocked
    ) -> Path | Blocked:
        """The way to a target that only a load balancer offers; the direct answer where none does."""
        blockers = list(direct.blockers)
        for end in targets:
            if end.item is None or end.subnet is None:
                continue
            if end.item.type == BALANCER:
                for start in sources:
                    answer = self._by_link(start, end.item, ports[0] if ports[0] == ports[1] else None)
                    if isinstance(answer, Path):
                        return replace(answer, except_for=direct.blockers)
                    blockers += [answer] if answer is not None else []
            for forward in self.balancers.towards(end.item.logical_id):
                if forward.port is not None and not ports[0] <= forward.port <= ports[1]:
                    continue
                if {id(end.item), id(forward.balancer)} & {id(start.item) for start in sources} or not set(
                    forward.protocols
                ) & set(protocols):
                    continue
                for start in sources:
                    answer = self._via(start, end, forward, ports)
                    if isinstance(answer, Path):
                        return replace(answer, except_for=direct.blockers)
                    blockers += answer.blockers
        told: dict[tuple[str, str], Blocked] = {}
        for each in blockers:
            told.setdefault((each.code, each.explanation), each)
        depends = dict.fromkeys(value for each in blockers for value in each.depends)
        return replace(direct, blockers=tuple(told.values()), depends=tuple(depends))

    def _via(self, start: End, end: End, forward: Forward, ports: Ports) -> Path | Blocked:
        """From a source to a load balancer's listener, and from there to the target."""
        first: Path | Blocked | None = None
        doors = list(self._ends_of_item(forward.balancer))
        protocol = forward.protocols[0]
        for door in doors:
            listener = forward.listener
            heard = (listener, listener) if listener is not None else (0, 65535)
            answer = self._between(start, door, protocol, heard, listener is None)
            first = answer if first is None or (isinstance(answer, Path) and isinstance(first, Blocked)) else first
        assert first is not None
        if isinstance(first, Blocked):
            first = self._by_balancer([start], doors, (first.port, first.port), (protocol,), first)
        if isinstance(first, Blocked):
            return first
        if any(each.startswith("the endpoint ") for each in first.through[-1:]):
            # who comes by PrivateLink comes with the load balancer's own addresses
            forward = replace(forward, keeps_client=False)
        port = forward.port if forward.port is not None else ports[0]
        onward = self._from_doors(doors, end, forward, protocol, port, start)
        hop = Hop(
            label(forward.balancer),
            f"forwards {protocol} {first.port} to {forward.via}, where {end.label} is registered on {port}",
            forward.balancer.logical_id,
        )
        depends = tuple(dict.fromkeys((*first.depends, *onward.depends)))
        if isinstance(onward, Blocked):
            hops = (*first.hops, hop, *onward.hops)
            answer = replace(onward, source=start.label, hops=hops, depends=depends if onward.depends else ())
            said = f"{label(forward.balancer)} does not get through to it: {onward.explanation}"
            answer = replace(answer, explanation=said)
            return replace(answer, blockers=(answer,))
        through = (*first.through, label(forward.balancer))
        hops = (*first.hops, hop, *onward.hops, *self._health(doors, end, forward, port))
        return Path(first.source, onward.target, protocol, port, hops, (), depends, through)

    def _health(self, doors: list[End], end: End, forward: Forward, port: int) -> Iterator[Hop]:
        """A warning where health checks do not arrive: they come from the load balancer's own addresses.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html, checked_on
        2026-11-22
        """
        asked = forward.health_port or port
        answer = self._from_doors(doors, end, forward, "tcp", asked, None)
        if isinstance(answer, Blocked):
            said = f"health checks on {asked} do not arrive, so the target counts as unhealthy: {answer.explanation}"
            yield Hop(label(forward.balancer), said, answer.logical_id)

    def _from_doors(
        self, doors: list[End], end: End, forward: Forward, protocol: str, port: int, start: End | None
    ) -> Path | Blocked:
        """From a load balancer's own interfaces to a target."""
        zones = {door.subnet.zone for door in doors if door.subnet is not None}
        if end.subnet is not None and end.subnet.zone and "" not in zones and end.subnet.zone not in zones:
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-subnets.html,
            # checked_on 2026-11-22
            answer = Blocked(
                label(forward.balancer),
                end.label,
                protocol,
                port,
                "ELB_INSTALLED_AZ_RESTRICTION",
                f"{label(forward.balancer)} is not in {end.subnet.zone}, where {end.subnet.label} is",
                forward.balancer.logical_id,
            )
            return replace(answer, blockers=(answer,))
        answers = []
        for door in doors:
            door = replace(door, public=False, accepts=None, why="")
            if door.bare:
                door = replace(door, groups=None)
            carried: list[Address | None] = [None]
            if forward.keeps_client and start is not None:
                carried = list(self._addresses(start, 4)) or [None]
            answers += [
                self._between(replace(door, carries=client), end, protocol, (port, port), False) for client in carried
            ]
        return _summary(answers)

    # ends

    def _ends(self, place: Place) -> Iterator[End]:
        if not isinstance(place, str):
            for each in place:
                yield from self._ends(each)
        elif "," in place:
            yield from self._ends([each.strip() for each in place.split(",") if each.strip()])
        elif place == "internet":
            yield INTERNET
        elif place.lower() in ON_PREMISES and not self.layout.design.find(place):
            yield from self._on_premises()
        elif (net := as_net(place)) is not None:
            yield from self._ends_of_cidr(place, net)
        elif place in self.layout.beyond:
            yield from self._on_premises(place)
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
            yield self._gateway_endpoint(item)
        elif item.type == "AWS::EC2::VPCPeeringConnection":
            yield from self._peer(item)
        elif item.type == "AWS::EC2::VPCEndpointService":
            yield from self._offer(item)
        elif item.type in ("AWS::EC2::VPNConnection", "AWS::EC2::VPNGateway", "AWS::EC2::CustomerGateway"):
            yield from self._on_premises(item.logical_id)
        else:
            yield from self._interfaces(item)

    def _gateway_endpoint(self, item: Item) -> End:
        service = str(item.properties.get("ServiceName", "")).rsplit(".", 1)[-1]
        spaces = S3_ADDRESSES.get(self.layout.design.region, (ALL_4,)) if service == "s3" else (ALL_4,)
        return End(label(item), spaces=spaces, endpoint=item, service=service, item=item)

    def _peer(self, item: Item) -> Iterator[End]:
        """Whoever is at the far side of a peering connection."""
        there = self.layout.vpcs.get(self.layout.ref(item.properties.get("PeerVpcId")))
        if there is not None:
            yield from self._ends_of_item(there.item)
            return
        nets = [
            net
            for table in self.layout.tables.values()
            for route in table.routes
            if route.kind == "pcx" and route.target == item.logical_id
            for net in route.nets
        ]
        assumed = "" if nets else f"the addresses of {item.properties.get('PeerVpcId')}"
        spaces = tuple(dict.fromkeys(nets)) or self.layout.elsewhere()
        yield End(f"the peer of {label(item)}", spaces=spaces, assumed=assumed)

    def _offer(self, item: Item) -> Iterator[End]:
        """What an endpoint service stands in front of: its load balancers, whose consumers come by PrivateLink."""
        told = item.properties.get("NetworkLoadBalancerArns") or item.properties.get("GatewayLoadBalancerArns") or []
        arns = told if isinstance(told, list) else [told]
        found = [each for each in self.balancers.items if {each.physical_id, each.arn} & set(map(str, arns))]
        for balancer in found:
            yield from self._ends_of_item(balancer)
        if not found:
            yield End(label(item), item=item, unknown=f"the load balancer of {label(item)}", spaces=(ALL_4,))

    def _on_premises(self, name: str = "") -> Iterator[End]:
        """The network behind the design's VPN connections."""
        found = [
            each
            for each in self.roads.on_premises()
            if not name
            or name in (each.item.logical_id, each.gateway)
            or name == self.layout.ref(each.item.properties.get("CustomerGatewayId"))
        ]
        if not found:
            raise Usage("this design has no VPN connection or gateway to on-premises; add one, then ask again")
        for each in found:
            if not each.nets:
                told = f"the routes of {label(each.item)}"
                yield End("on-premises", unknown=told, item=each.item, on_premises=True, spaces=(ALL_4,))
                continue
            assumed = f"the addresses on-premises, taken as {each.nets[0]}" if each.assumed else ""
            yield End("on-premises", spaces=each.nets, on_premises=True, assumed=assumed)

    def _service(self, name: str) -> str:
        """The AWS service a name means, when it names nothing in the design."""
        word = name.lower()
        if (word not in SERVICES and word not in self._endpoint_services) or self.layout.design.find(name):
            return ""
        return word

    @cached_property
    def _endpoint_services(self) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for item in self.layout.design.of_type(VPC_ENDPOINT):
            parts = str(item.properties.get("ServiceName", "")).split(".")
            if parts[:2] == ["com", "amazonaws"] and len(parts) > 3:
                found.setdefault(".".join(parts[3:]), []).append(item)
        return found

    def _service_ends(self, start: End, name: str) -> list[End]:
        """Where a name of an AWS service leads from a source: an endpoint of its VPC, else the internet."""
        service = name.lower()
        if start.subnet is not None:
            vpc = start.subnet.vpc.item.logical_id
            mine = [
                each
                for each in self._endpoint_services.get(service, [])
                if self.layout.vpc_name(each.properties.get("VpcId")) == vpc
            ]
            for item in mine:
                # private DNS answers the service's name with the interface's own addresses
                is_interface = item.properties.get("VpcEndpointType") == "Interface"
                if is_interface and is_true(item.properties.get("PrivateDnsEnabled", True)):
                    return list(self._interfaces(item))
            gateways = [each for each in mine if each.properties.get("VpcEndpointType", "Gateway") == "Gateway"]
            for item in gateways:
                routes = start.subnet.table.routes
                if any(route.kind == "vpce" and route.target == item.logical_id for route in routes):
                    return [self._gateway_endpoint(item)]
        spaces = S3_ADDRESSES.get(self.layout.design.region, (ALL_4,)) if service == "s3" else (ALL_4,)
        return [End(f"the public endpoint of {name}", spaces=spaces, is_internet=True, service=service)]

    def _wearer(self, groups: tuple[Group, ...], subnet: Subnet) -> End:
        names = " and ".join(group.label for group in groups)
        return End(
            f"{names} in {subnet.label}", subnet=subnet, groups=groups, spaces=subnet.cidrs, unsure=subnet.unsure
        )

    def _interfaces(self, item: Item) -> list[End]:
        """The network interfaces of a resource, each an end."""
        if item.logical_id not in self._found:
            self._found[item.logical_id] = list(self._read_interfaces(item))
        return self._found[item.logical_id]

    def _read_interfaces(self, item: Item) -> Iterator[End]:
        found = cards(self.layout, item)
        deaf = self._deaf(item)
        for card in found:
            subnet = self.layout.subnets.get(self.layout.ref(card.subnet))
            if subnet is not None:
                yield self._end_of(item, card, subnet, deaf)
        if any(self.layout.ref(card.subnet) not in self.layout.subnets for card in found):
            elsewhere = next(card for card in found if self.layout.ref(card.subnet) not in self.layout.subnets)
            where = f"the subnet {elsewhere.subnet}" if elsewhere.subnet else "the account's default VPC"
            yield End(label(item), item=item, unknown=where, spaces=(ALL_4,))
        elif not found and item.type == LAMBDA:
            why = "it runs outside any VPC of this design, in Lambda's own network"
            yield End(label(item), item=item, spaces=(ALL_4,), deaf=deaf, is_outside=why, is_internet=True)
        elif not found and item.type in READERS:
            where = OUTSIDE.get(item.type, "the account's default VPC")
            yield End(label(item), item=item, unknown=where, spaces=(ALL_4,))
        elif not found:
            raise Usage(
                f"{label(item)} ({item.type}) has no address of its own; ask about its security group or its subnet"
            )

    def _end_of(self, item: Item, card: Card, subnet: Subnet, deaf: tuple[str, str, str | None] | None) -> End:
        worn = []
        for value in card.groups:
            name = self.layout.ref(value)
            worn.append(self.layout.groups.get(name) or self.layout.outside_group(name, subnet.vpc))
        if item.type == "AWS::EKS::Cluster" or (not worn and item.type not in READERS):
            # EKS brings a group of its own, and of a type nobody taught us anything may
            worn.append(self.layout.outside_group(f"the security group {label(item)} brings", subnet.vpc))
        address = as_net(card.address)
        spaces = tuple(net for net in subnet.cidrs if card.six is not False or net.version == 4) or subnet.cidrs
        if address is not None:
            spaces = (address, *(net for net in spaces if net.version == 6 and card.six))
        heard = self.balancers.accepts(item) if item.type in (BALANCER, CLASSIC) else None
        return End(
            label(item),
            subnet=subnet,
            groups=() if card.bare else tuple(worn) or (self.layout.default_group(subnet.vpc),),
            spaces=spaces,
            public=card.public,
            item=item,
            bare=card.bare,
            why=card.why,
            accepts=None if heard is None else tuple(heard),
            deaf=deaf,
            unsure=subnet.unsure,
        )

    def _deaf(self, item: Item) -> tuple[str, str, str | None] | None:
        """Why nothing can open a connection to a resource, whatever its security groups say."""
        if item.type == LAMBDA:
            said = f"{label(item)} listens on no port: a function is invoked through Lambda's API, so ask who may"
            return ("NO_PATH", said, item.logical_id)
        if item.type == NAT:
            said = f"{label(item)} answers nobody: it carries connections that begin inside its VPC"
            return ("NGW_REQUIRES_SOURCE_IN_VPC", said, item.logical_id)
        return None

    # one source to one target

    def _between(self, start: End, end: End, protocol: str, ports: Ports, anything: bool) -> Path | Blocked:
        if start.unknown or end.unknown or end.deaf or (start.is_outside and (end.is_outside or end.is_internet)):
            # nothing depends on an address then
            some = ALL_4[1 << 24]
            return Walk(self.layout, self.roads, start, some, end, some, protocol, ports[0], anything).go()
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
            blocked.append(
                Blocked(
                    start.label, end.label, protocol, ports[0], "NO_PATH", "they share no address family, IPv4 or IPv6"
                )
            )
        # what is certainly closed for one address may be a matter of doubt for the next
        return next((each for each in blocked if each.depends), blocked[0])

    def _first_open(
        self, start: End, one: Address, end: End, other: Address, protocol: str, ports: Ports, anything: bool
    ) -> Path | Blocked:
        first: Blocked | None = None
        for port in self._telling_ports(start, end, protocol, ports):
            walk = Walk(self.layout, self.roads, start, one, end, other, protocol, port, anything)
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
            ranges += [(heard, heard) for heard, _ in side.accepts or () if heard is not None]
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


INTERNET = End("the internet", spaces=(ALL_4, EVERYWHERE_6), is_internet=True)
ON_PREMISES = ("on-premises", "on-prem", "onpremises", "premises")
OUTSIDE = {
    "AWS::OpenSearchService::Domain": "it has no VPC options, so it is a public endpoint guarded by its access policy",
    "AWS::Elasticsearch::Domain": "it has no VPC options, so it is a public endpoint guarded by its access policy",
    "AWS::CodeBuild::Project": "it has no VPC configuration, so it builds in AWS's own network",
    "AWS::EFS::FileSystem": "it has no mount target here",
}
# names of services as endpoints carry them
# https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html, checked_on 2026-11-22
SERVICES = frozenset(
    {"s3", "dynamodb", "ssm", "ssmmessages", "ec2messages", "ec2", "sqs", "sns", "secretsmanager", "kms", "sts"}
    | {"ecr.api", "ecr.dkr", "logs", "monitoring", "lambda", "events", "states", "kinesis-streams", "execute-api"}
    | {"ecs", "athena", "glue", "elasticloadbalancing", "autoscaling", "cloudformation"}
)
