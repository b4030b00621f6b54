"""One examiner checks again and again, each time in an empty cloud, and stays warm."""

from __future__ import annotations

import pytest

from preflight.check_run import Examiner, examine
from preflight.course import Course
from preflight.errors import BrokenCode
from preflight.workspace import Workspace
from tests.shelf.builder import Shelf


def outcomes(examiner: Examiner, shelf: Shelf) -> list[str]:
    lab = Course.load(shelf.root).find("1")
    return [verdict.outcome for verdict in examiner.examine(lab, Workspace(shelf.root).code_for(lab)).verdicts]


def test_each_check_begins_in_an_empty_cloud_whatever_came_before(shelf: Shelf) -> None:
    shelf.start(1)
    with Examiner(shelf.root) as examiner:
        assert outcomes(examiner, shelf) == ["kept", "not_yet", "waiting"]
        shelf.write(1, "versioned=False", "versioned=True")
        assert outcomes(examiner, shelf) == ["kept", "kept", "not_yet"]

        shelf.write(1, "versioned=True", "versioned=True,,")
        with pytest.raises(BrokenCode):
            outcomes(examiner, shelf)
        shelf.write(1, "versioned=True,,", "versioned=False")
        assert outcomes(examiner, shelf) == ["kept", "not_yet", "waiting"]


def test_a_report_says_whose_code_and_where_in_the_learners_own_words(shelf: Shelf) -> None:
    lab = Course.load(shelf.root).find("1")
    report = examine(shelf.root, lab, Workspace(shelf.root).code_for(lab, choice="starter"))
    assert (report.code.kind, report.mode, report.place, report.exit_code) == ("starter", "offline", "", 1)
    assert report.verdicts[1].where == "labs/lab01_keep_a_book/starter/stack.py:11"
    assert set(report.seconds) == {"synth", "deploy", "checks", "total"} and not report.holds
    assert report.seconds["total"] >= report.seconds["deploy"] > 0
