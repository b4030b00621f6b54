"""A note comes in, what Comprehend finds in it goes out: one JSON object on one line, for the table to read."""

import json
import os
from urllib.parse import unquote_plus

import boto3
from botocore.config import Config

s3 = boto3.client("s3")
# a throttled request is tried again before the function gives up
comprehend = boto3.client("comprehend", config=Config(retries={"mode": "standard", "total_max_attempts": 4}))


def handler(event, context):
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        # S3 writes keys into its events as in an address: a space arrives as a plus
        key = unquote_plus(record["s3"]["object"]["key"])
        # the day the note arrived, also when this is the third try, after midnight
        day = record["eventTime"][:10]
        text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8")

        # what Comprehend refuses is raised, never swallowed: Lambda tries again, then hands the event to the queue
        found = comprehend.detect_entities(Text=text, LanguageCode="en")["Entities"]

        insight = {
            "note": key,
            "entities": [{"text": each["Text"], "type": each["Type"], "score": each["Score"]} for each in found],
        }
        # the note's whole path is in the name, so that two notes called visit.txt stay two insights
        name = key.removeprefix("raw/")
        s3.put_object(
            Bucket=os.environ["INSIGHTS_BUCKET"],
            Key=f"curated/dt={day}/{name}.json",
            Body=json.dumps(insight) + "\n",
            ContentType="application/json",
        )
        # counts, never contents: a log is read by more people than a note
        print(f"{len(found)} entities")
