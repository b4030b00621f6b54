"""The exams as data: domains with their weights, task statements, and the bullets under each."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from preflight.errors import BrokenLab, Usage


class _Data(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class Bullet(_Data):
    """One knowledge (K) or skill (S) bullet of a task statement, paraphrased; ids look like "1.3-S5"."""

    id: str = Field(pattern=r"^\d\.\d{1,2}-[KS]\d{1,2}$")
    text: str = Field(min_length=3)


class Task(_Data):
    """One task statement; ids look like "1.3"."""

    id: str = Field(pattern=r"^\d\.\d{1,2}$")
    title: str = Field(min_length=3)
    bullets: list[Bullet] = Field(alias="bullet", min_length=1)


class Domain(_Data):
    """One domain, with the share of scored questions it has, in percent."""

    id: str | int
    name: str = Field(min_length=3)
    weight: int = Field(gt=0, le=100)
    tasks: list[Task] = Field(alias="task", min_length=1)


class Exam(_Data):
    """One exam; what a later reader of the file needs besides stays in the file."""

    id: str
    name: str
    guide_url: str = Field(pattern=r"^https://")
    checked_on: date
    complete: bool = False
    domains: list[Domain] = Field(min_length=1)

    @property
    def tasks(self) -> Iterator[Task]:
        return (task for domain in self.domains for task in domain.tasks)


@dataclass(frozen=True)
class Place:
    """Where a task or bullet stands: its exam, its domain, its task, and the bullet when one was asked for."""

    exam: Exam
    domain: Domain
    task: Task
    bullet: Bullet | None = None

    @property
    def id(self) -> str:
        return f"{self.exam.id} {self.bullet.id if self.bullet else self.task.id}"

    def __str__(self) -> str:
        """As the learner reads it: `SAA-C03 1.3 data recovery`."""
        return f"{self.exam.id} {self.task.id} {self.bullet.text if self.bullet else self.task.title}"


class Exams:
    """Every exam in exams/, and a way to look a statement up by an id such as "CLF-C02 3.6" or "SAA-C03 1.3-S5"."""

    def __init__(self, exams: list[Exam]) -> None:
        self.all = tuple(exams)

    @classmethod
    def load(cls, root: Path) -> Exams:
        """Read exams/*.toml under `root`; raises BrokenLab with every fault of every file."""
        exams: list[Exam] = []
        faults: list[str] = []
        for file in sorted((root / "exams").glob("*.toml")):
            try:
                exams.append(_read(file))
            except tomllib.TOMLDecodeError as error:
                faults.append(f"exams/{file.name}: {error}")
            except ValidationError as error:
                faults.extend(f"exams/{file.name}: {fault}" for fault in faults_of(error))
        if faults:
            raise BrokenLab("These exam files have faults; mend them, then run ./lab list", faults)
        return cls(exams)

    def task(self, id: str) -> Place:
        """The task statement with this id; raises Usage naming the nearest ones."""
        return self._find(id, self._tasks)

    def bullet(self, id: str) -> Place:
        """The bullet with this id; raises Usage naming the nearest ones."""
        return self._find(id, self._bullets)

    def knows(self, id: str) -> bool:
        return id in self._tasks or id in self._bullets

    @cached_property
    def _tasks(self) -> dict[str, Place]:
        places = [Place(exam, domain, task) for exam in self.all for domain in exam.domains for task in domain.tasks]
        return {place.id: place for place in places}

    @cached_property
    def _bullets(self) -> dict[str, Place]:
        places = [
            Place(task.exam, task.domain, task.task, bullet)
            for task in self._tasks.values()
            for bullet in task.task.bullets
        ]
        return {place.id: place for place in places}

    def _find(self, id: str, places: dict[str, Place]) -> Place:
        if id in places:
            return places[id]
        near = get_close_matches(id, places, n=3) or list(places)[:3]
        raise Usage(f"exams/ has no {id}; near it: {', '.join(near) or 'nothing'}. See them all with ./lab list")


def faults_of(error: ValidationError) -> list[str]:
    """What pydantic found, one `field: sentence` each."""
    return [_fault(each) for each in error.errors(include_url=False)]


def _fault(each: Any) -> str:
    field = ".".join(str(part) for part in each["loc"])
    if each["type"] == "extra_forbidden":
        return f"{field}: no such field"
    if each["type"] == "missing":
        return f"{field}: missing"
    said = each["msg"].removeprefix("Value error, ").removeprefix("Input ")
    shown = "" if each["type"] == "value_error" else f", has {each['input']!r}"
    return f"{field}: {said}{shown}" if field else f"{said}{shown}"


def _read(file: Path) -> Exam:
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    return Exam.model_validate({**data.get("exam", {}), "domains": data.get("domain", [])})
