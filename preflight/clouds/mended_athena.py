"""Mends the emulated Athena: groups, queries and catalogs can be changed, and what is not there is said to be so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What takes the place of moto's own, or is not there."""
    from moto.athena import responses

    answers = responses.AthenaResponse
    return [
        (answers, "get_work_group", _needing("WorkGroup", "work_groups", "WorkGroup", answers.get_work_group)),
        (answers, "update_work_group", _needing("WorkGroup", "work_groups", "WorkGroup", _update_work_group)),
        (answers, "delete_work_group", _needing("WorkGroup", "work_groups", "WorkGroup", _delete_work_group)),
        (answers, "create_named_query", _in_a_group(answers.create_named_query)),
        (answers, "get_named_query", _needing("NamedQueryId", "named_queries", "NamedQuery", answers.get_named_query)),
        (answers, "delete_named_query", _needing("NamedQueryId", "named_queries", "NamedQuery", _delete_named_query)),
        (answers, "create_prepared_statement", _in_a_group(_create_statement)),
        (answers, "get_prepared_statement", _get_statement),
        (answers, "update_prepared_statement", _update_statement),
        (answers, "delete_prepared_statement", _delete_statement),
        (answers, "get_data_catalog", _needing("Name", "data_catalogs", "DataCatalog", answers.get_data_catalog)),
        (answers, "update_data_catalog", _needing("Name", "data_catalogs", "DataCatalog", _update_catalog)),
        (answers, "delete_data_catalog", _needing("Name", "data_catalogs", "DataCatalog", _delete_catalog)),
        (answers, "cancel_capacity_reservation", lambda self: "{}"),
        (answers, "delete_capacity_reservation", _delete_reservation),
        (answers, "start_query_execution", _limited(answers.start_query_execution)),
    ]


def _needing(parameter: str, place: str, kind: str, answer: Any) -> Any:
    def answered(self: Any) -> Any:
        wanted = self._get_param(parameter)
        if wanted not in getattr(self.athena_backend, place):
            raise _refused(f"{kind} {wanted} is not found.")
        return answer(self)

    return answered


def _in_a_group(create: Any) -> Any:
    def created(self: Any) -> Any:
        group = self._get_param("WorkGroup") or "primary"
        if group not in self.athena_backend.work_groups:
            raise _refused("WorkGroup is not found.")
        return create(self)

    return created


def _update_work_group(self: Any) -> str:
    group = self.athena_backend.work_groups[self._get_param("WorkGroup")]
    if self._get_param("Description") is not None:
        group.description = self._get_param("Description")
    group.state = self._get_param("State") or group.state
    for name, value in (self._get_param("ConfigurationUpdates") or {}).items():
        if name == "ResultConfigurationUpdates":
            _update_results(group.configuration.setdefault("ResultConfiguration", {}), value)
        elif name.startswith("Remove"):
            if value:
                group.configuration.pop(name.removeprefix("Remove"), None)
        else:
            group.configuration[name] = value
    return "{}"


def _update_results(held: dict[str, Any], change: dict[str, Any]) -> None:
    for name, value in change.items():
        if name.startswith("Remove"):
            if value:
                held.pop(name.removeprefix("Remove"), None)
        else:
            held[name] = value


def _delete_work_group(self: Any) -> str:
    name = self._get_param("WorkGroup")
    backend = self.athena_backend
    if name == "primary":
        raise _refused("The primary workgroup cannot be deleted.")
    queries = [key for key, each in backend.named_queries.items() if each.workgroup.name == name]
    statements = [key for key, each in backend.prepared_statements.items() if each.workgroup == name]
    if (queries or statements) and not self._get_param("RecursiveDeleteOption"):
        raise _refused(f"WorkGroup {name} is not empty")
    for key in queries:
        del backend.named_queries[key]
    for key in statements:
        del backend.prepared_statements[key]
    backend.delete_work_group(name)
    return "{}"


def _delete_named_query(self: Any) -> str:
    del self.athena_backend.named_queries[self._get_param("NamedQueryId")]
    return "{}"


def _create_statement(self: Any) -> str:
    # one name may stand in several work groups
    from moto.athena.models import PreparedStatement

    key = (self._get_param("WorkGroup"), self._get_param("StatementName"))
    if key in self.athena_backend.prepared_statements:
        raise _refused(f"PreparedStatement {key[1]} already exists.")
    self.athena_backend.prepared_statements[key] = PreparedStatement(
        key[1], key[0], self._get_param("QueryStatement"), self._get_param("Description")
    )
    return "{}"


def _statement(self: Any) -> Any:
    key = (self._get_param("WorkGroup"), self._get_param("StatementName"))
    held = self.athena_backend.prepared_statements
    if key not in held:
        raise _refused(f"PreparedStatement {key[1]} was not found.", "ResourceNotFoundException")
    return held[key]


def _get_statement(self: Any) -> str:
    held = _statement(self)
    told = {
        "StatementName": held.statement_name,
        "QueryStatement": held.query_statement,
        "WorkGroupName": held.workgroup,
        "Description": held.description,
    }
    return json.dumps({"PreparedStatement": {name: value for name, value in told.items() if value is not None}})


def _update_statement(self: Any) -> str:
    held = _statement(self)
    held.query_statement, held.description = self._get_param("QueryStatement"), self._get_param("Description")
    return "{}"


def _delete_statement(self: Any) -> str:
    _statement(self)
    del self.athena_backend.prepared_statements[self._get_param("WorkGroup"), self._get_param("StatementName")]
    return "{}"


def _update_catalog(self: Any) -> str:
    held = self.athena_backend.data_catalogs[self._get_param("Name")]
    held.type = self._get_param("Type") or held.type
    held.description, held.parameters = self._get_param("Description"), self._get_param("Parameters")
    return "{}"


def _delete_catalog(self: Any) -> str:
    del self.athena_backend.data_catalogs[self._get_param("Name")]
    return "{}"


def _delete_reservation(self: Any) -> str:
    if self.athena_backend.capacity_reservations.pop(self._get_param("Name"), None) is None:
        raise _refused(f"Capacity Reservation {self._get_param('Name')} is not found.")
    return "{}"


def _limited(start: Any) -> Any:
    """A query runs in a work group that is enabled, and its results have to go somewhere.

    https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html, checked_on 2026-11-22
    """

    def start_query_execution(self: Any) -> Any:
        name = self._get_param("WorkGroup") or "primary"
        group = self.athena_backend.work_groups.get(name)
        if group is None:
            raise _refused(f"WorkGroup {name} is not found.")
        if group.state == "DISABLED":
            raise _refused(f"WorkGroup {name} is disabled.")
        results = group.configuration.get("ResultConfiguration") or {}
        own = self._get_param("ResultConfiguration") or {}
        managed = (group.configuration.get("ManagedQueryResultsConfiguration") or {}).get("Enabled")
        if not (results.get("OutputLocation") or own.get("OutputLocation") or managed):
            raise _refused(
                "No output location provided. An output location is required either through the Workgroup result "
                "configuration setting or as an API input."
            )
        return start(self)

    return start_query_execution


def _refused(message: str, code: str = "InvalidRequestException") -> Exception:
    from moto.core.exceptions import JsonRESTError

    error: Exception = JsonRESTError(code, message)
    return error
