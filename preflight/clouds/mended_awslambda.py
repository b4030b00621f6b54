"""Lambda: what it keeps, counts and refuses, in moto's place where moto does not.

Words without a page are as AWS's clients report them.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import re
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

from preflight.clouds.lambda_settings import settings

# what GetFunctionConfiguration tells and moto does not keep
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
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, checked_on 2026-11-22
UNZIPPED_LIMIT = 262144000
VARIABLES_LIMIT = 4096
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, checked_on 2026-11-22
RESERVED = frozenset(
    [
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    ]
)


def mends() -> Iterator[tuple[Any, str, Any]]:
    """Everything that is put in moto's place, as (where, name, what)."""
    yield from _of_functions()
    yield from _of_code()
    yield from _of_versions()
    yield from _of_permissions()
    yield from _of_urls()
    yield from _of_invoke_configs()
    yield from _of_mappings()
    yield from settings()


def invalid(message: str) -> Exception:
    """Lambda's refusal of a parameter's value."""
    from moto.awslambda.exceptions import InvalidParameterValueException

    refused: Exception = InvalidParameterValueException(message)
    return refused


def _conflict(message: str) -> Exception:
    from moto.awslambda.exceptions import LambdaClientError

    refused: Any = LambdaClientError("ResourceConflictException", message)
    refused.code = 409
    return refused  # type: ignore[no-any-return]


def _of_functions() -> Iterator[tuple[Any, str, Any]]:
    from moto.awslambda.models import ImageConfig, LambdaBackend, LambdaFunction, LambdaStorage

    init, configuration = LambdaFunction.__init__, LambdaFunction.get_configuration
    update, code = LambdaFunction.update_configuration, LambdaFunction.get_code
    put, reserve = LambdaStorage.put_function, LambdaBackend.put_function_concurrency

    def __init__(self: Any, account_id: str, spec: dict[str, Any], region: str, version: Any = 1) -> None:
        for name, attribute in _KEPT.items():
            setattr(self, attribute, spec.get(name))
        self.preflight_invoke_configs, self.preflight_urls, self.preflight_layers = {}, {}, []
        _refuse_values(spec)
        if spec.get("PackageType", "Zip") == "Zip" and not (spec.get("Handler") and spec.get("Runtime")):
            raise invalid(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages."
            )
        init(self, account_id, spec, region, version)
        _refuse_network(self)
        _refuse_dead_letters(self)

    def get_configuration(self: Any, on_create: bool = False) -> dict[str, Any]:
        told: dict[str, Any] = configuration(self, on_create)
        told["LoggingConfig"] = {
            "LogFormat": "Text",
            "LogGroup": f"/aws/lambda/{self.function_name}",
            **(self.logging_config or {}),
        }
        for name in ("DeadLetterConfig", "FileSystemConfigs"):
            if getattr(self, _KEPT[name]):
                told[name] = getattr(self, _KEPT[name])
        if self.snap_start:
            wanted = self.snap_start["ApplyOn"]
            on = wanted != "None" and str(self.version) != "$LATEST"
            told["SnapStart"] = {"ApplyOn": wanted, "OptimizationStatus": "On" if on else "Off"}
        if told.get("VpcConfig"):
            told["VpcConfig"] = {**told["VpcConfig"], "VpcId": _vpc_of(self)}
        return told

    def update_configuration(self: Any, config_updates: dict[str, Any]) -> Any:
        if "Role" in config_updates:
            _refuse_role(config_updates["Role"])
        _refuse_values(config_updates)
        before = copy.copy(self.__dict__)
        try:
            for name, value in config_updates.items():
                if name in _CHANGED:
                    changed = value["Size"] if name == "EphemeralStorage" else value
                    setattr(self, _CHANGED[name], ImageConfig(value) if name == "ImageConfig" else changed)
            told = update(self, config_updates)
            _refuse_network(self)
            _refuse_dead_letters(self)
        except Exception:
            self.__dict__.update(before)
            raise
        return told

    def put_function(self: Any, fn: Any) -> None:
        if re.fullmatch(r"arn:[\w-]+:iam::\d{12}:role/.+", fn.role) and f":{self.account_id}:" in fn.role:
            _refuse_role(fn.role)
        put(self, fn)

    def get_code(self: Any) -> dict[str, Any]:
        told: dict[str, Any] = code(self)
        if self.reserved_concurrency == 0:
            told["Concurrency"] = {"ReservedConcurrentExecutions": 0}
        return told

    def put_function_concurrency(self: Any, function_name: str, reserved_concurrency: Any) -> Any:
        others = sum(
            int(each.reserved_concurrency or 0)
            for each in self.list_functions()
            if each.function_name != self.get_function(function_name).function_name
        )
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html, checked_on 2026-11-22
        if 1000 - others - int(reserved_concurrency) < 100:
            raise invalid(
                "Specified ReservedConcurrentExecutions for function decreases account's "
                "UnreservedConcurrentExecution below its minimum value of [100]."
            )
        return reserve(self, function_name, reserved_concurrency)

    yield LambdaFunction, "__init__", __init__
    yield LambdaFunction, "get_configuration", get_configuration
    yield LambdaFunction, "update_configuration", update_configuration
    yield LambdaFunction, "get_code", get_code
    yield LambdaStorage, "put_function", put_function
    yield LambdaBackend, "put_function_concurrency", put_function_concurrency


def _of_code() -> Iterator[tuple[Any, str, Any]]:
    from moto.awslambda import models

    function, layer = models.LambdaFunction, models.LayerVersion
    set_code, init_layer = function._set_function_code, layer.__init__

    def _set_function_code(self: Any, updated_spec: dict[str, Any]) -> None:
        if "Architectures" in updated_spec:
            self.architectures = updated_spec["Architectures"]
        if "S3Bucket" in updated_spec and not updated_spec.get("DryRun"):
            data = _object(self.account_id, self.partition, updated_spec)
            _refuse_archive(data)
            self.code = {name: value for name, value in updated_spec.items() if name.startswith("S3")}
            self.code_bytes, self.code_size, self.code_sha_256, self.code_digest = _digested(data)
            return
        # moto would have an image be there, or say what it is from its tag alone; both keep no bytes
        self.code_bytes = getattr(self, "code_bytes", b"")
        set_code(self, updated_spec)
        if "ZipFile" in updated_spec and not updated_spec.get("DryRun"):
            _refuse_archive(self.code_bytes)

    def _get_layers_data(self: Any, layers_versions_arns: list[str]) -> list[dict[str, Any]]:
        told, archives = [], []
        for arn in layers_versions_arns:
            words = arn.split(":")
            if len(words) != 8:
                raise invalid(f"1 validation error detected: Value '[{arn}]' at 'layers' is no layer version")
            held = None
            if words[4] == self.account_id:
                held = models.lambda_backends[self.account_id][words[3]].layers_versions_by_arn(arn)
                if held is None or words[3] != self.region:
                    raise invalid(f"Layer version {arn} does not exist.")
                archives.append(held.code_bytes)
            # another account's layer is taken on trust: nobody here can say what it holds
            told.append({"Arn": arn, "CodeSize": held.code_size if held is not None else 0})
        # a layer version that is deleted goes on for the functions that have it
        self.preflight_layers = archives
        return told

    def new_layer(self: Any, spec: dict[str, Any], account_id: str, region: str) -> None:
        init_layer(self, spec, account_id, region)
        if "S3Bucket" in spec["Content"]:
            data = _object(account_id, models.get_partition(region), spec["Content"])
            self.code_bytes, self.code_size, self.code_sha_256, self.code_digest = _digested(data)
        _refuse_archive(self.code_bytes)

    yield function, "_set_function_code", _set_function_code
    yield function, "_get_layers_data", _get_layers_data
    yield layer, "__init__", new_layer
    # the bucket and the key are looked for by ours
    yield models, "_validate_s3_bucket_and_key", lambda *_, **__: None


def _of_versions() -> Iterator[tuple[Any, str, Any]]:
    from moto.awslambda.models import LambdaBackend, LambdaStorage
    from moto.awslambda.responses import LambdaResponse

    put_alias, update_alias = LambdaStorage.put_alias, LambdaStorage.update_alias

    def publish_version(self: Any, name_or_arn: str, description: str = "") -> Any:
        function = self.get_function_by_name_or_arn_forbid_qualifier(name_or_arn)
        held = self._functions[function.function_name]
        published = held["versions"][-1] if held["versions"] else None
        # a version is what the code and the configuration were; without a change there is no new one
        state = _state(function)
        if published is not None and published.preflight_state == state:
            return published
        held["preflight_last"] = held.get("preflight_last", 0) + 1
        version = copy.copy(function)
        version.preflight_state = state
        version.set_version(held["preflight_last"])
        version.description = description or version.description
        held["versions"].append(version)
        self._arns[version.function_arn] = version
        return version

    def publish(self: Any) -> Any:
        name = unquote(self.path.split("/")[-2])
        function, asked = self.backend.get_function(name), self._get_param("CodeSha256")
        if asked and asked != function.code_sha_256:
            raise invalid(
                f"CodeSHA256 ({asked}) is different from current CodeSHA256 in $LATEST ({function.code_sha_256}). "
                "Please try again with the CodeSHA256 in $LATEST."
            )
        version = self.backend.publish_version(name, self._get_param("Description") or "")
        return 201, {"status": 201}, json.dumps(version.get_configuration())

    def delete_function(self: Any, function_name: str, qualifier: str | None = None) -> None:
        words = function_name.split(":")
        qualifier = qualifier or (words[-1] if len(words) in (2, 8) else None)
        function = self.get_function(function_name, qualifier)
        arn = f"arn:{function.partition}:lambda:{self.region_name}:{self.account_id}:function:{function.function_name}"
        aliases = self._lambdas._aliases[arn]
        using = [each.name for each in aliases.values() if qualifier and _uses(each, qualifier)]
        if using:
            raise _conflict(f"Version has been referenced by alias(es): {','.join(using)}")
        self._lambdas.del_function(function_name, qualifier)
        if not qualifier:
            aliases.clear()

    def with_checked_weights(make: Any) -> Any:
        def answer(
            self: Any, name: str, function_name: str, function_version: Any, description: Any, routing_config: Any
        ) -> Any:
            weights = (routing_config or {}).get("AdditionalVersionWeights") or {}
            for version in weights:
                self.get_function_by_name_or_arn_with_qualifier(function_name, version)
            if weights and "$LATEST" in (function_version, *weights):
                raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
            routing = routing_config if weights else {} if routing_config is not None else None
            return make(self, name, function_name, function_version, description, routing)

        return answer

    def list_versions_by_function(self: Any, name: str) -> Any:
        short = name.split(":")[6] if name.startswith("arn:") else name.split(":")[0]
        if short not in self._functions:
            raise self.construct_unknown_function_exception(short)
        latest = copy.copy(self._functions[short]["latest"])
        latest.function_arn += ":$LATEST"
        return [latest, *self._functions[short]["versions"]]

    yield LambdaStorage, "publish_version", publish_version
    yield LambdaStorage, "put_alias", with_checked_weights(put_alias)
    yield LambdaStorage, "update_alias", with_checked_weights(update_alias)
    yield LambdaStorage, "list_versions_by_function", list_versions_by_function
    yield LambdaBackend, "delete_function", delete_function
    yield LambdaResponse, "publish_version", publish


def _of_permissions() -> Iterator[tuple[Any, str, Any]]:
    from moto.awslambda.exceptions import GenericResourcNotFound
    from moto.awslambda.models import LambdaBackend, LayerVersion
    from moto.awslambda.policy import Policy

    def add_statement(self: Any, raw: str, qualifier: str | None = None) -> tuple[Any, str]:
        asked = json.loads(raw)
        on_layer = isinstance(self.parent, LayerVersion)
        arn = self.parent.arn if on_layer else _unqualified(self.parent.function_arn)
        resource = f"{arn}:{qualifier}" if qualifier and qualifier != "$LATEST" and not on_layer else arn
        sid = asked.get("StatementId") or str(uuid.uuid4())
        if any(each.get("Sid") == sid and each.get("Resource") == resource for each in self.statements):
            raise _conflict(
                f"The statement id ({sid}) provided already exists. Please provide a new statement id, or remove "
                "the existing statement."
            )
        statement = _statement(asked, sid, resource)
        self.statements.append(statement)
        self.revision = str(uuid.uuid4())
        return statement, self.revision

    def add_permission(self: Any, function_name: str, qualifier: str | None, raw: str) -> Any:
        words = function_name.split(":")
        qualifier = qualifier or (words[-1] if len(words) in (2, 8) else None)
        return self.get_function(function_name, qualifier).policy.add_statement(raw, qualifier)[0]

    def get_policy(self: Any, function_name: str, qualifier: str | None = None) -> str:
        words = function_name.split(":")
        qualifier = qualifier or (words[-1] if len(words) in (2, 8) else None)
        policy = self.get_function(function_name, qualifier).policy
        arn = _unqualified(policy.parent.function_arn)
        resource = f"{arn}:{qualifier}" if qualifier and qualifier != "$LATEST" else arn
        statements = [each for each in policy.statements if each["Resource"] == resource]
        if not statements:
            raise GenericResourcNotFound
        document = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
        return json.dumps({"Policy": json.dumps(document), "RevisionId": policy.revision})

    yield Policy, "add_statement", add_statement
    yield LambdaBackend, "add_permission", add_permission
    yield LambdaBackend, "get_policy", get_policy


def _of_urls() -> Iterator[tuple[Any, str, Any]]:
    """Function URLs, one for a function and one for each of its aliases."""
    from moto.awslambda.exceptions import GenericResourcNotFound
    from moto.awslambda.models import FunctionUrlConfig
    from moto.awslambda.responses import LambdaResponse

    def place(response: Any) -> tuple[Any, str, str]:
        name = unquote(response.path.rstrip("/").split("/")[-2])
        words = name.split(":")
        qualifier = response.querystring.get("Qualifier", [None])[0] or (words[-1] if len(words) in (2, 8) else "")
        short = words[6] if len(words) >= 7 else words[0]
        latest = response.backend.get_function(short)
        if qualifier:
            response.backend.get_alias(qualifier, short)
        arn = _unqualified(latest.function_arn)
        return latest, qualifier, f"{arn}:{qualifier}" if qualifier else arn

    def told(config: Any, arn: str) -> str:
        return json.dumps({name: value for name, value in {**config.to_dict(), "FunctionArn": arn}.items() if value})

    def create(self: Any) -> Any:
        latest, qualifier, arn = place(self)
        if qualifier in latest.preflight_urls:
            raise _conflict(f"Function URL config exists for this Lambda function: {arn}")
        config = FunctionUrlConfig(latest, self.json_body)
        # https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html, checked_on 2026-11-22
        config.url = f"https://{uuid.uuid4().hex}.lambda-url.{self.region}.on.aws/"
        config.qualifier = qualifier
        latest.preflight_urls[qualifier] = config
        if not qualifier:
            latest.url_config = config
        return 201, {"status": 201}, told(config, arn)

    def held(response: Any) -> tuple[Any, str, str, Any]:
        latest, qualifier, arn = place(response)
        config = latest.preflight_urls.get(qualifier)
        if config is None:
            raise GenericResourcNotFound
        return latest, qualifier, arn, config

    def get(self: Any) -> str:
        _, _, arn, config = held(self)
        return told(config, arn)

    def update(self: Any) -> str:
        _, _, arn, config = held(self)
        config.config.update(self.json_body)
        return told(config, arn)

    def delete(self: Any) -> Any:
        latest, qualifier, _, _ = held(self)
        del latest.preflight_urls[qualifier]
        if not qualifier:
            latest.url_config = None
        return 204, {"status": 204}, "{}"

    def to_dict(self: Any) -> dict[str, Any]:
        return {
            "FunctionUrl": self.url,
            "FunctionArn": self.function.function_arn + (f":{self.qualifier}" if self.qualifier else ""),
            "AuthType": self.config.get("AuthType"),
            "Cors": self.config.get("Cors"),
            "CreationTime": self.created,
            "LastModifiedTime": self.last_modified,
            "InvokeMode": self.config.get("InvokeMode") or "BUFFERED",
        }

    yield FunctionUrlConfig, "to_dict", to_dict
    yield LambdaResponse, "create_function_url_config", create
    yield LambdaResponse, "get_function_url_config", get
    yield LambdaResponse, "update_function_url_config", update
    yield LambdaResponse, "delete_function_url_config", delete


def _of_invoke_configs() -> Iterator[tuple[Any, str, Any]]:
    """How asynchronous invocations are tried again, by qualifier."""
    from moto.awslambda.exceptions import UnknownEventConfig
    from moto.awslambda.models import EventInvokeConfig
    from moto.awslambda.responses import LambdaResponse

    def place(response: Any) -> tuple[Any, dict[str, Any], str]:
        name = unquote(response.path.rstrip("/").removesuffix("/list").rsplit("/", 2)[1])
        qualifier = response.querystring.get("Qualifier", ["$LATEST"])[0]
        function = response.backend.get_function(name, qualifier if qualifier != "$LATEST" else None)
        latest = response.backend.get_function(function.function_name)
        return latest, latest.preflight_invoke_configs, qualifier

    def told(function: Any, qualifier: str, config: Mapping[str, Any]) -> dict[str, Any]:
        arn = f"{function.function_arn}:{qualifier}"
        # a number of seconds in this part of the API
        answer: dict[str, Any] = EventInvokeConfig(arn, function.last_modified, dict(config)).response()
        return {**answer, "LastModified": 0}

    def changing(*, keep: bool) -> Any:
        def change(self: Any) -> str:
            function, held, qualifier = place(self)
            config = {**(held.get(qualifier, {}) if keep else {}), **self.json_body}
            answer = told(function, qualifier, config)
            ends = [each.get("Destination") or "" for each in (config.get("DestinationConfig") or {}).values()]
            words = "The function's execution role does not have permissions to call {operation} on {arn}"
            _refuse_destinations(function, ends, words)
            held[qualifier] = config
            return json.dumps(answer)

        return change

    def there(response: Any) -> tuple[Any, dict[str, Any], str]:
        function, held, qualifier = place(response)
        if qualifier not in held:
            raise UnknownEventConfig(f"{function.function_arn}:{qualifier}")
        return function, held, qualifier

    def get(self: Any) -> str:
        function, held, qualifier = there(self)
        return json.dumps(told(function, qualifier, held[qualifier]))

    def delete(self: Any) -> Any:
        _, held, qualifier = there(self)
        del held[qualifier]
        return 204, {"status": 204}, ""

    def list_all(self: Any) -> str:
        function, held, _ = place(self)
        return json.dumps({"FunctionEventInvokeConfigs": [told(function, name, each) for name, each in held.items()]})

    yield LambdaResponse, "put_function_event_invoke_config", changing(keep=False)
    yield LambdaResponse, "update_function_event_invoke_config", changing(keep=True)
    yield LambdaResponse, "get_function_event_invoke_config", get
    yield LambdaResponse, "delete_function_event_invoke_config", delete
    yield LambdaResponse, "list_function_event_invoke_configs", list_all


def _of_mappings() -> Iterator[tuple[Any, str, Any]]:
    """A mapping to an alias goes where the alias goes, not where it went when the mapping was made."""
    from moto.awslambda.models import EventSourceMapping

    init = EventSourceMapping.__init__

    def __init__(self: Any, spec: dict[str, Any]) -> None:
        init(self, spec)
        words = str(spec["FunctionName"]).split(":")
        if len(words) in (2, 8):
            self.function_arn = f"{_unqualified(self.function_arn)}:{words[-1]}"

    yield EventSourceMapping, "__init__", __init__


def _statement(asked: Mapping[str, Any], sid: str, resource: str) -> dict[str, Any]:
    """The line of a resource policy that AddPermission writes.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html, checked_on 2026-11-22
    """
    principal: Any = str(asked.get("Principal", "*"))
    if principal.endswith((".amazonaws.com", ".amazon.com", ".amazonaws.com.cn")):
        principal = {"Service": principal}
    elif principal.isdigit() and len(principal) == 12:
        principal = {"AWS": f"arn:aws:iam::{principal}:root"}
    elif principal.startswith("arn:"):
        principal = {"AWS": principal}
    rows = (
        ("SourceArn", "ArnLike", "AWS:SourceArn"),
        ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
        ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
        ("OrganizationId", "StringEquals", "aws:PrincipalOrgID"),
        ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
        ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
        ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    )
    condition: dict[str, dict[str, str]] = {}
    for name, operator, key in rows:
        if name in asked:
            value = asked[name]
            condition.setdefault(operator, {})[key] = str(value).lower() if isinstance(value, bool) else str(value)
    made = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": asked.get("Action"), "Resource": resource}
    return {**made, "Condition": condition} if condition else made


def _state(function: Any) -> str:
    """What a version is a copy of."""
    told = function.get_configuration()
    for name in ("LastModified", "Version", "FunctionArn", "LastUpdateStatus"):
        told.pop(name, None)
    return json.dumps(told, sort_keys=True, default=str)


def _uses(alias: Any, version: str) -> bool:
    return version in (alias.function_version, *((alias.routing_config or {}).get("AdditionalVersionWeights") or {}))


def _unqualified(arn: str) -> str:
    return ":".join(arn.split(":")[:7])


def _object(account: str, partition: str, place: Mapping[str, Any]) -> bytes:
    """An archive from S3, or Lambda's words for why there is none."""
    from moto.s3.exceptions import MissingBucket, MissingKey
    from moto.s3.models import s3_backends

    failed = "Error occurred while GetObject. S3 Error Code:"
    try:
        found = s3_backends[account][partition].get_object(
            place["S3Bucket"], place["S3Key"], version_id=place.get("S3ObjectVersion")
        )
    except MissingBucket:
        found = None
        message = f"{failed} NoSuchBucket. S3 Error Message: The specified bucket does not exist"
        raise invalid(message) from None
    except MissingKey:
        found = None
    if found is None:
        raise invalid(f"{failed} NoSuchKey. S3 Error Message: The specified key does not exist.")
    data: bytes = found.value
    return data


def _digested(data: bytes) -> tuple[bytes, int, str, str]:
    digest = hashlib.sha256(data)
    return data, len(data), base64.b64encode(digest.digest()).decode(), digest.hexdigest()


def _refuse_archive(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(each.file_size for each in archive.infolist())
    except zipfile.BadZipFile:
        raise invalid("Could not unzip uploaded file. Please check your file, then try to upload again.") from None
    if size > UNZIPPED_LIMIT:
        raise invalid(f"Unzipped size must be smaller than {UNZIPPED_LIMIT} bytes")


@cache
def _runtimes() -> tuple[str, ...]:
    """Every runtime that botocore's model of Lambda knows."""
    import botocore.session

    shape: Any = botocore.session.get_session().get_service_model("lambda").shape_for("Runtime")
    return tuple(shape.enum)


def _refuse_values(spec: Mapping[str, Any]) -> None:
    """Numbers out of bounds, variables that are Lambda's own, and too many of them."""
    from moto.awslambda.exceptions import ValidationException

    timeout, memory = int(spec.get("Timeout") or 3), int(spec.get("MemorySize") or 128)
    if timeout > 900:
        raise ValidationException(str(timeout), "timeout", "Member must have value less than or equal to 900")
    if memory > 10240:
        raise invalid(
            "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240"
        )
    runtime = spec.get("Runtime")
    if runtime and runtime not in _runtimes():
        told = ", ".join(_runtimes())
        raise ValidationException(runtime, "runtime", f"Member must satisfy enum value set: [{told}] or be a valid ARN")
    variables = (spec.get("Environment") or {}).get("Variables") or {}
    failed = "Lambda was unable to configure your environment variables because the environment variables you have"
    used = sorted(RESERVED & {*variables})
    if used:
        raise invalid(
            f"{failed} provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(used)}"
        )
    measured = json.dumps(variables, separators=(",", ":"))
    if len(measured.encode()) > VARIABLES_LIMIT:
        raise invalid(f"{failed} provided exceeded the 4KB limit. String measured: {measured}")


def _refuse_role(arn: str) -> None:
    """A role that does not trust Lambda cannot be a function's."""
    from preflight.analysis.access import Principal, Request, decide
    from preflight.clouds.holders import trust_policy

    trust = trust_policy(arn)
    request = Request(Principal.of("service:lambda.amazonaws.com"), "sts:AssumeRole", arn, {})
    if trust is None or decide(request, resource_policy=trust).answer not in ("allowed", "depends"):
        raise invalid("The role defined for the function cannot be assumed by Lambda.")


def _refuse_network(function: Any) -> None:
    """A function in a VPC needs its subnets, its security groups, and a role that may make network interfaces.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html, checked_on 2026-11-22
    """
    config = function._vpc_config or {}
    subnets, groups = config.get("SubnetIds") or [], config.get("SecurityGroupIds") or []
    if not subnets and not groups:
        return
    from moto.ec2.models import ec2_backends

    ec2 = ec2_backends[function.account_id][function.region]
    known = {subnet for zone in ec2.subnets.values() for subnet in zone}
    for each in subnets:
        if each not in known:
            raise invalid(
                "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: "
                f"The subnet ID '{each}' does not exist"
            )
    for each in groups:
        if ec2.get_security_group_from_id(each) is None:
            raise invalid(
                "Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. EC2 Error "
                f"Message: The security group '{each}' does not exist"
            )
    if not _may(function.role, "ec2:CreateNetworkInterface"):
        raise invalid("The provided execution role does not have permissions to call CreateNetworkInterface on EC2")


def _refuse_dead_letters(function: Any) -> None:
    target = (function.dead_letter_config or {}).get("TargetArn")
    words = "The provided execution role does not have permissions to call {operation} on {service}"
    _refuse_destinations(function, [target] if target else [], words)


def _refuse_destinations(function: Any, destinations: Iterable[str], words: str) -> None:
    """Where failed events go is for the function's role to reach, which Lambda looks at beforehand."""
    actions = {
        "sqs": ("sqs:SendMessage", "SQS"),
        "sns": ("sns:Publish", "SNS"),
        "lambda": ("lambda:InvokeFunction", "Lambda"),
        "events": ("events:PutEvents", "EventBridge"),
    }
    for each in destinations:
        action, service = actions.get(each.split(":")[2] if each.count(":") >= 5 else "", ("", ""))
        if action and not _may(function.role, action, each):
            raise invalid(words.format(operation=action.split(":")[1], service=service, arn=each))


def _may(role: str, action: str, resource: str = "*") -> bool:
    from preflight.analysis.access import Request, decide
    from preflight.clouds.holders import caller_with, resource_policy

    caller = caller_with(role, "lambda", role.split(":")[4])
    if caller is None:
        return True
    decision = decide(
        Request(caller.principal, action, resource, {}),
        identity_policies=caller.policies,
        resource_policy=resource_policy(resource),
        boundaries=caller.boundaries,
    )
    return decision.answer in ("allowed", "depends")


def _vpc_of(function: Any) -> str:
    from moto.ec2.models import ec2_backends

    wanted = (function._vpc_config or {}).get("SubnetIds") or [""]
    zones = ec2_backends[function.account_id][function.region].subnets.values()
    return next((str(zone[wanted[0]].vpc_id) for zone in zones if wanted[0] in zone), "")
