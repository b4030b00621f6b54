"""Groups launch by their template, balanced over their zones; policies, hooks and schedules belong to them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

AS = "AWS::AutoScaling::"


@pytest.fixture
def scaling(bench):
    return bench.client("autoscaling")


@pytest.fixture
def ec2(bench):
    return bench.client("ec2")


@pytest.fixture
def vpc(bench):
    return bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16").ref


@pytest.fixture
def subnets(bench, vpc):
    return [
        bench.make(
            "AWS::EC2::Subnet", f"S{n}", VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{'abc'[n]}"
        ).ref
        for n in range(3)
    ]


@pytest.fixture
def wall(bench, vpc):
    return bench.make("AWS::EC2::SecurityGroup", "Wall", VpcId=vpc, GroupDescription="wall").ref


@pytest.fixture
def template(bench, ec2, wall):
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    data = {
        "ImageId": image,
        "InstanceType": "t3.micro",
        "SecurityGroupIds": [wall],
        "UserData": "aGVsbG8=",
        "MetadataOptions": {"HttpTokens": "required"},
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "Encrypted": True}}],
        "TagSpecifications": [{"ResourceType": "volume", "Tags": [{"Key": "disk", "Value": "yes"}]}],
    }
    return bench.make("AWS::EC2::LaunchTemplate", "Template", LaunchTemplateData=data)


def by(template) -> dict[str, str]:
    return {"LaunchTemplateId": template.ref, "Version": "1"}


@pytest.fixture
def group(bench, template, subnets):
    return bench.make(
        f"{AS}AutoScalingGroup",
        "Group",
        MinSize="1",
        MaxSize="6",
        DesiredCapacity="4",
        VPCZoneIdentifier=subnets,
        LaunchTemplate=by(template),
    )


def running(ec2) -> list[dict[str, Any]]:
    alive = [{"Name": "instance-state-name", "Values": ["running"]}]
    return [each for one in ec2.describe_instances(Filters=alive)["Reservations"] for each in one["Instances"]]


def test_a_group_tells_all_that_is_declared_and_goes_with_its_instances(bench, ec2, scaling, vpc, subnets, template):
    cards = len(ec2.describe_network_interfaces()["NetworkInterfaces"])
    targets = bench.make("AWS::ElasticLoadBalancingV2::TargetGroup", "T", VpcId=vpc, Port=80, Protocol="HTTP").ref
    declared = {
        "AutoScalingGroupName": "web",
        "MinSize": "2",
        "MaxSize": "6",
        "DesiredCapacity": "3",
        "VPCZoneIdentifier": subnets,
        "LaunchTemplate": by(template),
        "TargetGroupARNs": [targets],
        "HealthCheckType": "ELB",
        "HealthCheckGracePeriod": 90,
        "Cooldown": "120",
        "CapacityRebalance": True,
        "DefaultInstanceWarmup": 60,
        "MaxInstanceLifetime": 86400,
        "NewInstancesProtectedFromScaleIn": True,
        "TerminationPolicies": ["OldestInstance", "Default"],
        "InstanceMaintenancePolicy": {"MinHealthyPercentage": 90, "MaxHealthyPercentage": 120},
        "AvailabilityZoneDistribution": {"CapacityDistributionStrategy": "balanced-only"},
        "MetricsCollection": [{"Granularity": "1Minute", "Metrics": ["GroupInServiceInstances"]}],
        "LifecycleHookSpecificationList": [
            {
                "LifecycleHookName": "slowly",
                "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
                "HeartbeatTimeout": 77,
                "NotificationMetadata": "by hand",
            }
        ],
        "NotificationConfigurations": [
            {
                "TopicARN": "arn:aws:sns:us-east-1:123456789012:t",
                "NotificationTypes": ["autoscaling:EC2_INSTANCE_LAUNCH"],
            }
        ],
        "Tags": [{"Key": "team", "Value": "vets", "PropagateAtLaunch": True}],
    }
    made = bench.make(f"{AS}AutoScalingGroup", "Group", **declared)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert made["AutoScalingGroupARN"].endswith("autoScalingGroupName/web")

    servers = running(ec2)
    assert Counter(each["SubnetId"] for each in servers) == dict.fromkeys(subnets, 1)
    assert {each["MetadataOptions"]["HttpTokens"] for each in servers} == {"required"}
    tags = {each["Key"]: each["Value"] for each in servers[0]["Tags"]}
    assert {"team": "vets", "aws:autoscaling:groupName": "web"}.items() <= tags.items()
    disks = ec2.describe_volumes(Filters=[{"Name": "tag:disk", "Values": ["yes"]}])["Volumes"]
    assert [(each["Size"], each["Encrypted"]) for each in disks] == [(20, True)] * 3
    health = bench.client("elbv2").describe_target_health(TargetGroupArn=targets)["TargetHealthDescriptions"]
    assert {each["Target"]["Id"] for each in health} == {each["InstanceId"] for each in servers}

    fewer = {
        name: declared[name] for name in ("AutoScalingGroupName", "MinSize", "VPCZoneIdentifier", "LaunchTemplate")
    }
    changed = bench.change(made, **fewer, MaxSize="5", DesiredCapacity="5", HealthCheckType="EC2")
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    facts = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert (facts["EnabledMetrics"], facts["TargetGroupARNs"], len(facts["Instances"])) == ([], [], 5)
    assert "team" not in {each["Key"] for each in facts["Tags"]}
    assert scaling.describe_lifecycle_hooks(AutoScalingGroupName="web")["LifecycleHooks"] == []
    assert scaling.describe_notification_configurations()["NotificationConfigurations"] == []

    bench.delete(changed)
    bench.delete(changed)
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == running(ec2) == []
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == cards
    assert ec2.describe_volumes()["Volumes"] == []


def test_a_group_grows_and_shrinks_evenly(bench, ec2, scaling, group, subnets):
    for wanted, spread in ((4, [1, 1, 2]), (6, [2, 2, 2]), (3, [1, 1, 1]), (1, [1])):
        scaling.set_desired_capacity(AutoScalingGroupName=group.ref, DesiredCapacity=wanted)
        assert sorted(Counter(each["SubnetId"] for each in running(ec2)).values()) == spread


@pytest.mark.parametrize(("weight", "percent", "bought"), [("1", 44, (3, 1)), ("2", 100, (2, 0)), ("3", 0, (1, 1))])
def test_a_mixed_group_has_all_the_capacity_it_wants(bench, ec2, template, subnets, weight, percent, bought):
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": by(template),
            "Overrides": [{"InstanceType": "m5.large", "WeightedCapacity": weight}],
        },
        "InstancesDistribution": {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": percent},
    }
    bench.make(
        f"{AS}AutoScalingGroup",
        "G",
        MinSize="1",
        MaxSize="5",
        DesiredCapacity="4",
        VPCZoneIdentifier=subnets,
        MixedInstancesPolicy=policy,
    )
    kinds = Counter(each.get("InstanceLifecycle", "on-demand") for each in running(ec2))
    assert (kinds["on-demand"], kinds["spot"]) == bought


def test_a_group_buys_by_its_mixed_instances_policy(bench, ec2, template, subnets):
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": by(template),
            "Overrides": [
                {"InstanceType": "m5.large", "WeightedCapacity": "1"},
                {"InstanceType": "m5a.large", "WeightedCapacity": "1"},
            ],
        },
        "InstancesDistribution": {
            "OnDemandBaseCapacity": 1,
            "OnDemandPercentageAboveBaseCapacity": 25,
            "SpotAllocationStrategy": "price-capacity-optimized",
        },
    }
    made = bench.make(
        f"{AS}AutoScalingGroup", "G", MinSize="5", MaxSize="5", VPCZoneIdentifier=subnets, MixedInstancesPolicy=policy
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    bought = Counter((each["InstanceType"], each.get("InstanceLifecycle", "on-demand")) for each in running(ec2))
    assert bought == {("m5.large", "on-demand"): 2, ("m5.large", "spot"): 3}


@pytest.mark.parametrize(("processors", "launched"), [(["intel"], "t3.micro"), (["amazon-web-services"], "")])
def test_a_group_that_names_requirements_is_given_the_cheapest_type_for_its_image(
    bench, ec2, template, subnets, processors, launched
):
    needs = {
        "VCpuCount": {"Min": 2, "Max": 2},
        "MemoryMiB": {"Min": 1024, "Max": 1024},
        "BurstablePerformance": "required",
        "CpuManufacturers": processors,
    }
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": by(template),
            "Overrides": [{"InstanceRequirements": needs}],
        }
    }
    made = bench.make(
        f"{AS}AutoScalingGroup", "G", MinSize="1", MaxSize="1", VPCZoneIdentifier=subnets, MixedInstancesPolicy=policy
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert [each["InstanceType"] for each in running(ec2)] == [launched]


@pytest.mark.parametrize(
    ("says", "declared"),
    [
        ("Desired capacity:9 must be between the specified min size:1 and max size:6", {"DesiredCapacity": "9"}),
        ("Max bound, 0, must be greater than or equal to min bound, 1", {"MaxSize": "0"}),
        ("The subnet ID 'subnet-00000000' does not exist", {"VPCZoneIdentifier": ["subnet-00000000"]}),
        ("Please ensure they exist", {"TargetGroupARNs": ["arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b"]}),
        ("lt-00000000, does not exist", {"LaunchTemplate": {"LaunchTemplateId": "lt-00000000", "Version": "1"}}),
        ("already exists", {"AutoScalingGroupName": "taken"}),
    ],
)
def test_a_group_aws_would_refuse_is_refused(bench, scaling, template, subnets, says, declared):
    usual = {"MinSize": "1", "MaxSize": "6", "VPCZoneIdentifier": subnets, "LaunchTemplate": by(template)}
    bench.make(f"{AS}AutoScalingGroup", "Taken", **{**usual, "AutoScalingGroupName": "taken"})
    with pytest.raises(ClientError, match=says):
        bench.make(f"{AS}AutoScalingGroup", "Group", **{**usual, **declared})
    assert [each["AutoScalingGroupName"] for each in scaling.describe_auto_scaling_groups()["AutoScalingGroups"]] == [
        "taken"
    ]


def test_a_launch_configuration_still_launches(bench, ec2, wall, subnets):
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    config = bench.make(
        f"{AS}LaunchConfiguration",
        "Config",
        ImageId=image,
        InstanceType="t3.micro",
        SecurityGroups=[wall],
        InstanceMonitoring=False,
        AssociatePublicIpAddress=True,
        UserData="aGVsbG8=",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 21, "Encrypted": True}}],
    )
    assert (config.unapplied, bench.lost(config)) == ((), set())
    bench.make(
        f"{AS}AutoScalingGroup",
        "G",
        MinSize="3",
        MaxSize="3",
        VPCZoneIdentifier=subnets,
        LaunchConfigurationName=config.ref,
    )
    servers = running(ec2)
    assert len({each["SubnetId"] for each in servers}) == 3
    assert {each["SecurityGroups"][0]["GroupId"] for each in servers} == {wall}
    assert all(each["PublicIpAddress"] for each in servers)


TRACKING = {
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingConfiguration": {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
        "TargetValue": 50,
    },
}
STEPS = {
    "PolicyType": "StepScaling",
    "AdjustmentType": "ChangeInCapacity",
    "MetricAggregationType": "Average",
    "EstimatedInstanceWarmup": 31,
    "StepAdjustments": [
        {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 2},
    ],
}
SIMPLE = {"PolicyType": "SimpleScaling", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1, "Cooldown": "61"}
PREDICTIVE = {
    "PolicyType": "PredictiveScaling",
    "PredictiveScalingConfiguration": {
        "MetricSpecifications": [
            {
                "TargetValue": 40,
                "PredefinedMetricPairSpecification": {"PredefinedMetricType": "ASGCPUUtilization"},
            }
        ],
        "Mode": "ForecastOnly",
    },
}


@pytest.mark.parametrize("declared", [TRACKING, STEPS, SIMPLE, PREDICTIVE], ids=lambda each: each["PolicyType"])
def test_a_policy_belongs_to_its_group(bench, scaling, group, declared):
    policy = bench.make(f"{AS}ScalingPolicy", "Policy", AutoScalingGroupName=group.ref, **declared)
    assert policy["Arn"] == policy.ref
    assert (policy.unapplied, bench.lost(policy)) == ((), set())
    changed = bench.change(policy, AutoScalingGroupName=group.ref, **SIMPLE)
    assert (changed.ref, changed.unapplied, bench.lost(changed)) == (policy.ref, (), set())
    bench.delete(changed)
    bench.delete(changed)
    assert scaling.describe_policies()["ScalingPolicies"] == []
    with pytest.raises(ClientError, match="not found"):
        bench.make(f"{AS}ScalingPolicy", "Policy", AutoScalingGroupName="nobody", **declared)


def test_a_tracked_target_keeps_two_alarms(bench, scaling, group):
    policy = bench.make(f"{AS}ScalingPolicy", "Policy", AutoScalingGroupName=group.ref, **TRACKING)
    watch = bench.client("cloudwatch")
    alarms = {each["AlarmName"]: each for each in watch.describe_alarms()["MetricAlarms"]}
    assert sorted((each["ComparisonOperator"], each["Threshold"]) for each in alarms.values()) == [
        ("GreaterThanThreshold", 50.0),
        ("LessThanThreshold", 35.0),
    ]
    assert {action for each in alarms.values() for action in each["AlarmActions"]} == {policy.ref}
    told = scaling.describe_policies()["ScalingPolicies"][0]["Alarms"]
    assert {each["AlarmName"] for each in told} == set(alarms)
    bench.delete(policy)
    assert watch.describe_alarms()["MetricAlarms"] == []


def test_hooks_schedules_and_pools_change_in_place(bench, scaling, group):
    hook = {
        "AutoScalingGroupName": group.ref,
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        "DefaultResult": "CONTINUE",
        "HeartbeatTimeout": 301,
    }
    target = {
        "NotificationTargetARN": "arn:aws:sns:us-east-1:123456789012:hooks",
        "RoleARN": "arn:aws:iam::123456789012:role/hooks",
        "NotificationMetadata": "goodbye",
    }
    schedule = {"AutoScalingGroupName": group.ref, "MinSize": 2, "MaxSize": 5, "Recurrence": "0 7 * * 1-5"}
    pool = {"AutoScalingGroupName": group.ref, "MinSize": 2, "PoolState": "Stopped", "MaxGroupPreparedCapacity": 4}
    rows = [
        ("LifecycleHook", {**hook, **target}, hook),
        ("ScheduledAction", {**schedule, "TimeZone": "Europe/Berlin"}, {**schedule, "MinSize": 3}),
        ("WarmPool", {**pool, "InstanceReusePolicy": {"ReuseOnScaleIn": True}}, {**pool, "MinSize": 3}),
    ]
    for kind, first, then in rows:
        made = bench.make(f"{AS}{kind}", kind, **first)
        assert (made.unapplied, bench.lost(made)) == ((), set()), kind
        changed = bench.change(made, **then)
        assert (changed.ref, changed.unapplied, bench.lost(changed)) == (made.ref, (), set()), kind
        bench.delete(changed)
        bench.delete(changed)
    assert scaling.describe_lifecycle_hooks(AutoScalingGroupName=group.ref)["LifecycleHooks"] == []
    assert scaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"] == []


@pytest.mark.parametrize(
    ("declared", "tokens", "disks"),
    [
        ({}, "required", [("/dev/xvda", "gp3", False)]),
        ({"MetadataOptions": {"HttpTokens": "optional"}}, "optional", [("/dev/xvda", "gp3", False)]),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8, "Encrypted": True}}]},
            "required",
            [("/dev/sda1", "gp2", True), ("/dev/xvda", "gp3", False)],
        ),
    ],
)
def test_the_image_decides_what_a_launch_leaves_open(bench, ec2, subnets, wall, declared, tokens, disks):
    images = ec2.describe_images(Filters=[{"Name": "name", "Values": ["al2023-ami-2023*x86_64"]}])["Images"]
    data = {"ImageId": images[0]["ImageId"], "InstanceType": "t3.micro", "SecurityGroupIds": [wall], **declared}
    template = bench.make("AWS::EC2::LaunchTemplate", "Template", LaunchTemplateData=data)
    size = {"MinSize": "1", "MaxSize": "1"}
    bench.make(f"{AS}AutoScalingGroup", "Group", **size, VPCZoneIdentifier=subnets, LaunchTemplate=by(template))
    bench.make("AWS::EC2::Instance", "Alone", LaunchTemplate=by(template), SubnetId=subnets[0])
    servers = running(ec2)
    assert [each["MetadataOptions"]["HttpTokens"] for each in servers] == [tokens] * 2
    for each in servers:
        own = [{"Name": "attachment.instance-id", "Values": [each["InstanceId"]]}]
        found = ec2.describe_volumes(Filters=own)["Volumes"]
        told = [(one["Attachments"][0]["Device"], one["VolumeType"], one["Encrypted"]) for one in found]
        assert sorted(told) == disks


def test_a_template_may_name_its_image_by_a_parameter(bench, ec2, subnets):
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    data = {"ImageId": f"resolve:ssm:{name}", "InstanceType": "t4g.micro"}
    template = bench.make("AWS::EC2::LaunchTemplate", "Template", LaunchTemplateData=data)
    size = {"MinSize": "1", "MaxSize": "1"}
    bench.make(f"{AS}AutoScalingGroup", "Group", **size, VPCZoneIdentifier=subnets, LaunchTemplate=by(template))
    newest = bench.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    assert [each["ImageId"] for each in running(ec2)] == [newest]


def test_a_region_may_encrypt_every_disk(bench, ec2, subnets, template):
    ec2.enable_ebs_encryption_by_default()
    bench.make("AWS::EC2::Instance", "Alone", LaunchTemplate=by(template), SubnetId=subnets[0])
    assert {each["Encrypted"] for each in ec2.describe_volumes()["Volumes"]} == {True}
