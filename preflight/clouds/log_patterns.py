"""CloudWatch Logs' filter patterns: which lines match, and which fields they give.

Text terms (`ERROR "two words" -retry ?a ?b`), `[space, delimited = value*]` and `{ $.json.field = value }`, from
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MOST_REGEXES = 2
Matches = Callable[[str], "dict[str, Any] | None"]


class InvalidPattern(ValueError):
    """CloudWatch Logs would refuse this pattern."""


@lru_cache(maxsize=512)
def pattern(text: str) -> Matches:
    """What a pattern makes of a line: its fields by reference (`$.a.b`, `$name`), or None when it does not match.

    Raises InvalidPattern.
    """
    text = text.strip()
    if text.startswith("{"):
        return _json_pattern(text)
    if text.startswith("["):
        return _delimited_pattern(text)
    return _terms(text)


def field(line: str, fields: Mapping[str, Any], reference: str) -> Any:
    """The value a metric takes from a matching line, None when it has none."""
    if reference in fields:
        return fields[reference]
    if reference.startswith(("$.", "$[")):
        try:
            return _at(json.loads(line), _steps(reference))
        except ValueError:
            return None
    return None


def _terms(text: str) -> Matches:
    """Every plain term, none of the `-` ones, one of the `?` ones."""
    wanted: list[re.Pattern[str]] = []
    excluded: list[re.Pattern[str]] = []
    optional: list[re.Pattern[str]] = []
    for sign, quoted, regex, word in re.findall(r'([-?]?)(?:"((?:\\.|[^"\\])*)"|%([^%]*)%|(\S+))', text):
        told = re.compile(_regex(regex) if regex else re.escape(re.sub(r"\\(.)", r"\1", quoted or word)))
        {"-": excluded, "?": optional}.get(sign, wanted).append(told)

    def matches(line: str) -> dict[str, Any] | None:
        held = all(each.search(line) for each in wanted) and not any(each.search(line) for each in excluded)
        # beside plain terms, the optional ones are not looked at
        if optional and not wanted:
            held = held and any(each.search(line) for each in optional)
        return {} if held else None

    return matches


def _delimited_pattern(text: str) -> Matches:
    """Fields between blanks, those in brackets or quotes being one; `...` stands for any number of them."""
    if not text.endswith("]"):
        raise InvalidPattern(text)
    names: list[str] = []
    tests: list[Callable[[Mapping[str, Any]], bool]] = []
    for number, told in enumerate(_split(text[1:-1], ","), 1):
        told = told.strip()
        name = told if told == "..." else (re.match(r"[\w*]+", told) or [""])[0]
        if not name and told:
            raise InvalidPattern(text)
        names.append(name or f"_{number}")
        if name != told:
            tests.append(_Reader(told, bare=True).condition())

    def matches(line: str) -> dict[str, Any] | None:
        values = [
            next(each for each in found if each is not None)
            for found in (
                (m.group(1), m.group(2), m.group(3)) for m in re.finditer(r'\[([^\]]*)\]|"([^"]*)"|(\S+)', line)
            )
        ]
        given = list(names)
        if "..." in given:
            place = given.index("...")
            missing = len(values) - (len(given) - 1)
            if missing < 0:
                return None
            given[place : place + 1] = [f"${place + index + 1}" for index in range(missing)]
        if len(given) != len(values):
            return None
        found = dict(zip(given, values, strict=True))
        if not all(each(found) for each in tests):
            return None
        return {f"${name}": value for name, value in found.items()}

    return matches


def _json_pattern(text: str) -> Matches:
    """Conditions on a JSON line's fields."""
    if not text.endswith("}"):
        raise InvalidPattern(text)
    reader = _Reader(text[1:-1])
    if sum(kind == "regex" for kind, _ in reader.tokens) > MOST_REGEXES:
        raise InvalidPattern(text)
    holds = reader.condition()

    def matches(line: str) -> dict[str, Any] | None:
        try:
            told = json.loads(line)
        except ValueError:
            return None
        return {} if isinstance(told, Mapping | list) and holds(told) else None

    return matches


_TOKEN = re.compile(
    r"""\s*(?:(?P<and>&&)|(?P<or>\|\|)|(?P<open>\()|(?P<close>\))
    |(?P<word>IS\s+NOT\s+NULL|IS\s+NULL|IS\s+TRUE|IS\s+FALSE|NOT\s+EXISTS|EXISTS)\b
    |(?P<op>!=|<=|>=|=|<|>)|"(?P<text>(?:\\.|[^"\\])*)"|%(?P<regex>[^%]*)%
    |(?P<bare>(?:\$(?:\.|\[)[^\s=!<>&|()]*|[^\s=!<>&|()"]+)))""",
    re.X | re.I,
)


@dataclass
class _Reader:
    """Reads conditions joined by && and ||, && before ||."""

    text: str
    bare: bool = False

    def __post_init__(self) -> None:
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while self.text[place:].strip():
            found = _TOKEN.match(self.text, place)
            if found is None or found.end() == place:
                raise InvalidPattern(self.text)
            kind = found.lastgroup or ""
            self.tokens.append((kind, found.group(kind)))
            place = found.end()

    def condition(self) -> Callable[[Any], bool]:
        """The whole text as one condition."""
        held = self._any()
        if self.tokens:
            raise InvalidPattern(self.text)
        return held

    def _any(self) -> Callable[[Any], bool]:
        parts = [self._all()]
        while self._next("or"):
            parts.append(self._all())
        return lambda told: any(each(told) for each in parts)

    def _all(self) -> Callable[[Any], bool]:
        parts = [self._one()]
        while self._next("and"):
            parts.append(self._one())
        return lambda told: all(each(told) for each in parts)

    def _one(self) -> Callable[[Any], bool]:
        if self._next("open"):
            inner = self._any()
            if not self._next("close"):
                raise InvalidPattern(self.text)
            return inner
        if not self.tokens:
            raise InvalidPattern(self.text)
        kind, name = self.tokens.pop(0)
        if kind != "bare" or not self.tokens:
            raise InvalidPattern(self.text)
        steps = [name] if self.bare else _steps(name)
        kind, told = self.tokens.pop(0)
        if kind == "word":
            return _state(steps, " ".join(told.upper().split()))
        if kind != "op" or not self.tokens:
            raise InvalidPattern(self.text)
        return _comparison(steps, told, *self.tokens.pop(0))

    def _next(self, kind: str) -> bool:
        if self.tokens and self.tokens[0][0] == kind:
            self.tokens.pop(0)
            return True
        return False


def _state(steps: list[Any], word: str) -> Callable[[Any], bool]:
    if word == "NOT EXISTS":
        return lambda told: _at(told, steps, _MISSING) is _MISSING
    if word == "EXISTS":
        return lambda told: _at(told, steps, _MISSING) is not _MISSING
    if word == "IS NOT NULL":
        return lambda told: _at(told, steps, _MISSING) not in (_MISSING, None)
    wanted = {"IS NULL": None, "IS TRUE": True, "IS FALSE": False}[word]
    return lambda told: _at(told, steps, _MISSING) is wanted


def _comparison(steps: list[Any], op: str, kind: str, wanted: str) -> Callable[[Any], bool]:
    if kind == "regex":
        regex = re.compile(_regex(wanted))
        equal: Callable[[Any], bool] = lambda value: regex.search(_text(value)) is not None  # noqa: E731
    elif kind == "text":
        equal = _like(re.sub(r"\\(.)", r"\1", wanted))
    elif _number(wanted) is not None:
        equal = lambda value: _number(value) == _number(wanted)  # noqa: E731
    else:
        equal = _like(wanted)
    if op in ("=", "!="):

        def same(told: Any) -> bool:
            value = _at(told, steps, _MISSING)
            if value is _MISSING or value is None:
                return False
            values = value if isinstance(value, list) else [value]
            return any(equal(each) for each in values) == (op == "=")

        return same
    limit = _number(wanted)
    if limit is None:
        raise InvalidPattern(f"{op} {wanted}")

    def ordered(told: Any) -> bool:
        value = _number(_at(told, steps, _MISSING))
        if value is None:
            return False
        return {"<": value < limit, ">": value > limit, "<=": value <= limit, ">=": value >= limit}[op]

    return ordered


def _like(wanted: str) -> Callable[[Any], bool]:
    """Equal text, `*` standing for any."""
    told = re.compile(".*".join(re.escape(each) for each in wanted.split("*")), re.S)
    return lambda value: told.fullmatch(_text(value)) is not None


_MISSING: Any = object()


def _steps(path: str) -> list[Any]:
    if not path.startswith("$"):
        raise InvalidPattern(path)
    steps: list[Any] = []
    for name, index, quoted in re.findall(r"""\.?([^.\[\]$]+)|\[(\d+|\*)\]|\[['"]([^'"]+)['"]\]""", path[1:]):
        steps.append((int(index) if index.isdigit() else "*") if index else name or quoted)
    return steps


def _at(told: Any, steps: list[Any], missing: Any = None) -> Any:
    for place, step in enumerate(steps):
        if step == "*" and isinstance(told, list):
            found = [_at(each, steps[place + 1 :], _MISSING) for each in told]
            return [each for each in found if each is not _MISSING] or missing
        in_list = isinstance(step, int) and isinstance(told, list) and step < len(told)
        if not in_list and not (isinstance(told, Mapping) and step in told):
            return missing
        told = told[step]
    return told


def _split(text: str, by: str) -> list[str]:
    return re.findall(rf'(?:"[^"]*"|%[^%]*%|[^{by}"%])+', text)


def _regex(text: str) -> str:
    """A regular expression, of what CloudWatch Logs knows of them: no groups, no "!", no letters beyond ASCII."""
    if re.search(r"[()!]|[^\x00-\x7f]", re.sub(r"\\.", "", text)):
        raise InvalidPattern(text)
    try:
        re.compile(text)
    except re.error as error:
        raise InvalidPattern(text) from error
    return text


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except ValueError:
        return None
