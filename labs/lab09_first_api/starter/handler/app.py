"""Takes a note and gives it back."""

import json
import os
import uuid

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

# so that a note is there at once, without asking the table again
recent = {}


def handler(event, context):
    print(event)
    method = event["requestContext"]["http"]["method"]
    path = event["rawPath"]

    if method == "POST":
        note = json.loads(event["body"])
        note["id"] = str(uuid.uuid4())
        table.put_item(Item=note)
        recent[note["id"]] = note
        return answer(201, note)

    if path == "/notes":
        # "for the dashboard, one day"
        return answer(200, table.scan()["Items"])

    id = path.split("/")[-1]
    if id not in recent:
        recent[id] = table.get_item(Key={"id": id})["Item"]
    return answer(200, recent[id])


def answer(status, body):
    return {"statusCode": status, "body": json.dumps(body)}
