"""A REST API that hands everything to one function by an alias; the function's own router refuses what is not known."""

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

ROUTER = """
import base64, json, os, time, uuid
import boto3
from boto3.dynamodb.conditions import Key

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

class Refused(Exception):
    pass

def handler(event, context):
    steps = event["path"].strip("/").split("/")
    try:
        if steps[0] != "notes" or len(steps) > 2:
            raise Refused(404, "no such thing")
        wanted = "POST" if len(steps) == 1 else "GET"
        if event["httpMethod"] != wanted:
            raise Refused(405, f"use {wanted}")
        return take(event) if wanted == "POST" else give(steps[1])
    except Refused as error:
        return answer(error.args[0], {"message": error.args[1]})

def take(event):
    body = event["body"] or ""
    try:
        note = json.loads(base64.b64decode(body) if event.get("isBase64Encoded") else body)
        text = note["text"]
        assert isinstance(text, str) and 1 <= len(text) <= 1000
    except Exception:
        raise Refused(400, "a note has a text of 1 to 1000 characters")
    id = str(uuid.uuid4())
    # a write that can be repeated: the same id gives the same note
    table.update_item(
        Key={"id": id},
        UpdateExpression="SET #text = :text, taken = :now",
        ExpressionAttributeNames={"#text": "text"},
        ExpressionAttributeValues={":text": text, ":now": int(time.time())},
    )
    return answer(201, {"id": id, "text": text, "link": f"/notes/{id}"})

def give(id):
    if len(id) > 64:
        raise Refused(404, "no such note")
    found = table.query(KeyConditionExpression=Key("id").eq(id), ConsistentRead=True)["Items"]
    if not found:
        raise Refused(404, "no such note")
    return answer(200, {"id": id, "text": found[0]["text"], "taken": int(found[0]["taken"])})

def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
"""


class OneDoorForAll(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
        cdk.RemovalPolicies.of(self).destroy()
        table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires",
        )
        function = lambda_.Function(
            self,
            "Router",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline(ROUTER),
            environment={"TABLE": table.table_name},
            memory_size=256,
            timeout=cdk.Duration.seconds(15),
            tracing=lambda_.Tracing.ACTIVE,
            log_group=logs.LogGroup(self, "RouterLog", retention=logs.RetentionDays.ONE_MONTH),
        )
        function.add_to_role_policy(
            iam.PolicyStatement(actions=["dynamodb:UpdateItem", "dynamodb:Query"], resources=[table.table_arn])
        )
        live = lambda_.Alias(self, "Live", alias_name="live", version=function.current_version)
        api = apigateway.LambdaRestApi(
            self,
            "Api",
            handler=live,
            cloud_watch_role=True,
            default_cors_preflight_options=apigateway.CorsOptions(allow_origins=["https://ward.example"]),
            deploy_options=apigateway.StageOptions(
                stage_name="v1",
                access_log_destination=apigateway.LogGroupLogDestination(
                    logs.LogGroup(self, "Calls", retention=logs.RetentionDays.THREE_MONTHS)
                ),
                # the resource is {proxy+} whatever is asked, so the line takes the path
                access_log_format=apigateway.AccessLogFormat.custom(
                    "$context.requestId $context.requestTime $context.httpMethod $context.path $context.status"
                ),
                throttling_rate_limit=10,
                throttling_burst_limit=20,
            ),
        )
        cdk.CfnOutput(self, "ApiUrl", value=api.url_for_path("/"))
        cdk.CfnOutput(self, "NotesTable", value=table.table_name)
