"""Checks a lab again on every save, with everything slow kept warm, and listens for single keys."""

from __future__ import annotations

import queue
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from preflight.cli import keys
from preflight.cli.lines import COMMAND, NOT_YET, QUIET, Lines
from preflight.errors import PreflightError

if TYPE_CHECKING:
    from preflight.check_run import Examiner
    from preflight.cli.desk import Desk
    from preflight.lab import Lab
    from preflight.workspace import Code

SAVED = "saved"
RESUMED = "resumed"
# an editor's one save may be several events: truncate, write, rename
SETTLE_MS = 40
CLEAR = "\x1b[2J\x1b[H"
FOOTER = "h hint   l list   r run again   q quit"


class Watch:
    """One sitting over one lab's code; ends with q, or Ctrl-C."""

    def __init__(self, desk: Desk, lab: Lab, code: Code) -> None:
        self._desk = desk
        self._lab = lab
        self._code = code
        # simple, because a signal puts into it while it is read from
        self._events: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._keys_work = False
        self._checking = False
        self._shown = desk.lines()

    def run(self) -> int:
        """Check, then wait for a save or a key, until told to stop; 0."""
        from preflight.check_run import Examiner

        with Examiner(self._desk.root, say=self._desk.say) as examiner, self._listening():
            # the first answer may come from the cache; the next save must not wait for the kernel
            examiner.warm_up()
            self._check(examiner)
            while (event := self._next()) != "q":
                self._answer(event, examiner)
        return 0

    def _answer(self, event: str, examiner: Examiner) -> None:
        if event in (SAVED, "r"):
            self._check(examiner)
            return
        if event == RESUMED:
            self._clear()
            self._desk.show(self._shown)
            return
        print()
        self._show(self._told(self._hint if event == "h" else self._list))

    def _check(self, examiner: Examiner) -> None:
        self._clear()
        self._checking = True
        with self._desk.waiting(f"Lab {self._lab.number}: checking …"):
            lines = self._told(lambda: self._report(examiner))
        self._checking = False
        self._show(lines)

    def _clear(self) -> None:
        if sys.stdout.isatty():
            print(CLEAR, end="", flush=True)

    def _report(self, examiner: Examiner) -> Lines:
        from preflight.cli.check import answer_lines, record

        report = examiner.examine(self._lab, self._code)
        record(self._desk, report)
        return answer_lines(self._desk, report)

    def _hint(self) -> Lines:
        from preflight.cli.study import hint_lines

        return hint_lines(self._desk, self._lab)

    def _list(self) -> Lines:
        from preflight.cli.trail import course_lines

        return course_lines(self._desk)

    def _told(self, make: Callable[[], Lines]) -> Lines:
        """What this makes, or in its place what stopped it: a broken file ends no watch."""
        try:
            return make()
        except PreflightError as error:
            from preflight.cli.app import words

            # the watch asks again by itself
            said = re.sub(r"\bthen \./lab check \S+", "then save again", words(error))
            return self._desk.lines().add(said, NOT_YET)
        except Exception as error:
            said = f"Preflight itself stumbled ({type(error).__name__}: {error})."
            return self._desk.lines().add(said, NOT_YET).row("next", self._debug_command, COMMAND, indent=0)

    @property
    def _debug_command(self) -> str:
        return f"./lab check {self._lab.number} --debug"

    def _show(self, lines: Lines) -> None:
        lines.blank()
        if self._keys_work:
            lines.add(FOOTER, QUIET)
        else:
            lines.add("watching; Ctrl-C ends it", QUIET)
        self._shown = lines
        self._desk.show(lines)
        sys.stdout.flush()

    def _next(self) -> str:
        """The next event; saves that came together, or while the last was being checked, are one."""
        event = self._wait()
        if event != SAVED:
            return event
        others: list[str] = []
        while not self._events.empty():
            others.append(self._events.get())
        for other in others:
            if other != SAVED:
                self._events.put(other)
        return SAVED

    def _wait(self) -> str:
        while True:
            try:
                # with a limit, or Ctrl-C would not come through on Windows
                return self._events.get(timeout=0.5)
            except queue.Empty:
                continue

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Put saves and keys into the queue while the block runs."""
        stop = threading.Event()
        with keys.pressed(lambda: self._events.put(RESUMED)) as key:
            self._keys_work = key is not None
            listeners = [threading.Thread(target=self._hear_saves, args=(stop,), daemon=True)]
            if key is not None:
                listeners.append(threading.Thread(target=self._hear_keys, args=(key, stop), daemon=True))
            for listener in listeners:
                listener.start()
            try:
                yield
            finally:
                stop.set()
                for listener in listeners:
                    listener.join(2)

    def _hear_saves(self, stop: threading.Event) -> None:
        from watchfiles import watch

        folder = self._code.path if self._code.path.is_dir() else self._code.path.parent
        while not stop.is_set():
            try:
                for _ in watch(folder, watch_filter=matters_in(folder), debounce=200, step=SETTLE_MS, stop_event=stop):
                    self._events.put(SAVED)
            except OSError:
                # the folder itself was moved away; it may come back
                time.sleep(0.5)

    def _hear_keys(self, key: keys.Keys, stop: threading.Event) -> None:
        while not stop.is_set():
            typed = key(0.1)
            if typed is not None and typed.lower() in "hlrq":
                self._events.put(typed.lower())
                if typed.lower() == "q" and self._checking:
                    self._desk.say("stopping after this check")


def matters_in(folder: Path) -> Callable[[object, str], bool]:
    """Whether a changed file can change the answer; editors and Python leave others beside it."""

    def matters(change: object, path: str) -> bool:
        file = Path(path)
        inside = file.relative_to(folder) if file.is_relative_to(folder) else file
        if {"__pycache__", "cdk.out", "node_modules"}.intersection(inside.parts):
            return False
        # the folder may be the project's own: .git, .venv, and .preflight, which every check writes to
        if any(part.startswith(".") for part in inside.parts[:-1]):
            return False
        # 4913 is what Vim writes to learn whether it may write
        return not (file.name.startswith((".", "#")) or file.name.endswith(_PASSING) or file.name == "4913")

    return matters


_PASSING = ("~", ".pyc", ".swp", ".swx", ".tmp")
