"""What stands behind a gateway: functions, HTTP servers on this machine, and the emulated services themselves."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from preflight.clouds.isolation import is_loopback
from preflight.clouds.web_parts import Answered, Document, Pairs, said

if TYPE_CHECKING:
    from preflight.clouds.authorize import Authorizer
    from preflight.functions import Functions

GATEWAY = "apigateway.amazonaws.com"


class NotAllowed(Exception):
    """API Gateway may not do this: a permission is missing."""


class Failed(Exception):
    """What stands behind failed; `payload` is what a function said."""

    def __init__(self, because: str, payload: bytes = b"") -> None:
        super().__init__(because)
        self.payload = payload


class TimedOut(Exception):
    """What stands behind took longer than the integration's timeout."""


class Unreachable(Exception):
    """Nothing on this machine answers there, and no request may leave it."""


class Backends:
    """Calls what stands behind a gateway, each call judged as AWS judges it."""

    def __init__(
        self,
        functions: Callable[[], Functions],
        authorizer: Authorizer,
        make_role_client: Callable[[str, str, str], Any],
        make_client: Callable[[str, str], Any],
        account: str,
    ) -> None:
        self._functions = functions
        self._authorizer = authorizer
        self._make_role_client = make_role_client
        self._make_client = make_client
        self.account = account

    def function(
        self, arn: str, event: Document, *, source: str | None, role: str | None = None, timeout: float = 29.0
    ) -> bytes:
        """A function's payload. Raises NotAllowed, Failed or TimedOut.

        `source` is the ARN of what calls, None where its permission was judged before.
        """
        if role:
            if not self._authorizer.may_act(role, "lambda:InvokeFunction", arn, service=GATEWAY):
                raise NotAllowed(f"{role} may not call {arn}")
        elif source is not None:
            decision = self._authorizer.may_deliver(GATEWAY, "lambda:InvokeFunction", arn, source=source)
            if decision.answer not in ("allowed", "depends"):
                raise NotAllowed(decision.because)
        given = within(timeout, lambda: self._invoke(arn, event))
        if given.function_error:
            raise Failed("the function failed", given.payload)
        return bytes(given.payload)

    def _invoke(self, arn: str, event: Document) -> Any:
        from preflight.functions import CannotInvoke

        parts = arn.split(":")
        try:
            return self._functions().invoke(
                arn, json.dumps(event).encode(), region=parts[3], account=parts[4] or self.account
            )
        except CannotInvoke as error:
            raise Failed(str(error)) from error

    def http(self, method: str, url: str, headers: Pairs, body: bytes, timeout: float) -> Answered:
        """An HTTP server's answer. Raises Unreachable or TimedOut."""
        import http.client

        place = urlsplit(url)
        if not is_loopback(place.hostname or "") or place.scheme != "http":
            raise Unreachable(f"no request may leave this machine for {place.hostname}")
        connection = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=timeout)
        try:
            connection.putrequest(method, f"{place.path or '/'}{'?' + place.query if place.query else ''}")
            for name, value in headers:
                if name.lower() not in ("host", "content-length", "connection"):
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            kept = tuple(pair for pair in answer.getheaders() if pair[0].lower() not in HOP_BY_HOP)
            return Answered(answer.status, kept, answer.read())
        except TimeoutError as error:
            raise TimedOut(url) from error
        except OSError as error:
            raise Unreachable(str(error)) from error
        finally:
            connection.close()

    def service(
        self,
        region: str,
        service: str,
        target: str,
        *,
        role: str,
        method: str,
        headers: Pairs,
        query: Pairs,
        body: bytes,
    ) -> Answered:
        """A service's own answer to a request signed with the role: `target` is `path/…` or `action/…`.

        Raises NotAllowed when API Gateway cannot take the role on.
        """
        if self._authorizer.may_assume(GATEWAY, role).answer not in ("allowed", "depends"):
            raise NotAllowed("API Gateway does not have permission to assume the provided role")
        kind, _, rest = target.partition("/")
        client = self._make_role_client(_boto_name(service), region, role)
        model = client.meta.service_model
        name = f"{model.endpoint_prefix}.{region}.amazonaws.com"
        path, given = "/", dict(headers)
        if kind == "path":
            path = "/" + rest
        else:
            body, query = _as_action(model, rest, given, query, body)
            method = "POST"
        given.setdefault("Content-Type", "application/x-www-form-urlencoded" if b"Action=" in body else JSON_TYPE)
        url = f"https://{name}{path}{'?' + urlencode(query) if query else ''}"
        answer = _signed_and_sent(client, region, model.signing_name, method, url, given, body)
        by_query = b"Action=" in body or any(each == "Action" for each, _ in query)
        accepts = next((value for name, value in given.items() if name.lower() == "accept"), "")
        return _as_json(answer) if by_query and "xml" not in accepts else answer

    def log(self, settings: Mapping[str, Any] | None, context: Mapping[str, Any], region: str) -> None:
        """A line of a stage's access log, where it has one that leads to CloudWatch Logs; a missing group has none."""
        from botocore.exceptions import ClientError

        told = settings or {}
        place = str(told.get("destinationArn") or told.get("DestinationArn") or "").split(":")
        if len(place) < 7 or place[2] != "logs":
            return
        line = re.sub(
            r"\$context\.([A-Za-z_][\w]*(?:\.[A-Za-z_][\w]*)*)",
            lambda found: _looked_up(context, found[1]),
            str(told.get("format") or told.get("Format") or ""),
        )
        if not line:
            return
        logs, given = self._make_client("logs", region), {"logGroupName": place[6], "logStreamName": "api-gateway"}
        event = {"timestamp": int(context["requestTimeEpoch"]), "message": line}
        try:
            logs.put_log_events(**given, logEvents=[event])
        except ClientError:
            # the first line of a stream, or no such group
            with contextlib.suppress(ClientError):
                logs.create_log_stream(**given)
                logs.put_log_events(**given, logEvents=[event])

    def operation(self, subtype: str, region: str, role: str, parameters: Mapping[str, str]) -> Answered:
        """One of HTTP APIs' own integrations with a service, as "SQS-SendMessage"."""
        if self._authorizer.may_assume(GATEWAY, role).answer not in ("allowed", "depends"):
            raise NotAllowed("API Gateway does not have permission to assume the provided role")
        from botocore.exceptions import ClientError, ParamValidationError

        service, _, action = subtype.partition("-")
        client = self._make_role_client(_boto_name(service.lower()), parameters.get("Region") or region, role)
        wanted = next(
            (name for name, each in client.meta.method_to_api_mapping.items() if each == action.partition("-")[0]), ""
        )
        if not wanted:
            raise Failed(f"{subtype} is not known")
        try:
            answer = getattr(client, wanted)(**_arguments(service, action, parameters))
        except ClientError as error:
            facts = error.response
            told = {"message": facts["Error"].get("Message", ""), "__type": facts["Error"].get("Code", "")}
            return said(facts["ResponseMetadata"]["HTTPStatusCode"], told)
        except (ParamValidationError, ValueError) as error:
            return said(400, {"message": str(error)})
        answer.pop("ResponseMetadata", None)
        return Answered(200, (("Content-Type", "application/json"),), json.dumps(answer, default=_plain).encode())


JSON_TYPE = "application/x-amz-json-1.1"
HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "server", "date")


def within(seconds: float, call: Callable[[], Any]) -> Any:
    """What a call gives, if it does so in time; raises TimedOut, and lets it finish by itself."""
    given: list[Any] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            given.append(call())
        except BaseException as error:  # it is raised where it was asked for
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not given:
        raise TimedOut
    return given[0]


def _as_json(answer: Answered) -> Answered:
    """API Gateway asks the services of the query protocol for JSON, which is what a template's $input.path reads.

    `SendMessageResponse` holds `SendMessageResult`, and an error is `Error` and `RequestId`, as mapping templates for
    AWS have them; an integration that sends `Accept: application/xml` gets the XML.
    """
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(answer.body)
    except ElementTree.ParseError:
        return answer
    told = _plain_element(root)
    name = root.tag.rpartition("}")[2]
    body = json.dumps(told if name == "ErrorResponse" else {name: told}, separators=(",", ":")).encode()
    kept = tuple((key, value) for key, value in answer.headers if key.lower() != "content-type")
    return Answered(answer.status, (*kept, ("Content-Type", "application/json")), body)


def _plain_element(element: Any) -> Any:
    """An element as JSON has it: text, an object of its children, or a list of those called `member`."""
    children = [(each.tag.rpartition("}")[2], _plain_element(each)) for each in element]
    if not children:
        return element.text
    names = [name for name, _ in children]
    if set(names) == {"member"}:
        return [value for _, value in children]
    return {
        name: values[0] if len(values := [value for each, value in children if each == name]) == 1 else values
        for name in dict.fromkeys(names)
    }


def _as_action(model: Any, action: str, headers: dict[str, str], query: Pairs, body: bytes) -> tuple[bytes, Pairs]:
    """A request for an action, in the service's own protocol."""
    name = action.partition("?")[0]
    metadata = model.metadata
    if str(metadata.get("protocol", "")).startswith("json") and "targetPrefix" in metadata:
        headers.setdefault("X-Amz-Target", f"{metadata['targetPrefix']}.{name}")
        headers["Content-Type"] = f"application/x-amz-json-{metadata.get('jsonVersion', '1.0')}"
        return body or b"{}", ()
    form = urlencode([("Action", name), ("Version", metadata.get("apiVersion", "")), *query])
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return (form + ("&" + body.decode() if body else "")).encode(), ()


def _signed_and_sent(
    client: Any, region: str, signing_name: str, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> Answered:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from moto.core.models import botocore_stubber

    kept = {name: value for name, value in headers.items() if name.lower() not in ("host", "content-length")}
    request = AWSRequest(method=method, url=url, data=body, headers=kept)
    SigV4Auth(client._request_signer._credentials, signing_name, region).add_auth(request)
    answer = botocore_stubber.process_request(request.prepare())
    if answer is None:
        raise Failed(f"{url} is not emulated")
    status, told, content = answer
    pairs = tuple((str(name), str(value)) for name, value in dict(told).items() if name.lower() not in HOP_BY_HOP)
    return Answered(int(status), pairs, content.encode() if isinstance(content, str) else bytes(content or b""))


def _boto_name(service: str) -> str:
    return {"states": "stepfunctions", "eventbridge": "events", "monitoring": "cloudwatch"}.get(service, service)


def _arguments(service: str, action: str, parameters: Mapping[str, str]) -> Document:
    """Parameters as the operation takes them; what they are called by differs for Step Functions and EventBridge.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html,
    checked_on 2026-11-22.
    """
    told = {key: value for key, value in parameters.items() if key != "Region"}
    if action == "PutEvents":
        entry: Document = {key: value for key, value in told.items() if key not in ("Resources", "TraceHeader")}
        if "Resources" in told:
            entry["Resources"] = json.loads(told["Resources"])
        return {"Entries": [entry]}
    if service == "StepFunctions":
        return {key[0].lower() + key[1:]: value for key, value in told.items()}
    if service == "Kinesis" and "Data" in told:
        return {**told, "Data": told["Data"].encode()}
    given: Document = dict(told)
    for name in ("MessageAttributes", "MessageSystemAttributes", "AttributeNames", "MessageAttributeNames"):
        if name in given:
            given[name] = json.loads(given[name])
    for name in ("DelaySeconds", "MaxNumberOfMessages", "VisibilityTimeout", "WaitTimeSeconds"):
        if name in given:
            given[name] = int(given[name])
    return given


def _looked_up(context: Mapping[str, Any], path: str) -> str:
    value: Any = context
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return "-" if value is None or value == "" else str(value)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def function_arn(uri: str, stage_variables: Mapping[str, str]) -> str | None:
    """The function an integration's URI names, in either of its forms; None for any other URI."""
    filled = with_variables(uri, stage_variables)
    found = re.search(r"/functions/(arn:[^/]+)/invocations", filled)
    if found:
        return found[1]
    return filled if filled.startswith("arn:") and ":lambda:" in filled and ":function:" in filled else None


def with_variables(text: str, stage_variables: Mapping[str, str]) -> str:
    """Text with `${stageVariables.name}` filled in."""
    return re.sub(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}", lambda each: stage_variables.get(each[1], ""), text)
