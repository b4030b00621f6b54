"""What a template becomes before CloudFormation reads it: every transform it declares is carried out.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros.html and
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-reference.html, checked_on 2026-11-22
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from preflight.cloudformation import language
from preflight.cloudformation.nested import fetch
from preflight.errors import Refused
from preflight.intrinsics import Scope, TemplateError, resolve
from preflight.template import Template

SERVERLESS = "AWS::Serverless-2016-10-31"
LANGUAGE = "AWS::LanguageExtensions"
INCLUDE = "AWS::Include"

# these only say something to CloudFormation that has no effect here: the Lambda of a hosted rotation is an application
# of AWS's own, a blue/green deployment is CodeDeploy's; the property that asks for either is in the ledger
_KEPT_AS_IT_STANDS = ("AWS::SecretsManager-2020-07-23", "AWS::SecretsManager-2024-09-16", "AWS::CodeDeployBlueGreen")


@dataclass(frozen=True)
class Place:
    """Where a template is read: its stack, the clients of its account, and the macros deployed there.

    `macros` are the names or ARNs of the Lambda functions behind them, by the macros' names.
    """

    stack_name: str
    region: str
    account: str
    client: Callable[[str], Any]
    macros: Mapping[str, str] = field(default_factory=dict)


def declared(template: Template) -> list[str]:
    """The names of the transforms a template declares, those within it included."""
    inner = [call["Name"] for call in _calls(template.body) if isinstance(call.get("Name"), str)]
    return list(dict.fromkeys([name for name, _ in _of_template(template.body)] + inner))


def processed(template: Template, parameters: Mapping[str, Any], place: Place) -> Template:
    """The template with its transforms carried out, and itself as its `original`; itself where it declares none.

    Raises Refused, in CloudFormation's words, where one fails or is not known.
    """
    if not declared(template):
        return template
    given = template.parameter_values(parameters)
    body = copy.deepcopy(template.body)
    wanted = _of_template(body)
    body.pop("Transform", None)
    scope = Scope(
        place.region, place.account, place.stack_name, parameters=given, mappings=template.mappings,
        conditions=template.conditions,
    )  # fmt: skip
    body = _embedded(body, scope, place)
    for name, arguments in wanted:
        body = _transformed(name, arguments, body, scope, place)
    if not isinstance(body, dict):
        raise _refused("Template format error: unsupported structure.")
    return Template(body, original=template, extended=template.extended or any(name == LANGUAGE for name, _ in wanted))


def _transformed(name: str, arguments: Mapping[str, Any], body: Any, scope: Scope, place: Place) -> Any:
    try:
        if name == LANGUAGE:
            return language.extended(body, scope)
        if name == SERVERLESS:
            from preflight.cloudformation import serverless

            return serverless.translated(body, scope.parameters, place.region)
        if name == INCLUDE:
            return {**body, **_included(arguments, scope, place)}
        if name in _KEPT_AS_IT_STANDS:
            return body
    except TemplateError as error:
        raise _refused(f"Transform {name} failed with: {error}") from error
    return _by_macro(name, arguments, body, scope, place)


def _of_template(body: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = body.get("Transform", [])
    each_one = found if isinstance(found, list) else [found]
    named: list[tuple[str, dict[str, Any]]] = []
    for each in each_one:
        if isinstance(each, str):
            named.append((each, {}))
        elif isinstance(each, dict) and isinstance(each.get("Name"), str):
            named.append((each["Name"], each.get("Parameters") or {}))
        else:
            raise _refused("Template format error: Key Name of transform definition must be a string.")
    return named


def _calls(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "Fn::Transform":
                yield from (call for call in (each if isinstance(each, list) else [each]) if isinstance(call, dict))
            yield from _calls(each)
    elif isinstance(value, list):
        for each in value:
            yield from _calls(each)


def _embedded(value: Any, scope: Scope, place: Place) -> Any:
    """Carry out every `Fn::Transform` within a value, the deepest first."""
    if isinstance(value, list):
        return [_embedded(each, scope, place) for each in value]
    if not isinstance(value, dict):
        return value
    beside = {name: _embedded(each, scope, place) for name, each in value.items() if name != "Fn::Transform"}
    if "Fn::Transform" not in value:
        return beside
    calls = value["Fn::Transform"]
    answer: Any = beside
    for call in calls if isinstance(calls, list) else [calls]:
        if not isinstance(call, dict) or not isinstance(call.get("Name"), str):
            raise _refused("Template format error: Key Name of transform definition must be a string.")
        answer = _transformed(call["Name"], _embedded(call.get("Parameters") or {}, scope, place), answer, scope, place)
    return answer


def _included(arguments: Mapping[str, Any], scope: Scope, place: Place) -> dict[str, Any]:
    location = resolve(arguments.get("Location"), scope)
    if not isinstance(location, str):
        raise TemplateError("The location parameter is not a valid S3 uri.")
    try:
        text = fetch(location, place.client)
    except Refused as error:
        raise TemplateError(" ".join(error.faults)) from error
    try:
        return dict(Template.parse(text).body)
    except Refused as error:
        raise TemplateError("The specified S3 object's content should be valid Yaml/JSON") from error


def _by_macro(name: str, arguments: Mapping[str, Any], fragment: Any, scope: Scope, place: Place) -> Any:
    """What the Lambda function behind a macro of the account makes of a fragment."""
    function = place.macros.get(name.rpartition("::")[2]) if not name.startswith("AWS::") else None
    if function is None:
        raise _refused(f"No transform named {name} found.")
    full = f"{place.account}::{name.rpartition('::')[2]}"
    asked = {
        "region": place.region,
        "accountId": place.account,
        "fragment": fragment,
        "transformId": full,
        "params": resolve(dict(arguments), scope),
        "requestId": f"{place.stack_name}/{name}",
        "templateParameterValues": dict(scope.parameters),
    }
    functions = place.client("lambda")
    try:
        answer = functions.invoke(FunctionName=function, Payload=json.dumps(asked, default=str).encode())
    except functions.exceptions.ClientError as error:
        raise _refused(f"Transform {full} failed with: {error.response['Error']['Message']}.") from error
    try:
        said = json.loads(answer["Payload"].read())
        if answer.get("FunctionError") or said["status"].lower() != "success":
            message = said.get("errorMessage")
            with_words = f" with: {message}." if message else " without an error message."
            raise _refused(f"Transform {full} failed{with_words}")
        return said["fragment"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refused(f"Received malformed response from transform {full}") from error


def _refused(said: str) -> Refused:
    return Refused(
        f"CloudFormation refuses the template: {said.rstrip('.')}; nothing was made, mend it and deploy again", [said]
    )
