"""Puts right where moto's API Gateway forgets what it is told, cannot be patched, or keeps no snapshot of a deployment.

moto's answers stay the ground; what a create or put call was told and moto's answer lacks is kept beside its backend
and given back with every answer, so that nothing a client sent is lost. PATCH follows the documented patch operations
(https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html, checked_on 2026-11-22). A REST API's
deployment is a snapshot: what changes afterwards is not served before the next deployment
(https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-deploy-api.html, checked_on 2026-11-22).
"""

from __future__ import annotations

import copy
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

from preflight.clouds.lazily import when_imported

Document = dict[str, Any]


@dataclass
class Documents:
    """What moto's API Gateway of one account and Region has no place for, by the path of the resource in its API."""

    told: dict[str, Document] = field(default_factory=dict)
    own: dict[str, Document] = field(default_factory=dict)
    snapshots: dict[str, Document] = field(default_factory=dict)
    version: int = 0

    def full(self, path: str, document: Document) -> Document:
        """moto's document of a resource, with what moto forgot, also in the documents inside it."""
        known = {**document, **self.told.get(path, {})}
        for name, (step, is_map) in INSIDE.items():
            inside = known.get(name)
            if is_map and isinstance(inside, Mapping):
                known[name] = {key: self.full(f"{path}/{step}/{key}", each) for key, each in inside.items()}
            elif not is_map and isinstance(inside, Mapping):
                known[name] = self.full(f"{path}/{step}", dict(inside))
        return known

    def forget(self, path: str) -> None:
        """A resource is gone, with all under it."""
        for held in (self.told, self.own, self.snapshots):
            for each in [each for each in held if each == path or each.startswith(f"{path}/")]:
                del held[each]


# where the documents inside a document have their own paths
INSIDE = {
    "resourceMethods": ("methods", True),
    "methodIntegration": ("integration", False),
    "integrationResponses": ("responses", True),
    "methodResponses": ("responses", True),
}


def documents(backend: Any) -> Documents:
    """The documents kept beside one of moto's backends; they end with it."""
    held = backend.__dict__.get("preflight_documents")
    if held is None:
        held = backend.preflight_documents = Documents()
    return held  # type: ignore[no-any-return]


@contextmanager
def gateways_corrected() -> Iterator[None]:
    """Correct moto's API Gateway, both versions, as soon as anybody uses it and until the context ends."""
    with ExitStack() as undo:
        undo.enter_context(when_imported("moto.apigateway.responses", lambda: undo.enter_context(_rest())))
        undo.enter_context(when_imported("moto.apigatewayv2.responses", lambda: undo.enter_context(_http())))
        undo.enter_context(when_imported("moto.apigateway.urls", lambda: undo.enter_context(_paths())))
        yield


def snapshot(api: Any, held: Documents, root: str) -> Document:
    """A REST API as it is now: all that a request meets on its way."""
    return copy.deepcopy(
        {
            "api": held.full(root, api.to_dict()),
            "resources": [
                held.full(f"{root}/resources/{each.id}", {**each.to_dict(), "path": each.get_path()})
                for each in api.resources.values()
            ],
            "authorizers": {
                key: held.full(f"{root}/authorizers/{key}", each.to_json()) for key, each in api.authorizers.items()
            },
            "models": {key: held.full(f"{root}/models/{key}", each.to_json()) for key, each in api.models.items()},
            "validators": {
                key: held.full(f"{root}/requestvalidators/{key}", each.to_dict())
                for key, each in api.request_validators.items()
            },
            "responses": {
                key: held.full(f"{root}/gatewayresponses/{key}", each.to_json())
                for key, each in api.gateway_responses.items()
            },
        }
    )


@contextmanager
def _rest() -> Iterator[None]:
    from moto.apigateway.responses import APIGatewayResponse

    with ExitStack() as patches:
        for name in _public(APIGatewayResponse):
            patches.enter_context(
                patch.object(APIGatewayResponse, name, _wrapped(name, vars(APIGatewayResponse)[name]))
            )
        for name in ("tag_resource", "untag_resource", "get_tags"):
            patches.enter_context(patch.object(APIGatewayResponse, name, TAGGING[name], create=True))
        for kind in OWN:
            for verb, method in _own(*OWN[kind]).items():
                name = f"{verb}_{kind}" if verb != "list" else f"get_{kind}s"
                name = "generate_client_certificate" if name == "create_client_certificate" else name
                patches.enter_context(patch.object(APIGatewayResponse, name, method, create=True))
        for name in ("update_model", "update_vpc_link", "update_domain_name", "update_deployment", "update_method",
                     "update_integration", "update_method_response", "update_integration_response",
                     "update_gateway_response", "update_resource"):  # fmt: skip
            patches.enter_context(patch.object(APIGatewayResponse, name, _wrapped(name, None), create=True))
        yield


@contextmanager
def _http() -> Iterator[None]:
    from moto.apigatewayv2.responses import ApiGatewayV2Response

    with ExitStack() as patches:
        for name in _public(ApiGatewayV2Response):
            patches.enter_context(
                patch.object(ApiGatewayV2Response, name, _wrapped(name, vars(ApiGatewayV2Response)[name]))
            )
        for name in ("tag_resource", "untag_resource", "get_tags"):
            patches.enter_context(patch.object(ApiGatewayV2Response, name, TAGGING[name], create=True))
        for name in ("update_stage", "update_domain_name", "update_api_mapping", "update_route_response"):
            patches.enter_context(patch.object(ApiGatewayV2Response, name, _wrapped(name, None), create=True))
        for verb, method in _own("deploymentId", "createdDate", "deploymentStatus").items():
            name = f"{verb}_deployment" if verb != "list" else "get_deployments"
            patches.enter_context(patch.object(ApiGatewayV2Response, name, method, create=True))
        yield


def _paths() -> AbstractContextManager[Any]:
    from moto.apigateway import urls
    from moto.apigateway.responses import APIGatewayResponse
    from moto.apigatewayv2.responses import ApiGatewayV2Response

    more: dict[str, Any] = {
        "{0}/clientcertificates$": APIGatewayResponse.dispatch,
        "{0}/clientcertificates/(?P<certificate>[^/]+)$": APIGatewayResponse.dispatch,
        "{0}/restapis/(?P<function_id>[^/]+)/documentation/parts$": APIGatewayResponse.dispatch,
        "{0}/restapis/(?P<function_id>[^/]+)/documentation/parts/(?P<part>[^/]+)$": APIGatewayResponse.dispatch,
        "{0}/restapis/(?P<function_id>[^/]+)/documentation/versions$": APIGatewayResponse.dispatch,
        "{0}/restapis/(?P<function_id>[^/]+)/documentation/versions/(?P<part>[^/]+)$": APIGatewayResponse.dispatch,
        "{0}/v2/apis/(?P<api_id>[^/]+)/deployments$": ApiGatewayV2Response.dispatch,
        "{0}/v2/apis/(?P<api_id>[^/]+)/deployments/(?P<deployment>[^/]+)$": ApiGatewayV2Response.dispatch,
        # a server hands the ARN on with its slashes
        "{0}/tags/(?P<arn>.+)$": APIGatewayResponse.dispatch,
        "{0}/v2/tags/(?P<arn>.+)$": ApiGatewayV2Response.dispatch,
    }
    return patch.dict(urls.url_paths, more)


def _public(responses: type) -> list[str]:
    verbs = ("create_", "put_", "get_", "update_", "delete_", "reimport_", "import_")
    return [
        name
        for name, each in vars(responses).items()
        if name.startswith(verbs) and not isinstance(each, staticmethod) and name not in TAGGING
    ]


def _wrapped(name: str, answer: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    verb = name.partition("_")[0]
    change = {"create": _created, "put": _created, "update": _updated, "delete": _deleted}.get(verb, _told)

    def answered(self: Any) -> Any:
        held, path = documents(_backend(self)), _path(self)
        try:
            return change(self, held, path, name, answer)
        except KeyError:
            # moto looks into a dict for what is not there
            raise _not_found("identifier") from None

    return answered


def _created(self: Any, held: Documents, path: str, name: str, answer: Any) -> Any:
    status, headers, document = _plain(answer(self))
    if status >= 400 or not isinstance(document, dict):
        return status, headers, json.dumps(document)
    told = _body(self)
    at = path if name.startswith("put_") or name == "update_rest_api" else f"{path}/{_id_of(path, document)}"
    if name == "put_rest_api" or "openapi" in told or "swagger" in told:
        told = {}
    lacking = {key: each for key, each in told.items() if key == "tags" or document.get(key) in (None, [], {})}
    held.forget(at) if name.startswith("put_") else None
    held.told[at] = lacking
    held.version += 1
    if name == "create_deployment" and not self.path.startswith("/v2/"):
        self.backend.apis[path.split("/")[2]].deployments[document["id"]].stage_name = None
        held.snapshots[at] = snapshot(self.backend.apis[path.split("/")[2]], held, path.removesuffix("/deployments"))
    return status, headers, json.dumps(held.full(at, document))


def _told(self: Any, held: Documents, path: str, name: str, answer: Any) -> Any:
    status, headers, document = _plain(answer(self))
    if not isinstance(document, dict):
        return status, headers, document if isinstance(document, str) else json.dumps(document)
    for key in ("item", "items"):
        if isinstance(document.get(key), list):
            document[key] = [held.full(f"{path}/{_id_of(path, each)}", each) for each in document[key]]
    whole = document if "item" in document or "items" in document else held.full(path, document)
    return status, headers, json.dumps(whole)


def _updated(self: Any, held: Documents, path: str, name: str, answer: Any) -> Any:
    read = getattr(self, name.replace("update_", "get_", 1), None)
    status, headers, before = _plain(read() if read is not None else "{}")
    if status >= 400:
        return status, headers, json.dumps(before)
    body = _body(self)
    operations = body.get("patchOperations")
    if operations is None:
        after = {**before, **{key: each for key, each in body.items() if key != "cascade"}}
    else:
        after = copy.deepcopy(before)
        for each in operations:
            patch_document(after, each)
    if answer is not None:
        _try(answer, self)
    changed = {key: each for key, each in after.items() if before.get(key) != each}
    held.told.setdefault(path, {}).update(changed)
    for key in before.keys() - after.keys():
        held.told[path][key] = None
    held.version += 1
    return 200, {}, json.dumps(after)


def _deleted(self: Any, held: Documents, path: str, name: str, answer: Any) -> Any:
    result = answer(self)
    held.forget(path)
    held.version += 1
    return result


def _try(answer: Callable[[Any], Any], self: Any) -> None:
    """moto's own part of a change; what it does not know, it need not do."""
    try:
        answer(self)
    except Exception:  # whatever it is, the document says what holds
        return


def patch_document(document: Document, operation: Mapping[str, Any]) -> None:
    """Apply one patch operation to a resource's document, in API Gateway's way of reading paths."""
    kind, value = operation.get("op"), operation.get("value")
    raw = str(operation["path"]).strip("/").split("/")
    steps = [each.replace("~1", "/").replace("~0", "~") for each in raw]
    setting = "/".join(raw[-2:])
    if len(raw) >= 3 and setting in METHOD_SETTINGS and raw[0] not in ("variables", "apiStages"):
        settings = document.setdefault("methodSettings", {})
        key = "/".join(raw[:-2])
        if kind == "remove":
            _reset_setting(settings, key, METHOD_SETTINGS[setting])
            return
        settings.setdefault(key, dict(METHOD_DEFAULTS))[METHOD_SETTINGS[setting]] = _typed(setting, value)
    elif kind == "remove" and "/".join(raw) in document.get("methodSettings", {}):
        del document["methodSettings"]["/".join(raw)]
    elif steps[0] == "apiStages" and "apiStages" in document:
        _patch_stages(document["apiStages"], kind, steps, value)
    elif steps[:2] == ["endpointConfiguration", "types"] and kind == "replace":
        document.setdefault("endpointConfiguration", {})["types"] = [value]
    else:
        _patch_value(document, kind, steps, value)


def _reset_setting(settings: Document, key: str, name: str) -> None:
    """A setting goes back to its default, and with the last of them the entry itself."""
    held = settings.get(key, {})
    held.pop(name, None)
    if name in METHOD_DEFAULTS:
        held[name] = METHOD_DEFAULTS[name]
    if held == METHOD_DEFAULTS:
        settings.pop(key, None)


def _patch_stages(stages: list[Document], kind: Any, steps: list[str], value: Any) -> None:
    api, _, stage = (steps[1] if len(steps) > 1 else str(value)).partition(":")
    there = [each for each in stages if each.get("apiId") == api and each.get("stage") == stage]
    if len(steps) == 1:
        if kind == "remove":
            stages[:] = [each for each in stages if each not in there]
        elif not there:
            stages.append({"apiId": api, "stage": stage})
    elif there and len(steps) >= 5:
        # /apiStages/{api:stage}/throttle/{resource}/{method}/rateLimit
        limits = there[0].setdefault("throttle", {}).setdefault(f"{steps[3]}/{steps[4]}", {})
        if len(steps) > 5:
            limits[steps[5]] = float(value) if steps[5] == "rateLimit" else int(value)


def _patch_value(document: Document, kind: Any, steps: list[str], value: Any) -> None:
    *way, last = steps
    holder: Any = document
    for each in way:
        if isinstance(holder.get(each), list) or each in LISTS:
            # the item stands in the path
            last, value = each, steps[-1]
            break
        if not isinstance(holder.get(each), dict):
            holder[each] = {}
        holder = holder[each]
    if isinstance(holder.get(last), list) or last in LISTS:
        items = holder[last] = list(holder.get(last) or [])
        if kind == "remove":
            items[:] = [each for each in items if each != value]
        elif value not in items:
            items.append(value)
    elif kind == "remove":
        holder.pop(last, None)
    else:
        holder[last] = _typed(last, value)


def _typed(name: str, value: Any) -> Any:
    if str(value).lower() in ("true", "false") and name not in ("value",):
        return str(value).lower() == "true"
    if name.rpartition("/")[2] in ("rateLimit",):
        return float(value)
    if name.rpartition("/")[2] in NUMBERS:
        return int(value)
    return value


LISTS = ("binaryMediaTypes", "providerARNs", "features", "vpcEndpointIds", "authorizationScopes", "cacheKeyParameters")
NUMBERS = ("burstLimit", "limit", "offset", "ttlInSeconds", "authorizerResultTtlInSeconds", "minimumCompressionSize",
           "timeoutInMillis", "percentTraffic")  # fmt: skip
METHOD_SETTINGS = {
    "metrics/enabled": "metricsEnabled",
    "logging/loglevel": "loggingLevel",
    "logging/dataTrace": "dataTraceEnabled",
    "throttling/burstLimit": "throttlingBurstLimit",
    "throttling/rateLimit": "throttlingRateLimit",
    "caching/enabled": "cachingEnabled",
    "caching/ttlInSeconds": "cacheTtlInSeconds",
    "caching/dataEncrypted": "cacheDataEncrypted",
    "caching/requireAuthorizationForCacheControl": "requireAuthorizationForCacheControl",
    "caching/unauthorizedCacheControlHeaderStrategy": "unauthorizedCacheControlHeaderStrategy",
}
# https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSetting.html, checked_on 2026-11-22; a stage without
# limits of its own has the account's, 10,000 requests a second with a burst of 5,000
METHOD_DEFAULTS = {
    "metricsEnabled": False,
    "dataTraceEnabled": False,
    "throttlingBurstLimit": 5000,
    "throttlingRateLimit": 10000.0,
    "cachingEnabled": False,
    "cacheTtlInSeconds": 300,
    "cacheDataEncrypted": False,
    "requireAuthorizationForCacheControl": True,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}

# what moto does not have at all: the name of its id, and what else it is born with
OWN = {
    "client_certificate": ("clientCertificateId", "createdDate", "expirationDate"),
    "documentation_part": ("id",),
    "documentation_version": ("version", "createdDate"),
}


def _own(identifier: str, *born: str) -> dict[str, Callable[[Any], Any]]:
    """The five calls of a kind of resource that moto does not have."""

    def create(self: Any) -> Any:
        held, path, told = documents(_backend(self)), _path(self), _body(self)
        key = told.get("documentationVersion") or uuid.uuid4().hex[:6]
        facts: Document = {each: _born(each, self) for each in born}
        held.own[f"{path}/{key}"] = {**told, identifier: key, **facts}
        held.version += 1
        return 201, {}, json.dumps(held.own[f"{path}/{key}"])

    def get(self: Any) -> Any:
        held, path = documents(_backend(self)), _path(self)
        if path not in held.own:
            raise _not_found(identifier)
        return 200, {}, json.dumps(held.full(path, held.own[path]))

    def every(self: Any) -> Any:
        held, path = documents(_backend(self)), _path(self)
        found = [each for at, each in held.own.items() if at.rpartition("/")[0] == path]
        return 200, {}, json.dumps({"items" if self.path.startswith("/v2/") else "item": found})

    def update(self: Any) -> Any:
        held, path, told = documents(_backend(self)), _path(self), _body(self)
        if path not in held.own:
            raise _not_found(identifier)
        for each in told.pop("patchOperations", []):
            patch_document(held.own[path], each)
        held.own[path].update(told)
        return 200, {}, json.dumps(held.own[path])

    def delete(self: Any) -> Any:
        held, path = documents(_backend(self)), _path(self)
        if path not in held.own:
            raise _not_found(identifier)
        held.forget(path)
        return 202, {"status": 202}, ""

    return {"create": create, "get": get, "list": every, "update": update, "delete": delete}


def _born(name: str, self: Any) -> Any:
    if name == "deploymentStatus":
        return "DEPLOYED"
    if self.path.startswith("/v2/"):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    # a client certificate is good for 365 days
    return int(time.time()) + (365 * 86400 if name == "expirationDate" else 0)


def _not_found(identifier: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    error: Exception = JsonRESTError("NotFoundException", f"Invalid {identifier} specified")
    error.code = 404  # type: ignore[attr-defined]
    return error


def _tag(self: Any) -> Any:
    held, path = documents(_backend(self)), _tagged(self)
    held.told.setdefault(path, {})["tags"] = {**_tags_of(self, held, path), **_body(self).get("tags", {})}
    return 204, {"status": 204}, ""


def _untag(self: Any) -> Any:
    held, path = documents(_backend(self)), _tagged(self)
    gone = self.querystring.get("tagKeys") or []
    left = {key: each for key, each in _tags_of(self, held, path).items() if key not in gone}
    held.told.setdefault(path, {})["tags"] = left
    return 204, {"status": 204}, ""


def _tags(self: Any) -> Any:
    held, path = documents(_backend(self)), _tagged(self)
    return 200, {}, json.dumps({"tags": _tags_of(self, held, path)})


TAGGING = {"tag_resource": _tag, "untag_resource": _untag, "get_tags": _tags}


def _tags_of(self: Any, held: Documents, path: str) -> dict[str, str]:
    own = held.own.get(path, {}).get("tags")
    return dict(held.told.get(path, {}).get("tags") or own or {})


def _tagged(self: Any) -> str:
    arn = unquote(self.path.partition("/tags/")[2])
    return arn.partition("::")[2].rstrip("/")


def _backend(self: Any) -> Any:
    return self.apigatewayv2_backend if hasattr(self, "apigatewayv2_backend") else self.backend


def _path(self: Any) -> str:
    return re.sub(r"^/v2", "", unquote(self.path)).rstrip("/")


def _body(self: Any) -> Document:
    try:
        read = json.loads(self.body) if self.body else {}
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _plain(result: Any) -> tuple[int, dict[str, Any], Any]:
    """moto's answer in one of its forms, with the document read."""
    if isinstance(result, str):
        status, headers, body = 200, {}, result
    elif len(result) == 2:
        body, headers = result
        status = int(headers.get("status", 200))
    else:
        status, headers, body = result
        headers = {**headers, "status": status} if status != 200 else dict(headers)
    try:
        return int(status), headers, json.loads(body) if isinstance(body, str | bytes) and body else body
    except ValueError:
        return int(status), headers, body


def _id_of(path: str, document: Mapping[str, Any]) -> str:
    names = IDS.get(path.rpartition("/")[2], ("id",))
    return str(next((document[name] for name in names if document.get(name)), ""))


# what a collection's members are called by, where it is not their id; REST APIs before HTTP APIs
IDS = {
    "apis": ("apiId",),
    "apimappings": ("apiMappingId",),
    "authorizers": ("id", "authorizerId"),
    "basepathmappings": ("basePath",),
    "deployments": ("id", "deploymentId"),
    "domainnames": ("domainName",),
    "gatewayresponses": ("responseType",),
    "integrationresponses": ("integrationResponseId",),
    "integrations": ("integrationId",),
    "models": ("modelId", "name"),
    "routeresponses": ("routeResponseId",),
    "routes": ("routeId",),
    "stages": ("stageName",),
    "vpclinks": ("id", "vpcLinkId"),
}
