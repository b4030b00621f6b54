"""What of an exam the labs and questions cover."""

from __future__ import annotations

from pathlib import Path

import pytest

from preflight.course import Course
from preflight.coverage import Coverage, coverage
from preflight.errors import BrokenLab
from tests.coursebook import Coursebook, a_course, write

QUESTION = """
[[{kind}]]
stem = "Which of these keeps the moths out of the flour?"
bullet = "CLF-C02 {bullet}"
difficulty = 1
source = "https://docs.aws.amazon.com/jars"
checked_on = 2026-11-22
options = [
    {{ text = "A jar with a lid", right = true, reason = "Moths cannot turn a lid." }},
    {{ text = "A bag", reason = "Moths eat through paper." }},
]
"""


def covered(book: Coursebook) -> Coverage:
    course = Course.load(book.root)
    return coverage(course.exams.all[0], course.labs, book.root)


def test_a_bullet_is_covered_by_promises_decisions_and_questions(tmp_path: Path) -> None:
    book = a_course(tmp_path).with_lab(1, "jars")
    write(book.lab(1, "jars") / "decisions.toml", QUESTION.format(kind="decision", bullet="1.1-K1"))
    questions = tmp_path / "exams" / "clf_c02" / "questions"
    write(questions / "labels.toml", QUESTION.format(kind="question", bullet="2.1-K1"))

    found = covered(book)

    jars, labels = found.tasks
    assert jars.labs == (1,)
    assert [(each.bullet.id, each.decisions, each.questions) for each in jars.bullets] == [
        ("1.1-K1", (1,), 0),
        ("1.1-S1", (), 0),
    ]
    assert jars.bullets[1].promises == ("1 jar_is_closed", "1 jar_has_label")
    assert labels.bullets[0].questions == 1
    assert (found.asked, found.bullets, found.holes) == (2, 3, ("1.1-S1",))


def test_a_task_nothing_is_about_is_a_hole_itself(tmp_path: Path) -> None:
    assert covered(a_course(tmp_path).with_lab(1, "jars")).holes == ("2.1", "1.1-K1", "1.1-S1", "2.1-K1")


def test_faults_of_a_question_file_are_told(tmp_path: Path) -> None:
    book = a_course(tmp_path)
    write(tmp_path / "exams" / "clf_c02" / "questions" / "odd.toml", "[[question]]\nstem = 1\n")
    with pytest.raises(BrokenLab) as told:
        covered(book)
    assert any("exams/clf_c02/questions/odd.toml: question 1: stem" in each for each in told.value.faults)
