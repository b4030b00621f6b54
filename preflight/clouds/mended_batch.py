"""Mends the emulated Batch: every setting is kept, and no container is ever started.

A submitted job waits: on AWS it is RUNNABLE until its compute environment has room. The service-linked role is there by
itself (https://docs.aws.amazon.com/batch/latest/userguide/using-service-linked-roles.html, checked_on 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

LINKED_ROLE = "aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"

_ENVIRONMENT = ("context", "eksConfiguration", "unmanagedvCpus", "updatePolicy")
_QUEUE = ("jobQueueType", "jobStateTimeLimitActions", "serviceEnvironmentOrder")
_DEFINITION = ("consumableResourceProperties", "ecsProperties", "nodeProperties", "schedulingPriority")


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What takes the place of moto's own."""
    from moto.batch import models, responses
    from moto.iam.models import IAMBackend

    backend, answers = models.BatchBackend, responses.BatchResponse
    return [
        (IAMBackend, "get_role_by_arn", _with_linked_role(IAMBackend.get_role_by_arn)),
        (models.Job, "start", _wait),
        (backend, "create_compute_environment", _new_environment(backend.create_compute_environment)),
        (backend, "describe_compute_environments", _environments(backend.describe_compute_environments)),
        (backend, "delete_compute_environment", _old_environment(backend.delete_compute_environment)),
        (backend, "delete_job_queue", _old_queue(backend.delete_job_queue)),
        (answers, "createcomputeenvironment", _keeping(answers.createcomputeenvironment, "environment")),
        (answers, "updatecomputeenvironment", _keeping(answers.updatecomputeenvironment, "environment")),
        (answers, "createjobqueue", _keeping(answers.createjobqueue, "queue")),
        (answers, "updatejobqueue", _keeping(answers.updatejobqueue, "queue")),
        (answers, "registerjobdefinition", _keeping(answers.registerjobdefinition, "definition")),
        (models.JobQueue, "describe", _telling(models.JobQueue.describe)),
        (models.JobDefinition, "describe", _telling(models.JobDefinition.describe)),
    ]


def _with_linked_role(get: Any) -> Any:
    def get_role_by_arn(self: Any, arn: str) -> Any:
        return SimpleNamespace(arn=arn) if arn.endswith(f":role/{LINKED_ROLE}") else get(self, arn)

    return get_role_by_arn


def _wait(job: Any) -> None:
    job.status = "RUNNABLE"
    job.status_reason = "Nothing here runs containers: the job stays in its queue."


def _new_environment(create: Any) -> Any:
    def create_compute_environment(
        self: Any,
        compute_environment_name: str,
        _type: str,
        state: Any,
        compute_resources: Any,
        service_role: Any,
        **rest: Any,
    ) -> Any:
        role = service_role or f"arn:aws:iam::{self.account_id}:role/{LINKED_ROLE}"
        resources = compute_resources
        if resources is not None:
            resources = {"securityGroupIds": [], "subnets": [], **resources}
            if not resources["securityGroupIds"] and not resources.get("launchTemplate"):
                raise _refused("Error executing request, Exception : Security groups are required.")
        name = compute_environment_name
        return create(self, name, str(_type).upper(), state or "ENABLED", resources, role, **rest)

    return create_compute_environment


def _environments(describe: Any) -> Any:
    def describe_compute_environments(self: Any, environments: Any = None) -> Any:
        told = describe(self, environments)
        for each in told:
            held = self._compute_environments[each["computeEnvironmentArn"]]
            each.update(getattr(held, "preflight", {}))
        return told

    return describe_compute_environments


def _old_environment(delete: Any) -> Any:
    def delete_compute_environment(self: Any, name: str) -> Any:
        held = self.get_compute_environment(name)
        if held is not None:
            if held.state != "DISABLED":
                raise _refused("Cannot delete, resource is being modified or is not in the DISABLED state.")
            if any(held in queue.environments for queue in self._job_queues.values()):
                raise _refused("Cannot delete, found existing JobQueue relationship")
        return delete(self, name)

    return delete_compute_environment


def _old_queue(delete: Any) -> Any:
    def delete_job_queue(self: Any, name: str) -> Any:
        held = self.get_job_queue(name)
        if held is not None and held.state != "DISABLED":
            raise _refused("Cannot delete, JobQueue must be in the DISABLED state first.")
        return delete(self, name)

    return delete_job_queue


def _keeping(answer: Any, kind: str) -> Any:
    def answered(self: Any) -> Any:
        if kind == "definition":
            _check_definition(self)
        result = answer(self)
        held = _held(self, kind)
        names = {"environment": _ENVIRONMENT, "queue": _QUEUE, "definition": _DEFINITION}[kind]
        told = {name: self._get_param(name) for name in names}
        kept = {name: value for name, value in told.items() if value is not None}
        held.preflight = {**getattr(held, "preflight", {}), **kept}
        resources = self._get_param("computeResources")
        if kind == "environment" and resources and held.compute_resources is not None:
            held.compute_resources = {**held.compute_resources, **resources}
        return result

    return answered


def _held(response: Any, kind: str) -> Any:
    backend = response.batch_backend
    if kind == "environment":
        name = response._get_param("computeEnvironmentName") or response._get_param("computeEnvironment")
        return backend.get_compute_environment(name)
    if kind == "queue":
        return backend.get_job_queue(response._get_param("jobQueueName") or response._get_param("jobQueue"))
    return backend.get_job_definition_by_name(response._get_param("jobDefinitionName"))


def _telling(tell: Any) -> Any:
    return lambda self: {**tell(self), **getattr(self, "preflight", {})}


def _check_definition(response: Any) -> None:
    """Fargate needs a role to pull images with."""
    if "FARGATE" not in (response._get_param("platformCapabilities") or []):
        return
    container: Mapping[str, Any] | None = response._get_param("containerProperties")
    if container is not None and not container.get("executionRoleArn"):
        raise _refused("Error executing request, Exception : executionRoleArn is required for Fargate jobs.")


def _refused(message: str) -> Exception:
    from moto.batch.exceptions import ClientException

    error: Exception = ClientException(message)
    return error
