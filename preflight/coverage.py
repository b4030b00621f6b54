"""Says which bullets of an exam the labs and questions cover, and by what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from preflight.errors import BrokenLab
from preflight.exam_questions import questions_of
from preflight.exams import Bullet, Domain, Exam, Task
from preflight.lab import Lab


@dataclass(frozen=True)
class BulletCover:
    """One bullet: the promises about it, and how many decisions of labs and questions of exams/ ask it."""

    bullet: Bullet
    promises: tuple[str, ...]
    decisions: tuple[int, ...]
    questions: int

    @property
    def asked(self) -> bool:
        """Whether a decision or a question asks it."""
        return bool(self.decisions or self.questions)


@dataclass(frozen=True)
class TaskCover:
    """One task statement: the labs that name it, and its bullets."""

    domain: Domain
    task: Task
    labs: tuple[int, ...]
    bullets: tuple[BulletCover, ...]

    @property
    def holes(self) -> tuple[str, ...]:
        """The bullets nothing asks."""
        return tuple(each.bullet.id for each in self.bullets if not each.asked)

    @property
    def covered(self) -> bool:
        """Whether a promise or a decision is about the task."""
        return any(each.promises or each.asked for each in self.bullets)


@dataclass(frozen=True)
class Coverage:
    """An exam's tasks in order, each with what covers it."""

    exam: Exam
    tasks: tuple[TaskCover, ...]

    @property
    def bullets(self) -> int:
        return sum(len(task.bullets) for task in self.tasks)

    @property
    def asked(self) -> int:
        return sum(each.asked for task in self.tasks for each in task.bullets)

    @property
    def holes(self) -> tuple[str, ...]:
        """The ids of every bullet nothing asks, and of every task nothing is about."""
        tasks = [task.task.id for task in self.tasks if not task.covered]
        return (*tasks, *(hole for task in self.tasks for hole in task.holes))

    def to_json(self) -> dict[str, Any]:
        """The map as plain data."""
        return {
            "exam": self.exam.id,
            "bullets": self.bullets,
            "asked": self.asked,
            "holes": list(self.holes),
            "tasks": [
                {
                    "id": task.task.id,
                    "title": task.task.title,
                    "labs": list(task.labs),
                    "bullets": [
                        {
                            "id": each.bullet.id,
                            "text": each.bullet.text,
                            "promises": list(each.promises),
                            "decisions": list(each.decisions),
                            "questions": each.questions,
                        }
                        for each in task.bullets
                    ],
                }
                for task in self.tasks
            ],
        }


def coverage(exam: Exam, labs: Sequence[Lab], root: Path) -> Coverage:
    """What covers each bullet of the exam; raises BrokenLab with every fault of a question file."""
    files, faults = questions_of(root, exam.id)
    if faults:
        raise BrokenLab("These questions have faults; mend them, then run ./lab coverage", faults)
    promises: dict[str, list[str]] = {}
    decisions: dict[str, list[int]] = {}
    for lab, bullet, promise in _promises(labs):
        promises.setdefault(bullet, []).append(f"{lab.number} {promise}")
    for lab in labs:
        for decision in lab.decisions:
            decisions.setdefault(decision.bullet, []).append(lab.number)
    asked = [question.bullet for file in files.values() for question in file]
    tasks = [
        TaskCover(
            domain,
            task,
            tuple(lab.number for lab in labs if f"{exam.id} {task.id}" in lab.tasks),
            tuple(
                BulletCover(
                    bullet,
                    tuple(promises.get(f"{exam.id} {bullet.id}", ())),
                    tuple(decisions.get(f"{exam.id} {bullet.id}", ())),
                    asked.count(f"{exam.id} {bullet.id}"),
                )
                for bullet in task.bullets
            ),
        )
        for domain in exam.domains
        for task in domain.tasks
    ]
    return Coverage(exam, tuple(tasks))


def _promises(labs: Sequence[Lab]) -> Iterator[tuple[Lab, str, str]]:
    for lab in labs:
        for promise in lab.promises:
            for bullet in promise.bullets:
                yield lab, bullet, promise.id
