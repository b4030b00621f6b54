"""Who may do something in a design, and all that one principal may do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from preflight.analysis.access import (
    ASSUMING,
    IDENTITY,
    RESOURCE,
    TRUST,
    UNKNOWN,
    ContextValue,
    Decision,
    Principal,
    Request,
    covers_arn,
    opened,
    overlaps_arn,
)
from preflight.analysis.actions import Universe
from preflight.analysis.conditions import Known, Lookup, fill, known
from preflight.analysis.identities import (
    ORDINARY,
    PRINCIPAL_TYPES,
    RUNS_WITH,
    Identity,
    Index,
    index_of,
    judge,
    short_name,
)
from preflight.analysis.policy import Policy, PrincipalElement, Statement
from preflight.analysis.principals import ACCOUNT, DIRECT, named_by
from preflight.errors import Usage
from preflight.intrinsics import Unknown
from preflight.template import Design, Item

Kind = Literal["anyone", "other accounts", "account", "service", "federated", "role", "user", "group"]


@dataclass(frozen=True)
class Way:
    """One principal that may do what was asked.

    `answer` is "allowed" or "depends" (then on `depends_on`). `through` names the statements that let it in, `on` the
    resources it is about where a pattern was asked for and less is granted. `serves` is what runs with a role.
    """

    who: str
    kind: Kind
    answer: Literal["allowed", "depends"]
    because: str
    through: tuple[str, ...]
    depends_on: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()


def who_may(
    design: Design, action: str, resource: str = "*", *, context: Mapping[str, ContextValue] | None = None
) -> tuple[Way, ...]:
    """Everyone who may do an action on a resource, outsiders first.

    Asked are the design's roles, users and groups (as a member with nothing else), an anonymous caller, any other
    account, and whoever the policy on the resource names. For a resource with `*` or `?`, whoever may do it on a part
    of what it matches is listed with that part. The account's own root user, who may do everything, is left out.
    Otherwise as `identities.may`; raises Usage like it.
    """
    index = index_of(design)
    asked = index.arn(resource, action)
    book = _book_of(index)
    found = []
    for kind, name, identity in _candidates(index, asked, action):
        way = _way(book, kind, name, identity, action, asked, context)
        if way is not None:
            found.append(way)
    # whoever anyone stands for need not be named again
    if any(way.kind == "anyone" and way.answer == "allowed" and not way.on for way in found):
        found = [way for way in found if way.kind != "other accounts"]
    return tuple(found)


@dataclass(frozen=True)
class Grant:
    """One line of what a principal may do: actions on resources, through statements.

    `actions` says in few words what `names` spells out. `resources` are patterns of which one must match; `within` are
    further ones that must all match (a boundary's), and none of `never` may. `conditions` are said as the policies
    write them; "unless" stands before those of a Deny. `closed` holds keys and roles whose own policy does not let the
    principal in, whatever this line says.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    through: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    levels: Mapping[str, int] = field(default_factory=dict)
    closed: tuple[tuple[str, int], ...] = field(default=(), repr=False)
    bits: int = field(default=0, repr=False)
    on_resource: bool = field(default=False, repr=False)
    universe: Universe = field(default_factory=Universe, repr=False)

    @property
    def names(self) -> list[str]:
        """Every action of the line that AWS lists, and those the policies name besides."""
        return self.universe.names(self.bits)

    @property
    def is_unconditional(self) -> bool:
        return not self.conditions

    @property
    def by_identity(self) -> bool:
        """Whether it is the principal's own policies that grant it, not a resource's."""
        return not self.on_resource

    def as_data(self) -> dict[str, Any]:
        """The line as plain data; actions are spelled out by access level where they are no more than fifty."""
        spelled = {level: self.universe.at_level(self.bits, level) for level in self.levels}
        return {
            "actions": list(self.actions),
            "resources": list(self.resources),
            "within": list(self.within),
            "never": list(self.never),
            "conditions": list(self.conditions),
            "through": list(self.through),
            "levels": dict(self.levels),
            "spelled_out": spelled if self.bits.bit_count() <= 50 else {},
            "closed": [arn for arn, _ in self.closed],
        }

    def covers(self, action: str, resource: str) -> bool:
        """Whether the line is about an action on one resource, conditions aside.

        The resource is an ARN, or "*" for an action that has none.
        """
        bit = self.universe.matching(action)
        return bool(
            bit & self.bits
            and any(_matches(each, resource) for each in self.resources)
            and all(_matches(each, resource) for each in self.within)
            and not any(_matches(each, resource) for each in self.never)
            and not any(arn == resource and bit & bits for arn, bits in self.closed)
        )

    def touches(self, action: str, resource: str) -> bool:
        """Whether the line allows an action on something that a pattern stands for."""
        return bool(self.universe.matching(action) & self.bits) and any(
            all(overlaps_arn(opened(each), resource) for each in (one, *self.within))
            and not any(covers_arn(each, resource) for each in self.never)
            for one in self.resources
        )


def what_may(
    design: Design,
    principal: str,
    *,
    context: Mapping[str, ContextValue] | None = None,
    also: Sequence[str | Mapping[str, Any]] = (),
) -> tuple[Grant, ...]:
    """All that a principal may do on this account's resources, after explicit denies and boundaries.

    A line is as wide as the statement that grants it, less what is denied; one that another line holds whole is left
    out. Of a principal outside the design only what the design's resource policies grant is listed. Statements whose
    condition is known not to hold for an ordinary call (see `identities.may`) grant nothing.

    `also` asks what if: managed policies (by ARN) or documents attached to the principal besides its own. Raises Usage
    for a name that means nothing or several things.
    """
    index = index_of(design)
    identity = index.identity(principal)
    book = _book_of(index)
    if also:
        identity = replace(identity, policies=(*identity.policies, *map(index.attached, also)))
    if context or also:
        return tuple(_Reading(book, identity, context).grants())
    return book.grants(identity)


def holds_whole(wide: Grant, line: Grant) -> bool:
    """Whether a line says nothing that another does not."""
    return _absorbs(wide, line)


def all_of(conditions: Sequence[str], before: str = "") -> str:
    """A line's conditions as the end of a sentence: "when ... and unless ..."."""
    when = [each for each in conditions if not each.startswith("unless ")]
    unless = [each for each in conditions if each.startswith("unless ")]
    said = [f"when {' and '.join(when)}"] if when else []
    return before + " and ".join([*said, *unless]) if said or unless else ""


def runs_with(index: Index, role: Item) -> tuple[str, ...]:
    """What of the design runs with a role: functions, instances, rules and whatever else names its ARN."""
    users = _book_of(index).users
    return tuple(dict.fromkeys((*users.get(role.arn or "", ()), *users.get(role.physical_id, ()))))


class Book:
    """What the questions about one design share: its universe of actions, and each principal's grants."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._grants: dict[tuple[str, str, str], tuple[Grant, ...]] = {}
        self._clipped: dict[tuple[int, str | None], tuple[str, ...]] = {}

    def grants(self, identity: Identity) -> tuple[Grant, ...]:
        """All that a principal may do in an ordinary call, read once."""
        key = (identity.item.logical_id if identity.item else "", identity.principal.arn, str(identity.principal))
        if key not in self._grants:
            self._grants[key] = tuple(_Reading(self, identity, {}).grants())
        return self._grants[key]

    @cached_property
    def universe(self) -> Universe:
        policies = [policy for policy, _ in self.on_resources]
        for item in self.index.principals:
            identity = self.index.of(item)
            policies += [*identity.policies, *identity.boundaries]
        return Universe.naming(
            statement.actions for policy in policies for statement in policy.statements if not statement.actions.negated
        )

    @cached_property
    def users(self) -> dict[str, list[str]]:
        """What runs with each role, by the role's ARN or name."""
        found: dict[str, list[str]] = {}
        profiles = {
            each.physical_id: [str(role) for role in each.properties.get("Roles") or []]
            for each in self.index.design.of_type("AWS::IAM::InstanceProfile")
        }
        for item in self.index.design.resources.values():
            roles = list(_roles_of(item))
            if item.type == "AWS::EC2::Instance":
                roles += profiles.get(str(item.properties.get("IamInstanceProfile")), [])
            for role in dict.fromkeys(roles):
                found.setdefault(role, []).append(short_name(item))
        return found

    def clipped(self, statement: Statement, arn: str | None) -> tuple[str, ...]:
        """A statement's resource patterns; on a resource, as much of them as is about it."""
        if arn is None:
            return _clipped(statement, None)
        # a statement on a resource lives as long as its policy, which the index keeps
        key = (id(statement), arn)
        if key not in self._clipped:
            self._clipped[key] = _clipped(statement, arn)
        return self._clipped[key]

    @cached_property
    def on_resources(self) -> list[tuple[Policy, str]]:
        """Every policy on a resource with the resource's ARN, trust policies among them."""
        found = [(guard.policy, guard.arn) for guard in self.index.guards if guard.policy is not None]
        for item in self.index.design.of_type("AWS::IAM::Role"):
            trust = self.index.of(item).trust
            if trust is not None and item.arn:
                found.append((trust, item.arn))
        return found

    @cached_property
    def roles(self) -> dict[str, Item]:
        """The design's roles by their ARN."""
        return {item.arn: item for item in self.index.design.of_type("AWS::IAM::Role") if item.arn}

    @cached_property
    def allows(self) -> list[tuple[Statement, Policy, str]]:
        """Every Allow of a resource's policy."""
        return [each for each in self._statements if each[0].effect == "Allow"]

    @cached_property
    def allows_of_iam(self) -> list[tuple[Statement, Policy, str]]:
        """Those of them that can be about a user or a role."""
        return [each for each in self.allows if _can_name_iam(each[0].principal)]

    @cached_property
    def denies(self) -> list[tuple[Statement, Policy, str]]:
        """Every Deny of a resource's policy."""
        return [each for each in self._statements if each[0].effect == "Deny"]

    @cached_property
    def common_denies(self) -> list[_Deny]:
        """What is denied to everyone alike in an ordinary call."""
        anyone = _Reading(self, self.index.identity("anyone"), None)
        return [each for one in self.denies if _is_for_all(one[0]) for each in anyone.deny(*one)]

    @cached_property
    def particular_denies(self) -> list[tuple[Statement, Policy, str]]:
        """The Denies for which it matters whose call it is."""
        return [each for each in self.denies if not _is_for_all(each[0])]

    @cached_property
    def _statements(self) -> list[tuple[Statement, Policy, str]]:
        return [
            (statement, policy, arn)
            for policy, arn in self.on_resources
            for statement in policy.statements
            if statement.principal is not None
        ]

    @cached_property
    def named_bits(self) -> int:
        """The actions that somebody must be named for."""
        return self.universe.matching("kms:*", *ASSUMING)

    @cached_property
    def must_name(self) -> list[tuple[Policy, str, int]]:
        """Keys and roles, which let in only whom their own policy names, with the actions that is true for."""
        keys, assuming = self.universe.matching("kms:*"), self.universe.matching(*ASSUMING)
        return [
            (policy, arn, assuming if policy.kind == "trust" else keys)
            for policy, arn in self.on_resources
            if policy.kind == "trust" or (":kms:" in arn and ":key/" in arn)
        ]


def book_of(design: Design) -> Book:
    """The design's book, made once."""
    return _book_of(index_of(design))


def _book_of(index: Index) -> Book:
    book = index.design.__dict__.get("_grants")
    if book is None:
        book = index.design.__dict__["_grants"] = Book(index)
    assert isinstance(book, Book)
    return book


def _candidates(index: Index, asked: str, action: str) -> Iterator[tuple[Kind, str, Identity]]:
    """Whoever may be let in, outsiders first, each once."""
    account = index.design.account
    known = {item.arn for item in index.principals} | {f"arn:aws:iam::{account}:root", account}
    yield "anyone", "anyone", index.identity("anyone")
    stranger = next(each for each in ("999999999999", "888888888888") if each != account)
    yield "other accounts", "any other AWS account", index.identity(f"arn:aws:iam::{stranger}:root")
    outside: dict[str, tuple[Kind, str, Identity]] = {}
    for policy in _policies_about(index, asked, action):
        for statement in policy.statements:
            if statement.effect == "Allow" and statement.principal is not None:
                for kind, name, identity in _named(index, statement, known):
                    outside.setdefault(name, (kind, name, identity))
    yield from (outside[name] for name in sorted(outside, key=lambda each: (KINDS.index(outside[each][0]), each)))
    for item in sorted(index.principals, key=lambda each: KINDS.index(PRINCIPAL_TYPES[each.type])):
        yield PRINCIPAL_TYPES[item.type], short_name(item), index.of(item)


def _policies_about(index: Index, asked: str, action: str) -> Iterator[Policy]:
    """The policies on the resources a question is about."""
    if action.lower() in ASSUMING:
        for item in index.design.of_type("AWS::IAM::Role"):
            trust = index.of(item).trust
            if trust is not None and item.arn and overlaps_arn(asked, item.arn):
                yield trust
        return
    for guard in index.guards:
        if guard.policy is not None and any(overlaps_arn(asked, each) for each in _parts(guard.arn)):
            yield guard.policy


def _named(index: Index, statement: Statement, known: set[str | None]) -> Iterator[tuple[Kind, str, Identity]]:
    """The principals a statement names that the design does not hold."""
    assert statement.principal is not None
    if statement.principal.negated:
        return
    for name in statement.principal.service:
        if not isinstance(name, Unknown):
            yield "service", name, Identity(Principal("service", arn=name, name=name))
    for name in statement.principal.federated:
        if not isinstance(name, Unknown):
            yield "federated", name, Identity(Principal("federated", arn=name, name=name))
    for name in statement.principal.canonical:
        alias = f"the canonical user {name}"
        somebody = Principal("user", canonical_user=name, alias=alias, account="000000000000")
        yield "account", alias, Identity(somebody, index.identity("arn:aws:iam::000000000000:user/x").policies)
    for name in statement.principal.aws:
        if isinstance(name, Unknown) or name in known or index.role(name) is not None or name.startswith("A"):
            continue
        try:
            yield "account", name, index.identity(name, hypothetical=True)
        except Usage:
            # an id of somebody who is gone, or a kind of principal nobody can ask for
            continue


def _way(
    book: Book,
    kind: Kind,
    name: str,
    identity: Identity,
    action: str,
    asked: str,
    context: Mapping[str, ContextValue] | None,
) -> Way | None:
    index = book.index
    decision = judge(index, identity, action, asked, context=context)
    serves = runs_with(index, identity.item) if kind == "role" and identity.item else ()
    is_pattern = "*" in asked or "?" in asked
    is_whole = decision.answer == "allowed" or not is_pattern
    if is_whole:
        if decision.answer not in ("allowed", "depends"):
            return None
        return Way(name, kind, decision.answer, decision.because, _let_in(decision), decision.depends_on, (), serves)
    grants = _Reading(book, identity, context).grants() if context else book.grants(identity)
    parts = [each for each in grants if each.touches(action, asked)]
    if not parts:
        return None
    free = [each for each in parts if each.is_unconditional]
    chosen = free or parts
    on = tuple(dict.fromkeys(one for each in chosen for one in each.resources if overlaps_arn(opened(one), asked)))
    through = tuple(dict.fromkeys(one for each in chosen for one in each.through))
    conditions = () if free else tuple(dict.fromkeys(one for each in parts for one in each.conditions))
    shown = ", ".join(map(index.name_of, on))
    because = f"{action} on {shown} for {identity.principal} is allowed by {through[0]}"
    because += all_of(conditions, before=", ")
    return Way(name, kind, "depends" if conditions else "allowed", because, through, conditions, on, serves)


def _let_in(decision: Decision) -> tuple[str, ...]:
    """The statements of a decision that allow, those of boundaries aside."""
    found = {
        f"{each.statement} of {each.policy}": each.grant == ACCOUNT and each.layer == RESOURCE
        for each in decision.trace
        if each.effect == "Allow" and each.holds is not False and each.layer in (IDENTITY, RESOURCE, TRUST)
        if not each.policy.startswith("its own account's policies")
    }
    # the account's name leaves it to the account's own policies, where there are any to tell
    itself = [label for label, delegates in found.items() if not delegates]
    return tuple(itself or found)


def titled(principal: str) -> str:
    """A principal of another account as a sentence names it: "role ci of account 111122223333"."""
    if principal.isdigit() or principal.endswith(":root"):
        return f"account {principal if principal.isdigit() else principal.split(':')[4]}"
    if principal.count(":") < 5:
        return principal
    return principal.split(":", 5)[5].replace("/", " ", 1) + f" of account {principal.split(':')[4]}"


def _roles_of(item: Item) -> Iterator[str]:
    """The texts among an item's properties that can be its role."""
    if item.type in RUNS_WITH:
        yield str(item.properties.get(RUNS_WITH[item.type], ""))
    elif not item.type.startswith(("AWS::IAM::", "AWS::CDK::")):
        yield from _called_roles(item.properties, "")


def _called_roles(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _called_roles(each, str(name))
    elif isinstance(value, list):
        for each in value:
            yield from _called_roles(each, key)
    elif isinstance(value, str) and value.startswith("arn:") and "role" in key.lower():
        yield value


@dataclass(frozen=True)
class _Region:
    """A set of actions on the resources that match all of `must` and none of `never`, under conditions."""

    bits: int
    must: tuple[str, ...]
    never: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Deny:
    """One Deny that concerns the principal; on a resource, it is about the parts of that resource only.

    `is_sure` is false where nobody can tell whether it applies; then `unless` says when, and `when` holds its
    conditions if they are all there is to tell.
    """

    bits: int
    patterns: tuple[str, ...]
    negated: bool
    whole: tuple[str, ...]
    is_sure: bool
    unless: str
    when: frozenset[str] = frozenset()


class _Reading:
    """Reads one principal's grants."""

    def __init__(self, book: Book, identity: Identity, context: Mapping[str, ContextValue] | None) -> None:
        self.book = book
        self.index = book.index
        self.universe = book.universe
        self.identity = identity
        self.principal = identity.principal
        self.context = {**ORDINARY, **identity.context, **(context or {})}
        self._given = {key.lower(): known(value) for key, value in self.context.items()}
        self.is_ours = self.principal.account == self.index.design.account
        self.is_ordinary = not context and not {key.lower() for key in identity.context} & ORDINARY_KEYS
        self._lookups: dict[tuple[str, str], Lookup] = {}

    def grants(self) -> list[Grant]:
        """The lines, in an order that does not depend on the policies'."""
        found: dict[tuple[Any, ...], list[str]] = {}
        hints: dict[tuple[Any, ...], tuple[str, ...]] = {}
        for region, label, written, on_resource in self._regions():
            region = _plain(region)
            closed = self._closed(region)
            bits = region.bits
            for arn, shut in closed:
                if arn in region.must:
                    bits &= ~shut
            unreadable = any(isinstance(each, Unknown) for each in written)
            if not bits and not unreadable:
                continue
            key = (bits, region.must, region.never, region.conditions, closed, on_resource)
            labels = found.setdefault(key, [])
            if label not in labels:
                labels.append(label)
            hints[key] = tuple(sorted({*hints.get(key, ()), *written}))
        return self._merged(found, hints)

    def _merged(
        self, found: Mapping[tuple[Any, ...], list[str]], hints: Mapping[tuple[Any, ...], tuple[str, ...]]
    ) -> list[Grant]:
        """Lines that differ in their resource alone are one."""
        lines: dict[tuple[Any, ...], Grant] = {}
        for key, labels in found.items():
            bits, must, never, conditions, closed, on_resource = key
            same = (bits, must[1:], never, conditions, tuple(sorted(labels)), closed, on_resource)
            if same in lines:
                resources = (*lines[same].resources, must[0])
                lines[same] = replace(lines[same], resources=tuple(sorted(set(resources))))
            else:
                unknown = [str(each) for each in hints[key] if isinstance(each, Unknown)]
                patterns = [each for each in hints[key] if not isinstance(each, Unknown)]
                said = [*self.universe.described(bits, [*patterns, *self._limits]), *unknown] if bits else unknown
                lines[same] = Grant(
                    tuple(said),
                    (must[0],),
                    tuple(sorted(labels)),
                    conditions,
                    must[1:],
                    never,
                    self.universe.levels(bits),
                    closed,
                    bits,
                    on_resource,
                    self.universe,
                )
        grants = sorted(lines.values(), key=lambda each: (each.resources, each.actions, each.conditions, each.never))
        kept = list(grants)
        for line in grants:
            # asked of what is still kept, so that of two that say the same one stays
            if any(_absorbs(wide, line) for wide in kept):
                kept.remove(line)
        return kept

    def _regions(self) -> Iterator[tuple[_Region, str, tuple[str, ...], bool]]:
        if self.is_ours:
            for policy in self.identity.policies:
                for statement in policy.statements:
                    if statement.effect == "Allow":
                        regions = self._start(statement, None)
                        yield from self._named(self._less(self._bound(regions)), statement, policy)
        is_of_iam = self.principal.kind in ("user", "session") and not self.principal.canonical_user
        for statement, policy, arn in self.book.allows_of_iam if is_of_iam else self.book.allows:
            yield from self._of_resource(statement, policy, arn)

    def _of_resource(
        self, statement: Statement, policy: Policy, arn: str
    ) -> Iterator[tuple[_Region, str, tuple[str, ...], bool]]:
        assert statement.principal is not None
        named = named_by(statement.principal, self.principal, "Allow")
        # the account's name alone leaves it to the account's own policies
        if named.holds is False or (self.is_ours and named.why == ACCOUNT):
            return
        regions = self._start(statement, arn)
        if named.holds is None:
            told = " and ".join(f"{key} {'names it' if key[:1] == '<' else 'is the one named'}" for key in named.keys)
            regions = [replace(each, conditions=(*each.conditions, told)) for each in regions]
        # named itself, no boundary limits it
        if self.is_ours and named.why != DIRECT:
            regions = self._bound(regions)
        guard = self.index.guard(arn)
        is_blocked = not self.is_ours and guard is not None and guard.public_access_block.get("RestrictPublicBuckets")
        for region in self._less(regions):
            # what blocks public access is not a statement: the one who knows it is asked
            sample = self.universe.names(region.bits)[:1] if is_blocked else []
            asked = next((each for each in region.must if each.startswith(arn)), arn)
            answers = [judge(self.index, self.identity, each, asked, context=self.context) for each in sample]
            if all(each.answer in ("allowed", "depends") for each in answers):
                yield from self._named([region], statement, policy)

    def _named(
        self, regions: Iterable[_Region], statement: Statement, policy: Policy
    ) -> Iterator[tuple[_Region, str, tuple[str, ...], bool]]:
        for region in regions:
            label = f"{statement.label} of {policy.name}"
            yield region, label, statement.actions.patterns, policy.kind in ("resource", "trust")

    def _start(self, statement: Statement, arn: str | None) -> list[_Region]:
        """What a statement grants taken alone, a region for each of its resources."""
        bits = self.universe.of(statement.actions)
        patterns = self.book.clipped(statement, arn)
        found = []
        everywhere = _parts(arn) if arn else ("*",)
        for pattern in everywhere if statement.not_resource else patterns:
            lookup = self._lookup(pattern, statement)
            filled = _filled(pattern, statement, lookup)
            if filled is None:
                continue
            conditions = _held(statement, lookup)
            if conditions is None:
                continue
            never = tuple(sorted(patterns)) if statement.not_resource else ()
            if any(_covers_one(each, (filled,)) for each in never):
                continue
            if statement.actions.negated and any(isinstance(each, Unknown) for each in statement.actions.patterns):
                conditions = (*conditions, "it is not among the actions nobody can read from here")
            if arn is not None and isinstance(filled, Unknown):
                # whatever it is, it is about this resource or about none
                told = (*conditions, f"{filled} covers it")
                found += [_Region(bits, (part,), never, told) for part in everywhere]
                continue
            found.append(_Region(bits, (filled,), never, conditions))
        return found

    def _less(self, regions: Iterable[_Region]) -> list[_Region]:
        """What is left after every Deny."""
        left = list(regions)
        for deny in self._denies:
            left = [part for region in left for part in _minus(region, deny)]
        return left

    @cached_property
    def _denies(self) -> list[_Deny]:
        found = []
        if self.is_ours:
            for policy in (*self.identity.policies, *self.identity.boundaries):
                found += [each for statement in policy.statements for each in self.deny(statement, policy, None)]
        found += self.book.common_denies if self.is_ordinary else []
        for statement, policy, arn in self.book.particular_denies if self.is_ordinary else self.book.denies:
            assert statement.principal is not None
            named = named_by(statement.principal, self.principal, "Deny", is_bounded=bool(self.identity.boundaries))
            if named.holds is not False:
                found += self.deny(statement, policy, arn, is_sure=named.holds is True)
        # in an order of what they say, not of where they stand
        return sorted(found, key=lambda each: (each.patterns, each.negated, each.whole, sorted(each.when), each.bits))

    def deny(self, statement: Statement, policy: Policy, arn: str | None, is_sure: bool = True) -> Iterator[_Deny]:
        """What a statement denies; nothing where its condition is known not to hold."""
        if statement.effect != "Deny":
            return
        label = f"{statement.label} of {policy.name}"
        if any(isinstance(each, Unknown) for each in statement.actions.patterns):
            whole = _parts(arn) if arn else ("*",)
            yield _Deny(self.universe.everything, whole, False, whole, False, f"unless {policy.name} denies it")
            return
        lookup = self._lookup(arn or (statement.resources or ("*",))[0], statement)
        conditions = _held(statement, lookup, sure=True)
        if conditions is None:
            return
        patterns = self.book.clipped(statement, arn)
        filled = []
        for pattern in patterns:
            one = _filled(pattern, statement, lookup)
            if one is not None:
                filled.append(one)
                is_sure = is_sure and opened(one) == one
        if not filled and not statement.not_resource:
            return
        said = " and ".join(conditions) or "nobody can tell"
        whole = _parts(arn) if arn else ("*",)
        bits = self.universe.of(statement.actions)
        unless = f"unless {said} ({label})"
        when = frozenset(conditions) if is_sure else frozenset()
        yield _Deny(bits, tuple(filled), statement.not_resource, whole, is_sure and not conditions, unless, when)

    @cached_property
    def _limits(self) -> list[str]:
        """The words in which denies and boundaries speak of actions, to say what is left in."""
        on_resources = [policy for policy, _ in self.book.on_resources]
        policies = [*self.identity.policies, *self.identity.boundaries, *on_resources]
        found = {
            pattern
            for policy in policies
            for statement in policy.statements
            if statement.effect == "Deny" or policy in self.identity.boundaries
            for pattern in statement.actions.patterns
            if not isinstance(pattern, Unknown) and pattern != "*"
        }
        return sorted(found)

    def _bound(self, regions: list[_Region]) -> list[_Region]:
        """What each boundary lets through."""
        for policy in self.identity.boundaries:
            regions = [part for region in regions for part in self._within(region, policy)]
        return regions

    def _within(self, region: _Region, policy: Policy) -> Iterator[_Region]:
        allows = [each for each in policy.statements if each.effect == "Allow"]
        open_ways: list[tuple[int, tuple[str, ...], bool, tuple[str, ...]]] = []
        for statement in allows:
            unreadable = any(isinstance(each, Unknown) for each in statement.actions.patterns)
            bits = self.universe.everything if unreadable else self.universe.of(statement.actions)
            patterns = statement.resources or ("*",)
            lookup = self._lookup(region.must[0], statement)
            conditions = _held(statement, lookup)
            if conditions is None or not bits & region.bits:
                continue
            if unreadable:
                conditions, patterns = (*conditions, f"{policy.name} allows it"), ("*",)
            filled = tuple(each for each in (_filled(one, statement, lookup) for one in patterns) if each is not None)
            open_ways.append((bits, filled, statement.not_resource, conditions))
        # what is let through whole is let through once
        open_ways.sort(key=lambda way: (bool(way[3]), way[2], "*" not in way[1], -way[0].bit_count(), way[0], way[1]))
        rest = region.bits
        for bits, patterns, negated, conditions in open_ways:
            hit = bits & rest
            if not hit:
                continue
            base = replace(region, bits=hit, conditions=tuple(dict.fromkeys((*region.conditions, *conditions))))
            if negated:
                if not any(_covers_one(each, base.must) for each in patterns):
                    near = [each for each in patterns if _overlaps_all(each, base.must)]
                    yield replace(base, never=tuple(sorted({*base.never, *near})))
                continue
            if any(_covers_one(each, base.must) for each in patterns):
                yield base
                if not conditions:
                    rest &= ~hit
                continue
            yield from (each for each in (_narrowed(base, pattern) for pattern in patterns) if each is not None)

    def _closed(self, region: _Region) -> tuple[tuple[str, int], ...]:
        """The keys and roles within a region whose own policy does not let the principal in."""
        if not self.is_ours or not region.bits & self.book.named_bits:
            return ()
        found = []
        for policy, arn, about in self.book.must_name:
            asked = about & region.bits
            if asked and _overlaps_all(arn, region.must):
                let_in = 0
                for statement in policy.statements:
                    if self._lets_in(statement, arn):
                        unknown = any(isinstance(each, Unknown) for each in statement.actions.patterns)
                        let_in |= self.universe.everything if unknown else self.universe.of(statement.actions)
                if asked & ~let_in:
                    found.append((arn, asked & ~let_in))
        return tuple(found)

    def _lets_in(self, statement: Statement, arn: str) -> bool:
        if statement.effect != "Allow" or statement.principal is None:
            return False
        named = named_by(statement.principal, self.principal, "Allow")
        return named.holds is not False and _held(statement, self._lookup(arn, statement)) is not None

    def _lookup(self, resource: str, statement: Statement) -> Lookup:
        """What is known of the condition keys when a statement's first action is asked of a resource."""
        if not statement.conditions and "${" not in "".join(statement.resources or ()):
            return _nothing_known
        action = next((each for each in statement.actions.patterns if ":" in each), "aws:Any")
        key = (resource, action.partition(":")[0])
        if key not in self._lookups:
            self._lookups[key] = self._made(resource, action)
        return self._lookups[key]

    def _made(self, resource: str, action: str) -> Lookup:
        requests: list[Request] = []

        def lookup(key: str) -> Known:
            lowered = key.lower()
            # most conditions are about what is given, and need no whole request
            if lowered in self._given:
                return self._given[lowered]
            if not requests:
                requests.append(self._request(resource, action))
            return requests[0].known_of(key)

        return lookup

    def _request(self, resource: str, action: str) -> Request:
        context = dict(self.context)
        parts = opened(resource).split(":", 5)
        if len(parts) < 6 or "*" in parts[3]:
            context.setdefault("aws:RequestedRegion", UNKNOWN)
        # told is what may be done in this account, and "*" stands for what is there
        account = parts[4] if len(parts) == 6 else ""
        owner = account if re.fullmatch(r"\d{12}", account) else self.index.design.account
        return Request(self.principal, action, resource, context, resource_account=owner, pattern=True)


def _can_name_iam(element: PrincipalElement | None) -> bool:
    return element is not None and bool(element.everyone or element.negated or element.aws)


def _is_for_all(statement: Statement) -> bool:
    """Whether a statement means everyone, on nothing but what is the same in every ordinary call."""
    element = statement.principal
    return (
        element is not None
        and element.everyone
        and not element.negated
        and not any("${" in each for each in statement.resources or ())
        and all(
            each.key.lower() in ORDINARY_KEYS and not any("${" in value for value in each.values)
            for each in statement.conditions
        )
    )


def _nothing_known(key: str) -> Any:
    return UNKNOWN


def _held(statement: Statement, lookup: Lookup, sure: bool = False) -> tuple[str, ...] | None:
    """A statement's conditions as they are said, or None where one is known not to hold.

    With `sure`, those known to hold are left out.
    """
    said = []
    for condition in statement.conditions:
        finding = condition.holds(lookup)
        if finding.holds is False:
            return None
        if finding.holds is None or not sure:
            said.append(str(condition))
    return tuple(sorted(said))


def _clipped(statement: Statement, arn: str | None) -> tuple[str, ...]:
    """A statement's resource patterns; on a resource, as much of them as is about it."""
    patterns = statement.resources
    if arn is None or statement.not_resource:
        return patterns or ("*",)
    if patterns is None:
        return (arn,)
    found: dict[str, None] = {}
    for pattern in patterns:
        inside = () if isinstance(pattern, Unknown) else [each for each in _parts(arn) if covers_arn(pattern, each)]
        found.update(dict.fromkeys(inside or ((pattern,) if _is_on(pattern, arn) else ())))
    return tuple(found)


def _is_on(pattern: str, arn: str) -> bool:
    """Whether a pattern of a resource's policy is about that resource or what is in it; of no other does it decide."""
    # services have short forms of their own, as in "execute-api:/*"
    if isinstance(pattern, Unknown) or not pattern.startswith("arn:"):
        return True
    return any(overlaps_arn(opened(pattern), each) for each in (arn, f"{arn}/*", f"{arn}:*"))


def _filled(pattern: str, statement: Statement, lookup: Lookup) -> str | None:
    """A pattern with its policy variables' values, as far as they are known; None where one has none."""
    if isinstance(pattern, Unknown) or not statement.variables or "${" not in pattern:
        return pattern
    parts = pattern.split(":", 5)
    if len(parts) < 6:
        return pattern
    filled = fill(parts[5], lookup)
    if filled.missing:
        return None
    return pattern if filled.unknown else ":".join([*parts[:5], filled.pattern])


def _parts(arn: str) -> tuple[str, ...]:
    """A resource and what is inside it, as a policy on it can name them."""
    return (arn, f"{arn}/*") if ":s3:::" in arn or ":execute-api:" in arn else (arn,)


def _minus(region: _Region, deny: _Deny) -> Iterator[_Region]:
    """A region without what a Deny takes from it."""
    hit = region.bits & deny.bits
    touched = [each for each in deny.whole if _overlaps_all(each, region.must)]
    if not hit or not touched:
        yield region
        return
    if not deny.negated:
        touched = [each for each in deny.patterns if _overlaps_all(each, region.must)]
        if not touched:
            yield region
            return
    if region.bits & ~hit:
        yield replace(region, bits=region.bits & ~hit)
    region = replace(region, bits=hit)
    # what is granted on the very conditions on which it is denied is denied
    if not (deny.is_sure or (deny.when and deny.when <= set(region.conditions))):
        yield replace(region, conditions=tuple(dict.fromkeys((*region.conditions, deny.unless))))
        return
    if not any(_covers_one(each, region.must) for each in touched):
        yield replace(region, never=tuple(sorted({*region.never, *touched})))
    if deny.negated:
        # denied is everything but these
        yield from (each for each in (_narrowed(region, pattern) for pattern in deny.patterns) if each is not None)


def _plain(region: _Region) -> _Region:
    """A region said without what goes without saying."""
    near = [each for each in region.never if _overlaps_all(each, region.must)]
    never = [each for each in near if not any(o != each and _covers_one(o, (each,)) for o in near)]
    return replace(region, never=tuple(never)) if tuple(never) != region.never else region


def _narrowed(region: _Region, pattern: str) -> _Region | None:
    """The part of a region that a pattern matches."""
    if _covers_one(pattern, region.must):
        return region
    if not _overlaps_all(pattern, region.must):
        return None
    must = tuple(sorted({*(each for each in region.must if not covers_arn(each, pattern)), pattern}))
    if any(_covers_one(each, must) for each in region.never):
        return None
    return replace(region, must=must)


def _absorbs(wide: Grant, line: Grant) -> bool:
    """Whether a line says nothing that a wider one does not."""
    if wide is line or line.bits & ~wide.bits or not line.bits or not set(wide.conditions) <= set(line.conditions):
        return False
    must = [(each, *line.within) for each in line.resources]
    return (
        all(any(_covers_one(one, each) for one in wide.resources) for each in must)
        and all(_covers_one(one, each) for each in must for one in wide.within)
        and all(one in line.never or not any(_overlaps_all(one, each) for each in must) for one in wide.never)
        and set(wide.closed) <= set(line.closed) | {each for each in wide.closed if not each[1] & line.bits}
    )


def _covers_one(pattern: str, must: Sequence[str]) -> bool:
    """Whether a pattern holds all that matches every one of `must`, as far as one of them shows it."""
    if isinstance(pattern, Unknown) or opened(pattern) != pattern:
        return pattern in must
    return any(covers_arn(pattern, opened(each)) for each in must)


def _overlaps_all(pattern: str, must: Sequence[str]) -> bool:
    return all(overlaps_arn(opened(each), opened(pattern)) for each in must)


def _matches(pattern: str, resource: str) -> bool:
    return covers_arn(opened(pattern), resource)


ORDINARY_KEYS = frozenset(key.lower() for key in ORDINARY)

# the order in which they are told
KINDS: tuple[Kind, ...] = ("anyone", "other accounts", "account", "federated", "service", "user", "group", "role")
