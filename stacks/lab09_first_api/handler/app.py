"""Takes a note and gives it back: what stands behind the two routes of the notes API."""

import base64
import json
import os
import re
import uuid

import boto3

LONGEST = 1000

# made once for as long as Lambda keeps this process; nothing a caller sent is kept here
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    if event["routeKey"] == "POST /notes":
        return take(event)
    return give(event["pathParameters"]["id"])


def take(event):
    """POST /notes"""
    note, why_not = read(event)
    if why_not:
        return answer(400, {"error": why_not})
    # an id nobody can guess or count up from
    item = {"id": uuid.uuid4().hex, "text": note["text"]}
    table.put_item(Item=item, ConditionExpression="attribute_not_exists(id)")
    return answer(201, item)


def give(id):
    """GET /notes/{id}"""
    # what cannot be an id is not looked for: a key longer than 2,048 bytes is an error to DynamoDB
    if re.fullmatch(r"[0-9a-f]{32}", id):
        # without ConsistentRead a note may be missing for a moment after it was taken
        item = table.get_item(Key={"id": id}, ConsistentRead=True).get("Item")
        if item:
            return answer(200, {"id": item["id"], "text": item["text"]})
    return answer(404, {"error": "there is no such note"})


def read(event):
    """The body of a request as (note, None), or (None, why it is none)."""
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body)
    try:
        note = json.loads(body)
    except (ValueError, RecursionError):
        # a hundred thousand opening brackets are a body, too
        return None, "the body is not JSON"
    text = note.get("text") if isinstance(note, dict) else None
    if not isinstance(text, str) or not text:
        return None, "a note is an object with a text"
    if len(text) > LONGEST:
        return None, f"a text has {LONGEST} characters at most"
    return note, None


def answer(status, body):
    return {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
