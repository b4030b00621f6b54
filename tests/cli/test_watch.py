"""A sitting with `check --watch`: every save is answered, single keys work, and the terminal is given back."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from preflight.cli.watch import SAVED, Watch, matters_in
from tests.cli.test_bad_input import LAB
from tests.shelf.builder import Shelf

PROJECT = Path(__file__).resolve().parent.parent.parent
FOOTER = "h hint   l list   r run again   q quit"

posix = pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are POSIX")


class Screen:
    """A terminal of 100 columns with a watch in it; `waits_for` reads on until these words have come."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int, theirs: int) -> None:
        self.process = process
        self.theirs = theirs
        self.terminal = terminal

    def press(self, key: str) -> None:
        os.write(self.terminal, key.encode())

    def line_by_line(self) -> None:
        """The terminal as a shell leaves it when a program is stopped: keys come with Enter."""
        import termios

        attributes = termios.tcgetattr(self.theirs)
        attributes[3] |= termios.ICANON | termios.ECHO
        termios.tcsetattr(self.theirs, termios.TCSANOW, attributes)

    def waits_for(self, *words: str, seconds: float = 30) -> str:
        text, until = "", time.monotonic() + seconds
        while time.monotonic() < until:
            if select.select([self.terminal], [], [], 0.05)[0]:
                try:
                    text += re.sub(
                        r"\x1b\[[0-9;?]*[A-Za-z]", "", os.read(self.terminal, 65536).decode(errors="replace")
                    )
                except OSError:
                    break
            if all(word in text for word in words):
                return text
        raise AssertionError(f"{words} did not come; the screen says:\n{text}")


@contextmanager
def watching(shelf: Shelf) -> Iterator[Screen]:
    import fcntl
    import pty
    import struct
    import termios

    terminal, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    before = termios.tcgetattr(theirs)

    def take_terminal() -> None:
        # Ctrl-C reaches only those whose terminal it is
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    command = [*LAB, str(shelf.root), "check", "1", "--watch"]
    process = subprocess.Popen(
        command, cwd=PROJECT, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=take_terminal
    )
    try:
        yield Screen(process, terminal, theirs)
        assert termios.tcgetattr(theirs) == before, "the terminal is not as it was"
    finally:
        process.kill()
        process.wait()
        os.close(theirs)
        os.close(terminal)


@posix
def test_a_sitting(shelf: Shelf) -> None:
    stack = shelf.start(1).stack(1)
    with watching(shelf) as screen:
        screen.waits_for("1 of 3 kept", FOOTER)

        stack.write_text(stack.read_text().replace("versioned=False", "versioned=True"))
        screen.waits_for("2 of 3 kept", FOOTER)

        screen.press("h")
        screen.waits_for("The shelf is labelled", "question · 1 of 4", FOOTER)
        screen.press("l")
        screen.waits_for("Keep a book", "2 of 3 kept", FOOTER)
        screen.press("r")
        screen.waits_for("2 of 3 kept", FOOTER)

        whole = stack.read_text()
        stack.write_text(whole + "oh no(\n")
        said = screen.waits_for("stack.py:13: ", "then save again", FOOTER)
        assert "./lab check" not in said
        screen.press("h")
        screen.waits_for("At your last check, on ", "concept · 2 of 4", FOOTER)

        # many editors write a new file and move it over the old one
        new = stack.with_name("stack.py.new")
        new.write_text(
            whole.replace("        cdk.CfnO", '        cdk.Tags.of(books).add("shelf", "maps")\n        cdk.CfnO')
        )
        new.replace(stack)
        screen.waits_for("3 of 3 kept", FOOTER)

        screen.press("q")
        assert screen.process.wait(10) == 0
    outcomes = [attempt["promises"] for attempt in shelf.run("progress", "--json").json()["labs"][0]["attempts"]]
    assert [list(each.values()).count("kept") for each in outcomes] in ([1, 2, 2, 3], [1, 2, 2, 3, 3])


@posix
def test_coming_back_from_ctrl_z_keys_work_and_the_answer_is_there(shelf: Shelf) -> None:
    shelf.start(1)
    with watching(shelf) as screen:
        screen.waits_for("1 of 3 kept", FOOTER)
        # a whole job of its own cannot be stopped by Ctrl-Z, so what the shell does is done here
        screen.process.send_signal(signal.SIGSTOP)
        os.waitpid(screen.process.pid, os.WUNTRACED)
        screen.line_by_line()
        screen.process.send_signal(signal.SIGCONT)
        screen.waits_for("1 of 3 kept", FOOTER)
        screen.press("q")
        assert screen.process.wait(10) == 0


@posix
def test_what_the_code_prints_has_lines_of_its_own_and_q_is_answered_at_once(shelf: Shelf) -> None:
    stack = shelf.start(1).stack(1)
    slow = "import time\nprint('counting books')\ntime.sleep(1.5)\n"
    with watching(shelf) as screen:
        screen.waits_for("1 of 3 kept", FOOTER)
        stack.write_text(stack.read_text().replace("import aws_cdk", f"{slow}import aws_cdk", 1))
        screen.waits_for("checking …")
        screen.press("q")
        said = screen.waits_for("stopping after this check", "counting books", "1 of 3 kept")
        assert not re.search("[^\\s].*counting books|counting books.*[^\\s]", said.replace("\r", "\n"))
        assert screen.process.wait(10) == 0


@posix
def test_ctrl_c_ends_a_watch_in_one_line(shelf: Shelf) -> None:
    shelf.start(1)
    with watching(shelf) as screen:
        screen.waits_for("1 of 3 kept", FOOTER)
        screen.press("\x03")
        screen.waits_for("Stopped; nothing is lost. Go on with ./lab")
        assert screen.process.wait(10) == 130


def test_saves_that_come_together_are_one_and_no_key_is_lost(shelf: Shelf) -> None:
    from preflight.cli.desk import Desk

    desk = Desk(shelf.root)
    lab = desk.course.find("1")
    watch = Watch(desk, lab, desk.workspace.code_for(lab))
    for event in (SAVED, SAVED, "h", SAVED, "q", SAVED):
        watch._events.put(event)
    assert [watch._next() for _ in range(3)] == [SAVED, "h", "q"]
    assert watch._events.empty()


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("stack.py", True),
        ("handler/index.py", True),
        ("notes.json", True),
        ("__pycache__/stack.cpython-311.pyc", False),
        ("stack.py~", False),
        (".stack.py.swp", False),
        (".#stack.py", False),
        ("#stack.py#", False),
        ("4913", False),
        ("cdk.out/tree.json", False),
        (".preflight/assemblies/made.json", False),
        (".venv/lib/jsii.py", False),
    ],
)
def test_what_editors_and_python_leave_behind_is_no_save(tmp_path: Path, file: str, counts: bool) -> None:
    # a folder above may be called anything
    folder = tmp_path / "cdk.out" / ".hidden"
    matters: Callable[[object, str], bool] = matters_in(folder)
    assert matters("modified", str(folder / file)) is counts
