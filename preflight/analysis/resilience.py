"""What a design loses with an Availability Zone, a resource or its Region, and what takes over.

An answer follows the configuration: what each service does by itself when a zone is gone, with AWS's own figure for
how long that takes (recovery.toml), and who needs what stops. Whether an application copes with a cache, a queue or a
replica being away is its code's business, and is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from preflight.analysis import losses
from preflight.analysis.leftovers import CDK_OWN
from preflight.analysis.lost import Effect, World
from preflight.analysis.lost_machines import lonely
from preflight.analysis.placement import SOMEWHERE, Placement, labels_of
from preflight.analysis.recovery import Objective, objectives
from preflight.analysis.uses import Uses
from preflight.analysis.vpc import label
from preflight.errors import Usage

if TYPE_CHECKING:
    from preflight.template import Design, Item

__all__ = ["Effect", "Loss", "Objective", "SinglePoint", "Survival", "lose", "objectives", "single_points", "survives"]

Fate = Literal["stops", "cut off", "interrupted", "degrades"]

# what is meant first where a name means several things
RANKS = (
    frozenset(set(losses.RULES) | losses.REGIONAL | losses.WORK) - losses.PARTS,
    frozenset({"AWS::EC2::Subnet", "AWS::EC2::VPC"}),
    losses.PARTS,
)

# services whose resources belong to no one Region
# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html, checked_on
# 2026-11-22
GLOBAL = ("AWS::IAM::", "AWS::CloudFront::", "AWS::Route53::", "AWS::Organizations::", "AWS::GlobalAccelerator::")

PARTS_OF_ROLES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::InstanceProfile")

# what a person wants to know first
ORDER = ("stops", "cut off", "interrupted", "degrades")


@dataclass(frozen=True)
class Loss:
    """What losing one thing does; `effects` holds only what changes, the worst first.

    `survives` is True when nothing stops, None when that depends on what the template leaves open. `gone` are the
    parts that go with it, `stands` those that feel nothing though they stand in a zone, `regional` those that stand
    in no zone at all, `everywhere` those that stand in no one Region, each by name.
    """

    lost: str
    effects: tuple[Effect, ...]
    gone: tuple[str, ...] = ()
    stands: tuple[str, ...] = ()
    regional: tuple[str, ...] = ()
    everywhere: tuple[str, ...] = ()
    objectives: tuple[Objective, ...] = ()

    @property
    def survives(self) -> bool | None:
        """Whether everything goes on by itself, if after an interruption."""
        stopped = [each for each in self.effects if each.fate in ("stops", "cut off")]
        if any(not each.depends for each in stopped):
            return False
        return None if stopped else True

    def __bool__(self) -> bool:
        return self.survives is True

    def of(self, *fates: str) -> tuple[Effect, ...]:
        """The effects with one of these fates."""
        return tuple(each for each in self.effects if each.fate in fates)

    @property
    def stops(self) -> tuple[Effect, ...]:
        """What stops, and what is cut off because it needs what stops."""
        return self.of("stops", "cut off")

    @property
    def because(self) -> str:
        """The answer, as a sentence."""
        if not self.effects:
            nothing = "nothing here stops or gets less" if self.gone else "nothing changes here"
            return f"Yes, {nothing} when {self.lost} is lost."
        # what is lost itself is no news
        stopped = tuple(each for each in self.of("stops") if each.label != self.lost)
        cut, waits, less = self.of("cut off"), self.of("interrupted"), self.of("degrades")
        if self.of("stops") and not stopped and not cut:
            return f"No, nothing takes over from {self.lost}."
        if stopped or cut:
            kinds = (("stop", stopped), ("cut off", cut))
            some = [(verb, _names(those)) for verb, those in kinds if those]
            if self.survives is None:
                may = " and ".join(f"{verb} {names}" for verb, names in some)
                return f"It depends on what the template leaves open: losing {self.lost} may {may}."
            what = " and ".join(f"{'stops' if verb == 'stop' else 'cuts off'} {names}" for verb, names in some)
            return f"No, losing {self.lost} {what}."
        if waits:
            on = "goes on by itself" if len(waits) == 1 else "go on by themselves"
            return f"Yes, after an interruption: losing {self.lost} interrupts {_names(waits)}, which {on}."
        return f"Yes, this design goes on without {self.lost}, with less of {_names(less)}."


@dataclass(frozen=True)
class SinglePoint:
    """One thing without which the design, or a part of it, stops: why, and the line that would change it.

    `heals` says that it comes back by itself, so that its loss is an interruption.
    """

    logical_id: str
    label: str
    why: str
    change: str
    heals: bool = False
    source: str = ""


@dataclass(frozen=True)
class Survival:
    """Whether a design goes on whichever Availability Zone is lost; truthy when it does."""

    losses: tuple[Loss, ...]

    def __bool__(self) -> bool:
        return all(self.losses)

    @property
    def because(self) -> str:
        """What each zone's loss stops, or that none stops anything."""
        worst = [each for each in self.losses if not each]
        if worst:
            return " ".join(each.because for each in worst)
        if not self.losses:
            return "Nothing here stands in a zone; every service used is regional."
        return f"Whichever of {labels_of(each.lost for each in self.losses)} is lost, nothing stops for good."


def lose(
    design: Design,
    *,
    az: str | Sequence[str] | None = None,
    resource: str | None = None,
    region: str | bool | None = None,
) -> Loss:
    """What losing a zone (`a`, `us-east-1a`, several at once), a resource by name, or the Region does.

    Of a resource that is several machines (a Multi-AZ database, an Auto Scaling group, a service, a cache) one machine
    is lost, the one that matters most. Raises Usage for a name that means nothing, or several things.
    """
    study = _Study(design)
    if region is not None and region is not False:
        return study.lose_region()
    if resource is not None:
        return study.lose_resource(study.find(resource))
    if az is None:
        raise Usage("Say what is lost: an Availability Zone, a resource or the Region; ask lose az a")
    return study.lose_zones([study.placement.zone(each) for each in ([az] if isinstance(az, str) else az)])


def survives(design: Design) -> Survival:
    """Whether the design goes on whichever one of its Availability Zones is lost."""
    study = _Study(design)
    return Survival(tuple(study.lose_zones([zone]) for zone in study.zones()))


def single_points(design: Design) -> tuple[SinglePoint, ...]:
    """Every single point of failure of a whole design, those that do not heal by themselves first."""
    study = _Study(design)
    found: dict[str, SinglePoint] = {}
    for zone in study.zones():
        for effect in study.lose_zones([zone]).of("stops", "interrupted"):
            if effect.fate == "interrupted" and not effect.alone:
                continue
            point = SinglePoint(
                effect.logical_id, effect.label, effect.why, effect.change, effect.fate != "stops", effect.source
            )
            known = found.get(effect.logical_id)
            if known is None or (known.heals and not point.heals):
                found[effect.logical_id] = point
    for effect in lonely(study.world()):
        found.setdefault(
            effect.logical_id,
            SinglePoint(effect.logical_id, effect.label, effect.why, effect.change, source=effect.source),
        )
    return tuple(sorted(found.values(), key=lambda each: each.heals))


class _Study:
    """A design, read once and asked many times."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.placement = Placement(design)
        self.uses = Uses(design)

    def world(self, **lost: object) -> World:
        return World(self.design, self.placement, self.uses, **lost)  # type: ignore[arg-type]

    def zones(self) -> tuple[str, ...]:
        """The zones one may lose; a single nameless one where something stands in a zone that nobody names."""
        if self.placement.zones:
            return self.placement.zones
        world = self.world(zones=frozenset({SOMEWHERE}))
        return (SOMEWHERE,) if any(True for _ in self._own_effects(world)) else ()

    def find(self, name: str) -> Item:
        items = self.design.resources.values()
        found = list(self.design.find(name))
        if not any(each.logical_id == name for each in found):
            found += [each for each in items if each not in found and f"/{label(each)}".endswith(f"/{name}")]
        # a construct goes by its own name, though what it makes lies inside: Servers/ASG
        inside = [each for each in items if f"/{name}/" in f"/{label(each)}"]
        for some in (found, inside):
            # beside what does the work there is what belongs to it, under the same name
            ranked = [[each for each in some if each.type in kinds] for kinds in RANKS]
            some = next((each for each in ranked if each), some)
            if len(some) == 1:
                return some[0]
            if some:
                found = some
                break
        about = "names several things" if found else "names nothing in this design"
        some = found or [each for each in items if each.type in RANKS[0] and not _is_of_cdk(each)] or list(items)
        names = [label(each) for each in some]
        shown = [one if names.count(one) == 1 else each.logical_id for one, each in zip(names, some, strict=True)]
        raise Usage(f"{name} {about}; ask lose with one of {', '.join(shown[:12]) or 'your resources'}")

    def lose_zones(self, zones: Iterable[str]) -> Loss:
        lost = frozenset(zones)
        world = self.world(zones=lost)
        effects = self._with_dependents(world, list(self._own_effects(world)))
        ordered = [each for each in self.placement.zones if each in lost] or sorted(lost)
        return self._loss(labels_of(ordered), effects, world)

    def lose_resource(self, item: Item) -> Loss:
        inside = self._inside(item)
        world = self.world(gone=inside, failing=item.logical_id)
        own = [each for each in self._own_effects(world)]
        known = any(each.logical_id == item.logical_id for each in own)
        if not known and item.logical_id not in world.answered and item.type not in losses.PARTS | RANKS[1]:
            own.insert(0, losses.generic(item, world))
        of = losses.MACHINES.get(item.type, "")
        lost = f"{of} {label(item)}" if of and not item.properties.get("DBClusterIdentifier") else label(item)
        return self._loss(lost, self._with_dependents(world, own), world)

    def lose_region(self) -> Loss:
        design = self.design
        goals = objectives(design)
        effects = []
        for goal in goals:
            change = goal.region_change
            fate: Fate = "degrades" if goal.region_copy else "stops"
            said = (
                goal.region_copy
                or f"no copy of it is in another Region: its data is away as long as {design.region} is"
            )
            item = design.resources[goal.logical_id]
            effects.append(Effect(item.logical_id, goal.label, item.type, fate, said, said, change, source=goal.source))
        stores = {each.logical_id for each in goals}
        there = [item for item in design.resources.values() if item.logical_id not in stores and not _is_of_cdk(item)]
        work = [label(item) for item in there if item.type in losses.WORK | losses.REGIONAL]
        everywhere = [item for item in there if item.type.startswith(GLOBAL)]
        if work:
            some = f"{', '.join(work[:8])}{' …' if len(work) > 8 else ''}"
            said = f"{some}: none of it runs in another Region from this stack"
            change = "deploy the stack in a second Region too, and let Route 53 fail over to it"
            effects.append(Effect("", "the rest", "", "stops", said, said, change))
        down = {item.logical_id: losses.generic(item, self.world()) for item in design.resources.values()}
        down = {name: each for name, each in down.items() if not each.type.startswith(GLOBAL)}
        waiting = True
        while waiting:
            # what stands in every Region is cut off where it leads only here
            cut = [each for item in everywhere if item.logical_id not in down and (each := self._cut_off(item, down))]
            waiting = bool(cut)
            down |= {each.logical_id: each for each in cut}
            effects += cut
        everywhere = [item for item in everywhere if item.logical_id not in down]
        if not effects and len(everywhere) < len(there):
            said = "what this stack declares stands in one Region"
            effects.append(Effect("", "everything", "", "stops", said, said, "deploy the stack in a second Region too"))
        # a policy or a profile is its role's
        names = tuple(label(item) for item in everywhere if item.type not in PARTS_OF_ROLES)
        return Loss(f"the Region {design.region}", tuple(_sorted(effects)), everywhere=names)

    def _own_effects(self, world: World) -> Iterator[Effect]:
        for item in self.design.resources.values():
            rule = losses.RULES.get(item.type)
            effect = rule(item, world) if rule is not None else None
            if effect is not None:
                yield effect

    def _with_dependents(self, world: World, effects: list[Effect]) -> list[Effect]:
        """The effects, and those on whoever needs what stops."""
        own = {each.logical_id: each for each in effects}
        known = dict(own)
        stopped = {each.logical_id: each for each in effects if each.fate == "stops"}
        changed = bool(stopped)
        while changed:
            changed = False
            for item in self.design.resources.values():
                if item.logical_id in stopped or item.logical_id in world.gone or _is_of_cdk(item):
                    continue
                effect = self._cut_off(item, stopped)
                before = known.get(item.logical_id)
                if effect is None or (before is not None and before.fate == effect.fate):
                    continue
                if item.logical_id in own:
                    # its own loss, and that of what it needs: both are said
                    said = f"{own[item.logical_id].said}; and {effect.said}"
                    effect = replace(own[item.logical_id], fate=effect.fate, said=said, depends=effect.depends)
                known[item.logical_id] = effect
                if effect.fate == "cut off":
                    stopped[item.logical_id] = effect
                    changed = True
        return list(known.values())

    def _cut_off(self, item: Item, stopped: dict[str, Effect]) -> Effect | None:
        if item.type in losses.BALANCERS:
            return self._balancer_cut_off(item, stopped)
        needed = [stopped[name] for name in self.uses.needs(item.logical_id) if name in stopped]
        if not needed:
            return None
        names = _names(needed)
        said = f"it needs {names}: the path through it stops there"
        return _following(item, "cut off", said, needed)

    def _balancer_cut_off(self, item: Item, stopped: dict[str, Effect]) -> Effect | None:
        groups = [self.uses.targets(group) for group in self.uses.target_groups(item.logical_id)]
        groups = [group for group in groups if group] or [self.uses.needs(item.logical_id)]
        dead = [group for group in groups if group and all(name in stopped for name in group)]
        if not dead:
            return None
        needed = [stopped[name] for group in dead for name in group]
        names = _names(needed)
        if len(dead) < len(groups):
            said = f"what it forwards to {names} finds no target; its other target groups go on"
            return _following(item, "degrades", said, needed)
        said = f"it answers, but behind it is only {names}: no target is left that does the work"
        return _following(item, "cut off", said, needed)

    def _inside(self, item: Item) -> frozenset[str]:
        """The resource, and what is gone with it: the subnets of a VPC."""
        inside = {item.logical_id}
        if item.type == "AWS::EC2::VPC":
            inside |= {
                subnet.item.logical_id
                for subnet in self.placement.layout.subnets.values()
                if subnet.vpc.item.logical_id == item.logical_id
            }
        return frozenset(inside)

    def _loss(self, lost: str, effects: list[Effect], world: World) -> Loss:
        changed = {each.logical_id for each in effects}
        stands, regional = [], []
        for item in self.design.resources.values():
            if (
                item.logical_id in changed | world.gone | world.answered
                or item.type in losses.PARTS
                or _is_of_cdk(item)
            ):
                continue
            if item.properties.get("DBClusterIdentifier"):
                continue
            if item.type in losses.RULES and item.type not in losses.ZONELESS and item.logical_id not in world.regional:
                stands.append(label(item))
            elif item.logical_id in world.regional or item.type in losses.REGIONAL:
                regional.append(label(item))
        goals = tuple(each for each in objectives(self.design) if each.logical_id in changed)
        subnets = [each.label for each in self.placement.layout.subnets.values() if world.is_lost(each)]
        gone = (*subnets, *world.parts) if world.zones else ()
        return Loss(lost, tuple(_sorted(effects)), gone, tuple(stands), tuple(regional), objectives=goals)


def _following(item: Item, fate: Fate, said: str, needed: Sequence[Effect]) -> Effect:
    depends = tuple(dict.fromkeys(each for one in needed for each in one.depends))
    if any(not each.depends for each in needed):
        depends = ()
    return Effect(item.logical_id, label(item), item.type, fate, said, said, depends=depends)


def _is_of_cdk(item: Item) -> bool:
    """Whether CDK wrote this for itself, to run while a stack is deployed."""
    return any(each.startswith(CDK_OWN) for each in (item.path or "").split("/"))


def _sorted(effects: Iterable[Effect]) -> list[Effect]:
    return sorted(effects, key=lambda each: (ORDER.index(each.fate), bool(each.depends)))


def _names(effects: Iterable[Effect]) -> str:
    names = list(dict.fromkeys(each.label for each in effects))
    if len(names) > 4:
        names = [*names[:3], f"{len(names) - 3} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
