"""REST APIs keep what they are told, part by part, and a deployment is a snapshot."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from preflight.clouds.gateways import gateways_corrected
from tests.cloudformation.providers.conftest import Bench

TAGS = [{"Key": "team", "Value": "triage"}]
URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:notes"


@pytest.fixture
def bench():
    from moto import mock_aws

    with gateways_corrected(), mock_aws():
        yield Bench()


@pytest.fixture
def api(bench):
    return bench.make("AWS::ApiGateway::RestApi", "Api", Name="notes", EndpointConfiguration={"Types": ["REGIONAL"]})


@pytest.fixture
def deployed(bench, api):
    mock = {"Type": "MOCK", "RequestTemplates": {"application/json": '{"statusCode": 200}'}}
    place = {"RestApiId": api.ref, "ResourceId": api["RootResourceId"]}
    bench.make("AWS::ApiGateway::Method", "Get", HttpMethod="GET", AuthorizationType="NONE", Integration=mock, **place)
    return bench.make("AWS::ApiGateway::Deployment", "Deployed", RestApiId=api.ref, Description="first")


def test_an_api_and_all_it_says_of_itself(bench):
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
        ],
    }
    made = bench.make(
        "AWS::ApiGateway::RestApi",
        "Api",
        Name="notes",
        Description="all notes",
        ApiKeySourceType="AUTHORIZER",
        BinaryMediaTypes=["image/png", "application/pdf"],
        MinimumCompressionSize=1024,
        DisableExecuteApiEndpoint=True,
        EndpointConfiguration={"Types": ["REGIONAL"]},
        Policy=policy,
        Tags=TAGS,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    changed = bench.change(
        made,
        Name="other",
        BinaryMediaTypes=["image/png", "image/gif"],
        EndpointConfiguration={"Types": ["EDGE"]},
        Tags=[{"Key": "team", "Value": "others"}],
    )
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    told = bench.client("apigateway").get_rest_api(restApiId=made.ref)
    assert (told["name"], told["apiKeySource"], told["disableExecuteApiEndpoint"]) == ("other", "HEADER", False)
    assert "description" not in told and "policy" not in told
    assert told["binaryMediaTypes"] == ["image/png", "image/gif"]
    assert told["tags"]["team"] == "others"
    bench.delete(changed)
    bench.delete(changed)
    assert bench.client("apigateway").get_rest_apis()["items"] == []


METHOD: dict[str, Any] = {
    "HttpMethod": "POST",
    "AuthorizationType": "NONE",
    "ApiKeyRequired": True,
    "OperationName": "AddNote",
    "RequestParameters": {"method.request.querystring.kind": True},
    "RequestModels": {"application/json": "Note"},
    "MethodResponses": [
        {
            "StatusCode": "200",
            "ResponseModels": {"application/json": "Empty"},
            "ResponseParameters": {"method.response.header.X-Kind": True},
        }
    ],
    "Integration": {
        "Type": "AWS",
        "IntegrationHttpMethod": "POST",
        "Uri": URI.format(FUNCTION),
        "PassthroughBehavior": "NEVER",
        "ContentHandling": "CONVERT_TO_TEXT",
        "TimeoutInMillis": 5000,
        "CacheKeyParameters": ["method.request.querystring.kind"],
        "CacheNamespace": "notes",
        "RequestTemplates": {"application/json": '{"kind": "$input.params(\'kind\')"}'},
        "IntegrationResponses": [
            {"StatusCode": "200", "ResponseTemplates": {"application/json": "$input.body"}},
            {
                "StatusCode": "400",
                "SelectionPattern": ".*Bad.*",
                "ResponseParameters": {"method.response.header.X-Kind": "'bad'"},
            },
        ],
    },
}


def test_a_method_with_its_integration(bench, api):
    resource = bench.make(
        "AWS::ApiGateway::Resource", "Notes", RestApiId=api.ref, ParentId=api["RootResourceId"], PathPart="notes"
    )
    assert (resource.unapplied, bench.lost(resource)) == ((), set())
    with pytest.raises(ClientError, match="already has this name"):
        bench.make(
            "AWS::ApiGateway::Resource", "Again", RestApiId=api.ref, ParentId=api["RootResourceId"], PathPart="notes"
        )
    place = {"RestApiId": api.ref, "ResourceId": resource.ref}
    made = bench.make("AWS::ApiGateway::Method", "Post", **place, **METHOD)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    less = {"HttpMethod": "POST", "AuthorizationType": "AWS_IAM", "Integration": {"Type": "MOCK"}}
    changed = bench.change(made, **place, **less)
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    told = bench.client("apigateway").get_method(restApiId=api.ref, resourceId=resource.ref, httpMethod="POST")
    assert not told["methodResponses"] and not told["methodIntegration"].get("integrationResponses")
    for thing in (changed, changed, resource, resource):
        bench.delete(thing)
    with pytest.raises(ClientError, match="valid authorizer"):
        bench.make(
            "AWS::ApiGateway::Method",
            "No",
            RestApiId=api.ref,
            ResourceId=api["RootResourceId"],
            HttpMethod="GET",
            AuthorizationType="CUSTOM",
            AuthorizerId="none",
        )


def test_a_stage_with_its_settings(bench, api, deployed):
    declared = {"RestApiId": api.ref, "StageName": "prod", "DeploymentId": deployed.ref}
    settings = [
        {
            "ResourcePath": "/*",
            "HttpMethod": "*",
            "ThrottlingRateLimit": 5,
            "ThrottlingBurstLimit": 2,
            "MetricsEnabled": True,
        },
        {"ResourcePath": "/notes/{id}", "HttpMethod": "GET", "ThrottlingRateLimit": 1, "CachingEnabled": True},
    ]
    made = bench.make(
        "AWS::ApiGateway::Stage",
        "Prod",
        **declared,
        Description="the one",
        Variables={"Table": "notes", "other": "1"},
        TracingEnabled=True,
        CacheClusterEnabled=True,
        CacheClusterSize="0.5",
        MethodSettings=settings,
        Tags=TAGS,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    client = bench.client("apigateway")
    told = client.get_stage(restApiId=api.ref, stageName="prod")
    assert told["methodSettings"]["*/*"]["throttlingBurstLimit"] == 2
    assert told["methodSettings"]["~1notes~1{id}/GET"]["throttlingRateLimit"] == 1
    changed = bench.change(made, **declared, Variables={"Table": "more"}, MethodSettings=settings[:1])
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    told = client.get_stage(restApiId=api.ref, stageName="prod")
    assert (told["variables"], told["tracingEnabled"]) == ({"Table": "more"}, False)
    assert "team" not in told.get("tags", {})
    with pytest.raises(ClientError, match="CloudWatch Logs role ARN must be set"):
        bench.make(
            "AWS::ApiGateway::Stage",
            "No",
            **{**declared, "StageName": "no"},
            AccessLogSetting={
                "DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:a",
                "Format": "$context.requestId",
            },
        )
    with pytest.raises(ClientError, match="Deployment id does not exist"):
        bench.make("AWS::ApiGateway::Stage", "No", RestApiId=api.ref, StageName="no", DeploymentId="none")
    bench.delete(changed)
    bench.delete(changed)
    assert client.get_stages(restApiId=api.ref)["item"] == []
    bench.delete(deployed)
    bench.delete(deployed)


def test_logs_are_written_by_the_accounts_role(bench, api, deployed):
    trust = {
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ]
    }
    with pytest.raises(ClientError, match="does not have required permissions"):
        bench.make("AWS::ApiGateway::Account", "No", CloudWatchRoleArn="arn:aws:iam::123456789012:role/none")
    role = bench.make("AWS::IAM::Role", "Role", AssumeRolePolicyDocument={"Version": "2012-10-17", **trust})
    account = bench.make("AWS::ApiGateway::Account", "Account", CloudWatchRoleArn=role["Arn"])
    assert (account.unapplied, bench.lost(account)) == ((), set())
    log = {
        "DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:calls",
        "Format": '{"id": "$context.requestId"}',
    }
    made = bench.make(
        "AWS::ApiGateway::Stage",
        "Prod",
        RestApiId=api.ref,
        StageName="prod",
        DeploymentId=deployed.ref,
        AccessLogSetting=log,
    )
    assert made.unapplied == ()
    told = bench.client("apigateway").get_stage(restApiId=api.ref, stageName="prod")["accessLogSettings"]
    assert told == {"destinationArn": log["DestinationArn"], "format": log["Format"]}


PARTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "Model",
        {
            "Name": "Note",
            "ContentType": "application/json",
            "Description": "one",
            "Schema": {"type": "object", "title": "Note"},
        },
        {"Name": "Note", "ContentType": "application/json", "Schema": {"type": "array", "title": "Notes"}},
    ),
    (
        "RequestValidator",
        {"Name": "all", "ValidateRequestBody": True, "ValidateRequestParameters": True},
        {"Name": "all", "ValidateRequestBody": True},
    ),
    (
        "Authorizer",
        {
            "Name": "door",
            "Type": "TOKEN",
            "AuthType": "custom",
            "AuthorizerUri": URI.format(FUNCTION),
            "IdentitySource": "method.request.header.Authorization",
            "IdentityValidationExpression": "^Bearer .*",
            "AuthorizerResultTtlInSeconds": 60,
        },
        {
            "Name": "door",
            "Type": "TOKEN",
            "AuthorizerUri": URI.format(FUNCTION),
            "IdentitySource": "method.request.header.X-Token",
            "AuthorizerResultTtlInSeconds": 0,
        },
    ),
    (
        "Authorizer",
        {
            "Name": "pool",
            "Type": "COGNITO_USER_POOLS",
            "IdentitySource": "method.request.header.Authorization",
            "ProviderARNs": ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a"],
        },
        {
            "Name": "pool",
            "Type": "COGNITO_USER_POOLS",
            "IdentitySource": "method.request.header.Authorization",
            "ProviderARNs": ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_b"],
        },
    ),
    (
        "GatewayResponse",
        {
            "ResponseType": "UNAUTHORIZED",
            "StatusCode": "418",
            "ResponseTemplates": {"application/json": '{"no": true}'},
            "ResponseParameters": {"gatewayresponse.header.X-No": "'no'"},
        },
        {"ResponseType": "UNAUTHORIZED", "StatusCode": "401"},
    ),
    (
        "DocumentationPart",
        {"Location": {"Type": "METHOD", "Path": "/", "Method": "GET"}, "Properties": '{"description": "gets"}'},
        {"Location": {"Type": "METHOD", "Path": "/", "Method": "GET"}, "Properties": '{"description": "reads"}'},
    ),
    (
        "DocumentationVersion",
        {"DocumentationVersion": "1.0", "Description": "first"},
        {"DocumentationVersion": "1.0", "Description": "one"},
    ),
]


@pytest.mark.parametrize(("kind", "first", "then"), PARTS, ids=lambda each: each if isinstance(each, str) else "")
def test_the_parts_of_an_api(bench, api, kind, first, then):
    made = bench.make(f"AWS::ApiGateway::{kind}", "Part", RestApiId=api.ref, **first)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    changed = bench.change(made, RestApiId=api.ref, **then)
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    bench.delete(changed)
    bench.delete(changed)


ALONE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "ApiKey",
        {"Name": "one", "Value": "k" * 24, "Enabled": True, "Description": "a key", "CustomerId": "c1", "Tags": TAGS},
        {"Name": "one", "Value": "k" * 24, "Description": "still"},
    ),
    (
        "VpcLink",
        {
            "Name": "in",
            "Description": "inside",
            "Tags": TAGS,
            "TargetArns": ["arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/a/1"],
        },
        {"Name": "way", "TargetArns": ["arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/a/1"]},
    ),
    ("ClientCertificate", {"Description": "ours", "Tags": TAGS}, {"Description": "theirs"}),
    (
        "DomainName",
        {
            "DomainName": "api.clinic.example",
            "SecurityPolicy": "TLS_1_2",
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
            "RegionalCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/a",
            "Tags": TAGS,
        },
        {
            "DomainName": "api.clinic.example",
            "SecurityPolicy": "TLS_1_0",
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
            "RegionalCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/b",
        },
    ),
]


@pytest.mark.parametrize(("kind", "first", "then"), ALONE, ids=lambda each: each if isinstance(each, str) else "")
def test_what_stands_beside_the_apis(bench, kind, first, then):
    made = bench.make(f"AWS::ApiGateway::{kind}", "Part", **first)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    changed = bench.change(made, **then)
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    bench.delete(changed)
    bench.delete(changed)


def test_a_plan_its_key_and_a_mapping(bench, api, deployed):
    stage = bench.make("AWS::ApiGateway::Stage", "Prod", RestApiId=api.ref, StageName="prod", DeploymentId=deployed.ref)
    declared: dict[str, Any] = {"UsagePlanName": "silver", "Description": "some"}
    stages = [{"ApiId": api.ref, "Stage": "prod", "Throttle": {"/notes/GET": {"BurstLimit": 3, "RateLimit": 7}}}]
    plan = bench.make(
        "AWS::ApiGateway::UsagePlan",
        "Plan",
        **declared,
        ApiStages=stages,
        Tags=TAGS,
        Throttle={"RateLimit": 12, "BurstLimit": 4},
        Quota={"Limit": 900, "Period": "DAY", "Offset": 0},
    )
    assert plan.unapplied == () and bench.lost(plan) <= {"Quota.Offset=0"}
    changed = bench.change(plan, UsagePlanName="gold", ApiStages=[], Quota={"Limit": 1000, "Period": "MONTH"})
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    told = bench.client("apigateway").get_usage_plan(usagePlanId=plan.ref)
    assert not told["apiStages"] and not told.get("throttle")
    key = bench.make("AWS::ApiGateway::ApiKey", "Key", Enabled=True)
    joined = bench.make("AWS::ApiGateway::UsagePlanKey", "Join", KeyId=key.ref, KeyType="API_KEY", UsagePlanId=plan.ref)
    assert joined.unapplied == ()
    domain = bench.make("AWS::ApiGateway::DomainName", "Domain", DomainName="api.clinic.example")
    path = {"DomainName": domain.ref, "BasePath": "v1", "RestApiId": api.ref}
    mapping = bench.make("AWS::ApiGateway::BasePathMapping", "Map", **path, Stage="prod")
    assert (mapping.unapplied, bench.lost(mapping)) == ((), set())
    for thing in (mapping, mapping, domain, joined, joined, key, changed, changed, stage):
        bench.delete(thing)
    with pytest.raises(ClientError, match="API Stage not found"):
        bench.make("AWS::ApiGateway::UsagePlan", "No", ApiStages=[{"ApiId": api.ref, "Stage": "prod"}])


def test_a_body_in_openapi_becomes_an_api(bench):
    document = {
        "openapi": "3.0.1",
        "tags": [{"name": "ignored"}],
        "info": {"title": "from a document", "version": "1"},
        "x-amazon-apigateway-request-validators": {
            "all": {"validateRequestBody": True, "validateRequestParameters": True}
        },
        "x-amazon-apigateway-request-validator": "all",
        "paths": {
            "/notes/{id}": {
                "get": {
                    "parameters": [{"name": "id", "in": "path", "required": True}],
                    "security": [{"door": []}],
                    "responses": {"200": {"description": "one"}},
                    "x-amazon-apigateway-integration": {
                        "type": "aws_proxy",
                        "httpMethod": "POST",
                        "uri": URI.format(FUNCTION),
                    },
                },
                "x-amazon-apigateway-any-method": {
                    "x-amazon-apigateway-integration": {"type": "mock", "responses": {"default": {"statusCode": "204"}}}
                },
            }
        },
        "components": {
            "schemas": {"Note": {"type": "object"}},
            "securitySchemes": {
                "door": {
                    "type": "apiKey",
                    "name": "X-Token",
                    "in": "header",
                    "x-amazon-apigateway-authtype": "custom",
                    "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": URI.format(FUNCTION)},
                }
            },
        },
    }
    made = bench.make("AWS::ApiGateway::RestApi", "Api", Body=document)
    assert (made.unapplied, bench.lost(made)) == (("Body.tags",), set())
    client = bench.client("apigateway")
    assert client.get_rest_api(restApiId=made.ref)["name"] == "from a document"
    there = {each["path"]: each for each in client.get_resources(restApiId=made.ref)["items"]}
    assert set(there) == {"/", "/notes", "/notes/{id}"}
    get = client.get_method(restApiId=made.ref, resourceId=there["/notes/{id}"]["id"], httpMethod="GET")
    assert get["authorizationType"] == "CUSTOM" and get["requestValidatorId"] and get["authorizerId"]
    assert get["methodIntegration"]["type"] == "AWS_PROXY"
    assert set(there["/notes/{id}"]["resourceMethods"]) == {"GET", "ANY"}
    bench.change(made, Body={**document, "paths": {"/other": document["paths"]["/notes/{id}"]}})
    assert {each["path"] for each in client.get_resources(restApiId=made.ref)["items"]} == {"/", "/other"}


@pytest.mark.parametrize("path", ["/notes/{id}", "/~1notes~1{id}"])
def test_a_methods_settings_are_told_by_its_path_however_that_is_written(path):
    from preflight.cloudformation.providers.apigateway import _method_settings

    told = _method_settings([{"ResourcePath": path, "HttpMethod": "GET", "ThrottlingBurstLimit": 5}])
    assert told == {"~1notes~1{id}/GET/throttling/burstLimit": "5"}
