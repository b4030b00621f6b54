"""A lab, as its lab.toml declares it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from preflight.errors import BrokenLab
from preflight.exam_questions import Question as Decision
from preflight.exam_questions import read_tables, read_toml
from preflight.exams import faults_of

RUNGS = ("question", "concept", "construct", "lines")

TaskId = Annotated[str, Field(pattern=r"^(CLF-C02|SAA-C03) \d\.\d{1,2}$")]
Line = Annotated[str, Field(min_length=3, max_length=600)]


@dataclass(frozen=True)
class Promise:
    """One check, read without running it: `title` is the good state, `why` the rest of the docstring."""

    id: str
    title: str
    why: str
    line: int
    bullets: tuple[str, ...]


class _Data(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Survivor(_Data):
    """A mutation of the worked template that no promise needs to notice, and why; `of` are patterns of its lines."""

    mutation: str = Field(min_length=10)
    of: list[str] = Field(min_length=1)
    reason: str = Field(min_length=10)
    source: str = Field(default="https://", pattern=r"^https://")
    checked_on: date | None = None


class Lab(_Data):
    """The facts of one lab, from its lab.toml, and where its other files are.

    `minutes` is the time a learner needs, `idle_usd_per_month` what the worked stack costs unused, in US dollars.
    `changes` says for each version after the first what is new, for a learner who started on an older one.
    """

    number: int = Field(ge=1, le=99)
    title: str = Field(min_length=3, max_length=60)
    exam: Literal["CLF-C02", "SAA-C03"]
    tasks: list[TaskId] = Field(min_length=1)
    services: list[str] = Field(min_length=1)
    difficulty: int = Field(ge=1, le=5)
    minutes: int = Field(ge=5, le=120)
    needs: list[int] = []
    idle_usd_per_month: float = Field(ge=0)
    version: int = Field(ge=1)
    changes: dict[str, Line] = {}
    folder: Path = Field(exclude=True)

    @classmethod
    def load(cls, folder: Path) -> Lab:
        """Read the lab in `folder`; raises BrokenLab with every fault of its lab.toml, each with file and field."""
        file = f"labs/{folder.name}/lab.toml"
        data, faults = read_toml(folder / "lab.toml", file)
        if data is not None:
            faults = [f"{file}: {fault}" for fault in _misfits(data, folder)]
            try:
                lab = cls.model_validate({**data, "folder": folder})
            except ValidationError as error:
                faults = [f"{file}: {fault}" for fault in faults_of(error)] + faults
            else:
                if not faults:
                    return lab
        raise BrokenLab(f"{folder.name}'s lab.toml has faults; mend them, then run ./lab list", faults)

    def __hash__(self) -> int:
        return hash(self.folder)

    @property
    def root(self) -> Path:
        """The project's folder, which holds labs/ and stacks/."""
        return self.folder.parent.parent

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def name(self) -> str:
        return self.folder.name.partition("_")[2]

    @property
    def construct_id(self) -> str:
        return f"Lab{self.number}"

    @property
    def brief(self) -> Path:
        return self.folder / "README.md"

    @property
    def starter(self) -> Path:
        """The folder `start` copies; it holds stack.py."""
        return self.folder / "starter"

    @property
    def worked(self) -> Path:
        """The folder of the worked stack; it holds stack.py."""
        return self.root / "stacks" / self.id

    @property
    def checks(self) -> Path:
        return self.folder / "checks.py"

    @cached_property
    def promises(self) -> tuple[Promise, ...]:
        """The checks in order, read by their syntax alone; raises BrokenLab when checks.py does not parse."""
        return read_promises(self.checks)

    @cached_property
    def hints(self) -> dict[str, list[str]]:
        """Per promise its four rungs: question, concept, construct, lines; raises BrokenLab with every fault."""
        hints, faults = self._read_hints()
        if faults:
            raise BrokenLab(f"Lab {self.number}'s hints have faults.", faults)
        return hints

    @cached_property
    def decisions(self) -> list[Decision]:
        """The exam questions this lab answers; raises BrokenLab with every fault."""
        decisions, faults = self._read_decisions()
        if faults:
            raise BrokenLab(f"Lab {self.number}'s decisions have faults.", faults)
        return decisions

    @cached_property
    def survivors(self) -> list[Survivor]:
        """What `preflight.mutate` may leave unnoticed; raises BrokenLab with every fault."""
        survivors, faults = self._read_survivors()
        if faults:
            raise BrokenLab(f"Lab {self.number}'s survivors have faults.", faults)
        return survivors

    def faults(self) -> list[str]:
        """What the lab's other files lack, each with file and field; an author reads it, and the laws."""
        faults = [
            f"labs/{self.id}/{name}: missing"
            for name in ("README.md", "checks.py", "starter/stack.py", "hints.toml", "mistakes.py", "decisions.toml")
            if not (self.folder / name).is_file()
        ]
        if not (self.worked / "stack.py").is_file():
            faults.append(f"stacks/{self.id}/stack.py: missing")
        if self.checks.is_file():
            faults += self._promise_faults()
        if (self.folder / "hints.toml").is_file():
            faults += self._read_hints()[1]
        if (self.folder / "decisions.toml").is_file():
            faults += self._read_decisions()[1]
        faults += self._read_survivors()[1]
        return faults

    def _promise_faults(self) -> list[str]:
        try:
            promises = self.promises
        except BrokenLab as error:
            return list(error.faults)
        where = f"labs/{self.id}/checks.py"
        faults = [] if promises else [f"{where}: no function named check_*"]
        for promise in promises:
            if not promise.title:
                faults.append(f"{where}: check_{promise.id}: no docstring, so the promise has no words")
            if not promise.why:
                faults.append(f"{where}: check_{promise.id}: the docstring tells no why after its first line")
        return faults

    def _read_hints(self) -> tuple[dict[str, list[str]], list[str]]:
        where = f"labs/{self.id}/hints.toml"
        data, faults = read_toml(self.folder / "hints.toml", where)
        if data is None:
            return {}, faults
        hints: dict[str, list[str]] = {}
        for id, table in data.items():
            rungs = table.get("rungs") if isinstance(table, dict) else None
            if not isinstance(rungs, list) or len(rungs) != len(RUNGS) or not all(_is_text(rung) for rung in rungs):
                faults.append(f"{where}: {id}.rungs: must be four texts: {', '.join(RUNGS)}")
            else:
                hints[id] = rungs
        known = {promise.id for promise in self.promises}
        faults += [f"{where}: {id}: no check_{id} in checks.py" for id in data if id not in known]
        faults += [f"{where}: {id}: missing" for id in sorted(known - set(data))]
        return hints, faults

    def _read_decisions(self) -> tuple[list[Decision], list[str]]:
        return read_tables(self.folder / "decisions.toml", f"labs/{self.id}/decisions.toml", "decision", Decision)

    def _read_survivors(self) -> tuple[list[Survivor], list[str]]:
        if not (self.folder / "survivors.toml").is_file():
            return [], []
        return read_tables(self.folder / "survivors.toml", f"labs/{self.id}/survivors.toml", "survivor", Survivor)


def read_promises(checks: Path) -> tuple[Promise, ...]:
    """The functions named check_* in this file, in order, without importing it."""
    where = f"labs/{checks.parent.name}/{checks.name}"
    try:
        tree = ast.parse(checks.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BrokenLab(f"{checks.parent.name} has no checks yet.", [f"{where}: missing"]) from None
    except SyntaxError as error:
        fault = f"{where}:{error.lineno}: {error.msg}"
        raise BrokenLab(f"{checks.parent.name}'s checks cannot be read.", [fault]) from None
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name.startswith("check_")]
    return tuple(_promise(function) for function in functions)


def _misfits(data: dict[str, Any], folder: Path) -> Iterator[str]:
    """What no field alone can tell; fields of another type are left to the model."""
    number, version, exam = data.get("number"), data.get("version"), data.get("exam")
    if "folder" in data:
        yield "folder: no such field"
    if isinstance(number, int) and not folder.name.startswith(f"lab{number:02d}_"):
        yield f"number: {number} does not fit the folder {folder.name}"
    if isinstance(data.get("tasks"), list) and not any(str(task).startswith(f"{exam} ") for task in data["tasks"]):
        yield f"tasks: none is of {exam}, the lab's exam"
    if isinstance(data.get("needs"), list) and number in data["needs"]:
        yield "needs: names the lab itself"
    if isinstance(version, int) and isinstance(data.get("changes", {}), dict):
        told, due = set(data.get("changes", {})), {str(each) for each in range(2, version + 1)}
        yield from (f"changes: version {each} is not told" for each in sorted(due - told))
        yield from (f"changes: there is no version {each} after the first" for each in sorted(told - due))


def _promise(function: ast.FunctionDef) -> Promise:
    first, _, rest = (ast.get_docstring(function) or "").partition("\n")
    return Promise(
        id=function.name.removeprefix("check_"),
        title=first.strip().rstrip("."),
        why=rest.strip(),
        line=function.lineno,
        bullets=tuple(dict.fromkeys(_bullets(function))),
    )


def _bullets(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.keyword) and node.arg == "bullets" and isinstance(node.value, (ast.List, ast.Tuple)):
            for each in node.value.elts:
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield each.value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value.strip()) >= 3
