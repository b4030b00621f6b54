"""What AWS asks for a thing, read from prices.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

FILE = Path(__file__).with_name("prices.toml")

# what a unit is counted over; every other unit counts use
PERIODS: Mapping[str, Literal["hour", "month"]] = {
    "hour": "hour",
    "vCPU-hour": "hour",
    "GB-hour": "hour",
    "ACU-hour": "hour",
    "RCU-hour": "hour",
    "WCU-hour": "hour",
    "month": "month",
    "GB-month": "month",
    "IOPS-month": "month",
    "MB/s-month": "month",
}


@dataclass(frozen=True)
class Allowance:
    """What is always free of a thing, every month and for every account; things of one `share` share it.

    `quantity` is in the price's unit, except that for a price by the hour it is how many may exist.
    """

    quantity: float
    what: str
    share: str
    source: str


@dataclass(frozen=True)
class Price:
    """What one `unit` of a thing costs in a Region, in US dollars.

    `source` is the document to open, `quoted_in` the public file it was read in where that is another one, and
    `checked_on` the day it was read. `size` is what it was asked for, where the thing is sold in sizes.
    """

    thing: str
    size: str
    service: str
    what: str
    unit: str
    usd: float
    source: str
    quoted_in: str
    checked_on: date
    always_free: Allowance | None = None

    @property
    def period(self) -> Literal["hour", "month"] | None:
        """What it is billed over by existing, or None where it is billed by use."""
        return PERIODS.get(self.unit)


@dataclass(frozen=True)
class Offer:
    """What accounts opened before the credits had for twelve months; `things` are keys, with sizes as `key:size`."""

    what: str
    things: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Accounts:
    """What AWS gives an account: credits and plan for those opened since `since`, offers that ended for the others."""

    since: date
    sign_up_credits: float
    most_credits: float
    plan_months: int
    credit_months: int
    offers_ended: date
    offers: tuple[Offer, ...]
    sources: tuple[str, ...]
    checked_on: date


@cache
def price(thing: str, region: str, size: str = "") -> Price | None:
    """The price of a thing in a Region, and of a size of it where it is sold in sizes; None where there is none."""
    entry = _data()["price"][thing]
    place = region if region in entry["usd"] else "everywhere"
    amount = entry["usd"].get(place)
    amount = amount.get(size) if isinstance(amount, dict) else amount
    if amount is None:
        return None
    told = entry["source"][place]
    document = str(told.get(size, told.get("default")) if isinstance(told, dict) else told)
    free = entry.get("always_free")
    return Price(
        thing=thing,
        size=size,
        service=entry["service"],
        what=entry["what"],
        unit=entry["unit"],
        usd=float(amount),
        source=_url(document),
        quoted_in=_data()["documents"][document].get("quoted_in", ""),
        checked_on=entry["checked_on"],
        always_free=_allowance(thing, free) if free else None,
    )


def name(thing: str) -> str:
    """A thing in words, whether it has a price or not: its service and what is billed."""
    entry = _data()["price"][thing]
    return f"{entry['service']}, {entry['what']}"


def things() -> tuple[str, ...]:
    """The keys of all priced things."""
    return tuple(_data()["price"])


def regions() -> tuple[str, ...]:
    """The Regions that have prices of their own."""
    places = (place for entry in _data()["price"].values() for place in entry["usd"])
    return tuple(sorted({place for place in places if place != "everywhere"}, reverse=True))


def hours_a_month() -> int:
    """How many hours AWS counts to a month."""
    return int(_data()["hours_a_month"])


@cache
def accounts() -> Accounts:
    """What AWS gives an account."""
    told = _data()["accounts"]
    return Accounts(
        since=told["since"],
        sign_up_credits=float(told["sign_up_credits"]),
        most_credits=float(told["most_credits"]),
        plan_months=told["plan_months"],
        credit_months=told["credit_months"],
        offers_ended=told["offers_ended"],
        offers=tuple(Offer(each["what"], tuple(each["things"]), _url(each["source"])) for each in told["offers"]),
        sources=tuple(_url(each) for each in told["sources"]),
        checked_on=told["checked_on"],
    )


def _allowance(thing: str, told: Mapping[str, Any]) -> Allowance:
    return Allowance(float(told["quantity"]), told["what"], told.get("share", thing), _url(told["source"]))


def _url(document: str) -> str:
    return str(_data()["documents"][document]["url"])


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
