"""Words a comparison for the terminal: yours beside the worked stack, with the worked stack's reasons."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from preflight.cli.lines import COMMAND, KEPT, NAME, QUIET, UNKNOWN, Lines

if TYPE_CHECKING:
    from preflight.compare import Comparison, Pair
    from preflight.lab import Lab

LONGEST_VALUE = 240


def comparison_lines(lab: Lab, comparison: Comparison, width: int) -> Lines:
    """The whole comparison: what is the same in a line each, what differs property by property."""
    lines = Lines(width).add(f"Lab {lab.number} · {lab.title}", COMMAND, right="yours beside the worked stack").blank()
    # CDK's own helpers are worth a line only where they differ
    for pair in (each for each in comparison.same if "CustomResource" not in str(each.worked)):
        lines.mark("=", f"{pair.type}  {_names(pair)}", KEPT, title_style=QUIET)
    for pair in comparison.different:
        _different(lines, pair)
    for pair in comparison.only_yours:
        lines.blank().mark("+", f"{pair.type}  {pair.yours}", UNKNOWN, title_style="", right="yours alone")
    for pair in comparison.only_worked:
        lines.blank().mark(
            "-", f"{pair.type}  {pair.worked}", UNKNOWN, title_style="", right="in the worked stack alone"
        )
        _reasons(lines, pair)
    lines.blank().add(_closing(comparison))
    return lines.row("next", "./lab", COMMAND, indent=0)


def _different(lines: Lines, pair: Pair) -> None:
    lines.blank().mark("≠", f"{pair.type}  {_names(pair)}", UNKNOWN, title_style="")
    for difference in pair.differences:
        lines.add(difference.path, NAME, indent=6)
        lines.row("yours", _value(difference.yours), indent=8)
        lines.row("worked", _value(difference.worked), indent=8)
    _reasons(lines, pair)


def _reasons(lines: Lines, pair: Pair) -> None:
    for reason in pair.reasons:
        lines.row("why", f"{reason.about}: {reason.words}", QUIET)


def _names(pair: Pair) -> str:
    return f"{pair.yours}" if pair.yours == pair.worked else f"{pair.yours} (worked: {pair.worked})"


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
