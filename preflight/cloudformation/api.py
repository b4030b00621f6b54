"""CloudFormation's own API, answered by our engine wherever moto would have answered it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/, checked_on 2026-11-22
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from preflight.cloudformation import guard, plan, schemas, transforms, validate
from preflight.cloudformation.capabilities import NotAcknowledged, check, required
from preflight.cloudformation.changes import ChangeSet
from preflight.cloudformation.engine import CloudFormation, Rejected
from preflight.cloudformation.nested import fetch
from preflight.cloudformation.stack import Event, Stack, StackResource
from preflight.errors import PreflightError
from preflight.template import Template

Asked = Mapping[str, Any]
Answer = dict[str, Any]


def install(cloud: CloudFormation) -> Callable[[], None]:
    """Answer CloudFormation's API from this engine, in this process and at a moto server in it; the answer undoes it.

    moto's own CloudFormation is not imported: it would bring every service's models with it.
    """
    import moto.backends
    from moto.core.base_backend import BaseBackend
    from moto.core.exceptions import ServiceException
    from moto.core.responses import ActionResult, BaseResponse

    class Fault(ServiceException):  # type: ignore[misc]
        # moto finds the service whose errors these are by the module's name
        __module__ = "moto.cloudformation.exceptions"

    def respond(operation: str) -> Callable[[Any], Any]:
        def method(response: Any) -> Any:
            api = Api(cloud, region=response.region, account=response.current_account)
            try:
                return ActionResult(api.answer(operation, response.params or {}))
            except (Rejected, NotAcknowledged) as error:
                raise Fault(error.code, error.message) from error
            except PreflightError as error:
                faults = getattr(error, "faults", ()) or (error.message,)
                raise Fault("ValidationError", " ".join(faults)) from error

        return method

    def start(response: Any) -> None:
        BaseResponse.__init__(response, service_name="cloudformation")
        response.automated_parameter_parsing = True

    methods: dict[str, Any] = {_snake(name): respond(name) for name in OPERATIONS}
    answering: Any = type("CloudFormationResponse", (BaseResponse,), {**methods, "__init__": start})

    class Backend(BaseBackend):  # type: ignore[misc]
        url_bases = (r"https?://cloudformation\.(.+)\.amazonaws\.com",)
        urls = {f"{url_bases[0]}/$": answering.dispatch}  # noqa: RUF012
        url_paths = {"/": answering.dispatch}  # noqa: RUF012
        flask_paths = url_paths

    moto_finds = moto.backends.get_backend
    ours = {"global": Backend("us-east-1", "123456789012")}
    moto.backends.get_backend = lambda name: ours if name == "cloudformation" else moto_finds(name)

    def undo() -> None:
        moto.backends.get_backend = moto_finds

    return undo


class Api:
    """CloudFormation's operations for one account and Region: botocore's parameters in, botocore's answers out.

    Raises Refused where CloudFormation answers with a ValidationError, Rejected where the error has a code of its own.
    """

    def __init__(self, cloud: CloudFormation, *, region: str, account: str) -> None:
        self.cloud = cloud
        self.place = {"region": region, "account": account}

    def answer(self, operation: str, asked: Asked) -> Answer:
        """The answer to one operation."""
        return OPERATIONS[operation](self, asked) or {}

    def create_stack(self, asked: Asked) -> Answer:
        name, token = asked["StackName"], asked.get("ClientRequestToken")
        existing = self.cloud.find(name, **self.place)
        if existing is not None and token and existing.options.get("ClientRequestToken") == token:
            return {"StackId": existing.stack_id}
        if not re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]*", name) or len(name) > 128:
            raise Rejected(_member_fault("stackName", name, "[a-zA-Z][-a-zA-Z0-9]*"))
        policy = self._policy(asked, "StackPolicy")
        template = self._prepared(asked, name)
        stack = self.cloud.create_stack(
            name,
            template,
            parameters=_parameters(asked),
            tags=_tags(asked),
            on_failure="DO_NOTHING" if asked.get("DisableRollback") else asked.get("OnFailure", "ROLLBACK"),
            options=_options(asked),
            termination_protection=bool(asked.get("EnableTerminationProtection")),
            token=token,
            wait=False,
            **self.place,
        )
        stack.policy = policy
        return {"StackId": stack.stack_id}

    def update_stack(self, asked: Asked) -> Answer:
        stack = self._stack(asked)
        token = asked.get("ClientRequestToken")
        if token and stack.options.get("ClientRequestToken") == token:
            return {"StackId": stack.stack_id}
        policy, during = self._policy(asked, "StackPolicy"), self._policy(asked, "StackPolicyDuringUpdate")
        template = self._prepared(asked, stack.name, stack)
        self.cloud.update_stack(
            stack.stack_id,
            template,
            parameters=_parameters(asked, stack),
            tags=_tags(asked) if "Tags" in asked else None,
            roll_back=not asked.get("DisableRollback"),
            policy=during,
            options=_options(asked),
            token=token,
            wait=False,
            **self.place,
        )
        stack.policy = policy or stack.policy
        return {"StackId": stack.stack_id}

    def delete_stack(self, asked: Asked) -> None:
        self.cloud.delete_stack(
            asked["StackName"],
            retain=asked.get("RetainResources", ()),
            token=asked.get("ClientRequestToken"),
            wait=False,
            **self.place,
        )

    def describe_stacks(self, asked: Asked) -> Answer:
        if asked.get("StackName"):
            return {"Stacks": [_stack(self._stack(asked))]}
        stacks = [each for each in self._stacks() if each.status != "DELETE_COMPLETE"]
        return _page("Stacks", [_stack(each) for each in reversed(stacks)], asked)

    def list_stacks(self, asked: Asked) -> Answer:
        wanted = asked.get("StackStatusFilter")
        stacks = [each for each in reversed(self._stacks()) if not wanted or each.status in wanted]
        return _page("StackSummaries", [_summary(each) for each in stacks], asked)

    def describe_stack_events(self, asked: Asked) -> Answer:
        events = list(reversed(self._stack(asked).events))
        return _page("StackEvents", [_event(each) for each in events], asked)

    def describe_events(self, asked: Asked) -> Answer:
        """The newer way to ask for a stack's or a change set's events."""
        if "ChangeSetName" in asked:
            stack = self._change_set(asked).stack
            events: list[Event] = []
        else:
            stack = self._stack(asked)
            events = list(reversed(stack.events))
        if asked.get("Filters", {}).get("FailedEvents"):
            events = [each for each in events if each.status.endswith("_FAILED")]
        shown = [
            {**_event(each), "EventType": "STACK_EVENT", "OperationId": each.token or stack.stack_id.rpartition("/")[2]}
            for each in events
        ]
        return _page("OperationEvents", shown, asked)

    def describe_stack_resource(self, asked: Asked) -> Answer:
        stack = self._stack(asked)
        resource = stack.resources.get(asked["LogicalResourceId"])
        if resource is None:
            raise Rejected(f"Resource {asked['LogicalResourceId']} does not exist for stack {stack.name}")
        detail = {**_resource(stack, resource), "LastUpdatedTimestamp": resource.timestamp}
        return {"StackResourceDetail": detail | {"Metadata": json.dumps(resource.metadata)}}

    def describe_stack_resources(self, asked: Asked) -> Answer:
        physical = asked.get("PhysicalResourceId")
        if "StackName" in asked:
            stack = self._stack(asked)
        else:
            owners = [each for each in self._stacks() if physical in [r.physical_id for r in each.resources.values()]]
            if not owners:
                raise Rejected(f"Stack for {physical} does not exist")
            stack = owners[-1]
        wanted = asked.get("LogicalResourceId")
        resources = [each for each in stack.resources.values() if wanted in (None, each.logical_id)]
        return {
            "StackResources": [
                {
                    **_resource(stack, each),
                    "StackName": stack.name,
                    "StackId": stack.stack_id,
                    "Timestamp": each.timestamp,
                }
                for each in resources
                if "StackName" in asked or each.physical_id == physical
            ]
        }

    def list_stack_resources(self, asked: Asked) -> Answer:
        stack = self._stack(asked)
        resources = [
            {**_resource(stack, each), "LastUpdatedTimestamp": each.timestamp} for each in stack.resources.values()
        ]
        return _page("StackResourceSummaries", resources, asked)

    def get_template(self, asked: Asked) -> Answer:
        if asked.get("ChangeSetName"):
            template = self._change_set(asked).template
        else:
            stack = self._stack(asked)
            if stack.status == "REVIEW_IN_PROGRESS":
                return {"TemplateBody": "", "StagesAvailable": ["Original", "Processed"]}
            template = stack.template
        if asked.get("TemplateStage") == "Original":
            template = template.original or template
        text = template.text if template.text is not None else json.dumps(template.body)
        return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}

    def get_template_summary(self, asked: Asked) -> Answer:
        template = self._stack(asked).template if asked.get("StackName") else self._template(asked)
        template = template.original or template
        needed, why = required(template)
        types = sorted({each.type for each in template.resources.values()})
        summary: Answer = {
            "Parameters": [_parameter_declaration(name, each) for name, each in template.parameters.items()],
            "ResourceTypes": types,
            "ResourceIdentifierSummaries": _identifiers(template),
            "DeclaredTransforms": transforms.declared(template),
        }
        if needed:
            summary |= {"Capabilities": needed, "CapabilitiesReason": why}
        sections = {"Description": "Description", "Version": "AWSTemplateFormatVersion"}
        return summary | {key: template.body[name] for key, name in sections.items() if name in template.body}

    def validate_template(self, asked: Asked) -> Answer:
        template = self._template(asked)
        found = validate.template_faults(template)
        if found:
            raise validate.refusal(found)
        summary = self.get_template_summary(asked)
        kept = ("Description", "Capabilities", "CapabilitiesReason", "DeclaredTransforms")
        names = ("ParameterKey", "DefaultValue", "NoEcho", "Description")
        parameters = [{name: each[name] for name in names if name in each} for each in summary["Parameters"]]
        return {name: summary[name] for name in kept if name in summary} | {"Parameters": parameters}

    def create_change_set(self, asked: Asked) -> Answer:
        kind = asked.get("ChangeSetType", "UPDATE")
        if kind == "IMPORT":
            raise Rejected("ChangeSetType IMPORT is not supported here yet")
        stack = self.cloud.find(asked["StackName"], **self.place)
        name = stack.name if stack is not None else asked["StackName"]
        template = self._prepared(asked, name, stack, reviewed=True)
        made = self.cloud.create_change_set(
            asked["StackName"],
            asked["ChangeSetName"],
            template,
            kind=kind,
            parameters=_parameters(asked, stack),
            tags=_tags(asked) if "Tags" in asked else None,
            options=_options(asked),
            **self.place,
        )
        return {"Id": made.change_set_id, "StackId": made.stack.stack_id}

    def describe_change_set(self, asked: Asked) -> Answer:
        made = self._change_set(asked)
        with_values = bool(asked.get("IncludePropertyValues"))
        described: Answer = {
            "ChangeSetName": made.name,
            "ChangeSetId": made.change_set_id,
            "StackId": made.stack.stack_id,
            "StackName": made.stack.name,
            "CreationTime": made.created,
            "Status": made.status,
            "StatusReason": made.reason,
            "ExecutionStatus": made.execution,
            "Parameters": _parameter_list(made.template, made.parameters, made.values),
            "Tags": _tag_list(made.tags),
            "Changes": [
                {"Type": "Resource", "ResourceChange": _change(made, each, with_values)} for each in made.changes
            ],
        }
        kept = ("Description", "Capabilities", "NotificationARNs", "RollbackConfiguration", "OnStackFailure")
        return described | {name: made.options[name] for name in kept if name in made.options}

    def execute_change_set(self, asked: Asked) -> None:
        made = self._change_set(asked)
        on_failure = "DO_NOTHING" if asked.get("DisableRollback") else made.options.get("OnStackFailure", "ROLLBACK")
        new = made.kind == "CREATE"
        how: dict[str, Any] = {"on_failure": on_failure} if new else {"roll_back": on_failure != "DO_NOTHING"}
        self.cloud.execute_change_set(made, token=asked.get("ClientRequestToken"), wait=False, **how)

    def delete_change_set(self, asked: Asked) -> None:
        try:
            made = self._change_set(asked)
        except Rejected:
            # a name that is not there is deleted already
            return
        self.cloud.change_sets.remove(made)

    def list_change_sets(self, asked: Asked) -> Answer:
        stack = self._stack(asked)
        names = ("ChangeSetName", "ChangeSetId", "StackId", "StackName", "CreationTime", "Status", "StatusReason")
        made = [each for each in self.cloud.change_sets if each.stack is stack]
        described = [self.describe_change_set({"ChangeSetName": each.change_set_id}) for each in made]
        return _page(
            "Summaries", [{name: each[name] for name in (*names, "ExecutionStatus")} for each in described], asked
        )

    def list_exports(self, asked: Asked) -> Answer:
        exports = [
            {"ExportingStackId": stack.stack_id, "Name": name, "Value": str(value)}
            for name, (value, stack) in sorted(self.cloud.exports(**self.place).items())
        ]
        return _page("Exports", exports, asked)

    def list_imports(self, asked: Asked) -> Answer:
        name = asked["ExportName"]
        found = self.cloud.exports(**self.place).get(name)
        users = self.cloud.importers(found[1], name) if found else []
        if not users:
            raise Rejected(f"Export '{name}' is not imported by any stack.")
        return _page("Imports", [each.name for each in users], asked)

    def set_stack_policy(self, asked: Asked) -> None:
        stack = self._stack(asked)
        stack.policy = self._policy(asked, "StackPolicy")

    def get_stack_policy(self, asked: Asked) -> Answer:
        policy = self._stack(asked).policy
        return {} if policy is None else {"StackPolicyBody": json.dumps(policy)}

    def cancel_update_stack(self, asked: Asked) -> None:
        self.cloud.cancel_update(asked["StackName"], **self.place)

    def signal_resource(self, asked: Asked) -> None:
        """No resource waits for a signal here, so none is ever awaited."""
        stack = self._stack(asked)
        resource = stack.resources.get(asked["LogicalResourceId"])
        if resource is None:
            raise Rejected(f"Resource {asked['LogicalResourceId']} does not exist for stack {stack.name}")
        raise Rejected(f"Resource {resource.logical_id} is in {resource.status} state and cannot be signaled")

    def refuse_drift(self, asked: Asked) -> Answer:
        raise Rejected(
            "Drift is not detected by the offline cloud; read the resource through its service's API instead"
        )

    def update_termination_protection(self, asked: Asked) -> Answer:
        stack = self._stack(asked)
        stack.termination_protection = bool(asked["EnableTerminationProtection"])
        return {"StackId": stack.stack_id}

    def continue_update_rollback(self, asked: Asked) -> None:
        skip = asked.get("ResourcesToSkip", ())
        self.cloud.continue_rollback(asked["StackName"], skip=skip, wait=False, **self.place)

    def rollback_stack(self, asked: Asked) -> Answer:
        return {"StackId": self.cloud.roll_back(asked["StackName"], wait=False, **self.place).stack_id}

    def list_types(self, asked: Asked) -> Answer:
        """Every public resource type the registry knows."""
        prefix = asked.get("Filters", {}).get("TypeNamePrefix", "")
        shown = [
            {"Type": "RESOURCE", "TypeName": name, "IsActivated": True}
            for name in schemas.names()
            if name.startswith(prefix)
        ]
        return _page("TypeSummaries", shown if asked.get("Visibility") == "PUBLIC" else [], asked)

    def describe_type(self, asked: Asked) -> Answer:
        name = asked.get("TypeName", "")
        schema = schemas.find(name)
        if schema is None:
            raise Rejected(f"The type '{name}' cannot be found.", code="TypeNotFoundException")
        told = {
            "typeName": name,
            "primaryIdentifier": [_pointer(each) for each in schema.identifier],
            "readOnlyProperties": [_pointer(each) for each in schema.attributes],
            "createOnlyProperties": [_pointer(each) for each in schema.create_only],
            "required": list(schema.required),
            "properties": {each: {} for each in schema.shapes[""]},
        }
        return {"Type": "RESOURCE", "TypeName": name, "Schema": json.dumps(told), "Visibility": "PUBLIC"}

    def _stacks(self) -> list[Stack]:
        here = (self.place["region"], self.place["account"])
        return [each for each in self.cloud.stacks if (each.region, each.account) == here]

    def _stack(self, asked: Asked) -> Stack:
        return self.cloud.get(asked["StackName"], **self.place)

    def _change_set(self, asked: Asked) -> ChangeSet:
        name = asked["ChangeSetName"]
        stack = self.cloud.find(asked["StackName"], **self.place) if asked.get("StackName") else None
        if asked.get("StackName") and stack is None:
            raise Rejected(f"Stack [{asked['StackName']}] does not exist")
        made = self.cloud.find_change_set(name, stack)
        if made is None:
            raise Rejected(f"ChangeSet [{name}] does not exist", code="ChangeSetNotFoundException")
        return made

    def _template(self, asked: Asked, stack: Stack | None = None) -> Template:
        if asked.get("UsePreviousTemplate") and stack is not None:
            return stack.template.original or stack.template
        if asked.get("TemplateBody"):
            _refuse_long(asked["TemplateBody"])
            return Template.parse(asked["TemplateBody"])
        if asked.get("TemplateURL"):
            return Template.parse(self._fetch(asked["TemplateURL"]))
        raise Rejected("Either Template URL or Template Body must be specified.")

    def _prepared(self, asked: Asked, name: str, stack: Stack | None = None, *, reviewed: bool = False) -> Template:
        """The template a request gives, its transforms carried out, once the request acknowledges what it makes."""
        template = self._template(asked, stack)
        # who reviews a change set has seen what the transforms made
        if transforms.declared(template) and not reviewed and "CAPABILITY_AUTO_EXPAND" not in _capabilities(asked):
            raise NotAcknowledged(["CAPABILITY_AUTO_EXPAND"])
        template = self.cloud.prepared(template, _parameters(asked, stack), name, **self.place)
        check(template, _capabilities(asked))
        return template

    def _policy(self, asked: Asked, name: str) -> dict[str, Any] | None:
        """The stack policy a request gives, by its text or by a URL."""
        body = asked.get(f"{name}Body")
        if asked.get(f"{name}URL"):
            body = self._fetch(asked[f"{name}URL"])
        return guard.read(body) if body is not None else None

    def _fetch(self, url: str) -> str:
        probe = Stack("", "", self.place["region"], self.place["account"], Template({}))
        return fetch(url, self.cloud.context(probe, "").client)


def _refuse_long(text: str) -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html, checked_on 2026-11-22
    if len(text.encode()) > 51_200:
        raise Rejected(
            f"1 validation error detected: Value '{text[:40]}...' at 'templateBody' failed to satisfy constraint: "
            "Member must have length less than or equal to 51200"
        )


def _capabilities(asked: Asked) -> set[str]:
    return set(asked.get("Capabilities", ()))


def _parameters(asked: Asked, stack: Stack | None = None) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for each in asked.get("Parameters", ()):
        name = each["ParameterKey"]
        if not each.get("UsePreviousValue"):
            given[name] = each.get("ParameterValue", "")
        elif stack is not None and name in stack.parameters:
            given[name] = stack.parameters[name]
        else:
            raise Rejected(
                f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a parameter key "
                "not in the previous template"
            )
    return given


def _tags(asked: Asked) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in asked.get("Tags", ())}


def _options(asked: Asked) -> dict[str, Any]:
    return {"Capabilities": [], **{name: asked[name] for name in _OPTIONS if name in asked}}


def _stack(stack: Stack) -> Answer:
    described: Answer = {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "StackStatus": stack.status,
        "StackStatusReason": stack.status_reason,
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "Description": stack.template.body.get("Description"),
        "Parameters": _parameter_list(stack.template, stack.parameters, stack.values) or None,
        "Outputs": [_output(stack, name, value) for name, value in stack.outputs.items()] or None,
        "Tags": _tag_list(stack.tags),
        "Capabilities": stack.options.get("Capabilities", []),
        "NotificationARNs": stack.options.get("NotificationARNs", []),
        "RollbackConfiguration": stack.options.get("RollbackConfiguration", {}),
        "DisableRollback": bool(stack.options.get("DisableRollback")),
        "RoleARN": stack.options.get("RoleARN"),
        "TimeoutInMinutes": stack.options.get("TimeoutInMinutes"),
        "EnableTerminationProtection": stack.termination_protection,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        "ParentId": stack.parent_id,
        "RootId": stack.root_id,
    }
    return {name: value for name, value in described.items() if value is not None}


def _summary(stack: Stack) -> Answer:
    described = _stack(stack) | {"TemplateDescription": stack.template.body.get("Description")}
    times = ("CreationTime", "LastUpdatedTime", "DeletionTime", "ParentId", "RootId")
    wanted = ("StackId", "StackName", "StackStatus", "StackStatusReason", "TemplateDescription", *times)
    return {name: described[name] for name in wanted if described.get(name) is not None}


def _output(stack: Stack, name: str, value: Any) -> Answer:
    described = {"OutputKey": name, "OutputValue": str(value)}
    about = stack.template.outputs.get(name, {}).get("Description")
    export = stack.output_exports.get(name)
    return described | ({"Description": about} if about else {}) | ({"ExportName": export} if export else {})


def _parameter_list(template: Template, given: Mapping[str, Any], values: Mapping[str, Any]) -> list[Answer]:
    listed = []
    for name, declared in template.parameters.items():
        value = _text(given.get(name, declared.get("Default", "")))
        shown: Answer = {"ParameterKey": name, "ParameterValue": value}
        if str(declared.get("NoEcho", "")).lower() == "true":
            shown["ParameterValue"] = "****"
        elif str(declared.get("Type")).startswith("AWS::SSM::Parameter::Value<"):
            shown["ResolvedValue"] = _text(values.get(name, ""))
        listed.append(shown)
    return listed


def _parameter_declaration(name: str, declared: Mapping[str, Any]) -> Answer:
    shown: Answer = {
        "ParameterKey": name,
        "ParameterType": declared.get("Type", "String"),
        "NoEcho": str(declared.get("NoEcho", "")).lower() == "true",
        "ParameterConstraints": {"AllowedValues": [_text(each) for each in declared.get("AllowedValues", ())]},
    }
    if "Default" in declared:
        shown["DefaultValue"] = _text(declared["Default"])
    return shown | ({"Description": declared["Description"]} if "Description" in declared else {})


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_text(each) for each in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tag_list(tags: Mapping[str, str]) -> list[Answer]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _event(event: Event) -> Answer:
    described: Answer = {
        "EventId": event.event_id,
        "StackId": event.stack_id,
        "StackName": event.stack_name,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "Timestamp": event.timestamp,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ClientRequestToken": event.token,
        "ResourceProperties": json.dumps(event.properties, default=str) if event.properties is not None else None,
    }
    return {name: value for name, value in described.items() if value is not None}


def _resource(stack: Stack, resource: StackResource) -> Answer:
    described: Answer = {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id or None,
        "ResourceType": resource.type,
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.status_reason,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }
    return {name: value for name, value in described.items() if value is not None}


def _change(made: ChangeSet, change: plan.Change, with_values: bool) -> Answer:
    existing = made.stack.resources.get(change.logical_id)
    described: Answer = {
        "Action": change.action,
        "LogicalResourceId": change.logical_id,
        "ResourceType": change.type,
        "Scope": list(change.scope),
        "Details": [_detail(change, each, with_values) for each in change.differences],
    }
    described["Details"] += [_attribute_detail(each) for each in change.scope if each != "Properties"]
    if existing is not None:
        described["PhysicalResourceId"] = existing.physical_id
    if change.action == "Modify":
        described["Replacement"] = change.replacement
    policy = _policy_action(made, change)
    if policy:
        described["PolicyAction"] = policy
    if with_values and change.action != "Add":
        described["BeforeContext"] = _context_text(change.before or (existing.properties if existing else {}))
    if with_values and change.action != "Remove":
        described["AfterContext"] = _context_text(change.after)
    return described


def _policy_action(made: ChangeSet, change: plan.Change) -> str | None:
    if change.action == "Remove":
        policy = made.stack.resources[change.logical_id].deletion_policy
        return {"Retain": "Retain", "RetainExceptOnCreate": "Retain", "Snapshot": "Snapshot"}.get(policy, "Delete")
    if change.replacement == "True":
        policy = made.template.resources[change.logical_id].update_replace_policy
        return f"ReplaceAnd{policy if policy in ('Retain', 'Snapshot') else 'Delete'}"
    return None


def _detail(change: plan.Change, difference: plan.Difference, with_values: bool) -> Answer:
    kind = "Add" if difference.before is None else "Remove" if difference.after is None else "Modify"
    target: Answer = {
        "Attribute": "Properties",
        "Name": difference.path.split(".")[0],
        "RequiresRecreation": difference.recreates,
        "Path": _pointer(difference.path).replace("/properties/", "/Properties/", 1),
        "AttributeChangeType": kind,
    }
    if with_values and difference.before is not None:
        target["BeforeValue"] = _value_text(difference.before)
    if with_values and difference.after is not None:
        target["AfterValue"] = _value_text(difference.after)
    detail: Answer = {"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}
    if change.causes and "{{changeSet:KNOWN_AFTER_APPLY}}" in _value_text(difference.after):
        detail |= {"Evaluation": "Dynamic", "ChangeSource": "ResourceReference", "CausingEntity": change.causes[0]}
    return detail


def _attribute_detail(attribute: str) -> Answer:
    target = {"Attribute": attribute, "RequiresRecreation": "Never"}
    return {"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}


def _context_text(properties: Mapping[str, Any]) -> str:
    return json.dumps({"Properties": properties}, separators=(",", ":"), default=str)


def _value_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _pointer(path: str) -> str:
    return "/properties/" + path.replace(".", "/")


def _identifiers(template: Template) -> list[Answer]:
    by_type: dict[str, list[str]] = {}
    for name, resource in template.resources.items():
        by_type.setdefault(resource.type, []).append(name)
    return [
        {"ResourceType": kind, "LogicalResourceIds": names, "ResourceIdentifiers": list(schema.identifier)}
        for kind, names in by_type.items()
        if (schema := schemas.find(kind)) is not None
    ]


def _page(name: str, items: list[Any], asked: Asked, size: int = 100) -> Answer:
    start = int(asked.get("NextToken") or 0)
    page: Answer = {name: items[start : start + size]}
    return page | ({"NextToken": str(start + size)} if start + size < len(items) else {})


def _member_fault(member: str, value: str, pattern: str) -> str:
    return (
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {pattern}"
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


_OPTIONS = (
    "Capabilities",
    "ClientRequestToken",
    "Description",
    "DisableRollback",
    "NotificationARNs",
    "OnStackFailure",
    "RoleARN",
    "RollbackConfiguration",
    "TimeoutInMinutes",
)

OPERATIONS: dict[str, Callable[[Api, Asked], Answer | None]] = {
    "CancelUpdateStack": Api.cancel_update_stack,
    "ContinueUpdateRollback": Api.continue_update_rollback,
    "CreateChangeSet": Api.create_change_set,
    "CreateStack": Api.create_stack,
    "DeleteChangeSet": Api.delete_change_set,
    "DeleteStack": Api.delete_stack,
    "DescribeChangeSet": Api.describe_change_set,
    "DescribeEvents": Api.describe_events,
    "DescribeStackEvents": Api.describe_stack_events,
    "DescribeStackResource": Api.describe_stack_resource,
    "DescribeStackResources": Api.describe_stack_resources,
    "DescribeStacks": Api.describe_stacks,
    "DescribeStackDriftDetectionStatus": Api.refuse_drift,
    "DescribeStackResourceDrifts": Api.refuse_drift,
    "DescribeType": Api.describe_type,
    "DetectStackDrift": Api.refuse_drift,
    "DetectStackResourceDrift": Api.refuse_drift,
    "ExecuteChangeSet": Api.execute_change_set,
    "GetStackPolicy": Api.get_stack_policy,
    "GetTemplate": Api.get_template,
    "GetTemplateSummary": Api.get_template_summary,
    "ListChangeSets": Api.list_change_sets,
    "ListExports": Api.list_exports,
    "ListImports": Api.list_imports,
    "ListStackResources": Api.list_stack_resources,
    "ListStacks": Api.list_stacks,
    "ListTypes": Api.list_types,
    "RollbackStack": Api.rollback_stack,
    "SetStackPolicy": Api.set_stack_policy,
    "SignalResource": Api.signal_resource,
    "UpdateStack": Api.update_stack,
    "UpdateTerminationProtection": Api.update_termination_protection,
    "ValidateTemplate": Api.validate_template,
}
