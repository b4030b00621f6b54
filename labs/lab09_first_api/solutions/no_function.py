"""An unusual right design: a REST API whose own mapping templates talk to DynamoDB. No function at all."""

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

NOTE = apigateway.JsonSchema(
    type=apigateway.JsonSchemaType.OBJECT,
    required=["text"],
    properties={
        "text": apigateway.JsonSchema(type=apigateway.JsonSchemaType.STRING, min_length=1, max_length=1000),
    },
)
# $input.json gives a value as it stands in JSON, quotes and all
TAKE = """{"TableName": "%s", "Item": {"id": {"S": "$context.requestId"}, "text": {"S": $input.json('$.text')}}}"""
GIVE = """{"TableName": "%s", "ConsistentRead": true,
"Key": {"id": {"S": "$util.escapeJavaScript($input.params('id'))"}}}"""
TAKEN = '{"id": "$context.requestId"}'
# DynamoDB answers a key it does not have with 200 and no Item
GIVEN = """#if($input.json('$').contains("Item"))
{"id": $input.json('$.Item.id.S'), "text": $input.json('$.Item.text.S')}
#else
#set($context.responseOverride.status = 404)
{"message": "unknown"}
#end"""


class NoFunction(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
        table = dynamodb.TableV2(
            self,
            "Notes",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            billing=dynamodb.Billing.on_demand(),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        role = iam.Role(self, "Caller", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"))
        table.grant(role, "dynamodb:PutItem", "dynamodb:GetItem")

        calls = logs.LogGroup(
            self, "Calls", retention=logs.RetentionDays.ONE_WEEK, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        api = apigateway.RestApi(
            self,
            "Api",
            # a REST API writes logs with a role that is set once for the account
            cloud_watch_role=True,
            cloud_watch_role_removal_policy=cdk.RemovalPolicy.DESTROY,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            deploy_options=apigateway.StageOptions(
                throttling_rate_limit=5,
                throttling_burst_limit=15,
                access_log_destination=apigateway.LogGroupLogDestination(calls),
                access_log_format=apigateway.AccessLogFormat.clf(),
            ),
        )
        notes = api.root.add_resource("notes")
        notes.add_method(
            "POST",
            self.dynamodb(
                "PutItem",
                role,
                TAKE % table.table_name,
                answers=[apigateway.IntegrationResponse(status_code="201", response_templates={JSON: TAKEN})],
            ),
            request_models={JSON: api.add_model("Note", content_type=JSON, schema=NOTE)},
            request_validator_options=apigateway.RequestValidatorOptions(validate_request_body=True),
            method_responses=[apigateway.MethodResponse(status_code=code) for code in ("201", "400")],
        )
        notes.add_resource("{id}").add_method(
            "GET",
            self.dynamodb(
                "GetItem",
                role,
                GIVE % table.table_name,
                answers=[apigateway.IntegrationResponse(status_code="200", response_templates={JSON: GIVEN})],
            ),
            method_responses=[apigateway.MethodResponse(status_code=code) for code in ("200", "404")],
        )
        cdk.CfnOutput(self, "ApiUrl", value=api.url)
        cdk.CfnOutput(self, "NotesTable", value=table.table_name)

    def dynamodb(self, action: str, role: iam.Role, request: str, answers: list) -> apigateway.AwsIntegration:
        # what DynamoDB refuses is the caller's fault: a key too long, say
        refused = apigateway.IntegrationResponse(
            status_code="404" if action == "GetItem" else "400",
            selection_pattern=r"4\d\d",
            response_templates={JSON: '{"message": "unknown"}'},
        )
        return apigateway.AwsIntegration(
            service="dynamodb",
            action=action,
            options=apigateway.IntegrationOptions(
                credentials_role=role,
                request_templates={JSON: request},
                passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
                integration_responses=[*answers, refused],
            ),
        )


JSON = "application/json"
