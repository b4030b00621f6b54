"""Mistakes people really make with Lab 2, each an edit of the worked template."""

from preflight.checks import breaks


def of_type(template, type):
    return next(each["Properties"] for each in template["Resources"].values() if each["Type"] == type)


def budget(template):
    return of_type(template, "AWS::Budgets::Budget")["Budget"]


def alerts(template):
    return of_type(template, "AWS::Budgets::Budget")["NotificationsWithSubscribers"]


def statements(template):
    return of_type(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]


def letting_in(template):
    return next(each for each in statements(template) if each["Effect"] == "Allow")


@breaks(
    "the_month_has_a_limit",
    help="A limit with room to spare is reached too late. It is the amount somebody agreed to, not the one that fits.",
)
def mistake_a_limit_with_room_to_spare(template):
    budget(template)["BudgetLimit"]["Amount"] = 100


@breaks(
    "the_month_has_a_limit",
    help="A quarter's budget compares with a quarter: two expensive months fit into it before anybody hears.",
)
def mistake_a_budget_for_the_quarter(template):
    budget(template)["TimeUnit"] = "QUARTERLY"


@breaks(
    "the_month_has_a_limit",
    help="A period with an end makes a budget that expires. Leave TimePeriod out, and it renews itself.",
)
def mistake_a_budget_that_expires(template):
    budget(template)["TimePeriod"] = {"Start": "1761955200", "End": "1796083200"}


@breaks(
    "the_month_has_a_limit",
    help="An auto-adjusting budget takes its limit from what was spent before: it follows the habit you want to see.",
)
def mistake_a_limit_that_follows_what_is_spent(template):
    budget(template)["AutoAdjustData"] = {
        "AutoAdjustType": "HISTORICAL",
        "HistoricalOptions": {"BudgetAdjustmentPeriod": 6},
    }


@breaks(
    "everything_used_counts",
    help="IncludeCredit and IncludeRefund are true unless you say otherwise. In a new account credits pay everything.",
)
def mistake_credits_are_left_to_the_default(template):
    del budget(template)["CostTypes"]


@breaks(
    "everything_used_counts",
    help="A refund of last spring's bill makes this month look cheaper than it is: IncludeRefund is true by default.",
)
def mistake_refunds_are_forgotten(template):
    del budget(template)["CostTypes"]["IncludeRefund"]


@breaks(
    "everything_used_counts",
    help="A budget filtered by a tag counts what carries it. What nobody tagged is what nobody watches.",
)
def mistake_a_budget_for_what_is_tagged(template):
    budget(template)["CostFilters"] = {"TagKeyValue": ["user:project$triage"]}


@breaks(
    "everything_used_counts",
    help="A filter for one service counts that service. The surprise comes from the one you do not know you use.",
)
def mistake_a_budget_for_servers(template):
    budget(template)["CostFilters"] = {"Service": ["Amazon Elastic Compute Cloud - Compute"]}


@breaks("everything_used_counts", help="Tax is on the invoice; IncludeTax is true unless you turn it off.")
def mistake_before_tax(template):
    budget(template)["CostTypes"]["IncludeTax"] = False


@breaks(
    "everything_used_counts",
    help="A support plan is billed as well. Turn credits and refunds off, and leave the other cost types as they are.",
)
def mistake_without_the_support_plan(template):
    budget(template)["CostTypes"]["IncludeSupport"] = False


@breaks(
    "money_spent_reaches_a_person",
    help="Without five weeks of use there is no forecast, and an alert on the forecast alone says nothing till then.",
)
def mistake_a_forecast_alone(template):
    del alerts(template)[0]


@breaks(
    "money_spent_reaches_a_person",
    help="At 100 percent the money is gone, and billing data is some hours old as well. Choose an earlier share.",
)
def mistake_told_when_it_is_gone(template):
    alerts(template)[0]["Notification"]["Threshold"] = 100


@breaks(
    "money_spent_reaches_a_person",
    help="ThresholdType says what the number is. As ABSOLUTE_VALUE, 80 is 80 USD, twice the limit.",
)
def mistake_eighty_dollars_meant_as_eighty_percent(template):
    alerts(template)[0]["Notification"]["ThresholdType"] = "ABSOLUTE_VALUE"


@breaks(
    "money_spent_reaches_a_person",
    also=["a_forecast_reaches_a_person"],
    help="A topic's own policy has to let budgets.amazonaws.com publish. CDK does not add that for a budget.",
)
def mistake_the_topic_lets_somebody_else_in(template):
    letting_in(template)["Principal"] = {"Service": "cloudwatch.amazonaws.com"}
    letting_in(template)["Condition"].pop("ArnLike")


@breaks(
    "money_spent_reaches_a_person",
    also=["a_forecast_reaches_a_person"],
    help="AWS Budgets belongs to no Region: in its ARNs the place of the Region is empty, as in arn:aws:budgets::….",
)
def mistake_a_region_in_the_source(template):
    account = {"Ref": "AWS::AccountId"}
    where = {"Fn::Sub": ["arn:aws:budgets:us-east-1:${account}:*", {"account": account}]}
    letting_in(template)["Condition"]["ArnLike"] = {"aws:SourceArn": where}


@breaks(
    "money_spent_reaches_a_person",
    also=["a_forecast_reaches_a_person"],
    help="The key alias/aws/sns lets no other service use it, and its policy is not yours to change. An encrypted "
    "topic needs a key of your own that lets AWS Budgets in.",
)
def mistake_encrypted_with_the_key_of_sns(template):
    of_type(template, "AWS::SNS::Topic")["KmsMasterKeyId"] = "alias/aws/sns"


@breaks(
    "money_spent_reaches_a_person",
    also=["a_forecast_reaches_a_person"],
    help="A topic keeps nothing: a message without a subscriber is gone. Subscribe the address.",
)
def mistake_nobody_is_subscribed(template):
    resources = template["Resources"]
    name = next(name for name, each in resources.items() if each["Type"] == "AWS::SNS::Subscription")
    del resources[name]
    for each in resources.values():
        if name in each.get("DependsOn", []):
            each["DependsOn"].remove(name)


@breaks(
    "money_spent_reaches_a_person",
    also=["a_forecast_reaches_a_person"],
    help="A filter policy on attributes drops a message that has none, and AWS Budgets sends none.",
)
def mistake_a_filter_nothing_passes(template):
    of_type(template, "AWS::SNS::Subscription")["FilterPolicy"] = {"severity": ["high"]}


@breaks(
    "a_forecast_reaches_a_person",
    help="An alert on what has been spent comes when it is spent. NotificationType FORECASTED comes before.",
)
def mistake_no_forecast(template):
    del alerts(template)[1]


@breaks(
    "a_forecast_reaches_a_person",
    help="A forecast of 150 percent of the limit is a month at half as much again. The limit is the line.",
)
def mistake_a_forecast_far_above_the_limit(template):
    alerts(template)[1]["Notification"]["Threshold"] = 150


@breaks(
    "a_month_on_track_stays_quiet",
    help="An alert on the first dollar comes each month. Keep it for what calls for somebody to act.",
)
def mistake_an_alert_on_the_first_dollar(template):
    first = {**alerts(template)[0], "Notification": {**alerts(template)[0]["Notification"], "Threshold": 1}}
    alerts(template).append(first)


@breaks(
    "a_month_on_track_stays_quiet",
    help="A forecast alert at half of the limit goes off in every month that is as planned.",
)
def mistake_a_nervous_forecast(template):
    alerts(template)[1]["Notification"]["Threshold"] = 50


@breaks(
    "a_month_on_track_stays_quiet",
    help="A second budget is a second sender. One of 10 USD for the whole account speaks up each month.",
)
def mistake_a_second_budget_that_is_always_over(template):
    worked = of_type(template, "AWS::Budgets::Budget")
    small = {**worked["Budget"], "BudgetName": "small", "BudgetLimit": {"Amount": 10, "Unit": "USD"}}
    template["Resources"]["Small"] = {"Type": "AWS::Budgets::Budget", "Properties": {**worked, "Budget": small}}


@breaks(
    "only_budgets_of_this_account_are_let_in",
    help="Say on whose behalf: aws:SourceAccount is your account, or aws:SourceArn a budget of it.",
)
def mistake_the_service_on_anybodys_behalf(template):
    del letting_in(template)["Condition"]


@breaks(
    "only_budgets_of_this_account_are_let_in",
    help='Principal "*" without a condition is everybody. A service is let in by its name.',
)
def mistake_anybody_may_publish(template):
    one = letting_in(template)
    statements(template).append(
        {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": one["Resource"]}
    )


@breaks(
    "only_budgets_of_this_account_are_let_in",
    help="Whoever may subscribe reads along. Subscribing your own people needs no statement for others.",
)
def mistake_anybody_may_subscribe(template):
    one = letting_in(template)
    statements(template).append(
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sns:Subscribe", "Resource": one["Resource"]}
    )


@breaks(
    "everything_says_whose_it_is",
    help="Tag keys and values are case-sensitive: Project and project are two columns of the bill.",
)
def mistake_project_with_a_capital(template):
    for each in of_type(template, "AWS::DynamoDB::Table")["Tags"]:
        each["Key"] = each["Key"].capitalize()


@breaks(
    "everything_says_whose_it_is",
    help="A log group costs by the gigabyte, and is forgotten first. cdk.Tags.of(self) reaches it as well.",
)
def mistake_the_log_group_is_forgotten(template):
    del of_type(template, "AWS::Logs::LogGroup")["Tags"]


@breaks(
    "everything_says_whose_it_is",
    help="A tag with another value puts the cost on somebody else's line.",
)
def mistake_somebody_elses_project(template):
    for each in of_type(template, "AWS::Lambda::Function")["Tags"]:
        if each["Key"] == "project":
            each["Value"] = "imaging"


@breaks(
    "log_lines_do_not_pile_up",
    help="A log group keeps its lines for ever until retention says otherwise.",
)
def mistake_lines_kept_for_ever(template):
    del of_type(template, "AWS::Logs::LogGroup")["RetentionInDays"]


@breaks(
    "log_lines_do_not_pile_up",
    help="Without a log group of its own, a function writes to one that Lambda makes, which no stack takes along.",
)
def mistake_lambda_makes_the_log_group(template):
    del of_type(template, "AWS::Lambda::Function")["LoggingConfig"]


@breaks(
    "log_lines_do_not_pile_up",
    help="Ten years is a setting as well. Lines nobody reads after a quarter are paid for 39 more.",
)
def mistake_ten_years_to_be_safe(template):
    of_type(template, "AWS::Logs::LogGroup")["RetentionInDays"] = 3653


@breaks(
    "idle_it_costs_next_to_nothing",
    help="Provisioned capacity is billed by the hour, asked or not. PAY_PER_REQUEST is billed by the request.",
)
def mistake_capacity_for_a_busy_day(template):
    table = of_type(template, "AWS::DynamoDB::Table")
    table["BillingMode"] = "PROVISIONED"
    table["ProvisionedThroughput"] = {"ReadCapacityUnits": 60, "WriteCapacityUnits": 60}


@breaks(
    "idle_it_costs_next_to_nothing",
    help="Each public IPv4 address costs by the hour, in use or not. Release the one nothing points to.",
)
def mistake_an_address_kept_for_later(template):
    tags = of_type(template, "AWS::SNS::Topic")["Tags"]
    template["Resources"]["Address"] = {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc", "Tags": tags}}
