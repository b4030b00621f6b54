"""HTTP and WebSocket APIs keep what they are told, part by part."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from preflight.clouds.gateways import gateways_corrected
from tests.cloudformation.providers.conftest import Bench

TAGS = {"team": "triage"}
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:notes"


@pytest.fixture
def bench():
    from moto import mock_aws

    with gateways_corrected(), mock_aws():
        yield Bench()


@pytest.fixture
def api(bench):
    return bench.make("AWS::ApiGatewayV2::Api", "Api", Name="notes", ProtocolType="HTTP")


@pytest.fixture
def integration(bench, api):
    return bench.make(
        "AWS::ApiGatewayV2::Integration",
        "To",
        ApiId=api.ref,
        IntegrationType="AWS_PROXY",
        IntegrationUri=FUNCTION,
        PayloadFormatVersion="2.0",
    )


def test_an_api_and_all_it_says_of_itself(bench):
    fixed = {"Name": "notes", "ProtocolType": "HTTP"}
    cors = {
        "AllowOrigins": ["https://clinic.example"],
        "AllowMethods": ["GET"],
        "AllowHeaders": ["x-kind"],
        "MaxAge": 60,
    }
    made = bench.make(
        "AWS::ApiGatewayV2::Api",
        "Api",
        **fixed,
        Description="all notes",
        Version="3",
        DisableExecuteApiEndpoint=True,
        IpAddressType="dualstack",
        CorsConfiguration=cors,
        Tags=TAGS,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert made["ApiEndpoint"] == f"https://{made.ref}.execute-api.us-east-1.amazonaws.com"
    changed = bench.change(made, **{**fixed, "Name": "other"})
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    told = bench.client("apigatewayv2").get_api(ApiId=made.ref)
    assert not told.get("CorsConfiguration") and not told["DisableExecuteApiEndpoint"] and "team" not in told["Tags"]
    bench.delete(changed)
    bench.delete(changed)
    assert bench.client("apigatewayv2").get_apis()["Items"] == []
    with pytest.raises(ClientError, match="is required"):
        bench.make("AWS::ApiGatewayV2::Api", "No", Name="notes")


def test_a_quick_create_is_whole_at_once(bench):
    made = bench.make("AWS::ApiGatewayV2::Api", "Api", Name="quick", ProtocolType="HTTP", Target=FUNCTION)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    client = bench.client("apigatewayv2")
    assert [each["RouteKey"] for each in client.get_routes(ApiId=made.ref)["Items"]] == ["$default"]
    assert [each["StageName"] for each in client.get_stages(ApiId=made.ref)["Items"]] == ["$default"]
    more = bench.make(
        "AWS::ApiGatewayV2::ApiGatewayManagedOverrides",
        "More",
        ApiId=made.ref,
        Stage={"DefaultRouteSettings": {"ThrottlingRateLimit": 7, "ThrottlingBurstLimit": 3}},
        Route={"AuthorizationType": "AWS_IAM"},
    )
    assert (more.unapplied, bench.lost(more)) == ((), set())


def test_a_route_and_its_integration(bench, api, integration):
    assert (integration.unapplied, bench.lost(integration)) == ((), set())
    fixed = {"ApiId": api.ref, "RouteKey": "GET /notes/{id}"}
    made = bench.make(
        "AWS::ApiGatewayV2::Route",
        "Route",
        **fixed,
        Target=f"integrations/{integration.ref}",
        AuthorizationType="AWS_IAM",
        OperationName="one",
        AuthorizationScopes=["notes/read"],
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    with pytest.raises(ClientError, match="already exists"):
        bench.make("AWS::ApiGatewayV2::Route", "Again", **fixed)
    with pytest.raises(ClientError, match="does not exist"):
        bench.make("AWS::ApiGatewayV2::Route", "No", ApiId=api.ref, RouteKey="GET /", Target="integrations/none")
    changed = bench.change(made, **{**fixed, "RouteKey": "POST /notes"}, Target=f"integrations/{integration.ref}")
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    told = bench.client("apigatewayv2").get_route(ApiId=api.ref, RouteId=made.ref)
    assert (told["AuthorizationType"], told["AuthorizationScopes"]) == ("NONE", [])
    others = bench.change(
        integration,
        ApiId=api.ref,
        IntegrationType="AWS_PROXY",
        IntegrationSubtype="SQS-SendMessage",
        PayloadFormatVersion="1.0",
        CredentialsArn="arn:aws:iam::123456789012:role/door",
        RequestParameters={"QueueUrl": "https://queue", "MessageBody": "$request.body"},
        ResponseParameters={
            "200": {
                "ResponseParameters": [{"Source": "$response.header.status", "Destination": "overwrite:statuscode"}]
            }
        },
        TimeoutInMillis=1000,
    )
    assert (others.unapplied, bench.lost(others)) == ((), set())
    for thing in (changed, changed, others, others):
        bench.delete(thing)
    with pytest.raises(ClientError, match="PayloadFormatVersion is a required parameter"):
        bench.make(
            "AWS::ApiGatewayV2::Integration", "No", ApiId=api.ref, IntegrationType="AWS_PROXY", IntegrationUri=FUNCTION
        )


PARTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "Stage",
        {
            "StageName": "prod",
            "AutoDeploy": True,
            "Description": "one",
            "StageVariables": {"table": "notes"},
            "Tags": TAGS,
            "DefaultRouteSettings": {
                "ThrottlingBurstLimit": 2,
                "ThrottlingRateLimit": 5.5,
                "DetailedMetricsEnabled": True,
            },
            "RouteSettings": {"GET /notes": {"ThrottlingBurstLimit": 1}},
            "AccessLogSettings": {
                "DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:a",
                "Format": "$context.requestId",
            },
        },
        {"StageName": "prod", "AutoDeploy": True, "DefaultRouteSettings": {"ThrottlingBurstLimit": 9}},
    ),
    (
        "Authorizer",
        {
            "Name": "jwt",
            "AuthorizerType": "JWT",
            "IdentitySource": ["$request.header.Authorization"],
            "JwtConfiguration": {"Audience": ["app"], "Issuer": "https://issuer.example"},
        },
        {
            "Name": "jwts",
            "AuthorizerType": "JWT",
            "IdentitySource": ["$request.querystring.token"],
            "JwtConfiguration": {"Audience": ["other"], "Issuer": "https://issuer.example"},
        },
    ),
    (
        "Authorizer",
        {
            "Name": "door",
            "AuthorizerType": "REQUEST",
            "AuthorizerUri": "arn:aws:apigateway:us-east-1:lambda:path/a",
            "AuthorizerPayloadFormatVersion": "2.0",
            "EnableSimpleResponses": True,
            "AuthorizerResultTtlInSeconds": 30,
            "IdentitySource": ["$request.header.X-Token"],
        },
        {
            "Name": "door",
            "AuthorizerType": "REQUEST",
            "AuthorizerUri": "arn:aws:apigateway:us-east-1:lambda:path/b",
            "AuthorizerPayloadFormatVersion": "1.0",
        },
    ),
    ("Deployment", {"Description": "first"}, {"Description": "second"}),
    (
        "Model",
        {"Name": "Note", "ContentType": "application/json", "Description": "one", "Schema": {"type": "object"}},
        {"Name": "Notes", "ContentType": "application/json", "Schema": {"type": "array"}},
    ),
]


@pytest.mark.parametrize(("kind", "first", "then"), PARTS, ids=lambda each: each if isinstance(each, str) else "")
def test_the_parts_of_an_api(bench, api, kind, first, then):
    made = bench.make(f"AWS::ApiGatewayV2::{kind}", "Part", ApiId=api.ref, **first)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    changed = bench.change(made, ApiId=api.ref, **then)
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    bench.delete(changed)
    bench.delete(changed)


def test_a_domain_a_mapping_and_a_way_into_a_vpc(bench, api):
    bench.make("AWS::ApiGatewayV2::Stage", "Prod", ApiId=api.ref, StageName="prod", AutoDeploy=True)
    certificate = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/a", "EndpointType": "REGIONAL"}
    domain = bench.make(
        "AWS::ApiGatewayV2::DomainName",
        "Domain",
        DomainName="api.clinic.example",
        DomainNameConfigurations=[certificate],
        Tags=TAGS,
    )
    assert (domain.unapplied, bench.lost(domain)) == ((), set())
    other = bench.change(
        domain, DomainName="api.clinic.example", DomainNameConfigurations=[{**certificate, "SecurityPolicy": "TLS_1_2"}]
    )
    assert (other.unapplied, bench.lost(other)) == ((), set())
    place = {"ApiId": api.ref, "DomainName": domain.ref, "Stage": "prod"}
    mapping = bench.make("AWS::ApiGatewayV2::ApiMapping", "Map", **place, ApiMappingKey="v1")
    assert (mapping.unapplied, bench.lost(mapping)) == ((), set())
    changed = bench.change(mapping, **place, ApiMappingKey="v2")
    assert bench.lost(changed) == set()
    ec2 = bench.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    link = bench.make("AWS::ApiGatewayV2::VpcLink", "Link", Name="in", SubnetIds=[subnet], Tags=TAGS)
    assert (link.unapplied, bench.lost(link)) == ((), set())
    named = bench.change(link, Name="way", SubnetIds=[subnet])
    assert bench.lost(named) == set()
    with pytest.raises(ClientError, match="subnet"):
        bench.make("AWS::ApiGatewayV2::VpcLink", "No", Name="in", SubnetIds=["subnet-00000000000000000"])
    for thing in (named, named, changed, changed, other, other):
        bench.delete(thing)


def test_a_websocket_api_and_its_answers(bench):
    api = bench.make(
        "AWS::ApiGatewayV2::Api",
        "Api",
        Name="chat",
        ProtocolType="WEBSOCKET",
        RouteSelectionExpression="$request.body.action",
        ApiKeySelectionExpression="$context.authorizer.usageIdentifierKey",
    )
    assert (api.unapplied, bench.lost(api)) == ((), set())
    to = bench.make(
        "AWS::ApiGatewayV2::Integration",
        "To",
        ApiId=api.ref,
        IntegrationType="MOCK",
        RequestTemplates={"200": '{"statusCode": 200}'},
        TemplateSelectionExpression="200",
        PassthroughBehavior="NEVER",
    )
    assert (to.unapplied, bench.lost(to)) == ((), set())
    route = bench.make(
        "AWS::ApiGatewayV2::Route",
        "Route",
        ApiId=api.ref,
        RouteKey="send",
        Target=f"integrations/{to.ref}",
        RouteResponseSelectionExpression="$default",
        ApiKeyRequired=True,
    )
    assert (route.unapplied, bench.lost(route)) == ((), set())
    said = bench.make(
        "AWS::ApiGatewayV2::RouteResponse",
        "Said",
        ApiId=api.ref,
        RouteId=route.ref,
        RouteResponseKey="$default",
        ResponseParameters={"route.response.header.x": {"Required": True}},
    )
    assert (said.unapplied, bench.lost(said)) == ((), set())
    back = bench.make(
        "AWS::ApiGatewayV2::IntegrationResponse",
        "Back",
        ApiId=api.ref,
        IntegrationId=to.ref,
        IntegrationResponseKey="/200/",
        ResponseTemplates={"200": "all is well"},
        TemplateSelectionExpression="200",
    )
    assert (back.unapplied, bench.lost(back)) == ((), set())
    changed = bench.change(back, ApiId=api.ref, IntegrationId=to.ref, IntegrationResponseKey="/400/")
    assert bench.lost(changed) == set()
    for thing in (changed, changed, said, said, route, to, api):
        bench.delete(thing)


def test_a_body_in_openapi_becomes_an_api(bench):
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": FUNCTION, "payloadFormatVersion": "2.0"}
    document: dict[str, Any] = {
        "openapi": "3.0.1",
        "tags": [{"name": "ignored"}],
        "info": {"title": "from a document"},
        "x-amazon-apigateway-cors": {"allowOrigins": ["*"]},
        "paths": {
            "/notes": {"get": {"security": [{"jwt": ["read"]}], "x-amazon-apigateway-integration": integration}},
            "/$default": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": integration}},
        },
        "components": {
            "securitySchemes": {
                "jwt": {
                    "type": "oauth2",
                    "x-amazon-apigateway-authorizer": {
                        "type": "jwt",
                        "identitySource": "$request.header.Authorization",
                        "jwtConfiguration": {"issuer": "https://issuer.example", "audience": ["app"]},
                    },
                }
            }
        },
    }
    made = bench.make("AWS::ApiGatewayV2::Api", "Api", Body=document)
    assert (made.unapplied, bench.lost(made)) == (("Body.tags",), set())
    client = bench.client("apigatewayv2")
    told = client.get_api(ApiId=made.ref)
    assert (told["Name"], told["CorsConfiguration"]["AllowOrigins"]) == ("from a document", ["*"])
    routes = {each["RouteKey"]: each for each in client.get_routes(ApiId=made.ref)["Items"]}
    assert set(routes) == {"GET /notes", "$default"}
    assert (routes["GET /notes"]["AuthorizationType"], routes["GET /notes"]["AuthorizationScopes"]) == ("JWT", ["read"])
