"""Checking a lab from the terminal: whose code, which answer, what is remembered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.golden_files import same_as_golden
from tests.shelf.builder import Said, Shelf

VERSIONED = ("versioned=False", "versioned=True")
LABELLED = ("        cdk.CfnOutput(", '        cdk.Tags.of(books).add("shelf", "novels")\n        cdk.CfnOutput(')


def steady(said: Said) -> str:
    """The answer without what differs from run to run: seconds, and the bucket's made-up suffix."""
    text = re.sub(
        r"\d+\.\d s \(build \d+\.\d, deploy \d+\.\d, checks \d+\.\d\)",
        "2.0 s (build 1.0, deploy 0.5, checks 0.5)",
        said.out,
    )
    return re.sub(r"lab1-books[0-9a-z-]*", "lab1-books", text)


def test_an_evening_with_one_lab(shelf: Shelf) -> None:
    shelf.start(1)
    story = [steady(shelf.run("check", "1").says(code=1))]
    story.append(shelf.run("hint", "1").says("question · 1 of 4", code=0).out)
    story.append(steady(shelf.write(1, *VERSIONED).run("check").says(code=1)))
    story.append(steady(shelf.write(1, *LABELLED).run("check", "Lab1").says(code=0)))
    story.append(shelf.run("hint", "1").says(code=0).out)
    story.append(shelf.run("compare", "1").says(code=0).out)
    story.append(shelf.run().says("./lab start 2", code=0).out)
    # the starter was no miss, so this is the first
    broken = shelf.write(1, *reversed(VERSIONED)).run("check").says("not yet", code=1)
    assert "missed" not in broken.out
    shelf.write(1, *VERSIONED).run("check").says(code=0)
    story.append(steady(shelf.write(1, *reversed(VERSIONED)).run("check").says("missed this twice", code=1)))
    same_as_golden("evening_with_one_lab", "\n".join(story))

    (first,) = [lab for lab in shelf.run("progress", "--json").json()["labs"] if lab["attempts"]]
    assert [list(attempt["promises"].values()) for attempt in first["attempts"]] == [
        ["kept", "not_yet", "waiting"],
        ["kept", "kept", "not_yet"],
        ["kept", "kept", "kept"],
        # compare asks again
        ["kept", "kept", "kept"],
        ["kept", "not_yet", "waiting"],
        ["kept", "kept", "kept"],
        ["kept", "not_yet", "waiting"],
    ]
    assert first["rungs"] == {"old_editions_stay": 1} and first["kept_at"] and not first["holds"]


def test_without_options_it_is_the_worked_stack_until_the_lab_is_started(shelf: Shelf) -> None:
    shelf.run("check", "1").says("the worked stack: stacks/lab01_keep_a_book/stack.py", "3 of 3 kept", code=0)
    shelf.run("check", "1", "--starter").says("the starter: labs/lab01_keep_a_book/starter/stack.py", code=1)
    data = shelf.start(1).run("check", "1", "--json").says(code=1).json()
    assert data["code"] == "yours"
    assert [promise["outcome"] for promise in data["promises"]] == ["kept", "not_yet", "waiting"]
    assert data["promises"][1]["where"].endswith("workspace/lab01_keep_a_book/stack.py:11")
    assert set(data["seconds"]) == {"synth", "deploy", "checks", "total"}


def test_only_the_learners_own_code_counts(shelf: Shelf, tmp_path: Path) -> None:
    elsewhere = tmp_path / "mine.py"
    elsewhere.write_text((shelf.root / "stacks/lab01_keep_a_book/stack.py").read_text())
    for words in (
        ["--worked"],
        ["--starter"],
        ["--code", str(elsewhere)],
        ["--code", str(shelf.root / "stacks/lab01_keep_a_book")],
    ):
        shelf.run("check", "1", *words)
    assert not any(lab["attempts"] for lab in shelf.run("progress", "--json").json()["labs"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--worked", "--starter"], "--worked, --starter and --code exclude each other"),
        (["--watch", "--json"], "--watch is for people and --json for programs"),
        (["--code", "nowhere.py"], "nowhere.py does not exist"),
    ],
)
def test_words_that_do_not_go_together_are_told(shelf: Shelf, words: list[str], sentence: str) -> None:
    assert shelf.run("check", "1", *words).says(sentence, "./lab check 1 --", code=2).err.count("\n") == 1


def test_code_that_cannot_be_built_is_told_with_its_line(shelf: Shelf) -> None:
    shelf.start(1).write(1, "versioned=False", "versioned=False,,")
    said = shelf.run("check", "1").says("workspace/lab01_keep_a_book/stack.py:11: ", code=2)
    assert said.out == "" and "Traceback" not in said.err
    said = shelf.run("check", "1", "--json").says(code=2)
    assert said.json()["error"] == said.err.strip()


def test_a_file_given_by_hand_that_cannot_be_built_is_asked_about_again(shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("import aws_cdk as cdk,,\n")
    shelf.run("check", "1", "--code", str(file)).says("mine.py:1: ", f"then ./lab check 1 --code {file}", code=2)


def test_debug_shows_the_traceback_of_an_error(shelf: Shelf) -> None:
    shelf.start(1).write(1, "versioned=False", "versioned=False,,")
    shelf.run("check", "1", "--debug").says("Traceback", "stack.py:11", code=2)
    shelf.run("hint", "nothing", "--debug").says("Traceback", "There is no lab called nothing", code=2)


def test_no_lab_named_and_none_under_way(shelf: Shelf) -> None:
    shelf.run("check").says("No lab is under way, so name one, or begin with ./lab start 1", code=2)


def test_a_template_aws_would_refuse_is_told_before_anything_is_made(shelf: Shelf) -> None:
    shelf.start(1).write(
        1,
        "        cdk.CfnOutput(",
        '        cdk.CfnResource(self, "X", type="AWS::S3::Bukket")\n        cdk.CfnOutput(',
    )
    said = shelf.run("check", "1").says("AWS::S3::Bukket", code=2)
    assert "Traceback" not in said.err
