"""A target is scaled by the policies that name it, and takes them with it."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

AS = "AWS::ApplicationAutoScaling::"
WHERE = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/clinic",
    "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
}
TRACKING = {
    "TargetValue": 70.5,
    "ScaleInCooldown": 61,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
}
STEPS = {
    "AdjustmentType": "ChangeInCapacity",
    "Cooldown": 62,
    "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 13}],
}


@pytest.fixture
def target(bench):
    return bench.make(f"{AS}ScalableTarget", "Target", MinCapacity=5, MaxCapacity=50, **WHERE)


def test_a_target_changes_its_bounds_and_its_schedule(bench):
    nightly = {
        "ScheduledActionName": "night",
        "Schedule": "cron(0 22 * * ? *)",
        "Timezone": "Europe/Berlin",
        "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 3},
    }
    made = bench.make(
        f"{AS}ScalableTarget",
        "T",
        MinCapacity=5,
        MaxCapacity=50,
        ScheduledActions=[nightly],
        SuspendedState={"DynamicScalingInSuspended": True},
        Tags=[{"Key": "a", "Value": "b"}],
        **WHERE,
    )
    assert made.ref == "table/clinic|dynamodb:table:ReadCapacityUnits|dynamodb"
    assert (made.unapplied, bench.lost(made)) == (("Tags",), set())
    changed = bench.change(made, MinCapacity=6, MaxCapacity=60, **WHERE)
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    client = bench.client("application-autoscaling")
    assert client.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"] == []
    bench.delete(changed)
    bench.delete(changed)
    assert client.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []


def test_a_policy_changes_in_place_and_leaves_no_alarm(bench, target):
    policy = bench.make(
        f"{AS}ScalingPolicy",
        "P",
        PolicyName="reads",
        PolicyType="TargetTrackingScaling",
        ScalingTargetId=target.ref,
        TargetTrackingScalingPolicyConfiguration=TRACKING,
    )
    assert (policy.unapplied, bench.lost(policy)) == ((), set())
    named = {"PolicyName": "reads", "ScalingTargetId": target.ref}
    changed = bench.change(policy, PolicyType="StepScaling", StepScalingPolicyConfiguration=STEPS, **named)
    assert (changed.ref, changed.unapplied, bench.lost(changed)) == (policy.ref, (), set())
    found = bench.client("application-autoscaling").describe_scaling_policies(ServiceNamespace="dynamodb")
    assert [each["PolicyARN"] for each in found["ScalingPolicies"]] == [policy.ref]
    assert bench.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    bench.delete(changed)
    bench.delete(changed)


def test_a_policy_goes_with_its_target(bench, target):
    policy = bench.make(
        f"{AS}ScalingPolicy",
        "P",
        PolicyName="reads",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=TRACKING,
        **WHERE,
    )
    assert bench.client("cloudwatch").describe_alarms()["MetricAlarms"]
    bench.delete(target)
    bench.delete(policy)
    assert bench.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_what_aws_would_refuse_is_refused(bench):
    with pytest.raises(ClientError, match="Maximum capacity cannot be less than minimum capacity"):
        bench.make(f"{AS}ScalableTarget", "T", MinCapacity=5, MaxCapacity=1, **WHERE)
    tracked = {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": TRACKING}
    with pytest.raises(ClientError, match="No scalable target registered"):
        bench.make(f"{AS}ScalingPolicy", "P", PolicyName="reads", **tracked, **WHERE)


def test_a_predictive_policy_is_recorded(bench, target):
    policy = bench.make(
        f"{AS}ScalingPolicy", "P", PolicyName="ahead", PolicyType="PredictiveScaling", ScalingTargetId=target.ref
    )
    assert policy.unapplied == ("PolicyName", "PolicyType", "ScalingTargetId")
