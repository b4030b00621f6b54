"""What Lambda keeps beside a function's configuration, and moto has no operations for.

Provisioned concurrency, runtime management, recursion and code signing are kept and told; the first two and the last
have no effect on how a function runs here.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

# where the requests of these operations come to, after the API's version
_PATHS = (
    "functions/(?P<function_name>[^/]+)/provisioned-concurrency",
    "functions/(?P<function_name>[^/]+)/runtime-management-config",
    "functions/(?P<function_name>[^/]+)/recursion-config",
    "code-signing-configs",
    "code-signing-configs/(?P<arn>[^/]+)",
)


def settings() -> Iterator[tuple[Any, str, Any]]:
    """The operations, as (where, name, what)."""
    from moto.awslambda import urls
    from moto.awslambda.responses import LambdaResponse

    dispatch = LambdaResponse.dispatch
    more = {"{0}/(?P<api_version>[^/]+)/" + path + "/?$": dispatch for path in _PATHS}
    yield urls, "url_paths", {**more, **urls.url_paths}
    for operation in (
        put_provisioned_concurrency_config,
        get_provisioned_concurrency_config,
        delete_provisioned_concurrency_config,
        list_provisioned_concurrency_configs,
        put_runtime_management_config,
        get_runtime_management_config,
        put_function_recursion_config,
        get_function_recursion_config,
        create_code_signing_config,
        get_code_signing_config,
        update_code_signing_config,
        delete_code_signing_config,
        list_code_signing_configs,
        put_function_code_signing_config,
        delete_function_code_signing_config,
    ):
        yield LambdaResponse, operation.__name__, operation


def put_provisioned_concurrency_config(self: Any) -> Any:
    """Keep so many environments ready, for a version or an alias.

    https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html, checked_on 2026-11-22
    """
    from preflight.clouds.mended_awslambda import invalid

    function, latest, qualifier = _place(self)
    if qualifier in ("", "$LATEST"):
        raise invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
    wanted = int(self.json_body["ProvisionedConcurrentExecutions"])
    held = _of(latest, "provisioned")
    others = sum(each for name, each in held.items() if name != qualifier)
    if latest.reserved_concurrency is not None and wanted + others > int(latest.reserved_concurrency):
        raise invalid(
            "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
        )
    held[qualifier] = wanted
    return 202, {"status": 202}, json.dumps(_provisioned(function, wanted))


def get_provisioned_concurrency_config(self: Any) -> Any:
    """How many are ready."""
    function, latest, qualifier = _place(self)
    held = _of(latest, "provisioned")
    if qualifier not in held:
        return _missing(
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
        )
    return json.dumps(_provisioned(function, held[qualifier]))


def delete_provisioned_concurrency_config(self: Any) -> Any:
    """Keep none ready."""
    _, latest, qualifier = _place(self)
    _of(latest, "provisioned").pop(qualifier, None)
    return 204, {"status": 204}, ""


def list_provisioned_concurrency_configs(self: Any) -> Any:
    """What is kept ready of a function."""
    function, latest, _ = _place(self)
    held = _of(latest, "provisioned").items()
    arn = ":".join(latest.function_arn.split(":")[:7])
    told = [{"FunctionArn": f"{arn}:{name}", **_provisioned(function, each)} for name, each in held]
    return json.dumps({"ProvisionedConcurrencyConfigs": told})


def put_runtime_management_config(self: Any) -> Any:
    """When the runtime is updated."""
    function, latest, qualifier = _place(self)
    _of(latest, "runtime")[qualifier] = self.json_body
    return json.dumps({"FunctionArn": function.function_arn, **self.json_body})


def get_runtime_management_config(self: Any) -> Any:
    """When the runtime is updated; on its own unless somebody said otherwise."""
    function, latest, qualifier = _place(self)
    held = _of(latest, "runtime").get(qualifier, {"UpdateRuntimeOn": "Auto"})
    return json.dumps({"FunctionArn": function.function_arn, **held})


def put_function_recursion_config(self: Any) -> Any:
    """Whether a loop through the function is ended."""
    _, latest, _ = _place(self)
    _of(latest, "recursion").update(self.json_body)
    return json.dumps(self.json_body)


def get_function_recursion_config(self: Any) -> Any:
    """Whether a loop through the function is ended."""
    _, latest, _ = _place(self)
    return json.dumps({"RecursiveLoop": "Terminate", **_of(latest, "recursion")})


def create_code_signing_config(self: Any) -> Any:
    """Who must have signed code."""
    config_id = f"csc-{uuid.uuid4().hex[:17]}"
    arn = f"arn:{self.backend.partition}:lambda:{self.region}:{self.current_account}:code-signing-config:{config_id}"
    made = {
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"},
        "Description": "",
        **{name: value for name, value in self.json_body.items() if name != "Tags"},
        "CodeSigningConfigId": config_id,
        "CodeSigningConfigArn": arn,
        "LastModified": "2026-01-01T00:00:00.000+0000",
    }
    _of(self.backend, "signing")[arn] = made
    return 201, {"status": 201}, json.dumps({"CodeSigningConfig": made})


def get_code_signing_config(self: Any) -> Any:
    """Who must have signed code."""
    held = _of(self.backend, "signing").get(_last(self))
    return json.dumps({"CodeSigningConfig": held}) if held else _no_signing()


def update_code_signing_config(self: Any) -> Any:
    """Change who must have signed code."""
    held = _of(self.backend, "signing").get(_last(self))
    if not held:
        return _no_signing()
    held.update(self.json_body)
    return json.dumps({"CodeSigningConfig": held})


def delete_code_signing_config(self: Any) -> Any:
    """Forget who must have signed code."""
    gone = _of(self.backend, "signing").pop(_last(self), None)
    return (204, {"status": 204}, "") if gone else _no_signing()


def list_code_signing_configs(self: Any) -> Any:
    """All of them."""
    return json.dumps({"CodeSigningConfigs": [*_of(self.backend, "signing").values()]})


def put_function_code_signing_config(self: Any) -> Any:
    """Have a function's code be signed."""
    _, latest, _ = _place(self)
    if self.json_body["CodeSigningConfigArn"] not in _of(self.backend, "signing"):
        return _missing("CodeSigningConfigNotFoundException", "The code signing configuration cannot be found.")
    latest.code_signing_config_arn = self.json_body["CodeSigningConfigArn"]
    return json.dumps(latest.get_function_code_signing_config())


def delete_function_code_signing_config(self: Any) -> Any:
    """No longer."""
    _, latest, _ = _place(self)
    latest.code_signing_config_arn = None
    return 204, {"status": 204}, ""


def _provisioned(function: Any, wanted: int) -> dict[str, Any]:
    return {
        "RequestedProvisionedConcurrentExecutions": wanted,
        "AvailableProvisionedConcurrentExecutions": wanted,
        "AllocatedProvisionedConcurrentExecutions": wanted,
        "Status": "READY",
        "LastModified": function.last_modified,
    }


def _place(response: Any) -> tuple[Any, Any, str]:
    """The version a request is about, the function's latest, and the qualifier."""
    name = unquote(response.path.rstrip("/").rsplit("/", 2)[1])
    words = name.split(":")
    qualifier = response.querystring.get("Qualifier", [""])[0] or (words[-1] if len(words) in (2, 8) else "")
    function = response.backend.get_function(name, qualifier or None)
    return function, response.backend.get_function(function.function_name), qualifier


def _of(owner: Any, what: str) -> dict[str, Any]:
    kept: dict[str, dict[str, Any]] = owner.__dict__.setdefault("preflight_settings", {})
    return kept.setdefault(what, {})


def _last(response: Any) -> str:
    return unquote(response.path.rstrip("/").rsplit("/", 1)[1])


def _no_signing() -> Any:
    return _missing("ResourceNotFoundException", "The code signing configuration cannot be found.")


def _missing(code: str, message: str) -> Any:
    headers = {"status": 404, "x-amzn-ErrorType": code}
    return 404, headers, json.dumps({"Type": "User", "Message": message, "message": message})
