"""Mends the emulated Lake Formation: a registered location keeps how it is reached, and grants name what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

_KEPT = ("ExpectedResourceOwnerAccount", "HybridAccessEnabled", "WithFederation", "WithPrivilegedAccess")


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What takes the place of moto's own, or is not there."""
    from moto.lakeformation import models, responses

    answers = responses.LakeFormationResponse
    return [
        (answers, "register_resource", _registering(answers.register_resource)),
        (answers, "update_resource", _update_resource),
        (models.Resource, "to_dict", _telling(models.Resource.to_dict)),
        (answers, "remove_lf_tags_from_resource", _removing(answers.remove_lf_tags_from_resource)),
        (answers, "grant_permissions", _granting(answers.grant_permissions)),
    ]


def _registering(register: Any) -> Any:
    def register_resource(self: Any) -> Any:
        answer = register(self)
        _keep(self, self.lakeformation_backend.resources[self._get_param("ResourceArn")])
        return answer

    return register_resource


def _update_resource(self: Any) -> str:
    _keep(self, self.lakeformation_backend.describe_resource(self._get_param("ResourceArn")))
    return "{}"


def _keep(response: Any, held: Any) -> None:
    role = response._get_param("RoleArn")
    if response._get_param("UseServiceLinkedRole") and not role:
        path = "aws-service-role/lakeformation.amazonaws.com/AWSServiceRoleForLakeFormationDataAccess"
        role = f"arn:aws:iam::{response.current_account}:role/{path}"
    held.role_arn = role or held.role_arn
    told = {name: response._get_param(name) for name in _KEPT}
    held.preflight = {
        **getattr(held, "preflight", {}),
        **{name: value for name, value in told.items() if value is not None},
    }


def _telling(tell: Callable[[Any], dict[str, Any]]) -> Any:
    return lambda self: {**tell(self), **getattr(self, "preflight", {})}


def _removing(remove: Any) -> Any:
    def remove_lf_tags_from_resource(self: Any) -> Any:
        try:
            return remove(self)
        except (ValueError, KeyError):
            # there is no such tag on it, and moto looks no further
            return '{"Failures": []}'

    return remove_lf_tags_from_resource


def _granting(grant: Any) -> Any:
    """Nobody is granted what the data catalog does not hold."""

    def grant_permissions(self: Any) -> Any:
        resource = self._get_param("Resource") or {}
        for kind in ("Database", "Table", "TableWithColumns"):
            if resource.get(kind):
                _check(self, kind, resource[kind])
        return grant(self)

    return grant_permissions


def _check(response: Any, kind: str, named: Mapping[str, Any]) -> None:
    import moto.backends
    from moto.core.exceptions import JsonRESTError

    if named.get("CatalogId") not in (None, response.current_account):
        return
    glue: Any = moto.backends.get_backend("glue")[response.current_account][response.region]
    database = named.get("Name") if kind == "Database" else named.get("DatabaseName")
    if database not in glue.databases:
        raise JsonRESTError("EntityNotFoundException", f"Database not found: {database}")
    table = None if kind == "Database" else named.get("Name")
    if table is not None and table not in glue.databases[database].tables:
        raise JsonRESTError("EntityNotFoundException", f"Table not found: {table}")
