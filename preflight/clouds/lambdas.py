"""Lambda's API as AWS has it: moto keeps the functions, `functions` runs them, and what moto forgets is kept here.

Nothing is imported or put in place before the first request to Lambda.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

from preflight.functions import LOG_TAIL, CannotInvoke, Functions

# what GetFunctionConfiguration answers and moto does not keep, by the name of moto's attribute
_KEPT = {
    "DeadLetterConfig": "dead_letter_config",
    "FileSystemConfigs": "file_system_configs",
    "LoggingConfig": "logging_config",
    "SnapStart": "snap_start",
}
# what UpdateFunctionConfiguration changes and moto does not
_CHANGED = {
    **_KEPT,
    "EphemeralStorage": "ephemeral_storage",
    "ImageConfig": "image_config",
    "KMSKeyArn": "kms_key_arn",
    "TracingConfig": "tracing_config",
}


@contextmanager
def handed_over(functions: Functions) -> Iterator[None]:
    """Until the context ends, every invocation of moto's Lambda runs in `functions`. Start moto first."""
    from moto.moto_api import recorder

    record = recorder._record_request
    with ExitStack() as patches:
        in_place: list[bool] = []

        def first(request: Any, body: bytes | None = None) -> None:
            if not in_place and "/lambda/" in request.environ.get("HTTP_AUTHORIZATION", ""):
                in_place.append(True)
                patches.enter_context(remembering())
                patches.enter_context(_running(functions))
            record(request, body)

        patches.enter_context(patch.object(recorder, "_record_request", first))
        yield


@contextmanager
def remembering() -> Iterator[None]:
    """Until the context ends, moto's Lambda keeps and checks what AWS's does."""
    from moto.awslambda.models import LambdaFunction, LambdaStorage
    from moto.awslambda.responses import LambdaResponse

    init, configuration, update = (
        LambdaFunction.__init__,
        LambdaFunction.get_configuration,
        LambdaFunction.update_configuration,
    )
    put = LambdaStorage.put_function

    def __init__(self: Any, account_id: str, spec: dict[str, Any], region: str, version: Any = 1) -> None:
        init(self, account_id, spec, region, version)
        for name, attribute in _KEPT.items():
            setattr(self, attribute, spec.get(name))
        self.preflight_invoke_configs = {}

    def get_configuration(self: Any, on_create: bool = False) -> dict[str, Any]:
        told: dict[str, Any] = configuration(self, on_create)
        group = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{self.function_name}"}
        told["LoggingConfig"] = {**group, **(getattr(self, "logging_config", None) or {})}
        if getattr(self, "dead_letter_config", None):
            told["DeadLetterConfig"] = self.dead_letter_config
        if getattr(self, "file_system_configs", None):
            told["FileSystemConfigs"] = self.file_system_configs
        if getattr(self, "snap_start", None):
            applied = self.snap_start["ApplyOn"]
            on = applied != "None" and str(self.version) != "$LATEST"
            told["SnapStart"] = {"ApplyOn": applied, "OptimizationStatus": "On" if on else "Off"}
        return told

    def update_configuration(self: Any, config_updates: dict[str, Any]) -> Any:
        from moto.awslambda.models import ImageConfig

        if "Role" in config_updates:
            _refuse_role(config_updates["Role"])
        for name, value in config_updates.items():
            if name in _CHANGED:
                changed = value["Size"] if name == "EphemeralStorage" else value
                setattr(self, _CHANGED[name], ImageConfig(value) if name == "ImageConfig" else changed)
        return update(self, config_updates)

    def put_function(self: Any, fn: Any) -> None:
        put_before = dict(self._functions)
        put(self, fn)
        try:
            _refuse_role(fn.role)
        except Exception:
            self._functions.clear()
            self._functions.update(put_before)
            raise

    with ExitStack() as patches:
        for owner, name, ours in (
            (LambdaFunction, "__init__", __init__),
            (LambdaFunction, "get_configuration", get_configuration),
            (LambdaFunction, "update_configuration", update_configuration),
            (LambdaStorage, "put_function", put_function),
            (LambdaResponse, "put_function_event_invoke_config", _put_invoke_config),
            (LambdaResponse, "update_function_event_invoke_config", _update_invoke_config),
            (LambdaResponse, "get_function_event_invoke_config", _get_invoke_config),
            (LambdaResponse, "delete_function_event_invoke_config", _delete_invoke_config),
            (LambdaResponse, "list_function_event_invoke_configs", _list_invoke_configs),
        ):
            patches.enter_context(patch.object(owner, name, ours))
        yield


@contextmanager
def _running(functions: Functions) -> Iterator[None]:
    from moto.awslambda.models import LambdaFunction
    from moto.awslambda.responses import LambdaResponse

    def invoke(self: Any) -> tuple[int, dict[str, str], Any]:
        name = unquote(self.path.rsplit("/", 2)[-2])
        place = {
            "qualifier": self.querystring.get("Qualifier", [None])[0],
            "region": self.region,
            "account": self.current_account,
        }
        kind = self.headers.get("X-Amz-Invocation-Type") or "RequestResponse"
        try:
            if kind == "DryRun":
                functions.find(name, **place)
                return 204, {"status": "204"}, ""
            if kind == "Event":
                sent = functions.send(name, self.body or None, **place)
                return 202, {"status": "202", "x-amzn-RequestId": sent}, ""
            context = self.headers.get("X-Amz-Client-Context")
            made = functions.invoke(name, self.body or None, client_context=context, **place)
        except CannotInvoke as refused:
            return _refusal(refused)
        headers = {
            "content-type": "application/json",
            "x-amzn-RequestId": made.request_id,
            "X-Amz-Executed-Version": made.version,
        }
        if made.function_error:
            headers["X-Amz-Function-Error"] = made.function_error
        if self.headers.get("X-Amz-Log-Type") == "Tail":
            headers["X-Amz-Log-Result"] = base64.b64encode(made.log.encode()[-LOG_TAIL:]).decode()
        return 200, headers, made.payload

    def invoke_async(self: Any) -> tuple[int, dict[str, str], Any]:
        name = unquote(self.path.rstrip("/").rsplit("/", 2)[-2])
        try:
            functions.send(name, self.body or None, region=self.region, account=self.current_account)
        except CannotInvoke as refused:
            return _refusal(refused)
        return 202, {"status": "202"}, json.dumps({"Status": 202})

    def by_moto(self: Any, body: Any, request_headers: Any, response_headers: Any) -> str | bytes:
        """An invocation that moto's other services make inside."""
        place = {"region": self.region, "account": self.account_id}
        try:
            if request_headers.get("x-amz-invocation-type") == "Event":
                functions.send(self.function_arn, body or None, **place)
                return ""
            made = functions.invoke(self.function_arn, body or None, **place)
        except CannotInvoke as refused:
            response_headers["x-amz-function-error"] = "Unhandled"
            return json.dumps({"errorMessage": refused.message, "errorType": refused.code})
        if made.function_error:
            response_headers["x-amz-function-error"] = made.function_error
        return made.payload

    with (
        patch.object(LambdaResponse, "invoke", invoke),
        patch.object(LambdaResponse, "invoke_async", invoke_async),
        patch.object(LambdaFunction, "invoke", by_moto),
    ):
        yield


def _refusal(refused: CannotInvoke) -> tuple[int, dict[str, str], str]:
    body = {"Type": "User" if refused.status < 500 else "Service", "message": refused.message}
    body["Message"] = refused.message
    if refused.reason:
        body["Reason"] = refused.reason
    # moto takes the status from the headers
    headers = {"status": str(refused.status), "x-amzn-ErrorType": refused.code, "content-type": "application/json"}
    return refused.status, headers, json.dumps(body)


def _refuse_role(arn: str) -> None:
    """A role that does not trust Lambda cannot be a function's."""
    from moto.awslambda.exceptions import InvalidParameterValueException

    from preflight.analysis.access import Principal, Request, decide
    from preflight.clouds.holders import trust_policy

    trust = trust_policy(arn)
    request = Request(Principal.of("service:lambda.amazonaws.com"), "sts:AssumeRole", arn, {})
    if trust is None or decide(request, resource_policy=trust).answer not in ("allowed", "depends"):
        raise InvalidParameterValueException("The role defined for the function cannot be assumed by Lambda.")


def _invoke_configs(response: Any) -> tuple[Any, dict[str, Any], str]:
    """A function, its configurations by qualifier, and the qualifier a request names."""
    words = response.path.rstrip("/").removesuffix("/list").rsplit("/", 2)
    name = unquote(words[1])
    qualifier = response.querystring.get("Qualifier", ["$LATEST"])[0]
    function = response.backend.get_function(name, qualifier if qualifier != "$LATEST" else None)
    latest = response.backend.get_function(function.function_name)
    return latest, latest.preflight_invoke_configs, qualifier


def _told(function: Any, qualifier: str, config: Mapping[str, Any]) -> dict[str, Any]:
    from moto.awslambda.models import EventInvokeConfig

    arn = f"{function.function_arn}:{qualifier}"
    told: dict[str, Any] = EventInvokeConfig(arn, function.last_modified, dict(config)).response()
    # a number of seconds in this part of the API
    return {**told, "LastModified": 0}


def _put_invoke_config(self: Any) -> str:
    function, held, qualifier = _invoke_configs(self)
    told = _told(function, qualifier, self.json_body)
    held[qualifier] = self.json_body
    return json.dumps(told)


def _update_invoke_config(self: Any) -> str:
    function, held, qualifier = _invoke_configs(self)
    config = {**held.get(qualifier, {}), **self.json_body}
    told = _told(function, qualifier, config)
    held[qualifier] = config
    return json.dumps(told)


def _get_invoke_config(self: Any) -> str:
    function, held, qualifier = _invoke_configs(self)
    _refuse_missing(function, held, qualifier)
    return json.dumps(_told(function, qualifier, held[qualifier]))


def _delete_invoke_config(self: Any) -> tuple[int, dict[str, Any], str]:
    function, held, qualifier = _invoke_configs(self)
    _refuse_missing(function, held, qualifier)
    del held[qualifier]
    return 204, {"status": "204"}, ""


def _list_invoke_configs(self: Any) -> str:
    function, held, _ = _invoke_configs(self)
    return json.dumps({"FunctionEventInvokeConfigs": [_told(function, name, each) for name, each in held.items()]})


def _refuse_missing(function: Any, held: Mapping[str, Any], qualifier: str) -> None:
    from moto.awslambda.exceptions import UnknownEventConfig

    if qualifier not in held:
        raise UnknownEventConfig(f"{function.function_arn}:{qualifier}")
