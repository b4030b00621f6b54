"""A design's VPCs, read from its resources: subnets, route tables, network ACLs and security groups.

A property refers to a resource by its physical id or an attribute of it; here everything goes by logical id. What
the account has without declaring it (main route table, default network ACL, default security group) is here too.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from preflight.analysis.guards import Acl as Acl
from preflight.analysis.guards import AclEntry as AclEntry
from preflight.analysis.guards import Address as Address
from preflight.analysis.guards import Net as Net
from preflight.analysis.guards import Ports as Ports
from preflight.analysis.guards import Rule as Rule
from preflight.analysis.guards import protocol_name as protocol_name
from preflight.analysis.guards import span as span
from preflight.errors import Usage
from preflight.intrinsics import Unknown

if TYPE_CHECKING:
    from preflight.template import Design, Item


class Layout:
    """The network a design declares."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.named = _names(design)
        self.vpcs = {item.logical_id: self._read_vpc(item) for item in design.of_type(VPC)}
        self.outside = self._read_outside()
        self.prefix_lists, self.untold_lists = self._read_prefix_lists()
        self.beyond = self._read_beyond()
        self.tables = self._read_tables()
        self.acls = self._read_acls()
        self.groups = self._read_groups()
        self.subnets = self._read_subnets()
        self.gateways = self._read_gateway_attachments()
        self.public_block, self.exempt = self._read_public_access_block()
        self.mentioned = self._all_cidrs()
        self._told: dict[Address, bool] = {}

    def subnet(self, name: str) -> Subnet:
        """The subnet of this name. Raises Usage when there is none."""
        found = self.find(name)
        if found.logical_id not in self.subnets:
            raise Usage(f"{name} is not a subnet but {found.type}; name a subnet, for instance {self._some_subnet()}")
        return self.subnets[found.logical_id]

    def _read_vpc(self, item: Item) -> Vpc:
        cidrs = [as_net(item.properties.get("CidrBlock"))]
        cidrs += [as_net(each) for each in as_list(item.attributes.get("CidrBlocks"))]
        has_six = False
        for block in self.design.of_type("AWS::EC2::VPCCidrBlock"):
            if self.ref(block.properties.get("VpcId")) == item.logical_id:
                cidrs.append(as_net(block.properties.get("CidrBlock")))
                has_six = has_six or bool(
                    block.properties.get("AmazonProvidedIpv6CidrBlock") or block.properties.get("Ipv6CidrBlock")
                )
        cidrs += [as_net(each) for each in as_list(item.attributes.get("Ipv6CidrBlocks"))]
        known = dict.fromkeys(each for each in cidrs if each is not None)
        told = item.properties.get("CidrBlock")
        unsure = () if known or not isinstance(told, Unknown) else (str(told),)
        if not any(each.version == 4 for each in known):
            # which block it is stays open, and any other would do as well to tell this VPC from the next
            known[_nth_four(self._number(item))] = None
            unsure = unsure or ((f"the CIDR block of {label(item)}",) if len(known) == 1 else ())
        if has_six and not any(each.version == 6 for each in known):
            # Amazon gives the block at deployment; any other would do as well to compare with
            known[UNKNOWN_6] = None
        return Vpc(item, label(item), tuple(known), unsure)

    def _number(self, item: Item) -> int:
        return next(index for index, each in enumerate(self.design.of_type(VPC)) if each is item)

    def _read_prefix_lists(self) -> tuple[dict[str, tuple[Net, ...]], dict[str, str]]:
        """The blocks of each prefix list, and of those that are not all known one that is not."""
        lists: dict[str, tuple[Net, ...]] = {}
        untold: dict[str, str] = {}
        for item in self.design.of_type("AWS::EC2::PrefixList"):
            entries = as_list(item.properties.get("Entries"))
            told = [each.get("Cidr") if isinstance(each, Mapping) else each for each in entries]
            lists[item.logical_id] = tuple(net for each in told if (net := as_net(each)) is not None)
            for each in told:
                if isinstance(each, Unknown):
                    untold.setdefault(item.logical_id, str(each))
        return lists, untold

    def _read_beyond(self) -> dict[str, Beyond]:
        """What lies behind each VPN connection, by its logical id.

        A connection without static routes learns its routes by BGP; which, its template does not say.
        https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNRoutingTypes.html, checked_on 2026-11-22
        """
        connections = self.design.of_type("AWS::EC2::VPNConnection")
        told: dict[str, list[Net]] = {}
        for item in self.design.of_type("AWS::EC2::VPNConnectionRoute"):
            net = as_net(item.properties.get("DestinationCidrBlock"))
            if net is not None:
                told.setdefault(self.ref(item.properties.get("VpnConnectionId")), []).append(net)
        beyond = {}
        for item in connections:
            nets = tuple(told.get(item.logical_id, ()))
            assumed = not nets and not is_true(item.properties.get("StaticRoutesOnly"))
            gateway = self.ref(item.properties.get("VpnGatewayId") or item.properties.get("TransitGatewayId"))
            beyond[item.logical_id] = Beyond(item, gateway, nets or (self.elsewhere() if assumed else ()), assumed)
        return beyond

    def elsewhere(self) -> tuple[Net, ...]:
        """Private addresses no VPC of the design has, to stand for a network whose addresses are not told."""
        ours = [each for vpc in self.vpcs.values() for each in vpc.cidrs]
        routes = [each.properties for each in self.design.of_type("AWS::EC2::Route")]
        told = [
            as_net(each.get("DestinationCidrBlock"))
            for each in routes
            if each.get("GatewayId") or each.get("TransitGatewayId")
        ]
        aimed = [
            net
            for net in dict.fromkeys(told)
            if net is not None and net.prefixlen and not is_public(net[0]) and not any(common(net, o) for o in ours)
        ]
        free = [net for net in SPARE if not any(common(net, each) for each in ours)]
        return tuple(aimed[:1] or free[:1])

    def _read_tables(self) -> dict[str, Table]:
        propagated: dict[str, list[Route]] = {}
        for item in self.design.of_type("AWS::EC2::VPNGatewayRoutePropagation"):
            gateway = self.ref(item.properties.get("VpnGatewayId"))
            behind = [each for each in self.beyond.values() if each.gateway == gateway]
            for table in map(self.ref, as_list(item.properties.get("RouteTableIds"))):
                propagated.setdefault(table, []).extend(
                    Route("vgw", each.nets, gateway, item.logical_id, propagated=True) for each in behind
                )
        tables = {}
        for item in self.design.of_type("AWS::EC2::RouteTable"):
            vpc = self._vpc_of(item.properties.get("VpcId"))
            routes = [Route("local", vpc.cidrs, vpc.item.logical_id, item.logical_id)] if vpc else []
            routes += [
                self._route(each)
                for each in self.design.of_type("AWS::EC2::Route")
                if self.ref(each.properties.get("RouteTableId")) == item.logical_id
            ]
            routes += [
                Route("vpce", (), each.logical_id, each.logical_id, service=_service(each))
                for each in self.design.of_type(VPC_ENDPOINT)
                if item.logical_id in map(self.ref, as_list(each.properties.get("RouteTableIds")))
            ]
            routes += propagated.get(item.logical_id, [])
            tables[item.logical_id] = Table(label(item), item.logical_id, tuple(routes))
        return tables

    def _route(self, item: Item) -> Route:
        properties = item.properties
        destination = properties.get("DestinationCidrBlock") or properties.get("DestinationIpv6CidrBlock")
        listed = self.prefix_lists.get(self.ref(properties.get("DestinationPrefixListId")), ())
        net = as_net(destination)
        nets = listed if net is None else (net,)
        list_id = properties.get("DestinationPrefixListId")
        untold = destination if isinstance(destination, Unknown) else self.untold_lists.get(self.ref(list_id))
        if list_id and not nets and self.ref(list_id) not in self.prefix_lists:
            untold = untold or list_id
        for key, kind in ROUTE_TARGETS.items():
            if properties.get(key):
                name = self.ref(properties[key])
                target = self.design.resources.get(name)
                if kind == "igw" and (name.startswith("vgw-") or (target and target.type == "AWS::EC2::VPNGateway")):
                    kind = "vgw"
                return Route(kind, nets, name, item.logical_id, unreadable=str(untold or ""))
        return Route("blackhole", nets, "", item.logical_id)

    def _read_acls(self) -> dict[str, Acl]:
        entries: dict[str, list[AclEntry]] = {}
        for item in self.design.of_type("AWS::EC2::NetworkAclEntry"):
            owner = self.ref(item.properties.get("NetworkAclId"))
            entries.setdefault(owner, []).append(_acl_entry(item))
        acls = {
            item.logical_id: Acl(label(item), item.logical_id, _in_order(entries.get(item.logical_id, ())))
            for item in self.design.of_type("AWS::EC2::NetworkAcl")
        }
        for vpc in self.vpcs.values():
            name = f"{vpc.item.logical_id}.DefaultNetworkAcl"
            # the default ACL comes with rule 100, which allows everything, in both directions
            # https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html, checked_on 2026-11-22
            own = [AclEntry(100, out, "-1", True, net, None, None) for out in (True, False) for net in (ALL_4, ALL_6)]
            acls[name] = Acl(f"the default network ACL of {vpc.label}", None, _in_order([*own, *entries.get(name, ())]))
        return acls

    def _read_groups(self) -> dict[str, Group]:
        groups: dict[str, Group] = {}
        for item in self.design.of_type(SECURITY_GROUP):
            properties = item.properties
            groups[item.logical_id] = Group(
                label(item),
                item.logical_id,
                self._vpc_of(properties.get("VpcId")),
                [rule for each in as_list(properties.get("SecurityGroupIngress")) for rule in self._rules(each, item)],
                [rule for each in as_list(properties.get("SecurityGroupEgress")) for rule in self._rules(each, item)],
            )
        locked = {
            self.ref(item.properties.get("DefaultSecurityGroupId"))
            for item in self.design.of_type("Custom::VpcRestrictDefaultSG")
        }
        for vpc in self.vpcs.values():
            name = f"{vpc.item.logical_id}.DefaultSecurityGroup"
            # members talk to each other, and out to anywhere, unless CDK's custom resource took those rules away
            itself = Rule("-1", None, (), name, None, None)
            rules: tuple[list[Rule], list[Rule]] = ([], []) if name in locked else ([itself], list(ANYWHERE))
            groups[name] = Group(f"the default security group of {vpc.label}", None, vpc, *rules)
        standalone_egress: set[str] = set()
        for item in self.design.of_type("AWS::EC2::SecurityGroupIngress"):
            owner = groups.get(self.ref(item.properties.get("GroupId")))
            if owner is not None:
                owner.ingress.extend(self._rules(item.properties, item))
        for item in self.design.of_type("AWS::EC2::SecurityGroupEgress"):
            name = self.ref(item.properties.get("GroupId"))
            if name in groups:
                if name not in standalone_egress:
                    # CloudFormation takes the allow-all rule away when it adds an egress rule of its own
                    # https://github.com/aws-cloudformation/cfn-language-discussion/issues/157, checked_on 2026-11-22
                    standalone_egress.add(name)
                    groups[name].egress[:] = [rule for rule in groups[name].egress if not rule.is_everything]
                groups[name].egress.extend(self._rules(item.properties, item))
        for item in self.design.of_type(SECURITY_GROUP):
            if not item.properties.get("SecurityGroupEgress") and item.logical_id not in standalone_egress:
                groups[item.logical_id].egress.extend(ANYWHERE)
        return groups

    def _rules(self, properties: Any, item: Item) -> Iterator[Rule]:
        """The rule, and beside it what its prefix list holds that nobody can know."""
        rule = self._rule(properties, item)
        told = properties if isinstance(properties, Mapping) else EMPTY
        named = self.ref(told.get("SourcePrefixListId") or told.get("DestinationPrefixListId"))
        yield rule
        if named in self.untold_lists and not rule.unreadable:
            yield replace(rule, nets=(), unreadable=self.untold_lists[named])

    def _rule(self, properties: Any, item: Item) -> Rule:
        get = (properties if isinstance(properties, Mapping) else EMPTY).get
        peer = get("SourceSecurityGroupId") or get("DestinationSecurityGroupId") or get("SourceSecurityGroupName")
        prefix_list = get("SourcePrefixListId") or get("DestinationPrefixListId")
        cidr = get("CidrIp") or get("CidrIpv6")
        net = as_net(cidr)
        nets: tuple[Net, ...] = (net,) if net is not None else ()
        listed = self.ref(prefix_list) if prefix_list else None
        if listed in self.prefix_lists:
            nets, listed = self.prefix_lists[listed], None
        holds = "s3" if listed and listed == S3_PREFIX_LISTS.get(self.design.region) else ""
        protocol = protocol_name(get("IpProtocol"))
        ports, unreadable = _rule_ports(protocol, get("FromPort"), get("ToPort"))
        if cidr and net is None:
            unreadable = str(cidr)
        return Rule(protocol, ports, nets, self.ref(peer) if peer else None, listed, unreadable, item.logical_id, holds)

    def _read_subnets(self) -> dict[str, Subnet]:
        associated = {
            self.ref(each.properties.get("SubnetId")): self.ref(each.properties.get("RouteTableId"))
            for each in self.design.of_type("AWS::EC2::SubnetRouteTableAssociation")
        }
        sixes = {
            self.ref(each.properties.get("SubnetId")): each.properties.get("Ipv6CidrBlock") or UNKNOWN_6
            for each in self.design.of_type("AWS::EC2::SubnetCidrBlock")
        }
        guarded = {
            self.ref(each.properties.get("SubnetId")): self.ref(each.properties.get("NetworkAclId"))
            for each in self.design.of_type("AWS::EC2::SubnetNetworkAclAssociation")
        }
        subnets: dict[str, Subnet] = {}
        for item in self.design.of_type(SUBNET):
            cidrs = [as_net(item.properties.get("CidrBlock"))]
            six = item.properties.get("Ipv6CidrBlock") or sixes.get(item.logical_id)
            if six:
                cidrs.append(as_net(six) or _nth_six(len(subnets)))
            home = self.ref(item.properties.get("VpcId"))
            vpc = self.vpcs.get(home) or self.outside[home]
            told, unsure = item.properties.get("CidrBlock"), vpc.unsure
            if cidrs[0] is None and (told or not six):
                unsure = unsure or (str(told or f"the CIDR block of {label(item)}"),)
                cidrs[0] = _part_of(vpc, len(subnets))
            main = Table(
                f"the main route table of {vpc.label}",
                None,
                (Route("local", vpc.cidrs, "", None),),
                is_known=vpc.is_declared,
            )
            default = self.acls.get(f"{vpc.item.logical_id}.DefaultNetworkAcl", OPEN_ACL)
            subnets[item.logical_id] = Subnet(
                item=item,
                label=label(item),
                vpc=vpc,
                cidrs=tuple(each for each in cidrs if each is not None),
                zone=str(item.properties.get("AvailabilityZone") or item.attributes.get("AvailabilityZone") or ""),
                public_on_launch=is_true(item.properties.get("MapPublicIpOnLaunch")),
                table=self._table(associated.get(item.logical_id, ""), main),
                acl=self.acls.get(guarded.get(item.logical_id, ""), default),
                unsure=unsure,
            )
        return subnets

    def _table(self, name: str, main: Table) -> Table:
        if name and name not in self.tables:
            return Table(f"the route table {name}", None, main.routes, is_known=False)
        return self.tables.get(name, main)

    def _read_outside(self) -> dict[str, Vpc]:
        """The VPCs this design has subnets in and does not declare."""
        found: dict[str, Vpc] = {}
        for item in self.design.of_type(SUBNET):
            home = self.ref(item.properties.get("VpcId"))
            if home not in self.vpcs and home not in found:
                found[home] = Vpc(item, "a VPC outside this stack", self._cidrs_told_of(home), is_declared=False)
        return found

    def _vpc_of(self, value: Any) -> Vpc | None:
        return self.vpcs.get(self.ref(value)) or self.outside.get(self.ref(value))

    def vpc_name(self, value: Any) -> str:
        """What stands for a VPC here, declared or not."""
        vpc = self._vpc_of(value)
        return vpc.item.logical_id if vpc is not None else self.ref(value)

    def _cidrs_told_of(self, vpc: str) -> tuple[Net, ...]:
        told = [each.properties for each in self.design.of_type(SUBNET)]
        nets = [as_net(each.get("CidrBlock")) for each in told if self.ref(each.get("VpcId")) == vpc]
        return tuple(dict.fromkeys(net for net in nets if net is not None))

    def _read_gateway_attachments(self) -> set[tuple[str, str]]:
        return {
            (self.ref(each.properties.get(key)), self.vpc_name(each.properties.get("VpcId")))
            for each in self.design.of_type("AWS::EC2::VPCGatewayAttachment")
            for key in ("InternetGatewayId", "VpnGatewayId")
            if each.properties.get(key)
        }

    def _read_public_access_block(self) -> tuple[str, dict[str, str]]:
        """The Region's VPC Block Public Access mode, and the mode of each VPC or subnet that is exempt from it."""
        modes = [
            str(each.properties.get("InternetGatewayBlockMode"))
            for each in self.design.of_type("AWS::EC2::VPCBlockPublicAccessOptions")
        ]
        exempt = {
            self.ref(each.properties.get(key)): str(each.properties.get("InternetGatewayExclusionMode"))
            for each in self.design.of_type("AWS::EC2::VPCBlockPublicAccessExclusion")
            for key in ("VpcId", "SubnetId")
            if each.properties.get(key)
        }
        return next(iter(modes), "off"), exempt

    def blocks_public_access(self, subnet: Subnet, *, coming_in: bool) -> bool:
        """Whether VPC Block Public Access stops the internet gateway's packets of this subnet.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcBlockPublicAccessOptions.html, checked_on
        2026-11-22
        """
        exempt = {self.exempt.get(each.logical_id) for each in (subnet.item, subnet.vpc.item)}
        if self.public_block not in ("block-bidirectional", "block-ingress") or "allow-bidirectional" in exempt:
            return False
        return coming_in or (self.public_block == "block-bidirectional" and "allow-egress" not in exempt)

    def default_group(self, vpc: Vpc) -> Group:
        known = self.groups.get(f"{vpc.item.logical_id}.DefaultSecurityGroup")
        return known or self.outside_group(f"the default security group of {vpc.label}", vpc)

    def outside_group(self, name: str, vpc: Vpc | None) -> Group:
        """A security group this design wears and does not declare: its rules are not known."""
        rule = Rule("-1", None, (), None, None, name)
        return Group(f"{name} (outside this stack)", None, vpc, [rule], [rule], known_as=name)

    # names

    def ref(self, value: Any) -> str:
        """The name of what a property refers to: a logical id, or the value itself when it is not of this design."""
        item = self.named.get(value) if isinstance(value, str) else None
        if isinstance(item, str):
            return item
        return item.logical_id if item is not None else str(value)

    def group(self, name: str) -> Group:
        default = self.named.get(name)
        found = default if isinstance(default, str) else self.find(name).logical_id
        if found not in self.groups:
            raise Usage(f"{name} is not a security group; name one of {', '.join(self._group_labels()) or 'yours'}")
        return self.groups[found]

    def find(self, name: str) -> Item:
        known = self.named.get(name)
        if known is not None and not isinstance(known, str):
            return known
        found = self.design.find(name) or self._inside(name)
        if len(found) > 1:
            found = [each for each in found if each.type in PLACES] or found
        if len(found) != 1:
            about = "names several things" if found else "names nothing in this design"
            candidates = [
                label(each)
                for each in found or self.design.resources.values()
                if found or each.type in (*PLACES, *SERVERS)
            ]
            if not found:
                # what CDK brings for itself is nobody's to ask about
                candidates = [each for each in candidates if not each.startswith("Custom::")]
                candidates.sort(key=lambda each: -SequenceMatcher(None, name.lower(), each.lower()).ratio())
            raise Usage(f"{name} {about}; name one of {', '.join(candidates[:12]) or 'your subnets or groups'}")
        return found[0]

    def _inside(self, name: str) -> list[Item]:
        """What a construct of this name is made of and packets can reach: "Servers" means Servers/ASG."""
        items = [each for each in self.design.resources.values() if each.path]
        labelled = [each for each in items if label(each) == name]
        if labelled:
            return [each for each in labelled if each.type in (*PLACES, *SERVERS)] or labelled
        wanted = name.strip("/").split("/")
        for types in (SERVERS, PLACES):
            found = [each for each in items if each.type in types and _holds(str(each.path).split("/")[1:-1], wanted)]
            if found:
                return found
        return []

    def is_told(self, address: Address) -> bool:
        """Whether some rule or route names a part of the internet this address is in."""
        if address not in self._told:
            self._told[address] = any(
                net.prefixlen > (0 if net.version == 4 else 3) and net.version == address.version and address in net
                for net in self.mentioned
            )
        return self._told[address]

    def _some_subnet(self) -> str:
        return next((each.label for each in self.subnets.values()), "none is declared yet")

    def _group_labels(self) -> list[str]:
        return [group.label for group in self.groups.values() if group.logical_id]

    def _all_cidrs(self) -> list[Net]:
        nets = {each for vpc in self.vpcs.values() for each in vpc.cidrs}
        nets |= {each for subnet in self.subnets.values() for each in subnet.cidrs}
        nets |= {entry.net for acl in self.acls.values() for entry in acl.entries if entry.net is not None}
        nets |= {net for table in self.tables.values() for route in table.routes for net in route.nets}
        nets |= {net for each in self.beyond.values() for net in each.nets}
        transit = self.design.of_type("AWS::EC2::TransitGatewayRoute")
        nets |= {net for each in transit if (net := as_net(each.properties.get("DestinationCidrBlock"))) is not None}
        nets |= {net for group in self.groups.values() for rule in (*group.ingress, *group.egress) for net in rule.nets}
        return sorted(nets | set(NOT_PUBLIC), key=lambda net: (net.version, int(net.network_address), net.prefixlen))


@dataclass(frozen=True)
class Vpc:
    """A VPC and its CIDR blocks."""

    item: Item
    label: str
    cidrs: tuple[Net, ...]
    unsure: tuple[str, ...] = ()
    is_declared: bool = True


@dataclass(frozen=True)
class Beyond:
    """A VPN connection, the gateway it ends at, and the addresses behind it; `assumed` when BGP would tell them."""

    item: Item
    gateway: str
    nets: tuple[Net, ...]
    assumed: bool


@dataclass(frozen=True)
class Route:
    """A route: its kind (local, igw, nat, eigw, vpce, pcx, tgw, vgw, eni, blackhole), destinations and target.

    `unreadable` is a destination the template cannot know.
    """

    kind: str
    nets: tuple[Net, ...]
    target: str
    logical_id: str | None
    service: str = ""
    propagated: bool = False
    unreadable: str = ""


@dataclass(frozen=True)
class Table:
    """A route table."""

    label: str
    logical_id: str | None
    routes: tuple[Route, ...]
    is_known: bool = True

    def route_to(self, address: Address) -> Route | None:
        """The route of the longest prefix that holds the address; of two as long local, then static, then propagated.

        A propagated route never comes before the local one.
        https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html, checked_on 2026-11-22
        https://docs.aws.amazon.com/vpn/latest/s2svpn/vpn-route-priority.html, checked_on 2026-11-22
        """
        best: tuple[int, int, Route] | None = None
        is_local = False
        for route in self.routes:
            for net in route.nets:
                if address.version == net.version and address in net:
                    is_local = is_local or route.kind == "local"
                    rank = (net.prefixlen, 2 if route.kind == "local" else 0 if route.propagated else 1)
                    if best is None or rank > best[:2]:
                        best = (*rank, route)
        if best and best[2].propagated and is_local:
            return next(route for route in self.routes if route.kind == "local")
        return best[2] if best and best[2].kind != "blackhole" else None

    @property
    def unreadable(self) -> list[str]:
        """Destinations of routes that the template cannot know."""
        return [route.unreadable for route in self.routes if route.unreadable]


@dataclass(frozen=True)
class Group:
    """A security group; `logical_id` is None for a VPC's default one."""

    label: str
    logical_id: str | None
    vpc: Vpc | None
    ingress: list[Rule]
    egress: list[Rule]
    known_as: str = ""

    @property
    def name(self) -> str:
        """What rules know it by."""
        return (
            self.logical_id
            or self.known_as
            or (f"{self.vpc.item.logical_id}.DefaultSecurityGroup" if self.vpc else self.label)
        )


@dataclass(frozen=True)
class Subnet:
    """A subnet with what guards it and where it sends packets."""

    item: Item
    label: str
    vpc: Vpc
    cidrs: tuple[Net, ...]
    zone: str
    public_on_launch: bool
    table: Table
    acl: Acl
    unsure: tuple[str, ...] = ()

    @property
    def tier(self) -> str:
        """See `tier`."""
        kinds = {route.kind for route in self.table.routes if any(map(_reaches_out, route.nets))}
        if "igw" in kinds:
            return "public"
        return "private" if kinds & {"nat", "eigw", "eni", "tgw"} else "isolated"


def label(item: Item) -> str:
    """A resource in the learner's words: its construct path without the stack, else its logical id."""
    if not item.path or "/" not in item.path:
        return item.logical_id
    parts = item.path.split("/")[1:]
    # CDK's own last steps say nothing: Db/Resource, Network/DataSubnet1/Subnet
    says_nothing = parts[-1] in ("Resource", "Default") or (item.type == SUBNET and parts[-1] == "Subnet")
    return "/".join(parts[:-1] if len(parts) > 1 and says_nothing else parts)


def _names(design: Design) -> dict[str, Item | str]:
    """Every value a property can refer to a resource by."""
    named: dict[str, Item | str] = {}
    for item in design.resources.values():
        if item.type in OWN_IDS:
            # others can have a physical id made of somebody else's
            named[item.physical_id] = item
        for name in OWN_IDS.get(item.type, ()):
            value = item.attributes.get(name)
            if isinstance(value, str) and value:
                named[value] = item
        if item.type in ADDRESS_NAMES:
            # what stands for the address nobody knows before it is given
            named.setdefault(Unknown.of(f"{ADDRESS_NAMES[item.type]} of {item.physical_id}"), item)
        if item.type == VPC:
            for name in ("DefaultSecurityGroup", "DefaultNetworkAcl"):
                if isinstance(item.attributes.get(name), str):
                    named[item.attributes[name]] = f"{item.logical_id}.{name}"
    return named | dict(design.resources)


def _holds(path: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether a construct's path leads through these steps, one after the other."""
    return any(list(path[at : at + len(wanted)]) == list(wanted) for at in range(len(path) - len(wanted) + 1))


def _acl_entry(item: Item) -> AclEntry:
    properties = item.properties
    protocol = protocol_name(properties.get("Protocol"))
    ports: Ports | None = None
    if protocol in ("tcp", "udp"):
        span = properties.get("PortRange")
        low, high = (_int(span.get("From")), _int(span.get("To"))) if isinstance(span, Mapping) else (None, None)
        ports = (low, high) if low is not None and high is not None else None
    elif protocol in ("icmp", "icmpv6"):
        icmp = properties.get("Icmp")
        kind = _int(icmp.get("Type")) if isinstance(icmp, Mapping) else None
        ports = (kind, kind) if kind is not None and kind >= 0 else None
    number = _int(properties.get("RuleNumber"))
    cidr = properties.get("CidrBlock") or properties.get("Ipv6CidrBlock")
    net = as_net(properties.get("CidrBlock")) or as_net(properties.get("Ipv6CidrBlock"))
    return AclEntry(
        number=number if number is not None else LAST_RULE,
        outbound=is_true(properties.get("Egress")),
        protocol=protocol,
        allows=str(properties.get("RuleAction")).lower() == "allow",
        net=net,
        ports=ports,
        logical_id=item.logical_id,
        unreadable=str(cidr) if net is None and isinstance(cidr, Unknown) else "",
    )


def _in_order(entries: Iterable[AclEntry]) -> tuple[AclEntry, ...]:
    return tuple(sorted(entries, key=lambda entry: (entry.number, entry.logical_id or "")))


def _rule_ports(protocol: str, low: Any, high: Any) -> tuple[Ports | None, str | None]:
    if protocol == "-1":
        return None, None
    first, last = _int(low), _int(high)
    for value, read in ((low, first), (high, last)):
        if value is not None and read is None:
            return None, str(value)
    if first is None or first == -1:
        return None, None
    if protocol in ("icmp", "icmpv6"):
        return (first, first), None
    return (first, first if last is None else last), None


def _service(item: Item) -> str:
    return str(item.properties.get("ServiceName", "")).rsplit(".", 1)[-1]


def is_public(address: Address) -> bool:
    if address.version == 6:
        return address in EVERYWHERE_6
    return not any(address in net for net in NOT_PUBLIC)


def _reaches_out(net: Net) -> bool:
    """Whether a route's destination holds addresses of the internet."""
    return not any(common(net, private) == net for private in NOT_PUBLIC)


def common(one: Net, other: Net) -> Net | None:
    """What two blocks share: the smaller one, or nothing."""
    if one.version != other.version or not one.overlaps(other):
        return None
    return one if one.prefixlen >= other.prefixlen else other


def as_net(value: Any) -> Net | None:
    try:
        return ipaddress.ip_network(value, strict=False) if isinstance(value, str) else None
    except ValueError:
        return None


def _nth_four(index: int) -> Net:
    return ipaddress.IPv4Network((int(UNKNOWN_4.network_address) + (index % 64 << 16), 16))


def _part_of(vpc: Vpc, index: int) -> Net:
    """A block of a VPC for a subnet whose own is not known."""
    whole = next((each for each in vpc.cidrs if each.version == 4), UNKNOWN_4)
    if whole.prefixlen >= 24:
        return whole
    return ipaddress.IPv4Network((int(whole.network_address) + (index % 2 ** (24 - whole.prefixlen) << 8), 24))


def _nth_six(index: int) -> Net:
    return ipaddress.IPv6Network((int(UNKNOWN_6.network_address) + (index << 64), 64))


def _int(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def is_true(value: Any) -> bool:
    return str(value).lower() == "true"


def as_list(value: Any) -> list[Any]:
    if value is None or isinstance(value, str):
        return [value] if value else []
    return list(value) if isinstance(value, Sequence) else [value]


VPC = "AWS::EC2::VPC"
SECURITY_GROUP = "AWS::EC2::SecurityGroup"
INSTANCE = "AWS::EC2::Instance"
INTERFACE = "AWS::EC2::NetworkInterface"
SUBNET = "AWS::EC2::Subnet"
VPC_ENDPOINT = "AWS::EC2::VPCEndpoint"
EMPTY: Mapping[str, Any] = {}
# what a construct is there for, beside what it brings along
SERVERS = (
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancing::LoadBalancer",
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::ECS::Service",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBProxy",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::EFS::FileSystem",
    "AWS::Lambda::Function",
    "AWS::Redshift::Cluster",
    "AWS::OpenSearchService::Domain",
    "AWS::EC2::NatGateway",
    "AWS::EC2::Instance",
)
PLACES = (VPC, SUBNET, SECURITY_GROUP, INSTANCE, INTERFACE, VPC_ENDPOINT)

# what Fn::GetAtt (or Ref) gives as the resource's own id
OWN_IDS = {
    VPC: ("VpcId",),
    SUBNET: ("SubnetId",),
    SECURITY_GROUP: ("GroupId", "Id"),
    "AWS::EC2::RouteTable": ("RouteTableId",),
    "AWS::EC2::NetworkAcl": ("Id",),
    "AWS::EC2::InternetGateway": ("InternetGatewayId",),
    "AWS::EC2::EgressOnlyInternetGateway": ("Id",),
    "AWS::EC2::NatGateway": ("NatGatewayId",),
    "AWS::EC2::VPCPeeringConnection": ("Id",),
    "AWS::EC2::TransitGateway": ("Id",),
    "AWS::EC2::VPNGateway": ("VPNGatewayId",),
    "AWS::EC2::PrefixList": ("PrefixListId",),
    INSTANCE: ("InstanceId", "PrivateIp"),
    INTERFACE: ("Id", "PrimaryPrivateIpAddress"),
    VPC_ENDPOINT: ("Id",),
    "AWS::EC2::TransitGatewayAttachment": ("Id",),
    "AWS::EC2::TransitGatewayVpcAttachment": ("Id",),
    "AWS::EC2::TransitGatewayPeeringAttachment": ("TransitGatewayAttachmentId",),
    "AWS::EC2::TransitGatewayRouteTable": ("TransitGatewayRouteTableId",),
    "AWS::EC2::VPNConnection": ("VpnConnectionId",),
    "AWS::EC2::CustomerGateway": ("CustomerGatewayId",),
    "AWS::EC2::LaunchTemplate": ("LaunchTemplateId",),
    "AWS::EC2::EIP": ("AllocationId", "PublicIp"),
}

ADDRESS_NAMES = {INSTANCE: "PrivateIp", INTERFACE: "PrimaryPrivateIpAddress"}

ROUTE_TARGETS = {
    "GatewayId": "igw",
    "NatGatewayId": "nat",
    "EgressOnlyInternetGatewayId": "eigw",
    "VpcPeeringConnectionId": "pcx",
    "TransitGatewayId": "tgw",
    "VpcEndpointId": "eni",
    "NetworkInterfaceId": "eni",
    "InstanceId": "eni",
    "LocalGatewayId": "vgw",
    "CarrierGatewayId": "igw",
}

ALL_4: Net = ipaddress.ip_network("0.0.0.0/0")
ALL_6: Net = ipaddress.ip_network("::/0")
EVERYWHERE_6: Net = ipaddress.ip_network("2000::/3")
# RFC 6598's, for a VPC whose own block is not known
UNKNOWN_4: Net = ipaddress.ip_network("100.64.0.0/10")
# for a network on premises whose addresses are not told
SPARE: tuple[Net, ...] = tuple(
    map(ipaddress.ip_network, ("192.168.0.0/16", "172.16.0.0/12", "10.192.0.0/10", "10.0.0.0/10"))
)
UNKNOWN_6: Net = ipaddress.ip_network("2600:1f00::/56")
# RFC 1918, RFC 6598, and what no host on the internet has
NOT_PUBLIC: tuple[Net, ...] = (
    ipaddress.ip_network("10.0.0.0/8"),
    ipaddress.ip_network("172.16.0.0/12"),
    ipaddress.ip_network("192.168.0.0/16"),
    ipaddress.ip_network("100.64.0.0/10"),
    ipaddress.ip_network("127.0.0.0/8"),
    ipaddress.ip_network("169.254.0.0/16"),
    ipaddress.ip_network("0.0.0.0/8"),
    ipaddress.ip_network("224.0.0.0/3"),
)

# AWS's own prefix list of S3 in each Region where its id is public knowledge; any other id tells nothing
# https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html names the lists;
# ids as describe-managed-prefix-lists gives them, checked_on 2026-11-22
S3_PREFIX_LISTS = {"us-east-1": "pl-63a5400a", "us-east-2": "pl-7ba54012", "eu-west-1": "pl-6da54004"}
# some of the addresses S3 answers from, enough to tell it from the rest of the internet; AWS adds to them
# https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-ranges.html, checked_on 2026-11-22
S3_ADDRESSES: Mapping[str, tuple[Net, ...]] = {
    "us-east-1": (
        ipaddress.ip_network("52.216.0.0/15"),
        ipaddress.ip_network("54.231.0.0/16"),
        ipaddress.ip_network("3.5.0.0/19"),
    )
}

LAST_RULE = 32767

ANYWHERE = (Rule("-1", None, (ALL_4,), None, None, None), Rule("-1", None, (ALL_6,), None, None, None))
OPEN_ACL = Acl(
    "a network ACL outside this stack",
    None,
    tuple(AclEntry(100, out, "-1", True, net, None, None) for out in (True, False) for net in (ALL_4, ALL_6)),
)
