"""The transform AWS::LanguageExtensions: loops, and functions where CloudFormation by itself takes only a word.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html and
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html,
checked_on 2026-11-22
"""

from __future__ import annotations

import re
from typing import Any

from preflight.intrinsics import Scope, TemplateError, resolve, text

# functions that CloudFormation has only with this transform
FUNCTIONS = ("Fn::Length", "Fn::ToJsonString")

LOOP = "Fn::ForEach::"


def extended(body: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """The template with every `Fn::ForEach` unrolled, and what has to be a word resolved to one.

    Raises TemplateError, in the transform's words.
    """
    kept = ("Parameters", "Mappings", "AWSTemplateFormatVersion", "Description")
    unrolled = {name: section if name in kept else _unrolled(section, scope) for name, section in body.items()}
    # a loop may have made conditions that policies ask for
    scope.conditions = unrolled.get("Conditions") or {}
    answered: dict[str, Any] = _named({name: each for name, each in unrolled.items() if name not in kept}, scope)
    for resource in (answered.get("Resources") or {}).values():
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if isinstance(resource, dict) and isinstance(resource.get(policy), dict):
                resource[policy] = resolve(resource[policy], scope)
                if not isinstance(resource[policy], str):
                    raise TemplateError(f"Unsupported value for {policy}: it must resolve to a string")
    return {name: answered.get(name, section) for name, section in unrolled.items()}


def _unrolled(value: Any, scope: Scope) -> Any:
    if isinstance(value, list):
        return [_unrolled(each, scope) for each in value]
    if not isinstance(value, dict):
        return value
    out: dict[str, Any] = {}
    for name, each in value.items():
        if not str(name).startswith(LOOP):
            _put(out, name, _unrolled(each, scope))
            continue
        for key, made in _rounds(name, each, scope):
            _put(out, key, made)
    return out


def _rounds(loop: str, layout: Any, scope: Scope) -> list[tuple[str, Any]]:
    """Every key and value a loop makes, inner loops unrolled."""
    fits = isinstance(layout, list) and len(layout) == 3 and isinstance(layout[0], str) and isinstance(layout[2], dict)
    if not fits:
        raise TemplateError(f"{loop} layout is incorrect")
    identifier, collection, output = layout
    found: list[tuple[str, Any]] = []
    for item in _items(loop, collection, scope):
        turned = _turned(output, identifier, item)
        unrolled = _unrolled(turned, scope)
        found += unrolled.items()
    return found


def _items(loop: str, collection: Any, scope: Scope) -> list[str]:
    try:
        items = resolve(collection, scope)
        if isinstance(items, list):
            return list(dict.fromkeys(text(each) for each in items))
    except TypeError:
        pass
    raise TemplateError(f"{loop} could not be resolved: its collection must be a list of strings")


def _turned(value: Any, identifier: str, item: str) -> Any:
    """A loop's output for one item: `${Identifier}` is the item, `&{Identifier}` its letters and digits."""
    if isinstance(value, list):
        return [_turned(each, identifier, item) for each in value]
    if isinstance(value, dict):
        if value == {"Ref": identifier}:
            return item
        out: dict[str, Any] = {}
        for name, each in value.items():
            _put(out, _turned(name, identifier, item), _turned(each, identifier, item))
        return out
    if isinstance(value, str):
        plain = value.replace(f"${{{identifier}}}", item)
        return plain.replace(f"&{{{identifier}}}", re.sub(r"[^A-Za-z0-9]", "", item))
    return value


def _put(out: dict[str, Any], name: str, value: Any) -> None:
    if name in out:
        raise TemplateError(f"Duplicate key {name}")
    out[name] = value


def _named(value: Any, scope: Scope) -> Any:
    """The value with every Ref and Fn::GetAtt asking for a name that is written out, and lengths counted."""
    if isinstance(value, list):
        return [_named(each, scope) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        function, argument = next(iter(value.items()))
        if function == "Ref" and isinstance(argument, dict):
            return {"Ref": resolve(argument, scope)}
        if function == "Fn::GetAtt" and isinstance(argument, list) and argument and isinstance(argument[0], dict):
            return {"Fn::GetAtt": [resolve(argument[0], scope), *argument[1:]]}
        if function in FUNCTIONS:
            try:
                return resolve(value, scope)
            except TemplateError:
                # it asks for a resource, which is there only once the stack is made
                return value
    return {name: _named(each, scope) for name, each in value.items()}
