"""A learner at the terminal, with the offline cloud in the sandbox's place."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

from tests.shelf.builder import Said

if TYPE_CHECKING:
    from tests.sandbox.conftest import Yard
    from tests.sandbox.plots import Plot


def lab(yard: Yard | Plot, *words: str) -> Said:
    """Give a command line to ./lab, in this process, aimed at the yard's cloud."""
    from preflight.cli import app

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = app.run([*words, "--endpoint", yard.cloud.serve()], root=yard.root)
    return Said(code, out.getvalue(), err.getvalue())
