"""Finding and deleting everything Preflight ever left in the sandbox account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from preflight.cli.desk import Desk
from preflight.cli.destroy import add_rows, again, ask, by_price, loopback, priced_at, progress
from preflight.cli.lines import COMMAND, KEPT, NOT_YET, QUIET, UNKNOWN, Lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preflight.sandbox.account import Sandbox
    from preflight.sandbox.sweeping import Found


def sweep(
    context: typer.Context,
    expired: Annotated[bool, typer.Option("--expired", help="Only what is past its time.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="URL", help="The offline cloud of another terminal.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print plain data; what would be done, without --yes.")
    ] = False,
) -> int:
    """Find everything Preflight ever left in your sandbox account, with its price, and delete it.

    What carries no tag of ours and is in no stack of ours is never touched; what only has a name like ours is shown.
    """
    from preflight.sandbox.account import open_sandbox

    desk: Desk = context.obj
    command = "./lab sweep --expired" if expired else "./lab sweep"
    sandbox = open_sandbox(desk.root, endpoint_url=loopback(endpoint, command))
    return clear(desk, sandbox, command, yes=yes, as_json=as_json, expired=expired)


def clear(
    desk: Desk,
    sandbox: Sandbox,
    command: str,
    *,
    yes: bool,
    as_json: bool,
    expired: bool = False,
    only: Sequence[str] = (),
) -> int:
    """Show what stands, ask, delete it, look again, and give the exit code."""
    from preflight.sandbox.sweeping import find, forget
    from preflight.sandbox.sweeping import sweep as swept

    with desk.waiting(f"Looking at {sandbox.place} …"):
        found = find(desk.root, sandbox, expired=expired, only=only)
    if as_json and not yes:
        desk.show_json({"swept": False, **found.to_json()})
        return 0 if found.is_clean else 1
    if not found.inventory.ours and not found.stacks:
        return _end(desk, found, found, [], command, as_json=as_json, whole=not (expired or only))
    if not as_json:
        desk.show(_found_lines(desk, found))
    ask(desk, f"Delete all of it in {sandbox.place}?", command, yes=yes)
    try:
        held = swept(found, desk.root, progress)
        after = find(desk.root, sandbox, expired=expired, only=only)
    except KeyboardInterrupt:
        desk.warn(f"\nStopped. AWS goes on with what it has begun, and the rest still stands: go on with {command}")
        raise
    gone = {lab for lab, _ in found.stacks} | {each.lab for each in found.inventory.ours}
    gone -= {lab for lab, _ in after.stacks} | {each.lab for each in after.inventory.ours}
    if not after.inventory.unseen:
        forget(desk.root, sandbox, sorted(gone))
    return _end(desk, found, after, held, command, as_json=as_json, whole=not (expired or only))


def _end(desk: Desk, before: Found, after: Found, held: list[str], command: str, *, as_json: bool, whole: bool) -> int:
    from preflight.sandbox import records
    from preflight.sandbox.sweeping import forget

    if whole and after.is_clean:
        # records of what somebody deleted by hand
        place = after.sandbox.endpoint_url or after.sandbox.account
        forget(desk.root, after.sandbox, [each.stack for each in records.records(desk.root) if each.place == place])
    if as_json:
        desk.show_json({"swept": after.is_clean, **after.to_json(), "held": held})
    else:
        desk.show(_after_lines(desk, before, after, held, command))
    return 0 if after.is_clean else 1


def _found_lines(desk: Desk, found: Found) -> Lines:
    from preflight.sandbox.teardown import age

    lines = desk.lines().add(f"What Preflight left in {found.sandbox.place}", COMMAND)
    for lab, stack in found.stacks:
        lines.row(lab, f"{stack.name} in {stack.region} is {stack.status}, for {age(stack.since)}", indent=2)
    rows = by_price([each for each in found.inventory.ours if each.type != "AWS::CloudFormation::Stack"])
    lines.row("price", priced_at(rows), UNKNOWN, indent=2)
    add_rows(lines, "deletes", rows)
    add_rows(lines, "perhaps", by_price(found.inventory.perhaps), QUIET)
    return lines


def _after_lines(desk: Desk, before: Found, after: Found, held: list[str], command: str) -> Lines:
    lines = desk.lines().blank()
    left = by_price([each for each in after.inventory.ours])
    what = "Nothing of Preflight's is past its time" if "--expired" in command else "Nothing of Preflight's is left"
    if command.startswith("./lab sandbox"):
        what = "Nothing of Preflight's bootstrap is left"
    if after.is_clean:
        lines.mark("✓", f"{what} in {after.sandbox.place}.", KEPT)
    elif left:
        lines.mark("✗", f"{len(left)} of Preflight's things still stand in {after.sandbox.place}.", NOT_YET)
        lines.row("price", priced_at(left), UNKNOWN, indent=4)
        add_rows(lines, "left", left, NOT_YET)
    else:
        lines.mark("?", f"{what} where one could look in {after.sandbox.place}.", UNKNOWN)
    for number, sentence in enumerate(held if left else []):
        lines.row("" if number else "because", sentence, indent=2)
    add_rows(lines, "goes", by_price(after.inventory.going), QUIET)
    add_rows(lines, "perhaps", by_price(after.inventory.perhaps), QUIET)
    for each in after.inventory.unseen:
        lines.row("?", str(each), UNKNOWN, indent=2)
    return lines.row("next", "./lab" if after.is_clean else again(command, after.sandbox), COMMAND, indent=0)
