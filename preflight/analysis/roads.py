"""The roads between networks: peering connections, transit gateways and VPNs, and where each lets a packet through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from preflight.analysis.vpc import (
    Address,
    Beyond,
    Layout,
    Net,
    Route,
    Subnet,
    Vpc,
    as_list,
    as_net,
    common,
    is_true,
    label,
)
from preflight.intrinsics import Unknown

if TYPE_CHECKING:
    from preflight.template import Item

Step = tuple[str, str, str | None]


class Stopped(Exception):
    """A packet goes no further: Reachability Analyzer's code, why, and what stops it.

    `depends` are values the template cannot know, that would decide otherwise.
    """

    def __init__(self, code: str, explanation: str, logical_id: str | None = None, depends: tuple[str, ...] = ()):
        super().__init__(code)
        self.code, self.explanation, self.logical_id, self.depends = code, explanation, logical_id, depends


@dataclass(frozen=True)
class Attachment:
    """What a transit gateway joins: a VPC, a VPN connection (`beyond`), or something of which only the id is known."""

    name: str
    label: str
    hub: str
    vpc: Vpc | None = None
    subnets: tuple[Subnet, ...] = ()
    beyond: Beyond | None = None
    refers_to_groups: bool = True

    @property
    def nets(self) -> tuple[Net, ...]:
        """What it propagates."""
        return self.vpc.cidrs if self.vpc is not None else self.beyond.nets if self.beyond is not None else ()


@dataclass(frozen=True)
class HubRoute:
    """A route of a transit gateway's route table; `to` None is a blackhole."""

    net: Net
    to: str | None
    static: bool
    logical_id: str | None


@dataclass
class HubTable:
    """A transit gateway's route table."""

    name: str
    label: str
    logical_id: str | None
    routes: list[HubRoute]
    untold: list[str]

    def best(self, address: Address) -> HubRoute | None:
        """The route of the longest prefix, static before propagated."""
        fitting = [each for each in self.routes if each.net.version == address.version and address in each.net]
        return max(fitting, key=lambda each: (each.net.prefixlen, each.static), default=None)


class Roads:
    """The roads of one design, read once."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.attachments = {each.name: each for each in self._read_attachments()}
        self.tables = self._read_hub_tables()
        self.tied = self._read_associations()
        self._read_propagations()

    # peering

    def peering(self, route: Route, here: Vpc, there: Vpc) -> Iterator[Step]:
        """Over a peering connection from one VPC into another."""
        connection = self.layout.design.resources.get(route.target)
        if connection is None:
            yield (f"{route.target}", "a peering connection made outside this stack", None)
            raise Stopped(
                "UNKNOWN_RESOURCE",
                f"which VPC the peering connection {route.target} leads to is not told here",
                route.logical_id,
                (route.target,),
            )
        ends = [self.layout.vpc_name(connection.properties.get(key)) for key in ("VpcId", "PeerVpcId")]
        if set(ends) != {here.item.logical_id, there.item.logical_id}:
            raise Stopped(
                "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
                f"the peering connection {label(connection)} does not end in {there.label}; "
                "peering is never transitive",
                route.logical_id,
            )
        shared = next((one for one in here.cidrs for other in there.cidrs if common(one, other)), None)
        if shared is not None and not (here.unsure or there.unsure):
            # https://docs.aws.amazon.com/vpc/latest/peering/invalid-peering-configurations.html, checked_on 2026-11-22
            raise Stopped(
                "BAD_STATE",
                f"{here.label} and {there.label} both have addresses of {shared}, and networks that overlap are never "
                "peered",
                connection.logical_id,
            )
        if self.awaits_acceptance(connection):
            raise Stopped(
                "BAD_STATE",
                f"{label(connection)} waits until its owner {connection.properties['PeerOwnerId']} accepts it",
                connection.logical_id,
                (f"whether {connection.properties['PeerOwnerId']} accepts the peering connection",),
            )
        yield (label(connection), f"peering from {here.label} to {there.label}", connection.logical_id)

    def awaits_acceptance(self, connection: Item) -> bool:
        """Whether a peering connection asks another account that CloudFormation was given no role for."""
        owner = connection.properties.get("PeerOwnerId")
        is_ours = owner is None or str(owner) == self.layout.design.account
        return not is_ours and not connection.properties.get("PeerRoleArn")

    def leads_abroad(self, name: str) -> bool:
        """Whether this is a peering connection to another Region."""
        connection = self.layout.design.resources.get(name)
        region = connection.properties.get("PeerRegion") if connection is not None else None
        return region is not None and not isinstance(region, Unknown) and region != self.layout.design.region

    # transit gateways

    def gate(self, hub: str, vpc: Vpc, *zones: str) -> Subnet | None:
        """The subnet of a VPC in which a transit gateway takes and hands out packets, in the first zone with one."""
        mine = [each for each in self.attachments.values() if each.hub == hub and each.vpc is vpc]
        subnets = mine[0].subnets if mine else ()
        found = (each for zone in zones for each in subnets if each.zone == zone)
        return next(found, subnets[0] if subnets else None)

    def transit(self, route: Route, subnet: Subnet, address: Address, steps: list[Step]) -> Attachment:
        """The attachment a transit gateway hands a subnet's packet to; the steps taken are appended to `steps`."""
        hub = self._hub(route.target, route.logical_id)
        mine = [each for each in self.attachments.values() if each.hub == route.target and each.vpc is subnet.vpc]
        if not mine:
            raise Stopped(
                "BAD_STATE_ATTACHMENT",
                f"{subnet.vpc.label} is not attached to the transit gateway {label(hub)}",
                hub.logical_id,
            )
        zones = {each.zone for each in mine[0].subnets}
        if subnet.zone and zones and "" not in zones and subnet.zone not in zones:
            raise Stopped(
                "TGW_ROUTE_AZ_RESTRICTION",
                f"the attachment {mine[0].label} has no subnet in {subnet.zone}, where {subnet.label} is",
                mine[0].name,
            )
        return self.onward(hub, mine[0], address, steps)

    def onward(self, hub: Item, arrived: Attachment, address: Address, steps: list[Step]) -> Attachment:
        """Where a transit gateway sends what came in by an attachment."""
        name = self.tied.get(arrived.name)
        if name is None:
            raise Stopped(
                "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION",
                f"the attachment {arrived.label} is associated with no route table of {label(hub)}",
                arrived.name,
            )
        table = self.tables.get(name)
        if table is None:
            raise Stopped(
                "TGW_RTB_ROUTES_ARE_UNKNOWN",
                f"the transit gateway route table {name} is not in this stack",
                arrived.name,
                (f"the routes of {name}",),
            )
        found = table.best(address)
        if found is None:
            raise Stopped(
                "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT",
                f"{table.label} has no route to {address}",
                table.logical_id or hub.logical_id,
                tuple(table.untold),
            )
        if found.to is None:
            raise Stopped(
                "TGW_RTB_BAD_STATE_ROUTE", f"{table.label} drops {found.net}: a blackhole route", found.logical_id
            )
        steps.append(
            (
                table.label,
                f"{'static' if found.static else 'propagated'} route for {found.net} to {self._label(found.to)}",
                found.logical_id or table.logical_id,
            )
        )
        return self.attachments.get(found.to) or Attachment(found.to, found.to, hub.logical_id)

    def _hub(self, name: str, logical_id: str | None) -> Item:
        hub = self.layout.design.resources.get(name)
        if hub is None:
            raise Stopped(
                "TGW_RTB_ROUTES_ARE_UNKNOWN",
                f"the transit gateway {name} is not in this stack, so its route tables are not known",
                logical_id,
                (f"the route tables of {name}",),
            )
        return hub

    def carries_groups(self, name: str, *vpcs: Vpc) -> bool:
        """Whether a transit gateway lets one VPC's rules name another's groups; off unless switched on.

        https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security,
        checked_on 2026-11-22
        """
        hub = self.layout.design.resources.get(name)
        if hub is None or hub.properties.get("SecurityGroupReferencingSupport") != "enable":
            return False
        joined = [each for each in self.attachments.values() if each.hub == name and each.vpc in vpcs]
        return all(each.refers_to_groups for each in joined)

    def _label(self, name: str) -> str:
        return self.attachments[name].label if name in self.attachments else name

    def _read_attachments(self) -> Iterator[Attachment]:
        layout = self.layout
        for item in layout.design.of_type(
            "AWS::EC2::TransitGatewayAttachment", "AWS::EC2::TransitGatewayVpcAttachment"
        ):
            properties = item.properties
            options = properties.get("Options")
            refers = options.get("SecurityGroupReferencingSupport") if isinstance(options, Mapping) else None
            subnets = [layout.subnets.get(layout.ref(each)) for each in as_list(properties.get("SubnetIds"))]
            yield Attachment(
                item.logical_id,
                label(item),
                layout.ref(properties.get("TransitGatewayId")),
                layout.vpcs.get(layout.ref(properties.get("VpcId")))
                or next((each.vpc for each in subnets if each is not None), None),
                tuple(each for each in subnets if each is not None),
                refers_to_groups=refers != "disable",
            )
        for name, beyond in layout.beyond.items():
            if beyond.item.properties.get("TransitGatewayId"):
                yield Attachment(name, label(beyond.item), beyond.gateway, beyond=beyond)

    def _read_hub_tables(self) -> dict[str, HubTable]:
        layout = self.layout
        tables = {
            item.logical_id: HubTable(item.logical_id, label(item), item.logical_id, [], [])
            for item in layout.design.of_type("AWS::EC2::TransitGatewayRouteTable")
        }
        for hub in layout.design.of_type("AWS::EC2::TransitGateway"):
            name = f"{hub.logical_id}.default"
            tables[name] = HubTable(name, f"the default route table of {label(hub)}", None, [], [])
        for item in layout.design.of_type("AWS::EC2::TransitGatewayRoute"):
            properties = item.properties
            table = tables.get(self._table_name(properties.get("TransitGatewayRouteTableId")))
            net = as_net(properties.get("DestinationCidrBlock"))
            if table is None:
                continue
            if net is None:
                table.untold.append(str(properties.get("DestinationCidrBlock")))
                continue
            to = properties.get("TransitGatewayAttachmentId")
            blackhole = is_true(properties.get("Blackhole")) or not to
            table.routes.append(HubRoute(net, None if blackhole else layout.ref(to), True, item.logical_id))
        return tables

    def _table_name(self, value: Any) -> str:
        """A route table's name; a transit gateway's default one goes by what the gateway's attribute says."""
        name = self.layout.ref(value)
        for hub in self.layout.design.of_type("AWS::EC2::TransitGateway"):
            told = {hub.properties.get("AssociationDefaultRouteTableId"), hub.attributes.get("DefaultRouteTable")}
            if name in told:
                return f"{hub.logical_id}.default"
        return name

    def _read_associations(self) -> dict[str, str]:
        tied = {
            self.layout.ref(each.properties.get("TransitGatewayAttachmentId")): self._table_name(
                each.properties.get("TransitGatewayRouteTableId")
            )
            for each in self.layout.design.of_type("AWS::EC2::TransitGatewayRouteTableAssociation")
        }
        for attachment in self.attachments.values():
            if self._by_default(attachment.hub, "DefaultRouteTableAssociation"):
                tied.setdefault(attachment.name, f"{attachment.hub}.default")
        return tied

    def _read_propagations(self) -> None:
        told = {
            (
                self.layout.ref(each.properties.get("TransitGatewayAttachmentId")),
                self._table_name(each.properties.get("TransitGatewayRouteTableId")),
            )
            for each in self.layout.design.of_type("AWS::EC2::TransitGatewayRouteTablePropagation")
        }
        for attachment in self.attachments.values():
            if self._by_default(attachment.hub, "DefaultRouteTablePropagation"):
                told.add((attachment.name, f"{attachment.hub}.default"))
        for name, table in sorted(told):
            if name in self.attachments and table in self.tables:
                attachment = self.attachments[name]
                self.tables[table].routes += [HubRoute(net, name, False, None) for net in attachment.nets]
                if attachment.vpc is not None:
                    self.tables[table].untold += attachment.vpc.unsure

    def _by_default(self, hub: str, option: str) -> bool:
        """Both options are on unless a transit gateway says "disable".

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TransitGatewayRequestOptions.html,
        checked_on 2026-11-22
        """
        item = self.layout.design.resources.get(hub)
        return item is not None and item.properties.get(option) != "disable"

    # on premises

    def on_premises(self) -> list[Beyond]:
        """What lies behind the VPN connections of the design, or behind a gateway whose connection is elsewhere."""
        found = list(self.layout.beyond.values())
        known = {each.gateway for each in found}
        for gateway in self.layout.design.of_type("AWS::EC2::VPNGateway"):
            if gateway.logical_id not in known:
                found.append(Beyond(gateway, gateway.logical_id, self.layout.elsewhere(), True))
        return found

    def virtual_private(self, route: Route, vpc: Vpc) -> Iterator[Step]:
        """Through a virtual private gateway, to or from on premises."""
        gateway = self.layout.design.resources.get(route.target)
        if gateway is not None and (route.target, vpc.item.logical_id) not in self.layout.gateways:
            raise Stopped(
                "BAD_STATE_ATTACHMENT",
                f"the virtual private gateway {label(gateway)} is not attached to {vpc.label}",
                gateway.logical_id,
            )
        yield (label(gateway) if gateway is not None else route.target, "virtual private gateway", route.target)
        behind = [each for each in self.layout.beyond.values() if each.gateway == route.target]
        if behind:
            tunnel = behind[0]
            told = "whose routes come by BGP and are assumed" if tunnel.assumed else "with static routes"
            yield (label(tunnel.item), f"VPN connection {told}", tunnel.item.logical_id)
