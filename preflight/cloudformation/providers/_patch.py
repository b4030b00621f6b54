"""Properties that API Gateway changes by patch operations: a row of a provider's table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Call, Scope, Table, _holder

Flatten = Callable[[Any], dict[str, str]]


class Part(Table):
    """A resource inside another: what says where it is, is told by finding it there."""

    addressed: ClassVar[str] = "RestApiId"

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The service's answers, with the address they were found at."""
        answers = super().read(made, declared, context)
        return [{**{name: declared.peek(name) for name in self.addressed.split()}, **each} for each in answers]


@dataclass(frozen=True)
class Patch:
    """Properties sent as patch operations: `put.sends` says "path=Property", and what it is given names the resource.

    A map becomes a path for each of its keys (written as the API writes names), a list one operation an item; `whole`
    names the paths whose value is one text. What the create call cannot carry is named in `at_create`. `flatten` turns
    a property of another form into paths and values. `otherwise` holds the value of a path that is no longer declared,
    where the API does not take its removal.
    """

    put: Call
    at_create: str = ""
    whole: str = ""
    flatten: Mapping[str, Flatten] | None = None
    otherwise: Mapping[str, str] | None = None

    @property
    def properties(self) -> frozenset[str]:
        """The top-level properties these operations carry."""
        return self.put.properties

    def make(self, table: Table, scope: Scope) -> None:
        """Send what the create call could not."""
        self._send(table, scope, list(_operations({}, self.values(scope, only=self.at_create.split()), {})))

    def change(self, table: Table, before: Scope, after: Scope) -> None:
        """Send what differs."""
        old, new = self.values(before), self.values(after)
        self._send(table, after, list(_operations(old, new, self.otherwise or {})))

    def undo(self, table: Table, scope: Scope) -> None:
        """Nothing: these go with their resource."""

    def _send(self, table: Table, scope: Scope, operations: list[dict[str, str]]) -> None:
        if operations:
            given = Call(self.put.operation, given=self.put.given).render(scope, table.service)
            table.ask(scope, self.put.operation, {**given, "patchOperations": operations})

    def values(self, scope: Scope, only: Collection[str] | None = None) -> dict[tuple[str, str], str]:
        """Every path and value; an item of a list has itself for the second part of its key."""
        found: dict[tuple[str, str], str] = {}
        for path, source in self.put.sends.items():
            holder, key = _holder(scope.declared, source)
            if holder is None or (only is not None and path not in only):
                continue
            value = holder.take(key)
            if self.flatten and path in self.flatten:
                found.update({(each, ""): text for each, text in self.flatten[path](value).items()})
            elif path in self.whole.split():
                found[path, ""] = _text(value)
            else:
                found.update(_flat(path, value))
        return found


def _flat(path: str, value: Any) -> Iterator[tuple[tuple[str, str], str]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _flat(f"{path}/{name[:1].lower()}{name[1:]}" if path not in FREE else f"{path}/{name}", each)
    elif isinstance(value, list):
        for each in value:
            yield (path, _text(each)), _text(each)
    else:
        yield (path, ""), _text(value)


def _operations(
    old: Mapping[tuple[str, str], str], new: Mapping[tuple[str, str], str], otherwise: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    for (path, item), value in old.items():
        if (path, item) not in new:
            if path in otherwise:
                yield {"op": "replace", "path": f"/{path}", "value": otherwise[path]}
            else:
                yield {"op": "remove", "path": f"/{path}", **({"value": value} if item else {})}
    for (path, item), value in new.items():
        if old.get((path, item)) != value:
            yield {"op": "add" if item else "replace", "path": f"/{path}", "value": value}


def _text(value: Any) -> str:
    import json

    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, Mapping | list) else str(value)


# maps whose keys are the user's own words
FREE = ("variables",)
