"""Auto Scaling: groups of instances, what makes them grow and shrink, and when.

Instances really appear in the emulated EC2 and in the groups' targets. A signal from an instance (`cfn-signal`) has
nowhere to come from here: a group counts as signalled once its instances run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._ec2_instances import decoded
from preflight.cloudformation.providers._kept import keep, kept
from preflight.cloudformation.providers._launching import launch_as_aws_does
from preflight.cloudformation.providers._table import (
    Each,
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    is_gone,
    refusal,
)


class _AutoScaling(Table):
    service = "autoscaling"


def _backend(scope: Scope) -> Any:
    from moto.autoscaling.models import autoscaling_backends

    return autoscaling_backends[scope.context.account][scope.context.region]


def _group(scope: Scope) -> Any:
    return _backend(scope).autoscaling_groups[scope.ref]


def _subnets_as_text(arguments: dict[str, Any]) -> None:
    subnets = arguments.get("VPCZoneIdentifier")
    if isinstance(subnets, str) and subnets.startswith("["):
        arguments["VPCZoneIdentifier"] = ",".join(re.findall(r"[\w-]+", subnets))
    if arguments.get("InstanceMaintenancePolicy") == {}:
        del arguments["InstanceMaintenancePolicy"]


# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html, checked_on 2026-11-22
METRICS = (
    "GroupMinSize GroupMaxSize GroupDesiredCapacity GroupInServiceInstances GroupPendingInstances "
    "GroupStandbyInstances GroupTerminatingInstances GroupTotalInstances GroupInServiceCapacity GroupPendingCapacity "
    "GroupStandbyCapacity GroupTerminatingCapacity GroupTotalCapacity WarmPoolDesiredCapacity WarmPoolWarmedCapacity "
    "WarmPoolPendingCapacity WarmPoolTerminatingCapacity WarmPoolTotalCapacity GroupAndWarmPoolDesiredCapacity "
    "GroupAndWarmPoolTotalCapacity"
)

_UPDATED = (
    "AvailabilityZones DesiredCapacity MaxSize MinSize LaunchTemplate LaunchConfigurationName MixedInstancesPolicy "
    "VPCZoneIdentifier HealthCheckGracePeriod HealthCheckType NewInstancesProtectedFromScaleIn"
)


class _Hooks(Each):
    """Lifecycle hooks that are declared with their group."""

    def make(self, table: Table, scope: Scope) -> None:
        super().make(table, scope)
        for hook in scope.declared.peek(self.items, []):
            _tell_hook(scope, scope.ref, hook["LifecycleHookName"], hook)

    def change(self, table: Table, before: Scope, after: Scope) -> None:
        super().change(table, before, after)
        for hook in after.declared.peek(self.items, []):
            _tell_hook(after, after.ref, hook["LifecycleHookName"], hook)

    def undo(self, table: Table, scope: Scope) -> None:
        """Nothing: hooks go with their group."""


_HOOK_MORE = ("NotificationTargetARN", "RoleARN", "NotificationMetadata")


def _tell_hook(scope: Scope, group: str, name: str, declared: Mapping[str, Any]) -> None:
    """What moto makes up for every hook, and forgets of it."""
    hook = _backend(scope).lifecycle_hooks[f"{group}_{name}"]
    keep(hook, **{each: declared.get(each) for each in _HOOK_MORE})


class AutoScalingGroup(_AutoScaling):
    """Instances, as many as are wanted, in several zones."""

    type = "AWS::AutoScaling::AutoScalingGroup"
    named = Name("AutoScalingGroupName", limit=255)
    makes = call(
        "create_auto_scaling_group",
        f"{_UPDATED} InstanceId LoadBalancerNames TargetGroupARNs",
        AutoScalingGroupName="{name}",
        adjust=_subnets_as_text,
    )
    in_place = frozenset(_UPDATED.split())
    then = (
        kept(
            "describe_auto_scaling_groups.AutoScalingGroups",
            _group,
            "DefaultCooldown=Cooldown TerminationPolicies PlacementGroup CapacityRebalance MaxInstanceLifetime Context "
            "DesiredCapacityType DefaultInstanceWarmup InstanceMaintenancePolicy AvailabilityZoneDistribution "
            "AvailabilityZoneImpairmentPolicy CapacityReservationSpecification ServiceLinkedRoleARN TrafficSources "
            "DeletionProtection InstanceLifecyclePolicy AvailabilityZoneIds",
        ),
        Each(
            "MetricsCollection",
            add=call(
                "enable_metrics_collection",
                AutoScalingGroupName="{ref}",
                Metrics="{item.Metrics}",
                Granularity="{item.Granularity}",
            ),
            remove=call("describe_auto_scaling_groups", AutoScalingGroupNames=["{ref}"]),
        ),
        _Hooks(
            "LifecycleHookSpecificationList",
            add=call(
                "put_lifecycle_hook",
                AutoScalingGroupName="{ref}",
                LifecycleHookName="{item.LifecycleHookName}",
                LifecycleTransition="{item.LifecycleTransition}",
                DefaultResult="{item.DefaultResult}",
                HeartbeatTimeout="{item.HeartbeatTimeout}",
                NotificationTargetARN="{item.NotificationTargetARN}",
                NotificationMetadata="{item.NotificationMetadata}",
                RoleARN="{item.RoleARN}",
            ),
            remove=call(
                "delete_lifecycle_hook", AutoScalingGroupName="{ref}", LifecycleHookName="{item.LifecycleHookName}"
            ),
        ),
        *(
            Each(
                name,
                add=call(
                    "put_notification_configuration",
                    AutoScalingGroupName="{ref}",
                    TopicARN="{item.TopicARN}",
                    NotificationTypes="{item.NotificationTypes}",
                ),
                remove=call(
                    "delete_notification_configuration", AutoScalingGroupName="{ref}", TopicARN="{item.TopicARN}"
                ),
            )
            for name in ("NotificationConfigurations", "NotificationConfiguration")
        ),
        Each(
            "TargetGroupARNs",
            add=call("attach_load_balancer_target_groups", AutoScalingGroupName="{ref}", TargetGroupARNs=["{item}"]),
            remove=call("detach_load_balancer_target_groups", AutoScalingGroupName="{ref}", TargetGroupARNs=["{item}"]),
        ),
        Each(
            "LoadBalancerNames",
            add=call("attach_load_balancers", AutoScalingGroupName="{ref}", LoadBalancerNames=["{item}"]),
            remove=call("detach_load_balancers", AutoScalingGroupName="{ref}", LoadBalancerNames=["{item}"]),
        ),
    )
    ref = "{name}"
    drops = "SkipZonalShiftValidation"
    attributes = "AutoScalingGroupARN=AutoScalingGroups[0].AutoScalingGroupARN"
    describes = call("describe_auto_scaling_groups", AutoScalingGroupNames=["{ref}"])
    unmakes = call("delete_auto_scaling_group", AutoScalingGroupName="{ref}", ForceDelete=True)
    reads = (
        describes,
        call("describe_lifecycle_hooks", AutoScalingGroupName="{ref}"),
        call("describe_notification_configurations", AutoScalingGroupNames=["{ref}"]),
    )

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The group as the service tells it, its subnets also one by one."""
        answers = super().read(made, declared, context)
        groups = [group for answer in answers for group in answer.get("AutoScalingGroups", [])]
        return [*answers, {"Subnets": [group.get("VPCZoneIdentifier", "").split(",") for group in groups]}]

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Refuse what AWS would, then launch."""
        launch_as_aws_does()
        client = scope.context.client("autoscaling")
        if client.describe_auto_scaling_groups(AutoScalingGroupNames=[scope.name])["AutoScalingGroups"]:
            said = f"AutoScalingGroup by this name already exists - A group with the name {scope.name} already exists"
            raise refusal("AlreadyExists", said, "CreateAutoScalingGroup")
        self._refuse(scope)
        tags = [{**each, "ResourceId": scope.name, "ResourceType": "auto-scaling-group"} for each in _tags(scope)]
        return self.ask(scope, "create_auto_scaling_group", {**self.arguments(scope), "Tags": tags})

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Without a list, every metric is collected."""
        if operation == "enable_metrics_collection":
            arguments = {"Metrics": METRICS.split(), **arguments}
        return super().ask(scope, operation, arguments)

    def change(self, before: Scope, after: Scope) -> None:
        """The group itself in one call; running instances stay as they were launched, as without an UpdatePolicy."""
        self._refuse(after)
        old, new = (self._updated(each) for each in (before, after))
        if old != new:
            self.ask(after, "update_auto_scaling_group", {"AutoScalingGroupName": after.ref, **new})
        if "MetricsCollection" in before.declared and "MetricsCollection" not in after.declared:
            _group(after).metrics = []
        super().change(before, after)
        wanted = {each["Key"]: each for each in _tags(after)}
        place = {"ResourceId": after.ref, "ResourceType": "auto-scaling-group"}
        gone = [{**each, **place} for each in _tags(before) if each["Key"] not in wanted]
        if gone:
            self.ask(after, "delete_tags", {"Tags": gone})
        self.ask(after, "create_or_update_tags", {"Tags": [{**each, **place} for each in wanted.values()]})

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Instances go with the group, protected ones too, and so do its hooks, policies and schedules."""
        scope = self.scope(made, declared, context)
        group = _backend(scope).autoscaling_groups.get(made.physical_id)
        if group is None:
            return
        if group.__dict__.get("DeletionProtection") == "prevent-all-deletion":
            said = f"You cannot delete an AutoScalingGroup with deletion protection enabled: {made.physical_id}"
            raise refusal("ValidationError", said, "DeleteAutoScalingGroup")
        for state in group.instance_states:
            state.protected_from_scale_in = False
            state.instance.disable_api_termination = False
        super().delete(made, declared, context)
        backend = _backend(scope)
        for kind in (backend.lifecycle_hooks, backend.policies, backend.scheduled_actions):
            for key in [key for key, each in kind.items() if each.auto_scaling_group_name == made.physical_id]:
                del kind[key]

    def _updated(self, scope: Scope) -> dict[str, Any]:
        arguments = self.arguments(scope)
        wanted = {name: arguments[name] for name in _UPDATED.split() if name in arguments}
        if "DesiredCapacity" not in wanted and "MinSize" in wanted:
            there = _group(scope).desired_capacity or 0
            wanted["DesiredCapacity"] = min(max(there, wanted["MinSize"]), wanted.get("MaxSize", there))
        return wanted

    def _refuse(self, scope: Scope) -> None:
        """What AWS says no to and moto does not, or says in other words.

        https://docs.aws.amazon.com/autoscaling/ec2/userguide/CHAP_Troubleshooting.html, checked_on 2026-11-22
        """
        for said in _faults(scope):
            raise refusal("ValidationError", said, "CreateAutoScalingGroup")


def _faults(scope: Scope) -> Iterator[str]:
    declared = scope.declared
    low, high = int(declared.peek("MinSize", 0)), int(declared.peek("MaxSize", 0))
    if high < low:
        yield f"Max bound, {high}, must be greater than or equal to min bound, {low}"
    wanted = int(declared.peek("DesiredCapacity", low))
    if not low <= wanted <= high:
        yield f"Desired capacity:{wanted} must be between the specified min size:{low} and max size:{high}"
    subnets = declared.peek("VPCZoneIdentifier", [])
    if subnets and not _found(scope, "ec2", "describe_subnets", SubnetIds=subnets):
        yield f"The subnet ID '{subnets[0] if len(subnets) == 1 else ','.join(subnets)}' does not exist"
    groups = declared.peek("TargetGroupARNs", [])
    if groups and not _found(scope, "elbv2", "describe_target_groups", TargetGroupArns=groups):
        named = ", ".join(groups)
        yield f"Provided Target Groups may not be valid. Please ensure they exist and try again: {named}"
    mixed = declared.peek("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("LaunchTemplateSpecification")
    yield from _template_faults(scope, mixed or declared.peek("LaunchTemplate") or {}, bool(mixed))


def _template_faults(scope: Scope, template: Mapping[str, Any], mixed: bool) -> Iterator[str]:
    if not template:
        return
    named = {name: template[name] for name in ("LaunchTemplateId", "LaunchTemplateName") if template.get(name)}
    version = str(template.get("Version") or "$Default")
    kind = "ID" if "LaunchTemplateId" in named else "name"
    try:
        found = scope.context.client("ec2").describe_launch_template_versions(**named, Versions=[version])
        data = found["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    except Exception as error:
        if not (is_gone(error) or isinstance(error, IndexError)):
            raise
        which = next(iter(named.values()), "")
        yield f"The specified launch template, with template {kind} {which}, does not exist."
        return
    if not data.get("ImageId"):
        yield "You must use a valid fully-formed launch template. The request must contain the parameter ImageId"
    if not (mixed or data.get("InstanceType") or data.get("InstanceRequirements")):
        yield "You must use a valid fully-formed launch template. The request must contain the parameter InstanceType"


def _found(scope: Scope, service: str, operation: str, **asked: Any) -> bool:
    try:
        getattr(scope.context.client(service), operation)(**asked)
    except Exception as error:
        if not is_gone(error):
            raise
        return False
    return True


def _tags(scope: Scope) -> list[dict[str, Any]]:
    """The group's tags, which say themselves whether instances get them; the stack's own always go on."""
    own = [
        {"Key": each["Key"], "Value": str(each.get("Value", "")), "PropagateAtLaunch": _flag(each["PropagateAtLaunch"])}
        for each in scope.declared.take("Tags", [])
    ]
    named = {each["Key"] for each in own}
    stack = Tags(call("create_or_update_tags"), property="").of(scope)
    more = {key: value for key, value in stack.items() if key not in named}
    return [*own, *({"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in more.items())]


def _flag(value: Any) -> bool:
    return str(value).lower() == "true"


def _decode(arguments: dict[str, Any]) -> None:
    if "UserData" in arguments:
        arguments["UserData"] = decoded(arguments["UserData"])


class LaunchConfiguration(_AutoScaling):
    """How to launch instances, as it was before launch templates.

    AWS makes none for an account that had none before October 2024; older accounts still deploy templates with them
    (https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-configurations.html, checked_on 2026-11-22).
    """

    type = "AWS::AutoScaling::LaunchConfiguration"
    named = Name("LaunchConfigurationName", limit=255)
    makes = call(
        "create_launch_configuration",
        "AssociatePublicIpAddress BlockDeviceMappings EbsOptimized IamInstanceProfile ImageId "
        "InstanceMonitoring.Enabled=InstanceMonitoring InstanceType KernelId KeyName MetadataOptions "
        "SecurityGroups SpotPrice UserData InstanceId",
        LaunchConfigurationName="{name}",
        adjust=_decode,
    )
    ref = "{name}"
    unmakes = call("delete_launch_configuration", LaunchConfigurationName="{ref}")
    reads = (call("describe_launch_configurations", LaunchConfigurationNames=["{ref}"]),)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The configuration, its monitoring under the template's name for it."""
        answers = super().read(made, declared, context)
        found = [each for answer in answers for each in answer["LaunchConfigurations"]]
        return [*answers, *({"InstanceMonitoring": each["InstanceMonitoring"]["Enabled"]} for each in found)]


_POLICY = (
    "AdjustmentType AutoScalingGroupName Cooldown EstimatedInstanceWarmup MetricAggregationType "
    "MinAdjustmentMagnitude PolicyType PredictiveScalingConfiguration ScalingAdjustment StepAdjustments "
    "TargetTrackingConfiguration"
)


class _InGroup(_AutoScaling):
    """What belongs to a group, which has to be there."""

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Refuse a group that is not there; moto asks for none."""
        group = str(scope.declared.peek("AutoScalingGroupName"))
        if group not in _backend(scope).autoscaling_groups:
            said = f"AutoScalingGroup name not found - AutoScalingGroup '{group}' not found"
            assert self.makes is not None
            raise refusal("ValidationError", said, self.makes.operation)
        return super().begin(scope)


def _policy(scope: Scope) -> Any:
    return next(each for each in _backend(scope).policies.values() if each.arn == scope.ref)


class ScalingPolicy(_InGroup):
    """What makes a group grow and shrink; one that tracks a target keeps alarms of its own, as on AWS."""

    type = "AWS::AutoScaling::ScalingPolicy"
    named = Name("", limit=255)
    makes = call("put_scaling_policy", _POLICY, PolicyName="{name}")
    then = (Setting(call("put_scaling_policy", _POLICY, PolicyName="{made.PolicyName}"), at_create=False),)
    ref = "PolicyARN"
    attributes = "Arn={ref} PolicyName={name}"
    unmakes = call("delete_policy", PolicyName="{made.PolicyName}", AutoScalingGroupName="{AutoScalingGroupName}")
    reads = (call("describe_policies", PolicyNames=["{made.PolicyName}"]),)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """moto's answer leaves the ARN out."""
        super().begin(scope)
        told = scope.context.client("autoscaling").describe_policies(PolicyNames=[scope.name])
        policy: dict[str, Any] = told["ScalingPolicies"][0]
        return policy

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """A target is tracked by two alarms."""
        super().finish(scope, answer)
        _tell_alarms(scope)

    def change(self, before: Scope, after: Scope) -> None:
        """Another target, other alarms."""
        super().change(before, after)
        _tell_alarms(after)

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """The name of an existing policy stays."""
        again = super().update(made, declared, before, context)
        return Made(again.physical_id, {**again.attributes, "PolicyName": made.attributes["PolicyName"]})

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The alarms go with their policy."""
        super().delete(made, declared, context)
        delete_alarms(context, made.physical_id)


# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredefinedMetricSpecification.html,
# checked_on 2026-11-22: namespace, metric, statistic
_PREDEFINED = {
    "ASGAverageCPUUtilization": ("AWS/EC2", "CPUUtilization", "Average"),
    "ASGAverageNetworkIn": ("AWS/EC2", "NetworkIn", "Average"),
    "ASGAverageNetworkOut": ("AWS/EC2", "NetworkOut", "Average"),
    "ALBRequestCountPerTarget": ("AWS/ApplicationELB", "RequestCountPerTarget", "Sum"),
}


def _tell_alarms(scope: Scope) -> None:
    delete_alarms(scope.context, scope.ref)
    tracking = scope.declared.peek("TargetTrackingConfiguration")
    if tracking is None:
        return
    group = str(scope.declared.peek("AutoScalingGroupName"))
    predefined = tracking.get("PredefinedMetricSpecification", {})
    if predefined:
        namespace, metric, statistic = _PREDEFINED.get(predefined["PredefinedMetricType"], ("AWS/EC2", "", "Average"))
        label = predefined.get("ResourceLabel", "")
        dimensions = [{"Name": "AutoScalingGroupName", "Value": group}]
        if label:
            balancer, _, target = label.partition("/targetgroup/")
            dimensions = [
                {"Name": "TargetGroup", "Value": f"targetgroup/{target}"},
                {"Name": "LoadBalancer", "Value": balancer},
            ]
        told = {"Namespace": namespace, "MetricName": metric, "Statistic": statistic, "Dimensions": dimensions}
    else:
        told = custom_metric(tracking.get("CustomizedMetricSpecification", {}))
    alarms = make_alarms(scope, group, told, float(tracking["TargetValue"]), 0.7, _flag(tracking.get("DisableScaleIn")))
    keep(_policy(scope), Alarms=alarms)


def custom_metric(specification: Mapping[str, Any]) -> dict[str, Any]:
    """An alarm's metric as a customized metric specification tells it; {} when it is a calculation."""
    if "MetricName" not in specification:
        return {}
    told = {
        name: specification[name] for name in ("Namespace", "MetricName", "Statistic", "Unit") if name in specification
    }
    return {**told, "Dimensions": specification.get("Dimensions", [])}


def make_alarms(
    scope: Scope, resource: str, metric: Mapping[str, Any], target: float, low: float, no_scale_in: bool
) -> list[dict[str, str]]:
    """The two alarms of a target tracking policy: over the target for three minutes, well under it for fifteen.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html, checked_on 2026-11-22. AWS
    publishes neither how far below the target the lower alarm stands nor a promise that it stays there.
    """
    if not metric.get("MetricName"):
        return []
    from preflight.cloudformation.derive import digits

    client = scope.context.client("cloudwatch")
    rows = [("AlarmHigh", "GreaterThanThreshold", target, 3), ("AlarmLow", "LessThanThreshold", target * low, 15)]
    made = []
    for kind, comparison, threshold, periods in rows[: 1 if no_scale_in else 2]:
        text = digits(f"{scope.ref}/{kind}", 32)
        name = f"TargetTracking-{resource}-{kind}-{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
        client.put_metric_alarm(
            AlarmName=name,
            AlarmDescription=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {scope.ref}.",
            AlarmActions=[scope.ref],
            ComparisonOperator=comparison,
            Threshold=threshold,
            EvaluationPeriods=periods,
            Period=60,
            **metric,
        )
        arn = client.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"]
        made.append({"AlarmName": name, "AlarmARN": arn})
    return made


def delete_alarms(context: Context, policy: str) -> None:
    """Take away the alarms that a target tracking policy keeps."""
    client = context.client("cloudwatch")
    found = client.describe_alarms(AlarmNamePrefix="TargetTracking-")["MetricAlarms"]
    mine = [each["AlarmName"] for each in found if policy in each.get("AlarmActions", [])]
    if mine:
        client.delete_alarms(AlarmNames=mine)


_SCHEDULE = "AutoScalingGroupName DesiredCapacity EndTime MaxSize MinSize Recurrence StartTime TimeZone"


class ScheduledAction(_InGroup):
    """A group's size at a time to come; the time does not come here."""

    type = "AWS::AutoScaling::ScheduledAction"
    named = Name("", limit=255)
    makes = call("put_scheduled_update_group_action", _SCHEDULE, ScheduledActionName="{name}")
    then = (
        Setting(call("put_scheduled_update_group_action", _SCHEDULE, ScheduledActionName="{ref}"), at_create=False),
    )
    ref = "{name}"
    attributes = "ScheduledActionName={name}"
    unmakes = call(
        "delete_scheduled_action", ScheduledActionName="{ref}", AutoScalingGroupName="{AutoScalingGroupName}"
    )
    reads = (call("describe_scheduled_actions", ScheduledActionNames=["{ref}"]),)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """One that went with its group is no failure; moto says so with a ValidationError."""
        scope = self.scope(made, declared, context)
        if made.physical_id in _backend(scope).scheduled_actions:
            super().delete(made, declared, context)


_HOOK = "AutoScalingGroupName DefaultResult HeartbeatTimeout LifecycleTransition " + " ".join(_HOOK_MORE)


class LifecycleHook(_InGroup):
    """A pause when an instance comes or goes."""

    type = "AWS::AutoScaling::LifecycleHook"
    named = Name("LifecycleHookName", limit=255)
    makes = call("put_lifecycle_hook", _HOOK, LifecycleHookName="{name}")
    then = (Setting(call("put_lifecycle_hook", _HOOK, LifecycleHookName="{ref}"), at_create=False),)
    ref = "{name}"
    attributes = "LifecycleHookName={name}"
    unmakes = call("delete_lifecycle_hook", "AutoScalingGroupName", LifecycleHookName="{ref}")
    reads = (
        call("describe_lifecycle_hooks", AutoScalingGroupName="{AutoScalingGroupName}", LifecycleHookNames=["{ref}"]),
    )

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What moto forgets of a hook is kept."""
        answer = super().ask(scope, operation, arguments)
        if operation == "put_lifecycle_hook":
            group = arguments["AutoScalingGroupName"]
            _tell_hook(scope, group, arguments["LifecycleHookName"], scope.declared.peek())
        return answer


class WarmPool(_InGroup):
    """Instances that stand ready, on paper."""

    type = "AWS::AutoScaling::WarmPool"
    makes = call("put_warm_pool", "AutoScalingGroupName InstanceReusePolicy MaxGroupPreparedCapacity MinSize PoolState")
    then = (Setting(makes, at_create=False),)
    ref = "{AutoScalingGroupName}"
    unmakes = call("delete_warm_pool", AutoScalingGroupName="{ref}")
    reads = (
        call("describe_warm_pool", AutoScalingGroupName="{ref}"),
        call("describe_auto_scaling_groups", AutoScalingGroupNames=["{ref}"]),
    )

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """One that went with its group is no failure."""
        if made.physical_id in _backend(self.scope(made, declared, context)).autoscaling_groups:
            super().delete(made, declared, context)
