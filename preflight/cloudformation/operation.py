"""One operation on a stack, from its first event to its last: create, update, delete, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from preflight.cloudformation import derive, guard, nested, plan, schemas, supplied
from preflight.cloudformation.ledger import Declared, leaves, shortest
from preflight.cloudformation.providers import Made, Provider, ReplacementNeeded, Said, find_provider
from preflight.cloudformation.stack import Stack, StackResource
from preflight.errors import Refused
from preflight.intrinsics import Scope, TemplateError, Unknown, holds, resolve, text
from preflight.template import Resource, Template

if TYPE_CHECKING:
    from preflight.cloudformation.engine import CloudFormation


class Failed(Exception):
    """A resource (or, without a logical id, the stack itself) could not be brought to what the template says.

    `inner` is what went wrong within a nested stack.
    """

    def __init__(self, logical_id: str | None, reason: str, doing: str = "update", inner: str = "") -> None:
        super().__init__(reason)
        self.logical_id = logical_id
        self.reason = reason
        self.doing = doing
        self.inner = inner

    @property
    def summary(self) -> str:
        """The reason the whole stack gives."""
        if self.logical_id is None:
            return f"{self.reason} "
        return f"The following resource(s) failed to {self.doing}: [{self.logical_id}]. "

    @property
    def cause(self) -> str:
        """What went wrong, in a stack within the stack where it was there."""
        return self.inner or self.reason


@dataclass
class Step:
    """What was done to one resource, so that it can be undone: `before` is None for a new one."""

    before: StackResource | None
    after: StackResource
    replaced: bool = False


@dataclass
class Before:
    """What an update changes of a stack besides its resources, as it was."""

    template: Template
    parameters: dict[str, Any]
    values: dict[str, Any]
    tags: dict[str, str]
    outputs: dict[str, Any]
    exports: dict[str, Any]
    output_exports: dict[str, str]
    imports: dict[str, Any]

    @classmethod
    def of(cls, stack: Stack) -> Before:
        """What the stack has now; an update gives it new values, it does not change these."""
        return cls(**{name: getattr(stack, name) for name in cls.__dataclass_fields__})

    def restore(self, stack: Stack) -> None:
        """Give it all back."""
        for name, value in vars(self).items():
            setattr(stack, name, value)


@dataclass
class Operation:
    """One create, update or delete of one stack.

    `children` are the updates of nested stacks that are done and may have to be undone, by stack id;
    `keeps_failures` says that what fails is left as it stands, `policy` which updates are ruled out, and `cancelled`
    that an update is to go back.
    """

    cloud: CloudFormation
    stack: Stack
    token: str | None = None
    steps: list[Step] = field(default_factory=list)
    leftovers: list[tuple[StackResource, str]] = field(default_factory=list)
    children: dict[str, tuple[Operation, Before]] = field(default_factory=dict)
    keeps_failures: bool = False
    policy: Mapping[str, Any] | None = None
    cancelled: bool = False

    def create(self, *, on_failure: str = "ROLLBACK") -> Failed | None:
        """Make the stack; on a failure do as `on_failure` says (ROLLBACK, DO_NOTHING, DELETE) and answer with it."""
        self._say("CREATE_IN_PROGRESS", "User Initiated")
        self.keeps_failures = on_failure == "DO_NOTHING"
        failure = self._converge()
        if failure is None:
            self._say("CREATE_COMPLETE")
        elif on_failure == "DO_NOTHING":
            self._say("CREATE_FAILED", failure.summary)
        elif on_failure == "DELETE":
            self._say("DELETE_IN_PROGRESS", failure.summary)
            self._delete_all(set())
        else:
            self._say("ROLLBACK_IN_PROGRESS", f"{failure.summary}Rollback requested by user.")
            self.undo_create()
        return failure

    def update(self, before: Before, *, roll_back: bool = True, clean_up: bool = True) -> Failed | None:
        """Bring the stack to its new template; on a failure go back to the one before and answer with it.

        Without `clean_up` what was replaced stays until `finish`.
        """
        self._say("UPDATE_IN_PROGRESS", "User Initiated")
        self.keeps_failures = not roll_back
        self.stack.updated = datetime.now(UTC)
        failure = self._converge()
        if failure is None:
            self._say("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            if clean_up:
                self.finish()
        elif not roll_back:
            self._say("UPDATE_FAILED", failure.summary)
        else:
            self._say("UPDATE_ROLLBACK_IN_PROGRESS", failure.summary)
            self.undo_update(before)
        return failure

    def finish(self) -> None:
        """Take away what an update has replaced or dropped, in the nested stacks first."""
        for child, _ in self.children.values():
            child.finish()
        self._clean_up()
        self._say("UPDATE_COMPLETE")

    def delete(self, retain: Iterable[str] = ()) -> None:
        """Take the stack away, each resource before those it needs."""
        self._say("DELETE_IN_PROGRESS", "User Initiated")
        self._delete_all(set(retain))

    def undo_create(self) -> None:
        """Take away what a failed create has made, last first."""
        failed = [
            step.after.logical_id
            for step in reversed(self.steps)
            if not self._take_away(step.after, _policy_on_rollback(step.after))
        ]
        self.stack.outputs, self.stack.exports, self.stack.imports = {}, {}, {}
        if failed:
            self._say("ROLLBACK_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}]. ")
        else:
            self._say("ROLLBACK_COMPLETE")

    def undo_update(self, before: Before, skip: Iterable[str] = ()) -> None:
        """Undo every step of an update, last first, then take away what it had made; `skip` names what to leave."""
        made_anew = []
        for step in reversed(self.steps):
            name = step.after.logical_id
            if step.before is None:
                self.stack.resources.pop(name, None)
                made_anew.append(step.after)
            elif step.replaced:
                self.stack.resources[name] = step.before
                made_anew.append(step.after)
            elif name not in skip:
                try:
                    self._put_back(step)
                except Failed:
                    reason = f"The following resource(s) failed to update: [{name}]. "
                    self._say("UPDATE_ROLLBACK_FAILED", reason)
                    return
        for name in [name for name, each in self.stack.resources.items() if each.status == "CREATE_FAILED"]:
            del self.stack.resources[name]
        before.restore(self.stack)
        self._say("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        for resource in made_anew:
            self._take_away(resource, _policy_on_rollback(resource))
        self.steps = []
        self._say("UPDATE_ROLLBACK_COMPLETE")

    def _converge(self) -> Failed | None:
        """Bring every resource to the template, in order, then the outputs; the first failure ends it."""
        stack = self.stack
        old_order = made_order(stack.resources.values())
        stack.imports = {}
        try:
            self._refuse_missing()
            scope = self.cloud.scope(stack)
            needs = plan.dependencies(stack.template, scope)
            for name in plan.order(needs):
                if self.cancelled:
                    raise Failed(None, "User Initiated")
                self._bring(stack.template.resources[name], frozenset(needs[name]), scope)
            self._set_outputs(scope)
            for name in [each for each in stack.resources if each not in needs]:
                self._refuse_ruled_out("Update:Delete", stack.resources[name])
        except Failed as failure:
            return failure
        except TemplateError as error:
            return Failed(None, str(error))
        gone = [name for name in stack.resources if name not in needs]
        self.leftovers += [(stack.resources.pop(name), "") for name in gone]
        self.leftovers.sort(key=lambda each: -old_order.index(each[0].logical_id))
        return None

    def _refuse_missing(self) -> None:
        stack = self.stack
        client = self.cloud.context(stack, "").client
        missing = supplied.missing(stack.template, stack.values, client, stack.region)
        if missing:
            raise Failed(None, f"Parameter validation failed: {', '.join(missing)}.")

    def _bring(self, declared: Resource, needs: frozenset[str], scope: Scope) -> None:
        """One resource to what the template says."""
        properties = self._resolved(declared, scope)
        existing = self.stack.resources.get(declared.logical_id)
        if existing is None or existing.status == "CREATE_FAILED":
            if existing is not None and existing.physical_id:
                self._take_away(existing, "Delete")
            self._create(declared, properties, needs)
            return
        differences = plan.differences(declared.type, existing.properties, properties)
        if differences:
            replaces = plan.replacement(declared.type, differences) == "True"
            self._refuse_ruled_out("Update:Replace" if replaces else "Update:Modify", existing)
        if declared.type != existing.type or plan.replacement(declared.type, differences) == "True":
            self._create(declared, properties, needs, replacing=existing)
        elif (
            differences
            or declared.type == nested.TYPE
            or (existing.tags != self.stack.tags and _carries_tags(declared.type))
        ):
            self._change(existing, declared, properties, needs)
        else:
            existing.needs = needs
            existing.deletion_policy, existing.metadata = declared.deletion_policy, declared.metadata

    def _refuse_ruled_out(self, action: str, resource: StackResource) -> None:
        said = guard.refusal(self.policy, action, resource.logical_id, resource.type)
        if said is not None:
            self._say_of(resource, "UPDATE_FAILED", said)
            raise Failed(resource.logical_id, said)

    def _resolved(self, declared: Resource, scope: Scope) -> dict[str, Any]:
        try:
            properties = resolve(declared.properties, scope)
        except TemplateError as error:
            raise Failed(declared.logical_id, str(error)) from error
        schema = schemas.find(declared.type)
        return schema.coerced(properties) if schema else dict(properties)

    def _create(
        self,
        declared: Resource,
        properties: dict[str, Any],
        needs: frozenset[str],
        replacing: StackResource | None = None,
    ) -> None:
        resource = self._next(declared, properties, needs)
        word = "UPDATE" if replacing else "CREATE"
        if replacing:
            resource.generation, resource.physical_id = replacing.generation + 1, replacing.physical_id
            self._say_of(
                resource,
                "UPDATE_IN_PROGRESS",
                "Requested update requires the creation of a new physical resource; hence creating one.",
            )
        else:
            self.stack.resources[resource.logical_id] = resource
            self._say_of(resource, "CREATE_IN_PROGRESS")
        with self._failing(resource, word):
            if replacing and declared.type == replacing.type:
                _refuse_same_name(declared, replacing, properties)
            resource.physical_id = ""
            provider = self._start(resource)
            ledger = Declared(resource.sent)
            made = provider.create(ledger, self._context(resource)) if provider else self._recorded(resource)
            self._settle(resource, made, ledger)
        self.steps.append(Step(replacing, resource, replaced=replacing is not None))
        self.stack.resources[resource.logical_id] = resource
        if replacing:
            self.leftovers.append((replacing, declared.update_replace_policy))
        self._say_of(resource, f"{word}_IN_PROGRESS", "Resource creation Initiated")
        self._say_of(resource, f"{word}_COMPLETE", resource.ledger_words)

    def _change(
        self, existing: StackResource, declared: Resource, properties: dict[str, Any], needs: frozenset[str]
    ) -> None:
        resource = self._next(declared, properties, needs)
        resource.generation, resource.physical_id = existing.generation, existing.physical_id
        resource.attributes = dict(existing.attributes)
        step = Step(existing, resource)
        self._say_of(resource, "UPDATE_IN_PROGRESS")
        try:
            with self._failing(resource, "UPDATE"):
                provider = self._start(resource)
                ledger = Declared(resource.sent)
                # a failure may leave half of the change behind: it is a step to undo all the same
                self.steps.append(step)
                made = existing.made
                if provider is not None:
                    made = provider.update(made, ledger, existing.sent, self._context(resource))
                self._settle(resource, made, ledger, existing)
                if provider is not None and provider.moves and made.physical_id != existing.physical_id:
                    step.replaced = True
                    self.leftovers.append((existing, declared.update_replace_policy))
        except ReplacementNeeded:
            self.steps.pop()
            self._create(declared, properties, needs, replacing=existing)
            return
        self.stack.resources[resource.logical_id] = resource
        self._say_of(resource, "UPDATE_COMPLETE", resource.ledger_words)

    def _next(self, declared: Resource, properties: dict[str, Any], needs: frozenset[str]) -> StackResource:
        return StackResource(
            declared.logical_id,
            declared.type,
            properties=properties,
            needs=needs,
            deletion_policy=declared.deletion_policy,
            metadata=declared.metadata,
            waits_for=declared.waits_for,
            tags=dict(self.stack.tags),
        )

    def _start(self, resource: StackResource) -> Provider | None:
        resource.sent = self.cloud.answered(resource.properties, self.stack)
        provider = self._provider(resource.type)
        resource.state = "emulated" if provider else "recorded"
        return provider

    def _recorded(self, resource: StackResource) -> Made:
        name = resource.logical_id if resource.generation == 0 else f"{resource.logical_id}{resource.generation}"
        return Made(derive.physical_id(resource.type, name, resource.sent, self.cloud.scope(self.stack)))

    def _settle(
        self, resource: StackResource, made: Made, ledger: Declared, before: StackResource | None = None
    ) -> None:
        """Take over what the provider made, and note what it did not apply."""
        resource.physical_id, resource.attributes = made.physical_id, dict(made.attributes)
        if made.recorded:
            resource.state = "recorded"
        unapplied = ledger.unapplied_leaves()
        if before is not None and resource.state == "emulated":
            # an update need not send again what it does not change
            same = _same_leaves(before.sent, resource.sent)
            unapplied = {path for path in unapplied if path not in same or path in before.unapplied}
        resource.unapplied = frozenset(unapplied)
        names = shortest(resource.sent, unapplied)
        provider = self._provider(resource.type)
        if resource.deletion_policy == "Snapshot" and (
            provider is None or type(provider).snapshot is Provider.snapshot
        ):
            names = (*names, "DeletionPolicy")
        names = (*names, *resource.waits_for)
        resource.not_emulated = names

    def _put_back(self, step: Step) -> None:
        """Bring a changed resource back to what it was."""
        before, after = step.before, step.after
        assert before is not None
        provider = self._provider(after.type)
        back = before.copy()
        self._say_of(back, "UPDATE_IN_PROGRESS")
        with self._failing(back, "UPDATE"):
            if isinstance(provider, nested.NestedStack):
                back.attributes = dict(provider.take_back(before.made).attributes)
            elif provider is not None:
                try:
                    made = provider.update(after.made, Declared(before.sent), after.sent, self._context(before))
                except ReplacementNeeded as error:
                    raise Failed(before.logical_id, "The change cannot be taken back in place.") from error
                back.physical_id, back.attributes = made.physical_id, dict(made.attributes)
        self.stack.resources[back.logical_id] = back
        self._say_of(back, "UPDATE_COMPLETE")

    def _clean_up(self) -> None:
        for resource, policy in self.leftovers:
            self._take_away(resource, policy or resource.deletion_policy)
        self.leftovers = []
        self.steps = []

    def _delete_all(self, retain: set[str]) -> None:
        resources = self.stack.resources
        left = dict(resources)
        failed = []
        for name in reversed(made_order(resources.values())):
            if any(name in other.needs for other in left.values() if other.logical_id != name):
                # what still stands may need it
                continue
            policy = "Retain" if name in retain else resources[name].deletion_policy
            if self._take_away(resources[name], policy):
                del left[name]
            else:
                failed.append(name)
        if failed:
            self._say("DELETE_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}]. ")
            return
        self.stack.deleted = datetime.now(UTC)
        self.stack.exports, self.stack.imports = {}, {}
        self._say("DELETE_COMPLETE")

    def _take_away(self, resource: StackResource, policy: str) -> bool:
        """Delete a resource as its policy says; False when it could not be deleted."""
        if resource.status in ("DELETE_COMPLETE", "DELETE_SKIPPED") or not resource.physical_id:
            return True
        if policy in ("Retain", "RetainExceptOnCreate"):
            self._say_of(resource, "DELETE_SKIPPED")
            return True
        provider = self._provider(resource.type)
        self._say_of(resource, "DELETE_IN_PROGRESS")
        try:
            with self._failing(resource, "DELETE"):
                if provider is not None:
                    context = self._context(resource)
                    if policy == "Snapshot" and type(provider).snapshot is not Provider.snapshot:
                        provider.snapshot(resource.made, Declared(resource.sent), context)
                    provider.delete(resource.made, Declared(resource.sent), context)
        except Failed:
            return False
        self._say_of(resource, "DELETE_COMPLETE")
        return True

    def _set_outputs(self, scope: Scope) -> None:
        stack = self.stack
        outputs: dict[str, Any] = {}
        exports: dict[str, Any] = {}
        named: dict[str, str] = {}
        for name, output in stack.template.outputs.items():
            if "Condition" in output and not holds(output["Condition"], scope):
                continue
            outputs[name] = self._output_text(name, resolve(output.get("Value"), scope))
            export = output.get("Export")
            if export:
                named[name] = text(resolve(export.get("Name"), scope))
                exports[named[name]] = outputs[name]
        self.cloud.refuse_export_changes(stack, exports)
        stack.outputs, stack.exports, stack.output_exports = outputs, exports, named

    def _output_text(self, name: str, value: Any) -> Any:
        if isinstance(value, Unknown):
            return value
        try:
            return self.cloud.answered({"Value": text(value)}, self.stack)["Value"]
        except TypeError as error:
            said = (
                f"Template format error: Output {name} is malformed. "
                "The Value field of every Outputs member must evaluate to a String."
            )
            raise Failed(None, said) from error

    @contextmanager
    def _failing(self, resource: StackResource, word: str) -> Iterator[None]:
        """Turn whatever goes wrong inside into the resource's failure."""
        try:
            yield
        except ReplacementNeeded:
            raise
        except Exception as error:
            said = reason(error)
            inner = ""
            if isinstance(error, nested.EmbeddedFailed):
                inner, resource.physical_id = error.reason, error.physical_id or resource.physical_id
            self._say_of(resource, f"{word}_FAILED", said)
            raise Failed(resource.logical_id, said, word.lower(), inner) from error

    def _provider(self, resource_type: str) -> Provider | None:
        return nested.NestedStack(self) if resource_type == nested.TYPE else find_provider(resource_type)

    def _context(self, resource: StackResource) -> Any:
        return self.cloud.context(self.stack, resource.logical_id, tags=resource.tags, generation=resource.generation)

    def _say(self, status: str, said: str | None = None) -> None:
        self.stack.say(status, said, self.token)

    def _say_of(self, resource: StackResource, status: str, said: str | None = None) -> None:
        self.stack.say_of(resource, status, said, self.token)


def made_order(resources: Iterable[StackResource]) -> list[str]:
    """Logical ids in the order in which the resources can have been made."""
    by_name = {each.logical_id: each for each in resources}
    return plan.order({name: set(each.needs & by_name.keys()) for name, each in by_name.items()})


def reason(error: Exception) -> str:
    """Why a resource failed, as CloudFormation says it."""
    answer = getattr(error, "response", None)
    if isinstance(answer, dict) and "Error" in answer:
        code = str(answer["Error"].get("Code", ""))
        message = answer["Error"].get("Message", code)
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        said, handler = f"{message} (Status Code: {status}, {code})", _handler_code(code)
        return f'Resource handler returned message: "{said}" (HandlerErrorCode: {handler})'
    if isinstance(error, Refused):
        return " ".join(error.faults) or str(error)
    if isinstance(error, (Failed, Said, TemplateError)):
        return str(error)
    if type(error).__module__.startswith("botocore"):
        return f'Resource handler returned message: "{" ".join(str(error).split())}" (HandlerErrorCode: InvalidRequest)'
    return f'Resource handler returned message: "{error}" (HandlerErrorCode: {type(error).__name__})'


def _handler_code(code: str) -> str:
    for words, name in _HANDLER_CODES:
        if any(word in code for word in words):
            return name
    return "GeneralServiceException"


_HANDLER_CODES = (
    (("AlreadyExists", "AlreadyOwned", "Duplicate", "Conflict", "ResourceInUse"), "AlreadyExists"),
    (("NotFound", "NoSuch", "NonExistent"), "NotFound"),
    (("AccessDenied", "Unauthorized"), "AccessDenied"),
    (("Invalid", "Malformed", "Validation"), "InvalidRequest"),
    (("LimitExceeded",), "ServiceLimitExceeded"),
)


def _policy_on_rollback(resource: StackResource) -> str:
    # what this very operation made: only Retain keeps it
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    return "Retain" if resource.deletion_policy == "Retain" else "Delete"


def _carries_tags(resource_type: str) -> bool:
    schema = schemas.find(resource_type)
    return schema is not None and schema.tags_property is not None


def _same_leaves(before: Any, after: Any) -> set[tuple[str, ...]]:
    changed = [path for path, _, _ in plan.changes(before, after)]
    return {leaf for leaf in leaves(after) if not any(leaf[: len(path)] == path for path in changed)}


def _refuse_same_name(declared: Resource, replacing: StackResource, properties: dict[str, Any]) -> None:
    name = plan.keeps_its_name(declared.type, replacing.properties, properties)
    if name is not None:
        said = (
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {name} and update the stack again."
        )
        raise Failed(declared.logical_id, said)
