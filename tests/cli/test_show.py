"""The picture of the learner's own stack, where they asked for it."""

from __future__ import annotations

from tests.shelf.builder import Shelf


def test_the_picture_is_of_the_learners_own_stack(shelf: Shelf) -> None:
    file = shelf.root / ".preflight" / "pictures" / "lab01.svg"
    shelf.run("show", "1").says("(the worked stack; open it in a browser)", code=0)
    worked = file.read_text()
    shelf.start(1).write(1, '"Books"', '"Novels"')
    shelf.run("show", "1").says(".preflight/pictures/lab01.svg  (your stack; open it in a browser)", code=0)
    assert ">Novels<" in file.read_text() and ">Novels<" not in worked
    assert "prefers-color-scheme" in worked


def test_the_picture_goes_where_it_is_asked_for(shelf: Shelf) -> None:
    file = shelf.root / "deck" / "mine.svg"
    shelf.run("show", "1", "--svg", str(file)).says("deck/mine.svg", code=0)
    assert file.read_text().startswith("<svg ")
    (shelf.root / "taken").write_text("")
    shelf.run("show", "1", "--svg", str(shelf.root / "taken" / "mine.svg")).says("cannot be written", "--svg", code=2)


def test_a_stack_that_cannot_be_built_still_has_its_brief(shelf: Shelf) -> None:
    shelf.start(1).write(1, "versioned=False", "versoined=False")
    shelf.run("show", "1").says("Keep a book", "not drawn, for your stack cannot be built yet", code=0)


def test_prices_are_drawn_where_they_are_asked_for(shelf: Shelf) -> None:
    file = shelf.root / "mine.svg"
    shelf.run("show", "1", "--svg", str(file), "--prices").says("mine.svg", code=0)
    assert "Left running and forgotten" in file.read_text()
    shelf.run("show", "1", "--svg", str(file)).says("mine.svg", code=0)
    assert "Left running and forgotten" not in file.read_text()
