"""What of a design AWS bills, and how much of it: counted from its resources, and assumed where only use can tell."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from preflight.analysis import prices
from preflight.analysis.leftovers import CDK_OWN
from preflight.analysis.vpc import as_list, is_true
from preflight.cloudformation.instance_types import cheapest
from preflight.intrinsics import Unknown

if TYPE_CHECKING:
    from preflight.template import Design, Item


@dataclass(frozen=True)
class Use:
    """An assumed use: how much, and of what, in words that follow the number."""

    quantity: float
    what: str


@dataclass(frozen=True)
class Charge:
    """Something of a resource that AWS bills.

    `thing` and `size` are a price's, `quantity` is how many of its units exist at a time, or are used in a month where
    the price is by use; `note` says where the number comes from; `uses` are the assumed uses it was made of.
    """

    item: Item
    thing: str
    quantity: float
    size: str = ""
    note: str = ""
    uses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unpriced:
    """Something that may be billed and has no price here: what, and why."""

    item: Item
    what: str
    why: str


Found = Charge | Unpriced

# a month of a learner's own trying out; each of it for every resource it concerns
USES: Mapping[str, Use] = {
    "nat-gb": Use(1, "GB through a NAT gateway"),
    "capacity-hours": Use(73, "capacity-unit hours of a load balancer, a tenth of one unit"),
    "root-gb": Use(8, "GB of gp3 for a root volume the design leaves to the image"),
    "function-requests": Use(10_000, "requests to a function"),
    "function-seconds": Use(0.1, "seconds a request runs"),
    "s3-gb": Use(1, "GB in a bucket"),
    "s3-writes": Use(1_000, "writes to a bucket"),
    "s3-reads": Use(10_000, "reads from a bucket"),
    "file-gb": Use(1, "GB in a file system"),
    "image-gb": Use(1, "GB of images in a repository"),
    "aurora-gb": Use(1, "GB in an Aurora cluster"),
    "aurora-requests": Use(100_000, "reads and writes of an Aurora cluster's storage"),
    "table-reads": Use(10_000, "read units of an on-demand table"),
    "table-writes": Use(10_000, "write units of an on-demand table"),
    "table-gb": Use(1, "GB in a table"),
    "log-gb": Use(0.1, "GB of lines to a log group"),
    "queue-requests": Use(10_000, "requests to a queue"),
    "messages": Use(10_000, "messages to a topic"),
    "secret-requests": Use(1_000, "requests for a secret"),
    "key-requests": Use(1_000, "requests to a key"),
    "name-queries": Use(10_000, "queries of a hosted zone"),
    "events": Use(10_000, "events to a bus of your own"),
    "archive-gb": Use(1, "GB in an archive"),
    "transitions": Use(10_000, "state transitions of a workflow"),
    "api-requests": Use(10_000, "requests to an API"),
    "cdn-gb": Use(1, "GB from a distribution"),
    "web-requests": Use(10_000, "requests a web ACL looks at"),
    "users": Use(100, "users who sign in"),
    "stream-puts": Use(10_000, "records put into a stream"),
    "stream-gb": Use(1, "GB put into an on-demand stream"),
    "glue-hours": Use(1, "hours of work of a Glue job or crawler"),
    "query-gb": Use(10, "GB read by the queries of a workgroup"),
    "trail-events": Use(10_000, "data events of a trail"),
    "guarded-events": Use(10_000, "management events GuardDuty reads"),
    "config-items": Use(100, "changes AWS Config records"),
    "config-evaluations": Use(100, "evaluations of a Config rule"),
}


def billed(design: Design, region: str, uses: Mapping[str, float]) -> list[Found]:
    """Everything of a design that is billed in a Region, in the order of its resources.

    `uses` has a number for every key of USES.
    """
    stack = _Stack(design, region, uses)
    return [found for item in design.resources.values() for found in _of(item, stack)]


def _of(item: Item, stack: _Stack) -> Iterator[Found]:
    rule = RULES.get(item.type)
    if rule is not None:
        try:
            yield from rule(item, stack)
        except _Unreadable as error:
            yield Unpriced(item, kind(item), f"it depends on {str(error.value).strip('<>')}")
        for value in (item.properties.get(name) for name in DECIDES.get(item.type, ())):
            if isinstance(value, Unknown):
                yield Unpriced(item, kind(item), f"what more it costs depends on {value.strip('<>')}")
    elif not _is_free(item):
        yield Unpriced(item, kind(item), "there is no price here for it")


def kind(item: Item) -> str:
    """A resource's type in words: GuardDuty Detector."""
    *service, last = item.type.removeprefix("AWS::").split("::")
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", last)
    return words if words.startswith(tuple(service)) else " ".join([*service, words])


def is_billed(item: Item) -> bool:
    """Whether something of this type may be billed."""
    return item.type in RULES or not _is_free(item)


def _is_free(item: Item) -> bool:
    service = item.type.split("::")[1] if item.type.startswith("AWS::") else item.type.split("::")[0]
    return service in FREE_SERVICES or item.type in FREE


class _Unreadable(Exception):
    """A number that is needed is one nobody can know from here."""

    def __init__(self, value: Any) -> None:
        super().__init__(str(value))
        self.value = value


class _Stack:
    """A design, what its resources say of one another, and what is assumed of its use."""

    def __init__(self, design: Design, region: str, uses: Mapping[str, float]) -> None:
        self.design = design
        self.region = region
        self.uses = uses
        self.named: dict[tuple[str, str], Item] = {}
        for item in design.resources.values():
            for value in (item.physical_id, *(item.attributes.get(each) for each in OWN_NAMES)):
                if isinstance(value, str):
                    self.named.setdefault((item.type, value), item)
        worn = (self.find(each.properties.get("InstanceId"), INSTANCE) for each in design.of_type(*WEARERS))
        self.with_elastic_address = {each.logical_id for each in worn if each is not None}

    def find(self, value: Any, *types: str) -> Item | None:
        """The resource of one of these types that a property refers to."""
        found = (self.named.get((each, value)) for each in types if isinstance(value, str))
        return next((each for each in found if each is not None), None)

    def used(self, item: Item, thing: str, use: str, *, per: float = 1) -> Charge:
        """A charge by use: the assumed number, in the price's own unit of `per`."""
        return Charge(item, thing, self.uses[use] / per, uses=(use,))


def nat_gateway(item: Item, stack: _Stack) -> Iterator[Found]:
    """Its hours, its address where the design declares none, and what goes through it.

    A regional one expands to each Availability Zone of its VPC with work in it, and is billed in each.
    https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html and
    https://cloudpipelines.pages.dev/guides/aws-nat-gateway-pricing-2026/, checked_on 2026-11-23
    """
    if str(item.properties.get("AvailabilityMode")) == "regional":
        zones = _zones_of_regional(item, stack)
        note = f"in each of {_counted(zones, 'Availability Zone')} of its VPC" if zones > 1 else ""
        yield Charge(item, "nat-gateway", zones, note=note)
        if not item.properties.get("AvailabilityZoneAddresses"):
            yield Charge(item, "public-ipv4", zones, note="an address of its own in each")
        yield stack.used(item, "nat-data", "nat-gb")
        return
    yield Charge(item, "nat-gateway", 1)
    is_public = str(item.properties.get("ConnectivityType", "public")) == "public"
    if is_public and stack.find(item.properties.get("AllocationId"), EIP) is None:
        yield Charge(item, "public-ipv4", 1, note="its own address")
    yield stack.used(item, "nat-data", "nat-gb")


def _zones_of_regional(item: Item, stack: _Stack) -> int:
    """How many zones a regional NAT gateway stands in: those it names, else those of its VPC's subnets."""
    named = as_list(item.properties.get("AvailabilityZoneAddresses"))
    if named:
        return len(named)
    vpc = item.properties.get("VpcId")
    subnets = [each for each in stack.design.of_type("AWS::EC2::Subnet") if each.properties.get("VpcId") == vpc]
    zones = {str(each.properties.get("AvailabilityZone") or each.logical_id) for each in subnets}
    return max(len(zones), 1)


def elastic_address(item: Item, stack: _Stack) -> Iterator[Found]:
    """Its hours, in use or not; an address of your own pool is free."""
    if not item.properties.get("PublicIpv4Pool"):
        yield Charge(item, "public-ipv4", 1)


def endpoint(item: Item, stack: _Stack) -> Iterator[Found]:
    """Its hours in each Availability Zone; a gateway endpoint is free."""
    form = _known(item.properties.get("VpcEndpointType", "Gateway"))
    if form == "Gateway":
        return
    if form != "Interface":
        yield Unpriced(item, f"{form} endpoint", "there is no price here for it")
        return
    zones = _length(item.properties.get("SubnetIds"))
    yield Charge(item, "interface-endpoint", zones, note=_counted(zones, "Availability Zone"))


def vpn_connection(item: Item, stack: _Stack) -> Iterator[Found]:
    """Its hours, the addresses of its two tunnels, and its attachment to a transit gateway."""
    yield Charge(item, "vpn-connection", 1)
    # https://community.aws/content/2c6cKl0W4KQZIO6dWnnDHs1tHSp, checked_on 2026-11-22
    yield Charge(item, "public-ipv4", 2, note="one for each of its two tunnels")
    if item.properties.get("TransitGatewayId"):
        yield Charge(item, "transit-gateway-attachment", 1, note="the connection's attachment")


def attachment(item: Item, stack: _Stack) -> Iterator[Found]:
    """Its hours; the transit gateway itself is free."""
    yield Charge(item, "transit-gateway-attachment", 1)


def firewall(item: Item, stack: _Stack) -> Iterator[Found]:
    """The hours of each of its endpoints."""
    endpoints = _length(item.properties.get("SubnetMappings"))
    yield Charge(item, "network-firewall", endpoints, note=_counted(endpoints, "endpoint"))


def accelerator(item: Item, stack: _Stack) -> Iterator[Found]:
    """Its hours, and its two addresses where they are not your own."""
    yield Charge(item, "global-accelerator", 1)
    if not item.properties.get("IpAddresses"):
        # https://www.harsharya.me/blog/aws-ipv4-charge/, checked_on 2026-11-22
        yield Charge(item, "public-ipv4", 2, note="its two static addresses")


def load_balancer(item: Item, stack: _Stack) -> Iterator[Found]:
    """Its hours, an address in each subnet where it faces the internet, and the capacity it uses."""
    form = _known(item.properties.get("Type", "application"))
    if form not in ("application", "network"):
        yield Unpriced(item, f"{form} load balancer", "there is no price here for it")
        return
    yield Charge(item, f"{form}-load-balancer", 1)
    mappings = as_list(item.properties.get("SubnetMappings"))
    without = str(item.properties.get("IpAddressType", "")) == "dualstack-without-public-ipv4"
    if str(item.properties.get("Scheme", "internet-facing")) == "internet-facing" and not without:
        # an address brought along is counted where it is declared
        brought = sum(isinstance(each, Mapping) and bool(each.get("AllocationId")) for each in mappings)
        zones = _length(item.properties.get("SubnetMappings") or item.properties.get("Subnets")) - brought
        if zones > 0:
            yield Charge(item, "public-ipv4", zones, note=f"one in each of {_counted(zones, 'subnet')}")
    yield stack.used(item, f"{form}-lcu", "capacity-hours")


def instance(item: Item, stack: _Stack) -> Iterator[Found]:
    """What one machine costs, its launch template read with it."""
    data = {**_launch_data(item.properties.get("LaunchTemplate"), stack), **item.properties}
    yield from _machines(item, stack, data, 1, [item.properties.get("SubnetId")], "")


def auto_scaling_group(item: Item, stack: _Stack) -> Iterator[Found]:
    """The machines it keeps: its desired capacity, else its minimum."""
    properties = item.properties
    wanted = properties.get("DesiredCapacity")
    count = _number(wanted if wanted not in (None, "") else properties.get("MinSize", 0))
    if not count:
        return
    most = properties.get("MaxSize")
    what = "its desired capacity" if wanted not in (None, "") else "its minimum"
    note = f"{_counted(count, 'instance')}, {what}; {most} at most"
    mixed = properties.get("MixedInstancesPolicy")
    data = _launch_data(properties.get("LaunchTemplate"), stack)
    configuration = stack.find(properties.get("LaunchConfigurationName"), "AWS::AutoScaling::LaunchConfiguration")
    if configuration is not None:
        data = _of_launch_configuration(configuration.properties)
    if isinstance(mixed, Mapping):
        launch = _part(mixed.get("LaunchTemplate"))
        data = _launch_data(launch.get("LaunchTemplateSpecification"), stack)
        overrides = [each for each in as_list(launch.get("Overrides")) if isinstance(each, Mapping)]
        told = {name: overrides[0][name] for name in KINDS_OF_MACHINE if overrides and overrides[0].get(name)}
        if told:
            data = {**{name: value for name, value in data.items() if name not in KINDS_OF_MACHINE}, **told}
        on_demand = _on_demand(count, _part(mixed.get("InstancesDistribution")))
        if on_demand < count:
            spot = count - on_demand
            yield Unpriced(item, _counted(spot, "Spot instance"), "Spot prices change by the hour")
            yield from _disks(item, stack, data, spot)
        count = on_demand
    if count:
        yield from _machines(item, stack, data, count, as_list(properties.get("VPCZoneIdentifier")), note)


def node_group(item: Item, stack: _Stack) -> Iterator[Found]:
    """The machines of an EKS node group: what it wants, else its minimum."""
    scaling = _part(item.properties.get("ScalingConfig"))
    wanted = scaling.get("DesiredSize", scaling.get("MinSize"))
    sizes = as_list(item.properties.get("InstanceTypes"))
    if wanted is None or not sizes:
        yield Unpriced(item, "its nodes", "the design does not say how many, or of which type")
        return
    count = _number(wanted)
    if str(item.properties.get("CapacityType", "ON_DEMAND")) != "ON_DEMAND":
        yield Unpriced(item, _counted(count, "Spot instance"), "Spot prices change by the hour")
        return
    yield Charge(item, "ec2-instance", count, str(sizes[0]), note=_counted(count, "node"))
    yield Unpriced(item, "the nodes' disks", "their kind is AWS's choice")


def _machines(
    item: Item, stack: _Stack, data: Mapping[str, Any], count: float, subnets: Sequence[Any], note: str
) -> Iterator[Found]:
    size = data.get("InstanceType")
    if size is None and isinstance(data.get("InstanceRequirements"), Mapping):
        size = _by_requirements(data["InstanceRequirements"], str(data.get("ImageId", "")), stack.region)
        note = "; ".join(each for each in (note, "the cheapest type that meets its requirements") if each)
    tenancy = str(data.get("Tenancy") or _part(data.get("Placement")).get("Tenancy") or "default")
    if size is None:
        by_requirements = isinstance(data.get("InstanceRequirements"), Mapping)
        why = "no type known here meets its requirements" if by_requirements else "the design names no instance type"
        yield Unpriced(item, "EC2 instance", why)
    elif isinstance(size, Unknown):
        yield Unpriced(item, "EC2 instance", f"it depends on {size.strip('<>')}")
    elif data.get("InstanceMarketOptions") or data.get("SpotPrice"):
        yield Unpriced(item, f"Spot {size}", "Spot prices change by the hour")
    elif tenancy != "default":
        yield Unpriced(item, f"{size} on hardware of its own", "there is no price here for it")
    elif "windows" in str(data.get("ImageId", "")).lower():
        yield Unpriced(item, f"{size} with Windows", "there is no price here for it")
    else:
        yield Charge(item, "ec2-instance", count, str(size), note=note)
    monitoring = data.get("Monitoring")
    if is_true(monitoring.get("Enabled") if isinstance(monitoring, Mapping) else monitoring):
        yield Charge(item, "detailed-monitoring", 7 * count, note="7 metrics an instance")
    yield from _disks(item, stack, data, count)
    addresses = _public_addresses(item, stack, data, subnets)
    if addresses:
        yield Charge(item, "public-ipv4", count * addresses, note="given to it when it starts")


def _by_requirements(requirements: Mapping[str, Any], image: str, region: str) -> str | None:
    """The type EC2 takes; where the image does not say for which processor it is, the dearer of both."""
    built_for = [each for each in ("x86_64", "arm64") if each in image] or ["x86_64", "arm64"]
    found = [cheapest(requirements, region, each) for each in built_for]
    known = [(price.usd, price.size) for each in found if (price := prices.price("ec2-instance", region, each))]
    return max(known)[1] if known else next((each for each in found if each), None)


def _disks(item: Item, stack: _Stack, data: Mapping[str, Any], count: float) -> Iterator[Found]:
    mappings = [each for each in as_list(data.get("BlockDeviceMappings")) if isinstance(each, Mapping)]
    for mapping in mappings:
        if isinstance(mapping.get("Ebs"), Mapping):
            yield from _volume(item, mapping["Ebs"], count)
    if not any(str(each.get("DeviceName")) in ROOTS for each in mappings):
        note = "a root volume, assumed as root-gb"
        yield Charge(item, "volume", stack.uses["root-gb"] * count, "gp3", note=note, uses=("root-gb",))


def volume(item: Item, stack: _Stack) -> Iterator[Found]:
    """Its size and its provisioned speed, attached or not."""
    told = {**item.properties, "VolumeSize": item.properties.get("Size")}
    yield from _volume(item, told, 1)


def _volume(item: Item, told: Mapping[str, Any], count: float) -> Iterator[Found]:
    form = str(told.get("VolumeType") or "gp2")
    size = told.get("VolumeSize")
    if size is None:
        yield Unpriced(item, f"{form} volume", "its size is its snapshot's")
        return
    each = _number(size)
    note = f"{_counted(count, 'volume')} of {each:g} GB" if count != 1 else ""
    yield Charge(item, "volume", each * count, form, note=note)
    iops, through = told.get("Iops"), told.get("Throughput")
    extra = _number(iops) - (3000 if form == "gp3" else 0) if iops not in (None, "") else 0
    if extra > IO2_FIRST and form == "io2":
        # the price falls from there on
        yield Unpriced(item, f"IOPS above {IO2_FIRST:,} of an io2 volume", "there is no price here for them")
        extra = IO2_FIRST
    if extra > 0 and form in ("gp3", "io1", "io2"):
        yield Charge(item, "volume-iops", extra * count, form)
    if through not in (None, "") and form == "gp3" and _number(through) > 125:
        yield Charge(item, "volume-throughput", (_number(through) - 125) * count, form)


def _public_addresses(item: Item, stack: _Stack, data: Mapping[str, Any], subnets: Sequence[Any]) -> int:
    if item.logical_id in stack.with_elastic_address:
        # the elastic one takes the place of the one given at the start
        return 0
    interfaces = [each for each in as_list(data.get("NetworkInterfaces")) if isinstance(each, Mapping)]
    for interface in interfaces:
        if interface.get("AssociatePublicIpAddress") is not None:
            return int(is_true(interface["AssociatePublicIpAddress"]))
    if data.get("AssociatePublicIpAddress") is not None:
        return int(is_true(data["AssociatePublicIpAddress"]))
    if any(each.get("NetworkInterfaceId") for each in interfaces):
        return 0
    places = [each.get("SubnetId") for each in interfaces if each.get("SubnetId")] or list(subnets)
    found = [stack.find(each, "AWS::EC2::Subnet") for each in places]
    return int(any(each is not None and is_true(each.properties.get("MapPublicIpOnLaunch")) for each in found))


def _launch_data(reference: Any, stack: _Stack) -> dict[str, Any]:
    if not isinstance(reference, Mapping):
        return {}
    template = stack.find(reference.get("LaunchTemplateId"), LAUNCH_TEMPLATE)
    wanted = reference.get("LaunchTemplateName")
    if template is None and isinstance(wanted, str):
        named = [each for each in stack.design.of_type(LAUNCH_TEMPLATE) if each.properties.get("LaunchTemplateName")]
        template = next((each for each in named if each.properties["LaunchTemplateName"] == wanted), None)
    data = template.properties.get("LaunchTemplateData") if template is not None else None
    return dict(data) if isinstance(data, Mapping) else {}


def _of_launch_configuration(properties: Mapping[str, Any]) -> dict[str, Any]:
    tenancy = {"Tenancy": properties["PlacementTenancy"]} if properties.get("PlacementTenancy") else {}
    return {"Monitoring": properties.get("InstanceMonitoring", True), **properties, **tenancy}


def _on_demand(count: float, distribution: Mapping[str, Any]) -> float:
    base = min(count, _number(distribution.get("OnDemandBaseCapacity") or 0))
    share = distribution.get("OnDemandPercentageAboveBaseCapacity")
    part = _number(share) if share is not None else 100
    return base + math.ceil((count - base) * part / 100)


def file_system(item: Item, stack: _Stack) -> Iterator[Found]:
    """What is stored in it, and the throughput it provisions."""
    if item.properties.get("AvailabilityZoneName"):
        yield Unpriced(item, "what is stored in One Zone", "there is no price here for it")
    else:
        yield stack.used(item, "file-system", "file-gb")
    if str(item.properties.get("ThroughputMode")) == "provisioned":
        through = _number(item.properties.get("ProvisionedThroughputInMibps", 0))
        yield Charge(item, "file-system-throughput", through)


def service(item: Item, stack: _Stack) -> Iterator[Found]:
    """The tasks it wants on Fargate, by vCPU and memory, with their addresses."""
    wanted = item.properties.get("DesiredCount")
    tasks = _number(wanted) if wanted is not None else 1
    fargate, spot = _on_fargate(item, stack, tasks)
    definition = stack.find(item.properties.get("TaskDefinition"), "AWS::ECS::TaskDefinition")
    if spot:
        yield Unpriced(item, f"{_counted(spot, 'task')} on Fargate Spot", "Spot prices change")
    if not fargate:
        return
    if definition is None:
        yield Unpriced(item, _counted(fargate, "Fargate task"), "its task definition is not in this stack")
        return
    platform = _part(definition.properties.get("RuntimePlatform"))
    if not str(platform.get("OperatingSystemFamily", "LINUX")).startswith("LINUX"):
        yield Unpriced(item, f"{_counted(fargate, 'task')} with Windows", "there is no price here for it")
        return
    form = "fargate-arm" if str(platform.get("CpuArchitecture", "")).upper() == "ARM64" else "fargate"
    vcpu, memory = _amount(definition.properties.get("Cpu")), _amount(definition.properties.get("Memory"))
    note = f"{_counted(fargate, 'task')} of {vcpu:g} vCPU and {memory:g} GB"
    yield Charge(item, f"{form}-vcpu", vcpu * fargate, note=note)
    yield Charge(item, f"{form}-memory", memory * fargate, note=note)
    storage = _part(definition.properties.get("EphemeralStorage")).get("SizeInGiB")
    if storage is not None and _number(storage) > 20:
        yield Charge(item, "fargate-storage", (_number(storage) - 20) * fargate)
    network = _part(_part(item.properties.get("NetworkConfiguration")).get("AwsvpcConfiguration"))
    if str(network.get("AssignPublicIp", "DISABLED")) == "ENABLED":
        yield Charge(item, "public-ipv4", fargate, note="one for each task")


def _on_fargate(item: Item, stack: _Stack, tasks: float) -> tuple[float, float]:
    """How many tasks run on Fargate, and how many on Fargate Spot; the rest runs on instances counted elsewhere."""
    strategy = as_list(item.properties.get("CapacityProviderStrategy"))
    launch = item.properties.get("LaunchType")
    if launch is not None:
        return (tasks, 0) if str(launch) == "FARGATE" else (0, 0)
    if not strategy:
        for each in stack.design.of_type("AWS::ECS::ClusterCapacityProviderAssociations", "AWS::ECS::Cluster"):
            same = each.properties.get("Cluster", each.physical_id) == item.properties.get("Cluster")
            strategy = strategy or (as_list(each.properties.get("DefaultCapacityProviderStrategy")) if same else [])
    providers = [each for each in strategy if isinstance(each, Mapping)]
    bases = {str(each.get("CapacityProvider")): min(tasks, _number(each.get("Base") or 0)) for each in providers}
    weights = {str(each.get("CapacityProvider")): _number(each.get("Weight") or 0) for each in providers}
    rest, whole = max(0.0, tasks - sum(bases.values())), sum(weights.values())
    parts = {name: bases[name] + (rest * weights[name] / whole if whole else 0) for name in bases}
    fargate = math.ceil(parts.get("FARGATE", 0))
    return fargate, min(tasks - fargate, math.ceil(parts.get("FARGATE_SPOT", 0)))


def batch(item: Item, stack: _Stack) -> Iterator[Found]:
    """What a compute environment keeps running without a job."""
    resources = _part(item.properties.get("ComputeResources"))
    least = resources.get("MinvCpus")
    if least is not None and _number(least) > 0:
        yield Unpriced(item, f"{_number(least):g} vCPUs kept running", "AWS Batch chooses their instances")


def cluster(item: Item, stack: _Stack) -> Iterator[Found]:
    """The hours of an EKS control plane."""
    yield Charge(item, "eks-cluster", 1)


def repository(item: Item, stack: _Stack) -> Iterator[Found]:
    """The images in it."""
    yield stack.used(item, "image-storage", "image-gb")


def database(item: Item, stack: _Stack) -> Iterator[Found]:
    """The hours of its class, twice for a standby, its storage and secret; by capacity units where it is serverless."""
    properties = item.properties
    group = stack.find(properties.get("DBClusterIdentifier"), DB_CLUSTER)
    engine = str(properties.get("Engine") or "")
    source = stack.find(properties.get("SourceDBInstanceIdentifier"), DB_INSTANCE)
    if source is not None:
        inherited = {name: source.properties.get(name) for name in ("Engine", "AllocatedStorage", "StorageType")}
        properties = {**inherited, **properties}
        engine = str(properties.get("Engine") or "")
    size = properties.get("DBInstanceClass")
    if isinstance(size, Unknown):
        raise _Unreadable(size)
    if properties.get("DBClusterIdentifier") or engine.startswith("aurora"):
        if group is not None and _is_io_optimized(group):
            yield Unpriced(item, f"Aurora I/O-Optimized {size}", "there is no price here for it")
        elif str(size) == "db.serverless":
            yield from _capacity(item, group)
        else:
            yield Charge(item, "aurora-instance", 1, str(size))
        return
    yield from _managed_password(item)
    thing = DB_ENGINES.get(engine)
    if thing is None:
        yield Unpriced(item, f"{size or 'instance'} with {engine or 'its engine'}", "there is no price here for it")
        return
    twice = is_true(properties.get("MultiAZ"))
    if twice and thing in WITH_STANDBY and prices.price(f"{thing}-multi-az", stack.region, str(size)):
        yield Charge(item, f"{thing}-multi-az", 1, str(size))
    else:
        note = "Multi-AZ: the standby costs as much again" if twice else ""
        yield Charge(item, thing, 2 if twice else 1, str(size), note=note)
    storage = properties.get("AllocatedStorage")
    if storage is None:
        yield Unpriced(item, "its storage", "its size is its snapshot's")
        return
    form = str(properties.get("StorageType") or ("io1" if properties.get("Iops") else "gp2"))
    amount = _number(storage)
    note = f"{amount:g} GB, and as much for the standby" if twice else ""
    yield Charge(item, "rds-storage", amount * (2 if twice else 1), form, note=note)
    if form in ("io1", "io2") and properties.get("Iops"):
        yield Charge(item, "rds-iops", _number(properties["Iops"]) * (2 if twice else 1), form)
    if form == "gp3":
        # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage, checked_on 2026-11-23
        included = (12_000, 500) if amount >= 400 else (3_000, 125)
        for name, what, free in zip(("Iops", "StorageThroughput"), ("IOPS", "MiB/s"), included, strict=True):
            if properties.get(name) not in (None, "") and _number(properties[name]) > free:
                yield Unpriced(item, f"{what} above {free:,} of its gp3 storage", "there is no price here for them")


def _is_io_optimized(group: Item) -> bool:
    """Whether an Aurora cluster pays more for instances and storage, and nothing for requests.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.StorageReliability.html, checked_on
    2026-11-23
    """
    return str(group.properties.get("StorageType")) == "aurora-iopt1"


def _managed_password(item: Item) -> Iterator[Found]:
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html, checked_on 2026-11-23
    if is_true(item.properties.get("ManageMasterUserPassword")):
        yield Charge(item, "secret", 1, note="RDS keeps the password in it")


def _capacity(item: Item, group: Item | None) -> Iterator[Found]:
    scaling = _part(group.properties.get("ServerlessV2ScalingConfiguration")) if group is not None else {}
    least = scaling.get("MinCapacity")
    if least is None:
        yield Unpriced(item, "Aurora Serverless v2 instance", "its cluster is not in this stack")
        return
    amount = _number(least)
    note = f"the cluster's minimum; {scaling.get('MaxCapacity')} at most"
    yield Charge(item, "aurora-capacity", amount, note=note if amount else "it pauses when nobody uses it")


def database_cluster(item: Item, stack: _Stack) -> Iterator[Found]:
    """What Aurora stores, and how often it is read and written; its instances are counted by themselves."""
    yield from _managed_password(item)
    engine = str(item.properties.get("Engine") or "")
    if item.properties.get("DBClusterInstanceClass") or not engine.startswith("aurora"):
        yield Unpriced(item, "Multi-AZ DB cluster", "there is no price here for it")
        return
    if str(item.properties.get("EngineMode")) == "serverless":
        yield Unpriced(item, "Aurora Serverless v1", "there is no price here for it")
    if _is_io_optimized(item):
        yield Unpriced(item, "Aurora I/O-Optimized storage", "there is no price here for it")
        return
    yield stack.used(item, "aurora-storage", "aurora-gb")
    yield stack.used(item, "aurora-requests", "aurora-requests", per=1e6)


def database_proxy(item: Item, stack: _Stack) -> Iterator[Found]:
    """The vCPUs of the instances behind it."""
    groups = [
        each
        for each in stack.design.of_type("AWS::RDS::DBProxyTargetGroup")
        if str(each.properties.get("DBProxyName")) in (item.physical_id, str(item.properties.get("DBProxyName")))
    ]
    wanted = {str(name) for each in groups for name in as_list(each.properties.get("DBInstanceIdentifiers"))}
    wanted |= {str(name) for each in groups for name in as_list(each.properties.get("DBClusterIdentifiers"))}
    behind = [
        str(each.properties.get("DBInstanceClass"))
        for each in stack.design.of_type(DB_INSTANCE)
        if each.physical_id in wanted or str(each.properties.get("DBClusterIdentifier")) in wanted
    ]
    sizes = [_vcpus(each) for each in behind if each != "db.serverless"]
    if "db.serverless" in behind:
        yield Unpriced(item, "the proxy's part for Serverless instances", "there is no price here for it")
    if any(each is None for each in sizes) or not behind:
        yield Unpriced(item, "RDS Proxy", "the size of what is behind it is not known")
    elif sizes:
        vcpus = max(2, sum(each for each in sizes if each is not None))
        yield Charge(item, "rds-proxy", vcpus, note=f"{vcpus} vCPUs behind it")


def _vcpus(size: str) -> int | None:
    # the second generation has one where those after it have two
    return None if size.startswith("db.t2.") else VCPUS.get(size.rpartition(".")[2])


def cache_cluster(item: Item, stack: _Stack) -> Iterator[Found]:
    """The hours of its nodes."""
    nodes = _number(item.properties.get("NumCacheNodes", 1))
    yield from _nodes(item, nodes, _counted(nodes, "node"))


def replication_group(item: Item, stack: _Stack) -> Iterator[Found]:
    """The hours of its nodes: shards times one and their replicas."""
    properties = item.properties
    shards = _number(properties.get("NumNodeGroups") or len(as_list(properties.get("NodeGroupConfiguration"))) or 1)
    replicas, clusters = properties.get("ReplicasPerNodeGroup"), properties.get("NumCacheClusters")
    if replicas is not None or clusters is None:
        each = 1 + (_number(replicas) if replicas is not None else 0)
        note = f"{_counted(shards, 'shard')} of {_counted(each, 'node')}"
        yield from _nodes(item, shards * each, note)
    else:
        yield from _nodes(item, _number(clusters), f"{_counted(_number(clusters), 'node')}, replicas included")


def _nodes(item: Item, nodes: float, note: str) -> Iterator[Found]:
    engine = str(item.properties.get("Engine") or "redis")
    size = item.properties.get("CacheNodeType")
    if size is None or isinstance(size, Unknown):
        yield Unpriced(item, "ElastiCache nodes", "the design does not tell their size")
        return
    yield Charge(item, "valkey-node" if engine == "valkey" else "cache-node", nodes, str(size), note=note)


def table(item: Item, stack: _Stack) -> Iterator[Found]:
    """Its capacity and that of its indexes where it is provisioned, else its requests; and what it stores."""
    if str(item.properties.get("TableClass")) == "STANDARD_INFREQUENT_ACCESS":
        # dearer to read and write, cheaper to keep, and nothing of it is always free
        yield Unpriced(item, "a table of class Standard-IA", "there is no price here for it")
        return
    if str(item.properties.get("BillingMode", "PROVISIONED")) == "PAY_PER_REQUEST":
        yield stack.used(item, "dynamodb-reads", "table-reads", per=1e6)
        yield stack.used(item, "dynamodb-writes", "table-writes", per=1e6)
    else:
        indexes = [each for each in as_list(item.properties.get("GlobalSecondaryIndexes")) if isinstance(each, Mapping)]
        through = [_part(each.get("ProvisionedThroughput")) for each in (item.properties, *indexes)]
        for thing, name in (("read", "ReadCapacityUnits"), ("write", "WriteCapacityUnits")):
            units = sum(_number(each.get(name, 0)) for each in through)
            yield Charge(item, f"dynamodb-{thing}-capacity", units, note="with its indexes" if indexes else "")
    yield stack.used(item, "dynamodb-storage", "table-gb")


def global_table(item: Item, stack: _Stack) -> Iterator[Found]:
    """The capacity or the requests of the replica here, and what it stores."""
    replicas = [each for each in as_list(item.properties.get("Replicas")) if isinstance(each, Mapping)]
    here = [each for each in replicas if str(each.get("Region")) == stack.region or len(replicas) == 1]
    if str(item.properties.get("BillingMode", "PROVISIONED")) == "PAY_PER_REQUEST":
        yield stack.used(item, "dynamodb-reads", "table-reads", per=1e6)
        yield stack.used(item, "dynamodb-writes", "table-writes", per=1e6)
    else:
        settings = _part(item.properties.get("WriteProvisionedThroughputSettings"))
        settings = _part(settings.get("WriteCapacityAutoScalingSettings"))
        yield Charge(item, "dynamodb-write-capacity", _number(settings.get("MinCapacity", 0)), note="its minimum")
        for replica in here:
            told = _part(replica.get("ReadProvisionedThroughputSettings"))
            scaling = _part(told.get("ReadCapacityAutoScalingSettings"))
            units = _number(told.get("ReadCapacityUnits", scaling.get("MinCapacity", 0)))
            yield Charge(item, "dynamodb-read-capacity", units)
    for replica in replicas:
        if replica not in here:
            yield Unpriced(item, f"its replica in {replica.get('Region')}", "it is billed in that Region")
    yield stack.used(item, "dynamodb-storage", "table-gb")


def secret(item: Item, stack: _Stack) -> Iterator[Found]:
    """Each secret and each of its replicas, and the requests for it."""
    copies = 1 + len(as_list(item.properties.get("ReplicaRegions")))
    yield Charge(item, "secret", copies, note="each replica is one more" if copies > 1 else "")
    yield stack.used(item, "secret-requests", "secret-requests", per=1e4)


def key(item: Item, stack: _Stack) -> Iterator[Found]:
    """Each key of your own, and the requests to it; the keys AWS manages are free."""
    yield Charge(item, "key", 1)
    yield stack.used(item, "key-requests", "key-requests", per=1e4)


def parameter(item: Item, stack: _Stack) -> Iterator[Found]:
    """Advanced parameters; standard ones are free."""
    if str(item.properties.get("Tier", "Standard")) == "Advanced":
        yield Charge(item, "advanced-parameter", 1)


def zone(item: Item, stack: _Stack) -> Iterator[Found]:
    """Each hosted zone, and the queries it answers."""
    yield Charge(item, "hosted-zone", 1)
    yield stack.used(item, "name-queries", "name-queries", per=1e6)


def health_check(item: Item, stack: _Stack) -> Iterator[Found]:
    """Each health check and each of its options."""
    yield Charge(item, "health-check", 1)
    told = _part(item.properties.get("HealthCheckConfig"))
    form = str(told.get("Type", ""))
    options = sum(
        (
            form.startswith("HTTPS"),
            form.endswith("_STR_MATCH"),
            str(told.get("RequestInterval", 30)) == "10",
            is_true(told.get("MeasureLatency")),
        )
    )
    if options:
        yield Charge(item, "health-check-option", options)


def log_group(item: Item, stack: _Stack) -> Iterator[Found]:
    """What is taken in, and what is kept."""
    days = item.properties.get("RetentionInDays")
    forever = "" if days else "its lines never expire, so what is kept grows"
    yield Charge(item, "logs", stack.uses["log-gb"], uses=("log-gb",))
    yield Charge(item, "log-storage", stack.uses["log-gb"], note=forever, uses=("log-gb",))


def alarm(item: Item, stack: _Stack) -> Iterator[Found]:
    """Each metric it watches."""
    metrics = [each for each in as_list(item.properties.get("Metrics")) if isinstance(each, Mapping)]
    stats = [each["MetricStat"] for each in metrics if isinstance(each.get("MetricStat"), Mapping)]
    periods = [each.get("Period") for each in stats] or [item.properties.get("Period")]
    fast = any(each is not None and not isinstance(each, Unknown) and _number(each) < 60 for each in periods)
    count = max(1, len(stats))
    yield Charge(item, "fast-alarm" if fast else "alarm", count, note=_counted(count, "metric") if count > 1 else "")


def dashboard(item: Item, stack: _Stack) -> Iterator[Found]:
    """Each dashboard."""
    yield Charge(item, "dashboard", 1)


def trail(item: Item, stack: _Stack) -> Iterator[Found]:
    """Data events; the first copy of management events is free."""
    told = str(item.properties.get("EventSelectors", "")) + str(item.properties.get("AdvancedEventSelectors", ""))
    if "DataResources" in told or "resources.type" in told:
        yield stack.used(item, "trail-data-events", "trail-events", per=1e5)
    if item.properties.get("InsightSelectors"):
        yield Unpriced(item, "CloudTrail Insights", "there is no price here for it")


def detector(item: Item, stack: _Stack) -> Iterator[Found]:
    """Each management event it reads; flow logs, DNS queries and its protection plans come on top."""
    if item.properties.get("Enable") not in (False, "false"):
        yield stack.used(item, "guardduty-events", "guarded-events", per=1e6)


def config_recorder(item: Item, stack: _Stack) -> Iterator[Found]:
    """Each change it records."""
    yield stack.used(item, "config-items", "config-items")


def config_rule(item: Item, stack: _Stack) -> Iterator[Found]:
    """Each evaluation."""
    yield stack.used(item, "config-evaluations", "config-evaluations")


def web_acl(item: Item, stack: _Stack) -> Iterator[Found]:
    """The ACL, each of its rules, and the requests it looks at."""
    rules = len(as_list(item.properties.get("Rules")))
    yield Charge(item, "web-acl", 1)
    if rules:
        yield Charge(item, "web-acl-rule", rules)
    yield stack.used(item, "web-acl-requests", "web-requests", per=1e6)


def function(item: Item, stack: _Stack) -> Iterator[Found]:
    """Its requests, and how long they run at its memory."""
    if any(each.startswith(CDK_OWN) for each in (item.path or "").split("/")):
        # runs while you deploy, and hardly costs anything then
        return
    memory = item.properties.get("MemorySize")
    gigabytes = (_number(memory) if memory is not None else 128) / 1024
    arm = "arm64" in as_list(item.properties.get("Architectures"))
    seconds = stack.uses["function-requests"] * stack.uses["function-seconds"]
    yield stack.used(item, "function-requests", "function-requests", per=1e6)
    yield Charge(
        item,
        "function-duration-arm" if arm else "function-duration",
        seconds * gigabytes,
        note=f"{gigabytes * 1024:g} MB",
        uses=("function-requests", "function-seconds"),
    )


def kept_warm(item: Item, stack: _Stack) -> Iterator[Found]:
    """Provisioned concurrency."""
    if item.properties.get("ProvisionedConcurrencyConfig"):
        yield Unpriced(item, "provisioned concurrency", "there is no price here for it")


def bucket(item: Item, stack: _Stack) -> Iterator[Found]:
    """What is stored, written and read."""
    yield stack.used(item, "s3-storage", "s3-gb")
    yield stack.used(item, "s3-writes", "s3-writes", per=1e3)
    yield stack.used(item, "s3-reads", "s3-reads", per=1e3)


def queue(item: Item, stack: _Stack) -> Iterator[Found]:
    """Requests to it."""
    thing = "fifo-requests" if is_true(item.properties.get("FifoQueue")) else "queue-requests"
    yield stack.used(item, thing, "queue-requests", per=1e6)


def topic(item: Item, stack: _Stack) -> Iterator[Found]:
    """Messages published to it; delivery to queues and functions is free."""
    yield stack.used(item, "topic-requests", "messages", per=1e6)


def subscription(item: Item, stack: _Stack) -> Iterator[Found]:
    """Delivery by mail and to the web."""
    form = str(item.properties.get("Protocol"))
    if form in ("email", "email-json"):
        yield stack.used(item, "topic-mails", "messages", per=1e5)
    elif form in ("http", "https"):
        yield stack.used(item, "topic-posts", "messages", per=1e5)
    elif form not in ("sqs", "lambda"):
        yield Unpriced(item, f"messages by {form}", "there is no price here for it")


def warm_pool(item: Item, stack: _Stack) -> Iterator[Found]:
    """Instances that wait, stopped or running."""
    yield Unpriced(item, "instances kept ready", "how many there are depends on the group")


def bus(item: Item, stack: _Stack) -> Iterator[Found]:
    """Events published to a bus of your own; the events of AWS services are free."""
    yield stack.used(item, "bus-events", "events", per=1e6)


def archive(item: Item, stack: _Stack) -> Iterator[Found]:
    """What it keeps."""
    yield stack.used(item, "archive-storage", "archive-gb")


def workflow(item: Item, stack: _Stack) -> Iterator[Found]:
    """State transitions, or executions where it is an express one."""
    if str(item.properties.get("StateMachineType", "STANDARD")) == "EXPRESS":
        yield stack.used(item, "express-requests", "transitions", per=1e6)
    else:
        yield stack.used(item, "workflow-transitions", "transitions", per=1e3)


def rest_api(item: Item, stack: _Stack) -> Iterator[Found]:
    """Requests to it."""
    yield stack.used(item, "rest-requests", "api-requests", per=1e6)


def stage(item: Item, stack: _Stack) -> Iterator[Found]:
    """The cache of a REST API."""
    if is_true(item.properties.get("CacheClusterEnabled")):
        size = item.properties.get("CacheClusterSize", "0.5")
        yield Unpriced(item, f"a cache of {size} GB", "there is no price here for it")


def http_api(item: Item, stack: _Stack) -> Iterator[Found]:
    """Requests, or messages where it is a WebSocket API."""
    is_socket = str(item.properties.get("ProtocolType", "HTTP")).upper() == "WEBSOCKET"
    yield stack.used(item, "websocket-messages" if is_socket else "http-requests", "api-requests", per=1e6)


def distribution(item: Item, stack: _Stack) -> Iterator[Found]:
    """What goes out to viewers."""
    yield stack.used(item, "cloudfront-data", "cdn-gb")


def user_pool(item: Item, stack: _Stack) -> Iterator[Found]:
    """The users who sign in."""
    yield stack.used(item, "active-users", "users")


def stream(item: Item, stack: _Stack) -> Iterator[Found]:
    """The hours of its shards, or of the stream where it is on demand, and what is put into it."""
    mode = _part(item.properties.get("StreamModeDetails")).get("StreamMode")
    if str(mode) == "ON_DEMAND" or (mode is None and item.properties.get("ShardCount") is None):
        yield Charge(item, "stream-on-demand", 1)
        yield stack.used(item, "stream-data", "stream-gb")
    else:
        shards = _number(item.properties.get("ShardCount", 1))
        yield Charge(item, "stream-shard", shards, note=_counted(shards, "shard"))
        yield stack.used(item, "stream-puts", "stream-puts", per=1e6)


def glue_job(item: Item, stack: _Stack) -> Iterator[Found]:
    """The hours it works, times its DPUs."""
    properties = item.properties
    capacity = properties.get("MaxCapacity") or properties.get("AllocatedCapacity")
    workers = properties.get("NumberOfWorkers")
    worker = GLUE_WORKERS.get(str(properties.get("WorkerType", "G.1X")))
    units = (
        _number(capacity) if capacity is not None else _number(workers if workers is not None else 10) * (worker or 0)
    )
    if not units:
        yield Unpriced(item, f"Glue job of {properties.get('WorkerType')} workers", "there is no price here for it")
        return
    yield Charge(item, "glue-hours", stack.uses["glue-hours"] * units, note=f"{units:g} DPU", uses=("glue-hours",))


def glue_crawler(item: Item, stack: _Stack) -> Iterator[Found]:
    """The hours it works."""
    yield stack.used(item, "glue-hours", "glue-hours")


def work_group(item: Item, stack: _Stack) -> Iterator[Found]:
    """What its queries read; those that run on reserved capacity are billed with the reservation."""
    yield stack.used(item, "athena-read", "query-gb")


def flow_log(item: Item, stack: _Stack) -> Iterator[Found]:
    """Delivery elsewhere than to a log group, which is counted by itself."""
    if str(item.properties.get("LogDestinationType", "cloud-watch-logs")) == "cloud-watch-logs":
        # what it writes is counted in its log group
        return
    yield Unpriced(item, "flow log", "there is no price here for delivery to where it goes")


def certificate(item: Item, stack: _Stack) -> Iterator[Found]:
    """A private one; public ones are free."""
    if item.properties.get("CertificateAuthorityArn"):
        yield Unpriced(item, "certificate of a private authority", "there is no price here for it")


def nested(item: Item, stack: _Stack) -> Iterator[Found]:
    """What another template declares."""
    if not any(each.startswith(f"{item.logical_id}/") for each in stack.design.resources):
        yield Unpriced(item, "a nested stack", "what it declares is in its own template")


def _part(value: Any) -> Mapping[str, Any]:
    """A property that holds properties; empty where it is missing or not known."""
    return value if isinstance(value, Mapping) else {}


def _known(value: Any) -> str:
    """A property as a word. Raises _Unreadable where it is not known."""
    if isinstance(value, Unknown):
        raise _Unreadable(value)
    return str(value)


def _number(value: Any) -> float:
    """A property as a number. Raises _Unreadable where it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _Unreadable(value) from None
    if not math.isfinite(number):
        raise _Unreadable(value)
    return number


def _amount(value: Any) -> float:
    """vCPUs or gigabytes of a task: "512", "1 vCPU", "2 GB"."""
    found = re.fullmatch(r"\s*([\d.]+)\s*(vcpu|gb)?\s*", str(value), re.I)
    if found is None or isinstance(value, Unknown):
        raise _Unreadable(value)
    return _number(found[1]) / (1 if found[2] else 1024)


def _length(value: Any) -> int:
    if isinstance(value, Unknown):
        raise _Unreadable(value)
    return len(as_list(value))


def _counted(count: float, what: str) -> str:
    return f"{count:g} {what}{'' if count == 1 else 's'}"


EIP = "AWS::EC2::EIP"
INSTANCE = "AWS::EC2::Instance"
LAUNCH_TEMPLATE = "AWS::EC2::LaunchTemplate"
KINDS_OF_MACHINE = ("InstanceType", "InstanceRequirements")
DB_INSTANCE = "AWS::RDS::DBInstance"
DB_CLUSTER = "AWS::RDS::DBCluster"
WEARERS = (EIP, "AWS::EC2::EIPAssociation")
# what decides how much more a thing costs than the least
DECIDES: Mapping[str, tuple[str, ...]] = {
    DB_INSTANCE: ("MultiAZ", "StorageType"),
    "AWS::DynamoDB::Table": ("BillingMode",),
    "AWS::DynamoDB::GlobalTable": ("BillingMode",),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("Scheme",),
    "AWS::EC2::NatGateway": ("ConnectivityType",),
    "AWS::ECS::Service": ("LaunchType", "CapacityProviderStrategy"),
    "AWS::EFS::FileSystem": ("ThroughputMode",),
    "AWS::SSM::Parameter": ("Tier",),
}
OWN_NAMES = ("AllocationId", "LaunchTemplateId", "SubnetId", "DBInstanceArn", "TaskDefinitionArn", "InstanceId")
# how Linux images name the device they start from
ROOTS = ("/dev/xvda", "/dev/sda1", "/dev/sda")
DB_ENGINES = {"postgres": "rds-postgres", "mysql": "rds-mysql", "mariadb": "rds-mariadb"}
IO2_FIRST = 32_000
WITH_STANDBY = ("rds-postgres",)
# of the classes since t3 and m5; https://github.com/Logiqx/tech-docs/blob/HEAD/Infrastructure/AWS/Compute.md for the
# small ones, documents golden-rds and golden-aurora of prices.toml for others; checked_on 2026-11-22
VCPUS = {"micro": 2, "small": 2, "medium": 2, "large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32}
# DPUs of a worker, in document golden-glue of prices.toml, checked_on 2026-11-22
GLUE_WORKERS = {"Standard": 1.0, "G.1X": 1.0, "G.2X": 2.0}

RULES: Mapping[str, Callable[[Any, Any], Iterator[Found]]] = {
    "AWS::EC2::NatGateway": nat_gateway,
    EIP: elastic_address,
    "AWS::EC2::VPCEndpoint": endpoint,
    "AWS::EC2::VPNConnection": vpn_connection,
    "AWS::EC2::TransitGatewayAttachment": attachment,
    "AWS::EC2::TransitGatewayVpcAttachment": attachment,
    "AWS::EC2::TransitGatewayPeeringAttachment": attachment,
    "AWS::NetworkFirewall::Firewall": firewall,
    "AWS::GlobalAccelerator::Accelerator": accelerator,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": load_balancer,
    INSTANCE: instance,
    "AWS::AutoScaling::AutoScalingGroup": auto_scaling_group,
    "AWS::EKS::Nodegroup": node_group,
    "AWS::EC2::Volume": volume,
    "AWS::EC2::FlowLog": flow_log,
    "AWS::EFS::FileSystem": file_system,
    "AWS::ECS::Service": service,
    "AWS::Batch::ComputeEnvironment": batch,
    "AWS::EKS::Cluster": cluster,
    "AWS::ECR::Repository": repository,
    DB_INSTANCE: database,
    DB_CLUSTER: database_cluster,
    "AWS::RDS::DBProxy": database_proxy,
    "AWS::ElastiCache::CacheCluster": cache_cluster,
    "AWS::ElastiCache::ReplicationGroup": replication_group,
    "AWS::DynamoDB::Table": table,
    "AWS::DynamoDB::GlobalTable": global_table,
    "AWS::SecretsManager::Secret": secret,
    "AWS::KMS::Key": key,
    "AWS::KMS::ReplicaKey": key,
    "AWS::SSM::Parameter": parameter,
    "AWS::Route53::HostedZone": zone,
    "AWS::Route53::HealthCheck": health_check,
    # a namespace for DNS is a hosted zone of Route 53
    "AWS::ServiceDiscovery::PrivateDnsNamespace": zone,
    "AWS::ServiceDiscovery::PublicDnsNamespace": zone,
    "AWS::Logs::LogGroup": log_group,
    "AWS::CloudWatch::Alarm": alarm,
    "AWS::CloudWatch::Dashboard": dashboard,
    "AWS::CloudTrail::Trail": trail,
    "AWS::GuardDuty::Detector": detector,
    "AWS::Config::ConfigurationRecorder": config_recorder,
    "AWS::Config::ConfigRule": config_rule,
    "AWS::WAFv2::WebACL": web_acl,
    "AWS::Lambda::Function": function,
    "AWS::Lambda::Version": kept_warm,
    "AWS::Lambda::Alias": kept_warm,
    "AWS::S3::Bucket": bucket,
    "AWS::SQS::Queue": queue,
    "AWS::SNS::Topic": topic,
    "AWS::SNS::Subscription": subscription,
    "AWS::AutoScaling::WarmPool": warm_pool,
    "AWS::Events::EventBus": bus,
    "AWS::Events::Archive": archive,
    "AWS::StepFunctions::StateMachine": workflow,
    "AWS::ApiGateway::RestApi": rest_api,
    "AWS::ApiGateway::Stage": stage,
    "AWS::ApiGatewayV2::Api": http_api,
    "AWS::CloudFront::Distribution": distribution,
    "AWS::Cognito::UserPool": user_pool,
    "AWS::Kinesis::Stream": stream,
    "AWS::Glue::Job": glue_job,
    "AWS::Glue::Crawler": glue_crawler,
    "AWS::Athena::WorkGroup": work_group,
    "AWS::CertificateManager::Certificate": certificate,
    "AWS::CloudFormation::Stack": nested,
}

# services whose resources have no price of their own
FREE_SERVICES = frozenset(
    {"IAM", "CDK", "AutoScaling", "ApplicationAutoScaling", "Organizations", "LakeFormation", "RAM", "SSO"}
    | {"ResourceGroups", "CloudFormation", "Custom"}
)
# resources that are settings or parts of what is billed, or are free themselves
FREE = frozenset(
    f"AWS::{service}::{name}"
    for service, names in {
        "EC2": """VPC Subnet RouteTable Route SubnetRouteTableAssociation InternetGateway EgressOnlyInternetGateway
            VPCGatewayAttachment SecurityGroup SecurityGroupIngress SecurityGroupEgress SecurityGroupVpcAssociation
            NetworkAcl NetworkAclEntry SubnetNetworkAclAssociation DHCPOptions VPCDHCPOptionsAssociation PrefixList
            KeyPair LaunchTemplate PlacementGroup NetworkInterface NetworkInterfaceAttachment NetworkInterfacePermission
            VolumeAttachment EIPAssociation CustomerGateway VPNGateway VPNGatewayRoutePropagation VPNConnectionRoute
            TransitGateway TransitGatewayRoute TransitGatewayRouteTable TransitGatewayRouteTableAssociation
            TransitGatewayRouteTablePropagation VPCPeeringConnection VPCEndpointService VPCEndpointServicePermissions
            VPCEndpointConnectionNotification VPCCidrBlock SubnetCidrBlock VPCBlockPublicAccessOptions
            VPCBlockPublicAccessExclusion GatewayRouteTableAssociation InstanceConnectEndpoint""",
        "ElasticLoadBalancingV2": "Listener ListenerRule ListenerCertificate TargetGroup",
        "ECS": "Cluster TaskDefinition TaskSet CapacityProvider ClusterCapacityProviderAssociations PrimaryTaskSet",
        "EKS": "AccessEntry IdentityProviderConfig PodIdentityAssociation",
        "ECR": "RepositoryPolicy RegistryPolicy PullThroughCacheRule RepositoryCreationTemplate",
        "EFS": "AccessPoint MountTarget",
        "Budgets": "Budget",
        "Batch": "JobDefinition JobQueue SchedulingPolicy",
        "RDS": """DBSubnetGroup DBParameterGroup DBClusterParameterGroup OptionGroup EventSubscription
            DBProxyTargetGroup GlobalCluster""",
        "ElastiCache": "SubnetGroup ParameterGroup User UserGroup",
        "SecretsManager": "ResourcePolicy SecretTargetAttachment RotationSchedule",
        "KMS": "Alias",
        "Logs": "LogStream MetricFilter SubscriptionFilter ResourcePolicy QueryDefinition Destination",
        "WAFv2": "WebACLAssociation IPSet RegexPatternSet LoggingConfiguration",
        "Route53": "RecordSet RecordSetGroup",
        "Lambda": """Permission EventSourceMapping LayerVersion LayerVersionPermission EventInvokeConfig Url
            CodeSigningConfig""",
        "S3": "BucketPolicy AccessPoint",
        "SQS": "QueuePolicy QueueInlinePolicy",
        "SNS": "TopicPolicy TopicInlinePolicy",
        "Events": "Rule EventBusPolicy Connection",
        "Scheduler": "ScheduleGroup",
        "StepFunctions": "Activity StateMachineVersion StateMachineAlias",
        "ApiGateway": """Account ApiKey Authorizer BasePathMapping Deployment DomainName GatewayResponse Method Model
            RequestValidator Resource UsagePlan UsagePlanKey VpcLink""",
        "ApiGatewayV2": """ApiMapping Authorizer Deployment DomainName Integration IntegrationResponse Model Route
            RouteResponse Stage VpcLink ApiGatewayManagedOverrides""",
        "CloudFront": """CachePolicy CloudFrontOriginAccessIdentity OriginAccessControl OriginRequestPolicy PublicKey
            ResponseHeadersPolicy KeyGroup ContinuousDeploymentPolicy""",
        "Cognito": """IdentityPool IdentityPoolRoleAttachment UserPoolClient UserPoolDomain UserPoolGroup UserPoolUser
            UserPoolResourceServer UserPoolIdentityProvider UserPoolUserToGroupAttachment ManagedLoginBranding
            UserPoolUICustomizationAttachment""",
        "GlobalAccelerator": "Listener EndpointGroup",
        "ServiceDiscovery": "Service",
        "Kinesis": "ResourcePolicy",
        "Glue": "Database Table Classifier Connection Trigger Workflow SecurityConfiguration Partition",
        "Athena": "NamedQuery DataCatalog PreparedStatement",
        "Config": "DeliveryChannel AggregationAuthorization ConfigurationAggregator",
        "Backup": "BackupPlan BackupSelection",
        "SSM": "Document Association MaintenanceWindow MaintenanceWindowTask MaintenanceWindowTarget PatchBaseline",
        "NetworkFirewall": "FirewallPolicy RuleGroup LoggingConfiguration",
        "DAX": "SubnetGroup ParameterGroup",
        "CodeDeploy": "Application DeploymentConfig DeploymentGroup",
    }.items()
    for name in names.split()
)
