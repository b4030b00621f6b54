"""EC2: gateways to networks that are not on AWS."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._ec2 import Ec2, Tagged, backend
from preflight.cloudformation.providers._ec2_transit import forget_attachment, settle_attachment
from preflight.cloudformation.providers._kept import kept
from preflight.cloudformation.providers._table import Scope, call, refusal


class VPNGateway(Tagged):
    """A VPC's side of a VPN."""

    type = "AWS::EC2::VPNGateway"
    born_as = "vpn-gateway"
    makes = call("create_vpn_gateway", "Type AmazonSideAsn")
    ref = "VpnGateway.VpnGatewayId"
    attributes = "VPNGatewayId={ref}"
    unmakes = call("delete_vpn_gateway", VpnGatewayId="{ref}")
    reads = (call("describe_vpn_gateways", VpnGatewayIds=["{ref}"]),)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """One that is in use stays; moto keeps the deleted one for ever."""
        ec2 = backend(context)
        gateway = ec2.vpn_gateways.get(made.physical_id)
        attached = gateway is not None and any(each.state == "attached" for each in gateway.attachments.values())
        used = [each for each in ec2.vpn_connections.values() if each.vpn_gateway_id == made.physical_id]
        if attached or any(each.state == "available" for each in used):
            raise refusal("IncorrectState", "The vpnGateway is in use", "DeleteVpnGateway")
        super().delete(made, declared, context)
        ec2.vpn_gateways.pop(made.physical_id, None)


def _customer_gateway(scope: Scope) -> Any:
    return backend(scope.context).customer_gateways[scope.ref]


class CustomerGateway(Tagged):
    """The other side of a VPN."""

    type = "AWS::EC2::CustomerGateway"
    born_as = "customer-gateway"
    makes = call("create_customer_gateway", "BgpAsn IpAddress Type")
    then = (
        kept(
            "describe_customer_gateways.CustomerGateways", _customer_gateway, "DeviceName CertificateArn BgpAsnExtended"
        ),
    )
    ref = "CustomerGateway.CustomerGatewayId"
    attributes = "CustomerGatewayId={ref}"
    unmakes = call("delete_customer_gateway", CustomerGatewayId="{ref}")
    reads = (call("describe_customer_gateways", CustomerGatewayIds=["{ref}"]),)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """The device has one address, as text that is one."""
        address = str(scope.declared.peek("IpAddress"))
        try:
            ipaddress.ip_address(address)
        except ValueError:
            said = f"Value ({address}) for parameter ipAddress is invalid. Invalid IPv4 address: '{address}'"
            raise refusal("InvalidParameterValue", said, "CreateCustomerGateway") from None
        return super().begin(scope)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """One that is in use stays; moto keeps the deleted one for ever."""
        ec2 = backend(context)
        used = [each for each in ec2.vpn_connections.values() if each.customer_gateway_id == made.physical_id]
        if any(each.state == "available" for each in used):
            raise refusal("IncorrectState", "The customer gateway is in use.", "DeleteCustomerGateway")
        super().delete(made, declared, context)
        ec2.customer_gateways.pop(made.physical_id, None)


def _connection(scope: Scope) -> Any:
    return backend(scope.context).vpn_connections[scope.ref]


_TOLD = (
    "EnableAcceleration StaticRoutesOnly LocalIpv4NetworkCidr RemoteIpv4NetworkCidr OutsideIpAddressType "
    "TunnelInsideIpVersion"
)


class VPNConnection(Tagged):
    """Two tunnels between a VPC, or a transit gateway, and a customer's gateway."""

    type = "AWS::EC2::VPNConnection"
    born_as = "vpn-connection"
    makes = call("create_vpn_connection", "CustomerGatewayId Type VpnGatewayId TransitGatewayId")
    then = (
        kept(
            "describe_vpn_connections.VpnConnections",
            _connection,
            " ".join(f"Options.{name}={name}" for name in _TOLD.split())
            + " Options.TunnelOptions=VpnTunnelOptionsSpecifications",
        ),
    )
    ref = "VpnConnection.VpnConnectionId"
    attributes = "VpnConnectionId={ref}"
    unmakes = call("delete_vpn_connection", VpnConnectionId="{ref}")
    reads = (call("describe_vpn_connections", VpnConnectionIds=["{ref}"]),)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """A connection ends at one gateway of AWS's, which has to be there."""
        declared, ec2 = scope.declared, backend(scope.context)
        gateway = declared.peek("VpnGatewayId")
        if gateway is not None and gateway not in ec2.vpn_gateways:
            said = f"The vpnGateway ID '{gateway}' does not exist"
            raise refusal("InvalidVpnGatewayID.NotFound", said, "CreateVpnConnection")
        return super().begin(scope)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """At a transit gateway the connection is an attachment like others."""
        super().finish(scope, answer)
        ec2 = backend(scope.context)
        for attachment in ec2.transit_gateway_attachments.values():
            if attachment.resource_id == scope.ref:
                settle_attachment(ec2, attachment)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Its attachment goes with it; moto keeps both for ever."""
        super().delete(made, declared, context)
        ec2 = backend(context)
        ec2.vpn_connections.pop(made.physical_id, None)
        for key, attachment in list(ec2.transit_gateway_attachments.items()):
            if attachment.resource_id == made.physical_id:
                del ec2.transit_gateway_attachments[key]
                forget_attachment(ec2, key)


class VPNConnectionRoute(Ec2):
    """A static route of a VPN connection."""

    type = "AWS::EC2::VPNConnectionRoute"
    ref = "{DestinationCidrBlock}|{VpnConnectionId}"
    reads = (call("describe_vpn_connections", VpnConnectionIds=["{VpnConnectionId}"]),)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """moto has no call for it; the connection tells its routes from its record."""
        connection, cidr = (str(scope.declared.take(name)) for name in ("VpnConnectionId", "DestinationCidrBlock"))
        found = backend(scope.context).vpn_connections.get(connection)
        if found is None:
            said = f"The vpnConnection ID '{connection}' does not exist"
            raise refusal("InvalidVpnConnectionID.NotFound", said, "CreateVpnConnectionRoute")
        route = {"DestinationCidrBlock": cidr, "Source": "Static", "State": "available"}
        found.Routes = [*vars(found).get("Routes", []), route]
        return {}

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """What went with its connection is no failure."""
        cidr, connection = made.physical_id.split("|")
        found = backend(context).vpn_connections.get(connection)
        if found is not None:
            found.Routes = [each for each in vars(found).get("Routes", []) if each["DestinationCidrBlock"] != cidr]


class VPNGatewayRoutePropagation(Ec2):
    """A VPN gateway that writes its routes into a VPC's tables."""

    type = "AWS::EC2::VPNGatewayRoutePropagation"
    ref = "{VpnGatewayId}"

    def create(self, declared: Declared, context: Context) -> Made:
        """moto has no call for it; the tables tell it from their records."""
        gateway = str(declared.take("VpnGatewayId"))
        if gateway not in backend(context).vpn_gateways:
            said = f"The vpnGateway ID '{gateway}' does not exist"
            raise refusal("InvalidGatewayID.NotFound", said, "EnableVgwRoutePropagation")
        self._set(gateway, [], declared.take("RouteTableIds", []), context)
        name = context.name(limit=255)
        return Made(name, {"Id": name})

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Tables come and go."""
        old, new = str(before["VpnGatewayId"]), str(declared.take("VpnGatewayId"))
        self._set(old, list(before.get("RouteTableIds", [])), [], context)
        self._set(new, [], declared.take("RouteTableIds", []), context)
        return made

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The tables forget the gateway."""
        self._set(str(declared.peek("VpnGatewayId")), declared.peek("RouteTableIds", []), [], context)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The tables as the service tells them."""
        client = context.client("ec2")
        return [
            client.describe_route_tables(RouteTableIds=[each], Filters=[])
            for each in declared.peek("RouteTableIds", [])
        ]

    @staticmethod
    def _set(gateway: str, gone: list[str], come: list[str], context: Context) -> None:
        ec2 = backend(context)
        for table in (*gone, *come):
            if table not in ec2.route_tables:
                if table in gone:
                    continue
                said = f"The routeTable ID '{table}' does not exist"
                raise refusal("InvalidRouteTableID.NotFound", said, "EnableVgwRoutePropagation")
            record = ec2.route_tables[table]
            there = [each for each in vars(record).get("PropagatingVgws", []) if each["GatewayId"] != gateway]
            record.PropagatingVgws = [*there, *([{"GatewayId": gateway}] if table in come else [])]


class CarrierGateway(Tagged):
    """A VPC's door to a carrier's network."""

    type = "AWS::EC2::CarrierGateway"
    born_as = "carrier-gateway"
    makes = call("create_carrier_gateway", "VpcId")
    ref = "CarrierGateway.CarrierGatewayId"
    attributes = "CarrierGatewayId={ref} OwnerId=CarrierGateway.OwnerId State=CarrierGateway.State"
    unmakes = call("delete_carrier_gateway", CarrierGatewayId="{ref}")
    reads = (call("describe_carrier_gateways", CarrierGatewayIds=["{ref}"]),)
