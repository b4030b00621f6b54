"""Mistakes people really make with Lab 4, each an edit of the worked template."""

from __future__ import annotations

from typing import Any

from preflight.checks import breaks

Template = dict[str, Any]

RECORDED = "every_call_in_every_region_is_recorded"
AS_WRITTEN = "a_log_file_stays_as_it_was_written"
WHO_READS = "the_auditor_reads_what_analysts_cannot_touch"
ALARM = "root_use_and_a_touched_trail_raise_an_alarm"
ARRIVES = "an_alarm_reaches_the_ticket_desk"
SHOWN = "a_dashboard_shows_what_the_alarms_watch"
JUDGED = "config_says_which_bucket_could_be_public"


@breaks(RECORDED, help="A trail is of its own Region until it is told to be of all.")
def mistake_a_trail_of_one_region(template: Template) -> None:
    trail(template)["IsMultiRegionTrail"] = False


@breaks(RECORDED, help="Looking around changes nothing, and is what comes before the damage. Keep reads as well.")
def mistake_reads_are_not_recorded(template: Template) -> None:
    trail(template)["EventSelectors"] = [{"IncludeManagementEvents": True, "ReadWriteType": "WriteOnly"}]


@breaks(RECORDED, help="The trail is there and switched off: IsLogging is false.")
def mistake_a_trail_that_is_not_logging(template: Template) -> None:
    trail(template)["IsLogging"] = False


@breaks(AS_WRITTEN, help="Versioning keeps what is overwritten. Whoever may delete a version still deletes it.")
def mistake_versioned_and_not_locked(template: Template) -> None:
    bucket = evidence(template)
    del bucket["ObjectLockConfiguration"], bucket["ObjectLockEnabled"]
    bucket["VersioningConfiguration"] = {"Status": "Enabled"}


@breaks(AS_WRITTEN, help="Object Lock is on, and without a default retention it locks nothing that CloudTrail writes.")
def mistake_a_lock_without_a_default_retention(template: Template) -> None:
    evidence(template)["ObjectLockConfiguration"] = {"ObjectLockEnabled": "Enabled"}


@breaks(AS_WRITTEN, help="Compliance mode cannot be lifted by anyone: the bucket outlives its stack.")
def mistake_compliance_mode_to_practise_with(template: Template) -> None:
    retention(template)["Mode"] = "COMPLIANCE"


@breaks(AS_WRITTEN, help="A lock keeps files from being deleted. That none is missing, only the signed digests show.")
def mistake_no_digest_files(template: Template) -> None:
    trail(template)["EnableLogFileValidation"] = False


@breaks(WHO_READS, help="AmazonS3FullAccess covers the log bucket as well. A Deny takes it out.")
def mistake_nobody_keeps_the_analysts_out(template: Template) -> None:
    policy = evidence_policy(template)
    policy["Statement"].remove(statement(policy, "NotForAnalysts"))


@breaks(WHO_READS, help="The Deny names the objects. The bucket itself, its policy and its lock among it, is open.")
def mistake_the_deny_forgets_the_bucket_itself(template: Template) -> None:
    found = statement(evidence_policy(template), "NotForAnalysts")
    found["Resource"] = [each for each in found["Resource"] if "Fn::Join" in each]


@breaks(WHO_READS, help="Reading is denied. Deleting a version, and lifting its lock, are other actions.")
def mistake_the_deny_names_reading_alone(template: Template) -> None:
    statement(evidence_policy(template), "NotForAnalysts")["Action"] = ["s3:GetObject*", "s3:ListBucket*"]


@breaks(WHO_READS, help="Listing is asked of the bucket, reading of the objects in it: the ARN with /* at the end.")
def mistake_the_auditor_may_list_and_not_read(template: Template) -> None:
    found = auditor_policy(template)["Statement"][0]
    found["Resource"] = [each for each in found["Resource"] if "Fn::Join" not in each]


@breaks(ALARM, help="The trail writes to its bucket alone. A metric filter needs a log group.")
def mistake_no_log_group(template: Template) -> None:
    del trail(template)["CloudWatchLogsLogGroupArn"], trail(template)["CloudWatchLogsRoleArn"]


@breaks(ALARM, help="Values are compared letter by letter: CloudTrail writes Root.")
def mistake_root_in_small_letters(template: Template) -> None:
    one = metric_filter(template, "RootActs")
    one["FilterPattern"] = one["FilterPattern"].replace('"Root"', '"root"')


@breaks(ALARM, help="Root does more than sign in: a call by its access key has no ConsoleLogin.")
def mistake_root_is_watched_at_the_door_alone(template: Template) -> None:
    metric_filter(template, "RootActs")["FilterPattern"] = (
        '{ $.eventName = ConsoleLogin && $.userIdentity.type = "Root" }'
    )


@breaks(ALARM, help="Every sign-in counts, root's among them: an alarm a day, until nobody looks.")
def mistake_every_sign_in_counts(template: Template) -> None:
    one = metric_filter(template, "RootActs")
    one["FilterPattern"] = '{ $.userIdentity.type = "Root" || $.eventName = ConsoleLogin }'


@breaks(ALARM, help="A trail can be changed or deleted as well as stopped.")
def mistake_stopping_is_watched_alone(template: Template) -> None:
    metric_filter(template, "TrailIsTouched")["FilterPattern"] = "{ $.eventName = StopLogging }"


@breaks(ALARM, help="One call is enough. A threshold of three lets the first two pass.")
def mistake_a_threshold_of_three(template: Template) -> None:
    alarm(template, "TrailIsTouched")["Threshold"] = 3


@breaks(ALARM, help="The default value 0 counts for every other line, and the average of a busy period is far below 1.")
def mistake_an_average_over_zeros(template: Template) -> None:
    metric_filter(template, "TrailIsTouched")["MetricTransformations"][0]["DefaultValue"] = 0
    alarm(template, "TrailIsTouched")["Statistic"] = "Average"


@breaks(
    ALARM, help="Each value of a dimension is a metric of its own. An alarm that names no value watches none of them."
)
def mistake_an_alarm_that_names_no_dimension(template: Template) -> None:
    counted_by_call(template)


@breaks(
    ALARM, help="One alarm names StopLogging. UpdateTrail and DeleteTrail are two metrics more, and nobody watches."
)
def mistake_one_alarm_for_three_values_of_a_dimension(template: Template) -> None:
    counted_by_call(template)
    alarm(template, "TrailIsTouched")["Dimensions"] = [{"Name": "Call", "Value": "StopLogging"}]


@breaks(ALARM, help="A sum with a missing part is missing. FILL(root, 0) puts a 0 where a metric has nothing to say.")
def mistake_a_sum_of_two_metrics_that_never_meet(template: Template) -> None:
    for each in of_type(template, "AWS::Logs::MetricFilter"):
        each["MetricTransformations"][0].pop("DefaultValue", None)
    root, trail = alarm(template, "RootActs"), alarm(template, "TrailIsTouched")
    parts = [
        {
            "Id": name,
            "ReturnData": False,
            "MetricStat": {
                "Metric": {"Namespace": each["Namespace"], "MetricName": each["MetricName"]},
                "Period": 300,
                "Stat": "Sum",
            },
        }
        for name, each in (("root", root), ("trail", trail))
    ]
    for each in (root, trail):
        for name in ("Namespace", "MetricName", "Statistic", "Period"):
            del each[name]
        each["Metrics"] = [*parts, {"Id": "both", "Expression": "root + trail"}]


@breaks(ARRIVES, help="An alarm without an action changes its colour, and nobody hears of it.")
def mistake_an_alarm_without_an_action(template: Template) -> None:
    del alarm(template, "RootActs")["AlarmActions"]


@breaks(ARRIVES, help="A Deny without TLS took the place of the policy that let the account publish.")
def mistake_the_topic_lets_nobody_publish(template: Template) -> None:
    policy = one_of(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]
    policy["Statement"].remove(statement(policy, "AlarmsOfThisAccount"))


@breaks(ARRIVES, help="AWS's own key for SNS lets no other service use it, and its policy cannot be changed.")
def mistake_a_topic_under_the_key_of_aws(template: Template) -> None:
    one_of(template, "AWS::SNS::Topic")["KmsMasterKeyId"] = "alias/aws/sns"


@breaks(SHOWN, help="A graph of a name that nobody writes is an empty graph.")
def mistake_a_graph_of_another_namespace(template: Template) -> None:
    parts = one_of(template, "AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Join"][1]
    parts[:] = [each.replace("/Account", "/Accounts") if isinstance(each, str) else each for each in parts]


@breaks(JUDGED, help="A rule judges what is recorded, and buckets are not.")
def mistake_buckets_are_not_recorded(template: Template) -> None:
    one_of(template, "AWS::Config::ConfigurationRecorder")["RecordingGroup"]["ResourceTypes"] = ["AWS::EC2::Instance"]


@breaks(JUDGED, help="One bucket for all evidence: Config does not deliver to one with Object Lock.")
def mistake_config_delivers_into_the_locked_bucket(template: Template) -> None:
    locked = next(name for name, each in template["Resources"].items() if each.get("Properties") is evidence(template))
    one_of(template, "AWS::Config::DeliveryChannel")["S3BucketName"] = {"Ref": locked}
    evidence_policy(template)["Statement"].append(
        {
            "Effect": "Allow",
            "Action": ["s3:GetBucketAcl", "s3:ListBucket", "s3:PutObject"],
            "Principal": {"Service": "config.amazonaws.com"},
            "Resource": [
                {"Fn::GetAtt": [locked, "Arn"]},
                {"Fn::Join": ["", [{"Fn::GetAtt": [locked, "Arn"]}, "/AWSLogs/*"]]},
            ],
        }
    )


@breaks("guardduty_is_on", help="A detector that is not enabled is suspended: it looks at nothing.")
def mistake_a_suspended_detector(template: Template) -> None:
    one_of(template, "AWS::GuardDuty::Detector")["Enable"] = False


def counted_by_call(template: Template) -> None:
    """The calls that touch the trail, in a metric for each."""
    one = metric_filter(template, "TrailIsTouched")["MetricTransformations"][0]
    one.pop("DefaultValue", None)
    one["Dimensions"] = [{"Key": "Call", "Value": "$.eventName"}]


def of_type(template: Template, kind: str) -> list[dict[str, Any]]:
    return [each.setdefault("Properties", {}) for each in template["Resources"].values() if each["Type"] == kind]


def one_of(template: Template, kind: str) -> dict[str, Any]:
    return of_type(template, kind)[0]


def trail(template: Template) -> dict[str, Any]:
    return one_of(template, "AWS::CloudTrail::Trail")


def evidence(template: Template) -> dict[str, Any]:
    return next(each for each in of_type(template, "AWS::S3::Bucket") if "ObjectLockEnabled" in each)


def retention(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = evidence(template)["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    return found


def evidence_policy(template: Template) -> dict[str, Any]:
    documents = [each["PolicyDocument"] for each in of_type(template, "AWS::S3::BucketPolicy")]
    return next(each for each in documents if any(one.get("Sid") == "NotForAnalysts" for one in each["Statement"]))


def auditor_policy(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each["PolicyDocument"] for each in of_type(template, "AWS::IAM::Policy") if "Auditor" in each["PolicyName"]
    )
    return found


def statement(policy: dict[str, Any], sid: str) -> dict[str, Any]:
    return next(each for each in policy["Statement"] if each.get("Sid") == sid)


def metric_filter(template: Template, metric: str) -> dict[str, Any]:
    return next(
        each
        for each in of_type(template, "AWS::Logs::MetricFilter")
        if each["MetricTransformations"][0]["MetricName"] == metric
    )


def alarm(template: Template, metric: str) -> dict[str, Any]:
    return next(each for each in of_type(template, "AWS::CloudWatch::Alarm") if each["MetricName"] == metric)
