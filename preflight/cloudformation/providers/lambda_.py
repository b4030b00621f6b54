"""Lambda: functions and who may call them. What they are made of is kept here; `functions` runs them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import (
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    refusal,
)

_CONFIGURATION = (
    "Description DeadLetterConfig Environment EphemeralStorage FileSystemConfigs Handler ImageConfig "
    "KMSKeyArn=KmsKeyArn Layers LoggingConfig MemorySize Role Runtime SnapStart Timeout TracingConfig VpcConfig"
)


def zipped(source: str, runtime: str) -> bytes:
    """Inline source as CloudFormation packs it: one file named index, and the module to answer it with beside it.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html,
    checked_on 2026-11-22.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        # a fixed date, so that the same source is the same code
        python = runtime.startswith("python")
        files = {"index.py" if python else "index.js": source}
        if python and "cfnresponse" in source:
            files["cfnresponse.py"] = Path(__file__).with_name("_cfnresponse.py").read_text(encoding="utf-8")
        for file, text in files.items():
            name = zipfile.ZipInfo(file, (1980, 1, 1, 0, 0, 0))
            name.external_attr = 0o644 << 16
            archive.writestr(name, text)
    return packed.getvalue()


class Function(Table):
    """A function: its code, its configuration, and how many of it may run."""

    type = "AWS::Lambda::Function"
    service = "lambda"
    named = Name("FunctionName", limit=64)
    makes = call(
        "create_function",
        f"Code Architectures CodeSigningConfigArn PackageType {_CONFIGURATION}",
        FunctionName="{name}",
    )
    then = (
        Setting(
            call("update_function_configuration", _CONFIGURATION, FunctionName="{ref}"),
            otherwise={
                "Description": "",
                "Timeout": 3,
                "MemorySize": 128,
                "Environment": {"Variables": {}},
                "Layers": [],
                "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
                "TracingConfig": {"Mode": "PassThrough"},
                "DeadLetterConfig": {},
            },
            at_create=False,
        ),
        Setting(
            call("put_function_concurrency", "ReservedConcurrentExecutions", FunctionName="{ref}"),
            remove=call("delete_function_concurrency", FunctionName="{ref}"),
        ),
    )
    in_place = frozenset({"Code", "Architectures"})
    drops = "DeadLetterConfig LoggingConfig"
    tags = Tags(call("tag_resource", Resource="{made.Arn}"), remove=call("untag_resource", Resource="{made.Arn}"))
    ref = "{name}"
    attributes = "Arn=FunctionArn"
    unmakes = call("delete_function", FunctionName="{ref}")
    reads = (
        call("get_function", FunctionName="{ref}"),
        call("get_function_concurrency", FunctionName="{ref}"),
        call("list_tags", Resource="{made.Arn}"),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Inline source is packed."""
        arguments = super().arguments(scope)
        if "Code" in arguments:
            arguments["Code"] = self._code(arguments["Code"], scope)
        return arguments

    def change(self, before: Scope, after: Scope) -> None:
        """New code, then the configuration."""
        keys = ("Code", "Architectures")
        if any(before.declared.peek(key) != after.declared.peek(key) for key in keys):
            arguments = self.arguments(after)
            more = {"Architectures": arguments["Architectures"]} if "Architectures" in arguments else {}
            self.ask(after, "update_function_code", {"FunctionName": after.ref, **arguments["Code"], **more})
        super().change(before, after)

    def _code(self, code: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        if "ZipFile" not in code:
            _refuse_missing(code, scope)
            return dict(code)
        source = str(scope.declared.peek("Code")["ZipFile"])
        return {**code, "ZipFile": zipped(source, str(scope.declared.peek("Runtime", "")))}


def _refuse_missing(code: Mapping[str, Any], scope: Scope) -> None:
    """Lambda reads the code when the function is made; the emulated one minds a missing bucket only."""
    if "S3Key" not in code or "S3Bucket" not in code:
        return
    client = scope.context.client("s3")
    try:
        client.get_object(Bucket=code["S3Bucket"], Key=code["S3Key"], Range="bytes=0-0")
    except client.exceptions.NoSuchKey:
        message = "Error occurred while GetObject. S3 Error Code: NoSuchKey. "
        message += "S3 Error Message: The specified key does not exist."
        raise refusal("InvalidParameterValueException", message, "CreateFunction") from None
    except client.exceptions.NoSuchBucket:
        return


class Permission(Table):
    """A line of a function's resource policy."""

    type = "AWS::Lambda::Permission"
    service = "lambda"
    named = Name("", limit=100)
    makes = call(
        "add_permission",
        "Action EventSourceToken FunctionName FunctionUrlAuthType Principal PrincipalOrgID SourceAccount SourceArn "
        "InvokedViaFunctionUrl",
        StatementId="{name}",
    )
    ref = "{name}"
    attributes = "Id={name}"
    unmakes = call("remove_permission", FunctionName="{FunctionName}", StatementId="{ref}")

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The function's policy, whose text holds the statement."""
        return [context.client("lambda").get_policy(FunctionName=declared.peek("FunctionName"))]
