"""HTTP APIs: routes, payloads, mappings, CORS and authorizers as API Gateway's version 2 has them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api.html and the pages below it, checked_on
2026-11-22. WebSocket APIs are made and told, and not connected to.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from preflight.clouds.web_backends import Backends, Failed, NotAllowed, TimedOut, Unreachable, function_arn
from preflight.clouds.web_doors import (
    Buckets,
    UnknownKey,
    decided,
    iam_facts,
    scopes_of,
    signer,
    token_claims,
)
from preflight.clouds.web_parts import Answered, Asked, Document, answer_2, clock, event_2, joined, match, said, shaped

if TYPE_CHECKING:
    from preflight.clouds.authorize import Authorizer

NOT_FOUND = said(404, {"message": "Not Found"})
FORBIDDEN = said(403, {"message": "Forbidden"})
ERROR = said(500, {"message": "Internal Server Error"})
UNAVAILABLE = said(503, {"message": "Service Unavailable"})
TOO_MANY = said(429, {"message": "Too Many Requests"})


class HttpApis:
    """Answers requests to the HTTP APIs of one cloud."""

    def __init__(self, backends: Backends, authorizer: Authorizer, buckets: Buckets) -> None:
        self._backends = backends
        self._authorizer = authorizer
        self._buckets = buckets
        self._known: dict[tuple[str, ...], tuple[float, Any]] = {}

    def answer(self, api: Any, backend: Any, asked: Asked, *, mapped_to: str | None = None) -> Answered:
        """The answer of an API; `mapped_to` names the stage when a domain of one's own leads to it."""
        return _Call(self, api, backend, asked).answer(mapped_to)


class _Call:
    """One request on its way through an HTTP API."""

    def __init__(self, apis: HttpApis, api: Any, backend: Any, asked: Asked) -> None:
        from preflight.clouds.gateways import documents

        self.apis, self.asked, self.region = apis, asked, backend.region_name
        self.held, self.id, self.root = documents(backend), api.api_id, f"/apis/{api.api_id}"
        self.api = self.held.full(self.root, api.to_json())
        self.account = backend.account_id
        self._api = api

    def answer(self, mapped_to: str | None) -> Answered:
        if self.api.get("disableExecuteApiEndpoint") and mapped_to is None:
            return NOT_FOUND
        found = self._stage(mapped_to)
        if found is None:
            return NOT_FOUND
        self.stage, self.path = found
        self.name = self.stage["stageName"]
        self.variables = self.stage.get("stageVariables") or {}
        cors = self.api.get("corsConfiguration")
        if cors and self._is_preflight():
            answer = Answered(204, tuple(self._cors(cors, preflight=True)))
        else:
            answer = self._routed()
            answer = answer.with_headers(self._cors(cors)) if cors else answer
        if self.stage.get("accessLogSettings"):
            self.apis._backends.log(self.stage["accessLogSettings"], self._facts(answer), self.region)
        return answer

    def _facts(self, answer: Answered | None = None) -> Document:
        """What `$context` knows."""
        facts: Document = {
            "accountId": self.account,
            "apiId": self.id,
            "authorizer": _flat_authorizer(getattr(self, "authorized", None)),
            "domainName": self.asked.host.partition(":")[0],
            "httpMethod": self.asked.method,
            "identity": {"sourceIp": self.asked.source_ip, "userAgent": self.asked.header("user-agent")},
            "path": self.asked.path,
            "protocol": "HTTP/1.1",
            "requestId": self.asked.request_id,
            "requestTime": clock(self.asked.at),
            "requestTimeEpoch": int(self.asked.at * 1000),
            "routeKey": getattr(self, "key", None),
            "stage": self.name,
        }
        if answer is not None:
            took = int((time.time() - self.asked.at) * 1000)
            facts |= {"status": answer.status, "responseLength": len(answer.body), "responseLatency": took}
        return facts

    def _stage(self, mapped_to: str | None) -> tuple[Document, str] | None:
        stages = {
            name: self.held.full(f"{self.root}/stages/{name}", each.to_json())
            for name, each in self._api.stages.items()
        }
        first, _, rest = self.asked.path.lstrip("/").partition("/")
        name, path = (first, "/" + rest) if first in stages else ("$default", self.asked.path)
        if mapped_to is not None:
            name, path = mapped_to, self.asked.path
        stage = stages.get(name)
        if stage is None or not (stage.get("autoDeploy") or stage.get("deploymentId")):
            return None
        return stage, path or "/"

    def _is_preflight(self) -> bool:
        asks = self.asked.header("access-control-request-method")
        return self.asked.method == "OPTIONS" and bool(self.asked.header("origin")) and asks is not None

    def _cors(self, cors: Mapping[str, Any], *, preflight: bool = False) -> list[tuple[str, str]]:
        origin = self.asked.header("origin")
        allowed = cors.get("allowOrigins") or []
        if origin is None or not any(_origin_fits(each, origin) for each in allowed):
            return []
        plain = "*" in allowed and not cors.get("allowCredentials")
        found = [("Access-Control-Allow-Origin", "*" if plain else origin)]
        if not plain:
            found.append(("Vary", "Origin"))
        if cors.get("allowCredentials"):
            found.append(("Access-Control-Allow-Credentials", "true"))
        if cors.get("exposeHeaders") and not preflight:
            found.append(("Access-Control-Expose-Headers", ",".join(cors["exposeHeaders"])))
        if preflight:
            for name, key in (("Methods", "allowMethods"), ("Headers", "allowHeaders")):
                if cors.get(key):
                    found.append((f"Access-Control-Allow-{name}", ",".join(cors[key])))
            if cors.get("maxAge") is not None:
                found.append(("Access-Control-Max-Age", str(cors["maxAge"])))
        return found

    def _routed(self) -> Answered:
        found = self._route()
        if found is None:
            return NOT_FOUND
        self.route, self.found = found
        self.key = self.route["routeKey"]
        if not self._in_time():
            return TOO_MANY
        refused, self.authorized = self._let_in()
        if refused is not None:
            return refused
        target = str(self.route.get("target") or "").removeprefix("integrations/")
        integration = self._api.integrations.get(target)
        if integration is None:
            return ERROR
        self.integration = self.held.full(f"{self.root}/integrations/{target}", integration.to_json())
        try:
            answer = self._integrated()
        except NotAllowed:
            return ERROR
        except Failed:
            return ERROR
        except (TimedOut, Unreachable):
            return UNAVAILABLE
        return self._mapped_back(answer)

    def _route(self) -> tuple[Document, dict[str, str]] | None:
        """The most specific route: literal parts over variables, over a greedy one, over $default."""
        best: tuple[Any, Document, dict[str, str]] | None = None
        fallback = None
        for key, each in self._api.routes.items():
            route = self.held.full(f"{self.root}/routes/{key}", each.to_json())
            method, _, template = str(route["routeKey"]).partition(" ")
            if route["routeKey"] == "$default":
                fallback = route
                continue
            found = match(template, self.path) if method in (self.asked.method, "ANY") else None
            if found:
                # a full match comes before any greedy one, however literal its beginning
                rank = (found[0][-1] == 3, found[0], method != "ANY")
                best = max(best, (rank, route, found[1]), key=lambda each: each[0]) if best else (rank, route, found[1])
        if best is not None:
            return best[1], best[2]
        return (fallback, {}) if fallback is not None else None

    def _in_time(self) -> bool:
        """Whether neither the stage's nor the route's limits are passed."""
        settings = self.stage.get("defaultRouteSettings") or {}
        own = (self.stage.get("routeSettings") or {}).get(self.key)
        name = f"{self.id}/{self.name}"
        if own and ("throttlingBurstLimit" in own or "throttlingRateLimit" in own):
            settings, name = {**settings, **own}, f"{name}/{self.key}"
        limits = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
        return self.apis._buckets.take(name, *limits)

    def _let_in(self) -> tuple[Answered | None, Document | None]:
        kind = self.route.get("authorizationType") or "NONE"
        if kind == "AWS_IAM":
            return self._signed()
        if kind in ("JWT", "CUSTOM"):
            key = self.route.get("authorizerId") or ""
            held = self._api.authorizers.get(key)
            if held is None:
                return ERROR, None
            told = self.held.full(f"{self.root}/authorizers/{key}", held.to_json())
            return self._token(told) if kind == "JWT" else self._asked_a_function(told, key)
        return None, None

    def _arn(self) -> str:
        place = f"{self.asked.method}/{self.path.strip('/')}"
        return f"arn:aws:execute-api:{self.region}:{self.account}:{self.id}/{self.name}/{place}"

    def _signed(self) -> tuple[Answered | None, Document | None]:
        try:
            who = signer(self.asked, self.apis._authorizer, self.account)
        except UnknownKey:
            who = None
        if who is None:
            return FORBIDDEN, None
        decision = decided(self.apis._authorizer, who, "execute-api:Invoke", self._arn(), policy=None, asked=self.asked)
        return (None, {"iam": iam_facts(who)}) if decision.answer in ("allowed", "depends") else (FORBIDDEN, None)

    def _token(self, told: Document) -> tuple[Answered | None, Document | None]:
        source = self._source((told.get("identitySource") or ["$request.header.Authorization"])[0]) or ""
        token = re.sub(r"(?i)^bearer\s+", "", source)
        jwt = told.get("jwtConfiguration") or {}
        issuer, audience = jwt.get("issuer") or jwt.get("Issuer"), jwt.get("audience") or jwt.get("Audience") or []
        challenge = ("WWW-Authenticate", "Bearer")
        if not token:
            return said(401, {"message": "Unauthorized"}, challenge), None
        claims, because = token_claims(token, str(issuer), list(audience))
        if claims is None:
            explained = f'Bearer scope="" error="invalid_token" error_description="{because}"'
            return said(401, {"message": "Unauthorized"}, ("WWW-Authenticate", explained)), None
        wanted = self.route.get("authorizationScopes") or []
        scopes = scopes_of(claims)
        if wanted and not set(wanted) & set(scopes):
            return FORBIDDEN, None
        written = {key: _claim(value) for key, value in claims.items()}
        return None, {"jwt": {"claims": written, "scopes": scopes if wanted else None}}

    def _asked_a_function(self, told: Document, key: str) -> tuple[Answered | None, Document | None]:
        sources = [self._source(each) for each in told.get("identitySource") or []]
        if any(not each for each in sources):
            return said(401, {"message": "Unauthorized"}), None
        arn = function_arn(str(told.get("authorizerUri")), self.variables)
        ttl = int(told.get("authorizerResultTtlInSeconds") or 0)
        identity = (self.id, key, *map(str, sources))
        cached = self.apis._known.get(identity)
        if ttl and sources and cached and cached[0] > self.asked.at:
            answer = cached[1]
        else:
            version = told.get("authorizerPayloadFormatVersion") or "2.0"
            event = self._authorizer_event(version, sources)
            source = f"arn:aws:execute-api:{self.region}:{self.account}:{self.id}/authorizers/{key}"
            try:
                payload = self.apis._backends.function(
                    str(arn), event, source=source, role=told.get("authorizerCredentialsArn"), timeout=10.0
                )
                answer = json.loads(payload)
            except (NotAllowed, TimedOut, ValueError):
                return ERROR, None
            except Failed as error:
                unauthorized = b'"Unauthorized"' in error.payload
                return (said(401, {"message": "Unauthorized"}) if unauthorized else ERROR), None
            self.apis._known[identity] = (self.asked.at + ttl, answer)
        return self._judged(told, answer)

    def _authorizer_event(self, version: str, sources: list[str | None]) -> Document:
        event = self._event(version)
        event["routeArn" if version == "2.0" else "methodArn"] = self._arn()
        event["type"] = "REQUEST"
        event["identitySource"] = sources if version == "2.0" else ",".join(map(str, sources))
        for name in ("body", "isBase64Encoded"):
            event.pop(name, None)
        return event

    def _judged(self, told: Document, answer: Any) -> tuple[Answered | None, Document | None]:
        if not isinstance(answer, dict):
            return ERROR, None
        if told.get("enableSimpleResponses"):
            if not isinstance(answer.get("isAuthorized"), bool):
                return ERROR, None
            return (None, {"lambda": answer.get("context") or {}}) if answer["isAuthorized"] else (FORBIDDEN, None)
        from preflight.clouds.web_rest import policy_allows

        allows = policy_allows(answer.get("policyDocument"), self._arn())
        if allows is None:
            return ERROR, None
        return (None, {"lambda": answer.get("context") or {}}) if allows == "allowed" else (FORBIDDEN, None)

    def _event(self, version: str) -> Document:
        raw = self.asked.path
        if version != "1.0":
            return event_2(
                self.asked,
                route_key=self.key,
                raw_path=raw,
                api_id=self.id,
                account=self.account,
                stage=self.name,
                domain=self.asked.host.partition(":")[0],
                variables=self.found,
                stage_variables=self.variables,
                authorizer=getattr(self, "authorized", None),
            )
        from preflight.clouds.web_rest import event_1

        event = event_1(
            self.asked,
            path=raw,
            resource=self.key.partition(" ")[2] or self.key,
            resource_id=self.key,
            variables=self.found,
            api_id=self.id,
            account=self.account,
            stage=self.name,
            stage_variables=self.variables,
            authorizer=getattr(self, "authorized", None),
        )
        return {"version": "1.0", **event}

    def _integrated(self) -> Answered:
        kind, told = self.integration["integrationType"], self.integration
        seconds = (told.get("timeoutInMillis") or 30000) / 1000
        if told.get("integrationSubtype"):
            given = {key: self._mapped(str(value)) for key, value in (told.get("requestParameters") or {}).items()}
            present = {key: value for key, value in given.items() if value is not None}
            role = str(told.get("credentialsArn") or "")
            return self.apis._backends.operation(str(told["integrationSubtype"]), self.region, role, present)
        uri = str(told.get("integrationUri") or "")
        arn = function_arn(uri, self.variables) if kind == "AWS_PROXY" else None
        if arn is not None:
            version = told.get("payloadFormatVersion") or "1.0"
            payload = self.apis._backends.function(
                arn, self._event(version), source=self._source_arn(), role=told.get("credentialsArn"), timeout=seconds
            )
            answer = answer_2(payload) if version == "2.0" else _answer_1(payload)
            if answer is None:
                raise Failed("the function's answer is malformed", payload)
            return answer
        if kind == "HTTP_PROXY" and told.get("connectionType") != "VPC_LINK":
            return self._forwarded(uri, seconds)
        raise Unreachable(f"{kind} by {told.get('connectionType')} is not emulated")

    def _source_arn(self) -> str:
        method, _, path = self.key.partition(" ")
        place = f"{method}/{path.lstrip('/')}" if path else self.key
        return f"arn:aws:execute-api:{self.region}:{self.account}:{self.id}/{self.name}/{place}"

    def _forwarded(self, uri: str, seconds: float) -> Answered:
        for name, value in self.found.items():
            uri = uri.replace(f"{{{name}}}", value).replace(f"{{{name}+}}", value)
        headers = [pair for pair in self.asked.headers if pair[0].lower() not in ("host", "content-length")]
        headers.append(
            ("Forwarded", f"by={self.asked.host};for={self.asked.source_ip};host={self.asked.host};proto=https")
        )
        query = list(self.asked.query)
        path: str | None = None
        for where, source in (self.integration.get("requestParameters") or {}).items():
            told = self._mapped(str(source))
            action, _, place = where.partition(":")
            kind, _, name = place.partition(".")
            if kind == "header":
                headers = _changed(headers, action, name, told)
            elif kind == "querystring":
                query = _changed(query, action, name, told)
            elif kind == "path" and told is not None:
                path = told
        from urllib.parse import urlencode, urlsplit

        if path is not None:
            server = urlsplit(uri)
            uri = f"{server.scheme}://{server.netloc}{path}"
        if query:
            uri += ("&" if "?" in uri else "?") + urlencode(query)
        method = self.integration.get("integrationMethod") or "ANY"
        method = self.asked.method if method == "ANY" else method
        return self.apis._backends.http(method, uri, tuple(headers), self.asked.body, seconds)

    def _mapped_back(self, answer: Answered) -> Answered:
        """Response parameters, for the status that they are given for."""
        told = (self.integration.get("responseParameters") or {}).get(str(answer.status))
        headers = list(answer.headers)
        status = answer.status
        for where, source in (told or {}).items():
            value = self._mapped(str(source), answer)
            action, _, place = where.partition(":")
            if place == "statuscode" and value is not None:
                status = int(value)
            elif place.startswith("header."):
                headers = _changed(headers, action, place.partition(".")[2], value)
        return Answered(status, tuple(headers), answer.body)

    def _mapped(self, source: str, answer: Answered | None = None) -> str | None:
        """A mapping's value: one source, text with sources in `${}`, or plain text."""
        if source.startswith("$") and not source.startswith("${"):
            return self._source(source, answer)
        return re.sub(r"\$\{([^}]+)\}", lambda each: self._source("$" + each[1], answer) or "", source)

    def _source(self, source: str, answer: Answered | None = None) -> str | None:
        kind, _, rest = source.lstrip("$").partition(".")
        if kind == "stageVariables":
            return self.variables.get(rest)
        if kind == "context":
            return self._context(rest)
        part, _, name = rest.partition(".")
        if kind == "response" and answer is not None:
            return answer.header(name) if part == "header" else _in_body(answer.body, part, name)
        if kind != "request":
            return None
        if part == "header":
            return self.asked.header(name)
        if part == "querystring":
            return joined(self.asked.query).get(name)
        if part == "path":
            return self.found.get(name) if name else self.path
        return _in_body(self.asked.body, part, name)

    def _context(self, name: str) -> str | None:
        value: Any = self._facts()
        for step in name.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        return None if value is None else value if isinstance(value, str) else json.dumps(value)


def _flat_authorizer(told: Document | None) -> Document:
    if not told:
        return {}
    return told.get("lambda") or told.get("jwt") or {}


def _in_body(body: bytes, part: str, name: str) -> str | None:
    if part != "body":
        return None
    if not name:
        return body.decode("utf-8", "replace")
    from preflight.clouds.velocity import found_at

    try:
        value = found_at(json.loads(body), f"$.{name}")
    except ValueError:
        return None
    return value if isinstance(value, str) or value is None else json.dumps(value)


def _changed(pairs: list[tuple[str, str]], action: str, name: str, value: str | None) -> list[tuple[str, str]]:
    same: Callable[[tuple[str, str]], bool] = lambda pair: pair[0].lower() == name.lower()  # noqa: E731
    if action == "remove":
        return [pair for pair in pairs if not same(pair)]
    if value is None:
        return pairs
    kept = pairs if action == "append" else [pair for pair in pairs if not same(pair)]
    return [*kept, (name, value)]


def _answer_1(payload: bytes) -> Answered | None:
    try:
        told = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(told, dict) or "statusCode" not in told:
        return None
    return shaped(told, default_type="text/plain; charset=utf-8")


def _claim(value: Any) -> str:
    if isinstance(value, list):
        return "[" + " ".join(map(str, value)) + "]"
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _origin_fits(pattern: str, origin: str) -> bool:
    return pattern == "*" or re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), origin, re.IGNORECASE) is not None
