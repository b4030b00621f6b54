"""Whether a document matches a pattern, in the one language of event patterns and filter policies.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html and
https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any


class _Missing:
    pass


_MISSING = _Missing()
_COMPARE = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    "=": lambda left, right: left == right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


OPERATORS = ("anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard")


def matches(pattern: Mapping[str, Any], document: Any) -> bool:
    """Whether every name of the pattern is matched; a list in the document matches by any one of its items."""
    if isinstance(document, list):
        return any(matches(pattern, each) for each in document)
    return all(_name_matches(name, wanted, document) for name, wanted in pattern.items())


def _name_matches(name: str, wanted: Any, document: Any) -> bool:
    if name == "$or" and isinstance(wanted, list) and all(isinstance(each, Mapping) for each in wanted):
        return any(matches(each, document) for each in wanted)
    value = document.get(name, _MISSING) if isinstance(document, Mapping) else _MISSING
    if isinstance(wanted, Mapping):
        # what is not there can still be wanted to be absent
        return matches(wanted, {} if value is _MISSING else value)
    return any(_value_matches(each, value) for each in wanted)


def _value_matches(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, Mapping) and "exists" in wanted:
        is_leaf = value is not _MISSING and not isinstance(value, Mapping)
        return is_leaf == bool(wanted["exists"])
    if value is _MISSING:
        return False
    values = value if isinstance(value, list) else [value]
    if isinstance(wanted, Mapping):
        return any(_operator(*next(iter(wanted.items())), each) for each in values)
    return any(_equal(wanted, each) for each in values)


def _equal(wanted: Any, value: Any) -> bool:
    if isinstance(value, Mapping | list):
        return False
    return type(wanted) is type(value) and json.dumps(wanted) == json.dumps(value)


def _operator(name: str, wanted: Any, value: Any) -> bool:
    if name == "anything-but":
        return _anything_but(wanted, value)
    if name == "numeric":
        return _is_number(value) and _in_range(wanted, value)
    if not isinstance(value, str):
        return False
    if name in ("prefix", "suffix"):
        if isinstance(wanted, Mapping):
            wanted, value = str(wanted.get("equals-ignore-case", "")).lower(), value.lower()
        return any(value.startswith(each) if name == "prefix" else value.endswith(each) for each in _listed(wanted))
    if name == "equals-ignore-case":
        return any(value.lower() == str(each).lower() for each in _listed(wanted))
    if name == "wildcard":
        return any(_wildcard(str(each), value) for each in _listed(wanted))
    return name == "cidr" and _in_network(str(wanted), value)


def _anything_but(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, Mapping):
        name, inner = next(iter(wanted.items()))
        return isinstance(value, str) and not _operator(name, inner, value)
    return not any(_same(each, value) for each in _listed(wanted))


def _same(wanted: Any, value: Any) -> bool:
    return wanted == value if _is_number(wanted) and _is_number(value) else _equal(wanted, value)


def _in_range(wanted: Sequence[Any], value: float) -> bool:
    pairs = zip(wanted[::2], wanted[1::2], strict=False)
    return all(_COMPARE[str(sign)](value, bound) for sign, bound in pairs)


def _wildcard(pattern: str, value: str) -> bool:
    """`*` for any text, and a backslash before one that is meant."""
    pieces = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", pattern)
    expression = "".join(".*" if each == "*" else re.escape(each.removeprefix("\\") or "\\") for each in pieces)
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _in_network(network: str, value: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
