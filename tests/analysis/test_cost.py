"""What a design costs: counted from the design, priced from a document, and never nothing where nobody knows."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.analysis import prices
from preflight.analysis.billed import FREE, FREE_SERVICES, RULES, USES
from preflight.analysis.cost import FORGOTTEN, UNITS, Estimate, estimate, money, usd
from preflight.checks import Stack
from preflight.errors import Usage
from preflight.intrinsics import Unknown
from preflight.questions import ask
from preflight.template import Design, Item, Template

MONTH = 730


def template(**resources: Any) -> Template:
    return Template({"Resources": resources})


def resource(kind: str, policy: str | None = None, /, **properties: Any) -> dict[str, Any]:
    declared: dict[str, Any] = {"Type": f"AWS::{kind}", "Properties": properties}
    return {**declared, "DeletionPolicy": policy} if policy else declared


def months(found: Estimate, *, by_use: bool = False) -> dict[str, float]:
    """By price, the US dollars a month of what exists, or of what is used."""
    sums: dict[str, float] = {}
    for line in found.lines:
        if line.by_use == by_use:
            sums[line.price.thing] = round(sums.get(line.price.thing, 0) + line.usd_a_month, 4)
    return sums


def cost_of(**resources: Any) -> dict[str, float]:
    return months(estimate(template(**resources)))


# The answer


def test_a_nat_gateway_forgotten_for_a_month_is_the_story_everybody_tells() -> None:
    found = estimate(template(Nat=resource("EC2::NatGateway", AllocationId="eipalloc-1")))
    nat = found.lines[0]
    assert (nat.logical_id, nat.quantity, nat.price.usd) == ("Nat", 1, 0.045)
    assert nat.price.source.startswith("https://") and nat.price.checked_on == date(2026, 11, 22)
    # its address is in the account, so it is billed too
    assert months(found) == {"nat-gateway": 32.85, "public-ipv4": 3.65}
    assert found.sentence == "Left running and forgotten, it costs 0.05 USD/h, 1.20 USD/day, 36.50 USD/month."
    assert found.per_hour == pytest.approx(0.05) and found.per_day == pytest.approx(1.2)


def test_what_costs_nothing_by_existing_says_so() -> None:
    found = estimate(template(Notes=resource("S3::Bucket"), Work=resource("Lambda::Function", Code={}, Role="r")))
    assert found.per_month == 0 and not found.is_least
    assert "nothing, for nothing in it is billed by the hour or the month" in found.sentence
    assert "loses none of its credits" in found.by_account
    assert estimate(template()).lines == ()


def test_a_type_without_a_price_is_never_nothing() -> None:
    found = estimate(template(Guard=resource("Macie::Session", Status="ENABLED")))
    assert found.is_least and found.per_month == 0
    assert [str(each) for each in found.unpriced] == ["Macie Session (Guard): there is no price here for it"]
    assert found.sentence == (
        "Left running and forgotten, it costs what cannot be told here: 1 thing has no price (Guard); "
        "the rest costs nothing."
    )
    assert "not known" in found.by_account
    besides = estimate(template(Guard=resource("Macie::Session"), Key=resource("KMS::Key", KeyPolicy={})))
    assert "at least 0.001 USD/h" in besides.sentence and "loses at least" in besides.by_account


def test_a_type_nobody_ever_heard_of_has_no_price() -> None:
    assert estimate(template(It=resource("Fable::Dragon"))).unpriced[0].what == "Fable Dragon"


def test_a_region_without_prices_is_said_and_not_answered_with_another_s() -> None:
    design = template(Nat=resource("EC2::NatGateway"), Zone=resource("Route53::HostedZone", Name="example.com"))
    there = estimate(design, region="eu-north-1")
    assert there.sentence.startswith("There are no prices for eu-north-1 here, only for us-east-1 and eu-west-1")
    # a hosted zone costs the same everywhere
    assert months(there) == {"hosted-zone": 0.5}
    assert {each.logical_id for each in there.unpriced} == {"Nat"}
    ireland = estimate(design, region="eu-west-1")
    assert months(ireland)["nat-gateway"] == 35.04
    assert estimate(design.design(region="eu-west-1")).per_month == ireland.per_month


def test_what_people_forget_comes_first() -> None:
    found = estimate(
        template(
            Db=resource("RDS::DBInstance", Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage="20"),
            Lines=resource("Logs::LogGroup"),
            Key=resource("KMS::Key", KeyPolicy={}),
            Secret=resource("SecretsManager::Secret"),
            Disk=resource("EC2::Volume", Size=8, VolumeType="gp3", AvailabilityZone="a"),
            Address=resource("EC2::EIP"),
            Front=resource("ElasticLoadBalancingV2::LoadBalancer", Scheme="internal", Subnets=["subnet-1", "subnet-2"]),
            Nat=resource("EC2::NatGateway", ConnectivityType="private"),
        )
    )
    order = list(dict.fromkeys(each.logical_id for each in found.lines if not each.by_use))
    # the database's storage outlives the stack as a snapshot, the database itself does not
    assert order == ["Nat", "Front", "Address", "Disk", "Db", "Secret", "Key"]
    by_use = [each.logical_id for each in found.lines if each.by_use]
    assert by_use[0] == "Lines", "of what is billed by use, logs are what people forget"


def test_what_outlives_the_stack_is_said() -> None:
    found = estimate(
        template(
            Kept=resource("KMS::Key", "Retain", KeyPolicy={}),
            Gone=resource("KMS::Key", KeyPolicy={}),
            Db=resource(
                "RDS::DBInstance", "Snapshot", Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage=20
            ),
        )
    )
    stays = {each.logical_id: each.stays for each in found.lines if each.stays}
    assert stays == {
        "Kept": "stays after cdk destroy, and is billed on",
        "Db": "a snapshot stays after cdk destroy, at 0.095 USD a GB and month",
    }


def test_logs_that_never_expire_and_outlive_the_stack_are_said_too() -> None:
    found = estimate(template(Lines=resource("Logs::LogGroup", "Retain"), More=resource("Logs::LogGroup", "Retain")))
    (logs,) = found.by_use()
    assert logs.name == "log-gb" and "2 of them stay after cdk destroy" in found.assumed(logs)
    assert "its lines never expire" in found.assumed(logs)
    short = estimate(template(Lines=resource("Logs::LogGroup", RetentionInDays=7)))
    assert (
        found.assumed(logs)
        != short.assumed(short.by_use()[0])
        == "0.1 GB of lines to a log group; always free up to 5 GB"
    )


# Accounts


def test_a_new_account_counts_in_credits_a_day() -> None:
    found = estimate(template(Nat=resource("EC2::NatGateway")))
    assert found.credits_per_day == pytest.approx(1.2)
    assert "loses 1.20 USD of credits a day: the 100 USD given at sign-up last 83 days" in found.by_account
    little = estimate(template(Key=resource("KMS::Key", KeyPolicy={})))
    assert "outlast the plan" in little.by_account and "ends after 6 months" in little.by_account


def test_credits_last_at_most_so_long_where_something_has_no_price() -> None:
    found = estimate(template(Nat=resource("EC2::NatGateway"), Guard=resource("Macie::Session")))
    assert "loses at least 1.20 USD" in found.by_account and "last 83 days at most" in found.by_account
    little = estimate(template(Key=resource("KMS::Key", KeyPolicy={}), Guard=resource("Macie::Session")))
    assert "may outlast the plan" in little.by_account


def test_an_older_account_s_twelve_months_are_over() -> None:
    design = template(Server=resource("EC2::Instance", InstanceType="t3.micro"))
    legacy, paid = estimate(design, account="legacy-free"), estimate(design, account="paid")
    assert legacy.per_month == paid.per_month and legacy.credits_per_day == 0
    assert "ended by 2026-07-15" in legacy.by_account and "750 hours a month of a t2.micro" in legacy.by_account
    assert "credits given since 2025-07-15" in paid.by_account
    told = prices.accounts()
    assert told.checked_on > told.offers_ended, "until the offers end they are to be taken off"


def test_what_is_always_free_is_free_once_for_the_account() -> None:
    alarm = resource("CloudWatch::Alarm", Period=60, MetricName="m", Namespace="n")
    few = estimate(template(**{f"Alarm{number}": alarm for number in range(10)}))
    assert few.per_month == 0
    assert few.sentence.endswith("what is billed by the month stays within what is always free.")
    many = estimate(template(**{f"Alarm{number}": alarm for number in range(13)}))
    assert many.per_month == pytest.approx(0.3)
    both = template(
        Plain=resource("Lambda::Function", Code={}, Role="r", MemorySize=1024),
        Arm=resource("Lambda::Function", Code={}, Role="r", MemorySize=1024, Architectures=["arm64"]),
    )
    # 300,000 GB-seconds each, and 400,000 of the sum are free
    much = estimate(both, usage={"function-requests": 300_000, "function-seconds": 1})
    assert sum(each.free for each in much.lines if "duration" in each.price.thing) == 400_000


def test_assumed_use_is_shown_and_can_be_another() -> None:
    design = template(Notes=resource("S3::Bucket"))
    found = estimate(design)
    assert found.as_data()["assumed_use"] == {"s3-gb": 1, "s3-reads": 10_000, "s3-writes": 1_000}
    assert next(found.assumed(each) for each in found.by_use()) == "1 GB in a bucket"
    much = estimate(design, usage={"s3-gb": 1000})
    assert months(much, by_use=True)["s3-storage"] == 23 and much.per_month == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"usage": {"s3-terabytes": 1}}, "Nothing is assumed about s3-terabytes"),
        ({"usage": {"s3-gb": -1}}, "no amount of use"),
        ({"usage": {"s3-gb": float("nan")}}, "no amount of use"),
        ({"account": "rich"}, "rich is no account"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(words: dict[str, Any], said: str) -> None:
    with pytest.raises(Usage, match=said):
        estimate(template(), **words)


# Counted from the design


def test_a_load_balancer_has_an_address_in_each_subnet_and_none_inside() -> None:
    facing = resource("ElasticLoadBalancingV2::LoadBalancer", Scheme="internet-facing", Subnets=["a", "b", "c"])
    inside = resource("ElasticLoadBalancingV2::LoadBalancer", Scheme="internal", Subnets=["a", "b"])
    fixed = resource(
        "ElasticLoadBalancingV2::LoadBalancer",
        Type="network",
        SubnetMappings=[{"SubnetId": "a", "AllocationId": {"Fn::GetAtt": ["Ip", "AllocationId"]}}, {"SubnetId": "b"}],
    )
    assert cost_of(Lb=facing) == {"application-load-balancer": 16.425, "public-ipv4": 10.95}
    assert cost_of(Lb=inside) == {"application-load-balancer": 16.425}
    assert cost_of(Lb=fixed, Ip=resource("EC2::EIP")) == {"network-load-balancer": 16.425, "public-ipv4": 7.3}


def test_a_nat_gateway_s_elastic_address_is_counted_once() -> None:
    nat = resource("EC2::NatGateway", AllocationId={"Fn::GetAtt": ["Ip", "AllocationId"]})
    assert cost_of(Ip=resource("EC2::EIP"), Nat=nat) == {"nat-gateway": 32.85, "public-ipv4": 3.65}


def test_endpoints_are_billed_by_zone_and_gateways_not_at_all() -> None:
    assert cost_of(S3=resource("EC2::VPCEndpoint", VpcEndpointType="Gateway")) == {}
    inside = resource("EC2::VPCEndpoint", VpcEndpointType="Interface", SubnetIds=["a", "b"])
    assert cost_of(Ssm=inside) == {"interface-endpoint": 14.6}


def test_a_group_costs_what_it_keeps_running() -> None:
    launch = resource(
        "EC2::LaunchTemplate",
        LaunchTemplateData={
            "InstanceType": "t3.micro",
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3"}}],
        },
    )
    subnet = resource("EC2::Subnet", VpcId="vpc-1", CidrBlock="10.0.0.0/24", MapPublicIpOnLaunch=True)

    def group(**properties: Any) -> dict[str, Any]:
        told = {"LaunchTemplateId": {"Ref": "Launch"}, "Version": "1"}
        return resource("AutoScaling::AutoScalingGroup", LaunchTemplate=told, MinSize="2", MaxSize="6", **properties)

    least = {"ec2-instance": 15.184, "volume": 3.2}
    assert cost_of(Launch=launch, Group=group()) == least
    assert cost_of(Launch=launch, Group=group(DesiredCapacity="4"))["ec2-instance"] == 2 * least["ec2-instance"]
    in_public = cost_of(Launch=launch, Public=subnet, Group=group(VPCZoneIdentifier=[{"Ref": "Public"}]))
    assert in_public == {**least, "public-ipv4": 7.3}
    empty = estimate(
        template(Launch=launch, Group={**group(), "Properties": {**group()["Properties"], "MinSize": "0"}})
    )
    assert empty.lines == () and not empty.unpriced


def test_a_group_of_spot_instances_has_no_price_but_its_disks_do() -> None:
    launch = resource("EC2::LaunchTemplate", LaunchTemplateData={"InstanceType": "t3.micro"})
    policy = {
        "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateId": {"Ref": "Launch"}, "Version": "1"}},
        "InstancesDistribution": {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 0},
    }
    group = resource("AutoScaling::AutoScalingGroup", MinSize="3", MaxSize="3", MixedInstancesPolicy=policy)
    found = estimate(template(Launch=launch, Group=group))
    assert months(found) == {"ec2-instance": 7.592, "volume": 1.92}
    assert [each.what for each in found.unpriced] == ["2 Spot instances"]


@pytest.mark.parametrize(
    ("asked", "usd"),
    [
        ({"MemoryMiB": {"Min": 1024, "Max": 1024}}, 6.862),
        ({"MemoryMiB": {"Min": 1024, "Max": 1024}, "CpuManufacturers": ["amazon-web-services"]}, 6.132),
        ({"MemoryMiB": {"Min": 2048}, "AllowedInstanceTypes": ["t3.*"]}, 15.184),
        ({"MemoryMiB": {"Min": 3, "Max": 4}}, None),
        ({"MemoryMiB": {"Min": 1024}, "AcceleratorNames": ["a10g"]}, None),
    ],
)
def test_a_group_that_names_requirements_costs_as_the_cheapest_type_that_meets_them(
    asked: dict[str, Any], usd: float | None
) -> None:
    launch = resource("EC2::LaunchTemplate", LaunchTemplateData={"ImageId": "ami-1", "InstanceType": "t3.2xlarge"})
    needs = {"VCpuCount": {"Min": 2}, "BurstablePerformance": "required", **asked}
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": {"Ref": "Launch"}, "Version": "1"},
            "Overrides": [{"InstanceRequirements": needs}],
        }
    }
    group = resource("AutoScaling::AutoScalingGroup", MinSize="1", MaxSize="1", MixedInstancesPolicy=policy)
    found = estimate(template(Launch=launch, Group=group))
    assert months(found).get("ec2-instance") == usd
    assert [each.why for each in found.unpriced] == ([] if usd else ["no type known here meets its requirements"])


def test_an_instance_has_a_disk_and_perhaps_an_address() -> None:
    subnet = resource("EC2::Subnet", VpcId="vpc-1", CidrBlock="10.0.0.0/24", MapPublicIpOnLaunch=True)
    server = resource("EC2::Instance", InstanceType="t3.micro", SubnetId={"Ref": "Public"})
    found = estimate(template(Public=subnet, Server=server))
    assert months(found) == {"ec2-instance": 7.592, "volume": 0.64, "public-ipv4": 3.65}
    assert next(each for each in found.lines if each.price.thing == "volume").uses == ("root-gb",)
    elastic = template(Public=subnet, Server=server, Ip=resource("EC2::EIP", InstanceId={"Ref": "Server"}))
    assert months(estimate(elastic))["public-ipv4"] == 3.65, "the elastic one takes the other's place"
    hidden = resource(
        "EC2::Instance",
        InstanceType="t3.micro",
        NetworkInterfaces=[{"AssociatePublicIpAddress": False, "SubnetId": {"Ref": "Public"}, "DeviceIndex": "0"}],
    )
    assert "public-ipv4" not in cost_of(Public=subnet, Server=hidden)


@pytest.mark.parametrize(
    "properties",
    [
        {"InstanceType": "u-24tb1.112xlarge"},
        {"InstanceType": "t3.micro", "Tenancy": "dedicated"},
        {"InstanceType": "t3.micro", "ImageId": "resolve:ssm:/aws/service/ami-windows-latest/Windows_Server-2022"},
        {"ImageId": "ami-1"},
    ],
)
def test_an_instance_of_a_kind_without_a_price_is_named(properties: dict[str, Any]) -> None:
    found = estimate(template(Server=resource("EC2::Instance", **properties)))
    assert found.is_least and "ec2-instance" not in months(found)


def test_multi_az_doubles_a_database_and_its_disk() -> None:
    def database(**properties: Any) -> dict[str, float]:
        told = {"Engine": "postgres", "AllocatedStorage": "20", "StorageType": "gp3", **properties}
        return cost_of(Db=resource("RDS::DBInstance", DBInstanceClass="db.t4g.micro", **told))

    alone, twice = database(), database(MultiAZ=True)
    assert alone == {"rds-postgres": 11.68, "rds-storage": 2.3}
    assert twice == {thing: 2 * amount for thing, amount in alone.items()}
    # where the price list has a price for the pair, that one holds
    small = resource(
        "RDS::DBInstance", Engine="postgres", DBInstanceClass="db.t4g.small", AllocatedStorage="20", MultiAZ="true"
    )
    assert cost_of(Db=small)["rds-postgres-multi-az"] == round(0.065 * MONTH, 4)


def test_a_replica_is_like_its_source() -> None:
    source = resource(
        "RDS::DBInstance", Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage="20", StorageType="gp3"
    )
    copy = resource(
        "RDS::DBInstance", SourceDBInstanceIdentifier={"Ref": "Db"}, DBInstanceClass="db.t4g.micro", StorageType="gp3"
    )
    assert cost_of(Db=source, Copy=copy) == {"rds-postgres": 23.36, "rds-storage": 4.6}


def test_a_password_that_rds_keeps_is_a_secret() -> None:
    instance = resource(
        "RDS::DBInstance",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage="20",
        StorageType="gp3",
        ManageMasterUserPassword=True,
    )
    assert cost_of(Records=instance) == {"rds-postgres": 11.68, "rds-storage": 2.3, "secret": 0.4}

    group = resource("RDS::DBCluster", Engine="aurora-postgresql", ManageMasterUserPassword=True)
    assert cost_of(Cluster=group) == {"secret": 0.4}


def test_serverless_aurora_costs_its_minimum() -> None:
    group = resource(
        "RDS::DBCluster", Engine="aurora-postgresql", ServerlessV2ScalingConfiguration={"MinCapacity": 0.5}
    )
    writer = resource(
        "RDS::DBInstance",
        Engine="aurora-postgresql",
        DBInstanceClass="db.serverless",
        DBClusterIdentifier={"Ref": "Cluster"},
    )
    assert cost_of(Cluster=group, Writer=writer) == {"aurora-capacity": 43.8}
    pausing = {**group, "Properties": {**group["Properties"], "ServerlessV2ScalingConfiguration": {"MinCapacity": 0}}}
    assert cost_of(Cluster=pausing, Writer=writer) == {}


def test_nodes_of_a_cache_are_counted_with_replicas_and_shards() -> None:
    node = round(0.016 * MONTH, 4)
    shards = resource(
        "ElastiCache::ReplicationGroup", CacheNodeType="cache.t4g.micro", NumNodeGroups=3, ReplicasPerNodeGroup=1
    )
    pair = resource("ElastiCache::ReplicationGroup", CacheNodeType="cache.t4g.micro", NumCacheClusters=2)
    assert cost_of(Cache=shards) == {"cache-node": 6 * node}
    assert cost_of(Cache=pair) == {"cache-node": 2 * node}


def test_fargate_costs_what_a_service_asks_for() -> None:
    task = resource("ECS::TaskDefinition", Cpu="512", Memory="1024", RequiresCompatibilities=["FARGATE"])
    network = {"AwsvpcConfiguration": {"AssignPublicIp": "ENABLED", "Subnets": ["a"]}}
    service = resource(
        "ECS::Service",
        TaskDefinition={"Ref": "Task"},
        DesiredCount=2,
        LaunchType="FARGATE",
        NetworkConfiguration=network,
    )
    found = cost_of(Task=task, Web=service)
    assert found == {"fargate-vcpu": 29.5504, "fargate-memory": 6.4897, "public-ipv4": 7.3}
    spot = resource(
        "ECS::Service",
        TaskDefinition={"Ref": "Task"},
        DesiredCount=4,
        CapacityProviderStrategy=[
            {"CapacityProvider": "FARGATE", "Base": 1, "Weight": 1},
            {"CapacityProvider": "FARGATE_SPOT", "Weight": 2},
        ],
    )
    mixed = estimate(template(Task=task, Web=spot))
    assert months(mixed)["fargate-vcpu"] == 29.5504
    assert [each.what for each in mixed.unpriced] == ["2 tasks on Fargate Spot"]
    on_machines = {**service, "Properties": {**service["Properties"], "LaunchType": "EC2"}}
    assert cost_of(Task=task, Web=on_machines) == {}


def test_a_table_s_capacity_is_free_up_to_25_units() -> None:
    def table(units: int) -> dict[str, Any]:
        return resource("DynamoDB::Table", ProvisionedThroughput={"ReadCapacityUnits": units, "WriteCapacityUnits": 5})

    assert estimate(template(Notes=table(25))).per_month == 0
    assert estimate(template(Notes=table(35))).per_month == pytest.approx(10 * 0.00013 * MONTH)
    asked = estimate(template(Notes=resource("DynamoDB::Table", BillingMode="PAY_PER_REQUEST")))
    assert months(asked) == {} and set(months(asked, by_use=True)) > {"dynamodb-reads"}


def test_volumes_with_more_than_the_usual_speed_cost_more() -> None:
    fast = resource("EC2::Volume", Size=100, VolumeType="gp3", Iops=4000, Throughput=250, AvailabilityZone="a")
    assert cost_of(Disk=fast) == {"volume": 8.0, "volume-iops": 5.0, "volume-throughput": 5.0}


def test_a_nested_stack_is_its_own_question() -> None:
    inside = estimate(template(Inside=resource("CloudFormation::Stack", TemplateURL="https://s3.amazonaws.com/b/t")))
    assert inside.is_least and "its own template" in inside.unpriced[0].why


def test_what_depends_on_a_parameter_says_on_which() -> None:
    body = {
        "Parameters": {"Size": {"Type": "String"}, "Count": {"Type": "Number"}},
        "Resources": {
            "Server": resource("EC2::Instance", InstanceType={"Ref": "Size"}),
            "Cache": resource(
                "ElastiCache::CacheCluster", CacheNodeType="cache.t4g.micro", NumCacheNodes={"Ref": "Count"}
            ),
        },
    }
    said = {each.logical_id: each.why for each in estimate(Template(body)).unpriced}
    assert said == {"Server": "it depends on the parameter Size", "Cache": "it depends on the parameter Count"}


def test_what_decides_the_rest_of_a_price_is_named_beside_the_least() -> None:
    body = {
        "Parameters": {"Twice": {"Type": "String"}, "Mode": {"Type": "String"}, "Form": {"Type": "String"}},
        "Resources": {
            "Db": resource(
                "RDS::DBInstance",
                Engine="postgres",
                DBInstanceClass="db.t4g.micro",
                AllocatedStorage="20",
                MultiAZ={"Ref": "Twice"},
            ),
            "Notes": resource("DynamoDB::Table", BillingMode={"Ref": "Mode"}),
            "Way": resource("EC2::VPCEndpoint", VpcEndpointType={"Ref": "Form"}),
        },
    }
    found = estimate(Template(body))
    assert months(found)["rds-postgres"] == 11.68
    assert {each.logical_id: each.why for each in found.unpriced} == {
        "Db": "what more it costs depends on the parameter Twice",
        "Notes": "what more it costs depends on the parameter Mode",
        "Way": "it depends on the parameter Form",
    }


def test_a_resource_whose_condition_does_not_hold_costs_nothing() -> None:
    nat = {**resource("EC2::NatGateway"), "Condition": "No"}
    body = {"Conditions": {"No": {"Fn::Equals": ["a", "b"]}}, "Resources": {"Nat": nat}}
    assert estimate(Template(body)).lines == ()


@pytest.mark.parametrize(
    ("declared", "costs", "unpriced"),
    [
        (resource("EC2::VPCEndpoint", VpcEndpointType="GatewayLoadBalancer"), {}, ["GatewayLoadBalancer endpoint"]),
        (
            resource("EC2::VPNConnection", Type="ipsec.1", TransitGatewayId="tgw-1"),
            {"vpn-connection": 36.5, "public-ipv4": 7.3, "transit-gateway-attachment": 36.5},
            [],
        ),
        (resource("NetworkFirewall::Firewall", SubnetMappings=[{}, {}]), {"network-firewall": 576.7}, []),
        (resource("ElasticLoadBalancingV2::LoadBalancer", Type="gateway"), {}, ["gateway load balancer"]),
        (
            resource("GlobalAccelerator::Accelerator", Name="a", IpAddresses=["192.0.2.1"]),
            {"global-accelerator": 18.25},
            [],
        ),
        (
            resource("EKS::Nodegroup", ScalingConfig={"DesiredSize": 2}, InstanceTypes=["t3.medium"]),
            {"ec2-instance": 60.736},
            ["the nodes' disks"],
        ),
        (resource("EKS::Nodegroup", Subnets=[]), {}, ["its nodes"]),
        (
            resource("EKS::Nodegroup", ScalingConfig={"MinSize": 3}, InstanceTypes=["t3.medium"], CapacityType="SPOT"),
            {},
            ["3 Spot instances"],
        ),
        (resource("EKS::Cluster"), {"eks-cluster": 73.0}, []),
        (
            resource("EC2::Instance", InstanceType="t3.micro", SpotPrice="1", AssociatePublicIpAddress=True),
            {"volume": 0.64, "public-ipv4": 3.65},
            ["Spot t3.micro"],
        ),
        (
            resource("EC2::Instance", InstanceType="t3.micro", NetworkInterfaces=[{"NetworkInterfaceId": "eni-1"}]),
            {"ec2-instance": 7.592, "volume": 0.64},
            [],
        ),
        (resource("EC2::Volume", SnapshotId="snap-1", VolumeType="gp3"), {}, ["gp3 volume"]),
        (
            resource("EFS::FileSystem", ThroughputMode="provisioned", ProvisionedThroughputInMibps=2),
            {"file-system-throughput": 12.0},
            [],
        ),
        (resource("ECS::Service", LaunchType="FARGATE", TaskDefinition="far:1"), {}, ["1 Fargate task"]),
        (resource("Batch::ComputeEnvironment", ComputeResources={"MinvCpus": 4}), {}, ["4 vCPUs kept running"]),
        (resource("Batch::ComputeEnvironment", ComputeResources={"MinvCpus": 0}), {}, []),
        (
            resource("RDS::DBInstance", Engine="oracle-se2", DBInstanceClass="db.t3.large"),
            {},
            ["db.t3.large with oracle-se2"],
        ),
        (
            resource("RDS::DBInstance", Engine="mysql", DBInstanceClass="db.t3.large", DBSnapshotIdentifier="s"),
            {"rds-mysql": 99.28},
            ["its storage"],
        ),
        (
            resource(
                "RDS::DBInstance", Engine="mysql", DBInstanceClass="db.t3.large", AllocatedStorage="100", Iops=1000
            ),
            {"rds-mysql": 99.28, "rds-storage": 12.5, "rds-iops": 100.0},
            [],
        ),
        (
            resource("RDS::DBInstance", DBClusterIdentifier="far", DBInstanceClass="db.serverless"),
            {},
            ["Aurora Serverless v2 instance"],
        ),
        (
            resource("RDS::DBCluster", Engine="postgres", DBClusterInstanceClass="db.m6gd.large"),
            {},
            ["Multi-AZ DB cluster"],
        ),
        (resource("RDS::DBCluster", Engine="aurora-mysql", EngineMode="serverless"), {}, ["Aurora Serverless v1"]),
        (resource("RDS::DBProxy", DBProxyName="p"), {}, ["RDS Proxy"]),
        (resource("ElastiCache::ReplicationGroup", NumCacheClusters=2), {}, ["ElastiCache nodes"]),
        (
            resource(
                "DynamoDB::GlobalTable",
                WriteProvisionedThroughputSettings={"WriteCapacityAutoScalingSettings": {"MinCapacity": 30}},
                Replicas=[
                    {"Region": "us-east-1", "ReadProvisionedThroughputSettings": {"ReadCapacityUnits": 26}},
                    {"Region": "eu-west-1"},
                ],
            ),
            {"dynamodb-write-capacity": 2.3725, "dynamodb-read-capacity": 0.0949},
            ["its replica in eu-west-1"],
        ),
        (
            resource("Lambda::Version", FunctionName="f", ProvisionedConcurrencyConfig={}),
            {},
            [],
        ),
        (
            resource("Lambda::Alias", ProvisionedConcurrencyConfig={"ProvisionedConcurrentExecutions": 1}),
            {},
            ["provisioned concurrency"],
        ),
        (resource("SNS::Subscription", Protocol="sms", TopicArn="t"), {}, ["messages by sms"]),
        (resource("SNS::Subscription", Protocol="sqs", TopicArn="t"), {}, []),
        (resource("AutoScaling::WarmPool", AutoScalingGroupName="g"), {}, ["instances kept ready"]),
        (resource("ApiGateway::Stage", CacheClusterEnabled=True), {}, ["a cache of 0.5 GB"]),
        (resource("Kinesis::Stream", StreamModeDetails={"StreamMode": "ON_DEMAND"}), {"stream-on-demand": 29.2}, []),
        (resource("Glue::Job", WorkerType="G.8X", NumberOfWorkers=2), {}, ["Glue job of G.8X workers"]),
        (resource("EC2::FlowLog", LogDestinationType="s3"), {}, ["flow log"]),
        (
            resource("CertificateManager::Certificate", CertificateAuthorityArn="arn"),
            {},
            ["certificate of a private authority"],
        ),
        (resource("CertificateManager::Certificate", DomainName="example.com"), {}, []),
        (resource("SecretsManager::Secret", ReplicaRegions=[{"Region": "eu-west-1"}]), {"secret": 0.8}, []),
    ],
    ids=lambda value: value["Type"][5:] if isinstance(value, dict) and "Type" in value else None,
)
def test_each_thing_is_counted_as_aws_bills_it(
    declared: dict[str, Any], costs: dict[str, float], unpriced: list[str]
) -> None:
    found = estimate(template(It=declared))
    assert months(found) == costs
    assert [each.what for each in found.unpriced] == unpriced
    assert found.is_least == bool(unpriced)


def test_guardduty_is_billed_by_what_it_reads_unless_it_is_off() -> None:
    guards = template(
        On=resource("GuardDuty::Detector", Enable=True), Off=resource("GuardDuty::Detector", Enable=False)
    )
    found = estimate(guards, usage={"guarded-events": 2_000_000})
    assert (found.per_month, found.use_per_month) == (0, pytest.approx(8.0))


def test_a_launch_configuration_tells_what_its_group_runs() -> None:
    launch = resource("AutoScaling::LaunchConfiguration", InstanceType="t3.micro", ImageId="ami-1")
    group = resource(
        "AutoScaling::AutoScalingGroup", LaunchConfigurationName={"Ref": "Launch"}, MinSize="2", MaxSize="2"
    )
    # detailed monitoring is on unless it is switched off; 10 of its 14 metrics are free
    assert cost_of(Launch=launch, Group=group) == {"ec2-instance": 15.184, "volume": 1.28, "detailed-monitoring": 1.2}


def test_a_cluster_s_own_strategy_holds_where_a_service_names_none() -> None:
    task = resource("ECS::TaskDefinition", Cpu="1 vCPU", Memory="2 GB", EphemeralStorage={"SizeInGiB": 30})
    strategy = [{"CapacityProvider": "FARGATE", "Weight": 1}]
    group = resource("ECS::Cluster", DefaultCapacityProviderStrategy=strategy)
    service = resource("ECS::Service", Cluster={"Ref": "Cluster"}, TaskDefinition={"Ref": "Task"})
    found = cost_of(Task=task, Cluster=group, Web=service)
    assert found == {"fargate-vcpu": 29.5504, "fargate-memory": 6.4897, "fargate-storage": 0.8103}
    windows = {
        **task,
        "Properties": {**task["Properties"], "RuntimePlatform": {"OperatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}},
    }
    assert [each.what for each in estimate(template(Task=windows, Cluster=group, Web=service)).unpriced] == [
        "1 task with Windows"
    ]


def test_mails_beyond_the_free_ones_cost() -> None:
    mails = resource("SNS::Subscription", Protocol="email", TopicArn="t")
    found = estimate(template(Mails=mails), usage={"messages": 101_000})
    assert months(found, by_use=True) == {"topic-mails": 2.0}
    posts = resource("SNS::Subscription", Protocol="https", TopicArn="t")
    assert estimate(template(Posts=posts)).use_per_month == 0


def test_the_prices_documents_are_listed_once_each() -> None:
    found = estimate(template(One=resource("KMS::Key", KeyPolicy={}), Two=resource("KMS::Key", KeyPolicy={})))
    (source, listed), _ = found.sources().items()
    assert source == "https://aws.amazon.com/kms/pricing/" and [each.thing for each in listed] == ["key"]
    many = estimate(template(**{f"Guard{number}": resource("Macie::Session") for number in range(5)}))
    assert "5 things have no price (Guard0, Guard1, Guard2 and 2 more)" in many.sentence


def test_a_check_asks_the_stack() -> None:
    told = template(Nat=resource("EC2::NatGateway"), Kept=resource("KMS::Key", "Retain", KeyPolicy={}))
    deployment = SimpleNamespace(template=told, design=told.design(), client=None)
    found = Stack(deployment).cost(account="paid", region="eu-west-1")  # type: ignore[arg-type]
    assert found.per_month == pytest.approx(35.04 + 3.65 + 1.0)
    assert [each.price.thing for each in found.lines if each.stays] == ["key"]


# Laws


KINDS = {
    "Nat": resource("EC2::NatGateway"),
    "Key": resource("KMS::Key", KeyPolicy={}),
    "Secret": resource("SecretsManager::Secret"),
    "Notes": resource("S3::Bucket"),
    "Alarm": resource("CloudWatch::Alarm", Period=60),
    "Table": resource("DynamoDB::Table", ProvisionedThroughput={"ReadCapacityUnits": 9, "WriteCapacityUnits": 9}),
    "Guard": resource("Macie::Session"),
    "Disk": resource("EC2::Volume", Size=8, VolumeType="gp2", AvailabilityZone="a"),
}
stacks = st.lists(st.sampled_from(sorted(KINDS)), max_size=30)


def of(kinds: list[str]) -> Template:
    return template(**{f"{kind}{number}": KINDS[kind] for number, kind in enumerate(kinds)})


@settings(deadline=None)
@given(stacks, st.sampled_from(sorted(KINDS)))
def test_one_thing_more_never_costs_less(kinds: list[str], more: str) -> None:
    before, after = estimate(of(kinds)), estimate(of([*kinds, more]))
    assert after.per_month >= before.per_month - 1e-9
    assert after.use_per_month >= before.use_per_month - 1e-9
    assert len(after.unpriced) >= len(before.unpriced)


@settings(deadline=None)
@given(stacks)
def test_the_order_of_resources_is_nothing_to_the_price(kinds: list[str]) -> None:
    assert estimate(of(kinds)).per_month == pytest.approx(estimate(of(kinds[::-1])).per_month)


@settings(deadline=None)
@given(stacks)
def test_the_parts_make_the_whole(kinds: list[str]) -> None:
    found = estimate(of(kinds))
    assert sum(each.usd_a_month for each in found.by_resource()) == pytest.approx(found.per_month)
    assert sum(each.usd_a_month for each in found.by_use()) == pytest.approx(found.use_per_month)
    assert found.per_hour * MONTH == pytest.approx(found.per_month)
    json.dumps(found.as_data())


# Whole stacks


def apps() -> list[Path]:
    return sorted((Path(__file__).parent.parent / "apps").glob("*.py"))


@pytest.fixture(scope="module")
def designs(tmp_path_factory: pytest.TempPathFactory) -> list[Design]:
    from preflight.synth import Synthesizer

    with Synthesizer(tmp_path_factory.mktemp("synth")) as synthesizer:
        made = [synthesizer.synth(code, code.stem.title().replace("_", "")) for code in apps()]
        return [Template.load(each.template_path).design() for each in made]


def test_whole_stacks_are_priced_or_what_is_missing_is_named(designs: list[Design]) -> None:
    for design in designs:
        found = estimate(design)
        known = {each.logical_id for each in found.lines} | {each.logical_id for each in found.unpriced}
        for item in design.resources.values():
            service = item.type.split("::")[1] if item.type.startswith("AWS::") else "Custom"
            is_free = item.type in FREE or service in FREE_SERVICES
            assert is_free or item.type in RULES or item.logical_id in known, f"{item.type} is neither free nor named"
        assert all(each.sentence and each.price.source.startswith("https://") for each in found.lines)


def test_nothing_that_is_unknown_brings_it_down(designs: list[Design]) -> None:
    for design in designs:
        for item in design.resources.values():
            if item.type not in RULES:
                continue
            for properties in with_one_unknown(item.properties):
                changed = {**design.resources, item.logical_id: dataclasses.replace(item, properties=properties)}
                estimate(dataclasses.replace(design, resources=changed))


def with_one_unknown(properties: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, value in properties.items():
        for other in (Unknown.of("the parameter X"), "no number", {}, [], None):
            yield {**properties, name: other}
        if isinstance(value, dict):
            yield from ({**properties, name: each} for each in with_one_unknown(value))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield from ({**properties, name: [each, *value[1:]]} for each in with_one_unknown(value[0]))


def made_of(number: int) -> Design:
    kinds = sorted(KINDS)
    return template(**{f"It{each}": KINDS[kinds[each % len(kinds)]] for each in range(number)}).design()


def test_two_hundred_resources_are_priced_while_you_blink() -> None:
    design, took = made_of(200), []
    for _ in range(7):
        begun = time.perf_counter()
        estimate(design)
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.05, f"{min(took) * 1e3:.1f} ms for 200 resources"


def test_the_work_grows_no_faster_than_the_design() -> None:
    def calls(number: int) -> int:
        design, made = made_of(number), 0

        def count(_frame: Any, event: str, _argument: Any) -> None:
            nonlocal made
            made += event in ("call", "c_call")

        estimate(design)
        sys.setprofile(count)
        try:
            estimate(design)
        finally:
            sys.setprofile(None)
        return made

    assert calls(1600) < 9 * calls(200)


# The data


def test_every_price_says_where_it_stands_and_since_when() -> None:
    data = prices._data()
    for thing in prices.things():
        entry = data["price"][thing]
        assert set(entry["usd"]) == set(entry["source"]), thing
        for region, amounts in entry["usd"].items():
            for size in amounts if isinstance(amounts, dict) else ("",):
                price = prices.price(thing, region, size)
                assert price is not None and 0 < price.usd < 1000, (thing, region, size)
                assert price.source.startswith("https://") and price.checked_on <= date(2030, 1, 1)
        assert entry["unit"] in UNITS
    assert prices.regions() == ("us-east-1", "eu-west-1")


def test_no_price_is_out_of_its_place() -> None:
    """Ireland costs what Virginia costs or a little more; a larger size costs more than a smaller one."""
    data = prices._data()["price"]
    for thing, entry in data.items():
        here, there = entry["usd"].get("us-east-1"), entry["usd"].get("eu-west-1")
        if isinstance(here, float) and isinstance(there, float):
            assert 1 <= there / here < 1.25, thing
        elif isinstance(here, dict) and isinstance(there, dict):
            assert all(1 <= there[size] / here[size] < 1.25 for size in here.keys() & there.keys()), thing
    order = ["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge", "12xlarge"]
    for thing, entry in data.items():
        for amounts in entry["usd"].values():
            families: dict[str, list[tuple[int, float]]] = {}
            for size, amount in amounts.items() if isinstance(amounts, dict) else ():
                family, dot, word = size.rpartition(".")
                if dot:
                    families.setdefault(family, []).append((order.index(word), amount))
            for family, known in families.items():
                assert [amount for _, amount in sorted(known)] == sorted(amount for _, amount in known), (thing, family)


def test_every_document_is_used() -> None:
    text = prices.FILE.read_text(encoding="utf-8")
    assert [name for name in prices._data()["documents"] if f'"{name}"' not in text] == []


def test_the_words_of_the_rules_are_those_of_the_data(designs: list[Design]) -> None:
    used = {line.price.thing for design in designs for line in estimate(design).lines}
    assert used <= set(prices.things()) and set(FORGOTTEN) <= set(prices.things())
    assert all(use.quantity >= 0 and use.what for use in USES.values())
    assert not FREE & set(RULES)


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0, "0 USD"), (0.0001, "under 0.001 USD"), (0.045, "0.045 USD"), (0.09, "0.09 USD"), (32.85, "32.85 USD")],
)
def test_money_is_written_as_people_read_it(amount: float, words: str) -> None:
    assert money(amount) == words
    assert usd(0.0000166667) == "0.0000166667" and usd(0.4) == "0.40" and usd(5) == "5.00"


def test_an_item_stands_alone_too() -> None:
    """A design that was made by hand, without a template, is priced all the same."""
    item = Item("Nat", "AWS::EC2::NatGateway", {}, "nat-1", {})
    design = Design("us-east-1", "123456789012", "Any", {}, {"Nat": item})
    assert estimate(design).per_month == pytest.approx(36.5)


class TestWhatHasNoPriceYet:
    """Kinds that cost something else than their plain siblings are named, never answered with a sibling's price."""

    @pytest.mark.parametrize(
        ("made", "what"),
        [
            (
                {"V": resource("EC2::Volume", Size=100, VolumeType="io2", Iops=70_000)},
                "IOPS above 32,000 of an io2 volume",
            ),
            ({"F": resource("EFS::FileSystem", AvailabilityZoneName="us-east-1a")}, "what is stored in One Zone"),
            (
                {"T": resource("DynamoDB::Table", TableClass="STANDARD_INFREQUENT_ACCESS")},
                "a table of class Standard-IA",
            ),
            (
                {
                    "C": resource(
                        "RDS::DBCluster",
                        Engine="aurora-postgresql",
                        StorageType="aurora-iopt1",
                        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 4},
                    ),
                    "I": resource(
                        "RDS::DBInstance",
                        Engine="aurora-postgresql",
                        DBInstanceClass="db.serverless",
                        DBClusterIdentifier={"Ref": "C"},
                    ),
                },
                "Aurora I/O-Optimized db.serverless",
            ),
            (
                {
                    "D": resource(
                        "RDS::DBInstance",
                        Engine="postgres",
                        DBInstanceClass="db.t3.micro",
                        AllocatedStorage="400",
                        StorageType="gp3",
                        Iops=15_000,
                    )
                },
                "IOPS above 12,000 of its gp3 storage",
            ),
        ],
    )
    def test_it_is_named(self, made: dict[str, Any], what: str) -> None:
        assert what in {each.what for each in estimate(template(**made)).unpriced}

    def test_the_first_iops_of_a_large_io2_volume_have_theirs(self) -> None:
        found = estimate(template(V=resource("EC2::Volume", Size=100, VolumeType="io2", Iops=70_000)))
        assert next(each.quantity for each in found.lines if "IOPS" in each.what) == 32_000


def test_a_regional_nat_gateway_is_billed_in_each_zone() -> None:
    nat = resource("EC2::NatGateway", AvailabilityMode="regional", VpcId={"Ref": "V"})
    made = {"V": resource("EC2::VPC", CidrBlock="10.0.0.0/16"), "Nat": nat}
    for zone in "abc":
        made[zone.upper()] = resource("EC2::Subnet", VpcId={"Ref": "V"}, AvailabilityZone=f"us-east-1{zone}")
    found = {each.price.service: each.quantity for each in estimate(template(**made)).lines if not each.by_use}
    assert found == {"NAT gateway": 3, "Public IPv4 address": 3}
    named = [{"AvailabilityZone": "us-east-1a", "AllocationIds": ["eipalloc-1"]}]
    nat["Properties"]["AvailabilityZoneAddresses"] = named
    assert {each.quantity for each in estimate(template(**made)).lines if not each.by_use} == {1}


@pytest.mark.parametrize(
    "condition",
    [
        {"Fn::Equals": [{"Ref": "Stage"}, "production"]},
        {"Fn::And": [{"Condition": "Inner"}, {"Fn::Equals": ["a", "a"]}]},
    ],
)
def test_what_a_parameter_decides_to_make_is_never_nothing(condition: dict[str, Any]) -> None:
    body = template(Nat={**resource("EC2::NatGateway", AllocationId="eipalloc-1"), "Condition": "Wanted"}).body
    body["Parameters"] = {"Stage": {"Type": "String"}}
    body["Conditions"] = {"Wanted": condition, "Inner": {"Fn::Equals": [{"Ref": "Stage"}, "production"]}}
    found = estimate(Template.load(body))
    assert [each.why for each in found.unpriced] == ["whether it is made depends on the parameter Stage"]
    told = ask(Template.load(body), ["exposed"])
    assert told.points[-1].said == "whether Nat is made depends on the parameter Stage; here it is taken not to be"
    body["Parameters"]["Stage"]["Default"] = "test"
    assert not estimate(Template.load(body)).unpriced
