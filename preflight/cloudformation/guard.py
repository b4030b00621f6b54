"""Stack policies: which updates of a stack's resources its owner has ruled out.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html, checked_on 2026-11-22
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from preflight.analysis.patterns import glob
from preflight.errors import Refused

ACTIONS = ("Update:Modify", "Update:Replace", "Update:Delete")


def read(text: str) -> dict[str, Any]:
    """A stack policy; raises Refused, in CloudFormation's words, where the text is none."""
    try:
        policy = json.loads(text)
        statements = _statements(policy)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _refused(f"Error validating stack policy: Invalid stack policy ({error})") from error
    for each in statements:
        if not isinstance(each, dict) or each.get("Effect") not in ("Allow", "Deny"):
            raise _refused("Error validating stack policy: Invalid effect")
        if each.get("Principal", each.get("NotPrincipal")) not in ("*", {"AWS": "*"}):
            raise _refused("Error validating stack policy: Principal must be *")
        for action in _list(each.get("Action", each.get("NotAction", ()))):
            if not any(glob(str(action)).fullmatch(known) for known in ACTIONS):
                raise _refused(f"Error validating stack policy: Unknown action {action}")
    held: dict[str, Any] = policy
    return held


def refusal(policy: Mapping[str, Any] | None, action: str, logical_id: str, resource_type: str) -> str | None:
    """Why an action on a resource is ruled out, None when it is not.

    Without a policy nothing is; with one everything is that no statement allows.
    """
    if policy is None:
        return None
    allowed = False
    for number, each in enumerate(_statements(policy), start=1):
        if not _applies(each, action, logical_id, resource_type):
            continue
        if each["Effect"] == "Deny":
            return f"Action denied by stack policy: Statement [#{number}] denies {action} on {logical_id}"
        allowed = True
    return None if allowed else f"Action not allowed by stack policy: no statement allows {action} on {logical_id}"


def _applies(statement: Mapping[str, Any], action: str, logical_id: str, resource_type: str) -> bool:
    for name, value in (("Action", action), ("Resource", f"LogicalResourceId/{logical_id}")):
        if name in statement and not _matches(statement[name], value):
            return False
        if f"Not{name}" in statement and _matches(statement[f"Not{name}"], value):
            return False
    conditions = statement.get("Condition", {})
    return all(
        _matches(asked.get("ResourceType", ()), resource_type) != operator.startswith("StringNot")
        for operator, asked in conditions.items()
    )


def _matches(patterns: Any, value: str) -> bool:
    return any(glob(str(each)).fullmatch(value) for each in _list(patterns))


def _statements(policy: Mapping[str, Any]) -> list[Any]:
    return _list(policy["Statement"])


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Iterable) and not isinstance(value, (str, Mapping)) else [value]


def _refused(said: str) -> Refused:
    return Refused(said, [said])
