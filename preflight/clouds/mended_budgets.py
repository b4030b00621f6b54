"""Mends the emulated AWS Budgets: a budget is changed, and its notifications have subscribers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What moto's responses lack."""
    from moto.budgets.responses import BudgetsResponse

    for each in (update_budget, describe_subscribers_for_notification, create_subscriber, delete_subscriber):
        yield BudgetsResponse, each.__name__, each


def update_budget(self: Any) -> str:
    """Put the budget anew, with the notifications it has."""
    from moto.budgets.models import Budget

    account, told = self._get_param("AccountId"), self._get_param("NewBudget")
    self.backend.describe_budget(account, told["BudgetName"])
    budgets = self.backend.budgets[account]
    changed = Budget(told, [])
    changed.notifications = budgets[told["BudgetName"]].notifications
    budgets[told["BudgetName"]] = changed
    return json.dumps({})


def describe_subscribers_for_notification(self: Any) -> str:
    """Whom one notification tells."""
    return json.dumps({"Subscribers": _notification(self).subscribers})


def create_subscriber(self: Any) -> str:
    """One more to tell."""
    _notification(self).subscribers.append(self._get_param("Subscriber"))
    return json.dumps({})


def delete_subscriber(self: Any) -> str:
    """One fewer to tell."""
    _notification(self).subscribers.remove(self._get_param("Subscriber"))
    return json.dumps({})


def _notification(self: Any) -> Any:
    from moto.budgets.exceptions import NotFoundException

    account, name = self._get_param("AccountId"), self._get_param("BudgetName")
    self.backend.describe_budget(account, name)
    wanted = self._get_param("Notification")
    for each in self.backend.budgets[account][name].notifications:
        if all(
            each.details.get(key) == wanted.get(key) for key in ("NotificationType", "ComparisonOperator", "Threshold")
        ):
            return each
    raise NotFoundException("Unable to get subscribers: the notification doesn't exist.")
