"""Lambda: functions with their versions, aliases, URLs and layers, who may call them, and what calls them.

Code is kept here and run by `functions`, Python's alone: other runtimes and container images are kept, and the ledger
says that they do not run.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made, Said
from preflight.cloudformation.providers._table import (
    Call,
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    passing_over_gone,
)

_CONFIGURATION = (
    "Description DeadLetterConfig Environment EphemeralStorage FileSystemConfigs Handler ImageConfig "
    "KMSKeyArn=KmsKeyArn Layers LoggingConfig MemorySize Role Runtime SnapStart Timeout TracingConfig VpcConfig"
)
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html: inline
# code finds a module of this name beside it; checked_on 2026-11-22
_CFNRESPONSE = '''\
"""Answers CloudFormation for a custom resource."""

import json

import urllib3

SUCCESS = "SUCCESS"
FAILED = "FAILED"

http = urllib3.PoolManager()


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    text = json.dumps(body)
    print("Response body:")
    print(text)
    try:
        headers = {"content-type": "", "content-length": str(len(text))}
        answer = http.request("PUT", event["ResponseURL"], headers=headers, body=text)
        print("Status code:", answer.status)
    except Exception as error:
        print("send(..) failed executing http.request(..):", error)
'''


def zipped(source: str, runtime: str) -> bytes:
    """Inline source as CloudFormation packs it: one file named index, and for Python `cfnresponse` beside it.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html,
    checked_on 2026-11-22.
    """
    is_python = runtime.startswith("python")
    files = {"index.py" if is_python else "index.js": source, **({"cfnresponse.py": _CFNRESPONSE} if is_python else {})}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, text in files.items():
            # a fixed date, so that the same source is the same code
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
        f"Code Architectures PackageType {_CONFIGURATION}",
        FunctionName="{name}",
    )
    then = (
        Setting(
            call("update_function_configuration", _CONFIGURATION, FunctionName="{ref}"),
            otherwise={
                "Description": "",
                "Timeout": 3,
                "MemorySize": 128,
                "EphemeralStorage": {"Size": 512},
                "Environment": {"Variables": {}},
                "Layers": [],
                "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
                "TracingConfig": {"Mode": "PassThrough"},
                "DeadLetterConfig": {},
                "SnapStart": {"ApplyOn": "None"},
                "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/{ref}"},
            },
            at_create=False,
        ),
        Setting(
            call("put_function_concurrency", "ReservedConcurrentExecutions", FunctionName="{ref}"),
            remove=call("delete_function_concurrency", FunctionName="{ref}"),
        ),
        Setting(
            call(
                "put_runtime_management_config",
                "UpdateRuntimeOn=RuntimeManagementConfig.UpdateRuntimeOn "
                "RuntimeVersionArn=RuntimeManagementConfig.RuntimeVersionArn",
                FunctionName="{ref}",
            ),
            otherwise={"UpdateRuntimeOn": "Auto"},
        ),
        Setting(
            call("put_function_recursion_config", "RecursiveLoop", FunctionName="{ref}"),
            otherwise={"RecursiveLoop": "Terminate"},
        ),
        Setting(
            call("put_function_code_signing_config", "CodeSigningConfigArn", FunctionName="{ref}"),
            remove=call("delete_function_code_signing_config", FunctionName="{ref}"),
        ),
    )
    in_place = frozenset({"Code", "Architectures"})
    # kept and told, and no file system is there when the function runs
    drops = "FileSystemConfigs Code.SourceKMSKeyArn Code.S3ObjectStorageMode LoggingConfig.SystemLogLevel"
    untold = "Code"
    tags = Tags(call("tag_resource", Resource="{made.Arn}"), remove=call("untag_resource", Resource="{made.Arn}"))
    ref = "{name}"
    attributes = (
        "Arn=FunctionArn SnapStartResponse=SnapStart SnapStartResponse.ApplyOn=SnapStart.ApplyOn "
        "SnapStartResponse.OptimizationStatus=SnapStart.OptimizationStatus"
    )
    unmakes = call("delete_function", FunctionName="{ref}")
    reads = (
        call("get_function", FunctionName="{ref}"),
        call("get_function_concurrency", FunctionName="{ref}"),
        call("list_tags", Resource="{made.Arn}"),
        call("get_runtime_management_config", FunctionName="{ref}"),
        call("get_function_recursion_config", FunctionName="{ref}"),
        call("get_function_code_signing_config", FunctionName="{ref}"),
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

    def refuse_drops(self, declared: Declared) -> None:
        """What is kept and does not run: other runtimes than Python, images, and layers of other accounts."""
        super().refuse_drops(declared)
        runtime, handler = str(declared.peek("Runtime", "")), str(declared.peek("Handler", ""))
        if "ImageUri" in declared.peek("Code", {}):
            declared.not_emulated("Code", "ImageConfig")
        # what CDK's own providers of this handler do is done without running them
        elif not runtime.startswith("python") and handler != "__entrypoint__.handler":
            declared.not_emulated("Runtime")

    def create(self, declared: Declared, context: Context) -> Made:
        """A layer of another account is nobody's here to run."""
        made = super().create(declared, context)
        _name_foreign_layers(declared, context)
        return made

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """As when it is made."""
        changed = super().update(made, declared, before, context)
        _name_foreign_layers(declared, context)
        return changed

    def _code(self, code: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        if "ZipFile" not in code:
            return dict(code)
        source = str(scope.declared.peek("Code")["ZipFile"])
        return {**code, "ZipFile": zipped(source, str(scope.declared.peek("Runtime", "")))}


def _name_foreign_layers(declared: Declared, context: Context) -> None:
    if any(each.split(":")[4:5] != [context.account] for each in declared.peek("Layers", [])):
        declared.not_emulated("Layers")


class _Provisioned(Setting):
    """So many environments ready beforehand; the function's name goes with it, and is not what is set."""

    @property
    def properties(self) -> frozenset[str]:
        """What is set."""
        return frozenset({"ProvisionedConcurrencyConfig"})


def _provisioned(qualifier: str) -> Setting:
    wanted = "ProvisionedConcurrentExecutions=ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions"
    return _Provisioned(
        call("put_provisioned_concurrency_config", f"FunctionName {wanted}", Qualifier=qualifier),
        remove=call("delete_provisioned_concurrency_config", "FunctionName", Qualifier=qualifier),
    )


class Version(Table):
    """A function as it is now, kept; without a change since the last version there is none to make."""

    type = "AWS::Lambda::Version"
    service = "lambda"
    makes = call("publish_version", "FunctionName CodeSha256 Description")
    then = (_provisioned("{made.Version}"),)
    tells = "RequestedProvisionedConcurrentExecutions=ProvisionedConcurrentExecutions"
    ref = "FunctionArn"
    attributes = "FunctionArn={ref} Version=Version"
    unmakes = call("delete_function", FunctionName="{ref}")
    reads = (
        call("get_function_configuration", FunctionName="{ref}"),
        call("list_provisioned_concurrency_configs", "FunctionName"),
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Publish, unless that would give a version that is there already."""
        function = scope.declared.peek("FunctionName")
        client = scope.context.client("lambda")
        before = {each["Version"] for each in client.list_versions_by_function(FunctionName=function)["Versions"]}
        answer = super().begin(scope)
        if answer["Version"] in before:
            raise Said(
                f"A version for this Lambda function exists ( {answer['Version']} ). "
                "Modify the function to create a new version."
            )
        return answer


class Alias(Table):
    """A name for a version, or for two of them by their weights."""

    type = "AWS::Lambda::Alias"
    service = "lambda"
    makes = call("create_alias", "FunctionName Name FunctionVersion Description")
    then = (
        Setting(
            call("update_alias", "FunctionName Name FunctionVersion Description"),
            otherwise={"Description": ""},
            at_create=False,
        ),
        _provisioned("{Name}"),
    )
    tells = "RequestedProvisionedConcurrentExecutions=ProvisionedConcurrentExecutions"
    ref = "AliasArn"
    attributes = "AliasArn={ref}"
    unmakes = call("delete_alias", "FunctionName Name")
    reads = (call("get_alias", "FunctionName Name"), call("list_provisioned_concurrency_configs", "FunctionName"))

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The weights, which the API takes by version."""
        arguments = super().arguments(scope)
        return {**arguments, "RoutingConfig": _weights(scope)} if "RoutingConfig" in scope.declared else arguments

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The alias, with the function that its ARN names, and its weights as they are declared."""
        told = super().read(made, declared, context)
        weights = (told[0].get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {} if told else {}
        rows = [{"FunctionVersion": version, "FunctionWeight": weight} for version, weight in weights.items()]
        return [*told, {"FunctionName": made.physical_id.split(":")[6]}, *rows]

    def change(self, before: Scope, after: Scope) -> None:
        """The version, then the weights."""
        super().change(before, after)
        weights = _weights(after)
        if weights != _weights(before):
            which = {name: after.declared.peek(name) for name in ("FunctionName", "Name")}
            self.ask(after, "update_alias", {**which, "RoutingConfig": weights})


def _weights(scope: Scope) -> dict[str, Any]:
    routing = scope.declared.take("RoutingConfig") or {}
    weights = routing.get("AdditionalVersionWeights") or []
    return {"AdditionalVersionWeights": {each["FunctionVersion"]: float(each["FunctionWeight"]) for each in weights}}


class Permission(Table):
    """A line of the resource policy of a function, a version or an alias."""

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
    # a key of the statement's condition
    tells = (
        "aws:SourceArn=SourceArn aws:SourceAccount=SourceAccount lambda:FunctionUrlAuthType=FunctionUrlAuthType "
        "lambda:InvokedViaFunctionUrl=InvokedViaFunctionUrl lambda:EventSourceToken=EventSourceToken"
    )

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The line of the function's policy, an account in it as the number it was declared by."""
        answer = context.client("lambda").get_policy(FunctionName=declared.peek("FunctionName"))
        lines = [each for each in json.loads(answer["Policy"])["Statement"] if each["Sid"] == made.physical_id]
        accounts = [{"Principal": str(line["Principal"]).partition("::")[2][:12]} for line in lines]
        return [{"FunctionName": declared.peek("FunctionName")}, *lines, *accounts]


class Url(Table):
    """A function's own HTTPS endpoint."""

    type = "AWS::Lambda::Url"
    service = "lambda"
    makes = call("create_function_url_config", "FunctionName=TargetFunctionArn Qualifier AuthType Cors InvokeMode")
    then = (
        Setting(
            call("update_function_url_config", "FunctionName=TargetFunctionArn Qualifier AuthType Cors InvokeMode"),
            otherwise={"Cors": {}, "InvokeMode": "BUFFERED"},
            at_create=False,
        ),
    )
    ref = "FunctionArn"
    attributes = "FunctionArn={ref} FunctionUrl=FunctionUrl"
    unmakes = call("delete_function_url_config", "FunctionName=TargetFunctionArn Qualifier")
    reads = (call("get_function_url_config", "FunctionName=TargetFunctionArn Qualifier"),)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The URL as it is told, and what it belongs to as the ARN says it."""
        words = made.physical_id.split(":")
        told = {"Qualifier": words[7] if len(words) > 7 else "", "FunctionArn": ":".join(words[:7]), "Name": words[6]}
        return [*super().read(made, declared, context), told]


class _WhatIsGone(Setting):
    """A setting whose parameters go back to what AWS takes, each where it is no longer declared."""

    def change(self, table: Table, before: Scope, after: Scope) -> None:
        """Send what has changed and what is no longer declared."""
        old, new = self.put.render(before, table.service), self.put.render(after, table.service)
        gone = {name: value for name, value in (self.otherwise or {}).items() if name in old and name not in new}
        changed = {name: value for name, value in new.items() if name in self.put.given or old.get(name) != value}
        if old != new:
            table.ask(after, self.put.operation, {**gone, **changed})


_MAPPING = (
    "FunctionName Enabled BatchSize FilterCriteria KMSKeyArn=KmsKeyArn MetricsConfig ScalingConfig "
    "MaximumBatchingWindowInSeconds ParallelizationFactor DestinationConfig MaximumRecordAgeInSeconds "
    "BisectBatchOnFunctionError MaximumRetryAttempts TumblingWindowInSeconds FunctionResponseTypes"
)


class EventSourceMapping(Table):
    """A function that reads from a queue or a stream; what it would read from Kafka, MQ or DocumentDB is recorded."""

    type = "AWS::Lambda::EventSourceMapping"
    service = "lambda"
    makes = call("create_event_source_mapping", f"EventSourceArn StartingPosition StartingPositionTimestamp {_MAPPING}")
    then = (
        _WhatIsGone(
            call("update_event_source_mapping", _MAPPING, UUID="{ref}"),
            otherwise={
                "Enabled": True,
                "BatchSize": 10,
                "FilterCriteria": {},
                "MaximumBatchingWindowInSeconds": 0,
                "ParallelizationFactor": 1,
                "DestinationConfig": {},
                "MaximumRecordAgeInSeconds": -1,
                "BisectBatchOnFunctionError": False,
                "MaximumRetryAttempts": -1,
                "TumblingWindowInSeconds": 0,
                "FunctionResponseTypes": [],
                "ScalingConfig": {},
            },
            at_create=False,
        ),
    )
    # read by nobody here; the metrics and the pollers are AWS's own
    drops = "MetricsConfig TumblingWindowInSeconds ScalingConfig ParallelizationFactor KmsKeyArn"
    # told as its state
    untold = "Enabled"
    tags = Tags(
        call("tag_resource", Resource="{made.EventSourceMappingArn}"),
        remove=call("untag_resource", Resource="{made.EventSourceMappingArn}"),
    )
    ref = "UUID"
    attributes = "Id={ref} EventSourceMappingArn=EventSourceMappingArn"
    unmakes = call("delete_event_source_mapping", UUID="{ref}")
    reads = (
        call("get_event_source_mapping", UUID="{ref}"),
        call("list_tags", Resource="{made.EventSourceMappingArn}"),
    )

    def create(self, declared: Declared, context: Context) -> Made:
        """Map what can be read from here."""
        if not _can_be_read(declared):
            return Made(context.name(), recorded=True)
        return super().create(declared, context)

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """As when it is made."""
        if not _can_be_read(declared):
            return made
        return super().update(made, declared, before, context)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """As when it is made."""
        if _can_be_read(declared):
            super().delete(made, declared, context)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The mapping, with the function's name as it was declared."""
        told = super().read(made, declared, context)
        return [*told, *({"FunctionName": each["FunctionArn"].split(":")[6]} for each in told[:1])]


def _can_be_read(declared: Declared) -> bool:
    source = str(declared.peek("EventSourceArn", ""))
    return source.split(":")[2:3] in (["sqs"], ["kinesis"], ["dynamodb"])


class LayerVersion(Table):
    """A layer's version; deleting it leaves it to the functions that have it."""

    type = "AWS::Lambda::LayerVersion"
    service = "lambda"
    named = Name("LayerName", limit=140)
    makes = call(
        "publish_layer_version",
        "Content Description CompatibleArchitectures CompatibleRuntimes LicenseInfo",
        LayerName="{name}",
    )
    ref = "LayerVersionArn"
    attributes = "LayerVersionArn={ref}"
    untold = "Content"

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Delete the version."""
        with passing_over_gone():
            context.client("lambda").delete_layer_version(**_version(made.physical_id))

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The version, and the layer's name."""
        which = _version(made.physical_id)
        with passing_over_gone():
            return [context.client("lambda").get_layer_version(**which), which]
        return []


class LayerVersionPermission(Table):
    """A line of a layer version's policy."""

    type = "AWS::Lambda::LayerVersionPermission"
    service = "lambda"
    named = Name("", limit=100)
    makes = call("add_layer_version_permission", "Action Principal OrganizationId", StatementId="{name}")
    ref = "{LayerVersionArn}#{name}"
    attributes = "Id={ref}"
    tells = "aws:PrincipalOrgID=OrganizationId"

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The layer and its version out of the ARN."""
        return {**super().arguments(scope), **_version(scope.declared.take("LayerVersionArn"))}

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Take the line away."""
        arn, _, sid = made.physical_id.partition("#")
        with passing_over_gone():
            context.client("lambda").remove_layer_version_permission(**_version(arn), StatementId=sid)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The version's policy."""
        return [context.client("lambda").get_layer_version_policy(**_version(made.physical_id.partition("#")[0]))]


def _version(arn: str) -> dict[str, Any]:
    layer, _, version = arn.rpartition(":")
    return {"LayerName": layer.rpartition(":")[2], "VersionNumber": int(version)}


def _invoke_config(operation: str) -> Call:
    return call(operation, "FunctionName Qualifier MaximumRetryAttempts MaximumEventAgeInSeconds DestinationConfig")


class EventInvokeConfig(Table):
    """How often an asynchronous invocation is tried again, and where its record goes."""

    type = "AWS::Lambda::EventInvokeConfig"
    service = "lambda"
    makes = _invoke_config("put_function_event_invoke_config")
    then = (Setting(_invoke_config("put_function_event_invoke_config"), at_create=False),)
    ref = "{FunctionName}|{Qualifier}"
    unmakes = call("delete_function_event_invoke_config", "FunctionName Qualifier")
    reads = (call("get_function_event_invoke_config", "FunctionName Qualifier"),)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The configuration, with the name and the qualifier that its ARN holds."""
        told = super().read(made, declared, context)
        return [
            *told,
            *(_named(each["FunctionArn"]) for each in told),
        ]


def _named(arn: str) -> dict[str, str]:
    name, qualifier = arn.split(":")[6:8]
    return {"FunctionName": name, "Qualifier": qualifier}


class CodeSigningConfig(Table):
    """Who must have signed a function's code; kept, and no signature is looked at."""

    type = "AWS::Lambda::CodeSigningConfig"
    service = "lambda"
    makes = call("create_code_signing_config", "AllowedPublishers CodeSigningPolicies Description")
    then = (
        Setting(
            call(
                "update_code_signing_config",
                "AllowedPublishers CodeSigningPolicies Description",
                CodeSigningConfigArn="{ref}",
            ),
            otherwise={"Description": "", "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"}},
            at_create=False,
        ),
    )
    ref = "CodeSigningConfig.CodeSigningConfigArn"
    attributes = "CodeSigningConfigArn={ref} CodeSigningConfigId=CodeSigningConfig.CodeSigningConfigId"
    unmakes = call("delete_code_signing_config", CodeSigningConfigArn="{ref}")
    reads = (call("get_code_signing_config", CodeSigningConfigArn="{ref}"),)
