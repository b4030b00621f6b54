"""Where a design grants more than it should: what, why, the line to change, and where AWS says so.

Written from AWS's documentation alone, checked 2026-11-22; each weakness carries its page. What cannot be known from a
template, as which of a service's actions a function's code calls, is not claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from preflight.analysis.access import overlaps_arn
from preflight.analysis.actions import PERMISSIONS, WRITE
from preflight.analysis.conditions import NEGATED, Condition, Like
from preflight.analysis.grants import Book, Grant, all_of, book_of, holds_whole, runs_with, titled
from preflight.analysis.identities import PRINCIPAL_TYPES, Identity, judge, public_access_block, short_name
from preflight.analysis.policy import Policy, Statement
from preflight.analysis.public import is_public
from preflight.intrinsics import Unknown
from preflight.template import Design, Item

Kind = Literal[
    "public", "full admin", "escalation", "cross-account", "wide grant", "whole service", "unused", "confused deputy"
]


@dataclass(frozen=True)
class Weakness:
    """One weakness: of what, what is so, why it matters, the line that would change it, and AWS's page."""

    kind: Kind
    about: str
    what: str
    why: str
    change: str
    source: str


def weaknesses(design: Design, principal: str | None = None) -> tuple[Weakness, ...]:
    """Every weakness of a design's grants, or those of one of its principals; the worst first.

    Raises Usage for a name that means nothing or several things.
    """
    book = book_of(design)
    if principal is not None:
        item = book.index.identity(principal).item
        found = list(_of_principal(book, item)) if item is not None else []
    else:
        by_kind: dict[str, list[Weakness]] = {kind: [] for kind in PRINCIPAL_TYPES} | {"": list(exposures(design))}
        for item in book.index.principals:
            by_kind[item.type] += _of_principal(book, item)
        # what a group has is told of the group, not of each member again
        shared = {(each.kind, each.what) for each in by_kind["AWS::IAM::Group"]}
        of_users = by_kind["AWS::IAM::User"]
        by_kind["AWS::IAM::User"] = [each for each in of_users if (each.kind, each.what) not in shared]
        found = [each for some in by_kind.values() for each in some]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (KINDS.index(each.kind), each.about, each.what)))


def exposures(design: Design, resource: str | None = None, action: str | None = None) -> tuple[Weakness, ...]:
    """Which resources let in anyone, other accounts, or a service on anybody's behalf.

    Of all, or of one of them (its ARN) or for one action only.
    """
    book = book_of(design)
    found = [
        each
        for policy, arn in book.on_resources
        if resource is None or overlaps_arn(resource, arn) or resource.startswith(f"{arn}/")
        for statement in policy.statements
        if statement.effect == "Allow" and statement.principal is not None
        if action is None or statement.actions.match(action) is not False
        for each in _of_statement(book, policy, statement, arn)
    ]
    for bucket in design.of_type("AWS::S3::Bucket"):
        if resource is None or (bucket.arn and (resource + "/").startswith(f"{bucket.arn}/")):
            found += _by_acl(bucket)
    return tuple(found)


def _of_principal(book: Book, item: Item) -> Iterator[Weakness]:
    identity = book.index.of(item)
    who = f"{PRINCIPAL_TYPES[item.type]} {short_name(item)}"
    grants = [each for each in book.grants(identity) if each.by_identity]
    admin = [each for each in grants if _is_everything(each) and not each.conditions]
    for grant in admin:
        yield Weakness(
            "full admin",
            who,
            f"may do everything on everything, through {_through(grant)}",
            "One leaked credential, or one fault in the code that runs with it, is the whole account",
            _mended(grant, "Name the actions and the resources it works with"),
            f"{IAM_GUIDE}/best-practices.html#grant-least-privilege",
        )
    if admin:
        return
    idle = list(_unused(book, item, who, grants))
    yield from idle
    for grant in grants:
        # what is said exactly need not be said broadly
        yield from (each for each in _too_wide(book, who, grant) if not idle or each.kind != "whole service")
    yield from _escalations(book, item, identity, who)


def _too_wide(book: Book, who: str, grant: Grant) -> Iterator[Weakness]:
    wild = [each for each in grant.actions if "*" in each or each.startswith("everything")]
    anywhere = "*" in grant.resources and not grant.within
    if not wild:
        return
    counted = ", ".join(f"{count} {level}" for level, count in grant.levels.items())
    if anywhere and grant.universe.takes_a_resource(grant.bits):
        yield Weakness(
            "wide grant",
            who,
            f"may {_done(wild)} on any resource ({counted}), through {_through(grant)}{_when(grant)}",
            "It covers what other teams keep in this account, and what is made tomorrow",
            _mended(grant, 'Put the ARNs it works with in place of Resource "*"') + ", and name the actions",
            f"{IAM_GUIDE}/best-practices.html#grant-least-privilege",
        )
        return
    whole = [each for each in wild if each.endswith(":*")]
    if whole and grant.levels.get(PERMISSIONS, 0) + grant.levels.get(WRITE, 0):
        on = _few([book.index.name_of(each) for each in grant.resources])
        yield Weakness(
            "whole service",
            who,
            f"may {_few(whole)} on {on} ({counted}), through {_through(grant)}{_when(grant)}",
            "Deleting it and changing who may use it are among them; which of them are used, a template does not tell",
            _mended(grant, "Name the actions it needs"),
            f"{IAM_GUIDE}/best-practices.html#grant-least-privilege",
        )


def _unused(book: Book, item: Item, who: str, grants: Sequence[Grant]) -> Iterator[Weakness]:
    """What a role of schedules may and they never call: the one user whose calls a template tells all of."""
    schedules = [each for each in book.index.design.of_type("AWS::Scheduler::Schedule") if _role_of(each) == item.arn]
    names = [short_name(each) for each in schedules]
    if not schedules or set(runs_with(book.index, item)) != set(names) or _trusted(book, item) != SCHEDULER:
        return
    called: list[str] = []
    for schedule in schedules:
        target = schedule.properties["Target"]
        action = CALLED_BY_SCHEDULES.get("".join(str(target.get("Arn", "")).split(":")[2:3]))
        if action is None:
            return
        called += [action, *(["iam:PassRole"] if action == "ecs:RunTask" else [])]
        called += ["sqs:SendMessage"] if target.get("DeadLetterConfig") else []
    for grant in grants:
        # a key of the target's is used behind its back
        idle = grant.bits & ~grant.universe.matching(*called, "kms:*")
        if idle:
            shown = _few(grant.universe.described(idle, grant.actions))
            yield Weakness(
                "unused",
                who,
                f"may {shown} on {_on(book, grant)}, through {_through(grant)}{_when(grant)}",
                f"{_few(names)} runs as it, and calls {_few(called)} alone",
                _mended(grant, f"Take {shown} out,"),
                "https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html",
            )


def _role_of(schedule: Item) -> str:
    target = schedule.properties.get("Target")
    return str(target.get("RoleArn", "")) if isinstance(target, Mapping) else ""


def _trusted(book: Book, role: Item) -> set[str]:
    """Everyone a role's trust policy lets in."""
    trust = book.index.of(role).trust
    found: set[str] = set()
    for statement in trust.statements if trust else ():
        principal = statement.principal
        if statement.effect == "Allow" and principal is not None:
            found |= {*principal.aws, *principal.service, *principal.federated, *principal.canonical}
            found |= {"*"} if principal.everyone or principal.negated else set()
    return found


def _escalations(book: Book, item: Item, identity: Identity, who: str) -> Iterator[Weakness]:
    """The ways by which a principal gets more than it was given."""
    grants = [each for each in book.grants(identity) if each.by_identity]
    account = book.index.design.account
    for action, kind, why in IAM_WAYS:
        pattern = f"arn:aws:iam::{account}:{kind}/*"
        way = _way(grants, action, pattern)
        if way is None or _is_contained(book, item, identity, way, pattern):
            continue
        on = _few([book.index.name_of(each) for each in way.resources if overlaps_arn(each, pattern)])
        yield _escalation(
            who, f"may {action} on {on}, through {_through(way)}{_when(way)}", why, action, way, IAM_ACTIONS
        )
    kind = PRINCIPAL_TYPES[item.type].title()
    for action in (f"iam:Delete{kind}PermissionsBoundary", f"iam:Put{kind}PermissionsBoundary"):
        way = _way(grants, action, item.arn or "") if identity.boundaries else None
        if way is not None:
            what = f"may {action} on itself, through {_through(way)}{_when(way)}"
            why = "The ceiling it stands under is its own to take away"
            yield _escalation(who, what, why, action, way, f"{IAM_GUIDE}/access_policies_boundaries.html")
    yield from _by_passing(book, item, identity, who, grants)
    for way, action, other, how in _by_stepping_over(book, item, identity, grants):
        more = stronger(book, other, item)
        if more is not None:
            theirs = f"{_few(more.actions)} on {_on(book, more)}"
            why = f"{how}, and role {short_name(other)} may {theirs}, which it may not itself"
            yield _escalation(
                who, f"may {action}, through {_through(way)}{_when(way)}", why, action, way, SOURCES[action]
            )


def _by_passing(book: Book, item: Item, identity: Identity, who: str, grants: Sequence[Grant]) -> Iterator[Weakness]:
    """iam:PassRole with something that then runs as the role."""
    account = book.index.design.account
    passing = [each for each in grants if each.touches("iam:PassRole", f"arn:aws:iam::{account}:role/*")]
    if not passing:
        return
    told: set[str] = set()
    for service, actions, how in COMPUTE:
        ways = [_way(grants, action, "*") for action in actions]
        # one way to run as the roles of a service is enough
        if service in told or any(each is None for each in ways):
            continue
        told.add(service)
        context = {"iam:PassedToService": service}
        named = " and ".join(actions)
        way = passing[0]
        anywhere = f"arn:aws:iam::{account}:role/any-other-role"
        if judge(book.index, identity, "iam:PassRole", anywhere, context=context).answer in ("allowed", "depends"):
            way = next((each for each in passing if each.covers("iam:PassRole", anywhere)), way)
            what = f"may pass any role of the account to {service}, and {named}, through {_through(way)}{_when(way)}"
            why = f"{how}, with the strongest role that trusts {service}"
            yield _escalation(who, what, why, "iam:PassRole", way, PASS_ROLE)
            continue
        for role in book.index.design.of_type("AWS::IAM::Role"):
            if role is item or not role.arn or not _trusts(book, role, service):
                continue
            decision = judge(book.index, identity, "iam:PassRole", role.arn, context=context)
            more = stronger(book, role, item) if decision.answer in ("allowed", "depends") else None
            if more is not None:
                way = next((each for each in passing if each.covers("iam:PassRole", role.arn)), way)
                what = (
                    f"may pass role {short_name(role)} to {service}, and {named}, through {_through(way)}{_when(way)}"
                )
                why = f"{how}, and that role may {_few(more.actions)} on {_on(book, more)}"
                yield _escalation(who, what, why, "iam:PassRole", way, PASS_ROLE)


def _by_stepping_over(
    book: Book, item: Item, identity: Identity, grants: Sequence[Grant]
) -> Iterator[tuple[Grant, str, Item, str]]:
    """Other roles of the design it can act as: (through, action, the role, how)."""
    index = book.index
    stepping = book.universe.matching(
        "sts:AssumeRole", "lambda:UpdateFunctionCode", "ssm:SendCommand", "ssm:StartSession"
    )
    grants = [each for each in grants if each.bits & stepping]
    if not grants:
        return
    roles = {arn: role for arn, role in book.roles.items() if role is not item}
    for arn, role in roles.items():
        way = _way(grants, "sts:AssumeRole", arn)
        if way is not None and judge(index, identity, "sts:AssumeRole", arn).answer in ("allowed", "depends"):
            yield way, "sts:AssumeRole", role, f"It becomes role {short_name(role)}"
    for function in index.design.of_type("AWS::Lambda::Function"):
        owner = roles.get(str(function.properties.get("Role", "")))
        way = _way(grants, "lambda:UpdateFunctionCode", function.arn or "")
        if owner is not None and way is not None:
            yield way, "lambda:UpdateFunctionCode", owner, f"Code it writes runs as function {short_name(function)}"
    profiles = {
        str(each.physical_id): str(name)
        for each in index.design.of_type("AWS::IAM::InstanceProfile")
        for name in each.properties.get("Roles") or []
    }
    for instance in index.design.of_type("AWS::EC2::Instance"):
        name = profiles.get(str(instance.properties.get("IamInstanceProfile")))
        owner = next((role for role in roles.values() if name and name in (role.physical_id, role.arn)), None)
        arn = f"arn:aws:ec2:{index.design.region}:{index.design.account}:instance/{instance.physical_id}"
        for action, document in (("ssm:SendCommand", "AWS-RunShellScript"), ("ssm:StartSession", "")):
            way = _way(grants, action, arn)
            # a command is allowed on the instance and by its document, and most documents run no text of yours
            if document and _way(grants, action, f"arn:aws:ssm:*:*:document/{document}") is None:
                continue
            if owner is not None and way is not None:
                yield way, action, owner, f"What it runs on instance {short_name(instance)} has the instance's role"


def stronger(book: Book, role: Item, than: Item) -> Grant | None:
    """Something a role may do that another principal may not; None when there is nothing."""
    mine = book.grants(book.index.of(than))
    theirs = book.grants(book.index.of(role))
    chatter = book.universe.matching(*CHATTER)
    told = [each for each in theirs if each.bits & ~chatter]
    more = [each for each in told if not any(holds_whole(wide, each) for wide in mine)]
    return next(iter(sorted(more, key=lambda each: (-each.bits.bit_count(), each.actions, each.resources))), None)


def _way(grants: Sequence[Grant], action: str, arn: str) -> Grant | None:
    """The line by which an action is allowed, one without conditions before others."""
    # a delegation that demands a boundary is AWS's own advice: what is made with it stays within the boundary
    ways = [
        each
        for each in grants
        if each.touches(action, arn) and not any("iam:permissionsboundary" in one.lower() for one in each.conditions)
    ]
    return min(ways, key=lambda each: len(each.conditions), default=None)


def _is_contained(book: Book, item: Item, identity: Identity, way: Grant, pattern: str) -> bool:
    """Whether all it can change is what it has itself, which its boundary holds in check."""
    if not identity.boundaries:
        return False
    attached = {each.arn for each in identity.policies if each.arn}
    own = {item.arn, *attached} - {each.arn for each in identity.boundaries}
    return all(each in own for each in way.resources if overlaps_arn(each, pattern))


def _escalation(who: str, what: str, why: str, action: str, way: Grant, source: str) -> Weakness:
    change = _mended(way, f"Take {action} out, or limit its Resource to what it must change,")
    return Weakness("escalation", who, what, why, change, source)


def _of_statement(book: Book, policy: Policy, statement: Statement, arn: str) -> Iterator[Weakness]:
    assert statement.principal is not None
    principal, own = statement.principal, book.index.design.account
    name = book.index.name_of(arn)
    on = _few(map(book.index.name_of, statement.resources or ())) if _names_some(statement) else name
    label = f"{statement.label} of {policy.name}"
    keys = {condition.key.lower(): condition for condition in statement.conditions}
    when = f", when {' and '.join(map(str, statement.conditions))}" if statement.conditions else ""
    what = _few([str(each) for each in statement.actions.patterns])
    what = f"everything but {what}" if statement.actions.negated else what
    if principal.everyone or principal.negated:
        yield from _to_everyone(book, policy, statement, arn, name, f"{what} on {on}{when}", label)
    accounts = dict.fromkeys(each for each in principal.aws if not isinstance(each, Unknown) and _account(each, own))
    if accounts and not principal.negated:
        yield _across(policy, keys, name, [titled(each) for each in accounts], f"{what}{when}", label)
    for provider in principal.federated:
        if not _says_which(provider, statement.conditions):
            yield Weakness(
                "public",
                name,
                f"lets everybody in whom {provider} signs in, through {label}",
                "A provider signs in everyone it knows, and no condition says which of them is meant",
                f"Add a Condition on the provider's :aud and :sub keys to {label}",
                f"{IAM_GUIDE}/id_roles_create_for-idp_oidc.html",
            )
    if principal.service and policy.kind != "trust" and not any(map(_on_behalf, statement.conditions)):
        service = _few([str(each) for each in principal.service])
        yield Weakness(
            "confused deputy",
            name,
            f"lets {service} do {what} for anybody, through {label}",
            f"Another account can have {service} do it on its behalf: nothing says whose request it may be",
            f"Add a Condition on aws:SourceArn or aws:SourceAccount to {label}",
            f"{IAM_GUIDE}/confused-deputy.html",
        )


def _names_some(statement: Statement) -> bool:
    return bool(statement.resources) and not statement.not_resource and "*" not in (statement.resources or ())


def _to_everyone(
    book: Book, policy: Policy, statement: Statement, arn: str, name: str, what: str, label: str
) -> Iterator[Weakness]:
    keys = {condition.key.lower(): condition for condition in statement.conditions}
    organization = next(filter(_holds_to_organization, statement.conditions), None)
    if organization is not None:
        yield Weakness(
            "cross-account",
            name,
            f"lets every account of {', '.join(organization.values)} do {what}, through {label}",
            "An organization grows; each account that joins is let in",
            f"Name the accounts in the Principal of {label} if they are few",
            f"{IAM_GUIDE}/reference_policies_condition-keys.html#condition-keys-principalorgid",
        )
        return
    accounts = next(filter(None, map(_accounts_held, statement.conditions)), None)
    if accounts is not None:
        others = [titled(each) for each in accounts if each != book.index.design.account]
        if others:
            yield _across(policy, keys, name, others, what, label)
        return
    if any(each.key.lower() in HOLDING and _limits(each) for each in statement.conditions):
        return
    if not is_public(Policy(policy.name, (statement,), policy.kind)):
        return
    if not _really_opens(book, statement, arn):
        return
    if "lambda:invokedviafunctionurl" in keys:
        # half of what a public URL needs; the other half is told
        return
    if "lambda:functionurlauthtype" in keys:
        yield Weakness(
            "public",
            name,
            f"takes calls of its URL from anyone, through {label}",
            "Lambda asks nobody who calls: that is left to the function's own code",
            "Set AuthType AWS_IAM on the URL, if its callers can sign their requests",
            "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
        )
        return
    if policy.kind == "trust":
        whom, why = "any AWS account", "Whoever has an AWS account becomes this role, and does all that it may"
    elif ":kms:" in arn:
        whom, why = "any AWS account", "Whoever has an AWS account can ask, and KMS answers"
    else:
        whom, why = "anyone", "Everyone on the internet can ask, and whoever finds the name does"
    source = PUBLIC_SOURCES.get(arn.split(":")[2], f"{IAM_GUIDE}/reference_policies_elements_principal.html")
    change = f'Name who needs it in place of Principal "*" in {label}'
    if ":s3:::" in arn:
        change += ", or set RestrictPublicBuckets on the bucket"
    yield Weakness("public", name, f"lets {whom} do {what}, through {label}", why, change, source)


def _really_opens(book: Book, statement: Statement, arn: str) -> bool:
    """Whether an anonymous caller or a stranger's account gets in, whatever else stands there."""
    actions = [each for each in statement.actions.patterns if not isinstance(each, Unknown) and "*" not in each]
    resources = [each for each in statement.resources or (arn,) if each != "*"] or [arn]
    book_actions = actions[:1] or book.universe.names(book.universe.of(statement.actions) or 0)[:1]
    stranger = "9" * 12 if book.index.design.account != "9" * 12 else "8" * 12
    # any principal there, so that a condition on aws:PrincipalArn can be met
    somebody = {"aws:PrincipalArn": Like(f"arn:aws:iam::{stranger}:*")}
    for who, context in (("anyone", {}), (f"arn:aws:iam::{stranger}:root", somebody)):
        identity = book.index.identity(who)
        for action in book_actions:
            for resource in resources:
                if judge(book.index, identity, action, resource, context=context).answer in ("allowed", "depends"):
                    return True
    return False


def _limits(condition: Condition) -> bool:
    """Whether a request without the key, or with another value, does not meet a condition."""
    is_loose = condition.if_exists or condition.quantifier == "ForAllValues"
    return not is_loose and condition.base not in NEGATED and condition.base != "Null"


def _holds_to_organization(condition: Condition) -> bool:
    """Whether a condition holds everyone to organizations it names."""
    is_about = condition.key.lower() in ("aws:principalorgid", "aws:principalorgpaths")
    return is_about and _limits(condition) and not any(_is_open(each.partition("/")[0]) for each in condition.values)


def _accounts_held(condition: Condition) -> tuple[str, ...]:
    """The accounts a condition holds everyone to; none where it holds nobody, or to what is not known."""
    key = condition.key.lower()
    if key not in ("aws:principalaccount", "kms:calleraccount", "aws:principalarn") or not _limits(condition):
        return ()
    found = [(f"{each}:::::".split(":")[4] if key == "aws:principalarn" else each) for each in condition.values]
    return tuple(found) if all(re.fullmatch(r"\d{12}", each) for each in found) else ()


def _says_which(provider: str, conditions: Sequence[Condition]) -> bool:
    """Whether conditions say which of those a provider signs in are meant.

    Where everybody has an account, as on GitHub, who it is for (:aud) does not tell; who it is (:sub) does.
    """
    telling = [each for each in conditions if _limits(each) and not all(map(_is_all, each.values))]
    if any(str(provider).endswith(each) for each in SHARED_PROVIDERS):
        telling = [each for each in telling if not each.key.lower().endswith(":aud")]
    return bool(telling)


def _on_behalf(condition: Condition) -> bool:
    """Whether a condition says on whose behalf a service may come."""
    if not condition.key.lower().startswith(BEHALF) or not _limits(condition):
        return False
    # an S3 bucket's ARN has no account: its name says whose it is
    return not any(_is_all(each) or re.fullmatch(r"arn:[^:]*:[^:]*:[^:]*:\**:\**", each) for each in condition.values)


def _is_open(value: str) -> bool:
    return not isinstance(value, Unknown) and any(mark in value for mark in ("*", "?", "${"))


def _is_all(value: str) -> bool:
    return not isinstance(value, Unknown) and set(value) <= set("*")


def _across(
    policy: Policy, keys: Mapping[str, object], name: str, accounts: Sequence[str], what: str, label: str
) -> Weakness:
    whom = _few(accounts)
    if policy.kind != "trust":
        return Weakness(
            "cross-account",
            name,
            f"lets {whom} do {what}, through {label}",
            "Who of them uses it, that account decides and not this one",
            f"Name the one role there that needs it in {label}, or take the statement away",
            f"{IAM_GUIDE}/reference_policies_evaluation-logic-cross-account.html",
        )
    held = [said for key, said in TRUST_HOLDS.items() if key in keys]
    if held:
        why = f"It asks for {' and '.join(held)}, so that not everybody there who knows the ARN gets in"
        change = f"Name the one role there that takes it in {label}"
    else:
        why = (
            "It asks for neither an external id nor an organization: where that account serves many, any of them is you"
        )
        change = f"Add a Condition on sts:ExternalId (a third party) or aws:PrincipalOrgID (your own) to {label}"
    source = f"{IAM_GUIDE}/id_roles_create_for-user_externalid.html"
    return Weakness("cross-account", name, f"can be taken by {whom}, through {label}", why, change, source)


def _by_acl(bucket: Item) -> Iterator[Weakness]:
    canned = str(bucket.properties.get("AccessControl", ""))
    rules = (bucket.properties.get("OwnershipControls") or {}).get("Rules") or [{}]
    has_acls = str(rules[0].get("ObjectOwnership", "BucketOwnerEnforced")) != "BucketOwnerEnforced"
    block = public_access_block(bucket)
    is_stopped = not has_acls or block["BlockPublicAcls"] or block["IgnorePublicAcls"]
    if canned in ("PublicRead", "PublicReadWrite") and not is_stopped:
        may = "list it and write to it" if canned == "PublicReadWrite" else "list it"
        yield Weakness(
            "public",
            short_name(bucket),
            f"lets anyone {may}, through AccessControl {canned}",
            "An access control list is seen by nobody who reads the policies",
            "Take AccessControl away, and set IgnorePublicAcls",
            PUBLIC_SOURCES["s3"],
        )


def _trusts(book: Book, role: Item, service: str) -> bool:
    trust = book.index.of(role).trust
    statements = trust.statements if trust else ()
    return any(each.effect == "Allow" and each.principal and service in each.principal.service for each in statements)


def _account(principal: str, own: str) -> bool:
    """Whether an entry of a Principal is of another account."""
    account = principal if principal.isdigit() else principal.split(":")[4] if principal.startswith("arn:") else ""
    return bool(account) and account != own


def _is_everything(grant: Grant) -> bool:
    return grant.bits == grant.universe.everything and "*" in grant.resources and not grant.within and not grant.never


def _through(grant: Grant) -> str:
    return " and ".join(grant.through)


def _mended(grant: Grant, change: str) -> str:
    """What to change where; one of AWS's own policies is replaced, not edited."""
    if any(" of the AWS managed policy " in each for each in grant.through):
        name = next(each for each in grant.through if " of the AWS managed policy " in each).rpartition(" ")[2]
        return f"{change[0].upper()}{change[1:].rstrip(',')} in a policy of your own, attached in place of {name}"
    return f"{change} in {_through(grant)}"


def _when(grant: Grant) -> str:
    return all_of(grant.conditions, before=", ")


def _on(book: Book, grant: Grant) -> str:
    return _few([book.index.name_of(each) for each in grant.resources])


def _done(actions: Sequence[str]) -> str:
    return f"do {_few(actions)}" if actions[0].startswith("everything") else _few(actions)


def _few(names: Iterable[str]) -> str:
    listed = list(dict.fromkeys(names))
    return ", ".join(listed) if len(listed) <= 4 else f"{', '.join(listed[:3])} and {len(listed) - 3} more"


KINDS: tuple[Kind, ...] = (
    "public",
    "full admin",
    "escalation",
    "cross-account",
    "wide grant",
    "whole service",
    "unused",
    "confused deputy",
)

IAM_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
IAM_ACTIONS = (
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html"
)
PASS_ROLE = f"{IAM_GUIDE}/id_roles_use_passrole.html"
SOURCES = {
    "sts:AssumeRole": f"{IAM_GUIDE}/id_roles_use_permissions-to-switch.html",
    "lambda:UpdateFunctionCode": "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
    "ssm:SendCommand": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html",
    "ssm:StartSession": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html",
}
PUBLIC_SOURCES = {
    "s3": "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
}

# what one call of IAM gives: the action, what it is about, and what comes of it
IAM_WAYS = (
    (
        "iam:CreatePolicyVersion",
        "policy",
        "A new version it writes says whatever it likes, for all who have the policy",
    ),
    (
        "iam:SetDefaultPolicyVersion",
        "policy",
        "An older version may allow more than today's, for all who have the policy",
    ),
    ("iam:AttachUserPolicy", "user", "It attaches AdministratorAccess, to itself or to a user it can be"),
    ("iam:AttachGroupPolicy", "group", "It attaches AdministratorAccess to a group, and all members have it"),
    ("iam:AttachRolePolicy", "role", "It attaches AdministratorAccess to a role it is, or can be"),
    ("iam:PutUserPolicy", "user", "It writes any policy into a user, itself among them"),
    ("iam:PutGroupPolicy", "group", "It writes any policy into a group, and all members have it"),
    ("iam:PutRolePolicy", "role", "It writes any policy into a role it is, or can be"),
    ("iam:AddUserToGroup", "group", "It joins a group that may do more"),
    ("iam:CreateAccessKey", "user", "The key of another user is that user, until somebody takes the key away"),
    ("iam:CreateLoginProfile", "user", "With a password it sets for another user, it signs in as that user"),
    ("iam:UpdateLoginProfile", "user", "With a password it changes for another user, it signs in as that user"),
    ("iam:UpdateAssumeRolePolicy", "role", "It writes itself into a role's trust policy, and takes the role"),
)

# a service that runs what it is given as a role that was passed to it, and the calls that give it
COMPUTE = (
    ("lambda.amazonaws.com", ("lambda:CreateFunction",), "A function it makes runs its code"),
    ("ec2.amazonaws.com", ("ec2:RunInstances",), "An instance it starts runs its code"),
    ("lambda.amazonaws.com", ("lambda:UpdateFunctionConfiguration",), "A function runs a layer it adds"),
    ("ecs-tasks.amazonaws.com", ("ecs:RunTask",), "A task it starts runs its containers"),
    ("ecs-tasks.amazonaws.com", ("ecs:RegisterTaskDefinition", "ecs:CreateService"), "A service runs its containers"),
    ("glue.amazonaws.com", ("glue:CreateJob", "glue:StartJobRun"), "A job it makes runs its script"),
    ("glue.amazonaws.com", ("glue:UpdateJob", "glue:StartJobRun"), "A job it changes runs its script"),
    ("glue.amazonaws.com", ("glue:CreateSession", "glue:RunStatement"), "A session it opens runs its code"),
    ("cloudformation.amazonaws.com", ("cloudformation:CreateStack",), "A stack it makes builds what its template says"),
    (
        "cloudformation.amazonaws.com",
        ("cloudformation:UpdateStack",),
        "A stack it changes builds what its template says",
    ),
    (
        "cloudformation.amazonaws.com",
        ("cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
        "A change set it executes builds what its template says",
    ),
    (
        "codebuild.amazonaws.com",
        ("codebuild:CreateProject", "codebuild:StartBuild"),
        "A build it starts runs its commands",
    ),
    (
        "codebuild.amazonaws.com",
        ("codebuild:UpdateProject", "codebuild:StartBuild"),
        "A build it starts runs its commands",
    ),
    ("sagemaker.amazonaws.com", ("sagemaker:CreateNotebookInstance",), "A notebook it makes runs its code"),
    ("sagemaker.amazonaws.com", ("sagemaker:CreateTrainingJob",), "A training job it starts runs its code"),
    ("sagemaker.amazonaws.com", ("sagemaker:CreateProcessingJob",), "A processing job it starts runs its code"),
    ("scheduler.amazonaws.com", ("scheduler:CreateSchedule",), "A schedule it makes calls AWS"),
    ("ssm.amazonaws.com", ("ssm:StartAutomationExecution",), "An automation it starts calls AWS"),
    ("states.amazonaws.com", ("states:CreateStateMachine", "states:StartExecution"), "A workflow it makes calls AWS"),
)

# what a schedule calls on the resource it is given the ARN of; with any other ARN it may call anything
SCHEDULER = {"scheduler.amazonaws.com"}
CALLED_BY_SCHEDULES = {
    "codebuild": "codebuild:StartBuild",
    "codepipeline": "codepipeline:StartPipelineExecution",
    "ecs": "ecs:RunTask",
    "events": "events:PutEvents",
    "firehose": "firehose:PutRecord",
    "kinesis": "kinesis:PutRecord",
    "lambda": "lambda:InvokeFunction",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
    "states": "states:StartExecution",
}

# keys of a condition that say on whose behalf a service may come
BEHALF = (
    *("aws:sourcearn", "aws:sourceaccount", "aws:sourceorg", "aws:sourceowner"),
    *("kms:encryptioncontext", "kms:viaservice"),
)

# keys that hold "*" to this account or this network, besides those Amazon S3 counts
HOLDING = {"elasticfilesystem:accessedviamounttarget", "aws:sourceowner", "kms:calleraccount", "aws:principalaccount"}

# who signs in whoever has an account there
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html#idp_oidc_Create_GitHub
SHARED_PROVIDERS = ("token.actions.githubusercontent.com",)

# what an agent or a function says of itself; whoever may do it has no more power for that
CHATTER = (
    *("ec2messages:*", "ssmmessages:*", "ssm:UpdateInstanceInformation", "xray:Put*", "cloudwatch:PutMetricData"),
    *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
)

TRUST_HOLDS = {
    "sts:externalid": "an external id",
    "aws:principalorgid": "an organization",
    "aws:principalorgpaths": "an organization's unit",
    "aws:multifactorauthpresent": "MFA",
    "aws:principalarn": "certain principals",
}
