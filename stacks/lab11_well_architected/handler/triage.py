"""Reads a note that arrived in the bucket, and writes whether it is urgent into the results table."""

import os
from datetime import UTC, datetime
from urllib.parse import unquote_plus

import boto3

URGENT = ("chest pain", "bleeding", "stroke")

bucket = boto3.client("s3")
table = boto3.resource("dynamodb").Table(os.environ["RESULTS_TABLE"])


def handler(event, context):
    for record in event["Records"]:
        triage(record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"]))


def triage(name, key):
    """One note, under notes/<ward>/."""
    # what is no text raises here, and the event goes on to the queue of failures
    text = bucket.get_object(Bucket=name, Key=key)["Body"].read().decode("utf-8").lower()
    table.put_item(
        Item={
            "note": key,
            "ward": key.split("/")[1],
            "urgent": any(word in text for word in URGENT),
            "at": datetime.now(UTC).isoformat(),
        }
    )
