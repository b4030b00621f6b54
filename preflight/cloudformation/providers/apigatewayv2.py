"""API Gateway's HTTP and WebSocket APIs: routes, integrations, stages, authorizers and domains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._openapi import READ_OF_HTTP, build_http, places
from preflight.cloudformation.providers._patch import Part
from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call, refusal


def _tags(path: str) -> Tags:
    arn = "arn:{partition}:apigateway:{region}::" + path
    return Tags(call("tag_resource", ResourceArn=arn), remove=call("untag_resource", ResourceArn=arn))


_IN_API = (
    "ApiKeySelectionExpression CorsConfiguration Description DisableExecuteApiEndpoint DisableSchemaValidation "
    "IpAddressType RouteSelectionExpression Version"
)


class Api(Table):
    """An HTTP or WebSocket API; a target makes it whole at once, a body in OpenAPI fills it."""

    type = "AWS::ApiGatewayV2::Api"
    service = "apigatewayv2"
    named = Name("Name", limit=128)
    makes = call("create_api", f"ProtocolType {_IN_API}", Name="{name}")
    then = (
        Setting(
            call("update_api", f"Name {_IN_API}", ApiId="{ref}"),
            otherwise={"Description": "", "DisableExecuteApiEndpoint": False},
            at_create=False,
        ),
    )
    in_place = frozenset({"CorsConfiguration"})
    drops = "BasePath FailOnWarnings"
    tags = _tags("/apis/{ref}")
    ref = "ApiId"
    attributes = (
        "ApiId={ref} ApiEndpoint=ApiEndpoint ExecuteApiArn=arn:{partition}:execute-api:{region}:{account}:{ref}"
    )
    describes = call("get_api", ApiId="{ref}")
    unmakes = call("delete_api", ApiId="{ref}")
    reads = (call("get_api", ApiId="{ref}"), call("get_integrations", ApiId="{ref}"), call("get_routes", ApiId="{ref}"))

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The API, and the body when every route of it is there."""
        answers = super().read(made, declared, context)
        document = _document(self.scope(made, declared, context))
        if answers and document:
            found = {each["RouteKey"] for each in answers[2]["Items"]}
            keys = {f"{method} {path}" if "$default" not in path else "$default" for path, method in places(document)}
            if keys <= found:
                answers.append({name: declared.peek(name) for name in ("Body", "BodyS3Location") if name in declared})
        return answers

    def refuse_drops(self, declared: Declared) -> None:
        """What of a body nobody reads."""
        super().refuse_drops(declared)
        body = declared.peek("Body")
        for name in body.keys() - READ_OF_HTTP if isinstance(body, Mapping) else ():
            declared["Body"].not_emulated(name)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """A document gives the name, and speaks of HTTP APIs alone."""
        arguments = super().arguments(scope)
        document = _document(scope)
        if document:
            arguments.setdefault("ProtocolType", "HTTP")
            if "Name" not in scope.declared:
                arguments["Name"] = document.get("info", {}).get("title") or arguments["Name"]
        elif "ProtocolType" not in arguments or "Name" not in scope.declared:
            lacking = "protocolType" if "ProtocolType" not in arguments else "name"
            raise refusal("BadRequestException", f"Invalid API definition: {lacking} is required", "CreateApi")
        return arguments

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Import the body, or make the route, integration and stage of a quick create."""
        document = _document(scope, take=True)
        if document:
            build_http(scope, document)
        elif "Target" in scope.declared:
            self._quick(scope)
        super().finish(scope, answer)

    def change(self, before: Scope, after: Scope) -> None:
        """Another body takes the place of the old one."""
        super().change(before, after)
        if "CorsConfiguration" in before.declared and "CorsConfiguration" not in after.declared:
            after.context.client("apigatewayv2").delete_cors_configuration(ApiId=after.ref)
        document = _document(after, take=True)
        if document and document != _document(before):
            build_http(after, document)
        target = after.declared.take("Target")
        if target and target != before.declared.peek("Target"):
            client = after.context.client("apigatewayv2")
            for each in client.get_integrations(ApiId=after.ref)["Items"]:
                if each.get("ApiGatewayManaged"):
                    given = {"IntegrationId": each["IntegrationId"], "IntegrationUri": target}
                    client.update_integration(ApiId=after.ref, **given)

    def _quick(self, scope: Scope) -> None:
        """Quick create: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html, 2026-11-22."""
        client, target = scope.context.client("apigatewayv2"), str(scope.declared.take("Target"))
        kind = "AWS_PROXY" if target.startswith("arn:") else "HTTP_PROXY"
        given: dict[str, Any] = {"IntegrationType": kind, "IntegrationUri": target}
        given["PayloadFormatVersion"] = "2.0" if kind == "AWS_PROXY" else "1.0"
        if kind == "HTTP_PROXY":
            given["IntegrationMethod"] = "ANY"
        if "CredentialsArn" in scope.declared:
            given["CredentialsArn"] = scope.declared.take("CredentialsArn")
        made = client.create_integration(ApiId=scope.ref, **given)["IntegrationId"]
        key = scope.declared.take("RouteKey", "$default")
        client.create_route(ApiId=scope.ref, RouteKey=key, Target=f"integrations/{made}")
        client.create_stage(ApiId=scope.ref, StageName="$default", AutoDeploy=True)


def _document(scope: Scope, *, take: bool = False) -> dict[str, Any] | None:
    import yaml

    read = scope.declared.take if take else scope.declared.peek
    place = read("BodyS3Location")
    if place:
        client = scope.context.client("s3")
        return dict(yaml.safe_load(client.get_object(Bucket=place["Bucket"], Key=place["Key"])["Body"].read()))
    body = read("Body")
    return yaml.safe_load(body) if isinstance(body, str) else body or None


_IN_ROUTE = (
    "ApiKeyRequired AuthorizationScopes AuthorizationType AuthorizerId ModelSelectionExpression OperationName "
    "RequestModels RequestParameters RouteKey RouteResponseSelectionExpression Target"
)


class Route(Part):
    """Which integration answers which requests."""

    type = "AWS::ApiGatewayV2::Route"
    addressed = "ApiId"
    service = "apigatewayv2"
    makes = call("create_route", f"ApiId {_IN_ROUTE}")
    then = (
        Setting(
            call("update_route", _IN_ROUTE, ApiId="{ApiId}", RouteId="{ref}"),
            otherwise={"AuthorizationType": "NONE", "ApiKeyRequired": False, "AuthorizationScopes": []},
            at_create=False,
        ),
    )
    ref = "RouteId"
    attributes = "RouteId={ref}"
    unmakes = call("delete_route", "ApiId", RouteId="{ref}")
    reads = (call("get_route", "ApiId", RouteId="{ref}"),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """No two routes of an API have one key; what a route points to must be there."""
        arguments = super().arguments(scope)
        client, api = scope.context.client("apigatewayv2"), arguments["ApiId"]
        for each in client.get_routes(ApiId=api)["Items"]:
            if each["RouteKey"] == arguments["RouteKey"] and each["RouteId"] != scope.ref:
                message = f"Route with key {arguments['RouteKey']} already exists for this API"
                raise refusal("ConflictException", message, "CreateRoute", status=409)
        target = str(arguments.get("Target", ""))
        if target.startswith("integrations/"):
            there = {each["IntegrationId"] for each in client.get_integrations(ApiId=api)["Items"]}
            if target.removeprefix("integrations/") not in there:
                message = f"Invalid target for route. Integration {target.removeprefix('integrations/')} does not exist"
                raise refusal("BadRequestException", message, "CreateRoute")
        return arguments


_IN_INTEGRATION = (
    "ConnectionId ConnectionType ContentHandlingStrategy CredentialsArn Description IntegrationMethod IntegrationType "
    "IntegrationUri PassthroughBehavior PayloadFormatVersion RequestParameters RequestTemplates "
    "TemplateSelectionExpression TimeoutInMillis TlsConfig"
)


class Integration(Part):
    """What answers a route."""

    type = "AWS::ApiGatewayV2::Integration"
    addressed = "ApiId"
    service = "apigatewayv2"
    makes = call("create_integration", f"ApiId IntegrationSubtype {_IN_INTEGRATION}")
    then = (
        Setting(
            call("update_integration", f"{_IN_INTEGRATION} IntegrationSubtype", ApiId="{ApiId}", IntegrationId="{ref}"),
            at_create=False,
        ),
    )
    ref = "IntegrationId"
    attributes = "IntegrationId={ref}"
    unmakes = call("delete_integration", "ApiId", IntegrationId="{ref}")
    reads = (call("get_integration", "ApiId", IntegrationId="{ref}"),)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The integration, its mapped responses as CloudFormation writes them."""
        answers = super().read(made, declared, context)
        for each in answers:
            each["ResponseParameters"] = {
                status: [{"Destination": to, "Source": source} for to, source in rows.items()]
                for status, rows in (each.get("ResponseParameters") or {}).items()
            }
        return answers

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """HTTP APIs need to be told the payload's format, and map responses by their status code."""
        arguments = super().arguments(scope)
        told = scope.declared.take("ResponseParameters")
        if told:
            arguments["ResponseParameters"] = _response_parameters(told)
        api = scope.context.client("apigatewayv2").get_api(ApiId=arguments["ApiId"])
        is_function = ":lambda:" in str(arguments.get("IntegrationUri", ""))
        if api["ProtocolType"] == "HTTP" and is_function and "PayloadFormatVersion" not in arguments:
            message = "PayloadFormatVersion is a required parameter for integration type AWS_PROXY"
            raise refusal("BadRequestException", message, "CreateIntegration")
        return arguments

    def change(self, before: Scope, after: Scope) -> None:
        """Responses are mapped anew with the rest."""
        super().change(before, after)
        told = after.declared.take("ResponseParameters")
        if told != before.declared.peek("ResponseParameters"):
            client = after.context.client("apigatewayv2")
            given = {"ApiId": after.declared["ApiId"], "IntegrationId": after.ref}
            client.update_integration(**given, ResponseParameters=_response_parameters(told or {}))


def _response_parameters(told: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """CloudFormation writes {status: {ResponseParameters: [{Destination, Source}]}}, the API {status: {to: from}}."""
    made: dict[str, dict[str, str]] = {}
    for status, each in told.items():
        rows = each.get("ResponseParameters", []) if isinstance(each, Mapping) else each
        if isinstance(rows, list):
            made[status] = {row["Destination"]: row["Source"] for row in rows}
        else:
            made[status] = dict(each)
    return made


_IN_STAGE = (
    "AccessLogSettings AutoDeploy ClientCertificateId DefaultRouteSettings DeploymentId Description RouteSettings "
    "StageVariables"
)


class Stage(Part):
    """A name under which an API is reached; `$default` needs none."""

    type = "AWS::ApiGatewayV2::Stage"
    addressed = "ApiId"
    service = "apigatewayv2"
    makes = call("create_stage", f"ApiId StageName {_IN_STAGE}")
    then = (
        Setting(
            call("update_stage", _IN_STAGE, ApiId="{ApiId}", StageName="{ref}"),
            otherwise={"Description": "", "RouteSettings": {}, "StageVariables": {}, "AutoDeploy": False},
            at_create=False,
        ),
    )
    tags = _tags("/apis/{ApiId}/stages/{ref}")
    ref = "StageName"
    unmakes = call("delete_stage", "ApiId", StageName="{ref}")
    reads = (call("get_stage", "ApiId", StageName="{ref}"),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """A stage deploys by itself, or is told which deployment; not both. No two have one name."""
        arguments = super().arguments(scope)
        client = scope.context.client("apigatewayv2")
        if arguments.get("AutoDeploy") and "DeploymentId" in arguments:
            raise refusal(
                "BadRequestException", "Deployment ID cannot be set when auto deploy is enabled", "CreateStage"
            )
        there = client.get_stages(ApiId=arguments["ApiId"])["Items"]
        if not scope.ref and arguments["StageName"] in {each["StageName"] for each in there}:
            raise refusal("ConflictException", "Stage already exists", "CreateStage", status=409)
        return arguments


class Deployment(Part):
    """A state of an API that stages can point to."""

    type = "AWS::ApiGatewayV2::Deployment"
    addressed = "ApiId"
    service = "apigatewayv2"
    makes = call("create_deployment", "ApiId Description StageName")
    then = (Setting(call("update_deployment", "Description", ApiId="{ApiId}", DeploymentId="{ref}"), at_create=False),)
    in_place = frozenset({"StageName"})
    ref = "DeploymentId"
    attributes = "DeploymentId={ref}"
    unmakes = call("delete_deployment", "ApiId", DeploymentId="{ref}")
    reads = (call("get_deployment", "ApiId", DeploymentId="{ref}"),)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """The stage it names points to it."""
        super().finish(scope, answer)
        stage = scope.declared.peek("StageName")
        if stage:
            client = scope.context.client("apigatewayv2")
            client.update_stage(ApiId=scope.declared["ApiId"], StageName=stage, DeploymentId=scope.ref)


_IN_AUTHORIZER = (
    "Name AuthorizerType AuthorizerCredentialsArn AuthorizerPayloadFormatVersion AuthorizerResultTtlInSeconds "
    "AuthorizerUri EnableSimpleResponses IdentitySource IdentityValidationExpression JwtConfiguration"
)


class Authorizer(Part):
    """Who decides whether a caller comes in."""

    type = "AWS::ApiGatewayV2::Authorizer"
    addressed = "ApiId"
    service = "apigatewayv2"
    makes = call("create_authorizer", f"ApiId {_IN_AUTHORIZER}")
    then = (Setting(call("update_authorizer", _IN_AUTHORIZER, ApiId="{ApiId}", AuthorizerId="{ref}"), at_create=False),)
    ref = "AuthorizerId"
    attributes = "AuthorizerId={ref}"
    unmakes = call("delete_authorizer", "ApiId", AuthorizerId="{ref}")
    reads = (call("get_authorizer", "ApiId", AuthorizerId="{ref}"),)


class DomainName(Table):
    """A domain of one's own."""

    type = "AWS::ApiGatewayV2::DomainName"
    service = "apigatewayv2"
    makes = call("create_domain_name", "DomainName DomainNameConfigurations MutualTlsAuthentication RoutingMode")
    then = (
        Setting(
            call(
                "update_domain_name", "DomainNameConfigurations MutualTlsAuthentication RoutingMode", DomainName="{ref}"
            ),
            at_create=False,
        ),
    )
    tags = _tags("/domainnames/{ref}")
    ref = "DomainName"
    attributes = (
        "DomainNameArn=arn:{partition}:apigateway:{region}::/domainnames/{ref} "
        "RegionalDomainName=DomainNameConfigurations[0].ApiGatewayDomainName "
        "RegionalHostedZoneId=DomainNameConfigurations[0].HostedZoneId"
    )
    describes = call("get_domain_name", DomainName="{ref}")
    unmakes = call("delete_domain_name", DomainName="{ref}")
    reads = (describes,)


class ApiMapping(Part):
    """Which API answers under which first part of a domain's path."""

    type = "AWS::ApiGatewayV2::ApiMapping"
    addressed = "DomainName"
    service = "apigatewayv2"
    makes = call("create_api_mapping", "ApiId ApiMappingKey DomainName Stage")
    then = (
        Setting(
            call("update_api_mapping", "ApiId ApiMappingKey Stage", DomainName="{DomainName}", ApiMappingId="{ref}"),
            otherwise={"ApiMappingKey": ""},
            at_create=False,
        ),
    )
    ref = "ApiMappingId"
    attributes = "ApiMappingId={ref}"
    unmakes = call("delete_api_mapping", "DomainName", ApiMappingId="{ref}")
    reads = (call("get_api_mapping", "DomainName", ApiMappingId="{ref}"),)


class VpcLink(Table):
    """A way into a VPC's subnets."""

    type = "AWS::ApiGatewayV2::VpcLink"
    service = "apigatewayv2"
    makes = call("create_vpc_link", "Name SecurityGroupIds SubnetIds")
    then = (Setting(call("update_vpc_link", "Name", VpcLinkId="{ref}"), at_create=False),)
    tags = _tags("/vpclinks/{ref}")
    ref = "VpcLinkId"
    attributes = "VpcLinkId={ref}"
    unmakes = call("delete_vpc_link", VpcLinkId="{ref}")
    reads = (call("get_vpc_link", VpcLinkId="{ref}"),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Its subnets and security groups must be there."""
        arguments = super().arguments(scope)
        ec2 = scope.context.client("ec2")
        ec2.describe_subnets(SubnetIds=arguments["SubnetIds"])
        if arguments.get("SecurityGroupIds"):
            ec2.describe_security_groups(GroupIds=arguments["SecurityGroupIds"])
        return arguments


class Model(Part):
    """The shape of a body, in JSON Schema."""

    type = "AWS::ApiGatewayV2::Model"
    addressed = "ApiId"
    service = "apigatewayv2"
    makes = call("create_model", "ApiId ContentType Description Name Schema")
    then = (
        Setting(
            call("update_model", "ContentType Description Name Schema", ApiId="{ApiId}", ModelId="{ref}"),
            at_create=False,
        ),
    )
    ref = "ModelId"
    attributes = "ModelId={ref}"
    unmakes = call("delete_model", "ApiId", ModelId="{ref}")
    reads = (call("get_model", "ApiId", ModelId="{ref}"),)


_IN_ROUTE_RESPONSE = "RouteResponseKey ModelSelectionExpression ResponseModels ResponseParameters"


class RouteResponse(Part):
    """What a route answers, in a WebSocket API."""

    type = "AWS::ApiGatewayV2::RouteResponse"
    addressed = "ApiId RouteId"
    service = "apigatewayv2"
    makes = call("create_route_response", f"ApiId RouteId {_IN_ROUTE_RESPONSE}")
    then = (
        Setting(
            call(
                "update_route_response",
                _IN_ROUTE_RESPONSE,
                ApiId="{ApiId}",
                RouteId="{RouteId}",
                RouteResponseId="{ref}",
            ),
            at_create=False,
        ),
    )
    ref = "RouteResponseId"
    attributes = "RouteResponseId={ref}"
    unmakes = call("delete_route_response", "ApiId RouteId", RouteResponseId="{ref}")
    reads = (call("get_route_response", "ApiId RouteId", RouteResponseId="{ref}"),)


_IN_INTEGRATION_RESPONSE = (
    "IntegrationResponseKey ContentHandlingStrategy ResponseParameters ResponseTemplates TemplateSelectionExpression"
)


class IntegrationResponse(Part):
    """What becomes of an integration's answer, in a WebSocket API."""

    type = "AWS::ApiGatewayV2::IntegrationResponse"
    addressed = "ApiId IntegrationId"
    service = "apigatewayv2"
    makes = call("create_integration_response", f"ApiId IntegrationId {_IN_INTEGRATION_RESPONSE}")
    then = (
        Setting(
            call(
                "update_integration_response",
                _IN_INTEGRATION_RESPONSE,
                ApiId="{ApiId}",
                IntegrationId="{IntegrationId}",
                IntegrationResponseId="{ref}",
            ),
            at_create=False,
        ),
    )
    ref = "IntegrationResponseId"
    attributes = "IntegrationResponseId={ref}"
    unmakes = call("delete_integration_response", "ApiId IntegrationId", IntegrationResponseId="{ref}")
    reads = (call("get_integration_response", "ApiId IntegrationId", IntegrationResponseId="{ref}"),)


class ApiGatewayManagedOverrides(Part):
    """Changes to the route, integration and stage of a quick create."""

    type = "AWS::ApiGatewayV2::ApiGatewayManagedOverrides"
    addressed = "ApiId"
    service = "apigatewayv2"
    named = Name("")
    ref = "{ApiId}"
    attributes = "Id={ApiId}"
    reads = (
        call("get_routes", "ApiId"),
        call("get_integrations", "ApiId"),
        call("get_stages", "ApiId"),
    )

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Change the three."""
        client, api = scope.context.client("apigatewayv2"), str(scope.declared.take("ApiId"))
        for part, items, name in (
            ("Route", client.get_routes, "RouteId"),
            ("Integration", client.get_integrations, "IntegrationId"),
            ("Stage", client.get_stages, "StageName"),
        ):
            told = scope.declared.take(part)
            if told:
                found = items(ApiId=api)["Items"]
                if not found:
                    raise refusal("NotFoundException", f"Unable to find {part} for API {api}", "UpdateApi", status=404)
                getattr(client, f"update_{part.lower()}")(ApiId=api, **{name: found[0][name]}, **told)

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """The same again."""
        self.finish(self.scope(made, declared, context), {})
        return made
