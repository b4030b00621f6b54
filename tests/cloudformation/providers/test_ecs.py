"""Clusters, task definitions and services are made as declared, and refused as ECS refuses them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]
CONTAINER = {
    "Name": "web",
    "Image": "public.ecr.aws/nginx/nginx:1.27",
    "Essential": True,
    "PortMappings": [{"ContainerPort": 80, "Protocol": "tcp", "Name": "http"}],
    "Environment": [{"Name": "MODE", "Value": "lab"}],
    "Secrets": [{"Name": "KEY", "ValueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/key"}],
    "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": "/web", "awslogs-stream-prefix": "w"}},
    "HealthCheck": {"Command": ["CMD-SHELL", "curl -f localhost"], "Interval": 30, "Retries": 3, "Timeout": 5},
    "Ulimits": [{"Name": "nofile", "SoftLimit": 1024, "HardLimit": 4096}],
    "ReadonlyRootFilesystem": True,
}


@pytest.fixture
def role(bench):
    return bench.client("iam").create_role(RoleName="task", AssumeRolePolicyDocument="{}")["Role"]["Arn"]


def task(bench, role: str, **more: Any) -> Any:
    declared = {
        "Family": "web",
        "Cpu": "256",
        "Memory": "512",
        "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"],
        "ExecutionRoleArn": role,
        "ContainerDefinitions": [CONTAINER],
        **more,
    }
    return bench.make("AWS::ECS::TaskDefinition", "Task", **declared)


@pytest.fixture
def network(bench):
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16")
    subnets = [
        bench.make(
            "AWS::EC2::Subnet", f"S{i}", VpcId=vpc.ref, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"us-east-1{z}"
        )
        for i, z in enumerate("ab")
    ]
    group = bench.make("AWS::EC2::SecurityGroup", "Sg", GroupDescription="web", VpcId=vpc.ref)
    return vpc.ref, [each.ref for each in subnets], group["GroupId"]


def test_a_cluster(bench):
    made = bench.make(
        "AWS::ECS::Cluster",
        "Cluster",
        ClusterName="labs",
        ClusterSettings=[{"Name": "containerInsights", "Value": "enhanced"}],
        CapacityProviders=["FARGATE", "FARGATE_SPOT"],
        DefaultCapacityProviderStrategy=[{"CapacityProvider": "FARGATE", "Weight": 3, "Base": 1}],
        Configuration={"ExecuteCommandConfiguration": {"Logging": "DEFAULT"}},
        Tags=TAGS,
    )
    assert (made.ref, made["Arn"], made.unapplied) == ("labs", "arn:aws:ecs:us-east-1:123456789012:cluster/labs", ())
    assert bench.lost(made) == set()
    changed = bench.change(made, ClusterName="labs", CapacityProviders=["FARGATE"])
    told = bench.client("ecs").describe_clusters(clusters=["labs"], include=["SETTINGS"])["clusters"][0]
    assert told["settings"] == [{"name": "containerInsights", "value": "disabled"}]
    assert (told["capacityProviders"], told["defaultCapacityProviderStrategy"]) == (["FARGATE"], [])
    bench.delete(changed)
    bench.delete(changed)
    assert bench.client("ecs").list_clusters()["clusterArns"] == []


def test_a_task_definition(bench, role):
    made = task(
        bench,
        role,
        TaskRoleArn=role,
        RuntimePlatform={"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"},
        EphemeralStorage={"SizeInGiB": 40},
        EnableFaultInjection=True,
        Volumes=[
            {
                "Name": "shared",
                "EFSVolumeConfiguration": {
                    "FilesystemId": "fs-1",
                    "TransitEncryption": "ENABLED",
                    "AuthorizationConfig": {"AccessPointId": "fsap-1", "IAM": "ENABLED"},
                },
            }
        ],
        Tags=TAGS,
    )
    assert made.ref == made["TaskDefinitionArn"] == "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1"
    assert made.unapplied == ()
    assert bench.lost(made) == set()
    again = task(bench, role, Memory="1024")
    assert again.ref.endswith("web:2"), "a changed one is the next revision"
    for each in (made, made, again):
        bench.delete(each)
    assert bench.client("ecs").list_task_definitions(status="ACTIVE")["taskDefinitionArns"] == []
    unnamed = bench.make("AWS::ECS::TaskDefinition", "Task", ContainerDefinitions=[{**CONTAINER, "Memory": 128}])
    assert unnamed.ref.rpartition("/")[2].startswith("Lab1Task")
    asset = {**CONTAINER, "Memory": 1, "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/cdk-container-assets-1:2"}
    made = bench.make("AWS::ECS::TaskDefinition", "Task", ContainerDefinitions=[asset])
    assert made.unapplied == ("ContainerDefinitions.0.Image",), "an asset image needs an engine, and is named"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Memory": "4096"}, "No Fargate configuration exists for given values: 256 CPU, 4096 memory"),
        ({"Cpu": None}, "Fargate requires that 'cpu' be defined at the task level"),
        ({"Memory": None}, "Fargate requires that 'memory' be defined at the task level"),
        ({"NetworkMode": "bridge"}, "Fargate only supports network mode"),
        ({"ExecutionRoleArn": None}, "execution role ARN to support log driver awslogs"),
        ({"TaskRoleArn": "arn:aws:iam::123456789012:role/none"}, "Role is not valid"),
    ],
)
def test_what_ecs_refuses_of_a_task(bench, role, changes, words):
    declared = {**{"Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc", "ExecutionRoleArn": role}, **changes}
    with pytest.raises(ClientError, match=words):
        bench.make(
            "AWS::ECS::TaskDefinition",
            "Task",
            RequiresCompatibilities=["FARGATE"],
            ContainerDefinitions=[CONTAINER],
            **{name: value for name, value in declared.items() if value is not None},
        )


def balancer(bench, network, target_type: str = "ip", *, listens: bool = True) -> str:
    vpc, subnets, _ = network
    client = bench.client("elbv2")
    group = client.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc, TargetType=target_type)
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    if listens:
        load = client.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        actions = [{"Type": "forward", "TargetGroupArn": arn}]
        client.create_listener(LoadBalancerArn=load, Protocol="HTTP", Port=80, DefaultActions=actions)
    return arn


def service(bench, network, role, **more: Any) -> Any:
    _, subnets, group = network
    if not bench.client("ecs").list_clusters()["clusterArns"]:
        bench.make("AWS::ECS::Cluster", "Cluster", ClusterName="labs")
    declared = {
        "Cluster": "labs",
        "TaskDefinition": task(bench, role).ref,
        "LaunchType": "FARGATE",
        "NetworkConfiguration": {
            "AwsvpcConfiguration": {"AssignPublicIp": "DISABLED", "Subnets": subnets, "SecurityGroups": [group]}
        },
        **more,
    }
    return bench.make("AWS::ECS::Service", "Service", **declared)


def test_a_service(bench, network, role):
    group = balancer(bench, network)
    made = service(
        bench,
        network,
        role,
        ServiceName="web",
        DesiredCount=2,
        PlatformVersion="LATEST",
        DeploymentConfiguration={
            "MaximumPercent": 150,
            "MinimumHealthyPercent": 50,
            "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
        },
        DeploymentController={"Type": "ECS"},
        EnableECSManagedTags=True,
        EnableExecuteCommand=True,
        HealthCheckGracePeriodSeconds=60,
        LoadBalancers=[{"ContainerName": "web", "ContainerPort": 80, "TargetGroupArn": group}],
        PropagateTags="SERVICE",
        ServiceConnectConfiguration={"Enabled": True, "Namespace": "labs", "Services": [{"PortName": "http"}]},
        AvailabilityZoneRebalancing="ENABLED",
        SchedulingStrategy="REPLICA",
        Tags=TAGS,
    )
    assert made.ref == made["ServiceArn"] == "arn:aws:ecs:us-east-1:123456789012:service/labs/web"
    assert (made["Name"], made.unapplied, bench.lost(made)) == ("web", (), set())
    ecs = bench.client("ecs")
    told = ecs.describe_services(cluster="labs", services=["web"])["services"][0]
    assert (told["runningCount"], told["deployments"][0]["rolloutState"]) == (2, "COMPLETED")
    kept = {
        name: value
        for name, value in made.properties.items()
        if name not in ("HealthCheckGracePeriodSeconds", "EnableExecuteCommand", "DeploymentConfiguration", "Tags")
    }
    changed = bench.change(made, **{**kept, "DesiredCount": 3, "TaskDefinition": task(bench, role, Memory="1024").ref})
    assert bench.lost(changed) == set()
    told = ecs.describe_services(cluster="labs", services=["web"])["services"][0]
    assert (told["desiredCount"], told["runningCount"], told["enableExecuteCommand"]) == (3, 3, False)
    assert told["deploymentConfiguration"]["maximumPercent"] == 200
    with pytest.raises(ClientError, match="The Cluster cannot be deleted while Services are active"):
        ecs.delete_cluster(cluster="labs")
    bench.delete(changed)
    bench.delete(changed)
    assert ecs.describe_services(cluster="labs", services=["web"])["services"][0]["status"] == "INACTIVE"
    ecs.delete_cluster(cluster="labs")


def test_what_ecs_refuses_of_a_service(bench, network, role):
    group = balancer(bench, network, "instance")

    def refused(words: str, **more: Any) -> None:
        with pytest.raises(ClientError, match=words):
            service(bench, network, role, **more)

    to = {"ContainerName": "web", "ContainerPort": 80, "TargetGroupArn": group}
    refused("has target type instance, which is incompatible with the awsvpc network mode", LoadBalancers=[to])
    refused("did not have a container port 81", LoadBalancers=[{**to, "ContainerPort": 81}])
    refused("The container app does not exist", LoadBalancers=[{**to, "ContainerName": "app"}])
    refused("does not exist", LoadBalancers=[{**to, "TargetGroupArn": f"{group}0"}])
    refused("Cluster not found", Cluster="none")
    refused("Health check grace period is only valid for services configured", HealthCheckGracePeriodSeconds=60)
    refused("Network Configuration must be provided", NetworkConfiguration={})
    subnets = {"AwsvpcConfiguration": {"Subnets": ["subnet-00000000"], "SecurityGroups": []}}
    refused("subnet-00000000", NetworkConfiguration=subnets)
    service(bench, network, role, ServiceName="once")
    refused("not idempotent", ServiceName="once")


def test_a_service_starts_one_task_where_nothing_is_said(bench, network, role):
    made = service(bench, network, role)
    told = bench.client("ecs").describe_services(cluster="labs", services=[made.ref])["services"][0]
    assert told["desiredCount"] == 1


def test_capacity(bench):
    group = {
        "AutoScalingGroupArn": "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:1:autoScalingGroupName/no",
        "ManagedScaling": {"Status": "ENABLED", "TargetCapacity": 80},
        "ManagedTerminationProtection": "DISABLED",
    }
    with pytest.raises(ClientError, match="The specified Auto Scaling group ARN"):
        bench.make("AWS::ECS::CapacityProvider", "Provider", AutoScalingGroupProvider=group)
    bench.client("ec2").create_launch_template(
        LaunchTemplateName="box", LaunchTemplateData={"ImageId": "ami-12c6146b", "InstanceType": "t3.micro"}
    )
    scaling = bench.client("autoscaling")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="here",
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "box", "Version": "1"},
    )
    group["AutoScalingGroupArn"] = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupARN"]
    made = bench.make("AWS::ECS::CapacityProvider", "Provider", Name="here", AutoScalingGroupProvider=group, Tags=TAGS)
    assert (made.ref, made.unapplied, bench.lost(made)) == ("here", (), set())
    group = {**group, "ManagedScaling": {"Status": "ENABLED", "TargetCapacity": 90}}
    changed = bench.change(made, Name="here", AutoScalingGroupProvider=group, Tags=TAGS)
    assert bench.lost(changed) == set()

    bench.make("AWS::ECS::Cluster", "Cluster", ClusterName="labs")
    strategy = [{"CapacityProvider": "here", "Weight": 1}]
    both = {"Cluster": "labs", "CapacityProviders": ["here", "FARGATE"]}
    associated = bench.make(
        "AWS::ECS::ClusterCapacityProviderAssociations", "Both", **both, DefaultCapacityProviderStrategy=strategy
    )
    assert (associated.ref, associated.unapplied, bench.lost(associated)) == ("labs", (), set())
    fewer = bench.change(associated, Cluster="labs", CapacityProviders=["FARGATE"], DefaultCapacityProviderStrategy=[])
    assert bench.lost(fewer) == set()
    with pytest.raises(ClientError, match="The specified capacity provider 'none' was not found"):
        bench.change(fewer, **{**both, "CapacityProviders": ["none"]}, DefaultCapacityProviderStrategy=[])
    bench.delete(fewer)
    bench.delete(changed)
    bench.delete(changed)
    assert bench.client("ecs").describe_clusters(clusters=["labs"])["clusters"][0]["capacityProviders"] == []


def test_task_sets(bench, network, role):
    made = service(bench, network, role, DeploymentController={"Type": "EXTERNAL"}, ServiceName="blue")
    where = {"Cluster": "labs", "Service": made.ref}
    declared = {**where, "TaskDefinition": task(bench, role).ref, "LaunchType": "FARGATE", "ExternalId": "one"}
    network_of = made.properties["NetworkConfiguration"]
    sets = bench.make(
        "AWS::ECS::TaskSet",
        "Set",
        **declared,
        NetworkConfiguration={"AwsVpcConfiguration": network_of["AwsvpcConfiguration"]},
        Scale={"Unit": "PERCENT", "Value": 50},
    )
    assert (sets["Id"], sets.unapplied) == (sets.ref, ())
    assert bench.lost(sets) <= {"Cluster=labs"}, "which is told by its ARN"
    primary = bench.make("AWS::ECS::PrimaryTaskSet", "Primary", **where, TaskSetId=sets.ref)
    told = bench.client("ecs").describe_task_sets(cluster="labs", service=made.ref)["taskSets"]
    assert told[0]["status"] == "PRIMARY"
    bench.delete(primary)
    bench.delete(sets)
    assert bench.client("ecs").describe_task_sets(cluster="labs", service=made.ref)["taskSets"] == []
