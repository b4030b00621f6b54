"""API Gateway's REST APIs: what they are made of, their stages, keys, plans and domains."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._openapi import READ_OF_REST, build_rest, places
from preflight.cloudformation.providers._patch import Part, Patch
from preflight.cloudformation.providers._table import (
    Call,
    Each,
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    is_gone,
    refusal,
)


def _tags(path: str) -> Tags:
    arn = "arn:{partition}:apigateway:{region}::" + path
    return Tags(call("tag_resource", resourceArn=arn), remove=call("untag_resource", resourceArn=arn))


class RestApi(Table):
    """A REST API; a body in OpenAPI becomes its resources, methods, models and authorizers."""

    type = "AWS::ApiGateway::RestApi"
    service = "apigateway"
    named = Name("Name", limit=128)
    makes = call(
        "create_rest_api",
        "description=Description apiKeySource=ApiKeySourceType binaryMediaTypes=BinaryMediaTypes policy=Policy "
        "minimumCompressionSize=MinimumCompressionSize disableExecuteApiEndpoint=DisableExecuteApiEndpoint "
        "endpointConfiguration=EndpointConfiguration version=Version securityPolicy=SecurityPolicy "
        "endpointAccessMode=EndpointAccessMode cloneFrom=CloneFrom",
        name="{name}",
    )
    then = (
        Patch(
            call(
                "update_rest_api",
                "name=Name description=Description apiKeySource=ApiKeySourceType binaryMediaTypes=BinaryMediaTypes "
                "policy=Policy minimumCompressionSize=MinimumCompressionSize version=Version "
                "disableExecuteApiEndpoint=DisableExecuteApiEndpoint securityPolicy=SecurityPolicy "
                "endpointAccessMode=EndpointAccessMode endpointConfiguration=EndpointConfiguration",
                restApiId="{ref}",
            ),
            whole="policy",
            flatten={"endpointConfiguration": lambda value: _endpoint(value)},
            otherwise={"apiKeySource": "HEADER", "disableExecuteApiEndpoint": "false"},
        ),
    )
    in_place = frozenset({"Body", "BodyS3Location", "Mode", "Parameters", "FailOnWarnings"})
    drops = "CloneFrom Mode FailOnWarnings"
    tags = _tags("/restapis/{ref}")
    ref = "id"
    attributes = "RestApiId={ref} RootResourceId=rootResourceId"
    describes = call("get_rest_api", restApiId="{ref}")
    unmakes = call("delete_rest_api", restApiId="{ref}")
    reads = (call("get_rest_api", restApiId="{ref}"),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """A body may give the name."""
        arguments = super().arguments(scope)
        document = self._document(scope)
        if document and "Name" not in scope.declared:
            arguments["name"] = document.get("info", {}).get("title") or arguments["name"]
        if arguments.get("policy"):
            _refuse_bad_policy(arguments["policy"])
        return arguments

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Import the body, then the rest."""
        document = self._document(scope, take=True)
        if document:
            build_rest(scope, document, str(scope.made.attributes["RootResourceId"]) if scope.made else "")
            kinds = scope.declared.take("Parameters", {}).get("endpointConfigurationTypes")
            if kinds:
                operation = {"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": str(kinds)}
                scope.context.client("apigateway").update_rest_api(restApiId=scope.ref, patchOperations=[operation])
        super().finish(scope, answer)

    def change(self, before: Scope, after: Scope) -> None:
        """Another body takes the place of the old one."""
        super().change(before, after)
        document = self._document(after, take=True)
        if document and document != self._document(before):
            client = after.context.client("apigateway")
            root = client.get_rest_api(restApiId=after.ref)["rootResourceId"]
            build_rest(after, document, root, anew=True)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The API, and the body when every path and method of it is there."""
        answers = super().read(made, declared, context)
        document = self._document(self.scope(made, declared, context))
        if answers and document:
            there = context.client("apigateway").get_resources(restApiId=made.physical_id, limit=500, embed=["methods"])
            found = {(each["path"], method) for each in there["items"] for method in each.get("resourceMethods", {})}
            if places(document) <= found:
                answers.append({name: declared.peek(name) for name in ("Body", "BodyS3Location") if name in declared})
                answers.append(
                    {"Parameters": {"endpointConfigurationTypes": answers[0]["endpointConfiguration"]["types"]}}
                )
        return answers

    def refuse_drops(self, declared: Declared) -> None:
        """What of a body, and of its import's parameters, nobody reads."""
        super().refuse_drops(declared)
        body, parameters = declared.peek("Body"), declared.peek("Parameters", {})
        for name in body.keys() - READ_OF_REST if isinstance(body, Mapping) else ():
            declared["Body"].not_emulated(name)
        for name in parameters.keys() - {"endpointConfigurationTypes"}:
            declared["Parameters"].not_emulated(name)

    def _document(self, scope: Scope, *, take: bool = False) -> dict[str, Any] | None:
        read = scope.declared.take if take else scope.declared.peek
        place = read("BodyS3Location")
        if place:
            import yaml

            client = scope.context.client("s3")
            held = client.get_object(Bucket=place["Bucket"], Key=place["Key"])["Body"].read()
            return dict(yaml.safe_load(held))
        body = read("Body")
        if isinstance(body, str):
            import yaml

            body = yaml.safe_load(body)
        return body or None


def _endpoint(value: Mapping[str, Any]) -> dict[str, str]:
    types = value.get("Types") or ["EDGE"]
    found = {"endpointConfiguration/types/" + types[0]: str(types[0])}
    if "IpAddressType" in value:
        found["endpointConfiguration/ipAddressType"] = str(value["IpAddressType"])
    return found


def _refuse_bad_policy(policy: str) -> None:
    from preflight.analysis.policy import MalformedPolicy, Policy

    try:
        Policy.read(policy, "the resource policy", "resource")
    except MalformedPolicy as error:
        raise refusal("BadRequestException", f"Invalid policy document: {error}", "CreateRestApi") from None


class Resource(Part):
    """A part of a path."""

    type = "AWS::ApiGateway::Resource"
    addressed = "RestApiId ParentId"
    service = "apigateway"
    makes = call("create_resource", "restApiId=RestApiId parentId=ParentId pathPart=PathPart")
    ref = "id"
    attributes = "ResourceId={ref}"
    unmakes = call("delete_resource", "restApiId=RestApiId", resourceId="{ref}")
    reads = (call("get_resource", "restApiId=RestApiId", resourceId="{ref}"),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """A parent has one child of a name, and one with a variable."""
        arguments = super().arguments(scope)
        client = scope.context.client("apigateway")
        part = arguments["pathPart"]
        for each in client.get_resources(restApiId=arguments["restApiId"], limit=500)["items"]:
            if each.get("parentId") != arguments["parentId"]:
                continue
            if each["pathPart"] == part:
                message = f"Another resource with the same parent already has this name: {part}"
                raise refusal("ConflictException", message, "CreateResource", status=409)
            if "{" in part and "{" in each["pathPart"] and "+" not in part + each["pathPart"]:
                message = "A sibling ({}) of this resource already has a variable path part -- only one is allowed"
                raise refusal("BadRequestException", message.format(each["pathPart"]), "CreateResource")
        return arguments


_OF_METHOD: dict[str, Any] = {"restApiId": "{RestApiId}", "resourceId": "{ResourceId}", "httpMethod": "{HttpMethod}"}
_IN_METHOD = " ".join(
    f"{name[0].lower()}{name[1:]}={name}"
    for name in (
        "ApiKeyRequired",
        "AuthorizationScopes",
        "AuthorizationType",
        "AuthorizerId",
        "OperationName",
        "RequestModels",
        "RequestParameters",
        "RequestValidatorId",
    )
)
_IN_INTEGRATION = " ".join(
    f"{name[0].lower()}{name[1:]}=Integration.{name}"
    for name in (
        "CacheKeyParameters",
        "CacheNamespace",
        "ConnectionId",
        "ConnectionType",
        "ContentHandling",
        "Credentials",
        "IntegrationTarget",
        "PassthroughBehavior",
        "RequestParameters",
        "RequestTemplates",
        "ResponseTransferMode",
        "TimeoutInMillis",
        "Type",
        "Uri",
    )
)


class _Responses(Each):
    """Responses, which one map can hold by their status code."""

    def _rendered(self, each_call: Call, table: Table, scope: Scope) -> list[dict[str, Any]]:
        found = super()._rendered(each_call, table, scope)
        return [{**each, "statusCode": str(each["statusCode"])} for each in found]


class Method(Part):
    """A method of a resource, with its integration and the responses of both."""

    type = "AWS::ApiGateway::Method"
    addressed = "RestApiId ResourceId"
    service = "apigateway"
    named = Name("")
    makes = call("put_method", _IN_METHOD, **_OF_METHOD)
    then = (
        _Responses(
            "MethodResponses",
            add=call(
                "put_method_response",
                responseModels="{item.ResponseModels}",
                responseParameters="{item.ResponseParameters}",
                statusCode="{item.StatusCode}",
                **_OF_METHOD,
            ),
            remove=call("delete_method_response", statusCode="{item.StatusCode}", **_OF_METHOD),
        ),
        Setting(
            call(
                "put_integration",
                f"integrationHttpMethod=Integration.IntegrationHttpMethod {_IN_INTEGRATION}",
                **_OF_METHOD,
            ),
            remove=call("delete_integration", **_OF_METHOD),
        ),
        _Responses(
            "Integration.IntegrationResponses",
            add=call(
                "put_integration_response",
                contentHandling="{item.ContentHandling}",
                responseParameters="{item.ResponseParameters}",
                responseTemplates="{item.ResponseTemplates}",
                selectionPattern="{item.SelectionPattern}",
                statusCode="{item.StatusCode}",
                **_OF_METHOD,
            ),
            remove=call("delete_integration_response", statusCode="{item.StatusCode}", **_OF_METHOD),
        ),
    )
    ref = "{name}"
    unmakes = call("delete_method", **_OF_METHOD)
    reads = (call("get_method", **_OF_METHOD),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Nobody in particular may call a method that does not say; an authorizer, a validator must be there."""
        arguments = {"authorizationType": "NONE", **super().arguments(scope)}
        client = scope.context.client("apigateway")
        api = arguments["restApiId"]
        kind = arguments["authorizationType"]
        if kind in ("CUSTOM", "COGNITO_USER_POOLS"):
            try:
                client.get_authorizer(restApiId=api, authorizerId=arguments.get("authorizerId", "none"))
            except client.exceptions.NotFoundException:
                message = "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or "
                message += "COGNITO_USER_POOLS requires a valid authorizer."
                raise refusal("BadRequestException", message, "PutMethod") from None
        if "requestValidatorId" in arguments:
            try:
                client.get_request_validator(restApiId=api, requestValidatorId=arguments["requestValidatorId"])
            except client.exceptions.ClientError as error:
                if not is_gone(error):
                    raise
                raise refusal(
                    "BadRequestException", "Invalid Request Validator identifier specified", "PutMethod"
                ) from None
        return arguments

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """A put method starts anew, with all that hangs on it."""
        scope = self.scope(made, declared, context)
        self.ask(scope, "put_method", self.arguments(scope))
        self.finish(scope, {})
        return made


class Deployment(Part):
    """A snapshot of an API, and the stage it names."""

    type = "AWS::ApiGateway::Deployment"
    service = "apigateway"
    makes = call("create_deployment", "restApiId=RestApiId description=Description stageName=StageName")
    then = (
        Patch(
            call("update_deployment", "description=Description", restApiId="{RestApiId}", deploymentId="{ref}"),
        ),
    )
    drops = "DeploymentCanarySettings"
    in_place = frozenset({"StageName"})
    ref = "id"
    attributes = "DeploymentId={ref}"
    unmakes = call("delete_deployment", "restApiId=RestApiId", deploymentId="{ref}")
    reads = (
        call("get_deployment", "restApiId=RestApiId", deploymentId="{ref}"),
        call("get_stages", "restApiId=RestApiId"),
    )

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """The stage it makes has settings of its own."""
        super().finish(scope, answer)
        described, stage = scope.declared.peek("StageDescription"), scope.declared.peek("StageName")
        if not stage or not described:
            return
        operations = _stage_operations(scope.declared["StageDescription"])
        scope.context.client("apigateway").update_stage(
            restApiId=scope.declared["RestApiId"], stageName=stage, patchOperations=operations
        ) if operations else None
        if "Tags" in described:
            scope.declared["StageDescription"].not_emulated("Tags")

    def clear(self, scope: Scope) -> None:
        """A stage that points to it goes first."""
        client = scope.context.client("apigateway")
        super().clear(scope)
        api = scope.declared.peek("RestApiId")
        for each in client.get_stages(restApiId=api)["item"]:
            if each["deploymentId"] == scope.ref:
                client.delete_stage(restApiId=api, stageName=each["stageName"])


_STAGE_PATHS = {
    "description": "Description",
    "variables": "Variables",
    "tracingEnabled": "TracingEnabled",
    "accessLogSettings": "AccessLogSetting",
    "cacheClusterEnabled": "CacheClusterEnabled",
    "cacheClusterSize": "CacheClusterSize",
    "clientCertificateId": "ClientCertificateId",
    "documentationVersion": "DocumentationVersion",
    "canarySettings": "CanarySetting",
}


def _stage_operations(described: Declared) -> list[dict[str, str]]:
    """A StageDescription as patch operations."""
    row = Patch(call("update_stage", " ".join(f"{path}={name}" for path, name in _STAGE_PATHS.items())))
    scope = Scope(described, None)  # type: ignore[arg-type]
    flat = {path: value for (path, _), value in row.values(scope).items()}
    flat.update(_method_settings(described.take("MethodSettings", [])))
    default = {f"*/*/{path}": name for path, name in _SETTING_PATHS.items()}
    for path, name in default.items():
        if name in described:
            flat[path] = str(described.take(name))
    return [{"op": "replace", "path": f"/{path}", "value": value} for path, value in flat.items()]


_SETTING_PATHS = {
    "metrics/enabled": "MetricsEnabled",
    "logging/loglevel": "LoggingLevel",
    "logging/dataTrace": "DataTraceEnabled",
    "throttling/burstLimit": "ThrottlingBurstLimit",
    "throttling/rateLimit": "ThrottlingRateLimit",
    "caching/enabled": "CachingEnabled",
    "caching/ttlInSeconds": "CacheTtlInSeconds",
    "caching/dataEncrypted": "CacheDataEncrypted",
}


def _method_settings(settings: list[Mapping[str, Any]]) -> dict[str, str]:
    """A stage's settings by the path that patches them; `/` inside a resource's path is written ~1, also by CDK."""
    found = {}
    for each in settings:
        resource = str(each.get("ResourcePath", "/*"))
        escaped = "*" if resource in ("/*", "*") else "~1" + resource.lstrip("/").removeprefix("~1").replace("/", "~1")
        for path, name in _SETTING_PATHS.items():
            if name in each:
                value = each[name]
                text = str(value).lower() if isinstance(value, bool) else str(value)
                found[f"{escaped}/{each.get('HttpMethod', '*')}/{path}"] = text
    return found


class Stage(Part):
    """A name under which a deployment is reached."""

    type = "AWS::ApiGateway::Stage"
    service = "apigateway"
    named = Name("StageName", limit=128)
    makes = call(
        "create_stage",
        "restApiId=RestApiId deploymentId=DeploymentId description=Description variables=Variables "
        "cacheClusterEnabled=CacheClusterEnabled cacheClusterSize=CacheClusterSize tracingEnabled=TracingEnabled "
        "documentationVersion=DocumentationVersion canarySettings=CanarySetting",
        stageName="{name}",
    )
    then = (
        Patch(
            call(
                "update_stage",
                " ".join(f"{path}={name}" for path, name in _STAGE_PATHS.items())
                + " deploymentId=DeploymentId methodSettings=MethodSettings",
                restApiId="{RestApiId}",
                stageName="{ref}",
            ),
            at_create="accessLogSettings clientCertificateId methodSettings",
            flatten={"methodSettings": _method_settings},
            otherwise={"tracingEnabled": "false", "cacheClusterEnabled": "false"},
        ),
    )
    tags = _tags("/restapis/{RestApiId}/stages/{ref}")
    ref = "{name}"
    unmakes = call("delete_stage", "restApiId=RestApiId", stageName="{ref}")
    reads = (call("get_stage", "restApiId=RestApiId", stageName="{ref}"),)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The stage, its settings with the path and method that their key is made of."""
        answers = super().read(made, declared, context)
        for each in answers:
            settings = each.get("methodSettings", {})
            each["methodSettings"] = [
                {
                    "ResourcePath": "/*" if place == "*" else [place.replace("~1", "/"), f"/{place}"],
                    "HttpMethod": method,
                    **told,
                }
                for (place, _, method), told in ((key.rpartition("/"), told) for key, told in settings.items())
            ]
        return answers

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The deployment must be there."""
        arguments = super().arguments(scope)
        client = scope.context.client("apigateway")
        there = {each["id"] for each in client.get_deployments(restApiId=arguments["restApiId"])["items"]}
        if arguments.get("deploymentId") not in there:
            raise refusal("BadRequestException", "Deployment id does not exist", "CreateStage")
        return arguments

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Logs need the account's role, as on AWS."""
        if "AccessLogSetting" in scope.declared or any(
            each.get("LoggingLevel", "OFF") != "OFF" for each in scope.declared.peek("MethodSettings", [])
        ):
            account = scope.context.client("apigateway").get_account()
            if not account.get("cloudwatchRoleArn"):
                message = "CloudWatch Logs role ARN must be set in account settings to enable logging"
                raise refusal("BadRequestException", message, "UpdateStage")
        super().finish(scope, answer)


class Model(Part):
    """The shape of a body, in JSON Schema."""

    type = "AWS::ApiGateway::Model"
    service = "apigateway"
    named = Name("Name", limit=64)
    makes = call("create_model", "restApiId=RestApiId description=Description schema=Schema", name="{name}")
    then = (
        Patch(
            call("update_model", "description=Description schema=Schema", restApiId="{RestApiId}", modelName="{ref}"),
            whole="schema",
        ),
    )
    ref = "{name}"
    unmakes = call("delete_model", "restApiId=RestApiId", modelName="{ref}")
    reads = (call("get_model", "restApiId=RestApiId", modelName="{ref}"),)

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """A model's name has letters and digits alone."""
        name = super().name_of(declared, context, made)
        return name if "Name" in declared else "".join(each for each in name if each.isalnum())

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Its content type is JSON's unless it says another."""
        content_type = scope.declared.take("ContentType", "application/json")
        return {**super().arguments(scope), "contentType": content_type}


class RequestValidator(Part):
    """What of a request is looked at before the integration sees it."""

    type = "AWS::ApiGateway::RequestValidator"
    service = "apigateway"
    named = Name("Name", limit=128)
    makes = call(
        "create_request_validator",
        "restApiId=RestApiId validateRequestBody=ValidateRequestBody "
        "validateRequestParameters=ValidateRequestParameters",
        name="{name}",
    )
    then = (
        Patch(
            call(
                "update_request_validator",
                "validateRequestBody=ValidateRequestBody validateRequestParameters=ValidateRequestParameters",
                restApiId="{RestApiId}",
                requestValidatorId="{ref}",
            ),
            otherwise={"validateRequestBody": "false", "validateRequestParameters": "false"},
        ),
    )
    ref = "id"
    attributes = "RequestValidatorId={ref}"
    unmakes = call("delete_request_validator", "restApiId=RestApiId", requestValidatorId="{ref}")
    reads = (call("get_request_validator", "restApiId=RestApiId", requestValidatorId="{ref}"),)


_IN_AUTHORIZER = (
    "name=Name type=Type authType=AuthType authorizerUri=AuthorizerUri authorizerCredentials=AuthorizerCredentials "
    "identitySource=IdentitySource identityValidationExpression=IdentityValidationExpression "
    "authorizerResultTtlInSeconds=AuthorizerResultTtlInSeconds providerARNs=ProviderARNs"
)


class Authorizer(Part):
    """Who decides whether a caller comes in."""

    type = "AWS::ApiGateway::Authorizer"
    service = "apigateway"
    makes = call("create_authorizer", f"restApiId=RestApiId {_IN_AUTHORIZER}")
    then = (Patch(call("update_authorizer", _IN_AUTHORIZER, restApiId="{RestApiId}", authorizerId="{ref}")),)
    ref = "id"
    attributes = "AuthorizerId={ref}"
    unmakes = call("delete_authorizer", "restApiId=RestApiId", authorizerId="{ref}")
    reads = (call("get_authorizer", "restApiId=RestApiId", authorizerId="{ref}"),)


class ApiKey(Table):
    """A key that a caller sends."""

    type = "AWS::ApiGateway::ApiKey"
    service = "apigateway"
    named = Name("Name", limit=128)
    makes = call(
        "create_api_key",
        "customerId=CustomerId description=Description enabled=Enabled generateDistinctId=GenerateDistinctId "
        "value=Value",
        name="{name}",
        stageKeys="{StageKeys}",
    )
    then = (
        Patch(
            call(
                "update_api_key",
                "customerId=CustomerId description=Description enabled=Enabled",
                apiKey="{ref}",
            ),
            otherwise={"enabled": "false"},
        ),
    )
    drops = "GenerateDistinctId"
    tags = _tags("/apikeys/{ref}")
    ref = "id"
    attributes = "APIKeyId={ref}"
    unmakes = call("delete_api_key", apiKey="{ref}")
    reads = (call("get_api_key", apiKey="{ref}", includeValue=True),)


class UsagePlan(Table):
    """How much the holders of some keys may ask of which stages."""

    type = "AWS::ApiGateway::UsagePlan"
    service = "apigateway"
    named = Name("UsagePlanName", limit=128)
    makes = call(
        "create_usage_plan", "apiStages=ApiStages description=Description quota=Quota throttle=Throttle", name="{name}"
    )
    tags = _tags("/usageplans/{ref}")
    in_place = frozenset({"UsagePlanName"})
    then = (
        Patch(
            call(
                "update_usage_plan",
                "name=UsagePlanName description=Description quota=Quota throttle=Throttle apiStages=ApiStages",
                usagePlanId="{ref}",
            ),
            flatten={"apiStages": lambda value: {}},
        ),
    )
    ref = "id"
    attributes = "Id={ref}"
    unmakes = call("delete_usage_plan", usagePlanId="{ref}")
    reads = (call("get_usage_plan", usagePlanId="{ref}"),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """A stage must be there to be in a plan."""
        arguments = super().arguments(scope)
        client = scope.context.client("apigateway")
        for each in arguments.get("apiStages", []):
            try:
                client.get_stage(restApiId=each["apiId"], stageName=each["stage"])
            except client.exceptions.NotFoundException:
                raise refusal("NotFoundException", f"API Stage not found: {each['apiId']}:{each['stage']}",
                              "CreateUsagePlan", status=404) from None  # fmt: skip
        return arguments

    def change(self, before: Scope, after: Scope) -> None:
        """Stages come and go one by one."""
        super().change(before, after)
        old, new = (self._stages(each) for each in (before, after))
        gone = [{"op": "remove", "path": "/apiStages", "value": each} for each in old if old[each] != new.get(each)]
        come = []
        for each in new:
            if old.get(each) != new[each]:
                come.append({"op": "add", "path": "/apiStages", "value": each})
                for path, limits in (new[each].get("Throttle") or {}).items():
                    for name, value in limits.items():
                        resource, _, method = path.rpartition("/")
                        limit = f"{resource.replace('/', '~1')}/{method}/{name[0].lower()}{name[1:]}"
                        place = f"/apiStages/{each}/throttle/{limit}"
                        come.append({"op": "replace", "path": place, "value": str(value)})
        if gone or come:
            after.context.client("apigateway").update_usage_plan(usagePlanId=after.ref, patchOperations=[*gone, *come])

    @staticmethod
    def _stages(scope: Scope) -> dict[str, Any]:
        return {f"{each['ApiId']}:{each['Stage']}": each for each in scope.declared.take("ApiStages", [])}


class UsagePlanKey(Part):
    """A key that comes under a plan."""

    type = "AWS::ApiGateway::UsagePlanKey"
    addressed = "UsagePlanId KeyId"
    service = "apigateway"
    makes = call("create_usage_plan_key", "usagePlanId=UsagePlanId keyId=KeyId keyType=KeyType")
    ref = "{KeyId}:{UsagePlanId}"
    attributes = "Id={ref}"
    unmakes = call("delete_usage_plan_key", "usagePlanId=UsagePlanId keyId=KeyId")
    reads = (
        call("get_usage_plan_key", "usagePlanId=UsagePlanId keyId=KeyId"),
        call("get_usage_plan", "usagePlanId=UsagePlanId"),
    )


class DomainName(Table):
    """A domain of one's own."""

    type = "AWS::ApiGateway::DomainName"
    service = "apigateway"
    makes = call(
        "create_domain_name",
        "domainName=DomainName certificateArn=CertificateArn regionalCertificateArn=RegionalCertificateArn "
        "endpointConfiguration=EndpointConfiguration securityPolicy=SecurityPolicy "
        "endpointAccessMode=EndpointAccessMode mutualTlsAuthentication=MutualTlsAuthentication routingMode=RoutingMode "
        "ownershipVerificationCertificateArn=OwnershipVerificationCertificateArn",
    )
    then = (
        Patch(
            call(
                "update_domain_name",
                "certificateArn=CertificateArn regionalCertificateArn=RegionalCertificateArn "
                "securityPolicy=SecurityPolicy mutualTlsAuthentication=MutualTlsAuthentication routingMode=RoutingMode "
                "ownershipVerificationCertificateArn=OwnershipVerificationCertificateArn "
                "endpointAccessMode=EndpointAccessMode endpointConfiguration=EndpointConfiguration",
                domainName="{ref}",
            ),
            flatten={"endpointConfiguration": _endpoint},
        ),
    )
    tags = _tags("/domainnames/{ref}")
    ref = "domainName"
    attributes = (
        "DistributionDomainName=distributionDomainName DistributionHostedZoneId=distributionHostedZoneId "
        "RegionalDomainName=regionalDomainName RegionalHostedZoneId=regionalHostedZoneId "
        "DomainNameArn=arn:{partition}:apigateway:{region}::/domainnames/{ref}"
    )
    unmakes = call("delete_domain_name", domainName="{ref}")
    reads = (call("get_domain_name", domainName="{ref}"),)


class BasePathMapping(Part):
    """Which API answers under which first part of a domain's path."""

    type = "AWS::ApiGateway::BasePathMapping"
    addressed = "DomainName"
    service = "apigateway"
    makes = call("create_base_path_mapping", "domainName=DomainName basePath=BasePath restApiId=RestApiId stage=Stage")
    then = (
        Patch(
            call(
                "update_base_path_mapping",
                "restapiId=RestApiId stage=Stage",
                domainName="{DomainName}",
                basePath="{made.Path}",
            )
        ),
    )
    ref = "{DomainName}|{made.Path}"
    attributes = "Path=basePath"
    unmakes = call("delete_base_path_mapping", "domainName=DomainName", basePath="{made.Path}")
    reads = (call("get_base_path_mapping", "domainName=DomainName", basePath="{made.Path}"),)

    def create(self, declared: Declared, context: Context) -> Made:
        """Without a path of its own it is the domain's root."""
        answer = self.ask(
            Scope(declared, context), "create_base_path_mapping", self.arguments(Scope(declared, context))
        )
        path = answer["basePath"]
        return Made(f"{declared.peek('DomainName')}|{path}", {"Path": path})


class VpcLink(Table):
    """A way into a VPC, through a Network Load Balancer."""

    type = "AWS::ApiGateway::VpcLink"
    service = "apigateway"
    makes = call("create_vpc_link", "name=Name description=Description targetArns=TargetArns")
    then = (Patch(call("update_vpc_link", "name=Name description=Description", vpcLinkId="{ref}")),)
    tags = _tags("/vpclinks/{ref}")
    ref = "id"
    attributes = "VpcLinkId={ref}"
    unmakes = call("delete_vpc_link", vpcLinkId="{ref}")
    reads = (call("get_vpc_link", vpcLinkId="{ref}"),)


class GatewayResponse(Part):
    """What the API itself answers when it goes no further."""

    type = "AWS::ApiGateway::GatewayResponse"
    service = "apigateway"
    named = Name("")
    makes = call(
        "put_gateway_response",
        "restApiId=RestApiId responseType=ResponseType statusCode=StatusCode responseParameters=ResponseParameters "
        "responseTemplates=ResponseTemplates",
    )
    then = (
        Setting(
            call(
                "put_gateway_response",
                "restApiId=RestApiId responseType=ResponseType statusCode=StatusCode "
                "responseParameters=ResponseParameters responseTemplates=ResponseTemplates",
            ),
            at_create=False,
        ),
    )
    ref = "{name}"
    attributes = "Id={name}"
    unmakes = call("delete_gateway_response", "restApiId=RestApiId responseType=ResponseType")
    reads = (call("get_gateway_response", "restApiId=RestApiId responseType=ResponseType"),)


class Account(Table):
    """What holds for all APIs of the account in a Region: the role that writes their logs."""

    type = "AWS::ApiGateway::Account"
    service = "apigateway"
    named = Name("")
    then = (Patch(call("update_account", "cloudwatchRoleArn=CloudWatchRoleArn"), at_create="cloudwatchRoleArn"),)
    ref = "{name}"
    attributes = "Id={name}"
    reads = (call("get_account"),)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """API Gateway takes on the role, to see that it may."""
        role = scope.declared.peek("CloudWatchRoleArn")
        if role:
            iam = scope.context.client("iam")
            try:
                found = iam.get_role(RoleName=str(role).rpartition("/")[2])["Role"]
            except iam.exceptions.NoSuchEntityException:
                found = None
            if found is None or "apigateway.amazonaws.com" not in json.dumps(found["AssumeRolePolicyDocument"]):
                message = "The role ARN does not have required permissions configured. Please grant trust permission "
                message += "for API Gateway and add the required role policy."
                raise refusal("BadRequestException", message, "UpdateAccount")
        return {}


class ClientCertificate(Table):
    """A certificate by which a backend knows that API Gateway calls."""

    type = "AWS::ApiGateway::ClientCertificate"
    service = "apigateway"
    makes = call("generate_client_certificate", "description=Description")
    then = (Patch(call("update_client_certificate", "description=Description", clientCertificateId="{ref}")),)
    tags = _tags("/clientcertificates/{ref}")
    ref = "clientCertificateId"
    attributes = "ClientCertificateId={ref}"
    unmakes = call("delete_client_certificate", clientCertificateId="{ref}")
    reads = (call("get_client_certificate", clientCertificateId="{ref}"),)


class DocumentationPart(Part):
    """A piece of an API's documentation."""

    type = "AWS::ApiGateway::DocumentationPart"
    service = "apigateway"
    makes = call("create_documentation_part", "restApiId=RestApiId location=Location properties=Properties")
    then = (
        Patch(
            call(
                "update_documentation_part",
                "properties=Properties",
                restApiId="{RestApiId}",
                documentationPartId="{ref}",
            ),
            whole="properties",
        ),
    )
    ref = "id"
    attributes = "DocumentationPartId={ref}"
    unmakes = call("delete_documentation_part", "restApiId=RestApiId", documentationPartId="{ref}")
    reads = (call("get_documentation_part", "restApiId=RestApiId", documentationPartId="{ref}"),)


class DocumentationVersion(Part):
    """A version of an API's documentation."""

    type = "AWS::ApiGateway::DocumentationVersion"
    service = "apigateway"
    makes = call(
        "create_documentation_version",
        "restApiId=RestApiId documentationVersion=DocumentationVersion description=Description",
    )
    then = (
        Patch(
            call(
                "update_documentation_version",
                "description=Description",
                restApiId="{RestApiId}",
                documentationVersion="{ref}",
            )
        ),
    )
    ref = "{DocumentationVersion}"
    unmakes = call("delete_documentation_version", "restApiId=RestApiId documentationVersion=DocumentationVersion")
    reads = (call("get_documentation_version", "restApiId=RestApiId documentationVersion=DocumentationVersion"),)
