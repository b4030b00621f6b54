"""Runs deployed Lambda functions: at once or from the queue of asynchronous invocations, with their role's permissions.

Python code, inline or zipped, runs on this machine's Python whatever minor version its runtime names; other runtimes
and container images are refused when they are invoked. Sizes, retries, destinations and words are AWS's
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html,
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html,
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html, checked_on 2026-11-22). What is
different: AWS waits one and two minutes before it tries again, here `PACE` of that; and an account runs 1,000
invocations at once, here `MOST_AT_ONCE`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import random
import socket
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from preflight.function_environments import Environment, Environments, Plan
from preflight.function_lineage import MOST_IN_A_CHAIN, follow
from preflight.function_queue import Queue, Sent
from preflight.function_report import batches, report

# a minute of AWS's waiting is a tenth of a second here
PACE = 1 / 600
RETRY_AFTER = (60.0, 120.0)
MAXIMUM_EVENT_AGE = 21600
# how many run at once
MOST_AT_ONCE = 50

SYNCHRONOUS_LIMIT = 6 * 1024 * 1024
# 1 MB since October 2025
ASYNCHRONOUS_LIMIT = 1024 * 1024
LOG_TAIL = 4096
LOOP = (
    "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources and "
    "stopped your function's invocation."
)


@dataclass(frozen=True)
class Invocation:
    """What came of an invocation: the payload as AWS answers it, and the log it wrote.

    `function_error` is None, or "Unhandled" when the payload is an error.
    """

    payload: bytes
    function_error: Literal["Handled", "Unhandled"] | None
    log: str
    request_id: str
    seconds: float
    version: str

    def json(self) -> Any:
        """The payload, read."""
        return json.loads(self.payload) if self.payload else None


class CannotInvoke(Exception):
    """Lambda's refusal of an invocation, with the error code and HTTP status of its API."""

    def __init__(self, code: str, message: str, *, status: int = 400, reason: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Undelivered:
    """A record that a function's role, or its destination, did not let through."""

    function: str
    destination: str
    because: str


class Functions:
    """The running side of Lambda for one cloud.

    `endpoint` gives the URL where the emulated services answer, asked for when the first function runs;
    `make_client(service, region, keys)` gives a boto3 client with these keys, the deployer's for None; `keys` makes
    such keys of (access key, secret, token). `network` says which services a function reaches, as the SDKs name them
    in AWS_ENDPOINT_URL_<SERVICE>, or None for all of them.
    """

    def __init__(
        self,
        *,
        endpoint: Callable[[], str],
        make_client: Callable[..., Any],
        keys: Callable[[str, str, str], Any],
        network: Callable[[Any], frozenset[str] | None] = lambda function: None,
    ) -> None:
        self._ask_endpoint = endpoint
        self._make_client = make_client
        self._make_keys = keys
        self._network = network
        self._nowhere: socket.socket | None = None
        self._environments = Environments()
        self._lock = threading.Lock()
        self._serving = threading.Lock()
        self._roles: dict[tuple[str, str], _Role] = {}
        self._queue = Queue(self._attempt, self._note_lost)
        self._change = threading.Condition()
        self._under_way = 0
        self._open = True
        self.undelivered: deque[Undelivered] = deque(maxlen=200)

    def invoke(
        self,
        function: str,
        payload: bytes | str | Mapping[str, Any] | None = None,
        *,
        qualifier: str | None = None,
        region: str,
        account: str,
        client_context: str | None = None,
        trace: str = "",
    ) -> Invocation:
        """Run a function and wait for its answer; `function` is a name or an ARN in any form.

        `client_context` is base64, as the API takes it; `trace` is the trace header of the request that led here.
        Raises CannotInvoke.
        """
        target = self._find(function, qualifier, region, account)
        event = _event(payload, SYNCHRONOUS_LIMIT)
        return self._run(target, event, str(uuid.uuid4()), _context_of(client_context), trace)

    def send(
        self,
        function: str,
        payload: bytes | str | Mapping[str, Any] | None = None,
        *,
        qualifier: str | None = None,
        region: str,
        account: str,
        cause: str = "",
        trace: str = "",
    ) -> str:
        """Put an asynchronous invocation into the queue and give its request id; `cause` says who sent it.

        `trace` is the trace header of the request that led here. Errors are tried again as the function's
        EventInvokeConfig says, then go to its dead-letter queue and to its destinations. Raises CannotInvoke when the
        function is not there.
        """
        target = self._find(function, qualifier, region, account)
        event = _event(payload, ASYNCHRONOUS_LIMIT)
        sent = Sent(str(uuid.uuid4()), target.arn, event, region, account, cause, trace)
        self._queue.put(sent, 0.0)
        return sent.id

    def settle(self, timeout: float = 10) -> bool:
        """Wait until nothing is queued or running; False when the time (in seconds) is over before that."""
        return self._queue.settle(timeout)

    def close(self) -> None:
        """Drop what is queued, end every environment, and wait until nobody works here any more."""
        with self._change:
            self._open = False
        self._queue.clear()
        until = time.monotonic() + 10
        while time.monotonic() < until:
            self._environments.close()
            with self._change:
                if self._change.wait_for(lambda: not self._under_way, 0.1):
                    break
        self._environments.close()
        self._queue.settle(max(until - time.monotonic(), 0.0))
        with self._lock:
            self._roles.clear()
        with self._serving:
            if self._nowhere is not None:
                self._nowhere.close()
                self._nowhere = None

    def reset(self) -> None:
        """Close, and begin again with nothing."""
        self.close()
        self.undelivered.clear()
        with self._change:
            self._open = True

    def forget(self, arn: str) -> None:
        """A function is deleted, and what waited for its next invocation ends."""
        self._environments.forget(arn)

    def find(self, function: str, qualifier: str | None, region: str, account: str) -> Any:
        """Make sure that a function can be invoked (a dry run); raises CannotInvoke."""
        return self._find(function, qualifier, region, account).function

    def _find(self, function: str, qualifier: str | None, region: str, account: str) -> _Target:
        name, named_qualifier, region, account = _parts(function, region, account)
        qualifier = named_qualifier or qualifier
        module = sys.modules.get("moto.awslambda.models")
        backend: Any = module.lambda_backends[account][region] if module is not None else None
        arn = f"arn:{_partition(region)}:lambda:{region}:{account}:function:{name}"
        invoked = f"{arn}:{qualifier}" if qualifier else arn
        unknown = CannotInvoke("ResourceNotFoundException", f"Function not found: {invoked}", status=404)
        held = backend._lambdas._functions.get(name) if backend is not None else None
        if held is None or held["latest"] is None:
            raise unknown
        version = qualifier or "$LATEST"
        if version != "$LATEST" and not version.isdigit():
            alias = backend._lambdas._aliases.get(arn, {}).get(version)
            if alias is None:
                raise unknown
            version = _routed(alias)
        found = held["latest"] if version == "$LATEST" else backend._lambdas._get_version(name, version)
        if found is None:
            raise unknown
        return _Target(found, held["latest"], invoked, arn, version, qualifier, region, account)

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        """Count in somebody who will call the emulated services; once they are closed it would be the real ones."""
        with self._change:
            if not self._open:
                raise CannotInvoke("ServiceException", "The offline cloud is closing.", status=500)
            self._under_way += 1
        try:
            yield
        finally:
            with self._change:
                self._under_way -= 1
                self._change.notify_all()

    def _run(self, target: _Target, event: str, request_id: str, client: Any = None, trace: str = "") -> Invocation:
        with self._working():
            return self._run_now(target, event, request_id, client, trace)

    def _run_now(self, target: _Target, event: str, request_id: str, client: Any, trace: str) -> Invocation:
        function = target.function
        _refuse_what_does_not_run(function)
        trace, times = follow(trace, target.plain_arn)
        if times > MOST_IN_A_CHAIN and _recursion(target.latest) != "Allow":
            self.undelivered.append(Undelivered(target.arn, "", LOOP))
            raise CannotInvoke("RecursiveInvocationException", LOOP)
        reserved = target.latest.reserved_concurrency
        most = int(reserved) if reserved is not None else None
        full = self._environments.reserve(target.plain_arn, most=most, most_in_all=MOST_AT_ONCE)
        if full:
            kind = "ReservedFunctionConcurrentInvocationLimitExceeded"
            reason = kind if full == "function" else "ConcurrentInvocationLimitExceeded"
            raise CannotInvoke("TooManyRequestsException", "Rate Exceeded.", status=429, reason=reason)
        environment: Environment | None = None
        try:
            role = self._role(function.role, target.name)
            environment = self._environments.take(self._plan(target, role), function.code_bytes, _layers(function))
            outcome = environment.invoke(request_id, event, arn=target.arn, client=client, trace=trace)
            payload, error, lines = report(target.function, target.version, request_id, environment, outcome)
            self._write_log(environment, role, target, lines)
        finally:
            self._environments.give_back(target.plain_arn, environment)
        text = "".join(f"{line}\n" for _, line in lines)
        return Invocation(payload, error, text, request_id, outcome.seconds, target.version)

    def _plan(self, target: _Target, role: _Role) -> Plan:
        function = target.function
        reached = self._network(function)
        with self._serving:
            endpoint = self._ask_endpoint()
            elsewhere = endpoint if reached is None else self._silence()
        logging = _logging(function)
        variables = {
            **_HERE,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "AWS_LAMBDA_FUNCTION_NAME": target.name,
            "AWS_LAMBDA_FUNCTION_VERSION": target.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": logging["LogGroup"],
            "AWS_LAMBDA_LOG_FORMAT": logging["LogFormat"],
            "AWS_REGION": target.region,
            "AWS_DEFAULT_REGION": target.region,
            "_HANDLER": str(function.handler),
            **{str(name): str(value) for name, value in (function.environment_vars or {}).items()},
            "AWS_ENDPOINT_URL": elsewhere,
            # some operations have a host of their own, as sync-states; here all have one
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            **{f"AWS_ENDPOINT_URL_{each}": endpoint for each in reached or ()},
            "AWS_ACCESS_KEY_ID": role.keys.access_key,
            "AWS_SECRET_ACCESS_KEY": role.keys.secret,
            "AWS_SESSION_TOKEN": role.keys.token,
        }
        if logging["LogFormat"] == "JSON":
            variables["AWS_LAMBDA_LOG_LEVEL"] = logging["ApplicationLogLevel"]
        return Plan(
            arn=target.plain_arn,
            version=target.version,
            handler=str(function.handler),
            seconds=float(function.timeout),
            memory=int(function.memory_size),
            storage=int(function.ephemeral_storage),
            code=hashlib.sha256(function.code_bytes).hexdigest()[:16],
            layers=tuple(hashlib.sha256(each).hexdigest() for each in _layers(function)),
            variables=tuple(sorted(variables.items())),
        )

    def _silence(self) -> str:
        """An address where nobody ever answers, for what a function's network does not reach."""
        if self._nowhere is None:
            self._nowhere = socket.create_server(("127.0.0.1", 0), backlog=1)
        return f"http://localhost:{self._nowhere.getsockname()[1]}"

    def _role(self, arn: str, function_name: str) -> _Role:
        """A session of a function's role, as Lambda assumes it; one for all its environments."""
        with self._lock:
            held = self._roles.get((arn, function_name))
        if held is None:
            given = _assumed(self._make_client("sts", "us-east-1", None), arn, function_name)
            keys = self._make_keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
            held = _Role(keys, self._make_client)
            with self._lock:
                held = self._roles.setdefault((arn, function_name), held)
        return held

    def _write_log(self, environment: Environment, role: _Role, target: _Target, lines: list[tuple[int, str]]) -> None:
        """Write to CloudWatch Logs as the function's role; without its permission the lines are lost, as on AWS."""
        if not self._open:
            return
        from botocore.exceptions import ClientError

        logs = role.client("logs", target.region)
        group, stream = _logging(target.function)["LogGroup"], environment.stream
        try:
            if not environment.log_ready:
                try:
                    logs.create_log_stream(logGroupName=group, logStreamName=stream)
                except logs.exceptions.ResourceNotFoundException:
                    logs.create_log_group(logGroupName=group)
                    logs.create_log_stream(logGroupName=group, logStreamName=stream)
                environment.log_ready = True
            for batch in batches(lines):
                logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)
        except ClientError:
            return

    def _attempt(self, sent: Sent) -> float | None:
        """Try one asynchronous invocation; gives the seconds until the next try, or None when it is over."""
        try:
            target = self._find(sent.function, None, sent.region, sent.account)
        except CannotInvoke:
            # deleted meanwhile
            return None
        config = _invoke_config(target)
        oldest = config.get("MaximumEventAgeInSeconds", MAXIMUM_EVENT_AGE)
        if sent.age > oldest:
            self._put_aside(sent, target, config, "EventAgeExceeded", None)
            return None
        try:
            made = self._run(target, sent.event, sent.id, trace=sent.trace)
        except CannotInvoke as refused:
            if refused.code == "RecursiveInvocationException":
                self._put_aside(sent, target, config, "RetriesExhausted", None)
                return None
            if refused.code != "TooManyRequestsException":
                self.undelivered.append(Undelivered(target.arn, "", refused.message))
                return None
            if target.latest.reserved_concurrency is not None and int(target.latest.reserved_concurrency) == 0:
                self._put_aside(sent, target, config, "ZeroReservedConcurrency", None)
                return None
            # AWS waits from one second to five minutes; here a place is looked for all the time
            return 0.05
        sent.tries += 1
        if made.function_error is None:
            self._deliver(sent, target, config.get("OnSuccess"), "Success", made)
            return None
        if sent.tries > config.get("MaximumRetryAttempts", len(RETRY_AFTER)):
            self._put_aside(sent, target, config, "RetriesExhausted", made)
            return None
        wait = RETRY_AFTER[min(sent.tries, len(RETRY_AFTER)) - 1]
        sent.waited += wait
        return wait * PACE

    def _note_lost(self, sent: Sent, error: Exception) -> None:
        self.undelivered.append(Undelivered(sent.function, "", repr(error)))

    def _put_aside(
        self, sent: Sent, target: _Target, config: Mapping[str, Any], condition: str, made: Invocation | None
    ) -> None:
        """A failed event goes to the dead-letter queue as it came, and to the destination as a record."""
        dead = getattr(target.function, "dead_letter_config", None) or {}
        if dead.get("TargetArn"):
            error = made.json() if made is not None else {}
            attributes = {
                "RequestID": {"DataType": "String", "StringValue": sent.id},
                "ErrorCode": {"DataType": "Number", "StringValue": "200" if made is not None else "429"},
            }
            message = str(error.get("errorMessage", "") if isinstance(error, Mapping) else "")[:1024]
            if message:
                attributes["ErrorMessage"] = {"DataType": "String", "StringValue": message}
            self._put(target, dead["TargetArn"], sent.event, attributes)
        self._deliver(sent, target, config.get("OnFailure"), condition, made)

    def _deliver(
        self, sent: Sent, target: _Target, destination: str | None, condition: str, made: Invocation | None
    ) -> None:
        if not destination:
            return
        record: dict[str, Any] = {
            "version": "1.0",
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "requestContext": {
                "requestId": sent.id,
                "functionArn": f"{target.plain_arn}:{target.qualifier or '$LATEST'}",
                "condition": condition,
                "approximateInvokeCount": sent.tries,
            },
            "requestPayload": json.loads(sent.event),
        }
        if made is not None:
            answered: dict[str, Any] = {"statusCode": 200, "executedVersion": target.version}
            if made.function_error:
                answered["functionError"] = made.function_error
            record |= {"responseContext": answered, "responsePayload": made.json()}
        self._put(target, destination, record)

    def _put(
        self, target: _Target, destination: str, body: str | dict[str, Any], attributes: Mapping[str, Any] | None = None
    ) -> None:
        """Hand something to a destination with the permissions of the function's role."""
        from botocore.exceptions import BotoCoreError, ClientError

        with self._working(), self._noting(target, destination, (BotoCoreError, ClientError, ValueError)):
            role = self._role(target.function.role, target.name)
            _to_destination(role, target, destination, body, attributes or {})

    @contextlib.contextmanager
    def _noting(self, target: _Target, destination: str, errors: tuple[type[Exception], ...]) -> Iterator[None]:
        try:
            yield
        except errors as error:
            self.undelivered.append(Undelivered(target.arn, destination, str(error)))


@dataclass(frozen=True)
class _Target:
    """What an invocation is of: the version that runs, the function's latest, and the names they go by."""

    function: Any
    latest: Any
    arn: str
    plain_arn: str
    version: str
    qualifier: str | None
    region: str
    account: str

    @property
    def name(self) -> str:
        return self.plain_arn.rpartition(":")[2]


class _Role:
    """A session of a function's role, and the clients that speak for it."""

    def __init__(self, keys: Any, make_client: Callable[..., Any]) -> None:
        self.keys = keys
        self._make = make_client
        self._made: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str, region: str) -> Any:
        """A client of this role, made once."""
        with self._lock:
            if (service, region) not in self._made:
                self._made[service, region] = self._make(service, region, self.keys)
            return self._made[service, region]


# the variables Lambda sets for every function
_HERE = {
    "PATH": os.environ.get("PATH", os.defpath),
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "LAMBDA_RUNTIME_DIR": "/var/runtime",
    **({"SYSTEMROOT": os.environ["SYSTEMROOT"]} if "SYSTEMROOT" in os.environ else {}),
}


def _parts(function: str, region: str, account: str) -> tuple[str, str | None, str, str]:
    """A function's name, qualifier, Region and account from a name or an ARN, whole or partial."""
    words = function.split(":")
    if words[0] == "arn" and len(words) >= 7:
        return words[6], words[7] if len(words) > 7 else None, words[3] or region, words[4] or account
    if len(words) >= 3 and words[1] == "function":
        return words[2], words[3] if len(words) > 3 else None, region, words[0]
    return words[0], words[1] if len(words) > 1 else None, region, account


def _assumed(sts: Any, role: str, function_name: str) -> Mapping[str, str]:
    from botocore.exceptions import ClientError

    try:
        # a session's name has two characters at least, a function's one
        given: Mapping[str, str] = sts.assume_role(RoleArn=role, RoleSessionName=function_name.ljust(2, "-"))[
            "Credentials"
        ]
    except ClientError:
        message = "The role defined for the function cannot be assumed by Lambda."
        raise CannotInvoke("AccessDeniedException", message, status=403) from None
    return given


def _partition(region: str) -> str:
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _routed(alias: Any) -> str:
    """The version an alias chooses this time, by its weights."""
    weights = (alias.routing_config or {}).get("AdditionalVersionWeights") or {}
    chosen = random.random()
    for version, weight in weights.items():
        chosen -= float(weight)
        if chosen < 0:
            return str(version)
    return str(alias.function_version)


def _event(payload: bytes | str | Mapping[str, Any] | None, limit: int) -> str:
    """The payload as JSON text; raises what Lambda says to one that is too large or no JSON."""
    text = payload if isinstance(payload, bytes | str) else json.dumps(payload) if payload is not None else "{}"
    size = len(text if isinstance(text, bytes) else text.encode())
    if size > limit:
        message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
        if limit == ASYNCHRONOUS_LIMIT:
            message = f"{size} byte payload is too large for the Event invocation type (limit {limit} bytes)"
        raise CannotInvoke("RequestEntityTooLargeException", message, status=413)
    if not text.strip():
        return "{}"
    try:
        text = text.decode() if isinstance(text, bytes) else text
        json.loads(text, parse_constant=_no_number)
    except ValueError as error:
        message = f"Could not parse request body into json: Could not parse payload into json: {error}"
        raise CannotInvoke("InvalidRequestContentException", message) from None
    return text


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _context_of(client_context: str | None) -> Any:
    if not client_context:
        return None
    try:
        return json.loads(base64.b64decode(client_context))
    except ValueError:
        message = "Client context must be a valid Base64-encoded JSON object."
        raise CannotInvoke("InvalidRequestContentException", message) from None


def _refuse_what_does_not_run(function: Any) -> None:
    if function.package_type == "Image":
        kind = "container images"
    elif not str(function.run_time).startswith("python"):
        kind = f"{function.run_time} functions"
    else:
        return
    message = f"{function.function_name} is not run: the offline cloud keeps {kind}, and runs Python from a zip archive"
    raise CannotInvoke("NotImplementedException", message, status=501)


def _layers(function: Any) -> list[bytes]:
    held: list[bytes] = getattr(function, "preflight_layers", [])
    return held


def _recursion(function: Any) -> str:
    """Whether loops through the function are ended ("Terminate") or let go on ("Allow")."""
    held = (getattr(function, "preflight_settings", None) or {}).get("recursion") or {}
    return str(held.get("RecursiveLoop", "Terminate"))


def _logging(function: Any) -> dict[str, str]:
    declared = getattr(function, "logging_config", None) or {}
    group = f"/aws/lambda/{function.function_name}"
    return {"LogGroup": group, "LogFormat": "Text", "ApplicationLogLevel": "INFO", **declared}


def _invoke_config(target: _Target) -> dict[str, Any]:
    """The function's EventInvokeConfig for the way it was invoked, its destinations taken out of their nests."""
    held = getattr(target.latest, "preflight_invoke_configs", None) or {}
    config = dict(held.get(target.qualifier or "$LATEST") or {})
    for name, each in (config.pop("DestinationConfig", None) or {}).items():
        config[name] = each.get("Destination")
    return config


def _to_destination(
    role: _Role, target: _Target, destination: str, body: str | dict[str, Any], attributes: Mapping[str, Any]
) -> None:
    """Send a record to a queue, topic, function, event bus or bucket, as the service takes it."""
    words = destination.split(":", 5)
    service, region, account, name = words[2], words[3], words[4], words[5]
    text = body if isinstance(body, str) else json.dumps(body)
    if service == "sqs":
        url = f"https://sqs.{region}.amazonaws.com/{account}/{name}"
        role.client("sqs", region).send_message(QueueUrl=url, MessageBody=text, MessageAttributes=dict(attributes))
    elif service == "sns":
        role.client("sns", region).publish(TopicArn=destination, Message=text, MessageAttributes=dict(attributes))
    elif service == "lambda":
        role.client("lambda", region).invoke(FunctionName=destination, InvocationType="Event", Payload=text.encode())
    elif service == "events":
        assert isinstance(body, dict)
        outcome = "Success" if body["requestContext"]["condition"] == "Success" else "Failure"
        entry = {
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - {outcome}",
            "Detail": text,
            "Resources": [body["requestContext"]["functionArn"], destination],
            "EventBusName": destination,
        }
        answer = role.client("events", region).put_events(Entries=[entry])
        if answer.get("FailedEntryCount"):
            raise ValueError(answer["Entries"][0].get("ErrorMessage", "the event bus took no event"))
    elif service == "s3":
        now = datetime.now(UTC)
        day, second = now.strftime("%Y/%m/%d"), now.strftime("%Y-%m-%dT%H.%M.%S")
        key = f"aws/lambda/async/{target.name}/{day}/{second}-{uuid.uuid4()}"
        role.client("s3", target.region).put_object(Bucket=name, Key=key, Body=text.encode())
    else:
        raise ValueError(f"{destination} is no destination of an asynchronous invocation")
