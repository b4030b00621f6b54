"""A lab's brief, Markdown, laid out for a terminal."""

from __future__ import annotations

import re

from rich.console import Console
from rich.markdown import Markdown
from rich.theme import Theme

from preflight.cli.lines import COMMAND, NAME, QUIET

_PICTURE = re.compile(r"^!\[(?P<words>[^\]]*)\]\([^)]*\)\s*$", re.MULTILINE)
_BOX = re.compile(r"^(\s*[-*]) \[ \] ", re.MULTILINE)

# the same few colours as every other answer, and no background that fights a light terminal
_THEME = Theme(
    {
        "markdown.h1": COMMAND,
        "markdown.h2": COMMAND,
        "markdown.h3": COMMAND,
        "markdown.code": NAME,
        "markdown.code_block": NAME,
        "markdown.block_quote": QUIET,
        "markdown.item.bullet": QUIET,
        "markdown.item.number": QUIET,
        "markdown.link": NAME,
        "markdown.link_url": NAME,
    }
)


def show_brief(console: Console, markdown: str, width: int) -> None:
    """Print the brief; a picture is told in its own words, as a terminal cannot draw it."""
    told = _PICTURE.sub(lambda found: f"> {found['words']}", _BOX.sub(r"\1 ☐ ", markdown))
    with console.use_theme(_THEME):
        console.print(Markdown(told, code_theme="ansi_dark"), width=width, soft_wrap=False)
