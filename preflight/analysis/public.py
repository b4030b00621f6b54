"""Whether Amazon S3 calls a bucket policy public.

A policy is public unless every Allow is for fixed principals, or is limited to fixed values of certain keys:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
(checked 2026-11-22)
"""

from __future__ import annotations

import ipaddress

from preflight.analysis.conditions import FAMILY, NEGATED, Condition
from preflight.analysis.policy import Policy, Statement
from preflight.intrinsics import Unknown


def is_public(policy: Policy) -> str:
    """Why the policy is public, as a clause for a sentence; "" when it is not."""
    for statement in policy.statements:
        if statement.effect == "Allow" and _opens(statement):
            return f"{statement.label} of {policy.name} is public"
    return ""


def _opens(statement: Statement) -> bool:
    principal = statement.principal
    if principal is None:
        return False
    # a web identity provider's users can be anybody
    is_fixed = not (principal.everyone or principal.negated or principal.federated)
    return not is_fixed and not any(_fixes(condition) for condition in statement.conditions)


def _fixes(condition: Condition) -> bool:
    """Whether a condition holds the request to fixed values of a key that names who or where."""
    key = condition.key.lower()
    if condition.base in NEGATED or condition.if_exists or condition.quantifier == "ForAllValues":
        return False
    if key == "aws:sourceip":
        return FAMILY[condition.base] == "IpAddress" and not any(_is_broad(value) for value in condition.values)
    if key not in FIXING_KEYS or FAMILY[condition.base] not in ("String", "Arn"):
        return False
    if key == "aws:userid":
        return not any(_is_open(value.removesuffix(":*")) for value in condition.values)
    if key == "s3:dataaccesspointarn":
        return not any(_is_open(value.rpartition("accesspoint/")[0] or value) for value in condition.values)
    return not any(_is_open(value) for value in condition.values)


def _is_open(value: str) -> bool:
    return not isinstance(value, Unknown) and any(mark in value for mark in ("*", "?", "${"))


def _is_broad(value: str) -> bool:
    """Broader than /8 (IPv4) or /32 (IPv6), private ranges aside."""
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen < (8 if network.version == 4 else 32) and not network.is_private


FIXING_KEYS = frozenset(
    {"aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principalaccount", "aws:userid"}
    | {"aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount", "aws:sourceorgid"}
    | {"s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:dataaccesspointarn", "s3:dataaccesspointaccount"}
    | {"aws:sourceorgpaths", "aws:principalservicename"}
)
