"""Networks as CDK writes them are made whole, and when they go nothing of them is left at EC2 or beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from preflight.clouds.offline import OfflineCloud
from preflight.template import Template

# what CDK 2.275.0 synthesizes of networks/app.py
NETWORKS = Path(__file__).with_name("networks")
SERVICES = ("ec2", "elbv2", "elb", "autoscaling", "application-autoscaling", "cloudwatch")
# AWS's own facts, the same with and without a stack, and slow to tell
ALWAYS = {
    "describe_images",
    "describe_instance_type_offerings",
    "describe_instance_types",
    "describe_reserved_instances_offerings",
    "describe_snapshots",
    "describe_spot_price_history",
    "describe_ssl_policies",
    "describe_vpc_endpoint_services",
}


@pytest.fixture
def cloud() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


def make(cloud: OfflineCloud, name: str) -> Any:
    template = Template.load(NETWORKS / f"{name}.template.json")
    return cloud.cloudformation.create_stack(name, template, region=cloud.region, account=cloud.account)


def everything(cloud: OfflineCloud) -> dict[str, str]:
    """Every describe call that asks for nothing in particular, and its answer."""
    found = {}
    for service in SERVICES:
        client = cloud.client(service)
        for python_name, name in client.meta.method_to_api_mapping.items():
            shape = client.meta.service_model.operation_model(name).input_shape
            asks = python_name.startswith("describe_") and not (shape and shape.required_members)
            if asks and python_name not in ALWAYS:
                try:
                    answer = getattr(client, python_name)()
                except Exception:  # what moto has no operation for holds nothing
                    continue
                answer.pop("ResponseMetadata")
                found[f"{service} {python_name}"] = _alive(answer)
    return found


def _alive(answer: dict[str, Any]) -> str:
    """An answer without what AWS, too, shows for an hour after it is gone."""

    def pruned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: pruned(each) for key, each in value.items()}
        if isinstance(value, list):
            kept = [pruned(each) for each in value if not _gone(each)]
            return [each for each in kept if each != {"Instances": []}]
        return value

    return json.dumps(pruned({**answer, "Reservations": _reservations(answer)}), sort_keys=True, default=str)


def _reservations(answer: dict[str, Any]) -> list[Any]:
    return [{"Instances": each["Instances"]} for each in answer.get("Reservations", [])]


def _gone(each: Any) -> bool:
    if not isinstance(each, dict):
        return False
    state = each.get("State")
    name = state.get("Name") if isinstance(state, dict) else state
    return name in ("terminated", "deleted") or each.get("ResourceType") in ("instance", "natgateway")


@pytest.mark.parametrize("name", ["net", "roads"])
def test_nothing_of_a_network_is_left(cloud, name):
    cloud.client("iam")
    before = everything(cloud)
    stack = make(cloud, name)
    assert stack.status == "CREATE_COMPLETE"
    assert everything(cloud) != before
    cloud.delete(name)
    after = everything(cloud)
    assert {call: (before.get(call), told) for call, told in after.items() if told != before.get(call)} == {}


def one(stack: Any, kind: str, part: str = "") -> Any:
    """The stack's resource of a type, told from others by a part of its logical id."""
    (found,) = (each for each in stack.resources.values() if each.type == kind and part in each.logical_id)
    return found


def test_a_group_serves_behind_a_load_balancer_and_tracks_a_target(cloud):
    stack = make(cloud, "net")
    # signals have nowhere to come from, and running instances are not exchanged for newer ones
    assert {path for _, path in stack.not_emulated} <= {"CreationPolicy", "UpdatePolicy"}
    assert stack.outputs["Zone"] == "Z35SXDOTRQ7X7K"
    assert str(stack.outputs["Dns"]).endswith(".us-east-1.elb.amazonaws.com")
    assert str(stack.outputs["Full"]).startswith("app/")

    group = one(stack, "AWS::AutoScaling::AutoScalingGroup").physical_id
    facts = cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
    servers = {each["InstanceId"]: each["AvailabilityZone"] for each in facts["Instances"]}
    assert len(servers) == 2 and len(set(servers.values())) == 2
    assert {each["Metric"] for each in facts["EnabledMetrics"]} >= {"GroupInServiceInstances", "GroupTotalInstances"}

    elb = cloud.client("elbv2")
    targets = one(stack, "AWS::ElasticLoadBalancingV2::TargetGroup", "AppGroup").physical_id
    health = elb.describe_target_health(TargetGroupArn=targets)["TargetHealthDescriptions"]
    assert {each["Target"]["Id"] for each in health} == set(servers)
    told = elb.describe_target_groups(TargetGroupArns=[targets])["TargetGroups"][0]
    assert told["LoadBalancerArns"] == [one(stack, "AWS::ElasticLoadBalancingV2::LoadBalancer", "Alb").physical_id]

    alarms = cloud.client("cloudwatch").describe_alarms(AlarmNamePrefix="TargetTracking-")["MetricAlarms"]
    assert {each["MetricName"] for each in alarms} == {"CPUUtilization", "RequestCountPerTarget"}
    requests = next(each for each in alarms if each["MetricName"] == "RequestCountPerTarget")
    assert {each["Name"] for each in requests["Dimensions"]} == {"LoadBalancer", "TargetGroup"}
    policies = cloud.client("autoscaling").describe_policies(AutoScalingGroupName=group)["ScalingPolicies"]
    assert sorted(each["PolicyType"] for each in policies) == [*["StepScaling"] * 2, *["TargetTrackingScaling"] * 2]


def test_a_network_leads_where_it_should(cloud):
    stack = make(cloud, "net")
    ec2 = cloud.client("ec2")
    subnets = ec2.describe_subnets(Filters=[{"Name": "tag:aws-cdk:subnet-name", "Values": ["app"]}])["Subnets"]
    assert sorted(each["AvailabilityZone"] for each in subnets) == ["us-east-1a", "us-east-1b", "us-east-1c"]
    nat = one(stack, "AWS::EC2::NatGateway").physical_id
    tables = ec2.describe_route_tables()["RouteTables"]
    ways = [route.get("NatGatewayId") for table in tables for route in table["Routes"] if "NatGatewayId" in route]
    assert ways == [nat] * 3
    endpoints = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    kinds = sorted((each["ServiceName"].rpartition(".")[2], each["VpcEndpointType"]) for each in endpoints)
    assert kinds == [
        ("dynamodb", "Gateway"),
        ("s3", "Gateway"),
        ("secretsmanager", "Interface"),
        ("ssm", "Interface"),
    ]
    assert all(each["PrivateDnsEnabled"] for each in endpoints if each["VpcEndpointType"] == "Interface")
    assert {each["LogDestinationType"] for each in ec2.describe_flow_logs()["FlowLogs"]} == {"cloud-watch-logs", "s3"}
    bastion = ec2.describe_instances(InstanceIds=[one(stack, "AWS::EC2::Instance", "Bastion").physical_id])
    told = bastion["Reservations"][0]["Instances"][0]
    assert told["MetadataOptions"]["HttpTokens"] == "required"
    assert "PublicIpAddress" not in told


def test_a_group_and_its_servers_change_in_place(cloud):
    stack = make(cloud, "net")
    group, server = (
        one(stack, *each).physical_id
        for each in (("AWS::AutoScaling::AutoScalingGroup",), ("AWS::EC2::Instance", "Server"))
    )
    template = json.loads((NETWORKS / "net.template.json").read_text("utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::AutoScaling::AutoScalingGroup":
            resource["Properties"]["MinSize"] = "3"
        if resource["Type"] == "AWS::EC2::Instance" and "CreditSpecification" in resource["Properties"]:
            resource["Properties"]["InstanceType"] = "t3.large"
    place = {"region": cloud.region, "account": cloud.account}
    changed = cloud.cloudformation.update_stack("net", Template(template), **place)
    assert changed.status == "UPDATE_COMPLETE"
    assert one(changed, "AWS::AutoScaling::AutoScalingGroup").physical_id == group
    assert one(changed, "AWS::EC2::Instance", "Server").physical_id == server
    facts = cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert (facts["DesiredCapacity"], len({each["AvailabilityZone"] for each in facts["Instances"]})) == (3, 3)


def test_networks_meet_at_a_hub_and_end_at_an_office(cloud):
    stack = make(cloud, "roads")
    ec2 = cloud.client("ec2")
    recorded = {each.type for each in stack.resources.values() if each.state == "recorded"}
    assert recorded == {"AWS::EC2::ClientVpnEndpoint"}
    table = one(stack, "AWS::EC2::TransitGatewayRouteTable").physical_id
    every = [{"Name": "state", "Values": ["active"]}]
    routes = ec2.search_transit_gateway_routes(TransitGatewayRouteTableId=table, Filters=every)["Routes"]
    assert sorted((each["DestinationCidrBlock"], each["Type"]) for each in routes) == [
        ("10.1.0.0/16", "propagated"),
        ("10.2.0.0/16", "propagated"),
    ]
    (vpn,) = ec2.describe_vpn_connections()["VpnConnections"]
    assert [each["DestinationCidrBlock"] for each in vpn["Routes"]] == ["192.168.0.0/16"]
    spread = [each for each in ec2.describe_route_tables()["RouteTables"] if each.get("PropagatingVgws")]
    assert spread
