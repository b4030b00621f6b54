"""What a design costs, at the terminal: the sum, each thing of it, what use would add, and where the prices stand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from preflight.cli import ask
from preflight.cli.answer import shown_path
from preflight.cli.desk import Desk
from preflight.cli.lines import KEPT, NAME, QUIET, UNKNOWN, Lines
from preflight.cli.sketch import sketch
from preflight.errors import Usage

if TYPE_CHECKING:
    from preflight.analysis.cost import Estimate


# a space at which no line is broken
STAYS_BESIDE = "\u00a0"


def cost(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A lab, a template, or a cdk.out folder.")],
    usage: Annotated[
        list[str] | None,
        typer.Option("--usage", metavar="USE=AMOUNT", help="Another use a month than is assumed; repeatable."),
    ] = None,
    account: Annotated[
        str, typer.Option("--account", metavar="ACCOUNT", help="new-free, paid or legacy-free.")
    ] = "new-free",
    region: Annotated[
        str | None, typer.Option("--region", metavar="REGION", help="The Region whose prices are asked.")
    ] = None,
    stack: Annotated[str | None, typer.Option("--stack", help="Which stack of a cdk.out.")] = None,
    worked: Annotated[bool, typer.Option("--worked", help="Ask the lab's worked stack.")] = False,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="PATH", help="Draw the prices upon the design's picture.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> int:
    """What a design costs: by the hour, by the day, and by the month when it is forgotten."""
    from preflight.analysis.cost import estimate

    desk: Desk = context.obj
    uses = _uses(usage or [])
    template = ask.template_of(desk, target, stack, worked)
    found = estimate(template, usage=uses, account=account, region=region)
    if svg is not None:
        from preflight.analysis.picture import Overlay

        overlay = Overlay(prices=found.tags(), said=found.sentence)
        sketch(svg, template, overlay, f"./lab cost {target}")
    if as_json:
        desk.show_json({"answer": found.sentence, **found.as_data()})
    else:
        lines = cost_lines(found, desk.width)
        if svg is not None:
            lines.blank().row("picture", f"{shown_path(svg.absolute(), desk.root)}  (open it in a browser)", indent=0)
        desk.show(lines)
    return 0


def cost_lines(estimate: Estimate, width: int) -> Lines:
    """An estimate as the learner reads it: the sum, each resource's part of it, what use adds, what has no price."""
    from preflight.analysis.cost import money

    lines = Lines(width)
    is_nothing = estimate.per_month == 0 and not estimate.is_least
    lines.mark("✓" if is_nothing else "·", estimate.sentence, KEPT if is_nothing else UNKNOWN)
    lines.row("account", estimate.by_account, indent=4)
    numbers = {source: number for number, source in enumerate(estimate.sources(), start=1)}
    existing = estimate.by_resource()
    if existing:
        lines.blank().add("Billed for existing; first what people forget", QUIET, indent=2)
    for each in existing:
        lines.add(each.name, NAME, indent=2, right=f"{money(each.usd_a_month)}/month")
        for line in each.lines:
            lines.add(f"{line.sentence}{STAYS_BESIDE}[{numbers[line.price.source]}]", indent=4)
    by_use = estimate.by_use()
    if by_use:
        told = "Billed by use, assumed for a month; say another with --usage USE=AMOUNT"
        lines.blank().add(told, QUIET, indent=2, right=f"{money(estimate.use_per_month)}/month")
    for each in by_use:
        lines.add(each.name, NAME, indent=2, right=f"{money(each.usd_a_month)}/month")
        cited = "".join(f"[{number}]" for number in sorted({numbers[line.price.source] for line in each.lines}))
        lines.add(f"{estimate.assumed(each)}{STAYS_BESIDE}{cited}", indent=4)
    if estimate.unpriced:
        lines.blank().add("Without a price here", QUIET, indent=2)
    for missing in estimate.unpriced:
        lines.add(str(missing), indent=4)
    if numbers:
        told = f"Prices in {estimate.region}, before tax, 730 hours to a month; --json tells where each was read"
        lines.blank().add(told, QUIET, indent=2)
    for source, listed in estimate.sources().items():
        lines.exactly(f"[{numbers[source]}] {listed[0].checked_on} {source}", QUIET, indent=4)
    return lines


def _uses(words: list[str]) -> dict[str, float]:
    found = {}
    for word in words:
        name, equals, amount = word.partition("=")
        try:
            found[name] = float(amount.replace("_", "") if equals else "nothing")
        except ValueError:
            raise Usage(f"{word} is no use with its amount; say it as --usage s3-gb=50") from None
    return found
