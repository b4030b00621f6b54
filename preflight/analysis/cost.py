"""What a design costs: by the hour, the day and the month when it is forgotten, and what nobody can tell from here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from preflight.analysis import prices
from preflight.analysis.billed import USES, Charge, Unpriced, billed, is_billed, kind
from preflight.analysis.prices import Price
from preflight.analysis.vpc import label
from preflight.errors import Usage

if TYPE_CHECKING:
    from preflight.template import Design, Template

Account = Literal["new-free", "paid", "legacy-free"]
ACCOUNTS: tuple[str, ...] = get_args(Account)


@dataclass(frozen=True)
class Line:
    """One thing of a resource that costs something, or would without what is always free.

    `quantity` is in the price's unit: how many exist at a time, or are used in a month where `by_use`; `free` is how
    much of it is always free. `note` says where the number comes from, `uses` which assumed uses it was made of, and
    `stays` what of it is billed on after the stack is deleted.
    """

    logical_id: str
    name: str
    type: str
    quantity: float
    free: float
    price: Price
    note: str = ""
    uses: tuple[str, ...] = ()
    stays: str = ""

    @property
    def by_use(self) -> bool:
        """Whether use decides what it costs; what is assumed of an existing thing is not use."""
        return self.price.period is None

    @property
    def usd_a_month(self) -> float:
        """US dollars in a month of 730 hours."""
        hours = prices.hours_a_month() if self.price.period == "hour" else 1
        return (self.quantity - self.free) * self.price.usd * hours

    @property
    def what(self) -> str:
        """What is billed, in words."""
        size = f" {self.price.size}" if self.price.size else ""
        return f"{self.price.service}{size}, {self.price.what}"

    @property
    def sentence(self) -> str:
        """What is billed and how its price comes about, in words: NAT gateway, …: 2 × 0.045 USD an hour."""
        allowed = self.price.always_free
        if allowed is not None and self.free >= self.quantity:
            reckoned = f"{count(self.quantity)}, always free up to {allowed.what}"
        else:
            reckoned = f"{count(self.quantity - self.free)} × {usd(self.price.usd)} USD {UNITS[self.price.unit]}"
            if allowed is not None and self.free:
                reckoned += f" beyond the {allowed.what} that are always free"
        return "; ".join(each for each in (f"{self.what}: {reckoned}", self.note, self.stays) if each)


@dataclass(frozen=True)
class Group:
    """Lines that are read together: those of one resource, or those of one assumed use."""

    name: str
    lines: tuple[Line, ...]

    @property
    def usd_a_month(self) -> float:
        return sum(each.usd_a_month for each in self.lines)


@dataclass(frozen=True)
class Missing:
    """Something that may be billed and that no price is known for."""

    logical_id: str
    name: str
    type: str
    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what} ({self.name}): {self.why}"


@dataclass(frozen=True)
class Estimate:
    """What a design costs in a Region.

    `lines` come in the order in which people forget them. `per_hour`, `per_day` and `per_month` are what it costs by
    existing, in US dollars; `use_per_month` is what the assumed use comes to besides. With anything `unpriced` all of
    these are the least it costs.
    """

    region: str
    account: Account
    lines: tuple[Line, ...]
    unpriced: tuple[Missing, ...]
    uses: Mapping[str, float]

    @cached_property
    def per_month(self) -> float:
        return sum(each.usd_a_month for each in self.lines if not each.by_use)

    @property
    def per_hour(self) -> float:
        return self.per_month / prices.hours_a_month()

    @property
    def per_day(self) -> float:
        return self.per_hour * 24

    @cached_property
    def use_per_month(self) -> float:
        return sum(each.usd_a_month for each in self.lines if each.by_use)

    def by_resource(self) -> list[Group]:
        """What costs by existing, by resource, what people forget first."""
        return _grouped((each.name, each) for each in self.lines if not each.by_use)

    def by_use(self) -> list[Group]:
        """What costs by use, by the name of the assumed use it comes from."""
        return _grouped((each.uses[0], each) for each in self.lines if each.by_use)

    def assumed(self, group: Group) -> str:
        """The use a group of `by_use` assumes, in words."""
        names = dict.fromkeys(use for each in group.lines for use in each.uses)
        words = ", ".join(f"{count(self.uses[name])} {USES[name].what}" for name in names)
        number = len({each.logical_id for each in group.lines})
        times = f", for each of {number}" if number > 1 else ""
        kept = len({each.logical_id for each in group.lines if each.stays})
        stays = f"; {count(kept)} of them {'stay' if kept > 1 else 'stays'} after cdk destroy" if number > 1 else ""
        notes = {each.note for each in group.lines if each.note}
        told = [*(notes if len(notes) == 1 else ()), *([STAYS] if kept and number == 1 else ())]
        free = dict.fromkeys(each.price.always_free.what for each in group.lines if each.price.always_free)
        always = f"; always free up to {' and '.join(free)}" if free else ""
        return "; ".join([words + times + always + (stays if kept else ""), *told])

    def sources(self) -> dict[str, list[Price]]:
        """The documents the prices stand in, each with the prices from it, in the order of the lines."""
        found: dict[str, list[Price]] = {}
        for each in self.lines:
            prices_there = found.setdefault(each.price.source, [])
            if each.price not in prices_there:
                prices_there.append(each.price)
        return found

    @property
    def is_least(self) -> bool:
        """Whether something has no price, so that the design costs at least this."""
        return bool(self.unpriced)

    @property
    def has_prices(self) -> bool:
        """Whether the Region has prices of its own."""
        return self.region in prices.regions()

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        if self.has_prices:
            return f"Left running and forgotten, it costs {self._amount}."
        known = f"There are no prices for {self.region} here, only for {' and '.join(prices.regions())}"
        if self.per_month:
            known += f"; what costs the same everywhere comes to {money(self.per_month)}/month"
        return f"{known}, and {self._unknown if self.is_least else 'nothing in it needs one'}."

    @property
    def _amount(self) -> str:
        if self.per_month:
            least = "at least " if self.is_least else ""
            amount = f"{least}{money(self.per_hour)}/h, {money(self.per_day)}/day, {money(self.per_month)}/month"
            return amount + (f", and {self._unknown}" if self.is_least else "")
        if self.is_least:
            # never nothing: what has no price may well cost something
            return f"what cannot be told here: {self._unknown}; the rest costs nothing"
        if any(not each.by_use for each in self.lines):
            return "nothing, for what is billed by the month stays within what is always free"
        return "nothing, for nothing in it is billed by the hour or the month"

    @property
    def _unknown(self) -> str:
        names = list(dict.fromkeys(each.name for each in self.unpriced))
        if len(names) > 3:
            names = [*names[:3], f"{len(names) - 3} more"]
        listed = " and ".join(each for each in (", ".join(names[:-1]), *names[-1:]) if each)
        number = len(self.unpriced)
        return f"{number} thing{'s have' if number > 1 else ' has'} no price ({listed})"

    @property
    def by_account(self) -> str:
        """What the account makes of it: who pays, and until when."""
        told = prices.accounts()
        if self.account == "paid":
            return f"A paid account is billed this, less what is left of the credits given since {told.since}."
        if self.account == "legacy-free":
            covered = "; ".join(each.what for each in told.offers if _concerns(each, self.lines))
            besides = f" They covered {covered}." if covered else ""
            return (
                f"Accounts opened before {told.since} had offers for twelve months, so the last of them ended by "
                f"{told.offers_ended}, and such an account is billed this.{besides}"
            )
        if self.per_day == 0 and self.is_least:
            return "What it takes of a new account's credits is not known, for what has no price here."
        if self.per_day == 0:
            return "A new account on the free plan loses none of its credits by it while nobody uses it."
        days = told.sign_up_credits / self.per_day
        loses = f"{'at least ' if self.is_least else ''}{money(self.per_day)}"
        lasts = f"last {days:.0f} days" if days >= 1.5 else f"last {days * 24:.0f} hours"
        if days > told.plan_months * 30:
            lasts = "may outlast the plan" if self.is_least else "outlast the plan"
        elif self.is_least:
            lasts += " at most"
        return (
            f"A new account on the free plan is billed nothing and loses {loses} of credits a day: "
            f"the {told.sign_up_credits:g} USD given at sign-up {lasts}. Up to {told.most_credits:g} USD can be had; "
            f"the plan ends after {told.plan_months} months, or when the credits are gone."
        )

    def tags(self) -> dict[str, str]:
        """What each resource costs by existing, in words for a tag upon a picture, by logical id."""
        sums: dict[str, float] = {}
        for each in self.lines:
            if not each.by_use:
                sums[each.logical_id] = sums.get(each.logical_id, 0.0) + each.usd_a_month
        tags = {name: f"{money(amount)}/month" for name, amount in sums.items() if amount}
        for missing in self.unpriced:
            told = tags.get(missing.logical_id)
            tags[missing.logical_id] = f"{told} and more" if told else "no price here"
        return tags

    @property
    def credits_per_day(self) -> float:
        """The credits a new account loses in a day, in US dollars."""
        return self.per_day if self.account == "new-free" else 0.0

    def as_data(self) -> dict[str, Any]:
        """Plain data, every number in US dollars."""
        return {
            "region": self.region,
            "account": self.account,
            "usd_per_hour": round(self.per_hour, 6),
            "usd_per_day": round(self.per_day, 4),
            "usd_per_month": round(self.per_month, 4),
            "usd_per_month_of_use": round(self.use_per_month, 6),
            "credits_per_day": round(self.credits_per_day, 4),
            "is_least": self.is_least,
            "assumed_use": {
                name: self.uses[name] for name in sorted({use for each in self.lines for use in each.uses})
            },
            "lines": [
                {
                    "logical_id": each.logical_id,
                    "name": each.name,
                    "type": each.type,
                    "what": each.what,
                    "quantity": each.quantity,
                    "always_free": each.free,
                    "unit": each.price.unit,
                    "usd": each.price.usd,
                    "usd_per_month": round(each.usd_a_month, 6),
                    "by_use": each.by_use,
                    "assumed": list(each.uses),
                    "note": each.note,
                    "stays": each.stays,
                    "source": each.price.source,
                    "quoted_in": each.price.quoted_in,
                    "checked_on": each.price.checked_on.isoformat(),
                }
                for each in self.lines
            ],
            "unpriced": [vars(each) for each in self.unpriced],
        }


def estimate(
    subject: Template | Design,
    *,
    usage: Mapping[str, float] | None = None,
    account: str = "new-free",
    region: str | None = None,
    declared: Template | None = None,
) -> Estimate:
    """What a template or a design costs, itemised, what people forget first.

    `usage` overrides what is assumed of a month's use, by the names of USES, for every resource it concerns. The Region
    is the design's own where none is named. `declared` is a design's template, which tells what outlives the stack.
    Raises Usage for a use, an amount or an account there is none of.
    """
    from preflight.template import Template

    if account not in ACCOUNTS:
        raise Usage(f"{account} is no account, which is {' or '.join(ACCOUNTS)}; ask ./lab cost 1")
    uses = _uses(usage or {})
    template = subject if isinstance(subject, Template) else declared
    design = subject.design(region=region or "us-east-1") if isinstance(subject, Template) else subject
    region = region or design.region
    spent: dict[str, float] = {}
    lines: list[Line] = []
    missing: list[Missing] = []
    for found in billed(design, region, uses):
        if isinstance(found, Unpriced):
            missing.append(_missing(found))
            continue
        price = prices.price(found.thing, region, found.size)
        if price is None:
            missing.append(_missing(found, region))
        elif found.quantity:
            lines.append(_line(found, price, spent, template, region))
    missing += _perhaps(subject, design) if isinstance(subject, Template) else ()
    lines.sort(key=lambda each: (_rank(each), -each.usd_a_month))
    return Estimate(region, cast(Account, account), tuple(lines), tuple(missing), uses)


def _perhaps(template: Template, design: Design) -> Iterator[Missing]:
    """What may be made and billed, as a parameter without a value decides."""
    from preflight.template import Item

    for name, parameters in template.undecided().items():
        declared = template.resources[name]
        item = Item(name, declared.type, {}, name, {}, declared.path)
        if name not in design.resources and is_billed(item):
            asked = " and ".join(f"the parameter {each}" for each in parameters)
            yield Missing(name, label(item), item.type, kind(item), f"whether it is made depends on {asked}")


def _grouped(named: Iterable[tuple[str, Line]]) -> list[Group]:
    groups: dict[str, list[Line]] = {}
    for name, line in named:
        groups.setdefault(name, []).append(line)
    return [Group(name, tuple(lines)) for name, lines in groups.items()]


def _uses(given: Mapping[str, float]) -> dict[str, float]:
    for name, amount in given.items():
        if name not in USES:
            raise Usage(f"Nothing is assumed about {name}, but about {', '.join(USES)}; ask --usage s3-gb=50")
        if not 0 <= amount < float("inf"):
            raise Usage(f"{name} is no amount of use; ask --usage {name}={USES[name].quantity:g}")
    return {name: given.get(name, use.quantity) for name, use in USES.items()}


def _line(charge: Charge, price: Price, spent: dict[str, float], template: Template | None, region: str) -> Line:
    allowed = price.always_free
    free = 0.0
    if allowed is not None:
        # what is free is free once for the account, not for each resource
        free = min(charge.quantity, allowed.quantity - spent.get(allowed.share, 0.0))
        spent[allowed.share] = spent.get(allowed.share, 0.0) + free
    item = charge.item
    return Line(
        item.logical_id,
        label(item),
        item.type,
        charge.quantity,
        free,
        price,
        charge.note,
        charge.uses,
        _stays(charge, price, template, region),
    )


def _stays(charge: Charge, price: Price, template: Template | None, region: str) -> str:
    declared = template.resources.get(charge.item.logical_id) if template is not None else None
    if declared is None or (price.period is None and charge.thing not in STORED):
        # what is left alone is not used any more
        return ""
    if declared.deletion_policy in ("Retain", "RetainExceptOnCreate"):
        return STAYS
    if declared.deletion_policy == "Snapshot" and charge.thing in ("rds-storage", "aurora-storage", "volume"):
        snapshot = prices.price("rds-snapshot", region) if charge.thing == "rds-storage" else None
        amount = f"at {usd(snapshot.usd)} USD {UNITS[snapshot.unit]}" if snapshot else "and is billed on"
        return f"a snapshot stays after cdk destroy, {amount}"
    return ""


def _missing(found: Charge | Unpriced, region: str = "") -> Missing:
    item = found.item
    if isinstance(found, Unpriced):
        what, why = found.what, found.why
    else:
        size = f" {found.size}" if found.size else ""
        what, why = prices.name(found.thing).replace(",", f"{size},", 1), f"there is no price for {region} here"
    return Missing(item.logical_id, label(item), item.type, what or kind(item), why)


def _rank(line: Line) -> int:
    if line.stays and not line.by_use:
        return min(FORGOTTEN.get(line.price.thing, LAST), FORGOTTEN["rds-snapshot"])
    return FORGOTTEN.get(line.price.thing, LAST) + (2 * LAST if line.by_use else 0)


def _concerns(offer: prices.Offer, lines: tuple[Line, ...]) -> bool:
    things = {each.price.thing for each in lines} | {f"{each.price.thing}:{each.price.size}" for each in lines}
    return bool(things.intersection(offer.things))


def money(amount: float) -> str:
    """An amount as people read it: 0.045 USD, 32.85 USD, under 0.001 USD."""
    if amount == 0:
        return "0 USD"
    if amount < 0.0005:
        return "under 0.001 USD"
    return f"{_decimals(amount, 3)} USD" if amount < 0.1 else f"{amount:,.2f} USD"


def usd(amount: float) -> str:
    """A unit price, with no more zeros than people write: 0.40, 0.045, 0.0000166667."""
    return _decimals(amount, 10)


def _decimals(amount: float, most: int) -> str:
    whole, _, rest = f"{amount:,.{most}f}".partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"


def count(number: float) -> str:
    """A quantity as people read it: 2, 0.5, 10,000, 0.0001."""
    return f"{number:,.0f}" if number == int(number) else f"{number:,.6g}"


# what people forget, first what they forget first: what a private subnet needs, what waits for visitors, addresses,
# disks of what is stopped, what outlives its stack, and the small things that add up
FORGOTTEN = {
    thing: rank
    for rank, group in enumerate(
        (
            ("nat-gateway",),
            ("application-load-balancer", "network-load-balancer"),
            ("interface-endpoint", "transit-gateway-attachment", "vpn-connection", "network-firewall"),
            ("public-ipv4",),
            ("volume", "volume-iops", "volume-throughput"),
            ("rds-snapshot",),
            ("secret",),
            ("key",),
            ("logs", "log-storage"),
            ("hosted-zone", "health-check", "health-check-option", "web-acl", "web-acl-rule", "dashboard", "alarm"),
        )
    )
    for thing in group
}
LAST = 50

# what costs by use for as long as it is kept
STORED = frozenset(
    {"log-storage", "s3-storage", "dynamodb-storage", "image-storage", "file-system", "aurora-storage"}
    | {"archive-storage"}
)
STAYS = "stays after cdk destroy, and is billed on"

UNITS = {
    "hour": "an hour",
    "month": "a month",
    "GB-month": "a GB and month",
    "IOPS-month": "an IOPS and month",
    "MB/s-month": "a MB/s and month",
    "vCPU-hour": "a vCPU and hour",
    "GB-hour": "a GB and hour",
    "ACU-hour": "an ACU and hour",
    "RCU-hour": "an RCU and hour",
    "WCU-hour": "a WCU and hour",
    "LCU-hour": "an LCU-hour",
    "NLCU-hour": "an NLCU-hour",
    "GB": "a GB",
    "GB-second": "a GB-second",
    "million": "a million",
    "hundred thousand": "a hundred thousand",
    "ten thousand": "for ten thousand",
    "thousand": "a thousand",
    "item": "each",
    "evaluation": "each",
    "user": "each",
    "DPU-hour of work": "a DPU-hour",
}
