"""Deploying any template or cloud assembly to an offline cloud of its own, with a ledger of what became of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from preflight.cli.desk import Desk
from preflight.cli.lines import COMMAND, KEPT, NAME, NOT_YET, QUIET, UNKNOWN, Lines

if TYPE_CHECKING:
    from preflight.clouds.launch import Launch, Outcome, StackOutcome


def deploy(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A template (JSON or YAML), or a whole cdk.out folder.")],
    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameters", metavar="NAME=VALUE", help="A parameter, or a JSON file of them; repeatable."),
    ] = None,
    region: Annotated[str, typer.Option("--region", help="The Region of the stacks that name none.")] = "us-east-1",
    account: Annotated[
        str | None, typer.Option("--account", help="The account's twelve digits; else the one the app names.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> int:
    """Deploy a template or a whole cdk.out to a fresh offline cloud, and say what was built and what only recorded."""
    from preflight.clouds.launch import account_of, known_account, known_region, launch, parameters_of

    desk: Desk = context.obj
    known_region(region)
    given = parameters_of(parameters or [])
    number = known_account(account or account_of(path) or "123456789012")
    with desk.waiting(f"Deploying {path} offline …"):
        from preflight.clouds.offline import OfflineCloud

        with OfflineCloud(region=region, account=number) as cloud:
            done = launch(cloud, path, parameters=given)
    for stack in done.stacks:
        for fault in stack.faults:
            print(fault, file=sys.stderr)
    if as_json:
        desk.show_json(done.as_data())
    else:
        desk.show(ledger(done, desk.width))
    return 0 if done.stands else 2


def ledger(done: Launch, width: int) -> Lines:
    """What became of every stack, resource by resource, with a line that sums it up."""
    lines = Lines(width)
    for stack in done.stacks:
        _stack(lines.blank(), stack)
    lines.blank().add(summary(done))
    return lines


def summary(done: Launch) -> str:
    """The whole deployment in one line: how many stand, how much is emulated, how much applied, how long it took."""
    resources = [each for stack in done.stacks for each in stack.resources]
    emulated = sum(each.state == "emulated" for each in resources)
    declared, applied = (sum(getattr(each, name) for each in resources) for name in ("declared", "applied"))
    standing = sum(each.stands for each in done.stacks)
    count = len(done.stacks)
    stacks = _counted(count, "stack") if standing == count else f"{standing} of {_counted(count, 'stack')}"
    parts = [f"{stacks} {'stand' if standing != 1 or count != 1 else 'stands'}"]
    if resources:
        recorded = len(resources) - emulated
        parts.append(
            f"{_counted(len(resources), 'resource')}, {_share(emulated, len(resources))} emulated"
            + (f" and {recorded} recorded" if recorded else "")
        )
    if declared:
        parts.append(f"{applied} of {_counted(declared, 'property value')} applied, {_share(applied, declared)}")
    return " · ".join([*parts, f"{done.seconds:.1f} s"])


def _stack(lines: Lines, stack: StackOutcome) -> None:
    title = f"{stack.name} · {_STATUS.get(stack.status, stack.status)}"
    lines.add(title, COMMAND, right=f"{stack.region} · {stack.seconds:.2f} s" if stack.seconds else stack.region)
    if stack.reason and not stack.stands:
        lines.row("why", stack.reason, NOT_YET, indent=2)
    cells = [_cells(each) for each in stack.resources]
    widths = [max((len(each[column]) for each in cells), default=0) for column in (0, 1)]
    for each in stack.resources:
        _resource(lines, each, widths)
    for name, value in stack.outputs.items():
        lines.row("output", f"{name} = {value}", indent=2)
    for note in stack.notes:
        lines.row("note", note, UNKNOWN, indent=2)


def _resource(lines: Lines, each: Outcome, widths: list[int]) -> None:
    mark, style = _mark(each)
    name, kind = _cells(each)
    right = "recorded only" if each.state == "recorded" else ""
    if sum(widths) + len(right) + 8 <= lines.width:
        lines.mark(mark, f"{name.ljust(widths[0])}  {kind.ljust(widths[1])}", style, title_style="", right=right)
    else:
        lines.mark(mark, name, style, title_style="", right=f"{right} · {kind}" if right else kind)
    if each.reason and each.status.endswith("_FAILED"):
        lines.row("why", each.reason, NOT_YET)
    if each.state == "emulated" and each.not_emulated:
        lines.row("not emulated", ", ".join(each.not_emulated), QUIET)


def _cells(each: Outcome) -> tuple[str, str]:
    return (each.path or each.logical_id, each.type)


def _mark(each: Outcome) -> tuple[str, str]:
    if each.status.endswith("_FAILED"):
        return "✗", NOT_YET
    if "DELETE" in each.status:
        return "-", QUIET
    if each.state == "recorded":
        return "·", UNKNOWN
    return ("✓", KEPT) if not each.not_emulated else ("✓", NAME)


def _share(part: int, whole: int) -> str:
    # never 100 % of what is not whole
    return f"{part * 100 // whole} %"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


_STATUS = {
    "REFUSED": "refused, nothing was made",
    "NOT_BEGUN": "not begun",
}
