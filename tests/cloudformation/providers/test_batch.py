"""Where jobs run and wait, and what they are, is as declared; no job ever starts a container."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = {"team": "triage"}


@pytest.fixture
def network(bench):
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16")
    subnet = bench.make("AWS::EC2::Subnet", "S", VpcId=vpc.ref, CidrBlock="10.0.0.0/24", AvailabilityZone="us-east-1a")
    group = bench.make("AWS::EC2::SecurityGroup", "Sg", GroupDescription="batch", VpcId=vpc.ref)
    return {"Subnets": [subnet.ref], "SecurityGroupIds": [group["GroupId"]]}


def environment(bench, network, **more: Any) -> Any:
    return bench.make(
        "AWS::Batch::ComputeEnvironment",
        "Env",
        Type="MANAGED",
        ComputeResources={"Type": "FARGATE_SPOT", "MaxvCpus": 16, **network},
        Tags=TAGS,
        **more,
    )


def test_a_compute_environment(bench, network):
    policy = {"JobExecutionTimeoutMinutes": 30, "TerminateJobsOnUpdate": False}
    made = environment(bench, network, State="ENABLED", ReplaceComputeEnvironment=False, UpdatePolicy=policy)
    assert made.ref == made["ComputeEnvironmentArn"]
    assert (made.unapplied, bench.lost(made)) == ((), set())
    resources = {**made.properties["ComputeResources"], "MaxvCpus": 32}
    changed = bench.change(made, **{**made.properties, "ComputeResources": resources, "State": "DISABLED"})
    assert bench.lost(changed) == set()
    bench.delete(changed)
    bench.delete(changed)
    assert bench.client("batch").describe_compute_environments()["computeEnvironments"] == []
    with pytest.raises(ClientError, match="subnet-none does not exist"):
        environment(bench, {**network, "Subnets": ["subnet-none"]})
    with pytest.raises(ClientError, match="Could not find IAM role"):
        environment(bench, network, ServiceRole="arn:aws:iam::123456789012:role/none")


def test_a_queue_and_its_policy(bench, network):
    fair = {"ComputeReservation": 10, "ShareDecaySeconds": 60, "ShareDistribution": [{"ShareIdentifier": "a"}]}
    policy = bench.make("AWS::Batch::SchedulingPolicy", "Policy", Name="fair", FairsharePolicy=fair, Tags=TAGS)
    assert (policy.unapplied, bench.lost(policy)) == ((), set())
    changed = bench.change(policy, Name="fair", FairsharePolicy={**fair, "ComputeReservation": 20}, Tags=TAGS)
    assert bench.lost(changed) == set()

    held = environment(bench, network)
    declared = {
        "JobQueueName": "queue",
        "Priority": 5,
        "State": "DISABLED",
        "SchedulingPolicyArn": policy.ref,
        "ComputeEnvironmentOrder": [{"ComputeEnvironment": held.ref, "Order": 1}],
        "Tags": TAGS,
    }
    made = bench.make("AWS::Batch::JobQueue", "Queue", **declared)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    without = {name: value for name, value in declared.items() if name != "State"}
    after = bench.change(made, **{**without, "Priority": 7})
    assert bench.lost(after) == set()
    assert bench.client("batch").describe_job_queues()["jobQueues"][0]["state"] == "ENABLED"
    with pytest.raises(ClientError, match="found existing JobQueue relationship"):
        bench.delete(held)
    for each in (after, after, held, changed, changed):
        bench.delete(each)
    assert bench.client("batch").describe_job_queues()["jobQueues"] == []


def test_a_job_definition(bench, network):
    container = {
        "Image": "public.ecr.aws/amazonlinux/amazonlinux:latest",
        "Command": ["echo", "hi"],
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/task",
        "ResourceRequirements": [{"Type": "VCPU", "Value": "0.25"}, {"Type": "MEMORY", "Value": "512"}],
        "Environment": [{"Name": "MODE", "Value": "lab"}],
        "LogConfiguration": {"LogDriver": "awslogs"},
        "RuntimePlatform": {"CpuArchitecture": "ARM64"},
    }
    declared = {
        "JobDefinitionName": "job",
        "Type": "container",
        "PlatformCapabilities": ["FARGATE"],
        "ContainerProperties": container,
        "RetryStrategy": {"Attempts": 3},
        "Timeout": {"AttemptDurationSeconds": 600},
        "Parameters": {"day": "today"},
        "PropagateTags": True,
        "SchedulingPriority": 7,
        "Tags": TAGS,
    }
    made = bench.make("AWS::Batch::JobDefinition", "Job", **declared)
    assert made.ref == "arn:aws:batch:us-east-1:123456789012:job-definition/job:1"
    assert (made.unapplied, bench.lost(made)) == ((), set())
    changed = bench.change(made, **{**declared, "Timeout": {"AttemptDurationSeconds": 60}})
    assert (changed.ref[-5:], bench.lost(changed)) == ("job:2", set())

    batch = bench.client("batch")
    order = [{"ComputeEnvironment": environment(bench, network).ref, "Order": 1}]
    queue = bench.make("AWS::Batch::JobQueue", "Queue", Priority=1, ComputeEnvironmentOrder=order)
    job = batch.submit_job(jobName="now", jobQueue=queue.ref, jobDefinition=changed.ref)["jobId"]
    assert batch.describe_jobs(jobs=[job])["jobs"][0]["status"] == "RUNNABLE"
    for each in (made, changed, changed):
        bench.delete(each)
    assert batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"] == []
    roleless = {name: value for name, value in container.items() if name != "ExecutionRoleArn"}
    with pytest.raises(ClientError, match="executionRoleArn is required"):
        bench.make("AWS::Batch::JobDefinition", "Job", **{**declared, "ContainerProperties": roleless})
