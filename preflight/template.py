"""The declared design: a template's resources, who refers to whom, and every function answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from preflight.errors import Refused
from preflight.intrinsics import Scope, Unknown, holds, resolve, substitutions, walk


@dataclass(frozen=True)
class Resource:
    """One resource as the template declares it, functions unanswered.

    `path` is the construct's path (`aws:cdk:path`, "Lab1/Notes/Resource"), None outside CDK. `waits_for` names the
    policies that would have CloudFormation wait for the resource.
    """

    logical_id: str
    type: str
    properties: dict[str, Any] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    condition: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    waits_for: tuple[str, ...] = ()

    @property
    def path(self) -> str | None:
        path = self.metadata.get("aws:cdk:path")
        return path if isinstance(path, str) else None


@dataclass(frozen=True)
class Item:
    """One resource of a design, every function answered.

    `physical_id` is the value of `Ref` and `attributes` the values of `Fn::GetAtt`: a deployment's own, or made up,
    stable and of the right form.
    """

    logical_id: str
    type: str
    properties: dict[str, Any]
    physical_id: str
    attributes: dict[str, Any]
    path: str | None = None

    @property
    def arn(self) -> str | None:
        """The resource's ARN, where its type has one."""
        from preflight.cloudformation import derive

        return derive.own_arn(self.type, self.physical_id, self.attributes)


@dataclass(frozen=True)
class Design:
    """A stack's resources and outputs with every function answered; what the analysers take."""

    region: str
    account: str
    stack_name: str
    outputs: dict[str, Any]
    resources: dict[str, Item]

    def of_type(self, *types: str) -> list[Item]:
        """The resources of these types, in the template's order."""
        return [item for item in self.resources.values() if item.type in types]

    def holding(self, nested: Mapping[str, Design]) -> Design:
        """This design with those of its nested stacks, their resources under `Nested/LogicalId`."""
        inside = {
            f"{name}/{logical_id}": replace(item, logical_id=f"{name}/{logical_id}")
            for name, design in nested.items()
            for logical_id, item in design.resources.items()
        }
        return replace(self, resources={**self.resources, **inside}) if inside else self

    def find(self, name: str) -> list[Item]:
        """The resources a name can mean: by logical id, construct path or its tail, physical id, or ARN."""
        if name in self.resources:
            return [self.resources[name]]
        items = self.resources.values()
        by_value = [item for item in items if name == item.physical_id or name == item.arn]
        # a bucket's policy goes by the bucket's name; the thing itself is the one with an ARN
        themselves = [item for item in by_value if item.arn]
        return themselves or by_value or [item for item in items if item.path and _is_tail(name, item.path)]


class Template:
    """A CloudFormation template as it was written, or as its transforms left it: then `original` is what was written.

    `extended` says that AWS::LanguageExtensions is among them, and so the functions it brings may be used.
    """

    def __init__(
        self, body: dict[str, Any], text: str | None = None, *, original: Template | None = None, extended: bool = False
    ) -> None:
        self.body = body
        self.text = text
        self.original = original
        self.extended = extended

    @classmethod
    def load(cls, source: Path | str | dict[str, Any]) -> Template:
        """The template in a file, a text (JSON or YAML, short forms too) or a dict.

        Raises Refused, in CloudFormation's words, when the text is neither JSON nor YAML.
        """
        if isinstance(source, dict):
            return cls(source)
        is_text = isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{") or ":" in source[2:])
        return cls.parse(str(source) if is_text else Path(source).read_text(encoding="utf-8"))

    @classmethod
    def parse(cls, text: str) -> Template:
        """The template a text holds; raises Refused when it is neither JSON nor YAML."""
        return cls(_parse(text), text)

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """The declared resources by logical id, also those whose condition is false."""
        declared = _section(self.body, "Resources")
        return {name: _resource(name, each) for name, each in declared.items() if isinstance(each, dict)}

    @property
    def parameters(self) -> dict[str, Any]:
        return _section(self.body, "Parameters")

    @property
    def outputs(self) -> dict[str, Any]:
        return _section(self.body, "Outputs")

    @property
    def conditions(self) -> dict[str, Any]:
        return _section(self.body, "Conditions")

    @property
    def mappings(self) -> dict[str, Any]:
        return _section(self.body, "Mappings")

    def references(self, logical_id: str) -> set[str]:
        """The logical ids of the resources this one refers to, DependsOn included, conditions aside."""
        resource = self.resources[logical_id]
        wanted = set(resource.depends_on) | names_in(resource.properties)
        return {name for name in wanted if name in self.resources}

    def scope(self, *, parameters: Mapping[str, Any] | None = None, **rest: Any) -> Scope:
        """Where this template's functions are answered; parameters as given, else their defaults."""
        return Scope(
            parameters=self.parameter_values(parameters or {}, strict=rest.get("strict", True)),
            mappings=self.mappings,
            conditions=self.conditions,
            **rest,
        )

    def parameter_values(self, given: Mapping[str, Any], *, strict: bool = True) -> dict[str, Any]:
        """Every parameter's value in its own type: lists split at commas, numbers as numbers.

        A parameter with neither value nor default is left out, or is an Unknown when not strict.
        """
        values: dict[str, Any] = {}
        for name, declared in self.parameters.items():
            declared = declared if isinstance(declared, dict) else {}
            kind = str(declared.get("Type", "String"))
            if name in given:
                values[name] = typed(given[name], kind)
            elif kind.startswith("AWS::SSM::Parameter::Value<") and not strict:
                values[name] = Unknown.of(f"the SSM parameter {declared.get('Default', name)}")
            elif "Default" in declared:
                values[name] = typed(declared["Default"], kind)
            elif not strict:
                values[name] = Unknown.of(f"the parameter {name}")
        return values

    def present(self, scope: Scope) -> dict[str, Resource]:
        """The resources whose condition holds."""
        return {
            name: each
            for name, each in self.resources.items()
            if each.condition is None or holds(each.condition, scope)
        }

    def undecided(self) -> dict[str, tuple[str, ...]]:
        """The resources whose condition asks a parameter without a value, with these parameters."""
        unknown = {name for name, each in self.parameter_values({}, strict=False).items() if isinstance(each, Unknown)}
        if not unknown:
            return {}
        asked = {name: self._asked_by(name, frozenset()) & unknown for name in self.conditions}
        found = {name: asked.get(str(each.condition), set()) for name, each in self.resources.items()}
        return {name: tuple(sorted(parameters)) for name, parameters in found.items() if parameters}

    def _asked_by(self, condition: str, on_the_way: frozenset[str]) -> set[str]:
        expression = self.conditions.get(condition)
        others = {each["Condition"] for each in _maps_in(expression) if isinstance(each.get("Condition"), str)}
        found = names_in(expression)
        for other in others - on_the_way - {condition}:
            found |= self._asked_by(other, on_the_way | {condition})
        return found

    def design(
        self,
        *,
        region: str = "us-east-1",
        account: str = "123456789012",
        stack_name: str = "Stack",
        parameters: Mapping[str, Any] | None = None,
        physical_ids: Mapping[str, str] | None = None,
        attributes: Mapping[str, Mapping[str, Any]] | None = None,
        exports: Mapping[str, Any] | None = None,
        stack_id: str = "",
    ) -> Design:
        """The design with every function answered; never raises for a value it cannot know.

        Physical ids and attributes come from a deployment where given, else they are made up, the same each time.
        """
        answers = _Answers(self, physical_ids or {}, attributes or {}, exports or {})
        scope = self.scope(
            parameters=parameters,
            region=region,
            account=account,
            stack_name=stack_name,
            stack_id=stack_id,
            strict=False,
            ref=answers.ref,
            attribute=answers.attribute,
            export=answers.export,
            output=answers.output,
        )
        answers.scope = scope
        answers.present = self.present(scope)
        # each after those it asks, or a long chain of them would be answered from within each other
        made = {name: answers.item(name) for name in self._in_order(answers.present)}
        resources = {name: made[name] for name in answers.present}
        outputs = {
            name: resolve(output.get("Value"), scope)
            for name, output in self.outputs.items()
            if isinstance(output, dict) and ("Condition" not in output or holds(output["Condition"], scope))
        }
        return Design(region, account, stack_name, outputs, resources)

    def _in_order(self, present: Mapping[str, Resource]) -> list[str]:
        from preflight.cloudformation import plan

        return plan.order({name: names_in(each.properties) & present.keys() for name, each in present.items()})


class _Answers:
    """Answers Ref and Fn::GetAtt of a design, from a deployment where it can."""

    scope: Scope
    present: dict[str, Resource]

    def __init__(
        self,
        template: Template,
        physical_ids: Mapping[str, str],
        attributes: Mapping[str, Mapping[str, Any]],
        exports: Mapping[str, Any],
    ) -> None:
        self._template = template
        self._physical_ids = dict(physical_ids)
        self._attributes = attributes
        self._exports = exports
        self._properties: dict[str, dict[str, Any]] = {}
        self._under_way: set[str] = set()

    def item(self, name: str) -> Item:
        from preflight.cloudformation import derive

        resource = self.present[name]
        properties = self._resolved(name)
        known = dict(self._attributes.get(name, {}))
        for attribute in derive.attribute_names(resource.type):
            value = known[attribute] if attribute in known else self.attribute(name, attribute)
            if attribute in known or derive.follows(resource.type, attribute, value, properties):
                known[attribute] = value
        return Item(name, resource.type, properties, str(self.ref(name)), known, resource.path)

    def ref(self, name: str) -> Any:
        from preflight.cloudformation import derive

        if name not in self.present:
            return Unknown.of(f"the resource {name}, which is not in this stack")
        if name not in self._physical_ids:
            resource = self.present[name]
            properties = {} if name in self._under_way else self._resolved(name)
            self._physical_ids[name] = derive.physical_id(resource.type, name, properties, self.scope)
        return self._physical_ids[name]

    def attribute(self, name: str, attribute: str) -> Any:
        from preflight.cloudformation import derive

        given = self._attributes.get(name, {})
        if attribute in given:
            return given[attribute]
        if name not in self.present:
            return Unknown.of(f"{name}.{attribute}, which is not in this stack")
        properties = {} if name in self._under_way else self._resolved(name)
        kind = self.present[name].type
        source = derive.source_of(kind, attribute, properties)
        for other in self.present if source is not None else ():
            if other != name and self.present[other].type == kind and self._is(other, source):
                self._under_way.add(name)
                value = self.attribute(other, attribute)
                self._under_way.discard(name)
                return value
        return derive.attribute(kind, attribute, str(self.ref(name)), properties, self.scope)

    def _is(self, name: str, told: Any) -> bool:
        return isinstance(told, str) and told.rpartition(":")[2] == self.ref(name)

    def export(self, name: str) -> Any:
        return self._exports[name] if name in self._exports else Unknown.of(f"the export {name}")

    def output(self, *place: str) -> Any:
        name = "/".join(place)
        return self._exports[name] if name in self._exports else Unknown.of(f"the output {name}")

    def _resolved(self, name: str) -> dict[str, Any]:
        if name not in self._properties:
            # what asks for itself on the way is answered from its name alone
            self._under_way.add(name)
            self._properties[name] = resolve(self.present[name].properties, self.scope)
            self._under_way.discard(name)
        return self._properties[name]


def names_in(value: Any) -> set[str]:
    """The names a value's Ref, Fn::GetAtt and Fn::Sub ask for, resources and parameters alike.

    A malformed function asks for nothing; the validator is who names it.
    """
    found: set[str] = set()
    for function, argument in walk(value):
        if function == "Ref" and isinstance(argument, str):
            found.add(argument)
        elif function == "Fn::GetAtt":
            first = argument.split(".")[:1] if isinstance(argument, str) else argument
            if isinstance(first, list) and first and isinstance(first[0], str):
                found.add(first[0])
        elif function == "Fn::Sub":
            parts = argument if isinstance(argument, list) else [argument]
            extra = parts[1] if len(parts) > 1 and isinstance(parts[1], Mapping) else {}
            if parts and isinstance(parts[0], str):
                found |= {name.strip().split(".")[0] for name in substitutions(parts[0]) if name.strip() not in extra}
    return found


def _maps_in(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
    for each in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _maps_in(each)


def typed(value: Any, kind: str) -> Any:
    """A parameter's value in its declared type."""
    if kind.startswith("AWS::SSM::Parameter::Value<"):
        kind = kind[len("AWS::SSM::Parameter::Value<") : -1]
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        if not isinstance(value, str):
            return [str(each) for each in value] if isinstance(value, list) else [str(value)]
        parts = [part.strip() for part in value.split(",")] if value else []
        return [_number(part) for part in parts] if kind == "List<Number>" else parts
    if kind == "Number":
        return _number(value)
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: Any) -> Any:
    if isinstance(value, str):
        # only where the number is written back the same way
        for read in (int, float):
            try:
                number = read(value)
            except ValueError:
                continue
            if str(number) == value:
                return number
    return value


def _is_tail(name: str, path: str) -> bool:
    wanted, parts = name.strip("/").split("/"), path.split("/")
    for whole in (parts, parts[:-1] if parts[-1] in ("Resource", "Default") else []):
        if whole[-len(wanted) :] == wanted:
            return True
    return False


def _section(body: dict[str, Any], name: str) -> dict[str, Any]:
    section = body.get(name)
    return section if isinstance(section, dict) else {}


def _resource(name: str, declared: dict[str, Any]) -> Resource:
    depends_on = declared.get("DependsOn") or ()
    properties, metadata = declared.get("Properties"), declared.get("Metadata")
    type_ = str(declared.get("Type", ""))
    policy = declared.get("DeletionPolicy")
    if policy is None:
        # a cluster, or an instance in no cluster, is snapshotted unless the template says otherwise
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
        in_cluster = isinstance(properties, dict) and "DBClusterIdentifier" in properties
        snapshot = type_ == "AWS::RDS::DBCluster" or (type_ == "AWS::RDS::DBInstance" and not in_cluster)
        policy = "Snapshot" if snapshot else "Delete"
    return Resource(
        logical_id=name,
        type=type_,
        properties=properties if isinstance(properties, dict) else {},
        depends_on=(depends_on,) if isinstance(depends_on, str) else tuple(depends_on),
        deletion_policy=str(policy),
        update_replace_policy=str(declared.get("UpdateReplacePolicy", "Delete")),
        condition=declared.get("Condition"),
        metadata=metadata if isinstance(metadata, dict) else {},
        waits_for=tuple(_waits_for(declared)),
    )


def _waits_for(declared: Mapping[str, Any]) -> Iterator[str]:
    """The policies of a resource that have CloudFormation wait for signals, or go step by step.

    An Auto Scaling group's scheduled actions, which CDK always names, change nothing of an update.
    """
    if declared.get("CreationPolicy"):
        yield "CreationPolicy"
    update = declared.get("UpdatePolicy")
    if isinstance(update, dict) and update.keys() - {"AutoScalingScheduledAction"}:
        yield "UpdatePolicy"


def _parse(text: str) -> dict[str, Any]:
    body = _parse_json(text) if text.lstrip().startswith("{") else _parse_yaml(text)
    if not isinstance(body, dict):
        raise _malformed("Template format error: unsupported structure.")
    return body


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        try:
            # a flow mapping is YAML too
            return _parse_yaml(text)
        except Refused:
            where = f"(line {error.lineno}, column {error.colno})"
            raise _malformed(f"Template format error: JSON not well-formed. {where}") from error


def _parse_yaml(text: str) -> Any:
    import yaml

    try:
        fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        if _ALIAS.search(text) and any(isinstance(each, yaml.AliasEvent) for each in yaml.parse(text, Loader=fast)):
            raise _malformed("Template error: YAML aliases are not allowed in CloudFormation templates")
        return yaml.load(text, Loader=_yaml_loader())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise _malformed(f"Template format error: YAML not well-formed.{where}") from error


# where an alias may stand; whether it is one, the parser knows
_ALIAS = re.compile(r"[\s\[{,:-]\*[A-Za-z0-9]")


def _malformed(fault: str) -> Refused:
    return Refused(f"{fault} Nothing was made; mend the template and deploy again", [fault])


def _yaml_loader() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """YAML as CloudFormation reads it: short forms are functions, dates and merges stay text."""

    def short_form(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.ScalarNode):
            argument: Any = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            argument = loader.construct_sequence(node, deep=True)
        else:
            argument = loader.construct_mapping(node, deep=True)
        if suffix in ("Ref", "Condition"):
            return {suffix: argument}
        if suffix == "GetAtt" and isinstance(argument, str):
            argument = argument.split(".", 1)
        return {f"Fn::{suffix}": argument}

    def mapping(loader: Any, node: Any) -> dict[str, Any]:
        loader.flatten_mapping(node)
        return {_key(loader, key): loader.construct_object(value, deep=True) for key, value in node.value}

    Loader.add_multi_constructor("!", short_form)
    Loader.add_constructor("tag:yaml.org,2002:map", mapping)
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }
    return Loader


def _key(loader: Any, node: Any) -> Any:
    # account numbers and versions are keys in Mappings: a key is the text that was written
    return node.value if type(node.value) is str else loader.construct_object(node, deep=True)
