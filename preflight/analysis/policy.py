"""A policy document, read once and checked against AWS's grammar.

Sources, checked 2026-11-22:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from preflight.analysis.conditions import Condition, Fault, read_conditions
from preflight.analysis.patterns import alternatives
from preflight.errors import PreflightError
from preflight.intrinsics import Unknown

Kind = Literal["identity", "resource", "trust", "control"]
Effect = Literal["Allow", "Deny"]

VARIABLES_VERSION = "2012-10-17"


class MalformedPolicy(PreflightError):
    """AWS would not accept this policy; `policy`, `statement` and `rule` say which one and why."""

    def __init__(self, policy: str, statement: str | None, rule: str) -> None:
        where = f"{statement} of {policy}" if statement else policy
        super().__init__(f"{where} is not a policy AWS accepts: {rule}; mend it and ask again")
        self.policy = policy
        self.statement = statement
        self.rule = rule


@dataclass(frozen=True)
class PrincipalElement:
    """A statement's Principal or NotPrincipal: `everyone` is "*", the rest are lists by kind, as written."""

    everyone: bool = False
    aws: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    canonical: tuple[str, ...] = ()
    negated: bool = False


@dataclass(frozen=True)
class Actions:
    """Action or NotAction: matched without regard to case, `*` and `?` anywhere.

    The patterns are one regular expression a service, so that ReadOnlyAccess's 2,000 cost no more than one.
    """

    patterns: tuple[str, ...]
    negated: bool = False

    def match(self, action: str) -> bool | None:
        """Whether the element covers `service:Name`; None when a pattern is not known."""
        listed = self._listed(action.lower())
        return listed if listed is None or not self.negated else not listed

    def _listed(self, action: str) -> bool | None:
        everything, by_service, loose = self._compiled
        if everything:
            return True
        service = action.partition(":")[0]
        expression = by_service.get(service)
        if isinstance(expression, list):
            # compiled when first asked for: a policy names services by the hundred, a request one
            expression = by_service[service] = alternatives(expression)
        if (expression is not None and expression.fullmatch(action)) or (loose is not None and loose.fullmatch(action)):
            return True
        return None if self._unknown else False

    @cached_property
    def _unknown(self) -> bool:
        return any(isinstance(pattern, Unknown) for pattern in self.patterns)

    @cached_property
    def _compiled(self) -> tuple[bool, dict[str, list[str] | re.Pattern[str]], re.Pattern[str] | None]:
        by_service: dict[str, list[str] | re.Pattern[str]] = {}
        loose: list[str] = []
        for pattern in self.patterns:
            if isinstance(pattern, Unknown):
                continue
            text = pattern.lower()
            service = text.partition(":")[0]
            held = loose if "*" in service or "?" in service else by_service.setdefault(service, [])
            assert isinstance(held, list)
            held.append(text)
        return "*" in self.patterns, by_service, alternatives(loose) if loose else None


@dataclass(frozen=True)
class Statement:
    """One statement; `label` is how a sentence names it. `resources` is None where the element is left out."""

    number: int
    sid: str
    effect: Effect
    actions: Actions
    resources: tuple[str, ...] | None
    not_resource: bool
    principal: PrincipalElement | None
    conditions: tuple[Condition, ...]
    variables: bool

    @property
    def label(self) -> str:
        return f'statement {self.number} ("{self.sid}")' if self.sid else f"statement {self.number}"


@dataclass(frozen=True)
class Policy:
    """A policy's statements under the name a sentence calls it by, as in "the bucket policy of Notes".

    `arn` is a managed policy's ARN, which AWS names in its refusals.
    """

    name: str
    statements: tuple[Statement, ...]
    kind: Kind = "identity"
    arn: str | None = None

    @classmethod
    def read(cls, document: Any, name: str, kind: Kind = "identity", arn: str | None = None) -> Policy:
        """The policy in a JSON text or a mapping.

        `kind` is where it is attached: to an identity (also a boundary and a session policy), to a resource, to a
        role as its trust policy, or as a control (SCP, RCP, VPC endpoint policy), where Principal is optional.
        Raises MalformedPolicy.
        """
        body = _document(document, name)
        version = body.get("Version", "2008-10-17")
        declared = body.get("Statement")
        statements = [declared] if isinstance(declared, (Mapping, Unknown)) else declared
        if not isinstance(statements, Sequence) or isinstance(statements, str):
            raise MalformedPolicy(name, None, "Statement must be an object or a list of objects")
        read = tuple(
            _Reader(name, kind, version, n).statement(each)
            for n, written in enumerate(statements, 1)
            for each in (_either(written, kind) if isinstance(written, Unknown) else [written])
        )
        if kind == "identity":
            _unique_sids(name, read)
        return cls(name, read, kind, arn)


def _document(document: Any, name: str) -> Mapping[str, Any]:
    if isinstance(document, Unknown):
        return {"Statement": document}
    if isinstance(document, (str, bytes)):
        try:
            document = json.loads(document)
        except ValueError as error:
            raise MalformedPolicy(name, None, f"the policy is not valid JSON ({error})") from None
    if not isinstance(document, Mapping):
        raise MalformedPolicy(name, None, "a policy is a JSON object")
    for element in document:
        if element not in ("Version", "Id", "Statement"):
            raise MalformedPolicy(name, None, f"{element} is not an element of a policy (Version, Id, Statement)")
    version = document.get("Version", "2008-10-17")
    if version not in ("2008-10-17", VARIABLES_VERSION) and not isinstance(version, Unknown):
        raise MalformedPolicy(name, None, f'Version must be "{VARIABLES_VERSION}" or "2008-10-17", not "{version}"')
    if "Statement" not in document:
        raise MalformedPolicy(name, None, "the Statement element is missing")
    return document


def _either(unknown: Unknown, kind: Kind) -> list[dict[str, Any]]:
    """What a statement nobody can read may be: an Allow or a Deny."""
    about: dict[str, Any] = {"Action": unknown}
    if kind != "trust":
        about["Resource"] = unknown
    if kind in ("resource", "trust"):
        about["Principal"] = unknown
    return [{"Effect": effect, **about} for effect in ("Allow", "Deny")]


def _unique_sids(name: str, statements: Sequence[Statement]) -> None:
    seen: set[str] = set()
    for statement in statements:
        if statement.sid and statement.sid in seen:
            raise MalformedPolicy(name, statement.label, "Statement IDs (Sid) in a single policy must be unique")
        seen.add(statement.sid)


class _Reader:
    """Reads one statement, naming it when AWS's grammar forbids it."""

    def __init__(self, policy: str, kind: Kind, version: str, number: int) -> None:
        self._policy, self._kind, self._version, self._number = policy, kind, version, number
        self._label = f"statement {number}"

    def statement(self, declared: Any) -> Statement:
        if not isinstance(declared, Mapping):
            raise self._fault("a statement is a JSON object")
        sid = str(declared.get("Sid") or "")
        if sid:
            self._label = f'statement {self._number} ("{sid}")'
        for element in declared:
            if element not in ELEMENTS:
                raise self._fault(f"{element} is not an element of a statement")
        effect = declared.get("Effect")
        if effect not in ("Allow", "Deny"):
            raise self._fault('Effect must be "Allow" or "Deny", written exactly so')
        if self._kind == "identity" and sid and not re.fullmatch(r"[A-Za-z0-9]*", sid):
            raise self._fault("Statement IDs (Sid) must be alpha-numeric")
        variables = self._version == VARIABLES_VERSION
        return Statement(
            number=self._number,
            sid=sid,
            effect=effect,
            actions=self._actions(declared),
            resources=self._resources(declared),
            not_resource="NotResource" in declared,
            principal=self._principal(declared),
            conditions=self._conditions(declared, variables),
            variables=variables,
        )

    def _actions(self, declared: Mapping[str, Any]) -> Actions:
        element = self._one_of(declared, "Action", "NotAction")
        if element is None:
            raise self._fault("a statement must contain Action or NotAction")
        patterns = self._texts(declared[element], element)
        if not patterns:
            raise self._fault("a statement must contain at least one action")
        for pattern in patterns:
            if not isinstance(pattern, Unknown) and pattern != "*" and not ACTION.fullmatch(pattern):
                raise self._fault(
                    f'actions must be prefaced by a vendor, as in "s3:GetObject"; {element} has "{pattern}"'
                )
            is_known = not isinstance(pattern, Unknown) and pattern != "*"
            if self._kind == "trust" and is_known and not pattern.lower().startswith("sts:"):
                raise self._fault(f"a role's trust policy takes STS's actions alone; {element} has \"{pattern}\"")
        return Actions(patterns, element == "NotAction")

    def _resources(self, declared: Mapping[str, Any]) -> tuple[str, ...] | None:
        element = self._one_of(declared, "Resource", "NotResource")
        if element is None:
            if self._kind in ("identity", "control"):
                raise self._fault("a statement must contain Resource or NotResource")
            return None
        if self._kind == "trust":
            raise self._fault("a role's trust policy has no Resource: it is about the role it is attached to")
        patterns = self._texts(declared[element], element)
        if not patterns:
            raise self._fault("a statement must contain at least one resource")
        for pattern in patterns:
            # services may have short forms of their own in their resource policies ("execute-api:/*")
            if self._kind != "resource" and not isinstance(pattern, Unknown) and not RESOURCE.match(pattern):
                raise self._fault(f'a resource must be in ARN format or "*"; {element} has "{pattern}"')
        return patterns

    def _principal(self, declared: Mapping[str, Any]) -> PrincipalElement | None:
        element = self._one_of(declared, "Principal", "NotPrincipal")
        if self._kind == "identity":
            if element is not None:
                raise self._fault(f"an identity-based policy must not specify a {element}")
            return None
        if element is None:
            if self._kind == "control":
                return None
            raise self._fault("a resource-based policy must specify a Principal")
        if self._kind == "trust" and element == "NotPrincipal":
            raise self._fault("a role's trust policy takes no NotPrincipal; name in Principal who may take the role")
        return self._principal_element(declared[element], element)

    def _principal_element(self, value: Any, element: str) -> PrincipalElement:
        negated = element == "NotPrincipal"
        if value == "*":
            return PrincipalElement(everyone=True, negated=negated)
        if isinstance(value, Unknown):
            return PrincipalElement(aws=(value,), negated=negated)
        if not isinstance(value, Mapping) or not value:
            raise self._fault(f'{element} must be "*" or an object such as {{"AWS": "..."}}')
        for each in value:
            if each not in ("AWS", "Service", "Federated", "CanonicalUser"):
                raise self._fault(f"{element} takes AWS, Service, Federated or CanonicalUser, not {each}")
        lists = {each: self._texts(value[each], f"{element}.{each}") for each in value}
        aws = tuple(each for each in lists.get("AWS", ()) if each != "*")
        for principal in aws:
            if isinstance(principal, Unknown):
                continue
            if "*" in principal or "?" in principal:
                raise self._fault(
                    f'a wildcard cannot match part of a principal; {element} has "{principal}" '
                    "(say who in a condition on aws:PrincipalArn)"
                )
            if ":group/" in principal:
                raise self._fault(f'a user group cannot be a principal; {element} has "{principal}"')
            if not AWS_PRINCIPAL.fullmatch(principal):
                raise self._fault(f'{element} has "{principal}", which is neither an account id nor a principal\'s ARN')
        return PrincipalElement(
            everyone="*" in lists.get("AWS", ()),
            aws=aws,
            service=lists.get("Service", ()),
            federated=lists.get("Federated", ()),
            canonical=lists.get("CanonicalUser", ()),
            negated=negated,
        )

    def _conditions(self, declared: Mapping[str, Any], variables: bool) -> tuple[Condition, ...]:
        try:
            return read_conditions(declared.get("Condition") or {}, variables)
        except Fault as fault:
            raise self._fault(str(fault)) from None

    def _one_of(self, declared: Mapping[str, Any], one: str, other: str) -> str | None:
        if one in declared and other in declared:
            raise self._fault(f"{one} and {other} exclude each other")
        return one if one in declared else other if other in declared else None

    def _texts(self, value: Any, element: str) -> tuple[str, ...]:
        values = value if isinstance(value, (list, tuple)) else [value]
        for each in values:
            if not isinstance(each, str):
                raise self._fault(f"{element} must be a text or a list of texts")
        return tuple(values)

    def _fault(self, rule: str) -> MalformedPolicy:
        return MalformedPolicy(self._policy, self._label, rule)


ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
RESOURCE = re.compile(r"\*$|arn:")
ACTION = re.compile(r"[A-Za-z0-9*?-]+:[A-Za-z0-9*?-]+")
AWS_PRINCIPAL = re.compile(r"\d{12}|arn:[a-z0-9-]+:(iam|sts)::[^:]*:.+|A[A-Z0-9]{15,}")
