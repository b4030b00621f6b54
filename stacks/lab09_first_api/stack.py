"""The notes API: two routes, one function, one table, and a limit on how fast anybody may ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

# one line of the access log: who asked for what, when, and what came of it; never what a note says
LINE = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "from": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
}


class FirstApi(cdk.Stack):
    """API Gateway in front, Lambda behind it, DynamoDB behind that: nothing of it runs while nobody asks."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        table = dynamodb.Table(
            self,
            "Notes",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            # CDK's default is provisioned: capacity billed by the hour, used or not
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            # CDK's default keeps a table when its stack goes; a trial leaves nothing behind
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

        # Lambda would make a log group by itself on the first request: one that never forgets, and stays behind
        function_log = self.log("FunctionLog")
        role = iam.Role(self, "FunctionRole", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        function_log.grant_write(role)
        # grant_read_write_data would add Scan and DeleteItem; the function needs neither
        table.grant(role, "dynamodb:GetItem", "dynamodb:PutItem")
        function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_14,
            handler="app.handler",
            code=lambda_.Code.from_asset(str(Path(__file__).parent / "handler")),
            role=role,
            log_group=function_log,
            environment={"TABLE": table.table_name},
            timeout=cdk.Duration.seconds(10),
        )

        api = apigateway.HttpApi(self, "Api", create_default_stage=False)
        # the contract: these two routes, and no {proxy+} that would let everything else through to the function
        behind = integrations.HttpLambdaIntegration("Behind", function)
        api.add_routes(path="/notes", methods=[apigateway.HttpMethod.POST], integration=behind)
        api.add_routes(path="/notes/{id}", methods=[apigateway.HttpMethod.GET], integration=behind)

        stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=api,
            stage_name="$default",
            auto_deploy=True,
            # a bucket of 20 tokens, refilled at 10 a second; without it the account's limit is the only one
            throttle=apigateway.ThrottleSettings(rate_limit=10, burst_limit=20),
        )

        # the access_log_settings of HttpStage itself want an interface that Python has no way to hand over
        behind_stage = cast(apigateway.CfnStage, stage.node.default_child)
        behind_stage.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=self.log("AccessLog").log_group_arn, format=json.dumps(LINE)
        )

        cdk.CfnOutput(self, "ApiUrl", value=stage.url)
        cdk.CfnOutput(self, "NotesTable", value=table.table_name)

    def log(self, name: str) -> logs.LogGroup:
        """A log group that forgets, and goes with the stack."""
        return logs.LogGroup(
            self, name, retention=logs.RetentionDays.TWO_WEEKS, removal_policy=cdk.RemovalPolicy.DESTROY
        )
