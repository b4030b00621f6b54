"""Parameters and conditions, an advanced selector, Config with the rights of its role, and no topic at all."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_config as config
from aws_cdk import aws_events as events
from aws_cdk import aws_guardduty as guardduty
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

NAMESPACE = "Hospital/Audit"
TAMPERING = ("StopLogging", "UpdateTrail", "DeleteTrail")


def statements(*each: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in each]}


class Witness(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        sub = cdk.Fn.sub

        mine = {
            what: cdk.CfnCondition(
                self,
                f"My{what}",
                expression=cdk.Fn.condition_equals(
                    cdk.CfnParameter(self, what, default="mine", allowed_values=["mine", "existing"]).value_as_string,
                    "mine",
                ),
            )
            for what in ("Recorder", "Detector")
        }

        # who may look, and who may not
        account = {
            "Principal": {"AWS": sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")},
            "Action": "sts:AssumeRole",
        }
        analysts = iam.CfnRole(
            self,
            "DataPeople",
            assume_role_policy_document=statements(account),
            managed_policy_arns=[sub("arn:${AWS::Partition}:iam::aws:policy/AmazonS3FullAccess")],
        )

        # the files
        vault = s3.CfnBucket(
            self,
            "Vault",
            object_lock_enabled=True,
            object_lock_configuration=s3.CfnBucket.ObjectLockConfigurationProperty(
                object_lock_enabled="Enabled",
                rule=s3.CfnBucket.ObjectLockRuleProperty(
                    default_retention=s3.CfnBucket.DefaultRetentionProperty(mode="GOVERNANCE", days=1)
                ),
            ),
            versioning_configuration=s3.CfnBucket.VersioningConfigurationProperty(status="Enabled"),
            public_access_block_configuration=self.closed(),
        )
        trail_name = sub("${AWS::StackName}-witness")
        from_trail = {
            "StringEquals": {
                "aws:SourceArn": sub(
                    "arn:${AWS::Partition}:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/${AWS::StackName}-witness"
                )
            }
        }
        whole = [vault.attr_arn, sub("${Vault.Arn}/*")]
        door = s3.CfnBucketPolicy(
            self,
            "VaultDoor",
            bucket=vault.ref,
            policy_document=statements(
                {
                    "Principal": {"Service": "cloudtrail.amazonaws.com"},
                    "Action": "s3:GetBucketAcl",
                    "Resource": vault.attr_arn,
                    "Condition": from_trail,
                },
                {
                    "Principal": {"Service": "cloudtrail.amazonaws.com"},
                    "Action": "s3:PutObject",
                    "Resource": sub("${Vault.Arn}/witness/AWSLogs/${AWS::AccountId}/*"),
                    "Condition": {
                        "StringEquals": {**from_trail["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"}
                    },
                },
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": whole,
                    "Condition": {"ArnEquals": {"aws:PrincipalArn": analysts.attr_arn}},
                },
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": whole,
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ),
        )
        auditor = iam.CfnRole(
            self,
            "SpringVisitor",
            assume_role_policy_document=statements(account),
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="look",
                    policy_document=statements(
                        {
                            "Action": ["s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketLocation"],
                            "Resource": vault.attr_arn,
                        },
                        {
                            "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention"],
                            "Resource": sub("${Vault.Arn}/*"),
                        },
                        {
                            "Action": [
                                "cloudtrail:DescribeTrails",
                                "cloudtrail:GetTrail",
                                "cloudtrail:GetTrailStatus",
                                "cloudtrail:GetEventSelectors",
                                "cloudtrail:ListPublicKeys",
                            ],
                            "Resource": "*",
                        },
                    ),
                )
            ],
        )

        # the trail, in advanced selectors
        lines = logs.CfnLogGroup(self, "Lines", retention_in_days=90)
        lines.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
        pen = iam.CfnRole(
            self,
            "Pen",
            assume_role_policy_document=statements(
                {
                    "Principal": {"Service": "cloudtrail.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": from_trail,
                }
            ),
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="write",
                    policy_document=statements(
                        {"Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": lines.attr_arn}
                    ),
                )
            ],
        )
        trail = cloudtrail.CfnTrail(
            self,
            "Witness",
            trail_name=trail_name,
            is_logging=True,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            s3_bucket_name=vault.ref,
            s3_key_prefix="witness",
            cloud_watch_logs_log_group_arn=lines.attr_arn,
            cloud_watch_logs_role_arn=pen.attr_arn,
            advanced_event_selectors=[
                cloudtrail.CfnTrail.AdvancedEventSelectorProperty(
                    name="everything that manages",
                    field_selectors=[
                        cloudtrail.CfnTrail.AdvancedFieldSelectorProperty(
                            field="eventCategory", equal_to=["Management"]
                        )
                    ],
                )
            ],
        )
        trail.add_resource_dependency(door)

        # two filters; the second names the call in a dimension
        self.filter(
            "RootLines",
            lines,
            '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) && '
            '($.eventType != "AwsServiceEvent") }',
            "Root",
        )
        calls = " || ".join(f'($.eventName = "{each}")' for each in TAMPERING)
        self.filter(
            "TrailLines",
            lines,
            f'{{ ($.eventSource = "cloudtrail.amazonaws.com") && ({calls}) }}',
            "Tampering",
            dimensions=[logs.CfnMetricFilter.DimensionProperty(key="Call", value="$.eventName")],
        )
        alarms = [self.alarm("RootAlarm", "Root")] + [
            self.alarm(
                f"{each}Alarm",
                "Tampering",
                dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="Call", value=each)],
            )
            for each in TAMPERING
        ]

        # alarms tell EventBridge anyway: no topic
        tickets = sqs.CfnQueue(self, "Desk", message_retention_period=14 * 24 * 3600, sqs_managed_sse_enabled=True)
        rings = events.CfnRule(
            self,
            "AlarmRings",
            event_pattern={
                "source": ["aws.cloudwatch"],
                "detail-type": ["CloudWatch Alarm State Change"],
                "resources": [each.attr_arn for each in alarms],
                "detail": {"state": {"value": ["ALARM"]}},
            },
            targets=[events.CfnRule.TargetProperty(id="desk", arn=tickets.attr_arn)],
        )
        sqs.CfnQueuePolicy(
            self,
            "DeskTakes",
            queues=[tickets.ref],
            policy_document=statements(
                {
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": tickets.attr_arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": rings.attr_arn}},
                }
            ),
        )

        # the picture on the wall, in the shorthand of dashboards
        cloudwatch.CfnDashboard(
            self,
            "Wall",
            dashboard_body=self.to_json_string(
                {
                    "start": "-P7D",
                    "widgets": [
                        {
                            "type": "metric",
                            "width": 24,
                            "height": 8,
                            "properties": {
                                "title": "Root, and hands on the trail",
                                "region": self.region,
                                "stat": "Sum",
                                "period": 300,
                                "view": "timeSeries",
                                "metrics": [
                                    [NAMESPACE, "Root"],
                                    [".", "Tampering", "Call", TAMPERING[0]],
                                    *[["...", each] for each in TAMPERING[1:]],
                                ],
                            },
                        }
                    ],
                }
            ),
        )

        # Config, with a bucket of its own and the role's own rights to it
        parcels = s3.CfnBucket(self, "Parcels", public_access_block_configuration=self.closed())
        clerk = iam.CfnRole(
            self,
            "Clerk",
            assume_role_policy_document=statements(
                {
                    "Principal": {"Service": "config.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": self.account}},
                }
            ),
            managed_policy_arns=[sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AWS_ConfigRole")],
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="deliver",
                    policy_document=statements(
                        {"Action": ["s3:GetBucketAcl", "s3:ListBucket"], "Resource": parcels.attr_arn},
                        {
                            "Action": "s3:PutObject",
                            "Resource": sub("${Parcels.Arn}/AWSLogs/${AWS::AccountId}/Config/*"),
                            "Condition": {"StringLike": {"s3:x-amz-acl": "bucket-owner-full-control"}},
                        },
                    ),
                )
            ],
        )
        recorder = config.CfnConfigurationRecorder(
            self,
            "Ledger",
            role_arn=clerk.attr_arn,
            recording_group=config.CfnConfigurationRecorder.RecordingGroupProperty(
                all_supported=False,
                include_global_resource_types=False,
                resource_types=["AWS::S3::Bucket"],
                recording_strategy=config.CfnConfigurationRecorder.RecordingStrategyProperty(
                    use_only="INCLUSION_BY_RESOURCE_TYPES"
                ),
            ),
        )
        channel = config.CfnDeliveryChannel(self, "Post", s3_bucket_name=parcels.ref)
        recorder.cfn_options.condition = channel.cfn_options.condition = mine["Recorder"]
        verdict = config.CfnConfigRule(
            self,
            "NobodyReads",
            source=config.CfnConfigRule.SourceProperty(
                owner="AWS", source_identifier="S3_BUCKET_PUBLIC_READ_PROHIBITED"
            ),
            scope=config.CfnConfigRule.ScopeProperty(compliance_resource_types=["AWS::S3::Bucket"]),
        )
        verdict.add_resource_dependency(recorder)

        nose = guardduty.CfnDetector(self, "Nose", enable=True, finding_publishing_frequency="SIX_HOURS")
        nose.cfn_options.condition = mine["Detector"]

        for name, value in {
            "TrailArn": trail.attr_arn,
            "AnalystsRole": analysts.attr_arn,
            "AuditorRole": auditor.ref,
            "TicketQueue": tickets.ref,
        }.items():
            cdk.CfnOutput(self, name, value=value)

    @staticmethod
    def closed() -> s3.CfnBucket.PublicAccessBlockConfigurationProperty:
        return s3.CfnBucket.PublicAccessBlockConfigurationProperty(
            block_public_acls=True, block_public_policy=True, ignore_public_acls=True, restrict_public_buckets=True
        )

    def filter(self, name: str, group: logs.CfnLogGroup, pattern: str, metric: str, **more: Any) -> None:
        logs.CfnMetricFilter(
            self,
            name,
            log_group_name=group.ref,
            filter_pattern=pattern,
            metric_transformations=[
                logs.CfnMetricFilter.MetricTransformationProperty(
                    metric_namespace=NAMESPACE, metric_name=metric, metric_value="1", unit="Count", **more
                )
            ],
        )

    def alarm(self, name: str, metric: str, **more: Any) -> cloudwatch.CfnAlarm:
        # one minute in which it happened, out of the last five: a line that comes late is seen as well
        return cloudwatch.CfnAlarm(
            self,
            name,
            namespace=NAMESPACE,
            metric_name=metric,
            statistic="Sum",
            period=60,
            evaluation_periods=5,
            datapoints_to_alarm=1,
            threshold=0,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
            **more,
        )
