"""Which promise a hint is for, and which rung comes next."""

from __future__ import annotations

from pathlib import Path

import pytest

from preflight.errors import Usage
from preflight.hints import find_promise, first_open, take
from preflight.lab import RUNGS, Lab
from preflight.progress import Progress
from tests.coursebook import a_course


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    book = a_course(tmp_path / "project").with_lab(1, "jars", promises=("closed", "labelled", "full"))
    return Lab.load(book.lab(1, "jars"))


@pytest.mark.parametrize(
    ("outcomes", "first"),
    [
        ({}, "closed"),
        ({"closed": "kept"}, "labelled"),
        ({"closed": "kept", "labelled": "elsewhere", "full": "not_yet"}, "full"),
        ({"closed": "waiting", "labelled": "could_not_ask", "full": "not_yet"}, "full"),
        ({"closed": "waiting", "labelled": "could_not_ask", "full": "kept"}, "labelled"),
        ({"closed": "kept", "labelled": "kept", "full": "elsewhere"}, None),
    ],
)
def test_the_first_promise_not_yet_kept_is_meant(lab: Lab, outcomes: dict[str, str], first: str | None) -> None:
    promise = first_open(lab, outcomes)
    assert (promise.id if promise else None) == first


def test_the_ladder_is_climbed_to_its_end(lab: Lab) -> None:
    with Progress(lab.root) as progress:
        hints = [take(lab, progress) for _ in range(5)]
    assert [hint.name for hint in hints if hint] == [*RUNGS, "lines"]
    assert [hint.last for hint in hints if hint] == [False, False, False, True, True]
    assert hints[0] and hints[0].text == "What if closed?"


def test_a_promise_is_found_by_what_it_is_nearly_called(lab: Lab) -> None:
    assert find_promise(lab, "check_Labelled").id == "labelled"
    with pytest.raises(Usage, match=r"it has labelled, closed\. For instance \./lab hint 1 --promise labelled$"):
        find_promise(lab, "labeled")
    with pytest.raises(Usage, match="it has closed, labelled, full"):
        find_promise(lab, "zzz")
