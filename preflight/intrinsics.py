"""CloudFormation's functions, answered from a scope that knows the stack."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class Unknown(str):
    """A value nobody can know from here; as text it says what it stands for.

    Joining, substituting or selecting from one gives an Unknown again, so a check can ask `isinstance(value, Unknown)`
    wherever a value came from.
    """

    __slots__ = ()

    @classmethod
    def of(cls, what: str) -> Unknown:
        """The unknown that stands for `what`, written in angle brackets."""
        return cls(f"<{what}>")

    def __repr__(self) -> str:
        return f"Unknown({str(self)!r})"


class TemplateError(Exception):
    """A function cannot be answered; the message is CloudFormation's."""


class _NoValue:
    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE = _NoValue()


@dataclass
class Scope:
    """What a template's functions may ask for; with `strict` off, what cannot be answered becomes an Unknown.

    `ref` and `attribute` answer for resources (logical id, attribute name), `export` for `Fn::ImportValue`, `output`
    for another stack's output (Region, stack, output). Text with `{{resolve:…}}` is left as it stands.
    """

    region: str = "us-east-1"
    account: str = "123456789012"
    stack_name: str = "Stack"
    stack_id: str = ""
    notification_arns: Sequence[str] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    ref: Callable[[str], Any] | None = None
    attribute: Callable[[str, str], Any] | None = None
    export: Callable[[str], Any] | None = None
    output: Callable[[str, str, str], Any] | None = None
    strict: bool = True
    _held: dict[str, bool | None] = field(default_factory=dict, repr=False)

    def pseudo(self, name: str) -> Any:
        """The value of a pseudo parameter such as `AWS::Region`."""
        if name == "AWS::Region":
            return self.region
        if name == "AWS::AccountId":
            return self.account
        if name == "AWS::StackName":
            return self.stack_name
        if name == "AWS::StackId":
            return (
                self.stack_id
                or f"arn:{partition(self.region)}:cloudformation:{self.region}:{self.account}:stack/{self.stack_name}/0"
            )
        if name == "AWS::Partition":
            return partition(self.region)
        if name == "AWS::URLSuffix":
            return "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        if name == "AWS::NotificationARNs":
            return list(self.notification_arns)
        if name == "AWS::NoValue":
            return NO_VALUE
        raise TemplateError(f"Template format error: Unresolved resource dependencies [{name}]")


def resolve(value: Any, scope: Scope) -> Any:
    """The value with every function answered; `AWS::NoValue` entries are gone.

    Raises TemplateError where a function cannot be answered, unless the scope is not strict.
    """
    answer = _resolve(value, scope)
    return None if answer is NO_VALUE else answer


def holds(condition: Any, scope: Scope) -> bool:
    """Whether a condition's expression, or the condition of that name, is true."""
    if isinstance(condition, str):
        return _named_condition(condition, scope)
    if isinstance(condition, Mapping) and len(condition) == 1:
        function, argument = next(iter(condition.items()))
        if function == "Condition":
            return _named_condition(argument, scope)
        if function in _LOGIC:
            return _LOGIC[function](argument, scope)
    answer = _resolve(condition, scope)
    if isinstance(answer, bool) or str(answer).lower() in ("true", "false"):
        return str(answer).lower() == "true"
    if scope.strict:
        raise TemplateError(
            "Template format error: Conditions can only be boolean operations on parameters and other conditions"
        )
    return False


def choose(value: Any, scope: Scope) -> Any:
    """The value with every `Fn::If` replaced by its chosen branch and nothing else answered."""
    if isinstance(value, Mapping):
        call = _call(value)
        if call and call[0] == "Fn::If" and isinstance(call[1], list) and len(call[1]) == 3:
            name, then, otherwise = call[1]
            return choose(then if holds(name, scope) else otherwise, scope)
        return {key: choose(each, scope) for key, each in value.items()}
    return [choose(each, scope) for each in value] if isinstance(value, list) else value


def walk(value: Any) -> list[tuple[str, Any]]:
    """Every function call in a value, as (name, argument), outermost first."""
    found: list[tuple[str, Any]] = []
    if isinstance(value, Mapping):
        call = _call(value)
        if call:
            found.append(call)
        for each in value.values():
            found += walk(each)
    elif isinstance(value, list):
        for each in value:
            found += walk(each)
    return found


def substitutions(text: str) -> list[str]:
    """The names a `Fn::Sub` text asks for, `${!Literal}` left out."""
    return [match[1] for match in _PLACEHOLDER.finditer(text) if not match[1].startswith("!")]


def partition(region: str) -> str:
    """The partition of a Region: aws, aws-cn or aws-us-gov."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def availability_zones(region: str) -> list[str]:
    """The names of a Region's Availability Zones, empty for a Region AWS does not have."""
    return [region + letter for letter in _ZONES.get(region, "")]


def text(value: Any) -> str:
    """A scalar as CloudFormation writes it inside a string."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Mapping, list)) or value is None or value is NO_VALUE:
        raise TypeError(type(value).__name__)
    return str(value)


def _resolve(value: Any, scope: Scope) -> Any:
    if isinstance(value, Mapping):
        call = _call(value)
        if call:
            return _answer(*call, scope)
        entries = ((key, _resolve(each, scope)) for key, each in value.items())
        return {key: each for key, each in entries if each is not NO_VALUE}
    if isinstance(value, list):
        return [each for each in (_resolve(each, scope) for each in value) if each is not NO_VALUE]
    return value


def _call(value: Mapping[str, Any]) -> tuple[str, Any] | None:
    if len(value) != 1:
        return None
    name, argument = next(iter(value.items()))
    return (name, argument) if name == "Ref" or (isinstance(name, str) and name.startswith("Fn::")) else None


def _answer(name: str, argument: Any, scope: Scope) -> Any:
    function = _FUNCTIONS.get(name)
    try:
        if function is None:
            raise TemplateError(f"Template error: {name} is not supported here")
        answer = function(argument, scope)
    except TemplateError as error:
        if scope.strict:
            raise
        return Unknown.of(str(error))
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        message = f"Template error: every {name} object must be well-formed ({error})"
        if scope.strict:
            raise TemplateError(message) from error
        return Unknown.of(message)
    return answer


def _ref(name: Any, scope: Scope) -> Any:
    if not isinstance(name, str):
        raise TypeError("Ref takes a name")
    if name.startswith("AWS::"):
        return scope.pseudo(name)
    if name in scope.parameters:
        return scope.parameters[name]
    if scope.ref is None:
        raise TemplateError(
            f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the template"
        )
    return scope.ref(name)


def _get_att(argument: Any, scope: Scope) -> Any:
    if isinstance(argument, str):
        logical_id, _, attribute = argument.partition(".")
    else:
        logical_id, attribute = argument[0], text(_resolve(argument[1], scope))
    if scope.attribute is None:
        raise TemplateError(f"Template error: instance of Fn::GetAtt references undefined resource {logical_id}")
    return scope.attribute(logical_id, attribute)


def _sub(argument: Any, scope: Scope) -> Any:
    template, extra = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
    values = {name: _resolve(each, scope) for name, each in extra.items()}
    unknown = False

    def fill(match: re.Match[str]) -> str:
        nonlocal unknown
        name = match[1].strip()
        if name.startswith("!"):
            return "${" + name[1:] + "}"
        if name in values:
            value = values[name]
        elif "." in name:
            value = _answer("Fn::GetAtt", name, scope)
        else:
            value = _answer("Ref", name, scope)
        unknown = unknown or isinstance(value, Unknown)
        return _joined(value)

    filled = _PLACEHOLDER.sub(fill, template)
    return Unknown(filled) if unknown else filled


def _joined(value: Any) -> str:
    # CloudFormation writes a list of strings inside a text with commas
    return ",".join(text(each) for each in value) if isinstance(value, list) else text(value)


def _join(argument: Any, scope: Scope) -> Any:
    delimiter, values = argument[0], _resolve(argument[1], scope)
    if isinstance(values, Unknown):
        return values
    if not isinstance(values, list):
        raise TemplateError(
            "Template error: every Fn::Join object requires two parameters, (1) a string "
            "delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as "
            "Fn::GetAZs) to be joined."
        )
    whole = delimiter.join(text(each) for each in values)
    return Unknown(whole) if any(isinstance(each, Unknown) for each in values) else whole


def _select(argument: Any, scope: Scope) -> Any:
    index, values = int(_resolve(argument[0], scope)), _resolve(argument[1], scope)
    if isinstance(values, Unknown):
        return Unknown.of(f"item {index} of {values}")
    if not isinstance(values, list):
        raise TemplateError(
            "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
        )
    if not 0 <= index < len(values):
        raise TemplateError(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
    return values[index]


def _split(argument: Any, scope: Scope) -> Any:
    delimiter, value = argument[0], _resolve(argument[1], scope)
    if not delimiter:
        raise TemplateError(
            "Template error: every Fn::Split object requires two parameters, (1) a string "
            "delimiter and (2) a string to be split or a function that returns a string to be split."
        )
    parts = text(value).split(delimiter)
    if not isinstance(value, Unknown):
        return parts
    # the parts of a half-known text that are known stay known
    return [Unknown(part) if "<" in part or ">" in part else part for part in parts] if len(parts) > 1 else value


def _if(argument: Any, scope: Scope) -> Any:
    name, then, otherwise = argument
    return _resolve(then if holds(name, scope) else otherwise, scope)


def _find_in_map(argument: Any, scope: Scope) -> Any:
    keys = [text(_resolve(each, scope)) for each in argument[:3]]
    table: Any = scope.mappings
    for key in keys:
        if not isinstance(table, Mapping) or key not in table:
            if len(argument) > 3 and "DefaultValue" in argument[3]:
                return _resolve(argument[3]["DefaultValue"], scope)
            raise TemplateError(f"Template error: Unable to get mapping for {'::'.join(keys)}")
        table = table[key]
    return _resolve(table, scope)


def _import_value(argument: Any, scope: Scope) -> Any:
    name = text(_resolve(argument, scope))
    if scope.export is None:
        raise TemplateError(f"No export named {name} found.")
    return scope.export(name)


def _get_stack_output(argument: Any, scope: Scope) -> Any:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
    # intrinsic-function-reference-getstackoutput.html, checked_on 2026-11-22
    stack, output = (text(_resolve(argument[name], scope)) for name in ("StackName", "OutputName"))
    region = text(_resolve(argument.get("Region", scope.region), scope))
    if scope.output is None:
        raise TemplateError(f"Stack [{stack}] does not exist")
    return scope.output(region, stack, output)


def _cidr(argument: Any, scope: Scope) -> Any:
    from ipaddress import ip_network
    from itertools import islice

    block, count, *bits = (_resolve(each, scope) for each in argument)
    if isinstance(block, Unknown):
        return [Unknown.of(f"range {index} of {block}") for index in range(int(count))]
    network = ip_network(text(block), strict=False)
    host_bits = int(bits[0]) if bits else (8 if network.version == 4 else 64)
    prefix = network.max_prefixlen - host_bits
    wanted = int(count)
    if not network.prefixlen <= prefix <= network.max_prefixlen or 2 ** (prefix - network.prefixlen) < wanted:
        raise TemplateError(f"Template error: Fn::Cidr cannot make {wanted} ranges of {host_bits} bits out of {block}")
    return [str(each) for each in islice(network.subnets(new_prefix=prefix), wanted)]


def _get_azs(argument: Any, scope: Scope) -> Any:
    region = _resolve(argument, scope) or scope.region
    zones = availability_zones(region)
    if not zones:
        raise TemplateError(f"Template error: Fn::GetAZs knows no Region {region}")
    return zones


def _base64(argument: Any, scope: Scope) -> Any:
    value = _resolve(argument, scope)
    return value if isinstance(value, Unknown) else base64.b64encode(text(value).encode()).decode()


def _length(argument: Any, scope: Scope) -> Any:
    value = _resolve(argument, scope)
    if isinstance(value, Unknown):
        return Unknown.of(f"length of {value}")
    if not isinstance(value, list):
        raise TemplateError("Template error: Fn::Length takes a list")
    return len(value)


def _to_json(argument: Any, scope: Scope) -> Any:
    return json.dumps(resolve(argument, scope), separators=(",", ":"))


def _named_condition(name: str, scope: Scope) -> bool:
    if name not in scope._held:
        if name not in scope.conditions:
            if not scope.strict:
                return False
            raise TemplateError(f"Template format error: Unresolved condition dependency {name}")
        # a name met again while it is being answered goes in a circle
        scope._held[name] = None
        try:
            scope._held[name] = holds(scope.conditions[name], scope)
        finally:
            if scope._held[name] is None:
                del scope._held[name]
    held = scope._held[name]
    if held is None:
        if not scope.strict:
            return False
        raise TemplateError(f"Template format error: Circular condition dependency {name}")
    return held


def _equals(argument: Any, scope: Scope) -> bool:
    left, right = (_resolve(each, scope) for each in argument)
    try:
        return text(left) == text(right)
    except TypeError:
        return bool(left == right)


def _contains(argument: Any, scope: Scope) -> bool:
    values, value = (_resolve(each, scope) for each in argument)
    return text(value) in [text(each) for each in values]


def _each_member_in(argument: Any, scope: Scope) -> bool:
    members, values = (_resolve(each, scope) for each in argument)
    return all(each in values for each in members)


def _each_member_equals(argument: Any, scope: Scope) -> bool:
    members, value = (_resolve(each, scope) for each in argument)
    return all(text(each) == text(value) for each in members)


_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")

_FUNCTIONS: dict[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
    "Fn::ImportValue": _import_value,
    "Fn::Cidr": _cidr,
    "Fn::GetAZs": _get_azs,
    "Fn::GetStackOutput": _get_stack_output,
    "Fn::Base64": _base64,
    "Fn::Length": _length,
    "Fn::ToJsonString": _to_json,
}

_LOGIC: dict[str, Callable[[Any, Scope], bool]] = {
    "Fn::Equals": _equals,
    "Fn::Not": lambda argument, scope: not holds(argument[0], scope),
    "Fn::And": lambda argument, scope: all([holds(each, scope) for each in argument]),
    "Fn::Or": lambda argument, scope: any([holds(each, scope) for each in argument]),
    "Fn::Contains": _contains,
    "Fn::EachMemberIn": _each_member_in,
    "Fn::EachMemberEquals": _each_member_equals,
}

LOGIC = frozenset(_LOGIC)
FUNCTIONS = frozenset(_FUNCTIONS) | LOGIC

PSEUDO = frozenset(
    {
        *("AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition"),
        *("AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix"),
    }
)

# moto 5.2.5's zones, so that what GetAZs names the EC2 below accepts
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html, checked_on 2026-11-22
_THREE = (
    "us-east-2 ap-south-1 eu-west-1 eu-west-2 eu-west-3 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 "
    "af-south-1 ap-east-1 ap-east-2 ap-northeast-3 ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 "
    "ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-west-1 il-central-1 me-central-1 me-south-1 "
    "mx-central-1 sa-east-1 us-gov-east-1 us-gov-west-1 cn-northwest-1"
)
_ZONES = {
    **dict.fromkeys(_THREE.split(), "abc"),
    "us-east-1": "abcdef",
    "us-west-1": "ab",
    "us-west-2": "abcd",
    "ap-northeast-1": "acd",
    "ap-northeast-2": "abcd",
    "ca-central-1": "abd",
    "cn-north-1": "ab",
}

# every Region AWS has opened, as far as known
REGIONS = tuple(sorted(_ZONES))
