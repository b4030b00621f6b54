"""Triage, as the clinic runs it today. Handed over in October."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

HANDLER = str(Path(__file__).parent / "handler")


class Triage(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)

        notes = s3.Bucket(self, "Notes", removal_policy=cdk.RemovalPolicy.DESTROY, auto_delete_objects=True)
        results = dynamodb.Table(
            self,
            "Results",
            partition_key=dynamodb.Attribute(name="note", type=dynamodb.AttributeType.STRING),
            # sized for the busiest minute of the demo
            read_capacity=40,
            write_capacity=20,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

        triage = lambda_.Function(
            self,
            "Triage",
            runtime=lambda_.Runtime.PYTHON_3_14,
            handler="triage.handler",
            code=lambda_.Code.from_asset(HANDLER),
            environment={"RESULTS_TABLE": results.table_name},
            timeout=cdk.Duration.seconds(10),
        )
        notes.grant_read(triage)
        results.grant_write_data(triage)
        notes.add_event_notification(
            s3.EventType.OBJECT_CREATED,
            notifications.LambdaDestination(triage),
            s3.NotificationKeyFilter(prefix="notes/"),
        )

        desk = lambda_.Function(
            self,
            "Desk",
            runtime=lambda_.Runtime.PYTHON_3_14,
            handler="desk.handler",
            code=lambda_.Code.from_asset(HANDLER),
            environment={"RESULTS_TABLE": results.table_name},
            timeout=cdk.Duration.seconds(10),
        )
        results.grant_read_data(desk)
        # the first version showed the text as well
        notes.grant_read(desk)
        page = apigateway.HttpApi(self, "Page")
        page.add_routes(
            path="/wards/{ward}",
            methods=[apigateway.HttpMethod.GET],
            integration=integrations.HttpLambdaIntegration("Behind", desk),
        )

        # for failures. TODO: fill it, and tell somebody
        failed = sqs.Queue(self, "Failed", removal_policy=cdk.RemovalPolicy.DESTROY)
        pager = sns.Topic(self, "OnCall")

        vpc = ec2.Vpc(
            self,
            "Vpc",
            # two zones, because it has to survive the loss of one
            max_azs=2,
            nat_gateways=1,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24),
                ec2.SubnetConfiguration(name="Servers", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=24),
            ],
        )
        role = iam.Role(self, "IndexerRole", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
        notes.grant_read_write(role)
        start = ec2.UserData.for_linux()
        start.add_commands(
            f"aws s3 cp s3://{notes.bucket_name}/program/install.sh - | bash",
            "systemctl enable --now notes-index",
        )
        indexer = autoscaling.AutoScalingGroup(
            self,
            "IndexServers",
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            launch_template=ec2.LaunchTemplate(
                self,
                "Launch",
                # the largest that was still in the budget of the project
                instance_type=ec2.InstanceType("m5.large"),
                machine_image=ec2.MachineImage.latest_amazon_linux2023(),
                role=role,
                security_group=ec2.SecurityGroup(self, "Group", vpc=vpc),
                user_data=start,
                require_imdsv2=True,
                block_devices=[
                    ec2.BlockDevice(
                        device_name="/dev/xvda",
                        volume=ec2.BlockDeviceVolume.ebs(100, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP2),
                    )
                ],
            ),
            min_capacity=1,
            max_capacity=1,
        )

        # to look at the indexer while it was being built
        jump = ec2.SecurityGroup(self, "JumpGroup", vpc=vpc)
        jump.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(22))
        ec2.Instance(
            self,
            "Jump",
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            instance_type=ec2.InstanceType("t2.micro"),
            machine_image=ec2.MachineImage.latest_amazon_linux2023(),
            security_group=jump,
            require_imdsv2=True,
        )
        # its address, so that the firewall of the hospital can name it
        ec2.CfnEIP(self, "JumpAddress")

        cdk.CfnOutput(self, "NotesBucket", value=notes.bucket_name)
        cdk.CfnOutput(self, "ResultsTable", value=results.table_name)
        cdk.CfnOutput(self, "TriageFunction", value=triage.function_name)
        cdk.CfnOutput(self, "DeskFunction", value=desk.function_name)
        cdk.CfnOutput(self, "DeskUrl", value=page.api_endpoint)
        cdk.CfnOutput(self, "FailedNotes", value=failed.queue_url)
        cdk.CfnOutput(self, "Pager", value=pager.topic_arn)
        cdk.CfnOutput(self, "Indexer", value=indexer.auto_scaling_group_name)
