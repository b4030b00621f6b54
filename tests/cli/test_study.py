"""Hints one rung at a time, and the comparison once all is kept."""

from __future__ import annotations

from preflight.progress import Progress
from tests.shelf.builder import Shelf


def checked(shelf: Shelf, *outcomes: str) -> None:
    """As if the learner's code had been checked with these outcomes, in the lab's order."""
    from preflight.course import Course
    from preflight.verdict import Verdict

    lab = Course.load(shelf.root).find("1")
    with Progress(shelf.root) as progress:
        said = zip(lab.promises, outcomes, strict=True)
        progress.record_attempt(lab, [Verdict(promise.id, promise.title, word) for promise, word in said], {})  # type: ignore[arg-type]


def test_each_call_goes_one_rung_further_for_the_first_promise_not_yet_kept(shelf: Shelf) -> None:
    shelf.start(1)
    checked(shelf, "kept", "not_yet", "waiting")
    title = "Old editions stay when a new one comes"
    shelf.run("hint", "1").says(
        title, "question · 1 of 4", "What happens to the first edition?", "more     ./lab hint 1"
    )
    shelf.run("hint").says(title, "concept · 2 of 4", "Versioning keeps it.")
    shelf.run("hint").says(title, "construct · 3 of 4")
    for _ in range(2):
        shelf.run("hint").says(title, "lines · 4 of 4", "versioned=True", "That was the last rung", code=0)
    assert shelf.run("progress", "--json").json()["labs"][0]["rungs"] == {"old_editions_stay": 4}


def test_another_promise_can_be_named(shelf: Shelf) -> None:
    shelf.start(1)
    checked(shelf, "kept", "not_yet", "waiting")
    shelf.run("hint", "1", "--promise", "the_shelf_is_labelled").says(
        "Whose books are these?", "--promise the_shelf_is_labelled"
    )
    shelf.run("hint", "1", "--promise", "check-the-shelf-is-labelled").says("concept · 2 of 4", code=0)
    said = shelf.run("hint", "1", "--promise", "the_shelf_is_label").says(
        "Lab 1 promises no the_shelf_is_label", code=2
    )
    assert said.err.strip().endswith("./lab hint 1 --promise the_shelf_is_labelled")


def test_before_the_first_check_the_first_promise_is_meant(shelf: Shelf) -> None:
    shelf.start(1).run("hint", "1").says("A book stays where it was put", "Where is the book now?", code=0)


def test_a_lab_that_is_not_started_gives_no_hint_and_spends_no_rung(shelf: Shelf) -> None:
    for words in (["hint", "1"], ["hint", "1", "--promise", "the_shelf_is_labelled"]):
        said = shelf.run(*words).says("Lab 1 is not started yet", code=2)
        assert said.err.endswith("first ./lab start 1\n") and said.err.count("\n") == 1
    with Progress(shelf.root) as progress:
        from preflight.course import Course

        assert not any(progress.rungs(Course.load(shelf.root).find("1")).values())


def test_what_could_not_be_asked_comes_after_what_is_not_yet_kept(shelf: Shelf) -> None:
    shelf.start(1)
    checked(shelf, "could_not_ask", "waiting", "not_yet")
    shelf.run("hint").says("The shelf is labelled")
    checked(shelf, "could_not_ask", "waiting", "kept")
    shelf.run("hint").says("A book stays where it was put")


def test_when_all_is_kept_there_is_nothing_to_hint_at(shelf: Shelf) -> None:
    shelf.start(1)
    checked(shelf, "kept", "kept", "elsewhere")
    shelf.run("hint", "1").says("Every promise of Lab 1 is kept", "./lab compare 1", code=0)


def test_a_hint_says_when_the_code_is_another_than_was_checked(shelf: Shelf) -> None:
    shelf.start(1).run("check", "1").says("not yet", code=1)
    assert "last check" not in shelf.run("hint", "1").out
    shelf.write(1, "versioned=False", "versioned=True")
    shelf.run("hint", "1").says(
        "At your last check, on ",
        "your code has changed since.",
        "Old editions stay",
        "concept",
        "./lab check 1",
        code=0,
    )
    kept = '        cdk.Tags.of(books).add("shelf", "novels")\n        cdk.CfnOutput('
    shelf.write(1, "        cdk.CfnOutput(", kept).run("check", "1").says(code=0)
    assert "last check" not in shelf.run("hint", "1").out
    shelf.write(1, "import", "import(").run("check", "1").says(code=2)
    said = shelf.run("hint", "1").says("every promise of Lab 1 was kept; your code has changed", "./lab check 1")
    assert "nothing left" not in said.out


def test_the_worked_stack_stays_hidden_until_all_is_kept(shelf: Shelf) -> None:
    shelf.run("compare", "1").says("Lab 1 is not yours yet", "./lab start 1", code=2)
    shelf.start(1)
    # kept once is not enough: the code may have changed since
    checked(shelf, "kept", "kept", "kept")
    said = shelf.run("compare").says("once every promise of Lab 1 is kept, and 1 of 3 are", "./lab check 1", code=2)
    assert "versioned" not in said.out + said.err
