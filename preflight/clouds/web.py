"""Answers HTTP requests to API Gateway's APIs and to function URLs, by the host they are meant for.

`{api}.execute-api.{region}.amazonaws.com`, `{id}.lambda-url.{region}.on.aws`, either of them as `*.localhost:PORT`
(with or without the Region), and the domains that are mapped to an API. Streaming of answers is not emulated.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from preflight.clouds.web_parts import Answered, Asked, Document, Pairs, answer_2, event_2, said

if TYPE_CHECKING:
    from preflight.clouds.authorize import Authorizer
    from preflight.functions import Functions

API = re.compile(r"([a-z0-9]+)\.execute-api(?:\.([a-z]{2}(?:-[a-z]+)+-\d))?\.(?:amazonaws\.com(?:\.cn)?|localhost)")
URL = re.compile(r"([a-z0-9]+)\.lambda-url(?:\.([a-z]{2}(?:-[a-z]+)+-\d))?\.(?:on\.aws|localhost)")
URL_REFUSED = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


class Web:
    """The web side of one cloud: every gateway that answers plain HTTP."""

    def __init__(
        self,
        functions: Callable[[], Functions],
        authorizer: Authorizer,
        make_role_client: Callable[[str, str, str], Any],
        make_client: Callable[[str, str], Any],
        account: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`now` is the cloud's time."""
        from preflight.clouds.edge import Edge
        from preflight.clouds.web_backends import Backends
        from preflight.clouds.web_doors import Buckets
        from preflight.clouds.web_http import HttpApis
        from preflight.clouds.web_rest import RestApis

        self.buckets = Buckets()
        self._authorizer = authorizer
        self._backends = Backends(functions, authorizer, make_role_client, make_client, account)
        self._http = HttpApis(self._backends, authorizer, self.buckets)
        self._rest = RestApis(self._backends, authorizer, self.buckets)
        self._account = account
        self.edge = Edge(authorizer, account, self.knows, self.request, now)

    def knows(self, host: str) -> bool:
        """Whether requests for this host are answered here."""
        name = host.partition(":")[0].lower()
        known = bool(API.fullmatch(name) or URL.fullmatch(name)) or _domain(name) is not None
        return known or self.edge.knows(name)

    def ask(self, asked: Asked) -> Answered:
        """The answer to a request for a host that is known here."""
        name = asked.host.partition(":")[0].lower()
        found = URL.fullmatch(name)
        if found:
            return self._url(asked, found[1])
        found = API.fullmatch(name)
        if found:
            return self._api(asked, found[1], found[2])
        if self.edge.knows(name):
            # the endpoint counts as TLS, unless the viewer's protocol is told
            return self.edge.answer(asked, scheme=asked.header("x-forwarded-proto") or "https")
        return self._domain(asked, name)

    def request(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answered:
        """The answer to a request as any HTTP client would make it."""
        place = urlsplit(url)
        given = {"Host": place.netloc, "User-Agent": "preflight", "X-Forwarded-Proto": "https", **(headers or {})}
        if place.scheme == "http" and self.edge.knows(place.netloc):
            given["X-Forwarded-Proto"] = "http"
        if body:
            given.setdefault("Content-Length", str(len(body)))
        path = unquote(place.path) or "/"
        return self.ask(Asked(method.upper(), place.netloc, path, place.query, tuple(given.items()), body))

    def wsgi(self, app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """A WSGI application with this one in front of it."""

        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            host = str(environ.get("HTTP_HOST", ""))
            if not self.knows(host):
                return app(environ, start_response)
            answered = self.ask(_asked(environ, host))
            kept = [pair for pair in answered.headers if pair[0].lower() != "content-length"]
            if answered.status not in (204, 304):
                kept.append(("Content-Length", str(len(answered.body))))
            start_response(f"{answered.status} {_reason(answered.status)}", kept)
            return [answered.body if environ.get("REQUEST_METHOD") != "HEAD" else b""]

        return answer

    def _api(self, asked: Asked, api_id: str, region: str | None) -> Answered:
        for module, name, apis in (
            ("moto.apigatewayv2.models", "apigatewayv2_backends", self._http),
            ("moto.apigateway.models", "apigateway_backends", self._rest),
        ):
            for backend in _backends(module, name):
                if api_id in backend.apis and region in (None, backend.region_name):
                    return apis.answer(backend.apis[api_id], backend, asked)
        return said(403, {"message": "Forbidden"}, ("x-amzn-ErrorType", "ForbiddenException"))

    def _domain(self, asked: Asked, name: str) -> Answered:
        first = asked.path.lstrip("/").partition("/")[0]
        for backend, mappings in _domain(name) or ():
            for base, api_id, stage in mappings:
                if base and base != asked.path.strip("/") and not asked.path.lstrip("/").startswith(f"{base}/"):
                    continue
                path = "/" + asked.path.lstrip("/")[len(base) :].lstrip("/")
                inside = Asked(
                    asked.method,
                    asked.host,
                    path,
                    asked.raw_query,
                    asked.headers,
                    asked.body,
                    asked.source_ip,
                    asked.request_id,
                    asked.at,
                )
                for kind, apis in (("moto.apigatewayv2.models", self._http), ("moto.apigateway.models", self._rest)):
                    named = "apigatewayv2_backends" if "v2" in kind else "apigateway_backends"
                    for each in _backends(kind, named):
                        if api_id in each.apis and each.region_name == backend.region_name:
                            return apis.answer(each.apis[api_id], each, inside, mapped_to=stage or first)
        return said(403, {"message": "Forbidden"})

    def _url(self, asked: Asked, url_id: str) -> Answered:
        """A function URL: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html, checked_on 2026-11-22."""
        from preflight.clouds.web_backends import Failed, NotAllowed, TimedOut

        found = _function_of(url_id)
        if found is None:
            return said(404, {"Message": None})
        told, arn = found
        cors = told.get("Cors") or {}
        if asked.method == "OPTIONS" and cors and asked.header("access-control-request-method"):
            return Answered(200, tuple(_url_cors(cors, asked, preflight=True)))
        refused, authorizer = self._at_url(asked, arn, str(told.get("AuthType")))
        if refused is not None:
            return refused
        event = event_2(
            asked,
            route_key="$default",
            raw_path=asked.path,
            api_id=url_id,
            account=self._account,
            stage="$default",
            domain=asked.host.partition(":")[0],
            variables={},
            authorizer=authorizer,
            is_url=True,
        )
        try:
            answer = answer_2(self._backends.function(arn, event, source=None, timeout=900.0))
        except (Failed, NotAllowed, TimedOut):
            answer = None
        if answer is None:
            return Answered(502, (("Content-Type", "application/json"),), b"Internal Server Error")
        return answer.with_headers(_url_cors(cors, asked))

    def _at_url(self, asked: Asked, arn: str, kind: str) -> tuple[Answered | None, Document | None]:
        """Both actions are asked for: lambda:InvokeFunctionUrl, and since October 2025 lambda:InvokeFunction.

        https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html, checked_on 2026-11-22.
        """
        from preflight.clouds.holders import resource_policy
        from preflight.clouds.web_doors import UnknownKey, decided, iam_facts, signer

        refused = said(403, {"Message": URL_REFUSED}, ("x-amzn-ErrorType", "AccessDeniedException"))
        try:
            who = signer(asked, self._authorizer, self._account) if kind == "AWS_IAM" else None
        except UnknownKey:
            return refused, None
        if kind == "AWS_IAM" and who is None:
            return refused, None
        for action in ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"):
            context = {"lambda:FunctionUrlAuthType": kind, "lambda:InvokedViaFunctionUrl": "true"}
            decision = decided(
                self._authorizer, who, action, arn, policy=resource_policy(arn), asked=asked, context=context
            )
            if decision.answer not in ("allowed", "depends"):
                return refused, None
        return None, {"iam": iam_facts(who)} if who is not None else None


def _url_cors(cors: Mapping[str, Any], asked: Asked, *, preflight: bool = False) -> list[tuple[str, str]]:
    origin = asked.header("origin")
    allowed = cors.get("AllowOrigins") or []
    if not origin or not ("*" in allowed or origin in allowed):
        return []
    found = [("Access-Control-Allow-Origin", "*" if "*" in allowed and not cors.get("AllowCredentials") else origin)]
    if cors.get("AllowCredentials"):
        found.append(("Access-Control-Allow-Credentials", "true"))
    if cors.get("ExposeHeaders") and not preflight:
        found.append(("Access-Control-Expose-Headers", ",".join(cors["ExposeHeaders"])))
    if preflight:
        for name, key in (("Methods", "AllowMethods"), ("Headers", "AllowHeaders")):
            if cors.get(key):
                found.append((f"Access-Control-Allow-{name}", ",".join(cors[key])))
        if cors.get("MaxAge") is not None:
            found.append(("Access-Control-Max-Age", str(cors["MaxAge"])))
    return found


def _backends(module: str, name: str) -> Iterator[Any]:
    loaded = sys.modules.get(module)
    for account in list(getattr(loaded, name).values()) if loaded is not None else []:
        yield from list(account.values())


def _domain(name: str) -> list[tuple[Any, list[tuple[str, str, str]]]] | None:
    """The backends that know a domain, with what it is mapped to: (base path, API, stage), longest path first."""
    found: list[tuple[Any, list[tuple[str, str, str]]]] = []
    for backend in _backends("moto.apigateway.models", "apigateway_backends"):
        if name in backend.domain_names:
            rows = [each.to_json() for each in backend.base_path_mappings.get(name, {}).values()]
            bases = [("" if row["basePath"] == "(none)" else row["basePath"], row) for row in rows]
            found.append((backend, [(base, row["restApiId"], row.get("stage") or "") for base, row in bases]))
    for backend in _backends("moto.apigatewayv2.models", "apigatewayv2_backends"):
        if name in backend.domain_names:
            rows = [each for each in backend.api_mappings.values() if each.domain_name == name]
            found.append((backend, [(each.api_mapping_key or "", each.api_id, each.stage) for each in rows]))
    for _, mappings in found:
        mappings.sort(key=lambda each: -len(each[0]))
    return found or None


def _function_of(url_id: str) -> tuple[Document, str] | None:
    """What a function's URL is told, and the ARN it runs (an alias's, where it is one's)."""
    for backend in _backends("moto.awslambda.models", "lambda_backends"):
        for function in backend.list_functions():
            for config in function.preflight_urls.values():
                told = config.to_dict()
                if told["FunctionUrl"].partition("://")[2].partition(".")[0] == url_id:
                    return told, str(told["FunctionArn"])
    return None


def _asked(environ: Mapping[str, Any], host: str) -> Asked:
    names = {"CONTENT_TYPE": "Content-Type", "CONTENT_LENGTH": "Content-Length"}
    headers = [
        ("-".join(part.capitalize() for part in key[5:].split("_")), str(value))
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    headers += [(name, str(environ[key])) for key, name in names.items() if environ.get(key)]
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    path = str(environ.get("PATH_INFO", "/")).encode("latin-1").decode("utf-8", "replace")
    query = str(environ.get("QUERY_STRING", ""))
    pairs: Pairs = tuple(headers)
    return Asked(str(environ["REQUEST_METHOD"]), host, path or "/", query, pairs, body)


def _reason(status: int) -> str:
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"
