"""Words a report for the terminal: what holds, what does not yet, why the exam cares, what to look at next."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from preflight.cli.lines import COMMAND, KEPT, NAME, NOT_YET, QUIET, UNKNOWN, Lines

if TYPE_CHECKING:
    from preflight.check_run import Report
    from preflight.lab import Lab
    from preflight.verdict import Verdict
    from preflight.workspace import Code


@dataclass(frozen=True)
class Beside:
    """What the answer says that is not in the report.

    `statement` turns a bullet's id into the exam's words, `missed` counts how often the learner missed a bullet,
    `next_kept` is the command that comes after a lab that holds, `started` whether
    the learner has code of their own for it.
    """

    root: Path
    statement: Callable[[str], str] = str
    missed: Callable[[str], int] = field(default=lambda bullet: 0)
    next_kept: str = "./lab"
    started: bool = False


def answer(report: Report, beside: Beside, width: int) -> Lines:
    """The whole answer, as lines of at most `width` columns."""
    lines = Lines(width)
    lab = report.lab
    lines.add(f"Lab {lab.number} · {lab.title}", COMMAND, right=_whose(report, beside.root))
    lines.blank()
    for position, verdict in enumerate(report.verdicts, start=1):
        _promise(lines, report, verdict, position, beside)
    _not_emulated(lines, report.not_emulated)
    lines.blank()
    lines.add(_closing(report))
    return lines.row("next", next_command(report, beside), COMMAND, indent=0)


def next_command(report: Report, beside: Beside) -> str:
    """The one command that follows from this report."""
    number = report.lab.number
    outcomes = [verdict.outcome for verdict in report.verdicts]
    if report.place:
        return "./lab" if report.holds else f"./lab check {number}"
    if report.code.kind == "file" and not report.holds:
        return again(report.lab, report.code)
    if report.code.kind != "yours":
        return f"./lab check {number}" if beside.started else f"./lab start {number}"
    if "not_yet" in outcomes:
        return f"./lab hint {number}"
    if report.holds:
        return beside.next_kept
    return f"./lab check {number}"


def whose(code: Code, root: Path) -> str:
    """Whose code was built, and where it is."""
    names = {"yours": "your code", "worked": "the worked stack", "starter": "the starter", "file": "code"}
    return f"{names[code.kind]}: {shown_path(code.path, root)}"


def shown_path(path: Path, root: Path) -> str:
    """A path as the learner types it: from the project's folder when it is inside."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def times(count: int) -> str:
    return {2: "twice", 3: "three times", 4: "four times", 5: "five times"}.get(count, f"{count} times")


def _whose(report: Report, root: Path) -> str:
    return f"deployed: {report.place}" if report.place else whose(report.code, root)


def _promise(lines: Lines, report: Report, verdict: Verdict, position: int, beside: Beside) -> None:
    show = {"kept": _kept, "not_yet": _not_yet, "could_not_ask": _could_not_ask, "waiting": _waiting}
    show.get(verdict.outcome, _elsewhere)(lines, report, verdict, position, beside)


def _kept(lines: Lines, report: Report, verdict: Verdict, position: int, beside: Beside) -> None:
    lines.mark("✓", verdict.title, KEPT, title_style="")
    lines.row("proved", verdict.proved, QUIET)
    # while something is open it comes first; the rival service is for a quiet moment
    if verdict.rival and report.holds:
        lines.row("rival", verdict.rival, QUIET)


def _not_yet(lines: Lines, report: Report, verdict: Verdict, position: int, beside: Beside) -> None:
    lab = report.lab
    lines.blank().mark("✗", verdict.title, NOT_YET, right=f"Lab {lab.number} · {position} of {len(report.verdicts)}")
    lines.row("saw", verdict.saw, right=verdict.where or "")
    lines.row("means", verdict.means)
    if verdict.bullets:
        missed = beside.missed(verdict.bullets[0]) if report.code.kind == "yours" else 0
        again = f" · you have missed this {times(missed)}" if missed > 1 else ""
        lines.row("exam", beside.statement(verdict.bullets[0]) + again)
    if verdict.read:
        lines.row("read", verdict.read, QUIET)
    lines.row("next", _hint_for(report, verdict), NAME).blank()


def _could_not_ask(lines: Lines, report: Report, verdict: Verdict, position: int, beside: Beside) -> None:
    right = f"could not ask · {position} of {len(report.verdicts)}"
    lines.blank().mark("?", verdict.title, UNKNOWN, right=right)
    lines.row("saw", verdict.saw, right=verdict.where or "")
    lines.row("means", verdict.means)
    lines.row("next", f"{again(report.lab, report.code)}{' --debug' if verdict.error else ''}", NAME).blank()


def _waiting(lines: Lines, report: Report, verdict: Verdict, position: int, beside: Beside) -> None:
    positions = {each.id: number for number, each in enumerate(report.verdicts, start=1)}
    waits_on = " and ".join(str(positions[id]) for id in verdict.waits_on if id in positions)
    lines.mark("·", verdict.title, QUIET, right=f"waits for {waits_on}" if waits_on else "waiting")


def _elsewhere(lines: Lines, report: Report, verdict: Verdict, position: int, beside: Beside) -> None:
    lines.mark("→", verdict.title, QUIET)
    lines.row("asked", f"{'in an account' if report.mode == 'offline' else 'offline'} only: {verdict.saw}", QUIET)


def again(lab: Lab, code: Code) -> str:
    """The command that checks this code anew."""
    choices = {"yours": "", "worked": " --worked", "starter": " --starter"}
    file = f" --code {shlex.quote(shown_path(code.path, Path.cwd()))}"
    return f"./lab check {lab.number}{choices.get(code.kind, file)}"


def _hint_for(report: Report, verdict: Verdict) -> str:
    """The plain command where it means this promise: the first not yet kept of the learner's own code."""
    first = next(each for each in report.verdicts if each.outcome == "not_yet")
    command = f"./lab hint {report.lab.number}"
    return command if verdict is first and report.code.kind == "yours" else f"{command} --promise {verdict.id}"


def _not_emulated(lines: Lines, not_emulated: Iterable[tuple[str, str]]) -> None:
    by_resource: dict[str, list[str]] = {}
    for logical_id, path in not_emulated:
        by_resource.setdefault(logical_id, []).append(path)
    own = [id for id in by_resource if not _is_cdks(id)]
    named = [f"{id} {_listed(by_resource[id])}" for id in own]
    if len(own) < len(by_resource):
        named.append("the code of CDK's own helper functions (what they do is done here)")
    if named:
        lines.blank().add(f"recorded, not emulated: {'; '.join(named)}", QUIET)


def _is_cdks(logical_id: str) -> bool:
    """CDK names the functions behind its own custom resources so; nobody wrote them, and the cloud does their work."""
    return "CustomResourceProvider" in logical_id


def _listed(paths: list[str], limit: int = 3) -> str:
    more = f" and {len(paths) - limit} more" if len(paths) > limit else ""
    return ", ".join(path or "(all of it)" for path in paths[:limit]) + more


def _closing(report: Report) -> str:
    counts = _counts(report.verdicts)
    seconds = report.seconds
    if report.place:
        return f"{counts} · {seconds['total']:.1f} s"
    stages = f"build {seconds['synth']:.1f}, deploy {seconds['deploy']:.1f}, checks {seconds['checks']:.1f}"
    return f"{counts} · {seconds['total']:.1f} s ({stages})"


def _counts(verdicts: Iterable[Verdict]) -> str:
    outcomes = [verdict.outcome for verdict in verdicts]
    words: Mapping[str, str] = {
        "not_yet": "not yet",
        "could_not_ask": "could not be asked",
        "waiting": "waiting",
        "elsewhere": "asked elsewhere",
    }
    others = [f"{outcomes.count(outcome)} {word}" for outcome, word in words.items() if outcome in outcomes]
    return " · ".join([f"{outcomes.count('kept')} of {len(outcomes)} kept", *others])
