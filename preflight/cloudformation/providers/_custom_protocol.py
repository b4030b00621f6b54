"""How CloudFormation asks a custom resource's function or topic, and what it makes of the answer.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import uuid
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import quote

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made, Provider, Said

# AWS waits an hour, or `ServiceTimeout`; here nobody is left to answer this many seconds after the function has ended
LATE = 5.0
# and a topic's subscribers have this many seconds
PATIENCE = 15.0
# Lambda runs an asynchronous event that raised twice more
ATTEMPTS = 3
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-responses.html, checked_on 2026-11-22
LONGEST = 4096

SILENCE = (
    "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId "
    "[{}]. If you are using the Python cfn-response module, you may need to update your Lambda function code so "
    "that CloudFormation can attach the updated version. (Nothing runs any more that could answer; on AWS this takes "
    "the ServiceTimeout, an hour where none is declared.)"
)


@dataclass(frozen=True)
class Event:
    """One request to a custom resource; `properties` and `before` (an update's) as CloudFormation sends them."""

    kind: str
    type: str
    properties: Mapping[str, Any]
    context: Context
    physical_id: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def token(self) -> str:
        """The ARN of the function or the topic."""
        return str(self.properties.get("ServiceToken", ""))

    def message(self, response_url: str) -> dict[str, Any]:
        """The request as it is sent."""
        told = {
            "RequestType": self.kind,
            "ServiceToken": self.token,
            "ResponseURL": response_url,
            "StackId": self.context.stack_id,
            "RequestId": self.request_id,
            "LogicalResourceId": self.context.logical_id,
            "ResourceType": self.type,
            "ResourceProperties": dict(self.properties),
        }
        if self.kind != "Create":
            told["PhysicalResourceId"] = self.physical_id
        if self.kind == "Update":
            told["OldResourceProperties"] = dict(self.before)
        return told


@dataclass(frozen=True)
class Answer:
    """A success: the resource's physical id, and its data."""

    physical_id: str
    data: Mapping[str, Any] = field(default_factory=dict)


class Refused(Said):
    """The answer was FAILED; `physical_id` is the one it named."""

    def __init__(self, reason: str, physical_id: str = "") -> None:
        super().__init__(reason)
        self.physical_id = physical_id


class Handled(Provider):
    """A custom resource whose requests `handle` answers; without an answer the resource is only recorded.

    A failed create is followed by a delete, as on AWS, when `cleans_up` says that its function would take it.
    """

    moves = True
    cleans_up: ClassVar[bool] = False

    @abstractmethod
    def handle(self, event: Event) -> Answer | None:
        """Do what the function behind the resource does."""

    def create(self, declared: Declared, context: Context) -> Made:
        """Ask it to make the resource."""
        event = self._event("Create", declared.peek(), context)
        try:
            answer = self.handle(event)
        except Refused as error:
            if self.cleans_up and error.physical_id:
                with contextlib.suppress(Exception):
                    self.handle(self._event("Delete", declared.peek(), context, physical_id=error.physical_id))
            raise
        return self._made(answer, declared, event)

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Ask it to change the resource; another physical id in the answer is another resource."""
        if declared.peek("ServiceToken") != before.get("ServiceToken"):
            raise Said("Modifying service token is not allowed.")
        event = self._event("Update", declared.peek(), context, physical_id=made.physical_id, before=as_text(before))
        return self._made(self.handle(event), declared, event)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Ask it to take the resource away."""
        self.handle(self._event("Delete", declared.peek(), context, physical_id=made.physical_id))

    def _event(self, kind: str, properties: Mapping[str, Any], context: Context, **rest: Any) -> Event:
        return Event(kind, self.type, as_text(properties), context, **rest)

    def _made(self, answer: Answer | None, declared: Declared, event: Event) -> Made:
        if answer is None:
            return Made(event.physical_id or event.context.name(), recorded=True)
        declared.take()
        return Made(answer.physical_id, dict(answer.data))


def as_text(value: Any) -> Any:
    """Properties as a custom resource receives them: every scalar is text."""
    if isinstance(value, Mapping):
        return {str(name): as_text(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [as_text(each) for each in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def failed(reason: str, event: Event, physical_id: str = "") -> Refused:
    """FAILED, in CloudFormation's words."""
    said = f"Received response status [FAILED] from custom resource. Message returned: {reason}"
    return Refused(f"{said} (RequestId: {event.request_id})", physical_id)


def ask_function(event: Event) -> Answer:
    """Call the function as often as Lambda would, and wait for what is put to the ResponseURL."""
    client = event.context.client("lambda", _region(event.token) or event.context.region)
    with _mailbox(event) as mail:
        payload = json.dumps(event.message(mail.url)).encode()
        for _ in range(ATTEMPTS):
            told = client.invoke(FunctionName=event.token, InvocationType="RequestResponse", Payload=payload)
            body = mail.wait(0 if told.get("FunctionError") else _patience(event, LATE))
            if body is not None or not told.get("FunctionError"):
                break
    return _read(body, event)


def ask_topic(event: Event) -> Answer:
    """Publish the request, and wait for what is put to the ResponseURL."""
    client = event.context.client("sns", _region(event.token) or event.context.region)
    with _mailbox(event) as mail:
        client.publish(
            TopicArn=event.token,
            Subject="AWS CloudFormation custom resource request",
            Message=json.dumps(event.message(mail.url)),
        )
        body = mail.wait(_patience(event, PATIENCE))
    return _read(body, event)


def checked(answer: Answer, event: Event) -> Answer:
    """The answer, unless CloudFormation would not take one of its length."""
    if len(json.dumps({"PhysicalResourceId": answer.physical_id, "Data": answer.data}, default=str)) > LONGEST:
        raise Refused("Response object is too long.", answer.physical_id)
    if event.kind != "Delete" and not answer.physical_id:
        raise Refused("Invalid PhysicalResourceId")
    return Answer(answer.physical_id, {name: _plain(each) for name, each in answer.data.items() if each is not None})


def acting(event: Event, function: Mapping[str, Any] | None) -> Any:
    """Makes clients `(service, region=None)` that speak with the role of the resource's function.

    So that a grant the role lacks fails as on AWS; without such a function they are the deployer's.
    """
    role = str((function or {}).get("Role", ""))
    if not role:
        return event.context.client
    answer = event.context.client("sts").assume_role(RoleArn=role, RoleSessionName=role.rpartition("/")[2][:64])
    return clients_with(answer["Credentials"], event.context.region)


def clients_with(credentials: Mapping[str, Any], home: str) -> Any:
    """Makes clients `(service, region=None)` with temporary credentials as STS gives them."""
    made: dict[tuple[str, str], Any] = {}

    def client(service: str, region: str | None = None) -> Any:
        place = (service, region or home)
        if place not in made:
            made[place] = _session().client(
                service,
                region_name=place[1],
                aws_access_key_id=credentials["AccessKeyId"],
                aws_secret_access_key=credentials["SecretAccessKey"],
                aws_session_token=credentials["SessionToken"],
                config=_config(),
            )
        return made[place]

    return client


def function_behind(event: Event) -> Mapping[str, Any] | None:
    """The configuration of the function a ServiceToken names, None when there is no such function."""
    if ":lambda:" not in event.token:
        return None
    client = event.context.client("lambda", _region(event.token) or event.context.region)
    try:
        found: Mapping[str, Any] = client.get_function_configuration(FunctionName=event.token)
    except client.exceptions.ResourceNotFoundException:
        return None
    return found


def _read(body: bytes | None, event: Event) -> Answer:
    if body is None:
        raise Said(SILENCE.format(event.request_id))
    if len(body) > LONGEST:
        raise Refused("Response object is too long.")
    try:
        told = json.loads(body)
        status = told["Status"]
    except (ValueError, KeyError, TypeError):
        raise Refused("Invalid response object: it is no JSON object with a Status") from None
    physical_id = str(told.get("PhysicalResourceId") or "")
    if status != "SUCCESS":
        raise failed(str(told.get("Reason") or "Failed"), event, physical_id)
    data = told.get("Data") or {}
    return checked(Answer(physical_id or event.physical_id, data if isinstance(data, Mapping) else {}), event)


def _plain(value: Any) -> Any:
    return value if isinstance(value, Mapping | list) else as_text(value)


def _patience(event: Event, most: float) -> float:
    with contextlib.suppress(ValueError):
        return min(float(event.properties.get("ServiceTimeout", most)), most)
    return most


def _region(arn: str) -> str:
    parts = arn.split(":")
    return parts[3] if len(parts) > 3 else ""


@contextmanager
def _mailbox(event: Event) -> Iterator[_Mailbox]:
    """An address on this machine that takes one PUT, as S3 would behind a presigned URL."""
    mail = _Mailbox(event)
    try:
        yield mail
    finally:
        mail.close()


class _Mailbox:
    def __init__(self, event: Event) -> None:
        put: queue.Queue[bytes] = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                put.put(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._put = put
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        bucket = f"cloudformation-custom-resource-response-{event.context.region.replace('-', '')}"
        key = quote(f"{event.context.stack_id}|{event.context.logical_id}|{event.request_id}", safe="")
        signed = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=7199&X-Amz-SignedHeaders=host"
        self.url = f"http://localhost:{self._server.server_port}/{bucket}/{key}?{signed}"

    def wait(self, seconds: float) -> bytes | None:
        """What has been put here, by then."""
        try:
            return self._put.get(timeout=seconds) if seconds else self._put.get_nowait()
        except queue.Empty:
            return None

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._thread.join(2)
        self._server.server_close()


@cache
def _session() -> Any:
    # the service models are slow to read: one session for the process
    import boto3

    return boto3.session.Session(aws_access_key_id="unused", aws_secret_access_key="unused")


@cache
def _config() -> Any:
    from botocore.config import Config

    return Config(retries={"total_max_attempts": 1}, proxies={}, connect_timeout=2, read_timeout=20)
