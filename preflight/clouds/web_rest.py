"""REST APIs: a deployment's methods, authorizers, keys, validators and mappings as API Gateway's version 1 has them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-rest-api.html and the pages below it,
checked_on 2026-11-22. Caching, canaries, execution logs, VPC links and mutual TLS are told, and do nothing here.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from preflight.clouds.velocity import BadTemplate, Input, Util, found_at, render
from preflight.clouds.web_backends import (
    Backends,
    Failed,
    NotAllowed,
    TimedOut,
    Unreachable,
    function_arn,
    with_variables,
)
from preflight.clouds.web_doors import Buckets, Signer, UnknownKey, decided, scopes_of, signer, token_claims
from preflight.clouds.web_parts import Answered, Asked, Document, clock, joined, match, several, shaped

if TYPE_CHECKING:
    from preflight.clouds.authorize import Authorizer

JSON = "application/json"


class Refused(Exception):
    """A gateway response: API Gateway's own answer, of a type that an API can reshape.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html, 2026-11-22.
    """

    def __init__(self, kind: str, message: str | None = None, *, capital: bool = False, error: str = "") -> None:
        super().__init__(message)
        self.kind, self.capital = kind, capital
        self.status, default, self.error = RESPONSES[kind]
        self.message = default if message is None else message
        self.error = error or self.error


# the status, the words and the x-amzn-ErrorType of each
RESPONSES: dict[str, tuple[int, str | None, str]] = {
    "ACCESS_DENIED": (403, "User is not authorized to access this resource", "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": (500, "Internal server error", "InternalServerErrorException"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, None, "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": (500, None, "AuthorizerConfigurationException"),
    "BAD_REQUEST_BODY": (400, "Invalid request body", "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": (400, "Missing required request parameters", "BadRequestException"),
    "INTEGRATION_FAILURE": (504, "Network error communicating with endpoint", "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": (504, "Endpoint request timed out", "InternalServerErrorException"),
    "INVALID_API_KEY": (403, "Forbidden", "ForbiddenException"),
    "INVALID_SIGNATURE": (403, "The security token included in the request is invalid.", "UnrecognizedClientException"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    "QUOTA_EXCEEDED": (429, "Limit Exceeded", "LimitExceededException"),
    "RESOURCE_NOT_FOUND": (403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    "THROTTLED": (429, "Too Many Requests", "TooManyRequestsException"),
    "UNAUTHORIZED": (401, "Unauthorized", "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "Unsupported Media Type", "BadRequestException"),
    "MALFORMED": (502, "Internal server error", "InternalServerErrorException"),
    "FORBIDDEN": (403, "Forbidden", "ForbiddenException"),
}


class RestApis:
    """Answers requests to the REST APIs of one cloud."""

    def __init__(self, backends: Backends, authorizer: Authorizer, buckets: Buckets) -> None:
        self._backends = backends
        self._authorizer = authorizer
        self._buckets = buckets
        self._known: dict[tuple[str, ...], tuple[float, Any]] = {}

    def answer(self, api: Any, backend: Any, asked: Asked, *, mapped_to: str | None = None) -> Answered:
        """The answer of an API; `mapped_to` names the stage when a domain of one's own leads to it."""
        return _Call(self, api, backend, asked).answer(mapped_to)


class _Call:
    """One request on its way through a REST API."""

    def __init__(self, apis: RestApis, api: Any, backend: Any, asked: Asked) -> None:
        from preflight.clouds.gateways import documents

        self.apis, self.asked, self.region, self.account = apis, asked, backend.region_name, backend.account_id
        self.backend, self.held, self.id, self.root = backend, documents(backend), api.id, f"/restapis/{api.id}"
        self._api = api
        self.name, self.path, self.resource = "", asked.path, "/"
        self.variables: dict[str, str] = {}
        self.found: dict[str, str] = {}
        self.deployed: Document = {}
        self.stage: Document = {}
        self.refused: str | None = None
        self.authorized: Document = {}
        self.identity: Document = {}
        self.key_id: str | None = None
        # what a template may set: the integration's request, and the answer
        self.overrides: Document = {"requestOverride": {"header": {}, "querystring": {}, "path": {}}}
        self.overrides["responseOverride"] = {"header": {}}

    def answer(self, mapped_to: str | None) -> Answered:
        answered = self._answered(mapped_to)
        if self.stage.get("accessLogSettings"):
            facts = {"status": answered.status, "responseLength": len(answered.body)}
            facts["responseLatency"] = int((time.time() - self.asked.at) * 1000)
            context = {**self._context(), **facts, "error": {"message": self.refused}}
            self.apis._backends.log(self.stage["accessLogSettings"], context, self.region)
        return answered

    def _answered(self, mapped_to: str | None) -> Answered:
        try:
            self._reach(mapped_to)
            self._let_in()
            self._count()
            self._validate()
            return self._integrated()
        except Refused as error:
            self.refused = error.message
            return self._gateway_response(error)

    def _reach(self, mapped_to: str | None) -> None:
        """The stage, its deployment, the resource and the method."""
        whole = self.held.full(self.root, self._api.to_dict())
        if whole.get("disableExecuteApiEndpoint") and mapped_to is None:
            raise Refused("FORBIDDEN")
        first, _, rest = self.asked.path.lstrip("/").partition("/")
        name = mapped_to if mapped_to is not None else first
        stage = self._api.stages.get(name)
        if stage is None:
            raise Refused("FORBIDDEN")
        self.name, self.path = name, "/" + (rest if mapped_to is None else self.asked.path.lstrip("/"))
        self.stage = self.held.full(f"{self.root}/stages/{name}", stage.to_json())
        self.variables = self.stage.get("variables") or {}
        self.deployed = self.held.snapshots.get(f"{self.root}/deployments/{self.stage.get('deploymentId')}", {})
        best: tuple[Any, Document, dict[str, str]] | None = None
        for each in self.deployed.get("resources", []):
            found = match(each["path"], self.path)
            methods = each.get("resourceMethods") or {}
            if found and (self.asked.method in methods or "ANY" in methods) and (best is None or found[0] > best[0]):
                best = (found[0], each, found[1])
        if best is None:
            raise Refused("MISSING_AUTHENTICATION_TOKEN")
        methods = best[1]["resourceMethods"]
        self.verb = self.asked.method if self.asked.method in methods else "ANY"
        self.method, self.resource, self.found = methods[self.verb], best[1]["path"], best[2]
        self.resource_id = best[1]["id"]

    def _arn(self) -> str:
        place = f"{self.asked.method}{self.path if self.path != '/' else '/'}"
        return f"arn:aws:execute-api:{self.region}:{self.account}:{self.id}/{self.name}/{place}"

    def _let_in(self) -> None:
        kind = self.method.get("authorizationType") or "NONE"
        policy = self._policy()
        who: Signer | None = None
        if kind == "AWS_IAM":
            who = self._signed()
        elif kind in ("CUSTOM", "COGNITO_USER_POOLS"):
            told = self.deployed["authorizers"].get(self.method.get("authorizerId"))
            if told is None:
                raise Refused("AUTHORIZER_CONFIGURATION_ERROR")
            if told["type"] == "COGNITO_USER_POOLS":
                self._pool(told)
            else:
                self._asked_a_function(told)
        if who is not None or policy is not None:
            self._judge(who, policy)

    def _policy(self) -> Any:
        text = self.deployed["api"].get("policy")
        if not text:
            return None
        from preflight.analysis.policy import Policy

        text = text if text.lstrip().startswith("{") else json.loads(f'"{text}"')
        # a policy may leave out where its API is: execute-api:/stage/GET/path
        here = f"arn:aws:execute-api:{self.region}:{self.account}:{self.id}"
        return Policy.read(re.sub(r'"execute-api:/', f'"{here}/', text), "the API's resource policy", "resource")

    def _signed(self) -> Signer:
        try:
            who = signer(self.asked, self.apis._authorizer, self.account)
        except UnknownKey:
            raise Refused("INVALID_SIGNATURE") from None
        if who is None:
            raise Refused("MISSING_AUTHENTICATION_TOKEN")
        self.identity = {
            "accessKey": who.key,
            "accountId": who.account,
            "caller": who.arn,
            "user": who.arn,
            "userArn": who.arn,
        }
        return who

    def _judge(self, who: Signer | None, policy: Any) -> None:
        decision = decided(
            self.apis._authorizer, who, "execute-api:Invoke", self._arn(), policy=policy, asked=self.asked
        )
        if decision.answer in ("allowed", "depends"):
            return
        hidden = f"arn:aws:execute-api:{self.region}:********{self.account[-4:]}:{self.id}/{self.name}/"
        place = f"{hidden}{self.asked.method}{self.path}"
        name = who.arn if who is not None else "anonymous"
        why = " with an explicit deny" if decision.answer == "explicitly_denied" else ""
        message = f"User: {name} is not authorized to perform: execute-api:Invoke on resource: {place}{why}"
        raise Refused("ACCESS_DENIED", message, capital=True)

    def _pool(self, told: Document) -> None:
        """A token of one of the user pools: https://docs.aws.amazon.com/apigateway/latest/developerguide/
        apigateway-integrate-with-cognito.html; with scopes it must be an access token, else an id token."""
        source = self._source(str(told.get("identitySource") or "method.request.header.Authorization"))
        token = re.sub(r"(?i)^bearer\s+", "", source or "")
        if not token:
            raise Refused("UNAUTHORIZED")
        wanted = self.method.get("authorizationScopes") or []
        for each in told.get("providerARNs") or []:
            region, pool = each.split(":")[3], each.rpartition("/")[2]
            issuer = f"https://cognito-idp.{region}.amazonaws.com/{pool}"
            claims, because = token_claims(token, issuer, [])
            if claims is None:
                if because.endswith("expired"):
                    raise Refused("UNAUTHORIZED", "The incoming token has expired")
                continue
            if wanted and not set(wanted) & set(scopes_of(claims)):
                raise Refused("UNAUTHORIZED")
            if not wanted and claims.get("token_use") == "access":
                continue
            self.authorized = {"claims": {key: _claim(value) for key, value in claims.items()}}
            return
        raise Refused("UNAUTHORIZED")

    def _asked_a_function(self, told: Document) -> None:
        """A TOKEN or REQUEST authorizer."""
        sources = [each.strip() for each in str(told.get("identitySource") or "").split(",") if each.strip()]
        values = [self._source(each) for each in sources]
        is_token = told["type"] == "TOKEN"
        if any(not each for each in values) or (is_token and not values):
            raise Refused("UNAUTHORIZED")
        pattern = told.get("identityValidationExpression")
        if is_token and pattern and not re.fullmatch(pattern, str(values[0])):
            raise Refused("UNAUTHORIZED")
        arn = function_arn(str(told.get("authorizerUri")), self.variables)
        ttl = told.get("authorizerResultTtlInSeconds")
        seconds = 300 if ttl is None else int(ttl)
        identity = (self.id, told["id"], *map(str, values))
        cached = self.apis._known.get(identity)
        if seconds and values and cached and cached[0] > self.asked.at:
            answer = cached[1]
        else:
            answer = self._authorizers_answer(told, str(arn), is_token, values)
            self.apis._known[identity] = (self.asked.at + seconds, answer)
        allows = policy_allows(answer.get("policyDocument"), self._arn())
        if allows is None or not answer.get("principalId"):
            raise Refused("AUTHORIZER_CONFIGURATION_ERROR")
        if allows != "allowed":
            explicit = " with an explicit deny" if allows == "explicitly_denied" else ""
            message = f"User is not authorized to access this resource{explicit}"
            raise Refused("ACCESS_DENIED", message, capital=True)
        self.key_of_authorizer = answer.get("usageIdentifierKey")
        context = {key: _claim(value) for key, value in (answer.get("context") or {}).items()}
        self.authorized = {**context, "principalId": answer["principalId"]}

    def _authorizers_answer(self, told: Document, arn: str, is_token: bool, values: list[str | None]) -> Document:
        event: Document = {"type": told["type"], "methodArn": self._arn()}
        if is_token:
            event["authorizationToken"] = values[0]
        else:
            whole = self._event()
            event.update({key: each for key, each in whole.items() if key not in ("body", "isBase64Encoded")})
        source = f"arn:aws:execute-api:{self.region}:{self.account}:{self.id}/authorizers/{told['id']}"
        role = told.get("authorizerCredentials")
        try:
            answer = json.loads(self.apis._backends.function(arn, event, source=source, role=role, timeout=10.0))
        except Failed as error:
            if _error_message(error.payload) == "Unauthorized":
                raise Refused("UNAUTHORIZED") from None
            raise Refused("AUTHORIZER_FAILURE") from None
        except (NotAllowed, TimedOut, ValueError):
            raise Refused("AUTHORIZER_FAILURE") from None
        if not isinstance(answer, dict):
            raise Refused("AUTHORIZER_CONFIGURATION_ERROR")
        return answer

    def _count(self) -> None:
        """API keys, their plans' quotas and limits, and the stage's own."""
        plan = None
        if self.method.get("apiKeyRequired"):
            by_header = self.deployed["api"].get("apiKeySource", "HEADER") == "HEADER"
            value = self.asked.header("x-api-key") if by_header else getattr(self, "key_of_authorizer", None)
            plan = self._plan(value)
            if plan is None:
                raise Refused("INVALID_API_KEY")
            self._use(plan)
        settings = self.stage.get("methodSettings") or {}
        escaped = "~1" + self.resource.lstrip("/").replace("/", "~1")
        own = settings.get(f"{escaped}/{self.asked.method}") or settings.get(f"{escaped}/*")
        limits = own or settings.get("*/*") or {}
        name = f"{self.id}/{self.name}" + (f"/{self.resource}/{self.asked.method}" if own else "")
        if not self.apis._buckets.take(name, limits.get("throttlingRateLimit"), limits.get("throttlingBurstLimit")):
            raise Refused("THROTTLED")

    def _plan(self, value: str | None) -> Document | None:
        if not value:
            return None
        for key in self.backend.keys.values():
            told = self.held.full(f"/apikeys/{key.id}", key.to_json())
            if told.get("value") != value or not told.get("enabled"):
                continue
            for plan_id, members in self.backend.usage_plan_keys.items():
                plan = self.backend.usage_plans.get(plan_id)
                if key.id not in members or plan is None:
                    continue
                whole = self.held.full(f"/usageplans/{plan_id}", plan.to_json())
                stages = [
                    each
                    for each in whole.get("apiStages") or []
                    if (each.get("apiId"), each.get("stage")) == (self.id, self.name)
                ]
                if stages:
                    self.key_id = key.id
                    return {**whole, "here": stages[0]}
        return None

    def _use(self, plan: Document) -> None:
        throttle = plan.get("throttle") or {}
        own = (plan["here"].get("throttle") or {}).get(f"{self.resource}/{self.asked.method}") or {}
        limits = {**throttle, **own}
        name = f"{plan['id']}/{self.key_id}" + (f"/{self.resource}/{self.asked.method}" if own else "")
        if not self.apis._buckets.take(name, limits.get("rateLimit"), limits.get("burstLimit")):
            raise Refused("THROTTLED")
        quota = plan.get("quota") or {}
        if quota.get("limit") is not None:
            period = {"DAY": "%Y-%m-%d", "WEEK": "%Y-%U", "MONTH": "%Y-%m"}[quota.get("period", "MONTH")]
            when = time.strftime(period, time.gmtime(self.asked.at))
            if not self.apis._buckets.count(f"{plan['id']}/{self.key_id}/{when}", int(quota["limit"])):
                raise Refused("QUOTA_EXCEEDED")

    def _validate(self) -> None:
        validator = self.deployed["validators"].get(self.method.get("requestValidatorId"))
        if not validator:
            return
        if validator.get("validateRequestParameters"):
            asked = self.method.get("requestParameters") or {}
            missing = [name for name, needed in asked.items() if needed and not self._source(name)]
            if missing:
                names = ", ".join(each.rpartition(".")[2] for each in missing)
                raise Refused("BAD_REQUEST_PARAMETERS", f"Missing required request parameters: [{names}]")
        models = self.method.get("requestModels") or {}
        kind = (self.asked.header("content-type") or JSON).partition(";")[0].strip()
        model = self.deployed["models"].get(models.get(kind) or models.get("$default") or "")
        if validator.get("validateRequestBody") and model:
            self._check_body(str(model.get("schema") or "{}"))

    def _check_body(self, schema: str) -> None:
        import jsonschema  # type: ignore[import-untyped]

        try:
            rules = json.loads(schema)
            jsonschema.Draft4Validator(self._with_models(rules)).validate(json.loads(self.asked.body))
        except (ValueError, jsonschema.ValidationError, RecursionError):
            raise Refused("BAD_REQUEST_BODY") from None

    def _with_models(self, rules: Any, depth: int = 0) -> Any:
        """Other models that a schema refers to, put in their places."""
        if isinstance(rules, list):
            return [self._with_models(each, depth) for each in rules]
        if not isinstance(rules, dict):
            return rules
        name = str(rules.get("$ref", "")).rpartition("/")[2]
        if name in self.deployed["models"] and depth < 20:
            return self._with_models(json.loads(self.deployed["models"][name].get("schema") or "{}"), depth + 1)
        return {key: self._with_models(each, depth) for key, each in rules.items()}

    def _integrated(self) -> Answered:
        integration = self.method.get("methodIntegration")
        if not integration:
            raise Refused("API_CONFIGURATION_ERROR")
        kind = integration["type"]
        try:
            if kind == "MOCK":
                return self._mock(integration)
            if kind == "AWS_PROXY":
                return self._function(integration)
            if kind == "HTTP_PROXY":
                return self._http(integration, proxy=True)
            if kind == "HTTP":
                return self._mapped_back(integration, self._http(integration, proxy=False))
            return self._service(integration)
        except NotAllowed:
            raise Refused("API_CONFIGURATION_ERROR") from None
        except TimedOut:
            raise Refused("INTEGRATION_TIMEOUT") from None
        except Unreachable:
            raise Refused("INTEGRATION_FAILURE") from None
        except BadTemplate:
            raise Refused("API_CONFIGURATION_ERROR") from None

    def _seconds(self, integration: Document) -> float:
        return float(integration.get("timeoutInMillis") or 29000) / 1000

    def _source_arn(self) -> str:
        return (
            f"arn:aws:execute-api:{self.region}:{self.account}:{self.id}/{self.name}/{self.asked.method}{self.resource}"
        )

    def _role(self, integration: Document) -> str | None:
        role = integration.get("credentials")
        return None if not role or role.endswith(":user/*") else str(role)

    def _function(self, integration: Document) -> Answered:
        arn = function_arn(str(integration.get("uri")), self.variables)
        if arn is None:
            raise Refused("API_CONFIGURATION_ERROR")
        try:
            payload = self.apis._backends.function(
                arn,
                self._event(),
                source=self._source_arn(),
                role=self._role(integration),
                timeout=self._seconds(integration),
            )
            told = json.loads(payload)
        except (Failed, ValueError):
            raise Refused("MALFORMED") from None
        known = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
        if not isinstance(told, dict) or set(told) - known:
            raise Refused("MALFORMED")
        binary = bool(self.deployed["api"].get("binaryMediaTypes"))
        answer = shaped(told, default_type=JSON, decode=binary)
        if answer is None:
            raise Refused("MALFORMED")
        return answer

    def _event(self) -> Document:
        return event_1(
            self.asked,
            path=self.path,
            resource=self.resource,
            resource_id=self.resource_id,
            variables=self.found,
            api_id=self.id,
            account=self.account,
            stage=self.name,
            stage_variables=self.variables,
            authorizer=self.authorized or None,
            identity={
                **self.identity,
                **({"apiKeyId": self.key_id, "apiKey": self.asked.header("x-api-key")} if self.key_id else {}),
            },
            binary=self.deployed["api"].get("binaryMediaTypes") or [],
        )

    def _mock(self, integration: Document) -> Answered:
        body = self._request_body(integration)
        # a mock's template need not be quite JSON: CDK writes { statusCode: 204 }
        told = re.search(r"""["']?statusCode["']?\s*:\s*["']?(\d{3})""", body or "")
        if body and not told and integration.get("requestTemplates"):
            raise Refused("API_CONFIGURATION_ERROR")
        return self._mapped_back(integration, Answered(int(told[1]) if told else 200, (), b""))

    def _http(self, integration: Document, *, proxy: bool) -> Answered:
        from urllib.parse import urlencode

        uri = with_variables(str(integration.get("uri")), self.variables)
        if integration.get("connectionType") == "VPC_LINK":
            raise Unreachable("VPC links are not emulated")
        mapped = self._request_parameters(integration)
        for name, value in {**(self.found if proxy else {}), **mapped["path"]}.items():
            uri = uri.replace(f"{{{name}}}", value).replace(f"{{{name}+}}", value)
        query = [*(self.asked.query if proxy else ()), *mapped["querystring"].items()]
        headers = [pair for pair in self.asked.headers if proxy and pair[0].lower() != "host"]
        headers = [pair for pair in headers if pair[0] not in mapped["header"]] + list(mapped["header"].items())
        body = self.asked.body if proxy else (self._request_body(integration) or "").encode()
        if not proxy and not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", self.asked.header("content-type") or JSON))
        method = integration.get("httpMethod") or self.asked.method
        method = self.asked.method if method == "ANY" else method
        if query:
            uri += ("&" if "?" in uri else "?") + urlencode(query)
        return self.apis._backends.http(method, uri, tuple(headers), body, self._seconds(integration))

    def _service(self, integration: Document) -> Answered:
        """An AWS integration: a function with mapped payloads, or another service by its own API."""
        uri = with_variables(str(integration.get("uri")), self.variables)
        body = self._request_body(integration)
        arn = function_arn(uri, self.variables)
        if arn is not None:
            try:
                event = json.loads(body) if body else {}
            except ValueError:
                raise Refused("API_CONFIGURATION_ERROR") from None
            pattern_on = ""
            try:
                payload = self.apis._backends.function(
                    arn,
                    event,
                    source=self._source_arn(),
                    role=self._role(integration),
                    timeout=self._seconds(integration),
                )
            except Failed as error:
                payload, pattern_on = error.payload, _error_message(error.payload) or "error"
            return self._mapped_back(integration, Answered(200, (), payload), on=pattern_on)
        found = re.match(r"arn:aws[\w-]*:apigateway:([\w-]+):([\w.-]+):((?:path|action)/.*)", uri)
        role = self._role(integration)
        if not found or not role:
            raise Refused("API_CONFIGURATION_ERROR")
        mapped = self._request_parameters(integration)
        target = found[3]
        for name, value in mapped["path"].items():
            target = target.replace(f"{{{name}}}", value)
        answer = self.apis._backends.service(
            found[1],
            found[2].rpartition(".")[2],
            target,
            role=role,
            method=integration.get("httpMethod") or self.asked.method,
            headers=tuple(mapped["header"].items()),
            query=tuple(mapped["querystring"].items()),
            body=(body or "").encode(),
        )
        return self._mapped_back(integration, answer)

    def _request_parameters(self, integration: Document) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {"header": {}, "querystring": {}, "path": {}}
        for where, source in (integration.get("requestParameters") or {}).items():
            _, _, kind, name = where.split(".", 3)
            value = self._source(str(source))
            if value is not None:
                found[kind][name] = value
        for kind, given in self.overrides["requestOverride"].items():
            found[kind].update({name: str(value) for name, value in given.items()})
        return found

    def _request_body(self, integration: Document) -> str | None:
        """The body after the mapping template of its type, or as it came, as the passthrough behavior says."""
        templates = integration.get("requestTemplates") or {}
        kind = (self.asked.header("content-type") or JSON).partition(";")[0].strip()
        template = templates.get(kind, templates.get("$default"))
        passing = integration.get("passthroughBehavior") or "WHEN_NO_MATCH"
        text = self.asked.body.decode("utf-8", "replace")
        if template is None:
            if passing == "NEVER" or (passing == "WHEN_NO_TEMPLATES" and templates):
                raise Refused("UNSUPPORTED_MEDIA_TYPE")
            return text
        return self._rendered(template, text)

    def _rendered(self, template: str, body: str) -> str:
        parameters = {
            "path": self.found,
            "querystring": joined(self.asked.query),
            "header": self.asked.merged_headers(lower=False),
        }
        variables = {
            "input": Input(body, parameters),
            "util": Util(),
            "context": {**self._context(), **self.overrides},
            "stageVariables": self.variables,
        }
        return render(template, variables)

    def _mapped_back(self, integration: Document, answer: Answered, on: str | None = None) -> Answered:
        """The integration's response that fits, with its template and parameters."""
        rows = integration.get("integrationResponses") or {}
        text = str(answer.status) if on is None else on
        default = next((row for row in rows.values() if not row.get("selectionPattern")), None)
        fitting = (
            row for row in rows.values() if row.get("selectionPattern") and re.fullmatch(row["selectionPattern"], text)
        )
        by_status = rows.get(str(answer.status)) if integration["type"] == "MOCK" else None
        row = next(fitting, None) or by_status or default
        if row is None:
            raise Refused("API_CONFIGURATION_ERROR")
        templates = row.get("responseTemplates") or {}
        template = templates.get(JSON, next(iter(templates.values()), None)) if templates else None
        kind = next(iter(templates), JSON) if JSON not in templates else JSON
        body = answer.body.decode("utf-8", "replace")
        rendered = self._rendered(template, body) if template else ("" if template == "" else body)
        headers: list[tuple[str, str]] = []
        for where, source in (row.get("responseParameters") or {}).items():
            value = self._from_integration(str(source), answer)
            if value is not None:
                headers.append((where.rpartition(".header.")[2], value))
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", kind))
        over = self.overrides["responseOverride"]
        answered = Answered(int(over.get("status") or row["statusCode"]), tuple(headers), rendered.encode())
        return answered.with_headers((name, str(value)) for name, value in over["header"].items())

    def _from_integration(self, source: str, answer: Answered) -> str | None:
        if source.startswith("'"):
            return source.strip("'")
        if source.startswith("integration.response.header."):
            return answer.header(source.rpartition(".header.")[2])
        if source.startswith("integration.response.body"):
            path = source.partition(".body")[2].lstrip(".")
            try:
                value = found_at(json.loads(answer.body), f"$.{path}" if path else "$")
            except ValueError:
                return None
            return value if isinstance(value, str) or value is None else json.dumps(value)
        return self._source(source)

    def _source(self, source: str) -> str | None:
        """A parameter's source: `method.request.header.X`, `context.requestId`, `stageVariables.x`, or `'text'`."""
        if source.startswith("'"):
            return source.strip("'")
        kind, _, rest = source.partition(".")
        if kind == "stageVariables":
            return self.variables.get(rest)
        if kind == "context":
            value: Any = self._context()
            for step in rest.split("."):
                value = value.get(step) if isinstance(value, dict) else None
            return None if value is None else str(value)
        part, _, name = rest.removeprefix("request.").partition(".")
        if part == "header":
            return self.asked.header(name)
        if part == "querystring":
            return joined(self.asked.query).get(name)
        if part == "multivaluequerystring":
            return json.dumps(several(self.asked.query).get(name, []))
        if part == "path":
            return self.found.get(name)
        if part == "body":
            text = self.asked.body.decode("utf-8", "replace")
            return text if not name else str(Input(text, {}).path(f"$.{name}") or "") or None
        return None

    def _context(self) -> Document:
        return {
            "accountId": self.account,
            "apiId": self.id,
            "authorizer": self.authorized,
            "domainName": self.asked.host.partition(":")[0],
            "domainPrefix": self.asked.host.partition(".")[0],
            "extendedRequestId": self.asked.request_id[:15],
            "httpMethod": self.asked.method,
            "identity": {
                "sourceIp": self.asked.source_ip,
                "userAgent": self.asked.header("user-agent"),
                **self.identity,
            },
            "path": f"/{self.name}{self.path}",
            "protocol": "HTTP/1.1",
            "requestId": self.asked.request_id,
            "requestTime": clock(self.asked.at),
            "requestTimeEpoch": int(self.asked.at * 1000),
            "resourceId": getattr(self, "resource_id", ""),
            "resourcePath": self.resource,
            "stage": self.name,
        }

    def _gateway_response(self, error: Refused) -> Answered:
        """API Gateway's own answer, in the form the API gives it."""
        rows = self.deployed.get("responses", {})
        kind = {"MALFORMED": "DEFAULT_5XX", "FORBIDDEN": "ACCESS_DENIED"}.get(error.kind, error.kind)
        row = rows.get(kind)
        fallback = rows.get("DEFAULT_4XX" if error.status < 500 else "DEFAULT_5XX") or {}
        status = int((row or {}).get("statusCode") or fallback.get("statusCode") or error.status)
        told = row or fallback
        templates = told.get("responseTemplates") or {}
        name = "Message" if error.capital else "message"
        body = json.dumps({name: error.message}, separators=(",", ":"))
        if templates.get(JSON):
            message = error.message or "null"
            facts = {"message": message, "messageString": json.dumps(message), "responseType": kind}
            filled = templates[JSON]
            variables = {"context": {**self._context(), "error": facts}, "stageVariables": self.variables}
            names = {"input": Input(self.asked.body.decode("utf-8", "replace"), {}), "util": Util()}
            try:
                body = render(filled, {**variables, **names})
            except BadTemplate:
                body = filled
        headers = [
            ("Content-Type", JSON),
            ("x-amzn-ErrorType", error.error),
            ("x-amzn-RequestId", self.asked.request_id),
        ]
        for where, source in (told.get("responseParameters") or {}).items():
            value = self._source(str(source))
            if value is not None:
                headers.append((where.rpartition(".header.")[2], value))
        return Answered(status, tuple(headers), body.encode())


def event_1(
    asked: Asked,
    *,
    path: str,
    resource: str,
    resource_id: str,
    variables: Mapping[str, str],
    api_id: str,
    account: str,
    stage: str,
    stage_variables: Mapping[str, str],
    authorizer: Document | None = None,
    identity: Mapping[str, Any] | None = None,
    binary: list[str] | None = None,
) -> Document:
    """A request as a REST API's proxy integration hands it on, which is payload format 1.0.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html, checked_on
    2026-11-22.
    """
    kind = (asked.header("content-type") or "").partition(";")[0].strip()
    body, is_base64 = asked.text(is_text=not any(_fits(each, kind) for each in binary or []))
    context: Document = {
        "accountId": account,
        "apiId": api_id,
        **({"authorizer": authorizer} if authorizer else {}),
        "domainName": asked.host.partition(":")[0],
        "domainPrefix": asked.host.partition(".")[0],
        "extendedRequestId": asked.request_id[:15],
        "httpMethod": asked.method,
        "identity": {
            "accessKey": None,
            "accountId": None,
            "caller": None,
            "cognitoIdentityId": None,
            "sourceIp": asked.source_ip,
            "user": None,
            "userAgent": asked.header("user-agent"),
            "userArn": None,
            **(identity or {}),
        },
        "path": f"/{stage}{path}" if stage != "$default" else path,
        "protocol": "HTTP/1.1",
        "requestId": asked.request_id,
        "requestTime": clock(asked.at),
        "requestTimeEpoch": int(asked.at * 1000),
        "resourceId": resource_id,
        "resourcePath": resource,
        "stage": stage,
    }
    return {
        "resource": resource,
        "path": path,
        "httpMethod": asked.method,
        "headers": {key: values[-1] for key, values in several(asked.headers).items()} or None,
        "multiValueHeaders": several(asked.headers) or None,
        "queryStringParameters": {key: values[-1] for key, values in several(asked.query).items()} or None,
        "multiValueQueryStringParameters": several(asked.query) or None,
        "pathParameters": dict(variables) or None,
        "stageVariables": dict(stage_variables) or None,
        "requestContext": context,
        "body": body,
        "isBase64Encoded": is_base64,
    }


def policy_allows(document: Any, arn: str) -> str | None:
    """What a Lambda authorizer's policy says of a method; None when it is no policy."""
    from preflight.analysis.access import Principal, Request, decide
    from preflight.analysis.policy import MalformedPolicy, Policy

    if not isinstance(document, dict):
        return None
    try:
        policy = Policy.read({"Version": "2012-10-17", **document}, "the authorizer's policy", "identity")
    except MalformedPolicy:
        return None
    who = Principal.of("arn:aws:iam::" + arn.split(":")[4] + ":user/caller")
    request = Request(who, "execute-api:Invoke", arn, {}, complete=True)
    return str(decide(request, identity_policies=[policy]).answer)


def _fits(pattern: str, kind: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), kind) is not None


def _error_message(payload: bytes) -> str:
    try:
        told = json.loads(payload)
    except ValueError:
        return ""
    return str(told.get("errorMessage", "")) if isinstance(told, dict) else ""


def _claim(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
