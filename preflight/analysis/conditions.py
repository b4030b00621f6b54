"""Whether a statement's conditions hold, for what is known of the request.

A key of the request context is known (one text or several), known in part (Like), absent (ABSENT), there with a value
nobody can tell from here (PRESENT), or not known at all (UNKNOWN). So an answer is True, False, or None with the keys
it depends on.

Sources, checked 2026-11-22:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from preflight.analysis.patterns import covers, glob, overlap
from preflight.intrinsics import Unknown


class Fault(Exception):
    """A condition AWS's grammar forbids; the message is the rule."""


class Mark(Enum):
    """What is known of a key that has no known value."""

    ABSENT = "absent"
    PRESENT = "present"
    UNKNOWN = "unknown"


ABSENT = Mark.ABSENT
PRESENT = Mark.PRESENT
UNKNOWN = Mark.UNKNOWN


@dataclass(frozen=True)
class Like:
    """A text known in part, as in "AROAEXAMPLEID:*": its `*` and `?` stand for letters nobody knows.

    `never` holds patterns the text is known not to match. What is not known holds no `*` and no `?` itself.
    """

    pattern: str
    never: tuple[str, ...] = ()

    def meets(self, base: str, value: str, literal: str | None = None) -> bool | None:
        """Whether the text matches one policy value (not negated); None when nobody can tell."""
        mine, exact = self.pattern, value if literal is None else literal
        if base in ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"):
            mine, exact = mine.lower(), exact.lower()
        if base not in ("StringLike", "StringNotLike"):
            if FAMILY[base] == "Arn":
                return None if overlap(mine, value) and not self._is_never(value) else False
            is_text = FAMILY[base] == "String"
            can_be = not is_text or (not set("*?") & set(exact) and glob(mine).fullmatch(exact) is not None)
            return None if can_be and not (is_text and self._is_never(exact)) else False
        if STAR in value or MARK in value:
            return None
        if covers(value, mine):
            return True
        return None if overlap(value, mine) and not self._is_never(value) else False

    def _is_never(self, value: str) -> bool:
        return any(covers(pattern, value) for pattern in self.never)

    def __str__(self) -> str:
        return re.sub(r"[*?]+", "...", self.pattern)


Known = tuple[str, ...] | Like | Mark
Lookup = Callable[[str], Known]


class Finding(NamedTuple):
    """Whether something holds: True, False, or None when it depends on `keys`; `why` is a clause for a sentence."""

    holds: bool | None
    why: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """One operator with one key and its values, as in `StringEquals aws:SourceVpc ["vpc-1"]`."""

    operator: str
    base: str
    quantifier: Literal["", "ForAllValues", "ForAnyValue"]
    if_exists: bool
    key: str
    values: tuple[str, ...]
    variables: bool = False

    def holds(self, lookup: Lookup) -> Finding:
        """Whether the request meets this condition."""
        actual = lookup(self.key)
        if self.base == "Null":
            return self._null(actual)
        if actual is UNKNOWN:
            return Finding(None, f"{self.key} is not known", (self.key,))
        if actual is ABSENT:
            return self._absent()
        if actual is PRESENT:
            return Finding(None, f"the value of {self.key} is not known", (self.key,))
        if isinstance(actual, Like):
            return self._compare((actual,), lookup)
        assert isinstance(actual, tuple)
        return self._compare(actual, lookup)

    def __str__(self) -> str:
        values = self.values[0] if len(self.values) == 1 else "[" + ", ".join(self.values) + "]"
        return f"{self.operator} {self.key} {values}"

    def _null(self, actual: Known) -> Finding:
        if actual is UNKNOWN:
            return Finding(None, f"it is not known whether the request carries {self.key}", (self.key,))
        is_absent = actual is ABSENT or actual == ()
        wanted = any((value.lower() == "true") == is_absent for value in self.values)
        return Finding(wanted, f"{self.key} is {'absent' if is_absent else 'there'}")

    def _absent(self) -> Finding:
        why = f"the request carries no {self.key}"
        if self.if_exists or self.quantifier == "ForAllValues":
            return Finding(True, why)
        if self.quantifier == "ForAnyValue":
            return Finding(False, why)
        return Finding(self.base in NEGATED, why)

    def _compare(self, actual: Sequence[str | Like], lookup: Lookup) -> Finding:
        negated = self.base in NEGATED
        shown = " and ".join(f'"{each}"' for each in actual)
        why = f"{self.key} is {shown}"
        if self.quantifier and all(each == "" for each in actual):
            # an empty data set, such as an empty string
            return Finding(self.quantifier == "ForAllValues", f"{self.key} is empty")
        wanted, unresolved, keys = self._wanted(lookup)
        if unresolved and not wanted and not keys:
            return Finding(False, f"the policy variable {unresolved} has no value in this request")
        if negated and unresolved:
            return Finding(False, f"the policy variable {unresolved} has no value in this request")
        # what is not known of the policy can only add a match
        hits = [
            _any([*(_meets(self.base, each, *value) for value in wanted), *([None] if keys else [])]) for each in actual
        ]
        every = self.quantifier == "ForAllValues" or (negated and self.quantifier != "ForAnyValue")
        passed = [None if hit is None else hit is not negated for hit in hits]
        held = _all(passed) if every else _any(passed)
        return Finding(held, why, (keys or (self.key,)) if held is None else ())

    def _wanted(self, lookup: Lookup) -> tuple[list[tuple[str, str | None]], str, tuple[str, ...]]:
        """The policy's values (as pattern and literal), a variable that has no value, and what is not known."""
        wanted: list[tuple[str, str | None]] = []
        unresolved = ""
        keys: list[str] = []
        for value in self.values:
            if isinstance(value, Unknown):
                keys.append(str(value))
                continue
            if not (self.variables and "${" in value and self.base in TAKES_VARIABLES):
                wanted.append((value, None))
                continue
            filled = fill(value, lookup)
            if filled.missing:
                unresolved = filled.missing
            elif filled.unknown:
                keys.extend(filled.unknown)
            else:
                wanted.append((filled.pattern, filled.literal))
        return wanted, unresolved, tuple(keys)


class Filled(NamedTuple):
    """A text whose policy variables are filled in.

    `pattern` is for matching with wildcards (the variables' own `*` and `?` are text there, marked by private-use
    characters), `literal` for comparing; `missing` names a variable without a value, `unknown` the keys not known.
    """

    pattern: str
    literal: str
    missing: str = ""
    unknown: tuple[str, ...] = ()


VARIABLE = re.compile(r"\$\{([^}]*)\}")
DEFAULT = re.compile(r"\s*([^,]+?)\s*,\s*'(.*)'\s*", re.DOTALL)

# stand for a * and a ? that are text, in patterns
STAR, MARK = "\ue000", "\ue001"


def fill(text: str, lookup: Lookup) -> Filled:
    """Replace `${key}`, `${key, 'default'}`, `${*}`, `${?}` and `${$}`."""
    missing = ""
    unknown: list[str] = []

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        name = match[1]
        if name in ("*", "?", "$"):
            return name
        with_default = DEFAULT.fullmatch(name)
        key = with_default[1] if with_default else name.strip()
        known = lookup(key)
        if known is ABSENT and with_default:
            return with_default[2]
        if known is UNKNOWN or known is PRESENT or isinstance(known, Like):
            unknown.append(key)
            return ""
        # a key with several values cannot be a variable
        if not isinstance(known, tuple) or len(known) != 1:
            missing = missing or match[0]
            return ""
        return known[0]

    literal = VARIABLE.sub(value, text)
    if missing or unknown:
        return Filled("", "", missing, tuple(unknown))
    pattern = VARIABLE.sub(lambda match: value(match).replace("*", STAR).replace("?", MARK), text)
    return Filled(pattern, literal)


def text_glob(pattern: str, ignore_case: bool = False) -> re.Pattern[str]:
    """The compiled pattern, where STAR and MARK are text."""
    if STAR not in pattern and MARK not in pattern:
        return glob(pattern, ignore_case)
    compiled = glob(pattern, ignore_case).pattern
    return re.compile(compiled.replace(STAR, r"\*").replace(MARK, r"\?"), re.DOTALL)


def read_conditions(declared: Any, variables: bool) -> tuple[Condition, ...]:
    """The conditions of a Condition block. Raises Fault."""
    if isinstance(declared, Unknown):
        return (Condition("StringEquals", "StringEquals", "", False, str(declared), (declared,)),)
    if not isinstance(declared, Mapping):
        raise Fault("Condition must be an object of operators")
    conditions = []
    for operator, block in declared.items():
        quantifier, base, if_exists = _operator(operator)
        if not isinstance(block, Mapping):
            raise Fault(f'{operator} must be an object, as in {{"aws:SourceIp": "..."}}')
        for key, value in block.items():
            values = _values(operator, base, key, value)
            conditions.append(Condition(operator, base, quantifier, if_exists, key, values, variables))
    return tuple(conditions)


def is_operator(name: str) -> bool:
    """Whether AWS knows a condition operator, as in "ForAnyValue:StringLikeIfExists"."""
    try:
        _operator(name)
    except Fault:
        return False
    return True


def _operator(operator: str) -> tuple[Literal["", "ForAllValues", "ForAnyValue"], str, bool]:
    quantifier, _, name = operator.rpartition(":")
    if_exists = name.endswith("IfExists")
    base = CANONICAL.get(name.removesuffix("IfExists").lower(), "")
    found = {"": "", "forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}.get(quantifier.lower())
    if not base or found is None or (base == "Null" and if_exists):
        raise Fault(f"invalid condition type: {operator}")
    return found, base, if_exists  # type: ignore[return-value]


def _values(operator: str, base: str, key: str, declared: Any) -> tuple[str, ...]:
    values = declared if isinstance(declared, (list, tuple)) else [declared]
    texts = []
    for value in values:
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, (int, float)):
            value = str(value)
        elif not isinstance(value, str):
            raise Fault(f"the values of {operator} {key} must be texts, numbers or Booleans")
        if not isinstance(value, Unknown) and "${" not in value:
            _check(operator, base, value)
        texts.append(value)
    return tuple(texts)


def _check(operator: str, base: str, value: str) -> None:
    family = FAMILY[base]
    if family in ("Bool", "Null") and value.lower() not in ("true", "false"):
        raise Fault(f'{operator} takes "true" or "false", not "{value}"')
    if family == "Numeric" and _number(value) is None:
        raise Fault(f'{operator} takes a number, not "{value}"')
    if family == "Date" and _moment(value) is None:
        raise Fault(f'{operator} takes a date in ISO 8601 or epoch form, not "{value}"')
    if family == "IpAddress" and _network(value) is None:
        raise Fault(f'{operator} takes an address or a CIDR range, not "{value}"')
    if family == "Binary" and _bytes(value) is None:
        raise Fault(f'{operator} takes a base64 text, not "{value}"')


def _meets(base: str, actual: str | Like, value: str, literal: str | None) -> bool | None:
    if isinstance(actual, Like):
        return actual.meets(base, value, literal)
    return matcher(base, value, literal)(actual)


def _any(answers: Sequence[bool | None]) -> bool | None:
    return True if True in answers else None if None in answers else False


def _all(answers: Sequence[bool | None]) -> bool | None:
    return False if False in answers else None if None in answers else True


@lru_cache(maxsize=8192)
def matcher(base: str, value: str, literal: str | None = None) -> Callable[[str], bool]:
    """A test of one request value against one policy value; the negation is not in it."""
    exact = value if literal is None else literal
    family = FAMILY[base]
    if base in ("StringEquals", "StringNotEquals"):
        return lambda actual: actual == exact
    if base in ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"):
        folded = exact.lower()
        return lambda actual: actual.lower() == folded
    if base in ("StringLike", "StringNotLike"):
        pattern = text_glob(value)
        return lambda actual: pattern.fullmatch(actual) is not None
    if family == "Arn":
        return _arn_matcher(value)
    if family in ("Numeric", "Date"):
        return _order_matcher(base, value, _number if family == "Numeric" else _moment)
    if family == "Bool":
        wanted = exact.lower()
        return lambda actual: actual.lower() == wanted
    if family == "IpAddress":
        return _address_matcher(value)
    wanted_bytes = _bytes(value)
    return lambda actual: wanted_bytes is not None and (_bytes(actual) or actual.encode()) == wanted_bytes


def _arn_matcher(value: str) -> Callable[[str], bool]:
    # each of the six parts is matched on its own, so that a * does not reach over a colon
    wanted = value.split(":", 5)
    patterns = [text_glob(part) for part in wanted]

    def test(actual: str) -> bool:
        parts = actual.split(":", 5)
        return (
            len(parts) == 6
            and len(patterns) == 6
            and all(pattern.fullmatch(part) for pattern, part in zip(patterns, parts, strict=True))
        )

    return (lambda actual: True) if value == "*" else test


def _order_matcher(base: str, value: str, read: Callable[[str], Any]) -> Callable[[str], bool]:
    wanted = read(value)
    comparison = base.removeprefix("Numeric").removeprefix("Date")

    def test(actual: str) -> bool:
        given = read(actual)
        if given is None or wanted is None:
            return False
        if comparison in ("Equals", "NotEquals"):
            return bool(given == wanted)
        if comparison == "LessThan":
            return bool(given < wanted)
        if comparison == "LessThanEquals":
            return bool(given <= wanted)
        return bool(given > wanted) if comparison == "GreaterThan" else bool(given >= wanted)

    return test


def _address_matcher(value: str) -> Callable[[str], bool]:
    network = _network(value)

    def test(actual: str) -> bool:
        try:
            address = ipaddress.ip_address(actual)
        except ValueError:
            return False
        return network is not None and address.version == network.version and address in network

    return test


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _moment(text: str) -> datetime | None:
    number = _number(text)
    # a bare year is a date, and a small number: epoch times since 2000 have nine digits or more
    if number is not None and not re.fullmatch(r"\d{4}", text):
        try:
            return datetime.fromtimestamp(float(number), UTC)
        except (ValueError, OverflowError, OSError):
            return None
    padded = text + {4: "-01-01", 7: "-01"}.get(len(text), "")
    try:
        moment = datetime.fromisoformat(padded)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def known(value: str | bool | int | float | Sequence[str] | Like | Mark | None) -> Known:
    """A context value as the caller wrote it: None is ABSENT, Booleans and numbers become texts."""
    if value is None:
        return ABSENT
    if isinstance(value, (Mark, Like)):
        return value
    if isinstance(value, Unknown):
        return PRESENT
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, (str, int, float)):
        return (str(value),)
    return tuple(str(each) for each in value)


ORDERS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
STRINGS = ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
FAMILIES = {
    "String": tuple(f"String{each}" for each in STRINGS),
    "Numeric": tuple(f"Numeric{each}" for each in ORDERS),
    "Date": tuple(f"Date{each}" for each in ORDERS),
    "Bool": ("Bool",),
    "Binary": ("BinaryEquals",),
    "IpAddress": ("IpAddress", "NotIpAddress"),
    "Arn": ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"),
    "Null": ("Null",),
}
FAMILY = {base: family for family, bases in FAMILIES.items() for base in bases}
CANONICAL = {base.lower(): base for base in FAMILY}
NEGATED = frozenset(base for base in FAMILY if "Not" in base)
TAKES_VARIABLES = frozenset(FAMILIES["String"] + FAMILIES["Arn"] + FAMILIES["Bool"])
