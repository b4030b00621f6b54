"""Budgets, their actions, anomalies and cost categories are kept as they are told."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]
TOPIC = "arn:aws:sns:us-east-1:123456789012:bill"


def subscriber(address: str = TOPIC) -> dict[str, str]:
    return {"SubscriptionType": "SNS" if address.startswith("arn:") else "EMAIL", "Address": address}


def notification(kind: str = "ACTUAL", threshold: float = 80, *addresses: str) -> dict[str, Any]:
    return {
        "Notification": {
            "NotificationType": kind,
            "ComparisonOperator": "GREATER_THAN",
            "Threshold": threshold,
            "ThresholdType": "PERCENTAGE",
        },
        "Subscribers": [subscriber(each) for each in addresses or (TOPIC,)],
    }


MONTHLY = {
    "BudgetName": "monthly",
    "BudgetType": "COST",
    "TimeUnit": "MONTHLY",
    "BudgetLimit": {"Amount": 50, "Unit": "USD"},
    "CostFilters": {"TagKeyValue": ["user:team$triage"]},
    "CostTypes": {"IncludeCredit": False, "UseBlended": True},
    "TimePeriod": {"Start": "2026-01-01T00:00:00Z"},
}


def test_a_budget_and_whom_it_tells(bench):
    told = [notification(), notification("FORECASTED", 100, TOPIC, "ana@clinic.example")]
    made = bench.make("AWS::Budgets::Budget", Budget=MONTHLY, NotificationsWithSubscribers=told, ResourceTags=TAGS)
    assert (made.unapplied, bench.lost(made), made.ref) == ((), set(), "monthly")
    more = {**MONTHLY, "BudgetLimit": {"Amount": 75, "Unit": "USD"}}
    changed = bench.change(made, Budget=more, NotificationsWithSubscribers=told)
    assert bench.lost(changed) == set()
    bench.delete(changed)
    bench.delete(changed)
    assert bench.client("budgets").describe_budgets(AccountId="123456789012")["Budgets"] == []
    unnamed = {key: value for key, value in MONTHLY.items() if key != "BudgetName"}
    named = bench.make("AWS::Budgets::Budget", "Unnamed", Budget=unnamed)
    assert named.ref.startswith("Lab1-Unnamed-")
    moving = {
        **unnamed,
        "AutoAdjustData": {"AutoAdjustType": "HISTORICAL", "HistoricalOptions": {"BudgetAdjustmentPeriod": 3}},
    }
    again = bench.change(named, Budget=moving)
    assert (again.unapplied, bench.lost(again), again.ref) == ((), set(), named.ref)


@pytest.mark.parametrize(
    ("budget", "notifications", "said"),
    [
        ({"BudgetName": "a:b"}, [], "failed to satisfy constraint"),
        ({}, [notification(threshold=each) for each in range(11)], "less than or equal to 10"),
        ({}, [notification("ACTUAL", 1, TOPIC, f"{TOPIC}2")], "one SNS subscriber"),
        ({}, [notification(), notification()], "Duplicate notification"),
        ({"BudgetLimit": None}, [], "please provide one of the followings: Budget Limit"),
    ],
)
def test_a_budget_aws_refuses(bench, budget, notifications, said):
    declared = {key: value for key, value in {**MONTHLY, **budget}.items() if value is not None}
    with pytest.raises(ClientError, match=said):
        bench.make("AWS::Budgets::Budget", Budget=declared, NotificationsWithSubscribers=notifications)


def test_what_a_budget_does(bench):
    budget = bench.make("AWS::Budgets::Budget", "Budget", Budget=MONTHLY)
    declared: dict[str, Any] = {
        "BudgetName": budget.ref,
        "NotificationType": "ACTUAL",
        "ActionType": "APPLY_IAM_POLICY",
        "ActionThreshold": {"Type": "PERCENTAGE", "Value": 90},
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/stop",
        "ApprovalModel": "AUTOMATIC",
        "Definition": {
            "IamActionDefinition": {"PolicyArn": "arn:aws:iam::123456789012:policy/no", "Users": ["ana-of-triage"]}
        },
        "Subscribers": [{"Type": "EMAIL", "Address": "ana@clinic.example"}],
        "ResourceTags": TAGS,
    }
    made = bench.make("AWS::Budgets::BudgetsAction", **declared)
    assert (made.unapplied, bench.lost(made), made["ActionId"]) == ((), set(), made.ref)
    changed = bench.change(made, **{**declared, "ActionThreshold": {"Type": "PERCENTAGE", "Value": 95}})
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    bench.delete(changed)
    bench.delete(changed)


MONITOR = {"MonitorName": "services", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
WATCH = "arn:aws:ce::123456789012:anomalymonitor/11111111-0000-0000-0000-000000000000"
HEARD = {
    "SubscriptionName": "weekly",
    "Frequency": "WEEKLY",
    "MonitorArnList": [WATCH],
    "Subscribers": [{"Type": "EMAIL", "Address": "ana@clinic.example"}],
    "ThresholdExpression": '{"Dimensions":{"Key":"ANOMALY_TOTAL_IMPACT_ABSOLUTE","Values":["100"]}}',
}
RULES = '[{"Value":"triage-team","Rule":{"Tags":{"Key":"team","Values":["triage"],"MatchOptions":["EQUALS"]}}}]'
CATEGORY = {"Name": "teams", "RuleVersion": "CostCategoryExpression.v1", "Rules": RULES, "DefaultValue": "other-teams"}


@pytest.mark.parametrize(
    ("kind", "declared", "changed", "tags"),
    [
        ("AnomalyMonitor", MONITOR, {**MONITOR, "MonitorName": "all-services"}, "ResourceTags"),
        ("AnomalySubscription", HEARD, {**HEARD, "Frequency": "DAILY"}, "ResourceTags"),
        ("CostCategory", CATEGORY, {**CATEGORY, "DefaultValue": "nobody-else"}, "Tags"),
    ],
)
def test_cost_explorer(bench, kind, declared, changed, tags):
    made = bench.make(f"AWS::CE::{kind}", **declared, **{tags: TAGS})
    assert (made.unapplied, bench.lost(made)) == ((), set())
    again = bench.change(made, **changed, **{tags: [{"Key": "team", "Value": "north"}]})
    assert (again.unapplied, bench.lost(again), again.ref) == ((), set(), made.ref)
    bench.delete(again)
    bench.delete(again)
