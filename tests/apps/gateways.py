"""Doors to a clinic's notes as people write them: a REST API, an HTTP API, a function URL and a workflow."""

import aws_cdk as cdk
from aws_cdk import (
    aws_apigateway as apigateway,
)
from aws_cdk import (
    aws_apigatewayv2 as http,
)
from aws_cdk import (
    aws_apigatewayv2_authorizers as authorizers,
)
from aws_cdk import (
    aws_apigatewayv2_integrations as integrations,
)
from aws_cdk import (
    aws_dynamodb as dynamodb,
)
from aws_cdk import (
    aws_iam as iam,
)
from aws_cdk import (
    aws_lambda as lambda_,
)
from aws_cdk import (
    aws_logs as logs,
)
from aws_cdk import (
    aws_sqs as sqs,
)
from aws_cdk import (
    aws_stepfunctions as stepfunctions,
)
from aws_cdk import (
    aws_stepfunctions_tasks as tasks,
)
from constructs import Construct

ECHO = """
import json

def handler(event, context):
    if "notes" in event:
        if not event["notes"]:
            raise ValueError("no notes")
        return {"sorted": sorted(event["notes"])}
    return {"statusCode": 200, "body": json.dumps({"path": event.get("path") or event.get("rawPath")})}
"""


class Gateways(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
        echo = lambda_.Function(
            self,
            "Echo",
            runtime=lambda_.Runtime.PYTHON_3_12,
            handler="index.handler",
            code=lambda_.Code.from_inline(ECHO),
        )
        self.rest(echo)
        self.http(echo)
        url = echo.add_function_url(auth_type=lambda_.FunctionUrlAuthType.NONE)
        cdk.CfnOutput(self, "FunctionUrl", value=url.url)
        self.flow(echo)

    def rest(self, echo: lambda_.Function) -> None:
        whole = apigateway.LambdaRestApi(self, "Whole", handler=echo)
        cdk.CfnOutput(self, "WholeAt", value=whole.url)
        api = apigateway.RestApi(
            self,
            "Notes",
            cloud_watch_role=True,
            default_cors_preflight_options=apigateway.CorsOptions(allow_origins=apigateway.Cors.ALL_ORIGINS),
            deploy_options=apigateway.StageOptions(
                stage_name="v1",
                throttling_rate_limit=100,
                throttling_burst_limit=50,
                access_log_destination=apigateway.LogGroupLogDestination(logs.LogGroup(self, "Calls")),
            ),
        )
        cdk.CfnOutput(self, "NotesAt", value=api.url)
        notes = api.root.add_resource("notes")
        schema = apigateway.JsonSchema(type=apigateway.JsonSchemaType.OBJECT, required=["text"])
        model = api.add_model("Note", content_type="application/json", schema=schema)
        notes.add_method("GET", apigateway.LambdaIntegration(echo), api_key_required=True)
        notes.add_method(
            "POST",
            apigateway.LambdaIntegration(echo),
            request_models={"application/json": model},
            request_validator_options=apigateway.RequestValidatorOptions(validate_request_body=True),
        )
        plan = api.add_usage_plan("Plan", quota=apigateway.QuotaSettings(limit=2, period=apigateway.Period.DAY))
        plan.add_api_key(api.add_api_key("Key", value="k" * 30))
        plan.add_api_stage(stage=api.deployment_stage)
        queue = sqs.Queue(self, "Queue")
        cdk.CfnOutput(self, "QueueAt", value=queue.queue_url)
        role = iam.Role(self, "Sender", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"))
        queue.grant_send_messages(role)
        send = apigateway.AwsIntegration(
            service="sqs",
            path=f"{cdk.Aws.ACCOUNT_ID}/{queue.queue_name}",
            options=apigateway.IntegrationOptions(
                credentials_role=role,
                request_parameters={
                    "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'",
                },
                request_templates={"application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"},
                integration_responses=[apigateway.IntegrationResponse(status_code="200")],
            ),
        )
        answers = [apigateway.MethodResponse(status_code="200")]
        api.root.add_resource("send").add_method("POST", send, method_responses=answers)

    def http(self, echo: lambda_.Function) -> None:
        cors = http.CorsPreflightOptions(allow_origins=["https://clinic.example"])
        api = http.HttpApi(self, "Http", cors_preflight=cors)
        cdk.CfnOutput(self, "HttpAt", value=api.url)
        to = integrations.HttpLambdaIntegration("To", echo)
        api.add_routes(path="/notes/{id}", methods=[http.HttpMethod.GET], integration=to)
        signed = authorizers.HttpIamAuthorizer()
        api.add_routes(path="/mine", methods=[http.HttpMethod.GET], integration=to, authorizer=signed)

    def flow(self, echo: lambda_.Function) -> None:
        key = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
        table = dynamodb.TableV2(self, "Table", partition_key=key)
        cdk.CfnOutput(self, "TableAt", value=table.table_name)
        sort = tasks.LambdaInvoke(self, "Sort", lambda_function=echo, output_path="$.Payload")
        sort.add_retry(errors=["ValueError"], max_attempts=2, interval=cdk.Duration.seconds(3))
        nothing = stepfunctions.Pass(self, "Nothing", result=stepfunctions.Result.from_object({"sorted": "nothing"}))
        sort.add_catch(nothing, errors=["States.ALL"])
        item = {"id": tasks.DynamoAttributeValue.from_string("one")}
        put = tasks.DynamoPutItem(self, "Put", table=table, item=item, result_path=stepfunctions.JsonPath.DISCARD)
        wait = stepfunctions.Wait(self, "Later", time=stepfunctions.WaitTime.duration(cdk.Duration.minutes(1)))
        machine = stepfunctions.StateMachine(
            self,
            "Machine",
            definition_body=stepfunctions.DefinitionBody.from_chainable(wait.next(sort).next(put)),
            tracing_enabled=True,
            logs=stepfunctions.LogOptions(destination=logs.LogGroup(self, "Steps"), level=stepfunctions.LogLevel.ALL),
        )
        cdk.CfnOutput(self, "MachineAt", value=machine.state_machine_arn)
        got = stepfunctions.Pass(self, "Got", parameters={"got.$": "$.body"})
        express = stepfunctions.StateMachine(
            self,
            "Express",
            state_machine_type=stepfunctions.StateMachineType.EXPRESS,
            definition_body=stepfunctions.DefinitionBody.from_chainable(got),
        )
        api = apigateway.StepFunctionsRestApi(self, "Run", state_machine=express)
        cdk.CfnOutput(self, "RunAt", value=api.url)
