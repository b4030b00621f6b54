"""What Step Functions refuses in a state machine's definition, before anything runs.

The codes are those of https://docs.aws.amazon.com/step-functions/latest/apireference/
API_ValidateStateMachineDefinitionDiagnostic.html, the rules those of https://states-language.net/spec.html, both
checked_on 2026-11-22; AWS says itself that the wording of its messages may change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Fault = tuple[str, str, str]

TYPES = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
SCHEMA = "SCHEMA_VALIDATION_FAILED"
MISSING = "MISSING_TRANSITION_TARGET"


def faults(definition: str) -> list[Fault]:
    """Every fault as (code, message, place); none for a definition that can be made."""
    try:
        machine = json.loads(definition)
    except ValueError as error:
        return [("INVALID_JSON_DESCRIPTION", f"Invalid JSON description: {error}", "/")]
    if not isinstance(machine, dict):
        return [("INVALID_JSON_DESCRIPTION", "A definition is a JSON object", "/")]
    return list(_machine(machine, ""))


def uses_jsonata(definition: Any) -> bool:
    """Whether any part of a definition asks for JSONata."""
    if isinstance(definition, Mapping):
        return definition.get("QueryLanguage") == "JSONata" or any(uses_jsonata(each) for each in definition.values())
    return isinstance(definition, list) and any(uses_jsonata(each) for each in definition)


def _machine(machine: Mapping[str, Any], place: str) -> Iterator[Fault]:
    states, start = machine.get("States"), machine.get("StartAt")
    if not isinstance(states, dict) or not states:
        yield SCHEMA, "The field 'States' is required but was missing", place or "/"
        return
    if not start:
        yield SCHEMA, "The field 'StartAt' is required but was missing", place or "/"
        return
    if start not in states:
        yield MISSING, f"Missing 'StartAt' target: {start}", f"{place}/StartAt"
        return
    for name, state in states.items():
        yield from _state(name, state, states, f"{place}/States/{name}")
    for name in states.keys() - _reached(states, start):
        yield MISSING, f'State "{name}" is not reachable.', f"{place}/States/{name}"
    if not any(_ends(each) for each in states.values() if isinstance(each, dict)):
        yield "MISSING_END_STATE", "The workflow does not have a terminal state", place or "/"


def _state(name: str, state: Any, states: Mapping[str, Any], place: str) -> Iterator[Fault]:
    if not isinstance(state, dict):
        yield SCHEMA, "A state is a JSON object", place
        return
    kind = state.get("Type")
    if kind is None:
        yield SCHEMA, "The field 'Type' is required but was missing", place
    elif kind not in TYPES:
        yield SCHEMA, f"Value '{kind}' is not a valid state type", f"{place}/Type"
    if len(name) > 80:
        yield "STATE_NAME_TOO_LONG", "The state name exceeds the allowed length", place
    for way, target in _targets(state, place):
        if target not in states:
            yield MISSING, f"Missing '{way.rpartition('/')[2]}' target: {target}", way
    if kind in ("Task", "Pass", "Wait", "Parallel", "Map") and not state.get("Next") and not state.get("End"):
        yield SCHEMA, "These fields are required: one of 'Next' or 'End'", place
    if state.get("Next") and state.get("End"):
        yield SCHEMA, "These fields cannot be used together: 'Next' and 'End'", place
    if kind == "Task":
        resource = state.get("Resource")
        if resource is None:
            yield SCHEMA, "The field 'Resource' is required but was missing", place
        elif not str(resource).startswith("arn:") and "${" not in str(resource):
            yield SCHEMA, "Value is not a valid resource ARN", f"{place}/Resource"
    if kind == "Choice" and not state.get("Choices"):
        yield SCHEMA, "The field 'Choices' is required but was missing", place
    if kind == "Wait" and not any(key.startswith(("Seconds", "Timestamp")) for key in state):
        yield SCHEMA, "These fields are required: one of 'Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'", place
    if kind == "Parallel":
        if not state.get("Branches"):
            yield SCHEMA, "The field 'Branches' is required but was missing", place
        for index, branch in enumerate(state.get("Branches") or []):
            yield from _machine(branch, f"{place}/Branches[{index}]")
    if kind == "Map":
        inner = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
        if not isinstance(state.get(inner), dict):
            yield SCHEMA, "The field 'ItemProcessor' is required but was missing", place
        else:
            yield from _machine(state[inner], f"{place}/{inner}")


def _targets(state: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    for key in ("Next", "Default"):
        if isinstance(state.get(key), str):
            yield f"{place}/{key}", state[key]
    for key in ("Choices", "Catch"):
        for index, each in enumerate(state.get(key) or []):
            if isinstance(each, dict) and isinstance(each.get("Next"), str):
                yield f"{place}/{key}[{index}]/Next", each["Next"]


def _reached(states: Mapping[str, Any], start: str) -> set[str]:
    reached, waiting = set[str](), [start]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in states:
            continue
        reached.add(name)
        state = states[name]
        waiting += [target for _, target in _targets(state, "")] if isinstance(state, dict) else []
    return reached


def _ends(state: Mapping[str, Any]) -> bool:
    return bool(state.get("End")) or state.get("Type") in ("Succeed", "Fail")
