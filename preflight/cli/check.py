"""Checking a lab: here, again on every save, or at another endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from preflight.cli.desk import Desk
from preflight.cli.lines import NOT_YET, QUIET, Lines
from preflight.errors import BrokenCode, DeployFailed, Refused, Unavailable, Usage

if TYPE_CHECKING:
    from preflight.check_run import Report
    from preflight.cli.answer import Beside
    from preflight.lab import Lab

Choice = Path | Literal["worked", "starter"] | None

# seconds AWS is given to have heard of a change everywhere
PATIENCE = 90.0

LabWord = Annotated[
    str | None, typer.Argument(metavar="LAB", help="A lab's number or name; the one under way when left out.")
]


def check(
    context: typer.Context,
    lab: LabWord = None,
    worked: Annotated[bool, typer.Option("--worked", help="Check the worked stack.")] = False,
    starter: Annotated[bool, typer.Option("--starter", help="Check the starter as it was handed to you.")] = False,
    code: Annotated[
        Path | None, typer.Option("--code", metavar="PATH", help="Check any stack file, or a folder with a stack.py.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Check again on every save.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of what could not be asked.")] = False,
) -> int:
    """Build a lab, deploy it offline, use it, and answer. Yours if you started it, else the worked stack."""
    desk: Desk = context.obj
    chosen = desk.lab(lab)
    choice = _choice(chosen, worked=worked, starter=starter, code=code)
    if watch:
        if as_json:
            raise Usage(
                f"--watch is for people and --json for programs; choose one, as ./lab check {chosen.number} --watch"
            )
        from preflight.cli.watch import Watch

        return Watch(desk, chosen, desk.workspace.code_for(chosen, choice=choice)).run()
    from preflight.check_run import examine
    from preflight.cli.answer import again

    asked = desk.workspace.code_for(chosen, choice=choice)
    with desk.waiting(f"Lab {chosen.number}: building it, deploying it offline, asking its promises …"):
        try:
            report = examine(desk.root, chosen, asked, say=desk.say)
        except (BrokenCode, Refused, DeployFailed) as error:
            # who mends a file given by hand asks about that file again
            error.message = error.message.replace(f"then ./lab check {chosen.number}", f"then {again(chosen, asked)}")
            raise
    record(desk, report)
    _show(desk, report, as_json=as_json, debug=debug)
    return report.exit_code


def verify(
    context: typer.Context,
    lab: Annotated[str, typer.Argument(metavar="LAB", help="A lab's number or name.")],
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="URL", help="An emulator's address; your account when left out.")
    ] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="A profile of your AWS configuration.")] = None,
    region: Annotated[str | None, typer.Option("--region", help="The Region the stack is in.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of what could not be asked.")] = False,
) -> int:
    """Ask a lab's promises of a stack that is deployed already.

    In your sandbox account, or at any endpoint: the offline cloud of another terminal, another emulator. What differs
    from the offline answer is asked again for a minute and a half, then shown.
    """
    from preflight.check_run import digest_of, examine_deployed
    from preflight.sandbox.verifying import differences, patiently, remember

    desk: Desk = context.obj
    chosen = desk.course.find(lab)
    if endpoint is not None and not endpoint.startswith(("http://", "https://")):
        command = f"./lab verify {chosen.number} --endpoint http://localhost:5000"
        raise Usage(f"{endpoint} is not an address; name one as in {command}")
    if endpoint is None:
        endpoint, profile, region = _sandbox_place(desk, profile, region)
    code = desk.workspace.code_for(chosen, choice=None)
    stand = desk.progress.standing(chosen)
    # an answer about other code is no answer about this
    offline = stand.outcomes if code.kind == "yours" and stand.code == digest_of(code) else {}
    report = patiently(
        lambda: examine_deployed(chosen, code, endpoint_url=endpoint, profile=profile, region=region),
        offline,
        patience=0 if endpoint else PATIENCE,
        say=desk.warn,
    )
    remember(desk.root, report)
    differing = differences(report, offline)
    if as_json:
        desk.show_json({**report.to_json(), "differences": [vars(each) for each in differing]})
        return report.exit_code
    desk.show(answer_lines(desk, report, debug=debug))
    if differing:
        lines = desk.lines().blank().add("Not as offline:", NOT_YET)
        for each in differing:
            lines.add(str(each), indent=2)
        desk.show(lines)
    return report.exit_code


def _sandbox_place(desk: Desk, profile: str | None, region: str | None) -> tuple[str | None, str | None, str | None]:
    """(endpoint, profile, Region) of the sandbox, once AWS has said that the credentials are the sandbox's."""
    from preflight.sandbox.account import account_clients, open_sandbox

    sandbox = open_sandbox(desk.root, clients=account_clients(profile) if profile else None)
    named = sandbox.settings.profile if sandbox.settings else None
    return sandbox.endpoint_url, profile or named, region or sandbox.region


def record(desk: Desk, report: Report) -> None:
    """Keep the attempt when the code is the learner's own; a folder nobody can write to stops no answer."""
    from preflight.check_run import digest_of

    if report.code.kind != "yours":
        return
    try:
        starter = desk.workspace.code_for(report.lab, choice="starter")
        desk.progress.record_attempt(
            report.lab,
            report.verdicts,
            report.seconds,
            code=report.digest,
            untouched=report.digest == digest_of(starter),
        )
    except Unavailable as error:
        desk.warn(f"This check is not remembered. {error}")


def beside_report(desk: Desk, report: Report) -> Beside:
    """What the answer needs to know besides the report."""
    from preflight.cli.answer import Beside

    return Beside(
        desk.root,
        statement=lambda bullet: _statement(desk, bullet),
        missed=desk.progress.missed,
        next_kept=f"./lab compare {report.lab.number}",
        started=desk.workspace.started(report.lab),
    )


def answer_lines(desk: Desk, report: Report, *, debug: bool = False) -> Lines:
    """The answer, and with `debug` the tracebacks of what could not be asked."""
    from preflight.cli.answer import answer

    lines = answer(report, beside_report(desk, report), desk.width)
    if debug:
        for verdict in report.verdicts:
            if verdict.error:
                lines.blank().add(f"{verdict.id}:").exactly(verdict.error, QUIET, indent=2)
            for call in verdict.left:
                lines.blank().add(f"{verdict.id}: could not be taken back: {call}", QUIET)
    return lines


def _show(desk: Desk, report: Report, *, as_json: bool, debug: bool) -> None:
    if as_json:
        desk.show_json(report.to_json())
    else:
        desk.show(answer_lines(desk, report, debug=debug))


def _choice(lab: Lab, *, worked: bool, starter: bool, code: Path | None) -> Choice:
    named: list[tuple[bool, Choice]] = [(worked, "worked"), (starter, "starter"), (code is not None, code)]
    choices = [choice for given, choice in named if given]
    if len(choices) > 1:
        raise Usage(
            f"--worked, --starter and --code exclude each other; choose one, as ./lab check {lab.number} --worked"
        )
    if code is not None and not code.exists():
        raise Usage(
            f"{code} does not exist; name a stack file or its folder, as ./lab check {lab.number} --code stack.py"
        )
    return choices[0] if choices else None


def _statement(desk: Desk, bullet: str) -> str:
    exams = desk.course.exams
    return str(exams.bullet(bullet)) if exams.knows(bullet) else bullet
