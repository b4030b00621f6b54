"""Redshift: clusters, their networks and their parameters; no SQL answers here."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Name, Setting, Table, Tags, call


def _tags(kind: str) -> Tags:
    arn = f"arn:{{partition}}:redshift:{{region}}:{{account}}:{kind}:{{ref}}"
    return Tags(call("create_tags", ResourceName=arn), remove=call("delete_tags", ResourceName=arn))


_CLUSTER = (
    "AllowVersionUpgrade AutomatedSnapshotRetentionPeriod ClusterParameterGroupName ClusterSecurityGroups ClusterType "
    "ClusterVersion Encrypted EnhancedVpcRouting KmsKeyId NodeType NumberOfNodes Port PreferredMaintenanceWindow "
    "PubliclyAccessible VpcSecurityGroupIds"
)


class Cluster(Table):
    """A cluster of nodes."""

    type = "AWS::Redshift::Cluster"
    service = "redshift"
    named = Name("ClusterIdentifier", limit=63, lower=True)
    makes = call(
        "create_cluster",
        f"AvailabilityZone ClusterSubnetGroupName DBName IamRoles MasterUserPassword MasterUsername {_CLUSTER}",
        ClusterIdentifier="{name}",
    )
    then = (
        Setting(call("modify_cluster", f"MasterUserPassword {_CLUSTER}", ClusterIdentifier="{ref}"), at_create=False),
        Setting(
            call(
                "enable_logging",
                "BucketName=LoggingProperties.BucketName S3KeyPrefix=LoggingProperties.S3KeyPrefix",
                ClusterIdentifier="{ref}",
            ),
            remove=call("disable_logging", ClusterIdentifier="{ref}"),
        ),
    )
    untold = "MasterUserPassword ClusterType"
    tags = _tags("cluster")
    ref = "{name}"
    attributes = (
        "Endpoint.Address=Clusters[0].Endpoint.Address Endpoint.Port=Clusters[0].Endpoint.Port "
        "ClusterNamespaceArn=Clusters[0].ClusterNamespaceArn"
    )
    describes = call("describe_clusters", ClusterIdentifier="{ref}")
    unmakes = call("delete_cluster", ClusterIdentifier="{ref}", SkipFinalClusterSnapshot=True)
    reads = (describes, call("describe_logging_status", ClusterIdentifier="{ref}"))


class ClusterSubnetGroup(Table):
    """Which subnets a cluster may stand in."""

    type = "AWS::Redshift::ClusterSubnetGroup"
    service = "redshift"
    named = Name("", limit=255, lower=True)
    makes = call("create_cluster_subnet_group", "Description SubnetIds", ClusterSubnetGroupName="{name}")
    tags = _tags("subnetgroup")
    ref = "{name}"
    attributes = "ClusterSubnetGroupName={ref}"
    unmakes = call("delete_cluster_subnet_group", ClusterSubnetGroupName="{ref}")
    reads = (call("describe_cluster_subnet_groups", ClusterSubnetGroupName="{ref}"),)


class ClusterParameterGroup(Table):
    """A cluster's parameters; the service below knows the group, and no value."""

    type = "AWS::Redshift::ClusterParameterGroup"
    service = "redshift"
    named = Name("ParameterGroupName", limit=255, lower=True)
    makes = call("create_cluster_parameter_group", "Description ParameterGroupFamily", ParameterGroupName="{name}")
    drops = "Parameters"
    tags = _tags("parametergroup")
    ref = "{name}"
    unmakes = call("delete_cluster_parameter_group", ParameterGroupName="{ref}")
    reads = (call("describe_cluster_parameter_groups", ParameterGroupName="{ref}"),)
