"""Two APIs over functions over a table."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigateway as rest
from aws_cdk import aws_apigatewayv2 as http
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

HANDLER = """
import json, os, boto3

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps({"table": os.environ["TABLE"]})}
"""


class Serverless(cdk.Stack):
    """A REST API and an HTTP API, functions with everything set, a table with its stream, and an alarm."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        table = dynamodb.Table(
            self,
            "Notes",
            partition_key=dynamodb.Attribute(name="ward", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="at", type=dynamodb.AttributeType.NUMBER),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            time_to_live_attribute="expires",
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            deletion_protection=False,
            table_class=dynamodb.TableClass.STANDARD_INFREQUENT_ACCESS,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        table.add_global_secondary_index(
            index_name="by_kind",
            partition_key=dynamodb.Attribute(name="kind", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=["title"],
        )
        table.add_local_secondary_index(
            index_name="by_size", sort_key=dynamodb.Attribute(name="size", type=dynamodb.AttributeType.NUMBER)
        )
        failed = sqs.Queue(self, "Failed", encryption=sqs.QueueEncryption.SQS_MANAGED)
        layer = lambda_.LayerVersion(
            self,
            "Shared",
            code=lambda_.Code.from_asset(__file__.rpartition("/")[0] + "/layer"),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_12],
            description="shared words",
            license="Apache-2.0",
        )
        function = lambda_.Function(
            self,
            "Api",
            runtime=lambda_.Runtime.PYTHON_3_12,
            handler="index.handler",
            code=lambda_.Code.from_inline(HANDLER),
            environment={"TABLE": table.table_name},
            timeout=cdk.Duration.seconds(10),
            memory_size=256,
            layers=[layer],
            tracing=lambda_.Tracing.ACTIVE,
            architecture=lambda_.Architecture.ARM_64,
            description="answers",
            ephemeral_storage_size=cdk.Size.mebibytes(1024),
            reserved_concurrent_executions=5,
            dead_letter_queue=failed,
            log_group=logs.LogGroup(
                self, "Lines", retention=logs.RetentionDays.ONE_WEEK, removal_policy=cdk.RemovalPolicy.DESTROY
            ),
            logging_format=lambda_.LoggingFormat.JSON,
        )
        table.grant_read_write_data(function)
        live = function.add_alias("live")
        function.add_function_url(
            auth_type=lambda_.FunctionUrlAuthType.AWS_IAM,
            cors=lambda_.FunctionUrlCorsOptions(
                allowed_origins=["https://example.org"], allowed_methods=[lambda_.HttpMethod.GET]
            ),
        )
        watcher = lambda_.Function(
            self,
            "Watcher",
            runtime=lambda_.Runtime.PYTHON_3_12,
            handler="index.handler",
            code=lambda_.Code.from_inline("def handler(event, context):\n    return len(event['Records'])\n"),
            on_failure=destinations.SqsDestination(failed),
            max_event_age=cdk.Duration.hours(1),
            retry_attempts=1,
        )
        watcher.add_event_source(
            sources.DynamoEventSource(
                table,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=5,
                bisect_batch_on_error=True,
                retry_attempts=2,
                filters=[lambda_.FilterCriteria.filter({"eventName": lambda_.FilterRule.is_equal("INSERT")})],
            )
        )
        jobs = sqs.Queue(self, "Jobs", visibility_timeout=cdk.Duration.seconds(30))
        watcher.add_event_source(
            sources.SqsEventSource(jobs, batch_size=7, max_concurrency=2, report_batch_item_failures=True)
        )
        api = rest.LambdaRestApi(
            self,
            "Rest",
            handler=live,
            proxy=False,
            description="notes over REST",
            deploy_options=rest.StageOptions(
                stage_name="v1",
                throttling_rate_limit=10,
                throttling_burst_limit=5,
                metrics_enabled=True,
                tracing_enabled=True,
                variables={"colour": "blue"},
            ),
            endpoint_types=[rest.EndpointType.REGIONAL],
        )
        notes = api.root.add_resource("notes")
        notes.add_method("GET", api_key_required=True)
        notes.add_method(
            "POST",
            request_validator=rest.RequestValidator(self, "Valid", rest_api=api, validate_request_body=True),
            request_models={
                "application/json": api.add_model(
                    "Note",
                    content_type="application/json",
                    schema=rest.JsonSchema(
                        type=rest.JsonSchemaType.OBJECT,
                        required=["text"],
                        properties={"text": rest.JsonSchema(type=rest.JsonSchemaType.STRING)},
                    ),
                )
            },
        )
        notes.add_resource("{id}").add_method("GET", authorization_type=rest.AuthorizationType.IAM)
        notes.add_cors_preflight(allow_origins=["https://example.org"])
        plan = api.add_usage_plan(
            "Plan",
            throttle=rest.ThrottleSettings(rate_limit=5, burst_limit=2),
            quota=rest.QuotaSettings(limit=1000, period=rest.Period.DAY),
            api_stages=[rest.UsagePlanPerApiStage(api=api, stage=api.deployment_stage)],
        )
        plan.add_api_key(api.add_api_key("Key", description="for the partner"))
        fast = http.HttpApi(
            self,
            "Http",
            description="notes over HTTP",
            cors_preflight=http.CorsPreflightOptions(
                allow_origins=["https://example.org"],
                allow_methods=[http.CorsHttpMethod.GET],
                max_age=cdk.Duration.hours(1),
            ),
        )
        fast.add_routes(
            path="/notes/{id}",
            methods=[http.HttpMethod.GET],
            integration=integrations.HttpLambdaIntegration("Get", function),
        )
        stage: Any = fast.default_stage.node.default_child
        stage.default_route_settings = http.CfnStage.RouteSettingsProperty(
            throttling_burst_limit=5, throttling_rate_limit=10
        )
        alarm = cloudwatch.Alarm(
            self,
            "Errors",
            metric=function.metric_errors(period=cdk.Duration.minutes(1)),
            threshold=1,
            evaluation_periods=3,
            datapoints_to_alarm=2,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description="errors",
        )
        alarm.add_alarm_action(actions.SnsAction(sns.Topic(self, "Pager")))
        cloudwatch.Dashboard(self, "Board", widgets=[[cloudwatch.GraphWidget(left=[function.metric_invocations()])]])
        cdk.CfnOutput(self, "RestUrl", value=api.url)
        cdk.CfnOutput(self, "HttpUrl", value=fast.api_endpoint)
