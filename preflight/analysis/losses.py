"""Which rule says what each kind of resource does when a zone, a subnet or a machine under it is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from preflight.analysis import lost_machines as machines
from preflight.analysis import lost_stores as stores
from preflight.analysis.lost import GO_OUT, NAT, Effect, World, effect_on

if TYPE_CHECKING:
    from preflight.template import Item


def generic(item: Item, world: World) -> Effect:
    """A resource that is gone as a whole."""
    spread = item.type in REGIONAL or item.logical_id in world.regional
    said = "it is gone, and nothing here takes its place"
    if spread and item.type not in ZONAL:
        said += "; no zone takes it along, but a deletion or a mistake does"
    return effect_on(item, "stops", said, "there is one of it", alone=True)


Rule = Callable[["Item", World], "Effect | None"]

RULES: Mapping[str, Rule] = {
    "AWS::AutoScaling::AutoScalingGroup": machines.auto_scaling_group,
    "AWS::ECS::Service": machines.ecs_service,
    "AWS::EKS::Nodegroup": machines.node_group,
    "AWS::ElastiCache::CacheCluster": stores.memcached,
    "AWS::ElastiCache::ReplicationGroup": stores.replication_group,
    "AWS::MemoryDB::Cluster": stores.memory_cluster,
    "AWS::DAX::Cluster": stores.accelerator_cache,
    "AWS::MSK::Cluster": stores.brokers,
    "AWS::OpenSearchService::Domain": stores.search_domain,
    "AWS::Elasticsearch::Domain": stores.search_domain,
    "AWS::RDS::DBInstance": stores.database_instance,
    "AWS::RDS::DBCluster": stores.database_cluster,
    "AWS::DocDB::DBCluster": stores.database_cluster,
    "AWS::Neptune::DBCluster": stores.database_cluster,
    "AWS::RDS::DBProxy": stores.proxy,
    "AWS::Redshift::Cluster": stores.warehouse,
    NAT: machines.nat_gateway,
    "AWS::EC2::Instance": machines.instance,
    "AWS::EC2::Volume": stores.volume,
    "AWS::EFS::FileSystem": stores.file_system,
    "AWS::EFS::MountTarget": stores.mount_target,
    "AWS::FSx::FileSystem": stores.windows_files,
    "AWS::AmazonMQ::Broker": stores.broker,
    "AWS::DMS::ReplicationInstance": stores.replication_instance,
    "AWS::Lambda::Function": machines.function,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": machines.load_balancer,
    "AWS::ElasticLoadBalancing::LoadBalancer": machines.load_balancer,
    "AWS::EC2::VPCEndpoint": machines.endpoint,
    "AWS::EC2::TransitGatewayAttachment": machines.attachment,
    "AWS::EC2::TransitGatewayVpcAttachment": machines.attachment,
    "AWS::Batch::ComputeEnvironment": machines.compute_environment,
    "AWS::S3::Bucket": stores.bucket,
    "AWS::S3Express::DirectoryBucket": stores.directory_bucket,
}

BALANCERS = frozenset({"AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancing::LoadBalancer"})

# of what is several machines, or one that can fail alone, which one is meant when it is lost by name
MACHINES = {
    "AWS::AutoScaling::AutoScalingGroup": "one instance of",
    "AWS::EKS::Nodegroup": "one node of",
    "AWS::ECS::Service": "one task of",
    "AWS::RDS::DBInstance": "the primary instance of",
    "AWS::RDS::DBCluster": "the writer of",
    "AWS::DocDB::DBCluster": "the writer of",
    "AWS::Neptune::DBCluster": "the writer of",
    "AWS::ElastiCache::ReplicationGroup": "the primary of",
    "AWS::ElastiCache::CacheCluster": "one node of",
    "AWS::MemoryDB::Cluster": "the primary of",
    "AWS::DAX::Cluster": "one node of",
    "AWS::MSK::Cluster": "one broker of",
}

# who does the work of a design, where stores keep its data
WORK = (GO_OUT | BALANCERS) - {"AWS::Batch::ComputeEnvironment"} | {
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGatewayV2::Api",
}

# parts of something else, which answers for them
PARTS = frozenset({"AWS::EFS::MountTarget", "AWS::DocDB::DBInstance", "AWS::Neptune::DBInstance"})

# kinds that stand in no zone, though some of theirs have a rule
ZONELESS = frozenset({"AWS::S3::Bucket"})

ZONAL = frozenset({"AWS::EC2::Subnet", "AWS::S3Express::DirectoryBucket"})

# services that AWS spreads over a Region's zones by itself
# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/aws-service-types.html, checked_on
# 2026-11-22
REGIONAL = frozenset(
    {
        *("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::S3::Bucket", "AWS::SQS::Queue"),
        *("AWS::SNS::Topic", "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api", "AWS::Events::EventBus"),
        *("AWS::Kinesis::Stream", "AWS::StepFunctions::StateMachine", "AWS::ElastiCache::ServerlessCache"),
        *("AWS::Cognito::UserPool", "AWS::ECR::Repository"),
    }
)
