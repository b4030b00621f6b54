"""`./lab destroy`, `./lab sweep` and `./lab sandbox remove` refuse, in a sentence, what they cannot do."""

from __future__ import annotations

import pytest

from tests.shelf.builder import Shelf

COMMANDS = (("destroy", "1"), ("sweep",), ("sandbox", "remove"))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_without_a_sandbox_nothing_is_begun(shelf: Shelf, words: tuple[str, ...]) -> None:
    shelf.run(*words, "--yes").says("No account is named as your sandbox", "./lab sandbox", code=2)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_an_endpoint_is_of_this_machine(shelf: Shelf, words: tuple[str, ...]) -> None:
    command = " ".join(("./lab", *words))
    shelf.run(*words, "--endpoint", "https://example.com").says("is not on this machine", command, code=2)
    shelf.run(*words, "--endpoint", "http://localhost:1").says("AWS does not answer", "./lab", code=2)


def test_a_lab_there_is_not(shelf: Shelf) -> None:
    shelf.run("destroy", "99").says("99", code=2)
