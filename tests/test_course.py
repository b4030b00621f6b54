"""The course finds its labs, and says which is next, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from preflight.course import Course, changes_since
from preflight.errors import BrokenLab, Usage
from preflight.lab import Lab
from preflight.progress import Standing
from tests.coursebook import Coursebook, a_course, write

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HELD = {"jar_is_closed": "kept", "jar_has_label": "elsewhere"}
OPEN = {"jar_is_closed": "kept", "jar_has_label": "not_yet"}


class Learner:
    """Someone who stands where the test says, by lab number."""

    def __init__(self, **stands: Standing) -> None:
        self.stands = {int(name.removeprefix("lab")): stand for name, stand in stands.items()}

    def standing(self, lab: Lab) -> Standing:
        return self.stands.get(lab.number, Standing())


def began(*, at: datetime = NOON, version: int = 1) -> Standing:
    return Standing(started=True, started_version=version, last_at=at)


def checked(outcomes: dict[str, str], *, at: datetime = NOON, kept_before: bool = False, version: int = 1) -> Standing:
    kept_at = at if kept_before or outcomes == HELD else None
    return Standing(True, version, attempts=1, last_at=at, kept_at=kept_at, outcomes=outcomes)


@pytest.fixture
def book(tmp_path: Path) -> Coursebook:
    return a_course(tmp_path / "project").with_lab(1, "jars").with_lab(2, "lids").with_lab(5, "shelves", needs=[1])


def test_labs_come_in_order_whatever_else_lies_about(book: Coursebook) -> None:
    (book.root / "labs" / "__pycache__").mkdir()
    (book.root / "labs" / "labour").mkdir()
    write(book.root / "labs" / "lab09_note.txt", "not a lab")
    assert [lab.number for lab in Course.load(book.root).labs] == [1, 2, 5]


@pytest.mark.parametrize("word", ["2", "02", "lids", "LIDS", "lab02_lids", "lab02_lids/", "Lab2", "lab2", "lab02"])
def test_a_lab_goes_by_number_name_folder_and_construct(book: Coursebook, word: str) -> None:
    assert Course.load(book.root).find(word).name == "lids"


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("lid", "2 lids"),
        ("4", "1 jars, 2 lids, 5 shelves"),
        ("labo5_shelfs", "5 shelves"),
        ("", "1 jars"),
        ("²", "jars"),
    ],
)
def test_an_unknown_lab_is_answered_with_the_nearest_names(book: Coursebook, word: str, near: str) -> None:
    with pytest.raises(Usage, match="There is no lab called") as told:
        Course.load(book.root).find(word)
    assert near in str(told.value)
    assert str(told.value).endswith("See them all with ./lab list")


def test_a_new_learner_begins_with_the_first_lab(book: Coursebook) -> None:
    following = Course.load(book.root).next(Learner())
    assert following.command == "./lab start 1"
    assert following.why == "Begin with Lab 1, Jars: about 30 minutes."


def test_what_is_under_way_comes_first_and_the_latest_of_it(book: Coursebook) -> None:
    learner = Learner(lab1=began(at=NOON), lab2=checked(OPEN, at=NOON + timedelta(hours=1)))
    following = Course.load(book.root).next(learner)
    assert (following.reason, following.command) == ("under way", "./lab check 2")
    assert following.why == "Lab 2, Lids, is under way: 1 of 2 promises kept at the last check."


def test_a_started_lab_that_was_never_checked_says_so(book: Coursebook) -> None:
    following = Course.load(book.root).next(Learner(lab1=began()))
    assert following.why == "You began Lab 1, Jars, and have not checked it since."


def test_a_lab_begun_again_is_under_way_though_it_was_kept_once(book: Coursebook) -> None:
    again = Standing(True, 1, attempts=4, last_at=NOON, kept_at=NOON)
    following = Course.load(book.root).next(Learner(lab1=again))
    assert (following.reason, following.command) == ("under way", "./lab check 1")
    assert following.why == "You began again with Lab 1, Jars, and have not checked it since."


def test_a_kept_lab_whose_folder_is_gone_is_not_begun_again(book: Coursebook) -> None:
    gone = Standing(False, 1, attempts=4, last_at=NOON, kept_at=NOON, outcomes=HELD)
    assert Course.load(book.root).next(Learner(lab1=gone)).command == "./lab start 2"


def test_then_comes_a_promise_that_broke(book: Coursebook) -> None:
    following = Course.load(book.root).next(Learner(lab1=checked(OPEN, kept_before=True)))
    assert (following.reason, following.command) == ("broken", "./lab check 1")
    assert following.why == "Lab 1, Jars, once held; at the last check a promise is not kept."


def test_then_the_next_by_number_whose_needs_are_kept(book: Coursebook) -> None:
    course = Course.load(book.root)
    assert course.next(Learner(lab1=checked(HELD))).command == "./lab start 2"
    following = course.next(Learner(lab1=checked(HELD), lab2=checked(HELD)))
    assert following.command == "./lab start 5"
    assert following.why.endswith("It builds on Lab 1, which you have kept.")


def test_a_lab_whose_needs_are_open_is_not_next(book: Coursebook) -> None:
    learner = Learner(lab1=checked(OPEN, kept_before=False), lab2=checked(HELD))
    assert Course.load(book.root).next(learner).command == "./lab check 1"


def test_when_all_is_kept_there_is_still_something_to_do(book: Coursebook) -> None:
    following = Course.load(book.root).next(Learner(lab1=checked(HELD), lab2=checked(HELD), lab5=checked(HELD)))
    assert (following.reason, following.command) == ("all kept", "./lab compare 5")


def test_after_an_update_the_changes_of_a_lab_under_way_are_told(book: Coursebook) -> None:
    changes = {"2": "Lids must be round.", "3": "A new promise about labels."}
    book.with_lab(7, "boxes", version=3, changes=changes)
    course = Course.load(book.root)
    assert course.next(Learner(lab7=began(version=1))).news == tuple(changes.values())
    assert course.next(Learner(lab7=began(version=2))).news == ("A new promise about labels.",)
    assert changes_since(course.find("7"), None) == []


def test_a_command_without_a_lab_means_the_one_under_way_or_the_last_touched(book: Coursebook) -> None:
    course = Course.load(book.root)
    assert course.under_way(Learner(lab1=checked(HELD), lab2=began())).number == 2
    assert course.under_way(Learner(lab1=checked(HELD))).number == 1
    with pytest.raises(Usage, match=r"No lab is under way.*\./lab start 1$"):
        course.under_way(Learner())


def test_the_faults_of_all_labs_are_told_together(book: Coursebook) -> None:
    write(book.lab(1, "jars") / "lab.toml", "number = 1\n")
    book.with_lab(2, "caps").with_lab(6, "stamps", tasks=["CLF-C02 9.9"])
    with pytest.raises(BrokenLab) as told:
        Course.load(book.root)
    faults = "\n".join(told.value.faults)
    assert "labs/lab01_jars/lab.toml: title: missing" in faults
    assert "labs/lab02_lids/lab.toml: number: 2 is taken by lab02_caps" in faults
    assert "labs/lab06_stamps/lab.toml: tasks: exams/ has no CLF-C02 9.9" in faults
    assert str(told.value).count("\n") == len(told.value.faults)


def test_needs_that_nobody_meets_or_that_go_in_a_circle_are_faults(book: Coursebook) -> None:
    book.with_lab(6, "stamps", needs=[7]).with_lab(7, "inks", needs=[8]).with_lab(8, "pads", needs=[6, 44])
    with pytest.raises(BrokenLab) as told:
        Course.load(book.root)
    assert told.value.faults == (
        "labs/lab08_pads/lab.toml: needs: there is no lab 44",
        "labs/lab06_stamps/lab.toml: needs: a circle, lab 6 needs lab 7 needs lab 8 needs lab 6",
    )


def test_an_empty_project_has_nothing_next_but_says_so(tmp_path: Path) -> None:
    course = Course.load(a_course(tmp_path / "project").root)
    assert course.next(Learner()).command == "./lab doctor"
    with pytest.raises(Usage, match="labs/ holds none"):
        course.find("1")
