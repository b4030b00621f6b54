"""Cost Explorer: cost categories, and who hears of unusual spending; none is noticed here."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Setting, Table, Tags, call


def _tags() -> Tags:
    return Tags(
        call("tag_resource", ResourceArn="{ref}"),
        remove=call("untag_resource", ResourceArn="{ref}"),
        property="ResourceTags",
    )


class AnomalyMonitor(Table):
    """What spending is watched."""

    type = "AWS::CE::AnomalyMonitor"
    service = "ce"
    makes = call(
        "create_anomaly_monitor",
        "AnomalyMonitor.MonitorName=MonitorName AnomalyMonitor.MonitorType=MonitorType "
        "AnomalyMonitor.MonitorDimension=MonitorDimension "
        "AnomalyMonitor.MonitorSpecification=MonitorSpecification",
    )
    then = (Setting(call("update_anomaly_monitor", "MonitorName", MonitorArn="{ref}"), at_create=False),)
    tags = _tags()
    ref = "MonitorArn"
    attributes = "MonitorArn={ref} CreationDate=AnomalyMonitors[0].CreationDate"
    describes = call("get_anomaly_monitors", MonitorArnList=["{ref}"])
    unmakes = call("delete_anomaly_monitor", MonitorArn="{ref}")
    reads = (
        call("get_anomaly_monitors", MonitorArnList=["{ref}"]),
        call("list_tags_for_resource", ResourceArn="{ref}"),
    )


class AnomalySubscription(Table):
    """Who hears of it, from which amount on."""

    type = "AWS::CE::AnomalySubscription"
    service = "ce"
    makes = call(
        "create_anomaly_subscription",
        "AnomalySubscription.SubscriptionName=SubscriptionName AnomalySubscription.Frequency=Frequency "
        "AnomalySubscription.MonitorArnList=MonitorArnList AnomalySubscription.Subscribers=Subscribers "
        "AnomalySubscription.Threshold=Threshold AnomalySubscription.ThresholdExpression=ThresholdExpression",
    )
    then = (
        Setting(
            call(
                "update_anomaly_subscription",
                "SubscriptionName Frequency MonitorArnList Subscribers Threshold ThresholdExpression",
                SubscriptionArn="{ref}",
            ),
            at_create=False,
        ),
    )
    tags = _tags()
    ref = "SubscriptionArn"
    attributes = "SubscriptionArn={ref} AccountId={account}"
    unmakes = call("delete_anomaly_subscription", SubscriptionArn="{ref}")
    reads = (
        call("get_anomaly_subscriptions", SubscriptionArnList=["{ref}"]),
        call("list_tags_for_resource", ResourceArn="{ref}"),
    )


class CostCategory(Table):
    """Costs put into groups by rules."""

    type = "AWS::CE::CostCategory"
    service = "ce"
    makes = call(
        "create_cost_category_definition",
        "Name RuleVersion Rules DefaultValue SplitChargeRules",
    )
    then = (
        Setting(
            call(
                "update_cost_category_definition",
                "RuleVersion Rules DefaultValue SplitChargeRules",
                CostCategoryArn="{ref}",
            ),
            at_create=False,
        ),
    )
    ref = "CostCategoryArn"
    attributes = "Arn={ref} EffectiveStart=EffectiveStart"
    tags = Tags(call("tag_resource", ResourceArn="{ref}"), remove=call("untag_resource", ResourceArn="{ref}"))
    unmakes = call("delete_cost_category_definition", CostCategoryArn="{ref}")
    reads = (
        call("describe_cost_category_definition", CostCategoryArn="{ref}"),
        call("list_tags_for_resource", ResourceArn="{ref}"),
    )
