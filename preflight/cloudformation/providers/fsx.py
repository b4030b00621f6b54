"""FSx: file systems of Windows, Lustre, NetApp ONTAP and OpenZFS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.providers._table import Scope, Setting, Table, Tags, call, refusal

_KINDS = "WindowsConfiguration LustreConfiguration OntapConfiguration OpenZFSConfiguration"
# a standby stands in the other subnet
# https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystem.html, checked_on 2026-11-22
_TWO = {"MULTI_AZ_1", "MULTI_AZ_2", "MULTI_AZ_HA_1"}


class FileSystem(Table):
    """A file system of one of four kinds."""

    type = "AWS::FSx::FileSystem"
    service = "fsx"
    makes = call(
        "create_file_system",
        f"{_KINDS} FileSystemType FileSystemTypeVersion KmsKeyId NetworkType SecurityGroupIds StorageCapacity "
        "StorageType SubnetIds",
    )
    then = (
        Setting(
            call("update_file_system", f"{_KINDS} StorageCapacity StorageType", FileSystemId="{ref}"), at_create=False
        ),
    )
    tags = Tags(
        call("tag_resource", ResourceARN="{made.ResourceARN}"),
        remove=call("untag_resource", ResourceARN="{made.ResourceARN}"),
    )
    ref = "FileSystem.FileSystemId"
    drops = "BackupId NetworkType"
    # told by the network interfaces, and never
    untold = (
        "SecurityGroupIds WindowsConfiguration.SelfManagedActiveDirectoryConfiguration "
        "OntapConfiguration.FsxAdminPassword"
    )
    describes = call("describe_file_systems", FileSystemIds=["{ref}"])
    attributes = (
        "Arn=FileSystems[0].ResourceARN Id={ref} DNSName=FileSystems[0].DNSName ResourceARN=FileSystems[0].ResourceARN "
        "LustreMountName=FileSystems[0].LustreConfiguration.MountName"
    )
    unmakes = call("delete_file_system", FileSystemId="{ref}")
    reads = (describes, call("list_tags_for_resource", ResourceARN="{made.ResourceARN}"))

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Two Availability Zones take two subnets, one takes one."""
        asked = super().arguments(scope)
        kinds = [asked[name].get("DeploymentType") for name in _KINDS.split() if name in asked]
        wanted = 2 if _TWO & {*kinds} else 1
        if len(asked.get("SubnetIds", [])) != wanted:
            said = f"This deployment type takes exactly {wanted} subnet ID{'s' if wanted > 1 else ''}."
            raise refusal("BadRequest", said, "CreateFileSystem")
        return asked

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Tags go by the ARN the answer tells."""
        assert scope.made is not None
        scope.made.attributes["ResourceARN"] = answer["FileSystem"]["ResourceARN"]  # type: ignore[index]
        super().finish(scope, answer)
