"""Builds an API from an OpenAPI document with API Gateway's extensions, call by call.

Read: paths, methods, parameters, request bodies' models, security, integrations with their responses, authorizers,
validators, gateway responses, CORS. Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/
api-gateway-swagger-extensions.html and api-gateway-known-issues.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from preflight.cloudformation.providers._table import Scope, refusal

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method")
EXTENSION = "x-amazon-apigateway-"
Document = Mapping[str, Any]


READ = {
    "swagger",
    "openapi",
    "info",
    "paths",
    "definitions",
    "components",
    "securityDefinitions",
    "security",
    "schemes",
}
READ_OF_REST = READ | {
    f"{EXTENSION}{name}"
    for name in (
        "api-key-source",
        "binary-media-types",
        "endpoint-configuration",
        "gateway-responses",
        "minimum-compression-size",
        "policy",
        "request-validator",
        "request-validators",
    )
}
READ_OF_HTTP = READ | {f"{EXTENSION}cors"}


def places(document: Document) -> set[tuple[str, str]]:
    """The paths of a document with their methods, ANY for all of them."""
    return {
        (path, "ANY" if method.startswith("x-") else method.upper())
        for path, item in document.get("paths", {}).items()
        for method, described in item.items()
        if method.lower() in METHODS and f"{EXTENSION}integration" in described
    }


def build_rest(scope: Scope, document: Document, root: str, *, anew: bool = False) -> None:
    """Make a REST API's parts from a document, Swagger 2.0 or OpenAPI 3; `anew` takes the old ones away first."""
    if not str(document.get("swagger", document.get("openapi", ""))).startswith(("2", "3")):
        message = "Invalid OpenAPI input."
        raise refusal("BadRequestException", message, "PutRestApi")
    client, api = scope.context.client("apigateway"), scope.ref
    if anew:
        _empty(client, api, root)
    if document.get(f"{EXTENSION}policy"):
        policy = json.dumps(document[f"{EXTENSION}policy"])
        client.update_rest_api(restApiId=api, patchOperations=[{"op": "replace", "path": "/policy", "value": policy}])
    told = {
        "/apiKeySource": document.get(f"{EXTENSION}api-key-source"),
        "/minimumCompressionSize": document.get(f"{EXTENSION}minimum-compression-size"),
    }
    operations = [
        {"op": "replace", "path": path, "value": str(each)} for path, each in told.items() if each is not None
    ]
    for kind in document.get(f"{EXTENSION}endpoint-configuration", {}).get("types", []):
        operations.append({"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": kind})
    if operations:
        client.update_rest_api(restApiId=api, patchOperations=operations)
    binary = document.get(f"{EXTENSION}binary-media-types", [])
    if binary:
        operations = [{"op": "add", "path": "/binaryMediaTypes/" + each.replace("/", "~1")} for each in binary]
        client.update_rest_api(restApiId=api, patchOperations=operations)
    models = document.get("definitions") or document.get("components", {}).get("schemas", {})
    for name, schema in models.items():
        client.create_model(restApiId=api, name=name, contentType="application/json", schema=json.dumps(schema))
    validators = {
        name: client.create_request_validator(
            restApiId=api,
            name=name,
            validateRequestBody=bool(each.get("validateRequestBody")),
            validateRequestParameters=bool(each.get("validateRequestParameters")),
        )["id"]
        for name, each in document.get(f"{EXTENSION}request-validators", {}).items()
    }
    authorizers = {name: _authorizer(client, api, name, each) for name, each in _schemes(document).items()}
    for kind, each in document.get(f"{EXTENSION}gateway-responses", {}).items():
        named = {"statusCode": "statusCode", "responseParameters": "responseParameters"}
        named["responseTemplates"] = "responseTemplates"
        given = {key: each[key] for key in named if key in each}
        given["statusCode"] = str(given["statusCode"]) if "statusCode" in given else "400"
        client.put_gateway_response(restApiId=api, responseType=kind, **given)
    places = {"/": root}
    for path, item in document.get("paths", {}).items():
        resource = _place(client, api, places, path)
        for method, described in item.items():
            if method.lower() in METHODS:
                _rest_method(client, api, resource, method, described, item, document, validators, authorizers)


def _rest_method(
    client: Any,
    api: str,
    resource: str,
    method: str,
    described: Document,
    item: Document,
    document: Document,
    validators: Mapping[str, str],
    authorizers: Mapping[str, tuple[str, str | None]],
) -> None:
    verb = "ANY" if method.startswith("x-") else method.upper()
    place = {"restApiId": api, "resourceId": resource, "httpMethod": verb}
    more: dict[str, Any] = {"authorizationType": "NONE"}
    for security in described.get("security", document.get("security", [])):
        for name, scopes in security.items():
            kind, authorizer = authorizers.get(name, ("NONE", None))
            if kind == "KEY":
                more["apiKeyRequired"] = True
                continue
            more["authorizationType"] = kind
            if authorizer:
                more["authorizerId"] = authorizer
            if scopes:
                more["authorizationScopes"] = scopes
    if described.get(f"{EXTENSION}auth", {}).get("type") == "AWS_IAM":
        more["authorizationType"] = "AWS_IAM"
    validator = described.get(f"{EXTENSION}request-validator", document.get(f"{EXTENSION}request-validator"))
    if validator in validators:
        more["requestValidatorId"] = validators[validator]
    parameters = [*item.get("parameters", []), *described.get("parameters", [])]
    places = {"query": "querystring", "header": "header", "path": "path"}
    asked = {
        f"method.request.{places[each['in']]}.{each['name']}": bool(each.get("required"))
        for each in parameters
        if each.get("in") in places
    }
    if asked:
        more["requestParameters"] = asked
    models = {kind: name for kind, name in _body_models(described, parameters)}
    if models:
        more["requestModels"] = models
    if "operationId" in described:
        more["operationName"] = described["operationId"]
    client.put_method(**place, **more)
    for status, each in described.get("responses", {}).items():
        if str(status).isdigit():
            given = {f"method.response.header.{name}": False for name in each.get("headers", {})}
            client.put_method_response(**place, statusCode=str(status), responseParameters=given)
    integration = described.get(f"{EXTENSION}integration")
    if integration:
        _rest_integration(client, place, verb, integration)


def _rest_integration(client: Any, place: Document, verb: str, integration: Document) -> None:
    names = ("uri", "credentials", "requestTemplates", "requestParameters", "passthroughBehavior", "contentHandling",
             "timeoutInMillis", "connectionType", "connectionId", "cacheNamespace", "cacheKeyParameters")  # fmt: skip
    given = {name: integration[name] for name in names if name in integration}
    if "passthroughBehavior" in given:
        given["passthroughBehavior"] = given["passthroughBehavior"].upper()
    client.put_integration(
        **place,
        type=str(integration["type"]).upper(),
        integrationHttpMethod=integration.get("httpMethod", verb),
        **given,
    )
    for pattern, each in integration.get("responses", {}).items():
        kept = ("responseTemplates", "responseParameters", "contentHandling")
        more = {name: each[name] for name in kept if name in each}
        if pattern != "default":
            more["selectionPattern"] = pattern
        client.put_integration_response(**place, statusCode=str(each.get("statusCode", "200")), **more)


def build_http(scope: Scope, document: Document) -> None:
    """Make an HTTP API's parts from an OpenAPI 3 document."""
    if not str(document.get("openapi", "")).startswith("3"):
        raise refusal("BadRequestException", "Invalid OpenAPI input.", "ReimportApi")
    client, api = scope.context.client("apigatewayv2"), scope.ref
    for each in client.get_routes(ApiId=api)["Items"]:
        client.delete_route(ApiId=api, RouteId=each["RouteId"])
    for each in client.get_integrations(ApiId=api)["Items"]:
        client.delete_integration(ApiId=api, IntegrationId=each["IntegrationId"])
    cors = document.get(f"{EXTENSION}cors")
    if cors:
        client.update_api(
            ApiId=api, CorsConfiguration={f"{name[0].upper()}{name[1:]}": each for name, each in cors.items()}
        )
    authorizers = {name: _http_authorizer(client, api, name, each) for name, each in _schemes(document).items()}
    for path, item in document.get("paths", {}).items():
        for method, described in item.items():
            if method.lower() in METHODS:
                verb = "ANY" if method.startswith("x-") else method.upper()
                key = "$default" if path.lstrip("/") == "$default" else f"{verb} {path}"
                _http_route(client, api, key, described, document, authorizers)


def _http_route(
    client: Any, api: str, key: str, described: Document, document: Document, authorizers: Document
) -> None:
    integration = described.get(f"{EXTENSION}integration")
    if integration and "$ref" in integration:
        integration = document["components"][f"{EXTENSION}integrations"][integration["$ref"].rpartition("/")[2]]
    if not integration:
        return
    names = {
        "uri": "IntegrationUri",
        "httpMethod": "IntegrationMethod",
        "payloadFormatVersion": "PayloadFormatVersion",
        "credentials": "CredentialsArn",
        "connectionId": "ConnectionId",
        "connectionType": "ConnectionType",
        "requestParameters": "RequestParameters",
        "timeoutInMillis": "TimeoutInMillis",
        "subtype": "IntegrationSubtype",
    }
    given = {theirs: integration[ours] for ours, theirs in names.items() if ours in integration}
    given["PayloadFormatVersion"] = str(given.get("PayloadFormatVersion", "1.0"))
    made = client.create_integration(ApiId=api, IntegrationType=str(integration["type"]).upper(), **given)
    more: dict[str, Any] = {}
    for security in described.get("security", document.get("security", [])):
        for name, scopes in security.items():
            kind, authorizer = authorizers.get(name, ("NONE", None))
            more["AuthorizationType"] = kind
            if authorizer:
                more["AuthorizerId"] = authorizer
            if scopes:
                more["AuthorizationScopes"] = scopes
    if described.get(f"{EXTENSION}auth", {}).get("type") == "AWS_IAM":
        more["AuthorizationType"] = "AWS_IAM"
    client.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{made['IntegrationId']}", **more)


def _http_authorizer(client: Any, api: str, name: str, scheme: Document) -> tuple[str, str | None]:
    told = scheme.get(f"{EXTENSION}authorizer")
    if not told:
        return ("AWS_IAM" if scheme.get(f"{EXTENSION}authtype") == "awsSigv4" else "NONE"), None
    kind = str(told["type"]).upper()
    source = told.get("identitySource", "$request.header.Authorization")
    given: dict[str, Any] = {"IdentitySource": source.split(",") if isinstance(source, str) else source}
    if kind == "JWT":
        jwt = told.get("jwtConfiguration", {})
        given["JwtConfiguration"] = {f"{key[0].upper()}{key[1:]}": each for key, each in jwt.items()}
    else:
        given["AuthorizerUri"] = told["authorizerUri"]
        given["AuthorizerPayloadFormatVersion"] = str(told.get("authorizerPayloadFormatVersion", "1.0"))
        given["EnableSimpleResponses"] = bool(told.get("enableSimpleResponses"))
        if "authorizerResultTtlInSeconds" in told:
            given["AuthorizerResultTtlInSeconds"] = int(told["authorizerResultTtlInSeconds"])
    made = client.create_authorizer(ApiId=api, Name=name, AuthorizerType=kind, **given)
    return ("JWT" if kind == "JWT" else "CUSTOM"), made["AuthorizerId"]


def _schemes(document: Document) -> Document:
    found: Document = document.get("securityDefinitions") or document.get("components", {}).get("securitySchemes", {})
    return found


def _authorizer(client: Any, api: str, name: str, scheme: Document) -> tuple[str, str | None]:
    """What a security scheme asks of a method: its authorization type, and the authorizer's id."""
    told = scheme.get(f"{EXTENSION}authorizer")
    kind = scheme.get(f"{EXTENSION}authtype")
    if not told:
        if kind == "awsSigv4":
            return "AWS_IAM", None
        return ("KEY" if scheme.get("type") == "apiKey" and scheme.get("name") == "x-api-key" else "NONE"), None
    given: dict[str, Any] = {"type": str(told["type"]).upper()}
    for name_, theirs in (
        ("authorizerUri", "authorizerUri"),
        ("authorizerCredentials", "authorizerCredentials"),
        ("identityValidationExpression", "identityValidationExpression"),
        ("authorizerResultTtlInSeconds", "authorizerResultTtlInSeconds"),
        ("providerARNs", "providerARNs"),
    ):
        if name_ in told:
            given[theirs] = told[name_]
    given["identitySource"] = (
        told.get("identitySource") or f"method.request.header.{scheme.get('name', 'Authorization')}"
    )
    made = client.create_authorizer(restApiId=api, name=name, authType=kind or "custom", **given)
    return ("COGNITO_USER_POOLS" if given["type"] == "COGNITO_USER_POOLS" else "CUSTOM"), made["id"]


def _body_models(described: Document, parameters: list[Document]) -> Iterator[tuple[str, str]]:
    for kind, each in described.get("requestBody", {}).get("content", {}).items():
        reference = each.get("schema", {}).get("$ref", "")
        if reference:
            yield kind, reference.rpartition("/")[2]
    for each in parameters:
        reference = each.get("schema", {}).get("$ref", "")
        if each.get("in") == "body" and reference:
            yield "application/json", reference.rpartition("/")[2]


def _place(client: Any, api: str, places: dict[str, str], path: str) -> str:
    """The resource of a path, made with all above it."""
    path = "/" + path.strip("/")
    if path not in places:
        above, _, part = path.rpartition("/")
        parent = _place(client, api, places, above or "/")
        places[path] = client.create_resource(restApiId=api, parentId=parent, pathPart=part)["id"]
    return places[path]


def _empty(client: Any, api: str, root: str) -> None:
    there = client.get_resources(restApiId=api, limit=500)["items"]
    for each in sorted(there, key=lambda each: -len(each["path"])):
        if each["id"] != root:
            client.delete_resource(restApiId=api, resourceId=each["id"])
        else:
            for method in each.get("resourceMethods", {}):
                client.delete_method(restApiId=api, resourceId=root, httpMethod=method)
    for each in client.get_models(restApiId=api)["items"]:
        client.delete_model(restApiId=api, modelName=each["name"])
    for each in client.get_authorizers(restApiId=api)["items"]:
        client.delete_authorizer(restApiId=api, authorizerId=each["id"])
    for each in client.get_request_validators(restApiId=api)["items"]:
        client.delete_request_validator(restApiId=api, requestValidatorId=each["id"])
