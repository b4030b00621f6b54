"""Learning from an answer: one hint more, the worked stack beside yours, and where you stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from preflight.cli.desk import Desk
from preflight.cli.lines import COMMAND, NAME, QUIET, Lines
from preflight.errors import Usage

if TYPE_CHECKING:
    from preflight.check_run import Report
    from preflight.hints import Hint
    from preflight.lab import Lab
    from preflight.progress import Standing

LabWord = Annotated[
    str | None, typer.Argument(metavar="LAB", help="A lab's number or name; the one under way when left out.")
]


def hint(
    context: typer.Context,
    lab: LabWord = None,
    promise: Annotated[
        str | None, typer.Option("--promise", metavar="ID", help="Another promise than the first not yet kept.")
    ] = None,
) -> None:
    """One rung more for the first promise not yet kept.

    The rungs are a question, a concept, a construct, and lines of code; which one you are on is remembered.
    """
    desk: Desk = context.obj
    chosen = desk.lab(lab)
    if not desk.workspace.started(chosen):
        raise Usage(f"Lab {chosen.number} is not started yet; first ./lab start {chosen.number}")
    desk.show(hint_lines(desk, chosen, promise))


def hint_lines(desk: Desk, lab: Lab, promise: str | None = None) -> Lines:
    """One rung more as the learner reads it, and whether the check it goes by is still about today's code."""
    from preflight import hints

    outdated = hints.outdated(lab, desk.progress) if promise is None else None
    taken = hints.take(lab, desk.progress, promise)
    if outdated is None:
        return _hint_lines(lab, taken, desk.width, named=promise is not None)
    # the learner's own day, not Greenwich's
    when = f"At your last check, on {outdated.astimezone():%Y-%m-%d at %H:%M}"
    if taken is None:
        lines = desk.lines().add(f"{when}, every promise of Lab {lab.number} was kept; your code has changed since.")
        return lines.row("next", f"./lab check {lab.number}", COMMAND, indent=0)
    lines = desk.lines().add(f"{when}, this was not kept yet; your code has changed since.", QUIET)
    return lines.blank().extend(_hint_lines(lab, taken, desk.width))


def _hint_lines(lab: Lab, hint: Hint | None, width: int, *, named: bool = False) -> Lines:
    lines = Lines(width)
    if hint is None:
        lines.add(f"Every promise of Lab {lab.number} is kept: there is nothing left to hint at.")
        return lines.row("next", f"./lab compare {lab.number}", COMMAND, indent=0)
    from preflight.lab import RUNGS

    lines.add(hint.promise.title, COMMAND, right=f"{hint.name} · {hint.rung} of {len(RUNGS)}")
    lines.blank().extend(_hint_text(hint, width)).blank()
    again = f"./lab hint {lab.number}" + (f" --promise {hint.promise.id}" if named else "")
    if hint.last:
        lines.add("That was the last rung: the next step is yours.", QUIET)
    else:
        lines.row("more", again, NAME, indent=0)
    return lines.row("next", f"./lab check {lab.number}", COMMAND, indent=0)


def compare(context: typer.Context, lab: LabWord = None) -> None:
    """Yours beside the worked stack, once every promise is kept.

    Resource by resource, with the properties that differ and the worked stack's reasons.
    """
    from preflight.check_run import Examiner
    from preflight.cli.beside import comparison_lines
    from preflight.cli.check import record
    from preflight.compare import compare as compared
    from preflight.compare import reasons

    desk: Desk = context.obj
    chosen = desk.lab(lab)
    if not desk.workspace.started(chosen):
        raise Usage(
            f"Lab {chosen.number} is not yours yet, so there is nothing to compare; ./lab start {chosen.number}"
        )
    codes = [desk.workspace.code_for(chosen), desk.workspace.code_for(chosen, choice="worked")]
    with (
        desk.waiting(f"Lab {chosen.number}: checking yours, then building both …"),
        Examiner(desk.root, say=desk.say) as examiner,
    ):
        # what was kept yesterday may have been changed today
        report = examiner.examine(chosen, codes[0])
        record(desk, report)
        if not report.holds:
            raise Usage(_not_yet(report))
        yours, worked = (examiner.template(chosen, code) for code in codes)
    why = reasons((chosen.worked / "stack.py").read_text(encoding="utf-8"))
    desk.show(comparison_lines(chosen, compared(yours, worked, why), desk.width))


def progress(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> None:
    """What you have kept so far, lab by lab."""
    desk: Desk = context.obj
    if as_json:
        desk.show_json(_progress_data(desk))
        return
    lines = desk.lines()
    stands = [(lab, desk.progress.standing(lab)) for lab in desk.course.labs]
    for lab, stand in stands:
        if stand.started or stand.attempts:
            lines.row(f"Lab {lab.number}", f"{lab.title}: {_kept(stand)}", indent=0, right=_checks(stand))
    kept = sum(stand.holds for _, stand in stands)
    lines.blank().add(f"{kept} of {len(stands)} labs kept.")
    desk.show(lines.row("next", desk.course.next(desk.progress).command, COMMAND, indent=0))


def _not_yet(report: Report) -> str:
    kept = sum(verdict.outcome in ("kept", "elsewhere") for verdict in report.verdicts)
    number = report.lab.number
    return (
        f"The worked stack is for comparing once every promise of Lab {number} is kept, and {kept} of "
        f"{len(report.verdicts)} are; go on with ./lab check {number}"
    )


def _hint_text(hint: Hint, width: int) -> Lines:
    """Prose is wrapped; the last rung, lines of code, stands as its author laid it out."""
    if hint.last:
        return Lines(width).exactly(hint.text, indent=2)
    return Lines(width).add(" ".join(hint.text.split()), indent=2, code=NAME)


def _kept(stand: Standing) -> str:
    return f"{stand.kept} of {len(stand.outcomes)} kept" if stand.outcomes else "started"


def _checks(stand: Standing) -> str:
    if not stand.attempts or stand.last_at is None:
        return "not checked yet"
    # the learner's own day, not Greenwich's
    day = f"{stand.last_at.astimezone():%Y-%m-%d}"
    return f"checked once, on {day}" if stand.attempts == 1 else f"checked {stand.attempts} times, last on {day}"


def _progress_data(desk: Desk) -> dict[str, Any]:
    following = desk.course.next(desk.progress)
    return {
        "labs": [_lab_progress(desk, lab) for lab in desk.course.labs],
        "next": {
            "lab": following.lab.number if following.lab else None,
            "reason": following.reason,
            "command": following.command,
        },
    }


def _lab_progress(desk: Desk, lab: Lab) -> dict[str, Any]:
    stand = desk.progress.standing(lab)
    return {
        "lab": lab.number,
        "name": lab.name,
        "started": stand.started,
        "started_version": stand.started_version,
        "version": lab.version,
        "holds": stand.holds,
        "kept_at": stand.kept_at.isoformat() if stand.kept_at else None,
        "promises": dict(stand.outcomes),
        "rungs": desk.progress.rungs(lab),
        "attempts": desk.progress.history(lab),
    }
