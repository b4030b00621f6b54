"""GET /wards/{ward}: which notes of a ward are urgent. It never sees what a note says."""

import json
import os

import boto3
from boto3.dynamodb.conditions import Key

table = boto3.resource("dynamodb").Table(os.environ["RESULTS_TABLE"])


def handler(event, context):
    found = results(event["pathParameters"]["ward"])
    body = {"results": [{"note": each["note"], "urgent": each["urgent"]} for each in found]}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}


def results(ward):
    """A ward's results, the latest first: a Query reads them and nothing else."""
    asked = {"IndexName": "ByWard", "KeyConditionExpression": Key("ward").eq(ward), "ScanIndexForward": False}
    page = table.query(**asked)
    yield from page["Items"]
    while "LastEvaluatedKey" in page:
        page = table.query(**asked, ExclusiveStartKey=page["LastEvaluatedKey"])
        yield from page["Items"]
