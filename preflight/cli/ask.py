"""Asking a design a question: a lab's code, a template, or a stack of a cdk.out."""

from __future__ import annotations

import contextlib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from preflight.cli.answer import shown_path
from preflight.cli.desk import Desk
from preflight.cli.lines import KEPT, NAME, NOT_YET, UNKNOWN, Lines
from preflight.cli.sketch import sketch
from preflight.errors import Usage

if TYPE_CHECKING:
    from preflight.questions import Reply
    from preflight.synth import Synthesizer
    from preflight.template import Template


def ask(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A lab, a template, or a cdk.out folder.")],
    question: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUESTION",
            help="may, who-may, what-may, reach, exposed, lose, review, cost, leftovers; `may` alone says how.",
        ),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--context", metavar="KEY=VALUE", help="A condition key of the request, for `may`; repeatable."),
    ] = None,
    stack: Annotated[str | None, typer.Option("--stack", help="Which stack of a cdk.out.")] = None,
    worked: Annotated[bool, typer.Option("--worked", help="Ask the lab's worked stack.")] = False,
    svg: Annotated[
        Path | None,
        typer.Option("--svg", metavar="PATH", help="Draw the answer to reach, lose or cost upon the design's picture."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> int:
    """Ask your own design a question: who may do what, what reaches what, what a teardown leaves behind."""
    from preflight import questions

    desk: Desk = context.obj
    keys = _context(given or [])
    if question and question[0].lower() not in questions.FORMS:
        # said before anything slow is begun
        questions.ask(_nothing(), question)
    with contextlib.ExitStack() as open_:
        # a review runs in the same child that built the lab's code
        synthesizer = _kernel(desk, open_) if question and question[0].lower() == "review" else None
        template = template_of(desk, target, stack, worked, synthesizer)
        kept = _kept(desk, target) if worked and synthesizer is not None else None
        reply = questions.ask(template, question or [], context=keys, synthesizer=synthesizer, kept=kept)
    if svg is not None:
        if reply.overlay is None:
            raise Usage(
                f"There is no picture of {' '.join(question or [])}; ask reach FROM TO, lose az a, lose NAME or cost "
                f"with --svg, for instance ./lab ask {target} lose az a --svg {svg}"
            )
        sketch(svg, template, reply.overlay, f"./lab ask {target} {' '.join(question or [])}")
    if as_json:
        desk.show_json({"question": question, "holds": reply.holds, "answer": reply.sentence, **reply.data})
    else:
        lines = reply_lines(reply, desk.width)
        if svg is not None:
            lines.blank().row("picture", f"{shown_path(svg.absolute(), desk.root)}  (open it in a browser)", indent=0)
        desk.show(lines)
    return 0


def reply_lines(reply: Reply, width: int) -> Lines:
    """An answer as the learner reads it: the sentence, then each reason with the line that would change it."""
    lines = Lines(width)
    mark, style = {True: ("✓", KEPT), False: ("✗", NOT_YET), None: ("·", UNKNOWN)}[reply.holds]
    lines.mark(mark, reply.sentence, style)
    for point in reply.points:
        lines.blank().add(point.about, NAME, indent=2)
        lines.add(point.said, indent=4)
        if point.change:
            lines.row("change", point.change, indent=4)
    return lines


def template_of(
    desk: Desk, target: str, stack: str | None, worked: bool, synthesizer: Synthesizer | None = None
) -> Template:
    """The template a TARGET means: a file, a stack of an assembly, or a lab's code, built; raises Usage for none."""
    if _is_path(target):
        return _of_path(Path(target), stack)
    from preflight.template import Template

    lab = desk.lab(target)
    code = desk.workspace.code_for(lab, choice="worked" if worked else None)
    with desk.waiting(f"Lab {lab.number}: building …"), contextlib.ExitStack() as open_:
        builder = synthesizer or _kernel(desk, open_)
        return Template.load(builder.synth(code.path, lab.construct_id).template_path)


def _is_path(target: str) -> bool:
    path = Path(target)
    return not target.isdigit() and (path.exists() or bool(path.suffix) or len(path.parts) > 1)


def _kernel(desk: Desk, open_: contextlib.ExitStack) -> Synthesizer:
    from preflight.synth import Synthesizer

    return open_.enter_context(Synthesizer(desk.root, say=desk.say))


def _kept(desk: Desk, target: str) -> dict[tuple[str, str], str] | None:
    """The reasons a lab gives for the findings its worked stack keeps."""
    file = None if _is_path(target) else desk.lab(target).folder / "review.toml"
    if file is None or not file.is_file():
        return None
    listed = tomllib.loads(file.read_text(encoding="utf-8")).get("kept", [])
    return {(str(each["resource"]), str(each["rule"])): str(each["reason"]) for each in listed}


def _of_path(path: Path, stack: str | None) -> Template:
    from preflight.clouds.launch import tasks
    from preflight.template import Template

    found = {each.name: each.template_file for each in tasks(path)}
    if stack is not None and stack not in found:
        raise Usage(f"{path} has no stack {stack}, only {', '.join(found)}; ask one with --stack {next(iter(found))}")
    if stack is None and len(found) > 1:
        raise Usage(f"{path} has the stacks {', '.join(found)}; ask one with --stack {next(iter(found))}")
    if not found:
        raise Usage(f"{path} has no stack; make one with cdk synth, or name a template file")
    return Template.load(found[stack] if stack else next(iter(found.values())))


def _context(words: list[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    for key, equals, _ in pairs:
        if not equals or ":" not in key:
            raise Usage(f"{key} is no condition key with its value; say it as --context aws:SecureTransport=false")
    return {key: value for key, _, value in pairs}


def _nothing() -> Template:
    from preflight.template import Template

    return Template({"Resources": {}})
