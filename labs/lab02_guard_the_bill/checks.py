"""What the account promises to whoever pays for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from preflight.checks import Stack, after, attempt, could_not_ask, expect

BUDGETS_GUIDE = "https://docs.aws.amazon.com/cost-management/latest/userguide"
BILLING_GUIDE = "https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2"


def check_the_month_has_a_limit(stack: Stack) -> None:
    """The month has a limit: 40 USD, again each month.

    AWS bills what is used, and stops nothing by itself. A budget does not stop anything either: it is the number that
    somebody agreed to, written where AWS can compare it with what happens.
    """
    budget = the_budget(stack)
    name = budget["BudgetName"]
    words = dict(
        bullets=["CLF-C02 4.2-S1", "CLF-C02 1.4-S1"],
        read=f"{BUDGETS_GUIDE}/budgets-managing-costs.html",
        where=budget_item(stack),
        proved=f"{name} is a cost budget of 40 USD a month, and starts again each month",
        rival="Cost Explorer shows the same money by day and by service. What does it never do by itself?",
    )
    expect(
        budget["BudgetType"] == "COST",
        saw=f"{name} is a budget of type {budget['BudgetType']}",
        means="hours or gigabytes are counted, or how well a discount is used; the invoice is in money",
        **words,
    )
    expect(
        budget["TimeUnit"] == "MONTHLY",
        saw=f"the limit of {name} is for {PERIODS.get(budget['TimeUnit'], budget['TimeUnit'])}",
        means="the invoice comes by the month, and the clinic pays by the month",
        **words,
    )
    expect(
        not budget.get("AutoAdjustData"),
        saw=f"{name} adjusts its limit to what was spent before, or is expected",
        means="after an expensive month the limit is higher, and nobody agreed to that",
        **words,
    )
    for limit in limits(budget):
        expect(
            limit.get("Unit") == "USD" and float(limit["Amount"]) == 40,
            saw=f"{name} has a limit of {float(limit['Amount']):g} {limit.get('Unit')}",
            means="the clinic agreed to 40 USD",
            **words,
        )
    expect(
        is_in_force(budget),
        saw=f"{name} is in force {period(budget)}",
        means="a budget whose time is over stays on the list, and says nothing more",
        **words,
    )


def check_everything_used_counts(stack: Stack) -> None:
    """Everything that is used counts: in every service, with tax, and before credits and refunds.

    A new account has credits, and a credit is a payment, not a discount: 33 USD of use paid with 33 USD of credits is a
    bill of nothing and a habit of 33 USD. What a budget counts of this is its cost types and its filters.
    """
    name = the_budget(stack)["BudgetName"]
    words = dict(
        bullets=["CLF-C02 4.2-S1", "CLF-C02 1.4-K1"],
        read="https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CostTypes.html",
        where=budget_item(stack),
        proved="33 USD of use and tax, half of it paid with credits and refunds, count as 33 USD",
        rival="A second budget with a filter could watch one project by its tag. What must be done to the tag first?",
    )
    counted = COUNTED[stack.mode](stack)
    expect(
        counted["Usage"],
        saw=f"33 USD are used, of whatever service, and {name} does not count them: it has a filter",
        means="what somebody starts outside the filter runs up a bill of its own",
        **words,
    )
    expect(
        counted["Tax"],
        saw=f"{name} leaves out taxes",
        means="the invoice is higher than the budget says, by a fifth in some countries",
        **words,
    )
    for kind, said in FEES.items():
        expect(
            counted[kind],
            saw=f"{name} leaves out {said}",
            means="the invoice has a line that the budget never sees",
            **words,
        )
    for kind in ("Credit", "Refund"):
        expect(
            not counted[kind],
            saw=f"33 USD are used, {kind.lower()}s pay for 16, and {name} counts 17",
            means="while they last the budget says little is used; the day they end, it is too late to ask what",
            **words,
        )


@after(check_the_month_has_a_limit, check_everything_used_counts)
def check_money_spent_reaches_a_person(stack: Stack) -> None:
    """By the time 33 USD are spent, a person has a mail about it.

    A budget compares, a notification tells. Between them and a person stand a topic that has to let AWS Budgets in, a
    key where the topic is encrypted, and a subscription that its owner confirmed. Where one is missing, nothing fails
    loudly: there is no mail, as in a good month.
    """
    reaches_a_person(
        stack,
        "ACTUAL",
        charges={"Usage": 33.5},
        forecast=None,
        story="33.50 USD have been spent, in an account too young for a forecast",
        means="the limit is passed on a Tuesday, and the clinic learns of it from the invoice",
        proved="33.50 USD were spent, and a mail about it came out of the topic",
        rival="A budget action could also attach a policy that forbids new resources. Whom would that hit at night?",
        bullets=["CLF-C02 4.2-S1"],
    )


@after(check_the_month_has_a_limit, check_everything_used_counts)
def check_a_forecast_reaches_a_person(stack: Stack) -> None:
    """When the month is expected to end above 40 USD, a person has a mail about it while little is spent.

    An alert on what has been spent is certain and late. One on the forecast comes while there is something left to
    turn off. AWS needs about five weeks of use before it makes a forecast, which is why a budget has both.
    """
    reaches_a_person(
        stack,
        "FORECASTED",
        charges={"Usage": 15.0},
        forecast=41.5,
        story="15 USD have been spent, and the month is expected to end at 41.50",
        means="there were two weeks to turn something off, and nobody knew",
        proved="the month was expected to end at 41.50 USD, and a mail about it came out of the topic",
        rival="Cost Anomaly Detection needs no limit to speak. What does it see that a forecast of the month does not?",
        bullets=["CLF-C02 4.2-S1", "CLF-C02 4.2-K1"],
    )


@after(check_the_month_has_a_limit)
def check_a_month_on_track_stays_quiet(stack: Stack) -> None:
    """A month on track sends nothing.

    15 USD spent and 25 expected is what was agreed to. An alert that comes each month is read in the first, filed by a
    rule in the second, and not seen in the one that matters.
    """
    loud = LOUD[stack.mode](stack)
    name, told = loud or (the_budget(stack)["BudgetName"], None)
    expect(
        loud is None,
        saw=f"15 USD have been spent, 25 are expected, and {name} tells of it: {told}",
        means="the alert of an ordinary month teaches its reader to delete alerts",
        proved="a month of 15 USD spent and 25 expected sent nothing",
        rival="Cost Explorer can be looked at any day. For which question is looking better than being told?",
        bullets=["CLF-C02 4.2-S1"],
        read=f"{BUDGETS_GUIDE}/budgets-best-practices.html",
        where=next((each for each in stack.of_type("AWS::Budgets::Budget") if each.physical_id == name), "Budget"),
    )


def check_only_budgets_of_this_account_are_let_in(stack: Stack) -> None:
    """Of outsiders, only this account's own budgets may publish to the topic.

    AWS Budgets works for every account there is. A policy that lets the service in and does not say for whom lets it
    publish on behalf of any of them: the confused deputy. The keys aws:SourceAccount and aws:SourceArn say for whom.
    """
    topic = stack.output("AlertTopic")
    words = dict(
        bullets=["CLF-C02 4.2-S1", "CLF-C02 2.3-K3"],
        read=f"{BUDGETS_GUIDE}/budgets-sns-policy.html",
        where=topic_item(stack),
        proved="a budget of another account, another account and anyone at all are refused by the topic",
        rival="A topic has a policy of its own until you write one. Whom does that one let publish?",
    )
    for who, said in (("anyone", "anyone"), (f"arn:aws:iam::{ANOTHER}:root", "another account")):
        for action, can in (("sns:Publish", "publish to the topic"), ("sns:Subscribe", "subscribe to the topic")):
            expect(
                is_refused(stack.may(who, action, topic, context=ELSEWHERE)),
                saw=f"{said} may {can}",
                means="false alarms come in, or what you spend goes out",
                **words,
            )
    foreign = stack.may("service:budgets.amazonaws.com", "sns:Publish", topic, context=ON_BEHALF_OF_ANOTHER)
    expect(
        is_refused(foreign),
        saw="AWS Budgets may publish to the topic on behalf of any account",
        means="a stranger's budget writes to your mailbox, in the words of AWS",
        **words,
    )


def check_everything_says_whose_it_is(stack: Stack) -> None:
    """Everything that can be billed says whose it is: project, owner and environment.

    The invoice says "DynamoDB: 61 USD" and not whose. A tag does, once its key is activated as a cost allocation tag in
    the billing console. What carries none is what nobody owns, and nobody turns off.
    """
    asked = [(item, tags_of(stack, item)) for item in stack.design.resources.values() if item.type in READERS]
    if not asked:
        could_not_ask("the stack holds nothing that is billed and takes tags; keep the bucket, the table, the function")
    for item, told in asked:
        missing = [f"{key}={value}" for key, value in TAGS.items() if told.get(key) != value]
        near = next((key for key in told if key.lower() in TAGS and key not in TAGS), None)
        expect(
            not missing,
            saw=f"{item.path or item.logical_id} ({item.type}) lacks {', '.join(missing)}"
            + (f"; it has {near}, and keys are compared letter by letter" if near else ""),
            means="its share of the bill ends up under \"no tag\", where it is everybody's and so nobody's",
            proved=f"the services read all three tags back from each of {len(asked)} resources",
            rival="A cost category groups costs by rules, without touching a resource. When is that the better way?",
            bullets=["CLF-C02 4.2-K4", "CLF-C02 4.2-S4"],
            read=f"{BILLING_GUIDE}/cost-alloc-tags.html",
            where=item,
        )


def check_log_lines_do_not_pile_up(stack: Stack) -> None:
    """The reader's log lines are gone after 90 days, whoever makes their log group.

    Storage is billed for as long as it is kept, and a log group keeps its lines for ever unless it is told otherwise.
    Where a function has no log group, Lambda makes one with its first line: without an end, without a tag, and outside
    of your stack.
    """
    reader = stack.output("Reader")
    told = attempt(stack.client("lambda").get_function_configuration, FunctionName=reader)
    if not told.ok:
        could_not_ask(f"Lambda knows no function {reader}; put the name of the reader in the output Reader")
    group = told.value.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{told.value['FunctionName']}"
    pages = stack.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=group)
    found = [each for page in pages for each in page["logGroups"] if each["logGroupName"] == group]
    words = dict(
        means="each line the reader ever wrote is paid for each month, and the sum has one direction",
        bullets=["CLF-C02 4.1-K3", "CLF-C02 1.4-S5"],
        read="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",
        proved=f"{group} forgets its lines after {next((each.get('retentionInDays') for each in found), 0)} days",
        rival="Lab 1's lifecycle rule moves old notes to a cheaper class. Why not do the same with log lines?",
        where=next(iter(stack.find(group)), "Reader"),
    )
    expect(bool(found), saw=f"the reader writes to {group}, which Lambda will make with the first line", **words)
    days = found[0].get("retentionInDays")
    expect(
        bool(days) and days <= 90,
        saw=f"{group} keeps its lines {f'for {days} days' if days else 'for ever'}",
        **words,
    )


def check_idle_it_costs_next_to_nothing(stack: Stack) -> None:
    """With nobody using it, the stack costs at most 2 USD a month, and what the team runs is still there.

    Fixed cost is what is there whether anyone comes or not: a server bought, capacity reserved, an address kept.
    Variable cost follows use. The cloud's first saving is turning one into the other, and it is a setting each time.
    """
    estimate = stack.cost()
    lines = sorted((each for each in estimate.lines if not each.by_use), key=lambda each: -each.usd_a_month)
    words = dict(
        means="the team is on holiday, and the meter is not",
        proved=f"what is there by the month costs {estimate.per_month:.2f} USD; the rest is paid by use",
        rival="Provisioned capacity is cheaper for a table that is busy all day. When would you change back?",
        bullets=["CLF-C02 1.4-S1", "CLF-C02 1.4-S4", "CLF-C02 4.1-K3"],
        read="https://docs.aws.amazon.com/whitepapers/latest/aws-overview/six-advantages-of-cloud-computing.html",
    )
    for name, asked in (
        ("Notes", attempt(stack.client("s3").head_bucket, Bucket=stack.output("Notes"))),
        ("Lines", attempt(stack.client("dynamodb").describe_table, TableName=stack.output("Lines"))),
        ("Reader", attempt(stack.client("lambda").get_function, FunctionName=stack.output("Reader"))),
    ):
        expect(
            asked.ok,
            saw=f"{stack.output(name)}, the output {name}, is no longer there: {asked.code}",
            where=name,
            **{**words, "means": "what is turned off costs nothing, and the team has nothing to work with"},
        )
    expect(
        estimate.per_month <= 2,
        saw=f"untouched it costs {estimate.per_month:.2f} USD a month, first of all {lines[0].name if lines else ''}: "
        f"{lines[0].what if lines else ''}",
        where=lines[0].logical_id if lines else None,
        **words,
    )


def the_budget(stack: Stack) -> dict[str, Any]:
    """The budget the output names, as AWS Budgets tells it."""
    return describe(stack, stack.output("Budget"))


def describe(stack: Stack, named: str) -> dict[str, Any]:
    found = attempt(stack.client("budgets").describe_budget, AccountId=stack.account, BudgetName=named)
    if not found.ok:
        could_not_ask(f"AWS Budgets knows no budget {named}; put your budget's name, its Ref, in the output Budget")
    return dict(found.value["Budget"])


def limits(budget: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    planned = budget.get("PlannedBudgetLimits") or {}
    return list(planned.values()) or [budget["BudgetLimit"]]


def is_in_force(budget: Mapping[str, Any]) -> bool:
    """Whether it has begun, and goes on for at least a year."""
    told, now = budget.get("TimePeriod", {}), datetime.now(UTC)
    begun = "Start" not in told or told["Start"] <= now
    return begun and ("End" not in told or told["End"] > now + timedelta(days=365))


def period(budget: Mapping[str, Any]) -> str:
    told = budget.get("TimePeriod", {})
    named = (("from", told.get("Start")), ("to", told.get("End")))
    return " ".join(f"{word} {at:%Y-%m-%d}" for word, at in named if at)


def spend(stack: Stack, charges: Mapping[str, float], forecast: float | None = None) -> dict[str, Any]:
    """What the learner's budget made of a month."""
    named = stack.output("Budget")
    heard = next((each for each in stack.spend(charges, forecast=forecast) if each["budget"] == named), None)
    return heard or could_not_ask(f"the budget {named} was not asked about the month")


def counted_by_use(stack: Stack) -> dict[str, bool]:
    """Which kinds of charges the budget counts: by spending 33 USD of use and then a bit of each kind."""
    if not any(each["budget"] == stack.output("Budget") for each in stack.spend({})):
        return counted_by_its_settings(stack)
    used = spend(stack, {"Usage": 33.0})["counted"]
    return {"Usage": used == 33} | {
        kind: spend(stack, {"Usage": 33.0, kind: amount})["counted"] != used
        for kind, amount in (("Tax", 3.0), ("Credit", -16.0), ("Refund", -16.0), *((each, 3.0) for each in FEES))
    }


def counted_by_its_settings(stack: Stack) -> dict[str, bool]:
    """Which kinds of charges the budget counts, as far as its settings tell."""
    budget = the_budget(stack)
    types = budget.get("CostTypes") or {}
    counted = {kind: types.get(f"Include{kind}", True) for kind in ("Tax", "Credit", "Refund", *FEES)}
    counted["Usage"] = not {
        name: told for name, told in (budget.get("CostFilters") or {}).items() if told != [stack.account]
    }
    expression = budget.get("FilterExpression")
    if expression:
        without = expression.get("Not", {}).get("Dimensions", {})
        if set(expression) != {"Not"} or without.get("Key") != "RECORD_TYPE":
            could_not_ask("what a filter expression lets through can be asked offline; there nobody has to pay for it")
        counted |= {kind: False for kind in counted if kind in without.get("Values", ())}
    return counted


def reaches_a_person(
    stack: Stack,
    kind: str,
    *,
    charges: Mapping[str, float],
    forecast: float | None,
    story: str,
    means: str,
    proved: str,
    rival: str,
    bullets: Sequence[str],
) -> None:
    """Expect that what is spent, or expected, is in a mail to the address of the output, by way of the topic."""
    name, topic, address = the_budget(stack)["BudgetName"], stack.output("AlertTopic"), stack.output("AlertAddress")
    words = dict(means=means, proved=proved, rival=rival, bullets=bullets)
    if stack.mode != "offline":
        amount = charges["Usage"] if forecast is None else forecast
        told = [
            each
            for each in notifications(stack, kind, the_budget(stack))
            if topic in each["to"] and rings(each, amount)
        ]
        expect(
            bool(told),
            saw=f"at {amount:g} USD, {name} has no alert on {SPENT[kind]} for the topic",
            read=f"{BUDGETS_GUIDE}/budgets-managing-costs.html",
            where=budget_item(stack),
            **words,
        )
        shut = why_shut_out(stack, topic, name)
        expect(
            shut is None,
            saw=f"{name} turns to the topic and is refused: {shut}",
            read=f"{BUDGETS_GUIDE}/budgets-sns-policy.html",
            where=topic_item(stack),
            **words,
        )
        expect(
            is_subscribed(stack, topic, address),
            saw=f"{address} has not confirmed its subscription to the topic",
            read="https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html",
            where=topic_item(stack),
            **words,
        )
        return
    before = len(stack.outbox())
    heard = spend(stack, charges, forecast)
    mails = [each for each in stack.outbox()[before:] if name in each["message"] and kind in each["message"]]
    told = [each for each in heard["told"] if each["to"] == topic and each["type"] == kind]
    missed = next((each["why"] for each in heard["missed"] if each["to"] == topic and each["type"] == kind), None)
    expect(
        bool(told or missed),
        saw=f"{story}, and {name} has nothing to say to the topic",
        read=f"{BUDGETS_GUIDE}/budgets-managing-costs.html",
        where=budget_item(stack),
        **words,
    )
    expect(
        not missed,
        saw=f"{story}; {name} turns to the topic and is refused: {missed}",
        read=f"{BUDGETS_GUIDE}/budgets-sns-policy.html",
        where=topic_item(stack),
        **words,
    )
    expect(
        any(each["protocol"] in MAIL and each["to"] == address and each.get("topic") == topic for each in mails),
        saw=f"{story}; the topic hears of it, and no mail goes to {address}",
        read="https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html",
        where=topic_item(stack),
        **words,
    )


def what_rings(stack: Stack) -> tuple[str, str] | None:
    """Which of the stack's budgets a month on track sets off, and by what."""
    ours = names_of_budgets(stack)
    for told in stack.spend({"Usage": 15.0}, forecast=25.0):
        for each in [*told["told"], *told["missed"]]:
            if told["budget"] in ours:
                return told["budget"], f"an alert on {SPENT[each['type']]}, at {each['threshold']:g} USD"
    return None


def what_would_ring(stack: Stack) -> tuple[str, str] | None:
    """Which of the stack's budgets a month on track would set off, by the alerts' thresholds."""
    for budget in (describe(stack, name) for name in names_of_budgets(stack)):
        name = budget["BudgetName"]
        if name != stack.output("Budget") and not counts_the_month(budget):
            continue
        for kind, amount in (("ACTUAL", 15.0), ("FORECASTED", 25.0)):
            for each in notifications(stack, kind, budget):
                if rings(each, amount):
                    return name, f"an alert on {SPENT[kind]}, at {each['threshold']:g} USD"
    return None


def names_of_budgets(stack: Stack) -> list[str]:
    """The budget the output names, and any other of the stack."""
    others = [each.physical_id for each in stack.of_type("AWS::Budgets::Budget")]
    return list(dict.fromkeys([stack.output("Budget"), *others]))


def counts_the_month(budget: Mapping[str, Any]) -> bool:
    """Whether all that a month costs counts in a budget: one with a filter may well have seen none of it."""
    filtered = budget.get("CostFilters") or budget.get("FilterExpression")
    return budget["BudgetType"] == "COST" and budget["TimeUnit"] != "DAILY" and not filtered


def notifications(stack: Stack, kind: str, budget: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A budget's alerts of one kind, each with its operator, its threshold in USD and whom it tells."""
    budgets = stack.client("budgets")
    who = {"AccountId": stack.account, "BudgetName": budget["BudgetName"]}
    found = []
    for each in budgets.describe_notifications_for_budget(**who)["Notifications"]:
        if each["NotificationType"] != kind:
            continue
        told = budgets.describe_subscribers_for_notification(**who, Notification=each)["Subscribers"]
        absolute = each.get("ThresholdType") == "ABSOLUTE_VALUE"
        threshold = each["Threshold"] if absolute else each["Threshold"] * float(limits(budget)[0]["Amount"]) / 100
        found.append(
            {"operator": each["ComparisonOperator"], "threshold": threshold, "to": [one["Address"] for one in told]}
        )
    return found


def rings(notification: Mapping[str, Any], amount: float) -> bool:
    bound = notification["threshold"]
    return {"GREATER_THAN": amount > bound, "LESS_THAN": amount < bound}.get(notification["operator"], False)


def why_shut_out(stack: Stack, topic: str, name: str) -> str | None:
    """Why AWS Budgets could not publish to the topic for this budget, by the policies of the topic and its key."""
    ours = f"arn:aws:budgets::{stack.account}:budget/{name}"
    context = {"aws:SecureTransport": "true", "aws:SourceAccount": stack.account, "aws:SourceArn": ours}
    if is_refused(stack.may("service:budgets.amazonaws.com", "sns:Publish", topic, context=context)):
        return "its policy does not let budgets.amazonaws.com publish for this account"
    key = stack.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"].get("KmsMasterKeyId")
    if not key:
        return None
    if "alias/aws/" in key:
        return f"{key} lets no other service use it"
    found = attempt(stack.client("kms").describe_key, KeyId=key)
    arn = found.value["KeyMetadata"]["Arn"] if found.ok else key
    if not stack.find(arn):
        return None
    asked = [
        stack.may("service:budgets.amazonaws.com", action, arn, context=context)
        for action in ("kms:GenerateDataKey", "kms:Decrypt")
    ]
    return f"budgets.amazonaws.com may not use the key {key}" if any(map(is_refused, asked)) else None


def is_subscribed(stack: Stack, topic: str, address: str) -> bool:
    pages = stack.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    found = [each for page in pages for each in page["Subscriptions"]]
    return any(each["Endpoint"] == address and each["SubscriptionArn"].startswith("arn:") for each in found)


def tags_of(stack: Stack, item: Any) -> dict[str, str]:
    """The tags a service reads back from one resource."""
    found = attempt(READERS[item.type], stack=stack, item=item)
    told = found.value if found.ok else []
    if isinstance(told, Mapping):
        return dict(told)
    return {each.get("Key", each.get("TagKey")): each.get("Value", each.get("TagValue")) for each in told}


def is_refused(decision: Any) -> bool:
    """Refused, and not only perhaps."""
    return decision.answer in ("explicitly_denied", "implicitly_denied")


def budget_item(stack: Stack) -> Any:
    return next(iter(stack.of_type("AWS::Budgets::Budget")), None)


def topic_item(stack: Stack) -> Any:
    return next(iter(stack.find(stack.output("AlertTopic"))), None)


def bucket_tags(stack: Stack, item: Any) -> Sequence[Any]:
    return stack.client("s3").get_bucket_tagging(Bucket=item.physical_id)["TagSet"]


def table_tags(stack: Stack, item: Any) -> Sequence[Any]:
    arn = f"arn:aws:dynamodb:{stack.region}:{stack.account}:table/{item.physical_id}"
    return stack.client("dynamodb").list_tags_of_resource(ResourceArn=arn)["Tags"]


def function_tags(stack: Stack, item: Any) -> Mapping[str, str]:
    return stack.client("lambda").get_function(FunctionName=item.physical_id).get("Tags") or {}


def log_group_tags(stack: Stack, item: Any) -> Mapping[str, str]:
    arn = f"arn:aws:logs:{stack.region}:{stack.account}:log-group:{item.physical_id}"
    return stack.client("logs").list_tags_for_resource(resourceArn=arn)["tags"]


def topic_tags(stack: Stack, item: Any) -> Sequence[Any]:
    return stack.client("sns").list_tags_for_resource(ResourceArn=item.physical_id)["Tags"]


def queue_tags(stack: Stack, item: Any) -> Mapping[str, str]:
    return stack.client("sqs").list_queue_tags(QueueUrl=item.physical_id).get("Tags") or {}


def key_tags(stack: Stack, item: Any) -> Sequence[Any]:
    return stack.client("kms").list_resource_tags(KeyId=item.physical_id)["Tags"]


def budget_tags(stack: Stack, item: Any) -> Sequence[Any]:
    arn = f"arn:aws:budgets::{stack.account}:budget/{item.physical_id}"
    return stack.client("budgets").list_tags_for_resource(ResourceARN=arn).get("ResourceTags") or []


def address_tags(stack: Stack, item: Any) -> Sequence[Any]:
    allocation = item.attributes["AllocationId"]
    asked = [{"Name": "resource-id", "Values": [allocation]}]
    return stack.client("ec2").describe_tags(Filters=asked)["Tags"]


TAGS = {"project": "triage", "owner": "analytics", "environment": "practice"}
FEES = {
    "Support": "the fee of a support plan",
    "Subscription": "subscriptions",
    "OtherSubscription": "subscriptions that are no reservation",
    "Recurring": "the monthly fees of reservations",
    "Upfront": "what is paid upfront",
}
PERIODS = {"DAILY": "a day", "QUARTERLY": "a quarter", "ANNUALLY": "a year", "CUSTOM": "a period of its own"}
SPENT = {"ACTUAL": "what has been spent", "FORECASTED": "what is expected"}
MAIL = ("email", "email-json")
COUNTED = {"offline": counted_by_use, "live": counted_by_its_settings}
LOUD = {"offline": what_rings, "live": what_would_ring}
READERS: dict[str, Callable[..., Any]] = {
    "AWS::S3::Bucket": bucket_tags,
    "AWS::DynamoDB::Table": table_tags,
    "AWS::DynamoDB::GlobalTable": table_tags,
    "AWS::Lambda::Function": function_tags,
    "AWS::Logs::LogGroup": log_group_tags,
    "AWS::SNS::Topic": topic_tags,
    "AWS::SQS::Queue": queue_tags,
    "AWS::KMS::Key": key_tags,
    "AWS::Budgets::Budget": budget_tags,
    "AWS::EC2::EIP": address_tags,
}
ANOTHER = "999999999999"
ELSEWHERE = {
    "aws:SecureTransport": "true",
    "aws:PrincipalAccount": ANOTHER,
    "aws:PrincipalOrgID": "o-elsewhere00",
    "aws:SourceOwner": ANOTHER,
    "aws:SourceAccount": ANOTHER,
}
ON_BEHALF_OF_ANOTHER = {
    "aws:SecureTransport": "true",
    "aws:SourceAccount": ANOTHER,
    "aws:SourceOwner": ANOTHER,
    "aws:SourceOrgID": "o-elsewhere00",
    "aws:SourceArn": f"arn:aws:budgets::{ANOTHER}:budget/theirs",
}
