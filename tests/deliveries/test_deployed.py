"""What a template declares delivers, and what would not deliver is refused as CloudFormation refuses it."""

from __future__ import annotations

import json

import pytest

from preflight.errors import DeployFailed
from preflight.template import Template

S3_MAY_SEND = {
    "Type": "AWS::SQS::QueuePolicy",
    "Properties": {
        "Queues": [{"Ref": "Inbox"}],
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "s3.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": {"Fn::GetAtt": ["Inbox", "Arn"]},
                    "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::ward-notes"}},
                }
            ],
        },
    },
}
BUCKET = {
    "Type": "AWS::S3::Bucket",
    "DependsOn": ["MaySend"],
    "Properties": {
        "BucketName": "ward-notes",
        "NotificationConfiguration": {
            "EventBridgeConfiguration": {"EventBridgeEnabled": True},
            "QueueConfigurations": [
                {
                    "Event": "s3:ObjectCreated:*",
                    "Queue": {"Fn::GetAtt": ["Inbox", "Arn"]},
                    "Filter": {"S3Key": {"Rules": [{"Name": "Prefix", "Value": "in/"}]}},
                }
            ],
        },
    },
}
WORKER = {
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            },
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"],
        },
    },
    "Worker": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Code": {"ZipFile": "def handler(event, context):\n    print(len(event['Records']), 'notes')\n"},
        },
    },
    "Mapping": {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "FunctionName": {"Ref": "Worker"},
            "EventSourceArn": {"Fn::GetAtt": ["Inbox", "Arn"]},
        },
    },
}


def create(place, **resources):
    where = {"region": place.cloud.region, "account": place.cloud.account}
    return place.cloud.cloudformation.create_stack("Ward", Template({"Resources": resources}), **where)


def test_a_bucket_a_queue_and_a_worker(place):
    stack = create(place, Inbox={"Type": "AWS::SQS::Queue"}, MaySend=S3_MAY_SEND, Notes=BUCKET, **WORKER)
    assert stack.not_emulated == []
    assert place.cloud.deliveries.settle()
    place.client("s3").put_object(Bucket="ward-notes", Key="in/one", Body=b"fever")
    assert place.cloud.deliveries.settle()
    group = f"/aws/lambda/{stack.resources['Worker'].physical_id}"
    lines = place.client("logs").filter_log_events(logGroupName=group, filterPattern="notes")["events"]
    assert [each["message"].strip() for each in lines] == ["1 notes", "1 notes"]
    place.client("s3").delete_object(Bucket="ward-notes", Key="in/one")
    place.cloud.delete("Ward")
    assert place.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []


def test_a_bucket_whose_queue_is_closed_to_it_fails_and_everything_goes(place):
    closed = json.loads(json.dumps(S3_MAY_SEND).replace("ward-notes", "another"))
    with pytest.raises(DeployFailed, match="Unable to validate the following destination configurations"):
        create(place, Inbox={"Type": "AWS::SQS::Queue"}, MaySend=closed, Notes=BUCKET)
    assert place.client("s3").list_buckets()["Buckets"] == []


def test_a_worker_whose_role_may_not_read_fails(place):
    role = {**WORKER["Role"], "Properties": {**WORKER["Role"]["Properties"], "ManagedPolicyArns": []}}
    with pytest.raises(DeployFailed, match="does not have permissions to call ReceiveMessage on SQS"):
        create(place, Inbox={"Type": "AWS::SQS::Queue"}, **{**WORKER, "Role": role})
