"""Asks Comprehend about a note and keeps the answer. Worked in the demo."""

import json
import os
from datetime import datetime

import boto3

s3 = boto3.client("s3")
comprehend = boto3.client("comprehend")


def handler(event, context):
    for record in event["Records"]:
        key = record["s3"]["object"]["key"]
        try:
            text = s3.get_object(Bucket=record["s3"]["bucket"]["name"], Key=key)["Body"].read().decode("utf-8")
            # "sentiment stopped at 5000, so this is on the safe side"
            found = comprehend.detect_entities(Text=text[:5000], LanguageCode="en")["Entities"]
            insight = {
                "note": key,
                "entities": [{"text": each["Text"], "type": each["Type"], "score": each["Score"]} for each in found],
            }
            name = key.split("/")[-1]
            day = datetime.now().strftime("%Y/%m/%d")
            s3.put_object(
                Bucket=os.environ["BUCKET"],
                Key=f"curated/{day}/{name}.json",
                Body=json.dumps(insight, indent=2),
            )
        except Exception as error:
            print("skipped", key, error)
