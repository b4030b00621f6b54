"""A plain HTTP call gets the answer that API Gateway or a function URL would give."""

from __future__ import annotations

import hashlib
import http.server
import json
import re
import threading
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from preflight.checks import Stack
from preflight.clouds.offline import OfflineCloud
from preflight.template import Template

ECHO = """
import json
def handler(event, context):
    if event.get("rawPath", event.get("path", "")).endswith("/boom"):
        raise ValueError("boom")
    if event.get("rawPath", event.get("path", "")).endswith("/plain"):
        return {"plain": True}
    if event.get("rawPath", event.get("path", "")).endswith("/bad"):
        return {"statusCode": "many"}
    return {"statusCode": 201, "headers": {"X-Kind": "echo"}, "body": json.dumps(event)}
"""
DOOR = """
def handler(event, context):
    token = event.get("authorizationToken") or (event.get("headers") or {}).get("x-token") or ""
    if token == "nobody":
        raise Exception("Unauthorized")
    effect = "Allow" if token == "ana" else "Deny"
    here = event.get("methodArn") or event["routeArn"]
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": here}
    return {"principalId": "ana", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "context": {"ward": "7"}, "isAuthorized": token == "ana"}
"""


def function(name: str, source: str) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {
        f"{name}Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}},
        },
        name: {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Code": {"ZipFile": source},
                "Role": {"Fn::GetAtt": [f"{name}Role", "Arn"]},
            },
        },
    }


def permission(name: str) -> dict[str, Any]:
    properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": name},
        "Principal": "apigateway.amazonaws.com",
    }
    return {f"{name}May": {"Type": "AWS::Lambda::Permission", "Properties": properties}}


@pytest.fixture(scope="module")
def cloud():
    with OfflineCloud() as cloud:
        yield cloud


@pytest.fixture
def deployed(cloud):
    made: list[str] = []

    def deploy(**resources: Any) -> Stack:
        name = f"S{len(made)}"
        made.append(name)
        outputs = resources.pop("outputs", {})
        document = {"Resources": resources, "Outputs": {key: {"Value": each} for key, each in outputs.items()}}
        stack = cloud.deploy_template(name, Template(document))
        return Stack(cloud.deployment(stack))

    yield deploy
    cloud.reset()


def http_api(*routes: tuple[str, str], **more: Any) -> dict[str, Any]:
    """An HTTP API with routes to functions, each (route key, function), payload format 2.0."""
    resources: dict[str, Any] = {
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"Name": "notes", "ProtocolType": "HTTP", **more.pop("api", {})},
        },
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "StageName": "$default",
                "AutoDeploy": True,
                **more.pop("stage", {}),
            },
        },
    }
    version = more.pop("version", "2.0")
    for index, (key, target) in enumerate(routes):
        resources[f"To{index}"] = {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "PayloadFormatVersion": version,
                "IntegrationUri": {"Fn::GetAtt": [target, "Arn"]},
            },
        }
        resources[f"Route{index}"] = {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "RouteKey": key,
                "Target": {"Fn::Join": ["/", ["integrations", {"Ref": f"To{index}"}]]},
                **more.get("route", {}),
            },
        }
    resources["outputs"] = {"Url": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}
    return resources


def test_an_http_apis_routes_and_payload(deployed):
    keys = (
        "GET /notes/{id}",
        "ANY /notes/{rest+}",
        "GET /notes/own",
        "ANY /a/b/{rest+}",
        "ANY /{a}/b/{c}",
        "$default",
    )
    routes = [(key, "Echo") for key in keys]
    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **http_api(*routes))
    url = stack.output("Url")

    def key_of(method: str, path: str) -> str:
        return str(stack.http(method, url + path).json()["routeKey"])

    answer = stack.http("POST", f"{url}/notes/7?kind=a&kind=b", {"X-Two": "1", "Cookie": "a=1; b=2"}, {"text": "é"})
    assert (answer.status, answer.headers["x-kind"]) == (201, "echo")
    event = answer.json()
    assert event["version"] == "2.0" and event["routeKey"] == "ANY /notes/{rest+}"
    assert event["pathParameters"] == {"rest": "7"} and event["queryStringParameters"] == {"kind": "a,b"}
    assert event["cookies"] == ["a=1", "b=2"] and event["headers"]["x-two"] == "1" and "cookie" not in event["headers"]
    assert json.loads(event["body"]) == {"text": "é"} and event["isBase64Encoded"] is False
    assert event["requestContext"]["http"]["method"] == "POST" and event["requestContext"]["stage"] == "$default"
    assert key_of("GET", "/notes/7") == "GET /notes/{id}"
    assert key_of("GET", "/notes/own") == "GET /notes/own"
    assert key_of("GET", "/notes/7/more") == "ANY /notes/{rest+}"
    assert key_of("GET", "/a/b/c") == "ANY /{a}/b/{c}" and key_of("GET", "/a/b/c/d") == "ANY /a/b/{rest+}"
    assert key_of("GET", "/") == "$default"
    binary = stack.http("POST", f"{url}/x", {"Content-Type": "image/png"}, b"\x89PNG").json()
    assert (binary["body"], binary["isBase64Encoded"]) == ("iVBORw==", True)


def test_what_a_function_answers_an_http_api(deployed):
    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **http_api(("ANY /{proxy+}", "Echo")))
    url = stack.output("Url")
    plain = stack.http("GET", f"{url}/plain")
    assert (plain.status, plain.headers["content-type"], plain.json()) == (200, "application/json", {"plain": True})
    for path in ("boom", "bad"):
        answer = stack.http("GET", f"{url}/{path}")
        assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})
    missing = stack.http("GET", url)
    assert (missing.status, missing.json()) == (404, {"message": "Not Found"})


def test_without_a_permission_nobody_is_served(deployed):
    stack = deployed(**function("Echo", ECHO), **http_api(("$default", "Echo")))
    answer = stack.http("GET", stack.output("Url"))
    assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})


def test_cors_of_an_http_api(deployed):
    cors = {
        "AllowOrigins": ["https://clinic.example"],
        "AllowMethods": ["GET"],
        "AllowHeaders": ["x-kind"],
        "MaxAge": 60,
    }
    resources = http_api(("GET /notes", "Echo"), api={"CorsConfiguration": cors})
    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **resources)
    url = stack.output("Url") + "/notes"
    asks = {"Origin": "https://clinic.example", "Access-Control-Request-Method": "GET"}
    before = stack.http("OPTIONS", url, asks)
    assert before.status == 204 and before.headers["access-control-allow-origin"] == "https://clinic.example"
    assert before.headers["access-control-max-age"] == "60"
    assert "access-control-allow-origin" not in stack.http("OPTIONS", url, {**asks, "Origin": "https://other"}).headers
    assert stack.http("GET", url, asks).headers["access-control-allow-origin"] == "https://clinic.example"


def test_more_than_the_burst_is_too_many(cloud, deployed, monkeypatch):
    limits = {"DefaultRouteSettings": {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 1}}
    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **http_api(("$default", "Echo"), stage=limits))
    now = [0.0]
    monkeypatch.setattr(cloud.web.buckets, "clock", lambda: now[0])
    statuses = [stack.http("GET", stack.output("Url")).status for _ in range(3)]
    assert statuses == [201, 201, 429]
    refused = stack.http("GET", stack.output("Url"))
    assert refused.json() == {"message": "Too Many Requests"}
    now[0] = 1.0
    assert stack.http("GET", stack.output("Url")).status == 201


def test_a_limit_refills_when_the_offline_time_moves_on(deployed):
    limits = {"DefaultRouteSettings": {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 1}}
    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **http_api(("$default", "Echo"), stage=limits))
    ask = lambda: stack.http("GET", stack.output("Url")).status  # noqa: E731
    assert 429 in [ask() for _ in range(20)]
    stack.advance(seconds=2)
    assert [ask(), ask()] == [201, 201]


def test_a_signature_is_judged(cloud, deployed):
    resources = http_api(("$default", "Echo"), route={"AuthorizationType": "AWS_IAM"})
    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **resources)
    url, iam = stack.output("Url"), cloud.client("iam")
    assert (stack.http("GET", url).status, stack.http("GET", url).json()) == (403, {"message": "Forbidden"})
    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    assert stack.http("GET", url, signed(url, key)).status == 403
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="ana", PolicyName="in", PolicyDocument=policy)
    answer = stack.http("GET", url, signed(url, key))
    assert answer.json()["requestContext"]["authorizer"]["iam"]["userArn"].endswith(":user/ana")


def signed(url: str, key: dict[str, str], service: str = "execute-api", body: bytes = b"") -> dict[str, str]:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest("GET", url, data=body)
    SigV4Auth(Credentials(key["AccessKeyId"], key["SecretAccessKey"]), service, "us-east-1").add_auth(request)
    return dict(request.headers)


@pytest.fixture
def ana(cloud) -> dict[str, str]:
    """A user of the emulated Cognito, with her tokens; her pool, its ARN and its app."""
    cognito = cloud.client("cognito-idp")
    made = cognito.create_user_pool(PoolName="people")["UserPool"]
    pool = made["Id"]
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    app = cognito.create_user_pool_client(UserPoolId=pool, ClientName="app", ExplicitAuthFlows=flows)
    client_id = app["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username="ana", TemporaryPassword="Passw0rd!")
    cognito.admin_set_user_password(UserPoolId=pool, Username="ana", Password="Passw0rd!2", Permanent=True)
    given = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ana", "PASSWORD": "Passw0rd!2"},
    )["AuthenticationResult"]
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{pool}"
    return {**given, "issuer": issuer, "app": client_id, "arn": made["Arn"]}


def test_a_token_of_a_user_pool_is_verified(deployed, ana):
    jwt = {"Issuer": ana["issuer"], "Audience": [ana["app"]]}
    door = {
        "Door": {
            "Type": "AWS::ApiGatewayV2::Authorizer",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "Name": "jwt",
                "AuthorizerType": "JWT",
                "IdentitySource": ["$request.header.Authorization"],
                "JwtConfiguration": jwt,
            },
        }
    }
    resources = http_api(("$default", "Echo"), route={"AuthorizationType": "JWT", "AuthorizerId": {"Ref": "Door"}})
    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **door, **resources)
    url = stack.output("Url")
    refused = stack.http("GET", url)
    assert (refused.status, refused.json()) == (401, {"message": "Unauthorized"})
    answer = stack.http("GET", url, {"Authorization": f"Bearer {ana['IdToken']}"})
    assert answer.status == 201, answer.text
    assert answer.json()["requestContext"]["authorizer"]["jwt"]["claims"]["iss"] == ana["issuer"]
    head, body, _ = ana["IdToken"].split(".")
    assert stack.http("GET", url, {"Authorization": f"{head}.{body}.AAAA"}).status == 401


def test_a_user_pool_at_a_rest_apis_door(deployed, ana):
    more = {
        "Door": {
            "Type": "AWS::ApiGateway::Authorizer",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "Name": "pool",
                "Type": "COGNITO_USER_POOLS",
                "IdentitySource": "method.request.header.Authorization",
                "ProviderARNs": [ana["arn"]],
            },
        }
    }
    method = {"AuthorizationType": "COGNITO_USER_POOLS", "AuthorizerId": {"Ref": "Door"}}
    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **more, **rest_api(method=method))
    url = stack.output("Url") + "/a"
    assert stack.http("GET", url, {"Authorization": "no.such.token"}).json() == {"message": "Unauthorized"}
    answer = stack.http("GET", url, {"Authorization": ana["IdToken"]})
    assert answer.json()["requestContext"]["authorizer"]["claims"]["cognito:username"] == "ana"
    # an access token is for methods that ask for scopes
    assert stack.http("GET", url, {"Authorization": ana["AccessToken"]}).status == 401


def user(cloud, name: str, *actions: str) -> dict[str, str]:
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    if actions:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="in", PolicyDocument=policy)
    key: dict[str, str] = iam.create_access_key(UserName=name)["AccessKey"]
    return key


def test_a_signature_at_a_rest_apis_door(cloud, deployed):
    resources = rest_api(method={"AuthorizationType": "AWS_IAM"})
    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **resources)
    url = stack.output("Url") + "/a"
    assert stack.http("GET", url).json() == {"message": "Missing Authentication Token"}
    refused = stack.http("GET", url, signed(url, user(cloud, "bob")))
    said = "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: execute-api:Invoke on resource: "
    assert refused.status == 403 and refused.json()["Message"].startswith(said)
    answer = stack.http("GET", url, signed(url, user(cloud, "eve", "execute-api:Invoke")))
    assert answer.json()["requestContext"]["identity"]["userArn"].endswith(":user/eve")


SLOW = """
import time

def handler(event, context):
    time.sleep(0.5)
    return {"statusCode": 200}
"""


def test_a_slow_function_is_not_waited_for(cloud, deployed):
    rest = rest_api()
    rest["Method"]["Properties"]["Integration"]["TimeoutInMillis"] = 50
    stack = deployed(**function("Echo", SLOW), **permission("Echo"), **rest)
    answer = stack.http("GET", stack.output("Url") + "/a")
    assert (answer.status, answer.json()) == (504, {"message": "Endpoint request timed out"})
    resources = http_api(("$default", "Other"))
    resources["To0"]["Properties"]["TimeoutInMillis"] = 50
    stack = deployed(**function("Other", SLOW), **permission("Other"), **resources)
    answer = stack.http("GET", stack.output("Url"))
    assert (answer.status, answer.json()) == (503, {"message": "Service Unavailable"})
    assert cloud.functions.settle()


def test_a_domain_of_ones_own(deployed):
    rest = rest_api()
    domain = {
        "DomainName": "api.clinic.example",
        "RegionalCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/a",
    }
    more = {
        "Domain": {"Type": "AWS::ApiGateway::DomainName", "Properties": domain},
        "Map": {
            "Type": "AWS::ApiGateway::BasePathMapping",
            "Properties": {
                "DomainName": {"Ref": "Domain"},
                "BasePath": "v1",
                "RestApiId": {"Ref": "Api"},
                "Stage": {"Ref": "Stage"},
            },
        },
    }
    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **more, **rest)
    assert stack.http("GET", "https://api.clinic.example/v1/a").json()["path"] == "/a"
    assert stack.http("GET", "https://api.clinic.example/v2/a").json() == {"message": "Forbidden"}


def test_a_function_at_the_door(deployed):
    door = {
        "Door": {
            "Type": "AWS::ApiGatewayV2::Authorizer",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "Name": "door",
                "AuthorizerType": "REQUEST",
                "AuthorizerPayloadFormatVersion": "2.0",
                "EnableSimpleResponses": True,
                "IdentitySource": ["$request.header.x-token"],
                "AuthorizerUri": {
                    "Fn::Sub": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${Door0.Arn}/invocations"
                },
            },
        }
    }
    resources = http_api(("$default", "Echo"), route={"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Door"}})
    stack = deployed(
        **function("Echo", ECHO),
        **permission("Echo"),
        **function("Door0", DOOR),
        **permission("Door0"),
        **door,
        **resources,
    )
    url = stack.output("Url")
    assert stack.http("GET", url).status == 401
    assert stack.http("GET", url, {"X-Token": "bob"}).json() == {"message": "Forbidden"}
    answer = stack.http("GET", url, {"X-Token": "ana"})
    assert answer.json()["requestContext"]["authorizer"] == {"lambda": {"ward": "7"}}


def rest_api(path: str = "{proxy+}", method: Any = None, **more: Any) -> dict[str, Any]:
    """A REST API with one method, deployed to a stage named prod."""
    uri = {"Fn::Sub": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${Echo.Arn}/invocations"}
    proxy = {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": uri}
    declared = {
        "RestApiId": {"Ref": "Api"},
        "ResourceId": {"Ref": "Place"},
        "HttpMethod": "ANY",
        "AuthorizationType": "NONE",
        "Integration": proxy,
        **(method or {}),
    }
    stage = {
        "RestApiId": {"Ref": "Api"},
        "StageName": "prod",
        "DeploymentId": {"Ref": "Deployed"},
        **more.pop("stage", {}),
    }
    return {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "notes", **more.pop("api", {})}},
        "Place": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
                "PathPart": path,
            },
        },
        "Method": {"Type": "AWS::ApiGateway::Method", "Properties": declared},
        "Deployed": {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": ["Method", *more.pop("after", ())],
            "Properties": {"RestApiId": {"Ref": "Api"}},
        },
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": stage},
        "outputs": {
            "Url": {"Fn::Sub": "https://${Api}.execute-api.us-east-1.amazonaws.com/prod"},
            "Id": {"Ref": "Api"},
        },
    }


def test_a_rest_apis_proxy_event_and_answers(deployed):
    stack = deployed(
        **function("Echo", ECHO), **permission("Echo"), **rest_api(stage={"Variables": {"table": "notes"}})
    )
    url = stack.output("Url")
    answer = stack.http("PUT", f"{url}/notes/7?kind=a&kind=b", {"X-Two": "1"}, "text")
    event = answer.json()
    assert (answer.status, event["httpMethod"], event["path"], event["resource"]) == (
        201,
        "PUT",
        "/notes/7",
        "/{proxy+}",
    )
    assert event["queryStringParameters"] == {"kind": "b"}
    assert event["multiValueQueryStringParameters"] == {"kind": ["a", "b"]}
    assert (event["pathParameters"], event["stageVariables"], event["body"]) == (
        {"proxy": "notes/7"},
        {"table": "notes"},
        "text",
    )
    assert event["requestContext"]["path"] == "/prod/notes/7" and event["requestContext"]["stage"] == "prod"
    for path in ("boom", "bad", "plain"):
        answer = stack.http("GET", f"{url}/{path}")
        assert (answer.status, answer.json()) == (502, {"message": "Internal server error"})
    nothing = stack.http("GET", url)
    assert (nothing.status, nothing.json()) == (403, {"message": "Missing Authentication Token"})
    assert nothing.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    assert stack.http("GET", url.replace("/prod", "/test")).json() == {"message": "Forbidden"}


def test_a_stage_logs_its_requests(cloud, deployed):
    logs = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "calls"}}
    settings = {"DestinationArn": {"Fn::GetAtt": ["Logs", "Arn"]}}
    settings["Format"] = (
        "$context.identity.sourceIp $context.httpMethod $context.routeKey $context.status $context.none"  # type: ignore[assignment]
    )
    resources = http_api(("GET /a", "Echo"), stage={"AccessLogSettings": settings})
    stack = deployed(Logs=logs, **function("Echo", ECHO), **permission("Echo"), **resources)
    for path in ("/a", "/b"):
        stack.http("GET", stack.output("Url") + path)
    events = cloud.client("logs").filter_log_events(logGroupName="calls")["events"]
    assert [each["message"] for each in events] == ["127.0.0.1 GET GET /a 201 -", "127.0.0.1 GET - 404 -"]
    # a group made anew, as after a reset, gets its lines too
    cloud.client("logs").delete_log_group(logGroupName="calls")
    cloud.client("logs").create_log_group(logGroupName="calls")
    stack.http("GET", stack.output("Url") + "/a")
    assert len(cloud.client("logs").filter_log_events(logGroupName="calls")["events"]) == 1


def test_a_rest_api_without_a_permission(deployed):
    stack = deployed(**function("Echo", ECHO), **rest_api())
    answer = stack.http("GET", stack.output("Url") + "/a")
    assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})


def test_a_change_is_served_after_the_next_deployment(cloud, deployed):
    mock = {"Type": "MOCK", "RequestTemplates": {"application/json": '{"statusCode": 200}'}}
    mock["IntegrationResponses"] = [{"StatusCode": "200", "ResponseTemplates": {"application/json": '{"now": 1}'}}]  # type: ignore[assignment]
    stack = deployed(**rest_api("a", {"Integration": mock, "MethodResponses": [{"StatusCode": "200"}]}))
    url, client, api = stack.output("Url") + "/a", cloud.client("apigateway"), stack.output("Id")
    assert stack.http("GET", url).json() == {"now": 1}
    resource = next(each["id"] for each in client.get_resources(restApiId=api)["items"] if each["path"] == "/a")
    client.put_integration_response(
        restApiId=api,
        resourceId=resource,
        httpMethod="ANY",
        statusCode="200",
        responseTemplates={"application/json": '{"now": 2}'},
    )
    assert stack.http("GET", url).json() == {"now": 1}
    new = client.create_deployment(restApiId=api)["id"]
    client.update_stage(
        restApiId=api, stageName="prod", patchOperations=[{"op": "replace", "path": "/deploymentId", "value": new}]
    )
    assert stack.http("GET", url).json() == {"now": 2}


def test_keys_plans_and_quotas(cloud, deployed):
    resources = rest_api(method={"ApiKeyRequired": True})
    plan = {"ApiStages": [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Stage"}}], "Quota": {"Limit": 2, "Period": "DAY"}}
    keys = {
        "Key": {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Enabled": True, "Value": "k" * 24}},
        "Plan": {"Type": "AWS::ApiGateway::UsagePlan", "Properties": plan},
        "Joined": {
            "Type": "AWS::ApiGateway::UsagePlanKey",
            "Properties": {"KeyId": {"Ref": "Key"}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": "Plan"}},
        },
    }
    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **keys, **resources)
    url = stack.output("Url") + "/a"
    for wrong in ({}, {"x-api-key": "none"}):
        refused = stack.http("GET", url, wrong)
        assert (refused.status, refused.json()) == (403, {"message": "Forbidden"})
    statuses = [stack.http("GET", url, {"x-api-key": "k" * 24}).status for _ in range(3)]
    assert statuses == [201, 201, 429]
    assert stack.http("GET", url, {"x-api-key": "k" * 24}).json() == {"message": "Limit Exceeded"}


def test_requests_are_validated(deployed):
    schema = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
    more = {
        "Note": {
            "Type": "AWS::ApiGateway::Model",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "Name": "Note",
                "ContentType": "application/json",
                "Schema": schema,
            },
        },
        "All": {
            "Type": "AWS::ApiGateway::RequestValidator",
            "Properties": {"RestApiId": {"Ref": "Api"}, "ValidateRequestBody": True, "ValidateRequestParameters": True},
        },
    }
    method = {
        "RequestValidatorId": {"Ref": "All"},
        "RequestModels": {"application/json": {"Ref": "Note"}},
        "RequestParameters": {"method.request.querystring.kind": True},
    }
    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **more, **rest_api(method=method))
    url = stack.output("Url") + "/a"
    missing = stack.http("POST", url, body={"text": "a"})
    assert (missing.status, missing.json()) == (400, {"message": "Missing required request parameters: [kind]"})
    wrong = stack.http("POST", f"{url}?kind=a", body={"text": 1})
    assert (wrong.status, wrong.json()) == (400, {"message": "Invalid request body"})
    assert stack.http("POST", f"{url}?kind=a", body={"text": "a"}).status == 201


def test_a_token_authorizer_and_a_gateway_response(deployed):
    uri = {"Fn::Sub": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${Door0.Arn}/invocations"}
    more = {
        "Door": {
            "Type": "AWS::ApiGateway::Authorizer",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "Name": "door",
                "Type": "TOKEN",
                "AuthorizerUri": uri,
                "IdentitySource": "method.request.header.Authorization",
            },
        },
        "No": {
            "Type": "AWS::ApiGateway::GatewayResponse",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ResponseType": "UNAUTHORIZED",
                "StatusCode": "418",
                "ResponseParameters": {"gatewayresponse.header.X-No": "'no'"},
            },
        },
    }
    method = {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Door"}}
    stack = deployed(
        **function("Echo", ECHO),
        **permission("Echo"),
        **function("Door0", DOOR),
        **permission("Door0"),
        **more,
        **rest_api(method=method, after=["No"]),
    )
    url = stack.output("Url") + "/a"
    for headers in ({}, {"Authorization": "nobody"}):
        refused = stack.http("GET", url, headers)
        assert (refused.status, refused.headers["x-no"], refused.json()) == (418, "no", {"message": "Unauthorized"})
    denied = stack.http("GET", url, {"Authorization": "bob"})
    assert (denied.status, denied.json()) == (
        403,
        {"Message": "User is not authorized to access this resource with an explicit deny"},
    )
    answer = stack.http("GET", url, {"Authorization": "ana"})
    assert answer.json()["requestContext"]["authorizer"] == {"ward": "7", "principalId": "ana"}


def test_a_resource_policy_keeps_others_out(deployed):
    allow = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    deny = {**allow, "Effect": "Deny", "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
    policy = {"Version": "2012-10-17", "Statement": [allow, deny]}
    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **rest_api(api={"Policy": policy}))
    answer = stack.http("GET", stack.output("Url") + "/a")
    assert answer.status == 403
    assert answer.json()["Message"].startswith(
        "User: anonymous is not authorized to perform: execute-api:Invoke on resource"
    )
    assert answer.json()["Message"].endswith("with an explicit deny")


def role_for(*actions: str) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    grant = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policies = (
        [{"PolicyName": "may", "PolicyDocument": {"Version": "2012-10-17", "Statement": [grant]}}] if actions else []
    )
    properties = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}, "Policies": policies}
    return {"Type": "AWS::IAM::Role", "Properties": properties}


@pytest.mark.parametrize("actions", [("sqs:SendMessage",), ()], ids=["granted", "not granted"])
def test_a_queue_behind_a_rest_api(cloud, deployed, actions):
    taken = """{"taken": "$input.path('$.SendMessageResponse.SendMessageResult.MD5OfMessageBody')"}"""
    refused = """{"because": "$input.path('$.Error.Message')"}"""
    integration = {
        "Type": "AWS",
        "IntegrationHttpMethod": "POST",
        "Credentials": {"Fn::GetAtt": ["Role", "Arn"]},
        "Uri": {"Fn::Sub": "arn:aws:apigateway:us-east-1:sqs:path/123456789012/${Queue.QueueName}"},
        "RequestParameters": {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
        "RequestTemplates": {"application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"},
        "IntegrationResponses": [
            {"StatusCode": "202", "ResponseTemplates": {"application/json": taken}},
            {
                "StatusCode": "500",
                "SelectionPattern": "4\\d\\d",
                "ResponseTemplates": {"application/json": refused},
            },
        ],
    }
    queue = {"Queue": {"Type": "AWS::SQS::Queue"}, "Role": role_for(*actions)}
    stack = deployed(**queue, **rest_api("a", {"HttpMethod": "POST", "Integration": integration}))
    answer = stack.http("POST", stack.output("Url") + "/a", body={"text": "a b"})
    assert answer.status == (202 if actions else 500)
    if not actions:
        assert re.search(r"sqs:SendMessage on resource: arn:aws:sqs:us-east-1:123456789012:\w+-Queue-", answer.text)
    else:
        digest = hashlib.md5(b'{"text": "a b"}', usedforsecurity=False).hexdigest()
        assert answer.json() == {"taken": digest}
        sqs = cloud.client("sqs")
        got = sqs.receive_message(QueueUrl=sqs.list_queues()["QueueUrls"][0])["Messages"][0]["Body"]
        assert json.loads(got) == {"text": "a b"}


def test_a_table_behind_a_rest_api(cloud, deployed):
    template = (
        '{"TableName": "notes", "Item": {"id": {"S": "$input.params(\'id\')"}, "text": {"S": $input.json(\'$.text\')}}}'
    )
    integration = {
        "Type": "AWS",
        "IntegrationHttpMethod": "POST",
        "Credentials": {"Fn::GetAtt": ["Role", "Arn"]},
        "Uri": "arn:aws:apigateway:us-east-1:dynamodb:action/PutItem",
        "RequestTemplates": {"application/json": template},
        "IntegrationResponses": [{"StatusCode": "200"}],
    }
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": "notes",
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        },
    }
    stack = deployed(Table=table, Role=role_for("dynamodb:PutItem"), **rest_api("{id}", {"Integration": integration}))
    assert stack.http("PUT", stack.output("Url") + "/n7", body={"text": "hi"}).status == 200
    assert cloud.client("dynamodb").scan(TableName="notes")["Items"] == [{"id": {"S": "n7"}, "text": {"S": "hi"}}]


def test_a_workflow_behind_an_http_api(cloud, deployed):
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}
    resources = http_api()
    stack = deployed(
        Runs={
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}},
        },
        Machine={
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"RoleArn": {"Fn::GetAtt": ["Runs", "Arn"]}, "Definition": definition},
        },
        Role=role_for("states:StartExecution"),
        To={
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationSubtype": "StepFunctions-StartExecution",
                "CredentialsArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "PayloadFormatVersion": "1.0",
                "RequestParameters": {"StateMachineArn": {"Ref": "Machine"}, "Input": "$request.body"},
            },
        },
        Route={
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "RouteKey": "POST /run",
                "Target": {"Fn::Join": ["/", ["integrations", {"Ref": "To"}]]},
            },
        },
        **resources,
    )
    answer = stack.http("POST", stack.output("Url") + "/run", body={"n": 1})
    assert answer.status == 200, answer.text
    arn = answer.json()["executionArn"]
    client = cloud.client("stepfunctions")
    until = time.monotonic() + 5
    while client.describe_execution(executionArn=arn)["status"] == "RUNNING" and time.monotonic() < until:
        time.sleep(0.01)
    assert json.loads(client.describe_execution(executionArn=arn)["output"]) == {"n": 1}


def test_an_http_server_behind_an_http_api(deployed):
    class Behind(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"path": self.path, "kind": self.headers.get("X-Kind")}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Behind) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        to = {
            "ApiId": {"Ref": "Api"},
            "IntegrationType": "HTTP_PROXY",
            "IntegrationMethod": "ANY",
            "PayloadFormatVersion": "1.0",
            "IntegrationUri": f"http://localhost:{server.server_port}/in/{{proxy}}",
            "RequestParameters": {"overwrite:header.X-Kind": "$request.querystring.kind"},
            "ResponseParameters": {
                "200": {"ResponseParameters": [{"Destination": "overwrite:statuscode", "Source": "203"}]}
            },
        }
        route = {
            "ApiId": {"Ref": "Api"},
            "RouteKey": "ANY /{proxy+}",
            "Target": {"Fn::Join": ["/", ["integrations", {"Ref": "To"}]]},
        }
        far = {**to, "IntegrationUri": "https://clinic.example/"}
        away = {**route, "RouteKey": "GET /far", "Target": {"Fn::Join": ["/", ["integrations", {"Ref": "Far"}]]}}
        stack = deployed(
            To={"Type": "AWS::ApiGatewayV2::Integration", "Properties": to},
            Far={"Type": "AWS::ApiGatewayV2::Integration", "Properties": far},
            Route={"Type": "AWS::ApiGatewayV2::Route", "Properties": route},
            Away={"Type": "AWS::ApiGatewayV2::Route", "Properties": away},
            **http_api(),
        )
        answer = stack.http("GET", stack.output("Url") + "/a/b?kind=x")
        assert (answer.status, answer.json()) == (203, {"path": "/in/a/b?kind=x", "kind": "x"})
        assert stack.http("GET", stack.output("Url") + "/far").json() == {"message": "Service Unavailable"}
        server.shutdown()
        thread.join()


def url_of(kind: str, *actions: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Url": {
            "Type": "AWS::Lambda::Url",
            "Properties": {"TargetFunctionArn": {"Fn::GetAtt": ["Echo", "Arn"]}, "AuthType": kind},
        }
    }
    for index, action in enumerate(actions):
        found[f"May{index}"] = {
            "Type": "AWS::Lambda::Permission",
            "Properties": {"Action": action, "FunctionName": {"Ref": "Echo"}, "Principal": "*"},
        }
    return found


BOTH = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")


@pytest.mark.parametrize(("actions", "status"), [(BOTH, 201), (BOTH[:1], 403), ((), 403)], ids=["both", "one", "none"])
def test_a_function_url(cloud, deployed, actions, status):
    stack = deployed(**function("Echo", ECHO), **url_of("NONE", *actions))
    name = cloud.client("lambda").list_functions()["Functions"][0]["FunctionName"]
    url = cloud.client("lambda").get_function_url_config(FunctionName=name)["FunctionUrl"]
    answer = stack.http("GET", url.rstrip("/") + "/a?b=c")
    assert answer.status == status, answer.text
    if status == 403:
        assert answer.json()["Message"].startswith("Forbidden. For troubleshooting Function URL authorization issues")
    else:
        event = answer.json()
        assert (event["version"], event["rawPath"], event["routeKey"]) == ("2.0", "/a", "$default")
        assert event["requestContext"]["domainName"].endswith(".lambda-url.us-east-1.on.aws")


def test_the_endpoint_answers_by_host(cloud, deployed):
    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **http_api(("$default", "Echo")))
    endpoint = cloud.serve()
    host = stack.output("Url").removeprefix("https://")
    local = f"{host.partition('.')[0]}.execute-api.localhost:{endpoint.rpartition(':')[2]}"
    for name in (host, local):
        asked = urllib.request.Request(f"{endpoint}/a%20b?c=d", data=b"text", headers={"Host": name}, method="POST")
        with urllib.request.urlopen(asked) as answer:
            event = json.load(answer)
        assert (answer.status, event["rawPath"], event["body"] or "", event["rawQueryString"]) == (
            201,
            "/a b",
            "text",
            "c=d",
        ) or event["isBase64Encoded"]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(urllib.request.Request(endpoint, headers={"Host": "none.execute-api.localhost"}))


def test_the_same_call_goes_to_an_endpoint_elsewhere(cloud, deployed):
    from preflight.clouds.live import LiveCloud

    stack = deployed(**function("Echo", ECHO), **permission("Echo"), **http_api(("$default", "Echo")))
    live = Stack(LiveCloud(endpoint_url=cloud.serve(), region="us-east-1").attach(stack.name))
    answer = live.http("GET", live.output("Url") + "/there", {"X-Two": "1"})
    assert (answer.status, answer.json()["rawPath"], answer.json()["headers"]["x-two"]) == (201, "/there", "1")


def test_a_function_url_for_those_who_sign(cloud, deployed):
    stack = deployed(**function("Echo", ECHO), **url_of("AWS_IAM"))
    name = cloud.client("lambda").list_functions()["Functions"][0]["FunctionName"]
    url = cloud.client("lambda").get_function_url_config(FunctionName=name)["FunctionUrl"]
    assert stack.http("GET", url).status == 403
    assert stack.http("GET", url, signed(url, user(cloud, "bob", "lambda:InvokeFunctionUrl"), "lambda")).status == 403
    answer = stack.http("GET", url, signed(url, user(cloud, "eve", *BOTH), "lambda"))
    assert answer.json()["requestContext"]["authorizer"]["iam"]["userArn"].endswith(":user/eve")


ASKS = """
import boto3, os

def handler(event, context):
    client = boto3.client("stepfunctions")
    return client.start_sync_execution(stateMachineArn=os.environ["MACHINE"], input='{"n": 1}')["output"]
"""


def test_a_function_waits_for_an_express_workflow(deployed):
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    runs = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}
    machine = {"RoleArn": {"Fn::GetAtt": ["Runs", "Arn"]}, "Definition": definition, "StateMachineType": "EXPRESS"}
    asks = function("Asks", ASKS)
    asks["Asks"]["Properties"]["Environment"] = {"Variables": {"MACHINE": {"Ref": "Machine"}}}
    grant = {"Effect": "Allow", "Action": "states:StartSyncExecution", "Resource": {"Ref": "Machine"}}
    policy = {"PolicyName": "may", "PolicyDocument": {"Version": "2012-10-17", "Statement": [grant]}}
    asks["AsksRole"]["Properties"]["Policies"] = [policy]
    stack = deployed(
        Runs={"Type": "AWS::IAM::Role", "Properties": runs},
        Machine={"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
        **asks,
        **permission("Asks"),
        **http_api(("$default", "Asks")),
    )
    assert stack.http("GET", stack.output("Url")).json() == {"n": 1}
