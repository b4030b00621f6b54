"""Mends the emulated ECS: it keeps every setting of a service, and refuses what AWS refuses.

A service counts as many tasks running as are wanted, as after CloudFormation has waited for it; no container runs.
Fargate's sizes: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html; the network
and the load balancer: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html; both
checked_on 2026-11-22.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

_KEPT = (
    "availabilityZoneRebalancing",
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "placementConstraints",
    "placementStrategy",
)
# what the answers tell of a deployment, not of its service
_OF_DEPLOYMENT = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")

_DEPLOYMENT = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
}

# MiB of memory by CPU units
_FARGATE = {
    256: (512, 1024, 2048),
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
    8192: range(16384, 61441, 4096),
    16384: range(32768, 122881, 8192),
}


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What takes the place of moto's own."""
    from moto.ecs import models, responses

    backend, answers = models.EC2ContainerServiceBackend, responses.EC2ContainerServiceResponse
    return [
        (answers, "register_task_definition", _registering(answers.register_task_definition)),
        (answers, "create_service", _creating(answers.create_service)),
        (answers, "update_service", _updating(answers.update_service)),
        (
            backend,
            "list_clusters",
            lambda self: [each.arn for each in self.clusters.values() if each.status == "ACTIVE"],
        ),
        (backend, "_calculate_task_resource_requirements", _measuring(backend._calculate_task_resource_requirements)),
        (backend, "run_task", _running(backend.run_task)),
        (backend, "list_services", _listing(backend.list_services)),
        (backend, "update_service_primary_task_set", _choosing(backend.update_service_primary_task_set)),
        (backend, "delete_cluster", _deleting(backend.delete_cluster)),
        (backend, "put_cluster_capacity_providers", _providing(backend.put_cluster_capacity_providers)),
        (backend, "create_capacity_provider", _new_provider(backend.create_capacity_provider)),
    ]


def _registering(register: Any) -> Any:
    def register_task_definition(self: Any) -> Any:
        asked = self._get_params()
        _check_task(asked)
        for name in ("taskRoleArn", "executionRoleArn"):
            if asked.get(name) and not _role_is_there(asked[name], self.current_account):
                raise _refused("ClientException", "Role is not valid")
        answer = register(self)
        if asked.get("enableFaultInjection") is not None:
            answer._result["taskDefinition"].enableFaultInjection = asked["enableFaultInjection"]
        return answer

    return register_task_definition


def _creating(create: Any) -> Any:
    def create_service(self: Any) -> Any:
        asked = self._get_params()
        backend = self.ecs_backend
        cluster = backend._get_cluster(asked.get("cluster") or "default")
        if cluster.status != "ACTIVE":
            raise _refused("ClusterNotFoundException", "Cluster not found.")
        there = backend.services.get(f"{cluster.name}:{asked.get('serviceName')}")
        if there is not None and there.status == "ACTIVE":
            raise _refused("InvalidParameterException", "Creation of service was not idempotent.")
        if asked.get("healthCheckGracePeriodSeconds") is not None and not asked.get("loadBalancers"):
            message = "Health check grace period is only valid for services configured to use load balancers"
            raise _refused("InvalidParameterException", message)
        if asked.get("taskDefinition"):
            _check_service(self, asked, cluster)
        answer = create(self)
        service = answer._result["service"]
        service.deploymentConfiguration = dict(_DEPLOYMENT)
        service.enableECSManagedTags = service.enableExecuteCommand = False
        if asked.get("capacityProviderStrategy"):
            service.launch_type = None
        _keep(service, asked)
        _settle(service, cluster, backend)
        return answer

    return create_service


def _updating(update: Any) -> Any:
    def update_service(self: Any) -> Any:
        asked = self._get_params()
        backend = self.ecs_backend
        cluster = backend._get_cluster(asked.get("cluster") or "default")
        service = backend._get_service(cluster.name, str(asked["service"]).rpartition("/")[2])
        if service.status != "ACTIVE":
            raise _refused("ServiceNotActiveException", "Service was not ACTIVE.")
        if asked.get("taskDefinition") or asked.get("networkConfiguration"):
            wanted = {
                "taskDefinition": service.task_definition,
                "networkConfiguration": service.network_configuration or None,
                "loadBalancers": service.load_balancers,
                "launchType": service.launch_type,
                **{name: value for name, value in asked.items() if value is not None},
            }
            _check_service(self, wanted, cluster)
        answer = update(self)
        if asked.get("taskDefinition"):
            service.task_definition = backend.describe_task_definition(asked["taskDefinition"]).arn
        _keep(service, asked)
        _settle(service, cluster, backend)
        return answer

    return update_service


def _keep(service: Any, asked: Mapping[str, Any]) -> None:
    for name in _KEPT:
        if asked.get(name) is not None:
            value = asked[name]
            setattr(service, name, {**_DEPLOYMENT, **value} if name == "deploymentConfiguration" else value)
    for deployment in service.deployments:
        deployment.update({name: asked[name] for name in _OF_DEPLOYMENT if asked.get(name) is not None})
        deployment |= {
            "taskDefinition": service.task_definition,
            "launchType": service.launch_type,
            "platformVersion": service.platform_version,
        }
        if service.network_configuration:
            deployment["networkConfiguration"] = service.network_configuration
        if asked.get("capacityProviderStrategy"):
            deployment["capacityProviderStrategy"] = asked["capacityProviderStrategy"]


def _settle(service: Any, cluster: Any, backend: Any) -> None:
    """As many tasks count as running as are wanted."""
    backend.update_cluster_resources(cluster, -service.pending_count, task_state="PENDING")
    backend.update_cluster_resources(cluster, service.desired_count - service.running_count, task_state="RUNNING")
    service.running_count, service.pending_count = service.desired_count, 0
    for deployment in service.deployments:
        deployment |= {
            "desiredCount": service.desired_count,
            "runningCount": service.desired_count,
            "pendingCount": 0,
            "rolloutState": "COMPLETED",
            "rolloutStateReason": f"ECS deployment {deployment['id']} completed.",
        }


def _measuring(measure: Any) -> Any:
    def requirements(task: Any) -> Any:
        # a container of a task that has memory itself needs none of its own, and moto would add None up
        definitions = [
            each if {"memory", "memoryReservation"} & each.keys() else {**each, "memory": 0}
            for each in task.container_definitions
        ]
        return measure(SimpleNamespace(container_definitions=definitions))

    return staticmethod(requirements)


def _running(run: Any) -> Any:
    def run_task(self: Any, *asked: Any, **named: Any) -> Any:
        try:
            return run(self, *asked, **named)
        except Exception as error:
            if "No instances found" not in str(error):
                raise
            message = "No Container Instances were found in your cluster."
            raise _refused("InvalidParameterException", message) from None

    return run_task


def _listing(listed: Any) -> Any:
    def list_services(self: Any, *asked: Any, **named: Any) -> list[str]:
        gone = {each.arn for each in self.services.values() if each.status != "ACTIVE"}
        return [arn for arn in listed(self, *asked, **named) if arn not in gone]

    return list_services


def _choosing(choose: Any) -> Any:
    def update_service_primary_task_set(self: Any, cluster: str, service: str, primary: str) -> Any:
        # moto finds it by its id, and marks it by its ARN
        found = choose(self, cluster, service, primary)
        found.status = "PRIMARY"
        return found

    return update_service_primary_task_set


def _deleting(delete: Any) -> Any:
    def delete_cluster(self: Any, cluster_str: str) -> Any:
        cluster = self._get_cluster(cluster_str)
        held = [each for each in self.services.values() if each.cluster_arn == cluster.arn and each.status == "ACTIVE"]
        if held:
            message = "The Cluster cannot be deleted while Services are active."
            raise _refused("ClusterContainsServicesException", message)
        return delete(self, cluster_str)

    return delete_cluster


def _providing(put: Any) -> Any:
    def put_cluster_capacity_providers(self: Any, cluster_name: str, providers: Any, strategy: Any) -> Any:
        for name in providers or []:
            if name not in ("FARGATE", "FARGATE_SPOT") and self._get_provider(name) is None:
                message = f"The specified capacity provider '{name}' was not found. Specify a valid name and try again."
                raise _refused("InvalidParameterException", message)
        for each in strategy or []:
            if each.get("capacityProvider") not in (providers or []):
                message = (
                    f"The specified capacity provider strategy cannot contain a capacity provider that is not "
                    f"associated with the cluster. Associate the capacity provider '{each.get('capacityProvider')}' "
                    "with the cluster and try again."
                )
                raise _refused("InvalidParameterException", message)
        return put(self, cluster_name, providers, strategy)

    return put_cluster_capacity_providers


def _new_provider(create: Any) -> Any:
    def create_capacity_provider(self: Any, name: str, asg_details: Any, tags: Any) -> Any:
        if re.match(r"(?i)aws|ecs|fargate", name):
            message = "The specified capacity provider name is invalid. Up to 255 characters are allowed, including "
            message += "letters (upper and lowercase), numbers, underscores, and hyphens. The name cannot be prefixed "
            message += 'with "aws", "ecs", or "fargate". Specify a valid name and try again.'
            raise _refused("ClientException", message)
        if name in self.capacity_providers:
            message = "The specified capacity provider already exists. To change the configuration of an existing "
            message += "capacity provider, update the capacity provider."
            raise _refused("ClientException", message)
        arn = str((asg_details or {}).get("autoScalingGroupArn", ""))
        groups = _groups(self.account_id, self.region_name)
        if arn and not any(arn in (each.arn, each.name) for each in groups):
            message = f"The specified Auto Scaling group ARN '{arn}' is not valid. Specify a valid ARN and try again."
            raise _refused("ClientException", message)
        return create(self, name, asg_details, tags)

    return create_capacity_provider


def _check_task(asked: Mapping[str, Any]) -> None:
    """What RegisterTaskDefinition refuses of a task for Fargate."""
    if "FARGATE" not in (asked.get("requiresCompatibilities") or []):
        return
    if asked.get("networkMode") != "awsvpc":
        raise _refused("ClientException", "Fargate only supports network mode ‘awsvpc’.")
    cpu, memory = _units(asked.get("cpu"), 1024), _units(asked.get("memory"), 1024)
    if cpu is None:
        raise _refused("ClientException", "Fargate requires that 'cpu' be defined at the task level.")
    if memory is None:
        raise _refused("ClientException", "Fargate requires that 'memory' be defined at the task level.")
    if memory not in _FARGATE.get(cpu, ()):
        message = f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. "
        raise _refused("ClientException", f"{message}See the Amazon ECS documentation for the valid values.")
    role = asked.get("executionRoleArn")
    for each in asked.get("containerDefinitions") or []:
        if not role and ".dkr.ecr." in str(each.get("image")):
            message = "Fargate requires task definition to have execution role ARN to support ECR images."
            raise _refused("ClientException", message)
        if not role and (each.get("logConfiguration") or {}).get("logDriver") == "awslogs":
            message = "Fargate requires task definition to have execution role ARN to support log driver awslogs."
            raise _refused("ClientException", message)


def _check_service(response: Any, asked: Mapping[str, Any], cluster: Any) -> None:
    """What CreateService refuses of a task definition, a network and load balancers that do not fit together."""
    task = response.ecs_backend.describe_task_definition(asked["taskDefinition"])
    if task.status != "ACTIVE":
        raise _refused("ClientException", "TaskDefinition is inactive")
    network = asked.get("networkConfiguration")
    if task.network_mode == "awsvpc" and not network:
        message = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        raise _refused("InvalidParameterException", message)
    if task.network_mode != "awsvpc" and network:
        message = "Network Configuration is not valid for the given networkMode of this task definition."
        raise _refused("InvalidParameterException", message)
    if asked.get("launchType") == "FARGATE" and "FARGATE" not in (task.requires_compatibilities or ["EC2"]):
        message = "Task definition does not support launch_type FARGATE."
        raise _refused("InvalidParameterException", message)
    if network:
        network.get("awsvpcConfiguration", {}).setdefault("securityGroups", [])
    for each in asked.get("loadBalancers") or []:
        _check_port(each, task)
        if each.get("targetGroupArn"):
            _check_group(each["targetGroupArn"], task, response)


def _check_port(balancer: Mapping[str, Any], task: Any) -> None:
    name, port = balancer.get("containerName"), balancer.get("containerPort")
    container = next((each for each in task.container_definitions if each.get("name") == name), None)
    if container is None:
        message = f"The container {name} does not exist in the task definition."
        raise _refused("InvalidParameterException", message)
    if port is not None and all(each.get("containerPort") != port for each in container.get("portMappings") or []):
        message = f"The container {name} did not have a container port {port} defined."
        raise _refused("InvalidParameterException", message)


def _check_group(arn: str, task: Any, response: Any) -> None:
    module = sys.modules.get("moto.elbv2.models")
    account, region = response.current_account, response.region
    held = module.elbv2_backends[account][region].target_groups if module is not None else {}
    group = held.get(arn)
    if group is None:
        raise _refused("InvalidParameterException", f"The target group with targetGroupArn {arn} does not exist.")
    if not group.load_balancer_arns:
        message = f"The target group with targetGroupArn {arn} does not have an associated load balancer."
        raise _refused("InvalidParameterException", message)
    if task.network_mode == "awsvpc" and group.target_type != "ip":
        message = f"The provided target group {arn} has target type {group.target_type}, which is incompatible with "
        message += "the awsvpc network mode specified in the task definition."
        raise _refused("InvalidParameterException", message)


def _role_is_there(arn: str, account: str) -> bool:
    parts = arn.split(":")
    if len(parts) < 6:
        # ECS takes a role's name too
        return _has_role(account, arn)
    return parts[4] != account or _has_role(account, parts[5].rpartition("/")[2])


def _has_role(account: str, name: str) -> bool:
    import moto.backends

    backend: Any = moto.backends.get_backend("iam")[account]["aws"]
    return any(role.name == name for role in backend.roles.values())


def _groups(account: str, region: str) -> list[Any]:
    module = sys.modules.get("moto.autoscaling.models")
    return list(module.autoscaling_backends[account][region].autoscaling_groups.values()) if module is not None else []


def _units(value: Any, each: int) -> int | None:
    """CPU units or MiB, written as a number, or as `1 vCPU` and `2 GB`."""
    found = re.fullmatch(r"\s*([\d.]+)\s*(vcpu|gb)?\s*", str(value).lower()) if value is not None else None
    if found is None:
        return None
    return int(float(found[1]) * (each if found[2] else 1))


def _refused(code: str, message: str) -> Exception:
    from moto.ecs.exceptions import ECSException

    error: Exception = ECSException(code, message)
    return error
