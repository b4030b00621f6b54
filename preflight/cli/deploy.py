"""Taking a lab to the sandbox account: what it makes, costs and leaves is read before anything is begun."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from preflight.cli.desk import Desk
from preflight.cli.lines import COMMAND, KEPT, NOT_YET, QUIET, UNKNOWN, Lines
from preflight.errors import Usage

if TYPE_CHECKING:
    from datetime import datetime

    from preflight.lab import Lab
    from preflight.sandbox.account import Sandbox
    from preflight.sandbox.deploying import Plan

# more leftovers than these are counted
MOST_SHOWN = 5


def deploy(
    context: typer.Context,
    lab: Annotated[str, typer.Argument(metavar="LAB", help="A lab's number or name.")],
    ttl: Annotated[
        str, typer.Option("--ttl", metavar="TIME", help="How long it may stand: 90m, 4h, 2d, at most 7d.")
    ] = "4h",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    worked: Annotated[bool, typer.Option("--worked", help="Deploy the worked stack.")] = False,
    code: Annotated[Path | None, typer.Option("--code", metavar="PATH", help="Deploy any stack file.")] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="URL", help="The offline cloud of another terminal.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print plain data; what would be done, without --yes.")
    ] = False,
) -> int:
    """Deploy a lab to your sandbox account, after showing what it makes, costs and leaves behind.

    Everything is tagged with the lab and the time until which it may stand; ./lab destroy LAB takes it down.
    """
    from preflight.sandbox.account import open_sandbox
    from preflight.sandbox.deploying import deploy as deployed
    from preflight.sandbox.deploying import life, planned
    from preflight.sandbox.deploying import tool as cdk_tool
    from preflight.synth import Synthesizer

    desk: Desk = context.obj
    chosen = desk.course.find(lab)
    sandbox = open_sandbox(desk.root, endpoint_url=_loopback(endpoint, chosen))
    length = life(ttl)
    whose = desk.workspace.code_for(chosen, choice=code or ("worked" if worked else None))
    with Synthesizer(desk.root, say=desk.say) as synthesizer:
        with desk.waiting(f"Lab {chosen.number}: building …"):
            assembly = synthesizer.synth(whose.path, chosen.construct_id)
        plan = planned(chosen, whose, sandbox, assembly, ttl=length)
        if as_json and not yes:
            desk.show_json({"deployed": False, **plan.to_json()})
            return 0
        if not as_json:
            desk.show(plan_lines(desk, plan))
        _ask(desk, chosen, sandbox, yes=yes)
        tool = cdk_tool(desk.root, desk.warn)
        try:
            outputs = deployed(plan, desk.root, tool, _progress)
        except KeyboardInterrupt:
            desk.warn(
                f"\nStopped. CloudFormation may go on by itself: see what stands, and take it down, with "
                f"./lab destroy {chosen.number}"
            )
            raise
    if as_json:
        desk.show_json({"deployed": True, **plan.to_json(), "outputs": outputs})
    else:
        desk.show(_deployed_lines(desk, plan, outputs))
    return 0


def _progress(line: str) -> None:
    """One line of the CDK CLI, where it says that something begins or ends; the rest is told at the end."""
    if " | " not in line or "Resource creation Initiated" in line:
        return
    print(f"  {line}", file=sys.stderr, flush=True)


def plan_lines(desk: Desk, plan: Plan) -> Lines:
    """What is about to be made, in the order in which one would ask."""
    from preflight.check_run import code_name

    lines = desk.lines().add(f"Lab {plan.lab.number} · {plan.lab.title}, to {plan.sandbox.place}", COMMAND)
    lines.row("code", code_name(plan.code), indent=2)
    made = plan.makes
    listed = ", ".join(f"{number} {type.removeprefix('AWS::')}" for type, number in made.most_common())
    lines.row("makes", f"{made.total()} resource{'s' if made.total() > 1 else ''}: {listed}", indent=2)
    estimate = plan.estimate
    style = UNKNOWN if estimate.per_month or estimate.is_least else KEPT
    lines.row("price", estimate.sentence, style, indent=2)
    settings = plan.sandbox.settings
    if settings is not None:
        over = estimate.per_month > settings.monthly_limit_usd
        told = f"{settings.monthly_limit_usd:g} USD a month is your limit" + (", and this is more" if over else "")
        lines.row("limit", told, NOT_YET if over else "", indent=2)
    for number, each in enumerate(plan.leftovers[:MOST_SHOWN]):
        lines.row("" if number else "leaves", str(each), indent=2)
    if len(plan.leftovers) > MOST_SHOWN:
        more = f"and {len(plan.leftovers) - MOST_SHOWN} more; ./lab ask {plan.lab.number} leftovers"
        lines.row("", more, indent=2)
    if not plan.leftovers:
        lines.row("leaves", "nothing", indent=2)
    lines.row("offline", _offline(desk, plan), indent=2)
    return lines.row("until", f"{_own_time(plan.expires)}, as its tag preflight:expires says", indent=2)


def _offline(desk: Desk, plan: Plan) -> str:
    """What the last check on this machine said of this very code."""
    from preflight.check_run import digest_of

    if plan.code.kind != "yours":
        return f"not asked of this code here; ./lab check {plan.lab.number} asks"
    stand = desk.progress.standing(plan.lab)
    if not stand.outcomes:
        return f"not checked yet; ./lab check {plan.lab.number} takes seconds and costs nothing"
    kept = f"{stand.kept} of {len(stand.outcomes)} kept"
    changed = stand.code != digest_of(plan.code)
    return kept + (", and the code has changed since" if changed else ", with this very code")


def _deployed_lines(desk: Desk, plan: Plan, outputs: dict[str, str]) -> Lines:
    lines = desk.lines().blank().mark("✓", f"{plan.assembly.stack_name} stands in {plan.sandbox.place}.", KEPT)
    for name, value in outputs.items():
        lines.row(name, value, QUIET, indent=4)
    number = plan.lab.number
    endpoint = f" --endpoint {plan.sandbox.endpoint_url}" if plan.sandbox.is_local else ""
    lines.row("until", f"{_own_time(plan.expires)}; then ./lab destroy {number}{endpoint}", indent=4)
    return lines.row("next", f"./lab verify {number}{endpoint}", COMMAND, indent=0)


def _ask(desk: Desk, lab: Lab, sandbox: Sandbox, *, yes: bool) -> None:
    if yes:
        return
    if not desk.interactive:
        raise Usage(f"Nothing was deployed; to do it without being asked, say ./lab deploy {lab.number} --yes")
    if not typer.confirm(f"Deploy it to {sandbox.place}?", default=False):
        raise Usage(f"Nothing was deployed; when you are ready, ./lab deploy {lab.number}")


def _loopback(endpoint: str | None, lab: Lab) -> str | None:
    """An endpoint named by hand has to be of this machine: anywhere else is an account, and that one is asked for."""
    from urllib.parse import urlsplit

    from preflight.clouds.isolation import is_loopback

    if endpoint is None or is_loopback(urlsplit(endpoint).hostname or ""):
        return endpoint.rstrip("/") if endpoint else None
    raise Usage(
        f"{endpoint} is not on this machine; without --endpoint it goes to your sandbox: ./lab deploy {lab.number}"
    )


def _own_time(moment: datetime) -> str:
    # the learner's own clock, not Greenwich's
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
