"""Database Migration Service: instances, endpoints and tasks; no row moves here."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Name, Setting, Table, call


class ReplicationSubnetGroup(Table):
    """Which subnets an instance may stand in."""

    type = "AWS::DMS::ReplicationSubnetGroup"
    service = "dms"
    named = Name("ReplicationSubnetGroupIdentifier", limit=255, lower=True)
    makes = call(
        "create_replication_subnet_group",
        "ReplicationSubnetGroupDescription SubnetIds",
        ReplicationSubnetGroupIdentifier="{name}",
    )
    drops = "SubnetIds Tags"
    ref = "{name}"
    unmakes = call("delete_replication_subnet_group", ReplicationSubnetGroupIdentifier="{ref}")
    reads = (call("describe_replication_subnet_groups"),)


_INSTANCE = (
    "AllocatedStorage AutoMinorVersionUpgrade EngineVersion MultiAZ NetworkType PreferredMaintenanceWindow "
    "ReplicationInstanceClass VpcSecurityGroupIds"
)


class ReplicationInstance(Table):
    """A machine that moves data."""

    type = "AWS::DMS::ReplicationInstance"
    service = "dms"
    named = Name("ReplicationInstanceIdentifier", limit=63, lower=True)
    makes = call(
        "create_replication_instance",
        f"AvailabilityZone DnsNameServers KmsKeyId PubliclyAccessible ReplicationSubnetGroupIdentifier "
        f"ResourceIdentifier Tags {_INSTANCE}",
        ReplicationInstanceIdentifier="{name}",
    )
    then = (Setting(call("modify_replication_instance", _INSTANCE, ReplicationInstanceArn="{ref}"), at_create=False),)
    untold = "AllowMajorVersionUpgrade"
    ref = "ReplicationInstance.ReplicationInstanceArn"
    attributes = (
        "Id={ref} ReplicationInstancePrivateIpAddresses=ReplicationInstance.ReplicationInstancePrivateIpAddresses "
        "ReplicationInstancePublicIpAddresses=ReplicationInstance.ReplicationInstancePublicIpAddresses"
    )
    unmakes = call("delete_replication_instance", ReplicationInstanceArn="{ref}")
    reads = (call("describe_replication_instances"), call("list_tags_for_resource", ResourceArn="{ref}"))


class Endpoint(Table):
    """A database or another store, as source or target."""

    type = "AWS::DMS::Endpoint"
    service = "dms"
    named = Name("EndpointIdentifier", limit=255, lower=True)
    makes = call(
        "create_endpoint",
        "CertificateArn DatabaseName DocDbSettings DynamoDbSettings ElasticsearchSettings EndpointType EngineName "
        "ExtraConnectionAttributes KafkaSettings KinesisSettings KmsKeyId MicrosoftSQLServerSettings="
        "MicrosoftSqlServerSettings MongoDbSettings MySQLSettings=MySqlSettings NeptuneSettings OracleSettings "
        "Password Port PostgreSQLSettings=PostgreSqlSettings RedisSettings RedshiftSettings ResourceIdentifier "
        "S3Settings ServerName SslMode SybaseSettings Tags Username",
        EndpointIdentifier="{name}",
    )
    drops = "GcpMySQLSettings IbmDb2Settings"
    untold = "Password"
    ref = "Endpoint.EndpointArn"
    attributes = "EndpointArn={ref} ExternalId=Endpoint.ExternalId"
    unmakes = call("delete_endpoint", EndpointArn="{ref}")
    reads = (call("describe_endpoints"), call("list_tags_for_resource", ResourceArn="{ref}"))


class ReplicationTask(Table):
    """What is moved from where to where."""

    type = "AWS::DMS::ReplicationTask"
    service = "dms"
    named = Name("ReplicationTaskIdentifier", limit=255, lower=True)
    makes = call(
        "create_replication_task",
        "CdcStartPosition CdcStartTime CdcStopPosition MigrationType ReplicationInstanceArn ReplicationTaskSettings "
        "ResourceIdentifier SourceEndpointArn TableMappings Tags TargetEndpointArn TaskData",
        ReplicationTaskIdentifier="{name}",
    )
    ref = "ReplicationTask.ReplicationTaskArn"
    attributes = "ReplicationTaskArn={ref}"
    unmakes = call("delete_replication_task", ReplicationTaskArn="{ref}")
    reads = (call("describe_replication_tasks"), call("list_tags_for_resource", ResourceArn="{ref}"))
