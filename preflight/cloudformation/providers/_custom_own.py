"""Custom resources of one's own: a function, a topic, or CDK's provider framework in front of two functions."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.providers import Said
from preflight.cloudformation.providers._custom_protocol import (
    Answer,
    Event,
    Handled,
    acting,
    ask_function,
    ask_topic,
    checked,
    failed,
    function_behind,
)
from preflight.cloudformation.providers._custom_sdk import call_of, run_calls

# a framework's waiter asks every 5 seconds for half an hour; here as often, without the pauses, for this many seconds
PATIENCE = 30.0
PAUSE = 0.05

# https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html#provider-framework, 2026-11-22
CREATE_FAILED = "AWSCDK::CustomResourceProviderFramework::CREATE_FAILED"

# of CDK's own, what nothing here can make: clusters and charts
_ONLY_RECORDED = re.compile(r"Custom::AWSCDK-EKS|Custom::SyntheticsAutoDelete|Custom::VpcPeering")


class Own(Handled):
    """A custom resource by its ServiceToken: whatever stands behind it is really asked."""

    cleans_up = True

    def __init__(self, resource_type: str) -> None:
        self.type = resource_type  # type: ignore[misc]

    def handle(self, event: Event) -> Answer | None:
        """Ask the topic, the function, or the functions behind the framework."""
        if _ONLY_RECORDED.match(self.type):
            return None
        if ":sns:" in event.token:
            return ask_topic(event)
        function = function_behind(event)
        if _is_sdk_call(event):
            return run_calls(event, function)
        if function is None:
            return self._nobody(event)
        variables = function.get("Environment", {}).get("Variables", {})
        if "USER_ON_EVENT_FUNCTION_ARN" in variables:
            return ask_framework(event, function, variables)
        if not str(function.get("Runtime", "")).startswith("python"):
            return None
        return ask_function(event)

    def _nobody(self, event: Event) -> Answer:
        if event.kind == "Delete":
            raise Said(f"Lambda function not found: {event.token}")
        raise Said(f"Function not found: {event.token} (Service: Lambda, Status Code: 404)")


def ask_framework(event: Event, function: Mapping[str, Any], variables: Mapping[str, str]) -> Answer:
    """What CDK's provider framework does: onEvent, then isComplete until it says so."""
    if event.kind == "Delete" and event.physical_id == CREATE_FAILED:
        return Answer(event.physical_id)
    client = acting(event, function)("lambda")
    request = event.message("...")
    told = _invoke(client, variables["USER_ON_EVENT_FUNCTION_ARN"], request, event) or {}
    if not isinstance(told, Mapping):
        raise failed(f"onEvent answered with {json.dumps(told)}, not with an object", event, CREATE_FAILED)
    default = event.request_id if event.kind == "Create" else event.physical_id
    physical_id = str(told.get("PhysicalResourceId") or default)
    if event.kind == "Delete" and physical_id != event.physical_id:
        raise failed(
            f'Error: DELETE: cannot change the physical resource ID from "{event.physical_id}" to "{physical_id}" '
            "during deletion",
            event,
        )
    data = dict(told.get("Data") or {})
    is_complete = variables.get("USER_IS_COMPLETE_FUNCTION_ARN")
    if is_complete:
        request = {**request, **told, "PhysicalResourceId": physical_id}
        data |= _wait(client, is_complete, request, event)
    return checked(Answer(physical_id, data), event)


def _wait(client: Any, function: str, request: Mapping[str, Any], event: Event) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        told = _invoke(client, function, request, event) or {}
        if told.get("IsComplete"):
            return dict(told.get("Data") or {})
        if told.get("Data"):
            raise failed('Error: "Data" is not allowed if "IsComplete" is "False"', event, CREATE_FAILED)
        time.sleep(PAUSE)
    raise failed(f"Operation timed out (isComplete was asked for {PATIENCE:.0f} s)", event, CREATE_FAILED)


def _invoke(client: Any, function: str, request: Mapping[str, Any], event: Event) -> Any:
    try:
        answer = client.invoke(FunctionName=function, Payload=json.dumps(request).encode())
    except Exception as error:
        message = str(getattr(error, "response", {}).get("Error", {}).get("Message", error))
        raise failed(message, event, CREATE_FAILED) from error
    payload = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        told = payload if isinstance(payload, Mapping) else {}
        name = function.rpartition(":")[2]
        reason = f"Error: {told.get('errorMessage', 'error')}\n\nLogs: /aws/lambda/{name}\n"
        raise failed(reason, event, CREATE_FAILED)
    return payload


def _is_sdk_call(event: Event) -> bool:
    properties = event.properties
    return "InstallLatestAwsSdk" in properties and any(
        call_of(properties, kind) is not None for kind in ("Create", "Update", "Delete")
    )
