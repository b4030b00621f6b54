"""What a command works with, made when it is first asked for: the course, the learner's workspace, the terminal."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from preflight.cli.lines import PLAIN_WIDTH, WIDEST, Lines

if TYPE_CHECKING:
    from rich.console import Console

    from preflight.course import Course
    from preflight.lab import Lab
    from preflight.progress import Progress
    from preflight.workspace import Workspace


class Desk:
    """One run of the program, over the project at `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._waiting = ""

    @cached_property
    def course(self) -> Course:
        from preflight.course import Course

        return Course.load(self.root)

    @cached_property
    def progress(self) -> Progress:
        from preflight.progress import Progress

        return Progress(self.root)

    @cached_property
    def workspace(self) -> Workspace:
        from preflight.workspace import Workspace

        return Workspace(self.root)

    @cached_property
    def console(self) -> Console:
        from rich.console import Console

        return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False, soft_wrap=True)

    @property
    def interactive(self) -> bool:
        return sys.stdout.isatty() and sys.stdin.isatty()

    @property
    def width(self) -> int:
        """Columns to fill: what the terminal has, within reason; always the same where there is no terminal."""
        if not sys.stdout.isatty():
            return PLAIN_WIDTH
        return max(40, min(shutil.get_terminal_size().columns, WIDEST))

    def lab(self, word: str | None) -> Lab:
        """The lab named, or the one under way when none is."""
        return self.course.find(word) if word else self.course.under_way(self.progress)

    def lines(self) -> Lines:
        return Lines(self.width)

    def show(self, lines: Lines) -> None:
        if sys.stdout.isatty():
            self.console.print(lines.text)
        else:
            print("\n".join(line.rstrip() for line in str(lines).splitlines()))

    def show_json(self, data: Any) -> None:
        print(json.dumps(data, indent=2, ensure_ascii=False))

    def warn(self, sentence: str) -> None:
        """A sentence the learner should read, which stops nothing; never mixed into the answer."""
        print(sentence, file=sys.stderr)

    @contextlib.contextmanager
    def waiting(self, sentence: str) -> Iterator[None]:
        """Say what takes so long, on a terminal, and take the sentence away again."""
        if not sys.stderr.isatty():
            yield
            return
        self._waiting = sentence
        print(f"\r{sentence}", end="", file=sys.stderr, flush=True)
        try:
            yield
        finally:
            self._clear_waiting()
            self._waiting = ""

    def say(self, text: str) -> None:
        """What the learner's code prints, on lines of its own, above the sentence that says what takes so long."""
        self._clear_waiting()
        print(f"{text.rstrip()}\n{self._waiting}", end="", file=sys.stderr, flush=True)

    def _clear_waiting(self) -> None:
        if self._waiting:
            print(f"\r{' ' * len(self._waiting)}\r", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Say what came up on the way, and let go of files."""
        progress = self.__dict__.get("progress")
        if progress is not None:
            for notice in progress.notices:
                self.warn(notice)
            progress.close()
