"""Mends the emulated Systems Manager: windows, targets, tasks and baselines tell all they were told, and change.

Associations and data syncs are kept and told; nothing runs in a window, and no State Manager looks at instances.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any


def mends() -> Iterator[tuple[Any, str, Any]]:
    """What to put in the place of what, once moto's Systems Manager is loaded."""
    from moto.core.responses import ActionResult, EmptyResult
    from moto.ssm import models
    from moto.ssm.responses import SimpleSystemManagerResponse as Responses

    backend = models.SimpleSystemManagerBackend
    put, check = Responses.put_parameter, backend._validate_resource_type_and_id

    def put_parameter(self: Any) -> Any:
        _refuse_parameter(json.loads(self.body))
        return put(self)

    def known(self: Any, resource_type: str, resource_id: str) -> str:
        kept = {"PatchBaseline": self.baselines, "Association": _kept(self, "associations")}
        if resource_id in kept.get(resource_type, ()):
            return resource_id
        return str(check(self, resource_type, resource_id))

    def delete_patch_baseline(self: Any, baseline_id: str) -> None:
        # one that is not there is deleted without a word
        self.baselines.pop(baseline_id, None)

    yield backend, "delete_patch_baseline", delete_patch_baseline
    yield Responses, "put_parameter", put_parameter
    yield backend, "_validate_resource_type_and_id", known

    # what a request said is told again, over what moto made of it
    for kind in (
        *(models.FakeMaintenanceWindow, models.FakeMaintenanceWindowTarget, models.FakeMaintenanceWindowTask),
        models.FakePatchBaseline,
    ):
        yield kind, "to_json", _retold(kind.to_json)

    def made(operation: Any, find: Any) -> Any:
        def make(self: Any) -> Any:
            answer = operation(self)
            asked = json.loads(self.body)
            find(self.ssm_backend, {**asked, **answer._result}).asked = _without_token(asked)
            return answer

        return make

    def window(held: Any, asked: Any) -> Any:
        return held.get_maintenance_window(asked["WindowId"])

    def inside(word: str, key: str) -> Any:
        return lambda held, asked: _found(getattr(window(held, asked), word), asked[key])

    def baseline(held: Any, asked: Any) -> Any:
        return _found(held.baselines, asked["BaselineId"])

    rows = (
        ("create_maintenance_window", "update_maintenance_window", window),
        (
            "register_target_with_maintenance_window",
            "update_maintenance_window_target",
            inside("targets", "WindowTargetId"),
        ),
        ("register_task_with_maintenance_window", "update_maintenance_window_task", inside("tasks", "WindowTaskId")),
        ("create_patch_baseline", "update_patch_baseline", baseline),
    )

    def updated(find: Any) -> Any:
        def update(self: Any) -> Any:
            asked = json.loads(self.body)
            held = find(self.ssm_backend, asked)
            held.asked = {**held.asked, **_without_token(asked)}
            return ActionResult(held.to_json())

        return update

    for create, change, find in rows:
        yield Responses, create, made(getattr(Responses, create), find)
        yield Responses, change, updated(find)

    def told(find: Any) -> Any:
        return lambda self: ActionResult(find(self.ssm_backend, json.loads(self.body)).to_json())

    yield Responses, "get_maintenance_window_task", told(inside("tasks", "WindowTaskId"))
    yield Responses, "get_patch_baseline", told(baseline)

    def create_association(self: Any) -> Any:
        asked = json.loads(self.body)
        identity = str(uuid.uuid4())
        facts = {"AssociationId": identity, "AssociationVersion": "1", "Date": datetime.now(UTC), "Overview": {}}
        record = {**asked, **facts, "LastUpdateAssociationDate": datetime.now(UTC)}
        for each in asked.get("Tags") or ():
            self.ssm_backend._resource_tags["Association"][identity][each["Key"]] = each["Value"]
        _kept(self.ssm_backend, "associations")[identity] = record
        return ActionResult({"AssociationDescription": record})

    def association(self: Any) -> Any:
        return _found(_kept(self.ssm_backend, "associations"), json.loads(self.body)["AssociationId"])

    def update_association(self: Any) -> Any:
        held = association(self)
        version = str(int(held["AssociationVersion"]) + 1)
        held.update({**json.loads(self.body), "AssociationVersion": version})
        return ActionResult({"AssociationDescription": held})

    def delete_association(self: Any) -> Any:
        del _kept(self.ssm_backend, "associations")[association(self)["AssociationId"]]
        return EmptyResult()

    def sync(self: Any, *, on: bool) -> Any:
        asked = json.loads(self.body)
        kept = _kept(self.ssm_backend, "syncs")
        if on and asked["SyncName"] in kept:
            raise _refused("ResourceDataSyncAlreadyExistsException", f"{asked['SyncName']} already exists")
        if on:
            kept[asked["SyncName"]] = {**asked, "LastStatus": "InProgress", "SyncCreatedTime": datetime.now(UTC)}
        elif kept.pop(asked["SyncName"], None) is None:
            raise _refused("ResourceDataSyncNotFoundException", f"{asked['SyncName']} is not there")
        return EmptyResult()

    yield Responses, "create_association", create_association
    yield Responses, "describe_association", lambda self: ActionResult({"AssociationDescription": association(self)})
    yield Responses, "update_association", update_association
    yield Responses, "delete_association", delete_association
    yield Responses, "create_resource_data_sync", lambda self: sync(self, on=True)
    yield Responses, "delete_resource_data_sync", lambda self: sync(self, on=False)
    yield (
        Responses,
        "list_resource_data_sync",
        lambda self: ActionResult({"ResourceDataSyncItems": list(_kept(self.ssm_backend, "syncs").values())}),
    )


def _retold(to_json: Any) -> Any:
    def tell(self: Any) -> dict[str, Any]:
        asked = getattr(self, "asked", {})
        names = {"Name": "BaselineName", "Description": "BaselineDescription"} if hasattr(self, "sources") else {}
        also = {names[name]: value for name, value in asked.items() if name in names}
        return {**to_json(self), **asked, **also}

    return tell


def _without_token(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if name not in ("ClientToken", "Tags", "Replace", "Safe")}


def _kept(backend: Any, word: str) -> dict[str, Any]:
    found: dict[str, Any] = vars(backend).setdefault(f"kept_{word}", {})
    return found


def _found(held: dict[str, Any], key: str) -> Any:
    if key not in held:
        raise _refused("DoesNotExistException", f"{key} does not exist")
    return held[key]


def _refuse_parameter(asked: dict[str, Any]) -> None:
    value, tier = str(asked.get("Value") or ""), asked.get("Tier") or "Standard"
    pattern = asked.get("AllowedPattern")
    if pattern and not re.search(pattern, value):
        said = f"Parameter value, cannot be validated against allowedPattern: {pattern}"
        raise _refused("ParameterPatternMismatchException", said)
    if tier == "Standard" and len(value) > 4096:
        said = (
            "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger "
            "parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see "
            "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
        )
        raise _refused("ValidationException", said)
    if len(value) > 8192:
        said = "Advanced tier parameters support a maximum parameter value of 8192 characters."
        raise _refused("ValidationException", said)
    if asked.get("Policies") and tier == "Standard":
        raise _refused("ValidationException", "Parameter policies are only supported for advanced-tier parameters.")


def _refused(code: str, said: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    error: Exception = JsonRESTError(code, said)
    return error
