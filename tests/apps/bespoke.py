"""What CloudFormation cannot do by itself: custom resources, ours and CDK's."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from aws_cdk import custom_resources as custom
from constructs import Construct

COUNT = """
import cfnresponse

def handler(event, context):
    words = event["ResourceProperties"]["Text"].split()
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Words": len(words)}, "counted")
"""

ON_EVENT = """
def handler(event, context):
    return {"PhysicalResourceId": "greeting", "Data": {"Greeting": "hello " + event["ResourceProperties"]["Who"]}}
"""


class Bespoke(cdk.Stack):
    """A Python custom resource, one through CDK's provider framework, an SDK call, and files put into a bucket."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        count = lambda_.Function(
            self,
            "Count",
            runtime=lambda_.Runtime.PYTHON_3_12,
            handler="index.handler",
            code=lambda_.Code.from_inline(COUNT),
        )
        counted = cdk.CustomResource(
            self,
            "Counted",
            service_token=count.function_arn,
            resource_type="Custom::WordCount",
            properties={"Text": "three small words"},
        )
        on_event = lambda_.Function(
            self,
            "OnEvent",
            runtime=lambda_.Runtime.PYTHON_3_12,
            handler="index.handler",
            code=lambda_.Code.from_inline(ON_EVENT),
        )
        provider = custom.Provider(
            self,
            "Provider",
            on_event_handler=on_event,
            log_group=logs.LogGroup(self, "Lines", retention=logs.RetentionDays.ONE_DAY),
        )
        greeted = cdk.CustomResource(
            self, "Greeted", service_token=provider.service_token, properties={"Who": "ward 7"}
        )
        bucket = s3.Bucket(self, "Files", removal_policy=cdk.RemovalPolicy.DESTROY, auto_delete_objects=True)
        deployment.BucketDeployment(
            self,
            "Put",
            destination_bucket=bucket,
            sources=[
                deployment.Source.data("hello.txt", "hello"),
                deployment.Source.json_data("config.json", {"bucket": bucket.bucket_name}),
            ],
        )
        asked = custom.AwsCustomResource(
            self,
            "Asked",
            on_create=custom.AwsSdkCall(
                service="SSM",
                action="putParameter",
                parameters={"Name": "/clinic/asked", "Value": "42", "Type": "String"},
                physical_resource_id=custom.PhysicalResourceId.of("asked"),
            ),
            on_delete=custom.AwsSdkCall(service="SSM", action="deleteParameter", parameters={"Name": "/clinic/asked"}),
            policy=custom.AwsCustomResourcePolicy.from_statements(
                [iam.PolicyStatement(actions=["ssm:PutParameter", "ssm:DeleteParameter"], resources=["*"])]
            ),
        )
        cdk.CfnOutput(self, "Words", value=counted.get_att_string("Words"))
        cdk.CfnOutput(self, "Greeting", value=greeted.get_att_string("Greeting"))
        cdk.CfnOutput(self, "Version", value=asked.get_response_field("Version"))
