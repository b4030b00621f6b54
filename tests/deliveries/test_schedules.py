"""Time is moved forward, and what falls due on the way is fired, each time once."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

from preflight.deliveries.schedules import Cron
from tests.deliveries.conftest import may

SCHEDULER = "scheduler.amazonaws.com"


def schedule(place, expression, target, role, name="s", **more):
    inner = {"Arn": target, "RoleArn": role, **more.pop("Target", {})}
    place.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=inner,
        **more,
    )


@pytest.fixture
def queue(place):
    return place.queue("inbox")


@pytest.fixture
def role(place, queue):
    return place.role("scheduler", SCHEDULER, may("sqs:SendMessage", queue))


def test_a_rule_fires_at_its_rate(place):
    queue = place.queue("inbox", lets="events.amazonaws.com")
    events = place.client("events")
    rule = events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")["RuleArn"]
    events.put_targets(Rule="hourly", Targets=[{"Id": "1", "Arn": queue}])
    deliveries = place.cloud.deliveries
    assert deliveries.advance(minutes=59) == 0
    assert deliveries.advance(hours=2) == 2
    assert deliveries.advance(minutes=1) == 1
    found = [json.loads(each) for each in place.received(queue)]
    assert {(each["detail-type"], each["source"]) for each in found} == {("Scheduled Event", "aws.events")}
    assert found[0]["resources"] == [rule]
    first, second, third = (datetime.fromisoformat(each["time"]) for each in found)
    assert second - first == third - second == timedelta(hours=1)


def test_a_one_time_schedule_fires_once_and_goes(place, queue, role):
    at = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    body = {"Target": {"Input": '{"at": "<aws.scheduler.scheduled-time>"}'}}
    schedule(place, f"at({at})", queue, role, ActionAfterCompletion="DELETE", **body)
    deliveries = place.cloud.deliveries
    assert (deliveries.advance(minutes=30), deliveries.advance(hours=2), deliveries.advance(hours=2)) == (0, 1, 0)
    assert place.received(queue) == [json.dumps({"at": f"{at}Z"})]
    assert place.client("scheduler").list_schedules()["Schedules"] == []


def test_a_rate_begins_at_once_or_at_its_start_date(place, queue, role):
    schedule(place, "rate(2 hours)", queue, role)
    start = datetime.now(UTC) + timedelta(days=1)
    schedule(
        place, "rate(1 hour)", queue, role, name="later", StartDate=start, EndDate=start + timedelta(hours=1, minutes=1)
    )
    deliveries = place.cloud.deliveries
    assert deliveries.advance(hours=5) == 3
    assert deliveries.advance(hours=1, minutes=1) == 1
    place.client("scheduler").delete_schedule(Name="s")
    assert deliveries.advance(days=3) == 2


def test_morning_is_morning_where_the_schedule_says(place, queue, role):
    schedule(place, "cron(0 8 * * ? *)", queue, role, ScheduleExpressionTimezone="Europe/Berlin")
    deliveries = place.cloud.deliveries
    assert deliveries.advance(days=7) == 7
    assert len(place.received(queue)) == 7


def test_a_role_that_may_not_sends_nothing_and_puts_it_aside(place, queue):
    dead = place.queue("dead")
    role = place.role("scheduler", SCHEDULER, may("sqs:SendMessage", dead))
    schedule(place, "rate(1 minute)", queue, role, Target={"DeadLetterConfig": {"Arn": dead}})
    place.cloud.deliveries.advance(seconds=1)
    assert place.received(queue) == []
    [message] = place.messages(dead)
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"


def test_a_role_that_trusts_another_service_is_refused(place, queue):
    role = place.role("scheduler", "lambda.amazonaws.com", may("sqs:SendMessage", queue))
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
        schedule(place, "rate(1 minute)", queue, role)


def test_a_function_is_called_with_the_schedules_role(place):
    function = place.function("nightly", "def handler(event, context):\n    keep(event)\n")
    role = place.role("scheduler", SCHEDULER, may("lambda:InvokeFunction", function))
    schedule(place, "rate(1 day)", function, role, Target={"Input": '{"ward": 3}'})
    place.cloud.deliveries.advance(seconds=1)
    assert place.kept() == [{"ward": 3}]


def test_any_call_of_any_service(place):
    role = place.role("scheduler", SCHEDULER, may("sqs:CreateQueue"))
    body = {"Target": {"Input": '{"QueueName": "made"}'}}
    schedule(place, "rate(1 day)", "arn:aws:scheduler:::aws-sdk:sqs:createQueue", role, **body)
    place.cloud.deliveries.advance(seconds=1)
    assert place.client("sqs").list_queues()["QueueUrls"][0].endswith("/made")


@pytest.mark.parametrize(
    "expression", ["every day", "rate(0 days)", "cron(0 8 * * * *)", "cron(0 25 * * ? *)", "at(soon)"]
)
def test_what_is_no_schedule_is_refused(place, queue, role, expression):
    with pytest.raises(ClientError, match="Invalid Schedule Expression"):
        schedule(place, expression, queue, role)


def test_a_time_zone_nobody_knows_is_refused(place, queue, role):
    with pytest.raises(ClientError, match="timezone"):
        schedule(place, "rate(1 day)", queue, role, ScheduleExpressionTimezone="Mars/Base")


@pytest.mark.parametrize(
    "expression, wanted",
    [
        ("15 10 ? * 6L 2027", ["2027-01-29", "2027-02-26", "2027-03-26"]),
        ("15 10 ? JAN-MAR MON#1 2027", ["2027-01-04", "2027-02-01", "2027-03-01"]),
        ("15 10 L 1-3 ? 2027", ["2027-01-31", "2027-02-28", "2027-03-31"]),
        ("15 10 2W 1-3 ? 2027", ["2027-01-01", "2027-02-02", "2027-03-02"]),
        ("15 10 1/15 1 ? 2027", ["2027-01-01", "2027-01-16", "2027-01-31"]),
        ("15 10 ? 1 FRI-SUN 2027", ["2027-01-01", "2027-01-02", "2027-01-03"]),
    ],
)
def test_a_cron_expression_means_these_days(expression, wanted):
    start, end = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC)
    found = list(Cron.of(expression).moments(start, end, ZoneInfo("UTC")))
    assert [each.date().isoformat() for each in found][: len(wanted)] == wanted


def test_an_hour_that_summer_time_skips_does_not_come():
    berlin = ZoneInfo("Europe/Berlin")
    days = datetime(2027, 3, 27, tzinfo=UTC), datetime(2027, 3, 30, tzinfo=UTC)
    found = [each.astimezone(berlin).day for each in Cron.of("30 2 * * ? *").moments(*days, berlin)]
    assert found == [27, 29]


def test_the_endpoint_moves_the_time_and_tells_what_arrived(place, queue, role):
    schedule(place, "rate(1 hour)", queue, role)

    def ask(what):
        straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with straight.open(f"{place.cloud.serve()}/_preflight/deliveries/{what}", timeout=10) as answer:
            return json.loads(answer.read())

    told = ask("advance/3601")
    assert (told["fired"], told["settled"]) == (2, True)
    assert ask("settle") == {"settled": True}
    assert ask("outbox") == []
    assert "advance/SECONDS" in ask("nothing")["error"]
    assert "a number of seconds, not soon" in ask("advance/soon")["error"]
    assert len(place.received(queue)) == 2
