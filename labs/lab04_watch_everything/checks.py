"""What the clinic's account promises to the auditor, and to whoever is on call."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from preflight.checks import Stack, after, attempt, could_not_ask, expect

# a namespace, a name, and what its dimensions say
Metric = tuple[str, str, frozenset[tuple[str, str]]]

TRAIL_GUIDE = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide"
CLOUDWATCH_GUIDE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring"
LOGS_GUIDE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs"
S3_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
CONFIG_GUIDE = "https://docs.aws.amazon.com/config/latest/developerguide"


def check_every_call_in_every_region_is_recorded(stack: Stack) -> None:
    """Every call, in every Region, is recorded in the log bucket.

    CloudTrail answers "who did what, when, from where". Its event history does so by itself, for 90 days of management
    events. A trail keeps them for as long as its bucket does; an intruder with a stolen key starts in the Region you
    never use.
    """
    trail = the_trail(stack)
    words = dict(
        bullets=["CLF-C02 2.2-K3", "CLF-C02 2.2-S5"],
        read=f"{TRAIL_GUIDE}/cloudtrail-concepts.html",
        where=trail_item(stack),
        proved="calls that read and calls that write are recorded, at home, in other Regions and of global services",
        rival="CloudTrail's event history needs no trail and costs nothing. What would the auditor miss in it?",
    )
    is_on = stack.client("cloudtrail").get_trail_status(Name=trail["TrailARN"])["IsLogging"]
    expect(
        is_on,
        saw=f"{trail['Name']} is there, and is not logging",
        means="the day something happens, the files end where somebody left off",
        **words,
    )

    if stack.mode == "offline":
        for what, found in asked_around(stack, trail):
            expect(
                found,
                saw=f"{what} is in none of the files in {trail['S3BucketName']}",
                means="whoever works where nobody writes it down was never there",
                **words,
            )

    expect(
        trail["IsMultiRegionTrail"],
        saw=f"{trail['Name']} is a trail of one Region, {trail['HomeRegion']}",
        means="whoever works in another Region was never there",
        **words,
    )
    expect(
        trail["IncludeGlobalServiceEvents"],
        saw=f"{trail['Name']} leaves out the events of global services",
        means="a new administrator is made in IAM, and no file tells of it",
        **words,
    )
    missing = kinds_missing(stack, trail)
    expect(
        not missing,
        saw=f"{trail['Name']} leaves out {missing}",
        means="what was looked at, or changed, before the damage cannot be told afterwards",
        **words,
    )


@after(check_every_call_in_every_region_is_recorded)
def check_a_log_file_stays_as_it_was_written(stack: Stack) -> None:
    """A log file stays as it was written, and can prove it.

    Two different things: Object Lock keeps a version from being deleted or overwritten, log file validation proves
    afterwards that no file was changed or taken away. Versioning alone does neither: a version can be deleted by
    whoever may delete versions.
    """
    trail = the_trail(stack)
    bucket, key, version = a_log_file(stack, trail)
    s3 = stack.client("s3")
    held = s3.head_object(Bucket=bucket, Key=key, VersionId=version) if version else {}
    mode, until = held.get("ObjectLockMode"), held.get("ObjectLockRetainUntilDate")
    words = dict(
        bullets=["CLF-C02 2.2-K1", "CLF-C02 2.2-K3"],
        read=f"{S3_GUIDE}/object-lock.html",
        where=bucket_item(stack, bucket),
        proved="deleting a version of a log file was refused, and CloudTrail signs a digest of its files",
        rival="Compliance mode binds the root user as well. Which evidence would you keep in it, and for how long?",
    )
    expect(
        bool(mode and until),
        saw=f"the newest log file in {bucket} carries no lock",
        means="whoever can delete a version can delete what they did",
        **words,
    )
    expect(
        mode == "GOVERNANCE",
        saw=f"log files are locked in {str(mode).lower()} mode",
        means="nobody can delete them before their time, not the root user, and so not the practice stack either",
        **words,
    )
    days = (until - held["LastModified"]) / timedelta(days=1) if until else 0
    expect(
        0.9 < days < 1.1,
        saw=f"a log file is locked for {days:.0f} days",
        means="the brief asks for one: long enough to see it work, short enough to practise with",
        **words,
    )
    deleted = attempt(s3.delete_object, Bucket=bucket, Key=key, VersionId=version)
    expect(
        deleted.denied,
        saw=f"deleting a version of {key.rpartition('/')[2]} is not refused",
        means="whoever can delete a version can delete what they did",
        **words,
    )
    expect(
        trail.get("LogFileValidationEnabled", False),
        saw=f"{trail['Name']} writes no digest files",
        means="you can show the files to the auditor, and not that they are all, or as they were written",
        **{**words, "read": f"{TRAIL_GUIDE}/cloudtrail-log-file-validation-intro.html", "where": trail_item(stack)},
    )


@after(check_every_call_in_every_region_is_recorded)
def check_the_auditor_reads_what_analysts_cannot_touch(stack: Stack) -> None:
    """The auditor reads the logs, and the analysts cannot touch them.

    The people a log is about must not hold the pen. Full access to S3 is full access to this bucket too: to its files,
    to its policy, and to the permission that lifts a governance lock. A Deny outranks all of it.
    """
    trail = the_trail(stack)
    bucket, key, _ = a_log_file(stack, trail)
    analysts, auditor = stack.output("AnalystsRole"), stack.output("AuditorRole")
    arn = f"arn:aws:s3:::{bucket}"
    words = dict(
        bullets=["CLF-C02 2.3-K3", "CLF-C02 2.2-K1"],
        read=f"{TRAIL_GUIDE}/best-practices-security.html",
        rival="Many keep such a bucket in an account of its own. Whom does that keep out, whom no policy here does?",
    )
    read = attempt(stack.client("s3", role=auditor).get_object, Bucket=bucket, Key=key)
    expect(
        read.ok,
        saw=f"a session of the auditor's role asks for a log file and is told {read.code}",
        means="the audit begins with a ticket, and somebody else decides what the auditor sees",
        proved="a session of the auditor's role read a log file",
        where="AuditorRole",
        **words,
    )
    seen = attempt(stack.client("s3", role=auditor).list_objects_v2, Bucket=bucket)
    expect(
        seen.ok,
        saw=f"a session of the auditor's role lists the log bucket and is told {seen.code}",
        means="an auditor who cannot list the files reads the ones somebody names",
        proved="a session of the auditor's role listed the log bucket",
        where="AuditorRole",
        **words,
    )
    peeked = attempt(stack.client("s3", role=analysts).get_object, Bucket=bucket, Key=key)
    expect(
        peeked.denied,
        saw="a session of the analysts' role asks for a log file and gets it",
        means="who reads the log knows what was seen, and what was not",
        proved="a session of the analysts' role asked for a log file and was refused",
        where="AnalystsRole",
        **words,
    )
    touching = [(action, f"{arn}/{key}") for action in TOUCHING_FILES]
    touching += [(action, arn) for action in TOUCHING_THE_BUCKET]
    touching += [(action, trail["TrailARN"]) for action in TOUCHING_THE_TRAIL]
    reading = [(action, f"{arn}/{key}") for action in ("s3:GetObject", "s3:GetObjectVersion")]
    for who, output, asked in (
        ("the analysts", "AnalystsRole", reading + touching),
        ("the auditor", "AuditorRole", touching),
    ):
        opened = first_open(stack, stack.output(output), asked)
        expect(
            opened is None,
            saw=f"{who} may {opened}",
            means="one quiet command, and the record says what its author wants it to say",
            proved=f"{who} may do none of {len(asked)} things to the files, the bucket and the trail",
            where=output,
            **words,
        )
    stranger = stack.may("anyone", "s3:GetObject", f"{arn}/{key}", context=SECURELY)
    expect(
        is_refused(stranger),
        saw="anyone on the internet may read the log files",
        means="a map of the account, with names, for whoever looks",
        proved="nobody without credentials reads a log file",
        where=bucket_item(stack, bucket),
        **words,
    )
    shut = next(
        (action for action in OTHER_BUCKETS if not stack.may(analysts, action, ELSEWHERE, context=SECURELY)), None
    )
    expect(
        shut is None,
        saw=f"the analysts may no longer {shut} in other buckets",
        means="their work stops, and the next person who mends that opens too much",
        proved="the analysts work in other buckets as before",
        where="AnalystsRole",
        **words,
    )


def check_root_use_and_a_touched_trail_raise_an_alarm(stack: Stack) -> None:
    """Using the root user, or touching the trail, raises an alarm, and an ordinary day raises none.

    CloudTrail records, CloudWatch watches. A metric filter counts the lines of a log group that match a pattern, and an
    alarm compares the count with a threshold. Nobody reads a log that is right; everybody stops reading an alarm that
    rings each day.
    """
    trail = the_trail(stack)
    group = group_of(trail)
    words = dict(
        bullets=["CLF-C02 2.2-S5", "CLF-C02 2.3-K2"],
        read=f"{TRAIL_GUIDE}/cloudwatch-alarms-for-cloudtrail.html",
        proved="root's calls and changes of the trail count in metrics that alarms watch; everyday calls do not",
        rival="An EventBridge rule sees the same events sooner. What does an alarm do that a rule does not?",
    )
    expect(
        bool(group),
        saw=f"{trail['Name']} writes to its bucket alone: there is no log group to match lines in",
        means="files are for afterwards; nothing looks at them while it happens",
        where=trail_item(stack),
        **words,
    )
    watch = Watch(stack, group)
    for name, event in ALARMING.items():
        expect(
            bool(watch.guards(name)),
            saw=watch.why_nobody(name),
            means=f"{event['_means']}, and nobody hears of it",
            where=watch.place(name),
            **words,
        )
    guards = {alarm for name in ALARMING for alarm in watch.guards(name)}
    for name in ORDINARY:
        noisy = next((alarm for alarm in sorted(guards) if watch.is_set_off_by(name, alarm)), None)
        expect(
            noisy is None,
            saw=f"{name} counts for {noisy} as well",
            means="an alarm that rings every day is switched off on the third",
            where=noisy,
            **words,
        )
    if stack.mode == "offline":
        rang = watch.as_it_happens(trail)
        for name in HAPPENED:
            expect(
                bool(rang[name] & set(watch.guards(name))),
                saw=f"ten minutes after {name}, {watch.guards(name)[0]} has not gone off",
                means=f"{ALARMING[name]['_means']}, and nobody hears of it",
                where=watch.guards(name)[0],
                **words,
            )


@after(check_root_use_and_a_touched_trail_raise_an_alarm)
def check_an_alarm_reaches_the_ticket_desk(stack: Stack) -> None:
    """An alarm that goes off reaches the ticket desk's queue.

    An alarm is a colour in a console until it has an action. Between CloudWatch, SNS and SQS each step needs a policy
    that lets the one before it in; where one is missing, nothing fails loudly.
    """
    trail, queue = the_trail(stack), stack.output("TicketQueue")
    watch = Watch(stack, group_of(trail))
    sqs, cloudwatch = stack.client("sqs"), stack.client("cloudwatch")
    heard: dict[str, bool] = {}
    for name in ALARMING:
        for alarm in watch.guards(name):
            if alarm not in heard:
                heard[alarm] = rings(stack, cloudwatch, sqs, alarm, queue)
        arrives = any(heard[alarm] for alarm in watch.guards(name))
        expect(
            arrives,
            saw=f"{watch.guards(name)[0]} goes off, and no message arrives in the ticket desk's queue",
            means=f"{ALARMING[name]['_means']}, a light turns red in a console, and nobody looks at it",
            proved="setting each alarm off put a message into the ticket desk's queue",
            rival="The queue keeps a message until somebody takes it. What happens to one sent by e-mail at night?",
            bullets=["CLF-C02 2.2-S5"],
            read=f"{CLOUDWATCH_GUIDE}/Notify_Users_Alarm_Changes.html",
            where=watch.guards(name)[0],
        )


@after(check_root_use_and_a_touched_trail_raise_an_alarm)
def check_a_dashboard_shows_what_the_alarms_watch(stack: Stack) -> None:
    """A dashboard graphs what the alarms watch.

    An alarm says that it happened, a graph says since when, and what else happened then.
    """
    watch = Watch(stack, group_of(the_trail(stack)))
    bodies = dashboards(stack)
    words = dict(
        bullets=["CLF-C02 2.2-S5"],
        read=f"{CLOUDWATCH_GUIDE}/CloudWatch_Dashboards.html",
        where=next(iter(stack.of_type("AWS::CloudWatch::Dashboard")), None),
        proved="what counts root's calls and changes of the trail is on a dashboard",
        rival="Logs Insights would find the same lines by a query. When is a graph that is there already worth it?",
    )
    expect(
        bool(bodies),
        saw="there is no dashboard",
        means="the person on call at three in the morning begins by building one",
        **words,
    )
    for name in ALARMING:
        shown = any(
            graphs(stack, body, watch.metrics(alarm), watch.arn(alarm))
            for body in bodies
            for alarm in watch.guards(name)
        )
        counted = min(watch.metrics(watch.guards(name)[0]), key=in_words)
        expect(
            shown,
            saw=f"no dashboard graphs {in_words(counted)}, which counts {name}",
            means="the alarm has gone off, and whether it was once or all night takes a search",
            **words,
        )


def check_config_says_which_bucket_could_be_public(stack: Stack) -> None:
    """AWS Config says of every bucket whether anyone could read it.

    CloudTrail knows who changed a bucket. Config knows what a bucket is set to, what it was set to last month, and
    whether that complies with a rule. The two are the exam's favourite pair.
    """
    config = stack.client("config")
    recorders = config.describe_configuration_recorders()["ConfigurationRecorders"]
    running = {
        each["name"]
        for each in config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
        if each.get("recording")
    }
    words = dict(
        bullets=["CLF-C02 2.2-S5", "CLF-C02 2.4-S4"],
        proved="the recorder records buckets, delivers them, and AWS's own rule judges each",
        rival="Trusted Advisor looks at buckets too, without a recorder. What can it not tell you about last month?",
    )
    expect(
        any(each["name"] in running for each in recorders),
        saw="no configuration recorder is recording in this Region"
        if recorders
        else "there is no configuration recorder",
        means="a rule has nothing to judge: Config sees what its recorder records",
        read=f"{CONFIG_GUIDE}/stop-start-recorder.html",
        where=next(iter(stack.of_type("AWS::Config::ConfigurationRecorder")), None),
        **words,
    )
    expect(
        any(each["name"] in running and records_buckets(each) for each in recorders),
        saw="the configuration recorder leaves out AWS::S3::Bucket",
        means="a bucket is opened, and Config never knew there was one",
        read=f"{CONFIG_GUIDE}/select-resources.html",
        where=next(iter(stack.of_type("AWS::Config::ConfigurationRecorder")), None),
        **words,
    )
    channels = config.describe_delivery_channels()["DeliveryChannels"]
    locked = [each["s3BucketName"] for each in channels if is_locked(stack, each["s3BucketName"])]
    expect(
        not locked,
        saw=f"Config is to deliver into {locked[0] if locked else ''}, which has Object Lock",
        means="Config does not support delivery to a bucket with Object Lock: the history stays empty",
        read=f"{CONFIG_GUIDE}/manage-delivery-channel.html",
        where=next(iter(stack.of_type("AWS::Config::DeliveryChannel")), None),
        **words,
    )
    rules = config.get_paginator("describe_config_rules").paginate().build_full_result()["ConfigRules"]
    known = [each for each in rules if each["Source"].get("SourceIdentifier") == NO_PUBLIC_READING]
    expect(
        any(each.get("ConfigRuleState") == "ACTIVE" and judges_every_bucket(each) for each in known),
        saw="the rule looks at some buckets only" if known else f"no rule judges by {NO_PUBLIC_READING}",
        means="the bucket with last year's notes is open to anyone, and every list is green",
        read=f"{CONFIG_GUIDE}/s3-bucket-public-read-prohibited.html",
        where=next(iter(stack.of_type("AWS::Config::ConfigRule")), None),
        **words,
    )


def check_guardduty_is_on(stack: Stack) -> None:
    """GuardDuty looks for threats in this Region.

    A metric filter finds what its author thought of. GuardDuty reads CloudTrail's management events, VPC flow logs and
    DNS logs, without any of them being turned on for it, and reports findings.
    """
    guardduty = stack.client("guardduty")
    states = [guardduty.get_detector(DetectorId=each)["Status"] for each in guardduty.list_detectors()["DetectorIds"]]
    expect(
        "ENABLED" in states,
        saw="the detector is suspended" if states else "there is no detector in this Region",
        means="a key used from two countries at once looks like any other key",
        proved="a detector is enabled",
        rival="Inspector finds weaknesses, Macie finds personal data in buckets. What does GuardDuty find?",
        bullets=["CLF-C02 2.2-S3", "CLF-C02 2.4-S1"],
        read="https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_data-sources.html",
        where=next(iter(stack.of_type("AWS::GuardDuty::Detector")), None),
    )


def the_trail(stack: Stack) -> dict[str, Any]:
    """The trail the output names, as CloudTrail tells it."""
    named = stack.output("TrailArn")
    found = attempt(stack.client("cloudtrail").describe_trails, trailNameList=[named])
    trails = found.value["trailList"] if found.ok else []
    if not trails:
        could_not_ask(f"CloudTrail knows no trail {named}; put the ARN of your trail in the output TrailArn")
    return dict(trails[0])


def trail_item(stack: Stack) -> Any:
    return next(iter(stack.of_type("AWS::CloudTrail::Trail")), None)


def bucket_item(stack: Stack, bucket: str) -> Any:
    return next((each for each in stack.find(bucket) if each.type == "AWS::S3::Bucket"), None)


def group_of(trail: Mapping[str, Any]) -> str:
    """The name of the log group a trail writes to, "" for none."""
    return str(trail.get("CloudWatchLogsLogGroupArn") or "").partition(":log-group:")[2].removesuffix(":*")


def asked_around(stack: Stack, trail: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Ask AWS three things, and say of each in words whether it is found in the trail's files."""
    since = datetime.now(UTC) - timedelta(seconds=2)
    elsewhere = "eu-west-1" if stack.region != "eu-west-1" else "us-east-1"
    stack.client("iam").list_groups()
    stack.client("ec2", region=elsewhere).describe_vpcs()
    stack.client("sqs").create_queue(QueueName="preflight-asks-around")
    found = {
        (each["eventName"], each["awsRegion"])
        for each in records(stack, trail)
        if datetime.fromisoformat(each["eventTime"].replace("Z", "+00:00")) >= since
    }
    yield "iam:ListGroups, a call to a global service,", any(name == "ListGroups" for name, _ in found)
    yield f"ec2:DescribeVpcs, a call that reads, in {elsewhere},", ("DescribeVpcs", elsewhere) in found
    yield "sqs:CreateQueue, a call that writes,", ("CreateQueue", stack.region) in found


def records(stack: Stack, trail: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every event in the trail's files."""
    s3 = stack.client("s3")
    for key in log_files(stack, trail):
        body = s3.get_object(Bucket=trail["S3BucketName"], Key=key)["Body"].read()
        yield from json.loads(gzip.decompress(body))["Records"]


def log_files(stack: Stack, trail: Mapping[str, Any]) -> list[str]:
    """The keys of the trail's files, the newest last."""
    prefix = f"{trail['S3KeyPrefix']}/" if trail.get("S3KeyPrefix") else ""
    pages = (
        stack.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket=trail["S3BucketName"], Prefix=f"{prefix}AWSLogs/{stack.account}/CloudTrail/")
    )
    files = [each for page in pages for each in page.get("Contents", [])]
    return [each["Key"] for each in sorted(files, key=lambda each: each["LastModified"])]


def a_log_file(stack: Stack, trail: Mapping[str, Any]) -> tuple[str, str, str]:
    """The bucket, key and version of the newest log file, made by asking something; the version is "" without one."""
    stack.client("ec2").describe_vpcs()
    bucket = trail["S3BucketName"]
    found = attempt(log_files, stack=stack, trail=trail)
    if not found.ok or not found.value:
        could_not_ask(
            f"there is no log file in {bucket} yet: CloudTrail delivers about every five minutes; ask again soon"
        )
    key = found.value[-1]
    version = stack.client("s3").head_object(Bucket=bucket, Key=key).get("VersionId", "")
    return bucket, key, "" if version == "null" else version


def kinds_missing(stack: Stack, trail: Mapping[str, Any]) -> str:
    """In words, the management events a trail's selectors leave out; "" for none."""
    missing = sorted({"read", "write"} - kinds_kept(stack, trail))
    return f"management events that {' and '.join(missing)}, or those of some services" if missing else ""


def hears_writes(stack: Stack, trail: Mapping[str, Any]) -> bool:
    is_on = stack.client("cloudtrail").get_trail_status(Name=trail["TrailARN"])["IsLogging"]
    return is_on and "write" in kinds_kept(stack, trail)


def kinds_kept(stack: Stack, trail: Mapping[str, Any]) -> set[str]:
    """Which management events a trail's selectors keep of every service: those that read, those that write."""
    told = stack.client("cloudtrail").get_event_selectors(TrailName=trail["TrailARN"])
    if not told.get("EventSelectors") and not told.get("AdvancedEventSelectors"):
        return {"read", "write"}
    kinds: set[str] = set()
    for each in told.get("EventSelectors") or []:
        if each.get("IncludeManagementEvents", True) and not each.get("ExcludeManagementEventSources"):
            kinds |= {"All": {"read", "write"}, "ReadOnly": {"read"}, "WriteOnly": {"write"}}[
                each.get("ReadWriteType", "All")
            ]
    for each in told.get("AdvancedEventSelectors") or []:
        fields = {one["Field"]: one for one in each["FieldSelectors"]}
        if "Management" in fields.get("eventCategory", {}).get("Equals", []) and not fields.keys() - {
            "eventCategory",
            "readOnly",
        }:
            only = fields.get("readOnly", {}).get("Equals", ["true", "false"])
            kinds |= {"read" if one == "true" else "write" for one in only}
    return kinds


def first_open(stack: Stack, who: str, asked: Sequence[tuple[str, str]]) -> str | None:
    """The first of these requests that is not refused, in words."""
    for action, resource in asked:
        decision = stack.may(who, action, resource, context=SECURELY)
        if not is_refused(decision):
            what = "a log file" if "/" in resource else "the log bucket"
            return f"{action} on {'the trail' if ':trail/' in resource else what}"
    return None


def is_refused(decision: Any) -> bool:
    """Refused, and not only perhaps."""
    return decision.answer in ("explicitly_denied", "implicitly_denied")


class Watch:
    """Which alarms go off for which lines of a log group: by its metric filters, and what alarms watch."""

    def __init__(self, stack: Stack, group: str) -> None:
        self._stack = stack
        self._group = group
        logs, cloudwatch = stack.client("logs"), stack.client("cloudwatch")
        pages = logs.get_paginator("describe_metric_filters").paginate(logGroupName=group)
        self._filters = [each for page in pages for each in page["metricFilters"]]
        self._lines = {**ALARMING, **ORDINARY}
        texts = [as_line(stack, event) for event in self._lines.values()]
        self._events = {name: json.loads(text) for name, text in zip(self._lines, texts, strict=True)}
        self._matched = [
            {
                each["eventNumber"] - 1
                for each in logs.test_metric_filter(
                    filterPattern=found.get("filterPattern", ""), logEventMessages=texts
                )["matches"]
            }
            for found in self._filters
        ]
        pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm"])
        self._alarms = {each["AlarmName"]: flat(each) for page in pages for each in page["MetricAlarms"]}

    def guards(self, name: str) -> list[str]:
        """The alarms that one line of this name sets off, as far as their settings tell."""
        return [alarm for alarm in self._watching(name) if self._would_miss(alarm) is None]

    def is_set_off_by(self, name: str, alarm: str) -> bool:
        """Whether an alarm goes off for a line of this name; where samples are counted, a default value is one."""
        told = self._alarms[alarm]
        samples = told.get("Statistic") == "SampleCount" and any(
            each.get("defaultValue") is not None for each in self._transformations(alarm)
        )
        return samples or alarm in self.guards(name)

    def metrics(self, alarm: str) -> set[Metric]:
        """The metrics an alarm watches."""
        told = self._alarms[alarm]
        stats = [each["MetricStat"]["Metric"] for each in told.get("Metrics") or [] if "MetricStat" in each]
        return {
            (
                each.get("Namespace", ""),
                each["MetricName"],
                frozenset((one["Name"], one["Value"]) for one in each.get("Dimensions") or []),
            )
            for each in [*stats, *([told] if told.get("MetricName") else [])]
        }

    def arn(self, alarm: str) -> str:
        return str(self._alarms[alarm]["AlarmArn"])

    def why_nobody(self, name: str) -> str:
        """Why no alarm hears of a line."""
        found = self._filters_for(name)
        if not found:
            return f"no metric filter of {self._group} matches the line of {name}"
        missing = next((why for each in self._watching(name) if (why := self._would_miss(each))), None)
        if missing:
            return f"of {name} nobody hears: {missing}"
        return f"{name} counts in {in_words(sorted(self._counted(name), key=in_words)[0])}, and no alarm watches that"

    def place(self, name: str) -> Any:
        """What to look at where nobody guards a line."""
        kinds = ("AWS::CloudWatch::Alarm",) if self._filters_for(name) else ("AWS::Logs::MetricFilter",)
        return next(iter(self._stack.of_type(*kinds)), None)

    def _watching(self, name: str) -> list[str]:
        """The alarms on a metric that a line of this name counts in."""
        counted = self._counted(name)
        return [alarm for alarm in self._alarms if self.metrics(alarm) & counted]

    def _counted(self, name: str) -> set[Metric]:
        """The metrics that a line of this name counts in."""
        return {metric for each in self._filters_for(name) for metric in metrics_of(each, self._events[name])}

    def _would_miss(self, alarm: str) -> str | None:
        """Why one line would not set an alarm off, as far as its settings alone can tell."""
        told = self._alarms[alarm]
        if told.get("ThresholdMetricId"):
            return f"{alarm} compares with what is usual"
        if told.get("Metrics") or told.get("ExtendedStatistic"):
            return None
        needed = told.get("DatapointsToAlarm") or told.get("EvaluationPeriods") or 1
        if needed > 1:
            return f"{alarm} goes off when it happens in {needed} periods, not at the first"
        if told.get("Period", 60) > 600:
            return f"{alarm} looks once in {told['Period'] // 60} minutes"
        feeding = self._transformations(alarm)
        if told.get("Statistic") in ("Average", "Minimum") and any("defaultValue" in each for each in feeding):
            return (
                f"{alarm} watches the {told['Statistic'].lower()}, which the default value of other lines brings down"
            )
        counted = [float(each["metricValue"]) for each in feeding if is_number(each["metricValue"])]
        most = 1.0 if told.get("Statistic") == "SampleCount" else max(counted, default=1.0)
        holds = {
            "GreaterThanOrEqualToThreshold": most >= told.get("Threshold", 0),
            "GreaterThanThreshold": most > told.get("Threshold", 0),
        }.get(told.get("ComparisonOperator", ""), False)
        return None if holds else f"one line counts {most:g}, and {alarm} waits for {told.get('Threshold'):g}"

    def _transformations(self, alarm: str) -> list[dict[str, Any]]:
        """What metric filters put into the metrics of an alarm."""
        told = [each for one in self._filters for each in one["metricTransformations"]]
        names = {(namespace, name) for namespace, name, _ in self.metrics(alarm)}
        return [each for each in told if (each["metricNamespace"], each["metricName"]) in names]

    def as_it_happens(self, trail: Mapping[str, Any]) -> dict[str, set[str]]:
        """The alarms that go off in the ten minutes after somebody stops the trail, and those after root signs in.

        One after the other, for two lines in one period can set off what neither does alone.
        """
        stack, logs = self._stack, self._stack.client("logs")
        place = {"logGroupName": self._group, "logStreamName": "preflight-asks"}
        logs.create_log_stream(**place)
        rang: dict[str, set[str]] = {}
        for ahead, name in enumerate((STOPS, SIGNS_IN)):
            if name == STOPS and hears_writes(stack, trail):
                stack.client("cloudtrail").stop_logging(Name=trail["TrailARN"])
            else:
                # that a stopped trail hears nothing, another promise is about
                at = datetime.now(UTC) + ahead * timedelta(minutes=MINUTES)
                line = {"timestamp": int(at.timestamp() * 1000), "message": as_line(stack, ALARMING[name])}
                logs.put_log_events(**place, logEvents=[line])
            rang[name] = set()
            for _ in range(MINUTES):
                stack.advance(minutes=1)
                pages = stack.client("cloudwatch").get_paginator("describe_alarms").paginate(StateValue="ALARM")
                rang[name] |= {each["AlarmName"] for page in pages for each in page["MetricAlarms"]}
        return rang

    def _filters_for(self, name: str) -> list[dict[str, Any]]:
        number = list(self._lines).index(name)
        return [each for each, matched in zip(self._filters, self._matched, strict=True) if number in matched]


def metrics_of(found: Mapping[str, Any], event: Mapping[str, Any]) -> list[Metric]:
    """The metrics a filter counts an event in: each value of a dimension is a metric of its own."""
    return [
        (
            each["metricNamespace"],
            each["metricName"],
            frozenset(
                (name, str(value))
                for name, reference in (each.get("dimensions") or {}).items()
                if (value := field_of(event, reference)) is not None
            ),
        )
        for each in found["metricTransformations"]
    ]


def field_of(event: Mapping[str, Any], reference: str) -> Any:
    """What `$.a.b` stands for in an event, None for nothing."""
    found: Any = event
    for word in reference.removeprefix("$.").split("."):
        found = found.get(word) if isinstance(found, Mapping) else None
    return found


def in_words(metric: Metric) -> str:
    namespace, name, dimensions = metric
    told = "".join(f", {each} = {value}" for each, value in sorted(dimensions))
    return f"{name} ({namespace}{told})"


def flat(alarm: dict[str, Any]) -> dict[str, Any]:
    """An alarm on a list of one metric, told as an alarm on that metric; any other as it is."""
    listed = alarm.get("Metrics") or []
    if len(listed) != 1 or "MetricStat" not in listed[0]:
        return alarm
    told = listed[0]["MetricStat"]
    metric = {name: told["Metric"].get(name) for name in ("Namespace", "MetricName", "Dimensions")}
    statistic = {"Statistic" if told["Stat"] in STATISTICS else "ExtendedStatistic": told["Stat"]}
    return {**alarm, **metric, **statistic, "Metrics": [], "Period": told["Period"]}


def is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def as_line(stack: Stack, event: Mapping[str, Any]) -> str:
    """An event as CloudTrail writes it."""
    told = {name: value for name, value in event.items() if not name.startswith("_")}
    return json.dumps({**COMMON, **told}).replace("{account}", stack.account).replace("{region}", stack.region)


def rings(stack: Stack, cloudwatch: Any, sqs: Any, alarm: str, queue: str) -> bool:
    """Whether a new message is in the queue after an alarm was set off."""
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="a check begins")
    stack.eventually(lambda: True)
    seen = {each["MessageId"] for each in waiting(sqs, queue)}
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a check sets it off")
    fresh = stack.eventually(
        lambda: [each for each in waiting(sqs, queue) if each["MessageId"] not in seen], seconds=10
    )
    # an alarm made of several speaks again when all of them were well in between
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="a check ends")
    return bool(fresh)


def waiting(sqs: Any, queue: str) -> list[dict[str, Any]]:
    """The messages that can be received from a queue now."""
    found: list[dict[str, Any]] = []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=30).get("Messages"):
        found += messages
    return found


def dashboards(stack: Stack) -> list[dict[str, Any]]:
    cloudwatch = stack.client("cloudwatch")
    names = [each["DashboardName"] for each in cloudwatch.list_dashboards()["DashboardEntries"]]
    return [json.loads(cloudwatch.get_dashboard(DashboardName=each)["DashboardBody"]) for each in names]


def graphs(stack: Stack, body: Mapping[str, Any], metrics: set[Metric], alarm: str) -> bool:
    """Whether a dashboard has a metric widget for any of these metrics, by its name or by its alarm."""
    for widget in body.get("widgets", []):
        told = widget.get("properties", {})
        if widget.get("type") != "metric" or told.get("region", stack.region) != stack.region:
            continue
        if alarm in told.get("annotations", {}).get("alarms", []):
            return True
        before: list[Any] = []
        for row in told.get("metrics", []):
            # "." stands for what the row above has there, "..." for all of it but the last
            words = [before[place] if word == "." and place < len(before) else word for place, word in enumerate(row)]
            words = [*before[: len(before) - len(words) + 1], *words[1:]] if words[:1] == ["..."] else words
            before = [each for each in words if isinstance(each, str)]
            searched = " ".join(each.get("expression", "") for each in row if isinstance(each, dict))
            shown = (*before[:2], frozenset(zip(before[2::2], before[3::2], strict=False)))
            if shown in metrics or any(name in searched for _, name, _ in metrics):
                return True
    return False


def records_buckets(recorder: Mapping[str, Any]) -> bool:
    """Whether buckets are among what a recorder records; told nothing, it records all that is supported."""
    group = recorder.get("recordingGroup") or {"allSupported": True}
    if "AWS::S3::Bucket" in group.get("exclusionByResourceTypes", {}).get("resourceTypes", []):
        return False
    strategy = group.get("recordingStrategy", {}).get("useOnly", "")
    return (
        group.get("allSupported", False)
        or strategy.startswith("EXCLUSION")
        or "AWS::S3::Bucket" in group.get("resourceTypes", [])
    )


def is_locked(stack: Stack, bucket: str) -> bool:
    told = attempt(stack.client("s3").get_object_lock_configuration, Bucket=bucket)
    return told.ok and told.value["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled"


def judges_every_bucket(rule: Mapping[str, Any]) -> bool:
    scope = rule.get("Scope") or {}
    narrowed = scope.get("TagKey") or scope.get("ComplianceResourceId")
    return not narrowed and "AWS::S3::Bucket" in scope.get("ComplianceResourceTypes", ["AWS::S3::Bucket"])


# ten of them after a line have passed whole
MINUTES = 11
STATISTICS = ("Sum", "SampleCount", "Average", "Minimum", "Maximum")
NO_PUBLIC_READING = "S3_BUCKET_PUBLIC_READ_PROHIBITED"
ELSEWHERE = "arn:aws:s3:::a-notes-bucket-elsewhere/note.json"
SECURELY = {"aws:SecureTransport": "true"}
OTHER_BUCKETS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")

TOUCHING_FILES = (
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:BypassGovernanceRetention",
    "s3:PutObjectRetention",
    "s3:PutObjectLegalHold",
)
TOUCHING_THE_BUCKET = (
    "s3:DeleteBucket",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutReplicationConfiguration",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutBucketAcl",
    "s3:PutBucketOwnershipControls",
)
TOUCHING_THE_TRAIL = ("cloudtrail:StopLogging", "cloudtrail:UpdateTrail", "cloudtrail:DeleteTrail")

# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html and
# cloudtrail-event-reference-aws-console-sign-in-events.html beside it, checked on 2026-11-23
COMMON: dict[str, Any] = {
    "eventVersion": "1.11",
    "eventTime": "2026-11-23T02:14:05Z",
    "awsRegion": "{region}",
    "sourceIPAddress": "203.0.113.7",
    "userAgent": "aws-cli/2.31.0",
    "eventType": "AwsApiCall",
    "managementEvent": True,
    "readOnly": False,
    "recipientAccountId": "{account}",
    "eventCategory": "Management",
}
ROOT = {
    "type": "Root",
    "principalId": "{account}",
    "arn": "arn:aws:iam::{account}:root",
    "accountId": "{account}",
}
OMAR = {
    "type": "AssumedRole",
    "principalId": "AROAEXAMPLE:omar",
    "arn": "arn:aws:sts::{account}:assumed-role/operators/omar",
    "accountId": "{account}",
    "sessionContext": {"attributes": {"mfaAuthenticated": "true", "creationDate": "2026-11-23T02:00:00Z"}},
}
CONSOLE = {
    "eventSource": "signin.amazonaws.com",
    "eventName": "ConsoleLogin",
    "eventType": "AwsConsoleSignIn",
    "responseElements": {"ConsoleLogin": "Success"},
    "additionalEventData": {"MFAUsed": "Yes"},
}
OF_TRAIL = {"eventSource": "cloudtrail.amazonaws.com", "userIdentity": OMAR}
SIGNS_IN, STOPS = "root signing in", "somebody calling StopLogging"
ALARMING: dict[str, dict[str, Any]] = {
    SIGNS_IN: {**CONSOLE, "userIdentity": ROOT, "_means": "somebody signs in as root"},
    "root creating an access key": {
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreateAccessKey",
        "userIdentity": {**ROOT, "accessKeyId": "ASIAEXAMPLE"},
        "_means": "root gets a key that never expires",
    },
    **{
        f"somebody calling {name}": {**OF_TRAIL, "eventName": name, "_means": f"the trail is {done}"}
        for name, done in (("StopLogging", "stopped"), ("UpdateTrail", "changed"), ("DeleteTrail", "deleted"))
    },
}
# those a check makes happen offline
HAPPENED = (SIGNS_IN, STOPS)
ORDINARY: dict[str, dict[str, Any]] = {
    "Omar signing in": {**CONSOLE, "userIdentity": OMAR},
    "Omar creating a group": {"eventSource": "iam.amazonaws.com", "eventName": "CreateGroup", "userIdentity": OMAR},
    "Omar stopping an instance": {
        "eventSource": "ec2.amazonaws.com",
        "eventName": "StopInstances",
        "userIdentity": OMAR,
    },
    "Omar updating a function": {
        "eventSource": "lambda.amazonaws.com",
        "eventName": "UpdateFunctionConfiguration20150331v2",
        "userIdentity": OMAR,
    },
    "Omar deleting a bucket": {"eventSource": "s3.amazonaws.com", "eventName": "DeleteBucket", "userIdentity": OMAR},
    "Omar reading the trail's status": {**OF_TRAIL, "eventName": "GetTrailStatus", "readOnly": True},
    "CloudTrail looking at its bucket": {
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetBucketAcl",
        "readOnly": True,
        "userIdentity": {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"},
    },
}
