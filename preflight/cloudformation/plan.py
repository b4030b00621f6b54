"""In which order a template's resources are made, and what an update changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from preflight.cloudformation import schemas
from preflight.intrinsics import Scope, choose
from preflight.template import Resource, Template, names_in

Action = Literal["Add", "Modify", "Remove"]
Replacement = Literal["True", "False", "Conditional"]


@dataclass(frozen=True)
class Difference:
    """One property that changes: its dotted path, the values (None when absent), and whether it replaces."""

    path: str
    before: Any
    after: Any
    recreates: Literal["Always", "Conditionally", "Never"]


@dataclass(frozen=True)
class Change:
    """What an update does to one resource; `causes` are the replaced resources it refers to."""

    logical_id: str
    type: str
    action: Action
    replacement: Replacement = "False"
    scope: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    causes: tuple[str, ...] = ()


def dependencies(template: Template, scope: Scope) -> dict[str, set[str]]:
    """For each resource whose condition holds, those it must come after; absent ones are left out."""
    present = template.present(scope)
    needs = {name: references(each, scope) & present.keys() for name, each in present.items()}
    for name, each in present.items():
        for other, first in present.items():
            if _FIRST.get(each.type) == first.type and name not in _all_needs(needs, other):
                needs[name].add(other)
    return needs


# CloudFormation makes the two at once and tries again, so that nobody says which is first
_FIRST = {"AWS::Config::DeliveryChannel": "AWS::Config::ConfigurationRecorder"}


def _all_needs(needs: Mapping[str, set[str]], name: str) -> set[str]:
    found, left = set[str](), [name]
    while left:
        for each in needs[left.pop()] - found:
            found.add(each)
            left.append(each)
    return found


def references(resource: Resource, scope: Scope) -> set[str]:
    """The names a resource refers to once its `Fn::If`s are chosen, DependsOn included."""
    return set(resource.depends_on) | names_in(choose(resource.properties, scope))


def order(needs: Mapping[str, set[str]]) -> list[str]:
    """The names with each after all it needs, else in the order they were given.

    Names that wait for each other (`circle` finds them beforehand) come as they were given.
    """
    done: dict[str, None] = {}
    waiting = list(needs)
    while waiting:
        ready = [name for name in waiting if needs[name] <= done.keys()] or waiting[:1]
        done.update(dict.fromkeys(ready))
        waiting = [name for name in waiting if name not in done]
    return list(done)


def circle(needs: Mapping[str, set[str]]) -> list[str]:
    """The names that wait for each other, empty when every one can be made."""
    left = dict(needs)
    while left:
        needed = set().union(*left.values())
        free = [name for name in left if not left[name] & left.keys() or name not in needed]
        if not free:
            return list(left)
        for name in free:
            del left[name]
    return []


def differences(resource_type: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """The properties that differ, leaf by leaf where both sides have the branch."""
    schema = schemas.find(resource_type)
    always = schema.create_only if schema else ()
    conditionally = schema.conditional_create_only if schema else ()
    found = []
    for path, old, new in changes(before, after):
        if any(_touches(each, path, old, new) for each in always):
            recreates: Literal["Always", "Conditionally", "Never"] = "Always"
        elif any(_touches(each, path, old, new) for each in conditionally):
            recreates = "Conditionally"
        else:
            recreates = "Never"
        found.append(Difference(".".join(path), old, new, recreates))
    return tuple(found)


def changes(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Where two values differ: the path, the value before and after, None where there is none."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            yield from changes(before.get(name), after.get(name), (*path, str(name)))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from changes(old, new, (*path, str(index)))
    elif before != after:
        yield path, before, after


def replacement(resource_type: str, found: tuple[Difference, ...]) -> Replacement:
    """Whether these differences make a new resource."""
    schema = schemas.find(resource_type)
    if any(each.recreates == "Always" for each in found) or (schema is not None and schema.immutable and found):
        return "True"
    return "Conditional" if any(each.recreates == "Conditionally" for each in found) else "False"


def keeps_its_name(resource_type: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
    """The custom name a resource would have to share with its own replacement, None when there is none."""
    schema = schemas.find(resource_type)
    if schema is None or not schema.identifier:
        return None
    old = [before.get(name) for name in schema.identifier]
    new = [after.get(name) for name in schema.identifier]
    return str(new[-1]) if None not in old and old == new else None


def _touches(pattern: str, path: tuple[str, ...], before: Any, after: Any) -> bool:
    """Whether a change at a path changes what a create-only pattern names, above or below it."""
    wanted = pattern.split(".")
    for index, part in enumerate(wanted):
        if index == len(path):
            return bool(_at(before, wanted[index:]) != _at(after, wanted[index:]))
        if part not in ("*", path[index]):
            # the schema leaves out the steps through a list's items in some patterns
            if path[index].isdigit():
                return _touches(pattern, (*path[:index], *path[index + 1 :]), before, after)
            return False
    return True


def _at(value: Any, path: list[str]) -> Any:
    if not path or value is None:
        return value
    if isinstance(value, list):
        return [_at(each, path[1:] if path[0] == "*" else path) for each in value]
    return _at(value.get(path[0]), path[1:]) if isinstance(value, Mapping) else None
