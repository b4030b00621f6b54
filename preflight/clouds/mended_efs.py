"""Mends the emulated EFS: throughput that changes, backup policies, replication, protection, keys that exist.

https://docs.aws.amazon.com/efs/latest/ug/API_UpdateFileSystem.html and
https://docs.aws.amazon.com/efs/latest/ug/API_CreateReplicationConfiguration.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

_JSON = {"Content-Type": "application/json"}


def mends() -> Iterator[tuple[Any, str, Any]]:
    """What to put in the place of what, once moto's EFS is loaded."""
    from moto.efs.models import EFSBackend, FileSystem
    from moto.efs.responses import EFSResponse

    create, told, drop = EFSBackend.create_file_system, FileSystem.info_json, EFSBackend.delete_file_system
    point = EFSBackend.create_access_point

    def create_file_system(self: Any, **asked: Any) -> Any:
        _refuse_throughput(asked.get("throughput_mode"), asked.get("provisioned_throughput_in_mibps"))
        if asked.get("encrypted"):
            asked["kms_key_id"] = _key(self, asked.get("kms_key_id"))
        made = create(self, **asked)
        if not made.provisioned_throughput_in_mibps:
            del made.provisioned_throughput_in_mibps
        return made

    def info_json(self: Any) -> dict[str, Any]:
        facts: dict[str, Any] = told(self)
        protection = getattr(self, "_protection", "ENABLED")
        return {**facts, "FileSystemProtection": {"ReplicationOverwriteProtection": protection}}

    def found(self: Any) -> Any:
        _, systems = self.efs_backend.describe_file_systems(file_system_id=self._get_param("FileSystemId"))
        return systems[0]

    def update_file_system(self: Any) -> Any:
        system, asked = found(self), json.loads(self.body or "{}")
        mode = asked.get("ThroughputMode", system.throughput_mode)
        given = asked.get("ProvisionedThroughputInMibps", getattr(system, "provisioned_throughput_in_mibps", None))
        _refuse_throughput(mode, given if mode == "provisioned" else None)
        system.throughput_mode = mode
        if mode == "provisioned":
            system.provisioned_throughput_in_mibps = float(given)
        elif "provisioned_throughput_in_mibps" in vars(system):
            del system.provisioned_throughput_in_mibps
        return json.dumps(system.info_json()), {**_JSON, "status": 202}

    def update_protection(self: Any) -> Any:
        system, asked = found(self), json.loads(self.body or "{}")
        system._protection = asked.get("ReplicationOverwriteProtection", "ENABLED")
        return json.dumps({"ReplicationOverwriteProtection": system._protection}), _JSON

    def put_backup_policy(self: Any) -> Any:
        system = found(self)
        status = json.loads(self.body)["BackupPolicy"]["Status"]
        system._backup = status == "ENABLED"
        return json.dumps({"BackupPolicy": {"Status": status}}), _JSON

    def delete_policy(self: Any) -> Any:
        found(self).file_system_policy = None
        return "{}", _JSON

    def create_replication(self: Any) -> Any:
        from moto.efs.models import efs_backends

        source = self.efs_backend.describe_file_systems(file_system_id=self._get_param("SourceFileSystemId"))[1][0]
        destinations = []
        for each in json.loads(self.body)["Destinations"]:
            region = each.get("Region") or self.region
            there = efs_backends[self.current_account][region]
            system = each.get("FileSystemId")
            if system is None:
                made = there.create_file_system(
                    creation_token=f"replica-of-{source.file_system_id}-{region}",
                    performance_mode=source.performance_mode,
                    encrypted=True,
                    kms_key_id=each.get("KmsKeyId"),
                    throughput_mode="elastic",
                    provisioned_throughput_in_mibps=None,
                    availability_zone_name=each.get("AvailabilityZoneName"),
                    backup=False,
                    tags=[],
                )
                system, made._protection = made.file_system_id, "REPLICATING"
            else:
                there.describe_file_systems(file_system_id=system)
            facts = {"Status": "ENABLED", "FileSystemId": system, "Region": region, "OwnerId": self.current_account}
            destinations.append({**facts, "LastReplicatedTimestamp": time.time()})
        source._replication = {
            "SourceFileSystemId": source.file_system_id,
            "SourceFileSystemRegion": self.region,
            "SourceFileSystemArn": source.file_system_arn,
            "OriginalSourceFileSystemArn": source.file_system_arn,
            "CreationTime": time.time(),
            "Destinations": destinations,
        }
        return json.dumps(source._replication), _JSON

    def describe_replications(self: Any) -> Any:
        wanted = self._get_param("FileSystemId")
        held = [getattr(each, "_replication", None) for each in self.efs_backend.file_systems_by_id.values()]
        shown = [each for each in held if each and wanted in (None, each["SourceFileSystemId"])]
        if wanted and not shown:
            return json.dumps(
                {"ErrorCode": "ReplicationNotFound", "Message": "Replication configuration not found."}
            ), {
                **_JSON,
                "status": 404,
                "x-amzn-errortype": "ReplicationNotFound",
            }
        return json.dumps({"Replications": shown}), _JSON

    def delete_replication(self: Any) -> Any:
        source = self._get_param("SourceFileSystemId")
        self.efs_backend.describe_file_systems(file_system_id=source)[1][0]._replication = None
        return "{}", {**_JSON, "status": 204}

    def delete_file_system(self: Any, file_system_id: str) -> None:
        from moto.efs.exceptions import EFSError

        system = self.file_systems_by_id.get(file_system_id)
        if getattr(system, "_replication", None):
            said = "You can't delete a file system that is part of an EFS replication configuration."
            raise EFSError("ReplicationAlreadyExists", said)
        drop(self, file_system_id)

    def create_access_point(
        self: Any, client_token: str, tags: Any, file_system_id: str, *rest: Any, **more: Any
    ) -> Any:
        self.describe_file_systems(file_system_id=file_system_id)
        return point(self, client_token, tags, file_system_id, *rest, **more)

    yield EFSBackend, "create_file_system", create_file_system
    yield EFSBackend, "delete_file_system", delete_file_system
    yield EFSBackend, "create_access_point", create_access_point
    yield FileSystem, "info_json", info_json
    yield EFSResponse, "update_file_system", update_file_system
    yield EFSResponse, "update_file_system_protection", update_protection
    yield EFSResponse, "put_backup_policy", put_backup_policy
    yield EFSResponse, "delete_file_system_policy", delete_policy
    yield EFSResponse, "create_replication_configuration", create_replication
    yield EFSResponse, "describe_replication_configurations", describe_replications
    yield EFSResponse, "delete_replication_configuration", delete_replication


def _refuse_throughput(mode: str | None, given: Any) -> None:
    from moto.efs.exceptions import BadRequest

    if mode == "provisioned" and not given:
        raise BadRequest("You must specify ProvisionedThroughputInMibps when ThroughputMode is provisioned.")
    if given and mode != "provisioned":
        raise BadRequest("ProvisionedThroughputInMibps can only be specified with the provisioned ThroughputMode.")


def _key(backend: Any, key: str | None) -> str:
    from moto.efs.exceptions import BadRequest
    from moto.kms.models import kms_backends

    keys = kms_backends[backend.account_id][backend.region_name]
    found = keys.keys.get(keys.any_id_to_key_id(key or "alias/aws/elasticfilesystem") or "")
    if found is None and key is None:
        found = keys.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "Default key", None)
        found.key_manager = "AWS"
        keys.create_alias(found.id, "alias/aws/elasticfilesystem")
    if found is None or found.key_state != "Enabled":
        raise BadRequest(f"The KMS key {key} doesn't exist, or is not enabled.")
    return str(found.arn)
