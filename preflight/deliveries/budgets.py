"""AWS Budgets: money spent is counted by every cost budget, and whom a threshold concerns is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from preflight.deliveries import backends_of
from preflight.deliveries.queues import Undeliverable

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries

BUDGETS = "budgets.amazonaws.com"


def spend(deliveries: Deliveries, charges: Mapping[str, float], forecast: float | None) -> list[dict[str, Any]]:
    """Say what a month has cost so far, by charge type ("Usage", "Tax", "Credit", "Refund"), and how it should end.

    Each cost budget in force, of a month or longer, answers with its name, what it `counted`, whom it `told`, and
    whom it `missed` with the reason. Nothing is remembered: each call is the first of its month, and a budget speaks
    once in a month of each threshold. Without a forecast (https://docs.aws.amazon.com/cost-management/latest/userguide/
    budgets-best-practices.html, checked_on 2026-11-23: AWS makes one of about five weeks of use) none is passed.
    """
    answers = []
    for account, _, held in backends_of("budgets", "budgets_backends"):
        for name, budget in held.budgets.get(account, {}).items():
            if budget.budget.get("BudgetType") == "COST" and _is_in_force(budget.budget, deliveries.now().timestamp()):
                answers.append(_heard(deliveries, account, str(name), budget, charges, forecast))
    return answers


def charges_in(text: str) -> tuple[dict[str, float], float | None]:
    """The charges and the forecast of "Usage=33,Credit=-30/41", the forecast left out where there is none."""
    listed, _, forecast = text.partition("/")
    charges = {name: float(amount) for name, _, amount in (each.partition("=") for each in listed.split(",") if each)}
    return charges, float(forecast) if forecast else None


def _heard(
    deliveries: Deliveries,
    account: str,
    name: str,
    held: Any,
    charges: Mapping[str, float],
    forecast: float | None,
) -> dict[str, Any]:
    budget = held.budget
    counted = sum(amount for kind, amount in charges.items() if _counts(budget, kind, account))
    covers = _counts(budget, "Usage", account)
    limit = _limit(budget, deliveries.now().strftime("%Y-%m"))
    answer: dict[str, Any] = {"budget": name, "counted": counted, "told": [], "missed": []}
    for notification in held.notifications:
        told = notification.details
        amount = forecast if told["NotificationType"] == "FORECASTED" else counted
        bound = _bound(told, limit)
        if amount is None or not covers or not _COMPARISONS[told["ComparisonOperator"]](amount, bound):
            continue
        subject, text = _message(account, name, told, limit, bound, amount)
        source = f"arn:aws:budgets::{account}:budget/{name}"
        for each in notification.subscribers:
            to = str(each["Address"])
            note = {"type": told["NotificationType"], "threshold": bound, "to": to}
            try:
                _tell(deliveries, each["SubscriptionType"], to, subject, text, source)
                answer["told"].append(note)
            except Undeliverable as error:
                deliveries.not_delivered(source, to, error)
                answer["missed"].append({**note, "why": str(error)})
    return answer


def _tell(deliveries: Deliveries, kind: str, to: str, subject: str, text: str, source: str) -> None:
    if kind == "EMAIL":
        deliveries.send_mail(protocol="email", to=to, subject=subject, message=text, topic=None, subscription=None)
        return
    from preflight.deliveries.topics import publish_for

    if to.split(":")[4:5] != source.split(":")[4:5]:
        # https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html, checked_on 2026-11-23
        raise Undeliverable("NO_PERMISSIONS", "a budget tells topics of its own account")
    publish_for(deliveries, to, text, service=BUDGETS, source=source, subject=subject)


def _message(
    account: str, name: str, told: Mapping[str, Any], limit: float, bound: float, amount: float
) -> tuple[str, str]:
    """A subject and a text that say what AWS's say, in the order it says it."""
    kind = told["NotificationType"]
    sign = {"GREATER_THAN": ">", "LESS_THAN": "<", "EQUAL_TO": "="}[told["ComparisonOperator"]]
    lines = [
        f"AWS Account {account}",
        f"The {kind} cost associated with your {name} budget is {sign} ${bound:.2f}.",
        "",
        f"Budget Name: {name}",
        "Budget Type: Cost",
        f"Budgeted Amount: ${limit:.2f}",
        f"Alert Type: {kind}",
        f"Alert Threshold: {sign} ${bound:.2f}",
        f"{kind} Amount: ${amount:.2f}",
    ]
    return f"AWS Budgets: {name} has exceeded your alert threshold", "\n".join(lines)


def _is_in_force(budget: Mapping[str, Any], now: float) -> bool:
    """Whether its period has begun and not ended; a budget of a day is not asked about a month."""
    period = budget.get("TimePeriod", {})
    begun, ends = float(period.get("Start") or 0), float(period.get("End") or now + 1)
    return begun <= now < ends and budget.get("TimeUnit") != "DAILY"


def _limit(budget: Mapping[str, Any], month: str) -> float:
    planned = budget.get("PlannedBudgetLimits") or {}
    for start, limit in planned.items():
        if _month(start) == month:
            return float(limit["Amount"])
    first = next(iter(planned.values()), {"Amount": 0})
    return float((budget.get("BudgetLimit") or first)["Amount"])


def _month(start: str) -> str:
    return datetime.fromtimestamp(float(start), UTC).strftime("%Y-%m") if re.fullmatch(r"[\d.]+", start) else start[:7]


def _bound(told: Mapping[str, Any], limit: float) -> float:
    threshold = float(told["Threshold"])
    return threshold if told.get("ThresholdType") == "ABSOLUTE_VALUE" else limit * threshold / 100


def _counts(budget: Mapping[str, Any], kind: str, account: str) -> bool:
    """Whether a budget counts a charge, which has nothing a filter could match but its type and its account."""
    charge = {"RECORD_TYPE": kind, "LINKED_ACCOUNT": account}
    if not (budget.get("CostTypes") or {}).get(f"Include{kind}", True):
        return False
    expression = budget.get("FilterExpression")
    if expression and not _matches(expression, charge):
        return False
    for name, values in (budget.get("CostFilters") or {}).items():
        known = charge.get({"LinkedAccount": "LINKED_ACCOUNT", "RecordType": "RECORD_TYPE"}.get(name, name))
        if known not in values:
            return False
    return True


def _matches(expression: Mapping[str, Any], charge: Mapping[str, str]) -> bool:
    """https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Expression.html, 2026-11-23."""
    return all(_holds(word, told, charge) for word, told in expression.items())


def _holds(word: str, told: Any, charge: Mapping[str, str]) -> bool:
    if word == "Not":
        return not _matches(told, charge)
    if word == "Or":
        return any(_matches(each, charge) for each in told)
    if word == "And":
        return all(_matches(each, charge) for each in told)
    known = charge.get(told.get("Key", ""), "") if word == "Dimensions" else ""
    if told.get("MatchOptions") == ["ABSENT"]:
        return not known
    return known in told.get("Values", ())


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GREATER_THAN": lambda amount, bound: amount > bound,
    "LESS_THAN": lambda amount, bound: amount < bound,
    "EQUAL_TO": lambda amount, bound: amount == bound,
}
