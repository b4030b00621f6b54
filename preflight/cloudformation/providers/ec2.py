"""EC2: networks and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._ec2 import Ec2, Tagged, backend, default_group
from preflight.cloudformation.providers._ec2_endpoints import (
    VPCEndpoint,
    VPCEndpointService,
    VPCEndpointServicePermissions,
)
from preflight.cloudformation.providers._ec2_instances import (
    CapacityReservation,
    EC2Fleet,
    Host,
    Instance,
    InstanceConnectEndpoint,
    KeyPair,
    LaunchTemplate,
    NetworkInterfaceAttachment,
    PlacementGroup,
    Volume,
    VolumeAttachment,
)
from preflight.cloudformation.providers._ec2_transit import (
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayPeeringAttachment,
    TransitGatewayRoute,
    TransitGatewayRouteTable,
    TransitGatewayRouteTableAssociation,
    TransitGatewayRouteTablePropagation,
    TransitGatewayVpcAttachment,
    VPCPeeringConnection,
)
from preflight.cloudformation.providers._ec2_vpn import (
    CarrierGateway,
    CustomerGateway,
    VPNConnection,
    VPNConnectionRoute,
    VPNGateway,
    VPNGatewayRoutePropagation,
)
from preflight.cloudformation.providers._kept import keep, kept
from preflight.cloudformation.providers._table import (
    Call,
    Each,
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    passing_over_gone,
    refusal,
)

# find_provider looks among this module's names
__all__ = [
    "EIP",
    "VPC",
    "CapacityReservation",
    "CarrierGateway",
    "CustomerGateway",
    "DHCPOptions",
    "EC2Fleet",
    "EIPAssociation",
    "EgressOnlyInternetGateway",
    "FlowLog",
    "GatewayRouteTableAssociation",
    "Host",
    "Instance",
    "InstanceConnectEndpoint",
    "InternetGateway",
    "KeyPair",
    "LaunchTemplate",
    "NatGateway",
    "NetworkAcl",
    "NetworkAclEntry",
    "NetworkInterface",
    "NetworkInterfaceAttachment",
    "PlacementGroup",
    "PrefixList",
    "Route",
    "RouteTable",
    "SecurityGroup",
    "SecurityGroupEgress",
    "SecurityGroupIngress",
    "Subnet",
    "SubnetCidrBlock",
    "SubnetCidrReservation",
    "SubnetNetworkAclAssociation",
    "SubnetRouteTableAssociation",
    "TransitGateway",
    "TransitGatewayAttachment",
    "TransitGatewayPeeringAttachment",
    "TransitGatewayRoute",
    "TransitGatewayRouteTable",
    "TransitGatewayRouteTableAssociation",
    "TransitGatewayRouteTablePropagation",
    "TransitGatewayVpcAttachment",
    "VPCCidrBlock",
    "VPCDHCPOptionsAssociation",
    "VPCEndpoint",
    "VPCEndpointService",
    "VPCEndpointServicePermissions",
    "VPCGatewayAttachment",
    "VPCPeeringConnection",
    "VPNConnection",
    "VPNConnectionRoute",
    "VPNGateway",
    "VPNGatewayRoutePropagation",
    "Volume",
    "VolumeAttachment",
]


class VPC(Tagged):
    """A virtual network."""

    type = "AWS::EC2::VPC"
    born_as = "vpc"
    makes = call("create_vpc", "CidrBlock InstanceTenancy")
    then = (
        Setting(
            call("modify_vpc_attribute", "EnableDnsSupport.Value=EnableDnsSupport", VpcId="{ref}"),
            otherwise={"EnableDnsSupport": {"Value": True}},
        ),
        Setting(
            call("modify_vpc_attribute", "EnableDnsHostnames.Value=EnableDnsHostnames", VpcId="{ref}"),
            otherwise={"EnableDnsHostnames": {"Value": False}},
        ),
        Setting(
            call("modify_vpc_tenancy", "InstanceTenancy", VpcId="{ref}"),
            otherwise={"InstanceTenancy": "default"},
            at_create=False,
        ),
    )
    ref = "Vpc.VpcId"
    attributes = (
        "VpcId={ref} CidrBlock=Vpc.CidrBlock CidrBlockAssociations=Vpc.CidrBlockAssociationSet[].AssociationId "
        "Ipv6CidrBlocks=Vpc.Ipv6CidrBlockAssociationSet[].Ipv6CidrBlock"
    )
    unmakes = call("delete_vpc", VpcId="{ref}")
    reads = (
        call("describe_vpcs", VpcIds=["{ref}"]),
        call("describe_vpc_attribute", VpcId="{ref}", Attribute="enableDnsSupport"),
        call("describe_vpc_attribute", VpcId="{ref}", Attribute="enableDnsHostnames"),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """A range from an IPAM pool, of which there are none here, is the first of 10.0.0.0/8 that is free."""
        arguments = super().arguments(scope)
        if "CidrBlock" not in arguments and "Ipv4IpamPoolId" in scope.declared:
            taken = {each.cidr_block.rpartition("/")[0] for each in backend(scope.context).vpcs.values()}
            free = next(f"10.{n}.0.0" for n in range(256) if f"10.{n}.0.0" not in taken)
            arguments["CidrBlock"] = f"{free}/{scope.declared.peek('Ipv4NetmaskLength', 16)}"
        return arguments

    def create(self, declared: Declared, context: Context) -> Made:
        """A VPC comes with a network ACL and a security group, whose members reach each other.

        The emulated EC2 leaves that rule out
        (https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html, checked_on 2026-11-22).
        """
        made = super().create(declared, context)
        client = context.client("ec2")
        group = default_group(context, made.physical_id)
        members = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group, "UserId": context.account}]}
        client.authorize_security_group_ingress(GroupId=group, IpPermissions=[members])
        mine = [{"Name": "vpc-id", "Values": [made.physical_id]}]
        acl = client.describe_network_acls(Filters=[*mine, {"Name": "default", "Values": ["true"]}])
        more = {
            "DefaultSecurityGroup": group,
            "DefaultNetworkAcl": acl["NetworkAcls"][0]["NetworkAclId"],
        }
        made = Made(made.physical_id, {**made.attributes, **more})
        # the two lists grow when a VPCCidrBlock is added, and a later GetAtt sees it, as on AWS
        context.beside.setdefault("vpc_attributes", {})[made.physical_id] = made.attributes
        return made

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The network ACL the VPC came with goes with it; the emulated EC2 would keep it."""
        super().delete(made, declared, context)
        context.beside.get("vpc_attributes", {}).pop(made.physical_id, None)
        with passing_over_gone():
            context.client("ec2").delete_network_acl(NetworkAclId=made.attributes.get("DefaultNetworkAcl", "acl-none"))


class VPCCidrBlock(Ec2):
    """A further address range of a VPC."""

    type = "AWS::EC2::VPCCidrBlock"
    makes = call(
        "associate_vpc_cidr_block",
        "VpcId CidrBlock AmazonProvidedIpv6CidrBlock Ipv6CidrBlock",
    )
    ref = "CidrBlockAssociation.AssociationId || Ipv6CidrBlockAssociation.AssociationId"
    attributes = "Id={ref}"
    unmakes = call("disassociate_vpc_cidr_block", AssociationId="{ref}")
    reads = (call("describe_vpcs", VpcIds=["{VpcId}"]),)

    def create(self, declared: Declared, context: Context) -> Made:
        """The VPC's own attributes tell the new range from now on."""
        made = super().create(declared, context)
        _tell_ranges(declared, context)
        return made

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The VPC's own attributes forget the range."""
        super().delete(made, declared, context)
        _tell_ranges(declared, context)


def _tell_ranges(declared: Declared, context: Context) -> None:
    vpc = str(declared.peek("VpcId"))
    attributes = context.beside.get("vpc_attributes", {}).get(vpc)
    with passing_over_gone():
        facts = context.client("ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"][0]
        ranges, sixes = facts.get("CidrBlockAssociationSet", []), facts.get("Ipv6CidrBlockAssociationSet", [])
        sixes = [each for each in sixes if each["Ipv6CidrBlockState"]["State"] == "associated"]
        if attributes is not None:
            attributes["CidrBlockAssociations"][:] = [each["AssociationId"] for each in ranges]
            attributes["Ipv6CidrBlocks"][:] = [each["Ipv6CidrBlock"] for each in sixes]


def _subnet(scope: Scope) -> Any:
    return backend(scope.context).get_subnet(scope.ref)


class Subnet(Tagged):
    """A range of a VPC in one Availability Zone."""

    type = "AWS::EC2::Subnet"
    born_as = "subnet"
    makes = call("create_subnet", "VpcId CidrBlock AvailabilityZone AvailabilityZoneId Ipv6CidrBlock")
    then = (
        Setting(
            call("modify_subnet_attribute", "MapPublicIpOnLaunch.Value=MapPublicIpOnLaunch", SubnetId="{ref}"),
            otherwise={"MapPublicIpOnLaunch": {"Value": False}},
        ),
        Setting(
            call(
                "modify_subnet_attribute",
                "AssignIpv6AddressOnCreation.Value=AssignIpv6AddressOnCreation",
                SubnetId="{ref}",
            ),
            otherwise={"AssignIpv6AddressOnCreation": {"Value": False}},
        ),
        kept("describe_subnets.Subnets", _subnet, "EnableDns64 EnableLniAtDeviceIndex PrivateDnsNameOptionsOnLaunch"),
    )
    ref = "Subnet.SubnetId"
    attributes = (
        "SubnetId={ref} VpcId=Subnet.VpcId AvailabilityZone=Subnet.AvailabilityZone CidrBlock=Subnet.CidrBlock "
        "AvailabilityZoneId=Subnet.AvailabilityZoneId "
        "Ipv6CidrBlocks=Subnet.Ipv6CidrBlockAssociationSet[].Ipv6CidrBlock"
    )
    unmakes = call("delete_subnet", SubnetId="{ref}")
    reads = (call("describe_subnets", SubnetIds=["{ref}"]),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Which zone EC2 would choose nobody can foretell; here it is the Region's first, and not another Region's."""
        arguments = super().arguments(scope)
        if not {"AvailabilityZone", "AvailabilityZoneId"} & arguments.keys():
            arguments["AvailabilityZone"] = f"{scope.context.region}a"
        return arguments

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The network ACL forgets the subnet; the emulated one would not, and could never be deleted."""
        super().delete(made, declared, context)
        from moto.ec2.models import ec2_backends

        for acl in ec2_backends[context.account][context.region].network_acls.values():
            kept = {key: each for key, each in acl._associations.items() if each.subnet_id != made.physical_id}
            acl._associations = kept


def _acl_association(context: Context, subnet: str) -> str:
    by_subnet = [{"Name": "association.subnet-id", "Values": [subnet]}]
    acls = context.client("ec2").describe_network_acls(Filters=by_subnet)["NetworkAcls"]
    found = [
        each["NetworkAclAssociationId"] for acl in acls for each in acl["Associations"] if each["SubnetId"] == subnet
    ]
    return str(found[0]) if found else ""


class SubnetCidrBlock(Ec2):
    """An IPv6 range of a subnet."""

    type = "AWS::EC2::SubnetCidrBlock"
    makes = call("associate_subnet_cidr_block", "SubnetId Ipv6CidrBlock")
    ref = "Ipv6CidrBlockAssociation.AssociationId"
    attributes = "Id={ref}"
    unmakes = call("disassociate_subnet_cidr_block", AssociationId="{ref}")
    reads = (call("describe_subnets", SubnetIds=["{SubnetId}"]),)


class InternetGateway(Tagged):
    """A VPC's door to the internet."""

    type = "AWS::EC2::InternetGateway"
    born_as = "internet-gateway"
    makes = call("create_internet_gateway")
    ref = "InternetGateway.InternetGatewayId"
    attributes = "InternetGatewayId={ref}"
    unmakes = call("delete_internet_gateway", InternetGatewayId="{ref}")
    reads = (call("describe_internet_gateways", InternetGatewayIds=["{ref}"]),)


class VPCGatewayAttachment(Ec2):
    """An internet gateway or a virtual private gateway at a VPC."""

    type = "AWS::EC2::VPCGatewayAttachment"
    then = (
        Each(
            "InternetGatewayId",
            add=call("attach_internet_gateway", InternetGatewayId="{item}", VpcId="{VpcId}"),
            remove=call("detach_internet_gateway", InternetGatewayId="{item}", VpcId="{VpcId}"),
        ),
        Each(
            "VpnGatewayId",
            add=call("attach_vpn_gateway", VpnGatewayId="{item}", VpcId="{VpcId}"),
            remove=call("detach_vpn_gateway", VpnGatewayId="{item}", VpcId="{VpcId}"),
        ),
    )
    ref = "{VpcId}"
    reads = (
        call("describe_internet_gateways", Filters=[{"Name": "attachment.vpc-id", "Values": ["{VpcId}"]}]),
        call("describe_vpn_gateways", Filters=[{"Name": "attachment.vpc-id", "Values": ["{VpcId}"]}]),
    )

    def create(self, declared: Declared, context: Context) -> Made:
        """An attachment is known by its kind and its VPC."""
        kind = "IGW" if "InternetGatewayId" in declared else "VGW"
        made = super().create(declared, context)
        return Made(f"{kind}|{made.physical_id}", {"AttachmentType": kind})


class EgressOnlyInternetGateway(Ec2):
    """A door for IPv6 that opens outward only."""

    type = "AWS::EC2::EgressOnlyInternetGateway"
    makes = call("create_egress_only_internet_gateway", "VpcId")
    tags = Tagged.tags
    ref = "EgressOnlyInternetGateway.EgressOnlyInternetGatewayId"
    attributes = "Id={ref}"
    unmakes = call("delete_egress_only_internet_gateway", EgressOnlyInternetGatewayId="{ref}")
    reads = (call("describe_egress_only_internet_gateways", EgressOnlyInternetGatewayIds=["{ref}"]),)


class RouteTable(Tagged):
    """Where a subnet's packets go."""

    type = "AWS::EC2::RouteTable"
    born_as = "route-table"
    makes = call("create_route_table", "VpcId")
    ref = "RouteTable.RouteTableId"
    attributes = "RouteTableId={ref}"
    unmakes = call("delete_route_table", RouteTableId="{ref}")
    reads = (call("describe_route_tables", RouteTableIds=["{ref}"]),)


_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
_ROUTE = (
    "RouteTableId DestinationCidrBlock DestinationIpv6CidrBlock DestinationPrefixListId GatewayId NatGatewayId "
    "EgressOnlyInternetGatewayId InstanceId NetworkInterfaceId TransitGatewayId VpcPeeringConnectionId "
    "VpcEndpointId CarrierGatewayId"
)


class Route(Ec2):
    """One line of a route table."""

    type = "AWS::EC2::Route"
    makes = call("create_route", _ROUTE)
    then = (Setting(call("replace_route", _ROUTE), at_create=False),)
    ref = "{RouteTableId}"
    unmakes = call("delete_route", " ".join(("RouteTableId", *_DESTINATIONS)))
    reads = (call("describe_route_tables", RouteTableIds=["{RouteTableId}"]),)

    def create(self, declared: Declared, context: Context) -> Made:
        """A route is known by its table and its destination; its internet gateway stands at the table's VPC."""
        _refuse_far_gateway(declared, context)
        made = super().create(declared, context)
        destination = next((str(declared.peek(each)) for each in _DESTINATIONS if each in declared), "")
        return Made(f"{made.physical_id}|{destination}", {"CidrBlock": destination})

    def change(self, before: Scope, after: Scope) -> None:
        """The emulated replace keeps the old target beside the new: the route is made again."""
        if before.declared.peek() != after.declared.peek():
            self.ask(before, "delete_route", self.unmakes_call.render(before, self.service))
            self.ask(after, "create_route", self.arguments(after))

    @property
    def unmakes_call(self) -> Call:
        """The call that takes a route away."""
        assert self.unmakes is not None
        return self.unmakes


def _refuse_far_gateway(declared: Declared, context: Context) -> None:
    """The emulated EC2 takes any gateway; EC2 only one that is attached by now.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html,
    checked_on 2026-11-22
    """
    gateway, table = str(declared.peek("GatewayId", "")), str(declared.peek("RouteTableId"))
    if not gateway.startswith("igw-"):
        return
    client = context.client("ec2")
    vpc = client.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["VpcId"]
    at = client.describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"][0]["Attachments"]
    if vpc not in [each["VpcId"] for each in at]:
        said = f"route table {table} and network gateway {gateway} belong to different networks"
        raise refusal("InvalidParameterValue", said, "CreateRoute")


class SubnetRouteTableAssociation(Ec2):
    """A subnet's route table."""

    type = "AWS::EC2::SubnetRouteTableAssociation"
    makes = call("associate_route_table", "RouteTableId SubnetId")
    ref = "AssociationId"
    attributes = "Id={ref}"
    unmakes = call("disassociate_route_table", AssociationId="{ref}")
    reads = (call("describe_route_tables", RouteTableIds=["{RouteTableId}"]),)


class GatewayRouteTableAssociation(Ec2):
    """The routes of what comes in through a gateway."""

    type = "AWS::EC2::GatewayRouteTableAssociation"
    makes = call("associate_route_table", "RouteTableId GatewayId")
    ref = "{GatewayId}"
    attributes = "AssociationId=AssociationId"
    unmakes = call("disassociate_route_table", AssociationId="{made.AssociationId}")
    reads = (call("describe_route_tables", RouteTableIds=["{RouteTableId}"]),)


class SubnetCidrReservation(Ec2):
    """A part of a subnet's range set aside."""

    type = "AWS::EC2::SubnetCidrReservation"
    makes = call("create_subnet_cidr_reservation", "SubnetId Cidr Description ReservationType")
    tags = Tagged.tags
    ref = "SubnetCidrReservation.SubnetCidrReservationId"
    attributes = "SubnetCidrReservationId={ref} OwnerId=SubnetCidrReservation.OwnerId"
    unmakes = call("delete_subnet_cidr_reservation", SubnetCidrReservationId="{ref}")
    reads = (call("get_subnet_cidr_reservations", SubnetId="{SubnetId}"),)


class NetworkAcl(Tagged):
    """A subnet's stateless packet filter."""

    type = "AWS::EC2::NetworkAcl"
    born_as = "network-acl"
    makes = call("create_network_acl", "VpcId")
    ref = "NetworkAcl.NetworkAclId"
    attributes = "Id={ref}"
    unmakes = call("delete_network_acl", NetworkAclId="{ref}")
    reads = (call("describe_network_acls", NetworkAclIds=["{ref}"]),)


def _entry_direction(arguments: dict[str, Any]) -> None:
    arguments.setdefault("Egress", False)


_ENTRY = "NetworkAclId RuleNumber Protocol RuleAction Egress CidrBlock Ipv6CidrBlock IcmpTypeCode=Icmp PortRange"


def _entry(scope: Scope) -> Any:
    number, out = int(scope.declared.peek("RuleNumber")), scope.declared.peek("Egress", False)
    acl = backend(scope.context).network_acls[scope.declared.peek("NetworkAclId")]
    return next(
        each
        for each in acl.network_acl_entries
        if str(each.rule_number) == str(number) and str(each.egress).lower() == str(out).lower()
    )


class NetworkAclEntry(Ec2):
    """One rule of a network ACL."""

    type = "AWS::EC2::NetworkAclEntry"
    named = Name("", limit=128)
    makes = call("create_network_acl_entry", _ENTRY, adjust=_entry_direction)
    then = (
        Setting(call("replace_network_acl_entry", _ENTRY, adjust=_entry_direction), at_create=False),
        kept("describe_network_acls.NetworkAcls.Entries", _entry, "IcmpTypeCode=Icmp"),
    )
    ref = "{name}"
    attributes = "Id={name}"
    unmakes = call("delete_network_acl_entry", "NetworkAclId RuleNumber Egress", adjust=_entry_direction)
    reads = (call("describe_network_acls", NetworkAclIds=["{NetworkAclId}"]),)


class SubnetNetworkAclAssociation(Ec2):
    """A subnet's network ACL, in the place of its VPC's default one."""

    type = "AWS::EC2::SubnetNetworkAclAssociation"
    makes = call("replace_network_acl_association", "NetworkAclId")
    ref = "NewAssociationId"
    attributes = "AssociationId={ref}"
    reads = (call("describe_network_acls", Filters=[{"Name": "association.subnet-id", "Values": ["{SubnetId}"]}]),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """EC2 asks for the association to replace, not for the subnet."""
        current = _acl_association(scope.context, scope.declared.take("SubnetId"))
        return {**super().arguments(scope), "AssociationId": current}

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The subnet falls back to its VPC's default network ACL."""
        client = context.client("ec2")
        with passing_over_gone():
            subnet = client.describe_subnets(SubnetIds=[declared.peek("SubnetId")])["Subnets"][0]
            default = [{"Name": "vpc-id", "Values": [subnet["VpcId"]]}, {"Name": "default", "Values": ["true"]}]
            acls = client.describe_network_acls(Filters=default)["NetworkAcls"]
            current = _acl_association(context, subnet["SubnetId"])
            if acls and current == made.physical_id:
                client.replace_network_acl_association(AssociationId=current, NetworkAclId=acls[0]["NetworkAclId"])


def permission(rule: Declared) -> dict[str, Any]:
    """A security group rule of a template as EC2's IpPermission, every part counted as applied."""
    found: dict[str, Any] = {"IpProtocol": str(rule.take("IpProtocol"))}
    for name in ("FromPort", "ToPort"):
        if name in rule:
            found[name] = int(rule.take(name))
    if found["IpProtocol"].lower() in ("tcp", "udp", "6", "17") and not {"FromPort", "ToPort"} <= found.keys():
        said = "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."
        raise refusal("InvalidParameterValue", said, "AuthorizeSecurityGroupIngress")
    if found["IpProtocol"] != "-1":
        # a protocol without ports has none to name
        found = {"FromPort": -1, "ToPort": -1, **found}
    described = {"Description": rule.take("Description")} if rule.peek("Description") else {}
    if "SourcePrefixListId" in rule or "DestinationPrefixListId" in rule:
        # the emulated EC2 forgets it for prefix lists alone
        rule.not_emulated("Description")
    owner = {"UserId": str(rule.take("SourceSecurityGroupOwnerId"))} if "SourceSecurityGroupOwnerId" in rule else {}
    for name, holder, key in _RULE_PEERS:
        if name in rule:
            peer = {key: rule.take(name), **described, **(owner if holder == "UserIdGroupPairs" else {})}
            found.setdefault(holder, []).append(peer)
    return found


_RULE_PEERS = (
    ("CidrIp", "IpRanges", "CidrIp"),
    ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
    ("SourcePrefixListId", "PrefixListIds", "PrefixListId"),
    ("DestinationPrefixListId", "PrefixListIds", "PrefixListId"),
    ("SourceSecurityGroupId", "UserIdGroupPairs", "GroupId"),
    ("DestinationSecurityGroupId", "UserIdGroupPairs", "GroupId"),
    ("SourceSecurityGroupName", "UserIdGroupPairs", "GroupName"),
)


class _Rules(Each):
    """Security group rules, each as an IpPermission."""

    def _rendered(self, each_call: Call, table: Table, scope: Scope) -> list[dict[str, Any]]:
        if self.items not in scope.declared:
            return []
        rules = [permission(rule) for rule in scope.declared[self.items] if isinstance(rule, Declared)]
        return [{"GroupId": scope.ref, "IpPermissions": [rule]} for rule in rules]


class SecurityGroup(Tagged):
    """A stateful packet filter around network interfaces.

    EC2 lets everything out of a new group; declared egress rules take that rule's place, and it does not come back
    when they go (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-securitygroup.html,
    checked_on 2026-11-22).
    """

    type = "AWS::EC2::SecurityGroup"
    born_as = "security-group"
    named = Name("GroupName", limit=255)
    makes = call("create_security_group", "Description=GroupDescription VpcId", GroupName="{name}")
    then = (
        _Rules(
            "SecurityGroupIngress",
            add=call("authorize_security_group_ingress"),
            remove=call("revoke_security_group_ingress"),
        ),
        _Rules(
            "SecurityGroupEgress",
            add=call("authorize_security_group_egress"),
            remove=call("revoke_security_group_egress"),
        ),
    )
    ref = "GroupId"
    attributes = "GroupId={ref} Id={ref} VpcId=SecurityGroups[0].VpcId"
    describes = call("describe_security_groups", GroupIds=["{ref}"])
    unmakes = call("delete_security_group", GroupId="{ref}")
    reads = (describes,)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Declared egress takes the place of the rule that lets everything out."""
        if scope.declared.peek("SecurityGroupEgress"):
            _close(scope)
        super().finish(scope, answer)

    def change(self, before: Scope, after: Scope) -> None:
        """The first declared egress takes the place of the rule that lets everything out."""
        if after.declared.peek("SecurityGroupEgress") and not before.declared.peek("SecurityGroupEgress"):
            _close(after)
        super().change(before, after)

    def clear(self, scope: Scope) -> None:
        """Rules go with their group, but a group that another's rule names cannot be deleted: theirs go first."""
        client = scope.context.client("ec2")
        group = client.describe_security_groups(GroupIds=[scope.ref])["SecurityGroups"][0]
        for rules, revoke in (
            (group["IpPermissions"], client.revoke_security_group_ingress),
            (group["IpPermissionsEgress"], client.revoke_security_group_egress),
        ):
            mutual = [rule for rule in rules if rule.get("UserIdGroupPairs")]
            if mutual:
                revoke(GroupId=scope.ref, IpPermissions=mutual)


def _close(scope: Scope) -> None:
    """Take away whatever lets traffic out of a group."""
    client = scope.context.client("ec2")
    out = client.describe_security_groups(GroupIds=[scope.ref])["SecurityGroups"][0]["IpPermissionsEgress"]
    if out:
        client.revoke_security_group_egress(GroupId=scope.ref, IpPermissions=out)


class _GroupRule(Ec2):
    direction = ""

    def create(self, declared: Declared, context: Context) -> Made:
        """Authorize the rule."""
        self._refuse_faults(declared, context, self.type)
        group = self._group(declared, context)
        authorize = getattr(context.client("ec2"), f"authorize_security_group_{self.direction}")
        answer = authorize(GroupId=group, IpPermissions=[permission(declared)])
        rule = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return Made(rule, {"Id": rule})

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Only the description changes in place; the emulated EC2 cannot for groups, so the rule is made again."""
        self.delete(made, Declared(before), context)
        return self.create(declared, context)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Revoke the rule."""
        with passing_over_gone():
            group = self._group(declared, context)
            revoke = getattr(context.client("ec2"), f"revoke_security_group_{self.direction}")
            revoke(GroupId=group, SecurityGroupRuleIds=[made.physical_id])

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The rule, and the group it is in."""
        client = context.client("ec2")
        return [
            client.describe_security_group_rules(SecurityGroupRuleIds=[made.physical_id]),
            client.describe_security_groups(GroupIds=[self._group(declared, context)]),
        ]

    def _group(self, declared: Declared, context: Context) -> str:
        if "GroupId" in declared:
            return str(declared.take("GroupId"))
        named = [{"Name": "group-name", "Values": [declared.take("GroupName")]}]
        return str(context.client("ec2").describe_security_groups(Filters=named)["SecurityGroups"][0]["GroupId"])


class SecurityGroupIngress(_GroupRule):
    """A rule into a group declared elsewhere."""

    type = "AWS::EC2::SecurityGroupIngress"
    direction = "ingress"


class SecurityGroupEgress(_GroupRule):
    """A rule out of a group declared elsewhere.

    The first one takes the place of the rule that lets everything out
    (https://github.com/aws-cloudformation/cfn-language-discussion/issues/157, checked_on 2026-11-22).
    """

    type = "AWS::EC2::SecurityGroupEgress"
    direction = "egress"

    def create(self, declared: Declared, context: Context) -> Made:
        """Take away what lets everything out, then authorize the rule."""
        self._refuse_faults(declared, context, self.type)
        group = self._group(declared, context)
        narrowed = context.beside.setdefault("narrowed_groups", set())
        if group not in narrowed:
            client = context.client("ec2")
            out = client.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]
            everything = [rule for rule in out if rule["IpProtocol"] == "-1" and _is_anywhere(rule)]
            if everything:
                client.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
            narrowed.add(group)
        return super().create(declared, context)


def _is_anywhere(rule: Mapping[str, Any]) -> bool:
    cidrs = [each["CidrIp"] for each in rule["IpRanges"]] + [each["CidrIpv6"] for each in rule["Ipv6Ranges"]]
    return bool(cidrs) and {*cidrs} <= {"0.0.0.0/0", "::/0"}


class EIP(Ec2):
    """A public address that stays."""

    type = "AWS::EC2::EIP"
    makes = call("allocate_address", "Domain Address")
    then = (
        Setting(
            call("associate_address", "InstanceId", AllocationId="{made.AllocationId}"),
            remove=call("disassociate_address", PublicIp="{ref}"),
            first=True,
        ),
    )
    tags = Tags(
        call("create_tags", Resources=["{made.AllocationId}"]),
        remove=call("delete_tags", Resources=["{made.AllocationId}"]),
    )
    ref = "PublicIp"
    attributes = "AllocationId=AllocationId PublicIp={ref}"
    unmakes = call("release_address", AllocationId="{made.AllocationId}")
    reads = (call("describe_addresses", AllocationIds=["{made.AllocationId}"]),)


class EIPAssociation(Ec2):
    """An elastic address on an instance or a network interface."""

    type = "AWS::EC2::EIPAssociation"
    makes = call("associate_address", "AllocationId InstanceId NetworkInterfaceId PublicIp=EIP")
    ref = "AssociationId"
    attributes = "Id={ref}"
    unmakes = call("disassociate_address", AssociationId="{ref}")
    reads = (call("describe_addresses"),)


class NatGateway(Tagged):
    """A way out for private subnets."""

    type = "AWS::EC2::NatGateway"
    born_as = "natgateway"
    makes = call("create_nat_gateway", "SubnetId AllocationId ConnectivityType")
    ref = "NatGateway.NatGatewayId"
    attributes = "NatGatewayId={ref} EniId=NatGateway.NatGatewayAddresses[0].NetworkInterfaceId"
    unmakes = call("delete_nat_gateway", NatGatewayId="{ref}")
    reads = (call("describe_nat_gateways", NatGatewayIds=["{ref}"]),)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """The gateway stands in its subnet; moto gives it an address from nowhere."""
        super().finish(scope, answer)
        gateway = backend(scope.context).nat_gateways[scope.ref]
        subnet, card = backend(scope.context).get_subnet(gateway.subnet_id), gateway._eni
        address = scope.declared.take("PrivateIpAddress")
        if address is None:
            address = subnet.get_available_subnet_ip(card)
        elif ip_address(address) in subnet.cidr and address not in subnet._subnet_ips:
            subnet.request_ip(address, card)
        else:
            raise refusal("InvalidParameterValue", f"Address {address} is not free in {subnet.id}", "CreateNatGateway")
        for each in card.private_ip_addresses:
            if each["PrivateIpAddress"] == card.private_ip_address:
                each["PrivateIpAddress"] = address
        card.private_ip_address = gateway.private_ip = gateway.address_set[0]["privateIp"] = address
        keep(card, InterfaceType="nat_gateway", Description=f"Interface for NAT Gateway {scope.ref}")

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The gateway's network interface goes with it; the emulated EC2 would keep it."""
        super().delete(made, declared, context)
        interface = made.attributes.get("EniId")
        if interface:
            with passing_over_gone():
                context.client("ec2").delete_network_interface(NetworkInterfaceId=interface)


def _flow_log(scope: Scope) -> Any:
    return backend(scope.context).flow_logs[scope.ref]


class FlowLog(Tagged):
    """A record of a network's traffic; nothing flows here, so nothing is written."""

    type = "AWS::EC2::FlowLog"
    makes = call(
        "create_flow_logs",
        "ResourceType TrafficType LogDestinationType LogDestination LogGroupName DeliverLogsPermissionArn LogFormat "
        "MaxAggregationInterval",
        ResourceIds=["{ResourceId}"],
    )
    then = (
        kept(
            "describe_flow_logs.FlowLogs",
            _flow_log,
            "DestinationOptions DeliverCrossAccountRole TagFieldSpecifications",
        ),
    )
    ref = "FlowLogIds[0]"
    attributes = "Id={ref}"
    unmakes = call("delete_flow_logs", FlowLogIds=["{ref}"])
    reads = (call("describe_flow_logs", FlowLogIds=["{ref}"]),)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The log, and the kind of what it watches, which EC2 tells by its id alone."""
        answers = super().read(made, declared, context)
        watched = [each["ResourceId"] for answer in answers for each in answer["FlowLogs"]]
        kinds = {"vpc": "VPC", "subnet": "Subnet", "eni": "NetworkInterface", "tgw": "TransitGateway"}
        return [*answers, {"ResourceType": [kinds.get(each.partition("-")[0], "") for each in watched]}]

    def begin(self, scope: Scope) -> dict[str, Any]:
        """EC2 answers 200 and names what it could not do."""
        answer = super().begin(scope)
        for each in answer.get("Unsuccessful", []):
            raise refusal(str(each["Error"]["Code"]), str(each["Error"]["Message"]), "CreateFlowLogs")
        return answer


_DHCP = {
    "DomainName": "domain-name",
    "DomainNameServers": "domain-name-servers",
    "NtpServers": "ntp-servers",
    "NetbiosNameServers": "netbios-name-servers",
    "NetbiosNodeType": "netbios-node-type",
}


class DHCPOptions(Tagged):
    """What DHCP tells a VPC's hosts."""

    type = "AWS::EC2::DHCPOptions"
    makes = call("create_dhcp_options")
    ref = "DhcpOptions.DhcpOptionsId"
    attributes = "DhcpOptionsId={ref}"
    unmakes = call("delete_dhcp_options", DhcpOptionsId="{ref}")
    reads = (call("describe_dhcp_options", DhcpOptionsIds=["{ref}"]),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """EC2 takes a list of names with their values."""
        told = {key: scope.declared.take(name) for name, key in _DHCP.items() if name in scope.declared}
        values = {key: value if isinstance(value, list) else [str(value)] for key, value in told.items()}
        return {"DhcpConfigurations": [{"Key": key, "Values": value} for key, value in values.items()]}


class VPCDHCPOptionsAssociation(Ec2):
    """A VPC's DHCP options."""

    type = "AWS::EC2::VPCDHCPOptionsAssociation"
    makes = call("associate_dhcp_options", "DhcpOptionsId VpcId")
    ref = "{DhcpOptionsId}|{VpcId}"
    unmakes = call("associate_dhcp_options", DhcpOptionsId="default", VpcId="{VpcId}")
    reads = (call("describe_vpcs", VpcIds=["{VpcId}"]),)


class PrefixList(Tagged):
    """A named list of address ranges."""

    type = "AWS::EC2::PrefixList"
    makes = call("create_managed_prefix_list", "AddressFamily Entries MaxEntries PrefixListName")
    in_place = frozenset({"Entries", "PrefixListName"})
    ref = "PrefixList.PrefixListId"
    attributes = (
        "Arn=PrefixLists[0].PrefixListArn OwnerId=PrefixLists[0].OwnerId PrefixListId={ref} "
        "Version=PrefixLists[0].Version"
    )
    describes = call("describe_managed_prefix_lists", PrefixListIds=["{ref}"])
    unmakes = call("delete_managed_prefix_list", PrefixListId="{ref}")
    reads = (describes, call("get_managed_prefix_list_entries", PrefixListId="{ref}"))

    def change(self, before: Scope, after: Scope) -> None:
        """Entries come and go by a modification of the current version."""
        super().change(before, after)
        old, new = (_entries(each.declared) for each in (before, after))
        name = after.declared.peek("PrefixListName")
        if old == new and name == before.declared.peek("PrefixListName"):
            return
        client = after.context.client("ec2")
        version = client.describe_managed_prefix_lists(PrefixListIds=[after.ref])["PrefixLists"][0]["Version"]
        client.modify_managed_prefix_list(
            PrefixListId=after.ref,
            CurrentVersion=version,
            PrefixListName=name,
            RemoveEntries=[{"Cidr": cidr} for cidr in old if old[cidr] != new.get(cidr)],
            AddEntries=[
                {"Cidr": cidr, **({"Description": text} if text else {})}
                for cidr, text in new.items()
                if old.get(cidr) != text
            ],
        )


def _entries(declared: Declared) -> dict[str, str]:
    return {each["Cidr"]: each.get("Description", "") for each in declared.peek("Entries", [])}


class NetworkInterface(Tagged):
    """A network card."""

    type = "AWS::EC2::NetworkInterface"
    born_as = "network-interface"
    makes = call(
        "create_network_interface",
        "SubnetId Description Groups=GroupSet PrivateIpAddress PrivateIpAddresses SecondaryPrivateIpAddressCount "
        "Ipv6AddressCount InterfaceType",
    )
    then = (
        Setting(
            call("modify_network_interface_attribute", "Groups=GroupSet", NetworkInterfaceId="{ref}"), at_create=False
        ),
        Setting(
            call("modify_network_interface_attribute", "Description.Value=Description", NetworkInterfaceId="{ref}"),
            otherwise={"Description": {"Value": ""}},
            at_create=False,
        ),
        Setting(
            call(
                "modify_network_interface_attribute",
                "SourceDestCheck.Value=SourceDestCheck",
                NetworkInterfaceId="{ref}",
            ),
            otherwise={"SourceDestCheck": {"Value": True}},
        ),
    )
    ref = "NetworkInterface.NetworkInterfaceId"
    attributes = (
        "Id={ref} PrimaryPrivateIpAddress=NetworkInterface.PrivateIpAddress VpcId=NetworkInterface.VpcId "
        "SecondaryPrivateIpAddresses=NetworkInterface.PrivateIpAddresses[?!Primary].PrivateIpAddress"
    )
    unmakes = call("delete_network_interface", NetworkInterfaceId="{ref}")
    reads = (call("describe_network_interfaces", NetworkInterfaceIds=["{ref}"]),)
