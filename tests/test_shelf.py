"""The tiny course obeys the laws the real one obeys, so that what the engine does with it means something."""

from __future__ import annotations

from preflight.course import Course
from tests.shelf.builder import COURSE, Shelf


def test_every_lab_on_the_shelf_is_whole() -> None:
    assert [fault for lab in Course.load(COURSE).labs for fault in lab.faults()] == []


def test_a_learner_starts_mends_and_keeps_every_promise(shelf: Shelf) -> None:
    shelf.start(1).run("check", "1").says("✗ Old editions stay when a new one comes", "workspace", code=1)
    shelf.write(1, "versioned=False", "versioned=True").write(
        1, "        cdk.CfnOutput", '        cdk.Tags.of(books).add("shelf", "novels")\n        cdk.CfnOutput'
    )
    shelf.run("check", "1").says("✓ The shelf is labelled", "3 of 3 kept", code=0)


def test_a_check_tells_machines_what_it_tells_people(shelf: Shelf) -> None:
    answer = shelf.run("check", "2", "--json").says(code=0).json()
    assert {each["id"]: each["outcome"] for each in answer["promises"]} == {
        "a_reader_may_read": "kept",
        "a_reader_may_not_write": "kept",
        "the_bell_rings": "elsewhere",
    }
    assert answer["not_emulated"] == []
