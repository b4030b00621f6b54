"""Renders the part of the Velocity Template Language that API Gateway's mapping templates are written in.

`#set`, `#if`, `#elseif`, `#else`, `#foreach`, `#break`, `#stop`, comments, references with properties, indices and
methods; the methods are those of Java's strings, lists and maps that templates use. What `$input`, `$util`, `$context`
and `$stageVariables` offer: https://docs.aws.amazon.com/apigateway/latest/developerguide/
api-gateway-mapping-template-reference.html, checked_on 2026-11-22. A template with another word is an error.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, unquote_plus


class BadTemplate(ValueError):
    """A template that cannot be read or rendered."""


class _Stop(Exception):
    pass


class _Break(Exception):
    pass


def render(template: str, variables: Mapping[str, Any]) -> str:
    """A template's text with these variables; raises BadTemplate."""
    names = dict(variables)
    out: list[str] = []
    reader = _Reader(template)
    try:
        body = reader.block(())
        body(names, out)
    except _Stop:
        pass
    except _Break as error:
        raise BadTemplate("#break outside of #foreach") from error
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, ZeroDivisionError, RecursionError) as error:
        raise BadTemplate(str(error)) from error
    return "".join(out)


Run = Callable[[dict[str, Any], list[str]], None]
Value = Callable[[dict[str, Any]], Any]

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)(?![.]\d)|(?P<word>true|false|null|and|or|not|eq|ne|lt|gt|le|ge|in)\b
    |(?P<op>\.\.|\|\||&&|==|!=|<=|>=|[-+*/%<>!=()\[\]{},:]))""",
    re.VERBOSE,
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_DIRECTIVE = re.compile(r"#\{?(set|if|elseif|else|end|foreach|break|stop)\b\}?")
_WORDS = {"and": "&&", "or": "||", "not": "!", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">="}


class _Reader:
    """Reads a template into something that can be run."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.ended_by = ""

    def block(self, ends: tuple[str, ...]) -> Run:
        """Everything up to one of the directives that end it."""
        parts: list[Run] = []
        plain: list[str] = []

        def flush() -> None:
            if plain:
                said = "".join(plain)
                parts.append(lambda names, out, said=said: out.append(said))  # type: ignore[misc]
                plain.clear()

        while self.at < len(self.text):
            here = self.text[self.at]
            if self.text.startswith("##", self.at):
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end + 1
            elif self.text.startswith("#*", self.at):
                end = self.text.find("*#", self.at)
                self.at = len(self.text) if end < 0 else end + 2
            elif here == "\\" and self.text[self.at + 1 : self.at + 2] in ("$", "#"):
                plain.append(self.text[self.at + 1])
                self.at += 2
            elif here == "#" and (found := _DIRECTIVE.match(self.text, self.at)):
                flush()
                self.at = found.end()
                if found[1] in ends:
                    self.ended_by = found[1]
                    return _all(parts)
                parts.append(self._directive(found[1]))
            elif here == "$" and re.match(r"\$!?\{?[A-Za-z_]", self.text[self.at : self.at + 4]):
                flush()
                parts.append(self._printed())
            else:
                plain.append(here)
                self.at += 1
        flush()
        if ends:
            raise BadTemplate("a directive is not closed by #end")
        return _all(parts)

    def _directive(self, name: str) -> Run:
        if name == "set":
            return self._set()
        if name == "if":
            return self._if()
        if name == "foreach":
            return self._foreach()
        if name in ("break", "stop"):
            kind = _Break if name == "break" else _Stop

            def leave(names: dict[str, Any], out: list[str]) -> None:
                raise kind

            return leave
        raise BadTemplate(f"#{name} without its beginning")

    def _set(self) -> Run:
        self._expect("(")
        target = self._reference_target()
        self._expect("=")
        value = self._expression()
        self._expect(")")
        self._skip_line_end()

        def run(names: dict[str, Any], out: list[str]) -> None:
            target(names, value(names))

        return run

    def _if(self) -> Run:
        cases: list[tuple[Value, Run]] = []
        otherwise: Run = _all([])
        self._expect("(")
        condition = self._expression()
        self._expect(")")
        while True:
            body = self.block(("elseif", "else", "end"))
            cases.append((condition, body))
            if self.ended_by == "elseif":
                self._expect("(")
                condition = self._expression()
                self._expect(")")
                continue
            if self.ended_by == "else":
                otherwise = self.block(("end",))
            break

        def run(names: dict[str, Any], out: list[str]) -> None:
            for test, body in cases:
                if _true(test(names)):
                    body(names, out)
                    return
            otherwise(names, out)

        return run

    def _foreach(self) -> Run:
        self._expect("(")
        self._blank()
        found = re.compile(r"\$!?\{?([A-Za-z_][A-Za-z0-9_-]*)\}?\s+in\s+").match(self.text, self.at)
        if not found:
            raise BadTemplate("#foreach($each in $list)")
        self.at = found.end()
        items = self._expression()
        self._expect(")")
        body = self.block(("end",))

        def run(names: dict[str, Any], out: list[str]) -> None:
            every = items(names)
            every = list(every.values()) if isinstance(every, dict) else list(every or [])
            before = {key: names.get(key) for key in (found[1], "foreach", "velocityCount")}
            for index, each in enumerate(every):
                more = index + 1 < len(every)
                facts = {"index": index, "count": index + 1, "hasNext": more, "first": index == 0, "last": not more}
                names.update({found[1]: each, "foreach": facts, "velocityCount": index + 1})
                try:
                    body(names, out)
                except _Break:
                    break
            names.update(before)

        return run

    def _printed(self) -> Run:
        start = self.at
        quiet = self.text.startswith("$!", self.at)
        value = self._reference()
        said = self.text[start : self.at]

        def run(names: dict[str, Any], out: list[str]) -> None:
            found = value(names)
            out.append(("" if quiet else said) if found is None else text_of(found))

        return run

    def _reference(self) -> Value:
        """`$name`, with all that follows it."""
        self.at += 2 if self.text.startswith("$!", self.at) else 1
        braced = self.text.startswith("{", self.at)
        self.at += braced
        name = self._name()
        value: Value = lambda names: names.get(name)  # noqa: E731
        while self.at < len(self.text):
            if self.text[self.at] == "." and _NAME.match(self.text, self.at + 1):
                self.at += 1
                value = self._member(value, self._name())
            elif self.text[self.at] == "[":
                self.at += 1
                key = self._expression()
                self._expect("]")
                value = lambda names, value=value, key=key: _item(value(names), key(names))  # type: ignore[misc]  # noqa: E731
            else:
                break
        if braced:
            self._expect("}")
        return value

    def _member(self, value: Value, name: str) -> Value:
        if not self.text.startswith("(", self.at):
            return lambda names: _property(value(names), name)
        self.at += 1
        arguments = self._list(")")
        return lambda names: _called(value(names), name, [each(names) for each in arguments])

    def _reference_target(self) -> Callable[[dict[str, Any], Any], None]:
        self._blank()
        found = re.compile(r"\$!?\{?([A-Za-z_][A-Za-z0-9_-]*)((?:\.[A-Za-z_][A-Za-z0-9_-]*)*)\}?").match(
            self.text, self.at
        )
        if not found:
            raise BadTemplate("#set($name = value)")
        self.at = found.end()
        steps = [each for each in found[2].split(".") if each]

        def put(names: dict[str, Any], value: Any) -> None:
            if not steps:
                names[found[1]] = value
                return
            holder = names[found[1]]
            for each in steps[:-1]:
                holder = _property(holder, each)
            holder[steps[-1]] = value

        return put

    def _expression(self, least: int = 0) -> Value:
        left = self._operand()
        while True:
            operator = self._peek_operator()
            rank = _RANK.get(operator, -1)
            if rank < least:
                return left
            self._take_operator()
            right = self._expression(rank + 1)
            left = _binary(operator, left, right)

    def _operand(self) -> Value:
        self._blank()
        here = self.text[self.at : self.at + 1]
        if here == "$":
            return self._reference()
        if here in ("'", '"'):
            return self._string(here)
        found = _TOKEN.match(self.text, self.at)
        if not found:
            raise BadTemplate(f"cannot read {self.text[self.at : self.at + 20]!r}")
        self.at = found.end()
        if found["number"]:
            number = float(found["number"]) if "." in found["number"] else int(found["number"])
            return lambda names: number
        if found["word"] in ("true", "false", "null"):
            constant = {"true": True, "false": False, "null": None}[found["word"]]
            return lambda names: constant
        if found["op"] == "!" or found["word"] == "not":
            inner = self._expression(5)
            return lambda names: not _true(inner(names))
        if found["op"] == "-":
            inner = self._expression(5)
            return lambda names: -inner(names)
        if found["op"] == "(":
            inner = self._expression()
            self._expect(")")
            return inner
        if found["op"] == "[":
            return self._list_or_range()
        if found["op"] == "{":
            return self._map()
        raise BadTemplate(f"unexpected {found[0].strip()!r}")

    def _list_or_range(self) -> Value:
        start = self.at
        items = self._list("]", also="..")
        if self.text[self.at - 2 : self.at] == ".." and len(items) == 1:
            last = self._expression()
            self._expect("]")
            first = items[0]
            return lambda names: list(range(int(first(names)), int(last(names)) + 1))
        if start == self.at:
            raise BadTemplate("a list is not closed")
        return lambda names: [each(names) for each in items]

    def _list(self, end: str, also: str = "") -> list[Value]:
        items: list[Value] = []
        self._blank()
        if self.text.startswith(end, self.at):
            self.at += len(end)
            return items
        while True:
            items.append(self._expression())
            self._blank()
            if self.text.startswith(",", self.at):
                self.at += 1
            elif also and self.text.startswith(also, self.at):
                self.at += len(also)
                return items
            else:
                self._expect(end)
                return items

    def _map(self) -> Value:
        pairs: list[tuple[Value, Value]] = []
        self._blank()
        while not self.text.startswith("}", self.at):
            key = self._expression()
            self._expect(":")
            pairs.append((key, self._expression()))
            self._blank()
            if self.text.startswith(",", self.at):
                self.at += 1
                self._blank()
        self.at += 1
        return lambda names: {text_of(key(names)): value(names) for key, value in pairs}

    def _string(self, quote: str) -> Value:
        self.at += 1
        said: list[str] = []
        while True:
            if self.at >= len(self.text):
                raise BadTemplate("a text is not closed")
            here = self.text[self.at]
            if here == quote:
                if self.text[self.at + 1 : self.at + 2] != quote:
                    break
                self.at += 1
            said.append(here)
            self.at += 1
        self.at += 1
        text = "".join(said)
        if quote == "'" or not re.search(r"[$#]", text):
            return lambda names: text
        inner = _Reader(text).block(())

        def interpolated(names: dict[str, Any]) -> str:
            out: list[str] = []
            inner(names, out)
            return "".join(out)

        return interpolated

    def _peek_operator(self) -> str:
        found = _TOKEN.match(self.text, self.at)
        said = (found["op"] or found["word"] or "") if found else ""
        return _WORDS.get(said, said)

    def _take_operator(self) -> None:
        found = _TOKEN.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def _name(self) -> str:
        found = _NAME.match(self.text, self.at)
        if not found:
            raise BadTemplate(f"a name is missing at {self.text[self.at : self.at + 20]!r}")
        self.at = found.end()
        return found[0]

    def _blank(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def _expect(self, what: str) -> None:
        self._blank()
        if not self.text.startswith(what, self.at):
            raise BadTemplate(f"{what!r} is missing before {self.text[self.at : self.at + 20]!r}")
        self.at += len(what)

    def _skip_line_end(self) -> None:
        found = re.compile(r"[ \t]*\r?\n").match(self.text, self.at)
        if found:
            self.at = found.end()


_RANK = {"||": 0, "&&": 1, "==": 2, "!=": 2, "<": 3, ">": 3, "<=": 3, ">=": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5}


def _all(parts: list[Run]) -> Run:
    def run(names: dict[str, Any], out: list[str]) -> None:
        for each in parts:
            each(names, out)

    return run


def _binary(operator: str, left: Value, right: Value) -> Value:
    if operator == "||":
        return lambda names: _true(left(names)) or _true(right(names))
    if operator == "&&":
        return lambda names: _true(left(names)) and _true(right(names))
    return lambda names: _combined(operator, left(names), right(names))


def _combined(operator: str, left: Any, right: Any) -> Any:
    if operator in ("==", "!="):
        same = left == right or (left is not None and right is not None and text_of(left) == text_of(right))
        return same == (operator == "==")
    if operator == "+":
        both_numbers = not isinstance(left, str) and not isinstance(right, str)
        return left + right if both_numbers else text_of(left) + text_of(right)
    if operator == "/":
        return left // right if isinstance(left, int) and isinstance(right, int) else left / right
    return {
        "-": lambda: left - right,
        "*": lambda: left * right,
        "%": lambda: left % right,
        "<": lambda: left < right,
        ">": lambda: left > right,
        "<=": lambda: left <= right,
        ">=": lambda: left >= right,
    }[operator]()


def _true(value: Any) -> bool:
    # Velocity takes null, false, and since 2.0 what is empty, for false; API Gateway keeps to the first two
    return value is not None and value is not False


def _property(value: Any, name: str) -> Any:
    if name == "empty" and isinstance(value, str | list | Mapping) and name not in value:
        return not value
    if isinstance(value, Mapping):
        return value.get(name)
    if isinstance(value, Input | Util | _Entry):
        return getattr(value, name, None)
    return None


def _item(value: Any, key: Any) -> Any:
    try:
        return value[key]
    except (KeyError, IndexError, TypeError):
        return None


def _called(value: Any, name: str, arguments: list[Any]) -> Any:
    if value is None:
        return None
    if isinstance(value, Input | Util):
        method = getattr(value, name, None)
    else:
        kind = str if isinstance(value, str) else dict if isinstance(value, Mapping) else list
        method = METHODS.get((kind, name)) or METHODS.get((object, name))
        method = (lambda *given, method=method: method(value, *given)) if method else None
    if method is None:
        raise BadTemplate(f"there is no method {name}")
    return method(*arguments)


@dataclass(frozen=True)
class _Entry:
    key: Any
    value: Any


METHODS: dict[tuple[type, str], Callable[..., Any]] = {
    (str, "replaceAll"): lambda text, pattern, to: re.sub(pattern, re.sub(r"\$(\d)", r"\\\1", to), text),
    (str, "replace"): lambda text, old, new: text.replace(old, new),
    (str, "contains"): lambda text, part: part in text,
    (str, "split"): lambda text, pattern: re.split(pattern, text),
    (str, "length"): len,
    (str, "size"): len,
    (str, "startsWith"): lambda text, part: text.startswith(part),
    (str, "endsWith"): lambda text, part: text.endswith(part),
    (str, "substring"): lambda text, start, end=None: text[start:end],
    (str, "toLowerCase"): lambda text: text.lower(),
    (str, "toUpperCase"): lambda text: text.upper(),
    (str, "trim"): lambda text: text.strip(),
    (str, "indexOf"): lambda text, part: text.find(part),
    (str, "lastIndexOf"): lambda text, part: text.rfind(part),
    (str, "matches"): lambda text, pattern: re.fullmatch(pattern, text) is not None,
    (str, "equalsIgnoreCase"): lambda text, other: text.lower() == str(other).lower(),
    (str, "concat"): lambda text, other: text + other,
    (dict, "keySet"): lambda held: list(held),
    (dict, "values"): lambda held: list(held.values()),
    (dict, "entrySet"): lambda held: [_Entry(key, value) for key, value in held.items()],
    (dict, "get"): lambda held, key: held.get(key),
    (dict, "getOrDefault"): lambda held, key, default: held.get(key, default),
    (dict, "put"): lambda held, key, value: held.update({key: value}) or "",
    (dict, "putAll"): lambda held, more: held.update(more) or "",
    (dict, "remove"): lambda held, key: held.pop(key, None),
    (dict, "containsKey"): lambda held, key: key in held,
    (list, "get"): lambda held, index: held[index],
    (list, "add"): lambda held, value: held.append(value) or "",
    (list, "addAll"): lambda held, more: held.extend(more) or "",
    (list, "contains"): lambda held, value: value in held,
    (list, "join"): lambda held, between: between.join(text_of(each) for each in held),
    (object, "size"): len,
    (object, "isEmpty"): lambda held: not held,
    (object, "equals"): lambda held, other: held == other,
    (object, "toString"): lambda held: text_of(held),
}


def text_of(value: Any) -> str:
    """A value as Java prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={text_of(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(text_of(each) for each in value) + "]"
    return "null" if value is None else str(value)


class Input:
    """`$input`: the payload, and the request's parameters."""

    def __init__(self, body: str, parameters: Mapping[str, Mapping[str, str]]) -> None:
        self.body = body
        self._parameters = parameters

    def json(self, path: str) -> str:
        """What a JSONPath finds, as JSON text."""
        found = self.path(path)
        return "" if found is None else json.dumps(found, separators=(",", ":"), ensure_ascii=False)

    def path(self, path: str) -> Any:
        """What a JSONPath finds."""
        try:
            held = json.loads(self.body) if self.body else {}
        except ValueError:
            return self.body if path == "$" else None
        return found_at(held, path)

    def params(self, name: str | None = None) -> Any:
        """All parameters by kind, or one, looked for in path, query string and headers."""
        if name is None:
            return {kind: dict(each) for kind, each in self._parameters.items()}
        for kind in ("path", "querystring", "header"):
            if name in self._parameters.get(kind, {}):
                return self._parameters[kind][name]
        return ""


class Util:
    """`$util`."""

    def escapeJavaScript(self, text: Any) -> str:
        """Text as it stands in a JavaScript string."""
        return json.dumps(text_of(text), ensure_ascii=True)[1:-1].replace("'", "\\'").replace("/", "\\/")

    def parseJson(self, text: str) -> Any:
        """JSON text as a value."""
        return json.loads(text)

    def urlEncode(self, text: Any) -> str:
        """Text as it stands in a URL."""
        return quote_plus(text_of(text))

    def urlDecode(self, text: str) -> str:
        """Text out of a URL."""
        return unquote_plus(text)

    def base64Encode(self, text: Any) -> str:
        """Base64 of text."""
        return base64.b64encode(text_of(text).encode()).decode()

    def base64Decode(self, text: str) -> str:
        """Text out of base64."""
        return base64.b64decode(text).decode()


def found_at(value: Any, path: str) -> Any:
    """What a JSONPath finds: the value itself for one place, a list where the path may find several."""
    steps = list(_steps(path))
    if steps is not None and all(step is not None for step in steps):
        for step in steps:
            value = _item(value, step) if not isinstance(value, str) else None
            if value is None:
                return None
        return value
    import jsonpath_ng.ext as jsonpath

    found = [each.value for each in jsonpath.parser.parse(path).find(value)]
    return found or None


def _steps(path: str) -> Iterator[str | int | None]:
    """The steps of a plain path; None for one that is not plain."""
    rest = path.removeprefix("$")
    while rest:
        found = re.match(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]|\[['\"]([^'\"]+)['\"]\]", rest)
        if not found:
            if rest != ".":
                yield None
            return
        yield found[1] or found[3] or int(found[2])
        rest = rest[found.end() :]
