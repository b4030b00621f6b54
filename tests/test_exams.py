"""The exams are data with an id for every statement."""

from __future__ import annotations

from pathlib import Path

import pytest

from preflight.errors import BrokenLab, Usage
from preflight.exams import Exams
from tests.coursebook import a_course, write

PROJECT = Path(__file__).resolve().parent.parent


def test_a_statement_is_found_by_its_id_and_says_where_it_stands(tmp_path: Path) -> None:
    exams = Exams.load(a_course(tmp_path / "project").root)
    bullet = exams.bullet("SAA-C03 1.1-S1")
    assert (bullet.exam.id, bullet.domain.name, bullet.domain.weight) == ("SAA-C03", "Crates", 60)
    assert str(bullet) == "SAA-C03 1.1 putting a lid on"
    assert str(exams.task("CLF-C02 2.1")) == "CLF-C02 2.1 Label them"
    assert exams.knows("CLF-C02 2.1-K1") and not exams.knows("CLF-C02 2.1-K2")


def test_an_unknown_statement_is_answered_with_the_nearest(tmp_path: Path) -> None:
    exams = Exams.load(a_course(tmp_path / "project").root)
    with pytest.raises(Usage, match=r"no CLF-C02 1\.1-S9; near it: CLF-C02 1\.1-S1"):
        exams.bullet("CLF-C02 1.1-S9")


def test_every_fault_of_an_exam_file_is_told(tmp_path: Path) -> None:
    book = a_course(tmp_path / "project")
    write(book.root / "exams" / "clf.toml", '[exam]\nid = "CLF-C02"\nguide_url = "ftp://x"\nchecked_on = "today"\n')
    write(book.root / "exams" / "saa.toml", "[exam\n")
    with pytest.raises(BrokenLab) as told:
        Exams.load(book.root)
    faults = "\n".join(told.value.faults)
    for field in (
        "clf.toml: name: missing",
        "clf.toml: guide_url",
        "clf.toml: checked_on",
        "clf.toml: domains",
        "saa.toml:",
    ):
        assert field in faults


def test_the_exams_of_this_course_weigh_a_hundred_percent_each() -> None:
    for exam in Exams.load(PROJECT).all:
        assert sum(domain.weight for domain in exam.domains) == 100
