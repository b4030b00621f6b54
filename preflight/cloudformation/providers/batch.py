"""Batch: where jobs run, where they wait, and what they are."""

from __future__ import annotations

from collections.abc import Mapping

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call

_TAGS = Tags(call("tag_resource", resourceArn="{ref}"), remove=call("untag_resource", resourceArn="{ref}"))


class _Disabled(Table):
    """A type that has to be disabled before it can be deleted."""

    service = "batch"
    disables = ""
    parameter = ""

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Disable it, then delete it; Batch says nothing of what is gone."""
        scope = self.scope(made, declared, context)
        told = self.ask(scope, self.reads[0].operation, self.reads[0].render(scope, self.service))
        if any(isinstance(each, list) and each for each in told.values()):
            self.ask(scope, self.disables, {self.parameter: made.physical_id, "state": "DISABLED"})
            super().delete(made, declared, context)


class ComputeEnvironment(_Disabled):
    """What jobs run on."""

    type = "AWS::Batch::ComputeEnvironment"
    named = Name("ComputeEnvironmentName", limit=128)
    makes = call(
        "create_compute_environment",
        "computeResources=ComputeResources context=Context eksConfiguration=EksConfiguration "
        "serviceRole=ServiceRole state=State type=Type unmanagedvCpus=UnmanagedvCpus",
        computeEnvironmentName="{name}",
    )
    then = (
        Setting(
            call(
                "update_compute_environment",
                "computeResources=ComputeResources context=Context serviceRole=ServiceRole state=State "
                "unmanagedvCpus=UnmanagedvCpus",
                computeEnvironment="{ref}",
            ),
            otherwise={"state": "ENABLED"},
            at_create=False,
        ),
        Setting(call("update_compute_environment", "updatePolicy=UpdatePolicy", computeEnvironment="{ref}")),
    )
    drops = "EcsSettings"
    untold = "ReplaceComputeEnvironment"
    tags = _TAGS
    ref = "computeEnvironmentArn"
    attributes = "ComputeEnvironmentArn={ref}"
    disables, parameter = "update_compute_environment", "computeEnvironment"
    unmakes = call("delete_compute_environment", computeEnvironment="{ref}")
    reads = (call("describe_compute_environments", computeEnvironments=["{ref}"]),)

    def finish(self, scope: Scope, answer: Mapping[str, object]) -> None:
        """How an update replaces the environment is CloudFormation's own affair."""
        scope.declared.take("ReplaceComputeEnvironment")
        super().finish(scope, answer)


class JobQueue(_Disabled):
    """Where jobs wait, and for what."""

    type = "AWS::Batch::JobQueue"
    named = Name("JobQueueName", limit=128)
    makes = call(
        "create_job_queue",
        "computeEnvironmentOrder=ComputeEnvironmentOrder jobQueueType=JobQueueType "
        "jobStateTimeLimitActions=JobStateTimeLimitActions priority=Priority "
        "schedulingPolicyArn=SchedulingPolicyArn serviceEnvironmentOrder=ServiceEnvironmentOrder",
        jobQueueName="{name}",
        state="ENABLED",
    )
    then = (
        Setting(
            call(
                "update_job_queue",
                "computeEnvironmentOrder=ComputeEnvironmentOrder jobStateTimeLimitActions=JobStateTimeLimitActions "
                "priority=Priority schedulingPolicyArn=SchedulingPolicyArn",
                jobQueue="{ref}",
            ),
            at_create=False,
        ),
        Setting(call("update_job_queue", "state=State", jobQueue="{ref}"), otherwise={"state": "ENABLED"}),
    )
    tags = _TAGS
    ref = "jobQueueArn"
    attributes = "JobQueueArn={ref}"
    disables, parameter = "update_job_queue", "jobQueue"
    unmakes = call("delete_job_queue", jobQueue="{ref}")
    reads = (call("describe_job_queues", jobQueues=["{ref}"]),)


_DEFINITION = (
    "consumableResourceProperties=ConsumableResourceProperties containerProperties=ContainerProperties "
    "eksProperties=EksProperties nodeProperties=NodeProperties parameters=Parameters "
    "platformCapabilities=PlatformCapabilities propagateTags=PropagateTags retryStrategy=RetryStrategy "
    "schedulingPriority=SchedulingPriority timeout=Timeout type=Type"
)


class JobDefinition(Table):
    """What a job runs; a change is a new revision, and the old one goes."""

    type = "AWS::Batch::JobDefinition"
    moves = True
    service = "batch"
    named = Name("JobDefinitionName", limit=128)
    makes = call("register_job_definition", _DEFINITION, jobDefinitionName="{name}")
    drops = "EcsProperties ResourceRetentionPolicy"
    tags = _TAGS
    ref = "jobDefinitionArn"
    attributes = "JobDefinitionArn={ref}"
    unmakes = call("deregister_job_definition", jobDefinition="{ref}")
    reads = (call("describe_job_definitions", jobDefinitions=["{ref}"]),)

    def create(self, declared: Declared, context: Context) -> Made:
        """A job of several ECS containers is not kept by the service below."""
        if "EcsProperties" in declared:
            return Made(self.name_of(declared, context), recorded=True)
        return super().create(declared, context)

    def update(self, made: Made, declared: Declared, before: Mapping[str, object], context: Context) -> Made:
        """Register the next revision."""
        return self.create(declared, context)


class SchedulingPolicy(Table):
    """How a queue shares itself out."""

    type = "AWS::Batch::SchedulingPolicy"
    service = "batch"
    named = Name("Name", limit=128)
    makes = call("create_scheduling_policy", "fairsharePolicy=FairsharePolicy", name="{name}")
    then = (
        Setting(
            call("update_scheduling_policy", "fairsharePolicy=FairsharePolicy", arn="{ref}"),
            otherwise={"fairsharePolicy": {}},
            at_create=False,
        ),
    )
    drops = "QuotaSharePolicy"
    tags = _TAGS
    ref = "arn"
    attributes = "Arn={ref}"
    unmakes = call("delete_scheduling_policy", arn="{ref}")
    reads = (call("describe_scheduling_policies", arns=["{ref}"]),)
