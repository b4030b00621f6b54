"""Which Availability Zones each resource of a design stands in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from preflight.analysis.vpc import SUBNET, Layout, as_list
from preflight.errors import Usage
from preflight.intrinsics import Unknown, availability_zones

if TYPE_CHECKING:
    from preflight.template import Design, Item

# a zone nobody can name: AWS chooses it, or the value comes from outside the template
SOMEWHERE = ""


@dataclass(frozen=True)
class Spot:
    """A zone something stands in, and the subnet there where one is named."""

    zone: str
    subnet: str = ""


@dataclass(frozen=True)
class Standing:
    """Where a resource stands: in all of its spots, or in only one of them, which AWS chooses."""

    spots: tuple[Spot, ...]
    one_of: bool = False

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones, each once, in the template's order."""
        return tuple(dict.fromkeys(each.zone for each in self.spots))


class Placement:
    """A design's zones, and where its resources stand."""

    def __init__(self, design: Design, layout: Layout | None = None) -> None:
        self.design = design
        self.layout = layout if layout is not None else Layout(design)
        self._groups = self._read_subnet_groups()
        self.zones = self._read_zones()

    def in_subnets(self, subnets: Any, *, one_of: bool = False) -> Standing:
        """Where something with these subnets stands; a subnet of another stack is somewhere."""
        return Standing(tuple(self._spot(each) for each in as_list(subnets)), one_of)

    def in_zones(self, zones: Any, *, one_of: bool = False) -> Standing:
        """Where something with these zones stands."""
        return Standing(tuple(Spot(str(each)) for each in as_list(zones) if each), one_of)

    def in_group(self, name: Any, *, one_of: bool = False) -> Standing:
        """Where something in this subnet group stands; without a group, or one of another stack, somewhere."""
        subnets = self._groups.get(str(name)) if name else None
        return self.in_subnets(subnets, one_of=one_of) if subnets else Standing((Spot(SOMEWHERE),), True)

    def zone(self, name: str) -> str:
        """The zone a word means: its name, its letter (`a`), or its number (`1` for the first).

        A zone of the design's Region in which nothing stands is a zone too. Raises Usage for any other word.
        """
        if name in self.zones:
            return name
        for zone in self.zones:
            if label_of(zone) == name or (len(name) == 1 and letter_of(zone) == name.lower()):
                return zone
        if name.isdigit() and 0 < int(name) <= len(self.zones):
            return self.zones[int(name) - 1]
        unnamed = [each for each in self.zones if not letter_of(each)]
        if len(name) == 1 and "a" <= name.lower() <= "f" and ord(name.lower()) - ord("a") < len(unnamed):
            return unnamed[ord(name.lower()) - ord("a")]
        for known in availability_zones(self.design.region):
            if name in (known, letter_of(known)):
                return known
        first = label_of(self.zones[0]) if self.zones else "a"
        here = f"the zones here are {', '.join(map(label_of, self.zones))}" if self.zones else "no zone is named here"
        raise Usage(f"{name} is no Availability Zone of this design; {here}; ask lose az {letter_of(first) or first}")

    def _spot(self, value: Any) -> Spot:
        name = self.layout.ref(value)
        subnet = self.layout.subnets.get(name)
        return Spot(subnet.zone if subnet is not None else SOMEWHERE, name)

    def _read_subnet_groups(self) -> dict[str, Sequence[Any]]:
        groups: dict[str, Sequence[Any]] = {}
        for item in self.design.resources.values():
            if item.type.endswith("SubnetGroup"):
                for name in (item.physical_id, item.properties.get("DBSubnetGroupName"), item.logical_id):
                    if name:
                        groups[str(name)] = as_list(item.properties.get("SubnetIds"))
        return groups

    def _read_zones(self) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for item in self.design.resources.values():
            names = ("AvailabilityZone", "AvailabilityZones", "AvailabilityZoneName", "PreferredCacheClusterAZs")
            for name in names if item.type != SUBNET else names[:1]:
                found.update(dict.fromkeys(str(each) for each in as_list(item.properties.get(name)) if each))
        for subnet in self.layout.subnets.values():
            found[subnet.zone] = None
        found.pop(SOMEWHERE, None)
        return tuple(sorted(found, key=lambda zone: (isinstance(zone, Unknown) or "<" in zone, zone)))


def letter_of(zone: str) -> str:
    """The letter a zone is known by, `a` of us-east-1a, or nothing."""
    found = re.fullmatch(r"(?:.*\d|<.*>)([a-z])", zone)
    return found[1] if found else ""


def label_of(zone: str) -> str:
    """A zone in the learner's words."""
    if zone == SOMEWHERE:
        return "a zone this template does not name"
    if "<" not in zone:
        return zone
    index = re.match(r"<item (\d+) of", zone)
    if index:
        return f"zone number {int(index[1]) + 1} of {_last_name(zone)}"
    return f"{_last_name(zone)}{letter_of(zone) and f', zone {letter_of(zone)}'}"


def labels_of(zones: Iterable[str]) -> str:
    """Several zones in one phrase."""
    names = [label_of(each) for each in zones]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "no zone"


def zone_property(item: Item) -> str:
    """The zone a resource names itself, or nothing."""
    value = item.properties.get("AvailabilityZone") or item.properties.get("AvailabilityZoneName")
    return str(value) if value and not isinstance(value, Mapping) else ""


def _last_name(zone: str) -> str:
    inner = zone[zone.rfind("<") + 1 :].split(">")[0]
    return inner or "a value this template does not know"
