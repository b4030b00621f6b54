"""What is spent is counted by the budgets it concerns, and told to those whom their thresholds concern."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.deliveries.conftest import ACCOUNT

BUDGETS = "budgets.amazonaws.com"


def budget(place: Any, name: str = "month", notifications: Any = (), **more: Any) -> None:
    told = {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "40", "Unit": "USD"},
        **more,
    }
    place.client("budgets").create_budget(
        AccountId=ACCOUNT, Budget=told, NotificationsWithSubscribers=list(notifications)
    )


def at(threshold: float, to: str, kind: str = "ACTUAL", **more: str) -> dict[str, Any]:
    notification = {"NotificationType": kind, "ComparisonOperator": "GREATER_THAN", "Threshold": threshold, **more}
    how = "SNS" if to.startswith("arn:") else "EMAIL"
    return {"Notification": notification, "Subscribers": [{"SubscriptionType": how, "Address": to}]}


def spent(place: Any, asked: str) -> Any:
    return place.cloud.deliveries.page(f"spend/{asked}")


def mails(place: Any) -> list[str]:
    return [each["to"] for each in place.cloud.deliveries.outbox]


def let_in(place: Any, topic: str, **condition: Any) -> None:
    policy = {"Effect": "Allow", "Principal": {"Service": BUDGETS}, "Action": "sns:Publish", "Resource": topic}
    document = {"Version": "2012-10-17", "Statement": [{**policy, **condition}]}
    place.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(document)
    )


def test_a_threshold_is_a_share_of_the_limit_or_an_amount(place):
    budget(
        place, notifications=[at(80, "share@example.com"), at(30, "sum@example.com", ThresholdType="ABSOLUTE_VALUE")]
    )
    spent(place, "Usage=30")
    assert mails(place) == []
    spent(place, "Usage=31")
    assert mails(place) == ["sum@example.com"]
    [heard] = spent(place, "Usage=33")
    assert heard["counted"] == 33
    assert [(each["to"], each["threshold"]) for each in heard["told"]] == [
        ("share@example.com", 32),
        ("sum@example.com", 30),
    ]


def test_a_forecast_passes_thresholds_of_its_own(place):
    budget(place, notifications=[at(100, "a@example.com"), at(100, "f@example.com", "FORECASTED")])
    spent(place, "Usage=10/41")
    assert mails(place) == ["f@example.com"]
    place.cloud.deliveries.outbox.clear()
    spent(place, "Usage=41")
    assert mails(place) == ["a@example.com"]


def test_a_topic_tells_its_subscribers_when_it_lets_budgets_in(place):
    topic = place.topic("alerts")
    place.subscribe(topic, "a@example.com")
    budget(place, notifications=[at(80, topic)])
    [heard] = spent(place, "Usage=33")
    assert mails(place) == []
    assert "not authorized" in heard["missed"][0]["why"]
    let_in(place, topic, Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:budgets::{ACCOUNT}:*"}})
    [heard] = spent(place, "Usage=33")
    assert (mails(place), heard["missed"]) == (["a@example.com"], [])
    assert "Budget Name: month" in place.cloud.deliveries.outbox[0]["message"]


def test_an_encrypted_topic_needs_a_key_that_lets_budgets_in(place):
    topic = place.topic("alerts", KmsMasterKeyId="alias/aws/sns")
    place.subscribe(topic, "a@example.com")
    let_in(place, topic)
    budget(place, notifications=[at(80, topic)])
    [heard] = spent(place, "Usage=33")
    assert "key" in heard["missed"][0]["why"]
    assert mails(place) == []


def test_a_topic_of_another_account_is_not_told(place):
    budget(place, notifications=[at(80, "arn:aws:sns:us-east-1:999999999999:alerts")])
    [heard] = spent(place, "Usage=33")
    assert "own account" in heard["missed"][0]["why"]


@pytest.mark.parametrize(
    "more, counted",
    [
        ({}, 5),
        ({"CostTypes": {"IncludeCredit": False}}, 35),
        ({"CostTypes": {"IncludeCredit": False, "IncludeTax": False}}, 33),
        ({"CostFilters": {"Service": ["AWS Lambda"]}}, 0),
        ({"CostFilters": {"LinkedAccount": [ACCOUNT]}}, 5),
        ({"FilterExpression": {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund"]}}}}, 35),
        ({"FilterExpression": {"Dimensions": {"Key": "SERVICE", "Values": ["AWS Lambda"]}}}, 0),
        ({"FilterExpression": {"Tags": {"Key": "project", "Values": ["triage"]}}}, 0),
        ({"FilterExpression": {"Tags": {"Key": "project", "MatchOptions": ["ABSENT"]}}}, 5),
    ],
)
def test_what_a_budget_counts(place, more, counted):
    budget(place, **more)
    [heard] = spent(place, "Usage=33,Tax=2,Credit=-30")
    assert heard["counted"] == counted


def test_a_budget_of_some_of_it_has_no_forecast_of_all_of_it(place):
    budget(place, notifications=[at(100, "f@example.com", "FORECASTED")], CostFilters={"Service": ["AWS Lambda"]})
    spent(place, "Usage=10/41")
    assert mails(place) == []


def test_budgets_that_are_over_and_budgets_of_usage_are_not_asked(place):
    budget(place, "over", TimePeriod={"Start": 1577836800, "End": 1580515200})
    budget(place, "later", TimePeriod={"Start": 3000000000, "End": 3100000000})
    budget(place, "used", BudgetType="USAGE", BudgetLimit={"Amount": "10", "Unit": "GB"})
    budget(place, "daily", TimeUnit="DAILY")
    assert spent(place, "Usage=50") == []


def test_limits_planned_for_each_month(place):
    now = place.cloud.deliveries.now()
    start = str(int(now.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()))
    planned = {"946684800": {"Amount": "5", "Unit": "USD"}, start: {"Amount": "100", "Unit": "USD"}}
    told = {"BudgetName": "plan", "BudgetType": "COST", "TimeUnit": "MONTHLY", "PlannedBudgetLimits": planned}
    place.client("budgets").create_budget(
        AccountId=ACCOUNT, Budget=told, NotificationsWithSubscribers=[at(80, "a@example.com")]
    )
    spent(place, "Usage=70")
    assert mails(place) == []
    spent(place, "Usage=81")
    assert mails(place) == ["a@example.com"]
