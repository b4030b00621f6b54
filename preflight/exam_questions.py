"""Exam-style questions: a constrained scenario, its options, and the reason for or against each."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from preflight.exams import faults_of

Model = TypeVar("Model", bound=BaseModel)


class _Data(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Option(_Data):
    """One answer to a question, with the reason that it is, or is not, a right one."""

    text: str = Field(min_length=2)
    reason: str = Field(min_length=10)
    right: bool = False


class Question(_Data):
    """A "which, and why not the other" question: one right option or more, and the exam bullet it belongs to."""

    stem: str = Field(min_length=20)
    options: list[Option] = Field(min_length=2, max_length=6)
    bullet: str
    difficulty: int = Field(ge=1, le=5)
    source: str = Field(pattern=r"^https://")
    checked_on: date

    @property
    def right(self) -> tuple[Option, ...]:
        return tuple(option for option in self.options if option.right)

    @model_validator(mode="after")
    def _has_one_right_option(self) -> Question:
        if not 0 < len(self.right) < len(self.options):
            raise ValueError(
                f"{len(self.right)} of {len(self.options)} options are right; at least one and not all must be"
            )
        return self


def questions_of(root: Path, exam_id: str) -> tuple[dict[str, list[Question]], list[str]]:
    """The questions no lab asks, by the name of their file in exams/<exam>/questions/, and every fault of the files."""
    found: dict[str, list[Question]] = {}
    faults: list[str] = []
    for file in sorted((root / "exams" / folder_of(exam_id) / "questions").glob("*.toml")):
        where = file.relative_to(root).as_posix()
        found[file.stem], wrong = read_tables(file, where, "question", Question)
        faults += wrong
    return found, faults


def folder_of(exam_id: str) -> str:
    """An exam's folder in exams/: CLF-C02 has clf_c02."""
    return exam_id.lower().replace("-", "_")


def read_tables(file: Path, where: str, name: str, model: type[Model]) -> tuple[list[Model], list[str]]:
    """The tables `[[name]]` of a file, each as a `model`, and every fault with `where` and its field."""
    data, faults = read_toml(file, where)
    if data is None:
        return [], faults
    faults += [f"{where}: {other}: no such field" for other in data if other != name]
    found: list[Model] = []
    for index, each in enumerate(data.get(name, []), start=1):
        try:
            found.append(model.model_validate(each))
        except ValidationError as error:
            faults += [f"{where}: {name} {index}: {fault}" for fault in faults_of(error)]
    return found, faults


def read_toml(file: Path, where: str) -> tuple[dict[str, Any] | None, list[str]]:
    """What a TOML file holds, or none and the fault."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8")), []
    except FileNotFoundError:
        return None, [f"{where}: missing"]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return None, [f"{where}: {error}"]
