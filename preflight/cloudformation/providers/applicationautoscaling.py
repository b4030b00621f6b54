"""Application Auto Scaling: what may grow and shrink, when, and by which target."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Each, Scope, Setting, Table, call, refusal


class _Scaling(Table):
    service = "application-autoscaling"


def _backend(scope: Scope) -> Any:
    from moto.applicationautoscaling.models import applicationautoscaling_backends

    return applicationautoscaling_backends[scope.context.account][scope.context.region]


_WHICH = "ServiceNamespace ResourceId ScalableDimension"
_ITEM: dict[str, Any] = {
    name: f"{{item.{name}}}"
    for name in ("ScheduledActionName", "Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")
}


class ScalableTarget(_Scaling):
    """A service's dimension that may be scaled, between two bounds."""

    type = "AWS::ApplicationAutoScaling::ScalableTarget"
    makes = call("register_scalable_target", f"{_WHICH} MinCapacity MaxCapacity RoleARN SuspendedState")
    then = (
        Setting(makes, at_create=False),
        Each(
            "ScheduledActions",
            add=call("put_scheduled_action", _WHICH, **_ITEM),
            remove=call("delete_scheduled_action", _WHICH, ScheduledActionName="{item.ScheduledActionName}"),
        ),
    )
    ref = "{ResourceId}|{ScalableDimension}|{ServiceNamespace}"
    drops = "Tags"
    attributes = "Id={ref}"
    unmakes = call("deregister_scalable_target", _WHICH)
    reads = (
        call("describe_scalable_targets", "ServiceNamespace ScalableDimension", ResourceIds=["{ResourceId}"]),
        call("describe_scheduled_actions", _WHICH),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The bounds have to be a range; moto takes any."""
        low, high = (int(scope.declared.peek(name, 0)) for name in ("MinCapacity", "MaxCapacity"))
        if high < low:
            said = "Maximum capacity cannot be less than minimum capacity"
            raise refusal("ValidationException", said, "RegisterScalableTarget")
        return super().arguments(scope)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """What is gone already is no failure; moto says so with a ValidationException. Its policies go with it."""
        backend = _backend(self.scope(made, declared, context))
        resource, dimension, _ = made.physical_id.split("|")
        if resource not in backend.targets.get(dimension, {}):
            return
        super().delete(made, declared, context)
        for key, policy in list(backend.policies.items()):
            if (policy.resource_id, policy.scalable_dimension) == (resource, dimension):
                policy.delete_alarms(context.account, context.region)
                del backend.policies[key]


class ScalingPolicy(_Scaling):
    """How a target is scaled: by steps, or so that a metric stays where it should be."""

    type = "AWS::ApplicationAutoScaling::ScalingPolicy"
    makes = call(
        "put_scaling_policy",
        f"PolicyName PolicyType {_WHICH} StepScalingPolicyConfiguration TargetTrackingScalingPolicyConfiguration",
    )
    in_place = frozenset({"PolicyType", "StepScalingPolicyConfiguration", "TargetTrackingScalingPolicyConfiguration"})
    ref = "PolicyARN"
    attributes = "Arn={ref}"
    unmakes = call("delete_scaling_policy", f"PolicyName {_WHICH}")

    def create(self, declared: Declared, context: Context) -> Made:
        """A predictive policy has no place in moto: it is recorded."""
        if declared.peek("PolicyType") == "PredictiveScaling":
            declared.not_emulated()
            where = f"arn:{context.partition}:autoscaling:{context.region}:{context.account}"
            arn = f"{where}:scalingPolicy:{context.name()}:policyName/{declared.peek('PolicyName')}"
            return Made(arn, {"Arn": arn})
        return super().create(declared, context)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """A policy names its target by itself, or in three parts."""
        return {**super().arguments(scope), **_target(scope)}

    def begin(self, scope: Scope) -> dict[str, Any]:
        """A policy needs its target; moto asks for none."""
        told = _target(scope)
        if told["ResourceId"] not in _backend(scope).targets.get(told["ScalableDimension"], {}):
            said = (
                f"No scalable target registered for service namespace: {told['ServiceNamespace']}, resource ID: "
                f"{told['ResourceId']}, scalable dimension: {told['ScalableDimension']}"
            )
            raise refusal("ObjectNotFoundException", said, "PutScalingPolicy")
        answer = super().begin(scope)
        _mend_alarms(scope, answer["PolicyARN"])
        return answer

    def change(self, before: Scope, after: Scope) -> None:
        """moto would make a second policy and leave the first one's alarms."""
        if before.declared.peek() != after.declared.peek():
            self.ask(after, "delete_scaling_policy", self._which(after))
            arn = self.ask(after, "put_scaling_policy", self.arguments(after))["PolicyARN"]
            _mend_alarms(after, arn)
            _policy(after, arn).policy_arn = after.ref

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """What is gone already is no failure; moto says so with a ValidationException."""
        scope = self.scope(made, declared, context)
        with suppress(StopIteration):
            _policy(scope, made.physical_id)
            self.ask(scope, "delete_scaling_policy", self._which(scope))

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The policies of its target, and the target by its one name."""
        scope = self.scope(made, declared, context)
        told = _target(scope)
        return [{**self.ask(scope, "describe_scaling_policies", told), "ScalingTargetId": "|".join(told.values())}]

    def _which(self, scope: Scope) -> dict[str, Any]:
        return {"PolicyName": scope.declared.take("PolicyName"), **_target(scope)}


def _target(scope: Scope) -> dict[str, str]:
    if "ScalingTargetId" in scope.declared:
        resource, dimension, namespace = str(scope.declared.take("ScalingTargetId")).split("|")
        return {"ResourceId": resource, "ScalableDimension": dimension, "ServiceNamespace": namespace}
    names = ("ResourceId", "ScalableDimension", "ServiceNamespace")
    return {name: str(scope.declared.take(name, "")) for name in names}


def _policy(scope: Scope, arn: str) -> Any:
    return next(each for each in _backend(scope).policies.values() if each.policy_arn == arn)


def _mend_alarms(scope: Scope, arn: str) -> None:
    """moto's alarms for ECS stand at a number of its own; AWS's at the target, and a tenth under it."""
    tracking: Mapping[str, Any] | None = scope.declared.peek("TargetTrackingScalingPolicyConfiguration")
    policy = _policy(scope, arn)
    if tracking and policy.service_namespace == "ecs":
        for alarm in policy.alarms:
            high = "AlarmHigh" in alarm.name
            alarm.threshold = float(tracking["TargetValue"]) * (1 if high else 0.9)
