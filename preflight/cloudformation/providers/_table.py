"""How an ordinary resource type becomes API calls: a table of calls, and the one reader of such tables.

A provider is a class whose attributes are the table; a method is overridden where a type is special:

    class Group(Table):
        type = "AWS::IAM::Group"
        service = "iam"
        named = Name("GroupName", limit=128)
        makes = call("create_group", "Path", GroupName="{name}")
        then = (Each("ManagedPolicyArns", add=call("attach_group_policy", ...), remove=call(...)),)
        ref = "{name}"
        attributes = "Arn=Group.Arn"
        unmakes = call("delete_group", GroupName="{ref}")
        reads = (call("get_group", GroupName="{ref}"),)

`"Parameter=Property.Path Same"` says what a call sends. Values are fitted to the parameter's shape in botocore's model:
names in either case, numbers and booleans written as text, policy documents as JSON text. What has no place in the
shape is left unread, so that the ledger names it. Words in braces stand for `{ref}`, `{name}`, `{region}`, `{account}`,
`{partition}`, `{item}` (of an `Each`), `{made.Attribute}` and `{Property.Path}`, which counts as sending the property;
a parameter whose word is absent is left out. `attributes` and `ref` are such words, or JMESPath into the answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Protocol

from preflight.cloudformation.ledger import Declared, plain
from preflight.cloudformation.providers import Context, Made, Provider, ReplacementNeeded


class _Absent:
    def __bool__(self) -> bool:
        return False


ABSENT: Any = _Absent()

_WORD = re.compile(r"\{([A-Za-z][A-Za-z0-9_.:-]*)\}")
_TAGS = re.compile(r"(?i)(add|remove|resource)?tags?(et|list|keys|keylist|stoadd|storemove)?|keys")
_GONE = re.compile(
    r"NotFound|NoSuch|Non[Ee]xistent|DoesNotExist|ResourceNotFound|\.Unknown$|OrganizationsNotInUse|^Unknown(Monitor|Subscription)Exception$|^404$"
)


@dataclass(frozen=True)
class Call:
    """One API call: the operation, what it sends from the properties, and what else it is given."""

    operation: str
    sends: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    adjust: Callable[[dict[str, Any]], None] | None = None

    @cached_property
    def properties(self) -> frozenset[str]:
        """The top-level properties this call carries to the service."""
        sent = {path.split(".")[0] for path in self.sends.values()}
        filled = {word.split(".")[0] for word in _words(self.given) if word[0].isupper()}
        return frozenset(sent | filled)

    def render(self, scope: Scope, service: str) -> dict[str, Any]:
        """The call's arguments."""
        shape = scope.input_shape(service, self.operation)
        arguments: dict[str, Any] = {}
        for parameter, source in self.sends.items():
            holder, key = _holder(scope.declared, source)
            if holder is not None:
                _send(arguments, shape, parameter, holder, key, self.names)
        for parameter, template in self.given.items():
            value = scope.fill(template)
            if isinstance(value, Declared) and shape.members[parameter].type_name == "structure":
                arguments[parameter] = _structure(shape.members[parameter], value, self.names)
            elif value is not ABSENT:
                _send(arguments, shape, parameter, Declared({parameter: plain(value)}), parameter, self.names)
        if self.adjust is not None:
            self.adjust(arguments)
        return arguments


def call(
    operation: str,
    sends: str = "",
    *,
    names: str = "",
    adjust: Callable[[dict[str, Any]], None] | None = None,
    **given: Any,
) -> Call:
    """A row's way to write a Call.

    `names` are the API's names for properties deeper inside ("ID=Id Age.Days=AgeInDays"; "Days=Parent.InDays" only
    under that parent); `adjust` changes the finished arguments where the two shapes differ beyond names.
    """
    renames = {ours: theirs for theirs, ours in _pairs(names)}
    return Call(operation, dict(_pairs(sends)), renames, given, adjust)


class Step(Protocol):
    """One of the things that follow the create call, with the way to change it and to take it away."""

    @property
    def properties(self) -> frozenset[str]:
        """The top-level properties this step carries."""

    def make(self, table: Table, scope: Scope) -> None:
        """Do it for a new resource."""

    def change(self, table: Table, before: Scope, after: Scope) -> None:
        """Bring an existing resource from one set of properties to another."""

    def undo(self, table: Table, scope: Scope) -> None:
        """Take away what must go before the resource can."""


@dataclass(frozen=True)
class Setting:
    """Properties set by a call of their own: put when declared, removed when no longer declared.

    `otherwise` holds the parameters' values that stand for "not declared". With `at_create=False` the create call has
    already sent them and only a change is put. `alter` is the call for what is there already, where it is another one
    than `put`. With `first=True` the resource cannot be deleted before the setting is removed.
    """

    put: Call
    remove: Call | None = None
    alter: Call | None = None
    otherwise: Mapping[str, Any] | None = None
    at_create: bool = True
    first: bool = False

    @property
    def properties(self) -> frozenset[str]:
        """The top-level properties this setting carries."""
        return self.put.properties

    def make(self, table: Table, scope: Scope) -> None:
        """Set the properties of a new resource."""
        arguments = self._arguments(table, scope)
        default = {name: scope.fill(value) for name, value in (self.otherwise or {}).items()}
        told_nothing = bool(default) and all(arguments.get(name) == value for name, value in default.items())
        if self.at_create and self._declared(scope) and not told_nothing:
            table.ask(scope, self.put.operation, arguments)

    def change(self, table: Table, before: Scope, after: Scope) -> None:
        """Bring an existing resource from one set of properties to another."""
        old, new = self._arguments(table, before), self._arguments(table, after)
        was, is_now = self._declared(before), self._declared(after)
        if is_now and was and new != old and self.alter is not None:
            table.ask(after, self.alter.operation, self.alter.render(after, table.service))
        elif is_now and (new != old or not was):
            table.ask(after, self.put.operation, new)
        elif was and not is_now and self.remove is not None:
            table.ask(after, self.remove.operation, self.remove.render(after, table.service))
        elif was and not is_now and self.otherwise is not None:
            table.ask(after, self.put.operation, new)

    def undo(self, table: Table, scope: Scope) -> None:
        """Remove what must go before its resource can; other settings go with it."""
        if self.first and self.remove is not None and self._declared(scope):
            with passing_over_gone():
                table.ask(scope, self.remove.operation, self.remove.render(scope, table.service))

    def _declared(self, scope: Scope) -> bool:
        return any(name in scope.declared for name in self.properties)

    def _arguments(self, table: Table, scope: Scope) -> dict[str, Any]:
        arguments = self.put.render(scope, table.service)
        fallback = {name: scope.fill(value) for name, value in (self.otherwise or {}).items()}
        return {**fallback, **arguments}


@dataclass(frozen=True)
class Each:
    """A call for every item of a list property (or its one value), and the call that takes the item away again."""

    items: str
    add: Call
    remove: Call

    @property
    def properties(self) -> frozenset[str]:
        """The top-level properties these calls carry."""
        return frozenset({self.items.split(".")[0]}) | self.add.properties

    def make(self, table: Table, scope: Scope) -> None:
        """Add every item to a new resource."""
        for arguments in self._rendered(self.add, table, scope):
            table.ask(scope, self.add.operation, arguments)

    def change(self, table: Table, before: Scope, after: Scope) -> None:
        """Take away the items that are gone, add the new and the changed ones."""
        kept = self._rendered(self.remove, table, after)
        for arguments in self._rendered(self.remove, table, before):
            if arguments not in kept:
                with passing_over_gone():
                    table.ask(after, self.remove.operation, arguments)
        there = self._rendered(self.add, table, before)
        for arguments in self._rendered(self.add, table, after):
            if arguments not in there:
                table.ask(after, self.add.operation, arguments)

    def undo(self, table: Table, scope: Scope) -> None:
        """Take every item away, because its resource is about to go."""
        for arguments in self._rendered(self.remove, table, scope):
            with passing_over_gone():
                table.ask(scope, self.remove.operation, arguments)

    def _rendered(self, each_call: Call, table: Table, scope: Scope) -> list[dict[str, Any]]:
        holder, key = _holder(scope.declared, self.items)
        items = holder[key] if holder is not None else []
        items = items if isinstance(items, list) else [items]
        return [each_call.render(scope.with_item(item), table.service) for item in items]


@dataclass(frozen=True)
class Switch:
    """A property that is on or off, each by a call of its own; `default` is what AWS takes when it is not declared."""

    flag: str
    on: Call
    off: Call
    default: bool = False

    @property
    def properties(self) -> frozenset[str]:
        """The top-level properties these calls carry."""
        return frozenset({self.flag.split(".")[0]}) | self.on.properties

    def make(self, table: Table, scope: Scope) -> None:
        """Switch a new resource, unless it is so by default."""
        if self._wanted(scope) != self.default:
            self._turn(table, scope)

    def change(self, table: Table, before: Scope, after: Scope) -> None:
        """Switch when the property, or what goes with it, has changed."""
        was, is_now = self._wanted(before), self._wanted(after)
        told = self.on.render(before, table.service) != self.on.render(after, table.service)
        if was != is_now or (is_now and told):
            self._turn(table, after)

    def undo(self, table: Table, scope: Scope) -> None:
        """Nothing: the switch goes with its resource."""

    def _turn(self, table: Table, scope: Scope) -> None:
        row = self.on if self._wanted(scope) else self.off
        table.ask(scope, row.operation, row.render(scope, table.service))

    def _wanted(self, scope: Scope) -> bool:
        value = scope.fill("{" + self.flag + "}")
        return self.default if value is ABSENT else str(value).lower() == "true"


@dataclass(frozen=True)
class Tags:
    """How a resource carries tags: the call that adds, the one that removes, whatever shape they want.

    Without `remove` the add call replaces all tags, and `clear` takes the last ones away.
    `reserved` says whether the service below lets CloudFormation's own aws:cloudformation:* tags in.
    """

    add: Call
    remove: Call | None = None
    clear: Call | None = None
    property: str = "Tags"
    reserved: bool = True

    def of(self, scope: Scope) -> dict[str, str]:
        """Every tag the resource is to carry: its own over the stack's, and CloudFormation's."""
        own = tag_dict(scope.declared.take(self.property))
        mine = {
            "aws:cloudformation:stack-name": scope.context.stack_name,
            "aws:cloudformation:stack-id": scope.context.stack_id,
            "aws:cloudformation:logical-id": scope.context.logical_id,
        }
        wanted = {**scope.context.tags, **own, **mine}
        return {key: value for key, value in wanted.items() if self.reserved or not key.startswith("aws:")}

    def remember(self, table: Table, scope: Scope) -> None:
        """The resource carries its tags already."""
        place = (table.type, scope.context.region, scope.ref)
        scope.context.beside.setdefault("tags", {})[place] = self.of(scope)

    def put(self, table: Table, scope: Scope) -> None:
        """Make the resource carry its tags, and no longer those the last call put there."""
        wanted = self.of(scope)
        place = (table.type, scope.context.region, scope.ref)
        there = scope.context.beside.get("tags", {}).get(place, {})
        self.remember(table, scope)
        if wanted == there:
            return
        # a changed tag goes first: some emulated services would keep both values
        changed = {key: value for key, value in there.items() if wanted.get(key) != value}
        if changed and self.remove is not None:
            self._ask(table, scope, self.remove, changed, values=False)
        added = {key: value for key, value in wanted.items() if there.get(key) != value}
        if wanted and (added or self.remove is None):
            self._ask(table, scope, self.add, added if self.remove else wanted, values=True)
        elif changed and self.clear is not None:
            table.ask(scope, self.clear.operation, self.clear.render(scope, table.service))

    def _ask(self, table: Table, scope: Scope, row: Call, tags: Mapping[str, str], *, values: bool) -> None:
        arguments = row.render(scope, table.service)
        shape = scope.input_shape(table.service, row.operation)
        holder, members = arguments, shape.members
        if "Tagging" in members:  # S3 wraps its list
            holder, members = arguments.setdefault("Tagging", {}), members["Tagging"].members
        found = [name for name in members if _TAGS.fullmatch(name)]
        # Route 53 adds and removes by one call
        parameter = next((name for name in found if ("key" in name.lower()) != values), found[0])
        holder[parameter] = tag_shape(members[parameter], tags, values=values)
        table.ask(scope, row.operation, arguments)


@dataclass(frozen=True)
class Name:
    """The property that names the resource, and how CloudFormation makes one up."""

    property: str
    limit: int = 64
    lower: bool = False


class Scope:
    """What the words of one resource's table stand for."""

    def __init__(self, declared: Declared, context: Context, *, name: str = "", made: Made | None = None) -> None:
        self.declared = declared
        self.context = context
        self.name = name
        self.ref = made.physical_id if made else ""
        self.made = made
        self.item: Any = ABSENT

    def with_item(self, item: Any) -> Scope:
        """The same scope looking at one item of a list."""
        other = Scope(self.declared, self.context, name=self.name, made=self.made)
        other.item = item
        return other

    def fill(self, template: Any) -> Any:
        """A template with its words replaced; ABSENT when a word stands for nothing."""
        if isinstance(template, str):
            return self._fill_text(template)
        if isinstance(template, Mapping):
            filled = {key: self.fill(value) for key, value in template.items()}
            kept = {key: value for key, value in filled.items() if value is not ABSENT}
            return kept if kept or not template else ABSENT
        if isinstance(template, Sequence):
            items = [self.fill(each) for each in template]
            return ABSENT if ABSENT in items else items
        return template

    def input_shape(self, service: str, operation: str) -> Any:
        """botocore's description of an operation's parameters."""
        client = self.context.client(service)
        return client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape

    def _fill_text(self, template: str) -> Any:
        whole = _WORD.fullmatch(template)
        if whole:
            return self._value(whole.group(1))
        values = {word: self._value(word) for word in _WORD.findall(template)}
        if ABSENT in values.values():
            return ABSENT
        return _WORD.sub(lambda found: str(values[found.group(1)]), template)

    def _value(self, word: str) -> Any:
        head, _, rest = word.partition(".")
        if head == "item":
            return self._item_value(rest)
        if head == "made":
            return self.made.attributes.get(rest, ABSENT) if self.made else ABSENT
        if head[0].isupper():
            holder, key = _holder(self.declared, word)
            return holder.take(key) if holder is not None else ABSENT
        known = {"ref": self.ref, "name": self.name}
        return known[head] if head in known else getattr(self.context, head)

    def _item_value(self, path: str) -> Any:
        if not path:
            return self.item
        holder, key = _holder(self.item, path) if isinstance(self.item, Declared) else (None, "")
        return holder.take(key) if holder is not None else ABSENT


class Table(Provider):
    """A provider whose attributes say everything: which calls make, set, tag, read and unmake the resource.

    `tells` are the names under which the service tells a property ("Enabled=EnableIt"), where it is sent by another
    one; `untold` are the properties it takes and never tells, on AWS either: passwords, and ways to do things.
    """

    service: ClassVar[str]
    makes: ClassVar[Call | None] = None
    ref: ClassVar[str]
    unmakes: ClassVar[Call | None] = None
    named: ClassVar[Name | None] = None
    attributes: ClassVar[str] = ""
    describes: ClassVar[Call | None] = None
    then: ClassVar[Sequence[Step]] = ()
    tags: ClassVar[Tags | None] = None
    in_place: ClassVar[frozenset[str]] = frozenset()
    drops: ClassVar[str] = ""
    tells: ClassVar[str] = ""
    untold: ClassVar[str] = ""
    reads: ClassVar[Sequence[Call]] = ()

    def create(self, declared: Declared, context: Context) -> Made:
        """Make the resource, then set, add and tag; what fails half-way is taken away again."""
        name = self.name_of(declared, context)
        scope = Scope(declared, context, name=name)
        answer = self.begin(scope)
        made = Made(str(self._expression(self.ref, scope, answer)))
        self._forget(made, context)
        try:
            made = Made(made.physical_id, self._attributes(Scope(declared, context, name=name, made=made), answer))
            scope = Scope(declared, context, name=name, made=made)
            self.finish(scope, answer)
            if self.describes is not None:
                made = Made(made.physical_id, self._attributes(scope, self._described(scope)))
        except Exception:
            with suppress(Exception):
                self.delete(made, declared, context)
            raise
        self._read_for_the_end(scope)
        self.refuse_drops(declared)
        return made

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Change what differs, by the calls that carry it; what only the create call carries needs a replacement."""
        old = self.scope(made, Declared(before), context)
        new = self.scope(made, declared, context)
        self._refuse_replacement(declared, before)
        self.arguments(new)
        self.change(old, new)
        self._read_for_the_end(new)
        self.refuse_drops(declared)
        if self.describes is None:
            return Made(made.physical_id, {**made.attributes, **self._formats(new)})
        return Made(made.physical_id, self._attributes(new, self._described(new)))

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Take items away, then the resource; what is gone already is no failure."""
        scope = self.scope(made, declared, context)
        with passing_over_gone():
            self.clear(scope)
        if self.unmakes is not None:
            with passing_over_gone():
                self.ask(scope, self.unmakes.operation, self.unmakes.render(scope, self.service))
        self._forget(made, context)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Make the resource itself; a type without a call of its own consists of its items alone."""
        return self.ask(scope, self.makes.operation, self.arguments(scope)) if self.makes else {}

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The create call's arguments; a provider overrides this to add what the table cannot say."""
        return self.makes.render(scope, self.service) if self.makes else {}

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Everything that follows the create call."""
        for step in self.then:
            step.make(self, scope)
        if self.tags is not None:
            self.tags.put(self, scope)

    def change(self, before: Scope, after: Scope) -> None:
        """Everything an update does."""
        for step in self.then:
            step.change(self, before, after)
        if self.tags is not None:
            self.tags.put(self, after)

    def clear(self, scope: Scope) -> None:
        """What must go before the resource itself can."""
        for step in reversed(self.then):
            step.undo(self, scope)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The resource as the service tells it, through the public API: one answer for each of the table's `reads`."""
        scope = self.scope(made, declared, context)
        answers = []
        for each in self.reads:
            with passing_over_gone():
                answers.append(self.ask(scope, each.operation, each.render(scope, self.service)))
        return answers

    def scope(self, made: Made, declared: Declared, context: Context) -> Scope:
        """The words of an existing resource."""
        return Scope(declared, context, name=self.name_of(declared, context, made), made=made)

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """The declared name, else the one the resource already has, else one made up as CloudFormation does."""
        if self.named is None:
            return ""
        if self.named.property in declared:
            return str(declared.take(self.named.property))
        if made is not None and self.ref == "{name}":
            return made.physical_id
        return context.name(limit=self.named.limit, lower=self.named.lower)

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call the service."""
        answer: dict[str, Any] = getattr(scope.context.client(self.service), operation)(**arguments)
        return answer

    def refuse_drops(self, declared: Declared) -> None:
        """Name what the service below takes and forgets."""
        for path in self.drops.split():
            not_emulated(declared, path)

    def _forget(self, made: Made, context: Context) -> None:
        context.beside.get("tags", {}).pop((self.type, context.region, made.physical_id), None)

    def _read_for_the_end(self, scope: Scope) -> None:
        """What only the last call sends is applied too, in its time."""
        if self.unmakes is not None:
            self.unmakes.render(scope, self.service)

    def _refuse_replacement(self, declared: Declared, before: Mapping[str, Any]) -> None:
        fixed = {*(self.makes.properties if self.makes else ()), *([self.named.property] if self.named else [])}
        fixed = fixed.difference(self.in_place, *(step.properties for step in self.then))
        if any(declared.peek(name) != plain(before.get(name)) for name in fixed):
            raise ReplacementNeeded

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        found = {name: self._expression(each, scope, answer) for name, each in _pairs(self.attributes)}
        # a time is text in a template
        told = {
            name: f"{each:%Y-%m-%dT%H:%M:%SZ}" if isinstance(each, datetime) else each for name, each in found.items()
        }
        return {name: value for name, value in told.items() if value is not None and value is not ABSENT}

    def _described(self, scope: Scope) -> dict[str, Any]:
        return (
            self.ask(scope, self.describes.operation, self.describes.render(scope, self.service))
            if self.describes
            else {}
        )

    def _formats(self, scope: Scope) -> dict[str, Any]:
        found = {name: scope.fill(each) for name, each in _pairs(self.attributes) if "{" in each}
        return {name: value for name, value in found.items() if value is not ABSENT}

    def _expression(self, expression: str, scope: Scope, answer: Mapping[str, Any]) -> Any:
        if "{" in expression:
            return scope.fill(expression)
        import jmespath  # type: ignore[import-untyped]

        return jmespath.search(expression, answer)


class passing_over_gone:
    """A context in which "there is no such thing" is not an error."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        return error is not None and is_gone(error)


def is_gone(error: BaseException) -> bool:
    """Whether a service's error says that the thing asked for does not exist."""
    told = getattr(error, "response", {}).get("Error", {})
    code, message = str(told.get("Code", "")), str(told.get("Message", ""))
    # GuardDuty's word for it
    return bool(_GONE.search(code)) or "is not owned by the current account" in message


def refusal(code: str, message: str, operation: str, *, status: int = 400) -> Exception:
    """An error in the service's own words, for what the service below would let pass."""
    from botocore.exceptions import ClientError

    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error: Exception = ClientError(answer, operation)
    return error


def not_emulated(declared: Declared, path: str) -> None:
    """Name every branch under a dotted path, through lists (`Rules.Filter` means each rule's)."""
    head, _, rest = path.partition(".")
    if head not in declared:
        return
    if not rest:
        declared.not_emulated(head)
        return
    value = declared.peek(head)
    if isinstance(value, Mapping) and value:
        not_emulated(declared[head], rest)
    elif isinstance(value, list):
        for each in declared[head]:
            if isinstance(each, Declared):
                not_emulated(each, rest)


def tag_dict(tags: Any) -> dict[str, str]:
    """Tags as a plain dict, from either of CloudFormation's shapes."""
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in tags or ()}


def tag_shape(shape: Any, tags: Mapping[str, str], *, values: bool = True) -> Any:
    """Tags in the shape an operation's parameter wants: a map, a list of pairs, or a list of keys."""
    if shape.type_name == "map":
        return dict(tags)
    if shape.type_name == "structure":  # CloudFront wraps its lists
        return {"Items": tag_shape(shape.members["Items"], tags, values=values)}
    if shape.member.type_name == "string":
        return list(tags)
    names = list(shape.member.members)
    key = next(name for name in names if name.lower().endswith("key"))
    value = next((name for name in names if name.lower().endswith("value")), "")
    return [{key: each, value: text} if values and value else {key: each} for each, text in tags.items()]


def fit(shape: Any, holder: Declared, key: str, names: Mapping[str, str]) -> Any:
    """The property `key` of `holder` in the parameter's shape; what the shape has no place for stays unread."""
    kind = shape.type_name
    value = holder.peek(key)
    if kind == "structure" and isinstance(value, list) and {"Quantity", "Items"} <= set(shape.members):
        # CloudFront's lists say how long they are
        return {"Quantity": len(value), "Items": fit(shape.members["Items"], holder, key, names)}
    if kind == "structure" and isinstance(value, Mapping):
        inner = holder[key]
        return _structure(shape, inner, names, key) if isinstance(inner, Declared) else {}
    if kind == "map" and isinstance(value, Mapping):
        inner = holder[key]
        return {each: fit(shape.value, inner, each, names) for each in inner} if isinstance(inner, Declared) else {}
    if kind in ("structure", "list", "map") and isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(holder.take(key))
    if kind == "map" and isinstance(value, list) and all(isinstance(each, Mapping) and "Key" in each for each in value):
        return tag_dict(holder.take(key))
    if kind == "list":
        if isinstance(value, Mapping) and shape.member.type_name == "structure":
            return [_item(shape.member, holder[key], names, key)]
        if isinstance(value, list) and value and shape.member.type_name in ("structure", "map", "list"):
            return [_item(shape.member, each, names, key) for each in holder[key]]
        taken = holder.take(key)
        return [scalar(shape.member, each) for each in (taken if isinstance(taken, list) else [taken])]
    return scalar(shape, holder.take(key))


def scalar(shape: Any, value: Any) -> Any:
    """A value as the shape's type wants it: templates write numbers and booleans as text, and documents as objects."""
    kind = shape.type_name
    if kind == "boolean" and isinstance(value, str):
        return value.strip().lower() == "true"
    if kind in ("integer", "long") and isinstance(value, str | float) and _is_number(value):
        return int(float(value))
    if kind in ("float", "double") and isinstance(value, str) and _is_number(value):
        return float(value)
    if kind == "blob" and isinstance(value, str):
        return value.encode()
    if kind == "string" and isinstance(value, Mapping | list):
        return json.dumps(value)
    if kind == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if kind == "string" and not isinstance(value, str):
        return str(value)
    return value


def _structure(shape: Any, inner: Declared, names: Mapping[str, str], parent: str = "") -> dict[str, Any]:
    fitted: dict[str, Any] = {}
    for each in inner:
        theirs = names.get(f"{parent}.{each}") or names.get(each, each)
        _send(fitted, shape, theirs, inner, each, names)
    if "Quantity" in shape.members and "Items" in fitted:
        fitted.setdefault("Quantity", len(fitted["Items"]))
    return fitted


def _item(shape: Any, each: Any, names: Mapping[str, str], parent: str) -> Any:
    if isinstance(each, Declared):
        return _structure(shape, each, names, parent) if shape.type_name == "structure" else each.take()
    return scalar(shape, each)


def _send(
    arguments: dict[str, Any], shape: Any, parameter: str, holder: Declared, key: str, names: Mapping[str, str]
) -> None:
    """Put a property at a dotted parameter path, when the shape has a place for it."""
    *steps, last = parameter.split(".")
    for step in steps:
        name = _member(shape, step)
        if name is None:
            return
        shape, arguments = _inner(shape, name), arguments.setdefault(name, {})
    name = _member(shape, last)
    if name is not None:
        arguments[name] = fit(_inner(shape, name), holder, key, names)


def _inner(shape: Any, name: str) -> Any:
    return shape.value if shape.type_name == "map" else shape.members[name]


def _member(shape: Any, name: str) -> str | None:
    if shape.type_name == "map":
        return name
    if shape.type_name != "structure":
        return None
    if name in shape.members:
        return name
    return next((each for each in shape.members if each.lower() == name.lower()), None)


def _holder(declared: Declared, path: str) -> tuple[Declared | None, str]:
    """The branch that holds the last name of a dotted path, or None when the path is not declared."""
    *steps, last = path.split(".")
    holder: Any = declared
    for step in steps:
        if not isinstance(holder, Declared) or not isinstance(holder.peek(step), Mapping):
            return None, last
        holder = holder[step]
    return (holder, last) if isinstance(holder, Declared) and last in holder else (None, last)


def _words(template: Any) -> Iterator[str]:
    if isinstance(template, str):
        yield from _WORD.findall(template)
    elif isinstance(template, Mapping):
        for each in template.values():
            yield from _words(each)
    elif isinstance(template, Sequence):
        for each in template:
            yield from _words(each)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for each in text.split():
        left, _, right = each.partition("=")
        yield left, right or left


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
