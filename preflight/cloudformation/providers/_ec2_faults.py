"""What EC2 says no to and moto lets pass, type by type, in EC2's own codes and words.

Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, checked_on 2026-11-22. What EC2
alone can know (whether an image exists) is asked of nobody.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context
from preflight.cloudformation.providers._table import is_gone

Faults = Iterator[tuple[str, str]]


def faults(kind: str, declared: Declared, context: Context, ec2: Any) -> Faults:
    """The faults of a resource about to be made or changed, as code and message."""
    if kind in _OF:
        yield from _OF[kind](declared, context, ec2)


def _subnet(declared: Declared, context: Context, ec2: Any) -> Faults:
    """https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html, checked_on 2026-11-22."""
    cidr = str(declared.peek("CidrBlock", ""))
    if cidr and _prefix(cidr) is not None and not 16 <= (_prefix(cidr) or 0) <= 28:
        yield "InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid."
    zone = declared.peek("AvailabilityZone")
    if zone is not None:
        from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

        here = [each.name for each in RegionsAndZonesBackend.zones.get(context.region, [])]
        if zone not in here:
            said = f"Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in"
            yield "InvalidParameterValue", f"{said} the following availability zones: {', '.join(here)}."


def _prefix(cidr: str) -> int | None:
    try:
        return ipaddress.ip_network(cidr, strict=False).prefixlen
    except ValueError:
        return None


def _acl_entry(declared: Declared, context: Context, ec2: Any) -> Faults:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html, checked_on 2026-11-22."""
    number, protocol = declared.peek("RuleNumber"), str(declared.peek("Protocol", ""))
    if not 1 <= int(number or 0) <= 32766:
        said = f"Value ({number}) for parameter ruleNumber is invalid. Rulenumber must be in range 1..32766"
        yield "InvalidParameterValue", said
    if re.fullmatch(r"-?\d+", protocol) and not -1 <= int(protocol) <= 255:
        yield (
            "InvalidParameterValue",
            f"Value ({protocol}) for parameter protocol is invalid. Unknown protocol: {protocol}",
        )
    for name in ("From", "To"):
        port = declared.peek("PortRange", {}).get(name)
        if port is not None and not 0 <= int(port) <= 65535:
            said = f"Value ({port}) for parameter portRange.{name.lower()} is invalid. Must be between 0 and 65535"
            yield "InvalidParameterValue", said
    if protocol in ("6", "17", "tcp", "udp") and not {"From", "To"} <= set(declared.peek("PortRange", {})):
        yield "MissingParameter", "The request must contain the parameter portRange"
    if protocol in ("1", "58", "icmp") and "Icmp" not in declared:
        yield "MissingParameter", "The request must contain the parameter icmpTypeCode"
    if "CidrBlock" not in declared and "Ipv6CidrBlock" not in declared:
        yield "MissingParameter", "Either 'cidrBlock' or 'ipv6CidrBlock' should be provided."


_TARGETS = (
    "GatewayId NatGatewayId NetworkInterfaceId VpcPeeringConnectionId EgressOnlyInternetGatewayId TransitGatewayId "
    "LocalGatewayId CarrierGatewayId VpcEndpointId CoreNetworkArn InstanceId OdbNetworkArn"
)


def _route(declared: Declared, context: Context, ec2: Any) -> Faults:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html, checked_on 2026-11-22."""
    if sum(name in declared for name in _TARGETS.split()) != 1:
        said = (
            "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, "
            "vpcPeeringConnectionId, egressOnlyInternetGatewayId, transitGatewayId, localGatewayId, carrierGatewayId, "
            "vpcEndpointId or instanceId"
        )
        yield "MissingParameter", said
    nat = declared.peek("NatGatewayId")
    if nat is not None and (nat not in ec2.nat_gateways or ec2.nat_gateways[nat].state == "deleted"):
        yield "InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat}' does not exist"
    hub, table = declared.peek("TransitGatewayId"), ec2.route_tables.get(declared.peek("RouteTableId"))
    if hub is not None and table is not None:
        at = {each.transit_gateway_id for each in _attachments(ec2, table.vpc_id)}
        if hub not in at:
            # EC2 calls a gateway that the VPC is not attached to one that does not exist
            yield "InvalidTransitGatewayID.NotFound", f"The transitGateway ID '{hub}' does not exist."


def _new_route(declared: Declared, context: Context, ec2: Any) -> Faults:
    destinations = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    wanted = next((str(declared.peek(name)) for name in destinations if name in declared), "")
    table = ec2.route_tables.get(declared.peek("RouteTableId"))
    for route in table.routes if table is not None and wanted else ():
        told = {str(route.destination_cidr_block), str(route.destination_ipv6_cidr_block)}
        if wanted in told and not route.local:
            yield "RouteAlreadyExists", f"The route identified by {wanted} already exists."


def _attachments(ec2: Any, vpc: str) -> list[Any]:
    return [each for each in ec2.transit_gateway_attachments.values() if getattr(each, "vpc_id", None) == vpc]


_PROTOCOLS = {"-1", "tcp", "udp", "icmp", "icmpv6"}


def rule_faults(rule: Declared, context: Context | None = None, ec2: Any = None) -> Faults:
    """The faults of one security group rule.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html, checked_on 2026-11-22
    """
    protocol = str(rule.peek("IpProtocol", "")).lower()
    known = protocol in _PROTOCOLS or (protocol.isdigit() and 0 <= int(protocol) <= 255)
    if not known:
        yield "InvalidParameterValue", f"Invalid value '{rule.peek('IpProtocol')}' for IP protocol. Unknown protocol."
    if protocol in ("tcp", "udp", "6", "17") and {"FromPort", "ToPort"} <= set(rule):
        first, last = int(rule.peek("FromPort")), int(rule.peek("ToPort"))
        for port in (first, last):
            if not -1 <= port <= 65535:
                yield "InvalidParameterValue", f"TCP/UDP port ({port}) out of range"
        if first > last:
            yield "InvalidParameterValue", f"Invalid TCP/UDP port range ({first}:{last})"
    for name in ("CidrIp", "CidrIpv6"):
        cidr = rule.peek(name)
        if cidr is not None and _prefix(str(cidr)) is None:
            yield "InvalidParameterValue", f"CIDR block {cidr} is malformed"
    if not any(name.startswith(("Cidr", "Source", "Destination")) for name in rule):
        yield "InvalidParameterValue", "The request must specify a source or a destination for the rule."


def _group(declared: Declared, context: Context, ec2: Any) -> Faults:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html, checked_on 2026-11-22."""
    name, text = str(declared.peek("GroupName", "")), str(declared.peek("GroupDescription", ""))
    if name.startswith("sg-"):
        yield "InvalidParameterValue", f"Invalid value '{name}' for groupName. Name must not start with 'sg-'."
    if not text.isascii():
        said = f"Value ({text}) for parameter GroupDescription is invalid."
        yield "InvalidParameterValue", f"{said} Character sets beyond ASCII are not supported."
    for direction in ("SecurityGroupIngress", "SecurityGroupEgress"):
        for rule in declared.peek(direction, []):
            yield from rule_faults(Declared(rule))


def _gateway_attachment(declared: Declared, context: Context, ec2: Any) -> Faults:
    vpc = declared.peek("VpcId")
    if "InternetGatewayId" in declared and any(
        each.vpc is not None and each.vpc.id == vpc for each in ec2.internet_gateways.values()
    ):
        yield "InvalidParameterValue", f"Network {vpc} already has an internet gateway attached"


def _table_association(declared: Declared, context: Context, ec2: Any) -> Faults:
    table, subnet = declared.peek("RouteTableId"), declared.peek("SubnetId")
    for each in ec2.route_tables.values():
        if each.id != table and subnet in each._associations.values():
            said = f"the specified association for route table {table} conflicts with an existing association"
            yield "Resource.AlreadyAssociated", said


def _nat(declared: Declared, context: Context, ec2: Any) -> Faults:
    """https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html, checked_on 2026-11-22."""
    if declared.peek("ConnectivityType", "public") != "public" or "SubnetId" not in declared:
        return
    allocation = declared.peek("AllocationId")
    if allocation is None:
        yield "MissingParameter", "The request must contain the parameter AllocationId"
    vpc = ec2.get_subnet(declared.peek("SubnetId")).vpc_id
    if not any(each.vpc is not None and each.vpc.id == vpc for each in ec2.internet_gateways.values()):
        yield "Gateway.NotAttached", f"Network {vpc} has no Internet gateway attached"
    used = {
        address.get("allocationId")
        for nat in ec2.nat_gateways.values()
        if nat.state != "deleted"
        for address in nat.address_set
    }
    if allocation is not None and allocation in used:
        said = f"Elastic IP address [{allocation}] is already associated"
        yield "Resource.AlreadyAssociated", said


def _flow_log(declared: Declared, context: Context, ec2: Any) -> Faults:
    """https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-troubleshooting.html, checked_on 2026-11-22."""
    kind = declared.peek("LogDestinationType", "cloud-watch-logs")
    role, destination = declared.peek("DeliverLogsPermissionArn"), str(declared.peek("LogDestination", ""))
    if role is not None and ":role/" in str(role):
        try:
            found = context.client("iam").get_role(RoleName=str(role).rpartition("/")[2])["Role"]
            trusted = "vpc-flow-logs.amazonaws.com" in str(found["AssumeRolePolicyDocument"])
        except Exception as error:
            if not is_gone(error):
                raise
            trusted = False
        if not trusted:
            yield "InvalidParameter", "Unable to assume given IAM role"
    if kind == "s3" and destination:
        bucket = destination.rpartition(":")[2].partition("/")[0]
        try:
            context.client("s3").head_bucket(Bucket=bucket)
        except Exception:
            yield "InvalidParameter", f"LogDestination: {bucket} does not exist"


def _card(declared: Declared, context: Context, ec2: Any) -> Faults:
    yield from _groups_at(declared.peek("GroupSet", []), declared.peek("SubnetId"), ec2)


def _groups_at(groups: list[str], subnet: Any, ec2: Any) -> Faults:
    """https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html, checked_on 2026-11-22."""
    if len(groups) > 5:
        said = "The maximum number of security groups per interface has been reached."
        yield "SecurityGroupsPerInterfaceLimitExceeded", said
    if subnet is None:
        return
    vpc = ec2.get_subnet(subnet).vpc_id
    for group in groups:
        found = ec2.get_security_group_from_id(group)
        if found is None:
            yield "InvalidGroup.NotFound", f"The security group '{group}' does not exist"
        elif found.vpc_id != vpc:
            said = f"Security group {group} and subnet {subnet} belong to different networks."
            yield "InvalidParameter", said


def _instance(declared: Declared, context: Context, ec2: Any) -> Faults:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html, checked_on 2026-11-22."""
    yield from _launch(declared, context, ec2)
    if "ImageId" not in declared and "LaunchTemplate" not in declared:
        yield "MissingParameter", "The request must contain the parameter ImageId"
    zone, subnet = declared.peek("AvailabilityZone"), declared.peek("SubnetId")
    if zone and subnet and ec2.get_subnet(subnet).availability_zone != zone:
        there = ec2.get_subnet(subnet).availability_zone
        said = f"The specified subnet '{subnet}' is in the Availability Zone {there}, not in {zone}."
        yield "InvalidParameterValue", said
    yield from _groups_at(declared.peek("SecurityGroupIds", []), declared.peek("SubnetId"), ec2)


def _template(declared: Declared, context: Context, ec2: Any) -> Faults:
    """A template's type and image are looked at when it is made only for their form, as EC2 does."""
    yield from _launch(Declared(declared.peek("LaunchTemplateData", {})), context, ec2, keys=False)


def _launch(declared: Declared, context: Context, ec2: Any, *, keys: bool = True) -> Faults:
    kind, image, key = (declared.peek(name) for name in ("InstanceType", "ImageId", "KeyName"))
    if kind is not None and str(kind) not in instance_types():
        yield "InvalidParameterValue", f"Invalid value '{kind}' for InstanceType."
    if image is not None and not re.fullmatch(r"ami-[0-9a-f]{8,17}|resolve:ssm:.+", str(image)):
        yield "InvalidAMIID.Malformed", f'Invalid id: "{image}" (expecting "ami-...")'
    if keys and key is not None and str(key) not in ec2.key_pairs:
        yield "InvalidKeyPair.NotFound", f"The key pair '{key}' does not exist"


@cache
def instance_types() -> frozenset[str]:
    """Every instance type that botocore's model of EC2 knows, which is newer than moto's list."""
    import botocore.session

    shape: Any = botocore.session.get_session().get_service_model("ec2").shape_for("InstanceType")
    return frozenset(shape.enum)


# https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html, checked_on 2026-11-22: IOPS a GiB at most
_RATIO = {"gp3": 500, "io1": 50, "io2": 1000}


def _volume(declared: Declared, context: Context, ec2: Any) -> Faults:
    size, iops, kind = declared.peek("Size"), declared.peek("Iops"), declared.peek("VolumeType", "gp2")
    if size is None and "SnapshotId" not in declared and "SourceVolumeId" not in declared:
        yield "MissingParameter", "The request must contain the parameter size/snapshot"
    if kind in ("io1", "io2") and iops is None:
        yield "MissingParameter", f"The parameter iops must be specified for {kind} volumes."
    if iops is not None and kind in ("gp2", "standard", "st1", "sc1"):
        yield "InvalidParameterCombination", f"The parameter iops is not supported for {kind} volumes."
    most = _RATIO.get(kind, 0) * int(size or 0)
    if most and iops is not None and int(iops) > max(most, 3000 if kind == "gp3" else 0):
        said = f"Iops to volume size ratio of {int(iops) / int(size):f} is too high; maximum is {_RATIO[kind]}."
        yield "InvalidParameterCombination", said


def _volume_attachment(declared: Declared, context: Context, ec2: Any) -> Faults:
    volume, instance = declared.peek("VolumeId"), declared.peek("InstanceId")
    found = ec2.volumes.get(volume)
    if found is not None and instance is not None:
        zone = ec2.get_instance(instance).availability_zone
        if found.availability_zone != zone:
            said = f"The volume '{volume}' is not in the same availability zone as instance '{instance}'"
            yield "InvalidVolume.ZoneMismatch", said


_OF: dict[str, Callable[[Declared, Context, Any], Faults]] = {
    "AWS::EC2::FlowLog": _flow_log,
    "AWS::EC2::Instance": _instance,
    "AWS::EC2::LaunchTemplate": _template,
    "AWS::EC2::NatGateway": _nat,
    "AWS::EC2::NetworkAclEntry": _acl_entry,
    "AWS::EC2::NetworkInterface": _card,
    "AWS::EC2::Route": _route,
    "AWS::EC2::SecurityGroup": _group,
    "AWS::EC2::SecurityGroupEgress": rule_faults,
    "AWS::EC2::SecurityGroupIngress": rule_faults,
    "AWS::EC2::Subnet": _subnet,
    "AWS::EC2::SubnetRouteTableAssociation": _table_association,
    "AWS::EC2::VPCGatewayAttachment": _gateway_attachment,
    "AWS::EC2::Volume": _volume,
    "AWS::EC2::VolumeAttachment": _volume_attachment,
    "new AWS::EC2::Route": _new_route,
}
# what only a new one can do wrong: the old one would be in its own way
ONLY_NEW = frozenset({"AWS::EC2::NatGateway", "AWS::EC2::VPCGatewayAttachment", "AWS::EC2::VolumeAttachment"})
