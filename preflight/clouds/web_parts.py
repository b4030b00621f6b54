"""A request and an answer as every gateway of the cloud sees them, and the events that functions get of them."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

Pairs = tuple[tuple[str, str], ...]
Document = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """An HTTP request: `path` is decoded, `query` and `headers` are pairs in the order they came."""

    method: str
    host: str
    path: str
    raw_query: str = ""
    headers: Pairs = ()
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    at: float = field(default_factory=time.time)

    @property
    def query(self) -> Pairs:
        """The query string's pairs."""
        return tuple(parse_qsl(self.raw_query, keep_blank_values=True))

    def header(self, name: str) -> str | None:
        """A header by name, in any case; several are joined."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return ",".join(found) if found else None

    def merged_headers(self, *, lower: bool = True) -> dict[str, str]:
        """Headers with several values joined by commas."""
        return joined(((key.lower() if lower else key), value) for key, value in self.headers)

    def text(self, *, is_text: bool) -> tuple[str | None, bool]:
        """The body for an event, and whether it is base64."""
        if not self.body:
            return None, False
        if is_text:
            try:
                return self.body.decode(), False
            except UnicodeDecodeError:
                pass
        return base64.b64encode(self.body).decode(), True


@dataclass(frozen=True)
class Answered:
    """An HTTP answer."""

    status: int
    headers: Pairs = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """A header by name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_headers(self, more: Iterable[tuple[str, str]], *, instead: bool = True) -> Answered:
        """The same with more headers, taking the place of those with their names."""
        added = tuple(more)
        names = {key.lower() for key, _ in added} if instead else set()
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in names)
        return Answered(self.status, kept + added, self.body)


def said(status: int, document: Any, *headers: tuple[str, str]) -> Answered:
    """An answer in JSON."""
    body = json.dumps(document, separators=(",", ":")).encode()
    return Answered(status, (("Content-Type", "application/json"), *headers), body)


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Pairs as a dict, the values of one name joined by commas."""
    found: dict[str, str] = {}
    for key, value in pairs:
        found[key] = f"{found[key]},{value}" if key in found else value
    return found


def several(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Pairs as a dict of lists."""
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def match(template: str, path: str) -> tuple[tuple[int, ...], dict[str, str]] | None:
    """How well a path fits `/notes/{id}/{rest+}`, greater is better, and what its variables stand for."""
    wanted = [each for each in template.split("/") if each]
    there = [each for each in path.split("/") if each]
    rank: list[int] = []
    found: dict[str, str] = {}
    for index, each in enumerate(wanted):
        if each.startswith("{") and each.endswith("+}"):
            if len(there) <= index:
                return None
            found[each[1:-2]] = "/".join(there[index:])
            return (*rank, 0), found
        if index >= len(there):
            return None
        if each.startswith("{") and each.endswith("}"):
            found[each[1:-1]] = unquote(there[index])
            rank.append(1)
        elif each == there[index]:
            rank.append(2)
        else:
            return None
    return ((*rank, 3), found) if len(there) == len(wanted) else None


def event_2(
    asked: Asked,
    *,
    route_key: str,
    raw_path: str,
    api_id: str,
    account: str,
    stage: str,
    domain: str,
    variables: Mapping[str, str],
    stage_variables: Mapping[str, str] | None = None,
    authorizer: Document | None = None,
    is_url: bool = False,
) -> Document:
    """A request in payload format 2.0.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html, checked_on
    2026-11-22.
    """
    headers = asked.merged_headers()
    cookies = [each.strip() for each in headers.pop("cookie", "").split(";") if each.strip()]
    body, is_base64 = asked.text(is_text=is_text_type(asked.header("content-type")))
    event: Document = {"version": "2.0", "routeKey": route_key, "rawPath": raw_path, "rawQueryString": asked.raw_query}
    if cookies:
        event["cookies"] = cookies
    event["headers"] = headers
    if asked.query:
        event["queryStringParameters"] = joined(asked.query)
    context: Document = {
        "accountId": account if not is_url or authorizer else "anonymous",
        "apiId": api_id,
        **({"authentication": None} if is_url else {}),
        **({"authorizer": authorizer} if authorizer else {}),
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": {
            "method": asked.method,
            "path": raw_path,
            "protocol": "HTTP/1.1",
            "sourceIp": asked.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": asked.request_id,
        "routeKey": route_key,
        "stage": stage,
        "time": clock(asked.at),
        "timeEpoch": int(asked.at * 1000),
    }
    event["requestContext"] = context
    if body is not None:
        event["body"] = body
    if variables:
        event["pathParameters"] = dict(variables)
    event["isBase64Encoded"] = is_base64
    if stage_variables:
        event["stageVariables"] = dict(stage_variables)
    return event


def clock(at: float) -> str:
    """A time as API Gateway writes it."""
    return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(at))


def is_text_type(content_type: str | None) -> bool:
    """Whether HTTP APIs and function URLs hand a body of this type on as text."""
    kind = (content_type or "text/plain").partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind in TEXTS or kind.endswith(("+json", "+xml"))


TEXTS = ("application/json", "application/javascript", "application/xml")


def answer_2(payload: bytes) -> Answered | None:
    """A function's answer in payload format 2.0; None when it has no form that can be sent.

    What is not shaped as an answer is one: status 200, JSON.
    """
    try:
        told = json.loads(payload) if payload else None
    except ValueError:
        return None
    if not isinstance(told, dict) or "statusCode" not in told:
        body = told.encode() if isinstance(told, str) else json.dumps(told, separators=(",", ":")).encode()
        return Answered(200, (("Content-Type", "application/json"),), body)
    return shaped(told, default_type="text/plain; charset=utf-8")


def shaped(told: Mapping[str, Any], *, default_type: str, decode: bool = True) -> Answered | None:
    """A proxy-shaped answer of a function; None when it is malformed."""
    try:
        status = int(told.get("statusCode", 200))
    except (TypeError, ValueError):
        return None
    headers, more, body = told.get("headers") or {}, told.get("multiValueHeaders") or {}, told.get("body")
    if not isinstance(headers, Mapping) or not isinstance(more, Mapping) or not 100 <= status <= 599:
        return None
    if any(not isinstance(each, list) for each in more.values()):
        return None
    if body is not None and not isinstance(body, str):
        if default_type == "application/json":
            return None
        body = json.dumps(body, separators=(",", ":"))
    raw = (body or "").encode()
    if told.get("isBase64Encoded") and decode:
        try:
            raw = base64.b64decode(body or "", validate=True)
        except ValueError:
            return None
    pairs = [(str(key), _header_text(value)) for key, value in headers.items() if value is not None]
    taken = {key.lower() for key in more}
    pairs = [pair for pair in pairs if pair[0].lower() not in taken]
    pairs += [(str(key), _header_text(each)) for key, values in more.items() for each in values]
    pairs += [("Set-Cookie", str(each)) for each in told.get("cookies") or []]
    if not any(key.lower() == "content-type" for key, _ in pairs):
        pairs.append(("Content-Type", default_type))
    return Answered(status, tuple(pairs), raw)


def _header_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
