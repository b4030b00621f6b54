"""EC2: roads between VPCs, by peering and by transit gateways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._ec2 import Ec2, Tagged, backend
from preflight.cloudformation.providers._table import Scope, Setting, call, refusal


class VPCPeeringConnection(Tagged):
    """A road between two VPCs; within one account CloudFormation accepts it itself."""

    type = "AWS::EC2::VPCPeeringConnection"
    makes = call("create_vpc_peering_connection", "VpcId PeerVpcId PeerOwnerId PeerRegion")
    ref = "VpcPeeringConnection.VpcPeeringConnectionId"
    attributes = "Id={ref}"
    unmakes = call("delete_vpc_peering_connection", VpcPeeringConnectionId="{ref}")
    reads = (call("describe_vpc_peering_connections", VpcPeeringConnectionIds=["{ref}"]),)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Accept at the other end: ours, or one whose role lets CloudFormation in.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/peer-with-vpc-in-another-account.html,
        checked_on 2026-11-22
        """
        super().finish(scope, answer)
        account, region = _peer(scope.declared, scope.context)
        if account == scope.context.account:
            there = scope.context.client("ec2", region)
            there.accept_vpc_peering_connection(VpcPeeringConnectionId=scope.ref)
        elif scope.declared.take("PeerRoleArn") is not None:
            _backend_at(account, region).accept_vpc_peering_connection(scope.ref)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Both ends forget it; moto keeps the deleted one for ever."""
        super().delete(made, declared, context)
        for ec2 in (backend(context), _backend_at(*_peer(declared, context))):
            ec2.vpc_pcxs.pop(made.physical_id, None)


def _peer(declared: Declared, context: Context) -> tuple[str, str]:
    """The account and the Region of a peering's other end."""
    account, region = declared.peek("PeerOwnerId", context.account), declared.peek("PeerRegion", context.region)
    return str(account), str(region)


def _gateway(scope: Scope) -> Any:
    return backend(scope.context).transit_gateways[scope.ref]


_OPTIONS = (
    "AmazonSideAsn AutoAcceptSharedAttachments DefaultRouteTableAssociation DefaultRouteTablePropagation DnsSupport "
    "MulticastSupport SecurityGroupReferencingSupport TransitGatewayCidrBlocks VpnEcmpSupport"
)
_CREATED = " ".join(f"Options.{name}={name}" for name in _OPTIONS.split())
_MODIFIED = " ".join(
    f"Options.{name}={name}"
    for name in (*_OPTIONS.split(), "AssociationDefaultRouteTableId", "PropagationDefaultRouteTableId")
    if name not in ("AmazonSideAsn", "MulticastSupport", "TransitGatewayCidrBlocks")
)


class TransitGateway(Tagged):
    """A hub for VPCs, VPNs and other hubs."""

    type = "AWS::EC2::TransitGateway"
    born_as = "transit-gateway"
    makes = call("create_transit_gateway", f"Description {_CREATED}")
    then = (
        Setting(call("modify_transit_gateway", f"Description {_MODIFIED}", TransitGatewayId="{ref}"), at_create=False),
        Setting(
            call(
                "modify_transit_gateway",
                "Options.AssociationDefaultRouteTableId=AssociationDefaultRouteTableId "
                "Options.PropagationDefaultRouteTableId=PropagationDefaultRouteTableId",
                TransitGatewayId="{ref}",
            )
        ),
    )
    in_place = frozenset({"TransitGatewayCidrBlocks"})
    ref = "TransitGateway.TransitGatewayId"
    drops = "EncryptionSupport"
    attributes = "Id={ref} TransitGatewayArn=TransitGateway.TransitGatewayArn"
    unmakes = call("delete_transit_gateway", TransitGatewayId="{ref}")
    reads = (call("describe_transit_gateways", TransitGatewayIds=["{ref}"]),)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Only a gateway that associates or propagates by itself has a default route table; moto gives it to all."""
        super().finish(scope, answer)
        gateway = _gateway(scope)
        for option, table in _DEFAULTS.items():
            if gateway.options[option] == "disable":
                gateway.options.pop(table, None)
        if not any(table in gateway.options for table in _DEFAULTS.values()):
            backend(scope.context).transit_gateways_route_tables.pop(gateway.default_route_table.id, None)

    def change(self, before: Scope, after: Scope) -> None:
        """The gateway's own ranges are exchanged; moto would add to them."""
        super().change(before, after)
        if "TransitGatewayCidrBlocks" in after.declared:
            _gateway(after).options["TransitGatewayCidrBlocks"] = after.declared.take("TransitGatewayCidrBlocks")

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """What is attached has to go first; the default route table goes along."""
        ec2 = backend(context)
        gateway = ec2.transit_gateways.get(made.physical_id)
        if gateway is None:
            return
        there = [
            each
            for each in ec2.transit_gateway_attachments.values()
            if each.transit_gateway_id == made.physical_id and each.state not in ("deleted", "rejected")
        ]
        if there:
            kinds = {"vpc": "VPC", "vpn": "VPN", "peering": "Peering"}
            kind = kinds.get(there[0].resource_type, there[0].resource_type)
            named = ", ".join(each.id for each in there)
            raise refusal(
                "IncorrectState",
                f"{made.physical_id} has non-deleted {kind} Attachments: {named}.",
                "DeleteTransitGateway",
            )
        super().delete(made, declared, context)
        ec2.transit_gateways_route_tables.pop(gateway.default_route_table.id, None)


_DEFAULTS = {
    "DefaultRouteTableAssociation": "AssociationDefaultRouteTableId",
    "DefaultRouteTablePropagation": "PropagationDefaultRouteTableId",
}


class _VpcAttachment(Tagged):
    """A VPC at a transit gateway, through one subnet of a zone each."""

    makes = call("create_transit_gateway_vpc_attachment", "TransitGatewayId VpcId SubnetIds Options")
    in_place = frozenset({"SubnetIds", "Options", "AddSubnetIds", "RemoveSubnetIds"})
    ref = "TransitGatewayVpcAttachment.TransitGatewayAttachmentId"
    attributes = "Id={ref}"
    unmakes = call("delete_transit_gateway_vpc_attachment", TransitGatewayAttachmentId="{ref}")
    reads = (call("describe_transit_gateway_vpc_attachments", TransitGatewayAttachmentIds=["{ref}"]),)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """One subnet of a zone, and all of that VPC; moto looks at neither, and wants a default table to be there."""
        self._refuse(scope)
        ec2 = backend(scope.context)
        gateway = ec2.transit_gateways.get(str(scope.declared.peek("TransitGatewayId")))
        tables = ec2.transit_gateways_route_tables
        default: Any = gateway.default_route_table if gateway else None
        absent = default is not None and default.id not in tables
        if absent:
            tables[default.id] = default
        try:
            return super().begin(scope)
        finally:
            if absent:
                tables.pop(default.id, None)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """A gateway that does not associate by itself leaves the attachment alone; one that propagates does so."""
        super().finish(scope, answer)
        ec2 = backend(scope.context)
        attachment = ec2.transit_gateway_attachments[scope.ref]
        settle_attachment(ec2, attachment)

    def change(self, before: Scope, after: Scope) -> None:
        """Subnets come and go; a template says so by the whole list, or by what to add and to remove."""
        super().change(before, after)
        self._refuse(after)
        attachment = backend(after.context).transit_gateway_attachments[after.ref]
        wanted = [*after.declared.take("SubnetIds", []), *after.declared.take("AddSubnetIds", [])]
        wanted = [each for each in wanted if each not in after.declared.take("RemoveSubnetIds", [])]
        told = {
            "AddSubnetIds": [each for each in wanted if each not in attachment.subnet_ids],
            "RemoveSubnetIds": [each for each in attachment.subnet_ids if each not in wanted],
            "Options": self.arguments(after).get("Options", {}),
        }
        told = {name: value for name, value in told.items() if value}
        if told:
            self.ask(after, "modify_transit_gateway_vpc_attachment", {"TransitGatewayAttachmentId": after.ref, **told})

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Its places in route tables go with it."""
        ec2 = backend(context)
        if made.physical_id in ec2.transit_gateway_attachments:
            super().delete(made, declared, context)
        forget_attachment(ec2, made.physical_id)

    def _refuse(self, scope: Scope) -> None:
        vpc, wanted = str(scope.declared.peek("VpcId")), scope.declared.peek("SubnetIds", [])
        found = scope.context.client("ec2").describe_subnets(SubnetIds=wanted)["Subnets"]
        if any(each["VpcId"] != vpc for each in found):
            strange = next(each["SubnetId"] for each in found if each["VpcId"] != vpc)
            said = f"The subnet ID '{strange}' does not belong to VPC '{vpc}'"
            raise refusal("InvalidSubnetID.NotFound", said, "CreateTransitGatewayVpcAttachment")
        if len({each["AvailabilityZone"] for each in found}) < len(found):
            said = "Duplicate Subnets for same AZ"
            raise refusal("DuplicateSubnetsInSameZone", said, "CreateTransitGatewayVpcAttachment")


def settle_attachment(ec2: Any, attachment: Any) -> None:
    """Associate and propagate a new attachment as its gateway's options say.

    https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html, checked_on 2026-11-22
    """
    gateway = ec2.transit_gateways[attachment.transit_gateway_id]
    for table in ec2.transit_gateways_route_tables.values():
        table.route_table_associations.pop(attachment.id, None)
    attachment.transit_gateway_route_table = None
    association = gateway.options.get("AssociationDefaultRouteTableId")
    if association in ec2.transit_gateways_route_tables:
        ec2.associate_transit_gateway_route_table(attachment.id, association)
        attachment.transit_gateway_route_table = ec2.transit_gateways_route_tables[association]
    propagation = gateway.options.get("PropagationDefaultRouteTableId")
    if propagation in ec2.transit_gateways_route_tables and attachment.resource_type != "peering":
        ec2.enable_transit_gateway_route_table_propagation(attachment.id, propagation)
        propagate(ec2, attachment, ec2.transit_gateways_route_tables[propagation])


def propagate(ec2: Any, attachment: Any, table: Any) -> None:
    """A VPC's ranges stand in the tables it propagates to; moto keeps the propagation and no route."""
    if attachment.resource_type != "vpc":
        return
    for block in ec2.get_vpc(attachment.vpc_id).cidr_block_association_set:
        cidr = block["cidr_block"]
        table.routes.setdefault(
            cidr,
            {
                "destinationCidrBlock": cidr,
                "prefixListId": None,
                "state": "active",
                "type": "propagated",
                "transitGatewayAttachments": [
                    {
                        "resourceId": attachment.resource_id,
                        "resourceType": attachment.resource_type,
                        "transitGatewayAttachmentId": attachment.id,
                    }
                ],
            },
        )


def forget_attachment(ec2: Any, attachment: str) -> None:
    """A deleted attachment stands in no table any more."""
    for table in ec2.transit_gateways_route_tables.values():
        table.route_table_associations.pop(attachment, None)
        table.route_table_propagation = [
            each for each in table.route_table_propagation if each.transitGatewayAttachmentId != attachment
        ]
        _withdraw(table, attachment)
    ec2.transit_gateway_associations.pop(attachment, None)
    ec2.transit_gateway_propagations.pop(attachment, None)


def _withdraw(table: Any, attachment: str) -> None:
    for cidr, route in list(table.routes.items()):
        if route["type"] == "propagated" and attachment in str(route.get("transitGatewayAttachments")):
            del table.routes[cidr]


class TransitGatewayAttachment(_VpcAttachment):
    """A VPC at a transit gateway, by the older of its two names."""

    type = "AWS::EC2::TransitGatewayAttachment"


class TransitGatewayVpcAttachment(_VpcAttachment):
    """A VPC at a transit gateway."""

    type = "AWS::EC2::TransitGatewayVpcAttachment"


class TransitGatewayRouteTable(Tagged):
    """Where a transit gateway's attachments lead."""

    type = "AWS::EC2::TransitGatewayRouteTable"
    makes = call("create_transit_gateway_route_table", "TransitGatewayId")
    ref = "TransitGatewayRouteTable.TransitGatewayRouteTableId"
    attributes = "TransitGatewayRouteTableId={ref}"
    reads = (call("describe_transit_gateway_route_tables", TransitGatewayRouteTableIds=["{ref}"]),)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """A table belongs to a gateway; moto asks for none."""
        gateway = str(scope.declared.peek("TransitGatewayId"))
        if gateway not in backend(scope.context).transit_gateways:
            said = f"Transit Gateway {gateway} was deleted or does not exist."
            raise refusal("InvalidTransitGatewayID.NotFound", said, "CreateTransitGatewayRouteTable")
        return super().begin(scope)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """What is associated has to go first; moto keeps the deleted table for ever."""
        table = backend(context).transit_gateways_route_tables.get(made.physical_id)
        if table is not None and table.route_table_associations:
            named = ", ".join(table.route_table_associations)
            said = f"Transit Gateway Route Table {made.physical_id} has non-deleted associations: {named}."
            raise refusal("IncorrectState", said, "DeleteTransitGatewayRouteTable")
        super().delete(made, declared, context)
        backend(context).transit_gateways_route_tables.pop(made.physical_id, None)


class _InTable(Ec2):
    """What ties an attachment to a route table; both have to be there."""

    ref = "{TransitGatewayRouteTableId}|{TransitGatewayAttachmentId}"

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Refuse what is not there; moto would raise a KeyError."""
        ec2, declared = backend(scope.context), scope.declared
        table, attachment = declared.peek("TransitGatewayRouteTableId"), declared.peek("TransitGatewayAttachmentId")
        assert self.makes is not None
        if table not in ec2.transit_gateways_route_tables:
            said = f"Transit Gateway Route Table {table} was deleted or does not exist."
            raise refusal("InvalidRouteTableID.NotFound", said, self.makes.operation)
        if attachment is not None and attachment not in ec2.transit_gateway_attachments:
            said = f"Transit Gateway Attachment {attachment} was deleted or does not exist."
            raise refusal("InvalidTransitGatewayAttachmentID.NotFound", said, self.makes.operation)
        return super().begin(scope)


class TransitGatewayRouteTableAssociation(_InTable):
    """The table that an attachment's packets are routed by."""

    type = "AWS::EC2::TransitGatewayRouteTableAssociation"
    makes = call("associate_transit_gateway_route_table", "TransitGatewayRouteTableId TransitGatewayAttachmentId")
    reads = (
        call("get_transit_gateway_route_table_associations", TransitGatewayRouteTableId="{TransitGatewayRouteTableId}"),
        call("describe_transit_gateway_route_tables", TransitGatewayRouteTableIds=["{TransitGatewayRouteTableId}"]),
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """An attachment has one table; moto lets it have many."""
        attachment = str(scope.declared.peek("TransitGatewayAttachmentId"))
        ec2 = backend(scope.context)
        if any(attachment in table.route_table_associations for table in ec2.transit_gateways_route_tables.values()):
            said = f"Transit Gateway Attachment {attachment} is already associated to a route table."
            raise refusal("Resource.AlreadyAssociated", said, "AssociateTransitGatewayRouteTable")
        answer = super().begin(scope)
        table = ec2.transit_gateways_route_tables[str(scope.declared.peek("TransitGatewayRouteTableId"))]
        ec2.transit_gateway_attachments[attachment].transit_gateway_route_table = table
        return answer

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The attachment is routed by none; what went with it is no failure."""
        ec2 = backend(context)
        table, attachment = made.physical_id.split("|")
        if table in ec2.transit_gateways_route_tables:
            ec2.transit_gateways_route_tables[table].route_table_associations.pop(attachment, None)
        ec2.transit_gateway_associations.pop(attachment, None)
        if attachment in ec2.transit_gateway_attachments:
            ec2.transit_gateway_attachments[attachment].transit_gateway_route_table = None
            ec2.unset_attachment_association(attachment)


class TransitGatewayRouteTablePropagation(_InTable):
    """An attachment's own ranges as routes of a table."""

    type = "AWS::EC2::TransitGatewayRouteTablePropagation"
    makes = call(
        "enable_transit_gateway_route_table_propagation", "TransitGatewayRouteTableId TransitGatewayAttachmentId"
    )
    reads = (
        call("get_transit_gateway_route_table_propagations", TransitGatewayRouteTableId="{TransitGatewayRouteTableId}"),
        call("describe_transit_gateway_route_tables", TransitGatewayRouteTableIds=["{TransitGatewayRouteTableId}"]),
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """The ranges stand in the table."""
        answer = super().begin(scope)
        ec2, declared = backend(scope.context), scope.declared
        table = ec2.transit_gateways_route_tables[str(declared.peek("TransitGatewayRouteTableId"))]
        propagate(ec2, ec2.transit_gateway_attachments[str(declared.peek("TransitGatewayAttachmentId"))], table)
        return answer

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The ranges are withdrawn; what went with its attachment is no failure."""
        ec2 = backend(context)
        name, attachment = made.physical_id.split("|")
        table = ec2.transit_gateways_route_tables.get(name)
        if table is not None:
            ec2.disable_route_table_propagation(attachment, name)
            _withdraw(table, attachment)


class TransitGatewayRoute(_InTable):
    """One line of a transit gateway's route table."""

    type = "AWS::EC2::TransitGatewayRoute"
    makes = call(
        "create_transit_gateway_route",
        "TransitGatewayRouteTableId DestinationCidrBlock TransitGatewayAttachmentId Blackhole",
    )
    ref = "{TransitGatewayRouteTableId}|{DestinationCidrBlock}"

    def begin(self, scope: Scope) -> dict[str, Any]:
        """A route leads somewhere or nowhere, and stands once in its table."""
        declared = scope.declared
        table, cidr = str(declared.peek("TransitGatewayRouteTableId")), str(declared.peek("DestinationCidrBlock"))
        blackhole = str(declared.peek("Blackhole", False)).lower() == "true"
        if not blackhole and "TransitGatewayAttachmentId" not in declared:
            said = "The request must contain the parameter TransitGatewayAttachmentId"
            raise refusal("MissingParameter", said, "CreateTransitGatewayRoute")
        found = backend(scope.context).transit_gateways_route_tables.get(table)
        if found is not None and found.routes.get(cidr, {}).get("type") == "static":
            said = f"Route {cidr} already exists in Transit Gateway Route Table {table}."
            raise refusal("RouteAlreadyExists", said, "CreateTransitGatewayRoute")
        answer = super().begin(scope)
        assert found is not None
        route = found.routes[cidr]
        if "transitGatewayAttachments" in route:
            route["transitGatewayAttachments"] = [route["transitGatewayAttachments"]]
        return answer

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """What went with its table is no failure."""
        table, cidr = made.physical_id.split("|")
        found = backend(context).transit_gateways_route_tables.get(table)
        if found is not None:
            found.routes.pop(cidr, None)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The table's static routes, a blackhole as its flag."""
        table = str(declared.peek("TransitGatewayRouteTableId"))
        static = [{"Name": "type", "Values": ["static"]}]
        client = context.client("ec2")
        routes = client.search_transit_gateway_routes(TransitGatewayRouteTableId=table, Filters=static)["Routes"]
        return [
            {**each, "Blackhole": each["State"] == "blackhole", "TransitGatewayRouteTableId": table} for each in routes
        ]


class TransitGatewayPeeringAttachment(Tagged):
    """Two transit gateways, one of which asks the other; CloudFormation does not accept for it."""

    type = "AWS::EC2::TransitGatewayPeeringAttachment"
    makes = call(
        "create_transit_gateway_peering_attachment", "TransitGatewayId PeerTransitGatewayId PeerRegion PeerAccountId"
    )
    ref = "TransitGatewayPeeringAttachment.TransitGatewayAttachmentId"
    attributes = (
        "TransitGatewayAttachmentId={ref} State=TransitGatewayPeeringAttachment.State "
        "CreationTime=TransitGatewayPeeringAttachment.CreationTime"
    )
    unmakes = call("delete_transit_gateway_peering_attachment", TransitGatewayAttachmentId="{ref}")
    reads = (call("describe_transit_gateway_peering_attachments", TransitGatewayAttachmentIds=["{ref}"]),)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """The own gateway has to be there."""
        gateway = str(scope.declared.peek("TransitGatewayId"))
        if gateway not in backend(scope.context).transit_gateways:
            said = f"Transit Gateway {gateway} was deleted or does not exist."
            raise refusal("InvalidTransitGatewayID.NotFound", said, "CreateTransitGatewayPeeringAttachment")
        return super().begin(scope)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The attachment, and the peer's account under the template's name for it."""
        answers = super().read(made, declared, context)
        found = [each for answer in answers for each in answer["TransitGatewayPeeringAttachments"]]
        return [*answers, *({"PeerAccountId": each["AccepterTgwInfo"]["OwnerId"]} for each in found)]

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Both ends forget it; moto keeps the deleted one for ever."""
        there = declared.peek("PeerRegion", context.region)
        ends = [backend(context), _backend_at(str(declared.peek("PeerAccountId", context.account)), str(there))]
        for ec2 in ends:
            ec2.transit_gateway_attachments.pop(made.physical_id, None)
            forget_attachment(ec2, made.physical_id)


def _backend_at(account: str, region: str) -> Any:
    from moto.ec2.models import ec2_backends

    return ec2_backends[account][region]
