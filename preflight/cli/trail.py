"""The way through the course: what is next, the list, starting, starting over, the brief."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from preflight.cli.desk import Desk
from preflight.cli.lines import COMMAND, KEPT, NOT_YET, QUIET, Lines
from preflight.cli.sketch import write
from preflight.errors import PreflightError, Usage

if TYPE_CHECKING:
    from preflight.course import Next
    from preflight.exams import Domain, Exam
    from preflight.lab import Lab
    from preflight.progress import Standing

LabWord = Annotated[str, typer.Argument(metavar="LAB", help="A lab's number or name, as 1 or first_bucket.")]


def home(context: typer.Context) -> None:
    """What the program says without a command: the next lab, and why."""
    if context.invoked_subcommand is None:
        desk: Desk = context.obj
        desk.show(next_lines(desk.course.next(desk.progress), desk.width))


def list_labs(
    context: typer.Context,
    exam: Annotated[
        str | None, typer.Option("--exam", metavar="EXAM", help="One exam's labs alone: CLF-C02 or SAA-C03.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> None:
    """The labs, by exam domain, with where you stand."""
    desk: Desk = context.obj
    exams = [exam_called(desk, exam)] if exam else list(desk.course.exams.all)
    if as_json:
        labs = [lab for lab in desk.course.labs if lab.exam in {each.id for each in exams}]
        desk.show_json({"labs": [_lab_data(desk, lab) for lab in labs]})
        return
    desk.show(course_lines(desk, exams))


def start(context: typer.Context, lab: LabWord) -> None:
    """Copy a lab's starter into workspace/, to be yours."""
    desk: Desk = context.obj
    chosen = desk.course.find(lab)
    desk.workspace.start(chosen)
    desk.progress.record_start(chosen)
    _show_started(desk, chosen)


def reset(context: typer.Context, lab: LabWord) -> None:
    """Begin a lab again; your work is moved aside, never deleted."""
    desk: Desk = context.obj
    chosen = desk.course.find(lab)
    aside = desk.workspace.reset(chosen)
    desk.progress.record_start(chosen)
    from preflight.cli.answer import shown_path

    desk.show(desk.lines().add(f"Your work is kept in {shown_path(aside, desk.root)}."))
    _show_started(desk, chosen)


def show(
    context: typer.Context,
    lab: Annotated[
        str | None, typer.Argument(metavar="LAB", help="A lab's number or name; the one under way when left out.")
    ] = None,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="PATH", help="Write the picture there instead, and open nothing.")
    ] = None,
    prices: Annotated[
        bool, typer.Option("--prices", help="Draw what each thing costs in a month upon the picture.")
    ] = False,
) -> None:
    """A lab's brief, and the picture of what your stack declares; opened where there is a screen."""
    desk: Desk = context.obj
    chosen = desk.lab(lab)
    brief = chosen.brief.read_text(encoding="utf-8")
    if desk.interactive:
        from preflight.cli.brief import show_brief

        show_brief(desk.console, brief, desk.width)
    else:
        print(brief.strip())
    from preflight.cli.answer import shown_path

    print()
    lines = desk.lines()
    for picture in sorted(chosen.folder.glob("*.svg")):
        lines.row("picture", f"{shown_path(picture, desk.root)}  (what the brief asks for)", indent=0)
    _show_picture(desk, chosen, lines, svg, prices)
    idle = chosen.idle_usd_per_month
    lines.row("price", f"in an account, idle: {f'{idle:.2f} USD a month' if idle else 'nothing'}", indent=0)
    begun = desk.progress.standing(chosen).started
    lines.row("next", f"./lab {'check' if begun else 'start'} {chosen.number}", COMMAND, indent=0)
    desk.show(lines)


def _show_picture(desk: Desk, lab: Lab, lines: Lines, svg: Path | None, prices: bool) -> None:
    """Draw what the learner's stack declares, the worked one before it is theirs, and say where the picture is."""
    from preflight.cli.answer import shown_path

    code = desk.workspace.code_for(lab)
    whose = "your stack" if code.kind == "yours" else "the worked stack"
    file = svg or desk.root / ".preflight" / "pictures" / f"lab{lab.number:02}.svg"
    try:
        picture = _drawn(desk, lab, code.path, prices)
    except PreflightError as fault:
        if svg is not None:
            raise
        lines.row("picture", f"not drawn, for {whose} cannot be built yet: {str(fault).splitlines()[0]}", indent=0)
        return
    write(file, picture, f"./lab show {lab.number}")
    opened = svg is None and desk.interactive and _open(file)
    said = "opened in your browser" if opened else "open it in a browser"
    lines.row("picture", f"{shown_path(file.absolute(), desk.root)}  ({whose}; {said})", indent=0)


def _drawn(desk: Desk, lab: Lab, code: Path, prices: bool) -> str:
    from preflight.analysis.cost import estimate
    from preflight.analysis.picture import Overlay, draw
    from preflight.synth import Synthesizer
    from preflight.template import Template

    with desk.waiting(f"Lab {lab.number}: drawing …"), Synthesizer(desk.root, say=desk.say) as synthesizer:
        template = Template.load(synthesizer.synth(code, lab.construct_id).template_path)
    overlay = None
    if prices:
        found = estimate(template)
        overlay = Overlay(prices=found.tags(), said=found.sentence)
    return draw(template, overlay=overlay, theme="auto")


def _open(file: Path) -> bool:
    """Show a file in the browser, where there is a screen to show it on."""
    has_screen = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not has_screen:
        return False
    import webbrowser

    try:
        return webbrowser.open(file.as_uri())
    except (OSError, webbrowser.Error):
        return False


def next_lines(following: Next, width: int) -> Lines:
    """What to do next, and why."""
    lines = Lines(width).add(following.why)
    for sentence in following.news:
        lines.row("new", f"since you started: {sentence}", indent=0)
    return lines.row("next", following.command, COMMAND, indent=0)


def course_lines(desk: Desk, exams: Sequence[Exam] | None = None) -> Lines:
    """The labs by exam and domain, and where the learner stands in each."""
    lines = desk.lines()
    stands = {lab.number: desk.progress.standing(lab) for lab in desk.course.labs}
    for exam in desk.course.exams.all if exams is None else exams:
        _list_exam(lines, exam, [lab for lab in desk.course.labs if lab.exam == exam.id], stands)
    return lines.blank().row("next", desk.course.next(desk.progress).command, COMMAND, indent=0)


def _show_started(desk: Desk, lab: Lab) -> None:
    lines = desk.lines().add(f"Lab {lab.number}, {lab.title}: workspace/{lab.id}/stack.py is yours to change.")
    lines.row("brief", f"./lab show {lab.number}", COMMAND, indent=0)
    desk.show(lines.row("next", f"./lab check {lab.number}", COMMAND, indent=0))


def exam_called(desk: Desk, word: str) -> Exam:
    """The exam a learner means by "clf" or "CLF-C02"; raises Usage naming those there are."""
    wanted = word.casefold()
    for exam in desk.course.exams.all:
        if wanted in (exam.id.casefold(), exam.id.partition("-")[0].casefold()):
            return exam
    known = [exam.id for exam in desk.course.exams.all]
    raise Usage(
        f"There is no exam called {word}, only {' and '.join(known)}. For instance ./lab list --exam {known[0]}"
    )


def _list_exam(lines: Lines, exam: Exam, labs: list[Lab], stands: dict[int, Standing]) -> None:
    if not labs:
        return
    lines.blank().add(f"{exam.id} · {exam.name}", COMMAND)
    for domain in exam.domains:
        own = [lab for lab in labs if _domain(exam, lab) is domain]
        if own:
            lines.blank().add(f"{domain.name}, {domain.weight} % of the exam", QUIET, indent=2)
        for lab in own:
            _list_lab(lines, lab, stands[lab.number])
    for lab in labs:
        if _domain(exam, lab) is None:
            _list_lab(lines, lab, stands[lab.number])


def _list_lab(lines: Lines, lab: Lab, stand: Standing) -> None:
    mark, style = _mark(stand)
    title = f"{lab.number:>2}  {lab.title:<26} {', '.join(lab.services[:3])}"
    lines.mark(mark, title, style, title_style="", right=_where_you_stand(lab, stand))


def _mark(stand: Standing) -> tuple[str, str]:
    if stand.holds:
        return "✓", KEPT
    if stand.broken:
        return "✗", NOT_YET
    return ("›", COMMAND) if stand.started else (" ", QUIET)


def _where_you_stand(lab: Lab, stand: Standing) -> str:
    if stand.outcomes:
        return f"{stand.kept} of {len(stand.outcomes)} kept"
    return "started" if stand.started else f"{lab.minutes} min"


def _domain(exam: Exam, lab: Lab) -> Domain | None:
    """The domain of the first task the lab names of this exam."""
    first = next((task.removeprefix(f"{exam.id} ") for task in lab.tasks if task.startswith(exam.id)), None)
    return next((domain for domain in exam.domains if any(task.id == first for task in domain.tasks)), None)


def _lab_data(desk: Desk, lab: Lab) -> dict[str, Any]:
    stand = desk.progress.standing(lab)
    domain = next((_domain(exam, lab) for exam in desk.course.exams.all if exam.id == lab.exam), None)
    return {
        **lab.model_dump(exclude={"changes"}),
        "name": lab.name,
        "domain": domain.name if domain else None,
        "promises": len(lab.promises),
        "started": stand.started,
        "attempts": stand.attempts,
        "kept": stand.kept,
        "holds": stand.holds,
    }
