"""Lays out lines of text for a terminal of a given width: labels at the left, places at the right, whole words."""

from __future__ import annotations

import textwrap

from rich.text import Text

PLAIN_WIDTH = 100
WIDEST = 110
LABEL = 9

# calm: one colour a meaning, and grey for what can wait
KEPT = "green"
NOT_YET = "red"
UNKNOWN = "yellow"
QUIET = "bright_black"
NAME = "cyan"
COMMAND = "bold"


class Lines:
    """Lines of styled text, built from top to bottom.

    Every line fits `width` columns, but a word longer than that (an address, a path) is never cut.
    """

    def __init__(self, width: int = PLAIN_WIDTH) -> None:
        self.width = width
        self._lines: list[Text] = []

    def __str__(self) -> str:
        return self.text.plain

    @property
    def text(self) -> Text:
        return Text("\n").join(self._lines)

    def blank(self) -> Lines:
        """An empty line, unless there is one already or nothing stands above it."""
        if self._lines and self._lines[-1].plain:
            self._lines.append(Text())
        return self

    def add(self, text: str, style: str = "", *, indent: int = 0, right: str = "", code: str = "") -> Lines:
        """A paragraph, wrapped; `right` stands at the end of its last line when it fits, else below.

        `code` is the style of what stands in backticks.
        """
        start = len(self._lines)
        self._put(Text(" " * indent), text, style, right)
        if code:
            for line in self._lines[start:]:
                line.highlight_regex(r"`[^`]+`", code)
        return self

    def exactly(self, text: str, style: str = "", *, indent: int = 0) -> Lines:
        """Lines as they are, never wrapped: code."""
        self._lines.extend(Text(" " * indent + line, style=style) for line in text.splitlines())
        return self

    def row(self, label: str, text: str, style: str = "", *, indent: int = 6, right: str = "") -> Lines:
        """A labelled paragraph: the label in a column of its own, the text hanging beside it."""
        start = " " * indent + label.ljust(max(LABEL, len(label) + 1))
        return self._put(Text().append(start, style=QUIET), text, style, right)

    def mark(self, mark: str, title: str, style: str, *, title_style: str | None = None, right: str = "") -> Lines:
        """A paragraph behind a coloured sign, as `✓ The bucket is private`."""
        return self._put(
            Text().append(f"  {mark} ", style=style), title, style if title_style is None else title_style, right
        )

    def extend(self, other: Lines) -> Lines:
        self._lines.extend(other._lines)
        return self

    def _put(self, start: Text, text: str, style: str, right: str) -> Lines:
        hang = start.cell_len
        wrapped = [line for part in text.splitlines() or [""] for line in self._wrap(part, hang)]
        for number, line in enumerate(wrapped):
            begun = start if number == 0 else Text(" " * hang)
            self._lines.append(begun.copy().append(line, style=style))
        if right:
            self._put_right(right)
        return self

    def _put_right(self, right: str) -> None:
        gap = self.width - self._lines[-1].cell_len - len(right)
        if gap >= 2:
            self._lines[-1].append(" " * gap).append(right, style=QUIET)
        else:
            self._lines.append(Text().append(right.rjust(self.width), style=QUIET))

    def _wrap(self, text: str, hang: int) -> list[str]:
        room = max(20, self.width - hang)
        return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
