"""Where a resource's network interfaces are: in which subnets, behind which security groups, with which addresses.

The types named here are read by their own properties; any other whose properties name a subnet is read by that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from preflight.analysis.vpc import (
    INSTANCE,
    INTERFACE,
    SECURITY_GROUP,
    SUBNET,
    VPC_ENDPOINT,
    Layout,
    as_list,
    is_true,
)
from preflight.intrinsics import Unknown

if TYPE_CHECKING:
    from preflight.template import Item


@dataclass(frozen=True)
class Card:
    """One network interface, its subnet and groups as the property says them.

    `public` None says that the subnet decides, or that it may be either; `why` is what brings a public address.
    `bare` says that no security group can be worn; `six` whether it carries an IPv6 address, None where its subnet
    alone decides.
    """

    subnet: Any
    groups: tuple[Any, ...] = ()
    address: Any = None
    public: bool | None = False
    why: str = ""
    bare: bool = False
    six: bool | None = None


def cards(layout: Layout, item: Item) -> list[Card]:
    """The network interfaces of a resource; none where it stands in no subnet."""
    read = READERS.get(item.type)
    found = list(read(layout, item) if read is not None else _by_its_words(layout, item))
    if item.type not in SIXES:
        return found
    name, words = SIXES[item.type]
    told = _at(item.properties, name)
    if isinstance(told, Unknown):
        return found
    return [replace(each, six=str(told).lower() in words) for each in found]


def default_port(layout: Layout, item: Item) -> int | None:
    """The port a resource listens on: its own word, else what its kind listens on, else None."""
    properties = item.properties
    for name in ("Port", "DBPortNumber"):
        told = _int(properties.get(name))
        if told is not None and item.type not in PORTLESS:
            return told
    owner = _same(layout, properties.get("DBClusterIdentifier"), "AWS::RDS::DBCluster")
    if owner is not None:
        return default_port(layout, owner)
    for name in ("Endpoint.Port", "PrimaryEndPoint.Port", "RedisEndpoint.Port", "ConfigurationEndpoint.Port"):
        told = _int(item.attributes.get(name))
        if told is not None:
            return told
    engine = str(properties.get("Engine") or properties.get("EngineFamily") or "").lower()
    if item.type in ENGINE_PORTS:
        return next((port for word, port in ENGINE_PORTS[item.type] if word in engine), None)
    return KIND_PORTS.get(item.type)


# readers


def _instance(layout: Layout, item: Item) -> Iterator[Card]:
    properties = {**_launch_template(layout, item.properties.get("LaunchTemplate")), **item.properties}
    yield from _launched(layout, item, properties, [properties.get("SubnetId")])


def _launched(layout: Layout, item: Item, properties: Mapping[str, Any], subnets: list[Any]) -> Iterator[Card]:
    """What EC2 launches from these properties into each of the subnets."""
    own = properties.get("SecurityGroupIds") or properties.get("SecurityGroups")
    told = [each for each in as_list(properties.get("NetworkInterfaces")) if isinstance(each, Mapping)]
    for subnet in subnets:
        for each in told or [properties]:
            card = {**_declared(layout, each), **each}
            groups = card.get("GroupSet") or card.get("Groups") or (own if not told else card.get("SecurityGroups"))
            where = card.get("SubnetId") or subnet
            asked = card.get("AssociatePublicIpAddress")
            public = has_elastic(layout, item, card.get("NetworkInterfaceId")) or (
                None if asked is None or isinstance(asked, Unknown) else is_true(asked)
            )
            if public is None and asked is None:
                public = _by_subnet(layout, where)
            six = _carries_six(layout, card, where)
            address = card.get("PrivateIpAddress")
            yield Card(where, tuple(as_list(groups)), address, public, "given at launch", six=six)


def _interface(layout: Layout, item: Item) -> Iterator[Card]:
    properties = item.properties
    yield Card(
        properties.get("SubnetId"),
        tuple(as_list(properties.get("GroupSet"))),
        properties.get("PrivateIpAddress"),
        has_elastic(layout, item),
        six=_carries_six(layout, properties, properties.get("SubnetId")),
    )


def _carries_six(layout: Layout, card: Mapping[str, Any], subnet: Any) -> bool | None:
    """Whether an interface of EC2's has an IPv6 address: its own word, else what its subnet gives at launch.

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-public-ip.html, checked_on 2026-11-23
    """
    asked = [card.get(name) for name in ("Ipv6AddressCount", "Ipv6Addresses", "Ipv6PrefixCount", "Ipv6Prefixes")]
    told = [each for each in asked if each is not None]
    if told:
        return any(str(each) not in ("0", "[]") for each in told)
    home = layout.subnets.get(layout.ref(subnet))
    given = ("AssignIpv6AddressOnCreation", "Ipv6Native")
    return None if home is None else any(is_true(home.item.properties.get(name)) for name in given)


def _auto_scaling(layout: Layout, item: Item) -> Iterator[Card]:
    properties = item.properties
    mixed = _map(_map(properties.get("MixedInstancesPolicy")).get("LaunchTemplate")).get("LaunchTemplateSpecification")
    launched = _launch_template(layout, properties.get("LaunchTemplate") or mixed)
    configuration = _same(layout, properties.get("LaunchConfigurationName"), "AWS::AutoScaling::LaunchConfiguration")
    named = properties.get("LaunchConfigurationName")
    if configuration is not None:
        launched = dict(configuration.properties)
    elif named:
        launched = {"SecurityGroupIds": [f"the groups of {named}"]}
    yield from _launched(layout, item, launched, as_list(properties.get("VPCZoneIdentifier")))


def _balancer(layout: Layout, item: Item) -> Iterator[Card]:
    properties = item.properties
    mapped = [_map(each) for each in as_list(properties.get("SubnetMappings"))]
    kind = str(properties.get("Type") or "application").lower()
    groups = tuple(as_list(properties.get("SecurityGroups")))
    scheme = properties.get("Scheme")
    faces = None if isinstance(scheme, Unknown) else str(scheme or "internet-facing").lower() != "internal"
    why = "the load balancer is internet-facing" if faces is not None else f"unless {scheme} is internal"
    for subnet in as_list(properties.get("Subnets")) + [each.get("SubnetId") for each in mapped]:
        # a network load balancer may wear no group at all, and then none is asked
        bare = kind != "application" and not groups
        yield Card(subnet, groups, None, faces, why, bare)


def _database(layout: Layout, item: Item) -> Iterator[Card]:
    properties = item.properties
    cluster = _same(layout, properties.get("DBClusterIdentifier"), "AWS::RDS::DBCluster")
    whole = {**_inherited(layout, item), **(cluster.properties if cluster else {}), **properties}
    groups = tuple(as_list(whole.get("VPCSecurityGroups") or whole.get("VpcSecurityGroupIds")))
    open_ = whole.get("PubliclyAccessible")
    # without a word RDS makes it public where the VPC has an internet gateway; older pages say private
    # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html, checked_on 2026-11-22
    is_aurora = "aurora" in str(whole.get("Engine", "")).lower()
    public = is_true(open_) if open_ is not None and not isinstance(open_, Unknown) else (False if is_aurora else None)
    why = "PubliclyAccessible is true" if public else "unless PubliclyAccessible is false"
    for subnet in _grouped(layout, whole.get("DBSubnetGroupName")):
        yield Card(subnet, groups, None, public, why)


def _inherited(layout: Layout, item: Item) -> dict[str, Any]:
    """What a read replica has from its source in the same Region, where it says nothing else.

    https://docs.aws.amazon.com/cli/latest/reference/rds/create-db-instance-read-replica.html, checked_on 2026-11-23
    """
    source = _same(layout, item.properties.get("SourceDBInstanceIdentifier"), "AWS::RDS::DBInstance")
    if source is None or source is item:
        return {}
    names = ("DBSubnetGroupName", "VPCSecurityGroups", "Engine", "Port")
    return {name: source.properties[name] for name in names if source.properties.get(name)}


def _subnet_group(group: str, groups: str, opens: str = "") -> Callable[[Layout, Item], Iterator[Card]]:
    def read(layout: Layout, item: Item) -> Iterator[Card]:
        worn = tuple(as_list(item.properties.get(groups)))
        public = is_true(item.properties.get(opens)) if opens else False
        for subnet in _grouped(layout, item.properties.get(group)):
            yield Card(subnet, worn, None, public, f"{opens} is true" if public else "")

    return read


def _lists(subnets: str, groups: str, opens: str = "", bare: bool = False) -> Callable[[Layout, Item], Iterator[Card]]:
    """A type that lists its subnets and its groups, each at a dotted path."""

    def read(layout: Layout, item: Item) -> Iterator[Card]:
        worn = tuple(as_list(_at(item.properties, groups)))
        told = _at(item.properties, opens) if opens else None
        public = str(told).lower() in ("true", "enabled")
        for subnet in as_list(_at(item.properties, subnets)):
            yield Card(subnet, worn, None, public, f"{opens.rpartition('.')[2]} is {told}" if public else "", bare)

    return read


def _file_system(layout: Layout, item: Item) -> Iterator[Card]:
    for target in layout.design.of_type("AWS::EFS::MountTarget"):
        if layout.ref(target.properties.get("FileSystemId")) in (item.logical_id, item.physical_id):
            yield from cards(layout, target)


def _service(layout: Layout, item: Item) -> Iterator[Card]:
    config = _at(item.properties, "NetworkConfiguration.AwsvpcConfiguration")
    if isinstance(config, Mapping):
        asked = config.get("AssignPublicIp")
        public = None if isinstance(asked, Unknown) else str(asked).upper() == "ENABLED"
        for subnet in as_list(config.get("Subnets")):
            groups = tuple(as_list(config.get("SecurityGroups")))
            yield Card(subnet, groups, None, public, "AssignPublicIp is ENABLED" if public else "")
        return
    # tasks without interfaces of their own use those of the instances they run on
    cluster = _same(layout, item.properties.get("Cluster"), "AWS::ECS::Cluster")
    for group in layout.design.of_type("AWS::AutoScaling::AutoScalingGroup"):
        if cluster is not None and group.logical_id in _capacity(layout, cluster):
            yield from cards(layout, group)


def _capacity(layout: Layout, cluster: Item) -> set[str]:
    """The Auto Scaling groups a cluster's capacity providers stand for; all of them where it names none."""
    named = {layout.ref(each) for each in as_list(cluster.properties.get("CapacityProviders"))}
    for each in layout.design.of_type("AWS::ECS::ClusterCapacityProviderAssociations"):
        if layout.ref(each.properties.get("Cluster")) in (cluster.logical_id, cluster.physical_id):
            named |= {layout.ref(one) for one in as_list(each.properties.get("CapacityProviders"))}
    groups = set()
    for each in layout.design.of_type("AWS::ECS::CapacityProvider"):
        if {each.logical_id, each.physical_id} & named:
            told = _at(each.properties, "AutoScalingGroupProvider.AutoScalingGroupArn")
            group = _same(layout, told, "AWS::AutoScaling::AutoScalingGroup")
            groups |= {group.logical_id} if group else set()
    return groups or {each.logical_id for each in layout.design.of_type("AWS::AutoScaling::AutoScalingGroup")}


def _nat(layout: Layout, item: Item) -> Iterator[Card]:
    public = item.properties.get("ConnectivityType") != "private"
    yield Card(item.properties.get("SubnetId"), (), None, public, "its Elastic IP", bare=True)


def _endpoint(layout: Layout, item: Item) -> Iterator[Card]:
    bare = item.properties.get("VpcEndpointType") == "GatewayLoadBalancer"
    for subnet in as_list(item.properties.get("SubnetIds")):
        yield Card(subnet, tuple(as_list(item.properties.get("SecurityGroupIds"))), None, False, "", bare)


def _by_its_words(layout: Layout, item: Item) -> Iterator[Card]:
    """A type nobody taught us, by the subnets and groups its properties name anywhere."""
    subnets: dict[str, None] = {}
    groups: dict[str, None] = {}
    for value in _leaves(item.properties):
        found = layout.named.get(value)
        if isinstance(found, str) or found is None:
            continue
        if found.type == SUBNET:
            subnets[value] = None
        elif found.type == SECURITY_GROUP:
            groups[value] = None
    for subnet in subnets if item.type not in NOWHERE else ():
        yield Card(subnet, tuple(groups), None, None)


# shared


def has_elastic(layout: Layout, item: Item, interface: Any = None) -> bool:
    """Whether an Elastic IP is tied to an instance or an interface."""
    mine = {item.logical_id, *([layout.ref(interface)] if interface else [])}
    return any(
        layout.ref(elastic.properties[key]) in mine
        for elastic in layout.design.of_type("AWS::EC2::EIP", "AWS::EC2::EIPAssociation")
        for key in ("InstanceId", "NetworkInterfaceId")
        if elastic.properties.get(key)
    )


def _by_subnet(layout: Layout, subnet: Any) -> bool | None:
    home = layout.subnets.get(layout.ref(subnet))
    return home.public_on_launch if home is not None else None


def _declared(layout: Layout, card: Mapping[str, Any]) -> Mapping[str, Any]:
    item = layout.named.get(str(card.get("NetworkInterfaceId")))
    return item.properties if item is not None and not isinstance(item, str) else {}


def _launch_template(layout: Layout, told: Any) -> dict[str, Any]:
    name = _map(told).get("LaunchTemplateId") or _map(told).get("LaunchTemplateName")
    found = _same(layout, name, "AWS::EC2::LaunchTemplate") or next(
        (
            each
            for each in layout.design.of_type("AWS::EC2::LaunchTemplate")
            if name and each.properties.get("LaunchTemplateName") == name
        ),
        None,
    )
    if found is None:
        # what a template made elsewhere says is not known, its groups least of all
        return {"SecurityGroupIds": [f"the groups of {name}"]} if name else {}
    return dict(_map(found.properties.get("LaunchTemplateData")))


def _grouped(layout: Layout, name: Any) -> list[Any]:
    """The subnets of a subnet group; the group itself, as a place nobody knows, where it is not declared."""
    if name is None:
        return []
    for item in layout.design.resources.values():
        if item.type.endswith("SubnetGroup") and _is(item, name, layout):
            return as_list(item.properties.get("SubnetIds"))
    return [name]


def _same(layout: Layout, value: Any, kind: str) -> Item | None:
    """The resource of a type that a property names, by its id, name or ARN."""
    return next((each for each in layout.design.of_type(kind) if value and _is(each, value, layout)), None)


def _is(item: Item, value: Any, layout: Layout) -> bool:
    return isinstance(value, str) and value.lower() in {
        str(each).lower() for each in (item.logical_id, item.physical_id, item.arn) if each
    }


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif isinstance(value, str):
        yield value


def _at(properties: Any, path: str) -> Any:
    for step in path.split("."):
        properties = _map(properties).get(step)
    return properties


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _int(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


LAMBDA = "AWS::Lambda::Function"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
CLASSIC = "AWS::ElasticLoadBalancing::LoadBalancer"
NAT = "AWS::EC2::NatGateway"
SERVICE = "AWS::ECS::Service"
AUTO_SCALING = "AWS::AutoScaling::AutoScalingGroup"

READERS: Mapping[str, Callable[[Layout, Item], Iterator[Card]]] = {
    INSTANCE: _instance,
    INTERFACE: _interface,
    VPC_ENDPOINT: _endpoint,
    NAT: _nat,
    BALANCER: _balancer,
    CLASSIC: _balancer,
    AUTO_SCALING: _auto_scaling,
    SERVICE: _service,
    LAMBDA: _lists("VpcConfig.SubnetIds", "VpcConfig.SecurityGroupIds"),
    "AWS::RDS::DBInstance": _database,
    "AWS::RDS::DBCluster": _database,
    "AWS::Neptune::DBCluster": _database,
    "AWS::DocDB::DBCluster": _subnet_group("DBSubnetGroupName", "VpcSecurityGroupIds"),
    "AWS::RDS::DBProxy": _lists("VpcSubnetIds", "VpcSecurityGroupIds"),
    "AWS::ElastiCache::CacheCluster": _subnet_group("CacheSubnetGroupName", "VpcSecurityGroupIds"),
    "AWS::ElastiCache::ReplicationGroup": _subnet_group("CacheSubnetGroupName", "SecurityGroupIds"),
    "AWS::ElastiCache::ServerlessCache": _lists("SubnetIds", "SecurityGroupIds"),
    "AWS::MemoryDB::Cluster": _subnet_group("SubnetGroupName", "SecurityGroupIds"),
    "AWS::DAX::Cluster": _subnet_group("SubnetGroupName", "SecurityGroupIds"),
    "AWS::Redshift::Cluster": _subnet_group("ClusterSubnetGroupName", "VpcSecurityGroupIds", "PubliclyAccessible"),
    "AWS::RedshiftServerless::Workgroup": _lists("SubnetIds", "SecurityGroupIds", "PubliclyAccessible"),
    "AWS::EFS::FileSystem": _file_system,
    "AWS::EFS::MountTarget": _lists("SubnetId", "SecurityGroups"),
    "AWS::FSx::FileSystem": _lists("SubnetIds", "SecurityGroupIds"),
    "AWS::OpenSearchService::Domain": _lists("VPCOptions.SubnetIds", "VPCOptions.SecurityGroupIds"),
    "AWS::Elasticsearch::Domain": _lists("VPCOptions.SubnetIds", "VPCOptions.SecurityGroupIds"),
    "AWS::MSK::Cluster": _lists("BrokerNodeGroupInfo.ClientSubnets", "BrokerNodeGroupInfo.SecurityGroups"),
    "AWS::AmazonMQ::Broker": _lists("SubnetIds", "SecurityGroups", "PubliclyAccessible"),
    "AWS::DMS::ReplicationInstance": _subnet_group(
        "ReplicationSubnetGroupIdentifier", "VpcSecurityGroupIds", "PubliclyAccessible"
    ),
    "AWS::CodeBuild::Project": _lists("VpcConfig.Subnets", "VpcConfig.SecurityGroupIds"),
    "AWS::Batch::ComputeEnvironment": _lists("ComputeResources.Subnets", "ComputeResources.SecurityGroupIds"),
}

# the property that gives a type an IPv6 address beside the other one, and the words that do
SIXES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    BALANCER: ("IpAddressType", ("dualstack", "dualstack-without-public-ipv4")),
    CLASSIC: ("IpAddressType", ()),
    NAT: ("IpAddressType", ()),
    LAMBDA: ("VpcConfig.Ipv6AllowedForDualStack", ("true",)),
    VPC_ENDPOINT: ("IpAddressType", ("dualstack", "ipv6")),
    "AWS::RDS::DBInstance": ("NetworkType", ("dual",)),
    "AWS::RDS::DBCluster": ("NetworkType", ("dual",)),
    "AWS::RDS::DBProxy": ("TargetConnectionNetworkType", ("ipv6", "dual")),
    "AWS::ElastiCache::CacheCluster": ("NetworkType", ("dual_stack", "ipv6")),
    "AWS::ElastiCache::ReplicationGroup": ("NetworkType", ("dual_stack", "ipv6")),
    "AWS::EFS::MountTarget": ("IpAddressType", ("dual_stack", "ipv6_only")),
}

# these name subnets and have no interface there that anything talks to
NOWHERE = frozenset(
    {
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::SubnetNetworkAclAssociation",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::NetworkAcl",
        "AWS::EC2::FlowLog",
        "AWS::EC2::TransitGatewayAttachment",
        "AWS::EC2::TransitGatewayVpcAttachment",
        "AWS::EC2::VPCBlockPublicAccessExclusion",
        "AWS::EC2::LaunchTemplate",
        "AWS::RDS::DBSubnetGroup",
        "AWS::ElastiCache::SubnetGroup",
        "AWS::Redshift::ClusterSubnetGroup",
        "AWS::DocDB::DBSubnetGroup",
        "AWS::Neptune::DBSubnetGroup",
        "AWS::DAX::SubnetGroup",
        "AWS::MemoryDB::SubnetGroup",
        "AWS::DMS::ReplicationSubnetGroup",
        "AWS::SSM::Parameter",
        "AWS::RAM::ResourceShare",
        "AWS::IAM::Policy",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
    }
)
PORTLESS = frozenset({"AWS::ElasticLoadBalancingV2::TargetGroup"})
# AWS's default ports, each from the CreateX call's own page or the service's guide, checked_on 2026-11-22
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html (Port)
_SQL = (
    ("postgres", 5432),
    ("mysql", 3306),
    ("mariadb", 3306),
    ("aurora", 3306),
    ("oracle", 1521),
    ("sqlserver", 1433),
    ("db2", 50000),
)
_CACHES = (("memcached", 11211), ("redis", 6379), ("valkey", 6379), ("", 6379))
ENGINE_PORTS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "AWS::RDS::DBInstance": _SQL,
    "AWS::RDS::DBCluster": _SQL,
    "AWS::RDS::DBProxy": _SQL,
    "AWS::ElastiCache::CacheCluster": _CACHES,
    "AWS::ElastiCache::ReplicationGroup": _CACHES,
    "AWS::ElastiCache::ServerlessCache": _CACHES,
}
KIND_PORTS: Mapping[str, int] = {
    "AWS::EFS::FileSystem": 2049,
    "AWS::EFS::MountTarget": 2049,
    "AWS::Redshift::Cluster": 5439,
    "AWS::RedshiftServerless::Workgroup": 5439,
    "AWS::OpenSearchService::Domain": 443,
    "AWS::Elasticsearch::Domain": 443,
    "AWS::DocDB::DBCluster": 27017,
    "AWS::Neptune::DBCluster": 8182,
    "AWS::MemoryDB::Cluster": 6379,
    VPC_ENDPOINT: 443,
}
