"""Single keypresses from a terminal, without Enter, on POSIX and on Windows."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Protocol


class Keys(Protocol):
    """Waits up to `seconds` for a key; None when none was pressed."""

    def __call__(self, seconds: float) -> str | None: ...


@contextlib.contextmanager
def pressed(resumed: Callable[[], None] = lambda: None) -> Iterator[Keys | None]:
    """Read keys one by one inside the block, and leave the terminal as it was found; None without a terminal.

    `resumed` is called when the program comes back from Ctrl-Z, in the middle of whatever the main thread does.
    """
    if not sys.stdin.isatty():
        yield None
    elif sys.platform == "win32":
        yield _from_console
    else:
        with _without_enter(resumed) as keys:
            yield keys


@contextlib.contextmanager
def _without_enter(resumed: Callable[[], None]) -> Iterator[Keys]:
    import os
    import select
    import signal
    import termios
    import tty

    terminal = sys.stdin.fileno()
    found = termios.tcgetattr(terminal)

    def key(seconds: float) -> str | None:
        if not select.select([terminal], [], [], seconds)[0]:
            return None
        return os.read(terminal, 1).decode(errors="ignore") or None

    def back(*_: object) -> None:
        # in the background the terminal is the shell's, and changing it would stop the program again
        if os.tcgetpgrp(terminal) == os.getpgrp():
            tty.setcbreak(terminal)
            resumed()

    before = signal.signal(signal.SIGCONT, back)
    try:
        # cbreak and not raw: Ctrl-C stays Ctrl-C
        tty.setcbreak(terminal)
        yield key
    finally:
        signal.signal(signal.SIGCONT, before)
        termios.tcsetattr(terminal, termios.TCSADRAIN, found)


def _from_console(seconds: float) -> str | None:
    import time

    console = __import__("msvcrt")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if console.kbhit():
            return str(console.getwch())
        time.sleep(0.02)
    return None
