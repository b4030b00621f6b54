"""Whether a template has the form CloudFormation asks for: its sections, its names, and what each function is given.

The words are CloudFormation's own, as https://repost.aws/knowledge-center/cloudformation-template-validation and AWS's
clients report them; the limits are those of
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from preflight.cloudformation import language
from preflight.intrinsics import FUNCTIONS, LOGIC, walk
from preflight.template import Template


def faults(template: Template) -> Iterator[str]:
    """Every fault of form; a template without any can be looked at resource by resource."""
    body = template.body
    unknown = [str(name) for name in body if name not in _SECTIONS]
    if unknown:
        yield f"Invalid template property or properties [{', '.join(unknown)}]"
    version = body.get("AWSTemplateFormatVersion", "2010-09-09")
    if version != "2010-09-09":
        yield "Template format error: unsupported value for AWSTemplateFormatVersion."
    description = body.get("Description", "")
    if not isinstance(description, str):
        yield "Template format error: Description must be a string."
    elif len(description.encode()) > 1024:
        yield "Template format error: 'Description' length is greater than 1024."
    for name in (each for each in body if each in _SECTIONS - _SCALAR_SECTIONS):
        if body[name] is None:
            yield f"Template format error: [/{name}] 'null' values are not allowed in templates"
        elif not isinstance(body[name], dict):
            yield f"Template format error: {name} must be an object."
    if not isinstance(body.get("Resources"), dict) or not body["Resources"]:
        yield "Template format error: At least one Resources member must be defined."
        return
    yield from _names(body)
    yield from _too_many(body)
    for name, declared in body["Resources"].items():
        yield from _resource(str(name), declared)
    for section, look in (("Parameters", _parameter), ("Outputs", _output), ("Mappings", _mapping)):
        held = body.get(section)
        for name, declared in held.items() if isinstance(held, dict) else ():
            yield from look(str(name), declared)
    yield from _conditions(body)
    yield from _functions(template)


def _names(body: Mapping[str, Any]) -> Iterator[str]:
    for section, word in _NAMED.items():
        held = body.get(section)
        for name in held if isinstance(held, dict) else ():
            # a loop that no transform has unrolled is told of by what it lacks
            if not re.fullmatch(r"[A-Za-z0-9]+", str(name)) and not str(name).startswith(language.LOOP):
                yield f"Template format error: {word} name {name} is non alphanumeric."
            elif len(str(name)) > 255:
                yield f"Template format error: {word} name {name} is longer than 255 characters."


def _too_many(body: Mapping[str, Any]) -> Iterator[str]:
    for section, most, said in _MOST:
        held = body.get(section)
        if isinstance(held, dict) and len(held) > most:
            yield f"Template format error: {said.format(count=len(held), most=most)}"


def _resource(name: str, declared: Any) -> Iterator[str]:
    at = f"[/Resources/{name}"
    if not isinstance(declared, dict):
        yield f"Template format error: {at}] Every Resources object must contain a Type member."
        return
    if not isinstance(declared.get("Type"), str):
        yield f"Template format error: {at}] Every Resources object must contain a Type member."
        return
    for each in declared:
        if each not in _OF_RESOURCE and not str(each).startswith("Fn::"):
            yield f"Invalid template resource property '{each}'"
    yield from _nulls({key: each for key, each in declared.items() if key != "Metadata"}, f"/Resources/{name}")
    if not isinstance(declared.get("Properties") or {}, dict):
        yield f"Template format error: {at}/Properties] Properties must be an object."
    if not isinstance(declared.get("Condition", ""), str):
        yield f"Template format error: {at}/Condition] Every Condition member must be a string."
    needs = declared.get("DependsOn", ())
    if not isinstance(needs, str) and not (
        isinstance(needs, (list, tuple)) and all(type(each) is str for each in needs)
    ):
        yield f"Template format error: {at}/DependsOn] DependsOn must be a string or list of strings."
    for policy, words in _POLICIES.items():
        asked = declared.get(policy, "Delete")
        if asked == "Snapshot" and declared["Type"] not in SNAPSHOTS:
            yield f"Template error: resource type {declared['Type']} does not support deletion policy Snapshot"
        elif asked not in words if isinstance(asked, str) else True:
            yield f"Template format error: Unrecognized {policy} {asked} for resource {name}"


def _parameter(name: str, declared: Any) -> Iterator[str]:
    if not isinstance(declared, dict) or not isinstance(declared.get("Type"), str):
        yield f"Template format error: [/Parameters/{name}] Every Parameters object must contain a Type member."
        return
    for each, value in declared.items():
        if each not in _OF_PARAMETER:
            yield f"Invalid template parameter property '{each}'"
        elif value is None:
            yield f"Template format error: [/Parameters/{name}/{each}] 'null' values are not allowed in templates"
        elif each == "Default" and isinstance(value, (dict, list)):
            yield f"Template format error: [/Parameters/{name}/Default] Every Default member must be a string."
        elif each == "AllowedValues" and not isinstance(value, list):
            yield f"Template format error: [/Parameters/{name}/AllowedValues] AllowedValues must be a list."


def _output(name: str, declared: Any) -> Iterator[str]:
    if not isinstance(declared, dict) or "Value" not in declared:
        yield f"Template format error: [/Outputs/{name}] Every Outputs member must contain a Value object."
        return
    for each in declared:
        if each not in ("Value", "Description", "Condition", "Export"):
            yield f"Invalid template output property '{each}'"
    if not isinstance(declared.get("Condition", ""), str):
        yield f"Template format error: [/Outputs/{name}/Condition] Every Condition member must be a string."
    yield from _nulls(declared, f"/Outputs/{name}")
    value = declared["Value"]
    if isinstance(value, list) or (isinstance(value, dict) and not _is_call(value)):
        yield (
            f"Template format error: Output {name} is malformed. "
            "The Value field of every Outputs member must evaluate to a String."
        )
    export = declared.get("Export", {"Name": "x"})
    if isinstance(export, dict) and any(
        call in ("Fn::GetAtt", "Fn::ImportValue", "Fn::GetAZs") for call, _ in walk(export)
    ):
        yield (
            f"Template format error: Output {name} is malformed. The Name field of every Export member must not depend "
            "on any resources, imported values, or Fn::GetAZs."
        )
    if not isinstance(export, dict) or not export.get("Name") or isinstance(export["Name"], list):
        yield (
            f"Template format error: Output {name} is malformed. The Name field of every Export member must be "
            "specified and consist only of alphanumeric characters, colons, or hyphens."
        )


def _mapping(name: str, declared: Any) -> Iterator[str]:
    if not isinstance(declared, dict) or not all(isinstance(each, dict) for each in declared.values()):
        yield f"Template format error: [/Mappings/{name}] Every Mappings member must be a map of maps."
        return
    for key, attributes in declared.items():
        for attribute, value in attributes.items():
            if isinstance(value, dict) or value is None:
                at = f"[/Mappings/{name}/{key}/{attribute}]"
                yield f"Template format error: {at} Every Mappings attribute must be a String or a List."


def _conditions(body: Mapping[str, Any]) -> Iterator[str]:
    declared = body.get("Conditions")
    if not isinstance(declared, dict):
        return
    needs: dict[str, set[str]] = {}
    for name, each in declared.items():
        if not (isinstance(each, dict) and len(each) == 1 and next(iter(each)) in {*LOGIC, "Condition"}):
            yield (
                "Template format error: Conditions can only be boolean operations on parameters and other conditions "
                f"[/Conditions/{name}]"
            )
            continue
        needs[name] = set(_named_conditions(each))
        for missing in sorted(needs[name] - declared.keys()):
            where = "in the Conditions block of the template"
            yield f"Template format error: Unresolved condition dependency {missing} {where}"
    circle = [name for name in needs if _reaches(name, name, needs)]
    if circle:
        yield f"Template format error: Circular dependency between conditions: [{', '.join(circle)}]"


def _named_conditions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if len(value) == 1 and isinstance(value.get("Condition"), str):
            yield value["Condition"]
        for each in value.values():
            yield from _named_conditions(each)
    elif isinstance(value, list):
        for each in value:
            yield from _named_conditions(each)


def _reaches(start: str, wanted: str, needs: Mapping[str, set[str]]) -> bool:
    seen: set[str] = set()
    waiting = list(needs.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name == wanted:
            return True
        if name not in seen:
            seen.add(name)
            waiting += needs.get(name, ())
    return False


def _functions(template: Template) -> Iterator[str]:
    """What is wrong with the functions a template calls, each kind of fault once."""
    said: dict[str, None] = {}
    declared = [each for each in template.body["Resources"].values() if isinstance(each, dict)]
    values = [*(each.get("Properties") for each in declared), template.body.get("Outputs")]
    for value in values:
        for name, argument in walk(value):
            if name in LOGIC:
                said[f"Template error: {name} cannot be partially collapsed"] = None
            said |= dict.fromkeys(_call_faults(name, argument, template))
    for section in ("Conditions", "Rules"):
        for name, argument in walk(template.body.get(section)):
            said |= dict.fromkeys(_call_faults(name, argument, template))
    yield from said


def _call_faults(name: str, argument: Any, template: Template) -> Iterator[str]:
    if name.startswith(language.LOOP):
        # told of where it stands
        return
    known = _FUNCTIONS | set(language.FUNCTIONS) if template.extended else _FUNCTIONS
    if name not in known:
        listed = ", ".join(sorted(_FUNCTIONS - {"Ref"}))
        yield f"Template format error: Encountered unsupported function: {name} Supported functions are: [{listed}]"
        return
    fits, words = _FORMS.get(name, (lambda argument: True, ""))
    if not fits(argument) or (name == "Fn::FindInMap" and len(argument) > 3 and not template.extended):
        yield words
    elif name == "Fn::If" and argument[0] not in (template.body.get("Conditions") or {}):
        yield f"Template error: unresolved condition dependency {argument[0]} in Fn::If"


def _nulls(value: Any, at: str) -> Iterator[str]:
    if value is None:
        yield f"Template format error: [{at}] 'null' values are not allowed in templates"
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _nulls(each, f"{at}/{name}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _nulls(each, f"{at}/{index}")


def _is_call(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and (next(iter(value)) == "Ref" or str(next(iter(value))).startswith("Fn::"))


def _some(least: int, most: int) -> Callable[[Any], bool]:
    return lambda argument: isinstance(argument, list) and least <= len(argument) <= most


def _words(argument: Any) -> bool:
    return isinstance(argument, dict) or (not isinstance(argument, list) and argument is not None)


def _listed(argument: Any) -> bool:
    return isinstance(argument, (list, dict))


def _get_att(argument: Any) -> bool:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2:
        return False
    return isinstance(parts[0], str) and bool(parts[0]) and isinstance(parts[1], (str, dict)) and bool(parts[1])


def _sub(argument: Any) -> bool:
    if isinstance(argument, list):
        return len(argument) == 2 and isinstance(argument[0], str) and isinstance(argument[1], dict)
    return isinstance(argument, str)


def _select(argument: Any) -> bool:
    if not _some(2, 2)(argument) or not _listed(argument[1]):
        return False
    index = argument[0]
    return isinstance(index, dict) or bool(re.fullmatch(r"\d+", str(index)))


_FORMS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "Ref": (
        lambda argument: isinstance(argument, str) and bool(argument),
        "Template error: Every Ref object must have a single String value.",
    ),
    "Fn::GetAtt": (
        _get_att,
        "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource "
        "attribute",
    ),
    "Fn::Sub": (
        _sub,
        "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as "
        "first argument, and an optional second argument to specify a mapping of values to replace in the string",
    ),
    "Fn::Join": (
        lambda argument: _some(2, 2)(argument) and isinstance(argument[0], str) and _listed(argument[1]),
        "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
        "strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
    ),
    "Fn::Select": (
        _select,
        "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
    ),
    "Fn::Split": (
        lambda argument: _some(2, 2)(argument) and isinstance(argument[0], str) and _words(argument[1]),
        "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be "
        "split or a function that returns a string to be split.",
    ),
    "Fn::If": (
        lambda argument: _some(3, 3)(argument) and isinstance(argument[0], str),
        "Template error: Fn::If requires a list argument with three elements",
    ),
    "Fn::FindInMap": (
        _some(3, 4),
        "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute "
        "for return value",
    ),
    "Fn::Cidr": (
        _some(2, 3),
        "Template error: every Fn::Cidr object requires two or three parameters, the IP block, the count and the bits",
    ),
    "Fn::Base64": (_words, "Template error: every Fn::Base64 object must have a String-typed value."),
    "Fn::ImportValue": (_words, "Template error: the attribute in Fn::ImportValue must be a string or a function"),
    "Fn::GetAZs": (_words, "Template error: every Fn::GetAZs object must have a String-typed value."),
    "Fn::GetStackOutput": (
        lambda argument: isinstance(argument, dict) and {"StackName", "OutputName"} <= argument.keys(),
        "Template error: every Fn::GetStackOutput object requires StackName and OutputName",
    ),
    "Fn::Equals": (_some(2, 2), "Template error: every Fn::Equals object requires a list of 2 string parameters."),
    "Fn::Not": (_some(1, 1), "Template error: every Fn::Not object requires one boolean parameter."),
    "Fn::And": (
        _some(2, 10),
        "Template error: every Fn::And object requires a list of at least 2 and at most 10 boolean parameters.",
    ),
    "Fn::Or": (
        _some(2, 10),
        "Template error: every Fn::Or object requires a list of at least 2 and at most 10 boolean parameters.",
    ),
    "Fn::Length": (_listed, "Template error: every Fn::Length object requires a list."),
    "Fn::ToJsonString": (_listed, "Template error: every Fn::ToJsonString object requires an object or a list."),
}

_SCALAR_SECTIONS = {"AWSTemplateFormatVersion", "Description", "Transform"}
_SECTIONS = _SCALAR_SECTIONS | {
    *("Conditions", "Hooks", "Mappings", "Metadata", "Outputs", "Parameters", "Resources", "Rules"),
}
_NAMED = {"Resources": "Resource", "Outputs": "Output", "Parameters": "Parameter"}
_MOST = (
    ("Resources", 500, "Number of resources, {count}, is greater than maximum allowed, {most}"),
    ("Parameters", 200, "Parameter count {count} is greater than max allowed {most}"),
    ("Outputs", 200, "Outputs count {count} is greater than max allowed {most}"),
    ("Mappings", 200, "Mappings count {count} is greater than max allowed {most}"),
)
_OF_RESOURCE = {
    *("Type", "Properties", "DependsOn", "Condition", "Metadata", "DeletionPolicy", "UpdateReplacePolicy"),
    *("UpdatePolicy", "CreationPolicy", "Version", "Description"),
}
_OF_PARAMETER = {
    *("AllowedPattern", "AllowedValues", "ConstraintDescription", "Default", "Description"),
    *("MaxLength", "MaxValue", "MinLength", "MinValue", "NoEcho", "Type"),
}
_POLICIES = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"),
    "UpdateReplacePolicy": ("Delete", "Retain", "Snapshot"),
}

# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html,
# checked_on 2026-11-22
SNAPSHOTS = {
    "AWS::DocDB::DBCluster",
    "AWS::EC2::Volume",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Neptune::DBCluster",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
}

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html,
# checked_on 2026-11-22
_OF_RULES = {"Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"}
_FUNCTIONS = (FUNCTIONS - set(language.FUNCTIONS)) | _OF_RULES
