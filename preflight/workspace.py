"""Starts, resets, and says whose code a lab builds."""

from __future__ import annotations

import os
import shutil
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from preflight.errors import Unavailable, Usage

Choice = Literal["worked", "starter"] | Path | None


class HasCode(Protocol):
    """What the workspace needs to know of a lab; `starter` and `worked` are folders that hold a stack.py."""

    @property
    def number(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def starter(self) -> Path: ...
    @property
    def worked(self) -> Path: ...


@dataclass(frozen=True)
class Code:
    """A stack file, and whose it is."""

    kind: Literal["yours", "worked", "starter", "file"]
    path: Path


class Workspace:
    """The learner's own folder, `workspace/` under `root`: one folder a started lab, and what was set aside."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "workspace"

    def start(self, lab: HasCode) -> Path:
        """Copy the lab's starter into workspace/ and return the folder, whole or not at all.

        Raises Usage when the lab is started already, Unavailable when workspace/ cannot be written.
        """
        if self.started(lab):
            raise Usage(
                f"Lab {lab.number} is yours already, in workspace/{self.folder_of(lab).name}; "
                f"go on with ./lab check {lab.number}, or begin again with ./lab reset {lab.number}"
            )
        try:
            copy = self._copy_of_starter(lab)
            try:
                return copy.rename(self.folder / lab.id)
            except OSError:
                shutil.rmtree(copy, ignore_errors=True)
                raise
        except OSError as fault:
            raise self._unwritable(fault, f"./lab start {lab.number}") from fault

    def reset(self, lab: HasCode) -> Path:
        """Move the learner's work to workspace/aside/, put the starter back, and return where the work is now.

        Nothing is ever deleted: each call has an aside of its own. Raises Usage when the lab is not started,
        Unavailable when workspace/ cannot be written; the work then stays where it was.
        """
        if not self.started(lab):
            raise Usage(f"Lab {lab.number} is not started, so there is nothing to reset; ./lab start {lab.number}")
        yours = self.folder_of(lab)
        try:
            copy = self._copy_of_starter(lab)
            try:
                aside = self._free_aside(yours.name)
                yours.rename(aside)
                copy.rename(self.folder / lab.id)
            except OSError:
                shutil.rmtree(copy, ignore_errors=True)
                raise
        except OSError as fault:
            raise self._unwritable(fault, f"./lab reset {lab.number}") from fault
        return aside

    def started(self, lab: HasCode) -> bool:
        """Whether the learner has code of their own for this lab."""
        return self.folder_of(lab).is_dir()

    def folder_of(self, lab: HasCode) -> Path:
        """The lab's folder in workspace/, found by its number: an update may rename a lab under the learner's feet."""
        named = self.folder / lab.id
        if named.is_dir():
            return named
        return next((path for path in sorted(self.folder.glob(f"lab{lab.number:02}_*")) if path.is_dir()), named)

    def code_for(self, lab: HasCode, *, choice: Choice = None) -> Code:
        """The stack file a command builds: the learner's when started, else the worked one, unless `choice` says so.

        A path is a stack file or a folder with a stack.py. Raises Usage when what was chosen is not there.
        """
        if choice is None:
            if self.started(lab):
                return Code("yours", self.folder_of(lab) / "stack.py")
            choice = "worked"
        if isinstance(choice, Path):
            return Code("file", self._chosen(choice, lab))
        folder = lab.worked if choice == "worked" else lab.starter
        file = folder / "stack.py" if folder.suffix != ".py" else folder
        if not file.is_file():
            raise Usage(f"Lab {lab.number} has no {choice} stack here; ./lab list shows the labs there are")
        return Code(choice, file)

    def _chosen(self, choice: Path, lab: HasCode) -> Path:
        file = choice / "stack.py" if choice.is_dir() else choice
        if not file.is_file():
            lacks = "holds no stack.py" if choice.is_dir() else "is not there"
            raise Usage(f"{choice} {lacks}; name a stack file: ./lab check {lab.number} --code FILE")
        return file.absolute()

    def _copy_of_starter(self, lab: HasCode) -> Path:
        if not lab.starter.is_dir():
            raise Usage(f"Lab {lab.number} has no starter here; ./lab list shows the labs there are")
        self.folder.mkdir(exist_ok=True)
        copy = self.folder / f".new-{lab.id}-{os.getpid()}-{time.time_ns()}"
        try:
            shutil.copytree(lab.starter, copy, ignore=shutil.ignore_patterns("__pycache__"))
            for path in (copy, *copy.rglob("*")):
                # A starter from a read-only checkout is still the learner's to change.
                path.chmod(path.stat().st_mode | stat.S_IWUSR)
        except OSError:
            shutil.rmtree(copy, ignore_errors=True)
            raise
        return copy

    def _free_aside(self, name: str) -> Path:
        asides = self.folder / "aside"
        asides.mkdir(exist_ok=True)
        stamp = time.strftime("%Y-%m-%dT%H-%M-%S")
        names = (f"{name}-{stamp}" if n == 1 else f"{name}-{stamp}-{n}" for n in range(1, 1_000_000))
        return next(asides / free for free in names if not (asides / free).exists())

    def _unwritable(self, fault: OSError, again: str) -> Unavailable:
        why = fault.strerror or str(fault)
        return Unavailable(f"workspace/ cannot be written ({why}); make room or make it writable, then {again}")
