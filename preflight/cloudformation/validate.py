"""What CloudFormation refuses before it makes anything, all faults at once and in its own words."""

from __future__ import annotations

import atexit
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from threading import Lock, Thread
from typing import Any

from preflight.cloudformation import form, plan, schemas, transforms
from preflight.errors import Refused
from preflight.intrinsics import PSEUDO, Scope, TemplateError, Unknown, choose, holds, resolve, substitutions, walk
from preflight.template import Template, names_in, typed


def check(
    template: Template,
    *,
    parameters: Mapping[str, Any] | None = None,
    region: str = "us-east-1",
    account: str = "123456789012",
    exports: Iterable[str] = (),
) -> None:
    """Raise Refused with every fault of the template and of the parameters given for it.

    `exports` are the names other stacks of the account and Region export.
    """
    found = faults(template, parameters=parameters, region=region, account=account, exports=exports)
    if found:
        raise refusal(found)


def refusal(found: list[str]) -> Refused:
    """The error that says a template was refused; its `faults` are in CloudFormation's words."""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    first = found[0].rstrip(".")
    return Refused(
        f"CloudFormation refuses the template: {first}{more}; nothing was made, mend it and deploy again", found
    )


def faults(
    template: Template,
    *,
    parameters: Mapping[str, Any] | None = None,
    region: str = "us-east-1",
    account: str = "123456789012",
    exports: Iterable[str] = (),
) -> list[str]:
    """Every reason to refuse, the most fundamental first."""
    given = parameters or {}
    broken = list(form.faults(template))
    if broken:
        return broken
    found = [*_types(template), *_dangling(template), *_attributes(template), *_parameters(template, given)]
    found += [*_read_only(template), *_tokens(template), *_exported(template), *_effects(template)]
    scope = _scope(template, given, region, account)
    try:
        chosen = _chosen(template, scope)
    except TemplateError as error:
        return list(dict.fromkeys([*found, str(error)]))
    found += _schema_faults(chosen, given, region)
    if not found:
        found = list(_in_scope(template, scope, set(exports)))
    return list(dict.fromkeys(found))


def _scope(template: Template, given: Mapping[str, Any], region: str, account: str) -> Scope:
    """Where functions are answered before anything is there: what only a deployment can know is Unknown."""
    scope = template.scope(
        parameters=given,
        region=region,
        account=account,
        ref=Unknown.of,
        attribute=lambda name, attribute: Unknown.of(f"{name}.{attribute}"),
        export=Unknown.of,
        output=lambda *place: Unknown.of("/".join(place)),
    )
    looked_up = [name for name, each in template.parameters.items() if _is_looked_up(each)]
    scope.parameters = {**scope.parameters, **{name: Unknown.of(name) for name in looked_up}}
    return scope


def _is_looked_up(declared: Any) -> bool:
    return isinstance(declared, dict) and str(declared.get("Type")).startswith("AWS::SSM::Parameter::Value<")


def template_faults(template: Template) -> list[str]:
    """The faults of the template alone, whatever its parameters will be; what ValidateTemplate looks at."""
    if transforms.declared(template):
        # what it really says is known once they are carried out
        return []
    broken = list(form.faults(template))
    return broken or list(dict.fromkeys([*_types(template), *_dangling(template)]))


def warm() -> None:
    """Start to build the schema validator in the background, so that the first template does not wait for it."""
    Thread(target=engine, name="validator", daemon=True).start()


def _types(template: Template) -> Iterator[str]:
    unknown = sorted({each.type for each in template.resources.values() if not _is_known(each.type)})
    if unknown:
        near = list(dict.fromkeys(name for each in unknown for name in schemas.near(each)[:1]))
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        yield f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]{hint}"


def _is_known(resource_type: str) -> bool:
    return resource_type.startswith("Custom::") or resource_type in _OWN_TYPES or schemas.exists(resource_type)


def _dangling(template: Template) -> Iterator[str]:
    known = template.resources.keys() | template.parameters.keys()
    missing: dict[str, None] = {}
    for resource in template.resources.values():
        missing |= dict.fromkeys(name for name in resource.depends_on if name not in template.resources)
        missing |= dict.fromkeys(sorted(_unknown_names(resource.properties, known)))
    if missing:
        yield _unresolved(missing, "Resources")
    in_outputs = {name for each in template.outputs.values() for name in _unknown_names(each, known)}
    if in_outputs:
        yield _unresolved(sorted(in_outputs), "Outputs")
    in_conditions = _unknown_names(template.conditions, set(template.parameters))
    if in_conditions:
        yield (
            f"Template format error: Unresolved dependencies [{', '.join(sorted(in_conditions))}]. "
            "Cannot reference resources in the Conditions block of the template"
        )
    for name, each in [*template.resources.items(), *template.outputs.items()]:
        condition = each.get("Condition") if isinstance(each, dict) else getattr(each, "condition", None)
        if condition is not None and condition not in template.conditions:
            yield f"Template format error: Unresolved condition dependency {condition} in {name}"


def _unknown_names(value: Any, known: Iterable[str]) -> set[str]:
    return {name for name in names_in(value) if name not in known and name not in PSEUDO}


def _unresolved(names: Iterable[str], block: str) -> str:
    listed = ", ".join(names)
    return f"Template format error: Unresolved resource dependencies [{listed}] in the {block} block of the template"


def _attributes(template: Template) -> Iterator[str]:
    for value in [*(each.properties for each in template.resources.values()), template.outputs]:
        for logical_id, attribute in _asked_attributes(value):
            if logical_id not in template.resources:
                if logical_id in template.parameters:
                    yield f"Template error: instance of Fn::GetAtt references undefined resource {logical_id}"
                continue
            resource_type = template.resources[logical_id].type
            schema = schemas.find(resource_type)
            if schema is None or not schema.attributes or resource_type in _OPEN_TYPES:
                continue
            names = {*schema.attributes, *schema.shapes[""]}
            if attribute not in names and not any(attribute.startswith(f"{name}.") for name in names):
                yield f"Template error: resource {logical_id} does not support attribute type {attribute} in Fn::GetAtt"


def _asked_attributes(value: Any) -> Iterator[tuple[str, str]]:
    for function, argument in walk(value):
        if function == "Fn::GetAtt":
            parts = argument.split(".", 1) if isinstance(argument, str) else argument
            if len(parts) == 2 and all(isinstance(part, str) for part in parts):
                yield parts[0], parts[1]
        elif function == "Fn::Sub":
            text, extra = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
            for name in substitutions(text):
                logical_id, dot, attribute = name.strip().partition(".")
                if dot and name.strip() not in extra:
                    yield logical_id, attribute


def _read_only(template: Template) -> Iterator[str]:
    """What a resource tells and nobody can set."""
    for name, resource in template.resources.items():
        schema = schemas.find(resource.type)
        told = set(schema.shapes[""]) - schema.properties if schema is not None else set()
        for each in resource.properties:
            if each in told:
                said = f"#: extraneous key [{each}] is not permitted, it is read-only"
                yield f"Properties validation failed for resource {name} with message: {said}"


def _tokens(template: Template) -> Iterator[str]:
    """Custom resources that name nobody to make them."""
    for name, resource in template.resources.items():
        is_custom = resource.type.startswith("Custom::") or resource.type == "AWS::CloudFormation::CustomResource"
        if is_custom and "ServiceToken" not in resource.properties and "Fn::Transform" not in resource.properties:
            said = "#: required key [ServiceToken] not found"
            yield f"Properties validation failed for resource {name} with message: {said}"


def _exported(template: Template) -> Iterator[str]:
    """Exports whose names would only be known once a resource is made."""
    for name, output in template.outputs.items():
        if isinstance(output.get("Export"), dict) and names_in(output["Export"]) & template.resources.keys():
            yield (
                f"Template format error: Output {name} is malformed. The Name field of every Export member must not "
                "depend on any resources, imported values, or Fn::GetAZs."
            )


def _effects(template: Template) -> Iterator[str]:
    """Policy statements that neither allow nor deny, which the services below would keep without a word."""
    for name, resource in template.resources.items():
        for key, document in resource.properties.items():
            statements = document.get("Statement") if isinstance(document, dict) else None
            for index, each in enumerate(statements if isinstance(statements, list) else []):
                effect = each.get("Effect", "Allow") if isinstance(each, dict) else "Allow"
                if isinstance(effect, str) and effect not in ("Allow", "Deny"):
                    said = f"#/{key}/Statement/{index}/Effect: '{effect}' is not a valid enum value"
                    yield f"Properties validation failed for resource {name} with message: {said}"


def _parameters(template: Template, given: Mapping[str, Any]) -> Iterator[str]:
    unknown = [name for name in given if name not in template.parameters]
    if unknown:
        yield f"Parameters: [{', '.join(unknown)}] do not exist in the template"
    missing = [
        name
        for name, declared in template.parameters.items()
        if name not in given and isinstance(declared, dict) and "Default" not in declared
    ]
    if missing:
        yield f"Parameters: [{', '.join(missing)}] must have values"
    for name, declared in template.parameters.items():
        if isinstance(declared, dict) and (name in given or "Default" in declared):
            yield from _value_faults(name, declared, given.get(name, declared.get("Default")))


def _value_faults(name: str, declared: Mapping[str, Any], value: Any) -> Iterator[str]:
    kind = str(declared.get("Type", "String"))
    if kind not in _PARAMETER_TYPES and not re.fullmatch(r"(AWS::SSM::Parameter::(Name|Value<.+>))", kind):
        yield f"Template format error: Unrecognized parameter type: {kind}"
        return
    if kind.startswith("AWS::SSM::Parameter::Value<"):
        return
    values = typed(value, kind)
    said = declared.get("ConstraintDescription")
    for each in values if isinstance(values, list) else [values]:
        fault = _constraint(name, declared, kind, each)
        if fault:
            yield f"Parameter {name} failed to satisfy constraint: {said}" if said else fault


def _constraint(name: str, declared: Mapping[str, Any], kind: str, value: Any) -> str | None:
    text = str(value)
    if "Number" in kind:
        try:
            number = float(text)
        except ValueError:
            return f"Parameter '{name}' must be a number"
        if "MinValue" in declared and number < float(declared["MinValue"]):
            return f"Parameter '{name}' must be a number not less than {declared['MinValue']}"
        if "MaxValue" in declared and number > float(declared["MaxValue"]):
            return f"Parameter '{name}' must be a number not greater than {declared['MaxValue']}"
    allowed = [
        str(each) if not isinstance(each, bool) else str(each).lower() for each in declared.get("AllowedValues", ())
    ]
    if allowed and text not in allowed:
        return f"Parameter '{name}' must be one of AllowedValues"
    if "AllowedPattern" in declared and not _matches(declared["AllowedPattern"], text):
        return f"Parameter '{name}' must match pattern {declared['AllowedPattern']}"
    if "MinLength" in declared and len(text) < int(declared["MinLength"]):
        return f"Parameter '{name}' must contain at least {declared['MinLength']} characters"
    if "MaxLength" in declared and len(text) > int(declared["MaxLength"]):
        return f"Parameter '{name}' must contain at most {declared['MaxLength']} characters"
    return None


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        # a Java pattern that Python cannot read is not the template's fault
        return True


def _in_scope(template: Template, scope: Scope, exports: set[str]) -> Iterator[str]:
    """Faults that show once parameters are known and conditions chosen."""
    try:
        needs = plan.dependencies(template, scope)
        absent = template.resources.keys() - needs.keys()
        missing = {
            name
            for logical_id in needs
            for name in plan.references(template.resources[logical_id], scope) & absent
            if name not in template.resources[logical_id].depends_on
        }
    except TemplateError as error:
        yield str(error)
        return
    if missing:
        yield _unresolved(sorted(missing), "Resources")
    waiting = plan.circle(needs)
    if waiting:
        yield f"Circular dependency between resources: [{', '.join(waiting)}]"
    yield from _unanswerable(template, scope, needs)
    yield from _twice_exported(template, scope)
    yield from _missing_exports(template, scope, needs, exports)
    yield from _broken_rules(template, scope)


def _unanswerable(template: Template, scope: Scope, present: Iterable[str]) -> Iterator[str]:
    """Functions that go wrong whatever the resources turn out to be: an index beyond a list, a key in no map."""
    for name in present:
        try:
            resolve(template.resources[name].properties, scope)
        except TemplateError as error:
            yield str(error)


def _twice_exported(template: Template, scope: Scope) -> Iterator[str]:
    names = []
    for output in template.outputs.values():
        if isinstance(output, dict) and isinstance(output.get("Export"), dict):
            names.append(str(resolve(output["Export"].get("Name"), scope)))
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"Template error: Output Export name {name} is used more than once."


def _missing_exports(template: Template, scope: Scope, present: Iterable[str], exports: set[str]) -> Iterator[str]:
    outputs = [each for each in template.outputs.values() if isinstance(each, dict)]
    for value in [*(template.resources[name].properties for name in present), outputs]:
        for function, argument in walk(value):
            if function != "Fn::ImportValue":
                continue
            try:
                name = resolve(argument, scope)
            except TemplateError as error:
                yield str(error)
                continue
            if name not in exports:
                yield f"No export named {name} found."


def _broken_rules(template: Template, scope: Scope) -> Iterator[str]:
    rules = template.body.get("Rules", {})
    for name, rule in rules.items():
        try:
            if "RuleCondition" in rule and not holds(rule["RuleCondition"], scope):
                continue
            for assertion in rule.get("Assertions", ()):
                if not holds(assertion["Assert"], scope):
                    yield f"Rule {name}: {assertion.get('AssertDescription', 'an assertion does not hold')}"
        except (TemplateError, KeyError, TypeError):
            # rules may ask for facts of parameters (Fn::ValueOf) that only an account has
            continue


def _chosen(template: Template, scope: Scope) -> Template:
    """The template as its conditions leave it; what they leave out is never looked at by a service."""
    if not template.conditions:
        return template
    body = {name: section for name, section in template.body.items() if name not in ("Conditions", "Rules")}
    for section in ("Resources", "Outputs"):
        kept = {
            name: {key: each for key, each in declared.items() if key != "Condition"}
            for name, declared in body.get(section, {}).items()
            if "Condition" not in declared or holds(declared["Condition"], scope)
        }
        body[section] = choose(kept, scope)
    return Template(body, extended=template.extended)


def _schema_faults(template: Template, given: Mapping[str, Any], region: str) -> list[str]:
    validator = engine()
    if validator is None:
        return list(_shallow_faults(template))
    from cloudformation_validate import PseudoParameterOverrides, Severity, TemplateContent, ValidateConfig

    config = ValidateConfig(
        severity_level=Severity.WARN,
        parameter_overrides={name: _as_text(value) for name, value in given.items() if name in template.parameters},
        pseudo_parameter_overrides=PseudoParameterOverrides(region=region),
    )
    text = template.text if template.text is not None else json.dumps(template.body)
    if template.extended:
        text = json.dumps({**template.body, "Transform": transforms.LANGUAGE})
    report = validator.validate_template(TemplateContent(text), config)
    grave = [each for each in report.diagnostics if each.severity.value >= Severity.ERROR.value or _is_grave(each)]
    return [
        _in_their_words(each, template.resources)
        for each in grave
        # which function may stand in which it knows less well than our own answers do
        if each.rule_id not in _OTHERWISE and "is not supported as an argument to" not in str(each.message)
    ]


def _is_grave(warning: Any) -> bool:
    """A warning CloudFormation would act on: a value outside a short list, a boolean that is none.

    Long lists (instance types, runtimes, engine versions) grow faster than anyone's copy of them.
    """
    message = str(warning.message)
    if warning.rule_id == "W3030":
        return message.count("', '") < 20
    return warning.rule_id == "W9003" and bool(
        re.match(r"'(?!(?i:true|false)')[^']*' is not of type 'boolean'", message)
    )


def _as_text(value: Any) -> str:
    return ",".join(str(each) for each in value) if isinstance(value, list) else str(value)


def _in_their_words(diagnostic: Any, resources: Collection[str]) -> str:
    message = str(diagnostic.message)
    entity = diagnostic.entity
    if entity is None or entity.logical_id not in resources or message.startswith("Duplicate key"):
        return f"Template format error: {message}"
    pointer = "#" + "".join(f"/{part}" for part in (diagnostic.property_path or "").split(".")[1:])
    if diagnostic.rule_id in ("F3003", "E3003"):
        name = re.match(r"'([^']+)' is a required property", message)
        message = f"{pointer}: required key [{name[1]}] not found" if name else f"{pointer}: {message}"
    elif diagnostic.rule_id in ("F3002", "E3002"):
        name = re.search(r"\('([^']+)' (was|were) unexpected\.?(.*)\)", message)
        parent = pointer.rpartition("/")[0] or "#"
        message = (
            f"{parent}: extraneous key [{name[1]}] is not permitted.{name[3]}" if name else f"{pointer}: {message}"
        )
    elif diagnostic.rule_id == "W3030":
        message = f"{pointer}: {message.partition(' is not one of ')[0]} is not a valid enum value"
    else:
        message = f"{pointer}: {message.partition(' - automatically')[0]}"
    return f"Properties validation failed for resource {entity.logical_id} with message: {message}"


def _shallow_faults(template: Template) -> Iterator[str]:
    """What the registry's facts alone can say, where the native validator does not load."""
    for name, resource in template.resources.items():
        schema = schemas.find(resource.type)
        if schema is None:
            continue
        said = f"Properties validation failed for resource {name} with message:"
        for missing in (each for each in schema.required if each not in resource.properties):
            yield f"{said} #: required key [{missing}] not found"
        for extra in (
            each for each in resource.properties if each not in schema.shapes[""] and each != "Fn::Transform"
        ):
            yield f"{said} #: extraneous key [{extra}] is not permitted"


_building = Lock()


def engine() -> Any:
    """AWS's validator with its rules, built once a process; None where its native library cannot be loaded."""
    with _building:
        return _build_validator()


@cache
def _build_validator() -> Any:
    try:
        from cloudformation_validate import CompositeEngine

        # it must go before the interpreter takes its module apart
        atexit.register(_build_validator.cache_clear)
        return CompositeEngine()
    except (ImportError, OSError):
        # its native library needs glibc 2.34
        return None


# types CloudFormation has of its own, in no registry schema
_OWN_TYPES = {
    "AWS::CDK::Metadata",
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudFormation::Macro",
    "AWS::CloudFormation::Stack",
    "AWS::CloudFormation::WaitCondition",
    "AWS::CloudFormation::WaitConditionHandle",
}

# types whose attributes are the template's own
_OPEN_TYPES = {
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudFormation::Stack",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
}

# said above in CloudFormation's own words, or a guess at what a service will say (formats, deprecations) that
# CloudFormation itself does not make before it starts
_OTHERWISE = {
    *("F0001", "F0005", "F1010", "F1018", "F1020", "F3004", "F3006", "E3005", "E9004", "F2012", "F2015", "F2002"),
    *("E1029", "E1040", "E1041", "E1103", "E2533", "E3050", "E9003", "F6005", "F6101"),
    *("E1150", "E1151", "E1152", "E1153", "E1154", "E1155", "E1156"),
}

_AWS_PARAMETER_TYPES = (
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::VPC::Id",
    "AWS::EC2::Volume::Id",
    "AWS::Route53::HostedZone::Id",
)
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html,
# checked_on 2026-11-22
_PARAMETER_TYPES = {
    *("String", "Number", "List<Number>", "List<String>", "CommaDelimitedList"),
    *_AWS_PARAMETER_TYPES,
    *(f"List<{each}>" for each in _AWS_PARAMETER_TYPES),
}
