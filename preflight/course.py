"""Finds the labs, in order, and says which is next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Literal, Protocol

from preflight.errors import BrokenLab, Usage
from preflight.exams import Exams
from preflight.lab import Lab
from preflight.progress import Standing

_FOLDER = re.compile(r"^lab\d\d_[a-z0-9_]+$")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Stands(Protocol):
    """Whoever can say where the learner stands in a lab."""

    def standing(self, lab: Lab) -> Standing: ...


@dataclass(frozen=True)
class Next:
    """The lab to do next, why, and the command that does it; `news` is what an update changed in it, one line each."""

    lab: Lab | None
    reason: Literal["under way", "broken", "new", "all kept"]
    why: str
    command: str
    news: tuple[str, ...] = ()


class Course:
    """The labs of labs/, ordered by number."""

    def __init__(self, root: Path, labs: list[Lab]) -> None:
        self.root = root
        self.labs = tuple(sorted(labs, key=lambda lab: lab.number))

    @classmethod
    def load(cls, root: Path) -> Course:
        """Read every lab under `root`; raises BrokenLab with the faults of all of them at once."""
        labs: list[Lab] = []
        faults: list[str] = []
        for folder in sorted((root / "labs").glob("lab*")):
            if folder.is_dir() and _FOLDER.match(folder.name):
                try:
                    labs.append(Lab.load(folder))
                except BrokenLab as error:
                    faults.extend(error.faults)
        faults += _faults_together(labs, Exams.load(root) if labs else Exams([]), unread=bool(faults))
        if faults:
            raise BrokenLab("These labs have faults; mend them, then run ./lab list", faults)
        return cls(root, labs)

    @cached_property
    def exams(self) -> Exams:
        return Exams.load(self.root)

    def find(self, word: str) -> Lab:
        """The lab called `word`: "1", "first_bucket", "lab01_first_bucket" or "Lab1"; raises Usage naming near ones."""
        names = {name.casefold(): lab for lab in self.labs for name in _names(lab)}
        wanted = word.strip().rstrip("/").casefold().replace("-", "_")
        wanted = str(int(wanted)) if wanted.isdecimal() else wanted
        if wanted in names:
            return names[wanted]
        raise Usage(f"There is no lab called {word}; {self._near(wanted)} See them all with ./lab list")

    def next(self, progress: Stands) -> Next:
        """What to do next: a lab under way first, then a promise that broke, then the next lab whose needs are kept."""
        stands = {lab.number: progress.standing(lab) for lab in self.labs}
        return self._under_way(stands) or self._broken(stands) or self._new(stands) or _all_kept(self.labs)

    def under_way(self, progress: Stands) -> Lab:
        """The lab a command means when none is named; raises Usage when no lab is under way."""
        stands = {lab.number: progress.standing(lab) for lab in self.labs}
        found = self._under_way(stands) or self._broken(stands) or self._last_touched(stands)
        if found is None or found.lab is None:
            first = self._new(stands)
            command = first.command if first else "./lab list"
            raise Usage(f"No lab is under way, so name one, or begin with {command}")
        return found.lab

    def _under_way(self, stands: dict[int, Standing]) -> Next | None:
        lab = self._latest(stands, [lab for lab in self.labs if stands[lab.number].under_way])
        if lab is None:
            return None
        stand = stands[lab.number]
        if not stand.outcomes:
            again = "began" if not stand.attempts else "began again with"
            why = f"You {again} Lab {lab.number}, {lab.title}, and have not checked it since."
        else:
            kept = f"{stand.kept} of {len(stand.outcomes)} promises kept"
            why = f"Lab {lab.number}, {lab.title}, is under way: {kept} at the last check."
        return Next(
            lab, "under way", why, f"./lab check {lab.number}", tuple(changes_since(lab, stand.started_version))
        )

    def _broken(self, stands: dict[int, Standing]) -> Next | None:
        lab = self._latest(stands, [lab for lab in self.labs if stands[lab.number].broken])
        if lab is None:
            return None
        stand = stands[lab.number]
        lost = len(stand.outcomes) - stand.kept
        promises = "a promise is" if lost == 1 else f"{lost} promises are"
        why = f"Lab {lab.number}, {lab.title}, once held; at the last check {promises} not kept."
        return Next(lab, "broken", why, f"./lab check {lab.number}", tuple(changes_since(lab, stand.started_version)))

    def _new(self, stands: dict[int, Standing]) -> Next | None:
        for lab in self.labs:
            needs = [number for number in lab.needs if number in stands]
            stand = stands[lab.number]
            if not stand.started and not stand.kept_at and all(stands[number].kept_at for number in needs):
                return Next(lab, "new", self._why_new(lab, stands), f"./lab start {lab.number}")
        return None

    def _why_new(self, lab: Lab, stands: dict[int, Standing]) -> str:
        if not any(stand.started for stand in stands.values()):
            return f"Begin with Lab {lab.number}, {lab.title}: about {lab.minutes} minutes."
        builds_on = f" It builds on {_labs(lab.needs)}, which you have kept." if lab.needs else ""
        return f"Next is Lab {lab.number}, {lab.title}: about {lab.minutes} minutes.{builds_on}"

    def _last_touched(self, stands: dict[int, Standing]) -> Next | None:
        lab = self._latest(stands, [lab for lab in self.labs if stands[lab.number].started])
        return Next(lab, "under way", "", "") if lab else None

    def _latest(self, stands: dict[int, Standing], labs: list[Lab]) -> Lab | None:
        return max(labs, key=lambda lab: (stands[lab.number].last_at or _LONG_AGO, -lab.number), default=None)

    def _near(self, wanted: str) -> str:
        if not self.labs:
            return "labs/ holds none."
        named = {lab.name: lab for lab in self.labs} | {lab.id: lab for lab in self.labs}
        near = dict.fromkeys(named[name] for name in get_close_matches(wanted, named, n=3, cutoff=0.5))
        shown = list(near) or self._around(wanted)
        return f"near it: {', '.join(f'{lab.number} {lab.name}' for lab in shown)}."

    def _around(self, wanted: str) -> list[Lab]:
        """The three labs nearest by number, or the first three."""
        digits = re.search(r"\d+", wanted)
        number = int(digits[0]) if digits else 0
        nearest = sorted(self.labs, key=lambda lab: (abs(lab.number - number), lab.number))[:3]
        return sorted(nearest, key=lambda lab: lab.number)


def changes_since(lab: Lab, started: int | None) -> list[str]:
    """What changed in this lab after the version the learner started, one sentence a version."""
    if started is None:
        return []
    return [lab.changes[str(version)] for version in range(started + 1, lab.version + 1) if str(version) in lab.changes]


def _all_kept(labs: tuple[Lab, ...]) -> Next:
    if not labs:
        return Next(None, "all kept", "labs/ holds no lab yet.", "./lab doctor")
    last = labs[-1]
    why = f"Every lab is kept, all {len(labs)} of them. Defend one: put yours beside the worked stack."
    return Next(None, "all kept", why, f"./lab compare {last.number}")


def _names(lab: Lab) -> tuple[str, ...]:
    return str(lab.number), lab.name, lab.id, lab.construct_id, f"lab{lab.number:02d}"


def _labs(numbers: list[int]) -> str:
    *first, last = [str(number) for number in numbers]
    return f"Labs {', '.join(first)} and {last}" if first else f"Lab {last}"


def _faults_together(labs: list[Lab], exams: Exams, *, unread: bool) -> Iterator[str]:
    """The faults no lab shows alone: numbers taken twice, tasks no exam has, needs nobody meets, cycles."""
    by_number: dict[int, Lab] = {}
    for lab in labs:
        if lab.number in by_number:
            yield f"labs/{lab.id}/lab.toml: number: {lab.number} is taken by {by_number[lab.number].id}"
        by_number.setdefault(lab.number, lab)
    for lab in labs:
        where = f"labs/{lab.id}/lab.toml"
        yield from (f"{where}: tasks: exams/ has no {task}" for task in lab.tasks if not exams.knows(task))
        # a lab that could not be read may be the one needed
        missing = [] if unread else [number for number in lab.needs if number not in by_number]
        yield from (f"{where}: needs: there is no lab {number}" for number in missing)
    yield from _cycles(by_number)


def _cycles(labs: dict[int, Lab]) -> Iterator[str]:
    done: set[int] = set()

    def follow(number: int, trail: tuple[int, ...]) -> Iterator[str]:
        if number in trail:
            circle = (*trail[trail.index(number) :], number)
            shown = " needs ".join(f"lab {each}" for each in circle)
            yield f"labs/{labs[number].id}/lab.toml: needs: a circle, {shown}"
            return
        if number in done or number not in labs:
            return
        for need in labs[number].needs:
            # a lab that needs itself is told by the lab
            if need != number:
                yield from follow(need, (*trail, number))
        done.add(number)

    for number in labs:
        yield from follow(number, ())
