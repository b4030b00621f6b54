"""A lab is what its files declare, and every fault in them is told at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.errors import BrokenLab
from preflight.lab import Lab, read_promises
from tests.coursebook import FACTS, Coursebook, a_course, toml, write


@pytest.fixture
def book(tmp_path: Path) -> Coursebook:
    return a_course(tmp_path / "project").with_lab(3, "close_the_jar")


def load(book: Coursebook) -> Lab:
    return Lab.load(book.lab(3, "close_the_jar"))


def faults(book: Coursebook, facts: str) -> list[str]:
    write(book.lab(3, "close_the_jar") / "lab.toml", facts)
    with pytest.raises(BrokenLab) as told:
        load(book)
    return list(told.value.faults)


def test_a_lab_knows_its_names_and_where_its_files_are(book: Coursebook) -> None:
    lab = load(book)
    assert (lab.id, lab.name, lab.construct_id) == ("lab03_close_the_jar", "close_the_jar", "Lab3")
    assert lab.brief.is_file() and lab.checks.is_file()
    assert (lab.starter / "stack.py").is_file() and (lab.worked / "stack.py").is_file()
    assert lab.faults() == []


def test_its_promises_are_read_without_running_them(book: Coursebook) -> None:
    checks = book.lab(3, "close_the_jar") / "checks.py"
    write(checks, "raise SystemExit('nobody runs me')\n" + checks.read_text())
    first, second = load(book).promises
    assert (first.id, first.title) == ("jar_is_closed", "Jar is closed")
    assert first.why == "Because what is not Jar is closed is lost."
    assert first.bullets == ("CLF-C02 1.1-S1",)
    assert second.line > first.line


def test_every_fault_of_a_lab_toml_is_told_at_once_with_file_and_field(book: Coursebook) -> None:
    broken = {**FACTS, "number": 4, "difficulty": 9, "minutes": "long", "exam": "SAA-C03", "colour": "green"}
    broken["tasks"] = ["CLF-C02 1.1", "first one"]
    broken["version"] = 2
    told = faults(book, toml(broken))

    assert all(fault.startswith("labs/lab03_close_the_jar/lab.toml: ") for fault in told)
    for field in ("title", "number", "difficulty", "minutes", "colour", "tasks.1", "tasks: none is of SAA-C03"):
        assert any(field in fault for fault in told), field
    assert any("changes: version 2 is not told" in fault for fault in told)


@pytest.mark.parametrize(
    ("facts", "word"),
    [("number = ", "lab.toml"), ("", "number: missing"), ('folder = "/etc"', "folder: no such field")],
    ids=["not TOML", "empty", "a field that is ours"],
)
def test_a_file_that_is_no_lab_is_told_as_one(book: Coursebook, facts: str, word: str) -> None:
    assert any(word in fault for fault in faults(book, facts))


def test_a_lab_toml_that_is_not_there_is_told(book: Coursebook) -> None:
    (book.lab(3, "close_the_jar") / "lab.toml").unlink()
    with pytest.raises(BrokenLab, match="missing"):
        load(book)


@given(
    values=st.dictionaries(
        st.sampled_from([*FACTS, "number", "title", "changes"]),
        st.one_of(st.integers(), st.text(max_size=5), st.booleans(), st.lists(st.integers(), max_size=2)),
        max_size=6,
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_stands_in_a_lab_toml_gives_a_lab_or_faults(tmp_path_factory: pytest.TempPathFactory, values) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("labs") / "lab03_close_the_jar"
    write(folder / "lab.toml", toml(values))
    try:
        Lab.load(folder)
    except BrokenLab as told:
        assert told.faults


def test_hints_have_four_rungs_for_every_promise_and_no_other(book: Coursebook) -> None:
    folder = book.lab(3, "close_the_jar")
    assert list(load(book).hints) == ["jar_is_closed", "jar_has_label"]
    write(folder / "hints.toml", '[jar_is_closed]\nrungs = ["one", "two"]\n[jar_is_open]\nrungs = []\n')
    told = "\n".join(load(book).faults())
    assert "hints.toml: jar_is_closed.rungs: must be four texts: question, concept, construct, lines" in told
    assert "hints.toml: jar_is_open: no check_jar_is_open in checks.py" in told
    assert "hints.toml: jar_has_label: missing" in told


def test_a_decision_names_its_reasons_and_its_source(book: Coursebook) -> None:
    decision = {
        "stem": "Which jar keeps notes for a year and opens at once?",
        "bullet": "CLF-C02 1.1-K1",
        "difficulty": 2,
        "source": "https://docs.aws.amazon.com/AmazonS3/",
        "options": [
            {"text": "the glass one", "right": True, "reason": "it opens at once and holds for a year"},
            {"text": "the clay one", "reason": "it must be broken before it opens"},
        ],
    }
    folder = book.lab(3, "close_the_jar")
    write(folder / "decisions.toml", decisions(decision))
    (read,) = load(book).decisions
    assert [option.right for option in read.options] == [True, False]
    assert read.checked_on == date(2026, 11, 22)

    decision["options"] = [{**option, "right": False} for option in decision["options"]]  # type: ignore[attr-defined]
    write(folder / "decisions.toml", decisions(decision))
    assert "decision 1: 0 of 2 options are right; at least one and not all must be" in load(book).faults()[0]
    write(folder / "decisions.toml", decisions(decision, "answer = 1\n"))
    assert "decision 1: answer: no such field" in load(book).faults()[0]


def decisions(decision: dict[str, object], more: str = "") -> str:
    options = decision["options"]
    plain = {name: value for name, value in decision.items() if name != "options"}
    rows = ", ".join(
        "{" + toml(option).strip().replace("\n", ", ") + "}"
        for option in options  # type: ignore[attr-defined]
    )
    return f"[[decision]]\n{toml(plain)}checked_on = 2026-11-22\noptions = [{rows}]\n{more}"


def test_what_is_missing_in_the_folder_is_told(book: Coursebook) -> None:
    folder = book.lab(3, "close_the_jar")
    (folder / "README.md").unlink()
    (book.root / "stacks" / "lab03_close_the_jar" / "stack.py").unlink()
    write(folder / "checks.py", "def check_nothing(stack):\n    pass\n")
    told = load(book).faults()
    assert "labs/lab03_close_the_jar/README.md: missing" in told
    assert "stacks/lab03_close_the_jar/stack.py: missing" in told
    assert "labs/lab03_close_the_jar/checks.py: check_nothing: no docstring, so the promise has no words" in told


def test_checks_that_do_not_parse_are_the_authors_fault_with_a_line(tmp_path: Path) -> None:
    write(tmp_path / "lab01_jars" / "checks.py", "def check_it(stack)\n    pass\n")
    with pytest.raises(BrokenLab) as told:
        read_promises(tmp_path / "lab01_jars" / "checks.py")
    assert told.value.faults == ("labs/lab01_jars/checks.py:1: expected ':'",)
