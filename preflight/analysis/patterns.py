"""Wildcards as policies use them: `*` for any text, `?` for one character."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

ANY = ".*"


@lru_cache(maxsize=8192)
def glob(pattern: str, ignore_case: bool = False) -> re.Pattern[str]:
    """The compiled pattern; ask it with `fullmatch`."""
    return re.compile(expression(pattern), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def expression(pattern: str) -> str:
    """The regular expression of a pattern."""
    parts = re.split(r"([*?])", re.sub(r"\*+", "*", pattern))
    return "".join(ANY if part == "*" else "." if part == "?" else re.escape(part) for part in parts)


def alternatives(patterns: Sequence[str]) -> re.Pattern[str]:
    """One compiled expression that matches what any of the patterns matches."""
    return re.compile("|".join(expression(pattern) for pattern in patterns), re.DOTALL)


@lru_cache(maxsize=8192)
def overlap(one: str, other: str) -> bool:
    """Whether some text matches both patterns."""
    # the texts both can still match, as pairs of positions
    seen: set[tuple[int, int]] = set()
    todo = [(0, 0)]
    while todo:
        at = todo.pop()
        if at in seen:
            continue
        seen.add(at)
        i, j = at
        if i == len(one) and j == len(other):
            return True
        left = one[i] if i < len(one) else ""
        right = other[j] if j < len(other) else ""
        if left == "*":
            todo.append((i + 1, j))
            if right:
                todo.append((i, j + 1))
        if right == "*":
            todo.append((i, j + 1))
            if left:
                todo.append((i + 1, j))
        if left and right and "*" not in (left, right) and (left == right or "?" in (left, right)):
            todo.append((i + 1, j + 1))
    return False


@lru_cache(maxsize=8192)
def covers(pattern: str, asked: str) -> bool:
    """Whether everything the pattern `asked` stands for is matched by `pattern`.

    A `*` of `asked` is covered by a `*` alone; the answer errs towards False.
    """
    escaped = re.sub(r"\*+", "*", pattern)
    parts = re.split(r"([*?])", escaped)
    # in `asked` a * is a character that only * covers, a ? one that * and ? cover
    text = "".join(ANY if part == "*" else r"[^*]" if part == "?" else re.escape(part) for part in parts)
    return re.fullmatch(text, asked, re.DOTALL) is not None
