"""Keeps, on the emulated service's own records, the properties that its API takes and forgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from preflight.cloudformation.providers._table import Call, Scope, Table, _holder, _pairs, _send


@dataclass(frozen=True)
class Kept:
    """A step of a Table's `then`: properties written where the service's own describe call finds them.

    `told` is that call with the members that lead to the record in its answer ("describe_subnets.Subnets"), whose
    shape the values are fitted to; what the shape has no place for stays unread, so that the ledger names it.
    `record` finds the emulated service's record: moto tells an attribute named as the member is before any other.
    `put` carries "Member=Property" as a Call does.
    """

    told: str
    record: Callable[[Scope], Any]
    put: Call

    @property
    def properties(self) -> frozenset[str]:
        """The top-level properties this step carries."""
        return self.put.properties

    def make(self, table: Table, scope: Scope) -> None:
        """Write the declared properties on a new resource's record."""
        self._write(self.record(scope), self._values(table, scope))

    def change(self, table: Table, before: Scope, after: Scope) -> None:
        """Write what is declared now, and forget what no longer is."""
        record, old, new = self.record(after), self._values(table, before), self._values(table, after)
        for name in old.keys() - new.keys():
            if isinstance(record, dict):
                record.pop(name, None)
            else:
                vars(record).pop(name, None)
        self._write(record, new)

    def undo(self, table: Table, scope: Scope) -> None:
        """Nothing: the record goes with its resource."""

    def _values(self, table: Table, scope: Scope) -> dict[str, Any]:
        shape, values = self._shape(table, scope), dict[str, Any]()
        for parameter, source in self.put.sends.items():
            holder, key = _holder(scope.declared, source)
            if holder is not None:
                _send(values, shape, parameter, holder, key, self.put.names)
        return values

    def _shape(self, table: Table, scope: Scope) -> Any:
        operation, *members = self.told.split(".")
        client = scope.context.client(table.service)
        shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).output_shape
        for member in members:
            shape = shape.members[member]
            while shape.type_name == "list":
                shape = shape.member
        return shape

    @staticmethod
    def _write(record: Any, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if isinstance(record, dict):
                record[name] = value
            else:
                setattr(record, name, value)


def kept(told: str, record: Callable[[Scope], Any], sends: str, *, names: str = "") -> Kept:
    """A row's way to write a Kept; `names` as for `call`."""
    renames = {ours: theirs for theirs, ours in _pairs(names)}
    return Kept(told, record, Call(told.partition(".")[0], dict(_pairs(sends)), renames))


def keep(record: Any, **values: Any) -> None:
    """Make the service tell these members of a record."""
    Kept._write(record, values)
