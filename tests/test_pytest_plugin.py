"""A lab judged with pytest: the learner's code if there is some, a mentor's words instead of a traceback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shelf.builder import PROJECT, Shelf


def judge(shelf: Shelf, *words: str) -> tuple[int, str]:
    """Run pytest in the tiny course, in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-p", "preflight.pytest_plugin", "-p", "no:cacheprovider", *words]
    ini = "[pytest]\ntestpaths = tests\npython_files = test_*.py\n"
    (shelf.root / "pytest.ini").write_text(ini)
    environ = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    done = subprocess.run(
        command, cwd=shelf.root, env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_worked_stacks_are_judged_when_nothing_is_started(shelf: Shelf) -> None:
    code, out = judge(shelf, "-v", "-rs", "labs")
    assert code == 0, out
    assert "lab01_keep_a_book: worked (stacks/lab01_keep_a_book/stack.py)" in out
    for check in ("old_editions_stay", "the_shelf_is_labelled"):
        assert re.search(rf"lab01_keep_a_book/checks.py::check_{check} PASSED", out)
    assert re.search(r"lab02_lend_a_book/checks.py::check_the_bell_rings SKIPPED", out)
    assert "offline nobody rings a bell" in out


def test_code_that_is_started_is_judged_in_a_mentors_words(shelf: Shelf) -> None:
    shelf.start(1)
    code, out = judge(shelf, "labs/lab01_keep_a_book", "-rs")
    assert code == 1, out
    assert "lab01_keep_a_book: yours (workspace/lab01_keep_a_book/stack.py)" in out
    assert "1 failed, 1 passed, 1 skipped" in out
    said = ["✗ Old editions stay when a new one comes", "saw    after two editions", "means  the first edition is lost"]
    for words in said:
        assert words in out
    assert "at     workspace/lab01_keep_a_book/stack.py:11" in out
    assert "waits for “Old editions stay when a new one comes”" in out
    assert "Traceback" not in out


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("versioned=False", "versioned=", "workspace/lab01_keep_a_book/stack.py:11"),
        ('"BooksBucket"', '"Boox"', 'add this line to your stack: cdk.CfnOutput(self, "BooksBucket", value=...)'),
    ],
    ids=["code that does not run", "an output that is missing"],
)
def test_what_could_not_be_asked_is_an_error(shelf: Shelf, old: str, new: str, sentence: str) -> None:
    code, out = judge(shelf.start(1).write(1, old, new), "labs/lab01_keep_a_book", "-k", "book_stays")
    assert code == 1, out
    assert "1 error" in out
    assert sentence in out
    assert "Traceback" not in out


def test_a_bare_run_neither_asks_labs_nor_reads_the_workspace(shelf: Shelf) -> None:
    shelf.start(1)
    (shelf.root / "workspace" / "test_mine.py").write_text("raise SystemExit('read me')")
    (shelf.root / "tests").mkdir()
    (shelf.root / "tests" / "test_engine.py").write_text("def test_nothing(): ...")
    code, out = judge(shelf)
    assert code == 0, out
    assert "1 passed" in out
    assert "workspace" not in out


def test_other_files_called_checks_are_left_alone(shelf: Shelf) -> None:
    course = shelf.root / "tests" / "labs" / "lab01_other"
    course.mkdir(parents=True)
    (course / "checks.py").write_text("raise SystemExit('read me')")
    code, out = judge(shelf, "tests")
    assert code == pytest.ExitCode.NO_TESTS_COLLECTED, out


def test_this_projects_own_bare_run_stays_out_of_labs_and_workspace() -> None:
    settings = Path(PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'testpaths = ["tests"]' in settings
