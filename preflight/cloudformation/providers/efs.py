"""EFS: file systems, where they are mounted, and the doors applications enter them by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.providers._table import (
    Scope,
    Setting,
    Table,
    Tags,
    call,
    passing_over_gone,
    refusal,
)
from preflight.cloudformation.providers.iam import stranger


class _Efs(Table):
    service = "efs"


class FileSystem(_Efs):
    """A file system."""

    type = "AWS::EFS::FileSystem"
    makes = call(
        "create_file_system",
        "PerformanceMode Encrypted KmsKeyId ThroughputMode ProvisionedThroughputInMibps AvailabilityZoneName",
        CreationToken="{stack_name}-{logical_id}-{generation}",
    )
    then = (
        Setting(
            call("update_file_system", "ThroughputMode ProvisionedThroughputInMibps", FileSystemId="{ref}"),
            otherwise={"ThroughputMode": "bursting"},
            at_create=False,
        ),
        Setting(
            call("put_lifecycle_configuration", "LifecyclePolicies", FileSystemId="{ref}"),
            otherwise={"LifecyclePolicies": []},
        ),
        Setting(
            call("put_backup_policy", "BackupPolicy", FileSystemId="{ref}"),
            remove=call("put_backup_policy", FileSystemId="{ref}", BackupPolicy={"Status": "DISABLED"}),
        ),
        Setting(
            call(
                "put_file_system_policy",
                "Policy=FileSystemPolicy BypassPolicyLockoutSafetyCheck",
                FileSystemId="{ref}",
            ),
            remove=call("delete_file_system_policy", FileSystemId="{ref}"),
        ),
        Setting(
            call(
                "update_file_system_protection",
                "ReplicationOverwriteProtection=FileSystemProtection.ReplicationOverwriteProtection",
                FileSystemId="{ref}",
            ),
            otherwise={"ReplicationOverwriteProtection": "ENABLED"},
        ),
        Setting(
            call(
                "create_replication_configuration",
                "Destinations=ReplicationConfiguration.Destinations",
                SourceFileSystemId="{ref}",
            ),
            remove=call("delete_replication_configuration", SourceFileSystemId="{ref}"),
            first=True,
        ),
    )
    tags = Tags(
        call("tag_resource", ResourceId="{ref}"),
        remove=call("untag_resource", ResourceId="{ref}"),
        property="FileSystemTags",
    )
    ref = "FileSystemId"
    untold = "BypassPolicyLockoutSafetyCheck ReplicationConfiguration.Destinations.0.KmsKeyId"
    attributes = "Arn=FileSystemArn FileSystemId={ref}"
    unmakes = call("delete_file_system", FileSystemId="{ref}")
    reads = (
        call("describe_file_systems", FileSystemId="{ref}"),
        call("describe_lifecycle_configuration", FileSystemId="{ref}"),
        call("describe_backup_policy", FileSystemId="{ref}"),
        call("describe_file_system_policy", FileSystemId="{ref}"),
        call("describe_replication_configurations", FileSystemId="{ref}"),
        call("list_tags_for_resource", ResourceId="{ref}"),
    )

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse the policies EFS refuses."""
        policy = scope.declared.peek("FileSystemPolicy") if operation == "put_file_system_policy" else None
        statements = policy.get("Statement", []) if isinstance(policy, Mapping) else []
        for each in statements if isinstance(statements, list) else [statements]:
            if stranger(each, scope.context) is not None:
                said = "Invalid principal in policy"
                raise refusal("InvalidPolicyException", said, "PutFileSystemPolicy")
        return super().ask(scope, operation, arguments)


class MountTarget(_Efs):
    """Where a file system is mounted: one in an Availability Zone, one VPC for all."""

    type = "AWS::EFS::MountTarget"
    makes = call("create_mount_target", "FileSystemId IpAddress IpAddressType Ipv6Address SecurityGroups SubnetId")
    then = (
        Setting(call("modify_mount_target_security_groups", "SecurityGroups", MountTargetId="{ref}"), at_create=False),
    )
    ref = "MountTargetId"
    drops = "IpAddressType Ipv6Address"
    attributes = "Id={ref} IpAddress=IpAddress"
    unmakes = call("delete_mount_target", MountTargetId="{ref}")
    reads = (
        call("describe_mount_targets", MountTargetId="{ref}"),
        call("describe_mount_target_security_groups", MountTargetId="{ref}"),
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """The walls have to be of the subnet's VPC, and a One Zone file system is mounted in its zone only."""
        asked = self.arguments(scope)
        ec2 = scope.context.client("ec2")
        with passing_over_gone():
            subnet = ec2.describe_subnets(SubnetIds=[asked["SubnetId"]])["Subnets"][0]
            groups = ec2.describe_security_groups(GroupIds=asked.get("SecurityGroups", []))["SecurityGroups"]
            if asked.get("SecurityGroups") and any(each["VpcId"] != subnet["VpcId"] for each in groups):
                said = "One or more security groups are not in the VPC of the subnet."
                raise refusal("SecurityGroupNotFound", said, "CreateMountTarget")
            system = self.ask(scope, "describe_file_systems", {"FileSystemId": asked["FileSystemId"]})["FileSystems"][0]
            zone = system.get("AvailabilityZoneName")
            if zone and zone != subnet["AvailabilityZone"]:
                said = f"Mount target for this One Zone file system must be created in Availability Zone {zone}."
                raise refusal("AvailabilityZonesMismatch", said, "CreateMountTarget")
        return self.ask(scope, "create_mount_target", asked)


class AccessPoint(_Efs):
    """A door for one application: its user, and the directory that is its root."""

    type = "AWS::EFS::AccessPoint"
    makes = call(
        "create_access_point",
        "ClientToken FileSystemId PosixUser RootDirectory",
    )
    tags = Tags(
        call("tag_resource", ResourceId="{ref}"),
        remove=call("untag_resource", ResourceId="{ref}"),
        property="AccessPointTags",
    )
    ref = "AccessPointId"
    attributes = "AccessPointId={ref} Arn=AccessPointArn"
    unmakes = call("delete_access_point", AccessPointId="{ref}")
    reads = (
        call("describe_access_points", AccessPointId="{ref}"),
        call("list_tags_for_resource", ResourceId="{ref}"),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Two access points of one stack are two."""
        context = scope.context
        token = f"{context.stack_name}-{context.logical_id}-{context.generation}"
        return {"ClientToken": token[:64], **super().arguments(scope)}
