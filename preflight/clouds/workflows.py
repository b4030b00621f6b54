"""Runs Step Functions' workflows on moto's own interpreter, each task with the role of its state machine.

StartExecution, DescribeExecution and GetExecutionHistory tell what really happened. A task's call is made with the
role's own credentials, so that a missing grant fails it as on AWS. AWS's waits are shortened: a second of a Wait state
or of a retry's backoff lasts PACE seconds here; TimeoutSeconds and heartbeats keep their real length. JSONata is not
emulated. ecs:runTask.sync and batch:submitJob.sync end when the emulated service says so.
"""

from __future__ import annotations

import functools
import json
import logging
import random
import re
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from preflight.analysis.state_machines import faults
from preflight.clouds.lazily import when_imported

if TYPE_CHECKING:
    from preflight.clouds.authorize import Authorizer

PACE = 0.01
GRANTED = ("allowed", "depends")
STATES = "states.amazonaws.com"
NOT_TRUSTED = (
    "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the "
    "provided role."
)


@contextmanager
def workflows_running(make_client: Callable[..., Any], authorizer: Authorizer, *, pace: float = PACE) -> Iterator[None]:
    """Let state machines run until the context ends; `make_client(service, region, keys)` gives boto3 clients.

    Start moto first. Nothing is loaded before the first state machine.
    """
    from moto.core.config import default_user_config

    clients = RoleClients(make_client)
    # what the interpreter logs of a failing task is told by the execution's history, not on a learner's terminal
    quiet = logging.NullHandler()
    log = logging.getLogger("moto.stepfunctions")
    log.addHandler(quiet)
    with ExitStack() as undo:
        undo.callback(log.removeHandler, quiet)
        undo.enter_context(patch.dict(default_user_config, {"stepfunctions": {"execute_state_machine": True}}))
        undo.enter_context(
            when_imported(
                "moto.stepfunctions.parser.models", lambda: undo.enter_context(_interpreter(clients, authorizer, pace))
            )
        )
        undo.enter_context(
            when_imported("moto.stepfunctions.responses", lambda: undo.enter_context(_operations(authorizer)))
        )
        undo.enter_context(_synchronous_host())
        undo.callback(stop_all)
        yield


class RoleClients:
    """boto3 clients that speak for a role."""

    def __init__(self, make_client: Callable[..., Any]) -> None:
        self._make = make_client

    def of_deployer(self, service: str, region: str) -> Any:
        """A client for what the service does by itself."""
        return self._make(service, region, None)

    def of_role(self, service: str, region: str, role_arn: str) -> Any:
        """A client with a session of the role, as Step Functions takes one for each task."""
        from preflight.clouds import Keys

        sts = self._make("sts", region, None)
        given = sts.assume_role(RoleArn=role_arn, RoleSessionName=uuid.uuid4().hex)["Credentials"]
        keys = Keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        return self._make(service, region, keys)


@contextmanager
def _interpreter(clients: RoleClients, authorizer: Authorizer, pace: float) -> Iterator[None]:
    from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_lambda
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service,
        state_task_service_aws_sdk,
        state_task_service_callback,
        state_task_service_lambda,
    )
    from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
    from moto.stepfunctions.parser.asl.jsonata import jsonata
    from moto.stepfunctions.parser.asl.utils import boto_client
    from moto.stepfunctions.parser.backend import execution, execution_worker
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        role = state_credentials.role_arn if state_credentials is not None else ""
        if authorizer.may_assume(STATES, role).answer not in GRANTED:
            raise RuntimeError(NOT_TRUSTED)
        return clients.of_role(service, region, role)

    with ExitStack() as patches:

        def put(target: Any, name: str, better: Any) -> None:
            patches.enter_context(patch.object(target, name, better))

        for called, asked, better in (
            ("boto_client_for", boto_client.boto_client_for, client_for),
            ("eval_jsonata_expression", jsonata.eval_jsonata_expression, _no_jsonata),
        ):
            for name, module in list(sys.modules.items()):
                if name.startswith("moto.stepfunctions.parser") and vars(module).get(called) is asked:
                    put(module, called, better)
        put(retrier_decl, "time", SimpleNamespace(sleep=lambda seconds: time.sleep(float(seconds) * pace)))
        put(WaitFunction, "_wait_interval", functools.partialmethod(_wait, pace))
        put(state_task_service_callback, "_DELAY_SECONDS_SYNC_CONDITION_CHECK", 0.02)
        put(state_task_service.StateTaskService, "_normalise_parameters", _to_boto)
        put(state_task_service.StateTaskService, "_normalise_response", _from_boto)
        put(state_task_service_aws_sdk.StateTaskServiceAwsSdk, "_normalise_service_error_name", staticmethod(_sdk_name))
        put(state_task_service.StateTaskService, "_from_error", _named_failure(state_task_service.StateTaskService))
        put(execution_worker.ExecutionWorker, "_execution_logic", _surely(execution_worker.ExecutionWorker))
        task = state_task_service_lambda.StateTaskServiceLambda
        put(task, "_error_cause_from_client_error", staticmethod(_lambda_failure))
        put(state_task_lambda.StateTaskLambda, "_from_error", _lambda_refused(state_task_lambda.StateTaskLambda))
        put(execution.Execution, "__init__", _furnished(execution.Execution.__init__, clients))
        put(StepFunctionsParserBackend, "start_execution", _started(StepFunctionsParserBackend.start_execution))
        put(StepFunctionsParserBackend, "_validate_definition", staticmethod(_validated))
        yield


def _wait(self: Any, pace: float, env: Any, wait_seconds: float) -> None:
    """Wait, shortened, unless the execution ends meanwhile."""
    until = time.monotonic() + max(0.0, float(wait_seconds)) * pace
    while env.is_running() and (left := until - time.monotonic()) > 0:
        env.program_state_event.wait(left)


def _to_boto(
    self: Any, parameters: Any, boto_service_name: str | None = None, service_action_name: str | None = None
) -> None:
    """A definition writes parameters in Pascal case, whatever the service does."""
    shape = _operation(self, boto_service_name, service_action_name)
    if shape is not None and isinstance(parameters, dict):
        self._to_boto_request(parameters, shape.input_shape)


def _from_boto(
    self: Any, response: Any, boto_service_name: str | None = None, service_action_name: str | None = None
) -> None:
    """A state's output has its service's answer in Pascal case."""
    shape = _operation(self, boto_service_name, service_action_name)
    if shape is not None and shape.output_shape is not None and isinstance(response, dict):
        response.pop("ResponseMetadata", None)
        _pascal(response, shape.output_shape)
        _dated(response, shape.service_model.service_name == "stepfunctions")


def _dated(value: Any, in_milliseconds: bool) -> None:
    """Times as JSON has them: text, and in Step Functions' own answers milliseconds."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in list(items):
        if isinstance(each, datetime):
            value[key] = int(each.timestamp() * 1000) if in_milliseconds else each.isoformat().replace("+00:00", "Z")
        else:
            _dated(each, in_milliseconds)


def _pascal(value: Any, shape: Any) -> None:
    if shape.type_name == "structure" and isinstance(value, dict):
        for name in [each for each in value if each in shape.members]:
            inner = value.pop(name)
            _pascal(inner, shape.members[name])
            value[name[:1].upper() + name[1:]] = inner
    elif shape.type_name == "list" and isinstance(value, list):
        for each in value:
            _pascal(each, shape.member)
    elif shape.type_name == "map" and isinstance(value, dict):
        for each in value.values():
            _pascal(each, shape.value)


def _operation(task: Any, service: str | None, action: str | None) -> Any:
    import botocore.session
    from botocore import xform_name

    name = task._get_boto_service_name(service)
    wanted = task._get_boto_service_action(action)
    try:
        model = botocore.session.get_session().get_service_model(name)
    except Exception:  # a service nobody knows fails when it is called
        return None
    found = next((each for each in model.operation_names if xform_name(each) == wanted), None)
    return model.operation_model(found) if found else None


def _no_jsonata(expression: str) -> Any:
    from moto.stepfunctions.parser.asl.jsonata.jsonata import JSONataException

    raise JSONataException("NOT_EMULATED", "JSONata expressions are not emulated here; JSONPath is")


def _surely(worker: Any) -> Callable[[Any], None]:
    """An execution ends, also when the interpreter itself fails."""
    run = worker._execution_logic

    def run_surely(self: Any) -> None:
        execution = self._execution_communication.execution
        try:
            run(self)
        except Exception as error:  # whatever it is, the execution must not look as if it ran for ever
            from moto.stepfunctions.parser.api import ExecutionStatus

            execution.error, execution.cause = "States.Runtime", f"{type(error).__name__}: {error}"
            execution.stop_date = datetime.now(UTC)
            execution.exec_status = ExecutionStatus.FAILED

    return run_surely


def _named_failure(task: Any) -> Callable[..., Any]:
    """A service's refusal has a name of its own, by which Retry and Catch know it: EventBridge.AccessDeniedException.

    The interpreter would call it States.Runtime, which nothing catches.
    """
    explain = task._from_error

    def explained(self: Any, env: Any, ex: Exception) -> Any:
        if not hasattr(ex, "response"):
            return explain(self, env=env, ex=ex)
        from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
        from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
        from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
        from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

        code, message = ex.response["Error"]["Code"], ex.response["Error"]["Message"]
        service = SERVICES.get(self.resource.service_name, str(self.resource.service_name).capitalize())
        name = f"{service}.{code if code.endswith('Exception') else code + 'Exception'}"
        told = TaskFailedEventDetails(
            resource=self._get_sfn_resource(), resourceType=self._get_sfn_resource_type(), error=name, cause=message
        )
        return FailureEvent(
            env=env,
            error_name=CustomErrorName(name),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=told),
        )

    return explained


SERVICES = {"events": "EventBridge", "ecs": "ECS", "apigateway": "ApiGateway", "sns": "SNS", "sqs": "SQS"}


def _sdk_name(service: str) -> str:
    """A service as AWS's own SDK for Java writes it in the names of its errors: Sqs.SqsException, DynamoDb."""
    import botocore.session

    client = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}.get(service.lower(), service)
    try:
        known = str(botocore.session.get_session().get_service_model(client.lower()).service_id)
    except Exception:  # a service nobody knows keeps the name it was called by
        known = service
    words = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+", known)
    return "".join(each.capitalize() for each in words)


def _lambda_failure(error: Any) -> tuple[str, str]:
    """Lambda's own errors as a state names them.

    A refusal is `Lambda.AWSLambdaException`, as https://docs.aws.amazon.com/step-functions/latest/dg/
    concepts-error-handling.html has it (checked_on 2026-11-22).
    """
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    facts = error.response["ResponseMetadata"]
    named = code if code in LAMBDA_ERRORS else "AWSLambdaException"
    cause = f"{message} (Service: AWSLambda; Status Code: {facts['HTTPStatusCode']}; Error Code: {code}; "
    return f"Lambda.{named}", f"{cause}Request ID: {facts.get('RequestId', uuid.uuid4())}; Proxy: null)"


LAMBDA_ERRORS = ("ResourceNotFoundException", "ServiceException", "TooManyRequestsException", "SdkClientException")


def _lambda_refused(task: Any) -> Callable[..., Any]:
    """A function named by its ARN fails in the same words."""
    explain = task._from_error

    def explained(self: Any, env: Any, ex: Exception) -> Any:
        event = explain(self, env=env, ex=ex)
        if hasattr(ex, "response"):
            from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName

            error, cause = _lambda_failure(ex)
            event.error_name = CustomErrorName(error)
            event.event_details["lambdaFunctionFailedEventDetails"].update(error=error, cause=cause)
        return event

    return explained


def _started(start: Callable[..., Any]) -> Callable[..., Any]:
    """An execution has a name, an express one an ARN of its own form; an alias stands for one of its versions."""

    def start_execution(
        self: Any,
        state_machine_arn: str,
        name: str | None = None,
        execution_input: str | None = None,
        trace_header: str | None = None,
    ) -> Any:
        try:
            json.loads(execution_input or "{}")
        except ValueError as error:
            raise _refusal("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'") from None
        arn = _version_of(self, state_machine_arn)
        machine = self.describe_state_machine(arn)
        if hasattr(machine, "source_arn"):
            # a version runs as its state machine does, and its executions are found there
            source = self.describe_state_machine(machine.source_arn)
            machine.executions, machine.backend = source.executions, self
            machine._handle_name_input_idempotency = source._handle_name_input_idempotency
        return start(self, arn, name or str(uuid.uuid4()), execution_input or "{}", trace_header)

    return start_execution


def _furnished(init: Callable[..., None], clients: RoleClients) -> Callable[..., None]:
    """Executions put their activities' tasks where GetActivityTask finds them, and log as they are told."""

    def __init__(self: Any, *given: Any, **named: Any) -> None:
        machine = named["state_machine"]
        backend = getattr(machine, "backend", None)
        named["activity_store"] = _activities(backend) if backend is not None else {}
        named["cloud_watch_logging_session"] = _log_of(machine, named["exec_arn"], clients)
        init(self, *given, **named)

    return __init__


def _log_of(machine: Any, execution: str, clients: RoleClients) -> Any:
    """Where an execution's events are written, as the log level says: one stream for a state machine."""
    from moto.stepfunctions.parser.asl.eval.event.logging import (
        CloudWatchLoggingConfiguration,
        CloudWatchLoggingSession,
    )

    told = {"includeExecutionData": False, **(machine.loggingConfiguration or {})}
    configuration = CloudWatchLoggingConfiguration.from_logging_configuration(machine.arn, told)
    if configuration is None:
        return None
    group, stream = configuration.log_group_name, configuration.log_stream_name
    client = clients.of_deployer("logs", configuration.log_region)

    def publish(event: dict[str, Any]) -> None:
        at = int(datetime.fromisoformat(event["event_timestamp"]).timestamp() * 1000)
        line = json.dumps({**event, "event_timestamp": str(at), "redrive_count": "0"}, default=str)
        with suppress(client.exceptions.ResourceAlreadyExistsException):
            client.create_log_stream(logGroupName=group, logStreamName=stream)
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": at, "message": line}])

    def publish_if_it_can(history_log: dict[str, Any]) -> None:
        # a log group that is gone stops no workflow
        with suppress(client.exceptions.ClientError):
            publish(history_log)

    session = CloudWatchLoggingSession(execution, configuration)
    session.publish_history_log = publish_if_it_can
    return session


def _activities(backend: Any) -> dict[str, Any]:
    from moto.stepfunctions.parser.backend.activity import Activity

    store: dict[str, Any] = backend.__dict__.setdefault("preflight_activities", {})
    for arn in list(backend.activities):
        name = str(arn).rpartition(":")[2]
        store.setdefault(arn, Activity(arn, name))
    return store


def _version_of(backend: Any, arn: str) -> str:
    *parts, last = arn.split(":")
    if len(parts) != 7 or last.isdigit():
        return arn
    routes = backend.describe_state_machine_alias(arn).routing_configuration
    weights = [int(each.get("weight", 0)) for each in routes]
    return str(random.choices(routes, weights)[0]["stateMachineVersionArn"])


def _validated(definition: str) -> None:
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

    found = faults(definition)
    if not found:
        try:
            AmazonStateLanguageParser.parse(definition)
        except Exception as error:  # the interpreter's parser raises whatever it stumbles over
            found = [("SCHEMA_VALIDATION_FAILED", str(error), "/")]
    if found:
        said = ", ".join(f"{code}: {message} at {place}" for code, message, place in found)
        raise _refusal("InvalidDefinition", f"Invalid State Machine Definition: '{said}'")


@contextmanager
def _operations(authorizer: Authorizer) -> Iterator[None]:
    """What moto's Step Functions does not answer, or answers too easily."""
    from moto.core.responses import ActionResult, EmptyResult
    from moto.stepfunctions.responses import StepFunctionResponse as Responses

    def create_state_machine(self: Any) -> Any:
        told = self._get_param("definition"), self._get_param("name")
        arn = f"arn:aws:states:{self.region}:{self.current_account}:stateMachine:{told[1]}"
        _refuse_role(authorizer, self._get_param("roleArn"), self._get_param("loggingConfiguration"), arn)
        there = next((each for each in self.stepfunction_backend.state_machines if each.arn == arn), None)
        if there is not None and (there.definition, there.roleArn) != (told[0], self._get_param("roleArn")):
            raise _refusal("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
        return create(self)

    def update_state_machine(self: Any) -> Any:
        machine = self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
        role = self._get_param("roleArn") or machine.roleArn
        _refuse_role(authorizer, role, self._get_param("loggingConfiguration"), machine.arn)
        return update(self)

    def get_activity_task(self: Any) -> Any:
        backend, arn = self.stepfunction_backend, self._get_param("activityArn")
        backend.describe_activity(arn)
        # AWS holds the line for a minute
        until = time.monotonic() + 60 * PACE
        while time.monotonic() < until:
            try:
                task = _activities(backend)[arn].get_task()
            except IndexError:
                time.sleep(0.01)
                continue
            for each in backend._get_executions():
                endpoint = each.exec_worker.env.callback_pool_manager.get(task.task_token)
                if endpoint is not None:
                    endpoint.notify_activity_task_start(worker_name=self._get_param("workerName"))
            return ActionResult({"taskToken": task.task_token, "input": task.task_input})
        return ActionResult({})

    def send_task_failure(self: Any) -> Any:
        told = {"error": self._get_param("error"), "cause": self._get_param("cause")}
        self.stepfunction_backend.send_task_failure(self._get_param("taskToken"), **told)
        return EmptyResult()

    def describe_execution(self: Any) -> Any:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        return ActionResult({**execution.to_describe_output(), "status": str(execution.status)})

    def stop_execution(self: Any) -> Any:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        at, error, cause = datetime.now(UTC), self._get_param("error"), self._get_param("cause")
        execution.stop(stop_date=at, error=error, cause=cause)
        # its thread notes the end in a moment
        until = time.monotonic() + 2
        while execution.status == "RUNNING" and time.monotonic() < until:
            time.sleep(0.005)
        if execution.status == "ABORTED":
            execution.error, execution.cause = execution.error or error, execution.cause or cause
        return ActionResult({"stopDate": execution.stop_date or at})

    def start_sync_execution(self: Any) -> Any:
        backend, arn = self.stepfunction_backend, self._get_param("stateMachineArn")
        machine = backend.describe_state_machine(_version_of(backend, arn))
        if machine.type != "EXPRESS":
            raise _refusal(
                "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine"
            )
        execution = backend.start_execution(arn, self._get_param("name"), self._get_param("input") or "{}")
        while execution.status == "RUNNING":
            time.sleep(0.005)
        told = execution.to_describe_output()
        return ActionResult({**told, "status": str(execution.status), "billingDetails": {}})

    def publish_state_machine_version(self: Any) -> Any:
        machine = self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
        last = machine.latest_version
        if last is None or (last.definition, last.roleArn) != (machine.definition, machine.roleArn):
            machine.publish(self._get_param("description"))
        version = machine.latest_version
        return ActionResult({"creationDate": version.creation_date, "stateMachineVersionArn": version.arn})

    def delete_state_machine_version(self: Any) -> Any:
        arn, _, number = self._get_param("stateMachineVersionArn").rpartition(":")
        machine = self.stepfunction_backend.describe_state_machine(arn)
        using = [
            alias.name
            for alias in machine.aliases.values()
            if any(each["stateMachineVersionArn"] == f"{arn}:{number}" for each in alias.routing_configuration)
        ]
        if using:
            message = f"Version to be deleted must not be referenced by an alias. Current list of aliases: {using}"
            raise _refusal("ConflictException", message)
        machine.versions.pop(int(number), None)
        return EmptyResult()

    def list_state_machine_versions(self: Any) -> Any:
        machine = self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
        found = sorted(machine.versions.values(), key=lambda each: -each.version)
        rows = [{"stateMachineVersionArn": each.arn, "creationDate": each.creation_date} for each in found]
        return ActionResult({"stateMachineVersions": rows})

    def validate_state_machine_definition(self: Any) -> Any:
        found = faults(self._get_param("definition"))
        rows = [
            {"severity": "ERROR", "code": code, "message": message, "location": place} for code, message, place in found
        ]
        return ActionResult({"result": "FAIL" if rows else "OK", "diagnostics": rows})

    create, update = Responses.create_state_machine, Responses.update_state_machine
    better = {name: each for name, each in locals().items() if callable(each) and name not in NOT_OPERATIONS}
    with ExitStack() as patches:
        for name, each in better.items():
            patches.enter_context(patch.object(Responses, name, each, create=True))
        yield


NOT_OPERATIONS = ("ActionResult", "EmptyResult", "Responses", "create", "update", "authorizer")


def _refuse_role(authorizer: Authorizer, role: str, logging: Any, machine: str) -> None:
    """Step Functions takes the role on when it is handed it, and sees whether it may deliver logs."""
    if authorizer.may_assume(STATES, role, source=machine).answer not in GRANTED:
        raise _refusal("AccessDeniedException", NOT_TRUSTED)
    logs = bool(logging) and logging.get("level", "OFF") != "OFF"
    if logs and not authorizer.may_act(role, "logs:CreateLogDelivery", "*", service=STATES, source=machine):
        message = "The state machine IAM Role is not authorized to access the Log Destination"
        raise _refusal("AccessDeniedException", message)


def _refusal(code: str, message: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    error: Exception = JsonRESTError(code, message)
    return error


@contextmanager
def _synchronous_host() -> Iterator[None]:
    """StartSyncExecution has a host of its own, sync-states, which moto does not know."""
    from moto import backend_index

    known = ("stepfunctions", re.compile(r"https?://sync-states\.(.+)\.amazonaws\.com"))
    with ExitStack() as undo:
        undo.enter_context(
            patch.object(backend_index, "backend_url_patterns", [*backend_index.backend_url_patterns, known])
        )
        undo.enter_context(
            when_imported(
                "moto.stepfunctions.urls",
                lambda: undo.enter_context(
                    patch.object(
                        sys.modules["moto.stepfunctions.urls"],
                        "url_bases",
                        [r"https?://(?:sync-)?states\.(.+)\.amazonaws.com"],
                    )
                ),
            )
        )
        yield


def stop_all() -> None:
    """Stop what still runs, because the cloud ends or is emptied."""
    module = sys.modules.get("moto.stepfunctions.parser.models")
    if module is None:
        return
    for account in list(module.stepfunctions_parser_backends.values()):
        for backend in list(account.values()):
            for execution in backend._get_executions():
                if execution.status == "RUNNING" and execution.exec_worker.env is not None:
                    execution.stop(stop_date=datetime.now(UTC), error=None, cause=None)
    for thread in list(_threads()):
        thread.join(0.5)


def _threads() -> list[threading.Thread]:
    from moto.stepfunctions.parser.utils import TMP_THREADS

    found = [each for each in TMP_THREADS if each.is_alive()]
    TMP_THREADS.clear()
    return found
