"""CloudFormation for one emulated cloud: stacks come and go, and nothing is made that could not be taken away."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from threading import RLock, Thread
from typing import Any

from preflight.cloudformation import derive, dynamic, validate
from preflight.cloudformation.operation import Before, Failed, Operation
from preflight.cloudformation.providers import Context
from preflight.cloudformation.stack import Stack, StackResource
from preflight.errors import DeployFailed, Refused
from preflight.intrinsics import Scope, TemplateError, Unknown, partition
from preflight.template import Template, typed

ContextFactory = Callable[..., Context]


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
        self.change_sets: list[Any] = []
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
        with self._lock:
            existing = self.find(name, region=region, account=account)
            if existing is not None and existing.status != "REVIEW_IN_PROGRESS":
                raise Rejected(f"Stack [{name}] already exists", code="AlreadyExistsException")
            stack = existing or self.new_stack(name, template, region=region, account=account)
            before = Before.of(stack)
            try:
                self._accept(stack, template, parameters or {}, tags or {})
            except BaseException:
                before.restore(stack)
                if existing is None:
                    self.stacks.remove(stack)
                raise
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
        options: Mapping[str, Any] | None = None,
        token: str | None = None,
        wait: bool = True,
    ) -> Stack:
        """Bring a stack to a new template; tags None keeps those it has.

        Raises Refused before anything is changed (also when nothing would change), and DeployFailed when a resource
        failed and the stack went back to what it was.
        """
        with self._lock:
            stack = self.get(name, region=region, account=account)
            if not stack.status.endswith("_COMPLETE") or stack.status in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE"):
                raise Rejected(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
            before = Before.of(stack)
            try:
                self._accept(stack, template, parameters or {}, stack.tags if tags is None else tags)
                self._refuse_new_types(stack, before.template)
                if self.is_unchanged(stack, before):
                    raise Rejected("No updates are to be performed.")
            except BaseException:
                before.restore(stack)
                raise
            stack.options |= options or {}
            operation = Operation(self, stack, token)
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
            if stack is None or stack.status == "DELETE_COMPLETE":
                return
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

    def scope(self, stack: Stack) -> Scope:
        """Where a stack's functions are answered, from its resources as they are."""
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

        scope = Scope(
            region=stack.region,
            account=stack.account,
            stack_name=stack.name,
            stack_id=stack.stack_id,
            parameters=stack.values,
            mappings=stack.template.mappings,
            conditions=stack.template.conditions,
            ref=ref,
            attribute=attribute,
            export=export,
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
        answer: dict[str, Any] = dynamic.answered(properties, self.context(stack, "").client)
        return answer

    def is_unchanged(self, stack: Stack, before: Before) -> bool:
        """Whether an update to what the stack now holds would change nothing."""
        return (
            stack.tags == before.tags
            and stack.values == before.values
            and all(
                stack.template.body.get(section) == before.template.body.get(section)
                for section in ("Resources", "Outputs", "Conditions", "Mappings", "Transform")
            )
        )

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
            found = dynamic.parameters(client, set(wanted.values()))
            missing = sorted({name for name in wanted.values() if name not in found})
            if missing:
                raise Rejected(
                    f"Unable to fetch parameters [{','.join(missing)}] from parameter store for this account."
                )
            kinds = {name: str(template.parameters[name]["Type"]) for name in wanted}
            values |= {name: typed(found[path], kinds[name]) for name, path in wanted.items()}
        return values

    def _accept(self, stack: Stack, template: Template, parameters: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Give a stack its next template, parameters and tags once nothing speaks against them."""
        exports = self.exports(region=stack.region, account=stack.account)
        known = [name for name, (_, owner) in exports.items() if owner is not stack]
        validate.check(template, parameters=parameters, region=stack.region, account=stack.account, exports=known)
        stack.values = self.values_of(stack, template, parameters)
        defaults = {name: each.get("Default") for name, each in template.parameters.items()}
        stack.parameters = {name: parameters.get(name, defaults[name]) for name in template.parameters}
        stack.template, stack.tags = template, dict(tags)

    def _refuse_new_types(self, stack: Stack, old: Template) -> None:
        old_types = {name: each.type for name, each in old.resources.items() if name in stack.resources}
        new = stack.template.resources
        changed = [name for name, kind in old_types.items() if name in new and new[name].type != kind]
        if changed:
            raise Rejected(
                "Update of resource type is not permitted. The new template modifies resource type of the following "
                f"resources: [{', '.join(changed)}]"
            )

    def _attribute(self, stack: Stack, resource: StackResource, name: str, scope: Scope) -> Any:
        if name in resource.attributes:
            return resource.attributes[name]
        value = derive.attribute(resource.type, name, resource.physical_id, resource.sent, scope)
        if isinstance(value, Unknown) and f"Fn::GetAtt {name}" not in resource.not_emulated:
            resource.not_emulated = (*resource.not_emulated, f"Fn::GetAtt {name}")
        return value

    def _run(self, stack: Stack, work: Callable[[], Any], fate: str, wait: bool) -> Stack:
        if not wait:
            thread = Thread(target=work, name=f"stack {stack.name}", daemon=True)
            self._running.append(thread)
            thread.start()
            return stack
        failure = work()
        if isinstance(failure, Failed):
            raise _deploy_failed(stack, failure, fate) from failure
        if stack.status.endswith("_FAILED"):
            raise _deploy_failed(stack, Failed(None, stack.status_reason or ""), fate)
        return stack


def _resource_of(stack: Stack, name: str) -> StackResource:
    resource = stack.resources.get(name)
    if resource is None:
        raise TemplateError(
            f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the template"
        )
    return resource


def _deploy_failed(stack: Stack, failure: Failed, fate: str) -> DeployFailed:
    name = failure.logical_id
    what = (
        f"{name} ({stack.template.resources[name].type})" if name in stack.template.resources else f"Stack {stack.name}"
    )
    if name in stack.template.resources and stack.template.resources[name].path:
        what = f"{stack.template.resources[name].path} ({stack.template.resources[name].type})"
    after = "everything was rolled back" if "ROLLBACK_COMPLETE" in stack.status else f"the stack is now {stack.status}"
    return DeployFailed(f"{what} {fate}: {failure.reason}; {after}", logical_id=name, reason=failure.reason)


def _boto3_context(**place: Any) -> Context:
    def make_client(service: str, region: str) -> Any:
        import boto3

        return boto3.client(service, region_name=region)

    return Context(make_client=make_client, **place)
