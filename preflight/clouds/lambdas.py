"""Hands every invocation of the emulated Lambda, by its API or by another service, over to `functions`."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

from preflight.clouds.lazily import when_imported
from preflight.function_lineage import HEADER
from preflight.functions import LOG_TAIL, CannotInvoke, Functions


@contextmanager
def handed_over(functions: Functions) -> Iterator[None]:
    """Until the context ends, every invocation of moto's Lambda runs in `functions`. Start moto first."""
    with ExitStack() as patches:
        running = when_imported("moto.awslambda.responses", lambda: patches.enter_context(_running(functions)))
        with running:
            yield


@contextmanager
def _running(functions: Functions) -> Iterator[None]:
    from moto.awslambda.models import LambdaBackend, LambdaFunction, LambdaStorage
    from moto.awslambda.responses import LambdaResponse

    def invoke(self: Any) -> tuple[int, dict[str, str], Any]:
        name = unquote(self.path.rsplit("/", 2)[-2])
        place = {
            "qualifier": self.querystring.get("Qualifier", [None])[0],
            "region": self.region,
            "account": self.current_account,
        }
        kind = self.headers.get("X-Amz-Invocation-Type") or "RequestResponse"
        trace = self.headers.get(HEADER) or ""
        try:
            if kind == "DryRun":
                functions.find(name, **place)
                return 204, {"status": "204"}, ""
            if kind == "Event":
                sent = functions.send(name, self.body or None, trace=trace, **place)
                return 202, {"status": "202", "x-amzn-RequestId": sent}, ""
            context = self.headers.get("X-Amz-Client-Context")
            made = functions.invoke(name, self.body or None, client_context=context, trace=trace, **place)
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

    set_up = LambdaResponse.setup_class

    def setup_class(self: Any, *asked: Any, **how: Any) -> None:
        # a payload can be any bytes, and is refused by what it is for
        try:
            set_up(self, *asked, **how)
        except UnicodeDecodeError:
            set_up(self, *asked, **{**how, "use_raw_body": True})

    delete = LambdaStorage.del_function

    def del_function(self: Any, name_or_arn: str, qualifier: str | None = None) -> None:
        function = self.get_function_by_name_or_arn_with_qualifier(name_or_arn, qualifier)
        delete(self, name_or_arn, qualifier)
        if function.function_name not in self._functions:
            functions.forget(":".join(function.function_arn.split(":")[:7]))

    def send_log_event(
        self: Any, function_arn: str, filter_name: str, log_group_name: str, log_stream_name: str, log_events: Any
    ) -> None:
        """Lines of a log on their way to a function, which CloudWatch Logs does not wait for."""
        data = {
            "messageType": "DATA_MESSAGE",
            "owner": self.account_id,
            "logGroup": log_group_name,
            "logStream": log_stream_name,
            "subscriptionFilters": [filter_name],
            "logEvents": log_events,
        }
        packed = base64.b64encode(gzip.compress(json.dumps(data, separators=(",", ":")).encode())).decode()
        place = {"region": self.region_name, "account": self.account_id}
        # a function that is gone takes nothing with it
        with suppress(CannotInvoke):
            functions.send(function_arn, {"awslogs": {"data": packed}}, **place, cause=log_group_name)

    with (
        patch.object(LambdaBackend, "send_log_event", send_log_event),
        patch.object(LambdaStorage, "del_function", del_function),
        patch.object(LambdaResponse, "setup_class", setup_class),
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
