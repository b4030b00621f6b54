"""Firehose delivers with the stream's own role, and through the function that transforms its records."""

from __future__ import annotations

from typing import Any

import pytest

from preflight.clouds.offline import OfflineCloud
from preflight.template import Template

SHOUT = """
import base64

def handler(event, context):
    def done(record):
        text = base64.b64decode(record["data"]).decode()
        if text == "noise":
            return {"recordId": record["recordId"], "result": "Dropped"}
        if text == "broken":
            return {"recordId": record["recordId"], "result": "ProcessingFailed"}
        data = base64.b64encode(text.upper().encode()).decode()
        return {"recordId": record["recordId"], "result": "Ok", "data": data}
    return {"records": [done(record) for record in event["records"]]}
"""


def trust(service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def stack(*allowed: str, transform: bool = False) -> Template:
    """A bucket, and a stream to it whose role may do what is `allowed`."""
    arn = {"Fn::GetAtt": ["Function", "Arn"]}
    processor = {"Type": "Lambda", "Parameters": [{"ParameterName": "LambdaArn", "ParameterValue": arn}]}
    statement = {"Effect": "Allow", "Action": ["logs:PutLogEvents", *allowed], "Resource": "*"}
    policy = {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    destination = {
        "BucketARN": {"Fn::GetAtt": ["Lake", "Arn"]},
        "RoleARN": {"Fn::GetAtt": ["Role", "Arn"]},
        **({"ProcessingConfiguration": {"Enabled": True, "Processors": [processor]}} if transform else {}),
    }
    resources = {
        "Lake": {"Type": "AWS::S3::Bucket"},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": trust("firehose"), "Policies": [policy]},
        },
        "Runs": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust("lambda")}},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Runs", "Arn"]},
                "Code": {"ZipFile": SHOUT},
            },
        },
        "Hose": {
            "Type": "AWS::KinesisFirehose::DeliveryStream",
            "Properties": {"ExtendedS3DestinationConfiguration": destination},
        },
    }
    outputs = {name: {"Value": {"Ref": name}} for name in ("Lake", "Hose")}
    return Template({"Resources": resources, "Outputs": outputs})


def arrived(cloud: OfflineCloud, outputs: dict[str, Any], *records: str) -> dict[str, bytes]:
    """What lies in the bucket after these records, by the first part of its key."""
    told = [{"Data": each.encode()} for each in records]
    cloud.client("firehose").put_record_batch(DeliveryStreamName=outputs["Hose"], Records=told)
    s3 = cloud.client("s3")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=outputs["Lake"]).get("Contents", [])]
    bodies = [s3.get_object(Bucket=outputs["Lake"], Key=key)["Body"].read() for key in keys]
    return {key.split("/")[0]: body for key, body in zip(keys, bodies, strict=True)}


@pytest.mark.parametrize(("allowed", "bodies"), [((), []), (("s3:PutObject",), [b"ab"])])
def test_the_role_decides_whether_anything_arrives(
    cloud: OfflineCloud, allowed: tuple[str, ...], bodies: list[bytes]
) -> None:
    outputs = cloud.cloudformation.create_stack("Hose", stack(*allowed)).outputs
    assert list(arrived(cloud, outputs, "a", "b").values()) == bodies


def test_records_are_transformed_dropped_or_put_aside(cloud: OfflineCloud) -> None:
    template = stack("s3:PutObject", "lambda:InvokeFunction", transform=True)
    outputs = cloud.cloudformation.create_stack("Hose", template).outputs
    there = arrived(cloud, outputs, "a", "noise", "b", "broken")
    failed = there.pop("processing-failed")
    assert (list(there.values()), b"Lambda.FunctionError" in failed) == ([b"AB"], True)
