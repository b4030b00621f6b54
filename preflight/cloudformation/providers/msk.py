"""MSK: Kafka clusters; no Kafka answers here."""

from __future__ import annotations

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Name, Table, Tags, call

_TAGS = Tags(call("tag_resource", ResourceArn="{ref}"), remove=call("untag_resource", ResourceArn="{ref}"))


class _Cluster(Table):
    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The emulated service minds a second time."""
        told = context.client("kafka").list_clusters_v2()["ClusterInfoList"]
        if any(each["ClusterArn"] == made.physical_id for each in told):
            super().delete(made, declared, context)


class Cluster(_Cluster):
    """A cluster of brokers."""

    type = "AWS::MSK::Cluster"
    service = "kafka"
    named = Name("ClusterName", limit=64)
    makes = call(
        "create_cluster",
        "BrokerNodeGroupInfo ClientAuthentication ConfigurationInfo EncryptionInfo EnhancedMonitoring KafkaVersion "
        "LoggingInfo NumberOfBrokerNodes OpenMonitoring StorageMode",
        ClusterName="{name}",
    )
    drops = "Rebalancing ZookeeperAccess"
    tags = _TAGS
    ref = "ClusterArn"
    attributes = "Arn={ref} CurrentVersion=ClusterInfo.CurrentVersion"
    describes = call("describe_cluster", ClusterArn="{ref}")
    unmakes = call("delete_cluster", ClusterArn="{ref}")
    reads = (describes, call("list_tags_for_resource", ResourceArn="{ref}"))


class ServerlessCluster(_Cluster):
    """A cluster without brokers to look after."""

    type = "AWS::MSK::ServerlessCluster"
    service = "kafka"
    named = Name("ClusterName", limit=64)
    makes = call(
        "create_cluster_v2",
        "Serverless.ClientAuthentication=ClientAuthentication Serverless.VpcConfigs=VpcConfigs",
        names="SecurityGroupIds=SecurityGroups",
        ClusterName="{name}",
    )
    tags = _TAGS
    ref = "ClusterArn"
    attributes = "Arn={ref}"
    unmakes = call("delete_cluster", ClusterArn="{ref}")
    reads = (call("describe_cluster_v2", ClusterArn="{ref}"), call("list_tags_for_resource", ResourceArn="{ref}"))
