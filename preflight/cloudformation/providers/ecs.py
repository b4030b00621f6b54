"""ECS: clusters, task definitions, services and the capacity they run on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import (
    Each,
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    passing_over_gone,
)

_TAGS = Tags(call("tag_resource", resourceArn="{made.Arn}"), remove=call("untag_resource", resourceArn="{made.Arn}"))


class Cluster(Table):
    """A cluster with its settings and its capacity."""

    type = "AWS::ECS::Cluster"
    service = "ecs"
    named = Name("ClusterName", limit=255)
    makes = call(
        "create_cluster",
        "settings=ClusterSettings configuration=Configuration serviceConnectDefaults=ServiceConnectDefaults "
        "capacityProviders=CapacityProviders defaultCapacityProviderStrategy=DefaultCapacityProviderStrategy",
        clusterName="{name}",
    )
    then = (
        Setting(
            call(
                "update_cluster",
                "settings=ClusterSettings configuration=Configuration serviceConnectDefaults=ServiceConnectDefaults",
                cluster="{ref}",
            ),
            otherwise={"settings": [{"name": "containerInsights", "value": "disabled"}]},
            at_create=False,
        ),
        Setting(
            call(
                "put_cluster_capacity_providers",
                "capacityProviders=CapacityProviders defaultCapacityProviderStrategy=DefaultCapacityProviderStrategy",
                cluster="{ref}",
            ),
            otherwise={"capacityProviders": [], "defaultCapacityProviderStrategy": []},
        ),
    )
    tags = _TAGS
    ref = "{name}"
    attributes = "Arn=cluster.clusterArn"
    unmakes = call("delete_cluster", cluster="{ref}")
    reads = (
        call("describe_clusters", clusters=["{ref}"], include=["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "TAGS"]),
    )


_TASK = (
    "containerDefinitions=ContainerDefinitions cpu=Cpu enableFaultInjection=EnableFaultInjection "
    "ephemeralStorage=EphemeralStorage executionRoleArn=ExecutionRoleArn inferenceAccelerators=InferenceAccelerators "
    "ipcMode=IpcMode memory=Memory networkMode=NetworkMode pidMode=PidMode placementConstraints=PlacementConstraints "
    "proxyConfiguration=ProxyConfiguration requiresCompatibilities=RequiresCompatibilities "
    "runtimePlatform=RuntimePlatform taskRoleArn=TaskRoleArn volumes=Volumes"
)


class TaskDefinition(Table):
    """A revision of a task definition; an image that is in no repository here cannot have been pushed."""

    type = "AWS::ECS::TaskDefinition"
    service = "ecs"
    named = Name("Family", limit=255)
    makes = call("register_task_definition", _TASK, names="properties=ProxyConfigurationProperties", family="{name}")
    tags = Tags(call("tag_resource", resourceArn="{ref}"), remove=call("untag_resource", resourceArn="{ref}"))
    ref = "taskDefinition.taskDefinitionArn"
    attributes = "TaskDefinitionArn={ref}"
    unmakes = call("deregister_task_definition", taskDefinition="{ref}")
    reads = (call("describe_task_definition", taskDefinition="{ref}", include=["TAGS"]),)

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """The family, also when CloudFormation has made it up."""
        if "Family" not in declared and made is not None:
            return made.physical_id.rpartition("/")[2].partition(":")[0]
        return super().name_of(declared, context, made).replace("-", "" if "Family" not in declared else "-")

    def refuse_drops(self, declared: Declared) -> None:
        """Name the images of this account's repositories that nobody has pushed: asset images need an engine."""
        super().refuse_drops(declared)
        for each in declared.get("ContainerDefinitions", []):
            if isinstance(each, Declared) and "container-assets-" in str(each.peek("Image")):
                each.not_emulated("Image")

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """A revision is deregistered once."""
        client = context.client("ecs")
        with passing_over_gone():
            told = client.list_task_definitions(familyPrefix=self.name_of(declared, context, made), status="ACTIVE")
            if made.physical_id in told["taskDefinitionArns"]:
                super().delete(made, declared, context)


_UPDATED = (
    "availabilityZoneRebalancing=AvailabilityZoneRebalancing capacityProviderStrategy=CapacityProviderStrategy "
    "deploymentConfiguration=DeploymentConfiguration desiredCount=DesiredCount "
    "enableECSManagedTags=EnableECSManagedTags enableExecuteCommand=EnableExecuteCommand "
    "healthCheckGracePeriodSeconds=HealthCheckGracePeriodSeconds loadBalancers=LoadBalancers "
    "networkConfiguration=NetworkConfiguration placementConstraints=PlacementConstraints "
    "placementStrategy=PlacementStrategies platformVersion=PlatformVersion propagateTags=PropagateTags "
    "serviceConnectConfiguration=ServiceConnectConfiguration serviceRegistries=ServiceRegistries "
    "taskDefinition=TaskDefinition volumeConfigurations=VolumeConfigurations "
    "vpcLatticeConfigurations=VpcLatticeConfigurations"
)


class Service(Table):
    """A service: how many of which task, in which network, behind what, and how they are exchanged."""

    type = "AWS::ECS::Service"
    service = "ecs"
    named = Name("ServiceName", limit=255)
    makes = call(
        "create_service",
        f"cluster=Cluster launchType=LaunchType role=Role schedulingStrategy=SchedulingStrategy "
        f"deploymentController=DeploymentController {_UPDATED}",
        serviceName="{name}",
    )
    then = (
        Setting(
            call("update_service", f"cluster=Cluster {_UPDATED}", service="{ref}"),
            otherwise={
                "healthCheckGracePeriodSeconds": 0,
                "enableExecuteCommand": False,
                "enableECSManagedTags": False,
                "loadBalancers": [],
                "serviceRegistries": [],
                "placementConstraints": [],
                "placementStrategy": [],
                "propagateTags": "NONE",
                "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100},
            },
            at_create=False,
        ),
    )
    in_place = frozenset({"LaunchType", "DeploymentController"})
    tags = Tags(call("tag_resource", resourceArn="{ref}"), remove=call("untag_resource", resourceArn="{ref}"))
    drops = "ForceNewDeployment Monitoring GatewayConnectors"
    ref = "service.serviceArn"
    attributes = "ServiceArn={ref} Name=service.serviceName"
    unmakes = call("delete_service", "cluster=Cluster", service="{ref}", force=True)
    reads = (call("describe_services", "cluster=Cluster", services=["{ref}"], include=["TAGS"]),)

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """The name, also when CloudFormation has made it up."""
        if made is not None:
            return made.physical_id.rpartition("/")[2]
        return super().name_of(declared, context, made)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """CloudFormation starts one task where nothing else is said."""
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
        arguments = super().arguments(scope)
        if arguments.get("schedulingStrategy") != "DAEMON":
            arguments.setdefault("desiredCount", 1)
        return arguments

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """A service is inactive afterwards, and inactive once."""
        client = context.client("ecs")
        with passing_over_gone():
            cluster = {"cluster": declared.peek("Cluster")} if "Cluster" in declared else {}
            told = client.describe_services(services=[made.physical_id], **cluster)["services"]
            if told and told[0]["status"] == "ACTIVE":
                super().delete(made, declared, context)


class CapacityProvider(Table):
    """An Auto Scaling group that a cluster's tasks may run on."""

    type = "AWS::ECS::CapacityProvider"
    service = "ecs"
    named = Name("Name", limit=255)
    makes = call("create_capacity_provider", "autoScalingGroupProvider=AutoScalingGroupProvider", name="{name}")
    then = (
        Setting(
            call(
                "update_capacity_provider",
                "autoScalingGroupProvider.managedScaling=AutoScalingGroupProvider.ManagedScaling "
                "autoScalingGroupProvider.managedTerminationProtection="
                "AutoScalingGroupProvider.ManagedTerminationProtection",
                name="{ref}",
            ),
            at_create=False,
        ),
    )
    tags = _TAGS
    drops = "AutoScalingGroupProvider.ManagedDraining ManagedInstancesProvider ClusterName"
    ref = "{name}"
    attributes = "Arn=capacityProvider.capacityProviderArn"
    unmakes = call("delete_capacity_provider", capacityProvider="{ref}")
    reads = (call("describe_capacity_providers", capacityProviders=["{ref}"], include=["TAGS"]),)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The emulated service minds a second time."""
        client = context.client("ecs")
        if client.describe_capacity_providers(capacityProviders=[made.physical_id])["capacityProviders"]:
            super().delete(made, declared, context)


class ClusterCapacityProviderAssociations(Table):
    """Which capacity a cluster has."""

    type = "AWS::ECS::ClusterCapacityProviderAssociations"
    service = "ecs"
    makes = call(
        "put_cluster_capacity_providers",
        "cluster=Cluster capacityProviders=CapacityProviders "
        "defaultCapacityProviderStrategy=DefaultCapacityProviderStrategy",
    )
    then = (
        Setting(
            call(
                "put_cluster_capacity_providers",
                "cluster=Cluster capacityProviders=CapacityProviders "
                "defaultCapacityProviderStrategy=DefaultCapacityProviderStrategy",
            ),
            otherwise={"capacityProviders": [], "defaultCapacityProviderStrategy": []},
            at_create=False,
        ),
    )
    ref = "{Cluster}"
    unmakes = call(
        "put_cluster_capacity_providers", "cluster=Cluster", capacityProviders=[], defaultCapacityProviderStrategy=[]
    )
    reads = (call("describe_clusters", clusters=["{Cluster}"]),)

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A strategy is always told, be it empty."""
        needed: dict[str, Any] = {"capacityProviders": [], "defaultCapacityProviderStrategy": []}
        more = needed if operation == "put_cluster_capacity_providers" else {}
        return super().ask(scope, operation, {**more, **arguments})


_TASK_SET = call(
    "create_task_set",
    "cluster=Cluster service=Service externalId=ExternalId launchType=LaunchType loadBalancers=LoadBalancers "
    "capacityProviderStrategy=CapacityProviderStrategy networkConfiguration=NetworkConfiguration "
    "platformVersion=PlatformVersion scale=Scale serviceRegistries=ServiceRegistries taskDefinition=TaskDefinition",
)


class TaskSet(Table):
    """One of the sets of tasks of a service that something else deploys."""

    type = "AWS::ECS::TaskSet"
    service = "ecs"
    makes = _TASK_SET
    then = (
        Setting(
            call("update_task_set", "cluster=Cluster service=Service scale=Scale", taskSet="{ref}"),
            at_create=False,
        ),
    )
    drops = "CapacityProviderStrategy"
    tags = Tags(
        call("tag_resource", resourceArn="{made.TaskSetArn}"),
        remove=call("untag_resource", resourceArn="{made.TaskSetArn}"),
    )
    ref = "taskSet.id"
    attributes = "Id=taskSet.id TaskSetArn=taskSet.taskSetArn"
    unmakes = call("delete_task_set", "cluster=Cluster service=Service", taskSet="{ref}", force=True)
    reads = (call("describe_task_sets", "cluster=Cluster service=Service", taskSets=["{ref}"], include=["TAGS"]),)


class PrimaryTaskSet(Table):
    """Which of a service's task sets serves."""

    type = "AWS::ECS::PrimaryTaskSet"
    service = "ecs"
    then = (
        Each(
            "TaskSetId",
            add=call("update_service_primary_task_set", "cluster=Cluster service=Service", primaryTaskSet="{item}"),
            remove=call("describe_services", "cluster=Cluster", services=["{Service}"]),
        ),
    )
    ref = "{Cluster}|{Service}"
    reads = (call("describe_task_sets", "cluster=Cluster service=Service", taskSets=["{TaskSetId}"]),)
