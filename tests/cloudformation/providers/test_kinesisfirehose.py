"""A delivery stream is made as declared, and what is put into it arrives."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def role(bench):
    return bench.client("iam").create_role(RoleName="hose", AssumeRolePolicyDocument="{}")["Role"]["Arn"]


def test_a_stream_to_a_bucket(bench, role):
    firehose, s3 = bench.client("firehose"), bench.client("s3")
    s3.create_bucket(Bucket="lake")
    destination: dict[str, Any] = {
        "BucketARN": "arn:aws:s3:::lake",
        "RoleARN": role,
        "Prefix": "raw/!{timestamp:yyyy}/",
        "ErrorOutputPrefix": "bad/!{firehose:error-output-type}/",
        "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 64},
        "CompressionFormat": "GZIP",
        "CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": "/hose", "LogStreamName": "S3Delivery"},
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "S3BackupMode": "Disabled",
        "DataFormatConversionConfiguration": {
            "Enabled": False,
            "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {"CaseInsensitive": False}}},
            "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {"Compression": "SNAPPY"}}},
            "SchemaConfiguration": {"DatabaseName": "lake", "TableName": "books", "RoleARN": role},
        },
    }
    declared = {
        "DeliveryStreamName": "hose",
        "DeliveryStreamType": "DirectPut",
        "ExtendedS3DestinationConfiguration": destination,
        "DeliveryStreamEncryptionConfigurationInput": {"KeyType": "AWS_OWNED_CMK"},
        "Tags": [{"Key": "team", "Value": "triage"}],
    }
    made = bench.make("AWS::KinesisFirehose::DeliveryStream", "Hose", **declared)
    assert (made.ref, made["Arn"]) == ("hose", "arn:aws:firehose:us-east-1:123456789012:deliverystream/hose")
    assert (made.unapplied, bench.lost(made)) == ((), set())
    firehose.put_record_batch(DeliveryStreamName="hose", Records=[{"Data": b"a\n"}, {"Data": b"b\n"}])
    (key,) = (each["Key"] for each in s3.list_objects_v2(Bucket="lake")["Contents"])
    assert key.startswith("raw/20") and key.endswith(".gz")
    assert gzip.decompress(s3.get_object(Bucket="lake", Key=key)["Body"].read()) == b"a\nb\n"

    simpler = {**destination, "Prefix": "new/", "CompressionFormat": "UNCOMPRESSED"}
    changed = bench.change(made, **{**declared, "ExtendedS3DestinationConfiguration": simpler})
    assert bench.lost(changed) == set()
    firehose.put_record(DeliveryStreamName="hose", Record={"Data": b"c"})
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket="lake", Prefix="new/")["Contents"]]
    assert [s3.get_object(Bucket="lake", Key=each)["Body"].read() for each in keys] == [b"c"]
    bench.delete(changed)
    bench.delete(changed)
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []
    nobody = {**destination, "RoleARN": "arn:aws:iam::123456789012:role/none"}
    with pytest.raises(ClientError, match="Firehose is unable to assume role"):
        bench.make("AWS::KinesisFirehose::DeliveryStream", "Hose", ExtendedS3DestinationConfiguration=nobody)


def test_a_stream_to_where_nothing_is_emulated_is_recorded(bench):
    declared = {"AmazonOpenSearchServerlessDestinationConfiguration": {"IndexName": "i"}}
    made = bench.make("AWS::KinesisFirehose::DeliveryStream", "Hose", **declared)
    assert made.made.recorded
    bench.delete(made)


def test_a_stream_carries_on_what_comes_to_a_kinesis_stream(bench, role):
    kinesis, s3 = bench.client("kinesis"), bench.client("s3")
    s3.create_bucket(Bucket="lake")
    kinesis.create_stream(StreamName="notes", ShardCount=1)
    source = kinesis.describe_stream(StreamName="notes")["StreamDescription"]["StreamARN"]
    made = bench.make(
        "AWS::KinesisFirehose::DeliveryStream",
        "Hose",
        DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration={"KinesisStreamARN": source, "RoleARN": role},
        S3DestinationConfiguration={"BucketARN": "arn:aws:s3:::lake", "RoleARN": role},
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    kinesis.put_record(StreamName="notes", Data=b"one", PartitionKey="k")
    kinesis.put_records(StreamName="notes", Records=[{"Data": b"two", "PartitionKey": "k"}])
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket="lake")["Contents"]]
    assert sorted(s3.get_object(Bucket="lake", Key=each)["Body"].read() for each in keys) == [b"one", b"two"]
    with pytest.raises(ClientError, match="not permitted on KinesisStreamAsSource"):
        bench.client("firehose").put_record(DeliveryStreamName=made.ref, Record={"Data": b"three"})
    bench.delete(made)
