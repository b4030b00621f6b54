"""Empties the evidence bucket when its stack is deleted, and does nothing before."""

import boto3
import cfnresponse


def handler(event, context):
    """Delete every version; governance mode lets through whoever holds s3:BypassGovernanceRetention and says so."""
    bucket = event["ResourceProperties"]["BucketName"]
    try:
        if event["RequestType"] == "Delete":
            boto3.resource("s3").Bucket(bucket).object_versions.delete(BypassGovernanceRetention=True)
        cfnresponse.send(event, context, cfnresponse.SUCCESS, {}, bucket)
    except Exception as error:
        cfnresponse.send(event, context, cfnresponse.FAILED, {}, bucket, reason=str(error))
