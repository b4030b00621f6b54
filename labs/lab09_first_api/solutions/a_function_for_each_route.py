"""A REST API with limits for each method, a schema in front, and a function with a role of its own for each route."""

import json

import aws_cdk as cdk
from aws_cdk import aws_apigateway as rest
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

# written into the template, where two files would do as well
WIRE = """
import json, os
import boto3

dynamodb, ledger = boto3.client("dynamodb"), os.environ["LEDGER"]

def reply(status, **fields):
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(fields)}
"""
TAKE = (
    WIRE
    + """
import base64, uuid

class BadNote(ValueError):
    pass

def text_of(event):
    raw = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            raw = base64.b64decode(raw).decode("utf-8")
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadNote("the body is not JSON") from None
    if not isinstance(body, dict) or set(body) != {"text"} or not isinstance(body["text"], str):
        raise BadNote("the body is to be an object with a text, and nothing else")
    text = body["text"]
    if not 1 <= len(text) <= 1000:
        raise BadNote("the text is to have 1 to 1000 characters")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        # JSON can spell half a character, which no table keeps
        raise BadNote("the text holds half a character") from None
    return text

def main(event, context):
    try:
        text = text_of(event)
    except BadNote as reason:
        return reply(400, message=str(reason))
    key = uuid.uuid4().hex
    dynamodb.put_item(
        TableName=ledger,
        Item={"note": {"S": key}, "words": {"S": text}},
        ConditionExpression="attribute_not_exists(note)",
    )
    return reply(201, id=key)
"""
)
GIVE = (
    WIRE
    + """
import re

def main(event, context):
    key, item = event["pathParameters"]["key"], None
    if re.fullmatch("[0-9a-f]{32}", key):
        item = dynamodb.get_item(TableName=ledger, Key={"note": {"S": key}}, ConsistentRead=True).get("Item")
    if item is None:
        return reply(404, message="no note has this id")
    return reply(200, id=key, text=item["words"]["S"])
"""
)


def forgetful_log(scope: Construct, construct_id: str) -> logs.LogGroup:
    return logs.LogGroup(
        scope, construct_id, retention=logs.RetentionDays.TWO_MONTHS, removal_policy=cdk.RemovalPolicy.DESTROY
    )


class Ledger(Construct):
    """The one place notes live in."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.TableV2(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="note", type=dynamodb.AttributeType.STRING),
            billing=dynamodb.Billing.on_demand(),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )


class Clerk(Construct):
    """One function for one route: its own log, and a role with one action on the ledger."""

    def __init__(
        self, scope: Construct, construct_id: str, *, ledger: Ledger, code: str, action: str, does: str
    ) -> None:
        super().__init__(scope, construct_id)
        log = forgetful_log(self, "Log")
        role = iam.Role(self, "Badge", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        ledger.table.grant(role, action)
        log.grant_write(role)
        self.function = lambda_.Function(
            self,
            "Code",
            description=does,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=256,
            timeout=cdk.Duration.seconds(8),
            code=lambda_.Code.from_inline(code),
            handler="index.main",
            environment={"LEDGER": ledger.table.table_name},
            role=role,
            log_group=log,
        )


class FrontDesk(Construct):
    """The door: two methods, their limits, and a line for whoever came."""

    STAGE = "wards"
    LIMIT = rest.MethodDeploymentOptions(throttling_burst_limit=16, throttling_rate_limit=9)

    def __init__(self, scope: Construct, construct_id: str, *, takes: Clerk, gives: Clerk) -> None:
        super().__init__(scope, construct_id)
        self.api = rest.RestApi(
            self,
            "Rest",
            description="Wards hand in notes and read them back",
            endpoint_types=[rest.EndpointType.REGIONAL],
            cloud_watch_role=True,
            deploy_options=rest.StageOptions(
                stage_name=self.STAGE,
                access_log_destination=rest.LogGroupLogDestination(forgetful_log(self, "Visitors")),
                access_log_format=rest.AccessLogFormat.custom(
                    json.dumps(
                        {
                            "request": rest.AccessLogField.context_request_id(),
                            "when": rest.AccessLogField.context_request_time(),
                            "method": rest.AccessLogField.context_http_method(),
                            "path": rest.AccessLogField.context_path(),
                            "status": rest.AccessLogField.context_status(),
                        }
                    )
                ),
                # execution logs would hold what a note says
                logging_level=rest.MethodLoggingLevel.OFF,
                data_trace_enabled=False,
                method_options={"/notes/POST": self.LIMIT, "/notes/{key}/GET": self.LIMIT},
            ),
        )
        # what has no route is "Missing Authentication Token", a 403, unless told otherwise
        self.api.add_gateway_response(
            "NoSuchRoute",
            type=rest.ResponseType.MISSING_AUTHENTICATION_TOKEN,
            status_code="404",
            templates={"application/json": '{"message": "there is nothing here"}'},
        )
        self.api.add_gateway_response(
            "NotANote",
            type=rest.ResponseType.BAD_REQUEST_BODY,
            templates={"application/json": '{"message": "the body is to be a JSON object with a text"}'},
        )
        # A first look, before anything is paid for. The function counts characters; the schema only keeps novels out,
        # at twice the length, in case somebody counts UTF-16.
        slip = self.api.add_model(
            "Slip",
            content_type="application/json",
            schema=rest.JsonSchema(
                schema=rest.JsonSchemaVersion.DRAFT4,
                type=rest.JsonSchemaType.OBJECT,
                required=["text"],
                properties={"text": rest.JsonSchema(type=rest.JsonSchemaType.STRING, min_length=1, max_length=2000)},
                additional_properties=False,
            ),
        )
        notes = self.api.root.add_resource("notes")
        notes.add_method(
            "POST",
            rest.LambdaIntegration(takes.function, allow_test_invoke=False),
            # $default: whatever content type the caller claims
            request_models={"$default": slip},
            request_validator_options=rest.RequestValidatorOptions(validate_request_body=True),
        )
        notes.add_resource("{key}").add_method("GET", rest.LambdaIntegration(gives.function, allow_test_invoke=False))

    @property
    def address(self) -> str:
        # without the slash that api.url ends in: the callers add /notes
        stack = cdk.Stack.of(self)
        stage = self.api.deployment_stage.stage_name
        return f"https://{self.api.rest_api_id}.execute-api.{stack.region}.{stack.url_suffix}/{stage}"


class WardNotes(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
        ledger = Ledger(self, "Ledger")
        desk = FrontDesk(
            self,
            "Desk",
            takes=Clerk(self, "Takes", ledger=ledger, code=TAKE, action="dynamodb:PutItem", does="keeps a new note"),
            gives=Clerk(self, "Gives", ledger=ledger, code=GIVE, action="dynamodb:GetItem", does="gives a note back"),
        )
        cdk.CfnOutput(self, "ApiUrl", value=desk.address)
        cdk.CfnOutput(self, "NotesTable", value=ledger.table.table_name)
