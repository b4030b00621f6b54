"""L1 constructs throughout: a function for each route, each with a role of its own, in a table with a sort key."""

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

TAKE = """
import json, os, secrets
import boto3

client = boto3.client("dynamodb")

def handler(event, context):
    try:
        text = json.loads(event.get("body") or "")["text"]
        good = isinstance(text, str) and 0 < len(text) <= 1000
    except (ValueError, KeyError, TypeError):
        good = False
    if not good:
        return {"statusCode": 400, "body": json.dumps({"message": "send a text of 1 to 1000 characters"})}
    id = secrets.token_urlsafe(12)
    key = {"pk": {"S": f"NOTE#{id}"}, "sk": {"S": "v1"}}
    client.put_item(TableName=os.environ["TABLE"], Item={**key, "body": {"S": text}})
    return {"statusCode": 201, "body": json.dumps({"id": id})}
"""

GIVE = """
import json, os
import boto3

client = boto3.client("dynamodb")

def handler(event, context):
    id = event["pathParameters"]["id"]
    found = {}
    if len(id) < 100:
        key = {"pk": {"S": f"NOTE#{id}"}, "sk": {"S": "v1"}}
        found = client.get_item(TableName=os.environ["TABLE"], Key=key, ConsistentRead=True)
    if "Item" not in found:
        return {"statusCode": 404, "body": json.dumps({"message": "unknown"})}
    return {"statusCode": 200, "body": json.dumps({"id": id, "text": found["Item"]["body"]["S"]})}
"""


class PlainCloudFormation(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
        # without a deletion policy CloudFormation deletes the table with its stack
        table = dynamodb.CfnTable(
            self,
            "Table",
            billing_mode="PAY_PER_REQUEST",
            attribute_definitions=[
                dynamodb.CfnTable.AttributeDefinitionProperty(attribute_name=name, attribute_type="S")
                for name in ("pk", "sk")
            ],
            key_schema=[
                dynamodb.CfnTable.KeySchemaProperty(attribute_name="pk", key_type="HASH"),
                dynamodb.CfnTable.KeySchemaProperty(attribute_name="sk", key_type="RANGE"),
            ],
        )
        calls = logs.CfnLogGroup(self, "Calls", retention_in_days=30)
        api = apigateway.CfnApi(self, "Api", name="ward-notes", protocol_type="HTTP")
        for name, code, action, route in (
            ("Take", TAKE, "dynamodb:PutItem", "POST /notes"),
            ("Give", GIVE, "dynamodb:GetItem", "GET /notes/{id}"),
        ):
            log = logs.CfnLogGroup(self, f"{name}Log", retention_in_days=7)
            role = iam.CfnRole(
                self,
                f"{name}Role",
                assume_role_policy_document=document("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"}),
                policies=[
                    iam.CfnRole.PolicyProperty(
                        policy_name="notes", policy_document=document(action, Resource=table.attr_arn)
                    ),
                    iam.CfnRole.PolicyProperty(
                        policy_name="log",
                        policy_document=document("logs:CreateLogStream", "logs:PutLogEvents", Resource=log.attr_arn),
                    ),
                ],
            )
            function = lambda_.CfnFunction(
                self,
                name,
                runtime="python3.13",
                handler="index.handler",
                timeout=15,
                code=lambda_.CfnFunction.CodeProperty(zip_file=code),
                role=role.attr_arn,
                environment=lambda_.CfnFunction.EnvironmentProperty(variables={"TABLE": table.ref}),
                logging_config=lambda_.CfnFunction.LoggingConfigProperty(log_group=log.ref, log_format="JSON"),
            )
            lambda_.CfnPermission(
                self,
                f"{name}Permission",
                action="lambda:InvokeFunction",
                function_name=function.ref,
                principal="apigateway.amazonaws.com",
                source_arn=f"arn:{self.partition}:execute-api:{self.region}:{self.account}:{api.ref}/*",
            )
            integration = apigateway.CfnIntegration(
                self,
                f"{name}Integration",
                api_id=api.ref,
                integration_type="AWS_PROXY",
                integration_uri=function.attr_arn,
                payload_format_version="2.0",
            )
            apigateway.CfnRoute(
                self, f"{name}Route", api_id=api.ref, route_key=route, target=f"integrations/{integration.ref}"
            )
        # a stage with a name, and limits for its routes as well as for the rest
        stage = apigateway.CfnStage(
            self,
            "Stage",
            api_id=api.ref,
            stage_name="v1",
            auto_deploy=True,
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_burst_limit=10, throttling_rate_limit=5
            ),
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=calls.attr_arn,
                format='$context.identity.sourceIp - - [$context.requestTime] "$context.routeKey $context.protocol" '
                "$context.status $context.responseLength $context.requestId",
            ),
        )
        cdk.CfnOutput(
            self, "ApiUrl", value=f"https://{api.ref}.execute-api.{self.region}.{self.url_suffix}/{stage.ref}"
        )
        cdk.CfnOutput(self, "NotesTable", value=table.attr_arn)


def document(*actions: str, **rest: object) -> dict:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), **rest}]}
