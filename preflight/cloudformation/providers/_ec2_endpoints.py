"""EC2: private ways to services, and the services behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._ec2 import Ec2, Tagged, backend, default_group
from preflight.cloudformation.providers._kept import keep, kept
from preflight.cloudformation.providers._table import Each, Scope, call, passing_over_gone, refusal


def _endpoint(scope: Scope) -> Any:
    return backend(scope.context).vpc_end_points[scope.ref]


class VPCEndpoint(Tagged):
    """A private way to a service."""

    type = "AWS::EC2::VPCEndpoint"
    born_as = "vpc-endpoint"
    makes = call(
        "create_vpc_endpoint",
        "VpcId ServiceName VpcEndpointType PolicyDocument RouteTableIds SubnetIds SecurityGroupIds PrivateDnsEnabled",
    )
    then = (
        kept(
            "describe_vpc_endpoints.VpcEndpoints",
            _endpoint,
            "PrivateDnsEnabled DnsOptions IpAddressType ServiceRegion ResourceConfigurationArn ServiceNetworkArn",
        ),
    )
    in_place = frozenset({"PolicyDocument", "RouteTableIds", "SubnetIds", "SecurityGroupIds"})
    ref = "VpcEndpoint.VpcEndpointId"
    attributes = (
        "Id={ref} CreationTimestamp=VpcEndpoints[0].CreationTimestamp "
        "NetworkInterfaceIds=VpcEndpoints[0].NetworkInterfaceIds "
        "DnsEntries=VpcEndpoints[0].DnsEntries[].join(':',[HostedZoneId,DnsName])"
    )
    describes = call("describe_vpc_endpoints", VpcEndpointIds=["{ref}"])
    unmakes = call("delete_vpc_endpoints", VpcEndpointIds=["{ref}"])
    reads = (describes,)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Without a type it is a gateway; an interface endpoint without groups gets its VPC's default one."""
        arguments = {"VpcEndpointType": "Gateway", "PrivateDnsEnabled": False, **super().arguments(scope)}
        if arguments.get("VpcEndpointType") == "Interface" and not arguments.get("SecurityGroupIds"):
            arguments["SecurityGroupIds"] = [default_group(scope.context, arguments["VpcId"])]
        return arguments

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Refuse what AWS would, then make it."""
        code, said = next(_faults(scope), ("", ""))
        if code:
            raise refusal(code, said, "CreateVpcEndpoint")
        return super().begin(scope)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """The endpoint's network interfaces stand in its subnets, behind its groups."""
        super().finish(scope, answer)
        record = _endpoint(scope)
        for card in record.network_interface_ids:
            backend(scope.context).enis.pop(card, None)
        record.network_interface_ids = []
        self._stand(scope, record, list(record.subnet_ids or []))

    def change(self, before: Scope, after: Scope) -> None:
        """Lists are changed by what came and what went."""
        super().change(before, after)
        changes: dict[str, Any] = {}
        for name in ("RouteTableIds", "SubnetIds", "SecurityGroupIds"):
            old, new = before.declared.peek(name, []), after.declared.peek(name, [])
            changes[f"Add{name}"] = [each for each in new if each not in old]
            changes[f"Remove{name}"] = [each for each in old if each not in new]
        if before.declared.peek("PolicyDocument") != after.declared.peek("PolicyDocument"):
            changes["PolicyDocument"] = self.arguments(after).get("PolicyDocument", FULL_ACCESS)
        changes = {name: value for name, value in changes.items() if value}
        _refuse_tables(after, changes.get("AddRouteTableIds", []))
        if changes:
            self.ask(after, "modify_vpc_endpoint", {"VpcEndpointId": after.ref, **changes})
        _move_routes(after, changes)
        record, client = _endpoint(after), after.context.client("ec2")
        for card in _cards(client, record):
            if card["SubnetId"] in changes.get("RemoveSubnetIds", []):
                client.delete_network_interface(NetworkInterfaceId=card["NetworkInterfaceId"])
                record.network_interface_ids.remove(card["NetworkInterfaceId"])
            elif "AddSecurityGroupIds" in changes or "RemoveSecurityGroupIds" in changes:
                groups = record.security_group_ids
                client.modify_network_interface_attribute(NetworkInterfaceId=card["NetworkInterfaceId"], Groups=groups)
        self._stand(after, record, changes.get("AddSubnetIds", []))

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Its network interfaces and its routes go with it; moto keeps the deleted one for ever."""
        client = context.client("ec2")
        record = backend(context).vpc_end_points.get(made.physical_id)
        for table in declared.peek("RouteTableIds", []):
            with passing_over_gone():
                _drop_routes_to(client, table, made.physical_id)
        if record is not None:
            record.route_table_ids = []
            super().delete(made, declared, context)
        backend(context).vpc_end_points.pop(made.physical_id, None)

    def _stand(self, scope: Scope, record: Any, subnets: list[str]) -> None:
        """moto gives an endpoint's interfaces addresses from nowhere, and no groups."""
        if record.vpc_endpoint_type == "Gateway":
            return
        client = scope.context.client("ec2")
        for subnet in subnets:
            card = client.create_network_interface(
                SubnetId=subnet,
                Groups=record.security_group_ids or [default_group(scope.context, record.vpc_id)],
                Description=f"VPC Endpoint Interface {scope.ref}",
            )
            record.network_interface_ids.append(card["NetworkInterface"]["NetworkInterfaceId"])


def _cards(client: Any, record: Any) -> list[dict[str, Any]]:
    if not record.network_interface_ids:
        return []
    found: list[dict[str, Any]] = client.describe_network_interfaces(NetworkInterfaceIds=record.network_interface_ids)[
        "NetworkInterfaces"
    ]
    return found


# https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html, checked_on 2026-11-22
_GATEWAY_SERVICES = {"s3", "dynamodb", "s3express"}


def _faults(scope: Scope) -> Iterator[tuple[str, str]]:
    """What AWS says no to and moto does not.

    https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html, checked_on 2026-11-22
    """
    declared, client = scope.declared, scope.context.client("ec2")
    vpc, service = str(declared.peek("VpcId")), str(declared.peek("ServiceName", ""))
    kind = declared.peek("VpcEndpointType", "Gateway")
    here = scope.context.region
    parts = service.split(".")
    ours = service.startswith("com.amazonaws.") and len(parts) >= 4 and parts[2] != "vpce"
    # EC2 says so of gateway endpoints too, which a known mistake of lab 6 deploys all the same
    if kind != "Gateway" and ours and parts[2] not in (here, declared.peek("ServiceRegion", here)):
        yield "InvalidServiceName", f"The Vpc Endpoint Service '{service}' does not exist"
    if kind == "Gateway" and ours and parts[-1] not in _GATEWAY_SERVICES:
        yield "InvalidParameter", "Endpoint type (Gateway) does not match available service types ([Interface])."
    if kind == "Gateway":
        _refuse_tables(scope, declared.peek("RouteTableIds", []))
        return
    groups, subnets = declared.peek("SecurityGroupIds", []), declared.peek("SubnetIds", [])
    if groups:
        client.describe_security_groups(GroupIds=groups)
    found = client.describe_subnets(SubnetIds=subnets)["Subnets"] if subnets else []
    zones: dict[str, str] = {}
    for subnet in found:
        if subnet["VpcId"] != vpc:
            yield "InvalidParameter", f"Subnet {subnet['SubnetId']} does not belong to VPC {vpc}"
        if subnet["AvailabilityZone"] in zones:
            said = f"Found another VPC endpoint subnet in the availability zone of {subnet['SubnetId']}"
            yield "DuplicateSubnetsInSameZone", said
        zones[subnet["AvailabilityZone"]] = subnet["SubnetId"]
    if str(declared.peek("PrivateDnsEnabled", False)).lower() == "true":
        yield from _dns_faults(scope, vpc, service)


def _dns_faults(scope: Scope, vpc: str, service: str) -> Iterator[tuple[str, str]]:
    client = scope.context.client("ec2")
    for attribute, member in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
        if not client.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)[member]["Value"]:
            said = (
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true"
            )
            yield "InvalidParameter", f"{said} for {vpc}"
    for other in client.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["VpcEndpoints"]:
        if other["ServiceName"] == service and other.get("PrivateDnsEnabled"):
            domain = f"{service.rpartition('.')[2]}.{scope.context.region}.amazonaws.com"
            said = "private-dns-enabled cannot be set because there is already a conflicting DNS domain for"
            yield "InvalidParameter", f"{said} {domain} in the VPC {vpc}"


def _refuse_tables(scope: Scope, tables: list[str]) -> None:
    """A route table leads to one gateway endpoint of a service."""
    client, service = scope.context.client("ec2"), scope.declared.peek("ServiceName")
    if not tables:
        return
    client.describe_route_tables(RouteTableIds=tables)
    for other in client.describe_vpc_endpoints()["VpcEndpoints"]:
        shared = set(tables) & set(other.get("RouteTableIds", []))
        if other["VpcEndpointId"] != scope.ref and other["ServiceName"] == service and shared:
            lists = client.describe_managed_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [service]}])
            name = next((each["PrefixListId"] for each in lists["PrefixLists"]), "pl-00000000")
            said = f"route table {min(shared)} already has a route with destination-prefix-list-id {name}"
            raise refusal("RouteAlreadyExists", said, "CreateVpcEndpoint")


FULL_ACCESS = '{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'


def _move_routes(scope: Scope, changes: Mapping[str, Any]) -> None:
    """A gateway endpoint's route stands in each of its tables; the emulated EC2 writes it only at creation."""
    client = scope.context.client("ec2")
    for table in changes.get("RemoveRouteTableIds", []):
        _drop_routes_to(client, table, scope.ref)
    named = [{"Name": "prefix-list-name", "Values": [scope.declared.peek("ServiceName")]}]
    lists = client.describe_managed_prefix_lists(Filters=named)["PrefixLists"] if changes else []
    for table in changes.get("AddRouteTableIds", []):
        for each in lists:
            client.create_route(RouteTableId=table, DestinationPrefixListId=each["PrefixListId"], GatewayId=scope.ref)


def _drop_routes_to(client: Any, table: str, gateway: str) -> None:
    routes = client.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    for route in routes:
        if route.get("GatewayId") == gateway and "DestinationPrefixListId" in route:
            client.delete_route(RouteTableId=table, DestinationPrefixListId=route["DestinationPrefixListId"])


def _service(scope: Scope) -> Any:
    return backend(scope.context).configurations[scope.ref]


class VPCEndpointService(Tagged):
    """Load balancers that others reach by endpoints of their own."""

    type = "AWS::EC2::VPCEndpointService"
    born_as = "vpc-endpoint-service"
    makes = call(
        "create_vpc_endpoint_service_configuration",
        "AcceptanceRequired GatewayLoadBalancerArns NetworkLoadBalancerArns PrivateDnsName",
    )
    then = (
        kept(
            "describe_vpc_endpoint_service_configurations.ServiceConfigurations",
            _service,
            "AcceptanceRequired PayerResponsibility SupportedIpAddressTypes GatewayLoadBalancerArns "
            "NetworkLoadBalancerArns SupportedRegions",
        ),
    )
    in_place = frozenset({"AcceptanceRequired", "GatewayLoadBalancerArns", "NetworkLoadBalancerArns"})
    ref = "ServiceConfiguration.ServiceId"
    drops = "ContributorInsightsEnabled PrivateDnsNameConfiguration"
    attributes = "ServiceId={ref}"
    unmakes = call("delete_vpc_endpoint_service_configurations", ServiceIds=["{ref}"])
    reads = (call("describe_vpc_endpoint_service_configurations", ServiceIds=["{ref}"]),)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """A private name has yet to be proved to be the owner's."""
        super().finish(scope, answer)
        if "PrivateDnsName" in scope.declared:
            keep(_service(scope), PrivateDnsNameConfiguration=_proof(scope.ref))

    def change(self, before: Scope, after: Scope) -> None:
        """moto keeps load balancers that are no longer declared; the record tells those that are."""
        super().change(before, after)
        self.arguments(after)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """A service that has endpoints stays."""
        record = backend(context).configurations.get(made.physical_id)
        used = record and any(
            each.service_name == record.service_name for each in backend(context).vpc_end_points.values()
        )
        if used:
            said = "Service has existing active VPC Endpoint connections!"
            raise refusal("ExistingVpcEndpointConnections", said, "DeleteVpcEndpointServiceConfigurations")
        super().delete(made, declared, context)

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        proof = {f"PrivateDnsNameConfiguration.{name}": value for name, value in _proof(scope.ref).items()}
        return {**super()._attributes(scope, answer), **(proof if "PrivateDnsName" in scope.declared else {})}


def _proof(service: str) -> dict[str, str]:
    from preflight.cloudformation.derive import digits

    name, value = digits(f"{service}/name", 20), digits(f"{service}/value", 20)
    return {"State": "pendingVerification", "Type": "TXT", "Value": f"vpce:{value}", "Name": f"_{name}"}


class VPCEndpointServicePermissions(Ec2):
    """Who may make endpoints to a service."""

    type = "AWS::EC2::VPCEndpointServicePermissions"
    then = (
        Each(
            "AllowedPrincipals",
            add=call(
                "modify_vpc_endpoint_service_permissions", ServiceId="{ServiceId}", AddAllowedPrincipals=["{item}"]
            ),
            remove=call(
                "modify_vpc_endpoint_service_permissions", ServiceId="{ServiceId}", RemoveAllowedPrincipals=["{item}"]
            ),
        ),
    )
    ref = "{ServiceId}"
    reads = (
        call("describe_vpc_endpoint_service_permissions", ServiceId="{ServiceId}"),
        call("describe_vpc_endpoint_service_configurations", ServiceIds=["{ServiceId}"]),
    )
