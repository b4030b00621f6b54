"""CloudFormation for one emulated cloud: stacks come and go, and nothing is made that could not be taken away."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from threading import RLock, Thread
from typing import Any

from preflight.cloudformation import capabilities, changes, derive, dynamic, nested, transforms, validate
from preflight.cloudformation.changes import ChangeSet
from preflight.cloudformation.operation import Before, Failed, Operation
from preflight.cloudformation.providers import Context
from preflight.cloudformation.stack import Stack, StackResource
from preflight.errors import DeployFailed, Refused
from preflight.intrinsics import Scope, TemplateError, partition
from preflight.template import Template, typed

ContextFactory = Callable[..., Context]

# seconds an operation begun with `wait=False` may take before its caller goes on
PATIENCE = 3.0


class Rejected(Refused):
    """CloudFormation turns a request down; `code` is the error code of its API."""

    def __init__(self, message: str, *, code: str = "ValidationError") -> None:
        super().__init__(message, [message])
        self.code = code


class CloudFormation:
    """The stacks of one cloud, by account, Region and name.

    `context_factory` is called with the keywords stack_name, stack_id, logical_id, region, account, tags, generation
    and partition, and answers with the Context a provider works in.
    """

    def __init__(self, context_factory: ContextFactory | None = None) -> None:
        self._context_factory = context_factory or _boto3_context
        self._lock = RLock()
        self._running: list[Thread] = []
        self.reset()

    def reset(self) -> None:
        """Forget every stack; the services below are emptied by whoever owns them."""
        self.wait()
        self.stacks: list[Stack] = []
        self.change_sets: list[ChangeSet] = []
        self._operations: dict[str, tuple[Operation, Before]] = {}
        self._count = 0

    def wait(self) -> None:
        """Wait until every operation begun with `wait=False` has ended."""
        while self._running:
            self._running.pop().join()

    def find(self, name: str, *, region: str = "us-east-1", account: str = "123456789012") -> Stack | None:
        """The stack of this name or id; a deleted one only by its id."""
        for stack in reversed(self.stacks):
            if stack.stack_id == name:
                return stack
            here = (stack.region, stack.account) == (region, account)
            if stack.name == name and here and stack.status != "DELETE_COMPLETE":
                return stack
        return None

    def get(self, name: str, *, region: str = "us-east-1", account: str = "123456789012") -> Stack:
        """The stack of this name or id; raises Rejected when there is none."""
        stack = self.find(name, region=region, account=account)
        if stack is None:
            raise Rejected(f"Stack with id {name} does not exist")
        return stack

    def create_stack(
        self,
        name: str,
        template: Template,
        *,
        parameters: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        region: str = "us-east-1",
        account: str = "123456789012",
        on_failure: str = "ROLLBACK",
        options: Mapping[str, Any] | None = None,
        termination_protection: bool = False,
        token: str | None = None,
        wait: bool = True,
    ) -> Stack:
        """Make a stack.

        Raises Refused before anything is made, and DeployFailed when a resource failed and all was rolled back.
        With `wait=False` the work goes on in a thread and its outcome is the stack's status.
        """
        template = self.prepared(template, parameters or {}, name, region=region, account=account)
        with self._lock:
            existing = self.find(name, region=region, account=account)
            if existing is not None and existing.status != "REVIEW_IN_PROGRESS":
                raise Rejected(f"Stack [{name}] already exists", code="AlreadyExistsException")
            stack = existing or self.new_stack(name, template, region=region, account=account)
            try:
                values = self.checked(stack, template, parameters or {})
            except BaseException:
                if existing is None:
                    self.stacks.remove(stack)
                raise
            before = Before.of(stack)
            _accept(stack, template, parameters or {}, values, tags or {})
            stack.options = dict(options or {})
            stack.termination_protection = termination_protection
            operation = Operation(self, stack, token)
            self._operations[stack.stack_id] = (operation, before)
        return self._run(stack, lambda: operation.create(on_failure=on_failure), "could not be made", wait)

    def update_stack(
        self,
        name: str,
        template: Template,
        *,
        parameters: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        region: str = "us-east-1",
        account: str = "123456789012",
        roll_back: bool = True,
        policy: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        token: str | None = None,
        wait: bool = True,
    ) -> Stack:
        """Bring a stack to a new template; tags None keeps those it has, `policy` stands in for the stack's own.

        Raises Refused before anything is changed (also when nothing would change), and DeployFailed when a resource
        failed and the stack went back to what it was.
        """
        template = self.prepared(template, parameters or {}, name, region=region, account=account)
        with self._lock:
            stack = self.get(name, region=region, account=account)
            _refuse_update(stack)
            new_tags = stack.tags if tags is None else tags
            values = self.checked(stack, template, parameters or {})
            if self.is_unchanged(stack, template, values, new_tags):
                raise Rejected("No updates are to be performed.")
            operation, before = Operation(self, stack, token), Before.of(stack)
            operation.policy = stack.policy if policy is None else policy
            if stack.status == "UPDATE_FAILED":
                # what the failed attempt did is still there to be undone, or to be built upon
                earlier, before = self._operations[stack.stack_id]
                operation.steps, operation.leftovers = earlier.steps, earlier.leftovers
                operation.children = earlier.children
            _accept(stack, template, parameters or {}, values, new_tags)
            stack.options |= options or {}
            self._operations[stack.stack_id] = (operation, before)
        return self._run(stack, lambda: operation.update(before, roll_back=roll_back), "could not be changed", wait)

    def delete_stack(
        self,
        name: str,
        *,
        retain: Iterable[str] = (),
        region: str = "us-east-1",
        account: str = "123456789012",
        token: str | None = None,
        wait: bool = True,
    ) -> None:
        """Take a stack away; one that does not exist is gone already.

        Raises DeployFailed when a resource could not be deleted, Rejected when the stack is protected or in use.
        """
        with self._lock:
            stack = self.find(name, region=region, account=account)
            if stack is None or stack.status in ("DELETE_COMPLETE", "DELETE_IN_PROGRESS"):
                return
            if stack.status.endswith("_IN_PROGRESS") and stack.status != "REVIEW_IN_PROGRESS":
                raise Rejected(f"Stack [{stack.name}] cannot be deleted while in status {stack.status}")
            if stack.termination_protection:
                raise Rejected(
                    f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled",
                )
            if list(retain) and stack.status != "DELETE_FAILED":
                raise Rejected(
                    f"Invalid operation on stack [{stack.stack_id}]. "
                    "Specify the list of resources to retain only when the stack is in the DELETE_FAILED state."
                )
            used = [(export, user) for export in stack.exports for user in self.importers(stack, export)]
            if used:
                export = used[0][0]
                users = ", ".join(user.name for each, user in used if each == export)
                said = f"Delete canceled. Cannot delete export {export} as it is in use by {users}."
                # CloudFormation goes back to the status the stack had
                stack.say(stack.status, said, token)
                if wait:
                    raise Rejected(said)
                return
            operation = Operation(self, stack, token)
        self._run(stack, lambda: operation.delete(retain), "could not be deleted", wait)

    def create_change_set(
        self,
        stack_name: str,
        name: str,
        template: Template,
        *,
        kind: str = "UPDATE",
        parameters: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        region: str = "us-east-1",
        account: str = "123456789012",
        options: Mapping[str, Any] | None = None,
    ) -> ChangeSet:
        """Prepare a change of a stack (kind UPDATE) or a new stack (CREATE) without doing it."""
        template = self.prepared(template, parameters or {}, stack_name, region=region, account=account)
        with self._lock:
            stack = self.find(stack_name, region=region, account=account)
            is_new = stack is None and kind == "CREATE"
            if kind == "CREATE" and stack is not None and stack.status != "REVIEW_IN_PROGRESS":
                raise Rejected(
                    f"Stack [{stack_name}] already exists and cannot be created again with the changeSet [{name}]."
                )
            if stack is None:
                if kind != "CREATE":
                    raise Rejected(f"Stack [{stack_name}] does not exist")
                stack = self.new_stack(stack_name, Template({}), region=region, account=account)
            elif kind != "CREATE":
                _refuse_update(stack)
            try:
                if self.find_change_set(name, stack) is not None:
                    raise Rejected(f"ChangeSet {name} already exists", code="AlreadyExistsException")
                new_tags = stack.tags if tags is None else tags
                made = changes.new(self, stack, name, kind, template, parameters or {}, new_tags, options or {})
            except BaseException:
                if is_new:
                    self.stacks.remove(stack)
                raise
            if is_new:
                stack.say("REVIEW_IN_PROGRESS", "User Initiated")
            self.change_sets.append(made)
            return made

    def find_change_set(self, name: str, stack: Stack | None = None) -> ChangeSet | None:
        """The change set of this id, or of this name for a stack."""
        for each in reversed(self.change_sets):
            if each.change_set_id == name or (each.name == name and each.stack is stack):
                return each
        return None

    def execute_change_set(
        self, change_set: ChangeSet, *, token: str | None = None, wait: bool = True, **how: Any
    ) -> Stack:
        """Do what a change set prepared; `how` is on_failure for a new stack, roll_back for an update."""
        if change_set.execution != "AVAILABLE":
            raise Rejected(
                f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current status of "
                f"[{change_set.status}]",
                code="InvalidChangeSetStatusException",
            )
        stack = change_set.stack
        for each in self.change_sets:
            if each.stack is stack and each is not change_set:
                each.execution = "OBSOLETE"
        change_set.execution = "EXECUTE_COMPLETE"
        act = self.create_stack if change_set.kind == "CREATE" else self.update_stack
        return act(
            stack.name,
            change_set.template,
            parameters=change_set.parameters,
            tags=change_set.tags,
            region=stack.region,
            account=stack.account,
            options=change_set.options,
            token=token,
            wait=wait,
            **how,
        )

    def cancel_update(self, name: str, *, region: str = "us-east-1", account: str = "123456789012") -> None:
        """Have an update that is under way go back before its next resource."""
        stack = self.get(name, region=region, account=account)
        if stack.status != "UPDATE_IN_PROGRESS":
            raise Rejected("CancelUpdateStack cannot be called from current stack status")
        self._operations[stack.stack_id][0].cancelled = True

    def roll_back(
        self, name: str, *, region: str = "us-east-1", account: str = "123456789012", wait: bool = True
    ) -> Stack:
        """Roll back a stack that failed and was left as it stood (CREATE_FAILED or UPDATE_FAILED)."""
        stack = self.get(name, region=region, account=account)
        if stack.status not in ("CREATE_FAILED", "UPDATE_FAILED"):
            raise Rejected(
                f"RollbackStack operation cannot be performed. Stack {stack.name} is in {stack.status} state."
            )
        operation, before = self._operations[stack.stack_id]
        if stack.status == "CREATE_FAILED":
            stack.say("ROLLBACK_IN_PROGRESS", "User Initiated")
            return self._run(stack, operation.undo_create, "could not be rolled back", wait)
        stack.say("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
        return self._run(stack, lambda: operation.undo_update(before), "could not be rolled back", wait)

    def continue_rollback(
        self,
        name: str,
        *,
        skip: Iterable[str] = (),
        region: str = "us-east-1",
        account: str = "123456789012",
        wait: bool = True,
    ) -> Stack:
        """Try a failed rollback of an update again, leaving the resources in `skip` as they are."""
        stack = self.get(name, region=region, account=account)
        if stack.status != "UPDATE_ROLLBACK_FAILED":
            raise Rejected(f"Stack:{stack.stack_id} is in {stack.status} state and can not continue update rollback.")
        operation, before = self._operations[stack.stack_id]
        stack.say("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
        return self._run(stack, lambda: operation.undo_update(before, skip), "could not be rolled back", wait)

    def operation(self, stack: Stack, token: str | None = None) -> Operation:
        """A new operation on a stack, none of it done yet."""
        return Operation(self, stack, token)

    def make_nested(
        self,
        parent: Stack,
        logical_id: str,
        name: str,
        template: Template,
        *,
        parameters: Mapping[str, Any],
        tags: Mapping[str, str],
        options: Mapping[str, Any],
    ) -> Stack:
        """A stack within another, ready to be made; raises Refused when its template cannot be accepted."""
        template = self.prepared(template, parameters, name, region=parent.region, account=parent.account)
        child = self.new_stack(name, template, region=parent.region, account=parent.account)
        child.options = dict(options)
        child.parent_id, child.root_id = parent.stack_id, parent.root_id or parent.stack_id
        try:
            values = self.checked(child, template, parameters)
            _acknowledged(child, template)
        except BaseException:
            self.stacks.remove(child)
            raise
        _accept(child, template, parameters, values, tags)
        parent.nested[logical_id] = child
        return child

    def change_nested(
        self,
        child: Stack,
        template: Template,
        *,
        parameters: Mapping[str, Any],
        tags: Mapping[str, str],
        token: str | None = None,
    ) -> tuple[Operation, Before] | None:
        """The operation that brings a nested stack to this template, None when nothing would change."""
        template = self.prepared(template, parameters, child.name, region=child.region, account=child.account)
        values = self.checked(child, template, parameters)
        _acknowledged(child, template)
        inside = any(each.type == nested.TYPE for each in template.resources.values())
        if not inside and self.is_unchanged(child, template, values, tags):
            return None
        operation, before = Operation(self, child, token), Before.of(child)
        _accept(child, template, parameters, values, tags)
        return operation, before

    def new_stack(self, name: str, template: Template, *, region: str, account: str) -> Stack:
        """A stack with an id and nothing else, as a change set of type CREATE leaves it."""
        with self._lock:
            self._count += 1
            unique = uuid.uuid5(uuid.NAMESPACE_URL, f"{account}/{region}/{name}/{self._count}")
            stack_id = f"arn:{partition(region)}:cloudformation:{region}:{account}:stack/{name}/{unique}"
            stack = Stack(name, stack_id, region, account, template)
            self.stacks.append(stack)
            return stack

    def exports(self, *, region: str, account: str) -> dict[str, tuple[Any, Stack]]:
        """What the stacks of an account and Region export: the value and the stack, by export name."""
        here = [stack for stack in self.stacks if (stack.region, stack.account) == (region, account)]
        return {name: (value, stack) for stack in here for name, value in stack.exports.items()}

    def importers(self, stack: Stack, export: str) -> list[Stack]:
        """The other stacks that use an export of this one."""
        near = (stack.region, stack.account)
        others = [each for each in self.stacks if each is not stack and (each.region, each.account) == near]
        return [each for each in others if export in each.imports]

    def refuse_export_changes(self, stack: Stack, exports: Mapping[str, Any]) -> None:
        """Raise Failed when another stack exports one of these names, or uses an export that goes or changes."""
        taken = self.exports(region=stack.region, account=stack.account)
        for name in exports:
            if name in taken and taken[name][1] is not stack:
                raise Failed(None, f"Export with name {name} is already exported by stack {taken[name][1].name}.")
        for name, value in stack.exports.items():
            users = ", ".join(each.name for each in self.importers(stack, name))
            if users and name not in exports:
                raise Failed(None, f"Cannot delete export {name} as it is in use by {users}.")
            if users and exports[name] != value:
                raise Failed(None, f"Cannot update export {name} as it is in use by {users}.")

    def scope(self, stack: Stack, template: Template | None = None, values: Mapping[str, Any] | None = None) -> Scope:
        """Where functions are answered from a stack's resources as they are; its own template's, or another's."""
        template = template or stack.template
        exports = self.exports(region=stack.region, account=stack.account)

        def ref(name: str) -> Any:
            return _resource_of(stack, name).physical_id

        def attribute(name: str, wanted: str) -> Any:
            return self._attribute(stack, _resource_of(stack, name), wanted, scope)

        def export(name: str) -> Any:
            if name not in exports:
                raise TemplateError(f"No export named {name} found.")
            stack.imports[name] = exports[name][0]
            return exports[name][0]

        def output(region: str, name: str, wanted: str) -> Any:
            found = [each for each in self.stacks if name in (each.name, each.stack_id) and each.region == region]
            other = next((each for each in reversed(found) if each.status != "DELETE_COMPLETE"), None)
            if other is None:
                raise TemplateError(f"Stack [{name}] does not exist")
            if wanted not in other.outputs:
                raise TemplateError(f"Output {wanted} does not exist in stack {name}")
            # no export's name holds a slash
            stack.imports[f"{region}/{name}/{wanted}"] = other.outputs[wanted]
            return other.outputs[wanted]

        scope = Scope(
            region=stack.region,
            account=stack.account,
            stack_name=stack.name,
            stack_id=stack.stack_id,
            notification_arns=stack.options.get("NotificationARNs", ()),
            parameters=stack.values if values is None else values,
            mappings=template.mappings,
            conditions=template.conditions,
            ref=ref,
            attribute=attribute,
            export=export,
            output=output,
        )
        return scope

    def context(
        self, stack: Stack, logical_id: str, *, tags: Mapping[str, str] | None = None, generation: int = 0
    ) -> Context:
        """Where a provider works for one resource of a stack."""
        return self._context_factory(
            stack_name=stack.name,
            stack_id=stack.stack_id,
            logical_id=logical_id,
            region=stack.region,
            account=stack.account,
            tags=dict(stack.tags if tags is None else tags),
            generation=generation,
            partition=partition(stack.region),
        )

    def answered(self, properties: dict[str, Any], stack: Stack) -> dict[str, Any]:
        """The properties with their `{{resolve:…}}` references answered by SSM and Secrets Manager."""
        kinds = ("AWS::SecretsManager::Secret", "AWS::SSM::Parameter")
        resources = [each for one in self.stacks for each in one.resources.values() if each.type in kinds]
        recorded = [each.physical_id for each in resources if each.state == "recorded" and each.physical_id]
        answer: dict[str, Any] = dynamic.answered(properties, self.context(stack, "").client, recorded)
        return answer

    def is_unchanged(
        self, stack: Stack, template: Template, values: Mapping[str, Any], tags: Mapping[str, str]
    ) -> bool:
        """Whether bringing the stack to this template would change nothing."""
        sections = ("Resources", "Outputs", "Conditions", "Mappings", "Transform")
        same = all(template.body.get(section) == stack.template.body.get(section) for section in sections)
        return same and stack.values == values and stack.tags == dict(tags)

    def prepared(
        self, template: Template, parameters: Mapping[str, Any], stack_name: str, *, region: str, account: str
    ) -> Template:
        """The template with its transforms carried out, as this account can; raises Refused where one fails."""
        if not transforms.declared(template):
            return template
        probe = Stack(stack_name, "", region, account, template)
        here = [each for each in self.stacks if (each.region, each.account) == (region, account)]
        macros = {
            str(each.sent.get("Name")): str(each.sent.get("FunctionName"))
            for stack in here
            for each in stack.resources.values()
            if each.type == "AWS::CloudFormation::Macro" and each.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        }
        place = transforms.Place(stack_name, region, account, self.context(probe, "").client, macros)
        return transforms.processed(template, parameters, place)

    def checked(self, stack: Stack, template: Template, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters' values, once nothing speaks against the template; raises Refused with every fault."""
        exports = self.exports(region=stack.region, account=stack.account)
        known = [name for name, (_, owner) in exports.items() if owner is not stack]
        validate.check(template, parameters=parameters, region=stack.region, account=stack.account, exports=known)
        self._refuse_new_types(stack, template)
        return self.values_of(stack, template, parameters)

    def values_of(self, stack: Stack, template: Template, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every parameter in its own type, those of the `AWS::SSM::Parameter::Value` types looked up."""
        values = template.parameter_values(given)
        wanted = {
            name: str(given.get(name, declared.get("Default", "")))
            for name, declared in template.parameters.items()
            if str(declared.get("Type")).startswith("AWS::SSM::Parameter::Value<")
        }
        if wanted:
            client = self.context(stack, "").client("ssm")
            try:
                found = dynamic.parameters(client, set(wanted.values()))
            except TemplateError as error:
                raise Rejected(str(error)) from error
            missing = sorted({name for name in wanted.values() if name not in found})
            if missing:
                raise Rejected(
                    f"Unable to fetch parameters [{','.join(missing)}] from parameter store for this account."
                )
            kinds = {name: str(template.parameters[name]["Type"]) for name in wanted}
            values |= {name: typed(found[path], kinds[name]) for name, path in wanted.items()}
        return values

    def _refuse_new_types(self, stack: Stack, template: Template) -> None:
        new = template.resources
        changed = [name for name, old in stack.resources.items() if name in new and new[name].type != old.type]
        if changed:
            raise Rejected(
                "Update of resource type is not permitted. The new template modifies resource type of the following "
                f"resources: [{', '.join(changed)}]"
            )

    def _attribute(self, stack: Stack, resource: StackResource, name: str, scope: Scope) -> Any:
        if name in resource.attributes:
            return resource.attributes[name]
        if _answers_for_itself(resource):
            raise TemplateError(
                f"CustomResource attribute error: Vendor response doesn't contain {name} attribute in object "
                f"{stack.stack_id}|{resource.logical_id}|{resource.physical_id}"
            )
        if resource.type == nested.TYPE:
            logical_id = resource.logical_id
            raise TemplateError(
                f"Template error: resource {logical_id} does not support attribute type {name} in Fn::GetAtt"
            )
        value = derive.attribute(resource.type, name, resource.physical_id, resource.sent, scope)
        known = derive.follows(resource.type, name, value, resource.sent)
        if not known and f"Fn::GetAtt {name}" not in resource.not_emulated:
            resource.not_emulated = (*resource.not_emulated, f"Fn::GetAtt {name}")
        return value

    def _run(self, stack: Stack, work: Callable[[], Any], fate: str, wait: bool) -> Stack:
        # a rollback gives the stack its old template back, and the failure is the new one's
        template = stack.template
        if not wait:
            thread = Thread(target=_finishing(stack, work), name=f"stack {stack.name}", daemon=True)
            self._running.append(thread)
            thread.start()
            # most are done at once, and a client that finds it done need not ask again five seconds later
            thread.join(PATIENCE)
            return stack
        failure = _finishing(stack, work)()
        if isinstance(failure, Failed):
            raise _deploy_failed(stack, template, failure, fate) from failure
        if stack.status.endswith("_FAILED"):
            raise _deploy_failed(stack, template, Failed(None, stack.status_reason or ""), fate)
        return stack


def _finishing(stack: Stack, work: Callable[[], Any]) -> Callable[[], Any]:
    """The work, made to leave the stack in a final status even when we ourselves are at fault."""

    def finish() -> Any:
        try:
            return work()
        except BaseException as error:
            if stack.status.endswith("_IN_PROGRESS"):
                stack.say(stack.status.replace("_IN_PROGRESS", "_FAILED"), f"Internal failure: {error!r}")
            raise

    return finish


def _acknowledged(child: Stack, template: Template) -> None:
    # who deploys by other ways than the API is asked for nothing
    if "Capabilities" in child.options:
        capabilities.check(template, child.options["Capabilities"])


def _refuse_update(stack: Stack) -> None:
    settled = stack.status.endswith("_COMPLETE") or stack.status == "UPDATE_FAILED"
    if not settled or stack.status in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE"):
        raise Rejected(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")


def _accept(
    stack: Stack,
    template: Template,
    parameters: Mapping[str, Any],
    values: dict[str, Any],
    tags: Mapping[str, str],
) -> None:
    """Give a stack its next template, parameters and tags."""
    defaults = {name: each.get("Default") for name, each in template.parameters.items()}
    stack.parameters = {name: parameters.get(name, defaults[name]) for name in template.parameters}
    stack.template, stack.values, stack.tags = template, values, dict(tags)


def _resource_of(stack: Stack, name: str) -> StackResource:
    resource = stack.resources.get(name)
    if resource is None:
        raise TemplateError(
            f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the template"
        )
    return resource


def _answers_for_itself(resource: StackResource) -> bool:
    """Whether a custom resource has really been asked: what its answer lacks, it has not."""
    custom = resource.type.startswith("Custom::") or resource.type == "AWS::CloudFormation::CustomResource"
    return custom and resource.state == "emulated" and bool(resource.physical_id)


def _deploy_failed(stack: Stack, template: Template, failure: Failed, fate: str) -> DeployFailed:
    resource = template.resources.get(failure.logical_id or "")
    what = f"{resource.path or resource.logical_id} ({resource.type})" if resource else f"Stack {stack.name}"
    # the service's own sentence, without the wrapping CloudFormation's events have
    said = re.search(
        r'^(.*?)Resource handler returned message: "(.*?)(?: \(Status Code: .*)?" \(Handler', failure.cause
    )
    short = (said[1] + said[2] if said else failure.cause).strip().rstrip(".")
    after = "everything was rolled back" if "ROLLBACK_COMPLETE" in stack.status else f"the stack is now {stack.status}"
    message = f"{what} {fate}: {short}; {after}, mend it and deploy again"
    return DeployFailed(message, logical_id=failure.logical_id, reason=failure.reason)


def _boto3_context(**place: Any) -> Context:
    def make_client(service: str, region: str) -> Any:
        import boto3

        return boto3.client(service, region_name=region)

    return Context(make_client=make_client, **place)
