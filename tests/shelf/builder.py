"""A tiny course in a folder of its own, in four verbs: start, write, run, says.

shelf.start(1).write(1, "versioned=False", "versioned=True").run("check", "1").says("Old editions stay")
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COURSE = Path(__file__).parent / "course"
PROJECT = COURSE.parent.parent.parent


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    def says(self, *words: str, code: int | None = None) -> Said:
        """These words were printed, in this order; and this was the exit code."""
        everything, at = self.out + self.err, 0
        for each in words:
            found = everything.find(each, at)
            assert found >= 0, f"{each!r} is not said (any more) in:\n{everything}"
            at = found + len(each)
        assert code is None or self.code == code, f"exit code {self.code}, not {code}:\n{everything}"
        return self

    def json(self) -> Any:
        """What was printed, read as JSON."""
        return json.loads(self.out)


class Shelf:
    """The tiny course, its workspace, and a learner at its terminal."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(COURSE, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(PROJECT / "cdk.json", root / "cdk.json")
        (root / "workspace").mkdir(exist_ok=True)

    def start(self, lab: int | str) -> Shelf:
        """Copy a lab's starter into the workspace, as the command does."""
        self.run("start", str(lab)).says(code=0)
        return self

    def write(self, lab: int, old: str, new: str) -> Shelf:
        """Edit the learner's stack: these words become those."""
        file = self.stack(lab)
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file.name}:\n{text}"
        file.write_text(text.replace(old, new), encoding="utf-8")
        return self

    def run(self, *words: str) -> Said:
        """Give a command line to ./lab, in this process."""
        from preflight.cli import app

        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = app.run(list(words), root=self.root)
        return Said(code, out.getvalue(), err.getvalue())

    def stack(self, lab: int) -> Path:
        """The learner's stack file."""
        found = sorted((self.root / "workspace").glob(f"lab{lab:02}_*/stack.py"))
        assert found, f"lab {lab} is not started"
        return found[0]
