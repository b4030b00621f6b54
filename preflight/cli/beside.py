"""Words a comparison for the terminal: yours beside the worked stack, with the worked stack's reasons."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from preflight.cli.lines import COMMAND, KEPT, NAME, QUIET, UNKNOWN, Lines

if TYPE_CHECKING:
    from preflight.compare import Comparison, Pair, Reason
    from preflight.lab import Lab

LONGEST_VALUE = 240
MOST_NAMES = 4


def comparison_lines(lab: Lab, comparison: Comparison, width: int) -> Lines:
    """The whole comparison: what is the same in a line each, what differs property by property."""
    lines = Lines(width).add(f"Lab {lab.number} · {lab.title}", COMMAND, right="yours beside the worked stack").blank()
    # CDK's own helpers are worth a line only where they differ
    _same(lines, [pair for pair in comparison.same if "CustomResource" not in str(pair.worked)])
    said: set[Reason] = set()
    for pairs in _alike(comparison.different):
        _different(lines, pairs, said)
    for pairs in _alike(comparison.only_yours):
        lines.blank().mark("+", _heading(pairs), UNKNOWN, title_style="", right="yours alone")
    for pairs in _alike(comparison.only_worked):
        lines.blank().mark("-", _heading(pairs), UNKNOWN, title_style="", right="in the worked stack alone")
        _reasons(lines, pairs, said)
    lines.blank().add(_closing(comparison))
    return lines.row("next", "./lab", COMMAND, indent=0)


def _same(lines: Lines, pairs: Sequence[Pair]) -> None:
    """A line a type: what is the same needs no more."""
    by_type: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_type.setdefault(pair.type, []).append(pair)
    for type, each in by_type.items():
        lines.mark("=", f"{type}  {_names(each[0]) if len(each) == 1 else len(each)}", KEPT, title_style=QUIET)


def _alike(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """The pairs of one type that differ in the same properties, together."""
    groups: dict[object, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault((pair.type, *(each.path for each in pair.differences)), []).append(pair)
    return list(groups.values())


def _different(lines: Lines, pairs: Sequence[Pair], said: set[Reason]) -> None:
    lines.blank().mark("≠", _heading(pairs), UNKNOWN, title_style="")
    for differences in zip(*(pair.differences for pair in pairs), strict=True):
        lines.add(differences[0].path, NAME, indent=6)
        lines.row("yours", _values([each.yours for each in differences]), indent=8)
        lines.row("worked", _values([each.worked for each in differences]), indent=8)
    _reasons(lines, pairs, said)


def _reasons(lines: Lines, pairs: Sequence[Pair], said: set[Reason]) -> None:
    """The worked stack's reasons, each where it comes up first."""
    for reason in [reason for pair in pairs for reason in pair.reasons]:
        if reason not in said:
            lines.row("why", f"{reason.about}: {reason.words}", QUIET)
        said.add(reason)


def _heading(pairs: Sequence[Pair]) -> str:
    if len(pairs) == 1:
        return f"{pairs[0].type}  {_names(pairs[0])}"
    named = ", ".join(str(pair.yours or pair.worked) for pair in pairs[:MOST_NAMES])
    more = f" and {len(pairs) - MOST_NAMES} more" if len(pairs) > MOST_NAMES else ""
    return f"{pairs[0].type}  {len(pairs)}: {named}{more}"


def _names(pair: Pair) -> str:
    if None in (pair.yours, pair.worked) or pair.yours == pair.worked:
        return f"{pair.yours or pair.worked}"
    return f"{pair.yours} (worked: {pair.worked})"


def _values(values: Sequence[Any]) -> str:
    return ", ".join(dict.fromkeys(_value(each) for each in values))


def _value(value: Any) -> str:
    said = repr(value) if not isinstance(value, (str, dict, list, int, float, bool)) else _plain(value)
    return said if len(said) <= LONGEST_VALUE else f"{said[: LONGEST_VALUE - 1]}…"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _closing(comparison: Comparison) -> str:
    counts = {
        "the same": comparison.same,
        "different": comparison.different,
        "yours alone": comparison.only_yours,
        "in the worked stack alone": comparison.only_worked,
    }
    said = ", ".join(f"{len(pairs)} {words}" for words, pairs in counts.items() if pairs)
    if len(comparison.same) == len(comparison.pairs):
        return f"{said}. Nothing differs: change a choice in yours, and see which promise it breaks."
    return f"{said}. Every promise holds in both: say for each difference which side you would defend."
