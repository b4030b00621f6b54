"""An alarm that changes its state acts, and others made of it follow."""

from __future__ import annotations

import json

import pytest

from preflight.deliveries.alarms import Rule
from tests.deliveries.conftest import ACCOUNT


@pytest.fixture
def heard(place):
    """A topic, and what was said to it so far: (subject, message)."""
    topic, queue = place.topic("alarms"), place.queue("inbox", lets="sns.amazonaws.com")
    place.subscribe(topic, queue)

    def listen():
        notes = [json.loads(each) for each in place.received(queue)]
        return [(each["Subject"], json.loads(each["Message"])) for each in notes]

    return topic, listen


def alarm(place, name="late", **more):
    place.client("cloudwatch").put_metric_alarm(
        **{
            "AlarmName": name,
            "Namespace": "clinic",
            "MetricName": "Waiting",
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": 2,
            "Threshold": 5,
            "ComparisonOperator": "GreaterThanThreshold",
            **more,
        }
    )


def state(place, name="late"):
    found = place.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    [told] = [*found["MetricAlarms"], *found["CompositeAlarms"]]
    return told["StateValue"]


def set_state(place, value, name="late"):
    place.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=value, StateReason="a drill")


def test_each_state_has_its_own_actions_and_only_a_change_sets_them_off(place, heard):
    topic, listen = heard
    alarm(place, AlarmActions=[topic], OKActions=[topic])
    assert state(place) == "INSUFFICIENT_DATA"
    for value in ("ALARM", "ALARM", "INSUFFICIENT_DATA", "OK"):
        set_state(place, value)
    (first, alarmed), (second, _) = listen()
    assert (first, second) == ('ALARM: "late" in US East (N. Virginia)', 'OK: "late" in US East (N. Virginia)')
    assert (alarmed["NewStateValue"], alarmed["OldStateValue"]) == ("ALARM", "INSUFFICIENT_DATA")
    assert alarmed["Trigger"]["MetricName"] == "Waiting"


def test_disabled_actions_stay_silent(place, heard):
    topic, listen = heard
    alarm(place, AlarmActions=[topic], ActionsEnabled=False)
    set_state(place, "ALARM")
    assert listen() == []
    place.client("cloudwatch").enable_alarm_actions(AlarmNames=["late"])
    set_state(place, "OK")
    set_state(place, "ALARM")
    assert len(listen()) == 1


def test_an_encrypted_topic_hears_nothing(place, heard):
    topic, listen = heard
    place.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns"
    )
    alarm(place, AlarmActions=[topic])
    set_state(place, "ALARM")
    assert listen() == []


def test_a_function_is_called_by_the_alarm_it_lets(place):
    function = place.function("page", "def handler(event, context):\n    keep(event['alarmData']['state']['value'])\n")
    alarm(place, AlarmActions=[function])
    set_state(place, "ALARM")
    assert place.kept() == []
    arn = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:late"
    place.may_call(function, "lambda.alarms.cloudwatch.amazonaws.com", arn)
    set_state(place, "OK")
    set_state(place, "ALARM")
    assert place.kept() == ["ALARM"]


def test_an_instance_is_stopped(place):
    ec2 = place.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    alarm(
        place,
        Dimensions=[{"Name": "InstanceId", "Value": instance}],
        AlarmActions=["arn:aws:automate:us-east-1:ec2:stop"],
    )
    set_state(place, "ALARM")
    [found] = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    assert found["Instances"][0]["State"]["Name"] == "stopped"


def test_a_composite_alarm_follows_its_rule(place, heard):
    topic, listen = heard
    alarm(place, "late")
    alarm(place, "empty")
    place.client("cloudwatch").put_composite_alarm(
        AlarmName="both", AlarmRule='ALARM("late") AND NOT OK(empty)', AlarmActions=[topic]
    )
    assert state(place, "both") == "OK"
    set_state(place, "ALARM", "late")
    assert state(place, "both") == "ALARM"
    set_state(place, "OK", "empty")
    assert state(place, "both") == "OK"
    assert [message["AlarmName"] for _, message in listen()] == ["both"]


@pytest.mark.parametrize(
    "text, holds",
    [
        ("ALARM(a) OR ALARM(b)", True),
        ("ALARM(a) AND ALARM(b)", False),
        ("(ALARM(a) AND OK(b)) OR FALSE", True),
        ("NOT (ALARM(a) OR ALARM(b)) AND TRUE", False),
        ("INSUFFICIENT_DATA(c)", False),
    ],
)
def test_a_rule_is_read_as_it_is_written(text, holds):
    assert Rule(text, {"a": "ALARM", "b": "OK"}).holds() == holds


def test_an_alarm_sees_its_metric_as_time_goes_by(place, heard):
    topic, listen = heard
    alarm(place, AlarmActions=[topic], DatapointsToAlarm=2)
    deliveries = place.cloud.deliveries

    def wait(*values):
        for value in values:
            place.client("cloudwatch").put_metric_data(
                Namespace="clinic", MetricData=[{"MetricName": "Waiting", "Value": value}]
            )
            deliveries.advance(minutes=1)

    wait(9)
    assert state(place) == "OK"
    wait(9)
    assert state(place) == "ALARM"
    wait(1, 1)
    assert state(place) == "OK"
    deliveries.advance(minutes=5)
    assert state(place) == "INSUFFICIENT_DATA"
    assert len(listen()) == 1


def metric(name, dimension=None, **more):
    dimensions = [{"Name": "Call", "Value": dimension}] if dimension else []
    told = {"Namespace": "clinic", "MetricName": name, "Dimensions": dimensions}
    return {"MetricStat": {"Metric": told, "Period": 60, "Stat": "Sum"}, **more}


def math_alarm(place, *metrics, **more):
    place.client("cloudwatch").put_metric_alarm(
        AlarmName="late",
        Metrics=list(metrics),
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        **more,
    )


def a_minute_of(place, name, dimension=None):
    dimensions = [{"Name": "Call", "Value": dimension}] if dimension else []
    datum = {"MetricName": name, "Value": 1, "Dimensions": dimensions}
    place.client("cloudwatch").put_metric_data(Namespace="clinic", MetricData=[datum])
    place.cloud.deliveries.advance(minutes=1)


def test_an_alarm_on_one_metric_of_a_list_sees_it_with_its_dimensions(place):
    events, queue = place.client("events"), place.queue("inbox", lets="events.amazonaws.com")
    events.put_rule(Name="alarms", EventPattern=json.dumps({"source": ["aws.cloudwatch"]}))
    events.put_targets(Rule="alarms", Targets=[{"Id": "1", "Arn": queue}])
    math_alarm(place, metric("Touched", "StopLogging", Id="m1", Label="stopped"), TreatMissingData="notBreaching")
    for other in (None, "StartLogging"):
        a_minute_of(place, "Touched", other)
        assert state(place) == "OK"
    a_minute_of(place, "Touched", "StopLogging")
    assert state(place) == "ALARM"
    told = [json.loads(each)["detail"] for each in place.received(queue)][-1]["configuration"]["metrics"]
    assert told[0]["metricStat"]["metric"]["dimensions"] == {"Call": "StopLogging"}


@pytest.mark.parametrize(
    "expression, after_one",
    [
        ("m1 + m2", "INSUFFICIENT_DATA"),
        ("FILL(m1, 0) + FILL(m2, 0)", "ALARM"),
        ("SUM(METRICS())", "ALARM"),
        ("MAX([m1, m2]) * 0.5", "OK"),
        ("IF(m1 > 0 AND FILL(m2, 0) == 0, 1, 0)", "ALARM"),
    ],
)
def test_an_alarm_on_an_expression(place, expression, after_one):
    returned = {"Id": "both", "Expression": expression, "ReturnData": True}
    math_alarm(place, metric("Root", Id="m1", ReturnData=False), metric("Trail", Id="m2", ReturnData=False), returned)
    a_minute_of(place, "Root")
    assert state(place) == after_one


def test_an_expression_that_is_computed_at_aws_alone_is_noted_once(place):
    math_alarm(place, metric("Root", Id="m1", ReturnData=False), {"Id": "e1", "Expression": "RATE(m1)"})
    place.cloud.deliveries.advance(minutes=2)
    assert state(place) == "INSUFFICIENT_DATA"
    [fault] = place.cloud.deliveries.faults
    assert "RATE()" in fault
    place.cloud.deliveries.faults.clear()


def test_what_is_missing_can_be_bad_or_fine(place):
    alarm(place, "bad", TreatMissingData="breaching")
    alarm(place, "fine", TreatMissingData="notBreaching")
    place.cloud.deliveries.advance(minutes=3)
    assert (state(place, "bad"), state(place, "fine")) == ("ALARM", "OK")


def test_a_change_of_state_is_an_event(place):
    events, queue = place.client("events"), place.queue("inbox", lets="events.amazonaws.com")
    events.put_rule(Name="alarms", EventPattern=json.dumps({"source": ["aws.cloudwatch"]}))
    events.put_targets(Rule="alarms", Targets=[{"Id": "1", "Arn": queue}])
    alarm(place)
    set_state(place, "ALARM")
    [event] = [json.loads(each) for each in place.received(queue)]
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["detail"]["state"]["value"] == "ALARM"


def test_a_fleet_grows(place):
    autoscaling, ec2 = place.client("autoscaling"), place.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    template = ec2.create_launch_template(
        LaunchTemplateName="fleet", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"}
    )["LaunchTemplate"]["LaunchTemplateId"]
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="fleet",
        MinSize=1,
        MaxSize=3,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
        AvailabilityZones=["us-east-1a"],
    )
    autoscaling.put_scaling_policy(
        AutoScalingGroupName="fleet",
        PolicyName="more",
        PolicyType="SimpleScaling",
        AdjustmentType="ChangeInCapacity",
        ScalingAdjustment=1,
    )
    policy = autoscaling.describe_policies()["ScalingPolicies"][0]["PolicyARN"]
    alarm(place, AlarmActions=[policy])
    set_state(place, "ALARM")
    [fleet] = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert fleet["DesiredCapacity"] == 2


def test_a_queue_that_fills_raises_the_alarm(place, heard):
    topic, listen = heard
    queue = place.queue("notes")
    alarm(
        place,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "notes"}],
        AlarmActions=[topic],
    )
    place.cloud.deliveries.advance(minutes=3)
    assert state(place) == "OK"
    place.send(queue, *"abcdef")
    place.cloud.deliveries.advance(minutes=1)
    assert state(place) == "OK"
    place.cloud.deliveries.advance(minutes=2)
    assert state(place) == "ALARM"
    assert len(listen()) == 1
