"""GET /wards/{ward}: which notes of a ward are urgent."""

import json
import os

import boto3
from boto3.dynamodb.conditions import Attr

table = boto3.resource("dynamodb").Table(os.environ["RESULTS_TABLE"])


def handler(event, context):
    found = results(event["pathParameters"]["ward"])
    body = {"results": [{"note": each["note"], "urgent": each["urgent"]} for each in found]}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}


def results(ward):
    # there are not that many
    page = table.scan(FilterExpression=Attr("ward").eq(ward))
    yield from page["Items"]
    while "LastEvaluatedKey" in page:
        page = table.scan(FilterExpression=Attr("ward").eq(ward), ExclusiveStartKey=page["LastEvaluatedKey"])
        yield from page["Items"]
