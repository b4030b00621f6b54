"""Triage as the clinic runs it, mended: a bucket, two functions, a table, a page for the wards, a server, an alarm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class Triage(cdk.Stack):
    """The inherited system, with each pillar's fault mended where it stood."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)

        notes = s3.Bucket(
            self,
            "Notes",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )
        # Sustainability: what nobody will read again is not kept. The index has its own prefix, and stays.
        notes.add_lifecycle_rule(prefix="notes/", expiration=cdk.Duration.days(90))

        results = dynamodb.Table(
            self,
            "Results",
            partition_key=dynamodb.Attribute(name="note", type=dynamodb.AttributeType.STRING),
            # Cost: a ward sends thirty notes an hour. Capacity by the hour paid for a thousand.
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # Performance efficiency: the page asks by ward, so there is a key by ward. An index keeps what the table has;
        # another primary key would have replaced the table, results and all.
        results.add_global_secondary_index(
            index_name="ByWard",
            partition_key=dynamodb.Attribute(name="ward", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="at", type=dynamodb.AttributeType.STRING),
        )

        failed = self.failed_notes()
        triage = self.function("Triage", "triage.handler", results, on_failure=destinations.SqsDestination(failed))
        notes.grant_read(triage, "notes/*")
        results.grant(triage, "dynamodb:PutItem")
        notes.add_event_notification(
            s3.EventType.OBJECT_CREATED,
            notifications.LambdaDestination(triage),
            s3.NotificationKeyFilter(prefix="notes/"),
        )

        # Security: it shows which notes are urgent, and has no way to what they say.
        desk = self.function("Desk", "desk.handler", results)
        desk.add_to_role_policy(
            iam.PolicyStatement(actions=["dynamodb:Query"], resources=[f"{results.table_arn}/index/ByWard"])
        )
        page = apigateway.HttpApi(self, "Page")
        page.add_routes(
            path="/wards/{ward}",
            methods=[apigateway.HttpMethod.GET],
            integration=integrations.HttpLambdaIntegration("Behind", desk),
        )

        pager = self.pager(failed)
        indexer = self.indexer(notes)

        cdk.CfnOutput(self, "NotesBucket", value=notes.bucket_name)
        cdk.CfnOutput(self, "ResultsTable", value=results.table_name)
        cdk.CfnOutput(self, "TriageFunction", value=triage.function_name)
        cdk.CfnOutput(self, "DeskFunction", value=desk.function_name)
        cdk.CfnOutput(self, "DeskUrl", value=page.api_endpoint)
        cdk.CfnOutput(self, "FailedNotes", value=failed.queue_url)
        cdk.CfnOutput(self, "Pager", value=pager.topic_arn)
        cdk.CfnOutput(self, "Indexer", value=indexer.auto_scaling_group_name)

    def function(self, name: str, handler: str, results: dynamodb.Table, **more: Any) -> lambda_.Function:
        """A function on Graviton with a role and a log of its own, so that the log forgets and goes with the stack."""
        log = logs.LogGroup(
            self, f"{name}Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        role = iam.Role(self, f"{name}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log.grant_write(role)
        return lambda_.Function(
            self,
            name,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=handler,
            code=lambda_.Code.from_asset(str(Path(__file__).parent / "handler")),
            environment={"RESULTS_TABLE": results.table_name},
            role=role,
            log_group=log,
            memory_size=256,
            timeout=cdk.Duration.seconds(10),
            **more,
        )

    def failed_notes(self) -> sqs.Queue:
        """Reliability: S3 never learns how a function ended. What fails for good is put here, and nothing is lost."""
        return sqs.Queue(
            self,
            "Failed",
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

    def pager(self, failed: sqs.Queue) -> sns.Topic:
        """Operational excellence: a failure somebody learns of before the ward calls."""
        pager = sns.Topic(self, "OnCall", enforce_ssl=True)
        # a topic whose policy says anything no longer lets the account's alarms publish by itself
        pager.grant_publish(iam.ServicePrincipal("cloudwatch.amazonaws.com"))
        waiting = cloudwatch.Alarm(
            self,
            "NotesWait",
            alarm_description="A note could not be triaged and waits in FailedNotes. Read its key in the message.",
            metric=failed.metric_approximate_number_of_messages_visible(
                statistic="Maximum", period=cdk.Duration.minutes(5)
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            # SQS stops measuring a queue that nobody has used for hours: that is an empty queue, and no alarm
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        waiting.add_alarm_action(actions.SnsAction(pager))
        return pager

    def indexer(self, notes: s3.Bucket) -> autoscaling.AutoScalingGroup:
        """A small server that reads notes and writes an index, in whichever zone stands."""
        network = ec2.Vpc(
            self,
            "Network",
            ip_addresses=ec2.IpAddresses.cidr("10.42.0.0/16"),
            max_azs=2,
            # Cost and reliability: the one NAT gateway was the way to S3 for both zones, and stood in one of them.
            # A second would have doubled its price. A gateway endpoint is in every zone, and free.
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Servers", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24)
            ],
            gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
            restrict_default_security_group=True,
        )
        wall = ec2.SecurityGroup(
            self, "Wall", vpc=network, description="Indexer: nobody in, HTTPS out", allow_all_outbound=False
        )
        wall.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "S3")

        role = iam.Role(self, "IndexerRole", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
        # reads notes, the program and its own index; writes the index, so that no fault in it changes a note
        notes.grant_read(role)
        notes.grant_put(role, "index/*")

        start = ec2.UserData.for_linux()
        start.add_commands(
            f"aws s3 cp s3://{notes.bucket_name}/program/install.sh - | bash",
            "systemctl enable --now notes-index",
        )
        launch = ec2.LaunchTemplate(
            self,
            "Launch",
            # two processors and a gigabyte, which is what the program was measured to need; Arm, as is the image
            instance_type=ec2.InstanceType("t4g.micro"),
            machine_image=ec2.MachineImage.latest_amazon_linux2023(cpu_type=ec2.AmazonLinuxCpuType.ARM_64),
            role=role,
            security_group=wall,
            user_data=start,
            require_imdsv2=True,
            block_devices=[
                ec2.BlockDevice(
                    device_name="/dev/xvda",
                    volume=ec2.BlockDeviceVolume.ebs(8, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3),
                )
            ],
        )
        return autoscaling.AutoScalingGroup(
            self,
            "IndexServers",
            vpc=network,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            launch_template=launch,
            min_capacity=1,
            max_capacity=1,
        )
