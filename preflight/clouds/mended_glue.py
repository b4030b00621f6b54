"""Mends the emulated Glue: crawlers, jobs, triggers and connections can be changed, and classifiers exist.

Roles: https://docs.aws.amazon.com/glue/latest/webapi/API_CreateJob.html, checked_on 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

_CLASSIFIERS = ("CsvClassifier", "GrokClassifier", "JsonClassifier", "XMLClassifier")
_CONNECTION = ("AuthenticationConfiguration", "ConnectionType", "MatchCriteria")
# what moto's answers leave out
_ALSO_TOLD = {
    "crawler": ("LakeFormationConfiguration",),
    "job": ("JobMode", "JobRunQueuingEnabled", "MaintenanceWindow"),
    "trigger": (),
}


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What takes the place of moto's own, or is not there."""
    from moto.glue import models, responses

    answers = responses.GlueResponse
    return [
        (answers, "create_crawler", _creating(answers.create_crawler, "crawlers", "crawler")),
        (answers, "create_job", _creating(answers.create_job, "jobs", "job")),
        (answers, "update_crawler", _update_crawler),
        (answers, "update_crawler_schedule", _update_schedule),
        (answers, "update_job", _update_job),
        (answers, "update_trigger", _update_trigger),
        (models.FakeCrawler, "as_dict", _telling(models.FakeCrawler.as_dict)),
        (models.FakeJob, "as_dict", _telling(models.FakeJob.as_dict)),
        (models.FakeConnection, "as_dict", _telling_connection(models.FakeConnection.as_dict)),
        (answers, "update_connection", _update_connection),
        (answers, "delete_connection", _delete_connection),
        (answers, "create_classifier", _create_classifier),
        (answers, "get_classifier", _get_classifier),
        (answers, "get_classifiers", _get_classifiers),
        (answers, "update_classifier", _update_classifier),
        (answers, "delete_classifier", _delete_classifier),
        (answers, "update_registry", _update_registry),
    ]


def _creating(create: Any, place: str, kind: str) -> Any:
    def made(self: Any) -> Any:
        asked = self.parameters
        _check_role(self, str(asked.get("Role", "")), kind)
        answer = create(self)
        record = getattr(self.glue_backend, place)[asked["Name"]]
        record.preflight = {name: asked[name] for name in _ALSO_TOLD[kind] if asked.get(name) is not None}
        return answer

    return made


def _telling(tell: Callable[[Any], dict[str, Any]]) -> Any:
    return lambda self: {**tell(self), **getattr(self, "preflight", {})}


def _telling_connection(tell: Any) -> Any:
    def as_dict(self: Any, hide_password: bool = False) -> dict[str, Any]:
        told = {name: self.connection_input[name] for name in _CONNECTION if name in self.connection_input}
        return {**tell(self, hide_password), **told}

    return as_dict


def _update_crawler(self: Any) -> Any:
    asked = self.parameters
    crawler = self.glue_backend.get_crawler(asked["Name"])
    if "Role" in asked:
        _check_role(self, str(asked["Role"]), "crawler")
    _take_over(crawler, asked, "crawler")
    crawler.version += 1
    return _nothing()


def _update_schedule(self: Any) -> Any:
    asked = self.parameters
    self.glue_backend.get_crawler(asked["CrawlerName"]).schedule = asked.get("Schedule")
    return _nothing()


def _update_job(self: Any) -> Any:
    asked = self.parameters
    job = self.glue_backend.get_job(asked["JobName"])
    change = asked.get("JobUpdate") or {}
    if "Role" in change:
        _check_role(self, str(change["Role"]), "job")
    # an update is the whole of a job's definition: what it leaves out is unset
    # https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateJob.html, checked_on 2026-11-22
    kept = {"name", "arn", "backend", "created_on", "job_runs", "last_modified_on", "role", "command"}
    empty = {"execution_property": {}, "default_arguments": {}, "execution_class": "STANDARD"}
    for name in vars(job).keys() - kept:
        setattr(job, name, empty.get(name))
    job.preflight = {}
    _take_over(job, change, "job")
    return _result({"JobName": job.name})


def _update_trigger(self: Any) -> Any:
    from moto.glue.models import Action, Predicate

    asked = self.parameters
    trigger = self.glue_backend.get_trigger(asked["Name"])
    change = dict(asked.get("TriggerUpdate") or {})
    trigger.actions = [Action(each) for each in change.pop("Actions", None) or []]
    predicate = change.pop("Predicate", None)
    trigger.predicate = Predicate(predicate) if predicate else None
    for name in ("Description", "EventBatchingCondition", "Schedule"):
        setattr(trigger, _underscored(name), change.get(name))
    return _result({"Trigger": trigger.as_dict()})


def _update_connection(self: Any) -> Any:
    asked = self.parameters
    held = self.glue_backend.get_connection(asked.get("CatalogId"), asked["Name"], "")
    told = asked["ConnectionInput"]
    held.connection_input, held.description = told, told.get("Description")
    for name in ("ConnectionProperties", "SparkProperties", "AthenaProperties", "PythonProperties"):
        setattr(held, _underscored(name), told.get(name, {}))
    return _nothing()


def _delete_connection(self: Any) -> Any:
    asked = self.parameters
    name = asked["ConnectionName"]
    self.glue_backend.get_connection(asked.get("CatalogId"), name, "")
    del self.glue_backend.connections[name]
    return _nothing()


def _create_classifier(self: Any) -> Any:
    kind, told = _classifier(self.parameters)
    held = _classifiers(self)
    if told["Name"] in held:
        raise _refused("AlreadyExistsException", f"Classifier {told['Name']} already exists")
    held[told["Name"]] = {kind: told}
    return _nothing()


def _get_classifier(self: Any) -> Any:
    return _result({"Classifier": _held_classifier(self)})


def _get_classifiers(self: Any) -> Any:
    return _result({"Classifiers": list(_classifiers(self).values())})


def _update_classifier(self: Any) -> Any:
    kind, told = _classifier(self.parameters)
    _held_classifier(self, told["Name"])[kind].update(told)
    return _nothing()


def _delete_classifier(self: Any) -> Any:
    _held_classifier(self)
    del _classifiers(self)[self.parameters["Name"]]
    return _nothing()


def _classifier(asked: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    found = next(((name, asked[f"{name}"]) for name in _CLASSIFIERS if asked.get(name)), None)
    if found is None:
        raise _refused("InvalidInputException", "One classifier must be given")
    return found


def _classifiers(self: Any) -> dict[str, Any]:
    held: dict[str, Any] = vars(self.glue_backend).setdefault("preflight_classifiers", {})
    return held


def _held_classifier(self: Any, name: str | None = None) -> dict[str, Any]:
    wanted = name or self.parameters["Name"]
    held = _classifiers(self)
    if wanted not in held:
        raise _refused("EntityNotFoundException", f"Classifier {wanted} not found")
    found: dict[str, Any] = held[wanted]
    return found


def _update_registry(self: Any) -> Any:
    asked = self.parameters
    told = asked["RegistryId"]
    name = told.get("RegistryName") or str(told.get("RegistryArn")).rpartition("/")[2]
    registry = self.glue_backend.registries.get(name)
    if registry is None:
        raise _refused("EntityNotFoundException", f"Registry is not found. RegistryName: {name}")
    registry.description = asked.get("Description")
    return _result({"RegistryName": name, "RegistryArn": registry.registry_arn})


def _take_over(record: Any, change: Mapping[str, Any], kind: str) -> None:
    for name, value in change.items():
        if name in _ALSO_TOLD[kind]:
            record.preflight = {**getattr(record, "preflight", {}), name: value}
        elif name not in ("Name", "Tags"):
            setattr(record, _underscored(name), value)


def _check_role(response: Any, role: str, kind: str) -> None:
    """Glue assumes a role when it is told of it."""
    import moto.backends

    parts = role.split(":")
    if len(parts) > 5 and parts[4] != response.current_account:
        return
    name = role.rpartition("/")[2]
    iam: Any = moto.backends.get_backend("iam")[response.current_account]["aws"]
    if any(each.name == name for each in iam.roles.values()):
        return
    arn = role if len(parts) > 5 else f"arn:aws:iam::{response.current_account}:role/{role}"
    message = (
        f"Service is unable to assume provided role. Please verify role's TrustPolicy: {arn}"
        if kind == "crawler"
        else f"Role {arn} should be given assume role permissions for Glue Service."
    )
    raise _refused("InvalidInputException", message)


def _underscored(name: str) -> str:
    from moto.core.utils import camelcase_to_underscores

    return str(camelcase_to_underscores(name))


def _result(told: Mapping[str, Any]) -> Any:
    from moto.core.responses import ActionResult

    return ActionResult(dict(told))


def _nothing() -> Any:
    from moto.core.responses import EmptyResult

    return EmptyResult()


def _refused(code: str, message: str) -> Exception:
    from moto.glue.exceptions import GlueClientError

    error: Exception = GlueClientError(code, message)
    return error
