"""RDS: database instances and clusters, proxies in front of them, and the groups they are made with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import (
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

_LISTED = call("list_tags_for_resource", ResourceName="{made.Arn}")


class _Rds(Table):
    """What carries tags by its ARN, which `arn` says."""

    service = "rds"
    tags = Tags(
        call("add_tags_to_resource", ResourceName="{made.Arn}"),
        remove=call("remove_tags_from_resource", ResourceName="{made.Arn}"),
    )
    arn: ClassVar[str] = "arn:{partition}:rds:{region}:{account}:%s:{ref}"
    arn_word: ClassVar[str] = ""

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        found = super()._attributes(scope, answer)
        return {"Arn": scope.fill(self.arn % self.arn_word), **found} if self.arn_word else found


def _snapshot_name(context: Context) -> str:
    """A final snapshot's name as CloudFormation makes it."""
    words = context.name(limit=200, lower=True).split("-")
    stack, logical, suffix = context.stack_name.lower(), context.logical_id.lower(), words[-1]
    return f"{stack[:80]}-snapshot-{logical[:80]}-{suffix}"


_BOTH = (
    "AutoMinorVersionUpgrade BackupRetentionPeriod CopyTagsToSnapshot DeletionProtection Domain DomainIAMRoleName "
    "DatabaseInsightsMode EnableIAMDatabaseAuthentication EngineVersion Iops MonitoringInterval MonitoringRoleArn "
    "NetworkType PerformanceInsightsRetentionPeriod PreferredBackupWindow PreferredMaintenanceWindow StorageType "
    "StorageThroughput ManageMasterUserPassword MasterUserPassword MasterUserSecretKmsKeyId=MasterUserSecret.KmsKeyId "
    "AllocatedStorage MasterUserAuthenticationType "
)
_INSTANCE = (
    _BOTH + "CACertificateIdentifier DBInstanceClass DBParameterGroupName DedicatedLogVolume DomainAuthSecretArn "
    "DomainDnsIps DomainFqdn DomainOu EnablePerformanceInsights LicenseModel MaxAllocatedStorage MultiAZ "
    "OptionGroupName PerformanceInsightsKMSKeyId ProcessorFeatures PromotionTier PubliclyAccessible ReplicaMode "
    "TdeCredentialArn TdeCredentialPassword VpcSecurityGroupIds=VPCSecurityGroups "
)
_MADE_WITH = (
    _INSTANCE + "AvailabilityZone BackupTarget CharacterSetName CustomIamInstanceProfile=CustomIAMInstanceProfile "
    "DBClusterIdentifier DBName DBSubnetGroupName DBSystemId EnableCloudwatchLogsExports Engine EngineLifecycleSupport "
    "KmsKeyId MasterUsername NcharCharacterSetName Port StorageEncrypted Timezone "
)
_CREATE = call("create_db_instance", _MADE_WITH, DBInstanceIdentifier="{name}")
_REPLICATE = call(
    "create_db_instance_read_replica",
    _MADE_WITH + "SourceDBInstanceIdentifier SourceRegion",
    DBInstanceIdentifier="{name}",
)
_RESTORE = call(
    "restore_db_instance_from_db_snapshot",
    _MADE_WITH + "DBSnapshotIdentifier DBClusterSnapshotIdentifier",
    DBInstanceIdentifier="{name}",
)
_REWIND = call(
    "restore_db_instance_to_point_in_time",
    _MADE_WITH + "SourceDBInstanceIdentifier SourceDbiResourceId RestoreTime UseLatestRestorableTime "
    "SourceDBInstanceAutomatedBackupsArn",
    TargetDBInstanceIdentifier="{name}",
)
_MODIFY = call(
    "modify_db_instance",
    _INSTANCE + "DBPortNumber=Port AllowMajorVersionUpgrade CertificateRotationRestart UseDefaultProcessorFeatures",
    DBInstanceIdentifier="{ref}",
    ApplyImmediately=True,
)
# what a cluster decides for its members
_OF_CLUSTERS = {
    *("AllocatedStorage", "BackupRetentionPeriod", "EngineVersion", "KmsKeyId", "MasterUserPassword", "MasterUsername"),
    *("MaxAllocatedStorage", "OptionGroupName", "PreferredBackupWindow", "StorageEncrypted", "StorageType"),
    *("VpcSecurityGroupIds", "DeletionProtection", "ManageMasterUserPassword", "MultiAZ", "DBName", "Port"),
    *("DBPortNumber", "EnableIAMDatabaseAuthentication", "Iops", "StorageThroughput"),
}


class DBInstance(_Rds):
    """A database server: new, a replica, from a snapshot, or a member of a cluster."""

    type = "AWS::RDS::DBInstance"
    named = Name("DBInstanceIdentifier", limit=63, lower=True)
    makes = _CREATE
    then = (
        Setting(
            _MODIFY,
            otherwise={
                "BackupRetentionPeriod": 1,
                "CopyTagsToSnapshot": False,
                "DeletionProtection": False,
                "EnablePerformanceInsights": False,
                "MonitoringInterval": 0,
                "MultiAZ": False,
            },
            at_create=False,
        ),
        Each(
            "AssociatedRoles",
            add=call(
                "add_role_to_db_instance",
                DBInstanceIdentifier="{ref}",
                RoleArn="{item.RoleArn}",
                FeatureName="{item.FeatureName}",
            ),
            remove=call(
                "remove_role_from_db_instance",
                DBInstanceIdentifier="{ref}",
                RoleArn="{item.RoleArn}",
                FeatureName="{item.FeatureName}",
            ),
        ),
    )
    in_place = frozenset({"EnableCloudwatchLogsExports", "Port", "EngineLifecycleSupport"})
    tells = (
        "PerformanceInsightsEnabled=EnablePerformanceInsights "
        "IAMDatabaseAuthenticationEnabled=EnableIAMDatabaseAuthentication"
    )
    untold = (
        "MasterUserPassword ManageMasterUserPassword DeleteAutomatedBackups AllowMajorVersionUpgrade "
        "DBSnapshotIdentifier DBClusterSnapshotIdentifier RestoreTime UseLatestRestorableTime SourceDbiResourceId "
        "SourceDBInstanceAutomatedBackupsArn"
    )
    ref = "DBInstance.DBInstanceIdentifier"
    drops = "SourceRegion CertificateRotationRestart UseDefaultProcessorFeatures TdeCredentialPassword"
    describes = call("describe_db_instances", DBInstanceIdentifier="{ref}")
    attributes = " ".join(
        f"{name}=DBInstances[0].{path}"
        for name, path in {
            "Arn": "DBInstanceArn",
            "AvailabilityZone": "AvailabilityZone",
            "CertificateDetails.CAIdentifier": "CACertificateIdentifier",
            "DBInstanceArn": "DBInstanceArn",
            "DBInstanceStatus": "DBInstanceStatus",
            "DBSystemId": "DBSystemId",
            "DbiResourceId": "DbiResourceId",
            "Endpoint.Address": "Endpoint.Address",
            "Endpoint.HostedZoneId": "Endpoint.HostedZoneId",
            "InstanceCreateTime": "InstanceCreateTime.to_string(@)",
            "LatestRestorableTime": "LatestRestorableTime.to_string(@)",
            "MasterUserSecret.SecretArn": "MasterUserSecret.SecretArn",
            "ReadReplicaDBInstanceIdentifiers": "ReadReplicaDBInstanceIdentifiers",
            "SecondaryAvailabilityZone": "SecondaryAvailabilityZone",
        }.items()
        if "(" not in path
    )
    unmakes = call("delete_db_instance", "DeleteAutomatedBackups", DBInstanceIdentifier="{ref}", SkipFinalSnapshot=True)
    reads = (describes, _LISTED)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Make it from what it is declared to come from."""
        declared = scope.declared
        row = _REPLICATE if "SourceDBInstanceIdentifier" in declared else _CREATE
        if "RestoreTime" in declared or "UseLatestRestorableTime" in declared:
            row = _REWIND
        elif "DBSnapshotIdentifier" in declared or "DBClusterSnapshotIdentifier" in declared:
            row = _RESTORE
        asked = row.render(scope, self.service)
        if row is not _CREATE and "KmsKeyId" in asked and row is not _REPLICATE:
            del asked["KmsKeyId"]
        wanted = [{"Key": key, "Value": value} for key, value in self.tags.of(scope).items()]
        answer = self.ask(scope, row.operation, {**asked, "Tags": wanted})
        if row is not _CREATE:
            later = _MODIFY.render(self.scope(Made(scope.name.lower()), declared, scope.context), self.service)
            rest = {name: value for name, value in later.items() if name not in asked}
            self.ask(scope, "modify_db_instance", {**rest, "DBInstanceIdentifier": scope.name.lower()})
        return answer

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """It is born with its tags."""
        self.tags.remember(self, scope)
        super().finish(scope, answer)

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A cluster's member is not told what its cluster decides."""
        if "DBClusterIdentifier" in scope.declared and operation in ("create_db_instance", "modify_db_instance"):
            arguments = {name: value for name, value in arguments.items() if name not in _OF_CLUSTERS}
            for name in _OF_CLUSTERS & {*scope.declared}:
                scope.declared.not_emulated(name)
        if "DBInstanceIdentifier" in arguments:
            arguments = {**arguments, "DBInstanceIdentifier": str(arguments["DBInstanceIdentifier"]).lower()}
        return super().ask(scope, operation, arguments)

    def change(self, before: Scope, after: Scope) -> None:
        """What the table says, and the logs that start or stop to be exported."""
        super().change(before, after)
        _export_logs(self, "modify_db_instance", "DBInstanceIdentifier", before, after)

    def clear(self, scope: Scope) -> None:
        """What is attached goes with the database."""

    def snapshot(self, made: Made, declared: Declared, context: Context) -> None:
        """Keep a snapshot; replicas have none."""
        if "SourceDBInstanceIdentifier" in declared or "DBClusterIdentifier" in declared:
            return
        client = context.client("rds")
        with passing_over_gone():
            facts = client.describe_db_instances(DBInstanceIdentifier=made.physical_id)["DBInstances"][0]
            if facts.get("DeletionProtection"):
                # the deletion itself is going to be refused
                return
            name = _snapshot_name(context)
            client.create_db_snapshot(DBInstanceIdentifier=made.physical_id, DBSnapshotIdentifier=name)

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        found = super()._attributes(scope, answer)
        port = next((each.get("Endpoint", {}).get("Port") for each in answer.get("DBInstances", ())), None)
        return {**found, "Endpoint.Port": str(port)} if port else found


def _export_logs(table: Table, operation: str, named: str, before: Scope, after: Scope) -> None:
    old = before.declared.peek("EnableCloudwatchLogsExports", [])
    new = after.declared.take("EnableCloudwatchLogsExports", [])
    change = {
        "EnableLogTypes": [each for each in new if each not in old],
        "DisableLogTypes": [each for each in old if each not in new],
    }
    if any(change.values()):
        table.ask(after, operation, {named: after.ref, "CloudwatchLogsExportConfiguration": change})


_CLUSTER = (
    _BOTH + "BacktrackWindow DBClusterInstanceClass EnableGlobalWriteForwarding EnableHttpEndpoint "
    "EnableLocalWriteForwarding DBClusterParameterGroupName "
    "EnablePerformanceInsights=PerformanceInsightsEnabled PerformanceInsightsKMSKeyId=PerformanceInsightsKmsKeyId Port "
    "ScalingConfiguration ServerlessV2ScalingConfiguration VpcSecurityGroupIds "
)
_CLUSTER_MADE_WITH = (
    _CLUSTER + "AvailabilityZones ClusterScalabilityType DBSubnetGroupName DBSystemId DatabaseName "
    "EnableCloudwatchLogsExports Engine EngineLifecycleSupport EngineMode GlobalClusterIdentifier KmsKeyId "
    "MasterUsername PubliclyAccessible ReplicationSourceIdentifier StorageEncrypted SourceRegion "
)
_CLUSTER_RESTORE = call(
    "restore_db_cluster_from_snapshot",
    _CLUSTER_MADE_WITH + "SnapshotIdentifier",
    DBClusterIdentifier="{name}",
)
_CLUSTER_REWIND = call(
    "restore_db_cluster_to_point_in_time",
    _CLUSTER_MADE_WITH + "SourceDBClusterIdentifier RestoreType RestoreToTime UseLatestRestorableTime "
    "SourceDbClusterResourceId",
    DBClusterIdentifier="{name}",
)
_CLUSTER_MODIFY = call("modify_db_cluster", _CLUSTER, DBClusterIdentifier="{ref}", ApplyImmediately=True)


class DBCluster(_Rds):
    """A cluster: one storage, an endpoint that writes and one that reads; its members are instances."""

    type = "AWS::RDS::DBCluster"
    named = Name("DBClusterIdentifier", limit=63, lower=True)
    makes = call("create_db_cluster", _CLUSTER_MADE_WITH, DBClusterIdentifier="{name}")
    then = (
        Setting(
            _CLUSTER_MODIFY,
            otherwise={"BackupRetentionPeriod": 1, "CopyTagsToSnapshot": False, "DeletionProtection": False},
            at_create=False,
        ),
        Each(
            "AssociatedRoles",
            add=call(
                "add_role_to_db_cluster",
                DBClusterIdentifier="{ref}",
                RoleArn="{item.RoleArn}",
                FeatureName="{item.FeatureName}",
            ),
            remove=call(
                "remove_role_from_db_cluster",
                DBClusterIdentifier="{ref}",
                RoleArn="{item.RoleArn}",
                FeatureName="{item.FeatureName}",
            ),
        ),
    )
    in_place = frozenset({"EnableCloudwatchLogsExports", "EngineLifecycleSupport", "ReplicationSourceIdentifier"})
    tells = (
        "PerformanceInsightsEnabled=PerformanceInsightsEnabled HttpEndpointEnabled=EnableHttpEndpoint "
        "IAMDatabaseAuthenticationEnabled=EnableIAMDatabaseAuthentication "
        "GlobalWriteForwardingRequested=EnableGlobalWriteForwarding"
    )
    untold = (
        "MasterUserPassword ManageMasterUserPassword DeleteAutomatedBackups SnapshotIdentifier RestoreToTime "
        "RestoreType SourceDBClusterIdentifier UseLatestRestorableTime SourceDbClusterResourceId"
    )
    ref = "DBCluster.DBClusterIdentifier"
    drops = "SourceRegion"
    describes = call("describe_db_clusters", DBClusterIdentifier="{ref}")
    attributes = (
        "Arn=DBClusters[0].DBClusterArn DBClusterArn=DBClusters[0].DBClusterArn "
        "DBClusterResourceId=DBClusters[0].DbClusterResourceId Endpoint.Address=DBClusters[0].Endpoint "
        "ReadEndpoint.Address=DBClusters[0].ReaderEndpoint "
        "MasterUserSecret.SecretArn=DBClusters[0].MasterUserSecret.SecretArn"
    )
    unmakes = call("delete_db_cluster", "DeleteAutomatedBackups", DBClusterIdentifier="{ref}", SkipFinalSnapshot=True)
    reads = (describes, _LISTED)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Make it new, or from what it is declared to come from."""
        row = self.makes
        if "SourceDBClusterIdentifier" in scope.declared:
            row = _CLUSTER_REWIND
        elif "SnapshotIdentifier" in scope.declared:
            row = _CLUSTER_RESTORE
        assert row is not None
        asked = row.render(scope, self.service)
        asked["DBClusterIdentifier"] = asked["DBClusterIdentifier"].lower()
        wanted = [{"Key": key, "Value": value} for key, value in self.tags.of(scope).items()]
        answer = self.ask(scope, row.operation, {**asked, "Tags": wanted})
        if row is not self.makes:
            later = _CLUSTER_MODIFY.render(self.scope(Made(scope.name.lower()), scope.declared, scope.context), "rds")
            rest = {name: value for name, value in later.items() if name not in asked}
            self.ask(scope, "modify_db_cluster", {**rest, "DBClusterIdentifier": scope.name.lower()})
        return answer

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """It is born with its tags; the first description still says "creating"."""
        self.tags.remember(self, scope)
        scope.context.client("rds").describe_db_clusters(DBClusterIdentifier=scope.ref)
        super().finish(scope, answer)

    def change(self, before: Scope, after: Scope) -> None:
        """What the table says, and the logs that start or stop to be exported."""
        super().change(before, after)
        _export_logs(self, "modify_db_cluster", "DBClusterIdentifier", before, after)

    def clear(self, scope: Scope) -> None:
        """What is attached goes with the cluster."""

    def snapshot(self, made: Made, declared: Declared, context: Context) -> None:
        """Keep a snapshot of the cluster's storage."""
        client = context.client("rds")
        with passing_over_gone():
            facts = client.describe_db_clusters(DBClusterIdentifier=made.physical_id)["DBClusters"][0]
            if not facts.get("DeletionProtection"):
                name = _snapshot_name(context)
                client.create_db_cluster_snapshot(
                    DBClusterIdentifier=made.physical_id, DBClusterSnapshotIdentifier=name
                )

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        found = super()._attributes(scope, answer)
        port = next((each.get("Port") for each in answer.get("DBClusters", ())), None)
        return {**found, "Endpoint.Port": str(port)} if port else found


class DBSubnetGroup(_Rds):
    """The subnets a database may stand in, of two Availability Zones at least."""

    type = "AWS::RDS::DBSubnetGroup"
    arn_word = "subgrp"
    named = Name("DBSubnetGroupName", limit=255, lower=True)
    makes = call("create_db_subnet_group", "DBSubnetGroupDescription SubnetIds", DBSubnetGroupName="{name}")
    then = (
        Setting(
            call("modify_db_subnet_group", "DBSubnetGroupDescription SubnetIds", DBSubnetGroupName="{ref}"),
            at_create=False,
        ),
    )
    ref = "DBSubnetGroup.DBSubnetGroupName"
    attributes = "DBSubnetGroupArn=arn:{partition}:rds:{region}:{account}:subgrp:{ref}"
    unmakes = call("delete_db_subnet_group", DBSubnetGroupName="{ref}")
    reads = (call("describe_db_subnet_groups", DBSubnetGroupName="{ref}"), _LISTED)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """RDS keeps the name in lower case."""
        asked = super().arguments(scope)
        return {**asked, "DBSubnetGroupName": asked["DBSubnetGroupName"].lower()}


class _ParameterGroup(_Rds):
    """Engine settings for those who use the group; what is no longer declared goes back to the engine's default."""

    word: ClassVar[str] = ""
    in_place = frozenset({"Parameters"})

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Set the parameters."""
        self._set(scope, scope.declared.take("Parameters") or {})
        super().finish(scope, answer)

    def change(self, before: Scope, after: Scope) -> None:
        """Set what differs, reset what is gone."""
        old, new = before.declared.peek("Parameters") or {}, after.declared.take("Parameters") or {}
        gone = [{"ParameterName": name, "ApplyMethod": "immediate"} for name in old if name not in new]
        if gone:
            self.ask(after, f"reset_{self.word}", {self._named(): after.ref, "Parameters": gone})
        self._set(after, {name: value for name, value in new.items() if old.get(name) != value})
        super().change(before, after)

    def _set(self, scope: Scope, parameters: Mapping[str, Any]) -> None:
        rows = [
            {"ParameterName": name, "ParameterValue": _text(value), "ApplyMethod": "pending-reboot"}
            for name, value in parameters.items()
        ]
        # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBParameterGroup.html: 20 at a time
        for start in range(0, len(rows), 20):
            asked = {self._named(): scope.ref, "Parameters": rows[start : start + 20]}
            self.ask(scope, f"modify_{self.word}", asked)

    def _named(self) -> str:
        return "DBClusterParameterGroupName" if "cluster" in self.word else "DBParameterGroupName"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class DBParameterGroup(_ParameterGroup):
    """The settings of instances."""

    type = "AWS::RDS::DBParameterGroup"
    arn_word = "pg"
    word = "db_parameter_group"
    named = Name("DBParameterGroupName", limit=255, lower=True)
    makes = call(
        "create_db_parameter_group", "Description DBParameterGroupFamily=Family", DBParameterGroupName="{name}"
    )
    ref = "{name}"
    attributes = "DBParameterGroupArn=arn:{partition}:rds:{region}:{account}:pg:{ref}"
    unmakes = call("delete_db_parameter_group", DBParameterGroupName="{ref}")
    reads = (
        call("describe_db_parameter_groups", DBParameterGroupName="{ref}"),
        call("describe_db_parameters", DBParameterGroupName="{ref}"),
        _LISTED,
    )


class DBClusterParameterGroup(_ParameterGroup):
    """The settings of clusters."""

    type = "AWS::RDS::DBClusterParameterGroup"
    arn_word = "cluster-pg"
    word = "db_cluster_parameter_group"
    named = Name("DBClusterParameterGroupName", limit=255, lower=True)
    makes = call(
        "create_db_cluster_parameter_group",
        "Description DBParameterGroupFamily=Family",
        DBClusterParameterGroupName="{name}",
    )
    ref = "{name}"
    unmakes = call("delete_db_cluster_parameter_group", DBClusterParameterGroupName="{ref}")
    reads = (
        call("describe_db_cluster_parameter_groups", DBClusterParameterGroupName="{ref}"),
        call("describe_db_cluster_parameters", DBClusterParameterGroupName="{ref}"),
        _LISTED,
    )


class OptionGroup(_Rds):
    """Features an engine has only when asked, with their settings."""

    type = "AWS::RDS::OptionGroup"
    arn_word = "og"
    named = Name("OptionGroupName", limit=255, lower=True)
    makes = call(
        "create_option_group", "EngineName MajorEngineVersion OptionGroupDescription", OptionGroupName="{name}"
    )
    in_place = frozenset({"OptionConfigurations"})
    ref = "{name}"
    unmakes = call("delete_option_group", OptionGroupName="{ref}")
    reads = (call("describe_option_groups", OptionGroupName="{ref}"), _LISTED)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Include the options."""
        self._include(scope, [])
        super().finish(scope, answer)

    def change(self, before: Scope, after: Scope) -> None:
        """Include what is new or changed, remove what is gone."""
        names = [each["OptionName"] for each in before.declared.peek("OptionConfigurations", [])]
        self._include(after, names)
        super().change(before, after)

    def _include(self, scope: Scope, there: list[str]) -> None:
        row = call("modify_option_group", "OptionsToInclude=OptionConfigurations", OptionGroupName="{ref}")
        asked = row.render(scope, self.service)
        wanted = [each["OptionName"] for each in asked.get("OptionsToInclude", ())]
        gone = [each for each in there if each not in wanted]
        if wanted or gone:
            self.ask(scope, row.operation, {**asked, "OptionsToRemove": gone, "ApplyImmediately": True})


class EventSubscription(_Rds):
    """Events of databases, told to a topic."""

    type = "AWS::RDS::EventSubscription"
    arn_word = "es"
    named = Name("SubscriptionName", limit=255, lower=True)
    makes = call(
        "create_event_subscription",
        "Enabled EventCategories SnsTopicArn SourceIds SourceType",
        SubscriptionName="{name}",
    )
    then = (
        Setting(
            call("modify_event_subscription", "Enabled EventCategories SourceType", SubscriptionName="{ref}"),
            otherwise={"Enabled": True, "EventCategories": []},
            at_create=False,
        ),
    )
    in_place = frozenset({"SourceIds"})
    ref = "{name}"
    unmakes = call("delete_event_subscription", SubscriptionName="{ref}")
    reads = (call("describe_event_subscriptions", SubscriptionName="{ref}"), _LISTED)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """A subscription is on unless it says otherwise, and its topic has to be there."""
        asked = super().arguments(scope)
        topic = str(asked.get("SnsTopicArn", ""))
        known = scope.context.client("sns", topic.split(":")[3] if topic.count(":") == 5 else None)
        if topic not in [each["TopicArn"] for each in known.list_topics()["Topics"]]:
            raise refusal("SNSTopicArnNotFound", f"SNS topic {topic} does not exist", "CreateEventSubscription")
        return {"Enabled": True, **asked}

    def change(self, before: Scope, after: Scope) -> None:
        """What the table says, then the sources one by one."""
        super().change(before, after)
        old, new = before.declared.peek("SourceIds", []), after.declared.take("SourceIds", [])
        for each, word in [
            *((each, "remove_source_identifier_from_subscription") for each in old if each not in new),
            *((each, "add_source_identifier_to_subscription") for each in new if each not in old),
        ]:
            self.ask(after, word, {"SubscriptionName": after.ref, "SourceIdentifier": each})


class GlobalCluster(Table):
    """A cluster that spans Regions."""

    type = "AWS::RDS::GlobalCluster"
    service = "rds"
    named = Name("GlobalClusterIdentifier", limit=63, lower=True)
    makes = call(
        "create_global_cluster",
        "DeletionProtection Engine EngineVersion SourceDBClusterIdentifier StorageEncrypted",
        GlobalClusterIdentifier="{name}",
    )
    then = (
        Setting(
            call("modify_global_cluster", "DeletionProtection EngineVersion", GlobalClusterIdentifier="{ref}"),
            otherwise={"DeletionProtection": False},
            at_create=False,
        ),
    )
    ref = "GlobalCluster.GlobalClusterIdentifier"
    attributes = "GlobalEndpoint.Address=GlobalCluster.Endpoint"
    unmakes = call("delete_global_cluster", GlobalClusterIdentifier="{ref}")
    reads = (call("describe_global_clusters"),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The source is told by its ARN."""
        asked = super().arguments(scope)
        source = asked.get("SourceDBClusterIdentifier")
        if source and not str(source).startswith("arn:"):
            asked["SourceDBClusterIdentifier"] = scope.fill(
                "arn:{partition}:rds:{region}:{account}:cluster:" + str(source)
            )
        return asked

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The source leaves it first, as it does when CloudFormation deletes it."""
        client = context.client("rds")
        listed = client.describe_global_clusters()["GlobalClusters"]
        mine = [each for each in listed if each["GlobalClusterIdentifier"] == made.physical_id]
        if not mine:
            return
        if mine[0].get("DeletionProtection"):
            said = "Cannot delete protected Global Cluster, please disable deletion protection and try again."
            raise refusal("InvalidParameterCombination", said, "DeleteGlobalCluster")
        if "SourceDBClusterIdentifier" in declared:
            for member in mine[0].get("GlobalClusterMembers", ()):
                client.remove_from_global_cluster(
                    GlobalClusterIdentifier=made.physical_id, DbClusterIdentifier=member["DBClusterArn"]
                )
        super().delete(made, declared, context)


class DBClusterEndpoint(_Rds):
    """A further endpoint of a cluster, for some of its members."""

    type = "AWS::RDS::DBClusterEndpoint"
    makes = call(
        "create_db_cluster_endpoint",
        "EndpointType=CustomEndpointType DBClusterEndpointIdentifier DBClusterIdentifier ExcludedMembers StaticMembers",
    )
    then = (
        Setting(
            call(
                "modify_db_cluster_endpoint",
                "EndpointType=CustomEndpointType ExcludedMembers StaticMembers",
                DBClusterEndpointIdentifier="{DBClusterEndpointIdentifier}",
            ),
            otherwise={"ExcludedMembers": [], "StaticMembers": []},
            at_create=False,
        ),
    )
    in_place = frozenset({"CustomEndpointType"})
    ref = "DBClusterEndpointArn"
    attributes = (
        "Arn={ref} DBClusterEndpointArn={ref} Endpoint=Endpoint EndpointType=EndpointType Status=Status "
        "DBClusterEndpointResourceIdentifier=DBClusterEndpointResourceIdentifier"
    )
    unmakes = call("delete_db_cluster_endpoint", DBClusterEndpointIdentifier="{DBClusterEndpointIdentifier}")
    reads = (
        call("describe_db_cluster_endpoints", DBClusterEndpointIdentifier="{DBClusterEndpointIdentifier}"),
        _LISTED,
    )


class DBProxy(_Rds):
    """A pool of connections in front of a database, which signs in by a secret."""

    type = "AWS::RDS::DBProxy"
    makes = call(
        "create_db_proxy",
        "Auth DBProxyName DebugLogging DefaultAuthScheme EndpointNetworkType EngineFamily IdleClientTimeout RequireTLS "
        "RoleArn TargetConnectionNetworkType VpcSecurityGroupIds VpcSubnetIds",
    )
    then = (
        Setting(
            call(
                "modify_db_proxy",
                "Auth DebugLogging DefaultAuthScheme IdleClientTimeout RequireTLS RoleArn "
                "SecurityGroups=VpcSecurityGroupIds",
                DBProxyName="{ref}",
            ),
            otherwise={"DebugLogging": False, "IdleClientTimeout": 1800, "RequireTLS": False},
            at_create=False,
        ),
    )
    ref = "{DBProxyName}"
    drops = "DefaultAuthScheme EndpointNetworkType TargetConnectionNetworkType"
    attributes = (
        "Arn=DBProxies[0].DBProxyArn DBProxyArn=DBProxies[0].DBProxyArn Endpoint=DBProxies[0].Endpoint "
        "VpcId=DBProxies[0].VpcId"
    )
    describes = call("describe_db_proxies", DBProxyName="{ref}")
    unmakes = call("delete_db_proxy", DBProxyName="{ref}")
    reads = (describes, _LISTED)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """A proxy is born with its tags, and its role has to be there."""
        asked = self.arguments(scope)
        with passing_over_gone():
            scope.context.client("iam").get_role(RoleName=str(asked["RoleArn"]).rpartition("/")[2])
            wanted = [{"Key": key, "Value": value} for key, value in self.tags.of(scope).items()]
            return self.ask(scope, "create_db_proxy", {**asked, "Tags": wanted})
        said = f"The IAM role {asked['RoleArn']} does not exist or cannot be assumed by RDS."
        raise refusal("InvalidParameterValue", said, "CreateDBProxy")

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Its ARN is known from the first description."""
        facts = scope.context.client("rds").describe_db_proxies(DBProxyName=scope.ref)
        made = Made(scope.ref, self._attributes(scope, facts))
        self.tags.remember(self, self.scope(made, scope.declared, scope.context))


class DBProxyTargetGroup(_Rds):
    """The one target group of a proxy: which database, and how many connections."""

    type = "AWS::RDS::DBProxyTargetGroup"
    then = (
        Setting(
            call(
                "modify_db_proxy_target_group",
                "ConnectionPoolConfig=ConnectionPoolConfigurationInfo",
                DBProxyName="{DBProxyName}",
                TargetGroupName="{TargetGroupName}",
            ),
            otherwise={"ConnectionPoolConfig": {"MaxConnectionsPercent": 100, "ConnectionBorrowTimeout": 120}},
        ),
        Each(
            "DBInstanceIdentifiers",
            add=call("register_db_proxy_targets", DBProxyName="{DBProxyName}", DBInstanceIdentifiers=["{item}"]),
            remove=call("deregister_db_proxy_targets", DBProxyName="{DBProxyName}", DBInstanceIdentifiers=["{item}"]),
        ),
        Each(
            "DBClusterIdentifiers",
            add=call("register_db_proxy_targets", DBProxyName="{DBProxyName}", DBClusterIdentifiers=["{item}"]),
            remove=call("deregister_db_proxy_targets", DBProxyName="{DBProxyName}", DBClusterIdentifiers=["{item}"]),
        ),
    )
    ref = "TargetGroups[0].TargetGroupArn"
    attributes = "Arn={ref} TargetGroupArn={ref}"
    reads = (
        call("describe_db_proxy_target_groups", DBProxyName="{DBProxyName}"),
        call("describe_db_proxy_targets", DBProxyName="{DBProxyName}"),
        _LISTED,
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """The group comes with its proxy: it is only found."""
        name = scope.declared.take("TargetGroupName")
        if name != "default":
            said = "Currently, this property must be set to default."
            raise refusal("InvalidParameterValue", said, "RegisterDBProxyTargets")
        return self.ask(scope, "describe_db_proxy_target_groups", {"DBProxyName": scope.declared.take("DBProxyName")})


class DBProxyEndpoint(_Rds):
    """A further endpoint of a proxy, to read or to write."""

    type = "AWS::RDS::DBProxyEndpoint"
    arn_word = "db-proxy-endpoint"
    makes = call(
        "create_db_proxy_endpoint",
        "DBProxyEndpointName DBProxyName TargetRole VpcSecurityGroupIds VpcSubnetIds EndpointNetworkType",
    )
    then = (
        Setting(
            call("modify_db_proxy_endpoint", "VpcSecurityGroupIds", DBProxyEndpointName="{ref}"),
            at_create=False,
        ),
    )
    ref = "{DBProxyEndpointName}"
    drops = "EndpointNetworkType"
    describes = call("describe_db_proxy_endpoints", DBProxyEndpointName="{ref}")
    attributes = (
        "DBProxyEndpointArn=DBProxyEndpoints[0].DBProxyEndpointArn Endpoint=DBProxyEndpoints[0].Endpoint "
        "IsDefault=DBProxyEndpoints[0].IsDefault VpcId=DBProxyEndpoints[0].VpcId"
    )
    unmakes = call("delete_db_proxy_endpoint", DBProxyEndpointName="{ref}")
    reads = (describes, _LISTED)
