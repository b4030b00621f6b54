"""May this request go through: AWS's policy evaluation logic.

Written from AWS's documentation alone, checked 2026-11-22:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal

from preflight.analysis.conditions import (
    ABSENT,
    PRESENT,
    UNKNOWN,
    Finding,
    Known,
    Like,
    Lookup,
    Mark,
    fill,
    known,
    text_glob,
)
from preflight.analysis.patterns import covers, overlap
from preflight.analysis.policy import Kind, MalformedPolicy, Policy, Statement
from preflight.analysis.principals import ACCOUNT, DIRECT, ROLE, Principal, PrincipalKind, named_by
from preflight.analysis.public import is_public
from preflight.intrinsics import Unknown

__all__ = [
    "ABSENT",
    "PRESENT",
    "UNKNOWN",
    "Considered",
    "Decision",
    "Like",
    "MalformedPolicy",
    "Policy",
    "Principal",
    "Request",
    "decide",
]

Answer = Literal["allowed", "explicitly_denied", "implicitly_denied", "depends"]
ContextValue = str | bool | int | float | Sequence[str] | Like | Mark | None
Document = Policy | Mapping[str, Any] | str

# the layers, in AWS's words
IDENTITY = "identity-based policy"
RESOURCE = "resource-based policy"
TRUST = "role trust policy"
BOUNDARY = "permissions boundary"
SESSION = "session policy"
SCP = "service control policy"
RCP = "resource control policy"
ENDPOINT = "VPC endpoint policy"


@dataclass(frozen=True)
class Request:
    """One request as AWS would judge it.

    `context` holds condition keys: a text, several, None or ABSENT for a key the request does not carry, PRESENT for
    one that is there with a value nobody knows, Like for one known in part, UNKNOWN for one nobody knows about. Keys
    that follow from the principal, the resource and the action (aws:PrincipalArn, aws:userid, aws:ResourceAccount,
    ...) need not be given. Every other key is UNKNOWN, so that the answer can say what it depends on; with `complete`
    it is absent, which is right where the whole request is in sight. `complete` can also name the beginnings of the
    keys it is true for, in lower case, as in ("aws:", "s3:"). Keys AWS always sends are then PRESENT, never absent.

    `resource` is an ARN, or "*" for actions that have none. With `pattern`, its `*` and `?` stand for every resource
    they match. `resource_account` is the owner's account, needed where the ARN has none (S3): there the principal's
    own is assumed.
    """

    principal: Principal
    action: str
    resource: str = "*"
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    resource_account: str | None = None
    complete: bool | tuple[str, ...] = False
    pattern: bool = False

    @cached_property
    def owner(self) -> str:
        """The account that owns the resource."""
        return self.resource_account or _account_of(self.resource) or self.principal.account

    @cached_property
    def facts(self) -> dict[str, Known]:
        """Every key that is known to be there or not, in lower case."""
        facts = _derived(self)
        facts.update((key.lower(), known(value)) for key, value in self.context.items())
        return facts

    def known_of(self, key: str) -> Known:
        """What is known of a condition key."""
        lowered = key.lower()
        if lowered in self.facts:
            return self.facts[lowered]
        if lowered.startswith("aws:principaltag/") and self.principal.tags is not None:
            return ABSENT
        if lowered in ALWAYS_THERE:
            return PRESENT
        complete = lowered.startswith(self.complete) if isinstance(self.complete, tuple) else self.complete
        return ABSENT if complete else UNKNOWN


@dataclass(frozen=True)
class Considered:
    """One statement as it was judged: `holds` is True, False, or None when it depends on `keys`.

    `why` says what matched, or the first reason why it does not apply.
    """

    layer: str
    policy: str
    statement: str
    effect: str
    holds: bool | None
    why: str
    keys: tuple[str, ...] = ()
    near: int = 0
    grant: str = ""
    arn: str | None = None

    def __str__(self) -> str:
        verdict = {True: "applies", False: "does not apply", None: "may apply"}[self.holds]
        return f"{self.policy}, {self.statement}: {self.effect} {verdict}: {self.why}"


@dataclass(frozen=True)
class Decision:
    """The answer, in a sentence why, and every statement that was looked at.

    `depends_on` names the keys (or template values) the answer depends on, empty unless the answer is "depends".
    `layer` is the kind of policy that settled it, in AWS's words; `policy_arn` the managed policy that did.
    """

    answer: Answer
    because: str
    trace: tuple[Considered, ...] = ()
    depends_on: tuple[str, ...] = ()
    layer: str = ""
    policy_arn: str | None = None

    def __bool__(self) -> bool:
        return self.answer == "allowed"

    def __str__(self) -> str:
        return f"{self.answer.replace('_', ' ')}: {self.because}"


def decide(
    request: Request,
    *,
    identity_policies: Iterable[Document] = (),
    resource_policy: Document | None = None,
    boundaries: Iterable[Document] = (),
    session_policies: Iterable[Document] = (),
    scps: Sequence[Document | Sequence[Document]] | None = None,
    rcps: Sequence[Document | Sequence[Document]] | None = None,
    endpoint_policy: Document | None = None,
    public_access_block: Mapping[str, bool] | None = None,
) -> Decision:
    """Decide a request from every policy that applies to it.

    `resource_policy` is the policy on the resource: a bucket policy, a key policy, or a role's trust policy for
    sts:AssumeRole. `scps` and `rcps` are one entry a level (root, OU, account), each a policy or a list of them; None
    where there is no organization, for the principals (SCPs) and the resources (RCPs) of its management account, and
    for a service that takes no RCPs. `public_access_block` is a bucket's settings, as in
    {"RestrictPublicBuckets": True}. KMS grants and S3 ACLs are not judged. Raises MalformedPolicy for a policy AWS
    would not accept.
    """
    if request.action.lower() == NEEDS_NO_PERMISSION and request.principal.kind != "anonymous":
        because = (
            f"{request.action} for {request.principal} is allowed: it needs no permission, and no policy denies it"
        )
        return Decision("allowed", because)
    layers = _layers(
        request,
        identity_policies=identity_policies,
        resource_policy=resource_policy,
        boundaries=boundaries,
        session_policies=session_policies,
        scps=scps,
        rcps=rcps,
        endpoint_policy=endpoint_policy,
    )
    case = _Case(request, layers, dict(public_access_block or {}))
    considered = case.consider(request.known_of)
    undecided = [n for n, each in enumerate(considered) if each.holds is None]
    best = case.settle(considered, {n for n in undecided if considered[n].effect == "Allow"})
    if not undecided and not case.unknown_trust:
        return case.decision(best, considered)
    worst = case.settle(considered, {n for n in undecided if considered[n].effect == "Deny"})
    if best.answer == worst.answer or "allowed" not in (best.answer, worst.answer):
        if case.unknown_trust and best.missing == case.resource_name:
            return case.depends(considered, (case.unknown_trust,))
        return case.decision(best, considered)
    return case.split(considered, undecided)


@dataclass(frozen=True)
class _Layer:
    """The policies of one kind; where several must each allow (SCPs of a root and an OU), each is a layer."""

    name: str
    policies: tuple[Policy, ...]
    level: int = 0

    @property
    def key(self) -> str:
        return f"{self.name} {self.level}" if self.level else self.name


@dataclass(frozen=True)
class _Outcome:
    """How a request ends for one choice of what is not known: by a statement, or for want of one in `missing`."""

    answer: Literal["allowed", "explicitly_denied", "implicitly_denied"]
    by: Considered | None = None
    missing: str = ""
    note: str = ""


class _Case:
    """One request before its policies."""

    def __init__(self, request: Request, layers: Sequence[_Layer], block: Mapping[str, bool]) -> None:
        self.request = request
        self.layers = layers
        self.same_account = bool(request.principal.account) and request.principal.account == request.owner
        self.is_trust = request.action.lower() in ASSUMING
        self.resource_name = TRUST if self.is_trust else RESOURCE
        self.must_name = self.is_trust or _is_key(request)
        self.block = block
        self.is_bounded = any(layer.name == BOUNDARY for layer in layers)
        policies = [policy for layer in layers if layer.name == self.resource_name for policy in layer.policies]
        self.unknown_trust = f"the trust policy of {request.resource}" if self.is_trust and not policies else ""
        self.restricted = ""
        if block.get("RestrictPublicBuckets") and not self.same_account and request.principal.kind != "service":
            self.restricted = next((str(why) for policy in policies if (why := is_public(policy))), "")

    def consider(self, lookup: Lookup) -> list[Considered]:
        """Judge every statement of every policy."""
        return [
            self._consider(statement, policy, layer, lookup)
            for layer in self.layers
            for policy in layer.policies
            for statement in policy.statements
        ]

    def settle(self, considered: Sequence[Considered], taken: set[int]) -> _Outcome:
        """The outcome when, of the statements nobody can tell about, exactly those in `taken` apply."""
        held = [each for n, each in enumerate(considered) if each.holds or n in taken]
        for each in held:
            if each.effect == "Deny" and not self._owner_may_mend(each):
                return _Outcome("explicitly_denied", each)
        allows: dict[str, list[Considered]] = {}
        for each in held:
            if each.effect == "Allow":
                allows.setdefault(each.layer, []).append(each)
        for layer in self.layers:
            if layer.name in CONTROLS and layer.key not in allows:
                return _Outcome("implicitly_denied", missing=layer.key)
        return self._grant(allows)

    def decision(self, outcome: _Outcome, considered: Sequence[Considered]) -> Decision:
        """The outcome as a sentence."""
        trace = tuple(considered)
        layer = _plain(outcome.by.layer if outcome.by else outcome.missing)
        if outcome.by is None:
            return Decision(outcome.answer, self._missing(outcome, considered), trace, layer=layer)
        by = outcome.by
        verb = "is allowed" if outcome.answer == "allowed" else "is explicitly denied"
        note = f"; {outcome.note}" if outcome.note else ""
        because = f"{self._asked()} {verb} by {by.statement} of {by.policy}{_because_of(by)}{note}"
        return Decision(outcome.answer, because, trace, layer=layer, policy_arn=by.arn)

    def depends(self, considered: Sequence[Considered], keys: tuple[str, ...], hint: str = "") -> Decision:
        """The answer nobody can give without `keys`."""
        because = f"{self._asked()} depends on {_listed(keys)}{hint}"
        return Decision("depends", because, tuple(considered), keys)

    def split(self, considered: Sequence[Considered], undecided: Sequence[int]) -> Decision:
        """Try what the unknown Boolean keys can be; else say what the answer depends on."""
        relevant = self._relevant(considered, undecided)
        keys = tuple(dict.fromkeys(key for n in relevant for key in considered[n].keys))
        booleans = self._booleans(keys, considered, undecided)
        if booleans is None:
            first = considered[relevant[0]]
            hint = f": {first.statement} of {first.policy} {'allows' if first.effect == 'Allow' else 'denies'} it only "
            if first.why == MATCHES:
                # it is not known whom the statement names
                return self.depends(considered, keys, f", which {first.statement} of {first.policy} is about")
            return self.depends(considered, keys, f"{hint}when {first.why}" if first.near == NEAR_CONDITION else "")
        outcomes: dict[tuple[str, ...], _Outcome] = {}
        for values in itertools.product(*booleans.values()):
            chosen = dict(zip(booleans, values, strict=True))
            known_now = {key.lower(): ABSENT if value is None else (value,) for key, value in chosen.items()}

            def lookup(key: str, known_now: dict[str, Known] = known_now) -> Known:  # type: ignore[assignment]
                return known_now.get(key.lower()) or self.request.known_of(key)

            shown = tuple(
                f"{key} is {'absent' if value is None else chr(34) + value + chr(34)}" for key, value in chosen.items()
            )
            outcomes[shown] = self.settle(self.consider(lookup), set())
        answers = {outcome.answer for outcome in outcomes.values()}
        if len(answers) == 1:
            return self.decision(next(iter(outcomes.values())), considered)
        if "allowed" not in answers:
            return self.decision(next(o for o in outcomes.values() if o.answer == "implicitly_denied"), considered)
        ways = [" and ".join(shown) for shown, outcome in outcomes.items() if outcome.answer == "allowed"]
        return self.depends(considered, keys, f": it is allowed when {' or when '.join(ways)}, and denied otherwise")

    def _consider(self, statement: Statement, policy: Policy, layer: _Layer, lookup: Lookup) -> Considered:
        keys: list[str] = []
        whys: list[str] = []
        grant = ""
        holds: bool | None = True
        near = 0
        for stage, test in enumerate((self._principal, self._action, self._resource, self._condition)):
            finding = test(statement, layer, lookup)
            if stage == 0 and finding.holds is not False:
                grant, finding = finding.why, Finding(finding.holds, "", finding.keys)
            near = stage
            if finding.holds is False:
                holds, whys, keys = False, [finding.why], []
                break
            if finding.holds is None:
                holds = None
                keys.extend(finding.keys)
            if finding.why and (stage == NEAR_CONDITION or finding.holds is None):
                whys.append(finding.why)
        why = " and ".join(dict.fromkeys(whys)) or MATCHES
        label, effect = statement.label, statement.effect
        return Considered(layer.key, policy.name, label, effect, holds, why, tuple(keys), near, grant, policy.arn)

    def _principal(self, statement: Statement, layer: _Layer, lookup: Lookup) -> Finding:
        """Whether the statement is about this principal; `why` is then how it was named."""
        if statement.principal is None:
            return Finding(True, "")
        finding = named_by(statement.principal, self.request.principal, statement.effect, is_bounded=self.is_bounded)
        if self.restricted and statement.effect == "Allow" and layer.name == RESOURCE and finding.holds is not False:
            return Finding(False, f"RestrictPublicBuckets blocks it, because {self.restricted}")
        return finding

    def _action(self, statement: Statement, layer: _Layer, lookup: Lookup) -> Finding:
        holds = statement.actions.match(self.request.action)
        element = "NotAction" if statement.actions.negated else "Action"
        if holds is None:
            unknown = tuple(str(each) for each in statement.actions.patterns if isinstance(each, Unknown))
            return Finding(None, f"its {element} is not known", unknown)
        return Finding(holds, f"its {element} does not cover {self.request.action}")

    def _resource(self, statement: Statement, layer: _Layer, lookup: Lookup) -> Finding:
        if statement.resources is None:
            return Finding(True)
        element = "NotResource" if statement.not_resource else "Resource"
        miss = f"its {element} does not cover {self.request.resource}"
        unknown: list[str] = []
        covered = False
        for pattern in statement.resources:
            finding = self._covers(pattern, statement.variables, statement.not_resource, lookup)
            if finding.holds is False and finding.why and statement.not_resource:
                return Finding(False, finding.why)
            if finding.holds:
                covered = True
                break
            if finding.holds is None:
                unknown.extend(finding.keys)
            elif finding.why:
                miss = finding.why
        if not covered and unknown:
            return Finding(None, f"its {element} is about {_listed(unknown)}", tuple(unknown))
        return Finding(covered != statement.not_resource, "" if covered != statement.not_resource else miss)

    def _covers(self, pattern: str, variables: bool, negated: bool, lookup: Lookup) -> Finding:
        asked = self.request.resource
        if pattern == "*" and not isinstance(pattern, Unknown):
            return Finding(True)
        if isinstance(pattern, Unknown) or isinstance(asked, Unknown):
            if not isinstance(pattern, Unknown) and "${" not in pattern and covers_arn(pattern, opened(asked)):
                return Finding(True)
            unknown = pattern if isinstance(pattern, Unknown) else asked
            return (
                Finding(None, "", (str(unknown),)) if overlaps_arn(opened(pattern), opened(asked)) else Finding(False)
            )
        if variables and "${" in pattern:
            head, variable_part = _after_fifth_colon(pattern)
            filled = fill(variable_part, lookup)
            if filled.missing:
                # the statement is invalid for this request, says AWS
                return Finding(False, f"the policy variable {filled.missing} has no value in this request")
            if filled.unknown:
                return Finding(None, "", filled.unknown) if overlaps_arn(opened(pattern), asked) else Finding(False)
            pattern = head + filled.pattern
        if _resource_pattern(pattern)(asked):
            if self.request.pattern and not covers_arn(pattern, asked):
                return Finding(None, "", (f"which of {asked}",))
            return Finding(True)
        if self.request.pattern and overlaps_arn(pattern, asked):
            return Finding(None, "", (f"which of {asked}",))
        return Finding(False)

    def _condition(self, statement: Statement, layer: _Layer, lookup: Lookup) -> Finding:
        whys: list[str] = []
        keys: list[str] = []
        for condition in statement.conditions:
            finding = condition.holds(lookup)
            if finding.holds is False:
                return Finding(False, f"its condition {condition} is not met: {finding.why}")
            if finding.holds is None:
                keys.extend(finding.keys)
                whys.append(str(condition))
            else:
                whys.append(finding.why)
        why = " and ".join(whys)
        return Finding(None, why, tuple(keys)) if keys else Finding(True, why)

    def _owner_may_mend(self, denied: Considered) -> bool:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html: the owner's root user is never
        # locked out of its bucket's policy
        return (
            denied.layer == RESOURCE
            and self.request.principal.kind == "root"
            and self.same_account
            and self.request.action.lower() in ("s3:putbucketpolicy", "s3:getbucketpolicy", "s3:deletebucketpolicy")
        )

    def _grant(self, allows: Mapping[str, Sequence[Considered]]) -> _Outcome:
        """What the identity's side and the resource's side grant together, once nothing else stands in the way."""
        kind = self.request.principal.kind
        on_resource = {each.grant: each for each in reversed(allows.get(self.resource_name, ()))}
        any_grant = next(iter(allows.get(self.resource_name, ())), None)
        if kind in ("service", "anonymous", "federated"):
            # no account of theirs has policies: the resource alone decides
            if kind == "anonymous" and _is_key(self.request):
                note = 'KMS answers signed requests only, so that a key\'s "*" means every AWS account'
                return _Outcome("implicitly_denied", missing=self.resource_name, note=note)
            if any_grant is None:
                return _Outcome("implicitly_denied", missing=self.resource_name)
            return _Outcome("allowed", any_grant)
        if self.same_account:
            return self._grant_within(allows, on_resource)
        outcome = self._identity(allows)
        if self.unknown_trust and outcome.answer != "allowed":
            # whoever the other account trusts, this side must allow it too
            return outcome
        if any_grant is None:
            return _Outcome("implicitly_denied", missing=self.resource_name, note="another account owns the resource")
        if outcome.answer != "allowed":
            return outcome
        if outcome.by is None:
            return _Outcome("allowed", any_grant)
        note = f"{any_grant.statement} of {any_grant.policy} lets the other account in"
        return _Outcome("allowed", outcome.by, note=note)

    def _grant_within(
        self, allows: Mapping[str, Sequence[Considered]], on_resource: Mapping[str, Considered]
    ) -> _Outcome:
        if DIRECT in on_resource:
            # named itself (or as everyone), neither boundary nor session policy limits it
            return _Outcome("allowed", on_resource[DIRECT])
        limit = self._limit(allows)
        if ROLE in on_resource and not limit:
            return _Outcome("allowed", on_resource[ROLE])
        if not self.must_name:
            outcome = self._identity(allows)
            if outcome.missing == IDENTITY and ROLE in on_resource:
                return _Outcome("implicitly_denied", missing=limit)
            if outcome.missing == IDENTITY and ACCOUNT in on_resource:
                named = on_resource[ACCOUNT]
                note = f"{named.statement} of {named.policy} names the account, which leaves it to the account's IAM"
                return _Outcome("implicitly_denied", missing=IDENTITY, note=note)
            return outcome
        if ACCOUNT in on_resource:
            outcome = self._identity(allows)
            if outcome.answer != "allowed" or outcome.by is None:
                return outcome if outcome.by or outcome.missing else _Outcome("allowed", on_resource[ACCOUNT])
            delegating = on_resource[ACCOUNT]
            return _Outcome(
                "allowed", outcome.by, note=f"{delegating.statement} of {delegating.policy} leaves it to IAM"
            )
        return _Outcome("implicitly_denied", missing=limit if ROLE in on_resource else self.resource_name)

    def _identity(self, allows: Mapping[str, Sequence[Considered]]) -> _Outcome:
        if self.request.principal.kind == "root":
            return _Outcome("allowed", note="the account's root user may do everything its account may")
        if not allows.get(IDENTITY):
            return _Outcome("implicitly_denied", missing=IDENTITY)
        limit = self._limit(allows)
        if limit:
            return _Outcome("implicitly_denied", missing=limit)
        return _Outcome("allowed", allows[IDENTITY][0])

    def _limit(self, allows: Mapping[str, Sequence[Considered]]) -> str:
        """The boundary or session policy that does not allow it, if one does not."""
        for layer in self.layers:
            if layer.name in (BOUNDARY, SESSION) and layer.key not in allows:
                return layer.key
        # a federated user's session without a session policy has no permissions of its own
        is_bare = self.request.principal.kind == "federated-user" and all(each.name != SESSION for each in self.layers)
        return SESSION if is_bare else ""

    def _missing(self, outcome: _Outcome, considered: Sequence[Considered]) -> str:
        if outcome.answer == "allowed":
            return f"{self._asked()} is allowed: {outcome.note or 'nothing denies it'}"
        layer = outcome.missing
        subject = _plain(layer)
        nearest = max(
            (each for each in considered if each.effect == "Allow" and each.holds is False and each.layer == layer),
            key=lambda each: each.near,
            default=None,
        )
        hint = f"; {outcome.note}" if outcome.note else ""
        if nearest is not None and (nearest.near >= NEAR_RESOURCE or "RestrictPublicBuckets" in nearest.why):
            hint += f" ({nearest.statement} of {nearest.policy} comes nearest, but {nearest.why})"
        if subject in (BOUNDARY, SESSION, SCP, RCP, ENDPOINT):
            names = dict.fromkeys(each.policy for each in considered if each.layer == layer)
            own = f" ({_listed(tuple(names))})" if names else ""
            hint = f"{own}, whatever else does{hint}"
        # a trust policy is one, the others are several
        which = f"the {subject} does not allow" if subject == TRUST else f"no {subject} allows"
        return f"{self._asked()} is implicitly denied: {which} it{hint}"

    def _asked(self) -> str:
        on = "" if self.request.resource == "*" else f" on {self.request.resource}"
        return f"{self.request.action}{on} for {self.request.principal}"

    def _relevant(self, considered: Sequence[Considered], undecided: Sequence[int]) -> list[int]:
        """The undecided statements that can tip the answer alone, or all of them."""
        allows = {n for n in undecided if considered[n].effect == "Allow"}
        denies = set(undecided) - allows
        best, worst = self.settle(considered, allows), self.settle(considered, denies)
        tipping = [
            n
            for n in undecided
            if self.settle(considered, allows ^ {n}).answer != best.answer
            or self.settle(considered, denies ^ {n}).answer != worst.answer
        ]
        return tipping or list(undecided)

    def _booleans(
        self, keys: tuple[str, ...], considered: Sequence[Considered], undecided: Sequence[int]
    ) -> dict[str, list[str | None]] | None:
        """What each key can be, when all of them are asked as Booleans only and few."""
        wanted = {key.lower(): key for n in undecided for key in considered[n].keys}
        conditions = [
            condition
            for layer in self.layers
            for policy in layer.policies
            for statement in policy.statements
            for condition in statement.conditions
            if condition.key.lower() in wanted
        ]
        is_boolean = {
            each.key.lower(): each.base == "Bool" for each in sorted(conditions, key=lambda c: c.base == "Bool")
        }
        if len(wanted) > 3 or set(wanted) != {key for key, boolean in is_boolean.items() if boolean}:
            return None
        if any(each.base not in ("Bool", "Null") or each.quantifier for each in conditions):
            return None
        return {
            wanted[key]: ["true", "false"] + ([None] if self.request.known_of(key) is UNKNOWN else [])
            for key in sorted(wanted)
        }


def _layers(
    request: Request,
    *,
    identity_policies: Iterable[Document],
    resource_policy: Document | None,
    boundaries: Iterable[Document],
    session_policies: Iterable[Document],
    scps: Sequence[Document | Sequence[Document]] | None,
    rcps: Sequence[Document | Sequence[Document]] | None,
    endpoint_policy: Document | None,
) -> list[_Layer]:
    """The policies that apply to this request, a layer each."""
    principal = request.principal
    has_identity = principal.kind in ("user", "session", "federated-user")
    is_trust = request.action.lower() in ASSUMING
    layers = []
    # an organization's SCPs bind its own accounts' principals, the root user included, and nobody else; neither they
    # nor RCPs bind service-linked roles
    if scps is not None and principal.kind in ("user", "session", "federated-user", "root"):
        layers += [] if principal.is_service_linked else _levels(SCP, scps)
    if rcps is not None and not principal.is_service_linked:
        layers += _levels(RCP, rcps)
    if endpoint_policy is not None:
        layers.append(_Layer(ENDPOINT, (_read(endpoint_policy, "the endpoint policy", "control"),)))
    if resource_policy is None and _is_key(request) and not is_trust:
        resource_policy = _default_key_policy(request.owner)
    if resource_policy is not None:
        kind: Kind = "trust" if is_trust else "resource"
        name = "the trust policy" if is_trust else f"the policy of {request.resource}"
        layers.append(_Layer(TRUST if is_trust else RESOURCE, (_read(resource_policy, name, kind),)))
    if has_identity:
        layers.append(_Layer(IDENTITY, _read_all(identity_policies, "identity policy")))
        for n, each in enumerate(boundaries):
            layers.append(_Layer(BOUNDARY, (_read(each, "the permissions boundary", "identity"),), n))
        session = _read_all(session_policies, "session policy")
        if session:
            layers.append(_Layer(SESSION, session))
    return layers


def _levels(name: str, levels: Sequence[Document | Sequence[Document]]) -> list[_Layer]:
    made = []
    for n, level in enumerate(levels):
        documents = [level] if isinstance(level, (Policy, Mapping, str)) else list(level)
        policies = tuple(_read(each, f"{name} {n + 1}", "control") for each in documents)
        made.append(_Layer(name, policies, n))
    return made


def _read_all(documents: Iterable[Document], name: str) -> tuple[Policy, ...]:
    return tuple(_read(each, f"{name} {n}", "identity") for n, each in enumerate(documents, 1))


def _read(document: Document, name: str, kind: Kind) -> Policy:
    return document if isinstance(document, Policy) else Policy.read(document, name, kind)


def _derived(request: Request) -> dict[str, Known]:
    """The keys that follow from the request itself.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    principal = request.principal
    kind = principal.kind
    facts: dict[str, Known] = {
        "aws:principaltype": (PRINCIPAL_TYPES[kind],),
        "aws:principalisawsservice": ("true" if kind == "service" else "false",),
        "aws:principalservicename": (principal.name,) if kind == "service" else ABSENT,
        "aws:username": (principal.name,) if kind == "user" else ABSENT,
    }
    if kind in ("user", "session", "root", "federated-user"):
        facts["aws:principalarn"] = (principal.role_arn or principal.arn,)
        facts["aws:principalaccount"] = (principal.account,)
        facts["aws:userid"] = _user_id(principal)
    else:
        facts["aws:principalarn"] = ABSENT
        facts["aws:principalaccount"] = ("anonymous",) if kind == "anonymous" else ABSENT
        facts["aws:principalorgid"] = ABSENT
        facts["aws:userid"] = ("anonymous",) if kind == "anonymous" else UNKNOWN
    if kind != "service":
        # only a service that calls for another resource says which
        facts |= dict.fromkeys(("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"), ABSENT)
    facts.update(_of_credentials(principal))
    if request.action.lower().startswith("kms:") and principal.account:
        # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-caller-account
        facts["kms:calleraccount"] = (principal.account,)
    for key, value in (principal.tags or {}).items():
        facts[f"aws:principaltag/{key}".lower()] = (value,)
    if request.owner:
        facts["aws:resourceaccount"] = (request.owner,)
        if request.action.lower().startswith("s3"):
            # S3's own, older key of the same meaning
            facts["s3:resourceaccount"] = (request.owner,)
    region = request.resource.split(":")[3] if request.resource.count(":") >= 5 else ""
    if region and not isinstance(request.resource, Unknown):
        facts["aws:requestedregion"] = (region,)
    return facts


def _user_id(principal: Principal) -> Known:
    """aws:userid as far as the kind of principal tells it; the unique id is given by whoever knows it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html, principal key values
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html, unique identifiers
    """
    if principal.kind == "root":
        return (principal.account,)
    if principal.kind == "federated-user":
        return (f"{principal.account}:{principal.name}",)
    return Like(user_id_of("", principal.session) if principal.kind == "session" else USER_ID)


def user_id_of(role_id: str, session: str = "") -> str:
    """The pattern of aws:userid in a role's session; an id or a name of "" is one nobody knows."""
    return f"{role_id or 'AROA' + '?' * 17}:{session or '*'}"


def _of_credentials(principal: Principal) -> dict[str, Known]:
    """The keys only temporary credentials carry; who signs with long-term keys has none of them."""
    temporary = principal.kind in ("session", "federated-user") or principal.credentials == "temporary"
    if temporary:
        return {"aws:tokenissuetime": PRESENT, "aws:multifactorauthpresent": PRESENT}
    if principal.kind in ("user", "root") and principal.credentials is None:
        return {}
    return {"aws:tokenissuetime": ABSENT, "aws:multifactorauthpresent": ABSENT, "aws:multifactorauthage": ABSENT}


@lru_cache(maxsize=8192)
def _resource_pattern(pattern: str) -> Callable[[str], bool]:
    """A test of a resource: each of an ARN's six parts is matched alone, missing parts are wildcards."""
    if not pattern.startswith("arn:"):
        whole = text_glob(pattern)
        return lambda asked: whole.fullmatch(asked) is not None
    parts = _six(pattern)
    tests = [text_glob(part) for part in parts]

    def test(asked: str) -> bool:
        given = asked.split(":", 5)
        return len(given) == 6 and all(one.fullmatch(part) for one, part in zip(tests, given, strict=True))

    return test


@lru_cache(maxsize=16384)
def covers_arn(pattern: str, asked: str) -> bool:
    """Whether everything the ARN pattern `asked` stands for is matched by `pattern`; errs towards False."""
    given = asked.split(":", 5)
    if not pattern.startswith("arn:") or len(given) != 6:
        return covers(pattern, asked)
    return all(covers(one, part) for one, part in zip(_six(pattern), given, strict=True))


@lru_cache(maxsize=16384)
def overlaps_arn(pattern: str, asked: str) -> bool:
    """Whether some ARN is matched by both patterns."""
    given = asked.split(":", 5)
    if not pattern.startswith("arn:") or len(given) != 6:
        return overlap(pattern, asked)
    return all(overlap(one, part) for one, part in zip(_six(pattern), given, strict=True))


def _six(pattern: str) -> list[str]:
    parts = pattern.split(":", 5)
    return parts + ["*"] * (6 - len(parts))


def _after_fifth_colon(pattern: str) -> tuple[str, str]:
    # variables are filled in only there
    parts = pattern.split(":", 5)
    return (":".join(parts[:5]) + ":", parts[5]) if len(parts) == 6 else ("", pattern)


@lru_cache(maxsize=8192)
def opened(text: str) -> str:
    """A pattern for what a text can be: unknown parts stand in angle brackets, variables in braces."""
    return re.sub(r"<[^>]*>|\$\{[^}]*\}", "*", text)


def _account_of(arn: str) -> str:
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and re.fullmatch(r"\d{12}", parts[4]) else ""


def _is_key(request: Request) -> bool:
    return request.action.lower().startswith("kms:") and ":kms:" in request.resource and ":key/" in request.resource


def _default_key_policy(account: str) -> Policy:
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account or '000000000000'}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return Policy.read({"Version": "2012-10-17", "Statement": [statement]}, "the default key policy", "resource")


def _because_of(by: Considered) -> str:
    return f", because {by.why}" if by.why != MATCHES else ""


def _plain(layer: str) -> str:
    return re.sub(r" \d+$", "", layer)


def _listed(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    return " and ".join([", ".join(unique[:-1]), unique[-1]] if len(unique) > 2 else unique)


# the form of a user's unique id
USER_ID = "AIDA" + "?" * 17

# why a statement applies where nothing more is to be said
MATCHES = "action and resource match"

# how far a statement got before it failed
NEAR_RESOURCE, NEAR_CONDITION = 2, 3

CONTROLS = (SCP, RCP, ENDPOINT)

# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
NEEDS_NO_PERMISSION = "sts:getcalleridentity"

# what a role's trust policy decides
ASSUMING = frozenset(
    {"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity"}
    | {"sts:tagsession", "sts:setsourceidentity"}
)

ALWAYS_THERE = frozenset(
    {"aws:securetransport", "aws:currenttime", "aws:epochtime", "aws:userid", "aws:requestedregion"}
    | {"aws:viaawsservice", "aws:principalaccount", "aws:principaltype"}
)

PRINCIPAL_TYPES: dict[PrincipalKind, str] = {
    "user": "User",
    "session": "AssumedRole",
    "root": "Account",
    "federated-user": "FederatedUser",
    "service": "Service",
    "federated": "WebIdentityUser",
    "anonymous": "Anonymous",
}
