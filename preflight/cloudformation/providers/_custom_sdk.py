"""CDK's AwsCustomResource: an SDK call for each request, made with boto3.

Source: https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources.AwsCustomResource.html and its handler
in aws-cdk-lib 2.275.0 (Apache-2.0), checked_on 2026-11-22.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from preflight.cloudformation.providers._custom_protocol import (
    Answer,
    Event,
    acting,
    checked,
    clients_with,
    failed,
)
from preflight.cloudformation.providers._table import scalar

# stands in a call's parameters for the resource's physical id
MARKER = "PHYSICAL:RESOURCEID:"


def call_of(properties: Mapping[str, Any], kind: str) -> dict[str, Any] | None:
    """The call declared for Create, Update or Delete; None when there is none, or it is none of CDK's."""
    try:
        found = json.loads(properties.get(kind, "null"))
    except (TypeError, ValueError):
        return None
    return found if isinstance(found, dict) and {"service", "action"} <= found.keys() else None


def run_calls(event: Event, function: Mapping[str, Any] | None) -> Answer | None:
    """Make the call declared for this request with the function's role, and answer with what it told.

    None when the emulated service has no such call: nobody knows what AWS would have answered.
    """
    physical_id = _physical_id(event)
    wanted = call_of(event.properties, event.kind)
    if wanted is None:
        return checked(Answer(physical_id), event)
    data: dict[str, Any] = {}
    told: dict[str, Any] = {}
    try:
        told = _call(wanted, physical_id, event, function)
        paths = [wanted["outputPath"]] if "outputPath" in wanted else wanted.get("outputPaths")
        data = {
            name: each for name, each in told.items() if paths is None or any(name.startswith(path) for path in paths)
        }
    except Exception as error:
        if _is_not_emulated(error):
            return None
        ignored = wanted.get("ignoreErrorCodesMatching")
        if not ignored or not re.search(ignored, _name_of(error)):
            raise failed(_message_of(error), event, physical_id) from error
    path = wanted.get("physicalResourceId", {}).get("responsePath")
    if path:
        physical_id = str(told.get(path) or "")
    return checked(Answer(physical_id, data), event)


def _physical_id(event: Event) -> str:
    asked = ("Create", "Update", "Delete") if event.kind == "Create" else (event.kind,)
    for kind in asked:
        declared = (call_of(event.properties, kind) or {}).get("physicalResourceId", {}).get("id")
        if declared is not None:
            return str(declared)
    return event.context.logical_id if event.kind == "Create" else event.physical_id


def _call(
    wanted: Mapping[str, Any], physical_id: str, event: Event, function: Mapping[str, Any] | None
) -> dict[str, Any]:
    make = acting(event, function)
    region = wanted.get("region") or event.context.region
    if wanted.get("assumedRoleArn"):
        session = re.sub(r"[^\w+=,.@-]", "", f"{int(time.time() * 1000)}-{physical_id}")[:64]
        more = {"ExternalId": wanted["externalId"]} if wanted.get("externalId") else {}
        assumed = make("sts").assume_role(RoleArn=wanted["assumedRoleArn"], RoleSessionName=session, **more)
        make = clients_with(assumed["Credentials"], event.context.region)
    client = make(service_of(str(wanted["service"])), region)
    operation = _operation(client, str(wanted["action"]), str(wanted["service"]))
    method = next(each for each, name in client.meta.method_to_api_mapping.items() if name == operation)
    shape = client.meta.service_model.operation_model(operation).input_shape
    parameters = _fitted(shape, _marked(wanted.get("parameters") or {}, physical_id)) if shape is not None else {}
    answer = getattr(client, method)(**parameters)
    answer.pop("ResponseMetadata", None)
    versions = {"apiVersion": client.meta.service_model.api_version, "region": region}
    return {**versions, **dict(_flat(answer))}


def service_of(name: str) -> str:
    """boto3's name of a service, from any of the JavaScript SDK's (`CloudWatchLogs`, `@aws-sdk/client-sfn`, ...).

    Raises ValueError when boto3 has none.
    """
    asked = _bare(re.sub(r"^@aws-sdk/client-", "", name.lower()))
    found = _OTHER_NAMES.get(asked) or _services().get(asked)
    if found is None:
        raise ValueError(f"Package @aws-sdk/client-{name.lower()} does not exist.")
    return found


def _operation(client: Any, action: str, service: str) -> str:
    wanted = re.sub(r"Command$", "", action) if action[:1].isupper() else action
    operations = client.meta.service_model.operation_names
    for each in (action, wanted):
        for name in operations:
            if name.lower() == each.lower():
                return str(name)
    raise ValueError(
        f"Unable to find command named: {wanted[:1].upper()}{wanted[1:]}Command for action: {action} in service "
        f"package @aws-sdk/client-{service.lower()}"
    )


def _marked(value: Any, physical_id: str) -> Any:
    if isinstance(value, Mapping):
        return {name: _marked(each, physical_id) for name, each in value.items()}
    if isinstance(value, list):
        return [_marked(each, physical_id) for each in value]
    return physical_id if value == MARKER else value


def _fitted(shape: Any, value: Any) -> Any:
    """Parameters in the types of the operation: CDK's tokens arrive as text."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, Mapping):
        return {
            name: _fitted(shape.members[name], each) if name in shape.members else each for name, each in value.items()
        }
    if kind == "map" and isinstance(value, Mapping):
        return {name: _fitted(shape.value, each) for name, each in value.items()}
    if kind == "list" and isinstance(value, list):
        return [_fitted(shape.member, each) for each in value]
    return scalar(shape, value) if kind in ("integer", "long", "float", "double", "boolean", "blob") else value


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """An answer as the handler flattens it: `Buckets.0.Name`; dates and empty branches have no place in it."""
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _flat(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _flat(each, f"{path}.{index}" if path else str(index))
    elif not isinstance(value, datetime):
        yield path, value


def _is_not_emulated(error: Exception) -> bool:
    return isinstance(error, NotImplementedError) or _message_of(error) == "Not yet implemented"


def _name_of(error: Exception) -> str:
    code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
    modeled = type(error).__name__
    return code if modeled == "ClientError" else f"{modeled} {code}".strip()


def _message_of(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Message") or error)


@cache
def _services() -> dict[str, str]:
    import botocore.session

    return {_bare(name): name for name in botocore.session.get_session().get_available_services()}


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


# the JavaScript SDK's names that are not boto3's, without their hyphens: from the models' serviceId, and CDK's
# sdk-v2-to-v3.json in aws-cdk-lib 2.275.0
_OTHER_NAMES = {
    "applicationdiscoveryservice": "discovery",
    "augmentedairuntime": "sagemaker-a2i-runtime",
    "cloudwatchevents": "events",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "cognitoidentityserviceprovider": "cognito-idp",
    "configservice": "config",
    "costandusagereportservice": "cur",
    "costexplorer": "ce",
    "databasemigrationservice": "dms",
    "directoryservice": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearchservice": "es",
    "eventbridge": "events",
    "forecastqueryservice": "forecastquery",
    "forecastservice": "forecast",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "kinesisvideosignalingchannels": "kinesis-video-signaling",
    "lexmodelbuildingservice": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntimeservice": "lex-runtime",
    "lexruntimev2": "lexv2-runtime",
    "marketplaceentitlementservice": "marketplace-entitlement",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "pinpointsmsvoice": "sms-voice",
    "rdsdataservice": "rds-data",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
    "simpledb": "sdb",
    "transcribeservice": "transcribe",
}
