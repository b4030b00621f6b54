"""The map of an exam: each task statement, the labs that build it, and how many of its bullets a question asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from preflight.cli.desk import Desk
from preflight.cli.lines import COMMAND, QUIET, Lines
from preflight.cli.trail import exam_called

if TYPE_CHECKING:
    from preflight.coverage import Coverage, TaskCover


def coverage(
    context: typer.Context,
    exam: Annotated[str, typer.Option("--exam", metavar="EXAM", help="CLF-C02 or SAA-C03.")] = "CLF-C02",
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data, bullet by bullet.")] = False,
) -> None:
    """Which parts of an exam the labs and their questions cover, task by task."""
    from preflight.coverage import coverage as covered

    desk: Desk = context.obj
    found = covered(exam_called(desk, exam), desk.course.labs, desk.root)
    if as_json:
        desk.show_json(found.to_json())
    else:
        desk.show(coverage_lines(found, desk.width))


def coverage_lines(found: Coverage, width: int) -> Lines:
    """The map as the learner reads it."""
    lines = Lines(width).add(f"{found.exam.id} · {found.exam.name}", COMMAND)
    for domain in found.exam.domains:
        lines.blank().add(f"{domain.name}, {domain.weight} % of the exam", QUIET, indent=2)
        for task in found.tasks:
            if task.domain is domain:
                _add_task(lines, task)
    holes = len(found.holes)
    said = f"{found.asked} of {found.bullets} bullets are asked by a decision or a question"
    lines.blank().add(f"{said}." if not holes else f"{said}; the others are still to be written.")
    short = found.exam.id.partition("-")[0].lower()
    return lines.row("next", f"./lab list --exam {short}", COMMAND, indent=0)


def _add_task(lines: Lines, task: TaskCover) -> None:
    asked = len(task.bullets) - len(task.holes)
    where = f"lab {', '.join(map(str, task.labs))}" if task.labs else "questions"
    right = f"{asked} of {len(task.bullets)} · {where}"
    lines.add(f"{task.task.id:>4}  {task.task.title}", indent=2, right=right)
    if task.holes and asked:
        lines.add("not yet: " + ", ".join(task.holes), QUIET, indent=8)
