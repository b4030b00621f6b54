"""An HTTP API from an OpenAPI document, a function and a managed policy for each route, all in the template."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
from aws_cdk import Fn
from aws_cdk import aws_apigatewayv2 as gateway
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

TAKE = '''\
"""POST /notes: keeps one note and says its id."""

import base64
import json
import os
import uuid

import boto3

table = boto3.resource("dynamodb").Table(os.environ["SHELF"])


def handler(event, context):
    try:
        text = the_text(event)
    except ValueError as error:
        return answer(400, {"reason": str(error)})
    note = {"id": uuid.uuid4().hex, "text": text}
    table.put_item(Item=note, ConditionExpression="attribute_not_exists(id)")
    return answer(201, {"id": note["id"]})


def the_text(event):
    try:
        body = event.get("body") or ""
        raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode("utf-8")
        sent = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError("the body is not JSON in UTF-8") from None
    if not isinstance(sent, dict) or set(sent) != {"text"} or not isinstance(sent["text"], str):
        raise ValueError("the body is an object with one field, text, a string")
    text = sent["text"]
    if not 1 <= len(text) <= 1000:
        raise ValueError("text has 1 to 1,000 characters")
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in text):
        raise ValueError("text has half a character in it")
    return text


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
'''
GIVE = '''\
"""GET /notes/{id}: gives one note back."""

import json
import os
import re

import boto3

table = boto3.resource("dynamodb").Table(os.environ["SHELF"])
AN_ID = re.compile(r"[0-9a-f]{32}")


def handler(event, context):
    wanted = (event.get("pathParameters") or {}).get("id") or ""
    if AN_ID.fullmatch(wanted):
        found = table.get_item(Key={"id": wanted}, ConsistentRead=True).get("Item")
        if found:
            return answer(200, {"id": found["id"], "text": found["text"]})
    return answer(404, {"reason": "no note has this id"})


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
'''
LIMIT = {"ThrottlingBurstLimit": 15, "ThrottlingRateLimit": 8}


class WardNotes(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        self.shelf = dynamodb.CfnTable(
            self,
            "Shelf",
            attribute_definitions=[{"attributeName": "id", "attributeType": "S"}],
            key_schema=[{"attributeName": "id", "keyType": "HASH"}],
            billing_mode="PAY_PER_REQUEST",
        )
        take = self.function("Take", TAKE, "dynamodb:PutItem")
        give = self.function("Give", GIVE, "dynamodb:GetItem")

        api = gateway.CfnApi(
            self,
            "Api",
            body={
                "openapi": "3.0.1",
                "info": {"title": "ward-notes", "version": "1"},
                "paths": {
                    "/notes": {"post": calls(take)},
                    "/notes/{id}": {
                        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                        "get": calls(give),
                    },
                },
            },
        )
        for function, name, route in ((take, "Take", "POST/notes"), (give, "Give", "GET/notes/{id}")):
            lambda_.CfnPermission(
                self,
                f"{name}ForApi",
                action="lambda:InvokeFunction",
                function_name=function.ref,
                principal="apigateway.amazonaws.com",
                source_arn=Fn.join(
                    "", [f"arn:{self.partition}:execute-api:{self.region}:{self.account}:", api.ref, f"/v1/{route}"]
                ),
            )

        lines = logs.CfnLogGroup(self, "Lines", retention_in_days=30)
        stage = gateway.CfnStage(
            self,
            "Stage",
            api_id=api.ref,
            stage_name="v1",
            auto_deploy=True,
            default_route_settings=gateway.CfnStage.RouteSettingsProperty(
                throttling_burst_limit=LIMIT["ThrottlingBurstLimit"], throttling_rate_limit=LIMIT["ThrottlingRateLimit"]
            ),
            route_settings={"POST /notes": LIMIT, "GET /notes/{id}": LIMIT},
            access_log_settings=gateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=Fn.select(0, Fn.split(":*", lines.attr_arn)),
                format=json.dumps(
                    {
                        "at": "$context.requestTime",
                        "method": "$context.httpMethod",
                        "path": "$context.path",
                        "status": "$context.status",
                        "request": "$context.requestId",
                    }
                ),
            ),
        )

        cdk.CfnOutput(self, "ApiUrl", value=Fn.join("/", [api.attr_api_endpoint, stage.ref]))
        cdk.CfnOutput(self, "NotesTable", value=self.shelf.attr_arn)

    def function(self, name: str, code: str, action: str) -> lambda_.CfnFunction:
        """One function that may do one thing with the table, and write one log."""
        log = logs.CfnLogGroup(self, f"{name}Log", retention_in_days=30)
        role = iam.CfnRole(
            self,
            f"{name}Role",
            assume_role_policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
        )
        policy = iam.CfnManagedPolicy(
            self,
            f"{name}Policy",
            roles=[role.ref],
            policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": action, "Resource": self.shelf.attr_arn},
                    {
                        "Effect": "Allow",
                        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                        "Resource": log.attr_arn,
                    },
                ],
            },
        )
        function = lambda_.CfnFunction(
            self,
            name,
            runtime="python3.14",
            architectures=["arm64"],
            handler="index.handler",
            code=lambda_.CfnFunction.CodeProperty(zip_file=code),
            role=role.attr_arn,
            timeout=10,
            memory_size=256,
            environment={"variables": {"SHELF": self.shelf.ref}},
            logging_config={"logGroup": log.ref, "logFormat": "JSON", "systemLogLevel": "WARN"},
        )
        function.add_resource_dependency(policy)
        return function


def calls(function: lambda_.CfnFunction) -> dict[str, Any]:
    """An operation of the API that a function answers."""
    return {
        "responses": {"default": {"description": "JSON"}},
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "uri": Fn.sub(
                "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Arn}/invocations",
                {"Arn": function.attr_arn},
            ),
            "payloadFormatVersion": "2.0",
        },
    }
