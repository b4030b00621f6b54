"""Queues, topics, a bus, schedules and a workflow."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduled
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as states
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct


class Messages(cdk.Stack):
    """A fan-out with filters and dead letters, rules on a bus of its own, a schedule, and a workflow that retries."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        key = kms.Key(self, "Key")
        dead = sqs.Queue(self, "Dead", retention_period=cdk.Duration.days(14))
        urgent = sqs.Queue(
            self,
            "Urgent",
            visibility_timeout=cdk.Duration.seconds(45),
            receive_message_wait_time=cdk.Duration.seconds(5),
            delivery_delay=cdk.Duration.seconds(1),
            max_message_size_bytes=65536,
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=3),
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            data_key_reuse=cdk.Duration.minutes(10),
            enforce_ssl=True,
        )
        ordered = sqs.Queue(
            self,
            "Ordered",
            fifo=True,
            content_based_deduplication=True,
            deduplication_scope=sqs.DeduplicationScope.MESSAGE_GROUP,
            fifo_throughput_limit=sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
        )
        topic = sns.Topic(self, "Notes", display_name="Notes", master_key=kms.Key(self, "TopicKey"), enforce_ssl=True)
        topic.add_subscription(
            subscriptions.SqsSubscription(
                urgent,
                raw_message_delivery=True,
                dead_letter_queue=dead,
                filter_policy={
                    "severity": sns.SubscriptionFilter.string_filter(allowlist=["high"], match_prefixes=["crit"])
                },
            )
        )
        in_order = sns.Topic(self, "InOrder", fifo=True, content_based_deduplication=True)
        in_order.add_subscription(subscriptions.SqsSubscription(ordered))
        worker = lambda_.Function(
            self,
            "Worker",
            runtime=lambda_.Runtime.PYTHON_3_12,
            handler="index.handler",
            code=lambda_.Code.from_inline("def handler(event, context):\n    return event\n"),
        )
        topic.add_subscription(subscriptions.LambdaSubscription(worker))
        bus = events.EventBus(self, "Bus", event_bus_name="clinic", description="the clinic's own")
        bus.archive(
            "Kept",
            event_pattern=events.EventPattern(source=["clinic.notes"]),
            retention=cdk.Duration.days(7),
            description="a week",
        )
        events.Rule(
            self,
            "High",
            event_bus=bus,
            description="high severity",
            event_pattern=events.EventPattern(source=["clinic.notes"], detail={"severity": [{"numeric": [">", 5]}]}),
            targets=[
                targets.SqsQueue(urgent, message=events.RuleTargetInput.from_event_path("$.detail")),
                targets.LambdaFunction(
                    worker, dead_letter_queue=dead, retry_attempts=4, max_event_age=cdk.Duration.hours(2)
                ),
            ],
        )
        flow = states.StateMachine(
            self,
            "Flow",
            definition_body=states.DefinitionBody.from_chainable(
                tasks.LambdaInvoke(self, "Work", lambda_function=worker, output_path="$.Payload")
                .add_retry(max_attempts=2, backoff_rate=2, interval=cdk.Duration.seconds(1))
                .add_catch(states.Fail(self, "Sorry", error="Sorry", cause="it failed"))
                .next(
                    states.Choice(self, "Big?")
                    .when(states.Condition.is_present("$.big"), states.Pass(self, "Big"))
                    .otherwise(states.Succeed(self, "Small"))
                )
            ),
            tracing_enabled=True,
            timeout=cdk.Duration.minutes(5),
            comment="works",
        )
        events.Rule(
            self,
            "Nightly",
            schedule=events.Schedule.cron(hour="3", minute="0"),
            targets=[targets.SfnStateMachine(flow)],
        )
        group = scheduler.ScheduleGroup(self, "Group", schedule_group_name="clinic")
        scheduler.Schedule(
            self,
            "Daily",
            schedule=scheduler.ScheduleExpression.cron(hour="7", minute="30", time_zone=cdk.TimeZone.EUROPE_DUBLIN),
            target=scheduled.LambdaInvoke(
                worker,
                input=scheduler.ScheduleTargetInput.from_object({"why": "daily"}),
                dead_letter_queue=dead,
                retry_attempts=3,
            ),
            schedule_group=group,
            time_window=scheduler.TimeWindow.flexible(cdk.Duration.minutes(15)),
            description="every morning",
        )
        dead.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sqs:SendMessage"],
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                resources=[dead.queue_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        cdk.CfnOutput(self, "TopicArn", value=topic.topic_arn)
