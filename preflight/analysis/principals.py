"""Who makes a request, and how a policy's Principal names them.

Sources, checked 2026-11-22:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from preflight.analysis.conditions import Finding
from preflight.analysis.policy import PrincipalElement
from preflight.errors import Usage
from preflight.intrinsics import Unknown

PrincipalKind = Literal["user", "session", "root", "federated-user", "service", "federated", "anonymous"]

# how a resource-based policy names a principal; what limits the grant follows from it
DIRECT, ROLE, ACCOUNT, MAYBE = "itself", "its role", "its account", "perhaps"


@dataclass(frozen=True)
class Principal:
    """Who makes the request.

    `arn` is what a resource-based policy would name. A role's session has `role_arn`, and no session name ("") where
    nobody can tell it; a role itself never makes a request. `tags` None means that nobody knows them.
    `credentials` says whether a user signs with long-term keys; None when it is not known.
    """

    kind: PrincipalKind
    arn: str = ""
    account: str = ""
    name: str = ""
    role_arn: str = ""
    user_arn: str = ""
    session: str = ""
    tags: Mapping[str, str] | None = None
    credentials: Literal["long_term", "temporary"] | None = None
    canonical_user: str = ""
    alias: str = ""

    @classmethod
    def of(cls, text: str, **more: Any) -> Principal:
        """The principal an ARN, "anyone", a service ("lambda.amazonaws.com") or "service:NAME" stands for.

        A role's ARN stands for a session of that role whose name is not known. Raises Usage for anything else.
        """
        if text in ("anyone", "anonymous", "*"):
            return cls("anonymous", **more)
        service = text.removeprefix("service:")
        if text.startswith("service:") or re.fullmatch(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?", text):
            name = service if "." in service else f"{service}.amazonaws.com"
            return cls("service", arn=name, name=name, **more)
        if re.fullmatch(r"\d{12}", text):
            text = f"arn:aws:iam::{text}:root"
        return _principal_of_arn(text, more)

    @property
    def is_service_linked(self) -> bool:
        """Whether it is a service-linked role, which no organization's policy limits."""
        return ":role/aws-service-role/" in self.role_arn

    def __str__(self) -> str:
        return self.alias or {"anonymous": "an anonymous caller"}.get(self.kind) or self.arn


def named_by(element: PrincipalElement, principal: Principal, effect: str, *, is_bounded: bool = False) -> Finding:
    """Whether a Principal or NotPrincipal element is about a principal, and how it names it.

    `is_bounded` says that the principal has a permissions boundary.
    """
    if element.negated:
        return _named_by_all_but(element, principal, effect, is_bounded)
    if element.everyone:
        return Finding(True, DIRECT)
    if principal.kind == "service":
        hit = any(each == principal.name for each in element.service)
        return Finding(hit, DIRECT if hit else f"its Principal does not name {principal.name}")
    if principal.kind == "federated":
        hit = any(each in (principal.name, principal.arn) for each in element.federated)
        return Finding(hit, DIRECT if hit else f"its Principal does not name {principal.name}")
    miss = Finding(False, f"its Principal does not name {principal}")
    if principal.kind == "anonymous":
        return miss
    unknown: list[str] = []
    ways: list[str] = []
    for named in element.aws:
        way = _way(named, principal)
        if way == MAYBE:
            unknown.append(str(named) if isinstance(named, Unknown) else f"the name of {principal}'s session")
        elif way:
            ways.append(way)
    if principal.canonical_user and principal.canonical_user in element.canonical:
        ways.append(ACCOUNT)
    for way in (DIRECT, ROLE, ACCOUNT):
        if way in ways:
            return Finding(True, way)
    return Finding(None, DIRECT, tuple(unknown)) if unknown else miss


def _named_by_all_but(element: PrincipalElement, principal: Principal, effect: str, is_bounded: bool) -> Finding:
    """NotPrincipal: everyone else is meant.

    With Deny, AWS checks the account, the role and the session in turn, so all of them must be listed to be spared;
    and whoever has a permissions boundary is denied, listed or not:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    if is_bounded and effect == "Deny":
        return Finding(True, DIRECT)
    if element.everyone:
        return Finding(False, "its NotPrincipal names everyone")
    if principal.kind == "service":
        hit = principal.name in element.service
        return Finding(not hit, "its NotPrincipal names it" if hit else DIRECT)
    if principal.kind in ("anonymous", "federated"):
        hit = principal.kind == "federated" and principal.name in element.federated
        return Finding(not hit, "its NotPrincipal names it" if hit else DIRECT)
    ways = {_way(named, principal) for named in element.aws}
    if effect == "Allow":
        spared = bool(ways - {"", MAYBE})
    elif principal.kind == "root":
        spared = bool(ways & {DIRECT, ACCOUNT})
    else:
        spared = {DIRECT, ACCOUNT} <= ways and (principal.kind != "session" or ROLE in ways)
    if spared:
        return Finding(False, "its NotPrincipal names it")
    if MAYBE in ways:
        unknown = tuple(str(each) for each in element.aws if isinstance(each, Unknown))
        return Finding(None, DIRECT, unknown or (f"the name of {principal}'s session",))
    return Finding(True, DIRECT)


def _way(named: str, principal: Principal) -> str:
    """How one entry of a Principal element names a principal: itself, by its role, by its account, or not ("")."""
    if isinstance(named, Unknown):
        return MAYBE
    if named == principal.account or named.endswith(f":iam::{principal.account}:root"):
        return ACCOUNT if principal.kind != "root" else DIRECT if principal.arn == named else ACCOUNT
    if named == principal.arn:
        return DIRECT
    if named in (principal.role_arn, principal.user_arn) and named:
        return ROLE
    if principal.kind == "session" and not principal.session and named.startswith(f"{principal.arn}/"):
        return MAYBE
    return ""


def _principal_of_arn(text: str, more: Mapping[str, Any]) -> Principal:
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] not in ("iam", "sts"):
        raise Usage(
            f'"{text}" is not a principal; give the ARN of a role, a user or an account, "anyone", or "service:NAME"'
        )
    partition, account, rest = parts[1], parts[4], parts[5]
    kind, _, name = rest.partition("/")
    if rest == "root":
        return Principal("root", **{"arn": text, "account": account, **more})
    if kind == "user":
        return Principal("user", **{"arn": text, "account": account, "name": name.rpartition("/")[2], **more})
    if kind == "role":
        short = name.rpartition("/")[2]
        session_arn = f"arn:{partition}:sts::{account}:assumed-role/{short}"
        return Principal(
            "session",
            **{"arn": session_arn, "account": account, "name": short, "role_arn": text, "alias": text, **more},
        )
    if kind == "assumed-role":
        role, _, session = name.partition("/")
        role_arn = f"arn:{partition}:iam::{account}:role/{role}"
        return Principal(
            "session",
            **{"arn": text, "account": account, "name": role, "role_arn": role_arn, "session": session, **more},
        )
    if kind == "federated-user":
        user_arn = f"arn:{partition}:iam::{account}:user/{name}"
        return Principal(
            "federated-user", **{"arn": text, "account": account, "name": name, "user_arn": user_arn, **more}
        )
    if kind in ("saml-provider", "oidc-provider"):
        return Principal("federated", **{"arn": text, "name": text, **more})
    raise Usage(f'"{text}" cannot make requests; give the ARN of a role, a user or an account')
