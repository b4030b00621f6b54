"""AWS Budgets: what may be spent, and who hears of it or what is done then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import (
    Scope,
    Setting,
    Table,
    Tags,
    call,
    passing_over_gone,
    refusal,
)


def _times(arguments: dict[str, Any]) -> None:
    """A template writes a time as text, also when it is in seconds."""
    budget = arguments.get("Budget") or arguments.get("NewBudget") or {}
    period = budget.get("TimePeriod", {})
    for name, told in period.items():
        if str(told).isdigit():
            period[name] = int(told)


class Budget(Table):
    """A budget, and whom it tells at which threshold."""

    type = "AWS::Budgets::Budget"
    service = "budgets"
    makes = call("create_budget", "Budget NotificationsWithSubscribers", adjust=_times, AccountId="{account}")
    then = (Setting(call("update_budget", "NewBudget=Budget", adjust=_times, AccountId="{account}"), at_create=False),)
    tags = Tags(
        call("tag_resource", ResourceARN="arn:{partition}:budgets::{account}:budget/{ref}"),
        remove=call("untag_resource", ResourceARN="arn:{partition}:budgets::{account}:budget/{ref}"),
        property="ResourceTags",
    )
    ref = "Budget.BudgetName"
    attributes = "Id={ref}"
    unmakes = call("delete_budget", AccountId="{account}", BudgetName="{ref}")

    def begin(self, scope: Scope) -> dict[str, Any]:
        """A budget without a name is given one; the API's answer says nothing."""
        arguments = self.arguments(scope)
        refuse_invalid(arguments["Budget"], arguments.get("NotificationsWithSubscribers", []))
        arguments["Budget"].setdefault("BudgetName", scope.context.name(limit=100))
        self.ask(scope, "create_budget", arguments)
        return arguments

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A changed budget keeps the name it has."""
        if operation == "update_budget":
            refuse_invalid(arguments["NewBudget"], [])
            arguments = {**arguments, "NewBudget": {"BudgetName": scope.ref, **arguments["NewBudget"]}}
        return super().ask(scope, operation, arguments)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The budget, and each notification with its subscribers."""
        client, who = context.client("budgets"), {"AccountId": context.account, "BudgetName": made.physical_id}
        arn = f"arn:{context.partition}:budgets::{context.account}:budget/{made.physical_id}"
        answers: list[dict[str, Any]] = []
        with passing_over_gone():
            answers.append(client.describe_budget(**who))
            answers.append(client.list_tags_for_resource(ResourceARN=arn))
            for each in client.describe_notifications_for_budget(**who)["Notifications"]:
                told = client.describe_subscribers_for_notification(**who, Notification=each)
                answers.append({"Notification": each, "Subscribers": told["Subscribers"]})
        return answers


def refuse_invalid(budget: Mapping[str, Any], notifications: Sequence[Mapping[str, Any]]) -> None:
    """Raise what AWS Budgets answers to a budget it does not take.

    Ten notifications a budget, eleven subscribers each: one topic and ten addresses
    (https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_NotificationWithSubscribers.html
    and API_budgets_CreateBudget.html beside it, checked_on 2026-11-22).
    """
    said = ""
    name = str(budget.get("BudgetName", "x"))
    if ":" in name or "\\" in name or not 0 < len(name) <= 100:
        said = f"1 validation error detected: Value '{name}' at 'budget.budgetName' failed to satisfy constraint"
    if len(notifications) > 10:
        said = "1 validation error detected: Value at 'notificationsWithSubscribers' failed to satisfy constraint: "
        said += "Member must have length less than or equal to 10"
    seen = []
    for each in notifications:
        subscribers = each.get("Subscribers", [])
        topics = [one for one in subscribers if one.get("SubscriptionType") == "SNS"]
        if not 0 < len(subscribers) <= 11 or len(topics) > 1:
            said = "A notification can have one SNS subscriber and up to ten email subscribers."
        if each.get("Notification") in seen:
            raise refusal("DuplicateRecordException", "Duplicate notification.", "CreateBudget")
        seen.append(each.get("Notification"))
    if said:
        raise refusal("InvalidParameterException", said, "CreateBudget")


class BudgetsAction(Table):
    """What is done when a budget's threshold is passed; nothing passes it here."""

    type = "AWS::Budgets::BudgetsAction"
    service = "budgets"
    makes = call(
        "create_budget_action",
        "BudgetName NotificationType ActionType ActionThreshold ExecutionRoleArn ApprovalModel Subscribers "
        "Definition.IamActionDefinition=Definition.IamActionDefinition "
        "Definition.ScpActionDefinition=Definition.ScpActionDefinition "
        "Definition.SsmActionDefinition=Definition.SsmActionDefinition",
        names="SubscriptionType=Subscribers.Type ActionThresholdType=ActionThreshold.Type "
        "ActionThresholdValue=ActionThreshold.Value ActionSubType=Subtype",
        adjust=lambda arguments: arguments.setdefault("ApprovalModel", "MANUAL"),
        AccountId="{account}",
    )
    then = (
        Setting(
            call(
                "update_budget_action",
                "BudgetName NotificationType ActionThreshold ExecutionRoleArn ApprovalModel Subscribers Definition",
                names="SubscriptionType=Subscribers.Type ActionThresholdType=ActionThreshold.Type "
                "ActionThresholdValue=ActionThreshold.Value ActionSubType=Subtype",
                AccountId="{account}",
                ActionId="{made.ActionId}",
            ),
            at_create=False,
        ),
    )
    tags = Tags(
        call(
            "tag_resource", ResourceARN="arn:{partition}:budgets::{account}:budget/{BudgetName}/action/{made.ActionId}"
        ),
        remove=call(
            "untag_resource",
            ResourceARN="arn:{partition}:budgets::{account}:budget/{BudgetName}/action/{made.ActionId}",
        ),
        property="ResourceTags",
    )
    ref = "ActionId"
    attributes = "ActionId={ref}"
    unmakes = call("delete_budget_action", "BudgetName", AccountId="{account}", ActionId="{made.ActionId}")
    reads = (
        call("describe_budget_action", "BudgetName", AccountId="{account}", ActionId="{made.ActionId}"),
        call(
            "list_tags_for_resource",
            ResourceARN="arn:{partition}:budgets::{account}:budget/{BudgetName}/action/{made.ActionId}",
        ),
    )
