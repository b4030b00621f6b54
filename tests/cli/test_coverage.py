"""The map of an exam, from data."""

from __future__ import annotations

from tests.shelf.builder import Shelf


def test_each_task_says_who_covers_it_and_what_is_still_to_be_written(shelf: Shelf) -> None:
    said = shelf.run("coverage").says("CLF-C02", "% of the exam", "bullets are asked", code=0)
    assert "not yet" in said.out or "still to be written" in said.out
    assert "./lab list --exam clf" in said.out


def test_the_map_as_data_goes_to_the_last_bullet(shelf: Shelf) -> None:
    found = shelf.run("coverage", "--exam", "clf", "--json").json()
    assert found["exam"] == "CLF-C02"
    assert found["bullets"] == sum(len(task["bullets"]) for task in found["tasks"])
    assert any(bullet["promises"] for task in found["tasks"] for bullet in task["bullets"])


def test_an_exam_there_is_not_is_answered_with_those_there_are(shelf: Shelf) -> None:
    shelf.run("coverage", "--exam", "dop").says("There is no exam called dop", "CLF-C02", code=2)
