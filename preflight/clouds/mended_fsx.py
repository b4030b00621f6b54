"""Mends the emulated FSx: file systems that change, and that stand where there are subnets.

https://docs.aws.amazon.com/fsx/latest/APIReference/API_UpdateFileSystem.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

_KINDS = ("WindowsConfiguration", "LustreConfiguration", "OntapConfiguration", "OpenZFSConfiguration")


def mends() -> Iterator[tuple[Any, str, Any]]:
    """What to put in the place of what, once moto's FSx is loaded."""
    from moto.core.exceptions import JsonRESTError
    from moto.fsx.models import FileSystem, FSxBackend
    from moto.fsx.responses import FSxResponse

    create, told = FSxBackend.create_file_system, FileSystem.to_dict

    def create_file_system(self: Any, *rest: Any, **asked: Any) -> Any:
        from moto.ec2.models import ec2_backends

        ec2 = ec2_backends[self.account_id][self.region_name]
        for each in asked.get("subnet_ids") or ():
            try:
                ec2.get_subnet(each)
            except Exception:
                raise JsonRESTError("InvalidNetworkSettings", f"The subnet {each} does not exist.") from None
        for each in asked.get("security_group_ids") or ():
            if ec2.get_security_group_from_id(each) is None:
                raise JsonRESTError("InvalidNetworkSettings", f"The security group {each} does not exist.")
        made = create(self, *rest, **asked)
        made.storage_type = made.storage_type or "SSD"
        return made

    def to_dict(self: Any) -> dict[str, Any]:
        facts: dict[str, Any] = told(self)
        version = getattr(self, "version", None)
        more = {"FileSystemTypeVersion": version} if version else {}
        kind = {"LUSTRE": {"LustreConfiguration": {**(self.lustre_configuration or {}), "MountName": "fsx"}}}
        return {**facts, "Lifecycle": "AVAILABLE", **more, **kind.get(self.file_system_type, {})}

    def create_response(self: Any, answer: Any = FSxResponse.create_file_system) -> Any:
        made = json.loads(answer(self))
        held = self.fsx_backend.file_systems[made["FileSystem"]["FileSystemId"]]
        held.version = json.loads(self.body).get("FileSystemTypeVersion")
        return json.dumps({"FileSystem": held.to_dict()})

    def update_file_system(self: Any) -> str:
        asked = json.loads(self.body)
        held = self.fsx_backend.file_systems.get(asked["FileSystemId"])
        if held is None:
            raise JsonRESTError("FileSystemNotFound", f"File system '{asked['FileSystemId']}' does not exist.")
        room = asked.get("StorageCapacity")
        if room is not None and int(room) < int(held.storage_capacity or 0):
            said = "The new storage capacity must be at least the current one."
            raise JsonRESTError("BadRequest", said)
        held.storage_capacity = room or held.storage_capacity
        held.storage_type = asked.get("StorageType") or held.storage_type
        for kind in _KINDS:
            word = {"OpenZFSConfiguration": "open_zfs"}.get(kind, kind.removesuffix("Configuration").lower())
            if kind in asked:
                kept = getattr(held, f"{word}_configuration") or {}
                setattr(held, f"{word}_configuration", {**kept, **asked[kind]})
        return json.dumps({"FileSystem": held.to_dict()})

    yield FSxBackend, "create_file_system", create_file_system
    yield FileSystem, "to_dict", to_dict
    yield FSxResponse, "create_file_system", create_response
    yield FSxResponse, "update_file_system", update_file_system
