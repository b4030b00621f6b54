"""A lab's brief, Markdown, laid out for a terminal."""

from __future__ import annotations

import re

from rich.console import RenderableType
from rich.markdown import Markdown

_PICTURE = re.compile(r"^!\[(?P<words>[^\]]*)\]\([^)]*\)\s*$", re.MULTILINE)


def rendered(markdown: str) -> RenderableType:
    """The brief; a picture is told in its own words, as a terminal cannot draw it."""
    return Markdown(
        _PICTURE.sub(lambda found: f"> {found['words']}", markdown), code_theme="ansi_light", hyperlinks=True
    )
