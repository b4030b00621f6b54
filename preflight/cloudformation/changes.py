"""Change sets: what an operation would do to a stack, told before it is done."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from preflight.cloudformation import nested, plan, schemas
from preflight.cloudformation.plan import Change, Difference
from preflight.cloudformation.stack import Stack
from preflight.intrinsics import Scope, Unknown, partition, resolve
from preflight.template import Template, names_in

if TYPE_CHECKING:
    from preflight.cloudformation.engine import CloudFormation

# how CloudFormation writes a value it will only know once the change is made
LATER = Unknown("{{changeSet:KNOWN_AFTER_APPLY}}")

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


@dataclass
class ChangeSet:
    """One prepared operation on a stack; `kind` is CREATE or UPDATE."""

    name: str
    change_set_id: str
    kind: str
    stack: Stack
    template: Template
    parameters: dict[str, Any]
    values: dict[str, Any]
    tags: dict[str, str]
    changes: list[Change]
    status: str = "CREATE_COMPLETE"
    reason: str | None = None
    execution: str = "AVAILABLE"
    options: dict[str, Any] = field(default_factory=dict)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


def new(
    cloud: CloudFormation,
    stack: Stack,
    name: str,
    kind: str,
    template: Template,
    parameters: Mapping[str, Any],
    tags: Mapping[str, str],
    options: Mapping[str, Any],
) -> ChangeSet:
    """A change set of a stack; one without changes has FAILED, as at AWS.

    Raises Refused when the template or its parameters cannot be accepted.
    """
    values = cloud.checked(stack, template, parameters)
    changes = predict(cloud, stack, template, values, tags)
    unique = uuid.uuid5(uuid.NAMESPACE_URL, f"{stack.stack_id}/{name}/{len(cloud.change_sets)}")
    arn = f"arn:{partition(stack.region)}:cloudformation:{stack.region}:{stack.account}:changeSet/{name}/{unique}"
    made = ChangeSet(
        name, arn, kind, stack, template, dict(parameters), values, dict(tags), changes, options=dict(options)
    )
    if kind == "UPDATE" and not changes and cloud.is_unchanged(stack, template, values, tags):
        made.status, made.reason, made.execution = "FAILED", NO_CHANGES, "UNAVAILABLE"
    return made


def predict(
    cloud: CloudFormation, stack: Stack, template: Template, values: Mapping[str, Any], tags: Mapping[str, str]
) -> list[Change]:
    """What bringing the stack to this template does to each resource, in the order it is done."""
    renewed: set[str] = set()
    scope = _scope_before(cloud, stack, template, values, renewed)
    needs = plan.dependencies(template, scope)
    changes = []
    for name in plan.order(needs):
        change = _change_of(stack, template, name, scope, renewed, tags)
        if change is None:
            continue
        if change.action == "Add" or change.replacement == "True":
            renewed.add(name)
        elif change.type == nested.TYPE:
            # the stack stays, what it puts out may not
            renewed.add(f"{name}.Outputs")
        changes.append(change)
    gone = [each for name, each in stack.resources.items() if name not in needs and each.status != "DELETE_COMPLETE"]
    return changes + [Change(each.logical_id, each.type, "Remove") for each in reversed(gone)]


def _change_of(
    stack: Stack, template: Template, name: str, scope: Scope, renewed: set[str], tags: Mapping[str, str]
) -> Change | None:
    declared, existing = template.resources[name], stack.resources.get(name)
    properties = resolve(declared.properties, scope)
    schema = schemas.find(declared.type)
    after = schema.coerced(properties) if schema else properties
    if existing is None:
        return Change(name, declared.type, "Add", after=after)
    asked = names_in(declared.properties)
    touched = {each for each in asked if each in renewed or f"{each}.Outputs" in renewed}
    found = tuple(_dynamic(each) for each in plan.differences(declared.type, existing.properties, after))
    scopes = ["Properties"] if found else []
    if existing.tags != dict(tags) and schema is not None and schema.tags_property:
        scopes.append("Tags")
    if existing.metadata != declared.metadata:
        scopes.append("Metadata")
    if existing.deletion_policy != declared.deletion_policy:
        scopes.append("DeletionPolicy")
    if not scopes:
        return None
    return Change(
        name,
        declared.type,
        "Modify",
        replacement=plan.replacement(declared.type, found),
        scope=tuple(scopes),
        differences=found,
        before=existing.properties,
        after=after,
        causes=tuple(sorted(touched)),
    )


def _dynamic(difference: Difference) -> Difference:
    # what is only known after the change may turn out to be the same
    if not _is_later(difference.after) or difference.recreates == "Never":
        return difference
    return Difference(difference.path, difference.before, difference.after, "Conditionally")


def _is_later(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_is_later(each) for each in value.values())
    if isinstance(value, list):
        return any(_is_later(each) for each in value)
    return isinstance(value, Unknown) and LATER in value


def _scope_before(
    cloud: CloudFormation, stack: Stack, template: Template, values: Mapping[str, Any], renewed: set[str]
) -> Scope:
    scope = cloud.scope(stack, template, values)
    old_ref, old_attribute = scope.ref, scope.attribute
    assert old_ref is not None and old_attribute is not None

    def ref(name: str) -> Any:
        return LATER if name in renewed or name not in stack.resources else old_ref(name)

    def attribute(name: str, wanted: str) -> Any:
        changed = name in renewed or f"{name}.{wanted.partition('.')[0]}" in renewed
        return LATER if changed or name not in stack.resources else old_attribute(name, wanted)

    scope.ref, scope.attribute = ref, attribute
    return scope
