"""CloudWatch: alarms, alarms made of alarms, dashboards, and what is drawn from metrics."""

from __future__ import annotations

from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call, refusal

_ALARM = (
    "ActionsEnabled AlarmActions AlarmDescription ComparisonOperator DatapointsToAlarm Dimensions "
    "EvaluateLowSampleCountPercentile EvaluationPeriods ExtendedStatistic InsufficientDataActions MetricName Metrics "
    "Namespace OKActions Period Statistic Threshold ThresholdMetricId TreatMissingData Unit"
)
_ARN = "arn:{partition}:cloudwatch:{region}:{account}:alarm:{ref}"
_TAGS = Tags(call("tag_resource", ResourceARN=_ARN), remove=call("untag_resource", ResourceARN=_ARN))


class Alarm(Table):
    """An alarm on a metric or on an expression of several; an update puts it whole and keeps its state."""

    type = "AWS::CloudWatch::Alarm"
    service = "cloudwatch"
    named = Name("AlarmName", limit=255)
    makes = call("put_metric_alarm", _ALARM, AlarmName="{name}")
    then = (Setting(call("put_metric_alarm", _ALARM, AlarmName="{ref}"), at_create=False),)
    tags = _TAGS
    ref = "{name}"
    attributes = f"Arn={_ARN}"
    unmakes = call("delete_alarms", AlarmNames=["{ref}"])
    reads = (
        call("describe_alarms", AlarmNames=["{ref}"], AlarmTypes=["MetricAlarm"]),
        call("list_tags_for_resource", ResourceARN=_ARN),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Refuse what CloudWatch refuses: a metric and an expression at once, or neither, or no number of periods."""
        arguments = super().arguments(scope)
        if "EvaluationPeriods" not in arguments and not scope.declared.peek("EvaluationCriteria"):
            raise refusal("ValidationError", "EvaluationPeriods must be specified for a metric alarm", "PutMetricAlarm")
        if "Metrics" in arguments and "MetricName" in arguments:
            message = "MetricName and Metrics list must not both be specified"
            raise refusal("ValidationError", message, "PutMetricAlarm")
        if "Metrics" not in arguments and not arguments.get("Statistic") and not arguments.get("ExtendedStatistic"):
            message = "At least one of the following must be specified: Statistic, ExtendedStatistic"
            raise refusal("ValidationError", message, "PutMetricAlarm")
        return arguments


_COMPOSITE = (
    "ActionsEnabled ActionsSuppressor ActionsSuppressorExtensionPeriod ActionsSuppressorWaitPeriod AlarmActions "
    "AlarmDescription AlarmRule InsufficientDataActions OKActions"
)


class CompositeAlarm(Table):
    """An alarm made of other alarms' states."""

    type = "AWS::CloudWatch::CompositeAlarm"
    service = "cloudwatch"
    named = Name("AlarmName", limit=255)
    makes = call("put_composite_alarm", _COMPOSITE, AlarmName="{name}")
    then = (Setting(call("put_composite_alarm", _COMPOSITE, AlarmName="{ref}"), at_create=False),)
    tags = _TAGS
    ref = "{name}"
    attributes = f"Arn={_ARN}"
    unmakes = call("delete_alarms", AlarmNames=["{ref}"])
    reads = (
        call("describe_alarms", AlarmNames=["{ref}"], AlarmTypes=["CompositeAlarm"]),
        call("list_tags_for_resource", ResourceARN=_ARN),
    )


class Dashboard(Table):
    """A dashboard, whose body is kept as it is written."""

    type = "AWS::CloudWatch::Dashboard"
    service = "cloudwatch"
    named = Name("DashboardName", limit=255)
    makes = call("put_dashboard", "DashboardBody", DashboardName="{name}")
    then = (Setting(call("put_dashboard", "DashboardBody", DashboardName="{ref}"), at_create=False),)
    ref = "{name}"
    unmakes = call("delete_dashboards", DashboardNames=["{ref}"])
    reads = (call("get_dashboard", DashboardName="{ref}"),)


class InsightRule(Table):
    """A Contributor Insights rule."""

    type = "AWS::CloudWatch::InsightRule"
    service = "cloudwatch"
    makes = call("put_insight_rule", "RuleName RuleState", RuleDefinition="{RuleBody}")
    then = (Setting(call("put_insight_rule", "RuleName RuleState", RuleDefinition="{RuleBody}"), at_create=False),)
    tags = Tags(call("tag_resource", ResourceARN="{ref}"), remove=call("untag_resource", ResourceARN="{ref}"))
    ref = "{name}"
    attributes = "Arn={name} RuleName={RuleName}"
    tells = "Name=RuleName State=RuleState Definition=RuleBody"
    unmakes = call("delete_insight_rules", RuleNames=["{RuleName}"])
    reads = (call("describe_insight_rules"), call("list_tags_for_resource", ResourceARN="{ref}"))

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """Its ARN, which nothing but its name is needed for."""
        rule = declared.peek("RuleName")
        return f"arn:{context.partition}:cloudwatch:{context.region}:{context.account}:insight-rule/{rule}"


_STREAM = "ExcludeFilters FirehoseArn IncludeFilters IncludeLinkedAccountsMetrics OutputFormat RoleArn " + (
    "StatisticsConfigurations"
)


class MetricStream(Table):
    """Metrics on their way to a delivery stream; kept, and nothing flows."""

    type = "AWS::CloudWatch::MetricStream"
    service = "cloudwatch"
    named = Name("Name", limit=255)
    makes = call("put_metric_stream", _STREAM, Name="{name}")
    then = (Setting(call("put_metric_stream", _STREAM, Name="{ref}"), at_create=False),)
    ref = "{name}"
    attributes = "Arn=Arn State=State CreationDate=CreationDate LastUpdateDate=LastUpdateDate"
    describes = call("get_metric_stream", Name="{ref}")
    unmakes = call("delete_metric_stream", Name="{ref}")
    reads = (describes,)
