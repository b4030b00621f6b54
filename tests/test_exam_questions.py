"""Exam-style questions: how they are read, and what every one in the course obeys."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from preflight.course import Course
from preflight.exam_questions import Question, folder_of, questions_of, read_tables
from preflight.exams import Exams

ROOT = Path(__file__).resolve().parent.parent
JAR = """
[[question]]
stem = "Which of these keeps the moths out of the flour?"
bullet = "CLF-C02 1.1-K1"
difficulty = 1
source = "https://docs.aws.amazon.com/jars"
checked_on = 2026-11-22

[[question.options]]
text = "A jar with a lid"
right = true
reason = "Moths cannot turn a lid."

[[question.options]]
text = "A bag"
reason = "Moths eat through paper."
"""


def test_questions_are_read_by_exam_and_file(tmp_path: Path) -> None:
    folder = tmp_path / "exams" / folder_of("CLF-C02") / "questions"
    folder.mkdir(parents=True)
    (folder / "jars.toml").write_text(JAR, encoding="utf-8")

    found, faults = questions_of(tmp_path, "CLF-C02")

    assert not faults
    assert [each.right[0].text for each in found["jars"]] == ["A jar with a lid"]


def test_every_fault_of_a_file_is_told_with_its_field(tmp_path: Path) -> None:
    file = tmp_path / "jars.toml"
    file.write_text(JAR.replace("right = true", "right = false").replace("difficulty = 1", "difficulty = 9"))
    _, faults = read_tables(file, "exams/jars.toml", "question", Question)
    assert any("question 1: difficulty" in each for each in faults), faults

    file.write_text(JAR.replace("right = true", "right = false") + "\n[more]\n")
    _, faults = read_tables(file, "exams/jars.toml", "question", Question)
    assert any("0 of 2 options are right" in each for each in faults), faults
    assert any("more: no such field" in each for each in faults), faults


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("stem = ", encoding="utf-8")
    assert read_tables(tmp_path / "broken.toml", "broken.toml", "question", Question)[1]
    assert read_tables(tmp_path / "none.toml", "none.toml", "question", Question)[1] == ["none.toml: missing"]


# What every question of this course obeys.

# the last two are AWS's own, too
SOURCES = {"docs.aws.amazon.com", "aws.amazon.com", "repost.aws", "docs.amplify.aws"}
TOLD_BY_ITS_WORDS = re.compile(r"\b(always|never|all of the above|none of the above)\b", re.IGNORECASE)
NUMBER_WORDS = {2: "two", 3: "three"}


def everything() -> list[tuple[str, Question]]:
    """(where it stands, question) of every decision and question of the course."""
    course = Course.load(ROOT)
    found = [
        (f"labs/{lab.id}/decisions.toml {number}", decision)
        for lab in course.labs
        for number, decision in enumerate(lab.decisions, start=1)
    ]
    for exam in course.exams.all:
        files, faults = questions_of(ROOT, exam.id)
        assert not faults, "\n".join(faults)
        found += [
            (f"exams/{folder_of(exam.id)}/questions/{name}.toml {number}", question)
            for name, questions in files.items()
            for number, question in enumerate(questions, start=1)
        ]
    return found


@pytest.fixture(scope="module")
def questions() -> list[tuple[str, Question]]:
    return everything()


def test_every_question_is_about_a_bullet_and_has_a_source(questions: list[tuple[str, Question]]) -> None:
    exams = Exams.load(ROOT)
    faults = [
        f"{where}: no bullet {each.bullet} in exams/" for where, each in questions if not exams.knows(each.bullet)
    ]
    faults += [f"{where}: {each.source}" for where, each in questions if urlsplit(each.source).hostname not in SOURCES]
    faults += [f"{where}: {each.checked_on}" for where, each in questions if each.checked_on > date.today()]
    assert not faults, "\n".join(faults)


def test_every_question_has_the_form_the_exam_uses(questions: list[tuple[str, Question]]) -> None:
    faults = []
    for where, each in questions:
        right = len(each.right)
        if right == 1 and len(each.options) != 4:
            faults.append(f"{where}: {len(each.options)} options; one right of four")
        if right > 1 and len(each.options) < 5:
            faults.append(f"{where}: {len(each.options)} options; two or more right of five or more")
        if right > 1 and NUMBER_WORDS.get(right, "?") not in each.stem.lower():
            faults.append(f"{where}: {right} are right and the stem does not say so")
        texts = [option.text.casefold() for option in each.options]
        reasons = [option.reason.casefold() for option in each.options]
        if len({*texts}) < len(texts) or len({*reasons}) < len(reasons):
            faults.append(f"{where}: two options or two reasons are the same")
        faults += [f"{where}: gives itself away: {text}" for text in texts if TOLD_BY_ITS_WORDS.search(text)]
    assert not faults, "\n".join(faults)


def test_no_question_is_asked_twice(questions: list[tuple[str, Question]]) -> None:
    twins = []
    for index, (where, each) in enumerate(questions):
        for other_where, other in questions[index + 1 :]:
            alike = SequenceMatcher(None, each.stem, other.stem, autojunk=False)
            if alike.real_quick_ratio() > 0.85 and alike.quick_ratio() > 0.85 and alike.ratio() > 0.85:
                twins.append(f"{where} and {other_where}: {each.stem}")
    assert not twins, "\n".join(twins)


def test_the_right_option_stands_out_neither_by_its_length_nor_by_its_place(
    questions: list[tuple[str, Question]],
) -> None:
    single = [(where, each) for where, each in questions if len(each.right) == 1]
    longest = [
        where for where, each in single if len(each.right[0].text) == max(len(option.text) for option in each.options)
    ]
    assert len(longest) <= 0.35 * len(single), f"{len(longest)} of {len(single)} right options are the longest"
    places = Counter(each.options.index(each.right[0]) for _, each in single)
    assert all(0.15 <= places[place] / len(single) <= 0.35 for place in range(4)), places
