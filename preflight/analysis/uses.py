"""Who of a design needs whom to do its job, read from the references between them.

A security group that admits another is no such reference: it says who may call, not who does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from preflight.analysis.vpc import as_list

if TYPE_CHECKING:
    from preflight.template import Design, Item


class Uses:
    """A design's references, followed from what does work to what it needs."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self._owners = self._read_owners()
        self._by_id = {item.physical_id: item.logical_id for item in design.resources.values() if item.type in IDLESS}
        self._next = self._read_references()

    def needs(self, name: str) -> tuple[str, ...]:
        """What a front or a worker needs to do its job, in the template's order; nothing for what only serves."""
        return self._needs.get(name, ())

    def users(self, name: str) -> tuple[str, ...]:
        """Who needs this."""
        return tuple(user for user, needed in self._needs.items() if name in needed)

    def target_groups(self, balancer: str) -> tuple[str, ...]:
        """The target groups a load balancer's listeners and rules forward to."""
        return tuple(self._reached(balancer, TARGET_GROUPS))

    def targets(self, group: str) -> tuple[str, ...]:
        """Who stands behind a target group."""
        return tuple(self._reached(group, None))

    @cached_property
    def _needs(self) -> dict[str, tuple[str, ...]]:
        return {
            item.logical_id: tuple(self._reached(item.logical_id, None))
            for item in self.design.resources.values()
            if item.type in USERS
        }

    def _reached(self, start: str, wanted: frozenset[str] | None) -> Iterator[str]:
        """What references lead to through carriers: of the wanted types, else whatever is no carrier."""
        seen, left = {start}, [start]
        while left:
            for name in self._next.get(left.pop(0), ()):
                if name in seen:
                    continue
                seen.add(name)
                kind = self.design.resources[name].type
                if kind in wanted if wanted is not None else kind not in CARRIERS:
                    yield name
                elif kind in CARRIERS:
                    left.append(name)

    def _read_owners(self) -> dict[str, str]:
        """Every value, or part of one, that can only mean one resource."""
        owners: dict[str, str] = {}
        items = list(self.design.resources.values())
        # an attachment can go by the id of what it attaches; that id means the thing itself
        items.sort(key=lambda item: item.type.endswith(("Attachment", "Association", "Policy")))
        for item in items:
            values = [item.physical_id, item.arn, *(each for each in item.attributes.values())]
            for value in values:
                if not isinstance(value, str) or len(value) < 6:
                    continue
                owners.setdefault(value, item.logical_id)
                last = value.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
                if len(last) > 8 and not last.isdigit():
                    owners.setdefault(last, item.logical_id)
        return owners

    def _read_references(self) -> dict[str, dict[str, None]]:
        found: dict[str, dict[str, None]] = {name: {} for name in self.design.resources}
        for item in self.design.resources.values():
            if _is_ignored(item.type):
                continue
            upward = BELONGS.get(item.type, ())
            for key, value in item.properties.items():
                if key in NOT_READ or (key == "Cluster" and _is_placed(item)):
                    continue
                named = [self._by_id.get(str(each)) for each in as_list(value)] if key.endswith(NAMES) else []
                for name in (*self._mentioned(value), *filter(None, named)):
                    if name == item.logical_id:
                        continue
                    if key in upward:
                        found[name][item.logical_id] = None
                    else:
                        found[item.logical_id][name] = None
        return found

    def _mentioned(self, value: Any) -> Iterator[str]:
        if isinstance(value, str):
            owner = self._owners.get(value)
            tokens = [] if owner is not None or len(value) < 9 else _TOKEN.findall(value)
            # an attribute nobody can know from here is spelt out: <Endpoint of Px>
            unknown = map(self._by_id.get, _UNKNOWN.findall(value)) if "<" in value else ()
            for name in (owner, *map(self._owners.get, tokens), *unknown):
                if name is not None and not _is_ignored(self.design.resources[name].type):
                    yield name
        elif isinstance(value, Mapping):
            for each in value.values():
                yield from self._mentioned(each)
        elif isinstance(value, list):
            for each in value:
                yield from self._mentioned(each)


def _is_placed(item: Item) -> bool:
    """Whether an ECS service says itself what its tasks run on, whatever its cluster has besides."""
    get = item.properties.get
    return item.type == "AWS::ECS::Service" and (
        get("LaunchType") == "FARGATE" or bool(get("CapacityProviderStrategy"))
    )


def _is_ignored(kind: str) -> bool:
    return kind in PLACES or kind.startswith(NOT_FOLLOWED)


# properties that name a resource by an id of any length
NAMES = ("Identifier", "Identifiers", "ProxyName")
_UNKNOWN = re.compile(r"<[\w.]+ of ([^<>]+)>")
_TOKEN = re.compile(r"[A-Za-z0-9_.\-]{6,}")

# who does work on request, and so stops where what it needs has stopped
USERS = frozenset(
    {
        "AWS::AutoScaling::AutoScalingGroup",
        "AWS::EC2::Instance",
        "AWS::ECS::Service",
        "AWS::Lambda::Function",
        "AWS::Serverless::Function",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::ElasticLoadBalancing::LoadBalancer",
        "AWS::RDS::DBProxy",
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGatewayV2::Api",
        "AWS::CloudFront::Distribution",
        "AWS::Route53::RecordSet",
        "AWS::GlobalAccelerator::EndpointGroup",
        "AWS::EC2::VPCEndpointService",
        "AWS::StepFunctions::StateMachine",
    }
)

TARGET_GROUPS = frozenset({"AWS::ElasticLoadBalancingV2::TargetGroup"})

# what does no work itself but says who does
CARRIERS = TARGET_GROUPS | {
    "AWS::EC2::LaunchTemplate",
    "AWS::AutoScaling::LaunchConfiguration",
    "AWS::ECS::TaskDefinition",
    "AWS::ECS::Cluster",
    "AWS::ECS::CapacityProvider",
    "AWS::ECS::ClusterCapacityProviderAssociations",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::SecretsManager::Secret",
    "AWS::SecretsManager::SecretTargetAttachment",
    "AWS::SSM::Parameter",
    "AWS::RDS::DBProxyTargetGroup",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Version",
    "AWS::EFS::AccessPoint",
    "AWS::EC2::VolumeAttachment",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::VpcLink",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
}

# whose attributes are often known by deployment only
IDLESS = frozenset({"AWS::RDS::DBProxy", "AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::DAX::Cluster"}) | {
    *("AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::CacheCluster", "AWS::MemoryDB::Cluster"),
    *("AWS::OpenSearchService::Domain", "AWS::Redshift::Cluster", "AWS::DocDB::DBCluster", "AWS::MSK::Cluster"),
    *("AWS::Neptune::DBCluster", "AWS::AmazonMQ::Broker", "AWS::ElasticLoadBalancingV2::LoadBalancer"),
}

# the property by which a part names its whole: there the whole needs the part
BELONGS = {
    "AWS::ElasticLoadBalancingV2::Listener": ("LoadBalancerArn",),
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("ListenerArn",),
    "AWS::AutoScaling::AutoScalingGroup": ("TargetGroupARNs", "LoadBalancerNames"),
    "AWS::ECS::Service": ("LoadBalancers",),
    "AWS::ECS::ClusterCapacityProviderAssociations": ("Cluster",),
    "AWS::SecretsManager::SecretTargetAttachment": ("SecretId",),
    "AWS::RDS::DBProxyTargetGroup": ("DBProxyName",),
    "AWS::ApiGateway::Resource": ("RestApiId", "ParentId"),
    "AWS::ApiGateway::Method": ("RestApiId", "ResourceId"),
    "AWS::ApiGatewayV2::Route": ("ApiId",),
    "AWS::ApiGatewayV2::Integration": ("ApiId",),
    "AWS::EC2::VolumeAttachment": ("InstanceId",),
}

# where something stands and who may call it, which is asked elsewhere
NOT_READ = frozenset({"Tags", "VPCZoneIdentifier", "Subnets", "SubnetIds", "SecurityGroups", "SecurityGroupIds"}) | {
    *("VPCSecurityGroups", "VpcSecurityGroupIds", "VpcConfig", "NetworkConfiguration", "RoleArn", "Role"),
    *("NotificationConfigurations", "ServiceRegistries", "DeadLetterConfig", "KmsKeyId", "Code", "Policies"),
}
PLACES = frozenset(
    {
        *("AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::RouteTable", "AWS::EC2::Route", "AWS::EC2::SecurityGroup"),
        *("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress", "AWS::EC2::NetworkAcl"),
        *("AWS::EC2::SubnetRouteTableAssociation", "AWS::RDS::DBSubnetGroup", "AWS::ElastiCache::SubnetGroup"),
        *("AWS::EC2::VPCGatewayAttachment", "AWS::EC2::InternetGateway", "AWS::EC2::NatGateway"),
        *("AWS::EC2::KeyPair", "AWS::EC2::PlacementGroup", "AWS::EC2::EIP", "AWS::EC2::EIPAssociation"),
    }
)
NOT_FOLLOWED = ("AWS::IAM::", "AWS::Logs::", "AWS::CloudWatch::", "AWS::KMS::", "AWS::ApplicationAutoScaling::")
