"""Taking a lab down again: what stands is shown, everything of it is deleted, and that nothing is left is proved."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from preflight.cli.desk import Desk
from preflight.cli.lines import COMMAND, KEPT, NOT_YET, QUIET, UNKNOWN, Lines
from preflight.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preflight.sandbox.account import Sandbox
    from preflight.sandbox.inventory import Row
    from preflight.sandbox.teardown import Proof, Scene

# more rows than these are counted
MOST_SHOWN = 12


def destroy(
    context: typer.Context,
    lab: Annotated[str, typer.Argument(metavar="LAB", help="A lab's number or name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="URL", help="The offline cloud of another terminal.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print plain data; what would be done, without --yes.")
    ] = False,
) -> int:
    """Take a lab down in your sandbox account, and prove that nothing of it is left.

    What blocks the deletion is emptied first. Ends with 0 when nothing is left, with 1 when something is, by name and
    price.
    """
    from preflight.sandbox.account import open_sandbox
    from preflight.sandbox.teardown import destroy as torn_down
    from preflight.sandbox.teardown import scene as scene_of

    desk: Desk = context.obj
    chosen = desk.course.find(lab)
    command = f"./lab destroy {chosen.number}"
    sandbox = open_sandbox(desk.root, endpoint_url=loopback(endpoint, command))
    with desk.waiting(f"Lab {chosen.number}: looking at {sandbox.place} …"):
        scene = scene_of(desk.root, sandbox, chosen.construct_id, chosen.number)
    if scene.foreign and not scene.stacks:
        raise Usage(
            f"{'; '.join(scene.foreign)}, and it is not touched; if it is yours, cdk destroy {chosen.construct_id}"
        )
    if as_json and not yes:
        desk.show_json({"destroyed": False, **scene.to_json()})
        return 0 if scene.is_empty else 1
    if not as_json:
        desk.show(_scene_lines(desk, scene))
    if not scene.is_empty:
        ask(desk, f"Delete all of it in {sandbox.place}?", command, yes=yes)
    try:
        proof = torn_down(scene, desk.root, progress)
    except KeyboardInterrupt:
        desk.warn(f"\nStopped. AWS goes on with what it has begun, and the rest still stands: go on with {command}")
        raise
    if as_json:
        desk.show_json({"destroyed": proof.is_clean, **scene.to_json(), **proof.to_json()})
    else:
        desk.show(_proof_lines(desk, scene, proof))
    return 0 if proof.is_clean else 1


def progress(line: str) -> None:
    """One line of what is going on, beside the answer."""
    print(f"  {line}", file=sys.stderr, flush=True)


def ask(desk: Desk, question: str, command: str, *, yes: bool) -> None:
    """Ask before anything is deleted; raises Usage for a no, and where nobody can be asked."""
    if yes:
        return
    if not desk.interactive:
        raise Usage(f"Nothing was deleted; to do it without being asked, say {command} --yes")
    if not typer.confirm(question, default=False):
        raise Usage(f"Nothing was deleted, and it goes on costing what it costs; when you are ready, {command}")


def loopback(endpoint: str | None, command: str) -> str | None:
    """An endpoint named by hand has to be of this machine: anywhere else is an account, and that one is asked for."""
    from urllib.parse import urlsplit

    from preflight.clouds.isolation import is_loopback

    if endpoint is None or is_loopback(urlsplit(endpoint).hostname or ""):
        return endpoint.rstrip("/") if endpoint else None
    raise Usage(f"{endpoint} is not on this machine; without --endpoint it is about your sandbox: {command}")


def add_rows(lines: Lines, label: str, rows: Sequence[Row], style: str = "") -> Lines:
    """Rows with their prices, what costs most first; the many are counted."""
    for number, row in enumerate(rows[:MOST_SHOWN]):
        lines.row("" if number else label, row.sentence, style, indent=2)
    if len(rows) > MOST_SHOWN:
        lines.row("", f"and {len(rows) - MOST_SHOWN} more; --json names every one", QUIET, indent=2)
    return lines


def by_price(rows: Sequence[Row]) -> list[Row]:
    """What costs most first, then what nobody can tell, then the rest."""
    return sorted(rows, key=lambda row: (-(row.usd or 0), row.usd is not None, row.type, row.id))


def priced_at(rows: Sequence[Row]) -> str:
    """What these cost a month together, and how many nobody can tell of."""
    from preflight.analysis.cost import money

    unknown = sum(each.usd is None for each in rows)
    told = f"{money(sum(each.usd or 0 for each in rows))} a month by existing"
    return told + (f", and {unknown} without a price known here" if unknown else "")


def again(command: str, sandbox: Sandbox) -> str:
    """A command for the same place."""
    return f"{command} --endpoint {sandbox.endpoint_url}" if sandbox.is_local else command


def _scene_lines(desk: Desk, scene: Scene) -> Lines:
    from preflight.sandbox.teardown import age

    lines = desk.lines().add(f"Lab {scene.number} in {scene.sandbox.place}", COMMAND)
    for stack in scene.stacks:
        until = f", meant to stand until {stack.expires.astimezone():%Y-%m-%d %H:%M}" if stack.expires else ""
        told = f"{stack.name} is {stack.status}, with {len(stack.resources)} resources, for {age(stack.since)}{until}"
        lines.row("stands", told, indent=2)
    if not scene.stacks:
        lines.row("stack", f"none of {scene.lab} stands (any more)", indent=2)
    rows = by_price([each for each in scene.inventory.ours if each.type != "AWS::CloudFormation::Stack"])
    if rows:
        lines.row("price", priced_at(rows), UNKNOWN, indent=2)
        add_rows(lines, "deletes", rows)
    return lines


def _proof_lines(desk: Desk, scene: Scene, proof: Proof) -> Lines:
    lines = desk.lines().blank()
    command = again(f"./lab destroy {scene.number}", scene.sandbox)
    if proof.is_clean:
        lines.mark("✓", f"Nothing of Lab {scene.number} is left in {scene.sandbox.place}.", KEPT)
    else:
        left = by_price(proof.inventory.ours)
        told = (
            f"{len(left)} thing{'' if len(left) == 1 else 's'} of Lab {scene.number} still stand"
            if left
            else (f"Nothing of Lab {scene.number} was found, but not everything could be asked")
        )
        lines.mark("✗", f"{told}{'s' if len(left) == 1 else ''}.", NOT_YET)
        if left:
            lines.row("price", priced_at(left), UNKNOWN, indent=4)
        add_rows(lines, "left", left, NOT_YET)
    for number, sentence in enumerate(proof.held):
        lines.row("" if number else "because", sentence, indent=2)
    _others(lines, proof)
    follows = "./lab" if proof.is_clean else again("./lab sweep", scene.sandbox) if proof.inventory.ours else command
    return lines.row("next", follows, COMMAND, indent=0)


def _others(lines: Lines, proof: Proof) -> None:
    """What ends by itself, what only looks like ours, and what could not be asked."""
    add_rows(lines, "goes", by_price(proof.inventory.going), QUIET)
    add_rows(lines, "perhaps", by_price(proof.inventory.perhaps), QUIET)
    for each in proof.inventory.unseen:
        lines.row("?", str(each), UNKNOWN, indent=2)
